//! Notices are bound to when they were queued and to their provider. A test that changes either
//! changes what is stored and signs it again: this is what the desk would have queued.

use countersign::domain::contact::Contact;
use countersign::domain::customer::CustomerId;
use countersign::domain::key::Keyring;
use countersign::domain::notice_proof::{NoticeFields, NoticeProof};
use countersign::domain::request::Reference;
use countersign::domain::time::Timestamp;

/// The notices with a proof, each as one text.
pub(crate) const ROWS: &str = "SELECT CONCAT_WS('|', id, customer_id, channel, contact, provider, \
     COALESCE(about, 'contact'), COALESCE(purpose, ''), COALESCE(reference, ''), created_at) \
     FROM core_notice WHERE mac IS NOT NULL";

/// Signs one of [`ROWS`] again.
pub(crate) fn statement(row: &str, keyring: &Keyring) -> String {
    let [id, customer, channel, contact, provider, about, purpose, reference, created_at] =
        row.split('|').collect::<Vec<_>>()[..]
    else {
        panic!("nine columns: {row}")
    };
    let contact = Contact::parse(channel.parse().expect("a channel"), contact).expect("a contact");
    let number = |text: &str| text.parse::<i64>().expect("a number");
    let reference = (!reference.is_empty()).then(|| Reference::from_store(reference));
    let fields = NoticeFields {
        customer: CustomerId(number(customer)),
        contact: &contact,
        provider,
        about: about.parse().expect("a word"),
        purpose: (!purpose.is_empty()).then_some(purpose),
        reference: reference.as_ref(),
        created_at: Timestamp::from_millis(number(created_at)),
    };
    let NoticeProof { key_id, mac } = NoticeProof::of(&fields, keyring);
    format!("UPDATE core_notice SET key_id = '{key_id}', mac = '{mac}' WHERE id = {id}; ")
}
