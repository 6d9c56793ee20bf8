//! The report as a person reads it.

use std::fmt::Write;

use super::report::{Kind, Report};

/// Lays the report out, without an end of line at the end.
pub(super) fn table(report: &Report) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = rows(&mut text, report);
    let _ = problems(&mut text, report);
    text.truncate(text.trim_end().len());
    text
}

fn rows(text: &mut String, report: &Report) -> std::fmt::Result {
    let Report {
        posts, comments, ..
    } = report;
    let end = if report.complete {
        ""
    } else {
        ", not to its end"
    };
    writeln!(text, "import of `{}`{end}", report.source)?;
    let counts = [
        ("posts imported", posts.imported),
        ("posts already there", posts.already_there),
        ("posts rejected", posts.rejected),
        ("posts twice in the file", posts.duplicate),
        ("posts not reached", posts.unfinished),
        ("comments not yet possible", comments.not_yet_possible),
        ("comments twice in the file", comments.duplicate),
        ("broken lines", report.broken),
        ("blank lines", report.blank),
    ];
    for (name, count) in counts {
        writeln!(text, "  {name:<27}{count:>12}")?;
    }
    writeln!(text, "  {:<27}{:>12}", "lines read", report.lines)?;
    let boards = report.boards;
    writeln!(
        text,
        "boards: {} named, {} opened",
        boards.named, boards.opened
    )?;
    writeln!(text, "posts repaired: {}", report.repaired)?;
    let not = report.not_imported;
    writeln!(
        text,
        "not imported yet: {} views, {} likes by name; never: {} likes without a name",
        not.views, not.liked_by, not.likes
    )
}

fn problems(text: &mut String, report: &Report) -> std::fmt::Result {
    for kind in Kind::ALL {
        let of_kind = report.problems.iter().filter(|p| p.kind == kind);
        for problem in of_kind {
            let (line, detail) = (problem.line, &problem.detail);
            writeln!(text, "line {line}: {}: {detail}", kind.name())?;
        }
    }
    if report.problems_not_listed > 0 {
        writeln!(text, "… and {} more such lines", report.problems_not_listed)?;
    }
    Ok(())
}
