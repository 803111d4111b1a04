//! What `check` asks of models by themselves, and of what a database has not got that they ask for.

use super::{check::misfits, engine_dialect, engine_error, schema};
use crate::{
    App, Dialect, Error, Finding, Level, SystemCheck,
    model::{FieldMeta, ModelMeta, OnDelete, RelationKind, references_to},
    tree::{ModelRef, Step},
    write,
};
use migrations_engine::{CommentStyle, Schema, diff::Refuse, plan};

/// What is to be said about the models of these applications, and about their tables on a database where one is given.
///
/// What is wrong with one model by itself does not compile; this is about models together, and about what only a running program
/// knows. `check` of a [`Project`](crate::Project) prints it.
///
/// ```
/// # use library::*;
/// use orm::{Dialect, Level};
/// let found = orm::migrate::check(&[library()], Some(Dialect::Sqlite));
/// assert!(found.iter().all(|finding| finding.level < Level::Warning), "{found:?}");
/// ```
pub fn check(apps: &[App], dialect: Option<Dialect>) -> Vec<Finding> {
    let state = match schema::unchecked(apps) {
        Ok(state) => state,
        Err(error) => return vec![of_error(SystemCheck::S112, &error)],
    };
    let mut found = misfits(apps, &state);
    if found.is_empty()
        && let Err(error) = state.validate_wanted().map_err(engine_error)
    {
        found.push(of_error(SystemCheck::S112, &error));
    }
    let fit = found.is_empty();
    for meta in apps.iter().flat_map(|app| app.models()) {
        of_model(meta, &mut found);
        if let Some(dialect) = dialect {
            does_without(meta, dialect, &mut found);
        }
    }
    // What cannot be planned because models do not fit together has been said.
    if let (Some(dialect), true) = (dialect, fit) {
        cannot_be_made(&state, dialect, &mut found);
    }
    found
}

fn of_error(check: SystemCheck, error: &Error) -> Finding {
    let finding = Finding::of(check, error.message(), "");
    Finding { hint: error.hint().map(str::to_owned), ..finding }
}

fn of_model(meta: &'static ModelMeta, found: &mut Vec<Finding>) {
    let label = meta.label();
    reverse_twice(meta, &label, found);
    hooked_twice(meta, &label, found);
    let model = ModelRef::Static(meta);
    for reference in references_to(&model) {
        // The row of a parent goes with its child's.
        let field = &reference.model.fields[usize::from(reference.field)];
        if reference.on_delete == OnDelete::Cascade && reference.model.hooks {
            let child = reference.model.label();
            let message = format!(
                "rows of `{child}` go with those of `{label}` that they point to, and their hooks would not be called"
            );
            let hint = format!("such a deletion is refused: delete those `{child}` first, or say `.skip_hooks()`");
            found.push(Finding::of(SystemCheck::S114, message, hint).with_object(format!("{child}.{}", field.name)));
        }
    }
    for field in &meta.fields {
        let object = format!("{label}.{}", field.name);
        if let Some(error) = write::wrong_default(meta, field) {
            let message = format!("the default of `{object}` is no value for it: {}", error.message());
            let finding =
                Finding::of(SystemCheck::S115, message, "change the default, or the rule").with_object(&object);
            // What is done before the write may fill the field, as a slug from a title.
            let filled = meta.hooks || meta.validate.is_some();
            found.push(if filled { Finding { level: Level::Warning, ..finding } } else { finding });
        }
        if let Some(why) = field.options.rules.pattern.and_then(write::wrong_pattern) {
            let message = format!("the pattern of `{object}` is no regular expression: {why}");
            found.push(Finding::of(SystemCheck::S116, message, "mend the pattern").with_object(&object));
        }
    }
}

/// A many-to-many whose hooks are said on both sides: of a change only those of the side where it begins would be told.
fn hooked_twice(meta: &'static ModelMeta, label: &str, found: &mut Vec<Finding>) {
    for (at, field) in (0..).zip(&meta.fields) {
        if field.options.link_hooks.is_some() && write::hooked_twice(&Step::new(ModelRef::Static(meta), at)) {
            let message = format!("`{label}.{}` has hooks, and so has the other side of the relation", field.name);
            let hint = "say `hooks` on one side: they are told of changes from both";
            found.push(Finding::of(SystemCheck::S117, message, hint).with_object(format!("{label}.{}", field.name)));
        }
    }
}

/// Fields that are the reverse side of one foreign key: one of them may be meant to be that of another.
fn reverse_twice(meta: &ModelMeta, label: &str, found: &mut Vec<Finding>) {
    let reverse = |field: &FieldMeta| {
        let relation = field.relation.as_ref()?;
        if !matches!(relation.kind, RelationKind::HasMany | RelationKind::HasOne) {
            return None;
        }
        let key = relation.reverse(meta, field)?;
        Some((relation.target().label(), key))
    };
    let sides: Vec<_> = meta.fields.iter().filter_map(|field| Some((reverse(field)?, field))).collect();
    for (place, (key, field)) in sides.iter().enumerate() {
        let Some((_, first)) = sides[..place].iter().find(|(other, _)| other == key) else { continue };
        let message =
            format!("`{label}.{}` and `{label}.{}` are the reverse side of one foreign key", first.name, field.name);
        let hint = "name another by `via`, or remove one";
        found.push(Finding::of(SystemCheck::S113, message, hint).with_object(format!("{label}.{}", field.name)));
    }
}

/// What a database does without, and makes the rest.
fn does_without(meta: &ModelMeta, dialect: Dialect, found: &mut Vec<Finding>) {
    let engine = engine_dialect(dialect);
    let (can, label) = (engine.capabilities(), meta.label());
    let mut tell = |check: SystemCheck, message: String, hint: &str, object: &str| {
        found.push(Finding::of(check, message, hint).with_object(object));
    };
    let options = meta.options();
    let beside = options.unique.iter().any(|key| !key.include.is_empty())
        || options.indexes.iter().any(|index| !index.include.is_empty());
    if beside && !can.include_columns {
        let message = format!("{} keeps no columns beside the keys of an index, which `{label}` has", can.name);
        tell(SystemCheck::S202, message, "the index is made without them; it answers more slowly", &label);
    }
    let methods = options.indexes.iter().any(|index| index.method.is_some() || !index.opclass.is_empty());
    if methods && !can.index_methods {
        let message = format!("{} has one kind of index, and `{label}` says of which kind some are", can.name);
        tell(SystemCheck::S203, message, "the index is made without it; lookups that it is for may not use it", &label);
    }
    let comments = meta.comment.is_some() || meta.fields.iter().any(|field| field.options.comment.is_some());
    if comments && can.comments == CommentStyle::None {
        tell(
            SystemCheck::S204,
            format!("{} keeps no comments, and `{label}` has some", can.name),
            "they are left out",
            &label,
        );
    }
    for field in &meta.fields {
        let object = format!("{label}.{}", field.name);
        let named = field.options.collation.is_some_and(|collation| match dialect {
            Dialect::Sqlite => collation.sqlite.is_none(),
            Dialect::Postgres => collation.postgres.is_none(),
            Dialect::MariaDb | Dialect::MySql => collation.mysql.is_none(),
        });
        if named {
            let message = format!("`{object}` names collations, and none for {}", can.name);
            tell(SystemCheck::S205, message, "it is compared exactly there; name one if that is not meant", &object);
        }
        if dialect == Dialect::Sqlite && field.options.max_digits.is_some_and(|digits| digits > 15) {
            let message = format!("`{object}` has more than the 15 digits that SQLite holds exactly");
            tell(SystemCheck::S206, message, "longer values are refused there", &object);
        }
        let defaults = field.relation.is_some() && field.options.on_delete == Some(OnDelete::SetDefault);
        if defaults && field.options.db_constraint && !can.set_default {
            let message = format!("{} sets no foreign key to its default, which `{object}` says", can.name);
            let hint = "deletions by the library do; `delete_unchecked`, and what others delete, is refused there";
            tell(SystemCheck::S207, message, hint, &object);
        }
    }
}

/// What a database cannot make at all.
fn cannot_be_made(state: &Schema, dialect: Dialect, found: &mut Vec<Finding>) {
    let mut now = Schema::default();
    let Ok(operations) = migrations_engine::diff(&now, state, &mut Refuse) else { return };
    for operation in operations {
        if let Err(error) = plan(engine_dialect(dialect), &now, std::slice::from_ref(&operation)).map_err(engine_error)
        {
            let finding = of_error(SystemCheck::S201, &error);
            found.push(match operation.model() {
                Some(model) => finding.with_object(model.to_string()),
                None => finding,
            });
        }
        if operation.apply(&mut now).is_err() {
            return;
        }
    }
}
