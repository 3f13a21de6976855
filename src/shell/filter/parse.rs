//! From words to an expression whose keys are known and whose values fit them.

use super::error::Mistake;
use super::keys::{Kind, Schema};
use super::lex::{Spanned, Token, tokens};
use crate::shell::expr::number;
use regex::{Regex, RegexBuilder};

/// How deep parentheses and `not` may nest.
const DEPTH: usize = 64;

/// Bytes that one compiled regular expression may take, as the crate `regex` has it, and all of an expression together: a few letters
/// (`\w{1000}`) come to megabytes.
const REGEX: usize = 10 << 20;
const ALL_REGEXES: usize = 64 << 20;
/// Bytes of the states that one keeps while it searches, as the crate has it.
const STATES: usize = 2 << 20;

/// What a row must be.
#[derive(Clone, Debug)]
pub enum Expr {
    /// Every one of these.
    And(Vec<Expr>),
    /// One of these.
    Or(Vec<Expr>),
    /// The opposite.
    Not(Box<Expr>),
    /// A key that is yes or no, or the constant.
    Is(Operand),
    /// A comparison.
    Compare(Operand, Compare, Operand),
    /// A regular expression finds something.
    Matches(Operand, Regex),
    /// One of these values.
    In(Operand, Vec<Operand>),
    /// A list has the element, a text the part.
    Contains(Operand, Operand),
}

/// An order or its opposite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// `==`
    Equal,
    /// `!=`
    Unequal,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// Null.
    Null,
    /// Yes or no.
    Flag(bool),
    /// A number.
    Int(i128),
    /// A number with a fraction.
    Float(f64),
    /// Text.
    Text(String),
    /// A moment, as much as was written of it.
    Time(String),
    /// The value of a key.
    Key(Vec<String>, Kind),
}

/// The expression that `text` is, over the keys of `schema`.
///
/// # Errors
/// What is wrong with it, and where.
pub fn parse(text: &str, schema: &Schema) -> Result<Expr, Mistake> {
    let tokens = tokens(text)?;
    let regexes = tokens.iter().filter(|(token, _)| matches!(token, Token::Op("~" | "!~"))).count();
    let mut parser = Parser { tokens: &tokens, at: 0, end: text.len(), schema, depth: 0, share: ALL_REGEXES / regexes.max(1) };
    if tokens.is_empty() {
        return Err(Mistake::new((0, 0), "it is empty").hint(EXAMPLE));
    }
    let out = parser.or()?;
    match parser.peek() {
        None => Ok(out),
        Some((token, span)) => Err(Mistake::new(*span, format!("{} was not expected here", name(token))).hint(EXAMPLE)),
    }
}

const EXAMPLE: &str = r#"write KEY OPERATOR VALUE, like: uid == 0 and name ~ "ssh"; operators: == != < <= > >= ~ !~ in contains"#;

/// Takes the first of a pair of words: what is written, and whether it is negated.
enum Op {
    Compare(Compare),
    Matches,
    In,
    Contains,
    IsNull,
}

struct Parser<'a> {
    tokens: &'a [Spanned],
    at: usize,
    end: usize,
    schema: &'a Schema,
    depth: usize,
    /// Bytes that each regular expression has of those of all.
    share: usize,
}

type Span = (usize, usize);

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Spanned> {
        self.tokens.get(self.at)
    }

    fn next(&mut self, wanted: &str) -> Result<&'a Spanned, Mistake> {
        let end = (self.end, self.end);
        let token = self.peek().ok_or_else(|| Mistake::new(end, format!("it ends too early: {wanted} is missing")))?;
        self.at += 1;
        Ok(token)
    }

    fn eat(&mut self, op: &str) -> bool {
        let there = matches!(self.peek(), Some((Token::Op(o), _)) if *o == op);
        self.at += usize::from(there);
        there
    }

    fn expect(&mut self, op: &str) -> Result<(), Mistake> {
        let (token, span) = self.next(op)?;
        match token {
            Token::Op(o) if *o == op => Ok(()),
            other => Err(Mistake::new(*span, format!("{op} is missing before {}", name(other)))),
        }
    }

    fn or(&mut self) -> Result<Expr, Mistake> {
        let mut all = vec![self.and()?];
        while self.eat("or") {
            all.push(self.and()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Expr::Or(all) })
    }

    fn and(&mut self) -> Result<Expr, Mistake> {
        let mut all = vec![self.not()?];
        while self.eat("and") {
            all.push(self.not()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Expr::And(all) })
    }

    fn not(&mut self) -> Result<Expr, Mistake> {
        self.depth += 1;
        if self.depth > DEPTH {
            let span = self.peek().map_or((self.end, self.end), |(_, span)| *span);
            return Err(Mistake::new(span, format!("it nests deeper than {DEPTH} levels")));
        }
        let out = if self.eat("not") {
            Expr::Not(Box::new(self.not()?))
        } else if self.eat("(") {
            let inner = self.or()?;
            self.expect(")")?;
            inner
        } else {
            self.comparison()?
        };
        self.depth -= 1;
        Ok(out)
    }

    fn comparison(&mut self) -> Result<Expr, Mistake> {
        let (left, left_span) = self.value(None)?;
        let op_span = self.peek().map_or(left_span, |(_, span)| *span);
        let Some((op, negated)) = self.operator()? else { return self.flag(left, left_span) };
        let out = match op {
            Op::IsNull => Expr::Compare(left, Compare::Equal, Operand::Null),
            Op::In => match self.peek() {
                Some((Token::Op("[" | "("), _)) if matches!(left, Operand::Key(_, Kind::List)) => {
                    return Err(Mistake::new(left_span, "a list is in no list").hint("KEY contains \"x\" asks for an element"));
                }
                Some((Token::Op("[" | "("), _)) => {
                    let items = self.list(&left)?;
                    Expr::In(left, items)
                }
                // `"ssh" in args` is the other way round of `args contains "ssh"`.
                _ => {
                    let (right, span) = self.value(None)?;
                    self.contains(right, span, left)?
                }
            },
            Op::Contains => {
                let (right, _) = self.value(Some(&left))?;
                self.contains(left, left_span, right)?
            }
            Op::Matches => {
                let (right, span) = self.value(Some(&left))?;
                let pattern = match right {
                    Operand::Text(p) => p,
                    Operand::Int(n) => n.to_string(),
                    _ => return Err(Mistake::new(span, "a regular expression stands in quotes, as in: name ~ \"ssh\"")),
                };
                let mut builder = RegexBuilder::new(&pattern);
                builder.size_limit(REGEX.min(self.share)).dfa_size_limit(STATES.min(self.share));
                let compiled = builder.build().map_err(|e| {
                    let text = e.to_string();
                    let why = text.lines().last().unwrap_or_default().trim().trim_start_matches("error: ").to_owned();
                    Mistake::new(span, format!("the regular expression makes no sense: {why}"))
                })?;
                if let Operand::Key(_, Kind::Object) = left {
                    return Err(Mistake::new(left_span, "it has keys of its own: name one of them, as in perm.write"));
                }
                Expr::Matches(left, compiled)
            }
            Op::Compare(compare) => {
                let (right, right_span) = self.value(Some(&left))?;
                let (left, right) = (fit(left, &right, left_span)?, right);
                let right = fit(right, &left, right_span)?;
                comparable(&left, compare, &right, left_span, op_span)?;
                Expr::Compare(left, compare, right)
            }
        };
        Ok(if negated { Expr::Not(Box::new(out)) } else { out })
    }

    fn contains(&self, whole: Operand, span: Span, part: Operand) -> Result<Expr, Mistake> {
        let part = match part {
            // A part of a text, or an element that is text.
            Operand::Int(n) if matches!(whole, Operand::Key(_, Kind::Text | Kind::Time)) => Operand::Text(n.to_string()),
            part => part,
        };
        match &whole {
            Operand::Key(_, Kind::List | Kind::Text | Kind::Time | Kind::Hex | Kind::Any) | Operand::Text(_) => {
                Ok(Expr::Contains(whole, part))
            }
            _ => Err(Mistake::new(span, "only lists and text contain something")),
        }
    }

    /// An operator, and whether `not` stands before it.
    fn operator(&mut self) -> Result<Option<(Op, bool)>, Mistake> {
        let Some((Token::Op(op), span)) = self.peek() else {
            return match self.peek() {
                Some((token, span)) => {
                    Err(Mistake::new(*span, format!("an operator is missing before {}", name(token))).hint(EXAMPLE))
                }
                None => Ok(None),
            };
        };
        self.at += 1;
        Ok(Some(match *op {
            "==" => (Op::Compare(Compare::Equal), false),
            "!=" => (Op::Compare(Compare::Unequal), false),
            "<" => (Op::Compare(Compare::Less), false),
            "<=" => (Op::Compare(Compare::AtMost), false),
            ">" => (Op::Compare(Compare::Greater), false),
            ">=" => (Op::Compare(Compare::AtLeast), false),
            "~" => (Op::Matches, false),
            "!~" => (Op::Matches, true),
            "in" => (Op::In, false),
            "contains" => (Op::Contains, false),
            "not" if self.eat("in") => (Op::In, true),
            "not" if self.eat("contains") => (Op::Contains, true),
            "is" => {
                let negated = self.eat("not");
                self.expect("null").map_err(|m| m.hint("`is null`, `is not null`"))?;
                (Op::IsNull, negated)
            }
            "and" | "or" | ")" | "," | "]" => {
                self.at -= 1;
                return Ok(None);
            }
            other => return Err(Mistake::new(*span, format!("{other} is no operator")).hint(EXAMPLE)),
        }))
    }

    /// A value by itself is a condition where it is yes or no.
    fn flag(&self, value: Operand, span: Span) -> Result<Expr, Mistake> {
        match &value {
            Operand::Flag(_) | Operand::Key(_, Kind::Flag | Kind::Any) => Ok(Expr::Is(value)),
            Operand::Key(path, _) => {
                let key = path.join(".");
                Err(Mistake::new(span, format!("{key} is not yes or no: compare it")).hint(format!(
                    "{key} != null asks whether it is there; in memsh's shell, > and | need quotes around the whole"
                )))
            }
            _ => Err(Mistake::new(span, "a value by itself is no condition").hint(EXAMPLE)),
        }
    }

    fn list(&mut self, left: &Operand) -> Result<Vec<Operand>, Mistake> {
        let close = if self.eat("(") { ")" } else { "]" };
        if close == "]" {
            self.expect("[")?;
        }
        let mut out = Vec::new();
        while !self.eat(close) {
            if !out.is_empty() {
                self.expect(",")?;
            }
            let (value, span) = self.value(Some(left))?;
            out.push(fit(value, left, span)?);
        }
        Ok(out)
    }

    /// A key or a constant. Behind an operator (`beside` is what stands before it) text without quotes is the usual mistake.
    fn value(&mut self, beside: Option<&Operand>) -> Result<(Operand, Span), Mistake> {
        let (token, span) = self.next("a value")?;
        let value = match token {
            Token::Int(n) => Operand::Int(*n),
            Token::Float(f) => Operand::Float(*f),
            Token::Text(t) => Operand::Text(t.clone()),
            Token::Op("null") => Operand::Null,
            Token::Op("true") => Operand::Flag(true),
            Token::Op("false") => Operand::Flag(false),
            Token::Name(word) => self.key(word, *span, beside)?,
            Token::Op(op) => return Err(Mistake::new(*span, format!("a value is missing before {op}")).hint(EXAMPLE)),
        };
        Ok((value, *span))
    }

    fn key(&self, word: &str, span: Span, beside: Option<&Operand>) -> Result<Operand, Mistake> {
        let (what, hint) = match self.schema.kind(word) {
            Ok(kind) => return Ok(Operand::Key(word.split('.').map(str::to_owned).collect(), kind)),
            Err(unknown) => unknown,
        };
        // Five hex digits and more are an address, as everywhere in memsh.
        #[allow(clippy::unnecessary_fallible_conversions, reason = "not where addresses are wide")]
        if let Some(n) = number(word).and_then(Result::ok).and_then(|n| i128::try_from(n).ok()) {
            return Ok(Operand::Int(n));
        }
        match beside {
            Some(Operand::Key(_, Kind::Flag)) if matches!(word, "yes" | "no") => Ok(Operand::Flag(word == "yes")),
            Some(_) => Err(Mistake::new(span, what).hint(format!("text stands in quotes: \"{word}\"; a key: {hint}"))),
            None => Err(Mistake::new(span, what).hint(hint)),
        }
    }
}

/// What a constant is beside a key of a kind: a number in quotes is a number beside a number, a year a time beside a time.
fn fit(value: Operand, beside: &Operand, span: Span) -> Result<Operand, Mistake> {
    let Operand::Key(path, kind) = beside else { return Ok(value) };
    let key = path.join(".");
    let wrong = |is: &str, hint: String| Err(Mistake::new(span, format!("{key} is {is}")).hint(hint));
    match (kind, value) {
        (_, value @ (Operand::Null | Operand::Key(..))) => Ok(value),
        (Kind::Flag, value @ Operand::Flag(_)) => Ok(value),
        (Kind::Flag, Operand::Text(t)) if matches!(t.as_str(), "yes" | "true") => Ok(Operand::Flag(true)),
        (Kind::Flag, Operand::Text(t)) if matches!(t.as_str(), "no" | "false") => Ok(Operand::Flag(false)),
        (Kind::Flag, _) => wrong("yes or no", format!("write {key}, or not {key}")),
        (Kind::Number | Kind::Hex, value @ (Operand::Int(_) | Operand::Float(_))) => Ok(value),
        (Kind::Number | Kind::Hex, Operand::Text(t)) => match number(t.trim()) {
            #[allow(clippy::unnecessary_fallible_conversions, reason = "not where addresses are wide")]
            Some(Ok(n)) => Ok(i128::try_from(n).map_or(Operand::Text(t), Operand::Int)),
            _ => wrong("a number", format!("write it without quotes: {key} == 4096, 4k or 0x1000")),
        },
        (Kind::Number | Kind::Hex, _) => wrong("a number", format!("as in: {key} == 1")),
        (Kind::Time, Operand::Text(t)) => match moment(&t) {
            Some(t) => Ok(Operand::Time(t)),
            None => wrong("a time", format!("as in: {key} >= 2026-01-02 or 2026-01-02T03:04:05")),
        },
        (Kind::Time, Operand::Int(year @ 1000..=9999)) => Ok(Operand::Time(year.to_string())),
        (Kind::Time, _) => wrong("a time", format!("as in: {key} >= 2026-01-02 or 2026-01-02T03:04:05")),
        (Kind::Text, value @ Operand::Text(_)) => Ok(value),
        (Kind::Text, Operand::Int(n)) => wrong("text", format!("text stands in quotes: \"{n}\"")),
        (Kind::Text, _) => wrong("text", "text stands in quotes".to_owned()),
        (_, value) => Ok(value),
    }
}

/// A moment as rows have it, or the beginning of one: no `Z`, a `T` in the middle.
fn moment(text: &str) -> Option<String> {
    const SHAPE: &[u8] = b"0000-00-00T00:00:00.000000000";
    let text = text.trim().trim_end_matches(['Z', 'z']).replace(' ', "T").to_ascii_uppercase();
    let fits = text.bytes().zip(SHAPE).all(|(c, s)| if *s == b'0' { c.is_ascii_digit() } else { c == *s });
    (fits && text.len() >= 4 && text.len() <= SHAPE.len()).then_some(text)
}

/// Refuses comparisons that could only ever have one outcome.
fn comparable(left: &Operand, op: Compare, right: &Operand, span: Span, op_span: Span) -> Result<(), Mistake> {
    let null = *left == Operand::Null || *right == Operand::Null;
    if null && !matches!(op, Compare::Equal | Compare::Unequal) {
        return Err(Mistake::new(op_span, "nothing is less or more than null").hint("== null, != null"));
    }
    if let (Operand::Key(a, a_kind), Operand::Key(b, b_kind)) = (left, right) {
        let number = |k: &Kind| matches!(k, Kind::Number | Kind::Hex);
        let alike = a_kind == b_kind || (number(a_kind) && number(b_kind)) || [a_kind, b_kind].contains(&&Kind::Any);
        if !alike {
            let what = format!("{} and {} are of different kinds", a.join("."), b.join("."));
            return Err(Mistake::new(op_span, what).hint("text stands in quotes"));
        }
    }
    for side in [left, right] {
        match side {
            Operand::Key(path, Kind::List) if !null => {
                let key = path.join(".");
                return Err(
                    Mistake::new(span, format!("{key} is a list")).hint(format!("{key} contains \"x\"; {key} ~ \"regex\""))
                );
            }
            Operand::Key(path, Kind::Object) if !null => {
                return Err(Mistake::new(span, format!("{} has keys of its own: name one of them", path.join("."))));
            }
            _ => {}
        }
    }
    Ok(())
}

fn name(token: &Token) -> String {
    match token {
        Token::Op(op) => (*op).to_owned(),
        Token::Int(n) => n.to_string(),
        Token::Float(n) => n.to_string(),
        Token::Text(t) => format!("{t:?}"),
        Token::Name(n) => n.clone(),
    }
}
