//! Expressions: columns, values and what can be done with them.
#![allow(missing_docs, reason = "a variant says what its fields are")]

use super::{Aggregate, Aggregation, Declared, ModelRef, Path, PgFunction, Select, Selected, Windowed, path::Steps};
use crate::{Code, Error, Kind, Value};
use std::{borrow::Cow, sync::Arc};

/// An expression of a statement. Columns are relative to the query that the expression stands in;
/// [`Expr::Outer`] looks into the queries around it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the names of the parts say what they are")]
pub enum Expr {
    /// A column of the model at the end of a path.
    Column { path: Path, model: ModelRef, column: u16 },
    /// A bound value.
    Value(Value),
    /// An expression of the query this many levels further out.
    Outer(u8, Box<Expr>),
    /// The expression that this query selects at this place.
    Selected(u16),
    /// What the derived table at this source of the query has selected at this place; `of` says what that is.
    Derived { source: u16, place: u16, of: Box<Expr> },
    /// The same while it is not known yet what that is: see [`Expr::with_joined`].
    Joined { source: u16, place: u16 },
    /// Both sides and an operator between them.
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// True when all are.
    And(Vec<Expr>),
    /// True when one is.
    Or(Vec<Expr>),
    /// True when the condition is not: also where it is unknown.
    Not(Box<Expr>),
    /// Arithmetic negation.
    Negate(Box<Expr>),
    /// Whether there is no value.
    IsNull(Box<Expr>),
    /// One of a list of values, bound as one.
    In(Box<Expr>, Value),
    /// Together one of a list of rows, whose values stand one after the other.
    InRows(Vec<Expr>, Arc<[Value]>),
    /// One of the rows of a query.
    InQuery(Vec<Expr>, Box<Select>),
    /// Several values as one, beside the one row of an [`Expr::Scalar`]: the first that differs decides.
    Row(Vec<Expr>),
    /// A pattern on text.
    Like { on: Box<Expr>, pattern: Box<Expr>, like: Like, fold: bool },
    /// A regular expression on text, in the database's own dialect.
    Regex { on: Box<Expr>, pattern: Box<Expr>, fold: bool },
    /// A function of the catalogue.
    Call(Function, Vec<Expr>),
    /// An aggregate over the rows, or over a group of them.
    Aggregate(Box<Aggregation>),
    /// A function over the rows of a window.
    Window(Box<Windowed>),
    /// The first branch whose condition is true.
    Case { branches: Vec<(Expr, Expr)>, otherwise: Option<Box<Expr>> },
    /// A conversion.
    Cast(Box<Expr>, Kind),
    /// Whether the query has rows.
    Exists(Box<Select>),
    /// The one value that the query selects; beside an [`Expr::Row`], the one row.
    Scalar(Box<Select>),
    /// SQL as it is written, with expressions between its pieces: `pieces.len() == parts.len() + 1`.
    Raw { pieces: Vec<Cow<'static, str>>, parts: Vec<Expr> },
    /// Something that cannot be said, and why: refused when the query is compiled.
    Invalid(Code, String),
    /// The value that an upsert would have inserted for this column.
    Proposed { model: ModelRef, column: u16 },
}

/// Operators between two expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinaryOp {
    /// `=`: unknown when a side is NULL.
    Eq,
    /// `<>`.
    Ne,
    /// `<`.
    Lt,
    /// `<=`.
    Le,
    /// `>`.
    Gt,
    /// `>=`.
    Ge,
    /// Null-safe equality.
    Is,
    /// `+`.
    Add,
    /// `-`.
    Sub,
    /// `*`.
    Mul,
    /// `/`; whole numbers give whole numbers.
    Div,
    /// The rest of a division.
    Rem,
    /// One text after the other.
    Concat,
}

/// Where a pattern has to match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Like {
    /// Anywhere.
    Contains,
    /// At the start.
    StartsWith,
    /// At the end.
    EndsWith,
    /// The whole text.
    Whole,
    /// A pattern of the person's own, with `%` and `_`.
    Pattern,
}

/// Functions that every database has in some form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Function {
    /// In lower case.
    Lower,
    /// In upper case.
    Upper,
    /// The number of characters.
    Length,
    /// Without blanks at the ends.
    Trim,
    /// The first that is not NULL.
    Coalesce,
    /// Without the sign.
    Abs,
    /// Rounded.
    Round,
    /// The time of the statement.
    Now,
    /// The year.
    Year,
    /// The year that the ISO week belongs to.
    IsoYear,
    /// The quarter, from 1.
    Quarter,
    /// The month, from 1.
    Month,
    /// The ISO week, from 1.
    Week,
    /// The day of the month, from 1.
    Day,
    /// The day of the week, from 1 for Sunday.
    WeekDay,
    /// The day of the week, from 1 for Monday.
    IsoWeekDay,
    /// The hour.
    Hour,
    /// The minute.
    Minute,
    /// The second.
    Second,
    /// The day of a date with a time.
    Date,
    /// The time of day of a date with a time.
    Time,
    /// The beginning of what a day or time falls into.
    Trunc(Unit),
    /// An instant as the clocks of a zone show it; the zone is a span east of UTC, or a name.
    AtZone,
    /// The span of time from the second to the first.
    Since,
    /// The microseconds of a span of time.
    Micros,
    /// The largest of several.
    Greatest,
    /// The smallest of several.
    Least,
    /// NULL when both are equal, else the first.
    NullIf,
    /// Whether a condition is true: never NULL.
    IsTrue,
    /// A part of a text: from a place, from 1, so many characters.
    Substr,
    /// A text with one part replaced by another.
    Replace,
    /// What lies inside a JSON document: the document, then keys (text) and places (numbers).
    JsonGet,
    /// The text that a JSON document is.
    JsonText,
    /// The whole number that a JSON document is.
    JsonInteger,
    /// The number that a JSON document is.
    JsonFloat,
    /// The truth value that a JSON document is.
    JsonBool,
    /// Whether a JSON document is `null`.
    JsonIsNull,
    /// Whether a JSON document is an object with a key.
    JsonHasKey,
    /// Whether the first JSON document contains the second.
    JsonContains,
    /// The elements of a JSON list, each in a row of its own.
    JsonElements,
    /// A JSON list of values.
    JsonArray,
    /// A JSON object: keys and values in turn.
    JsonObject,
    /// Without blanks at the beginning.
    TrimStart,
    /// Without blanks at the end.
    TrimEnd,
    /// The first characters of a text.
    Left,
    /// The last characters of a text.
    Right,
    /// Where a text is found in another one, from 1.
    Position,
    /// A text filled up at its beginning.
    PadStart,
    /// A text filled up at its end.
    PadEnd,
    /// A value of this kind, as text.
    AsText(Kind),
    /// The value of this kind that a text says.
    FromText(Kind),
    /// A text so many times.
    Repeat,
    /// A text backwards.
    Reverse,
    /// The MD5 hash.
    Md5,
    /// The SHA-1 hash.
    Sha1,
    /// A hash of the SHA-2 family, by its number of bits.
    Sha2(u16),
    /// The letter of a code point.
    Chr,
    /// The code point of the first letter.
    Ord,
    /// A text under another collation.
    Collate,
    /// 1, 0 or -1.
    Sign,
    /// The next whole number upwards.
    Ceil,
    /// The next whole number downwards.
    Floor,
    /// The square root.
    Sqrt,
    /// The exponential function.
    Exp,
    /// The natural logarithm.
    Ln,
    /// The natural logarithm, divided by that of the base.
    Log,
    /// A power.
    Power,
    /// The sine.
    Sin,
    /// The cosine.
    Cos,
    /// The tangent.
    Tan,
    /// The inverse of the sine.
    Asin,
    /// The inverse of the cosine.
    Acos,
    /// The inverse of the tangent.
    Atan,
    /// Radians in degrees.
    Degrees,
    /// The cotangent.
    Cot,
    /// The angle of a point, by both its coordinates.
    Atan2,
    /// Degrees in radians.
    Radians,
    /// The bits that both have.
    BitAnd,
    /// The bits that either has.
    BitOr,
    /// The bits in which both differ.
    BitXor,
    /// The bits, so many places up.
    ShiftLeft,
    /// The bits, so many places down.
    ShiftRight,
    /// A number from 0 to 1, different each time.
    Random,
    /// In a window: the number of the row.
    RowNumber,
    /// In a window: the rank of the row.
    Rank,
    /// In a window: the rank without gaps.
    DenseRank,
    /// In a window: the rank as a part of 1.
    PercentRank,
    /// In a window: the share of rows up to this one.
    CumeDist,
    /// In a window: the bucket of the row.
    Ntile,
    /// In a window: the value of a row before.
    Lag,
    /// In a window: the value of a row after.
    Lead,
    /// In a window: the value of the first row.
    FirstValue,
    /// In a window: the value of the last row.
    LastValue,
    /// In a window: the value of some row.
    NthValue,
    /// One of PostgreSQL alone.
    Postgres(PgFunction),
    /// One that a person has declared.
    Declared(&'static Declared),
}

/// What days and times are truncated to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// The year.
    Year,
    /// The quarter.
    Quarter,
    /// The month.
    Month,
    /// The week, which begins on Monday.
    Week,
    /// The day.
    Day,
    /// The hour.
    Hour,
    /// The minute.
    Minute,
    /// The second.
    Second,
}

impl Expr {
    /// A column of the model that the query is over.
    pub fn own(model: ModelRef, column: u16) -> Expr {
        Expr::Column { path: Path::source(0), model, column }
    }

    /// How many rows there are.
    pub fn row_count() -> Expr {
        Expr::Aggregate(Box::new(Aggregation::of(Aggregate::Count, [])))
    }

    /// The expression as seen from a query `levels` deeper.
    pub fn outer(self, levels: u8) -> Expr {
        match self {
            expr if levels == 0 => expr,
            Expr::Outer(more, inner) => Expr::Outer(more + levels, inner),
            value @ Expr::Value(_) => value,
            expr => Expr::Outer(levels, Box::new(expr)),
        }
    }

    /// Both conditions; nested conjunctions are kept flat.
    pub fn and(self, other: Expr) -> Expr {
        match (self, other) {
            (Expr::And(mut left), Expr::And(right)) => {
                left.extend(right);
                Expr::And(left)
            }
            (Expr::And(mut left), right) => {
                left.push(right);
                Expr::And(left)
            }
            (left, Expr::And(mut right)) => {
                right.insert(0, left);
                Expr::And(right)
            }
            (left, right) => Expr::And(vec![left, right]),
        }
    }

    /// Either condition; nested disjunctions are kept flat.
    pub fn or(self, other: Expr) -> Expr {
        match (self, other) {
            (Expr::Or(mut left), Expr::Or(right)) => {
                left.extend(right);
                Expr::Or(left)
            }
            (Expr::Or(mut left), right) => {
                left.push(right);
                Expr::Or(left)
            }
            (left, Expr::Or(mut right)) => {
                right.insert(0, left);
                Expr::Or(right)
            }
            (left, right) => Expr::Or(vec![left, right]),
        }
    }

    /// What means nothing, and why.
    pub(crate) fn invalid(why: impl Into<String>) -> Expr {
        Expr::Invalid(Code::BadQuery, why.into())
    }

    /// What stands for a value that has no form in a database.
    pub(crate) fn refused(error: &Error) -> Expr {
        Expr::Invalid(error.code(), error.message().to_owned())
    }

    /// Both sides with an operator between them.
    pub fn binary(self, op: BinaryOp, other: Expr) -> Expr {
        Expr::Binary(op, Box::new(self), Box::new(other))
    }

    /// Calls `visit` on every expression in it, outermost first, those in queries inside it too. The number says how the
    /// expression's columns are meant: 0 those of the query that `self` stands in, less for queries inside it, more for
    /// queries around it.
    pub fn visit(&self, depth: i32, visit: &mut dyn FnMut(&Expr, i32)) {
        visit(self, depth);
        self.parts(depth, &mut |part, depth| part.visit(depth, visit));
    }

    /// Calls `each` on the expressions that it is directly made of, those of queries directly inside it among them; the number is that
    /// of [`Expr::visit`].
    pub(super) fn parts(&self, depth: i32, each: &mut dyn FnMut(&Expr, i32)) {
        match self {
            Expr::Column { .. }
            | Expr::Value(_)
            | Expr::Selected(_)
            | Expr::Derived { .. }
            | Expr::Joined { .. }
            | Expr::Invalid(..)
            | Expr::Proposed { .. } => {}
            Expr::Outer(levels, inner) => each(inner, depth + i32::from(*levels)),
            Expr::Binary(_, left, right) => {
                each(left, depth);
                each(right, depth);
            }
            Expr::And(all) | Expr::Or(all) | Expr::Row(all) | Expr::Call(_, all) | Expr::InRows(all, _) => {
                all.iter().for_each(|expr| each(expr, depth));
            }
            Expr::InQuery(on, select) => {
                on.iter().for_each(|expr| each(expr, depth));
                select.parts(depth - 1, each);
            }
            Expr::Not(inner)
            | Expr::Negate(inner)
            | Expr::IsNull(inner)
            | Expr::In(inner, _)
            | Expr::Cast(inner, _) => {
                each(inner, depth);
            }
            Expr::Like { on, pattern, .. } | Expr::Regex { on, pattern, .. } => {
                each(on, depth);
                each(pattern, depth);
            }
            Expr::Aggregate(of) => of.parts(depth, each),
            Expr::Window(windowed) => windowed.parts(depth, each),
            Expr::Case { branches, otherwise } => {
                for (condition, value) in branches {
                    each(condition, depth);
                    each(value, depth);
                }
                otherwise.iter().for_each(|expr| each(expr, depth));
            }
            Expr::Exists(select) | Expr::Scalar(select) => select.parts(depth - 1, each),
            Expr::Raw { parts, .. } => parts.iter().for_each(|expr| each(expr, depth)),
        }
    }

    /// Whether an aggregate, and whether a window, over the rows of the query that it stands in is part of it. What makes several rows
    /// of one counts as a window: what follows is about the rows as they then are.
    pub fn computes(&self) -> (bool, bool) {
        let (mut aggregates, mut windows) = (false, false);
        self.visit(0, &mut |expr, depth| {
            aggregates |= depth == 0 && matches!(expr, Expr::Aggregate(_));
            windows |= depth == 0 && (matches!(expr, Expr::Window(_)) || expr.makes_rows());
        });
        (aggregates, windows)
    }

    /// Whether it makes several rows of one.
    pub(crate) fn makes_rows(&self) -> bool {
        match self {
            Expr::Call(Function::JsonElements | Function::Postgres(PgFunction::Elements), _) => true,
            Expr::Call(Function::Declared(declared), _) => declared.rows,
            _ => false,
        }
    }

    /// What in it makes several rows of one.
    pub(crate) fn row_makers(&self) -> Vec<Expr> {
        let mut found = Vec::new();
        self.visit(0, &mut |part, depth| {
            if depth == 0 && part.makes_rows() && !found.contains(part) {
                found.push(part.clone());
            }
        });
        found
    }

    /// Whether an aggregate over the rows of the query that it stands in is part of it.
    pub fn is_aggregate(&self) -> bool {
        self.computes().0
    }

    /// Whether a window over the rows of the query that it stands in is part of it.
    pub fn has_window(&self) -> bool {
        self.computes().1
    }

    /// Whether it takes something from the selection of the query that it stands in, at a place of this sort.
    pub(super) fn uses(&self, sort: impl Fn(u16) -> bool) -> bool {
        let mut found = false;
        self.visit(0, &mut |expr, depth| {
            if let Expr::Selected(place) = expr {
                found |= depth == 0 && sort(*place);
            }
        });
        found
    }

    /// Whether it is more than what is selected, and is made of it.
    pub fn computes_on(&self, sort: impl Fn(u16) -> bool) -> bool {
        !matches!(self, Expr::Selected(_)) && self.uses(sort)
    }

    /// The expression with every [`Expr::Selected`] replaced by what is selected there.
    pub fn with_selected(mut self, selection: &[Selected]) -> Expr {
        // The usual query selects whole rows, which are no values.
        if !selection.iter().any(|selected| matches!(selected, Selected::Expr(_))) {
            return self;
        }
        self.update(0, &mut |expr, depth| {
            if let Expr::Selected(place) = *expr
                && depth == 0
                && let Some(Selected::Expr(selected)) = selection.get(place as usize)
            {
                *expr = selected.clone();
            }
        });
        self.bounded()
    }

    /// The condition of a query over the model at the end of `path`, as one of the query that `path` starts from.
    pub fn below(mut self, path: &Path) -> Expr {
        self.update(0, &mut |expr, depth| match expr {
            Expr::Column { path: own, .. } if depth == 0 && own.source == 0 => {
                let steps = path.steps.iter().chain(own.steps.iter()).cloned().collect();
                *own = Path { source: path.source, steps: Steps::Shared(steps) };
            }
            _ => {}
        });
        self
    }

    /// Calls `change` on every expression in it, those in queries inside it too. The number says how the expression's columns
    /// are meant: 0 those of the query that `self` stands in, less for queries inside it, more for queries around it.
    pub fn update(&mut self, depth: i32, change: &mut dyn FnMut(&mut Expr, i32)) {
        change(self, depth);
        match self {
            Expr::Column { .. }
            | Expr::Value(_)
            | Expr::Selected(_)
            | Expr::Derived { .. }
            | Expr::Joined { .. }
            | Expr::Invalid(..)
            | Expr::Proposed { .. } => {}
            Expr::Outer(levels, inner) => inner.update(depth + i32::from(*levels), change),
            Expr::Binary(_, left, right) => {
                left.update(depth, change);
                right.update(depth, change);
            }
            Expr::And(all) | Expr::Or(all) | Expr::Row(all) | Expr::Call(_, all) | Expr::InRows(all, _) => {
                all.iter_mut().for_each(|expr| expr.update(depth, change))
            }
            Expr::InQuery(on, select) => {
                on.iter_mut().for_each(|expr| expr.update(depth, change));
                select.update(depth - 1, change);
            }
            Expr::Not(inner)
            | Expr::Negate(inner)
            | Expr::IsNull(inner)
            | Expr::In(inner, _)
            | Expr::Cast(inner, _) => inner.update(depth, change),
            Expr::Like { on, pattern, .. } | Expr::Regex { on, pattern, .. } => {
                on.update(depth, change);
                pattern.update(depth, change);
            }
            Expr::Aggregate(of) => of.update(depth, change),
            Expr::Window(windowed) => windowed.update(depth, change),
            Expr::Case { branches, otherwise } => {
                for (condition, value) in branches {
                    condition.update(depth, change);
                    value.update(depth, change);
                }
                otherwise.iter_mut().for_each(|expr| expr.update(depth, change));
            }
            Expr::Exists(select) | Expr::Scalar(select) => select.update(depth - 1, change),
            Expr::Raw { parts, .. } => parts.iter_mut().for_each(|expr| expr.update(depth, change)),
        }
    }
}
