//! Rows that only have to be there: what a test does not say is made up.

use crate::{
    Code, Error, Executor, Kind, Model, Result, Value,
    field::At,
    model::{ChoiceValue, ColumnMeta, FieldMeta, Format, ModelMeta},
    tree::{Expr, ModelRef},
    write::{Assigns, Made, RowValues, draft_of, stored},
};
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta};
use futures_util::future::BoxFuture;
use rust_decimal::Decimal;
use std::sync::atomic::{AtomicI64, Ordering};

/// Foreign keys that lead from model to model are followed so far.
const DEPTH: usize = 16;

/// Makes rows for tests: what is not said is made up, and what a required relation leads to is made as well.
///
/// Each value that is made up is another one, so that unique keys hold; it keeps to the field's length, choices, range and format. What may
/// be NULL is, and what has a default gets it. The row itself is made as by its draft, with rules and hooks; those that it leads to are not
/// asked for theirs. A text with a `pattern`, and a column of PostgreSQL's own, have to be said.
///
/// ```
/// # use library::*;
/// use orm::testing::Make;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = empty().await?;
/// let book = Book::make(&db).await?;
/// assert!(!book.title.is_empty());
/// let ada = Author::make_with(|a| a.name.set("Ada"), &db).await?;
/// for number in 0..3 {
///     Book::make_with(|b| (b.author.set(&ada), b.views.set(number)), &db).await?;
/// }
/// assert_eq!(Book::objects().filter(|b| b.author.name.eq("Ada")).count(&db).await?, 3);
/// # Ok(()) }
/// ```
pub trait Make: Model {
    /// A row of which nothing is said.
    ///
    /// # Errors
    /// [`Code::MissingValue`] for what cannot be made up; those of a draft's `create`.
    ///
    /// ```
    /// # use library::*;
    /// use orm::testing::Make;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = empty().await?;
    /// assert_ne!(Tag::make(&db).await?.slug, Tag::make(&db).await?.slug);
    /// # Ok(()) }
    /// ```
    fn make<E: Executor>(ex: &E) -> impl Future<Output = Result<Self>> + Send {
        make::<Self, E>(Ok(vec![None; Self::meta().columns.len()]), ex)
    }

    /// A row with these values: what an update would [set](crate::Field::set).
    ///
    /// # Errors
    /// See [`make`](Make::make); [`Code::BadQuery`] for what is no value, such as `b.views + 1`.
    ///
    /// ```
    /// # use library::*;
    /// use orm::testing::Make;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = empty().await?;
    /// let tag = Tag::make_with(|t| (t.slug.set("code"), t.name.set("Code")), &db).await?;
    /// assert_eq!(tag.slug, "code");
    /// # Ok(()) }
    /// ```
    fn make_with<E, C, A>(set: C, ex: &E) -> impl Future<Output = Result<Self>> + Send
    where
        E: Executor,
        C: FnOnce(Self::Fields<At<Self>>) -> A,
        A: Assigns<Self>,
    {
        make::<Self, E>(given::<Self, A>(set(Self::fields())), ex)
    }
}

impl<M: Model> Make for M {}

fn given<M: Model, A: Assigns<M>>(assigns: A) -> Result<RowValues> {
    let mut set = Vec::new();
    assigns.add_to(&mut set)?;
    let mut values = vec![None; M::meta().columns.len()];
    for assignment in set {
        match assignment.value {
            Expr::Value(value) => values[usize::from(assignment.column)] = Some(value),
            _ => {
                return Err(Error::new(
                    Code::BadQuery,
                    "a new row takes values, and nothing that is computed from its columns",
                )
                .with_model(M::meta().name.clone()));
            }
        }
    }
    Ok(values)
}

/// The row with all that it leads to, or nothing.
async fn make<M: Model, E: Executor>(given: Result<RowValues>, ex: &E) -> Result<M> {
    let mut values = given?;
    ex.atomic(move |tx| {
        Box::pin(async move {
            fill(&ModelRef::Static(M::meta()), &mut values, 0, tx).await?;
            draft_of::<M>(values).create(tx).await
        })
    })
    .await
}

/// Makes up what is required and not given.
fn fill<'f, E: Executor>(
    model: &'f ModelRef,
    values: &'f mut RowValues,
    depth: usize,
    ex: &'f E,
) -> BoxFuture<'f, Result<()>> {
    Box::pin(async move {
        let number = next();
        for field in &model.fields {
            let columns: Vec<u16> = field.columns().collect();
            let known = columns.iter().all(|&column| values[usize::from(column)].is_some());
            if known || !is_required(model, field) {
                continue;
            }
            match &field.relation {
                Some(relation) => {
                    let target = relation.target();
                    let key = row_of(&target, field.ends(&target), depth + 1, ex).await?;
                    for (&column, value) in columns.iter().zip(key) {
                        values[usize::from(column)] = Some(value);
                    }
                }
                None => {
                    let column = &model.columns[usize::from(field.first_column)];
                    let value = made_up(field, column, number).filter(|_| columns.len() == 1);
                    let value = value.ok_or_else(|| unknown(model, field))?;
                    values[usize::from(field.first_column)] = Some(value);
                }
            }
        }
        Ok(())
    })
}

/// A row that something leads to: the values of these columns.
async fn row_of<E: Executor>(model: &ModelRef, columns: &[u16], depth: usize, ex: &E) -> Result<Vec<Value>> {
    if depth > DEPTH {
        let what = format!("to make a `{}` a `{0}` has to be there", model.label());
        return Err(Error::new(Code::MissingValue, what).with_hint("say what the foreign key leads to"));
    }
    let mut values = vec![None; model.columns.len()];
    fill(model, &mut values, depth, ex).await?;
    let all = (0..model.columns.len() as u16).collect();
    let inserts = stored(model, &[values], all, ex.dialect())?;
    let mut made = ex.run(Made::new(model.clone(), inserts, columns.to_vec())).await?;
    made.pop().ok_or_else(|| Error::new(Code::NotFound, format!("no `{}` was made", model.label())))
}

fn is_required(model: &ModelMeta, field: &FieldMeta) -> bool {
    let options = &field.options;
    let filled = options.filled_by_database() || options.auto_now || options.auto_now_add || field.has_default();
    field.column_count > 0 && !filled && field.columns().any(|column| !model.columns[usize::from(column)].nullable)
}

fn unknown(model: &ModelMeta, field: &FieldMeta) -> Error {
    let what = format!("`{}.{}` cannot be made up", model.name, field.name);
    let hint = format!("say it: `{0}::make_with(|row| row.{1}.set(..), &db)`", model.name, field.name);
    Error::new(Code::MissingValue, what)
        .with_hint(hint)
        .with_model(model.name.clone())
        .with_fields([field.name.to_string()])
}

/// A number that no other row has.
fn next() -> i64 {
    static NEXT: AtomicI64 = AtomicI64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A value that fits, a different one for each number; none where nothing is known of what fits.
fn made_up(field: &FieldMeta, column: &ColumnMeta, number: i64) -> Option<Value> {
    let rules = &field.options.rules;
    let choices = field.column.map(|shape| shape.choices).unwrap_or_default();
    if let Some(choice) = choices.get(number as usize % choices.len().max(1)) {
        return Some(match (choice.value, column.kind) {
            (ChoiceValue::Text(text), _) => Value::Text(text.to_owned()),
            (ChoiceValue::Integer(number), Kind::I16) => Value::I16(i16::try_from(number).ok()?),
            (ChoiceValue::Integer(number), Kind::I32) => Value::I32(i32::try_from(number).ok()?),
            (ChoiceValue::Integer(number), _) => Value::I64(number),
        });
    }
    if column.kind == Kind::Text {
        return text(field, column, number).map(Value::Text);
    }
    // Of what has a least value, that and those above; of what has only a largest, that and those below.
    let (least, largest) = (rules.min.map(|min| min()), rules.max.map(|max| max()));
    if let Some(edge) = least.clone().or_else(|| largest.clone()) {
        let step = if least.is_some() { number % 100 } else { -(number % 100) };
        let moved = moved(&edge, step).filter(|moved| largest.as_ref().is_none_or(|largest| !is_more(moved, largest)));
        return Some(moved.unwrap_or(edge));
    }
    let whole = |bits: i64| number % bits;
    Some(match column.kind {
        Kind::Bool => Value::Bool(false),
        Kind::I16 => Value::I16(whole(i64::from(i16::MAX)) as i16),
        Kind::I32 => Value::I32(whole(i64::from(i32::MAX)) as i32),
        Kind::I64 => Value::I64(number),
        Kind::F32 => Value::F32(whole(1 << 20) as f32),
        Kind::F64 => Value::F64(number as f64),
        Kind::Decimal => {
            let places = column.digits.unwrap_or(15).saturating_sub(column.scale.unwrap_or(0)).min(15);
            Value::Decimal(Decimal::from(number % 10_i64.pow(places)))
        }
        Kind::Text => return None,
        Kind::Bytes => Value::Bytes(number.to_be_bytes().to_vec()),
        Kind::Date => Value::Date(day(number)?),
        Kind::Time => Value::Time(NaiveTime::from_num_seconds_from_midnight_opt((number % 86_400) as u32, 0)?),
        Kind::Timestamp => Value::Timestamp(day(number)?.and_time(NaiveTime::MIN)),
        Kind::DateTime => Value::DateTime(DateTime::from_timestamp(946_684_800 + number, 0)?),
        Kind::Duration => Value::Duration(TimeDelta::seconds(number)),
        Kind::Uuid => Value::Uuid(uuid::Uuid::new_v4()),
        // Of the addresses that are for documents, and nobody's.
        Kind::Ip => Value::Ip(std::net::Ipv6Addr::from(0x2001_0db8_u128 << 96 | u128::from(number as u64)).into()),
        Kind::Json => Value::Json(serde_json::json!({})),
        Kind::Postgres(_) => return None,
    })
}

fn day(number: i64) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(2000, 1, 1)?.checked_add_signed(TimeDelta::days(number % 20_000))
}

fn text(field: &FieldMeta, column: &ColumnMeta, number: i64) -> Option<String> {
    let rules = &field.options.rules;
    if rules.pattern.is_some() {
        return None;
    }
    let mut text = match rules.format {
        None => format!("{} {number}", field.name),
        Some(Format::Email) => format!("user{number}@example.org"),
        Some(Format::Url) => format!("https://example.org/{number}"),
        Some(Format::Slug) => format!("{}-{number}", field.name),
        Some(Format::Ip) => {
            let [_, a, b, c] = (number as u32).to_be_bytes();
            format!("10.{a}.{b}.{c}")
        }
    };
    let most = column.max_length.map_or(usize::MAX, |most| most as usize);
    if text.chars().count() > most {
        // The end of a number changes first.
        text = format!("{number:x}");
        text = text.chars().rev().take(most).collect::<Vec<char>>().into_iter().rev().collect();
    }
    let least = rules.min_length.map_or(0, |least| least as usize);
    let lacking = least.saturating_sub(text.chars().count());
    text.insert_str(0, &"x".repeat(lacking));
    Some(text)
}

/// So many steps further, where that is a value.
fn moved(value: &Value, step: i64) -> Option<Value> {
    Some(match value {
        Value::I16(it) => Value::I16(it.checked_add(i16::try_from(step).ok()?)?),
        Value::I32(it) => Value::I32(it.checked_add(i32::try_from(step).ok()?)?),
        Value::I64(it) => Value::I64(it.checked_add(step)?),
        Value::F32(it) => Value::F32(it + step as f32),
        Value::F64(it) => Value::F64(it + step as f64),
        Value::Decimal(it) => Value::Decimal(it.checked_add(Decimal::from(step))?),
        Value::Date(it) => Value::Date(it.checked_add_signed(TimeDelta::days(step))?),
        Value::Timestamp(it) => Value::Timestamp(it.checked_add_signed(TimeDelta::seconds(step))?),
        Value::DateTime(it) => Value::DateTime(it.checked_add_signed(TimeDelta::seconds(step))?),
        Value::Duration(it) => Value::Duration(it.checked_add(&TimeDelta::seconds(step))?),
        _ => return None,
    })
}

fn is_more(value: &Value, than: &Value) -> bool {
    match (value, than) {
        (Value::I16(value), Value::I16(than)) => value > than,
        (Value::I32(value), Value::I32(than)) => value > than,
        (Value::I64(value), Value::I64(than)) => value > than,
        (Value::F32(value), Value::F32(than)) => value > than,
        (Value::F64(value), Value::F64(than)) => value > than,
        (Value::Decimal(value), Value::Decimal(than)) => value > than,
        (Value::Date(value), Value::Date(than)) => value > than,
        (Value::Timestamp(value), Value::Timestamp(than)) => value > than,
        (Value::DateTime(value), Value::DateTime(than)) => value > than,
        (Value::Duration(value), Value::Duration(than)) => value > than,
        _ => true,
    }
}
