//! A tiny Windows with words of its memory overwritten.

#[path = "../tests/builders/windows/mod.rs"]
#[allow(dead_code, reason = "the tests use what the fuzzer does not")]
mod builder;

use builder::layout::Layout;
use builder::memory::Mode;
use builder::net::{WINDOWS_7_X86, WINDOWS_10_2004_X64};
use builder::{Machine, Options, registry, usual};
use memsh::engine::AddressSpace;
use memsh::engine::search::Options as SearchOptions;
use memsh::image::{OpenOptions, open_bytes};
use memsh::os::windows::objects::Objects;
use memsh::os::windows::pe::binding::{Module, Modules};
use memsh::os::windows::pe::{exports::exports, imports::imports, loaded::Loaded, rebuild::rebuild};
use memsh::os::windows::registry::{Hive, Key, Registry, accounts, machine};
use memsh::os::windows::{Effort, Kernel, console, detect, keyboard, net, services};
use memsh::os::{Hints, Lost, OsLayer};
use memsh::{PhysAddr, VirtAddr, umem};
use memsh_plugin::{CResult, Process, ProcessInfo};
use std::collections::HashSet;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;

/// One machine of each family of layouts.
const MACHINES: [(&str, Mode); 10] = [
    ("5.2.3790.3959", Mode::X64),
    ("6.1.7601.17514", Mode::X64),
    ("6.2.9200.16384", Mode::X64),
    ("6.3.9600.17415", Mode::X64),
    ("10.0.19041.264", Mode::X64),
    ("10.0.26100.1742", Mode::La57),
    ("5.0.2195", Mode::X86),
    ("5.1.2600.5512", Mode::Pae),
    ("6.1.7601.17514", Mode::X86),
    ("10.0.19045.2965", Mode::Pae),
];

/// A machine that is intact, and where in its memory something is.
struct Ground {
    bytes: Vec<u8>,
    root: u64,
    kernel: u64,
    /// Physical and virtual addresses of structures worth overwriting.
    spots: Vec<(usize, u64)>,
}

impl Ground {
    fn get(which: usize) -> &'static Ground {
        static GROUNDS: OnceLock<Vec<Ground>> = OnceLock::new();
        &GROUNDS.get_or_init(|| MACHINES.map(|(release, mode)| Ground::of(release, mode)).into())[which % MACHINES.len()]
    }

    fn of(release: &str, mode: Mode) -> Ground {
        let (layout, options) = (Layout::of(mode.wide(), release), Options::new(mode));
        // What hives look like is not known of the oldest.
        let (mut m, hives, bins_root) = if layout.knows("_CMHIVE") {
            let written = registry::machine(layout, options);
            (written.machine, written.hives, written.bins_root)
        } else {
            (usual::machine(layout, options), Vec::new(), 0)
        };
        let root = m.root;
        // Nor what a file object is.
        let pool = if m.layout.knows("_FILE_OBJECT") { pool(&mut m) } else { Vec::new() };
        let mut places = vec![(root, m.kernel), (root, m.process_head), (root, m.driver_head), (root, m.shared())];
        // A patch names one of the first 256.
        for hive in &hives {
            places.push((root, hive.address));
            places.push((root, hive.address + m.layout.at("_CMHIVE", "HiveList")));
            // Of the one above all the volatile half alone.
            places.push((if hive.bins.halves[0].is_empty() { root } else { bins_root }, hive.block));
        }
        places.extend(m.driver_entries.iter().map(|at| (root, *at)));
        places.extend(pool.into_iter().map(|at| (root, at)));
        for p in &m.processes {
            places.extend([p.address, p.token, p.sid].map(|at| (root, at)));
            places.extend(p.threads.iter().chain(&p.tree.nodes).map(|at| (root, *at)));
            if let Some(u) = &p.user {
                places.extend([u.peb, u.parameters, u.environment, u.loader].map(|at| (p.root, at)));
                places.extend(u.entries.iter().map(|at| (p.root, *at)));
            }
        }
        let mut spots: Vec<(usize, u64)> =
            places.into_iter().filter_map(|(root, at)| Some((m.memory.translate(root, at)? as usize, at))).collect();
        // Roots of page tables.
        spots.extend(m.processes.iter().map(|p| (p.root as usize, p.root)));
        Ground { root, kernel: m.kernel, spots, bytes: m.raw() }
    }

    /// The machine, overwritten. A patch is 12 bytes: which structure, where in it, how, and eight bytes of value.
    fn torn(&self, patches: &[u8]) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        for patch in patches.chunks_exact(12).take(32) {
            let (from, own) = self.spots[usize::from(patch[0]) % self.spots.len()];
            let within = usize::from(u16::from_le_bytes([patch[1], patch[2]])) % 4096;
            let value: [u8; 8] = patch[4..].try_into().expect("eight bytes");
            let other = self.spots[usize::from(value[0]) % self.spots.len()].1;
            let new = match patch[3] % 4 {
                0 => u64::from_le_bytes(value),
                // A pointer to another structure, to somewhere in it, or to itself.
                1 => other,
                2 => other.wrapping_add(u64::from(value[1]) * 4),
                _ => own.wrapping_add(within as u64 / 4 * 4),
            };
            let (from, size) = (from + within / 4 * 4, if patch[3] & 0x80 == 0 { 8 } else { 4 });
            if let Some(place) = bytes.get_mut(from..from + size) {
                place.copy_from_slice(&new.to_le_bytes()[..size]);
            }
        }
        bytes
    }
}

/// Endpoints and files in the pool, laid out as one release has it: of others they are torn from the start.
fn pool(m: &mut Machine) -> Vec<u64> {
    let e = if m.layout.wide { &WINDOWS_10_2004_X64 } else { &WINDOWS_7_X86 };
    let owner = m.processes[0].address;
    let near: (&[u8], u16) = (&[10, 0, 0, 7], 50123);
    vec![
        m.bound(e, false, owner, &[0; 4], 445),
        m.joined(e, owner, near, (&[192, 0, 2, 9], 443), 4),
        m.bound(e, true, owner, &[0; 16], 137),
        m.file("\\Windows\\notes.txt", 0x20, false),
    ]
}

/// Finds the system and lists everything of it. The first byte says which machine, the second what is known before.
pub fn windows(data: &[u8]) {
    let [which, how, patches @ ..] = data else { return };
    let ground = Ground::get(usize::from(*which));
    let options = OpenOptions { format: Some("raw".to_owned()), ..OpenOptions::default() };
    let image = open_bytes(ground.torn(patches), "fuzz", &options).expect("raw memory opens");
    let hints = Hints {
        dtb: (how & 1 == 0).then(|| PhysAddr::new(umem::from(ground.root))),
        kernel_base: (how & 2 == 0).then(|| VirtAddr::new(umem::from(ground.kernel))),
        ..Hints::default()
    };
    // A pass over all of memory now and then: it takes its time.
    let effort = if how % 16 == 15 { Effort::Thorough } else { Effort::Quick };
    match detect(&image.memory, &hints, effort).layer {
        Ok(layer) => ask(&layer),
        Err(e) => assert!(!e.reason().is_empty()),
    }
}

fn ask(layer: &OsLayer) {
    let os = &*layer.os;
    let _ = os.os_info();
    if let Some(kernel) = &layer.windows {
        registry_of(kernel);
    }
    if let CResult::Ok(modules) = os.kernel_modules() {
        assert!(modules.items.len() < 100_000);
    }
    if let Some(kernel) = &layer.windows {
        image(&kernel.space, kernel.image.base);
    }
    let CResult::Ok(processes) = os.processes() else { return };
    let mut seen = HashSet::new();
    for p in processes.items.iter() {
        assert!(seen.insert(p.address), "no process twice");
    }
    for p in processes.items.iter().take(16) {
        let CResult::Ok(process) = os.process(p.address) else { continue };
        let _ = (process.threads(), process.modules(), process.arguments(), process.environment());
        if let CResult::Ok(regions) = process.regions() {
            let mut before = None;
            for r in regions.items.iter() {
                assert!(r.start < r.end && before.is_none_or(|b| b <= r.start));
                before = Some(r.start);
            }
        }
    }
    if let Some(kernel) = &layer.windows {
        found(kernel, &processes.items);
    }
}

/// What is found by searches.
fn found(kernel: &Kernel, processes: &[ProcessInfo]) {
    let stop = AtomicBool::new(false);
    let options = SearchOptions::new(&stop);
    let (endpoints, _) = net::endpoints(kernel, &options);
    assert!(endpoints.items.iter().all(|e| e.owner.is_some() || e.local.address.is_some()));
    let objects = Objects::new(kernel);
    let _ = objects.found_files(&options);
    for p in processes.iter().take(4) {
        let _ = console::history(kernel, p.address, &|| true);
    }
    let _ = keyboard::keys(kernel);
}

/// What a module gives, takes, and is as a file.
fn image(view: &AddressSpace, base: VirtAddr) {
    let mut lost = Lost::default();
    let Ok(image) = Loaded::open(view, base, "fuzz", None, &mut lost) else { return };
    let _ = exports(&image, &mut lost);
    let taken = imports(&image, &mut lost);
    assert!(taken.len() <= 1 << 17);
    let modules = Modules::new(view, vec![Module { name: "fuzz".to_owned(), base, size: 0x10_0000 }], true);
    for import in taken.iter().take(64) {
        let _ = modules.judge(import);
    }
    let rebuilt = rebuild(&image, &mut lost);
    assert!(rebuilt.bytes <= 1 << 30);
}

/// Keys and values of every hive, and what is made of them.
fn registry_of(kernel: &Kernel) {
    let registry = Registry::new(kernel, None);
    for hive in registry.hives.iter().take(16) {
        let mut open: Vec<Key> = hive.root_key().into_iter().collect();
        let mut seen = HashSet::new();
        while let Some(key) = open.pop().filter(|_| seen.len() < 4096) {
            values(hive, &key);
            let below = hive.cells().subkeys(&key).all.into_iter().filter_map(|e| e.found);
            open.extend(below.filter(|k| seen.insert(k.cell)));
        }
    }
    let _ = (accounts::names(&registry), machine::facts(kernel));
    let services = services::services(kernel, &registry);
    assert!(services.items.iter().all(|s| s.entry.is_some() || s.record.is_some()));
}

fn values(hive: &Hive, key: &Key) {
    for value in hive.cells().values(key).all.into_iter().filter_map(|e| e.found).take(256) {
        if let Some(data) = hive.cells().data(&value) {
            assert_eq!(data.len(), value.size as usize, "as much as it says, or nothing");
        }
    }
}
