//! What of a row only the database can tell, asked before it is written: one statement, whatever there is to ask.

use super::{
    Input, Proposed,
    check::{as_data, data_of, field_name},
    draft::DraftRow,
    evaluate::truth,
    hooks,
    new_row::{Slot, completed, filled, fit_all, refuse_unseen_by_hooks},
    point::key_is,
};
use crate::{
    Access, Code, Connection, Dialect, Error, Executor, FieldType, Kind, Model, Operation, Result, ValidationError,
    Value, compile,
    model::{FieldMeta, RelationKind, Told, UniqueMeta},
    tree::{BinaryOp, Expr, ModelRef, Select, Selected},
};

/// A row that is about to be written, as far as it is known.
pub(super) struct Subject<'r> {
    pub(super) model: ModelRef,
    /// The key of a row that exists.
    pub(super) key: Option<&'r [Value]>,
    /// By column, the values that it will have.
    pub(super) values: Vec<Option<Value>>,
    /// The columns that change; all of them are asked about for a new row.
    pub(super) changed: Option<Vec<u16>>,
}

/// A condition that the database is asked about, the answer that refuses the row, and the mistake that it is then.
struct Question {
    condition: Expr,
    refuses: bool,
    error: Error,
}

impl Subject<'_> {
    fn value(&self, column: u16) -> Option<&Value> {
        self.values.get(usize::from(column))?.as_ref()
    }

    /// The values of columns that are all known and not NULL.
    fn values_of(&self, columns: &[u16]) -> Option<Vec<Value>> {
        columns.iter().map(|&column| self.value(column).filter(|value| !value.is_null()).cloned()).collect()
    }

    fn concerns(&self, columns: &[u16]) -> bool {
        self.changed.as_ref().is_none_or(|changed| columns.iter().any(|column| changed.contains(column)))
    }

    /// The condition with the row's values in place of the columns of a source, where all of them are known.
    fn filled_in(&self, condition: &Expr, source: u16) -> Option<(Expr, Vec<u16>)> {
        let (mut filled, mut columns, mut known) = (condition.clone(), Vec::new(), true);
        filled.update(0, &mut |expr, depth| {
            let Expr::Column { path, column, .. } = expr else { return };
            if depth != 0 || path.source != source {
                return;
            }
            // The key of a related row stands in the columns that lead to it.
            let own = match &path.steps[..] {
                [] => Some(*column),
                [step] => {
                    let ends = |target: ModelRef| step.field().ends(&target).iter().position(|end| end == column);
                    step.target().and_then(ends).map(|place| step.field().first_column + place as u16)
                }
                _ => None,
            };
            match own.and_then(|own| Some((own, self.value(own)?))) {
                Some((own, value)) => {
                    columns.push(own);
                    *expr = Expr::Value(value.clone());
                }
                None => known = false,
            }
        });
        known.then_some((filled, columns))
    }

    /// The rows of the model but this one.
    fn others(&self, filter: Expr) -> Select {
        let mut select = Select::bare(self.model.clone());
        select.selection = vec![Selected::Expr(Expr::Value(Value::I64(1)))];
        select.add_filter(filter);
        if let Some(key) = self.key {
            select.add_filter(Expr::Not(Box::new(key_is(&self.model, key))));
        }
        select
    }

    fn mistake(&self, code: Code, columns: &[u16], what: &str) -> Error {
        let mut fields: Vec<String> = Vec::new();
        for &column in columns {
            let name = field_name(&self.model, column);
            if !fields.contains(&name) {
                fields.push(name);
            }
        }
        let named: Vec<String> = fields.iter().map(|field| format!("{}.{field}", self.model.name)).collect();
        Error::new(code, format!("`{}`: {what}", named.join("`, `")))
            .with_model(self.model.name.clone())
            .with_fields(fields)
    }

    /// What the model's checks say that can be worked out here, and the questions that remain.
    fn questions(&self, dialect: Dialect, errors: &mut Vec<Error>) -> Vec<Question> {
        let mut questions = Vec::new();
        self.unique_keys(&mut questions);
        self.foreign_keys(&mut questions);
        for check in &self.model.options().checks {
            let Some((condition, columns)) = self.filled_in(&check.condition, 0) else { continue };
            if !self.concerns(&columns) {
                continue;
            }
            let error = self.mistake(Code::CheckViolation, &columns, "a check constraint is not met");
            let error = told(error.with_constraint(check.name), check.told);
            match truth(&condition) {
                Some(Some(false)) => errors.push(error),
                Some(_) => {}
                // A value on its own has no column by whose type SQLite would compare it.
                None if dialect == Dialect::Sqlite && has_decimals(&condition) => {}
                None => questions.push(Question { condition, refuses: false, error }),
            }
        }
        for exclude in &self.model.options().exclusions {
            let Some((pair, columns)) = self.filled_in(&exclude.pair, 1) else { continue };
            let mut filter = pair;
            if let Some(condition) = &exclude.condition {
                let Some((own, _)) = self.filled_in(condition, 0) else { continue };
                filter = filter.and(condition.clone()).and(own);
            }
            if self.concerns(&columns) {
                let error = self.mistake(Code::ExclusionViolation, &columns, "another row stands in the way");
                let condition = Expr::Exists(Box::new(self.others(filter)));
                let error = error.with_constraint(exclude.name);
                questions.push(Question { condition, refuses: true, error });
            }
        }
        questions
    }

    fn unique_keys(&self, questions: &mut Vec<Question>) {
        let meta = &*self.model;
        let one = |(place, field): (u16, &FieldMeta)| {
            let one_to_one =
                matches!(&field.relation, Some(known) if matches!(known.kind, RelationKind::OneToOne { .. }));
            (field.options.unique || one_to_one).then(|| UniqueMeta { fields: vec![place], ..UniqueMeta::default() })
        };
        let own_key = || {
            let mut fields: Vec<u16> = meta.key.iter().map(|&column| meta.columns[usize::from(column)].field).collect();
            fields.dedup();
            UniqueMeta { fields, ..UniqueMeta::default() }
        };
        let several = meta.options().unique.iter().cloned();
        let key = self.key.is_none().then(own_key);
        for unique in (0..).zip(&meta.fields).filter_map(one).chain(several).chain(key) {
            let Some((mut filter, columns)) = self.same_key(&unique) else { continue };
            let mut concerned = columns.clone();
            if let Some(condition) = &unique.condition {
                let Some((own, more)) = self.filled_in(condition, 0) else { continue };
                concerned.extend(more);
                filter = filter.and(condition.clone()).and(own);
            }
            if self.concerns(&concerned) {
                let error = self.mistake(Code::UniqueViolation, &columns, "a unique key already holds the value");
                let error = match unique.name {
                    Some(name) => error.with_constraint(name),
                    None => error,
                };
                let error = told(error, unique.told);
                questions.push(Question {
                    condition: Expr::Exists(Box::new(self.others(filter))),
                    refuses: true,
                    error,
                });
            }
        }
    }

    /// The condition that another row has the same unique key, and the columns of it; none where that is not known, or never so.
    fn same_key(&self, unique: &UniqueMeta) -> Option<(Expr, Vec<u16>)> {
        let meta = &*self.model;
        let own = |column: u16| Expr::own(self.model.clone(), column);
        let columns = unique.fields.iter().flat_map(|&field| meta.fields[usize::from(field)].columns());
        let (mut same, mut columns): (Vec<Expr>, Vec<u16>) = match unique.nulls_equal {
            false => {
                let columns: Vec<u16> = columns.collect();
                let values = self.values_of(&columns)?.into_iter().map(Expr::Value);
                (columns.iter().zip(values).map(|(&at, value)| own(at).binary(BinaryOp::Eq, value)).collect(), columns)
            }
            true => {
                let columns: Vec<u16> = columns.collect();
                let equal = |&at: &u16| match self.value(at)? {
                    value if value.is_null() => Some(Expr::IsNull(Box::new(own(at)))),
                    value => Some(own(at).binary(BinaryOp::Eq, Expr::Value(value.clone()))),
                };
                (columns.iter().map(equal).collect::<Option<_>>()?, columns)
            }
        };
        for key in &unique.expressions {
            let (own, read) = self.filled_in(&key.expr, 0)?;
            let equal = if unique.nulls_equal { BinaryOp::Is } else { BinaryOp::Eq };
            same.push(key.expr.clone().binary(equal, own));
            columns.extend(read.into_iter().filter(|column| !columns.contains(column)).collect::<Vec<_>>());
        }
        (!same.is_empty()).then(|| (Expr::all(same), columns))
    }

    fn foreign_keys(&self, questions: &mut Vec<Question>) {
        for field in &self.model.fields {
            let Some(relation) = field.relation.as_ref().filter(|_| field.column_count > 0) else { continue };
            let columns: Vec<u16> = field.columns().collect();
            let Some(key) = self.values_of(&columns).filter(|_| self.concerns(&columns)) else { continue };
            let target = relation.target();
            let ends = field.ends(&target);
            // A row that points to itself is there once it is written.
            if target == self.model && self.values_of(ends).as_ref() == Some(&key) {
                continue;
            }
            let mut rows = Select::bare(target.clone());
            rows.selection = vec![Selected::Expr(Expr::Value(Value::I64(1)))];
            let held = ends.iter().map(|&column| Expr::own(target.clone(), column));
            rows.add_filter(Expr::same_key(held, key.into_iter().map(Expr::Value)));
            let mut error =
                self.mistake(Code::ForeignKeyViolation, &columns, "the row that it points to does not exist");
            if let Some(choices) = field.options.choices_from {
                rows.add_filter(choices());
                error =
                    self.mistake(Code::InvalidValue, &columns, "the row that it points to is none that may be chosen");
            }
            questions.push(Question { condition: Expr::Exists(Box::new(rows)), refuses: false, error });
        }
    }
}

/// The error of a constraint, whose mistake is told in the model's words where it has some.
fn told(error: Error, told: Told) -> Error {
    if !told.any() {
        return error;
    }
    let mistake = told.of(as_data(&error));
    error.with_validation(vec![mistake])
}

fn has_decimals(expr: &Expr) -> bool {
    let mut found = false;
    expr.visit(0, &mut |part, _| {
        found |= matches!(part, Expr::Value(value) if matches!(value.kind(), Kind::Decimal | Kind::Duration));
    });
    found
}

/// Asks the database what it has against a row; nothing is asked about the fields that are wrong already.
pub(super) async fn ask<E: Executor>(mut subject: Subject<'_>, errors: &mut Vec<Error>, ex: &E) -> Result<()> {
    let wrong: Vec<String> = errors.iter().flat_map(|error| error.fields().to_vec()).collect();
    let model = subject.model.clone();
    for (column, value) in (0..).zip(&mut subject.values) {
        if wrong.contains(&field_name(&model, column)) {
            *value = None;
        }
    }
    let questions = subject.questions(ex.dialect(), errors);
    if questions.is_empty() {
        return Ok(());
    }
    let (conditions, rest): (Vec<_>, Vec<_>) =
        questions.into_iter().map(|question| (question.condition, (question.refuses, question.error))).unzip();
    let answers = ex.run(Ask { statement: compile::answers(&conditions, ex.dialect())? }).await?;
    for ((refuses, error), answer) in rest.into_iter().zip(answers) {
        if answer == Some(refuses) {
            let mistakes = data_of(&error);
            errors.push(error.with_validation(mistakes));
        }
    }
    Ok(())
}

/// Reads what the conditions of a statement are.
struct Ask {
    statement: crate::Statement,
}

impl Operation for Ask {
    type Output = Vec<Option<bool>>;

    fn access(&self) -> Access {
        Access::Read
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<Vec<Option<bool>>> {
        let mut answers = Vec::new();
        let each = &mut |row: &crate::Row<'_>| {
            answers = (0..row.len()).map(|at| Option::from_cell(&row.cell(at))).collect::<Result<_>>()?;
            Ok(())
        };
        conn.query(&self.statement, each).await?;
        Ok(answers)
    }
}

/// A draft of which everything was asked that can be: see [`Draft::validated`](super::Draft::validated). `mistakes` are known
/// already, of fields that have no value therefore.
pub(super) async fn draft<M: Model, E: Executor>(
    mut slots: Vec<Slot>,
    mut mistakes: Vec<ValidationError>,
    rules: bool,
    hooks: Option<hooks::Of<M>>,
    ex: &E,
) -> Result<DraftRow<M>> {
    let meta = M::meta();
    let told = |error: &Error| {
        mistakes.iter().any(|known| error.fields().iter().any(|field| known.field.as_ref() == Some(field)))
    };
    let mut errors;
    if let Some(hooks) = hooks.filter(|_| rules) {
        refuse_unseen_by_hooks(meta, &slots)?;
        // What lacks a value is told below.
        filled(meta, &mut slots);
        let row = Proposed::new_row(slots.iter().map(|slot| slot.value().cloned()).collect());
        let (set, refused) = hooks::asked(hooks, row, ex).await?;
        set.into_iter().for_each(|(column, value)| slots[usize::from(column)] = Slot::Given(value));
        errors = refused;
        errors.extend(filled(meta, &mut slots));
        errors.extend(fit_all(meta, &mut slots, ex.dialect(), rules));
    } else {
        errors = completed(meta, &mut slots, ex.dialect(), rules);
    }
    errors.retain(|error| !told(error));
    let values = slots.iter().map(|slot| slot.value().cloned()).collect();
    let subject = Subject { model: ModelRef::Static(meta), key: None, values, changed: None };
    ask(subject, &mut errors, ex).await?;
    mistakes.extend(errors.iter().flat_map(data_of));
    match mistakes.is_empty() {
        true => Ok(DraftRow::from_slots(slots)),
        false => Err(Error::refused(meta.name.clone(), mistakes)),
    }
}

/// The same from values that are not typed.
pub(crate) async fn draft_from<M: Model, E: Executor>(input: Input, ex: &E) -> Result<DraftRow<M>> {
    let (values, mistakes) = input.read_all(M::meta(), None);
    let slots = values.into_iter().map(|value| value.map_or(Slot::Unset, Slot::Given)).collect();
    draft(slots, mistakes, true, M::HOOKS, ex).await
}
