//! Email: SMTP by lettre, SendGrid by its Web API, and the tokens that stand in for a password.

pub(super) mod oauth;
pub(super) mod sendgrid;
pub(super) mod smtp;
