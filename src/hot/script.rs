//! The Lua scripts. Redis runs each as one step that nothing comes between: that is what the rules of
//! [`super`] rest on. They are called by their digests; [`super::client`] loads them where they are missing.

use std::sync::LazyLock;

use redis::{Cmd, ToRedisArgs, cmd};

/// A script and its digest.
pub(super) struct Script(LazyLock<(&'static str, redis::Script)>);

/// A script of entries: it goes on when memory is used up, for it changes what is there, and the floors
/// that it leaves are small and live for a minute.
macro_rules! applying {
    ($file:literal) => {
        script!(concat!(
            "#!lua flags=allow-oom\n",
            include_str!("scripts/common.lua"),
            include_str!("scripts/steps.lua"),
            include_str!($file)
        ))
    };
}

macro_rules! script {
    ($text:expr) => {
        Script(LazyLock::new(|| ($text, redis::Script::new($text))))
    };
}

pub(super) static APPLY_ARTICLE: Script = applying!("scripts/apply_article.lua");
pub(super) static APPLY_BOARD: Script = applying!("scripts/apply_board.lua");
pub(super) static APPLY_POPULAR: Script = applying!("scripts/apply_popular.lua");
pub(super) static MISS: Script = script!(concat!(
    "#!lua\n",
    include_str!("scripts/common.lua"),
    include_str!("scripts/miss.lua")
));
pub(super) static FILL: Script = script!(concat!(
    "#!lua\n",
    include_str!("scripts/common.lua"),
    include_str!("scripts/fill.lua")
));
pub(super) static PART: Script = script!(concat!(
    "#!lua flags=no-writes\n",
    include_str!("scripts/part.lua")
));
pub(super) static TOP: Script = script!(concat!(
    "#!lua flags=no-writes\n",
    include_str!("scripts/top.lua")
));
pub(super) static BEGIN: Script = script!(concat!(
    "#!lua flags=allow-oom\n",
    include_str!("scripts/begin.lua")
));
pub(super) static ADVANCE: Script = script!(concat!(
    "#!lua flags=allow-oom\n",
    include_str!("scripts/advance.lua")
));
pub(super) static CONFIRM: Script = script!(concat!(
    "#!lua flags=allow-oom\n",
    include_str!("scripts/confirm.lua")
));
pub(super) static TAKE_BACK: Script = script!(concat!(
    "#!lua flags=allow-oom\n",
    include_str!("scripts/take_back.lua")
));

static ALL: [&Script; 11] = [
    &APPLY_ARTICLE,
    &APPLY_BOARD,
    &APPLY_POPULAR,
    &MISS,
    &FILL,
    &PART,
    &TOP,
    &BEGIN,
    &ADVANCE,
    &CONFIRM,
    &TAKE_BACK,
];

impl Script {
    /// A call of the script with its keys; arguments are added to it.
    pub(super) fn call(&self, keys: &[String]) -> Cmd {
        let mut call = cmd("EVALSHA");
        call.arg(self.0.1.get_hash()).arg(keys.len()).arg(keys);
        call
    }

    /// A call with all its arguments.
    pub(super) fn call_with(&self, keys: &[String], arguments: impl ToRedisArgs) -> Cmd {
        let mut call = self.call(keys);
        call.arg(arguments);
        call
    }
}

/// The commands that load every script.
pub(super) fn loads() -> impl Iterator<Item = Cmd> {
    ALL.iter().map(|script| {
        let mut load = cmd("SCRIPT");
        load.arg("LOAD").arg(script.0.0);
        load
    })
}
