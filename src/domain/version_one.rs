//! The first version of the code binding, which covered purpose, request and generation only and
//! used the key of the key file directly.
//!
//! No such code is issued any more. Codes that were open when the store was migrated to the second
//! version keep working for their remaining minutes; the store accepts none that would be valid for
//! more than ten minutes after that.

use hmac::Mac;

use crate::domain::code::Code;
use crate::domain::code_binding::CodeBinding;
use crate::domain::key::Key;
use crate::domain::text;

pub(in crate::domain) fn digest(code: &Code, binding: &CodeBinding, key: &Key) -> [u8; 32] {
    let mut mac = key.hmac();
    let generation = binding.generation.to_be_bytes();
    let parts = [
        b"countersign otp 1".as_slice(),
        binding.purpose.as_bytes(),
        binding.request.as_str().as_bytes(),
        &generation,
        code.reveal().as_bytes(),
    ];
    text::length_prefixed(parts, |bytes| mac.update(bytes));
    mac.finalize().into_bytes().into()
}

pub(in crate::domain) fn seal_key(key: &Key) -> Key {
    let mut mac = key.hmac();
    mac.update(b"countersign seal 1");
    Key::new(mac.finalize().into_bytes().into())
}

/// The associated data of a seal.
pub(in crate::domain) fn bound(binding: &CodeBinding) -> Vec<u8> {
    let generation = binding.generation.to_be_bytes();
    let parts =
        [binding.purpose.as_bytes(), binding.request.as_str().as_bytes(), generation.as_slice()];
    let mut bound = Vec::new();
    text::length_prefixed(parts, |bytes| bound.extend_from_slice(bytes));
    bound
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::code_binding::tests::binding;
    use crate::domain::request::RequestId;

    #[test]
    fn a_digest_is_what_it_was() {
        // Computed with Python's `hmac`.
        let binding = CodeBinding { request: RequestId::from_bits(0), ..binding() };
        let digest = digest(&Code::from_number(123_456, 6), &binding, &Key::new([1; 32]));
        assert_eq!(
            hex::encode(digest),
            "9958f146f667cb49b3c50411ba70513dce3ce22fec76503514001f18099bb712"
        );
    }
}
