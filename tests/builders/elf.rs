//! ELF core files.

/// A segment: its header's numbers as they shall stand there, and its bytes.
#[derive(Clone)]
pub struct Segment {
    pub kind: u32,
    pub flags: u32,
    pub virt: u64,
    pub phys: u64,
    pub data: Vec<u8>,
    /// Overrides for what the header says.
    pub offset: Option<u64>,
    pub in_file: Option<u64>,
    pub in_memory: Option<u64>,
}

/// A PT_LOAD of `data` at `phys`.
pub fn load(phys: u64, data: &[u8]) -> Segment {
    Segment { kind: 1, flags: 6, virt: phys, phys, data: data.to_vec(), offset: None, in_file: None, in_memory: None }
}

/// A PT_NOTE.
pub fn notes(notes: &[Vec<u8>]) -> Segment {
    Segment { kind: 4, ..load(0, &notes.concat()) }
}

/// A note in little-endian order.
pub fn note(name: &str, kind: u32, desc: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend((name.len() as u32 + 1).to_le_bytes());
    out.extend((desc.len() as u32).to_le_bytes());
    out.extend(kind.to_le_bytes());
    for part in [&[name.as_bytes(), &[0]].concat()[..], desc] {
        out.extend(part);
        out.resize(out.len().next_multiple_of(4), 0);
    }
    out
}

/// QEMU's processor note.
pub fn qemu_cpu(rip: u64, cr0: u64, cr3: u64, cr4: u64) -> Vec<u8> {
    let mut desc = vec![0; 440];
    desc[0] = 1;
    desc[4..8].copy_from_slice(&440u32.to_le_bytes());
    for (at, n) in [(136, rip), (392, cr0), (416, cr3), (424, cr4)] {
        desc[at..at + 8].copy_from_slice(&n.to_le_bytes());
    }
    note("QEMU", 0, &desc)
}

/// An ELF file to be.
#[derive(Clone)]
pub struct Elf {
    pub wide: bool,
    pub big: bool,
    pub kind: u16,
    pub machine: u16,
    pub ehsize: u16,
    pub segments: Vec<Segment>,
    /// Put the number of segments into section header 0, and the program headers at 192, as QEMU does.
    pub sections: bool,
    /// What e_phnum (or sh_info) says instead of the truth.
    pub count: Option<u32>,
}

impl Elf {
    /// A 64-bit little-endian x86_64 core.
    pub fn core(segments: Vec<Segment>) -> Self {
        Self { wide: true, big: false, kind: 4, machine: 62, ehsize: 64, segments, sections: false, count: None }
    }

    fn n(&self, out: &mut Vec<u8>, value: u64, size: usize) {
        let le = value.to_le_bytes();
        match self.big {
            true => out.extend(le[..size].iter().rev()),
            false => out.extend(&le[..size]),
        }
    }

    /// The file.
    pub fn build(&self) -> Vec<u8> {
        let word = if self.wide { 8 } else { 4 };
        let (ehdr, phdr, shdr): (u64, u64, u64) = if self.wide { (64, 56, 64) } else { (52, 32, 40) };
        let phoff = if self.sections { 192 } else { ehdr };
        let count = self.count.unwrap_or(self.segments.len() as u32);
        let mut o = b"\x7fELF".to_vec();
        o.extend([1 + u8::from(self.wide), 1 + u8::from(self.big), 1]);
        o.resize(16, 0);
        self.n(&mut o, self.kind.into(), 2);
        self.n(&mut o, self.machine.into(), 2);
        self.n(&mut o, 1, 4);
        self.n(&mut o, 0, word);
        self.n(&mut o, phoff, word);
        self.n(&mut o, if self.sections { ehdr } else { 0 }, word);
        self.n(&mut o, 0, 4);
        self.n(&mut o, self.ehsize.into(), 2);
        self.n(&mut o, phdr, 2);
        self.n(&mut o, if self.sections { 0xffff } else { count.into() }, 2);
        self.n(&mut o, shdr, 2);
        self.n(&mut o, u64::from(self.sections), 2);
        self.n(&mut o, 0, 2);
        if self.sections {
            let info = if self.wide { 44 } else { 28 };
            o.resize(ehdr as usize + info, 0);
            self.n(&mut o, count.into(), 4);
            o.resize(phoff as usize, 0);
        }
        let mut offset = phoff + phdr * self.segments.len() as u64;
        for s in &self.segments {
            let len = s.data.len() as u64;
            let (at, in_file) = (s.offset.unwrap_or(offset), s.in_file.unwrap_or(len));
            let in_memory = s.in_memory.unwrap_or(in_file);
            self.n(&mut o, s.kind.into(), 4);
            if self.wide {
                self.n(&mut o, s.flags.into(), 4);
            }
            for v in [at, s.virt, s.phys, in_file, in_memory] {
                self.n(&mut o, v, word);
            }
            if !self.wide {
                self.n(&mut o, 6, 4);
            }
            self.n(&mut o, 0, word);
            offset += len;
        }
        for s in &self.segments {
            o.extend(&s.data);
        }
        o
    }
}
