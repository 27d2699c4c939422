//! Our evaluator and the `cel` crate's interpreter say the same of 2,000 objects, errors included, but for the expressions
//! that `differences.txt` lists.

pub(crate) mod objects;
mod reference;

use crate::evaluate::{compile, over};
use crate::ratchet::Known;
use reference::Reference;
use std::collections::BTreeMap;

/// The expressions of this folder: sixty conditions on pods, and one for each corner of the language.
pub(crate) fn expressions() -> impl Iterator<Item = &'static str> {
    let files = [include_str!("../../conditions.txt"), include_str!("../../expressions.txt")];
    files.into_iter().flat_map(str::lines).filter(|line| !line.starts_with('#'))
}

#[test]
fn both_interpreters_agree_on_every_object() {
    let store = objects::whole(&objects::all());
    let reference = Reference::new();
    let mut failed = BTreeMap::new();
    let mut programs = Vec::new();
    for expression in expressions() {
        match (compile(expression), reference.compile(expression)) {
            (Ok(ours), Ok(theirs)) => programs.push((expression, ours, theirs)),
            (Err(_), Err(_)) => {}
            (ours, theirs) => {
                let how = format!("compiled as {:?} and {:?}", ours.map(|_| ()), theirs.map(|_| ()));
                failed.insert(expression.to_owned(), how);
            }
        }
    }
    for doc in store.docs() {
        let theirs = reference.evaluate(programs.iter().map(|(.., theirs)| theirs), doc);
        for ((expression, ours, _), theirs) in programs.iter().zip(theirs) {
            let ours = over(ours, doc);
            let agree = match (&ours, &theirs) {
                (Ok(ours), Ok(theirs)) => ours == theirs,
                (ours, theirs) => ours.is_err() && theirs.is_err(),
            };
            if !agree && !failed.contains_key(*expression) {
                let how = format!("{ours:?} and {theirs:?} of {}", doc.to_json());
                failed.insert((*expression).to_owned(), how.chars().take(600).collect());
            }
        }
    }
    Known::read(include_str!("differences.txt")).compare(&failed);
}
