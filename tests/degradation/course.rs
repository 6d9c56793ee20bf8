//! The course of a fault: it begins under load, holds, ends, and all is well again.

use std::time::{Duration, Instant};

use madang::ambient::new_command_id;
use serde_json::{Value, json};

use super::facts::text;
use super::faults::Fault;
use super::load::{Load, Sample};
use super::probes::{Need, PROBES};
use super::site::Site;
use super::until;
use super::writer::is_refused;
use crate::node::client::Client;

/// No answer may take longer, whatever happens: a query waits five seconds for its own writes, and
/// then as long as a statement may take.
const LONGEST: Duration = Duration::from_secs(10);
/// The same if the log says nothing: what is appended is repeated until its request is out of time.
const LONGEST_FOR_LOG: Duration = Duration::from_secs(31);

/// What was seen of a fault.
pub(super) struct Course {
    pub(super) name: &'static str,
    /// All that was asked while it held.
    pub(super) meanwhile: Vec<Sample>,
    /// From its end until every request was answered well again and all views were up to date.
    pub(super) whole_after: Duration,
}

/// Lets a fault happen, for at least so many requests of a kind.
pub(super) fn run(site: &mut Site, load: &Load, (fault, requests): (&Fault, usize)) -> Course {
    let begun = Instant::now();
    (fault.begin)(site);
    let held = Instant::now();
    until(|| lasted(&load.since(held), (fault, requests)));
    (fault.end)(site);
    let ended = Instant::now();
    recover(site);
    let recovered = Instant::now();
    // Then nothing is left of it in any kind of request.
    until(|| (0..PROBES.len()).all(|probe| asked(&load.since(recovered), probe) > 0));
    let (after, all) = (load.since(recovered), load.since(begun));
    judge(fault, &all);
    let ill = all.iter().filter(|sample| !sample.is_well());
    let last_ill = ill.map(Sample::ended).max();
    let left: Vec<_> = after.iter().filter(|sample| !sample.is_well()).collect();
    assert!(left.is_empty(), "after {}: {left:?}", fault.name);
    let whole = last_ill.map_or(recovered, |ill| ill.max(recovered));
    let until_held = |sample: &Sample| (held..ended).contains(&sample.begun);
    Course {
        name: fault.name,
        meanwhile: all.into_iter().filter(until_held).collect(),
        whole_after: whole.duration_since(ended),
    }
}

/// Whether one kind of request was answered so often, and each was at all; but for those that wait as
/// long for the log or the fold as they may.
fn lasted(samples: &[Sample], (fault, requests): (&Fault, usize)) -> bool {
    let enough = (0..PROBES.len()).any(|probe| asked(samples, probe) >= requests);
    let waits = |needs| needs == Need::Fold || (needs == Need::Log && takes_log(fault));
    let is_awaited = |probe: &usize| !waits(PROBES[*probe].needs);
    let mut awaited = (0..PROBES.len()).filter(is_awaited);
    enough && awaited.all(|probe| asked(samples, probe) > 0)
}

fn asked(samples: &[Sample], probe: usize) -> usize {
    samples.iter().filter(|s| s.probe == probe).count()
}

/// Waits until all projections have reached what is posted now, and the node says that it is ready.
pub(super) fn recover(site: &Site) {
    let mut client = site.facts.client().unwrap();
    let articles = format!("/v1/boards/{}/articles", site.facts.busy);
    let mut position = None;
    until(|| {
        let title = format!("after it, {}", new_command_id());
        let article = json!({"title": title, "content": "all is well"});
        let posted = client.post(&articles, &article).unwrap();
        assert!(posted.status == 201 || (site.has_store() && is_refused(&posted)));
        position = posted.position().map(str::to_owned);
        posted.status == 201
    });
    let position = position.unwrap();
    until(|| reached(&mut client, &position));
    until(|| client.read("/health/ready").unwrap().status == 200);
}

fn reached(client: &mut Client, position: &str) -> bool {
    let answer = client.read("/v1/projections").unwrap();
    let level =
        |item: &Value| text(item, "position").as_str() >= position && text(item, "state") == "live";
    let items = answer.body["items"].as_array();
    items.is_some_and(|items| !items.is_empty() && items.iter().all(level))
}

/// Whatever happens to the views, commands are taken; what the fault leaves is answered; what it takes is refused
/// for a while, and nobody waits for ever.
fn judge(fault: &Fault, samples: &[Sample]) {
    let wrong = |sample: &&Sample| {
        let refused = sample.status == 503 && sample.retry_after;
        let may_be = refused && may_be_refused(fault, sample.probe().needs);
        !(sample.is_well() || may_be) || sample.took > longest(fault, sample)
    };
    let wrong: Vec<_> = samples.iter().filter(wrong).collect();
    let told = wrong.iter().take(10).map(|sample| {
        let (name, took) = (sample.probe().name, sample.took);
        format!(
            "{name}: {} {} after {took:?}",
            sample.status, sample.problem
        )
    });
    let (told, count): (Vec<_>, _) = (told.collect(), wrong.len());
    assert!(told.is_empty(), "{}: {count} such as {told:#?}", fault.name);
    let hot = || samples.iter().filter(|s| s.probe().needs == Need::Views);
    let (all, well) = (hot().count(), hot().filter(|s| s.is_well()).count());
    let enough = fault.takes.contains(&Need::Views) || well * 2 > all;
    assert!(enough, "{}: {well} of {all} hot ones", fault.name);
}

fn longest(fault: &Fault, sample: &Sample) -> Duration {
    match sample.probe().needs {
        Need::Log | Need::Fold if takes_log(fault) => LONGEST_FOR_LOG,
        _ => LONGEST,
    }
}

fn takes_log(fault: &Fault) -> bool {
    fault.takes.contains(&Need::Log)
}

/// While there is only Redis, a moment in which it is slow (as is everything on a busy machine) is
/// one in which nobody answers.
fn may_be_refused(fault: &Fault, needs: Need) -> bool {
    let only_redis = needs == Need::Views && fault.takes.contains(&Need::Sql);
    only_redis || fault.takes.contains(&needs)
}
