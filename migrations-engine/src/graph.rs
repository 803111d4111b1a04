//! All migrations of all applications, and the one history they form.

use std::collections::BTreeMap;

use crate::migration::{Migration, MigrationId};

/// A set of migrations.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MigrationSet {
    migrations: BTreeMap<MigrationId, Migration>,
}

impl MigrationSet {
    /// The migrations by application and name.
    pub fn iter(&self) -> impl Iterator<Item = &Migration> {
        self.migrations.values()
    }
}
