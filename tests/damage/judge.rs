//! Whether rows of a damaged image are right: compared with those of the whole one.

use crate::run::Asked;
use serde_json::Value;
use std::collections::HashMap;

/// How many rows of a command are what.
#[derive(Default, Clone)]
pub struct Judged {
    /// Rows of the whole image.
    pub whole: usize,
    /// The same, in every field.
    pub right: usize,
    /// The same but for fields that are not known.
    pub partly: usize,
    /// Of the same thing, with a field that says something else.
    pub altered: usize,
    /// Of a thing that there is not.
    pub foreign: usize,
    /// The wrong ones, as text.
    pub shown: Vec<String>,
}

/// What of `found` is right.
pub fn judge(command: &Asked, whole: &[Value], found: &[Value]) -> Judged {
    let mut left: HashMap<String, Vec<&Value>> = HashMap::new();
    for row in whole {
        left.entry(identity(command, row)).or_default().push(row);
    }
    let mut judged = Judged { whole: whole.len(), ..Judged::default() };
    for row in found {
        let same = left.entry(identity(command, row)).or_default();
        let best = |same: &[&Value], fits: &dyn Fn(&Value) -> bool| same.iter().position(|w| fits(w));
        if let Some(i) = best(same, &|w| w == row) {
            same.swap_remove(i);
            judged.right += 1;
        } else if let Some(i) = best(same, &|w| less(w, row)) {
            same.swap_remove(i);
            judged.partly += 1;
        } else if same.is_empty() {
            judged.foreign += 1;
            judged.shown.push(format!("foreign {row}"));
        } else {
            let was = same.swap_remove(0);
            judged.altered += 1;
            let fields = row.as_object().unwrap().iter().filter(|(k, v)| was.get(k) != Some(v) && !v.is_null());
            let fields: Vec<String> = fields.map(|(k, v)| format!("{k}: {} -> {v}", was[k.as_str()])).collect();
            judged.shown.push(format!("altered {} {}", identity(command, row), fields.join(", ")));
        }
    }
    judged
}

fn identity(command: &Asked, row: &Value) -> String {
    command.key.iter().map(|k| row[*k].to_string()).collect::<Vec<_>>().join(" ")
}

/// Whether `row` says nothing that `whole` does not, and leaves something open.
fn less(whole: &Value, row: &Value) -> bool {
    match (whole, row) {
        (_, Value::Null) => true,
        (Value::Array(whole), Value::Array(row)) => row.iter().all(|r| whole.contains(r)),
        (Value::Object(whole), Value::Object(row)) => row.iter().all(|(k, v)| whole.get(k).is_some_and(|w| less(w, v))),
        (whole, row) => whole == row,
    }
}
