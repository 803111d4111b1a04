//! Whether a field's type and its attributes go together: asked in one place for each field, so that a mistake gives one message.
//!
//! The derive names a field's type there. Where something is wrong that name stands for no type, and the compiler is silent
//! about everything that follows from it.
#![expect(clippy::panic, reason = "these panics are compile errors of the model's crate")]

use super::{
    FieldSpec, KeyField, Model, ModelField, RelationKind, Shape,
    build::AUTO_KEY,
    const_text::{Text, last_segment},
};
use crate::{ForeignKey, GenericForeignKey, HasMany, HasOne, ManyToMany, OneToOne};
use std::marker::PhantomData;

/// Asks what a type is: a constant of its own is found before that of a trait, so that the answer needs no bound.
pub struct Probe<T: ?Sized>(PhantomData<T>);

/// The answers where the type is not what was asked for.
pub trait Unfit {
    /// What it is as a field.
    const SHAPE: Option<Shape> = None;
    /// Whether it can be a primary key, or a part of one.
    const KEY: bool = false;
    /// Why it is no field, if that is known.
    const WHY: Why = Why::Unknown;
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

/// Why a type is no field.
#[derive(Debug, Clone, Copy)]
pub enum Why {
    /// Nothing is known of it.
    Unknown,
    /// A relation that leads to what is no model.
    NoModel,
    /// A number whose size is the machine's; this one has the same on all.
    MachineSize(&'static str),
    /// Rows of a model, without the relation to them.
    Rows,
    /// A set of rows that may be empty, and is never NULL.
    OptionalSet,
    /// A generic foreign key with keys of a type that it does not hold.
    NoGenericKey,
    /// A key that the database numbers, of a type that is no number.
    AutoKey,
}

/// What is often taken for a field: relations to rows of a type that may be no model, and types that are none.
pub trait Mistaken {
    /// Why it is no field, if it is none.
    const WHY: Why;
}

macro_rules! mistaken {
    ($($type:ty => $why:expr;)+) => {$(
        impl<M> Mistaken for $type {
            const WHY: Why = $why;
        }
    )+};
}

mistaken! {
    ForeignKey<M> => Why::NoModel;
    OneToOne<M> => Why::NoModel;
    Option<ForeignKey<M>> => Why::NoModel;
    Option<OneToOne<M>> => Why::NoModel;
    HasMany<M> => Why::NoModel;
    HasOne<M> => Why::NoModel;
    ManyToMany<M> => Why::NoModel;
    GenericForeignKey<M> => Why::NoGenericKey;
    Option<GenericForeignKey<M>> => Why::NoGenericKey;
    Option<HasMany<M>> => Why::OptionalSet;
    Option<HasOne<M>> => Why::OptionalSet;
    Option<ManyToMany<M>> => Why::OptionalSet;
}

impl Mistaken for usize {
    const WHY: Why = Why::MachineSize("u64");
}

impl Mistaken for isize {
    const WHY: Why = Why::MachineSize("i64");
}

impl<M: Model> Mistaken for Vec<M> {
    const WHY: Why = Why::Rows;
}

impl<T: Mistaken> Probe<T> {
    /// Why it is no field, if it is none.
    pub const WHY: Why = T::WHY;
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
pub const fn fitting(shape: Option<Shape>, why: Why, ty: &str) -> FieldSpec {
    if let Some(shape) = shape {
        refuse_unfit_target(shape);
        return FieldSpec::new("", shape, "");
    }
    let text = Text::new().push("`").push(ty);
    let text = match why {
        Why::NoModel => text.push("` leads to a type that is not a model: add #[derive(Model)] to that type"),
        Why::MachineSize(same) => {
            text.push("` is not of one size on every machine: write `").push(same).push("`, or a smaller one")
        }
        Why::Rows => text.push("` is no relation: rows that point here are a `HasMany<..>`, others a `ManyToMany<..>`"),
        Why::NoGenericKey => {
            let text =
                text.push("` holds no keys: write `GenericForeignKey`, which has those of every model with a key ");
            text.push("of one column, as text, or `GenericForeignKey<i64>` or `GenericForeignKey<Uuid>`")
        }
        Why::AutoKey => Text::new().push(AUTO_KEY),
        Why::OptionalSet => text.push("` is a set of rows, which is never NULL: take the `Option` away"),
        Why::Unknown => {
            let text = text.push("` cannot be a field of a model: derive `FieldType` for it ");
            text.push("(a newtype) or `Choices` (an enum), or write `Json<").push(ty).push(">`")
        }
    };
    panic!("{}", text.as_str());
}

/// Refuses a foreign key to a unique field that does not name rows.
#[track_caller]
const fn refuse_unfit_target(shape: Shape) {
    if let Shape::Relation(RelationKind::ForeignKey { key, .. } | RelationKind::OneToOne { key, .. }, _) = shape
        && let (Some(field), []) = (key.to, key.kinds)
    {
        let text = Text::new().push("a foreign key cannot hold `").push(last_segment(key.model)).push("::");
        let text = text.push(field).push("`: it would not say for every row which it is. Take a unique field that is ");
        panic!(
            "{}",
            text.push("no `Option` and has a type with `Clone`, `Eq` and `Hash`, or the primary key").as_str()
        );
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
pub const fn fits_bare(shape: Option<Shape>, why: Why, ty: &str) -> bool {
    fits(fitting(shape, why, ty))
}

/// The type itself, where nothing was wrong.
pub trait Checked<const FIT: bool> {
    /// The type.
    type Type: ?Sized;
}

impl<T: ?Sized> Checked<true> for T {
    type Type = T;
}
