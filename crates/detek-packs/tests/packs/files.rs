//! Reads the files that the tests are about.

use std::{fs, path::Path};

/// Every file below a folder of the crate, as path below it and text, by path.
pub(crate) fn tree(folder: &Path) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files = Vec::new();
    add(&root, "", &mut files);
    files.sort();
    files
}

#[expect(clippy::disallowed_methods, reason = "the files are those of the test")]
fn add(folder: &Path, below: &str, files: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("a folder of tests").map(|entry| entry.expect("an entry")) {
        let name = format!("{below}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            add(&entry.path(), &format!("{name}/"), files);
        } else {
            files.push((name, fs::read_to_string(entry.path()).expect("a text file")));
        }
    }
}
