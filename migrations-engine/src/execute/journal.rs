//! A migration in pieces, with a note in the history of how far it came.

use std::ops::Range;
use std::time::Instant;

use super::history::{self, Progress};
use super::{Connection, Event, Executor, Steps, database, kept, lock, places, rebuild, require};
use crate::error::{Result, error};
use crate::graph::Direction;
use crate::migration::Migration;
use crate::plan::{Recheck, Requirement, Statement, StatementKind};
use crate::sql::{AlterStyle, Dialect};

/// The statements from one note to the next: one, or where a table is written anew all that an operation does, since
/// what others write in between would be lost.
fn piece(dialect: Dialect, statements: &[Statement], from: usize) -> Range<usize> {
    let first = &statements[from];
    let goes_with = |statement: &&Statement| {
        statement.step == first.step && statement.recheck == Recheck::Noted && statement.changes.is_some()
    };
    let more = match dialect.capabilities().alter {
        AlterStyle::Rebuild if goes_with(&first) => statements[from + 1..].iter().take_while(goes_with).count(),
        AlterStyle::Rebuild | AlterStyle::Property | AlterStyle::Modify => 0,
    };
    from..from + 1 + more
}

/// The index that PostgreSQL leaves where one that is made concurrently, by SQL written by hand, is refused. Nothing clears it away.
fn left_behind(statement: &Statement) -> Option<String> {
    let StatementKind::Sql(sql) = &statement.kind else { return None };
    let words: Vec<&str> = sql.split_whitespace().filter(|word| !word.eq_ignore_ascii_case("UNIQUE")).collect();
    let says = |at: usize, word: &str| words.get(at).is_some_and(|said| said.eq_ignore_ascii_case(word));
    if statement.recheck != Recheck::Ask || !(says(0, "CREATE") && says(1, "INDEX") && says(2, "CONCURRENTLY")) {
        return None;
    }
    // `IF NOT EXISTS` may stand before its name; without one PostgreSQL chooses it.
    let name = words.get(if says(3, "IF") { 6 } else { 3 }).filter(|name| !name.eq_ignore_ascii_case("ON"))?;
    Some(name.trim_matches('"').to_owned())
}

impl<C: Connection, S: Steps<C>> Executor<'_, C, S> {
    pub(super) async fn run_journalled(
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
        let fresh = resume.is_none();
        let seen = if fresh { require::seen(statements) } else { Vec::new() };
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
                let progress = Progress { direction, done: 0, total, doing: false, not_done: false };
                history::begin(self.connection, &migration.id, &checksum, &progress).await?;
                progress
            }
        };
        history::keep_statements(self.connection, &migration.id, statements).await?;
        // A step that begins here finds nothing of what it noted when it was last run.
        let mut goes_on = !fresh;
        while progress.done < total {
            let at = progress.done;
            let piece = piece(self.connection.dialect(), statements, at);
            let begun = if std::mem::take(&mut goes_on) {
                Ok(())
            } else {
                places::forget(self.connection, &statements[at]).await
            };
            let done = match begun {
                Ok(()) if statements[at].recheck == Recheck::Noted => {
                    self.piece_with_note(migration, statements, piece, &seen, &mut progress).await
                }
                Ok(()) => self.statement_and_note(migration, statements, at, &seen, &mut progress).await,
                Err(error) => Err(error),
            };
            if let Err(error) = done {
                let done = progress.done;
                // Where it was done and the note of it failed, there is nothing that was refused.
                let refused = statements.get(done).filter(|_| done == at);
                if let Some(statement) = refused.filter(|_| done == 0)
                    && fresh
                    && !matches!(statement.recheck, Recheck::Ask | Recheck::Clear { .. })
                {
                    // Unless an index that was begun is left behind, or an earlier run may have done it. There is nothing to go on from, and nothing to be taken back. Where it cannot be said any more, it was not refused.
                    if history::never_begun(self.connection, &migration.id, direction).await.is_ok() {
                        kept::forget(self.connection, &migration.id).await?;
                    }
                    return Err(if error.code() == "M086" { error } else { error.at(&migration.id) });
                }
                if error.code() == "M086" {
                    let remedy = error.hint().unwrap_or_default();
                    let hint = format!("{remedy}; {done} of {total} statements are done, and it goes on there");
                    return Err(if done == 0 { error } else { error.with_hint(hint) });
                }
                let mut in_the_way = false;
                if let Some(statement) = refused {
                    in_the_way = self.is_in_the_way(statement).await;
                    (progress.doing, progress.not_done) = (in_the_way, !in_the_way);
                    // Where that cannot be noted, it was not refused: the connection is gone.
                    let _ = history::note(self.connection, &migration.id, &progress).await;
                }
                if in_the_way {
                    return Err(error.at(&migration.id).with_hint(format!(
                        "{done} of {total} statements are done, and what the next would make is there already. If it is as it should be, \
                         say `repair --done {id}`; if not, take it away and say `repair --not-done {id}`; then migrate again",
                        id = migration.id
                    )));
                }
                let left = refused.and_then(left_behind).map_or_else(String::new, |index| {
                    format!(" It has left the index `{index}`, which is not valid: drop it before.")
                });
                let hint = format!(
                    "{done} of {total} statements are done.{left} When what the database refuses is set right there, migrate again: it goes \
                     on there. Where the file is wrong, correct it, say `repair --undo {id}` to take back what is done, and migrate",
                    id = migration.id
                );
                return Err(error.at(&migration.id).with_hint(hint));
            }
        }
        self.forget_parts(migration, direction).await?;
        history::finish(self.connection, &migration.id, &checksum, direction).await
    }

    /// Whether what a statement would make was there before it was refused: afterwards nobody could tell it from what the statement makes.
    async fn is_in_the_way(&mut self, statement: &Statement) -> bool {
        let makes = |sql: &str| sql.starts_with("CREATE ") || sql.contains(" ADD ");
        let (Recheck::Query(there) | Recheck::Clear { done: there, .. }, StatementKind::Sql(sql)) =
            (&statement.recheck, &statement.kind)
        else {
            return false;
        };
        makes(sql) && self.connection.query(there).await.is_ok_and(|rows| !rows.is_empty())
    }

    /// Some statements and the note of them, in one transaction.
    async fn piece_with_note(
        &mut self,
        migration: &Migration,
        statements: &[Statement],
        at: Range<usize>,
        seen: &[(usize, &Requirement)],
        progress: &mut Progress,
    ) -> Result<()> {
        // Where others wait for locks, nobody is to wait while rows are only looked at.
        let looks_before = self.connection.dialect().capabilities().short_locks;
        if looks_before {
            require::before(self.connection, migration, statements, at.start, seen).await?;
        }
        let suspended = rebuild::suspend_foreign_keys(self.connection, &statements[at.clone()]).await?;
        let outcome = match lock::begin(self.connection, self.options.lock_seconds).await {
            Ok(()) => {
                let inside = self.in_piece(migration, statements, at, seen, progress, looks_before).await;
                match inside {
                    Ok(noted) => lock::commit(self.connection, "what was done cannot be committed")
                        .await
                        .map(|()| *progress = noted),
                    Err(error) => {
                        // The first error is the one to show.
                        let _ = self.connection.execute("ROLLBACK").await;
                        Err(error)
                    }
                }
            }
            Err(error) => Err(error),
        };
        let restored = rebuild::restore_foreign_keys(self.connection, suspended).await;
        outcome.and(restored)
    }

    async fn in_piece(
        &mut self,
        migration: &Migration,
        statements: &[Statement],
        at: Range<usize>,
        seen: &[(usize, &Requirement)],
        progress: &Progress,
        looked: bool,
    ) -> Result<Progress> {
        let mut captured = rebuild::Captured::default();
        for number in at.clone() {
            if !looked {
                require::before(self.connection, migration, statements, number, seen).await?;
            }
            self.timed(number, &statements[number], &mut captured).await?;
        }
        if statements[at.clone()].iter().any(|statement| statement.foreign_keys_off) {
            rebuild::check_foreign_keys(self.connection).await?;
        }
        let noted = Progress { done: at.end, doing: false, not_done: false, ..progress.clone() };
        history::note(self.connection, &migration.id, &noted).await?;
        Ok(noted)
    }

    /// A statement, and then the note of it.
    async fn statement_and_note(
        &mut self,
        migration: &Migration,
        statements: &[Statement],
        at: usize,
        seen: &[(usize, &Requirement)],
        progress: &mut Progress,
    ) -> Result<()> {
        require::before(self.connection, migration, statements, at, seen).await?;
        let statement = &statements[at];
        if statement.recheck == Recheck::Ask || progress.not_done {
            // What was refused may be done from here on.
            (progress.doing, progress.not_done) = (statement.recheck == Recheck::Ask, false);
            history::note(self.connection, &migration.id, progress).await?;
        }
        let outcome = self.timed(at, statement, &mut rebuild::Captured::default()).await;
        (progress.doing, progress.not_done) = (false, false);
        if outcome.is_err() {
            // The database refused it, so it was not done.
            let _ = history::note(self.connection, &migration.id, progress).await;
            return outcome;
        }
        progress.done = at + 1;
        history::note(self.connection, &migration.id, progress).await?;
        places::forget(self.connection, statement).await
    }

    async fn timed(&mut self, at: usize, statement: &Statement, captured: &mut rebuild::Captured) -> Result<()> {
        self.report(&Event::Statement { at, statement });
        let begun = Instant::now();
        self.statement(statement, false, captured).await?;
        self.report(&Event::Ran { at, statement, time: begun.elapsed() });
        Ok(())
    }

    /// Finds out whether the statement at which a migration stopped was done.
    pub(super) async fn recheck(
        &mut self,
        migration: &Migration,
        statement: &Statement,
        mut progress: Progress,
    ) -> Result<Progress> {
        let cannot = || database("the state of the database cannot be read");
        match &statement.recheck {
            Recheck::Query(_) | Recheck::Clear { .. } if progress.doing => {
                let (at, total, sql) = (progress.done + 1, progress.total, statement.sql());
                return Err(error!(
                    M073,
                    "`{}` stopped at statement {at} of {total}, and what that would make was there before: {sql}",
                    migration.id
                )
                .with_hint(format!(
                    "see whether it is as it should be; then say `repair --done {id}`, or take it away and say `repair --not-done {id}`, \
                     and migrate again",
                    id = migration.id
                )));
            }
            Recheck::Repeat => {}
            Recheck::Clear { done, clear } => {
                if self.connection.query(done).await.map_err(cannot())?.is_empty() {
                    self.connection.execute(clear).await.map_err(cannot())?;
                } else if !progress.not_done {
                    progress.done += 1;
                }
            }
            Recheck::Query(_) if progress.not_done => {}
            Recheck::Query(sql) => {
                let rows = self.connection.query(sql).await.map_err(cannot())?;
                progress.done += usize::from(!rows.is_empty());
            }
            // What is noted together with it is in doubt only when SQL by hand undid it.
            Recheck::Ask | Recheck::Noted if progress.doing => {
                let (at, total, sql) = (progress.done + 1, progress.total, statement.sql());
                return Err(error!(M073, "`{}` stopped during statement {at} of {total}: {sql}", migration.id).with_hint(format!(
                    "see whether it was done; then say `repair --done {id}` or `repair --not-done {id}`, and migrate again",
                    id = migration.id
                )));
            }
            Recheck::Ask | Recheck::Noted => {}
        }
        progress.doing = false;
        Ok(progress)
    }
}
