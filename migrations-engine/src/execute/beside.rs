//! A file beside an SQLite database that is locked while somebody migrates it: a migration that is not one transaction
//! holds no lock of the database from its beginning to its end.

use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Result};
use std::path::{Path, PathBuf};

/// The file, locked until this is dropped or the process ends.
#[derive(Debug)]
pub(super) struct Beside {
    file: File,
    path: PathBuf,
}

impl Beside {
    /// Locks the file beside a database, unless another has done so.
    pub(super) fn try_lock(database: &str) -> Result<Option<Beside>> {
        let path = PathBuf::from(format!("{database}-migrating"));
        loop {
            let file = File::options().create(true).truncate(false).write(true).open(&path)?;
            match file.try_lock() {
                Ok(()) if is_at(&file, &path)? => return Ok(Some(Beside { file, path })),
                // Who had it has removed it meanwhile, and somebody may have made it anew.
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }

    /// Removes the file and gives the lock back, in this order: who waits for it sees that it is gone.
    pub(super) fn unlock(self) -> Result<()> {
        if cfg!(unix) {
            fs::remove_file(&self.path)?;
        }
        self.file.unlock()
    }
}

/// Whether nobody can migrate there: SQLite writes a file of its own beside a database, too.
pub(super) fn is_for_nobody(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem | ErrorKind::Unsupported)
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
