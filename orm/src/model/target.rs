//! What a foreign key names rows by: the key of their model, or one of its unique fields.

use super::{Key, KeyField, KeyShape, Model, Reader, Writer};
use crate::{Executor, Kind, Result, write};

/// What a foreign key leads to, and what it holds of it: a model, by its primary key, or the rows of a model by a unique field of
/// it, `CountryByCode`.
///
/// `#[derive(Model)]` writes such a type for each unique field. A foreign key holds what the field has, and leads to the row:
///
/// ```
/// mod atlas {
///     use orm::prelude::*;
///     orm::app! { pub atlas { Country, City } }
///
///     #[derive(Model, Debug, Clone)]
///     pub struct Country {
///         pub id: i64,
///         #[field(unique, max_length = 2)]
///         pub code: String, // and with it `CountryByCode`
///         pub name: String,
///         pub cities: HasMany<City>,
///     }
///
///     #[derive(Model, Debug, Clone)]
///     pub struct City {
///         pub id: i64,
///         pub name: String,
///         pub country: ForeignKey<CountryByCode>, // a column `country_id` with the code
///     }
/// }
/// # use orm::prelude::*;
/// use atlas::{City, Country};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = Database::connect("sqlite::memory:").await?;
/// # orm::migrate::create_tables(&db, &[atlas::atlas()]).await?;
/// let uk = Country::draft().code("UK").name("United Kingdom").create(&db).await?;
/// City::draft().name("London").country(&uk).create(&db).await?;
/// let leeds = City::draft().name("Leeds").country("UK").create(&db).await?;
/// assert_eq!(leeds.country.key(), "UK");
/// assert_eq!(leeds.country.fetch(&db).await?.name, "United Kingdom");
///
/// let british = City::objects().filter(|c| c.country.eq("UK") & c.country.code.eq("UK"));
/// assert!(!british.to_sql(orm::Dialect::Sqlite)?.contains("JOIN")); // the code is there already
/// assert_eq!(british.count(&db).await?, 2);
/// let full = Country::objects().filter(|c| c.cities.count().eq(2));
/// assert_eq!(full.get(&db).await?.id, uk.id);
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a model",
    label = "this type has no table",
    note = "a foreign key leads to a model, or to one of its unique fields: `ForeignKey<Country>`, `ForeignKey<CountryByCode>`"
)]
pub trait Target: 'static {
    /// The model of the row.
    type Model: Model;
    /// What is held.
    type Key: Key;

    /// What it looks like.
    #[doc(hidden)]
    const SHAPE: KeyShape;

    /// What is held where the foreign key leads to this row.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let ada = Author::get(1, &db).await?;
    /// assert_eq!(<Author as orm::Target>::key_of(&ada), 1);
    /// # Ok(()) }
    /// ```
    fn key_of(row: &Self::Model) -> Self::Key;

    /// Reads the row.
    #[doc(hidden)]
    fn fetch<E: Executor>(key: Self::Key, ex: &E) -> impl Future<Output = Result<Self::Model>> + Send {
        write::get_by::<Self::Model, _, _>(Self::SHAPE, key, ex)
    }
}

impl<M: Model> Target for M {
    type Model = M;
    type Key = <M as Model>::Key;

    const SHAPE: KeyShape = M::KEY;

    fn key_of(row: &M) -> Self::Key {
        row.key()
    }

    fn fetch<E: Executor>(key: Self::Key, ex: &E) -> impl Future<Output = Result<M>> + Send {
        write::get_any(key, ex)
    }
}

/// A unique field, as what foreign keys hold: `FIT` says whether its type can be a key. Where it cannot, the foreign key is refused.
pub trait UniqueField<const FIT: bool> {
    /// What is held.
    type Key: Key;

    /// What this row has.
    fn key(&self) -> Self::Key;
}

impl<F: KeyField> UniqueField<true> for F {
    type Key = F::Part;

    fn key(&self) -> F::Part {
        self.part()
    }
}

impl<F> UniqueField<false> for F {
    type Key = NoKey;

    fn key(&self) -> NoKey {
        NoKey
    }
}

/// The key of a field that names no rows: it has no column.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NoKey;

impl Key for NoKey {
    const KINDS: &'static [Kind] = &[];

    fn write(&self, _out: &mut Writer) -> Result<()> {
        Ok(())
    }

    fn read(_row: &mut Reader<'_, '_>) -> Result<Self> {
        Ok(NoKey)
    }
}
