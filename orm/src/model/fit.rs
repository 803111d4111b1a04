//! Whether a field's type and its attributes go together: asked in one place for each field, so that a mistake gives one message.
//!
//! The derive names a field's type there. Where something is wrong that name stands for no type, and the compiler is silent
//! about everything that follows from it.
#![expect(clippy::panic, reason = "these panics are compile errors of the model's crate")]

use super::{FieldSpec, KeyField, ModelField, Shape};
use std::marker::PhantomData;

/// Asks what a type is: a constant of its own is found before that of a trait, so that the answer needs no bound.
pub struct Probe<T: ?Sized>(PhantomData<T>);

/// The answers where the type is not what was asked for.
pub trait Unfit {
    /// What it is as a field.
    const SHAPE: Option<Shape> = None;
    /// Whether it can be a primary key, or a part of one.
    const KEY: bool = false;
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

/// Stops the compiler with this problem, unless the type is fit.
#[track_caller]
pub const fn fit(fit: bool, problem: &str) -> bool {
    if !fit {
        panic!("{}", problem);
    }
    true
}

/// The field that attributes are checked against; stops the compiler with this problem when the type cannot be a field.
#[track_caller]
pub const fn fitting(shape: Option<Shape>, name: &'static str, problem: &str) -> FieldSpec {
    match shape {
        Some(shape) => FieldSpec::new(name, shape, ""),
        None => panic!("{}", problem),
    }
}

/// A field that stands for those of a part; stops the compiler with this problem when its type is none.
#[track_caller]
pub const fn fitting_part(shape: Option<Shape>, name: &'static str, problem: &str) -> FieldSpec {
    match shape {
        Some(shape) => FieldSpec::part(name, shape),
        None => panic!("{}", problem),
    }
}

/// Nothing was wrong with a field.
pub const fn fits(_: FieldSpec) -> bool {
    true
}

/// The type itself, where nothing was wrong.
pub trait Checked<const FIT: bool> {
    /// The type.
    type Type: ?Sized;
}

impl<T: ?Sized> Checked<true> for T {
    type Type = T;
}

/// The type of the field at the place `N` of the struct.
pub trait FieldAt<const N: usize> {
    /// The type.
    type Type: ?Sized;
}
