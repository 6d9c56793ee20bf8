//! The log on a server: what the adapter costs besides its client. A server within the process answers
//! both, so it is not the server that is measured.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use eventstore::{
    AppendToStreamOptions, Client, EventData, ExpectedRevision, StreamPosition,
    SubscribeToAllOptions, SubscriptionEvent, SubscriptionFilter,
};
use madang::ambient::new_command_id;
use madang::domain::Revision;
use madang::event_store::eventstoredb::{Credentials, EsdbUrl, EventStoreDb, Limits};
use madang::event_store::{EventStore, Expected, NewEvent, Position, StreamName};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::servers::eventstoredb::EventStoreDb as Server;
use crate::support;

const ROUNDS: usize = 5;
const TASKS: usize = 64;
const ROUND: Duration = Duration::from_secs(2);
/// Events in the log that is caught up with.
const EVENTS: usize = 200_000;
/// As the adapter asks for it.
const WINDOW: u32 = 4096;
const EVENT_TYPE: &str = "ArticleCreated";
const METADATA: &str = r#"{"$correlationId":"0190a0a0-0000-7000-8000-000000000000","actor":"kim"}"#;

/// Runs the benchmark.
pub(crate) fn run(runtime: &Runtime) {
    runtime.block_on(async {
        appends().await;
        catch_up().await;
    });
}

async fn appends() {
    let server = Server::start().await;
    let (adapter, bare) = clients(&server);
    let (mut ours, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(by_adapter(&adapter).await);
        theirs.push(by_client(&bare).await);
        ratios.push(ours[ours.len() - 1] / theirs[theirs.len() - 1]);
    }
    show("appends", (ours, theirs, ratios));
}

async fn catch_up() {
    let server = Server::start().await;
    let (adapter, bare) = clients(&server);
    fill(&adapter).await;
    let (mut ours, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(on_a_worker(read_by_adapter(Arc::clone(&adapter))).await);
        theirs.push(on_a_worker(read_by_client(bare.clone())).await);
        ratios.push(ours[ours.len() - 1] / theirs[theirs.len() - 1]);
    }
    show("events", (ours, theirs, ratios));
}

fn show(what: &str, (mut ours, mut theirs, mut ratios): (Vec<f64>, Vec<f64>, Vec<f64>)) {
    let rows = [("adapter", &mut ours), ("bare client", &mut theirs)];
    for (who, rates) in rows {
        println!("{who:<12} {:>9.0} {what}/s", support::median(rates));
    }
    println!(
        "ratio (median of {ROUNDS} rounds): {:.2}",
        support::median(&mut ratios)
    );
}

fn clients(server: &Server) -> (Arc<EventStoreDb>, Client) {
    let url = EsdbUrl::parse(&server.url(), &Credentials::default()).expect("a URL");
    let settings = server.url().parse().expect("settings");
    let adapter = EventStoreDb::open(&url, Limits::default());
    (Arc::new(adapter), Client::new(settings).expect("a client"))
}

fn stream() -> String {
    format!("article-{}", new_command_id())
}

fn data() -> String {
    let content = "lorem ipsum ".repeat(15);
    format!(r#"{{"title":"A title","content":"{content}"}}"#)
}

fn event() -> NewEvent {
    NewEvent {
        event_id: new_command_id(),
        event_type: EVENT_TYPE,
        data: data(),
        metadata: METADATA.to_owned(),
    }
}

async fn by_adapter(log: &Arc<EventStoreDb>) -> f64 {
    let log = Arc::clone(log);
    by_tasks(move || {
        let log = Arc::clone(&log);
        async move {
            let stream = StreamName::recorded(stream());
            let appended = log.append(&stream, Expected::NoStream, vec![event()]);
            assert_eq!(appended.await.expect("an append").revision, Revision::FIRST);
        }
    })
    .await
}

async fn by_client(client: &Client) -> f64 {
    let client = client.clone();
    by_tasks(move || {
        let client = client.clone();
        async move {
            let options = AppendToStreamOptions::default();
            let options = options.expected_revision(ExpectedRevision::NoStream);
            let event = EventData::binary(EVENT_TYPE, data().into());
            let event = event.id(new_command_id());
            let event = event.metadata(Bytes::from_static(METADATA.as_bytes()));
            let appended = client.append_to_stream(stream(), &options, event);
            assert_eq!(appended.await.expect("an append").next_expected_version, 0);
        }
    })
    .await
}

/// How often per second tasks that each wait for their own append do it.
async fn by_tasks<A>(append: impl Fn() -> A + Clone + Send + 'static) -> f64
where
    A: Future<Output = ()> + Send,
{
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let append = append.clone();
        tasks.spawn(async move {
            let mut count = 0_u32;
            while begun.elapsed() < ROUND {
                append().await;
                count += 1;
            }
            count
        });
    }
    let count: u32 = tasks.join_all().await.into_iter().sum();
    f64::from(count) / begun.elapsed().as_secs_f64()
}

/// Writes the log that is caught up with.
async fn fill(log: &Arc<EventStoreDb>) {
    let mut tasks = JoinSet::new();
    for _ in 0..10 {
        let log = Arc::clone(log);
        tasks.spawn(async move {
            for _ in 0..EVENTS / 1000 {
                let stream = StreamName::recorded(stream());
                let events = std::iter::repeat_with(event).take(100).collect();
                let appended = log.append(&stream, Expected::NoStream, events).await;
                assert_eq!(appended.expect("an append").revision, Revision(99));
            }
        });
    }
    tasks.join_all().await;
}

/// As projectors run: on a thread of the runtime, where a wake-up is no call of the system.
async fn on_a_worker(read: impl Future<Output = f64> + Send + 'static) -> f64 {
    tokio::spawn(read).await.expect("a rate")
}

async fn read_by_adapter(log: Arc<EventStoreDb>) -> f64 {
    let begun = Instant::now();
    let subscription = log.subscribe_all(Position::START).await;
    let mut subscription = subscription.expect("a subscription");
    let mut batch = Vec::with_capacity(1024);
    let mut seen = 0;
    while seen < EVENTS {
        let more = subscription.next_batch(&mut batch, 1024).await;
        assert_ne!(more, 0, "the subscription ended");
        let events = batch.drain(..).filter(|reported| {
            let reported = reported.as_ref().expect("a report");
            matches!(reported, madang::event_store::Reported::Event(_))
        });
        seen += events.count();
    }
    per_second(begun)
}

async fn read_by_client(client: Client) -> f64 {
    let filter = SubscriptionFilter::on_event_type().exclude_system_events();
    let options = SubscribeToAllOptions::default()
        .position(StreamPosition::Start)
        .filter(filter.max(WINDOW));
    let begun = Instant::now();
    let mut subscription = client.subscribe_to_all(&options).await;
    let mut seen = 0;
    while seen < EVENTS {
        let next = subscription.next_subscription_event().await;
        if let SubscriptionEvent::EventAppeared(_) = next.expect("a message") {
            seen += 1;
        }
    }
    per_second(begun)
}

fn per_second(begun: Instant) -> f64 {
    let events = f64::from(u32::try_from(EVENTS).unwrap_or(u32::MAX));
    events / begun.elapsed().as_secs_f64()
}
