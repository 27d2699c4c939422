//! Documents of detek.
//!
//! Detectors declare which fields they read ([`Projection::keep`], [`Projection::keep_row`]); decoders ([`Decode`],
//! [`stream`]) take those fields, and nothing else, out of a list's body and append them to a [`StoreBuilder`]. On the
//! way, and nowhere else, credentials are dropped or reduced ([`redact`]). A finished [`Store`] is immutable; its
//! documents are read as they are ([`Doc`]) or as rows ([`rows`]).
//!
//! ```
//! use detek_doc::{Caps, Projection, StoreBuilder, decoder};
//!
//! #[derive(Default, serde::Deserialize)]
//! #[serde(default, rename_all = "camelCase")]
//! struct Pod<'s> {
//!     #[serde(borrow)]
//!     spec: Spec<'s>,
//! }
//! #[derive(Default, serde::Deserialize)]
//! #[serde(default, rename_all = "camelCase")]
//! struct Spec<'s> {
//!     node_name: Option<&'s str>,
//! }
//!
//! let mut projection = Projection::new("kubernetes/core/v1/pods");
//! projection.keep_row::<Pod>()?;
//! let mut out = StoreBuilder::new(&Caps::default());
//! let body = br#"{"kind": "PodList", "items": [{"spec": {"nodeName": "n1", "hostNetwork": true}}]}"#;
//! decoder().list(body, &projection, &mut out)?;
//! let store = out.finish();
//! assert_eq!(store.doc(0).read::<Pod>()?.spec.node_name, Some("n1"));
//! assert_eq!(store.doc(0).to_json(), serde_json::json!({"spec": {"nodeName": "n1"}}));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! This crate knows JSON and where Kubernetes keeps credentials. It knows no CEL, no client and no detector, and does
//! no I/O of its own.
mod builder;
mod certificate;
mod decode;
mod doc;
mod field;
mod json;
mod list;
mod names;
mod projection;
pub mod redact;
pub mod rows;
mod shapes;
mod store;

pub use builder::{Mark, StoreBuilder};
pub use certificate::Certificate;
pub use decode::{Caps, Decode, DecodeError, ListMeta, OwnReader, SerdeJson, SonicRs, decoder, stream};
pub use doc::{Doc, Kind};
pub use field::Field;
pub use projection::{Keep, Projection, Redacted};
pub use rows::{IntOrString, Present, RowError, StrMap};
pub use store::{Memory, Store};
