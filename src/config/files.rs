//! Checks the permissions of configuration, key, secret, template and certificate files: files that
//! others can read or change are refused in production and give a warning in development.

use std::path::{Path, PathBuf};

use crate::config::build::Build;
use crate::config::keys::{self, MESSAGES, SMS, SMS_FALLBACK};
use crate::config::settings::Environment;
use crate::config::{secret, strict_modes};

/// Checks the files that a configuration names, the configuration file itself and the key file.
pub(super) fn judge(build: &mut Build<'_>, environment: Environment, key_file: &Path) {
    let mut faults = readable_secrets(build);
    faults.extend(writable_files(build, key_file));
    faults.extend(trusting_variables(build));
    for text in faults {
        if environment.is_strict() {
            build.findings.refuse(None, text);
        } else {
            build.findings.warnings.push(text);
        }
    }
}

/// Files with a secret that are world-readable.
fn readable_secrets(build: &Build<'_>) -> Vec<String> {
    let named = keys::secret_files().filter_map(|key| build.get(key));
    let itself = build.file.clone().filter(|_| build.file_has_secret);
    let is_open =
        |file: &PathBuf| std::fs::metadata(file).is_ok_and(|metadata| secret::is_open(&metadata));
    named
        .chain(itself)
        .filter(is_open)
        .map(|file| {
            let file = file.display();
            format!(
                "{file} holds a secret and everybody on this machine can read it: \
                 run chmod o-rwx '{file}'"
            )
        })
        .collect()
}

/// Files that the desk trusts and that another account could change.
fn writable_files(build: &Build<'_>, key_file: &Path) -> Vec<String> {
    let mut files: Vec<_> = keys::deciding_files().filter_map(|key| build.get(key)).collect();
    files.extend(build.file.clone());
    // A program that sends is told each code.
    let programs = [&SMS, &SMS_FALLBACK].map(|keys| build.get(&keys.command));
    files.extend(programs.into_iter().flatten().filter_map(|it| it.first().map(PathBuf::from)));
    files.push(key_file.to_owned());
    let templates = build.get(&MESSAGES.folder);
    files.extend(templates.into_iter().flat_map(strict_modes::with_content));
    let uid = rustix::process::geteuid().as_raw();
    let mut faults: Vec<_> =
        files.iter().filter_map(|file| strict_modes::fault(file, uid)).collect();
    faults.sort();
    faults.dedup();
    faults
}

/// Trusted certificates are named by the configuration alone: variables that whoever starts the
/// program can set are a fault.
fn trusting_variables(build: &Build<'_>) -> Vec<String> {
    let set = ["SSL_CERT_FILE", "SSL_CERT_DIR"]
        .into_iter()
        .filter(|variable| build.surroundings.variable(variable).is_some());
    set.map(|variable| {
        format!(
            "the variable {variable} would decide whose certificates are trusted: unset it, and \
             name certificates of your own with ca_file in the configuration"
        )
    })
    .collect()
}
