//! `[store]`: the store's URL, credentials and TLS.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};

use crate::config::build::Build;
use crate::config::keys::{ROOT, STORE};
use crate::config::kind::{Base, KeyKind, SET};
use crate::config::raw::Raw;
use crate::config::secret;
use crate::config::settings::{
    Identifier, ServerAddress, ServerKind, ServerSettings, StoreSettings, StoreTls,
};
use crate::config::store_url::{StoreLocation, StoreUrl, sqlite_url};

pub(super) fn read(build: &mut Build<'_>) -> StoreSettings {
    let in_file = url_file(build);
    if !said(build) {
        let key = STORE.url.path();
        let file = build.below("XDG_DATA_HOME", ".local/share", "countersign.db", key);
        if let Some(url) = file.as_deref().and_then(Path::to_str).map(sqlite_url) {
            build.merged.derive(key, url);
        }
    }
    let in_url = in_file.or_else(|| build.merged.secret(&STORE.url));
    let password = password(build, in_url);
    match place(build) {
        Some(StoreLocation::Sqlite(file)) => StoreSettings::Sqlite { file },
        Some(StoreLocation::Server { kind, address, user, database }) => {
            let schema = build.get(&STORE.schema);
            judge_schema(build, kind, &schema);
            let tls = protection(build, &address);
            refuse_open_password(build, &address, tls, password.is_some());
            StoreSettings::Server(ServerSettings {
                kind,
                user,
                password,
                database,
                tls,
                ca_file: certificates(build, tls),
                schema,
                connections: build.get(&STORE.connections),
                address,
            })
        }
        // The problem was reported already and the configuration is refused.
        None => StoreSettings::Sqlite { file: PathBuf::new() },
    }
}

/// Whether the store's URL is set, even if it was refused.
fn said(build: &Build<'_>) -> bool {
    [STORE.url.path(), STORE.url_file.path()]
        .into_iter()
        .any(|key| build.merged.is_set(key) || build.findings.is_broken(key))
}

/// Reads the store's URL from a file; returns the password in it.
fn url_file(build: &mut Build<'_>) -> Option<SecretString> {
    let file = build.get(&STORE.url_file)?;
    let home = build.home();
    let folder = file.parent().unwrap_or_else(|| Path::new("/"));
    let base = Base { folder, home: home.as_deref() };
    let checked = secret::read(&file).and_then(|url| {
        let raw = Raw::Text(url.expose_secret().to_owned());
        KeyKind::StoreUrl.check(&"the URL in it", &raw, &base)
    });
    match checked {
        Ok(url) => {
            build.merged.derive(&STORE.url, url.value);
            url.secret
        }
        Err(why) => {
            let key = &STORE.url_file;
            build.refuse(key, format!("{key}: {}: {why}", file.display()));
            None
        }
    }
}

/// Parses the normalised URL.
fn place(build: &Build<'_>) -> Option<StoreLocation> {
    let base = Base { folder: Path::new("/"), home: None };
    let url = build.get(&STORE.url)?;
    StoreUrl::parse(&url, &base).ok().map(|url| url.place)
}

/// The password, set directly, by a file or in the URL.
fn password(build: &mut Build<'_>, in_url: Option<SecretString>) -> Option<SecretString> {
    let Build { merged, findings, .. } = build;
    let by_itself = secret::find(&STORE.password, &STORE.password_file, merged, findings);
    let keys = [STORE.password.path(), STORE.password_file.path()];
    let set = keys.into_iter().find(|key| merged.is_set(*key) || findings.is_broken(*key));
    match (set, in_url) {
        (Some(key), Some(_)) => {
            let text = format!(
                "{key} is set and the store's URL holds a password too; take it out of the URL"
            );
            build.refuse(key, text);
            None
        }
        (Some(_), None) => by_itself,
        (None, in_url) => {
            if in_url.is_some() {
                let (url, file) = (STORE.url.path(), STORE.url_file.path());
                let url = if merged.is_set(url) { url } else { file };
                merged.derive_from(&STORE.password, SET, url);
            }
            in_url
        }
    }
}

/// The TLS mode: by default off for this machine and verified elsewhere. Anything weaker must be
/// configured explicitly and gives a warning (security requirement 26).
fn protection(build: &mut Build<'_>, address: &ServerAddress) -> StoreTls {
    let local = address.is_local();
    let usual = if local { StoreTls::Off } else { StoreTls::Verify };
    let tls = build.merged.get_or(&STORE.tls, usual);
    match (tls, address) {
        (StoreTls::Verify | StoreTls::Encrypt, ServerAddress::Socket(_)) => build.refuse(
            &STORE.tls,
            "store.tls is for a connection over the network, and the store's is a socket of this \
             machine: leave it out",
        ),
        (StoreTls::Off, ServerAddress::Tcp { host, .. }) if !local => {
            build.findings.warnings.push(format!(
                "the store's connection to {host} is not encrypted: whoever is on the way can read \
                 and change what passes; use store.tls = \"verify\""
            ));
        }
        (StoreTls::Encrypt, ServerAddress::Tcp { host, .. }) if !local => {
            build.findings.warnings.push(format!(
                "the store's connection is encrypted, but nobody checks that it is {host} who \
                 answers; use store.tls = \"verify\""
            ));
        }
        _ => {}
    }
    tls
}

/// Refuses a password over TCP without TLS in production, also on this machine, unless configured
/// explicitly: while the server is down, any program of the machine can listen on its port and
/// receive the password.
fn refuse_open_password(
    build: &mut Build<'_>,
    address: &ServerAddress,
    tls: StoreTls,
    has_password: bool,
) {
    let ServerAddress::Tcp { host, .. } = address else { return };
    let is_said = build.merged.is_set(&STORE.tls) || build.findings.is_broken(&STORE.tls);
    let is_strict = build.get(&ROOT.environment).is_strict();
    if !is_strict || is_said || tls != StoreTls::Off || !has_password {
        return;
    }
    let text = format!(
        "store.url names {host} and a password, which would go there without TLS: where environment \
         = \"production\", name the server's socket (postgres://user@/name?host=/run/postgresql, \
         mysql://user@/name?socket=/run/mysqld/mysqld.sock) or set store.tls"
    );
    build.refuse(&STORE.url, text);
}

fn certificates(build: &mut Build<'_>, tls: StoreTls) -> Option<PathBuf> {
    let file = build.get(&STORE.ca_file)?;
    if tls != StoreTls::Verify && !build.findings.is_broken(&STORE.tls) {
        build.refuse(
            &STORE.ca_file,
            "store.ca_file is looked at only where store.tls = \"verify\"; set that, or leave \
             store.ca_file out",
        );
    }
    build.readable(&STORE.ca_file, &file);
    Some(file)
}

fn judge_schema(build: &mut Build<'_>, kind: ServerKind, schema: &Identifier) {
    let name = schema.as_str();
    let reserved = name.starts_with("pg_") || name == "information_schema";
    if kind == ServerKind::Postgres && reserved {
        let text = format!("store.schema = \"{name}\" is PostgreSQL's own; name another");
        build.refuse(&STORE.schema, text);
    }
}
