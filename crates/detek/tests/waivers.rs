//! Waivers on a simulated cluster: what they mark, when they stop, and what they never do.
#![expect(clippy::disallowed_methods, reason = "tests write files")]

mod saying;

use detek_sim::{Running, Sim, on};
use expect_test::expect;
use saying::{home, ran, said};
use serde_json::Value;
use tempfile::TempDir;

/// A waiver of some detectors.
fn waiver(name: &str, detectors: &str, matching: &str, expires: &str) -> String {
    format!(
        "---\napiVersion: detek/v1\nkind: Waiver\nmetadata: {{name: {name}}}\nspec:\n  detectors: [{detectors}]\n  \
         match: {{{matching}}}\n  reason: vendor fixes it in 2.0\n  owner: team-batch\n  expires: {expires}\n"
    )
}

/// A simulated cluster, and a home with its kubeconfig and a file of waivers.
struct Case {
    _server: Running,
    home: TempDir,
}

impl Case {
    fn new(sim: Sim, waivers: &[String]) -> Self {
        let today = format!("{DAY}T12:00:00Z").parse().expect("a time");
        let server = sim.date(today).start_in_thread().expect("the simulator starts");
        let home = home();
        std::fs::write(home.path().join("config"), server.kubeconfig()).expect("it can be written");
        std::fs::write(home.path().join("waivers.yaml"), waivers.concat()).expect("it can be written");
        Case { _server: server, home }
    }

    /// Runs with `arguments` on a day; its output, messages and exit code.
    fn run(&self, day: &str, arguments: &[&str]) -> (String, String, i32) {
        let now = format!("{day}T12:00:00Z");
        let always = ["run", "--kubeconfig", "config", "--waivers", "waivers.yaml", "--now", &now, "--quiet"];
        ran(&self.home, &[], &[&always, arguments].concat())
    }

    /// The run as JSON, with its exit code.
    fn json(&self, day: &str, arguments: &[&str]) -> (Value, i32) {
        let (output, text, code) = self.run(day, &[&["-o", "json"], arguments].concat());
        (serde_json::from_str(&output).unwrap_or_else(|_| panic!("{text}")), code)
    }

    /// Names and states of the waivers in a run.
    fn states(&self, day: &str, arguments: &[&str]) -> Vec<String> {
        let (run, _) = self.json(day, arguments);
        let states = run["waivers"].as_array().expect("a list").iter();
        states.map(|audit| format!("{} {}", audit["name"], audit["state"]).replace('"', "")).collect()
    }
}

fn report<'r>(run: &'r Value, id: &str) -> &'r Value {
    run["reports"].as_array().expect("a list").iter().find(|report| report["detector"] == id).expect("it was run")
}

const DAY: &str = "2026-02-01";

#[test]
fn a_waived_finding_stays_in_the_run_and_counts_for_nothing() {
    let case = Case::new(Sim::demo(), &[waiver("accepted", "pod_crash_loop", "namespaces: [payments]", "2026-06-30")]);
    let only = ["--only", "pod_crash_loop", "--fail-on", "error"];
    let (run, code) = case.json(DAY, &only);
    let crash = report(&run, "pod_crash_loop");
    assert_eq!((code, &crash["level"]), (0, &"Normal".into()));
    assert_eq!((&crash["counts"]["findings"], &crash["counts"]["waived"]), (&1.into(), &1.into()));
    expect![[r#"{"expires":"2026-06-30","name":"accepted","owner":"team-batch","reason":"vendor fixes it in 2.0"}"#]]
        .assert_eq(&crash["findings"][0]["waiver"].to_string());
    // It is still the same finding, so nobody takes it for fixed.
    let (bare, bare_code) = case.json(DAY, &[&only[..], &["--no-waivers"]].concat());
    let before = report(&bare, "pod_crash_loop");
    assert_eq!(before["findings"][0]["fingerprint"], crash["findings"][0]["fingerprint"]);
    assert_eq!((bare_code, &before["level"]), (1, &"Error".into()));
    let (table, ..) = case.run(DAY, &only);
    assert!(table.contains("? 0   1 waived "), "{table}");
}

#[test]
fn a_waiver_that_ends_stops_working_at_once() {
    let case = Case::new(Sim::demo(), &[waiver("short", "pod_crash_loop", "", "2026-02-01")]);
    let only = ["--only", "pod_crash_loop", "--fail-on", "error"];
    // Its last day, and the next.
    assert_eq!(case.json("2026-02-01", &only).1, 0);
    assert_eq!(case.states("2026-02-01", &only), ["short expiring"]);
    let (run, code) = case.json("2026-02-02", &only);
    assert_eq!((code, &report(&run, "pod_crash_loop")["level"]), (1, &"Error".into()));
    assert_eq!(case.states("2026-02-02", &only), ["short expired"]);
    let (table, ..) = case.run("2026-02-02", &only);
    expect!["note         waiver short at waivers.yaml:2:1, expired: it ended on 2026-02-01"].assert_eq(&notes(&table));
}

/// The notes of a table.
fn notes(table: &str) -> String {
    table.lines().filter(|line| line.contains("waiver ")).map(str::trim).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_is_not_as_it_should_be_is_listed_and_changes_no_exit_code() {
    let case = Case::new(
        Sim::demo(),
        &[
            waiver("fits", "pod_crash_loop", "kinds: [Deployment], names: [fraud-*]", "2026-12-31"),
            waiver("fixed_long_ago", "pod_crash_loop", "names: [gone]", "2026-12-31"),
            waiver("ended", "pod_crash_loop", "", "2026-01-01"),
            waiver("misspelt", "pod_crash_lop", "", "2026-12-31"),
            waiver("everything", "pod_image_unknown_registry", "", "2026-12-31"),
            waiver("for_ever", "pod_crash_loop", "", "2099-12-31"),
            waiver("elsewhere", "pod_crash_loop", "clusters: [prod-*]", "2026-12-31"),
            waiver("not_asked", "tls_secret_expired", "", "2026-12-31"),
        ],
    );
    let flags =
        ["--only", "pod_crash_loop,pod_image_unknown_registry", "--param", "pod_image_unknown_registry.allowed=none"];
    let states = case.states(DAY, &flags);
    expect![[r"
        fits matched
        fixed_long_ago unused
        ended expired
        misspelt unknown_detector
        everything too_broad
        for_ever invalid
        elsewhere not_applicable
        not_asked not_evaluated"]]
    .assert_eq(&states.join("\n"));
    let (table, _, code) = case.run(DAY, &flags);
    assert_eq!(code, 0);
    expect![[r#"
        note         waiver fixed_long_ago at waivers.yaml:12:1, unused: it matches nothing: remove it
        note         waiver ended at waivers.yaml:22:1, expired: it ended on 2026-01-01
        note         waiver misspelt at waivers.yaml:32:1, unknown_detector: there is no detector "pod_crash_lop"
        note         waiver everything at waivers.yaml:42:1, too_broad: more than 25 % of the objects of a detector
        note         waiver for_ever at waivers.yaml:52:1, invalid: it ends more than 365 days ahead, on 2099-12-31"#]]
    .assert_eq(&notes(&table));
    let (list, ..) = ran(&case.home, &[], &["list", "waivers", "--waivers", "waivers.yaml", "-o", "name"]);
    assert_eq!(list.lines().count(), 8);
}

#[test]
fn unknown_stays_unknown_and_a_gap_is_not_hidden() {
    let denied = Sim::demo().fault(on("pods").status(403));
    let case = Case::new(denied, &[waiver("all", "pod_crash_loop", "", "2026-12-31")]);
    let (run, code) = case.json(DAY, &["--only", "pod_crash_loop"]);
    assert_eq!((code, &report(&run, "pod_crash_loop")["level"]), (3, &"Unknown".into()));
    // Nor is it said that it matches nothing.
    assert_eq!(case.states(DAY, &["--only", "pod_crash_loop"]), ["all not_evaluated"]);
    // A list of which a part was read: the findings are waived, the rest is not known to be well.
    let cut = Sim::demo().fault(on("pods").page(2).status(500));
    let case =
        Case::new(cut, &[waiver("all", "container_restarted, pod_crash_loop, container_oom_killed", "", "2026-12-31")]);
    let (run, code) =
        case.json(DAY, &["--only", "container_restarted,pod_crash_loop,container_oom_killed", "--page-size", "20"]);
    assert_eq!(code, 3);
    for report in run["reports"].as_array().expect("a list") {
        assert_eq!(report["level"], "Unknown", "{}", report["detector"]);
    }
    assert!(run["reports"].to_string().contains("\"waiver\":{"));
}

#[test]
fn a_condition_sees_the_finding_and_an_error_in_it_is_no_match() {
    let level = |condition: &str| {
        let accepted = waiver("some", "pod_crash_loop", &format!("where: \"{condition}\""), "2026-12-31");
        let case = Case::new(Sim::demo(), &[accepted]);
        let (run, _) = case.json(DAY, &["--only", "pod_crash_loop"]);
        report(&run, "pod_crash_loop")["level"].as_str().expect("a text").to_owned()
    };
    assert_eq!(level("finding.subject.namespace == 'payments' && finding.evidence.restarts > 40"), "Normal");
    assert_eq!(level("finding.evidence.container == 'fraud-check'"), "Normal");
    assert_eq!(level("finding.subject.namespace == 'shop'"), "Error");
    assert_eq!(level("finding.evidence.no_such_field == 'x'"), "Error");
    assert_eq!(level("finding.message / 0 == 1"), "Error");
}

#[test]
fn what_follows_from_a_waived_finding_counts_by_itself() {
    let case = Case::new(Sim::demo(), &[waiver("cause", "service_selects_nothing", "", "2026-12-31")]);
    let (run, _) = case.json(DAY, &[]);
    let symptoms = report(&run, "service_no_available_target")["findings"].as_array().expect("a list");
    assert!(symptoms.iter().all(|finding| finding["cause"].is_null() && finding["waiver"].is_null()));
}

#[test]
fn a_baseline_waives_what_it_was_made_of() {
    let case = Case::new(Sim::demo(), &[]);
    let (_, text, code) = case.run(DAY, &["-o", "waivers=waivers.yaml", "--fail-on", "info"]);
    assert_eq!(code, 1, "{text}");
    let (run, code) = case.json(DAY, &["--fail-on", "info"]);
    assert_eq!(code, 0);
    let reports = run["reports"].as_array().expect("a list");
    assert!(reports.iter().all(|report| report["level"] == "Normal" || report["reason"]["class"] == "not_applicable"));
    assert_eq!(case.json("2026-05-03", &["--fail-on", "info"]).1, 1, "it ends after 90 days");
}

/// What a list says of a file of waivers.
fn listed(text: &str) -> String {
    let home = home();
    std::fs::write(home.path().join("w.yaml"), text).expect("it can be written");
    let (output, errors, code) = ran(&home, &[], &["list", "waivers", "--waivers", "w.yaml"]);
    format!("{output}{errors}exit {code}")
}

#[test]
fn a_mistake_in_a_waiver_is_told_with_its_place_and_harms_no_other() {
    let good = waiver("good", "failed_pod", "", "2026-12-31");
    let with = |from: &str, to: &str| listed(&waiver("bad", "failed_pod", "", "2026-12-31").replace(from, to));
    for (from, to) in [
        ("  owner: team-batch\n", ""),
        ("  reason: vendor fixes it in 2.0\n", ""),
        ("  expires: 2026-12-31\n", ""),
        ("detectors: [failed_pod]", "detectors: []"),
        ("detectors: [failed_pod]", "detectors: failed_pod"),
        ("detectors: [failed_pod]", "detectors: ['*']"),
        ("expires: 2026-12-31", "expires: next summer"),
        ("expires: 2026-12-31", "expire: 2026-12-31"),
        ("match: {}", "match: {namespace: [a]}"),
        ("match: {}", "match: {names: a}"),
        ("match: {}", "match: {where: 'finding.count >'}"),
        ("kind: Waiver", "kind: Waver"),
        ("detek/v1", "detek/v2"),
        ("metadata: {name: bad}", "metadata: {}"),
    ] {
        let said = with(from, to);
        assert!(said.contains(" invalid "), "{said}");
    }
    expect![[r#"
        bad  invalid           "owner" is missing: who accepts it (w.yaml:6:3)
        exit 0"#]]
    .assert_eq(&with("  owner: team-batch\n", ""));
    expect![[r#"
        bad  invalid           invalid value of "detectors": expected ids without wildcards: each that is accepted is named, found "*" (w.yaml:6:15)
        exit 0"#]].assert_eq(&with("detectors: [failed_pod]", "detectors: ['*']"));
    expect![[r#"
        bad  invalid           invalid value of "expires": expected a day, such as 2027-06-30, found "next summer" (w.yaml:10:12)
        exit 0"#]]
    .assert_eq(&with("expires: 2026-12-31", "expires: next summer"));
    expect![[r#"
        bad  invalid           unknown key "namespace": did you mean namespaces or names? (w.yaml:7:11)
        exit 0"#]]
    .assert_eq(&with("match: {}", "match: {namespace: [a]}"));
    expect![[r"
        bad  invalid           cannot use the condition: unknown name `findin`; did you mean `finding`? (w.yaml:7:18)
        exit 0"]]
    .assert_eq(&with("match: {}", "match: {where: 'findin.count > 1'}"));
    expect![[r#"
        unnamed  invalid           "name" is missing: what it is called in lists (w.yaml:4:11)
        exit 0"#]]
    .assert_eq(&with("metadata: {name: bad}", "metadata: {}"));
    let both = listed(&format!("{good}{}", good.replace("owner", "owned").replace("good", "bad")));
    assert!(both.starts_with("good  active"), "{both}");
    expect![[r"
        error[DTK-E105]: no valid YAML at w.yaml:1:4
          | a: [
          |    ^
          cause      unclosed bracket '['
          fix        detek list schemas waiver
        exit 2"]]
    .assert_eq(&listed("a: ["));
}

#[test]
fn a_file_that_is_not_there_stops_the_run() {
    let text = said(&home(), &[], &["demo", "--waivers", "nowhere.yaml"]);
    expect![[r"
        error[DTK-E105]: cannot read nowhere.yaml
          cause      No such file or directory (os error 2)
          fix        ls -l nowhere.yaml
        exit 2"]]
    .assert_eq(&text);
}

#[test]
fn files_of_waivers_are_named_in_the_configuration() {
    let case = Case::new(Sim::demo(), &[waiver("accepted", "pod_crash_loop", "", "2026-12-31")]);
    std::fs::create_dir(case.home.path().join(".detek")).expect("a folder can be made");
    std::fs::write(case.home.path().join(".detek/detek.yaml"), "waivers: [./waivers.yaml]").expect("it can be written");
    let now = format!("{DAY}T12:00:00Z");
    let arguments =
        ["run", "--kubeconfig", "config", "--now", &now, "--only", "pod_crash_loop", "--fail-on", "error", "-q"];
    assert_eq!(ran(&case.home, &[], &arguments).2, 0);
    assert_eq!(ran(&case.home, &[], &[&arguments[..], &["--no-waivers"]].concat()).2, 1);
    let (list, ..) = ran(&case.home, &[], &["list", "waivers", "-o", "name"]);
    assert_eq!(list, "accepted\n");
}
