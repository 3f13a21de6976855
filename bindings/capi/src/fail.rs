//! Codes and errors.

use memsh_core::ErrorKind;
use memsh_core::embed::{Failed, Sort};
use std::ffi::{CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How a call ended. Later versions may add codes.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemshCode {
    /// Well.
    Ok = 0,
    /// The bytes are not there: not mapped, or not in the image.
    Unreadable = 1,
    /// The bytes are there and make no sense.
    Malformed = 2,
    /// The thing is known, and not supported here.
    Unsupported = 3,
    /// What was asked for does not exist.
    NotFound = 4,
    /// The call asked for something impossible: a null pointer, text that is not UTF-8.
    Invalid = 5,
    /// The host's file system or link failed.
    Io = 6,
    /// The words of a command make no sense.
    Usage = 7,
    /// The command `check` found a difference.
    Difference = 8,
    /// memsh_stop ended it.
    Stopped = 9,
    /// A bug in memsh. The target may be closed and nothing else.
    Bug = 10,
}

/// Why a call failed. Freed with memsh_error_free.
pub struct MemshError {
    code: MemshCode,
    text: CString,
    hint: Option<CString>,
}

impl MemshError {
    pub(crate) fn new(code: MemshCode, text: impl Into<String>) -> Self {
        Self { code, text: c_text(text.into()), hint: None }
    }
}

/// Text for C; a zero in it ends nothing.
pub fn c_text(text: String) -> CString {
    CString::new(text.replace('\0', "\\0")).unwrap_or_default()
}

impl From<Failed> for MemshError {
    fn from(failed: Failed) -> Self {
        let code = match failed.sort {
            Sort::Usage => MemshCode::Usage,
            Sort::Difference => MemshCode::Difference,
            Sort::Stopped => MemshCode::Stopped,
            Sort::Error(kind) => match kind {
                ErrorKind::Unreadable => MemshCode::Unreadable,
                ErrorKind::Malformed => MemshCode::Malformed,
                ErrorKind::Unsupported => MemshCode::Unsupported,
                ErrorKind::NotFound => MemshCode::NotFound,
                ErrorKind::Invalid => MemshCode::Invalid,
                ErrorKind::Io => MemshCode::Io,
                ErrorKind::Interrupted => MemshCode::Stopped,
            },
        };
        Self { code, text: c_text(failed.to_string()), hint: failed.hint.map(c_text) }
    }
}

impl From<memsh_core::Error> for MemshError {
    fn from(e: memsh_core::Error) -> Self {
        Failed::from(e).into()
    }
}

/// The error of a null pointer.
pub fn null(what: &str) -> MemshError {
    MemshError::new(MemshCode::Invalid, format!("{what} is a null pointer"))
}

/// Runs what a function does. A failure goes to `error`, where that is not null; a panic becomes one.
pub fn guarded(error: *mut *mut MemshError, run: impl FnOnce() -> Result<(), MemshError>) -> MemshCode {
    let failed = match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(())) => return MemshCode::Ok,
        Ok(Err(failed)) => failed,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
            MemshError::new(MemshCode::Bug, format!("a bug in memsh: {}", text.unwrap_or("a panic")))
        }
    };
    let code = failed.code;
    if !error.is_null() {
        // SAFETY: not null, and by the header a place for a pointer.
        unsafe { error.write(Box::into_raw(Box::new(failed))) };
    }
    code
}

/// What sort of error it is; MEMSH_CODE_OK for null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memsh_error_code(error: *const MemshError) -> MemshCode {
    // SAFETY: by the header null or an error.
    unsafe { error.as_ref() }.map_or(MemshCode::Ok, |e| e.code)
}

/// What was tried, where, and why it failed: UTF-8, as long as the error. Empty for null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memsh_error_text(error: *const MemshError) -> *const c_char {
    // SAFETY: by the header null or an error.
    unsafe { error.as_ref() }.map_or(c"".as_ptr(), |e| e.text.as_ptr())
}

/// What to do next: UTF-8, as long as the error. Null where nothing is known.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memsh_error_hint(error: *const MemshError) -> *const c_char {
    // SAFETY: by the header null or an error.
    let error = unsafe { error.as_ref() };
    error.and_then(|e| e.hint.as_deref()).map_or(std::ptr::null(), |h| h.as_ptr())
}

/// Frees an error; nothing for null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memsh_error_free(error: *mut MemshError) {
    if !error.is_null() {
        // SAFETY: by the header it came from a call of this library and was not freed.
        drop(unsafe { Box::from_raw(error) });
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]
    use super::*;
    use std::ffi::CStr;

    #[test]
    fn no_panic_crosses_the_border() {
        let mut error = std::ptr::null_mut();
        assert_eq!(guarded(&raw mut error, || panic!("a {} of text", "bit\0")), MemshCode::Bug);
        // SAFETY: an error of `guarded`, freed once.
        unsafe {
            assert_eq!(CStr::from_ptr(memsh_error_text(error)), c"a bug in memsh: a bit\\0 of text");
            assert!(memsh_error_hint(error).is_null());
            memsh_error_free(error);
        }
        assert_eq!(guarded(std::ptr::null_mut(), || panic!("nobody wants to know")), MemshCode::Bug);
    }
}
