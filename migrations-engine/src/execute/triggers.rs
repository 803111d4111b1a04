//! SQLite: triggers that work before a table is rebuilt have to work afterwards. Their columns are looked up only when they
//! are set off, so a write of each kind is prepared.

use super::Connection;
use super::rebuild::{misfit, quoted, rows, texts};
use crate::error::Result;
use crate::introspect::token::{Token, tokens};
use crate::sql::Dialect;

/// A kind of write to a table or view that has triggers.
#[derive(Debug)]
pub(super) struct Write {
    of: String,
    kind: Kind,
    /// The names of its triggers, with the columns whose updates set them off, if these are named.
    triggers: Vec<(String, Vec<String>)>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Insert,
    Update,
    Delete,
}

async fn columns<C: Connection>(connection: &mut C, of: &str) -> Result<Vec<String>> {
    texts(connection, &format!("SELECT name FROM pragma_table_xinfo({}) WHERE hidden = 0", quoted(of)?)).await
}

/// Prepares a write without running it.
async fn try_write<C: Connection>(
    connection: &mut C,
    of: &str,
    kind: Kind,
) -> Result<std::result::Result<(), crate::BoxError>> {
    let name = Dialect::Sqlite.quote(of);
    let sql = match kind {
        Kind::Insert => format!("EXPLAIN INSERT INTO {name} DEFAULT VALUES"),
        Kind::Delete => format!("EXPLAIN DELETE FROM {name}"),
        Kind::Update => {
            let columns = columns(connection, of).await?;
            let same: Vec<String> =
                columns.iter().map(|column| Dialect::Sqlite.quote(column)).map(|it| format!("{it} = {it}")).collect();
            format!("EXPLAIN UPDATE {name} SET {}", same.join(", "))
        }
    };
    Ok(connection.query(&sql).await.map(drop))
}

/// The writes that set off triggers, as far as they can be done.
pub(super) async fn that_work<C: Connection>(connection: &mut C) -> Result<Vec<Write>> {
    let found = rows(connection, "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY rowid");
    let mut writes: Vec<Write> = Vec::new();
    for row in found.await? {
        let [Some(of), Some(name), Some(sql)] = row.as_slice() else { continue };
        let Some((kind, named)) = event(sql) else { continue };
        let known = columns(connection, of).await?;
        let named = named.into_iter().filter(|column| has(&known, column)).collect();
        match writes.iter_mut().find(|write| write.of == *of && write.kind == kind) {
            Some(write) => write.triggers.push((name.clone(), named)),
            None => writes.push(Write { of: of.clone(), kind, triggers: vec![(name.clone(), named)] }),
        }
    }
    let mut working = Vec::with_capacity(writes.len());
    for write in writes {
        if try_write(connection, &write.of, write.kind).await?.is_ok() {
            working.push(write);
        }
    }
    Ok(working)
}

/// `M085` if one of these writes cannot be done any more.
pub(super) async fn still_work<C: Connection>(connection: &mut C, writes: Vec<Write>) -> Result<()> {
    for write in writes {
        let known = columns(connection, &write.of).await?;
        let dead = |(_, named): &&(String, Vec<String>)| named.iter().any(|column| !has(&known, column));
        if let Some((name, _)) = write.triggers.iter().find(dead) {
            return Err(misfit(&format!("the trigger `{name}` of `{}`", write.of)));
        }
        if let Err(source) = try_write(connection, &write.of, write.kind).await? {
            let names: Vec<String> = write.triggers.iter().map(|(name, _)| format!("`{name}`")).collect();
            let word = if names.len() == 1 { "the trigger" } else { "one of the triggers" };
            return Err(misfit(&format!("{word} {} of `{}`", names.join(", "), write.of)).with_source(source));
        }
    }
    Ok(())
}

fn has(columns: &[String], name: &str) -> bool {
    columns.iter().any(|column| column.eq_ignore_ascii_case(name))
}

/// What sets a trigger off: `.. INSERT ON`, `.. UPDATE OF a, b ON`.
fn event(sql: &str) -> Option<(Kind, Vec<String>)> {
    let words = words(sql);
    let kind = |word: &str| match word.to_ascii_uppercase().as_str() {
        "INSERT" => Some(Kind::Insert),
        "UPDATE" => Some(Kind::Update),
        "DELETE" => Some(Kind::Delete),
        _ => None,
    };
    // Its name may be one of these words, quoted.
    let at = words.iter().position(|(word, quoted)| !quoted && kind(word).is_some())?;
    let named = match words.get(at + 1) {
        Some((of, false)) if of.eq_ignore_ascii_case("of") => words[at + 2..]
            .iter()
            .take_while(|(word, quoted)| *quoted || !word.eq_ignore_ascii_case("on"))
            .map(|(word, _)| word.clone())
            .collect(),
        _ => Vec::new(),
    };
    Some((kind(&words[at].0)?, named))
}

/// The words at the beginning of a trigger, and whether they are quoted.
fn words(sql: &str) -> Vec<(String, bool)> {
    tokens(Dialect::Sqlite, sql)
        .into_iter()
        .filter_map(|spot| match spot.token {
            Token::Word(word) => Some((word, false)),
            Token::Quoted(name) | Token::Text(name) => Some((name, true)),
            Token::Number(_) | Token::Bytes(_) | Token::Symbol(_) => None,
        })
        .take_while(|(word, quoted)| *quoted || !word.eq_ignore_ascii_case("begin"))
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn what_sets_a_trigger_off_is_read_past_comments_and_names() {
        let of = |sql: &str| event(sql).unwrap();
        let sql = "CREATE TRIGGER /* DELETE ON */ \"insert\" -- UPDATE OF x\n BEFORE UPDATE OF a, /* b, */ [on], 'c' ON t BEGIN DELETE FROM t; END";
        assert_eq!(of(sql), (Kind::Update, vec!["a".to_owned(), "on".to_owned(), "c".to_owned()]));
        assert_eq!(of("CREATE TRIGGER t1 AFTER DELETE ON t BEGIN SELECT 1; END").0, Kind::Delete);
        assert!(event("CREATE TRIGGER t1 BEGIN INSERT INTO t VALUES (1); END").is_none());
    }
}
