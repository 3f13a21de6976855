//! A registry: hives of the system in the kernel's pool, their bins in the pool or, since Windows 10 1803, in the process `Registry`;
//! services.exe with what it knows of services.

use super::hive::{Bins, Tree, VOLATILE, wide};
use super::layout::{Layout, utf16, words};
use super::memory::PAGE;
use super::{Machine, Options, Spec, usual};

/// Where the list of hives has its head, from the kernel's image on.
const HEAD: u64 = 0x10_0200;
/// Pid of services.exe.
pub const SERVICES: u32 = 660;
/// Where in services.exe records are: in its second private range.
const RECORDS: u64 = 0x10_0000;

/// A hive that was written.
#[derive(Clone, Debug)]
pub struct Hive {
    pub path: &'static str,
    pub address: u64,
    pub bins: Bins,
    /// Where its first block lies in the space that has it.
    pub block: u64,
}

/// A record of services.exe: name, `SERVICE_*` bits, state, how it is started, process.
pub type Record = (&'static str, u32, u32, u32, u32);

/// A machine with a registry.
pub struct Written {
    pub machine: Machine,
    pub hives: Vec<Hive>,
    /// The root of the page tables that map bins.
    pub bins_root: u64,
}

fn link(name: &str, to: &str) -> Tree {
    Tree { link: true, ..Tree::new(name).value("SymbolicLinkValue", 6, &wide(to)) }.volatile()
}

fn service(name: &str, kind: u32, start: u32, path: &str) -> Tree {
    Tree::new(name).number("Type", kind).number("Start", start).value("ImagePath", 2, &wide(&format!("{path}\0")))
}

fn system() -> Tree {
    let host = service("Dnscache", 0x20, 2, "%SystemRoot%\\system32\\svchost.exe -k NetworkService")
        .text("ObjectName", "NT AUTHORITY\\NetworkService")
        .text("DisplayName", "DNS Client")
        .below([Tree::new("Parameters").value("ServiceDll", 2, &wide("%SystemRoot%\\System32\\dnsrslvr.dll\0"))]);
    let control = Tree::new("Control").below([
        Tree::new("ComputerName").below([
            Tree::new("ComputerName").text("ComputerName", "RENAMED"),
            Tree::new("ActiveComputerName").text("ComputerName", "TINY").volatile(),
        ]),
        Tree::new("TimeZoneInformation")
            .text("TimeZoneKeyName", "W. Europe Standard Time")
            .number("ActiveTimeBias", (-120i32) as u32),
        Tree::new("Windows").value("ShutdownTime", 3, &133_590_384_000_000_000u64.to_le_bytes()),
    ]);
    Tree::new("ROOT").below([
        Tree::new("Select").number("Current", 2),
        Tree::new("ControlSet002").below([
            control,
            Tree::new("Services").below([
                service("Ntfs", 2, 0, "System32\\drivers\\Ntfs.sys"),
                host,
                service("Spooler", 0x110, 3, "C:\\Windows\\spoolsv.exe").text("ObjectName", "LocalSystem"),
                Tree::new(".NET CLR Data"),
            ]),
        ]),
        link("CurrentControlSet", "\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet002"),
    ])
}

fn software() -> Tree {
    // So many keys that the list of them is one of lists, and the hive has several tables of blocks nowhere near.
    let classes = Tree::new("Classes").below((0..300).map(|i| Tree::new(&format!("Class{i:04}")).text("", "x")));
    let version = Tree::new("CurrentVersion")
        .text("ProductName", "Tiny Windows")
        .text("DisplayVersion", "24H1")
        .number("InstallDate", 1_600_000_000)
        .value("Blob", 3, &(0..50_000u32).map(|n| n as u8).collect::<Vec<_>>())
        .value("Several", 7, &wide("one\0two\0\0"))
        .value("Long", 11, &0x1_0000_0000u64.to_le_bytes())
        .below([Tree::new("ProfileList").below([
            Tree::new(usual::ANNA).value("ProfileImagePath", 2, &wide("C:\\Users\\Anna Ä\0")),
            Tree::new("S-1-5-18").value("ProfileImagePath", 2, &wide("%systemroot%\\system32\\config\\systemprofile\0")),
        ])]);
    Tree::new("ROOT").below([classes, Tree::new("Microsoft").below([Tree::new("Windows NT").below([version])])])
}

fn user() -> Tree {
    Tree::new("ROOT").below([
        Tree::new("Environment").text("TEMP", "C:\\Temp"),
        Tree::new("Volatile Environment").text("USERNAME", "Anna").volatile(),
    ])
}

impl Machine {
    /// Whether bins are in a process of their own.
    fn has_registry_process(&self) -> bool {
        self.layout.build >= 17134
    }

    /// Writes the blocks of one half and the `_DUAL` that leads to them; also where the first block lies.
    fn half(&mut self, root: u64, at: &mut u64, half: &[u8]) -> (Vec<u8>, u64) {
        let l = std::rc::Rc::clone(&self.layout);
        let in_pool = root == self.root;
        let mut table = Vec::new();
        let mut first = 0;
        let base = *at;
        for (n, block) in half.chunks(PAGE as usize).enumerate() {
            let place = if in_pool {
                let Machine { pool, memory, .. } = self;
                pool.page(memory)
            } else {
                self.memory.map_new(root, *at, PAGE);
                let place = *at;
                *at += PAGE;
                place
            };
            if n == 0 {
                first = place;
            }
            self.memory.put(root, place, block);
            // As the kernels' symbols have `_HMAP_ENTRY`.
            table.extend(match l.build {
                // `BlockOffset`, `PermanentBinAddress`, `MemAlloc`. In pool a page is a bin.
                10240.. if in_pool => words(l.wide, &[0, place | 5, 0]),
                10240.. => words(l.wide, &[n as u64 * PAGE, base | 5, 0]),
                // `BlockAddress`, `BinAddress`, `MemAlloc`.
                9200.. => words(l.wide, &[place, place | 1, 0]),
                // ... and `CmView` before that.
                _ => words(l.wide, &[place, place | 1, 0, 0]),
            });
        }
        let table = if table.is_empty() { 0 } else { self.store(&table) };
        (words(l.wide, &[half.len() as u64, 0, table]), first)
    }

    /// Writes a hive; it is in no list.
    pub fn hive(&mut self, bins_root: u64, at: &mut u64, path: &'static str, file: &str, bins: Bins) -> Hive {
        let l = std::rc::Rc::clone(&self.layout);
        let address = self.take(l.size("_CMHIVE"));
        self.put(address, &0xbee0_bee0u32.to_le_bytes());
        let mut base = vec![0; 0x200];
        base[..4].copy_from_slice(b"regf");
        base[0xc..0x14].copy_from_slice(&super::hive::WRITTEN.to_le_bytes());
        base[0x24..0x28].copy_from_slice(&bins.root.to_le_bytes());
        let base = self.store(&base);
        self.put_word(address + l.at("_HHIVE", "BaseBlock"), base);
        let storage = l.at("_HHIVE", "Storage");
        let size = (l.size("_HHIVE") - storage) / 2;
        let mut blocks = Vec::new();
        for (i, half) in bins.halves.iter().enumerate() {
            // The volatile half is in the pool always.
            let root = if i == 0 { bins_root } else { self.root };
            let (mut dual, block) = self.half(root, at, half);
            let dual_at = address + storage + i as u64 * size;
            // The directory of a small half is the pointer behind it.
            let word = l.word() as usize;
            dual[word..2 * word].copy_from_slice(&words(l.wide, &[dual_at + 2 * l.word()]));
            self.put(dual_at, &dual);
            blocks.push(block);
        }
        for (member, text) in [("FileUserName", file), ("HiveRootPath", path)] {
            if let Some(offset) = l.find("_CMHIVE", member).filter(|_| !text.is_empty()) {
                let string = self.unicode(text);
                self.put(address + offset, &string);
            }
        }
        let block = if bins.halves[0].is_empty() { blocks[1] } else { blocks[0] };
        Hive { path, address, bins, block }
    }

    /// Writes what services.exe knows, in the layout that Volatility 3 has of some builds; none for others.
    pub fn records(&mut self, records: &[Record]) {
        // Header's pointer, tag; previous, name, display, order, type, state, start, process; pid in the process.
        let (header, tag, o, pid) = match (self.layout.wide, self.layout.build) {
            (true, 19041..22621) => (16, 0, [16, 56, 64, 32, 72, 76, 36, 296], 40),
            (true, 7600..7700) => (16, 0, [0, 8, 16, 24, 48, 52, 76, 40], 24),
            (false, 2600) => (0, 24, [0, 8, 12, 16, 40, 44, 68, 36], 12),
            _ => return,
        };
        let root = self.named("services.exe").root;
        self.memory.map_new(root, RECORDS, PAGE);
        let l = std::rc::Rc::clone(&self.layout);
        let mut next = RECORDS + 0x10;
        let mut store = |m: &mut Machine, bytes: &[u8]| {
            let at = next;
            m.put_user(root, at, bytes);
            next = (at + bytes.len() as u64).next_multiple_of(16);
            at
        };
        let mut previous = 0;
        for (n, (name, kind, state, start, process)) in records.iter().enumerate() {
            let text = store(self, &utf16(name));
            let mut of_process = vec![0; 48];
            of_process[pid..pid + 4].copy_from_slice(&process.to_le_bytes());
            let of_process = store(self, &of_process);
            let mut bytes = vec![0; 352];
            let mut put = |at: usize, new: &[u8]| bytes[at..at + new.len()].copy_from_slice(new);
            put(o[0], &words(l.wide, &[previous]));
            put(o[1], &words(l.wide, &[text]));
            put(o[2], &words(l.wide, &[text]));
            put(o[3], &(n as u32 + 1).to_le_bytes());
            put(o[4], &kind.to_le_bytes());
            put(o[5], &state.to_le_bytes());
            put(o[6], &start.to_le_bytes());
            put(o[7], &words(l.wide, &[if *process == 0 { 0 } else { of_process }]));
            if header == 0 {
                put(tag, b"sErv");
            }
            previous = store(self, &bytes);
        }
        if header > 0 {
            let mut head = b"serH".to_vec();
            head.resize(header, 0);
            head.extend(words(l.wide, &[previous]));
            store(self, &head);
        }
    }
}

/// The records: one whose key is there, one that has none, one that does not run. 2208 is explorer.exe.
pub const RUNNING: [Record; 3] = [("Dnscache", 0x20, 4, 2, 2208), ("keyless", 0x10, 4, 2, 2208), ("Ntfs", 2, 4, 0, 0)];

/// The machine that has a little of everything, with a registry.
pub fn machine(layout: Layout, options: Options) -> Written {
    let mut m = Machine::empty(layout, options);
    let specs = usual::specs(&m.layout);
    let regions = specs.iter().find(|s| s.name == "explorer.exe").unwrap().regions.clone();
    for spec in specs {
        m.process(spec);
    }
    let services = Spec { pid: SERVICES, ppid: 580, name: "services.exe", sid: usual::SYSTEM, regions, ..Spec::default() };
    m.process(Spec { session: Some(0), threads: vec![(664, None)], ..services });
    let mut bins_root = m.root;
    if m.has_registry_process() {
        m.process(Spec { pid: 108, ppid: 4, name: "Registry", sid: usual::SYSTEM, minimal: true, ..Spec::default() });
        bins_root = m.named("Registry").root;
    }
    m.records(&RUNNING);
    let wide = m.layout.wide;
    let mut at = if wide { 0x1e0_0000_0000 } else { 0x1000_0000 };
    let parts = [
        ("\\REGISTRY\\MACHINE\\SYSTEM", "\\SystemRoot\\System32\\Config\\SYSTEM", system()),
        ("\\REGISTRY\\MACHINE\\SOFTWARE", "\\SystemRoot\\System32\\Config\\SOFTWARE", software()),
        ("\\REGISTRY\\USER\\S-1-5-21-1004336348-1177238915-682003330-1001", "\\??\\C:\\Users\\anna.TINY\\ntuser.dat", user()),
    ];
    let mut hives: Vec<Hive> = parts
        .into_iter()
        .map(|(path, file, tree)| m.hive(bins_root, &mut at, path, file, Bins::with(&tree, wide, 100, *b"lh")))
        .collect();
    // The hive above them is volatile, has no file and no path.
    let exit = |h: &Hive| Tree { hive: Some(h.address), ..Tree::new(h.path.rsplit('\\').next().unwrap()) }.volatile();
    let top = Tree::new("REGISTRY")
        .below([
            Tree::new("MACHINE").below([exit(&hives[0]), exit(&hives[1])]).volatile(),
            Tree::new("USER").below([exit(&hives[2])]).volatile(),
        ])
        .volatile();
    let top = m.hive(bins_root, &mut at, "", "", Bins::of(&top, wide));
    assert_eq!(top.bins.root & VOLATILE, VOLATILE);
    hives.insert(0, Hive { path: "\\REGISTRY", ..top });
    let head = m.kernel + HEAD;
    m.put(head, &words(wide, &[head, head]));
    let links = m.layout.at("_CMHIVE", "HiveList");
    for hive in &hives {
        m.link(head, hive.address + links);
    }
    let kernel = m.kernel;
    m.driver("ntoskrnl.exe", kernel, super::KERNEL_SIZE);
    Written { machine: m.finish(), hives, bins_root }
}
