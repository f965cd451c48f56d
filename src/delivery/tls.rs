//! TLS trust: the system's certificates plus those of the configuration; shared by mail and HTTP.
//!
//! Reading the system's certificates takes milliseconds that the first screen of the interface does
//! not have, so it happens with the first connection. The crypto provider (ring) is named here and
//! nowhere else, so that no process-wide default has to be installed in time.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{CertificateError, ClientConfig, RootCertStore};
use tokio::sync::OnceCell;

use crate::config::keys::{KeyPath, Section};
use crate::delivery::error::{DeliveryError, FailureKind};

/// Trusted certificates, read once.
pub(super) struct Trust {
    ca_file: Option<(PathBuf, KeyPath)>,
    config: OnceCell<Arc<ClientConfig>>,
}

impl Trust {
    /// The system's certificates.
    pub(super) const fn system() -> Self {
        Self { ca_file: None, config: OnceCell::const_new() }
    }

    /// The system's certificates and those of a PEM file, which `key` configures.
    pub(super) fn with(ca_file: Option<PathBuf>, key: KeyPath) -> Self {
        Self { ca_file: ca_file.map(|file| (file, key)), config: OnceCell::const_new() }
    }

    /// The client configuration; reads the certificates at the first call.
    pub(super) async fn config(&self) -> Result<Arc<ClientConfig>, DeliveryError> {
        let read = || async {
            let ca_file = self.ca_file.clone();
            tokio::task::spawn_blocking(move || load(ca_file)).await.map_err(|error| {
                DeliveryError::new(FailureKind::FAILED, format!("No certificates: {error}."))
            })?
        };
        self.config.get_or_try_init(read).await.cloned()
    }
}

fn load(ca_file: Option<(PathBuf, KeyPath)>) -> Result<Arc<ClientConfig>, DeliveryError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some((path, key)) = ca_file {
        let unusable = |why: String| {
            let how = format!("The file of {key}, {}, cannot be used: {why}.", path.display());
            DeliveryError::misconfigured(key, how)
        };
        let certificates: Vec<_> = CertificateDer::pem_file_iter(&path)
            .and_then(Iterator::collect)
            .map_err(|error| unusable(error.to_string()))?;
        if certificates.is_empty() {
            return Err(unusable("it holds no certificate".into()));
        }
        for certificate in certificates {
            roots.add(certificate).map_err(|error| unusable(error.to_string()))?;
        }
    }
    if roots.is_empty() {
        let how = "This system has no trusted certificates. Install the package ca-certificates.";
        return Err(DeliveryError::unusable(how));
    }
    trusting(roots)
}

/// Trusts no certificate: for connections that never leave this machine.
pub(super) fn trusting_nobody() -> Result<Arc<ClientConfig>, DeliveryError> {
    trusting(RootCertStore::empty())
}

fn trusting(roots: RootCertStore) -> Result<Arc<ClientConfig>, DeliveryError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| {
            DeliveryError::new(FailureKind::FAILED, format!("TLS cannot be used: {error}."))
        })?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// The TLS error; `None` if the connection broke.
fn objection(error: &io::Error) -> Option<&rustls::Error> {
    let inner = error.get_ref()?;
    // The HTTP client wraps the handshake's error once more.
    inner.downcast_ref().or_else(|| inner.downcast_ref::<io::Error>().and_then(objection))
}

/// Classifies a failed handshake: a bad certificate stays bad, a broken connection may be retried.
pub(super) fn refused(error: &io::Error) -> FailureKind {
    if objection(error).is_some() { FailureKind::Settings } else { FailureKind::FAILED }
}

/// The first I/O error in the chain that TLS caused.
pub(super) fn cause<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a io::Error> {
    let io = error.downcast_ref::<io::Error>().filter(|io| objection(io).is_some());
    io.or_else(|| error.source().and_then(cause))
}

/// Why a server's certificate was rejected; each reason has other advice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// Its issuer is not trusted.
    Issuer,
    /// It is for another host name.
    Name,
    /// It has expired or is not valid yet.
    Time,
    Other,
}

/// Why the certificate was rejected; `None` if the error is not about the certificate.
pub(super) fn doubt(error: &io::Error) -> Option<Doubt> {
    let rustls::Error::InvalidCertificate(why) = objection(error)? else { return None };
    Some(match why {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => Doubt::Issuer,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Doubt::Name
        }
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => Doubt::Time,
        _ => Doubt::Other,
    })
}

/// The admin's advice if TLS with a mail server could not be established.
pub(super) fn mail_remedy(section: Section, doubt: Option<Doubt>) -> String {
    match doubt {
        None => format!("Check host, port and tls in {section}."),
        Some(Doubt::Issuer) => format!(
            "If the certificate is one of the office's own, name the certificate of who issued \
             it: ca_file in {section}."
        ),
        Some(Doubt::Name) => format!(
            "Set host in {section} to the name in the certificate, or have one issued for this \
             name."
        ),
        Some(Doubt::Time) => format!(
            "Have it renewed at the server that host in {section} names, and look at this \
             machine's clock."
        ),
        Some(Doubt::Other) => {
            format!(
                "Have one made for the server that host in {section} names: one for servers, and \
                 not that of an authority (CA:FALSE)."
            )
        }
    }
}

/// The TLS error in words.
pub(super) fn complaint(error: &io::Error) -> String {
    let Some(error) = objection(error) else {
        return format!("the connection broke off ({})", error.kind());
    };
    match error {
        rustls::Error::InvalidCertificate(why) => match why {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "its certificate has expired".into()
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "its certificate is not valid yet; is this machine's clock right?".into()
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "its certificate is for another name".into()
            }
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                "its certificate was issued by nobody this machine trusts".into()
            }
            CertificateError::Revoked => "its certificate was revoked".into(),
            _ => "its certificate is not valid".into(),
        },
        rustls::Error::InvalidMessage(_) => "it does not speak TLS there".into(),
        _ => "no protected connection came about".into(),
    }
}
