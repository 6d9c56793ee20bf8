//! The report as a person reads it.

use std::fmt::Write;

use super::report::{Counts, Kind, Report};

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
    let end = if report.complete {
        ""
    } else {
        ", not to its end"
    };
    writeln!(text, "import of `{}`{end}", report.source)?;
    counts(text, "posts", report.posts)?;
    counts(text, "comments", report.comments)?;
    row(text, "broken lines", report.broken)?;
    row(text, "blank lines", report.blank)?;
    row(text, "lines read", report.lines)?;
    counts(text, "views", report.views)?;
    counts(text, "likes", report.likes)?;
    let boards = report.boards;
    writeln!(
        text,
        "boards: {} named, {} opened",
        boards.named, boards.opened
    )?;
    writeln!(text, "posts and comments repaired: {}", report.repaired)?;
    let not = report.not_imported;
    writeln!(
        text,
        "never imported: {} views and {} likes of comments, {} likes without a name",
        not.views, not.liked_by, not.likes
    )
}

fn counts(text: &mut String, of: &str, counts: Counts) -> std::fmt::Result {
    let rows = [
        ("imported", counts.imported),
        ("already there", counts.already_there),
        ("rejected", counts.rejected),
        ("twice in the file", counts.duplicate),
        ("not reached", counts.unfinished),
    ];
    let mut row = |(name, count)| row(text, &format!("{of} {name}"), count);
    rows.into_iter().try_for_each(&mut row)
}

fn row(text: &mut String, name: &str, count: u64) -> std::fmt::Result {
    writeln!(text, "  {name:<27}{count:>12}")
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
