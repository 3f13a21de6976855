//! Areas and the files for them.

use super::*;

#[test]
fn a_slot_is_so_many_pages_into_its_file() {
    let mut rig = Rig::new();
    rig.area("vda1", 0, 9);
    let path = rig.file(&partition(9, 9, 100));
    assert_eq!(rig.get(0, 3).unwrap(), (page(103), path.to_string_lossy().into_owned()));
    assert!(rig.warnings().is_empty());
}

#[test]
fn files_go_to_areas_by_their_size_then_by_order() {
    let mut rig = Rig::new();
    for slots in [9, 5, 9] {
        rig.area("vda1", 0, slots);
    }
    rig.file(&partition(5, 5, 500));
    rig.file(&partition(9, 9, 100));
    rig.file(&partition(9, 9, 200));
    let first = |area| rig.get(area, 1).unwrap().0;
    assert_eq!([first(0), first(1), first(2)], [page(101), page(501), page(201)]);
    assert!(rig.warnings().is_empty());
}

#[test]
fn a_zram_disk_takes_no_file() {
    let mut rig = Rig::new();
    rig.area("zram0", 0, 9);
    rig.area("vda1", 0, 9);
    rig.file(&partition(9, 9, 100));
    assert!(rig.refuses(1).contains("zram"), "{}", rig.refuses(1));
    assert_eq!(rig.get(1, 1).unwrap().0, page(101));
}

#[test]
fn without_a_file_it_says_which_option_would_help() {
    let mut rig = Rig::new();
    rig.area("vda1", 0, 9);
    assert!(rig.refuses(1).contains("--swap"), "{}", rig.refuses(1));
    assert!(rig.warnings().is_empty(), "who gives no file wants no warning");
}

#[test]
fn a_file_of_another_area_is_not_read() {
    let mut rig = Rig::new();
    rig.area("vda1", 0, 9);
    rig.file(&partition(8, 8, 100));
    assert!(rig.refuses(1).contains("9 slots"), "{}", rig.refuses(1));
    let warnings = rig.warnings();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[1].contains("8 slots"), "{warnings:?}");
}

#[test]
fn what_is_no_swap_area_is_told() {
    let mut rig = Rig::new();
    rig.area("vda1", 0, 9);
    let mut disk = vec![0; 512];
    disk.extend(partition(9, 9, 100));
    rig.file(&disk);
    rig.file(&[]);
    rig.file(&[1; 100]);
    rig.files.push("/no/such/file".into());
    let mut other = partition(9, 1, 0);
    other[PAGE - 10..].fill(0);
    other.resize(16384, 0);
    other[16374..].copy_from_slice(b"SWAPSPACE2");
    rig.file(&other);
    let warnings = rig.warnings();
    let says = |n: usize, what: &str| assert!(warnings[n].contains(what), "{warnings:?}");
    says(0, "no swap header");
    says(1, "empty");
    says(2, "no swap header");
    says(3, "/no/such/file");
    says(4, "pages of 16384 bytes");
    says(5, "area 0");
    assert_eq!(warnings.len(), 6);
}

#[test]
fn a_file_that_ends_early_has_what_is_in_it() {
    let mut rig = Rig::new();
    rig.area("vda1", 0, 9);
    let mut short = partition(9, 4, 100);
    short.truncate(3 * PAGE + 100);
    rig.file(&short);
    assert_eq!(rig.has(2), page(102));
    assert!(rig.refuses(3).contains("ends before"), "{}", rig.refuses(3));
    assert!(rig.refuses(9).contains("9 slots only"), "{}", rig.refuses(9));
    assert!(rig.refuses(u64::MAX).contains("9 slots only"));
}

#[test]
fn a_system_that_sleeps_has_another_signature() {
    let mut rig = Rig::new();
    rig.area("vda1", 0, 9);
    let mut asleep = partition(9, 9, 100);
    asleep[PAGE - 10..PAGE].copy_from_slice(b"S1SUSPEND\0");
    rig.file(&asleep);
    assert_eq!(rig.has(1), page(101));
}

#[test]
fn areas_that_are_not_there_are_told() {
    let mut rig = Rig::new();
    rig.area("vda1", 0, 9);
    rig.file(&partition(9, 9, 100));
    assert_eq!(rig.get(7, 1).unwrap_err(), "the system has no swap area 7");
    let mut nothing = Rig::new();
    nothing.kit = Kit::new();
    nothing.file(&partition(9, 9, 100));
    assert!(nothing.refuses(1).contains("swap_info"), "{}", nothing.refuses(1));
    assert!(nothing.warnings()[0].contains("swap_info"));
}

#[test]
fn an_area_whose_description_is_not_whole_is_not_read() {
    let mut rig = Rig::new();
    rig.area("vda1", 0, 9);
    rig.file(&partition(9, 9, 100));
    // The device is in the next page, which is not there.
    let at = K + 0x4000 - 32;
    rig.kit.word(K, at);
    rig.kit.word(at, 3);
    rig.kit.put(at + 12, &9u32.to_le_bytes());
    assert!(rig.refuses(1).contains("not whole"), "{}", rig.refuses(1));
}

#[test]
fn other_faults_are_not_the_pagers() {
    let mut rig = Rig::new();
    rig.area("vda1", 0, 9);
    let (kernel, pager) = rig.start();
    let mut page = vec![0; PAGE];
    assert_eq!(pager.fill(FaultReason::NotPresent, &mut page).unwrap_err(), "");
    drop(kernel);
    assert_eq!(pager.fill(FaultReason::Swapped { area: 0, slot: 1 }, &mut page).unwrap_err(), "", "the kernel is gone");
}

#[test]
fn what_the_pager_needs_is_not_asked_of_the_pager() {
    let mut rig = Rig::new();
    rig.area("vda1", 0, 9);
    rig.file(&partition(9, 9, 100));
    // The list of areas itself is said to be in the area.
    rig.kit.swap_out(K, 0, 1);
    rig.kit.word(0x5000, 1);
    rig.kit.swap_out(0x6000, 0, 2);
    let (kernel, _pager) = rig.start();
    let mut piece = [0; 16];
    assert!(crate::engine::ViewExt::read_gaps(&kernel.space, VirtAddr::new(0x6000), &mut piece).bytes() > 0);
    // Nor when the files are checked first.
    let (kernel, pager) = rig.start();
    assert!(!pager.check(&kernel).is_empty());
    // And a page that can be had, through the address space: across the border to one in memory.
    let mut rig = Rig::new();
    rig.area("vda1", 0, 9);
    rig.file(&partition(9, 9, 100));
    rig.kit.word(0x5000, 0x1234);
    rig.kit.swap_out(0x6000, 0, 2);
    rig.kit.swap_out(0x7000, 0, 8);
    let (kernel, _pager) = rig.start();
    let mut bytes = vec![0; 3 * PAGE];
    assert!(crate::engine::ViewExt::read_gaps(&kernel.space, VirtAddr::new(0x5000), &mut bytes).is_empty());
    assert_eq!((bytes[0], &bytes[PAGE..2 * PAGE], &bytes[2 * PAGE..]), (0x34, &page(102)[..], &page(108)[..]));
    // It still has no physical address, and says where it was.
    assert!(kernel.space.translate_one(VirtAddr::new(0x6000)).is_err());
    assert!(kernel.space.elsewhere(VirtAddr::new(0x6000)).unwrap().unwrap().contains("swap0"));
    assert!(kernel.space.elsewhere(VirtAddr::new(0x5000)).is_none(), "it is in memory");
}
