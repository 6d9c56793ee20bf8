//! `madang token`: makes a token, for tests and for the first admin. Works beside a running server.

use std::time::Duration;

use anyhow::Context;

use super::{Outcome, WrongUse, output};
use crate::ambient::Clock;
use crate::config::Config;
use crate::domain::text::WriterName;
use crate::domain::{Timestamp, UserId};
use crate::http::{AuthKey, Grant, Role, mint};

/// The longest life of a token: ten years.
const LONGEST: Duration = Duration::from_hours(10 * 365 * 24);

/// Make a token and print it and nothing else
///
/// Send it as `Authorization: Bearer <token>`. Whoever has it is that user until it expires; there
/// is no way to take it back but to change the signing key.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// The user's id: 1 to 64 bytes
    #[arg(long, value_name = "ID", value_parser = user)]
    user: UserId,
    /// The name that readers see, at most 100 characters [default: the user's id]
    #[arg(long, value_name = "NAME", value_parser = name)]
    name: Option<WriterName>,
    /// What the user may do beyond what everybody may: admin, moderator or auditor; repeatable
    #[arg(id = "token_role", long = "role", value_name = "ROLE", value_parser = role)]
    roles: Vec<Role>,
    /// How long it is good: a number with s, m, h or d, from 1s to 3650d
    #[arg(long, value_name = "TIME", default_value = "30d", value_parser = ttl)]
    ttl: Duration,
}

/// Makes a token.
pub fn run(config: &Config, args: &Args, clock: &Clock) -> anyhow::Result<Outcome> {
    let now = clock.now();
    let life = i64::try_from(args.ttl.as_millis()).unwrap_or(i64::MAX);
    let grant = Grant {
        user: args.user.clone(),
        name: args.name.clone(),
        roles: args.roles.iter().copied().collect(),
        issued_at: now,
        expires_at: Timestamp(now.0.saturating_add(life)),
    };
    let token = mint(&key(config)?, &grant)?;
    output::line(&token)?;
    Ok(Outcome::Done)
}

/// The key that signs tokens: the configured one, or the one in the data directory.
pub(super) fn key(config: &Config) -> anyhow::Result<AuthKey> {
    if let Some(key) = &config.auth_key {
        let refused = "auth_key: a key has 32 to 4096 bytes, white space at its end not counted";
        return AuthKey::from_text(key).ok_or_else(|| WrongUse(refused.to_owned()).into());
    }
    std::fs::create_dir_all(&config.data_dir)
        .with_context(|| config.data_dir.display().to_string())?;
    Ok(AuthKey::load_or_create(&config.data_dir.join("auth.key"))?)
}

fn user(text: &str) -> Result<UserId, String> {
    UserId::parse(text).map_err(|error| error.to_string())
}

fn name(text: &str) -> Result<WriterName, String> {
    WriterName::parse(text).map_err(|error| error.to_string())
}

fn role(text: &str) -> Result<Role, String> {
    Role::named(text).ok_or_else(|| "a role is admin, moderator or auditor".to_owned())
}

fn ttl(text: &str) -> Result<Duration, String> {
    let unit = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 60 * 60,
        Some('d') => 24 * 60 * 60,
        _ => return Err("a time is a number with s, m, h or d, such as 12h".to_owned()),
    };
    let number = &text[..text.len() - 1];
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = number.parse::<u64>().ok().filter(|_| digits);
    let ttl = seconds
        .and_then(|number| number.checked_mul(unit))
        .map(Duration::from_secs);
    ttl.filter(|ttl| (Duration::from_secs(1)..=LONGEST).contains(ttl))
        .ok_or_else(|| "a token is good for 1s to 3650d".to_owned())
}
