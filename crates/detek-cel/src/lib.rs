//! CEL, the expression language of Kubernetes, over documents.
//!
//! An expression is parsed (by the `cel` crate, without its macros), checked and compiled once: names become slots and
//! functions, field names inline caches, and the paths that it reads become known, so that nothing else is kept of a
//! document. A [`Program`] is then evaluated over documents of a [`detek_doc::Store`] without copying them. Every step
//! costs, so that no expression runs or grows for long; errors are values of a kind and a place, and text is made of them
//! only when somebody reads it.
//!
//! This crate knows documents and CEL. It knows no client, no detector and no level, and does no I/O.

mod compare;
mod compile;
mod eval;
mod flow;
mod index;
pub mod kubernetes;
mod library;
mod parse;
mod problem;
mod program;
mod value;

pub use compile::{Compiler, Want};
pub use eval::{Error, Frame, Input};
pub use flow::{Path, Read};
pub use index::Index;
pub use library::{Call, FUNCTIONS, Fault, Format, Function, Gives, Overload, Quantity, Semver, Url};
pub use parse::{Limits, with_large_stack};
pub use problem::{Problem, Rule, meant, nearest};
pub use program::{Program, Template};
pub use value::{Kind, Object, Value};
