//! SELECT.

use super::{Sql, elements, expr::bad, grouping, number::scale, quoted, usual};
use crate::{
    Code, Dialect, Error, Result, Statement, Value,
    resolve::{Frame, Origin, Place},
    tree::{Expr, JoinKind, LockWait, ModelRef, Order, Path, Select, Selected},
};
use std::borrow::Cow;

/// A query as a statement.
pub(crate) fn select(select: &Select, dialect: Dialect) -> Result<Statement> {
    // A limit per group is another thing.
    let single = select.limit == Some(1) && select.limit_by.is_empty() && !select.for_update;
    let written = usual::statement(select, dialect, || super::common::statement(dialect, |sql| sql.select(select)));
    Ok(written?.single(single))
}

/// What conditions without columns are, as a statement: one row with a column for each.
pub(crate) fn answers(conditions: &[Expr], dialect: Dialect) -> Result<Statement> {
    super::common::statement(dialect, |sql| {
        sql.push("SELECT ");
        sql.list(conditions, ", ", |sql, condition| sql.expr(condition))
    })
}

/// How many rows a query has, as a statement.
pub(crate) fn count(select: &Select, dialect: Dialect) -> Result<Statement> {
    let plain = Select {
        order: Vec::new(),
        default_order: select.is_sliced(),
        for_update: false,
        related: Vec::new(),
        beside: Vec::new(),
        ..select.clone()
    };
    if select.is_sliced() || select.distinct || select.group_by.is_some() || select.makes_rows() {
        let plain = Select { order: if select.is_sliced() { select.order.clone() } else { Vec::new() }, ..plain };
        return super::common::statement(dialect, |sql| {
            sql.push("SELECT COUNT(*) FROM (");
            // No table there has two columns of one name.
            let names = if dialect.is_mysql() && has_name_twice(&plain) { Names::Numbered } else { Names::None };
            sql.select_named(&plain, names)?;
            sql.push(") AS counted");
            Ok(())
        });
    }
    self::select(&Select { selection: vec![Selected::Expr(Expr::row_count())], ..plain }, dialect)
}

/// Whether two selected columns may have one name: what is computed is called by its text, alike for other values.
fn has_name_twice(select: &Select) -> bool {
    let mut computed = 0;
    let mut known = std::collections::HashSet::new();
    select.selection.iter().any(|selected| match selected {
        Selected::Expr(Expr::Column { model, column, .. }) => {
            !known.insert(model.columns[usize::from(*column)].name.clone())
        }
        Selected::Expr(_) => {
            computed += 1;
            computed > 1
        }
        Selected::Model { model, .. } => !model.columns.iter().all(|column| known.insert(column.name.clone())),
    })
}

/// The order that a query has: its own, or the model's; `total` adds the key, so that no two rows are equal in it.
pub(crate) fn effective_order(select: &Select, total: bool) -> Cow<'_, [Order]> {
    let mut order = Cow::Borrowed(&select.order[..]);
    // The model's own order is one of rows: different values have none of it.
    let of_rows = || select.group_by.is_none() && (!select.distinct || selects_rows(select)) && select.has_rows();
    if order.is_empty() && select.default_order && of_rows() {
        order = Cow::Owned(select.model_order());
    }
    if total && select.group_by.is_none() && !select.distinct && select.has_rows() {
        let descending = order.last().is_some_and(|last| last.descending);
        let joined = select.joins.iter().map(|join| join.has_rows().then_some(&join.model));
        for (source, model) in std::iter::once(Some(&select.model)).chain(joined).enumerate() {
            let Some(model) = model else { continue };
            for &column in &model.key {
                let expr = Expr::Column { path: Path::source(source as u16), model: model.clone(), column };
                if !order.iter().any(|known| known.expr == expr) {
                    order.to_mut().push(Order { expr, descending, nulls_first: None });
                }
            }
        }
    }
    order
}

/// Whether whole rows of the query's model are selected.
fn selects_rows(select: &Select) -> bool {
    select.selection.iter().any(Selected::is_own)
}

/// An expression of a query as text, with its values: what tells it from others.
pub(crate) fn shape(select: &Select, expr: &Expr) -> Result<String> {
    let alone = Select { order: Vec::new(), default_order: false, limit: None, offset: None, ..select.clone() };
    let alone = Select { selection: vec![Selected::Expr(expr.clone())], related: Vec::new(), filter: None, ..alone };
    // Any dialect would do, as long as it is always the same one.
    let statement = self::select(&alone, Dialect::Sqlite)?;
    Ok(format!("{} {:?}", statement.sql(Dialect::Sqlite), statement.binds()))
}

/// The kind of an expression's values, where it can be told.
pub(crate) fn kind(expr: &Expr, dialect: Dialect) -> Option<crate::Kind> {
    Sql::new(dialect).kind(expr)
}

/// The values of a row that are computed decimals: their column, and how many digits they have after the point.
pub(crate) fn scales(select: &Select) -> Vec<(usize, u32)> {
    let values = (0..).zip(&select.selection).filter_map(|(place, selected)| match selected {
        Selected::Expr(expr) => Some((position(select, place), scale(expr).filter(|scale| *scale > 0)?.min(28))),
        Selected::Model { .. } => None,
    });
    values.collect()
}

/// What the selected columns are called.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Names {
    /// As the database likes.
    None,
    /// `c0`, `c1` and so on.
    Numbered,
    /// Columns of models by their own names, other values by their place: `c1`.
    Derived,
}

impl Sql {
    /// Writes a query; it may stand in another.
    pub(super) fn select(&mut self, select: &Select) -> Result<()> {
        self.select_named(select, Names::None)
    }

    pub(super) fn select_named(&mut self, select: &Select, names: Names) -> Result<()> {
        if let Some(from) = select.from.as_ref().filter(|from| self.stands_alone(from)) {
            // Without the table inside it can be asked all the same.
            if let Some(flat) = select.flattened() {
                return self.select_named(&flat, names);
            }
            if let Some((op, left, right)) = select.plain_set()
                && !self.orders_by_documents(select, left)
            {
                return self.plain_set(select, op, [left, right], from);
            }
        }
        // Without any order, a slice takes whichever rows come first.
        let ordered = select.default_order || !select.order.is_empty();
        let ordered = match effective_order(select, select.is_sliced() && ordered) {
            Cow::Borrowed(_) => None,
            Cow::Owned(order) => Some(Select { order, ..select.clone() }),
        };
        let select = ordered.as_ref().unwrap_or(select);
        grouping::check(select)?;
        let frame = Frame::new(select, &self.frames)?;
        for table in &frame.tables {
            self.has_types_of(&table.model)?;
        }
        let (qualified, rounding) = (self.qualified, std::mem::take(&mut self.rounding));
        let group_keys = std::mem::take(&mut self.group_keys);
        let row_maker = std::mem::replace(&mut self.row_maker, elements::row_maker(select)?);
        // One table without a query inside needs no names.
        let alone = self.frames.is_empty() && frame.tables.len() <= 1 && !frame.has_queries && self.row_maker.is_none();
        self.qualified = !alone || self.dialect == Dialect::Postgres && orders_beside_computed(select);
        self.frames.push(frame);
        let written = match select.limit_by.is_empty() || !select.is_sliced() {
            true => self.clauses(select, names),
            false => self.ranked(select),
        };
        self.frames.pop();
        (self.qualified, self.rounding, self.row_maker) = (qualified, rounding, row_maker);
        self.group_keys = group_keys;
        written
    }

    /// A query whose limit counts per group: its rows are numbered in a derived table.
    fn ranked(&mut self, select: &Select) -> Result<()> {
        if select.distinct || select.group_by.is_some() || select.for_update {
            return Err(
                self.unsupported("limit per group of a distinct, grouped or locking query", "leave one of them out")
            );
        }
        let columns: usize = select.selection.iter().map(width).sum::<usize>()
            + select.related.iter().map(|(_, model)| model.columns.len()).sum::<usize>();
        self.push("SELECT ");
        self.list(0..columns, ", ", |sql, column| {
            sql.push(&format!("c{column}"));
            Ok(())
        })?;
        self.push(" FROM (SELECT ");
        self.selection(select, Names::Numbered)?;
        self.push(", ROW_NUMBER() OVER (PARTITION BY ");
        self.list(&select.limit_by, ", ", |sql, key| sql.operand(key))?;
        self.push(" ORDER BY ");
        // Without an order the first are those of the least keys.
        let key = || {
            let columns = select.model.key.iter().map(|&column| Expr::own(select.model.clone(), column));
            columns.map(|expr| Order { expr, descending: false, nulls_first: None }).collect()
        };
        let order = if select.order.is_empty() { key() } else { select.order.clone() };
        self.list(&order, ", ", |sql, order| {
            let expr = order.expr.clone().with_selected(&select.selection);
            sql.order(select, &Order { expr, ..order.clone() })
        })?;
        self.push(") AS place FROM ");
        self.tables(select)?;
        self.conditions(select)?;
        self.push(") AS ranked WHERE ");
        let from = select.offset.unwrap_or(0);
        let bind = |sql: &mut Sql, count: u64| sql.bind(Value::I64(i64::try_from(count).unwrap_or(i64::MAX)));
        if from > 0 || select.limit.is_none() {
            self.push("place > ");
            bind(self, from);
        }
        if let Some(limit) = select.limit {
            self.push(if from > 0 { " AND place <= " } else { "place <= " });
            bind(self, from.saturating_add(limit));
        }
        self.push(" ORDER BY place");
        Ok(())
    }

    fn clauses(&mut self, select: &Select, names: Names) -> Result<()> {
        let sharing = self.sharing;
        self.sharing |= has_value_in_key(select);
        let written = self.clauses_of(select, names);
        self.sharing = sharing;
        written
    }

    fn clauses_of(&mut self, select: &Select, names: Names) -> Result<()> {
        let keys = grouping::computed_keys(select);
        // There a condition on groups knows the names of the columns alone.
        let by_name =
            !keys.is_empty() && self.dialect.is_mysql() && select.filter.as_ref().is_some_and(Expr::is_aggregate);
        let names = if by_name { Names::Derived } else { names };
        self.push(if select.distinct { "SELECT DISTINCT " } else { "SELECT " });
        self.about_groups(&keys, false, |sql| sql.selection(select, names))?;
        self.push(" FROM ");
        self.tables(select)?;
        let having = self.conditions(select)?;
        let places = select.group_by.as_deref().unwrap_or_default();
        if !places.is_empty() || !select.also_by.is_empty() {
            self.push(" GROUP BY ");
            self.list(places, ", ", |sql, key| {
                sql.push(&(key + 1).to_string());
                Ok(())
            })?;
            self.push(if places.is_empty() || select.also_by.is_empty() { "" } else { ", " });
            self.list(&select.also_by, ", ", |sql, key| sql.operand(key))?;
        }
        if !having.is_empty() {
            self.push(" HAVING ");
            self.about_groups(&keys, by_name, |sql| {
                sql.list(having, " AND ", |sql, condition| sql.operand(condition))
            })?;
        }
        if select.distinct {
            self.refuse_other_order(select)?;
        }
        if !select.order.is_empty() {
            self.push(" ORDER BY ");
            self.about_groups(&keys, false, |sql| {
                sql.list(&select.order, ", ", |sql, order| sql.order(select, order))
            })?;
        }
        self.slice(select.limit, select.offset);
        if select.for_update {
            self.for_update(select)?;
        }
        Ok(())
    }

    fn for_update(&mut self, select: &Select) -> Result<()> {
        if select.distinct || select.group_by.is_some() {
            return Err(bad("the rows of a distinct or grouped query cannot be locked")
                .with_hint("lock the rows first, by a query of their own"));
        }
        if select.has_window() {
            return Err(bad("the rows of a window cannot be locked: it looks at others beside them")
                .with_hint("lock the rows first, by a query of their own"));
        }
        if select.from.is_some() {
            return Err(bad("the rows of a union, or of a filter on a window, cannot be locked")
                .with_hint("lock the rows by their keys, in a query of their own"));
        }
        if !self.dialect.capabilities().select_for_update {
            return Ok(());
        }
        let weaker = select.lets_refer && self.dialect.capabilities().no_key_lock;
        self.push(if weaker { " FOR NO KEY UPDATE" } else { " FOR UPDATE" });
        // What is asked for are the rows of the query's own model, and of relations that are named; where tables cannot be, all.
        if self.dialect.capabilities().lock_of
            && let Some(frame) = self.frames.last().filter(|frame| frame.tables.len() > 1)
        {
            let mut names = vec![frame.tables[0].alias.clone()];
            for (path, model) in &select.lock_of {
                let Some(table) = frame.at_end(path) else { continue };
                if table.optional {
                    let problem = format!("rows of `{}` that may not be there cannot be locked", model.name);
                    return Err(Error::new(Code::BadQuery, problem).with_hint(
                        "keep the rows that have one, by a column of it: `.filter(|b| b.editor.name.is_not_null())`",
                    ));
                }
                names.push(table.alias.clone());
            }
            self.push(" OF ");
            self.list(names, ", ", |sql, name| {
                sql.name(&name);
                Ok(())
            })?;
        }
        self.push(match select.lock_wait {
            LockWait::Wait => "",
            LockWait::Fail => " NOWAIT",
            LockWait::Skip => " SKIP LOCKED",
        });
        Ok(())
    }

    /// Different values are ordered by what is selected: rows that became one may differ in everything else.
    fn refuse_other_order(&self, select: &Select) -> Result<()> {
        let Some(frame) = self.frames.last() else { return Ok(()) };
        let table = |expr: &Expr| match expr {
            Expr::Column { path, model, column } => frame.place(path, model, *column).ok(),
            _ => None,
        };
        let models = || {
            let selected = select.selection.iter().filter_map(|selected| match selected {
                Selected::Model { path, model } => Some((path, model)),
                Selected::Expr(_) => None,
            });
            selected.chain(select.related.iter().map(|(path, model)| (path, model)))
        };
        let known = |expr: &Expr| {
            let place = table(expr);
            let equal = |other: &Expr| {
                let same = |(one, two): (&Place, Place)| one.table == two.table && one.column == two.column;
                *other == *expr || place.as_ref().zip(table(other)).is_some_and(same)
            };
            matches!(expr, Expr::Selected(_))
                || select.selection.iter().any(|selected| matches!(selected, Selected::Expr(other) if equal(other)))
                || models().any(|(path, model)| {
                    (0..model.columns.len() as u16)
                        .any(|column| equal(&Expr::Column { path: path.clone(), model: model.clone(), column }))
                })
        };
        match select.order.iter().all(|order| known(&order.expr)) {
            true => Ok(()),
            false => Err(bad("a distinct query is ordered by something that it does not select")
                .with_hint("select it as well, or order after `values(..)` by the selected values")),
        }
    }

    /// Writes WHERE, and gives the conditions that are left for HAVING: those on aggregates.
    fn conditions<'a>(&mut self, select: &'a Select) -> Result<Vec<&'a Expr>> {
        let conditions: &[Expr] = match &select.filter {
            Some(Expr::And(all)) => all,
            Some(one) => std::slice::from_ref(one),
            None => &[],
        };
        // Only a grouped query has any.
        let mut having = Vec::new();
        let mut before = " WHERE ";
        if select.empty {
            self.push(" WHERE 1 = 0");
            return Ok(having);
        }
        for condition in conditions {
            if select.group_by.is_some() && condition.is_aggregate() {
                having.push(condition);
            } else {
                self.push(std::mem::replace(&mut before, " AND "));
                self.operand(condition)?;
            }
        }
        Ok(having)
    }

    /// What is selected; with names where a query around this one has to refer to it.
    fn selection(&mut self, select: &Select, names: Names) -> Result<()> {
        if select.selection.is_empty() {
            self.push("1");
            return Ok(());
        }
        let mut name = (names == Names::Numbered).then_some(0);
        for (index, selected) in select.selection.iter().enumerate() {
            if index > 0 {
                self.push(", ");
            }
            match selected {
                Selected::Model { path, model } => self.columns(path, model, &mut name)?,
                Selected::Expr(expr) => {
                    let exact = names == Names::None && self.frames.len() == 1 && self.is_exact_sum(expr);
                    if exact {
                        self.exact_sum(expr)?
                    } else {
                        self.alone(expr)?
                    }
                    self.column_name(&mut name);
                    if names == Names::Derived {
                        self.push(&format!(" AS c{index}"));
                    }
                }
            }
            if index == 0 {
                for (path, model) in &select.related {
                    self.push(", ");
                    self.columns(path, model, &mut name)?;
                }
            }
        }
        Ok(())
    }

    fn columns(&mut self, path: &Path, model: &ModelRef, name: &mut Option<usize>) -> Result<()> {
        if !self.qualified && name.is_none() && path.steps.is_empty() {
            // The usual query, of one table's rows.
            let quote = self.dialect.quote();
            let names = model.templates.of(self.dialect).columns.get_or_init(|| names(model, quote));
            self.out.text.push_str(names);
            return Ok(());
        }
        self.list(0..model.columns.len() as u16, ", ", |sql, column| {
            sql.column_of_row(path, model, column)?;
            sql.column_name(name);
            Ok(())
        })
    }

    fn column_name(&mut self, name: &mut Option<usize>) {
        if let Some(number) = name {
            self.push(&format!(" AS c{number}"));
            *number += 1;
        }
    }

    pub(super) fn tables(&mut self, select: &Select) -> Result<()> {
        let count = self.frames.last().map_or(0, |frame| frame.tables.len());
        for index in 0..count {
            let Some(table) = self.frames.last().and_then(|frame| frame.tables.get(index)) else { break };
            let optional = table.optional;
            let (relation, join) = match &table.origin {
                Origin::Source(source) => {
                    (None, usize::from(*source).checked_sub(1).and_then(|join| select.joins.get(join)))
                }
                Origin::Relation { from, step, .. } => (Some((*from, step.clone())), None),
            };
            let derived = if index == 0 { &select.from } else { join.map_or(&None, |join| &join.from) };
            if index > 0 {
                let left = join.map_or(optional, |join| join.kind == JoinKind::Left);
                self.out.text.push_str(if left { " LEFT JOIN " } else { " JOIN " });
            }
            match derived {
                Some(derived) => self.derived(derived)?,
                None => quoted(&mut self.out.text, self.dialect.quote(), &table.model.table),
            }
            if self.qualified || derived.is_some() {
                self.out.text.push_str(" AS ");
                self.alias(index);
            }
            if let Some((from, step)) = relation {
                self.push(" ON ");
                self.relation(from, index, &step)?;
            } else if let Some(join) = join {
                self.push(" ON ");
                self.expr(&join.on)?;
            }
        }
        self.made_rows()
    }

    /// The name of a table of the query that is being written.
    pub(super) fn alias(&mut self, table: usize) {
        if let Some(frame) = self.frames.last() {
            quoted(&mut self.out.text, self.dialect.quote(), &frame.tables[table].alias);
        }
    }

    /// What ties the table of a to-one relation to the one it comes from.
    fn relation(&mut self, from: usize, to: usize, step: &crate::tree::Step) -> Result<()> {
        let field = &step.model.fields[step.field as usize];
        let target = match self.frames.last() {
            Some(frame) => frame.tables[to].model.clone(),
            None => return Ok(()),
        };
        let pairs: Vec<(u16, u16)> = if field.column_count > 0 {
            field.columns().zip(field.ends(&target).iter().copied()).collect()
        } else {
            let reverse = field.relation.as_ref().and_then(|relation| relation.reverse(&step.model, field));
            let Some(reverse) = reverse else {
                return Err(crate::Error::new(
                    crate::Code::BadModel,
                    format!("`{}.{}` has no foreign key on the other side", step.model.name, field.name),
                ));
            };
            let key = &target.fields[reverse as usize];
            key.ends(&step.model).iter().copied().zip(key.columns()).collect()
        };
        self.list(pairs, " AND ", |sql, (left, right)| {
            sql.table_column(0, from, left);
            sql.push(" = ");
            sql.table_column(0, to, right);
            Ok(())
        })
    }

    pub(super) fn slice(&mut self, limit: Option<u64>, offset: Option<u64>) {
        if limit.is_none() && offset.is_none() {
            return;
        }
        // SQLite plans a statement anew whenever a bare bound limit changes; an expression is planned once.
        let computed = self.dialect == Dialect::Sqlite;
        let number = |sql: &mut Sql, count: u64| {
            let value = Value::I64(i64::try_from(count).unwrap_or(i64::MAX));
            sql.push(if computed { "(0 + " } else { "" });
            sql.bind(value);
            sql.push(if computed { ")" } else { "" });
        };
        if limit.is_some() || self.dialect != Dialect::Postgres {
            self.push(" LIMIT ");
            number(self, limit.unwrap_or(i64::MAX as u64));
        }
        if let Some(offset) = offset {
            self.push(" OFFSET ");
            number(self, offset);
        }
    }
}

/// Whether a group's key has a value in it. Where it stands again, PostgreSQL knows it by the places of its values alone.
fn has_value_in_key(select: &Select) -> bool {
    let keys = select.group_by.iter().flatten().filter_map(|&key| match select.selection.get(usize::from(key)) {
        Some(Selected::Expr(key)) => Some(key),
        _ => None,
    });
    let mut found = false;
    let has = |part: &Expr| {
        matches!(part, Expr::Value(_) | Expr::In(..) | Expr::InRows(..) | Expr::InQuery(..) | Expr::Scalar(..))
    };
    keys.for_each(|key| key.visit(0, &mut |part, _| found |= has(part)));
    found
}

/// Whether a column orders what has something computed in it, which PostgreSQL may call by the name of that column, and would then
/// order by.
fn orders_beside_computed(select: &Select) -> bool {
    let computed =
        |selected: &Selected| matches!(selected, Selected::Expr(expr) if !matches!(expr, Expr::Column { .. }));
    select.order.iter().any(|order| matches!(order.expr, Expr::Column { .. })) && select.selection.iter().any(computed)
}

/// The names of all columns, between commas.
fn names(model: &ModelRef, quote: char) -> String {
    let mut text = String::new();
    for (index, column) in model.columns.iter().enumerate() {
        text.push_str(if index > 0 { ", " } else { "" });
        quoted(&mut text, quote, &column.name);
    }
    text
}

/// The first column of a part of the row.
pub(super) fn position(select: &Select, place: u16) -> usize {
    let related: usize = select.related.iter().map(|(_, model)| model.columns.len()).sum();
    let before = &select.selection[..usize::from(place).min(select.selection.len())];
    before.iter().map(width).sum::<usize>() + if place > 0 { related } else { 0 }
}

/// How many columns a part of the row has.
fn width(selected: &Selected) -> usize {
    match selected {
        Selected::Model { model, .. } => model.columns.len(),
        Selected::Expr(_) => 1,
    }
}
