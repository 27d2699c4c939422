//! Formats that Kubernetes asks names and other texts for, with its own words for what is wrong.

use super::{Call, Fault, Gives, Overload, time, url};
use crate::Kind::{Format as F, List, Text};
use crate::{Object, Value};
use regex::Regex;
use std::sync::LazyLock;

pub(crate) static FUNCTIONS: &[Overload] = &[
    constant("format.byte", |call, _| format(call, Format::Byte)),
    constant("format.date", |call, _| format(call, Format::Date)),
    constant("format.datetime", |call, _| format(call, Format::Datetime)),
    constant("format.dns1035Label", |call, _| format(call, Format::Dns1035Label)),
    constant("format.dns1035LabelPrefix", |call, _| format(call, Format::Dns1035LabelPrefix)),
    constant("format.dns1123Label", |call, _| format(call, Format::Dns1123Label)),
    constant("format.dns1123LabelPrefix", |call, _| format(call, Format::Dns1123LabelPrefix)),
    constant("format.dns1123Subdomain", |call, _| format(call, Format::Dns1123Subdomain)),
    constant("format.dns1123SubdomainPrefix", |call, _| format(call, Format::Dns1123SubdomainPrefix)),
    constant("format.labelValue", |call, _| format(call, Format::LabelValue)),
    Overload::function("1.31", "format.named", &[Text], Gives::OptionalOf(F), |call, args| {
        let Value::Text(name) = args[0] else { return Err(Fault::NoSuchOverload) };
        let named = Format::named(name).map(|named| call.object(Object::Format(named)));
        Ok(call.optional(named))
    }),
    constant("format.qualifiedName", |call, _| format(call, Format::QualifiedName)),
    constant("format.uri", |call, _| format(call, Format::Uri)),
    constant("format.uuid", |call, _| format(call, Format::Uuid)),
    Overload::method("1.31", "validate", &[F, Text], Gives::OptionalOf(List), validate),
];

const fn constant(name: &'static str, call: super::Function) -> Overload {
    Overload::function("1.31", name, &[], Gives::A(F), call)
}

#[expect(clippy::unnecessary_wraps, reason = "it is the result of a function of the language")]
fn format<'a>(call: &mut Call<'a, '_>, format: Format) -> Result<Value<'a>, Fault> {
    Ok(call.object(Object::Format(format)))
}

/// What is wrong with a text; none if it is valid.
fn validate<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    let (Value::Object(Object::Format(format)), Value::Text(text)) = (args[0], args[1]) else {
        return Err(Fault::NoSuchOverload);
    };
    call.charge(super::tenth(text.len() + 1) * 15)?;
    let problems: Vec<_> = format.problems(text).iter().map(|problem| call.text(problem)).collect();
    let list = if problems.is_empty() { None } else { Some(call.list(&problems)) };
    Ok(call.optional(list))
}

/// A format by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// Base64.
    Byte,
    /// `2024-01-31`
    Date,
    /// RFC 3339.
    Datetime,
    /// A label of RFC 1035.
    Dns1035Label,
    /// The same, to which something is appended.
    Dns1035LabelPrefix,
    /// A label of RFC 1123.
    Dns1123Label,
    /// The same, to which something is appended.
    Dns1123LabelPrefix,
    /// Labels of RFC 1123 with dots.
    Dns1123Subdomain,
    /// The same, to which something is appended.
    Dns1123SubdomainPrefix,
    /// The value of a label.
    LabelValue,
    /// The key of a label.
    QualifiedName,
    /// An absolute URI.
    Uri,
    /// A UUID, with or without hyphens.
    Uuid,
}

/// A pattern with the words that Kubernetes has for it.
struct Rule {
    longest: usize,
    message: &'static str,
    examples: &'static [&'static str],
    pattern: &'static str,
}

const DNS1123_LABEL: Rule = Rule {
    longest: 63,
    message: "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end \
              with an alphanumeric character",
    examples: &["my-name", "123-abc"],
    pattern: "[a-z0-9]([-a-z0-9]*[a-z0-9])?",
};
const DNS1123_SUBDOMAIN: Rule = Rule {
    longest: 253,
    message: "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start \
              and end with an alphanumeric character",
    examples: &["example.com"],
    pattern: r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*",
};
const DNS1035_LABEL: Rule = Rule {
    longest: 63,
    message: "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic \
              character, and end with an alphanumeric character",
    examples: &["my-name", "abc-123"],
    pattern: "[a-z]([-a-z0-9]*[a-z0-9])?",
};
const LABEL_VALUE: Rule = Rule {
    longest: 63,
    message: "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start \
              and end with an alphanumeric character",
    examples: &["MyValue", "my_value", "12345"],
    pattern: "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?",
};
const QUALIFIED_NAME: Rule = Rule {
    longest: 63,
    message: "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
    examples: &["MyName", "my.name", "123-abc"],
    pattern: "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]",
};

/// The patterns, compiled once; their text is part of the messages.
struct Patterns {
    dns1123_label: Regex,
    dns1123_subdomain: Regex,
    dns1035_label: Regex,
    label_value: Regex,
    qualified_name: Regex,
    uuid: Regex,
    base64: Regex,
    time: Regex,
}

static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| {
    let whole = |pattern: &str| Regex::new(&format!("^(?:{pattern})$")).expect("the patterns here are valid");
    Patterns {
        dns1123_label: whole(DNS1123_LABEL.pattern),
        dns1123_subdomain: whole(DNS1123_SUBDOMAIN.pattern),
        dns1035_label: whole(DNS1035_LABEL.pattern),
        label_value: whole(LABEL_VALUE.pattern),
        qualified_name: whole(QUALIFIED_NAME.pattern),
        uuid: whole("(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}"),
        base64: whole("(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})"),
        time: whole("[0-9]{2}:[0-9]{2}:[0-9]{2}(?:.[0-9]+)?(?:z|[+-][0-9]{2}:[0-9]{2})"),
    }
});

impl Rule {
    fn check(&self, regex: &Regex, text: &str) -> Vec<String> {
        let mut problems = self.too_long(text);
        if !regex.is_match(text) {
            problems.push(self.mismatch());
        }
        problems
    }

    fn too_long(&self, text: &str) -> Vec<String> {
        let problem = || format!("must be no more than {} characters", self.longest);
        (text.len() > self.longest).then(problem).into_iter().collect()
    }

    fn mismatch(&self) -> String {
        let examples: Vec<_> = self.examples.iter().map(|example| format!("'{example}', ")).collect();
        let Rule { message, pattern, .. } = self;
        format!("{message} (e.g. {}regex used for validation is '{pattern}')", examples.join(" or "))
    }
}

impl Format {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "byte" => Format::Byte,
            "date" => Format::Date,
            "datetime" => Format::Datetime,
            "dns1035Label" => Format::Dns1035Label,
            "dns1035LabelPrefix" => Format::Dns1035LabelPrefix,
            "dns1123Label" => Format::Dns1123Label,
            "dns1123LabelPrefix" => Format::Dns1123LabelPrefix,
            "dns1123Subdomain" => Format::Dns1123Subdomain,
            "dns1123SubdomainPrefix" => Format::Dns1123SubdomainPrefix,
            "labelValue" => Format::LabelValue,
            "qualifiedName" => Format::QualifiedName,
            "uri" => Format::Uri,
            "uuid" => Format::Uuid,
            _ => return None,
        })
    }

    /// What is wrong with a text, as Kubernetes says it.
    fn problems(self, text: &str) -> Vec<String> {
        let unless = |valid: bool, problem: &str| if valid { Vec::new() } else { vec![problem.to_owned()] };
        match self {
            Format::Byte => unless(PATTERNS.base64.is_match(text), "invalid base64"),
            Format::Date => unless(time::is_date(text), "invalid date"),
            Format::Datetime => unless(is_datetime(text), "invalid datetime"),
            Format::Dns1035Label => DNS1035_LABEL.check(&PATTERNS.dns1035_label, text),
            Format::Dns1035LabelPrefix => Format::Dns1035Label.problems(&completed(text)),
            Format::Dns1123Label => dns1123_label(text),
            Format::Dns1123LabelPrefix => dns1123_label(&completed(text)),
            Format::Dns1123Subdomain => DNS1123_SUBDOMAIN.check(&PATTERNS.dns1123_subdomain, text),
            Format::Dns1123SubdomainPrefix => Format::Dns1123Subdomain.problems(&completed(text)),
            Format::LabelValue => LABEL_VALUE.check(&PATTERNS.label_value, text),
            Format::QualifiedName => qualified_name(text),
            Format::Uri => url::problem(text).into_iter().collect(),
            Format::Uuid => unless(PATTERNS.uuid.is_match(text), "does not match the UUID format"),
        }
    }
}

/// A prefix may end in a hyphen, as something will follow.
fn completed(prefix: &str) -> String {
    let rest = prefix.strip_suffix('-').and_then(|rest| rest.strip_suffix(|c: char| c.is_ascii()));
    rest.map_or_else(|| prefix.to_owned(), |rest| format!("{rest}a"))
}

fn dns1123_label(text: &str) -> Vec<String> {
    let mut problems = DNS1123_LABEL.too_long(text);
    if !PATTERNS.dns1123_label.is_match(text) {
        let dots = PATTERNS.dns1123_subdomain.is_match(text);
        problems.push(if dots { "must not contain dots".to_owned() } else { DNS1123_LABEL.mismatch() });
    }
    problems
}

fn qualified_name(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let name = match text.split_once('/') {
        None => text,
        Some((_, name)) if name.contains('/') => {
            let example = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
            return vec![format!("a qualified name {} {example}", QUALIFIED_NAME.mismatch())];
        }
        Some(("", name)) => {
            problems.push("prefix part must be non-empty".to_owned());
            name
        }
        Some((prefix, name)) => {
            problems.extend(Format::Dns1123Subdomain.problems(prefix).iter().map(|one| format!("prefix part {one}")));
            name
        }
    };
    if name.is_empty() {
        problems.push("name part must be non-empty".to_owned());
    }
    let of_name = QUALIFIED_NAME.check(&PATTERNS.qualified_name, name);
    problems.extend(of_name.iter().map(|one| format!("name part {one}")));
    problems
}

/// A date and a time, whose fields are not too large, as the library of Kubernetes checks it.
fn is_datetime(text: &str) -> bool {
    let lower = text.to_lowercase();
    let mut parts = lower.split('t');
    let (Some(date), Some(time)) = (parts.next(), parts.next()) else { return false };
    time::is_date(date)
        && PATTERNS.time.is_match(time)
        && &time[..2] <= "23"
        && &time[3..5] <= "59"
        && &time[6..8] <= "59"
}
