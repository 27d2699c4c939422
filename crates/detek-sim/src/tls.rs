//! TLS as it should be, and in the ways it goes wrong. All certificates are made at start.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::crypto::ring;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// How the server's side of TLS behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// A certificate that the kubeconfig's CA signed, for `127.0.0.1`, `localhost` and `kubernetes.default.svc`.
    Good,
    /// The certificate ended a day ago.
    Expired,
    /// The certificate begins in a day.
    NotYetValid,
    /// Signed by a CA that the kubeconfig does not name.
    UnknownIssuer,
    /// Valid for another host only.
    WrongName,
    /// Answers in plain text.
    NotTls,
    /// Answers every greeting with the alert `protocol_version`, as a server does that knows TLS 1.1 at most.
    OldProtocol,
    /// Asks for a client certificate; the kubeconfig holds one.
    RequireClientCert,
}

pub(crate) type Problem = Box<dyn std::error::Error + Send + Sync>;

/// A CA.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// The CA's certificate in PEM.
    pub(crate) pem: String,
    der: CertificateDer<'static>,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

/// A certificate and its key, in PEM.
#[derive(Clone, Debug)]
pub(crate) struct Certified {
    /// The certificate.
    pub(crate) certificate: String,
    /// Its private key.
    pub(crate) key: String,
    pub(crate) certificate_der: CertificateDer<'static>,
    pub(crate) key_der: Vec<u8>,
}

/// From and to when a certificate is valid.
pub(crate) fn days(now: Timestamp, from: i64, to: i64) -> [Timestamp; 2] {
    [from, to].map(|d| now.checked_add(SignedDuration::from_hours(24 * d)).unwrap_or(now))
}

impl Authority {
    /// A CA that is valid in the given time.
    pub(crate) fn new(name: &str, validity: [Timestamp; 2]) -> Result<Self, Problem> {
        let key = KeyPair::generate()?;
        let mut params = parameters(name, &[], validity)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key)?;
        Ok(Self { pem: certificate.pem(), der: certificate.der().clone(), issuer: Issuer::new(params, key) })
    }

    /// Signs a certificate for these names.
    pub(crate) fn sign(
        &self,
        name: &str,
        alternatives: &[&str],
        validity: [Timestamp; 2],
    ) -> Result<Certified, Problem> {
        let key = KeyPair::generate()?;
        let mut params = parameters(name, alternatives, validity)?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Certified {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
            certificate_der: certificate.der().clone(),
            key_der: key.serialize_der(),
        })
    }
}

fn parameters(name: &str, alternatives: &[&str], [from, to]: [Timestamp; 2]) -> Result<CertificateParams, Problem> {
    let mut params = CertificateParams::new(alternatives.iter().map(|&s| s.to_owned()).collect::<Vec<_>>())?;
    params.distinguished_name.push(DnType::CommonName, name);
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let since = |at: Timestamp| std::time::Duration::from_secs(u64::try_from(at.as_second()).unwrap_or(0));
    params.not_before = epoch + since(from);
    params.not_after = epoch + since(to);
    Ok(params)
}

/// What a server with TLS needs, and what its clients do.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) kind: Tls,
    /// `None` where no handshake can succeed.
    pub(crate) server: Option<Arc<ServerConfig>>,
    /// For the kubeconfig.
    pub(crate) ca: String,
    pub(crate) client: Option<Certified>,
}

impl Identity {
    /// Makes CA and certificates; dates are relative to the true time, as clients check them against it.
    pub(crate) fn new(kind: Tls, now: Timestamp) -> Result<Self, Problem> {
        let ca = Authority::new("detek-sim-ca", days(now, -30, 3650))?;
        let names: &[&str] = match kind {
            Tls::WrongName => &["other.example.com"],
            _ => &["127.0.0.1", "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"],
        };
        let validity = match kind {
            Tls::Expired => days(now, -20, -1),
            Tls::NotYetValid => days(now, 1, 365),
            _ => days(now, -1, 365),
        };
        let other = Authority::new("another-ca", days(now, -30, 3650))?;
        let signer = if kind == Tls::UnknownIssuer { &other } else { &ca };
        let certified = signer.sign("kube-apiserver", names, validity)?;
        let client = match kind {
            Tls::RequireClientCert => Some(ca.sign("sim-client", &[], days(now, -1, 365))?),
            _ => None,
        };
        let server = match kind {
            Tls::NotTls | Tls::OldProtocol => None,
            _ => Some(Arc::new(server_config(kind, &ca, &certified)?)),
        };
        Ok(Self { kind, server, ca: ca.pem, client })
    }
}

fn server_config(kind: Tls, ca: &Authority, certified: &Certified) -> Result<ServerConfig, Problem> {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let builder = if kind == Tls::RequireClientCert {
        let mut roots = RootCertStore::empty();
        roots.add(ca.der.clone())?;
        builder
            .with_client_cert_verifier(WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build()?)
    } else {
        builder.with_no_client_auth()
    };
    let key = PrivateKeyDer::try_from(certified.key_der.clone())?;
    let mut config = builder.with_single_cert(vec![certified.certificate_der.clone()], key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
