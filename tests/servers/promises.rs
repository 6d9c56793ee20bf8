//! What the fake EventStoreDB promises to those who test with it, asked by the real client.

use eventstore::{
    AppendToStreamOptions, Client, Error, EventData, ExpectedRevision, ReadAllOptions,
    ReadStreamOptions, SubscribeToAllOptions, Subscription, SubscriptionEvent, SubscriptionFilter,
    WriteResult,
};

use super::eventstoredb::{Act, Call, Ending, EventStoreDb, Manner};

fn connect(server: &EventStoreDb) -> Client {
    let url = format!("{}&discoveryInterval=1", server.url());
    Client::new(url.parse().unwrap()).unwrap()
}

fn event(n: u128) -> EventData {
    let event = EventData::json("Happened", &n).unwrap();
    event.id(uuid::Uuid::from_u128(n))
}

async fn append(
    client: &Client,
    expected: ExpectedRevision,
    n: u128,
) -> Result<WriteResult, Error> {
    let options = AppendToStreamOptions::default().expected_revision(expected);
    client.append_to_stream("stream", &options, event(n)).await
}

async fn given_events(client: &Client, n: u64) {
    append(client, ExpectedRevision::NoStream, 1).await.unwrap();
    for revision in 1..n {
        let expected = ExpectedRevision::Exact(revision - 1);
        let n = u128::from(revision) + 1;
        append(client, expected, n).await.unwrap();
    }
}

async fn next(subscription: &mut Subscription) -> SubscriptionEvent {
    subscription.next_subscription_event().await.unwrap()
}

#[tokio::test]
async fn a_repeated_append_is_answered_as_the_first() {
    let server = EventStoreDb::start().await;
    let client = connect(&server);
    let first = append(&client, ExpectedRevision::NoStream, 1).await;
    let other = append(&client, ExpectedRevision::Exact(0), 2).await;
    let again = append(&client, ExpectedRevision::NoStream, 1).await;
    assert_eq!(first.unwrap().position, again.unwrap().position);
    assert_eq!(other.unwrap().next_expected_version, 1);
    let late = append(&client, ExpectedRevision::NoStream, 3).await;
    assert!(matches!(late, Err(Error::WrongExpectedVersion { .. })));
}

#[tokio::test]
async fn what_was_appended_is_read_among_what_is_the_servers() {
    let server = EventStoreDb::start().await;
    let client = connect(&server);
    given_events(&client, 20).await;
    let options = ReadStreamOptions::default();
    let mut read = client.read_stream("stream", &options).await.unwrap();
    for revision in 0..20 {
        let event = read.next().await.unwrap().unwrap();
        assert_eq!(event.get_original_event().revision, revision);
    }
    assert!(read.next().await.unwrap().is_none());
    let mut all = client.read_all(&ReadAllOptions::default()).await.unwrap();
    let (mut own, mut last) = (0, 0);
    while let Some(event) = all.next().await.unwrap() {
        let event = event.get_original_event();
        assert!(event.position.commit > last);
        last = event.position.commit;
        own += usize::from(!event.event_type.starts_with('$'));
    }
    assert_eq!(own, 20);
    assert_eq!(server.log().events().len(), 20);
}

#[tokio::test]
async fn a_subscription_says_what_was_then_what_comes() {
    let server = EventStoreDb::start().await;
    let client = connect(&server);
    given_events(&client, 9).await;
    let filter = SubscriptionFilter::on_event_type().exclude_system_events();
    let options = SubscribeToAllOptions::default().filter(filter.max(5));
    let mut subscription = client.subscribe_to_all(&options).await;
    assert!(matches!(
        next(&mut subscription).await,
        SubscriptionEvent::Confirmed(_)
    ));
    let (mut events, mut checkpoints) = (0, 0);
    loop {
        match next(&mut subscription).await {
            SubscriptionEvent::EventAppeared(_) => events += 1,
            SubscriptionEvent::Checkpoint(_) => checkpoints += 1,
            SubscriptionEvent::CaughtUp => break,
            _ => {}
        }
    }
    assert_eq!((events, checkpoints), (9, 2));
    append(&client, ExpectedRevision::Exact(8), 10)
        .await
        .unwrap();
    assert!(matches!(
        next(&mut subscription).await,
        SubscriptionEvent::EventAppeared(_)
    ));
    drop(subscription);
    server.manners().until(Call::Unsubscribe, 1).await;
}

#[tokio::test]
async fn a_stopped_server_comes_back_with_what_it_had() {
    let mut server = EventStoreDb::start().await;
    let client = connect(&server);
    given_events(&client, 1).await;
    server.stop().await;
    assert!(
        append(&client, ExpectedRevision::Exact(0), 2)
            .await
            .is_err()
    );
    assert!(
        append(&connect(&server), ExpectedRevision::Exact(0), 2)
            .await
            .is_err()
    );
    server.start_again().await;
    let client = connect(&server);
    let again = append(&client, ExpectedRevision::Exact(0), 2).await;
    assert_eq!(again.unwrap().next_expected_version, 1);
}

#[tokio::test]
async fn an_answer_ends_as_it_was_told_to() {
    let server = EventStoreDb::start().await;
    let client = connect(&server);
    let ended = async |ending| {
        let acts = vec![Act::Passes(1), Act::Ends(ending)];
        server.manners().next(Call::ReadAll, Manner::Acts(acts));
        let mut read = client.read_all(&ReadAllOptions::default()).await.unwrap();
        assert!(read.next().await.unwrap().is_some());
        read.next().await
    };
    assert!(matches!(ended(Ending::Cleanly).await, Ok(None)));
    assert!(matches!(ended(Ending::Reset).await, Ok(None)));
    let status = tonic::Status::permission_denied("no");
    assert!(matches!(
        ended(Ending::With(status)).await,
        Err(Error::AccessDenied)
    ));
    assert!(matches!(
        ended(Ending::Cut).await,
        Err(Error::ServerError(_))
    ));
}
