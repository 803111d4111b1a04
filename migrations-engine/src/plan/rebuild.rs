//! Changing tables on SQLite: in place where that is safe, else by a new table with the old rows.

use super::table::{Column, ForeignKey, Table, TableIndex, Unique};
use super::{Asked, Known, KnownCheck, KnownColumns, Pair, Planner, Recheck, Requirement, StatementKind, ddl};
use crate::error::Result;
use crate::schema::ColumnType;
use crate::sql::AlterStyle;

fn find<'a>(table: &'a Table, column: &str) -> Option<&'a Column> {
    table.columns.iter().find(|other| other.name == column)
}

/// Comments and the like do not exist in the database.
fn same_column(old: &Column, new: &Column) -> bool {
    let bare =
        |column: &Column| Column { comment: None, constant_default: true, ty: ColumnType::Text, ..column.clone() };
    bare(old) == bare(new)
}

/// Whether SQLite can add the column to a table with rows.
fn can_add(column: &Column, filled: bool) -> bool {
    let default_fits = match &column.default {
        Some(default) => column.constant_default && (column.null || default != "NULL"),
        None => column.null || column.generated.as_ref().is_some_and(|computed| !computed.stored),
    };
    let stored = column.generated.as_ref().is_some_and(|computed| computed.stored);
    // A reference needs NULL as the value of existing rows.
    let reference = column.references.is_none() || (column.default.is_none() && column.null);
    default_fits
        && !stored
        && !column.unique
        && !column.auto
        && reference
        && (!filled || column.null || column.default.is_some())
}

/// Whether SQLite can drop the column and nothing else.
fn can_drop(old: &Table, column: &Column) -> bool {
    !column.unique
        && column.references.is_none()
        && !old.primary_key.contains(&column.name)
        && !old.foreign_keys.values().any(|key| key.columns.contains(&column.name))
        && !old.checks.values().any(|check| check.columns.contains(&column.name))
        && !old
            .columns
            .iter()
            .any(|other| other.generated.as_ref().is_some_and(|computed| computed.columns.contains(&column.name)))
}

fn added<'t>(old: &Table, new: &'t Table) -> Vec<&'t Column> {
    new.columns.iter().filter(|column| find(old, &column.name).is_none()).collect()
}

fn dropped<'t>(old: &'t Table, new: &Table) -> Vec<&'t Column> {
    old.columns.iter().filter(|column| find(new, &column.name).is_none()).collect()
}

/// Whether SQLite can change the table without writing it anew.
pub(super) fn in_place(pair: &Pair, old: &Table, new: &Table) -> bool {
    let kept_same = old.columns.iter().all(|column| find(new, &column.name).is_none_or(|now| same_column(column, now)));
    let table_same = old.primary_key == new.primary_key
        && old.checks == new.checks
        && old.foreign_keys == new.foreign_keys
        && old.uniques == new.uniques;
    kept_same
        && table_same
        && added(old, new).iter().all(|column| can_add(column, pair.fills.contains_key(&column.name)))
        && dropped(old, new).iter().all(|column| can_drop(old, column))
}

impl Planner {
    pub(super) fn rebuild_pairs(&mut self, pairs: &[Pair]) -> Result<()> {
        for pair in pairs.iter().filter(|pair| pair.new.is_none()).rev() {
            if let Some(raw) = &pair.raw {
                self.drop_table(raw)?;
                if let Some(last) = self.out.last_mut() {
                    last.foreign_keys_off = true;
                }
            }
        }
        // All renames first: they reach into the other tables' references.
        for pair in pairs {
            let (Some(raw), Some(new)) = (&pair.raw, &pair.new) else { continue };
            if raw.name != new.name {
                let (from, to) = (self.dialect.quote(&raw.name), self.dialect.quote(&new.name));
                let reverse = format!("ALTER TABLE {to} RENAME TO {from}");
                self.push(
                    format!("ALTER TABLE {from} RENAME TO {to}"),
                    format!("rename table {}", raw.name),
                    Some(reverse),
                    Recheck::Ask,
                );
            }
            for (from, to) in &pair.renamed {
                let rename = |from: &str, to: &str| {
                    let change = format!("RENAME COLUMN {} TO {}", self.dialect.quote(from), self.dialect.quote(to));
                    ddl::alter(self.dialect, &new.name, &change)
                };
                let (sql, reverse) = (rename(from, to), rename(to, from));
                self.push(sql, format!("rename column {from}"), Some(reverse), Recheck::Ask);
            }
        }
        let parts: Vec<(Pair, Option<Pair>)> = pairs.iter().map(|pair| pair.apart(AlterStyle::Rebuild)).collect();
        for (pair, _) in &parts {
            match (&pair.old, &pair.new) {
                (Some(old), Some(new)) => self.change_table(pair, old, new)?,
                (None, Some(new)) => {
                    self.create_table(new)?;
                    self.create_indexes(None, new, None);
                }
                (_, None) => {}
            }
        }
        self.index_old_keys(pairs, true);
        for pair in parts.iter().filter_map(|(_, second)| second.as_ref()) {
            if let (Some(between), Some(new)) = (&pair.old, &pair.new) {
                self.rebuild(pair, between, new, None)?;
            }
        }
        self.index_old_keys(pairs, false);
        Ok(())
    }

    fn change_table(&mut self, pair: &Pair, old: &Table, new: &Table) -> Result<()> {
        if !in_place(pair, old, new) {
            return self.rebuild(pair, old, new, None);
        }
        // A type of other bounds may be stored alike: then there is nothing to change, but something to look at.
        let needed = self.rows_needed(pair, old, new);
        if !needed.is_empty() {
            self.push_kind(StatementKind::Look { table: new.name.clone() }, "whether every row fits", false);
            self.require(needed);
        }
        self.drop_indexes(old, new, false);
        for column in dropped(old, new) {
            let sql = ddl::alter(self.dialect, &new.name, &format!("DROP COLUMN {}", self.dialect.quote(&column.name)));
            self.push(sql, format!("drop column {} with its values", column.name), None, Recheck::Ask);
        }
        for column in added(old, new) {
            let quoted = self.dialect.quote(&column.name);
            let sql = ddl::alter(
                self.dialect,
                &new.name,
                &format!("ADD COLUMN {}", ddl::column(self.dialect, column, false)?),
            );
            let reverse = ddl::alter(self.dialect, &new.name, &format!("DROP COLUMN {quoted}"));
            self.push(sql, format!("add column {}", column.name), Some(reverse), Recheck::Ask);
            if let Some(fill) = pair.fills.get(&column.name).filter(|fill| column.default.as_ref() != Some(&fill.sql)) {
                let update = format!("UPDATE {} SET {quoted} = {}", self.dialect.quote(&new.name), fill.sql);
                self.push(update, format!("fill {} in existing rows", column.name), None, Recheck::Ask);
            }
        }
        self.create_indexes(Some(old), new, Asked::new(self.dialect, pair));
        Ok(())
    }

    /// The new table beside the old one, the rows copied, the names exchanged, and everything that
    /// hung on the old table made again. What is needed of the rows is that of the pair, unless it is given.
    pub(super) fn rebuild(
        &mut self,
        pair: &Pair,
        old: &Table,
        new: &Table,
        needed: Option<Vec<Requirement>>,
    ) -> Result<()> {
        let dialect = self.dialect;
        let capture = StatementKind::Capture { table: new.name.clone(), known: Box::new(known(old, new)) };
        self.push_kind(capture, "what hangs on the table and is not in the migrations", true);

        let temporary = format!("new__{}", new.name);
        let (quoted, temporary_quoted) = (dialect.quote(&new.name), dialect.quote(&temporary));
        let made = Table { name: temporary.clone(), ..new.clone() };
        self.push(ddl::create_table(dialect, &made)?, "the table as it will be", None, Recheck::Ask);
        self.require_collations(
            made.columns
                .iter()
                .filter(|column| find(old, &column.name).is_none_or(|before| before.collation != column.collation)),
        )?;

        let mut into = Vec::new();
        let mut from = Vec::new();
        for column in new.columns.iter().filter(|column| column.generated.is_none()) {
            let name = dialect.quote(&column.name);
            let fill = pair.fills.get(&column.name).map(|fill| fill.sql.as_str());
            let value = match (find(old, &column.name), fill) {
                (Some(_), _) if pair.translated.contains_key(&column.name) => {
                    self.translated(&new.name, &column.name, &pair.translated[&column.name])
                }
                (Some(before), fill) => {
                    let value = convert(before, column, &name);
                    match fill {
                        Some(fill) if before.null && !column.null => format!("COALESCE({value}, {fill})"),
                        _ => value,
                    }
                }
                (None, Some(fill)) => fill.to_owned(),
                // The default of the new table.
                (None, None) => continue,
            };
            into.push(name);
            from.push(value);
        }
        let copy =
            format!("INSERT INTO {temporary_quoted} ({}) SELECT {} FROM {quoted}", into.join(", "), from.join(", "));
        self.push(copy, "every row", None, Recheck::Ask);
        let needed = needed.unwrap_or_else(|| self.rows_needed(pair, old, new));
        self.require(needed);
        let automatic = |table: &Table| table.columns.iter().any(|column| column.auto);
        if automatic(old) && automatic(new) {
            let (name, temporary) = (ddl::text(dialect, &new.name)?, ddl::text(dialect, &temporary)?);
            let clear = format!("DELETE FROM sqlite_sequence WHERE name = {temporary}");
            self.push(clear, "the sequence goes on where it was", None, Recheck::Ask);
            let carry = format!(
                "INSERT INTO sqlite_sequence (name, seq) SELECT {temporary}, seq FROM sqlite_sequence WHERE name = {name} COLLATE NOCASE"
            );
            self.push(carry, "even past keys whose rows are gone", None, Recheck::Ask);
        }
        self.push(format!("DROP TABLE {quoted}"), "the old table", None, Recheck::Ask);
        // Views and other tables' references keep meaning the table of this name.
        self.push(
            "PRAGMA legacy_alter_table = ON".to_owned(),
            "views and references are not to be rewritten",
            None,
            Recheck::Ask,
        );
        self.push(
            format!("ALTER TABLE {temporary_quoted} RENAME TO {quoted}"),
            "the new table takes its place",
            None,
            Recheck::Ask,
        );
        self.push("PRAGMA legacy_alter_table = OFF".to_owned(), "as before", None, Recheck::Ask);
        self.create_indexes(None, new, None);
        self.push_kind(StatementKind::Restore { table: new.name.clone() }, "what hung on the table", true);
        Ok(())
    }
}

impl Planner {
    /// What the copy of the rows needs of them.
    pub(super) fn rows_needed(&self, pair: &Pair, old: &Table, new: &Table) -> Vec<Requirement> {
        let mut needed = Vec::new();
        let Some(asked) = Asked::new(self.dialect, pair) else { return needed };
        for column in &new.columns {
            let fill = pair.fills.get(&column.name);
            let before = find(old, &column.name);
            if let Some(translation) = pair.translated.get(&column.name) {
                needed.extend(asked.found(&column.name, translation));
                continue;
            }
            match before {
                None => needed.extend(asked.value(self, column, fill)),
                Some(before) => needed.extend(asked.altered(self, new, before, column, fill)),
            }
            if column.unique && !before.is_some_and(|before| before.unique) {
                let unique = Unique { columns: vec![column.name.clone()], nulls_equal: false, suffix: String::new() };
                needed.extend(asked.unique(new, &unique));
            }
        }
        if old.primary_key != new.primary_key {
            needed.extend(asked.key(new));
        }
        let kept = |key: &ForeignKey| {
            let inline = old.columns.iter().filter_map(|column| column.references.as_ref());
            inline.chain(old.foreign_keys.values()).any(|old| old == key)
        };
        let inline = new.columns.iter().filter_map(|column| column.references.as_ref());
        let translated = |key: &ForeignKey| key.columns.iter().any(|column| pair.translated.contains_key(column));
        for key in inline.chain(new.foreign_keys.values()).filter(|key| !kept(key) && !translated(key)) {
            needed.extend(asked.targets(new, key, self.foresight.has_made(&key.to_table)));
        }
        for (name, check) in new.checks.iter().filter(|(name, check)| old.checks.get(*name) != Some(*check)) {
            needed.extend(asked.holds(new, name, check));
        }
        needed
    }
}

/// What there is to know of a table that is to become another.
fn known(table: &Table, new: &Table) -> Known {
    let (unique, kept) = (uniques(table), uniques(new));
    Known {
        before: columns(table),
        to: columns(new),
        indexes: table.indexes.keys().cloned().collect(),
        gone: unique.iter().filter(|unique| !kept.contains(unique)).cloned().collect(),
        uniques: unique.into_iter().chain([table.primary_key.clone()]).collect(),
        checks: checks(table),
        to_uniques: kept,
        to_checks: checks(new),
        numbered_beside: !numbers_rows(table) && !numbers_rows(new),
    }
}

/// Whether the key is the number of the row.
fn numbers_rows(table: &Table) -> bool {
    let integer =
        |name: &String| find(table, name).is_some_and(|column| column.sql_type.eq_ignore_ascii_case("integer"));
    matches!(table.primary_key.as_slice(), [only] if integer(only)) || table.columns.iter().any(|column| column.auto)
}

fn checks(table: &Table) -> Vec<KnownCheck> {
    let named =
        table.checks.iter().map(|(name, check)| KnownCheck { name: Some(name.clone()), sql: check.sql.clone() });
    let of_columns = table.columns.iter().filter_map(|column| column.check.clone());
    named.chain(of_columns.map(|sql| KnownCheck { name: None, sql })).collect()
}

/// What is said of the columns of a table.
fn columns(table: &Table) -> KnownColumns {
    let names = |is: fn(&Column) -> bool| -> Vec<String> {
        table.columns.iter().filter(|column| is(column)).map(|column| column.name.clone()).collect()
    };
    let references = table.columns.iter().filter_map(|column| column.references.as_ref());
    let references = references.chain(table.foreign_keys.values());
    KnownColumns {
        columns: names(|_| true),
        defaults: names(|column| column.default.is_some()),
        collations: names(|column| column.collation.is_some()),
        generated: names(|column| column.generated.is_some()),
        references: references.map(|key| (key.columns.clone(), key.to_table.clone())).collect(),
    }
}

/// The columns of each unique key of a table.
fn uniques(table: &Table) -> Vec<Vec<String>> {
    let inline = table.columns.iter().filter(|column| column.unique).map(|column| vec![column.name.clone()]);
    // What was made by other means may have as a constraint what is an index here.
    let plain = |index: &TableIndex| index.fields.iter().cloned().collect::<Option<Vec<String>>>();
    let indexes = table.indexes.values().filter(|index| index.unique && index.condition.is_none()).filter_map(plain);
    inline.chain(indexes).chain(table.uniques.values().map(|unique| unique.columns.clone())).collect()
}

/// Values as the new type stores them.
fn convert(old: &Column, new: &Column, quoted: &str) -> String {
    use ColumnType::{Bool, Char, Date, DateTime, NaiveDateTime, Text, Uuid};
    match (&old.ty, &new.ty) {
        (Date, DateTime | NaiveDateTime) => format!("{quoted} || ' 00:00:00'"),
        (DateTime | NaiveDateTime, Date) => format!("SUBSTR({quoted}, 1, 10)"),
        (Uuid, Char { .. } | Text) => format!(
            "SUBSTR({quoted}, 1, 8) || '-' || SUBSTR({quoted}, 9, 4) || '-' || SUBSTR({quoted}, 13, 4) || '-' || SUBSTR({quoted}, 17, 4) || '-' || SUBSTR({quoted}, 21)"
        ),
        (Char { .. } | Text, Uuid) => format!("LOWER(REPLACE({quoted}, '-', ''))"),
        (old, Bool) if old.is_integer() => format!("({quoted} <> 0)"),
        _ => quoted.to_owned(),
    }
}
