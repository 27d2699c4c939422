//! Files that are made to hurt: each is refused at once.

use crate::drafts;
use detek_packs::problem::Code;
use std::{fmt::Write as _, time::Duration};

/// The first problem of a file, found within the time that a pack may take.
#[track_caller]
fn refused(text: String) -> (Code, String) {
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut drafts = drafts([("bomb.yaml".to_owned(), text)]);
        let problem = drafts[0].problems.swap_remove(0);
        send.send((problem.code, problem.text))
    });
    receive.recv_timeout(Duration::from_secs(2)).expect("refused in time, without a crash")
}

#[test]
fn an_alias_bomb_is_refused_before_it_grows() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for n in 1..20 {
        let last = format!("*a{}", n - 1);
        writeln!(text, "a{n}: &a{n} [{}]", [last.as_str(); 9].join(", ")).expect("text grows");
    }
    assert_eq!(refused(text).0, Code::LimitExceeded);
    let many = format!("a: &a x\nb: [{}]\n", "*a, ".repeat(200));
    assert!(refused(many).1.contains("101 aliases; the limit is 100"));
}

#[test]
fn aliases_cannot_nest_deeper_than_brackets() {
    let mut text = String::from("a0: &a0 [[[[[[[[[[x]]]]]]]]]]\n");
    for n in 1..20 {
        writeln!(text, "a{n}: &a{n} [[[[[[[[[[*a{}]]]]]]]]]]", n - 1).expect("text grows");
    }
    assert!(refused(text).1.contains("deeper than 32"));
    assert_eq!(refused("a: &a [*a]\n".into()).0, Code::YamlSyntax);
}

#[test]
fn deep_nesting_is_refused_at_its_thirty_third_level() {
    for text in ["[".repeat(30_000), "{a: ".repeat(15_000), "- ".repeat(30_000)] {
        assert!(refused(text).1.contains("deeper than 32"));
    }
    let block: Vec<String> = (0..300).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    assert!(refused(block.concat()).1.contains("deeper than 32"));
}

#[test]
fn large_files_and_many_keys_are_refused() {
    assert!(refused("a: b\n".repeat(20_000)).1.contains("100000 bytes; the limit is 65536"));
    let keys: Vec<String> = (0..9_000).map(|n| format!("{n}:\n")).collect();
    assert_eq!(refused(keys.concat()).0, Code::UnknownField);
    let same = "a: b\n".repeat(13_000);
    assert_eq!(refused(same).0, Code::DuplicateId);
    assert_eq!(refused(format!("\"{}", "\\".repeat(60_000))).0, Code::YamlSyntax);
    assert_eq!(refused(format!("a: >\n{}", " \n".repeat(30_000))).0, Code::UnknownField);
    assert_eq!(refused("\n".repeat(60_000)).0, Code::YamlSyntax);
}

#[test]
fn what_moves_the_cursor_is_shown_and_not_sent_to_the_terminal() {
    let drafts = drafts([("bomb.yaml".to_owned(), "\"\\e[2J\u{202e}evil\": 1\n".to_owned())]);
    let text: String = drafts[0].problems.iter().map(ToString::to_string).collect();
    assert!(text.contains(r"\u{1b}[2J\u{202e}evil"), "{text}");
    assert!(!text.contains(['\u{1b}', '\u{202e}']));
}
