//! The databases of a project, and which application's tables are in which.

use super::Project;
use crate::{App, Code, Database, Error, Result, migrate::read_migrations};
use migrations_engine::Operation;

/// What the usual database is called.
pub(super) const DEFAULT: &str = "default";

/// One of the databases, for a command.
pub(super) struct Place {
    pub(super) name: String,
    pub(super) url: Option<String>,
    /// Whether the environment names another than the program.
    pub(super) elsewhere: bool,
    /// The applications whose tables are there.
    pub(super) apps: Vec<App>,
}

/// The variable of the environment that names a database.
pub(super) fn variable(name: &str) -> String {
    if name == DEFAULT {
        return "DATABASE_URL".to_owned();
    }
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' };
    format!("DATABASE_URL_{}", name.chars().map(plain).collect::<String>())
}

fn environment(name: &str) -> Option<String> {
    std::env::var(variable(name)).ok().filter(|url| !url.is_empty())
}

pub(super) fn unnamed(name: &str) -> Error {
    if name == DEFAULT {
        return Error::new(Code::BadSetting, "no database is named").with_hint(
            "give `--database sqlite://app.db`, set DATABASE_URL, or write `Project::new().database(\"..\")`",
        );
    }
    Error::new(Code::BadSetting, format!("nothing says where the database `{name}` is"))
        .with_hint(format!("set {}, or write `.database_named(\"{name}\", \"..\")`", variable(name)))
}

impl Project {
    /// Gives a name to another database than the usual one of [`database`](Project::database), for the applications of
    /// [`app_in`](Project::app_in). `DATABASE_URL_` with the name in capitals, such as `DATABASE_URL_ANALYTICS`, takes the place of
    /// this URL.
    ///
    /// Migrations are run on each database by itself, with a history of its own: `migrate` goes through all of them, and
    /// `migrate --database analytics` through one. The usual one is called `default`.
    ///
    /// ```
    /// # use library::library;
    /// # mod visits { orm::app! { pub visits {} } }
    /// let project = orm::Project::new()
    ///     .app(library())
    ///     .database("sqlite::memory:")
    ///     .app_in("analytics", visits::visits())
    ///     .database_named("analytics", "sqlite::memory:");
    /// let mut printed = String::new();
    /// project.run_into(["program", "showmigrations"], &mut printed)?;
    /// assert!(printed.starts_with("Database default\nlibrary\n"), "{printed}");
    /// assert!(printed.contains("Database analytics\nvisits\n"));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn database_named(mut self, name: impl Into<String>, url: impl Into<String>) -> Self {
        let (name, url) = (name.into(), url.into());
        if name == DEFAULT {
            return self.database(url);
        }
        self.others.insert(name, Some(url));
        self
    }

    /// Adds an application whose tables are in the database of this name: see [`database_named`](Project::database_named). Its
    /// models have no relations to those of applications in other databases: no database looks after those, and none can
    /// join them.
    ///
    /// ```
    /// # mod visits { orm::app! { pub visits {} } }
    /// let project = orm::Project::new().app_in("analytics", visits::visits());
    /// assert_eq!(project.apps().len(), 1);
    /// ```
    pub fn app_in(mut self, database: impl Into<String>, app: App) -> Self {
        let database = database.into();
        if database != DEFAULT {
            self.others.entry(database.clone()).or_default();
            self.homes.insert(app.label().to_owned(), database);
        }
        self.app(app)
    }

    /// Connects to one of the databases by its name, as [`connect`](Project::connect) does to the usual one.
    ///
    /// # Errors
    /// When no database has this name, or nothing says where it is, and when the connection fails.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// let project = orm::Project::new().database_named("analytics", "sqlite::memory:");
    /// assert_eq!(project.connect_to("analytics").await?.url(), "sqlite::memory:");
    /// assert_eq!(project.connect_to("analysis").await.unwrap_err().code(), orm::Code::BadSetting);
    /// # Ok(()) }
    /// ```
    pub async fn connect_to(&self, name: &str) -> Result<Database> {
        self.known(name)?;
        self.builder(&self.place(name).url.ok_or_else(|| unnamed(name))?).connect().await
    }

    /// Whether there are other databases than the usual one.
    pub(super) fn has_several(&self) -> bool {
        !self.others.is_empty()
    }

    /// The names of the databases, the usual one first.
    fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(DEFAULT).chain(self.others.keys().map(String::as_str))
    }

    fn known(&self, name: &str) -> Result<()> {
        if self.names().any(|known| known == name) {
            return Ok(());
        }
        Err(Error::new(Code::BadSetting, format!("the project has no database `{name}`"))
            .with_hint(format!("it has: {}; or give a URL", self.names().collect::<Vec<_>>().join(", "))))
    }

    /// The name of the database with the tables of an application.
    fn home(&self, label: &str) -> &str {
        self.homes.get(label).map_or(DEFAULT, String::as_str)
    }

    fn is_app(&self, label: &str) -> bool {
        self.apps().iter().any(|app| app.label() == label)
    }

    pub(super) fn place(&self, name: &str) -> Place {
        let written = if name == DEFAULT { self.url.clone() } else { self.others.get(name).cloned().flatten() };
        let named = environment(name);
        let elsewhere = named.is_some() && written.is_some() && named != written;
        let apps = self.apps().iter().filter(|app| self.home(app.label()) == name).copied().collect();
        Place { name: name.to_owned(), url: named.or(written), elsewhere, apps }
    }

    /// The applications, database by database.
    pub(super) fn apart(&self) -> Vec<Vec<App>> {
        self.names().map(|name| self.place(name).apps).filter(|apps| !apps.is_empty()).collect()
    }

    /// The database of an application.
    pub(super) fn place_of(&self, label: &str) -> Place {
        self.place(self.home(label))
    }

    /// The databases that a command runs for: the one it is given by name or URL; else, if it is for each, those of the
    /// applications that it is given, or all.
    pub(super) fn places(&self, given: Option<&str>, each: bool, labels: &[&str]) -> Result<Vec<Place>> {
        let named: Vec<&str> = self
            .names()
            .filter(|name| labels.iter().any(|label| self.homes.get(*label).is_some_and(|home| home == name)))
            .collect();
        let of_labels = |default: &'static str| match named[..] {
            [name] if labels.iter().all(|label| self.home(label) == name) => name.to_owned(),
            _ => default.to_owned(),
        };
        match given {
            Some(url) if !self.has_several() || url.contains(':') => {
                // The URL of one of the databases means that one.
                let known = self.names().find(|name| self.place(name).url.as_deref() == Some(url));
                let place = self.place(&known.map_or_else(|| of_labels(DEFAULT), str::to_owned));
                Ok(vec![Place { url: Some(url.to_owned()), elsewhere: false, ..place }])
            }
            Some(name) => {
                self.known(name)?;
                if let Some(label) = labels.iter().find(|label| self.is_app(label) && self.home(label) != name) {
                    let home = self.home(label);
                    return Err(Error::new(
                        Code::BadSetting,
                        format!("the tables of `{label}` are in the database `{home}`, and not in `{name}`"),
                    )
                    .with_hint(format!("leave `--database` out, or say `--database {home}`")));
                }
                Ok(vec![self.place(name)])
            }
            None if !each || !self.has_several() => Ok(vec![self.place(&of_labels(DEFAULT))]),
            None => {
                let of_labels = |name: &&str| labels.is_empty() || labels.iter().any(|label| self.home(label) == *name);
                let places = self.names().filter(of_labels).map(|name| self.place(name));
                Ok(places.filter(|place| !place.apps.is_empty()).collect())
            }
        }
    }

    /// Refuses what would lead from one database to another.
    pub(super) fn check_databases(&self) -> Result<()> {
        let home = |label: &str| self.is_app(label).then(|| self.home(label));
        for app in self.apps() {
            let own = self.home(app.label());
            for model in app.models() {
                for field in &model.fields {
                    let Some(relation) = &field.relation else { continue };
                    let target = relation.target();
                    let Some(other) = home(&target.app).filter(|other| *other != own) else { continue };
                    return Err(Error::new(
                        Code::BadModel,
                        format!(
                            "`{}.{}` leads to `{}`, whose table is in the database `{other}` and not in `{own}`",
                            model.label(),
                            field.name,
                            target.label()
                        ),
                    )
                    .with_hint("hold the other row's key in a field of its own type, and fetch that row by it from its database"));
                }
            }
        }
        for migration in read_migrations(self.apps(), false)?.iter() {
            let own = self.home(&migration.id.app);
            let from = migration.operations.iter().filter_map(|operation| match operation {
                Operation::MoveModel { from, .. } => Some(from.app.as_str()),
                _ => None,
            });
            let needed = migration.depends_on.iter().map(|needed| needed.app.as_str()).chain(from);
            for app in needed {
                let Some(other) = home(app).filter(|other| *other != own) else { continue };
                return Err(Error::new(
                    Code::Migration,
                    format!(
                        "`{}` needs `{app}`, whose tables are in the database `{other}` and not in `{own}`",
                        migration.id
                    ),
                )
                .with_hint(
                    "each database has a history of its own: take the dependency out, and move rows by a program",
                ));
            }
        }
        Ok(())
    }
}
