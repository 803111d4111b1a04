//! SQLite: what a table has that the state does not know is written into the table that takes its place, word for word.

use crate::introspect::parse::node;
use crate::introspect::token::{Spot, Token, tokens};
use crate::sql::Dialect;

/// What goes into the new table beside what the state says of it.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Carried {
    /// Columns as they are defined: name, definition, and whether they are computed.
    pub(super) columns: Vec<(String, String, bool)>,
    /// Constraints of the table.
    pub(super) constraints: Vec<String>,
    /// What stands behind the definition of a column.
    pub(super) behind: Vec<(String, String)>,
    /// What happens to the columns of a foreign key when the other key changes.
    pub(super) on_update: Vec<(Vec<String>, String)>,
    pub(super) without_rowid: bool,
    /// The numbers that rows have beside their columns.
    pub(super) rowid: bool,
}

/// A definition within `CREATE TABLE name (..)`.
#[derive(Debug)]
pub(super) struct Part<'s> {
    pub(super) text: &'s str,
    pub(super) spots: &'s [Spot],
    /// The column that it defines; none for a constraint of the table.
    pub(super) column: Option<&'s str>,
}

/// The definitions in a `CREATE TABLE`, and the tokens behind them.
pub(super) fn parts<'s>(sql: &'s str, spots: &'s [Spot]) -> (Vec<Part<'s>>, &'s [Spot]) {
    let mut parts = Vec::new();
    let Some(open) = spots.iter().position(|spot| spot.token.is("(")) else { return (parts, &[]) };
    let (mut depth, mut from) = (0_usize, open + 1);
    for (at, spot) in spots.iter().enumerate().skip(open) {
        depth += usize::from(spot.token.is("("));
        let closes = depth == 1 && spot.token.is(")");
        if closes || depth == 1 && spot.token.is(",") {
            parts.extend(part(sql, &spots[from.min(at)..at]));
            from = at + 1;
        }
        if closes {
            return (parts, &spots[from..]);
        }
        depth -= usize::from(spot.token.is(")"));
    }
    (parts, &[])
}

fn part<'s>(sql: &'s str, spots: &'s [Spot]) -> Option<Part<'s>> {
    let (first, last) = (spots.first()?, spots.last()?);
    let constraint =
        ["constraint", "primary", "unique", "check", "foreign"].iter().any(|word| first.token.is_word(word));
    let name = named(&first.token);
    Some(Part { text: sql.get(first.at.start..last.at.end)?, spots, column: name.filter(|_| !constraint) })
}

/// A name: SQLite takes a text for one where only a name can be.
pub(super) fn named(token: &Token) -> Option<&str> {
    match token {
        Token::Text(text) => Some(text),
        token => token.name(),
    }
}

impl Part<'_> {
    /// Whether a word stands in it outside of parentheses.
    pub(super) fn says(&self, word: &str) -> bool {
        self.outside().any(|at| self.spots[at].token.is_word(word))
    }

    /// Whether it says what is to happen with rows that it does not take.
    pub(super) fn resolves(&self) -> bool {
        let next = |at: usize| self.spots.get(at + 1).is_some_and(|spot| spot.token.is_word("conflict"));
        self.outside().any(|at| self.spots[at].token.is_word("on") && next(at))
    }

    /// The places outside of parentheses, but for the name of a column.
    fn outside(&self) -> impl Iterator<Item = usize> + '_ {
        let mut depth = 0_usize;
        (0..self.spots.len()).filter(move |at| {
            depth -= usize::from(depth > 0 && self.spots[*at].token.is(")"));
            let is = depth == 0 && (*at > 0 || self.column.is_none());
            depth += usize::from(self.spots[*at].token.is("("));
            is
        })
    }

    /// The text of the parentheses at a place, with them, and its tokens.
    fn parenthesis<'s>(&'s self, sql: &'s str, open: usize) -> Option<(&'s str, &'s [Spot])> {
        let mut depth = 0_usize;
        for (at, spot) in self.spots.iter().enumerate().skip(open) {
            depth += usize::from(spot.token.is("("));
            depth -= usize::from(depth > 0 && spot.token.is(")"));
            if depth == 0 {
                let text = sql.get(self.spots[open].at.start..spot.at.end)?;
                return spot.token.is(")").then(|| (text, &self.spots[open + 1..at]));
            }
        }
        None
    }

    /// The columns of a `UNIQUE (..)` or `FOREIGN KEY (..)` of the table.
    pub(super) fn over(&self, word: &str) -> Option<Vec<String>> {
        let mut columns = Vec::new();
        let (mut depth, mut first) = (0_usize, true);
        for spot in self.list(word)? {
            if depth == 0 && first {
                columns.push(named(&spot.token)?.to_owned());
            }
            first = depth == 0 && spot.token.is(",");
            depth += usize::from(spot.token.is("("));
            depth -= usize::from(depth > 0 && spot.token.is(")"));
        }
        Some(columns)
    }

    /// Whether a key of the table compares its columns by collations of its own.
    pub(super) fn collates(&self, word: &str) -> bool {
        self.list(word).is_some_and(|spots| spots.iter().any(|spot| spot.token.is_word("collate")))
    }

    /// What stands in the parentheses behind a word of a constraint of the table.
    fn list(&self, word: &str) -> Option<&[Spot]> {
        let at = self.outside().find(|at| self.column.is_none() && self.spots[*at].token.is_word(word))?;
        let open = at + self.spots.get(at..)?.iter().position(|spot| spot.token.is("("))?;
        let mut depth = 0_usize;
        let close = self.spots.iter().enumerate().skip(open).find(|(_, spot)| {
            depth += usize::from(spot.token.is("("));
            depth -= usize::from(spot.token.is(")"));
            depth == 0
        })?;
        self.spots.get(open + 1..close.0)
    }

    /// The collation of a column.
    pub(super) fn collation(&self) -> Option<&str> {
        let at = self.outside().find(|at| self.spots[*at].token.is_word("collate"))?;
        self.spots.get(at + 1)?.token.name().filter(|name| !name.eq_ignore_ascii_case("binary"))
    }

    /// The checks in it.
    pub(super) fn checks(&self, sql: &str) -> Vec<Check> {
        let mut checks = Vec::new();
        for at in self.outside().filter(|at| self.spots[*at].token.is_word("check")) {
            let Some((text, inner)) = self.parenthesis(sql, at + 1) else { continue };
            let named = at >= 2 && self.spots[at - 2].token.is_word("constraint");
            checks.push(Check {
                name: named.then(|| self.spots[at - 1].token.name().map(str::to_owned)).flatten(),
                text: text.to_owned(),
                names: inner.iter().filter_map(|spot| spot.token.name()).map(str::to_ascii_lowercase).collect(),
            });
        }
        checks
    }

    /// The end of `REFERENCES table (..)`.
    fn referred(&self) -> Option<usize> {
        let at = self.outside().find(|at| self.spots[*at].token.is_word("references"))?;
        let close = self.spots.iter().enumerate().skip(at).find(|(_, spot)| spot.token.is(")"))?;
        Some(close.1.at.end)
    }
}

/// A check as it is written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Check {
    pub(super) name: Option<String>,
    /// With its parentheses.
    pub(super) text: String,
    /// What may be a column in it.
    pub(super) names: Vec<String>,
}

/// Whether two conditions are written alike, but for quotes, parentheses and the case of names.
pub(super) fn alike(one: &str, other: &str) -> bool {
    let read = |sql: &str| {
        let spots = tokens(Dialect::Sqlite, sql);
        let word = |spot: &Spot| match &spot.token {
            Token::Word(name) | Token::Quoted(name) => name.to_ascii_lowercase(),
            _ => sql.get(spot.at.clone()).unwrap_or_default().to_owned(),
        };
        let words: Vec<String> = bare(&spots).iter().map(word).collect();
        let text = words.join(" ");
        // The tree has no collations.
        if spots.iter().any(|spot| spot.token.is_word("collate")) {
            return Err(text);
        }
        node(Dialect::Sqlite, &text).map_err(|_| text)
    };
    read(one) == read(other)
}

/// Without the parentheses around all of it.
fn bare(spots: &[Spot]) -> &[Spot] {
    let [first, inner @ .., last] = spots else { return spots };
    let mut depth = 0_i32;
    let around = inner.iter().all(|spot| {
        depth += i32::from(spot.token.is("(")) - i32::from(spot.token.is(")"));
        depth >= 0
    });
    if first.token.is("(") && last.token.is(")") && around { bare(inner) } else { spots }
}

/// What may be a column in some SQL, in lower case.
pub(super) fn names(sql: &str) -> Vec<String> {
    tokens(Dialect::Sqlite, sql).iter().filter_map(|spot| spot.token.name()).map(str::to_ascii_lowercase).collect()
}

/// A default as `CREATE TABLE` takes it: an expression stands in parentheses. A word alone or a name in quotes is a text there, and
/// only there.
pub(super) fn default(sql: &str) -> String {
    let spots = tokens(Dialect::Sqlite, sql);
    // A comment behind it would hide what follows.
    let end = spots.last().map_or(sql.len(), |spot| spot.at.end);
    let sql = sql.get(..end).unwrap_or(sql);
    match spots.as_slice() {
        [one] if !matches!(one.token, Token::Symbol(_)) => format!("DEFAULT {sql}"),
        [sign, Spot { token: Token::Number(_), .. }] if sign.token.is("-") || sign.token.is("+") => {
            format!("DEFAULT {sql}")
        }
        _ => format!("DEFAULT ({sql})"),
    }
}

impl Carried {
    /// The definition of the new table with what is carried into it; none if it has no place there.
    pub(super) fn create(&self, sql: &str) -> Option<String> {
        let spots = tokens(Dialect::Sqlite, sql);
        let (parts, behind) = parts(sql, &spots);
        let mut added: Vec<(usize, String)> = Vec::new();
        let end = |part: &Part<'_>| part.spots.last().map(|spot| spot.at.end);
        for (column, text) in &self.behind {
            let of = parts.iter().find(|part| part.column.is_some_and(|name| name.eq_ignore_ascii_case(column)))?;
            added.push((end(of)?, format!(" {text}")));
        }
        for (columns, action) in &self.on_update {
            let of = parts.iter().find(|part| match (part.column, columns.as_slice()) {
                (Some(name), [only]) => name.eq_ignore_ascii_case(only) && part.says("references"),
                (Some(_), _) => false,
                (None, _) => part.over("foreign").is_some_and(|over| same(&over, columns)),
            })?;
            added.push((of.referred()?, format!(" ON UPDATE {action}")));
        }
        let last = end(parts.iter().rfind(|part| part.column.is_some())?)?;
        added.extend(self.columns.iter().map(|(_, text, _)| (last, format!(", {text}"))));
        let last = end(parts.last()?)?;
        added.extend(self.constraints.iter().map(|text| (last, format!(", {text}"))));
        if self.without_rowid {
            let numbered = spots.iter().any(|spot| spot.token.is_word("autoincrement"));
            if numbered || !behind.is_empty() {
                return None;
            }
            added.push((sql.len(), " WITHOUT ROWID".to_owned()));
        }
        // In the same place they stay in the order in which they were added.
        added.sort_by_key(|(at, _)| *at);
        let mut out = sql.to_owned();
        for (at, text) in added.iter().rev() {
            out.insert_str(*at, text);
        }
        Some(out)
    }

    /// The copy of the rows with the values of the columns that are carried.
    pub(super) fn insert(&self, sql: &str) -> Option<String> {
        let stored = self.columns.iter().filter(|(_, _, computed)| !computed);
        let stored = stored.map(|(name, ..)| Dialect::Sqlite.quote(name));
        let stored = self.rowid.then(|| "rowid".to_owned()).into_iter().chain(stored);
        let names: String = stored.map(|name| format!("{name}, ")).collect();
        let spots = tokens(Dialect::Sqlite, sql);
        let open = spots.iter().find(|spot| spot.token.is("("))?.at.end;
        let select = spots.iter().find(|spot| spot.token.is_word("select"))?.at.end;
        let (list, values) = (sql.get(open..select)?, sql.get(select..)?);
        Some(format!("{}{names}{list} {names}{}", sql.get(..open)?, values.trim_start()))
    }
}

/// Whether both are the same columns, in whatever order.
pub(super) fn same(one: &[String], other: &[String]) -> bool {
    let names = |columns: &[String]| {
        let mut names: Vec<String> = columns.iter().map(|name| name.to_ascii_lowercase()).collect();
        names.sort();
        names
    };
    names(one) == names(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_are_told_apart_outside_of_quotes_comments_and_parentheses() {
        let sql = "CREATE TABLE t (a text COLLATE NOCASE CHECK (a <> 'check (' COLLATE nocase), -- check (\n \
                   \"b,\" text /* collate x, */ COLLATE binary, 'c' int REFERENCES o (x) ON UPDATE SET NULL, \
                   CONSTRAINT \"k\" CHECK (c IN (1, 2)), UNIQUE (a, \"b,\") ON CONFLICT IGNORE) WITHOUT ROWID";
        let spots = tokens(Dialect::Sqlite, sql);
        let (parts, behind) = parts(sql, &spots);
        let columns: Vec<Option<&str>> = parts.iter().map(|part| part.column).collect();
        assert_eq!(columns, [Some("a"), Some("b,"), Some("c"), None, None]);
        assert_eq!(parts[0].collation(), Some("NOCASE"));
        assert_eq!(parts[1].collation(), None);
        let checks: Vec<Check> = parts.iter().flat_map(|part| part.checks(sql)).collect();
        assert_eq!(checks.len(), 2);
        assert_eq!((checks[1].name.as_deref(), checks[1].text.as_str()), (Some("k"), "(c IN (1, 2))"));
        assert_eq!(parts[4].over("unique"), Some(vec!["a".to_owned(), "b,".to_owned()]));
        assert_eq!(parts[4].text, "UNIQUE (a, \"b,\") ON CONFLICT IGNORE");
        assert!(parts[2].says("references") && !parts[0].says("references"));
        assert_eq!(behind.len(), 2);
    }

    #[test]
    fn what_is_carried_finds_its_place() {
        let carried = Carried {
            columns: vec![
                ("x".into(), "x int NOT NULL".into(), false),
                ("y".into(), "\"y\" int AS (x) STORED".into(), true),
            ],
            constraints: vec!["CHECK (a > 0)".into()],
            behind: vec![("A".into(), "DEFAULT 3".into())],
            on_update: vec![(vec!["b".into()], "CASCADE".into()), (vec!["c".into(), "a".into()], "SET NULL".into())],
            without_rowid: true,
            rowid: false,
        };
        let sql = "CREATE TABLE \"new__t\" (\"a\" integer NOT NULL, \"b\" integer REFERENCES \"o\" (\"id\") DEFERRABLE, \
                   \"c\" int, CONSTRAINT \"f\" FOREIGN KEY (\"a\", \"c\") REFERENCES \"o\" (\"a\", \"c\") ON DELETE CASCADE)";
        let made = "CREATE TABLE \"new__t\" (\"a\" integer NOT NULL DEFAULT 3, \"b\" integer REFERENCES \"o\" (\"id\") ON UPDATE CASCADE \
                    DEFERRABLE, \"c\" int, x int NOT NULL, \"y\" int AS (x) STORED, CONSTRAINT \"f\" FOREIGN KEY (\"a\", \"c\") \
                    REFERENCES \"o\" (\"a\", \"c\") ON UPDATE SET NULL ON DELETE CASCADE, CHECK (a > 0)) WITHOUT ROWID";
        assert_eq!(carried.create(sql).as_deref(), Some(made));
        assert_eq!(carried.create(&sql.replace("\"c\" int", "\"c\" integer PRIMARY KEY AUTOINCREMENT")), None);
        let insert = carried.insert("INSERT INTO \"new__t\" (\"a\", \"select (\") SELECT \"a\", 1 FROM \"t\"");
        assert_eq!(
            insert.as_deref(),
            Some("INSERT INTO \"new__t\" (\"x\", \"a\", \"select (\") SELECT \"x\", \"a\", 1 FROM \"t\"")
        );
    }

    #[test]
    fn expressions_are_alike_whatever_their_quotes_and_parentheses() {
        assert!(alike("((\"A\" >=  0))", "a >= 0") && alike("(a) > (b)", "a > b"));
        assert!(!alike("a <> 'X'", "a <> 'x'") && !alike("(a + b) * c", "a + b * c"));
        assert!(!alike("a = 'x' COLLATE NOCASE", "a = 'x'") && !alike("a = b COLLATE nocase", "a = b COLLATE rtrim"));
        assert!(alike("((\"A\" = 'x' COLLATE nocase))", "a = 'x' COLLATE NOCASE".to_lowercase().as_str()));
        assert!(!alike("(a) + (b COLLATE nocase)", "a) + (b COLLATE nocase"));
        assert_eq!(default("-3"), "DEFAULT -3");
        assert_eq!(default("'it''s'"), "DEFAULT 'it''s'");
        assert_eq!(default("random()"), "DEFAULT (random())");
        assert_eq!(default("\"abc\""), "DEFAULT \"abc\"");
        assert_eq!(default("abc"), "DEFAULT abc");
        assert_eq!(default("1 + 2 -- so"), "DEFAULT (1 + 2)");
    }
}
