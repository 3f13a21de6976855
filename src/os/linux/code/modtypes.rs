//! The types of kernel modules (kernel/bpf/btf.c).
//!
//! A module brings its own BTF, which goes on where the kernel's ends. The kernel copies it when the module is loaded, relocates
//! it where it was made for a reduced base, and keeps it in a list of its own (`btf_modules`); the module's pointer to what it
//! brought is of use only while it is being loaded. What counts from other ids or strings than the kernel's types have is not of
//! this kernel, and is left out.

use crate::engine::{AddressSpace, ViewExt, index};
use crate::os::linux::base::layout::{Block, Extent, Found, Member, Members, Shape, container_of, offset_of, shapes};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::containers::list::list;
use crate::os::linux::containers::xarray::{ArrayShape, array};
use crate::symbols::{AllTypes, Btf, ModuleBlob, ModuleBlobs, Symbols, Types};
use memsh_plugin::{MemoryView, VirtAddr, umem};
use std::collections::HashSet;
use std::sync::Arc;

shapes! {
    /// `btf_module`, of 5.11.
    EntryShape: "btf_module" {
        list: ["list"],
        btf: ["btf"],
    }
    /// `btf`: the kernel's types, a module's, or those of a BPF program.
    BlobShape: "btf" {
        data: ["data"],
        size: ["data_size"],
        first: ["start_id"],
        strings: ["start_str_off"],
        base: ["base_btf"],
        name: ["name"],
        kernel: ["kernel_btf"],
    }
    /// `module`, while it is being loaded.
    LoadingShape: "module" {
        list: ["list"],
        name: ["name"],
        data: ["btf_data"],
        size: ["btf_data_size"],
        // 6.11: what the types count from, where they were made without the kernel.
        base: ["btf_base_data"],
        base_size: ["btf_base_data_size"],
    }
    /// `idr`.
    IdrShape: "idr" { tree: ["idr_rt"] }
}

/// No kernel has as many modules.
const MODULES: usize = 1 << 14;
/// A large module's types are 1 MiB.
const LARGEST: u64 = 32 << 20;
/// All of a large system's are 20 MiB.
const ALL: usize = 256 << 20;
/// The base of a module has few types: those that it uses.
const BASE: u64 = 4 << 20;

/// The kernel's types and, read when they are needed, those of its modules.
pub(crate) fn with_modules(kernel: Arc<Btf>, space: AddressSpace, symbols: Arc<dyn Symbols>) -> AllTypes {
    AllTypes::new(kernel, move |kernel| blobs(kernel, (kernel.end_id(), kernel.strings_end()), &space, &*symbols))
}

/// The blobs of all modules, in the order in which they were loaded. Reads nothing but by `types`, the kernel's own; a module's
/// must go on from `counts`, the kernel's first free id and place for strings.
fn blobs(types: &dyn Types, counts: (u32, Option<u32>), view: &dyn MemoryView, symbols: &dyn Symbols) -> ModuleBlobs {
    let shape = BlobShape::find(types);
    let mut reader =
        Reader { types, counts, view, symbols, shape, lost: Lost::default(), seen: HashSet::new(), left: ALL, out: Vec::new() };
    reader.registered();
    reader.loading();
    let lost = reader.lost.listing(Vec::<u8>::new()).lost;
    ModuleBlobs { blobs: reader.out, lost: lost.iter().map(|t| t.to_string_lossy().into_owned()).collect() }
}

struct Reader<'a> {
    types: &'a dyn Types,
    counts: (u32, Option<u32>),
    view: &'a dyn MemoryView,
    symbols: &'a dyn Symbols,
    shape: BlobShape,
    lost: Lost,
    seen: HashSet<VirtAddr>,
    /// How many bytes more may be read.
    left: usize,
    out: Vec<ModuleBlob>,
}

impl Reader<'_> {
    /// What the kernel registered.
    fn registered(&mut self) {
        let entry = EntryShape::find(self.types);
        // A kernel without the structure keeps no types of modules (before 5.11, or without CONFIG_DEBUG_INFO_BTF_MODULES).
        let (Some(own), Some(_)) = (offset_of(entry.list), entry.btf) else { return };
        let known = self.out.len();
        if let Some(head) = self.symbols.address("btf_modules") {
            for node in list(self.view, head, "list of modules' types", &mut self.lost).into_iter().take(MODULES) {
                let block = entry.read(self.view, node.wrapping_sub(own));
                match block.ptr(entry.btf) {
                    Some(at) => self.take(at),
                    None => self.lost.push(format!("the types of a module, listed at {node}, can't be read")),
                }
            }
        }
        if self.out.len() == known || !self.lost.is_empty() {
            self.by_id();
        }
    }

    /// The table of all types by their ids, which programs ask by: leads to the same where the list can't be followed.
    fn by_id(&mut self) {
        let types = self.types;
        let (Some(table), Some(tree), Some(shape)) =
            (self.symbols.address("btf_idr"), offset_of(IdrShape::find(types).tree), ArrayShape::find(types))
        else {
            return;
        };
        let all = array(self.view, &shape, table.wrapping_add(tree), "table of types", &mut self.lost);
        for (_, at) in all.into_iter().take(MODULES) {
            let block = self.shape.read(self.view, at);
            // Programs' types, and the kernel's own, which count from nothing.
            if block.uint(self.shape.kernel) == Some(1) && block.ptr(self.shape.base).is_some() {
                self.take(at);
            }
        }
    }

    fn take(&mut self, at: VirtAddr) {
        if !self.seen.insert(at) {
            return;
        }
        let l = self.shape.clone();
        let block = l.read(self.view, at);
        let name = String::from_utf8_lossy(block.text(l.name).unwrap_or_default()).into_owned();
        if name.is_empty() {
            self.lost.push(format!("the types at {at} do not say of which module they are"));
            return;
        }
        if self.has(&name) {
            return;
        }
        let counts = (block.u32(l.first), block.u32(l.strings));
        let ours = (Some(self.counts.0), self.counts.1);
        if counts.0.is_some() && counts != ours {
            self.lost.push(format!("the types of module {name} at {at} go on from other types than the kernel's"));
            return;
        }
        if let Some(bytes) = self.bytes(&name, &block, (l.data, l.size), LARGEST) {
            self.out.push(ModuleBlob { module: name, bytes, base: None });
        }
    }

    fn has(&self, name: &str) -> bool {
        self.out.iter().any(|b| b.module == name)
    }

    /// What modules brought that were being loaded.
    fn loading(&mut self) {
        let l = LoadingShape::find(self.types);
        let (Some(head), Some(_), Some(_)) = (self.symbols.address("modules"), l.list, l.data) else { return };
        // Who lists modules is told of a broken list; here it would be said of types that nobody misses.
        let nodes = list(self.view, head, "module list", &mut Lost::default());
        for at in nodes.into_iter().take(MODULES).filter_map(|node| container_of(node, l.list)) {
            let block = l.read(self.view, at);
            let name = String::from_utf8_lossy(block.text(l.name).unwrap_or_default()).into_owned();
            if name.is_empty() || block.ptr(l.data).is_none() || block.uint(l.size).is_none_or(|n| n == 0) || self.has(&name) {
                continue;
            }
            let based = block.ptr(l.base).is_some() && block.uint(l.base_size).is_some_and(|n| n > 0);
            let base = if based { self.bytes(&name, &block, (l.base, l.base_size), BASE) } else { None };
            if based && base.is_none() {
                continue;
            }
            if let Some(bytes) = self.bytes(&name, &block, (l.data, l.size), LARGEST) {
                self.out.push(ModuleBlob { module: name, bytes, base });
            }
        }
    }

    /// The bytes that a block points to; where they are not all there, says so.
    fn bytes(&mut self, name: &str, block: &Block, place: Place, most: u64) -> Option<Vec<u8>> {
        let (data, size) = place;
        let (Some(at), Some(len)) = (block.ptr(data), block.uint(size)) else {
            self.lost.push(format!("{} does not say where the types of module {name} lie", block.base()));
            return None;
        };
        let Some(len) = Some(len).filter(|&n| n <= most).and_then(|n| index(umem::from(n))).filter(|&n| n <= self.left) else {
            self.lost.push(format!("the types of module {name} at {at} are {len} bytes long, which makes no sense"));
            return None;
        };
        self.left -= len;
        let mut bytes = vec![0; len];
        let gaps = self.view.read_gaps(at, &mut bytes);
        if !gaps.is_empty() {
            self.lost.push(format!("{} of {len} bytes of the types of module {name} at {at} are missing", gaps.bytes()));
            return None;
        }
        Some(bytes)
    }
}

/// The members that have address and length.
type Place = (Option<Member>, Option<Member>);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::os::linux::testkit::{Kit, array, u};

    const LIST: u64 = 0xffff_8880_0000_1000;
    const IDR: u64 = 0xffff_8880_0000_1100;
    const MODULE: u64 = 0xffff_8880_0000_9000;

    fn kit() -> Kit {
        let mut kit = Kit::new();
        kit.types.structure("btf_module", 32, &[("list", 0, "list_head".into()), ("module", 16, u(8)), ("btf", 24, u(8))]);
        let members = [
            ("data", 0, u(8)),
            ("data_size", 8, u(4)),
            ("base_btf", 16, u(8)),
            ("start_id", 24, u(4)),
            ("start_str_off", 28, u(4)),
            ("name", 32, array(1, 16)),
            ("kernel_btf", 48, u(1)),
        ];
        kit.types.structure("btf", 56, &members);
        kit.types.structure("idr", 16, &[("idr_rt", 0, "xarray".into())]);
        kit.types.structure("xarray", 16, &[("xa_lock", 0, u(4)), ("xa_head", 8, u(8))]);
        kit.types.structure("xa_node", 0x240, &[("shift", 0, u(1)), ("slots", 0x28, array(8, 64))]);
        let members = [
            ("list", 0, "list_head".into()),
            ("name", 16, array(1, 16)),
            ("btf_data_size", 32, u(4)),
            ("btf_base_data_size", 36, u(4)),
            ("btf_data", 40, u(8)),
            ("btf_base_data", 48, u(8)),
        ];
        kit.types.structure("module", 64, &members);
        kit.symbol("btf_modules", LIST);
        kit
    }

    fn node(i: u64) -> u64 {
        LIST + 0x200 * (i + 1)
    }

    /// Types of a module: what the list leads to.
    fn types(kit: &mut Kit, i: u64, name: &str, data: &[u8], size: u64) {
        let (node, btf) = (node(i), node(i) + 0x40);
        kit.word(node + 24, btf);
        kit.word(btf, btf + 0x80);
        kit.word(btf + 8, size);
        kit.word(btf + 16, 0xffff_8880_1111_0000);
        kit.word(btf + 24, 16 | 300 << 32);
        kit.put(btf + 32, name.as_bytes());
        kit.put(btf + 48, &[1]);
        kit.put(btf + 0x80, data);
    }

    fn read(kit: &Kit) -> (Vec<(String, Vec<u8>)>, Vec<String>) {
        let kernel = kit.kernel();
        let found = blobs(&*kernel.types, (16, Some(300)), kernel.view(), &*kernel.symbols);
        (found.blobs.into_iter().map(|b| (b.module, b.bytes)).collect(), found.lost)
    }

    #[test]
    fn blobs_come_in_the_order_of_the_list() {
        let mut kit = kit();
        kit.ring(&[LIST, node(0), node(1)]);
        types(&mut kit, 0, "tun", b"abc", 3);
        types(&mut kit, 1, "veth", b"defg", 4);
        let expected = [("tun".to_owned(), b"abc".to_vec()), ("veth".to_owned(), b"defg".to_vec())];
        assert_eq!(read(&kit), (expected.to_vec(), Vec::new()));
    }

    #[test]
    fn a_kernel_that_keeps_none_has_none() {
        let mut kit = Kit::new();
        kit.symbol("btf_modules", LIST);
        assert_eq!(read(&kit), (Vec::new(), Vec::new()));
    }

    #[test]
    fn what_makes_no_sense_is_told_and_costs_its_module_only() {
        let mut kit = kit();
        kit.ring(&[LIST, node(0), node(1), node(2), node(3), node(4)]);
        types(&mut kit, 0, "huge", b"", 0xffff_ffff);
        types(&mut kit, 1, "gone", b"", 3);
        kit.word(node(1) + 0x40, 0xffff_8880_5555_0000);
        types(&mut kit, 2, "foreign", b"abc", 3);
        kit.word(node(2) + 0x40 + 24, 17 | 300 << 32);
        types(&mut kit, 3, "", b"abc", 3);
        types(&mut kit, 4, "tun", b"abc", 3);
        let (found, lost) = read(&kit);
        assert_eq!(found, [("tun".to_owned(), b"abc".to_vec())]);
        let said = |part: &str| lost.iter().filter(|l| l.contains(part)).count();
        assert_eq!(said("module huge at") + said("bytes of the types of module gone"), 2, "{lost:?}");
        assert_eq!(said("module foreign at") + said("do not say of which module"), 2, "{lost:?}");
        assert_eq!(lost.len(), 4, "{lost:?}");
    }

    #[test]
    fn the_table_of_ids_leads_on_where_the_list_is_torn() {
        let mut kit = kit();
        kit.word(LIST, 0xffff_8880_7777_0000);
        types(&mut kit, 0, "tun", b"abc", 3);
        types(&mut kit, 1, "program", b"abc", 3);
        kit.put(node(1) + 0x40 + 48, &[0]);
        kit.symbol("btf_idr", IDR);
        let inner = IDR + 0x40;
        kit.word(IDR + 8, inner | 2);
        kit.word(inner + 0x28, node(0) + 0x40);
        kit.word(inner + 0x30, node(1) + 0x40);
        let (found, lost) = read(&kit);
        assert_eq!(found, [("tun".to_owned(), b"abc".to_vec())]);
        assert!(!lost.is_empty() && lost.iter().all(|l| l.starts_with("list of modules' types")), "{lost:?}");
    }

    #[test]
    fn a_module_that_is_being_loaded_has_what_it_brought() {
        let mut kit = kit();
        kit.ring(&[LIST, node(0)]);
        types(&mut kit, 0, "tun", b"abc", 3);
        kit.symbol("modules", MODULE);
        kit.ring(&[MODULE, MODULE + 0x100, MODULE + 0x200, MODULE + 0x300]);
        for (i, name) in [(1, "tun"), (2, "late"), (3, "done")] {
            let at = MODULE + i * 0x100;
            kit.put(at + 16, name.as_bytes());
            kit.word(at + 32, 3 | 2 << 32);
            kit.word(at + 40, if name == "done" { 0 } else { at + 0x80 });
            kit.word(at + 48, if name == "late" { at + 0x90 } else { 0 });
            kit.put(at + 0x80, b"new");
            kit.put(at + 0x90, b"ba");
        }
        let kernel = kit.kernel();
        let found = blobs(&*kernel.types, (16, Some(300)), kernel.view(), &*kernel.symbols).blobs;
        let all: Vec<_> = found.into_iter().map(|b| (b.module, b.bytes, b.base)).collect();
        let expected = [("tun".to_owned(), b"abc".to_vec(), None), ("late".to_owned(), b"new".to_vec(), Some(b"ba".to_vec()))];
        assert_eq!(all, expected);
    }
}
