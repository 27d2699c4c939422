//! Objects as findings name them, and who owns whom.

use detek_doc::Doc;
use serde::Deserialize;
use std::{borrow::Cow, fmt};

/// Enough to find an object again. Ordered by namespace, kind and name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectRef {
    /// Empty for objects of the cluster as a whole.
    pub namespace: String,
    /// `Pod`, `Deployment`; `Cluster` for the cluster itself.
    pub kind: String,
    /// Name; empty for the cluster itself.
    pub name: String,
    /// API group, empty for the core group.
    pub group: String,
}

impl ObjectRef {
    /// An object of `group` (empty for core) and `kind`; `namespace` is empty for cluster-scoped objects.
    pub fn new(group: &str, kind: &str, namespace: &str, name: &str) -> Self {
        ObjectRef { namespace: namespace.into(), kind: kind.into(), name: name.into(), group: group.into() }
    }

    /// The scanned cluster as a whole.
    pub fn cluster() -> Self {
        ObjectRef { kind: "Cluster".into(), ..Self::default() }
    }

    /// `payments/api`, or the name alone for cluster-scoped objects.
    pub fn short(&self) -> String {
        match (self.namespace.is_empty(), self.name.is_empty()) {
            (_, true) => self.kind.to_lowercase(),
            (true, false) => self.name.clone(),
            (false, false) => format!("{}/{}", self.namespace, self.name),
        }
    }
}

/// `Pod/payments/api-1`, `Node/a`, `Cluster`: the form of `-o name` and of messages.
impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)?;
        for part in [&self.namespace, &self.name] {
            if !part.is_empty() {
                write!(f, "/{part}")?;
            }
        }
        Ok(())
    }
}

/// The controller of an object, as its `ownerReferences` name it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OwnerRef {
    /// API group of the owner, empty for core.
    pub group: String,
    /// `ReplicaSet`, `Job`, ...
    pub kind: String,
    /// Name, in the namespace of the owned object.
    pub name: String,
}

/// What the engine itself reads of each document: who it is, and who controls it.
///
/// The paths are `metadata.{namespace,name}` and `metadata.ownerReferences`; they are part of every projection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// The object itself.
    pub object: ObjectRef,
    /// Its controller, if it has one.
    pub controller: Option<OwnerRef>,
}

/// The row behind [`Identity`].
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct IdentityRow<'s> {
    #[serde(borrow)]
    metadata: MetadataRow<'s>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct MetadataRow<'s> {
    name: Cow<'s, str>,
    namespace: Cow<'s, str>,
    #[serde(borrow)]
    owner_references: Vec<OwnerRow<'s>>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct OwnerRow<'s> {
    api_version: Cow<'s, str>,
    kind: Cow<'s, str>,
    name: Cow<'s, str>,
    controller: bool,
}

impl Identity {
    /// Reads the identity of `doc`, an object of `group` and `kind` (lists do not repeat them in their items). A
    /// document whose metadata cannot be read has an empty name.
    pub fn read(doc: Doc<'_>, group: &str, kind: &str) -> Self {
        let metadata = doc.read::<IdentityRow<'_>>().unwrap_or_default().metadata;
        let controller = metadata.owner_references.iter().find(|owner| owner.controller).map(|owner| OwnerRef {
            group: owner.api_version.split_once('/').map_or("", |(group, _)| group).into(),
            kind: owner.kind.as_ref().into(),
            name: owner.name.as_ref().into(),
        });
        Identity { object: ObjectRef::new(group, kind, &metadata.namespace, &metadata.name), controller }
    }
}

/// Knows the owners of owners, so that findings about 300 pods become one about their Deployment.
pub trait RollUp: Send + Sync {
    /// The top controller above `owner` in `namespace`; `owner` itself if nothing is known above it.
    fn root(&self, namespace: &str, owner: &OwnerRef) -> OwnerRef;
}
