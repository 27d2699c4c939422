//! Checks of `spec.inputs`: names, keys, arguments, indexes.

use super::{Check, MAX_INDEXES, PLACEHOLDER, RESERVED, instead};
use crate::{
    format::InputSpec,
    key::{Arg, ArgKind, Key},
    problem::{Code, Fault},
    source::Spanned,
};
use serde_json::Value as Json;

impl Check<'_> {
    pub(super) fn inputs(&mut self) {
        let inputs = &self.file.spec.inputs;
        let mut indexes = 0;
        for (name, input) in inputs.iter() {
            if RESERVED.contains(&name.value.as_str()) {
                let text =
                    format!("an input cannot be named `{}`, which means something else in expressions", name.value);
                self.fault(Code::BadId, name, text).set_help("rename it");
            }
            match Key::parse(&input.key) {
                Ok(key) => self.args(&key, input),
                Err(bad) => self.fault(bad.code, &input.key, bad.text).set_help(bad.help),
            }
            for (name, index) in input.index.iter() {
                indexes += 1;
                if index.key.value.is_empty() {
                    let text = format!("index `{}` has neither `key` nor `keys`", name.value);
                    self.fault(Code::MissingField, name, text)
                        .set_help("CEL over `object`: `key: object.metadata.name`");
                }
                if indexes == MAX_INDEXES + 1 {
                    let text = format!("the detector has more indexes than {MAX_INDEXES}, which is the limit");
                    self.fault(Code::LimitExceeded, name, text).set_help("remove some");
                }
            }
        }
    }

    fn args(&mut self, key: &Key, input: &InputSpec) {
        let known = key.args();
        for (name, value) in input.args.iter() {
            if let Some(arg) = known.iter().find(|arg| arg.name == name.value) {
                self.arg(arg, value);
            } else {
                let text = format!("`{key}` has no argument `{}`", name.value);
                let help = instead(name, known.iter().map(|arg| arg.name));
                self.fault(Code::UnknownField, name, text).set_help(help);
            }
        }
        for arg in known.iter().filter(|arg| arg.required && input.args.get(arg.name).is_none()) {
            let text = format!("`{key}` needs the argument `{}`", arg.name);
            self.fault(Code::MissingField, &input.key, text).set_help(format!("add `args: {{{}: ...}}`", arg.name));
        }
    }

    fn arg(&mut self, arg: &Arg, value: &Spanned<Json>) {
        let wrong = |words: &str| {
            Fault::new(Code::WrongValue, value.at, format!("`{}` must be {words}", arg.name))
                .help("`detek list collectors` shows the arguments")
        };
        let text = match (arg.kind, &value.value) {
            (ArgKind::Texts, Json::Array(items)) if items.iter().all(Json::is_string) => return,
            (ArgKind::Texts, _) => return self.faults.push(wrong("a list of texts")),
            (_, Json::String(text)) => Spanned { value: text.clone(), at: value.at },
            _ => return self.faults.push(wrong("text")),
        };
        match arg.kind {
            ArgKind::Endpoint if text.contains(['/', ':', '{']) => {
                let words = "an endpoint is the name of a source that the operator configures, never an address".into();
                self.fault(Code::NotAllowed, &text, words).set_help("packs hold no URL, host or credential");
            }
            ArgKind::Endpoint | ArgKind::Texts => {}
            ArgKind::Duration if !text.contains("{{") && text.parse::<detek_core::Span>().is_err() => {
                self.faults.push(wrong("a duration such as `5m`"));
            }
            ArgKind::Text | ArgKind::Duration => self.placeholders(&text),
        }
    }

    /// Only parameters whose values cannot change what the text means may be put into it.
    fn placeholders(&mut self, text: &Spanned<String>) {
        let found: Vec<regex::Captures<'_>> = PLACEHOLDER.captures_iter(text).collect();
        let after = found.last().and_then(|found| found.get(0)).map_or(0, |whole| whole.end());
        if let Some(open) = text[after..].find("{{") {
            let range = after + open..after + open + 2;
            self.part(Code::Syntax, text, range, "a placeholder is not closed", "write `{{ params.NAME }}`".into());
        }
        for (whole, inner) in found.iter().filter_map(|found| Some((found.get(0)?.range(), found.get(1)?))) {
            let Some(name) = inner.as_str().trim().strip_prefix("params.") else {
                let help = "write `{{ params.NAME }}`".into();
                self.part(Code::WrongValue, text, whole, "only parameters may stand in an argument", help);
                continue;
            };
            match self.param(name) {
                None => {
                    let help = instead(name, self.file.spec.params.names());
                    self.part(Code::UnknownName, text, whole, &format!("there is no parameter `{name}`"), help);
                }
                Some(spec) if !spec.is_inert() => {
                    let kind = spec.kind().name();
                    let words = format!(
                        "a parameter of type {kind} cannot stand in an argument: its value could change what is asked"
                    );
                    let help = "use an integer, number, boolean or duration, or give the parameter an `enum`".into();
                    self.part(Code::NotAllowed, text, whole, &words, help);
                }
                Some(_) => {}
            }
        }
    }

    /// A fault with a range of bytes of a text.
    fn part(&mut self, code: Code, text: &Spanned<String>, bytes: std::ops::Range<usize>, words: &str, help: String) {
        let offset = text[..bytes.start].chars().count();
        let width = text[bytes].chars().count();
        self.faults.push(Fault::new(code, text.at, words.into()).part(text, offset, width).help(help));
    }
}
