//! Functions of a program's own that queries by name may call.

use super::{
    Catalog, Term,
    functions::{is_whole, names as known, widen},
    literal::called,
    lookups, names,
    scope::{Built, Scope, bad},
};
use crate::{
    Code, Error, Expression, FieldType, Kind, Result, Value,
    query::Ex,
    tree::{Expr, conversion},
};
use std::{fmt, sync::Arc};

/// The query that an [`Argument`] stands in: whichever calls the function.
pub enum Caller {}

/// An argument of a [function of one's own](Catalog::function): an expression whose value is a `T`.
pub type Argument<T> = Ex<Caller, T>;

/// A closure over up to four [`Argument`]s that gives an expression: what [`Catalog::function`] takes.
///
/// ```
/// use orm::{dynamic::{Argument, NamedFunction}, prelude::*};
/// fn is_function<A>(_: impl NamedFunction<A>) {}
/// is_function(|text: Argument<String>, more: Argument<String>| text.upper().concat(more));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no function for queries by name",
    label = "expected `|text: Argument<String>| ..` that gives an expression, of four arguments at most"
)]
pub trait NamedFunction<A> {
    #[doc(hidden)]
    fn into_own(self) -> Own;
}

/// A function with the kinds of its arguments and of its value.
#[derive(Clone)]
#[doc(hidden)]
pub struct Own {
    takes: Vec<Kind>,
    gives: Kind,
    call: Arc<dyn Fn(Vec<Expr>) -> Expr + Send + Sync>,
}

impl fmt::Debug for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} -> {:?}", self.takes, self.gives)
    }
}

/// The next argument: there are as many as the function takes.
fn next(arguments: &mut std::vec::IntoIter<Expr>) -> Expr {
    arguments.next().unwrap_or_else(|| Expr::invalid("a function has too few arguments"))
}

macro_rules! functions {
    ($(($($type:ident),*))+) => {$(
        impl<F, E, $($type: FieldType),*> NamedFunction<($($type,)*)> for F
        where
            F: Fn($(Argument<$type>),*) -> E + Send + Sync + 'static,
            E: Expression<Root = Caller>,
        {
            fn into_own(self) -> Own {
                let call = move |arguments: Vec<Expr>| {
                    #[allow(unused_mut, unused_variables, reason = "there may be no argument")]
                    let mut arguments = arguments.into_iter();
                    self($(Ex::<Caller, $type>::new(next(&mut arguments))),*).into_expr()
                };
                Own { takes: vec![$($type::KIND),*], gives: <E::Value as FieldType>::KIND, call: Arc::new(call) }
            }
        }
    )+};
}

functions! { () (A) (A, B) (A, B, C) (A, B, C, D) }

impl Catalog {
    /// With a function that queries by name may call, beside those that there are: one of `sql_function!`, or anything that is computed
    /// of its arguments. One of a single argument can end a path too, `title__initials`, where no field is called so. Whoever writes a query can call it with any values, so it has to be safe with all of them.
    ///
    /// # Errors
    /// [`Code::BadName`] for a name that is taken or cannot be one; [`Code::BadQuery`] for an aggregate, a window, and what makes
    /// several rows of one.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Argument, Catalog, Query, call, path};
    /// orm::sql_function! {
    ///     /// Where a part begins, from 1.
    ///     fn place_of(text: String, part: String) -> i64 = { sqlite: "instr", postgres: "strpos", mysql: "instr" };
    /// }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let catalog = Catalog::new()
    ///     .app(library())
    ///     .function("place_of", |text: Argument<String>, part: Argument<String>| place_of(text, part))?;
    /// let asked = Query::of("library.Book").filter_term(call("place_of", [path("title"), "BO".into()]).lookup("gt", 0));
    /// assert_eq!(catalog.check(&asked)?.get(&db).await?["title"], orm::Value::Text("COBOL".into()));
    /// # Ok(()) }
    /// ```
    pub fn function<A>(mut self, name: &str, function: impl NamedFunction<A>) -> Result<Catalog> {
        names::check_alias(name)?;
        let own = function.into_own();
        if known().any(|known| known == name) || self.own.contains_key(name) {
            return Err(Error::new(Code::BadName, format!("there is a function `{name}` already"))
                .with_hint("give it another name"));
        }
        let nothing = own.takes.iter().map(|&kind| Expr::Value(Value::Null(kind)));
        let expr = (own.call)(nothing.collect());
        if expr.is_aggregate() || expr.has_window() || expr.makes_rows() {
            return Err(bad(format!(
                "`{name}` is no function of one row: it gives a value for each, by its arguments"
            )));
        }
        self.own.insert(name.to_owned(), own);
        Ok(self)
    }

    /// Whether a name is that of a lookup or of what can end a path.
    pub(super) fn ends_path(&self, name: &str) -> bool {
        lookups::is_known(name) || self.own.get(name).is_some_and(|own| own.takes.len() == 1)
    }

    /// The names of those that can end a path.
    pub(super) fn transforms(&self) -> impl Iterator<Item = &str> {
        self.own.iter().filter(|(_, own)| own.takes.len() == 1).map(|(name, _)| name.as_str())
    }
}

/// A call of a function of the program's own, if it is one.
pub(super) fn call(scope: &Scope<'_>, name: &str, arguments: &[Term]) -> Option<Result<Built>> {
    scope.catalog.own.get(name).map(|own| own.called(scope, name, arguments))
}

/// A function of the program's own of one argument, at the end of a path, if it is one.
pub(super) fn transform(scope: &Scope<'_>, built: &Built, name: &str) -> Option<Result<Built>> {
    let own = scope.catalog.own.get(name).filter(|own| own.takes.len() == 1)?;
    Some(own.applied(scope, name, vec![Ok(built.clone())]))
}

impl Own {
    fn called(&self, scope: &Scope<'_>, name: &str, arguments: &[Term]) -> Result<Built> {
        if arguments.len() != self.takes.len() {
            let (wanted, given) = (self.takes.len(), arguments.len());
            return Err(bad(format!("`{name}` takes {wanted} arguments, and {given} are given")));
        }
        let arguments = self.takes.iter().zip(arguments).map(|(&kind, term)| scope.term(term, Some(kind)));
        self.applied(scope, name, arguments.collect())
    }

    /// Of as many arguments as it takes.
    fn applied(&self, scope: &Scope<'_>, name: &str, arguments: Vec<Result<Built>>) -> Result<Built> {
        let arguments = self.takes.iter().zip(arguments).map(|(&kind, argument)| {
            let built = widen(argument?, kind).selected();
            match built.kind == kind || is_whole(built.kind) && is_whole(kind) {
                true => Ok(conversion(built.expr, built.kind, kind)),
                false => Err(bad(format!("`{name}` takes {}, and {} is given", called(kind), called(built.kind)))),
            }
        });
        let value = (self.call)(arguments.collect::<Result<_>>()?);
        // It may use an argument several times, and calls of it may stand in each other.
        scope.budget.tree(&value)?;
        Ok(Built::new(value, self.gives))
    }
}
