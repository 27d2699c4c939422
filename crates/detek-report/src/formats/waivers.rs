//! `waivers`: a file of waivers for every finding that counts, to begin with: what is new is then seen. It ends after 90
//! days.

use crate::{Render, Style, text::legal};
use detek_core::Finding;
use jiff::{ToSpan as _, civil::Date, tz::TimeZone};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

/// Days until they end.
const DAYS: i64 = 90;

/// Findings of one report about one kind in one namespace.
type Group<'a> = (&'a str, &'a str, &'a str);

pub(crate) fn render(runs: &[Render<'_>], _: &Style<'_>, out: &mut Vec<u8>) {
    let mut page = String::new();
    for render in runs {
        let today = render.run.now.to_zoned(TimeZone::UTC).date();
        let ends = today.checked_add(DAYS.days()).unwrap_or(Date::MAX);
        let mut number = 0;
        for ((id, kind, namespace), names) in groups(render) {
            number += 1;
            let texts = |names: &mut dyn Iterator<Item = &str>| -> String {
                names.map(legal).collect::<serde_json::Value>().to_string()
            };
            let one = |name: &str| texts(&mut std::iter::once(name));
            // JSON is YAML: whatever a name holds, it stays a text.
            write!(
                page,
                "---\napiVersion: detek/v1\nkind: Waiver\nmetadata: {{name: {}}}\nspec:\n  detectors: {}\n  match: {{clusters: {}, namespaces: {}, kinds: {}, names: {}}}\n  reason: found on {today}, when detek was introduced\n  owner: nobody yet\n  expires: {ends}\n",
                name(id, number),
                one(id),
                one(&render.run.target.context),
                if namespace.is_empty() { "[]".to_owned() } else { one(namespace) },
                one(kind),
                if names == BTreeSet::from([""]) { "[]".to_owned() } else { texts(&mut names.iter().copied()) },
            )
            .expect("writing to a string cannot fail");
        }
    }
    out.extend_from_slice(page.as_bytes());
}

/// Names by report, kind and namespace. A star in a name would match others, too: such an object is not accepted.
fn groups<'a>(render: &Render<'a>) -> BTreeMap<Group<'a>, BTreeSet<&'a str>> {
    let mut groups: BTreeMap<Group<'a>, BTreeSet<&'a str>> = BTreeMap::new();
    let literal = |finding: &&Finding| {
        let subject = &finding.subject;
        ![&subject.namespace, &subject.name].iter().any(|part| part.contains('*'))
    };
    for report in &render.run.reports {
        for finding in report.open().iter().filter(literal) {
            let subject = &finding.subject;
            groups.entry((&report.id, &subject.kind, &subject.namespace)).or_default().insert(&subject.name);
        }
    }
    groups
}

/// `baseline_failed_pod_3`.
fn name(id: &str, number: usize) -> String {
    let words: Vec<&str> = id.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    format!("baseline_{}_{number}", words.join("_"))
}
