//! Why evaluations are left out, and which give something else: as data, so that nothing is passed over in silence.

use crate::bed::Backend;

/// How many evaluations agree on each back end; there may only be more.
pub fn floor(backend: Backend) -> usize {
    match backend {
        Backend::SqliteMemory | Backend::SqliteFile => 2_296,
        Backend::Postgres => 2_317,
        Backend::MariaDb => 2_295,
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
    ("refused, query.invalid", "values of different kinds, or rows of a parent in place of those of a child"),
    ("refused, query.not_found", "relations are changed of rows that are there"),
    ("refused, query.too_complex", "larger than the limits"),
    ("refused, dialect.unsupported", "the database cannot do it"),
    ("refused, migration.failed", "a table of which the name is longer than PostgreSQL takes"),
    ("refused, constraint.", "the tables here refuse what those of the recording did not"),
    ("a regular expression of another dialect", "SQLite has none of its own: those of a crate are without references"),
];

/// Evaluations that give something else, and why.
pub const DIFFERENT: &[(&str, &str)] = &[
    ("aggregation-233", "Django calls the sum of a float an integer"),
    ("annotations-400", "Django calls the sum of a float an integer"),
];

/// What some evaluations of one of Django's tests give instead, wherever they were recorded.
pub struct Different {
    pub test: &'static str,
    /// The terminal operation, and how many rows Django gives.
    pub of: (&'static str, usize),
    /// How what is told of the difference begins: another one in the same test is still told.
    pub begins: &'static str,
    pub why: &'static str,
}

const FILTERED: &str = "where the condition of a filtered relation keeps no row there is none; Django joins it as a foreign key that is never NULL";
const COMPLEMENT: &str = "`exclude` gives every row that `filter` does not, those without the value included";
const INTEGER: &str = "Django calls the sum of a float an integer";
const MILLI: &str = "a cast to a moment or a time of day keeps all six digits, on SQLite too";

const fn different(
    test: &'static str,
    of: (&'static str, usize),
    begins: &'static str,
    why: &'static str,
) -> Different {
    Different { test, of, begins, why }
}

/// The differences by the names of Django's tests.
pub const DIFFERENT_IN: &[Different] = &[
    different(
        "aggregation.tests.AggregateTestCase.test_distinct_on_stringagg_sqlite_special_case",
        ("aggregate", 0),
        "1 rows",
        "the texts of floats, and their order without one, are those of the database",
    ),
    different("aggregation.tests.AggregateTestCase.test_combine_different_types", ("get", 1), "1 rows", INTEGER),
    different(
        "annotations.tests.NonAggregateAnnotationTestCase.test_mixed_type_annotation_numbers",
        ("get", 1),
        "1 rows",
        INTEGER,
    ),
    different(
        "db_functions.comparison.test_cast.CastTests.test_cast_from_db_datetime_to_time",
        ("first", 1),
        "1 rows",
        MILLI,
    ),
    different(
        "db_functions.comparison.test_cast.CastTests.test_cast_from_python_to_datetime",
        ("get", 1),
        "1 rows",
        MILLI,
    ),
    different(
        "delete.tests.DeletionTests.test_db_cascade",
        ("instance_delete", 0),
        "201 rows, and",
        "rows that go with others are counted, those that the database takes along as well",
    ),
    different(
        "expressions.tests.BasicExpressionsTests.test_decimal_division_literal_value",
        ("get", 1),
        "1 rows",
        "a quotient of decimals is a decimal of as many digits on every database, and no float",
    ),
    different(
        "expressions.tests.BasicExpressionsTests.test_ticket_16731_startswith_lookup",
        ("list", 2),
        "1 rows",
        "`startswith` tells large letters from small ones on every database",
    ),
    different(
        "expressions.tests.FTimeDeltaTests.test_mixed_comparisons1",
        ("list", 0),
        "1 rows",
        "a day beside a moment is its beginning, on SQLite too, where Django compares texts",
    ),
    different(
        "expressions.tests.IterableLookupInnerExpressionsTests.test_expressions_range_lookups_join_choice",
        ("list", 0),
        "3 rows",
        COMPLEMENT,
    ),
    different(
        "filtered_relation.tests.FilteredRelationTests.test_conditional_expression_lhs_contains_relation_name",
        ("list", 0),
        "4 rows",
        FILTERED,
    ),
    different(
        "filtered_relation.tests.FilteredRelationTests.test_conditional_expression_lhs_startswith_relation_name",
        ("list", 0),
        "4 rows",
        FILTERED,
    ),
    different(
        "filtered_relation.tests.FilteredRelationTests.test_conditional_expression_rhs_contains_relation_name",
        ("list", 0),
        "4 rows",
        FILTERED,
    ),
    different(
        "filtered_relation.tests.FilteredRelationTests.test_conditional_expression_rhs_startswith_relation_name",
        ("list", 0),
        "4 rows",
        FILTERED,
    ),
    different(
        "inline_formsets.tests.InlineFormsetFactoryTest.test_zero_primary_key",
        ("create", 1),
        "inline_formsets_poet",
        "MariaDB gives a key of its own where 0 is given",
    ),
    different("model_fields.test_jsonfield.TestQuerying.test_lookup_exclude", ("list", 1), "11 rows", COMPLEMENT),
    different("model_fields.test_jsonfield.TestQuerying.test_lookup_exclude", ("list", 2), "12 rows", COMPLEMENT),
    different(
        "model_fields.test_jsonfield.TestQuerying.test_lookup_exclude_nonexistent_key",
        ("list", 3),
        "13 rows",
        COMPLEMENT,
    ),
    different("model_fields.test_jsonfield.TestQuerying.test_none_key_exclude", ("list", 1), "13 rows", COMPLEMENT),
    different(
        "queries.test_qs_combinators.QuerySetSetOperationTests.test_limits",
        ("list", 2),
        "2 rows",
        "which rows of a union come first is for the database to say, unless there is an order",
    ),
    different(
        "queries.tests.NullInExcludeTest.test_col_not_in_list_containing_null",
        ("list", 1),
        "2 rows",
        COMPLEMENT,
    ),
    different(
        "queries.tests.NullJoinPromotionOrTest.test_ticket_21748_complex_filter",
        ("list", 1),
        "2 rows",
        COMPLEMENT,
    ),
    different(
        "serializers.test_data.SerializerDataTests.test_json_serializer_pk_0",
        ("get", 1),
        "0 rows",
        "MariaDB gives a key of its own where 0 is given",
    ),
];
