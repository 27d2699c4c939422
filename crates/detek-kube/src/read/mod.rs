//! Reading the planned inputs: each ends in a state, whatever happens to the others.

pub(crate) mod access;
pub(crate) mod discovery;
mod health;
mod list;
mod page;
pub(crate) mod probe;
pub(crate) mod progress;

use self::{
    discovery::{Discovery, Presence, VersionState, is_connection},
    list::Lists,
    progress::{Progress, ReadOptions},
};
use crate::{
    Answer, Cluster, clock,
    transport::{Transport, failure::Failure, request::Ask},
};
use detek_core::{Cause, CauseClass, Input, InputKey, InputKind, Scope, Stage, Volume};
use detek_doc::{Caps, DecodeError, Keep, Projection, Store, StoreBuilder};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::AtomicUsize},
};
use tokio::{sync::Semaphore, task::JoinSet};

/// An input to read, and what to keep of its documents.
#[derive(Clone, Debug)]
pub struct PlannedRead {
    /// What it is.
    pub kind: InputKind,
    /// What is kept.
    pub projection: Projection,
}

/// What a key names.
pub(crate) enum Source {
    /// Group (empty for core), version, plural name.
    List { group: String, version: String, resource: String },
    /// `version`, `readyz`, `livez`.
    Raw(String),
    /// Each instance of the API server.
    Servers,
    /// Nothing that is read here.
    Nothing,
}

impl Source {
    pub(crate) fn of(key: &InputKey) -> Self {
        let parts: Vec<&str> = key.as_str().split('/').collect();
        match parts[..] {
            ["kubernetes", "raw", what @ ("version" | "readyz" | "livez")] => Source::Raw(what.to_owned()),
            ["kubernetes", "probe", "apiservers"] => Source::Servers,
            ["kubernetes", group, version, resource] => Source::List {
                group: if group == "core" { String::new() } else { group.to_owned() },
                version: version.to_owned(),
                resource: resource.to_owned(),
            },
            _ => Source::Nothing,
        }
    }
}

/// One call of [`Cluster::read`].
pub(crate) struct Reading {
    pub(crate) transport: Arc<Transport>,
    pub(crate) options: ReadOptions,
    discovery: Discovery,
    /// Bytes of documents kept so far, of all lists together.
    pub(crate) kept: AtomicUsize,
}

impl Reading {
    /// Sends one request, unless reading has to end before.
    pub(crate) async fn fetch(&self, ask: Ask<'_>) -> Result<Answer, Failure> {
        self.options.bound(self.transport.fetch(ask)).await
    }
}

/// Resources with the longest lists, in most clusters.
const LONGEST: [&str; 4] = ["pods", "replicasets", "events", "endpointslices"];

impl Cluster {
    /// Reads the planned inputs, some at the same time, and gives them back in the order of the plan. Inputs in
    /// namespaces are read in those of `scope` only; for all others the scope is the cluster. When reading has to end
    /// early, every input still ends, with what was read of it.
    pub async fn read(&self, plan: &[PlannedRead], scope: &Scope, options: &ReadOptions) -> Vec<Input> {
        let (transport, options) = (self.transport.clone(), options.clone());
        let discovery = self.discover_for(plan, &options).await;
        let reading = Arc::new(Reading { transport, options, discovery, kept: AtomicUsize::new(0) });
        // As many as may have a request in flight: more would only hold memory.
        let turns = Arc::new(Semaphore::new(self.transport.limits.parallel.max(1) * 2));
        let mut reads = JoinSet::new();
        let mut order: Vec<(usize, PlannedRead)> = plan.iter().cloned().enumerate().collect();
        // The longest lists first, so that none of them is read alone at the end.
        order.sort_by_key(|(_, planned)| {
            LONGEST.iter().position(|name| *name == planned.kind.key.name()).unwrap_or(LONGEST.len())
        });
        for (n, planned) in order {
            let (reading, turns) = (reading.clone(), turns.clone());
            let scope = if planned.kind.namespaced { scope.clone() } else { Scope::Cluster };
            reads.spawn(async move {
                let _turn = turns.acquire_owned().await;
                reading.options.tell(&planned.kind.key, Progress::Started);
                let input = read(&reading, planned, scope).await;
                reading.options.tell(input.key(), Progress::Ended(input.state()));
                (n, input)
            });
        }
        let mut inputs: Vec<Option<Input>> = plan.iter().map(|_| None).collect();
        while let Some(done) = reads.join_next().await {
            if let Ok((n, input)) = done {
                inputs[n] = Some(input);
            }
        }
        let lost = || Cause::new(CauseClass::Internal, Stage::Decode, "reading it ended in a fault of detek");
        let ended = inputs.into_iter().zip(plan);
        ended.map(|(i, p)| i.unwrap_or_else(|| Input::failed(p.kind.key.clone(), scope.clone(), lost()))).collect()
    }

    async fn discover_for(&self, plan: &[PlannedRead], options: &ReadOptions) -> Discovery {
        let needed = versions(plan.iter().map(|read| &read.kind.key));
        if needed.is_empty() {
            return Discovery::default();
        }
        let found = options.bound(async { Ok(self.discover(&needed).await) }).await;
        found.unwrap_or_else(|failure| Discovery::unknown(&failure.cause))
    }

    /// Whether the server has the lists among these inputs; inputs of other kinds are left out. Lists nothing.
    pub async fn presences<'k>(&self, keys: &[&'k InputKey]) -> Vec<(&'k InputKey, Presence)> {
        let found = self.discover(&versions(keys.iter().copied())).await;
        let presence = |key: &&'k InputKey| match Source::of(key) {
            Source::List { group, version, resource } => Some((*key, found.presence(&group, &version, &resource))),
            _ => None,
        };
        keys.iter().filter_map(presence).collect()
    }
}

/// The groups and versions in which lists are looked up.
fn versions<'k>(keys: impl Iterator<Item = &'k InputKey>) -> BTreeSet<(String, String)> {
    keys.filter_map(|key| match Source::of(key) {
        Source::List { group, version, .. } => Some((group, version)),
        _ => None,
    })
    .collect()
}

/// What tells the objects of a kind apart. Pages may overlap when a list is resumed.
const NAME: [&[&str]; 2] = [&["metadata", "namespace"], &["metadata", "name"]];

async fn read(reading: &Reading, planned: PlannedRead, scope: Scope) -> Input {
    let PlannedRead { kind, mut projection } = planned;
    match Source::of(&kind.key) {
        Source::Raw(what) => documents(kind.key, scope, &projection, raw(reading, &what)).await,
        Source::Servers => documents(kind.key, scope, &projection, probe::servers(reading)).await,
        Source::List { group, version, resource } => {
            match reading.discovery.presence(&group, &version, &resource) {
                Presence::Served => {}
                Presence::NotServed => {
                    let cause = Cause::new(CauseClass::NotServed, Stage::Discovery, "discovery does not list it");
                    return Input::failed(kind.key, scope, cause);
                }
                // Core kinds are always served, so asking is worth it even if nobody would say so.
                Presence::Unknown(cause) if group.is_empty() && !is_connection(cause.class) => {}
                Presence::Unknown(cause) => return Input::failed(kind.key, scope, cause),
            }
            for path in NAME {
                if projection.keep(path, Keep::All).is_err() {
                    let cause = Cause::new(CauseClass::Internal, Stage::Decode, "its name may not be kept");
                    return Input::failed(kind.key, scope, cause);
                }
            }
            let place = (group.as_str(), version.as_str(), resource.as_str());
            list(reading, place, projection, (kind.key, scope)).await
        }
        Source::Nothing => {
            let text = format!("{} is read from another system, and none is configured", kind.key);
            Input::failed(kind.key, scope, Cause::new(CauseClass::NotConfigured, Stage::Config, &text))
        }
    }
}

async fn list(
    reading: &Reading,
    (group, version, resource): (&str, &str, &str),
    projection: Projection,
    (key, scope): (InputKey, Scope),
) -> Input {
    let base = discovery::base(group, version);
    let paths = match &scope {
        Scope::Cluster => vec![Ok(format!("{base}/{resource}"))],
        Scope::Namespaces(names) => names.iter().map(|n| in_namespace(&base, n, resource)).collect(),
    };
    let mut lists = Lists::new(reading, &key, projection);
    lists.volume.started = Some(clock::now());
    let (mut first, mut whole) = (None, 0_usize);
    for path in paths {
        let read = match path {
            Ok(path) => lists.read(&path).await,
            Err(cause) => Err(cause),
        };
        match read {
            Ok(()) => whole += 1,
            Err(cause) => {
                let stop = is_connection(cause.class) || cause.class == CauseClass::TooLarge;
                first = first.or(Some(cause));
                if stop {
                    break;
                }
            }
        }
    }
    let (mut out, mut volume) = lists.end();
    out.remove_duplicates(NAME);
    volume.finished = Some(clock::now());
    volume.items = out.len() as u64;
    let Some(mut cause) = first else { return Input::complete(key, scope, out.finish(), volume) };
    if cause.class == CauseClass::NotServed && !is_gone(reading, (group, version, resource), whole).await {
        // Discovery still lists it, so the refusal proves nothing.
        cause.class = CauseClass::Discovery;
    }
    Input::partial(key, scope, out.finish(), cause, volume)
}

/// The path of a list in one namespace, whose name could ask for something else if it held more than names hold.
fn in_namespace(base: &str, namespace: &str, resource: &str) -> Result<String, Cause> {
    if !namespace.is_empty() && namespace.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-') {
        return Ok(format!("{base}/namespaces/{namespace}/{resource}"));
    }
    let text = format!("\"{namespace}\" cannot be the name of a namespace, so that it was not asked for");
    Err(Cause::new(CauseClass::Internal, Stage::Config, &text))
}

/// Whether a resource that was not found is proven not to be served, by asking its group again.
async fn is_gone(reading: &Reading, (group, version, resource): (&str, &str, &str), whole: usize) -> bool {
    let asked = async { Ok(discovery::of_version(&reading.transport, group, version).await) };
    whole == 0
        && match reading.options.bound(asked).await {
            Ok(VersionState::Served(resources)) => !resources.contains(resource),
            _ => false,
        }
}

/// What was read outside of lists: the documents, and the bytes of the answers.
pub(crate) type Documents = (Vec<Value>, u64);

/// An input whose documents are made here.
async fn documents(
    key: InputKey,
    scope: Scope,
    projection: &Projection,
    made: impl Future<Output = Result<Documents, Cause>>,
) -> Input {
    let started = Some(clock::now());
    let made = made.await;
    let mut volume = Volume { started, finished: Some(clock::now()), ..Volume::default() };
    let (documents, bytes) = match made {
        Ok(made) => made,
        Err(cause) => return Input::partial(key, scope, Store::empty(), cause, volume),
    };
    (volume.pages, volume.bytes) = (1, bytes);
    let mut out = StoreBuilder::new(&Caps::default());
    let mut end = Ok(());
    for document in &documents {
        match out.push_json(document, projection) {
            Ok(pushed) => volume.skipped += u64::from(!pushed),
            Err(error) => {
                let too_large = matches!(error, DecodeError::TooLarge { .. });
                let class = if too_large { CauseClass::TooLarge } else { CauseClass::BadBody };
                end = Err(Cause::new(class, Stage::Decode, &error.to_string()));
                break;
            }
        }
    }
    volume.items = out.len() as u64;
    match end {
        Ok(()) => Input::complete(key, scope, out.finish(), volume),
        Err(cause) => Input::partial(key, scope, out.finish(), cause, volume),
    }
}

async fn raw(reading: &Reading, what: &str) -> Result<Documents, Cause> {
    let health = what != "version";
    let path = if health { format!("/{what}?verbose") } else { format!("/{what}") };
    let ask = if health { Ask::health(&path) } else { Ask::json(&path) };
    let answer = reading.fetch(ask).await.map_err(|mut failure| {
        // No discovery lists these paths, so that one is missing proves nothing.
        if failure.cause.class == CauseClass::NotServed {
            failure.cause.class = CauseClass::Discovery;
        }
        failure.cause
    })?;
    let documents = if health {
        let text = String::from_utf8_lossy(&answer.body);
        health::checks(what, &text).ok_or_else(|| answer.not_kubernetes())?
    } else {
        let body = serde_json::from_slice(&answer.body);
        vec![body.map_err(|_| Cause::new(CauseClass::BadBody, Stage::Decode, "the version is not JSON"))?]
    };
    Ok((documents, answer.body.len() as u64))
}
