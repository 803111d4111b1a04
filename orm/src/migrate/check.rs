//! What only the models of a project together can tell: whether relations lead somewhere, by one way, and whether names in the
//! database differ. The derive has refused what it can see by itself.

use crate::{
    App, Code, Error, Finding, Kind, SystemCheck,
    model::{FieldMeta, ModelMeta, Relation, RelationKind},
};
use migrations_engine::{Schema, schema::Constraint};
use std::collections::BTreeMap;

/// What is wrong; boxed, since it hardly ever is.
type Result<T> = std::result::Result<T, Box<Finding>>;

/// Refuses models that do not fit together.
pub(super) fn fits_together(apps: &[App], schema: &Schema) -> crate::Result<()> {
    match misfits(apps, schema).into_iter().next() {
        None => Ok(()),
        Some(Finding { message, hint, .. }) => {
            let error = Error::new(Code::BadModel, message);
            Err(hint.into_iter().fold(error, Error::with_hint))
        }
    }
}

/// Everything in which models do not fit together.
pub(super) fn misfits(apps: &[App], schema: &Schema) -> Vec<Finding> {
    let mut found = Vec::new();
    for meta in apps.iter().flat_map(|app| app.models()) {
        for field in &meta.fields {
            if let Some(relation) = &field.relation
                && let Err(finding) = leads_somewhere(meta, field, relation, schema)
            {
                found.push(finding.with_object(format!("{}.{}", meta.label(), field.name)));
            }
        }
    }
    names_differ(schema, &mut found);
    found
}

fn leads_somewhere(meta: &ModelMeta, field: &FieldMeta, relation: &Relation, schema: &Schema) -> Result<()> {
    let target = relation.target();
    let place = || format!("`{}.{}`", meta.label(), field.name);
    for model in [Some(&*target), field.options.through.map(|through| through())].into_iter().flatten() {
        if schema.model(&model.app, &model.name).is_none() {
            let what =
                format!("{} leads to `{}`, whose application is not part of the project", place(), model.label());
            return refuse(SystemCheck::S101, what, format!("add it: `Project::new().app({}())`", model.app));
        }
    }
    match (relation.kind, field.options.through) {
        (RelationKind::HasMany, _) if generic(&target, field).is_some() => holds(meta, &target, field, &place()),
        (RelationKind::HasMany | RelationKind::HasOne, _) => {
            one_key(&target, meta, ("via", field.options.via), &place())
        }
        (RelationKind::ManyToMany { .. }, Some(through)) => {
            let through = through();
            if std::ptr::eq(meta, &*target) {
                return two_keys(through, meta, field, &place());
            }
            one_key(through, meta, ("via", field.options.via), &place())?;
            one_key(through, &target, ("to", field.options.to), &place())
        }
        (RelationKind::ManyToMany { .. }, None) if field.mirrors() => mirrored(meta, field, relation, &place()),
        (RelationKind::ManyToMany { .. }, None) if meta.key.len() > 1 || target.key.len() > 1 => {
            let several = if meta.key.len() > 1 { meta } else { &*target };
            refuse(
                SystemCheck::S107,
                format!(
                    "{} goes by a table of its own, and the key of `{}` has several columns",
                    place(),
                    several.label()
                ),
                "declare the model between, with a foreign key to each side: #[field(through = ..)]".to_owned(),
            )
        }
        (RelationKind::ManyToMany { .. }, None) => not_doubled(meta, field, &target, &place()),
        _ => Ok(()),
    }
}

/// The generic foreign key of a model that a reverse side names.
fn generic<'a>(model: &'a ModelMeta, side: &FieldMeta) -> Option<&'a FieldMeta> {
    let (_, key) = model.field(side.options.via?)?;
    key.generic.is_some().then_some(key)
}

/// A generic foreign key holds the key of the model that it is to lead to.
fn holds(meta: &ModelMeta, model: &ModelMeta, side: &FieldMeta, place: &str) -> Result<()> {
    let Some(key) = generic(model, side) else { return Ok(()) };
    let kinds: Vec<Kind> = meta.key.iter().map(|&column| meta.columns[usize::from(column)].kind).collect();
    match key.generic.is_some_and(|shape| shape.holds(&kinds)) {
        true => Ok(()),
        false => refuse(SystemCheck::S109, format!("{place} goes by `{}.{}`, which does not hold keys of `{}`", model.label(), key.name, meta.label()),
            "`GenericForeignKey` without a type holds whole numbers, texts and UUIDs; none holds keys of several columns".to_owned(),
        ),
    }
}

/// The names of a model's foreign keys to another.
fn keys_to<'a>(model: &'a ModelMeta, to: &ModelMeta) -> Vec<&'a str> {
    let keys = model.fields.iter().filter(|field| {
        let relation = field.relation.as_ref().filter(|_| field.column_count > 0);
        relation.is_some_and(|relation| std::ptr::eq::<ModelMeta>(&*relation.target(), to))
    });
    keys.map(|field| &*field.name).collect()
}

/// A reverse side, and each side of a many-to-many, goes by one key of the other model, which an option may name.
fn one_key(model: &ModelMeta, to: &ModelMeta, (option, named): (&str, Option<&str>), place: &str) -> Result<()> {
    let keys = keys_to(model, to);
    let (from, label) = (model.label(), to.label());
    match (&keys[..], named) {
        ([], _) => refuse(
            SystemCheck::S102,
            format!("{place} goes by `{from}`, which has no foreign key to `{label}`"),
            format!("add one there: `ForeignKey<{}>`", to.name),
        ),
        (_, Some(name)) if !keys.contains(&name) => refuse(
            SystemCheck::S103,
            format!("{place} goes by `{from}`, which has no foreign key `{name}` to `{label}`"),
            format!("write `{option} = {}`", keys[0]),
        ),
        ([first, _, ..], None) => refuse(
            SystemCheck::S104,
            format!("{place} goes by `{from}`, which has several foreign keys to `{label}`: {}", keys.join(", ")),
            format!("say which is meant: `{option} = {first}` in its #[field(..)]"),
        ),
        _ => Ok(()),
    }
}

/// A many-to-many of a model to itself goes by two keys of the model between.
fn two_keys(through: &ModelMeta, model: &ModelMeta, field: &FieldMeta, place: &str) -> Result<()> {
    let keys = keys_to(through, model);
    let (via, to) = (field.options.via, field.options.to);
    for named in [("via", via), ("to", to)] {
        if named.1.is_some() {
            one_key(through, model, named, place)?;
        }
    }
    match (&keys[..], via, to) {
        (_, Some(via), Some(to)) if via != to => Ok(()),
        ([_, _], ..) if via.is_none() || to.is_none() => Ok(()),
        (keys, ..) => refuse(SystemCheck::S105, format!(
                "{place} goes by `{}`, which takes two foreign keys to `{}` and has {}",
                through.label(),
                model.label(),
                keys.len()
            ),
            "a many-to-many of a model to itself has a key for each end: where there are more, `via = .., to = ..`, the key to \
             the row that it starts from and the one to the row that it leads to"
                .to_owned(),
        ),
    }
}

/// The reverse side of a many-to-many names it.
fn mirrored(meta: &ModelMeta, field: &FieldMeta, relation: &Relation, place: &str) -> Result<()> {
    let target = relation.target();
    let via = field.options.via.unwrap_or_default();
    let sides = sides_to(&target, meta);
    if sides.iter().any(|side| *side.name == *via) {
        return Ok(());
    }
    let what =
        format!("{place} has `via = {via}`, and `{}` has no such many-to-many to `{}`", target.label(), meta.label());
    match sides.first() {
        Some(first) => refuse(SystemCheck::S106, what, format!("write #[field(via = {})]", first.name)),
        None => refuse(
            SystemCheck::S106,
            what,
            format!("add it there, `{via}: ManyToMany<{}>`, or remove `via`", meta.name),
        ),
    }
}

/// Two many-to-many that lead to each other would be two tables that know nothing of each other.
fn not_doubled(meta: &ModelMeta, field: &FieldMeta, target: &ModelMeta, place: &str) -> Result<()> {
    if std::ptr::eq(meta, target) || field.options.table.is_some() {
        return Ok(());
    }
    match sides_to(target, meta).iter().find(|side| side.options.table.is_none()) {
        None => Ok(()),
        Some(side) => refuse(
            SystemCheck::S108,
            format!("{place} leads to `{}`, and its `{}` back: these are two relations", target.label(), side.name),
            format!(
                "for the reverse side, write #[field(via = {})] on {place}; for another relation, give it a `table = \"..\"`",
                side.name
            ),
        ),
    }
}

/// The many-to-many of a model to another that are no reverse sides.
fn sides_to<'a>(model: &'a ModelMeta, to: &ModelMeta) -> Vec<&'a FieldMeta> {
    let leads = |field: &&FieldMeta| {
        field.is_many_to_many()
            && !field.mirrors()
            && field.relation.as_ref().is_some_and(|relation| std::ptr::eq::<ModelMeta>(&*relation.target(), to))
    };
    model.fields.iter().filter(leads).collect()
}

/// Tables, and what is named beside them, have names of their own. An index has one for the whole database, but for MariaDB and
/// MySQL; so that models fit every database, that is asked for everywhere.
fn names_differ(schema: &Schema, found: &mut Vec<Finding>) {
    let (mut tables, mut names) = (BTreeMap::new(), BTreeMap::new());
    for model in schema.models.values() {
        found.extend(unique(&mut tables, &model.table, "table", &model.key));
        let many = model.fields.iter().filter_map(|field| field.relation.as_ref()?.many_to_many.as_ref());
        for many in many.filter(|many| many.through.is_none()) {
            found.extend(unique(&mut tables, &many.table, "table", &model.key));
        }
        for index in &model.indexes {
            found.extend(unique(&mut names, &index.name, "index", &model.key));
        }
        for constraint in &model.constraints {
            match constraint {
                Constraint::Unique { name, .. } => found.extend(unique(&mut names, name, "unique key", &model.key)),
                // It is an index, too.
                Constraint::Exclude { name, .. } => found.extend(unique(&mut names, name, "exclusion", &model.key)),
                Constraint::Check { .. } | Constraint::ForeignKey { .. } => {}
            }
        }
    }
}

fn unique<K: std::fmt::Display + PartialEq + Copy>(
    known: &mut BTreeMap<String, K>,
    name: &str,
    what: &str,
    model: K,
) -> Option<Finding> {
    let other = known.insert(name.to_lowercase(), model)?;
    let models = match other == model {
        true => format!("`{model}` has two"),
        false => format!("`{other}` and `{model}` have each"),
    };
    let check = if what == "table" { SystemCheck::S110 } else { SystemCheck::S111 };
    let message = format!("{models} a {what} called `{name}`");
    Some(Finding::of(check, message, "give one of them another name").with_object(model.to_string()))
}

fn refuse(check: SystemCheck, what: String, hint: String) -> Result<()> {
    Err(Box::new(Finding::of(check, what, hint)))
}
