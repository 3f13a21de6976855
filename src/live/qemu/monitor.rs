//! What a machine's own monitor says of it: its memory map, its processors, its state.

use super::mtree;
use super::qmp::Qmp;
use super::registers;
use crate::image::CpuState;
use crate::{Error, ErrorKind, Layer, Result};
use serde_json::Value;

/// Names of RAM that is no backend with an id, as it was before 5.0 (`default_ram_id` of each machine).
const RAM: &[&str] =
    &["pc.ram", "microvm.ram", "mach-virt.ram", "sbsa-ref.ram", "riscv_virt_board.ram", "riscv.spike.ram", "riscv.sifive.u.ram"];

/// Guest-physical memory, and where QEMU has it mapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Located {
    /// Guest-physical address.
    pub guest: u64,
    /// Bytes.
    pub size: u64,
    /// Address in the process.
    pub address: u64,
    /// Name of the block.
    pub block: String,
}

/// A machine, by its own account.
#[derive(Clone, Debug, Default)]
pub(super) struct Account {
    /// Its memory.
    pub memory: Vec<Located>,
    /// Its processors.
    pub cpus: Vec<CpuState>,
    /// Further facts: name and value.
    pub details: Vec<(String, String)>,
}

/// Whether it runs, and the state's name: `running`, `paused`, `prelaunch`.
///
/// # Errors
/// As [`Qmp::command`].
pub(super) fn status(qmp: &mut Qmp) -> Result<(bool, String)> {
    let answer = qmp.command("query-status", Value::Null)?;
    let running = answer.get("running").and_then(Value::as_bool).unwrap_or(false);
    Ok((running, answer.get("status").and_then(Value::as_str).unwrap_or("unknown").to_owned()))
}

/// Asks the monitor.
///
/// # Errors
/// When it does not answer, or does not tell where memory lies.
pub(super) fn ask(qmp: &mut Qmp) -> Result<Account> {
    let (_, status) = status(qmp)?;
    let mut out = Account { memory: memory(qmp)?, ..Account::default() };
    out.details.push(("status".to_owned(), status));
    out.details.extend(qmp.version().map(|v| ("qemu_version".to_owned(), v)));
    let texts = [("query-name", "name", "name"), ("query-uuid", "UUID", "uuid")];
    for (command, member, detail) in texts {
        let answer = optional(qmp.command(command, Value::Null))?;
        let text = answer.as_ref().and_then(|a| a.get(member)?.as_str());
        // The UUID of a machine that was given none.
        let text = text.filter(|t| !t.chars().all(|c| matches!(c, '0' | '-')));
        out.details.extend(text.map(|t| (detail.to_owned(), t.to_owned())));
    }
    if let Some(answer) = optional(qmp.command("query-kvm", Value::Null))? {
        let kvm = answer.get("enabled").and_then(Value::as_bool) == Some(true);
        out.details.extend(kvm.then(|| ("accelerator".to_owned(), "kvm".to_owned())));
    }
    if let Some(text) = optional(qmp.human("info registers -a"))? {
        out.cpus = registers::processors(&text);
    }
    Ok(out)
}

/// What a version may not have is no failure; a monitor that has gone is.
fn optional<T>(answer: Result<T>) -> Result<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(e) if e.kind() == ErrorKind::Unsupported => Ok(None),
        Err(e) => Err(e),
    }
}

fn memory(qmp: &mut Qmp) -> Result<Vec<Located>> {
    let silent = |qmp: &Qmp, what: &str| {
        let what = format!("the monitor at {} does not tell {what}", qmp.address());
        Error::new(Layer::Connector, ErrorKind::Unsupported, what).hint("qmp=no works it out from the command line")
    };
    let tree = qmp.human("info mtree -f")?;
    let pieces = mtree::pieces(&tree).ok_or_else(|| silent(qmp, "where memory lies (info mtree -f)"))?;
    let mut names: Vec<String> = RAM.iter().map(|&n| n.to_owned()).collect();
    if let Some(Value::Array(backends)) = optional(qmp.command("query-memdev", Value::Null))? {
        names.extend(backends.iter().filter_map(|b| Some(b.get("id")?.as_str()?.to_owned())));
    }
    let blocks = mtree::blocks(&optional(qmp.human("info ramblock"))?.unwrap_or_default());
    let mut out = Vec::new();
    for piece in pieces.into_iter().filter(|p| names.contains(&p.block)) {
        let block = blocks.iter().find(|b| b.is(&piece.block));
        let inside = block.is_none_or(|b| piece.offset.checked_add(piece.size).is_some_and(|end| end <= b.used));
        let known = block.and_then(|b| b.address?.checked_add(piece.offset)).filter(|_| inside);
        let address = match known {
            Some(address) => address,
            None => {
                let told = qmp.human(&format!("gpa2hva {:#x}", piece.guest))?;
                mtree::host_address(&told).ok_or_else(|| silent(qmp, &format!("where {} lies (gpa2hva)", piece.block)))?
            }
        };
        out.push(Located { guest: piece.guest, size: piece.size, address, block: piece.block });
    }
    if out.is_empty() {
        return Err(silent(qmp, "of any RAM"));
    }
    Ok(out)
}
