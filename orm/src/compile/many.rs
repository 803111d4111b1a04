//! Many rows in one statement of one text: their values are one bind for each column, or one for all.

use super::{
    Sql,
    inside::has_query,
    list::from_json_table,
    write::{in_turn, reads_column},
};
use crate::{
    Dialect, Kind, Result, Statement, Value,
    resolve::Frame,
    tree::{Assignment, Expr, ModelRef, Select, Selected, UpdateRows},
};

/// Whether rows of columns of these kinds can be handed over as lists.
pub(crate) fn takes_lists(mut kinds: impl Iterator<Item = Kind>) -> bool {
    !kinds.any(|kind| matches!(kind, Kind::Postgres(_)))
}

/// Whether new rows of such columns are: elsewhere their text is as quick.
pub(crate) fn inserts_lists(dialect: Dialect, kinds: impl Iterator<Item = Kind>) -> bool {
    dialect == Dialect::Postgres && takes_lists(kinds)
}

/// Rows to change, each to its own values, as one statement.
pub(crate) fn update_rows(update: UpdateRows, dialect: Dialect) -> Result<Statement> {
    let mut sql = Sql::new(dialect);
    sql.update_rows(update)?;
    Ok(sql.finish())
}

impl Sql {
    /// `unnest($1, $2)`: a list for each column of rows whose values stand one after the other.
    pub(super) fn unnest(&mut self, kinds: &[Kind], values: impl ExactSizeIterator<Item = Value>) -> Result<()> {
        let rows = values.len() / kinds.len();
        let mut lists: Vec<Vec<Value>> = kinds.iter().map(|_| Vec::with_capacity(rows)).collect();
        for (place, value) in values.enumerate() {
            lists[place % kinds.len()].push(value);
        }
        self.push("unnest(");
        self.list(kinds.iter().zip(lists), ", ", |sql, (&kind, list)| {
            sql.bind(Value::list(kind, list));
            Ok(())
        })?;
        self.push(")");
        Ok(())
    }

    fn update_rows(&mut self, update: UpdateRows) -> Result<()> {
        let UpdateRows { model, key, given, mut set, within, values } = update;
        self.has_types_of(&model)?;
        set.extend(Assignment::next_version(&model, &set));
        if self.dialect.capabilities().sets_in_turn {
            set = in_turn(set)?;
        }
        let frame = Frame::new(&Select::bare(model.clone()), &self.frames)?;
        let (within, chosen) = match within {
            None => (None, None),
            Some(condition) => self.condition_on(&model, condition, &values, key.len() + given.len())?,
        };
        // The name tells the row that is there from the one that is given.
        let reads_row = within.is_some() || set.iter().any(|assignment| reads_column(&assignment.value));
        let alias = reads_row.then(|| frame.tables[0].alias.clone());
        self.frames.push(frame);
        self.qualified = alias.is_some();
        self.beside = key.iter().chain(&given).copied().collect();
        let kinds: Vec<Kind> = self.beside.iter().map(|&column| model.columns[usize::from(column)].kind).collect();
        let is_mysql = self.dialect.is_mysql();
        self.push("UPDATE ");
        self.name(&model.table);
        if let Some(alias) = &alias {
            self.push(" AS ");
            self.name(alias);
        }
        let qualified = |sql: &mut Sql, column: u16| {
            sql.name(alias.as_deref().unwrap_or(&model.table));
            sql.push(".");
            sql.name(&model.columns[usize::from(column)].name);
        };
        let same_key = |sql: &mut Sql| {
            sql.list(&key, " AND ", |sql, &column| {
                qualified(sql, column);
                sql.push(" = ");
                sql.proposed(&model, column);
                Ok(())
            })
        };
        let assignments = |sql: &mut Sql| {
            sql.push(" SET ");
            sql.list(&set, ", ", |sql, assignment| {
                match is_mysql {
                    true => qualified(sql, assignment.column),
                    false => sql.name(&model.columns[usize::from(assignment.column)].name),
                }
                sql.push(" = ");
                sql.assigned(&model, assignment.column, &assignment.value)
            })
        };
        if is_mysql {
            self.push(" JOIN ");
            self.json_table(&kinds, &values)?;
            self.push(" AS orm_rows ON ");
            same_key(self)?;
            if let Some(chosen) = chosen {
                self.push(" JOIN (");
                self.select(&chosen)?;
                self.push(") AS chosen ON ");
                self.list(&model.key, " AND ", |sql, &column| {
                    qualified(sql, column);
                    sql.push(" = chosen.");
                    sql.name(&model.columns[usize::from(column)].name);
                    Ok(())
                })?;
            }
            assignments(self)?;
            let Some(condition) = within else { return Ok(()) };
            self.push(" WHERE ");
            return self.expr(&condition);
        }
        assignments(self)?;
        self.push(" FROM ");
        if self.dialect == Dialect::Sqlite {
            self.json_each(&kinds, &values)?;
            self.push(" AS orm_rows WHERE ");
        } else {
            self.unnest(&kinds, values.into_iter())?;
            let names: Vec<String> = (0..kinds.len()).map(|place| format!("c{place}")).collect();
            self.push(&format!(" AS orm_rows({}) WHERE ", names.join(", ")));
        }
        same_key(self)?;
        let Some(condition) = within else { return Ok(()) };
        self.push(" AND ");
        self.operand(&condition)
    }

    /// A condition on rows that are given. What is about the row alone stands beside its key, where the database asks it again of a row
    /// that it has waited for. The rest is a query for the rows that meet it, which is joined where a statement cannot read the table that
    /// it writes.
    fn condition_on(
        &self,
        model: &ModelRef,
        condition: Expr,
        values: &[Value],
        width: usize,
    ) -> Result<(Option<Expr>, Option<Select>)> {
        let apart = !self.dialect.capabilities().reads_what_it_writes;
        let parts = match condition {
            Expr::And(parts) if !parts.is_empty() => parts,
            one => vec![one],
        };
        let (mut here, mut elsewhere) = (Vec::new(), Vec::new());
        for part in parts {
            let is_query = apart && has_query(&part);
            let rows = Select { filter: Some(part), ..Select::bare(model.clone()) };
            let is_here = Frame::new(&rows, &[])?.tables.len() == 1 && !is_query;
            if is_here { &mut here } else { &mut elsewhere }.extend(rows.filter);
        }
        let together = |mut parts: Vec<Expr>| match parts.len() {
            0 | 1 => parts.pop(),
            _ => Some(Expr::And(parts)),
        };
        let Some(filter) = together(elsewhere) else { return Ok((together(here), None)) };
        let mut rows = Select { filter: Some(filter), ..Select::bare(model.clone()) };
        let key: Vec<Expr> = model.key.iter().map(|&column| Expr::own(model.clone(), column)).collect();
        // Only the rows that are given are looked at.
        let kind = model.columns[usize::from(model.key[0])].kind;
        let keys: Vec<Value> = values.chunks(width).flat_map(|row| &row[..key.len()]).cloned().collect();
        rows.add_first_filter(Expr::one_of_keys(key.clone(), kind, keys));
        rows.selection = key.iter().cloned().map(Selected::Expr).collect();
        if apart {
            // DISTINCT keeps the database from merging this query into the one around it, which it would then refuse.
            return Ok((together(here), Some(Select { distinct: true, ..rows })));
        }
        here.push(Expr::InQuery(key, Box::new(rows)));
        Ok((together(here), None))
    }

    /// A value of the new row: of one that stands beside the table that is changed, or of one that was to be inserted.
    pub(super) fn proposed(&mut self, model: &ModelRef, column: u16) {
        let shape = &model.columns[usize::from(column)];
        if let Some(place) = self.beside.iter().position(|beside| *beside == column) {
            let value = format!("orm_rows.c{place}");
            self.push(&if self.dialect.is_mysql() { from_json_table(shape.kind, &value) } else { value });
            return;
        }
        let (before, after) =
            if self.dialect.capabilities().conflict_target { ("excluded.", "") } else { ("VALUES(", ")") };
        self.push(before);
        self.name(&shape.name);
        self.push(after);
    }
}
