//! Kernel modules, before 6.4 (two areas) and since (an array of them).

use super::super::testkit::{Kit, array, u};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::code::modsyms::{Bounds, module_symbols, read};
use crate::os::linux::code::module::modules;
use crate::symbols::Symbols;
use memsh_plugin::{ModuleInfo, VirtAddr, umem};
use std::sync::atomic::{AtomicBool, Ordering};

const MODULES: u64 = 0xffff_ffff_c000_0000;
const HEAD: u64 = 0xffff_ffff_8100_0000;
const USE: u64 = 0xffff_8880_0000_0000;
const SYMBOLS: u64 = 0xffff_8880_0010_0000;

fn module(n: u64) -> u64 {
    MODULES + n * 0x1000
}

/// Two modules, of which the first needs the second.
fn kit(new: bool) -> Kit {
    let mut kit = Kit::new();
    kit.types.structure("atomic_t", 4, &[("counter", 0, u(4))]);
    kit.types.structure("module_layout", 16, &[("base", 0, u(8)), ("size", 8, u(4))]);
    kit.types.structure("module_memory", 16, &[("base", 0, u(8)), ("size", 8, u(4))]);
    let mut fields = vec![
        ("state", 0, u(4)),
        ("list", 8, "list_head".into()),
        ("name", 24, array(1, 56)),
        ("refcnt", 80, "atomic_t".into()),
        ("source_list", 88, "list_head".into()),
        ("kallsyms", 104, u(8)),
    ];
    if new {
        fields.push(("mem", 112, array(16, 3)));
    } else {
        fields.extend([("core_layout", 112, "module_layout".into()), ("init_layout", 128, "module_layout".into())]);
    }
    kit.types.structure("module", 0x200, &fields);
    let uses = [("source_list", 0, "list_head".into()), ("source", 32, u(8)), ("target", 40, u(8))];
    kit.types.structure("module_use", 0x40, &uses);
    kit.symbol("modules", HEAD);
    kit.ring(&[HEAD, module(0) + 8, module(1) + 8]);
    for n in 0..2 {
        kit.put(module(n), &[0; 0x200]);
        kit.put(module(n) + 24, format!("mod{n}").as_bytes());
        kit.put(module(n) + 80, &[1 + u8::from(n == 1)]);
        for (part, size) in [(0, 0x3000), (1, 0x1000), (2, 0x500)] {
            let skip = !new && part == 2;
            kit.word(module(n) + 112 + part * 16, if skip { 0 } else { module(n) + 0x10_0000 * (part + 1) });
            kit.word(module(n) + 120 + part * 16, if skip { 0 } else { size });
        }
        kit.ring(&[module(n) + 88]);
    }
    // The rings were overwritten by the zeros above.
    kit.ring(&[HEAD, module(0) + 8, module(1) + 8]);
    kit.ring(&[module(1) + 88, USE]);
    kit.word(USE + 32, module(0));
    kit.word(USE + 40, module(1));
    kit
}

fn lsmod(kit: &Kit) -> (Vec<ModuleInfo>, Lost) {
    let kernel = kit.kernel();
    let mut lost = Lost::default();
    (modules(&kernel, &mut lost).unwrap(), lost)
}

#[test]
fn areas_add_up() {
    for (new, size) in [(false, 0x4000u64), (true, 0x4500)] {
        let (rows, lost) = lsmod(&kit(new));
        assert!(lost.is_empty());
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].name.as_bytes(), b"mod0");
        assert_eq!(rows[0].base, VirtAddr::new(umem::from(module(0) + 0x10_0000)));
        assert_eq!(rows[0].size, umem::from(size));
        assert_eq!(rows[0].refcount.get(), Some(0));
        assert_eq!(rows[0].state.as_ref().unwrap().as_bytes(), b"live");
        assert_eq!(rows[1].refcount.get(), Some(1));
        assert_eq!(rows[1].used_by.iter().map(|t| t.as_bytes().to_vec()).collect::<Vec<_>>(), [b"mod0".to_vec()]);
    }
}

#[test]
fn a_module_in_the_making_is_none() {
    let mut kit = kit(true);
    kit.put(module(1), &[3]);
    assert_eq!(lsmod(&kit).0.len(), 1);
}

#[test]
fn a_user_that_can_t_be_read_is_told() {
    let mut kit = kit(true);
    kit.word(USE + 32, 0xdead_0000);
    let (rows, lost) = lsmod(&kit);
    assert!(rows[1].used_by.is_empty());
    assert_eq!(lost.sentences().len(), 1);
}

#[test]
fn who_uses_another_module_is_no_user() {
    let mut kit = kit(true);
    kit.word(USE + 40, module(0));
    let (rows, lost) = lsmod(&kit);
    assert!(rows[1].used_by.is_empty());
    assert!(lost.sentences()[0].contains("is none"), "{:?}", lost.sentences());
}

/// Gives module 0 a table of two symbols (one of them undefined) at `SYMBOLS`.
fn with_symbols(count: u64) -> Kit {
    let mut kit = kit(true);
    let sym = [
        ("st_name", 0, u(4)),
        ("st_info", 4, u(1)),
        ("st_other", 5, u(1)),
        ("st_shndx", 6, u(2)),
        ("st_value", 8, u(8)),
        ("st_size", 16, u(8)),
    ];
    kit.types.structure("elf64_sym", 24, &sym);
    let tables = [("symtab", 0, u(8)), ("num_symtab", 8, u(4)), ("strtab", 16, u(8)), ("typetab", 24, u(8))];
    kit.types.structure("mod_kallsyms", 32, &tables);
    kit.word(module(0) + 104, SYMBOLS);
    kit.word(module(1) + 104, 0xdead_0000);
    for (i, value) in [SYMBOLS + 0x100, count, SYMBOLS + 0x200, SYMBOLS + 0x300].into_iter().enumerate() {
        kit.word(SYMBOLS + i as u64 * 8, value);
    }
    kit.put(SYMBOLS + 0x100, &[0; 48]);
    kit.put(SYMBOLS + 0x118, &[1, 0, 0, 0, 0, 0, 5, 0]);
    kit.word(SYMBOLS + 0x120, module(0) + 0x10_0010);
    kit.put(SYMBOLS + 0x200, b"\0do_it\0");
    kit.put(SYMBOLS + 0x300, b"?t");
    kit
}

#[test]
fn symbols_of_modules() {
    let (table, lost) = module_symbols(&with_symbols(2).kernel()).unwrap();
    assert_eq!(table.count(), 1);
    let (symbol, distance) = table.near(VirtAddr::new(umem::from(module(0) + 0x10_0014))).unwrap();
    assert_eq!((symbol.name, symbol.module, symbol.kind, distance), ("do_it", Some("mod0"), 't', 4));
    assert_eq!(lost.len(), 1, "the other module's table is not there");
}

#[test]
fn a_wild_number_of_symbols_is_told() {
    let (table, lost) = module_symbols(&with_symbols(u32::MAX.into()).kernel()).unwrap();
    assert_eq!((table.count(), lost.len()), (0, 2));
}

/// What is read within these bounds: the names, and what was cut or left out.
fn within(kit: &Kit, bounds: Bounds) -> (Vec<String>, Vec<String>) {
    let read = read(&kit.kernel(), bounds).unwrap().unwrap();
    (read.table.all().map(|s| s.name.to_owned()).collect(), read.cut)
}

#[test]
fn names_of_symbols_are_cut_at_the_longest_and_told() {
    let mut kit = with_symbols(2);
    kit.put(SYMBOLS + 0x200, b"\0do_it_for_long\0");
    assert_eq!(within(&kit, Bounds::small(14, 9, 99)), (vec!["do_it_for_long".to_owned()], vec![]));
    let (names, cut) = within(&kit, Bounds::small(5, 9, 99));
    assert_eq!(names, ["do_it"]);
    assert!(cut[0].contains("1 names of symbols of module mod0 are cut"), "{cut:?}");
}

#[test]
fn what_all_modules_claim_is_bounded_and_told() {
    let kit = with_symbols(2);
    for bounds in [Bounds::small(99, 1, 99), Bounds::small(99, 9, 4)] {
        let (names, cut) = within(&kit, bounds);
        assert!(names.is_empty() && cut.len() == 1, "{names:?} {cut:?}");
        assert!(cut[0].starts_with("symbols of module mod0 are left out"), "{cut:?}");
    }
}

#[test]
fn a_table_whose_names_have_no_end_is_no_days_work() {
    // Each of so many names, followed to the end of the table, would be 2^34 bytes to look at and to keep.
    const COUNT: u32 = 1 << 12;
    const LONG: usize = 8 << 20;
    const TABLE: u64 = SYMBOLS + 0x100_0000;
    let mut kit = with_symbols(COUNT.into());
    kit.word(SYMBOLS, TABLE);
    kit.word(SYMBOLS + 16, TABLE + 0x10_0000);
    let mut symbols = Vec::new();
    for i in 0..COUNT {
        symbols.extend((i * 2047).to_le_bytes());
        symbols.extend([0, 0, 5, 0]);
        symbols.extend((module(0) + 0x10_0000 + u64::from(i % 0x3000)).to_le_bytes());
        symbols.extend([0; 8]);
    }
    kit.put(TABLE, &symbols);
    kit.put(TABLE + 0x10_0000, &vec![b'a'; LONG + (64 << 10)]);
    let kernel = kit.kernel();
    assert!(kernel.cut_symbols().is_empty(), "nobody asked");
    let table = kernel.module_symbols();
    assert_eq!((table.count(), table.all().map(|s| s.name.len()).max()), (1 << 12, Some(4096)));
    // Told once to each that asks.
    assert!(kernel.cut_symbols()[0].contains("4096 names of symbols of module mod0 are cut"));
    assert!(kernel.cut_symbols().is_empty());
    let _ = kernel.module_symbols();
    assert_eq!(kernel.cut_symbols().len(), 1);
}

#[test]
fn ctrl_c_ends_the_reading_of_symbols_and_they_are_read_when_asked_for_again() {
    static STOP: AtomicBool = AtomicBool::new(true);
    let mut kernel = with_symbols(2).kernel();
    kernel.interrupt = &STOP;
    assert_eq!(kernel.module_symbols().count(), 0);
    STOP.store(false, Ordering::Relaxed);
    assert_eq!(kernel.module_symbols().count(), 1);
}
