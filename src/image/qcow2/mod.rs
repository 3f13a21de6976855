//! RAM in an internal snapshot of a qcow2 disk image (`savevm`, `virsh snapshot-create`).
//!
//! The format is QEMU's `docs/interop/qcow2.rst`, versions 2 and 3. A snapshot has its own table of clusters (L1); the state of the
//! machine lies in it behind the disk's end, and is a migration stream. It is read through the tables, in place.

mod clusters;
mod header;
mod snapshots;
mod state;

use super::detect::Parsed;
use super::fields::Fields;
use super::input::Input;
use super::qemu;
use crate::{At, Error, ErrorKind, Layer, Result};
use header::Header;
use snapshots::Snapshot;
use std::sync::Arc;

/// Snapshots that `info` names.
const NAMED: usize = 16;

/// Whether `data` begins like a qcow2 image.
pub(super) fn probe(data: &[u8]) -> bool {
    data.starts_with(header::MAGIC)
}

fn damaged(why: impl Into<String>, at: u64) -> Error {
    Error::new(Layer::Image, ErrorKind::Malformed, why)
        .at(At::File(at))
        .hint("the file is damaged or was cut short: copy it again; `qemu-img check` says more")
}

fn unsupported(why: impl Into<String>, hint: impl Into<String>) -> Error {
    Error::new(Layer::Image, ErrorKind::Unsupported, why).at(At::File(0)).hint(hint)
}

/// Reads the header, chooses a snapshot, and reads the stream in it.
pub(super) fn parse(input: &Input<'_>) -> Result<Parsed> {
    let file = Fields::new(input.data(), true);
    if !probe(input.data()) {
        return Err(Error::new(Layer::Image, ErrorKind::Malformed, "no qcow2 header (51 46 49 fb) at the beginning of the file")
            .at(At::File(0))
            .hint("leave --format away to let memsh find the format"));
    }
    let header = Header::read(&file)?;
    let mut parsed = Parsed::new("qcow2");
    header.describe(&file, &mut parsed);
    let (all, cut) = snapshots::read(&file, &header);
    if let Some(cut) = &cut {
        parsed.warnings.push(cut.clone());
    }
    let wanted = input.options.format.as_deref().and_then(|f| f.strip_prefix("qcow2:"));
    let chosen = choose(&all, wanted, cut.as_deref())?;
    for (i, s) in all.iter().enumerate().take(NAMED) {
        parsed.detail(&format!("snapshot_{}", i + 1), s.describe());
    }
    if all.len() > NAMED {
        parsed.detail("more_snapshots", all.len() - NAMED);
    }
    parsed.detail("snapshot", chosen.name());
    parsed.detail("snapshot_time", chosen.time());
    parsed.detail("vm_clock", chosen.clock());
    let with_state = all.iter().filter(|s| s.state > 0).count();
    if with_state > 1 && wanted.is_none() {
        parsed.warnings.push(format!(
            "{with_state} snapshots hold memory; this is the newest of them, {:?}; --format qcow2:NAME takes another",
            chosen.name()
        ));
    }
    if let Some(why) = header.unreadable() {
        return Err(why);
    }
    let state = state::State::new(Arc::clone(input.content), &file, &header, chosen, input.options.progress.as_ref())?;
    if let Some(warning) = state.warning() {
        parsed.warnings.push(warning);
    }
    qemu::read(input, parsed, Arc::new(state))
}

/// The snapshot of that name (or number), or the newest that has memory.
fn choose<'a>(all: &'a [Snapshot], wanted: Option<&str>, cut: Option<&str>) -> Result<&'a Snapshot> {
    let listed = || all.iter().map(Snapshot::describe).collect::<Vec<_>>().join("; ");
    if let Some(name) = wanted {
        let found = all.iter().find(|s| s.name == name.as_bytes()).or_else(|| all.iter().find(|s| s.id == name.as_bytes()));
        let found = found.ok_or_else(|| {
            let there = if all.is_empty() { "it has none".to_owned() } else { format!("it has: {}", listed()) };
            Error::new(Layer::Image, ErrorKind::NotFound, format!("the qcow2 image has no snapshot {name:?}")).hint(there)
        })?;
        if found.state == 0 {
            return Err(Error::new(
                Layer::Image,
                ErrorKind::NotFound,
                format!("the qcow2 snapshot {name:?} holds the disk only, no memory"),
            )
            .hint(format!("the image has: {}", listed())));
        }
        return Ok(found);
    }
    all.iter()
        .enumerate()
        .filter(|(_, s)| s.state > 0)
        .max_by_key(|(i, s)| (s.seconds, s.nanoseconds, *i))
        .map(|(_, s)| s)
        .ok_or_else(|| {
            let what = match (all.len(), cut) {
                (_, Some(cut)) => cut.to_owned(),
                (0, None) => "it has no snapshots".to_owned(),
                (n, None) => format!("none of its {n} snapshots holds memory"),
            };
            Error::new(
                Layer::Image,
                ErrorKind::Unsupported,
                format!("the file is a qcow2 disk image, not a memory image: {what}"),
            )
            .at(At::File(0))
            .hint("memsh reads memory, not disks; is there a memory image beside it? (`savevm` puts one into the disk image)")
        })
}
