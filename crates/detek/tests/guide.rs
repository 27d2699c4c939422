//! The guide to writing detectors does what it says: its files are written, its commands typed, and what they print is
//! what stands there. `UPDATE_EXPECT=1` writes it.
#![expect(clippy::disallowed_methods, reason = "runs the commands of the guide in a folder of its own")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What stands between two fences.
struct Block<'g> {
    info: &'g str,
    text: &'g str,
}

/// The parts of the guide: prose, a block, prose, ...
fn parts(guide: &str) -> (Vec<&str>, Vec<Block<'_>>) {
    let (mut prose, mut blocks) = (Vec::new(), Vec::new());
    let mut rest = guide;
    while let Some((before, inside)) = rest.split_once("\n```") {
        let (info, inside) = inside.split_once('\n').expect("a block has lines");
        let end = inside.find("```\n").expect("a block is closed");
        prose.push(before);
        blocks.push(Block { info, text: &inside[..end] });
        rest = &inside[end + 4..];
    }
    prose.push(rest);
    (prose, blocks)
}

/// The lines that are typed, each with what it prints.
fn typed(block: &str, folder: &Path) -> String {
    let mut shown = String::new();
    for line in block.lines().filter_map(|line| line.strip_prefix("$ detek ")) {
        let output = Command::new(env!("CARGO_BIN_EXE_detek"))
            .args(line.split_whitespace())
            .current_dir(folder)
            .env_clear()
            .output()
            .expect("detek starts");
        for part in [b"$ detek ", line.as_bytes(), b"\n", &output.stdout, &output.stderr] {
            shown.push_str(&String::from_utf8_lossy(part));
        }
    }
    shown
}

#[test]
fn every_snippet_of_the_guide_does_what_it_says() {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/write-a-detector.md"));
    let guide = fs::read_to_string(&path).expect("the guide");
    let folder = tempfile::tempdir().expect("a folder");
    let (prose, blocks) = parts(&guide);
    let mut written = String::new();
    for (before, Block { info, text }) in prose.iter().zip(&blocks) {
        let text = match info.split_once(' ') {
            Some(("yaml", file)) => {
                fs::write(folder.path().join(file), text).expect("a file of the guide");
                (*text).to_owned()
            }
            _ if *info == "console" => typed(text, folder.path()),
            _ => panic!("nobody runs a block of {info}"),
        };
        written.extend([*before, "\n```", *info, "\n", &text, "```\n"]);
    }
    written += prose.last().expect("the end of the guide");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, &written).expect("the guide can be written");
    }
    assert_eq!(written, guide, "run again with UPDATE_EXPECT=1 and read what changed");
}
