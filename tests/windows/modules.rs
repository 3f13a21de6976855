//! What is in modules, where their imports lead, modules as files, modules and functions that somebody tampered with.

use crate::builders::windows::image::{BYTES, CODE, SLOTS, module};
use crate::builders::windows::layout::{Layout, unicode, words};
use crate::builders::windows::memory::{Mode, PAGE};
use crate::builders::windows::{Machine, Options, link, usual};
use crate::program::File;
use serde_json::Value;

/// Machines that differ most.
fn machines() -> Vec<Machine> {
    [(true, "10.0.22631.2428", Mode::La57), (false, "5.1.2600.5512", Mode::X86), (false, "6.1.7601.17514", Mode::Pae)]
        .map(|(wide, release, mode)| usual::machine(Layout::of(wide, release), Options::new(mode)))
        .into()
}

fn hex(at: u64) -> Value {
    format!("{at:#x}").into()
}

fn rows(answer: &Value) -> &Vec<Value> {
    answer.as_array().unwrap()
}

/// Where explorer's modules lie: the program, ntdll, kernel32.
fn bases(m: &Machine) -> [u64; 3] {
    let user = m.named("explorer.exe").user.as_ref().unwrap();
    [0, 1, 2].map(|i| user.modules[i].0)
}

/// Puts a module into explorer's half.
fn put(m: &mut Machine, base: u64, image: &[u8]) {
    let root = m.named("explorer.exe").root;
    m.memory.map_new(root, base, BYTES);
    m.put_user(root, base, image);
}

/// Explorer with three modules; its imports lead where they ought to, into another module, and into memory of nobody.
fn explorer(m: &mut Machine) {
    let (wide, [program, ntdll, kernel32]) = (m.layout.wide, bases(m));
    let exports = [("RtlAlpha", CODE + 0x10), ("RtlBeta", CODE + 0x40)];
    put(m, ntdll, &module(wide, "ntdll.dll", 0x1f_0000, &exports, &[]));
    put(m, kernel32, &module(wide, "KERNEL32.dll", 0xc_0000, &[("Open", CODE + 0x80)], &[]));
    let own: [(&str, &[(&str, u64)]); 2] = [
        ("ntdll.dll", &[("RtlAlpha", ntdll + 0x1010), ("RtlBeta", kernel32 + 0x1084)]),
        ("kernel32.dll", &[("Open", 0x10_0010)]),
    ];
    put(m, program, &module(wide, "explorer.exe", 0x8000, &[("Start", CODE)], &own));
}

#[test]
fn exports_imports_and_sections_of_a_process() {
    for mut m in machines() {
        explorer(&mut m);
        let [program, ntdll, kernel32] = bases(&m);
        let file = File::new(&m.raw());
        for which in ["ntdll.dll", "NTDLL", &format!("{ntdll:#x}")] {
            let found = file.whole(&["exports", which, "-p", "explorer.exe"]);
            let told: Vec<_> = rows(&found).iter().map(|r| (&r["name"], &r["address"], &r["ordinal"])).collect();
            let want =
                [("RtlAlpha", 0x1010, 1), ("RtlBeta", 0x1040, 2)].map(|(n, at, o)| (Value::from(n), hex(ntdll + at), o.into()));
            assert_eq!(told, want.iter().map(|(a, b, c): &(Value, Value, Value)| (a, b, c)).collect::<Vec<_>>(), "{which}");
        }
        assert_eq!(rows(&file.whole(&["exports", "ntdll", "*beta", "-p", "explorer.exe"])).len(), 1);
        let found = file.whole(&["imports", "explorer.exe", "-p", "explorer.exe"]);
        let told: Vec<_> =
            rows(&found).iter().map(|r| (r["name"].as_str().unwrap(), &r["target_symbol"], &r["hooked"])).collect();
        let want = [("RtlAlpha", "RtlAlpha".into(), false.into()), ("RtlBeta", "Open+0x4".into(), true.into())];
        assert_eq!(told[..2], want.each_ref().map(|(a, b, c): &(&str, Value, Value)| (*a, b, c)));
        assert_eq!(told[2], ("Open", &Value::Null, &true.into()));
        assert_eq!((&found[0]["iat_address"], &found[1]["target"]), (&hex(program + u64::from(SLOTS)), &hex(kernel32 + 0x1084)));
        assert_eq!(found[1]["reason"], "leads to KERNEL32.DLL, not to ntdll.dll");
        let found = file.whole(&["imports", "explorer.exe", "-p", "explorer.exe", "--suspicious"]);
        assert_eq!(rows(&found).len(), 2);
        let found = file.whole(&["sections", "explorer", "-p", "explorer.exe"]);
        let told: Vec<_> = rows(&found).iter().map(|r| (&r["name"], &r["perm"], &r["resident"], &r["pages"])).collect();
        assert_eq!(told[0], (&".text".into(), &"r-x".into(), &1.into(), &1.into()));
        assert_eq!((told.len(), told[2].1), (3, &"rw-".into()));
        assert_eq!(found[0]["start"], hex(program + u64::from(CODE)));
        // The kernel's own.
        let found = file.whole(&["exports", "nt", "NtBuild*"]);
        assert_eq!(found[0]["name"], if m.layout.build >= 6000 { "NtBuildLab" } else { "NtBuildNumber" });
        let names: Vec<_> = rows(&file.whole(&["sections", "ntoskrnl"])).iter().map(|r| r["name"].clone()).collect();
        assert_eq!(names, [".text", ".rdata", ".data", ".edata"]);
    }
}

#[test]
fn modules_that_are_not_there() {
    let mut m = machines().remove(0);
    let [_, ntdll, _] = bases(&m);
    let file = File::new(&m.raw());
    let run = file.run(&["exports", "ntdll", "-p", "explorer.exe"]);
    assert!(run.status == 1 && run.stderr.contains("headers at") && run.stderr.contains("not in memory"), "{}", run.stderr);
    let run = file.run(&["sections", "nothing", "-p", "explorer.exe"]);
    assert!(run.status == 1 && run.stderr.contains("has no module nothing"), "{}", run.stderr);
    let run = file.run(&["exports", "ntdll", "-p", "setup32.exe"]);
    assert!(
        run.status == 2 && run.stderr.contains("2 modules are called ntdll") && run.stderr.contains("x86_64"),
        "{}",
        run.stderr
    );
    // Whose header lies about its size.
    let mut image = module(true, "ntdll.dll", 0xffff_ffff, &[("A", CODE)], &[]);
    put(&mut m, ntdll, &image);
    let file = File::new(&m.raw());
    let run = file.run(&["exports", "ntdll", "-p", "explorer.exe", "--json"]);
    assert!(run.status == 0 && run.stdout.contains("\"A\"") && run.stderr.contains("which no image has"), "{}", run.stderr);
    assert_eq!(file.run(&["exports", "ntdll", "-p", "explorer.exe", "--strict"]).status, 4);
    image[0] = 0;
    put(&mut m, ntdll, &image);
    let run = File::new(&m.raw()).run(&["exports", "ntdll", "-p", "explorer.exe"]);
    assert!(run.status == 1 && run.stderr.contains("no PE file begins at"), "{}", run.stderr);
}

#[test]
fn a_module_becomes_a_file() {
    for mut m in machines() {
        explorer(&mut m);
        let [program, ..] = bases(&m);
        let root = m.named("explorer.exe").root;
        // A page of it is not resident.
        m.memory.set_entry(root, program + u64::from(SLOTS), 0);
        let file = File::new(&m.raw());
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let run = file.run(&["dump", "explorer.exe", "-p", "explorer.exe", "-o", &path("a.exe"), "--json"]);
        let answer: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!((run.status, &answer["unreadable"], &answer["bytes"]), (0, &0x1000.into(), &0x3400.into()), "{}", run.stderr);
        let bytes = std::fs::read(path("a.exe")).unwrap();
        let (exported, base) = match m.layout.wide {
            true => {
                use pelite::pe64::{Pe, PeFile};
                let pe = PeFile::from_bytes(&bytes).unwrap();
                (pe.exports().unwrap().dll_name().unwrap().to_string(), pe.optional_header().ImageBase)
            }
            false => {
                use pelite::pe32::{Pe, PeFile};
                let pe = PeFile::from_bytes(&bytes).unwrap();
                (pe.exports().unwrap().dll_name().unwrap().to_string(), pe.optional_header().ImageBase.into())
            }
        };
        assert_eq!((exported.as_str(), base), ("explorer.exe", program));
        // As it lies in memory.
        let run = file.run(&["dump", "explorer.exe", "-p", "explorer.exe", "-o", &path("b.bin"), "--format", "raw"]);
        assert_eq!((run.status, std::fs::metadata(path("b.bin")).unwrap().len()), (0, 0x8000), "{}", run.stderr);
        let run = file.run(&["dump", "0x10000..0x11000", "-k", "-o", &path("c.bin"), "--format", "pe"]);
        assert!(run.status == 2 && run.stderr.contains("goes with a module"), "{}", run.stderr);
        assert!(!std::fs::exists(path("c.bin")).unwrap());
    }
}

#[test]
fn private_memory_that_nobody_wrote_to_is_read_as_zeros() {
    for mut m in machines() {
        let root = m.named("explorer.exe").root;
        // In its heap, and in no region at all; one that was given back.
        for (at, entry) in [(0x5_e000, 0x80), (0x5_f000, 0x200), (0x3f_0000, 0x80)] {
            m.memory.set_entry(root, at, entry);
        }
        let file = File::new(&m.raw());
        let read = file.whole(&["read", "0x5e000", "-n", "8", "-p", "explorer.exe"]);
        assert_eq!((&read["data"], rows(&read["unreadable"]).len()), (&"0000000000000000".into(), 0));
        for (at, reason) in [("0x5e000", "demand_zero"), ("0x5f000", "not_present"), ("0x3f0000", "demand_zero")] {
            let run = file.run(&["vtop", at, "-p", "explorer.exe", "--json"]);
            let answer: Value = serde_json::from_str(&run.stdout).unwrap();
            assert_eq!((run.status, &answer["fault"]["reason"]), (1, &reason.into()), "{at}");
            assert!(answer["physical"].is_null());
        }
        for at in ["0x5f000", "0x3f0000"] {
            assert_eq!(file.run(&["read", at, "-n", "8", "-p", "explorer.exe"]).status, 1, "{at}");
        }
    }
}

/// Puts an image where no module is, with an entry of the loader that no list has; where it lies.
fn hide(m: &mut Machine) -> u64 {
    let wide = m.layout.wide;
    let base = m.pool_end().next_multiple_of(0x1_0000) + 0x10_0000;
    m.memory.map_new(m.root, base, BYTES);
    m.put(base, &module(wide, "evil.sys", BYTES as u32, &[], &[]));
    let l = std::rc::Rc::clone(&m.layout);
    let structure = if l.knows("_KLDR_DATA_TABLE_ENTRY") { "_KLDR_DATA_TABLE_ENTRY" } else { "_LDR_DATA_TABLE_ENTRY" };
    let text = m.store(&crate::builders::windows::layout::utf16("evil.sys"));
    let mut entry = l.record(structure);
    entry.word("DllBase", base).u32("SizeOfImage", BYTES as u32).put("BaseDllName", &unicode(wide, "evil.sys", text));
    let header = if wide { 16 } else { 8 };
    // A block lies in one page.
    let at = m.take(PAGE + 0x400).next_multiple_of(PAGE);
    m.put(at + 4, b"MmLd");
    m.put(at + header, &entry.bytes);
    base
}

#[test]
fn what_hides_in_the_kernel() {
    for mut m in machines() {
        let evil = hide(&mut m);
        // The first bytes of an exported function lead into it.
        let function = m.kernel + 0x1040;
        m.memory.map_new(m.root, function, 0x10);
        let jump = match m.layout.wide {
            true => [&[0x48, 0xb8][..], &(evil + 0x1000).to_le_bytes(), &[0xff, 0xe0]].concat(),
            false => [&[0xb8][..], &(evil as u32 + 0x1000).to_le_bytes(), &[0xff, 0xe0]].concat(),
        };
        m.put(function, &jump);
        let file = File::new(&m.raw());
        let run = file.run(&["modules", "--scan", "--json"]);
        let all: Value = serde_json::from_str(&run.stdout).unwrap();
        let found: Vec<_> = rows(&all).iter().filter(|r| r["hidden"] == true).collect();
        assert_eq!(found.len(), 1, "{all:#}");
        assert_eq!((&found[0]["name"], &found[0]["base"], &found[0]["size"]), (&"evil.sys".into(), &hex(evil), &BYTES.into()));
        assert_eq!((&found[0]["sources"]["list"], &found[0]["sources"]["pool_tag"]), (&false.into(), &true.into()));
        assert_eq!(rows(&all).len(), m.drivers.len() + 1);
        let run = file.run(&["hooks", "--only", "inline", "--json"]);
        let all: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!((rows(&all).len(), &all[0]["name"], &all[0]["target"]), (1, &"ExAllocatePool".into(), &hex(evil + 0x1000)));
        assert_eq!((&all[0]["suspicious"], &all[0]["reason"]), (&true.into(), &"its code is in no module".into()));
        let run = file.run(&["malfind", "--kind", "module,hook", "--json"]);
        let all: Value = serde_json::from_str(&run.stdout).unwrap();
        let told: Vec<_> = rows(&all).iter().map(|r| (r["reason"].as_str().unwrap(), &r["address"])).collect();
        assert!(told.contains(&("driver in no list of modules", &hex(evil))), "{told:?}");
        assert!(told.contains(&("its code is in no module", &hex(evil + 0x1000))), "{told:?}");
        // An image that no list has is read by its base.
        let found = file.whole(&["sections", &format!("{evil:#x}")]);
        assert_eq!(rows(&found).len(), 3);
    }
}

#[test]
fn a_library_that_some_lists_of_the_loader_have() {
    for mut m in machines() {
        let p = m.named("explorer.exe").clone();
        let user = p.user.clone().unwrap();
        let (wide, width) = (m.layout.wide, m.layout.word());
        let head = user.loader + m.layout.at("_PEB_LDR_DATA", "InLoadOrderModuleList");
        let links = m.layout.at("_LDR_DATA_TABLE_ENTRY", "InLoadOrderLinks");
        let flags = m.layout.at("_LDR_DATA_TABLE_ENTRY", "BaseDllName") + 2 * width;
        // The program is never in the third list; ntdll was started, and so has to be; kernel32 was not.
        for (list, members) in [(1, vec![0, 1]), (2, vec![])] {
            let by = list * 2 * width;
            m.put_user(p.root, head + by, &words(wide, &[head + by; 2]));
            for member in members {
                link(&mut m.memory, p.root, wide, head + by, user.entries[member] + links + by);
            }
        }
        let lists = |m: &Machine| {
            let file = File::new(&m.raw());
            let run = file.run(&["malfind", "-p", "explorer.exe", "--kind", "module", "--json"]);
            let all: Value = serde_json::from_str(&run.stdout).unwrap();
            let missing = rows(&all).iter().filter(|r| r["reason"] == "module missing from a list of the loader");
            let told: Vec<String> = missing.map(|r| r["evidence"].as_str().unwrap().to_owned()).collect();
            // All of them are modules.
            assert_eq!(rows(&file.whole(&["modules", "-p", "explorer.exe"])).len(), 3);
            told
        };
        assert_eq!(lists(&m), ["KERNEL32.DLL is in the list in load order, and not in that in memory order"]);
        let third = head + 4 * width;
        link(&mut m.memory, p.root, wide, third, user.entries[2] + links + 4 * width);
        m.put_user(p.root, user.entries[1] + flags, &0x8_0000u32.to_le_bytes());
        let told = lists(&m);
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(
            told[0].starts_with("ntdll.dll is in the list in load order and memory order, and not in that in init"),
            "{told:?}"
        );
    }
}
