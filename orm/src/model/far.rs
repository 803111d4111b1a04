//! The model that a field leads to, for what is said over that model's fields.

use super::{Model, Target};
use crate::{ForeignKey, ManyToMany, OneToOne};

/// The model at the other end of a relation that has a field of its own: a foreign key, a one-to-one or a many-to-many.
pub trait Toward {
    /// That model.
    type Model: Model;
}

impl<K: Target> Toward for ForeignKey<K> {
    type Model = K::Model;
}

impl<K: Target> Toward for OneToOne<K> {
    type Model = K::Model;
}

impl<K: Target> Toward for Option<ForeignKey<K>> {
    type Model = K::Model;
}

impl<K: Target> Toward for Option<OneToOne<K>> {
    type Model = K::Model;
}

impl<M: Model> Toward for ManyToMany<M> {
    type Model = M;
}
