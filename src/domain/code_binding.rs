//! The binding of a code: whom it verifies, for what, and where it was sent.
//!
//! The digest and the seal of a code cover the canonical form of its [`CodeBinding`]. Whoever can
//! write to the store but has no key cannot move an open request to another customer, extend a
//! code's validity, or redirect its message: the code then no longer verifies, and the seal does
//! not open (security requirement 52).

use crate::domain::channel::Channel;
use crate::domain::customer::CustomerId;
use crate::domain::representative::RepresentativeId;
use crate::domain::request::RequestId;
use crate::domain::text;
use crate::domain::time::Timestamp;

/// The data that a code is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeBinding {
    pub customer: CustomerId,
    /// The account number as shown.
    pub account_no: String,
    pub purpose: String,
    pub request: RequestId,
    /// The generation of the code within its request, from 1.
    pub generation: u32,
    pub channel: Channel,
    /// The unmasked contact.
    pub contact: String,
    pub expires_at: Timestamp,
    /// Who gets it in the place of the holder.
    pub representative: Option<RepresentativeId>,
}

impl CodeBinding {
    /// The first byte of the canonical form.
    const VERSION: u8 = 2;
    /// The same of a code for a representative, who is one field more.
    const REPRESENTED: u8 = 3;

    /// The canonical form: the version, then each field prefixed with its length.
    pub(in crate::domain) fn canonical(&self) -> Vec<u8> {
        let is_represented = self.representative.is_some();
        let mut bytes = vec![if is_represented { Self::REPRESENTED } else { Self::VERSION }];
        let mut fields = [
            self.customer.0.to_be_bytes().as_slice(),
            self.account_no.trim().as_bytes(),
            self.purpose.as_bytes(),
            self.request.as_str().as_bytes(),
            &self.generation.to_be_bytes(),
            self.channel.word().as_bytes(),
            self.contact.as_bytes(),
            &self.expires_at.millis().to_be_bytes(),
        ]
        .map(<[u8]>::to_vec)
        .to_vec();
        fields.extend(self.representative.iter().map(|it| it.as_str().as_bytes().to_vec()));
        text::length_prefixed(fields.iter().map(Vec::as_slice), |it| bytes.extend_from_slice(it));
        bytes
    }
}

/// The version of a stored code's binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BindingVersion {
    /// Binds purpose, request and generation only (`domain::version_one`): codes from before the
    /// second version, which expire by themselves.
    One,
    /// Binds all of a [`CodeBinding`].
    Two,
}

impl BindingVersion {
    /// Reads a row's version. An unknown version is read as the second, under which the row does
    /// not verify.
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
            representative: None,
        }
    }

    /// The same binding with one field changed, for each field.
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
            CodeBinding { expires_at: Timestamp::from_millis(1_764_000_000_001), ..base.clone() },
            CodeBinding { representative: Some(RepresentativeId::from_bits(1)), ..base.clone() },
            CodeBinding { representative: Some(RepresentativeId::from_bits(2)), ..base },
        ]
    }

    #[test]
    fn no_two_bindings_have_one_form() {
        let base = binding();
        let mut forms: Vec<_> = others().iter().map(CodeBinding::canonical).collect();
        // Text moved from one field to the next.
        let (account_no, purpose) = ("WB-004217pay".to_owned(), " bill".to_owned());
        forms.push(CodeBinding { account_no, purpose, ..base.clone() }.canonical());
        forms.push(base.canonical());
        let count = forms.len();
        forms.sort();
        forms.dedup();
        assert_eq!(forms.len(), count);
        assert!(forms.iter().all(|form| matches!(form[0], 2 | 3)));
    }
}
