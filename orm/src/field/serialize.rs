//! Relations in serde's formats: the key while the related row is not loaded, the row itself once it is.

use super::{ForeignKey, HasMany, HasOne, ManyToMany, OneToOne};
use crate::Model;
use serde::{Serialize, Serializer};

macro_rules! to_one {
    ($($name:ident)+) => {$(
        /// The key, or the row when it is loaded.
        impl<M: Model<Key: Serialize> + Serialize> Serialize for $name<M> {
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

to_one! { ForeignKey OneToOne }
to_many! { HasMany HasOne ManyToMany }
