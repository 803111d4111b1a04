//! Changing tables in place: PostgreSQL property by property, MariaDB and MySQL column by column.

use std::collections::BTreeSet;

use super::table::{Column, ForeignKey, Table};
use super::{Asked, Pair, Planner, Recheck, ddl, recheck};
use crate::error::Result;
use crate::sql::{AlterStyle, CommentStyle};

/// A foreign key stays untouched only if neither it nor the type of a column at either end changes.
fn same_key(name: &str, key: &ForeignKey, old: &Table, new: &Table, pairs: &[Pair]) -> bool {
    let unchanged = |old: Option<&Table>, new: Option<&Table>, columns: &[String]| {
        let Some((old, new)) = old.zip(new) else { return true };
        columns.iter().all(|name| match (find(old, name), find(new, name)) {
            (Some(old), Some(new)) => {
                old.sql_type == new.sql_type && old.collation == new.collation && (old.null == new.null || !old.null)
            }
            _ => false,
        })
    };
    let target = pairs.iter().find(|pair| pair.new.as_ref().is_some_and(|table| table.name == key.to_table));
    new.foreign_keys.get(name) == Some(key)
        && unchanged(Some(old), Some(new), &key.columns)
        && target.is_none_or(|pair| {
            unchanged(pair.old.as_ref(), pair.new.as_ref(), &key.to_columns)
                && pair.old.as_ref().map(|table| &table.primary_key)
                    == pair.new.as_ref().map(|table| &table.primary_key)
        })
}

pub(super) fn find<'a>(table: &'a Table, column: &str) -> Option<&'a Column> {
    table.columns.iter().find(|other| other.name == column)
}

impl Planner {
    /// Changes all tables of an operation, in the order that constraints between them demand.
    pub(super) fn alter_pairs(&mut self, mut pairs: Vec<Pair>) -> Result<()> {
        for pair in &mut pairs {
            self.drop_recomputed(pair)?;
            if let (Some(old), Some(new)) = (&mut pair.old, &pair.new) {
                // A renamed index is the same index under a new name.
                self.rename_indexes(old, new);
            }
        }
        let pairs = pairs.as_slice();
        let mut kept: BTreeSet<(&str, &str)> = BTreeSet::new();
        for pair in pairs {
            let (Some(raw), Some(old), Some(new)) = (&pair.raw, &pair.old, &pair.new) else { continue };
            for (name, key) in &old.foreign_keys {
                let translated = key.columns.iter().any(|column| pair.translated.contains_key(column));
                if !translated && same_key(name, key, old, new, pairs) {
                    kept.insert((&new.name, name));
                } else {
                    self.drop_foreign_key(&raw.name, name, key);
                }
            }
        }
        // A table between others goes before them.
        for pair in pairs.iter().filter(|pair| pair.new.is_none()).rev() {
            if let Some(raw) = &pair.raw {
                self.drop_table(raw)?;
            }
        }
        let style = self.dialect.capabilities().alter;
        let parts: Vec<(Pair, Option<Pair>)> = pairs.iter().map(|pair| pair.apart(style)).collect();
        for (pair, _) in &parts {
            if let (Some(raw), Some(old), Some(new)) = (&pair.raw, &pair.old, &pair.new) {
                self.alter_table(pair, raw, old, new)?;
            }
        }
        for new in pairs.iter().filter(|pair| pair.raw.is_none()).filter_map(|pair| pair.new.as_ref()) {
            self.create_table(new)?;
        }
        for (pair, _) in &parts {
            let Some(new) = &pair.new else { continue };
            self.create_indexes(pair.old.as_ref(), new, Asked::new(self.dialect, pair));
            if let Some(old) = &pair.old {
                self.drop_indexes(old, new, true);
                self.drop_uniques(old, new, true);
            }
        }
        self.index_old_keys(pairs, true);
        for pair in parts.iter().filter_map(|(_, second)| second.as_ref()) {
            let (Some(between), Some(new)) = (&pair.old, &pair.new) else { continue };
            let translated = self.translate(pair, between, new)?;
            self.alter_table(pair, &translated, &translated, new)?;
            self.create_indexes(Some(&translated), new, None);
        }
        self.index_old_keys(pairs, false);
        for pair in pairs {
            let Some(new) = &pair.new else { continue };
            for (name, key) in new.foreign_keys.iter().filter(|(name, _)| !kept.contains(&(&*new.name, &***name))) {
                let translated = key.columns.iter().any(|column| pair.translated.contains_key(column));
                let asked = Asked::new(self.dialect, pair).filter(|_| !translated);
                let requires = asked.and_then(|asked| asked.targets(new, key, self.foresight.has_made(&key.to_table)));
                self.add_foreign_key(&new.name, name, key, requires);
            }
        }
        Ok(())
    }

    /// Drops the columns that are to be computed from something else, and what stands on them: from there on they are new.
    fn drop_recomputed(&mut self, pair: &mut Pair) -> Result<()> {
        let dialect = self.dialect;
        let (Some(raw), Some(old), Some(new)) = (&mut pair.raw, &mut pair.old, &pair.new) else { return Ok(()) };
        let by_property = dialect.capabilities().alter == AlterStyle::Property;
        let retyped = |name: &String| {
            let types =
                |table: &Table| find(table, name).map(|column| (column.sql_type.clone(), column.collation.clone()));
            by_property && types(old) != types(new)
        };
        let anew = |column: &&Column| match (
            &column.generated,
            find(new, &column.name).and_then(|new| new.generated.as_ref()),
        ) {
            (Some(was), Some(is)) => was != is || retyped(&column.name) || was.columns.iter().any(retyped),
            _ => false,
        };
        let anew: Vec<Column> = old.columns.iter().filter(anew).cloned().collect();
        for column in &anew {
            let name = &column.name;
            let indexes: Vec<String> = old
                .indexes
                .iter()
                .filter(|(_, index)| index.columns.contains(name))
                .map(|(name, _)| name.clone())
                .collect();
            for index in indexes {
                if let Some(index) = old.indexes.remove(&index).map(|made| (index, made)) {
                    self.drop_index(&raw.name, &index.0, &index.1);
                }
            }
            let uniques: Vec<String> = old
                .uniques
                .iter()
                .filter(|(_, unique)| unique.columns.contains(name))
                .map(|(name, _)| name.clone())
                .collect();
            for unique in uniques {
                if let Some(made) = old.uniques.remove(&unique) {
                    self.drop_unique(&raw.name, &unique, &made);
                }
            }
            let checks: Vec<String> = old
                .checks
                .iter()
                .filter(|(_, check)| check.columns.contains(name))
                .map(|(name, _)| name.clone())
                .collect();
            for check in checks {
                if let Some(made) = old.checks.remove(&check) {
                    self.drop_check(&raw.name, &check, &made);
                }
            }
            let exclusions: Vec<String> = old
                .exclusions
                .iter()
                .filter(|(_, made)| made.columns.contains(name))
                .map(|(name, _)| name.clone())
                .collect();
            for exclusion in exclusions {
                if let Some(made) = old.exclusions.remove(&exclusion) {
                    self.drop_exclusion(&raw.name, &exclusion, &made);
                }
            }
            let drop = ddl::alter(dialect, &raw.name, &format!("DROP COLUMN {}", dialect.quote(name)));
            let add = ddl::alter(dialect, &raw.name, &format!("ADD COLUMN {}", ddl::column(dialect, column, false)?));
            let recheck = recheck::column(dialect, &raw.name, name, false);
            self.push(drop, format!("the values of {name} are computed anew"), Some(add), recheck);
        }
        for table in [raw, old] {
            table.columns.retain(|column| !anew.iter().any(|other| other.name == column.name));
        }
        Ok(())
    }

    pub(super) fn create_table(&mut self, table: &Table) -> Result<()> {
        self.makes(&table.name);
        let sql = ddl::create_table(self.dialect, table)?;
        let reverse = format!("DROP TABLE {}", self.dialect.quote(&table.name));
        self.push(
            sql,
            format!("create table {}", table.name),
            Some(reverse),
            recheck::table(self.dialect, &table.name, true),
        );
        self.require_collations(&table.columns)?;
        for (name, exclusion) in &table.exclusions {
            self.require_extension(name, exclusion);
        }
        for name in ddl::repeated_uniques(table) {
            if let Some(unique) = table.uniques.get(name) {
                self.add_unique(&table.name, name, unique, None);
            }
        }
        if self.dialect.capabilities().comments == CommentStyle::Statement {
            self.comments(None, table)?;
        }
        Ok(())
    }

    pub(super) fn drop_table(&mut self, table: &Table) -> Result<()> {
        let sql = format!("DROP TABLE {}", self.dialect.quote(&table.name));
        self.push(
            sql,
            format!("drop table {} with its rows", table.name),
            None,
            recheck::table(self.dialect, &table.name, false),
        );
        Ok(())
    }

    /// `COMMENT ON` for the table and each column whose comment differs.
    fn comments(&mut self, old: Option<&Table>, new: &Table) -> Result<()> {
        let set = |planner: &mut Self, what: String, old: Option<&String>, new: Option<&String>| -> Result<()> {
            if old == new {
                return Ok(());
            }
            let value = |comment: Option<&String>| match comment {
                Some(comment) => ddl::text(planner.dialect, comment),
                None => Ok("NULL".to_owned()),
            };
            let (sql, reverse) = (value(new)?, value(old)?);
            let reverse = Some(format!("COMMENT ON {what} IS {reverse}"));
            planner.push(format!("COMMENT ON {what} IS {sql}"), "comment", reverse, Recheck::Repeat);
            Ok(())
        };
        let table = self.dialect.quote(&new.name);
        set(self, format!("TABLE {table}"), old.and_then(|old| old.comment.as_ref()), new.comment.as_ref())?;
        for column in &new.columns {
            let old = old.and_then(|old| find(old, &column.name)).and_then(|old| old.comment.as_ref());
            set(self, format!("COLUMN {table}.{}", self.dialect.quote(&column.name)), old, column.comment.as_ref())?;
        }
        Ok(())
    }

    fn alter_table(&mut self, pair: &Pair, raw: &Table, old: &Table, new: &Table) -> Result<()> {
        let dialect = self.dialect;
        let can = dialect.capabilities();
        let modify = can.alter == AlterStyle::Modify;
        if raw.name != new.name {
            let rename = |from: &str, to: &str| {
                let (from, to) = (dialect.quote(from), dialect.quote(to));
                if modify {
                    format!("RENAME TABLE {from} TO {to}")
                } else {
                    format!("ALTER TABLE {from} RENAME TO {to}")
                }
            };
            let recheck = recheck::table(dialect, &new.name, true);
            self.push(
                rename(&raw.name, &new.name),
                format!("rename table {}", raw.name),
                Some(rename(&new.name, &raw.name)),
                recheck,
            );
        }
        self.drop_indexes(old, new, false);
        self.drop_constraints(pair, old, new);
        for (from, to) in &pair.renamed {
            self.rename_column(raw, new, from, to)?;
        }
        if old.primary_key != new.primary_key && !old.primary_key.is_empty() && !modify {
            let sql =
                ddl::alter(dialect, &new.name, &format!("DROP CONSTRAINT {}", dialect.quote(&old.primary_key_name)));
            let recheck = recheck::constraint(dialect, &new.name, &old.primary_key_name, false);
            self.push(sql, "drop the primary key", None, recheck);
        }
        for column in old.columns.iter().filter(|column| find(new, &column.name).is_none()) {
            let sql = ddl::alter(dialect, &new.name, &format!("DROP COLUMN {}", dialect.quote(&column.name)));
            let recheck = recheck::column(dialect, &new.name, &column.name, false);
            self.push(sql, format!("drop column {} with its values", column.name), None, recheck);
        }
        let mut keyed = false;
        // What is computed comes after what it is computed from.
        let (given, computed): (Vec<_>, Vec<_>) = new.columns.iter().partition(|column| column.generated.is_none());
        for column in given.into_iter().chain(computed) {
            let fill = pair.fills.get(&column.name);
            match find(old, &column.name) {
                None if modify && column.auto => {
                    // A column that numbers rows must be the key at once.
                    let drop = if old.primary_key.is_empty() { "" } else { "DROP PRIMARY KEY, " };
                    let add = format!("{drop}ADD COLUMN {}", ddl::column(dialect, column, true)?);
                    let recheck = recheck::column(dialect, &new.name, &column.name, true);
                    self.push(
                        ddl::alter(dialect, &new.name, &add),
                        format!("number the rows in {}", column.name),
                        None,
                        recheck,
                    );
                    keyed = true;
                }
                None => {
                    self.add_column(&new.name, column, fill)?;
                    self.require_collations([column])?;
                    let needed = Asked::new(dialect, pair).and_then(|asked| asked.value(self, column, fill));
                    self.require(needed);
                }
                Some(before) if before != column => {
                    let first = self.out.len();
                    self.alter_column(&new.name, before, column, fill)?;
                    if self.out.len() > first {
                        let needed =
                            Asked::new(dialect, pair).map(|asked| asked.altered(self, new, before, column, fill));
                        self.require(needed.into_iter().flatten());
                        if before.collation != column.collation {
                            self.require_collations([column])?;
                        }
                    }
                }
                Some(_) => {}
            }
        }
        let gone = new.primary_key.is_empty() && !modify;
        if old.primary_key != new.primary_key && !keyed && !gone {
            let columns = dialect.quote_all(new.primary_key.iter().map(String::as_str));
            let change = match (modify, old.primary_key.is_empty()) {
                (true, _) if new.primary_key.is_empty() => "DROP PRIMARY KEY".to_owned(),
                (true, true) => format!("ADD PRIMARY KEY ({columns})"),
                (true, false) => format!("DROP PRIMARY KEY, ADD PRIMARY KEY ({columns})"),
                (false, _) => {
                    format!("ADD CONSTRAINT {} PRIMARY KEY ({columns})", dialect.quote(&new.primary_key_name))
                }
            };
            let recheck = match modify {
                true => recheck::primary_key(dialect, &new.name, &new.primary_key),
                false => recheck::constraint(dialect, &new.name, &new.primary_key_name, true),
            };
            self.push(ddl::alter(dialect, &new.name, &change), "set the primary key", None, recheck);
            self.require(Asked::new(dialect, pair).and_then(|asked| asked.key(new)));
        }
        self.add_constraints(pair, old, new);
        match can.comments {
            CommentStyle::Statement => self.comments(Some(old), new)?,
            CommentStyle::Inline if old.comment != new.comment => {
                let comment = |comment: &Option<String>| ddl::text(dialect, comment.as_deref().unwrap_or(""));
                let sql = ddl::alter(dialect, &new.name, &format!("COMMENT = {}", comment(&new.comment)?));
                let reverse = ddl::alter(dialect, &new.name, &format!("COMMENT = {}", comment(&old.comment)?));
                self.push(sql, "comment", Some(reverse), Recheck::Repeat);
            }
            CommentStyle::Inline | CommentStyle::None => {}
        }
        Ok(())
    }
}
