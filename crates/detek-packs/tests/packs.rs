//! What comes of files: the examples of the format load, each mistake is told at its place with a hint, and files that are
//! made to hurt are refused at once.

#[path = "packs/files.rs"]
mod files;
#[path = "packs/hostile.rs"]
mod hostile;
#[path = "packs/problems.rs"]
mod problems;
#[path = "packs/schemas.rs"]
mod schemas;

use detek_packs::{BUILT_IN, Draft, load, template};
use files::tree;
use std::{collections::BTreeMap, fmt::Write as _, path::Path};

/// Loads files without any other packs.
pub(crate) fn drafts(files: impl IntoIterator<Item = (String, String)>) -> Vec<Draft> {
    load(files, &BTreeMap::new())
}

#[track_caller]
fn assert_clean(drafts: Vec<Draft>, detectors: usize) {
    let mut count = 0;
    for draft in drafts {
        count += draft.finish(true).unwrap_or_else(|problems| panic!("{}", problems[0])).detectors.len();
    }
    assert_eq!(count, detectors);
}

#[test]
fn the_worked_examples_load_without_a_problem() {
    assert_clean(drafts(tree(Path::new("tests/examples"))), 3);
}

#[test]
fn a_new_pack_loads_without_a_problem() {
    let files = template("platform").into_iter().map(|(path, text)| (format!("platform/{path}"), text));
    let drafts = drafts(files);
    assert_eq!(drafts[0].file.as_ref().map(|file| file.metadata.name.as_str()), Some("platform"));
    assert_clean(drafts, 1);
}

#[test]
fn the_built_in_packs_load_without_a_problem_and_are_those_of_the_folder() {
    let files = BUILT_IN.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    let count =
        BUILT_IN.iter().filter(|(path, _)| !path.ends_with("pack.yaml") && !path.contains("/fixtures/")).count();
    assert_clean(drafts(files), count);

    let mut list = String::from(
        "//! The packs that detek comes with. Written by a test from `/packs`: `UPDATE_EXPECT=1 cargo test -p detek-packs built_in`.\n\n\
         /// Every file, as path below `/packs` and text, by path.\n\
         #[rustfmt::skip]\npub static FILES: &[(&str, &str)] = &[\n",
    );
    for (path, _) in tree(Path::new("../../packs")) {
        writeln!(list, "    (\"{path}\", include_str!(\"../../../packs/{path}\")),").expect("text grows");
    }
    list.push_str("];\n");
    expect_test::expect_file!["../src/builtin.rs"].assert_eq(&list);
}

#[test]
fn a_pack_loads_whole_or_not_at_all_and_leaves_others_alone() {
    let example = |name: &str| {
        let files = tree(Path::new("tests/examples"));
        files.into_iter().find(|(path, _)| path == name).expect("an example").1
    };
    let pack = |name: &str| (format!("{name}/pack.yaml"), template(name)[0].1.clone());
    let good = "pod_image_mutable_tag.yaml";
    let bad = "ingress_backend_unresolved.yaml";
    let drafts = drafts([
        pack("one"),
        (format!("one/sub/{good}"), example(good)),
        (format!("one/{bad}"), example(bad).replace("level: error", "level: eror")),
        pack("two"),
        ("two/container_memory_near_limit.yaml".into(), example("container_memory_near_limit.yaml")),
    ]);
    let [one, two] = drafts.try_into().expect("two packs");
    assert_eq!(one.detectors.len(), 1, "the other can still be checked");
    assert!(one.finish(false).is_err());
    assert_eq!(two.finish(true).expect("a good pack").detectors.len(), 1);
}

#[test]
fn ids_of_other_packs_cannot_be_taken() {
    let taken = BTreeMap::from([("pod_image_mutable_tag".to_owned(), "it is built in".to_owned())]);
    let drafts = load(tree(Path::new("tests/examples")), &taken);
    let texts: Vec<&str> = drafts[0].problems.iter().map(|problem| problem.text.as_str()).collect();
    assert_eq!(texts, ["detector `pod_image_mutable_tag` is there already: it is built in"]);
}

#[test]
fn the_digest_is_of_what_a_detector_says_not_of_its_tests_or_layout() {
    let (path, text) = tree(Path::new("tests/examples")).swap_remove(2);
    let digest = |text: &str| drafts([(path.clone(), text.to_owned())])[0].detectors[0].digest.clone();
    let same = text.replace("level: warn\n  explanation", "level:   warn  # a comment\n  explanation");
    assert_ne!(same, text);
    assert_eq!(digest(&text), digest(&same));
    assert_eq!(digest(&text), digest(&text.replace("no tag and latest fire", "no tag fires")));
    assert_ne!(digest(&text), digest(&text.replace("1.2.0", "1.2.1")));
}

#[test]
fn shared_parameters_and_fixtures_are_put_in() {
    let files = template("platform").into_iter().map(|(path, text)| {
        let text =
            text.replace("version: 0.1.0}", "version: 0.1.0}\nspec: {params: {label: {type: string, default: team}}}");
        let text = text.replace(
            "label: {type: string, default: owner, description: The label that names the owner.}",
            "label: {from: pack}",
        );
        (
            format!("p/{path}"),
            text.replace("{pods: {state: denied}}", "{pods: {state: partial, file: fixtures/pods.yaml}}"),
        )
    });
    let list = ("p/fixtures/pods.yaml".to_owned(), "kind: List\nitems: [{metadata: {name: a}}]\n".to_owned());
    let drafts = drafts(files.chain([list]));
    assert_eq!(drafts[0].problems, []);
    let detector = &drafts[0].detectors[0];
    let label = detector.spec.params.get("label").expect("a parameter").default_value().expect("a default");
    assert_eq!(label.to_string(), "team");
    let given = detector.tests[2].inputs.get("pods").expect("an input");
    assert_eq!(given.items, [serde_json::json!({"metadata": {"name": "a"}})]);
}
