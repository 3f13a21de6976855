//! The table of snapshots.

use super::super::fields::Fields;
use super::super::windows::date;
use super::header::Header;

/// `QCOW_MAX_SNAPSHOTS`.
const MOST: u32 = 65536;
/// `QCOW_MAX_SNAPSHOT_EXTRA_DATA`.
const MOST_EXTRA: u32 = 1024;

/// One snapshot.
#[derive(Clone, Debug)]
pub(super) struct Snapshot {
    pub id: Vec<u8>,
    pub name: Vec<u8>,
    pub seconds: u32,
    pub nanoseconds: u32,
    clock: u64,
    /// Bytes of the machine's state; 0 where there is none.
    pub state: u64,
    /// Bytes of the disk at the time.
    pub disk: u64,
    pub l1_at: u64,
    /// Entries of the L1 table.
    pub l1_len: u32,
}

/// All snapshots that make sense, and what is wrong with the next one.
pub(super) fn read(f: &Fields<'_>, header: &Header) -> (Vec<Snapshot>, Option<String>) {
    let mut all = Vec::new();
    let mut at = header.snapshots_at;
    for i in 0..header.snapshots {
        if i >= MOST {
            return (all, Some(format!("the qcow2 header claims {} snapshots, more than {MOST}", header.snapshots)));
        }
        match one(f, at, header.disk) {
            Some((snapshot, next)) => {
                all.push(snapshot);
                at = next;
            }
            None => {
                let n = header.snapshots;
                return (
                    all,
                    Some(format!("entry {} of the {n} qcow2 snapshots, at file offset {at:#x}, makes no sense", i + 1)),
                );
            }
        }
    }
    (all, None)
}

fn one(f: &Fields<'_>, at: u64, disk: u64) -> Option<(Snapshot, u64)> {
    // No field lies beyond what a u64 counts.
    at.checked_add(1 << 20)?;
    let (id_len, name_len, extra) = (f.u16(at + 12)?, f.u16(at + 14)?, f.u32(at + 36)?);
    if extra > MOST_EXTRA {
        return None;
    }
    let id_at = at + 40 + u64::from(extra);
    let name_at = id_at + u64::from(id_len);
    let end = name_at + u64::from(name_len);
    // The longer form of the state's size came first, then the disk's size.
    let large = if extra >= 8 { f.u64(at + 40)? } else { 0 };
    let snapshot = Snapshot {
        id: f.bytes(id_at, id_len.into())?.to_vec(),
        name: f.bytes(name_at, name_len.into())?.to_vec(),
        seconds: f.u32(at + 16)?,
        nanoseconds: f.u32(at + 20)?,
        clock: f.u64(at + 24)?,
        state: if large > 0 { large } else { f.u32(at + 32)?.into() },
        disk: if extra >= 16 { f.u64(at + 48)? } else { disk },
        l1_at: f.u64(at)?,
        l1_len: f.u32(at + 8)?,
    };
    Some((snapshot, end.next_multiple_of(8)))
}

/// A name from the file, fit to be shown.
pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

impl Snapshot {
    pub(super) fn name(&self) -> String {
        text(&self.name)
    }

    /// When it was made: RFC 3339, UTC.
    pub(super) fn time(&self) -> String {
        // Windows' time counts from 1601 on.
        let ticks = (u64::from(self.seconds) + 11_644_473_600) * 10_000_000 + u64::from(self.nanoseconds / 100);
        date(ticks).unwrap_or_default()
    }

    /// How long the machine had run.
    pub(super) fn clock(&self) -> String {
        format!("{}.{:09} s", self.clock / 1_000_000_000, self.clock % 1_000_000_000)
    }

    pub(super) fn describe(&self) -> String {
        let state = match self.state {
            0 => "no memory".to_owned(),
            n => format!("{n} bytes of machine state"),
        };
        format!("{:?} (id {}), {}, {state}", self.name(), text(&self.id), self.time())
    }
}
