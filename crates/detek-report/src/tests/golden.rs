//! Every format of realistic runs, byte for byte, in `tests/golden/`. `UPDATE_EXPECT=1` writes them.

use super::{
    format,
    runs::{complete, empty, gaps, silent, unread, waived},
    text,
};
use crate::{FORMATS, Style};
use expect_test::expect_file;

#[track_caller]
fn check(name: &str, text: &str) {
    expect_file![format!("{}/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"))].assert_eq(text);
}

#[test]
fn every_format_writes_what_it_wrote_before() {
    for format in FORMATS.iter().filter(|format| !["html", "json-v1"].contains(&format.name)) {
        check(&format!("run.{}", format.name), &text(format, &[&complete(), &gaps()], &Style::default()));
    }
}

#[test]
fn what_is_waived_is_told_and_counts_in_no_total() {
    for format in FORMATS.iter().filter(|format| !["html", "json-v1"].contains(&format.name)) {
        check(&format!("waived.{}", format.name), &text(format, &[&waived()], &Style::default()));
    }
    let page = text(format("html"), &[&waived()], &Style::default());
    for told in ["<li class=\"chip waived\">", ">Waived</h3>", ">Waivers</h3>", "vendor ships 2.0 &#60;soon&#62;"] {
        assert!(page.contains(told), "{told}");
    }
}

#[test]
fn json_is_its_newest_version() {
    let [newest, pinned] = ["json", "json-v1"].map(|name| text(format(name), &[&gaps()], &Style::default()));
    assert_eq!(newest, pinned);
}

#[test]
fn what_the_original_could_not_say_is_attached_in_its_document() {
    check("gaps.json-v0", &text(format("json-v0"), &[&gaps()], &Style::default()));
}

#[test]
fn tables_suit_terminals_of_any_width() {
    for width in [20, 80, 200] {
        let style = Style { width: Some(width), unicode: true, ..Style::default() };
        let runs = [&complete(), &gaps()];
        check(&format!("table-{width}.txt"), &text(format("table"), &runs, &style));
        let colored = text(format("table"), &runs, &Style { color: true, ..style });
        check(&format!("table-{width}-color.txt"), &colored);
    }
}

#[test]
fn wide_is_the_same_on_any_terminal_but_for_its_colors() {
    let style = Style { width: Some(20), unicode: true, color: true, ..Style::default() };
    check("wide-color.txt", &text(format("wide"), &[&gaps()], &style));
    let plain = Style { width: Some(20), ..Style::default() };
    assert_eq!(text(format("wide"), &[&gaps()], &plain), text(format("wide"), &[&gaps()], &Style::default()));
}

#[test]
fn a_run_without_findings_or_without_anything_says_so() {
    for name in ["table", "wide", "markdown", "junit", "prometheus", "csv"] {
        let text = text(format(name), &[&silent(), &unread(), &empty()], &Style::default());
        check(&format!("empty.{name}"), &text);
    }
}
