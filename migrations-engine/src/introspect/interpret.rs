//! From a database's catalog to schema state.

use std::collections::{BTreeMap, BTreeSet};

use super::catalog::{self, Table};
use super::meaning::{Known, Reader};
use super::parse::{Node, node};
use super::types::column_type;
use super::{Live, Note, index};
use crate::condition::{Expr, Value};
use crate::naming::{self, MAX_NAME};
use crate::schema::{ColumnType, Constraint, Field, Generated, Index, Model, OnDelete, Relation, Schema};
use crate::sql::Dialect;

/// The state that a catalog describes, with notes of what it cannot say.
pub(super) fn interpret(dialect: Dialect, mut tables: Vec<Table>) -> Live {
    let mut live = Live { schema: Schema::default(), notes: Vec::new(), choices: BTreeMap::new(), dialect };
    tables.iter_mut().for_each(numbered_elsewhere);
    let typed: BTreeMap<String, Typed> =
        tables.iter_mut().map(|table| (table.name.clone(), types(dialect, table))).collect();
    let typed = with_keys(dialect, &tables, typed);
    for table in &tables {
        let Some(own) = typed.get(&table.name) else { continue };
        let mut notes: Vec<(String, String)> = table.notes.iter().chain(&own.notes).cloned().collect();
        let columns = &own.columns;
        let build = Build { table, all: &tables, typed: &typed, reader: Reader { dialect, columns } };
        let model = build.model(&mut notes);
        for column in table.columns.iter().filter(|column| !column.choices.is_empty()) {
            live.choices.insert((table.name.clone(), column.name.clone()), column.choices.clone());
        }
        live.notes.extend(notes.into_iter().map(|(about, text)| Note { table: table.name.clone(), about, text }));
        live.schema.insert(model);
    }
    live.notes.sort();
    live
}

/// The types of a table's columns.
#[derive(Default)]
struct Typed {
    columns: Vec<Known>,
    notes: Vec<(String, String)>,
}

/// Reads the types; checks that a type brings are taken out.
fn types(dialect: Dialect, table: &mut Table) -> Typed {
    let mut typed = Typed::default();
    for column in &table.columns {
        let read = column_type(dialect, &column.ty);
        typed.notes.extend(read.note.map(|note| (column.name.clone(), note)));
        typed.columns.push(Known { name: column.name.clone(), ty: read.ty, null: column.null });
    }
    let name = table.name.clone();
    table.checks.retain(|check| {
        let Ok(read) = node(dialect, &check.sql) else { return true };
        let Some((column, json)) = of_type(&read) else { return true };
        let Some(known) = typed.columns.iter_mut().find(|known| known.name.eq_ignore_ascii_case(column)) else {
            return true;
        };
        let ours = check.name.as_ref().is_none_or(|check| {
            *check == naming::column_check(&name, &known.name)
                || (dialect == Dialect::Postgres && check.starts_with(&naming::column_check(&name, &known.name)))
        });
        match (json, &known.ty) {
            (true, ColumnType::Text) => known.ty = ColumnType::Json,
            (true, ColumnType::Json) => {}
            (false, ty) if ty.is_positive() => {}
            (false, ColumnType::SmallInt) if ours && dialect == Dialect::Postgres => {
                known.ty = ColumnType::PositiveSmallInt;
            }
            (false, ColumnType::Integer) if ours && dialect == Dialect::Postgres => {
                known.ty = ColumnType::PositiveInteger;
            }
            (false, ColumnType::BigInt) if ours && dialect == Dialect::Postgres => {
                known.ty = ColumnType::PositiveBigInt;
            }
            _ => return true,
        }
        false
    });
    typed
}

/// The column of a check that a type brings, and whether it is that of JSON: `json_valid(x)`, `x >= 0`.
fn of_type(node: &Node) -> Option<(&str, bool)> {
    match node {
        Node::Call(name, args) if name == "json_valid" => match args.as_slice() {
            [Node::Column(column)] => Some((column, true)),
            _ => None,
        },
        Node::Binary(op, left, right) if op == "or" => match (&**left, &**right) {
            (left, Node::IsNull(column, false)) => {
                of_type(left).filter(|(name, json)| *json && **column == Node::Column((*name).to_owned()))
            }
            _ => None,
        },
        Node::Binary(op, left, right) if op == ">=" && **right == Node::Value(Value::Int(0)) => match &**left {
            Node::Column(column) => Some((column, false)),
            _ => None,
        },
        _ => None,
    }
}

/// A key that refers to a row has that row's number: nothing numbers it here, though SQLite would.
fn numbered_elsewhere(table: &mut Table) {
    for key in &table.foreign_keys {
        let [only] = key.columns.as_slice() else { continue };
        if let Some(column) = table.columns.iter_mut().find(|column| column.name.eq_ignore_ascii_case(only)) {
            column.auto = false;
        }
    }
}

/// An automatic key of SQLite has 64 bits whatever it is called; what refers to it tells how many were meant.
fn with_keys(dialect: Dialect, tables: &[Table], mut typed: BTreeMap<String, Typed>) -> BTreeMap<String, Typed> {
    if dialect != Dialect::Sqlite {
        return typed;
    }
    for table in tables {
        let Some(column) = table.columns.iter().find(|column| column.auto) else { continue };
        let mut small = None;
        for other in tables {
            for key in other.foreign_keys.iter().filter(|key| key.to_table.eq_ignore_ascii_case(&table.name)) {
                let ends = |to: &String| to.eq_ignore_ascii_case(&column.name);
                let at = if key.to_columns.is_empty() { Some(0) } else { key.to_columns.iter().position(ends) };
                let from = at.and_then(|at| key.columns.get(at));
                let known = typed
                    .get(&other.name)
                    .zip(from)
                    .and_then(|(typed, from)| typed.columns.iter().find(|known| known.name.eq_ignore_ascii_case(from)));
                // What refers to itself, or is itself a key that is numbered, says nothing.
                if let Some(known) = known.filter(|known| other.name != table.name || known.name != column.name) {
                    small = Some(small.unwrap_or(true) && known.ty == ColumnType::Integer);
                }
            }
        }
        let ty = if small == Some(true) { ColumnType::Integer } else { ColumnType::BigInt };
        for known in typed.get_mut(&table.name).into_iter().flat_map(|typed| &mut typed.columns) {
            if known.name == column.name {
                known.ty = ty.clone();
            }
        }
    }
    typed
}

struct Build<'a> {
    table: &'a Table,
    all: &'a [Table],
    typed: &'a BTreeMap<String, Typed>,
    reader: Reader<'a>,
}

type Notes = Vec<(String, String)>;

impl Build<'_> {
    fn model(&self, notes: &mut Notes) -> Model {
        let table = self.table;
        let key = Live::key(&table.name);
        let mut model = Model::new(&*key.app, &*key.name).in_table(&*table.name);
        model.managed = !table.view;
        model.comment = table.comment.clone();
        model.primary_key = table.primary_key.clone();
        model.names.primary_key.clone_from(&table.primary_key_name);
        if table.primary_key.is_empty() && !table.view && !table.columns.is_empty() {
            notes.push((String::new(), "it has no primary key".to_owned()));
        }
        for column in &table.columns {
            model.fields.push(self.field(column, notes));
        }
        for key in &table.foreign_keys {
            self.foreign_key(&mut model, key, notes);
        }
        self.uniques(&mut model);
        self.indexes(&mut model, notes);
        self.checks(&mut model, notes);
        for exclusion in &self.table.exclusions {
            match index::exclusion(&self.reader, &exclusion.name, &exclusion.sql) {
                Ok(made) => model.constraints.push(made),
                Err(why) => {
                    let text = format!("`{}` is left out: {why}", one_line(&exclusion.sql));
                    notes.push((exclusion.name.clone(), text));
                }
            }
        }
        model
    }

    /// The column that is called so, however its letters are written.
    fn column(&self, name: &str) -> String {
        self.reader.column(name).map_or_else(|_| name.to_owned(), |known| known.name.clone())
    }

    fn field(&self, column: &catalog::Column, notes: &mut Notes) -> Field {
        let ty = self.reader.column(&column.name).map_or(ColumnType::Text, |known| known.ty.clone());
        let mut field = Field { null: column.null, auto: column.auto, ..Field::new(&*column.name, ty.clone()) };
        field.comment = column.comment.clone();
        field.collation = column.collation.clone().filter(|_| ty.is_text()).map(Into::into);
        let mut read = |what: &str, sql: &str| match self.reader.read(sql, Some(&ty)) {
            Ok(expr) => Some(expr),
            Err(why) => {
                notes.push((column.name.clone(), format!("{what} `{}` is left out: {why}", one_line(sql))));
                None
            }
        };
        if let Some((sql, stored)) = &column.generated {
            let expr = read("the expression that it is computed from", sql);
            field.generated = expr.map(|expr| Generated { expr, stored: *stored });
        } else if let Some(sql) = &column.default {
            let default = read("the default", sql).filter(|expr| *expr != Expr::Value(Value::Null));
            // SQLite takes any value for any type.
            match default.as_ref().map(|default| ty.hold_all(default)) {
                Some(Err(why)) => {
                    let text = format!("the default `{}` is left out: {}", one_line(sql), why.message());
                    notes.push((column.name.clone(), text));
                }
                _ => field.db_default = default,
            }
        }
        field
    }

    fn foreign_key(&self, model: &mut Model, key: &catalog::ForeignKey, notes: &mut Notes) {
        let columns: Vec<String> = key.columns.iter().map(|column| self.column(column)).collect();
        let target = self.all.iter().find(|table| table.name.eq_ignore_ascii_case(&key.to_table));
        let Some(target) = target.filter(|target| !target.columns.is_empty()) else {
            let what = format!("it refers to `{}`, which is not there", key.to_table);
            notes.push((columns.join(", "), what));
            return;
        };
        let to = Live::key(&target.name);
        let ends = |name: &String| {
            let found = target.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name));
            found.map_or_else(|| name.clone(), |column| column.name.clone())
        };
        let given = if key.to_columns.is_empty() { &target.primary_key } else { &key.to_columns };
        let to_columns: Vec<String> = given.iter().map(ends).collect();
        if to_columns.len() != columns.len() {
            notes.push((columns.join(", "), format!("it refers to `{}` by another number of columns", target.name)));
            return;
        }
        let ([column], [to_column]) = (columns.as_slice(), to_columns.as_slice()) else {
            let parts: Vec<&str> = columns.iter().map(String::as_str).collect();
            let to_parts: Vec<&str> = to_columns.iter().map(String::as_str).collect();
            let name = key.name.clone();
            let name = name.unwrap_or_else(|| naming::foreign_key(&self.table.name, &parts, &target.name, &to_parts));
            let (fields, to_fields, on_delete) = (columns, to_columns, key.on_delete);
            model.constraints.push(Constraint::ForeignKey { name, fields, to, to_fields, on_delete });
            return;
        };
        let types = |table: &str, column: &str| {
            self.typed.get(table)?.columns.iter().find(|known| known.name == column).map(|known| known.ty.clone())
        };
        let (own, other) = (types(&self.table.name, column), types(&target.name, to_column));
        let Some(field) = model.fields.iter_mut().find(|field| field.name == *column) else { return };
        if field.relation.is_some() {
            notes.push((column.clone(), format!("a second foreign key, to `{}`, is left out", target.name)));
            return;
        }
        if let (Some(own), Some(other)) = (own, other)
            && own != other
        {
            notes.push((column.clone(), format!("its type is {own}, that of what it refers to is {other}")));
        }
        let on_delete = match key.on_delete {
            OnDelete::SetNull if !field.null => OnDelete::DoNothing,
            OnDelete::SetDefault if field.db_default.is_none() => OnDelete::DoNothing,
            rule => rule,
        };
        if on_delete != key.on_delete {
            notes.push((column.clone(), format!("`on delete {}` cannot be done and is left out", key.on_delete)));
        }
        field.ty = ColumnType::Related;
        field.collation = None;
        field.names.foreign_key.clone_from(&key.name);
        let by_key = target.primary_key.as_slice() == [to_column.clone()];
        let to_field = (!by_key).then(|| to_column.clone());
        field.relation = Some(Relation { to, to_field, on_delete, db_constraint: true, many_to_many: None });
    }

    fn uniques(&self, model: &mut Model) {
        let mut uniques: Vec<&catalog::Unique> = self.table.uniques.iter().collect();
        uniques.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.columns.cmp(&b.columns)));
        for unique in uniques {
            let columns: Vec<String> = unique.columns.iter().map(|column| self.column(column)).collect();
            let special = unique.nulls_equal || unique.deferrable.is_some() || !unique.include.is_empty();
            if let ([only], false) = (columns.as_slice(), special)
                && self.takes_unique(model, only, unique.name.as_deref())
            {
                continue;
            }
            let parts: Vec<&str> = columns.iter().map(String::as_str).collect();
            let name = unique.name.clone().unwrap_or_else(|| naming::unique(&self.table.name, &parts));
            let mut made = Constraint::unique(name, &parts);
            if let Constraint::Unique { include, deferrable, nulls_equal, .. } = &mut made {
                *include = unique.include.iter().map(|column| self.column(column)).collect();
                (*deferrable, *nulls_equal) = (unique.deferrable, unique.nulls_equal);
            }
            model.constraints.push(made);
        }
    }

    /// Makes the field of a column unique, if it is not yet.
    fn takes_unique(&self, model: &mut Model, column: &str, name: Option<&str>) -> bool {
        let only_key = model.primary_key == [column];
        let field = model.fields.iter_mut().find(|field| field.name == column && !field.unique && !only_key);
        let Some(field) = field else { return false };
        field.unique = true;
        field.names.unique = name.map(str::to_owned);
        true
    }

    fn indexes(&self, model: &mut Model, notes: &mut Notes) {
        let mut indexes: Vec<&catalog::Index> = self.table.indexes.iter().collect();
        // Of two on one column the field takes the one that it would make, or else the one that models cannot call by its name.
        let of_fields: BTreeSet<String> =
            self.table.columns.iter().map(|column| naming::field_index(&self.table.name, &column.name)).collect();
        let by_option = |name: &String| !of_fields.contains(name) && name.len() <= MAX_NAME;
        indexes.sort_by_key(|index| (by_option(&index.name), &index.name));
        let mut patterns = Vec::new();
        for index in indexes {
            // The one that a database makes by itself for a foreign key of several columns.
            let made = |key: &catalog::ForeignKey| key.columns.len() > 1 && key.name.as_ref() == Some(&index.name);
            if self.table.foreign_keys.iter().any(made) {
                continue;
            }
            let found = match index::read(&self.reader, &index.sql) {
                Ok(found) => found,
                Err(why) => {
                    notes.push((index.name.clone(), format!("`{}` is left out: {why}", one_line(&index.sql))));
                    continue;
                }
            };
            if found.stored {
                notes.push((index.name.clone(), "how it is stored, what it has behind WITH, is not kept".to_owned()));
            }
            let plain = found.condition.is_none() && found.include.is_empty() && found.method.is_none();
            let name = index.name.clone();
            if let ([part], true) = (found.on.as_slice(), plain && !found.nulls_equal)
                && let (Some(column), false, None) = (part.field(), part.descending, part.nulls)
            {
                match (&part.opclass, found.unique) {
                    (None, true) if self.takes_unique(model, column, Some(&name)) => continue,
                    (None, false) => {
                        let only_key = model.primary_key == [column];
                        let field = model.fields.iter_mut().find(|field| field.name == column);
                        if let Some(field) = field.filter(|field| !field.index && !field.unique && !only_key) {
                            field.index = true;
                            field.names.index = Some(name);
                            continue;
                        }
                    }
                    (Some(class), false) if class.ends_with("_pattern_ops") => {
                        patterns.push((column.to_owned(), name, found));
                        continue;
                    }
                    _ => {}
                }
            }
            push(model, name, found);
        }
        // Beside an index of text stands one with pattern operators: of several the one that the field makes.
        patterns.sort_by_key(|(column, name, _)| *name != naming::like_index(&self.table.name, column));
        // Beside an index of text stands one with pattern operators, which Django makes for foreign keys too.
        let textual = |column: &str| self.reader.columns.iter().any(|known| known.name == column && known.ty.is_text());
        for (column, name, found) in patterns {
            let only_key = model.primary_key == [&*column];
            let field = model.fields.iter_mut().find(|field| {
                let indexed = field.index || field.unique || only_key;
                field.name == column && indexed && textual(&column) && field.names.like.is_none()
            });
            match field {
                Some(field) => field.names.like = Some(name),
                None => push(model, name, found),
            }
        }
    }

    fn checks(&self, model: &mut Model, notes: &mut Notes) {
        for check in &self.table.checks {
            let expr = match self.reader.read(&check.sql, None) {
                Ok(expr) => expr,
                Err(why) => {
                    let about = check.name.clone().unwrap_or_default();
                    notes.push((about, format!("the check `{}` is left out: {why}", one_line(&check.sql))));
                    continue;
                }
            };
            let name = check.name.clone().unwrap_or_else(|| {
                let first = expr.fields().first().copied().unwrap_or("row").to_owned();
                let taken = |name: &String| model.constraints.iter().any(|constraint| constraint.name() == name);
                let numbered = (1..).map(|at| if at == 1 { first.clone() } else { format!("{first}{at}") });
                let mut names = numbered.map(|part| naming::column_check(&self.table.name, &part));
                names.find(|name| !taken(name)).unwrap_or_default()
            });
            model.constraints.push(Constraint::check(name, expr));
        }
    }
}

/// An index as it stands, or a unique constraint.
fn push(model: &mut Model, name: String, found: index::Found) {
    let index::Found { unique, on, include, condition, method, nulls_equal, stored: _ } = found;
    if unique {
        model.constraints.push(Constraint::Unique { name, on, condition, include, deferrable: None, nulls_equal });
    } else {
        model.indexes.push(Index { name, on, condition, include, method });
    }
}

/// SQL on one line, for a message.
fn one_line(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}
