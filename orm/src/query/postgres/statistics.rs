//! Statistics of two values of each row.

use crate::{
    Agg, Expression, FieldType,
    family::IsNumber,
    tree::{Aggregate, Aggregation, Statistic},
};

macro_rules! statistics {
    ($($(#[doc = $doc:literal])+ $name:ident $function:ident -> $type:ty;)+) => {
        /// Statistics of this value and another one, `x`, of many rows: aggregates of every [`Expression`] whose values are numbers.
        /// Rows in which one of them is NULL take no part. PostgreSQL only.
        ///
        /// ```
        /// # use library::*;
        /// let line = Book::objects().aggregate(|b| (b.price.regr_slope(b.views), b.price.regr_intercept(b.views), b.price.regr_r2(b.views)));
        /// assert!(line.to_sql(Dialect::Postgres)?.contains(r#"REGR_SLOPE("price", "views")"#));
        /// assert_eq!(line.to_sql(Dialect::MariaDb).unwrap_err().code(), orm::Code::Unsupported);
        /// # Ok::<(), orm::Error>(())
        /// ```
        pub trait StatisticsExpression: Expression {
            $(
                $(#[doc = $doc])+
                ///
                /// ```
                /// # use library::*;
                #[doc = concat!("let query = Book::objects().aggregate(|b| b.price.", stringify!($name), "(b.views).filter(b.active));")]
                /// assert!(query.to_sql(Dialect::Postgres)?.contains(r#"("price", "views") FILTER (WHERE "#));
                /// # Ok::<(), orm::Error>(())
                /// ```
                fn $name<X: Expression<Root = Self::Root>>(self, x: X) -> Agg<Self::Root, $type>
                where
                    <Self::Value as FieldType>::Family: IsNumber,
                    <X::Value as FieldType>::Family: IsNumber,
                {
                    Agg::new(Aggregation::of(Aggregate::Statistic(Statistic::$function), [self.into_expr(), x.into_expr()]))
                }
            )+
        }
    };
}

statistics! {
    /// How far both rise and fall together, from -1 to 1.
    corr Corr -> Option<f64>;
    /// The covariance of all values.
    covar_pop CovarPop -> Option<f64>;
    /// The covariance of what the values are a sample of.
    covar_sample CovarSample -> Option<f64>;
    /// The mean of `x`.
    regr_avg_x RegrAvgX -> Option<f64>;
    /// The mean of this value.
    regr_avg_y RegrAvgY -> Option<f64>;
    /// How many rows have both.
    regr_count RegrCount -> i64;
    /// Where the line that fits best begins, for an `x` of 0.
    regr_intercept RegrIntercept -> Option<f64>;
    /// How well that line fits: the square of the correlation.
    regr_r2 RegrR2 -> Option<f64>;
    /// How steep that line is.
    regr_slope RegrSlope -> Option<f64>;
    /// The sum of the squares of `x`, less its mean.
    regr_sxx RegrSxx -> Option<f64>;
    /// The sum of the products of both, less their means.
    regr_sxy RegrSxy -> Option<f64>;
    /// The sum of the squares of this value, less its mean.
    regr_syy RegrSyy -> Option<f64>;
}

impl<E: Expression> StatisticsExpression for E {}
