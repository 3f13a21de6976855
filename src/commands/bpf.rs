//! `bpf`: eBPF programs, maps and links.

use super::cells::{Hex, Time, exact, hex, plain};
use super::context::Context;
use super::failure::Result;
use super::sink::Rows;
use super::spec::{Command, Shape};
use crate::os::linux::code::bpf::{BpfKind, BpfObject, BpfOwner, bpf};
use crate::umem;
use schemars::JsonSchema;
use serde::Serialize;

/// List eBPF programs, maps and links, and who holds them
#[derive(clap::Args, Debug)]
pub struct Bpf {
    /// Only programs
    #[arg(long)]
    programs: bool,
    /// Only maps
    #[arg(long)]
    maps: bool,
    /// Only links
    #[arg(long)]
    links: bool,
}

/// A program, a map or a link, and a process that holds it. One that several processes hold has a row for each.
#[derive(Serialize, JsonSchema)]
pub struct BpfRow {
    /// `program`, `map` or `link`.
    kind: &'static str,
    /// Its id. Absent where it has lost it.
    id: Option<u32>,
    /// Which kind of program, map or link: `kprobe`, `hash`, `tracing`, ...
    r#type: Option<String>,
    /// Its name; of a link, its program's.
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_bytes: Option<String>,
    /// Hash of a program's instructions, in hex.
    tag: Option<String>,
    /// User that loaded it.
    uid: Option<u32>,
    /// When a program was loaded.
    load_time: Option<Time>,
    /// Number of a program's instructions.
    instructions: Option<u32>,
    /// Where its native code lies; `dis` shows it.
    code: Option<Hex>,
    /// Size of that in bytes.
    code_size: Option<u32>,
    /// What it attaches to: `cgroup_inet_ingress`, `trace_fentry`, ...
    attach: Option<String>,
    /// Kernel function that it traces.
    function: Option<String>,
    /// Ids of the maps that a program uses.
    maps: Option<Vec<u32>>,
    /// Id of a link's program.
    program: Option<u32>,
    /// Size in bytes of a map's keys.
    key_size: Option<u32>,
    /// Size in bytes of a map's values.
    value_size: Option<u32>,
    /// How many entries a map can have.
    max_entries: Option<u32>,
    /// `BPF_F_*` of a map.
    flags: Option<Hex>,
    /// Process that holds it. Absent for what is attached or pinned and held by none.
    pid: Option<u32>,
    /// Its name.
    process: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    process_bytes: Option<String>,
    /// The process's lowest descriptor of it.
    fd: Option<u32>,
    /// Whether the kernel's table of ids leads to it; what only a process leads to was taken out of it.
    listed: bool,
    /// Address of its `bpf_prog`, `bpf_map` or `bpf_link`.
    address: Hex,
}

impl Command for Bpf {
    type Row = BpfRow;
    const NAME: &'static str = "bpf";
    const ALIASES: &'static [&'static str] = &["ebpf", "bpftool"];
    const SUMMARY: &'static str = "List eBPF programs, maps and links and who holds them";
    const SHAPE: Shape =
        Shape::List(&["kind", "id", "type", "name", "uid", "attach", "function", "maps", "code", "pid", "process", "fd"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] =
        &[("bpf", "everything"), ("bpf --programs --columns id,name,type,load_time,code,code_size", "when programs were loaded")];

    fn run(self, cx: &Context, out: &mut Rows<'_, BpfRow>) -> Result<()> {
        let kernel = cx.session()?.linux("bpf")?;
        let listing = bpf(kernel).map_err(crate::Error::from)?;
        let any = self.programs || self.maps || self.links;
        for object in cx.take(&listing) {
            cx.go_on()?;
            let wanted = match object.kind {
                BpfKind::Program => self.programs,
                BpfKind::Map => self.maps,
                BpfKind::Link => self.links,
            };
            if any && !wanted {
                continue;
            }
            if object.owners.is_empty() {
                out.push(&row(&object, None))?;
            }
            for owner in &object.owners {
                out.push(&row(&object, Some(owner)))?;
            }
        }
        Ok(())
    }
}

fn row(o: &BpfObject, owner: Option<&BpfOwner>) -> BpfRow {
    BpfRow {
        kind: o.kind.word(),
        id: o.id,
        r#type: o.type_name.clone(),
        name: o.name.as_ref().map(plain),
        name_bytes: o.name.as_ref().and_then(exact),
        tag: o.tag.as_deref().map(hex),
        uid: o.uid,
        load_time: o.load_time.map(Time),
        instructions: o.instructions,
        code: o.code.map(Hex::from),
        code_size: o.code_size,
        attach: o.attach.clone(),
        function: o.function.as_ref().map(plain),
        maps: o.maps.clone(),
        program: o.program,
        key_size: o.key_size,
        value_size: o.value_size,
        max_entries: o.max_entries,
        flags: o.flags.map(|f| Hex(umem::from(f))),
        pid: owner.map(|o| o.pid),
        process: owner.map(|o| plain(&o.process)),
        process_bytes: owner.and_then(|o| exact(&o.process)),
        fd: owner.map(|o| o.fd),
        listed: o.listed,
        address: o.address.into(),
    }
}
