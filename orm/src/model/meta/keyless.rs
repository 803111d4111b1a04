//! Tables without a key: what is not written by the key that a model says of them.

use super::ModelMeta;
use crate::{Code, Error, Result};

impl ModelMeta {
    /// Refuses to write by keys what has none: rows that others cannot be told from.
    pub(crate) fn tells_rows_apart(&self) -> Result<()> {
        if self.keyless { Err(self.shared_key("its rows cannot be told apart")) } else { Ok(()) }
    }

    /// Why rows of a table without a key were not written.
    #[cold]
    pub(crate) fn shared_key(&self, why: &str) -> Error {
        let field = |column: &u16| self.fields[usize::from(self.columns[usize::from(*column)].field)].name.to_string();
        Error::new(Code::SharedKey, format!("the table of `{}` has no key, and {why}: none was written", self.name))
            .with_model(self.name.clone())
            .with_fields(self.key.iter().map(field))
            .with_hint(
                "say by `primary_key` which columns tell its rows apart and leave `keyless` out, or write all that a condition on \
                 its own columns finds, by `update` and `delete`",
            )
    }
}
