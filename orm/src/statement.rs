//! A finished statement: SQL text with the places of its binds, and the values.

use crate::{Dialect, Value};
use std::{borrow::Cow, fmt::Write, sync::OnceLock};

/// SQL for one dialect, ready to run: what `compile` makes and `db` executes.
///
/// The text holds no placeholders; `places` are the byte offsets at which the binds stand, in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Statement {
    pub(crate) text: Cow<'static, str>,
    pub(crate) places: Cow<'static, [u32]>,
    pub(crate) binds: Vec<Value>,
    /// Its text hardly comes again, so that the connection should not keep it prepared.
    pub(crate) once: bool,
}

impl Statement {
    /// A statement of one's own, with `?` for each bind whatever the dialect.
    ///
    /// Every `?` counts, also one inside quotes.
    ///
    /// ```
    /// use orm::{Dialect, Statement, Value};
    /// let statement = Statement::raw("SELECT ? + ?", [Value::I64(40), Value::I64(2)]);
    /// assert_eq!(statement.sql(Dialect::Postgres), "SELECT $1 + $2");
    /// ```
    pub fn raw(sql: &str, binds: impl IntoIterator<Item = Value>) -> Self {
        let (mut text, mut places) = (String::with_capacity(sql.len()), Vec::new());
        for (index, piece) in sql.split('?').enumerate() {
            if index > 0 {
                places.push(text.len() as u32);
            }
            text.push_str(piece);
        }
        Statement { text: text.into(), places: places.into(), binds: binds.into_iter().collect(), once: false }
    }

    /// SQL as it is, without binds.
    pub(crate) fn verbatim(sql: &str) -> Self {
        Statement { text: sql.to_owned().into(), ..Statement::default() }
    }

    /// A number that statements of one text share, and hardly any others; never 0.
    pub(crate) fn identity(&self) -> u64 {
        // The multiplier is that of rustc's FxHash.
        let mut hash = 0u64;
        let mut add = |word: u64| hash = (hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
        match &self.text {
            // It is there once, for ever.
            Cow::Borrowed(text) => add(text.as_ptr().addr() as u64),
            Cow::Owned(text) => {
                let (words, rest) = text.as_bytes().as_chunks::<8>();
                words.iter().for_each(|word| add(u64::from_ne_bytes(*word)));
                rest.iter().for_each(|byte| add(u64::from(*byte)));
            }
        }
        hash | 1
    }

    /// Whether its values can be copied around in no time.
    #[cfg(feature = "sqlite")]
    pub(crate) fn is_small(&self) -> bool {
        self.binds.iter().map(Value::size).sum::<usize>() <= 64 * 1024
    }

    /// The values, in the order of their placeholders.
    ///
    /// ```
    /// use orm::{Statement, Value};
    /// assert_eq!(Statement::raw("SELECT ?", [Value::I64(1)]).binds(), [Value::I64(1)]);
    /// ```
    pub fn binds(&self) -> &[Value] {
        &self.binds
    }

    /// The text with the dialect's placeholders.
    ///
    /// ```
    /// use orm::{Dialect, Statement, Value};
    /// assert_eq!(Statement::raw("SELECT ?", [Value::I64(1)]).sql(Dialect::MariaDb), "SELECT ?");
    /// ```
    pub fn sql(&self, dialect: Dialect) -> String {
        let mut out = String::with_capacity(self.text.len() + self.places.len() * 3);
        let mut from = 0;
        for (index, &place) in self.places.iter().enumerate() {
            out.push_str(&self.text[from..place as usize]);
            from = place as usize;
            match dialect {
                Dialect::Postgres => {
                    let _ = write!(out, "${}", index + 1);
                }
                Dialect::Sqlite | Dialect::MariaDb | Dialect::MySql => out.push('?'),
            }
        }
        out.push_str(&self.text[from..]);
        out
    }
}

/// A statement without its values: made once per model and dialect, then used with the values of each row.
#[derive(Debug)]
pub(crate) struct Template {
    text: &'static str,
    places: &'static [u32],
}

impl Template {
    /// Keeps the text of a statement for ever: there is a fixed number of them per model.
    pub(crate) fn new(statement: Statement) -> Template {
        Template { text: String::leak(statement.text.into_owned()), places: Vec::leak(statement.places.into_owned()) }
    }

    /// The statement with these values.
    pub(crate) fn with(&self, binds: Vec<Value>) -> Statement {
        Statement { text: Cow::Borrowed(self.text), places: Cow::Borrowed(self.places), binds, once: false }
    }
}

/// The statements that a model is read and written by one row at a time with, per dialect.
#[derive(Debug, Default)]
pub(crate) struct Templates([OneDialect; 4]);

/// What one dialect has of them.
#[derive(Debug, Default)]
pub(crate) struct OneDialect {
    pub(crate) get: OnceLock<Template>,
    pub(crate) insert: OnceLock<Template>,
    pub(crate) delete: OnceLock<Template>,
}

impl Templates {
    pub(crate) fn of(&self, dialect: Dialect) -> &OneDialect {
        &self.0[dialect as usize]
    }
}

/// What `cell` holds, made if it is not there yet.
pub(crate) fn template(
    cell: &OnceLock<Template>,
    make: impl FnOnce() -> crate::Result<Statement>,
) -> crate::Result<&Template> {
    if let Some(template) = cell.get() {
        return Ok(template);
    }
    let statement = make()?;
    Ok(cell.get_or_init(|| Template::new(statement)))
}
