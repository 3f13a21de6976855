//! An image that lies elsewhere: its bytes are fetched when they are asked for, a piece at a time.
//!
//! This file is the cache: pages of the file ([`PAGE`]), fetched with those around them ([`UNIT`]), neighbours in one request, several
//! requests at once, and more ahead where somebody reads on. A batch of many places that lie apart is somebody who knows where to look:
//! then the pages are fetched and nothing around them. What asks the server is in `store` (the one place in this room that touches a network); which parts of a
//! file a format needs to be understood is in `outline`; memory that lies in the file as it is becomes readable in `claims`.
//!
//! A piece that can't be fetched is an error of that piece, and may succeed later. After a failure the server is left alone for a
//! while, so that a command over a dead connection ends. A file that changed is never read on.

mod claims;
mod open;
mod outline;
mod reader;
mod store;
mod transport;

pub(super) use claims::Claims;
pub(super) use open::open;
pub(super) use outline::{Skeleton, Sketch};
pub(super) use reader::Reader;

use super::kept::Kept;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// What is kept: pieces of the file of this many bytes, at multiples of it.
const PAGE: u64 = 4 << 10;
/// What is fetched where somebody looks at one place, who will soon look beside it.
pub(super) const UNIT: u64 = 32 << 10;
/// A batch of so many places, of which no two share a request, is answered with their pages alone.
const SCATTERED: usize = 16;
/// A request asks for no more than this.
const REQUEST: u64 = 1 << 20;
/// Two pieces with no more than this between them are one request: the bytes between cost less than another one.
const GAP: u64 = 32 << 10;
/// Requests that are under way at once.
const LANES: usize = 8;
/// Of a large batch so much is fetched before it is answered; the rest when it is needed.
const BATCH: u64 = 32 << 20;
/// Who reads on finds so much fetched ahead at most.
const AHEAD: u64 = 4 << 20;
/// How long a server that failed is left alone: at first, and at most.
const PAUSE: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(60));

/// Why a piece could not be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// It may succeed later.
    Now(String),
    /// What was fetched before and what would be fetched now are not one file.
    Changed(String),
    /// The user said stop.
    Interrupted,
}

/// A file elsewhere.
pub(super) trait Source: Send + Sync {
    /// Bytes of the file.
    fn len(&self) -> u64;

    /// `len` bytes from `at` on: exactly those.
    ///
    /// # Errors
    /// When they can't be had, after it was tried again.
    fn fetch(&self, at: u64, len: u64) -> Result<Vec<u8>, Failure>;
}

/// A server that failed.
struct Failed {
    why: String,
    until: Instant,
    pause: Duration,
}

/// Where the last reader stopped, and how much was fetched ahead of it.
#[derive(Default)]
struct Ahead {
    next: u64,
    bytes: u64,
}

/// A file elsewhere, with what was fetched of it.
pub(super) struct Remote {
    source: Box<dyn Source>,
    kept: Mutex<Kept>,
    ahead: Mutex<Ahead>,
    failed: Mutex<Option<Failed>>,
    changed: OnceLock<String>,
    interrupt: Option<&'static AtomicBool>,
    fetched: AtomicU64,
    requests: AtomicU64,
    /// What a reader did not get, first.
    lost: OnceLock<Failure>,
}

fn lock<T>(m: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A panic elsewhere leaves a cache that is at worst incomplete.
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Remote {
    pub(super) fn new(source: Box<dyn Source>, interrupt: Option<&'static AtomicBool>) -> Self {
        Self {
            source,
            kept: Mutex::default(),
            ahead: Mutex::default(),
            failed: Mutex::default(),
            changed: OnceLock::new(),
            interrupt,
            fetched: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            lost: OnceLock::new(),
        }
    }

    /// Bytes of the file.
    pub(super) fn len(&self) -> u64 {
        self.source.len()
    }

    /// Bytes that were fetched, and in how many requests.
    pub(super) fn traffic(&self) -> (u64, u64) {
        (self.fetched.load(Ordering::Relaxed), self.requests.load(Ordering::Relaxed))
    }

    /// What a reader did not get because it could not be fetched.
    pub(super) fn lost(&self) -> Option<&Failure> {
        self.lost.get()
    }

    /// What happened to the file since it was opened, where something did.
    pub(super) fn changed(&self) -> Option<String> {
        self.changed.get().cloned()
    }

    /// Takes in what somebody fetched already: the file's first bytes.
    pub(super) fn take(&self, head: &[u8]) {
        self.fetched.fetch_add(u64::try_from(head.len()).unwrap_or(0), Ordering::Relaxed);
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.keep(0, head);
    }

    /// Fills `buf` from `at` on.
    ///
    /// # Errors
    /// When not all of it can be had; `buf` then holds nothing that may be used.
    pub(super) fn read(&self, at: u64, buf: &mut [u8]) -> Result<(), Failure> {
        let len = u64::try_from(buf.len()).unwrap_or(u64::MAX);
        let end = at.checked_add(len).filter(|&end| end <= self.len());
        let Some(end) = end else {
            return Err(Failure::Now(format!("{len} bytes at {at:#x} are not in the file, which has {}", self.len())));
        };
        if len == 0 {
            return Ok(());
        }
        let mut rest = buf;
        let mut place = at;
        while place < end {
            let kept = lock(&self.kept).get(place / PAGE);
            let bytes = match kept {
                Some(bytes) => bytes,
                None => self.miss(place, end).inspect_err(|e| {
                    self.lost.get_or_init(|| e.clone());
                })?,
            };
            let skip = usize::try_from(place % PAGE).unwrap_or(0);
            let from = bytes.get(skip..).filter(|b| !b.is_empty());
            let Some(from) = from else { return Err(Failure::Now(format!("the piece at {place:#x} is too short"))) };
            let n = from.len().min(rest.len());
            let (Some(from), Some((to, tail))) = (from.get(..n), rest.split_at_mut_checked(n)) else { break };
            to.copy_from_slice(from);
            rest = tail;
            place += u64::try_from(n).unwrap_or(0);
        }
        lock(&self.ahead).next = end;
        Ok(())
    }

    /// Bytes from `at` on.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub(super) fn bytes(&self, at: u64, len: u64) -> Result<Vec<u8>, Failure> {
        let there = at.checked_add(len).is_some_and(|end| end <= self.len());
        let size = usize::try_from(len).ok().filter(|_| there);
        let Some(size) = size else {
            return Err(Failure::Now(format!("{len} bytes at {at:#x} are not in the file, which has {}", self.len())));
        };
        let mut out = vec![0; size];
        self.read(at, &mut out)?;
        Ok(out)
    }

    /// Fetches what a reader of `at..end` lacks, and more where it goes on from where it stopped; gives the first piece.
    fn miss(&self, at: u64, end: u64) -> Result<Arc<[u8]>, Failure> {
        let ahead = {
            let mut ahead = lock(&self.ahead);
            ahead.bytes = match ahead.next / UNIT == at / UNIT || ahead.next.div_ceil(UNIT) == at / UNIT {
                true => (ahead.bytes * 2).clamp(UNIT, AHEAD),
                false => 0,
            };
            ahead.bytes
        };
        let end = end.saturating_add(ahead).min(self.len());
        self.fetch_all(&[(at, end.min(at.saturating_add(BATCH)))], UNIT)?;
        lock(&self.kept).get(at / PAGE).ok_or_else(|| Failure::Now(format!("the piece at {at:#x} was not kept")))
    }

    /// Fetches what is not there yet of these ranges (offset, length), in few requests at once. What fails will be asked for again.
    pub(super) fn want(&self, ranges: impl IntoIterator<Item = (u64, u64)>) {
        let mut parts: Vec<(u64, u64)> = ranges
            .into_iter()
            .map(|(at, len)| (at, at.saturating_add(len).min(self.len())))
            .filter(|(at, end)| at < end)
            .collect();
        parts.sort_unstable();
        let apart = |pair: &[(u64, u64)]| matches!(pair, [a, b] if b.0.saturating_sub(a.1) > GAP);
        let places = 1 + parts.windows(2).filter(|pair| apart(pair)).count();
        let _ = self.fetch_all(&parts, if places >= SCATTERED { PAGE } else { UNIT });
    }

    /// Fetches what is not there of these parts (begin, end; ascending), each made wider to multiples of `round`.
    fn fetch_all(&self, parts: &[(u64, u64)], round: u64) -> Result<(), Failure> {
        let mut runs: Vec<(u64, u64)> = Vec::new();
        let (mut total, most) = (0, BATCH / PAGE);
        {
            let kept = lock(&self.kept);
            let mut next = 0;
            for &(at, end) in parts {
                let wider = (at - at % round, end.next_multiple_of(round).min(self.len()));
                for page in (wider.0 / PAGE).max(next)..wider.1.div_ceil(PAGE) {
                    next = page + 1;
                    if total >= most || kept.has(page) {
                        continue;
                    }
                    total += 1;
                    match runs.last_mut() {
                        Some((first, last)) if page - *last <= 1 + GAP / PAGE && page - *first < REQUEST / PAGE => *last = page,
                        _ => runs.push((page, page)),
                    }
                }
            }
        }
        let lanes = LANES.min(runs.len());
        if lanes <= 1 {
            return runs.iter().try_for_each(|&run| self.fetch_run(run));
        }
        let next = AtomicU64::new(0);
        let first = Mutex::new(None);
        let work = || {
            while let Some(&run) = usize::try_from(next.fetch_add(1, Ordering::Relaxed)).ok().and_then(|i| runs.get(i)) {
                if let Err(e) = self.fetch_run(run) {
                    lock(&first).get_or_insert(e);
                    return;
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..lanes {
                scope.spawn(work);
            }
            work();
        });
        first.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
    }

    /// Fetches the pages `first..=last`.
    fn fetch_run(&self, (first, last): (u64, u64)) -> Result<(), Failure> {
        if self.interrupted() {
            return Err(Failure::Interrupted);
        }
        if let Some(why) = self.changed.get() {
            return Err(Failure::Changed(why.clone()));
        }
        if let Some(failed) = &*lock(&self.failed)
            && Instant::now() < failed.until
        {
            return Err(Failure::Now(failed.why.clone()));
        }
        let at = first * PAGE;
        let len = (last + 1).saturating_mul(PAGE).min(self.len()).saturating_sub(at);
        self.requests.fetch_add(1, Ordering::Relaxed);
        match self.source.fetch(at, len) {
            Ok(bytes) => {
                self.fetched.fetch_add(len, Ordering::Relaxed);
                *lock(&self.failed) = None;
                self.keep(at, &bytes);
                Ok(())
            }
            Err(e) => {
                self.note(&e);
                Err(e)
            }
        }
    }

    fn note(&self, failure: &Failure) {
        match failure {
            Failure::Changed(why) => {
                self.changed.get_or_init(|| why.clone());
            }
            Failure::Now(why) => {
                let mut failed = lock(&self.failed);
                let pause = failed.as_ref().map_or(PAUSE.0, |f| f.pause.saturating_mul(2).min(PAUSE.1));
                *failed = Some(Failed { why: why.clone(), until: Instant::now() + pause, pause });
            }
            Failure::Interrupted => {}
        }
    }

    fn interrupted(&self) -> bool {
        self.interrupt.is_some_and(|flag| flag.load(Ordering::Relaxed))
    }

    /// Keeps `bytes`, which begin at `at`, in pieces. A last piece that is cut is kept only where the file ends.
    fn keep(&self, at: u64, bytes: &[u8]) {
        let mut kept = lock(&self.kept);
        let size = usize::try_from(PAGE).unwrap_or(usize::MAX);
        for (page, piece) in (at / PAGE..).zip(bytes.chunks(size)) {
            let end = page.saturating_mul(PAGE).saturating_add(u64::try_from(piece.len()).unwrap_or(0));
            if piece.len() == size || end == self.len() {
                kept.put(page, piece.into());
            }
        }
    }
}

impl Failure {
    /// In words, for a count of what can't be read: none of what the user did not want to wait for.
    pub(super) fn told(&self) -> String {
        match self {
            Failure::Interrupted => String::new(),
            other => other.to_string(),
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Failure::Now(why) | Failure::Changed(why) => f.write_str(why),
            Failure::Interrupted => f.write_str("interrupted"),
        }
    }
}

#[cfg(test)]
mod tests;
