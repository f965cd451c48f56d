//! Parses the URL of a store, a file or a database on a server. It is parsed here only, so that no
//! second parser can read it differently; the password is separated from the start.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use secrecy::SecretString;

use crate::config::kind::{Base, is_host, is_secret, path};
use crate::config::settings::{ServerAddress, ServerKind};

/// The allowed forms, in words.
pub(super) const ALLOWED: &str = "sqlite: and the path of a file, \
     postgres://user@host:port/database or mysql://user@host:port/database";

/// Characters that are percent-encoded in a user or database name: all but the unreserved ones of
/// RFC 3986.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const ESCAPES: &str = "in a name or a password, / is written %2F, ? %3F, @ %40, : %3A and % %25";

/// A parsed store URL.
#[derive(Debug)]
pub(super) struct StoreUrl {
    pub(super) place: StoreLocation,
    pub(super) password: Option<SecretString>,
}

/// The location of a store, without credentials other than the user's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum StoreLocation {
    Sqlite(PathBuf),
    Server { kind: ServerKind, address: ServerAddress, user: String, database: String },
}

impl StoreUrl {
    /// Parses a URL. The error does not repeat any part of it, since it may contain a password.
    pub(super) fn parse(text: &str, base: &Base<'_>) -> Result<Self, String> {
        let (scheme, rest) = text.split_once(':').unwrap_or(("", text));
        let kind = match scheme {
            "sqlite" => return sqlite(rest, base).map(|place| Self { place, password: None }),
            "postgres" | "postgresql" => ServerKind::Postgres,
            "mysql" | "mariadb" => ServerKind::Mysql,
            _ => return Err(format!("it begins with no known kind of store; use {ALLOWED}")),
        };
        server(kind, rest)
    }
}

/// The normalised URL without the password; it can be shown, and parses to the same location.
impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            StoreLocation::Sqlite(file) => f.write_str(&sqlite_url(&file.to_string_lossy())),
            StoreLocation::Server { kind, address, user, database } => {
                let (scheme, socket) = match kind {
                    ServerKind::Postgres => ("postgres", "host"),
                    ServerKind::Mysql => ("mysql", "socket"),
                };
                let (user, database) = (escaped(user), escaped(database));
                match address {
                    ServerAddress::Tcp { .. } => {
                        write!(f, "{scheme}://{user}@{address}/{database}")
                    }
                    ServerAddress::Socket(path) => {
                        let path = escaped(&path.to_string_lossy()).replace("%2F", "/");
                        write!(f, "{scheme}://{user}@/{database}?{socket}={path}")
                    }
                }
            }
        }
    }
}

fn sqlite(rest: &str, base: &Base<'_>) -> Result<StoreLocation, String> {
    let file = rest.strip_prefix("//").unwrap_or(rest);
    if rest.starts_with(":memory") {
        return Err("a store in memory forgets which codes were used; name a file".into());
    }
    if file.contains('?') {
        return Err(
            "leave out what follows the ?; the store is always opened in the one safe way".into()
        );
    }
    let named = !file.is_empty() && !file.ends_with('/') && !file.starts_with(':');
    named
        .then(|| path(&percent_decoded(file)?, base))
        .flatten()
        .filter(|file| file.to_str().is_some())
        .map(StoreLocation::Sqlite)
        .ok_or_else(|| "sqlite: must be followed by the path of a file".into())
}

/// The URL of a SQLite file, with `%`, `?` and `#` escaped.
pub(super) fn sqlite_url(file: &str) -> String {
    format!("sqlite://{}", file.replace('%', "%25").replace('?', "%3F").replace('#', "%23"))
}

fn server(kind: ServerKind, rest: &str) -> Result<StoreUrl, String> {
    let (example, port) = match kind {
        ServerKind::Postgres => ("postgres://user@host:5432/database", 5432),
        ServerKind::Mysql => ("mysql://user@host:3306/database", 3306),
    };
    let wrong = |what: &str| format!("{what}; it is written {example}, and {ESCAPES}");
    let rest = rest.strip_prefix("//").ok_or_else(|| wrong("it does not begin with //"))?;
    let (whole, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) =
        whole.split_once('/').ok_or_else(|| wrong("it names no database"))?;
    let (login, host) = authority.rsplit_once('@').ok_or_else(|| wrong("it names no user"))?;
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let user = name(user).ok_or_else(|| wrong("it names no user"))?;
    let database = name(database)
        .filter(|database| !database.contains('/'))
        .ok_or_else(|| wrong("it names no database"))?;
    let password = match percent_decoded(password) {
        Some(password) if password.is_empty() => None,
        Some(password) if is_secret(&password) => Some(SecretString::from(password)),
        _ => return Err(wrong("its password is not a text on one line")),
    };
    let address = match (socket(kind, query)?, tcp(host, port)) {
        (Some(socket), _) if host.is_empty() || host == "localhost" => {
            ServerAddress::Socket(socket)
        }
        (Some(_), _) => return Err("it names both a server and a socket; name one".into()),
        (None, Some(address)) => address,
        (None, None) => return Err(wrong("it names no server")),
    };
    Ok(StoreUrl { place: StoreLocation::Server { kind, address, user, database }, password })
}

/// The only allowed query parameter: the Unix socket of a server on this machine.
fn socket(kind: ServerKind, query: &str) -> Result<Option<PathBuf>, String> {
    let (known, example) = match kind {
        ServerKind::Postgres => ("host", "?host=/run/postgresql"),
        ServerKind::Mysql => ("socket", "?socket=/run/mysqld/mysqld.sock"),
    };
    if query.is_empty() {
        return Ok(None);
    }
    let about_tls = |parameter: &str| {
        let parameter = parameter.to_ascii_lowercase();
        parameter.starts_with("ssl") || parameter.starts_with("tls")
    };
    if query.split('&').any(about_tls) {
        return Err(
            "leave sslmode, ssl-mode and their like out of the URL; how the connection is \
                    protected is said by store.tls and store.ca_file"
                .into(),
        );
    }
    query
        .split_once('=')
        .filter(|(name, _)| *name == known)
        .and_then(|(_, path)| percent_decoded(path))
        .filter(|path| path.starts_with('/') && !path.chars().any(char::is_control))
        .filter(|_| !query.contains('&'))
        .map(|path| Some(PathBuf::from(path)))
        .ok_or_else(|| {
            format!(
                "leave out what follows the ?; only a socket of this machine can stand there, \
                 such as {example}"
            )
        })
}

fn tcp(host: &str, usual_port: u16) -> Option<ServerAddress> {
    let (host, port) = match host.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => {
            (host, port.parse().ok().filter(|port| *port > 0)?)
        }
        _ => (host, usual_port),
    };
    let bare = match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').filter(|it| it.contains(':'))?,
        None => host,
    };
    is_host(bare).then(|| ServerAddress::Tcp { host: bare.to_owned(), port })
}

/// The name of a user or a database.
fn name(text: &str) -> Option<String> {
    let name = percent_decoded(text)?;
    (!name.is_empty() && !name.chars().any(char::is_control)).then_some(name)
}

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

/// Percent-decodes a text; `None` if an escape is invalid.
fn percent_decoded(text: &str) -> Option<String> {
    let is_escape = |after: &str| {
        after
            .as_bytes()
            .first_chunk()
            .is_some_and(|it: &[u8; 2]| it.iter().all(u8::is_ascii_hexdigit))
    };
    let is_whole = text.split('%').skip(1).all(is_escape);
    is_whole.then(|| percent_decode_str(text).decode_utf8().ok())?.map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use secrecy::ExposeSecret;

    use super::*;

    fn read(text: &str) -> Result<StoreUrl, String> {
        let base = Base { folder: Path::new("/etc/desk"), home: Some(Path::new("/home/amira")) };
        StoreUrl::parse(text, &base)
    }

    fn shown(text: &str) -> Option<String> {
        read(text).ok().map(|url| url.to_string())
    }

    #[test]
    fn one_place_has_one_writing_which_reads_as_the_same_place() {
        for (written, one) in [
            ("sqlite:desk.db", "sqlite:///etc/desk/desk.db"),
            ("sqlite://desk.db", "sqlite:///etc/desk/desk.db"),
            ("sqlite:./data/desk.db", "sqlite:///etc/desk/data/desk.db"),
            ("sqlite:/srv/desk.db", "sqlite:///srv/desk.db"),
            ("sqlite:///srv/desk.db", "sqlite:///srv/desk.db"),
            ("sqlite:~/desk.db", "sqlite:///home/amira/desk.db"),
            ("sqlite:a%20b%3f.db", "sqlite:///etc/desk/a b%3F.db"),
            ("postgres://amira@db.example/desk", "postgres://amira@db.example:5432/desk"),
            ("postgresql://a:pw@db:1/desk", "postgres://a@db:1/desk"),
            ("postgres://a@[::1]/desk", "postgres://a@[::1]:5432/desk"),
            ("postgres://a:p@ss:w@db/desk", "postgres://a@db:5432/desk"),
            ("mysql://a%40b@10.0.0.7/my%20desk", "mysql://a%40b@10.0.0.7:3306/my%20desk"),
            ("mariadb://a@localhost:3307/desk", "mysql://a@localhost:3307/desk"),
            ("postgres://a@/d?host=/run/postgresql", "postgres://a@/d?host=/run/postgresql"),
            ("mysql://a@localhost/d?socket=%2Frun%2Fx%20y", "mysql://a@/d?socket=/run/x%20y"),
        ] {
            assert_eq!(shown(written).as_deref(), Some(one), "{written}");
            let place = |text| read(text).ok().map(|url| url.place);
            assert_eq!(place(one), place(written), "{written}");
        }
    }

    #[test]
    fn the_password_is_set_apart() {
        for (url, password) in [
            ("postgres://a:p%40ss%2Fw%25@db/desk", Some("p@ss/w%")),
            ("postgres://a:p@ss:w@db/desk", Some("p@ss:w")),
            ("mysql://a:@db/desk", None),
            ("mysql://a@db/desk", None),
        ] {
            let read = read(url).ok().and_then(|url| url.password);
            assert_eq!(read.as_ref().map(ExposeSecret::expose_secret), password, "{url}");
        }
    }

    #[test]
    fn what_is_no_place_is_refused_in_a_sentence_that_repeats_nothing() {
        for (url, told) in [
            ("", "no known kind of store"),
            ("canary", "no known kind of store"),
            ("canary://h/d", "no known kind of store"),
            ("sqlite:", "must be followed by the path"),
            ("sqlite:canary/", "must be followed by the path"),
            ("sqlite:canary%2", "must be followed by the path"),
            ("sqlite:canary%+f", "must be followed by the path"),
            ("sqlite:canary%%20", "must be followed by the path"),
            ("sqlite::memory:", "in memory"),
            ("sqlite:canary.db?mode=rwc", "leave out what follows the ?"),
            ("postgres:canary", "does not begin with //"),
            ("postgres://canary/desk", "names no user"),
            ("postgres://:canary@db/desk", "names no user"),
            ("postgres://a:can/ary@db/desk", "names no user"),
            ("postgres://a:canary@db", "names no database"),
            ("postgres://a:canary@db/", "names no database"),
            ("postgres://a:canary@db/desk/x", "names no database"),
            ("postgres://a:canary@/desk", "names no server"),
            ("postgres://a:canary@d b/desk", "names no server"),
            ("postgres://a:canary@db:0/desk", "names no server"),
            ("postgres://a:canary@db:x/desk", "names no server"),
            ("postgres://a:canary@[db]/desk", "names no server"),
            ("postgres://a:canary@one,two/desk", "names no server"),
            ("mysql://a:canary%0a@db/desk", "not a text on one line"),
            ("mysql://a:canary%@db/desk", "not a text on one line"),
            ("postgres://a:canary@db/d?sslmode=require", "store.tls"),
            ("mysql://a:canary@db/d?ssl-mode=DISABLED", "store.tls"),
            ("mysql://a:canary@db/d?socket=/run/x&ssl-ca=canary", "store.tls"),
            ("mysql://a:canary@db/d?charset=canary", "only a socket"),
            ("mysql://a@/d?host=/run/canary", "only a socket"),
            ("postgres://a@/d?host=canary", "only a socket"),
            ("postgres://a@/d?host=/run&user=canary", "only a socket"),
            ("postgres://a:canary@db/d?host=/run/postgresql", "both a server and a socket"),
        ] {
            let why = read(url).map(|url| url.to_string()).expect_err(url);
            assert!(why.contains(told) && !why.contains("canary"), "{url}: {why}");
        }
    }
}
