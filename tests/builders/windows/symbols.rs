//! PDB files for a machine: of the kernel, with every structure that its release is known to have, and of modules.

#[path = "../pdb.rs"]
pub mod pdb;

use super::{GUID, Machine, pe};
use memsh::symbols::{TypeId, TypeKind, Types};
use pdb::{POINTER, Pdb, ULONG, ULONGLONG};
use std::collections::HashMap;

/// The kernel's PDB file: types, and two symbols, one of which nothing else names.
pub fn kernel(m: &Machine, id: &str) -> Pdb {
    let mut pdb = Pdb::new(id);
    let types = m.layout.types();
    let mut names = types.names();
    names.sort();
    let mut out = Writer { types, pdb: &mut pdb, known: HashMap::new(), wide: m.layout.wide };
    for name in &names {
        if let Some(id) = types.find(name) {
            out.define(name, id);
        }
    }
    pdb.structure("_ONLY_IN_THE_FILE", 16, &[("Low", ULONG, 0), ("Self", POINTER, 8)]);
    pdb.public("PsActiveProcessHead", (m.process_head - m.kernel) as u32);
    pdb.public("OnlyInTheFile", 0x1080);
    pdb
}

struct Writer<'a> {
    types: &'a dyn Types,
    pdb: &'a mut Pdb,
    known: HashMap<TypeId, u32>,
    wide: bool,
}

impl Writer<'_> {
    fn define(&mut self, name: &str, id: TypeId) {
        let Some(t) = self.types.get(id) else { return };
        let (TypeKind::Struct(fields) | TypeKind::Union(fields)) = t.kind else { return };
        let fields: Vec<(String, u32, u32)> = fields
            .into_iter()
            .map(|f| {
                let of = self.index(f.type_id);
                match f.bit_size {
                    // A bit field of eight bytes or of four, from the byte where its holder can begin.
                    Some(bits) => {
                        let (holder, size) =
                            if bits > 32 || f.bit_offset % 64 + u64::from(bits) > 32 { (ULONGLONG, 8) } else { (ULONG, 4) };
                        let start = f.bit_offset / 8 / size * size;
                        let of = self.pdb.bits(holder, bits as u8, (f.bit_offset - start * 8) as u8);
                        (f.name, of, start as u32)
                    }
                    None => (f.name, of, (f.bit_offset / 8) as u32),
                }
            })
            .collect();
        let fields: Vec<(&str, u32, u32)> = fields.iter().map(|(n, of, at)| (n.as_str(), *of, *at)).collect();
        let index = self.pdb.structure(name, t.size.unwrap_or(0) as u32, &fields);
        self.known.insert(id, index);
    }

    fn index(&mut self, id: TypeId) -> u32 {
        if let Some(&known) = self.known.get(&id) {
            return known;
        }
        let Some(t) = self.types.get(id) else { return ULONG };
        let index = match t.kind {
            TypeKind::Pointer(_) if self.wide => POINTER,
            TypeKind::Pointer(_) => 0x403,
            TypeKind::Array { element, count } => {
                let each = self.types.get(element).and_then(|e| e.size).unwrap_or(0);
                let of = self.index(element);
                self.pdb.array(of, (each * count) as u32)
            }
            TypeKind::Struct(_) | TypeKind::Union(_) => match &t.name {
                Some(name) => self.pdb.forward(name),
                None => {
                    self.define("<unnamed-tag>", id);
                    return self.known[&id];
                }
            },
            _ => match t.size {
                Some(1) => 0x20,
                Some(2) => 0x21,
                Some(8) => ULONGLONG,
                _ => ULONG,
            },
        };
        self.known.insert(id, index);
        index
    }
}

/// GUID and age of a module, as a symbol server writes them.
pub const MODULE: &str = "5EC0DE5EC0DE5EC0DE5EC0DE5EC0DE5E3";

/// Puts the headers of an image and the record of its PDB file where a driver lies.
pub fn image(m: &mut Machine, driver: &str, pdb: &str) -> u64 {
    let (_, base, size) = m.drivers.iter().find(|d| d.0 == driver).unwrap().clone();
    let mut guid = GUID;
    // 5EC0DE5E C0DE 5EC0 DE5E..., the first three numbers with their lowest byte first.
    guid.copy_from_slice(&[0x5e, 0xde, 0xc0, 0x5e, 0xde, 0xc0, 0xc0, 0x5e, 0xde, 0x5e, 0xc0, 0xde, 0x5e, 0xc0, 0xde, 0x5e]);
    let image = pe::Pe {
        wide: m.layout.wide,
        machine: m.layout.machine(),
        name: driver,
        size,
        sections: &[(".text", 0x1000, 0x1000, 0x6800_0020), (".rdata", 0x2000, 0x1000, 0x4800_0040)],
        exports: &[],
        export_at: 0x3000,
        pdb: Some((pdb, guid, 3)),
        debug_at: 0x2000,
        timestamp: 1,
    };
    for (at, bytes) in image.pieces() {
        let at = base + u64::from(at);
        m.memory.map_new(m.root, at, bytes.len() as u64);
        m.put(at, &bytes);
    }
    base
}
