//! What a command of the project's program runs with.

use super::{
    Project,
    databases::{Place, unnamed, variable},
    output::{NOTE, Output, styled, warn},
};
use crate::{App, Database, Result, db::without_password};
use clap::ArgMatches;
use std::{
    fmt::Display,
    io::Write,
    path::Path,
    pin::Pin,
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

    /// Whether it is run for each of the project's databases, one after the other, where `--database` names none: for what is about
    /// tables. [`Context::apps`] are those of the database whose turn it is.
    ///
    /// ```
    /// use orm::{Command, CommandFuture, Context, Project};
    ///
    /// struct Ping;
    ///
    /// impl Command for Ping {
    ///     fn arguments(&self) -> clap::Command {
    ///         clap::Command::new("ping")
    ///     }
    ///     fn for_each_database(&self) -> bool {
    ///         true
    ///     }
    ///     fn run<'a>(&'a self, context: &'a Context<'a>) -> CommandFuture<'a> {
    ///         Box::pin(async move {
    ///             context.database().await?.ping().await?;
    ///             context.say("It answers.")
    ///         })
    ///     }
    /// }
    ///
    /// # mod shop { orm::app! { pub shop {} } }
    /// # mod visits { orm::app! { pub visits {} } }
    /// let project = Project::new().app(shop::shop()).database("sqlite::memory:");
    /// let project = project.app_in("analytics", visits::visits()).database_named("analytics", "sqlite::memory:");
    /// let mut printed = String::new();
    /// project.command(Ping).run_into(["program", "ping"], &mut printed)?;
    /// assert_eq!(printed, "Database default\nIt answers.\nDatabase analytics\nIt answers.\n");
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn for_each_database(&self) -> bool {
        false
    }

    /// The arguments by which it is given applications, or models as `app.Model`: it is then run for the database of these, in a project with
    /// several. None unless said; what is called `app` by chance names no application.
    ///
    /// ```
    /// use orm::{Command, CommandFuture, Context, Project};
    ///
    /// struct Count;
    ///
    /// impl Command for Count {
    ///     fn arguments(&self) -> clap::Command {
    ///         clap::Command::new("count").arg(clap::Arg::new("app").required(true))
    ///     }
    ///     fn app_arguments(&self) -> &[&str] {
    ///         &["app"]
    ///     }
    ///     fn run<'a>(&'a self, context: &'a Context<'a>) -> CommandFuture<'a> {
    ///         Box::pin(async move { context.say(context.url().unwrap_or_default()) })
    ///     }
    /// }
    ///
    /// # mod shop { orm::app! { pub shop {} } }
    /// # mod visits { orm::app! { pub visits {} } }
    /// let project = Project::new().app(shop::shop()).database("sqlite://shop.db");
    /// let project = project.app_in("analytics", visits::visits()).database_named("analytics", "sqlite://visits.db");
    /// let mut printed = String::new();
    /// project.command(Count).run_into(["program", "count", "visits"], &mut printed)?;
    /// assert_eq!(printed, "sqlite://visits.db\n");
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn app_arguments(&self) -> &[&str] {
        &[]
    }

    /// Whether a database that it fails for leaves the others to be asked, where it is run for each: so it is with what only looks. In the
    /// end it has failed all the same.
    ///
    /// ```
    /// use orm::{Command, CommandFuture, Context, Project};
    ///
    /// struct Reached;
    ///
    /// impl Command for Reached {
    ///     fn arguments(&self) -> clap::Command {
    ///         clap::Command::new("reached")
    ///     }
    ///     fn for_each_database(&self) -> bool {
    ///         true
    ///     }
    ///     fn only_looks(&self, _: &clap::ArgMatches) -> bool {
    ///         true
    ///     }
    ///     fn run<'a>(&'a self, context: &'a Context<'a>) -> CommandFuture<'a> {
    ///         Box::pin(async move {
    ///             context.database().await?.ping().await?;
    ///             context.say("It answers.")
    ///         })
    ///     }
    /// }
    ///
    /// # mod shop { orm::app! { pub shop {} } }
    /// # mod visits { orm::app! { pub visits {} } }
    /// let project = Project::new().app(shop::shop()).database("sqlite:///no/such/folder/shop.db");
    /// let project = project.app_in("analytics", visits::visits()).database_named("analytics", "sqlite::memory:");
    /// let mut printed = String::new();
    /// project.command(Reached).run_into(["program", "reached"], &mut printed).unwrap_err();
    /// assert!(printed.ends_with("Database analytics\nIt answers.\n"));
    /// ```
    fn only_looks(&self, _arguments: &ArgMatches) -> bool {
        false
    }

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
    place: Place,
    /// The databases that were connected to, to be closed in the end.
    connected: Mutex<Vec<Database>>,
    pub(super) output: Output,
}

impl<'a> Context<'a> {
    pub(super) fn new(project: &'a Project, matches: &'a ArgMatches, place: Place, output: Output) -> Self {
        Context { project, matches, place, connected: Mutex::default(), output }
    }

    /// The same for another of the project's databases.
    pub(super) fn at(&self, place: Place) -> Context<'a> {
        Context::new(self.project, self.matches, place, self.output.clone())
    }

    /// The applications whose tables are in the database that the command uses: all of them, in a project with one database.
    ///
    /// ```
    /// # use library::library;
    /// use orm::{Command, CommandFuture, Context, Project};
    ///
    /// struct Tables;
    ///
    /// impl Command for Tables {
    ///     fn arguments(&self) -> clap::Command {
    ///         clap::Command::new("tables")
    ///     }
    ///     fn for_each_database(&self) -> bool {
    ///         true
    ///     }
    ///     fn run<'a>(&'a self, context: &'a Context<'a>) -> CommandFuture<'a> {
    ///         Box::pin(async move {
    ///             let mut models = context.apps().iter().flat_map(|app| app.models());
    ///             models.try_for_each(|model| context.say(&model.table))
    ///         })
    ///     }
    /// }
    ///
    /// let mut printed = String::new();
    /// Project::new().app(library()).command(Tables).run_into(["program", "tables"], &mut printed)?;
    /// assert!(printed.contains("library_book\n"));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn apps(&self) -> &[App] {
        &self.place.apps
    }

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
        self.place.url.as_deref()
    }

    /// The same, or the error where nothing names one.
    pub(super) fn named_url(&self) -> Result<&str> {
        self.url().ok_or_else(|| unnamed(&self.place.name))
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
        let url = self.named_url()?;
        let mut told = self.place.elsewhere;
        {
            let connected = self.connected.lock().unwrap_or_else(PoisonError::into_inner);
            told &= connected.is_empty();
        }
        if told {
            warn(format_args!("Database: {}, from {}", without_password(url), variable(&self.place.name)));
        }
        let db = Database::connect(url).await?;
        self.connected.lock().unwrap_or_else(PoisonError::into_inner).push(db.clone());
        Ok(db)
    }

    /// The file of SQLite that the project's database would be, if it is not there yet, and its folder is.
    pub(super) fn missing(&self) -> Option<&str> {
        let file = self.place.url.as_deref()?.strip_prefix("sqlite:")?;
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
    pub(super) async fn close(&self) {
        let connected = std::mem::take(&mut *self.connected.lock().unwrap_or_else(PoisonError::into_inner));
        for db in connected {
            db.close().await;
        }
    }
}
