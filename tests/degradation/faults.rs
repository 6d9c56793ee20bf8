//! What happens to the stores, as data.

use std::time::Duration;

use super::probes::Need;
use super::site::{Hot, Site};
use super::{until, wait_for};
use crate::servers::proxy::Manner;
use crate::servers::redis::Redis;

const SLOW: Manner = Manner::Slow(Duration::from_secs(5));

/// The server answers and takes no writes. A node that starts before such a one has to end.
pub(super) const READ_ONLY: &str = "read-only";

/// Something that happens to a store, and what ends it.
#[derive(Clone, Copy)]
pub(super) struct Fault {
    pub(super) name: &'static str,
    /// What nobody can have meanwhile.
    pub(super) takes: &'static [Need],
    pub(super) begin: fn(&mut Site),
    pub(super) end: fn(&mut Site),
}

/// Nothing at all: shows that the load itself does no harm.
pub(super) const NONE: Fault = Fault {
    name: "none",
    takes: &[],
    begin: |_| {},
    end: |_| {},
};

const fn redis(name: &'static str, begin: fn(&mut Site), end: fn(&mut Site)) -> Fault {
    Fault {
        name,
        takes: &[],
        begin,
        end,
    }
}

/// What happens to Redis: SQL answers instead.
pub(super) const REDIS: &[Fault] = &[
    redis(
        "unreachable",
        |site| site.redis.proxy.be(Manner::Refuse),
        |site| site.redis.proxy.be(Manner::Pass),
    ),
    redis(
        "killed, back empty",
        |site| {
            site.redis.server.process().kill();
            site.redis.proxy.be(Manner::Refuse);
        },
        |site| {
            site.redis.server.process().restart();
            site.redis.proxy.be(Manner::Pass);
        },
    ),
    redis(
        "paused",
        |site| site.redis.server.process().pause(),
        |site| site.redis.server.process().resume(),
    ),
    redis(
        "5 s answers",
        |site| site.redis.proxy.be(SLOW),
        |site| site.redis.proxy.be(Manner::Pass),
    ),
    redis(
        READ_ONLY,
        // Nobody listens there.
        |site| site.redis.run("REPLICAOF 127.0.0.1 1"),
        |site| site.redis.run("REPLICAOF NO ONE"),
    ),
    redis(
        "at maxmemory, evicting",
        |site| fill_up(&site.redis, "volatile-lru"),
        |site| site.redis.run("CONFIG SET maxmemory 0"),
    ),
    redis(
        "at maxmemory, refusing",
        |site| fill_up(&site.redis, "noeviction"),
        |site| site.redis.run("CONFIG SET maxmemory 0"),
    ),
    redis("flushed", |site| site.redis.run("FLUSHALL"), |_| {}),
    redis(
        "failed over, writes lost",
        |site| {
            let redis = &mut site.redis;
            // Not one that is a replica from its start: killed and started again, it would be one.
            let (mut replica, port) = (Redis::start(), redis.server.process().port());
            let () = wait_for(replica.run(&format!("REPLICAOF 127.0.0.1 {port}")));
            wait_for(replica.wait_for_info("master_link_status:up"));
            // From here on it lacks what is written.
            let () = wait_for(replica.run("REPLICAOF NO ONE"));
            let before = written(redis);
            until(|| written(redis) > before);
            redis.proxy.redirect(replica.process().port());
            redis.server = replica;
        },
        |_| {},
    ),
];

/// No memory is free from here on.
fn fill_up(redis: &Hot, policy: &str) {
    redis.run::<()>(&format!("CONFIG SET maxmemory-policy {policy}"));
    let used = info(&redis.run::<String>("INFO memory"), "used_memory");
    redis.run::<()>(&format!("CONFIG SET maxmemory {used}"));
}

/// How much was written so far.
fn written(redis: &Hot) -> u64 {
    let told: String = redis.run("INFO replication");
    info(&told, "master_repl_offset")
}

/// A number that `INFO` tells.
fn info(told: &str, name: &str) -> u64 {
    let lines = told.lines().filter_map(|line| line.split_once(':'));
    let mut values = lines.filter(|(key, _)| *key == name);
    values.next().unwrap().1.trim().parse().unwrap()
}

const SQL_TAKES: &[Need] = &[Need::Sql, Need::Fold];

/// What happens to the SQL server: Redis answers what is hot.
pub(super) const SQL: &[Fault] = &[
    Fault {
        name: "killed",
        takes: SQL_TAKES,
        begin: |site| {
            site.sql.server.process().kill();
            site.sql.proxy.be(Manner::Refuse);
        },
        end: |site| {
            site.sql.server.process().restart();
            site.sql.proxy.be(Manner::Pass);
        },
    },
    Fault {
        name: "paused",
        takes: SQL_TAKES,
        begin: |site| site.sql.server.process().pause(),
        end: |site| site.sql.server.process().resume(),
    },
    Fault {
        name: "5 s answers",
        takes: SQL_TAKES,
        begin: |site| site.sql.proxy.be(SLOW),
        end: |site| site.sql.proxy.be(Manner::Pass),
    },
    Fault {
        name: READ_ONLY,
        takes: &[Need::Fold],
        begin: |site| site.sql.run("SET GLOBAL read_only = 1"),
        end: |site| site.sql.run("SET GLOBAL read_only = 0"),
    },
];

pub(super) const ALL: &[Need] = &[Need::Views, Need::Sql, Need::Fold];

/// What happens to both at once: commands go on.
pub(super) const BOTH: &[Fault] = &[
    Fault {
        name: "unreachable",
        takes: ALL,
        begin: |site| both(site, Manner::Refuse),
        end: |site| both(site, Manner::Pass),
    },
    Fault {
        name: "silent",
        takes: ALL,
        begin: |site| both(site, Manner::Silent),
        end: |site| both(site, Manner::Pass),
    },
    Fault {
        name: "5 s answers",
        takes: ALL,
        begin: |site| both(site, SLOW),
        end: |site| both(site, Manner::Pass),
    },
];

fn both(site: &mut Site, manner: Manner) {
    site.redis.proxy.be(manner);
    site.sql.proxy.be(manner);
}
