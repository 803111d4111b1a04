//! Why evaluations are left out, and which give something else: as data, so that nothing is passed over in silence.

use crate::bed::Backend;

/// How many evaluations agree on each back end; there may only be more.
pub fn floor(backend: Backend) -> usize {
    match backend {
        Backend::SqliteMemory | Backend::SqliteFile => 2_294,
        Backend::Postgres => 2_315,
        Backend::MariaDb => 2_293,
    }
}

/// How the reason begins that an evaluation is left out for, and what is behind it. The first that fits counts.
pub const LEFT_OUT: &[(&str, &str)] = &[
    // Django refuses, and a query here has a meaning, which is given: see the table of what is decided differently.
    (
        "answered here, where Django raises: ",
        "a union is a table: it is filtered, annotated and combined like any query",
    ),
    ("answered here, where Django raises NotSupportedError: Calling QuerySet", "a union is a table"),
    (
        "answered here, where Django raises TypeError: Cannot use",
        "unions and slices are sets of rows, combined as such",
    ),
    (
        "answered here, where Django raises DatabaseError",
        "parts of a union are tables with orders and slices of their own",
    ),
    (
        "answered here, where Django raises TypeError: Cannot reverse",
        "a slice is its rows, and they can be turned around",
    ),
    ("answered here, where Django raises TypeError: Cannot update", "a slice is its rows, and they can be changed"),
    (
        "answered here, where Django raises FieldError: Joined field",
        "a value of a related row is asked for by a query inside",
    ),
    (
        "answered here, where Django raises FieldError: Cannot update when",
        "the order of the rows that change has no meaning",
    ),
    (
        "answered here, where Django raises NotSupportedError",
        "what Django's databases cannot do is written in another way",
    ),
    (
        "answered here, where Django raises NotImplementedError",
        "the first of alike rows is a table: it is aggregated like any",
    ),
    (
        "answered here, where Django raises FieldError: Cannot infer",
        "of two numbers the kind is the one that holds both",
    ),
    ("answered here, where Django raises TypeError: '", "relations are set by keys, and a key has no class"),
    (
        "answered here, where Django raises ValueError: Cannot query",
        "relations are compared by keys, and a key has no class",
    ),
    ("answered here, where Django raises", "where Django refuses and there is no need to, there is an answer"),
    // What is not of the form, or cannot be known.
    ("the write", "not a change of this form"),
    ("a default", "defaults of Django's models are its own programs"),
    ("a new row", "what Django computes for a new row is its own program"),
    ("a literal", "it has no form of its own"),
    ("a value of the rows", "a decimal of more than 28 digits, or a value that the field does not take"),
    ("a relation that is not there", "relations lead to keys"),
    ("a ForeignObject", "relations lead to keys"),
    ("a relation of an instance by its accessor", "relations lead to keys"),
    ("recorded on PostgreSQL only", "the recording says that it is for that database alone"),
    ("lookups that a test registers", "a project's own lookups are its own programs"),
    ("time zones", "a moment without an offset, in a zone whose distance from UTC changes"),
    ("related rows beside values", "related rows stand beside whole rows"),
    ("the call", "two queries that cannot be made conditions on the same rows"),
    ("the expression", "not of the recorded forms that are known"),
    ("the function", "a project's own function, or one of a database alone"),
    ("the aggregate", "a project's own aggregate, or one of a database alone"),
    ("an aggregate with", "a separator that is not a plain text"),
    ("an aggregate of several", "one of a database alone"),
    ("the operator", "not of the recorded forms that are known"),
    ("a cast to", "a field of a project's own"),
    ("a case without a branch", "a value of which nothing says the kind"),
    ("a filtered relation", "a join inside the condition of a join"),
    ("rows of a child, in an order", "a child is a row of its own, which leads to its parent"),
    ("a model that is ordered over many rows", "an order that multiplies rows"),
    ("a reference to a query around", "there is no query around"),
    ("a value of rows that they do not have", "a union has the values that its first part selects"),
    ("refused, by its form", "a description without a name says nothing"),
    ("refused, several rows", "one is asked for, and there are more"),
    ("refused, no key of a row", "relations lead to keys"),
    ("refused, name.unknown", "a many-to-many by a field that is no key"),
    ("refused, name.", "a name that is taken, or holds more than letters, digits and `_`"),
    ("refused, value.", "a value of another form than the field's"),
    ("refused, model.invalid", "a default that is Django's own program is to be set"),
    ("refused, query.bad_regex", "a regular expression of another dialect"),
    ("refused, query.unknown_zone", "the server has no table of time zones"),
    (
        "refused, query.invalid: prefetched rows are those",
        "a value of the rows between, by the join that Django's prefetch makes: a relation is a set here, without that join",
    ),
    ("refused, query.invalid", "values of different kinds, or rows of a parent in place of those of a child"),
    ("refused, query.not_found", "relations are changed of rows that are there"),
    ("refused, query.too_complex", "larger than the limits"),
    ("refused, dialect.unsupported", "the database cannot do it"),
    ("refused, constraint.", "the tables here refuse what those of the recording did not"),
    ("a regular expression of another dialect", "SQLite has none of its own: those of a crate are without references"),
];

/// Evaluations that give something else, and why.
pub const DIFFERENT: &[(&str, &str)] = &[
    ("aggregation-233", "Django calls the sum of a float an integer"),
    ("annotations-400", "Django calls the sum of a float an integer"),
];
