//! Images whose page tables, lists and tables are corrupted. Every test tears one thing of the sample: rows that can be had stay,
//! what is missing is told, or there is an error that says why; nothing hangs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;
mod torn;

use memsh::symbols::kallsyms;
use memsh::{VirtAddr, umem};
use torn::Torn;

/// Where nothing is mapped.
const NOWHERE: u64 = 0x4141_4141_4141_4140;

#[test]
fn a_task_list_whose_head_points_to_itself() {
    let mut torn = Torn::new();
    let head = torn.symbol("init_task") + torn.offset("task_struct", "tasks");
    torn.put_word(head, head);
    let says = torn.save().has_all_processes();
    assert!(says.contains("task list: the entry at") && says.contains("which does not point back"), "{says}");
}

#[test]
fn a_task_list_that_runs_into_nowhere() {
    let mut torn = Torn::new();
    let node = torn.task("kthreadd") + torn.offset("task_struct", "tasks");
    torn.put_word(node, NOWHERE);
    let says = torn.save().has_all_processes();
    assert!(says.contains("points to 0x4141414141414140, which is not in the image"), "{says}");
}

#[test]
fn a_task_that_both_links_have_lost() {
    let mut torn = Torn::new();
    let node = torn.task("kcompactd0") + torn.offset("task_struct", "tasks");
    torn.put(node, &[0; 16]);
    let says = torn.save().has_all_processes();
    assert!(says.contains("found by their ids"), "{says}");
}

#[test]
fn a_task_list_in_a_circle() {
    let mut torn = Torn::new();
    let link = torn.offset("task_struct", "tasks");
    let (early, late) = (torn.task("kthreadd") + link, torn.task("kcompactd0") + link);
    torn.put_word(late, early);
    torn.put_word(early + 8, late);
    torn.save().has_all_processes();
}

#[test]
fn a_wild_address_space() {
    let mut torn = Torn::new();
    let task = torn.task("victim-b");
    torn.put_word(task + torn.offset("task_struct", "mm"), NOWHERE);
    let image = torn.save();
    let says = image.has_all_processes();
    assert!(says.contains("its mm_struct at 0x4141414141414140 is not in the image"), "{says}");
    let (rows, _) = image.partial(&["maps", "-p", "victim-b"]);
    assert_eq!(rows.as_array().unwrap().len(), 0);
    image.partial(&["cmdline"]);
}

#[test]
fn an_address_space_that_is_something_else() {
    let mut torn = Torn::new();
    let (task, other) = (torn.task("victim-b"), torn.symbol("init_uts_ns"));
    torn.put_word(task + torn.offset("task_struct", "mm"), other);
    let image = torn.save();
    image.has_all_processes();
    image.partial(&["maps", "-p", "victim-b"]);
}

#[test]
fn a_region_tree_in_a_circle() {
    let mut torn = Torn::new();
    let mm = torn.word(torn.task("victim-a") + torn.offset("task_struct", "mm"));
    let root = torn.word(mm + torn.offset("mm_struct", "mm_mt") + torn.offset("maple_tree", "ma_root"));
    assert!((root >> 3) & 15 >= 2, "its root has nodes below it");
    torn.put_word((root & !255) + torn.offset("maple_arange_64", "slot"), root);
    let image = torn.save();
    let (rows, says) = image.partial(&["maps", "-p", "victim-a"]);
    assert!(!rows.as_array().unwrap().is_empty(), "what other slots lead to stays");
    assert!(says.contains("the tree runs in a circle") && says.contains("regions were found"), "{says}");
}

#[test]
fn directory_entries_in_a_circle() {
    let mut torn = Torn::new();
    let mm = torn.word(torn.task("victim-b") + torn.offset("task_struct", "mm"));
    let file = torn.word(mm + torn.offset("mm_struct", "exe_file"));
    let dentry = torn.word(file + torn.offset("file", "f_path.dentry"));
    let parent = torn.offset("dentry", "d_parent");
    let folder = torn.word(dentry + parent);
    torn.put_word(folder + parent, dentry);
    let image = torn.save();
    let says = image.has_all_processes();
    assert!(says.contains("its parents run in a circle"), "{says}");
    let (rows, _) = image.partial(&["maps", "-p", "victim-b"]);
    assert_eq!(rows.as_array().unwrap().len(), cli::answer(&["maps", "-p", "victim-b"]).as_array().unwrap().len());
    assert!(rows[0]["kind"] == "file" && rows[0]["path"].is_null(), "no path rather than a made-up one");
}

#[test]
fn a_module_list_in_a_circle() {
    let mut torn = Torn::new();
    let head = torn.symbol("modules");
    let first = torn.word(head);
    torn.put_word(first, first);
    let image = torn.save();
    let (rows, says) = image.partial(&["modules"]);
    let mut names: Vec<&str> = rows.as_array().unwrap().iter().map(|r| r["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["qemu_fw_cfg", "virtio_console"], "{says}");
    assert!(says.contains("module list: "), "{says}");
}

#[test]
fn a_name_that_is_a_terminal_command() {
    let mut torn = Torn::new();
    let comm = torn.task("victim-b") + torn.offset("task_struct", "comm");
    torn.put(comm, "\x1b[31mA\n\u{202e}x\0".as_bytes());
    let image = torn.save();
    for words in [
        &["ps", "--color", "always"][..],
        &["ps", "-t"],
        &["threads"],
        &["cmdline"],
        &["env"],
        &["maps"],
        &["-c", "proc 65; read 0"],
    ] {
        let run = image.run(words);
        let both = run.stdout.replace("\x1b[1m", "").replace("\x1b[0m", "").replace("\x1b[2m", "").replace("\x1b[36m", "")
            + run.stderr.as_str();
        assert!(!both.contains("\x1b[31m") && !both.contains('\u{202e}'), "{words:?}: {both:?}");
    }
    assert!(image.run(&["ps"]).stdout.contains(r"\x1b[31mA\n\u{202e}x"));
    let json = image.run(&["ps", "65", "--json"]);
    assert!(!json.stdout.contains('\x1b') && !json.stdout.contains('\u{202e}'));
    let rows: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(rows[0]["name"], "\x1b[31mA\n\u{202e}x");
    let error = image.run(&["ps", "\x1b[31mnone"]);
    assert!(error.status == 1 && !error.stderr.contains('\x1b'), "{:?}", error.stderr);
}

#[test]
fn a_name_that_is_no_text() {
    let mut torn = Torn::new();
    let comm = torn.task("victim-b") + torn.offset("task_struct", "comm");
    torn.put(comm, b"\xff\xfeab\0");
    let image = torn.save();
    let run = image.run(&["ps", "65", "--json"]);
    let rows: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((rows[0]["name"].as_str(), rows[0]["name_bytes"].as_str()), (Some("\u{fffd}\u{fffd}ab"), Some("fffe6162")));
}

/// Where the sample keeps the tables of its symbols.
fn kallsyms_layout(torn: &Torn) -> kallsyms::Layout {
    let (base, end) = (torn.symbol("_text"), torn.symbol("_end"));
    let mut image = vec![0; usize::try_from(end - base).unwrap()];
    torn.session().kernel_space().unwrap().read_gaps(umem::from(base), &mut image);
    kallsyms::discover(&image, VirtAddr::new(umem::from(base)), 8, None).unwrap()
}

#[allow(clippy::useless_conversion, reason = "addresses are wider under `wide-addresses`")]
fn address(at: VirtAddr) -> u64 {
    u64::try_from(at.value()).unwrap()
}

#[test]
fn symbols_whose_tokens_are_gone() {
    let mut torn = Torn::new();
    let layout = kallsyms_layout(&torn);
    torn.put(address(layout.token_table), &[0xee; 512]);
    let image = torn.save();
    let says = image.error(&["ps"]);
    assert!(says.contains("has no symbols that can be read") && says.contains("--symbols"), "{says}");
    image.bytes_still_work();
}

#[test]
fn symbols_whose_names_are_scrambled() {
    let mut torn = Torn::new();
    let layout = kallsyms_layout(&torn);
    // In the middle: what comes before is good, so that the tables look right at first.
    torn.put(address(layout.names) + 0x8000, &[0; 4096]);
    let image = torn.save();
    let run = image.run(&["ps"]);
    match run.status {
        0 => assert!(image.run(&["info"]).stdout.contains("symbols are lost"), "what is lost is told"),
        1 => assert!(run.stdout.is_empty() && run.stderr.contains("\nhint: "), "{}", run.stderr),
        other => panic!("{other}: {}", run.stderr),
    }
    image.bytes_still_work();
}

#[test]
fn an_image_that_ends_within_the_symbols() {
    let mut torn = Torn::new();
    let layout = kallsyms_layout(&torn);
    let end = torn.position(address(layout.names)) + 0x1_0000;
    torn.bytes().truncate(end);
    let image = torn.save();
    let says = image.error(&["ps"]);
    assert!(says.contains("no Linux kernel was found") || says.contains("has no symbols that can be read"), "{says}");
    image.bytes_still_work();
}

#[test]
fn types_whose_header_is_gone() {
    let mut torn = Torn::new();
    let at = torn.symbol("__start_BTF");
    torn.put(at, &[0xee; 24]);
    let image = torn.save();
    image.has_the_same_processes_by_carried_types();
    image.bytes_still_work();
}

#[test]
fn types_that_are_cut_short_or_lie_about_their_size() {
    for (at, value) in [(12, 0xffff_fff0u32), (20, 0xffff_fff0), (12, 16), (20, 64), (4, 0x7fff_ffff)] {
        let mut torn = Torn::new();
        let start = torn.symbol("__start_BTF");
        torn.put(start + at, &value.to_le_bytes());
        let image = torn.save();
        image.has_the_same_processes_by_carried_types();
    }
}

#[test]
fn types_overwritten_in_the_middle() {
    let mut torn = Torn::new();
    let at = torn.symbol("__start_BTF");
    torn.put(at + 0x2_0000, &[0xff; 4096]);
    let image = torn.save();
    let run = image.run(&["ps"]);
    assert!(matches!(run.status, 0 | 1), "{}: {}", run.status, run.stderr);
    assert!(run.status == 0 || run.stdout.is_empty());
    image.run(&["dt", "task_struct"]);
    image.bytes_still_work();
}

#[test]
fn a_page_table_root_of_zeros() {
    let mut torn = Torn::new();
    let root = torn.symbol("init_top_pgt");
    torn.put(root, &[0; 4096]);
    let image = torn.save();
    // The copy that processors start with still leads to the kernel.
    let run = image.run(&["ps", "--json"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stdout.contains("victim-b"));
    let info = image.run(&["info"]);
    assert!((info.stdout + info.stderr.as_str()).contains("does not prove itself"));
}

#[test]
fn no_page_table_root_at_all() {
    let mut torn = Torn::new();
    // Whatever could be a root has the kernel's half: its last entry but one half (511) present.
    let root = torn.symbol("init_top_pgt");
    let entry = torn.word(root + 511 * 8).to_le_bytes();
    for page in torn.bytes().chunks_exact_mut(4096) {
        if page[511 * 8..] == entry
            || page[511 * 8..] == [entry[0] | 0x20, entry[1], entry[2], entry[3], entry[4], entry[5], entry[6], entry[7]]
        {
            page.fill(0);
        }
    }
    let low = torn.bytes()[..1 << 20].to_vec();
    for (i, page) in low.chunks_exact(4096).enumerate() {
        let last = u64::from_le_bytes(page[511 * 8..].try_into().unwrap());
        if last & 1 == 1 && i > 0 {
            torn.bytes()[i * 4096..][..4096].fill(0);
        }
    }
    let image = torn.save();
    let says = image.error(&["ps"]);
    assert!(says.contains("no Linux kernel was found in this memory: no page-table root maps one"), "{says}");
    assert!(says.contains("`info` lists what was tried"), "{says}");
    let info = image.run(&["info"]);
    assert!(info.stdout.contains("page-table root"), "{}", info.stdout);
    image.bytes_still_work();
}

#[test]
fn page_tables_that_lead_back_to_their_root() {
    let mut torn = Torn::new();
    let mm = torn.word(torn.task("victim-b") + torn.offset("task_struct", "mm"));
    let pgd = torn.word(mm + torn.offset("mm_struct", "pgd"));
    let own = u64::try_from(torn.position(pgd)).unwrap();
    // Every user entry leads to the root itself: 2^36 pages, all of them tables.
    for i in 0..256 {
        torn.put_word(pgd + i * 8, own | 7);
    }
    let image = torn.save();
    assert_eq!(image.run(&["ps"]).status, 0);
    for words in [
        &["maps", "-p", "victim-b"][..],
        &["vtop", "-p", "victim-b", "0x400000"],
        &["read", "-p", "victim-b", "0x400000"],
        &["cmdline"],
    ] {
        let run = image.run(words);
        assert!(matches!(run.status, 0 | 1), "{words:?}: {}", run.stderr);
    }
}

#[test]
fn vmcoreinfo_of_nonsense() {
    let mut torn = Torn::new();
    let data = torn.word(torn.symbol("vmcoreinfo_data"));
    let nonsense: Vec<u8> =
        b"OSRELEASE=\x1b[31m\nSYMBOL(init_top_pgt)=ffff\nKERNELOFFSET=zz\nNUMBER(phys_base)=-1\n\xff\xfe".repeat(50);
    torn.put(data, &nonsense[..4096.min(nonsense.len())]);
    let image = torn.save();
    let run = image.run(&["ps"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stdout.contains("victim-b"));
    let info = image.run(&["info", "--color", "never"]);
    assert!(info.status == 0 && !info.stdout.contains('\x1b'), "{}", info.stderr);
}

#[test]
fn a_system_name_of_nonsense() {
    let mut torn = Torn::new();
    let uts = torn.symbol("init_uts_ns") + torn.offset("uts_namespace", "name");
    torn.put(uts, &b"\x1b[31m\xff\n".repeat(50));
    let image = torn.save();
    let info = image.run(&["info", "--color", "never"]);
    assert_eq!(info.status, 0, "{}", info.stderr);
    assert!(!info.stdout.contains('\x1b'));
    let json = image.run(&["info", "--json"]);
    assert!(serde_json::from_str::<serde_json::Value>(&json.stdout).is_ok() && !json.stdout.contains('\x1b'));
    assert_eq!(image.run(&["ps"]).status, 0);
}
