//! `templates`: checks and previews messages without sending any.

use std::fs;

use crate::cli::app_context::AppContext;
use crate::cli::args::{PreviewArgs, Templates};
use crate::cli::exit::{Exit, Failure};
use crate::cli::json::{Preview, TemplatesReply};
use crate::cli::output::Output;
use crate::config::Config;
use crate::domain::channel::Channel;
use crate::domain::code::Code;
use crate::domain::contact::Contact;
use crate::domain::contact_notice::NoticeAbout;
use crate::domain::locale;
use crate::domain::message::{ContactNotice, MessageFacts};
use crate::domain::request::Reference;
use crate::domain::time::Timestamp;

pub fn run(
    context: &dyn AppContext,
    config: &Config,
    output: &mut Output,
    command: &Templates,
) -> Result<Exit, Failure> {
    match command {
        Templates::Check(_) => check(context, config, output),
        Templates::Preview(arguments) => preview(context, config, output, arguments),
    }
}

fn check(context: &dyn AppContext, config: &Config, output: &mut Output) -> Result<Exit, Failure> {
    let checks = context.check_templates(config);
    let failed = checks.iter().filter(|check| !check.ok).count();
    let message = match failed {
        0 => "The templates are fine.".to_owned(),
        1 => "One thing has to be mended.".to_owned(),
        failed => format!("{failed} things have to be mended."),
    };
    let exit = if failed == 0 { Exit::DONE } else { Exit::CONFIG };
    if output.json() {
        let outcome = if failed == 0 { "fine" } else { "bad_configuration" };
        output.object(&TemplatesReply { outcome, message, checks })?;
        return Ok(exit);
    }
    for check in &checks {
        let mark = if check.ok { check.state } else { "FAILED" };
        let locale = check.locale.as_deref().unwrap_or_default();
        output.line(&format!("{mark:7} {locale:8} {:7} {}", check.part, check.found))?;
    }
    output.line(&message)?;
    Ok(exit)
}

fn preview(
    context: &dyn AppContext,
    config: &Config,
    output: &mut Output,
    arguments: &PreviewArgs,
) -> Result<Exit, Failure> {
    if arguments.html.is_some() && arguments.channel != Channel::Email {
        return Err(Failure::usage("Only an email has an HTML part. Leave out --html."));
    }
    let preview = if let Some(about) = arguments.notice {
        context.preview_notice(config, &notice(config, about, arguments)?)?
    } else {
        let facts = made_up(config, arguments.locale.clone());
        context.preview(config, arguments.channel, &facts)?
    };
    if let (Some(file), Some(html)) = (&arguments.html, &preview.html) {
        fs::write(file, html).map_err(|error| {
            Failure::usage(format!("{} cannot be written: {error}.", file.display()))
        })?;
    }
    if output.json() {
        output.object(&preview)?;
        return Ok(Exit::DONE);
    }
    show(output, arguments, &preview)?;
    Ok(Exit::DONE)
}

fn show(output: &mut Output, arguments: &PreviewArgs, preview: &Preview) -> Result<(), Failure> {
    if let Some(subject) = &preview.subject {
        output.line(&format!("Subject: {subject}"))?;
        output.line("")?;
    }
    output.lines(preview.text.trim_end())?;
    output.flush()?;
    if let Some(asked) = &arguments.locale
        && locale::canonical(asked) != preview.locale
    {
        output.note(&format!("Whose language is {asked} is written to in {}.", preview.locale));
    }
    if let (Some(places), Some(most)) = (preview.places, preview.most_places) {
        output.note(&format!("One message: {places} of {most} places."));
    }
    if let Some(file) = &arguments.html {
        output.note(&format!("The HTML part is in {}.", file.display()));
    }
    Ok(())
}

/// A sample notice.
fn notice(
    config: &Config,
    about: NoticeAbout,
    arguments: &PreviewArgs,
) -> Result<ContactNotice, Failure> {
    let to = match arguments.channel {
        Channel::Email => Contact::parse(Channel::Email, "dana.rivera@example.org"),
        Channel::Sms => Contact::parse(Channel::Sms, "+15550100142"),
        Channel::Whatsapp => {
            return Err(Failure::usage(
                "A changed phone number is told by text message. Ask for --channel sms.",
            ));
        }
    };
    Ok(ContactNotice {
        about,
        to: to.map_err(|error| Failure::internal(error.to_string()))?,
        name: "preview".into(),
        at: Timestamp::default(),
        office: config.office.name.clone(),
        customer: "Dana Rivera".into(),
        purpose: config.purposes.first().map(|it| it.name.clone()),
        reference: Some(Reference::from_store("K7Q")),
        locale: arguments.locale.clone(),
    })
}

/// A sample message of this office, to a fictitious customer.
fn made_up(config: &Config, locale: Option<String>) -> MessageFacts {
    MessageFacts {
        office: config.office.name.clone(),
        counter: config.office.counter.clone(),
        customer: "Dana Rivera".into(),
        purpose: config.purposes.first().map(|it| it.name.clone()).unwrap_or_default(),
        reference: Reference::from_store("K7Q"),
        code: Code::from_number(481_920, config.otp.length),
        minutes: config.otp.expiry.as_secs() / 60,
        locale,
    }
}
