//! Short constructors, so that a tree can be built in code as easily as it is written.

use super::{BinaryOp, Expr, Function, IndexPart, Nulls, Value};

impl Expr {
    /// A field by its name.
    pub fn field(name: impl Into<String>) -> Self {
        Expr::Field(name.into())
    }

    /// A constant.
    pub fn value(value: impl Into<Value>) -> Self {
        Expr::Value(value.into())
    }

    /// A function call; the number of arguments is checked when it is parsed or rendered.
    pub fn call(function: Function, args: impl IntoIterator<Item = Expr>) -> Self {
        Expr::Call { function, args: args.into_iter().collect() }
    }

    /// `self op other`
    pub fn binary(self, op: BinaryOp, other: impl Into<Expr>) -> Self {
        Expr::Binary { op, left: Box::new(self), right: Box::new(other.into()) }
    }

    /// `self and other`
    pub fn and(self, other: impl Into<Expr>) -> Self {
        self.binary(BinaryOp::And, other)
    }

    /// `self or other`
    pub fn or(self, other: impl Into<Expr>) -> Self {
        self.binary(BinaryOp::Or, other)
    }

    /// `not self`
    #[allow(clippy::should_implement_trait)] // reads as the notation does
    pub fn not(self) -> Self {
        Expr::Not(Box::new(self))
    }

    /// `self = other`
    pub fn eq(self, other: impl Into<Expr>) -> Self {
        self.binary(BinaryOp::Eq, other)
    }

    /// `self != other`
    pub fn ne(self, other: impl Into<Expr>) -> Self {
        self.binary(BinaryOp::Ne, other)
    }

    /// `self < other`
    pub fn lt(self, other: impl Into<Expr>) -> Self {
        self.binary(BinaryOp::Lt, other)
    }

    /// `self <= other`
    pub fn le(self, other: impl Into<Expr>) -> Self {
        self.binary(BinaryOp::Le, other)
    }

    /// `self > other`
    pub fn gt(self, other: impl Into<Expr>) -> Self {
        self.binary(BinaryOp::Gt, other)
    }

    /// `self >= other`
    pub fn ge(self, other: impl Into<Expr>) -> Self {
        self.binary(BinaryOp::Ge, other)
    }

    /// `self is null`
    pub fn is_null(self) -> Self {
        Expr::IsNull { expr: Box::new(self), negated: false }
    }

    /// `self is not null`
    pub fn is_not_null(self) -> Self {
        Expr::IsNull { expr: Box::new(self), negated: true }
    }

    /// `self in (..)`
    pub fn is_in<T: Into<Expr>>(self, list: impl IntoIterator<Item = T>) -> Self {
        Expr::In { expr: Box::new(self), list: list.into_iter().map(Into::into).collect(), negated: false }
    }

    /// `self between low and high`
    pub fn between(self, low: impl Into<Expr>, high: impl Into<Expr>) -> Self {
        Expr::Between { expr: Box::new(self), low: Box::new(low.into()), high: Box::new(high.into()), negated: false }
    }

    /// `self like pattern`
    pub fn like(self, pattern: impl Into<String>) -> Self {
        Expr::Like { expr: Box::new(self), pattern: pattern.into(), fold: false, negated: false }
    }
}

impl<T: Into<Value>> From<T> for Expr {
    fn from(value: T) -> Self {
        Expr::Value(value.into())
    }
}

impl IndexPart {
    /// A field, ascending.
    pub fn field_asc(name: impl Into<String>) -> Self {
        IndexPart::from(Expr::field(name))
    }

    /// The same part, descending.
    pub fn desc(mut self) -> Self {
        self.descending = true;
        self
    }

    /// The same part with NULLs at a given end.
    pub fn nulls(mut self, nulls: Nulls) -> Self {
        self.nulls = Some(nulls);
        self
    }
}

impl From<Expr> for IndexPart {
    fn from(expr: Expr) -> Self {
        IndexPart { expr, descending: false, nulls: None, opclass: None }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(text)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Value::Bool(truth)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Value::Int(number)
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Value::Int(number.into())
    }
}
