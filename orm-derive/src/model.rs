//! A model as it was understood: what `check` makes of the attributes, and `expand` writes out.

use crate::parse::{Check, Collation, DbDefault, Exclude, Spanned, Told};
use proc_macro2::{Ident, Span};
use syn::{Attribute, Expr, LitStr, Path, Type, Visibility};

/// A struct with `#[derive(Model)]` or `#[derive(ModelPart)]`.
pub(crate) struct Model {
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    /// The struct's name without `r#`.
    pub(crate) name: String,
    pub(crate) help: String,
    pub(crate) table: Option<LitStr>,
    pub(crate) fields: Vec<Field>,
    /// The fields of the primary key, as indices; empty when it has none.
    pub(crate) key: Vec<usize>,
    /// The field that leads to the parent, whose rows the model's rows are too.
    pub(crate) parent: Option<usize>,
    pub(crate) ordering: Vec<(usize, bool)>,
    /// The ordering, where it is more than fields.
    pub(crate) order: Option<Expr>,
    pub(crate) unique: Vec<Unique>,
    pub(crate) indexes: Vec<Index>,
    pub(crate) checks: Vec<Check>,
    pub(crate) exclusions: Vec<Exclude>,
    pub(crate) comment: Option<LitStr>,
    pub(crate) verbose_name: Option<LitStr>,
    pub(crate) verbose_name_plural: Option<LitStr>,
    pub(crate) permissions: Vec<(String, LitStr)>,
    pub(crate) managed: bool,
    pub(crate) keyless: bool,
    pub(crate) renamed_from: Option<LitStr>,
    /// A function that looks at a row as a whole.
    pub(crate) validate: Option<Path>,
    /// Something is done around its writes.
    pub(crate) hooks: bool,
    /// Which rows count, unless it is said otherwise.
    pub(crate) filter: Option<Expr>,
}

/// A unique key over several fields or expressions, or with a condition.
pub(crate) struct Unique {
    pub(crate) keys: IndexKeys,
    pub(crate) name: Option<LitStr>,
    pub(crate) condition: Option<Expr>,
    pub(crate) include: Vec<usize>,
    pub(crate) deferrable: Option<&'static str>,
    pub(crate) nulls_equal: bool,
    pub(crate) told: Told,
}

/// An index.
pub(crate) struct Index {
    pub(crate) keys: IndexKeys,
    pub(crate) name: Option<LitStr>,
    pub(crate) condition: Option<Expr>,
    pub(crate) method: Option<LitStr>,
    pub(crate) include: Vec<usize>,
    pub(crate) opclass: Vec<LitStr>,
}

/// What a unique key or an index is over.
pub(crate) enum IndexKeys {
    /// Fields, and whether each is descending.
    Fields(Vec<(usize, bool)>),
    /// A closure over the handles.
    Closure(Expr),
}

/// A field.
pub(crate) struct Field {
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) ty: Type,
    /// What the output calls the type: see `expand/types.rs`.
    pub(crate) alias: Ident,
    /// The name without `r#`.
    pub(crate) name: String,
    /// What serde writes it as, where that is not its name; nothing of a part whose fields stand among the others.
    pub(crate) written: Option<String>,
    pub(crate) docs: Vec<Attribute>,
    pub(crate) help: String,
    /// The attributes that are checked against the type, each with the place of what a person typed.
    pub(crate) calls: Vec<Spanned<Call>>,
    /// It has a key of its own among the unique keys.
    pub(crate) unique: bool,
    /// A draft does not have to be given it, whatever its type.
    pub(crate) filled: bool,
    /// The database computes it: a draft cannot be given it.
    pub(crate) generated: bool,
    /// A part: its fields take this field's place.
    pub(crate) flatten: bool,
}

/// One thing that the attributes say of a field.
pub(crate) enum Call {
    AutoKey,
    Column(LitStr),
    Columns(Vec<LitStr>),
    Unique,
    Index(bool),
    MaxLength(Expr),
    MinLength(Expr),
    Min(Expr),
    Max(Expr),
    /// The library's name for what a text has to be.
    Format(&'static str),
    Pattern(LitStr),
    Validate(Path),
    ValidateWith(Path),
    Message(LitStr),
    Code(LitStr),
    Collation(Collation),
    Digits(Expr, Expr),
    Default(Expr),
    DbDefault(DbDefault),
    /// From what, and whether it is stored.
    Generated(Expr, bool),
    AutoNow,
    AutoNowAdd,
    Version,
    OnDelete(&'static str),
    DbConstraint(bool),
    Via(String),
    To(String),
    Through(Path),
    Table(LitStr),
    Symmetrical,
    LinkHooks(Path),
    Parent,
    VerboseName(LitStr),
    ChoicesFrom(Expr),
    Editable(bool),
    Widget(LitStr),
    Comment(LitStr),
    RenamedFrom(LitStr),
}

impl Unique {
    /// The fields that it is over; none where it is over expressions.
    pub(crate) fn fields(&self) -> Vec<usize> {
        match &self.keys {
            IndexKeys::Fields(fields) => fields.iter().map(|(field, _)| *field).collect(),
            IndexKeys::Closure(_) => Vec::new(),
        }
    }

    /// Whether a row can be found by it: it is over fields, of all rows, and checked at each statement.
    pub(crate) fn names_a_row(&self) -> bool {
        matches!(self.keys, IndexKeys::Fields(_)) && self.condition.is_none() && self.deferrable.is_none()
    }
}

impl Call {
    /// Whether some types do not go with it.
    pub(crate) fn can_be_refused(&self) -> bool {
        !matches!(self, Call::To(_) | Call::VerboseName(_) | Call::Editable(_) | Call::Widget(_) | Call::RenamedFrom(_))
    }
}

impl Model {
    /// Whether a rule of a field asks the database.
    pub(crate) fn asks(&self) -> bool {
        self.fields.iter().flat_map(|field| &field.calls).any(|call| matches!(call.value, Call::ValidateWith(_)))
    }

    /// Whether a field stands for several.
    pub(crate) fn has_parts(&self) -> bool {
        self.fields.iter().any(|field| field.flatten)
    }

    /// The index of a field among all fields, those of parts included.
    pub(crate) fn index(&self, field: usize) -> proc_macro2::TokenStream {
        if self.has_parts() {
            return quote::quote!(__Layout::STARTS[#field]);
        }
        let index = proc_macro2::Literal::u16_suffixed(field as u16);
        quote::quote!(#index)
    }
}

impl Field {
    /// The names of its columns as they are written down; otherwise its own.
    pub(crate) fn columns(&self) -> Vec<LitStr> {
        let given = self.calls.iter().find_map(|call| match &call.value {
            Call::Column(name) => Some(vec![name.clone()]),
            Call::Columns(names) => Some(names.clone()),
            _ => None,
        });
        given.unwrap_or_else(|| vec![LitStr::new(&self.name, self.ident.span())])
    }

    /// Whether nothing that is said of it makes it a column: it may be a relation that goes by fields of other models. A
    /// many-to-many with a name for its table is one of its own.
    pub(crate) fn may_be_reverse(&self) -> bool {
        let column = |call: &Spanned<Call>| {
            !matches!(
                call.value,
                Call::Via(_)
                    | Call::To(_)
                    | Call::Through(_)
                    | Call::VerboseName(_)
                    | Call::Editable(_)
                    | Call::Widget(_)
                    | Call::RenamedFrom(_)
            )
        };
        !self.flatten && !self.calls.iter().any(column)
    }

    /// Whether nothing that is said of it makes it a plain column: it may be a relation.
    pub(crate) fn may_be_relation(&self) -> bool {
        let plain = |call: &Spanned<Call>| {
            matches!(
                call.value,
                Call::AutoKey
                    | Call::MaxLength(_)
                    | Call::MinLength(_)
                    | Call::Min(_)
                    | Call::Max(_)
                    | Call::Format(_)
                    | Call::Pattern(_)
                    | Call::Validate(_)
                    | Call::ValidateWith(_)
                    | Call::Message(_)
                    | Call::Code(_)
                    | Call::Collation(_)
                    | Call::Digits(..)
                    | Call::AutoNow
                    | Call::AutoNowAdd
                    | Call::Version
                    | Call::Generated(..)
            )
        };
        !self.flatten && !self.calls.iter().any(plain)
    }

    /// The place of the field's type, for what the type decides.
    pub(crate) fn type_span(&self) -> Span {
        syn::spanned::Spanned::span(&self.ty)
    }
}
