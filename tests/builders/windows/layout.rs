//! Structures of one release, by the names of their members.

use memsh::symbols::tables::family;
use memsh::symbols::{TypeStore, TypesExt};

/// The releases that memsh has tables of.
pub fn releases(wide: bool) -> Vec<String> {
    releases_of(machine(wide))
}

/// The releases for ARM64.
pub fn releases_of_arm64() -> Vec<String> {
    releases_of(ARM64)
}

const ARM64: &str = "windows-arm64";

fn releases_of(machine: &str) -> Vec<String> {
    family(machine).unwrap().tables().iter().map(|t| t.facts.release.clone()).collect()
}

fn machine(wide: bool) -> &'static str {
    if wide { "windows-x64" } else { "windows-x86" }
}

/// Where one release has its members.
pub struct Layout {
    pub release: String,
    pub version: (u32, u32),
    pub build: u32,
    pub wide: bool,
    pub arm: bool,
    types: TypeStore,
}

impl Layout {
    pub fn of(wide: bool, release: &str) -> Self {
        Self::from(machine(wide), release)
    }

    /// A release for ARM64.
    pub fn arm64(release: &str) -> Self {
        Self::from(ARM64, release)
    }

    fn from(machine: &str, release: &str) -> Self {
        let family = family(machine).unwrap();
        let (wide, arm) = (machine != "windows-x86", machine == ARM64);
        let table = family.tables().into_iter().find(|t| t.facts.release == release).unwrap();
        let numbers: Vec<u32> = release.split('.').map(|n| n.parse().unwrap()).collect();
        let types = table.read(String::new()).unwrap();
        Self { release: release.to_owned(), version: (numbers[0], numbers[1]), build: numbers[2], wide, arm, types }
    }

    /// Where programs and libraries are loaded: the user half of x86-64 had 8 TiB before Windows 8.1.
    pub fn bases(&self) -> (u64, u64) {
        match (self.wide, self.build) {
            (true, 9600..) => (0x7ff6_1000_0000, 0x7ffe_2000_0000),
            (true, _) => (0x7f6_1000_0000, 0x7fe_2000_0000),
            (false, _) => (0x40_0000, 0x7c90_0000),
        }
    }

    /// What programs are made for that are not for 32 bits.
    pub fn arch(&self) -> &'static str {
        match (self.wide, self.arm) {
            (_, true) => "aarch64",
            (true, _) => "x86_64",
            _ => "x86",
        }
    }

    /// `Machine` in the header of such a program.
    pub fn machine(&self) -> u16 {
        match (self.wide, self.arm) {
            (_, true) => 0xaa64,
            (true, _) => 0x8664,
            _ => 0x14c,
        }
    }

    /// All types that the release is known to have.
    pub fn types(&self) -> &TypeStore {
        &self.types
    }

    /// Bytes of a pointer.
    pub fn word(&self) -> u64 {
        if self.wide { 8 } else { 4 }
    }

    pub fn has(&self, structure: &str, member: &str) -> bool {
        self.types.field(structure, member).is_some()
    }

    pub fn knows(&self, structure: &str) -> bool {
        self.types.find(structure).is_some()
    }

    /// Where a member is, for what not every release is known to have.
    pub fn find(&self, structure: &str, member: &str) -> Option<u64> {
        self.types.field(structure, member).map(|f| f.offset)
    }

    pub fn at(&self, structure: &str, member: &str) -> u64 {
        self.types.field(structure, member).unwrap_or_else(|| panic!("{}: {structure}.{member}", self.release)).offset
    }

    pub fn size(&self, structure: &str) -> u64 {
        self.types.size_of(structure).unwrap_or_else(|| panic!("{}: {structure}", self.release))
    }

    /// A structure of zeros; of one that is not known, a few.
    pub fn record(&self, structure: &'static str) -> Record<'_> {
        Record { layout: self, structure, bytes: vec![0; self.types.size_of(structure).unwrap_or(64) as usize] }
    }
}

use memsh::symbols::Types;

/// A structure in the making. A member that the release does not have is left out.
pub struct Record<'l> {
    layout: &'l Layout,
    structure: &'static str,
    pub bytes: Vec<u8>,
}

impl Record<'_> {
    pub fn put(&mut self, member: &str, bytes: &[u8]) -> &mut Self {
        if self.layout.has(self.structure, member) {
            let at = self.layout.at(self.structure, member) as usize;
            self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
        }
        self
    }

    /// A pointer, or a number of its size.
    pub fn word(&mut self, member: &str, value: u64) -> &mut Self {
        let size = self.layout.word() as usize;
        self.put(member, &value.to_le_bytes()[..size])
    }

    pub fn u32(&mut self, member: &str, value: u32) -> &mut Self {
        self.put(member, &value.to_le_bytes())
    }

    pub fn u64(&mut self, member: &str, value: u64) -> &mut Self {
        self.put(member, &value.to_le_bytes())
    }

    /// `LIST_ENTRY`.
    pub fn links(&mut self, member: &str, links: (u64, u64)) -> &mut Self {
        let bytes = words(self.layout.wide, &[links.0, links.1]);
        self.put(member, &bytes)
    }

    /// A bit field.
    pub fn bits(&mut self, member: &str, value: u64) -> &mut Self {
        let Some(field) = self.layout.types.field(self.structure, member) else { return self };
        let (low, _) = field.bits.unwrap();
        let at = field.offset as usize + low as usize / 8;
        // No field here crosses more than eight bytes.
        let mut word = [0u8; 8];
        let len = (self.bytes.len() - at).min(8);
        word[..len].copy_from_slice(&self.bytes[at..at + len]);
        let word = u64::from_le_bytes(word) | value << (low % 8);
        self.bytes[at..at + len].copy_from_slice(&word.to_le_bytes()[..len]);
        self
    }
}

/// Numbers of a pointer's size.
pub fn words(wide: bool, values: &[u64]) -> Vec<u8> {
    let size = if wide { 8 } else { 4 };
    values.iter().flat_map(|v| v.to_le_bytes()[..size].to_vec()).collect()
}

/// A `UNICODE_STRING`.
pub fn unicode(wide: bool, text: &str, buffer: u64) -> Vec<u8> {
    let len = 2 * text.encode_utf16().count() as u16;
    counted(wide, len, len + 2, buffer)
}

/// A `UNICODE_STRING` that says what it is told to.
pub fn counted(wide: bool, len: u16, most: u16, buffer: u64) -> Vec<u8> {
    let mut out = [len.to_le_bytes(), most.to_le_bytes()].concat();
    out.resize(if wide { 8 } else { 4 }, 0);
    out.extend(words(wide, &[buffer]));
    out
}

/// UTF-16, and the zero behind it.
pub fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}
