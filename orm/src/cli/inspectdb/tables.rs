//! Tables as models: their names, their order, their keys, and which of them stand between the sides of a many-to-many.

use super::{columns::rust_type, names, options};
use migrations_engine::{
    introspect::{Live, Note},
    naming,
    schema::{ColumnType, Constraint, Field, ManyToMany, Model, ModelKey, OnDelete},
};
use std::collections::{BTreeMap, BTreeSet};

/// How many fields the key of a model has at most.
pub(super) const MOST_IN_KEY: usize = 8;

/// The tables to be written, in the order of their relations: what is referred to comes first.
pub(super) struct Tables<'a> {
    pub(super) live: &'a Live,
    pub(super) apps: &'a [String],
    pub(super) models: Vec<&'a Model>,
    /// The struct of each.
    names: BTreeMap<&'a ModelKey, String>,
    /// The enum of each column whose values are listed, by its table.
    enums: BTreeMap<(&'a str, &'a str), String>,
    /// Names of indexes and unique keys that more than one table has.
    shared: BTreeSet<&'a str>,
    /// Beside an index of text that a field has of itself, another one with pattern operators is made.
    patterns: bool,
}

/// A table with two foreign keys that says which rows belong together.
pub(super) struct Between<'a> {
    pub(super) model: &'a Model,
    pub(super) source: &'a Field,
    pub(super) target: &'a Field,
}

/// The models that a model refers to.
fn targets(model: &Model) -> impl Iterator<Item = &ModelKey> {
    let fields = model.fields.iter().filter_map(|field| Some(&field.relation.as_ref()?.to));
    let constraints = model.constraints.iter().filter_map(|constraint| match constraint {
        Constraint::ForeignKey { to, .. } => Some(to),
        Constraint::Unique { .. } | Constraint::Check { .. } | Constraint::Exclude { .. } => None,
    });
    fields.chain(constraints)
}

impl<'a> Tables<'a> {
    pub(super) fn new(live: &'a Live, patterns: bool, apps: &'a [String], wanted: impl Fn(&str) -> bool) -> Self {
        let chosen: BTreeSet<&ModelKey> = live
            .schema
            .models
            .values()
            .filter(|model| wanted(&model.table) && !model.fields.is_empty())
            .map(|model| &model.key)
            .collect();
        let (mut models, mut seen) = (Vec::new(), BTreeSet::new());
        for key in &chosen {
            visit(live, &chosen, key, &mut seen, &mut models);
        }
        let mut taken = BTreeSet::new();
        let mut named: BTreeMap<&ModelKey, String> = BTreeMap::new();
        for model in &models {
            let own = |model: &Model| names::camel(app_of(apps, &model.table).1);
            let mut name = own(model);
            // A table of another application has been called so.
            if taken.contains(&name) {
                name = names::camel(&model.table);
            }
            // The derive writes structs of these names beside each model.
            let stem = ["Fields", "Keys", "Draft"].iter().find_map(|end| name.strip_suffix(end));
            if stem.is_some_and(|stem| models.iter().any(|other| own(other) == stem)) {
                name += "Row";
            }
            named.insert(&model.key, names::free(&mut taken, &name, ""));
        }
        for end in ["Fields", "Keys", "Draft"] {
            taken.extend(named.values().map(|name| format!("{name}{end}")));
        }
        let (mut seen, mut shared) = (BTreeSet::new(), BTreeSet::new());
        for model in &models {
            let constraints = model.constraints.iter().map(Constraint::name);
            for name in model.indexes.iter().map(|index| index.name.as_str()).chain(constraints) {
                if !seen.insert(name) {
                    shared.insert(name);
                }
            }
        }
        let mut enums = BTreeMap::new();
        for model in &models {
            for field in &model.fields {
                let at = (model.table.clone(), field.column.clone());
                if let (true, Some(name)) = (live.choices.contains_key(&at), named.get(&model.key)) {
                    let wanted = format!("{name}{}", names::camel(&field.column));
                    enums.insert((&*model.table, &*field.column), names::free(&mut taken, &wanted, ""));
                }
            }
        }
        Tables { live, apps, models, names: named, enums, shared, patterns }
    }

    /// The application of a table.
    pub(super) fn app(&self, table: &str) -> &'a str {
        app_of(self.apps, table).0
    }

    /// The struct of a model; none if it is not written.
    pub(super) fn name(&self, key: &ModelKey) -> Option<&str> {
        self.names.get(key).map(String::as_str)
    }

    /// The enum of a column that lists its values.
    pub(super) fn enum_name(&self, table: &str, column: &str) -> String {
        self.enums.get(&(table, column)).cloned().unwrap_or_default()
    }

    pub(super) fn model(&self, key: &ModelKey) -> Option<&'a Model> {
        self.models.iter().copied().find(|model| model.key == *key)
    }

    /// The columns of the key, and whether they are a guess.
    pub(super) fn key(&self, model: &'a Model) -> (Vec<&'a str>, bool) {
        let key: Vec<&str> = model.primary_key.iter().map(String::as_str).collect();
        let fits = |field: &&Field| {
            let ty = self.live.schema.column_type(field).unwrap_or_else(|_| field.ty.clone());
            let listed = self.enums.contains_key(&(&*model.table, &*field.column));
            let float = matches!(ty, ColumnType::Real | ColumnType::Double);
            listed || rust_type(&ty).is_some() && !float
        };
        if !key.is_empty() && key.iter().all(|name| model.field(name).is_some_and(|field| fits(&field))) {
            let most = key.len().min(MOST_IN_KEY);
            return (key[..most].to_vec(), most < key.len());
        }
        let is_id = |field: &&Field| field.column.eq_ignore_ascii_case("id");
        let unique = |field: &&Field| field.unique && !field.null;
        let fields = || model.fields.iter().filter(fits);
        let found = fields().find(is_id).or_else(|| fields().find(unique)).or_else(|| fields().next());
        (found.or(model.fields.first()).map(|field| vec![field.column.as_str()]).unwrap_or_default(), true)
    }

    /// Whether only the beginning of these columns is indexed, of values that can have any length: MariaDB has no other index of them.
    pub(super) fn begins(&self, model: &Model, name: Option<&String>, columns: &[&str]) -> bool {
        let told = |note: &Note| {
            note.table == model.table && Some(&note.about) == name && note.text.starts_with("only the beginning")
        };
        let long = |column: &&str| {
            let Some(rust) = model.field(column).and_then(|field| rust_type(&field.ty)) else { return false };
            rust.text == "Vec<u8>" || rust.text == "String" && rust.attributes.is_empty()
        };
        self.live.notes.iter().any(told) && columns.iter().any(long)
    }

    /// Whether several tables have an index or a constraint of this name, as MariaDB lets them.
    pub(super) fn is_shared(&self, name: &str) -> bool {
        self.shared.contains(name)
    }

    /// Whether a column, which is not the key, tells the rows of a table apart: foreign keys can hold it.
    pub(super) fn names_rows(&self, model: &Model, column: &str) -> bool {
        let Some(field) = model.field(column).filter(|field| !field.null) else { return false };
        let ty = self.live.schema.column_type(field).unwrap_or_else(|_| field.ty.clone());
        let float = matches!(ty, ColumnType::Real | ColumnType::Double);
        // Such fields are no fields of a model's.
        if field.auto || field.generated.is_some() {
            return false;
        }
        let unique = |constraint: &Constraint| match constraint {
            Constraint::Unique { on, condition: None, .. } => on.len() == 1 && on[0].field() == Some(column),
            _ => false,
        };
        rust_type(&ty).is_some() && !float && (field.unique || model.constraints.iter().any(unique))
    }

    /// Whether a column's index or unique key is written for the whole table: that of its field would bring another index, with
    /// pattern operators, which is not there.
    pub(super) fn without_pattern(&self, model: &Model, field: &Field) -> bool {
        let leads = |other: &Field| {
            other.relation.as_ref().is_some_and(|to| to.to == model.key && to.to_field.as_ref() == Some(&field.name))
        };
        let named = if field.unique { &field.names.unique } else { &field.names.index };
        self.patterns
            && field.relation.is_none()
            && field.ty.is_text()
            && field.names.like.is_none()
            && named.as_ref().is_some_and(|name| options::is_plain(name))
            && !self.models.iter().any(|other| other.fields.iter().any(leads))
    }

    /// Whether a table only stands between two others.
    pub(super) fn between(&self, model: &'a Model) -> Option<Between<'a>> {
        let sides: Vec<&Field> = model.fields.iter().filter(|field| field.relation.is_some()).collect();
        let [source, target] = sides[..] else { return None };
        let known = |field: &Field| {
            let relation = field.relation.as_ref();
            !field.null
                && relation.is_some_and(|relation| self.name(&relation.to).is_some() && relation.to_field.is_none())
        };
        if !known(source) || !known(target) || !model.managed {
            return None;
        }
        let pair = [source.name.as_str(), target.name.as_str()];
        let whole =
            |names: &[String]| names.len() == 2 && pair.iter().all(|side| names.iter().any(|name| name == side));
        let unique = model.constraints.iter().any(|constraint| match constraint {
            Constraint::Unique { on, condition: None, .. } => {
                let names: Option<Vec<String>> = on.iter().map(|part| part.field().map(str::to_owned)).collect();
                names.is_some_and(|names| whole(&names))
            }
            _ => false,
        });
        let numbered = model.fields.len() == 3 && unique && model.fields.iter().any(|field| field.auto);
        if !numbered && !whole(&model.primary_key) {
            return None;
        }
        // The side whose name the table begins with is where it belongs.
        let begins = |field: &Field| {
            field.relation.as_ref().is_some_and(|relation| model.table.starts_with(&format!("{}_", relation.to.name)))
        };
        let swap = begins(target) && !begins(source);
        let (source, target) = if swap { (target, source) } else { (source, target) };
        Some(Between { model, source, target })
    }

    /// The name of the field for a many-to-many, from the name of its table.
    pub(super) fn many_name(&self, between: &Between<'_>) -> String {
        let (from, to) = (owner(between.source), owner(between.target));
        let called = |table: &str| names::snake(self.name(&Live::key(table)).unwrap_or(table));
        match between.model.table.strip_prefix(&format!("{from}_")) {
            Some(rest) if !rest.is_empty() => names::snake(rest),
            _ if from == to => called(&between.model.table),
            _ => names::plural(&called(to)),
        }
    }

    /// The table that the library would make for a many-to-many of this name, if the one between is like it.
    pub(super) fn automatic(&self, between: &Between<'_>, field: &str) -> Option<ManyToMany> {
        let Between { model, source, target } = between;
        let (from, to) = (self.name(&Live::key(owner(source)))?, self.name(&Live::key(owner(target)))?);
        let (from, to) = (ModelKey::new(self.app(owner(source)), from), ModelKey::new(self.app(owner(target)), to));
        let made = naming::many_to_many(&from, owner(source), field, &to);
        // Where the database has no rule the program that made it has one: Django's, that these rows go too.
        let is_django = self.live.schema.models.contains_key(&Live::key("django_migrations"));
        let cascades = |rule: OnDelete| rule == OnDelete::Cascade || is_django && self.live.is_unruled(rule);
        let cascades = |side: &Field| {
            (side.index || self.live.leans(model, &side.column))
                && side.relation.as_ref().is_some_and(|relation| cascades(relation.on_delete))
        };
        let id = model.fields.iter().any(|field| field.auto && field.column == "id" && field.ty == ColumnType::BigInt);
        let plain = model.indexes.is_empty() && model.constraints.len() == 1 && model.comment.is_none();
        let order = matches!(model.constraints.first(), Some(Constraint::Unique { on, .. })
            if on.first().and_then(|part| part.field()) == Some(source.name.as_str()));
        let columns = source.column == made.source_column && target.column == made.target_column;
        (id && plain && order && columns && cascades(source) && cascades(target)).then_some(made)
    }
}

/// The application of a table, the one that its name begins with or the first, and its name without that.
fn app_of<'a, 'n>(apps: &'a [String], table: &'n str) -> (&'a str, &'n str) {
    let rest = |app: &String| table.strip_prefix(app.as_str())?.strip_prefix('_').filter(|rest| !rest.is_empty());
    let own = apps.iter().filter_map(|app| Some((app.as_str(), rest(app)?))).max_by_key(|(app, _)| app.len());
    own.unwrap_or((apps.first().map_or("app", String::as_str), table))
}

/// The table that a foreign key leads to.
fn owner(side: &Field) -> &str {
    side.relation.as_ref().map_or("", |relation| relation.to.name.as_str())
}

fn visit<'a>(
    live: &'a Live,
    chosen: &BTreeSet<&'a ModelKey>,
    key: &'a ModelKey,
    seen: &mut BTreeSet<&'a ModelKey>,
    models: &mut Vec<&'a Model>,
) {
    let Some(model) = live.schema.models.get(key).filter(|_| chosen.contains(key) && seen.insert(key)) else { return };
    for target in targets(model) {
        visit(live, chosen, target, seen, models);
    }
    models.push(model);
}
