//! Data steps: functions of the program that a migration runs, on the tables as they are at that point.

use super::engine_dialect;
use crate::{Code, Connection, Dialect, Each, Error, FieldType, Kind, Result, Row, Statement, Untyped, Value};
use futures_util::future::BoxFuture;
use migrations_engine::{
    Schema,
    execute::STEPS_TABLE,
    schema::{ColumnType, Model},
};
use std::{collections::BTreeMap, pin::Pin, sync::Arc};

/// The future of a step.
pub type StepFuture<'s> = Pin<Box<dyn Future<Output = Result<()>> + Send + 's>>;

/// A step: a function that a migration's `run_rust` operation calls by name.
///
/// ```
/// use orm::{Dialect, Frozen, Value, migrate::{Step, StepFuture}, prelude::*};
///
/// /// The authors as they are at the migration that calls the step, whatever the model is like today.
/// #[derive(Frozen)]
/// #[frozen(app = "library", at = "0001")]
/// struct Author {
///     id: i64,
///     name: String,
/// }
///
/// fn tidy(mut step: Step<'_>) -> StepFuture<'_> {
///     Box::pin(async move {
///         step.each(500, |author: &mut Author| {
///             author.name = author.name.trim().to_owned();
///             Ok(())
///         })
///         .await?;
///         // Small tables at once; and SQL of one's own.
///         let authors: Vec<Author> = step.rows().await?;
///         let table = &step.state().model("library", "Author").unwrap().table;
///         let sql = format!("UPDATE {table} SET name = ? WHERE id = ?");
///         for author in authors.into_iter().filter(|author| author.name.is_empty()) {
///             step.execute(&sql, [Value::Text("unknown".into()), Value::I64(author.id)]).await?;
///         }
///         assert_eq!(step.dialect(), Dialect::Sqlite);
///         Ok(())
///     })
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = Database::connect("sqlite::memory:").await?;
/// # let mut set = library::migrations()?;
/// # orm::migrate::Migrator::with_set(set.clone()).run(&db).await?;
/// # let uk = library::Country::draft().code("UK").name("Britain").create(&db).await?;
/// # library::Author::draft().name(" Ada ").country(&uk).create(&db).await?;
/// # let text = "depends_on = [\"library.0001_initial\"]\n[[operations]]\nop = \"run_rust\"\nname = \"library.tidy\"\n";
/// # set.add(orm::migrate::engine::Migration::from_toml("library/0002_tidy.toml", text).unwrap()).unwrap();
/// orm::migrate::Migrator::with_set(set).step("library.tidy", tidy).run(&db).await?;
/// assert_eq!(library::Author::objects().first(&db).await?.unwrap().name, "Ada");
/// # Ok(()) }
/// ```
pub type StepFn = for<'s> fn(Step<'s>) -> StepFuture<'s>;

/// A field of a frozen shape.
#[derive(Debug, Clone)]
pub struct FrozenField {
    name: &'static str,
    kind: Kind,
    nullable: bool,
}

impl FrozenField {
    /// A field that holds values of a type.
    pub fn of<T: FieldType>(name: &'static str) -> Self {
        FrozenField { name, kind: T::KIND, nullable: T::NULLABLE }
    }
}

/// The shape that a model's table has at a migration: `#[derive(Frozen)]`. Steps work with such shapes, since models
/// change after the migration is written.
///
/// The fields are called as the model's were; a relation is a field of the type of its key. Fields that the step does
/// not need are left out. Before a step works with a shape, it is compared with the tables as the migrations make them.
///
/// ```
/// use orm::Frozen;
///
/// #[derive(Frozen)]
/// #[frozen(app = "library", model = "Book", at = "0007")] // the model's name, if the struct has another
/// struct OldBook {
///     id: i64,
///     title: String,
///     author: i64, // a foreign key
/// }
/// assert_eq!((OldBook::APP, OldBook::MODEL, OldBook::AT), ("library", "Book", "0007"));
/// ```
pub trait Frozen: Sized + Send + 'static {
    /// The application.
    const APP: &'static str;
    /// The model.
    const MODEL: &'static str;
    /// The migration whose shape it is: its name or the start of it.
    const AT: &'static str;
    /// The fields.
    fn fields() -> Vec<FrozenField>;
    /// A row, from columns in the order of the fields.
    ///
    /// # Errors
    /// When a value is of another type.
    fn read(row: &Row<'_>) -> Result<Self>;
    /// The values, in the order of the fields.
    ///
    /// # Errors
    /// When one has no form in the database.
    fn values(&self) -> Result<Vec<Value>>;
}

/// What a step works with: the connection of the migration, and the tables as they are at that point.
pub struct Step<'c> {
    connection: &'c mut (dyn OfStep + 'c),
    name: &'c str,
    state: &'c Schema,
    /// Whether all of it is one transaction already.
    in_transaction: bool,
    report: Option<&'c Report>,
    /// The tables that it has gone through, one name for each time.
    been_through: Vec<String>,
}

/// A connection without its lifetime, which a function of the program's own need not name.
trait OfStep: Send {
    fn dialect(&self) -> Dialect;
    fn execute<'s>(&'s mut self, statement: &'s Statement) -> BoxFuture<'s, Result<u64>>;
    fn query<'s>(&'s mut self, statement: &'s Statement, each: Each<'s>) -> BoxFuture<'s, Result<()>>;
    fn batch<'s>(&'s mut self, sql: &'s str) -> BoxFuture<'s, Result<()>>;
}

impl OfStep for Connection<'_> {
    fn dialect(&self) -> Dialect {
        self.dialect()
    }

    fn execute<'s>(&'s mut self, statement: &'s Statement) -> BoxFuture<'s, Result<u64>> {
        Box::pin(self.execute(statement))
    }

    fn query<'s>(&'s mut self, statement: &'s Statement, each: Each<'s>) -> BoxFuture<'s, Result<()>> {
        Box::pin(self.query(statement, each))
    }

    fn batch<'s>(&'s mut self, sql: &'s str) -> BoxFuture<'s, Result<()>> {
        Box::pin(self.batch(sql))
    }
}

/// Told after each batch: the step, and how many rows it has been through.
pub(super) type Report = Arc<dyn Fn(&str, u64) + Send + Sync>;

impl Step<'_> {
    /// The state of the schema at this point.
    pub fn state(&self) -> &Schema {
        self.state
    }

    /// The database's dialect.
    pub fn dialect(&self) -> Dialect {
        self.connection.dialect()
    }

    /// Runs a statement with values for its question marks; gives the number of rows it changed.
    ///
    /// # Errors
    /// What the database refuses.
    pub async fn execute(&mut self, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<u64> {
        let statement = Statement::raw(sql, values);
        self.connection.execute(&statement).await
    }

    /// The rows of a table, in the order of their keys: for tables that are small.
    ///
    /// # Errors
    /// When the shape does not fit the tables at this point.
    pub async fn rows<F: Frozen>(&mut self) -> Result<Vec<F>> {
        let table = Table::of::<F>(self.state, self.dialect())?;
        let statement = Statement::raw(&format!("{} ORDER BY {}", table.select, table.key.join(", ")), []);
        let mut rows = Vec::new();
        let mut each = |row: &Row<'_>| {
            rows.push(F::read(row)?);
            Ok(())
        };
        self.connection.query(&statement, &mut each).await?;
        Ok(rows)
    }

    /// Goes through all rows of a table in batches, in the order of their keys, and writes what `change` has changed.
    /// Gives the number of rows.
    ///
    /// In a migration that is one transaction, so is this. Else each batch is a transaction of its own, with a note how
    /// far it came: when the step is run again, it goes on there. Of several times over one table in a step, the first is the
    /// first again, and so on.
    ///
    /// # Errors
    /// When the shape does not fit the tables at this point, and what `change` or the database refuses.
    pub async fn each<F: Frozen>(
        &mut self,
        batch: u32,
        mut change: impl FnMut(&mut F) -> Result<()> + Send,
    ) -> Result<u64> {
        let table = Table::of::<F>(self.state, self.dialect())?;
        let place = self.place(format!("{} {}.{}", self.name, F::APP, F::MODEL));
        let position = if self.in_transaction { Position::Start } else { self.position(&place, &table).await? };
        let mut last = match position {
            Position::Start => None,
            Position::After(key) => Some(key),
            Position::End => return Ok(0),
        };
        let batch = batch.max(1);
        let mut total = 0;
        loop {
            if !self.in_transaction {
                self.connection.batch(begin(self.dialect())).await?;
            }
            let mut outcome = self.batch(&table, batch, &mut last, &mut change).await;
            if !self.in_transaction {
                let goes_on = matches!(outcome, Ok(count) if count == u64::from(batch));
                outcome = self.end(&place, outcome, last.as_ref().filter(|_| goes_on)).await;
            }
            let count = outcome?;
            total += count;
            if let Some(report) = self.report {
                report(self.name, total);
            }
            if count < u64::from(batch) {
                return Ok(total);
            }
        }
    }

    /// Where it is noted how far it comes.
    fn place(&mut self, name: String) -> String {
        let times = self.been_through.iter().filter(|other| **other == name).count();
        let place = if times == 0 { name.clone() } else { format!("{name} {}", times + 1) };
        self.been_through.push(name);
        place
    }

    /// Ends the transaction of a batch, with a note of the key that it came to; without one it is through.
    async fn end(&mut self, place: &str, outcome: Result<u64>, key: Option<&Vec<Value>>) -> Result<u64> {
        let done = async {
            let count = outcome?;
            self.note(place, key).await?;
            self.connection.batch("COMMIT").await?;
            Ok(count)
        };
        let done = done.await;
        if done.is_err() {
            // The first error is the one to show. SQLite leaves what cannot be committed open.
            let _ = self.connection.batch("ROLLBACK").await;
        }
        done
    }

    async fn batch<F: Frozen>(
        &mut self,
        table: &Table,
        batch: u32,
        last: &mut Option<Vec<Value>>,
        change: &mut (impl FnMut(&mut F) -> Result<()> + Send),
    ) -> Result<u64> {
        let key = table.key.join(", ");
        let mut sql = table.select.clone();
        if last.is_some() {
            sql += &format!(" WHERE ({key}) > ({})", vec!["?"; table.key.len()].join(", "));
        }
        sql += &format!(" ORDER BY {key} LIMIT {batch}");
        let mut rows = Vec::new();
        let statement = Statement::raw(&sql, last.clone().unwrap_or_default());
        let mut each = |row: &Row<'_>| {
            rows.push(F::read(row)?);
            Ok(())
        };
        self.connection.query(&statement, &mut each).await?;
        let count = rows.len() as u64;
        for mut row in rows {
            let before = row.values()?;
            change(&mut row)?;
            let after = row.values()?;
            let key: Vec<Value> = table.key_at.iter().map(|&at| before[at].clone()).collect();
            let changed: Vec<usize> = (0..after.len()).filter(|&at| after[at] != before[at]).collect();
            if let Some(at) = changed.iter().find(|at| table.key_at.contains(at)) {
                return Err(Error::new(
                    Code::Migration,
                    format!("a step changed {}, which is the key", table.columns[*at]),
                ));
            }
            if !changed.is_empty() {
                let assign = |&at: &usize| match after[at].kind().cast() {
                    Some(cast) => format!("{} = CAST(? AS {cast})", table.columns[at]),
                    None => format!("{} = ?", table.columns[at]),
                };
                let set: Vec<String> = changed.iter().map(assign).collect();
                let by: Vec<String> = table.key.iter().map(|column| format!("{column} = ?")).collect();
                let sql = format!("UPDATE {} SET {} WHERE {}", table.name, set.join(", "), by.join(" AND "));
                let values = changed.iter().map(|&at| after[at].clone()).chain(key.clone());
                self.connection.execute(&Statement::raw(&sql, values)).await?;
            }
            *last = Some(key);
        }
        Ok(count)
    }

    /// How far the step came before it was interrupted.
    async fn position(&mut self, place: &str, table: &Table) -> Result<Position> {
        let sql = format!(
            "CREATE TABLE IF NOT EXISTS {STEPS_TABLE} (place varchar(250) NOT NULL PRIMARY KEY, position varchar(1000) NOT NULL)"
        );
        self.connection.batch(&sql).await?;
        let statement = Statement::raw(&format!("SELECT position FROM {STEPS_TABLE} WHERE place = ?"), [text(place)]);
        let mut found = None;
        let mut each = |row: &Row<'_>| {
            found = Some(row.cell(0).text()?);
            Ok(())
        };
        self.connection.query(&statement, &mut each).await?;
        match found {
            None => Ok(Position::Start),
            Some(noted) if noted == THROUGH => Ok(Position::End),
            Some(noted) => read_key(&noted, &table.key_kinds).map(Position::After).ok_or_else(|| {
                Error::new(
                    Code::Migration,
                    format!("how far the step `{}` came, {noted}, is no key of {}", self.name, table.name),
                )
                .with_hint(format!(
                    "where it may begin with the first row again, delete the row `{place}` of {STEPS_TABLE}"
                ))
            }),
        }
    }

    async fn note(&mut self, place: &str, key: Option<&Vec<Value>>) -> Result<()> {
        let delete = Statement::raw(&format!("DELETE FROM {STEPS_TABLE} WHERE place = ?"), [text(place)]);
        self.connection.execute(&delete).await?;
        let parts = key.map(|key| key.iter().map(Value::to_json).collect::<serde_json::Value>());
        let position = parts.map_or_else(|| THROUGH.to_owned(), |parts| parts.to_string());
        let insert = Statement::raw(
            &format!("INSERT INTO {STEPS_TABLE} (place, position) VALUES (?, ?)"),
            [text(place), Value::Text(position)],
        );
        self.connection.execute(&insert).await.map(drop)
    }
}

/// How far a step came.
enum Position {
    Start,
    /// To the row with this key.
    After(Vec<Value>),
    End,
}

/// The position of a step that went through all rows.
const THROUGH: &str = "through";

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn begin(dialect: Dialect) -> &'static str {
    if dialect == Dialect::Sqlite { "BEGIN IMMEDIATE" } else { "BEGIN" }
}

/// A key as it was noted. Numbers were noted as text once.
fn read_key(noted: &str, kinds: &[Kind]) -> Option<Vec<Value>> {
    let parts: Vec<serde_json::Value> = serde_json::from_str(noted).ok()?;
    let read = |part: &serde_json::Value, kind: Kind| {
        let text = || part.as_str().and_then(|text| Untyped::Text(text).read(kind).ok());
        Value::from_json(part, kind).ok().or_else(text)
    };
    (parts.len() == kinds.len()).then(|| parts.iter().zip(kinds).map(|(part, kind)| read(part, *kind)).collect())?
}

/// The table of a frozen shape, its names in the database's quotes.
struct Table {
    name: String,
    columns: Vec<String>,
    select: String,
    key: Vec<String>,
    /// Which of the columns form the key.
    key_at: Vec<usize>,
    key_kinds: Vec<Kind>,
}

/// The form in which values of a column are read.
fn kind(ty: &ColumnType) -> Option<Kind> {
    Some(match ty {
        ColumnType::Bool => Kind::Bool,
        ColumnType::SmallInt | ColumnType::PositiveSmallInt => Kind::I16,
        ColumnType::Integer | ColumnType::PositiveInteger => Kind::I32,
        ColumnType::BigInt | ColumnType::PositiveBigInt => Kind::I64,
        ColumnType::Real => Kind::F32,
        ColumnType::Double => Kind::F64,
        ColumnType::Char { .. } | ColumnType::Text => Kind::Text,
        ColumnType::Decimal { .. } => Kind::Decimal,
        ColumnType::Date => Kind::Date,
        ColumnType::Time => Kind::Time,
        ColumnType::DateTime => Kind::DateTime,
        ColumnType::NaiveDateTime => Kind::Timestamp,
        ColumnType::Duration => Kind::Duration,
        ColumnType::Uuid => Kind::Uuid,
        ColumnType::Ip => Kind::Ip,
        ColumnType::Binary => Kind::Bytes,
        ColumnType::Json => Kind::Json,
        ColumnType::Related | ColumnType::Custom { .. } => return None,
    })
}

impl Table {
    /// Compares the shape with the tables as they are.
    fn of<F: Frozen>(state: &Schema, dialect: Dialect) -> Result<Self> {
        let misfit = |what: String| {
            Error::new(Code::Migration, format!("the frozen shape of `{}.{}` at {}: {what}", F::APP, F::MODEL, F::AT))
                .with_hint("write the fields as the model has them at the migration that calls the step")
        };
        let model: &Model =
            state.model(F::APP, F::MODEL).ok_or_else(|| misfit("there is no such model at this point".into()))?;
        let quote = |name: &str| engine_dialect(dialect).quote(name);
        let (mut columns, mut kinds) = (Vec::new(), BTreeMap::new());
        let shape = F::fields();
        for wanted in &shape {
            let name = wanted.name;
            let field = model.field(name).filter(|field| field.has_column());
            let field = field.ok_or_else(|| misfit(format!("the model has no field `{name}` at this point")))?;
            let ty = state.column_type(field).map_err(super::engine_error)?;
            if let Some(stored) = kind(&ty).filter(|stored| *stored != wanted.kind) {
                return Err(misfit(format!("`{name}` is of type {ty} ({stored:?}), not {:?}", wanted.kind)));
            }
            if field.null && !wanted.nullable {
                return Err(misfit(format!("`{name}` may be NULL: write an `Option`")));
            }
            kinds.insert(name, wanted.kind);
            columns.push(quote(&field.column));
        }
        let (mut key, mut key_at, mut key_kinds) = (Vec::new(), Vec::new(), Vec::new());
        for part in &model.primary_key {
            let at = shape.iter().position(|field| field.name == part);
            let at = at.ok_or_else(|| misfit(format!("the key `{part}` is missing: rows are found by it")))?;
            key.push(columns[at].clone());
            key_at.push(at);
            key_kinds.extend(kinds.get(part.as_str()).copied());
        }
        let name = quote(&model.table);
        let select = format!("SELECT {} FROM {name}", columns.join(", "));
        Ok(Table { name, columns, select, key, key_at, key_kinds })
    }
}

/// The steps that a program has registered.
#[derive(Clone, Default)]
pub(super) struct Registry {
    pub(super) steps: BTreeMap<String, StepFn>,
    pub(super) report: Option<Report>,
}

impl<'o, 'l> migrations_engine::execute::Steps<super::connection::OverConnection<'o, 'l>> for &Registry {
    fn has(&self, name: &str) -> bool {
        self.steps.contains_key(name)
    }

    async fn run(
        &mut self,
        name: &str,
        state: &Schema,
        in_transaction: bool,
        over: &mut super::connection::OverConnection<'o, 'l>,
    ) -> Result<(), migrations_engine::BoxError> {
        let Some(function) = self.steps.get(name).copied() else {
            return Err(format!("no step `{name}` is registered").into());
        };
        let report = self.report.as_ref();
        let step = Step { connection: over.connection, name, state, in_transaction, report, been_through: Vec::new() };
        function(step).await.map_err(migrations_engine::BoxError::from)
    }
}
