//! What makes several rows of one: the elements of arrays and documents, and functions that give rows. It stands behind the tables
//! of the query, and what is selected is its value.

use super::{Sql, expr::bad};
use crate::{
    Dialect, Error, Result,
    tree::{Expr, Function, Select, Selected},
};

/// What the rows are called that are made of one.
const NAME: &str = "orm_elements";

/// What makes several rows of one in a query; refused where there can be none.
pub(super) fn row_maker(select: &Select) -> Result<Option<Expr>> {
    let mut makers: Vec<Expr> = Vec::new();
    let mut aggregated = false;
    for selected in &select.selection {
        let Selected::Expr(expr) = selected else { continue };
        let found = expr.row_makers();
        if found.is_empty() {
            continue;
        }
        aggregated |= expr.is_aggregate();
        for maker in found {
            if !makers.contains(&maker) {
                makers.push(maker);
            }
        }
    }
    match makers.len() {
        0 => Ok(None),
        _ if select.for_update => Err(bad("elements, and the rows that a function gives, are none that could be locked")),
        _ if aggregated => Err(bad("elements are aggregated before they are rows").with_hint(
            "select them, and make a table of that: `.values(|f| f.features.elements())`, then `aggregate`, `filter` or `as_cte()`",
        )),
        1 => Ok(makers.pop()),
        _ => Err(bad("the elements of two lists side by side belong to no row together")
            .with_hint("select those of one, and go on from there")),
    }
}

/// The refusal of elements where they are not rows of the query.
pub(super) fn not_rows() -> Error {
    bad("elements are used where they are no rows yet")
        .with_hint("select them first: `.values(|f| (f.id, f.features.elements())).filter(|(_, feature)| ..)`")
}

impl Sql {
    /// Writes what makes several rows of one, behind the tables whose columns it takes.
    pub(super) fn made_rows(&mut self) -> Result<()> {
        let Some(Expr::Call(function, arguments)) = self.row_maker.take() else { return Ok(()) };
        self.push(" CROSS JOIN ");
        let after = match (function, self.dialect) {
            (Function::JsonElements, Dialect::Sqlite) => {
                self.of_list("json_each(", "json_type(", "array", &arguments)?;
                ")"
            }
            (Function::JsonElements, Dialect::Postgres) => {
                self.of_list("jsonb_array_elements(", "jsonb_typeof(", "array", &arguments)?;
                ")"
            }
            (Function::JsonElements, Dialect::MariaDb | Dialect::MySql) => {
                self.of_list("JSON_TABLE(", "JSON_TYPE(", "ARRAY", &arguments)?;
                ", '$[*]' COLUMNS (value JSON PATH '$'))"
            }
            (Function::Postgres(function), _) => {
                self.has_function(function)?;
                self.named("UNNEST", &arguments)?;
                ""
            }
            (Function::Declared(_), Dialect::MariaDb | Dialect::MySql) => {
                return Err(self.unsupported("function that gives rows", "make them of a JSON list: `.elements()`"));
            }
            (Function::Declared(declared), _) => {
                self.named(self.declared_name(declared)?, &arguments)?;
                ""
            }
            _ => return Err(not_rows()),
        };
        self.push(after);
        self.push(" AS ");
        self.push(NAME);
        // There, a function's one column has its name, unless it is given another.
        self.push(if self.dialect == Dialect::Postgres { "(value)" } else { "" });
        self.row_maker = Some(Expr::Call(function, arguments));
        Ok(())
    }

    /// A function of a document that is a list, and of none where it is not.
    fn of_list(&mut self, before: &str, type_of: &str, list: &str, arguments: &[Expr]) -> Result<()> {
        for document in arguments {
            self.push(before);
            self.around(&format!("CASE WHEN {type_of}"), document, &format!(") = '{list}' THEN "))?;
            self.around("", document, " END")?;
        }
        Ok(())
    }

    /// One of the values that [`Sql::made_rows`] made rows of.
    pub(super) fn made_value(&mut self, function: Function) -> Result<()> {
        // A value there is what it is to SQL: text without quotes, 1 for true.
        let json = function == Function::JsonElements && self.dialect == Dialect::Sqlite;
        self.push(&match json {
            true => format!("({NAME}.json -> {NAME}.fullkey)"),
            false => format!("{NAME}.value"),
        });
        Ok(())
    }
}
