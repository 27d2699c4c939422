//! What the credential may read, as the server says when it is asked.

use crate::{
    Cluster,
    read::Source,
    transport::{Transport, request::Ask},
};
use detek_core::{Cause, CauseClass, InputKey, InputKind, Scope, Stage};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::JoinSet;

const REVIEWS: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

/// Whether one input may be read in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The input.
    pub key: InputKey,
    /// The namespace; `None` for the whole cluster.
    pub namespace: Option<String>,
    /// The server's answer.
    pub permission: Permission,
}

/// What a server says about a permission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Permission {
    /// It is granted.
    Allowed,
    /// It is not, and the server's reason, which may be empty.
    Denied(String),
    /// The server did not say.
    Unknown(Cause),
}

impl Cluster {
    /// Asks the server whether these inputs may be read in `scope`; for several namespaces there are as many answers.
    /// Lists nothing.
    pub async fn may_list(&self, kinds: &[InputKind], scope: &Scope) -> Vec<Access> {
        let mut asked = Vec::new();
        for kind in kinds {
            match scope {
                Scope::Namespaces(names) if kind.namespaced => {
                    asked.extend(names.iter().map(|name| (kind.key.clone(), Some(name.clone()))));
                }
                _ => asked.push((kind.key.clone(), None)),
            }
        }
        let mut reviews = JoinSet::new();
        for (n, (key, namespace)) in asked.iter().cloned().enumerate() {
            let transport = self.transport.clone();
            reviews.spawn(async move { (n, review(&transport, &key, namespace.as_deref()).await) });
        }
        let mut answers: Vec<Option<Permission>> = asked.iter().map(|_| None).collect();
        while let Some(done) = reviews.join_next().await {
            if let Ok((n, permission)) = done {
                answers[n] = Some(permission);
            }
        }
        let lost = || Permission::Unknown(internal("asking ended in a fault of detek"));
        asked
            .into_iter()
            .zip(answers)
            .map(|((key, namespace), permission)| Access {
                key,
                namespace,
                permission: permission.unwrap_or_else(lost),
            })
            .collect()
    }
}

async fn review(transport: &Transport, key: &InputKey, namespace: Option<&str>) -> Permission {
    let Some(attributes) = attributes(key, namespace) else {
        return Permission::Unknown(internal(&format!("{key} is not read from a Kubernetes API")));
    };
    let body = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": attributes});
    let answer = match transport.fetch(Ask::post(REVIEWS, &body.to_string())).await {
        Ok(answer) => answer,
        Err(failure) => return Permission::Unknown(failure.cause),
    };
    match serde_json::from_slice::<Review>(&answer.body) {
        Ok(Review { status: Status { allowed: true, .. } }) => Permission::Allowed,
        Ok(Review { status }) => Permission::Denied(detek_core::clip(&status.reason, 300)),
        Err(_) => {
            let text = "the server did not answer an access review with one";
            Permission::Unknown(Cause::new(CauseClass::BadBody, Stage::Decode, text))
        }
    }
}

fn attributes(key: &InputKey, namespace: Option<&str>) -> Option<Value> {
    let resource = |group: &str, version: &str, resource: &str, namespace: Option<&str>| {
        json!({"resourceAttributes": {"verb": "list", "group": group, "version": version, "resource": resource,
            "namespace": namespace.unwrap_or_default()}})
    };
    match Source::of(key) {
        Source::List { group, version, resource: name } => Some(resource(&group, &version, &name, namespace)),
        Source::Raw(what) => Some(json!({"nonResourceAttributes": {"verb": "get", "path": format!("/{what}")}})),
        Source::Servers => Some(resource("discovery.k8s.io", "v1", "endpointslices", Some("default"))),
        Source::Nothing => None,
    }
}

fn internal(text: &str) -> Cause {
    Cause::new(CauseClass::Internal, Stage::Config, text)
}

#[derive(Deserialize)]
struct Review {
    status: Status,
}

#[derive(Deserialize)]
struct Status {
    allowed: bool,
    #[serde(default)]
    reason: String,
}
