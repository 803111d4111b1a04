//! The folder of migrations on disk, and its index.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::io;
use crate::error::{Result, error, fail};
use crate::graph::MigrationSet;
use crate::migration::{Migration, MigrationId};

/// The index: names and checksums, so that parallel branches conflict visibly and an embedding
/// macro notices new files.
pub(super) const INDEX: &str = "index.toml";

impl MigrationSet {
    /// The migrations in a folder: `<folder>/<app>/<name>.toml`. A folder that does not exist has none.
    pub fn from_dir(folder: impl AsRef<Path>) -> Result<Self> {
        let folder = folder.as_ref();
        let mut set = MigrationSet::default();
        if !folder.exists() {
            return Ok(set);
        }
        for app in sorted(folder)?.into_iter().filter(|path| path.is_dir()) {
            for file in sorted(&app)? {
                if file.extension().is_none_or(|extension| extension != "toml") {
                    continue;
                }
                let text = fs::read_to_string(&file).map_err(|error| io(&file, "read", error))?;
                set.add(Migration::from_toml(&file.to_string_lossy(), &text)?)?;
            }
        }
        Ok(set)
    }

    /// The text of `index.toml` for this set.
    pub fn index(&self) -> Result<String> {
        let mut text = "# Names and checksums of all migrations; written by makemigrations. When branches\n\
                        # conflict here, both added a migration: decide which comes first.\n"
            .to_owned();
        for app in self.apps() {
            let _ = writeln!(text, "\n[{}]", toml::Value::String(app.to_owned()));
            for migration in self.iter().filter(|migration| migration.id.app == app) {
                let _ = writeln!(
                    text,
                    "{} = \"{}\"",
                    toml::Value::String(migration.id.name.clone()),
                    migration.checksum()?
                );
            }
        }
        Ok(text)
    }

    /// `M052` if an index does not name exactly these migrations with these checksums, or if there are migrations and no index.
    pub fn check_index(&self, index: Option<&str>) -> Result<()> {
        let listed = parsed(index)?;
        let apps: BTreeSet<&str> = self.apps().into_iter().chain(listed.keys().map(String::as_str)).collect();
        apps.into_iter().try_for_each(|app| self.compare(&listed, index, app, true))
    }

    /// The same of the migrations of one application, whatever their checksums: a program has what is listed, so that one
    /// that is not would be missing from it.
    ///
    /// ```
    /// use migrations_engine::MigrationSet;
    /// let set = MigrationSet::from_embedded(&[("library/0001_initial.toml", "")])?;
    /// set.check_listed(Some("[library]\n0001_initial = \"of another text\""), "library")?;
    /// assert_eq!(set.check_listed(Some(""), "library").unwrap_err().code(), "M052");
    /// assert_eq!(set.check_listed(None, "library").unwrap_err().code(), "M052");
    /// # Ok::<(), migrations_engine::Error>(())
    /// ```
    pub fn check_listed(&self, index: Option<&str>, app: &str) -> Result<()> {
        self.compare(&parsed(index)?, index, app, false)
    }

    fn compare(&self, listed: &toml::Table, index: Option<&str>, app: &str, sums: bool) -> Result<()> {
        let hint = "`makemigrations` writes the index again, by the files that are there";
        let names = listed.get(app).and_then(toml::Value::as_table);
        for migration in self.iter().filter(|migration| migration.id.app == app) {
            let id = &migration.id;
            if index.is_none() {
                return Err(error!(M052, "there is no {INDEX} that lists `{id}`").with_hint(hint));
            }
            match names.and_then(|names| names.get(&id.name)).and_then(toml::Value::as_str) {
                None => return Err(error!(M052, "{INDEX} does not list `{id}`").with_hint(hint)),
                Some(sum) if sums && sum != migration.checksum()? => {
                    return Err(error!(M052, "`{id}` was changed since {INDEX} was written").with_hint(hint));
                }
                Some(_) => {}
            }
        }
        let gone = |name: &&String| self.get(&MigrationId::new(app, name.as_str())).is_none();
        match names.into_iter().flat_map(toml::Table::keys).find(gone) {
            Some(name) => Err(error!(M052, "{INDEX} lists `{app}.{name}`, which has no file")
                .with_hint(format!("get the file back from version control; or, if it is to be gone: {hint}"))),
            None => Ok(()),
        }
    }

    /// Writes the index of a folder; gives its path.
    pub fn write_index(&self, folder: impl AsRef<Path>) -> Result<PathBuf> {
        let index = folder.as_ref().join(INDEX);
        put(&index, &self.index()?)?;
        Ok(index)
    }

    /// Adds new migrations to the set and writes their files and the index into a folder; gives the
    /// paths of the new files. A file that exists is never overwritten.
    pub fn write(&mut self, folder: impl AsRef<Path>, new: &[Migration]) -> Result<Vec<PathBuf>> {
        let folder = folder.as_ref();
        let mut files = Vec::new();
        for migration in new {
            let path = folder.join(migration.id.path());
            if path.exists() {
                fail!(M053, "{} exists already", path.display());
            }
            files.push((path, migration.to_toml()?));
        }
        for migration in new {
            self.add(migration.clone())?;
        }
        for (path, text) in &files {
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).map_err(|error| io(parent, "made", error))?;
            }
            put(path, text)?;
        }
        if !new.is_empty() {
            self.write_index(folder)?;
        }
        Ok(files.into_iter().map(|(path, _)| path).collect())
    }
}

impl MigrationSet {
    /// Writes the file of a migration that the set has anew, and the index; gives its path.
    pub fn rewrite(&mut self, folder: impl AsRef<Path>, migration: &Migration) -> Result<PathBuf> {
        let folder = folder.as_ref();
        let path = folder.join(migration.id.path());
        if self.get(&migration.id).is_none() || !path.exists() {
            fail!(M053, "{} does not exist", path.display());
        }
        let text = migration.to_toml()?;
        self.remove(&migration.id);
        self.add(migration.clone())?;
        let index = self.index()?;
        put(&path, &text)?;
        put(&folder.join(INDEX), &index)?;
        Ok(path)
    }
}

/// Writes a file, first beside it: it is never half written.
fn put(path: &Path, text: &str) -> Result<()> {
    let beside = path.with_extension("toml.new");
    fs::write(&beside, text).map_err(|error| io(&beside, "written", error))?;
    fs::rename(&beside, path).map_err(|error| io(path, "written", error))
}

/// What an index lists: nothing, where there is none.
fn parsed(index: Option<&str>) -> Result<toml::Table> {
    index
        .unwrap_or_default()
        .parse()
        .map_err(|error: toml::de::Error| error!(M052, "{INDEX}: {}", error.message()))
        .map_err(|error| {
            error.with_hint(
                "decide what a merge of branches has left in it, or delete it: `makemigrations` writes it again",
            )
        })
}

/// The entries of a folder by name.
fn sorted(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).map_err(|error| io(folder, "read", error))?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(|error| io(folder, "read", error))?.path());
    }
    paths.sort();
    Ok(paths)
}
