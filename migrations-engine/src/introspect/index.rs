//! `CREATE INDEX` as databases write it.

use super::catalog::deferrable;
use super::create::closing;
use super::meaning::Reader;
use super::parse::{Parser, Unread};
use super::token::{Token, tokens};
use crate::condition::{Expr, IndexPart, Nulls};
use crate::schema::{Constraint, Excluded};
use crate::sql::Dialect;

/// An index that was read.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) unique: bool,
    pub(super) on: Vec<IndexPart>,
    pub(super) include: Vec<String>,
    pub(super) condition: Option<Expr>,
    pub(super) method: Option<String>,
    pub(super) nulls_equal: bool,
    /// Whether it says how it is stored, `WITH (fillfactor = 70)`, for which a state has no word.
    pub(super) stored: bool,
}

/// Reads `CREATE [UNIQUE] INDEX .. ON .. [USING ..] (..) [INCLUDE (..)] [WITH (..)] [WHERE ..]`.
pub(super) fn read(reader: &Reader<'_>, sql: &str) -> Result<Found, Unread> {
    let dialect = reader.dialect;
    let spots = tokens(dialect, sql);
    let open = spots.iter().position(|spot| spot.token.is("(")).ok_or("it has no columns")?;
    let (head, close) = (&spots[..open], closing(&spots, open));
    let using = head.iter().position(|spot| spot.token.is_word("using"));
    let method = using.and_then(|at| head.get(at + 1)?.token.name()).filter(|name| *name != "btree");
    let mut found = Found {
        unique: head.iter().any(|spot| spot.token.is_word("unique")),
        on: Vec::new(),
        include: Vec::new(),
        condition: None,
        method: method.map(str::to_owned),
        nulls_equal: false,
        stored: false,
    };
    let mut parser = Parser::new(dialect, &spots[open + 1..close]);
    loop {
        found.on.push(part(reader, &mut parser)?);
        if !parser.symbol(",") {
            break;
        }
    }
    if parser.peek().is_some() {
        return Err(parser.unexpected());
    }
    let mut at = close + 1;
    while let Some(spot) = spots.get(at) {
        at += 1;
        if spot.token.is_word("include") {
            let end = closing(&spots, at);
            let names = spots.get(at..end).unwrap_or_default().iter().filter_map(|spot| spot.token.name());
            found.include = names.map(str::to_owned).collect();
            at = end + 1;
        } else if spot.token.is_word("nulls") {
            // NULLS NOT DISTINCT
            found.nulls_equal = true;
            at += 2;
        } else if spot.token.is_word("with") {
            found.stored = true;
            at = closing(&spots, at) + 1;
        } else if spot.token.is_word("where") {
            found.condition = Some(reader.read(sql.get(spot.at.end..).unwrap_or_default(), None)?);
            break;
        } else {
            return Err("what it ends with is not understood".to_owned());
        }
    }
    Ok(found)
}

/// Reads `EXCLUDE [USING ..] (.. WITH ..) [WHERE (..)] [DEFERRABLE ..]`.
pub(super) fn exclusion(reader: &Reader<'_>, name: &str, sql: &str) -> Result<Constraint, Unread> {
    let spots = tokens(reader.dialect, sql);
    let open = spots.iter().position(|spot| spot.token.is("(")).ok_or("it compares nothing")?;
    let close = closing(&spots, open);
    let using = spots[..open].iter().position(|spot| spot.token.is_word("using"));
    let method = using.and_then(|at| spots.get(at + 1)?.token.name()).filter(|name| *name != "gist");
    let (mut on, mut from, mut depth) = (Vec::new(), open + 1, 0);
    for at in open + 1..=close {
        let token = spots.get(at).map(|spot| &spot.token);
        depth +=
            i32::from(token.is_some_and(|token| token.is("("))) - i32::from(token.is_some_and(|token| token.is(")")));
        if at == close || depth == 0 && token.is_some_and(|token| token.is(",")) {
            let with = (from..at).rev().find(|at| spots[*at].token.is_word("with")).ok_or("it has no operator")?;
            let mut parser = Parser::new(reader.dialect, &spots[from..with]);
            let part = part(reader, &mut parser)?;
            let end = spots.get(at).map_or(sql.len(), |spot| spot.at.start);
            let operator = sql.get(spots[with].at.end..end).unwrap_or_default().trim();
            // One of another schema is written out.
            let operator =
                operator.strip_prefix("OPERATOR(").and_then(|rest| rest.strip_suffix(')')).unwrap_or(operator);
            let operator = operator.rsplit('.').next().unwrap_or(operator).to_owned();
            on.push(Excluded { part, operator });
            from = at + 1;
        }
    }
    let only = spots.iter().skip(close).position(|spot| spot.token.is_word("where")).map(|at| close + at + 1);
    let condition = only.map(|open| {
        let end = spots.get(closing(&spots, open)).map_or(sql.len(), |spot| spot.at.end);
        reader.read(sql.get(spots[open].at.start..end).unwrap_or_default(), None)
    });
    Ok(Constraint::Exclude {
        name: name.to_owned(),
        on,
        method: method.map(str::to_owned),
        condition: condition.transpose()?,
        deferrable: deferrable(sql),
    })
}

/// `expression [operator class] [ASC | DESC] [NULLS FIRST | LAST]`
fn part(reader: &Reader<'_>, parser: &mut Parser<'_>) -> Result<IndexPart, Unread> {
    let from = parser.at;
    let node = parser.expr(1)?;
    let mut part = IndexPart::from(reader.expr(&node, None)?);
    if part.field().is_some() && parser.collates(from) {
        return Err("it compares by a collation of its own".to_owned());
    }
    if let Some(Token::Word(word)) = parser.peek()
        && !["asc", "desc", "nulls"].iter().any(|known| word.eq_ignore_ascii_case(known))
    {
        part.opclass = Some(parser.type_name());
    }
    part.descending = parser.word("desc");
    parser.word("asc");
    if parser.word("nulls") {
        // Where they are told, they differ from the usual.
        part.nulls = Some(if parser.word("first") { Nulls::First } else { Nulls::Last });
        parser.word("last");
    }
    let usual = if part.descending { Nulls::First } else { Nulls::Last };
    if reader.dialect == Dialect::Postgres && part.nulls == Some(usual) {
        part.nulls = None;
    }
    Ok(part)
}
