//! What detek says in an empty home.

use std::process::Command;
use tempfile::TempDir;

/// A home without any file.
pub(crate) fn home() -> TempDir {
    tempfile::tempdir().expect("a folder can be made")
}

/// `detek ARGUMENTS` in a home and with these variables only: its standard output, its standard error with what differs
/// from run to run replaced, and its exit code.
pub(crate) fn ran(home: &TempDir, variables: &[(&str, &str)], arguments: &[&str]) -> (String, String, i32) {
    let output = Command::new(env!("CARGO_BIN_EXE_detek"))
        .env_clear()
        .env("HOME", home.path())
        .env("PATH", "/usr/bin:/bin")
        .envs(variables.iter().copied())
        .current_dir(home.path())
        .args(arguments)
        .output()
        .expect("detek starts");
    let text = String::from_utf8(output.stderr).expect("messages are UTF-8");
    let text = text.replace(&home.path().display().to_string(), "~");
    let ports = regex::Regex::new(r"127\.0\.0\.1:\d+").expect("a valid pattern");
    let times = regex::Regex::new(r"\d{4}-\d\d-\d\dT[0-9:]+Z").expect("a valid pattern");
    let text = times.replace_all(&ports.replace_all(&text, "SERVER"), "TIME").into_owned();
    let code = output.status.code().expect("no signal");
    (String::from_utf8(output.stdout).expect("output is UTF-8"), text, code)
}

/// The message of a command that prints nothing else, and its exit code.
pub(crate) fn said(home: &TempDir, variables: &[(&str, &str)], arguments: &[&str]) -> String {
    let (output, text, code) = ran(home, variables, arguments);
    assert!(output.is_empty(), "{output}");
    format!("{text}exit {code}")
}
