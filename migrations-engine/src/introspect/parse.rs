//! SQL expressions as databases write them, as a tree that still speaks SQL.

use super::token::{Spot, Token, tokens};
use crate::condition::Value;
use crate::sql::Dialect;

/// Nesting deeper than this is not read.
const MAX_DEPTH: usize = 100;
/// Nor are more operators in a row, each of which stands on all before it, and so many in all.
const MAX_IN_A_ROW: usize = 2_000;
const MAX_OPERATORS: usize = 10_000;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    Value(Value),
    Column(String),
    /// A function, its name in lower case.
    Call(String, Vec<Node>),
    /// An operator in lower case.
    Binary(String, Box<Node>, Box<Node>),
    Not(Box<Node>),
    Negate(Box<Node>),
    Cast(Box<Node>, String),
    IsNull(Box<Node>, bool),
    In(Box<Node>, Vec<Node>, bool),
    Between(Box<Node>, Box<Node>, Box<Node>, bool),
    /// Text, pattern, escape; the operator in lower case; whether it is negated.
    Like(Box<Node>, Box<Node>, Option<Box<Node>>, String, bool),
    Case(Vec<(Node, Node)>, Option<Box<Node>>),
    Array(Vec<Node>),
    Extract(String, Box<Node>),
    AtZone(Box<Node>, Box<Node>),
}

/// Why an expression cannot be read.
pub(crate) type Unread = String;

pub(super) struct Parser<'a> {
    dialect: Dialect,
    pub(super) spots: &'a [Spot],
    pub(super) at: usize,
    depth: usize,
    operators: usize,
}

/// Parses a whole expression.
pub(crate) fn node(dialect: Dialect, sql: &str) -> Result<Node, Unread> {
    let spots = tokens(dialect, sql);
    let mut parser = Parser::new(dialect, &spots);
    let node = parser.expr(1)?;
    match parser.peek() {
        None => Ok(node),
        Some(_) => Err(parser.unexpected()),
    }
}

/// Words after which a bare column or type ends.
const AFTER_TYPE: &[&str] =
    &["varying", "precision", "with", "without", "time", "zone", "unsigned", "signed", "charset"];

impl<'a> Parser<'a> {
    /// Whether a collation was read since a place.
    pub(super) fn collates(&self, from: usize) -> bool {
        self.spots.get(from..self.at).is_some_and(|read| read.iter().any(|spot| spot.token.is_word("collate")))
    }

    pub(super) fn new(dialect: Dialect, spots: &'a [Spot]) -> Self {
        Parser { dialect, spots, at: 0, depth: 0, operators: 0 }
    }

    pub(super) fn peek(&self) -> Option<&'a Token> {
        self.spots.get(self.at).map(|spot| &spot.token)
    }

    pub(super) fn unexpected(&self) -> Unread {
        match self.peek() {
            Some(
                Token::Word(text) | Token::Quoted(text) | Token::Text(text) | Token::Number(text) | Token::Symbol(text),
            ) => {
                format!("`{text}` is not understood")
            }
            Some(Token::Bytes(_)) => "a value of bytes is not understood".to_owned(),
            None => "it ends too early".to_owned(),
        }
    }

    pub(super) fn word(&mut self, word: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.is_word(word));
        self.at += usize::from(found);
        found
    }

    pub(super) fn symbol(&mut self, symbol: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.is(symbol));
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, symbol: &str) -> Result<(), Unread> {
        if self.symbol(symbol) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn expect_word(&mut self, word: &str) -> Result<(), Unread> {
        if self.word(word) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// The operator at this place with its binding strength.
    fn operator(&self) -> Option<(String, u8)> {
        let token = self.peek()?;
        Some(match token {
            Token::Word(word) => {
                let word = word.to_ascii_lowercase();
                let level = match word.as_str() {
                    "or" => 1,
                    "and" => 2,
                    "mod" | "div" => 7,
                    _ => return None,
                };
                (if word == "mod" { "%".to_owned() } else { word }, level)
            }
            Token::Symbol(symbol) => {
                let level = match symbol.as_str() {
                    "=" | "==" | "<>" | "!=" | "<" | "<=" | ">" | ">=" => 4,
                    "||" if self.dialect == Dialect::Sqlite => 8,
                    "||" => 5,
                    "+" | "-" => 6,
                    "*" | "/" | "%" => 7,
                    _ => return None,
                };
                (if symbol == "==" { "=".to_owned() } else { symbol.clone() }, level)
            }
            _ => return None,
        })
    }

    pub(super) fn expr(&mut self, level: u8) -> Result<Node, Unread> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("it is nested too deeply".to_owned());
        }
        let mut left = if level <= 3 && self.word("not") { Node::Not(Box::new(self.expr(3)?)) } else { self.unary()? };
        let before = self.operators;
        loop {
            if self.operators > MAX_OPERATORS || self.operators - before > MAX_IN_A_ROW {
                return Err("it has too many operators".to_owned());
            }
            if let Some((op, own)) = self.operator() {
                if own < level {
                    break;
                }
                self.at += 1;
                let any = self.word("any") || self.word("all");
                let right = if any { self.array()? } else { self.expr(own + 1)? };
                left = Node::Binary(op, Box::new(left), Box::new(right));
                self.operators += 1;
            } else if level <= 4 {
                match self.predicate(left)? {
                    (node, true) => {
                        left = node;
                        self.operators += 1;
                    }
                    (node, false) => {
                        left = node;
                        break;
                    }
                }
            } else {
                break;
            }
        }
        self.depth -= 1;
        Ok(left)
    }

    /// `(ARRAY[..])`, with casts around it, after ANY and ALL.
    fn array(&mut self) -> Result<Node, Unread> {
        self.expect("(")?;
        let mut node = self.expr(1)?;
        self.expect(")")?;
        while let Node::Cast(inner, _) = node {
            node = *inner;
        }
        if matches!(node, Node::Array(_)) { Ok(node) } else { Err("a list that is not written out".to_owned()) }
    }

    /// `is null`, `in`, `between`, `like` after `left`; tells whether one was there.
    fn predicate(&mut self, left: Node) -> Result<(Node, bool), Unread> {
        let start = self.at;
        let left = Box::new(left);
        if self.word("isnull") {
            return Ok((Node::IsNull(left, false), true));
        }
        if self.word("notnull") {
            return Ok((Node::IsNull(left, true), true));
        }
        if self.word("is") {
            let negated = self.word("not");
            self.expect_word("null")?;
            return Ok((Node::IsNull(left, negated), true));
        }
        let negated = self.word("not");
        if self.word("in") {
            self.expect("(")?;
            return Ok((Node::In(left, self.list()?, negated), true));
        }
        if self.word("between") {
            let low = Box::new(self.expr(5)?);
            self.expect_word("and")?;
            let high = Box::new(self.expr(5)?);
            return Ok((Node::Between(left, low, high, negated), true));
        }
        let (op, negated) = match self.peek() {
            Some(Token::Word(word)) if ["like", "ilike", "glob"].iter().any(|op| word.eq_ignore_ascii_case(op)) => {
                (word.to_ascii_lowercase(), negated)
            }
            Some(Token::Symbol(symbol)) if symbol.ends_with("~~") => ("like".to_owned(), symbol.starts_with('!')),
            Some(Token::Symbol(symbol)) if symbol.ends_with("~~*") => ("ilike".to_owned(), symbol.starts_with('!')),
            _ => {
                self.at = start;
                return Ok((*left, false));
            }
        };
        self.at += 1;
        let pattern = Box::new(self.expr(5)?);
        let escape = if self.word("escape") { Some(Box::new(self.expr(5)?)) } else { None };
        Ok((Node::Like(left, pattern, escape, op, negated), true))
    }

    /// Expressions separated by commas, up to the closing parenthesis.
    fn list(&mut self) -> Result<Vec<Node>, Unread> {
        self.list_to(")")
    }

    fn list_to(&mut self, end: &str) -> Result<Vec<Node>, Unread> {
        let mut list = Vec::new();
        if self.symbol(end) {
            return Ok(list);
        }
        loop {
            list.push(self.expr(1)?);
            if self.symbol(end) {
                return Ok(list);
            }
            self.expect(",")?;
        }
    }

    fn unary(&mut self) -> Result<Node, Unread> {
        if self.symbol("+") {
            return self.unary();
        }
        if self.symbol("!") {
            return Ok(Node::Not(Box::new(self.expr(9)?)));
        }
        if self.symbol("-") {
            if let Some(Token::Number(number)) = self.peek() {
                let value = Value::number(&format!("-{number}")).map_err(|error| error.message().to_owned())?;
                self.at += 1;
                return self.postfix(Node::Value(value));
            }
            return Ok(Node::Negate(Box::new(self.expr(9)?)));
        }
        let node = self.primary()?;
        self.postfix(node)
    }

    /// Casts, collations and time zones after a value.
    fn postfix(&mut self, mut node: Node) -> Result<Node, Unread> {
        loop {
            if self.symbol("::") {
                node = Node::Cast(Box::new(node), self.type_name());
            } else if self.word("collate") {
                self.at += 1;
                while self.symbol(".") {
                    self.at += 1;
                }
            } else if self.peek().is_some_and(|token| token.is_word("at")) {
                self.at += 1;
                self.expect_word("time")?;
                self.expect_word("zone")?;
                node = Node::AtZone(Box::new(node), Box::new(self.expr(9)?));
            } else {
                return Ok(node);
            }
        }
    }

    /// A type: its words, and what stands in parentheses.
    pub(super) fn type_name(&mut self) -> String {
        let mut words = Vec::new();
        while let Some(token) = self.peek() {
            let word = match token {
                Token::Word(word) if words.is_empty() => word.to_ascii_lowercase(),
                Token::Quoted(name) if words.is_empty() => name.clone(),
                Token::Word(word) if AFTER_TYPE.iter().any(|after| word.eq_ignore_ascii_case(after)) => {
                    word.to_ascii_lowercase()
                }
                _ => break,
            };
            self.at += 1;
            if word == "charset" {
                self.at += 1;
                continue;
            }
            words.push(word);
            if self.symbol(".") {
                words.clear();
            } else if self.symbol("(") {
                let from = self.at;
                while self.peek().is_some_and(|token| !token.is(")")) {
                    self.at += 1;
                }
                let numbers: Vec<String> = self.spots[from..self.at]
                    .iter()
                    .filter_map(|spot| match &spot.token {
                        Token::Number(number) => Some(number.clone()),
                        _ => None,
                    })
                    .collect();
                self.at += 1;
                if let Some(last) = words.last_mut() {
                    *last += &format!("({})", numbers.join(","));
                }
            }
        }
        while self.symbol("[") {
            self.symbol("]");
            words.push("[]".to_owned());
        }
        words.join(" ")
    }

    fn primary(&mut self) -> Result<Node, Unread> {
        let Some(token) = self.peek() else { return Err(self.unexpected()) };
        self.at += 1;
        match token {
            Token::Number(number) => {
                Ok(Node::Value(Value::number(number).map_err(|error| error.message().to_owned())?))
            }
            Token::Text(text) => Ok(Node::Value(Value::Text(text.clone()))),
            Token::Bytes(bytes) => Ok(Node::Value(Value::Bytes(bytes.clone()))),
            // PostgreSQL quotes functions that are called like keywords.
            Token::Quoted(name) if self.peek().is_some_and(|next| next.is("(")) => self.named(name),
            Token::Quoted(name) => self.qualified(name),
            Token::Symbol(symbol) if symbol == "(" => {
                if self.peek().is_some_and(|token| token.is_word("select")) {
                    return Err("a query is not understood".to_owned());
                }
                let inner = self.expr(1)?;
                self.expect(")")?;
                Ok(inner)
            }
            Token::Word(word) => self.named(word),
            Token::Symbol(_) => {
                self.at -= 1;
                Err(self.unexpected())
            }
        }
    }

    /// A column, perhaps with its table before it.
    fn qualified(&mut self, name: &str) -> Result<Node, Unread> {
        let mut name = name;
        while self.symbol(".") {
            name = self.peek().and_then(Token::name).ok_or_else(|| self.unexpected())?;
            self.at += 1;
        }
        Ok(Node::Column(name.to_owned()))
    }

    /// What begins with a bare word.
    fn named(&mut self, word: &str) -> Result<Node, Unread> {
        let lower = word.to_ascii_lowercase();
        // A character set before a text.
        if lower.starts_with('_') && matches!(self.peek(), Some(Token::Text(_))) {
            return self.primary();
        }
        match lower.as_str() {
            "null" => return Ok(Node::Value(Value::Null)),
            "true" => return Ok(Node::Value(Value::Bool(true))),
            "false" => return Ok(Node::Value(Value::Bool(false))),
            "case" => return self.case(),
            "current_timestamp" | "current_date" | "localtimestamp"
                if !self.peek().is_some_and(|next| next.is("(")) =>
            {
                return Ok(Node::Call(lower, Vec::new()));
            }
            "array" if self.symbol("[") => return Ok(Node::Array(self.list_to("]")?)),
            _ => {}
        }
        if !self.symbol("(") {
            return self.qualified(word);
        }
        match lower.as_str() {
            "cast" => {
                let inner = Box::new(self.expr(1)?);
                self.expect_word("as")?;
                let ty = self.type_name();
                self.expect(")")?;
                Ok(Node::Cast(inner, ty))
            }
            "convert" => {
                let inner = self.expr(1)?;
                self.expect_word("using")?;
                self.at += 1;
                self.expect(")")?;
                Ok(inner)
            }
            "extract" => {
                let unit = self.peek().and_then(Token::name).map(str::to_ascii_lowercase);
                self.at += 1;
                self.expect_word("from")?;
                let inner = Box::new(self.expr(1)?);
                self.expect(")")?;
                Ok(Node::Extract(unit.unwrap_or_default(), inner))
            }
            "trim" => {
                let side = ["both", "leading", "trailing"].into_iter().find(|side| self.word(side));
                self.word("from");
                let args = self.list()?;
                let name = match side {
                    Some("leading") => "ltrim",
                    Some("trailing") => "rtrim",
                    _ => "trim",
                };
                Ok(Node::Call(name.to_owned(), args))
            }
            _ => Ok(Node::Call(lower, self.list()?)),
        }
    }

    fn case(&mut self) -> Result<Node, Unread> {
        let subject = if self.peek().is_some_and(|token| token.is_word("when")) { None } else { Some(self.expr(1)?) };
        let mut when = Vec::new();
        while self.word("when") {
            let mut condition = self.expr(1)?;
            if let Some(subject) = &subject {
                condition = Node::Binary("=".to_owned(), Box::new(subject.clone()), Box::new(condition));
            }
            self.expect_word("then")?;
            when.push((condition, self.expr(1)?));
        }
        let otherwise = if self.word("else") { Some(Box::new(self.expr(1)?)) } else { None };
        self.expect_word("end")?;
        if when.is_empty() { Err("a case without conditions".to_owned()) } else { Ok(Node::Case(when, otherwise)) }
    }
}
