//! The Message-ID of an email with a code.
//!
//! A request's id stands in the log, where all of the staff reads it. The keyed tag behind it is
//! known to the desk, to the mail servers on the way and to who reads the mailbox: nobody else can
//! name the message in a mail that says it came back.

use subtle::ConstantTimeEq as _;

use crate::domain::key::{Key, Keyring};
use crate::domain::mac::MacTag;
use crate::domain::request::RequestId;

/// Hexadecimal digits of the tag: 80 bits.
const TAG_DIGITS: usize = 20;

/// The part before the @, the same for each attempt to send this code of the request.
pub fn local_part(key: &Key, request: &RequestId, generation: u32) -> String {
    format!("{request}-{generation}-{}", tag(key, request, generation))
}

fn tag(key: &Key, request: &RequestId, generation: u32) -> String {
    let number = generation.to_string();
    let parts = [request.as_str().as_bytes(), number.as_bytes()];
    let mut tag = MacTag::of(key, "message id", parts).to_hex();
    tag.truncate(TAG_DIGITS);
    tag
}

/// Which code of which request a Message-ID is of; none where we did not give it.
pub fn read(id: &str, keyring: &Keyring) -> Option<(RequestId, u32)> {
    let (local, _) = id.split_once('@')?;
    let mut parts = local.split('-');
    let (request, generation, given) = (parts.next()?, parts.next()?, parts.next()?);
    let request: RequestId = request.parse().ok()?;
    let generation: u32 = generation.parse().ok()?;
    let is_ours = |key: &Key| is_same(&tag(key, &request, generation), given);
    let is_ours = parts.next().is_none() && keyring.all().any(is_ours);
    is_ours.then_some((request, generation))
}

/// Compares in constant time.
fn is_same(tag: &str, given: &str) -> bool {
    tag.as_bytes().ct_eq(given.to_ascii_lowercase().as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::key::KeyId;

    fn ring(secret: u8) -> Keyring {
        Keyring::new(KeyId::new("k1").expect("a name"), Key::new([secret; 32]))
    }

    #[test]
    fn only_the_desks_own_message_ids_are_read() {
        let request = RequestId::from_bits(77);
        let local = local_part(ring(7).current().1, &request, 2);
        let id = format!("{local}@office.example");
        assert_eq!(read(&id, &ring(7)), Some((request.clone(), 2)));
        assert_eq!(read(&id.to_ascii_uppercase(), &ring(7)), Some((request.clone(), 2)));
        assert_eq!(read(&id, &ring(8)), None, "another key");
        let (_, tag) = local.rsplit_once('-').expect("a tag");
        let other = RequestId::from_bits(78);
        for forged in [
            format!("{other}-2-{tag}@office.example"),
            format!("{request}-1-{tag}@office.example"),
            format!("{request}-2-{}@office.example", &tag[1..]),
            format!("{request}-2-{tag}0@office.example"),
            format!("{request}-2-{tag}-x@office.example"),
            format!("{request}-2-@office.example"),
            format!("{request}-2@office.example"),
            local.clone(),
            String::new(),
        ] {
            assert_eq!(read(&forged, &ring(7)), None, "{forged}");
        }
    }
}
