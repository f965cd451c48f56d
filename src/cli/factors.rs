//! `factor`: authenticators and backup codes of customers.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::cli::args::{Factors, MakeCodesArgs, VerifyByArgs};
use crate::cli::exit::{Exit, Failure};
use crate::cli::json::{BackupCodesReply, FactorsReply, OfferLine, Reply};
use crate::cli::output::Output;
use crate::cli::request::{identify, refuse_or_answer};
use crate::cli::{moment, prompt};
use crate::domain::customer_factor::{FactorKind, TypedFactor};
use crate::domain::outcome::Outcome;
use crate::domain::qr;
use crate::domain::session::SessionToken;
use crate::domain::sign_in::TypedSecret;
use crate::domain::totp::TotpOffer;
use crate::service::api::DeskClient;
use crate::service::factors::calls::{
    EnrolTotp, MakeBackupCodes, ReadFactors, RemoveTotp, VerifyFactor,
};
use crate::service::factors::{
    BackupCodes, FactorRefusal, FactorRemoval, FactorVerification, TotpEnrolment,
};
use crate::service::messages;
use crate::service::verification::calls::TouchSession;

/// `factor`
pub async fn run(
    desk: &DeskClient,
    output: &mut Output,
    command: Factors,
) -> Result<Exit, Failure> {
    match command {
        Factors::Show(named) => show(desk, output, &named.customer).await,
        Factors::Verify(arguments) => verify(desk, output, arguments).await,
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
    let purpose = match arguments.purpose {
        Some(purpose) => purpose,
        None => desk.profile().purposes.first().cloned().unwrap_or_default(),
    };
    let question = match arguments.by {
        FactorKind::Totp => "Code that the authenticator shows:",
        FactorKind::BackupCodes => "Number and backup code:",
    };
    let typed = TypedSecret(prompt::secret(output, question).await?);
    let call = VerifyFactor {
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
    reply = reply.with_session(&verified.session);
    reply.codes_left = verified.codes_left;
    if output.json() {
        reply.session_token = Some(verified.token.reveal().to_string());
    }
    let next = output.command(&["session", "show", verified.session.id.as_str()]);
    refuse_or_answer(output, &reply, &format!("{message}\nNext: {next}"), Exit::DONE)
}

/// The secret of the customer's session.
async fn token(output: &mut Output) -> Result<SessionToken, Failure> {
    let typed = prompt::secret(output, "Token of the customer's session:").await?;
    SessionToken::parse(&typed).ok_or_else(|| {
        Failure::outcome(
            Outcome::Malformed,
            "That is not a session's token; it has 64 digits and letters from a to f.",
        )
    })
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
