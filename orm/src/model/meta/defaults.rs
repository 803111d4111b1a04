//! What a field has in a new row that gives it no value.

use super::FieldMeta;
use crate::Value;

impl FieldMeta {
    /// The value that a new row has unless it is given another; a field of several columns has none.
    pub(crate) fn default_value(&self) -> Option<Value> {
        let made = || self.options.default.map(|default| default());
        self.default.clone().or_else(made).filter(|_| self.column_count == 1)
    }

    /// Whether there is one.
    pub(crate) fn has_default(&self) -> bool {
        self.column_count == 1 && (self.default.is_some() || self.options.default.is_some())
    }
}
