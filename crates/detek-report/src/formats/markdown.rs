//! `markdown`: a comment for a pull request: totals, coverage, what was not evaluated, and one table.
//!
//! Text of a cluster stands in code spans: there it is no markup, mentions nobody and links nowhere.

use crate::{
    Render, Style,
    gaps::{fixes, gaps},
    outline::{Row, coverage, nothing_found, rows, totals},
    text::text,
    waived,
    words::{count, thousands},
};
use detek_core::Run;
use std::fmt::{self, Write as _};

/// Detectors in the table; a comment on the usual forges ends at 65,536 characters.
const ROWS: usize = 50;
/// Subjects named in a row.
const NAMED: usize = 5;
/// Gaps listed.
const GAPS: usize = 20;

pub(crate) fn render(runs: &[Render<'_>], style: &Style<'_>, out: &mut Vec<u8>) {
    for (number, render) in runs.iter().enumerate() {
        if number > 0 {
            out.push(b'\n');
        }
        let mut page = String::new();
        write_page(render, style, &mut page).expect("writing to a string cannot fail");
        out.extend_from_slice(page.as_bytes());
    }
}

fn write_page(render: &Render<'_>, style: &Style<'_>, page: &mut String) -> fmt::Result {
    let run = render.run;
    let version = run.target.version.as_deref().map_or_else(String::new, |version| format!(" {}", code(version, 40)));
    writeln!(page, "### detek: {}{version}\n", code(&run.target.context, 100))?;
    let totals = totals(run).map(|(level, number)| format!("{} {}", level.name(), thousands(number)));
    let waived = waived::number(run).map_or_else(String::new, |waived| format!(" · {waived}"));
    writeln!(page, "**{}**{waived} · {}", totals.join(" · "), coverage(run))?;
    write_gaps(run, style, page)?;
    let rows = rows(run);
    if rows.is_empty() {
        return writeln!(page, "\n{}", nothing_found(run));
    }
    writeln!(page, "\n| Level | Detector | Found | Objects | What |\n|---|---|---|---|---|")?;
    for row in rows.iter().take(ROWS) {
        let level = if row.follows { "↳" } else { row.level.name() };
        let cells = [&code(row.id, 200), &code(&row.tally(), 200), &objects(row), row.title].map(cell);
        writeln!(page, "| {level} | {} |", cells.join(" | "))?;
    }
    if rows.len() > ROWS {
        writeln!(page, "\n{} more detectors found something.", thousands((rows.len() - ROWS) as u64))?;
    }
    writeln!(page, "\nWhy and fix: {}", code(&format!("{} explain {}", style.program, rows[0].id), 300))
}

fn write_gaps(run: &Run, style: &Style<'_>, page: &mut String) -> fmt::Result {
    let gaps = gaps(run, style.program);
    if !gaps.is_empty() {
        writeln!(page, "\nNot evaluated:\n")?;
    }
    for gap in gaps.iter().take(GAPS) {
        let number = count(gap.families.len() as u64, "detector");
        writeln!(page, "- {} {}, {number}: {}", code(&gap.name(), 200), gap.state, code(&gap.text, 300))?;
    }
    if gaps.len() > GAPS {
        writeln!(page, "- {} more", thousands((gaps.len() - GAPS) as u64))?;
    }
    fixes(&gaps).iter().try_for_each(|fix| writeln!(page, "- fix: {}", code(fix, 1_000)))
}

fn objects(row: &Row<'_>) -> String {
    let subjects: Vec<_> = row.subjects().into_iter().filter(|subject| !subject.name.is_empty()).collect();
    let mut names: Vec<String> = subjects.iter().take(NAMED).map(|subject| code(&subject.short(), 120)).collect();
    if subjects.len() > NAMED {
        names.push(format!("+{}", thousands((subjects.len() - NAMED) as u64)));
    }
    names.join(", ")
}

/// A code span. Nothing in it can end it: a backtick is shown as its like.
fn code(value: &str, most: usize) -> String {
    let value = detek_core::clip(&text(value), most).replace('`', "'");
    if value.trim().is_empty() { "-".to_owned() } else { format!("`{value}`") }
}

/// A cell. Nothing in it can end it, also not in a code span: a bar is shown as its like.
fn cell(value: &str) -> String {
    value.replace('|', "¦")
}
