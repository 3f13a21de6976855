//! Files in memory: inodes, their names and mounts, what lies below an overlay, cached pages.

use super::super::testkit::{Kit, array, u};
use crate::os::linux::files::cachedpages::pages_of;
use crate::os::linux::files::pagecache::{CachedFile, Kind, Which, file_at, files};
use crate::os::linux::memory::frames::Frames;
use memsh_plugin::{VirtAddr, umem};

const HEAD: u64 = 0xffff_8880_0000_1000;
const SB: u64 = HEAD + 0x1000;
const OVERLAY: u64 = HEAD + 0x1800;
const TYPE: u64 = HEAD + 0x2000;
const MOUNT: u64 = HEAD + 0x3000;
const ROOT: u64 = HEAD + 0x4000;
const NAMES: u64 = HEAD + 0x5000;
const FILE: u64 = HEAD + 0x6000;
const OTHER: u64 = HEAD + 0x6800;
const COVER: u64 = HEAD + 0x7000;

/// A file system with two files, `a` (two cached pages) and `b` (none).
fn kit() -> Kit {
    let mut kit = Kit::new();
    let pair = || array(8, 2);
    let sb = [("s_list", 0, pair()), ("s_dev", 16, u(4)), ("s_type", 24, u(8)), ("s_root", 32, u(8)), ("s_mounts", 40, pair())];
    kit.types.structure("super_block", 128, &[sb.as_slice(), &[("s_inodes", 56, pair())]].concat());
    kit.types.structure("file_system_type", 16, &[("name", 0, u(8))]);
    kit.types.structure("address_space", 64, &[("host", 0, u(8)), ("i_pages", 8, "xarray".into()), ("nrpages", 24, u(8))]);
    kit.types.structure("xarray", 16, &[("xa_head", 8, u(8))]);
    kit.types.structure("xa_node", 0x240, &[("shift", 0, u(1)), ("slots", 0x28, array(8, 64))]);
    kit.types.structure(
        "inode",
        0x100,
        &[
            ("i_mode", 0, u(2)),
            ("i_uid", 4, u(4)),
            ("i_gid", 8, u(4)),
            ("i_nlink", 12, u(4)),
            ("i_sb", 16, u(8)),
            ("i_mapping", 24, u(8)),
            ("i_ino", 32, u(8)),
            ("i_size", 40, u(8)),
            ("i_mtime_sec", 48, u(8)),
            ("i_mtime_nsec", 56, u(4)),
            ("i_sb_list", 64, pair()),
            ("i_dentry", 80, u(8)),
            ("i_data", 96, "address_space".into()),
        ],
    );
    let dentry = [("d_hash", 0, "d_hash".into()), ("d_parent", 16, u(8)), ("d_name", 24, "qstr".into()), ("d_inode", 40, u(8))];
    kit.types.structure("d_hash", 16, &[("next", 0, u(8)), ("pprev", 8, u(8))]);
    kit.types.structure("qstr", 16, &[("len", 4, u(4)), ("name", 8, u(8))]);
    kit.types.structure(
        "dentry",
        128,
        &[dentry.as_slice(), &[("d_op", 48, u(8)), ("d_sb", 56, u(8)), ("d_alias", 64, u(8))]].concat(),
    );
    kit.types.structure("vfsmount", 16, &[("mnt_root", 0, u(8)), ("mnt_sb", 8, u(8))]);
    kit.types.structure(
        "mount",
        128,
        &[
            ("mnt_parent", 0, u(8)),
            ("mnt_mountpoint", 8, u(8)),
            ("mnt", 16, "vfsmount".into()),
            ("mnt_instance", 32, pair()),
            ("mnt_ns", 48, u(8)),
        ],
    );
    kit.symbol("super_blocks", HEAD);
    kit.ring(&[HEAD, SB]);
    kit.put(SB + 16, &0x19u32.to_le_bytes());
    kit.word(SB + 24, TYPE);
    kit.word(TYPE, TYPE + 0x10);
    kit.put(TYPE + 0x10, b"tmpfs\0");
    kit.word(SB + 32, ROOT);
    kit.ring(&[SB + 40, MOUNT + 32]);
    kit.word(MOUNT, MOUNT);
    kit.word(MOUNT + 16, ROOT);
    kit.word(MOUNT + 24, SB);
    kit.word(MOUNT + 48, HEAD + 8);
    entry(&mut kit, ROOT, ROOT, "/", SB);
    kit.ring(&[SB + 56, FILE + 64, OTHER + 64]);
    inode(&mut kit, FILE, SB, 11, 5000, 2);
    inode(&mut kit, OTHER, SB, 12, 0, 0);
    entry(&mut kit, NAMES, ROOT, "a", SB);
    entry(&mut kit, NAMES + 0x100, ROOT, "b", SB);
    kit.word(FILE + 80, NAMES + 64);
    kit.word(OTHER + 80, NAMES + 0x140);
    kit
}

fn entry(kit: &mut Kit, at: u64, parent: u64, name: &str, sb: u64) {
    kit.put(at, &[0; 128]);
    kit.word(at + 8, HEAD);
    kit.word(at + 16, parent);
    kit.put(at + 28, &u32::try_from(name.len()).unwrap().to_le_bytes());
    kit.word(at + 32, at + 0x60);
    kit.put(at + 0x60, name.as_bytes());
    kit.word(at + 56, sb);
}

fn inode(kit: &mut Kit, at: u64, sb: u64, number: u64, size: u64, pages: u64) {
    kit.put(at, &0o100_644u16.to_le_bytes());
    kit.put(at + 12, &1u32.to_le_bytes());
    kit.word(at + 16, sb);
    kit.word(at + 24, at + 96);
    kit.word(at + 32, number);
    kit.word(at + 40, size);
    kit.word(at + 48, 1_700_000_000);
    kit.put(at + 56, &5u32.to_le_bytes());
    kit.word(at + 96, at);
    kit.word(at + 96 + 24, pages);
}

fn found(kit: &Kit, which: Which) -> (Vec<CachedFile>, Vec<String>) {
    let listing = files(&kit.kernel(), which, &|| true).ok().unwrap();
    (listing.items.to_vec(), listing.lost.iter().map(|l| l.to_string_lossy().into_owned()).collect())
}

fn path(file: &CachedFile) -> Option<&str> {
    file.paths.first().map(|p| std::str::from_utf8(p).unwrap())
}

#[test]
fn cached_files_are_told_with_their_names() {
    let (rows, lost) = found(&kit(), Which::Cached);
    assert_eq!((rows.len(), lost.len()), (1, 0), "{lost:?}");
    let a = &rows[0];
    assert_eq!((path(a), a.number, a.size, a.pages, a.kind), (Some("/a"), Some(11), Some(5000), Some(2), Kind::File));
    assert_eq!((a.fstype.as_deref(), a.device, a.mode), (Some(&b"tmpfs"[..]), Some(0x19), Some(0o644)));
    assert_eq!((a.modified, a.changed, a.deleted), (Some(1_700_000_000_000_000_005), None, Some(false)));
    assert_eq!(found(&kit(), Which::All).0.iter().map(path).collect::<Vec<_>>(), [Some("/a"), Some("/b")]);
}

#[test]
fn one_inode_is_told_by_its_address() {
    let kit = kit();
    let at = |n: u64| VirtAddr::new(umem::from(n));
    let listing = file_at(&kit.kernel(), at(OTHER)).ok().unwrap();
    assert_eq!(listing.items.first().and_then(|f| f.number), Some(12));
    assert!(file_at(&kit.kernel(), at(ROOT)).is_err());
    assert!(file_at(&kit.kernel(), at(0x4141_4141)).is_err());
}

#[test]
fn a_file_without_links_or_hashed_names_is_deleted() {
    let mut kit = kit();
    kit.word(NAMES + 8, 0);
    let (rows, _) = found(&kit, Which::Cached);
    assert_eq!((path(&rows[0]), rows[0].deleted), (Some("/a"), Some(true)));
    kit.word(NAMES + 8, HEAD);
    kit.put(FILE + 12, &[0; 4]);
    assert_eq!(found(&kit, Which::Cached).0[0].deleted, Some(true));
}

#[test]
fn what_no_mount_shows_has_no_path() {
    let mut kit = kit();
    // Only the directory `c` of the file system is mounted.
    entry(&mut kit, NAMES + 0x200, ROOT, "c", SB);
    kit.word(MOUNT + 16, NAMES + 0x200);
    assert_eq!(path(&found(&kit, Which::Cached).0[0]), None);
    // A file below it has the path that the mount gives it.
    kit.word(NAMES + 16, NAMES + 0x200);
    assert_eq!(path(&found(&kit, Which::Cached).0[0]), Some("/a"));
}

#[test]
fn nonsense_costs_fields_and_not_rows() {
    let mut kit = kit();
    kit.word(FILE + 40, u64::MAX);
    kit.put(FILE + 56, &0x7fff_ffffu32.to_le_bytes());
    kit.word(FILE + 80, 0x4141_4141_4141_4140);
    let (rows, lost) = found(&kit, Which::Cached);
    assert_eq!((rows.len(), rows[0].size, rows[0].modified, path(&rows[0])), (1, None, None, None));
    assert!(!lost.is_empty());
}

#[test]
fn foreign_inodes_and_circles_are_told() {
    let mut kit = kit();
    kit.word(OTHER + 16, HEAD);
    let (rows, lost) = found(&kit, Which::All);
    assert_eq!((rows.len(), lost.len()), (1, 1));
    // The second inode points back to the first.
    let mut kit = self::kit();
    kit.word(OTHER + 64, FILE + 64);
    kit.word(FILE + 72, OTHER + 64);
    let (rows, lost) = found(&kit, Which::All);
    assert_eq!(rows.len(), 2);
    assert!(!lost.is_empty());
}

#[test]
fn without_a_list_of_file_systems_the_error_says_so() {
    let error = files(&Kit::new().kernel(), Which::All, &|| true).err().unwrap();
    assert!(error.message.to_string_lossy().contains("super_blocks"));
}

/// The same with an overlay over it, whose one file has `a` as its upper entry.
fn overlay() -> Kit {
    let mut kit = kit();
    kit.ring(&[HEAD, SB, OVERLAY]);
    kit.word(OVERLAY + 24, TYPE + 0x40);
    kit.word(TYPE + 0x40, TYPE + 0x50);
    kit.put(TYPE + 0x50, b"overlay\0");
    kit.ring(&[OVERLAY + 40]);
    kit.ring(&[OVERLAY + 56, COVER + 64]);
    inode(&mut kit, COVER, OVERLAY, 11, 5000, 0);
    kit.word(COVER + 0x100, NAMES);
    kit.word(NAMES + 40, FILE);
    kit
}

fn cover(kit: &Kit) -> Option<CachedFile> {
    found(kit, Which::All).0.into_iter().find(|f| f.inode.value() == umem::from(COVER))
}

#[test]
fn a_file_of_an_overlay_has_the_pages_of_the_one_below() {
    let file = cover(&overlay()).unwrap();
    assert_eq!((file.backing.map(VirtAddr::value), file.pages), (Some(umem::from(FILE)), Some(2)));
}

#[test]
fn the_entry_of_an_overlay_may_lead_over_its_stack_of_paths() {
    let mut kit = overlay();
    kit.word(COVER + 0x100, 0);
    kit.word(COVER + 0x108, COVER + 0x200);
    kit.word(COVER + 0x200, 1);
    kit.word(COVER + 0x208, HEAD);
    kit.word(COVER + 0x210, NAMES);
    assert_eq!(cover(&kit).unwrap().backing.map(VirtAddr::value), Some(umem::from(FILE)));
}

#[test]
fn what_differs_from_the_overlays_inode_is_not_below_it() {
    let mut kit = overlay();
    kit.word(FILE + 40, 5001);
    assert_eq!(cover(&kit).unwrap().backing, None);
}

const MAP: u64 = 0xffff_ea00_0000_0000;

/// The same with page frames: the array of `struct page`, and two objects in a slab to prove it.
fn with_frames() -> (Kit, Frames, CachedFile) {
    let mut kit = kit();
    kit.types.enumeration("pageflags", &[("PG_locked", 0), ("PG_uptodate", 3), ("PG_head", 6), ("PG_private", 14)]);
    kit.types.structure(
        "page",
        64,
        &[
            ("flags", 0, u(8)),
            ("compound_head", 8, u(8)),
            ("mapping", 24, u(8)),
            ("index", 32, u(8)),
            ("private", 40, u(8)),
            ("_refcount", 52, u(4)),
        ],
    );
    for (pfn, index) in [(5u64, 0u64), (6, 1)] {
        kit.word(MAP + pfn * 64, 1 << 3);
        kit.word(MAP + pfn * 64 + 24, FILE + 96);
        kit.word(MAP + pfn * 64 + 32, index);
    }
    kit.put(NAMES + 0x800, &[0; 0x240]);
    kit.word(FILE + 96 + 16, (NAMES + 0x800) | 2);
    kit.word(NAMES + 0x828, MAP + 5 * 64);
    kit.word(NAMES + 0x830, MAP + 6 * 64);
    let file = found(&kit, Which::Cached).0.remove(0);
    (kit, Frames::test(MAP), file)
}

type Told = (Vec<(u64, u64, u64)>, Vec<(u64, u64)>, usize);

fn runs(kit: &Kit, frames: &Frames, file: &CachedFile) -> Told {
    let listing = pages_of(&kit.kernel(), frames, file);
    let pages = listing.items.first().cloned().unwrap();
    let told =
        pages.runs.iter().map(|r| (r.offset, r.bytes, crate::os::linux::base::layout::number(VirtAddr::new(r.phys.value()))));
    (told.collect(), pages.evicted, listing.lost.len())
}

#[test]
fn pages_lie_where_the_array_says() {
    let (kit, frames, file) = with_frames();
    assert_eq!(runs(&kit, &frames, &file), (vec![(0, 0x2000, 0x5000)], vec![], 0));
}

#[test]
fn evicted_pages_are_known_and_foreign_ones_told() {
    let (mut kit, frames, file) = with_frames();
    kit.word(NAMES + 0x838, 0x1235);
    kit.word(NAMES + 0x840, 0x4141_4140);
    // A page that belongs to another file.
    kit.word(NAMES + 0x848, MAP + 7 * 64);
    kit.word(MAP + 7 * 64 + 24, OTHER + 96);
    assert_eq!(runs(&kit, &frames, &file), (vec![(0, 0x2000, 0x5000)], vec![(0x2000, 0x1000)], 1));
}

#[test]
fn a_page_that_is_being_read_has_no_contents() {
    let (mut kit, frames, file) = with_frames();
    kit.word(MAP + 6 * 64, 0);
    assert_eq!(runs(&kit, &frames, &file), (vec![(0, 0x1000, 0x5000)], vec![], 1));
}

#[test]
fn blocks_that_were_read_are_there_without_the_rest_of_the_page() {
    let (mut kit, frames, file) = with_frames();
    kit.types.enumeration("bh_state_bits", &[("BH_Uptodate", 0)]);
    let members = [("b_state", 0, u(8)), ("b_this_page", 8, u(8)), ("b_page", 16, u(8)), ("b_size", 24, u(8))];
    kit.types.structure("buffer_head", 32, &members);
    kit.word(MAP + 6 * 64, 1 << 14);
    let first = OTHER + 0x400;
    kit.word(MAP + 6 * 64 + 40, first);
    for i in 0..4 {
        let at = first + i * 32;
        kit.word(at, u64::from(i == 2));
        kit.word(at + 8, first + (i + 1) % 4 * 32);
        kit.word(at + 16, MAP + 6 * 64);
        kit.word(at + 24, 1024);
    }
    assert_eq!(runs(&kit, &frames, &file).0, [(0, 0x1000, 0x5000), (0x1800, 0x400, 0x6800)]);
    // A ring that does not close, and blocks of another page.
    kit.word(first + 8, first);
    assert_eq!(runs(&kit, &frames, &file).0.len(), 1);
}
