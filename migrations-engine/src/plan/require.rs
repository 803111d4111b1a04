//! What must hold of the rows before a statement can be done: found out before anything runs.
//!
//! A database that cannot roll DDL back would otherwise stop in the middle of a migration, one that keeps whatever it is
//! given would keep what no longer fits, and the others would answer with words of their own.

use super::table::{Check, Column, Exclusion, ForeignKey, Table, TableIndex, Unique};
use super::{Early, Fill, Pair, Planner, Translation};
use crate::condition::Value;
use crate::error::Result;
use crate::schema::ColumnType;
use crate::sql::{Dialect, literal, misfit};
use std::collections::BTreeSet;

/// Rows that are in the way of a statement, if there are any; or something that the database has not got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The table, as it is called when they are looked for; empty for what the database has not got.
    pub table: String,
    dialect: Dialect,
    /// The columns that say which rows they are.
    key: Vec<String>,
    /// The rows: what follows SELECT .. FROM, in which the table is `s`.
    rows: String,
    /// What has to be done on the connection before; where that cannot be, neither can the rows be looked for.
    pub prepare: Option<&'static str>,
    /// What is the matter with them, after "rows"; or what there is not, as a sentence.
    pub obstacle: String,
    /// What to do about it.
    pub remedy: String,
    /// What it speaks of, as in [`Statement::changes`](super::Statement::changes): what others change is looked at
    /// only after them.
    pub about: Vec<String>,
    /// Whether it can only be looked at right before the statement: what is asked about is made, filled or renamed by
    /// others of the same operation.
    pub late: bool,
    /// Whether it can be looked at before the migration begins,
    pub early: Early,
    /// and whether before the first of those that are run does.
    pub ahead: Early,
}

impl Requirement {
    /// Something that has to be in the database: `there` is a query that finds it.
    fn of_database(dialect: Dialect, there: &str, obstacle: String, remedy: impl Into<String>) -> Requirement {
        Requirement {
            table: String::new(),
            dialect,
            key: Vec::new(),
            rows: format!("(SELECT 1 AS orm_value) AS s WHERE NOT EXISTS ({there})"),
            prepare: None,
            obstacle,
            remedy: remedy.into(),
            about: Vec::new(),
            late: false,
            early: Early::No,
            ahead: Early::No,
        }
    }

    /// A collation that the database has to know.
    fn collation(dialect: Dialect, name: &str) -> Result<Requirement> {
        let quoted = literal(dialect, &Value::Text(name.to_owned()), None)?;
        let (there, list) = match dialect {
            Dialect::Sqlite => (
                format!("SELECT 1 FROM pragma_collation_list WHERE name = {quoted} COLLATE NOCASE"),
                "it has BINARY, NOCASE and RTRIM, and those that the program makes known on connecting",
            ),
            Dialect::Postgres => (
                format!(
                    "SELECT 1 FROM pg_collation WHERE collname = {quoted} AND collencoding IN (-1, (SELECT encoding FROM pg_database WHERE datname = current_database()))"
                ),
                "`SELECT collname FROM pg_collation` lists them, and CREATE COLLATION makes one",
            ),
            Dialect::MariaDb | Dialect::MySql => (
                // Some belong to several character sets, and are listed without one.
                format!(
                    "SELECT 1 FROM information_schema.collations WHERE {quoted} IN (collation_name, CONCAT('utf8mb4_', collation_name))"
                ),
                "`SHOW COLLATION` lists them; those of Unicode begin with `utf8mb4_`",
            ),
        };
        let obstacle = format!("{} has no collation `{name}`", dialect.capabilities().name);
        Ok(Requirement::of_database(dialect, &there, obstacle, list))
    }
}

/// How many rows are named.
const NAMED: usize = 5;

impl Requirement {
    /// Counts the rows, right before the operation (`Alike`), or before what has yet to change the tables.
    pub fn count(&self, when: &Early) -> String {
        format!("{}SELECT COUNT(*) FROM {}", with(when), self.rows)
    }

    /// The keys of the first of the rows, and of one more than is shown; nothing for a table without a key.
    pub fn first(&self, when: &Early) -> Option<String> {
        let columns: Vec<String> = self.key.iter().map(|name| format!("s.{}", self.dialect.quote(name))).collect();
        let texts: Vec<String> = columns.iter().map(|column| self.dialect.as_text(column)).collect();
        let (texts, order) = (texts.join(", "), columns.join(", "));
        let (with, limit) = (with(when), NAMED + 1);
        (!columns.is_empty()).then(|| format!("{with}SELECT {texts} FROM {} ORDER BY {order} LIMIT {limit}", self.rows))
    }

    /// What is in the way, for a person: of so many rows, those whose keys were found first.
    pub fn describe(&self, when: &Early, count: u64, keys: &[Vec<Option<String>>]) -> String {
        if self.table.is_empty() {
            return self.obstacle.clone();
        }
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "NULL".to_owned());
        let shown = keys.iter().take(NAMED).map(|key| match key.as_slice() {
            [only] => text(only),
            parts => format!("({})", parts.iter().map(text).collect::<Vec<_>>().join(", ")),
        });
        let shown: Vec<String> = shown.collect();
        let more = if count > shown.len() as u64 { ", .." } else { "" };
        let which = match (self.key.as_slice(), shown.as_slice()) {
            (_, []) => String::new(),
            (key, _) => format!(" ({}: {}{more})", key.join(", "), shown.join(", ")),
        };
        let rows = if count == 1 { "row" } else { "rows" };
        let table = match when {
            Early::Foreseen { table, .. } => table,
            Early::Alike | Early::No => &self.table,
        };
        format!("`{table}` has {count} {rows} {}{which}", self.obstacle)
    }

    /// It speaks of the rows to which a foreign key leads.
    fn leads(&mut self, key: &ForeignKey) {
        let ends = key.to_columns.iter().map(|column| format!("{}.{column}", key.to_table));
        self.about.extend(std::iter::once(key.to_table.clone()).chain(ends));
    }
}

/// What the tables will be.
fn with(when: &Early) -> &str {
    match when {
        Early::Foreseen { with, .. } => with,
        Early::Alike | Early::No => "",
    }
}

/// A table whose rows are asked about: as it is before the operation, so that it can be asked then, or as it is right
/// before a statement.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    dialect: Dialect,
    pair: &'a Pair,
    table: &'a Table,
    late: bool,
}

impl<'a> Asked<'a> {
    /// Nothing where there is no table before the operation, hence no row.
    pub(super) fn new(dialect: Dialect, pair: &'a Pair) -> Option<Self> {
        Some(Asked { dialect, pair, table: pair.raw.as_ref()?, late: false })
    }

    /// The same right before the statement; where a table is made anew as a whole there is no such moment, and it is only
    /// foreseen.
    fn late(self, new: &'a Table) -> Self {
        Asked { table: new, late: true, ..self }
    }

    /// The name that a column has before the operation, if it is there.
    fn name(&self, column: &str) -> Option<&'a str> {
        let renamed = self.pair.renamed.iter().find(|(_, to)| to == column && !self.late);
        let was = renamed.map_or(column, |(from, _)| from);
        self.table.columns.iter().find(|other| other.name == was).map(|column| column.name.as_str())
    }

    /// A column of the rows, quoted.
    fn column(&self, column: &str) -> Option<String> {
        self.name(column).map(|column| format!("s.{}", self.dialect.quote(column)))
    }

    fn columns<'c>(&self, columns: impl IntoIterator<Item = &'c String>) -> Option<Vec<String>> {
        columns.into_iter().map(|column| self.column(column)).collect()
    }

    /// Whether a column that is there has the type that it will have, or is compared as that is.
    fn comparable(&self, new: &Table, column: &str) -> bool {
        let find =
            |table: &'_ Table, name: &str| table.columns.iter().find(|it| it.name == name).map(|it| it.ty.clone());
        let was = self.name(column).and_then(|was| find(self.table, was));
        was.zip(find(new, column))
            .is_some_and(|(was, is)| was == is || was.is_number() && is.is_number() || was.is_text() && is.is_text())
    }

    fn all(&self) -> impl Iterator<Item = &'a String> {
        self.table.columns.iter().map(|column| &column.name)
    }

    /// The rows for which a condition is true.
    fn rows(&self, condition: &str, obstacle: String, remedy: impl Into<String>) -> Requirement {
        let from = format!("{} AS s", self.dialect.quote(&self.table.name));
        let rows = if condition.is_empty() { from } else { format!("{from} WHERE {condition}") };
        let table = &self.table.name;
        let key = self.table.primary_key.iter().map(|column| format!("{table}.{column}"));
        Requirement {
            table: self.table.name.clone(),
            dialect: self.dialect,
            key: self.table.primary_key.clone(),
            rows,
            prepare: None,
            obstacle,
            remedy: remedy.into(),
            about: std::iter::once(table.clone()).chain(key).collect(),
            late: self.late,
            early: Early::No,
            ahead: Early::No,
        }
    }

    /// The same, of these columns of the table.
    fn about<'c>(&self, mut requirement: Requirement, columns: impl IntoIterator<Item = &'c String>) -> Requirement {
        let table = &self.table.name;
        let names = columns.into_iter().filter_map(|column| self.name(column));
        requirement.about.extend(names.map(|column| format!("{table}.{column}")));
        requirement
    }

    /// A new column without NULL and without a value for the rows that are there.
    pub(super) fn value(&self, planner: &Planner, column: &Column, fill: Option<&Fill>) -> Option<Requirement> {
        let field = planner.field.as_deref().unwrap_or("app.Model.field");
        let remedy = format!(
            "give them one: `fill = \"..\"` in the operation, or, when the migration is undone, `migrate --default {}`; or delete the rows first, where they are not needed",
            given(field, &column.ty)
        );
        let obstacle = format!("without a value for the new column `{}`", column.name);
        let given = column.default.is_some() || column.generated.is_some() || column.auto;
        match fill {
            _ if column.null => None,
            Some(fill) if !fill.constant && self.pair.renames() => None,
            Some(fill) if !fill.constant => {
                let needed = self.rows(&format!("({}) IS NULL", fill.sql), obstacle, remedy);
                Some(self.about(needed, self.all()))
            }
            None if !given => Some(self.rows("", obstacle, remedy)),
            _ => None,
        }
    }

    /// A column that is to be without NULL.
    fn no_null(&self, planner: &Planner, column: &Column, fill: Option<&Fill>) -> Option<Requirement> {
        let name = self.column(&column.name)?;
        let condition = match fill {
            Some(fill) if fill.constant || self.pair.renames() => return None,
            Some(fill) => format!("{name} IS NULL AND ({}) IS NULL", fill.sql),
            None => format!("{name} IS NULL"),
        };
        let field = planner.field.as_deref().unwrap_or("app.Model.field");
        let needed = self.rows(
            &condition,
            format!("with NULL in `{}`, which is to be without", column.name),
            format!(
                "give them a value: `fill = \"..\"` in the operation, or, when the migration is undone, `migrate --default {}`",
                given(field, &column.ty)
            ),
        );
        // What fills it may speak of any other column.
        let others = self.all().filter(|_| fill.is_some());
        Some(self.about(needed, others.chain([&column.name])))
    }

    /// Values that a column no longer holds when its type changes.
    fn fits(&self, old: &Column, new: &Column) -> Option<Requirement> {
        let column = self.column(&new.name)?;
        let found = misfit(self.dialect, &old.ty, &new.ty, &column)?;
        let obstacle = match &new.ty {
            ColumnType::Char { max_length } => {
                format!("with more than {max_length} characters in `{}`", new.name)
            }
            ty => format!("whose `{}`, now {}, does not fit {ty}", new.name, old.ty),
        };
        let mut needed = self.rows(
            &format!("({})", found.condition),
            obstacle,
            "change these values, by hand or by a `run_sql` operation before this one, and migrate again",
        );
        needed.prepare = found.prepare;
        Some(self.about(needed, [&new.name]))
    }

    /// Columns that are to be unique together, by the expressions that are compared.
    fn distinct(&self, parts: &[String], what: &str, condition: Option<&str>, nulls_equal: bool) -> Requirement {
        let table = self.dialect.quote(&self.table.name);
        let condition = condition.map(|condition| format!("({condition})"));
        let known = parts.iter().filter(|_| !nulls_equal).map(|part| format!("{part} IS NOT NULL"));
        let of_interest: Vec<String> = known.chain(condition.clone()).collect();
        let of_interest =
            if of_interest.is_empty() { String::new() } else { format!(" WHERE {}", of_interest.join(" AND ")) };
        let values: Vec<String> =
            parts.iter().enumerate().map(|(at, part)| format!("{part} AS orm_value_{at}")).collect();
        let same = if nulls_equal { "IS NOT DISTINCT FROM" } else { "=" };
        let equal: Vec<String> =
            parts.iter().enumerate().map(|(at, part)| format!("d.orm_value_{at} {same} {part}")).collect();
        let mut needed = self.rows(
            condition.as_deref().unwrap_or_default(),
            format!("with equal values in {what}, which is to be unique"),
            "make the values different, or delete the rows that are too many, and migrate again",
        );
        // A join, so that the groups are made once.
        let groups = format!(
            "{table} AS s JOIN (SELECT {} FROM {table} AS s{of_interest} GROUP BY {} HAVING COUNT(*) > 1) AS d ON {}",
            values.join(", "),
            parts.join(", "),
            equal.join(" AND ")
        );
        needed.rows = needed.rows.replacen(&format!("{table} AS s"), &groups, 1);
        needed
    }

    /// What a new unique constraint needs of the rows.
    pub(super) fn unique(&self, new: &'a Table, unique: &Unique) -> Option<Requirement> {
        let what = unique.columns.join(", ");
        let (there, made): (Vec<&String>, Vec<&String>) =
            unique.columns.iter().partition(|column| self.name(column).is_some());
        // Columns that are added at the same time: NULL in all rows, one value in all, or one that is yet to be computed.
        for column in &made {
            let fill = self.pair.fills.get(*column);
            let default = new.columns.iter().find(|other| other.name == **column).filter(|it| it.default.is_some());
            match (fill, default) {
                (Some(fill), _) if fill.constant => {}
                (None, Some(column)) if column.constant_default => {}
                (None, None) if !unique.nulls_equal => return None,
                (None, None) => {}
                _ => return self.late(new).unique(new, unique),
            }
        }
        let parts = self.columns(there.iter().copied())?;
        let needed = match parts.as_slice() {
            [] => {
                let several = format!("(SELECT COUNT(*) FROM {}) > 1", self.dialect.quote(&self.table.name));
                let obstacle = format!("which cannot all have the same value in the unique column `{what}`");
                let remedy = "add the column without `unique`, give each row a value of its own by a data step, and make it unique in a later migration; or delete rows first";
                self.rows(&several, obstacle, remedy)
            }
            parts => self.distinct(parts, &what, None, unique.nulls_equal),
        };
        Some(self.about(needed, there))
    }

    /// A unique index, also over expressions and over some of the rows, of columns that are there.
    pub(super) fn unique_index(&self, name: &str, index: &TableIndex) -> Option<Requirement> {
        if !index.unique || self.pair.renames() || !index.columns.iter().all(|column| self.name(column).is_some()) {
            return None;
        }
        let plain: Option<Vec<&String>> = index.fields.iter().map(Option::as_ref).collect();
        let what = match &plain {
            Some(columns) => columns.iter().map(|column| column.as_str()).collect::<Vec<_>>().join(", "),
            None => format!("`{name}`"),
        };
        Some(self.about(self.distinct(&index.parts, &what, index.condition.as_deref(), false), &index.columns))
    }

    /// The columns of a new primary key.
    pub(super) fn key(&self, new: &Table) -> Option<Requirement> {
        let parts = self.columns(&new.primary_key).filter(|parts| !parts.is_empty())?;
        Some(self.about(self.distinct(&parts, &new.primary_key.join(", "), None, false), &new.primary_key))
    }

    /// Pairs of rows that an exclusion forbids, where they are found by equal values: comparing each row with every other
    /// would take too long.
    pub(super) fn excluded(&self, name: &str, exclusion: &Exclusion) -> Option<Requirement> {
        let known = exclusion.columns.iter().all(|column| self.name(column).is_some());
        let equal = exclusion.parts.iter().any(|(_, operator)| operator == "=");
        if self.pair.renames() || !known || !equal || self.table.primary_key.is_empty() {
            return None;
        }
        let condition = exclusion.condition.as_ref().map(|only| format!(" WHERE {only}")).unwrap_or_default();
        let values: Vec<String> =
            exclusion.parts.iter().enumerate().map(|(at, (part, _))| format!("{part} AS orm_value_{at}")).collect();
        let numbered = |side: &str| {
            let table = self.dialect.quote(&self.table.name);
            format!("(SELECT *, {} FROM {table}{condition}) AS {side}", values.join(", "))
        };
        let clash: Vec<String> = exclusion
            .parts
            .iter()
            .enumerate()
            .map(|(at, (_, operator))| format!("o.orm_value_{at} {operator} s.orm_value_{at}"))
            .collect();
        let key = |side: &str| {
            let columns = self.table.primary_key.iter().map(|column| format!("{side}.{}", self.dialect.quote(column)));
            columns.collect::<Vec<_>>().join(", ")
        };
        let mut needed = self.rows(
            "",
            format!("that `{name}` forbids beside each other"),
            "change them, or delete those that are too many, and migrate again",
        );
        needed.rows = format!(
            "{} WHERE EXISTS (SELECT 1 FROM {} WHERE {} AND ({}) <> ({}))",
            numbered("s"),
            numbered("o"),
            clash.join(" AND "),
            key("o"),
            key("s")
        );
        Some(self.about(needed, &exclusion.columns))
    }

    /// A check that is to hold.
    pub(super) fn holds(&self, new: &'a Table, name: &str, check: &Check) -> Option<Requirement> {
        let same = |column: &String| self.name(column).is_some_and(|was| was == column) && self.comparable(new, column);
        if self.table.name != new.name || !check.columns.iter().all(same) {
            // Its text speaks of the names and types that there are then.
            return if self.late { None } else { self.late(new).holds(new, name, check) };
        }
        let needed = self.rows(
            &format!("NOT ({})", check.sql),
            format!("that would break the check `{name}`: {}", check.sql),
            "correct the rows and migrate again",
        );
        Some(self.about(needed, &check.columns))
    }

    /// What a new foreign key needs of the rows; where the table that it leads to is made by the same migration, there
    /// is nothing to lead to.
    pub(super) fn targets(&self, new: &'a Table, key: &ForeignKey, made: bool) -> Option<Requirement> {
        let dialect = self.dialect;
        let (to, from, ends) = (dialect.quote(&key.to_table), key.columns.join(", "), key.to_columns.iter());
        let remedy = "correct the references or delete those rows, and migrate again";
        let obstacle = format!("whose {from} refers to no row of `{}`", key.to_table);
        let lost = |columns: &[String]| {
            let known: Vec<String> = columns.iter().map(|column| format!("{column} IS NOT NULL")).collect();
            let joined: Vec<String> =
                ends.clone().zip(columns).map(|(to, from)| format!("t.{} = {from}", dialect.quote(to))).collect();
            let absent = format!("NOT EXISTS (SELECT 1 FROM {to} AS t WHERE {})", joined.join(" AND "));
            known.into_iter().chain((!made).then_some(absent)).collect::<Vec<_>>().join(" AND ")
        };
        let mut needed = match (self.columns(&key.columns), key.columns.as_slice()) {
            // A key that gets its type at the same time cannot be compared before.
            (Some(_), columns) if !columns.iter().all(|column| self.comparable(new, column)) => {
                return if self.late { None } else { self.late(new).targets(new, key, made) };
            }
            (Some(columns), _) => self.about(self.rows(&lost(&columns), obstacle, remedy), &key.columns),
            (None, [column]) => {
                let fill = self.pair.fills.get(column)?;
                if !fill.constant {
                    return self.late(new).targets(new, key, made);
                }
                self.given(key, &fill.sql, "", made)?
            }
            (None, _) => return None,
        };
        if !made {
            needed.leads(key);
        }
        Some(needed)
    }

    /// What a reference that gets the key of its row by another column needs: a row, and that it has such a key.
    pub(super) fn found(&self, column: &str, translation: &Translation) -> Option<Requirement> {
        let (dialect, name) = (self.dialect, self.column(column)?);
        let Translation { table, from, to, fresh } = translation;
        let known = if *fresh { String::new() } else { format!(" AND t.{} IS NOT NULL", dialect.quote(to)) };
        let absent = format!(
            "NOT EXISTS (SELECT 1 FROM {} AS t WHERE t.{} = {name}{known})",
            dialect.quote(table),
            dialect.quote(from)
        );
        let mut needed = self.rows(
            &format!("{name} IS NOT NULL AND {absent}"),
            format!("whose {column} refers to no row of `{table}` that has a {to}"),
            "correct the references or delete those rows, and migrate again",
        );
        needed.about.extend([table.clone(), format!("{table}.{from}")]);
        needed.about.extend((!fresh).then(|| format!("{table}.{to}")));
        Some(self.about(needed, [&column.to_owned()]))
    }

    /// Rows that are all given one value in a foreign key.
    fn given(&self, key: &ForeignKey, value: &str, of: &str, made: bool) -> Option<Requirement> {
        let [to] = key.to_columns.as_slice() else { return None };
        let absent = format!(
            "NOT EXISTS (SELECT 1 FROM {} AS t WHERE t.{} = {value})",
            self.dialect.quote(&key.to_table),
            self.dialect.quote(to)
        );
        let parts: Vec<&str> =
            [of, if made { "" } else { &absent }].into_iter().filter(|part| !part.is_empty()).collect();
        Some(self.rows(
            &parts.join(" AND "),
            format!("that would refer to {value}, but `{}` has no such row", key.to_table),
            "give the key of a row that exists",
        ))
    }

    /// What a column that is defined otherwise needs of the rows.
    pub(super) fn altered(
        &self,
        planner: &Planner,
        new: &Table,
        before: &Column,
        column: &Column,
        fill: Option<&Fill>,
    ) -> Vec<Requirement> {
        let mut needed: Vec<Requirement> = self.fits(before, column).into_iter().collect();
        if before.null && !column.null {
            needed.extend(self.no_null(planner, column, fill));
            needed.extend(self.filled(new, column, fill));
        }
        needed
    }

    /// What takes the place of NULL, in a column that is unique or refers to rows as before.
    fn filled(&self, new: &Table, column: &Column, fill: Option<&Fill>) -> Vec<Requirement> {
        let mut needed = Vec::new();
        let Some((fill, name)) = fill.filter(|fill| fill.constant).zip(self.column(&column.name)) else {
            return needed;
        };
        let empty = format!("{name} IS NULL");
        let inline = column.references.iter();
        for key in inline.chain(new.foreign_keys.values()).filter(|key| key.columns == [column.name.as_str()]) {
            let given = self.given(key, &fill.sql, &empty, false);
            needed.extend(given.map(|mut it| {
                it.leads(key);
                self.about(it, [&column.name])
            }));
        }
        let unique = column.unique || new.uniques.values().any(|unique| unique.columns == [column.name.as_str()]);
        if unique {
            let table = self.dialect.quote(&self.table.name);
            let plain = name.trim_start_matches("s.");
            let taken = format!(
                "{empty} AND ((SELECT COUNT(*) FROM {table} WHERE {plain} IS NULL) > 1 OR EXISTS (SELECT 1 FROM {table} AS o WHERE o.{plain} = {}))",
                fill.sql
            );
            let obstacle =
                format!("with NULL in `{}`, which cannot all be given {}: it is unique", column.name, fill.sql);
            needed.push(self.about(
                self.rows(&taken, obstacle, "give each of them a value of its own by a step before"),
                [&column.name],
            ));
        }
        needed
    }
}

impl Planner {
    /// Notes the extension that the last statement asks for, where an exclusion compares by more than ranges.
    pub(super) fn require_extension(&mut self, name: &str, exclusion: &Exclusion) {
        if exclusion.of_extension {
            self.require([Requirement::of_database(
                self.dialect,
                "SELECT 1 FROM pg_extension WHERE extname = 'btree_gist'",
                format!("`{name}` compares other values than ranges by gist, which takes the extension `btree_gist`"),
                "a superuser makes it known by `CREATE EXTENSION btree_gist`; in a migration by `run_sql`",
            )]);
        }
    }

    /// Notes the collations that the last statement asks for, of these columns.
    pub(super) fn require_collations<'c>(&mut self, columns: impl IntoIterator<Item = &'c Column>) -> Result<()> {
        let ours = self.dialect.capabilities().text_collation;
        let names = columns.into_iter().filter_map(|column| column.collation.as_deref());
        let names: BTreeSet<&str> = names.filter(|name| Some(*name) != ours).collect();
        for name in names {
            let needed = Requirement::collation(self.dialect, name)?;
            self.require([needed]);
        }
        Ok(())
    }

    /// Notes what the last statement needs of the rows.
    pub(super) fn require(&mut self, requirement: impl IntoIterator<Item = Requirement>) {
        if let Some(last) = self.out.last_mut() {
            last.requires.extend(requirement);
        }
    }
}

/// What a person writes to give a field of rows a value: what their default was made of each time, where there is such a thing.
fn given(field: &str, ty: &ColumnType) -> String {
    let made = match ty {
        ColumnType::DateTime | ColumnType::NaiveDateTime => "now()",
        ColumnType::Date => "today()",
        ColumnType::Uuid => "new_uuid()",
        _ => return format!("{field}=<value>"),
    };
    format!("'{field}={made}'")
}
