//! What is known of a value before it is evaluated: its type, and where in which documents it may come from.
//!
//! Where values come from decides what is kept of documents. A value that is only passed on reads nothing; the last use
//! of it does: a comparison reads it whole, `has` only whether it is there, a loop only as much as its body reads.

use crate::Kind;
use detek_doc::Keep;
use std::collections::BTreeSet;

/// A place in the documents of an input. Lists are transparent, as in a [`detek_doc::Projection`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path {
    /// The number of the input.
    pub input: usize,
    /// Keys of objects.
    pub keys: Vec<String>,
}

/// What a program reads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Read {
    /// Where.
    pub path: Path,
    /// How much of it.
    pub keep: Keep,
}

/// A type, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Type {
    pub(crate) kind: Kind,
    /// Of the elements of a list, the value of an optional.
    pub(crate) inner: Option<Box<Type>>,
}

impl Type {
    pub(crate) const DYN: Type = Type { kind: Kind::Dyn, inner: None };

    pub(crate) fn a(kind: Kind) -> Self {
        Type { kind, inner: None }
    }

    pub(crate) fn of(kind: Kind, inner: Type) -> Self {
        Type { kind, inner: Some(Box::new(inner)) }
    }

    /// Of elements or of the value inside.
    pub(crate) fn inner(&self) -> Type {
        self.inner.as_deref().cloned().unwrap_or(Type::DYN)
    }

    /// What both are; dyn if they differ.
    pub(crate) fn join(&self, other: &Type) -> Type {
        if self.kind != other.kind {
            return Type::DYN;
        }
        let inner = match (&self.inner, &other.inner) {
            (Some(a), Some(b)) => Some(Box::new(a.join(b))),
            _ => None,
        };
        Type { kind: self.kind, inner }
    }
}

/// A type and the places that a value may come from.
#[derive(Clone, Debug)]
pub(crate) struct Flow {
    pub(crate) of: Type,
    pub(crate) paths: BTreeSet<Path>,
    /// Lists that were gone into since there, less those that were made of what was found: 0 is what lies at a path, 1 an
    /// element of a list that lies there, -1 a list of what lies there.
    pub(crate) level: i32,
}

impl Flow {
    /// Of a value that comes from no document.
    pub(crate) fn made(of: Type) -> Self {
        Flow { of, paths: BTreeSet::new(), level: 0 }
    }

    /// Of the documents of an input.
    pub(crate) fn document(input: usize) -> Self {
        let root = Path { input, keys: Vec::new() };
        Flow { of: Type::a(Kind::Map), paths: BTreeSet::from([root]), level: 0 }
    }

    /// Of the value of a key.
    pub(crate) fn field(&self, key: &str) -> Flow {
        let below = |path: &Path| {
            let mut path = path.clone();
            path.keys.push(key.to_owned());
            path
        };
        Flow { of: Type::DYN, paths: self.paths.iter().map(below).collect(), level: 0 }
    }

    /// The same places with another type.
    pub(crate) fn typed(mut self, of: Type) -> Flow {
        self.of = of;
        self
    }

    /// Of an element of a list.
    pub(crate) fn element(&self) -> Flow {
        let of = self.of.inner();
        Flow { level: self.level + 1, ..self.clone() }.typed(of)
    }

    /// Of a list of these.
    pub(crate) fn listed(self) -> Flow {
        let of = Type::of(Kind::List, self.of.clone());
        Flow { level: self.level - 1, ..self }.typed(of)
    }

    /// Of a value that may be either.
    pub(crate) fn or(mut self, other: Flow) -> Flow {
        self.of = self.of.join(&other.of);
        self.level = match (self.paths.is_empty(), other.paths.is_empty()) {
            (true, _) => other.level,
            (_, true) => self.level,
            _ => self.level.max(other.level),
        };
        self.paths.extend(other.paths);
        self
    }
}
