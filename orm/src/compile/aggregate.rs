//! Aggregates, in each dialect's words.

use super::{Sql, expr::bad, kind::widened};
use crate::{
    Dialect, Kind, Result, Value,
    tree::{Aggregate, Aggregation, Declared, Expr, Statistic},
};

impl Sql {
    pub(super) fn aggregate(&mut self, of: &Aggregation) -> Result<()> {
        let (rounding, sharing) = (std::mem::take(&mut self.rounding), self.sharing);
        // What is aggregated are the rows; in a window, the groups.
        let keys = match self.over {
            Some(_) => self.group_keys.clone(),
            None => std::mem::take(&mut self.group_keys),
        };
        // What different values are ordered by has to be what they are, to the numbers of its binds.
        self.sharing |= of.distinct && !of.order.is_empty();
        let written = self.aggregate_of(of);
        (self.rounding, self.sharing, self.group_keys) = (rounding, sharing, keys);
        written
    }

    fn aggregate_of(&mut self, of: &Aggregation) -> Result<()> {
        if of.function == Aggregate::Join {
            return self.joined(of);
        }
        if matches!(of.function, Aggregate::Array | Aggregate::JsonArray) {
            return self.listed(of);
        }
        if let Aggregate::Declared(declared) = of.function {
            return self.declared_aggregate(declared, of);
        }
        if !of.order.is_empty() {
            return Err(bad(
                "an order has no meaning in this aggregate: `join`, `array_agg`, `json_agg` and declared ones have one",
            ));
        }
        let kind = of.arguments.first().and_then(|on| self.kind(on));
        let integer = matches!(kind, Some(Kind::I16 | Kind::I32 | Kind::I64));
        let (sqlite, postgres) = (self.dialect == Dialect::Sqlite, self.dialect == Dialect::Postgres);
        // Databases widen sums and means of whole numbers to decimals; the types here do not.
        let name = match of.function {
            Aggregate::Count => "COUNT",
            // A function of our own cannot have a window there: the digits that all values have are rounded to.
            Aggregate::Sum | Aggregate::Avg if sqlite && kind == Some(Kind::Decimal) && self.over.is_some() => {
                let scale = self.scale_in_window(of);
                let (name, round) =
                    if of.function == Aggregate::Sum { ("SUM", "ROUND(") } else { ("AVG", "orm_round(") };
                self.push(round);
                self.over_rows(name, of, "")?;
                self.push(&format!(", {scale})"));
                return Ok(());
            }
            Aggregate::Sum if sqlite && kind == Some(Kind::Decimal) => {
                return self.converted(Kind::Decimal, |sql| sql.over_rows("orm_sum", of, ""));
            }
            Aggregate::Sum if (integer || kind == Some(Kind::Duration)) && self.dialect.is_mysql() => {
                // A cast would give the largest number for a larger one; this refuses it, as the others do.
                self.push("(");
                self.over_rows("SUM", of, "")?;
                self.push(" DIV 1)");
                return Ok(());
            }
            Aggregate::Sum if integer && postgres => {
                return self.converted(Kind::I64, |sql| sql.over_rows("SUM", of, ""));
            }
            Aggregate::Sum => "SUM",
            Aggregate::Avg => match (kind, of.arguments.first()) {
                (Some(Kind::Decimal), Some(on)) => {
                    return self.decimal_mean(on, |sql, name| sql.over_rows(name, of, ""));
                }
                _ if integer && postgres => return self.converted(Kind::F64, |sql| sql.over_rows("AVG", of, "")),
                (Some(Kind::Duration), _) if !postgres => {
                    return self.converted(Kind::I64, |sql| {
                        sql.push("ROUND(");
                        sql.over_rows("AVG", of, "")?;
                        sql.push(")");
                        Ok(())
                    });
                }
                // A mean of integers is a decimal of four digits there.
                _ if integer && self.dialect.is_mysql() => return self.over_rows("AVG", of, " + 0e0"),
                _ => "AVG",
            },
            Aggregate::Min | Aggregate::Max if postgres && kind == Some(Kind::Uuid) => {
                let name = if of.function == Aggregate::Min { "MIN" } else { "MAX" };
                return self.converted(Kind::Uuid, |sql| sql.over_rows(name, of, "::text"));
            }
            Aggregate::Min if postgres && kind == Some(Kind::Bool) => "BOOL_AND",
            Aggregate::Max if postgres && kind == Some(Kind::Bool) => "BOOL_OR",
            Aggregate::AllTrue if postgres => "BOOL_AND",
            Aggregate::AnyTrue if postgres => "BOOL_OR",
            Aggregate::Any if postgres => return self.any_value(of),
            Aggregate::Min | Aggregate::AllTrue | Aggregate::Any => "MIN",
            Aggregate::Max | Aggregate::AnyTrue => "MAX",
            Aggregate::StdDev | Aggregate::StdDevSample | Aggregate::Variance | Aggregate::VarianceSample => {
                return self.spread(of);
            }
            Aggregate::BitAnd | Aggregate::BitOr | Aggregate::BitXor => return self.bits_of(of),
            Aggregate::Statistic(statistic) => return self.statistic(statistic, of),
            Aggregate::Written => return self.written_aggregate(of),
            Aggregate::Join | Aggregate::Array | Aggregate::JsonArray | Aggregate::Declared(_) => "",
        };
        self.over_rows(name, of, "")
    }

    fn converted(&mut self, kind: Kind, write: impl FnOnce(&mut Sql) -> Result<()>) -> Result<()> {
        self.push("CAST(");
        write(self)?;
        self.push(" AS ");
        self.push(&self.type_name(kind));
        self.push(")");
        Ok(())
    }

    /// A statistic of two values.
    fn statistic(&mut self, statistic: Statistic, of: &Aggregation) -> Result<()> {
        if !self.dialect.capabilities().postgres_types {
            return Err(self.unsupported("statistics of two values", "compute them from sums, or in Rust"));
        }
        if of.distinct {
            return Err(bad("a statistic of two values is of all rows that have them"));
        }
        self.push(match statistic {
            Statistic::Corr => "CORR(",
            Statistic::CovarPop => "COVAR_POP(",
            Statistic::CovarSample => "COVAR_SAMP(",
            Statistic::RegrAvgX => "REGR_AVGX(",
            Statistic::RegrAvgY => "REGR_AVGY(",
            Statistic::RegrCount => "REGR_COUNT(",
            Statistic::RegrIntercept => "REGR_INTERCEPT(",
            Statistic::RegrR2 => "REGR_R2(",
            Statistic::RegrSlope => "REGR_SLOPE(",
            Statistic::RegrSxx => "REGR_SXX(",
            Statistic::RegrSxy => "REGR_SXY(",
            Statistic::RegrSyy => "REGR_SYY(",
        });
        self.inside(|sql| {
            sql.list(&of.arguments, ", ", |sql, argument| sql.expr(argument))?;
            sql.push(")");
            sql.filter_after(of.filter.as_ref())
        })?;
        self.over()
    }

    /// An aggregate that a person has declared: its name, and all that can be said of an aggregate.
    fn declared_aggregate(&mut self, declared: &'static Declared, of: &Aggregation) -> Result<()> {
        let name = self.declared_name(declared)?;
        self.push(name);
        self.push(if of.distinct { "(DISTINCT " } else { "(" });
        self.inside(|sql| {
            for (place, on) in of.arguments.iter().enumerate() {
                sql.push(if place > 0 { ", " } else { "" });
                // Rows without a first value are left out.
                sql.filtered(Some(on), of.filter.as_ref().filter(|_| place == 0), "")?;
            }
            if !of.order.is_empty() {
                sql.push(" ORDER BY ");
                sql.list(&of.order, ", ", |sql, order| sql.order_by(order, |sql| sql.operand(&order.expr)))?;
            }
            sql.push(")");
            sql.filter_after(of.filter.as_ref())
        })?;
        self.over()
    }

    /// SQL of a person's own that is an aggregate.
    fn written_aggregate(&mut self, of: &Aggregation) -> Result<()> {
        if of.distinct {
            return Err(bad("what SQL of one's own is over, it says itself: write `DISTINCT` into it"));
        }
        if of.filter.is_some() && !self.dialect.capabilities().aggregate_filter {
            return Err(self.unsupported("filter of an aggregate", "write `CASE WHEN .. THEN .. END` into its SQL"));
        }
        // What follows belongs to a call; without that it may be computed of several.
        let alone = of.filter.is_none() && self.over.is_none();
        self.push(if alone { "(" } else { "" });
        self.inside(|sql| {
            of.arguments.iter().try_for_each(|written| sql.expr(written))?;
            sql.filter_after(of.filter.as_ref())
        })?;
        self.push(if alone { ")" } else { "" });
        self.over()
    }

    /// The bits of whole numbers, combined. MariaDB and MySQL give some of no rows, and unsigned.
    fn bits_of(&mut self, of: &Aggregation) -> Result<()> {
        let name = match of.function {
            Aggregate::BitAnd => "bit_and",
            Aggregate::BitOr => "bit_or",
            _ => "bit_xor",
        };
        match self.dialect {
            Dialect::Sqlite => self.over_rows(&format!("orm_{name}"), of, ""),
            Dialect::Postgres => self.over_rows(&name.to_uppercase(), of, ""),
            Dialect::MariaDb | Dialect::MySql if of.distinct => {
                Err(self.unsupported("bits of different values", "leave `distinct` out"))
            }
            Dialect::MariaDb | Dialect::MySql => {
                self.push("CASE WHEN ");
                self.over_rows("COUNT", of, "")?;
                self.push(" > 0 THEN CAST(");
                self.over_rows(&name.to_uppercase(), of, "")?;
                self.push(" AS SIGNED) END");
                Ok(())
            }
        }
    }

    /// The standard deviation or the variance, as a float.
    fn spread(&mut self, of: &Aggregation) -> Result<()> {
        let name = match of.function {
            Aggregate::StdDev => ["orm_std_dev", "STDDEV_POP"],
            Aggregate::StdDevSample => ["orm_std_dev_sample", "STDDEV_SAMP"],
            Aggregate::Variance => ["orm_variance", "VAR_POP"],
            _ => ["orm_variance_sample", "VAR_SAMP"],
        };
        match self.dialect {
            Dialect::Sqlite => self.over_rows(name[0], of, ""),
            Dialect::Postgres => self.converted(Kind::F64, |sql| sql.over_rows(name[1], of, "")),
            Dialect::MariaDb | Dialect::MySql if of.distinct => {
                Err(self.unsupported("deviation or variance of different values", "leave `distinct` out"))
            }
            Dialect::MariaDb | Dialect::MySql => self.over_rows(name[1], of, ""),
        }
    }

    /// PostgreSQL has `ANY_VALUE` from version 16 on.
    fn any_value(&mut self, of: &Aggregation) -> Result<()> {
        let mut of = of.clone();
        if let Some(on) = of.arguments.first() {
            let known = Expr::Not(Box::new(Expr::IsNull(Box::new(on.clone()))));
            of.filter = Some(match of.filter.take() {
                Some(filter) => filter.and(known),
                None => known,
            });
        }
        self.push("(");
        self.over_rows("ARRAY_AGG", &of, "")?;
        self.push(")[1]");
        Ok(())
    }

    /// Texts with a separator between them.
    fn joined(&mut self, of: &Aggregation) -> Result<()> {
        let [on, Expr::Value(Value::Text(separator))] = of.arguments.as_slice() else {
            return Err(bad("texts are joined by a separator that is a text".to_owned()));
        };
        if of.distinct && of.order.iter().any(|order| order.expr != *on) {
            return Err(bad("different texts that are joined can be ordered by themselves only".to_owned()));
        }
        self.push(match self.dialect {
            // An aggregate of different values takes one argument there.
            Dialect::Sqlite => "orm_join(json_group_array(",
            Dialect::Postgres => "STRING_AGG(",
            Dialect::MariaDb | Dialect::MySql => "GROUP_CONCAT(",
        });
        self.push(if of.distinct { "DISTINCT " } else { "" });
        self.inside(|sql| sql.filtered(Some(on), of.filter.as_ref(), ""))?;
        if self.dialect == Dialect::Postgres {
            self.push(", ");
            self.bind(Value::Text(separator.clone()));
        }
        if !of.order.is_empty() {
            self.push(" ORDER BY ");
            self.list(&of.order, ", ", |sql, order| sql.order_by(order, |sql| sql.operand(&order.expr)))?;
        }
        if self.dialect.is_mysql() {
            // No bind can stand here, but digits can, which cannot end the text.
            let digits: String = separator.bytes().map(|byte| format!("{byte:02x}")).collect();
            self.push(&if digits.is_empty() { " SEPARATOR ''".to_owned() } else { format!(" SEPARATOR 0x{digits}") });
        }
        self.push(")");
        self.inside(|sql| sql.filter_after(of.filter.as_ref()))?;
        self.over()?;
        if self.dialect == Dialect::Sqlite {
            self.push(", ");
            self.bind(Value::Text(separator.clone()));
            self.push(")");
        }
        Ok(())
    }

    /// All values, as an array or as a JSON list.
    fn listed(&mut self, of: &Aggregation) -> Result<()> {
        if !self.dialect.capabilities().postgres_types {
            return Err(self.unsupported("array of an aggregate's values", "texts are joined by `join` everywhere"));
        }
        let on = of.arguments.first();
        if of.distinct && of.order.iter().any(|order| Some(&order.expr) != on) {
            return Err(bad("different values can be ordered by themselves only"));
        }
        self.push(if of.function == Aggregate::Array { "ARRAY_AGG(" } else { "JSONB_AGG(" });
        self.push(if of.distinct { "DISTINCT " } else { "" });
        self.inside(|sql| sql.filtered(on, of.filter.as_ref(), ""))?;
        if !of.order.is_empty() {
            self.push(" ORDER BY ");
            self.list(&of.order, ", ", |sql, order| sql.order_by(order, |sql| sql.operand(&order.expr)))?;
        }
        self.push(")");
        self.inside(|sql| sql.filter_after(of.filter.as_ref()))?;
        self.over()
    }

    /// An exact sum as the text that it is.
    pub(super) fn exact_sum(&mut self, expr: &Expr) -> Result<()> {
        match expr {
            Expr::Aggregate(of) => self.over_rows("orm_sum", of, ""),
            _ => self.expr(expr),
        }
    }

    /// Whether SQLite sums it exactly, as text.
    pub(super) fn is_exact_sum(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Aggregate(of) if of.function == Aggregate::Sum && self.dialect == Dialect::Sqlite => {
                of.arguments.first().and_then(|on| self.kind(on)).map(widened) == Some(Kind::Decimal)
            }
            _ => false,
        }
    }

    fn over_rows(&mut self, name: &str, of: &Aggregation, after: &str) -> Result<()> {
        self.push(name);
        self.push(if of.distinct { "(DISTINCT " } else { "(" });
        self.inside(|sql| {
            sql.filtered(of.arguments.first(), of.filter.as_ref(), after)?;
            sql.push(")");
            sql.filter_after(of.filter.as_ref())
        })?;
        self.over()
    }

    /// What an aggregate is over; where it cannot be narrowed, nothing for the rows that are left out.
    fn filtered(&mut self, on: Option<&Expr>, filter: Option<&Expr>, after: &str) -> Result<()> {
        let inside = filter.filter(|_| !self.dialect.capabilities().aggregate_filter);
        if let Some(condition) = inside {
            self.around("CASE WHEN ", condition, " THEN ")?;
        }
        match on {
            Some(on) if after.is_empty() => self.expr(on)?,
            Some(on) => self.side(on)?,
            None if inside.is_some() => self.push("1"),
            None => self.push("*"),
        }
        self.push(after);
        self.push(if inside.is_some() { " END" } else { "" });
        Ok(())
    }

    fn filter_after(&mut self, filter: Option<&Expr>) -> Result<()> {
        match filter.filter(|_| self.dialect.capabilities().aggregate_filter) {
            Some(condition) => self.around(" FILTER (WHERE ", condition, ")"),
            None => Ok(()),
        }
    }
}
