//! A YAML document as a tree in which every key and every value knows its place, for files whose mistakes are told with
//! line and column.

use detek_cel::nearest;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;
use serde_saphyr::{Location, Spanned};
use std::fmt;

/// A line and a column, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// The line.
    pub line: u64,
    /// The column, in characters.
    pub column: u64,
}

impl From<Location> for Mark {
    fn from(location: Location) -> Self {
        // Without a place it is the document that is meant.
        Mark { line: location.line().max(1), column: location.column().max(1) }
    }
}

/// What is wrong at a place of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where.
    pub mark: Mark,
    /// What, with the name of the key: `unknown key "limts"`.
    pub what: String,
    /// What would be right, or why.
    pub cause: String,
}

/// A value and its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where it begins.
    pub mark: Mark,
    /// What it holds.
    pub content: Content,
}

/// What a value holds.
#[derive(Clone, Debug)]
pub enum Content {
    /// A text, a number, a boolean or nothing.
    Scalar(Value),
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the file.
    Map(Vec<(Key, Node)>),
}

/// A key and its place.
#[derive(Clone, Debug)]
pub struct Key {
    /// Where it begins.
    pub mark: Mark,
    /// The key.
    pub name: String,
}

/// Most bytes of a file that people write.
pub const MOST_BYTES: usize = 1 << 20;

/// The documents of a file, without the empty ones.
///
/// # Errors
/// What is no YAML, holds a key twice, or is larger than anybody writes.
pub fn documents(text: &str) -> Result<Vec<Node>, Mistake> {
    if text.len() > MOST_BYTES {
        let cause = format!("it has {} bytes; at most {MOST_BYTES} are read", text.len());
        return Err(Mistake { mark: Mark { line: 1, column: 1 }, what: "too large a file".to_owned(), cause });
    }
    let documents: Vec<Node> = serde_saphyr::from_multiple(text).map_err(|why| mistake(&why))?;
    Ok(documents.into_iter().filter(|node| !node.is_empty()).collect())
}

fn mistake(why: &serde_saphyr::Error) -> Mistake {
    let mark = why.location().map_or(Mark { line: 1, column: 1 }, Mark::from);
    // Further lines show the text around it.
    let text = why.to_string();
    let first = text.lines().next().unwrap_or_default();
    let first = first.strip_prefix("error: ").unwrap_or(first);
    let words = match first.split_once(": ") {
        Some((place, words)) if place.starts_with("line ") => words,
        _ => first,
    };
    // The rest is advice for programmers.
    let words = words.split(", set DuplicateKeyPolicy").next().unwrap_or_default();
    Mistake { mark, what: "no valid YAML".to_owned(), cause: words.to_owned() }
}

impl Node {
    /// Whether it holds nothing: an empty document, a key without a value.
    pub fn is_empty(&self) -> bool {
        matches!(&self.content, Content::Scalar(Value::Null))
    }

    /// Its keys and values.
    ///
    /// # Errors
    /// If it is no map; `name` says what it is the value of.
    pub fn map(&self, name: &str) -> Result<&[(Key, Node)], Mistake> {
        match &self.content {
            Content::Map(entries) => Ok(entries),
            _ => Err(self.other(name, "a map")),
        }
    }

    /// Its elements.
    ///
    /// # Errors
    /// If it is no list.
    pub fn list(&self, name: &str) -> Result<&[Node], Mistake> {
        match &self.content {
            Content::List(items) => Ok(items),
            _ => Err(self.other(name, "a list, such as [a, b]")),
        }
    }

    /// Its text; of a number or a boolean, as it would be written.
    ///
    /// # Errors
    /// If it is empty, a list or a map.
    pub fn text(&self, name: &str) -> Result<String, Mistake> {
        match &self.content {
            Content::Scalar(Value::String(text)) if !text.is_empty() => Ok(text.clone()),
            Content::Scalar(other @ (Value::Bool(_) | Value::Number(_))) => Ok(other.to_string()),
            _ => Err(self.other(name, "a text")),
        }
    }

    /// Its elements as texts.
    ///
    /// # Errors
    /// If it is no list of texts.
    pub fn texts(&self, name: &str) -> Result<Vec<String>, Mistake> {
        self.list(name)?.iter().map(|item| item.text(name)).collect()
    }

    /// Whether it is true.
    ///
    /// # Errors
    /// If it is no boolean.
    pub fn boolean(&self, name: &str) -> Result<bool, Mistake> {
        match &self.content {
            Content::Scalar(Value::Bool(value)) => Ok(*value),
            _ => Err(self.other(name, "true or false")),
        }
    }

    /// The same as JSON, without places.
    pub fn json(&self) -> Value {
        match &self.content {
            Content::Scalar(value) => value.clone(),
            Content::List(items) => items.iter().map(Node::json).collect(),
            Content::Map(entries) => entries.iter().map(|(key, node)| (key.name.clone(), node.json())).collect(),
        }
    }

    /// A value of another type than expected.
    pub fn other(&self, name: &str, expected: &str) -> Mistake {
        let found = match &self.content {
            Content::Scalar(Value::Null) => "nothing".to_owned(),
            Content::Scalar(value) => format!("{value}"),
            Content::List(_) => "a list".to_owned(),
            Content::Map(_) => "a map".to_owned(),
        };
        let cause = format!("expected {expected}, found {found}");
        Mistake { mark: self.mark, what: format!("invalid value of \"{name}\""), cause }
    }
}

impl Key {
    /// A key that there is not, with the nearest of those that there are.
    pub fn unknown(&self, known: &[&str]) -> Mistake {
        Mistake {
            mark: self.mark,
            what: format!("unknown key \"{}\"", self.name),
            cause: did_you_mean(&self.name, known),
        }
    }
}

/// `did you mean a or b?`, or all that are known.
pub fn did_you_mean(name: &str, known: &[&str]) -> String {
    match nearest(name, known.iter().copied()).as_slice() {
        [] if known.is_empty() => "there is none".to_owned(),
        [] if known.len() > 12 => "no known name is similar".to_owned(),
        [] => format!("there are {}", known.join(", ")),
        near => format!("did you mean {}?", near.join(" or ")),
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned { value, referenced, .. } = Spanned::<Content>::deserialize(deserializer)?;
        Ok(Node { mark: referenced.into(), content: value })
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Content, E> {
        Ok(Content::Scalar(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Content, E> {
        Ok(Content::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Content, E> {
        Ok(Content::Scalar(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Content, E> {
        Ok(Content::Scalar(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Content, E> {
        Ok(Content::Scalar(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Content, E> {
        Ok(Content::Scalar(Value::Null))
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<Content, E> {
        self.visit_unit()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Content, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Content::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Content, A::Error> {
        let mut map = Vec::new();
        while let Some(key) = entries.next_key::<Spanned<String>>()? {
            map.push((Key { mark: key.referenced.into(), name: key.value }, entries.next_value()?));
        }
        Ok(Content::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::{Mark, documents};
    use expect_test::expect;

    #[test]
    fn every_key_and_value_knows_its_place() {
        let text = "version: 1\nlimits:\n  deadline: 5m\nlist: [a, 'b c']\n";
        let document = &documents(text).expect("valid")[0];
        let map = document.map("it").expect("a map");
        let (limits, below) = &map[1];
        assert_eq!((limits.name.as_str(), limits.mark), ("limits", Mark { line: 2, column: 1 }));
        let (deadline, value) = &below.map("limits").expect("a map")[0];
        assert_eq!((deadline.mark, value.mark), (Mark { line: 3, column: 3 }, Mark { line: 3, column: 13 }));
        let list = map[2].1.list("list").expect("a list");
        assert_eq!(list[1].mark, Mark { line: 4, column: 11 });
        assert_eq!(document.json()["limits"]["deadline"], "5m");
    }

    #[test]
    fn what_is_no_yaml_is_told_with_its_place() {
        let said = |text| {
            let mistake = documents(text).expect_err("no YAML");
            format!("{}:{} {}: {}", mistake.mark.line, mistake.mark.column, mistake.what, mistake.cause)
        };
        expect!["1:4 no valid YAML: unclosed bracket '{'"].assert_eq(&said("a: {b"));
        expect!["2:1 no valid YAML: duplicate mapping key: a"].assert_eq(&said("a: 1\na: 2\n"));
        expect!["2:3 no valid YAML: mapping values are not allowed in this context"].assert_eq(&said("a: 1\n b: 2\n"));
        assert!(documents("# nothing\n").expect("valid").is_empty());
    }
}
