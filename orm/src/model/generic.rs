//! Generic foreign keys: the label of a model beside the key of one of its rows, and how keys of every kind stand in one column.

use super::Model;
use crate::{
    Cell, FieldType, Kind, Result, Value,
    field::{Plain, family},
    model::Writer,
};
use std::{fmt::Debug, hash::Hash};
use uuid::Uuid;

/// The most characters of a label.
pub(crate) const LABEL_LENGTH: u32 = 200;

/// The most characters of a key that is a text, unless `max_length` says otherwise: what every database can have in an index.
pub(crate) const KEY_LENGTH: u32 = 255;

/// What the type of a generic foreign key says of it.
///
/// ```
/// use orm::{Kind, model::GenericShape};
/// let shape = GenericShape { key: Kind::I64, nullable: false };
/// assert!(shape.holds(&[Kind::I32]) && !shape.holds(&[Kind::Uuid]) && !shape.holds(&[Kind::I64, Kind::I64]));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GenericShape {
    /// How the keys are stored.
    pub key: Kind,
    /// `Option<GenericForeignKey<_>>`.
    pub nullable: bool,
}

impl GenericShape {
    /// Whether it can lead to a model with a key of these columns.
    ///
    /// ```
    /// use orm::{Kind, model::GenericShape};
    /// assert!(GenericShape { key: Kind::Text, nullable: false }.holds(&[Kind::Uuid])); // as text
    /// ```
    pub const fn holds(self, key: &[Kind]) -> bool {
        match *key {
            [one] => matches!(
                (self.key, one),
                (Kind::Text, Kind::I16 | Kind::I32 | Kind::I64 | Kind::Uuid | Kind::Text)
                    | (Kind::I64, Kind::I16 | Kind::I32 | Kind::I64)
                    | (Kind::Uuid, Kind::Uuid)
            ),
            _ => false,
        }
    }

    /// What the column holds for a key: a number in decimal, a UUID in 32 hexadecimal digits, where it is a text.
    pub(crate) fn held(self, key: &Value) -> Option<Value> {
        Some(match (self.key, key) {
            (Kind::I64, Value::I16(number)) => Value::I64(i64::from(*number)),
            (Kind::I64, Value::I32(number)) => Value::I64(i64::from(*number)),
            (Kind::Text, Value::I16(number)) => Value::Text(number.to_string()),
            (Kind::Text, Value::I32(number)) => Value::Text(number.to_string()),
            (Kind::Text, Value::I64(number)) => Value::Text(number.to_string()),
            (Kind::Text, Value::Uuid(uuid)) => Value::Text(uuid.simple().to_string()),
            (Kind::I64, Value::I64(_)) | (Kind::Uuid, Value::Uuid(_)) | (Kind::Text, Value::Text(_)) => key.clone(),
            _ => return None,
        })
    }

    /// The key of this kind that stands for what the column holds; `None` where it is no such key.
    pub(crate) fn key(self, held: &Value, kind: Kind) -> Option<Value> {
        let number = |number: i64| match kind {
            Kind::I16 => i16::try_from(number).ok().map(Value::I16),
            Kind::I32 => i32::try_from(number).ok().map(Value::I32),
            Kind::I64 => Some(Value::I64(number)),
            _ => None,
        };
        let key = match held {
            Value::I64(held) => number(*held),
            Value::Uuid(held) => (kind == Kind::Uuid).then_some(Value::Uuid(*held)),
            Value::Text(held) => match kind {
                Kind::Text => Some(Value::Text(held.clone())),
                Kind::Uuid => Uuid::try_parse(held).ok().map(Value::Uuid),
                _ => held.parse().ok().and_then(number),
            },
            _ => None,
        };
        // `007` is no other name of 7: the database does not take it for one.
        key.filter(|key| self.held(key).as_ref() == Some(held))
    }
}

/// The type of the keys that a [`GenericForeignKey`](crate::GenericForeignKey) holds: `String`, `i64` or `Uuid`.
///
/// ```
/// use orm::GenericKey;
/// assert_eq!(<i64 as GenericKey>::from_held(orm::Value::I64(7)), Some(7));
/// ```
#[diagnostic::on_unimplemented(
    message = "a generic foreign key does not hold keys of type `{Self}`",
    label = "expected `String`, `i64` or `Uuid`",
    note = "`GenericForeignKey` holds keys as text, which every model with a key of one column has"
)]
pub trait GenericKey: FieldType + Plain + Clone + Eq + Hash + Debug {
    /// The key that a value is.
    #[doc(hidden)]
    fn from_held(value: Value) -> Option<Self>;
}

macro_rules! generic_keys {
    ($($type:ty: $kind:ident;)+) => {$(
        impl GenericKey for $type {
            fn from_held(value: Value) -> Option<Self> {
                match value {
                    Value::$kind(key) => Some(key),
                    _ => None,
                }
            }
        }
    )+};
}

generic_keys! {
    String: Text;
    i64: I64;
    Uuid: Uuid;
}

/// Families of keys that a generic foreign key with keys of type `K` holds.
#[doc(hidden)]
pub trait HeldAs<K> {}
impl HeldAs<String> for family::Integer {}
impl HeldAs<String> for family::Uuid {}
impl HeldAs<String> for family::Text {}
impl HeldAs<i64> for family::Integer {}
impl HeldAs<Uuid> for family::Uuid {}

/// A model that a generic foreign key with keys of type `K` can lead to: its key is one column, and `K` holds it.
///
/// ```
/// use orm::GenericTarget;
/// fn held<M: GenericTarget<String>>(key: M::Key) -> orm::Result<String> {
///     M::hold(&key)
/// }
/// assert_eq!(held::<library::Book>(7)?, "7");
/// # Ok::<(), orm::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "a generic foreign key with keys of type `{K}` cannot lead to `{Self}`",
    label = "the key of `{Self}` is not one that it holds",
    note = "`GenericForeignKey` holds whole numbers, texts and UUIDs; `GenericForeignKey<i64>` whole numbers, `GenericForeignKey<Uuid>` UUIDs; none holds keys of several columns"
)]
pub trait GenericTarget<K>: Model {
    /// What the generic foreign key holds for a key.
    #[doc(hidden)]
    fn hold(key: &Self::Key) -> Result<K>;

    /// The key that what it holds stands for; `None` where it is no key of this model.
    #[doc(hidden)]
    fn key_of(held: &K) -> Option<Self::Key>;
}

#[diagnostic::do_not_recommend]
impl<K: GenericKey, M: Model> GenericTarget<K> for M
where
    M::Key: FieldType<Family: HeldAs<K>>,
{
    fn hold(key: &M::Key) -> Result<K> {
        let mut out = Writer::default();
        super::Key::write(key, &mut out)?;
        let shape = GenericShape { key: K::KIND, nullable: false };
        let held = out.pop().and_then(|value| shape.held(&value)).and_then(K::from_held);
        held.ok_or_else(|| misfit(M::meta().name.as_ref()))
    }

    fn key_of(held: &K) -> Option<M::Key> {
        let shape = GenericShape { key: K::KIND, nullable: false };
        let key = shape.key(&held.to_value().ok()?, <M::Key as FieldType>::KIND)?;
        M::Key::from_cell(&Cell::of(&[key].as_slice())).ok()
    }
}

/// The key of a model is none that a generic foreign key holds.
pub(crate) fn misfit(model: &str) -> crate::Error {
    let what = format!("a generic foreign key with keys of this type cannot lead to `{model}`");
    crate::Error::new(crate::Code::BadModel, what)
        .with_hint("`GenericForeignKey` holds keys of one column: whole numbers, texts and UUIDs")
}
