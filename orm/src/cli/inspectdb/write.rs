//! Models as Rust source.

use super::{
    columns::Line,
    model::{Enum, Struct, build},
    names,
    tables::{Between, Tables},
};
use migrations_engine::{
    introspect::Live,
    schema::{Field, ModelKey},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

/// The source of models for the tables of a database, as applications of these labels.
pub(super) fn models(live: &Live, patterns: bool, apps: &[String], wanted: impl Fn(&str) -> bool) -> String {
    let tables = Tables::new(live, patterns, apps, wanted);
    let mut structs: Vec<Struct<'_>> = tables.models.iter().map(|model| build(&tables, model)).collect();
    let between: Vec<Between<'_>> = tables.models.iter().filter_map(|model| tables.between(model)).collect();
    unique_fields(&mut structs);
    reverse_sides(&mut structs, &between);
    let automatic = many_to_many(&tables, &mut structs, &between);
    structs.retain(|made| !automatic.contains(&made.model.table));
    let mut out = String::from(
        "//! Models of an existing database, to be read through: `NOTE` marks what is left to decide.\n\n",
    );
    out += "use orm::prelude::*;\n";
    for app in apps {
        let own = structs.iter().filter(|made| tables.app(&made.model.table) == app);
        let listed: Vec<&str> = own.map(|made| made.name.as_str()).collect();
        let _ = writeln!(
            out,
            "\norm::app! {{\n    pub {} {{\n        {}\n    }}\n}}",
            names::ident(app),
            listed.join(",\n        ")
        );
    }
    for made in &structs {
        write(&mut out, made);
    }
    out
}

/// Lets foreign keys that hold another field than the key lead to that, now that every field has its name.
fn unique_fields(structs: &mut [Struct<'_>]) {
    let mut led = Vec::new();
    for (place, made) in structs.iter().enumerate() {
        for key in &made.keys {
            let target = structs.iter().find(|other| other.model.key == *key.to);
            if let Some((target, ident)) = target.and_then(|target| Some((target, target.idents.get(key.held?)?))) {
                let (field, model) = (names::ident(&key.field), format!("<{}>", target.name));
                led.push((place, field, model, format!("<{}>", names::unique_field(&target.name, ident))));
            }
        }
    }
    for (place, field, model, unique) in led {
        let lines = structs[place].fields.iter_mut().filter(|line| line.ident == field);
        lines.for_each(|line| line.ty = line.ty.replace(&model, &unique));
    }
}

/// Gives each model that foreign keys lead to the other side of them.
fn reverse_sides(structs: &mut [Struct<'_>], between: &[Between<'_>]) {
    let mut sides: BTreeMap<String, Vec<(String, String, bool, bool)>> = BTreeMap::new();
    for made in structs.iter() {
        // A table between is reached by the many-to-many.
        if between.iter().any(|between| between.model.table == made.model.table) {
            continue;
        }
        for key in &made.keys {
            let several = made.keys.iter().filter(|other| other.to == key.to).count() > 1;
            let side = (made.name.clone(), key.field.clone(), key.one, several);
            sides.entry(key.to.name.clone()).or_default().push(side);
        }
    }
    for made in structs {
        for (name, field, one, several) in sides.remove(&made.model.table).unwrap_or_default() {
            let base = names::snake(&name);
            let base = if one { base } else { names::plural(&base) };
            // Where several keys lead here, the second is called by its field.
            let base = if several && made.taken.contains(&base) { format!("{base}_by_{field}") } else { base };
            let ident = names::field(&mut made.taken, &base);
            let kind = if one { "HasOne" } else { "HasMany" };
            let via = several.then(|| format!("via = {}", names::ident(&field)));
            made.fields.push(Line {
                ident: names::ident(&ident),
                ty: format!("{kind}<{name}>"),
                attributes: via.into_iter().collect(),
                ..Line::default()
            });
        }
    }
}

/// Gives both sides of each table between a many-to-many; tells which tables the library would make itself.
fn many_to_many(tables: &Tables<'_>, structs: &mut [Struct<'_>], between: &[Between<'_>]) -> Vec<String> {
    let mut automatic = Vec::new();
    for between in between {
        let ends = [between.source, between.target].map(|side| side.relation.as_ref().map(|relation| &relation.to));
        let [Some(from), Some(to)] = ends else { continue };
        let field = tables.many_name(between);
        let through = tables.name(&between.model.key).unwrap_or_default().to_owned();
        let key_of = |side: &Field| {
            let made = structs.iter().find(|made| made.model.key == between.model.key)?;
            let at = between.model.fields.iter().filter(|field| field.relation.is_some());
            let at = at.map(|field| &field.name).position(|name| *name == side.name)?;
            made.keys.get(at).map(|key| key.field.clone())
        };
        let via = if from == to { key_of(between.source) } else { None };
        let made_by_itself = tables.automatic(between, &field);
        let mut add = |owner: &ModelKey, wanted: &str, to: &str, attributes: Vec<String>| {
            let made = structs.iter_mut().find(|made| made.model.key == *owner)?;
            let ident = names::ident(&names::field(&mut made.taken, wanted));
            let ty = format!("ManyToMany<{to}>");
            made.fields.push(Line { ident: ident.clone(), ty, attributes, ..Line::default() });
            Some(ident)
        };
        let (Some(source), Some(target)) = (tables.name(from), tables.name(to)) else { continue };
        if let Some(usual) = made_by_itself {
            let table = (usual.table != between.model.table).then(|| format!("table = {:?}", between.model.table));
            let given = add(from, &field, target, table.into_iter().collect());
            if let Some(given) = given.filter(|_| from != to) {
                add(to, &names::plural(&names::snake(source)), source, vec![format!("via = {given}")]);
            }
            automatic.push(between.model.table.clone());
            continue;
        }
        let through = format!("through = {through}");
        let mut attributes = vec![through.clone()];
        attributes.extend(via.map(|via| format!("via = {}", names::ident(&via))));
        add(from, &field, target, attributes);
        if from != to {
            add(to, &names::plural(&names::snake(source)), source, vec![through]);
        }
    }
    automatic
}

fn write(out: &mut String, made: &Struct<'_>) {
    for choices in &made.choices {
        write_enum(out, choices);
    }
    out.push('\n');
    for note in &made.notes {
        let _ = writeln!(out, "// NOTE: {}", one_line(note));
    }
    out.push_str("#[derive(Model, Debug, Clone)]\n");
    let whole = format!("#[model({})]\n", made.options.join(", "));
    if !made.options.is_empty() && whole.len() <= 120 {
        out.push_str(&whole);
    } else if !made.options.is_empty() {
        let _ = writeln!(out, "#[model(\n    {}\n)]", made.options.join(",\n    "));
    }
    let _ = writeln!(out, "pub struct {} {{", made.name);
    for line in &made.fields {
        for note in &line.notes {
            let _ = writeln!(out, "    // NOTE: {}", one_line(note));
        }
        let out_of = if line.out { "// " } else { "" };
        if !line.attributes.is_empty() {
            let _ = writeln!(out, "    {out_of}#[field({})]", line.attributes.join(", "));
        }
        let _ = writeln!(out, "    {out_of}pub {}: {},", line.ident, line.ty);
    }
    out.push_str("}\n");
}

/// An enum for the values that a type of the database's lists.
fn write_enum(out: &mut String, choices: &Enum) {
    let hashed = if choices.in_key { ", Hash" } else { "" };
    let _ = writeln!(out, "\n#[derive(Choices, Debug, Clone, Copy, PartialEq, Eq{hashed})]");
    if let Some(db_type) = &choices.db_type {
        let _ = writeln!(out, "#[choices(db_type = {db_type:?})]");
    }
    let _ = writeln!(out, "pub enum {} {{", choices.name);
    let mut taken = BTreeSet::new();
    for value in &choices.values {
        let variant = names::free(&mut taken, &names::camel(value), "");
        if names::snake(&variant) != *value {
            let _ = writeln!(out, "    #[choice(value = {value:?})]");
        }
        let _ = writeln!(out, "    {variant},");
    }
    out.push_str("}\n");
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
