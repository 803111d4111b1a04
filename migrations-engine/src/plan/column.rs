//! Changing one column in place: renamed, added, of another type or without NULL.

use super::alter::find;
use super::convert::using;
use super::table::{Column, Table};
use super::{Fill, Planner, Recheck, ddl, recheck};
use crate::error::{Result, fail};
use crate::naming;
use crate::schema::ColumnType;
use crate::sql::AlterStyle;

impl Planner {
    pub(super) fn rename_column(&mut self, raw: &Table, new: &Table, from: &str, to: &str) -> Result<()> {
        let dialect = self.dialect;
        let rename = |from: &str, to: &str| {
            ddl::alter(dialect, &new.name, &format!("RENAME COLUMN {} TO {}", dialect.quote(from), dialect.quote(to)))
        };
        let recheck = recheck::column(dialect, &new.name, to, true);
        // MariaDB cannot rename a column that a check within its own definition names: define it anew.
        let own_check = find(raw, from)
            .filter(|column| column.check.is_some() && dialect.capabilities().alter == AlterStyle::Modify);
        let renamed = |from: &str, to: &str| match own_check {
            Some(column) => {
                let mut plain = Column { name: to.to_owned(), ..column.clone() };
                plain.check = dialect.type_check(&plain.ty, &dialect.quote(to), plain.null);
                let definition = ddl::column(dialect, &plain, false)?;
                Ok(ddl::alter(dialect, &new.name, &format!("CHANGE COLUMN {} {definition}", dialect.quote(from))))
            }
            None => Ok::<_, crate::Error>(rename(from, to)),
        };
        let (sql, reverse) = (renamed(from, to)?, renamed(to, from)?);
        self.push(sql, format!("rename column {from}"), Some(reverse), recheck);
        Ok(())
    }

    pub(super) fn add_column(&mut self, table: &str, column: &Column, fill: Option<&Fill>) -> Result<()> {
        let dialect = self.dialect;
        let can = dialect.capabilities();
        let reverse = Some(ddl::alter(dialect, table, &format!("DROP COLUMN {}", dialect.quote(&column.name))));
        let recheck = recheck::column(dialect, table, &column.name, true);
        let comment = format!("add column {}", column.name);
        let fill = fill.filter(|fill| {
            column.default.as_ref() != Some(&fill.sql) && column.default.as_deref() != Some(&format!("({})", fill.sql))
        });
        let add = |column: &Column| {
            Ok::<_, crate::Error>(ddl::alter(
                dialect,
                table,
                &format!("ADD COLUMN {}", ddl::column(dialect, column, false)?),
            ))
        };
        let Some(fill) = fill else {
            self.push(add(column)?, comment, reverse, recheck);
            return Ok(());
        };
        let long = matches!(column.ty, ColumnType::Text | ColumnType::Json | ColumnType::Binary) && !can.text_default;
        if fill.constant && column.default.is_none() {
            // The default stands only for a moment: existing rows get it without being rewritten.
            let default = if long { format!("({})", fill.sql) } else { fill.sql.clone() };
            self.push(add(&Column { default: Some(default), ..column.clone() })?, comment, reverse, recheck);
            let drop = format!("ALTER COLUMN {} DROP DEFAULT", dialect.quote(&column.name));
            self.push(
                ddl::alter(dialect, table, &drop),
                "the default was for existing rows only",
                Some(String::new()),
                Recheck::Repeat,
            );
            return Ok(());
        }
        self.push(add(&Column { null: true, ..column.clone() })?, comment, reverse, recheck);
        let quoted = dialect.quote(&column.name);
        if !column.null {
            self.forbid_null(table, column);
        }
        let update = format!("UPDATE {} SET {quoted} = {}", dialect.quote(table), fill.sql);
        let nothing = Some(String::new()); // the column goes with it
        self.push(update, format!("fill {} in existing rows", column.name), nothing, Recheck::Repeat);
        self.settle();
        if !column.null {
            self.set_not_null(table, column)?;
        }
        Ok(())
    }

    /// Before rows without a value get one, where new ones may come meanwhile: no more of them.
    fn forbid_null(&mut self, table: &str, column: &Column) {
        if !self.careful {
            return;
        }
        let (dialect, quoted) = (self.dialect, self.dialect.quote(&column.name));
        let name = naming::column_not_null(table, &column.name);
        let present = recheck::constraint(dialect, table, &name, true);
        let name = dialect.quote(&name);
        let add = format!("ADD CONSTRAINT {name} CHECK ({quoted} IS NOT NULL) NOT VALID");
        let drop = ddl::alter(dialect, table, &format!("DROP CONSTRAINT IF EXISTS {name}"));
        self.push(ddl::alter(dialect, table, &add), format!("no new NULL in {}", column.name), Some(drop), present);
    }

    fn set_not_null(&mut self, table: &str, column: &Column) -> Result<()> {
        let define = |null: bool| -> Result<String> {
            let column = Column { null, ..column.clone() };
            let what = match (self.dialect.capabilities().alter, null) {
                (AlterStyle::Modify, _) => format!("MODIFY COLUMN {}", ddl::column(self.dialect, &column, false)?),
                (_, false) => format!("ALTER COLUMN {} SET NOT NULL", self.dialect.quote(&column.name)),
                (_, true) => format!("ALTER COLUMN {} DROP NOT NULL", self.dialect.quote(&column.name)),
            };
            Ok(ddl::alter(self.dialect, table, &what))
        };
        let (sql, reverse) = (define(false)?, define(true)?);
        if self.careful {
            // With a check that was validated before, the database need not look at the rows under its lock.
            let dialect = self.dialect;
            let name = dialect.quote(&naming::column_not_null(table, &column.name));
            let step = |what: &str| ddl::alter(dialect, table, what);
            let drop = step(&format!("DROP CONSTRAINT IF EXISTS {name}"));
            let validate = step(&format!("VALIDATE CONSTRAINT {name}"));
            self.push(validate, "check the rows", Some(String::new()), Recheck::Repeat);
            self.push(sql, format!("{} is never NULL", column.name), Some(reverse), Recheck::Repeat);
            self.push(drop, "the check has done its work", Some(String::new()), Recheck::Repeat);
            return Ok(());
        }
        self.push(sql, format!("{} is never NULL", column.name), Some(reverse), Recheck::Repeat);
        Ok(())
    }

    /// Replaces NULL in existing rows.
    fn fill_nulls(&mut self, table: &str, column: &Column, fill: Option<&Fill>) {
        let Some(fill) = fill else { return };
        let (table, quoted) = (self.dialect.quote(table), self.dialect.quote(&column.name));
        let sql = format!("UPDATE {table} SET {quoted} = {} WHERE {quoted} IS NULL", fill.sql);
        self.push(sql, format!("replace NULL in {}", column.name), None, Recheck::Repeat);
        self.settle();
    }

    pub(super) fn alter_column(&mut self, table: &str, old: &Column, new: &Column, fill: Option<&Fill>) -> Result<()> {
        let dialect = self.dialect;
        let quoted = dialect.quote(&new.name);
        if old.generated.is_some() != new.generated.is_some() {
            fail!(
                M045,
                "{} cannot turn a column into a generated one or back; remove the field and add it",
                dialect.capabilities().name
            );
        }
        if dialect.capabilities().alter == AlterStyle::Modify {
            let native = |column: &Column| column.sql_type == "uuid";
            let plain = if native(old) { new } else { old };
            if native(old) != native(new) && !plain.ty.is_text() {
                return Err(crate::error::error!(
                    M045,
                    "{} cannot convert `{}` from {} to {}",
                    dialect.capabilities().name,
                    new.name,
                    old.ty,
                    new.ty
                )
                .with_hint("add a new field, fill it by a data step, and remove the old one"));
            }
            // A value for NULL is one of the new type.
            let between = old.null && !new.null && old.sql_type != new.sql_type && fill.is_some();
            if old.null && !new.null && !between {
                self.fill_nulls(table, new, fill);
            }
            if new.ty == ColumnType::Bool && old.ty.is_integer() {
                // There, truth is a small number.
                let update = format!("UPDATE {} SET {quoted} = 1 WHERE {quoted} NOT IN (0, 1)", dialect.quote(table));
                self.push(update, format!("what is not 0 in {} is true", new.name), None, Recheck::Repeat);
            }
            let before = Column { name: new.name.clone(), ..old.clone() };
            let nullable = Column { null: true, check: dialect.type_check(&new.ty, &quoted, true), ..new.clone() };
            let mut modify = |from: &Column, to: &Column, comment: String| -> Result<()> {
                let change = |column: &Column| {
                    let sql = format!("MODIFY COLUMN {}", ddl::column(dialect, column, false)?);
                    Ok::<_, crate::Error>(ddl::alter(dialect, table, &sql))
                };
                let (sql, reverse) = (change(to)?, change(from)?);
                self.push(sql, comment, Some(reverse), Recheck::Repeat);
                Ok(())
            };
            if between {
                modify(&before, &nullable, format!("change the type of {}", new.name))?;
                self.fill_nulls(table, new, fill);
                return self.set_not_null(table, new);
            }
            modify(&before, new, format!("change column {}", new.name))?;
            return Ok(());
        }
        let change = |planner: &mut Self, what: String, reverse: Option<String>, comment: &str| {
            let full = |what: &str| ddl::alter(dialect, table, &format!("ALTER COLUMN {quoted} {what}"));
            planner.push(
                full(&what),
                format!("{}: {comment}", new.name),
                reverse.map(|reverse| full(&reverse)),
                Recheck::Repeat,
            );
        };
        let retyped = old.sql_type != new.sql_type || old.collation != new.collation;
        if old.default.is_some() && (old.default != new.default || retyped) {
            change(
                self,
                "DROP DEFAULT".into(),
                old.default.as_ref().map(|default| format!("SET DEFAULT {default}")),
                "drop the default",
            );
        }
        if old.auto && !new.auto {
            change(
                self,
                "DROP IDENTITY IF EXISTS".into(),
                Some("ADD GENERATED BY DEFAULT AS IDENTITY".into()),
                "no longer automatic",
            );
        }
        if retyped {
            let collation = |column: &Column| {
                column.collation.as_ref().map_or_else(String::new, |name| format!(" COLLATE {}", dialect.quote(name)))
            };
            let typed = |from: &Column, to: &Column| {
                format!("TYPE {}{}{}", to.sql_type, collation(to), using(from, to, &quoted))
            };
            change(self, typed(old, new), Some(typed(new, old)), "change the type");
            if old.auto && new.auto {
                // The sequence behind an identity has a type, hence a greatest value, of its own.
                let (table_text, column_text) =
                    (ddl::text(dialect, &dialect.quote(table))?, ddl::text(dialect, &new.name)?);
                let sql = format!(
                    "DO $$ BEGIN EXECUTE format('ALTER SEQUENCE %s AS {}', pg_get_serial_sequence({table_text}, {column_text})); END $$",
                    new.sql_type
                );
                self.push(sql, "the sequence too", None, Recheck::Repeat);
            }
        }
        if !old.auto && new.auto {
            change(self, "ADD GENERATED BY DEFAULT AS IDENTITY".into(), Some("DROP IDENTITY".into()), "automatic");
            let sequence = format!(
                "pg_get_serial_sequence({}, {})",
                ddl::text(dialect, &dialect.quote(table))?,
                ddl::text(dialect, &new.name)?
            );
            let sql =
                format!("SELECT setval({sequence}, GREATEST((SELECT MAX({quoted}) FROM {}), 1))", dialect.quote(table));
            self.push(sql, "go on after the greatest key", None, Recheck::Repeat);
        }
        if old.null && !new.null {
            self.forbid_null(table, new);
            self.fill_nulls(table, new, fill);
            self.set_not_null(table, new)?;
        }
        let change = |planner: &mut Self, what: String, reverse: Option<String>, comment: &str| {
            let full = |what: &str| ddl::alter(dialect, table, &format!("ALTER COLUMN {quoted} {what}"));
            planner.push(
                full(&what),
                format!("{}: {comment}", new.name),
                reverse.map(|reverse| full(&reverse)),
                Recheck::Repeat,
            );
        };
        if !old.null && new.null {
            change(self, "DROP NOT NULL".into(), Some("SET NOT NULL".into()), "allow NULL");
        }
        if let Some(default) = new.default.as_ref().filter(|_| old.default != new.default || retyped) {
            change(self, format!("SET DEFAULT {default}"), Some("DROP DEFAULT".into()), "set the default");
        }
        Ok(())
    }
}
