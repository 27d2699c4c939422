//! A mistake in each field: one message with its place, the caret under it, and a hint. The files are in `problems/`, and
//! beside each is what is printed about it.

use crate::{drafts, files::tree};
use detek_packs::problem::sorted;
use expect_test::expect_file;
use std::{collections::BTreeMap, path::Path};

#[test]
fn each_mistake_is_told_at_its_place_with_a_hint() {
    let mut cases: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for (path, text) in tree(Path::new("tests/problems"))
        .into_iter()
        .filter(|(path, _)| path.rsplit_once('.').is_none_or(|(_, end)| end != "txt"))
    {
        let name = path.split('/').next().unwrap_or_default().trim_end_matches(".yaml").to_owned();
        let within = path.strip_prefix(&format!("{name}/")).unwrap_or(&path).to_owned();
        cases.entry(name).or_default().push((within, text));
    }
    assert!(cases.len() >= 60, "{} cases", cases.len());
    for (name, files) in cases {
        let problems = sorted(drafts(files).into_iter().flat_map(|draft| draft.problems));
        assert!(!problems.is_empty(), "{name} has no problem");
        assert!(problems.iter().all(|problem| problem.help.is_some()), "{name} has a problem without a hint");
        let text: Vec<String> = problems.iter().map(ToString::to_string).collect();
        expect_file![format!("../problems/{name}.txt")].assert_eq(&text.concat());
    }
}
