//! Certificates of cases and of users, made when they are needed.

use jiff::{SignedDuration, Timestamp};
use rcgen::{CertificateParams, DnType, DnValue, ExtendedKeyUsagePurpose, Issuer, KeyPair};

/// A certificate in PEM that signs itself: `expired` since 2025-06-01, `expiring` in five days, `valid` for ten years.
pub(crate) fn self_signed(kind: &str, now: Timestamp) -> String {
    let name = format!("{kind}.case.example");
    let mut params = CertificateParams::new(vec![name.clone()]).expect("the name is valid");
    params.distinguished_name.push(DnType::CommonName, name);
    limit(&mut params, kind, now);
    let key = KeyPair::generate().expect("a key can be made");
    params.self_signed(&key).expect("a certificate can be signed").pem()
}

/// A client certificate and its key in PEM for `user`, as the cluster's own CA, whose key is `ca_key`, signs them.
pub(crate) fn client(user: &str, kind: &str, ca_key: &str) -> (String, String) {
    let mut ca = CertificateParams::default();
    ca.distinguished_name = rcgen::DistinguishedName::new();
    // Go compares names byte by byte, and writes them as printable strings.
    ca.distinguished_name.push(DnType::CommonName, DnValue::PrintableString("ca".try_into().expect("it is printable")));
    let ca = Issuer::new(ca, KeyPair::from_pem(ca_key).expect("the cluster writes its CA's key"));
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, user);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    limit(&mut params, kind, Timestamp::now());
    let key = KeyPair::generate().expect("a key can be made");
    (params.signed_by(&key, &ca).expect("a certificate can be signed").pem(), key.serialize_pem())
}

fn limit(params: &mut CertificateParams, kind: &str, now: Timestamp) {
    params.not_before = rcgen::date_time_ymd(2025, 1, 1);
    params.not_after = match kind {
        "expired" => rcgen::date_time_ymd(2025, 6, 1),
        "valid" => rcgen::date_time_ymd(2036, 1, 1),
        "expiring" => {
            let end = (now + SignedDuration::from_hours(5 * 24)).to_zoned(jiff::tz::TimeZone::UTC);
            let [month, day] = [end.month(), end.day()].map(i8::unsigned_abs);
            rcgen::date_time_ymd(i32::from(end.year()), month, day)
        }
        _ => panic!("unknown certificate {kind:?}"),
    };
}
