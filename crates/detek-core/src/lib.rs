//! The vocabulary of detek, and what follows from it: inputs and their states, detectors and the facts they read, the
//! plan, parallel judging, findings, verdict and coverage, and the honesty invariants.
//!
//! The data flows one way. Collectors (in other crates, the only I/O) turn each planned [`InputKey`] into an [`Input`];
//! [`Plan::judge`] turns inputs into a [`Run`]; formats turn a run into bytes. A run is a pure function of *(inputs,
//! detectors, now)*: this crate does no I/O, reads no clock and knows no system, no format and no runtime.

mod clip;
mod detector;
mod duration;
mod exclusion;
mod fact;
mod finding;
mod glob;
mod group;
mod input;
mod judge;
mod level;
mod object;
pub mod parameter;
mod plan;
mod run;
mod symptom;
mod verdict;
mod waiver;

pub mod invariant;

pub use clip::clip;
pub use detector::{
    Addon, AnyDetector, Category, Cluster, Confidence, Detector, Kind, Meta, Reference, RowOf, Subject, SubjectInput,
};
pub use duration::Span;
pub use exclusion::Exclusions;
pub use fact::{Documents, Fact, Facts, Fault, Needs, Optional, Read, Reads, Role, Values};
pub use finding::{Draft, Evidence, Finding, Findings, Fingerprint};
pub use glob::glob;
pub use group::{Armed, Judge};
pub use input::{Cause, CauseClass, Input, InputKey, InputKind, InputState, Inputs, Scope, Stage, Volume};
pub use judge::{Context, Judging};
pub use level::Level;
pub use object::{Identity, ObjectRef, OwnerRef, RollUp};
pub use parameter::{ParamError, Parameter};
pub use plan::{NotRun, NotRunReason, Plan, PlannedDetector, PlannedInput};
pub use run::{Counts, Coverage, Note, Reason, ReasonClass, Report, Run, Target, Totals};
pub use waiver::{Condition, Waiver, WaiverAudit, WaiverState, Waivers};
