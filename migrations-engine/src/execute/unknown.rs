//! SQLite: what a table has that the state does not know, and that writing it anew would lose.

use super::Connection;
use super::carry::{self, Carried, Check, Part, same};
use super::rebuild::{quoted, rows, texts};
use crate::error::{Result, error};
use crate::introspect::token::tokens;
use crate::plan::{Known, KnownCheck, KnownColumns};
use crate::sql::Dialect;

/// What to do where a definition cannot be carried over.
const AS_MODELS: &str =
    "write the table anew as models have it, by a `run_sql` operation that says what is to become of this";

/// What a table has and the state does not know, to be written into the one that takes its place. `M083` where it cannot be:
/// it has to do with what is taken away, or with what is new.
pub(super) async fn carried<C: Connection>(connection: &mut C, table: &str, known: &Known) -> Result<Carried> {
    let name = quoted(table)?;
    let refused = |what: String, hint: &str| Err(error!(M083, "the table `{table}` {what}").with_hint(hint));
    let among = |names: &[String], column: &str| names.iter().any(|known| known.eq_ignore_ascii_case(column));
    // What was there, was known, and is not to be there any more.
    let goes = |column: &str| among(&known.before.columns, column) && !among(&known.to.columns, column);
    let mut carried = Carried::default();

    let sql = format!("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = {name} COLLATE NOCASE");
    let sql = texts(connection, &sql).await?.into_iter().next().unwrap_or_default();
    let spots = tokens(Dialect::Sqlite, &sql);
    let (parts, behind) = carry::parts(&sql, &spots);
    let defined =
        |column: &str| parts.iter().find(|part| part.column.is_some_and(|it| it.eq_ignore_ascii_case(column)));
    if behind.iter().any(|spot| spot.token.is_word("strict")) {
        return refused(
            "is STRICT; rebuilding it would lose that, or refuse the types of the models".to_owned(),
            "make it as models have it, without that option; or change it by a `run_sql` operation that says what it means for the models",
        );
    }
    carried.without_rowid = behind.iter().any(|spot| spot.token.is_word("without"));

    let columns = format!("SELECT name, hidden, dflt_value FROM pragma_table_xinfo({name}) WHERE hidden <> 1");
    let mut all = Vec::new();
    for row in rows(connection, &columns).await? {
        let [Some(column), Some(hidden), default] = row.as_slice() else { continue };
        all.push(column.clone());
        let definition = defined(column);
        if !among(&known.before.columns, column) {
            if among(&known.to.columns, column) {
                return refused(
                    format!(
                        "has a column `{column}` that the migrations do not know, and one of that name is to be added"
                    ),
                    "call the field otherwise, or add it and record that migration with --fake",
                );
            }
            let Some(definition) = definition.filter(|part| !part.says("primary")) else {
                return refused(
                    format!(
                        "has a column `{column}` that the migrations do not know; rebuilding it would lose its values"
                    ),
                    "add the column to the model and record that migration with --fake, or drop the column",
                );
            };
            let used = definition.spots.iter().skip(1).filter_map(|spot| spot.token.name()).find(|name| goes(name));
            if let Some(used) = used {
                return refused(
                    format!(
                        "has a column `{column}` that the migrations do not know, which is defined by `{used}`, and that is taken away"
                    ),
                    "drop the column before, by a `run_sql` operation",
                );
            }
            carried.columns.push((column.clone(), definition.text.to_owned(), hidden != "0"));
            continue;
        }
        if goes(column) {
            continue;
        }
        if hidden != "0" && !among(&known.before.generated, column) {
            return refused(
                format!(
                    "computes `{column}`, which the migrations do not know; rebuilding it would make it a plain column"
                ),
                "say it in the model by `generated` and record that migration with --fake",
            );
        }
        if definition.is_some_and(Part::resolves) {
            return refused(format!("says ON CONFLICT of `{column}`, which the migrations do not know"), AS_MODELS);
        }
        let says =
            |of: fn(&KnownColumns) -> &Vec<String>| among(of(&known.before), column) || among(of(&known.to), column);
        if let Some(sql) = default.as_ref().filter(|sql| !sql.eq_ignore_ascii_case("null"))
            && !says(|of| &of.defaults)
            && !among(&known.to.generated, column)
        {
            carried.behind.push((column.clone(), carry::default(sql)));
        }
        if let Some(collation) = definition.and_then(Part::collation)
            && !says(|of| &of.collations)
        {
            carried.behind.push((column.clone(), format!("COLLATE {}", Dialect::Sqlite.quote(collation))));
        }
    }

    let called = |name: &str| among(&all, name) || among(&known.to.columns, name);
    carried.rowid =
        known.numbered_beside && !carried.without_rowid && !["rowid", "_rowid_", "oid"].into_iter().any(called);
    if parts.iter().any(|part| part.collates("primary")) {
        return refused("has a key that is compared by a collation of its own".to_owned(), AS_MODELS);
    }
    if parts.iter().any(|part| part.column.is_none() && part.says("primary") && part.resolves()) {
        return refused("says ON CONFLICT of its key, which the migrations do not know".to_owned(), AS_MODELS);
    }
    checks(&sql, &parts, &all, table, known, &mut carried)?;

    let lost = |what: String, columns: &[String]| -> Result<bool> {
        let gone: Vec<&String> = columns.iter().filter(|column| goes(column)).collect();
        // What it is about is taken away.
        if gone.len() == columns.len() {
            return Ok(true);
        }
        match gone.first() {
            None => Ok(false),
            Some(gone) => Err(error!(M083, "the table `{table}` {what}, which the migrations do not know, and `{gone}` is taken away")
                .with_hint("say in the model what is there and record that migration with --fake, before this one; or take it away by a `run_sql` operation")),
        }
    };
    let unknown = |columns: &[String]| matches!(columns, [only] if !among(&known.before.columns, only));
    let inline =
        |columns: &[String], word: &str| matches!(columns, [only] if defined(only).is_some_and(|part| part.says(word)));
    let mut used: Vec<usize> = Vec::new();
    for index in texts(connection, &format!("SELECT name FROM pragma_index_list({name}) WHERE origin = 'u'")).await? {
        let of = format!("SELECT name FROM pragma_index_info({}) ORDER BY seqno", quoted(&index)?);
        let columns = texts(connection, &of).await?;
        let what = format!("is unique over `{}`", columns.join(", "));
        let of_these = |part: &Part<'_>| part.over("unique").is_some_and(|over| same(&over, &columns));
        if known.uniques.iter().chain(&known.to_uniques).any(|unique| same(unique, &columns)) {
            let stays = !known.gone.iter().any(|gone| same(gone, &columns));
            let mut written = parts.iter().filter(|part| stays && of_these(part));
            if written.clone().any(|part| part.collates("unique")) {
                return refused(format!("{what} by a collation that the migrations do not know"), AS_MODELS);
            }
            if written.any(Part::resolves) {
                return refused(
                    format!("{what} and says ON CONFLICT of it, which the migrations do not know"),
                    AS_MODELS,
                );
            }
            continue;
        }
        if lost(what.clone(), &columns)? {
            continue;
        }
        let written = parts.iter().enumerate().find(|(at, part)| of_these(part) && !used.contains(at));
        match written {
            Some((at, part)) => {
                used.push(at);
                carried.constraints.push(part.text.to_owned());
            }
            None if !inline(&columns, "unique") => {
                return refused(format!("{what}, in words that are not understood"), AS_MODELS);
            }
            None if unknown(&columns) => {}
            None => {
                let columns = Dialect::Sqlite.quote_all(columns.iter().map(String::as_str));
                carried.constraints.push(format!("UNIQUE ({columns})"));
            }
        }
    }

    let keys = format!(
        "SELECT group_concat(\"from\", char(31)), group_concat(\"to\", char(31)), \"table\", on_update, on_delete FROM \
         (SELECT * FROM pragma_foreign_key_list({name}) ORDER BY id, seq) GROUP BY id"
    );
    for row in rows(connection, &keys).await? {
        let [Some(columns), targets, Some(to), Some(on_update), Some(on_delete)] = row.as_slice() else { continue };
        let list = |text: &String| text.split('\u{1f}').map(str::to_owned).collect::<Vec<_>>();
        let columns = list(columns);
        let found = |(of, table): &(Vec<String>, String)| same(of, &columns) && table.eq_ignore_ascii_case(to);
        if known.before.references.iter().chain(&known.to.references).any(found) {
            if on_update != "NO ACTION" && known.to.references.iter().any(found) {
                carried.on_update.push((columns, on_update.clone()));
            }
            continue;
        }
        if lost(format!("has the foreign key of `{}` to `{to}`", columns.join(", ")), &columns)? {
            continue;
        }
        let written = parts.iter().find(|part| {
            part.over("foreign").is_some_and(|over| same(&over, &columns))
                && part
                    .spots
                    .iter()
                    .any(|spot| carry::named(&spot.token).is_some_and(|name| name.eq_ignore_ascii_case(to)))
        });
        match written {
            Some(part) => carried.constraints.push(part.text.to_owned()),
            None if !inline(&columns, "references") => {
                return refused(
                    format!(
                        "has the foreign key of `{}` to `{to}`, in words that are not understood",
                        columns.join(", ")
                    ),
                    AS_MODELS,
                );
            }
            None if unknown(&columns) => {}
            None => {
                let quote = |names: &[String]| Dialect::Sqlite.quote_all(names.iter().map(String::as_str));
                let targets =
                    targets.as_ref().map_or_else(String::new, |targets| format!(" ({})", quote(&list(targets))));
                let deferred = columns.iter().any(|column| defined(column).is_some_and(|part| part.says("deferred")));
                carried.constraints.push(format!(
                    "FOREIGN KEY ({}) REFERENCES {}{targets} ON UPDATE {on_update} ON DELETE {on_delete}{}",
                    quote(&columns),
                    Dialect::Sqlite.quote(to),
                    if deferred { " DEFERRABLE INITIALLY DEFERRED" } else { "" },
                ));
            }
        }
    }
    Ok(carried)
}

/// The checks that are not among those of the state, by their names or their words.
fn checks(
    sql: &str,
    parts: &[Part<'_>],
    columns: &[String],
    table: &str,
    known: &Known,
    carried: &mut Carried,
) -> Result<()> {
    let unknown = |part: &&Part<'_>| {
        part.column.is_none_or(|column| known.before.columns.iter().any(|it| it.eq_ignore_ascii_case(column)))
    };
    let mut live: Vec<Check> = parts.iter().filter(unknown).flat_map(|part| part.checks(sql)).collect();
    let mut missing: Vec<&KnownCheck> = Vec::new();
    for check in &known.checks {
        let named = |live: &Check| live.name.is_some() && live.name == check.name;
        let alike = |live: &Check| carry::alike(&live.text, &check.sql);
        match live.iter().position(named).or_else(|| live.iter().position(alike)) {
            Some(at) => drop(live.remove(at)),
            None => missing.push(check),
        }
    }
    let over = |names: &[String]| -> Vec<String> {
        let all = columns.iter().map(|column| column.to_ascii_lowercase());
        all.filter(|column| names.contains(column)).collect()
    };
    // As many as are known of the same columns, in other words.
    let mut missing: Vec<(&KnownCheck, Vec<String>)> =
        missing.into_iter().map(|check| (check, over(&carry::names(&check.sql)))).collect();
    let of = |live: &[Check], columns: &[String]| live.iter().filter(|check| over(&check.names) == columns).count();
    let told: Vec<Vec<String>> = missing.iter().map(|(_, columns)| columns.clone()).collect();
    for columns in told {
        if of(&live, &columns) <= missing.iter().filter(|(_, other)| *other == columns).count()
            && let Some(at) = live.iter().position(|check| over(&check.names) == columns)
        {
            live.remove(at);
            missing.remove(missing.iter().position(|(_, other)| *other == columns).unwrap_or_default());
        }
    }
    // What the models say from now on is written with them.
    live.retain(|check| !known.to_checks.iter().any(|new| carry::alike(&check.text, &new.sql)));
    let goes = |column: &String| {
        let is = |names: &[String]| names.iter().any(|name| name.eq_ignore_ascii_case(column));
        is(&known.before.columns) && !is(&known.to.columns)
    };
    for check in live {
        let over = over(&check.names);
        let gone = over.iter().filter(|column| goes(column)).count();
        if gone > 0 && gone == over.len() {
            continue;
        }
        if gone > 0 {
            return Err(error!(
                M083,
                "the table `{table}` has a check that the migrations do not know, {}, of a column that is taken away",
                check.text
            )
            .with_hint("take it away by a `run_sql` operation before this one"));
        }
        let shared = |(_, columns): &&(_, Vec<String>)| columns.iter().any(|column| over.contains(column));
        if let Some((known, _)) = missing.iter().find(shared) {
            let name = known.name.as_ref().unwrap_or(&known.sql);
            return Err(error!(
                M083,
                "the table `{table}` has a check that the migrations do not know, {}, and none that is called `{name}`: whether they are the same cannot be told",
                check.text
            )
            .with_hint("give the check of the table the name that the model has, or take it away, by a `run_sql` operation before this one"));
        }
        let name = check.name.map_or_else(String::new, |name| format!("CONSTRAINT {} ", Dialect::Sqlite.quote(&name)));
        carried.constraints.push(format!("{name}CHECK {}", check.text));
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
    let indexes = format!(
        "SELECT name, (SELECT sql FROM sqlite_master WHERE type = 'index' AND name = list.name) FROM pragma_index_list({table}) AS list \
                 WHERE \"unique\" = 1 AND origin = 'c' AND partial = 0"
    );
    for row in rows(connection, &indexes).await? {
        let [Some(index), Some(sql)] = row.as_slice() else { continue };
        // By a collation of its own other values are the same.
        if tokens(Dialect::Sqlite, sql).iter().any(|spot| spot.token.is_word("collate")) {
            continue;
        }
        let columns = format!("SELECT name FROM pragma_index_info({}) ORDER BY seqno", quoted(index)?);
        let parts = rows(connection, &columns).await?;
        // An expression has no name.
        let columns: Option<Vec<String>> = parts.into_iter().map(|row| row.into_iter().next().flatten()).collect();
        if columns.is_some_and(|columns| of.iter().any(|unique| same(unique, &columns))) {
            found.push(index.clone());
        }
    }
    Ok(found)
}

/// The indexes of a table that are only about columns that are taken away; its name is quoted.
pub(super) async fn indexes_of_gone<C: Connection>(
    connection: &mut C,
    table: &str,
    known: &Known,
) -> Result<Vec<String>> {
    let among = |names: &[String], column: &str| names.iter().any(|known| known.eq_ignore_ascii_case(column));
    let goes = |column: &String| among(&known.before.columns, column) && !among(&known.to.columns, column);
    let mut found = Vec::new();
    if !known.before.columns.iter().any(goes) {
        return Ok(found);
    }
    let indexes = format!("SELECT name FROM pragma_index_list({table}) WHERE origin = 'c'");
    for index in texts(connection, &indexes).await? {
        let columns = format!("SELECT name FROM pragma_index_info({}) ORDER BY seqno", quoted(&index)?);
        let parts = rows(connection, &columns).await?;
        if !parts.is_empty() && parts.iter().all(|row| matches!(row.as_slice(), [Some(column)] if goes(column))) {
            found.push(index);
        }
    }
    Ok(found)
}
