//! `CREATE TABLE` on SQLite, which keeps it as it was written: what no pragma tells.

use super::catalog::Check;
use super::token::{Spot, Token, tokens};
use crate::sql::Dialect;

/// What the text of a table says beside its columns' names and types.
#[derive(Debug, Default)]
pub(super) struct Created {
    pub(super) checks: Vec<Check>,
    /// Collation by column.
    pub(super) collations: Vec<(String, String)>,
    /// Expression by generated column.
    pub(super) generated: Vec<(String, String)>,
    /// Names of foreign keys and unique constraints, by their columns.
    pub(super) named: Vec<(Vec<String>, String)>,
    /// The rows have numbers that are never used again.
    pub(super) without_rowid: bool,
}

/// Reads `CREATE TABLE name (..)`.
pub(super) fn read(sql: &str) -> Created {
    let spots = tokens(Dialect::Sqlite, sql);
    let mut created = Created::default();
    let Some(open) = spots.iter().position(|spot| spot.token.is("(")) else { return created };
    let close = closing(&spots, open);
    let mut from = open + 1;
    created.without_rowid = spots[close.min(spots.len())..].iter().any(|spot| spot.token.is_word("without"));
    let mut depth = 0_usize;
    for at in open + 1..=close.min(spots.len() - 1) {
        let token = &spots[at].token;
        if (depth == 0 && token.is(",")) || at == close {
            part(sql, &spots[from..at], &mut created);
            from = at + 1;
        } else if token.is("(") {
            depth += 1;
        } else if token.is(")") {
            depth = depth.saturating_sub(1);
        }
    }
    created
}

/// The place of the parenthesis that closes the one at `open`.
pub(super) fn closing(spots: &[Spot], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, spot) in spots.iter().enumerate().skip(open) {
        if spot.token.is("(") {
            depth += 1;
        } else if spot.token.is(")") {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return at;
            }
        }
    }
    spots.len().saturating_sub(1)
}

/// The text between the parenthesis at `open` and its other, and the place after it.
fn inside(sql: &str, spots: &[Spot], open: usize) -> (String, usize) {
    let close = closing(spots, open);
    let text = match (spots.get(open), spots.get(close)) {
        (Some(first), Some(last)) => sql.get(first.at.end..last.at.start).unwrap_or_default(),
        _ => "",
    };
    (text.trim().to_owned(), close + 1)
}

/// One column or constraint.
fn part(sql: &str, spots: &[Spot], created: &mut Created) {
    let Some(first) = spots.first() else { return };
    let constraint = matches!(&first.token, Token::Word(word)
        if ["constraint", "primary", "unique", "check", "foreign"].iter().any(|known| word.eq_ignore_ascii_case(known)));
    let column = first.token.name().filter(|_| !constraint).map(str::to_owned);
    let mut name: Option<String> = None;
    let mut at = usize::from(column.is_some());
    while let Some(spot) = spots.get(at) {
        let token = &spot.token;
        let next = spots.get(at + 1).map(|spot| &spot.token);
        at += 1;
        if token.is_word("constraint") {
            name = next.and_then(Token::name).map(str::to_owned);
            at += 1;
        } else if token.is_word("check") && next.is_some_and(|next| next.is("(")) {
            let (text, after) = inside(sql, spots, at);
            created.checks.push(Check { name: name.take(), sql: text });
            at = after;
        } else if token.is_word("collate") {
            if let (Some(column), Some(collation)) = (&column, next.and_then(Token::name)) {
                created.collations.push((column.clone(), collation.to_owned()));
            }
            at += 1;
        } else if (token.is_word("as") || token.is_word("always")) && column.is_some() {
            let open = if next.is_some_and(|next| next.is("(")) { at } else { at + 1 };
            if spots.get(open).is_some_and(|spot| spot.token.is("(")) {
                let (text, after) = inside(sql, spots, open);
                created.generated.extend(column.clone().map(|column| (column, text)));
                at = after;
            }
        } else if column.is_none() && (token.is_word("unique") || token.is_word("foreign")) {
            let open = if token.is_word("foreign") { at + 1 } else { at };
            let close = closing(spots, open);
            let columns = spots.get(open..close).unwrap_or_default();
            let columns = columns.iter().filter_map(|spot| spot.token.name()).map(str::to_owned).collect();
            created.named.extend(name.take().map(|name| (columns, name)));
            at = close + 1;
        } else if token.is("(") {
            at = closing(spots, at - 1) + 1;
        }
    }
}
