//! What is in a row.

use crate::fail::c_text;
use crate::words::word;
use serde_json::Value;
use std::cell::{OnceCell, RefCell};
use std::ffi::{CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A row of an answer, as long as the call of the function that it is handed to.
pub struct MemshRow {
    value: Value,
    json: OnceCell<CString>,
    /// Texts that were handed out.
    texts: RefCell<Vec<CString>>,
}

impl MemshRow {
    pub(crate) fn new(value: Value) -> Self {
        Self { value, json: OnceCell::new(), texts: RefCell::default() }
    }
}

/// The value of a key; parts of a value behind dots.
fn field<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    if let Some(found) = value.get(key) {
        return Some(found);
    }
    let (first, rest) = key.split_once('.')?;
    let inner = match value {
        Value::Array(all) => all.get(first.parse::<usize>().ok()?),
        value => value.get(first),
    };
    match (inner, rest.parse::<usize>()) {
        (Some(Value::Array(all)), Ok(i)) => all.get(i),
        (inner, _) => field(inner?, rest),
    }
}

/// A number of JSON, also one in a text (`0x...`), as addresses are.
pub fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(n) => n.as_u64(),
        Value::String(s) => u64::from_str_radix(s.strip_prefix("0x")?, 16).ok(),
        _ => None,
    }
}

/// What a function does with the field of a row; `none` without one.
fn with<T>(row: *const MemshRow, key: *const c_char, none: T, run: impl FnOnce(&MemshRow, &Value) -> Option<T>) -> T {
    let found = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: by the header null or a row that is being handed over.
        let row = unsafe { row.as_ref() }?;
        run(row, field(&row.value, word(key, "the key").ok()?)?)
    }));
    found.ok().flatten().unwrap_or(none)
}

/// The whole row as JSON, as long as the row.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memsh_row_json(row: *const MemshRow) -> *const c_char {
    // SAFETY: by the header null or a row that is being handed over.
    let Some(row) = (unsafe { row.as_ref() }) else { return c"".as_ptr() };
    row.json.get_or_init(|| c_text(row.value.to_string())).as_ptr()
}

/// The text of a field, as long as the row: UTF-8; other values as JSON. Null where there is no such field or it is null. KEY is the
/// field's name as in the answer's schema (`memsh schema COMMAND`); `os.name` and `args.0` lead further in.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memsh_row_text(row: *const MemshRow, key: *const c_char) -> *const c_char {
    with(row, key, std::ptr::null(), |row, value| {
        let text = match value {
            Value::Null => return None,
            Value::String(s) => s.clone(),
            other => other.to_string(),
        };
        let text = c_text(text);
        // What it points to does not move with the list.
        let pointer = text.as_ptr();
        row.texts.borrow_mut().push(text);
        Some(pointer)
    })
}

/// The number of a field: addresses too, which JSON has as text. False, and NUMBER as it was, where there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memsh_row_number(row: *const MemshRow, key: *const c_char, number: *mut u64) -> bool {
    let found = with(row, key, None, |_, value| Some(self::number(value)));
    match (found, number.is_null()) {
        (Some(n), false) => {
            // SAFETY: not null, and by the header a place for a number.
            unsafe { number.write(n) };
            true
        }
        _ => false,
    }
}

/// Whether a field is true.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memsh_row_is_true(row: *const MemshRow, key: *const c_char) -> bool {
    with(row, key, false, |_, value| value.as_bool())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_and_what_is_in_them() {
        let row = json!({"a": {"b": [1, {"c": "0x10"}]}, "d.e": 7, "f": [[5]], "g": "16"});
        let at = |key: &str| field(&row, key).and_then(number);
        assert_eq!((at("a.b.0"), at("a.b.1.c"), at("d.e")), (Some(1), Some(16), Some(7)));
        assert_eq!((at("a.b.2"), at("a"), at("x.y"), at("g"), at(""), at(".")), (None, None, None, None, None, None));
    }
}
