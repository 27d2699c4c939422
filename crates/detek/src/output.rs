//! Writing reports: to standard output once, at the end; to files whole or not at all.

use crate::{
    cli::{ColorKind, LegacyFormat, Reporting},
    env::variable,
    failure::{Code, Failure},
    hints::Hints,
    select::unknown,
};
use detek_report::{FORMATS, Format, Render, Style, render};
use std::{
    io::{ErrorKind, IsTerminal as _, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Where a report goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// Standard output.
    Stdout,
    /// A file, replaced atomically.
    File(PathBuf),
}

/// A report to write.
#[derive(Debug)]
pub(crate) struct Output {
    format: &'static Format,
    destination: Destination,
}

/// What the flags ask for.
///
/// # Errors
/// If a format is not known, does not fit, or two go to standard output.
pub(crate) fn outputs(reporting: &Reporting, runs: usize) -> Result<Vec<Output>, Failure> {
    let given: Vec<String> = match (reporting.format, reporting.output.as_slice()) {
        (Some(LegacyFormat::Html), _) => vec!["html".to_owned()],
        (Some(LegacyFormat::Json), _) => vec!["json-v0".to_owned()],
        (Some(LegacyFormat::Table), _) | (None, []) => vec!["table".to_owned()],
        (None, given) => given.to_vec(),
    };
    let mut outputs: Vec<Output> = Vec::new();
    for text in &given {
        let (name, destination) = match text.split_once('=') {
            Some((format, "")) => {
                return Err(Failure::new(Code::Usage, format!("wrong usage of -o: `{text}` names no file"))
                    .line("fix", format!("-o {text}FILE, or -o {format} for standard output"))
                    .of("output"));
            }
            Some((format, file)) => (format, Destination::File(file.into())),
            None => (text.as_str(), Destination::Stdout),
        };
        let format = find(name)?;
        if runs > 1 && !format.several {
            return Err(Failure::new(Code::Usage, format!("wrong usage of -o: {name} holds one context only"))
                .line("cause", format!("{runs} contexts are scanned"))
                .line("fix", "choose one with --context NAME, or another format")
                .of("output"));
        }
        if destination == Destination::Stdout && outputs.iter().any(|known| known.destination == Destination::Stdout) {
            return Err(Failure::new(Code::Usage, "wrong usage of -o: two formats go to standard output")
                .line("fix", format!("-o {name}=FILE"))
                .of("output"));
        }
        outputs.push(Output { format, destination });
    }
    Ok(outputs)
}

fn find(name: &str) -> Result<&'static Format, Failure> {
    if let Some(format) = FORMATS.iter().find(|format| format.name == name) {
        return Ok(format);
    }
    let extension = Path::new(name).extension().and_then(|extension| extension.to_str());
    if let Some(format) = FORMATS.iter().find(|format| Some(format.extension) == extension) {
        return Err(Failure::new(Code::Usage, format!("wrong usage of -o: \"{name}\" is a file, not a format"))
            .line("fix", format!("-o {}={name}", format.name))
            .of("output"));
    }
    let names: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
    Err(unknown("format", name, &names, "detek list formats").of("output"))
}

/// Whether people read standard output, and with it what was not evaluated.
pub(crate) fn for_people(outputs: &[Output]) -> bool {
    outputs.iter().any(|output| output.destination == Destination::Stdout && output.format.for_terminal)
}

/// Writes every report; one that fails does not stop the others.
///
/// # Errors
/// The first that cannot be written.
pub(crate) fn report(
    renders: &[Render<'_>],
    outputs: &[Output],
    reporting: &Reporting,
    hints: &Hints,
) -> Result<(), Failure> {
    let mut failed = Ok(());
    let mut page = None;
    let (program, see_all) = (hints.program, hints.scan("-o html=report.html"));
    for output in outputs {
        let style = style(reporting, output, program, &see_all);
        let mut bytes = Vec::new();
        render(output.format, renders, &style, &mut bytes);
        let long = output.destination == Destination::Stdout && output.format.for_terminal && !reporting.no_pager;
        let written = if long && paged(&bytes) { Ok(()) } else { write(&output.destination, &bytes) };
        failed = failed.and(written);
        if let ("html", Destination::File(path)) = (output.format.name, &output.destination) {
            page = Some(path.clone());
        }
    }
    if reporting.open {
        failed = failed.and(open(renders, page, reporting, program));
    }
    failed
}

fn style<'a>(reporting: &Reporting, output: &Output, program: &'a str, see_all: &'a str) -> Style<'a> {
    let terminal = output.destination == Destination::Stdout && std::io::stdout().is_terminal();
    let color = match reporting.color {
        ColorKind::Always => true,
        // Honours NO_COLOR, CLICOLOR_FORCE and TERM=dumb.
        ColorKind::Auto if output.destination == Destination::Stdout => {
            anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never
        }
        ColorKind::Auto | ColorKind::Never => false,
    };
    let columns = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let width = reporting.table_max_width.or_else(|| columns().filter(|_| terminal));
    Style {
        color,
        unicode: terminal && speaks_unicode(),
        width,
        json_pretty: reporting.json_pretty,
        program,
        see_all,
        ..Style::default()
    }
}

fn speaks_unicode() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variable).unwrap_or_default();
    locale.to_ascii_lowercase().replace('-', "").contains("utf8")
}

/// Whether a pager took the text: on a terminal, if it does not fit on the screen.
fn paged(bytes: &[u8]) -> bool {
    let Some((_, height)) = terminal_size::terminal_size().filter(|_| std::io::stdout().is_terminal()) else {
        return false;
    };
    if bytes.split(|byte| *byte == b'\n').count() <= usize::from(height.0) {
        return false;
    }
    let pager = variable("PAGER").unwrap_or_else(|| "less".to_owned());
    let mut words = pager.split_whitespace();
    let Some(name) = words.next().filter(|name| *name != "cat") else { return false };
    let mut command = Command::new(name);
    command.args(words).env("LESS", "FRX").stdin(Stdio::piped());
    let Ok(mut child) = command.spawn() else { return false };
    if let Some(mut input) = child.stdin.take() {
        // A reader that leaves early has seen enough.
        let _ = input.write_all(bytes);
    }
    child.wait().is_ok()
}

/// Shows the page in a browser; without a file of its own it is put where temporary files are.
fn open(renders: &[Render<'_>], page: Option<PathBuf>, reporting: &Reporting, program: &str) -> Result<(), Failure> {
    let path = if let Some(path) = page {
        path
    } else {
        let output = Output { format: find("html")?, destination: Destination::Stdout };
        let mut bytes = Vec::new();
        render(output.format, renders, &style(reporting, &output, program, ""), &mut bytes);
        let file = tempfile::Builder::new().prefix("detek-").suffix(".html").tempfile();
        let kept = file.and_then(|file| file.into_temp_path().keep().map_err(|why| why.error));
        let path = kept.map_err(|why| failure("a temporary file", &why))?;
        write(&Destination::File(path.clone()), &bytes)?;
        path
    };
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let mut command = Command::new(opener);
    match command.arg(&path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn() {
        Ok(_) => Ok(()),
        Err(why) => Err(Failure::new(Code::Output, format!("cannot open {}", path.display()))
            .line("cause", format!("{opener}: {why}"))
            .line("fix", format!("open it in a browser: file://{}", path.display()))),
    }
}

/// Writes bytes.
///
/// # Errors
/// If they cannot be written; an old file is then untouched. A closed pipe is no error: the reader has seen enough.
pub(crate) fn write(destination: &Destination, bytes: &[u8]) -> Result<(), Failure> {
    match destination {
        Destination::Stdout => {
            let mut out = std::io::stdout().lock();
            match out.write_all(bytes).and_then(|()| out.flush()) {
                Err(why) if why.kind() != ErrorKind::BrokenPipe => Err(failure("standard output", &why)),
                _ => Ok(()),
            }
        }
        Destination::File(path) => replace(path, bytes).map_err(|why| failure(&path.display().to_string(), &why)),
    }
}

/// Writes text to standard output.
///
/// # Errors
/// As [`write`].
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    write(&Destination::Stdout, text.as_bytes())
}

/// A file appears whole or not at all: written beside its place, flushed to disk, renamed.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if path.exists() && !path.is_file() {
        let mut device = std::fs::OpenOptions::new().write(true).open(path)?;
        return device.write_all(bytes).and_then(|()| device.flush());
    }
    // A link stays one: what it points to is replaced.
    let path = &path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    if let Ok(old) = path.metadata() {
        file.as_file().set_permissions(old.permissions())?;
    }
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    std::fs::File::open(folder)?.sync_all()
}

fn failure(place: &str, why: &std::io::Error) -> Failure {
    let cause = why.to_string();
    // A temporary file names itself, which helps nobody.
    let cause = cause.split(" at path ").next().unwrap_or_default();
    Failure::new(Code::Output, format!("cannot write {place}"))
        .line("cause", cause)
        .line("kept", "what was there before is untouched")
        .line("fix", "choose another place with -o FORMAT=FILE")
}
