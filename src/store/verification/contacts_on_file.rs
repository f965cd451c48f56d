//! The contacts of a customer as the record has them now, read in a transaction.

use crate::domain::channel::Channel;
use crate::domain::contact::{Contact, ContactKind, PhoneNumber};
use crate::domain::customer::CustomerId;
use crate::domain::text::clean_optional;
use crate::service::ports::error::StoreError;
use crate::store::database::engine::{Tx, args};
use crate::store::database::statement::statements;

statements! {
    ON_FILE { "SELECT c.email, c.phone FROM core_customer_view c WHERE c.id = $1" }
}

/// What the record has, which may be no contact at all.
#[derive(Default)]
pub(in crate::store) struct Recorded {
    email: Option<String>,
    phone: Option<String>,
}

impl Recorded {
    /// Whether anything stands where a contact of this kind would.
    pub(in crate::store) const fn has(&self, kind: ContactKind) -> bool {
        match kind {
            ContactKind::Email => self.email.is_some(),
            ContactKind::Phone => self.phone.is_some(),
        }
    }

    /// The contact of this kind; `country` is that of numbers that are written without one.
    pub(in crate::store) fn contact(&self, kind: ContactKind, country: &str) -> Option<Contact> {
        match kind {
            ContactKind::Email => Contact::parse(Channel::Email, self.email.as_deref()?).ok(),
            ContactKind::Phone => {
                PhoneNumber::parse(self.phone.as_deref()?, country).map(Contact::Phone).ok()
            }
        }
    }
}

/// The contacts on file; none where there is no such customer.
pub(in crate::store) async fn recorded(
    tx: &mut Tx,
    customer: CustomerId,
) -> Result<Recorded, StoreError> {
    let rows = tx.all(&ON_FILE, args![customer.0]).await?;
    let [row] = rows.as_slice() else { return Ok(Recorded::default()) };
    let (email, phone) = (row.maybe_text("email")?, row.maybe_text("phone")?);
    let cleaned = |it: Option<String>| it.as_deref().and_then(clean_optional);
    Ok(Recorded { email: cleaned(email), phone: cleaned(phone) })
}
