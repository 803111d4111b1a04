//! How many characters, and from which on: numbers and expressions.

use super::Expression;
use crate::{
    FieldType, Kind, NotNull, Nullable, Value,
    family::Integer,
    tree::{Expr, Function},
};

/// A number of characters, or the place of one: a number, or an expression of whole numbers. It can be NULL where the text can, which
/// `N` says.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// // Without the last letter, and marked by as many stars as there are letters.
/// let names = Tag::objects().filter(|t| t.id.eq(1)).values(|t| (t.slug.left(t.slug.length() - 1), t.slug.left(1).repeat(3)));
/// assert_eq!(names.get(&db).await?, ("cod".to_owned(), "ccc".to_owned()));
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number of characters",
    label = "expected a whole number, or an expression of whole numbers"
)]
pub trait Characters<R, N> {
    /// The untyped expression: of values below the least one, the least one.
    #[doc(hidden)]
    fn at_least(self, least: i32) -> Expr;
}

macro_rules! plain {
    ($($number:ty)+) => {$(
        impl<R, N> Characters<R, N> for $number {
            fn at_least(self, least: i32) -> Expr {
                let number = i32::try_from(self).ok().filter(|number| *number >= least);
                match number {
                    Some(number) => Expr::Value(Value::I32(number)),
                    None if self as i128 > i128::from(i32::MAX) => Expr::Value(Value::I32(i32::MAX)),
                    None if least == 1 => Expr::invalid("the first character of a text has the number 1"),
                    None => Expr::invalid("a number of characters is never less than 0"),
                }
            }
        }
    )+};
}

plain! { i32 i64 u32 u64 usize }

/// Of two values, that the one is never NULL where the other is not.
///
/// ```
/// fn fits<One: orm::NullOnlyAs<Other>, Other>() {}
/// fits::<orm::NotNull, orm::Nullable>();
/// ```
#[diagnostic::on_unimplemented(
    message = "this number can be NULL, and the text cannot",
    label = "may be NULL",
    note = "say what holds then, `.or(0)`, or let the text be NULL as well: `b.title.nullable().left(..)`"
)]
pub trait NullOnlyAs<N> {}
impl<N> NullOnlyAs<N> for NotNull {}
impl NullOnlyAs<Nullable> for Nullable {}

impl<R, N, E> Characters<R, N> for E
where
    E: Expression<Root: crate::InScope<R>, Value: FieldType<Family = Integer, Nullness: NullOnlyAs<N>>>,
{
    fn at_least(self, least: i32) -> Expr {
        let number = crate::field::expr_in::<R, _>(self);
        let small = match <E::Value as FieldType>::KIND {
            Kind::I64 => Expr::Cast(Box::new(number), Kind::I32),
            _ => number,
        };
        Expr::Call(Function::Greatest, vec![small, Expr::Value(Value::I32(least))])
    }
}
