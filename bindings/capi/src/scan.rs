//! Searching.

use crate::fail::{MemshCode, MemshError, guarded, null};
use crate::row::{MemshRow, number};
use crate::target::{MemshAnswer, MemshNote, MemshTarget, ask, target};
use crate::words::words;
use memsh_core::embed::Answer;
use serde_json::Value;
use std::ffi::{c_char, c_void};
use std::ops::ControlFlow;

/// Something that was found.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct MemshHit {
    /// Its address.
    pub address: u64,
    /// The process whose address it is; HAS_PID says whether it is one's.
    pub pid: u32,
    /// See PID.
    pub has_pid: bool,
    /// The whole row of `scan`.
    pub row: *const MemshRow,
}

/// Takes hits. Each function may be null but HIT; USER is handed to all of them. As in MemshAnswer.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct MemshHits {
    /// The caller's own.
    pub user: *mut c_void,
    /// A hit, which lives as long as the call. False ends the search.
    pub hit: Option<unsafe extern "C" fn(user: *mut c_void, hit: *const MemshHit) -> bool>,
    /// A note, at the end.
    pub note: Option<unsafe extern "C" fn(user: *mut c_void, kind: MemshNote, text: *const c_char)>,
    /// How far it has come, from any thread.
    pub progress: Option<unsafe extern "C" fn(user: *mut c_void, task: *const c_char, done: u64, total: u64)>,
}

struct Caller {
    hits: MemshHits,
    /// Whether there was a row that is no hit.
    other: bool,
}

impl Answer for Caller {
    fn row(&mut self, row: Value) -> ControlFlow<()> {
        let (Some(take), Some(address)) = (self.hits.hit, row.get("address").and_then(number)) else {
            self.other = true;
            return ControlFlow::Break(());
        };
        let pid = row.get("pid").and_then(Value::as_u64).and_then(|pid| u32::try_from(pid).ok());
        let row = MemshRow::new(row);
        let hit = MemshHit { address, pid: pid.unwrap_or(0), has_pid: pid.is_some(), row: &raw const row };
        // SAFETY: by the header a function of this type; hit and row live as long as the call.
        if unsafe { take(self.hits.user, &raw const hit) } { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}

/// Searches; hits come as they are found. WORDS are what stands behind `scan` on memsh's command line: `needle`; `--all`, `needle` for
/// every process; `-p`, `142`, `--hex`, `90 90 ?? c3`; `--regex`, `pass(word)?=`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memsh_scan(
    target: *const MemshTarget,
    list: *const *const c_char,
    count: usize,
    hits: *const MemshHits,
    error: *mut *mut MemshError,
) -> MemshCode {
    guarded(error, || {
        // SAFETY: by the header null or such a struct.
        let hits = *unsafe { hits.as_ref() }.ok_or_else(|| null("the place for hits"))?;
        if hits.hit.is_none() {
            return Err(null("the function for hits"));
        }
        let mut all = vec!["scan"];
        all.extend(words(list, count)?);
        let told = MemshAnswer { user: hits.user, row: None, bytes: None, note: hits.note, progress: hits.progress };
        let mut caller = Caller { hits, other: false };
        ask(self::target(target)?, &all, told, &mut caller)?;
        if caller.other {
            let why = "these words of `scan` answer with other rows than hits (`--count`): ask for them with memsh_ask";
            return Err(MemshError::new(MemshCode::Invalid, why.to_owned()));
        }
        Ok(())
    })
}
