//! Running migrations on a database.

use super::{
    StepFn, StepFuture, engine_error, migrations,
    operations::{Ahead, AppliedState, Findings, History, Obstacles, Options, Plan, Progress, Recorded, Repair, Run},
    step::Registry,
};
use crate::{App, Database, Executor, Result};
use migrations_engine::{
    Direction, MigrationId, MigrationSet, Schema, Target,
    diff::Answers,
    execute::{Applied, Event, Finding, Remedy, Timeouts},
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// Brings a database to the state of the applications' migrations.
///
/// # Errors
/// [`Code::Migration`](crate::Code::Migration) with the engine's own code in the message. What the database cannot do is found
/// before anything runs. On SQLite and PostgreSQL a migration is applied whole or not at all; on MariaDB and MySQL, which commit
/// each statement, an interrupted one is taken up where it stopped.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = orm::Database::connect("sqlite::memory:").await?;
/// mod shop {
///     orm::app! { pub shop {} } // its migrations are files below `migrations/shop`
/// }
/// orm::migrate::migrate(&db, &[shop::shop()]).await?;
/// # Ok(()) }
/// ```
pub async fn migrate(db: &Database, apps: &[App]) -> Result<()> {
    Migrator::new(apps)?.run(db).await.map(drop)
}

/// Migrations to run, and how.
///
/// ```
/// # use orm::{migrate::Migrator, prelude::*};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = Database::connect("sqlite::memory:").await?;
/// let ran = Migrator::with_set(library::migrations()?).run(&db).await?;
/// assert_eq!(ran[0].0.to_string(), "library.0001_initial");
/// assert_eq!(library::Book::objects().count(&db).await?, 0);
/// # Ok(()) }
/// ```
pub struct Migrator {
    set: Arc<MigrationSet>,
    target: Target,
    options: Options,
    answers: Answers,
    progress: Option<Progress>,
    steps: Registry,
    hooks: Vec<Hook>,
}

/// What is run after migrations: see [`Migrator::after`].
pub type Hook = for<'s> fn(&'s Database, &'s Schema) -> StepFuture<'s>;

impl Migrator {
    /// All migrations of the applications, forward to their latest.
    ///
    /// # Errors
    /// When a migration cannot be read.
    ///
    /// ```
    /// # use orm::{migrate::Migrator, prelude::*};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// let migrator = Migrator::new(&[library::library()])?; // reads the files below `migrations`
    /// assert!(migrator.plan(&db).await?.is_empty());
    /// # Ok(()) }
    /// ```
    pub fn new(apps: &[App]) -> Result<Self> {
        Ok(Migrator::with_set(migrations(apps)?))
    }

    /// The migrations of a set.
    ///
    /// ```
    /// # use orm::{migrate::Migrator, prelude::*};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// assert_eq!(Migrator::with_set(library::migrations()?).set().iter().count(), 1);
    /// # Ok(()) }
    /// ```
    pub fn with_set(set: MigrationSet) -> Self {
        let (target, options) = (Target::Latest, Options::default());
        let (steps, hooks) = (Registry::default(), Vec::new());
        Migrator { set: Arc::new(set), target, options, answers: Answers::new(), progress: None, steps, hooks }
    }

    /// Only one application, and no further than the migration of this name, or prefix of a name; `zero` undoes all.
    ///
    /// # Errors
    /// When there is no such application or migration, or several.
    ///
    /// ```
    /// # use orm::{migrate::Migrator, prelude::*};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// let set = library::migrations()?;
    /// Migrator::with_set(set.clone()).to("library", Some("0001"))?.run(&db).await?;
    /// let undone = Migrator::with_set(set).to("library", Some("zero"))?.run(&db).await?;
    /// assert_eq!(undone.len(), 1);
    /// # Ok(()) }
    /// ```
    pub fn to(mut self, app: &str, name: Option<&str>) -> Result<Self> {
        self.target = self.set.target(Some(app), name).map_err(engine_error)?;
        Ok(self)
    }

    /// Records the migrations without running them.
    ///
    /// ```
    /// # use orm::{migrate::Migrator, prelude::*};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// Migrator::with_set(library::migrations()?).fake(true).run(&db).await?; // the tables are there already, it says
    /// assert!(Migrator::with_set(library::migrations()?).plan(&db).await?.is_empty());
    /// # Ok(()) }
    /// ```
    pub fn fake(mut self, fake: bool) -> Self {
        self.options.fake = fake;
        self
    }

    /// Records an application's first migration, and those after it that only make things, without running them, where
    /// all tables and columns that they make are there: to take over a database that was made by other means.
    ///
    /// ```
    /// # use orm::{migrate::Migrator, prelude::*};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// orm::migrate::create_tables(&db, &[library::library()]).await?; // by other means
    /// Migrator::with_set(library::migrations()?).fake_initial(true).run(&db).await?;
    /// assert!(Migrator::with_set(library::migrations()?).plan(&db).await?.is_empty());
    /// # Ok(()) }
    /// ```
    pub fn fake_initial(mut self, fake: bool) -> Self {
        self.options.fake_initial = fake;
        self
    }

    /// The longest that a statement may run, and may wait for a lock that another connection holds. No limit unless
    /// said otherwise; SQLite and MySQL have none for statements and refuse one.
    ///
    /// ```
    /// # use orm::{migrate::Migrator, prelude::*};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// use std::time::Duration;
    /// Migrator::with_set(library::migrations()?).timeouts(None, Some(Duration::from_secs(5))).run(&db).await?;
    /// let refused = Migrator::with_set(library::migrations()?).timeouts(Some(Duration::from_secs(5)), None);
    /// assert!(refused.run(&db).await.unwrap_err().message().starts_with("M044"));
    /// # Ok(()) }
    /// ```
    pub fn timeouts(mut self, statement: Option<Duration>, lock: Option<Duration>) -> Self {
        self.options.timeouts = Timeouts { statement, lock };
        self
    }

    /// What rows get in a column that comes back without values, when the migration that removed it is undone:
    /// `app.Model.field=value`. Without an answer, a column that needs one is refused before anything runs.
    ///
    /// # Errors
    /// When the text has another form.
    ///
    /// ```
    /// # use orm::{migrate::Migrator, prelude::*};
    /// # fn main() -> orm::Result<()> {
    /// let migrator = Migrator::with_set(library::migrations()?).restored("library.Book.author=1")?;
    /// # Ok(()) }
    /// ```
    pub fn restored(mut self, text: &str) -> Result<Self> {
        self.answers.default(text).map_err(engine_error)?;
        Ok(self)
    }

    /// Registers a data step under the name by which migrations call it: see [`StepFn`].
    ///
    /// ```
    /// # use orm::{migrate::{Migrator, Step, StepFuture}, prelude::*};
    /// fn nothing(_: Step<'_>) -> StepFuture<'_> {
    ///     Box::pin(async { Ok(()) })
    /// }
    /// let migrator = Migrator::with_set(library::migrations()?).step("library.nothing", nothing);
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn step(mut self, name: impl Into<String>, function: StepFn) -> Self {
        self.steps.steps.insert(name.into(), function);
        self
    }

    /// Tells how many rows a step has been through, after each of its batches.
    ///
    /// ```
    /// # use orm::{migrate::Migrator, prelude::*};
    /// let migrator = Migrator::with_set(library::migrations()?).on_step(|step, rows| println!("{step}: {rows} rows"));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn on_step(mut self, report: impl Fn(&str, u64) + Send + Sync + 'static) -> Self {
        self.steps.report = Some(Arc::new(report));
        self
    }

    /// Runs a function after the migrations, each time, whether there was one to run or not: for rows that follow from
    /// the models. It gets the state that the database has then.
    ///
    /// ```
    /// # use orm::{migrate::{Migrator, StepFuture, engine::Schema}, prelude::*};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// fn welcome<'s>(db: &'s Database, state: &'s Schema) -> StepFuture<'s> {
    ///     Box::pin(async move {
    ///         if state.model("library", "Tag").is_some() {
    ///             library::Tag::draft().slug("new").name("New").create(db).await?;
    ///         }
    ///         Ok(())
    ///     })
    /// }
    /// Migrator::with_set(library::migrations()?).after(welcome).run(&db).await?;
    /// assert_eq!(library::Tag::objects().count(&db).await?, 1);
    /// # Ok(()) }
    /// ```
    pub fn after(mut self, hook: Hook) -> Self {
        self.hooks.push(hook);
        self
    }

    #[cfg(feature = "cli")]
    pub(crate) fn with_steps(mut self, steps: &[(String, StepFn)], hooks: &[Hook]) -> Self {
        self.steps.steps.extend(steps.iter().cloned());
        self.hooks.extend(hooks);
        self
    }

    /// Calls `progress` as things happen.
    ///
    /// ```
    /// # use orm::{migrate::Migrator, prelude::*};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// use orm::migrate::engine::execute::Event;
    /// let migrator = Migrator::with_set(library::migrations()?).on_progress(|event| {
    ///     if let Event::Begin { migration, .. } = event {
    ///         println!("Applying {}", migration.id);
    ///     }
    /// });
    /// migrator.run(&db).await?;
    /// # Ok(()) }
    /// ```
    pub fn on_progress(mut self, progress: impl FnMut(&Event<'_>) + Send + 'static) -> Self {
        self.progress = Some(Box::new(progress));
        self
    }

    /// The migrations.
    ///
    /// ```
    /// # use orm::{migrate::Migrator, prelude::*};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// let migrator = Migrator::with_set(library::migrations()?);
    /// assert_eq!(migrator.set().iter().next().unwrap().id.name, "0001_initial");
    /// # Ok(()) }
    /// ```
    pub fn set(&self) -> &MigrationSet {
        &self.set
    }

    /// Runs them, and tells which were run, and which way.
    ///
    /// # Errors
    /// See [`migrate`].
    ///
    /// ```
    /// # use orm::{migrate::Migrator, prelude::*};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// assert_eq!(Migrator::with_set(library::migrations()?).run(&db).await?.len(), 1);
    /// assert_eq!(Migrator::with_set(library::migrations()?).run(&db).await?.len(), 0);
    /// # Ok(()) }
    /// ```
    pub async fn run(self, db: &Database) -> Result<Vec<(MigrationId, Direction)>> {
        let Migrator { set, target, options, answers, progress, steps, hooks } = self;
        let ran = db.run(Run { set: set.clone(), target, options, answers, progress, steps }).await?;
        if !hooks.is_empty() {
            let applied = db.run(AppliedState { set }).await?;
            for hook in hooks {
                hook(db, &applied).await?;
            }
        }
        Ok(ran)
    }

    /// The state that the database's history adds up to: what its migrations have made of it.
    ///
    /// # Errors
    /// When the history cannot be read, or names a migration that is not in the set.
    ///
    /// ```
    /// # use orm::{migrate::Migrator, prelude::*};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// let migrator = Migrator::with_set(library::migrations()?);
    /// assert!(migrator.applied(&db).await?.models.is_empty());
    /// # Ok(()) }
    /// ```
    pub fn applied<'d>(&self, db: &'d Database) -> impl Future<Output = Result<Schema>> + Send + use<'d> {
        db.run(AppliedState { set: self.set.clone() })
    }

    /// What is wrong with the database's history, and what can be done about it; nothing is changed.
    ///
    /// # Errors
    /// When the history cannot be read.
    ///
    /// ```
    /// # use orm::{migrate::Migrator, prelude::*};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// Migrator::with_set(library::migrations()?).run(&db).await?;
    /// assert!(Migrator::with_set(library::migrations()?).findings(&db).await?.is_empty());
    /// # Ok(()) }
    /// ```
    pub fn findings<'d>(&self, db: &'d Database) -> impl Future<Output = Result<Vec<Finding>>> + Send + use<'d> {
        db.run(Findings { set: self.set.clone() })
    }

    /// Sets right one of the [`findings`](Migrator::findings), by one of the remedies it names.
    ///
    /// # Errors
    /// When nothing is wrong that the remedy would set right, and when it cannot be done.
    ///
    /// ```
    /// # use orm::{migrate::Migrator, prelude::*};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// use orm::migrate::engine::execute::Remedy;
    /// # Migrator::with_set(library::migrations()?).run(&db).await?;
    /// db.batch("UPDATE orm_migrations SET checksum = 'of another file'").await?;
    /// let migrator = Migrator::with_set(library::migrations()?);
    /// let finding = migrator.findings(&db).await?.remove(0);
    /// assert!(finding.message.contains("was edited"));
    /// migrator.repair(&db, &finding.migration, Remedy::Accept).await?;
    /// assert!(migrator.findings(&db).await?.is_empty());
    /// # Ok(()) }
    /// ```
    pub fn repair<'d>(
        &self,
        db: &'d Database,
        migration: &MigrationId,
        remedy: Remedy,
    ) -> impl Future<Output = Result<()>> + Send + use<'d> {
        db.run(Repair { set: self.set.clone(), migration: migration.clone(), remedy })
    }

    /// What [`Migrator::run`] would run; nothing is changed.
    ///
    /// # Errors
    /// When the history and the migrations do not agree.
    ///
    /// ```
    /// # use orm::{migrate::Migrator, prelude::*};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// let migrator = Migrator::with_set(library::migrations()?);
    /// assert_eq!(migrator.plan(&db).await?[0].0.to_string(), "library.0001_initial");
    /// # Ok(()) }
    /// ```
    pub fn plan<'d>(
        &self,
        db: &'d Database,
    ) -> impl Future<Output = Result<Vec<(MigrationId, Direction)>>> + Send + use<'d> {
        db.run(Plan { set: self.set.clone(), target: self.target.clone() })
    }

    /// The rows that stand in the way of what [`Migrator::run`] would run, as far as that can be known before: what it would
    /// refuse, each with what to do about it; nothing is changed.
    ///
    /// # Errors
    /// What [`Migrator::run`] refuses without looking at rows.
    ///
    /// ```
    /// # use orm::{migrate::Migrator, prelude::*};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// assert!(Migrator::with_set(library::migrations()?).obstacles(&db).await?.is_empty());
    /// # Ok(()) }
    /// ```
    pub fn obstacles<'d>(
        &self,
        db: &'d Database,
    ) -> impl Future<Output = Result<Vec<migrations_engine::Error>>> + Send + use<'d> {
        db.run(Obstacles(self.ahead()))
    }

    /// Which of what [`Migrator::run`] would do is only recorded, by [`fake`](Migrator::fake) or
    /// [`fake_initial`](Migrator::fake_initial), each with the SQL that is run all the same (extensions that it makes known);
    /// nothing is changed.
    ///
    /// # Errors
    /// What [`Migrator::run`] refuses before anything runs.
    ///
    /// ```
    /// # use orm::{migrate::Migrator, prelude::*};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// let migrator = Migrator::with_set(library::migrations()?).fake_initial(true);
    /// assert!(migrator.recorded(&db).await?.is_empty()); // it would make the tables
    /// orm::migrate::create_tables(&db, &[library::library()]).await?;
    /// assert_eq!(migrator.recorded(&db).await?.len(), 1);
    /// # Ok(()) }
    /// ```
    pub fn recorded<'d>(
        &self,
        db: &'d Database,
    ) -> impl Future<Output = Result<BTreeMap<MigrationId, Vec<String>>>> + Send + use<'d> {
        db.run(Recorded(self.ahead()))
    }

    fn ahead(&self) -> Ahead {
        let (set, target, options) = (self.set.clone(), self.target.clone(), self.options);
        Ahead { set, target, options, answers: self.answers.clone(), steps: self.steps.clone() }
    }

    /// What the database records, oldest first.
    ///
    /// # Errors
    /// When the history cannot be read.
    ///
    /// ```
    /// # use orm::{migrate::Migrator, prelude::*};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// Migrator::with_set(library::migrations()?).run(&db).await?;
    /// let history = Migrator::with_set(library::migrations()?).history(&db).await?;
    /// assert_eq!(history[0].id.to_string(), "library.0001_initial");
    /// # Ok(()) }
    /// ```
    pub fn history<'d>(&self, db: &'d Database) -> impl Future<Output = Result<Vec<Applied>>> + Send + use<'d> {
        db.run(History { set: self.set.clone() })
    }
}
