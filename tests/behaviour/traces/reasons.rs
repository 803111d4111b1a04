//! Why evaluations are left out, and which give something else: as data, so that nothing is passed over in silence.

use crate::bed::Backend;

/// How many evaluations agree on each back end; there may only be more.
pub fn floor(backend: Backend) -> usize {
    match backend {
        Backend::SqliteMemory | Backend::SqliteFile => 2_074,
        Backend::Postgres => 2_086,
        Backend::MariaDb => 2_069,
    }
}

/// How the reason begins that an evaluation is left out for, and what is behind it.
pub const LEFT_OUT: &[(&str, &str)] = &[
    ("the write", "not part of the form yet"),
    ("a bulk create with conflicts", "upserts are not part of the form yet"),
    ("a new row", "the adapter does not translate it"),
    ("a default", "defaults of Django's models are not the database's here"),
    ("a relation with values of its own", "the adapter does not translate it"),
    ("a relation that is not there", "relations lead to keys"),
    ("recorded on PostgreSQL only", "arrays, DISTINCT ON and other things of one database"),
    ("answered here, where Django raises", "there is a meaning, and it is given"),
    ("lookups that a test registers", "a project's own lookups are not part of the form"),
    ("time zones", "parts of moments are those in UTC"),
    ("related rows beside values", "related rows stand beside whole rows"),
    ("the call", "not part of the form yet"),
    ("the expression", "not part of the form yet"),
    ("the function", "not part of the form yet"),
    ("the aggregate", "not part of the form yet"),
    ("an aggregate with", "not part of the form yet"),
    ("an aggregate over", "needs a query in place of a table"),
    ("an aggregate of several", "not part of the form yet"),
    ("an aggregate without a name", "every value has a name"),
    ("an annotation without a name", "every value has a name"),
    ("the operator", "bits and powers are not part of the form yet"),
    ("a cast to", "not a kind that can be cast to"),
    ("a case without a branch", "has no meaning by name"),
    ("a literal", "has no meaning by name"),
    ("a ForeignObject", "relations lead to keys"),
    ("a foreign key to another field than the key", "relations lead to keys"),
    ("a filtered relation", "the adapter does not translate it"),
    ("a related manager inside a query", "the adapter does not translate it"),
    ("a relation of an instance by its accessor", "the adapter does not translate it"),
    ("a model that is ordered over many rows", "the adapter does not translate it"),
    ("an order by an expression of a related model", "the adapter does not translate it"),
    ("a reference to a query around", "the adapter does not translate it"),
    ("a slice of joined rows", "such a slice cannot be looked at again"),
    ("whether a slice holds a row", "such a slice cannot be looked at again"),
    ("a frame with an exclusion", "frames have no exclusions: MariaDB has none"),
    ("a value of rows that they do not have", "the adapter does not translate it"),
    ("a union of nothing", "the adapter does not translate it"),
    ("refused, by its form", "a description without a name says nothing"),
    ("refused, name.", "a name that is taken, or a relation that was left out above"),
    ("refused, value.", "a value of another form than the field's"),
    ("refused, model.invalid", "defaults of Django's models are not described here"),
    ("refused, query.bad_regex", "a regular expression of another dialect"),
    ("refused, query.invalid", "values of different kinds, keys of several columns, groups over what has many values"),
    ("refused, query.too_complex", "larger than the limits"),
    ("refused, dialect.unsupported", "the database cannot do it"),
];

/// Evaluations that give something else, and why.
pub const DIFFERENT: &[(&str, &str)] = &[
    ("aggregation-233", "Django calls the sum of a float an integer"),
    ("annotations-400", "Django calls the sum of a float an integer"),
    ("aggregation-243", "the days of grouped rows are one per group here"),
    ("queries-291", "relations lead to keys: one to another field says nothing when its row goes"),
    ("queries-685", "a union has no order before one is asked for"),
    ("aggregation-285", "PostgreSQL does not see that an expression with a value is the group's key"),
];
