//! Errors in the words of a model: which of its fields they belong to.

use super::ModelMeta;
use crate::Error;

impl ModelMeta {
    /// Whether its table is this one, by a name without the schema.
    pub(crate) fn has_table(&self, table: &str) -> bool {
        self.table.rsplit('.').next().is_some_and(|own| own.trim_matches(['"', '`']) == table)
    }

    /// The names of the fields that have these columns; a column that none has stands for itself.
    pub(crate) fn fields_with(&self, columns: &[String]) -> Vec<String> {
        let mut fields: Vec<String> = Vec::new();
        for name in columns {
            let column = self.columns.iter().find(|column| column.name == *name);
            let field = column.map_or(&**name, |column| &self.fields[usize::from(column.field)].name);
            if !fields.iter().any(|known| known == field) {
                fields.push(field.to_owned());
            }
        }
        fields
    }

    /// The error as one of a column's field, named in front of what it says; what names its fields already stays as it is.
    #[cold]
    pub(crate) fn blame(&self, column: u16, error: Error) -> Error {
        self.blame_field(self.columns[usize::from(column)].field, error)
    }

    /// The error as one of a field; see [`ModelMeta::blame`].
    #[cold]
    pub(crate) fn blame_field(&self, field: u16, error: Error) -> Error {
        let error = error.with_model(self.name.clone());
        match self.fields.get(usize::from(field)) {
            Some(field) if error.fields().is_empty() => {
                let name = field.name.clone().into_owned();
                error.about(&format!("{}.{name}", self.name)).with_fields([name])
            }
            _ => error,
        }
    }
}
