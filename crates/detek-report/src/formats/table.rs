//! `table`: what people see first. Says how much was evaluated beside every total.

use crate::{
    Render, Style,
    gaps::{fixes, gaps},
    outline::{self, Row, rows},
    terminal::{Line, Look, fit, shape, width},
    text::text,
    waived,
    words::{count, thousands},
};
use detek_core::{Level, ObjectRef, Run};
use std::collections::HashSet;

/// Detectors listed on a terminal.
const ROWS: usize = 20;
/// Subjects named in a line that has no end.
const NAMED: usize = 10;
/// Inputs listed that were not read.
const GAPS: usize = 8;
/// Columns below which what stands beside something goes below it.
const NARROW: usize = 72;
/// Columns that are kept free for `2 deployments`.
const TALLY: usize = 16;
/// Where the detector's id begins.
pub(super) const INDENT: usize = 5;
/// Columns of the words before a command.
const LABEL: usize = 15;

pub(crate) fn render(runs: &[Render<'_>], style: &Style<'_>, out: &mut Vec<u8>) {
    pages(runs, style, out, |render| {
        let (mut lines, gaps) = (head(render, style), not_evaluated(render.run, style, GAPS));
        lines.extend(gaps);
        lines.extend(findings(render.run, style));
        lines
    });
}

/// Writes what `page` makes of each run, with an empty line between two.
pub(super) fn pages(
    runs: &[Render<'_>],
    style: &Style<'_>,
    out: &mut Vec<u8>,
    page: impl Fn(&Render<'_>) -> Vec<Line>,
) {
    for (number, render) in runs.iter().enumerate() {
        if number > 0 {
            out.push(b'\n');
        }
        for line in page(render) {
            line.write(style, out);
        }
    }
}

/// What was scanned, the totals and the coverage, and an empty line.
pub(super) fn head(render: &Render<'_>, style: &Style<'_>) -> Vec<Line> {
    let (run, target) = (render.run, &render.run.target);
    let seconds = render.finished.duration_since(render.started).as_millis() as f64 / 1000.0;
    let mut parts = vec![target.version.as_deref().map_or("version unknown".into(), text).into_owned()];
    if !target.namespaces.is_empty() {
        let names: Vec<_> = target.namespaces.iter().map(|name| text(name)).collect();
        parts.push(format!("namespaces {}", names.join(", ")));
    }
    parts.extend(outline::sizes(run));
    parts.push(format!("{seconds:.1} s"));
    let title = Line::default().add(Look::Strong, detek_core::clip(&target.context, 100));
    let title = title.add(Look::Plain, "  ").add(Look::Plain, parts.join("  "));

    let mut totals = Line::default();
    for (level, number) in outline::totals(run) {
        let look = if number > 0 { Look::Level(level) } else { Look::Plain };
        let space = if level == Level::Fatal { "  " } else { "   " };
        totals = totals.add(Look::Plain, space).add(look, format!("{} {}", level.sign(), thousands(number)));
    }
    // The coverage belongs to the totals, however narrow the terminal: these lines are not cut.
    if let Some(waived) = waived::number(run) {
        totals = totals.add(Look::Plain, "   ").add(Look::Faint, waived);
    }
    let space = if narrow(style) { 2 } else { 10 };
    let totals = totals.add(Look::Plain, " ".repeat(space)).add(Look::Plain, outline::coverage(run));
    vec![title, totals, Line::default()]
}

fn narrow(style: &Style<'_>) -> bool {
    style.width.is_some_and(|max| max < NARROW)
}

/// What was not evaluated and what to type about it, with an empty line; nothing if there is no gap.
pub(super) fn not_evaluated(run: &Run, style: &Style<'_>, most: usize) -> Vec<Line> {
    let gaps = gaps(run, style.program);
    if gaps.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![Line::default().add(Look::Level(Level::Unknown), "  not evaluated")];
    let shown = &gaps[..gaps.len().min(most)];
    let number = |gap: &crate::gaps::Gap<'_>| count(gap.families.len() as u64, "detector");
    let names = 2 + column(shown.iter().map(|gap| width(&gap.name())), 40) + 3;
    let states = names + column(shown.iter().map(|gap| gap.state.len()), 20) + 3;
    let numbers = states + column(shown.iter().map(|gap| number(gap).len()), 20) + 3;
    for gap in shown {
        let mut line = Line::default().add(Look::Plain, "  ").add(Look::Strong, gap.name());
        if narrow(style) {
            line = line.add(Look::Plain, "  ").add(Look::Level(Level::Unknown), gap.state);
            lines.extend([line, Line::default().add(Look::Plain, format!("    {}", number(gap)))]);
            line = Line::default().add(Look::Plain, "    ");
        } else {
            line = line.to(names).add(Look::Level(Level::Unknown), gap.state).to(states);
            line = line.add(Look::Plain, number(gap)).to(numbers);
        }
        lines.push(line.add(Look::Plain, &gap.text).fit(style));
    }
    if gaps.len() > shown.len() {
        let rest = format!("  {} more", thousands((gaps.len() - shown.len()) as u64));
        lines.push(Line::default().add(Look::Plain, rest));
    }
    lines.extend(fixes(&gaps).into_iter().map(|fix| labelled("fix", names, fix)));
    lines.push(Line::default());
    lines
}

/// The widest of some texts, up to a limit.
fn column(widths: impl Iterator<Item = usize>, most: usize) -> usize {
    widths.max().unwrap_or(0).min(most)
}

/// A command to paste, which is never cut.
fn labelled(label: &str, column: usize, command: impl Into<String>) -> Line {
    Line::default().add(Look::Plain, "  ").add(Look::Faint, label).to(column).add(Look::Plain, command)
}

/// The detectors that found something, then what to type next.
fn findings(run: &Run, style: &Style<'_>) -> Vec<Line> {
    let rows = rows(run);
    let listed = &rows[..if style.width.is_some() { rows.len().min(ROWS) } else { rows.len() }];
    let (mut lines, named) = table(listed, style);
    let more: u64 = (rows.iter().enumerate())
        .filter(|(_, row)| !row.follows)
        .map(|(number, row)| row.dropped + unnamed(row, named.get(number).copied().unwrap_or(0)))
        .sum();
    if rows.is_empty() {
        lines.push(Line::default().add(Look::Plain, format!("  {}", outline::nothing_found(run))));
    }
    lines.extend(run.notes.iter().map(|note| labelled("note", LABEL, text(&note.text))));
    if let Some(row) = rows.first() {
        let label = if more > 0 { format!("{} more", thousands(more)) } else { "in detail".to_owned() };
        lines.push(labelled(&label, LABEL, style.see_all));
        lines.push(labelled("why and fix", LABEL, format!("{} explain {}", style.program, row.id)));
    }
    lines
}

/// Findings of `row` about other subjects than its first `named`.
fn unnamed(row: &Row<'_>, named: usize) -> u64 {
    let named: HashSet<&ObjectRef> = row.subjects().into_iter().take(named).collect();
    row.findings.iter().filter(|finding| !named.contains(&finding.subject)).count() as u64
}

/// A line for each row, three if there is no room; and how many subjects each of them names.
fn table(rows: &[Row<'_>], style: &Style<'_>) -> (Vec<Line>, Vec<usize>) {
    let ids = INDENT + column(rows.iter().map(|row| row.id.len() + if row.follows { 2 } else { 0 }), 50) + 2;
    // A long kind may stand into the next column instead of taking room from all names.
    let tallies = ids + column(rows.iter().map(|row| width(&row.tally())).filter(|width| *width <= TALLY), TALLY) + 2;
    let (mut lines, mut named) = (Vec::new(), Vec::new());
    for row in rows {
        let mut line = title(row, style);
        if narrow(style) {
            let tally = Line::default().to(INDENT).add(Look::Plain, row.tally());
            lines.extend([line.fit(style), tally.fit(style)]);
            line = Line::default().to(INDENT);
        } else {
            line = line.to(ids).add(Look::Plain, row.tally()).to(tallies);
        }
        let room = style.width.map(|max| max.saturating_sub(line.width()));
        let (text, number) = names(&row.subjects(), room);
        if !(narrow(style) && text.is_empty()) {
            lines.push(line.add(Look::Plain, text).fit(style));
        }
        named.push(number);
    }
    (lines, named)
}

/// `■ E  service_no_available_target`; what follows from the row above is set in below it.
pub(super) fn title(row: &Row<'_>, style: &Style<'_>) -> Line {
    if row.follows {
        let mark = if style.unicode { "└ " } else { "- " };
        return Line::default().to(INDENT).add(Look::Faint, mark).add(Look::Plain, row.id);
    }
    let shape = if style.unicode { shape(row.level) } else { ' ' };
    let sign = format!("{shape} {}", row.level.sign());
    Line::default().add(Look::Level(row.level), sign).to(INDENT).add(Look::Plain, row.id)
}

/// As many names of `subjects` as fit, and how many they are; `+N` stands for the rest. The cluster itself has no name.
fn names(subjects: &[&ObjectRef], room: Option<usize>) -> (String, usize) {
    let mut line = String::new();
    for (number, subject) in subjects.iter().enumerate() {
        let name = if subject.name.is_empty() { String::new() } else { text(&subject.short()).into_owned() };
        let with = if line.is_empty() { name } else { format!("{line}, {name}") };
        let left = subjects.len() - number - 1;
        let rest = if left > 0 { width(&format!(", +{left}")) } else { 0 };
        let full = match room {
            Some(room) => width(&with) + rest > room,
            None => number == NAMED,
        };
        if full && number > 0 {
            return (format!("{line}, +{}", left + 1), number);
        }
        line = match room {
            Some(room) if full => fit(&with, room.saturating_sub(rest)),
            _ => with,
        };
    }
    (line, subjects.len())
}

#[cfg(test)]
mod tests {
    use super::names;
    use detek_core::ObjectRef;

    #[test]
    fn names_are_listed_while_there_is_room_for_them_and_for_the_rest() {
        let subjects: Vec<ObjectRef> =
            ["api", "web", "cron"].map(|name| ObjectRef::new("", "Service", "pay", name)).into();
        let subjects: Vec<&ObjectRef> = subjects.iter().collect();
        for (room, want) in [
            (26, ("pay/api, pay/web, pay/cron", 3)),
            (25, ("pay/api, pay/web, +1", 2)),
            (20, ("pay/api, pay/web, +1", 2)),
            (19, ("pay/api, +2", 1)),
            (9, ("pay/…, +2", 1)),
        ] {
            let (text, number) = names(&subjects, Some(room));
            assert_eq!((text.as_str(), number), want, "{room}");
        }
        assert_eq!(names(&subjects, None).1, 3);
    }
}
