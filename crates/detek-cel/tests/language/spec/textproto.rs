//! The text form of protocol buffers, as far as one can read it without knowing the messages: names and values.
//!
//! Open messages lie on a stack of our own, so that depth costs no recursion.

use std::fmt;
use std::iter::Peekable;
use std::str::CharIndices;

/// A message: its fields in order, repeated ones once for each value.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Message(Vec<(String, Field)>);

/// A value of a field.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Field {
    /// Of a string or bytes field.
    Text(Vec<u8>),
    /// A number or the name of an enum's value.
    Word(String),
    Message(Message),
}

/// What is wrong, and where.
#[derive(Debug, PartialEq)]
pub(crate) struct Malformed {
    line: usize,
    what: &'static str,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl Message {
    /// All fields in order; of a message of type `Any` in its expanded form the one field is named `[URL]`.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &Field)> {
        self.0.iter().map(|(name, field)| (name.as_str(), field))
    }

    /// The values of the field `name`.
    pub(crate) fn all<'m>(&'m self, name: &str) -> impl Iterator<Item = &'m Field> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, field)| field)
    }

    /// The messages in the field `name`.
    pub(crate) fn messages<'m>(&'m self, name: &str) -> impl Iterator<Item = &'m Message> {
        self.all(name).filter_map(|field| if let Field::Message(message) = field { Some(message) } else { None })
    }

    /// The first message in the field `name`.
    pub(crate) fn message(&self, name: &str) -> Option<&Message> {
        self.messages(name).next()
    }

    /// The text in the field `name`, which must be UTF-8; empty if it is not set, as in protocol buffers.
    pub(crate) fn text(&self, name: &str) -> &str {
        let Some(Field::Text(bytes)) = self.all(name).next() else { return "" };
        std::str::from_utf8(bytes).expect("strings of protocol buffers are UTF-8")
    }

    /// The word in the field `name`.
    pub(crate) fn word(&self, name: &str) -> Option<&str> {
        self.all(name).find_map(|field| if let Field::Word(word) = field { Some(word.as_str()) } else { None })
    }
}

/// Reads a message without braces around it: a file.
///
/// # Errors
/// With the first thing that is no text form.
pub(crate) fn parse(source: &str) -> Result<Message, Malformed> {
    let mut reader = Reader { source, rest: source.char_indices().peekable() };
    reader.message().map_err(|what| {
        let at = reader.rest.peek().map_or(source.len(), |(at, _)| *at);
        Malformed { line: source[..at].matches('\n').count() + 1, what }
    })
}

/// A message that is not closed yet.
struct Open {
    /// The field of the message around it that it is a value of.
    field: String,
    /// What closes it; nothing closes a file.
    close: Option<char>,
    /// The field whose list of values is open.
    list: Option<String>,
    message: Message,
}

struct Reader<'s> {
    source: &'s str,
    rest: Peekable<CharIndices<'s>>,
}

impl Reader<'_> {
    fn message(&mut self) -> Result<Message, &'static str> {
        let open = |field, close| Open { field, close, list: None, message: Message::default() };
        let mut inner = open(String::new(), None);
        let mut outer: Vec<Open> = Vec::new();
        loop {
            let next = self.peek();
            let field = match (&inner.list, next) {
                (None, None) if inner.close.is_none() => return Ok(inner.message),
                (_, None) => return Err("the file ends within a message"),
                (_, Some(',' | ';')) => {
                    self.rest.next();
                    continue;
                }
                (Some(_), Some(']')) => {
                    self.rest.next();
                    inner.list = None;
                    continue;
                }
                (None, next) if next == inner.close => {
                    self.rest.next();
                    let closed = inner;
                    inner = outer.pop().ok_or("nothing is open that this closes")?;
                    inner.message.0.push((closed.field, Field::Message(closed.message)));
                    continue;
                }
                (Some(field), _) => field.clone(),
                (None, _) => {
                    let name = self.name()?;
                    if self.peek() == Some(':') {
                        self.rest.next();
                    }
                    if self.peek() == Some('[') {
                        self.rest.next();
                        inner.list = Some(name);
                        continue;
                    }
                    name
                }
            };
            if let Some(brace @ ('{' | '<')) = self.peek() {
                self.rest.next();
                outer.push(inner);
                inner = open(field, Some(if brace == '{' { '}' } else { '>' }));
            } else {
                let scalar = self.scalar()?;
                inner.message.0.push((field, scalar));
            }
        }
    }

    /// The next character that is neither space nor part of a comment.
    fn peek(&mut self) -> Option<char> {
        while let Some((_, next)) = self.rest.next_if(|(_, c)| c.is_whitespace() || *c == '#') {
            if next == '#' {
                while self.rest.next_if(|(_, c)| *c != '\n').is_some() {}
            }
        }
        self.rest.peek().map(|(_, next)| *next)
    }

    /// The name of a field, or in brackets of an extension or of the type in an `Any`.
    fn name(&mut self) -> Result<String, &'static str> {
        if self.peek() != Some('[') {
            return self.word().ok_or("expected the name of a field");
        }
        let mut name = String::new();
        for (_, next) in self.rest.by_ref() {
            name.push(next);
            if next == ']' {
                return Ok(name);
            }
        }
        Err("a name in brackets does not end")
    }

    fn word(&mut self) -> Option<String> {
        let start = self.rest.peek()?.0;
        while self.rest.next_if(|(_, c)| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '+' | '-')).is_some() {}
        let end = self.rest.peek().map_or(self.source.len(), |(at, _)| *at);
        (end > start).then(|| self.source[start..end].to_owned())
    }

    fn scalar(&mut self) -> Result<Field, &'static str> {
        if !matches!(self.peek(), Some('"' | '\'')) {
            return self.word().map(Field::Word).ok_or("expected a value");
        }
        let mut text = Vec::new();
        while let Some(quote @ ('"' | '\'')) = self.peek() {
            self.rest.next();
            self.quoted(quote, &mut text)?;
        }
        Ok(Field::Text(text))
    }

    /// The rest of a string, and its closing quote.
    fn quoted(&mut self, quote: char, text: &mut Vec<u8>) -> Result<(), &'static str> {
        loop {
            match self.rest.next().ok_or("a string does not end")?.1 {
                '\\' => self.escape(text)?,
                '\n' => return Err("a string does not end on its line"),
                next if next == quote => return Ok(()),
                next => text.extend_from_slice(next.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
    }

    fn escape(&mut self, text: &mut Vec<u8>) -> Result<(), &'static str> {
        let next = self.rest.next().ok_or("a string does not end")?.1;
        text.push(match next {
            'a' => 7,
            'b' => 8,
            't' => b'\t',
            'n' => b'\n',
            'v' => 11,
            'f' => 12,
            'r' => b'\r',
            '\\' | '\'' | '"' | '?' => next as u8,
            'x' | 'X' => self.digits(16, 2, 0)? as u8,
            '0'..='7' => u8::try_from(self.digits(8, 2, u32::from(next as u8 - b'0'))?)
                .map_err(|_| "an octal escape beyond a byte")?,
            'u' | 'U' => {
                let code = self.digits(16, if next == 'u' { 4 } else { 8 }, 0)?;
                let character = char::from_u32(code).ok_or("an escape that is no character of Unicode")?;
                text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
            _ => return Err("an escape that is not known"),
        });
        Ok(())
    }

    /// Goes on with a number by at most so many digits.
    fn digits(&mut self, radix: u32, most: usize, start: u32) -> Result<u32, &'static str> {
        let mut value = start;
        for _ in 0..most {
            let Some((_, digit)) = self.rest.next_if(|(_, c)| c.is_digit(radix)) else { break };
            let digit = digit.to_digit(radix).expect("checked to be a digit");
            value = value.checked_mul(radix).and_then(|v| v.checked_add(digit)).ok_or("an escape is too large")?;
        }
        Ok(value)
    }
}

#[test]
fn text_form_is_read_in_all_its_spellings() {
    let source = r#"
        a: 1, a: -2.5e3; b { c: "x\ty" '\x41\101' # not d: 1
          "\u00e9" } b < c: "" >  # lists
        list: [ {v: 1}, <v: 2> ] words: [ONE, TWO]
        any { [type.googleapis.com/google.protobuf.Duration] { seconds: 5 } }"#;
    let message = parse(source).unwrap();
    assert_eq!(message.all("a").count(), 2);
    assert_eq!(message.word("a"), Some("1"));
    assert_eq!(message.messages("b").map(|b| b.text("c")).collect::<Vec<_>>(), ["x\tyAAé", ""]);
    assert_eq!(message.messages("list").filter_map(|l| l.word("v")).collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(message.all("words").count(), 2);
    let any = message.message("any").unwrap().fields().next().unwrap();
    assert_eq!(any.0, "[type.googleapis.com/google.protobuf.Duration]");
}

#[test]
fn what_is_not_text_form_is_refused_with_its_line() {
    let wrong = ["a: {", "a: }", "}", "a: \"x", "a: \"\\q\"", "a:", "a: [1", "\n\n[a", "a { b > }"];
    for source in wrong {
        let error = parse(source).unwrap_err();
        assert_eq!(error.line, source.matches('\n').count() + 1, "{source}: {error}");
    }
}
