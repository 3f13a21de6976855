//! `--sort`: the order of rows.

use super::error::Mistake;
use super::eval::{hex, lookup};
use super::keys::Schema;
use crate::commands::failure::Failure;
use serde_json::Value;
use std::cmp::Ordering;

/// An order of rows.
#[derive(Clone, Debug)]
pub struct Order(Vec<Key>);

#[derive(Clone, Debug)]
struct Key {
    path: Vec<String>,
    descending: bool,
}

impl Order {
    /// The order by `keys`: `KEY`, `-KEY` or `KEY:desc`, the first counting most.
    ///
    /// # Errors
    /// A usage error for a key that rows do not have.
    pub fn new(keys: &[String], schema: &Schema) -> Result<Self, Failure> {
        let text = keys.join(",");
        let mut at = 0;
        let mut out = Vec::new();
        for key in keys {
            let span = (at, at + key.len());
            at = span.1 + 1;
            let (name, descending) = match (key.strip_prefix('-'), key.rsplit_once(':')) {
                (Some(name), _) => (name, true),
                (None, Some((name, "desc"))) => (name, true),
                (None, Some((name, "asc"))) => (name, false),
                (None, Some((_, other))) => {
                    let mistake = Mistake::new(span, format!("{other} is no direction"));
                    return Err(mistake.hint("KEY or KEY:asc, -KEY or KEY:desc").failure("--sort", &text));
                }
                (None, None) => (key.strip_prefix('+').unwrap_or(key), false),
            };
            schema.kind(name).map_err(|(what, hint)| Mistake::new(span, what).hint(hint).failure("--sort", &text))?;
            out.push(Key { path: name.split('.').map(str::to_owned).collect(), descending });
        }
        Ok(Self(out))
    }

    /// Which of two rows comes first. What a row does not have comes last in either direction.
    pub fn compare(&self, a: &Value, b: &Value) -> Ordering {
        let by_key = |key: &Key| {
            let (a, b) = (lookup(a, &key.path), lookup(b, &key.path));
            match (a.is_null(), b.is_null()) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) if key.descending => values(a, b).reverse(),
                (false, false) => values(a, b),
            }
        };
        self.0.iter().map(by_key).find(|o| *o != Ordering::Equal).unwrap_or(Ordering::Equal)
    }
}

/// Values of any kind, of one kind mostly: a total order, or sorting would be a matter of luck.
fn values(a: &Value, b: &Value) -> Ordering {
    let rank = |v: &Value| match v {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(s) if hex(s).is_some() => 3,
        Value::String(_) => 4,
        Value::Array(_) => 5,
        Value::Object(_) => 6,
    };
    rank(a).cmp(&rank(b)).then_with(|| match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Number(a), Value::Number(b)) => numbers(a, b),
        (Value::String(x), Value::String(y)) => match (hex(x), hex(y)) {
            (Some(x), Some(y)) => x.cmp(&y),
            _ => x.cmp(y),
        },
        (Value::Array(x), Value::Array(y)) => {
            let differs = x.iter().zip(y).map(|(x, y)| values(x, y)).find(|o| *o != Ordering::Equal);
            differs.unwrap_or_else(|| x.len().cmp(&y.len()))
        }
        (a, b) => a.to_string().cmp(&b.to_string()),
    })
}

/// By the nearest fraction first, and whole numbers that have the same one among themselves: a fraction in between (2^53 + 1 is none) must
/// not be equal to two that differ.
fn numbers(a: &serde_json::Number, b: &serde_json::Number) -> Ordering {
    let fraction = |n: &serde_json::Number| n.as_f64().unwrap_or(f64::NAN);
    fraction(a).total_cmp(&fraction(b)).then_with(|| a.as_i128().cmp(&b.as_i128()))
}
