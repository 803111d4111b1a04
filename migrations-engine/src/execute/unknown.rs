//! SQLite: what a table has that the state does not know, and that writing it anew would lose.

use std::collections::BTreeSet;

use super::Connection;
use super::rebuild::{quoted, rows, texts};
use crate::error::{Result, error};
use crate::plan::Known;

/// `M083` if a table has more than is known of it.
pub(super) async fn refuse<C: Connection>(connection: &mut C, table: &str, known: &Known) -> Result<()> {
    let name = quoted(table)?;
    let refused = |what: String, hint: &str| Err(error!(M083, "the table `{table}` {what}").with_hint(hint));
    let among = |names: &[String], column: &str| names.iter().any(|known| known.eq_ignore_ascii_case(column));

    let columns = format!("SELECT name, hidden, dflt_value FROM pragma_table_xinfo({name}) WHERE hidden <> 1");
    for row in rows(connection, &columns).await? {
        let [Some(column), Some(hidden), default] = row.as_slice() else { continue };
        if !among(&known.columns, column) {
            return refused(
                format!("has a column `{column}` that the migrations do not know; rebuilding it would lose its values"),
                "add the column to the model and record that migration with --fake, or drop the column",
            );
        }
        if default.as_ref().is_some_and(|sql| !sql.eq_ignore_ascii_case("null")) && !among(&known.defaults, column) {
            return refused(
                format!("has a default of `{column}` that the migrations do not know; rebuilding it would lose it"),
                "say it in the model by `db_default` and record that migration with --fake",
            );
        }
        if hidden != "0" && !among(&known.generated, column) {
            return refused(
                format!(
                    "computes `{column}`, which the migrations do not know; rebuilding it would make it a plain column"
                ),
                "say it in the model by `generated` and record that migration with --fake",
            );
        }
    }

    let sql = format!("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = {name} COLLATE NOCASE");
    let written = texts(connection, &sql).await?.iter().map(|sql| Written::read(sql)).next().unwrap_or_default();
    if written.checks > known.checks {
        return refused(
            "has a check that the migrations do not know; rebuilding it would lose it".to_owned(),
            "add the check to the model and record that migration with --fake",
        );
    }
    if written.collations > known.collations {
        return refused(
            "has a column with a collation that the migrations do not know; rebuilding it would lose it".to_owned(),
            "say it in the model by `collation` and record that migration with --fake",
        );
    }
    if let Some(option) = written.option {
        return refused(
            format!("is {option}; rebuilding it would lose that"),
            "make it as models have it, without that option; or change it by a `run_sql` operation that says what it means for the models",
        );
    }

    for index in texts(connection, &format!("SELECT name FROM pragma_index_list({name}) WHERE origin = 'u'")).await? {
        let of = format!("SELECT name FROM pragma_index_info({}) ORDER BY seqno", quoted(&index)?);
        let columns = texts(connection, &of).await?;
        if !known.uniques.iter().any(|unique| same(unique, &columns)) {
            return refused(
                format!(
                    "is unique over `{}`, which the migrations do not know; rebuilding it would lose that",
                    columns.join(", ")
                ),
                "add it to the model and record that migration with --fake",
            );
        }
    }

    let keys = format!(
        "SELECT group_concat(\"from\", char(31)), \"table\", on_update FROM \
         (SELECT * FROM pragma_foreign_key_list({name}) ORDER BY id, seq) GROUP BY id"
    );
    for row in rows(connection, &keys).await? {
        let [Some(columns), Some(to), Some(on_update)] = row.as_slice() else { continue };
        let columns: Vec<String> = columns.split('\u{1f}').map(str::to_owned).collect();
        let found = |(of, table): &(Vec<String>, String)| same(of, &columns) && table.eq_ignore_ascii_case(to);
        let what = format!("the foreign key of `{}` to `{to}`", columns.join(", "));
        if !known.references.iter().any(found) {
            return refused(
                format!("has {what}, which the migrations do not know; rebuilding it would lose it"),
                "say the relation in the model and record that migration with --fake",
            );
        }
        if on_update != "NO ACTION" && on_update != "RESTRICT" {
            return refused(
                format!("has ON UPDATE {on_update} on {what}; rebuilding it would lose that"),
                "take it away by a `run_sql` operation before this one",
            );
        }
    }
    Ok(())
}

/// The indexes of a table by which one of these groups of columns is unique; its name is quoted.
pub(super) async fn unique_indexes<C: Connection>(
    connection: &mut C,
    table: &str,
    of: &[Vec<String>],
) -> Result<Vec<String>> {
    let mut found = Vec::new();
    if of.is_empty() {
        return Ok(found);
    }
    let indexes =
        format!("SELECT name FROM pragma_index_list({table}) WHERE \"unique\" = 1 AND origin = 'c' AND partial = 0");
    for index in texts(connection, &indexes).await? {
        let columns = format!("SELECT name FROM pragma_index_info({}) ORDER BY seqno", quoted(&index)?);
        let parts = rows(connection, &columns).await?;
        // An expression has no name.
        let columns: Option<Vec<String>> = parts.into_iter().map(|row| row.into_iter().next().flatten()).collect();
        if columns.is_some_and(|columns| of.iter().any(|unique| same(unique, &columns))) {
            found.push(index);
        }
    }
    Ok(found)
}

/// Whether both are the same columns, in whatever order.
fn same(one: &[String], other: &[String]) -> bool {
    let names = |columns: &[String]| columns.iter().map(|name| name.to_ascii_lowercase()).collect::<BTreeSet<_>>();
    one.len() == other.len() && names(one) == names(other)
}

/// What the text of a table says, outside of quotes and comments.
#[derive(Debug, Default, PartialEq)]
struct Written {
    checks: usize,
    /// Columns with one that is not the usual.
    collations: usize,
    /// A word behind the columns.
    option: Option<&'static str>,
}

impl Written {
    fn read(sql: &str) -> Written {
        let mut written = Written::default();
        let mut chars = sql.chars().peekable();
        let (mut word, mut before) = (String::new(), String::new());
        let mut depth = 0_usize;
        let mut collated = false;
        while let Some(c) = chars.next() {
            if c.is_alphanumeric() || c == '_' {
                word.push(c);
                if chars.peek().is_some_and(|next| next.is_alphanumeric() || *next == '_') {
                    continue;
                }
                // A word is whole.
                written.collations += usize::from(collated && !word.eq_ignore_ascii_case("binary"));
                collated = depth == 1 && word.eq_ignore_ascii_case("collate");
                if depth == 0 && word.eq_ignore_ascii_case("strict") {
                    written.option = Some("STRICT");
                } else if depth == 0 && word.eq_ignore_ascii_case("without") {
                    written.option = Some("WITHOUT ROWID");
                }
                before = std::mem::take(&mut word);
                continue;
            }
            match c {
                '\'' | '"' | '`' | '[' => {
                    let end = if c == '[' { ']' } else { c };
                    let name: String = chars.by_ref().take_while(|next| *next != end).collect();
                    written.collations += usize::from(collated && !name.eq_ignore_ascii_case("binary"));
                    collated = false;
                    before.clear();
                }
                '-' if chars.peek() == Some(&'-') => while chars.next().is_some_and(|next| next != '\n') {},
                '/' if chars.peek() == Some(&'*') => {
                    let mut last = ' ';
                    for next in chars.by_ref().skip(1) {
                        if (last, next) == ('*', '/') {
                            break;
                        }
                        last = next;
                    }
                }
                '(' => {
                    written.checks += usize::from(before.eq_ignore_ascii_case("check"));
                    before.clear();
                    depth += 1;
                }
                ')' => depth = depth.saturating_sub(1),
                c if c.is_whitespace() => {}
                _ => before.clear(),
            }
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::Written;

    #[test]
    fn only_what_stands_outside_of_quotes_comments_and_expressions_counts() {
        let sql = "CREATE TABLE strict_check (a text COLLATE NOCASE CHECK (a <> 'check (' COLLATE nocase), -- check (\n b text \
                   /* collate x, check ( */ COLLATE binary, \"check\" int CHECK(\"check\" > 0), c text COLLATE \"rtrim\") STRICT";
        assert_eq!(Written::read(sql), Written { checks: 2, collations: 2, option: Some("STRICT") });
        let plain = Written::read("CREATE TABLE \"without\" (\"strict\" text, without text DEFAULT 'COLLATE x')");
        assert_eq!(plain, Written::default());
        let without = Written::read("CREATE TABLE t (a int PRIMARY KEY)  without ROWID");
        assert_eq!(without.option, Some("WITHOUT ROWID"));
    }
}
