//! Checkpoints: the signed root of the tree at one size (C2SP tlog-checkpoint, a C2SP signed
//! note), and the Ed25519 keys that sign and verify them.

use std::fmt;
use std::str::FromStr;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256};

use crate::domain::audit::hash::TreeHash;
use crate::domain::key::Key;

/// The algorithm byte of an Ed25519 key in a signed note.
const ED25519: u8 = 1;

/// Length limit of a signed note in bytes.
const NOTE_MAX: usize = 16 * 1024;

/// The extension line of a log that was begun by a version that proves each removal.
const REMOVALS_PROVEN: &str = "removals proven";

/// The root of the tree at one size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Which log it is of.
    pub origin: String,
    /// How many leaves the tree has.
    pub size: u64,
    /// Its root.
    pub root: TreeHash,
    /// Whether each removal that the log announces has a proof of the desk, from its first entry
    /// on. It is signed with the rest, so that nobody without the key takes it away.
    #[serde(default)]
    pub removals_proven: bool,
}

/// Why a checkpoint is rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum CheckpointError {
    /// It is no checkpoint.
    #[error("this is no checkpoint (C2SP tlog-checkpoint)")]
    Malformed,
    /// No key that is known signed it.
    #[error("no key that is known signed this checkpoint; it names {0}")]
    UnknownKey(String),
    /// A known key is named, but did not sign this.
    #[error("the signature of this checkpoint is wrong")]
    WrongSignature,
}

impl Checkpoint {
    /// The text that is signed.
    fn text(&self) -> String {
        let text = format!("{}\n{}\n{}\n", self.origin, self.size, self.root);
        if self.removals_proven { text + REMOVALS_PROVEN + "\n" } else { text }
    }

    /// The note: the text with its signature.
    pub fn signed(&self, signer: &CheckpointSigner) -> String {
        let text = self.text();
        let verifier = signer.verifier();
        let signature = signer.key.sign(text.as_bytes()).to_bytes();
        let signature = BASE64_STANDARD.encode([verifier.id.as_slice(), &signature].concat());
        format!("{text}\n— {} {signature}\n", verifier.name)
    }

    /// Verifies a note with these keys and returns its checkpoint.
    pub fn open(note: &str, keys: &[CheckpointVerifier]) -> Result<Self, CheckpointError> {
        let (checkpoint, text, signatures) = parse(note).ok_or(CheckpointError::Malformed)?;
        let mut names = Vec::new();
        for (name, signature) in signatures {
            let (id, signature) =
                signature.split_at_checked(4).ok_or(CheckpointError::Malformed)?;
            let Some(key) = keys.iter().find(|it| it.name == name && it.id == id) else {
                names.push(format!("{name}+{}", hex::encode(id)));
                continue;
            };
            let wrong = |_| CheckpointError::WrongSignature;
            let signature = Signature::from_slice(signature).map_err(wrong)?;
            key.key.verify_strict(text.as_bytes(), &signature).map_err(wrong)?;
            return Ok(checkpoint);
        }
        Err(CheckpointError::UnknownKey(names.join(", ")))
    }

    /// Parses a note without verifying its signatures.
    pub fn unverified(note: &str) -> Result<Self, CheckpointError> {
        parse(note).map(|it| it.0).ok_or(CheckpointError::Malformed)
    }
}

type Signatures<'a> = Vec<(&'a str, Vec<u8>)>;

/// The checkpoint of a note, its text, and its signatures by the name of their key.
fn parse(note: &str) -> Option<(Checkpoint, &str, Signatures<'_>)> {
    if note.len() > NOTE_MAX || note.chars().any(|it| it.is_ascii_control() && it != '\n') {
        return None;
    }
    let end = note.rfind("\n\n")? + 1;
    let (text, rest) = (&note[..end], &note[end + 1..]);
    let mut lines = text.lines();
    let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
    let extensions: Vec<_> = lines.collect();
    if origin.is_empty() || extensions.contains(&"") {
        return None;
    }
    let number: u64 = size.parse().ok()?;
    let checkpoint = Checkpoint {
        origin: origin.to_owned(),
        size: number,
        root: root.parse().ok()?,
        removals_proven: extensions.contains(&REMOVALS_PROVEN),
    };
    let is_canonical = number.to_string() == size && rest.ends_with('\n');
    let signature = |line: &'_ str| {
        let (name, signature) = line.strip_prefix("— ")?.split_once(' ')?;
        Some((name.len(), BASE64_STANDARD.decode(signature).ok()?))
    };
    let mut signatures = Vec::new();
    for line in rest.lines() {
        let (length, signature) = signature(line)?;
        let from = "— ".len();
        signatures.push((&line[from..from + length], signature));
    }
    (is_canonical && !signatures.is_empty()).then_some((checkpoint, text, signatures))
}

/// Whether a text can be the name of a key, and the origin of a log.
fn is_name(text: &str) -> bool {
    let is_fit = |it: char| !it.is_whitespace() && !it.is_control() && it != '+';
    !text.is_empty() && text.chars().all(is_fit)
}

/// The origin of an office's log, by the office's name.
pub fn origin_of(office: &str) -> String {
    let mut slug = String::new();
    for char in office.chars().flat_map(char::to_lowercase) {
        if char.is_alphanumeric() {
            slug.push(char);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    format!("countersign/{}", if slug.is_empty() { "office" } else { slug })
}

/// The key that signs checkpoints.
pub struct CheckpointSigner {
    name: String,
    key: SigningKey,
}

impl CheckpointSigner {
    /// The key of a log, derived from a secret of its own.
    pub fn new(origin: &str, secret: &Key) -> Self {
        let key = SigningKey::from_bytes(secret.derive(&["audit checkpoint"]).secret());
        Self { name: origin.to_owned(), key }
    }

    /// The public key.
    pub fn verifier(&self) -> CheckpointVerifier {
        CheckpointVerifier::new(self.name.clone(), self.key.verifying_key())
    }
}

/// The public key of a log, with its name. It is written as `name+id+key`, as others write
/// the keys of signed notes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointVerifier {
    name: String,
    id: [u8; 4],
    key: VerifyingKey,
}

impl CheckpointVerifier {
    fn new(name: String, key: VerifyingKey) -> Self {
        let hash = Sha256::new()
            .chain_update(&name)
            .chain_update(b"\n")
            .chain_update([ED25519])
            .chain_update(key.as_bytes());
        let hash: [u8; 32] = hash.finalize().into();
        Self { name, id: [hash[0], hash[1], hash[2], hash[3]], key }
    }

    /// The name of the key, which is the origin of its log.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for CheckpointVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = BASE64_STANDARD.encode([&[ED25519], self.key.as_bytes().as_slice()].concat());
        write!(f, "{}+{}+{key}", self.name, hex::encode(self.id))
    }
}

impl Serialize for CheckpointVerifier {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CheckpointVerifier {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A text that is no public key of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the key of a log: name+id+key, as `countersign audit key` prints it")]
pub struct NotAKey;

impl FromStr for CheckpointVerifier {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.trim().splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NotAKey);
        };
        let bytes = BASE64_STANDARD.decode(key).map_err(|_| NotAKey)?;
        let Some((&ED25519, bytes)) = bytes.split_first() else { return Err(NotAKey) };
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| NotAKey)?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| NotAKey)?;
        let read = Self::new(name.to_owned(), key);
        let is_whole = is_name(name) && hex::decode(id).is_ok_and(|it| it == read.id);
        if is_whole { Ok(read) } else { Err(NotAKey) }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The example of the package that first had signed notes.
    const OTHERS_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

    pub(in crate::domain::audit) fn signer(secret: u8) -> CheckpointSigner {
        CheckpointSigner::new("countersign/riverside-billing", &Key::new([secret; 32]))
    }

    fn checkpoint() -> Checkpoint {
        let origin = "countersign/riverside-billing".to_owned();
        Checkpoint { origin, size: 1_204, root: TreeHash::leaf(b"root"), removals_proven: false }
    }

    #[test]
    fn security_61_a_checkpoint_is_written_as_c2sp_says() {
        let note = checkpoint().signed(&signer(1));
        let lines: Vec<_> = note.split('\n').collect();
        let [origin, size, root, "", signature, ""] = lines.as_slice() else { panic!("{note}") };
        assert_eq!((*origin, *size), ("countersign/riverside-billing", "1204"));
        assert_eq!(*root, TreeHash::leaf(b"root").to_string());
        assert!(signature.starts_with("— countersign/riverside-billing "), "{signature}");
        assert_eq!(Checkpoint::open(&note, &[signer(1).verifier()]), Ok(checkpoint()));
    }

    #[test]
    fn a_key_that_others_wrote_is_read() {
        let key: CheckpointVerifier = OTHERS_KEY.parse().expect("a key");
        assert_eq!(key.to_string(), OTHERS_KEY);
        // Its example note has the signature of this text.
        let text = "If you think cryptography is the answer to your problem,\n\
                    then you don't know what your problem is.\n";
        let signature = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdng\
                         otpRZb6KE6RyyBwJnAM=";
        let signature = BASE64_STANDARD.decode(signature).expect("base64");
        assert_eq!(signature[..4], key.id);
        let signature = Signature::from_slice(&signature[4..]).expect("a signature");
        assert!(key.key.verify_strict(text.as_bytes(), &signature).is_ok());
    }

    #[test]
    fn a_key_reads_back_and_a_damaged_one_does_not() {
        let key = signer(1).verifier();
        assert_eq!(key.to_string().parse(), Ok(key));
        let last = OTHERS_KEY.len() - 1;
        for text in ["", "a+b", "a+00000000+AQ==", &OTHERS_KEY[..last], &OTHERS_KEY[1..]] {
            assert_eq!(text.parse::<CheckpointVerifier>(), Err(NotAKey), "{text}");
        }
    }

    #[test]
    fn security_65_only_the_key_of_the_log_signs_its_checkpoints() {
        let note = checkpoint().signed(&signer(1));
        let (ours, others) = (signer(1).verifier(), signer(2).verifier());
        let unknown = Checkpoint::open(&note, std::slice::from_ref(&others));
        assert!(matches!(unknown, Err(CheckpointError::UnknownKey(_))), "{unknown:?}");
        assert_eq!(Checkpoint::open(&note, &[others, ours.clone()]), Ok(checkpoint()));
        let ours = std::slice::from_ref(&ours);
        let forged = note.replace("\n1204\n", "\n1203\n");
        assert_eq!(Checkpoint::open(&forged, ours), Err(CheckpointError::WrongSignature));
        let other = checkpoint().signed(&signer(2));
        let (_, theirs) = other.split_once("\n\n").expect("a note");
        let (text, _) = note.split_once("\n\n").expect("a note");
        let by_another = format!("{text}\n\n{theirs}");
        assert!(Checkpoint::open(&by_another, ours).is_err());
    }

    #[test]
    fn what_is_no_checkpoint_is_refused() {
        let key = [signer(1).verifier()];
        let note = checkpoint().signed(&signer(1));
        let damaged = [
            String::new(),
            note.replace("\n\n", "\n"),
            note.replace("1204", "01204"),
            note.replace("1204", "many"),
            note.trim_end().to_owned(),
            note.replace("— ", "- "),
            note.replace('1', "\t1"),
            note.lines().take(4).fold(String::new(), |text, line| text + line + "\n"),
            "x".repeat(NOTE_MAX + 1),
        ];
        for text in damaged {
            assert_eq!(Checkpoint::open(&text, &key), Err(CheckpointError::Malformed), "{text}");
        }
    }

    #[test]
    fn security_55_nobody_takes_the_mark_of_proven_removals_out_of_a_checkpoint() {
        let marked = Checkpoint { removals_proven: true, ..checkpoint() };
        let (note, key) = (marked.signed(&signer(1)), [signer(1).verifier()]);
        assert_eq!(Checkpoint::open(&note, &key), Ok(marked));
        let taken_out = note.replace("removals proven\n", "");
        assert_ne!(taken_out, note);
        assert_eq!(Checkpoint::open(&taken_out, &key), Err(CheckpointError::WrongSignature));
    }

    #[test]
    fn a_cosigned_checkpoint_is_read_too() {
        let note = checkpoint().signed(&signer(1)) + "— witness.example AAAAAAAA\n";
        assert_eq!(Checkpoint::open(&note, &[signer(1).verifier()]), Ok(checkpoint()));
    }

    #[test]
    fn an_office_names_its_log() {
        assert_eq!(origin_of("Riverside Billing & Co."), "countersign/riverside-billing-co");
        assert_eq!(origin_of(" + "), "countersign/office");
        assert_eq!(origin_of("Wärme Köln"), "countersign/wärme-köln");
    }
}
