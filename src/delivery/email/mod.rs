//! Email: SMTP (lettre), SendGrid's Web API, and OAuth 2.0 tokens for SMTP logins.

pub(super) mod oauth;
pub(super) mod sendgrid;
pub(super) mod smtp;
