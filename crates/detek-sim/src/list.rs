//! A list, written while it is sent: never more than a few hundred kilobytes of it exist at once.

use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use crate::content::Content;
use crate::fault::{Action, Strike};
use crate::kinds::Kind;
use crate::paging::{Query, Token};

/// A chunk of a list body is at least this long, except the last.
const CHUNK: usize = 128 * 1024;

/// The objects of a page, and how they are changed.
pub(crate) struct ListBody {
    content: Arc<dyn Content>,
    kind: usize,
    /// `"apiVersion":"..","kind":"..",` for custom kinds, whose objects say what they are.
    prefix: Vec<u8>,
    head: Option<Vec<u8>>,
    items: Items,
    extra: VecDeque<usize>,
    strike: Strike,
    first: bool,
    done: bool,
}

enum Items {
    Range(Range<usize>),
    Picked(std::vec::IntoIter<usize>),
}

impl Items {
    fn next(&mut self) -> Option<usize> {
        match self {
            Self::Range(range) => range.next(),
            Self::Picked(picked) => picked.next(),
        }
    }
}

impl fmt::Debug for ListBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListBody").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// Which list is asked for.
pub(crate) struct Listing<'a> {
    pub(crate) content: &'a Arc<dyn Content>,
    pub(crate) index: usize,
    pub(crate) kind: &'a Kind,
    pub(crate) namespace: Option<&'a str>,
    pub(crate) resource_version: i64,
    pub(crate) query: &'a Query,
    pub(crate) token: Option<&'a Token>,
}

impl Listing<'_> {
    /// The page that was asked for, with what the fault script does to it.
    pub(crate) fn page(&self, strike: Strike) -> ListBody {
        let has = |wanted: fn(&Action) -> bool| strike.has(wanted);
        let all = match self.namespace {
            Some(ns) => self.content.in_namespace(self.index, ns),
            None => 0..self.content.count(self.index),
        };
        let unpaged = has(|a| matches!(a, Action::Unpaged));
        let limit = if self.query.limit == 0 || unpaged { usize::MAX } else { self.query.limit };
        let start =
            if unpaged { all.start } else { self.token.map_or(all.start, |t| t.start.clamp(all.start, all.end)) };
        let page = self.token.map_or(1, |t| t.page);
        let (mut items, mut next) = self.pick(start..all.end, limit);
        if has(|a| matches!(a, Action::Empty)) {
            (items, next) = (Items::Range(start..start), Some(start));
        }
        let token = if has(|a| matches!(a, Action::Loop)) {
            Some(self.query.token.clone().unwrap_or_else(|| Token::new(self.resource_version, start, 1).encode()))
        } else {
            next.map(|next| Token::new(self.resource_version, next, page + 1).encode())
        };
        let remaining = next.filter(|_| !self.query.selects()).map(|next| all.end - next);
        let duplicate = has(|a| matches!(a, Action::Duplicate)) && !all.is_empty();
        ListBody {
            content: Arc::clone(self.content),
            kind: self.index,
            prefix: if self.kind.custom { type_fields(self.kind) } else { Vec::new() },
            head: Some(self.head(token.as_deref(), remaining)),
            items,
            extra: if duplicate { VecDeque::from([all.start]) } else { VecDeque::new() },
            strike,
            first: true,
            done: false,
        }
    }

    /// Up to `limit` objects that match the selectors, and where the next page starts.
    fn pick(&self, range: Range<usize>, limit: usize) -> (Items, Option<usize>) {
        if !self.query.selects() {
            let end = range.start.saturating_add(limit).min(range.end);
            return (Items::Range(range.start..end), (end < range.end).then_some(end));
        }
        let (mut picked, mut buffer) = (Vec::new(), Vec::new());
        for index in range {
            buffer.clear();
            self.content.write(self.index, index, &mut buffer);
            if serde_json::from_slice(&buffer).is_ok_and(|object: Value| self.query.matches(&object)) {
                if picked.len() == limit {
                    return (Items::Picked(picked.into_iter()), Some(index));
                }
                picked.push(index);
            }
        }
        (Items::Picked(picked.into_iter()), None)
    }

    fn head(&self, token: Option<&str>, remaining: Option<usize>) -> Vec<u8> {
        let Self { kind, resource_version, .. } = self;
        let mut head = format!(
            r#"{{"kind":"{}List","apiVersion":"{}","metadata":{{"resourceVersion":"{resource_version}""#,
            kind.kind,
            kind.api_version()
        );
        // Writing to a String cannot fail.
        if let Some(token) = token {
            let _ = write!(head, r#","continue":"{token}""#);
        }
        if let Some(remaining) = remaining {
            let _ = write!(head, r#","remainingItemCount":{remaining}"#);
        }
        head += r#"},"items":["#;
        head.into_bytes()
    }
}

/// `"kind":"Pod","apiVersion":"v1",`
pub(crate) fn type_fields(kind: &Kind) -> Vec<u8> {
    format!(r#""kind":"{}","apiVersion":"{}","#, kind.kind, kind.api_version()).into_bytes()
}

impl ListBody {
    /// The next part of the body, or `None` at its end.
    pub(crate) fn next_chunk(&mut self) -> Option<Bytes> {
        if self.done {
            return None;
        }
        let mut out = self.head.take().unwrap_or_default();
        out.reserve(CHUNK + 16 * 1024);
        while out.len() < CHUNK {
            let Some(index) = self.items.next().or_else(|| self.extra.pop_front()) else {
                out.extend_from_slice(b"]}\n");
                self.done = true;
                break;
            };
            if !std::mem::take(&mut self.first) {
                out.push(b',');
            }
            self.item(index, &mut out);
        }
        Some(out.into())
    }

    fn item(&self, index: usize, out: &mut Vec<u8>) {
        let start = out.len();
        self.content.write(self.kind, index, out);
        if !self.prefix.is_empty() {
            let tail = out.split_off(start + 1);
            out.extend_from_slice(&self.prefix);
            out.extend(tail);
        }
        let mutations = self.strike.mutations();
        if mutations.is_empty() {
            return;
        }
        let Ok(mut object) = serde_json::from_slice::<Value>(&out[start..]) else { return };
        let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        for (_, change) in mutations.iter().filter(|(wanted, _)| wanted == "*" || *wanted == name) {
            change(&mut object);
        }
        out.truncate(start);
        out.extend_from_slice(object.to_string().as_bytes());
    }
}
