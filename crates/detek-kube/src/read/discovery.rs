//! What a server serves, by group and version; a group that fails, fails alone.

use crate::transport::{Transport, request::Ask};
use detek_core::{Cause, CauseClass, Stage};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use tokio::{
    task::JoinSet,
    time::{Instant, timeout_at},
};

const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
    application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

/// What is known of one version of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VersionState {
    /// It is served, with these resources (plural names).
    Served(BTreeSet<String>),
    /// The server behind it did not answer lately: its resources are not known.
    Stale,
    /// It could not be asked.
    Failed(Cause),
    /// It is served, and nobody asked what it holds.
    NotAsked,
}

/// Whether a resource is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It is.
    Served,
    /// It is proven that it is not.
    NotServed,
    /// Not known, and why.
    Unknown(Cause),
}

/// What a server serves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discovery {
    groups: BTreeMap<String, BTreeMap<String, VersionState>>,
    /// Why the core group is not known.
    core: Option<Cause>,
    /// Why the list of the other groups is not known.
    others: Option<Cause>,
}

impl Discovery {
    /// Whether a resource (plural name) of a group (empty for core) is served in this version.
    pub fn presence(&self, group: &str, version: &str, resource: &str) -> Presence {
        let failed = if group.is_empty() { &self.core } else { &self.others };
        if let Some(cause) = failed {
            return Presence::Unknown(cause.clone());
        }
        let unknown = |text: &str| Presence::Unknown(Cause::new(CauseClass::Discovery, Stage::Discovery, text));
        match self.groups.get(group).and_then(|versions| versions.get(version)) {
            Some(VersionState::Served(resources)) if resources.contains(resource) => Presence::Served,
            None | Some(VersionState::Served(_)) => Presence::NotServed,
            Some(VersionState::Stale) => {
                unknown("discovery of its group is stale: the server behind it is not available")
            }
            Some(VersionState::NotAsked) => unknown("its group was not asked what it holds"),
            Some(VersionState::Failed(cause)) => {
                let mut cause = cause.clone();
                cause.stage = Stage::Discovery;
                if matches!(cause.class, CauseClass::NotServed) {
                    cause.class = CauseClass::Discovery;
                }
                Presence::Unknown(cause)
            }
        }
    }

    /// The groups that are known, with their versions.
    pub fn groups(&self) -> &BTreeMap<String, BTreeMap<String, VersionState>> {
        &self.groups
    }

    /// Nothing is known, for this cause.
    pub(crate) fn unknown(cause: &Cause) -> Self {
        Discovery { core: Some(cause.clone()), others: Some(cause.clone()), ..Discovery::default() }
    }

    /// Asks for everything at once; nothing of it takes longer than discovery may.
    pub(crate) async fn read(transport: &Arc<Transport>, needed: &BTreeSet<(String, String)>) -> Self {
        let end = Instant::now() + transport.limits.discovery;
        let mut found = Discovery::default();
        let (core, others) = tokio::join!(root(transport, "/api"), root(transport, "/apis"));
        match core {
            Ok(root) => found.add(root),
            // Every other request would end the same way, after the same wait.
            Err(cause) if is_connection(cause.class) => return Discovery::unknown(&cause),
            Err(cause) => found.core = Some(cause),
        }
        match others {
            Ok(root) => found.add(root),
            Err(cause) => found.others = Some(cause),
        }
        let mut asked = JoinSet::new();
        for (group, version) in needed {
            let state = found.groups.get_mut(group).and_then(|versions| versions.get_mut(version));
            let Some(state) = state.filter(|state| **state == VersionState::NotAsked) else { continue };
            let late = Cause::new(CauseClass::Timeout, Stage::Discovery, "discovery took too long");
            *state = VersionState::Failed(late);
            let (transport, group, version) = (transport.clone(), group.clone(), version.clone());
            asked.spawn(async move {
                let state = of_version(&transport, &group, &version).await;
                (group, version, state)
            });
        }
        while let Ok(Some(Ok((group, version, state)))) = timeout_at(end, asked.join_next()).await {
            found.groups.entry(group).or_default().insert(version, state);
        }
        found
    }

    fn add(&mut self, root: Root) {
        for group in root.items {
            let versions = self.groups.entry(group.metadata.name.unwrap_or_default()).or_default();
            for version in group.versions {
                let state = match version.freshness.as_deref() {
                    Some("Stale") => VersionState::Stale,
                    _ => VersionState::Served(version.resources.into_iter().map(|r| r.resource).collect()),
                };
                versions.insert(version.version, state);
            }
        }
        for group in root.groups {
            let versions = group.versions.into_iter().map(|v| (v.version, VersionState::NotAsked));
            self.groups.entry(group.name).or_default().extend(versions);
        }
        if !root.versions.is_empty() {
            let versions = root.versions.into_iter().map(|v| (v, VersionState::NotAsked));
            self.groups.entry(String::new()).or_default().extend(versions);
        }
    }
}

/// Whether a failure says nothing of the resource asked for, but all of the connection.
pub(crate) fn is_connection(class: CauseClass) -> bool {
    use CauseClass::{Auth, Cancelled, Dns, Exec, NotKubernetes, Proxy, Redirect, Refused, Timeout, Tls, Unreachable};
    matches!(
        class,
        Auth | Cancelled | Dns | Exec | NotKubernetes | Proxy | Redirect | Refused | Timeout | Tls | Unreachable
    )
}

/// What one version of a group holds, asked for by itself.
pub(crate) async fn of_version(transport: &Transport, group: &str, version: &str) -> VersionState {
    let path = base(group, version);
    let within = Some(transport.limits.discovery_each);
    let answer = match transport.fetch(Ask { within, ..Ask::json(&path) }).await {
        Ok(answer) => answer,
        Err(failure) => return VersionState::Failed(failure.cause),
    };
    match serde_json::from_slice::<ResourceList>(&answer.body) {
        Ok(list) if list.kind == "APIResourceList" => {
            VersionState::Served(list.resources.into_iter().map(|r| r.name).collect())
        }
        _ => VersionState::Failed(bad_body(&path)),
    }
}

/// `/api/v1` or `/apis/apps/v1`.
pub(crate) fn base(group: &str, version: &str) -> String {
    if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") }
}

async fn root(transport: &Transport, path: &str) -> Result<Root, Cause> {
    let within = Some(transport.limits.discovery_each);
    let asked = transport.fetch(Ask { accept: AGGREGATED, within, ..Ask::json(path) }).await;
    let answer = asked.map_err(|mut failure| {
        // That discovery is missing proves nothing of what it would list.
        if failure.cause.class == CauseClass::NotServed {
            failure.cause.class = CauseClass::Discovery;
        }
        if !is_connection(failure.cause.class) {
            failure.cause.stage = Stage::Discovery;
        }
        failure.cause
    })?;
    let root: Root = serde_json::from_slice(&answer.body).map_err(|_| bad_body(path))?;
    match root.kind.as_str() {
        "APIGroupDiscoveryList" | "APIVersions" | "APIGroupList" => Ok(root),
        _ => Err(bad_body(path)),
    }
}

fn bad_body(path: &str) -> Cause {
    Cause::new(CauseClass::BadBody, Stage::Discovery, &format!("{path} did not answer with what is served"))
}

/// Any of the three shapes of `/api` and `/apis`; `kind` is required, so that no other JSON passes for "nothing served".
#[derive(Deserialize)]
struct Root {
    kind: String,
    #[serde(default)]
    items: Vec<AggregatedGroup>,
    #[serde(default)]
    groups: Vec<NamedGroup>,
    #[serde(default)]
    versions: Vec<String>,
}

#[derive(Deserialize)]
struct AggregatedGroup {
    #[serde(default)]
    metadata: Metadata,
    versions: Vec<AggregatedVersion>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    name: Option<String>,
}

#[derive(Deserialize)]
struct AggregatedVersion {
    version: String,
    freshness: Option<String>,
    #[serde(default)]
    resources: Vec<AggregatedResource>,
}

#[derive(Deserialize)]
struct AggregatedResource {
    resource: String,
}

#[derive(Deserialize)]
struct NamedGroup {
    name: String,
    versions: Vec<NamedVersion>,
}

#[derive(Deserialize)]
struct NamedVersion {
    version: String,
}

#[derive(Deserialize)]
struct ResourceList {
    kind: String,
    resources: Vec<NamedResource>,
}

#[derive(Deserialize)]
struct NamedResource {
    name: String,
}
