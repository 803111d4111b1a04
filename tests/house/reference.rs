//! The tables in `docs/` that are made from the code: error codes, capabilities, names, how types are stored.

use crate::repository::{none, read, root};
use orm::__private::engine;
use std::{
    env,
    fmt::Write as _,
    fs,
    sync::{Mutex, PoisonError},
};

/// Compares the part of a document between `<!-- begin: name -->` and `<!-- end: name -->`, or writes it with `BLESS=1`.
fn check(document: &str, name: &str, made: &str) {
    // Several tests write into one document.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (begin, end) = (format!("<!-- begin: {name} -->\n"), format!("<!-- end: {name} -->"));
    let text = read(document);
    let parts = text.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once(&end)?)));
    let Some((before, (written, after))) = parts else { panic!("{document} has no part `{}`", begin.trim()) };
    if written == made {
        return;
    }
    if env::var_os("BLESS").is_some() {
        let blessed = format!("{before}{begin}{made}{end}{after}");
        fs::write(root().join(document), blessed).expect("the document can be written");
        return;
    }
    panic!("{document}, part `{name}`, is not what the code says; BLESS=1 writes it anew. It should be\n{made}");
}

fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut out = format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(head.len()));
    for row in rows {
        let row: Vec<String> = row.iter().map(|cell| cell.replace('|', "\\|")).collect();
        let _ = writeln!(out, "| {} |", row.join(" | "));
    }
    out
}

#[test]
fn every_error_code_is_documented() {
    let rows = orm::Code::ALL.iter().map(|code| {
        let (name, kind) = (format!("`{}`", code.as_str()), format!("`{:?}`", code.kind()));
        vec![name, format!("`{code:?}`"), kind, code.meaning().to_owned()]
    });
    check("docs/errors.md", "codes", &table(&["Code", "`Code::`", "Kind", "When"], rows));
    let rows = engine::Code::ALL.iter().map(|(code, meaning)| {
        vec![format!("`{}`", code.as_str()), format!("`{:?}`", code.kind()), meaning.trim().to_owned()]
    });
    check("docs/errors.md", "migration codes", &table(&["Code", "Kind", "When"], rows));
    let rows =
        engine::lint::Rule::ALL.iter().map(|(rule, meaning)| vec![format!("`{rule}`"), meaning.trim().to_owned()]);
    check("docs/migrations.md", "lint codes", &table(&["Code", "What happens"], rows));
    let rows = orm::SystemCheck::ALL.iter().map(|(check, meaning)| {
        let code = format!("`{}`", check.as_str());
        vec![code, check.level().to_string(), check.tag().to_owned(), meaning.trim().to_owned()]
    });
    check("docs/checks.md", "system checks", &table(&["Code", "Level", "Tag", "What it is"], rows));
    let rows = engine::introspect::Drift::ALL
        .iter()
        .map(|(drift, meaning)| vec![format!("`{drift}`"), meaning.trim().to_owned(), drift.advice().to_owned()]);
    check("docs/migrations.md", "drift codes", &table(&["Code", "What differs", "What to do"], rows));
}

#[test]
fn every_capability_is_documented() {
    let values = orm::Dialect::ALL.map(|dialect| fields(&format!("{:#?}", dialect.capabilities())));
    let table = capabilities("orm/src/dialect.rs", values);
    check("docs/databases.md", "query capabilities", &table);
    let values = engine::Dialect::ALL.map(|dialect| fields(&format!("{:#?}", dialect.capabilities())));
    let table = capabilities("migrations-engine/src/sql/dialect.rs", values);
    check("docs/databases.md", "schema capabilities", &table);
}

/// A row for each field of `Capabilities`: its documentation, and its value on each database.
fn capabilities(file: &str, values: [Vec<(String, String)>; 4]) -> String {
    let docs = documented_fields(file, "Capabilities");
    assert!(values.iter().all(|fields| fields.len() == docs.len()), "{file}: Debug shows every field in one line");
    let rows = docs.iter().enumerate().map(|(at, (name, doc))| {
        let mut row = vec![format!("`{name}`"), doc.clone()];
        row.extend(values.iter().map(|fields| {
            assert_eq!(fields[at].0, *name);
            shown(&fields[at].1)
        }));
        row
    });
    table(&["Capability", "What it is", "SQLite", "PostgreSQL", "MariaDB", "MySQL"], rows)
}

fn shown(value: &str) -> String {
    match value {
        "true" => "yes".to_owned(),
        "false" | "None" => "-".to_owned(),
        text if *text == usize::MAX.to_string() => "no limit".to_owned(),
        text => text.trim_start_matches("Some(").trim_end_matches(')').to_owned(),
    }
}

/// Name and value of each field in the pretty `Debug` form of a flat struct.
fn fields(debug: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in debug.lines().skip(1) {
        let depth = line.len() - line.trim_start().len();
        let line = line.trim().trim_end_matches(',');
        match line.split_once(": ") {
            Some((name, value)) if depth == 4 => fields.push((name.to_owned(), value.to_owned())),
            // A list or an option goes on over several lines.
            _ if depth > 4 || matches!(line, "]" | ")") => {
                if let Some((_, value)) = fields.last_mut() {
                    let gap = if value.ends_with(['[', '(']) || matches!(line, "]" | ")") { "" } else { ", " };
                    *value += &format!("{gap}{line}");
                }
            }
            _ => {}
        }
    }
    fields
}

/// The fields of a struct in a source file, with their documentation.
fn documented_fields(file: &str, name: &str) -> Vec<(String, String)> {
    let parsed = syn::parse_file(&read(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    let is_it = |item: &syn::Item| matches!(item, syn::Item::Struct(item) if item.ident == name);
    let Some(syn::Item::Struct(item)) = parsed.items.into_iter().find(is_it) else { panic!("{file}: no {name}") };
    described(item.fields)
}

/// The fields that are written, by the names that they have there.
fn described(fields: syn::Fields) -> Vec<(String, String)> {
    let name = |field: &syn::Field| {
        let renamed = field.attrs.iter().filter(|it| it.path().is_ident("serde")).find_map(|it| {
            let text = it.meta.require_list().ok()?.tokens.to_string();
            if text == "skip" {
                return Some(String::new());
            }
            text.split_once("rename = \"").and_then(|(_, rest)| Some(rest.split_once('"')?.0.to_owned()))
        });
        renamed.unwrap_or_else(|| field.ident.as_ref().map_or_else(String::new, ToString::to_string))
    };
    fields.iter().map(|field| (name(field), doc(&field.attrs))).filter(|(name, _)| !name.is_empty()).collect()
}

/// What documentation says, in one line.
fn doc(attributes: &[syn::Attribute]) -> String {
    let text = |attribute: &syn::Attribute| match &attribute.meta {
        syn::Meta::NameValue(doc) if doc.path.is_ident("doc") => match &doc.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    };
    attributes.iter().filter_map(text).collect::<Vec<_>>().join(" ")
}

/// A row for each variant of an enum: its name in files, what it is, and its fields.
fn documented_variants(file: &str, name: &str) -> Vec<Vec<String>> {
    let parsed = syn::parse_file(&read(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    let is_it = |item: &syn::Item| matches!(item, syn::Item::Enum(item) if item.ident == name);
    let Some(syn::Item::Enum(item)) = parsed.items.into_iter().find(is_it) else { panic!("{file}: no {name}") };
    let row = |variant: syn::Variant| {
        let mut word = String::new();
        for letter in variant.ident.to_string().chars() {
            if letter.is_uppercase() && !word.is_empty() {
                word.push('_');
            }
            word.extend(letter.to_lowercase());
        }
        let fields = described(variant.fields).into_iter().map(|(name, doc)| format!("`{name}`: {doc}"));
        vec![format!("`{word}`"), doc(&variant.attrs), fields.collect::<Vec<_>>().join("<br>")]
    };
    item.variants.into_iter().map(row).collect()
}

#[test]
fn what_stands_in_a_migration_file_is_documented() {
    let document = "docs/migration-files.md";
    let rows = |fields: Vec<(String, String)>| {
        table(&["Key", "What it is"], fields.into_iter().map(|(name, doc)| vec![format!("`{name}`"), doc]))
    };
    check(document, "file", &rows(documented_fields("migrations-engine/src/file/mod.rs", "FileRepr")));
    check(document, "models", &rows(documented_fields("migrations-engine/src/schema/model.rs", "Model")));
    check(document, "fields", &rows(documented_fields("migrations-engine/src/schema/repr.rs", "FieldRepr")));
    check(document, "indexes", &rows(documented_fields("migrations-engine/src/schema/model.rs", "Index")));
    let constraints = documented_variants("migrations-engine/src/schema/model.rs", "Constraint");
    check(document, "constraints", &table(&["`kind`", "What it says", "Keys"], constraints));
    let operations = documented_variants("migrations-engine/src/operation/mod.rs", "Operation");
    let mut operations = operations;
    for operation in operations.iter_mut().filter(|operation| operation[2].is_empty() || operation[2] == "`: ") {
        operation[2] = "those of a model, below".to_owned();
    }
    let names: Vec<String> = operations.iter().map(|operation| operation[0].trim_matches('`').to_owned()).collect();
    check(document, "operations", &table(&["`op`", "What it does", "Keys"], operations));
    // Each is shown once at least.
    let text = read(document);
    let missing = names.into_iter().filter(|name| !text.contains(&format!("op = \"{name}\"")));
    none(missing.collect(), "each operation stands in an example of docs/migration-files.md");
}

#[test]
fn how_things_are_called_is_documented() {
    let text = read("migrations-engine/src/naming.rs");
    let rows: Vec<String> =
        text.lines().filter_map(|line| line.strip_prefix("//! |")).map(|row| format!("|{row}\n")).collect();
    assert!(rows.len() > 5, "naming.rs begins with the table of its rules");
    check("docs/databases.md", "names", &rows.concat());
}

#[test]
fn how_types_are_stored_is_documented() {
    let words = [
        "bool",
        "smallint",
        "integer",
        "bigint",
        "positive smallint",
        "positive integer",
        "positive bigint",
        "real",
        "double",
        "char(200)",
        "text",
        "decimal(8, 2)",
        "date",
        "time",
        "datetime",
        "timestamp",
        "duration",
        "uuid",
        "binary",
        "json",
        "ip",
    ];
    let rows = words.map(|word| {
        let ty: engine::schema::ColumnType = word.parse().expect("a column type");
        let mut row = vec![format!("`{word}`")];
        for dialect in engine::Dialect::ALL {
            row.push(format!("`{}`", dialect.column_type(&ty).expect("every database stores it")));
        }
        row
    });
    check("docs/databases.md", "storage", &table(&["Type", "SQLite", "PostgreSQL", "MariaDB", "MySQL"], rows));
}
