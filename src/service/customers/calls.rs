//! What can be asked about customers.

use serde::{Deserialize, Serialize};

use crate::domain::account::Account;
use crate::domain::contact::ContactKind;
use crate::domain::customer::{Customer, CustomerId, NewCustomer};
use crate::domain::customer_factor::CustomerFactors;
use crate::domain::flag::{Flag, IncidentKind};
use crate::domain::representative::{Representative, RepresentativeId};
use crate::domain::request::Request;
use crate::domain::session::SessionToken;
use crate::domain::time::Timestamp;
use crate::service::customers::contact_history::BadContactPage;
use crate::service::customers::disown::DisownOutcome;
use crate::service::customers::lookup::{ChannelChoice, ExactMatch, SearchResult};
use crate::service::customers::personal_data::CustomerReport;
use crate::service::customers::representatives::RepresentativeChoice;
use crate::service::customers::reveal::RevealedContact;
use crate::service::customers::sign_up::SignUp;
use crate::service::ports::contact_state::BadContactPlace;
use crate::service::ports::{ErasureOutcome, FlaggedCustomer, ImportCount, Imported};
use crate::service::{Desk, DeskError, PAGE_MAX, typed};

/// Searches; answered with at most `limit` customers, the likeliest first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FindCustomers {
    /// What was typed into the search field.
    pub typed: String,
    /// How many at most.
    pub limit: u32,
}

impl FindCustomers {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<SearchResult, DeskError> {
        let found = desk.find(typed(&self.typed), self.limit.min(PAGE_MAX)).await?;
        let customers = found.customers.into_iter().map(Customer::with_masked_contacts).collect();
        Ok(SearchResult { customers, ..found })
    }
}

/// Waits until the customers' index is whole, or building it failed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WaitForIndex;

impl WaitForIndex {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<(), DeskError> {
        desk.store.index_ready().await;
        Ok(())
    }
}

/// Opens a customer at a counter; none where there is no such customer any more.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OpenCustomer {
    /// Whom.
    pub customer: CustomerId,
}

/// A customer as opened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OpenedCustomer {
    /// Who it is.
    pub customer: Customer,
    /// The channels of the office, those that can be used first.
    pub choices: Vec<ChannelChoice>,
    /// The request whose code can be entered already, whichever counter asked
    /// for it.
    pub open: Option<Box<Request>>,
    /// What the customer has enrolled.
    pub factors: CustomerFactors,
    /// Who may act for the customer now.
    #[serde(default)]
    pub representatives: Vec<RepresentativeChoice>,
}

impl OpenCustomer {
    pub(in crate::service) async fn handle(
        self,
        desk: &Desk,
    ) -> Result<Option<OpenedCustomer>, DeskError> {
        let Some(customer) = desk.customer(self.customer).await? else { return Ok(None) };
        // Without word of the providers all channels are offered alike.
        let breakers = desk.circuit_breakers().await.unwrap_or_default();
        let waiting = desk.waiting_contacts(&[customer.id]).await?;
        let known = desk.known_contacts(&customer).await?;
        let choices = desk.channels(&customer, &waiting, &breakers, &known);
        let open = desk.open_request(customer.id).await?.map(Box::new);
        let factors = desk.customer_factors(customer.id).await?;
        let representatives = desk.representative_choices(&customer, &breakers).await?;
        let customer = customer.with_masked_contacts();
        Ok(Some(OpenedCustomer { customer, choices, open, factors, representatives }))
    }
}

/// Finds the one customer of an account number, an email address or a phone
/// number. Nothing is guessed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IdentifyCustomer {
    /// The number or the address, in full.
    pub name: String,
}

impl IdentifyCustomer {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<ExactMatch, DeskError> {
        Ok(match desk.identify(typed(&self.name)).await? {
            ExactMatch::One(customer) => ExactMatch::One(customer.with_masked_contacts()),
            ExactMatch::Nobody => ExactMatch::Nobody,
            ExactMatch::Several(all) => {
                ExactMatch::Several(all.into_iter().map(Customer::with_masked_contacts).collect())
            }
        })
    }
}

/// Reads one customer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReadCustomer {
    /// Whom.
    pub customer: CustomerId,
}

impl ReadCustomer {
    pub(in crate::service) async fn handle(
        self,
        desk: &Desk,
    ) -> Result<Option<Customer>, DeskError> {
        Ok(desk.customer(self.customer).await?.map(Customer::with_masked_contacts))
    }
}

/// Shows a contact of a customer in full; none where the record has none. The log keeps who
/// saw it and why.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RevealContact {
    /// Whose.
    pub customer: CustomerId,
    /// Which of the customer's contacts.
    pub kind: ContactKind,
    /// Why, for the log.
    pub reason: String,
}

impl RevealContact {
    pub(in crate::service) async fn handle(
        self,
        desk: &Desk,
    ) -> Result<Option<RevealedContact>, DeskError> {
        desk.reveal_contact(self.customer, self.kind, &self.reason).await
    }
}

/// Reads the channels of some customers; answered in the same order, with no
/// channels for one who is no longer there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ChannelChoices {
    /// Whose.
    pub customers: Vec<CustomerId>,
}

impl ChannelChoices {
    pub(in crate::service) async fn handle(
        self,
        desk: &Desk,
    ) -> Result<Vec<Vec<ChannelChoice>>, DeskError> {
        let breakers = desk.circuit_breakers().await?;
        // For those beyond a page it is not said.
        let asked = self.customers.len().min(PAGE_MAX as usize);
        let waiting = desk.waiting_contacts(&self.customers[..asked]).await?;
        let mut customers = Vec::with_capacity(asked);
        for id in &self.customers[..asked] {
            customers.push(desk.customer(*id).await?);
        }
        let there: Vec<_> = customers.iter().flatten().cloned().collect();
        let known = desk.contact_states(&there).await?;
        let channels = |it: &Customer| desk.channels(it, &waiting, &breakers, &known);
        let mut choices: Vec<_> =
            customers.iter().map(|it| it.as_ref().map(channels).unwrap_or_default()).collect();
        choices.resize(self.customers.len(), Vec::new());
        Ok(choices)
    }
}

/// Reads a customer's contacts in full for a sign-up, where they are read back and verified; none
/// where there is no such customer. The log keeps who saw them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReadSignUp {
    /// Whose.
    pub customer: CustomerId,
}

impl ReadSignUp {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<Option<SignUp>, DeskError> {
        desk.sign_up(self.customer).await
    }
}

/// Reads a page of the contacts whose last message failed for good, the newest first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ListBadContacts {
    /// Where the page begins; the first one where nothing is said.
    pub after: Option<BadContactPlace>,
}

impl ListBadContacts {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<BadContactPage, DeskError> {
        desk.bad_contacts(self.after.as_ref()).await
    }
}

/// Reads what the office has on a customer who was verified.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReadAccount {
    /// Whom.
    pub customer: CustomerId,
    /// The secret of the customer's session.
    pub token: SessionToken,
}

impl ReadAccount {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<Account, DeskError> {
        desk.account_of(self.customer, &self.token).await
    }
}

/// Lifts a customer's lockout; answered with whether there was one to lift.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UnlockCustomer {
    /// Whose.
    pub customer: CustomerId,
    /// Why, for the log.
    pub reason: String,
    /// The idempotency key of this act.
    pub key: String,
}

impl UnlockCustomer {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<bool, DeskError> {
        desk.unlock(&self.key, self.customer, &self.reason).await
    }
}

/// Ends the quarantine of a changed contact; answered with whether it was in one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ConfirmContact {
    /// Whose.
    pub customer: CustomerId,
    /// Which of the customer's contacts.
    pub kind: ContactKind,
    /// Why, for the log.
    pub reason: String,
    /// The idempotency key of this act.
    pub key: String,
}

impl ConfirmContact {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<bool, DeskError> {
        desk.confirm_contact(&self.key, self.customer, self.kind, &self.reason).await
    }
}

/// Writes a batch of customers, at most [`IMPORT_BATCH`] of them. The same batch
/// told again changes nothing.
///
/// [`IMPORT_BATCH`]: crate::service::customers::import::IMPORT_BATCH
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ImportCustomers {
    /// The customers.
    pub batch: Vec<NewCustomer>,
    /// Whether it is only said what would be written.
    pub dry_run: bool,
}

impl ImportCustomers {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<Imported, DeskError> {
        desk.import_batch(&self.batch, self.dry_run).await
    }
}

/// Writes into the log that an import was done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FinishImport {
    /// What it wrote in all.
    pub count: ImportCount,
}

impl FinishImport {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<(), DeskError> {
        desk.import_done(self.count).await
    }
}

/// Tells all that is held of a customer. It is an entry of the log.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReportCustomer {
    /// Of whom.
    pub customer: CustomerId,
    /// Why, for the log.
    pub reason: String,
    /// The idempotency key of this act.
    pub key: String,
}

impl ReportCustomer {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<CustomerReport, DeskError> {
        desk.report_customer(&self.key, self.customer, &self.reason).await
    }
}

/// Erases what is personal of a customer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EraseCustomer {
    /// Of whom.
    pub customer: CustomerId,
    /// Why, for the log.
    pub reason: String,
    /// The idempotency key of this act.
    pub key: String,
}

impl EraseCustomer {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<ErasureOutcome, DeskError> {
        desk.erase_customer(&self.key, self.customer, &self.reason).await
    }
}

/// Puts a customer under a legal hold, or ends it; answered with whether that changed
/// anything.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HoldCustomer {
    /// Whom.
    pub customer: CustomerId,
    /// Whether the hold begins; else it ends.
    pub hold: bool,
    /// Why, for the log.
    pub reason: String,
    /// The idempotency key of this act.
    pub key: String,
}

impl HoldCustomer {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<bool, DeskError> {
        desk.set_hold(&self.key, self.customer, self.hold, &self.reason).await
    }
}

/// Sets a flag of a customer; answered with whether it holds, for its end may have passed before.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FlagCustomer {
    /// Whom.
    pub customer: CustomerId,
    /// Which flag.
    pub flag: Flag,
    /// Why, for whoever meets it and the log.
    pub reason: String,
    /// When it ends by itself; none where it has to be lifted.
    pub until: Option<Timestamp>,
    /// The idempotency key of this act.
    pub key: String,
}

impl FlagCustomer {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<bool, DeskError> {
        desk.flag_customer(&self).await
    }
}

/// Lifts a flag of a customer; answered with whether it was set.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UnflagCustomer {
    /// Whom.
    pub customer: CustomerId,
    /// Which flag.
    pub flag: Flag,
    /// Why, for the log.
    pub reason: String,
    /// The idempotency key of this act.
    pub key: String,
}

impl UnflagCustomer {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<bool, DeskError> {
        desk.unflag_customer(&self.key, self.customer, self.flag, &self.reason).await
    }
}

/// Disowns a verification: the customer says that it was not them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DisownVerification {
    /// The request, the session, or the word of the message with the code.
    pub reference: String,
    /// Whose it is; without it no word leads anywhere, for words repeat.
    #[serde(default)]
    pub customer: Option<CustomerId>,
    /// Why, for whoever meets the customer and the log.
    pub reason: String,
    /// The idempotency key of this act.
    pub key: String,
}

impl DisownVerification {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<DisownOutcome, DeskError> {
        desk.disown(&self).await
    }
}

/// Lists the flags of all customers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ListFlags {
    /// How many at most.
    pub limit: u32,
}

impl ListFlags {
    pub(in crate::service) async fn handle(
        self,
        desk: &Desk,
    ) -> Result<Vec<FlaggedCustomer>, DeskError> {
        desk.flagged(self.limit.min(PAGE_MAX)).await
    }
}

/// Files an incident: what somebody of the staff saw.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FileIncident {
    /// The customer who was in view; none where nobody was.
    pub customer: Option<CustomerId>,
    /// What it was.
    pub kind: IncidentKind,
    /// What was seen, in one line.
    pub seen: String,
    /// The idempotency key of this act.
    pub key: String,
}

impl FileIncident {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<(), DeskError> {
        desk.file_incident(&self).await
    }
}

/// Asks for a representative of a customer to be added, and, told again once a second person
/// approved it, adds them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AddRepresentative {
    /// Of whom.
    pub customer: CustomerId,
    /// The representative's name.
    pub name: String,
    /// The representative's own email address.
    pub email: Option<String>,
    /// The representative's own phone number.
    pub phone: Option<String>,
    /// For which purposes.
    pub scope: Vec<String>,
    /// From when; none where from now.
    pub from: Option<Timestamp>,
    /// Until when; none where it has to be ended.
    pub until: Option<Timestamp>,
    /// The kind of document that was seen.
    pub document: String,
    /// Why, for whoever approves it and the log.
    pub reason: String,
    /// The idempotency key of this act.
    pub key: String,
}

impl AddRepresentative {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<Representative, DeskError> {
        desk.add_representative(&self).await
    }
}

/// Lists those who may act for a customer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ListRepresentatives {
    /// For whom.
    pub customer: CustomerId,
}

impl ListRepresentatives {
    pub(in crate::service) async fn handle(
        self,
        desk: &Desk,
    ) -> Result<Vec<Representative>, DeskError> {
        let all = desk.representatives(self.customer).await?;
        Ok(all.into_iter().map(Representative::with_masked_contacts).collect())
    }
}

/// Ends a representative; answered with whether it was there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EndRepresentative {
    /// Of whom.
    pub customer: CustomerId,
    /// Which.
    pub representative: RepresentativeId,
    /// Why, for the log.
    pub reason: String,
    /// The idempotency key of this act.
    pub key: String,
}

impl EndRepresentative {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<bool, DeskError> {
        desk.end_representative(&self.key, self.customer, &self.representative, &self.reason).await
    }
}
