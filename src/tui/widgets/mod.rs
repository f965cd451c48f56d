//! The parts that screens are made of: each turns values into lines.

pub mod codeboxes;
pub mod countdown;
pub mod delivery;
pub mod facts;
pub mod field;
pub mod hints;
pub mod moment;
pub mod notice;
pub mod panel;
pub mod rows;
pub mod steps;
pub mod table;
pub mod text;
pub mod top;
pub mod tries;
