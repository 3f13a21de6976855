//! The header of a qcow2 image.

use super::super::detect::Parsed;
use super::super::fields::Fields;
use super::{damaged, unsupported};
use crate::{Error, Result};

pub(super) const MAGIC: &[u8; 4] = b"QFI\xfb";

// Incompatible features.
const DIRTY: u64 = 1;
const CORRUPT: u64 = 1 << 1;
const DATA_FILE: u64 = 1 << 2;
const COMPRESSION: u64 = 1 << 3;
const EXTENDED_L2: u64 = 1 << 4;

/// How compressed clusters are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Deflate,
    Zstd,
}

/// What is needed of it.
#[derive(Clone, Debug)]
pub(super) struct Header {
    version: u32,
    /// Bytes of a cluster are 1 << this: 9 to 21.
    pub cluster_bits: u32,
    /// Bytes of the disk.
    pub disk: u64,
    encryption: u32,
    features: u64,
    backing: (u64, u32),
    pub snapshots: u32,
    pub snapshots_at: u64,
    pub packing: Packing,
}

impl Header {
    pub(super) fn read(f: &Fields<'_>) -> Result<Self> {
        let short = || damaged(format!("the file ends inside the qcow2 header ({} bytes)", f.len()), 0);
        let version = f.u32(4).ok_or_else(short)?;
        if !(2..=3).contains(&version) {
            return Err(unsupported(
                format!("a qcow image of version {version}; memsh knows versions 2 and 3"),
                "convert it: qemu-img convert -O qcow2 (which loses snapshots), or take the memory in another way",
            ));
        }
        let read = || {
            let three = version == 3;
            let features = if three { f.u64(72)? } else { 0 };
            let longer = three && f.u32(100)? > 104;
            Some(Self {
                version,
                cluster_bits: f.u32(20)?,
                disk: f.u64(24)?,
                encryption: f.u32(32)?,
                features,
                backing: (f.u64(8)?, f.u32(16)?),
                snapshots: f.u32(60)?,
                snapshots_at: f.u64(64)?,
                packing: match features & COMPRESSION != 0 && longer {
                    true if f.bytes(104, 1)? != [0] => Packing::Zstd,
                    _ => Packing::Deflate,
                },
            })
        };
        let header = read().ok_or_else(short)?;
        let least = if header.extended() { 14 } else { 9 };
        if !(least..=21).contains(&header.cluster_bits) {
            return Err(damaged(format!("the qcow2 header says that clusters have 2^{} bytes", header.cluster_bits), 20));
        }
        Ok(header)
    }

    /// L2 entries say of each 32nd of a cluster whether it is there.
    pub(super) const fn extended(&self) -> bool {
        self.features & EXTENDED_L2 != 0
    }

    pub(super) const fn version3(&self) -> bool {
        self.version >= 3
    }

    /// Why clusters can't be read, if so.
    pub(super) fn unreadable(&self) -> Option<Error> {
        if self.encryption != 0 {
            return Some(unsupported(
                "the qcow2 image is encrypted, and so is the memory in it",
                "decrypt it with QEMU: start it with -loadvm and its key, and take an ELF core with dump-guest-memory",
            ));
        }
        if self.features & DATA_FILE != 0 {
            return Some(unsupported(
                "the qcow2 image keeps its clusters in another file (an external data file), where memsh does not follow",
                "QEMU makes no internal snapshots of such images; is there a memory image beside it?",
            ));
        }
        let unknown = self.features & !(DIRTY | CORRUPT | DATA_FILE | COMPRESSION | EXTENDED_L2);
        (unknown != 0).then(|| {
            unsupported(
                format!("the qcow2 image has incompatible features that memsh does not know ({unknown:#x})"),
                "load the snapshot in QEMU (-loadvm) and take an ELF core with dump-guest-memory",
            )
        })
    }

    pub(super) fn describe(&self, f: &Fields<'_>, parsed: &mut Parsed) {
        parsed.detail("qcow2_version", self.version);
        parsed.detail("cluster_size", 1u64 << self.cluster_bits);
        parsed.detail("disk_size", self.disk);
        if self.extended() {
            parsed.detail("extended_l2", "yes");
        }
        if self.packing == Packing::Zstd {
            parsed.detail("cluster_compression", "zstd");
        }
        let (at, len) = self.backing;
        if let Some(name) = (at > 0).then(|| f.bytes(at, len.min(1023).into())).flatten() {
            // The memory does not lie in there: no cluster behind a disk's end comes from its backing file.
            parsed.detail("backing_file", format!("{} (not needed for the memory)", super::snapshots::text(name)));
        }
        if self.features & CORRUPT != 0 {
            parsed.warnings.push("QEMU marked the qcow2 image as corrupt: its tables may point to wrong clusters".to_owned());
        }
        if self.features & DIRTY != 0 {
            parsed.warnings.push("the qcow2 image was not closed (dirty): what was written last may be missing".to_owned());
        }
    }
}
