//! What queries by name may see: models, without their hidden fields, within limits.

use super::{
    Change, Checked, CheckedChange, Limits, Query, Term, names, own::Own, refuse::refuse_hooked, select, write,
};
use crate::{App, Code, Error, Model, Q, QuerySet, Result, model::ModelMeta, tree::ModelRef};
use std::collections::{BTreeMap, HashSet};

/// The models that queries by name may see, the fields that they may not, and how large they may be.
///
/// A model that is not in it does not exist for a query, nor does a relation to it.
///
/// ```
/// # use library::*;
/// use orm::{Code, dynamic::{Catalog, Query}};
/// let catalog = Catalog::new().app(library()).hide("library.Author", ["born"])?;
///
/// let error = catalog.check(&Query::of("library.Book").filter("author__born__year", 1815)).unwrap_err();
/// assert_eq!(error.code(), Code::UnknownName);
///
/// let error = catalog.check(&Query::of("library.Book").filter("titel", "Notes")).unwrap_err();
/// assert_eq!(error.message(), "a field of `library.Book` is not called `titel`");
/// assert_eq!(error.hint(), Some("did you mean `title`?"));
/// # Ok::<(), orm::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    models: BTreeMap<String, ModelRef>,
    hidden: HashSet<(String, u16)>,
    writable: HashSet<String>,
    protected: HashSet<(String, u16)>,
    limits: Limits,
    /// Functions of the program's own, by their names.
    pub(super) own: BTreeMap<String, Own>,
}

impl Catalog {
    /// With no model.
    ///
    /// ```
    /// use orm::dynamic::{Catalog, Query};
    /// assert!(Catalog::new().check(&Query::of("library.Book")).is_err());
    /// ```
    pub fn new() -> Catalog {
        Catalog::default()
    }

    /// With all models of an application.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::Catalog;
    /// assert!(Catalog::new().app(library()).models().any(|model| model.label() == "library.Tag"));
    /// ```
    pub fn app(self, app: App) -> Catalog {
        app.models().fold(self, |catalog, model| catalog.model(ModelRef::Static(model)))
    }

    /// With one more model, also one that was described at run time.
    ///
    /// ```
    /// # use library::*;
    /// use orm::{dynamic::{Catalog, Query}, tree::ModelRef};
    /// let catalog = Catalog::new().model(ModelRef::Static(Book::meta()));
    /// // The author is not among them, and so there is no relation to it.
    /// assert!(catalog.check(&Query::of("library.Book").filter("author__name", "Ada")).is_err());
    /// ```
    pub fn model(mut self, model: ModelRef) -> Catalog {
        self.models.insert(model.label(), model);
        self
    }

    /// Without these fields of a model: for a query they do not exist.
    ///
    /// # Errors
    /// [`Code::UnknownName`] for a model or field that is not there: a field that is hidden by mistake would be seen by everybody.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let catalog = Catalog::new().app(library()).hide("library.Tag", ["slug"])?;
    /// let tag = catalog.check(&Query::of("library.Tag").filter("id", 1))?.get(&db).await?;
    /// assert!(tag.get("slug").is_none());
    /// assert!(Catalog::new().app(library()).hide("library.Tag", ["slag"]).is_err());
    /// # Ok(()) }
    /// ```
    pub fn hide<'n>(mut self, model: &str, fields: impl IntoIterator<Item = &'n str>) -> Result<Catalog> {
        let meta = self.find(model)?.clone();
        for name in fields {
            match meta.field(name) {
                Some((field, _)) => self.hidden.insert((meta.label(), field)),
                None => return Err(self.unknown_field(&meta, name)),
            };
        }
        Ok(self)
    }

    /// These models may be changed, and others not: a catalog reads only unless it is told.
    ///
    /// # Errors
    /// [`Code::UnknownName`] for a model that is not there.
    ///
    /// ```
    /// # use library::*;
    /// use orm::{Code, dynamic::{Catalog, Change, Query}};
    /// let catalog = Catalog::new().app(library()).writable(["library.Tag"])?;
    /// assert!(catalog.check_change(&Change::Delete(Query::of("library.Tag"))).is_ok());
    /// let error = catalog.check_change(&Change::Delete(Query::of("library.Book"))).unwrap_err();
    /// assert_eq!(error.code(), Code::NotEditable);
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn writable<'n>(mut self, models: impl IntoIterator<Item = &'n str>) -> Result<Catalog> {
        for model in models {
            let label = self.find(model)?.label();
            self.writable.insert(label);
        }
        Ok(self)
    }

    /// These fields of a model can be read, and not be set.
    ///
    /// # Errors
    /// [`Code::UnknownName`] for a model or field that is not there.
    ///
    /// ```
    /// # use library::*;
    /// use orm::{Code, dynamic::{Catalog, Query, Update}};
    /// let catalog = Catalog::new().app(library()).writable(["library.Book"])?.protect("library.Book", ["price"])?;
    /// let cheaper = Update::of(Query::of("library.Book")).set("price", 1);
    /// assert_eq!(catalog.check_change(&cheaper.into()).unwrap_err().code(), Code::NotEditable);
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn protect<'n>(mut self, model: &str, fields: impl IntoIterator<Item = &'n str>) -> Result<Catalog> {
        let meta = self.find(model)?.clone();
        for name in fields {
            match meta.field(name) {
                Some((field, _)) => self.protected.insert((meta.label(), field)),
                None => return Err(self.unknown_field(&meta, name)),
            };
        }
        Ok(self)
    }

    /// With other limits.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Limits, Query};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let catalog = Catalog::new().app(library()).limits(Limits { rows: Some(2), ..Limits::default() });
    /// assert_eq!(catalog.check(&Query::of("library.Book"))?.all(&db).await?.len(), 2);
    /// # Ok(()) }
    /// ```
    pub fn limits(mut self, limits: Limits) -> Catalog {
        self.limits = limits;
        self
    }

    /// The models, by their labels.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::Catalog;
    /// let labels: Vec<String> = Catalog::new().app(library()).models().map(|model| model.label()).collect();
    /// assert_eq!(labels[..2], ["library.Author", "library.Book"]);
    /// ```
    pub fn models(&self) -> impl Iterator<Item = &ModelRef> {
        self.models.values()
    }

    /// Checks a query: every name, every value and its size. Nothing runs before a terminal of what it gives.
    ///
    /// # Errors
    /// [`Code::UnknownName`] for names of models, fields, lookups and functions, with the nearest ones as a hint;
    /// [`Code::BadName`] for a name that cannot stand for a term; [`Code::InvalidValue`] for a value of the wrong form;
    /// [`Code::TooComplex`] beyond the limits; [`Code::BadQuery`] for what means nothing.
    ///
    /// ```
    /// # use library::*;
    /// use orm::{Code, dynamic::{Catalog, Query}};
    /// let catalog = Catalog::new().app(library());
    /// let refused = |query: Query| catalog.check(&query).unwrap_err().code();
    /// assert_eq!(refused(Query::of("library.Buch")), Code::UnknownName);
    /// assert_eq!(refused(Query::of("library.Book").filter("title__contians", "x")), Code::UnknownName);
    /// assert_eq!(refused(Query::of("library.Book").filter("published", "yesterday")), Code::InvalidValue);
    /// assert_eq!(refused(Query::of("library.Book").annotate("x; DROP TABLE", 1)), Code::BadName);
    /// assert_eq!(refused(Query::of("library.Book").order_by(["tags"])), Code::BadQuery);
    /// ```
    pub fn check(&self, query: &Query) -> Result<Checked> {
        select::checked(self, query)
    }

    /// Checks a change, as [`check`](Catalog::check) does a query; its model has to be [`writable`](Catalog::writable). Values are
    /// checked as those of typed drafts and updates are.
    ///
    /// # Errors
    /// Those of [`check`](Catalog::check); [`Code::NotEditable`] for what may not be changed; every mistake in the values of new rows,
    /// told by field, in [`Error::validation`].
    ///
    /// ```
    /// # use library::*;
    /// use orm::{Code, dynamic::{Catalog, Create}};
    /// let catalog = Catalog::new().app(library()).writable(["library.Tag"])?;
    /// let new = Create::of("library.Tag").row(serde_json::json!({"slug": "x".repeat(51)}));
    /// let error = catalog.check_change(&new.into()).unwrap_err();
    /// let codes: Vec<Code> = error.validation().iter().map(|mistake| mistake.code).collect();
    /// assert_eq!(codes, [Code::TooLong, Code::MissingValue]);
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn check_change(&self, change: &Change) -> Result<CheckedChange> {
        write::checked(self, change)
    }

    /// A condition by name, as one of a typed query.
    ///
    /// # Errors
    /// See [`check`](Catalog::check).
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Term};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let catalog = Catalog::new().app(library());
    /// let asked: Q<Book> = catalog.condition(&Term::named("author__country__code__iexact", "uk"))?;
    /// let books: Vec<Book> = Book::objects().filter(|b| b.active & asked).all(&db).await?;
    /// assert_eq!(books.len(), 2);
    /// # Ok(()) }
    /// ```
    pub fn condition<M: Model>(&self, condition: &Term) -> Result<Q<M>> {
        let model = self.find(&M::meta().label())?;
        same_model::<M>(model)?;
        Ok(Q::from_expr(select::condition(self, model, condition)?))
    }

    /// The rows of a typed query that a query by name keeps, in its order and slice: what an admin or a handler does with what
    /// somebody asks. Only the calls that keep the type of the rows can be made.
    ///
    /// # Errors
    /// See [`check`](Catalog::check); [`Code::BadQuery`] for calls that would change what a row is.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let catalog = Catalog::new().app(library());
    /// let asked = Query::of("library.Book").filter("tags__slug", "code").order_by(["-price"]).limit(20);
    /// let books = catalog.apply(&asked, Book::objects().filter(|b| b.views.gt(0)))?.all(&db).await?;
    /// assert_eq!(books[0].title, "Compilers");
    /// # Ok(()) }
    /// ```
    pub fn apply<M: Model, O, R>(&self, query: &Query, to: QuerySet<M, O, R>) -> Result<QuerySet<M, O, R>> {
        let model = self.find(&query.model)?;
        same_model::<M>(model)?;
        select::apply(self, query, to)
    }

    pub(super) fn find(&self, label: &str) -> Result<&ModelRef> {
        self.models.get(label).ok_or_else(|| names::unknown("a model", label, self.models.keys().map(String::as_str)))
    }

    /// A model that may be changed.
    pub(super) fn find_writable(&self, label: &str) -> Result<&ModelRef> {
        let model = self.find(label)?;
        match self.writable.contains(&model.label()) {
            true => {
                refuse_hooked(model)?;
                Ok(model)
            }
            false => {
                let what = format!("rows of `{}` cannot be changed here", model.label());
                Err(Error::new(Code::NotEditable, what).with_hint("`Catalog::writable` names those that can"))
            }
        }
    }

    pub(super) fn is_protected(&self, model: &ModelMeta, field: u16) -> bool {
        !self.protected.is_empty() && self.protected.contains(&(model.label(), field))
    }

    /// The columns of a model that may be seen.
    pub(super) fn columns(&self, model: &ModelMeta) -> Vec<u16> {
        let columns = 0..model.columns.len() as u16;
        columns.filter(|&column| self.sees(model, model.columns[usize::from(column)].field)).collect()
    }

    pub(super) fn size(&self) -> &Limits {
        &self.limits
    }

    /// Whether a field may be seen: it is not hidden, and leads to no model that is not here.
    pub(super) fn sees(&self, model: &ModelMeta, field: u16) -> bool {
        let known = match &model.fields[usize::from(field)].relation {
            Some(relation) => self.knows(&relation.target()),
            None => true,
        };
        known && (self.hidden.is_empty() || !self.hidden.contains(&(model.label(), field)))
    }

    fn knows(&self, model: &ModelRef) -> bool {
        self.models.get(&model.label()).is_some_and(|known| known == model)
    }

    pub(super) fn unknown_field(&self, model: &ModelMeta, name: &str) -> Error {
        let fields = model.fields.iter().enumerate().filter(|(index, _)| self.sees(model, *index as u16));
        names::unknown(&format!("a field of `{}`", model.label()), name, fields.map(|(_, field)| &*field.name))
    }
}

fn same_model<M: Model>(model: &ModelRef) -> Result<()> {
    match *model == ModelRef::Static(M::meta()) {
        true => Ok(()),
        false => {
            let what = format!("a query over `{}` is used for `{}`", model.label(), M::meta().label());
            Err(Error::new(Code::BadQuery, what))
        }
    }
}
