//! What `check` finds: values with a code, a level and a hint.

use serde::Serialize;
use std::{borrow::Cow, fmt, str::FromStr};

/// How much a finding matters, least first.
///
/// ```
/// use orm::Level;
/// assert!(Level::Warning < Level::Error);
/// assert_eq!("critical".parse::<Level>(), Ok(Level::Critical));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// For those who look for something.
    Debug,
    /// Good to know.
    Info,
    /// It works, and may not do what is meant.
    Warning,
    /// It does not work.
    Error,
    /// It must not run.
    Critical,
}

impl Level {
    /// All of them, least first.
    pub const ALL: [Level; 5] = [Level::Debug, Level::Info, Level::Warning, Level::Error, Level::Critical];

    /// The level as it is written.
    ///
    /// ```
    /// assert_eq!(orm::Level::Info.as_str(), "info");
    /// ```
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warning => "warning",
            Level::Error => "error",
            Level::Critical => "critical",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Level, String> {
        let known = Level::ALL.into_iter().find(|level| level.as_str() == text);
        known.ok_or_else(|| format!("`{text}` is no level: debug, info, warning, error, critical"))
    }
}

/// Something that a check has found.
///
/// ```
/// use orm::{Finding, Level};
/// let finding = Finding::new(Level::Warning, "shop.W001", "there are two tills")
///     .with_hint("close one")
///     .with_object("shop.Till")
///     .with_tag("shop");
/// assert_eq!(finding.to_string(), "shop.W001 warning: there are two tills");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The stable code: `S101`, or one of the program's own.
    pub id: Cow<'static, str>,
    /// How much it matters.
    pub level: Level,
    /// What there is.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The model or field that it is about: `library.Book.author`.
    pub object: Option<String>,
    /// What kinds of check it is of: `models`, `database`, `deploy`, `migrations`.
    pub tags: Vec<Cow<'static, str>>,
}

impl Finding {
    /// A finding of the program's own.
    ///
    /// ```
    /// let finding = orm::Finding::new(orm::Level::Info, "shop.I001", "the shop is open");
    /// assert_eq!(finding.hint, None);
    /// ```
    pub fn new(level: Level, id: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Finding {
        Finding { id: id.into(), level, message: message.into(), hint: None, object: None, tags: Vec::new() }
    }

    /// The same with what to do about it.
    ///
    /// ```
    /// let finding = orm::Finding::new(orm::Level::Info, "shop.I001", "the shop is open").with_hint("close it at night");
    /// assert_eq!(finding.hint.as_deref(), Some("close it at night"));
    /// ```
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Finding {
        self.hint = Some(hint.into());
        self
    }

    /// The same with the model or field that it is about.
    ///
    /// ```
    /// let finding = orm::Finding::new(orm::Level::Info, "shop.I001", "it is open").with_object("shop.Till");
    /// assert_eq!(finding.object.as_deref(), Some("shop.Till"));
    /// ```
    #[must_use]
    pub fn with_object(mut self, object: impl Into<String>) -> Finding {
        self.object = Some(object.into());
        self
    }

    /// The same as one of a kind of check, which `check --tag` asks for.
    ///
    /// ```
    /// let finding = orm::Finding::new(orm::Level::Info, "shop.I001", "it is open").with_tag("shop");
    /// assert_eq!(finding.tags, ["shop"]);
    /// ```
    #[must_use]
    pub fn with_tag(mut self, tag: impl Into<Cow<'static, str>>) -> Finding {
        self.tags.push(tag.into());
        self
    }

    /// One of the library's own.
    pub(crate) fn of(check: SystemCheck, message: impl Into<String>, hint: impl Into<String>) -> Finding {
        Finding::new(check.level(), check.as_str(), message).with_hint(hint).with_tag(check.tag())
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.id, self.level, self.message)
    }
}

macro_rules! checks {
    ($($(#[doc = $doc:literal])+ $name:ident $level:ident $tag:literal;)+) => {
        /// Everything that `check` looks for by itself; the name is the stable code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum SystemCheck {
            $($(#[doc = $doc])+ $name,)+
        }

        impl SystemCheck {
            /// All of them with their meaning, for a reference page.
            pub const ALL: &'static [(SystemCheck, &'static str)] = &[$((SystemCheck::$name, concat!($($doc),+))),+];

            /// The code as it is written: `S101`.
            ///
            /// ```
            /// assert_eq!(orm::SystemCheck::S101.as_str(), "S101");
            /// ```
            pub fn as_str(self) -> &'static str {
                match self { $(SystemCheck::$name => stringify!($name),)+ }
            }

            /// How much it matters.
            ///
            /// ```
            /// assert_eq!(orm::SystemCheck::S101.level(), orm::Level::Error);
            /// ```
            pub fn level(self) -> Level {
                match self { $(SystemCheck::$name => Level::$level,)+ }
            }

            /// What kind of check it is.
            ///
            /// ```
            /// assert_eq!(orm::SystemCheck::S101.tag(), "models");
            /// ```
            pub fn tag(self) -> &'static str {
                match self { $(SystemCheck::$name => $tag,)+ }
            }
        }
    };
}

checks! {
    /// A relation leads to a model whose application is not part of the project.
    S101 Error "models";
    /// A reverse side, or a side of a many-to-many, goes by a model that has no foreign key back.
    S102 Error "models";
    /// It goes by a model that has no foreign key of the name that it says.
    S103 Error "models";
    /// It goes by a model that has several foreign keys back, and does not say which.
    S104 Error "models";
    /// A many-to-many of a model to itself goes by a model that does not have a key for each end.
    S105 Error "models";
    /// The reverse side of a many-to-many names none.
    S106 Error "models";
    /// A many-to-many has a table of its own, and a key of several columns at one side.
    S107 Error "models";
    /// Two many-to-many lead to each other, and neither is the reverse side.
    S108 Error "models";
    /// A generic foreign key does not hold keys of the model that it is to lead to.
    S109 Error "models";
    /// Two tables have one name.
    S110 Error "models";
    /// Two indexes or keys have one name.
    S111 Error "models";
    /// A model is listed twice, or cannot be a table.
    S112 Error "models";
    /// Two fields are the reverse side of one foreign key.
    S113 Warning "models";
    /// A deletion would take rows along whose model has hooks, and is refused.
    S114 Info "models";
    /// A default is no value that the field takes.
    S115 Error "models";
    /// A pattern is no regular expression.
    S116 Error "models";
    /// Both sides of a many-to-many have hooks.
    S117 Error "models";
    /// A model has something that this database has not got.
    S201 Error "database";
    /// An index or key has columns beside its own, which this database does without.
    S202 Warning "database";
    /// An index has an access method or classes of operators, which this database does without.
    S203 Warning "database";
    /// This database keeps no comments.
    S204 Info "database";
    /// A field has collations, and none of them is for this database.
    S205 Warning "database";
    /// A decimal has more digits than SQLite holds exactly.
    S206 Warning "database";
    /// A foreign key is set to its default by the library's deletions, and this database cannot do it by itself.
    S207 Info "database";
    /// Models do not fit together, and so were not compared with migrations and the database.
    S301 Info "migrations";
    /// The program is built with debug assertions.
    S901 Warning "deploy";
    /// The database is in memory: what is written is gone when the program ends.
    S902 Error "deploy";
    /// The database is a file of SQLite: one machine, one writer at a time.
    S903 Info "deploy";
    /// A statement may take as long as it likes.
    S904 Warning "deploy";
    /// A statement may wait for a lock as long as it likes.
    S905 Warning "deploy";
    /// The server is on another machine, and the connection is not encrypted, or does not ask who the server is.
    S906 Warning "deploy";
    /// The program logs in as the database's administrator.
    S907 Warning "deploy";
    /// The values of statements are logged.
    S908 Warning "deploy";
    /// Statements are logged, one event each.
    S909 Warning "deploy";
    /// The program logs in without a password, and the server is on another machine.
    S910 Warning "deploy";
}
