//! Keyset pagination: the rows after the last one seen, however many came before it.

use super::{
    QuerySet,
    load::value_of,
    selection::Row,
    terminals::{Fetch, read_all},
};
use crate::{
    Access, Code, Connection, Error, Executor, Kind, Model, Operation, Result, Value, compile,
    tree::{BinaryOp, Expr, Order, Select, Selected},
    value::base64,
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr, sync::Arc};

/// Where a page of an ordered query ended: the values of its order keys in the last row.
///
/// It has a short text form for URLs ([`Display`](fmt::Display), [`FromStr`], serde). The text is not signed: whoever holds it can
/// read those values, and can make one up; it can only ever choose where a page begins.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let first = Book::objects().page_after(None, 3, &db).await?;
/// let text = first.next.unwrap().to_string(); // for a link to the next page
/// let next = Book::objects().page_after(Some(&text.parse()?), 3, &db).await?;
/// assert_eq!(next.rows[0].title, "Sketches");
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Cursor {
    /// Tells the orderings of queries apart.
    order: u32,
    values: Vec<serde_json::Value>,
}

/// Rows of a query, and where to go on.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let page = Book::objects().page_after(None, 10, &db).await?;
/// assert_eq!((page.rows.len(), page.next), (4, None));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CursorPage<O> {
    /// The rows.
    pub rows: Vec<O>,
    /// What gives the page after this one; `None` on the last.
    pub next: Option<Cursor>,
}

impl<M: Model, O: Row> QuerySet<M, O> {
    /// The first `size` rows, or those after a cursor: as quick on the thousandth page as on the first, and steady while rows are
    /// added and removed.
    ///
    /// The query's order counts, completed by the key; a model that has none is ordered by its key.
    ///
    /// SQL: `WHERE (published < ? OR published = ? AND id < ?) ORDER BY published DESC, id DESC LIMIT ?`.
    ///
    /// # Errors
    /// [`Code::BadQuery`] for a query that is grouped, distinct or sliced; [`Code::InvalidValue`] for a cursor of another query.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let books = Book::objects().order_by(|b| b.views.desc());
    /// let first = books.clone().page_after(None, 3, &db).await?;
    /// assert_eq!(first.rows[0].title, "Compilers");
    /// let second = books.page_after(first.next.as_ref(), 3, &db).await?;
    /// assert_eq!((second.rows[0].title.as_str(), second.next), ("COBOL", None));
    /// # Ok(()) }
    /// ```
    pub async fn page_after<E: Executor>(self, cursor: Option<&Cursor>, size: u64, ex: &E) -> Result<CursorPage<O>> {
        let mut query = self;
        if query.select().has_window() {
            // A window is over the rows of all pages.
            query.select_mut().derive();
        }
        let select = query.select();
        if !select.is_read_by_keys() || select.is_sliced() {
            let why = "a query that is grouped, distinct, sliced, made of values or of a model without a key, or in the order of chance, has no pages by cursor";
            let error = Error::new(Code::BadQuery, why);
            return Err(error.with_hint("use `.page(number, size, ..)`"));
        }
        if size == 0 {
            return Err(Error::new(Code::BadQuery, "a page holds at least one row"));
        }
        let keyset = Keyset::of(select, ex.dialect())?;
        let position = cursor.map(|cursor| keyset.read(cursor)).transpose()?;
        let (rows, last, more) = query.rows_after(&keyset, position.as_deref(), size, ex).await?;
        let next = if more { Some(keyset.cursor(&last)) } else { None };
        Ok(CursorPage { rows, next })
    }

    /// At most `size` rows after a position, the position of the last, and whether more follow.
    pub(super) async fn rows_after<E: Executor>(
        &self,
        keyset: &Keyset,
        position: Option<&[Value]>,
        size: u64,
        ex: &E,
    ) -> Result<(Vec<O>, Vec<Value>, bool)> {
        let mut select = self.select().clone();
        select.order.clone_from(&keyset.order);
        select.default_order = false;
        if let Some(position) = position {
            select.add_filter(keyset.after(position));
        }
        // One row more tells whether there are more.
        select.limit = Some(size.saturating_add(1));
        select.selection.extend(keyset.exprs.iter().cloned().map(Selected::Expr));
        let fetch = self.fetch_as(&select, ex.dialect())?;
        ex.run(FetchAfter { fetch, kinds: keyset.kinds.clone(), size: usize::try_from(size).unwrap_or(usize::MAX) })
            .await
    }
}

/// The total order of a query, with what is needed to go on after a row.
#[derive(Clone)]
pub(super) struct Keyset {
    order: Vec<Order>,
    /// What is ordered by, whole.
    exprs: Vec<Expr>,
    kinds: Arc<[Kind]>,
    /// Tells the orders of queries apart.
    fingerprint: u32,
}

impl Keyset {
    pub(super) fn of(select: &Select, dialect: crate::Dialect) -> Result<Keyset> {
        let order = compile::effective_order(select, true).into_owned();
        let exprs: Vec<Expr> = order.iter().map(|order| order.expr.clone().with_selected(&select.selection)).collect();
        let kinds = exprs.iter().map(|expr| {
            compile::kind(expr, dialect).ok_or_else(|| {
                Error::new(
                    Code::BadQuery,
                    "the type of an order key is not known, so that no page can end at its value",
                )
                .with_hint("order by a field, or by an expression of the library's own")
            })
        });
        let kinds: Arc<[Kind]> = kinds.collect::<Result<_>>()?;
        if kinds.contains(&Kind::Json) && dialect != crate::Dialect::Postgres {
            return Err(Error::new(
                Code::Unsupported,
                format!("{dialect} has an order of documents, and no comparison by which a page could go on after one"),
            )
            .with_hint(
                "order by a value of the document, `d.data.key(..)` as a text or a number, or by pages with `offset`",
            ));
        }
        let fingerprint = fingerprint(&order, &exprs, select)?;
        Ok(Keyset { order, exprs, kinds, fingerprint })
    }

    /// The condition of standing after a row with these values.
    fn after(&self, values: &[Value]) -> Expr {
        let mut equal = Expr::And(Vec::new());
        let mut any = Vec::new();
        for ((order, expr), value) in self.order.iter().zip(&self.exprs).zip(values) {
            let is_null = || Expr::IsNull(Box::new(expr.clone()));
            let nulls_first = order.nulls_first.unwrap_or(order.descending);
            let op = if order.descending { BinaryOp::Lt } else { BinaryOp::Gt };
            let beyond = match (value.is_null(), nulls_first) {
                (true, true) => Expr::Not(Box::new(is_null())),
                (true, false) => Expr::Or(Vec::new()),
                (false, true) => expr.clone().binary(op, Expr::Value(value.clone())),
                (false, false) if may_be_null(expr) => {
                    expr.clone().binary(op, Expr::Value(value.clone())).or(is_null())
                }
                (false, false) => expr.clone().binary(op, Expr::Value(value.clone())),
            };
            any.push(equal.clone().and(beyond));
            equal = equal.and(match value.is_null() {
                true => is_null(),
                false => expr.clone().binary(BinaryOp::Eq, Expr::Value(value.clone())),
            });
        }
        Expr::Or(any)
    }

    fn cursor(&self, values: &[Value]) -> Cursor {
        Cursor { order: self.fingerprint, values: values.iter().map(Value::to_json).collect() }
    }

    fn read(&self, cursor: &Cursor) -> Result<Vec<Value>> {
        if cursor.order != self.fingerprint || cursor.values.len() != self.kinds.len() {
            return Err(Error::new(Code::InvalidValue, "the cursor belongs to a query with another order")
                .with_hint("begin with the first page when the order changes"));
        }
        cursor
            .values
            .iter()
            .zip(&*self.kinds)
            .map(|(json, &kind)| Value::from_json(json, kind).map_err(|_| bad_cursor()))
            .collect()
    }
}

/// The same for the same order in every program and at every time: of names, and of SQL where there are none.
fn fingerprint(order: &[Order], exprs: &[Expr], select: &Select) -> Result<u32> {
    let mut text = String::new();
    for (order, expr) in order.iter().zip(exprs) {
        match expr {
            Expr::Column { path, model, column } => {
                text.push_str(&format!("{}#{}", select.model.label(), path.source));
                path.steps.iter().for_each(|step| {
                    text.push('.');
                    text.push_str(&step.model.fields[usize::from(step.field)].name);
                });
                text.push('.');
                text.push_str(&model.columns[usize::from(*column)].name);
            }
            expr => text.push_str(&compile::shape(select, expr)?),
        }
        text.push_str(if order.descending { " desc" } else { " asc" });
        text.push_str(match order.nulls_first {
            None => ";",
            Some(true) => " nulls first;",
            Some(false) => " nulls last;",
        });
    }
    // FNV-1a.
    Ok(text.bytes().fold(0x811c_9dc5, |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)))
}

fn may_be_null(expr: &Expr) -> bool {
    match expr {
        Expr::Column { path, model, column } => {
            path.source > 0 || !path.steps.is_empty() || model.columns[usize::from(*column)].nullable
        }
        _ => true,
    }
}

fn bad_cursor() -> Error {
    Error::new(Code::InvalidValue, "the cursor cannot be read").with_hint("take it from `next` of the page before")
}

/// Fetches rows, and the order keys that stand after each.
struct FetchAfter<O> {
    fetch: Fetch<O>,
    kinds: Arc<[Kind]>,
    size: usize,
}

impl<O: Row> Operation for FetchAfter<O> {
    type Output = (Vec<O>, Vec<Value>, bool);

    fn access(&self) -> Access {
        self.fetch.access()
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<Self::Output> {
        let (mut last, mut more, mut seen) = (Vec::new(), false, 0);
        let (kinds, size) = (self.kinds.clone(), self.size);
        let mut keys = |row: &crate::Row<'_>| -> Result<bool> {
            seen += 1;
            if seen > size {
                more = true;
                return Ok(false);
            }
            if seen == size {
                let first = row.len() - kinds.len();
                for (index, &kind) in kinds.iter().enumerate() {
                    last.push(value_of(&row.cell(first + index), kind)?);
                }
            }
            Ok(true)
        };
        let rows = read_all(&self.fetch, conn, &mut keys).await?;
        Ok((rows, last, more))
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_string(&(self.order, &self.values)).map_err(|_| fmt::Error)?;
        f.write_str(&base64::encode(json.as_bytes(), base64::URL_LETTERS, false))
    }
}

impl FromStr for Cursor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Cursor> {
        let bytes = base64::decode(text).ok_or_else(bad_cursor)?;
        let (order, values) = serde_json::from_slice(&bytes).map_err(|_| bad_cursor())?;
        Ok(Cursor { order, values })
    }
}

impl From<Cursor> for String {
    fn from(cursor: Cursor) -> String {
        cursor.to_string()
    }
}

impl TryFrom<String> for Cursor {
    type Error = Error;

    fn try_from(text: String) -> Result<Cursor> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_come_back_from_their_text() {
        for length in 0..8 {
            let values = (0..length).map(|number| serde_json::json!(["é", number])).collect();
            let cursor = Cursor { order: 7 + length, values };
            assert_eq!(cursor.to_string().parse::<Cursor>().ok(), Some(cursor));
        }
        assert_eq!("%%".parse::<Cursor>().map_err(|error| error.code()), Err(Code::InvalidValue));
        assert_eq!("AAAA".parse::<Cursor>().map_err(|error| error.code()), Err(Code::InvalidValue));
    }
}
