//! Enrolling, replacing and removing an authenticator, in the customer's session.

use crate::domain::customer_factor::FactorKind;
use crate::domain::event::EventKind;
use crate::domain::seal::Nonce;
use crate::domain::session::SessionToken;
use crate::domain::totp::{Bound, Seed};
use crate::service::factors::calls::EnrolTotp;
use crate::service::factors::{
    Enrolling, FactorRefusal, FactorRemoval, TotpEnrolment, WrongFirstCode,
};
use crate::service::ports::factors::{ClockFault, FactorChange};
use crate::service::{Desk, DeskError};

impl Desk {
    /// Offers a seed, or takes the first code of the authenticator that was offered one.
    pub async fn enrol_totp(&self, it: &EnrolTotp) -> Result<TotpEnrolment, DeskError> {
        let enrolling = match self.enrolling(&it.token).await? {
            Ok(enrolling) => enrolling,
            Err(refusal) => return Ok(TotpEnrolment::Refused(refusal)),
        };
        let customer = enrolling.session.customer;
        let kind = FactorKind::Totp;
        let act = self.bound_key(&["enrol", &customer.0.to_string(), &it.key]);
        if it.typed.is_some() && self.was_done(&act).await? {
            return Ok(TotpEnrolment::Enrolled);
        }
        let stored = self.reading(|| self.store.stored_factor(customer, kind)).await?;
        let after = stored.as_ref().map_or(0, |it| it.generation);
        match (stored.is_some_and(|it| it.sealed.is_some()), it.replaces) {
            (true, false) => return Ok(TotpEnrolment::Refused(FactorRefusal::Enrolled(kind))),
            (false, true) => return Ok(TotpEnrolment::Refused(FactorRefusal::NotEnrolled(kind))),
            _ => {}
        }
        let (keyring, bound) =
            (self.keyring(), Bound::CustomerEnrolment(customer, &enrolling.session.id));
        let key = keyring.current().1;
        let offered = it.offer.as_ref().and_then(|it| Seed::open(it, bound, key).ok());
        let seed = match &offered {
            Some(seed) => seed.clone(),
            None => Seed::new(&self.random.secret()?),
        };
        let mut wrong = None;
        if let (Some(typed), true) = (&it.typed, offered.is_some()) {
            let now = self.now().await?;
            if let Some(step) = seed.step_of(typed, now) {
                return self.write_totp(it, &enrolling, &act, after, (&seed, step)).await;
            }
            let clock = seed.wrong_clock(typed, now);
            let clock = clock.map(|it| ClockFault { ahead: it.ahead(), now });
            wrong = Some(WrongFirstCode { clock });
        }
        let sealed = seed.seal(bound, key, Nonce::from(self.random.secret()?));
        let uri = seed.short_uri(&self.office.name, &enrolling.session.account_no);
        let offer = seed.offer(uri, sealed);
        Ok(TotpEnrolment::Offer { offer, wrong })
    }

    async fn write_totp(
        &self,
        it: &EnrolTotp,
        enrolling: &Enrolling,
        act: &str,
        after: u32,
        (seed, step): (&Seed, u64),
    ) -> Result<TotpEnrolment, DeskError> {
        let (customer, keyring) = (enrolling.session.customer, self.keyring());
        let (key_id, key) = keyring.current();
        let bound = Bound::Customer(customer, &enrolling.session.account_no, after + 1);
        let sealed = seed.seal(bound, key, Nonce::from(self.random.secret()?));
        let event = if it.replaces { EventKind::FactorReplaced } else { EventKind::FactorEnrolled };
        let tell = self.contacts_to_tell(enrolling);
        let detail = detail(FactorKind::Totp, enrolling);
        let change = FactorChange {
            act,
            customer,
            kind: FactorKind::Totp,
            after,
            sealed: Some(&sealed),
            key_id: key_id.as_str(),
            last_step: step,
            digests: &[],
            event,
            detail: &detail,
            tell: &tell,
            notices: self.notice_providers(&keyring),
            actor: &self.actor,
        };
        if self.write_factor(change).await? {
            return Ok(TotpEnrolment::Enrolled);
        }
        Ok(TotpEnrolment::Refused(FactorRefusal::Meanwhile))
    }

    /// Removes the authenticator of a customer.
    pub async fn remove_totp(
        &self,
        token: &SessionToken,
        key: &str,
    ) -> Result<FactorRemoval, DeskError> {
        let enrolling = match self.enrolling(token).await? {
            Ok(enrolling) => enrolling,
            Err(refusal) => return Ok(FactorRemoval::Refused(refusal)),
        };
        let (customer, kind) = (enrolling.session.customer, FactorKind::Totp);
        let act = self.bound_key(&["remove", &customer.0.to_string(), key]);
        if self.was_done(&act).await? {
            return Ok(FactorRemoval::Removed);
        }
        let stored = self.reading(|| self.store.stored_factor(customer, kind)).await?;
        let Some(stored) = stored.filter(|it| it.sealed.is_some()) else {
            return Ok(FactorRemoval::Refused(FactorRefusal::NotEnrolled(kind)));
        };
        let keyring = self.keyring();
        let tell = self.contacts_to_tell(&enrolling);
        let detail = detail(kind, &enrolling);
        let change = FactorChange {
            act: &act,
            customer,
            kind,
            after: stored.generation,
            sealed: None,
            key_id: keyring.current().0.as_str(),
            last_step: 0,
            digests: &[],
            event: EventKind::FactorRemoved,
            detail: &detail,
            tell: &tell,
            notices: self.notice_providers(&keyring),
            actor: &self.actor,
        };
        if self.write_factor(change).await? {
            return Ok(FactorRemoval::Removed);
        }
        Ok(FactorRemoval::Refused(FactorRefusal::Meanwhile))
    }

    /// Whether a call told again was done before.
    async fn was_done(&self, act: &str) -> Result<bool, DeskError> {
        Ok(self.retry(|| self.store.was_done(act)).await?)
    }

    /// Writes a change of a factor.
    pub(super) async fn write_factor(&self, change: FactorChange<'_>) -> Result<bool, DeskError> {
        Ok(self.retry(|| self.store.change_factor(change.clone())).await?)
    }
}

/// What is changed in which session, for the log.
pub(super) fn detail(kind: FactorKind, enrolling: &Enrolling) -> String {
    let session = &enrolling.session;
    format!("{}, in session {} ({})", kind.label(), session.id, session.factors)
}
