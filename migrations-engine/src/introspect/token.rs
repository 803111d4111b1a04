//! SQL as databases write it, in tokens. Nothing is refused here: what is unknown is a symbol.

use std::ops::Range;

use crate::sql::Dialect;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token {
    /// A bare word: keyword, function or column.
    Word(String),
    /// A name in quotes.
    Quoted(String),
    Text(String),
    Number(String),
    Bytes(Vec<u8>),
    Symbol(String),
}

/// A token and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Spot {
    pub(crate) token: Token,
    pub(crate) at: Range<usize>,
}

impl Token {
    /// The text of a bare word or a name.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Token::Word(text) | Token::Quoted(text) => Some(text),
            Token::Text(_) | Token::Number(_) | Token::Bytes(_) | Token::Symbol(_) => None,
        }
    }

    pub(crate) fn is_word(&self, word: &str) -> bool {
        matches!(self, Token::Word(text) if text.eq_ignore_ascii_case(word))
    }

    pub(crate) fn is(&self, symbol: &str) -> bool {
        matches!(self, Token::Symbol(text) if text == symbol)
    }
}

const SYMBOLS: &[&str] = &["!~~*", "!~~", "~~*", "~~", "::", "||", "<=", ">=", "<>", "!=", "=="];

pub(crate) fn tokens(dialect: Dialect, sql: &str) -> Vec<Spot> {
    let mut out = Vec::new();
    let mut from = 0;
    while let Some(first) = sql[from..].chars().next() {
        let rest = &sql[from..];
        let (token, len) = if first.is_whitespace() {
            (None, first.len_utf8())
        } else if rest.starts_with("--") {
            (None, rest.find('\n').unwrap_or(rest.len()))
        } else if rest.starts_with("/*") {
            (None, rest.find("*/").map_or(rest.len(), |end| end + 2))
        } else {
            let (token, len) = token(dialect, rest, first);
            (Some(token), len)
        };
        if let Some(token) = token {
            out.push(Spot { token, at: from..from + len });
        }
        from += len;
    }
    out
}

fn token(dialect: Dialect, rest: &str, first: char) -> (Token, usize) {
    let second = rest.chars().nth(1);
    match first {
        '\'' => {
            let (text, len) = quoted(&rest[1..], '\'', dialect.capabilities().backslash_escapes);
            (Token::Text(text), len + 1)
        }
        'E' | 'e' if second == Some('\'') && dialect == Dialect::Postgres => {
            let (text, len) = quoted(&rest[2..], '\'', true);
            (Token::Text(text), len + 2)
        }
        'X' | 'x' if second == Some('\'') => {
            let (text, len) = quoted(&rest[2..], '\'', false);
            let hex = |at: usize| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
            (Token::Bytes((0..text.len()).step_by(2).filter_map(hex).collect()), len + 2)
        }
        '"' | '`' => {
            let (name, len) = quoted(&rest[1..], first, false);
            (Token::Quoted(name), len + 1)
        }
        '[' if dialect == Dialect::Sqlite => {
            let len = rest.find(']').map_or(rest.len(), |end| end + 1);
            (Token::Quoted(rest[1..len].trim_end_matches(']').to_owned()), len)
        }
        c if c.is_ascii_digit() || (c == '.' && second.is_some_and(|next| next.is_ascii_digit())) => {
            let mut len = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            if rest[len..].starts_with(['e', 'E']) {
                let from = len + 1 + usize::from(rest[len + 1..].starts_with(['+', '-']));
                let digits = rest[from..].find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len() - from);
                len = if digits > 0 { from + digits } else { len };
            }
            let text = if c == '.' { format!("0{}", &rest[..len]) } else { rest[..len].to_owned() };
            (Token::Number(text), len)
        }
        c if c.is_alphabetic() || c == '_' => {
            let len = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '$').unwrap_or(rest.len());
            (Token::Word(rest[..len].to_owned()), len)
        }
        c => {
            let symbol = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol));
            let text = symbol.map_or_else(|| c.to_string(), |symbol| (*symbol).to_owned());
            let len = text.len();
            (Token::Symbol(text), len)
        }
    }
}

/// Up to the closing quote; gives the text and the length consumed, the quote included.
fn quoted(rest: &str, quote: char, escapes: bool) -> (String, usize) {
    let mut text = String::new();
    let mut chars = rest.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c == quote {
            if chars.peek().is_none_or(|(_, next)| *next != quote) {
                return (text, at + c.len_utf8());
            }
            chars.next();
            text.push(quote);
        } else if c == '\\' && escapes {
            match chars.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 'r')) => text.push('\r'),
                Some((_, 't')) => text.push('\t'),
                Some((_, '0')) => text.push('\0'),
                Some((_, other)) => text.push(other),
                None => {}
            }
        } else {
            text.push(c);
        }
    }
    (text, rest.len())
}
