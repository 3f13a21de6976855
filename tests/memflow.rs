//! memflow's own published plugins through the bridge: the real ones, installed in a folder as memflow installs them.
//!
//! `plugins/memflow-bridge/test` builds the bridge and the plugins, and runs this with `MEMSH_MEMFLOW` set to the folder in which they
//! are: `bridge/` and `installed/`. Without it there is nothing to test, and each test says so.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::unnecessary_cast
)]

mod builders;
mod cli;

use builders::crashdump::{Dump, bits};
use builders::windows::layout::Layout;
use builders::windows::memory::{Mode, PAGE};
use builders::windows::{Machine, Options, usual};
use memsh::os::Hints;
use memsh::plugins::chain::{self, Access, Kind, LayerSpec};
use memsh_plugin::{MemoryView, ProcessInfo, ProcessInstanceBox, Status, VirtAddr, VirtReadOp, VirtWriteOp};
use memsh_plugin::{PhysAddr, PhysReadOp, Process};
use object::{Object, ObjectSection, ObjectSymbol};
use std::path::{Path, PathBuf};

/// The folder, or none with a word about it.
fn made() -> Option<PathBuf> {
    let folder = std::env::var_os("MEMSH_MEMFLOW").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: MEMSH_MEMFLOW is not set; plugins/memflow-bridge/test sets it");
    }
    folder
}

/// memsh with the bridge, and memflow's plugins from `installed` alone.
fn memsh(folder: &Path, installed: &Path, words: &[&str]) -> cli::Run {
    let home = tempfile::tempdir().unwrap();
    let text = |p: &Path| p.to_str().unwrap().to_owned();
    let (bridge, installed, home) = (text(&folder.join("bridge")), text(installed), text(home.path()));
    cli::with_environment(words, &[("MEMSH_PLUGIN_PATH", &bridge), ("MEMFLOW_PLUGIN_PATH", &installed), ("HOME", &home)])
}

/// The same, of which JSON comes.
fn json(folder: &Path, words: &[&str]) -> serde_json::Value {
    let run = memsh(folder, &folder.join("installed"), &[words, &["--json"]].concat());
    assert_eq!(run.status, 0, "{words:?}: {}", run.stderr);
    serde_json::from_str(&run.stdout).unwrap()
}

fn machine() -> Machine {
    usual::machine(Layout::of(true, "10.0.19041.264"), Options::new(Mode::X64))
}

/// A crash dump of it in two pieces: a full one, or one with a bitmap.
fn dump(m: &Machine, kind: u32) -> (Vec<u8>, [(u64, u64); 2]) {
    let pages = m.memory.bytes.len() as u64 / PAGE;
    let runs = [(1, 0x9e), (0x100, pages - 0x100)];
    let mut dump = Dump::of(true, kind);
    dump.u32(0xc, m.layout.build).dtb(m.root).addresses([m.driver_head, m.process_head, 0, 0]);
    let present = |page: u64| runs.iter().any(|&(first, count)| page >= first && page - first < count);
    if kind == 1 {
        dump.descriptor(2, runs[0].1 + runs[1].1, &runs);
    } else {
        let frames: Vec<u64> = (0..pages).filter(|&p| present(p)).collect();
        let (at, bits) = (dump.header_size(), bits(&frames, pages));
        let first = (at + 0x38 + bits.len()).next_multiple_of(PAGE as usize);
        dump.put(at, b"FDMPDUMP").u64(at + 0x20, first as u64).u64(at + 0x28, frames.len() as u64).u64(at + 0x30, pages);
        dump.put(at + 0x38, &bits).put(first - 1, &[0]);
    }
    for (first, count) in runs {
        dump.then(&m.memory.bytes[(first * PAGE) as usize..((first + count) * PAGE) as usize]);
    }
    (dump.build(), runs)
}

#[test]
fn what_is_installed_is_listed() {
    let Some(folder) = made() else { return };
    let list = json(&folder, &["plugins", "list"]);
    let row = |name: &str, kind: &str| {
        let found = list.as_array().unwrap().iter().find(|r| r["name"] == name && r["kind"] == kind);
        found.unwrap_or_else(|| panic!("{name}: {list:#}")).clone()
    };
    for (name, kind, version) in [
        ("memflow:coredump", "connector", "0.2.0-beta7"),
        ("memflow:qemu", "connector", "0.2.1"),
        ("memflow:native", "os", "0.2.6"),
    ] {
        let r = row(name, kind);
        assert_eq!((&r["version"], &r["state"]), (&version.into(), &"usable".into()), "{r:#}");
        assert!(r["path"].as_str().unwrap().starts_with(folder.join("installed").to_str().unwrap()), "{r:#}");
    }
    assert_eq!(row("memflow", "connector")["state"], "usable");
    assert!(row("memflow:native", "os")["path"].as_str().unwrap().ends_with("libmemflow_native.so"), "the newest of a name");
    let info = json(&folder, &["plugins", "info", "memflow:coredump"]);
    let info = info.as_array().map_or(&info, |all| &all[0]);
    assert_eq!((&info["usage"], &info["family"]), (&"-C memflow:coredump[:ARGUMENTS]".into(), &"memflow".into()), "{info:#}");
    // What it is made with goes to memflow unread.
    let info = json(&folder, &["plugins", "info", "memflow"]);
    assert_eq!(info[0]["arguments"][0]["kind"], "rest", "{info:#}");
}

#[test]
fn what_memflow_refuses_is_said_with_the_reason() {
    let Some(folder) = made() else { return };
    let own = tempfile::tempdir().unwrap();
    let plugin = std::fs::read_dir(folder.join("installed")).unwrap().flatten().map(|e| e.path());
    let plugin = plugin.into_iter().find(|p| p.to_string_lossy().contains("coredump")).unwrap();
    let mut bytes = std::fs::read(&plugin).unwrap();
    // Another version of memflow's interface, in its descriptor's first word.
    let at = {
        let file = object::File::parse(&*bytes).unwrap();
        let symbol = file.dynamic_symbols().find(|s| s.name() == Ok("MEMFLOW_CONNECTOR_COREDUMP")).unwrap();
        let section = file.section_by_index(symbol.section_index().unwrap()).unwrap();
        (section.file_range().unwrap().0 + symbol.address() - section.address()) as usize
    };
    assert_eq!(bytes[at..at + 4], 1u32.to_le_bytes());
    bytes[at] = 9;
    std::fs::write(own.path().join("libold.so"), &bytes).unwrap();
    std::fs::write(own.path().join("libtext.so"), "no shared object").unwrap();
    let run = memsh(&folder, own.path(), &["plugins", "list", "--json"]);
    let list: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let reason = |name: &str| {
        let found = list.as_array().unwrap().iter().find(|r| r["name"] == name);
        let found = found.unwrap_or_else(|| panic!("{name}: {list:#}"));
        assert_eq!(found["state"], "unusable");
        found["reason"].as_str().unwrap().to_owned()
    };
    assert!(reason("memflow:coredump").contains("is of version 9 of memflow's plugin interface; memflow 0.2 has 1"));
    assert!(reason("memflow:libtext.so").contains("memflow says: "), "{}", reason("memflow:libtext.so"));
    let run = memsh(&folder, own.path(), &["-C", "memflow:coredump:/tmp/x", "info"]);
    assert!(run.status != 0 && run.stderr.contains("is of version 9"), "{}", run.stderr);
    let run = memsh(&folder, own.path(), &["-C", "memflow:nothing", "info"]);
    assert!(run.stderr.contains("memflow has no connector \"nothing\"; installed: coredump (looked in"), "{}", run.stderr);
    let run = memsh(&folder, &folder.join("installed"), &["-C", "memflow:coredump:/nowhere/at/all", "info"]);
    assert!(run.status != 0 && run.stderr.contains("memflow says: connector: "), "{}", run.stderr);
    assert!(run.stderr.contains("unable to open coredump file"), "what memflow logged is told: {}", run.stderr);
    let run = memsh(&folder, &folder.join("installed"), &["-C", "memflow", "info"]);
    assert!(run.status == 2 || run.stderr.contains("memflow needs member"), "{}", run.stderr);
}

#[test]
fn a_crash_dump_is_the_same_through_memflow() {
    let Some(folder) = made() else { return };
    let own = tempfile::tempdir().unwrap();
    let m = machine();
    for kind in [1, 5] {
        let (bytes, runs) = dump(&m, kind);
        let path = own.path().join(format!("{kind}.dmp"));
        std::fs::write(&path, &bytes).unwrap();
        let path = path.to_str().unwrap();
        let through = format!("memflow:coredump:{path}");
        // Every page of both readers' memory, holes among them.
        let open = |spec: &[LayerSpec], image| chain::open(image, spec, &Hints::default(), &access(&folder)).unwrap();
        let built_in = open(&[LayerSpec::new(Kind::Connector, &format!("file:{path}"))], None).image.memory;
        let bridged = open(&[LayerSpec::new(Kind::Connector, &through)], None).image.memory;
        let pages = m.memory.bytes.len() as u64 / PAGE;
        let (mut there, mut missing) = (0, 0);
        for batch in (0..pages).collect::<Vec<u64>>().chunks(64) {
            let mut buffers = vec![vec![0xeeu8; PAGE as usize]; batch.len() * 2];
            let (a, b) = buffers.split_at_mut(batch.len());
            let ops = |buffers: &mut [Vec<u8>], memory: &memsh::engine::Memory| -> Vec<Status> {
                let mut ops: Vec<PhysReadOp> =
                    batch.iter().zip(buffers).map(|(&p, b)| PhysReadOp::new(PhysAddr::new(p * PAGE), b)).collect();
                memory.read_ops(&mut ops);
                ops.iter().map(|op| op.status).collect()
            };
            assert_eq!(ops(a, &built_in), ops(b, &bridged), "type {kind}, pages {batch:?}");
            for (page, (a, b)) in batch.iter().zip(a.iter().zip(b)) {
                assert_eq!(a, b, "type {kind}, page {page:#x}");
                let within = runs.iter().any(|&(first, count)| *page >= first && page - first < count);
                if within { there += 1 } else { missing += 1 }
            }
        }
        assert_eq!((there, missing), (runs[0].1 + runs[1].1, 1 + 0x100 - 0x9f), "type {kind}");
        // Across the end of a run: what is there, and that the rest is not.
        let mut word = [0xeeu8; 16];
        let mut ops = [PhysReadOp::new(PhysAddr::new(0x9f * PAGE - 8), &mut word)];
        bridged.read_ops(&mut ops);
        assert_eq!(ops[0].status, Status::PARTIAL);
        assert_eq!(word[..8], m.memory.bytes[(0x9f * PAGE - 8) as usize..(0x9f * PAGE) as usize]);
        assert_eq!(word[8..], [0; 8]);
        // And the system in it: memsh's OS layer on memflow's connector.
        let system = chain::open(
            None,
            &[LayerSpec::new(Kind::Connector, &through), LayerSpec::new(Kind::Os, "windows")],
            &Hints::default(),
            &access(&folder),
        );
        let (system, _) = system.unwrap().system.unwrap();
        let listed = Result::from(system.os.processes()).unwrap().items.to_vec();
        let written: Vec<u32> = m.processes.iter().filter(|p| !p.spec.unlinked).map(|p| p.spec.pid).collect();
        assert_eq!(listed.iter().map(|p| p.pid).collect::<Vec<_>>(), written, "type {kind}");
    }
}

#[test]
fn formats_of_memsh_in_memflow() {
    let Some(folder) = made() else { return };
    if !folder.join("installed/libmemflow_memsh.so").exists() {
        eprintln!("skipped: REVERSE=1 plugins/memflow-bridge/test builds what this tests");
        return;
    }
    let own = tempfile::tempdir().unwrap();
    let pages: Vec<u8> = builders::pattern(16 * PAGE as usize, 4);
    // Two pieces with a hole between them, which only a format can tell.
    let (low, high) = pages.split_at(4 * PAGE as usize);
    let path = own.path().join("m.lime");
    std::fs::write(&path, builders::lime::lime(&[(0x1000, low), (0x10_0000, high)])).unwrap();
    let spec = LayerSpec::new(Kind::Connector, &format!("memflow:memsh:{}", path.display()));
    let memory = chain::open(None, &[spec], &Hints::default(), &access(&folder)).unwrap().image.memory;
    let mut all = vec![0xee; pages.len()];
    let (a, b) = all.split_at_mut(low.len());
    let mut hole = [0xee; 64];
    let mut ops = [(0x1000, a), (0x10_0000, b), (0x8000, &mut hole[..])].map(|(at, b)| PhysReadOp::new(PhysAddr::new(at), b));
    memory.read_ops(&mut ops);
    assert_eq!(ops.map(|op| op.status), [Status::DONE, Status::DONE, Status::MISSING]);
    assert!(all == pages && hole == [0; 64]);
}

fn access(folder: &Path) -> Access {
    Access { plugins: vec![folder.join("bridge")], write: true, ..Access::default() }
}

/// This machine through memflow-native, and this very process in it.
fn this_process(folder: &Path, write: bool) -> (ProcessInfo, ProcessInstanceBox<'static>) {
    let layers = [LayerSpec::new(Kind::Os, "memflow:native")];
    let opened = chain::open(None, &layers, &Hints::default(), &Access { write, ..access(folder) }).unwrap();
    let (layer, _) = opened.system.unwrap();
    let listed = Result::from(layer.os.processes()).unwrap().items.to_vec();
    let own = listed.into_iter().find(|p| p.pid == std::process::id()).unwrap();
    let process = Result::from(layer.os.process(own.address)).unwrap();
    (own, process)
}

#[test]
fn this_machine_through_memflow_native() {
    let Some(folder) = made() else { return };
    let (info, process) = this_process(&folder, false);
    assert!(info.name.to_string_lossy().starts_with("memflow"), "{info:?}");
    let secret: Vec<u8> = builders::pattern(3 << 20, 77);
    let at = secret.as_ptr().addr() as u64;
    let mut buffer = vec![0u8; secret.len()];
    let read = |ops: &mut [VirtReadOp]| process.read_virt(ops.into());
    let mut ops = [VirtReadOp::new(VirtAddr::new(at as _), &mut buffer)];
    read(&mut ops);
    assert_eq!(ops[0].status, Status::DONE);
    assert!(buffer == secret, "what was read of this process is what it holds");
    // A batch with a gap in it: memflow-native calls the gap read and the next operation failed.
    let mut small = [[0xeeu8; 32]; 4];
    let [a, b, c, d] = &mut small;
    let gap = 0x10;
    let mut ops = [(at, a), (gap, b), (at + 100, c), (at + 4000, d)].map(|(at, b)| VirtReadOp::new(VirtAddr::new(at as _), b));
    read(&mut ops);
    assert_eq!(ops.map(|op| op.status), [Status::DONE, Status::MISSING, Status::DONE, Status::DONE]);
    assert_eq!((small[0][..].to_vec(), small[1]), (secret[..32].to_vec(), [0; 32]));
    assert_eq!((&small[2][..], &small[3][..]), (&secret[100..132], &secret[4000..4032]));
    // It lies in a region, and the program among the modules.
    let regions = Result::from(process.regions()).unwrap().items.to_vec();
    let region = regions.iter().find(|r| r.start.value() <= at as _ && (at as memsh_plugin::umem) < r.end.value()).unwrap();
    assert!(region.read && region.write && !region.execute);
    assert!(regions.is_sorted_by_key(|r| r.start));
    let modules = Result::from(process.modules()).unwrap().items.to_vec();
    let program = modules.iter().find(|m| m.name == info.name).unwrap();
    let code = this_machine_through_memflow_native as fn() as usize as u64;
    assert!(regions.iter().any(|r| r.execute && r.start.value() <= code as _ && (code as memsh_plugin::umem) < r.end.value()));
    assert!(program.size > 0 && program.base.value() > 0);
    // Without the right to write nothing is written.
    let mut ops = [VirtWriteOp::new(VirtAddr::new(at as _), &[1, 2, 3])];
    process.write_virt((&mut ops[..]).into());
    assert_eq!(ops[0].status, Status::READ_ONLY);
    assert!(buffer == secret);
}

#[test]
fn with_the_right_to_write_memory_changes() {
    let Some(folder) = made() else { return };
    let (_, process) = this_process(&folder, true);
    let target = vec![5u8; 10_000];
    let target = std::hint::black_box(target);
    let at = target.as_ptr().addr() as u64;
    let new = builders::pattern(9_000, 3);
    let mut ops = [VirtWriteOp::new(VirtAddr::new(at as _), &new), VirtWriteOp::new(VirtAddr::new(16), &new)];
    process.write_virt((&mut ops[..]).into());
    assert_eq!(ops.map(|op| op.status), [Status::DONE, Status::FAILED]);
    // Changed behind the compiler's back: it must look again.
    let target = std::hint::black_box(target);
    assert!(target[..9_000] == new && target[9_000..].iter().all(|&b| b == 5));
}

#[test]
fn commands_work_on_memflow_native() {
    let Some(folder) = made() else { return };
    let marker = format!("memsh-marker-{}-{}", std::process::id(), 0x5eed);
    // Somebody else to look at, whose environment has the marker.
    let mut sleeper = std::process::Command::new("sleep").arg("60").env("MARKER", &marker).spawn().unwrap();
    let pid = sleeper.id().to_string();
    // It is this program until it has become the other one.
    std::thread::sleep(std::time::Duration::from_millis(300));
    let os = ["-O", "memflow:native"];
    let ask = |words: &[&str]| json(&folder, &[&os[..], words].concat());
    let listed = ask(&["ps"]);
    let row = listed.as_array().unwrap().iter().find(|r| r["pid"] == sleeper.id());
    assert_eq!((&row.unwrap()["name"], &row.unwrap()["command_line"]), (&"sleep".into(), &"sleep 60".into()));
    let maps = ask(&["maps", &pid]);
    let stack = maps.as_array().unwrap().iter().rfind(|r| r["perm"] == "rw-p").unwrap();
    assert!(maps.as_array().unwrap().iter().any(|r| r["perm"].as_str().unwrap().contains('x')), "{maps:#}");
    let modules = ask(&["modules", "-p", &pid]);
    assert!(modules.as_array().unwrap().iter().any(|m| m["name"].as_str().unwrap().starts_with("libc")), "{modules:#}");
    let found = memsh(&folder, &folder.join("installed"), &[&os[..], &["scan", "-p", &pid, &marker, "--json"]].concat());
    // Whether another process may be read is the system's affair (Yama's ptrace_scope).
    if found.status == 0 {
        let hits: serde_json::Value = serde_json::from_str(&found.stdout).unwrap();
        let at = hits[0]["address"].as_str().unwrap().to_owned();
        let read =
            memsh(&folder, &folder.join("installed"), &[&os[..], &["read", "--raw", "-p", &pid, &at, "-n", "18"]].concat());
        assert_eq!(read.stdout.as_bytes(), &marker.as_bytes()[..18], "{stack:#}");
    } else {
        assert!(!found.stderr.is_empty());
    }
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
}
