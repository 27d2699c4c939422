//! Certificates: of a bundle only what a detector may know is kept.
use crate::builder::{Stopped, StoreBuilder};
use crate::names::Name;
use crate::redact::STRING;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::pem::Pem;
use x509_parser::prelude::FromDer;
use x509_parser::time::ASN1Time;

/// The keys of the reduced form.
pub(crate) const KEYS: &[&str] = &["subject", "issuer", "notBefore", "notAfter", "names", "fingerprint", "error"];
/// Certificates of one bundle; what comes behind is counted in an element with an `error`.
const MOST: usize = 256;
/// Names of one certificate.
const MOST_NAMES: usize = 128;

/// One certificate of a bundle, in its reduced form: the row for fields such as `caBundle`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Certificate<'s> {
    /// Distinguished name of the subject, such as `CN=admission, O=example`.
    #[serde(borrow)]
    pub subject: Cow<'s, str>,
    /// Distinguished name of the issuer.
    #[serde(borrow)]
    pub issuer: Cow<'s, str>,
    /// RFC 3339, UTC.
    pub not_before: &'s str,
    /// RFC 3339, UTC.
    pub not_after: &'s str,
    /// Alternative names: DNS names, addresses, URIs.
    #[serde(borrow)]
    pub names: Vec<&'s str>,
    /// SHA-256 of the certificate, 64 hexadecimal digits.
    pub fingerprint: &'s str,
    /// Why there is no certificate to be read here; all other fields are empty then.
    pub error: Option<&'s str>,
}

struct Parsed {
    subject: String,
    issuer: String,
    not_before: String,
    not_after: String,
    names: Vec<String>,
    fingerprint: String,
}

/// Stores the certificates in `text` (PEM, or base64 of PEM or of one DER certificate) as a list.
pub(crate) fn reduce(text: &str, out: &mut StoreBuilder) -> Result<u32, Stopped> {
    let list = out.open_list();
    for certificate in parse_all(text) {
        let object = match certificate {
            Ok(parsed) => store(&parsed, out)?,
            Err(error) => store_error(error, out)?,
        };
        out.push(object)?;
    }
    out.close_list(list)
}

fn store(parsed: &Parsed, out: &mut StoreBuilder) -> Result<u32, Stopped> {
    let mut object = out.open_object();
    for (key, value) in [
        ("subject", &parsed.subject),
        ("issuer", &parsed.issuer),
        ("notBefore", &parsed.not_before),
        ("notAfter", &parsed.not_after),
        ("fingerprint", &parsed.fingerprint),
    ] {
        let slot = out.key(&mut object, Name::new(key), key)?;
        let word = out.text(value, STRING)?;
        out.set(&mut object, slot, word)?;
    }
    let slot = out.key(&mut object, Name::new("names"), "names")?;
    let list = out.open_list();
    for name in &parsed.names {
        let word = out.text(name, STRING)?;
        out.push(word)?;
    }
    let names = out.close_list(list)?;
    out.set(&mut object, slot, names)?;
    out.close_object(&object)
}

fn store_error(error: &str, out: &mut StoreBuilder) -> Result<u32, Stopped> {
    let mut object = out.open_object();
    let slot = out.key(&mut object, Name::new("error"), "error")?;
    let word = out.text(error, STRING)?;
    out.set(&mut object, slot, word)?;
    out.close_object(&object)
}

fn parse_all(text: &str) -> Vec<Result<Parsed, &'static str>> {
    let bytes = if text.contains("-----BEGIN ") {
        Cow::Borrowed(text.as_bytes())
    } else {
        let packed: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
        match STANDARD.decode(&packed) {
            Ok(bytes) if !bytes.is_empty() => Cow::Owned(bytes),
            Ok(_) => return vec![Err("the bundle is empty")],
            Err(_) => return vec![Err("the bundle is neither PEM nor base64")],
        }
    };
    if bytes.first() == Some(&0x30) {
        return vec![parse(&bytes)];
    }
    let mut all = Vec::new();
    for pem in Pem::iter_from_buffer(&bytes) {
        if all.len() == MOST {
            all.push(Err("the bundle has more certificates than are read"));
            break;
        }
        match pem {
            Ok(pem) if pem.label == "CERTIFICATE" || pem.label == "TRUSTED CERTIFICATE" => {
                all.push(parse(&pem.contents));
            }
            Ok(_) => {}
            Err(_) => {
                all.push(Err("the bundle has a block that is not PEM"));
                break;
            }
        }
    }
    if all.is_empty() {
        all.push(Err("the bundle has no certificate"));
    }
    all
}

fn parse(der: &[u8]) -> Result<Parsed, &'static str> {
    let Ok((_, certificate)) = X509Certificate::from_der(der) else {
        return Err("the bundle has a block that is not a certificate");
    };
    let names = match certificate.subject_alternative_name() {
        Ok(Some(extension)) => extension.value.general_names.iter().take(MOST_NAMES).filter_map(name).collect(),
        _ => Vec::new(),
    };
    Ok(Parsed {
        subject: certificate.subject().to_string(),
        issuer: certificate.issuer().to_string(),
        not_before: rfc3339(certificate.validity().not_before),
        not_after: rfc3339(certificate.validity().not_after),
        names,
        fingerprint: format!("{:x}", Sha256::digest(der)),
    })
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(s) | GeneralName::URI(s) | GeneralName::RFC822Name(s) => Some((*s).to_owned()),
        GeneralName::IPAddress(bytes) => match <[u8; 4]>::try_from(*bytes) {
            Ok(four) => Some(std::net::Ipv4Addr::from(four).to_string()),
            Err(_) => <[u8; 16]>::try_from(*bytes).ok().map(|b| std::net::Ipv6Addr::from(b).to_string()),
        },
        _ => None,
    }
}

fn rfc3339(time: ASN1Time) -> String {
    let t = time.to_datetime();
    let (year, month, day) = (t.year(), u8::from(t.month()), t.day());
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", t.hour(), t.minute(), t.second())
}
