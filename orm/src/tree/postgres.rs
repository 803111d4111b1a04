//! Functions and operators of the types that PostgreSQL alone has.

use crate::{Kind, PgKind};

/// What PostgreSQL alone computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PgFunction {
    /// Whether the first contains the second: arrays, ranges, hstore.
    Contains,
    /// Whether the second contains the first.
    ContainedBy,
    /// Whether both have something in common.
    Overlap,
    /// How many elements an array has.
    ArrayLength,
    /// The element of an array at a place, from 1.
    ArrayElement,
    /// The elements of an array, each in a row of its own.
    Elements,
    /// The part of an array from a place, from 1, up to another one, which may be left out.
    ArraySlice,
    /// Whether an element of the array is equal to the second.
    ArrayHas,
    /// The one value that a query selects, of each of its rows.
    ArrayOf,
    /// Whether all of the first range is before the second.
    FullyLess,
    /// Whether all of the first range is behind the second.
    FullyGreater,
    /// Whether nothing of the first range is before the second.
    NotLess,
    /// Whether nothing of the first range is behind the second.
    NotGreater,
    /// Whether both ranges lie side by side, with nothing between them.
    Adjacent,
    /// Where a range begins.
    RangeStart,
    /// Where a range ends.
    RangeEnd,
    /// Whether there is nothing in a range.
    RangeIsEmpty,
    /// Whether the beginning lies in the range.
    StartIncluded,
    /// Whether the end lies in the range.
    EndIncluded,
    /// Whether the range has no beginning.
    StartUnbounded,
    /// Whether the range has no end.
    EndUnbounded,
    /// Whether an hstore has a key.
    HasKey,
    /// Whether it has all keys.
    HasKeys,
    /// Whether it has one of the keys.
    HasAnyKeys,
    /// The text at a key.
    HStoreGet,
    /// The keys.
    HStoreKeys,
    /// The texts.
    HStoreValues,
    /// A configuration of text search by its name.
    Config,
    /// The texts of several expressions, with blanks between.
    Words,
    /// The words of a text, perhaps after a configuration.
    SearchVector,
    /// The words with a weight.
    Weighted(Weight),
    /// The words of both.
    Together,
    /// All words of a text, perhaps after a configuration.
    PlainQuery,
    /// The words of a text one after the other.
    PhraseQuery,
    /// A query in the database's own notation.
    RawQuery,
    /// A query as search engines take them.
    WebQuery,
    /// Both queries.
    BothQueries,
    /// One of the queries.
    EitherQuery,
    /// What the query does not find.
    OtherThanQuery,
    /// The second query right behind the first.
    ThenQuery,
    /// Whether the query finds the words.
    Matches,
    /// How well it does: perhaps weights, the words, the query, perhaps a number that says how to regard the length.
    Rank,
    /// The same, by how near to each other what is found stands.
    RankCover,
    /// The places in a text where the query finds something: perhaps a configuration, the text, the query, options.
    Headline,
    /// How alike two texts are by their groups of three letters.
    Similarity,
    /// How alike the second is to a part of the first.
    WordSimilarity,
    /// The same, of whole words.
    StrictWordSimilarity,
    /// 1 without how alike two texts are.
    Distance,
    /// The same, of a part of the first.
    WordDistance,
    /// The same, of whole words.
    StrictWordDistance,
    /// Whether two texts are alike.
    Similar,
    /// Whether the second is like a part of the first.
    WordSimilar,
    /// The same, of whole words.
    StrictWordSimilar,
    /// A text without accents.
    Unaccent,
}

/// What a word counts in a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// The most.
    A,
    /// Less.
    B,
    /// Less than that.
    C,
    /// The least, and what words have that are given no weight.
    D,
}

impl PgFunction {
    /// The kind of what it gives, where that can be told, by the kind of its first argument.
    pub(crate) fn gives(self, first: Option<Kind>) -> Option<Kind> {
        use PgFunction::*;
        let own = |of: &'static PgKind| Some(Kind::Postgres(of));
        match self {
            Contains | ContainedBy | Overlap | ArrayHas | FullyLess | FullyGreater | NotLess | NotGreater
            | Adjacent | RangeIsEmpty | StartIncluded | EndIncluded | StartUnbounded | EndUnbounded | HasKey
            | HasKeys | HasAnyKeys | Matches | Similar | WordSimilar | StrictWordSimilar => Some(Kind::Bool),
            ArrayLength => Some(Kind::I32),
            ArrayElement | Elements | RangeStart | RangeEnd => match first {
                Some(Kind::Postgres(PgKind::Array(of) | PgKind::Range(of))) => Some(*of),
                _ => None,
            },
            ArraySlice => first,
            ArrayOf => first.and_then(PgKind::array).map(Kind::Postgres),
            HStoreGet | Words | Unaccent | Headline => Some(Kind::Text),
            HStoreKeys | HStoreValues => own(&PgKind::Array(Kind::Text)),
            Config => None,
            SearchVector | Weighted(_) | Together => own(&PgKind::SearchVector),
            PlainQuery | PhraseQuery | RawQuery | WebQuery | BothQueries | EitherQuery | OtherThanQuery | ThenQuery => {
                own(&PgKind::SearchQuery)
            }
            Rank | RankCover | Similarity | WordSimilarity | StrictWordSimilarity | Distance | WordDistance
            | StrictWordDistance => Some(Kind::F32),
        }
    }
}
