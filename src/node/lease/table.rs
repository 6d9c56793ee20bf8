//! The rows of node numbers, and the one way in which a row changes: from what somebody has seen there to
//! what they want, or not at all.

use crate::domain::Timestamp;
use crate::domain::snowflake::Node;
use crate::views::dialect::{Listed, Spelled};
use crate::views::{Row, Views, ViewsError, rows};

/// How many numbers there are.
pub(super) const NUMBERS: usize = Node::MAX as usize + 1;

const FILL: Spelled = Spelled {
    sqlite: Listed::new(
        "INSERT OR IGNORE INTO node_lease (node, holder, until_ms) VALUES {}",
        ROW,
    ),
    mysql: Listed::new(
        "INSERT IGNORE INTO node_lease (node, holder, until_ms) VALUES {}",
        ROW,
    ),
};
const ROW: &str = "(?, '', ?)";

/// How it stands with a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) node: Node,
    pub(super) state: State,
}

/// Who has a number, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    /// Empty if nobody has it.
    pub(super) holder: String,
    /// All ids that were made with the number lie before this.
    pub(super) until: Timestamp,
}

impl State {
    pub(super) fn is_free(&self) -> bool {
        self.holder.is_empty()
    }
}

/// Where the rows are.
#[derive(Clone, Debug)]
pub(super) struct Table(pub(super) Views);

impl Table {
    /// All numbers, or one of them.
    pub(super) async fn numbers(&self, which: Option<Node>) -> Result<Vec<Number>, ViewsError> {
        self.read(which).await.map_err(|e| self.0.explained(e))
    }

    async fn read(&self, which: Option<Node>) -> sqlx::Result<Vec<Number>> {
        const ALL: &str = "SELECT node, holder, until_ms FROM node_lease ORDER BY node";
        const ONE: &str = "SELECT node, holder, until_ms FROM node_lease WHERE node = ?";
        let mut connection = self.0.writer().acquire().await?;
        let select = match which {
            Some(node) => connection.statement(ONE).bind(i64::from(node.get())),
            None => connection.statement(ALL),
        };
        let found = select.fetch_all(&mut connection).await?;
        let found: Vec<Option<Number>> = found.iter().map(number).collect::<Result<_, _>>()?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Adds the numbers that are missing, free and with ids from `from` on; all of them or none.
    pub(super) async fn fill(&self, from: Timestamp) -> Result<(), ViewsError> {
        let fill = async {
            let mut transaction = self.0.writer().begin().await?;
            let nodes = (0..=Node::MAX).map(i64::from).collect();
            let bind =
                |statement: crate::views::Statement, node: i64| statement.bind(node).bind(from.0);
            rows::write(&mut transaction, &FILL, nodes, bind).await?;
            transaction.commit().await
        };
        fill.await.map_err(|error| self.0.explained(error))
    }

    /// Changes how it stands with a number, if it still stands as `before`. After an error it may have
    /// happened, or happen yet.
    pub(super) async fn swap(
        &self,
        node: Node,
        before: &State,
        after: &State,
    ) -> Result<bool, ViewsError> {
        const UPDATE: &str = "UPDATE node_lease SET holder = ?, until_ms = ? \
             WHERE node = ? AND holder = ? AND until_ms = ?";
        let swap = async {
            let mut connection = self.0.writer().acquire().await?;
            let update = connection.statement(UPDATE);
            let update = update.bind(after.holder.clone()).bind(after.until.0);
            let update = update.bind(i64::from(node.get()));
            let update = update.bind(before.holder.clone()).bind(before.until.0);
            Ok(update.execute(&mut connection).await? == 1)
        };
        swap.await.map_err(|error| self.0.explained(error))
    }
}

/// A number above the greatest is none of ours.
fn number(row: &Row) -> sqlx::Result<Option<Number>> {
    let node: i64 = row.try_get(0)?;
    let node = u16::try_from(node).ok().and_then(Node::new);
    let state = State {
        holder: row.try_get(1)?,
        until: Timestamp(row.try_get(2)?),
    };
    Ok(node.map(|node| Number { node, state }))
}
