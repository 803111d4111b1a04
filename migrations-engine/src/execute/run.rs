//! One migration: in one transaction, or in pieces with a note of each.

use std::time::Instant;

use super::history::{self, Progress};
use super::{Connection, Event, Executor, Steps, database, lock, rebuild, require};
use crate::BoxError;
use crate::error::{Error, Result, error, fail};
use crate::graph::Direction;
use crate::migration::Migration;
use crate::plan::{Statement, StatementKind};

impl<C: Connection, S: Steps<C>> Executor<'_, C, S> {
    /// Runs one migration; false if another process has done so meanwhile.
    pub(super) async fn run(
        &mut self,
        migration: &Migration,
        direction: Direction,
        statements: &[Statement],
        resume: Option<Progress>,
    ) -> Result<bool> {
        let ran = if migration.atomic && self.connection.dialect().capabilities().transactional_ddl {
            self.run_atomic(migration, direction, statements).await?
        } else {
            self.run_journalled(migration, direction, statements, resume).await?;
            true
        };
        if ran {
            self.report(&Event::Done { migration, direction });
        }
        Ok(ran)
    }

    async fn run_atomic(
        &mut self,
        migration: &Migration,
        direction: Direction,
        statements: &[Statement],
    ) -> Result<bool> {
        let suspended = rebuild::suspend_foreign_keys(self.connection, statements).await?;
        let outcome = match lock::begin(self.connection, self.options.lock_seconds).await {
            Ok(()) => {
                let mut at = 0;
                let outcome = self.in_transaction(migration, direction, statements, &mut at).await;
                match outcome {
                    Ok(ran) => lock::commit(self.connection, "the migration cannot be committed")
                        .await
                        .map(|()| ran)
                        .map_err(|error| error.at(&migration.id)),
                    Err(error) => {
                        // The first error is the one to show.
                        let _ = self.connection.execute("ROLLBACK").await;
                        Err(require::explain(self.connection, migration, statements, at, error).await)
                    }
                }
            }
            Err(error) => Err(error.at(&migration.id)),
        };
        let restored = rebuild::restore_foreign_keys(self.connection, suspended).await;
        let ran = outcome?;
        restored?;
        Ok(ran)
    }

    async fn in_transaction(
        &mut self,
        migration: &Migration,
        direction: Direction,
        statements: &[Statement],
        at: &mut usize,
    ) -> Result<bool> {
        // Another process may have been here between our look at the history and the lock.
        let recorded = history::is_recorded(self.connection, &migration.id).await?;
        if recorded == (direction == Direction::Forward) {
            return Ok(false);
        }
        self.report(&Event::Begin { migration, direction, statements: statements.len() });
        let mut captured = rebuild::Captured::default();
        let seen = require::seen(statements);
        for (number, statement) in statements.iter().enumerate() {
            *at = number;
            require::before(self.connection, migration, statements, number, &seen).await?;
            self.report(&Event::Statement { at: number, statement });
            let begun = Instant::now();
            self.statement(statement, true, &mut captured).await?;
            self.report(&Event::Ran { at: number, statement, time: begun.elapsed() });
        }
        if statements.iter().any(|statement| statement.foreign_keys_off) {
            rebuild::check_foreign_keys(self.connection).await?;
        }
        history::record(self.connection, &migration.id, &self.checksum(migration)?, direction).await?;
        self.forget_parts(migration, direction).await?;
        Ok(true)
    }

    pub(super) async fn statement(
        &mut self,
        statement: &Statement,
        in_transaction: bool,
        captured: &mut rebuild::Captured,
    ) -> Result<()> {
        if let Some(query) = &statement.only_if
            && self.connection.query(query).await.map_err(refused(query))?.is_empty()
        {
            return Ok(());
        }
        match &statement.kind {
            StatementKind::Sql(sql) if returns_rows(sql) => {
                self.connection.query(sql).await.map_err(refused(sql))?;
                Ok(())
            }
            StatementKind::Sql(sql) => {
                let carried = captured.carry(sql)?;
                let sql = carried.as_ref().unwrap_or(sql);
                self.connection.execute(sql).await.map_err(refused(sql))?;
                Ok(())
            }
            StatementKind::Capture { table, known } => rebuild::capture(self.connection, captured, table, known).await,
            StatementKind::Restore { table } => rebuild::restore(self.connection, captured, table).await,
            StatementKind::Look { .. } | StatementKind::Together { .. } => Ok(()),
            StatementKind::Rust { name, state } => {
                if !self.steps.has(name) {
                    fail!(M084, "the step `{name}` is not registered");
                }
                let ran = self.steps.run(name, state, in_transaction, self.connection).await;
                ran.map_err(|source| error!(M084, "the step `{name}` failed").with_source(source))
            }
        }
    }
}

/// The error of a statement of a migration.
fn refused(sql: &str) -> impl FnOnce(BoxError) -> Error {
    let what = format!("the database refused: {sql}");
    move |source| {
        let there = what.contains("CREATE TABLE") && source.to_string().contains("already exists");
        let error = database(what)(source);
        if !there {
            return error;
        }
        error.with_hint(
            "where another has made the tables as the models say, `migrate --fake-initial` takes them over, and `migrate --fake APP \
             NAME` records what is done as run",
        )
    }
}

/// Whether a driver has to be asked for rows to run it.
fn returns_rows(sql: &str) -> bool {
    let word = sql.split_whitespace().next().unwrap_or("");
    word.eq_ignore_ascii_case("SELECT") || word.eq_ignore_ascii_case("PRAGMA")
}
