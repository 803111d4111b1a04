//! A history that disagrees with the files: what is wrong, and the ways to set it right.

use super::history::{self, Applied, Progress};
use super::{Connection, Executor, Steps, applied, database, kept, lock, places, rebuild};
use crate::error::{Code, Result, error};
use crate::graph::Direction;
use crate::migration::{Migration, MigrationId};
use crate::plan::{Recheck, Statement, takes_transaction};

/// Something in the history that has to be set right.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The error that `migrate` gives for it: `M070` edited, `M071` missing, `M072` out of order, `M073` stopped.
    pub code: Code,
    /// The migration that it is about: for `M072` the one that is not applied.
    pub migration: MigrationId,
    /// What is the case, for a person.
    pub message: String,
    /// What can be done, each with what it means.
    pub remedies: Vec<(Remedy, String)>,
}

/// What to do about a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Takes an edited file as it is now.
    Accept,
    /// Takes the entry of a migration without a file out of the history.
    Forget,
    /// Records a migration as applied, without running it.
    Record,
    /// The statement during which a migration stopped was done.
    Done,
    /// It was not done.
    NotDone,
    /// Undoes the statements of a migration that stopped, last first.
    Undo,
}

impl<C: Connection, S: Steps<C>> Executor<'_, C, S> {
    /// What is wrong with the history; nothing is changed.
    pub async fn findings(&mut self) -> Result<Vec<Finding>> {
        let history = self.history().await?;
        let apps = self.set.apps();
        let squashed: Vec<MigrationId> =
            self.set.squashes().into_iter().flat_map(|squash| self.set.replaced_by(squash)).collect();
        let mut findings = Vec::new();
        for entry in history.iter().filter(|entry| apps.contains(entry.id.app.as_str())) {
            let id = entry.id.clone();
            let Some(migration) = self.set.get(&id) else {
                if !squashed.contains(&id) {
                    findings.push(Finding {
                        code: Code::M071,
                        message: format!("`{id}` was applied on {}, but its file is missing", entry.applied_at),
                        remedies: vec![(
                            Remedy::Forget,
                            "takes it out of the history; what it did stays in the database, and nothing knows of it any more".into(),
                        )],
                        migration: id,
                    });
                }
                continue;
            };
            if migration.checksum()? != entry.checksum {
                findings.push(Finding {
                    code: Code::M070,
                    message: format!("`{id}` was edited after it was applied on {}", entry.applied_at),
                    remedies: vec![(
                        Remedy::Accept,
                        "takes the file as it is now for what was applied; right if the edit changed nothing in the database, or the database was changed by hand".into(),
                    )],
                    migration: id.clone(),
                });
            }
            if let Some(progress) = &entry.progress {
                findings.push(self.stopped(migration, progress)?);
            }
        }
        let (set, now) = self.set.effective(&applied(&history))?;
        for migration in set.iter().filter(|migration| now.contains(&migration.id)) {
            for missing in migration.depends_on.iter().filter(|needed| !now.contains(needed)) {
                findings.push(Finding {
                    code: Code::M072,
                    message: format!("`{}` is applied, but `{missing}`, which it depends on, is not", migration.id),
                    remedies: vec![(
                        Remedy::Record,
                        format!("records `{missing}` as applied without running it; right if its changes are in the database already"),
                    )],
                    migration: missing.clone(),
                });
            }
        }
        Ok(findings)
    }

    async fn statements_of(
        &mut self,
        history: &[Applied],
        migration: &Migration,
        way: Direction,
    ) -> Result<Vec<Statement>> {
        let (set, now) = self.set.effective(&applied(history))?;
        let before = set.replay(|id| now.contains(id) && *id != migration.id)?;
        self.planned(before, migration, way).await
    }

    fn stopped(&self, migration: &Migration, progress: &Progress) -> Result<Finding> {
        let id = migration.id.clone();
        let way = if progress.direction == Direction::Forward { "applied" } else { "undone" };
        let mut message =
            format!("`{id}` stopped while it was {way}: {} of {} statements are done", progress.done, progress.total);
        let mut remedies = Vec::new();
        if progress.doing {
            message += ", and whether the next was done cannot be looked up";
            let next = progress.done + 1;
            remedies.push((Remedy::Done, format!("statement {next} was done: `migrate` goes on after it")));
            remedies.push((Remedy::NotDone, format!("statement {next} was not done: `migrate` goes on with it")));
        } else {
            message += "; `migrate` goes on there";
        }
        if progress.direction == Direction::Forward && !progress.doing {
            remedies.push((
                Remedy::Undo,
                "undoes the statements that are done, last first, where each of them can be undone".to_owned(),
            ));
        }
        Ok(Finding { code: Code::M073, migration: id, message, remedies })
    }

    /// Sets one finding right. It must be one that [`findings`](Self::findings) gives with this remedy.
    pub async fn repair(&mut self, migration: &MigrationId, remedy: Remedy) -> Result<()> {
        let lock = lock::acquire(self.connection, self.options.lock_seconds).await?;
        let outcome = self.repair_locked(migration, remedy).await;
        let released = lock.release(self.connection).await;
        outcome.and(released)
    }

    async fn repair_locked(&mut self, id: &MigrationId, remedy: Remedy) -> Result<()> {
        let findings = self.findings().await?;
        let fits = |finding: &&Finding| {
            finding.migration == *id && finding.remedies.iter().any(|(possible, _)| *possible == remedy)
        };
        if !findings.iter().any(|finding| fits(&finding)) {
            return Err(error!(M074, "nothing is wrong with `{id}` that this would set right")
                .with_hint("`repair` without flags tells what is wrong, and what can be done"));
        }
        let history = self.history().await?;
        let entry = history.iter().find(|entry| entry.id == *id);
        let file = self.set.get(id).cloned();
        let progress = entry.and_then(|entry| entry.progress.clone());
        match (remedy, file, progress) {
            (Remedy::Accept, Some(file), _) => history::accept(self.connection, id, &file.checksum()?).await,
            (Remedy::Forget, ..) => history::record(self.connection, id, "", Direction::Backward).await,
            (Remedy::Record, Some(file), _) => history::record_taken(self.connection, id, &file.checksum()?).await,
            (Remedy::Done, file, Some(progress)) => {
                if let Some(file) = &file {
                    let statements = self.statements_of(&history, file, progress.direction).await?;
                    if let Some(statement) = statements.get(progress.done) {
                        places::forget(self.connection, statement).await?;
                    }
                }
                let progress = Progress { done: progress.done + 1, doing: false, not_done: false, ..progress };
                history::note(self.connection, id, &progress).await
            }
            (Remedy::NotDone, _, Some(progress)) => {
                history::note(self.connection, id, &Progress { doing: false, not_done: true, ..progress }).await
            }
            (Remedy::Undo, Some(file), Some(progress)) => {
                let statements = self.statements_of(&history, &file, progress.direction).await?;
                self.undo(&file, &statements, progress).await
            }
            _ => Err(error!(M074, "the file of `{id}` is missing").with_hint("get it back from version control")),
        }
    }

    /// Undoes what a migration has done before it stopped.
    async fn undo(&mut self, migration: &Migration, statements: &[Statement], mut progress: Progress) -> Result<()> {
        // A statement that was refused may be another now: only those before it are undone.
        let enough = progress.not_done && statements.len() >= progress.done;
        if statements.len() != progress.total && !enough {
            return Err(error!(
                M073,
                "`{}` had {} statements, but now has {}",
                migration.id,
                progress.total,
                statements.len()
            )
            .with_hint("restore the file as it was when it was run, and say this again; then change it"));
        }
        self.are_the_same(migration, statements, &progress).await?;
        if let Some(next) = statements.get(progress.done).filter(|_| !progress.not_done) {
            progress = self.recheck(migration, next, progress).await?;
            // What can be repeated may have been done, and can be undone even if it was not.
            if next.recheck == Recheck::Repeat && next.reverse.is_some() && progress.done < statements.len() {
                progress.done += 1;
            }
        } else if let Some(refused) =
            statements.get(progress.done).filter(|it| matches!(it.recheck, Recheck::Clear { .. }))
        {
            // What it began is in the way of whatever is made by that name.
            let kept = history::kept_statements(self.connection, &migration.id).await?;
            if kept.get(progress.done).is_none_or(|was| history::digest(refused) == *was) {
                progress = self.recheck(migration, refused, progress).await?;
            }
        }
        let done = &statements[..progress.done];
        if let Some(statement) = done.iter().find(|statement| statement.reverse.is_none()) {
            return Err(error!(M030, "`{}` has done what cannot be undone: {}", migration.id, statement.comment)
                .with_hint("let `migrate` finish it instead"));
        }
        if let Some(statement) = done.last().filter(|statement| statement.with_next) {
            let id = &migration.id;
            return Err(error!(M030, "`{id}` has done a part of what can be undone only as a whole: {}", statement.comment)
                .with_hint(format!(
                    "let `migrate` finish it, and then go back; where what is not done is wrong in the file, correct it, and say \
                     `repair --accept {id}` before"
                )));
        }
        let suspended = rebuild::suspend_foreign_keys(self.connection, statements).await?;
        let mut outcome = Ok(());
        while progress.done > 0 && outcome.is_ok() {
            outcome = self.undo_last(migration, statements, &mut progress).await;
        }
        rebuild::restore_foreign_keys(self.connection, suspended).await?;
        outcome?;
        for statement in statements {
            places::forget(self.connection, statement).await?;
        }
        history::record(self.connection, &migration.id, "", Direction::Backward).await?;
        kept::forget(self.connection, &migration.id).await
    }

    /// `M073` if one of the statements that are done, or may be, is another by the file as it is now: what that says would be undone.
    async fn are_the_same(
        &mut self,
        migration: &Migration,
        statements: &[Statement],
        progress: &Progress,
    ) -> Result<()> {
        let begun = progress.done + usize::from(!progress.not_done);
        let kept = history::kept_statements(self.connection, &migration.id).await?;
        let same = |(now, was): (&Statement, &String)| history::digest(now) == *was;
        match statements.iter().zip(&kept).take(begun).position(|pair| !same(pair)) {
            None => Ok(()),
            Some(at) => Err(error!(
                M073,
                "statement {} of `{}`, which was begun, is another by its file now: {}",
                at + 1,
                migration.id,
                statements[at].sql()
            )
            .with_hint("restore in the file what was run, and say this again; then change it")),
        }
    }

    /// Undoes the last statement that is done, with those before it that go with it, so that what is noted is true wherever this stops.
    async fn undo_last(
        &mut self,
        migration: &Migration,
        statements: &[Statement],
        progress: &mut Progress,
    ) -> Result<()> {
        let before = progress.clone();
        let together = statements[..progress.done - 1].iter().rev().take_while(|statement| statement.with_next).count();
        progress.done -= 1;
        progress.not_done = false;
        let statement = &statements[progress.done];
        let Some(sql) = statement.reverse.as_ref().filter(|sql| !sql.is_empty()) else {
            progress.done -= together;
            return history::note(self.connection, &migration.id, progress).await;
        };
        let whole = self.connection.dialect().capabilities().transactional_ddl
            && takes_transaction(sql, statement.changes.is_none());
        if whole {
            progress.done -= together;
            lock::begin(self.connection, self.options.lock_seconds).await?;
        } else {
            // From here on it is the statement of which it is to be found out whether it is done.
            progress.doing = matches!(statement.recheck, Recheck::Ask | Recheck::Noted);
        }
        let mut outcome = history::note(self.connection, &migration.id, progress).await;
        if outcome.is_ok() {
            let ran = self.connection.execute(sql).await.map(drop);
            outcome = ran.map_err(database(format!("the database refused: {sql}")));
        }
        match (outcome, whole) {
            (Ok(()), true) => lock::commit(self.connection, "what was undone cannot be committed").await,
            (Ok(()), false) if progress.doing => {
                progress.doing = false;
                progress.done -= together;
                history::note(self.connection, &migration.id, progress).await
            }
            (Ok(()), false) => Ok(()),
            (Err(error), whole) => {
                // The first error is the one to show.
                if whole {
                    let _ = self.connection.execute("ROLLBACK").await;
                } else {
                    let _ = history::note(self.connection, &migration.id, &before).await;
                }
                Err(error)
            }
        }
    }
}
