//! One migration: in one transaction, or statement by statement with a note of each.

use std::time::Instant;

use super::history::{self, Progress};
use super::{Connection, Event, Executor, Steps, database, lock, rebuild, require};
use crate::BoxError;
use crate::error::{Error, Result, error, fail};
use crate::graph::Direction;
use crate::migration::Migration;
use crate::plan::{Recheck, Statement, StatementKind};

impl<C: Connection, S: Steps<C>> Executor<'_, C, S> {
    /// Runs one migration; false if another process has done so meanwhile.
    pub(super) async fn run(
        &mut self,
        migration: &Migration,
        direction: Direction,
        statements: &[Statement],
        resume: Option<Progress>,
    ) -> Result<bool> {
        let dialect = self.connection.dialect();
        // A table that is written anew is copied, dropped and renamed: what others write in between would be lost. SQLite has no short
        // locks that could be kept short by doing without a transaction.
        let is = |kind: fn(&StatementKind) -> bool| statements.iter().any(|statement| kind(&statement.kind));
        let rebuilds = is(|kind| matches!(kind, StatementKind::Capture { .. }));
        let steps = is(|kind| matches!(kind, StatementKind::Rust { .. }));
        let whole = migration.atomic || rebuilds && !steps && resume.is_none();
        let ran = if whole && dialect.capabilities().transactional_ddl {
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
                    Ok(ran) => self
                        .connection
                        .execute("COMMIT")
                        .await
                        .map(|_| ran)
                        .map_err(database("the migration cannot be committed"))
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

    async fn run_journalled(
        &mut self,
        migration: &Migration,
        direction: Direction,
        statements: &[Statement],
        resume: Option<Progress>,
    ) -> Result<()> {
        self.report(&Event::Begin { migration, direction, statements: statements.len() });
        let checksum = self.checksum(migration)?;
        let total = statements.len();
        // What was seen before it stopped may be otherwise by now.
        let seen = if resume.is_none() { require::seen(statements) } else { Vec::new() };
        let mut progress = match resume {
            Some(progress) if progress.total != total => {
                return Err(error!(
                    M073,
                    "`{}` stopped after {} of {} statements, but now has {total}",
                    migration.id,
                    progress.done,
                    progress.total
                )
                .with_hint("give the same `--default` as then, with the same version of the library"));
            }
            Some(progress) => {
                if let Some(statement) = statements.get(progress.done) {
                    self.recheck(migration, statement, progress).await?
                } else {
                    progress
                }
            }
            None => {
                let progress = Progress { direction, done: 0, total, doing: false };
                history::begin(self.connection, &migration.id, &checksum, &progress).await?;
                progress
            }
        };
        let suspended = rebuild::suspend_foreign_keys(self.connection, statements).await?;
        let mut outcome = Ok(());
        let mut captured = rebuild::Captured::default();
        for (at, statement) in statements.iter().enumerate().skip(progress.done) {
            if let Err(rows) = require::before(self.connection, migration, statements, at, &seen).await {
                let remedy = rows.hint().unwrap_or_default();
                let hint = format!("{remedy}; {at} of {total} statements are done, and it goes on there");
                outcome = Err(if at == 0 { rows } else { rows.with_hint(hint) });
                break;
            }
            self.report(&Event::Statement { at, statement });
            let unknowable = statement.recheck == Recheck::Ask;
            if unknowable {
                progress.doing = true;
                history::note(self.connection, &migration.id, &progress).await?;
            }
            let begun = Instant::now();
            outcome = self.statement(statement, false, &mut captured).await;
            if outcome.is_err() {
                // The database refused it, so it was not done.
                progress.doing = false;
                let _ = history::note(self.connection, &migration.id, &progress).await;
                break;
            }
            self.report(&Event::Ran { at, statement, time: begun.elapsed() });
            progress.doing = false;
            progress.done = at + 1;
            history::note(self.connection, &migration.id, &progress).await?;
        }
        let restored = rebuild::restore_foreign_keys(self.connection, suspended).await;
        if let Err(error) = outcome {
            if error.code() == "M086" {
                return Err(error);
            }
            let hint = format!(
                "{done} of {total} statements are done. When what the database refuses is set right there, migrate again: it goes \
                 on there. Where the file is wrong, correct it, say `repair --undo {id}` to take back what is done, and migrate",
                done = progress.done,
                id = migration.id
            );
            return Err(error.at(&migration.id).with_hint(hint));
        }
        restored?;
        self.forget_parts(migration, direction).await?;
        history::finish(self.connection, &migration.id, &checksum, direction).await
    }

    /// Finds out whether the statement at which a migration stopped was done.
    pub(super) async fn recheck(
        &mut self,
        migration: &Migration,
        statement: &Statement,
        mut progress: Progress,
    ) -> Result<Progress> {
        match &statement.recheck {
            Recheck::Repeat => {}
            Recheck::Clear { done, clear } => {
                let cannot = || database("the state of the database cannot be read");
                if self.connection.query(done).await.map_err(cannot())?.is_empty() {
                    self.connection.execute(clear).await.map_err(cannot())?;
                } else {
                    progress.done += 1;
                }
            }
            Recheck::Query(sql) => {
                let rows =
                    self.connection.query(sql).await.map_err(database("the state of the database cannot be read"))?;
                progress.done += usize::from(!rows.is_empty());
            }
            Recheck::Ask if progress.doing => {
                let (at, total, sql) = (progress.done + 1, progress.total, statement.sql());
                return Err(error!(M073, "`{}` stopped during statement {at} of {total}: {sql}", migration.id).with_hint(format!(
                    "see whether it was done; then say `repair --done {id}` or `repair --not-done {id}`, and migrate again",
                    id = migration.id
                )));
            }
            Recheck::Ask => {}
        }
        progress.doing = false;
        Ok(progress)
    }

    async fn statement(
        &mut self,
        statement: &Statement,
        in_transaction: bool,
        captured: &mut rebuild::Captured,
    ) -> Result<()> {
        match &statement.kind {
            StatementKind::Sql(sql) if returns_rows(sql) => {
                self.connection.query(sql).await.map_err(refused(sql))?;
                Ok(())
            }
            StatementKind::Sql(sql) => {
                self.connection.execute(sql).await.map_err(refused(sql))?;
                Ok(())
            }
            StatementKind::Capture { table, columns, indexes, checks } => {
                rebuild::capture(self.connection, captured, table, columns, indexes, *checks).await
            }
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
