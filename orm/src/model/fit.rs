//! Whether a field's type and its attributes go together: asked in one place for each field, so that a mistake gives one message.
//!
//! The derive names a field's type there. Where something is wrong that name stands for no type, and the compiler is silent
//! about everything that follows from it.
#![expect(clippy::panic, reason = "these panics are compile errors of the model's crate")]

use super::{
    FieldSpec, KeyField, ModelField, Shape,
    build::{AUTO_KEY, Text},
};
use crate::{ForeignKey, HasMany, HasOne, ManyToMany, OneToOne};
use std::marker::PhantomData;

/// Asks what a type is: a constant of its own is found before that of a trait, so that the answer needs no bound.
pub struct Probe<T: ?Sized>(PhantomData<T>);

/// The answers where the type is not what was asked for.
pub trait Unfit {
    /// What it is as a field.
    const SHAPE: Option<Shape> = None;
    /// Whether it can be a primary key, or a part of one.
    const KEY: bool = false;
    /// Whether it is a relation, whatever it leads to.
    const RELATION: bool = false;
}

impl<T: ?Sized> Unfit for Probe<T> {}

impl<T: ModelField> Probe<T> {
    /// What it is as a field.
    pub const SHAPE: Option<Shape> = Some(T::SHAPE);
}

impl<T: KeyField> Probe<T> {
    /// Whether it can be a primary key, or a part of one.
    pub const KEY: bool = true;
}

/// A relation, to rows of a type that may be no model.
pub trait Relates {}
impl<M> Relates for ForeignKey<M> {}
impl<M> Relates for OneToOne<M> {}
impl<M> Relates for Option<ForeignKey<M>> {}
impl<M> Relates for Option<OneToOne<M>> {}
impl<M> Relates for HasMany<M> {}
impl<M> Relates for HasOne<M> {}
impl<M> Relates for ManyToMany<M> {}

impl<T: Relates> Probe<T> {
    /// Whether it is a relation, whatever it leads to.
    pub const RELATION: bool = true;
}

/// Refuses a type that cannot be a primary key. An automatic key has more to ask, of the field.
#[track_caller]
pub const fn fits_key(fit: bool, auto: bool, ty: &str) -> bool {
    if !fit && auto {
        panic!("{}", AUTO_KEY);
    }
    if !fit {
        let text =
            Text::new().push("`").push(ty).push("` cannot be a primary key: a key is never NULL, and a column's type ");
        panic!("{}", text.push("with `Clone`, `Eq` and `Hash`, or a relation to one row").as_str());
    }
    true
}

/// The field that attributes are checked against. Refuses a type that cannot be a field.
#[track_caller]
pub const fn fitting(shape: Option<Shape>, relation: bool, ty: &str) -> FieldSpec {
    match shape {
        Some(shape) => FieldSpec::new("", shape, ""),
        None if relation => {
            let text = Text::new().push("`").push(ty).push("` leads to a type that is not a model: ");
            panic!("{}", text.push("add #[derive(Model)] to that type").as_str());
        }
        None => {
            let text =
                Text::new().push("`").push(ty).push("` cannot be a field of a model: derive `FieldType` for it ");
            panic!("{}", text.push("(a newtype) or `Choices` (an enum), or write `Json<").push(ty).push(">`").as_str());
        }
    }
}

/// Refuses a type that is no part of a model.
#[track_caller]
pub const fn fits_part(shape: Option<Shape>, ty: &str) -> bool {
    match shape {
        Some(shape) => {
            FieldSpec::part("", shape);
            true
        }
        None => {
            let text =
                Text::new().push("`").push(ty).push("` is not a part of a model: add #[derive(ModelPart)] to it");
            panic!("{}", text.push(", or remove `flatten`").as_str());
        }
    }
}

/// Refuses a field whose type asks for what no attribute has given.
#[track_caller]
pub const fn fits(field: FieldSpec) -> bool {
    field.done();
    true
}

/// Refuses a type that cannot be a field without attributes.
#[track_caller]
pub const fn fits_bare(shape: Option<Shape>, relation: bool, ty: &str) -> bool {
    fits(fitting(shape, relation, ty))
}

/// The type itself, where nothing was wrong.
pub trait Checked<const FIT: bool> {
    /// The type.
    type Type: ?Sized;
}

impl<T: ?Sized> Checked<true> for T {
    type Type = T;
}
