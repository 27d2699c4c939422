//! What went wrong in a TLS handshake, in words that say what to look at.

use crate::{clock, transport::failure::Route};
use jiff::Timestamp;
use rustls::{AlertDescription as Alert, CertificateError, Error, pki_types::UnixTime};
use x509_parser::{certificate::X509Certificate, pem::Pem, prelude::FromDer};

/// The words for one failure.
pub(crate) fn words(error: &Error, route: &Route) -> String {
    let now = clock::now();
    match error {
        Error::InvalidCertificate(error) => certificate(error, route, now),
        Error::AlertReceived(
            alert @ (Alert::CertificateRequired
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::CertificateRevoked
            | Alert::UnknownCA
            | Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::AccessDenied),
        ) => match route.certificate_ends {
            None => format!("the server wants a client certificate, and there is none ({alert:?})"),
            Some(end) if end <= now => format!("the server did not take the client certificate, which ended at {end}"),
            Some(end) => format!("the server did not take the client certificate ({alert:?}), which ends at {end}"),
        },
        Error::AlertReceived(Alert::ProtocolVersion | Alert::HandshakeFailure) | Error::PeerIncompatible(_) => {
            "the server speaks neither TLS 1.2 nor 1.3 in a way that we do".to_owned()
        }
        Error::InvalidMessage(_) => {
            "the server answered in plain text: http:// instead of https://, or a wrong port?".to_owned()
        }
        other => other.to_string(),
    }
}

fn certificate(error: &CertificateError, route: &Route, now: Timestamp) -> String {
    match error {
        CertificateError::ExpiredContext { not_after, .. } => {
            format!("the server's certificate expired at {}; this machine's clock says {}", at(*not_after), second(now))
        }
        CertificateError::NotValidYetContext { not_before, .. } => format!(
            "the server's certificate is not valid before {}; this machine's clock says {}, check it",
            at(*not_before),
            second(now)
        ),
        CertificateError::UnknownIssuer => format!(
            "the server's certificate is signed by an unknown authority; it was checked against {}",
            route.trust
        ),
        CertificateError::NotValidForNameContext { expected, presented } => format!(
            "the server's certificate is for {} and not for {}; `tls-server-name` in the kubeconfig names another",
            presented.join(", "),
            expected.to_str()
        ),
        other => Error::InvalidCertificate(other.clone()).to_string(),
    }
}

fn at(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    seconds.map_or_else(|| "a time beyond all calendars".to_owned(), |time| time.to_string())
}

fn second(time: Timestamp) -> String {
    Timestamp::from_second(time.as_second()).unwrap_or(time).to_string()
}

/// When the first certificate of a PEM ends.
pub(crate) fn end_of(pem: &[u8]) -> Option<Timestamp> {
    let pem = Pem::iter_from_buffer(pem).find_map(|part| part.ok().filter(|part| part.label == "CERTIFICATE"))?;
    let (_, certificate) = X509Certificate::from_der(&pem.contents).ok()?;
    Timestamp::from_second(certificate.validity().not_after.timestamp()).ok()
}
