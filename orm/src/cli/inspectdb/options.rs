//! Indexes and constraints as options of `#[model(..)]`.

use super::{
    expression::{Handle, condition, value_of},
    tables::Tables,
};
use migrations_engine::{
    condition::{Expr, IndexPart, Nulls},
    naming::MAX_NAME,
    schema::{Constraint, Deferrable, Excluded, Field, Index, Model},
};
use std::collections::BTreeSet;

/// The options, and what is told instead of those that cannot be. `known` are the names of indexes that fields have by
/// themselves.
pub(super) fn options(
    tables: &Tables<'_>,
    model: &Model,
    handles: &[Handle],
    key: &[&str],
    known: &[String],
) -> (Vec<String>, Vec<String>) {
    let (mut options, mut notes) = (Vec::new(), Vec::new());
    let mut unique: BTreeSet<Vec<String>> = BTreeSet::new();
    // What a field cannot say of itself.
    let in_key = |field: &Field| key.len() > 1 && key.contains(&field.column.as_str());
    for field in model.fields.iter().filter(|field| in_key(field) || tables.without_pattern(model, field)) {
        let Some(handle) = handles.iter().find(|handle| handle.column == field.name) else { continue };
        let named = |word: &str, name: Option<&String>| {
            let name = name.filter(|name| is_plain(name) && !tables.is_shared(name));
            name.map_or_else(
                || format!("{word}({}, name = \"{}_{}\")", handle.ident, model.table, field.column),
                |name| format!("{word}({}, name = {name:?})", handle.ident),
            )
        };
        if field.unique {
            options.push(named("unique", field.names.unique.as_ref()));
        } else if field.index && !handle.relation {
            options.push(named("index", field.names.index.as_ref()));
        }
    }
    for constraint in &model.constraints {
        match constraint {
            Constraint::Unique { name, on, condition: only, include, deferrable, nulls_equal } => {
                let mut parts = match idents(handles, on) {
                    Some(fields) => unique.insert(fields.clone()).then_some(fields),
                    None => closure(handles, on).map(|closure| vec![closure]),
                };
                if let Some(parts) = &mut parts {
                    parts.extend(deferrable.map(|when| format!("deferrable = {}", moment(when))));
                    parts.extend(nulls_equal.then(|| "nulls_equal".to_owned()));
                }
                let parts = parts.and_then(|parts| with_included(handles, parts, include));
                let made = parts.and_then(|parts| {
                    let text = with_options(tables, handles, &parts, name, only.as_ref())?;
                    Some(format!("unique({text})"))
                });
                match made {
                    Some(made) => {
                        notes.extend(renamed(tables, name));
                        options.push(made);
                    }
                    None => {
                        notes.push(format!("the unique constraint `{name}` is not kept: {}", shown(on, only.as_ref())))
                    }
                }
            }
            Constraint::Check { name, check } => {
                let (own, whole) = own_name(model, name);
                match condition(handles, check).filter(|_| is_plain(own)) {
                    Some(text) => options.push(format!("check({own:?}, |m| {text}{whole})")),
                    None => notes.push(format!("the check `{name}` is not kept: `{check}`")),
                }
            }
            Constraint::Exclude { name, on, method, condition: only, deferrable } => {
                let (own, whole) = own_name(model, name);
                match excluded(handles, on, method.as_deref(), only.as_ref(), *deferrable).filter(|_| is_plain(own)) {
                    Some(text) => options.push(format!("exclude({own:?}, {text}{whole})")),
                    None => {
                        let on: Vec<String> = on.iter().map(|on| format!("{} with {}", on.part, on.operator)).collect();
                        notes.push(format!("the exclusion `{name}` is not kept: `{}`", on.join(", ")));
                    }
                }
            }
            Constraint::ForeignKey { .. } => {}
        }
    }
    let begins = |index: &Index| {
        let columns: Vec<&str> = index.on.iter().filter_map(IndexPart::field).collect();
        tables.begins(model, Some(&index.name), &columns)
    };
    for index in model.indexes.iter().filter(|index| !known.contains(&index.name) && !begins(index)) {
        let keys = fields(handles, &index.on).or_else(|| closure(handles, &index.on).map(|closure| vec![closure]));
        let method = index.method.as_ref().map(|method| format!("method = {method:?}"));
        let made = keys.and_then(|mut parts| {
            parts.extend(method.into_iter().chain(opclass(&index.on)));
            let parts = with_included(handles, parts, &index.include)?;
            with_options(tables, handles, &parts, &index.name, index.condition.as_ref())
        });
        match made {
            Some(made) => {
                notes.extend(renamed(tables, &index.name));
                options.push(format!("index({made})"));
            }
            None => {
                let on = shown(&index.on, index.condition.as_ref());
                let method = index.method.as_ref().map_or_else(String::new, |method| format!(" by {method}"));
                notes.push(format!("the index `{}` is not kept: {on}{method}", index.name));
            }
        }
    }
    (options, notes)
}

/// The name that a check or an exclusion has in its model: without the table's, which stands before it in the database; or the whole name,
/// and what says so.
fn own_name<'n>(model: &Model, name: &'n str) -> (&'n str, &'static str) {
    match name.strip_prefix(&model.table).and_then(|rest| rest.strip_prefix('_')).filter(|rest| !rest.is_empty()) {
        Some(own) => (own, ""),
        None => (name, ", without_table"),
    }
}

/// `|a, b| a.room.eq(b.room) & a.nights.overlap(b.nights), condition = ..`
fn excluded(
    handles: &[Handle],
    on: &[Excluded],
    method: Option<&str>,
    only: Option<&Expr>,
    deferrable: Option<Deferrable>,
) -> Option<String> {
    let compare = |on: &Excluded| {
        let plain = !on.part.descending && on.part.nulls.is_none() && on.part.opclass.is_none();
        let name = on.part.field().filter(|_| plain)?;
        let ident = &handles.iter().find(|handle| handle.column == name)?.ident;
        let lookup = match on.operator.as_str() {
            "=" => "eq",
            "<>" => "ne",
            "&&" => "overlap",
            "-|-" => "adjacent_to",
            _ => return None,
        };
        Some(format!("a.{ident}.{lookup}(b.{ident})"))
    };
    let pairs = on.iter().map(compare).collect::<Option<Vec<_>>>()?;
    let mut text = format!("|a, b| {}", pairs.join(" & "));
    if let Some(method) = method {
        text += &format!(", method = {method:?}");
    }
    if let Some(only) = only {
        text += &format!(", condition = |m| {}", condition(handles, only)?);
    }
    if let Some(when) = deferrable {
        text += &format!(", deferrable = {}", moment(when));
    }
    Some(text)
}

fn moment(when: Deferrable) -> &'static str {
    match when {
        Deferrable::Immediate => "immediate",
        Deferrable::Deferred => "deferred",
    }
}

/// `include(price)`, behind what an index or a unique key is over.
fn with_included(handles: &[Handle], mut parts: Vec<String>, include: &[String]) -> Option<Vec<String>> {
    if !include.is_empty() {
        let ident = |name: &String| Some(handles.iter().find(|handle| handle.column == *name)?.ident.to_string());
        parts.push(format!("include({})", include.iter().map(ident).collect::<Option<Vec<_>>>()?.join(", ")));
    }
    Some(parts)
}

/// `opclass = "gin_trgm_ops"`, or one for each.
fn opclass(on: &[IndexPart]) -> Option<String> {
    let classes: Vec<&str> = on.iter().map(|part| part.opclass.as_deref().unwrap_or_default()).collect();
    match classes.as_slice() {
        all if all.iter().all(|class| class.is_empty()) => None,
        [first, others @ ..] if others.iter().all(|class| class == first) => Some(format!("opclass = {first:?}")),
        all => {
            Some(format!("opclass({})", all.iter().map(|class| format!("{class:?}")).collect::<Vec<_>>().join(", ")))
        }
    }
}

/// Whether a name can be given in an attribute, and on every database.
pub(super) fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= MAX_NAME
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

/// What is told of a name that cannot be given.
fn renamed(tables: &Tables<'_>, name: &str) -> Option<String> {
    match (is_plain(name), tables.is_shared(name)) {
        (true, false) => None,
        (true, true) => Some(format!("`{name}` gets another name: another table has one of that name")),
        (false, _) => Some(format!("`{name}` gets another name: not every database takes that one")),
    }
}

/// The parts with the name, if it can be given, and the condition, if that can be said.
fn with_options(
    tables: &Tables<'_>,
    handles: &[Handle],
    parts: &[String],
    name: &str,
    only: Option<&Expr>,
) -> Option<String> {
    let mut text = parts.join(", ");
    if is_plain(name) && !tables.is_shared(name) {
        text += &format!(", name = {name:?}");
    }
    if let Some(only) = only {
        text += &format!(", condition = |m| {}", condition(handles, only)?);
    }
    Some(text)
}

/// The fields of plain, ascending parts.
fn idents(handles: &[Handle], on: &[IndexPart]) -> Option<Vec<String>> {
    fields(handles, on)
        .filter(|_| on.iter().all(|part| !part.descending && part.nulls.is_none() && part.opclass.is_none()))
}

/// `author, -published`
fn fields(handles: &[Handle], on: &[IndexPart]) -> Option<Vec<String>> {
    let field = |part: &IndexPart| {
        let name = part.field().filter(|_| part.nulls.is_none())?;
        let handle = handles.iter().find(|handle| handle.column == name)?;
        Some(format!("{}{}", if part.descending { "-" } else { "" }, handle.ident))
    };
    on.iter().map(field).collect()
}

/// `|m| (m.name.lower(), m.published.desc())`
fn closure(handles: &[Handle], on: &[IndexPart]) -> Option<String> {
    let part = |part: &IndexPart| {
        let (text, _) = value_of(handles, &part.expr)?;
        let nulls = match part.nulls {
            Some(Nulls::First) => ".nulls_first()",
            Some(Nulls::Last) => ".nulls_last()",
            None => "",
        };
        Some(format!("{text}.{}(){nulls}", if part.descending { "desc" } else { "asc" }))
    };
    let parts: Vec<String> = on.iter().map(part).collect::<Option<_>>()?;
    Some(match parts.as_slice() {
        [only] => format!("|m| {only}"),
        parts => format!("|m| ({})", parts.join(", ")),
    })
}

/// Parts and condition in the engine's notation.
fn shown(on: &[IndexPart], only: Option<&Expr>) -> String {
    let on: Vec<String> = on.iter().map(ToString::to_string).collect();
    let only = only.map_or_else(String::new, |only| format!(" where {only}"));
    format!("`{}{only}`", on.join(", "))
}
