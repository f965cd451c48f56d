//! The parts that screens are made of: each turns values into lines. They know no feature and
//! no model.

pub mod ascii;
pub mod big_digits;
pub mod centred;
pub mod choice_form;
pub mod codeboxes;
pub mod countdown;
pub mod counter_name;
pub mod customer_title;
pub mod delivery;
pub mod facts;
pub mod field;
pub mod moment;
pub mod panel;
pub mod qr;
pub mod rows;
pub mod scroll_foot;
pub mod table;
pub mod text;
pub mod tries;
