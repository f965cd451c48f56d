//! `factor`: authenticators and backup codes of customers.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::cli::args::{DocumentArgs, Factors, MakeCodesArgs, VerifyByArgs, VouchArgs};
use crate::cli::exit::{Exit, Failure};
use crate::cli::json::{BackupCodesReply, FactorsReply, OfferLine, Reply};
use crate::cli::output::Output;
use crate::cli::request::{after_proof, identify, proof_exit, purpose_of, refuse_or_answer};
use crate::cli::{moment, prompt};
use crate::domain::approval::APPROVAL_TIME;
use crate::domain::customer_factor::{FactorKind, TypedFactor};
use crate::domain::document::SeenDocument;
use crate::domain::outcome::Outcome;
use crate::domain::qr;
use crate::domain::session::{Session, SessionToken};
use crate::domain::sign_in::TypedSecret;
use crate::domain::totp::TotpOffer;
use crate::service::DeskError;
use crate::service::api::DeskClient;
use crate::service::approvals::calls::VouchFor;
use crate::service::approvals::vouch::Vouched;
use crate::service::factors::calls::{
    EnrolTotp, MakeBackupCodes, ReadFactors, RemoveTotp, SeeDocument, VerifyFactor,
};
use crate::service::factors::document::DocumentSeen;
use crate::service::factors::{
    BackupCodes, FactorRefusal, FactorRemoval, FactorVerification, TotpEnrolment,
};
use crate::service::messages;
use crate::service::verification::calls::TouchSession;

/// How often it is looked whether a colleague has approved.
const APPROVAL_POLL: Duration = Duration::from_secs(1);

/// `factor`
pub async fn run(
    desk: &DeskClient,
    output: &mut Output,
    command: Factors,
) -> Result<Exit, Failure> {
    match command {
        Factors::Show(named) => show(desk, output, &named.customer).await,
        Factors::Verify(arguments) => verify(desk, output, arguments).await,
        Factors::Document(arguments) => document(desk, output, arguments).await,
        Factors::Vouch(arguments) => vouch(desk, output, arguments).await,
        Factors::Enrol(_) => enrol(desk, output, false).await,
        Factors::Replace(_) => enrol(desk, output, true).await,
        Factors::Remove(_) => remove(desk, output).await,
        Factors::Codes(arguments) => codes(desk, output, &arguments).await,
    }
}

async fn show(desk: &DeskClient, output: &mut Output, name: &str) -> Result<Exit, Failure> {
    let customer = identify(desk, name).await?;
    let factors = desk.call(ReadFactors { customer: customer.id }).await?;
    let message = messages::factors(&factors, &moment::long);
    if output.json() {
        output.object(&FactorsReply::new(&customer, &factors, message))?;
    } else {
        output.line(&message)?;
    }
    Ok(Exit::DONE)
}

async fn verify(
    desk: &DeskClient,
    output: &mut Output,
    arguments: VerifyByArgs,
) -> Result<Exit, Failure> {
    let customer = identify(desk, &arguments.customer).await?;
    let purpose = purpose_of(desk, arguments.purpose)?;
    let question = match arguments.by {
        FactorKind::Totp => "Code that the authenticator shows:",
        FactorKind::BackupCodes => "Number and backup code:",
    };
    let typed = TypedSecret(prompt::secret(output, question).await?);
    let session = if arguments.further { Some(token(output).await?) } else { None };
    let call = VerifyFactor {
        session,
        customer: customer.id,
        purpose,
        typed: TypedFactor { kind: arguments.by, typed },
        key: desk.idempotency_key(),
    };
    let verification = desk.call(call).await?;
    let message = messages::factor_verification(&verification, &moment::short);
    let outcome = match &verification {
        FactorVerification::Verified(_) => Outcome::Verified,
        FactorVerification::Refused(refused) => refused.outcome,
        FactorVerification::Malformed(_) | FactorVerification::NoSuchPurpose(_) => {
            Outcome::Malformed
        }
        FactorVerification::NotEnrolled(_) => Outcome::NoContact,
    };
    let mut reply = Reply::outcome(outcome, message.clone()).with_customer(&customer);
    let FactorVerification::Verified(verified) = &verification else {
        return refuse_or_answer(output, &reply, &message, outcome.into());
    };
    reply.codes_left = verified.codes_left;
    answer_proof(desk, output, reply, &message, (&verified.session, &verified.token))
}

async fn document(
    desk: &DeskClient,
    output: &mut Output,
    arguments: DocumentArgs,
) -> Result<Exit, Failure> {
    let customer = identify(desk, &arguments.customer).await?;
    let session = if arguments.further { Some(token(output).await?) } else { None };
    let document = SeenDocument {
        kind: arguments.kind,
        name_matches: arguments.name_matches,
        photo_matches: arguments.photo_matches,
        expires: arguments.until,
    };
    let purpose = purpose_of(desk, arguments.purpose)?;
    let (id, key) = (customer.id, desk.idempotency_key());
    let seen = desk.call(SeeDocument { customer: id, purpose, document, key, session }).await?;
    let message = messages::document_seen(&seen, &moment::short);
    let outcome = match &seen {
        DocumentSeen::Seen(_) => Outcome::Verified,
        DocumentSeen::Fault(_) | DocumentSeen::NoSuchPurpose(_) => Outcome::Malformed,
        DocumentSeen::NotTaken => Outcome::Forbidden,
        DocumentSeen::NoSuchCustomer => Outcome::UnknownCustomer,
    };
    let reply = Reply::outcome(outcome, message.clone()).with_customer(&customer);
    let DocumentSeen::Seen(it) = &seen else {
        return refuse_or_answer(output, &reply, &message, outcome.into());
    };
    answer_proof(desk, output, reply, &message, (&it.session, &it.token))
}

/// Asks for a colleague's approval, and waits for it.
async fn vouch(
    desk: &DeskClient,
    output: &mut Output,
    arguments: VouchArgs,
) -> Result<Exit, Failure> {
    let customer = identify(desk, &arguments.customer).await?;
    let session = if arguments.further { Some(token(output).await?) } else { None };
    let purpose = purpose_of(desk, arguments.purpose)?;
    let (reason, key) = (arguments.reason, desk.idempotency_key());
    let call = VouchFor { customer: customer.id, purpose, reason, key, session };
    let until = Instant::now() + APPROVAL_TIME;
    let mut is_said = false;
    let vouched = loop {
        match desk.call(call.clone()).await {
            Err(error @ DeskError::AwaitsApproval(_)) if Instant::now() < until => {
                if !is_said {
                    output.note(&messages::desk_error(&error).for_admin);
                    is_said = true;
                }
                tokio::time::sleep(APPROVAL_POLL).await;
            }
            vouched => break vouched?,
        }
    };
    let it = match vouched {
        Vouched::Approved(it) => it,
        Vouched::NoSuchCustomer => {
            let message = "There is no such customer any more.";
            return Err(Failure::outcome(Outcome::UnknownCustomer, message));
        }
        Vouched::NoSuchPurpose(refusal) => {
            return Err(Failure::outcome(refusal.outcome, refusal.reason));
        }
    };
    let message = messages::session(&it.session, &moment::short);
    let reply = Reply::outcome(Outcome::Verified, message.clone()).with_customer(&customer);
    answer_proof(desk, output, reply, &message, (&it.session, &it.token))
}

/// Answers with the session that a proof opened or was added to, and says what follows.
fn answer_proof(
    desk: &DeskClient,
    output: &mut Output,
    reply: Reply,
    message: &str,
    (session, token): (&Session, &SessionToken),
) -> Result<Exit, Failure> {
    let mut reply = reply.with_session(session);
    if output.json() {
        reply.session_token = Some(token.reveal().to_string());
    }
    let next = after_proof(desk, output, session);
    refuse_or_answer(output, &reply, &format!("{message}\n{next}"), proof_exit(session))
}

/// The secret of the customer's session.
async fn token(output: &mut Output) -> Result<SessionToken, Failure> {
    prompt::session_token(output, "Token of the customer's session:").await
}

fn refused(refusal: FactorRefusal) -> Failure {
    let outcome = match refusal {
        FactorRefusal::SessionOver => Outcome::Expired,
        FactorRefusal::TooWeak | FactorRefusal::Enrolled(_) | FactorRefusal::Meanwhile => {
            Outcome::Forbidden
        }
        FactorRefusal::NotEnrolled(_) => Outcome::NoContact,
    };
    let advice = match refusal {
        FactorRefusal::Enrolled(FactorKind::BackupCodes) => " Say so with --replace.",
        _ => "",
    };
    Failure::outcome(outcome, format!("{}{advice}", messages::factor_refusal(refusal)))
}

async fn enrol(desk: &DeskClient, output: &mut Output, replaces: bool) -> Result<Exit, Failure> {
    let mut call = EnrolTotp {
        token: token(output).await?,
        replaces,
        offer: None,
        typed: None,
        key: desk.idempotency_key(),
    };
    loop {
        match desk.call(call.clone()).await? {
            TotpEnrolment::Enrolled => {
                let reply = Reply::of("enrolled", messages::TOTP_ENROLLED);
                output.answer(&reply, messages::TOTP_ENROLLED)?;
                return Ok(Exit::DONE);
            }
            TotpEnrolment::Refused(refusal) => return Err(refused(refusal)),
            TotpEnrolment::Offer { offer, wrong } => {
                if let Some(wrong) = wrong {
                    let why = messages::wrong_first_code(&wrong, &moment::short);
                    if !output.watched() {
                        return Err(Failure::outcome(Outcome::Wrong, why));
                    }
                    output.note(&why);
                } else {
                    draw(output, &offer)?;
                }
                call.offer = Some(offer.sealed);
                let typed = prompt::secret(output, "Code that it shows now:").await?;
                call.typed = Some(TypedSecret(typed));
            }
        }
    }
}

/// Draws the QR code for people; for programs, what it holds.
fn draw(output: &mut Output, offer: &TotpOffer) -> Result<(), Failure> {
    if output.json() {
        output.object(&OfferLine::new(offer))?;
        return Ok(output.flush()?);
    }
    output.note("Let the customer's authenticator read this:");
    if let Some(lines) = qr::lines(&offer.uri.0) {
        output.note(&lines.join("\n"));
    }
    output.note(&format!("Or type it there: {}", offer.words.0.as_str()));
    Ok(())
}

async fn remove(desk: &DeskClient, output: &mut Output) -> Result<Exit, Failure> {
    let call = RemoveTotp { token: token(output).await?, key: desk.idempotency_key() };
    match desk.call(call).await? {
        FactorRemoval::Removed => {
            output.answer(&Reply::of("removed", messages::TOTP_REMOVED), messages::TOTP_REMOVED)?;
            Ok(Exit::DONE)
        }
        FactorRemoval::Refused(refusal) => Err(refused(refusal)),
    }
}

async fn codes(
    desk: &DeskClient,
    output: &mut Output,
    arguments: &MakeCodesArgs,
) -> Result<Exit, Failure> {
    let mut printer = Printer::of(arguments)?;
    let token = token(output).await?;
    let session = desk.call(TouchSession { token: token.clone() }).await?;
    let Some(session) = session else { return Err(refused(FactorRefusal::SessionOver)) };
    let key = desk.idempotency_key();
    let made = desk.call(MakeBackupCodes { token, replaces: arguments.replace, key }).await?;
    let codes = match made {
        BackupCodes::Made(codes) => codes,
        BackupCodes::Refused(refusal) => return Err(refused(refusal)),
    };
    let sheet = messages::backup_codes_sheet(&desk.profile().office, &session.account_no, &codes);
    if let Some(printer) = &mut printer {
        printer.print(&sheet)?;
        let message = "Ten backup codes are printed; they are shown nowhere else.";
        output.answer(&Reply::of("printed", message), message)?;
        return Ok(Exit::DONE);
    }
    if output.json() {
        output.object(&BackupCodesReply::new(&session.account_no, &codes))?;
    } else {
        output.note(messages::BACKUP_CODES_ONCE);
        output.lines(sheet.trim_end())?;
    }
    Ok(Exit::DONE)
}

/// Where a sheet is printed. It is opened before the codes are made: codes that cannot be
/// printed would be lost.
enum Printer {
    File(std::fs::File),
    Program(std::process::Child),
}

impl Printer {
    fn of(arguments: &MakeCodesArgs) -> Result<Option<Self>, Failure> {
        if let Some(file) = &arguments.print {
            let opened = OpenOptions::new().append(true).create(true).open(file);
            return opened.map(Self::File).map(Some).map_err(|error| unusable(file, &error));
        }
        let Some(program) = &arguments.print_by else { return Ok(None) };
        let started = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::null()).spawn();
        started.map(Self::Program).map(Some).map_err(|error| unusable(program, &error))
    }

    fn print(&mut self, sheet: &str) -> Result<(), Failure> {
        let bytes = format!("{sheet}\n\n\n");
        match self {
            Self::File(file) => {
                file.write_all(bytes.as_bytes())?;
                file.flush()?;
            }
            Self::Program(child) => {
                if let Some(mut input) = child.stdin.take() {
                    input.write_all(bytes.as_bytes())?;
                }
                let status = child.wait()?;
                if !status.success() {
                    return Err(Failure::internal(format!(
                        "The program that prints failed ({status}). The codes that were made are \
                         lost: make others with --replace."
                    )));
                }
            }
        }
        Ok(())
    }
}

fn unusable(what: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("{} cannot be used for printing: {error}", what.display()))
}
