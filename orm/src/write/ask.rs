//! Rules of fields that ask the database: `#[field(validate_with = ..)]`.

use super::{
    Change,
    check::{checked, refused},
    hooks::AnyHooks,
};
use crate::{Cell, Error, FieldType, Model, Result, Transaction, ValidationError, Value};
use futures_util::future::BoxFuture;
use std::future::ready;

/// What a rule that asks the database says where a value will not do: that it is refused, or that asking failed.
///
/// Text and a [`ValidationError`] refuse the value, and are told as a mistake of the field; an [`Error`], which `?` gives, ends the write.
///
/// ```
/// use orm::{Refusal, Transaction, prelude::*};
///
/// orm::app! { pub club { Member, Ban } }
///
/// #[derive(Model, Debug)]
/// pub struct Member {
///     pub id: i64,
///     #[field(max_length = 40, validate_with = is_welcome)]
///     pub name: String,
/// }
///
/// #[derive(Model, Debug)]
/// pub struct Ban {
///     pub id: i64,
///     pub name: String,
/// }
///
/// async fn is_welcome(name: &str, tx: &Transaction) -> Result<(), Refusal> {
///     match Ban::objects().filter(|b| b.name.eq(name)).exists(tx).await? {
///         true => Err("nobody of this name".into()),
///         false => Ok(()),
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = Database::connect("sqlite::memory:").await?;
/// # orm::migrate::create_tables(&db, &[club()]).await?;
/// Ban::draft().name("Eve").create(&db).await?;
/// let error = Member::draft().name("Eve").create(&db).await.unwrap_err();
/// assert_eq!(error.validation()[0].field.as_deref(), Some("name"));
/// Member::draft().name("Ada").create(&db).await?;
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Refusal {
    /// The value will not do.
    Refused(ValidationError),
    /// Asking failed.
    Failed(Error),
}

impl<T: Into<ValidationError>> From<T> for Refusal {
    fn from(mistake: T) -> Self {
        Refusal::Refused(mistake.into())
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Refusal::Failed(error)
    }
}

/// Asks about a value.
#[doc(hidden)]
pub type AskValue = for<'a> fn(&'a Value, &'a Transaction) -> BoxFuture<'a, std::result::Result<(), Refusal>>;

/// The rule of a field that asks the database.
#[doc(hidden)]
pub struct FieldRule {
    /// The field, as an index.
    pub field: u16,
    /// What asks.
    pub ask: AskValue,
}

/// The value that a field has, as the rule takes it.
#[doc(hidden)]
pub fn asked_value<T: FieldType>(value: &Value) -> std::result::Result<T::Plain, Refusal> {
    Ok(T::Plain::from_cell(&Cell::of(&std::slice::from_ref(value)))?)
}

impl FieldRule {
    /// Asks about a row, if the field has a value that is new, and nothing else is wrong with it.
    async fn look<M: Model>(&self, row: &mut Change<M>, tx: &Transaction) -> Result<()> {
        let meta = M::meta();
        let field = &meta.fields[usize::from(self.field)];
        let column = field.first_column;
        let Some(value) = row.differs(column).filter(|value| checked(meta, column, value.clone()).is_ok()) else {
            return Ok(());
        };
        match (self.ask)(&value, tx).await {
            Ok(()) => {}
            Err(Refusal::Failed(error)) => return Err(error),
            Err(Refusal::Refused(mistake)) => {
                let mistake =
                    ValidationError { field: mistake.field.or_else(|| Some(field.name.to_string())), ..mistake };
                row.refuse_by(refused(meta, column, field.options.rules.told.of(mistake)));
            }
        }
        Ok(())
    }
}

/// The hooks of a model with fields whose rules ask the database, beside those that it has itself.
#[doc(hidden)]
pub struct AskedFields<M: 'static> {
    /// Its own.
    pub hooks: Option<&'static dyn AnyHooks<M>>,
    /// The rules.
    pub rules: &'static [FieldRule],
}

impl<M: Model> AnyHooks<M> for AskedFields<M> {
    fn validate<'a>(&self, rows: &'a mut [Change<M>], tx: &'a Transaction) -> BoxFuture<'a, Result<()>> {
        let (hooks, rules) = (self.hooks, self.rules);
        Box::pin(async move {
            if let Some(hooks) = hooks {
                hooks.validate(rows, tx).await?;
            }
            for row in rows {
                for rule in rules {
                    rule.look(row, tx).await?;
                }
            }
            Ok(())
        })
    }

    fn before_create<'a>(&self, rows: &'a mut [Change<M>], tx: &'a Transaction) -> BoxFuture<'a, Result<()>> {
        self.hooks.map_or_else(nothing, |hooks| hooks.before_create(rows, tx))
    }

    fn after_create<'a>(&self, rows: &'a [M], tx: &'a Transaction) -> BoxFuture<'a, Result<()>> {
        self.hooks.map_or_else(nothing, |hooks| hooks.after_create(rows, tx))
    }

    fn before_update<'a>(&self, rows: &'a mut [Change<M>], tx: &'a Transaction) -> BoxFuture<'a, Result<()>> {
        self.hooks.map_or_else(nothing, |hooks| hooks.before_update(rows, tx))
    }

    fn after_update<'a>(&self, rows: &'a [Change<M>], tx: &'a Transaction) -> BoxFuture<'a, Result<()>> {
        self.hooks.map_or_else(nothing, |hooks| hooks.after_update(rows, tx))
    }

    fn before_delete<'a>(&self, rows: &'a [M], tx: &'a Transaction) -> BoxFuture<'a, Result<()>> {
        self.hooks.map_or_else(nothing, |hooks| hooks.before_delete(rows, tx))
    }

    fn after_delete<'a>(&self, rows: &'a [M], tx: &'a Transaction) -> BoxFuture<'a, Result<()>> {
        self.hooks.map_or_else(nothing, |hooks| hooks.after_delete(rows, tx))
    }
}

fn nothing<'a>() -> BoxFuture<'a, Result<()>> {
    Box::pin(ready(Ok(())))
}
