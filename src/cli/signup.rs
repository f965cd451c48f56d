//! `signup`: a customer's contacts are read back, and verified by a code each.

use crate::cli::args::SignUpArgs;
use crate::cli::exit::{Exit, Failure};
use crate::cli::json::SignUpReply;
use crate::cli::moment;
use crate::cli::output::Output;
use crate::cli::request::{ask_for, identify};
use crate::domain::contact_verification::SIGN_UP;
use crate::domain::outcome::Outcome;
use crate::service::api::DeskClient;
use crate::service::customers::calls::ReadSignUp;
use crate::service::customers::sign_up::SignUpContact;
use crate::service::verification::request::CodeRequest;

pub async fn run(
    desk: &DeskClient,
    output: &mut Output,
    arguments: SignUpArgs,
) -> Result<Exit, Failure> {
    let customer = identify(desk, &arguments.customer).await?;
    if let Some(channel) = arguments.channel {
        let ask = CodeRequest {
            customer: customer.id,
            channel,
            purpose: SIGN_UP.to_owned(),
            representative: None,
            idempotency: desk.idempotency_key(),
        };
        return ask_for(desk, output, &customer, ask).await;
    }
    let Some(sign_up) = desk.call(ReadSignUp { customer: customer.id }).await? else {
        let text = "There is no such customer any more.";
        return Err(Failure::outcome(Outcome::UnknownCustomer, text));
    };
    if output.json() {
        output.object(&SignUpReply::from(&sign_up))?;
        return Ok(Exit::DONE);
    }
    if sign_up.contacts.is_empty() {
        output.note("There is no contact on file. Correct the customer's record first.");
    }
    for contact in &sign_up.contacts {
        output.line(&line(contact))?;
        if let Some(meant) = &contact.probably_meant {
            output.note(&format!(
                "Did you mean {meant}? Then have the record corrected before a code goes there."
            ));
        }
        if let Some(channel) = contact.usable().filter(|_| contact.verified.is_none()) {
            let account_no = &*sign_up.customer.account_no;
            let next = output.command(&["signup", account_no, "--channel", channel.word()]);
            output.note(&format!("Next: {next}"));
        }
    }
    if !sign_up.contacts.is_empty() {
        let reveal = output.command(&["customers", "reveal", &sign_up.customer.account_no]);
        output.note(&format!(
            "To read one back in full: {reveal} --email (or --phone) --reason \"…\""
        ));
    }
    Ok(Exit::DONE)
}

/// A contact, and whether it is verified.
fn line(contact: &SignUpContact) -> String {
    let verified = match (contact.verified, contact.refusal()) {
        (Some((at, channel)), _) => {
            format!("verified {} by {}", moment::short(at), channel.label())
        }
        (None, Some(refusal)) => format!("no code can go there: {refusal}"),
        (None, None) => "not verified".to_owned(),
    };
    format!("{}  {}  {verified}", contact.kind.word(), contact.contact)
}
