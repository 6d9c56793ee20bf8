//! How it stands with a store on a server, told to whoever wants to know.

use std::sync::Arc;

use tokio::sync::watch;

/// How it stands with the log or the views, if they are on a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stand {
    /// It was not opened yet.
    Opening,
    /// It can be used.
    Open,
    /// It was open, and cannot be reached now.
    Away,
    /// It is not to be used: the node has to end. Why, and the remedy.
    Refused(Arc<str>),
}

/// Ready once a store has turned out not to be usable, with what to tell the operator.
pub async fn refused(stand: Option<watch::Receiver<Stand>>) -> Arc<str> {
    if let Some(mut stand) = stand {
        let refused = |stand: &Stand| matches!(stand, Stand::Refused(_));
        if let Ok(stand) = stand.wait_for(refused).await
            && let Stand::Refused(why) = &*stand
        {
            return Arc::clone(why);
        }
    }
    std::future::pending().await
}
