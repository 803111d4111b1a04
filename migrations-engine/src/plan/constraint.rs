//! Constraints and indexes of tables that exist: dropped, renamed, added.

use super::alter::find;
use super::table::{Check, Exclusion, ForeignKey, Table, Unique};
use super::{Asked, Pair, Planner, Recheck, Requirement, ddl, recheck};
use crate::sql::{AlterStyle, Dialect};

impl Planner {
    pub(super) fn drop_foreign_key(&mut self, table: &str, name: &str, key: &ForeignKey) {
        let word = if self.dialect.capabilities().alter == AlterStyle::Modify { "FOREIGN KEY" } else { "CONSTRAINT" };
        let sql = ddl::alter(self.dialect, table, &format!("DROP {word} {}", self.dialect.quote(name)));
        let reverse = ddl::alter(self.dialect, table, &format!("ADD {}", ddl::foreign_key(self.dialect, name, key)));
        let recheck = recheck::constraint(self.dialect, table, name, false);
        self.push(sql, format!("drop foreign key {name}"), Some(reverse), recheck);
    }

    pub(super) fn add_foreign_key(&mut self, table: &str, name: &str, key: &ForeignKey, requires: Option<Requirement>) {
        let word = if self.dialect.capabilities().alter == AlterStyle::Modify { "FOREIGN KEY" } else { "CONSTRAINT" };
        let sql = ddl::alter(self.dialect, table, &format!("ADD {}", ddl::foreign_key(self.dialect, name, key)));
        let reverse = ddl::alter(self.dialect, table, &format!("DROP {word} {}", self.dialect.quote(name)));
        let recheck = recheck::constraint(self.dialect, table, name, true);
        let sql = if self.careful { format!("{sql} NOT VALID") } else { sql };
        self.push(sql, format!("add foreign key to {}", key.to_table), Some(reverse), recheck);
        self.require(requires);
        self.validate(table, name);
    }

    /// Drops what constrains a table and is not to be there, or uses a column that changes.
    pub(super) fn drop_constraints(&mut self, pair: &Pair, old: &Table, new: &Table) {
        let dialect = self.dialect;
        for name in old
            .checks
            .iter()
            .filter(|(name, check)| !keeps_check(dialect, pair, new, name, check))
            .map(|(name, _)| name)
        {
            if let Some(check) = old.checks.get(name) {
                self.drop_check(&new.name, name, check);
            }
        }
        for (name, exclusion) in old.exclusions.iter().filter(|(name, made)| new.exclusions.get(*name) != Some(*made)) {
            self.drop_exclusion(&new.name, name, exclusion);
        }
        self.drop_uniques(old, new, false);
    }

    pub(super) fn drop_exclusion(&mut self, table: &str, name: &str, exclusion: &Exclusion) {
        let dialect = self.dialect;
        let sql = ddl::alter(dialect, table, &format!("DROP CONSTRAINT {}", dialect.quote(name)));
        let reverse = ddl::alter(dialect, table, &format!("ADD {}", ddl::exclusion(dialect, name, exclusion)));
        let recheck = recheck::constraint(dialect, table, name, false);
        self.push(sql, format!("drop exclusion {name}"), Some(reverse), recheck);
    }

    /// Drops the unique constraints that are not to be there; `late` as for indexes.
    pub(super) fn drop_uniques(&mut self, old: &Table, new: &Table, late: bool) {
        for (name, unique) in old.uniques.iter().filter(|(name, unique)| new.uniques.get(*name) != Some(*unique)) {
            if late
                != self.dropped_late(
                    new,
                    &unique.columns.iter().map(String::as_str).collect::<Vec<_>>(),
                    new.uniques.contains_key(name),
                )
            {
                continue;
            }
            self.drop_unique(&new.name, name, unique);
        }
    }

    pub(super) fn drop_unique(&mut self, table: &str, name: &str, unique: &Unique) {
        let dialect = self.dialect;
        let word = if dialect.capabilities().alter == AlterStyle::Modify { "INDEX" } else { "CONSTRAINT" };
        let sql = ddl::alter(dialect, table, &format!("DROP {word} {}", dialect.quote(name)));
        let reverse = ddl::alter(dialect, table, &format!("ADD {}", ddl::unique(dialect, name, unique)));
        self.push(sql, format!("drop unique {name}"), Some(reverse), recheck::constraint(dialect, table, name, false));
    }

    pub(super) fn drop_check(&mut self, table: &str, name: &str, check: &Check) {
        let dialect = self.dialect;
        let sql = ddl::alter(dialect, table, &format!("DROP CONSTRAINT {}", dialect.quote(name)));
        let reverse = ddl::alter(dialect, table, &format!("ADD {}", ddl::check(dialect, name, check)));
        self.push(sql, format!("drop check {name}"), Some(reverse), recheck::constraint(dialect, table, name, false));
    }

    pub(super) fn add_unique(&mut self, table: &str, name: &str, unique: &Unique, requires: Option<Requirement>) {
        let dialect = self.dialect;
        let sql = ddl::alter(dialect, table, &format!("ADD {}", ddl::unique(dialect, name, unique)));
        let word = if dialect.capabilities().alter == AlterStyle::Modify { "INDEX" } else { "CONSTRAINT" };
        let reverse = ddl::alter(dialect, table, &format!("DROP {word} {}", dialect.quote(name)));
        let recheck = recheck::constraint(dialect, table, name, true);
        self.push(sql, format!("add unique {name}"), Some(reverse), recheck);
        self.require(requires);
    }

    /// The index first, while rows are written, and then the constraint that takes it over.
    fn add_unique_carefully(&mut self, table: &str, name: &str, unique: &Unique, requires: Option<Requirement>) {
        let dialect = self.dialect;
        let (include, deferrable) = match unique.suffix.find(" DEFERRABLE") {
            Some(at) => unique.suffix.split_at(at),
            None => (unique.suffix.as_str(), ""),
        };
        let columns = dialect.quote_all(unique.columns.iter().map(String::as_str));
        let nulls = if unique.nulls_equal { " NULLS NOT DISTINCT" } else { "" };
        let (quoted, on) = (dialect.quote(name), dialect.quote(table));
        let create = format!("CREATE UNIQUE INDEX {quoted} ON {on} ({columns}){include}{nulls}");
        let (sql, recheck) = concurrently(dialect, &create, name, recheck::index(dialect, table, name, true));
        self.push(sql, format!("create index {name}"), Some(format!("DROP INDEX {quoted}")), recheck);
        self.require(requires);
        let sql =
            ddl::alter(dialect, table, &format!("ADD CONSTRAINT {quoted} UNIQUE USING INDEX {quoted}{deferrable}"));
        // With the constraint goes the index; that one is undone before.
        let reverse = format!(
            "{}; CREATE UNIQUE INDEX {quoted} ON {on} ({columns}){include}{nulls}",
            ddl::alter(dialect, table, &format!("DROP CONSTRAINT {quoted}"))
        );
        let recheck = recheck::constraint(dialect, table, name, true);
        self.push(sql, format!("add unique {name}"), Some(reverse), recheck);
    }

    /// Checks the rows of a constraint that so far holds for new ones only.
    fn validate(&mut self, table: &str, name: &str) {
        if self.careful {
            let sql = ddl::alter(self.dialect, table, &format!("VALIDATE CONSTRAINT {}", self.dialect.quote(name)));
            self.push(sql, format!("check the rows for {name}"), Some(String::new()), Recheck::Repeat);
        }
    }

    pub(super) fn add_constraints(&mut self, pair: &Pair, old: &Table, new: &Table) {
        let dialect = self.dialect;
        for (name, unique) in new.uniques.iter().filter(|(name, unique)| old.uniques.get(*name) != Some(*unique)) {
            let requires = Asked::new(dialect, pair).and_then(|asked| asked.unique(new, unique));
            if self.careful {
                self.add_unique_carefully(&new.name, name, unique, requires);
                continue;
            }
            self.add_unique(&new.name, name, unique, requires);
        }
        for (name, check) in &new.checks {
            if old.checks.get(name).is_some_and(|old| keeps_check(dialect, pair, new, name, old)) {
                continue;
            }
            let late = if self.careful { " NOT VALID" } else { "" };
            let sql = ddl::alter(dialect, &new.name, &format!("ADD {}{late}", ddl::check(dialect, name, check)));
            let reverse = ddl::alter(dialect, &new.name, &format!("DROP CONSTRAINT {}", dialect.quote(name)));
            self.push(
                sql,
                format!("add check {name}"),
                Some(reverse),
                recheck::constraint(dialect, &new.name, name, true),
            );
            if old.checks.get(name) != Some(check) {
                self.require(Asked::new(dialect, pair).and_then(|asked| asked.holds(new, name, check)));
            }
            self.validate(&new.name, name);
        }
        for (name, exclusion) in new.exclusions.iter().filter(|(name, made)| old.exclusions.get(*name) != Some(*made)) {
            let sql = ddl::alter(dialect, &new.name, &format!("ADD {}", ddl::exclusion(dialect, name, exclusion)));
            let reverse = ddl::alter(dialect, &new.name, &format!("DROP CONSTRAINT {}", dialect.quote(name)));
            let recheck = recheck::constraint(dialect, &new.name, name, true);
            self.push(sql, format!("add exclusion {name}"), Some(reverse), recheck);
            self.require_extension(name, exclusion);
            self.require(Asked::new(dialect, pair).and_then(|asked| asked.excluded(name, exclusion)));
        }
    }

    /// Renames indexes and constraints that differ by nothing but their names.
    pub(super) fn rename_indexes(&mut self, old: &mut Table, new: &Table) {
        let dialect = self.dialect;
        let modify = dialect.capabilities().alter == AlterStyle::Modify;
        let gone: Vec<String> = old.indexes.keys().filter(|name| !new.indexes.contains_key(*name)).cloned().collect();
        for from in gone {
            let same = new
                .indexes
                .iter()
                .find(|(name, index)| !old.indexes.contains_key(*name) && old.indexes.get(&from) == Some(index));
            let Some((to, index)) = same else { continue };
            // One for patterns is made only where the collation allows it.
            let there = if index.exact.is_some() { "IF EXISTS " } else { "" };
            let rename = |from: &str, to: &str| {
                let (from, to) = (dialect.quote(from), dialect.quote(to));
                if modify {
                    ddl::alter(dialect, &new.name, &format!("RENAME INDEX {from} TO {to}"))
                } else {
                    format!("ALTER INDEX {there}{from} RENAME TO {to}")
                }
            };
            let recheck = recheck::index(dialect, &new.name, to, true);
            self.push(rename(&from, to), format!("rename index {from}"), Some(rename(to, &from)), recheck);
            if let Some(index) = old.indexes.remove(&from) {
                old.indexes.insert(to.clone(), index);
            }
        }
        if modify {
            // A unique constraint is an index there; checks are made anew.
            let gone: Vec<String> =
                old.uniques.keys().filter(|name| !new.uniques.contains_key(*name)).cloned().collect();
            for from in gone {
                let same = |(name, made): &(&String, &Unique)| {
                    !old.uniques.contains_key(*name) && old.uniques.get(&from) == Some(*made)
                };
                let Some((to, _)) = new.uniques.iter().find(same) else { continue };
                let rename = |from: &str, to: &str| {
                    let (from, to) = (dialect.quote(from), dialect.quote(to));
                    ddl::alter(dialect, &new.name, &format!("RENAME INDEX {from} TO {to}"))
                };
                let recheck = recheck::index(dialect, &new.name, to, true);
                self.push(rename(&from, to), format!("rename unique {from}"), Some(rename(to, &from)), recheck);
                if let Some(made) = old.uniques.remove(&from) {
                    old.uniques.insert(to.clone(), made);
                }
            }
            return;
        }
        macro_rules! rename_constraints {
            ($($map:ident),+) => {$(
                let gone: Vec<String> = old.$map.keys().filter(|name| !new.$map.contains_key(*name)).cloned().collect();
                for from in gone {
                    let same = new.$map.iter().find(|(name, made)| !old.$map.contains_key(*name) && old.$map.get(&from) == Some(made));
                    let Some((to, _)) = same else { continue };
                    let rename = |from: &str, to: &str| {
                        ddl::alter(dialect, &new.name, &format!("RENAME CONSTRAINT {} TO {}", dialect.quote(from), dialect.quote(to)))
                    };
                    let recheck = recheck::constraint(dialect, &new.name, to, true);
                    self.push(rename(&from, to), format!("rename constraint {from}"), Some(rename(to, &from)), recheck);
                    if let Some(made) = old.$map.remove(&from) {
                        old.$map.insert(to.clone(), made);
                    }
                }
            )+};
        }
        rename_constraints!(uniques, checks, exclusions);
    }
}

/// Whether a check need not be dropped: it stays, and no column it uses is renamed where that would break it.
fn keeps_check(dialect: Dialect, pair: &Pair, new: &Table, name: &str, check: &Check) -> bool {
    let breaks = dialect.capabilities().alter == AlterStyle::Modify
        && pair.renamed.iter().any(|(_, to)| check.columns.contains(to));
    let retyped = pair.old.as_ref().is_some_and(|old| {
        check
            .columns
            .iter()
            .any(|column| find(old, column).map(|c| &c.sql_type) != find(new, column).map(|c| &c.sql_type))
    });
    new.checks.get(name) == Some(check) && !breaks && !retyped
}

/// An index that is made while rows are written. When that is interrupted, what it leaves must go before it is tried again.
pub(super) fn concurrently(dialect: Dialect, create: &str, name: &str, recheck: Recheck) -> (String, Recheck) {
    let sql = create.replacen("INDEX", "INDEX CONCURRENTLY", 1);
    let clear = format!("DROP INDEX IF EXISTS {}", dialect.quote(name));
    match recheck {
        Recheck::Query(done) => (sql, Recheck::Clear { done, clear }),
        other => (sql, other),
    }
}
