//! Everything that comes from a cluster is hostile: whatever its text, every format keeps its shape, stays small and holds
//! no character that moves a terminal or hides text.

use super::{
    runs::{complete, gaps, one_document},
    shape::shape,
    text,
};
use crate::{FORMATS, Style};
use detek_core::{Input, ObjectRef, Run};
use detek_doc::Store;
use serde_json::{Map, Value};

const CORPUS: &[&str] = &[
    "<script>alert(1)</script>",
    "</script></title><img src=x onerror=alert(1)>",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "&lt;&#0;&quot;",
    "\"'><b a='",
    "{{7*7}}${7*7}<%= 7 %>",
    "\u{1b}[2J\u{1b}[31m",
    "\u{1b}]52;c;QUFB\u{7}",
    "\u{9b}2J\u{90}x\u{9c}",
    "\u{202e}abc\u{202c}\u{2066}x\u{2069}\u{200f}",
    "\u{200b}\u{200d}\u{feff}",
    "\u{5e9}\u{5dc}\u{5d5}\u{5dd}",
    "=HYPERLINK(\"http://evil.example\")",
    "@SUM(A1)",
    "+1",
    "-1",
    "\t=1",
    "\u{a0}\u{ff1d}1",
    "'=1",
    "\0\u{8}\u{7f}",
    "\u{fffd}\u{fffd}",
    "\u{fffe}\u{ffff}",
    "a\r\nb\nc\rd",
    "\u{2028}x\u{2029}\u{85}",
    "`x` ``y``",
    "a|b\\|c\\",
    "\n| --- | --- |\n",
    "\n# HELP x y\nx{a=\"b\"} 1\n",
    "[x](javascript:alert(1))",
    "../../etc/passwd",
    "e\u{301}\u{301}\u{301}\u{301}\u{301}",
    "日本語",
    ",;\"\"\n,",
    "@everyone <@U1> #1",
    "\\n\\u001b[2J",
    "   ",
];

/// One kind of text that a cluster decides on.
type Place = fn(&mut Run, &dyn Fn(&str) -> String);

const PLACES: [Place; 9] = [
    |run, to| each_object(run, |object| object.name = to(&object.name)),
    |run, to| each_object(run, |object| object.namespace = to(&object.namespace)),
    |run, to| each_object(run, |object| object.kind = to(&object.kind)),
    |run, to| each_object(run, |object| object.group = to(&object.group)),
    |run, to| {
        for finding in run.reports.iter_mut().flat_map(|report| &mut report.findings) {
            finding.message = to(&finding.message);
            finding.path = finding.path.as_deref().map(to);
        }
    },
    |run, to| {
        for finding in run.reports.iter_mut().flat_map(|report| &mut report.findings) {
            let evidence = finding.evidence.iter().map(|(name, value)| (name.to_owned(), value.clone())).collect();
            finding.evidence = fields(&evidence, to).into_iter().collect();
        }
    },
    |run, to| {
        for input in &mut run.inputs {
            let Some(mut cause) = input.cause().cloned() else { continue };
            cause.text = to(&cause.text);
            cause.user = cause.user.as_deref().map(to);
            let (key, scope, volume) = (input.key().clone(), input.scope().clone(), input.volume().clone());
            let store = if input.seen().is_some() { one_document() } else { Store::empty() };
            *input = Input::partial(key, scope, store, cause, volume);
        }
    },
    |run, to| {
        for reason in run.reports.iter_mut().filter_map(|report| report.reason.as_mut()) {
            reason.text = to(&reason.text);
        }
        run.notes.iter_mut().for_each(|note| note.text = to(&note.text));
    },
    |run, to| {
        let target = &mut run.target;
        for text in
            [&mut target.context, &mut target.server, &mut target.cluster_id].into_iter().chain(&mut target.version)
        {
            *text = to(text);
        }
        target.namespaces.iter_mut().for_each(|name| *name = to(name));
    },
];

fn each_object(run: &mut Run, change: impl Fn(&mut ObjectRef)) {
    let changed = |object: &ObjectRef| {
        let mut object = object.clone();
        // The cluster has no name, an object of the core no group: no server can make them up.
        let before = object.clone();
        change(&mut object);
        for (now, then) in [
            (&mut object.name, before.name),
            (&mut object.namespace, before.namespace),
            (&mut object.group, before.group),
        ] {
            if then.is_empty() {
                now.clear();
            }
        }
        object
    };
    for finding in run.reports.iter_mut().flat_map(|report| &mut report.findings) {
        finding.subject = changed(&finding.subject);
        finding.samples = finding.samples.iter().map(changed).collect();
        finding.related = finding.related.iter().map(changed).collect();
    }
}

fn fields(evidence: &Map<String, Value>, to: &dyn Fn(&str) -> String) -> Map<String, Value> {
    let change = |value: &Value| match value {
        Value::String(text) => Value::String(to(text)),
        Value::Object(inner) => Value::Object(fields(inner, to)),
        other => other.clone(),
    };
    evidence.iter().map(|(name, value)| (to(name), change(value))).collect()
}

fn styles() -> [Style<'static>; 2] {
    [Style::default(), Style { width: Some(80), unicode: true, json_pretty: false, ..Style::default() }]
}

/// Both runs with the texts of `places` changed, in every format and style.
fn outputs(to: &dyn Fn(&str) -> String, places: &[Place]) -> Vec<(&'static str, String)> {
    let [a, b] = [complete(), gaps()].map(|mut run| {
        for place in places {
            place(&mut run, to);
        }
        run
    });
    let each = FORMATS.iter().flat_map(|format| styles().map(|style| (format, style)));
    each.map(|(format, style)| (format.name, text(format, &[&a, &b], &style))).collect()
}

/// The shapes of both runs with harmless text in `places`.
fn expected(places: &[Place]) -> Vec<String> {
    outputs(&|text| format!("x{text}"), places).iter().map(|(name, output)| shape(name, output)).collect()
}

fn compare(hostile: &[(&'static str, String)], expected: &[String], what: &str) {
    for ((name, output), expected) in hostile.iter().zip(expected) {
        assert_eq!(&shape(name, output), expected, "{name} with {what}:\n{output}");
        let bad = output.chars().find(|c| !allowed(*c, name));
        assert_eq!(bad, None, "{name} with {what} holds a character that is not to be shown:\n{output}");
        assert!(output.len() < 2_000_000, "{name} with {what} has {} bytes", output.len());
    }
}

/// Whether a character may stand in an output: no control but those that we write, nothing invisible.
fn allowed(c: char, format: &str) -> bool {
    let ours = c == '\n' || (c == '\t' && format == "name");
    let invisible = matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    ours || !(c.is_control() || invisible)
}

#[test]
fn hostile_text_changes_no_shape_and_no_control_character_passes() {
    let expected = expected(&PLACES);
    for evil in CORPUS {
        compare(&outputs(&|text| format!("{evil}{text}"), &PLACES), &expected, &format!("{evil:?} before"));
        compare(&outputs(&|text| format!("{text}{evil}"), &PLACES), &expected, &format!("{evil:?} behind"));
    }
}

#[test]
fn a_megabyte_of_text_is_clipped_wherever_it_stands() {
    let long = "x".repeat(1 << 20);
    for (number, place) in PLACES.iter().enumerate() {
        let outputs = outputs(&|text| format!("{long}{text}"), &[*place]);
        compare(&outputs, &expected(&[*place]), &format!("1 MB in place {number}"));
    }
}

#[test]
fn no_cell_is_a_formula_whatever_the_cluster_says() {
    for evil in CORPUS {
        let mut run = gaps();
        for place in PLACES {
            place(&mut run, &|text| format!("{evil}{text}"));
        }
        let output = text(super::format("csv"), &[&run], &Style::default());
        let mut reader = csv::Reader::from_reader(output.as_bytes());
        for cell in reader.records().flat_map(|row| row.expect("a row").iter().map(str::to_owned).collect::<Vec<_>>()) {
            let first = cell.trim_start().chars().next();
            assert!(!first.is_some_and(|c| "=+-@\t\r＝＋－＠".contains(c)), "{cell}");
        }
    }
}
