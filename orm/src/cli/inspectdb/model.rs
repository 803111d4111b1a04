//! One table as a struct: its fields, its relations to others, and what can only be told.

use super::{
    columns::{Line, db_default, on_delete, rust_type, sql_type},
    expression::{self, Handle},
    names, options,
    tables::{MOST_IN_KEY, Tables},
};
use crate::{migrate::labelled, model::KEY_LENGTH};
use migrations_engine::{
    introspect::Live,
    naming,
    schema::{ColumnType, Constraint, Field, Model, ModelKey},
};
use std::collections::{BTreeMap, BTreeSet};

/// A struct to be written.
pub(super) struct Struct<'a> {
    pub(super) model: &'a Model,
    pub(super) name: String,
    pub(super) notes: Vec<String>,
    pub(super) options: Vec<String>,
    pub(super) fields: Vec<Line>,
    /// Enums of its fields.
    pub(super) choices: Vec<Enum>,
    /// Its foreign keys.
    pub(super) keys: Vec<ToOne<'a>>,
    /// The fields of its columns, as they are written.
    pub(super) idents: BTreeMap<&'a str, String>,
    /// Names that its fields have.
    pub(super) taken: BTreeSet<String>,
}

/// An enum to be written.
pub(super) struct Enum {
    pub(super) name: String,
    /// The enum of the database's own that it stands for.
    pub(super) db_type: Option<String>,
    pub(super) values: Vec<String>,
    /// Keys are hashed.
    pub(super) in_key: bool,
}

/// A foreign key among the fields of a struct.
pub(super) struct ToOne<'a> {
    pub(super) field: String,
    pub(super) to: &'a ModelKey,
    /// The column there that it holds, if it is not the key.
    pub(super) held: Option<&'a str>,
    pub(super) one: bool,
}

/// Columns that one foreign key spans.
struct Spanning<'a> {
    /// Where it leads; a generic one holds keys of this type.
    to: Result<&'a ModelKey, &'static str>,
    /// What the field is called after.
    stem: String,
    /// Whether they are called after it, as they would be by themselves.
    plain: bool,
    columns: Vec<&'a str>,
    on_delete: Option<String>,
}

/// The struct of a table, without the relations that other tables give it.
pub(super) fn build<'a>(tables: &Tables<'a>, model: &'a Model) -> Struct<'a> {
    let name = tables.name(&model.key).unwrap_or_default().to_owned();
    let (key, guessed) = tables.key(model);
    let (mut notes, mut by_column) = told(tables.live, model);
    if guessed {
        let what = match model.primary_key.len() {
            0 if model.managed => "the table has no key".to_owned(),
            0 => "a view has no key".to_owned(),
            more if more > MOST_IN_KEY => {
                format!("its key is over {more} columns, and a model's over {MOST_IN_KEY} at most")
            }
            _ => "no field can hold its key".to_owned(),
        };
        notes.push(format!("{what}; `{}` is a guess: say which columns tell rows apart", key.join(", ")));
    }
    let mut made = Struct {
        model,
        name,
        notes,
        options: Vec::new(),
        fields: Vec::new(),
        choices: Vec::new(),
        keys: Vec::new(),
        idents: BTreeMap::new(),
        taken: BTreeSet::new(),
    };
    let (spanning, not_spanned) = spanning(tables, model);
    made.notes.extend(not_spanned);
    let spanned = |field: &Field| spanning.iter().find(|span| span.columns.contains(&field.column.as_str()));
    let mut lines: BTreeMap<&str, Line> = BTreeMap::new();
    let mut handles: Vec<Handle> = Vec::new();
    // Columns first: a relation gives way in its name.
    let is_relation = |field: &Field| {
        let Some(relation) = &field.relation else { return false };
        let target = tables.model(&relation.to).filter(|target| target.managed);
        target.is_some_and(|target| match &relation.to_field {
            None => target.primary_key.len() == 1,
            Some(held) => tables.names_rows(target, held),
        })
    };
    let mut order: Vec<&Field> = model.fields.iter().filter(|field| spanned(field).is_none()).collect();
    order.sort_by_key(|field| is_relation(field));
    for field in order {
        let in_key = key.contains(&field.column.as_str());
        let mut line = if is_relation(field) {
            relation(tables, &mut made, field, in_key, key.len() == 1)
        } else {
            column(tables, &mut made, field, &key, guessed)
        };
        line.notes.splice(0..0, by_column.remove(field.column.as_str()).unwrap_or_default());
        made.idents.insert(&field.column, line.ident.clone());
        if !line.out {
            handles.push(Handle {
                column: field.name.clone(),
                ident: line.ident.clone(),
                ty: tables.live.schema.column_type(field).unwrap_or_else(|_| field.ty.clone()),
                null: field.null,
                relation: is_relation(field),
            });
        }
        lines.insert(&field.column, line);
    }
    for span in &spanning {
        let in_key = span.columns.iter().any(|column| key.contains(column));
        let line = several(tables, &mut made, span, in_key);
        if let Some(first) = span.columns.first() {
            lines.insert(first, line);
        }
    }
    computed(model, &mut lines, &mut handles);
    made.notes.extend(by_column.into_iter().flat_map(|(about, texts)| {
        texts.into_iter().map(move |text| if about.is_empty() { text } else { format!("`{about}`: {text}") })
    }));
    made.fields = in_order(model).filter_map(|column| lines.remove(column)).collect();
    if naming::table(&ModelKey::new(tables.app(&model.table), &*made.name)) != model.table {
        made.options.push(format!("table = {:?}", model.table));
    }
    if let Some(comment) = model.comment.as_ref().filter(|comment| !comment.trim().is_empty()) {
        made.options.push(format!("comment = {comment:?}"));
    }
    if !model.managed || guessed {
        made.options.push("managed = false".to_owned());
    }
    made.options.extend(guessed.then(|| "keyless".to_owned()));
    let known: Vec<String> = spanning.iter().map(|span| naming::index(&model.table, &span.columns)).collect();
    let (options, notes) = options::options(tables, model, &handles, &key, &known);
    made.options.extend(options);
    made.notes.extend(notes);
    made
}

/// The columns in the order of their fields: that of the table, but for those of the key, which stand in the key's order.
fn in_order(model: &Model) -> impl Iterator<Item = &str> {
    let mut key = model.primary_key.iter();
    model.fields.iter().map(move |field| {
        let of_key = model.primary_key.contains(&field.column).then(|| key.next()).flatten();
        of_key.unwrap_or(&field.column).as_str()
    })
}

/// Says what generated columns are computed from, now that every field has its name.
fn computed(model: &Model, lines: &mut BTreeMap<&str, Line>, handles: &mut Vec<Handle>) {
    for field in &model.fields {
        let (Some(generated), Some(line)) = (&field.generated, lines.get_mut(field.column.as_str())) else { continue };
        let known = handles.iter().find(|handle| handle.column == field.name).map(|handle| handle.ty.clone());
        let text = known.and_then(|ty| expression::computed(handles, &generated.expr, &ty, field.null));
        match text {
            Some(text) => {
                line.attributes.push(format!("generated = |m| {text}"));
                line.attributes.extend((!generated.stored).then(|| "stored = false".to_owned()));
            }
            None => {
                line.notes.push(format!(
                    "the database computes it, from `{}`: write it as `generated = |m| ..`",
                    generated.expr
                ));
                line.out = true;
                handles.retain(|handle| handle.column != field.name);
            }
        }
    }
}

/// What was told of a table: of the whole, and by column, index or constraint.
fn told<'a>(live: &'a Live, model: &Model) -> (Vec<String>, BTreeMap<&'a str, Vec<String>>) {
    let (mut whole, mut by_column) = (Vec::new(), BTreeMap::<&str, Vec<String>>::new());
    for note in live.notes.iter().filter(|note| note.table == model.table) {
        if note.about.is_empty() {
            // That it has no key is told with what was made of it.
            whole.extend((note.text != "it has no primary key").then(|| note.text.clone()));
        } else {
            by_column.entry(&note.about).or_default().push(note.text.clone());
        }
    }
    (whole, by_column)
}

/// A column that is no relation.
fn column<'a>(tables: &Tables<'a>, made: &mut Struct<'a>, field: &'a Field, key: &[&str], guessed: bool) -> Line {
    let (in_key, only_key) = (key.contains(&field.column.as_str()), key == [field.column.as_str()]);
    let mut wanted = names::snake(&field.column);
    if wanted == "id" && !in_key {
        // That is what the key is called.
        wanted = "id_value".to_owned();
    }
    let name = names::field(&mut made.taken, &wanted);
    let mut line = Line { ident: names::ident(&name), ..Line::default() };
    let ty = tables.live.schema.column_type(field).unwrap_or_else(|_| field.ty.clone());
    if let Some(relation) = &field.relation {
        let to = relation.to_field.as_ref().map_or_else(String::new, |to| format!(", to its `{to}`"));
        line.notes.push(format!("a foreign key to `{}`{to}, which is not kept", relation.to.name));
    }
    let choices = tables.live.choices.get(&(made.model.table.clone(), field.column.clone()));
    let rust = match choices {
        Some(values) => {
            let enum_name = tables.enum_name(&made.model.table, &field.column);
            let db_type = match &ty {
                ColumnType::Custom { postgres: Some(sql), .. } => Some(sql.clone()),
                _ => None,
            };
            let array = db_type.as_ref().is_some_and(|sql| sql.ends_with("[]"));
            match &db_type {
                Some(_) => line.notes.push("its values are those of a type of the database's own".to_owned()),
                None => line.notes.push("the database lists its values; a migration would make text of it".to_owned()),
            }
            let db_type = db_type.map(|sql| sql.trim_end_matches("[]").replace('"', ""));
            let known = made.choices.iter_mut().find(|known| db_type.is_some() && known.db_type == db_type);
            let enum_name = match known {
                Some(known) => {
                    known.in_key |= in_key;
                    known.name.clone()
                }
                None => {
                    made.choices.push(Enum { name: enum_name.clone(), db_type, values: values.clone(), in_key });
                    enum_name
                }
            };
            if array { format!("Vec<{enum_name}>") } else { enum_name }
        }
        None => match rust_type(&ty) {
            Some(rust) => {
                line.attributes.extend(rust.attributes);
                line.notes.extend(rust.note);
                // An automatic key is never unsigned.
                match rust.text.strip_prefix('u').filter(|_| field.auto) {
                    Some(bits) => format!("i{bits}"),
                    None => rust.text,
                }
            }
            None => {
                let sql = sql_type(&ty);
                line.notes.push(format!("there is no type for its `{sql}`: write one that implements `FieldType`"));
                line.out = true;
                sql
            }
        },
    };
    let mut first = Vec::new();
    if field.column != name {
        first.push(format!("column = {:?}", field.column));
    }
    if only_key && name == "id" && (field.auto || rust == "Uuid") {
    } else if only_key && field.auto {
        first.push("primary_key, auto".to_owned());
    } else if in_key {
        first.push("primary_key".to_owned());
    }
    if field.auto && !only_key {
        line.notes.push("a sequence fills it: models have no such fields".to_owned());
        line.out = true;
    }
    if let Some(collation) = &field.collation {
        let name = [&collation.sqlite, &collation.postgres, &collation.mysql].into_iter().flatten().next();
        line.attributes.extend(name.map(|name| format!("collation = {name:?}")));
    }
    line.attributes.splice(0..0, first);
    if !in_key && !tables.without_pattern(made.model, field) {
        line.attributes.extend(field.unique.then(|| "unique".to_owned()));
        let begins = tables.begins(made.model, field.names.index.as_ref(), &[&field.name]);
        line.attributes.extend((field.index && !begins).then(|| "index".to_owned()));
    }
    // A type of the database's own has its defaults; text that takes its place has not.
    let kept = choices.is_none() || matches!(ty, ColumnType::Custom { postgres: Some(_), .. });
    if field.generated.is_none() && kept && made.model.managed {
        line.attributes.extend(db_default(field));
    }
    line.attributes.extend(comment(field));
    let null = field.null && !in_key;
    if field.null && in_key && !guessed {
        line.notes.push("a part of the key is never NULL".to_owned());
    }
    line.ty = if null { format!("Option<{rust}>") } else { rust };
    line
}

fn comment(field: &Field) -> Option<String> {
    let comment = field.comment.as_ref().filter(|comment| !comment.trim().is_empty())?;
    Some(format!("comment = {comment:?}"))
}

/// The name for a relation in a column: without the `_id` at its end, if that is free.
fn relation_name(made: &mut Struct<'_>, column: &str) -> String {
    let whole = names::snake(column);
    match whole.strip_suffix("_id") {
        Some(stem) if !stem.is_empty() && !made.taken.contains(stem) => names::field(&mut made.taken, stem),
        _ => names::field(&mut made.taken, &whole),
    }
}

/// A foreign key in one column.
fn relation<'a>(tables: &Tables<'a>, made: &mut Struct<'a>, field: &'a Field, in_key: bool, only_key: bool) -> Line {
    let Some(relation) = &field.relation else { return Line::default() };
    let name = relation_name(made, &field.column);
    let one = field.unique || (in_key && only_key);
    let mut line = Line { ident: names::ident(&name), ..Line::default() };
    if field.column != naming::relation_column(&name) {
        line.attributes.push(format!("column = {:?}", field.column));
    }
    line.attributes.extend(in_key.then(|| "primary_key".to_owned()));
    line.attributes.extend(on_delete(relation.on_delete));
    if !one && !field.index {
        line.attributes.push("index = false".to_owned());
    }
    line.attributes.extend(db_default(field));
    line.attributes.extend(comment(field));
    let target = tables.name(&relation.to).unwrap_or_default();
    let kind = if one { "OneToOne" } else { "ForeignKey" };
    let null = field.null && !in_key;
    line.ty = if null { format!("Option<{kind}<{target}>>") } else { format!("{kind}<{target}>") };
    made.keys.push(ToOne { field: name, to: &relation.to, held: relation.to_field.as_deref(), one });
    line
}

/// The foreign keys of several columns that a field can stand for, and what is told of the others.
fn spanning<'a>(tables: &Tables<'a>, model: &'a Model) -> (Vec<Spanning<'a>>, Vec<String>) {
    let (mut spanning, mut notes) = (Vec::<Spanning<'a>>::new(), Vec::new());
    for constraint in &model.constraints {
        let Constraint::ForeignKey { name, fields, to, to_fields, on_delete: rule } = constraint else { continue };
        match span(tables, model, &spanning, (fields, to, to_fields)) {
            Ok((columns, stem)) => {
                let plain = stem.is_some();
                let stem = stem.unwrap_or_else(|| names::snake(tables.name(to).unwrap_or(&to.name)));
                spanning.push(Spanning { to: Ok(to), stem, plain, columns, on_delete: on_delete(*rule) });
            }
            Err(why) => {
                let columns = fields.join(", ");
                notes.push(format!("the foreign key `{name}` ({columns}) to `{}` is not kept: {why}", to.name));
            }
        }
    }
    spanning.extend(generic(tables, model).filter(|generic| {
        let relates = |field: &Field| generic.columns.contains(&field.column.as_str()) && field.relation.is_some();
        !model.fields.iter().any(relates)
    }));
    (spanning, notes)
}

/// The columns of a foreign key of several, in the order of the key where it leads, and what they are called after if it is by that.
/// Or why no field can stand for it.
fn span<'a>(
    tables: &Tables<'a>,
    model: &'a Model,
    others: &[Spanning<'a>],
    (fields, to, to_fields): (&'a [String], &ModelKey, &[String]),
) -> Result<(Vec<&'a str>, Option<String>), &'static str> {
    let target = tables.model(to).ok_or("the table where it leads is not among these")?;
    let ends = &target.primary_key;
    let column = |end: &String| {
        let at = to_fields.iter().position(|to| to == end)?;
        fields.get(at).map(String::as_str)
    };
    let columns: Option<Vec<&str>> = ends.iter().map(column).collect();
    let columns = columns
        .filter(|columns| columns.len() == fields.len() && columns.len() > 1)
        .ok_or("it leads to other columns than those of the key there")?;
    let own: Vec<&Field> = columns.iter().filter_map(|name| model.field(name)).collect();
    if own.iter().any(|field| field.null) && !own.iter().all(|field| field.null) {
        return Err("some of its columns may be NULL, and others not");
    }
    let taken = |column: &&str| others.iter().any(|other| other.columns.contains(column));
    if columns.iter().any(taken) || own.iter().any(|field| field.relation.is_some()) {
        return Err("a column is part of another foreign key, too, and a column has one field");
    }
    let (key, _) = tables.key(model);
    let in_key = |column: &&str| key.contains(column);
    if columns.iter().any(in_key) && !key.windows(columns.len()).any(|part| part == columns) {
        return Err("its columns are in the key of the table, but not beside each other in that order");
    }
    let parts: Option<Vec<&str>> = ends.iter().map(|end| Some(target.field(end)?.column.as_str())).collect();
    let stem = parts.and_then(|parts| {
        let stem = columns.first()?.strip_suffix(&format!("_{}", parts.first()?)).filter(|stem| !stem.is_empty())?;
        let fits = columns.iter().zip(&parts).all(|(column, part)| *column == format!("{stem}_{part}"));
        fits.then(|| stem.to_owned())
    });
    Ok((columns, stem))
}

/// The generic foreign keys: a label and a key that are found together.
fn generic<'a>(tables: &Tables<'a>, model: &'a Model) -> impl Iterator<Item = Spanning<'a>> {
    let (key, _) = tables.key(model);
    let pairs = labelled(model).filter(move |(label, key_field)| {
        label.null == key_field.null && ![label, key_field].iter().any(|field| key.contains(&field.column.as_str()))
    });
    pairs.filter_map(|(label, key)| {
        let (columns, stem) = (vec![label.column.as_str(), key.column.as_str()], label.column.strip_suffix("_model")?);
        let held = match key.ty {
            ColumnType::Char { max_length: KEY_LENGTH } => "",
            ColumnType::BigInt => "<i64>",
            ColumnType::Uuid => "<Uuid>",
            _ => return None,
        };
        let spanning = Spanning { to: Err(held), stem: stem.to_owned(), plain: true, columns, on_delete: None };
        (has_index(model, &spanning.columns) && !stem.is_empty()).then_some(spanning)
    })
}

/// Whether a table has the index that a foreign key in these columns makes.
fn has_index(model: &Model, columns: &[&str]) -> bool {
    let name = naming::index(&model.table, columns);
    model.indexes.iter().any(|index| index.name == name)
}

/// A foreign key in several columns.
fn several<'a>(tables: &Tables<'a>, made: &mut Struct<'a>, span: &Spanning<'a>, in_key: bool) -> Line {
    let name = names::field(&mut made.taken, &span.stem);
    let mut line = Line { ident: names::ident(&name), ..Line::default() };
    if !span.plain {
        let columns: Vec<String> = span.columns.iter().map(|column| format!("{column:?}")).collect();
        line.attributes.push(format!("columns({})", columns.join(", ")));
    } else if name != span.stem {
        line.attributes.push(format!("column = {:?}", span.stem));
    }
    line.attributes.extend(in_key.then(|| "primary_key".to_owned()));
    line.attributes.extend(span.on_delete.clone());
    line.attributes.extend((!has_index(made.model, &span.columns)).then(|| "index = false".to_owned()));
    let null = made.model.fields.iter().any(|field| span.columns.contains(&field.column.as_str()) && field.null);
    let ty = match span.to {
        Ok(to) => format!("ForeignKey<{}>", tables.name(to).unwrap_or_default()),
        Err(held) => format!("GenericForeignKey{held}"),
    };
    line.ty = if null && !in_key { format!("Option<{ty}>") } else { ty };
    made.keys.extend(span.to.ok().map(|to| ToOne { field: name, to, held: None, one: false }));
    line
}
