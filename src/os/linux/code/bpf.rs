//! eBPF: programs, maps and links (kernel/bpf/syscall.c), from the kernel's tables of their ids and from the descriptors of
//! processes. What is only held by a process, and in no table any more, is told too.

use crate::engine::ViewExt;
use crate::os::linux::base::enums;
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Block, Extent, Found, Member, Members, Shape, offset_of, shapes};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::containers::xarray::array;
use crate::os::linux::files::holders::{Holder, holders};
use crate::symbols::Types;
use memsh_plugin::{ApiError, Listing, Text, UnixNanos, VirtAddr, umem};
use std::collections::HashMap;
use std::sync::Arc;

/// `MAX_USED_MAPS` is 64; hardly more will ever be needed.
const MAPS: u64 = 4096;
/// A name of a kernel function is at most 512 bytes (`KSYM_NAME_LEN`).
const SYMBOL: usize = 512;
/// The largest program has a million instructions (`BPF_COMPLEXITY_LIMIT_INSNS`); native code of it fits into this.
const CODE: u64 = 64 << 20;

shapes! {
    /// `idr`, for its table.
    IdrShape: "idr" {
        table: ["idr_rt"],
    }
    /// `bpf_prog`.
    ProgramShape: "bpf_prog" {
        jited: ["jited"],
        kind: ["type"],
        attach: ["expected_attach_type"],
        length: ["len"],
        jited_length: ["jited_len"],
        tag: ["tag"],
        code: ["bpf_func"],
        aux: ["aux"],
    }
    /// `bpf_prog_aux`.
    AuxShape: "bpf_prog_aux" {
        id: ["id"],
        program: ["prog"],
        name: ["name"],
        user: ["user"],
        // Nanoseconds since boot.
        load_time: ["load_time"],
        maps: ["used_maps"],
        map_count: ["used_map_cnt"],
        function: ["attach_func_name"],
    }
    /// `user_struct`.
    UserShape: "user_struct" {
        uid: ["uid.val", "uid"],
    }
    /// `bpf_map`.
    MapShape: "bpf_map" {
        ops: ["ops"],
        kind: ["map_type"],
        key: ["key_size"],
        value: ["value_size"],
        entries: ["max_entries"],
        flags: ["map_flags"],
        id: ["id"],
        name: ["name"],
        frozen: ["frozen"],
        // 5.3 moved it, 5.11 went without: memory is charged to a control group since.
        user: ["memory.user", "user"],
    }
    /// `bpf_link` (5.7).
    LinkShape: "bpf_link" {
        id: ["id"],
        kind: ["type"],
        ops: ["ops"],
        program: ["prog"],
    }
    /// `file`, for what it stands for.
    BpfFileShape: "file" {
        ops: ["f_op"],
        private: ["private_data"],
    }
}

/// Names of the kinds, from the kernel's own enumerations.
#[derive(Debug, Default)]
struct Words {
    programs: HashMap<u64, String>,
    maps: HashMap<u64, String>,
    links: HashMap<u64, String>,
    attaches: HashMap<u64, String>,
}

impl Found for Words {
    fn find(types: &dyn Types) -> Self {
        Self {
            programs: words(types, "bpf_prog_type", "BPF_PROG_TYPE_"),
            maps: words(types, "bpf_map_type", "BPF_MAP_TYPE_"),
            links: words(types, "bpf_link_type", "BPF_LINK_TYPE_"),
            attaches: words(types, "bpf_attach_type", "BPF_"),
        }
    }
}

/// The values of an enumeration with their names, lower-case and without `prefix`.
fn words(types: &dyn Types, name: &str, prefix: &str) -> HashMap<u64, String> {
    let mut out = HashMap::new();
    for (name, value) in enums::values(types, name) {
        // Some values have an older name, and the last one is none.
        let known = name.strip_prefix(prefix).filter(|n| !n.ends_with("_DEPRECATED"));
        if let (Some(word), Ok(value)) = (known, u64::try_from(value)) {
            out.insert(value, word.to_ascii_lowercase());
        }
    }
    out
}

/// Program, map or link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BpfKind {
    /// `bpf_prog`.
    Program,
    /// `bpf_map`.
    Map,
    /// `bpf_link`.
    Link,
}

impl BpfKind {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            BpfKind::Program => "program",
            BpfKind::Map => "map",
            BpfKind::Link => "link",
        }
    }

    /// The symbols of its table of ids, and of the operations of its files.
    fn symbols(self) -> (&'static str, &'static [&'static str]) {
        match self {
            BpfKind::Program => ("prog_idr", &["bpf_prog_fops"]),
            BpfKind::Map => ("map_idr", &["bpf_map_fops"]),
            BpfKind::Link => ("link_idr", &["bpf_link_fops", "bpf_link_fops_poll"]),
        }
    }
}

/// A process that holds an object.
#[derive(Clone, Debug, PartialEq)]
pub struct BpfOwner {
    /// The process.
    pub pid: u32,
    /// Its name.
    pub process: Text,
    /// Its lowest descriptor of it.
    pub fd: u32,
}

/// A program, a map or a link.
#[derive(Clone, Debug)]
pub struct BpfObject {
    /// Which of them.
    pub kind: BpfKind,
    /// Address of its `bpf_prog`, `bpf_map` or `bpf_link`.
    pub address: VirtAddr,
    /// Its id.
    pub id: Option<u32>,
    /// What kind of program, map or link, as bpftool says it: `kprobe`, `hash`, `tracing`.
    pub type_name: Option<String>,
    /// Its name.
    pub name: Option<Text>,
    /// Hash of a program's instructions.
    pub tag: Option<Vec<u8>>,
    /// User that loaded it.
    pub uid: Option<u32>,
    /// When a program was loaded.
    pub load_time: Option<UnixNanos>,
    /// Number of a program's instructions.
    pub instructions: Option<u32>,
    /// Where its native code lies.
    pub code: Option<VirtAddr>,
    /// Size of that in bytes.
    pub code_size: Option<u32>,
    /// What it attaches to: `cgroup_inet_ingress`, `trace_fentry`, ...
    pub attach: Option<String>,
    /// The kernel function that it traces.
    pub function: Option<Text>,
    /// Ids of the maps that a program uses.
    pub maps: Option<Vec<u32>>,
    /// Id of the program of a link.
    pub program: Option<u32>,
    /// Size in bytes of a map's keys.
    pub key_size: Option<u32>,
    /// Size in bytes of a map's values.
    pub value_size: Option<u32>,
    /// How many entries a map can have.
    pub max_entries: Option<u32>,
    /// `BPF_F_*` of a map.
    pub flags: Option<u32>,
    /// Whether the table of ids leads to it.
    pub listed: bool,
    /// Who holds it, in the order of processes.
    pub owners: Vec<BpfOwner>,
}

/// All programs, maps and links, by kind and id.
///
/// # Errors
/// When processes can't be listed at all.
pub fn bpf(kernel: &Kernel) -> Result<Listing<BpfObject>, ApiError> {
    let mut lost = Lost::default();
    let mut all = All { kernel, words: kernel.shape::<Words>(), objects: Vec::new(), places: HashMap::new() };
    for kind in [BpfKind::Program, BpfKind::Map, BpfKind::Link] {
        all.table(kind, &mut lost);
    }
    let operations = operations(kernel);
    for holder in holders(kernel, &mut lost)? {
        all.held(&holder, &operations, &mut lost);
    }
    let mut objects = all.objects;
    objects.sort_by_key(|o| (o.kind, o.id.is_none(), o.id, o.address));
    Ok(lost.listing(objects))
}

/// The operations by which a file is known as one of a program, a map or a link.
fn operations(kernel: &Kernel) -> HashMap<VirtAddr, BpfKind> {
    let kinds = [BpfKind::Program, BpfKind::Map, BpfKind::Link];
    let of = |kind: BpfKind| kind.symbols().1.iter().filter_map(move |s| Some((kernel.address(s)?, kind)));
    kinds.into_iter().flat_map(of).collect()
}

struct All<'k> {
    kernel: &'k Kernel,
    words: Arc<Words>,
    objects: Vec<BpfObject>,
    places: HashMap<VirtAddr, usize>,
}

impl All<'_> {
    /// What the table of ids leads to.
    fn table(&mut self, kind: BpfKind, lost: &mut Lost) {
        let kernel = self.kernel;
        let (symbol, _) = kind.symbols();
        if kind == BpfKind::Link && kernel.shape::<LinkShape>().id.is_none() {
            return;
        }
        let (Some(at), Some(table), Some(shape)) =
            (kernel.address(symbol), offset_of(kernel.shape::<IdrShape>().table), kernel.layouts.array.as_ref())
        else {
            let what = kind.word();
            return lost.push(format!("{what}s: no symbol {symbol}; only those that processes hold are told"));
        };
        for (id, object) in array(kernel.view(), shape, at.wrapping_add(table), &format!("table of BPF {}s", kind.word()), lost) {
            match self.read(kind, object) {
                Some(found) if found.id.map(u64::from) == Some(id) => {
                    self.places.insert(object, self.objects.len());
                    self.objects.push(BpfObject { listed: true, ..found });
                }
                _ => lost.push(format!("the table of BPF {0}s has {object} as number {id}, which is no such {0}", kind.word())),
            }
        }
    }

    /// What a descriptor leads to.
    fn held(&mut self, holder: &Holder, operations: &HashMap<VirtAddr, BpfKind>, lost: &mut Lost) {
        let shape = self.kernel.shape::<BpfFileShape>();
        let block = shape.read(self.kernel.view(), holder.file);
        let Some(at) = block.ptr(shape.private) else { return };
        let kind = block.ptr(shape.ops).and_then(|ops| operations.get(&ops)).copied();
        let place = match (self.places.get(&at), kind) {
            (Some(place), _) => *place,
            (None, Some(kind)) => {
                let Some(found) = self.read(kind, at) else {
                    return lost.push(format!(
                        "descriptor {} of process {} leads to {at}, which is no BPF {}",
                        holder.fd,
                        holder.pid,
                        kind.word()
                    ));
                };
                self.places.insert(at, self.objects.len());
                self.objects.push(found);
                self.objects.len().saturating_sub(1)
            }
            (None, None) => return,
        };
        let Some(object) = self.objects.get_mut(place) else { return };
        match object.owners.iter_mut().find(|o| o.pid == holder.pid) {
            Some(owner) => owner.fd = owner.fd.min(holder.fd),
            None => object.owners.push(BpfOwner { pid: holder.pid, process: holder.process.clone(), fd: holder.fd }),
        }
    }

    fn read(&self, kind: BpfKind, at: VirtAddr) -> Option<BpfObject> {
        match kind {
            BpfKind::Program => self.program(at),
            BpfKind::Map => self.map(at),
            BpfKind::Link => self.link(at),
        }
    }

    fn program(&self, at: VirtAddr) -> Option<BpfObject> {
        let (kernel, view) = (self.kernel, self.kernel.view());
        let (shape, aux) = (kernel.shape::<ProgramShape>(), kernel.shape::<AuxShape>());
        let block = shape.read(view, at);
        let more = aux.read(view, block.ptr(shape.aux)?);
        // The two halves know each other.
        if more.ptr(aux.program) != Some(at) {
            return None;
        }
        let kind = block.uint(shape.kind);
        let attach = block.uint(shape.attach);
        let jited = block.uint(shape.jited) == Some(1);
        let since = more.uint(aux.load_time).and_then(|t| i64::try_from(t).ok());
        Some(BpfObject {
            type_name: kind.and_then(|k| self.words.programs.get(&k).cloned()),
            name: name(&more, aux.name),
            tag: block.bytes(shape.tag).map(<[u8]>::to_vec),
            uid: more.ptr(aux.user).and_then(|at| self.uid(at)),
            load_time: since.and_then(|t| kernel.boot_time()?.checked_add(t)),
            instructions: block.u32(shape.length),
            code: block.ptr(shape.code).filter(|_| jited),
            code_size: block.u32(shape.jited_length).filter(|n| jited && u64::from(*n) <= CODE && *n > 0),
            // The first of the enumeration is also what stands where it means nothing.
            attach: attach.filter(|a| *a != 0).and_then(|a| self.words.attaches.get(&a).cloned()),
            function: more
                .ptr(aux.function)
                .and_then(|at| view.read_cstr(at, SYMBOL).ok())
                .filter(|n| !n.is_empty())
                .map(Text::from),
            maps: self.maps_of(&more, &aux),
            ..BpfObject::new(BpfKind::Program, at, more.u32(aux.id))
        })
    }

    /// Ids of the maps that a program uses.
    fn maps_of(&self, more: &Block, aux: &AuxShape) -> Option<Vec<u32>> {
        let count = more.uint(aux.map_count)?.min(MAPS);
        let Some(first) = more.ptr(aux.maps) else { return Some(Vec::new()) };
        let (view, shape) = (self.kernel.view(), self.kernel.shape::<MapShape>());
        let word = umem::from(view.view_metadata().pointer_size);
        let ids = (0..count).map(|i| {
            let at = view.read_ptr(first.wrapping_add(umem::from(i).checked_mul(word)?)).ok()?;
            shape.read(view, at).u32(shape.id)
        });
        // A list with a hole is none.
        ids.collect()
    }

    fn uid(&self, user: VirtAddr) -> Option<u32> {
        let shape = self.kernel.shape::<UserShape>();
        shape.read(self.kernel.view(), user).u32(shape.uid)
    }

    fn map(&self, at: VirtAddr) -> Option<BpfObject> {
        let (view, shape) = (self.kernel.view(), self.kernel.shape::<MapShape>());
        let block = shape.read(view, at);
        // Every map has operations, and its kind is one of few.
        view.read_ptr(block.ptr(shape.ops)?).ok()?;
        let kind = block.uint(shape.kind)?;
        if !self.words.maps.is_empty() && !self.words.maps.contains_key(&kind) {
            return None;
        }
        Some(BpfObject {
            type_name: self.words.maps.get(&kind).cloned(),
            name: name(&block, shape.name),
            uid: block.ptr(shape.user).and_then(|at| self.uid(at)),
            key_size: block.u32(shape.key),
            value_size: block.u32(shape.value),
            max_entries: block.u32(shape.entries),
            flags: block.u32(shape.flags),
            ..BpfObject::new(BpfKind::Map, at, block.u32(shape.id))
        })
    }

    fn link(&self, at: VirtAddr) -> Option<BpfObject> {
        let (view, shape) = (self.kernel.view(), self.kernel.shape::<LinkShape>());
        let block = shape.read(view, at);
        view.read_ptr(block.ptr(shape.ops)?).ok()?;
        let program = block.ptr(shape.program).and_then(|at| self.program(at));
        Some(BpfObject {
            type_name: block.uint(shape.kind).and_then(|k| self.words.links.get(&k).cloned()),
            program: program.as_ref().and_then(|p| p.id),
            attach: program.as_ref().and_then(|p| p.attach.clone()),
            function: program.as_ref().and_then(|p| p.function.clone()),
            name: program.and_then(|p| p.name),
            ..BpfObject::new(BpfKind::Link, at, block.u32(shape.id))
        })
    }
}

fn name(block: &Block, member: Option<Member>) -> Option<Text> {
    block.text(member).filter(|n| !n.is_empty()).map(Text::from)
}

impl BpfObject {
    fn new(kind: BpfKind, address: VirtAddr, id: Option<u32>) -> Self {
        Self {
            kind,
            address,
            // An object that lost its id (`bpf_prog_free_id`) has 0.
            id: id.filter(|id| *id != 0),
            type_name: None,
            name: None,
            tag: None,
            uid: None,
            load_time: None,
            instructions: None,
            code: None,
            code_size: None,
            attach: None,
            function: None,
            maps: None,
            program: None,
            key_size: None,
            value_size: None,
            max_entries: None,
            flags: None,
            listed: false,
            owners: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
