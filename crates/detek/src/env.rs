//! The environment, read here and nowhere else in this crate.

/// The value of a variable, if it is set and not empty.
#[expect(clippy::disallowed_methods, reason = "the one place where it is read")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
