//! Lists of what is known to fail. A failure that is not listed breaks the build, and so does one that is listed and gone:
//! a list only shrinks unless somebody writes down why.

use std::collections::{BTreeMap, BTreeSet};

/// A list: a line `# reason` and below it what fails for it, a line each; an empty line ends the reason.
pub(crate) struct Known<'l> {
    reasons: BTreeMap<&'l str, &'l str>,
}

impl<'l> Known<'l> {
    /// Reads a list.
    ///
    /// # Panics
    /// If something is listed twice or without a reason.
    pub(crate) fn read(list: &'l str) -> Self {
        let mut reasons = BTreeMap::new();
        let mut reason = None;
        for line in list.lines() {
            match line.strip_prefix("# ") {
                Some(text) => reason = Some(text),
                None if line.is_empty() => reason = None,
                None => {
                    let reason = reason.unwrap_or_else(|| panic!("`{line}` is listed without a reason"));
                    assert!(reasons.insert(line, reason).is_none(), "`{line}` is listed twice");
                }
            }
        }
        Self { reasons }
    }

    /// Holds the list against what failed, each with what went wrong.
    ///
    /// # Panics
    /// If they are not the same.
    pub(crate) fn compare(&self, failed: &BTreeMap<String, String>) {
        let news: Vec<String> = failed
            .iter()
            .filter(|(what, _)| !self.reasons.contains_key(what.as_str()))
            .map(|(what, how)| format!("  {what}\n    {how}"))
            .collect();
        assert!(news.is_empty(), "{} fail and are not known to:\n{}", news.len(), news.join("\n"));
        let gone: BTreeSet<&str> = self.reasons.keys().copied().filter(|what| !failed.contains_key(*what)).collect();
        assert!(gone.is_empty(), "known to fail, and do not fail any more; take them off the list: {gone:#?}");
    }
}

#[test]
#[should_panic(expected = "is listed without a reason")]
fn a_list_says_why() {
    Known::read("# because\na\n\nb\n");
}

#[test]
#[should_panic(expected = "1 fail and are not known to")]
fn a_new_failure_breaks_the_build() {
    Known::read("# because\na\n").compare(&["a", "b"].map(|what| (what.to_owned(), String::new())).into());
}

#[test]
#[should_panic(expected = "do not fail any more")]
fn a_failure_that_is_gone_breaks_the_build() {
    Known::read("# because\na\nb\n").compare(&["a"].map(|what| (what.to_owned(), String::new())).into());
}
