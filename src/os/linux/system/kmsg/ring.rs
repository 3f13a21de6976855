//! The lockless ring of 5.10 and later (kernel/printk/printk_ringbuffer.c).

use super::{LONGEST, Message, caller, text, time, unreadable};
use crate::engine::{ViewExt, index};
use crate::os::linux::base::kernel::{Kernel, failed};
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, shapes};
use crate::os::linux::base::lost::Lost;
use crate::symbols::{Types, TypesExt};
use memsh_plugin::{ApiError, Status, VirtAddr, umem};

/// A ring has at most 2^24 records: the largest buffer that can be configured has 2^25 bytes (CONFIG_LOG_BUF_SHIFT), and
/// `log_buf_len=` is at most 2 GiB.
const MOST_BITS: u64 = 24;

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
}

/// Sizes in bytes of the structures that stand in arrays.
struct Sizes {
    descriptor: Option<u64>,
    info: Option<u64>,
}

impl Found for Sizes {
    fn find(types: &dyn Types) -> Self {
        let size = |name| types.size_of(name).filter(|s| (8..=4096).contains(s));
        Self { descriptor: size("struct prb_desc"), info: size("struct printk_info") }
    }
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

/// The messages of the ring that the variable at `symbol` points to.
pub fn messages(kernel: &Kernel, symbol: VirtAddr, lost: &mut Lost) -> Result<Vec<Message>, ApiError> {
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
