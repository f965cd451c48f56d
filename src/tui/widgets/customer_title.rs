//! The title of a customer's box: who, and what for.

use ratatui::text::Span;

use crate::domain::customer::Customer;
use crate::tui::widgets::panel::Title;

/// `Dana Rivera · WB-004217 · pay a bill`
pub fn title<'a>(customer: &Customer, purpose: Option<&str>) -> Title<'a> {
    let mut parts = vec![Span::raw(customer.name.clone()), Span::raw(customer.account_no.clone())];
    parts.extend(purpose.map(|purpose| Span::raw(purpose.to_owned())));
    Title { parts, foot: None }
}
