//! What the made-up machine runs: where everything is, and the bytes behind it.

use super::options::DummyOptions;
use super::random::Random;
use super::tables::{Roots, TableBuilder};
use crate::Result;
use crate::arch::{Canonical, PageFormat};
use crate::engine::{to_u64, to_umem};
use memsh_plugin::Perm;

/// A region of an address space, and whether its pages are there.
#[derive(Clone, Debug)]
pub(super) struct Region {
    pub(super) start: u64,
    pub(super) pages: u64,
    pub(super) perm: Perm,
    pub(super) kind: &'static str,
    pub(super) path: Option<String>,
}

/// A process.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub(super) pid: u32,
    pub(super) ppid: u32,
    pub(super) name: &'static str,
    pub(super) uid: u32,
    pub(super) threads: u32,
    /// Address of its control block.
    pub(super) block: u64,
    pub(super) roots: Roots,
    /// Empty for a thread of the kernel.
    pub(super) regions: Vec<Region>,
    pub(super) arguments: Vec<String>,
    pub(super) environment: Vec<(&'static str, String)>,
}

/// A module of the kernel.
#[derive(Clone, Debug)]
pub(super) struct Module {
    pub(super) name: &'static str,
    pub(super) block: u64,
    pub(super) base: u64,
    pub(super) pages: u64,
}

/// The whole of it.
#[derive(Clone, Debug)]
pub(super) struct Machine {
    pub(super) kernel_base: u64,
    pub(super) kernel_pages: u64,
    /// Where the kernel's data begins.
    pub(super) data: u64,
    pub(super) roots: Roots,
    /// A large page of the kernel, where memory had room for one: its address and size.
    pub(super) large: Option<(u64, u64)>,
    pub(super) programs: Vec<Program>,
    pub(super) modules: Vec<Module>,
}

/// Bytes of a process's control block in memory.
pub(super) const BLOCK: u64 = 0x80;
/// Position of the module blocks in the kernel's data.
const MODULE_BLOCKS: u64 = 0x800;
/// What the kernel's read-only data begins with.
pub(super) const BANNER: &[u8] = b"Dummy OS version 1.0 (made up, for tests and docs)\n\0";

const TEXT_PAGES: u64 = 4;
const RODATA_PAGES: u64 = 2;
const DATA_PAGES: u64 = 4;
const KERNEL: Perm = Perm::READ;

/// Where the kernel's half of the address space begins.
pub(super) fn kernel_half(f: &PageFormat) -> u64 {
    match f.canonical {
        Canonical::Zero | Canonical::Below(_) => 0xc000_0000,
        Canonical::Signed => u64::MAX << (f.va_bits - 1),
        Canonical::Split => u64::MAX << f.va_bits,
    }
}

/// The programs: pid, parent, name, user, kernel thread.
const PROGRAMS: [(u32, u32, &str, u32, bool); 6] = [
    (1, 0, "init", 0, false),
    (2, 0, "kworker", 0, true),
    (40, 1, "logger", 0, false),
    (100, 1, "shell", 1000, false),
    (101, 100, "editor", 1000, false),
    (102, 100, "editor", 1000, false),
];
const MODULES: [(&str, u64); 2] = [("dummynet", 2), ("dummyfs", 3)];

/// Fills a page with lines that say whose it is.
fn page_text(page: u64, owner: &str, what: &str, number: u64) -> Vec<u8> {
    let line = format!("{owner} {what} page {number}\n");
    let len = crate::engine::index(memsh_plugin::umem::from(page)).unwrap_or(0);
    line.bytes().cycle().take(len).collect()
}

struct Maker<'a> {
    tables: &'a mut TableBuilder,
    page: u64,
}

impl Maker<'_> {
    /// Maps fresh pages with text in them; gives the physical address of the first.
    fn fill(&mut self, roots: Roots, owner: &str, r: &Region, skip: impl Fn(u64) -> bool) -> Result<()> {
        for i in (0..r.pages).filter(|i| !skip(*i)) {
            let frame = self.tables.page()?;
            self.tables.write(frame, &page_text(self.page, owner, r.kind, i))?;
            self.tables.map(roots, r.start + i * self.page, frame, self.page, r.perm)?;
        }
        Ok(())
    }

    /// Writes through the page tables.
    fn poke(&mut self, roots: Roots, va: u64, bytes: &[u8]) -> Result<()> {
        for (i, b) in bytes.iter().enumerate() {
            let at = va + to_u64(to_umem(i)).unwrap_or(0);
            if let Some(pa) = self.tables.lookup(roots, at) {
                self.tables.write(pa, &[*b])?;
            }
        }
        Ok(())
    }
}

impl Machine {
    /// Makes the machine in `tables`.
    pub(super) fn make(options: &DummyOptions, tables: &mut TableBuilder) -> Result<Machine> {
        let f = options.paging.format();
        let page = f.page_size();
        let mut random = Random::new(options.seed);
        let half = kernel_half(f);
        let kernel_base = half + 0x100_0000;
        let roots = tables.roots()?;
        let mut made = Vec::new();

        // A large page first, while there are free blocks that long.
        let sizes = f.used_levels().iter().rev().map(|l| 1u64 << l.shift).skip(1);
        let size = sizes.into_iter().find(|&s| s <= options.size / 4 && s > page);
        let mut large = None;
        if let Some(size) = size
            && let Ok(frame) = tables.large_page(size)
        {
            let va = half + 0x1000_0000_u64.next_multiple_of(size);
            tables.map(roots, va, frame, size, KERNEL.with(Perm::WRITE, true))?;
            made.push(va);
            large = Some((va, size));
        }
        tables.shuffle(&mut random);
        let mut maker = Maker { tables, page };

        let region = |start, pages, perm, kind, path| Region { start, pages, perm, kind, path };
        let text = region(kernel_base, TEXT_PAGES, KERNEL.with(Perm::EXECUTE, true), "kernel text", None);
        let rodata = region(text.start + TEXT_PAGES * page, RODATA_PAGES, KERNEL, "kernel rodata", None);
        let data = region(rodata.start + RODATA_PAGES * page, DATA_PAGES, KERNEL.with(Perm::WRITE, true), "kernel data", None);
        for r in [&text, &rodata, &data] {
            maker.fill(roots, "dummy", r, |_| false)?;
        }
        maker.poke(roots, rodata.start, BANNER)?;
        maker.poke(roots, data.start, &vec![0; 0x1000])?;

        let mut modules = Vec::new();
        let mut base = kernel_base + 0x40_0000;
        for (i, (name, pages)) in (0u64..).zip(MODULES) {
            let r = region(base, pages, KERNEL.with(Perm::EXECUTE, true), "module", None);
            maker.fill(roots, name, &r, |_| false)?;
            let block = data.start + MODULE_BLOCKS + i * BLOCK;
            modules.push(Module { name, block, base, pages });
            base += pages * page + 0x1_0000;
        }
        made.extend([kernel_base, kernel_base + 0x40_0000]);

        let zero = maker.tables.page()?;
        let mut programs = Vec::new();
        for (i, (pid, ppid, name, uid, kernel_thread)) in (0u64..).zip(PROGRAMS) {
            let mut program = Program {
                pid,
                ppid,
                name,
                uid,
                threads: 1,
                block: data.start + i * BLOCK,
                roots,
                regions: Vec::new(),
                arguments: Vec::new(),
                environment: Vec::new(),
            };
            if !kernel_thread {
                program.roots = maker.user_space(roots, &made)?;
                program.threads = 1 + u32::try_from(random.below(3)).unwrap_or(0);
                maker.program(&mut program, zero)?;
            }
            programs.push(program);
        }
        let machine = Machine {
            kernel_base,
            kernel_pages: TEXT_PAGES + RODATA_PAGES + DATA_PAGES,
            data: data.start,
            roots,
            large,
            programs,
            modules,
        };
        machine.blocks(&mut maker, f)?;
        Ok(machine)
    }

    /// Writes the control blocks that `dummy_process` and `dummy_module` describe.
    fn blocks(&self, maker: &mut Maker<'_>, f: &PageFormat) -> Result<()> {
        for (i, p) in self.programs.iter().enumerate() {
            let next = self.programs.get(i + 1).or(self.programs.first()).map_or(0, |n| n.block);
            let root = if p.regions.is_empty() { 0 } else { p.roots.lower };
            maker.poke(self.roots, p.block, &p.pid.to_le_bytes())?;
            maker.poke(self.roots, p.block + 4, &p.ppid.to_le_bytes())?;
            maker.poke(self.roots, p.block + 8, p.name.as_bytes())?;
            maker.poke(self.roots, p.block + 24, &root.to_le_bytes())?;
            maker.poke(self.roots, p.block + 32, &p.threads.to_le_bytes())?;
            maker.poke(self.roots, p.block + 36, &p.uid.to_le_bytes())?;
            maker.poke(self.roots, p.block + 40, pointer(f, &next.to_le_bytes()))?;
        }
        for m in &self.modules {
            maker.poke(self.roots, m.block, m.name.as_bytes())?;
            maker.poke(self.roots, m.block + 16, &m.base.to_le_bytes())?;
            maker.poke(self.roots, m.block + 24, &(m.pages * maker.page).to_le_bytes())?;
        }
        Ok(())
    }
}

fn pointer<'a>(f: &PageFormat, bytes: &'a [u8; 8]) -> &'a [u8] {
    bytes.get(..usize::from(f.pointer_size())).unwrap_or(bytes)
}

impl Maker<'_> {
    /// Root tables that share the kernel's half.
    fn user_space(&mut self, kernel: Roots, made: &[u64]) -> Result<Roots> {
        let mut roots = self.tables.roots()?;
        if kernel.lower == kernel.upper {
            for va in made {
                self.tables.share(kernel, roots, *va)?;
            }
        } else {
            roots.upper = kernel.upper;
        }
        Ok(roots)
    }

    fn program(&mut self, p: &mut Program, zero: u64) -> Result<()> {
        let page = self.page;
        let user = Perm::READ.with(Perm::USER, true);
        let (rx, rw) = (user.with(Perm::EXECUTE, true), user.with(Perm::WRITE, true));
        let path = Some(format!("/bin/{}", p.name));
        let library = Some("/lib/libdummy.so".to_owned());
        let region = |start, pages, perm, kind, path| Region { start, pages, perm, kind, path };
        let heap = region(0x100_0000, 6, rw, "heap", None);
        let stack = region(0x7000_0000, 2, rw, "stack", None);
        p.regions = vec![
            region(0x40_0000, 3, rx, "file", path.clone()),
            region(0x40_0000 + 3 * page, 2, rw, "file", path),
            heap.clone(),
            region(0x2000_0000, 2, rx, "file", library.clone()),
            region(0x2000_0000 + 2 * page, 1, rw, "file", library),
            stack.clone(),
        ];
        let owner = format!("{} {}", p.name, p.pid);
        for r in &p.regions {
            // Of the heap page 1 was never touched; pages 3 and 4 were only read and share the page of zeros.
            self.fill(p.roots, &owner, r, |i| r.kind == "heap" && matches!(i, 1 | 3 | 4))?;
        }
        for i in [3, 4] {
            self.tables.map(p.roots, heap.start + i * page, zero, page, user)?;
        }
        p.arguments = vec![format!("/bin/{}", p.name), "--pid".to_owned(), p.pid.to_string()];
        p.environment =
            vec![("PATH", "/bin:/usr/bin".to_owned()), ("USER", if p.uid == 0 { "root" } else { "dummy" }.to_owned())];
        let mut block = p.arguments.join("\0").into_bytes();
        block.push(0);
        for (k, v) in &p.environment {
            block.extend(format!("{k}={v}\0").into_bytes());
        }
        self.poke(p.roots, stack.start + page, &block)
    }
}
