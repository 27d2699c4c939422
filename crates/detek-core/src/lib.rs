//! The vocabulary of detek, and what follows from it: inputs and their states, levels, objects and their owners.
//!
//! This crate does no I/O, reads no clock and knows no system, no format and no runtime.

mod clip;
mod duration;
mod input;
mod level;
mod object;

pub use clip::clip;
pub use duration::Span;
pub use input::{Cause, CauseClass, Input, InputKey, InputKind, InputState, Inputs, Scope, Stage, Volume};
pub use level::Level;
pub use object::{Identity, ObjectRef, OwnerRef, RollUp};
