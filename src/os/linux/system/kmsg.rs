//! The kernel's log (kernel/printk): the lockless ring of 5.10 and later, and the record buffer before it.

use crate::engine::{ViewExt, index};
use crate::os::linux::base::kernel::{Kernel, failed};
use crate::os::linux::base::layout::{Block, Extent, Found, Member, Members, Shape, shapes};
use crate::os::linux::base::lost::Lost;
use crate::symbols::{Types, TypesExt};
use memsh_plugin::{ApiError, Listing, Status, UnixNanos, VirtAddr, umem};

/// A ring has at most 2^24 records: the largest buffer that can be configured has 2^25 bytes (CONFIG_LOG_BUF_SHIFT), and
/// `log_buf_len=` is at most 2 GiB.
const MOST_BITS: u64 = 24;
/// `CALLER_ID`s with this bit are processors, the others tasks (kernel/printk/printk.c).
const BY_CPU: u64 = 0x8000_0000;
/// A text's length is a 16-bit number; more than that never belongs to one record.
const LONGEST: u64 = 1 << 16;

shapes! {
    /// `printk_ringbuffer`.
    RingShape: "printk_ringbuffer" {
        count_bits: ["desc_ring.count_bits"],
        descriptors: ["desc_ring.descs"],
        infos: ["desc_ring.infos"],
        head: ["desc_ring.head_id.counter", "desc_ring.head_id"],
        tail: ["desc_ring.tail_id.counter", "desc_ring.tail_id"],
        text_bits: ["text_data_ring.size_bits"],
        text: ["text_data_ring.data"],
    }
    /// `prb_desc`.
    DescriptorShape: "prb_desc" {
        state: ["state_var.counter", "state_var"],
        begin: ["text_blk_lpos.begin"],
        next: ["text_blk_lpos.next"],
    }
    /// `printk_info`.
    InfoShape: "printk_info" {
        sequence: ["seq"],
        nanoseconds: ["ts_nsec"],
        length: ["text_len"],
        facility: ["facility"],
        level: ["level"],
        caller: ["caller_id"],
        subsystem: ["dev_info.subsystem"],
        device: ["dev_info.device"],
        // 7.0, with CONFIG_PRINTK_EXECUTION_CTX.
        process: ["comm"],
    }
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

/// Sizes in bytes of the structures that stand in arrays.
struct Sizes {
    descriptor: Option<u64>,
    info: Option<u64>,
    record: Option<u64>,
}

impl Found for Sizes {
    fn find(types: &dyn Types) -> Self {
        let size = |name| types.size_of(name).filter(|s| (8..=4096).contains(s));
        Self { descriptor: size("struct prb_desc"), info: size("struct printk_info"), record: size("struct printk_log") }
    }
}

/// Who logged a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A thread, by its id.
    Thread(u32),
    /// A processor, outside of any thread (an interrupt).
    Cpu(u32),
}

/// A message of the kernel's log. Of a torn one what is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its number since the system started.
    pub sequence: Option<u64>,
    /// Nanoseconds since the system started, by the scheduler's clock (which stands still while the system is suspended).
    pub nanoseconds: Option<u64>,
    /// When, by the system's clock; none where the start of the system is unknown.
    pub time: Option<UnixNanos>,
    /// 0 (emergency) to 7 (debugging).
    pub level: Option<u8>,
    /// 0 for the kernel; others for what user programs wrote (`LOG_USER` and so on, without the level).
    pub facility: Option<u8>,
    /// Who logged it.
    pub caller: Option<Caller>,
    /// Short name of the task that logged it, where the kernel keeps that (7.0).
    pub process: Option<Vec<u8>>,
    /// `SUBSYSTEM` of the device that it is about.
    pub subsystem: Option<Vec<u8>>,
    /// `DEVICE`: `+pci:0000:00:01.0`, `b8:0`, `c4:64`, `n2`.
    pub device: Option<Vec<u8>>,
    /// The text; several lines where it was logged as one message.
    pub text: Option<Vec<u8>>,
}

/// The messages that are still there, oldest first. Those that somebody cleared (`dmesg -C`) are still there.
///
/// # Errors
/// When the kernel has neither ring, or it is not in the image.
pub fn messages(kernel: &Kernel) -> Result<Listing<Message>, ApiError> {
    let mut lost = Lost::default();
    let items = match kernel.address("prb") {
        Some(at) => ring(kernel, at, &mut lost)?,
        None => records(kernel, &mut lost)?,
    };
    Ok(lost.listing(items))
}

fn unreadable(what: &str, at: VirtAddr) -> ApiError {
    failed(
        Status::FAILED,
        format!(
            "can't read the kernel's log: {what} at {at} is not in the image or makes no sense; `scan --phys TEXT` finds what is left of it"
        ),
    )
}

fn caller(id: u64) -> Option<Caller> {
    let number = u32::try_from(id & !BY_CPU).ok()?;
    Some(if id & BY_CPU == 0 { Caller::Thread(number) } else { Caller::Cpu(number) })
}

fn time(kernel: &Kernel, nanoseconds: Option<u64>) -> Option<UnixNanos> {
    kernel.boot_time()?.checked_add(i64::try_from(nanoseconds?).ok()?)
}

fn text(bytes: Option<&[u8]>) -> Option<Vec<u8>> {
    bytes.filter(|b| !b.is_empty()).map(<[u8]>::to_vec)
}

/// The lockless ring.
struct Ring<'k> {
    kernel: &'k Kernel,
    word: u64,
    count: u64,
    descriptors: VirtAddr,
    infos: VirtAddr,
    data: VirtAddr,
    data_bits: u32,
    sizes: (u64, u64),
}

/// What the descriptor of a record says (`enum desc_state`, kernel/printk/printk_ringbuffer.h).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Reserved,
    Committed,
    Finalized,
    Reusable,
}

fn ring(kernel: &Kernel, symbol: VirtAddr, lost: &mut Lost) -> Result<Vec<Message>, ApiError> {
    let shape = kernel.shape::<RingShape>();
    let sizes = kernel.shape::<Sizes>();
    let (Some(descriptor), Some(info)) = (sizes.descriptor, sizes.info) else {
        return Err(failed(
            Status::UNSUPPORTED,
            "can't read the kernel's log: no types printk_info and prb_desc; give types with --symbols",
        ));
    };
    let at = kernel.view().read_ptr(symbol).map_err(|_| unreadable("prb", symbol))?;
    let block = shape.read(kernel.view(), at);
    let small = |m, most| block.uint(m).filter(|b| (1..=most).contains(b)).and_then(|b| u32::try_from(b).ok());
    let (Some(bits), Some(data_bits)) = (small(shape.count_bits, MOST_BITS), small(shape.text_bits, 40)) else {
        return Err(unreadable("the ring", at));
    };
    let (Some(descriptors), Some(infos), Some(data)) =
        (block.ptr(shape.descriptors), block.ptr(shape.infos), block.ptr(shape.text))
    else {
        return Err(unreadable("the ring", at));
    };
    let (Some(head), Some(tail)) = (block.uint(shape.head), block.uint(shape.tail)) else {
        return Err(unreadable("the ring", at));
    };
    let word = u64::from(kernel.view().view_metadata().pointer_size.max(4));
    let ring = Ring { kernel, word, count: 1 << bits, descriptors, infos, data, data_bits, sizes: (descriptor, info) };
    Ok(ring.walk(tail, head, lost))
}

impl Ring<'_> {
    /// The bits of a state that are the descriptor's number: all but the two highest.
    fn id_mask(&self) -> u64 {
        (1 << (self.word * 8 - 2)) - 1
    }

    fn walk(&self, tail: u64, head: u64, lost: &mut Lost) -> Vec<Message> {
        let mask = self.id_mask();
        let mut wanted = head.wrapping_sub(tail).wrapping_add(1) & mask;
        let mut first = tail & mask;
        let nonsense = wanted > self.count;
        if nonsense {
            // Not what two ends of a ring can be; every descriptor is asked for itself.
            lost.push(format!(
                "the ends of the kernel's log ({tail:#x} and {head:#x}) make no sense; all records were looked at"
            ));
            (first, wanted) = (head.wrapping_sub(self.count).wrapping_add(1) & mask, self.count);
        }
        let mut out = Vec::new();
        let (mut missing, mut torn, mut empty, mut open) = (0u64, 0u64, 0u64, 0u64);
        for n in 0..wanted {
            let id = first.wrapping_add(n) & mask;
            let slot = id & (self.count - 1);
            let Some((state, id_there, begin, next)) = self.descriptor(slot) else {
                missing += 1;
                continue;
            };
            // Without ends a record is as good as any that its place may have.
            let id = if nonsense && id_there & (self.count - 1) == slot { id_there } else { id };
            if id_there != id {
                // A place that was never used has no number.
                torn += u64::from(!nonsense || id_there != 0);
                continue;
            }
            match state {
                State::Reusable => continue,
                State::Reserved => {
                    open += 1;
                    continue;
                }
                State::Committed | State::Finalized => {}
            }
            match self.message(slot, id, begin, next) {
                Some(message) => {
                    empty += u64::from(message.text.is_none());
                    out.push(message);
                }
                None => missing += 1,
            }
        }
        for (n, what) in [
            (missing, "records of the kernel's log are not in the image"),
            (torn, "records of the kernel's log were being reused, or are torn"),
            (open, "records of the kernel's log were being written"),
            (empty, "messages of the kernel's log have lost their text"),
        ] {
            if n > 0 {
                lost.push(format!("{n} {what}"));
            }
        }
        // Numbers settle the order where the ends made no sense.
        out.sort_by_key(|m| m.sequence);
        out
    }

    fn descriptor(&self, slot: u64) -> Option<(State, u64, u64, u64)> {
        let shape = self.kernel.shape::<DescriptorShape>();
        let at = self.descriptors.wrapping_add(umem::from(slot.checked_mul(self.sizes.0)?));
        let block = shape.read(self.kernel.view(), at);
        let value = block.uint(shape.state)?;
        let state = match value >> (self.word * 8 - 2) {
            0 => State::Reserved,
            1 => State::Committed,
            2 => State::Finalized,
            _ => State::Reusable,
        };
        Some((state, value & self.id_mask(), block.uint(shape.begin)?, block.uint(shape.next)?))
    }

    fn message(&self, slot: u64, id: u64, begin: u64, next: u64) -> Option<Message> {
        let shape = self.kernel.shape::<InfoShape>();
        let info = shape.read(self.kernel.view(), self.infos.wrapping_add(umem::from(slot.checked_mul(self.sizes.1)?)));
        let length = info.uint(shape.length);
        if info.is_missing() {
            return None;
        }
        let nanoseconds = info.uint(shape.nanoseconds);
        let byte = |m| info.uint(m).and_then(|v| u8::try_from(v).ok());
        Some(Message {
            // A record's number and its descriptor's lie in the same slot (`DESC_INDEX`).
            sequence: info.uint(shape.sequence).filter(|s| s & (self.count - 1) == slot),
            nanoseconds,
            time: time(self.kernel, nanoseconds),
            level: byte(shape.level),
            facility: byte(shape.facility),
            caller: info.uint(shape.caller).and_then(caller),
            process: text(info.text(shape.process)),
            subsystem: text(info.text(shape.subsystem)),
            device: text(info.text(shape.device)),
            text: length.and_then(|n| self.text(id, begin, next, n)),
        })
    }

    /// The text of a record: a block that begins with the descriptor's number, at the position that it names, or at the start of
    /// the ring where it would not have fitted at its end.
    fn text(&self, id: u64, begin: u64, next: u64, length: u64) -> Option<Vec<u8>> {
        /// `EMPTY_LINE_LPOS` (`NO_LPOS` before 6.0): a record without a text. Other odd positions: one that lost it.
        const EMPTY: u64 = 3;
        if begin & 1 == 1 || next & 1 == 1 {
            return (begin == EMPTY && next == EMPTY).then(Vec::new);
        }
        let size = 1u64 << self.data_bits;
        let wraps = begin >> self.data_bits != next >> self.data_bits;
        let start = begin & (size - 1);
        // A block that ends where the ring does counts as wrapped in some versions and not in others: the number decides.
        let places = [(Some(start), next.wrapping_sub(begin).min(size - start)), (wraps.then_some(0), next & (size - 1))];
        places.into_iter().find_map(|(at, room)| {
            let at = self.data.wrapping_add(umem::from(at?));
            let there = self.kernel.view().read_uint(at, self.word).ok()?;
            let room = room.checked_sub(self.word).filter(|_| there == id)?;
            let mut text = vec![0; index(umem::from(length.min(room).min(LONGEST)))?];
            self.kernel.view().read_exact(at.wrapping_add(umem::from(self.word)), &mut text).ok()?;
            Some(text)
        })
    }
}

/// The record buffer before 5.10: records one after another, from `log_first_idx` to `log_next_idx`; one of length 0 says that the
/// next is at the start.
fn records(kernel: &Kernel, lost: &mut Lost) -> Result<Vec<Message>, ApiError> {
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
    let header = kernel.shape::<Sizes>().record.ok_or_else(|| {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::cast_possible_truncation, clippy::type_complexity)]
    use super::*;
    use crate::os::linux::testkit::{Kit, array, u};

    const RING: u64 = 0xffff_8880_0000_1000;
    const DESCS: u64 = RING + 0x1000;
    const INFOS: u64 = RING + 0x2000;
    const DATA: u64 = RING + 0x3000;
    const FINAL: u64 = 2 << 62;

    /// A ring of four records and 64 bytes of text, with the numbers 4 to 7 in it.
    fn ring_kit() -> Kit {
        let mut kit = Kit::new();
        kit.types.structure(
            "desc",
            40,
            &[("count_bits", 0, u(4)), ("descs", 8, u(8)), ("infos", 16, u(8)), ("head_id", 24, u(8)), ("tail_id", 32, u(8))],
        );
        kit.types.structure("datar", 16, &[("size_bits", 0, u(4)), ("data", 8, u(8))]);
        kit.types.structure("printk_ringbuffer", 64, &[("desc_ring", 0, "desc".into()), ("text_data_ring", 40, "datar".into())]);
        kit.types.structure("lpos", 16, &[("begin", 0, u(8)), ("next", 8, u(8))]);
        kit.types.structure("prb_desc", 24, &[("state_var", 0, u(8)), ("text_blk_lpos", 8, "lpos".into())]);
        kit.types.structure("dev", 24, &[("subsystem", 0, array(1, 8)), ("device", 8, array(1, 16))]);
        kit.types.structure(
            "printk_info",
            48,
            &[
                ("seq", 0, u(8)),
                ("ts_nsec", 8, u(8)),
                ("text_len", 16, u(2)),
                ("facility", 18, u(1)),
                ("level", 19, u(1)),
                ("caller_id", 20, u(4)),
                ("dev_info", 24, "dev".into()),
            ],
        );
        kit.symbol("prb", RING);
        kit.word(RING, RING + 0x100);
        kit.put(RING + 0x100, &2u32.to_le_bytes());
        kit.word(RING + 0x108, DESCS);
        kit.word(RING + 0x110, INFOS);
        kit.word(RING + 0x118, 7);
        kit.word(RING + 0x120, 4);
        kit.put(RING + 0x128, &6u32.to_le_bytes());
        kit.word(RING + 0x130, DATA);
        kit.put(DATA, &[0; 64]);
        for (id, at, text) in [(4, 64, "one"), (5, 80, "two\nthree"), (6, 104, "sixsix")] {
            record(&mut kit, id, at, at & 63, text);
        }
        // The last does not fit behind the third: it lies at the start of the ring, where the first one was.
        record(&mut kit, 7, 120, 0, "last");
        kit.word(DESCS + 3 * 24 + 16, 128 + 16);
        kit
    }

    fn record(kit: &mut Kit, id: u64, position: u64, place: u64, text: &str) {
        let (desc, info) = (DESCS + (id & 3) * 24, INFOS + (id & 3) * 48);
        kit.word(desc, FINAL | id);
        kit.word(desc + 8, position);
        kit.word(desc + 16, position + 8 + (text.len() as u64).next_multiple_of(8));
        kit.word(info, id);
        kit.word(info + 8, id * 1000);
        kit.put(info + 16, &(text.len() as u16).to_le_bytes());
        kit.put(info + 18, &[1, 6]);
        kit.put(info + 20, &0x8000_0003u32.to_le_bytes());
        kit.put(info + 24, b"pci\0");
        kit.word(DATA + place, id);
        kit.put(DATA + place + 8, text.as_bytes());
    }

    fn told(kit: &Kit) -> (Vec<(Option<u64>, Option<String>)>, usize) {
        let listing = messages(&kit.kernel()).unwrap();
        let line = |m: &Message| (m.sequence, m.text.as_ref().map(|t| String::from_utf8_lossy(t).into_owned()));
        (listing.items.iter().map(line).collect(), listing.lost.len())
    }

    fn some(n: u64, text: &str) -> (Option<u64>, Option<String>) {
        (Some(n), Some(text.to_owned()))
    }

    #[test]
    fn a_ring_is_told_in_order_across_its_end() {
        let mut kit = ring_kit();
        // The last one took the place of the first's text.
        let (rows, lost) = told(&kit);
        assert_eq!(rows, [(Some(4), None), some(5, "two\nthree"), some(6, "sixsix"), some(7, "last")]);
        assert_eq!(lost, 1, "the lost text is counted once");
        kit.word(RING + 0x120, 5);
        assert_eq!(told(&kit).1, 0);
        let first = messages(&kit.kernel()).unwrap().items.first().cloned().unwrap();
        assert_eq!((first.level, first.facility, first.caller), (Some(6), Some(1), Some(Caller::Cpu(3))));
        assert_eq!((first.subsystem.as_deref(), first.device), (Some(&b"pci"[..]), None));
    }

    #[test]
    fn descriptors_under_way_and_torn_ones_are_counted() {
        let mut kit = ring_kit();
        kit.word(DESCS + 24, 5);
        kit.word(DESCS + 2 * 24, FINAL | 0x1234_5678);
        let (rows, lost) = told(&kit);
        assert_eq!(rows, [(Some(4), None), some(7, "last")]);
        assert_eq!(lost, 3);
    }

    #[test]
    fn ends_that_make_no_sense_cost_no_rows() {
        let mut kit = ring_kit();
        kit.word(RING + 0x120, 0x7777_7777);
        let (rows, _) = told(&kit);
        assert_eq!(rows.len(), 4);
        // Neither end is one: records are known by their places.
        let end = kit.kernel().shape::<RingShape>().head.map_or(0, |m| m.offset);
        kit.word(RING + end, 0x1111_1111);
        assert_eq!(told(&kit).0.len(), 4);
    }

    #[test]
    fn an_empty_line_is_a_message_and_a_lost_text_is_none() {
        let mut kit = ring_kit();
        for (slot, lpos) in [(1u64, 3u64), (2, 1)] {
            kit.word(DESCS + slot * 24 + 8, lpos);
            kit.word(DESCS + slot * 24 + 16, lpos);
        }
        let (rows, _) = told(&kit);
        assert_eq!(rows, [(Some(4), None), some(5, ""), (Some(6), None), some(7, "last")]);
    }

    #[test]
    fn a_ring_of_impossible_size_is_refused() {
        let mut kit = ring_kit();
        kit.put(RING + 0x100, &63u32.to_le_bytes());
        assert!(messages(&kit.kernel()).is_err());
    }

    const BUF: u64 = 0xffff_8880_0001_0000;

    fn buffer_kit(first: u32, next: u32) -> Kit {
        let mut kit = Kit::new();
        kit.types.structure(
            "printk_log",
            16,
            &[
                ("ts_nsec", 0, u(8)),
                ("len", 8, u(2)),
                ("text_len", 10, u(2)),
                ("dict_len", 12, u(2)),
                ("facility", 14, u(1)),
                ("level", 15, u(1)),
            ],
        );
        for (i, (name, value)) in [
            ("log_buf", BUF),
            ("log_buf_len", 128),
            ("log_first_idx", u64::from(first)),
            ("log_next_idx", u64::from(next)),
            ("log_first_seq", 7),
        ]
        .into_iter()
        .enumerate()
        {
            let at = RING + 8 * i as u64;
            kit.symbol(name, at);
            kit.word(at, value);
        }
        kit.put(BUF, &[0; 128]);
        kit
    }

    fn old(kit: &mut Kit, at: u64, text: &str, dictionary: &str) -> u64 {
        let length = (16 + text.len() + dictionary.len()).next_multiple_of(4) as u64;
        kit.word(BUF + at, at * 10);
        kit.put(BUF + at + 8, &(length as u16).to_le_bytes());
        kit.put(BUF + at + 10, &(text.len() as u16).to_le_bytes());
        kit.put(BUF + at + 12, &(dictionary.len() as u16).to_le_bytes());
        kit.put(BUF + at + 14, &[0, 4]);
        kit.put(BUF + at + 16, format!("{text}{dictionary}").as_bytes());
        at + length
    }

    #[test]
    fn old_records_are_told_in_order_across_the_end() {
        let mut kit = buffer_kit(56, 24);
        let next = old(&mut kit, 56, "first", "SUBSYSTEM=pci\0DEVICE=+pci:1");
        assert!(next <= 128 - 16);
        assert_eq!(old(&mut kit, 0, "second", ""), 24);
        let (rows, lost) = told(&kit);
        assert_eq!((rows, lost), (vec![some(7, "first"), some(8, "second")], 0));
        let first = messages(&kit.kernel()).unwrap().items.first().cloned().unwrap();
        assert_eq!((first.subsystem.as_deref(), first.device.as_deref()), (Some(&b"pci"[..]), Some(&b"+pci:1"[..])));
    }

    #[test]
    fn behind_a_torn_old_record_the_rest_is_found() {
        let mut kit = buffer_kit(0, 72);
        let second = old(&mut kit, 0, "first!!!", "");
        let third = old(&mut kit, second, "second!!", "");
        assert_eq!(old(&mut kit, third, "third!!!", ""), 72);
        kit.put(BUF + second + 8, &0xffffu16.to_le_bytes());
        let (rows, lost) = told(&kit);
        assert_eq!((rows, lost), (vec![some(7, "first!!!"), (None, Some("third!!!".to_owned()))], 1));
    }

    #[test]
    fn without_a_log_the_error_says_what_was_tried() {
        let error = messages(&Kit::new().kernel()).err().unwrap();
        assert!(error.message.to_string_lossy().contains("prb"));
    }

    proptest::proptest! {
        #[test]
        fn no_buffer_hangs(bytes in proptest::collection::vec(0u8..32, 128), first in 0u32..128, next in 0u32..128) {
            let mut kit = buffer_kit(first, next);
            kit.put(BUF, &bytes);
            proptest::prop_assert!(told(&kit).0.len() <= 32);
        }
    }
}
