//! The usual query, rows of one table by some of its columns: its text is written once for each shape that is met, and then used
//! with the values of every query that has it.

use crate::{
    Dialect, Kind, Result, Statement, Value, Values,
    statement::{Shape, UsualTemplate},
    tree::{BinaryOp, Expr, ModelRef, Path, Select, Selected},
};

/// How far parts of a shape are apart, each of a condition, a key of the order, or the slice.
const ORDER: u32 = 1 << 24;
const SLICE: u32 = 2 << 24;

/// The statement of a usual query; others are written by `write`, as usual ones are when their shape is new.
pub(super) fn statement(
    select: &Select,
    dialect: Dialect,
    write: impl FnOnce() -> Result<Statement>,
) -> Result<Statement> {
    let ModelRef::Static(model) = select.model else { return write() };
    let Some((shape, values)) = usual(select, dialect) else { return write() };
    for place in &model.templates.of(dialect).usual {
        match place.get() {
            Some(known) if known.shape == shape => {
                let statement = known.template.with(values);
                debug_assert!(write().is_ok_and(|it| it == statement), "one shape has one text: {statement:?}");
                return Ok(statement);
            }
            Some(_) => {}
            None => {
                let statement = write()?;
                debug_assert_eq!(statement.binds(), &*values, "the values stand in the text's order");
                // Somebody else may have taken the place meanwhile: then it is written once more.
                let _ = place.set(UsualTemplate::new(shape, statement.clone()));
                return Ok(statement);
            }
        }
    }
    write()
}

/// All that the text of a usual query depends on, and its values in the order of the text.
fn usual(select: &Select, dialect: Dialect) -> Option<(Shape, Values)> {
    let [Selected::Model { path, .. }] = &*select.selection else { return None };
    let whole = select.from.is_none()
        && select.joins.is_empty()
        && select.related.is_empty()
        && select.group_by.is_none()
        && select.limit_by.is_empty()
        && !(select.distinct || select.empty || select.for_update);
    if !whole || !is_own(path) {
        return None;
    }
    let (mut shape, mut values) = (Shape::new(), Values::new());
    let conditions = match &select.filter {
        Some(Expr::And(all)) => all,
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    for condition in conditions {
        let Expr::Binary(op, left, right) = condition else { return None };
        let (Expr::Column { path, column, .. }, Expr::Value(value)) = (&**left, &**right) else { return None };
        // A column of a joined table may be no column of this one.
        if !is_own(path) {
            return None;
        }
        let kind = select.model.columns[usize::from(*column)].kind;
        // What is wrong about a value is said where the text is written.
        if value.kind() != kind || !is_bound(value) || value.storable(dialect).is_err() {
            return None;
        }
        shape.push(compares(*op)? << 16 | u32::from(*column));
        values.push(value.clone());
    }
    // What it is made of may be values, which are bound.
    if select.default_order && select.order.is_empty() && select.model.order.is_some() {
        return None;
    }
    for order in &select.order {
        let Expr::Column { path, column, .. } = &order.expr else { return None };
        if !is_own(path) || order.nulls_first.is_some() {
            return None;
        }
        shape.push(ORDER | u32::from(order.descending) << 16 | u32::from(*column));
    }
    let count = |count: u64| Value::I64(i64::try_from(count).unwrap_or(i64::MAX));
    match (select.limit, select.offset) {
        (None, None) => {}
        (Some(limit), offset) => {
            shape.push(SLICE | u32::from(offset.is_some()));
            values.extend([limit].into_iter().chain(offset).map(count));
        }
        (None, Some(_)) => return None,
    }
    shape.push(SLICE | 2 | u32::from(select.default_order));
    Some((shape, values))
}

/// Whether it is the query's own table.
fn is_own(path: &Path) -> bool {
    path.source == 0 && path.steps.is_empty()
}

/// Whether the value is written as a placeholder and nothing else, on every database.
fn is_bound(value: &Value) -> bool {
    !matches!(value, Value::Null(_) | Value::List(..))
        && !matches!(value.kind(), Kind::Decimal | Kind::Json | Kind::Postgres(_))
}

/// A number for each comparison.
fn compares(op: BinaryOp) -> Option<u32> {
    match op {
        BinaryOp::Eq => Some(0),
        BinaryOp::Ne => Some(1),
        BinaryOp::Lt => Some(2),
        BinaryOp::Le => Some(3),
        BinaryOp::Gt => Some(4),
        BinaryOp::Ge => Some(5),
        _ => None,
    }
}
