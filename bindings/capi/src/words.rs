//! Text that comes in and goes out.

use crate::fail::{MemshCode, MemshError, null};
use std::ffi::{CStr, c_char};

/// A text of the caller's.
pub fn word<'a>(text: *const c_char, what: &str) -> Result<&'a str, MemshError> {
    if text.is_null() {
        return Err(null(what));
    }
    // SAFETY: not null, and by the header it ends with a zero and stays as long as the call.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_str().map_err(|_| MemshError::new(MemshCode::Invalid, format!("{what} is not UTF-8")))
}

/// A list of texts of the caller's.
pub fn words<'a>(list: *const *const c_char, count: usize) -> Result<Vec<&'a str>, MemshError> {
    if count == 0 {
        return Ok(Vec::new());
    }
    if list.is_null() {
        return Err(null("the list of words"));
    }
    // SAFETY: not null, and by the header it holds so many.
    let list = unsafe { std::slice::from_raw_parts(list, count) };
    list.iter().enumerate().map(|(i, text)| word(*text, &format!("word {i}"))).collect()
}
