//! Functions on numbers.

use super::{Alike, Ex, Expression, Operand, Plain, call, with};
use crate::{
    FieldType, Null, Value,
    family::{Divides, Integer, IsNumber},
    tree::{Expr, Function},
};

/// Functions on numbers: methods of every [`Expression`] whose values are numbers.
///
/// Those that are not defined for every number give NULL where they are not, on every database.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// assert_eq!(Book::objects().filter(|b| (b.views - 20).abs().eq(10)).count(&db).await?, 2);
/// let roots = Book::objects().filter(|b| b.id.eq(4)).values(|b| (b.id.sqrt(), (b.id * -1).sqrt()));
/// assert_eq!(roots.get(&db).await?, (Some(2.0), None));
/// # Ok(()) }
/// ```
pub trait NumberExpression: Expression {
    /// The number without its sign.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let found = Book::objects().filter(|b| b.id.eq(1)).values(|b| (b.views - 25).abs());
    /// assert_eq!(found.get(&db).await?, 15);
    /// # Ok(()) }
    /// ```
    fn abs(self) -> Ex<Self::Root, Self::Value>
    where
        <Self::Value as FieldType>::Family: IsNumber,
    {
        call(Function::Abs, self)
    }

    /// 1 for a number above 0, -1 for one below, else 0.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let found = Book::objects().filter(|b| b.id.eq(1)).values(|b| (b.views - 25).sign());
    /// assert_eq!(found.get(&db).await?, -1);
    /// # Ok(()) }
    /// ```
    fn sign(self) -> Ex<Self::Root, Alike<Self, i32>>
    where
        <Self::Value as FieldType>::Family: Divides,
    {
        call(Function::Sign, self)
    }

    /// The next whole number upwards.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let found = Book::objects().filter(|b| b.id.eq(1)).values(|b| b.price.ceil());
    /// assert_eq!(found.get(&db).await?, Decimal::from(13));
    /// # Ok(()) }
    /// ```
    fn ceil(self) -> Ex<Self::Root, Self::Value>
    where
        <Self::Value as FieldType>::Family: Divides,
    {
        call(Function::Ceil, self)
    }

    /// The next whole number downwards.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let found = Book::objects().filter(|b| b.id.eq(1)).values(|b| b.price.floor());
    /// assert_eq!(found.get(&db).await?, Decimal::from(12));
    /// # Ok(()) }
    /// ```
    fn floor(self) -> Ex<Self::Root, Self::Value>
    where
        <Self::Value as FieldType>::Family: Divides,
    {
        call(Function::Floor, self)
    }

    /// Rounded to so many digits after the point, or to tens and hundreds by `-1` and `-2`; a half goes away from 0.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let found = Book::objects().filter(|b| b.id.eq(1)).values(|b| ((b.price / 4).round(2), (b.price * 10).round(-1)));
    /// assert_eq!(found.get(&db).await?, (Decimal::new(313, 2), Decimal::from(130)));
    /// # Ok(()) }
    /// ```
    fn round(self, digits: i32) -> Ex<Self::Root, Self::Value>
    where
        <Self::Value as FieldType>::Family: Divides,
    {
        with(Function::Round, self, [Expr::Value(Value::I32(digits.clamp(-18, 28)))])
    }

    /// The square root; NULL below 0.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let found = Book::objects().filter(|b| b.id.eq(1)).values(|b| (b.views * b.views).sqrt());
    /// assert_eq!(found.get(&db).await?, Some(10.0));
    /// # Ok(()) }
    /// ```
    fn sqrt(self) -> Ex<Self::Root, Option<f64>>
    where
        <Self::Value as FieldType>::Family: Divides,
    {
        call(Function::Sqrt, self)
    }

    /// e to the power of the number.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let found = Book::objects().filter(|b| b.id.eq(1)).values(|b| (b.views - b.views).exp());
    /// assert_eq!(found.get(&db).await?, 1.0);
    /// # Ok(()) }
    /// ```
    fn exp(self) -> Ex<Self::Root, Alike<Self, f64>>
    where
        <Self::Value as FieldType>::Family: Divides,
    {
        call(Function::Exp, self)
    }

    /// The natural logarithm; NULL unless the number is above 0.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let found = Book::objects().filter(|b| b.id.eq(1)).values(|b| (b.id.ln(), (b.id - 1).ln()));
    /// assert_eq!(found.get(&db).await?, (Some(0.0), None));
    /// # Ok(()) }
    /// ```
    fn ln(self) -> Ex<Self::Root, Option<f64>>
    where
        <Self::Value as FieldType>::Family: Divides,
    {
        call(Function::Ln, self)
    }

    /// The sine of an angle in radians.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let found = Book::objects().filter(|b| b.id.eq(1)).values(|b| (b.id - 1).sin());
    /// assert_eq!(found.get(&db).await?, 0.0);
    /// # Ok(()) }
    /// ```
    fn sin(self) -> Ex<Self::Root, Alike<Self, f64>>
    where
        <Self::Value as FieldType>::Family: Divides,
    {
        call(Function::Sin, self)
    }

    /// The cosine of an angle in radians.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let found = Book::objects().filter(|b| b.id.eq(1)).values(|b| (b.id - 1).cos());
    /// assert_eq!(found.get(&db).await?, 1.0);
    /// # Ok(()) }
    /// ```
    fn cos(self) -> Ex<Self::Root, Alike<Self, f64>>
    where
        <Self::Value as FieldType>::Family: Divides,
    {
        call(Function::Cos, self)
    }

    /// The tangent of an angle in radians.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let found = Book::objects().filter(|b| b.id.eq(1)).values(|b| (b.id - 1).tan());
    /// assert_eq!(found.get(&db).await?, 0.0);
    /// # Ok(()) }
    /// ```
    fn tan(self) -> Ex<Self::Root, Alike<Self, f64>>
    where
        <Self::Value as FieldType>::Family: Divides,
    {
        call(Function::Tan, self)
    }

    /// The angle in radians whose sine is the number; NULL outside -1 to 1.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let found = Book::objects().filter(|b| b.id.eq(1)).values(|b| ((b.id - 1).asin(), (b.id + 1).asin()));
    /// assert_eq!(found.get(&db).await?, (Some(0.0), None));
    /// # Ok(()) }
    /// ```
    fn asin(self) -> Ex<Self::Root, Option<f64>>
    where
        <Self::Value as FieldType>::Family: Divides,
    {
        call(Function::Asin, self)
    }

    /// The angle in radians whose cosine is the number; NULL outside -1 to 1.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let found = Book::objects().filter(|b| b.id.eq(1)).values(|b| (b.id.acos(), (b.id + 1).acos()));
    /// assert_eq!(found.get(&db).await?, (Some(0.0), None));
    /// # Ok(()) }
    /// ```
    fn acos(self) -> Ex<Self::Root, Option<f64>>
    where
        <Self::Value as FieldType>::Family: Divides,
    {
        call(Function::Acos, self)
    }

    /// The angle in radians whose tangent is the number.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let found = Book::objects().filter(|b| b.id.eq(1)).values(|b| (b.id - 1).atan());
    /// assert_eq!(found.get(&db).await?, 0.0);
    /// # Ok(()) }
    /// ```
    fn atan(self) -> Ex<Self::Root, Alike<Self, f64>>
    where
        <Self::Value as FieldType>::Family: Divides,
    {
        call(Function::Atan, self)
    }

    /// An angle in radians, in degrees.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let found = Book::objects().filter(|b| b.id.eq(1)).values(|b| (b.id - 1).degrees());
    /// assert_eq!(found.get(&db).await?, 0.0);
    /// # Ok(()) }
    /// ```
    fn degrees(self) -> Ex<Self::Root, Alike<Self, f64>>
    where
        <Self::Value as FieldType>::Family: Divides,
    {
        call(Function::Degrees, self)
    }

    /// An angle in degrees, in radians.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let found = Book::objects().filter(|b| b.id.eq(1)).values(|b| (b.id - 1).radians());
    /// assert_eq!(found.get(&db).await?, 0.0);
    /// # Ok(()) }
    /// ```
    fn radians(self) -> Ex<Self::Root, Alike<Self, f64>>
    where
        <Self::Value as FieldType>::Family: Divides,
    {
        call(Function::Radians, self)
    }

    /// The logarithm to a base; NULL unless both are above 0, and where the base is 1.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let found = Book::objects().filter(|b| b.id.eq(1)).values(|b| ((b.id + 7).log(2).round(9), (b.id - 1).log(2), b.views.log(b.views)));
    /// assert_eq!(found.get(&db).await?, (Some(3.0), None, Some(1.0))); // the base can be an expression
    /// # Ok(()) }
    /// ```
    fn log<B: Exponent<Self::Root>>(self, base: B) -> Ex<Self::Root, Option<f64>>
    where
        <Self::Value as FieldType>::Family: Divides,
    {
        match base.into_exponent() {
            Expr::Value(Value::F64(base)) if base <= 0.0 || base == 1.0 => {
                Ex::new(Expr::invalid(format!("there is no logarithm to the base {base}")))
            }
            base => with(Function::Log, self, [base]),
        }
    }

    /// The number to the power of another one; NULL where there is none, as for a root of a negative number.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let found = Book::objects().filter(|b| b.id.eq(1)).values(|b| (b.views.power(2), (b.views - 20).power(0.5)));
    /// assert_eq!(found.get(&db).await?, (Some(100.0), None));
    /// # Ok(()) }
    /// ```
    fn power<P: Exponent<Self::Root>>(self, exponent: P) -> Ex<Self::Root, Option<f64>>
    where
        <Self::Value as FieldType>::Family: Divides,
    {
        with(Function::Power, self, [exponent.into_exponent()])
    }

    /// The bits that both numbers have.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let found = Book::objects().filter(|b| b.id.eq(1)).values(|b| (b.views.bit_and(6), b.views.bit_or(6), b.views.bit_xor(6)));
    /// assert_eq!(found.get(&db).await?, (2, 14, 12));
    /// # Ok(()) }
    /// ```
    fn bit_and<O: Operand<Self::Root, Plain<Self>>>(self, other: O) -> Ex<Self::Root, Both<Self, O>>
    where
        Self::Value: FieldType<Family = Integer>,
    {
        with(Function::BitAnd, self, [other.into_operand()])
    }

    /// The bits that either number has.
    ///
    /// ```
    /// # use library::*;
    /// let flagged = Book::objects().filter(|b| b.views.bit_or(1).eq(b.views));
    /// assert!(flagged.to_sql(Dialect::Sqlite)?.contains(r#"("views" | ?) = "views""#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn bit_or<O: Operand<Self::Root, Plain<Self>>>(self, other: O) -> Ex<Self::Root, Both<Self, O>>
    where
        Self::Value: FieldType<Family = Integer>,
    {
        with(Function::BitOr, self, [other.into_operand()])
    }

    /// The bits that one of the numbers has and the other has not.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().filter(|b| b.views.bit_xor(b.views).eq(0)).count(&db).await?, 4);
    /// # Ok(()) }
    /// ```
    fn bit_xor<O: Operand<Self::Root, Plain<Self>>>(self, other: O) -> Ex<Self::Root, Both<Self, O>>
    where
        Self::Value: FieldType<Family = Integer>,
    {
        with(Function::BitXor, self, [other.into_operand()])
    }

    /// The bits so many places up: multiplied by 2, so often.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let moved = Book::objects().filter(|b| b.id.eq(1)).values(|b| (b.views.shift_left(2), b.views.shift_right(1)));
    /// assert_eq!(moved.get(&db).await?, (40, 5));
    /// # Ok(()) }
    /// ```
    fn shift_left(self, places: u8) -> Ex<Self::Root, Self::Value>
    where
        Self::Value: FieldType<Family = Integer>,
    {
        with(Function::ShiftLeft, self, [Expr::Value(Value::I32(places.into()))])
    }

    /// The bits so many places down: divided by 2, so often, and rounded down.
    ///
    /// ```
    /// # use library::*;
    /// let query = Book::objects().values(|b| b.views.shift_right(4));
    /// assert!(query.to_sql(Dialect::Postgres)?.contains(r#"("views" >> $1)"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn shift_right(self, places: u8) -> Ex<Self::Root, Self::Value>
    where
        Self::Value: FieldType<Family = Integer>,
    {
        with(Function::ShiftRight, self, [Expr::Value(Value::I32(places.into()))])
    }

    /// The cotangent of an angle in radians; NULL where there is none.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let found = Book::objects().filter(|b| b.id.eq(1)).values(|b| (b.id.cot(), (b.id - 1).cot()));
    /// let (some, none) = found.get(&db).await?;
    /// assert_eq!((some.map(|it| (it * 1e6).round()), none), (Some(642_093.0), None));
    /// # Ok(()) }
    /// ```
    fn cot(self) -> Ex<Self::Root, Option<f64>>
    where
        <Self::Value as FieldType>::Family: Divides,
    {
        call(Function::Cot, self)
    }

    /// The angle, in radians, of the point that lies so far up, and so far along as the other number says.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let found = Book::objects().filter(|b| b.id.eq(1)).values(|b| b.views.atan2(b.views).degrees());
    /// assert_eq!(found.get(&db).await?.map(f64::round), Some(45.0));
    /// # Ok(()) }
    /// ```
    fn atan2<P: Exponent<Self::Root>>(self, along: P) -> Ex<Self::Root, Option<f64>>
    where
        <Self::Value as FieldType>::Family: Divides,
    {
        with(Function::Atan2, self, [along.into_exponent()])
    }

    /// The letter whose code point this is; `\u{fffd}` where it is that of none.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let letters = Book::objects().filter(|b| b.id.eq(1)).values(|b| (b.id + 232).chr());
    /// assert_eq!(letters.get(&db).await?, "é");
    /// # Ok(()) }
    /// ```
    fn chr(self) -> Ex<Self::Root, Alike<Self, String>>
    where
        Self::Value: FieldType<Family = Integer>,
    {
        call(Function::Chr, self)
    }
}

impl<E: Expression> NumberExpression for E {}

/// The type of what is made of two expressions of one type.
pub type Both<E, O> = <<<<E as Expression>::Value as FieldType>::Nullness as Null>::Or<
    <O as Operand<<E as Expression>::Root, Plain<E>>>::Null,
> as Null>::Wrap<Plain<E>>;

/// What a number can be raised to, and what stands at the base of a logarithm: a number, or an expression.
///
/// ```
/// # use library::*;
/// let query = Book::objects().filter(|b| b.views.power(2).gt(99.0) & b.views.power(b.id).gt(1.0));
/// assert!(query.to_sql(Dialect::Postgres).is_ok());
/// # Ok::<(), orm::Error>(())
/// ```
#[diagnostic::on_unimplemented(message = "`{Self}` is not an exponent", label = "expected a number, or an expression")]
pub trait Exponent<R> {
    /// The untyped expression.
    #[doc(hidden)]
    fn into_exponent(self) -> Expr;
}

impl<R> Exponent<R> for i32 {
    fn into_exponent(self) -> Expr {
        Expr::Value(Value::F64(self.into()))
    }
}

impl<R> Exponent<R> for f64 {
    fn into_exponent(self) -> Expr {
        Expr::Value(Value::F64(self))
    }
}

impl<R, E: Expression<Root: crate::InScope<R>>> Exponent<R> for E
where
    <E::Value as FieldType>::Family: Divides,
{
    fn into_exponent(self) -> Expr {
        crate::field::expr_in::<R, _>(self)
    }
}
