//! The crate's one error type, and the list of its codes.

use std::fmt;

/// What a connection or a callback may fail with.
pub type BoxError = Box<dyn std::error::Error + Send + Sync + 'static>;

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The area an error comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Text in the condition notation does not parse, or a value does not fit its column.
    Notation,
    /// A schema, or an operation on it, does not fit the state it is applied to.
    State,
    /// `diff` needs an answer that it was not given.
    Question,
    /// The operation cannot be undone.
    Irreversible,
    /// The database cannot do what is asked.
    Unsupported,
    /// A migration file cannot be read or written.
    File,
    /// The migrations do not form one history.
    Graph,
    /// The database's record of applied migrations disagrees with the files.
    History,
    /// Running a plan failed.
    Execute,
}

/// What went wrong, in a form to show, to match on, and to act on.
///
/// Small (one pointer). [`code`](Error::code) is stable for ever; the message is not.
pub struct Error(Box<Inner>);

struct Inner {
    code: Code,
    message: String,
    hint: Option<String>,
    source: Option<BoxError>,
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident $kind:ident;)+) => {
        /// Every error code; the documentation of a variant says when it is given.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Code {
            /// All codes with their meaning, for a reference page.
            pub const ALL: &'static [(Code, &'static str)] = &[$((Code::$name, concat!($($doc),+))),+];

            /// The code as written in messages, such as `M012`.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => stringify!($name),)+ }
            }

            /// The area this code belongs to.
            pub fn kind(self) -> ErrorKind {
                match self { $(Code::$name => ErrorKind::$kind,)+ }
            }
        }
    };
}

codes! {
    /// A condition or expression does not parse.
    M001 Notation;
    /// An unknown function in an expression, or a wrong number of arguments.
    M002 Notation;
    /// A value does not fit the type of its column.
    M003 Notation;
    /// The text of a type does not parse.
    M004 Notation;
    /// A model that an operation names is not in the state.
    M010 State;
    /// A model or table is already in the state.
    M011 State;
    /// A field that an operation or expression names is not in the model.
    M012 State;
    /// A field, or the column it would have, is already in the model.
    M013 State;
    /// An index or constraint that an operation names is not in the model.
    M014 State;
    /// An index or constraint of that name is already in the model.
    M015 State;
    /// A relation refers to a model or field that is not in the state.
    M016 State;
    /// What an operation would remove is still referred to.
    M017 State;
    /// A definition contradicts itself (two automatic keys, a nullable key ...).
    M018 State;
    /// A field or model may have been renamed: an answer is needed.
    M020 Question;
    /// A model or field would be removed with its data: an answer is needed.
    M021 Question;
    /// Existing rows need a value for a column without NULL: an answer is needed.
    M022 Question;
    /// An answer given beforehand names something that does not exist or is not asked.
    M023 Question;
    /// The operation has no inverse.
    M030 Irreversible;
    /// The database has no partial (conditional) indexes.
    M040 Unsupported;
    /// The database has no indexes on expressions.
    M041 Unsupported;
    /// A raw SQL operation has no text for this database.
    M043 Unsupported;
    /// The database lacks another feature that the schema asks for.
    M044 Unsupported;
    /// The database cannot change a column in this way; do it in several steps.
    M045 Unsupported;
    /// A migration file is not valid TOML.
    M050 File;
    /// A migration file is valid TOML but not a valid migration.
    M051 File;
    /// `index.toml` and the migration files disagree.
    M052 File;
    /// A migration file or folder cannot be read or written.
    M053 File;
    /// No migration has this name, or several do.
    M060 Graph;
    /// An application has several latest migrations.
    M061 Graph;
    /// Migrations depend on each other in a circle.
    M062 Graph;
    /// A migration depends on one that does not exist.
    M063 Graph;
    /// The file of an applied migration was edited afterwards.
    M070 History;
    /// The file of an applied migration is missing.
    M071 History;
    /// A migration is applied although one that it depends on is not.
    M072 History;
    /// A migration stopped in the middle and cannot be resumed without a decision.
    M073 History;
    /// A repair was asked for that nothing is in need of, or whose file is missing.
    M074 History;
    /// Another process is migrating this database, or (SQLite) writing to it all the time.
    M080 Execute;
    /// The database refused a statement.
    M081 Execute;
    /// Rows break a foreign key after the migration; everything was rolled back.
    M082 Execute;
    /// The live table has something that the migrations do not know, and that cannot be written into the table that takes its place (it is about a column that is taken away, STRICT ...).
    M083 Execute;
    /// A Rust step is not registered or failed.
    M084 Execute;
    /// A view or trigger no longer works after the migration; everything was rolled back.
    M085 Execute;
    /// Rows stand in the way of a migration (NULL, equal values, values that do not fit ...), so many, with these keys, or the database lacks what it needs (a collation, an extension); what would break on them was not begun.
    M086 Execute;
    /// Of the tables and columns that an initial migration makes, some are there already and some are not.
    M087 Execute;
}

impl Error {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Error(Box::new(Inner { code, message: message.into(), hint: None, source: None }))
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    pub(crate) fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Puts a place (a file and line, a field) in front of the message.
    pub(crate) fn at(mut self, place: impl fmt::Display) -> Self {
        self.0.message = format!("{place}: {}", self.0.message);
        self
    }

    /// Several errors as one that says them all, and what to do about each; the code is that of the first.
    pub(crate) fn together(errors: Vec<Error>) -> Option<Error> {
        let mut errors = errors.into_iter();
        let mut all = errors.next()?;
        for error in errors {
            all.0.message += &format!("\n    {}: {}", error.code(), error.0.message);
            let Some(hint) = error.0.hint else { continue };
            match &mut all.0.hint {
                Some(hints) if hints.split('\n').any(|known| known.trim_start() == hint) => {}
                Some(hints) => *hints += &format!("\n        {hint}"),
                None => all.0.hint = Some(hint),
            }
        }
        Some(all)
    }

    /// The area the error comes from.
    pub fn kind(&self) -> ErrorKind {
        self.0.code.kind()
    }

    /// The stable code, such as `M012`; every code is explained in [`Code`].
    pub fn code(&self) -> &'static str {
        self.0.code.as_str()
    }

    /// What happened, without the code and the hint.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What caused it, by itself.
    pub fn into_source(self) -> Option<BoxError> {
        self.0.source
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code(), self.0.message)?;
        // Drivers hide what the database said behind "db error": show the whole chain.
        let mut source = std::error::Error::source(self);
        let mut shown = self.0.message.clone();
        while let Some(error) = source {
            let text = error.to_string();
            if !shown.contains(&text) {
                write!(f, ": {text}")?;
                shown = text;
            }
            source = error.source();
        }
        if let Some(hint) = &self.0.hint {
            write!(f, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| &**source as &(dyn std::error::Error + 'static))
    }
}

/// Shorthand for `Err(Error::new(..))` with a formatted message.
macro_rules! fail {
    ($code:ident, $($arg:tt)+) => {
        return Err($crate::error::Error::new($crate::error::Code::$code, format!($($arg)+)))
    };
}
/// Shorthand for `Error::new(..)` with a formatted message.
macro_rules! error {
    ($code:ident, $($arg:tt)+) => {
        $crate::error::Error::new($crate::error::Code::$code, format!($($arg)+))
    };
}
pub(crate) use {error, fail};
