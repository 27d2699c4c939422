//! What the language does: as its specification says (`spec`), as another interpreter does (`differential`), by laws
//! (`laws`), and with expressions that mean harm (`hostile`).
#![expect(clippy::unwrap_used, reason = "tests fail where they unwrap")]
#![expect(clippy::disallowed_methods, reason = "reads the cases of the specification, and measures")]

mod datum;
mod differential;
mod evaluate;
mod hostile;
mod laws;
mod ratchet;
mod spec;
