//! Whether a row is what an expression asks for.

use super::keys::Kind;
use super::parse::{Compare, Expr, Operand};
use serde_json::Value;
use std::borrow::Cow;
use std::cmp::Ordering;

/// One side of a comparison in a row.
enum Val<'a> {
    Null,
    Flag(bool),
    Int(i128),
    Float(f64),
    Text(&'a str),
    /// As much of a moment as was written.
    Time(&'a str),
    Other(&'a Value),
}

impl Expr {
    /// Whether `row` is what this asks for.
    pub fn matches(&self, row: &Value) -> bool {
        match self {
            Expr::And(all) => all.iter().all(|e| e.matches(row)),
            Expr::Or(all) => all.iter().any(|e| e.matches(row)),
            Expr::Not(e) => !e.matches(row),
            Expr::Is(value) => matches!(value.of(row), Val::Flag(true)),
            Expr::Compare(left, op, right) => {
                let order = compare(&left.of(row), &right.of(row));
                match op {
                    Compare::Equal => order == Some(Ordering::Equal),
                    Compare::Unequal => order != Some(Ordering::Equal),
                    Compare::Less => order == Some(Ordering::Less),
                    Compare::AtMost => matches!(order, Some(Ordering::Less | Ordering::Equal)),
                    Compare::Greater => order == Some(Ordering::Greater),
                    Compare::AtLeast => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
                }
            }
            Expr::Matches(value, regex) => match value.of(row) {
                Val::Other(Value::Array(items)) => items.iter().filter_map(text).any(|t| regex.is_match(&t)),
                value => value.text().is_some_and(|t| regex.is_match(&t)),
            },
            Expr::In(value, items) => {
                let value = value.of(row);
                items.iter().any(|i| compare(&value, &i.of(row)) == Some(Ordering::Equal))
            }
            Expr::Contains(whole, part) => {
                let part = part.of(row);
                match whole.of(row) {
                    Val::Other(Value::Array(items)) => items.iter().any(|i| compare(&of_json(i), &part) == Some(Ordering::Equal)),
                    whole => match (whole.text(), part.text()) {
                        (Some(whole), Some(part)) => whole.contains(&*part),
                        _ => false,
                    },
                }
            }
        }
    }
}

impl Operand {
    fn of<'a>(&'a self, row: &'a Value) -> Val<'a> {
        match self {
            Operand::Null => Val::Null,
            Operand::Flag(b) => Val::Flag(*b),
            Operand::Int(n) => Val::Int(*n),
            Operand::Float(f) => Val::Float(*f),
            Operand::Text(t) => Val::Text(t),
            Operand::Time(t) => Val::Time(t),
            Operand::Key(path, kind) => match lookup(row, path) {
                Value::String(s) if *kind == Kind::Text => Val::Text(s),
                value => of_json(value),
            },
        }
    }
}

/// The value of a key; null where the row does not have it.
pub fn lookup<'a>(row: &'a Value, path: &[String]) -> &'a Value {
    path.iter().try_fold(row, |v, part| v.get(part)).unwrap_or(&Value::Null)
}

impl Val<'_> {
    fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Val::Null => None,
            Val::Flag(b) => Some(Cow::Borrowed(if *b { "true" } else { "false" })),
            Val::Int(n) => Some(Cow::Owned(n.to_string())),
            Val::Float(n) => Some(Cow::Owned(n.to_string())),
            Val::Text(t) | Val::Time(t) => Some(Cow::Borrowed(t)),
            Val::Other(v) => text(v),
        }
    }
}

/// A value as text, for regular expressions: addresses as they are shown.
fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Null => None,
        Value::String(s) => Some(Cow::Borrowed(s)),
        other => Some(Cow::Owned(other.to_string())),
    }
}

fn of_json(value: &Value) -> Val<'_> {
    match value {
        Value::Null => Val::Null,
        Value::Bool(b) => Val::Flag(*b),
        Value::Number(n) => match (n.as_u64(), n.as_i64()) {
            (Some(n), _) => Val::Int(n.into()),
            (_, Some(n)) => Val::Int(n.into()),
            _ => n.as_f64().map_or(Val::Null, Val::Float),
        },
        Value::String(s) => Val::Text(s),
        other => Val::Other(other),
    }
}

/// The number that an address as JSON has it stands for.
pub fn hex(text: &str) -> Option<i128> {
    let digits = text.strip_prefix("0x")?;
    // from_str_radix takes a sign.
    digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| i128::from_str_radix(digits, 16).ok())?
}

#[allow(clippy::cast_precision_loss, reason = "a comparison with a fraction can't be more exact")]
fn float(n: i128) -> f64 {
    n as f64
}

/// The order of two values; none where there is no sense in it.
fn compare(a: &Val<'_>, b: &Val<'_>) -> Option<Ordering> {
    match (a, b) {
        (Val::Null, Val::Null) => Some(Ordering::Equal),
        (Val::Flag(a), Val::Flag(b)) => Some(a.cmp(b)),
        (Val::Int(a), Val::Int(b)) => Some(a.cmp(b)),
        (Val::Float(a), Val::Float(b)) => a.partial_cmp(b),
        (Val::Int(a), Val::Float(b)) => float(*a).partial_cmp(b),
        (Val::Float(a), Val::Int(b)) => a.partial_cmp(&float(*b)),
        (Val::Text(a), Val::Int(b)) => Some(hex(a)?.cmp(b)),
        (Val::Int(a), Val::Text(b)) => Some(a.cmp(&hex(b)?)),
        (Val::Text(a), Val::Time(b)) => Some(moments(a, b)),
        (Val::Time(a), Val::Text(b)) => Some(moments(b, a).reverse()),
        (Val::Text(a), Val::Text(b)) => match (hex(a), hex(b)) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => Some(a.cmp(b)),
        },
        _ => None,
    }
}

/// A row's moment against as much of one as was written.
fn moments(row: &str, written: &str) -> Ordering {
    let row = row.trim_end_matches('Z');
    row.get(..written.len()).unwrap_or(row).cmp(written)
}
