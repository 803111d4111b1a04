//! Relations in serde's formats: the key while the related row is not loaded, the row itself once it is.

use super::{ForeignKey, GenericForeignKey, HasMany, HasOne, ManyToMany, OneToOne};
use crate::{
    Model,
    model::{GenericKey, Target},
};
use serde::{
    Serialize, Serializer,
    ser::{Error, SerializeStruct},
};

macro_rules! to_one {
    ($($name:ident)+) => {$(
        /// The key, or what the unique field holds; the row when it is loaded.
        impl<K: Target<Key: Serialize, Model: Serialize>> Serialize for $name<K> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self.get() {
                    Ok(row) => row.serialize(serializer),
                    Err(_) => self.key().serialize(serializer),
                }
            }
        }
    )+};
}

macro_rules! to_many {
    ($($name:ident)+) => {$(
        /// The rows when they are loaded; otherwise null.
        impl<M: Model + Serialize> Serialize for $name<M> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self.get() {
                    Ok(rows) => rows.serialize(serializer),
                    Err(_) => serializer.serialize_none(),
                }
            }
        }
    )+};
}

/// The label and the key, as input takes them: `{"model": "library.Book", "key": 7}`.
impl<K: GenericKey + Serialize> Serialize for GenericForeignKey<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut pair = serializer.serialize_struct("GenericForeignKey", 2)?;
        pair.serialize_field("model", self.label())?;
        pair.serialize_field("key", self.key().map_err(S::Error::custom)?)?;
        pair.end()
    }
}

to_one! { ForeignKey OneToOne }
to_many! { HasMany HasOne ManyToMany }
