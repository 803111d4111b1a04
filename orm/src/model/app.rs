//! Applications and the project that holds them.

use super::{AppSpec, ModelMeta};

/// An application: its label and its models. [`app!`](crate::app) makes one.
///
/// ```
/// # use library::*;
/// assert_eq!((library().label(), library().models().count()), ("library", 4));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct App {
    spec: &'static AppSpec,
}

impl App {
    /// The application of a static description.
    #[doc(hidden)]
    pub const fn new(spec: &'static AppSpec) -> App {
        App { spec }
    }

    /// The label, which starts the names of tables.
    ///
    /// ```
    /// # use library::*;
    /// assert_eq!(library().label(), "library");
    /// ```
    pub fn label(self) -> &'static str {
        self.spec.label
    }

    /// The metadata of its models.
    ///
    /// ```
    /// # use library::*;
    /// let tables: Vec<&str> = library().models().map(|model| model.table.as_str()).collect();
    /// assert_eq!(tables, ["library_author", "library_book", "library_country", "library_tag"]);
    /// ```
    pub fn models(self) -> impl Iterator<Item = &'static ModelMeta> {
        self.spec.models()
    }

    /// The static description.
    #[doc(hidden)]
    pub fn spec(self) -> &'static AppSpec {
        self.spec
    }
}
