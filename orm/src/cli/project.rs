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
    cli::output::{BAD, NOTE, Output, styled, warn},
    db::without_password,
    migrate::{Hook, StepFn},
};
use clap::ArgMatches;
use std::{
    ffi::OsString,
    fmt::Display,
    io::Write,
    path::Path,
    pin::Pin,
    process::ExitCode,
    sync::{Mutex, PoisonError},
};

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
///             context.say(format_args!("{} applications", context.project().apps().len()))
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
    /// Whether the environment names another database than the program.
    elsewhere: bool,
    /// The databases that were connected to, to be closed in the end.
    connected: Mutex<Vec<Database>>,
    pub(super) output: Output,
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

    /// Prints a line. It goes where the program's output goes, or to the caller of [`Project::run_into`]; when nobody
    /// reads any more (`program showmigrations | head`), it is dropped, where `println!` would panic.
    ///
    /// # Errors
    /// When the output cannot be written for another reason.
    pub fn say(&self, line: impl Display) -> Result<()> {
        self.output.line(line)
    }

    /// Where [`say`](Context::say) prints to, for what is written piece by piece.
    ///
    /// ```
    /// use orm::{Command, CommandFuture, Context, Project};
    /// use std::io::Write;
    ///
    /// struct Count;
    ///
    /// impl Command for Count {
    ///     fn arguments(&self) -> clap::Command {
    ///         clap::Command::new("count")
    ///     }
    ///     fn run<'a>(&'a self, context: &'a Context<'a>) -> CommandFuture<'a> {
    ///         Box::pin(async move {
    ///             for number in 1..4 {
    ///                 let _ = write!(context.writer(), "{number} ");
    ///             }
    ///             Ok(())
    ///         })
    ///     }
    /// }
    ///
    /// let mut printed = String::new();
    /// Project::new().command(Count).run_into(["program", "count"], &mut printed)?;
    /// assert_eq!(printed, "1 2 3 ");
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn writer(&self) -> impl Write + Send + use<> {
        self.output.clone()
    }

    /// Connects to the project's database: `--database`, or `DATABASE_URL`, or what the program says. It is closed when the
    /// command has ended. Where `DATABASE_URL` names another one than the program, that is said on standard error.
    ///
    /// # Errors
    /// When none of them is given, and when the connection fails.
    pub async fn database(&self) -> Result<Database> {
        let url = self.url.as_ref().ok_or_else(unnamed)?;
        let mut told = self.elsewhere;
        {
            let connected = self.connected.lock().unwrap_or_else(PoisonError::into_inner);
            told &= connected.is_empty();
        }
        if told {
            warn(format_args!("Database: {}, from DATABASE_URL", without_password(url)));
        }
        let db = Database::connect(url.clone()).await?;
        self.connected.lock().unwrap_or_else(PoisonError::into_inner).push(db.clone());
        Ok(db)
    }

    /// The file of SQLite that the project's database would be, if it is not there yet, and its folder is.
    pub(super) fn missing(&self) -> Option<&str> {
        let file = self.url.as_deref()?.strip_prefix("sqlite:")?;
        let file = file.strip_prefix("//").unwrap_or(file);
        let path = Path::new(file);
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        (!file.is_empty() && !file.starts_with(":memory") && !file.contains('?') && !path.exists() && folder.is_dir())
            .then_some(file)
    }

    /// The same for a command that only looks: a file that is not there is not made. It is as good as an empty database.
    pub(super) async fn look(&self) -> Result<Database> {
        let Some(file) = self.missing() else { return self.database().await };
        warn(styled(NOTE, format_args!("note: there is no file `{file}` yet, which `migrate` makes")));
        Database::connect("sqlite::memory:").await
    }

    /// What is in SQLite's log is then in the file, however the program goes on.
    async fn close(&self) {
        let connected = std::mem::take(&mut *self.connected.lock().unwrap_or_else(PoisonError::into_inner));
        for db in connected {
            db.close().await;
        }
    }
}

/// The database that the environment names.
fn environment() -> Option<String> {
    std::env::var("DATABASE_URL").ok().filter(|url| !url.is_empty())
}

fn unnamed() -> Error {
    Error::new(Code::BadSetting, "no database is named")
        .with_hint("give `--database sqlite://app.db`, set DATABASE_URL, or write `Project::new().database(\"..\")`")
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
    default_command: Option<String>,
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
        Project { apps: Vec::new(), url: None, commands, default_command: None, steps: Vec::new(), hooks: Vec::new() }
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
        Database::connect(environment().or_else(|| self.url.clone()).ok_or_else(unnamed)?).await
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
                    .help("The database: sqlite://app.db, postgres://.., mysql://.. (else DATABASE_URL)"),
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
        let given = matches.get_one::<String>("database").cloned();
        let named = environment().filter(|_| given.is_none());
        let elsewhere = named.is_some() && self.url.is_some() && named != self.url;
        let url = given.or(named).or_else(|| self.url.clone());
        let context = Context { project: &self, matches, url, elsewhere, connected: Mutex::default(), output };
        block_on(|| {
            Box::pin(async {
                let done = command.run(&context).await;
                context.close().await;
                done
            })
        })
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
