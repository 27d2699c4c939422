//! What is never kept, whatever a detector declares.
//!
//! [`RULES`] is the one table of paths that are dropped or reduced; the text patterns are in [`text`]. The decoder asks
//! here for every key and every string before it stores them, and nothing else in detek knows what the paths mean.
//! Rules are compiled to one automaton per input: the places in all patterns that a path has matched so far are bits of
//! one integer, so that one more key is a lookup, a shift and an or.
mod arguments;
mod text;

use crate::names::{Name, Table};
pub(crate) use arguments::Arguments;
pub use text::clean;

/// Longest kept string, in bytes, unless a rule says less.
pub(crate) const STRING: u16 = 8 * 1024;
const ANNOTATION: u16 = 4 * 1024;
const MESSAGE: u16 = 1024;

/// The version of the rules, for recordings: it grows when a rule is added or changed.
pub const REDACTION_VERSION: u32 = 1;

/// What becomes of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Kept, with patterns replaced, strings cut at that many bytes.
    Keep(u16),
    /// Replaced by `true`.
    Mark,
    /// Of an object the keys are kept, each with `true`; anything else is replaced by `true`.
    Names,
    /// Certificates in PEM, as base64 or plain, are replaced by a list of their subjects, issuers, names and dates.
    Certificates,
    /// Of an object, written as JSON in a string, only `apiVersion` and `kind` are kept, in the same form.
    Identity,
    /// Only the presence of paths that are declared one by one.
    Declared,
    /// Strings are arguments of a command: of an option that is named like a credential only the name is kept.
    Arguments,
}

impl Action {
    /// What it is when no rule says otherwise.
    pub(crate) const PLAIN: Self = Self::Keep(STRING);
}

/// One line of the table.
#[derive(Debug)]
pub struct Rule {
    /// The input that it is for; any, if `None`.
    pub input: Option<&'static str>,
    /// Keys that lead to the value, lists being transparent. `*` is any key; a first `**` is any path.
    pub path: &'static [&'static str],
    /// What becomes of the value.
    pub action: Action,
    /// What is kept, completing "detek keeps ...".
    pub keeps: &'static str,
}

const fn rule(path: &'static [&'static str], action: Action, keeps: &'static str) -> Rule {
    Rule { input: None, path, action, keeps }
}

const fn rule_of(input: &'static str, path: &'static [&'static str], action: Action, keeps: &'static str) -> Rule {
    Rule { input: Some(input), path, action, keeps }
}

const SECRETS: &str = "kubernetes/core/v1/secrets";
const CONFIG_MAPS: &str = "kubernetes/core/v1/configmaps";
const SIGNING_REQUESTS: &str = "kubernetes/certificates.k8s.io/v1/certificatesigningrequests";

const IS_SET: &str = "of environment values only that they are set";
const HEADER: &str = "of HTTP headers only the name";
const KEYS: &str = "the names of keys, not their values";
const CERTIFICATES: &str = "subject, issuer, names, dates and fingerprint of certificates";
const IDENTITY: &str = "apiVersion and kind of the object inside";
const FIELDS: &str = "of managed fields only the presence of declared ones";
const OPTIONS: &str = "the names of options that carry credentials";
const REQUEST: &str = "of a signing request only that it is there";
const LENGTH: &str = "the beginning of long texts";

/// All rules; of two that match, the first one counts.
pub static RULES: &[Rule] = &[
    rule_of(SECRETS, &["data", "tls.crt"], Action::Certificates, CERTIFICATES),
    rule_of(SECRETS, &["data", "*"], Action::Mark, KEYS),
    rule_of(SECRETS, &["data"], Action::Names, KEYS),
    rule_of(SECRETS, &["stringData", "*"], Action::Mark, KEYS),
    rule_of(SECRETS, &["stringData"], Action::Names, KEYS),
    rule_of(CONFIG_MAPS, &["data", "*"], Action::Mark, KEYS),
    rule_of(CONFIG_MAPS, &["data"], Action::Names, KEYS),
    rule_of(CONFIG_MAPS, &["binaryData", "*"], Action::Mark, KEYS),
    rule_of(CONFIG_MAPS, &["binaryData"], Action::Names, KEYS),
    rule_of(SIGNING_REQUESTS, &["spec", "request"], Action::Mark, REQUEST),
    rule_of(SIGNING_REQUESTS, &["status", "certificate"], Action::Certificates, CERTIFICATES),
    rule(&["**", "annotations", "kubectl.kubernetes.io/last-applied-configuration"], Action::Identity, IDENTITY),
    rule(&["**", "annotations", "kapp.k14s.io/original"], Action::Identity, IDENTITY),
    rule(&["**", "annotations", "kapp.k14s.io/original-diff"], Action::Identity, IDENTITY),
    rule(&["**", "annotations", "banzaicloud.com/last-applied"], Action::Identity, IDENTITY),
    rule(&["**", "annotations", "objectset.rio.cattle.io/applied"], Action::Identity, IDENTITY),
    rule(&["**", "annotations", "openshift.io/last-applied-configuration"], Action::Identity, IDENTITY),
    rule(&["**", "annotations", "machineconfiguration.openshift.io/lastAppliedDrain"], Action::Identity, IDENTITY),
    rule(&["**", "annotations", "*"], Action::Keep(ANNOTATION), LENGTH),
    rule(&["**", "env", "value"], Action::Mark, IS_SET),
    rule(&["**", "httpHeaders", "value"], Action::Mark, HEADER),
    rule(&["**", "caBundle"], Action::Certificates, CERTIFICATES),
    rule(&["**", "managedFields", "fieldsV1"], Action::Declared, FIELDS),
    rule(&["**", "args"], Action::Arguments, OPTIONS),
    rule(&["**", "command"], Action::Arguments, OPTIONS),
    rule(&["**", "message"], Action::Keep(MESSAGE), LENGTH),
];

/// Bits: for each rule, one for every number of its segments that may have matched.
pub(crate) type State = u128;

/// The rules of one input as an automaton.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// At the root of a document.
    pub(crate) start: State,
    /// What may begin at any depth.
    always: State,
    /// Segments that any key matches.
    wild: State,
    finals: State,
    /// Segments that a key matches.
    keys: Table<State>,
    /// Which rule a final bit belongs to.
    ends: Vec<(u32, &'static Rule)>,
}

impl Rules {
    /// The rules that hold for the documents of `input`.
    pub(crate) fn of(input: &str) -> Self {
        let mut rules = Self { start: 0, always: 0, wild: 0, finals: 0, keys: Table::default(), ends: Vec::new() };
        let mut bit = 0;
        for rule in RULES.iter().filter(|r| r.input.is_none_or(|of| is_input(input, of))) {
            let (anywhere, path) = match rule.path {
                ["**", rest @ ..] => (true, rest),
                path => (false, path),
            };
            if anywhere {
                rules.always |= 1 << bit;
            }
            rules.start |= 1 << bit;
            for segment in path {
                rules.segment(segment, 1 << bit);
                bit += 1;
            }
            rules.finals |= 1 << bit;
            rules.ends.push((bit, rule));
            bit += 1;
        }
        assert!(bit <= State::BITS, "the redaction table has more segments than bits");
        rules
    }

    fn segment(&mut self, segment: &'static str, bit: State) {
        if segment == "*" {
            self.wild |= bit;
            return;
        }
        *self.keys.entry(segment, || 0) |= bit;
    }

    /// One more key, and the rule that its value falls under.
    #[inline]
    pub(crate) fn step(&self, state: State, name: Name, key: &str) -> (State, Option<&'static Rule>) {
        let named = self.keys.get(name, key).copied().unwrap_or(0);
        let moved = (state & (self.wild | named)) << 1;
        (moved | self.always, if moved & self.finals == 0 { None } else { self.rule(moved & self.finals) })
    }

    #[cold]
    fn rule(&self, hits: State) -> Option<&'static Rule> {
        let bit = hits.trailing_zeros();
        self.ends.iter().find(|(end, _)| *end == bit).map(|(_, rule)| *rule)
    }
}

/// Whether `input` is `of`, or a part of it such as one namespace (`...secrets?namespace=x`).
fn is_input(input: &str, of: &str) -> bool {
    input.strip_prefix(of).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(input: &str, path: &[&str]) -> Option<Action> {
        let rules = Rules::of(input);
        let mut state = rules.start;
        let mut last = None;
        for key in path {
            let (next, rule) = rules.step(state, Name::new(key), key);
            (state, last) = (next, rule.map(|r| r.action));
        }
        last
    }

    #[test]
    fn rules_hold_at_their_paths_only() {
        let pods = "kubernetes/core/v1/pods";
        for (input, path, expected) in [
            (pods, &["spec", "containers", "env", "value"][..], Some(Action::Mark)),
            (pods, &["spec", "template", "spec", "initContainers", "env", "value"], Some(Action::Mark)),
            (pods, &["spec", "containers", "env", "name"], None),
            (pods, &["spec", "value"], None),
            (pods, &["data", "x"], None),
            (pods, &["metadata", "annotations", "a"], Some(Action::Keep(ANNOTATION))),
            (pods, &["metadata", "annotations", "kapp.k14s.io/original"], Some(Action::Identity)),
            (pods, &["metadata", "annotations", "kapp.k14s.io/original", "x"], None),
            (pods, &["metadata", "managedFields", "fieldsV1"], Some(Action::Declared)),
            (pods, &["webhooks", "clientConfig", "caBundle"], Some(Action::Certificates)),
            (pods, &["status", "message"], Some(Action::Keep(MESSAGE))),
            (SECRETS, &["data"], Some(Action::Names)),
            (SECRETS, &["data", "tls.crt"], Some(Action::Certificates)),
            (SECRETS, &["data", "tls.key"], Some(Action::Mark)),
            (SECRETS, &["spec", "data", "tls.key"], None),
            ("kubernetes/core/v1/secrets?namespace=a", &["stringData", "a"], Some(Action::Mark)),
            ("kubernetes/core/v1/secretstores", &["data", "a"], None),
            (SIGNING_REQUESTS, &["spec", "request"], Some(Action::Mark)),
        ] {
            assert_eq!(action(input, path), expected, "{input} {path:?}");
        }
    }

    #[test]
    fn every_rule_says_what_it_keeps_and_fits_the_automaton() {
        for rule in RULES {
            assert!(!rule.keeps.is_empty() && !rule.path.is_empty(), "{rule:?}");
            Rules::of(rule.input.unwrap_or("any"));
        }
    }
}
