//! What `diff` may ask, and the answers that are given beforehand.

use std::collections::{BTreeMap, BTreeSet};

use crate::condition::{Expr, Value};
use crate::error::{Error, Result, error, fail};
use crate::schema::{ColumnType, Field, ModelKey};

/// Answers the questions of `diff`. The engine itself reads nothing: a terminal is one
/// implementation, [`Refuse`] and [`Answers`] are others.
pub trait Questioner {
    /// Whether it was said beforehand, without being asked, that `old` is now called `new`: `old` is
    /// `app.Model` or `app.Model.field`, `new` the last part only, or all of `app.Model` for a model that was moved.
    fn was_told_renamed(&mut self, old: &str, new: &str) -> bool {
        let _ = (old, new);
        false
    }
    /// Is the new field `new` the old field `old` under another name?
    fn is_renamed_field(&mut self, model: &ModelKey, old: &Field, new: &Field) -> Result<bool>;
    /// Is the new model `new` the old model `old` under another name, or in another application?
    fn is_renamed_model(&mut self, old: &ModelKey, new: &ModelKey) -> Result<bool>;
    /// May the field be removed, with its values?
    fn may_remove_field(&mut self, model: &ModelKey, field: &Field) -> Result<bool>;
    /// May the model be removed, with its rows?
    fn may_remove_model(&mut self, model: &ModelKey) -> Result<bool>;
    /// Which value do existing rows get in this new field without NULL and without a default?
    fn value_for_new_field(&mut self, model: &ModelKey, field: &Field) -> Result<Expr>;
    /// What replaces NULL in existing rows? `None`: there are none, or a step before sees to it.
    fn value_for_null(&mut self, model: &ModelKey, field: &Field) -> Result<Option<Expr>>;
    /// Tells something that is no question and stops nothing.
    fn tell(&mut self, note: &str) {
        let _ = note;
    }
    /// Whether the first refusal ends it, because somebody is asked, who would be asked the rest in vain; else all that is
    /// refused is told at once.
    fn stops_at_once(&self) -> bool {
        false
    }
    /// Reads what a person wrote as a value of the field; `M003` for what the field cannot hold. By the column's type
    /// unless something is known that says more, such as the choices of the field.
    fn read_value(&mut self, model: &ModelKey, field: &Field, text: &str) -> Result<Expr> {
        answer(text, &field.ty).map_err(|error| error.at(format!("`{model}.{}`", field.name)))
    }
}

/// Refuses every question with a coded error that says which flag answers it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Refuse;

impl Questioner for Refuse {
    fn is_renamed_field(&mut self, model: &ModelKey, old: &Field, new: &Field) -> Result<bool> {
        let value = match new.needs_value() {
            true => format!(" with --default {model}.{}=<value>", new.name),
            false => " empty".to_owned(),
        };
        let (old, new) = (&old.name, &new.name);
        Err(error!(M020, "is `{model}.{new}` the field `{old}` under a new name?").with_hint(format!(
            "--rename {model}.{old}={new} keeps its values; --remove {model}.{old} drops them and adds `{new}`{value}"
        )))
    }

    fn is_renamed_model(&mut self, old: &ModelKey, new: &ModelKey) -> Result<bool> {
        if old.app != new.app {
            return Err(error!(M020, "was the model `{old}` moved to `{new}`?").with_hint(format!(
                "--rename {old}={new} keeps its table and its rows; --remove {old} drops them and makes `{new}` anew"
            )));
        }
        Err(error!(M020, "is `{new}` the model `{old}` under a new name?").with_hint(format!(
            "--rename {old}={} keeps its rows; --remove {old} drops them and makes `{}` anew",
            new.name, new.name
        )))
    }

    fn may_remove_field(&mut self, model: &ModelKey, field: &Field) -> Result<bool> {
        let field = &field.name;
        Err(error!(M021, "`{model}.{field}` is gone from the models; its values would be lost").with_hint(format!(
            "--remove {model}.{field} removes it; --rename {model}.{field}=<new name> keeps its values"
        )))
    }

    fn may_remove_model(&mut self, model: &ModelKey) -> Result<bool> {
        Err(error!(M021, "`{model}` is gone from the models; its rows would be lost")
            .with_hint(format!("--remove {model} removes it; --rename {model}=<new name> keeps its rows")))
    }

    fn value_for_new_field(&mut self, model: &ModelKey, field: &Field) -> Result<Expr> {
        let field = &field.name;
        Err(error!(
            M022,
            "existing rows need a value for the new field `{model}.{field}`, which is not null and has no default"
        )
        .with_hint(format!("--default {model}.{field}=<value>, or give the field a default, or allow NULL")))
    }

    fn value_for_null(&mut self, model: &ModelKey, field: &Field) -> Result<Option<Expr>> {
        let field = &field.name;
        Err(error!(M022, "`{model}.{field}` no longer allows NULL: what do existing rows without a value get?").with_hint(
            format!("--default {model}.{field}=<value>, or --default {model}.{field}=null if no row has NULL, or give the field a default"),
        ))
    }
}

/// Answers given beforehand, by flags or an answers file; what they do not say is put to another
/// [`Questioner`], [`Refuse`] unless told otherwise.
///
/// ```
/// use migrations_engine::diff::Answers;
/// let mut answers = Answers::new();
/// answers.rename("library.Book.title=headline")?;
/// answers.remove("library.Book.pages")?;
/// answers.default("library.Book.language=en")?;
/// assert!(answers.rename("title=headline").is_err());
/// # Ok::<(), migrations_engine::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Answers<Q = Refuse> {
    renames: BTreeMap<String, String>,
    removals: BTreeSet<String>,
    defaults: BTreeMap<String, String>,
    used: BTreeSet<String>,
    otherwise: Q,
}

/// Splits `target=value` and checks that the target has two or three parts.
fn split(flag: &str, text: &str, parts: &[usize]) -> Result<(String, Option<String>)> {
    let (target, value) = text.split_once('=').map_or((text, None), |(target, value)| (target, Some(value.to_owned())));
    let target = target.trim();
    let count = target.split('.').filter(|part| !part.is_empty()).count();
    if !parts.contains(&count) || count != target.split('.').count() {
        fail!(M023, "`{flag} {text}`: write `app.Model` or `app.Model.field` in front");
    }
    Ok((target.to_owned(), value))
}

impl Answers {
    /// No answers yet.
    pub fn new() -> Self {
        <Self as Default>::default()
    }
}

impl<Q: Questioner> Answers<Q> {
    /// The same answers, with another to ask for the rest.
    pub fn or_ask<R: Questioner>(self, otherwise: R) -> Answers<R> {
        let Answers { renames, removals, defaults, used, otherwise: _ } = self;
        Answers { renames, removals, defaults, used, otherwise }
    }

    /// `app.Model.old=new`, `app.Old=New`, or `app.Model=other.Model` for a model that was moved.
    pub fn rename(&mut self, text: &str) -> Result<()> {
        let (target, new) = split("--rename", text, &[2, 3])?;
        let moved = |new: &str| target.matches('.').count() == 1 && new.parse::<ModelKey>().is_ok();
        let Some(new) = new.filter(|new| !new.is_empty() && (!new.contains('.') || moved(new))) else {
            fail!(M023, "`--rename {text}`: the new name is missing; write `app.Model.old=new`");
        };
        self.renames.insert(target, new);
        Ok(())
    }

    /// `app.Model.field` or `app.Model`.
    pub fn remove(&mut self, text: &str) -> Result<()> {
        match split("--remove", text, &[2, 3])? {
            (target, None) => self.removals.insert(target),
            _ => fail!(M023, "`--remove {text}`: a removal has no value"),
        };
        Ok(())
    }

    /// `app.Model.field=value`: a value as it is, or an expression of the notation such as `now()`.
    pub fn default(&mut self, text: &str) -> Result<()> {
        match split("--default", text, &[3])? {
            (target, Some(value)) => self.defaults.insert(target, value),
            (_, None) => fail!(M023, "`--default {text}`: the value is missing"),
        };
        Ok(())
    }

    /// The answers of a file, for machines that cannot be asked: TOML with the lists `rename`, `remove` and `default`,
    /// each of texts as the methods of these names take them.
    ///
    /// ```
    /// use migrations_engine::diff::Answers;
    /// let mut answers = Answers::new();
    /// answers.file(r#"
    ///     rename = ["library.Book.title=headline"]
    ///     remove = ["library.Book.pages"]
    /// "#)?;
    /// assert_eq!(answers.file("renames = []").unwrap_err().code(), "M023");
    /// # Ok::<(), migrations_engine::Error>(())
    /// ```
    pub fn file(&mut self, text: &str) -> Result<()> {
        let table: toml::Table = text
            .parse()
            .map_err(|error: toml::de::Error| error!(M023, "the answers are not TOML: {}", error.message()))?;
        for (kind, list) in &table {
            let texts: Option<Vec<&str>> =
                list.as_array().and_then(|list| list.iter().map(toml::Value::as_str).collect());
            let Some(texts) = texts else { fail!(M023, "`{kind}` in the answers is not a list of texts") };
            for text in texts {
                match kind.as_str() {
                    "rename" => self.rename(text)?,
                    "remove" => self.remove(text)?,
                    "default" => self.default(text)?,
                    _ => {}
                }
            }
            if !["rename", "remove", "default"].contains(&kind.as_str()) {
                fail!(M023, "`{kind}` is no kind of answer; write rename, remove or default");
            }
        }
        Ok(())
    }

    /// Answers that no question needed: probably misspelt.
    pub fn unused(&self) -> Vec<String> {
        let all = self.renames.keys().chain(&self.removals).chain(self.defaults.keys());
        all.filter(|target| !self.used.contains(*target)).cloned().collect()
    }

    fn says_renamed(&mut self, old: &str, new: &str) -> Option<bool> {
        if self.renames.get(old).is_some_and(|to| to == new) {
            self.used.insert(old.to_owned());
            return Some(true);
        }
        // Said to be gone, or to be called otherwise.
        (self.renames.contains_key(old) || self.removals.contains(old)).then_some(false)
    }

    fn says_removed(&mut self, target: String) -> bool {
        let said = self.removals.contains(&target);
        if said {
            self.used.insert(target);
        }
        said
    }

    /// What was said of the rows' value in a field, if anything was.
    pub(crate) fn value(&mut self, model: &ModelKey, field: &Field) -> Option<Result<Expr>> {
        let target = format!("{model}.{}", field.name);
        let text = self.defaults.get(&target)?.clone();
        self.used.insert(target);
        Some(self.read_value(model, field, &text))
    }
}

/// What a person typed for a column: an expression of the notation where it is one, else the plain text as a value of
/// the column's type.
///
/// # Errors
/// `M003` when the column cannot hold it, with a hint that says how values of its type are written.
///
/// ```
/// use migrations_engine::diff::answer;
/// use migrations_engine::schema::ColumnType;
/// assert_eq!(answer("yes", &ColumnType::Bool)?, true.into());
/// assert_eq!(answer("en", &ColumnType::Text)?, "en".into());
/// assert_eq!(answer("2023-02-29", &ColumnType::Date).unwrap_err().code(), "M003");
/// # Ok::<(), migrations_engine::Error>(())
/// ```
pub fn answer(text: &str, ty: &ColumnType) -> Result<Expr> {
    let parsed = Expr::parse(text);
    let expr = match ty {
        // `en` is the text, not a field; `'en'` and `lower(title)` are what they look like.
        ColumnType::Char { .. } | ColumnType::Text | ColumnType::Ip => match parsed {
            Ok(expr @ (Expr::Value(Value::Text(_) | Value::Null) | Expr::Call { .. } | Expr::Case { .. })) => expr,
            _ => Expr::from(text),
        },
        ColumnType::Bool => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Expr::from(true),
            "false" | "no" | "off" | "0" => Expr::from(false),
            _ => parsed.unwrap_or_else(|_| Expr::from(text)),
        },
        ColumnType::Date
        | ColumnType::Time
        | ColumnType::DateTime
        | ColumnType::NaiveDateTime
        | ColumnType::Duration
        | ColumnType::Uuid
        | ColumnType::Binary => match (Value::typed(ty.keyword(), text.trim()), parsed) {
            (Ok(value), _) => Expr::Value(value),
            (Err(_), Ok(expr)) => expr,
            (Err(_), Err(_)) => Expr::from(text),
        },
        ColumnType::Json => match parsed {
            Ok(expr @ Expr::Value(Value::Json(_))) => expr,
            _ => Expr::Value(Value::Json(text.trim().to_owned())),
        },
        _ => parsed.unwrap_or_else(|_| Expr::from(text)),
    };
    ty.hold_all(&expr)?;
    Ok(expr)
}

/// The error for an answer that a field cannot take: `why`, in words that go on from the field's name, and what to write.
///
/// ```
/// let error = migrations_engine::diff::refused_value(&"shop.Book".parse()?, "price", "is no number", "write 1.5");
/// assert_eq!(error.to_string(), "M003: `shop.Book.price` is no number\n  hint: write 1.5");
/// # Ok::<(), migrations_engine::Error>(())
/// ```
pub fn refused_value(model: &ModelKey, field: &str, why: &str, write: &str) -> Error {
    error!(M003, "`{model}.{field}` {why}").with_hint(write)
}

impl<Q: Questioner> Questioner for Answers<Q> {
    fn was_told_renamed(&mut self, old: &str, new: &str) -> bool {
        self.says_renamed(old, new) == Some(true) || self.otherwise.was_told_renamed(old, new)
    }

    fn is_renamed_field(&mut self, model: &ModelKey, old: &Field, new: &Field) -> Result<bool> {
        match self.says_renamed(&format!("{model}.{}", old.name), &new.name) {
            Some(said) => Ok(said),
            None => self.otherwise.is_renamed_field(model, old, new),
        }
    }

    fn is_renamed_model(&mut self, old: &ModelKey, new: &ModelKey) -> Result<bool> {
        let name = if old.app == new.app { new.name.clone() } else { new.to_string() };
        match self.says_renamed(&old.to_string(), &name) {
            Some(said) => Ok(said),
            None => self.otherwise.is_renamed_model(old, new),
        }
    }

    fn may_remove_field(&mut self, model: &ModelKey, field: &Field) -> Result<bool> {
        if self.says_removed(format!("{model}.{}", field.name)) {
            Ok(true)
        } else {
            self.otherwise.may_remove_field(model, field)
        }
    }

    fn may_remove_model(&mut self, model: &ModelKey) -> Result<bool> {
        if self.says_removed(model.to_string()) { Ok(true) } else { self.otherwise.may_remove_model(model) }
    }

    fn tell(&mut self, note: &str) {
        self.otherwise.tell(note);
    }

    fn stops_at_once(&self) -> bool {
        self.otherwise.stops_at_once()
    }

    fn read_value(&mut self, model: &ModelKey, field: &Field, text: &str) -> Result<Expr> {
        self.otherwise.read_value(model, field, text)
    }

    fn value_for_new_field(&mut self, model: &ModelKey, field: &Field) -> Result<Expr> {
        self.value(model, field).unwrap_or_else(|| self.otherwise.value_for_new_field(model, field))
    }

    fn value_for_null(&mut self, model: &ModelKey, field: &Field) -> Result<Option<Expr>> {
        match self.value(model, field) {
            Some(answer) => Ok(Some(answer?).filter(|expr| *expr != Expr::Value(Value::Null))),
            None => self.otherwise.value_for_null(model, field),
        }
    }
}
