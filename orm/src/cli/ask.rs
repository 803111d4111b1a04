//! Questions of the migration engine, put to the person at the terminal.

use migrations_engine::{
    Result,
    condition::Expr,
    diff::{Questioner, Refuse},
    schema::{Field, ModelKey},
};
use std::io::{BufRead, IsTerminal, Write, stderr, stdin};

/// Asks on the terminal; where there is none, refuses as [`Refuse`] does, with the flag that answers.
pub(super) struct Terminal {
    interactive: bool,
    refuse: Refuse,
}

impl Terminal {
    pub(super) fn new(may_ask: bool) -> Self {
        Terminal { interactive: may_ask && stdin().is_terminal() && stderr().is_terminal(), refuse: Refuse }
    }

    /// A line of the person's, without its end; `None` when the input is over.
    fn read(prompt: &str) -> Option<String> {
        eprint!("{prompt} ");
        stderr().flush().ok()?;
        let mut line = String::new();
        match stdin().lock().read_line(&mut line) {
            Ok(count) if count > 0 => Some(line.trim().to_owned()),
            _ => None,
        }
    }

    /// Yes or no; `None` when the input is over.
    fn yes(question: &str) -> Option<bool> {
        loop {
            match Self::read(&format!("{question} [y/n]"))?.to_lowercase().as_str() {
                "y" | "yes" => return Some(true),
                "n" | "no" => return Some(false),
                _ => eprintln!("Please answer y or n."),
            }
        }
    }

    /// A constant or expression in the engine's notation.
    fn expression(question: &str) -> Option<Expr> {
        eprintln!("{question}");
        loop {
            let text = Self::read("A value, such as 0, 'text', true or date '2024-02-29':")?;
            match text.parse::<Expr>() {
                Ok(expr) => return Some(expr),
                Err(error) => eprintln!("{error}"),
            }
        }
    }
}

impl Questioner for Terminal {
    fn is_renamed_field(&mut self, model: &ModelKey, old: &Field, new: &Field) -> Result<bool> {
        let question = format!("Was {model}.{} renamed to {model}.{}?", old.name, new.name);
        match self.interactive.then(|| Self::yes(&question)).flatten() {
            Some(answer) => Ok(answer),
            None => self.refuse.is_renamed_field(model, old, new),
        }
    }

    fn is_renamed_model(&mut self, old: &ModelKey, new: &ModelKey) -> Result<bool> {
        match self.interactive.then(|| Self::yes(&format!("Was the model {old} renamed to {new}?"))).flatten() {
            Some(answer) => Ok(answer),
            None => self.refuse.is_renamed_model(old, new),
        }
    }

    fn may_remove_field(&mut self, model: &ModelKey, field: &Field) -> Result<bool> {
        let question = format!("{model}.{} is gone from the models. Remove it, with all its values?", field.name);
        match self.interactive.then(|| Self::yes(&question)).flatten() {
            Some(true) => Ok(true),
            _ => self.refuse.may_remove_field(model, field),
        }
    }

    fn may_remove_model(&mut self, model: &ModelKey) -> Result<bool> {
        let question = format!("{model} is gone from the models. Remove it, with all its rows?");
        match self.interactive.then(|| Self::yes(&question)).flatten() {
            Some(true) => Ok(true),
            _ => self.refuse.may_remove_model(model),
        }
    }

    fn value_for_new_field(&mut self, model: &ModelKey, field: &Field) -> Result<Expr> {
        let question = format!("Existing rows need a value for the new field {model}.{}.", field.name);
        match self.interactive.then(|| Self::expression(&question)).flatten() {
            Some(value) => Ok(value),
            None => self.refuse.value_for_new_field(model, field),
        }
    }

    fn value_for_null(&mut self, model: &ModelKey, field: &Field) -> Result<Option<Expr>> {
        let question = format!(
            "{model}.{} no longer allows NULL: what do rows without a value get? (null: there are none)",
            field.name
        );
        match self.interactive.then(|| Self::expression(&question)).flatten() {
            Some(Expr::Value(migrations_engine::condition::Value::Null)) => Ok(None),
            Some(value) => Ok(Some(value)),
            None => self.refuse.value_for_null(model, field),
        }
    }
}
