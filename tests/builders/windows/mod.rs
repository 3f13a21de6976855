//! A tiny Windows: physical memory of a few MiB with page tables, a kernel's image, processes, threads, modules and drivers, laid out as
//! a release of Windows lays them out. What lies where comes from the type tables that memsh carries, by the names of members; what the
//! structures mean, from Microsoft's headers and the symbols of the kernels.
//!
//! There is no code in it and no pool: lists, trees, strings and what they lead to.

pub mod hive;
pub mod image;
pub mod layout;
pub mod memory;
pub mod net;
pub mod pe;
pub mod process;
pub mod registry;
pub mod symbols;
pub mod user;
pub mod usual;
pub mod vad;

use layout::{Layout, unicode, utf16, words};
use memory::{Arena, Memory, Mode, PAGE};
pub use process::{Process, Region, Spec};
use std::rc::Rc;

/// What a machine shall be like.
#[derive(Clone, Debug)]
pub struct Options {
    pub mode: Mode,
    /// `PROCESSOR_START_BLOCK` in low memory.
    pub start_block: bool,
    /// Whether the page of the export directory is resident.
    pub exports: bool,
    /// Whether `PsActiveProcessHead` is among the exports, which it is nowhere.
    pub names_head: bool,
    /// Whether the debug directory is there.
    pub pdb: bool,
}

impl Options {
    pub fn new(mode: Mode) -> Self {
        Self { mode, start_block: mode.wide() && mode != Mode::Arm64, exports: true, names_head: false, pdb: true }
    }
}

/// A driver: name, base, size.
pub type Driver = (String, u64, u32);

pub struct Machine {
    pub layout: Rc<Layout>,
    pub memory: Memory,
    /// The kernel's root of page tables.
    pub root: u64,
    pub pool: Arena,
    pub kernel: u64,
    /// `PsActiveProcessHead`.
    pub process_head: u64,
    /// `PsLoadedModuleList`.
    pub driver_head: u64,
    pub processes: Vec<Process>,
    pub drivers: Vec<Driver>,
    /// Addresses of the drivers' entries.
    pub driver_entries: Vec<u64>,
    options: Options,
}

/// `SizeOfImage` of the kernel; few of its pages are resident.
pub const KERNEL_SIZE: u32 = 0x48_0000;
/// Places in the kernel's image.
pub const EXPORTS: u32 = 0x30_0000;
const DEBUG: u32 = 0x2_0000;
const DATA: u32 = 0x10_0000;
/// Identity of the kernel's symbols' file, which no list of builds has.
pub const GUID: [u8; 16] = *b"tiny windows gui";
pub const GUID_TEXT: &str = "796E697477206E69646F7773206775691";

/// Ends of variables in the data section.
const INITIAL_PROCESS: u32 = DATA + 0x10;
const PROCESS_HEAD: u32 = DATA + 0x20;
const DRIVER_HEAD: u32 = DATA + 0x40;
pub const BUILD_NUMBER: u32 = DATA + 0x60;
const LAB: u32 = DATA + 0x80;

impl Machine {
    /// The kernel, `KUSER_SHARED_DATA` and lists with nothing in them.
    pub fn empty(layout: Layout, options: Options) -> Self {
        let layout = Rc::new(layout);
        assert_eq!((layout.wide, layout.arm), (options.mode.wide(), options.mode == Mode::Arm64));
        let mut memory = Memory::new(options.mode);
        let root = memory.root();
        // Before Vista the kernel of x86-64 is at one place, on x86 below the HAL; later it may be anywhere in its part.
        let (kernel, pool) = match (layout.wide, layout.build) {
            (true, ..6000) => (0xffff_f800_0100_0000, 0xffff_fadf_c800_0000),
            (true, ..9200) => (0xffff_f800_02a5_d000, 0xffff_fa80_0180_0000),
            (true, _) => (0xffff_f803_4e20_0000, 0xffff_ad85_1c40_0000),
            (false, ..2600) => (0x8040_0000, 0x8140_0000),
            (false, ..6000) => (0x804d_7000, 0x8210_0000),
            (false, _) => (0x8284_2000, 0x8450_0000),
        };
        let mut m = Self {
            layout,
            memory,
            root,
            pool: Arena::new(root, pool),
            kernel,
            process_head: kernel + u64::from(PROCESS_HEAD),
            driver_head: kernel + u64::from(DRIVER_HEAD),
            processes: Vec::new(),
            drivers: Vec::new(),
            driver_entries: Vec::new(),
            options,
        };
        m.write_kernel();
        m.write_shared();
        m
    }

    fn write_kernel(&mut self) {
        let mut exports =
            vec![("NtBuildNumber", BUILD_NUMBER), ("PsInitialSystemProcess", INITIAL_PROCESS), ("ExAllocatePool", 0x1040)];
        // These are exported since Windows Vista.
        if self.layout.build >= 6000 {
            exports.extend([("NtBuildLab", LAB), ("PsLoadedModuleList", DRIVER_HEAD)]);
        }
        exports.extend(self.options.names_head.then_some(("PsActiveProcessHead", PROCESS_HEAD)));
        let image = pe::Pe {
            wide: self.layout.wide,
            machine: self.layout.machine(),
            name: "ntoskrnl.exe",
            size: KERNEL_SIZE,
            sections: &[
                (".text", 0x1000, 0x1000, 0x6800_0020),
                (".rdata", DEBUG, 0x1000, 0x4800_0040),
                (".data", DATA, 0x2000, 0xc800_0040),
                (".edata", EXPORTS, 0x1000, 0x4000_0040),
            ],
            exports: &exports,
            export_at: EXPORTS,
            pdb: self.options.pdb.then_some(("ntkrnlmp.pdb", GUID, 1)),
            debug_at: DEBUG,
            timestamp: 0x6632_1234,
        };
        for (at, bytes) in image.pieces() {
            if at == EXPORTS && !self.options.exports {
                continue;
            }
            let at = self.kernel + u64::from(at);
            self.memory.map_new(self.root, at, bytes.len() as u64);
            self.put(at, &bytes);
        }
        let data = self.kernel + u64::from(DATA);
        self.memory.map_new(self.root, data, 0x2000);
        for head in [self.process_head, self.driver_head] {
            self.put(head, &words(self.layout.wide, &[head, head]));
        }
        // The upper bits of a free build.
        let number = 0xf000_0000 | self.layout.build;
        self.put(self.kernel + u64::from(BUILD_NUMBER), &number.to_le_bytes());
        let lab = format!(
            "{}.tiny.{}fre.test\0",
            self.layout.build,
            match self.layout.arch() {
                "x86_64" => "amd64",
                "aarch64" => "arm64",
                arch => arch,
            }
        );
        self.put(self.kernel + u64::from(LAB), lab.as_bytes());
    }

    fn write_shared(&mut self) {
        let at = self.shared();
        self.memory.map_new(self.root, at, PAGE);
        self.put(at + 8, &36_000_000_000u64.to_le_bytes());
        // `KSYSTEM_TIME`: 2024-05-01 13:00:00 UTC.
        self.put(at + 0x14, &133_590_420_000_000_000u64.to_le_bytes());
        self.put(at + 0x30, &utf16("C:\\Windows"));
        let (major, minor) = self.layout.version;
        self.put(at + 0x26c, &[major.to_le_bytes(), minor.to_le_bytes()].concat());
        if major >= 10 {
            self.put(at + 0x260, &self.layout.build.to_le_bytes());
        }
    }

    /// Where the kernel has `KUSER_SHARED_DATA`.
    pub fn shared(&self) -> u64 {
        if self.layout.wide { 0xffff_f780_0000_0000 } else { 0xffdf_0000 }
    }

    /// Links every process to the kernel's half, and what is in low memory.
    pub fn finish(mut self) -> Self {
        if let Some(system) = self.processes.first() {
            let address = words(self.layout.wide, &[system.address]);
            self.put(self.kernel + u64::from(INITIAL_PROCESS), &address);
        }
        self.memory.share(self.root, self.root);
        for root in self.processes.iter().skip(1).map(|p| p.root).collect::<Vec<_>>() {
            self.memory.share(self.root, root);
        }
        if self.options.start_block {
            // As PCILeech and MemProcFS describe it: a jump and flags, a pointer into the kernel's neighbourhood, CR3.
            self.memory.put_phys(0x1_3000, &0x0000_0001_0006_00e9u64.to_le_bytes());
            self.memory.put_phys(0x1_3070, &(self.kernel + 0x20_0000).to_le_bytes());
            self.memory.put_phys(0x1_30a0, &self.root.to_le_bytes());
        }
        self
    }

    /// Adds a process.
    pub fn process(&mut self, spec: Spec) {
        let process = process::write(self, spec);
        self.processes.push(process);
    }

    /// Adds a driver to `PsLoadedModuleList`.
    pub fn driver(&mut self, name: &str, base: u64, size: u32) {
        let l = Rc::clone(&self.layout);
        let structure = if l.knows("_KLDR_DATA_TABLE_ENTRY") { "_KLDR_DATA_TABLE_ENTRY" } else { "_LDR_DATA_TABLE_ENTRY" };
        let (short, path) = (self.unicode(name), self.unicode(&format!("\\SystemRoot\\system32\\{name}")));
        let mut entry = l.record(structure);
        entry.word("DllBase", base).u32("SizeOfImage", size).put("BaseDllName", &short).put("FullDllName", &path);
        entry.put("LoadCount", &3u16.to_le_bytes());
        let at = self.store(&entry.bytes);
        self.link(self.driver_head, at + l.at(structure, "InLoadOrderLinks"));
        self.drivers.push((name.to_owned(), base, size));
        self.driver_entries.push(at);
    }

    /// The process of this name.
    pub fn named(&self, name: &str) -> &Process {
        self.processes.iter().find(|p| p.spec.name == name).unwrap_or_else(|| panic!("{name}"))
    }

    /// Writes at an address of the kernel.
    pub fn put(&mut self, at: u64, bytes: &[u8]) {
        self.memory.put(self.root, at, bytes);
    }

    /// A pointer of the kernel.
    pub fn put_word(&mut self, at: u64, value: u64) {
        let bytes = words(self.layout.wide, &[value]);
        self.put(at, &bytes);
    }

    pub fn word(&mut self, at: u64) -> u64 {
        let mut bytes = self.memory.get(self.root, at, self.layout.word() as usize);
        bytes.resize(8, 0);
        u64::from_le_bytes(bytes.try_into().unwrap())
    }

    /// Writes into a process's own half.
    pub fn put_user(&mut self, root: u64, at: u64, bytes: &[u8]) {
        self.memory.put(root, at, bytes);
    }

    /// Room in the kernel's pool.
    pub fn take(&mut self, len: u64) -> u64 {
        self.pool.take(&mut self.memory, len)
    }

    pub fn store(&mut self, bytes: &[u8]) -> u64 {
        self.pool.store(&mut self.memory, bytes)
    }

    /// The first address behind the pool.
    pub fn pool_end(&self) -> u64 {
        self.pool.end()
    }

    /// A `UNICODE_STRING` whose text is in the pool.
    pub fn unicode(&mut self, text: &str) -> Vec<u8> {
        let buffer = self.store(&utf16(text));
        unicode(self.layout.wide, text, buffer)
    }

    /// Puts a node at the end of a list of the kernel.
    pub fn link(&mut self, head: u64, node: u64) {
        link(&mut self.memory, self.root, self.layout.wide, head, node);
    }

    /// The whole memory as a raw image.
    pub fn raw(&self) -> Vec<u8> {
        self.memory.bytes.clone()
    }
}

/// Puts a node at the end of a list.
pub fn link(memory: &mut Memory, root: u64, wide: bool, head: u64, node: u64) {
    let size = if wide { 8 } else { 4 };
    let mut last = memory.get(root, head + size, size as usize);
    last.resize(8, 0);
    let last = u64::from_le_bytes(last.try_into().unwrap());
    memory.put(root, node, &words(wide, &[head, last]));
    memory.put(root, last, &words(wide, &[node]));
    memory.put(root, head + size, &words(wide, &[node]));
}
