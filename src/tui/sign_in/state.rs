//! What is typed to sign in.

use std::fmt;

use tui_input::Input;
use zeroize::Zeroizing;

use crate::domain::totp::TotpOffer;
use crate::service::staff::calls::SignIn;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::notice::Tone;

/// The most characters of a field: more than a password has.
const MAX_SECRET_CHARS: usize = 200;

/// Why nobody sits here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Nobody has signed in yet, or whoever did has signed out.
    SignedOut,
    /// The terminal was locked: whoever signs in goes on where it stands.
    Locked,
    /// The terminal was locked, and the account of the host is all that there is to ask for.
    Covered,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInStage {
    /// A name, and a password or a set-up code.
    Credentials,
    /// A new password, twice.
    NewPassword,
    /// A code of the authenticator.
    Totp,
    /// The first code of an authenticator that is being enrolled.
    Enrol,
}

/// What covers the interface while nobody sits here.
#[derive(Debug)]
pub struct SignInForm {
    /// Why.
    pub reason: Reason,
    /// What is asked for now.
    pub stage: SignInStage,
    /// The name.
    pub name: Input,
    /// The secrets of this stage; of the first stage, the first one only.
    pub secrets: [SecretField; 2],
    /// Which field has the keyboard, from the top.
    pub field: usize,
    /// What was right so far.
    pub attempt: Option<SignIn>,
    /// The authenticator to be enrolled.
    pub offer: Option<TotpOffer>,
    /// The attempt that is being judged.
    pub waiting: Option<EffectId>,
    /// What came of the last one.
    pub message: Option<(Tone, String)>,
}

impl SignInForm {
    /// An empty form.
    pub fn new(reason: Reason) -> Self {
        Self {
            reason,
            stage: SignInStage::Credentials,
            name: Input::default(),
            secrets: [SecretField::default(), SecretField::default()],
            field: 0,
            attempt: None,
            offer: None,
            waiting: None,
            message: None,
        }
    }

    /// How many fields there are now.
    pub const fn fields(&self) -> usize {
        match (self.reason, self.stage) {
            (Reason::Covered, _) => 0,
            (_, SignInStage::Credentials | SignInStage::NewPassword) => 2,
            (_, SignInStage::Totp | SignInStage::Enrol) => 1,
        }
    }

    /// The secret that has the keyboard; none where the name has it.
    pub fn secret_mut(&mut self) -> Option<&mut SecretField> {
        match (self.stage, self.field) {
            (SignInStage::Credentials, 0) => None,
            (SignInStage::NewPassword, 1) => self.secrets.last_mut(),
            _ => self.secrets.first_mut(),
        }
    }
}

/// A field whose text is not shown, is erased when dropped, and is never printed by `Debug`.
#[derive(Default)]
pub struct SecretField(Zeroizing<String>);

impl SecretField {
    /// Adds a character.
    pub fn push(&mut self, char: char) {
        if self.0.chars().count() < MAX_SECRET_CHARS && !char.is_control() {
            self.0.push(char);
        }
    }

    /// Takes the last character back.
    pub fn pop(&mut self) {
        self.0.pop();
    }

    /// Empties it.
    pub fn clear(&mut self) {
        self.0 = Zeroizing::default();
    }

    /// What was typed.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Characters in it.
    pub fn length(&self) -> usize {
        self.0.chars().count()
    }
}

impl fmt::Debug for SecretField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretField(…)")
    }
}
