//! What `#[derive(Choices)]` and `#[derive(FieldType)]` share: reading stored values, and refusing those that are no choice.

use super::Plain;
use crate::{
    Code, Error, Kind, Result,
    db::Cell,
    model::{Choice, ChoiceValue},
};

/// How a newtype's content is stored; only a type that is never NULL can be the content.
pub const fn plain_kind<T: Plain>() -> Kind {
    T::KIND
}

/// The index of the stored text among the choices, or the text.
///
/// # Errors
/// When no text is stored.
pub fn read_choice(cell: &Cell<'_>, choices: &[Choice]) -> Result<std::result::Result<usize, String>> {
    let stored = cell.text()?;
    let found = choices.iter().position(|choice| matches!(choice.value, ChoiceValue::Text(text) if text == stored));
    Ok(found.ok_or(stored))
}

/// The index of the stored number among the choices, or the number.
///
/// # Errors
/// When no number of this size is stored.
pub fn read_number_choice(cell: &Cell<'_>, kind: Kind, choices: &[Choice]) -> Result<std::result::Result<usize, i64>> {
    let stored = match kind {
        Kind::I16 => i64::from(cell.i16()?),
        Kind::I64 => cell.i64()?,
        _ => i64::from(cell.i32()?),
    };
    Ok(choices.iter().position(|choice| choice.value == ChoiceValue::Integer(stored)).ok_or(stored))
}

/// The error for a value that is none of the choices of an enum.
pub fn unknown_choice(name: &str, stored: impl std::fmt::Display, choices: &[Choice]) -> Error {
    let known: Vec<String> = choices
        .iter()
        .map(|choice| match choice.value {
            ChoiceValue::Text(text) => format!("{text:?}"),
            ChoiceValue::Integer(number) => number.to_string(),
        })
        .collect();
    Error::new(Code::UnknownChoice, format!("{stored} is none of the choices of `{name}`")).with_hint(format!(
        "the choices are {}; a variant with #[choice(other)] takes everything else",
        known.join(", ")
    ))
}

/// The same for text.
pub fn unknown_choice_text(name: &str, stored: &str, choices: &[Choice]) -> Error {
    unknown_choice(name, format_args!("{stored:?}"), choices)
}
