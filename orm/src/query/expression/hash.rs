//! Hashes of texts.

use super::{Ex, Expression, call};
use crate::{FieldType, family::IsText, tree::Function};

/// Hashes of texts in UTF-8, as hexadecimal digits: methods of every [`Expression`] whose values are text.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let sums = Tag::objects().filter(|t| t.id.eq(1)).values(|t| (t.slug.md5().left(6), t.slug.sha256().length()));
/// assert_eq!(sums.get(&db).await?, ("c13367".to_owned(), 64));
/// # Ok(()) }
/// ```
pub trait HashExpression: Expression {
    /// The MD5 hash of the text in UTF-8, as 32 hexadecimal digits: for checksums, not for secrets.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let hash = Tag::objects().filter(|t| t.id.eq(1)).values(|t| t.slug.md5());
    /// assert_eq!(hash.get(&db).await?, "c13367945d5d4c91047b3b50234aa7ab");
    /// # Ok(()) }
    /// ```
    fn md5(self) -> Ex<Self::Root, Self::Value>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        call(Function::Md5, self)
    }

    /// The SHA-256 hash of the text in UTF-8, as 64 hexadecimal digits.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let hash = Tag::objects().filter(|t| t.id.eq(1)).values(|t| t.slug.sha256().left(8));
    /// assert_eq!(hash.get(&db).await?, "5694d08a");
    /// # Ok(()) }
    /// ```
    fn sha256(self) -> Ex<Self::Root, Self::Value>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        call(Function::Sha2(256), self)
    }

    /// The SHA-224 hash of the text in UTF-8, as 56 hexadecimal digits.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let hash = Tag::objects().filter(|t| t.slug.eq("code")).values(|t| t.slug.sha224().left(8));
    /// assert_eq!(hash.get(&db).await?, "cdeff3f6");
    /// # Ok(()) }
    /// ```
    fn sha224(self) -> Ex<Self::Root, Self::Value>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        call(Function::Sha2(224), self)
    }

    /// The SHA-384 hash of the text in UTF-8, as 96 hexadecimal digits.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let hash = Tag::objects().filter(|t| t.slug.eq("code")).values(|t| t.slug.sha384().left(8));
    /// assert_eq!(hash.get(&db).await?, "03328eab");
    /// # Ok(()) }
    /// ```
    fn sha384(self) -> Ex<Self::Root, Self::Value>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        call(Function::Sha2(384), self)
    }

    /// The SHA-512 hash of the text in UTF-8, as 128 hexadecimal digits.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let hash = Tag::objects().filter(|t| t.slug.eq("code")).values(|t| t.slug.sha512().left(8));
    /// assert_eq!(hash.get(&db).await?, "b65ea7be");
    /// # Ok(()) }
    /// ```
    fn sha512(self) -> Ex<Self::Root, Self::Value>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        call(Function::Sha2(512), self)
    }

    /// The SHA-1 hash of the text in UTF-8, as 40 hexadecimal digits. PostgreSQL has none of its own: [`Code::Unsupported`](crate::Code::Unsupported).
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let hash = Tag::objects().filter(|t| t.slug.eq("code")).values(|t| t.slug.sha1().left(8));
    /// assert_eq!(hash.get(&db).await?, "e6fb0621");
    /// # Ok(()) }
    /// ```
    fn sha1(self) -> Ex<Self::Root, Self::Value>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        call(Function::Sha1, self)
    }
}

impl<E: Expression> HashExpression for E {}
