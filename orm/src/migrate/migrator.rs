//! Running migrations on a database.

use super::{connection::OverConnection, engine_error, migrations};
use crate::{Access, App, Connection, Database, Executor, Operation, Result};
use migrations_engine::{
    Direction, MigrationId, MigrationSet, Target,
    diff::Answers,
    execute::{self, Applied, Event},
};
use std::sync::Arc;

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

type Progress = Box<dyn FnMut(&Event<'_>) + Send>;

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
    fake: bool,
    answers: Answers,
    progress: Option<Progress>,
}

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
        Migrator { set: Arc::new(set), target: Target::Latest, fake: false, answers: Answers::new(), progress: None }
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
        self.fake = fake;
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
        let Migrator { set, target, fake, answers, progress } = self;
        db.run(Run { set, target, fake, answers, progress }).await
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

fn over(connection: &mut Connection) -> OverConnection<'_> {
    let dialect = connection.dialect();
    OverConnection { connection, dialect }
}

struct Run {
    set: Arc<MigrationSet>,
    target: Target,
    fake: bool,
    answers: Answers,
    progress: Option<Progress>,
}

impl Operation for Run {
    type Output = Vec<(MigrationId, Direction)>;

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, connection: &mut Connection) -> Result<Self::Output> {
        let mut connection = over(connection);
        let executor = execute::Executor::new(&self.set, &mut connection);
        let mut executor = executor.fake(self.fake).answers(self.answers.clone());
        if let Some(progress) = &mut self.progress {
            executor = executor.on_progress(progress);
        }
        executor.migrate(&self.target).await.map_err(engine_error)
    }
}

struct Plan {
    set: Arc<MigrationSet>,
    target: Target,
}

impl Operation for Plan {
    type Output = Vec<(MigrationId, Direction)>;

    fn access(&self) -> Access {
        Access::Read
    }

    async fn run(&mut self, connection: &mut Connection) -> Result<Self::Output> {
        let mut connection = over(connection);
        let plan = execute::Executor::new(&self.set, &mut connection).plan(&self.target).await.map_err(engine_error)?;
        Ok(plan.into_iter().map(|(migration, direction)| (migration.id.clone(), direction)).collect())
    }
}

struct History {
    set: Arc<MigrationSet>,
}

impl Operation for History {
    type Output = Vec<Applied>;

    fn access(&self) -> Access {
        Access::Read
    }

    async fn run(&mut self, connection: &mut Connection) -> Result<Self::Output> {
        let mut connection = over(connection);
        execute::Executor::new(&self.set, &mut connection).history().await.map_err(engine_error)
    }
}
