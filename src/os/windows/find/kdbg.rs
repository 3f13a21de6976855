//! `KDBG`: the block in which the kernel tells a debugger where its variables are (wdbgexts.h, `KDDEBUGGER_DATA64`).
//!
//! It is the same on every machine, of 64-bit numbers. Since Windows 8 the 64-bit kernels keep it encoded while no debugger is there.

use super::super::base::kernel::{Image, Reader};
use crate::engine::{ViewExt, to_u64};
use crate::os::Hints;
use crate::os::trace::Trace;
use crate::symbols::{SymbolTable, Symbols};
use memchr::memmem;
use memsh_plugin::{VirtAddr, umem};

const STEP: &str = "KDBG";

/// The first build that encodes it.
pub(super) const ENCODED: u32 = 9200;
/// In the header, behind two links: the tag and the size of the block in bytes.
const TAG: usize = 0x10;
const SIZE: usize = 0x14;
/// Behind the header: the kernel's base.
const BASE: usize = 0x18;
/// What is read of it; the fields that memsh takes lie before.
const BYTES: usize = 0x290;
/// No block says that it is smaller than that of Windows 2000, or larger.
const SIZES: std::ops::Range<u32> = 0x200..0x1000;

/// Variables that it names, and where.
const NAMES: &[(&str, usize)] = &[
    ("PsLoadedModuleList", 0x48),
    ("PsActiveProcessHead", 0x50),
    ("PspCidTable", 0x58),
    ("KeTimeIncrement", 0x78),
    ("KeBugCheckCallbackListHead", 0x80),
    ("KiBugcheckData", 0x88),
    ("ObpRootDirectoryObject", 0x98),
    ("ObpTypeObjectType", 0xa0),
    ("MmPfnDatabase", 0xc0),
    ("MmNumberOfPagingFiles", 0xe0),
    ("MmHighestPhysicalPage", 0xf0),
    ("MmNonPagedPoolStart", 0x110),
    ("MmNonPagedPoolEnd", 0x118),
    ("MmPagedPoolStart", 0x120),
    ("MmPagedPoolEnd", 0x128),
    ("PoolTrackTable", 0x1b8),
    ("MmHighestUserAddress", 0x1c8),
    ("MmSystemRangeStart", 0x1d0),
    ("MmUserProbeAddress", 0x1d8),
    ("NtBuildLab", 0x208),
    ("KiProcessorBlock", 0x218),
    ("MmUnloadedDrivers", 0x220),
    ("MmLastUnloadedDriver", 0x228),
    ("CmNtCSDVersion", 0x268),
    ("MmPhysicalMemoryBlock", 0x270),
];

/// A block as it stands in memory, decoded.
struct Block {
    at: VirtAddr,
    bytes: [u8; BYTES],
}

/// What undoes the encoding: two random numbers of the kernel's, and the address of the flag that says that it is encoded.
#[derive(Clone, Copy, Debug)]
struct Key {
    never: u64,
    always: u64,
    flag: u64,
}

impl Key {
    fn of(reader: &Reader<'_>, symbols: &dyn Symbols) -> Option<Self> {
        let word = |name: &str| reader.view().read_u64(symbols.address(name)?).ok();
        let flag = symbols.address("KdpDataBlockEncoded")?;
        Some(Self { never: word("KiWaitNever")?, always: word("KiWaitAlways")?, flag: to_u64(flag.value())? })
    }

    fn decode(self, word: u64) -> u64 {
        // Rotation counts only with its lowest six bits.
        let turn = u32::try_from(self.never & 63).unwrap_or(0);
        ((word ^ self.never).rotate_left(turn) ^ self.flag).swap_bytes() ^ self.always
    }
}

fn word(bytes: &[u8; BYTES], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..)?.first_chunk::<8>().copied()?))
}

impl Block {
    /// The address in the field at `at`; 32-bit kernels may extend the sign.
    fn address(&self, at: usize, width: umem) -> Option<VirtAddr> {
        let value = word(&self.bytes, at)?;
        Some(VirtAddr::new(umem::from(if width == 4 { value & 0xffff_ffff } else { value })))
    }

    /// Whether it is one, of this kernel.
    fn fits(&self, image: &Image, width: umem) -> bool {
        let size = self.bytes.get(SIZE..).and_then(<[u8]>::first_chunk::<4>).map(|b| u32::from_le_bytes(*b));
        self.bytes.get(TAG..SIZE) == Some(b"KDBG")
            && size.is_some_and(|s| SIZES.contains(&s))
            && self.address(BASE, width) == Some(image.base)
    }
}

/// The block at `at`, decoded where that makes one of it; and whether it was encoded.
fn block(reader: &Reader<'_>, image: &Image, symbols: &dyn Symbols, at: VirtAddr) -> Option<(Block, bool)> {
    let mut bytes = [0; BYTES];
    // Of an old block less is there.
    reader.view().read_gaps(at, &mut bytes);
    let mut block = Block { at, bytes };
    if block.fits(image, reader.width()) {
        return Some((block, false));
    }
    let key = Key::of(reader, symbols)?;
    for piece in block.bytes.chunks_exact_mut(8) {
        if let Some(array) = piece.first_chunk_mut::<8>() {
            *array = key.decode(u64::from_le_bytes(*array)).to_le_bytes();
        }
    }
    block.fits(image, reader.width()).then_some((block, true))
}

/// Where it may be by a name or by what points to it, and what says so.
fn places(reader: &Reader<'_>, symbols: &dyn Symbols, hints: &Hints) -> Vec<(VirtAddr, &'static str)> {
    let mut out = Vec::new();
    out.extend(symbols.address("KdDebuggerDataBlock").map(|at| (at, "its symbol")));
    out.extend(hints.windows.as_ref().and_then(|w| w.kd_debugger_data_block).map(|at| (at, "the dump's header")));
    // `DBGKD_GET_VERSION64.DebuggerDataList` (windbgkd.h): the head of a list whose first node is the block.
    let list = symbols.address("KdVersionBlock").and_then(|at| reader.view().read_u64(at.wrapping_add(0x20)).ok());
    let mask = if reader.width() == 4 { 0xffff_ffff } else { u64::MAX };
    let list = list.map(|at| VirtAddr::new(umem::from(at & mask))).filter(|&at| reader.plausible(at));
    out.extend(list.and_then(|head| reader.ptr(head)).filter(|&at| reader.plausible(at)).map(|at| (at, "KdVersionBlock")));
    out
}

/// No image is searched further, in bytes.
const LARGEST: u64 = 64 << 20;
const CHUNK: usize = 0x1_0000;

/// By its tag, in the image. An encoded one has none.
fn searched(reader: &Reader<'_>, image: &Image, symbols: &dyn Symbols) -> Option<Block> {
    let mut chunk = vec![0u8; CHUNK];
    let size = to_u64(image.size)?.min(LARGEST);
    let finder = memmem::Finder::new(b"KDBG");
    for start in (0..size).step_by(CHUNK) {
        let at = image.base.wrapping_add(umem::from(start));
        chunk.fill(0);
        reader.view().read_gaps(at, &mut chunk);
        // The tag is aligned, and so is in one chunk as a whole.
        for hit in finder.find_iter(&chunk).filter(|h| h.is_multiple_of(4)) {
            let tag = at.wrapping_add(umem::from(u64::try_from(hit).ok()?));
            if let Some((block, false)) = block(reader, image, symbols, tag.wrapping_sub(0x10)) {
                return Some(block);
            }
        }
    }
    None
}

/// Finds the block and adds to the symbols what it names and they lack.
pub(super) fn find(reader: &Reader<'_>, image: &Image, symbols: &mut SymbolTable, hints: &Hints, trace: &mut Trace) {
    let method = "its symbol, the dump's header, KdVersionBlock, or its tag in the image";
    let found = trace.attempt(STEP, method, || {
        let named = places(reader, symbols, hints)
            .into_iter()
            .find_map(|(at, how)| block(reader, image, symbols, at).map(|(block, coded)| (block, coded, how)));
        let found = named.or_else(|| Some((searched(reader, image, symbols)?, false, "its tag")));
        let (block, coded, how) = found.ok_or("none of this kernel can be read as it is or with its keys")?;
        let coded = if coded { "encoded" } else { "plain" };
        let detail = format!("at {}, {coded}, by {how}", block.at);
        Ok((block, detail))
    });
    if let Some(block) = found {
        take(&block, reader, image, symbols);
    }
}

/// Where the field of the head of the process list lies.
const PROCESSES: usize = 0x50;

/// Finds an encoded block whose keys are not known. The encoding mixes with two keys and turns: of the difference of two words only the
/// turn is unknown, which has 64 ways. Two fields are known, the kernel's base and `processes`; what decodes to a tag, too, is the block,
/// and every other field is as far from the known one as the difference says.
pub(super) fn derive(reader: &Reader<'_>, image: &Image, processes: VirtAddr, symbols: &mut SymbolTable, trace: &mut Trace) {
    let found = trace.attempt(STEP, "an encoded one, by two fields that are known", || {
        let (base, head) = to_u64(image.base.value()).zip(to_u64(processes.value())).ok_or("addresses are too wide")?;
        let block = differing(reader, image, base, head).ok_or("no words of the image differ as its fields would")?;
        let detail = format!("at {}, encoded, decoded without its keys", block.at);
        Ok((block, detail))
    });
    if let Some(block) = found {
        take(&block, reader, image, symbols);
    }
}

fn differing(reader: &Reader<'_>, image: &Image, base: u64, head: u64) -> Option<Block> {
    let difference = (base ^ head).swap_bytes();
    let turns: Vec<u64> = (0..64).map(|turn| difference.rotate_right(turn)).collect();
    // What the lowest 16 bits of a difference can be: nearly all words end here.
    let low = |value: u64| usize::from(u16::try_from(value & 0xffff).unwrap_or(0));
    let mut lows = vec![false; 1 << 16];
    for &turn in &turns {
        if let Some(slot) = lows.get_mut(low(turn)) {
            *slot = true;
        }
    }
    let mut chunk = vec![0u8; CHUNK + BYTES];
    let size = to_u64(image.size)?.min(LARGEST);
    for start in (0..size).step_by(CHUNK) {
        let at = image.base.wrapping_add(umem::from(start));
        chunk.fill(0);
        reader.view().read_gaps(at, &mut chunk);
        let words: Vec<u64> = chunk.as_chunks::<8>().0.iter().map(|b| u64::from_le_bytes(*b)).collect();
        for (i, (of_base, of_head)) in words.iter().skip(BASE / 8).zip(words.iter().skip(PROCESSES / 8)).enumerate() {
            let change = of_base ^ of_head;
            // Zeros are most of what there is, and no turn: the two are different.
            if change == 0 || lows.get(low(change)) != Some(&true) {
                continue;
            }
            let Some(turn) = turns.iter().position(|&t| t == change) else { continue };
            let Some(coded) = chunk.get(8 * i..).and_then(<[u8]>::first_chunk::<BYTES>) else { continue };
            let turn = u32::try_from(turn).unwrap_or(0);
            let mut bytes = *coded;
            for piece in bytes.as_chunks_mut::<8>().0 {
                let change = u64::from_le_bytes(*piece) ^ of_base;
                *piece = (change.rotate_left(turn).swap_bytes() ^ base).to_le_bytes();
            }
            let block = Block { at: at.wrapping_add(umem::from(u64::try_from(8 * i).ok()?)), bytes };
            if block.fits(image, reader.width()) {
                return Some(block);
            }
        }
    }
    None
}

/// Adds what the block names to the symbols.
fn take(block: &Block, reader: &Reader<'_>, image: &Image, symbols: &mut SymbolTable) {
    if symbols.address("KdDebuggerDataBlock").is_none() {
        symbols.push("KdDebuggerDataBlock", block.at, b'D', None);
    }
    for (name, at) in NAMES {
        // All of them are variables in the kernel's image.
        let address = block.address(*at, reader.width()).filter(|&at| image.holds(at));
        if let Some(address) = address.filter(|_| symbols.address(name).is_none()) {
            symbols.push(name, address, b'D', None);
        }
    }
    symbols.finish();
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::os::windows::testkit::Kit;

    #[test]
    fn what_the_kernel_encodes_is_decoded() {
        let key = Key { never: 0x0123_4567_89ab_cdef, always: 0xfeed_f00d_dead_beef, flag: 0xffff_f803_4455_6670 };
        // The kernel's own way, backwards.
        let encode = |plain: u64| {
            let turned = (plain ^ key.always).swap_bytes() ^ key.flag;
            turned.rotate_right(u32::try_from(key.never & 63).unwrap_or(0)) ^ key.never
        };
        for plain in [0, u64::from_le_bytes(*b"KDBG\x80\x03\0\0"), u64::MAX] {
            assert_ne!(encode(plain), plain);
            assert_eq!(key.decode(encode(plain)), plain);
        }
    }

    /// A block of the made-up kernel, in words, that names `PspCidTable`.
    fn words(base: u64, head: u64) -> Vec<u64> {
        let mut words = vec![0u64; BYTES / 8];
        words[TAG / 8] = u64::from_le_bytes(*b"KDBG\x80\x03\0\0");
        words[BASE / 8] = base;
        words[PROCESSES / 8] = head;
        words[0x58 / 8] = base + 0x7_7778;
        // One that is no variable of the kernel's.
        words[0xa0 / 8] = 0x1234;
        words
    }

    #[test]
    fn an_encoded_block_is_found_without_its_keys() {
        for turn in [0u64, 1, 37, 63] {
            let key = Key { never: 0x0123_4567_89ab_cdc0 | turn, always: 0xfeed_f00d_dead_beef, flag: 0xffff_f800_0005_6670 };
            let mut kit = Kit::new("10.0.22621", true);
            let head = kit.head();
            let kernel = kit.kernel();
            let base = to_u64(kernel.image.base.value()).unwrap();
            let at = base + 0x1_fff8;
            for (i, plain) in words(base, head).into_iter().enumerate() {
                let turned = (plain ^ key.always).swap_bytes() ^ key.flag;
                let coded = turned.rotate_right(u32::try_from(turn).unwrap()) ^ key.never;
                kit.put(at + 8 * u64::try_from(i).unwrap(), &coded.to_le_bytes());
            }
            let kernel = kit.kernel();
            let mut symbols = SymbolTable::new();
            symbols.finish();
            let mut trace = Trace::default();
            derive(&kernel.reader(), &kernel.image, kernel.processes, &mut symbols, &mut trace);
            let address = |name: &str| symbols.address(name).and_then(|a| to_u64(a.value()));
            assert_eq!(address("KdDebuggerDataBlock"), Some(at), "{turn}: {}", trace.steps[0].detail);
            assert_eq!(address("PspCidTable"), Some(base + 0x7_7778));
            assert_eq!(address("ObpTypeObjectType"), None);
            // By its tag it is not found.
            let mut symbols = SymbolTable::new();
            find(&kernel.reader(), &kernel.image, &mut symbols, &Hints::default(), &mut trace);
            assert!(!trace.steps[1].found);
        }
    }

    #[test]
    fn a_plain_block_is_found_by_its_tag_and_another_kernels_is_not() {
        let mut kit = Kit::new("6.1.7601", true);
        let (base, head) = (to_u64(kit.kernel().image.base.value()).unwrap(), kit.head());
        for (place, of) in [(0x3000, base + 0x1000), (0x5000, base)] {
            for (i, word) in words(of, head).into_iter().enumerate() {
                kit.put(base + place + 8 * u64::try_from(i).unwrap(), &word.to_le_bytes());
            }
        }
        let kernel = kit.kernel();
        let mut symbols = SymbolTable::new();
        symbols.finish();
        find(&kernel.reader(), &kernel.image, &mut symbols, &Hints::default(), &mut Trace::default());
        assert_eq!(symbols.address("KdDebuggerDataBlock"), Some(VirtAddr::new(umem::from(base + 0x5000))));
    }

    #[test]
    fn fields_lie_within_what_is_read() {
        assert!(NAMES.iter().all(|(_, at)| at + 8 <= BYTES));
    }
}
