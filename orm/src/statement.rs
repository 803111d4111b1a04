//! A finished statement: SQL text with the places of its binds, and the values.

mod places;

use crate::{Dialect, Value, Values};
use places::{Mark, marks};
use smallvec::SmallVec;
use std::{borrow::Cow, sync::OnceLock};

/// SQL for one dialect, ready to run: what `compile` makes and `db` executes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Statement {
    /// With the placeholders of the dialect.
    pub(crate) text: Cow<'static, str>,
    /// Whether the text was written by a person, with `?` for each bind whatever the dialect.
    raw: bool,
    pub(crate) binds: Values,
    /// Its text hardly comes again, so that the connection should not keep it prepared.
    pub(crate) once: bool,
    /// It reads one row at most: whether there is more behind it need not be asked.
    pub(crate) single: bool,
}

impl Statement {
    /// A statement whose text has the dialect's placeholders.
    pub(crate) fn new(text: impl Into<Cow<'static, str>>, binds: impl Into<Values>) -> Self {
        Statement { text: text.into(), raw: false, binds: binds.into(), once: false, single: false }
    }

    /// A statement of one's own, with `?` for each bind whatever the dialect.
    ///
    /// A `?` in quotes or a comment is one of the text, and `??` is PostgreSQL's own `?`.
    ///
    /// ```
    /// use orm::{Dialect, Statement, Value};
    /// let statement = Statement::raw("SELECT ? + ?, 'why?'", [Value::I64(40), Value::I64(2)]);
    /// assert_eq!(statement.sql(Dialect::Postgres), "SELECT $1 + $2, 'why?'");
    /// ```
    pub fn raw(sql: &str, binds: impl IntoIterator<Item = Value>) -> Self {
        Statement { raw: true, ..Statement::new(sql.to_owned(), binds.into_iter().collect::<Values>()) }
    }

    /// The statement after these words; it hardly comes again.
    pub(crate) fn after(self, words: &str) -> Self {
        Statement { text: format!("{words}{}", self.text).into(), once: true, ..self }
    }

    /// A number that statements of one text share, and hardly any others; never 0.
    #[cfg(feature = "sqlite")]
    #[inline]
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

    /// How many values a text of one's own takes.
    pub(crate) fn wanted(&self, dialect: Dialect) -> usize {
        marks(&self.text, dialect).iter().filter(|mark| matches!(mark, Mark::Value(_))).count()
    }

    /// The statement, of which one row at most is wanted if `single`.
    pub(crate) fn single(self, single: bool) -> Self {
        Statement { single, ..self }
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
        self.placed(dialect).into_owned()
    }

    /// The text with the dialect's placeholders.
    #[inline]
    pub(crate) fn placed(&self, dialect: Dialect) -> Cow<'_, str> {
        if !self.raw || dialect != Dialect::Postgres {
            return Cow::Borrowed(&self.text);
        }
        let mut text = String::with_capacity(self.text.len() + 2 * self.binds.len());
        let (mut done, mut number) = (0, 0);
        for mark in marks(&self.text, dialect) {
            let (Mark::Value(at) | Mark::Own(at)) = mark;
            text.push_str(&self.text[done..at]);
            done = at + 1;
            match mark {
                Mark::Value(_) => {
                    number += 1;
                    placeholder(&mut text, dialect, number);
                }
                // The second of the two is left.
                Mark::Own(_) => {}
            }
        }
        text.push_str(&self.text[done..]);
        Cow::Owned(text)
    }
}

/// Writes the placeholder of a bind, which are numbered from 1.
pub(crate) fn placeholder(text: &mut String, dialect: Dialect, number: usize) {
    match dialect {
        Dialect::Postgres => {
            text.push('$');
            let (mut rest, mut place) = (number, 1);
            while rest >= 10 {
                (rest, place) = (rest / 10, place * 10);
            }
            while place > 0 {
                text.push(char::from(b'0' + (number / place % 10) as u8));
                place /= 10;
            }
        }
        Dialect::Sqlite | Dialect::MariaDb | Dialect::MySql => text.push('?'),
    }
}

/// A statement without its values: made once per model and dialect, then used with the values of each row.
#[derive(Debug)]
pub(crate) struct Template {
    text: &'static str,
    single: bool,
}

impl Template {
    /// Keeps the text of a statement for ever: there is a fixed number of them per model.
    pub(crate) fn new(statement: Statement) -> Template {
        Template { single: statement.single, text: String::leak(statement.text.into_owned()) }
    }

    /// The statement with these values.
    #[inline]
    pub(crate) fn with(&self, binds: impl Into<Values>) -> Statement {
        let (text, binds) = (Cow::Borrowed(self.text), binds.into());
        Statement { text, raw: false, binds, once: false, single: self.single }
    }
}

/// The statements that a model is read and written by one row at a time with, per dialect.
#[derive(Debug, Default)]
pub(crate) struct Templates([OneDialect; 4]);

/// What one dialect has of them.
#[derive(Debug, Default)]
pub(crate) struct OneDialect {
    /// The names of all columns, between commas.
    pub(crate) columns: OnceLock<String>,
    pub(crate) get: OnceLock<Template>,
    pub(crate) insert: OnceLock<Template>,
    pub(crate) delete: OnceLock<Template>,
    /// Usual queries, those that were met first.
    pub(crate) usual: [OnceLock<UsualTemplate>; 16],
}

/// What the text of a usual query depends on.
pub(crate) type Shape = SmallVec<[u32; 6]>;

/// A usual query without its values.
#[derive(Debug)]
pub(crate) struct UsualTemplate {
    pub(crate) shape: Shape,
    pub(crate) template: Template,
}

impl UsualTemplate {
    pub(crate) fn new(shape: Shape, statement: Statement) -> UsualTemplate {
        UsualTemplate { shape, template: Template::new(statement) }
    }
}

impl Templates {
    pub(crate) fn of(&self, dialect: Dialect) -> &OneDialect {
        &self.0[dialect as usize]
    }
}

/// What `cell` holds, made if it is not there yet.
#[inline]
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
