//! Making backup codes: ten at once, shown this once, in the place of those before.

use zeroize::Zeroizing;

use crate::domain::backup_code::{self, BackupCode, SetOf};
use crate::domain::code::TypedCode;
use crate::domain::customer_factor::{FactorKind, new_set};
use crate::domain::event::EventKind;
use crate::domain::seal::Nonce;
use crate::domain::session::SessionToken;
use crate::service::factors::enrolment::detail;
use crate::service::factors::{BackupCodes, FactorRefusal, NumberedCode};
use crate::service::ports::factors::FactorChange;
use crate::service::{Desk, DeskError};

impl Desk {
    /// Makes ten codes.
    pub async fn make_backup_codes(
        &self,
        token: &SessionToken,
        replaces: bool,
        key: &str,
    ) -> Result<BackupCodes, DeskError> {
        let enrolling = match self.enrolling(token).await? {
            Ok(enrolling) => enrolling,
            Err(refusal) => return Ok(BackupCodes::Refused(refusal)),
        };
        let (customer, kind) = (enrolling.session.customer, FactorKind::BackupCodes);
        let stored = self.reading(|| self.store.stored_factor(customer, kind)).await?;
        let after = stored.as_ref().map_or(0, |it| it.generation);
        let has_codes = stored.is_some_and(|it| it.sealed.is_some());
        if has_codes && !replaces {
            return Ok(BackupCodes::Refused(FactorRefusal::Enrolled(kind)));
        }
        let codes = self.draw_backup_codes()?;
        let keyring = self.keyring();
        let (key_id, key_of_seal) = keyring.current();
        let account_no = enrolling.session.account_no.as_str();
        let of = SetOf { customer, account_no, generation: after + 1 };
        let (random, nonce) = (self.random.secret()?, Nonce::from(self.random.secret()?));
        let (sealed, digests) = new_set(&codes, of, key_of_seal, random, nonce);
        let event = if has_codes { EventKind::FactorReplaced } else { EventKind::FactorEnrolled };
        let tell = self.contacts_to_tell(&enrolling);
        // Drawn anew each time, so that the same call told again makes others.
        let drawn = hex::encode(&self.random.secret()?[..8]);
        let act = self.bound_key(&["backup codes", &customer.0.to_string(), key, &drawn]);
        let detail = detail(kind, &enrolling);
        let change = FactorChange {
            act: &act,
            customer,
            kind,
            after,
            sealed: Some(&sealed),
            key_id: key_id.as_str(),
            last_step: 0,
            digests: &digests,
            event,
            detail: &detail,
            tell: &tell,
            notices: self.notice_providers(&keyring),
            actor: &self.actor,
        };
        if !self.write_factor(change).await? {
            return Ok(BackupCodes::Refused(FactorRefusal::Meanwhile));
        }
        let shown = |it: &BackupCode| NumberedCode {
            number: it.number(),
            code: TypedCode(Zeroizing::new(it.reveal().to_string())),
        };
        Ok(BackupCodes::Made(codes.iter().map(shown).collect()))
    }

    fn draw_backup_codes(&self) -> Result<Vec<BackupCode>, DeskError> {
        let draw = |number| {
            let bits = self.random.below(1 << backup_code::BITS)?;
            Ok(BackupCode::from_bits(number, bits))
        };
        (1..=backup_code::CODES).map(draw).collect()
    }
}
