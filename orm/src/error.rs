//! The one error of the library: what went wrong, a stable code, a hint, and the cause.

mod debug;

use crate::ValidationError;
use std::{borrow::Cow, error::Error as StdError, fmt};

/// The result of everything that can fail here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal, $kind:ident;)+) => {
        /// A stable code for each thing that can go wrong; the text form is for logs, searches and translation.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = $doc])+ $name,)+
            /// A code of a person's own, of a rule that they have written: `"member.too_young"`.
            Own(&'static str),
        }

        impl Code {
            /// Every code of the library, in the order of the documentation.
            pub const ALL: &'static [Code] = &[$(Code::$name),+];

            /// The stable text of the code.
            ///
            /// ```
            /// assert_eq!(orm::Code::NotFound.as_str(), "query.not_found");
            /// ```
            pub const fn as_str(self) -> &'static str { match self { $(Code::$name => $code,)+ Code::Own(code) => code } }

            /// When the code is given, as one sentence.
            ///
            /// ```
            /// assert_eq!(orm::Code::PoolTimeout.meaning(), "No connection became free in time.");
            /// ```
            pub fn meaning(self) -> &'static str { match self {
                $(Code::$name => concat!($($doc),+).trim_start(),)+
                Code::Own(_) => "A rule of the program's own is not met.",
            } }

            /// The family that the code belongs to.
            pub const fn kind(self) -> ErrorKind { match self { $(Code::$name => ErrorKind::$kind,)+ Code::Own(_) => ErrorKind::Value } }
        }
    };
}

/// The families of errors, for a `match`; [`Error::code`] is finer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// One row was asked for and there is none.
    NotFound,
    /// One row was asked for and there are several.
    MultipleFound,
    /// A constraint of the database refused a write; [`Error::fields`] names the fields.
    Constraint,
    /// A relation protects the row from deletion.
    Protected,
    /// The row was changed by another since it was read.
    Stale,
    /// A value does not fit its field.
    Value,
    /// A stored value cannot be read as the field's type.
    Decode,
    /// A related row was asked for that was not loaded.
    NotLoaded,
    /// The database cannot do this.
    Unsupported,
    /// A connection could not be made, or was lost.
    Connection,
    /// It took longer than allowed.
    Timeout,
    /// A transaction was used wrongly, or the database gave it up.
    Transaction,
    /// The statement was refused by the database.
    Query,
    /// A setting is wrong.
    Configuration,
    /// A migration could not be made or run.
    Migration,
    /// A file could not be read, written or understood.
    File,
    /// The library was asked for something that makes no sense.
    Usage,
}

codes! {
    /// `get` or `first` found no row.
    NotFound = "query.not_found", NotFound;
    /// `get` found several rows.
    MultipleFound = "query.multiple_found", MultipleFound;
    /// A unique key already holds the value.
    UniqueViolation = "constraint.unique", Constraint;
    /// A foreign key points to a row that does not exist, or a row is still pointed to.
    ForeignKeyViolation = "constraint.foreign_key", Constraint;
    /// A check constraint is not met.
    CheckViolation = "constraint.check", Constraint;
    /// Another row stands in the way, by an exclusion.
    ExclusionViolation = "constraint.exclusion", Constraint;
    /// A column that must have a value has none.
    NotNullViolation = "constraint.not_null", Constraint;
    /// Rows with `on_delete = protect` or `restrict` point to a row that was to be deleted.
    Protected = "delete.protected", Protected;
    /// A value is outside the range of its column, or of its field's `min` and `max`.
    OutOfRange = "value.out_of_range", Value;
    /// A text is shorter than `min_length`.
    TooShort = "value.too_short", Value;
    /// A text is not of the form that its field asks for: an email address, a URL, a pattern.
    BadFormat = "value.format", Value;
    /// Rows would be changed that the model's `validate` does not get to see.
    Unvalidated = "value.unvalidated", Usage;
    /// Rows would be written without the hooks that their model has.
    Unhooked = "write.unhooked", Usage;
    /// The row was changed by another since it was read: it has another version.
    Stale = "write.stale", Stale;
    /// Rows would be written by a key that others have or may have: their table has no key, and the model says one.
    SharedKey = "write.shared_key", Usage;
    /// A text is longer than `max_length`.
    TooLong = "value.too_long", Value;
    /// A decimal has more digits than the column, or the database, keeps exactly.
    InexactDecimal = "value.inexact_decimal", Value;
    /// A value is of the wrong form for its field.
    InvalidValue = "value.invalid", Value;
    /// A required field has no value.
    MissingValue = "value.missing", Value;
    /// Values have several mistakes, or such from outside any: [`Error::validation`] lists them.
    Refused = "value.refused", Value;
    /// The model has no field of this name.
    UnknownField = "value.unknown_field", Value;
    /// The field, or the rows of the model, cannot be changed: it is automatic, generated, has no column, or was not allowed.
    NotEditable = "value.not_editable", Value;
    /// A stored value cannot be read as the field's type.
    Decode = "value.decode", Decode;
    /// A stored value is none of the choices of its enum.
    UnknownChoice = "value.unknown_choice", Decode;
    /// A related row was not loaded: add the `select_related` or `prefetch` that the hint names.
    NotLoaded = "relation.not_loaded", NotLoaded;
    /// The database cannot do this; no statement was run.
    Unsupported = "dialect.unsupported", Unsupported;
    /// The cargo feature of this back end is not enabled.
    BackendDisabled = "dialect.disabled", Unsupported;
    /// The database URL cannot be read.
    BadUrl = "connection.bad_url", Configuration;
    /// A setting has a value that makes no sense.
    BadSetting = "connection.bad_setting", Configuration;
    /// The server cannot be reached.
    Unreachable = "connection.unreachable", Connection;
    /// The server refused the login.
    LoginRefused = "connection.login_refused", Connection;
    /// The database does not exist, or its file cannot be opened.
    NoDatabase = "connection.no_database", Connection;
    /// The connection was lost while it was used.
    ConnectionLost = "connection.lost", Connection;
    /// The database handle was closed.
    Closed = "connection.closed", Connection;
    /// No connection became free in time.
    PoolTimeout = "timeout.pool", Timeout;
    /// The statement took longer than allowed.
    StatementTimeout = "timeout.statement", Timeout;
    /// A lock was not granted in time.
    LockTimeout = "timeout.lock", Timeout;
    /// The database gave up the transaction because of another one; running it again may succeed.
    Serialization = "transaction.serialization", Transaction;
    /// Two transactions waited for each other and this one was given up.
    Deadlock = "transaction.deadlock", Transaction;
    /// The transaction is over, or broken by an earlier error.
    TransactionOver = "transaction.over", Transaction;
    /// The database was used directly inside a transaction's closure; use the transaction instead.
    OutsideTransaction = "transaction.bypassed", Transaction;
    /// A thread of an async runtime was to wait for what is async.
    InsideRuntime = "connection.inside_runtime", Usage;
    /// The database refused the statement.
    Sql = "query.refused", Query;
    /// The pattern of `regex` or `iregex` is none that the database understands.
    BadRegex = "query.bad_regex", Query;
    /// The database does not know the time zone.
    UnknownZone = "query.unknown_zone", Query;
    /// The database has no collation of this name, or none for its texts.
    UnknownCollation = "query.unknown_collation", Query;
    /// The table or column does not exist: migrations may be missing.
    MissingTable = "query.missing_table", Query;
    /// An extension of PostgreSQL is not there that a type or function comes with.
    MissingExtension = "query.missing_extension", Query;
    /// A query was built that means nothing.
    BadQuery = "query.invalid", Usage;
    /// A query by name names a model, field, lookup or function that is not there, or may not be seen.
    UnknownName = "name.unknown", Usage;
    /// A name cannot stand for what it is given to: it has other signs than letters, digits and `_`, or is taken.
    BadName = "name.invalid", Usage;
    /// A query by name is larger than its limits, or the expressions of any query stand in each other too deep.
    TooComplex = "query.too_complex", Usage;
    /// A model or application is declared in a way that cannot work.
    BadModel = "model.invalid", Configuration;
    /// A migration could not be made, planned or run; the message has the engine's own code.
    Migration = "migration.failed", Migration;
    /// A file or stream could not be read or written.
    Io = "file.io", File;
    /// The text of a fixture cannot be read, or a row cannot be written as one.
    BadFixture = "file.bad_fixture", File;
}

/// What went wrong: a kind, a stable code, a message, a hint for what to do, and the cause.
///
/// ```
/// use orm::{Code, ErrorKind};
/// let error = orm::Error::new(Code::NotFound, "no `Book` matches").with_hint("use `.optional()`");
/// assert_eq!(error.kind(), ErrorKind::NotFound);
/// assert_eq!(error.to_string(), "[query.not_found] no `Book` matches\n  help: use `.optional()`");
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    code: Code,
    message: String,
    hint: Option<String>,
    model: Option<Cow<'static, str>>,
    sql: Option<String>,
    constraint: Option<String>,
    table: Option<String>,
    fields: Vec<String>,
    validation: Vec<ValidationError>,
    unredacted: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of this code.
    ///
    /// ```
    /// let error = orm::Error::new(orm::Code::BadSetting, "the colour is not set");
    /// assert_eq!(error.message(), "the colour is not set");
    /// ```
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Error(Box::new(Inner {
            code,
            message: message.into(),
            hint: None,
            model: None,
            sql: None,
            constraint: None,
            table: None,
            fields: Vec::new(),
            validation: Vec::new(),
            unredacted: None,
            source: None,
        }))
    }

    /// Says what to do about it.
    ///
    /// ```
    /// let error = orm::Error::new(orm::Code::BadSetting, "the colour is not set").with_hint("set COLOUR");
    /// assert_eq!(error.hint(), Some("set COLOUR"));
    /// ```
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Keeps the cause.
    ///
    /// ```
    /// use std::error::Error as _;
    /// let error = orm::Error::new(orm::Code::BadSetting, "the colour is no number").with_source("x".parse::<i32>().unwrap_err());
    /// assert!(error.source().is_some());
    /// ```
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Keeps what was said of values, apart from all that is shown: see [`Error::unredacted`].
    ///
    /// ```
    /// let error = orm::Error::new(orm::Code::InvalidValue, "expected a day").with_unredacted("`31 February` is no day");
    /// assert!(!format!("{error:?}").contains("February"));
    /// assert_eq!(error.unredacted(), Some("`31 February` is no day"));
    /// ```
    pub fn with_unredacted(mut self, text: impl Into<String>) -> Self {
        self.0.unredacted = Some(text.into());
        self
    }

    /// Names the model that was being read or written; an inner name is kept.
    ///
    /// ```
    /// let error = orm::Error::new(orm::Code::NotFound, "none").with_model("Book").with_model("Shelf");
    /// assert_eq!(error.model(), Some("Book"));
    /// ```
    pub fn with_model(mut self, model: impl Into<Cow<'static, str>>) -> Self {
        self.0.model.get_or_insert_with(|| model.into());
        self
    }

    /// Keeps the statement's SQL, without its values.
    ///
    /// ```
    /// let error = orm::Error::new(orm::Code::Sql, "no such function").with_sql("SELECT now(?)");
    /// assert_eq!(error.sql(), Some("SELECT now(?)"));
    /// ```
    pub fn with_sql(mut self, sql: impl Into<String>) -> Self {
        self.0.sql.get_or_insert_with(|| sql.into());
        self
    }

    /// Names the constraint that refused the write.
    ///
    /// ```
    /// let error = orm::Error::new(orm::Code::CheckViolation, "refused").with_constraint("price_not_negative");
    /// assert_eq!(error.constraint(), Some("price_not_negative"));
    /// ```
    pub fn with_constraint(mut self, name: impl Into<String>) -> Self {
        self.0.constraint = Some(name.into());
        self
    }

    /// Names the table whose constraint refused the write.
    pub(crate) fn with_table(mut self, name: impl Into<String>) -> Self {
        self.0.table = Some(name.into());
        self
    }

    /// The table whose constraint refused the write, where the database tells.
    pub(crate) fn table(&self) -> Option<&str> {
        self.0.table.as_deref()
    }

    /// The same as a mistake in a field of another model than the one whose table refused the write.
    pub(crate) fn retold_of(mut self, model: Cow<'static, str>, field: &str, message: String) -> Self {
        self.0.model = Some(model);
        self.0.message = message;
        self.with_fields([field.to_owned()])
    }

    /// The same as another kind of mistake, in other words.
    pub(crate) fn retold(mut self, code: Code, message: &str) -> Self {
        (self.0.code, self.0.message) = (code, message.to_owned());
        self
    }

    /// Puts what the message is about in front of it.
    pub(crate) fn about(mut self, what: &str) -> Self {
        self.0.message.insert_str(0, &format!("`{what}`: "));
        self
    }

    /// Puts where it happened in front of it: a place in a file.
    pub(crate) fn at(mut self, place: &str) -> Self {
        self.0.message.insert_str(0, &format!("{place}: "));
        self
    }

    /// Names the fields that the error belongs to.
    ///
    /// ```
    /// let error = orm::Error::new(orm::Code::TooLong, "too long").with_fields(["title".to_owned()]);
    /// assert_eq!(error.fields(), ["title"]);
    /// ```
    pub fn with_fields(mut self, fields: impl IntoIterator<Item = String>) -> Self {
        self.0.fields = fields.into_iter().collect();
        self
    }

    /// The family of the error.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let missing = Book::get(99, &db).await.unwrap_err();
    /// assert_eq!(missing.kind(), orm::ErrorKind::NotFound);
    /// # Ok(()) }
    /// ```
    pub fn kind(&self) -> ErrorKind {
        self.0.code.kind()
    }

    /// The stable code.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let again = Tag::draft().slug("code").name("Code").create(&db).await.unwrap_err();
    /// assert_eq!(again.code(), orm::Code::UniqueViolation);
    /// # Ok(()) }
    /// ```
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// What went wrong, in one sentence.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::get(99, &db).await.unwrap_err().message(), "no `Book` has this key");
    /// # Ok(()) }
    /// ```
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What to do about it.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert!(Book::get(99, &db).await.unwrap_err().hint().unwrap().contains("optional()"));
    /// # Ok(()) }
    /// ```
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The model that was being read or written.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::get(99, &db).await.unwrap_err().model(), Some("Book"));
    /// # Ok(()) }
    /// ```
    pub fn model(&self) -> Option<&str> {
        self.0.model.as_deref()
    }

    /// The statement, without its values.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let error = orm::raw::<i64>("SELECT nothing FROM nowhere").get(&db).await.unwrap_err();
    /// assert_eq!(error.sql(), Some("SELECT nothing FROM nowhere"));
    /// # Ok(()) }
    /// ```
    pub fn sql(&self) -> Option<&str> {
        self.0.sql.as_deref()
    }

    /// The constraint that refused the write.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let refused = Book::objects().update(|b| b.price.set(-1), &db).await.unwrap_err();
    /// assert!(refused.constraint().unwrap().contains("price_not_negative"));
    /// # Ok(()) }
    /// ```
    pub fn constraint(&self) -> Option<&str> {
        self.0.constraint.as_deref()
    }

    /// What the database or the reader of a value said, word for word: it may hold values of rows, which nothing else of an error
    /// does. Neither `Display` nor `Debug` show it, and it is no `source()`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let again = Tag::draft().slug("code").name("Code").create(&db).await.unwrap_err();
    /// assert_eq!(again.message(), "`Tag.slug`: a unique key already holds the value");
    /// assert_eq!(again.unredacted(), Some("UNIQUE constraint failed: library_tag.slug"));
    /// # Ok(()) }
    /// ```
    pub fn unredacted(&self) -> Option<&str> {
        self.0.unredacted.as_deref()
    }

    /// Every mistake in the values that were refused, as data: in values from outside, in a draft or an edit, and what a constraint
    /// of the database has refused.
    ///
    /// ```
    /// # use library::*;
    /// let error = Book::draft_from([("title", "Rust"), ("price", "cheap"), ("author", "1")]).err().unwrap();
    /// assert_eq!(error.validation()[0].message, "`price`: expected a decimal number");
    /// ```
    pub fn validation(&self) -> &[ValidationError] {
        &self.0.validation
    }

    /// Keeps the mistakes as data.
    ///
    /// ```
    /// let mistake = orm::ValidationError::new("age", orm::Code::OutOfRange, "at least 18");
    /// let error = orm::Error::new(orm::Code::Refused, "too young").with_validation(vec![mistake]);
    /// assert_eq!(error.validation().len(), 1);
    /// ```
    pub fn with_validation(mut self, mistakes: Vec<ValidationError>) -> Self {
        self.0.validation = mistakes;
        self
    }

    /// The fields that the error belongs to, by their Rust names.
    ///
    /// Every value that is refused names its field, and so does every constraint of a model's own. None are named where rows
    /// of another model still point to a row, and where SQLite, which does not say which foreign key it refused, was sent an
    /// expression and no value, or has rows that break several. Outside of models they are the names of columns.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let refused = Book::draft().title("Notes").price(1).author(1).create(&db).await.unwrap_err();
    /// assert_eq!(refused.fields(), ["author", "title"]);
    /// # Ok(()) }
    /// ```
    pub fn fields(&self) -> &[String] {
        &self.0.fields
    }
}

/// How many characters of a statement an error shows.
const SHOWN_SQL: usize = 1_000;

impl Error {
    /// All but the hint and the causes.
    fn head(&self, f: &mut dyn fmt::Write) -> fmt::Result {
        write!(f, "[{}] {}", self.0.code.as_str(), self.0.message)?;
        if let Some(model) = &self.0.model {
            write!(f, "\n  model: {model}")?;
        }
        if let Some(constraint) = &self.0.constraint {
            write!(f, "\n  constraint: {constraint}")?;
        }
        if let Some(sql) = &self.0.sql {
            // A list of hundreds of places helps nobody; `sql()` has it whole.
            match sql.char_indices().nth(SHOWN_SQL) {
                Some((end, _)) => write!(f, "\n  sql: {} .. ({} characters)", &sql[..end], sql.chars().count())?,
                None => write!(f, "\n  sql: {sql}")?,
            }
        }
        Ok(())
    }
}

/// The stable text, as [`Code::as_str`] gives it.
impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.head(f)?;
        if let Some(hint) = &self.0.hint {
            write!(f, "\n  help: {hint}")?;
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct() {
        let texts: std::collections::HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(texts.len(), Code::ALL.len());
    }

    #[test]
    fn an_error_is_one_pointer() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }
}
