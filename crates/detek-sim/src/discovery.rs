//! Discovery: which groups, versions and resources the server has, aggregated and one by one.

use http::StatusCode;
use serde_json::{Value, json};

use crate::answer::{self, Answer};
use crate::kinds::{Kind, Kinds};

const VERBS: [&str; 8] = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
const READ_VERBS: [&str; 2] = ["get", "list"];

/// What discovery has to say, with the groups that faults hide.
pub(crate) struct Discovery<'a> {
    pub(crate) kinds: &'a Kinds,
    /// Groups not served (`true`) or stale (`false`).
    pub(crate) hidden: Vec<(String, bool)>,
    /// Minor version of the server: it decides which forms of aggregated discovery there are.
    pub(crate) minor: u32,
}

impl Discovery<'_> {
    fn state(&self, group: &str) -> Option<bool> {
        self.hidden.iter().find(|(name, _)| name == group).map(|(_, absent)| *absent)
    }

    /// `/api` (`core`) or `/apis`.
    pub(crate) fn root(&self, core: bool, accept: &str) -> Answer {
        for (version, served) in [("v2", self.minor >= 30), ("v2beta1", (27..35).contains(&self.minor))] {
            let wanted = format!("g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList");
            let asked =
                accept.split(',').any(|part| part.replace(' ', "").starts_with(&format!("application/json;{wanted}")));
            if served && asked {
                let body = self.aggregated(core, version).to_string();
                return answer::with(StatusCode::OK, &format!("application/json;{wanted}"), body);
            }
        }
        let body = if core {
            json!({"kind": "APIVersions", "versions": ["v1"],
                "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": "10.0.0.10:6443"}]})
        } else {
            json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": self.named_groups().collect::<Vec<_>>()})
        };
        answer::json(StatusCode::OK, &body)
    }

    fn aggregated(&self, core: bool, form: &str) -> Value {
        let mut items = Vec::new();
        for (group, versions) in self.kinds.groups() {
            if group.is_empty() != core || self.state(group) == Some(true) {
                continue;
            }
            let stale = self.state(group) == Some(false);
            let versions: Vec<Value> = versions
                .iter()
                .map(|(version, kinds)| {
                    let resources: Vec<Value> = if stale { Vec::new() } else { kinds.iter().map(|k| aggregated_resource(k)).collect() };
                    json!({"version": version, "resources": resources, "freshness": if stale { "Stale" } else { "Current" }})
                })
                .collect();
            let metadata = if core {
                json!({"creationTimestamp": null})
            } else {
                json!({"name": group, "creationTimestamp": null})
            };
            items.push(json!({"metadata": metadata, "versions": versions}));
        }
        json!({"kind": "APIGroupDiscoveryList", "apiVersion": format!("apidiscovery.k8s.io/{form}"), "metadata": {}, "items": items})
    }

    fn named_groups(&self) -> impl Iterator<Item = Value> {
        self.kinds.groups().into_iter().filter(|(name, _)| !name.is_empty() && self.state(name) != Some(true)).map(
            |(name, versions)| {
                let version = |v: &str| json!({"groupVersion": format!("{name}/{v}"), "version": v});
                let all: Vec<Value> = versions.iter().map(|(v, _)| version(v)).collect();
                json!({"name": name, "versions": all, "preferredVersion": all[0]})
            },
        )
    }

    /// `/apis/GROUP`.
    pub(crate) fn group(&self, group: &str) -> Answer {
        let Some(mut found) = self.named_groups().find(|g| g["name"] == group) else { return answer::no_such_path() };
        found["kind"] = "APIGroup".into();
        found["apiVersion"] = "v1".into();
        answer::json(StatusCode::OK, &found)
    }

    /// `/api/v1` or `/apis/GROUP/VERSION`.
    pub(crate) fn version(&self, group: &str, version: &str) -> Answer {
        match self.state(group) {
            Some(true) => return answer::no_such_path(),
            Some(false) => return answer::text(StatusCode::SERVICE_UNAVAILABLE, "service unavailable\n".into()),
            None => {}
        }
        let groups = self.kinds.groups();
        let kinds = groups
            .iter()
            .find(|(name, _)| *name == group)
            .and_then(|(_, v)| v.iter().find(|(name, _)| *name == version));
        let Some((_, kinds)) = kinds else { return answer::no_such_path() };
        let resources: Vec<Value> = kinds.iter().map(|k| resource(k)).collect();
        let group_version = kinds.first().map(|k| k.api_version());
        answer::json(
            StatusCode::OK,
            &json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources}),
        )
    }
}

fn verbs(kind: &Kind) -> &'static [&'static str] {
    if kind.group == "metrics.k8s.io" { &READ_VERBS } else { &VERBS }
}

fn aggregated_resource(kind: &Kind) -> Value {
    let mut out = json!({"resource": kind.resource, "responseKind": {"group": kind.group, "version": kind.version, "kind": kind.kind},
        "scope": if kind.namespaced { "Namespaced" } else { "Cluster" }, "singularResource": kind.kind.to_ascii_lowercase(), "verbs": verbs(kind)});
    if !kind.short.is_empty() {
        out["shortNames"] = json!([kind.short]);
    }
    out
}

fn resource(kind: &Kind) -> Value {
    let mut out = json!({"name": kind.resource, "singularName": kind.kind.to_ascii_lowercase(), "namespaced": kind.namespaced,
        "kind": kind.kind, "verbs": verbs(kind)});
    if !kind.short.is_empty() {
        out["shortNames"] = json!([kind.short]);
    }
    out
}
