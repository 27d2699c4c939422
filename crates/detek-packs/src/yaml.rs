//! YAML as a tree of nodes with their places. The parser is that of serde-saphyr; here its events become nodes, within
//! limits, so that all problems of a file can be told and not only the first.
//!
//! What detector files do not need and reviewers do not expect is refused: merge keys, tags, keys that are no text, and a
//! second document.

use crate::{
    problem::{Code, Fault},
    scalar::Style,
    source::Span,
};
use serde_saphyr::granit_parser::{self as granit, Event, Parser, ScalarStyle, StrInput};
use std::{collections::HashMap, sync::Arc};

/// Largest file.
pub(crate) const MAX_BYTES: usize = 64 * 1024;
/// Most nodes of a file, those that aliases repeat included.
pub(crate) const MAX_NODES: usize = 50_000;
/// Deepest nesting of lists and maps.
pub(crate) const MAX_DEPTH: usize = 32;
/// Most aliases of a file.
pub(crate) const MAX_ALIASES: usize = 100;

/// A node of a file.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Its place; of a list or map, its first character.
    pub(crate) at: Span,
    /// What it is.
    pub(crate) value: Value,
    /// Nodes below and including it.
    size: usize,
    /// Levels of lists and maps that it is deep; 0 for a scalar.
    height: usize,
}

/// What a node is.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// Text, or a number, a truth value or null: see [`Node::scalar`].
    Scalar(String),
    /// A list.
    List(Vec<Arc<Node>>),
    /// A map, in the order of the file, each key once.
    Map(Vec<(Arc<Node>, Arc<Node>)>),
}

/// A scalar by the core schema of YAML 1.2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Scalar<'n> {
    Null,
    Bool(bool),
    Integer(i64),
    Number(f64),
    Text(&'n str),
}

impl Node {
    /// The scalar, if it is one.
    pub(crate) fn scalar(&self) -> Option<Scalar<'_>> {
        let Value::Scalar(text) = &self.value else { return None };
        Some(match (self.at.style, text.as_str()) {
            (Style::Plain, "" | "~" | "null" | "Null" | "NULL") => Scalar::Null,
            (Style::Plain, "true" | "True" | "TRUE") => Scalar::Bool(true),
            (Style::Plain, "false" | "False" | "FALSE") => Scalar::Bool(false),
            (Style::Plain, text) => number(text).unwrap_or(Scalar::Text(text)),
            (_, text) => Scalar::Text(text),
        })
    }

    /// The text of a scalar as it is written.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(text) => Some(text),
            _ => None,
        }
    }

    /// The value of `key`, if this is a map that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Arc<Node>> {
        let Value::Map(entries) = &self.value else { return None };
        entries.iter().find(|(name, _)| name.text() == Some(key)).map(|(_, value)| value)
    }
}

fn number(text: &str) -> Option<Scalar<'static>> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let radix = |prefix, radix| digits.strip_prefix(prefix).and_then(|digits| i64::from_str_radix(digits, radix).ok());
    if let Some(value) = radix("0x", 16).or_else(|| radix("0o", 8)) {
        return (digits == text).then_some(Scalar::Integer(value));
    }
    if digits.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().map(Scalar::Integer).or_else(|_| text.parse().map(Scalar::Number)).ok();
    }
    let plain = digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
    text.parse().ok().filter(|value: &f64| plain && value.is_finite()).map(Scalar::Number)
}

/// A list or map that is not closed yet.
struct Open {
    at: Span,
    anchor: usize,
    key: Option<Arc<Node>>,
    /// The keys so far, with their places.
    seen: HashMap<String, Span>,
    value: Value,
    size: usize,
    height: usize,
}

/// Builds nodes from events.
struct Builder<'f> {
    open: Vec<Open>,
    root: Option<Arc<Node>>,
    anchors: HashMap<usize, Arc<Node>>,
    nodes: usize,
    aliases: usize,
    faults: &'f mut Vec<Fault>,
}

/// The one document of `text`. Faults that leave a tree (duplicate keys) go to `faults`; an empty document gives none.
///
/// # Errors
/// The fault that ended reading: syntax, a limit, or something that detector files may not hold.
pub(crate) fn parse(text: &str, faults: &mut Vec<Fault>) -> Result<Option<Arc<Node>>, Fault> {
    if text.len() > MAX_BYTES {
        return Err(limit(Span::default(), "the file has", text.len(), "bytes", MAX_BYTES));
    }
    let mut options = granit::Options::default();
    options.set_emit_comments(false);
    options.flow_nesting_limit = MAX_DEPTH + 1;
    options.block_nesting_limit = MAX_DEPTH + 1;
    let mut builder = Builder { open: Vec::new(), root: None, anchors: HashMap::new(), nodes: 0, aliases: 0, faults };
    for event in Parser::with_options(StrInput::new(text), options) {
        let (event, span) = event.map_err(|error| syntax(text, &error))?;
        builder.event(event, span)?;
    }
    Ok(builder.root)
}

fn syntax(text: &str, error: &granit::ScanError) -> Fault {
    let start = error.marker().byte_offset().unwrap_or_default().min(text.len());
    let at = Span { start: start as u32, end: start as u32, style: Style::Plain };
    if matches!(error.kind(), granit::ErrorKind::RecursionLimitExceeded) {
        return too_deep(at);
    }
    let info = error.info();
    let help = if info.starts_with("mapping values are not allowed") {
        "a `: ` begins a map: quote the text, or correct the indentation"
    } else {
        "look for brackets and quotes that are not closed above, and for the indentation"
    };
    Fault::new(Code::YamlSyntax, at, format!("not valid YAML: {info}")).help(help)
}

fn limit(at: Span, what: &str, value: usize, unit: &str, limit: usize) -> Fault {
    Fault::new(Code::LimitExceeded, at, format!("{what} {value} {unit}; the limit is {limit}")).help("make it smaller")
}

fn too_deep(at: Span) -> Fault {
    let text = format!("lists and maps are nested deeper than {MAX_DEPTH} levels");
    Fault::new(Code::LimitExceeded, at, text).help("move what is deep to a fixture with fewer levels")
}

fn refused(at: Span, text: &str, help: &str) -> Fault {
    Fault::new(Code::YamlSyntax, at, text.into()).help(help)
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, span: granit::Span) -> Result<(), Fault> {
        let range = span.byte_range().unwrap_or_default();
        let at = |style| Span { start: range.start as u32, end: range.end as u32, style };
        match event {
            Event::DocumentStart(..) if self.root.is_some() => {
                let help = "one detector per file: move it to a file of its own";
                Err(refused(at(Style::Plain), "a second document begins", help))
            }
            Event::Scalar(text, style, anchor, tag) => {
                let style = match style {
                    ScalarStyle::SingleQuoted => Style::Single,
                    ScalarStyle::DoubleQuoted => Style::Double,
                    ScalarStyle::Literal => Style::Literal,
                    ScalarStyle::Folded => Style::Folded,
                    ScalarStyle::Plain => Style::Plain,
                };
                self.count(at(style), tag.is_some())?;
                let node = Node { at: at(style), value: Value::Scalar(text.into_owned()), size: 1, height: 0 };
                self.place(Arc::new(node), anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.open(at(Style::Plain), anchor, tag.is_some(), Value::List(Vec::new()))
            }
            Event::MappingStart(_, anchor, tag) => {
                self.open(at(Style::Plain), anchor, tag.is_some(), Value::Map(Vec::new()))
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(closed) = self.open.pop() else { return Ok(()) };
                let node = Node { at: closed.at, value: closed.value, size: closed.size, height: closed.height + 1 };
                self.place(Arc::new(node), closed.anchor)
            }
            Event::Alias(anchor) => self.alias(at(Style::Plain), anchor),
            _ => Ok(()),
        }
    }

    fn open(&mut self, at: Span, anchor: usize, tagged: bool, value: Value) -> Result<(), Fault> {
        if self.open.len() == MAX_DEPTH {
            return Err(too_deep(at));
        }
        self.count(at, tagged)?;
        self.open.push(Open { at, anchor, key: None, seen: HashMap::new(), value, size: 1, height: 0 });
        Ok(())
    }

    fn count(&mut self, at: Span, tagged: bool) -> Result<(), Fault> {
        if tagged {
            return Err(refused(at, "tags are not read", "remove the tag; quote the value if it is text"));
        }
        self.nodes += 1;
        self.nodes_fit(at)
    }

    fn nodes_fit(&self, at: Span) -> Result<(), Fault> {
        if self.nodes > MAX_NODES { Err(limit(at, "the file has", self.nodes, "nodes", MAX_NODES)) } else { Ok(()) }
    }

    fn alias(&mut self, at: Span, anchor: usize) -> Result<(), Fault> {
        self.aliases += 1;
        if self.aliases > MAX_ALIASES {
            return Err(limit(at, "the file has", self.aliases, "aliases", MAX_ALIASES));
        }
        let Some(node) = self.anchors.get(&anchor).cloned() else {
            return Err(refused(at, "an alias stands inside of what it repeats", "write the value out"));
        };
        self.nodes += node.size;
        self.nodes_fit(at)?;
        if self.open.len() + node.height > MAX_DEPTH {
            return Err(too_deep(at));
        }
        self.place(node, 0)
    }

    /// Puts a finished node where it belongs.
    fn place(&mut self, node: Arc<Node>, anchor: usize) -> Result<(), Fault> {
        if anchor != 0 {
            self.anchors.insert(anchor, Arc::clone(&node));
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        open.size += node.size;
        open.height = open.height.max(node.height);
        match (&mut open.value, open.key.take()) {
            (Value::Map(entries), Some(key)) => {
                let name = key.text().unwrap_or_default();
                if let Some(first) = open.seen.get(name) {
                    let text = format!("key `{name}` is given twice");
                    let fault = Fault::new(Code::DuplicateId, key.at, text).also("first given at", *first);
                    self.faults.push(fault.help("remove one of them"));
                } else {
                    open.seen.insert(name.to_owned(), key.at);
                    entries.push((key, node));
                }
            }
            (Value::Map(_), None) => match node.text() {
                Some("<<") if node.at.style == Style::Plain => {
                    return Err(refused(node.at, "merge keys (`<<`) are not read", "write the fields out"));
                }
                Some(_) => open.key = Some(node),
                None => return Err(refused(node.at, "a key must be text, not a list or a map", "quote the key")),
            },
            (Value::List(items), _) => items.push(node),
            (Value::Scalar(_), _) => {}
        }
        Ok(())
    }
}
