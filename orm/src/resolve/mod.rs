//! From relation paths to joins: which tables a query reads, under which names, and where each column stands.

use crate::{
    Code, Error, Result,
    tree::{BinaryOp, Expr, JoinKind, ModelRef, Path, Select, Step},
};
use smallvec::SmallVec;
use std::borrow::Cow;

/// The tables that one query reads. Queries inside it have frames of their own.
pub(crate) struct Frame {
    /// The sources first, then the tables that paths lead to, in the order in which they are joined.
    pub(crate) tables: SmallVec<[Table; 1]>,
    /// Whether queries stand inside it.
    pub(crate) has_queries: bool,
}

/// A table under a name.
pub(crate) struct Table {
    pub(crate) model: ModelRef,
    pub(crate) alias: Cow<'static, str>,
    pub(crate) origin: Origin,
    /// Whether an outer join can make its columns NULL.
    pub(crate) optional: bool,
}

/// Why a table is read.
pub(crate) enum Origin {
    /// A source of the query: what it is over, or an explicit join.
    Source(u16),
    /// A relation of a table before it.
    Relation { from: usize, step: Step, nullable: bool },
}

/// Where a column stands, after joins that its path does not need have been left out.
pub(crate) struct Place {
    pub(crate) table: usize,
    pub(crate) column: u16,
}

impl Frame {
    /// The frame of a query; its names differ from those of the queries around it.
    pub(crate) fn new(select: &Select, around: &[Frame]) -> Result<Frame> {
        let mut frame = Frame { tables: SmallVec::new(), has_queries: false };
        frame.add_source(&select.model, 0, false, around);
        let mut wrong = None;
        for (index, join) in select.joins.iter().enumerate() {
            // What the join hangs on comes before it.
            let source = index as u16 + 1;
            join.on.visit(0, &mut |expr, depth| match expr {
                Expr::Column { path, model, column } if depth == 0 && path.source < source => {
                    wrong = frame.require(path, model, *column, around, false).err().or(wrong.take());
                }
                _ => {}
            });
            let optional = join.kind == JoinKind::Left;
            frame.add_source(&join.model, source, optional, around);
        }
        let related = select.related.iter().chain(&select.beside).map(|related| (related, true));
        for ((path, model), whole) in related.chain(select.lock_of.iter().map(|locked| (locked, false))) {
            // The key alone may stand in the row that points to it; the other columns do not.
            for column in 0..model.columns.len() as u16 {
                wrong = frame.require(path, model, column, around, whole).err().or(wrong.take());
            }
        }
        let mut has_queries = false;
        select.visit(0, &mut |expr, depth| match expr {
            Expr::Column { path, model, column } if depth == 0 => {
                if let Err(error) = frame.require(path, model, *column, around, false) {
                    wrong = Some(error);
                }
            }
            Expr::Exists(_) | Expr::Scalar(_) | Expr::InQuery(..) | Expr::Outer(..) => has_queries = true,
            _ => {}
        });
        frame.has_queries = has_queries;
        match wrong {
            Some(error) => Err(error),
            None => {
                frame.promote(select);
                Ok(frame)
            }
        }
    }

    /// An outer join whose rows without a partner are filtered out anyway becomes an inner one.
    fn promote(&mut self, select: &Select) {
        if self.tables.len() == 1 || !self.tables.iter().any(|table| table.optional) {
            return;
        }
        let mut needed = Vec::new();
        if let Some(filter) = &select.filter {
            rejecting_null(filter, &mut |path, model, column| {
                needed.extend(self.place(path, model, column).ok().map(|place| place.table));
            });
        }
        let mut inner = vec![false; self.tables.len()];
        for mut table in needed {
            while let Origin::Relation { from, .. } = self.tables[table].origin {
                inner[table] = true;
                table = from;
            }
        }
        for (table, inner) in inner.into_iter().enumerate() {
            if let Origin::Relation { from, nullable, .. } = self.tables[table].origin {
                self.tables[table].optional = !inner && (nullable || self.tables[from].optional);
            }
        }
    }

    fn add_source(&mut self, model: &ModelRef, source: u16, optional: bool, around: &[Frame]) {
        let name = match model {
            ModelRef::Static(meta) => Cow::Borrowed(meta.alias.as_str()),
            ModelRef::Shared(_) | ModelRef::Member(..) => Cow::Owned(model.alias.clone()),
        };
        self.add_table(model.clone(), name, Origin::Source(source), optional, around);
    }

    fn add_table(
        &mut self,
        model: ModelRef,
        name: Cow<'static, str>,
        origin: Origin,
        optional: bool,
        around: &[Frame],
    ) -> usize {
        let names = |frame: &Frame, alias: &str| frame.tables.iter().any(|table| table.alias == alias);
        let mut alias = name;
        let length = alias.len();
        let mut number = 2;
        while names(self, &alias) || around.iter().any(|frame| names(frame, &alias)) {
            let alias = alias.to_mut();
            alias.truncate(length);
            alias.push_str(&number.to_string());
            number += 1;
        }
        self.tables.push(Table { model, alias, origin, optional });
        self.tables.len() - 1
    }

    /// Joins what is needed to reach a column. A row beside which related rows are `whole` stays where a key leads nowhere that the
    /// database does not look after.
    fn require(&mut self, path: &Path, model: &ModelRef, column: u16, around: &[Frame], whole: bool) -> Result<()> {
        let steps = if path.steps.is_empty() { 0 } else { trimmed(&path.steps, model, column).0 };
        let mut table = self.source(path.source)?;
        for step in &path.steps[..steps] {
            table = match self.relation(table, step) {
                Some(known) => known,
                None => {
                    let field = &step.model.fields[step.field as usize];
                    let Some(relation) = field.relation.as_ref().filter(|relation| relation.is_to_one()) else {
                        return Err(Error::new(
                            Code::BadQuery,
                            format!("`{}.{}` does not lead to one row", step.model.name, field.name),
                        )
                        .with_hint("ask a to-many relation as a set: `.any(|x| ..)`, `.count()`"));
                    };
                    let nullable = field.column_count == 0
                        || step.model.columns[field.first_column as usize].nullable
                        || whole && !field.options.db_constraint;
                    let optional = self.tables[table].optional || nullable;
                    let origin = Origin::Relation { from: table, step: step.clone(), nullable };
                    let name = field.name.to_lowercase().into();
                    self.add_table(relation.target(), name, origin, optional, around)
                }
            };
        }
        Ok(())
    }

    /// The table that a path leads to.
    pub(crate) fn at_end(&self, path: &Path) -> Option<&Table> {
        self.tables.get(self.index_at_end(path)?)
    }

    fn index_at_end(&self, path: &Path) -> Option<usize> {
        let source = self.source(path.source).ok()?;
        path.steps.iter().try_fold(source, |table, step| self.relation(table, step))
    }

    /// The place of the table that a path of relations leads to, where it is joined and may lack a row.
    pub(crate) fn optional_at_end(&self, path: &Path) -> Option<usize> {
        self.index_at_end(path).filter(|&table| !path.steps.is_empty() && self.tables[table].optional)
    }

    /// The table that a source is.
    pub(crate) fn source(&self, source: u16) -> Result<usize> {
        let is_it = |table: &Table| matches!(table.origin, Origin::Source(known) if known == source);
        self.tables.iter().position(is_it).ok_or_else(|| {
            Error::new(Code::BadQuery, "a column of a joined model is used in a query that does not join it")
        })
    }

    fn relation(&self, table: usize, step: &Step) -> Option<usize> {
        self.tables.iter().position(
            |known| matches!(&known.origin, Origin::Relation { from, step: other, .. } if *from == table && other == step),
        )
    }

    /// Where a column stands.
    pub(crate) fn place(&self, path: &Path, model: &ModelRef, column: u16) -> Result<Place> {
        let (steps, model, column) = trimmed(&path.steps, model, column);
        let mut table = self.source(path.source)?;
        for step in &path.steps[..steps] {
            table = self
                .relation(table, step)
                .ok_or_else(|| Error::new(Code::BadQuery, format!("the way to `{}` is not joined", model.name)))?;
        }
        if self.tables[table].model != model {
            let found = &self.tables[table].model.name;
            return Err(Error::new(
                Code::BadQuery,
                format!("a column of `{}` is used where `{found}` stands", model.name),
            ));
        }
        Ok(Place { table, column })
    }
}

/// A path and column without the joins that are not needed: what a foreign key holds of a related row is a column of the row that
/// points to it.
pub(crate) fn trimmed(steps: &[Step], model: &ModelRef, column: u16) -> (usize, ModelRef, u16) {
    let mut length = steps.len();
    let (mut model, mut column) = (model.clone(), column);
    while let Some(step) = length.checked_sub(1).map(|last| &steps[last]) {
        let field = &step.model.fields[step.field as usize];
        let part = field.ends(&model).iter().position(|&end| end == column);
        let Some(part) = part.filter(|_| field.column_count > 0) else { break };
        column = field.first_column + part as u16;
        model = step.model.clone();
        length -= 1;
    }
    (length, model, column)
}

/// Calls `found` for columns without whose values the condition cannot be true.
fn rejecting_null(condition: &Expr, found: &mut dyn FnMut(&Path, &ModelRef, u16)) {
    match condition {
        Expr::And(all) => all.iter().for_each(|part| rejecting_null(part, found)),
        Expr::Binary(BinaryOp::Is | BinaryOp::Concat, ..) => {}
        Expr::Binary(_, left, right) => {
            strict(left, found);
            strict(right, found);
        }
        Expr::Like { on, .. } | Expr::Regex { on, .. } | Expr::In(on, _) => strict(on, found),
        Expr::InQuery(on, _) | Expr::InRows(on, _) => on.iter().for_each(|part| strict(part, found)),
        Expr::Not(inner) => {
            if let Expr::IsNull(on) = &**inner {
                strict(on, found);
            }
        }
        Expr::Column { .. } => strict(condition, found),
        _ => {}
    }
}

/// Calls `found` for columns without whose values the expression has none.
fn strict(expr: &Expr, found: &mut dyn FnMut(&Path, &ModelRef, u16)) {
    match expr {
        Expr::Column { path, model, column } => found(path, model, *column),
        Expr::Negate(inner) => strict(inner, found),
        Expr::Binary(BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div | BinaryOp::Rem, left, right) => {
            strict(left, found);
            strict(right, found);
        }
        _ => {}
    }
}
