//! What `docker-compose.yml` promises: everything pinned, watched and kept, nothing open but the API, no
//! secret in it.

use std::collections::BTreeSet;
use std::time::Duration;

use madang::http::DRAIN;
use serde_json::Value;

use super::files::{all_composes, compose, fields, items, text, variables};

const SERVERS: [&str; 3] = ["eventstore", "mysql", "redis"];

fn services() -> Value {
    compose("docker-compose.yml")["services"].clone()
}

/// `45s`, `1m`.
fn time(text: &Value) -> Duration {
    let text = text.as_str().unwrap();
    let (number, unit) = text.split_at(text.len() - 1);
    let number = number.parse().unwrap();
    match unit {
        "s" => Duration::from_secs(number),
        "m" => Duration::from_mins(number),
        _ => panic!("{text}"),
    }
}

#[test]
fn the_stack_is_madang_and_the_three_servers_of_their_pinned_versions() {
    let services = services();
    let images = fields(&services).map(|(name, service)| (name, &service["image"]));
    let images: Vec<_> = images.collect();
    let expected = [
        ("eventstore", "eventstore/eventstore:24.10."),
        ("madang", "madang:"),
        ("mysql", "mysql:8.4."),
        ("redis", "redis:7."),
    ];
    assert_eq!(images.len(), expected.len());
    for ((name, image), (expected, release)) in images.into_iter().zip(expected) {
        let image = image.as_str().unwrap();
        assert!(
            name == expected && image.starts_with(release),
            "{name}: {image}"
        );
    }
}

#[test]
fn every_image_is_pinned_to_one_release() {
    for compose in all_composes() {
        for (name, service) in fields(&compose["services"]) {
            let Some(image) = service["image"].as_str() else {
                continue;
            };
            let (_, tag) = image.split_once(':').expect(name);
            let version = tag.split('-').next().unwrap();
            let parts: Vec<_> = version.split('.').collect();
            let whole = parts.iter().all(|part| part.parse::<u32>().is_ok());
            assert!(whole && parts.len() == 3, "{name}: {image}");
        }
    }
}

#[test]
fn madangs_own_image_has_the_version_of_the_program() {
    let image = services()["madang"]["image"].clone();
    assert_eq!(image, concat!("madang:", env!("CARGO_PKG_VERSION")));
}

#[test]
fn only_the_api_is_published_and_to_this_host_unless_told_otherwise() {
    for compose in all_composes() {
        for (name, service) in fields(&compose["services"]) {
            let open = !service["ports"].is_null() || service["network_mode"] == "host";
            assert!(!open || name == "madang", "{name} is open");
        }
    }
    let services = services();
    let ports = items(&services["madang"]["ports"]);
    assert_eq!(ports, ["${API_ADDRESS:-127.0.0.1:8080}:8080"]);
}

#[test]
fn each_server_shares_a_network_that_leads_nowhere_with_madang_alone() {
    let compose = compose("docker-compose.yml");
    let mut taken = BTreeSet::new();
    let madang = items(&compose["services"]["madang"]["networks"]);
    for server in SERVERS {
        let networks = items(&compose["services"][server]["networks"]);
        let [network] = networks[..] else {
            panic!("{server}: {networks:?}");
        };
        assert!(madang.contains(&network) && taken.insert(network.to_owned()));
        assert_eq!(compose["networks"][network]["internal"], true, "{network}");
    }
}

#[test]
fn everything_that_runs_is_watched_comes_back_and_keeps_its_log_small() {
    for (name, service) in fields(&services()) {
        let test = items(&service["healthcheck"]["test"]);
        assert!(test.len() > 1 && test[0].starts_with("CMD"), "{name}");
        assert_eq!(service["restart"], "unless-stopped", "{name}");
        assert!(
            service["logging"]["options"]["max-size"].is_string(),
            "{name}"
        );
    }
}

#[test]
fn what_is_kept_is_in_named_volumes_that_are_declared_and_used() {
    let mut declared = BTreeSet::new();
    let mut used = BTreeSet::new();
    for compose in all_composes() {
        declared.extend(fields(&compose["volumes"]).map(|(name, _)| name.to_owned()));
        for (_, service) in fields(&compose["services"]) {
            let sources = items(&service["volumes"]).into_iter();
            let sources = sources.filter_map(|volume| volume.split(':').next());
            used.extend(
                sources
                    .filter(|source| !source.starts_with('.'))
                    .map(str::to_owned),
            );
        }
    }
    assert_eq!(declared, used);
    for server in SERVERS {
        assert!(used.contains(server), "{server} keeps nothing");
    }
}

#[test]
fn files_that_are_mounted_are_there_and_cannot_be_written() {
    for (name, service) in fields(&services()) {
        for volume in items(&service["volumes"]) {
            if volume.starts_with('.') {
                let (source, place) = volume.split_once(':').unwrap();
                assert!(
                    super::files::root().join(source).exists(),
                    "{name}: {source}"
                );
                assert!(place.ends_with(":ro"), "{name}: {volume}");
            }
        }
    }
}

#[test]
fn madang_gets_longer_to_stop_than_its_requests_get() {
    let services = services();
    assert!(time(&services["madang"]["stop_grace_period"]) >= DRAIN * 2);
    for server in SERVERS {
        assert!(
            services[server]["stop_grace_period"].is_string(),
            "{server}"
        );
    }
}

#[test]
fn every_secret_comes_from_outside_and_a_missing_one_says_so() {
    for compose in all_composes() {
        for (name, service) in fields(&compose["services"]) {
            for (variable, value) in fields(&service["environment"]) {
                let secret = ["PASSWORD", "KEY"]
                    .iter()
                    .any(|end| variable.ends_with(end));
                let text = value.as_str().unwrap();
                let must = variables(text).iter().any(|v| v.default.is_none());
                assert!(
                    !secret || (must && text.starts_with("${")),
                    "{name}: {variable}"
                );
                let user = text.contains("://") && text.contains('@');
                assert!(!user || must, "{name}: {variable} has a password in it");
            }
        }
    }
}

#[test]
fn the_example_names_every_variable_and_holds_no_secret() {
    let mut asked = BTreeSet::new();
    for name in ["docker-compose.yml", "docker-compose.tls.yml"] {
        let text = text(name);
        asked.extend(variables(&text).into_iter().map(|variable| {
            (
                variable.name.to_owned(),
                variable.default.unwrap_or_default().to_owned(),
            )
        }));
    }
    let example = text(".env.example");
    let lines = example
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut shown: BTreeSet<_> = lines
        .map(|line| line.split_once('=').unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    // Compose itself asks for this one.
    assert!(shown.remove(&("COMPOSE_PROJECT_NAME".to_owned(), "madang".to_owned())));
    assert_eq!(asked, shown);
}

#[test]
fn the_log_is_kept_on_disk_and_folds_nothing_itself() {
    let environment = services()["eventstore"]["environment"].clone();
    assert_eq!(environment["EVENTSTORE_MEM_DB"], "false");
    assert_eq!(environment["EVENTSTORE_RUN_PROJECTIONS"], "None");
}

#[test]
fn with_tls_the_store_asks_who_somebody_is() {
    let compose = compose("docker-compose.tls.yml");
    let store = &compose["services"]["eventstore"]["environment"];
    assert_eq!(store["EVENTSTORE_INSECURE"], "false");
    let madang = &compose["services"]["madang"]["environment"];
    assert_eq!(
        madang["MADANG_EVENT_STORE_PASSWORD"],
        store["EVENTSTORE_DEFAULT_ADMIN_PASSWORD"]
    );
    let authority = items(&compose["services"]["certificates"]["volumes"]);
    assert!(authority.contains(&"authority:/authority"));
    for server in ["eventstore", "madang"] {
        let volumes = items(&compose["services"][server]["volumes"]);
        assert!(volumes.iter().all(|volume| volume.ends_with(":ro")));
        assert!(!volumes.iter().any(|volume| volume.starts_with("authority")));
    }
}
