//! Everything through which a kernel can be redirected, with the owner of each target; and whether its code is what it was.
//!
//! A rootkit must be called to do its work. It puts a pointer where the kernel takes one from (a table of system calls or of
//! operations, a chain of callbacks), asks to be called (ftrace, kprobes, tracepoints, netfilter), or writes a jump into the
//! kernel's code. Each file here knows one of these ways.
//!
//! What is suspicious is only what can't be right: a target that is no code of the kernel or of a known module, or a table that
//! the kernel alone fills and that points elsewhere. A clean system has none.

mod callbacks;
mod code;
mod constants;
mod files;
mod ftrace;
mod idt;
mod mappings;
mod netfilter;
mod notifiers;
pub(crate) mod numbers;
mod operations;
mod probes;
mod sites;
mod sockets;
mod syscalls;
#[cfg(test)]
mod tests;

pub use code::Patch;

use super::finding::Finding;
use crate::arch::Arch;
use crate::os::linux::base::kernel::{Kernel, failed};
use crate::os::linux::base::layout::number;
use crate::os::linux::base::lost::Lost;
use crate::os::linux::code::module;
use crate::os::linux::code::owner::{Owner, OwnerKind, Owners};
use memsh_plugin::{ApiError, Listing, Status, Text, VirtAddr};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// A place through which the kernel calls code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// Which table or list it belongs to: `syscall`, `idt`, `ftrace`, ...
    pub table: &'static str,
    /// Its number in that table.
    pub index: Option<u64>,
    /// What it is called: a system call, a chain, a traced function.
    pub name: String,
    /// Where the pointer lies.
    pub slot: Option<VirtAddr>,
    /// The address that is called.
    pub target: VirtAddr,
    /// Whose code that is; `None` where nothing is called (a program's path).
    pub owner: Option<Owner>,
    /// Priority among its like, where there is one: lower is called first.
    pub priority: Option<i64>,
    /// Whether the kernel filled the slot when it was built: of interest only where it is suspicious, or to who wants it all.
    pub fixed: bool,
    /// Why it is suspicious, where it is.
    pub reason: Option<&'static str>,
    /// What else there is to know: flags, a namespace, a path.
    pub detail: Option<String>,
}

impl Hook {
    /// Whether the target is memory of this kind.
    pub fn is(&self, kind: OwnerKind) -> bool {
        self.kind() == Some(kind)
    }

    /// What kind of memory the target lies in.
    pub fn kind(&self) -> Option<OwnerKind> {
        self.owner.as_ref().map(|o| o.kind)
    }
}

/// The tables that [`hooks`] knows.
pub const TABLES: &[&str] = &[
    "syscall",
    "ia32_syscall",
    "x32_syscall",
    "compat_syscall",
    "idt",
    "ftrace",
    "livepatch",
    "kprobe",
    "kretprobe",
    "tracepoint",
    "netfilter",
    "packet",
    "notifier",
    "binfmt",
    "lsm",
    "helper",
    "file_operations",
    "inode_operations",
    "seq_operations",
    "super_operations",
    "dentry_operations",
    "tty",
    "socket",
    "constant",
];

/// What a table is read with.
struct Reader<'a, 'k> {
    owners: &'a Owners<'k>,
    lost: &'a mut Lost,
    out: Vec<Hook>,
    /// Structures of functions that were looked at.
    seen: HashSet<(&'static str, VirtAddr)>,
    /// The pointers to functions of each structure.
    functions: HashMap<&'static str, Rc<Vec<(String, u64)>>>,
    /// Which module uses which.
    uses: HashSet<(String, String)>,
}

impl Reader<'_, '_> {
    /// A slot of a table that only the kernel itself fills.
    fn fixed(&self, table: &'static str, name: impl Into<String>, slot: Option<VirtAddr>, target: VirtAddr) -> Hook {
        let mut hook = self.registered(table, name, slot, target);
        hook.fixed = true;
        hook.reason = hook.kind().and_then(OwnerKind::foreign);
        hook
    }

    /// A callback that anybody in the kernel may register.
    fn registered(&self, table: &'static str, name: impl Into<String>, slot: Option<VirtAddr>, target: VirtAddr) -> Hook {
        let owner = self.owners.of(target);
        // What the kernel itself registers, in variables of its own, is its own code.
        let own = slot.is_some_and(|s| self.owners.image().contains(&number(s)));
        let reason = if own && owner.kind == OwnerKind::Module { owner.kind.foreign() } else { owner.kind.wild() };
        Hook {
            table,
            index: None,
            name: name.into(),
            slot,
            target,
            owner: Some(owner),
            priority: None,
            fixed: false,
            reason,
            detail: None,
        }
    }
}

/// Every hook of the kernel in the tables that `wanted` names (of all, where it names none).
///
/// # Errors
/// When the kernel's text has no bounds, so that nothing can be judged.
pub fn hooks(kernel: &Kernel, wanted: &[&str]) -> Result<Listing<Hook>, ApiError> {
    let mut lost = Lost::default();
    let owners = Owners::new(kernel, &mut lost);
    let found = collect(&owners, wanted, &mut lost);
    Ok(lost.listing(found))
}

fn collect(owners: &Owners<'_>, wanted: &[&str], lost: &mut Lost) -> Vec<Hook> {
    let mut reader =
        Reader { owners, uses: uses(owners), lost, out: Vec::new(), seen: HashSet::new(), functions: HashMap::new() };
    syscalls::read(&mut reader);
    idt::read(&mut reader);
    ftrace::read(&mut reader);
    probes::read(&mut reader);
    netfilter::read(&mut reader);
    notifiers::read(&mut reader);
    callbacks::read(&mut reader);
    operations::proc(&mut reader);
    files::read(&mut reader);
    sockets::read(&mut reader);
    constants::read(&mut reader);
    let mut out = reader.out;
    out.retain(|h| wanted.is_empty() || wanted.contains(&h.table));
    out
}

/// Pairs of a module and one that it uses. What is lost of the list of modules is told by who asks for their code.
fn uses(owners: &Owners<'_>) -> HashSet<(String, String)> {
    let all = module::modules(owners.kernel(), &mut Lost::default()).unwrap_or_default();
    let text = |t: &Text| t.to_string_lossy().into_owned();
    all.iter().flat_map(|m| m.used_by.iter().map(|user| (text(user), text(&m.name)))).collect()
}

/// What of all this is suspicious, for the list of everything that is.
pub fn findings(kernel: &Kernel, lost: &mut Lost) -> Vec<Finding> {
    let owners = Owners::new(kernel, lost);
    let hooks = collect(&owners, &[], lost);
    let mut out: Vec<Finding> = hooks.iter().filter_map(|h| finding(&owners, h)).collect();
    if checkable(kernel) {
        out.extend(code::patches(&owners, &uses(&owners), lost).iter().filter_map(code_finding));
    }
    out
}

/// Whether this is a processor whose code memsh can check.
fn checkable(kernel: &Kernel) -> bool {
    kernel.space.format().arch == Arch::X86_64
}

/// What in the code of the kernel and its modules leads elsewhere, and what of its memory may run: what the kernel patched itself
/// without a reason, what somebody else did with one.
///
/// # Errors
/// When the processor is another one than `x86_64`.
pub fn patches(kernel: &Kernel) -> Result<Listing<Patch>, ApiError> {
    if !checkable(kernel) {
        let arch = kernel.space.format().arch;
        return Err(failed(Status::UNSUPPORTED, format!("textcheck: code of {arch} can't be checked yet, only that of x86_64")));
    }
    let mut lost = Lost::default();
    let owners = Owners::new(kernel, &mut lost);
    let found = code::patches(&owners, &uses(&owners), &mut lost);
    Ok(lost.listing(found))
}

fn code_finding(patch: &Patch) -> Option<Finding> {
    Some(Finding {
        kind: "code",
        address: Some(patch.address),
        size: Some(patch.size),
        region: patch.place.symbol.as_deref().map(Text::from),
        reason: patch.reason?,
        evidence: code::evidence(patch),
        ..Finding::default()
    })
}

fn finding(owners: &Owners<'_>, hook: &Hook) -> Option<Finding> {
    let reason = hook.reason?;
    let mut evidence = hook.name.clone();
    if let Some(owner) = &hook.owner {
        let symbol = owner.symbol.as_deref().map(|s| format!(" {s}")).unwrap_or_default();
        let bytes = first_bytes(owners, hook.target);
        evidence = format!("{evidence} -> {}{symbol} ({}), bytes {bytes}", hook.target, owner.word());
    }
    if let Some(slot) = hook.slot {
        evidence = format!("{evidence}, slot {slot}");
    }
    if let Some(detail) = &hook.detail {
        evidence = format!("{evidence}, {detail}");
    }
    let address = if hook.owner.is_some() { Some(hook.target) } else { hook.slot };
    Some(Finding { kind: "hook", address, region: Some(Text::from(hook.table)), reason, evidence, ..Finding::default() })
}

/// The first bytes at an address, in hex.
fn first_bytes(owners: &Owners<'_>, at: VirtAddr) -> String {
    use crate::engine::ViewExt;
    let mut bytes = [0u8; 8];
    match owners.kernel().space.read_exact(at, &mut bytes) {
        Ok(()) => bytes.iter().map(|b| format!("{b:02x}")).collect(),
        Err(_) => "missing".to_owned(),
    }
}

/// Whether the target is the kernel's own code.
fn own(hook: &Hook) -> bool {
    matches!(hook.kind(), Some(OwnerKind::Kernel | OwnerKind::Init))
}
