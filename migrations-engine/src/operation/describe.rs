//! What an operation does, for people and for file names.

use super::Operation;

/// Lower case, with `_` for whatever does not belong into a file name.
fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            slug.push(c);
        } else if !slug.ends_with('_') && !slug.is_empty() {
            slug.push('_');
        }
    }
    slug.trim_end_matches('_').to_owned()
}

impl Operation {
    /// One line for a person: `Add field isbn to library.Book`.
    pub fn describe(&self) -> String {
        match self {
            Operation::CreateModel(model) => format!("Create model {}", model.key),
            Operation::DeleteModel { model } => format!("Delete model {model}"),
            Operation::RenameModel { model, to, .. } => format!("Rename model {model} to {to}"),
            Operation::MoveModel { model, from } => format!("Move model {from} to {model}"),
            Operation::RenameTable { model, table } => format!("Rename the table of {model} to {table}"),
            Operation::AlterComment { model, .. } => format!("Change the comment of {model}"),
            Operation::AlterManaged { model, managed: true } => format!("Manage {model} by migrations"),
            Operation::AlterManaged { model, managed: false } => format!("No longer manage {model} by migrations"),
            Operation::AlterPrimaryKey { model, primary_key } => {
                format!("Make {} the key of {model}", primary_key.join(", "))
            }
            Operation::AddField { model, field, .. } => format!("Add field {} to {model}", field.name),
            Operation::RemoveField { model, field } => format!("Remove field {field} from {model}"),
            Operation::AlterField { model, field, .. } => format!("Alter field {} of {model}", field.name),
            Operation::RenameField { model, field, to, .. } => format!("Rename field {field} of {model} to {to}"),
            Operation::AddIndex { model, index } => format!("Add index {} to {model}", index.name),
            Operation::RemoveIndex { model, name } => format!("Remove index {name} from {model}"),
            Operation::RenameIndex { model, name, to } => format!("Rename index {name} of {model} to {to}"),
            Operation::AddConstraint { model, constraint } => {
                format!("Add constraint {} to {model}", constraint.name())
            }
            Operation::RemoveConstraint { model, name } => format!("Remove constraint {name} from {model}"),
            Operation::RenameConstraint { model, name, to } => format!("Rename constraint {name} of {model} to {to}"),
            Operation::RunSql { describe, .. } if describe.is_empty() => "Run SQL".to_owned(),
            Operation::RunSql { describe, .. } => describe.clone(),
            Operation::RunRust { name, .. } => format!("Run step {name}"),
            Operation::Separate { database, state } => {
                let parts: Vec<String> =
                    if state.is_empty() { database } else { state }.iter().map(Operation::describe).collect();
                format!("Separately: {}", parts.join("; "))
            }
        }
    }

    /// A few words for the file name: `book_isbn`, `rename_title_headline`.
    pub fn slug(&self) -> String {
        let text = match self {
            Operation::CreateModel(model) => model.key.name.clone(),
            Operation::DeleteModel { model } => format!("delete_{}", model.name),
            Operation::RenameModel { model, to, .. } => format!("rename_{}_{to}", model.name),
            Operation::MoveModel { model, from } => format!("{}_from_{}", model.name, from.app),
            Operation::RenameTable { model, .. } => format!("{}_table", model.name),
            Operation::AlterComment { model, .. } => format!("{}_comment", model.name),
            Operation::AlterManaged { model, .. } => format!("{}_managed", model.name),
            Operation::AlterPrimaryKey { model, .. } => format!("{}_primary_key", model.name),
            Operation::AddField { model, field, .. } => format!("{}_{}", model.name, field.name),
            Operation::RemoveField { model, field } => format!("remove_{}_{field}", model.name),
            Operation::AlterField { model, field, .. } => format!("alter_{}_{}", model.name, field.name),
            Operation::RenameField { field, to, .. } => format!("rename_{field}_{to}"),
            Operation::AddIndex { index, .. } => index.name.clone(),
            Operation::RemoveIndex { name, .. } | Operation::RemoveConstraint { name, .. } => format!("remove_{name}"),
            Operation::RenameIndex { to, .. } | Operation::RenameConstraint { to, .. } => format!("rename_{to}"),
            Operation::AddConstraint { constraint, .. } => constraint.name().to_owned(),
            Operation::RunSql { describe, .. } if describe.is_empty() => "sql".to_owned(),
            Operation::RunSql { describe, .. } => describe.clone(),
            Operation::RunRust { name, .. } => name.clone(),
            Operation::Separate { database, state } => {
                let made = state.iter().find(|operation| matches!(operation, Operation::CreateModel(_)));
                made.or(state.first()).or(database.first()).map_or_else(String::new, Operation::slug)
            }
        };
        slug(&text)
    }
}
