//! What a page is, whoever reads it; what it looks like in a browser is tested there.

use super::{SCRIPT, STYLE};
use crate::{
    Style,
    document::Json,
    tests::{
        dom::{Dom, Element},
        runs::{complete, empty, gaps, render, silent, unread},
    },
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use detek_core::{Finding, Fingerprint, Level, ReasonClass, Run};
use sha2::{Digest as _, Sha256};
use std::rc::Rc;

fn page(runs: &[&Run]) -> String {
    let renders: Vec<_> = runs.iter().map(|run| render(run)).collect();
    let mut out = Vec::new();
    super::render(&renders, &Style::default(), &mut out);
    String::from_utf8(out).expect("HTML is UTF-8")
}

#[test]
fn every_page_is_well_formed_and_every_anchor_exists_once() {
    let runs = [complete(), gaps(), silent(), unread(), empty()];
    let mut all: Vec<Vec<&Run>> = runs.iter().map(|run| vec![run]).collect();
    all.push(runs.iter().collect());
    for runs in all {
        let dom = Dom::parse(&page(&runs));
        assert_eq!(dom.errors, [""; 0]);
        let mut ids: Vec<&str> = dom.elements.iter().filter_map(|element| element.attribute("id")).collect();
        ids.sort_unstable();
        assert!(ids.windows(2).all(|pair| pair[0] != pair[1]), "{ids:?}");
        for link in dom.elements.iter().filter_map(|element| element.attribute("href")) {
            let known = link.strip_prefix('#').is_none_or(|anchor| ids.binary_search(&anchor).is_ok());
            assert!(known, "{link}");
        }
    }
}

#[test]
fn the_policy_comes_first_and_allows_exactly_the_style_and_the_script_of_the_page() {
    let dom = Dom::parse(&page(&[&gaps()]));
    let head = dom.elements.iter().position(|element| element.name() == "head").expect("a head");
    let meta = &dom.elements[head + 1];
    assert_eq!(meta.attribute("http-equiv"), Some("Content-Security-Policy"));
    let hash = |element: &Element| format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(element.text())));
    let script = dom.named("script").find(|script| script.attribute("type").is_none()).expect("a script");
    let style = dom.named("style").next().expect("a style");
    let policy = format!(
        "default-src 'none'; script-src {}; style-src {}; img-src data:; base-uri 'none'; form-action 'none'",
        hash(script),
        hash(style)
    );
    assert_eq!(meta.attribute("content"), Some(policy.as_str()));
    assert_eq!((dom.named("script").count(), dom.named("style").count()), (2, 1));
}

#[test]
fn nothing_is_loaded_run_or_styled_from_an_attribute() {
    let dom = Dom::parse(&page(&[&complete(), &gaps()]));
    for element in &dom.elements {
        for (name, value) in element.attributes() {
            let banned = name.starts_with("on") || matches!(name.as_str(), "style" | "src" | "srcset" | "action");
            assert!(!banned, "{name} of {}", element.name());
            if name == "href" {
                assert!(value.starts_with('#') || value.starts_with("https://"), "{value}");
            }
        }
        assert!(!matches!(element.name(), "link" | "iframe" | "object" | "embed" | "base"), "{}", element.name());
    }
}

#[test]
fn the_embedded_run_is_that_of_the_json_format() {
    for runs in [&[gaps()][..], &[complete(), gaps()]] {
        let runs: Vec<&Run> = runs.iter().collect();
        let dom = Dom::parse(&page(&runs));
        let data = dom.named("script").find(|script| script.attribute("type").is_some()).expect("the data");
        let embedded: serde_json::Value = serde_json::from_str(&data.text()).expect("valid JSON");
        let renders: Vec<_> = runs.iter().map(|run| render(run)).collect();
        assert_eq!(embedded, serde_json::to_value(Json::new(&renders)).expect("string keys"));
        assert!(data.text().bytes().all(|byte| (b' '..=b'~').contains(&byte) && !b"<>&".contains(&byte)));
    }
}

/// What tells a report from others of its family.
fn instance(id: &str) -> &str {
    id.rsplit(" - ").next().unwrap_or(id)
}

/// Rows of the table of a detector.
fn rows<'d>(dom: &'d Dom, detector: &str) -> Vec<&'d Rc<Element>> {
    let of = |element: &Element| element.attribute("data-detector") == Some(detector);
    dom.named("tr")
        .filter(|row| row.ancestors().any(|a| a.name() == "tbody") && row.ancestors().any(|a| of(&a)))
        .collect()
}

#[test]
fn without_a_script_every_detector_and_the_first_200_objects_of_each_are_there() {
    let mut run = gaps();
    let report = run.reports.iter_mut().find(|report| report.id == "pod_without_limits").expect("it is there");
    report.findings = numbered(&report.findings[0], 250);
    let dom = Dom::parse(&page(&[&run]));
    let text = dom.text();
    for report in &run.reports {
        assert!(text.contains(report.detector.meta().id) && text.contains(instance(&report.id)), "{}", report.id);
        let expected = report.findings.len().min(200);
        assert_eq!(rows(&dom, &report.id).len(), expected, "{}", report.id);
        for finding in report.findings.iter().take(200) {
            assert!(text.contains(&finding.subject.name) && text.contains(&finding.message), "{finding:?}");
        }
    }
    assert!(text.contains("tls_secret_expired"), "what was not run is said");
    assert!(!text.contains("web-249") && text.contains("The first 200 of 250"), "the rest is announced");
}

#[test]
fn what_was_not_seen_is_never_among_what_is_normal() {
    let run = gaps();
    let dom = Dom::parse(&page(&[&run]));
    let title = |row: &Element| {
        let section = row.ancestors().find(|a| a.attribute("class") == Some("section"))?;
        let within = |element: &Element| element.ancestors().any(|a| Rc::ptr_eq(&a, &section));
        Some(dom.named("h3").find(|heading| within(heading))?.text())
    };
    for report in &run.reports {
        let expected = match report.reason.as_ref().map(|reason| reason.class) {
            None if report.level == Level::Normal => "Normal",
            None => continue,
            Some(ReasonClass::Gap) => "Not evaluated",
            Some(ReasonClass::Detector) => "Detector errors",
            Some(ReasonClass::Skipped) => "Skipped",
            Some(ReasonClass::NotApplicable) => "Not applicable",
        };
        let cells = dom.elements.iter().filter(|cell| cell.text().trim() == instance(&report.id));
        let titles: Vec<String> = cells.filter_map(|cell| title(cell)).collect();
        assert_eq!(titles, [expected], "{}", report.id);
    }
    let nothing = page(&[&unread()]);
    assert!(nothing.contains("Nothing was evaluated.") && !nothing.contains("Nothing found"));
}

/// `many` findings about objects of their own.
fn numbered(like: &Finding, many: usize) -> Vec<Finding> {
    let finding = |number: usize| {
        let mut finding = like.clone();
        finding.fingerprint = Fingerprint(((number as u128) << 64 | 0x1234_5678).to_le_bytes());
        finding.subject.name = format!("web-{number}");
        finding
    };
    (0..many).map(finding).collect()
}

#[test]
fn pages_and_script_stay_within_their_budgets() {
    assert!(SCRIPT.0.len() <= 40_000, "{} bytes of script", SCRIPT.0.len());
    assert!(page(&[&empty()]).len() <= 300_000);
    let mut run = complete();
    let detectors = run.reports.iter().filter(|report| !report.findings.is_empty()).count();
    for report in run.reports.iter_mut().filter(|report| !report.findings.is_empty()) {
        report.findings = numbered(&report.findings[0], 10_000_usize.div_ceil(detectors));
        report.counts.findings = report.findings.len() as u64;
    }
    let (page, findings) = (page(&[&run]), run.reports.iter().map(|report| report.findings.len()).sum::<usize>());
    println!("{findings} findings of {detectors} detectors: {} bytes", page.len());
    assert!(findings >= 10_000 && page.len() <= 5_000_000, "{findings} findings, {} bytes", page.len());
}

#[test]
fn text_passes_escaping_nowhere_in_the_templates() {
    let templates = [
        include_str!("../../../templates/bar.html"),
        include_str!("../../../templates/cluster.html"),
        include_str!("../../../templates/detector.html"),
        include_str!("../../../templates/parts.html"),
        include_str!("../../../templates/report.html"),
        include_str!("../../../templates/shapes.html"),
    ];
    for template in templates {
        for banned in ["|safe", "| safe", "{% raw", "|escape", "| escape", "style=", "javascript:", "={{", "<!--"] {
            assert!(!template.contains(banned), "{banned} in {template}");
        }
    }
    for banned in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", ".style."] {
        assert!(!SCRIPT.0.contains(banned), "{banned}");
    }
    assert!(!STYLE.0.contains("url(") && !STYLE.0.contains("@import"));
}
