//! Which handler answers to which path and method.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;

use super::api::{Api, Site};
use super::error::Failure;
use super::rejection::RouteError;
use super::{
    articles, audit, boards, comments, edge, health, likes, popular, projections, threads, views,
};

/// The whole API.
pub fn router(site: Site) -> Router {
    let api = Arc::new(Api::from(site));
    Router::new()
        .route(
            "/v1/boards",
            get(boards::list_boards).post(boards::create_board),
        )
        .route(
            "/v1/boards/{board_id}",
            get(boards::get_board).put(boards::update_board),
        )
        .route("/v1/boards/{board_id}/close", post(boards::close_board))
        .route(
            "/v1/boards/{board_id}/articles",
            get(articles::list_articles).post(articles::create_article),
        )
        .route(
            "/v1/articles/{article_id}",
            get(articles::get_article)
                .put(articles::update_article)
                .delete(articles::delete_article),
        )
        .route(
            "/v1/articles/{article_id}/comments",
            get(threads::list_comments).post(comments::create_comment),
        )
        .route(
            "/v1/articles/{article_id}/like",
            get(likes::get_like)
                .put(likes::like_article)
                .delete(likes::unlike_article),
        )
        .route(
            "/v1/comments/{comment_id}",
            get(threads::get_comment)
                .put(comments::update_comment)
                .delete(comments::delete_comment),
        )
        .route("/v1/articles/{article_id}/views", post(views::view_article))
        .route("/v1/popular", get(popular::get_popular))
        .route("/v1/popular/days", get(popular::list_popular_days))
        .route("/v1/projections", get(projections::list_projections))
        .route("/v1/audit/events", get(audit::list_audit_events))
        .route("/v1/audit/streams/{stream}", get(audit::list_audit_stream))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .fallback(async || Failure::from(RouteError::NotFound))
        .method_not_allowed_fallback(async || Failure::from(RouteError::MethodNotAllowed))
        .with_state(Arc::clone(&api))
        .layer(CatchPanicLayer::custom(edge::panicked))
        .layer(from_fn_with_state(api, edge::guard))
}
