//! The tree of an expression, and the closed list of functions.

use crate::condition::Value;

/// An expression over the fields of one model.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Expr {
    /// A constant.
    Value(Value),
    /// A field of the model, by its name (not its column).
    Field(String),
    /// `not x`
    Not(Box<Expr>),
    /// `-(x)`
    Negate(Box<Expr>),
    /// `left op right`
    Binary {
        /// The operator.
        op: BinaryOp,
        /// Its left side.
        left: Box<Expr>,
        /// Its right side.
        right: Box<Expr>,
    },
    /// `x is null`, `x is not null`
    IsNull {
        /// What is tested.
        expr: Box<Expr>,
        /// `is not null`
        negated: bool,
    },
    /// `x in (..)`, `x not in (..)`
    In {
        /// What is looked for.
        expr: Box<Expr>,
        /// Where.
        list: Vec<Expr>,
        /// `not in`
        negated: bool,
    },
    /// `x between low and high`, both ends included
    Between {
        /// What is tested.
        expr: Box<Expr>,
        /// The lower end.
        low: Box<Expr>,
        /// The upper end.
        high: Box<Expr>,
        /// `not between`
        negated: bool,
    },
    /// `x like 'a%'`: `%` stands for any text, `_` for one character, a backslash takes the next
    /// character as it is
    Like {
        /// The text that is tested.
        expr: Box<Expr>,
        /// The pattern.
        pattern: String,
        /// `ilike`: folds case
        fold: bool,
        /// `not like`
        negated: bool,
    },
    /// `case when a then b .. else c end`
    Case {
        /// Pairs of condition and result.
        when: Vec<(Expr, Expr)>,
        /// The result when no condition holds; NULL without it.
        otherwise: Option<Box<Expr>>,
    },
    /// `lower(x)`
    Call {
        /// Which function.
        function: Function,
        /// Its arguments.
        args: Vec<Expr>,
    },
}

/// Operators with two sides, loosest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BinaryOp {
    /// `or`
    Or,
    /// `and`
    And,
    /// `=`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `||`
    Concat,
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`
    Mod,
}

impl BinaryOp {
    /// How the operator is written.
    pub fn as_str(self) -> &'static str {
        match self {
            BinaryOp::Or => "or",
            BinaryOp::And => "and",
            BinaryOp::Eq => "=",
            BinaryOp::Ne => "!=",
            BinaryOp::Lt => "<",
            BinaryOp::Le => "<=",
            BinaryOp::Gt => ">",
            BinaryOp::Ge => ">=",
            BinaryOp::Concat => "||",
            BinaryOp::Add => "+",
            BinaryOp::Sub => "-",
            BinaryOp::Mul => "*",
            BinaryOp::Div => "/",
            BinaryOp::Mod => "%",
        }
    }

    /// Binding strength; `not` is 3.
    pub(crate) fn level(self) -> u8 {
        match self {
            BinaryOp::Or => 1,
            BinaryOp::And => 2,
            BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => 4,
            BinaryOp::Concat | BinaryOp::Add | BinaryOp::Sub => 5,
            BinaryOp::Mul | BinaryOp::Div | BinaryOp::Mod => 6,
        }
    }
}

macro_rules! functions {
    ($($(#[doc = $doc:literal])+ $variant:ident $name:literal $min:literal..=$max:literal;)+) => {
        /// Functions that mean the same on every database.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Function { $($(#[doc = $doc])+ $variant,)+ }

        impl Function {
            /// All functions.
            pub const ALL: &'static [Function] = &[$(Function::$variant),+];

            /// The name in the notation.
            pub fn name(self) -> &'static str {
                match self { $(Function::$variant => $name,)+ }
            }

            /// The least and greatest number of arguments.
            pub fn arity(self) -> (usize, usize) {
                match self { $(Function::$variant => ($min, $max),)+ }
            }
        }
    };
}

functions! {
    /// `lower(text)`
    Lower "lower" 1..=1;
    /// `upper(text)`
    Upper "upper" 1..=1;
    /// `length(text)`, in characters
    Length "length" 1..=1;
    /// `trim(text)`: blanks at both ends
    Trim "trim" 1..=1;
    /// `ltrim(text)`
    Ltrim "ltrim" 1..=1;
    /// `rtrim(text)`
    Rtrim "rtrim" 1..=1;
    /// `replace(text, old, new)`
    Replace "replace" 3..=3;
    /// `substr(text, start)`, `substr(text, start, length)`; the first character is 1
    Substr "substr" 2..=3;
    /// `concat(a, b, ..)`: a NULL counts as empty text
    Concat "concat" 1..=64;
    /// `startswith(text, prefix)`
    StartsWith "startswith" 2..=2;
    /// `endswith(text, suffix)`
    EndsWith "endswith" 2..=2;
    /// `contains(text, part)`
    Contains "contains" 2..=2;
    /// `istartswith(text, prefix)`
    IStartsWith "istartswith" 2..=2;
    /// `iendswith(text, suffix)`
    IEndsWith "iendswith" 2..=2;
    /// `icontains(text, part)`
    IContains "icontains" 2..=2;
    /// `iexact(text, other)`
    IExact "iexact" 2..=2;
    /// `coalesce(a, b, ..)`: the first that is not NULL
    Coalesce "coalesce" 2..=64;
    /// `nullif(a, b)`
    NullIf "nullif" 2..=2;
    /// `greatest(a, b, ..)`
    Greatest "greatest" 2..=64;
    /// `least(a, b, ..)`
    Least "least" 2..=64;
    /// `abs(number)`
    Abs "abs" 1..=1;
    /// `round(number)`, `round(number, digits)`
    Round "round" 1..=2;
    /// `floor(number)`
    Floor "floor" 1..=1;
    /// `ceil(number)`
    Ceil "ceil" 1..=1;
    /// `now()`: the moment of the statement, UTC
    Now "now" 0..=0;
    /// `today()`: the date of the statement, UTC
    Today "today" 0..=0;
    /// `new_uuid()`: a random UUID for each row
    NewUuid "new_uuid" 0..=0;
    /// `year(date)`
    Year "year" 1..=1;
    /// `month(date)`
    Month "month" 1..=1;
    /// `day(date)`
    Day "day" 1..=1;
    /// `hour(time)`
    Hour "hour" 1..=1;
    /// `minute(time)`
    Minute "minute" 1..=1;
    /// `second(time)`, whole seconds
    Second "second" 1..=1;
    /// `to_text(x)`
    ToText "to_text" 1..=1;
    /// `to_integer(x)`
    ToInteger "to_integer" 1..=1;
}

/// Where NULLs stand in an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Nulls {
    /// Before all values.
    First,
    /// After all values.
    Last,
}

/// One part of an index or unique constraint: `published desc`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IndexPart {
    /// A field, or an expression.
    pub expr: Expr,
    /// Largest first.
    pub descending: bool,
    /// Where NULLs stand; the database's choice without it.
    pub nulls: Option<Nulls>,
    /// A PostgreSQL operator class; other databases leave it out.
    pub opclass: Option<String>,
}

impl IndexPart {
    /// The plain field of this part, if it is one.
    pub fn field(&self) -> Option<&str> {
        match &self.expr {
            Expr::Field(name) => Some(name),
            _ => None,
        }
    }
}

impl Expr {
    /// The expressions that this one is made of.
    pub(super) fn parts(&self) -> Vec<&Expr> {
        match self {
            Expr::Value(_) | Expr::Field(_) => Vec::new(),
            Expr::Not(expr) | Expr::Negate(expr) | Expr::IsNull { expr, .. } | Expr::Like { expr, .. } => vec![expr],
            Expr::Binary { left, right, .. } => vec![left, right],
            Expr::In { expr, list, .. } => std::iter::once(&**expr).chain(list).collect(),
            Expr::Between { expr, low, high, .. } => vec![expr, low, high],
            Expr::Case { when, otherwise } => {
                let pairs = when.iter().flat_map(|(condition, result)| [condition, result]);
                pairs.chain(otherwise.as_deref()).collect()
            }
            Expr::Call { args, .. } => args.iter().collect(),
        }
    }

    /// Calls `visit` for this expression and everything in it.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        visit(self);
        self.parts().into_iter().for_each(|part| part.walk(visit));
    }

    /// The fields in it, each once, in order of appearance.
    pub fn fields(&self) -> Vec<&str> {
        let mut fields = Vec::new();
        self.walk(&mut |expr| {
            if let Expr::Field(name) = expr
                && !fields.contains(&name.as_str())
            {
                fields.push(name.as_str());
            }
        });
        fields
    }

    /// Whether it is a constant, the same for every row and at any time.
    pub fn is_constant(&self) -> bool {
        self.fields().is_empty() && !self.mentions_moment()
    }

    /// Whether it gives another value each time, for the same row.
    pub(crate) fn mentions_moment(&self) -> bool {
        let mut found = false;
        self.walk(&mut |expr| {
            found |= matches!(expr, Expr::Call { function: Function::Now | Function::Today | Function::NewUuid, .. });
        });
        found
    }

    /// Renames every field by `rename`, in place.
    pub fn rename_fields(&mut self, rename: &mut dyn FnMut(&mut String)) {
        match self {
            Expr::Value(_) => {}
            Expr::Field(name) => rename(name),
            Expr::Not(expr) | Expr::Negate(expr) | Expr::IsNull { expr, .. } | Expr::Like { expr, .. } => {
                expr.rename_fields(rename)
            }
            Expr::Binary { left, right, .. } => {
                left.rename_fields(rename);
                right.rename_fields(rename);
            }
            Expr::In { expr, list, .. } => {
                expr.rename_fields(rename);
                list.iter_mut().for_each(|item| item.rename_fields(rename));
            }
            Expr::Between { expr, low, high, .. } => {
                expr.rename_fields(rename);
                low.rename_fields(rename);
                high.rename_fields(rename);
            }
            Expr::Case { when, otherwise } => {
                for (condition, result) in when {
                    condition.rename_fields(rename);
                    result.rename_fields(rename);
                }
                if let Some(otherwise) = otherwise {
                    otherwise.rename_fields(rename);
                }
            }
            Expr::Call { args, .. } => args.iter_mut().for_each(|arg| arg.rename_fields(rename)),
        }
    }
}
