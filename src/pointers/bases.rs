//! What lies at the same distance from its module's base in every run.

/// A stretch of static memory: a module of a process, the kernel's image, a module of the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// Its name.
    pub name: String,
    /// First address.
    pub start: u64,
    /// First address after it.
    pub end: u64,
}

/// All of them, ascending. Where two overlap, the lower one keeps what both claim.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bases(Vec<Base>);

impl Bases {
    /// Puts them in order. A second one of the same name is called `name#2`.
    pub fn new(mut given: Vec<Base>) -> Self {
        given.sort_by_key(|b| b.start);
        let mut out: Vec<Base> = Vec::with_capacity(given.len());
        let mut counts = std::collections::HashMap::<String, u32>::new();
        for mut base in given.into_iter().filter(|b| b.start < b.end) {
            // A base keeps its first address: distances are counted from there.
            if out.last().is_some_and(|before| base.start < before.end) {
                continue;
            }
            let n = counts.entry(base.name.clone()).or_default();
            *n += 1;
            if *n > 1 {
                base.name = format!("{}#{n}", base.name);
            }
            out.push(base);
        }
        Self(out)
    }

    /// The one that an address lies in, and how far in.
    pub fn of(&self, address: u64) -> Option<(&Base, u64)> {
        let i = self.0.partition_point(|b| b.start <= address).checked_sub(1)?;
        let base = self.0.get(i).filter(|b| address < b.end)?;
        Some((base, address - base.start))
    }

    /// The one of a name.
    pub fn named(&self, name: &str) -> Option<&Base> {
        self.0.iter().find(|b| b.name == name)
    }

    /// All of them, ascending.
    pub fn all(&self) -> &[Base] {
        &self.0
    }
}

/// How many bytes from its base an ELF image takes in memory, by its program headers (ELF specification, "Program Header"): what
/// lies in no file (`.bss`) with it. `read` gives some bytes at a distance from the base. `None` where it is no ELF image.
pub fn elf_extent(read: &dyn Fn(u64, &mut [u8]) -> bool) -> Option<u64> {
    /// A program has a few dozen headers at most.
    const MOST: u16 = 256;
    const PT_LOAD: u32 = 1;
    let mut head = [0; 64];
    if !read(0, &mut head) || head.get(..4) != Some(b"\x7fELF".as_slice()) || head.get(5) != Some(&1) {
        return None;
    }
    let number = |bytes: &[u8], at: usize, size: usize| {
        bytes.get(at..at + size).map(|b| b.iter().rev().fold(0u64, |v, b| v << 8 | u64::from(*b)))
    };
    let wide = match head.get(4)? {
        1 => false,
        2 => true,
        _ => return None,
    };
    let (offset, size, count) = match wide {
        true => (number(&head, 32, 8)?, number(&head, 54, 2)?, number(&head, 56, 2)?),
        false => (number(&head, 28, 4)?, number(&head, 42, 2)?, number(&head, 44, 2)?),
    };
    let least = if wide { 56 } else { 32 };
    let count = u16::try_from(count).ok().filter(|n| *n <= MOST && size >= least)?;
    let (mut lowest, mut highest) = (u64::MAX, 0u64);
    for i in 0..u64::from(count) {
        let mut header = [0; 56];
        let part = header.get_mut(..usize::try_from(least).ok()?)?;
        if !read(offset.checked_add(i.checked_mul(size)?)?, part) {
            return None;
        }
        if number(&header, 0, 4)? != u64::from(PT_LOAD) {
            continue;
        }
        let (address, bytes) = match wide {
            true => (number(&header, 16, 8)?, number(&header, 40, 8)?),
            false => (number(&header, 8, 4)?, number(&header, 20, 4)?),
        };
        lowest = lowest.min(address & !0xfff);
        highest = highest.max(address.checked_add(bytes)?);
    }
    highest.checked_sub(lowest)?.checked_next_multiple_of(4096).filter(|n| *n > 0)
}
