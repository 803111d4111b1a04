//! The key that a relation has, apart from its type.
//!
//! A struct whose field has a type that depends on `M: Model` is no type at all where `M` is no model: each use of the struct would
//! be one more error message. So the key's type stands in the methods, which ask for a model, and not in the relation.

use crate::model::Key;
use std::{any::Any, sync::Arc};
use uuid::Uuid;

/// A key of any type; the usual ones stand where it stands.
#[derive(Clone)]
pub(super) enum RelatedKey {
    I32(i32),
    I64(i64),
    Uuid(Uuid),
    Other(Arc<dyn Any + Send + Sync>),
}

impl RelatedKey {
    #[inline]
    pub(super) fn new<K: Key>(key: K) -> Self {
        let any: &dyn Any = &key;
        // Known when it is compiled.
        if let Some(key) = any.downcast_ref() {
            RelatedKey::I64(*key)
        } else if let Some(key) = any.downcast_ref() {
            RelatedKey::I32(*key)
        } else if let Some(key) = any.downcast_ref() {
            RelatedKey::Uuid(*key)
        } else {
            RelatedKey::Other(Arc::new(key))
        }
    }

    /// The key, of the type that it was made of.
    #[inline]
    pub(super) fn get<K: Key>(&self) -> &K {
        let key: &dyn Any = match self {
            RelatedKey::I32(key) => key,
            RelatedKey::I64(key) => key,
            RelatedKey::Uuid(key) => key,
            RelatedKey::Other(key) => &**key,
        };
        match key.downcast_ref() {
            Some(key) => key,
            None => unreachable!("a relation to a model is made of that model's key"),
        }
    }
}
