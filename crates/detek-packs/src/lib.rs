//! Detectors as data: the YAML format of packs, its checks, and the packs that detek comes with.
//!
//! [`load`] reads the files of packs, given as path and text, into [`Draft`]s: typed detectors, in which every expression
//! keeps its place, and all problems of all files with places and hints. A draft without errors becomes a [`Pack`]. The
//! format itself is written down once, as JSON Schema ([`schema`]), by which files are checked and editors complete names.
//!
//! This crate reads no files of its own and knows no client.

mod builtin;
mod check;
mod codes;
mod engine;
mod format;
mod key;
mod load;
mod names;
mod new;
mod param;
pub mod problem;
mod read;
mod resource;
mod scalar;
pub mod schema;
mod source;
pub mod testing;
pub mod tree;
pub mod version;
pub mod waivers;
mod yaml;

pub use builtin::FILES as BUILT_IN;
pub use detek_cel::{FUNCTIONS, nearest};
pub use engine::{PackDetector, built_in, compiled};
pub use format::{
    Affects, Confidence, DetectEntry, DetectorFile, Expect, ExpectedFinding, Expression, Framework, Given, Index,
    InputScope, InputSpec, KnownIssue, LabelExpression, LabelOperator, LabelSelector, Lifecycle, Limits, Match,
    Metadata, OnAbsent, PackFile, PackMetadata, PackSpec, Reference, RelatedDetector, Relation, RemovedDetector,
    Requires, Spec, Status, SubjectSpec, Template, TestCase, TestCluster, Variable, VersionRange,
};
pub use key::{Arg, ArgKind, BadKey, COLLECTORS, Collector, Key, RESOURCE_ARGS};
pub use load::{Draft, MAX_DETECTORS, MAX_PACK_BYTES, Pack, load};
pub use new::template;
pub use param::{ParamSpec, ParamType, ParamValue};
pub use read::Named;
pub use resource::{RESOURCES, Resource};
pub use scalar::Style;
pub use source::{Place, Source, Span, Spanned};
