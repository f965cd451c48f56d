//! What the palette knows.

use tui_input::Input;

use crate::tui::machine::keymap::Binding;

/// The palette.
#[derive(Debug, Default)]
pub struct Palette {
    /// The field.
    pub input: Input,
    /// What matches, the likeliest first, each as it is called where the user is.
    pub hits: Vec<&'static Binding>,
    /// The line that is selected.
    pub selected: usize,
}
