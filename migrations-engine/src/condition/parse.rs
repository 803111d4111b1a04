//! Text to tree: a hand-written precedence parser.

use super::value::is_number;
use super::{BinaryOp, Expr, Function, IndexPart, Nulls, Value};
use crate::error::{Error, Result, error, fail};

/// Nesting deeper than this is refused, so that no input can exhaust the stack.
const MAX_DEPTH: usize = 128;
/// As are more operators in a row, each of which stands on all before it: so high a tree may be at most.
const MAX_HEIGHT: usize = 2_000;

/// Words that need quotes when they name a field.
pub(super) const KEYWORDS: &[&str] = &[
    "and", "or", "not", "is", "null", "in", "between", "like", "ilike", "true", "false", "case", "when", "then",
    "else", "end", "asc", "desc", "nulls", "using",
];

/// Keywords of typed values.
const TYPED: &[&str] = &["date", "time", "datetime", "timestamp", "duration", "uuid", "bytes", "json"];

#[derive(Debug, Clone, PartialEq)]
enum Token {
    /// A bare word: keyword, function or field.
    Word(String),
    /// A quoted field.
    Quoted(String),
    Text(String),
    Number(String),
    Symbol(&'static str),
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<(usize, Token)>,
    at: usize,
    depth: usize,
    /// Of the expression that was read last.
    height: usize,
}

const SYMBOLS: &[&str] = &["!=", "<>", "<=", ">=", "||", "=", "<", ">", "+", "-", "*", "/", "%", "(", ")", ","];

fn tokens(text: &str) -> Result<Vec<(usize, Token)>> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let position = text.len() - rest.len();
        if first.is_whitespace() {
            rest = &rest[first.len_utf8()..];
        } else if first == '\'' || first == '"' || rest.starts_with("e'") {
            let escapes = first == 'e';
            let quote = if escapes { '\'' } else { first };
            let start = if escapes { 2 } else { 1 };
            let (value, len) = quoted(&rest[start..], quote, escapes)
                .ok_or_else(|| error!(M001, "unfinished quote at column {} of `{text}`", position + 1))?;
            out.push((position, if quote == '"' { Token::Quoted(value) } else { Token::Text(value) }));
            rest = &rest[start + len..];
        } else if first.is_ascii_digit() {
            let mut len = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            if rest[len..].starts_with(['e', 'E']) {
                let from = len + 1 + usize::from(rest[len + 1..].starts_with(['+', '-']));
                let digits = rest[from..].find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len() - from);
                if digits > 0 {
                    len = from + digits;
                }
            }
            if !is_number(&rest[..len]) {
                fail!(M001, "`{}` at column {} is not a number", &rest[..len], position + 1);
            }
            out.push((position, Token::Number(rest[..len].to_owned())));
            rest = &rest[len..];
        } else if first.is_alphabetic() || first == '_' {
            let len = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            out.push((position, Token::Word(rest[..len].to_owned())));
            rest = &rest[len..];
        } else if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            out.push((position, Token::Symbol(if *symbol == "<>" { "!=" } else { symbol })));
            rest = &rest[symbol.len()..];
        } else {
            fail!(M001, "unexpected `{first}` at column {} of `{text}`", position + 1);
        }
    }
    Ok(out)
}

/// Reads up to the closing quote; gives the text and the length consumed.
fn quoted(rest: &str, quote: char, escapes: bool) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut chars = rest.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c == quote {
            if chars.peek().is_some_and(|(_, next)| *next == quote) {
                chars.next();
                value.push(quote);
            } else {
                return Some((value, at + c.len_utf8()));
            }
        } else if c == '\\' && escapes {
            match chars.next()?.1 {
                'n' => value.push('\n'),
                'r' => value.push('\r'),
                't' => value.push('\t'),
                'u' => {
                    if chars.next()?.1 != '{' {
                        return None;
                    }
                    let mut code = String::new();
                    loop {
                        match chars.next()?.1 {
                            '}' => break,
                            digit => code.push(digit),
                        }
                    }
                    value.push(char::from_u32(u32::from_str_radix(&code, 16).ok()?)?);
                }
                other => value.push(other),
            }
        } else {
            value.push(c);
        }
    }
    None
}

fn too_deep(what: &str) -> Error {
    error!(M001, "{what} is nested too deeply").with_hint(format!(
        "there may be {MAX_DEPTH} levels, and {MAX_HEIGHT} operators in a row; `in (..)` takes a list of any length"
    ))
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Result<Self> {
        Ok(Parser { text, tokens: tokens(text)?, at: 0, depth: 0, height: 0 })
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(_, token)| token)
    }

    fn unexpected(&self, wanted: &str) -> Error {
        match self.tokens.get(self.at) {
            Some((position, token)) => {
                let found = match token {
                    Token::Word(text) | Token::Quoted(text) | Token::Text(text) | Token::Number(text) => text,
                    Token::Symbol(text) => *text,
                };
                error!(M001, "expected {wanted}, found `{found}` at column {} of `{}`", position + 1, self.text)
            }
            None => error!(M001, "expected {wanted} at the end of `{}`", self.text),
        }
    }

    fn too_deep(&self) -> Error {
        let shown: String = self.text.chars().take(60).collect();
        too_deep(&format!("what begins with `{shown}`"))
    }

    fn symbol(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Symbol(found)) if *found == symbol);
        self.at += usize::from(found);
        found
    }

    fn word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(found)) if found.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    fn expect_symbol(&mut self, symbol: &str) -> Result<()> {
        if self.symbol(symbol) { Ok(()) } else { Err(self.unexpected(&format!("`{symbol}`"))) }
    }

    fn expect_word(&mut self, word: &str) -> Result<()> {
        if self.word(word) { Ok(()) } else { Err(self.unexpected(&format!("`{word}`"))) }
    }

    fn binary_op(&self) -> Option<BinaryOp> {
        Some(match self.peek()? {
            Token::Word(word) if word.eq_ignore_ascii_case("or") => BinaryOp::Or,
            Token::Word(word) if word.eq_ignore_ascii_case("and") => BinaryOp::And,
            Token::Symbol("=") => BinaryOp::Eq,
            Token::Symbol("!=") => BinaryOp::Ne,
            Token::Symbol("<") => BinaryOp::Lt,
            Token::Symbol("<=") => BinaryOp::Le,
            Token::Symbol(">") => BinaryOp::Gt,
            Token::Symbol(">=") => BinaryOp::Ge,
            Token::Symbol("||") => BinaryOp::Concat,
            Token::Symbol("+") => BinaryOp::Add,
            Token::Symbol("-") => BinaryOp::Sub,
            Token::Symbol("*") => BinaryOp::Mul,
            Token::Symbol("/") => BinaryOp::Div,
            Token::Symbol("%") => BinaryOp::Mod,
            _ => return None,
        })
    }

    /// An expression whose operators bind at least as tightly as `level`.
    fn expr(&mut self, level: u8) -> Result<Expr> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.too_deep());
        }
        let mut left = if level <= 3 && self.word("not") {
            let inner = Box::new(self.expr(3)?);
            self.height += 1;
            Expr::Not(inner)
        } else {
            self.unary()?
        };
        loop {
            let height = self.height;
            if height > MAX_HEIGHT {
                return Err(self.too_deep());
            }
            if let Some(op) = self.binary_op() {
                let own = op.level();
                if own < level {
                    break;
                }
                self.at += 1;
                // Left associative; a comparison takes operands that bind tighter than itself.
                let right = self.expr(own + 1)?;
                left = Expr::Binary { op, left: Box::new(left), right: Box::new(right) };
                self.height = 1 + height.max(self.height);
            } else if level <= 4 {
                match self.predicate(left)? {
                    (expr, true) => {
                        left = expr;
                        self.height = 1 + height.max(self.height);
                    }
                    (expr, false) => {
                        left = expr;
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

    /// `is null`, `in`, `between`, `like` after `left`; tells whether one was there.
    fn predicate(&mut self, left: Expr) -> Result<(Expr, bool)> {
        let start = self.at;
        if self.word("is") {
            let negated = self.word("not");
            self.expect_word("null")?;
            return Ok((Expr::IsNull { expr: Box::new(left), negated }, true));
        }
        let negated = self.word("not");
        if self.word("in") {
            self.expect_symbol("(")?;
            let list = self.list()?;
            return Ok((Expr::In { expr: Box::new(left), list, negated }, true));
        }
        if self.word("between") {
            let low = Box::new(self.expr(5)?);
            let height = self.height;
            self.expect_word("and")?;
            let high = Box::new(self.expr(5)?);
            self.height = self.height.max(height);
            return Ok((Expr::Between { expr: Box::new(left), low, high, negated }, true));
        }
        let fold = match self.peek() {
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("like") => false,
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("ilike") => true,
            _ => {
                self.at = start;
                return Ok((left, false));
            }
        };
        self.at += 1;
        match self.peek().cloned() {
            Some(Token::Text(pattern)) => {
                self.at += 1;
                Ok((Expr::Like { expr: Box::new(left), pattern, fold, negated }, true))
            }
            _ => Err(self.unexpected("a pattern in quotes")),
        }
    }

    /// Expressions separated by commas, up to the closing parenthesis.
    fn list(&mut self) -> Result<Vec<Expr>> {
        let (mut list, mut highest) = (Vec::new(), 0);
        if self.symbol(")") {
            self.height = 0;
            return Ok(list);
        }
        loop {
            list.push(self.expr(1)?);
            highest = self.height.max(highest);
            if self.symbol(")") {
                self.height = highest;
                return Ok(list);
            }
            if !self.symbol(",") {
                return Err(self.unexpected("`,` or `)`"));
            }
        }
    }

    fn unary(&mut self) -> Result<Expr> {
        self.height = 0;
        if self.symbol("-") {
            if let Some(Token::Number(number)) = self.peek() {
                let value = Value::number(&format!("-{number}"))?;
                self.at += 1;
                return Ok(Expr::Value(value));
            }
            let inner = Box::new(self.expr(7)?);
            self.height += 1;
            return Ok(Expr::Negate(inner));
        }
        let token = self.peek().cloned();
        let Some(token) = token else { return Err(self.unexpected("an expression")) };
        self.at += 1;
        match token {
            Token::Number(number) => Ok(Expr::Value(Value::number(&number)?)),
            Token::Text(text) => Ok(Expr::Value(Value::Text(text))),
            Token::Quoted(name) => Ok(Expr::Field(name)),
            Token::Symbol("(") => {
                let inner = self.expr(1)?;
                self.expect_symbol(")")?;
                Ok(inner)
            }
            Token::Word(word) => self.named(word),
            Token::Symbol(_) => {
                self.at -= 1;
                Err(self.unexpected("an expression"))
            }
        }
    }

    /// What begins with a bare word.
    fn named(&mut self, word: String) -> Result<Expr> {
        let lower = word.to_ascii_lowercase();
        match lower.as_str() {
            "null" => return Ok(Expr::Value(Value::Null)),
            "true" => return Ok(Expr::Value(Value::Bool(true))),
            "false" => return Ok(Expr::Value(Value::Bool(false))),
            "case" => return self.case(),
            keyword if KEYWORDS.contains(&keyword) => {
                self.at -= 1;
                return Err(self.unexpected("an expression"));
            }
            keyword => {
                if let (true, Some(Token::Text(text))) = (TYPED.contains(&keyword), self.peek()) {
                    let value = Value::typed(keyword, text)?;
                    self.at += 1;
                    return Ok(Expr::Value(value));
                }
            }
        }
        if !self.symbol("(") {
            return Ok(Expr::Field(word));
        }
        let Some(function) = Function::ALL.iter().copied().find(|function| function.name() == lower) else {
            fail!(M002, "there is no function `{word}` in `{}`", self.text);
        };
        let args = self.list()?;
        self.height += 1;
        let (min, max) = function.arity();
        if args.len() < min || args.len() > max {
            fail!(
                M002,
                "`{lower}` takes {min}{} arguments, not {}, in `{}`",
                if max == min { String::new() } else { format!(" to {max}") },
                args.len(),
                self.text
            );
        }
        Ok(Expr::Call { function, args })
    }

    fn case(&mut self) -> Result<Expr> {
        let (mut when, mut highest) = (Vec::new(), 0);
        while self.word("when") {
            let condition = self.expr(1)?;
            highest = self.height.max(highest);
            self.expect_word("then")?;
            when.push((condition, self.expr(1)?));
            highest = self.height.max(highest);
        }
        if when.is_empty() {
            return Err(self.unexpected("`when`"));
        }
        let otherwise = if self.word("else") { Some(Box::new(self.expr(1)?)) } else { None };
        self.height = 1 + self.height.max(highest);
        self.expect_word("end")?;
        Ok(Expr::Case { when, otherwise })
    }

    /// The expression, of which the usual form, with its parentheses, can be read as well.
    fn finish(&self, expr: &Expr) -> Result<()> {
        if self.at != self.tokens.len() {
            return Err(self.unexpected("the end"));
        }
        if expr.opens_too_much() { Err(self.too_deep()) } else { Ok(()) }
    }
}

impl Expr {
    /// Parses the notation; `str::parse` does the same.
    pub fn parse(text: &str) -> Result<Self> {
        let mut parser = Parser::new(text)?;
        let expr = parser.expr(1)?;
        parser.finish(&expr)?;
        Ok(expr)
    }

    /// Whether its text has more levels than are read.
    fn opens_too_much(&self) -> bool {
        1 + self.nesting() > MAX_DEPTH
    }

    /// `M001` if `what`, which a program built, could not be read again once it is written.
    pub(crate) fn can_be_written(&self, what: &str) -> Result<()> {
        // Step by step: what is higher than this has to be found without the stack.
        let (mut level, mut height) = (vec![self], 0);
        while height <= MAX_HEIGHT && !level.is_empty() {
            level = level.into_iter().flat_map(Expr::parts).collect();
            height += 1;
        }
        if level.is_empty() && !self.opens_too_much() { Ok(()) } else { Err(too_deep(what)) }
    }
}

impl std::str::FromStr for Expr {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        Expr::parse(text)
    }
}

impl std::str::FromStr for IndexPart {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let mut parser = Parser::new(text)?;
        let mut part = IndexPart::from(parser.expr(1)?);
        if parser.word("desc") {
            part.descending = true;
        } else {
            parser.word("asc");
        }
        if parser.word("nulls") {
            part.nulls = Some(if parser.word("first") {
                Nulls::First
            } else {
                parser.expect_word("last")?;
                Nulls::Last
            });
        }
        if parser.word("using") {
            match parser.peek().cloned() {
                Some(Token::Word(name) | Token::Quoted(name)) => {
                    parser.at += 1;
                    part.opclass = Some(name);
                }
                _ => return Err(parser.unexpected("an operator class")),
            }
        }
        parser.finish(&part.expr)?;
        Ok(part)
    }
}

impl std::str::FromStr for Value {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        match Expr::parse(text)? {
            Expr::Value(value) => Ok(value),
            _ => fail!(M003, "`{text}` is not a constant"),
        }
    }
}
