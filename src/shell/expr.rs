//! Numbers and addresses as people of this field type them, and arithmetic over them.
//!
//! ```text
//! expression = C's operators and their precedence: * / %   + -   << >>   &   ^   |   and ( ), unary - ~ + and * (read a pointer)
//! number     = 0x1f  1f3b7 (5 or more hex digits, one of them a letter)  fffff803`12345678  1234  0n10  0b1  0y1  4k 2m 1g
//! name       = symbol  module!symbol
//! name       = symbol:cpu      the copy of a per-CPU variable that one processor has
//! call       = poi(expression)  task(pid)  task()   a pointer read; the control block of a process, of the chosen one
//! ```
//!
//! Arithmetic wraps around at the width of an address, as the hardware's does: `-1` is the highest address.

use crate::commands::context::Names;
use crate::commands::failure::{Failure, Result};
use crate::commands::similar::or;
use crate::{Error, ErrorKind, Layer, umem};

/// How deep parentheses and prefixes may nest.
const DEPTH: u32 = 64;

/// The value of `text`.
///
/// # Errors
/// A usage error where the text makes no sense; the library's error where a name is unknown or a pointer can't be read.
pub fn evaluate(text: &str, names: &dyn Names) -> Result<umem> {
    let tokens = tokens(text)?;
    let mut parser = Parser { text, tokens: &tokens, at: 0, names, depth: 0 };
    let value = parser.binary(0)?;
    match parser.peek() {
        None => Ok(value),
        Some(t) => Err(parser.unexpected(t)),
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Number(umem),
    Name(String),
    Op(&'static str),
}

const OPS: [&str; 12] = ["<<", ">>", "+", "-", "*", "/", "%", "&", "|", "^", "(", ")"];

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '$' | '@' | '!' | '`' | ':' | '?')
}

fn tokens(text: &str) -> Result<Vec<Token>> {
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    while let Some(c) = rest.chars().next() {
        if c == '~' {
            out.push(Token::Op("~"));
            rest = rest[1..].trim_start();
            continue;
        }
        if let Some(op) = OPS.iter().find(|op| rest.starts_with(**op)) {
            out.push(Token::Op(op));
            rest = rest[op.len()..].trim_start();
            continue;
        }
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let (word, tail) = rest.split_at(end);
        if word.is_empty() {
            return Err(nonsense(text, &format!("{c:?} stands in it")));
        }
        out.push(match number(word) {
            Some(Ok(value)) => Token::Number(value),
            Some(Err(why)) => return Err(nonsense(text, &why)),
            None => Token::Name(word.to_owned()),
        });
        rest = tail.trim_start();
    }
    Ok(out)
}

fn nonsense(text: &str, why: &str) -> Failure {
    Failure::Usage(
        format!("{text:?} is no number or address: {why}"),
        Some("write 0x1f, 1234, 4k, a symbol, module!symbol, symbol+0x10, or *ADDR for a pointer".to_owned()),
    )
}

/// The number that a word stands for; `None` when it is a name.
pub(super) fn number(word: &str) -> Option<std::result::Result<umem, String>> {
    let first = word.chars().next()?;
    let lower = word.to_ascii_lowercase();
    let digits = |text: &str, radix| parse(text, radix).ok_or_else(|| format!("{word} is no number of base {radix} that fits"));
    for (prefix, radix) in [("0n", 10), ("0y", 2), ("0b", 2), ("0o", 8)] {
        if let Some(body) = lower.strip_prefix(prefix).filter(|b| b.chars().all(|c| c.is_digit(radix) || c == '_')) {
            return Some(digits(body, radix));
        }
    }
    // WinDbg groups 64-bit addresses with a backtick: always hex.
    if lower.contains('`') {
        return Some(digits(&lower.strip_prefix("0x").unwrap_or(&lower).replace('`', ""), 16));
    }
    if let Some(body) = lower.strip_prefix("0x") {
        let (body, scale) = suffix(body, 16);
        return Some(digits(body, 16).and_then(|v| scaled(v, scale, word)));
    }
    let hex_digits = lower.len() >= 5 && lower.chars().all(|c| c.is_ascii_hexdigit());
    if hex_digits && lower.chars().any(|c| c.is_ascii_alphabetic()) {
        return Some(digits(&lower, 16));
    }
    if !first.is_ascii_digit() {
        return None;
    }
    let (body, scale) = suffix(&lower, 10);
    if body.chars().all(|c| c.is_ascii_digit() || c == '_') {
        return Some(digits(body, 10).and_then(|v| scaled(v, scale, word)));
    }
    if let Some(body) = lower.strip_suffix('h').filter(|b| b.chars().all(|c| c.is_ascii_hexdigit())) {
        return Some(digits(body, 16));
    }
    if lower.chars().all(|c| c.is_ascii_hexdigit()) {
        return Some(Err(format!("{word} could be hex: write 0x{word}")));
    }
    Some(Err(format!("{word} begins like a number and does not go on as one")))
}

/// Splits a size suffix off: `k`, `m`, `g`, `t`, also as `kb` and `kib`. Not `b` in hex, which is a digit.
fn suffix(body: &str, radix: u32) -> (&str, u32) {
    let trimmed = match radix {
        16 => body.strip_suffix("ib").unwrap_or(body),
        _ => body.strip_suffix("ib").or_else(|| body.strip_suffix('b')).unwrap_or(body),
    };
    for (letter, shift) in [('k', 10), ('m', 20), ('g', 30), ('t', 40)] {
        if let Some(rest) = trimmed.strip_suffix(letter) {
            return (rest, shift);
        }
    }
    (body, 0)
}

fn scaled(value: umem, shift: u32, word: &str) -> std::result::Result<umem, String> {
    value.checked_mul(1 << shift).ok_or_else(|| format!("{word} does not fit an address"))
}

fn parse(text: &str, radix: u32) -> Option<umem> {
    let clean: String = text.chars().filter(|&c| c != '_').collect();
    // from_str_radix takes a sign; tokens never hold one, and must not begin to.
    (!clean.is_empty() && clean.chars().all(|c| c.is_digit(radix))).then(|| umem::from_str_radix(&clean, radix).ok())?
}

struct Parser<'a> {
    text: &'a str,
    tokens: &'a [Token],
    at: usize,
    names: &'a dyn Names,
    depth: u32,
}

/// Binary operators by how tightly they bind, loosest first.
const LEVELS: [&[&str]; 6] = [&["|"], &["^"], &["&"], &["<<", ">>"], &["+", "-"], &["*", "/", "%"]];

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn eat(&mut self, wanted: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Op(op)) if *op == wanted);
        self.at += usize::from(found);
        found
    }

    fn unexpected(&self, t: &Token) -> Failure {
        let what = match t {
            Token::Number(v) => format!("{v:#x}"),
            Token::Name(n) => n.clone(),
            Token::Op(op) => (*op).to_owned(),
        };
        nonsense(self.text, &format!("{what} is in the way"))
    }

    fn binary(&mut self, level: usize) -> Result<umem> {
        let Some(ops) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.binary(level + 1)?;
        while let Some(op) = ops.iter().find(|op| matches!(self.peek(), Some(Token::Op(o)) if o == *op)) {
            self.at += 1;
            let right = self.binary(level + 1)?;
            left = self.apply(op, left, right)?;
        }
        Ok(left)
    }

    fn apply(&self, op: &str, a: umem, b: umem) -> Result<umem> {
        let shift = |b: umem| u32::try_from(b).ok();
        Ok(match op {
            "|" => a | b,
            "^" => a ^ b,
            "&" => a & b,
            "<<" => shift(b).and_then(|s| a.checked_shl(s)).unwrap_or(0),
            ">>" => shift(b).and_then(|s| a.checked_shr(s)).unwrap_or(0),
            "+" => a.wrapping_add(b),
            "-" => a.wrapping_sub(b),
            "*" => a.wrapping_mul(b),
            "/" => a.checked_div(b).ok_or_else(|| nonsense(self.text, "it divides by zero"))?,
            _ => a.checked_rem(b).ok_or_else(|| nonsense(self.text, "it divides by zero"))?,
        })
    }

    fn unary(&mut self) -> Result<umem> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(nonsense(self.text, "it nests too deeply"));
        }
        let value = self.operand();
        self.depth -= 1;
        value
    }

    fn operand(&mut self) -> Result<umem> {
        if self.eat("-") {
            return Ok(self.unary()?.wrapping_neg());
        }
        if self.eat("+") {
            return self.unary();
        }
        if self.eat("~") {
            return Ok(!self.unary()?);
        }
        if self.eat("*") {
            let address = self.unary()?;
            return Ok(self.names.pointer(address)?);
        }
        if self.eat("(") {
            return self.parenthesised();
        }
        let token = self.peek().cloned();
        self.at += 1;
        match token {
            Some(Token::Number(v)) => Ok(v),
            Some(Token::Name(n)) if n.eq_ignore_ascii_case("poi") && self.eat("(") => {
                let address = self.parenthesised()?;
                Ok(self.names.pointer(address)?)
            }
            Some(Token::Name(n)) if n == "task" && self.eat("(") => {
                let pid = if self.eat(")") { None } else { Some(self.parenthesised()?) };
                Ok(self.names.task(pid)?)
            }
            Some(Token::Name(n)) => self.name(&n),
            Some(t) => Err(self.unexpected(&t)),
            None if self.tokens.is_empty() => Err(nonsense(self.text, "it is empty")),
            None => Err(nonsense(self.text, "it ends too early")),
        }
    }

    fn parenthesised(&mut self) -> Result<umem> {
        let value = self.binary(0)?;
        if self.eat(")") { Ok(value) } else { Err(nonsense(self.text, "a closing parenthesis is missing")) }
    }

    fn name(&self, name: &str) -> Result<umem> {
        self.names.symbol(name).ok_or_else(|| {
            let reason = format!("no symbol {name}");
            let hint = if name.len() < 5 && name.chars().all(|c| c.is_ascii_hexdigit()) {
                format!("a number in hex is written 0x{name}; `symbols PATTERN` searches symbols")
            } else {
                let close = self.names.close_to(name);
                match close.is_empty() {
                    true => format!("`symbols '*{name}*'` searches symbols"),
                    false => format!("did you mean {}?", or(&close.iter().map(String::as_str).collect::<Vec<_>>())),
                }
            };
            Error::new(Layer::Symbols, ErrorKind::NotFound, reason).hint(hint).into()
        })
    }
}

#[cfg(test)]
#[path = "expr_tests.rs"]
mod tests;
