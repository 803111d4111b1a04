//! Common table expressions: `WITH`, before the statement or where one is read.

use super::{
    Sql,
    expr::bad,
    number::{SOME_DIGITS, scale},
    select::Names,
};
use crate::{
    Dialect, Kind, Result, Statement,
    tree::{Common, CommonRows, Expr, Select, Selected},
};
use std::sync::Arc;

/// A statement before which common tables may stand.
pub(super) fn statement(dialect: Dialect, write: impl Fn(&mut Sql) -> Result<()>) -> Result<Statement> {
    let mut sql = Sql::new(dialect);
    sql.common = Some(Vec::new());
    write(&mut sql)?;
    let found = match sql.common.take() {
        Some(found) if !found.is_empty() => found,
        _ => return Ok(sql.finish()),
    };
    // Placeholders are numbered as they are written: the whole is written once more, now that it is known what comes first.
    let mut sql = Sql::new(dialect);
    sql.common = Some(found.clone());
    sql.push(keyword(found.iter().any(|common| matches!(common.rows, CommonRows::Recursion { .. }))));
    sql.list(found.iter().enumerate(), ", ", |sql, (place, common)| {
        let name = name(place);
        sql.push(&format!("{name} AS ("));
        sql.body(common, &name)?;
        sql.push(")");
        Ok(())
    })?;
    sql.push(" ");
    write(&mut sql)?;
    Ok(sql.finish())
}

fn keyword(recursive: bool) -> &'static str {
    if recursive { "WITH RECURSIVE " } else { "WITH " }
}

/// What the common table at this place is called: like the library's own functions, so that it hides no table.
fn name(place: usize) -> String {
    format!("orm_cte{}", place + 1)
}

impl Sql {
    /// A common table where a table may stand: by its name, or whole.
    pub(super) fn common(&mut self, common: &Arc<Common>) -> Result<()> {
        let Some(known) = &self.common else { return self.common_here(common) };
        if let Some(place) = known.iter().position(|known| Arc::ptr_eq(known, common)) {
            self.push(&name(place));
            return Ok(());
        }
        // It is met for the first time: those that it reads come before it.
        let text = std::mem::take(&mut self.out);
        let (frames, over) = (std::mem::take(&mut self.frames), self.over.take());
        self.body(common, "")?;
        (self.out, self.frames, self.over) = (text, frames, over);
        self.common.get_or_insert_default().push(common.clone());
        Ok(())
    }

    fn common_here(&mut self, common: &Common) -> Result<()> {
        self.push("(");
        if let CommonRows::Query(_) = common.rows {
            self.body(common, "")?;
        } else {
            let name = name(self.recursions.len());
            self.push(&format!("WITH RECURSIVE {name} AS ("));
            self.body(common, &name)?;
            self.push(&format!(") SELECT * FROM {name}"));
        }
        self.push(")");
        Ok(())
    }

    /// What a common table consists of.
    fn body(&mut self, common: &Common, name: &str) -> Result<()> {
        match &common.rows {
            CommonRows::Query(query) => self.select_named(query, Names::Derived),
            CommonRows::Recursion { first, step, all } => {
                self.recursions.push(name.to_owned());
                let (first, step) = self.of_one_type(first, step);
                self.part(&first)?;
                self.push(if *all { " UNION ALL " } else { " UNION " });
                self.select_named(&step, Names::Derived)?;
                self.recursions.pop();
                Ok(())
            }
        }
    }

    /// The rows that the step which is being written goes on from.
    pub(super) fn before(&mut self) -> Result<()> {
        let name = self.recursions.last().cloned();
        self.push(&name.ok_or_else(|| bad("the rows before are read outside of a recursion's step".to_owned()))?);
        Ok(())
    }

    /// Both parts of a recursion with columns of the same types. PostgreSQL asks for that; on MariaDB and MySQL the first rows
    /// decide how long a text can become, and how many digits a number has.
    fn of_one_type(&self, first: &Select, step: &Select) -> (Select, Select) {
        let (mut first, mut step) = (first.clone(), step.clone());
        for (one, other) in first.selection.iter_mut().zip(&mut step.selection) {
            let (Selected::Expr(one), Selected::Expr(other)) = (one, other) else { continue };
            let Some(kind) = self.kind(one) else { continue };
            let scale = [&*one, &*other].into_iter().filter_map(scale).chain([SOME_DIGITS]).max();
            match self.dialect {
                Dialect::Sqlite => {}
                Dialect::Postgres => [one, other].into_iter().for_each(|expr| cast(expr, kind)),
                Dialect::MariaDb | Dialect::MySql => match kind {
                    Kind::Text => {
                        let collation =
                            if self.dialect == Dialect::MySql { "utf8mb4_0900_bin" } else { "utf8mb4_nopad_bin" };
                        wrap(one, "CAST(", format!(" AS CHAR(16000000)) COLLATE {collation}"));
                    }
                    Kind::Decimal => wrap(one, "CAST(", format!(" AS DECIMAL(65, {}))", scale.unwrap_or(SOME_DIGITS))),
                    Kind::Uuid | Kind::Ip | Kind::Json | Kind::Bytes | Kind::Postgres(_) => {}
                    kind => cast(one, kind),
                },
            }
        }
        (first, step)
    }
}

fn cast(expr: &mut Expr, kind: Kind) {
    *expr = Expr::Cast(Box::new(take(expr)), kind);
}

fn wrap(expr: &mut Expr, before: &'static str, after: String) {
    *expr = Expr::Raw { pieces: vec![before.into(), after.into()], parts: vec![take(expr)] };
}

fn take(expr: &mut Expr) -> Expr {
    std::mem::replace(expr, Expr::And(Vec::new()))
}
