//! PE images as they lie in memory (Microsoft's "PE Format": headers, the export directory, the `RSDS` record).

/// An image in the making. Its parts have places of their own: the headers at 0, then what `parts` tells.
#[derive(Clone)]
pub struct Pe<'a> {
    pub wide: bool,
    /// `Machine`.
    pub machine: u16,
    pub name: &'a str,
    pub size: u32,
    /// Sections: name, first byte, size, characteristics.
    pub sections: &'a [(&'a str, u32, u32, u32)],
    /// Names and places.
    pub exports: &'a [(&'a str, u32)],
    /// Where the export directory lies.
    pub export_at: u32,
    /// Name and identity of the symbols' file.
    pub pdb: Option<(&'a str, [u8; 16], u32)>,
    /// Where the debug directory lies.
    pub debug_at: u32,
    pub timestamp: u32,
}

/// Where the optional header begins.
pub const OPTIONAL: usize = 0x80 + 24;

impl Pe<'_> {
    /// Pieces of the image: where they begin, and what is there.
    pub fn pieces(&self) -> Vec<(u32, Vec<u8>)> {
        let exports = self.export_directory();
        let debug = self.debug_directory();
        let mut out = vec![(0, self.headers(exports.len() as u32, debug.is_some()))];
        if !exports.is_empty() {
            out.push((self.export_at, exports));
        }
        out.extend(debug.map(|d| (self.debug_at, d)));
        out
    }

    fn headers(&self, exports: u32, debug: bool) -> Vec<u8> {
        let mut h = vec![0u8; 0x400];
        let mut put = |at: usize, bytes: &[u8]| h[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, b"MZ");
        put(0x3c, &0x80u32.to_le_bytes());
        put(0x80, b"PE\0\0");
        put(0x84, &self.machine.to_le_bytes());
        put(0x86, &(self.sections.len() as u16).to_le_bytes());
        put(0x88, &self.timestamp.to_le_bytes());
        let optional: u16 = if self.wide { 0xf0 } else { 0xe0 };
        put(0x94, &optional.to_le_bytes());
        // Executable, large addresses.
        put(0x96, &0x22u16.to_le_bytes());
        let o = OPTIONAL;
        put(o, &if self.wide { 0x20bu16 } else { 0x10b }.to_le_bytes());
        put(o + 32, &0x1000u32.to_le_bytes());
        put(o + 36, &0x200u32.to_le_bytes());
        put(o + 56, &self.size.to_le_bytes());
        put(o + 60, &0x400u32.to_le_bytes());
        // Native subsystem.
        put(o + 68, &1u16.to_le_bytes());
        let directories = o + if self.wide { 112 } else { 96 };
        put(directories - 4, &16u32.to_le_bytes());
        if exports > 0 {
            put(directories, &self.export_at.to_le_bytes());
            put(directories + 4, &exports.to_le_bytes());
        }
        if debug {
            put(directories + 48, &self.debug_at.to_le_bytes());
            put(directories + 52, &28u32.to_le_bytes());
        }
        let mut at = o + usize::from(optional);
        for (name, from, size, flags) in self.sections {
            put(at, name.as_bytes());
            for (i, value) in [*size, *from, *size, *from].into_iter().enumerate() {
                put(at + 8 + i * 4, &value.to_le_bytes());
            }
            put(at + 36, &flags.to_le_bytes());
            at += 40;
        }
        h
    }

    /// `IMAGE_EXPORT_DIRECTORY` and its three tables, names ascending as the loader wants them.
    fn export_directory(&self) -> Vec<u8> {
        if self.exports.is_empty() {
            return Vec::new();
        }
        let mut exports = self.exports.to_vec();
        exports.sort_unstable();
        let n = exports.len() as u32;
        let (functions, names) = (self.export_at + 40, self.export_at + 40 + 4 * n);
        let (ordinals, mut text_at) = (names + 4 * n, names + 6 * n);
        let mut tables = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
        let mut text = |s: &str, tables: &mut [Vec<u8>; 4]| {
            let at = text_at;
            tables[3].extend(s.bytes().chain([0]));
            text_at += s.len() as u32 + 1;
            at
        };
        let own = text(self.name, &mut tables);
        for (i, (name, rva)) in exports.iter().enumerate() {
            let at = text(name, &mut tables);
            tables[0].extend(rva.to_le_bytes());
            tables[1].extend(at.to_le_bytes());
            tables[2].extend((i as u16).to_le_bytes());
        }
        let head = [0, self.timestamp, 0, own, 1, n, n, functions, names, ordinals];
        let head = head.into_iter().flat_map(u32::to_le_bytes);
        head.chain(tables.concat()).collect()
    }

    /// `IMAGE_DEBUG_DIRECTORY` and the record it leads to.
    fn debug_directory(&self) -> Option<Vec<u8>> {
        let (name, guid, age) = self.pdb?;
        let record = [b"RSDS".as_slice(), &guid, &age.to_le_bytes(), name.as_bytes(), &[0]].concat();
        // IMAGE_DEBUG_TYPE_CODEVIEW.
        let entry = [0, self.timestamp, 0, 2, record.len() as u32, self.debug_at + 28, self.debug_at + 28];
        Some(entry.into_iter().flat_map(u32::to_le_bytes).chain(record).collect())
    }
}
