//! What was measured, as a table for people.

use std::collections::BTreeSet;
use std::time::Duration;

use super::course::Course;
use super::probes::PROBES;

/// A column for each fault, and a row for each kind of request: its statuses and the longest answer.
/// The last row says how long it took until all was well again. Times are in milliseconds.
pub(super) fn table(title: &str, courses: &[Course]) -> String {
    let names = courses.iter().map(|course| course.name.to_owned());
    let mut text = row(title, names);
    text += &row("---", courses.iter().map(|_| "---".to_owned()));
    for (probe, of) in PROBES.iter().enumerate() {
        let cells = courses.iter().map(|course| cell(course, probe));
        text += &row(of.name, cells);
    }
    let whole = |course: &Course| course.whole_after.as_millis().to_string();
    text + &row("whole again", courses.iter().map(whole))
}

fn row(head: &str, cells: impl Iterator<Item = String>) -> String {
    let cells: Vec<String> = [head.to_owned()].into_iter().chain(cells).collect();
    format!("| {} |\n", cells.join(" | "))
}

fn cell(course: &Course, probe: usize) -> String {
    let samples = || course.meanwhile.iter().filter(|s| s.probe == probe);
    let statuses: BTreeSet<String> = samples().map(|s| s.status.to_string()).collect();
    let statuses: Vec<String> = statuses.into_iter().collect();
    let longest = samples().map(|sample| sample.took).max();
    let longest = longest.unwrap_or(Duration::ZERO).as_millis();
    format!("{} {longest}", statuses.join("/"))
}
