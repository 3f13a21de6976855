//! The record buffer before 5.10 (kernel/printk/printk.c).

use super::{LONGEST, Message, caller, text, time, unreadable};
use crate::engine::{ViewExt, index};
use crate::os::linux::base::kernel::{Kernel, failed};
use crate::os::linux::base::layout::{Block, Extent, Found, Member, Members, Shape, shapes};
use crate::os::linux::base::lost::Lost;
use crate::symbols::{Types, TypesExt};
use memsh_plugin::{ApiError, Status, VirtAddr, umem};

shapes! {
    /// `printk_log`: a record before 5.10.
    RecordShape: "printk_log" {
        nanoseconds: ["ts_nsec"],
        length: ["len"],
        text: ["text_len"],
        dictionary: ["dict_len"],
        facility: ["facility"],
        level: ["level"],
        // 5.1, with CONFIG_PRINTK_CALLER.
        caller: ["caller_id"],
    }
}

/// Size in bytes of `printk_log`.
struct RecordSize(Option<u64>);

impl Found for RecordSize {
    fn find(types: &dyn Types) -> Self {
        Self(types.size_of("struct printk_log").filter(|s| (8..=4096).contains(s)))
    }
}

/// The record buffer before 5.10: records one after another, from `log_first_idx` to `log_next_idx`; one of length 0 says that the
/// next is at the start.
pub fn messages(kernel: &Kernel, lost: &mut Lost) -> Result<Vec<Message>, ApiError> {
    let none = || {
        let what =
            "can't read the kernel's log: no symbol prb, and not all of log_buf, log_buf_len, log_first_idx and log_next_idx";
        failed(Status::UNSUPPORTED, format!("{what}; give symbols with --symbols"))
    };
    let symbol = |name: &'static str| kernel.address(name).ok_or_else(none);
    let number = |name: &'static str| {
        let at = symbol(name)?;
        kernel.space.read_u32(at).map(u64::from).map_err(|_| unreadable(name, at))
    };
    let at = symbol("log_buf")?;
    let buffer = kernel.view().read_ptr(at).map_err(|_| unreadable("log_buf", at))?;
    let (size, first, next) = (number("log_buf_len")?, number("log_first_idx")?, number("log_next_idx")?);
    if size == 0 || size > 1 << 31 || first >= size || next > size {
        return Err(unreadable("the record buffer", buffer));
    }
    let shape = kernel.shape::<RecordShape>();
    let header = kernel.shape::<RecordSize>().0.ok_or_else(|| {
        failed(Status::UNSUPPORTED, "can't read the kernel's log: no type printk_log; give types with --symbols")
    })?;
    let sequence = |name| kernel.address(name).and_then(|at| kernel.space.read_u64(at).ok());
    let (sequence, end) = (sequence("log_first_seq"), sequence("log_next_seq"));
    // Where both ends are one, the buffer is empty or full to the last byte.
    if first == next && sequence.is_none_or(|s| end == Some(s)) {
        return Ok(Vec::new());
    }
    let buffer = Buffer { kernel, shape: &shape, at: buffer, size, header };
    Ok(buffer.walk(first, next, sequence, lost))
}

struct Buffer<'k> {
    kernel: &'k Kernel,
    shape: &'k RecordShape,
    at: VirtAddr,
    size: u64,
    header: u64,
}

impl Buffer<'_> {
    fn walk(&self, first: u64, next: u64, sequence: Option<u64>, lost: &mut Lost) -> Vec<Message> {
        let mut out = Vec::new();
        let (mut at, mut wrapped, mut sequence) = (first, first < next, sequence);
        let (mut skipped, mut torn) = (0u64, 0u64);
        // Every step goes on by at least four bytes, and the buffer is passed at most once.
        loop {
            let end = if wrapped { next } else { self.size };
            if at >= end {
                if wrapped {
                    break;
                }
                (at, wrapped) = (0, true);
                continue;
            }
            let block = self.shape.read(self.kernel.view(), self.at.wrapping_add(umem::from(at)));
            if !wrapped && block.uint(self.shape.length) == Some(0) {
                (at, wrapped) = (0, true);
                continue;
            }
            match self.length(&block, end - at) {
                Some(length) => {
                    let (message, whole) = self.message(&block, at, sequence);
                    torn += u64::from(!whole);
                    out.push(message);
                    sequence = sequence.map(|s| s.wrapping_add(1));
                    at += length;
                }
                None => {
                    // No record, or none that is there: the next one is somewhere behind it.
                    skipped += 4;
                    sequence = None;
                    at += 4;
                }
            }
        }
        if skipped > 0 {
            lost.push(format!("{skipped} bytes of the kernel's log, at {}, are no records or not in the image", self.at));
        }
        if torn > 0 {
            lost.push(format!("{torn} messages of the kernel's log have lost their text"));
        }
        out
    }

    /// The length of a record that may be one.
    fn length(&self, block: &Block, room: u64) -> Option<u64> {
        let (length, text, dictionary) =
            (block.uint(self.shape.length)?, block.uint(self.shape.text)?, block.uint(self.shape.dictionary)?);
        let least = self.header.checked_add(text)?.checked_add(dictionary)?;
        // Records are padded to the alignment of their header: 4 or 8 bytes.
        let sensible = length >= least && length < least + 8 && length.is_multiple_of(4) && length <= room;
        sensible.then_some(length)
    }

    fn message(&self, block: &Block, at: u64, sequence: Option<u64>) -> (Message, bool) {
        let nanoseconds = block.uint(self.shape.nanoseconds);
        let byte = |m| block.uint(m).and_then(|v| u8::try_from(v).ok());
        let bytes = |from: u64, length: u64| {
            let mut text = vec![0; index(umem::from(length.min(LONGEST)))?];
            self.kernel.view().read_exact(self.at.wrapping_add(umem::from(at + from)), &mut text).ok()?;
            Some(text)
        };
        let length = block.uint(self.shape.text).unwrap_or(0);
        let dictionary = bytes(self.header + length, block.uint(self.shape.dictionary).unwrap_or(0)).unwrap_or_default();
        let entry = |key: &[u8]| {
            let found = dictionary.split(|&b| b == 0).find_map(|line| line.strip_prefix(key));
            text(found)
        };
        let message = Message {
            sequence,
            nanoseconds,
            time: time(self.kernel, nanoseconds),
            level: byte(self.shape.level),
            facility: byte(self.shape.facility),
            caller: block.uint(self.shape.caller).and_then(caller),
            process: None,
            subsystem: entry(b"SUBSYSTEM="),
            device: entry(b"DEVICE="),
            text: bytes(self.header, length),
        };
        let whole = message.text.is_some();
        (message, whole)
    }
}
