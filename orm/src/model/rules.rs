//! What the values of a field have to be, beyond what its column can hold.

use super::Told;
use crate::{ValidationError, Value};

/// The rules of a field: checked before every write, and there for forms and documents to read.
///
/// ```
/// use orm::{model::Format, prelude::*};
///
/// orm::app! { pub club { Member } }
///
/// #[derive(Model)]
/// pub struct Member {
///     pub id: i64,
///     #[field(email)]
///     pub email: String,
///     #[field(min = 18, max = 120)]
///     pub age: i32,
/// }
///
/// let (_, age) = Member::meta().field("age").unwrap();
/// assert_eq!(age.options.rules.min.map(|min| min()), Some(orm::Value::I32(18)));
/// let (_, email) = Member::meta().field("email").unwrap();
/// assert_eq!((email.options.rules.format, email.options.max_length), (Some(Format::Email), Some(254)));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// `min_length = ..`, in characters.
    pub min_length: Option<u32>,
    /// `min = ..`: the least value.
    pub min: Option<fn() -> Value>,
    /// `max = ..`: the largest value.
    pub max: Option<fn() -> Value>,
    /// `email`, `url`, `slug`, `ip`.
    pub format: Option<Format>,
    /// `pattern = ".."`: a regular expression that is found in the text.
    pub pattern: Option<&'static str>,
    /// `validate = ..`: a function of the person's own.
    pub own: Option<fn(&Value) -> Result<(), ValidationError>>,
    /// `message = ".."` and `code = ".."`: what people are told where one of these is not met.
    pub told: Told,
}

impl Rules {
    /// No rule at all.
    pub const NONE: Rules = Rules {
        min_length: None,
        min: None,
        max: None,
        format: None,
        pattern: None,
        own: None,
        told: Told { message: None, code: None },
    };

    /// Whether there is one.
    pub(crate) fn any(&self) -> bool {
        self.min_length.is_some()
            || self.min.is_some()
            || self.max.is_some()
            || self.format.is_some()
            || self.pattern.is_some()
            || self.own.is_some()
    }
}

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// An address of RFC 5321 at a host of at least two labels, or `localhost`.
    Email,
    /// An absolute URL of RFC 3986: `http`, `https`, `ftp` or `ftps`, with a host.
    Url,
    /// ASCII letters, digits, `-` and `_`.
    Slug,
    /// An address of IPv4 or IPv6.
    Ip,
}

impl Format {
    /// The word for it in attributes and in the parameters of mistakes.
    ///
    /// ```
    /// assert_eq!(orm::model::Format::Email.as_str(), "email");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Format::Email => "email",
            Format::Url => "url",
            Format::Slug => "slug",
            Format::Ip => "ip",
        }
    }

    /// The most characters, unless the field says something else.
    pub(super) const fn max_length(self) -> u32 {
        match self {
            Format::Email => 254,
            Format::Url => 200,
            Format::Slug => 50,
            Format::Ip => 45,
        }
    }
}
