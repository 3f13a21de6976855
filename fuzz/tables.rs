//! Translation through memory that is anything.

use memsh::arch::Paging;
use memsh::engine::{AddressSpace, Software, ViewExt, root_groups};
use memsh::image::{OpenOptions, open_bytes};
use memsh::{PhysAddr, VirtAddr, umem};
use memsh_plugin::MemoryView;
use std::ops::ControlFlow;

/// Pages of the memory: few, so that random entries lead to some of them.
const PAGES: u64 = 16;

/// The first bytes choose the format, the root and an address; the others fill memory over and over, each eighth as an entry that
/// leads somewhere.
pub fn walker(data: &[u8]) {
    let Some((head, words)) = data.split_first_chunk::<12>() else { return };
    let paging = Paging::ALL[usize::from(head[0]) % Paging::ALL.len()];
    let inside = head[1] & 1 == 0;
    let mut memory = Vec::new();
    let mut n = 0u64;
    while memory.len() < 4096 * PAGES as usize && !words.is_empty() {
        for w in words.chunks(8) {
            let mut bytes = [0; 8];
            bytes[..w.len()].copy_from_slice(w);
            let word = u64::from_le_bytes(bytes);
            // Addresses that lie in memory, flags as they come.
            let kept = if inside { word & 0xfff0_0000_0000_0fff | ((word >> 12) ^ n) % PAGES << 12 } else { word };
            memory.extend(kept.to_le_bytes());
            n = n.wrapping_add(1);
        }
    }
    memory.resize(4096 * PAGES as usize, 0);
    let options = OpenOptions { format: Some("raw".to_owned()), ..OpenOptions::default() };
    let Ok(image) = open_bytes(memory, "fuzz", &options) else { return };
    let root = PhysAddr::new(umem::from(u64::from(head[2]) % PAGES << 12));
    let upper = PhysAddr::new(umem::from(u64::from(head[3]) % PAGES << 12));
    let address =
        VirtAddr::new(umem::from(u64::from_le_bytes([head[4], head[5], head[6], head[7], head[8], head[9], head[10], head[11]])));
    let mut space = AddressSpace::new(image.memory.clone(), paging, root).with_upper_root(upper);
    if head[1] & 2 != 0 {
        space = space.with_software(Software::Linux);
    }
    let mut addresses = vec![address, VirtAddr::NULL, VirtAddr::new(umem::from(u64::MAX))];
    let mut budget = 2000;
    let _ = space.all_runs(&mut |runs| {
        let mut before = None;
        for r in runs {
            assert!(r.size > 0);
            assert!(before.is_none_or(|b| b < r.virt), "runs ascend");
            before = Some(r.virt);
            if addresses.len() < 20 {
                addresses.push(r.virt);
                let one = space.translate_one(r.virt).expect("what a run maps is mapped");
                assert_eq!(one.phys, r.phys, "{paging:?} {}", r.virt);
            }
        }
        budget -= runs.len().min(budget);
        if budget == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let mut buf = [0; 100];
    for &a in &addresses {
        let one = space.translate_one(a).ok().map(|t| t.phys);
        let told = space.explain(a);
        assert_eq!(told.outcome.as_ref().ok().map(|t| t.phys), one, "{paging:?} {a}");
        let gaps = space.read_gaps(a, &mut buf);
        assert!(gaps.bytes() <= 100);
        let _ = space.read_cstr(a, 300);
        let _ = space.view_metadata();
    }
    for r in root_groups(&image.memory, paging, address) {
        assert!(!r.roots.is_empty());
    }
}
