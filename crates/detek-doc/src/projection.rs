//! What is kept of a document: a trie of the paths that somebody declared. Lists are transparent.
use crate::names::{Name, Table};
use crate::redact::{Action, Rule, Rules, State};
use crate::rows;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fmt::{self, Write as _};
use std::sync::Arc;

/// How much of a value is kept. Keeping only widens, whatever the order in which paths are added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Keep {
    /// That it is there: an empty value of its type.
    Presence,
    /// What it holds, but not what that is: of a list, how many elements; of an object, its keys; a scalar whole.
    Length,
    /// Those keys of objects that are declared below; scalars whole.
    Children,
    /// Everything.
    All,
}

/// A path that cannot be kept as it was asked for: a redaction rule allows only its reduced form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redacted {
    /// The path that was asked for.
    pub path: String,
    /// What the rule keeps instead.
    pub rule: &'static str,
}

impl fmt::Display for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cannot be read: detek keeps {}", self.path, self.rule)
    }
}

impl std::error::Error for Redacted {}

/// The union of all paths that are read from the documents of one input.
#[derive(Clone, Debug)]
pub struct Projection {
    rules: Arc<Rules>,
    root: Node,
}

#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) keep: Keep,
    pub(crate) action: Action,
    pub(crate) state: State,
    /// Whether all keys of an object are kept, those without a node with an empty value.
    keys: bool,
    children: Table<Node>,
}

impl Node {
    fn new(keep: Keep, action: Action, state: State) -> Self {
        Self { keep, action, state, keys: keep == Keep::Length, children: Table::default() }
    }

    fn visit<'n>(&'n self, path: &mut Vec<&'n str>, found: &mut dyn FnMut(&[&'n str], Keep)) {
        if self.children.is_empty() || self.keep != Keep::Children {
            found(path, self.keep);
        }
        if self.keys && self.keep == Keep::Children {
            found(path, Keep::Length);
        }
        for (key, child) in self.children.iter() {
            path.push(key);
            child.visit(path, found);
            path.pop();
        }
    }
}

impl Projection {
    /// Keeps nothing yet. `input` is the key of the input, such as `kubernetes/core/v1/pods`: some redaction rules belong
    /// to one input only.
    pub fn new(input: &str) -> Self {
        let rules = Rules::of(input);
        let root = Node::new(Keep::Children, Action::PLAIN, rules.start);
        Self { rules: Arc::new(rules), root }
    }

    /// Keeps the value at `path` as widely as `keep` says, and nothing less than before.
    ///
    /// # Errors
    /// If a redaction rule forbids it; nothing is added then.
    pub fn keep(&mut self, path: &[&str], keep: Keep) -> Result<(), Redacted> {
        self.check(path, keep)?;
        self.insert(path, keep);
        Ok(())
    }

    /// Keeps everything that the row `T` reads.
    ///
    /// # Errors
    /// If a redaction rule forbids one of its fields.
    ///
    /// # Panics
    /// If `T` is no row: see [`crate::rows`].
    pub fn keep_row<'de, T: Deserialize<'de>>(&mut self) -> Result<(), Redacted> {
        for (path, keep) in rows::reads::<T>() {
            self.keep(&path, keep)?;
        }
        Ok(())
    }

    /// Keeps what `other` keeps, too. Of a projection for another input, what the rules of this one forbid is left out.
    pub fn merge(&mut self, other: &Projection) {
        let mut all: Vec<(Vec<&str>, Keep)> = Vec::new();
        other.root.visit(&mut Vec::new(), &mut |path, keep| all.push((path.to_vec(), keep)));
        for (path, keep) in all {
            if self.check(&path, keep).is_ok() {
                self.insert(&path, keep);
            }
        }
    }

    /// All paths, sorted, as `spec.containers.name`; keys that are no plain names as `metadata.annotations["a.b/c"]`.
    pub fn paths(&self) -> Vec<(String, Keep)> {
        let mut all = BTreeSet::new();
        self.root.visit(&mut Vec::new(), &mut |path, keep| {
            if !path.is_empty() || keep != Keep::Children {
                all.insert((display(path), keep));
            }
        });
        all.into_iter().collect()
    }

    fn check(&self, path: &[&str], keep: Keep) -> Result<(), Redacted> {
        let redacted = |rule: &Rule| Redacted { path: display(path), rule: rule.keeps };
        let mut state = self.rules.start;
        let mut declared: Option<&Rule> = None;
        for (n, key) in path.iter().enumerate() {
            let last = n + 1 == path.len();
            let (next, hit) = self.rules.step(state, Name::new(key), key);
            state = next;
            let Some(rule) = hit else { continue };
            match rule.action {
                Action::Identity if !last => return Err(redacted(rule)),
                Action::Mark if !last || keep != Keep::Presence => return Err(redacted(rule)),
                // Below is a form of our own making.
                Action::Certificates => return Ok(()),
                Action::Declared => declared = Some(rule),
                _ => {}
            }
        }
        match declared {
            Some(rule) if !matches!(keep, Keep::Presence | Keep::Children) => Err(redacted(rule)),
            _ => Ok(()),
        }
    }

    fn insert(&mut self, path: &[&str], keep: Keep) {
        let mut node = &mut self.root;
        for (n, key) in path.iter().enumerate() {
            // On the way to a child, the children count; a new leaf starts as it was asked for.
            node.keep = node.keep.max(Keep::Children);
            let (state, rule) = self.rules.step(node.state, Name::new(key), key);
            let inherited = if node.action == Action::Declared { Action::Declared } else { Action::PLAIN };
            let action = rule.map_or(inherited, |r| r.action);
            let first = if n + 1 == path.len() { keep } else { Keep::Children };
            node = node.children.entry(key, || Node::new(first, action, state));
        }
        node.keep = node.keep.max(keep);
        node.keys |= keep == Keep::Length;
    }

    pub(crate) fn root(&self) -> Spot<'_> {
        let Node { keep, keys, action, state, .. } = self.root;
        Spot { rules: &self.rules, node: Some(&self.root), keep, keys, action, state }
    }
}

fn display(path: &[&str]) -> String {
    let mut out = String::new();
    for key in path {
        let plain =
            !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b':'));
        if plain {
            if !out.is_empty() {
                out.push('.');
            }
            out.push_str(key);
        } else {
            let _ = write!(out, "[{key:?}]");
        }
    }
    out
}

/// A place in a document while it is decoded: what is kept here, and what the rules have seen on the way.
#[derive(Clone, Copy)]
pub(crate) struct Spot<'p> {
    rules: &'p Rules,
    node: Option<&'p Node>,
    state: State,
    pub(crate) keep: Keep,
    pub(crate) keys: bool,
    pub(crate) action: Action,
}

impl<'p> Spot<'p> {
    /// The place of the value of `key`; `None` if it is not kept.
    #[inline]
    pub(crate) fn child(&self, name: Name, key: &str) -> Option<Spot<'p>> {
        if matches!(self.action, Action::Certificates | Action::Identity) {
            return self.reduced(key);
        }
        if let Some(node) = self.node.and_then(|n| n.children.get(name, key)) {
            let keep = if self.keep == Keep::All && node.action != Action::Declared { Keep::All } else { node.keep };
            return Some(Spot {
                node: Some(node),
                state: node.state,
                keep,
                keys: node.keys,
                action: node.action,
                ..*self
            });
        }
        if self.keep != Keep::All && !self.keys {
            return None;
        }
        let (state, rule) = self.rules.step(self.state, name, key);
        let action = rule.map_or(Action::PLAIN, |r| r.action);
        let keep = match self.keep {
            Keep::All if action == Action::Declared => Keep::Children,
            Keep::All => Keep::All,
            _ => Keep::Presence,
        };
        Some(Spot { node: None, state, keep, keys: false, action, ..*self })
    }

    /// In a certificate that was reduced before, as in a recording: its own keys, and nothing else.
    fn reduced(&self, key: &str) -> Option<Spot<'p>> {
        let own = self.action == Action::Certificates && crate::certificate::KEYS.contains(&key);
        own.then_some(Spot { node: None, keep: Keep::Children, keys: false, action: Action::PLAIN, ..*self })
    }
}
