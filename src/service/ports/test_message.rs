//! Test messages, which hold no code and have no request.

use async_trait::async_trait;

use crate::domain::contact::Contact;
use crate::domain::policy::{RateLimit, RateLimits};
use crate::domain::time::Timestamp;
use crate::service::ports::audit::NewEvent;
use crate::service::ports::error::StoreError;

/// The rate limits of test messages.
#[async_trait]
pub trait TestMessageStore: Send + Sync {
    /// Counts a test message against the rate limits and writes its event, before it
    /// is sent; gives the limit that refuses it.
    async fn record_test_send(
        &self,
        test: TestSend<'_>,
    ) -> Result<Option<TestSendRefusal>, StoreError>;
}

/// A test message about to be sent.
#[derive(Clone, Debug)]
pub struct TestSend<'a> {
    /// The idempotency key.
    pub act: &'a str,
    /// Where it goes.
    pub contact: &'a Contact,
    /// How many messages an hour there may be.
    pub limits: &'a RateLimits,
    /// Its event.
    pub event: NewEvent<'a>,
}

/// Why a test message may not be sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TestSendRefusal {
    /// The limit that is reached.
    pub limit: RateLimit,
    /// When it may be tried again.
    pub retry_at: Timestamp,
}
