//! What a relation in a struct holds: related rows, or the field that it is; and loops over the rows of one query that ask for
//! the related rows of each by a statement of its own.

use crate::{
    Code, Error,
    db::Origin,
    model::{FieldMeta, Key, Model, Reader, Writer},
};
use std::{
    any::Any,
    borrow::Cow,
    collections::VecDeque,
    fmt,
    panic::Location,
    sync::{Arc, Mutex, PoisonError},
};

/// Related rows that were loaded. The type is erased, so that a chain of models never makes a recursive type.
#[derive(Clone)]
pub struct Loaded(Arc<dyn Any + Send + Sync>);

impl Loaded {
    /// Keeps rows.
    pub fn new<T: Any + Send + Sync>(rows: T) -> Loaded {
        Loaded(Arc::new(rows))
    }

    /// The rows, when they are of this type.
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }

    /// The rows themselves, when they are of this type and nobody else holds them.
    pub(crate) fn into_inner<T: Any + Send + Sync>(self) -> Option<T> {
        self.0.downcast().ok().and_then(Arc::into_inner)
    }

    pub(crate) fn any(&self) -> &dyn Any {
        &*self.0
    }

    /// The rows, when nobody else holds them.
    pub(crate) fn any_mut(&mut self) -> Option<&mut dyn Any> {
        Arc::get_mut(&mut self.0).map(|any| any as &mut dyn Any)
    }

    /// What tells it from others, and how many hold it.
    pub(crate) fn identity(&self) -> (usize, usize) {
        (Arc::as_ptr(&self.0).cast::<()>().addr(), Arc::strong_count(&self.0))
    }
}

/// What a foreign key holds that was followed and leads to no row.
pub(crate) struct Nowhere {
    model: Cow<'static, str>,
    field: Cow<'static, str>,
    /// Whether the database looks after the key.
    kept: bool,
}

impl Loaded {
    /// That the rows were looked for, and that this key leads to none.
    pub(crate) fn nowhere(key: &FieldMeta) -> Loaded {
        Loaded::new(Nowhere { model: key.model.clone(), field: key.name.clone(), kept: key.options.db_constraint })
    }
}

impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("loaded")
    }
}

/// What a relation holds: rows; or, as long as none are loaded, where it was read, if it was.
#[derive(Clone)]
#[doc(hidden)]
pub struct Held(Inside);

#[derive(Clone)]
enum Inside {
    Rows(Loaded),
    Nothing(Option<&'static FieldMeta>, Origin),
}

impl Held {
    /// Nothing, in a relation that was not read.
    pub(super) fn nothing() -> Held {
        Held(Inside::Nothing(None, Origin::default()))
    }

    /// Nothing, in the relation that is being read.
    pub(super) fn unread(row: &Reader<'_, '_>) -> Held {
        Held(Inside::Nothing(row.place(), row.origin()))
    }

    /// Related rows.
    pub(super) fn of(rows: Loaded) -> Held {
        Held(Inside::Rows(rows))
    }

    /// The rows, when they are loaded.
    pub fn rows(&self) -> Option<&Loaded> {
        match &self.0 {
            Inside::Rows(rows) => Some(rows),
            Inside::Nothing(..) => None,
        }
    }

    /// What was asked for, what its row is called in a closure, and the field.
    fn asked<M: Model>(&self) -> (String, String, &'static str) {
        match self.0 {
            Inside::Nothing(Some(field), _) => {
                (format!("`{}` of this `{}`", field.name, field.model), letter(field), &*field.name)
            }
            _ => (format!("the related `{}`", M::meta().name), "x".to_owned(), "…"),
        }
    }

    /// The error for a key whose row was looked for and is not there, or is still to be loaded.
    #[cold]
    pub(super) fn no_row<M: Model>(&self, key: &impl Key) -> Error {
        let Some(Nowhere { model, field, kept }) = self.rows().and_then(Loaded::get) else {
            return self.not_loaded::<M>(true);
        };
        let target = &M::meta().name;
        Error::new(Code::NotFound, format!("`{field}` of this `{model}` leads to no row: no `{target}` has its key"))
            .with_model(model.clone())
            .with_fields([field.clone().into_owned()])
            .with_unredacted(format!("the key: {}", shown(key)))
            .with_hint(match kept {
                true => "the row was deleted meanwhile, or the keys were written while nobody looked after them: read again, or mend them",
                false => {
                    "the database does not look after this key: mend it, or take the error for what it says, `.optional()`"
                }
            })
    }

    /// The error that names what has to be loaded, in the words of the query that would do it.
    #[cold]
    pub(super) fn not_loaded<M: Model>(&self, to_one: bool) -> Error {
        let (what, row, field) = self.asked::<M>();
        let hint = match to_one {
            true => format!(
                "add `.select_related(|{row}| {row}.{field})` to the query, or load it with `.{field}.fetch(&db)`"
            ),
            false => format!(
                "add `.prefetch(|{row}| {row}.{field})` to the query, or ask for the rows with \
                 `.rows_of(|{row}| {row}.{field})`"
            ),
        };
        Error::new(Code::NotLoaded, format!("{what} was not loaded")).with_hint(hint)
    }

    /// The error that names what has to be loaded, where a generic foreign key holds nothing.
    #[cold]
    pub(super) fn not_prefetched<M: Model>(&self) -> Error {
        let (what, row, field) = self.asked::<M>();
        let model = &M::meta().name;
        Error::new(Code::NotLoaded, format!("{what} was not loaded")).with_hint(format!(
            "add `.prefetch(|{row}| {row}.{field})` to the query, or load it with `.{field}.fetch::<{model}>(&db)`"
        ))
    }

    /// Notes that the related rows of this one row are asked for by a statement of their own.
    pub(crate) fn asked_for(&self, to_one: bool, by: &'static Location<'static>) {
        if let Inside::Nothing(Some(field), origin) = self.0
            && origin.is_known()
            && tracing::enabled!(target: "orm::loops", tracing::Level::WARN)
            && times_asked(origin, field) == MANY
        {
            let (row, FieldMeta { name, model, .. }) = (letter(field), field);
            let load = if to_one { "select_related" } else { "prefetch" };
            tracing::warn!(
                target: "orm::loops",
                "{by} asks for `{name}` of {MANY} rows of one query of `{model}` by a statement each: \
                 add `.{load}(|{row}| {row}.{name})` to that query"
            );
        }
    }
}

/// A key for people.
fn shown(key: &impl Key) -> String {
    let mut out = Writer::default();
    match key.write(&mut out) {
        Ok(()) => out.into_values().iter().map(|value| value.to_json().to_string()).collect::<Vec<_>>().join(", "),
        Err(_) => "has no form in the database".to_owned(),
    }
}

/// What a row is called in a closure.
fn letter(field: &FieldMeta) -> String {
    field.model.chars().take(1).flat_map(char::to_lowercase).collect()
}

/// So many times are a loop.
const MANY: u32 = 5;

/// How many answers are remembered, of those whose rows were asked for more.
const ANSWERS: usize = 64;

/// How often a relation of the rows of one answer was asked for, this time included.
fn times_asked(origin: Origin, field: &'static FieldMeta) -> u32 {
    static ASKED: Mutex<VecDeque<(Origin, &FieldMeta, u32)>> = Mutex::new(VecDeque::new());
    let mut asked = ASKED.lock().unwrap_or_else(PoisonError::into_inner);
    let known = asked.iter_mut().find(|(of, what, _)| *of == origin && std::ptr::eq(*what, field));
    if let Some((_, _, times)) = known {
        *times += 1;
        return *times;
    }
    asked.truncate(ANSWERS - 1);
    asked.push_front((origin, field, 1));
    1
}
