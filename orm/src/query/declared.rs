//! Functions of the database that the library does not have: declared in one line, with types.

use super::Ex;
use crate::{
    Kind,
    tree::{Declared, Expr, Function},
};

/// Declares a function of the database: its arguments, its result and what it is called, as a function for queries.
///
/// One name serves everywhere; otherwise a name for each database that has the function (`mysql` is MariaDB too), and using it on
/// another is [`Code::Unsupported`](crate::Code::Unsupported) before any statement runs. A name is letters, digits and `_`, with
/// points between: anything else does not compile, so that nothing can be injected. The result is an `Option` where an
/// argument may be NULL; one that may be NULL by itself is declared as an `Option`. The first argument is a field or another
/// expression of the query; the others may be values too. A function may also take none.
///
/// ```
/// # use library::*;
/// orm::sql_function! {
///     /// The code of the first letter.
///     pub fn code_of(text: String) -> i64 = { sqlite: "unicode", postgres: "ascii", mysql: "ord" };
///
///     /// Where a part begins, from 1.
///     fn place_of(text: String, part: String) -> i64 = { sqlite: "instr", postgres: "strpos", mysql: "instr" };
///
///     fn hex(bytes: String) -> String = "hex";
///
///     fn version() -> String = { sqlite: "sqlite_version", postgres: "version", mysql: "version" };
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let found = Book::objects().filter(|b| place_of(b.title, "BO").gt(0)).values(|b| (code_of(b.title), hex(b.title)));
/// assert_eq!(found.get(&db).await?, (67, "434F424F4C".to_owned()));
/// assert!(Tag::objects().values(|_| version()).first(&db).await?.is_some_and(|text| text.starts_with('3')));
/// let editors: Vec<Option<i64>> = Book::objects().order_by(|b| b.id.asc()).values(|b| code_of(b.editor.name)).all(&db).await?;
/// assert_eq!(editors, [None, Some(65), None, Some(71)]); // books without an editor have none
/// # Ok(()) }
/// ```
///
/// ```compile_fail
/// orm::sql_function! { fn evil(text: String) -> i64 = "length(1); DROP TABLE x --"; }
/// ```
#[macro_export]
macro_rules! sql_function {
    ($(
        $(#[$meta:meta])*
        $vis:vis fn $name:ident($($arguments:tt)*) -> $result:ty = $names:tt;
    )+) => {$(
        $crate::sql_function! { @one [$(#[$meta])*] [$vis] $name [$($arguments)*] [$result] $names }
    )+};
    (@one [$($meta:tt)*] [$vis:vis] $name:ident [] [$result:ty] $names:tt) => {
        $($meta)*
        $vis fn $name<Root>() -> $crate::Ex<Root, $result> {
            const NAMES: &$crate::tree::Declared = {
                const KIND: $crate::Kind = $crate::__private::kind_of::<$result>();
                &$crate::sql_function!(@names $crate::tree::Declared::new(stringify!($name), KIND), $names)
            };
            $crate::__private::declared(NAMES, ::std::vec![])
        }
    };
    (@one [$($meta:tt)*] [$vis:vis] $name:ident
        [$first:ident: $first_type:ty $(, $argument:ident: $type:ty)* $(,)?] [$result:ty] $names:tt
    ) => {
        $($meta)*
        #[allow(non_camel_case_types, clippy::too_many_arguments)]
        $vis fn $name<$first, $($argument),*>(
            $first: $first,
            $($argument: $argument),*
        ) -> $crate::Ex<
            <$first as $crate::Expression>::Root,
            $crate::__private::Alike<$first, $crate::sql_function!(@result $first, $result, $($argument: $type),*)>,
        >
        where
            $first: $crate::Expression<Value: $crate::FieldType<Plain = $first_type>>,
            $($argument: $crate::Operand<<$first as $crate::Expression>::Root, $type>,)*
        {
            const NAMES: &$crate::tree::Declared = {
                const KIND: $crate::Kind = $crate::__private::kind_of::<$result>();
                &$crate::sql_function!(@names $crate::tree::Declared::new(stringify!($name), KIND), $names)
            };
            let arguments = ::std::vec![
                $crate::Expression::into_expr($first),
                $($crate::Operand::<<$first as $crate::Expression>::Root, $type>::into_operand($argument)),*
            ];
            $crate::__private::declared(NAMES, arguments)
        }
    };
    (@names $names:expr, { $($database:ident: $name:literal),+ $(,)? }) => { $names$(.$database($name))+ };
    (@names $names:expr, $name:literal) => { $names.sqlite($name).postgres($name).mysql($name) };
    (@result $first:ident, $result:ty,) => { $result };
    (@result $first:ident, $result:ty, $argument:ident: $type:ty $(, $more:ident: $types:ty)*) => {
        <<$argument as $crate::Operand<<$first as $crate::Expression>::Root, $type>>::Null as $crate::Null>::Wrap<
            $crate::sql_function!(@result $first, $result, $($more: $types),*)
        >
    };
}

/// A call of a declared function.
#[doc(hidden)]
pub fn declared<R, T>(function: &'static Declared, arguments: Vec<Expr>) -> Ex<R, T> {
    Ex::new(Expr::Call(Function::Declared(function), arguments))
}

/// The kind of a type's values.
#[doc(hidden)]
pub const fn kind_of<T: crate::FieldType>() -> Kind {
    T::KIND
}
