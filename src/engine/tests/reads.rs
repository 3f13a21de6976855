//! Reads over gaps, strings over borders, odd memory maps.

use super::support::{Hand, Ram, answer};
use crate::arch::Paging;
use crate::engine::mapped::Load;
use crate::engine::{AddressSpace, Memory, ViewExt};
use memsh_plugin::*;

fn va(n: u64) -> VirtAddr {
    VirtAddr::new(umem::from(n))
}

fn pa(n: u64) -> PhysAddr {
    PhysAddr::new(umem::from(n))
}

/// Tables at 0x1000..0x5000; virtual pages 0.. of 4 KiB lie at the frames given, 0 is not mapped.
fn tables(frames: &[u64]) -> Vec<u8> {
    let mut bytes = vec![0u8; 0x6000];
    let mut put = |at: usize, e: u64| bytes[at..at + 8].copy_from_slice(&e.to_le_bytes());
    put(0x1000, 0x2007);
    put(0x2000, 0x3007);
    put(0x3000, 0x4007);
    // The last page of the address space shares the leaf table.
    put(0x1ff8, 0x2007);
    put(0x2ff8, 0x3007);
    put(0x3ff8, 0x4007);
    for (i, f) in frames.iter().enumerate().filter(|(_, f)| **f != 0) {
        put(0x4000 + 8 * i, f | 7);
    }
    put(0x4ff8, 0x5007);
    bytes
}

/// The same memory in place and behind calls.
fn both(pieces: Vec<(u64, Vec<u8>)>) -> [AddressSpace; 2] {
    let ram = Ram::new(pieces);
    let remote = ram.behind_calls(0);
    [ram, remote].map(|r| AddressSpace::new(r.memory(), Paging::X86_64, pa(0x1000)))
}

fn gaps(space: &AddressSpace, at: u64, buf: &mut [u8]) -> Vec<(u64, u64)> {
    space.read_gaps(va(at), buf).as_slice().iter().map(|g| (g.start as u64, g.end as u64)).collect()
}

#[test]
fn an_unmapped_page_in_the_middle() {
    for space in both(vec![(0, tables(&[0x10000, 0, 0x11000])), (0x10000, vec![7; 0x2000])]) {
        let mut buf = vec![1; 0x2800];
        assert_eq!(gaps(&space, 0x400, &mut buf), [(0x1000, 0x2000)]);
        assert!(
            buf[..0xc00].iter().all(|&b| b == 7)
                && buf[0xc00..0x1c00].iter().all(|&b| b == 0)
                && buf[0x1c00..0x2800].iter().all(|&b| b == 7)
        );
        let e = space.read_exact(va(0x400), &mut buf).unwrap_err().to_string();
        assert!(e.contains("can't read 10240 bytes: some of them are not mapped") && e.contains("0x400"), "{e}");
    }
}

#[test]
fn a_hole_in_physical_memory_inside_a_page() {
    // The image lacks 0x10234..0x10250 and everything from 0x11001 on.
    let pieces = vec![(0, tables(&[0x10000, 0x11000])), (0x10000, vec![7; 0x234]), (0x10250, vec![8; 0xdb1])];
    for space in both(pieces) {
        let mut buf = vec![1; 0x2000];
        assert_eq!(gaps(&space, 0, &mut buf), [(0x234, 0x250), (0x1001, 0x2000)]);
        assert_eq!((buf[0x233], buf[0x234], buf[0x24f], buf[0x250], buf[0x1000], buf[0x1001]), (7, 0, 0, 8, 8, 0));
        let mut ops_buf = [0; 16];
        let mut ops = [VirtReadOp::new(va(0x230), &mut ops_buf)];
        space.read_virt((&mut ops[..]).into());
        assert_eq!(ops[0].status, Status::PARTIAL);
        assert_eq!(&ops_buf[..5], [7, 7, 7, 7, 0]);
    }
}

#[test]
fn physical_reads_know_their_holes() {
    let pieces = vec![(0x1000, vec![1; 0x1800]), (0x3001, vec![2; 0xfff])];
    for memory in [Ram::new(pieces.clone()).memory(), Ram::new(pieces.clone()).behind_calls(0).memory()] {
        let mut buf = vec![9; 0x4000];
        let g = memory.read_gaps(pa(0x800), &mut buf);
        let g: Vec<_> = g.as_slice().iter().map(|g| (g.start, g.end)).collect();
        assert_eq!(g, [(0x800, 0x1000), (0x2800, 0x3001), (0x4000, 0x4800)]);
        assert_eq!((buf[0x7ff], buf[0x800], buf[0x1fff], buf[0x2000], buf[0x2801], buf[0x3800]), (0, 1, 1, 0, 2, 0));
        assert!(memory.read(pa(0x4000), &mut []).is_ok(), "nothing is always there");
        assert!(memory.read_gaps(pa(0x9000), &mut []).is_empty());
    }
}

/// Says of its only range that it is there, and then gives less.
struct Liar;

impl PhysicalMemory for Liar {
    fn metadata(&self) -> MemoryMetadata {
        MemoryMetadata::snapshot(0x4000)
    }
    fn ranges(&self) -> CVec<MemoryRange> {
        vec![MemoryRange { start: PhysAddr::NULL, size: 0x4000 }].into()
    }
    fn read(&self, mut ops: CSliceMut<PhysReadOp>) {
        for op in ops.iter_mut() {
            answer(&[(0, vec![3; 0x1010]), (0x1800, vec![4; 0x2800])], op);
        }
    }
}

#[test]
fn holes_are_what_reads_say_not_what_ranges_claim() {
    let mut buf = vec![0; 0x4000];
    let g = Memory::new(Liar).read_gaps(PhysAddr::NULL, &mut buf);
    assert_eq!(g.as_slice().iter().map(|g| (g.start, g.end)).collect::<Vec<_>>(), [(0x1010, 0x1800)]);
    assert_eq!((buf[0x100f], buf[0x1010], buf[0x1800]), (3, 0, 4));
}

#[test]
fn a_read_over_the_end_of_the_address_space_begins_anew() {
    let mut pieces = vec![(0, tables(&[0x10000])), (0x10000, vec![7; 0x1000])];
    pieces[0].1[0x5000..].fill(5);
    for space in both(pieces.clone()) {
        let mut buf = [0; 32];
        space.read_exact(va(u64::MAX - 15), &mut buf).unwrap();
        assert_eq!((buf[15], buf[16]), (5, 7));
    }
    // Without page 0 the gap is at address 0, not at the end; without the last page it reaches the end.
    pieces[0].1[0x4000..0x4008].fill(0);
    for space in both(pieces.clone()) {
        assert_eq!(gaps(&space, u64::MAX - 15, &mut [0; 32]), [(0, 16)]);
    }
    pieces[0].1[0x4ff8..0x5000].fill(0);
    if size_of::<umem>() > 8 {
        // With wider numbers the gap goes on past 64 bits instead.
        return;
    }
    for space in both(pieces) {
        let all = space.read_gaps(va(u64::MAX - 15), &mut [0; 32]);
        assert_eq!(all.bytes(), 32);
        assert_eq!(all.as_slice().len(), 2);
        assert_eq!((all.as_slice()[0].start, all.as_slice()[1].end), (umem::from(u64::MAX - 15), 16));
    }
}

#[test]
fn addresses_that_do_not_exist_are_gaps() {
    for space in both(vec![(0, tables(&[0x5000]))]) {
        let end = 1u64 << 47;
        assert_eq!(gaps(&space, end - 8, &mut [0; 16]), [(end - 8, end + 8)]);
        assert!(space.read_u8(va(end)).is_err());
    }
}

#[test]
fn nothing_is_read_anywhere() {
    for space in both(vec![(0, tables(&[]))]) {
        space.read_exact(va(0xdead_0000), &mut []).unwrap();
        assert!(space.read_gaps(va(1 << 50), &mut []).is_empty());
        assert_eq!(space.read_cstr(va(0xdead_0000), 0).unwrap(), b"");
        let mut none = [];
        let mut one = [0];
        let mut ops = [VirtReadOp::new(va(9), &mut none), VirtReadOp::new(va(9), &mut one)];
        space.read_virt((&mut ops[..]).into());
        assert_eq!([ops[0].status, ops[1].status], [Status::DONE, Status::MISSING]);
    }
}

#[test]
fn strings_end_before_a_page_that_is_missing() {
    let mut data = vec![b'.'; 0x2000];
    data[0xffa..0x1000].copy_from_slice(b"hello\0");
    data[0x1ffa..0x2000].copy_from_slice(b"world!");
    for space in both(vec![(0, tables(&[0x10000, 0, 0x11000])), (0x10000, data)]) {
        assert_eq!(space.read_cstr(va(0xffa), 4096).unwrap(), b"hello");
        assert_eq!(space.read_cstr(va(0x2ffa), 6).unwrap(), b"world!", "as long as was asked for");
        assert!(space.read_cstr(va(0x2ffa), 7).is_err(), "no terminator before the hole");
        assert!(space.read_cstr(va(0x1000), 7).is_err());
    }
}

#[test]
fn strings_of_16_bit_units() {
    let mut data = vec![0u8; 0x1000];
    let text: Vec<u8> = "a\u{20ac}\u{1f600}".encode_utf16().chain([0xd800]).flat_map(u16::to_le_bytes).collect();
    data[0x10..0x10 + text.len()].copy_from_slice(&text);
    data[0xffe..].copy_from_slice(&[b'x', 0]);
    for space in both(vec![(0, tables(&[0x10000])), (0x10000, data)]) {
        assert_eq!(space.read_utf16(va(0x10), 99).unwrap(), "a\u{20ac}\u{1f600}\u{fffd}");
        assert_eq!(space.read_utf16(va(0x10), 1).unwrap(), "a");
        assert_eq!(space.read_utf16(va(0xffe), 1).unwrap(), "x");
        assert!(space.read_utf16(va(0xffe), 2).is_err());
    }
}

#[test]
fn pointers_have_the_target_s_width() {
    let mut h = Hand::new(Paging::X86);
    h.put(0x1000, 4, 0x2007);
    h.put(0x2000, 4, 0x9007);
    h.put(0x9000, 8, 0xffff_ffff_c012_3456);
    let s = h.space(0x1000);
    assert_eq!(s.read_ptr(VirtAddr::NULL).unwrap(), va(0xc012_3456));
    assert_eq!(s.read_uint(VirtAddr::NULL, 2).unwrap(), 0x3456);
    assert_eq!(s.read_i32(va(4)).unwrap(), -1);
    assert!(s.read_uint(VirtAddr::NULL, 3).is_err());
    // 32 bits do not begin anew at 4 GiB: nothing lies there.
    assert!(s.read_u64(va(0xffff_fffc)).is_err());
}

/// A connector that claims anything.
struct Claims {
    ranges: Vec<(u64, u64)>,
    runs: Vec<(u64, &'static [u8])>,
}

impl PhysicalMemory for Claims {
    fn metadata(&self) -> MemoryMetadata {
        MemoryMetadata::snapshot(umem::MAX)
    }
    fn ranges(&self) -> CVec<MemoryRange> {
        self.ranges.iter().map(|&(s, n)| MemoryRange { start: pa(s), size: umem::from(n) }).collect::<Vec<_>>().into()
    }
    fn read(&self, mut ops: CSliceMut<PhysReadOp>) {
        let pieces: Vec<(u64, Vec<u8>)> = self.runs.iter().map(|(s, d)| (*s, d.to_vec())).collect();
        ops.iter_mut().for_each(|op| answer(&pieces, op));
    }
    fn mapped_runs(&self) -> CVec<MappedRun<'_>> {
        self.runs.iter().map(|&(s, d)| MappedRun { start: pa(s), data: d.into() }).collect::<Vec<_>>().into()
    }
}

static PAGE: [u8; 4096] = [6; 4096];

#[test]
fn memory_maps_that_make_no_sense_are_not_walked_in_place() {
    let odd: [(&[(u64, u64)], Vec<(u64, &'static [u8])>); 6] = [
        (&[], vec![]),
        (&[(0, 0)], vec![(0, &[])]),
        (&[(0, 4096)], vec![]),
        (&[(0, 4096)], vec![(8192, &PAGE)]),
        (&[(0, 8192)], vec![(0, &PAGE), (2048, &PAGE)]),
        (&[(0, 8192)], vec![(4096, &PAGE), (0, &PAGE)]),
    ];
    for (ranges, runs) in odd {
        let memory = Memory::new(Claims { ranges: ranges.to_vec(), runs });
        assert!(memory.mapped().is_none(), "{ranges:?}");
        let mut buf = [0; 4];
        let _ = memory.read(pa(u64::MAX - 1), &mut buf);
        let _ = memory.read_gaps(PhysAddr::NULL, &mut buf);
        assert!(AddressSpace::new(memory, Paging::X86_64, pa(0x1000)).translate_one(va(0)).is_err());
    }
}

#[test]
fn claimed_ranges_are_put_in_order() {
    let ranges = vec![(0x5000, 0x1000), (0, 0), (0x1000, 0x2000), (0x2000, 0x2000), (u64::MAX, 1), (0x5800, 0x100)];
    let memory = Memory::new(Claims { ranges, runs: vec![] });
    let got: Vec<_> = memory.ranges().iter().map(|r| (r.start.value(), r.size)).collect();
    assert_eq!(got, [(0x1000, 0x2000), (0x3000, 0x1000), (0x5000, 0x1000), (umem::from(u64::MAX), 1)]);
}

#[test]
fn memory_at_the_very_top() {
    let top = u64::MAX - 4095;
    let memory = Memory::new(Claims { ranges: vec![(0, 4096), (top, 4096)], runs: vec![(0, &PAGE), (top, &PAGE)] });
    let mut buf = [0; 8];
    memory.read(pa(u64::MAX - 7), &mut buf).unwrap();
    assert_eq!(buf, [6; 8]);
    if size_of::<umem>() == 8 {
        assert!(memory.mapped().is_some());
        // Physical memory does not begin anew after its highest address.
        assert!(memory.read(pa(u64::MAX - 3), &mut buf).is_err());
        assert_eq!(buf, [6, 6, 6, 6, 0, 0, 0, 0]);
    }
}

#[test]
fn neighbouring_pieces_are_read_as_one() {
    let pieces = vec![(0x1000, vec![1; 0x800]), (0x1800, vec![2; 0x800])];
    let memory = Ram::new(pieces).memory();
    let mapped = memory.mapped().unwrap();
    assert_eq!(mapped.word64(0x17fc), Some(0x0202_0202_0101_0101));
    assert_eq!(mapped.word32(0x17fe), Some(0x0202_0101));
    assert_eq!(mapped.word64(0x1ffc), None);
    let mut buf = [0; 0x1000];
    memory.read(pa(0x1000), &mut buf).unwrap();
    assert_eq!(mapped.slices().count(), 2);
}

#[cfg(feature = "wide-addresses")]
#[test]
fn addresses_wider_than_64_bits_are_nowhere() {
    for &paging in Paging::ALL {
        let memory = Ram::new(vec![(0, vec![0xff; 0x10_0000])]).memory();
        let remote = Ram::new(vec![(0, vec![0xff; 0x10_0000])]).behind_calls(0).memory();
        for space in [memory, remote].map(|m| AddressSpace::new(m, paging, pa(0x1_0000))) {
            let wide = VirtAddr::new(1 << 64);
            let mut ops = [TranslateOp::new(wide)];
            space.translate_batch(&mut ops);
            assert!(!ops[0].status.is_done() && space.translate_one(wide).is_err(), "{paging:?}");
            assert!(space.read_u8(wide).is_err(), "{paging:?}");
        }
    }
}
