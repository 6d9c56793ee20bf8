//! `madang serve`: one node with its HTTP API, until it is asked to stop.

use anyhow::{Context as _, bail};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tracing::info;

use super::{Outcome, sure_of_its_number, token};
use crate::ambient::Clock;
use crate::command::ids::Ids;
use crate::config::{Config, Role, Settings};
use crate::http::{self, Check, Limits, Readiness, Site, Verifier};
use crate::node::{Node, Stand, asked_to_stop};
use crate::projections::status::Status;

/// Serve the HTTP API and fold the log into the views
///
/// Stops on SIGTERM or Ctrl-C: requests in flight get their answers first. What was acknowledged is
/// on disk already, so even `kill -9` loses nothing.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// What this node does; repeatable, and stronger than --role before `serve` [default: all roles]
    #[arg(
        id = "serve_role",
        long = "role",
        value_delimiter = ',',
        value_name = "ROLE"
    )]
    roles: Vec<Role>,
}

impl Args {
    /// Puts the choices that stand behind the subcommand among the others.
    pub(super) fn add_to(&self, settings: &mut Settings) {
        if !self.roles.is_empty() {
            settings.role.clone_from(&self.roles);
        }
    }
}

/// Serves until the process is asked to stop.
pub async fn run(config: &Config, clock: Clock) -> anyhow::Result<Outcome> {
    if config.roles.command {
        sure_of_its_number(config)?;
    }
    let verifier = Verifier::new(&token::key(config)?, clock.clone());
    // Before anything waits for a server, which may take seconds.
    let mut asked = Box::pin(asked_to_stop().context("signals cannot be heard")?);
    // Before the node holds anything that it would have to give back.
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("cannot listen on {}", config.listen))?;
    let address = listener.local_addr()?;
    let node = tokio::select! {
        started = Node::start(config, clock.clone()) => started?,
        () = &mut asked => return Ok(Outcome::Done),
    };
    let router = http::router(Site {
        commands: config.roles.command.then(|| node.commands.clone()),
        viewing: config.roles.command.then(|| node.viewing.clone()),
        queries: config.roles.query.then(|| node.queries.clone()),
        log: node.store.clone(),
        verifier,
        readiness: readiness(&node, config.roles.command || config.roles.projector),
        clock,
        limits: Limits::default(),
    });
    info!(%address, data_dir = %config.data_dir.display(), "serving");
    let refused = node.refused();
    let mut why = None;
    let stop = async {
        tokio::select! {
            () = asked => {}
            refusal = refused => why = Some(refusal),
        }
        info!("stopping: requests in flight get their answers first");
    };
    http::run(listener, router, stop).await;
    node.stop().await;
    info!("stopped");
    match why {
        Some(why) => bail!("{why}"),
        None => Ok(Outcome::Done),
    }
}

/// A node that projects is ready once its views have been level with the log, and for as long as
/// both can be reached. One that does not is ready as soon as its views are open. Without Redis it is slower, and
/// ready all the same.
fn readiness(node: &Node, needs_log: bool) -> Readiness {
    let (status, hot) = (node.status.clone(), node.hot.clone());
    let (store_stand, stand) = (node.store_stand.clone(), node.stand.clone());
    let number = node.number.clone();
    Readiness::new(move || {
        let mut checks = Vec::with_capacity(6);
        if let Some(stand) = &store_stand {
            checks.push(stored(&stand.borrow(), needs_log));
        }
        if let Some(stand) = &stand {
            checks.push(viewed(&stand.borrow()));
        }
        checks.extend(number.as_deref().map(numbered));
        if let Some(status) = &status {
            checks.extend(projecting(status));
        }
        if let Some(hot) = &hot {
            let live = hot.generation().is_some();
            checks.push(Check {
                name: "redis",
                ok: true,
                state: if live { "live" } else { "away" },
            });
        }
        checks
    })
}

/// Without the log a node can only answer queries, from views that were found to be of that log.
fn stored(stand: &Stand, needs_log: bool) -> Check {
    Check {
        name: "event_store",
        ok: *stand == Stand::Open || (*stand == Stand::Away && !needs_log),
        state: class(stand),
    }
}

/// Without its views a node can only take commands.
fn viewed(stand: &Stand) -> Check {
    Check {
        name: "views",
        ok: *stand == Stand::Open,
        state: class(stand),
    }
}

/// Without a number a node makes nothing new, and counts no views.
fn numbered(ids: &Ids) -> Check {
    let held = ids.node().is_some();
    Check {
        name: "number",
        ok: held,
        state: if held { "held" } else { "waiting" },
    }
}

fn class(stand: &Stand) -> &'static str {
    match stand {
        Stand::Opening => "opening",
        Stand::Open => "open",
        Stand::Away => "away",
        Stand::Refused(_) => "refused",
    }
}

fn projecting(status: &watch::Receiver<Status>) -> [Check; 2] {
    // Nobody is left to tell: the projector has died.
    let dead = status.has_changed().is_err();
    let status = *status.borrow();
    let projector = Check {
        name: "projector",
        ok: !dead && status.is_healthy(),
        state: if dead { "dead" } else { status.state.as_str() },
    };
    let parked = Check {
        name: "parked",
        // The views go on without parked events, so the node goes on serving.
        ok: true,
        state: if status.parked == 0 { "none" } else { "some" },
    };
    [projector, parked]
}
