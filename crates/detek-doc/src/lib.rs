//! Documents of detek.
//!
//! Detectors declare which fields they read ([`Projection::keep`], [`Projection::keep_row`]); decoders ([`Decode`],
//! [`stream`]) take those fields, and nothing else, out of a list's body and append them to a [`StoreBuilder`]. On the
//! way, and nowhere else, credentials are dropped or reduced ([`redact`]). A finished [`Store`] is immutable; its
//! documents are read as they are ([`Doc`]) or as rows ([`rows`]).
//!
//! This crate knows JSON and where Kubernetes keeps credentials. It knows no CEL, no client and no detector, and does
//! no I/O of its own.
mod builder;
mod certificate;
mod decode;
mod doc;
mod list;
mod names;
mod projection;
pub mod redact;
pub mod rows;
mod shapes;
mod store;

pub use builder::{Mark, StoreBuilder};
pub use certificate::Certificate;
pub use decode::{Caps, Decode, DecodeError, ListMeta, SerdeJson, SonicRs, decoder, stream};
pub use doc::{Doc, Kind};
pub use projection::{Keep, Projection, Redacted};
pub use rows::{IntOrString, Present, RowError, StrMap};
pub use store::{Memory, Store};
