//! INSERT, UPDATE and DELETE.

use super::{
    Sql, Text,
    inside::{has_query, reads_table, subqueries_for_paths},
    many::inserts_lists,
    select::Names,
};
use crate::{
    Code, Dialect, Error, Kind, Result, Statement, Value,
    model::{ColumnMeta, ModelMeta},
    resolve::{self, Frame},
    statement::placeholder,
    tree::{Assignment, Conflict, Delete, Expr, Insert, ModelRef, NewValues, Order, Select, Selected, Update},
};

/// Rows to insert, as a statement.
pub(crate) fn insert(insert: Insert, dialect: Dialect) -> Result<Statement> {
    let mut sql = Sql::new(dialect);
    sql.insert(insert)?;
    Ok(sql.finish())
}

/// Rows to change, as a statement.
pub(crate) fn update(update: &Update, dialect: Dialect) -> Result<Statement> {
    let mut sql = Sql::new(dialect);
    sql.update(update)?;
    Ok(sql.finish())
}

/// Rows to delete, as a statement.
pub(crate) fn delete(delete: &Delete, dialect: Dialect) -> Result<Statement> {
    let mut sql = Sql::new(dialect);
    sql.delete(delete)?;
    Ok(sql.finish())
}

/// How the rows of an UPDATE or DELETE are found.
enum Found {
    /// By conditions on the table itself, in an order where that matters.
    Here(Option<Expr>, Vec<Order>),
    /// By their keys, which a query of its own selects; whether they are written in its order.
    ByKey(Box<Select>, bool),
}

impl Sql {
    fn insert(&mut self, insert: Insert) -> Result<()> {
        let capabilities = self.dialect.capabilities();
        let ignores = insert.conflict.as_ref().is_some_and(|conflict| conflict.update.is_empty());
        self.push(match self.dialect {
            _ if ignores && !capabilities.conflict_target => "INSERT IGNORE INTO ",
            Dialect::Sqlite if insert.in_savepoint => "INSERT OR FAIL INTO ",
            _ => "INSERT INTO ",
        });
        self.name(&insert.model.table);
        self.has_types_of(&insert.model)?;
        let frame = Frame::new(&Select::bare(insert.model.clone()), &self.frames)?;
        let updates = insert.conflict.as_ref().map_or(&[][..], |conflict| &conflict.update);
        let reads_row = updates.iter().any(|assignment| reads_column(&assignment.value));
        if reads_row && capabilities.conflict_target {
            // The name tells the existing row from the proposed one.
            self.push(" AS ");
            self.name(&frame.tables[0].alias);
            self.qualified = true;
        }
        self.frames.push(frame);
        if insert.columns.is_empty() {
            self.push(if capabilities.default_values { " DEFAULT VALUES" } else { " () VALUES ()" });
        } else {
            self.push(" (");
            self.column_names(&insert.model, &insert.columns)?;
            let kinds: Vec<Kind> =
                insert.columns.iter().map(|&column| insert.model.columns[usize::from(column)].kind).collect();
            match insert.values {
                NewValues::Known(values)
                    if values.len() > kinds.len() && inserts_lists(self.dialect, kinds.iter().copied()) =>
                {
                    self.push(") SELECT * FROM ");
                    self.unnest(&kinds, values.into_iter())?;
                }
                NewValues::Known(values) => {
                    self.push(") VALUES ");
                    let casts: Vec<Option<String>> = kinds.into_iter().map(Kind::cast).collect();
                    self.rows(&casts, values);
                }
                NewValues::Computed(values) => {
                    if self.dialect == Dialect::MySql && values.iter().any(|value| reads_table(value, &insert.model)) {
                        return Err(Error::new(
                            Code::Unsupported,
                            "MySQL asks no query about the table that a new row goes to",
                        )
                        .with_hint("ask it before, in one transaction, and give the row its answer"));
                    }
                    self.push(") VALUES ");
                    self.list(values.chunks_exact(kinds.len()), ", ", |sql, row| {
                        sql.push("(");
                        sql.list(insert.columns.iter().zip(row), ", ", |sql, (&column, value)| {
                            sql.assigned(&insert.model, column, value)
                        })?;
                        sql.push(")");
                        Ok(())
                    })?;
                }
            }
        }
        if let Some(conflict) = &insert.conflict {
            self.conflict(&insert.model, conflict)?;
        }
        self.returning(&insert.model, &insert.returning, capabilities.insert_returning)
    }

    /// Rows of binds, all alike; what some columns need converted is.
    fn rows(&mut self, casts: &[Option<String>], values: Vec<Value>) {
        let columns = casts.len();
        let Text { text, binds } = &mut self.out;
        let (rows, start) = (values.len() / columns, text.len());
        text.reserve(rows * (3 * columns + 2));
        for row in 0..rows {
            if row == 1 && self.dialect != Dialect::Postgres {
                // Without numbers in them, all rows have the same text.
                let one = format!(", {}", &text[start..]);
                text.extend(std::iter::repeat_n(one.as_str(), rows - 1));
                break;
            }
            text.push_str(if row > 0 { ", (" } else { "(" });
            for (column, cast) in casts.iter().enumerate() {
                text.push_str(if column > 0 { ", " } else { "" });
                text.push_str(if cast.is_some() { "CAST(" } else { "" });
                placeholder(text, self.dialect, binds.len() + row * columns + column + 1);
                if let Some(cast) = cast {
                    text.extend([" AS ", cast, ")"]);
                }
            }
            text.push(')');
        }
        match binds.is_empty() {
            // However many there are, they stay where they are.
            true => *binds = values.into(),
            false => binds.extend(values),
        }
    }

    fn conflict(&mut self, model: &ModelRef, conflict: &Conflict) -> Result<()> {
        if !self.dialect.capabilities().conflict_target {
            if conflict.update.is_empty() {
                return Ok(());
            }
            self.push(" ON DUPLICATE KEY UPDATE ");
            return match self.dialect.capabilities().sets_in_turn {
                true => self.assignments(model, &in_turn(conflict.update.clone())?),
                false => self.assignments(model, &conflict.update),
            };
        }
        self.push(" ON CONFLICT");
        if !conflict.target.is_empty() {
            self.push(" (");
            self.column_names(model, &conflict.target)?;
            self.push(")");
        }
        if conflict.update.is_empty() {
            self.push(" DO NOTHING");
            return Ok(());
        }
        self.push(" DO UPDATE SET ");
        self.assignments(model, &conflict.update)
    }

    fn column_names(&mut self, model: &ModelRef, columns: &[u16]) -> Result<()> {
        self.list(columns, ", ", |sql, &column| {
            sql.name(&model.columns[column as usize].name);
            Ok(())
        })
    }

    fn assignments(&mut self, model: &ModelRef, set: &[Assignment]) -> Result<()> {
        self.list(set, ", ", |sql, assignment| {
            sql.name(&model.columns[assignment.column as usize].name);
            sql.push(" = ");
            sql.assigned(model, assignment.column, &assignment.value)
        })
    }

    /// The new value of a column. SQLite stores whatever an expression gives, also what the column does not hold: a function there
    /// rounds and refuses as the others do by the column's type. What was checked already, or fits whatever it is, goes without.
    pub(super) fn assigned(&mut self, model: &ModelRef, column: u16, value: &Expr) -> Result<()> {
        if let Expr::Value(value) = value {
            value.storable(self.dialect).map_err(|error| model.blame(column, error))?;
        }
        let guard = match self.dialect {
            Dialect::Sqlite if !fits(model, column, value) => guard(model, column),
            _ => None,
        };
        let Some((function, limits)) = guard else { return self.expr(value) };
        self.push(function);
        self.push("(");
        self.expr(value)?;
        self.push(&limits);
        self.push(")");
        Ok(())
    }

    fn returning(&mut self, model: &ModelRef, columns: &[u16], can: bool) -> Result<()> {
        if columns.is_empty() {
            return Ok(());
        }
        if !can {
            return Err(self.unsupported("RETURNING here", "write first, then read the rows by their keys"));
        }
        self.push(" RETURNING ");
        self.column_names(model, columns)
    }

    fn update(&mut self, update: &Update) -> Result<()> {
        if update.set.is_empty() {
            return Err(Error::new(Code::BadQuery, "an update that sets nothing"));
        }
        let model = &update.rows.model;
        let mut set = update.set.clone();
        set.extend(Assignment::next_version(model, &set));
        for assignment in &mut set {
            subqueries_for_paths(&mut assignment.value);
        }
        if self.dialect.capabilities().sets_in_turn {
            set = in_turn(set)?;
        }
        let asks = set.iter().any(|assignment| has_query(&assignment.value));
        if self.dialect == Dialect::Sqlite && asks && set.iter().any(|assignment| reads_table(&assignment.value, model))
        {
            return self.update_from(update, set);
        }
        let found = self.find(&update.rows, asks, self.dialect.capabilities().ordered_updates)?;
        self.push("UPDATE ");
        let joined = self.head(model, &found)?;
        self.push(" SET ");
        self.list(&set, ", ", |sql, assignment| {
            match joined {
                true => sql.table_column(0, 0, assignment.column),
                false => sql.name(&model.columns[assignment.column as usize].name),
            }
            sql.push(" = ");
            sql.assigned(model, assignment.column, &assignment.value)
        })?;
        self.tail(model, found, joined)?;
        self.returning(model, &update.returning, self.dialect.capabilities().update_returning)
    }

    /// An update whose new values come from other rows of the table. SQLite changes row after row, and a query inside would see those
    /// that are changed already: the values are computed before.
    fn update_from(&mut self, update: &Update, set: Vec<Assignment>) -> Result<()> {
        let model = &update.rows.model;
        let mut rows = rows_to_write(&update.rows)?;
        if !rows.is_sliced() {
            rows.order.clear();
        }
        let keys = model.key.len();
        let key = model.key.iter().map(|&column| Expr::own(model.clone(), column));
        let (columns, values): (Vec<u16>, Vec<Expr>) =
            set.into_iter().map(|assignment| (assignment.column, assignment.value)).unzip();
        rows.selection = key.chain(values).map(Selected::Expr).collect();
        self.has_types_of(model)?;
        self.push("UPDATE ");
        self.name(&model.table);
        self.push(" SET ");
        self.list(columns.iter().enumerate(), ", ", |sql, (place, &column)| {
            sql.name(&model.columns[usize::from(column)].name);
            let value = format!("orm_new.c{}", keys + place);
            sql.push(&match guard(model, column) {
                Some((function, limits)) => format!(" = {function}({value}{limits})"),
                None => format!(" = {value}"),
            });
            Ok(())
        })?;
        self.push(" FROM (");
        self.select_named(&rows, Names::Derived)?;
        self.push(") AS orm_new WHERE ");
        self.list(model.key.iter().enumerate(), " AND ", |sql, (place, &column)| {
            sql.name(&model.table);
            sql.push(".");
            sql.name(&model.columns[usize::from(column)].name);
            sql.push(&format!(" = orm_new.c{place}"));
            Ok(())
        })?;
        self.returning(model, &update.returning, true)
    }

    fn delete(&mut self, delete: &Delete) -> Result<()> {
        let model = &delete.rows.model;
        let found = self.find(&delete.rows, false, false)?;
        let joined = self.joins(&found);
        self.push("DELETE ");
        if joined {
            self.alias(0);
            self.push(" ");
        }
        self.push("FROM ");
        self.head(model, &found)?;
        self.tail(model, found, joined)?;
        let can = self.dialect.capabilities().delete_returning && !joined;
        self.returning(model, &delete.returning, can)
    }

    /// Decides how the rows are found, and opens the frame of the table that is written.
    fn find(&mut self, rows: &Select, asks: bool, ordered: bool) -> Result<Found> {
        let mut rows = rows_to_write(rows)?;
        let mut order = if rows.is_sliced() { Vec::new() } else { std::mem::take(&mut rows.order) };
        if !ordered {
            order.clear();
        }
        let inner_queries = rows.filter.as_ref().is_some_and(has_query);
        let plain = rows.joins.is_empty() && rows.from.is_none() && !rows.is_sliced();
        let own = Select { filter: rows.filter.clone(), ..Select::bare(rows.model.clone()) };
        self.has_types_of(&rows.model)?;
        let frame = Frame::new(&own, &[])?;
        // Where a statement cannot read the table that it writes, the keys are selected apart.
        let apart = inner_queries && !self.dialect.capabilities().reads_what_it_writes;
        let here = plain && frame.tables.len() == 1 && !apart;
        let bare = Select::bare(rows.model.clone());
        self.frames.push(Frame::new(&bare, &self.frames)?);
        // Only by what stands in the table: the statement has no other.
        let with_order = Select { order: order.clone(), ..bare };
        let beyond = |order: &Order| has_query(&order.expr) || order.expr.has_window();
        if Frame::new(&with_order, &[])?.tables.len() > 1 || order.iter().any(beyond) {
            order.clear();
        }
        if here {
            self.qualified = inner_queries || asks;
            return Ok(Found::Here(rows.filter, order));
        }
        rows.model.tells_rows_apart()?;
        let key: Vec<Expr> = rows.model.key.iter().map(|&column| Expr::own(rows.model.clone(), column)).collect();
        rows.selection = key.iter().cloned().map(Selected::Expr).collect();
        self.qualified = true;
        let in_order = !order.is_empty();
        if in_order && self.dialect.capabilities().ordered_joins {
            // A statement with a join takes no order (MariaDB does, and computes what it sets from other rows). A slice of all rows is
            // made before it in their order, and leads to them one after the other.
            (rows.order, rows.limit) = (order, Some(i64::MAX as u64));
        } else if in_order {
            // A table of different keys is made before it: the rows are then found by it.
            rows.distinct = true;
            rows.derive_values();
            return Ok(Found::Here(Some(Expr::InQuery(key, Box::new(rows))), order));
        }
        Ok(Found::ByKey(Box::new(rows), in_order))
    }

    /// Whether the keys stand in a joined table: where they cannot come from the table that is written.
    fn joins(&self, found: &Found) -> bool {
        matches!(found, Found::ByKey(..)) && !self.dialect.capabilities().reads_what_it_writes
    }

    /// The table that is written, with the keys beside it where they are joined.
    fn head(&mut self, model: &ModelRef, found: &Found) -> Result<bool> {
        let written = |sql: &mut Sql| {
            sql.name(&model.table);
            if sql.qualified {
                sql.push(" AS ");
                sql.alias(0);
            }
        };
        let chosen = |sql: &mut Sql, rows: &Select| {
            sql.push("(");
            // DISTINCT keeps the database from merging this query into the one around it, which it would then refuse.
            sql.select(&Select { distinct: !rows.is_sliced(), ..rows.clone() })?;
            sql.push(") AS ");
            sql.name("chosen");
            Ok::<(), Error>(())
        };
        match found {
            Found::ByKey(rows, in_order) if self.joins(found) => {
                if *in_order {
                    chosen(self, rows)?;
                    self.push(" STRAIGHT_JOIN ");
                    written(self);
                } else {
                    written(self);
                    self.push(" JOIN ");
                    chosen(self, rows)?;
                }
            }
            _ => {
                written(self);
                return Ok(false);
            }
        }
        self.push(" ON ");
        self.list(&model.key, " AND ", |sql, &column| {
            sql.table_column(0, 0, column);
            sql.push(" = ");
            sql.name("chosen");
            sql.push(".");
            sql.name(&model.columns[column as usize].name);
            Ok(())
        })?;
        Ok(true)
    }

    /// The condition.
    fn tail(&mut self, model: &ModelRef, found: Found, joined: bool) -> Result<()> {
        match found {
            Found::Here(condition, order) => {
                match &condition {
                    None => {}
                    Some(Expr::And(all)) if all.is_empty() => self.push(" WHERE 1 = 1"),
                    Some(Expr::And(all)) => {
                        self.push(" WHERE ");
                        self.list(all, " AND ", |sql, part| sql.operand(part))?;
                    }
                    Some(one) => {
                        self.push(" WHERE ");
                        self.expr(one)?;
                    }
                }
                if !order.is_empty() {
                    self.push(" ORDER BY ");
                    self.list(&order, ", ", |sql, order| sql.order_by(order, |sql| sql.operand(&order.expr)))?;
                }
                Ok(())
            }
            Found::ByKey(..) if joined => Ok(()),
            Found::ByKey(rows, _) => {
                self.push(" WHERE ");
                let key: Vec<Expr> = model.key.iter().map(|&column| Expr::own(model.clone(), column)).collect();
                self.expr(&Expr::InQuery(key, rows))
            }
        }
    }
}

/// The function that makes a value one that the column holds, and its further arguments.
fn guard(model: &ModelMeta, column: u16) -> Option<(&'static str, String)> {
    let shape = &model.columns[usize::from(column)];
    let whole = |(least, most)| {
        let least = if model.is_positive(column) { 0 } else { least };
        Some(("orm_whole", format!(", {least}, {most}")))
    };
    match shape.kind {
        Kind::I16 | Kind::I32 | Kind::I64 => shape.kind.whole_range().and_then(whole),
        Kind::Duration => whole((i64::MIN, i64::MAX)),
        Kind::F32 => Some(("orm_single", String::new())),
        Kind::F64 => Some(("orm_double", String::new())),
        Kind::Decimal => Some(("orm_decimal", format!(", {}, {}", shape.digits?, shape.scale?))),
        Kind::Text => Some(("orm_text", format!(", {}", shape.max_length?))),
        _ => None,
    }
}

/// Whether the column holds the value, whatever it is.
fn fits(model: &ModelMeta, column: u16, value: &Expr) -> bool {
    match value {
        Expr::Value(value) => holds(model, column, value),
        Expr::Column { model: other, column: from, .. } | Expr::Proposed { model: other, column: from } => {
            let signed = !other.is_positive(*from);
            let (to, from) = (&model.columns[usize::from(column)], &other.columns[usize::from(*from)]);
            let within = |part: Option<u32>, whole: Option<u32>| {
                whole.is_none_or(|whole| part.is_some_and(|part| part <= whole))
            };
            let before_point = |shape: &ColumnMeta| Some(shape.digits?.saturating_sub(shape.scale?));
            from.kind == to.kind
                && (!signed || !model.is_positive(column))
                && within(from.max_length, to.max_length)
                && within(from.scale, to.scale)
                && within(before_point(from), before_point(to))
        }
        Expr::Case { branches, otherwise } => {
            branches.iter().map(|(_, value)| value).chain(otherwise.as_deref()).all(|value| fits(model, column, value))
        }
        _ => false,
    }
}

/// Whether the column holds this value as it is. The value of a whole column was checked before there is a statement; what is part of an
/// expression, or was checked for another column, was not.
fn holds(model: &ModelMeta, column: u16, value: &Value) -> bool {
    let shape = &model.columns[usize::from(column)];
    let whole = |number: i64| {
        let fits = |(least, most)| (least..=most).contains(&number);
        shape.kind.whole_range().is_some_and(fits) && (number >= 0 || !model.is_positive(column))
    };
    match value {
        Value::Null(_) => true,
        Value::Text(text) => shape.max_length.is_none_or(|most| {
            // Bytes are at least as many as characters.
            text.len() <= most as usize || text.chars().count() <= most as usize
        }),
        Value::I16(number) => whole(i64::from(*number)),
        Value::I32(number) => whole(i64::from(*number)),
        Value::I64(number) => whole(*number),
        Value::Decimal(number) => {
            let exact = number.normalize();
            let needs = exact.trunc().mantissa().unsigned_abs().checked_ilog10().map_or(0, |log| log + 1);
            let room = |digits: u32| digits.saturating_sub(shape.scale.unwrap_or(0));
            shape.scale.is_none_or(|places| exact.scale() <= places)
                && shape.digits.is_none_or(|digits| needs <= room(digits))
        }
        value => value.kind() == shape.kind,
    }
}

pub(super) fn reads_column(expr: &Expr) -> bool {
    let mut found = false;
    expr.visit(0, &mut |expr, _| found |= matches!(expr, Expr::Column { .. }));
    found
}

/// The rows that a query names, without what it selects of them; refused where it names none.
fn rows_to_write(rows: &Select) -> Result<Select> {
    if rows.group_by.is_some() {
        return Err(Error::new(Code::BadQuery, "groups are not rows: they cannot be updated or deleted"));
    }
    if !rows.has_rows() {
        return Err(Error::new(Code::BadQuery, "values are not rows: they cannot be updated or deleted"));
    }
    let mut rows = rows.clone();
    let selection = std::mem::take(&mut rows.selection);
    rows.resolve_selected(&selection);
    rows.related.clear();
    (rows.for_update, rows.distinct) = (false, false);
    if rows.empty {
        rows.add_filter(Expr::Or(Vec::new()));
    }
    rows.default_order &= rows.is_sliced();
    Ok(rows)
}

/// MariaDB and MySQL assign from left to right, and later expressions see the new values: an assignment comes after those
/// that read its column, so that all see the old ones.
pub(super) fn in_turn(mut set: Vec<Assignment>) -> Result<Vec<Assignment>> {
    let mut done = Vec::with_capacity(set.len());
    while !set.is_empty() {
        let read_elsewhere = |index: usize| {
            set.iter()
                .enumerate()
                .any(|(other, assignment)| other != index && reads(&assignment.value, set[index].column))
        };
        let next = (0..set.len()).find(|&index| !read_elsewhere(index));
        let Some(next) = next else {
            return Err(Error::new(
                Code::Unsupported,
                "assignments that read each other's columns in a circle cannot be made in one statement here",
            )
            .with_hint("read the rows and save them one by one, or use two updates"));
        };
        done.push(set.remove(next));
    }
    Ok(done)
}

fn reads(expr: &Expr, wanted: u16) -> bool {
    let mut found = false;
    expr.visit(0, &mut |expr, depth| {
        if let Expr::Column { path, model, column } = expr
            && depth == 0
            && path.source == 0
        {
            // What a foreign key holds of another row stands in the row itself.
            let (steps, _, column) = resolve::trimmed(&path.steps, model, *column);
            found |= steps == 0 && column == wanted;
        }
    });
    found
}

/// What lets the numbering of an automatic key go on behind its largest value, where that does not happen by itself.
pub(crate) fn reset_sequence(table: &str, column: &str, dialect: Dialect) -> Option<String> {
    if dialect != Dialect::Postgres {
        return None;
    }
    let quoted = |name: &str| {
        let mut text = String::new();
        super::quoted(&mut text, dialect.quote(), name);
        text
    };
    let literal = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let (from, key) = (quoted(table), quoted(column));
    let (of_table, of_column) = (literal(&from), literal(column));
    // Never back: others may have taken numbers that are not committed yet.
    let sequence = format!("pg_get_serial_sequence({of_table}, {of_column})");
    let last = format!("pg_sequence_last_value({sequence}::regclass)");
    Some(format!(
        "SELECT setval({sequence}, GREATEST(MAX({key}), {last}, 1), MAX({key}) IS NOT NULL OR {last} IS NOT NULL) FROM {from}"
    ))
}
