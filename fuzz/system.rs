//! A real system with words of its structures overwritten.

use memsh::engine::AddressSpace;
use memsh::image::{OpenOptions, open_bytes};
use memsh::os::linux::{Kernel, Linux, LinuxProcess};
use memsh::os::{Hints, detect};
use memsh::symbols::{Symbols, Types, TypesExt};
use memsh::{PhysAddr, VirtAddr, umem};
use memsh_plugin::{CResult, Os, Process};
use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

/// What the intact sample says.
pub(crate) struct Ground {
    pub bytes: Vec<u8>,
    pub paging: memsh::arch::Paging,
    pub root: PhysAddr,
    pub base: VirtAddr,
    pub symbols: Arc<dyn Symbols>,
    pub types: Arc<dyn Types>,
    /// Structures worth overwriting: virtual and physical address.
    pub spots: Vec<(u64, usize)>,
    init_task: u64,
    pub tasks: u64,
    /// Which of the spots are tasks, and where in one its name is.
    pub tasks_at: HashSet<u64>,
    pub comm: usize,
    /// Root of the page tables and of the tree of regions, of each process.
    pub spaces: Vec<(u64, u64)>,
    kernel: AddressSpace,
}

pub(crate) fn number(value: umem) -> u64 {
    u64::try_from(value).expect("a 64-bit system")
}

impl Ground {
    /// Where an address of the kernel lies in the image.
    pub fn position(&self, at: u64) -> Option<usize> {
        let phys = self.kernel.translate_one(VirtAddr::new(umem::from(at))).ok()?.phys;
        usize::try_from(number(phys.value())).ok().filter(|p| *p < self.bytes.len())
    }

    pub fn get() -> &'static Ground {
        static GROUND: OnceLock<Ground> = OnceLock::new();
        GROUND.get_or_init(Ground::find)
    }

    fn find() -> Ground {
        let packed: &'static [u8] = include_bytes!("../assets/sample.raw.zst");
        let image = open_bytes(packed, "sample", &OpenOptions::default()).expect("the sample opens");
        let layer = detect(&image.memory, &Hints::default()).layer.expect("the sample has a system");
        let mut bytes = vec![0; usize::try_from(image.facts.memory_size).expect("it is small")];
        image.memory.read_gaps(PhysAddr::NULL, &mut bytes);
        let position = |at: u64| {
            let phys = layer.kernel.translate_one(VirtAddr::new(umem::from(at))).ok()?.phys;
            usize::try_from(number(phys.value())).ok()
        };
        let word = |at: u64| {
            let from = position(at)?;
            Some(u64::from_le_bytes(bytes.get(from..from + 8)?.try_into().ok()?))
        };
        let offset = |s: &str, path: &str| layer.types.field(s, path).expect("a member").offset;
        let mut spots: Vec<u64> = Vec::new();
        let (mut tasks_at, mut spaces) = (HashSet::new(), Vec::new());
        for name in
            ["init_task", "modules", "init_uts_ns", "init_pid_ns", "vmcoreinfo_data", "init_top_pgt", "__start_BTF", "tk_core"]
        {
            spots.extend(layer.symbols.address(name).map(|a| number(a.value())));
        }
        let init_task = spots[0];
        for module in Result::from(layer.os.kernel_modules()).expect("its modules").items.iter() {
            spots.extend(module.address.get().map(|a| number(a.value())));
        }
        for p in Result::from(layer.os.processes()).expect("its processes").items.iter().filter(|p| !p.kernel_thread) {
            let task = number(p.address.value());
            spots.push(task);
            tasks_at.insert(task);
            for path in ["signal", "cred", "fs", "mm", "thread_pid", "real_parent"] {
                spots.extend(word(task + offset("task_struct", path)));
            }
            let Some(mm) = word(task + offset("task_struct", "mm")) else { continue };
            spots.extend(word(mm + offset("mm_struct", "pgd")));
            spots.extend(word(mm + offset("mm_struct", "mm_mt.ma_root")).map(|n| n & !255));
            spaces.extend(word(mm + offset("mm_struct", "pgd")).zip(word(mm + offset("mm_struct", "mm_mt.ma_root"))));
            let Some(file) = word(mm + offset("mm_struct", "exe_file")) else { continue };
            spots.push(file);
            spots.extend(word(file + offset("file", "f_inode")));
            let mut dentry = word(file + offset("file", "f_path.dentry"));
            for _ in 0..3 {
                spots.extend(dentry);
                dentry = dentry.and_then(|d| word(d + offset("dentry", "d_parent")));
            }
        }
        let mut seen = HashSet::new();
        let spots = spots.into_iter().filter(|s| seen.insert(*s)).filter_map(|s| Some((s, position(s)?))).collect();
        Ground {
            paging: layer.paging,
            root: layer.kernel.root(),
            base: layer.symbols.address("_text").expect("its start"),
            symbols: Arc::clone(&layer.symbols),
            types: Arc::clone(&layer.types),
            spots,
            init_task,
            tasks: offset("task_struct", "tasks"),
            comm: usize::try_from(offset("task_struct", "comm")).expect("small"),
            tasks_at,
            spaces,
            kernel: layer.kernel.clone(),
            bytes,
        }
    }

    /// The sample, overwritten. A patch is 12 bytes: which structure, where in it, how, and eight bytes of value.
    fn torn(&self, patches: &[u8]) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        for patch in patches.chunks_exact(12).take(32) {
            let (_, from) = self.spots[usize::from(patch[0]) % self.spots.len()];
            let within = usize::from(u16::from_le_bytes([patch[1], patch[2]])) % 8192;
            let value = &patch[4..];
            let other = self.spots[usize::from(value[0]) % self.spots.len()].0;
            let new = match patch[3] % 5 {
                0 => u64::from_le_bytes(value.try_into().expect("eight bytes")),
                // A pointer to another structure, to somewhere in it, or to itself.
                1 => other,
                2 => other.wrapping_add(u64::from(value[1]) * 8),
                3 => self.init_task.wrapping_add(self.tasks),
                _ => self.spots[usize::from(patch[0]) % self.spots.len()].0.wrapping_add(within as u64),
            };
            let from = if patch[3] & 0x80 == 0 { from + within / 8 * 8 } else { from + within };
            if let Some(place) = bytes.get_mut(from..from + 8) {
                place.copy_from_slice(&new.to_le_bytes());
            }
        }
        bytes
    }
}

/// Lists everything of the sample after patching it; the first byte says whether its system is looked for again.
pub fn linux(data: &[u8]) {
    let Some((&how, patches)) = data.split_first() else { return };
    let ground = Ground::get();
    let options = OpenOptions { format: Some("raw".to_owned()), ..OpenOptions::default() };
    let image = open_bytes(ground.torn(patches), "fuzz", &options).expect("raw memory opens");
    if how % 8 == 0 {
        match detect(&image.memory, &Hints::default()).layer {
            Ok(layer) => ask(&*layer.os),
            Err(e) => assert!(!e.reason().is_empty()),
        }
        return;
    }
    let space = AddressSpace::new(image.memory.clone(), ground.paging, ground.root).with_software(memsh::engine::Software::Linux);
    let kernel = Kernel::new(space, Arc::clone(&ground.symbols), Arc::clone(&ground.types), ground.base);
    let system = Linux::new(kernel);
    ask(&system);
    for at in system.0.processes_by_id().into_iter().take(4) {
        let _ = LinuxProcess::new(Arc::clone(&system.0), at).map(|p| p.process_info());
    }
}

/// Looks for a kernel in a memory in which `data` lies where a kernel's image can begin, as code, as a header or as tables.
pub fn begin(data: &[u8]) {
    const PLACE: usize = 2 << 20;
    let Some((&how, data)) = data.split_first() else { return };
    let mut bytes = vec![0; 4 << 20];
    let mut put = |at: usize, data: &[u8]| {
        if let Some(to) = bytes.get_mut(at..at + data.len()) {
            to.copy_from_slice(data);
        }
    };
    put(PLACE, data);
    put(PLACE + (64 << 10), data);
    // Tables of it: the same again all over the image.
    for at in (PLACE + (128 << 10)..(4 << 20)).step_by(64 << 10) {
        put(at + (usize::from(how) >> 4) * 0x100, data);
    }
    match how & 3 {
        1 => put(PLACE + 56, b"ARM\x64"),
        2 => put(PLACE + 48, b"RISCV\0\0\0RSC\x05"),
        _ => {}
    }
    put((4 << 20) - 4096, b"Linux version 6.6.1-fuzz (a@b) (gcc) #1 SMP 2026\n\0");
    let options = OpenOptions { format: Some("raw".to_owned()), ..OpenOptions::default() };
    let image = open_bytes(bytes, "fuzz", &options).expect("raw memory opens");
    let hints = Hints { movable: how & 4 != 0, ..Hints::default() };
    if let Err(e) = detect(&image.memory, &hints).layer {
        assert!(!e.reason().is_empty());
    }
}

pub(crate) fn ask(os: &dyn Os) {
    let _ = os.os_info();
    if let CResult::Ok(modules) = os.kernel_modules() {
        assert!(modules.items.len() < 100_000);
    }
    let CResult::Ok(processes) = os.processes() else { return };
    let mut seen = HashSet::new();
    for p in processes.items.iter() {
        assert!(seen.insert(p.address), "no process twice");
    }
    for p in processes.items.iter().filter(|p| !p.kernel_thread).take(4) {
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
}
