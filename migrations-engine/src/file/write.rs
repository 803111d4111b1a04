//! The layout of files: one line per attribute, one line per field.

use std::fmt::Write as _;

use toml::Value;

use crate::error::Result;
use crate::migration::Migration;

/// What stands in a file that is to be filled in by hand; comments count for nothing.
const EXAMPLE: &str = "
# Operations are written here, such as:
#
# [[operations]]
# op = \"run_sql\"
# describe = \"What it does\"
# sql = { all = [\"UPDATE ..\"] }
# reverse = { all = [] }
";

/// A migration as text.
pub(super) fn file(migration: &Migration) -> Result<String> {
    let mut text = String::new();
    for (key, value) in migration.to_table()? {
        match value {
            Value::Array(operations) if key == "operations" => {
                for operation in operations {
                    text += "\n[[operations]]\n";
                    if let Value::Table(operation) = operation {
                        for (key, value) in operation {
                            attribute(&mut text, &key, &value, 0);
                        }
                    }
                }
            }
            value => attribute(&mut text, &key, &value, 0),
        }
    }
    // One that brings branches together has nothing to do, as it is.
    if migration.operations.is_empty() && migration.replaces.is_empty() && migration.depends_on.len() < 2 {
        text += EXAMPLE;
    }
    Ok(text.trim_start().to_owned())
}

/// A key as TOML writes it.
fn key_text(key: &str) -> String {
    let bare = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if bare { key.to_owned() } else { Value::String(key.to_owned()).to_string() }
}

fn attribute(text: &mut String, key: &str, value: &Value, indent: usize) {
    let _ = write!(text, "{:indent$}{} = ", "", key_text(key));
    spread(text, value, indent);
    text.push('\n');
}

/// A value; lists of tables, and lists that would be long, take a line for each item.
fn spread(text: &mut String, value: &Value, indent: usize) {
    let inner = inline(value);
    match value {
        Value::Array(items) if items.iter().any(Value::is_table) || (inner.len() > 100 && items.len() > 1) => {
            text.push_str("[\n");
            for item in items {
                let _ = write!(text, "{:width$}", "", width = indent + 4);
                // Tables within lists stay on one line: a field is a line.
                text.push_str(&inline(item));
                text.push_str(",\n");
            }
            let _ = write!(text, "{:indent$}]", "");
        }
        _ => text.push_str(&inner),
    }
}

/// A value on one line, but for line ends inside of text.
fn inline(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Value::Table(table) if table.is_empty() => "{}".to_owned(),
        Value::Table(table) => {
            let items: Vec<String> =
                table.iter().map(|(key, value)| format!("{} = {}", key_text(key), inline(value))).collect();
            format!("{{ {} }}", items.join(", "))
        }
        plain => plain.to_string(),
    }
}

/// A text that is the same for the same meaning, for ever: keys sorted, lengths in front.
pub(super) fn canonical(out: &mut String, value: &Value) {
    match value {
        Value::Table(table) => {
            let mut keys: Vec<&String> = table.keys().collect();
            keys.sort();
            let _ = write!(out, "{{{}", keys.len());
            for key in keys {
                let _ = write!(out, ";{}:{key}=", key.len());
                canonical(out, &table[key]);
            }
            out.push('}');
        }
        Value::Array(items) => {
            let _ = write!(out, "[{}", items.len());
            for item in items {
                out.push(';');
                canonical(out, item);
            }
            out.push(']');
        }
        Value::String(text) => {
            let _ = write!(out, "s{}:{text}", text.len());
        }
        plain => {
            let text = plain.to_string();
            let _ = write!(out, "v{}:{text}", text.len());
        }
    }
}
