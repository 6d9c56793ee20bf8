//! The row in SQL that shows how far the entries in Redis have got. Views that were built anew have
//! none, or an empty one: then the entries are of other views.

use crate::event_store::Position;
use crate::projections::HOT;
use crate::projections::checkpoint::Identity;
use crate::views::Views;

/// Reads the position that is shown; makes the row if there is none.
pub(super) async fn position(views: &Views, identity: &Identity) -> sqlx::Result<Position> {
    const SELECT: &str = "SELECT position FROM checkpoint WHERE projection = ?";
    const INSERT: &str = "INSERT INTO checkpoint \
         (projection, position, log_id, event_position, event_id, zone) \
         VALUES (?, '', ?, '', '', ?)";
    let mut connection = views.writer().acquire().await?;
    let select = connection.statement(SELECT).bind(HOT);
    if let Some(row) = select.fetch_optional(&mut connection).await? {
        let position: String = row.try_get(0)?;
        // One that is damaged is as good as none.
        return Ok(position.parse().unwrap_or(Position::START));
    }
    let insert = connection
        .statement(INSERT)
        .bind(HOT)
        .bind(identity.log_id.to_string())
        .bind(identity.calendar.name());
    insert.execute(&mut connection).await?;
    Ok(Position::START)
}

/// Shows a position.
pub(super) async fn set(views: &Views, position: Position) -> sqlx::Result<()> {
    const UPDATE: &str = "UPDATE checkpoint SET position = ? WHERE projection = ?";
    let mut connection = views.writer().acquire().await?;
    let update = connection.statement(UPDATE);
    let update = update.bind(position.to_string()).bind(HOT);
    update.execute(&mut connection).await?;
    Ok(())
}
