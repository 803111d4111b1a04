//! The project: its applications, its database, and the commands that its program understands.

use super::{
    Command, CommandFuture, Context,
    check::{Check, CheckFn},
    databases::{DEFAULT, Place},
    dbshell::DbShell,
    fixtures::{DumpData, LoadData},
    flush::{Flush, SqlFlush, SqlSequenceReset},
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
    App, Code, Database, DatabaseBuilder, Error, Finding, Result,
    cli::output::{BAD, NAME, Output, styled, warn},
    migrate::{Hook, StepFn},
};
use clap::ArgMatches;
use std::{collections::BTreeMap, ffi::OsString, process::ExitCode, sync::PoisonError};

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
    pub(super) url: Option<String>,
    /// The other databases, by their names.
    pub(super) others: BTreeMap<String, Option<String>>,
    /// The databases of applications that are not in the usual one.
    pub(super) homes: BTreeMap<String, String>,
    commands: Vec<Box<dyn Command>>,
    default_command: Option<String>,
    pub(super) steps: Vec<(String, StepFn)>,
    pub(super) hooks: Vec<Hook>,
    pub(super) checks: Vec<Box<CheckFn>>,
    /// The codes that `check` leaves out.
    pub(super) silenced: Vec<String>,
    pub(super) settings: Option<fn(DatabaseBuilder) -> DatabaseBuilder>,
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
            Box::new(DbShell),
            Box::new(Flush),
            Box::new(SqlFlush),
            Box::new(SqlSequenceReset),
            Box::new(DumpData),
            Box::new(LoadData),
        ];
        Project {
            apps: Vec::new(),
            url: None,
            others: BTreeMap::new(),
            homes: BTreeMap::new(),
            commands,
            default_command: None,
            steps: Vec::new(),
            hooks: Vec::new(),
            checks: Vec::new(),
            silenced: Vec::new(),
            settings: None,
        }
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

    /// Connects to the database that the commands use: the one that the environment names in `DATABASE_URL`, or else that of
    /// [`database`](Project::database). So a program and its `migrate` mean the same one.
    ///
    /// # Errors
    /// When neither names one, and when the connection fails.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # if std::env::var_os("DATABASE_URL").is_some() { return Ok(()); }
    /// let project = orm::Project::new().database("sqlite::memory:");
    /// let db = project.connect().await?;
    /// assert_eq!(db.url(), "sqlite::memory:");
    /// # Ok(()) }
    /// ```
    pub async fn connect(&self) -> Result<Database> {
        self.connect_to(DEFAULT).await
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

    /// The settings of the program's connections: those that [`connect`](Project::connect) makes, and that `check --deploy` looks at. The
    /// commands connect with the usual ones.
    ///
    /// ```
    /// use orm::Project;
    /// use std::time::Duration;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # if std::env::var_os("DATABASE_URL").is_some() { return Ok(()); }
    /// let project = Project::new()
    ///     .database("sqlite::memory:")
    ///     .connect_with(|database| database.pool_size(4).statement_timeout(Duration::from_secs(30)));
    /// let db = project.connect().await?;
    /// # let _ = db;
    /// # Ok(()) }
    /// ```
    pub fn connect_with(mut self, settings: fn(DatabaseBuilder) -> DatabaseBuilder) -> Self {
        self.settings = Some(settings);
        self
    }

    /// A database by the program's settings.
    pub(super) fn builder(&self, url: &str) -> DatabaseBuilder {
        let builder = Database::builder(url);
        match self.settings {
            Some(settings) => settings(builder),
            None => builder,
        }
    }

    /// Adds a check of the program's own to those of the command `check`.
    ///
    /// ```
    /// # use library::library;
    /// use orm::{Finding, Level, Project};
    ///
    /// let project = Project::new().app(library()).check(|apps| {
    ///     let large = apps.iter().flat_map(|app| app.models()).filter(|model| model.fields.len() > 20);
    ///     let found = large.map(|model| Finding::new(Level::Warning, "house.W001", "it has more than 20 fields").with_object(model.label()));
    ///     found.collect()
    /// });
    /// ```
    pub fn check(mut self, check: impl Fn(&[App]) -> Vec<Finding> + Send + Sync + 'static) -> Self {
        self.checks.push(Box::new(check));
        self
    }

    /// Leaves findings of this code out of `check`, as its `--allow` does.
    ///
    /// ```
    /// let project = orm::Project::new().silence("S114");
    /// ```
    pub fn silence(mut self, code: impl Into<String>) -> Self {
        self.silenced.push(code.into());
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

    /// The command that runs when the program is started without one.
    ///
    /// ```
    /// # use library::library;
    /// let project = orm::Project::new().app(library()).default_command("showmigrations");
    /// let mut printed = String::new();
    /// project.run_into(["program", "--database", "sqlite::memory:"], &mut printed)?;
    /// assert!(printed.starts_with("library\n"));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn default_command(mut self, name: impl Into<String>) -> Self {
        self.default_command = Some(name.into());
        self
    }

    /// The arguments, with the default command where they name none: after `--database`, which every command takes.
    fn with_default(&self, mut arguments: Vec<OsString>) -> Vec<OsString> {
        let Some(default) = &self.default_command else { return arguments };
        let mut at = 1.min(arguments.len());
        while let Some(text) = arguments.get(at).and_then(|argument| argument.to_str()) {
            match text {
                "--database" => at += 2,
                _ if text.starts_with("--database=") => at += 1,
                _ => break,
            }
        }
        let named = arguments.get(at).and_then(|argument| argument.to_str());
        if named.is_none_or(|argument| argument.starts_with('-') && !matches!(argument, "-h" | "--help")) {
            arguments.insert(at.min(arguments.len()), default.into());
        }
        arguments
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
                warn(format_args!("{} {error:?}", styled(BAD, "error:")));
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
        self.run_with(arguments, Output::standard())
    }

    /// The same, and what the command prints is added to a text: for tests, and for programs that go on with it.
    ///
    /// # Errors
    /// See [`Project::run`].
    ///
    /// ```
    /// # use library::library;
    /// let mut printed = String::new();
    /// let project = orm::Project::new().app(library()).database("sqlite::memory:");
    /// project.run_into(["program", "showmigrations"], &mut printed)?;
    /// assert!(printed.starts_with("library\n"));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn run_into<I, T>(self, arguments: I, printed: &mut String) -> Result<()>
    where
        I: IntoIterator<Item = T>,
        T: Into<OsString> + Clone,
    {
        let (output, text) = Output::text();
        let done = self.run_with(arguments, output);
        let text = text.lock().unwrap_or_else(PoisonError::into_inner);
        printed.push_str(&String::from_utf8_lossy(text.as_inner()));
        done
    }

    fn run_with<I, T>(self, arguments: I, output: Output) -> Result<()>
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
                    .help("The database: sqlite://app.db, postgres://.., mysql://.. (else DATABASE_URL); or its name in the project"),
            );
        for command in &self.commands {
            cli = cli.subcommand(command.arguments());
        }
        let arguments = self.with_default(arguments.into_iter().map(Into::into).collect());
        let matches = cli.try_get_matches_from(arguments).unwrap_or_else(|error| error.exit());
        let Some((name, matches)) = matches.subcommand() else { return Ok(()) };
        let Some(command) = self.commands.iter().find(|command| command.arguments().get_name() == name) else {
            return Ok(());
        };
        if self.has_several() {
            self.check_databases()?;
        }
        let given = matches.get_one::<String>("database").map(String::as_str);
        let labels = labels(matches, command.app_arguments());
        let places = self.places(given, command.for_each_database(), &labels)?;
        let goes_on = command.only_looks(matches);
        block_on(|| {
            Box::pin(async {
                let context = |place| Context::new(&self, matches, place, output.clone());
                each(context, places, goes_on, async |context| command.run(context).await).await
            })
        })
    }
}

/// Does something for each of some databases, under their names if they are several. Where it only looks, it goes on where one fails.
pub(super) async fn each<'p>(
    context: impl Fn(Place) -> Context<'p>,
    places: Vec<Place>,
    only_looks: bool,
    run: impl AsyncFn(&Context<'p>) -> Result<()>,
) -> Result<()> {
    let several = places.len() > 1;
    let mut failed: Vec<(String, Error)> = Vec::new();
    for place in places {
        let name = place.name.clone();
        let context = context(place);
        if several {
            context.say(styled(NAME, format_args!("Database {name}")))?;
        }
        let done = run(&context).await;
        context.close().await;
        match done {
            Err(error) if several && only_looks => {
                context.say(format_args!("Failed: {}", error.message()))?;
                failed.push((name, error));
            }
            done => done?,
        }
    }
    together(failed, several)
}

/// What went wrong in one or several of the databases that were looked at, as one.
pub(super) fn together(failed: Vec<(String, Error)>, several: bool) -> Result<()> {
    let all: Vec<String> = failed.iter().map(|(name, error)| format!("in `{name}`: {}", error.message())).collect();
    let mut failed = failed.into_iter();
    match (failed.next(), failed.next()) {
        (None, _) => Ok(()),
        (Some((name, only)), None) if several => {
            let hint = only.hint().map_or_else(String::new, |hint| format!(": {hint}"));
            Err(only.with_hint(format!("it is the database `{name}`{hint}")))
        }
        (Some((_, only)), None) => Err(only),
        (Some((_, first)), Some(_)) => {
            let error = Error::new(first.code(), all.join("; "));
            Err(first.hint().map(str::to_owned).into_iter().fold(error, Error::with_hint))
        }
    }
}

/// The applications that a command is given by these arguments.
fn labels<'m>(matches: &'m ArgMatches, arguments: &[&str]) -> Vec<&'m str> {
    let of = |name: &&str| matches.try_get_many::<String>(name).ok().flatten();
    let named = arguments.iter().filter_map(of).flatten();
    // Of a model that of its application.
    named.map(|name| name.split('.').next().unwrap_or(name)).collect()
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
