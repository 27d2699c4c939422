//! JSON text in memory, read for what is kept of it.
//!
//! Most of a body is skipped, so skipping is what this reader is made for: one loop without recursion, that checks the
//! grammar as it goes and knows where it is by one bit for each open list or object. What is rare is left to serde_json:
//! texts with escapes, numbers that are not short integers, and saying what is wrong. So this reader accepts nothing that
//! serde_json refuses, and reads the same.
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use std::fmt;

/// It is not JSON, or not such that this reader takes it; serde_json knows which.
#[derive(Debug)]
pub(crate) struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("refused")
    }
}

impl std::error::Error for Refused {}

impl de::Error for Refused {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

type Result<T> = std::result::Result<T, Refused>;

/// Text with a place in it.
pub(crate) struct Json<'de> {
    text: &'de str,
    at: usize,
}

impl<'de> Json<'de> {
    pub(crate) fn new(text: &'de str) -> Self {
        Self { text, at: 0 }
    }

    /// Nothing but white space may be left.
    pub(crate) fn end(&mut self) -> Result<()> {
        if self.peek().is_err() { Ok(()) } else { Err(Refused) }
    }

    #[inline]
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is not white space, which stays the next.
    #[inline]
    fn peek(&mut self) -> Result<u8> {
        loop {
            match self.byte() {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                Some(byte) => return Ok(byte),
                None => return Err(Refused),
            }
        }
    }

    /// Takes `wanted`, which must be next.
    #[inline]
    fn take(&mut self, wanted: u8) -> Result<()> {
        let found = self.peek()?;
        self.at += 1;
        if found == wanted { Ok(()) } else { Err(Refused) }
    }

    #[inline]
    fn word(&mut self, word: &str) -> Result<()> {
        let found = self.text.as_bytes()[self.at..].starts_with(word.as_bytes());
        self.at += word.len();
        if found { Ok(()) } else { Err(Refused) }
    }

    /// Goes on to the byte that ends a run of plain text: a quote, a backslash or a control character.
    #[inline]
    fn plain(&mut self) -> Result<u8> {
        const ONES: u64 = u64::MAX / 255;
        let bytes = self.text.as_bytes();
        while let Some(chunk) = bytes.get(self.at..).and_then(<[u8]>::first_chunk::<8>) {
            // The lowest byte that a subtraction borrows for, eight bytes at a time.
            let eight = u64::from_le_bytes(*chunk);
            let (quote, backslash) = (eight ^ (ONES * u64::from(b'"')), eight ^ (ONES * u64::from(b'\\')));
            let control = eight.wrapping_sub(ONES * 0x20) & !eight;
            let found = (quote.wrapping_sub(ONES) & !quote) | (backslash.wrapping_sub(ONES) & !backslash) | control;
            let found = found & (ONES << 7);
            if found != 0 {
                self.at += found.trailing_zeros() as usize / 8;
                return Ok(bytes[self.at]);
            }
            self.at += 8;
        }
        while let Some(byte) = self.byte() {
            if matches!(byte, b'"' | b'\\' | ..0x20) {
                return Ok(byte);
            }
            self.at += 1;
        }
        Err(Refused)
    }

    /// Goes behind a text; the opening quote is next. Says whether it holds escapes.
    #[inline]
    fn pass_text(&mut self) -> Result<bool> {
        self.at += 1;
        let mut escapes = false;
        loop {
            match self.plain()? {
                b'"' => break,
                b'\\' => self.escape()?,
                _ => return Err(Refused),
            }
            escapes = true;
        }
        self.at += 1;
        Ok(escapes)
    }

    #[cold]
    fn escape(&mut self) -> Result<()> {
        self.at += 1;
        let code = self.byte().ok_or(Refused)?;
        self.at += 1;
        match code {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(()),
            b'u' => {
                let digits = self.text.as_bytes().get(self.at..self.at + 4).ok_or(Refused)?;
                self.at += 4;
                if digits.iter().all(u8::is_ascii_hexdigit) { Ok(()) } else { Err(Refused) }
            }
            _ => Err(Refused),
        }
    }

    #[inline]
    fn text<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        let start = self.at;
        if self.pass_text()? {
            let text: String = serde_json::from_str(&self.text[start..self.at]).map_err(|_| Refused)?;
            return visitor.visit_string(text);
        }
        visitor.visit_borrowed_str(&self.text[start + 1..self.at - 1])
    }

    /// Goes behind a number, which begins here.
    fn pass_number(&mut self) -> Result<()> {
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        let zero = self.byte() == Some(b'0');
        if self.digits()? > 1 && zero {
            return Err(Refused);
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.byte() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    /// Goes behind digits and says how many there were, at least one.
    #[inline]
    fn digits(&mut self) -> Result<usize> {
        let start = self.at;
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at > start { Ok(self.at - start) } else { Err(Refused) }
    }

    fn number<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        let start = self.at;
        self.pass_number()?;
        let number = &self.text[start..self.at];
        if number.len() <= 18 && number.bytes().all(|byte| byte.is_ascii_digit()) {
            return visitor.visit_u64(number.parse().map_err(|_| Refused)?);
        }
        serde_json::Deserializer::from_str(number).deserialize_any(visitor).map_err(|_| Refused)
    }

    /// Goes behind a value.
    fn skip(&mut self) -> Result<()> {
        // The open lists (0) and objects (1), the innermost in the lowest bit below a sentinel.
        let mut open: u128 = 1;
        loop {
            match self.peek()? {
                b'"' => {
                    self.pass_text()?;
                }
                bracket @ (b'{' | b'[') => {
                    if open.leading_zeros() == 0 {
                        return Err(Refused);
                    }
                    self.at += 1;
                    let object = bracket == b'{';
                    // The closing bracket is two behind the opening one in ASCII.
                    if self.peek()? == bracket + 2 {
                        self.at += 1;
                    } else {
                        open = open << 1 | u128::from(object);
                        if object {
                            self.skip_key()?;
                        }
                        continue;
                    }
                }
                b't' => self.word("true")?,
                b'f' => self.word("false")?,
                b'n' => self.word("null")?,
                _ => self.pass_number()?,
            }
            loop {
                if open == 1 {
                    return Ok(());
                }
                let object = open & 1 == 1;
                match self.peek()? {
                    b',' => {
                        self.at += 1;
                        if object {
                            self.skip_key()?;
                        }
                        break;
                    }
                    b'}' if object => {}
                    b']' if !object => {}
                    _ => return Err(Refused),
                }
                self.at += 1;
                open >>= 1;
            }
        }
    }

    #[inline]
    fn skip_key(&mut self) -> Result<()> {
        if self.peek()? != b'"' {
            return Err(Refused);
        }
        self.pass_text()?;
        self.take(b':')
    }
}

impl<'de> Deserializer<'de> for &mut Json<'de> {
    type Error = Refused;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.peek()? {
            b'"' => self.text(visitor),
            b'{' => {
                self.at += 1;
                visitor.visit_map(Elements { json: self, first: true })
            }
            b'[' => {
                self.at += 1;
                visitor.visit_seq(Elements { json: self, first: true })
            }
            b't' => {
                self.word("true")?;
                visitor.visit_bool(true)
            }
            b'f' => {
                self.word("false")?;
                visitor.visit_bool(false)
            }
            b'n' => {
                self.word("null")?;
                visitor.visit_unit()
            }
            _ => self.number(visitor),
        }
    }

    #[inline]
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.skip()?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier
    }
}

/// What is inside of a list or an object.
struct Elements<'a, 'de> {
    json: &'a mut Json<'de>,
    first: bool,
}

impl Elements<'_, '_> {
    /// Whether there is another; else goes behind the closing bracket.
    #[inline]
    fn another(&mut self, close: u8) -> Result<bool> {
        let next = self.json.peek()?;
        if next == close {
            self.json.at += 1;
            return Ok(false);
        }
        if !std::mem::take(&mut self.first) {
            self.json.take(b',')?;
        }
        Ok(true)
    }
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = Refused;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        if self.another(b']')? { seed.deserialize(&mut *self.json).map(Some) } else { Ok(None) }
    }
}

impl<'de> MapAccess<'de> for Elements<'_, 'de> {
    type Error = Refused;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        if !self.another(b'}')? {
            return Ok(None);
        }
        if self.json.peek()? != b'"' {
            return Err(Refused);
        }
        seed.deserialize(Key(self.json)).map(Some)
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value> {
        self.json.take(b':')?;
        seed.deserialize(&mut *self.json)
    }
}

/// A key, which is always a text.
struct Key<'a, 'de>(&'a mut Json<'de>);

impl<'de> Deserializer<'de> for Key<'_, 'de> {
    type Error = Refused;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.0.text(visitor)
    }

    #[inline]
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.0.pass_text()?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Deserialize;
    use serde::de::IgnoredAny;
    use serde_json::Value;

    fn skipped(text: &str) -> bool {
        let mut json = Json::new(text);
        IgnoredAny::deserialize(&mut json).and_then(|_| json.end()).is_ok()
    }

    fn read(text: &str) -> Option<Value> {
        let mut json = Json::new(text);
        let value = Value::deserialize(&mut json).ok()?;
        json.end().ok().map(|()| value)
    }

    /// Texts that are JSON or nearly so.
    fn almost_json() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            8 => "[\\[\\]{},: \n\"]",
            4 => "[-+.eE0-9]{1,4}",
            2 => prop::sample::select(&["true", "false", "null", "nul"][..]).prop_map(str::to_owned),
            4 => "\"(\\PC|[\\\\\"/bu0-9a-f]){0,12}\"",
            2 => prop::sample::select(&["{\"a\":", "[1,", "{}", "[]", ",\"b\":"][..]).prop_map(str::to_owned),
            1 => prop::sample::select(&["\\u00e9", "\\ud83d\\ude00", "\\ud800", "\u{1}", "\\n", "é", "😀"][..])
                .prop_map(|escape| format!("\"{}{escape}{}\"", "x".repeat(5), "y".repeat(9))),
        ];
        prop::collection::vec(part, 0..10).prop_map(|parts| parts.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4096) })]

        #[test]
        fn what_is_skipped_is_what_serde_json_skips(text in almost_json()) {
            prop_assert_eq!(skipped(&text), serde_json::from_str::<IgnoredAny>(&text).is_ok(), "{}", text);
        }

        #[test]
        fn what_is_read_is_what_serde_json_reads(text in almost_json()) {
            prop_assert_eq!(read(&text), serde_json::from_str(&text).ok(), "{}", text);
        }
    }

    #[test]
    fn numbers_are_read_as_serde_json_reads_them() {
        for text in [
            "0",
            "-0",
            "-0.0",
            "7",
            "-7",
            "007",
            "1.5",
            "1.",
            ".5",
            "-",
            "1e5",
            "1E-5",
            "1e",
            "1e999",
            "999999999999999999",
            "9223372036854775807",
            "9223372036854775808",
            "18446744073709551616",
            "-9223372036854775809",
        ] {
            assert_eq!(read(text), serde_json::from_str(text).ok(), "{text}");
            assert_eq!(skipped(text), serde_json::from_str::<IgnoredAny>(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn nesting_beyond_what_is_counted_is_left_to_serde_json() {
        let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(skipped(&deep(127)));
        assert!(!skipped(&deep(1_000_000)));
    }
}
