//! Migration files: TOML, one per migration, made to be read, reviewed and edited by hand.
//!
//! ```toml
//! depends_on = ["library.0001_initial"]
//!
//! [[operations]]
//! op = "add_field"
//! model = "library.Book"
//! field = { name = "pages", type = "integer", null = true }
//! ```
//!
//! Every operation has `op` and the attributes of that variant of [`Operation`](crate::Operation). Checksums are
//! of what a file means, not of its comments and line ends.

mod folder;
mod write;

use sha2::{Digest, Sha256};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, error, fail};
use crate::graph::MigrationSet;
use crate::migration::{Migration, MigrationId};
use crate::operation::{Operation, SqlText};

/// A file as a whole.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRepr<T> {
    /// The migrations that have to be run before, as `app.0001_name`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    depends_on: Vec<MigrationId>,
    /// The migrations that it stands for: it is their squash.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    replaces: Vec<MigrationId>,
    /// `false`: it is not one transaction, so that its statements take short locks only.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    atomic: bool,
    /// What it does, in this order.
    #[serde(default = "Vec::new")]
    operations: Vec<T>,
}

fn yes() -> bool {
    true
}
fn is_true(value: &bool) -> bool {
    *value
}

/// The line that a byte is on, from 1.
fn line(text: &str, at: usize) -> usize {
    text.get(..at).map_or(1, |before| before.matches('\n').count() + 1)
}

impl Migration {
    /// A migration from the text of its file; `path` is `<app>/<name>.toml`.
    pub fn from_toml(path: &str, text: &str) -> Result<Self> {
        let id = id_of(path)?;
        let parsed: FileRepr<toml::Spanned<toml::Value>> = toml::from_str(text).map_err(|error| {
            let place =
                error.span().map_or_else(|| path.to_owned(), |span| format!("{path}:{}", line(text, span.start)));
            let code_is_syntax = text.parse::<toml::Table>().is_err();
            let message = error.message().to_owned();
            if code_is_syntax { error!(M050, "{place}: {message}") } else { error!(M051, "{place}: {message}") }
        })?;
        let mut operations = Vec::with_capacity(parsed.operations.len());
        for (at, operation) in parsed.operations.into_iter().enumerate() {
            let place = format!("{path}:{}: operation {}", line(text, operation.span().start), at + 1);
            let value = operation.into_inner();
            let kind = value.get("op").and_then(toml::Value::as_str).map_or_else(String::new, |op| format!(" ({op})"));
            let operation: Operation = value
                .try_into()
                .map_err(|error: toml::de::Error| error!(M051, "{place}{kind}: {}", error.message()))?;
            check(&id, &operation).map_err(|error| error.at(place))?;
            operations.push(operation);
        }
        Ok(Migration {
            id,
            depends_on: parsed.depends_on,
            replaces: parsed.replaces,
            atomic: parsed.atomic,
            operations,
        })
    }

    /// The text of its file, which can be read again.
    pub fn to_toml(&self) -> Result<String> {
        let text = write::file(self)?;
        match Migration::from_toml(&format!("{}/{}.toml", self.id.app, self.id.name), &text) {
            Ok(_) => Ok(text),
            Err(error) => Err(error!(M051, "`{}` cannot be written: {}", self.id, error.message()).with_source(error)),
        }
    }

    /// The SHA-256 of what the migration means: everything but its name, layout and comments.
    pub fn checksum(&self) -> Result<String> {
        let mut canonical = String::new();
        let mut table = self.to_table()?;
        // What it stands for is no part of what it does.
        table.remove("replaces");
        write::canonical(&mut canonical, &toml::Value::Table(table));
        Ok(Sha256::digest(canonical.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect())
    }

    fn to_table(&self) -> Result<toml::Table> {
        let repr = FileRepr {
            depends_on: self.depends_on.clone(),
            replaces: self.replaces.clone(),
            atomic: self.atomic,
            operations: self.operations.clone(),
        };
        toml::Table::try_from(repr).map_err(|error| error!(M051, "`{}` cannot be written", self.id).with_source(error))
    }
}

/// What serde cannot see.
fn check(id: &MigrationId, operation: &Operation) -> Result<()> {
    if let Some(model) = operation.model()
        && model.app != id.app
    {
        fail!(M051, "a migration of `{}` cannot change `{model}`", id.app);
    }
    let texts = |text: &SqlText| match text.by_database.keys().find(|name| !SqlText::DATABASES.contains(&name.as_str()))
    {
        Some(unknown) => fail!(M051, "`{unknown}` is not a database; write {}", SqlText::DATABASES.join(", ")),
        None => Ok(()),
    };
    match operation {
        Operation::RunSql { sql, reverse, state, .. } => {
            texts(sql)?;
            reverse.as_ref().map_or(Ok(()), texts)?;
            state.iter().try_for_each(|operation| check(id, operation))
        }
        Operation::Separate { database, state } => {
            database.iter().chain(state).try_for_each(|operation| check(id, operation))
        }
        _ => Ok(()),
    }
}

/// Application and name from `<app>/<name>.toml`.
fn id_of(path: &str) -> Result<MigrationId> {
    let normal = path.replace('\\', "/");
    let parts = normal.strip_suffix(".toml").and_then(|path| path.rsplit_once('/'));
    let named = parts.map(|(folder, name)| (folder.rsplit('/').next().unwrap_or(folder), name));
    match named {
        Some((app, name)) if !app.is_empty() && name.starts_with(|c: char| c.is_ascii_digit()) => {
            Ok(MigrationId::new(app, name))
        }
        _ => Err(error!(M051, "`{path}` is not the path of a migration")
            .with_hint("migrations are called `<app>/0001_name.toml`")),
    }
}

impl MigrationSet {
    /// The migrations from their texts, as embedded in a program: pairs of path (`<app>/<name>.toml`)
    /// and content. An `index.toml` among them is left out.
    pub fn from_embedded(files: &[(&str, &str)]) -> Result<Self> {
        let mut set = MigrationSet::default();
        for (path, text) in files.iter().filter(|(path, _)| !is_index(path)) {
            set.add(Migration::from_toml(path, text)?)?;
        }
        Ok(set)
    }
}

fn is_index(path: &str) -> bool {
    path.rsplit(['/', '\\']).next() == Some(folder::INDEX)
}

fn io(path: &std::path::Path, what: &str, source: std::io::Error) -> Error {
    error!(M053, "{} cannot be {what}", path.display()).with_source(source)
}
