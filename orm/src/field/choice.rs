//! Enums in columns: what people call on them, and what `#[derive(Choices)]` calls to read, write and refuse.

use super::Plain;
use crate::{
    Code, Error, Kind, PgValue, Result, Value,
    db::Cell,
    model::{Choice, ChoiceValue},
};
use std::borrow::Cow;

/// An enum whose variants are the values of a column: `#[derive(Choices)]`.
///
/// ```
/// use orm::prelude::*;
///
/// #[derive(Choices, Debug, Clone, Copy, PartialEq)]
/// enum Status {
///     Draft,
///     #[choice(value = "pub", label = "In print")]
///     Published,
/// }
///
/// assert_eq!(Status::Published.label(), "In print");
/// assert_eq!(Status::ALL, [Status::Draft, Status::Published]);
/// assert_eq!("draft".parse::<Status>()?, Status::Draft);
/// assert_eq!("gone".parse::<Status>().unwrap_err().code(), orm::Code::UnknownChoice);
/// # Ok::<(), orm::Error>(())
/// ```
pub trait Choices: Plain {
    /// Every choice, in the order of the enum; a variant that takes other values is not among them.
    const ALL: &'static [Self];

    /// What people read: `#[choice(label = "..")]`, or the variant's name in words. Of a value that is no choice, the value.
    fn label(&self) -> Cow<'static, str>;
}

/// A variant: its place among the choices, or the value that is none of them.
pub enum ChoiceOf<'a, T> {
    /// The place among the choices.
    Known(usize),
    /// The stored value.
    Other(&'a T),
}

/// How a newtype's content is stored; only a type that is never NULL can be the content.
pub const fn plain_kind<T: Plain>() -> Kind {
    T::KIND
}

/// What people read of a choice.
pub fn choice_label<T: ToString>(choice: ChoiceOf<'_, T>, choices: &'static [Choice]) -> Cow<'static, str> {
    match choice {
        ChoiceOf::Known(index) => Cow::Borrowed(choices[index].label),
        ChoiceOf::Other(value) => Cow::Owned(value.to_string()),
    }
}

/// The text of a choice, to be stored.
///
/// # Errors
/// None; the derive's `to_value` has a result.
pub fn write_choice(choice: ChoiceOf<'_, String>, kind: Kind, choices: &[Choice]) -> Result<Value> {
    let text = match choice {
        ChoiceOf::Known(index) => match choices[index].value {
            ChoiceValue::Text(text) => text.to_owned(),
            ChoiceValue::Integer(number) => number.to_string(),
        },
        ChoiceOf::Other(text) => text.clone(),
    };
    Ok(match kind {
        Kind::Postgres(own) => Value::Postgres(own, Box::new(PgValue::Text(text))),
        _ => Value::Text(text),
    })
}

/// The number of a choice, to be stored.
///
/// # Errors
/// [`Code::OutOfRange`] when a number that is no choice does not fit into the column.
pub fn write_number_choice(choice: ChoiceOf<'_, i64>, kind: Kind, choices: &[Choice]) -> Result<Value> {
    let number = match choice {
        ChoiceOf::Known(index) => match choices[index].value {
            ChoiceValue::Integer(number) => number,
            ChoiceValue::Text(_) => 0,
        },
        ChoiceOf::Other(number) => *number,
    };
    let value = match kind {
        Kind::I16 => i16::try_from(number).ok().map(Value::I16),
        Kind::I32 => i32::try_from(number).ok().map(Value::I32),
        _ => Some(Value::I64(number)),
    };
    value.ok_or_else(|| {
        Error::new(Code::OutOfRange, format!("{number} does not fit into the column of these choices"))
            .with_hint("write #[repr(i64)] on the enum")
    })
}

/// The place of the stored text among the choices, or the text.
///
/// # Errors
/// When no text is stored.
pub fn read_choice(cell: &Cell<'_>, choices: &[Choice]) -> Result<Result<usize, String>> {
    cell.text().map(|stored| parse_choice(&stored, choices))
}

/// The place of a text among the choices, or the text.
///
/// # Errors
/// The outer result of its callers is for values that are no text.
pub fn parse_choice(text: &str, choices: &[Choice]) -> Result<usize, String> {
    let found = choices.iter().position(|choice| matches!(choice.value, ChoiceValue::Text(known) if known == text));
    found.ok_or_else(|| text.to_owned())
}

/// The place of the stored number among the choices, or the number.
///
/// # Errors
/// When no number of this size is stored.
pub fn read_number_choice(cell: &Cell<'_>, kind: Kind, choices: &[Choice]) -> Result<Result<usize, i64>> {
    let stored = match kind {
        Kind::I16 => i64::from(cell.i16()?),
        Kind::I64 => cell.i64()?,
        _ => i64::from(cell.i32()?),
    };
    Ok(find_number(stored, choices))
}

/// The place of a number in text among the choices, or the number.
///
/// # Errors
/// [`Code::UnknownChoice`] when the text is no number.
pub fn parse_number_choice(text: &str, name: &str, choices: &[Choice]) -> Result<Result<usize, i64>> {
    let number = text.trim().parse().map_err(|_| unknown_choice(name, &text, choices))?;
    Ok(find_number(number, choices))
}

fn find_number(number: i64, choices: &[Choice]) -> Result<usize, i64> {
    choices.iter().position(|choice| choice.value == ChoiceValue::Integer(number)).ok_or(number)
}

/// The error for a value that is none of the choices of an enum.
pub fn unknown_choice<T: std::fmt::Debug>(name: &str, stored: &T, choices: &[Choice]) -> Error {
    let known: Vec<String> = choices
        .iter()
        .map(|choice| match choice.value {
            ChoiceValue::Text(text) => format!("{text:?}"),
            ChoiceValue::Integer(number) => number.to_string(),
        })
        .collect();
    let hint = format!("the choices are {}; a variant with #[choice(other)] takes everything else", known.join(", "));
    Error::new(Code::UnknownChoice, format!("the value is none of the choices of `{name}`"))
        .with_hint(hint)
        .with_unredacted(format!("{stored:?}"))
}
