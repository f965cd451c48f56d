//! What a code is bound to: whom it verifies, for what, and where it was sent.
//!
//! The digest and the seal of a code are made over the canonical form of one [`CodeBinding`].
//! Whoever can write to the store but has no key cannot move an open request to another
//! customer, give a code more time, or send its message to another contact: the code does not
//! verify then, and the seal does not open (security requirement 52).

use crate::domain::channel::Channel;
use crate::domain::customer::CustomerId;
use crate::domain::request::RequestId;
use crate::domain::text;
use crate::domain::time::Timestamp;

/// What a code is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeBinding {
    /// Whom it verifies.
    pub customer: CustomerId,
    /// The customer's account number, as it is shown.
    pub account_no: String,
    /// What the verification is for.
    pub purpose: String,
    /// The request it belongs to.
    pub request: RequestId,
    /// Which code of the request it is; the first is 1.
    pub generation: u32,
    /// How it is sent.
    pub channel: Channel,
    /// Where it is sent.
    pub contact: String,
    /// When it stops working.
    pub expires_at: Timestamp,
}

impl CodeBinding {
    /// The first byte of the canonical form: its version.
    const VERSION: u8 = 2;

    /// The canonical form: the version, then each field after its length.
    pub(in crate::domain) fn canonical(&self) -> Vec<u8> {
        let mut bytes = vec![Self::VERSION];
        let fields = [
            self.customer.0.to_be_bytes().as_slice(),
            self.account_no.trim().as_bytes(),
            self.purpose.as_bytes(),
            self.request.as_str().as_bytes(),
            &self.generation.to_be_bytes(),
            self.channel.word().as_bytes(),
            self.contact.as_bytes(),
            &self.expires_at.millis().to_be_bytes(),
        ]
        .map(<[u8]>::to_vec);
        text::length_prefixed(fields.iter().map(Vec::as_slice), |it| bytes.extend_from_slice(it));
        bytes
    }
}

/// The form in which a stored code is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BindingVersion {
    /// To purpose, request and generation (`domain::version_one`): codes
    /// from before the store knew the other one. They end by themselves.
    One,
    /// To all of a [`CodeBinding`].
    Two,
}

impl BindingVersion {
    /// The version as rows carry it. A row of an unknown version is read as one of the
    /// second, under which it proves nothing.
    pub const fn of(number: u32) -> Self {
        if number == 1 { Self::One } else { Self::Two }
    }
}

#[cfg(test)]
pub(in crate::domain) mod tests {
    use super::*;

    pub(in crate::domain) fn binding() -> CodeBinding {
        CodeBinding {
            customer: CustomerId(17),
            account_no: "WB-004217".into(),
            purpose: "pay bill".into(),
            request: RequestId::from_bits(1),
            generation: 1,
            channel: Channel::Sms,
            contact: "+14155550142".into(),
            expires_at: Timestamp::from_millis(1_764_000_000_000),
        }
    }

    /// The same binding, each time with another value in one field.
    pub(in crate::domain) fn others() -> Vec<CodeBinding> {
        let base = binding();
        vec![
            CodeBinding { customer: CustomerId(18), ..base.clone() },
            CodeBinding { account_no: "WB-004218".into(), ..base.clone() },
            CodeBinding { purpose: "other".into(), ..base.clone() },
            CodeBinding { request: RequestId::from_bits(2), ..base.clone() },
            CodeBinding { generation: 2, ..base.clone() },
            CodeBinding { channel: Channel::Whatsapp, ..base.clone() },
            CodeBinding { contact: "+14155550143".into(), ..base.clone() },
            CodeBinding { expires_at: Timestamp::from_millis(1_764_000_000_001), ..base },
        ]
    }

    #[test]
    fn no_two_bindings_have_one_form() {
        let base = binding();
        let mut forms: Vec<_> = others().iter().map(CodeBinding::canonical).collect();
        // What is moved from one field to the next.
        let (account_no, purpose) = ("WB-004217pay".to_owned(), " bill".to_owned());
        forms.push(CodeBinding { account_no, purpose, ..base.clone() }.canonical());
        forms.push(base.canonical());
        let count = forms.len();
        forms.sort();
        forms.dedup();
        assert_eq!(forms.len(), count);
        assert!(forms.iter().all(|form| form[0] == 2));
    }
}
