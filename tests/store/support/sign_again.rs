//! Codes are bound to the moment at which they expire. A test that moves time moves what is
//! stored, and signs it again: this is what the store would hold if it had been asked earlier.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use countersign::domain::code::{Code, Digest};
use countersign::domain::code_binding::CodeBinding;
use countersign::domain::customer::CustomerId;
use countersign::domain::request::RequestId;
use countersign::domain::seal::{NonceSeed, Sealed};
use countersign::domain::time::Timestamp;

use super::{TestStore, terminal};
use crate::signed_notices;

/// The codes that tests asked for, by request and generation.
static CODES: LazyLock<Mutex<HashMap<(String, u32), String>>> = LazyLock::new(Mutex::default);

/// Notes a code under the name of its request.
pub(super) fn note(id: &RequestId, generation: u32, code: &str) {
    let key = (id.as_str().to_owned(), generation);
    CODES.lock().expect("unpoisoned").insert(key, code.to_owned());
}

/// What a row says that its code is bound to, as one text.
const ROW: &str = "CONCAT_WS('|', o.customer_id, c.account_no, o.purpose, o.public_id, \
                   o.generation, o.channel, o.contact, o.expires_at)";

impl TestStore {
    /// Makes the digests and seals of the second version and the proofs of notices anew, for what
    /// is stored now.
    pub(crate) async fn sign_again(&self) {
        // Codes of a store of before are bound to no time.
        if self.number("SELECT COUNT(*) FROM core_schema WHERE version >= 13").await == 0 {
            return;
        }
        let open = "(SELECT customer_id, purpose, public_id, generation, otp_type AS channel, \
                    COALESCE(email, phone) AS contact, expires_at FROM core_otp \
                    WHERE binding = 2 AND LENGTH(otp_code) = 64 UNION ALL \
                    SELECT customer_id, purpose, public_id, generation, channel, contact, \
                    expires_at FROM core_otp_retired WHERE binding = 2)";
        let rows = self
            .texts(&format!(
                "SELECT {ROW} FROM {open} o JOIN core_customer c ON c.id = o.customer_id"
            ))
            .await;
        let mut statements = Vec::new();
        for row in rows {
            let [customer, account_no, purpose, request, generation, channel, contact, expires_at] =
                row.split('|').collect::<Vec<_>>()[..]
            else {
                panic!("eight columns: {row}")
            };
            let binding = CodeBinding {
                customer: CustomerId(customer.parse().expect("a number")),
                account_no: account_no.into(),
                purpose: purpose.into(),
                request: request.parse().expect("a request"),
                generation: generation.parse().expect("a number"),
                channel: channel.parse().expect("a channel"),
                contact: contact.into(),
                expires_at: Timestamp::from_millis(expires_at.parse().expect("a time")),
                representative: None,
            };
            let key = (request.to_owned(), binding.generation);
            let Some(code) = CODES.lock().expect("unpoisoned").get(&key).cloned() else { continue };
            let code = Code::parse(&code, 6).expect("six digits");
            let keyring = terminal::keyring();
            let key = keyring.current().1;
            let digest = Digest::of(&code, &binding, key).to_hex();
            let sealed = Sealed::close(&code, &binding, key, &NonceSeed::from([9; 32]));
            for table in ["core_otp", "core_otp_retired"] {
                statements.push(format!(
                    "UPDATE {table} SET otp_code = '{digest}' WHERE public_id = '{request}' \
                     AND generation = {generation} AND otp_code <> ''; "
                ));
            }
            statements.push(format!(
                "UPDATE core_outbox SET sealed = '{}' WHERE sealed IS NOT NULL AND delivery_id = \
                 (SELECT d.id FROM core_delivery d JOIN core_otp o ON o.id = d.otp_id \
                 WHERE o.public_id = '{request}' AND d.generation = {generation}); ",
                sealed.as_str()
            ));
        }
        if self.number("SELECT COUNT(*) FROM core_schema WHERE version >= 32").await > 0 {
            let notices = self.texts(signed_notices::ROWS).await;
            let keyring = terminal::keyring();
            statements.extend(notices.iter().map(|it| signed_notices::statement(it, &keyring)));
        }
        if !statements.is_empty() {
            self.sql(&format!("BEGIN; {} COMMIT;", statements.concat())).await;
        }
    }
}
