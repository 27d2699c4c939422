//! Secrets: who they are, their type, and what is reduced of the certificates in them. There is no field for anything
//! else that they hold.

use super::controller::Owned;
use detek_core::{InputKind, Kind};
use detek_doc::Certificate;
use serde::Deserialize;

/// Secrets.
pub(crate) struct Secrets;

impl Kind for Secrets {
    const INPUT: InputKind = InputKind::new("kubernetes/core/v1/secrets", "", "Secret", true);
    type Row<'s> = Secret<'s>;
}

/// A Secret.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Secret<'s> {
    #[serde(borrow)]
    pub(crate) metadata: Owned<'s>,
    #[serde(rename = "type")]
    pub(crate) kind: &'s str,
    #[serde(borrow)]
    pub(crate) data: SecretData<'s>,
}

/// `data`.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct SecretData<'s> {
    /// The chain, the certificate of the server first.
    #[serde(rename = "tls.crt", borrow)]
    pub(crate) certificates: Vec<Certificate<'s>>,
}
