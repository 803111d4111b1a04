//! Where values stand in SQL of one's own: at each `?`, but for those in quotes and comments.

use crate::Dialect;

/// A `?` of a text that stands outside of quotes and comments.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Mark {
    /// The place of a value.
    Value(usize),
    /// `??`, which is a `?` of the database's own, such as PostgreSQL's operator.
    Own(usize),
}

/// The marks of a text, in their order, as this database reads it.
pub(crate) fn marks(sql: &str, dialect: Dialect) -> Vec<Mark> {
    let mysql = matches!(dialect, Dialect::MariaDb | Dialect::MySql);
    let postgres = dialect == Dialect::Postgres;
    let bytes = sql.as_bytes();
    let (mut marks, mut at) = (Vec::new(), 0);
    while let Some((&byte, rest)) = bytes.get(at..).and_then(<[u8]>::split_first) {
        let next = rest.first().copied();
        at += match (byte, next) {
            (b'?', Some(b'?')) => {
                marks.push(Mark::Own(at));
                2
            }
            (b'?', _) => {
                marks.push(Mark::Value(at));
                1
            }
            (b'\'', _) => quoted(rest, b'\'', mysql || postgres && is_escaping(&bytes[..at])),
            (b'"', _) => quoted(rest, b'"', mysql),
            (b'`', _) if !postgres => quoted(rest, b'`', false),
            (b'[', _) if dialect == Dialect::Sqlite => until(rest, b"]"),
            (b'#', _) if mysql => until(rest, b"\n"),
            (b'-', Some(b'-')) if !mysql || rest.get(1).is_none_or(|byte| *byte <= b' ') => until(rest, b"\n"),
            // MariaDB and MySQL run what stands in `/*! */` and `/*M! */`.
            (b'/', Some(b'*')) if mysql && (rest[1..].starts_with(b"!") || rest[1..].starts_with(b"M!")) => 2,
            (b'/', Some(b'*')) if postgres => nested(rest),
            (b'/', Some(b'*')) => 1 + until(&rest[1..], b"*/"),
            (b'$', _) if postgres && !bytes[..at].last().is_some_and(is_word) => dollars(rest),
            _ => 1,
        };
    }
    marks
}

fn is_word(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80
}

/// Whether a backslash means something in a text of PostgreSQL's: after an `E`, which is no end of a name.
fn is_escaping(before: &[u8]) -> bool {
    matches!(before.split_last(), Some((b'e' | b'E', before)) if !before.last().is_some_and(is_word))
}

/// How long what is in quotes is, with the quote before it; two quotes, and one after a backslash, are one in it.
fn quoted(rest: &[u8], quote: u8, backslash: bool) -> usize {
    let mut at = 0;
    while let Some(&byte) = rest.get(at) {
        match byte {
            b'\\' if backslash => at += 2,
            byte if byte == quote && rest.get(at + 1) == Some(&quote) => at += 2,
            byte if byte == quote => return at + 2,
            _ => at += 1,
        }
    }
    rest.len() + 1
}

/// How long it is to the end of these bytes, with the byte before `rest`.
fn until(rest: &[u8], end: &[u8]) -> usize {
    rest.windows(end.len()).position(|part| part == end).map_or(rest.len(), |found| found + end.len()) + 1
}

/// How long a comment of PostgreSQL's is, in which others can stand; `rest` begins with its `*`.
fn nested(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (1, 1);
    while depth > 0 && at < rest.len() {
        at += match &rest[at..] {
            [b'/', b'*', ..] => {
                depth += 1;
                2
            }
            [b'*', b'/', ..] => {
                depth -= 1;
                2
            }
            _ => 1,
        };
    }
    at + 1
}

/// How long a text between `$tag$` and `$tag$` is; 1 where none begins.
fn dollars(rest: &[u8]) -> usize {
    let tag = rest.iter().take_while(|byte| is_word(byte)).count();
    if rest.get(tag) != Some(&b'$') || rest.first().is_some_and(u8::is_ascii_digit) {
        return 1;
    }
    let mark = [b"$", &rest[..=tag]].concat();
    tag + 1 + until(&rest[tag + 1..], &mark)
}

#[cfg(test)]
mod tests {
    use super::{Dialect, Mark, marks};

    /// How many values a text takes.
    fn values(sql: &str, dialect: Dialect) -> usize {
        marks(sql, dialect).iter().filter(|mark| matches!(mark, Mark::Value(_))).count()
    }

    #[test]
    fn a_mark_in_quotes_or_a_comment_is_none() {
        let everywhere = [
            "SELECT ?, 'a?b', 'it''s ?', \"is it?\"",
            "SELECT '?' -- really?\n, ?",
            "SELECT /* ? * / ? */ ?",
            "SELECT 'é?', ?, 'never closed ?",
            "SELECT ? -- ?",
            "SELECT ? /* ?",
        ];
        for dialect in [Dialect::Sqlite, Dialect::Postgres, Dialect::MariaDb, Dialect::MySql] {
            for sql in everywhere {
                assert_eq!(values(sql, dialect), 1, "{dialect} {sql}");
            }
            assert_eq!(values("SELECT ?,?, ?+?", dialect), 4);
        }
    }

    #[test]
    fn each_database_has_quotes_of_its_own() {
        use Dialect::{MariaDb, Postgres, Sqlite};
        let cases = [
            ("SELECT 'a\\'?', ?", MariaDb, 1),
            ("SELECT 'a\\', ?, '?'", Sqlite, 1),
            ("SELECT 'a\\', ?, '?'", Postgres, 1),
            ("SELECT E'a\\'?', ?", Postgres, 1),
            ("SELECT name'a\\', ?, '?'", Postgres, 1),
            ("SELECT `a?`, ? # ?", MariaDb, 1),
            ("SELECT 1--?", MariaDb, 1),
            ("SELECT 1--?", Sqlite, 0),
            ("SELECT /*! ? */ 1", MariaDb, 1),
            ("SELECT [a?], ?", Sqlite, 1),
            ("SELECT a[?]", Postgres, 1),
            ("SELECT $$?$$, $x$ ? $$ ? $x$, ?", Postgres, 1),
            ("SELECT a$1, ?, '$'", Postgres, 1),
            ("SELECT $1 + ? + $2", Postgres, 1),
            ("SELECT /* a /* ? */ ? */ ?", Postgres, 1),
            ("SELECT /* a /* ? */ ?", Sqlite, 1),
        ];
        for (sql, dialect, expected) in cases {
            assert_eq!(values(sql, dialect), expected, "{dialect} {sql}");
        }
        assert_eq!(marks("a ?? ?", Postgres), [Mark::Own(2), Mark::Value(5)]);
    }
}
