//! Cores of user-mode processes, of any word size and byte order.

use super::elf::{Elf, Segment, load};

/// A core to be. One program `/bin/prog` with a library, two threads, arguments and environment on its stack.
#[derive(Clone)]
pub struct UserCore {
    pub machine: u16,
    pub wide: bool,
    pub big: bool,
    /// Number of words of general registers in NT_PRSTATUS.
    pub registers: usize,
    /// Whether there is an NT_FILE note.
    pub files: bool,
}

/// Where things lie.
pub const PROGRAM: u64 = 0x40_0000;
pub const DATA: u64 = 0x40_2000;
pub const LIBRARY: u64 = 0x5000_0000;
pub const STACK: u64 = 0x7ff0_0000;
pub const STACK_SIZE: u64 = 0x2000;
/// The word that stands at DATA.
pub const MARK: u64 = 0x1122_3344;

impl UserCore {
    pub const X86_64: Self = Self { machine: 62, wide: true, big: false, registers: 27, files: true };

    fn n(&self, out: &mut Vec<u8>, value: u64, size: usize) {
        let le = value.to_le_bytes();
        match self.big {
            true => out.extend(le[..size].iter().rev()),
            false => out.extend(&le[..size]),
        }
    }

    pub fn word(&self) -> usize {
        if self.wide { 8 } else { 4 }
    }

    pub fn words(&self, values: &[u64]) -> Vec<u8> {
        let mut out = Vec::new();
        values.iter().for_each(|v| self.n(&mut out, *v, self.word()));
        out
    }

    pub fn note(&self, name: &str, kind: u32, desc: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        self.n(&mut out, name.len() as u64 + 1, 4);
        self.n(&mut out, desc.len() as u64, 4);
        self.n(&mut out, kind.into(), 4);
        for part in [&[name.as_bytes(), &[0]].concat()[..], desc] {
            out.extend(part);
            out.resize(out.len().next_multiple_of(4), 0);
        }
        out
    }

    /// NT_PRSTATUS: register number i is `0x1000 * tid + i`.
    pub fn status(&self, tid: u64, signal: u64) -> Vec<u8> {
        let (pid_at, registers_at) = if self.wide { (32, 112) } else { (24, 72) };
        let mut d = vec![0; 12];
        self.n(&mut d, signal, 2);
        d.resize(pid_at, 0);
        self.n(&mut d, tid, 4);
        d.resize(registers_at, 0);
        (0..self.registers as u64).for_each(|i| self.n(&mut d, 0x1000 * tid + i, self.word()));
        self.n(&mut d, 0, 8);
        self.note("CORE", 1, &d)
    }

    /// NT_PRPSINFO of pid 77, parent 5, uid 1000, gid 1001.
    pub fn info(&self) -> Vec<u8> {
        let mut d = vec![0, b'R', 0, 0];
        d.resize(if self.wide { 16 } else { 8 }, 0);
        // 32-bit x86 and Arm have ids of two bytes.
        let id = if !self.wide && matches!(self.machine, 3 | 40) { 2 } else { 4 };
        self.n(&mut d, 1000, id);
        self.n(&mut d, 1001, id);
        for n in [77, 5, 77, 77] {
            self.n(&mut d, n, 4);
        }
        let mut name = b"prog".to_vec();
        name.resize(16, 0);
        let mut args = b"prog --short ".to_vec();
        args.resize(80, 0);
        d.extend(name);
        d.extend(args);
        self.note("CORE", 3, &d)
    }

    /// Where argv[0] begins: right above the vectors.
    fn strings(&self) -> u64 {
        STACK + 0x1000
    }

    fn auxv(&self) -> Vec<u64> {
        // AT_PHDR, AT_PHENT, AT_PHNUM, AT_RANDOM, AT_EXECFN, AT_NULL
        vec![3, PROGRAM + 0x40, 4, 56, 5, 2, 25, self.strings() + 0x100, 31, self.strings() + 0x110, 0, 0]
    }

    fn stack(&self) -> Vec<u8> {
        let texts: [&[u8]; 4] = [b"prog\0", b"--long argument\0", b"A=1\0", b"PATH=/x=y\0"];
        let mut strings: Vec<u8> = Vec::new();
        let mut at = Vec::new();
        for t in texts {
            at.push(self.strings() + strings.len() as u64);
            strings.extend(t);
        }
        let vectors: Vec<u64> = [vec![2, at[0], at[1], 0, at[2], at[3], 0], self.auxv()].concat();
        let mut out = vec![0; 0x200];
        out.extend(self.words(&vectors));
        out.resize(0x1000, 0);
        out.extend(strings);
        out.resize(0x1100, 0);
        out.extend([0xaa; 16]);
        out.extend(b"/bin/prog\0");
        out.resize(STACK_SIZE as usize, 0);
        out
    }

    pub fn file_note(&self) -> Vec<u8> {
        let maps = [(PROGRAM, PROGRAM + 0x1000, 0), (PROGRAM + 0x1000, PROGRAM + 0x3000, 1), (LIBRARY, LIBRARY + 0x1000, 0)];
        let mut d = self.words(&[maps.len() as u64, 4096]);
        for (start, end, page) in maps {
            d.extend(self.words(&[start, end, page]));
        }
        d.extend(b"/bin/prog\0/bin/prog\0/lib/libc.so.6\0");
        self.note("CORE", 0x4649_4c45, &d)
    }

    pub fn notes(&self) -> Vec<u8> {
        let mut out = [self.status(77, 11), self.info()].concat();
        let mut siginfo = Vec::new();
        for n in [11, 0, 1] {
            self.n(&mut siginfo, n, 4);
        }
        siginfo.resize(if self.wide { 16 } else { 12 }, 0);
        self.n(&mut siginfo, 0xdead_0000, self.word());
        siginfo.resize(128, 0);
        out.extend(self.note("CORE", 0x5349_4749, &siginfo));
        out.extend(self.note("CORE", 6, &self.words(&self.auxv())));
        if self.files {
            out.extend(self.file_note());
        }
        out.extend(self.status(78, 0));
        out
    }

    pub fn segments(&self) -> Vec<Segment> {
        let at = |virt: u64, flags: u32, data: Vec<u8>| Segment { virt, flags, ..load(0, &data) };
        let mut header = b"\x7fELF".to_vec();
        header.resize(0x1000, 0x11);
        let mut data = self.words(&[MARK]);
        data.resize(0x1000, 0x22);
        vec![
            Segment { kind: 4, ..at(0, 0, self.notes()) },
            at(PROGRAM, 4, header.clone()),
            // Code, of which the kernel dumps nothing.
            Segment { in_memory: Some(0x1000), ..at(PROGRAM + 0x1000, 5, Vec::new()) },
            at(DATA, 6, data),
            at(LIBRARY, 5, header),
            at(STACK, 6, self.stack()),
        ]
    }

    pub fn elf(&self) -> Elf {
        Elf { wide: self.wide, big: self.big, machine: self.machine, ..Elf::core(self.segments()) }
    }

    pub fn build(&self) -> Vec<u8> {
        self.elf().build()
    }
}
