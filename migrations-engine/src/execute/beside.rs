//! A file beside an SQLite database that is locked while somebody migrates it: a migration that is not one transaction
//! holds no lock of the database from its beginning to its end.

use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Result};
use std::path::{Path, PathBuf};

/// The file, locked until this is dropped or the process ends.
#[derive(Debug)]
pub(super) struct Beside {
    /// None where nobody can make one.
    file: Option<File>,
    path: PathBuf,
}

impl Beside {
    /// Locks the file beside a database, unless another has done so.
    pub(super) fn try_lock(database: &str) -> Result<Option<Beside>> {
        let path = PathBuf::from(format!("{database}-migrating"));
        loop {
            let Some(file) = open(&path)? else { return Ok(Some(Beside { file: None, path })) };
            match file.try_lock() {
                Ok(()) if is_at(&file, &path)? => return Ok(Some(Beside { file: Some(file), path })),
                // Who had it has removed it meanwhile, and somebody may have made it anew.
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {
                    return Ok(Some(Beside { file: None, path }));
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }

    /// Removes the file and gives the lock back, in this order: who waits for it sees that it is gone.
    pub(super) fn unlock(self) -> Result<()> {
        let Some(file) = self.file else { return Ok(()) };
        if cfg!(unix) {
            match fs::remove_file(&self.path) {
                // Another's file stays, and serves the next as well.
                Err(error) if !is_forbidden(&error) => return Err(error),
                _ => {}
            }
        }
        file.unlock()
    }
}

/// The file, made if it is not there; none where it is not and cannot be: nobody can migrate there, since SQLite writes a file
/// of its own beside a database, too.
fn open(path: &Path) -> Result<Option<File>> {
    // Another's file may be gone and made again in between.
    for _ in 0..3 {
        match File::options().create(true).truncate(false).write(true).open(path) {
            Err(error) if is_forbidden(&error) => {}
            made => return made.map(Some),
        }
        if let Some(file) = of_another(path)? {
            return Ok(Some(file));
        }
    }
    Ok(None)
}

/// A file that may not be written can still be locked.
fn of_another(path: &Path) -> Result<Option<File>> {
    match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        opened => opened.map(Some),
    }
}

fn is_forbidden(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let ours = file.metadata()?;
    match fs::metadata(path) {
        Ok(there) => Ok((ours.dev(), ours.ino()) == (there.dev(), there.ino())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Elsewhere it is not removed.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> Result<bool> {
    Ok(true)
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_of_another_is_locked_all_the_same() {
        let folder = std::env::temp_dir().join(format!("migrations-engine-beside-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (path, database) = (folder.join("a.db-migrating"), folder.join("a.db"));
        let database = database.to_str().unwrap();
        assert!(of_another(&path).unwrap().is_none());
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
        let held = of_another(&path).unwrap().unwrap();
        held.try_lock().unwrap();
        assert!(Beside::try_lock(database).unwrap().is_none());
        held.unlock().unwrap();
        let lock = Beside::try_lock(database).unwrap().unwrap();
        assert!(lock.file.is_some());
        lock.unlock().unwrap();
        fs::remove_dir_all(folder).unwrap();
    }
}
