//! The types of kernel modules (kernel/bpf/btf.c).
//!
//! A module brings its own BTF, which goes on where the kernel's ends. The kernel copies it when the module is loaded, relocates
//! it where it was made for a reduced base, and keeps it in a list of its own (`btf_modules`); the module's pointer to what it
//! brought is of use only while it is being loaded. What counts from other ids or strings than the kernel's types have is not of
//! this kernel, and is left out.

use super::layout::{Block, Extent, Found, Member, Members, Shape, container_of, offset_of, shapes};
use super::list::list;
use super::lost::Lost;
use super::xarray::{ArrayShape, array};
use crate::engine::{AddressSpace, ViewExt, index};
use crate::symbols::{AllTypes, Btf, ModuleBlob, ModuleBlobs, Symbols, Types};
use memsh_plugin::{MemoryView, VirtAddr, umem};
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
pub(super) fn with_modules(kernel: Arc<Btf>, space: AddressSpace, symbols: Arc<dyn Symbols>) -> AllTypes {
    AllTypes::new(kernel, move |kernel| blobs(kernel, &space, &*symbols))
}

/// The blobs of all modules, in the order in which they were loaded. Reads nothing but by the kernel's own types.
pub(super) fn blobs(kernel: &Btf, view: &dyn MemoryView, symbols: &dyn Symbols) -> ModuleBlobs {
    let mut reader =
        Reader { kernel, view, symbols, shape: BlobShape::find(kernel), lost: Lost::default(), left: ALL, out: Vec::new() };
    reader.registered();
    reader.loading();
    let lost = reader.lost.listing(Vec::<u8>::new()).lost;
    ModuleBlobs { blobs: reader.out, lost: lost.iter().map(|t| t.to_string_lossy().into_owned()).collect() }
}

struct Reader<'a> {
    kernel: &'a Btf,
    view: &'a dyn MemoryView,
    symbols: &'a dyn Symbols,
    shape: BlobShape,
    lost: Lost,
    /// How many bytes more may be read.
    left: usize,
    out: Vec<ModuleBlob>,
}

impl Reader<'_> {
    /// What the kernel registered.
    fn registered(&mut self) {
        let entry = EntryShape::find(self.kernel);
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
        let kernel = self.kernel;
        let (Some(table), Some(tree), Some(shape)) =
            (self.symbols.address("btf_idr"), offset_of(IdrShape::find(kernel).tree), ArrayShape::find(kernel))
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
        let ours = (Some(self.kernel.end_id()), self.kernel.strings_end());
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
        let l = LoadingShape::find(self.kernel);
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
