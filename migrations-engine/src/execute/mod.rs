//! Running plans on a database: history, lock, transactions, journal.
//!
//! On SQLite and PostgreSQL a migration is one transaction with its entry in the history. MariaDB and
//! MySQL commit each DDL statement, so there (and for a migration that says `atomic = false`) every
//! finished statement is noted in the history, in its own transaction where there is one; an interrupted
//! migration is taken up where it stopped the next time, and only where nobody can know whether the last
//! statement was done (SQL written by hand, a Rust step) is `M073` given.

mod adopt;
mod beside;
mod carry;
mod connection;
mod history;
mod journal;
mod kept;
pub mod live;
mod lock;
mod names;
mod on_update;
mod places;
mod rebuild;
mod repair;
mod require;
mod run;
mod timeouts;
mod triggers;
mod unknown;

pub use connection::{Connection, NoSteps, Steps};
pub use history::{Applied, HISTORY_TABLE};
pub use kept::NAMES_TABLE;
pub use repair::{Finding, Remedy};
pub use timeouts::Timeouts;

/// Where Rust steps note how far they have come, for those who run them.
pub const STEPS_TABLE: &str = "orm_migration_steps";

use kept::Kept;
use names::Names;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::diff::Answers;
use crate::error::{Error, Result, error, fail};
use crate::graph::{Direction, MigrationSet, Target};
use crate::migration::{Migration, MigrationId};
use crate::plan::{Foresight, Statement, StatementKind, inverses, plan_inverses, plan_onto};
use crate::schema::Schema;

/// What is happening, for a progress display.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A migration begins.
    Begin {
        /// Which.
        migration: &'a Migration,
        /// Which way.
        direction: Direction,
        /// How many statements it has; 0 if it is only recorded.
        statements: usize,
    },
    /// A statement is about to run.
    Statement {
        /// Its number, from 0.
        at: usize,
        /// The statement.
        statement: &'a Statement,
    },
    /// A statement is done.
    Ran {
        /// Its number, from 0.
        at: usize,
        /// The statement.
        statement: &'a Statement,
        /// How long it took.
        time: Duration,
    },
    /// A migration is done and recorded.
    Done {
        /// Which.
        migration: &'a Migration,
        /// Which way.
        direction: Direction,
    },
}

type Callback<'a> = Box<dyn FnMut(&Event<'_>) + Send + 'a>;

/// Runs migrations over one connection.
pub struct Executor<'a, C, S = NoSteps> {
    set: &'a MigrationSet,
    connection: &'a mut C,
    steps: S,
    options: Options,
    answers: Answers,
    progress: Option<Callback<'a>>,
}

#[derive(Debug, Clone, Copy)]
struct Options {
    fake: bool,
    fake_initial: bool,
    lock_seconds: u32,
    timeouts: Timeouts,
}

impl<'a, C: Connection> Executor<'a, C> {
    /// An executor without Rust steps.
    pub fn new(set: &'a MigrationSet, connection: &'a mut C) -> Self {
        let options = Options { fake: false, fake_initial: false, lock_seconds: 60, timeouts: Timeouts::default() };
        Executor { set, connection, steps: NoSteps, options, answers: Answers::new(), progress: None }
    }
}

/// An error of the database during something.
pub(crate) fn database(what: impl std::fmt::Display) -> impl FnOnce(crate::BoxError) -> Error {
    let what = what.to_string();
    move |source| error!(M081, "{what}").with_source(source)
}

impl<'a, C: Connection, S: Steps<C>> Executor<'a, C, S> {
    /// The same with registered Rust steps.
    pub fn with_steps<T: Steps<C>>(self, steps: T) -> Executor<'a, C, T> {
        let Executor { set, connection, steps: _, options, answers, progress } = self;
        Executor { set, connection, steps, options, answers, progress }
    }

    /// Records migrations without running them.
    pub fn fake(mut self, fake: bool) -> Self {
        self.options.fake = fake;
        self
    }

    /// Records an application's first migration, and those after it that only make things, without running them, where all
    /// tables and columns that they make are there: to take over a database that was made by other means.
    pub fn fake_initial(mut self, fake: bool) -> Self {
        self.options.fake_initial = fake;
        self
    }

    /// Time limits for the statements. They are the connection's own again afterwards.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.options.timeouts = timeouts;
        self
    }

    /// How many seconds to wait for another process that is migrating; 60 unless said otherwise.
    pub fn lock_timeout(mut self, seconds: u32) -> Self {
        self.options.lock_seconds = seconds;
        self
    }

    /// What rows get in columns that come back when migrations are undone: the answers of `--default`.
    pub fn answers(mut self, answers: Answers) -> Self {
        self.answers = answers;
        self
    }

    /// Calls `progress` as things happen.
    pub fn on_progress(mut self, progress: impl FnMut(&Event<'_>) + Send + 'a) -> Self {
        self.progress = Some(Box::new(progress));
        self
    }

    fn report(&mut self, event: &Event<'_>) {
        if let Some(progress) = &mut self.progress {
            progress(event);
        }
    }

    /// The migrations recorded in the database, oldest first; none if it has no history yet.
    pub async fn history(&mut self) -> Result<Vec<Applied>> {
        history::read(self.connection).await
    }

    /// The state that the database has, by its history.
    pub async fn state(&mut self) -> Result<Schema> {
        let (set, now) = self.set.effective(&applied(&self.history().await?))?;
        set.replay(|id| now.contains(id))
    }

    /// What [`migrate`](Self::migrate) would run, after checking the history; changes nothing.
    pub async fn plan(&mut self, target: &Target) -> Result<Vec<(Migration, Direction)>> {
        let history = self.history().await?;
        let (set, now) = self.set.effective(&applied(&history))?;
        let path = self.path(&set, &now, target);
        history::check(self.set, &set, &history, &now, path.as_ref().is_ok_and(Vec::is_empty))?;
        let path = path?;
        Ok(path.into_iter().map(|(migration, direction)| (migration.clone(), direction)).collect())
    }

    /// What [`migrate`](Self::migrate) would refuse because of the rows that there are, as far as that can be known before
    /// anything is run: an `M086` for each obstacle; changes nothing.
    pub async fn obstacles(&mut self, target: &Target) -> Result<Vec<Error>> {
        let history = self.history().await?;
        if history.iter().any(|entry| self.stopped_of_ours(entry)) {
            // Half of it is done: what comes first is the rest, and it was looked at before it began.
            return Ok(Vec::new());
        }
        let (set, now) = self.set.effective(&applied(&history))?;
        let path = self.path(&set, &now, target)?;
        let adoption = self.adoption(&set, &now, &path).await?;
        let Planned { plans, .. } = self.preflight(&set, &now, &path, None, &adoption)?;
        let migrations: Vec<&Migration> = path.iter().map(|(migration, _)| *migration).collect();
        require::obstacles(self.connection, &migrations, &plans, require::ahead).await
    }

    /// Which of what [`migrate`](Self::migrate) would do is only recorded, by [`fake`](Self::fake) or
    /// [`fake_initial`](Self::fake_initial), each with the SQL that is run all the same; changes nothing.
    pub async fn recorded(&mut self, target: &Target) -> Result<BTreeMap<MigrationId, Vec<String>>> {
        if !self.options.fake && !self.options.fake_initial {
            return Ok(BTreeMap::new());
        }
        let history = self.history().await?;
        let (set, now) = self.set.effective(&applied(&history))?;
        let path = self.path(&set, &now, target)?;
        let adoption = self.adoption(&set, &now, &path).await?;
        let Planned { plans, .. } = self.preflight(&set, &now, &path, None, &adoption)?;
        let only = |migration: &Migration, direction| {
            self.options.fake || direction == Direction::Forward && adoption.has(&migration.id)
        };
        let planned = path.into_iter().zip(plans).filter(|((migration, direction), _)| only(migration, *direction));
        let sql = |plan: Vec<Statement>| plan.iter().map(Statement::sql).collect();
        Ok(planned.map(|((migration, _), plan)| (migration.id.clone(), sql(plan))).collect())
    }

    /// The way to a target, by the migrations that count.
    fn path<'s>(
        &self,
        set: &'s MigrationSet,
        applied: &BTreeSet<MigrationId>,
        target: &Target,
    ) -> Result<Vec<(&'s Migration, Direction)>> {
        let squash = match target {
            Target::Migration(id) if set.get(id).is_none() => {
                let stands =
                    |squash: &&&Migration| set.get(&squash.id).is_some() && self.set.replaced_by(squash).contains(id);
                self.set.squashes().iter().find(stands).map(|squash| &squash.id)
            }
            _ => None,
        };
        set.path(applied, target).map_err(|error| match squash {
            Some(squash) => {
                error.with_hint(format!("`{squash}` has taken its place: it is applied and undone as a whole"))
            }
            None => error,
        })
    }

    /// What is taken over on the way.
    async fn adoption(
        &mut self,
        set: &MigrationSet,
        applied: &BTreeSet<MigrationId>,
        path: &[(&Migration, Direction)],
    ) -> Result<adopt::Adoption> {
        if !self.options.fake_initial || self.options.fake {
            return Ok(adopt::Adoption::default());
        }
        let mut adoption = adopt::Adoption::after(self.connection.dialect(), set, applied)?;
        for (migration, _) in path.iter().filter(|(_, direction)| *direction == Direction::Forward) {
            adoption.takes(self.connection, migration).await?;
        }
        Ok(adoption)
    }

    /// Whether an entry is that of a migration which stopped: another program's on the same database is no matter of ours.
    fn stopped_of_ours(&self, entry: &Applied) -> bool {
        entry.progress.is_some() && self.set.apps().contains(entry.id.app.as_str())
    }

    /// Brings the database to the target; gives what was run. An interrupted migration is finished first.
    pub async fn migrate(&mut self, target: &Target) -> Result<Vec<(MigrationId, Direction)>> {
        let lock = lock::acquire(self.connection, self.options.lock_seconds).await?;
        let mut back = Vec::new();
        let outcome = match timeouts::set(self.connection, self.options.timeouts, &mut back).await {
            Ok(()) => self.migrate_locked(target).await,
            Err(error) => Err(error),
        };
        let restored = timeouts::restore(self.connection, &back).await;
        let outcome = outcome.and_then(|done| restored.map(|()| done));
        let released = lock.release(self.connection).await;
        let done = outcome?;
        released?;
        Ok(done)
    }

    async fn migrate_locked(&mut self, target: &Target) -> Result<Vec<(MigrationId, Direction)>> {
        let mut history = self.history().await?;
        let mut done = Vec::new();
        let interrupted: Vec<Applied> = history.iter().filter(|entry| self.stopped_of_ours(entry)).cloned().collect();
        for entry in interrupted {
            let Some(migration) = self.set.get(&entry.id) else {
                fail!(M073, "`{}` stopped in the middle, and its file is missing", entry.id);
            };
            if entry.checksum != migration.checksum()? {
                return Err(error!(M073, "`{}` stopped in the middle, and its file was edited since", entry.id)
                    .with_hint(format!(
                        "`repair --undo {id}` takes back what is done, by the file as it is now; then `migrate` runs it anew. \
                         If a statement that is done was edited as well, restore that first",
                        id = entry.id
                    )));
            }
            let Some(progress) = entry.progress.clone() else { continue };
            let direction = progress.direction;
            let (set, now) = self.set.effective(&applied(&history))?;
            let before = set.replay(|id| now.contains(id) && *id != migration.id)?;
            let statements = self.planned(before, migration, direction).await?;
            self.run(migration, direction, &statements, Some(progress)).await?;
            kept::forget(self.connection, &migration.id).await?;
            done.push((entry.id, direction));
            history = self.history().await?;
        }
        let (set, now) = self.set.effective(&applied(&history))?;
        let path = self.path(&set, &now, target);
        history::check(self.set, &set, &history, &now, path.as_ref().is_ok_and(Vec::is_empty))?;
        let path = path?;
        // Everything that can be known to fail is found before anything runs.
        let adoption = self.adoption(&set, &now, &path).await?;
        let Planned { before, mut plans, mut kept } = self.preflight(&set, &now, &path, None, &adoption)?;
        if let Some(names) = names::read(self.connection, &before, &plans).await? {
            Planned { plans, kept, .. } = self.preflight(&set, &now, &path, Some(&names), &adoption)?;
        }
        let found = on_update::read(self.connection, &plans).await?;
        if !found.is_empty() {
            kept.resize(plans.len(), None);
            for (plan, kept) in plans.iter_mut().zip(&mut kept) {
                let dialect = self.connection.dialect();
                let dropped = on_update::dropped(&found, dialect, plan);
                if !dropped.is_empty() {
                    on_update::keep(&dropped, dialect, plan);
                    kept.get_or_insert_default().on_update = dropped;
                }
            }
        }
        let migrations: Vec<&Migration> = path.iter().map(|(migration, _)| *migration).collect();
        require::check(self.connection, &migrations, &plans, require::ahead).await?;
        if let Some(unused) = self.answers.unused().first() {
            return Err(error!(M023, "`{unused}` is given a value, but no migration that is undone needs one there")
                .with_hint("a value is for a column that comes back, when `migrate` goes back past its removal"));
        }
        if !path.is_empty() {
            history::create(self.connection).await?;
        }
        self.record_squashes(&set, &now, &history).await?;
        for (at, ((migration, direction), statements)) in path.into_iter().zip(&plans).enumerate() {
            if at > 0 {
                // What the migrations before have changed, and could not be foreseen, can only be looked at now.
                let fits = require::check(self.connection, &migrations[at..=at], &plans[at..=at], require::own).await;
                fits.map_err(|error| after(&done, (&migration.id, direction), error))?;
            }
            if direction == Direction::Forward && adoption.has(&migration.id) {
                let recorded = self.record_adopted(migration, statements).await;
                recorded.map_err(|error| after(&done, (&migration.id, direction), error))?;
                done.push((migration.id.clone(), direction));
                continue;
            }
            let kept = kept.get(at).and_then(Option::as_ref);
            let journalled = !(migration.atomic && self.connection.dialect().capabilities().transactional_ddl);
            if let Some(kept) = kept.filter(|_| journalled) {
                kept::store(self.connection, &migration.id, kept).await?;
            }
            let ran = self.run(migration, direction, statements, None).await;
            let ran = ran.map_err(|error| after(&done, (&migration.id, direction), error))?;
            if kept.is_some() && journalled {
                kept::forget(self.connection, &migration.id).await?;
            }
            if ran {
                if self.options.fake && direction == Direction::Forward {
                    history::take_over(self.connection, &migration.id).await?;
                }
                done.push((migration.id.clone(), direction));
            }
        }
        Ok(done)
    }

    /// The statements of one migration, with the answers for columns that come back, and with the names that the database has.
    async fn planned(
        &mut self,
        mut before: Schema,
        migration: &Migration,
        direction: Direction,
    ) -> Result<Vec<Statement>> {
        let dialect = self.connection.dialect();
        let place = |error: Error| error.at(&migration.id);
        // Going back begins with the state after it.
        let back = match direction {
            Direction::Forward => None,
            Direction::Backward => Some(inverses(&mut before, migration, &mut self.answers).map_err(place)?),
        };
        let plan = |mut state: Schema| match &back {
            None => plan_onto(
                dialect,
                &mut state,
                &migration.operations,
                migration.atomic,
                direction,
                &mut Foresight::default(),
            ),
            Some(inverses) => plan_inverses(dialect, &mut state, inverses, migration.atomic, &mut Foresight::default()),
        };
        let mut statements = plan(before.clone()).map_err(place)?;
        let kept = kept::read(self.connection, &migration.id).await?;
        if let Some(names) =
            names::look(self.connection, &before, std::slice::from_ref(&statements), kept.is_some()).await?
        {
            let mut indexes = BTreeMap::new();
            match &kept {
                Some(kept) => {
                    kept.give(&mut before);
                    indexes = kept.indexes.clone();
                }
                None => names.give(&mut before),
            }
            statements = plan(before).map_err(place)?;
            names.mend(&mut statements, &mut indexes);
        }
        let mut dropped = kept.map(|kept| kept.on_update).unwrap_or_default();
        let found = on_update::read(self.connection, std::slice::from_ref(&statements)).await?;
        dropped.extend(on_update::dropped(&found, dialect, &statements));
        on_update::keep(&dropped, dialect, &mut statements);
        Ok(statements)
    }

    /// Records a migration that is taken over, in one statement: there is nothing half way to go on from.
    async fn record_adopted(&mut self, migration: &Migration, statements: &[Statement]) -> Result<()> {
        let direction = Direction::Forward;
        self.report(&Event::Begin { migration, direction, statements: statements.len() });
        for statement in statements {
            self.statement(statement, false, &mut rebuild::Captured::default()).await?;
        }
        history::record_taken(self.connection, &migration.id, &self.checksum(migration)?).await?;
        self.report(&Event::Done { migration, direction });
        Ok(())
    }

    /// Plans everything, so that what the database cannot do and steps that are missing show first; gives the state that the
    /// database has, with what is taken over.
    fn preflight(
        &mut self,
        set: &MigrationSet,
        applied: &BTreeSet<MigrationId>,
        path: &[(&Migration, Direction)],
        names: Option<&Names>,
        adoption: &adopt::Adoption,
    ) -> Result<Planned> {
        if self.options.fake {
            return Ok(Planned { before: Schema::default(), plans: vec![Vec::new(); path.len()], kept: Vec::new() });
        }
        let mut plans = Vec::with_capacity(path.len());
        let dialect = self.connection.dialect();
        // What is undone comes first on a path, last first.
        let undone = path.iter().take_while(|(_, direction)| *direction == Direction::Backward).count();
        let gone: BTreeSet<&MigrationId> = path[..undone].iter().map(|(migration, _)| &migration.id).collect();
        let mut state = set.replay(|id| applied.contains(id) && !gone.contains(id))?;
        let mut back = Vec::with_capacity(undone);
        for (migration, _) in path[..undone].iter().rev() {
            let place = |error: Error| error.at(&migration.id);
            back.push(inverses(&mut state, migration, &mut self.answers).map_err(place)?);
        }
        // That of the database, as it is.
        if let Some(names) = names {
            names.give(&mut state);
        }
        let mut before = state.clone();
        let mut indexes = names.map(|names| names.indexes.clone()).unwrap_or_default();
        let mut kept = Vec::with_capacity(path.len());
        let mut ahead = Foresight::default();
        for (migration, direction) in path {
            let seen = ahead.clone();
            kept.push(names.map(|names| names.keep(&state, &indexes)).transpose()?.flatten());
            let planned = match (direction, back.pop()) {
                (Direction::Backward, Some(inverses)) => {
                    plan_inverses(dialect, &mut state, &inverses, migration.atomic, &mut ahead)
                }
                _ => plan_onto(dialect, &mut state, &migration.operations, migration.atomic, *direction, &mut ahead),
            };
            let mut statements = planned.map_err(|error| error.at(&migration.id))?;
            if *direction == Direction::Forward && adoption.has(&migration.id) {
                // Its tables are there, with what they hold.
                ahead = seen;
                adopt::leave_extensions(&mut statements);
                if let Some(names) = names {
                    names.give(&mut state);
                }
                before = state.clone();
            }
            if let Some(names) = names {
                names.mend(&mut statements, &mut indexes);
            }
            for statement in &statements {
                if let StatementKind::Rust { name, .. } = &statement.kind
                    && !self.steps.has(name)
                {
                    return Err(error!(M084, "`{}` runs the step `{name}`, which is not registered", migration.id)
                        .with_hint(format!("register the function: `Project::new().step(\"{name}\", ..)`")));
                }
            }
            plans.push(statements);
        }
        Ok(Planned { before, plans, kept })
    }

    /// The checksum of a migration's file: where a squash counts, its dependencies may be others than written.
    fn checksum(&self, migration: &Migration) -> Result<String> {
        self.set.get(&migration.id).unwrap_or(migration).checksum()
    }

    /// A squash all of whose parts are applied is, too. Their entries stay beside its own: a program that does not have the
    /// squash yet, or any more, still knows what is done.
    async fn record_squashes(
        &mut self,
        set: &MigrationSet,
        applied: &BTreeSet<MigrationId>,
        history: &[Applied],
    ) -> Result<()> {
        let recorded = |id: &MigrationId| history.iter().any(|entry| entry.id == *id);
        for squash in self.set.squashes() {
            if set.get(&squash.id).is_none() || !applied.contains(&squash.id) {
                continue;
            }
            if !recorded(&squash.id) {
                history::record(self.connection, &squash.id, &squash.checksum()?, Direction::Forward).await?;
            }
        }
        Ok(())
    }

    /// With a squash, what it stands for is undone too.
    async fn forget_parts(&mut self, migration: &Migration, direction: Direction) -> Result<()> {
        if direction == Direction::Backward {
            for part in self.set.replaced_by(migration) {
                history::record(self.connection, &part, "", Direction::Backward).await?;
            }
        }
        Ok(())
    }
}

/// What is to be run.
struct Planned {
    /// The state that the database has, with what is taken over.
    before: Schema,
    /// The statements of each migration.
    plans: Vec<Vec<Statement>>,
    /// The names of the database's own before each.
    kept: Vec<Option<Kept>>,
}

/// What goes wrong after other migrations were run says so: they stay as they are, and where the one that fails is undone it is still
/// applied.
fn after(done: &[(MigrationId, Direction)], next: (&MigrationId, Direction), error: Error) -> Error {
    let told = |wanted: Direction, what: &str| {
        let ids = done.iter().filter(|(_, direction)| *direction == wanted).map(|(id, _)| format!("`{id}`"));
        match ids.collect::<Vec<_>>().as_slice() {
            [] => None,
            [only] => Some(format!("{only} was {what} before")),
            [first, more @ .., last] if more.len() > 2 => {
                Some(format!("{} migrations, {first} to {last}, were {what} before", more.len() + 2))
            }
            some => Some(format!("{} were {what} before", some.join(", "))),
        }
    };
    let mut all: Vec<String> = Vec::new();
    all.extend(told(Direction::Backward, "undone"));
    all.extend(told(Direction::Forward, "applied"));
    if all.is_empty() {
        return error;
    }
    if next.1 == Direction::Backward {
        all.push(format!("the database stands at `{}`", next.0));
    }
    error.at(all.join(", and "))
}

/// The migrations that count as applied.
fn applied(history: &[Applied]) -> BTreeSet<MigrationId> {
    let counts =
        |entry: &&Applied| entry.progress.as_ref().is_none_or(|progress| progress.direction == Direction::Backward);
    history.iter().filter(counts).map(|entry| entry.id.clone()).collect()
}
