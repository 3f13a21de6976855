//! Symbols in memory: kallsyms and VMCOREINFO.

use memsh::symbols::kallsyms::{self, Encoding, Layout};
use memsh::symbols::{Symbols, VmcoreInfo, find_vmcoreinfo};
use memsh::{VirtAddr, umem};

const BASE: u64 = 0xffff_ffff_8100_0000;

fn at(offset: u16) -> VirtAddr {
    VirtAddr::new(umem::from(BASE + u64::from(offset)))
}

/// The first bytes say where the tables are, the rest is the kernel's image.
pub fn kallsyms(data: &[u8]) {
    let Some((head, image)) = data.split_first_chunk::<16>() else { return };
    let word = |i: usize| at(u16::from_le_bytes([head[i], head[i + 1]]));
    let base = VirtAddr::new(umem::from(BASE));
    for pointer_size in [4, 8] {
        if let Ok(layout) = kallsyms::discover(image, base, pointer_size, None) {
            let _ = kallsyms::decode_slice(image, base, &layout);
        }
    }
    let layout = Layout {
        pointer_size: if head[0] & 1 == 0 { 8 } else { 4 },
        little_endian: head[0] & 2 == 0,
        names: word(1),
        num_syms: word(3),
        markers: (head[0] & 4 == 0).then(|| (word(5), if head[0] & 8 == 0 { 4 } else { 8 })),
        token_table: word(7),
        token_index: word(9),
        values: word(11),
        relative_base: (head[0] & 16 == 0).then(|| word(13)),
        encoding: (head[0] & 32 == 0).then_some(Encoding::Absolute),
        text: None,
    };
    if let Ok(decoded) = kallsyms::decode_slice(image, base, &layout) {
        assert!(decoded.symbols.count() <= image.len(), "each name takes a byte at least");
        for s in decoded.symbols.all().take(100) {
            assert!(!s.name.is_empty());
            let _ = decoded.symbols.near(s.address);
        }
    }
}

/// As a note's text, and looked for in memory.
pub fn vmcoreinfo(data: &[u8]) {
    let info = VmcoreInfo::parse(data);
    let _ = (info.osrelease(), info.build_id(), info.page_size(), info.kernel_offset(), info.phys_base(), info.crash_time());
    for name in ["init_top_pgt", "_stext", "phys_base", "page.flags", ""] {
        let _ = (info.symbol(name), info.number(name), info.size(name), info.offset(name), info.length(name));
    }
    assert!(find_vmcoreinfo(data).count() <= data.len());
}
