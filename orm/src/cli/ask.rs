//! Questions of the migration engine, put to the person at the terminal; values are read as the fields themselves read them.

use super::output::{NOTE, styled, warn};
use crate::{
    App, ValidationError,
    migrate::constant,
    model::{Choice, ChoiceValue, FieldMeta, ModelMeta},
    write::{read_text, wanted},
};
use migrations_engine::{
    Result,
    condition::{Expr, Value},
    diff::{Questioner, Refuse, answer, refused_value},
    schema::{ColumnType, Field, ModelKey, Schema},
};
use std::io::{BufRead, IsTerminal, Write, stderr, stdin};

/// A line of the person's after a prompt, without its end; `None` when the input is over.
type ReadLine = Box<dyn FnMut(&str) -> Option<String>>;

/// Asks on the terminal; where there is none, refuses as [`Refuse`] does, with the flag that answers.
pub(super) struct Terminal {
    read: Option<ReadLine>,
    refuse: Refuse,
    models: Vec<&'static ModelMeta>,
}

fn read_line(prompt: &str) -> Option<String> {
    write!(stderr(), "{prompt} ").and_then(|()| stderr().flush()).ok()?;
    let mut line = String::new();
    match stdin().lock().read_line(&mut line) {
        Ok(count) if count > 0 => Some(line.trim().to_owned()),
        _ => None,
    }
}

impl Terminal {
    pub(super) fn new(may_ask: bool, apps: &[App]) -> Self {
        let interactive = may_ask && stdin().is_terminal() && stderr().is_terminal();
        let read = interactive.then(|| Box::new(read_line) as ReadLine);
        Terminal { read, refuse: Refuse, models: apps.iter().flat_map(|app| app.models()).collect() }
    }

    /// Yes or no; `None` when nobody can be asked, or the input is over.
    pub(super) fn yes(&mut self, question: &str) -> Option<bool> {
        let read = self.read.as_mut()?;
        loop {
            match read(&format!("{question} [y/n]"))?.to_lowercase().as_str() {
                "y" | "yes" => return Some(true),
                "n" | "no" => return Some(false),
                _ => warn("Please answer y or n."),
            }
        }
    }

    /// One of several things by their names; `None` when nobody can be asked, or nothing is to be done.
    pub(super) fn choose<T: Copy>(&mut self, of: &[(&str, T)]) -> Option<T> {
        let read = self.read.as_mut()?;
        let names: Vec<&str> = of.iter().map(|(name, _)| *name).collect();
        loop {
            let said = read(&format!("{}, or nothing to leave it?", names.join(" or ")))?;
            match of.iter().find(|(name, _)| *name == said) {
                Some((_, found)) => return Some(*found),
                None if said.is_empty() => return None,
                None => warn(format_args!("Please write {}, or press Enter.", names.join(" or "))),
            }
        }
    }

    /// A value that the field can hold.
    fn value(&mut self, question: &str, model: &ModelKey, field: &Field) -> Option<Expr> {
        let mut read = self.read.take()?;
        warn(question);
        let prompt = match self.known(model, field) {
            Some((_, known)) => format!("Write {}, or an expression:", what_to_write(known, field)),
            None => format!("Write {}:", field.ty.spelling()),
        };
        let found = loop {
            let Some(text) = read(&prompt) else { break None };
            match self.read_value(model, field, &text) {
                Ok(expr) => break Some(expr),
                Err(error) => warn(error.message()),
            }
        };
        self.read = Some(read);
        found
    }

    /// An answer `app.Model.field=value` as the field reads it, where the models still have it, or have it again.
    pub(super) fn read(&mut self, schema: &Schema, text: &str) -> Result<String> {
        let Some((target, value)) = text.split_once('=') else { return Ok(text.to_owned()) };
        let known = target.trim().rsplit_once('.').and_then(|(model, field)| {
            let model = schema.models.get(&model.parse().ok()?)?;
            Some((&model.key, model.field(field)?))
        });
        let Some((model, field)) = known else { return Ok(text.to_owned()) };
        let typed = Field { ty: schema.column_type(field)?, ..field.clone() };
        Ok(format!("{target}={}", self.read_value(model, &typed, value)?))
    }

    /// The field as the models have it; the parts of a relation with several columns are none of its own.
    fn known(&self, model: &ModelKey, field: &Field) -> Option<(&'static ModelMeta, &'static FieldMeta)> {
        let meta = self.models.iter().find(|meta| meta.app == *model.app && meta.name == *model.name)?;
        meta.field(&field.name).filter(|(_, field)| field.column_count == 1).map(|(_, field)| (*meta, field))
    }
}

fn choices(field: &FieldMeta) -> &'static [Choice] {
    field.column.map_or(&[], |shape| shape.choices)
}

/// What a field takes, by its choices and its type.
fn what_to_write(known: &FieldMeta, field: &Field) -> String {
    if !choices(known).is_empty() {
        let all = choices(known).iter().map(|choice| match choice.value {
            ChoiceValue::Text(text) => text.to_owned(),
            ChoiceValue::Integer(number) => number.to_string(),
        });
        return format!("one of {}", all.collect::<Vec<_>>().join(", "));
    }
    let relation = known.relation.as_ref().map(|relation| {
        let held = relation.to_field.as_ref().map_or_else(|| "key".to_owned(), |field| format!("`{field}`"));
        format!("the {held} of a `{}`, ", relation.target().name)
    });
    let spelling = match &field.ty {
        ColumnType::Date => "a day, such as 2024-02-29".to_owned(),
        ColumnType::Time => "a time of day, such as 12:30:00".to_owned(),
        ColumnType::DateTime => "a moment with its offset, such as 2024-02-29T12:30:00Z, or now()".to_owned(),
        ColumnType::NaiveDateTime => "a day and time, such as 2024-02-29T12:30:00".to_owned(),
        ColumnType::Duration => "a span of time, such as 3 04:05:06 or 90s".to_owned(),
        ColumnType::Ip => "an IP address, such as '192.0.2.1'".to_owned(),
        ColumnType::Uuid => "a UUID, such as 6ba7b810-9dad-11d1-80b4-00c04fd430c8".to_owned(),
        ColumnType::Binary => "bytes in base64, or in hexadecimal digits as bytes 'cafe'".to_owned(),
        ColumnType::Json => "a JSON document, such as {\"a\": 1}".to_owned(),
        ColumnType::Custom { .. } => wanted(known).map_or_else(|| field.ty.spelling(), str::to_owned),
        ty => ty.spelling(),
    };
    format!("{}{spelling}", relation.unwrap_or_default())
}

impl Questioner for Terminal {
    fn is_renamed_field(&mut self, model: &ModelKey, old: &Field, new: &Field) -> Result<bool> {
        match self.yes(&format!("Was {model}.{} renamed to {model}.{}?", old.name, new.name)) {
            Some(answer) => Ok(answer),
            None => self.refuse.is_renamed_field(model, old, new),
        }
    }

    fn is_renamed_model(&mut self, old: &ModelKey, new: &ModelKey) -> Result<bool> {
        let what = if old.app == new.app { "renamed" } else { "moved" };
        match self.yes(&format!("Was the model {old} {what} to {new}?")) {
            Some(answer) => Ok(answer),
            None => self.refuse.is_renamed_model(old, new),
        }
    }

    fn may_remove_field(&mut self, model: &ModelKey, field: &Field) -> Result<bool> {
        let question = format!("{model}.{} is gone from the models. Remove it, with all its values?", field.name);
        match self.yes(&question) {
            Some(true) => Ok(true),
            _ => self.refuse.may_remove_field(model, field),
        }
    }

    fn may_remove_model(&mut self, model: &ModelKey) -> Result<bool> {
        match self.yes(&format!("{model} is gone from the models. Remove it, with all its rows?")) {
            Some(true) => Ok(true),
            _ => self.refuse.may_remove_model(model),
        }
    }

    fn value_for_new_field(&mut self, model: &ModelKey, field: &Field) -> Result<Expr> {
        let question = format!("Existing rows need a value for the new field {model}.{}.", field.name);
        match self.value(&question, model, field) {
            Some(value) => Ok(value),
            None => self.refuse.value_for_new_field(model, field),
        }
    }

    fn value_for_null(&mut self, model: &ModelKey, field: &Field) -> Result<Option<Expr>> {
        let question = format!(
            "{model}.{} no longer allows NULL: what do rows without a value get? (null: there are none)",
            field.name
        );
        match self.value(&question, model, field) {
            Some(Expr::Value(Value::Null)) => Ok(None),
            Some(value) => Ok(Some(value)),
            None => self.refuse.value_for_null(model, field),
        }
    }

    fn tell(&mut self, note: &str) {
        warn(styled(NOTE, format_args!("note: {note}")));
    }

    fn stops_at_once(&self) -> bool {
        self.read.is_some()
    }

    /// As a form's value is read for a draft; what is no such value may be an expression of the notation.
    fn read_value(&mut self, model: &ModelKey, field: &Field, text: &str) -> Result<Expr> {
        let Some((meta, known)) = self.known(model, field) else { return Refuse.read_value(model, field, text) };
        let parsed = Expr::parse(text);
        // `'en'` is the text en.
        let plain = match &parsed {
            Ok(Expr::Value(Value::Null)) => return Ok(Expr::Value(Value::Null)),
            Ok(Expr::Value(Value::Text(quoted))) => quoted,
            Ok(expr @ (Expr::Call { .. } | Expr::Case { .. })) => {
                return Refuse.read_value(model, field, &expr.to_string());
            }
            _ => text,
        };
        let mistake = match read_text(meta, known, plain) {
            // What is to be no NULL has to be said: an empty text may be a slip.
            Ok(value) if value.is_null() => {
                ValidationError::new(&*known.name, crate::Code::MissingValue, "has no value")
            }
            Ok(value) => match constant(&value) {
                Ok(value) => return Ok(Expr::Value(value)),
                Err(error) => ValidationError::new(&*known.name, error.code(), error.message()),
            },
            Err(mistake) => mistake,
        };
        // The notation has forms of its own, such as `90s`; of a choice there is none, and a type of the database's own has its form
        // between quotes: `'{a, b}'`.
        let foreign = matches!(field.ty, ColumnType::Custom { .. });
        if choices(known).is_empty()
            && (!foreign || matches!(parsed, Ok(Expr::Value(Value::Text(_)))))
            && let (false, Ok(expr)) = (field.ty.is_text(), answer(text, &field.ty))
            && expr.fields().into_iter().all(|name| meta.field(name).is_some())
        {
            return Ok(expr);
        }
        let name = format!("`{}`", known.name);
        let why = mistake.message.strip_prefix(&name).unwrap_or(&mistake.message).trim_start_matches([':', ' ']);
        Err(refused_value(
            model,
            &field.name,
            &format!("cannot be given {text:?}: {why}"),
            &format!("write {}", what_to_write(known, field)),
        ))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    /// A person who says these things, and then leaves; and what was asked.
    fn person(said: &[&str]) -> Terminal {
        let mut said: VecDeque<String> = said.iter().map(|text| (*text).to_owned()).collect();
        let read = move |_: &str| said.pop_front();
        Terminal { read: Some(Box::new(read)), refuse: Refuse, models: Vec::new() }
    }

    fn day() -> Field {
        Field::new("born", ColumnType::Date)
    }

    #[test]
    fn a_value_is_asked_for_until_the_field_can_hold_it() {
        let model = ModelKey::new("shop", "Author");
        let mut terminal = person(&["2023-02-29", "2024-02-29"]);
        let given = terminal.value_for_new_field(&model, &day()).unwrap();
        assert_eq!(given, Expr::Value(Value::Date("2024-02-29".to_owned())));
        let refused = person(&["2023-02-29"]).value_for_new_field(&model, &day()).unwrap_err();
        assert_eq!(refused.code(), "M022", "whoever leaves has not answered");
        assert_eq!(person(&["null"]).value_for_null(&model, &day()).unwrap(), None);
    }

    #[test]
    fn one_of_several_is_chosen_by_name_or_none() {
        let remedies = [("done", 1), ("undo", 2)];
        assert_eq!(person(&["what", "undo"]).choose(&remedies), Some(2));
        assert_eq!(person(&[""]).choose(&remedies), None);
        assert_eq!(person(&[]).choose(&remedies), None);
        let mut nobody = Terminal { read: None, refuse: Refuse, models: Vec::new() };
        assert_eq!(nobody.choose(&remedies), None);
    }
}
