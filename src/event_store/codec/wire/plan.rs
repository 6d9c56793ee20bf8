//! What is written down of an import that is about to happen.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::id;
use crate::domain::snowflake::Snowflake;

#[derive(Serialize, Deserialize)]
pub(in super::super) struct ImportPlanned {
    ids: BTreeMap<String, String>,
}

impl From<BTreeMap<String, Snowflake>> for ImportPlanned {
    fn from(ids: BTreeMap<String, Snowflake>) -> Self {
        Self {
            ids: ids
                .into_iter()
                .map(|(key, id)| (key, id.to_string()))
                .collect(),
        }
    }
}

pub(super) fn planned(plan: ImportPlanned) -> Result<BTreeMap<String, Snowflake>, String> {
    plan.ids
        .into_iter()
        .map(|(key, text)| id("an id in ids", &text).map(|id| (key, id)))
        .collect()
}
