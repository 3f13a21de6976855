#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]
use super::super::image::KernelImage;
use super::super::machine::virt;
use super::super::trace::Trace;
use super::{exports, fill, rule};
use crate::arch::Arch;
use crate::engine::{Memory, to_umem};
use crate::image::{OpenOptions, sample};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::testkit::Kit;
use crate::os::{Hints, detect};
use crate::symbols::{Symbol, SymbolTable, Symbols};
use memsh_plugin::{PhysAddr, VirtAddr};
use std::collections::HashMap;
use std::sync::Arc;

/// Hides the data's symbols of a kernel that has all, finds them again, and holds them against what was hidden. The symbols, and how many were
/// found by code.
fn hidden(memory: &Memory) -> (Arc<Kernel>, SymbolTable, usize, Vec<String>) {
    let hints = Hints { movable: true, ..Hints::default() };
    let kernel = detect(memory, &hints).layer.unwrap().linux.unwrap();
    let mut truth: HashMap<String, Vec<VirtAddr>> = HashMap::new();
    let mut functions = SymbolTable::new();
    for s in kernel.symbols.all() {
        truth.entry(s.name.to_owned()).or_default().push(s.address);
        if matches!(s.kind, 't' | 'T' | 'w' | 'W') {
            functions.push(s.name, s.address, b'T', None);
        }
    }
    functions.finish();
    assert!(functions.address("init_task").is_none(), "nothing was hidden");
    // On AArch64 the first page of the image, its header, is not mapped.
    let start = kernel.symbols.address("_stext").unwrap();
    let phys = kernel.space.translate_one(start).unwrap().phys;
    let before_it = start.offset_from(kernel.base).unwrap();
    let place = KernelImage { virt: start, phys, size: kernel.size.unwrap() - before_it };
    let before = functions.count();
    let mut info = None;
    let mut trace = Trace::default();
    let all = fill(&kernel.space, &place, functions, &mut info, &mut trace, &|_| Vec::new());
    let added: Vec<_> = all.all().filter(|s| s.kind == 'D').collect();
    assert_eq!(added.len(), all.count() - before);
    // What kallsyms does not list is right where VMCOREINFO has it.
    let right = |s: &Symbol<'_>| match truth.get(s.name) {
        Some(at) => at.contains(&s.address),
        None => info.as_ref().is_some_and(|i| i.symbol(s.name) == Some(s.address)),
    };
    let wrong: Vec<String> = added.iter().filter(|s| !right(s)).map(|s| format!("{} at {}", s.name, s.address)).collect();
    let by_code = trace.steps.iter().rfind(|s| s.method.contains("functions")).unwrap();
    let count = by_code.detail.split(' ').next().unwrap().parse().unwrap();
    (kernel, all, count, wrong)
}

#[test]
fn data_that_is_hidden_is_found_where_it_was() {
    let image = sample(&OpenOptions::default()).unwrap();
    let (kernel, all, by_code, wrong) = hidden(&image.memory);
    assert!(wrong.is_empty(), "{wrong:?}");
    let count = all.all().filter(|s| s.kind == 'D').count();
    assert!(count >= 350, "{count} symbols, {by_code} by code");
    assert!(by_code >= 40, "{by_code}");
    for name in ["init_task", "init_net", "modules", "super_blocks", "tk_core", "sys_call_table", "idt_table", "misc_list"] {
        assert_eq!(all.address(name), kernel.symbols.address(name), "{name}");
    }
}

/// The same for the images of a list, separated by colons.
#[test]
#[ignore = "needs images: DATASYMS_IMAGES=a.raw:b.raw"]
fn data_that_is_hidden_in_other_images() {
    let mut wrongs = Vec::new();
    for path in std::env::var("DATASYMS_IMAGES").unwrap().split(':') {
        let image = crate::image::open(std::path::Path::new(path), &OpenOptions::default()).unwrap();
        let (_, all, by_code, wrong) = hidden(&image.memory);
        let missing: Vec<&str> = super::rules::RULES.iter().map(|r| r.name).filter(|n| all.address(n).is_none()).collect();
        let count = all.all().filter(|s| s.kind == 'D').count();
        eprintln!("{path}: {count} symbols, {by_code} by code; without {missing:?}");
        wrongs.extend(wrong.into_iter().map(|w| format!("{path}: {w}")));
    }
    assert!(wrongs.is_empty(), "{wrongs:#?}");
}

/// A kernel's tables in a few bytes: entries of either form, two tables, names behind them.
struct Built {
    bytes: Vec<u8>,
    functions: SymbolTable,
    image: KernelImage,
}

const BASE: u64 = 0xc100_0000;

fn built(relative: bool, fields: usize, width: usize) -> Built {
    const TEXT: usize = 0x100;
    let mut names: Vec<String> = (0..200).map(|i| format!("function_{i:03}")).collect();
    names.extend(["schedule_timeout_uninterruptible".to_owned(), "zz_data".to_owned()]);
    let gpl = ["a_variable", "some_function"].map(str::to_owned);
    let (table, field) = (0x8000usize, if relative { 4 } else { width });
    let count = names.len() + gpl.len();
    let mut bytes = vec![0u8; 0x2_0000];
    let mut string = table + count * fields * field + 64;
    let mut functions = SymbolTable::new();
    for (i, name) in names.iter().chain(&gpl).enumerate() {
        let entry = table + i * fields * field;
        let data = name.contains("data") || name.contains("variable");
        let value = if data { 0x1_8000 + i * 8 } else { TEXT + i * 64 };
        bytes[string..string + name.len()].copy_from_slice(name.as_bytes());
        for (n, to) in [value, string].into_iter().enumerate() {
            let at = entry + n * field;
            if relative {
                let distance = (to as u64).wrapping_sub(at as u64).to_le_bytes();
                bytes[at..at + 4].copy_from_slice(&distance[..4]);
            } else {
                bytes[at..at + width].copy_from_slice(&(BASE + to as u64).to_le_bytes()[..width]);
            }
        }
        if !data {
            functions.push(name, virt(BASE + value as u64), b'T', None);
        }
        string += name.len() + 1;
    }
    functions.finish();
    let image = KernelImage { virt: virt(BASE), phys: PhysAddr::NULL, size: to_umem(bytes.len()) };
    Built { bytes, functions, image }
}

fn found(b: &Built, width: u8) -> Result<Vec<(String, u64)>, String> {
    let all = exports::exports(&b.bytes, &b.image, width, &b.functions)?;
    Ok(all.iter().map(|e| (e.name.to_owned(), super::proof::number(e.address))).collect())
}

#[test]
fn export_tables_of_every_form() {
    for (relative, fields, width) in
        [(true, 3, 4), (true, 2, 8), (true, 3, 8), (false, 3, 4), (false, 2, 4), (false, 3, 8), (false, 2, 8)]
    {
        let b = built(relative, fields, width);
        let all = found(&b, u8::try_from(width).unwrap()).unwrap();
        let what = format!("relative {relative}, {fields} fields, {width} bytes");
        assert_eq!(all.len(), 204, "{what}");
        let at = |name: &str| all.iter().find(|(n, _)| n == name).map(|(_, at)| *at);
        assert_eq!(at("zz_data"), Some(BASE + 0x1_8000 + 201 * 8), "{what}");
        assert_eq!(at("a_variable"), Some(BASE + 0x1_8000 + 202 * 8), "{what}");
    }
}

#[test]
fn an_export_table_that_contradicts_kallsyms_is_not_taken() {
    let mut b = built(true, 3, 4);
    // Every function is somewhere else than its entry says, but for the one that the tables are found by.
    let mut moved = SymbolTable::new();
    for s in b.functions.all() {
        let by = if s.name.starts_with("function_") { 0x4000 } else { 0 };
        moved.push(s.name, s.address.wrapping_add(by), b'T', None);
    }
    moved.finish();
    b.functions = moved;
    assert!(found(&b, 4).unwrap_err().contains("disagrees"));
}

#[test]
fn export_tables_in_damaged_images_never_panic() {
    let b = built(true, 3, 4);
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    for _ in 0..40 {
        let mut bytes = b.bytes.clone();
        for _ in 0..400 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let at = usize::try_from(state >> 33).unwrap() % bytes.len();
            bytes[at] ^= state.to_le_bytes()[5];
        }
        bytes.truncate(usize::try_from(state >> 40).unwrap() % b.bytes.len());
        let _ = exports::exports(&bytes, &b.image, 4, &b.functions);
        let _ = exports::exports(&bytes, &b.image, 8, &b.functions);
    }
}

#[test]
fn what_has_a_name_is_no_candidate_in_either_order() {
    const AREAS: u64 = BASE + 0x800;
    const COUNT: u64 = BASE + 0x880;
    let lookups = ["page_swap_info", "get_swap_device"];
    // 5.10 compares with the count before it looks an area up; 6.1 does not, but goes through all areas where it takes the count.
    for (looking, counting) in [(&[COUNT, AREAS][..], &[COUNT][..]), (&[AREAS], &[COUNT, AREAS])] {
        let mut bytes = vec![0xcc; 0x1000];
        let mut functions = SymbolTable::new();
        for (n, name) in lookups.into_iter().chain(["si_swapinfo", "count_swap_pages"]).enumerate() {
            let at = 0x100 + n * 0x40;
            // mov eax, [eax*4 + ...]; ret
            let loads = if n < lookups.len() { looking } else { counting };
            let load = |to: &u64| [&[0x8b, 0x04, 0x85][..], &(*to as u32).to_le_bytes()].concat();
            let code: Vec<u8> = loads.iter().flat_map(load).chain([0xc3]).collect();
            bytes[at..at + code.len()].copy_from_slice(&code);
            functions.push(name, virt(BASE + at as u64), b'T', None);
        }
        functions.push("the_end", virt(BASE + 0x400), b'T', None);
        functions.finish();
        let mut kit = Kit::narrow(Arch::X86);
        kit.put(BASE, &bytes);
        let kernel = kit.kernel();
        let image = KernelImage { virt: virt(BASE), phys: PhysAddr::NULL, size: to_umem(bytes.len()) };
        let finder = rule::Finder::new(&kernel.space, &bytes, &image, &functions).unwrap();
        let mut found = finder.run(&["swap_info", "nr_swapfiles"]);
        found.sort();
        assert_eq!(found, [("nr_swapfiles".to_owned(), virt(COUNT)), ("swap_info".to_owned(), virt(AREAS))]);
    }
}
