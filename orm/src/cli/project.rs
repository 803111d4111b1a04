//! The project: its applications, its database, and the commands that its program understands.

use super::{
    check::Check,
    graphmodels::GraphModels,
    inspectdb::InspectDb,
    lintmigrations::LintMigrations,
    makemigrations::MakeMigrations,
    migrate::Migrate,
    repair::Repair,
    showmigrations::ShowMigrations,
    sqlmigrate::SqlMigrate,
    squashmigrations::{OptimizeMigration, SquashMigrations},
};
use crate::{
    App, Code, Database, Error, Result,
    migrate::{Hook, StepFn},
};
use clap::ArgMatches;
use std::{ffi::OsString, pin::Pin, process::ExitCode};

/// The future of a command.
pub type CommandFuture<'a> = Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// A command of the project's program. Later layers and applications add their own by [`Project::command`].
///
/// ```
/// use orm::{Command, CommandFuture, Context, Project};
///
/// struct Hello;
///
/// impl Command for Hello {
///     fn arguments(&self) -> clap::Command {
///         clap::Command::new("hello").about("Greets")
///     }
///     fn run<'a>(&'a self, context: &'a Context<'a>) -> CommandFuture<'a> {
///         Box::pin(async move {
///             println!("{} applications", context.project().apps().len());
///             Ok(())
///         })
///     }
/// }
///
/// Project::new().command(Hello).run(["program", "hello"])?;
/// # Ok::<(), orm::Error>(())
/// ```
pub trait Command: Send + Sync {
    /// The name, the help and the arguments.
    fn arguments(&self) -> clap::Command;

    /// Runs it.
    fn run<'a>(&'a self, context: &'a Context<'a>) -> CommandFuture<'a>;
}

/// What a command runs with: the project and the arguments that were given.
///
/// ```
/// use orm::{Command, CommandFuture, Context, Project};
///
/// struct Ping;
///
/// impl Command for Ping {
///     fn arguments(&self) -> clap::Command {
///         clap::Command::new("ping").arg(clap::Arg::new("times").default_value("1"))
///     }
///     fn run<'a>(&'a self, context: &'a Context<'a>) -> CommandFuture<'a> {
///         Box::pin(async move {
///             let times = context.matches().get_one::<String>("times").map(String::as_str);
///             assert_eq!((times, context.project().apps().len()), (Some("1"), 0));
///             context.database().await?.ping().await
///         })
///     }
/// }
///
/// Project::new().command(Ping).run(["program", "--database", "sqlite::memory:", "ping"])?;
/// # Ok::<(), orm::Error>(())
/// ```
pub struct Context<'a> {
    project: &'a Project,
    matches: &'a ArgMatches,
    url: Option<String>,
}

impl Context<'_> {
    /// The project.
    pub fn project(&self) -> &Project {
        self.project
    }

    /// The command's own arguments.
    pub fn matches(&self) -> &ArgMatches {
        self.matches
    }

    /// The URL of the project's database, as `--database`, `DATABASE_URL` or the program gives it. It may hold a password.
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// Connects to the project's database: `--database`, or `DATABASE_URL`, or what the program says.
    ///
    /// # Errors
    /// When none of them is given, and when the connection fails.
    pub async fn database(&self) -> Result<Database> {
        match &self.url {
            Some(url) => Database::connect(url.clone()).await,
            None => Err(Error::new(Code::BadSetting, "no database is named").with_hint(
                "give `--database sqlite://app.db`, set DATABASE_URL, or write `Project::new().database(\"..\")`",
            )),
        }
    }
}

/// A project: the applications whose models live in one database.
///
/// ```
/// use orm::prelude::*;
/// # mod shop { orm::app! { pub shop {} } }
///
/// let project = Project::new().app(shop::shop()).database("sqlite://shop.db");
/// assert_eq!(project.apps().len(), 1);
/// // fn main() -> std::process::ExitCode { project.manage() }
/// ```
pub struct Project {
    apps: Vec<App>,
    url: Option<String>,
    commands: Vec<Box<dyn Command>>,
    pub(super) steps: Vec<(String, StepFn)>,
    pub(super) hooks: Vec<Hook>,
}

impl Default for Project {
    fn default() -> Self {
        Project::new()
    }
}

impl Project {
    /// A project without applications, with the commands for migrations.
    ///
    /// ```
    /// assert!(orm::Project::new().apps().is_empty());
    /// ```
    pub fn new() -> Self {
        let commands: Vec<Box<dyn Command>> = vec![
            Box::new(MakeMigrations),
            Box::new(Migrate),
            Box::new(ShowMigrations),
            Box::new(SqlMigrate),
            Box::new(LintMigrations),
            Box::new(SquashMigrations),
            Box::new(OptimizeMigration),
            Box::new(Repair),
            Box::new(InspectDb),
            Box::new(Check),
            Box::new(GraphModels),
        ];
        Project { apps: Vec::new(), url: None, commands, steps: Vec::new(), hooks: Vec::new() }
    }

    /// Adds an application.
    ///
    /// ```
    /// # use library::library;
    /// assert_eq!(orm::Project::new().app(library()).apps()[0].label(), "library");
    /// ```
    pub fn app(mut self, app: App) -> Self {
        // Deletions in other applications follow its foreign keys.
        crate::model::register(app.spec());
        self.apps.push(app);
        self
    }

    /// The database to use when neither `--database` nor `DATABASE_URL` names one.
    ///
    /// ```
    /// let project = orm::Project::new().database("sqlite://library.db");
    /// ```
    pub fn database(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// Registers a data step under the name by which migrations call it: see [`StepFn`].
    ///
    /// ```
    /// use orm::{Project, migrate::{Step, StepFuture}};
    ///
    /// fn nothing(_: Step<'_>) -> StepFuture<'_> {
    ///     Box::pin(async { Ok(()) })
    /// }
    /// let project = Project::new().step("library.nothing", nothing);
    /// ```
    pub fn step(mut self, name: impl Into<String>, function: StepFn) -> Self {
        self.steps.push((name.into(), function));
        self
    }

    /// Runs a function after each `migrate`: see [`Migrator::after`](crate::migrate::Migrator::after).
    ///
    /// ```
    /// use orm::{Database, Project, migrate::{StepFuture, engine::Schema}};
    ///
    /// fn greet<'s>(_: &'s Database, state: &'s Schema) -> StepFuture<'s> {
    ///     Box::pin(async move { Ok(println!("{} models", state.models.len())) })
    /// }
    /// let project = Project::new().after_migrate(greet);
    /// ```
    pub fn after_migrate(mut self, hook: Hook) -> Self {
        self.hooks.push(hook);
        self
    }

    /// Adds a command; one of the same name takes the place of the earlier.
    ///
    /// ```
    /// use orm::{Command, CommandFuture, Context, Project};
    ///
    /// struct Quiet;
    ///
    /// impl Command for Quiet {
    ///     fn arguments(&self) -> clap::Command {
    ///         clap::Command::new("migrate") // takes the place of the library's own
    ///     }
    ///     fn run<'a>(&'a self, _: &'a Context<'a>) -> CommandFuture<'a> {
    ///         Box::pin(async { Ok(()) })
    ///     }
    /// }
    ///
    /// Project::new().command(Quiet).run(["program", "migrate"])?;
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn command(mut self, command: impl Command + 'static) -> Self {
        let name = command.arguments().get_name().to_owned();
        self.commands.retain(|known| known.arguments().get_name() != name);
        self.commands.push(Box::new(command));
        self
    }

    /// The applications.
    ///
    /// ```
    /// # use library::library;
    /// assert_eq!(orm::Project::new().app(library()).apps().len(), 1);
    /// ```
    pub fn apps(&self) -> &[App] {
        &self.apps
    }

    /// Runs the command that the program was started with, prints what goes wrong, and gives the exit code.
    ///
    /// ```
    /// # use library::library;
    /// use orm::Project;
    /// use std::process::ExitCode;
    ///
    /// fn manage() -> ExitCode {
    ///     Project::new().app(library()).database("sqlite://library.db").manage()
    /// }
    /// ```
    pub fn manage(self) -> ExitCode {
        match self.run(std::env::args_os()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("error: {error:?}");
                ExitCode::FAILURE
            }
        }
    }

    /// Runs a command line, the program's name first. It may be called inside a running Tokio runtime as well.
    ///
    /// # Errors
    /// What the command refuses. A command line that cannot be understood, and `--help`, are printed, and end the program.
    ///
    /// ```
    /// # use library::library;
    /// use orm::Project;
    ///
    /// Project::new().app(library()).database("sqlite::memory:").run(["program", "migrate"])?;
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn run<I, T>(self, arguments: I) -> Result<()>
    where
        I: IntoIterator<Item = T>,
        T: Into<OsString> + Clone,
    {
        let mut cli = clap::Command::new("manage")
            .no_binary_name(false)
            .subcommand_required(true)
            .arg_required_else_help(true)
            .arg(
                clap::Arg::new("database")
                    .long("database")
                    .value_name("URL")
                    .global(true)
                    .help("The database: sqlite://app.db, postgres://.., mysql://.. (else DATABASE_URL)"),
            );
        for command in &self.commands {
            cli = cli.subcommand(command.arguments());
        }
        let matches = cli.try_get_matches_from(arguments).unwrap_or_else(|error| error.exit());
        let Some((name, matches)) = matches.subcommand() else { return Ok(()) };
        let Some(command) = self.commands.iter().find(|command| command.arguments().get_name() == name) else {
            return Ok(());
        };
        let given = matches.get_one::<String>("database").cloned();
        let url = given.or_else(|| std::env::var("DATABASE_URL").ok()).or_else(|| self.url.clone());
        let context = Context { project: &self, matches, url };
        block_on(|| command.run(&context))
    }
}

/// Waits for a command on a runtime of its own: on a thread of its own, if this one belongs to a runtime already.
fn block_on<'a>(command: impl FnOnce() -> CommandFuture<'a> + Send) -> Result<()> {
    let wait = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::new(Code::BadSetting, "no runtime could be started").with_source(error))?;
        runtime.block_on(command())
    };
    if tokio::runtime::Handle::try_current().is_err() {
        return wait();
    }
    std::thread::scope(|scope| match scope.spawn(wait).join() {
        Ok(done) => done,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}
