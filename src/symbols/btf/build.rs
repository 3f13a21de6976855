//! Blobs for tests.
#![allow(clippy::cast_possible_truncation)]

/// Writes blobs.
pub struct Builder {
    big: bool,
    pub types: Vec<u8>,
    pub strings: Vec<u8>,
    string_base: u32,
}

impl Builder {
    pub fn new(big: bool) -> Self {
        Self { big, types: Vec::new(), strings: vec![0], string_base: 0 }
    }

    /// For a blob that goes on where `base` ends.
    pub fn on(base: &Builder) -> Self {
        let string_base = base.string_base + base.strings.len() as u32;
        Self { big: base.big, types: Vec::new(), strings: Vec::new(), string_base }
    }

    pub fn word(&self, v: u32) -> [u8; 4] {
        if self.big { v.to_be_bytes() } else { v.to_le_bytes() }
    }

    pub fn name(&mut self, name: &str) -> u32 {
        if name.is_empty() {
            return 0;
        }
        let at = self.strings.len() as u32 + self.string_base;
        self.strings.extend(name.bytes());
        self.strings.push(0);
        at
    }

    pub fn add(&mut self, name: &str, kind: u32, flag: bool, vlen: u32, value: u32, rest: &[u32]) {
        let name = self.name(name);
        for w in [name, u32::from(flag) << 31 | kind << 24 | vlen, value].iter().chain(rest) {
            let w = self.word(*w);
            self.types.extend(w);
        }
    }

    pub fn blob(&self) -> Vec<u8> {
        let mut out = if self.big { vec![0xeb, 0x9f, 1, 0] } else { vec![0x9f, 0xeb, 1, 0] };
        let (t, s) = (self.types.len() as u32, self.strings.len() as u32);
        for w in [24, 0, t, t, s] {
            out.extend(self.word(w));
        }
        out.extend(&self.types);
        out.extend(&self.strings);
        out
    }
}

/// 1 int, 2 unsigned long, 3 char, 4 char[16], 5 fwd task, 6 task, 7 task *, 8 typedef, 9 var, 10 datasec, 11 enum, 12 enum64,
/// 13 declared union, 14 anonymous structure, 15 outer.
pub fn sample(big: bool) -> Builder {
    let mut b = Builder::new(big);
    b.add("int", 1, false, 0, 4, &[1 << 24 | 32]);
    b.add("long unsigned int", 1, false, 0, 8, &[64]);
    b.add("char", 1, false, 0, 1, &[3 << 24 | 8]);
    b.add("", 3, false, 0, 0, &[3, 1, 16]);
    b.add("task", 7, false, 0, 0, &[]);
    let (pid, flag, comm) = (b.name("pid"), b.name("flag"), b.name("comm"));
    b.add("task", 4, true, 3, 32, &[pid, 1, 0, flag, 1, 3 << 24 | 34, comm, 4, 64]);
    b.add("", 2, false, 0, 6, &[]);
    b.add("task", 8, false, 0, 6, &[]);
    b.add("current_task", 14, false, 0, 7, &[1]);
    b.add(".data..percpu", 15, false, 1, 0x100, &[9, 0x40, 8]);
    let (no, yes) = (b.name("NO"), b.name("YES"));
    b.add("answer", 6, true, 2, 4, &[no, u32::MAX, yes, 1]);
    b.add("wide", 19, false, 1, 8, &[yes, 0xffff_ffff, 0x8000_0000]);
    b.add("elsewhere", 7, true, 0, 0, &[]);
    b.add("", 4, false, 1, 8, &[pid, 2, 0]);
    let (arr, inner) = (b.name("tasks"), 0);
    b.add("outer", 5, false, 2, 8, &[arr, 7, 0, inner, 14, 0]);
    b
}
