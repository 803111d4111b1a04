//! Tables and columns that an operation calls otherwise.

use std::collections::BTreeMap;

/// Tables and columns that are called otherwise now; so that definitions from before can be
/// compared with those after.
#[derive(Debug, Default)]
pub(crate) struct Renames {
    pub(crate) tables: BTreeMap<String, String>,
    pub(crate) columns: BTreeMap<(String, String), String>,
}

impl Renames {
    pub(crate) fn table(&self, table: &str) -> String {
        self.tables.get(table).map_or(table, String::as_str).to_owned()
    }

    pub(crate) fn column(&self, table: &str, column: &str) -> String {
        self.columns.get(&(table.to_owned(), column.to_owned())).map_or(column, String::as_str).to_owned()
    }
}
