//! Puts the features together: the model, what a key or an answer means to whom, which screen
//! comes next, and the picture as a whole.
//!
//! `app` knows every feature, and no feature knows `app` or another feature. To add a screen:
//! its folder with state, update and view; then its line in each list of this folder that no
//! longer compiles ([`model`], [`dispatch`](mod@update), replies, [`view`]), and its keys in
//! [`keymap`](crate::tui::machine::keymap). docs/howto/add-a-screen.md has the steps.

pub mod chrome;
pub(super) mod clock_ticks;
pub mod deadlines;
pub(super) mod dispatch;
pub mod extent;
pub(super) mod input_gate;
pub mod layout;
pub(super) mod lock;
pub mod model;
pub mod question;
pub(super) mod replies;
pub(super) mod subject;
pub(super) mod turn;
pub mod update;
pub mod view;
