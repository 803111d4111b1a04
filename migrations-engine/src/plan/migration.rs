//! The plan of a whole migration, and its text.

use std::fmt::Write as _;

use super::{Foresight, Statement, StatementKind, plan_numbered, plan_onto};
use crate::diff::{Answers, fits};
use crate::error::Result;
use crate::graph::Direction;
use crate::migration::Migration;
use crate::operation::Operation;
use crate::schema::{Field, Schema};
use crate::sql::Dialect;

/// The statements of a migration, forwards or backwards; `before` is the state without it.
pub fn plan_migration(
    dialect: Dialect,
    before: &Schema,
    migration: &Migration,
    direction: Direction,
) -> Result<Vec<Statement>> {
    let path = &mut Foresight::default();
    match direction {
        Direction::Forward => {
            plan_onto(dialect, &mut before.clone(), &migration.operations, migration.atomic, direction, path)
        }
        Direction::Backward => {
            let mut state = before.clone();
            inverses(&mut state, migration, &mut Answers::new())
                .and_then(|inverses| plan_inverses(dialect, &mut state, &inverses, migration.atomic, path))
        }
    }
    .map_err(|error| error.at(&migration.id))
}

/// What undoes each operation of a migration; the state goes from before it to after it, and the answers say what rows get in
/// columns that come back.
pub(crate) fn inverses(
    state: &mut Schema,
    migration: &Migration,
    answers: &mut Answers,
) -> Result<Vec<Vec<Operation>>> {
    let mut inverses = Vec::with_capacity(migration.operations.len());
    for operation in &migration.operations {
        let mut inverse = operation.invert(state)?;
        for back in &mut inverse {
            if let Operation::AddField { model, field, fill } | Operation::AlterField { model, field, fill } = back {
                let typed = Field { ty: state.column_type(field)?, ..field.clone() };
                if let Some(answer) = answers.value(model, &typed) {
                    let (answer, owner) = (answer?, state.get(model)?);
                    fits(owner, owner, &typed, &answer)?;
                    *fill = Some(answer);
                }
            }
        }
        inverses.push(inverse);
        operation.apply(state)?;
    }
    number_again(&mut inverses);
    Ok(inverses)
}

/// An automatic key that another key took the place of comes back as it came: as the key, with a number for each row. By itself
/// it would first be a column of equal values.
fn number_again(inverses: &mut [Vec<Operation>]) {
    for at in 0..inverses.len() {
        let (earlier, later) = inverses.split_at_mut(at);
        for back in &mut later[0] {
            let Operation::AddField { model, field, fill } = back else { continue };
            let becomes_key = |inverse: &Vec<Operation>| match &inverse[..] {
                [
                    Operation::AlterPrimaryKey { model: of, primary_key },
                    Operation::AlterField { field: numbered, .. },
                ] => {
                    of == model && *primary_key == [field.name.as_str()] && numbered.auto && numbered.name == field.name
                }
                _ => false,
            };
            if let Some(key) = earlier.iter_mut().find(|inverse| becomes_key(inverse)) {
                key.clear();
                (field.auto, *fill) = (true, None);
            }
        }
    }
}

/// The statements that undo a migration; the state goes from after it to before it.
pub(crate) fn plan_inverses(
    dialect: Dialect,
    state: &mut Schema,
    inverses: &[Vec<Operation>],
    atomic: bool,
    path: &mut Foresight,
) -> Result<Vec<Statement>> {
    let last_first = inverses.iter().enumerate().rev();
    let numbered = last_first.flat_map(|(at, inverse)| inverse.iter().map(move |operation| (at, operation)));
    plan_numbered(dialect, state, numbered, atomic, Direction::Backward, path)
}

/// What a migration does, in words: a line for each operation, and indented below it what becomes of it in the database
/// (`migrate --plan`). Unlike a [`script`] it leaves out how, so a table that SQLite writes anew is one line.
///
/// ```
/// use migrations_engine::plan::outline;
/// use migrations_engine::{Dialect, Direction, Migration, MigrationId, Operation, Schema};
/// use migrations_engine::schema::{ColumnType, Field, Model, ModelKey};
/// let title = |max_length| Field::new("title", ColumnType::Char { max_length });
/// let mut before = Schema::default();
/// Operation::CreateModel(Model::new("shop", "Book").with(Field::auto_id()).with(title(50))).apply(&mut before)?;
/// let alter = Operation::AlterField { model: ModelKey::new("shop", "Book"), field: title(40), fill: None };
/// let migration = Migration { operations: vec![alter], ..Migration::new(MigrationId::new("shop", "0002_shorter")) };
/// assert_eq!(
///     outline(Dialect::Postgres, &before, &migration, Direction::Forward)?,
///     ["Alter field title of shop.Book", "    title: change the type"]
/// );
/// # Ok::<(), migrations_engine::Error>(())
/// ```
pub fn outline(dialect: Dialect, before: &Schema, migration: &Migration, direction: Direction) -> Result<Vec<String>> {
    let statements = plan_migration(dialect, before, migration, direction)?;
    let mut lines: Vec<String> = Vec::new();
    let (mut operation, mut first, mut anew) = (None, 0, false);
    for statement in &statements {
        if operation.replace(statement.operation) != Some(statement.operation) {
            first = lines.len();
            lines.push(heading(migration, statement, direction));
        }
        let line = match &statement.kind {
            StatementKind::Capture { table, .. } => format!("    write {table} anew, with all its rows"),
            _ => format!("    {}", statement.comment),
        };
        let told = lines[first..].iter().any(|known| known.trim_start() == line.trim_start());
        if !anew && !told && !statement.comment.is_empty() {
            lines.push(line);
        }
        match statement.kind {
            StatementKind::Capture { .. } => anew = true,
            StatementKind::Restore { .. } => anew = false,
            _ => {}
        }
    }
    Ok(lines)
}

/// The operation that a statement belongs to.
fn heading(migration: &Migration, statement: &Statement, direction: Direction) -> String {
    let back = if direction == Direction::Backward { "Undo: " } else { "" };
    format!("{back}{}", migration.operations[statement.operation].describe())
}

/// The statements of a migration as a script to read, with comments (`sqlmigrate`).
pub fn script(dialect: Dialect, before: &Schema, migration: &Migration, direction: Direction) -> Result<String> {
    let statements = plan_migration(dialect, before, migration, direction)?;
    let wrapped = migration.atomic && dialect.capabilities().transactional_ddl;
    let mut text = String::new();
    if statements.iter().any(|statement| statement.foreign_keys_off) {
        text += "PRAGMA foreign_keys = OFF;\n";
    }
    if wrapped {
        text += "BEGIN;\n";
    }
    let mut operation = None;
    for statement in &statements {
        if operation.replace(statement.operation) != Some(statement.operation) {
            let _ = writeln!(text, "--\n-- {}\n--", heading(migration, statement, direction));
        }
        let sql = statement.sql();
        let _ = writeln!(
            text,
            "{sql}{}",
            if sql.lines().last().is_some_and(|line| line.starts_with("--")) { "" } else { ";" }
        );
    }
    if wrapped {
        text += "COMMIT;\n";
    }
    Ok(text)
}
