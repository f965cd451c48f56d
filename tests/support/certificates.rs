//! A test certificate authority and a server certificate signed by it.

#![expect(clippy::expect_used, reason = "a test ends where its ground gives way")]

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};

/// Writes `ca.pem`, `server.pem` and `server.key` into a folder, for these names. Returns the path
/// of `ca.pem`.
pub(crate) fn certify(folder: &Path, names: &[&str], expired: bool) -> PathBuf {
    let mut authority = CertificateParams::new(Vec::new()).expect("names");
    let subject = format!("authority of {}", folder.display());
    authority.distinguished_name.push(DnType::CommonName, subject);
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().expect("a key");
    let authority_pem = authority.self_signed(&authority_key).expect("a certificate").pem();
    let issuer = Issuer::new(authority, authority_key);
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut server = CertificateParams::new(names).expect("names");
    server.not_before = date_time_ymd(2020, 1, 1);
    server.not_after = date_time_ymd(if expired { 2021 } else { 2099 }, 1, 1);
    let key = KeyPair::generate().expect("a key");
    let pem = server.signed_by(&key, &issuer).expect("a certificate").pem();
    fs::write(folder.join("ca.pem"), authority_pem).expect("a file");
    fs::write(folder.join("server.pem"), pem).expect("a file");
    fs::write(folder.join("server.key"), key.serialize_pem()).expect("a file");
    folder.join("ca.pem")
}
