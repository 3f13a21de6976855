//! Opening, closing, asking.

use crate::fail::{MemshError, c_text, guarded, null};
use crate::row::MemshRow;
use crate::words::words;
use memsh_core::embed::{Answer, Target, Watch};
use serde_json::Value;
use std::ffi::{c_char, c_void};
use std::ops::ControlFlow;
use std::sync::Arc;

/// A target. It may be used by several threads at once. Closed with memsh_close.
pub struct MemshTarget(pub(crate) Target);

/// What is told beside the rows.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemshNote {
    /// Something is missing from the answer; the text says how much and why.
    Partial = 0,
    /// What the analyst should know.
    Warning = 1,
}

/// Takes an answer. Each function may be null; USER is handed to all of them. A function that returns false ends the command.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct MemshAnswer {
    /// The caller's own.
    pub user: *mut c_void,
    /// A row, or the one object of an answer. Called on the thread that asks.
    pub row: Option<unsafe extern "C" fn(user: *mut c_void, row: *const MemshRow) -> bool>,
    /// Bytes that are no row (`read --raw`). Called on the thread that asks.
    pub bytes: Option<unsafe extern "C" fn(user: *mut c_void, data: *const u8, size: usize) -> bool>,
    /// A note, at the end. Called on the thread that asks.
    pub note: Option<unsafe extern "C" fn(user: *mut c_void, kind: MemshNote, text: *const c_char)>,
    /// How far long work has come: DONE of TOTAL steps (bytes, mostly); a TOTAL of 0 is not known. Called from any thread.
    pub progress: Option<unsafe extern "C" fn(user: *mut c_void, task: *const c_char, done: u64, total: u64)>,
}

/// The caller's functions, on their way through memsh.
pub struct Caller(pub MemshAnswer);

// SAFETY: by the header `progress` may be called from any thread with `user`; the other functions are called on the thread that asks.
unsafe impl Send for Caller {}
// SAFETY: as above.
unsafe impl Sync for Caller {}

fn flow(go_on: bool) -> ControlFlow<()> {
    if go_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
}

impl Answer for Caller {
    fn row(&mut self, row: Value) -> ControlFlow<()> {
        let Some(take) = self.0.row else { return ControlFlow::Continue(()) };
        let row = MemshRow::new(row);
        // SAFETY: by the header a function of this type; the row lives as long as the call.
        flow(unsafe { take(self.0.user, &raw const row) })
    }

    fn bytes(&mut self, data: &[u8]) -> ControlFlow<()> {
        let Some(take) = self.0.bytes else { return ControlFlow::Continue(()) };
        // SAFETY: by the header a function of this type; the bytes live as long as the call.
        flow(unsafe { take(self.0.user, data.as_ptr(), data.len()) })
    }
}

impl Watch for Caller {
    fn at(&self, task: &str, done: u64, total: u64) {
        if let Some(take) = self.0.progress {
            let task = c_text(task.to_owned());
            // SAFETY: by the header a function of this type that any thread may call.
            unsafe { take(self.0.user, task.as_ptr(), done, total) };
        }
    }
}

/// The target behind a pointer.
pub fn target<'a>(pointer: *const MemshTarget) -> Result<&'a Target, MemshError> {
    // SAFETY: by the header null or a target that was not closed.
    unsafe { pointer.as_ref() }.map(|t| &t.0).ok_or_else(|| null("the target"))
}

/// Asks a command.
pub fn ask(target: &Target, words: &[&str], caller: MemshAnswer, answer: &mut dyn Answer) -> Result<(), MemshError> {
    let ended = target.ask_watched(words, Arc::new(Caller(caller)), answer)?;
    if let Some(take) = caller.note {
        let partial = ended.partial.into_iter().map(|text| (MemshNote::Partial, text));
        for (kind, text) in partial.chain(ended.warnings.into_iter().map(|text| (MemshNote::Warning, text))) {
            let text = c_text(text);
            // SAFETY: by the header a function of this type; the text lives as long as the call.
            unsafe { take(caller.user, kind, text.as_ptr()) };
        }
    }
    Ok(())
}

/// The version of memsh, `0.1.0`.
#[unsafe(no_mangle)]
pub extern "C" fn memsh_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}

/// Opens a target into TARGET. WORDS are what would stand before a command on memsh's command line: `dump.raw`; `sample` for the image
/// inside the library; `-C`, `qemu` for a machine that runs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memsh_open(
    list: *const *const c_char,
    count: usize,
    target: *mut *mut MemshTarget,
    error: *mut *mut MemshError,
) -> crate::MemshCode {
    guarded(error, || {
        if target.is_null() {
            return Err(null("the place for the target"));
        }
        let opened = Target::open(words(list, count)?)?;
        // SAFETY: not null, and by the header a place for a pointer.
        unsafe { target.write(Box::into_raw(Box::new(MemshTarget(opened)))) };
        Ok(())
    })
}

/// Closes a target, when no thread uses it any more; its spaces may live on. Nothing for null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memsh_close(target: *mut MemshTarget) {
    if !target.is_null() {
        // SAFETY: by the header it came from memsh_open and was not closed.
        let closed = unsafe { Box::from_raw(target) };
        guarded(std::ptr::null_mut(), || {
            drop(closed);
            Ok(())
        });
    }
}

/// Ends what runs on a target, soon: every command that any thread asked it for. What is asked afterwards runs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memsh_stop(target: *const MemshTarget) {
    guarded(std::ptr::null_mut(), || {
        self::target(target)?.stop();
        Ok(())
    });
}

/// Forgets what was read of a live target, so that what is asked next sees it as it is then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memsh_refresh(target: *const MemshTarget) {
    guarded(std::ptr::null_mut(), || {
        self::target(target)?.session().refresh();
        Ok(())
    });
}

/// Asks a command: WORDS are its name and its arguments, as on memsh's command line, with `--where`, `--sort` and `--limit` where rows are
/// to be chosen. ANSWER takes the rows as they are found. Rows that came before a failure are part of the answer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memsh_ask(
    target: *const MemshTarget,
    list: *const *const c_char,
    count: usize,
    answer: *const MemshAnswer,
    error: *mut *mut MemshError,
) -> crate::MemshCode {
    guarded(error, || {
        // SAFETY: by the header null or an answer.
        let answer = *unsafe { answer.as_ref() }.ok_or_else(|| null("the answer"))?;
        ask(self::target(target)?, &words(list, count)?, answer, &mut Caller(answer))
    })
}
