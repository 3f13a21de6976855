//! Joins pieces: every position is seen once, with what lies before and behind it.

use memsh_plugin::umem;
use std::ops::{ControlFlow, Range};

use crate::engine::to_umem;

/// Contiguous bytes, and which positions in them are to be looked at.
pub(super) struct Window<'a> {
    /// Address of the first byte.
    pub(super) addr: umem,
    pub(super) hay: &'a [u8],
    /// Positions that no other window has. Before them lie the bytes of context, behind them those that a match may reach;
    /// fewer only where memory ends.
    pub(super) starts: Range<usize>,
}

/// Pieces become windows: large ones in place, the borders between them and small ones in a buffer.
pub(super) struct Stitch {
    /// Bytes behind a position that its match may need.
    reach: usize,
    /// Bytes before a position that its match may look at.
    context: usize,
    /// The end of what was fed, from `context` bytes before the first position that was not looked at yet.
    buf: Vec<u8>,
    /// Address of the buffer's first byte.
    addr: umem,
    /// First position in the buffer that was not looked at yet.
    from: usize,
    /// Where the next piece must begin to belong to the last.
    next: Option<umem>,
}

/// The buffer is looked at when it holds this much. Fits a second-level cache.
const FULL: usize = 64 << 10;
/// Pieces from this size are worth two windows of their own, border and inside, rather than a copy.
const LARGE: usize = 1024;

type See<'f> = &'f mut dyn FnMut(Window<'_>) -> ControlFlow<()>;

impl Stitch {
    pub(super) fn new(reach: usize, context: usize) -> Self {
        Self { reach, context, buf: Vec::new(), addr: 0, from: 0, next: None }
    }

    /// Forgets what was fed.
    pub(super) fn reset(&mut self) {
        self.buf.clear();
        self.from = 0;
        self.next = None;
    }

    /// The next piece.
    pub(super) fn feed(&mut self, addr: umem, bytes: &[u8], see: See<'_>) -> ControlFlow<()> {
        if self.next != Some(addr) {
            self.flush(see)?;
            self.addr = addr;
        }
        // None at the very top: nothing can follow.
        self.next = addr.checked_add(to_umem(bytes.len()));
        let around = self.reach + self.context;
        if bytes.len() < LARGE.max(8 * around) {
            self.buf.extend_from_slice(bytes);
            if self.buf.len() >= FULL.max(8 * around) {
                let done = self.buf.len() - self.reach;
                see(Window { addr: self.addr, hay: &self.buf, starts: self.from..done })?;
                let drop = done.saturating_sub(self.context);
                self.buf.drain(..drop);
                self.addr += to_umem(drop);
                self.from = done - drop;
            }
            return ControlFlow::Continue(());
        }
        let mut from = 0;
        if !self.buf.is_empty() {
            // The border: up to the first position whose context lies in the new piece.
            from = self.context;
            let end = self.buf.len() + self.context;
            self.buf.extend_from_slice(bytes.get(..around).unwrap_or(bytes));
            see(Window { addr: self.addr, hay: &self.buf, starts: self.from..end })?;
        }
        let done = bytes.len() - self.reach;
        see(Window { addr, hay: bytes, starts: from..done })?;
        let keep = done - self.context;
        self.buf.clear();
        self.buf.extend_from_slice(bytes.get(keep..).unwrap_or_default());
        self.addr = addr + to_umem(keep);
        self.from = self.context;
        ControlFlow::Continue(())
    }

    /// No more bytes follow on these.
    pub(super) fn flush(&mut self, see: See<'_>) -> ControlFlow<()> {
        if self.from < self.buf.len() {
            see(Window { addr: self.addr, hay: &self.buf, starts: self.from..self.buf.len() })?;
        }
        self.reset();
        ControlFlow::Continue(())
    }
}
