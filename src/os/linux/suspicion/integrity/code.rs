//! Whether the code of the kernel and its modules is what it was: jumps that were written into it.
//!
//! No pristine copy is needed. All code is decoded, function by function. The compiler and the linker let it branch only within
//! the kernel, a module also into the kernel and the modules that it uses. What the kernel itself patches while it runs is known:
//! trace sites, kprobes, static calls. A branch that leads anywhere else was written by somebody else. What replaces instructions
//! without leading elsewhere (a condition turned round) is not seen this way.

use super::{probes, sites};
use crate::engine::{ViewExt, index};
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, number, shapes};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::code::module::addresses;
use crate::os::linux::code::owner::{Owner, OwnerKind, Owners};
use crate::symbols::{Symbol, Symbols, Types};
use iced_x86::{Code, Decoder, DecoderOptions, Instruction, OpKind};
use memsh_plugin::{Perm, VirtAddr, umem};
use std::collections::HashSet;
use std::ops::Range;

/// No kernel or module has more code in one piece.
const LARGEST: u64 = 256 << 20;

shapes! {
    /// `module`, for its static calls (5.10).
    StaticShape: "module" {
        count: ["num_static_call_sites"],
        sites: ["static_call_sites"],
    }
}

/// A place in code, or a mapping of it, that is worth to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// What it is: `entry` (the first instruction of a function), `branch`, `address`, `breakpoint`, `trace` (a trace site),
    /// `mapping`.
    pub what: &'static str,
    /// Where it lies.
    pub address: VirtAddr,
    /// Whose code that is.
    pub place: Owner,
    /// How many bytes: of the instruction, of the mapping.
    pub size: u64,
    /// The bytes that stand there; none for a mapping.
    pub bytes: Vec<u8>,
    /// Where it leads.
    pub target: Option<VirtAddr>,
    /// Whose that is.
    pub owner: Option<Owner>,
    /// Why it is suspicious; `None` for what the kernel patched itself.
    pub reason: Option<&'static str>,
}

/// Everything about code: what was patched by the kernel itself too.
pub(super) fn patches(owners: &Owners<'_>, uses: &HashSet<(String, String)>, lost: &mut Lost) -> Vec<Patch> {
    let mut check = Check {
        owners,
        static_calls: static_calls(owners, lost),
        probes: probes::addresses(owners, lost),
        uses,
        out: Vec::new(),
    };
    let kernel: Vec<Symbol<'_>> = owners.kernel().symbols.all().filter(is_function).collect();
    check.code(&kernel, &owners.text(), None, lost);
    let all: Vec<Symbol<'_>> = owners.module_symbols().all().filter(is_function).collect();
    for (name, range) in owners.module_text() {
        check.code(&all, &range, Some(name), lost);
    }
    let mut out = check.out;
    out.extend(sites::patches(owners, lost));
    out.extend(super::mappings::patches(owners));
    out.sort_by_key(|p| p.address);
    out.dedup_by(|later, first| later.address == first.address && later.what != "mapping" && first.what != "mapping");
    out
}

fn is_function(symbol: &Symbol<'_>) -> bool {
    "tTwW".contains(symbol.kind)
}

/// Where the kernel patches direct calls into its own code, to functions that may be a module's (kernel/static_call_inline.c).
fn static_calls(owners: &Owners<'_>, lost: &mut Lost) -> HashSet<u64> {
    let kernel = owners.kernel();
    let mut out = HashSet::new();
    let mut add = |from: VirtAddr, count: u64| {
        for i in 0..count.min(1 << 20) {
            // `struct static_call_site`: two distances of 32 bits, the place's and the key's.
            let at = from.wrapping_add(umem::from(i * 8));
            let Ok(distance) = kernel.space.read_u32(at) else { break };
            out.insert(number(at).wrapping_add_signed(i64::from(distance.cast_signed())));
        }
    };
    if let (Some(from), Some(to)) =
        (kernel.symbols.address("__start_static_call_sites"), kernel.symbols.address("__stop_static_call_sites"))
    {
        add(from, number(to).saturating_sub(number(from)) / 8);
    }
    let shape = kernel.shape::<StaticShape>();
    if shape.sites.is_some() {
        for at in addresses(kernel, &mut Lost::default()).unwrap_or_default() {
            let block = shape.read(kernel.view(), at);
            if let (Some(from), Some(count)) = (block.ptr(shape.sites), block.uint(shape.count)) {
                add(from, count);
            }
        }
    }
    if out.is_empty() && kernel.symbols.address("static_call_key_start").is_some() {
        lost.push("static calls are not known: their sites may be told as branches");
    }
    out
}

struct Check<'a, 'k> {
    owners: &'a Owners<'k>,
    static_calls: HashSet<u64>,
    probes: HashSet<u64>,
    uses: &'a HashSet<(String, String)>,
    out: Vec<Patch>,
}

impl Check<'_, '_> {
    /// Decodes the code of `range`, from function to function.
    fn code(&mut self, functions: &[Symbol<'_>], range: &Range<u64>, module: Option<&str>, lost: &mut Lost) {
        let whose = module.unwrap_or("the kernel");
        let size = range.end.saturating_sub(range.start);
        let Some(len) = index(umem::from(size)).filter(|_| size <= LARGEST) else {
            lost.push(format!("the code of {whose} claims {size} bytes: not checked"));
            return;
        };
        let mut bytes = vec![0u8; len];
        let gaps = self.owners.kernel().view().read_gaps(VirtAddr::new(umem::from(range.start)), &mut bytes);
        if !gaps.is_empty() {
            lost.push(format!("{} bytes of the code of {whose} are not in the image, and not checked", gaps.bytes()));
        }
        let from = functions.partition_point(|s| number(s.address) < range.start);
        let mut all = functions.get(from..).unwrap_or_default().iter().take_while(|s| number(s.address) < range.end).peekable();
        while let Some(symbol) = all.next() {
            let start = number(symbol.address);
            // Of several names of one place any may tell that it is no plain function.
            let (mut skip, mut plain) = (is_patched(symbol.name), is_plain(symbol.name));
            while let Some(same) = all.next_if(|n| number(n.address) == start) {
                skip |= is_patched(same.name);
                plain &= is_plain(same.name);
            }
            let end = all.peek().map_or(range.end, |n| number(n.address)).min(range.end);
            let part = index(umem::from(start - range.start)).zip(index(umem::from(end - range.start)));
            if let Some(body) = part.and_then(|(a, b)| bytes.get(a..b)).filter(|_| !skip) {
                self.function(start, body, range, plain, module);
            }
        }
    }

    fn function(&mut self, start: u64, body: &[u8], range: &Range<u64>, plain: bool, module: Option<&str>) {
        let mut decoder = Decoder::with_ip(64, body, start, DecoderOptions::NONE);
        let mut instruction = Instruction::default();
        // An address that was loaded or pushed, whether that was the function's first instruction, and whether it was pushed.
        let mut before: Option<(Instruction, u64, bool, bool)> = None;
        let mut entry = plain;
        while decoder.can_decode() {
            decoder.decode_out(&mut instruction);
            if instruction.is_invalid() {
                // Data between functions, or padding: what follows has no known start.
                return;
            }
            let first = entry;
            entry &= matches!(
                instruction.code(),
                Code::Endbr64 | Code::Nopd | Code::Nopw | Code::Nopq | Code::Nop_rm32 | Code::Nop_rm16 | Code::Nop_rm64
            );
            let code = instruction.code();
            if instruction.op_count() > 0 && instruction.op0_kind() == OpKind::NearBranch64 {
                let target = instruction.near_branch_target();
                if !range.contains(&target) {
                    self.branch(&instruction, body, start, target, first, module);
                }
            } else if code == Code::Mov_r64_imm64 {
                before = Some((instruction, instruction.immediate64(), first, false));
                self.address(&instruction, body, start, instruction.immediate64(), first, module);
                continue;
            } else if code == Code::Pushq_imm32 {
                before = Some((instruction, instruction.immediate32to64().cast_unsigned(), first, true));
                continue;
            } else if code == Code::Push_r64
                && let Some((taken, value, at_entry, _)) = before.filter(|(b, ..)| same_register(b, &instruction))
            {
                before = Some((taken, value, at_entry, true));
                continue;
            } else if code == Code::Retnq
                && let Some((taken, value, at_entry, true)) = before
            {
                // An address was pushed, and is returned to.
                self.branch(&taken, body, start, value, at_entry, module);
            } else if matches!(code, Code::Jmp_rm64 | Code::Call_rm64)
                && let Some((taken, value, at_entry, _)) = before.filter(|(b, ..)| same_register(b, &instruction))
            {
                self.branch(&taken, body, start, value, at_entry, module);
            } else if code == Code::Jmp_rm64 && first && instruction.is_ip_rel_memory_operand() {
                let pointer = VirtAddr::new(umem::from(instruction.ip_rel_memory_address()));
                if let Ok(target) = self.owners.kernel().space.read_ptr(pointer) {
                    self.branch(&instruction, body, start, number(target), true, module);
                }
            } else if code == Code::Int3 && first && body.get(1) != Some(&0xcc) && !self.probes.contains(&instruction.ip()) {
                self.put("breakpoint", &instruction, body, start, None, Some("a breakpoint that no kprobe set"));
            }
            before = None;
        }
    }

    /// A branch out of the code that it stands in.
    fn branch(&mut self, at: &Instruction, body: &[u8], start: u64, target: u64, entry: bool, module: Option<&str>) {
        let to = VirtAddr::new(umem::from(target));
        let kind = self.owners.kind(to);
        let what = if entry { "entry" } else { "branch" };
        let reason = match kind {
            OwnerKind::Kernel | OwnerKind::Init => return,
            // Trace sites are looked at by themselves; a jump into a page of kprobes is an optimized one.
            OwnerKind::Ftrace | OwnerKind::Bpf | OwnerKind::Probe => None,
            OwnerKind::Module if self.allowed(to, module) => return,
            OwnerKind::Module if self.static_calls.contains(&at.ip()) => None,
            // The rarely used part of a module's initialization stays when the rest is freed, and another module may have taken its
            // place.
            OwnerKind::Module | OwnerKind::Vmalloc if module.is_some() && !entry => return,
            OwnerKind::Module if entry => Some("a function begins with a jump elsewhere"),
            OwnerKind::Module => Some("code branches where it has no business"),
            // Code may be decoded out of step, and a weak function that does not exist is called at 0: elsewhere than at an entry
            // only what can be executed counts.
            _ if entry && target > 0xffff => Some("a function begins with a jump elsewhere"),
            _ if self.executable(to) => Some("code branches where it has no business"),
            _ => return,
        };
        self.put(what, at, body, start, Some(to), reason);
    }

    /// An address that code holds as a constant: the compiler knows none outside of what it compiles.
    fn address(&mut self, at: &Instruction, body: &[u8], start: u64, value: u64, entry: bool, module: Option<&str>) {
        if !(1 << 63..=u64::MAX - 4096).contains(&value) {
            return;
        }
        let to = VirtAddr::new(umem::from(value));
        let foreign = match self.owners.kind(to) {
            OwnerKind::Module => !self.allowed(to, module),
            OwnerKind::Vmalloc | OwnerKind::Direct | OwnerKind::Other => self.executable(to),
            _ => false,
        };
        if foreign {
            let what = if entry { "entry" } else { "address" };
            let reason =
                if entry { "a function begins with a jump elsewhere" } else { "code holds an address outside of the kernel" };
            self.put(what, at, body, start, Some(to), Some(reason));
        }
    }

    /// Whether code of `module` may reach `to`, which is a module's.
    fn allowed(&self, to: VirtAddr, module: Option<&str>) -> bool {
        let (Some(from), Some(to)) = (module, self.owners.of(to).module) else { return false };
        from == to || self.uses.contains(&(from.to_owned(), to))
    }

    fn executable(&self, at: VirtAddr) -> bool {
        self.owners.kernel().space.translate_one(at).is_ok_and(|t| t.perm.has(Perm::EXECUTE))
    }

    fn put(
        &mut self,
        what: &'static str,
        at: &Instruction,
        body: &[u8],
        start: u64,
        target: Option<VirtAddr>,
        reason: Option<&'static str>,
    ) {
        let address = VirtAddr::new(umem::from(at.ip()));
        let from = index(umem::from(at.ip() - start)).unwrap_or(0);
        // A jump by a register takes another instruction: a few bytes more tell what it is.
        let bytes: Vec<u8> = body.iter().skip(from).take(at.len().max(16).min(body.len())).copied().collect();
        self.out.push(Patch {
            what,
            address,
            place: self.owners.of(address),
            size: crate::engine::to_u64(crate::engine::to_umem(at.len())).unwrap_or(0),
            bytes,
            target,
            owner: target.map(|t| self.owners.of(t)),
            reason,
        });
    }
}

/// Whether the second instruction uses, as its only operand, the register that the first one loads.
fn same_register(load: &Instruction, user: &Instruction) -> bool {
    load.op_count() == 2
        && load.op0_kind() == OpKind::Register
        && user.op0_kind() == OpKind::Register
        && load.op0_register() == user.op0_register()
}

/// Names of places that the kernel patches as a whole, or that are padding: trampolines of static calls, thunks.
fn is_patched(name: &str) -> bool {
    ["__SCT__", "__pfx_", "__cfi_", "__x86_", "__pi_"].iter().any(|p| name.starts_with(p))
}

/// Whether a name is that of a function, whose first instruction is where it is called: not a bound of a section, a place within
/// hand-written code, or the rarely used part of a function.
fn is_plain(name: &str) -> bool {
    !(name.ends_with("_start") || name.ends_with("_end") || name.contains(".cold") || name.contains(".part."))
}

/// A suspicious place of code as a hook's row has it.
pub(super) fn evidence(patch: &Patch) -> String {
    let place = patch.place.symbol.clone().unwrap_or_else(|| patch.address.to_string());
    let target = patch.target.map(|t| format!(" -> {t}")).unwrap_or_default();
    let owner = patch.owner.as_ref().map(|o| format!(" ({})", o.symbol.clone().unwrap_or_else(|| o.word()))).unwrap_or_default();
    let bytes: String = patch.bytes.iter().map(|b| format!("{b:02x}")).collect();
    let bytes = if bytes.is_empty() { String::new() } else { format!(", bytes {bytes}") };
    format!("{} at {place}{target}{owner}{bytes}", patch.what)
}
