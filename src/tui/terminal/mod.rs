//! The terminal: what it can do, how it is taken and given back, bytes to keys, frames to bytes.

pub mod capabilities;
pub(super) mod cell_writer;
pub mod color;
pub mod decoder;
pub mod frame_writer;
pub mod ground_query;
pub mod guard;
pub mod input;
pub mod saved_theme;
