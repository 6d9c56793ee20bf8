//! What is written down of views.

use serde::{Deserialize, Serialize};

use super::id;
use crate::domain::view;

#[derive(Serialize, Deserialize)]
pub(in super::super) struct ArticlesViewed {
    views: Vec<Viewed>,
}

#[derive(Serialize, Deserialize)]
struct Viewed {
    article_id: String,
    count: u64,
}

impl From<Vec<view::Viewed>> for ArticlesViewed {
    fn from(views: Vec<view::Viewed>) -> Self {
        Self {
            views: views.into_iter().map(Viewed::from).collect(),
        }
    }
}

impl From<view::Viewed> for Viewed {
    fn from(viewed: view::Viewed) -> Self {
        Self {
            article_id: viewed.article_id.to_string(),
            count: viewed.count,
        }
    }
}

pub(super) fn viewed(p: &ArticlesViewed) -> Result<Vec<view::Viewed>, String> {
    p.views.iter().map(one).collect()
}

fn one(viewed: &Viewed) -> Result<view::Viewed, String> {
    Ok(view::Viewed {
        article_id: id("article_id", &viewed.article_id)?,
        count: viewed.count,
    })
}
