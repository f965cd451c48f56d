//! Reads keys from environment variables such as `COUNTERSIGN__OTP__LENGTH=8`.

use crate::config::environment::{PREFIX, ProcessEnvironment};
use crate::config::keys::{self, TABLE};
use crate::config::kind::Base;
use crate::config::layer::Layer;
use crate::config::problem::Findings;
use crate::config::raw::Raw;
use crate::domain::text::clean;

/// Reads the variables that set keys. An unknown key is refused, since the variable was meant to
/// have an effect.
pub(super) fn read(surroundings: &ProcessEnvironment, findings: &mut Findings) -> Layer {
    let home = surroundings.home();
    let base = Base { folder: surroundings.folder(), home: home.as_deref() };
    let mut layer = Layer::default();
    for (name, value) in surroundings.settings() {
        let Some(key) = TABLE.iter().find(|key| key.path.variable() == name) else {
            findings.refuse(Some(&clean(name)), unknown(name));
            continue;
        };
        match value.to_str() {
            Some(text) => {
                layer.read(key, &Raw::of_variable(text, key.kind), name, &base, findings);
            }
            None => findings.refuse_key(key.path, Some(name), "the value is not text in UTF-8"),
        }
    }
    layer.refuse_doubles(findings);
    layer
}

fn unknown(name: &str) -> String {
    let path = name.strip_prefix(PREFIX).unwrap_or(name).replace("__", ".").to_ascii_lowercase();
    match keys::nearest(&path) {
        Some(known) => format!("this variable sets no key; did you mean {}?", known.variable()),
        None => "this variable sets no key".into(),
    }
}
