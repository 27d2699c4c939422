//! Regular expressions, those of RE2 (and Go), with the `regex` crate.
//!
//! The two languages are close, but not the same: `\d \s \w \b` mean ASCII in RE2 and Unicode in the crate, the crate has
//! operators inside of classes that RE2 has not, and RE2 takes a `{` that begins no repetition for itself. So a pattern is
//! translated first, and what RE2 refuses is refused.

use super::{Call, Fault, Gives, Overload, tenth};
use crate::Kind::{Bool, Int, Text};
use crate::Value;
use regex::{Regex, RegexBuilder};
use std::cell::RefCell;
use std::collections::HashMap;
use std::iter::Peekable;
use std::str::Chars;

pub(crate) static FUNCTIONS: &[Overload] = &[
    Overload::method("1.0", "find", &[Text, Text], Gives::A(Text), |call, args| {
        let (regex, text) = computed(call, args)?;
        Ok(Value::Text(regex.find(text).map_or("", |found| found.as_str())))
    }),
    Overload::method("1.0", "findAll", &[Text, Text], Gives::ListOf(Text), find_all),
    Overload::method("1.0", "findAll", &[Text, Text, Int], Gives::ListOf(Text), find_all),
    Overload::function("1.0", "matches", &[Text, Text], Gives::A(Bool), matches),
    Overload::method("1.0", "matches", &[Text, Text], Gives::A(Bool), matches),
];

/// The longest pattern, in bytes.
const LONGEST_PATTERN: usize = 1024;
/// The largest program of a literal pattern, in bytes.
const LARGEST_LITERAL: usize = 1 << 20;
/// The largest program of a computed pattern, and of what is cached to run it, in bytes. It takes up to 2 ms to compile.
const LARGEST_COMPUTED: usize = 1 << 18;
/// What it costs to compile a pattern that was computed.
const COMPILING: usize = 2000;
/// How many of these are kept.
const MOST_COMPUTED: usize = 16;
/// The most repetitions that RE2 takes.
const MOST_REPETITIONS: u32 = 1000;

fn matches<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    let (regex, text) = computed(call, args)?;
    Ok(Value::Bool(regex.is_match(text)))
}

fn find_all<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    let limit = match args.get(2) {
        Some(Value::Int(limit)) => usize::try_from(*limit).unwrap_or(usize::MAX),
        Some(_) => return Err(Fault::NoSuchOverload),
        None => usize::MAX,
    };
    let (regex, text) = computed(call, args)?;
    let found: Vec<_> = regex.find_iter(text).take(limit).map(|found| Value::Text(found.as_str())).collect();
    call.charge(found.len())?;
    Ok(call.list(&found))
}

/// The pattern, compiled, and the text to search; paid for.
fn computed<'a>(call: &mut Call<'_, '_>, args: &[Value<'a>]) -> Result<(Regex, &'a str), Fault> {
    let (Value::Text(text), Value::Text(pattern)) = (args[0], args[1]) else { return Err(Fault::NoSuchOverload) };
    call.charge(COMPILING + tenth(text.len() + 1) * pattern.len().div_ceil(4))?;
    let regex = COMPUTED.with_borrow_mut(|compiled| {
        if let Some(known) = compiled.get(pattern) {
            return known.clone();
        }
        if compiled.len() >= MOST_COMPUTED {
            compiled.clear();
        }
        let regex = compile_within(LARGEST_COMPUTED, pattern).ok();
        compiled.entry(pattern.into()).insert_entry(regex).get().clone()
    });
    Ok((regex.ok_or(Fault::Invalid("a regular expression of RE2, up to 1 kB"))?, text))
}

thread_local! {
    /// The patterns that were computed last, as they are the same for most objects; none if it is no pattern. Costs do not
    /// depend on what is here.
    static COMPUTED: RefCell<HashMap<Box<str>, Option<Regex>>> = RefCell::default();
}

/// Compiles a pattern that is a literal.
///
/// # Errors
/// Says what is wrong with it: its syntax, or that it or its program is too large.
pub(crate) fn compile(pattern: &str) -> Result<Regex, String> {
    compile_within(LARGEST_LITERAL, pattern)
}

fn compile_within(size: usize, pattern: &str) -> Result<Regex, String> {
    if pattern.len() > LONGEST_PATTERN {
        return Err(format!("the pattern is longer than {LONGEST_PATTERN} bytes"));
    }
    let translated = translate(pattern).map_err(|problem| format!("{problem} in `{pattern}`"))?;
    let built = RegexBuilder::new(&translated).size_limit(size).dfa_size_limit(size).build();
    built.map_err(|error| error.to_string())
}

/// A class of Perl, in ASCII: what is in it.
fn perl_class(letter: char) -> &'static str {
    match letter.to_ascii_lowercase() {
        'd' => "0-9",
        's' => r"\t\n\f\r ",
        _ => "0-9A-Za-z_",
    }
}

/// Names of classes inside of a class.
const POSIX_CLASSES: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word",
    "xdigit",
];

type Problem = &'static str;

/// The pattern in the language of the `regex` crate.
fn translate(pattern: &str) -> Result<String, Problem> {
    let mut out = String::with_capacity(pattern.len() * 2);
    let mut rest = pattern.chars().peekable();
    // Whether what was read last is repeated already.
    let mut repeated = false;
    while let Some(c) = rest.next() {
        let counted = if c == '{' { repetition(&rest)? } else { None };
        if matches!(c, '*' | '+' | '?') || counted.is_some() {
            if repeated {
                return Err("a repetition of a repetition");
            }
            out.push(c);
            for digit in rest.by_ref().take(counted.unwrap_or(0)) {
                out.push(digit);
            }
            out.extend(rest.next_if_eq(&'?'));
            repeated = true;
            continue;
        }
        repeated = false;
        match c {
            '\\' => escape(&mut rest, &mut out)?,
            '[' => class(&mut rest, &mut out)?,
            '(' => group(&mut rest, &mut out)?,
            '|' | ')' | '^' | '$' | '.' => out.push(c),
            _ => literal(c, &mut out),
        }
    }
    Ok(out)
}

/// How many characters after a `{` belong to a repetition such as `{2,5}`; none if it is no repetition.
fn repetition(rest: &Peekable<Chars<'_>>) -> Result<Option<usize>, Problem> {
    let text: String = rest.clone().take_while(|c| *c != '}').take(16).collect();
    let (from, to) = text.split_once(',').unwrap_or((&text, &text));
    let number = |digits: &str| {
        let plain = digits.bytes().all(|b| b.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
        if plain { digits.parse::<u32>().ok() } else { None }
    };
    let (Some(from), Some(to)) = (number(from), if to.is_empty() { Some(MOST_REPETITIONS) } else { number(to) }) else {
        return Ok(None);
    };
    if rest.clone().nth(text.len()) != Some('}') {
        return Ok(None);
    }
    if from > to || to > MOST_REPETITIONS { Err("a repetition out of range") } else { Ok(Some(text.len() + 1)) }
}

/// What follows a `(`: the flags of RE2, or a name.
fn group(rest: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<(), Problem> {
    out.push('(');
    let Some(mark) = rest.next_if_eq(&'?') else { return Ok(()) };
    out.push(mark);
    if rest.peek() == Some(&'P') || rest.peek() == Some(&'<') {
        out.extend(rest.next_if_eq(&'P'));
        return if rest.peek() == Some(&'<') { Ok(()) } else { Err("an unknown kind of group") };
    }
    loop {
        let flag = rest.next().ok_or("a group without end")?;
        out.push(flag);
        match flag {
            ':' | ')' => return Ok(()),
            'i' | 'm' | 's' | 'U' | '-' => {}
            _ => return Err("an unknown flag"),
        }
    }
}

/// What follows a `\` outside of a class.
fn escape(rest: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<(), Problem> {
    match rest.peek().copied().ok_or("a `\\` at the end")? {
        c @ ('d' | 's' | 'w' | 'D' | 'S' | 'W') => {
            let sign = if c.is_ascii_uppercase() { "^" } else { "" };
            out.extend(["[", sign, perl_class(c), "]"]);
        }
        'b' => out.push_str(r"(?-u:\b)"),
        'B' => out.push_str(r"(?-u:\B)"),
        'A' => out.push_str(r"\A"),
        'z' => out.push_str(r"\z"),
        'Q' => {
            rest.next();
            quoted(rest, out);
            return Ok(());
        }
        'p' | 'P' => return property(rest, out),
        _ => {
            literal(escaped(rest)?, out);
            return Ok(());
        }
    }
    rest.next();
    Ok(())
}

/// What stands between `\Q` and `\E`, or the end.
fn quoted(rest: &mut Peekable<Chars<'_>>, out: &mut String) {
    while let Some(c) = rest.next() {
        if c == '\\' && rest.next_if_eq(&'E').is_some() {
            return;
        }
        literal(c, out);
    }
}

/// A class of Unicode: `\pL`, `\P{Greek}`, `\p{^Greek}`.
fn property(rest: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<(), Problem> {
    let mut negated = rest.next() == Some('P');
    let first = rest.next().ok_or("a class of Unicode without name")?;
    let mut name = String::from(first);
    if first == '{' {
        negated ^= rest.next_if_eq(&'^').is_some();
        name = rest.by_ref().take_while(|c| *c != '}').collect();
    }
    let known = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(known) {
        return Err("an unknown class of Unicode");
    }
    out.extend([if negated { r"\P{" } else { r"\p{" }, name.as_str(), "}"]);
    Ok(())
}

/// The character that an escape means.
fn escaped(rest: &mut Peekable<Chars<'_>>) -> Result<char, Problem> {
    let unknown = "an unknown escape";
    Ok(match rest.next().ok_or(unknown)? {
        'a' => '\u{7}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        'x' if rest.next_if_eq(&'{').is_some() => {
            let digits: String = rest.by_ref().take_while(|c| *c != '}').collect();
            char_of(&digits, 16).ok_or(unknown)?
        }
        'x' => char_of(&rest.by_ref().take(2).collect::<String>(), 16).ok_or(unknown)?,
        first @ '0'..='7' => {
            let mut digits = String::from(first);
            while digits.len() < 3 && rest.peek().is_some_and(|c| ('0'..='7').contains(c)) {
                digits.extend(rest.next());
            }
            // One digit that is not 0 would be a reference back, which RE2 has not.
            char_of(&digits, 8).filter(|_| digits.len() > 1 || first == '0').ok_or(unknown)?
        }
        c if c.is_ascii() && !c.is_ascii_alphanumeric() => c,
        _ => return Err(unknown),
    })
}

fn char_of(digits: &str, radix: u32) -> Option<char> {
    let plain = digits.chars().all(|c| c.is_digit(radix));
    if plain { char::from_u32(u32::from_str_radix(digits, radix).ok()?) } else { None }
}

/// A character that means itself, wherever it stands.
fn literal(c: char, out: &mut String) {
    if c.is_ascii_punctuation() && !matches!(c, '<' | '>') {
        out.push('\\');
    }
    out.push(c);
}

/// What follows a `[`, up to its end.
fn class(rest: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<(), Problem> {
    out.push('[');
    out.extend(rest.next_if_eq(&'^'));
    let mut first = true;
    loop {
        let c = rest.peek().copied().ok_or("a class without end")?;
        if c == ']' && !first {
            out.extend(rest.next());
            return Ok(());
        }
        first = false;
        if c == '[' && posix(rest, out)? || c == '\\' && class_escape(rest, out)? {
            continue;
        }
        let low = class_char(rest)?;
        literal(low, out);
        let mut ahead = rest.clone();
        if ahead.next() == Some('-') && ahead.next().is_some_and(|c| c != ']') {
            out.extend(rest.next());
            let high = class_char(rest)?;
            if high < low {
                return Err("a range from high to low");
            }
            literal(high, out);
        }
    }
}

fn class_char(rest: &mut Peekable<Chars<'_>>) -> Result<char, Problem> {
    match rest.next().ok_or("a class without end")? {
        '\\' => escaped(rest),
        c => Ok(c),
    }
}

/// A class inside of a class: `[:alpha:]`. Whether there was one.
fn posix(rest: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<bool, Problem> {
    let text: String = rest.clone().take(12).collect();
    let Some((name, _)) = text.strip_prefix("[:").and_then(|text| text.split_once(":]")) else { return Ok(false) };
    if !POSIX_CLASSES.contains(&name.strip_prefix('^').unwrap_or(name)) {
        return Err("an unknown class");
    }
    out.extend(rest.by_ref().take(name.len() + 4));
    Ok(true)
}

/// An escape inside of a class that means more than one character. Whether there was one.
fn class_escape(rest: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<bool, Problem> {
    let mut ahead = rest.clone();
    ahead.next();
    match ahead.peek().copied() {
        Some(c @ ('d' | 's' | 'w')) => out.push_str(perl_class(c)),
        Some(c @ ('D' | 'S' | 'W')) => out.extend(["[^", perl_class(c), "]"]),
        Some('p' | 'P') => {
            *rest = ahead;
            property(rest, out)?;
            return Ok(true);
        }
        _ => return Ok(false),
    }
    ahead.next();
    *rest = ahead;
    Ok(true)
}
