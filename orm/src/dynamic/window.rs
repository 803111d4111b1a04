//! Windows by name: functions over the rows around each row.

use super::{
    Node, Order, Term, aggregate, functions,
    literal::{Family, called},
    names,
    scope::{Built, Scope, bad},
    term::{self, path},
};
use crate::{
    Kind, Result, Value,
    tree::{self, Bound, Expr, FrameUnit, Function, Windowed},
};
use serde::{Deserialize, Serialize};

/// The rows that a function of a window looks at: those that are alike in some values, in an order, or only some around each.
///
/// What follows in a query is about the rows as they are, those that the window saw: a filter on what it gives can be written.
///
/// ```
/// # use library::*;
/// use orm::dynamic::{Catalog, Query, Window, call, path};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// // The dearest book of each author.
/// let place = call("row_number", []).over(Window::new().partition_by(["author"]).order_by(["-price"]));
/// let query = Query::of("library.Book").annotate("place", place).filter("place", 1).order_by(["title"]).values(["title"]);
/// let rows = Catalog::new().app(library()).check(&query)?.all(&db).await?;
/// assert_eq!(serde_json::to_string(&rows).unwrap(), r#"[{"title":"Compilers"},{"title":"Notes"}]"#);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Only rows that are alike in these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partition_by: Vec<Key>,
    /// Their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub order_by: Vec<Order>,
    /// Which of them around each row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame: Option<Frame>,
    /// Which of these are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without: Option<Without>,
}

/// Which rows of a frame are left out. MariaDB and MySQL cannot do it.
///
/// ```
/// use orm::dynamic::Without;
/// assert_eq!(serde_json::to_string(&Without::Others).unwrap(), r#""others""#);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Without {
    /// The row itself.
    Current,
    /// The row itself, and those that are equal to it in the order.
    Equals,
    /// Those that are equal to it in the order, but not the row itself.
    Others,
}

/// What the rows of a window are alike in: a path, or a term.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Key {
    /// A field by its path.
    Path(String),
    /// A term.
    Term(Term),
}

impl<T: Into<String>> From<T> for Key {
    fn from(path: T) -> Key {
        Key::Path(path.into())
    }
}

impl From<Term> for Key {
    fn from(term: Term) -> Key {
        Key::Term(term)
    }
}

/// Which rows of a window around each row: from one place to another, both part of it. Less than 0 is before the row, 0 the row
/// itself, and nothing the first or the last one.
///
/// ```
/// use orm::dynamic::Frame;
/// assert_eq!(serde_json::to_string(&Frame::Rows(None, Some(0))).unwrap(), r#"{"rows":[null,0]}"#);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Frame {
    /// So many rows.
    Rows(Option<i64>, Option<i64>),
    /// So far in the value that is ordered by, which is a number.
    Range(Option<i64>, Option<i64>),
}

impl Window {
    /// All rows of the query.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query, Window, path, sum};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let share = path("views") * 100 / sum(path("views")).over(Window::new());
    /// let query = Query::of("library.Book").annotate("share", share).order_by(["id"]).values(["share"]);
    /// let row = Catalog::new().app(library()).check(&query)?.first(&db).await?.unwrap();
    /// assert_eq!(row["share"], orm::Value::I64(22));
    /// # Ok(()) }
    /// ```
    pub fn new() -> Window {
        Window::default()
    }

    /// Only the rows that are alike in these.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query, Window, count};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let beside = count().over(Window::new().partition_by(["author__name"]));
    /// let query = Query::of("library.Book").annotate("beside", beside).order_by(["id"]).values(["beside"]);
    /// assert_eq!(Catalog::new().app(library()).check(&query)?.all(&db).await?[0]["beside"], orm::Value::I64(2));
    /// # Ok(()) }
    /// ```
    pub fn partition_by<K: Into<Key>>(mut self, keys: impl IntoIterator<Item = K>) -> Window {
        self.partition_by = keys.into_iter().map(Into::into).collect();
        self
    }

    /// In this order: an aggregate is then one of the rows up to each and its equals, unless a frame says which.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query, Window, path, sum};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let running = sum(path("views")).over(Window::new().order_by(["id"]));
    /// let query = Query::of("library.Book").annotate("running", running).order_by(["id"]).values(["running"]);
    /// assert_eq!(Catalog::new().app(library()).check(&query)?.all(&db).await?[1]["running"], orm::Value::I64(40));
    /// # Ok(()) }
    /// ```
    pub fn order_by<O: Into<Order>>(mut self, keys: impl IntoIterator<Item = O>) -> Window {
        self.order_by = keys.into_iter().map(Into::into).collect();
        self
    }

    /// Only these rows around each.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Frame, Query, Window, path, sum};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let near = sum(path("views")).over(Window::new().order_by(["id"]).frame(Frame::Rows(Some(-1), Some(1))));
    /// let query = Query::of("library.Book").annotate("near", near).order_by(["id"]).values(["near"]);
    /// assert_eq!(Catalog::new().app(library()).check(&query)?.all(&db).await?[3]["near"], orm::Value::I64(5));
    /// # Ok(()) }
    /// ```
    pub fn frame(mut self, frame: Frame) -> Window {
        self.frame = Some(frame);
        self
    }

    /// Of the frame's rows all but some; without a frame, of those up to each row and its equals.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Frame, Query, Window, Without, path, sum};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let window = Window::new().order_by(["id"]).frame(Frame::Rows(None, None)).without(Without::Current);
    /// let query = Query::of("library.Book").annotate("others", sum(path("views")).over(window)).order_by(["id"]).values(["others"]);
    /// assert_eq!(Catalog::new().app(library()).check(&query)?.all(&db).await?[0]["others"], orm::Value::I64(35));
    /// # Ok(()) }
    /// ```
    pub fn without(mut self, rows: Without) -> Window {
        self.without = Some(rows);
        self
    }

    /// The terms in it.
    pub(super) fn terms(&self) -> impl Iterator<Item = &Term> {
        let keys = self.partition_by.iter().filter_map(|key| match key {
            Key::Term(term) => Some(term),
            Key::Path(_) => None,
        });
        keys.chain(self.order_by.iter().filter_map(|order| match order {
            Order::Term { by, .. } => Some(by),
            Order::Path(_) => None,
        }))
    }

    /// The paths in it.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        let keys = self.partition_by.iter().filter_map(|key| match key {
            Key::Path(path) => Some(path.as_str()),
            Key::Term(_) => None,
        });
        keys.chain(self.order_by.iter().filter_map(|order| match order {
            Order::Path(path) => Some(path.as_str()),
            Order::Term { .. } => None,
        }))
    }
}

/// What a function of a window takes.
#[derive(Clone, Copy, PartialEq)]
enum Takes {
    Nothing,
    /// Into how many parts the rows are dealt out.
    Parts,
    /// A value of a row.
    Value,
    /// A value, and which row of the frame it is of.
    Place,
    /// A value, how far away its row is, and what stands where there is none.
    Neighbour,
}

const FUNCTIONS: &[(&str, Function, Takes)] = &[
    ("row_number", Function::RowNumber, Takes::Nothing),
    ("rank", Function::Rank, Takes::Nothing),
    ("dense_rank", Function::DenseRank, Takes::Nothing),
    ("percent_rank", Function::PercentRank, Takes::Nothing),
    ("cume_dist", Function::CumeDist, Takes::Nothing),
    ("ntile", Function::Ntile, Takes::Parts),
    ("first_value", Function::FirstValue, Takes::Value),
    ("last_value", Function::LastValue, Takes::Value),
    ("nth_value", Function::NthValue, Takes::Place),
    ("lag", Function::Lag, Takes::Neighbour),
    ("lead", Function::Lead, Takes::Neighbour),
];

/// Whether a name is that of a function which needs a window.
pub(super) fn is_known(name: &str) -> bool {
    FUNCTIONS.iter().any(|(known, ..)| *known == name)
}

/// The window, built in its query.
struct Over {
    partition: Vec<Expr>,
    order: Vec<tree::Order>,
    frame: Option<tree::Frame>,
}

impl Over {
    fn of(&self, call: Built) -> Result<Built> {
        let kind = call.kind;
        let window = Windowed {
            call: call.expr,
            partition: self.partition.clone(),
            order: self.order.clone(),
            frame: self.frame.clone(),
        };
        if inner(&window) {
            return Err(bad("a window is asked of a window").with_hint("name it by `annotate`, filter, and go on"));
        }
        Ok(Built::new(Expr::Window(Box::new(window)), kind))
    }
}

/// Whether a window stands inside a window.
fn inner(window: &Windowed) -> bool {
    let order = window.order.iter().map(|order| &order.expr);
    [&window.call].into_iter().chain(&window.partition).chain(order).any(Expr::has_window)
}

/// A function or an aggregate over the rows of a window.
pub(super) fn build(scope: &Scope<'_>, of: &Term, window: &Window) -> Result<Built> {
    let over = over(scope, window)?;
    let Term::Node(node) = of else { return Err(nothing()) };
    match &**node {
        Node::Aggregate(asked) => {
            let built = over.of(aggregate::bare_aggregate(scope, asked)?)?;
            aggregate::or_default(scope, asked, built)
        }
        Node::Call(name, arguments) => function(scope, &over, name, arguments),
        _ => Err(nothing()),
    }
}

fn nothing() -> crate::Error {
    bad("over a window stands neither a function of windows nor an aggregate")
        .with_hint("write a call such as `row_number`, or an aggregate")
}

fn over(scope: &Scope<'_>, window: &Window) -> Result<Over> {
    let mut partition = Vec::with_capacity(window.partition_by.len());
    for key in &window.partition_by {
        match key {
            Key::Path(name) => partition.extend(scope.keys(name)?),
            Key::Term(term) => partition.push(scope.term(term, None)?.selected().expr),
        }
    }
    let order = scope.order(&window.order_by)?;
    let asked = window.frame.or(window.without.map(|_| Frame::Range(None, Some(0))));
    let frame = asked.map(|frame| built_frame(scope, window, frame)).transpose()?;
    Ok(Over { partition, order, frame })
}

fn built_frame(scope: &Scope<'_>, window: &Window, frame: Frame) -> Result<tree::Frame> {
    let (unit, start, end) = match frame {
        Frame::Rows(start, end) => (FrameUnit::Rows, start, end),
        Frame::Range(start, end) => (FrameUnit::Range, start, end),
    };
    if [start, end].into_iter().flatten().any(|place| i32::try_from(place).is_err()) {
        return Err(bad("a frame reaches further than there are rows"));
    }
    if start.zip(end).is_some_and(|(start, end)| start > end) {
        return Err(bad("a frame ends before it begins"));
    }
    let is_far = [start, end].into_iter().flatten().any(|place| place != 0);
    if unit == FrameUnit::Range && is_far {
        let number = match &window.order_by[..] {
            [Order::Path(name)] => scope.term(&path(name.trim_start_matches(['-', '+'])), None)?.family(),
            [Order::Term { by, .. }] => scope.term(by, None)?.family(),
            _ => return Err(bad("a frame by `range` needs one order key")),
        };
        if number != Family::Number {
            return Err(bad("a frame by `range` needs a number as its order key").with_hint("count rows: `rows`"));
        }
    }
    let bound = |place: Option<i64>, open: Bound| match place {
        None => open,
        Some(0) => Bound::Current,
        Some(place) if place < 0 => Bound::Before(place.unsigned_abs()),
        Some(place) => Bound::After(place.unsigned_abs()),
    };
    let without = window.without.map(|rows| match rows {
        Without::Current => tree::Without::Current,
        Without::Equals => tree::Without::Equals,
        Without::Others => tree::Without::Others,
    });
    Ok(tree::Frame { unit, start: bound(start, Bound::First), end: bound(end, Bound::Last), without })
}

fn function(scope: &Scope<'_>, over: &Over, name: &str, arguments: &[Term]) -> Result<Built> {
    let Some(&(_, function, takes)) = FUNCTIONS.iter().find(|(known, ..)| *known == name) else {
        return Err(names::unknown("a function of windows", name, FUNCTIONS.iter().map(|(name, ..)| *name)));
    };
    let call = |arguments: Vec<Expr>, kind| over.of(Built::new(Expr::Call(function, arguments), kind));
    let value = |term: &Term| scope.term(term, None).map(Built::selected);
    match (takes, arguments) {
        (Takes::Nothing, []) => {
            let share = matches!(function, Function::PercentRank | Function::CumeDist);
            call(Vec::new(), if share { Kind::F64 } else { Kind::I64 })
        }
        (Takes::Parts, [parts]) => call(vec![number(name, parts, 1)?], Kind::I64),
        (Takes::Value, [of]) => {
            let of = value(of)?;
            call(vec![of.expr], of.kind)
        }
        (Takes::Place, [of, place]) => {
            let of = value(of)?;
            call(vec![of.expr, number(name, place, 1)?], of.kind)
        }
        (Takes::Neighbour, [of, rest @ ..]) if rest.len() < 3 => {
            let of = value(of)?;
            let far = match rest.first() {
                Some(far) => number(name, far, 0)?,
                None => Expr::Value(Value::I32(1)),
            };
            let there = call(vec![of.expr, far.clone()], of.kind)?;
            let Some(default) = rest.get(1) else { return Ok(there) };
            let default = functions::widen(scope.term(default, Some(of.kind))?, of.kind);
            if default.family() != there.family() {
                return Err(bad(format!(
                    "`{name}` gives {}, and its default is {}",
                    called(of.kind),
                    called(default.kind)
                )));
            }
            // Whether there is such a row: its value may be NULL as well.
            let row = call(vec![Expr::Value(Value::I32(1)), far], Kind::I32)?;
            let branches = vec![(Expr::IsNull(Box::new(row.expr)), default.expr)];
            Ok(Built::new(Expr::Case { branches, otherwise: Some(Box::new(there.expr)) }, of.kind))
        }
        _ => {
            let wanted = match takes {
                Takes::Nothing => "no argument",
                Takes::Parts => "a number",
                Takes::Value => "a value",
                Takes::Place => "a value and a number",
                Takes::Neighbour => "a value, and perhaps a number and a default",
            };
            Err(bad(format!("`{name}` takes {wanted}, and {} arguments are given", arguments.len())))
        }
    }
}

/// A plain number: no database takes anything else there.
fn number(name: &str, term: &Term, least: i64) -> Result<Expr> {
    let number = match term {
        Term::Value(json) => json.as_i64().filter(|number| *number >= least),
        _ => None,
    };
    match number.and_then(|number| i32::try_from(number).ok()) {
        Some(number) => Ok(Expr::Value(Value::I32(number))),
        None => Err(bad(format!("`{name}` takes a plain number from {least} on there"))),
    }
}

impl Term {
    /// This function or aggregate over the rows of a window.
    ///
    /// ```
    /// use orm::dynamic::{Window, call};
    /// let rank = call("rank", []).over(Window::new().order_by(["-price"]));
    /// assert_eq!(serde_json::to_string(&rank).unwrap(), r#"{"window":[{"call":["rank",[]]},{"order_by":["-price"]}]}"#);
    /// ```
    pub fn over(self, window: Window) -> Term {
        term::Node::Window(self, window).into()
    }
}
