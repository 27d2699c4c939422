//! The API server itself: its version, its own checks, and each of its instances.

use detek_core::{InputKind, Kind, Subject, SubjectInput};
use detek_doc::{Doc, RowError};
use serde::Deserialize;

/// What `/version` answers.
pub(crate) struct ServerVersions;

impl Kind for ServerVersions {
    const INPUT: InputKind = InputKind::new("kubernetes/raw/version", "", "ServerVersion", false);
    type Row<'s> = ServerVersion<'s>;
}

/// The version of the API server.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ServerVersion<'s> {
    pub(crate) git_version: &'s str,
}

impl ServerVersion<'_> {
    /// `34` of `v1.34.1`, `v1.34.1-eks-113cf36`, `v1.34.1+k3s1`.
    pub(crate) fn minor(&self) -> Option<u32> {
        let (minor, _) = self.git_version.strip_prefix("v1.")?.split_once('.')?;
        minor.parse().ok()
    }
}

struct ReadyChecks;

impl Kind for ReadyChecks {
    const INPUT: InputKind = InputKind::new("kubernetes/raw/readyz", "", "HealthCheck", false);
    type Row<'s> = HealthCheck<'s>;
}

struct LiveChecks;

impl Kind for LiveChecks {
    const INPUT: InputKind = InputKind::new("kubernetes/raw/livez", "", "HealthCheck", false);
    type Row<'s> = HealthCheck<'s>;
}

/// One of the checks that the API server makes of itself.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct HealthCheck<'s> {
    pub(crate) name: &'s str,
    pub(crate) ok: bool,
    pub(crate) reason: &'s str,
}

/// The checks behind `/readyz` and `/livez`.
pub(crate) struct HealthChecks;

impl Subject for HealthChecks {
    type Row<'s> = HealthCheck<'s>;

    fn inputs() -> Vec<SubjectInput> {
        ReadyChecks::inputs().into_iter().chain(LiveChecks::inputs()).collect()
    }

    fn read(_: usize, doc: Doc<'_>) -> Result<HealthCheck<'_>, RowError> {
        doc.read()
    }
}

/// The instances of the API server, each called at its own address.
pub(crate) struct ServerInstances;

impl Kind for ServerInstances {
    const INPUT: InputKind = InputKind::new("kubernetes/probe/apiservers", "", "ServerInstance", false);
    type Row<'s> = ServerInstance<'s>;
}

/// What one instance answered.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct ServerInstance<'s> {
    pub(crate) address: &'s str,
    /// Whether the answer, or its absence, says something of the instance.
    pub(crate) judged: bool,
    pub(crate) reached: bool,
    /// Why it was not reached.
    pub(crate) reason: &'s str,
    #[serde(borrow)]
    pub(crate) checks: Vec<InstanceCheck<'s>>,
}

/// What a path of an instance answered.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct InstanceCheck<'s> {
    pub(crate) path: &'s str,
    pub(crate) ok: bool,
    pub(crate) status: Option<i64>,
    pub(crate) reason: &'s str,
}
