//! The report as people meet it: in a browser, with keys, without scripts, on paper, with a screen reader's rules.
//! Needs Chromium and axe-core (`tests/web/README.md`); runs when `DETEK_REAL` is set and fails then if one is missing.
#![expect(clippy::disallowed_methods, reason = "tests read files and the environment")]

mod browser;
mod reports;

use browser::{Browser, View};
use reports::HOSTILE;
use serde_json::{Value, json};

const OPEN_ALL: &str = "document.querySelectorAll('details').forEach(part => part.open = true)";

/// Everything that axe-core objects to in the open page.
fn violations(browser: &mut Browser) -> Value {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/web/node_modules/axe-core/axe.min.js");
    let axe = std::fs::read_to_string(file).expect("axe-core is installed: see tests/web/README.md");
    // Without the last statement, the value of the script would be sent back.
    browser.eval(&format!("{axe}; 0"));
    browser.eval(
        "axe.run(document, {resultTypes: ['violations']}).then(({violations}) => violations.map(({id, nodes}) =>
            ({id, nodes: nodes.map(({html, failureSummary}) => html + ': ' + failureSummary)})))",
    )
}

#[test]
fn no_rule_of_accessibility_is_broken_in_either_theme_at_either_width() {
    let Some(mut browser) = Browser::start() else { return };
    let report = reports::with_gaps();
    let by_namespace = "#group=namespace";
    for (scheme, width, hash) in
        [("light", 320, ""), ("light", 1280, by_namespace), ("dark", 320, by_namespace), ("dark", 1280, "")]
    {
        browser.open(&report.file, hash, View { width, scheme, scripts: true });
        browser.eval(OPEN_ALL);
        browser.eval("document.querySelectorAll('main .open-row').forEach(button => button.click())");
        assert_eq!(violations(&mut browser), json!([]), "{scheme}, {width} px, {hash}");
        browser.press("?");
        assert_eq!(violations(&mut browser), json!([]), "help, {scheme}, {width} px");
        assert_eq!(browser.log, [""; 0], "{scheme}, {width} px, {hash}");
    }
}

#[test]
fn nothing_is_wider_than_a_narrow_window_or_one_at_twice_the_size() {
    let Some(mut browser) = Browser::start() else { return };
    for report in [reports::with_gaps(), reports::hostile()] {
        for width in [320, 640] {
            browser.open(&report.file, "", View { width, ..View::WIDE });
            browser.eval(OPEN_ALL);
            let wide = browser.eval("document.documentElement.scrollWidth");
            assert!(wide.as_u64() <= Some(u64::from(width)), "{wide} of {width}");
        }
    }
}

#[test]
fn without_scripts_every_detector_its_objects_and_its_fix_can_be_read() {
    let Some(mut browser) = Browser::start() else { return };
    let report = reports::with_gaps();
    browser.open(&report.file, "", View { scripts: false, ..View::WIDE });
    browser.eval(OPEN_ALL);
    let text = browser.eval("document.body.innerText").as_str().expect("a text").to_owned();
    for said in ["Container keeps crashing", "fraud-check", "kubectl logs NAME", "Not evaluated", "denied"] {
        assert!(text.contains(said), "{said} in {text}");
    }
    assert!(!text.contains("Download JSON"), "what needs a script is not offered");
    assert_eq!(browser.eval("document.querySelector('.open-row')"), Value::Null);
}

#[test]
fn an_injected_script_is_blocked() {
    let Some(mut browser) = Browser::start() else { return };
    let report = reports::with_gaps();
    let page = std::fs::read_to_string(&report.file).expect("the report can be read");
    let attack = "<main><img src=x onerror=owned=1><script>owned=1</script><a href=javascript:owned=1 id=a>a</a>";
    std::fs::write(&report.file, page.replacen("<main", &format!("{attack}<main"), 1)).expect("it can be written");
    browser.open(&report.file, "", View::WIDE);
    browser.eval("document.getElementById('a').click()");
    assert_eq!(browser.eval("typeof owned"), "undefined");
    assert!(browser.log.iter().any(|line| line.contains("Content Security Policy")), "{:?}", browser.log);
}

#[test]
fn hostile_names_are_shown_as_they_are_and_never_run() {
    let Some(mut browser) = Browser::start() else { return };
    let report = reports::hostile();
    for hash in ["", "#group=object", "#group=namespace&q=img", "#q=%3Cimg%20src%3Dx"] {
        browser.open(&report.file, hash, View::WIDE);
        browser.eval(OPEN_ALL);
        browser.eval("document.querySelectorAll('main .open-row').forEach(button => button.click())");
        assert_eq!(browser.eval("typeof owned"), "undefined", "{hash}");
        assert_eq!(browser.eval("document.images.length"), 0, "{hash}");
        let text = browser.eval("document.body.textContent").as_str().expect("a text").to_owned();
        assert!(text.contains(HOSTILE), "{hash}");
        assert_eq!(browser.log, [""; 0], "{hash}");
    }
}

#[test]
fn the_way_from_a_finding_to_its_fix_needs_no_mouse() {
    let Some(mut browser) = Browser::start() else { return };
    let report = reports::with_gaps();
    browser.open(&report.file, "", View::WIDE);
    browser.press("/");
    browser.write("detector:pod_crash_loop ns:payments");
    assert_eq!(browser.eval("document.getElementById('page-count').value.startsWith('1 of ')"), true);
    browser.press("Tab");
    browser.press("Tab");
    browser.eval("document.querySelector('main').focus()");
    browser.press("j");
    browser.press("j");
    assert_eq!(browser.eval("document.activeElement.className"), "open-row", "j goes from a group to its objects");
    browser.press("Enter");
    let text = browser.eval("document.activeElement.closest('details').innerText").as_str().expect("a text").to_owned();
    for said in ["What to do", "kubectl logs NAME", "kubectl get deployment.apps fraud-check -n payments -o yaml"] {
        assert!(text.contains(said), "{said} in {text}");
    }
    let address = browser.eval("location.hash").as_str().expect("a text").to_owned();
    browser.open(&report.file, &address, View::WIDE);
    assert_eq!(browser.eval("document.getElementById('page-count').value.startsWith('1 of ')"), true, "{address}");
    browser.press("/");
    browser.press("Escape");
    assert_eq!(browser.eval("location.hash"), "");
}

#[test]
fn grouping_and_order_are_kept_in_the_address_and_the_focus_in_its_place() {
    let Some(mut browser) = Browser::start() else { return };
    let report = reports::with_gaps();
    browser.open(&report.file, "#group=namespace", View::WIDE);
    let heading = "document.querySelector('.groups:not([hidden]) [data-sort=object]')";
    browser
        .eval("document.querySelector('.groups:not([hidden]) .group').open = true; new Promise(requestAnimationFrame)");
    browser.eval(&format!("{heading}.focus()"));
    browser.press("Enter");
    assert_eq!(browser.eval("location.hash"), "#group=namespace&sort=object");
    assert_eq!(browser.eval("document.activeElement.dataset.sort"), "object");
    assert_eq!(browser.eval(&format!("{heading}.parentElement.ariaSort")), "ascending");
    browser.eval("location.hash = '#pod_crash_loop'; new Promise(requestAnimationFrame)");
    assert_eq!(browser.eval("document.getElementById('pod_crash_loop').open"), true, "a link opens its detector");
    assert_eq!(browser.eval("document.getElementById('pod_crash_loop').checkVisibility()"), true);
}

#[test]
fn what_is_saved_from_the_page_is_what_the_formats_write() {
    let Some(mut browser) = Browser::start() else { return };
    for report in [reports::with_gaps(), reports::hostile()] {
        browser.open(&report.file, "", View::WIDE);
        for (name, file) in [("csv", &report.csv), ("json", &report.json)] {
            let saved = browser.eval(&format!(
                "new Promise(done => {{ URL.createObjectURL = blob => {{ blob.text().then(done); return '#'; }};
                   document.querySelector('[data-do={name}]').click(); }})"
            ));
            let written = std::fs::read_to_string(file).expect("the binary wrote it");
            assert_eq!(saved.as_str().expect("a text"), written, "{name}");
        }
    }
}

#[test]
fn single_keys_can_be_turned_off() {
    let Some(mut browser) = Browser::start() else { return };
    let report = reports::with_gaps();
    browser.open(&report.file, "", View::WIDE);
    browser.eval("document.getElementById('page-keys').click()");
    browser.press("?");
    assert_eq!(browser.eval("document.getElementById('page-help').open"), false);
}

#[test]
fn paper_shows_what_is_closed_on_the_screen() {
    let Some(mut browser) = Browser::start() else { return };
    let report = reports::with_gaps();
    browser.open(&report.file, "", View { scripts: false, ..View::WIDE });
    browser.media("print", "dark");
    let hidden = "[...document.querySelectorAll('main td, main h5')].filter(part => !part.checkVisibility({contentVisibilityAuto: true})).length";
    assert_eq!(browser.eval(hidden), 0);
    assert_eq!(browser.eval("getComputedStyle(document.documentElement).colorScheme"), "light");
}

#[test]
fn a_page_of_10_000_findings_costs_at_most_1_5_seconds_to_open() {
    let Some(mut browser) = Browser::start() else { return };
    let report = reports::large();
    browser.open(&report.file, "", View::WIDE);
    let total = browser.eval("document.getElementById('page-count').value").as_str().expect("a text").to_owned();
    let number: u64 = total.split(' ').next().expect("a word").replace(',', "").parse().expect("a number");
    assert!(number >= 10_000, "{total}");
    let bytes = report.file.metadata().expect("it is there").len();
    assert!(bytes <= 500 * number, "{bytes} for {total}");
    let loaded = browser.busy();
    browser.press("/");
    browser.write("ns:shop worker-01");
    browser.eval("document.body.offsetHeight");
    let filtered = browser.busy() - loaded;
    println!("{total}, {bytes} bytes: {loaded:.2} s of work to open, {filtered:.2} s to filter");
    assert!(loaded <= 1.5, "{loaded} s");
}
