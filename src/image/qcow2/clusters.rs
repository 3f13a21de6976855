//! From an offset in a snapshot's address space to clusters of the file: L1 and L2 tables.

use super::super::fields::Fields;
use super::header::Header;
use super::snapshots::Snapshot;

/// Bits 9 to 55 of an L1 or L2 entry.
const OFFSET: u64 = 0x00ff_ffff_ffff_fe00;
const COMPRESSED: u64 = 1 << 62;
/// All of the cluster is zero (version 3, without extended entries).
const ALL_ZERO: u64 = 1;

/// Where a stretch of a snapshot is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cluster {
    /// Nowhere, or said to be zero: both read as zeros behind a disk's end.
    Zero,
    /// At this offset of the file.
    Plain(u64),
    /// Compressed, in at most `len` bytes at `offset`.
    Packed { offset: u64, len: u64 },
}

/// A stretch, and how long it is.
pub(super) type Extent = (u64, Cluster);

/// The tables of one snapshot.
pub(super) struct Tables<'a> {
    file: Fields<'a>,
    header: &'a Header,
    snapshot: &'a Snapshot,
}

impl<'a> Tables<'a> {
    pub(super) const fn new(file: Fields<'a>, header: &'a Header, snapshot: &'a Snapshot) -> Self {
        Self { file, header, snapshot }
    }

    /// Bits of a guest offset that one L2 table covers.
    const fn l1_shift(&self) -> u32 {
        let entry = if self.header.extended() { 4 } else { 3 };
        self.header.cluster_bits * 2 - entry
    }

    /// Where the machine's state begins: at the first L1 entry behind the disk (`qcow2_vm_state_offset`).
    pub(super) fn state_at(&self) -> Option<u64> {
        let span = 1u64 << self.l1_shift();
        self.snapshot.disk.checked_next_multiple_of(span)
    }

    /// The cluster that holds guest offset `at` (a cluster's beginning), as extents.
    pub(super) fn cluster(&self, at: u64, out: &mut Vec<Extent>) -> Result<(), String> {
        let bits = self.header.cluster_bits;
        let size = 1u64 << bits;
        let index = at >> self.l1_shift();
        if index >= self.snapshot.l1_len.into() {
            return Err(format!("its L1 table has {} entries, and entry {index} is needed", self.snapshot.l1_len));
        }
        let l1_at = self.snapshot.l1_at.checked_add(index * 8);
        let l1 = l1_at.and_then(|a| self.file.u64(a)).ok_or("its L1 table is not all in the file")?;
        let l2_at = l1 & OFFSET;
        if l2_at == 0 {
            out.push((size, Cluster::Zero));
            return Ok(());
        }
        let entry_size = if self.header.extended() { 16 } else { 8 };
        let slot = (at >> bits) & ((1 << (self.l1_shift() - bits)) - 1);
        let entry_at = l2_at + slot * entry_size;
        let missing = || format!("the L2 table at file offset {l2_at:#x} is not in the file");
        let entry = self.file.u64(entry_at).ok_or_else(missing)?;
        if entry & COMPRESSED != 0 {
            let (offset, len) = packed(entry, bits);
            out.push((size, Cluster::Packed { offset, len }));
            return Ok(());
        }
        let offset = entry & OFFSET;
        if !self.header.extended() {
            let zero = offset == 0 || self.header.version3() && entry & ALL_ZERO != 0;
            out.push((size, if zero { Cluster::Zero } else { Cluster::Plain(offset) }));
            return Ok(());
        }
        let bitmap = self.file.u64(entry_at + 8).ok_or_else(missing)?;
        let part = size / 32;
        for i in 0..32u32 {
            let there = bitmap >> i & 1 == 1 && offset != 0;
            let cluster = if there { Cluster::Plain(offset + part * u64::from(i)) } else { Cluster::Zero };
            out.push((part, cluster));
        }
        Ok(())
    }
}

/// Offset and length of a compressed cluster ("Compressed Clusters Descriptor").
fn packed(entry: u64, cluster_bits: u32) -> (u64, u64) {
    let x = 62 - (cluster_bits - 8);
    let offset = entry & ((1 << x) - 1);
    let sectors = ((entry & (COMPRESSED - 1)) >> x) + 1;
    (offset, sectors * 512 - (offset & 511))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compressed_cluster_ends_with_its_last_sector() {
        // 64 KiB clusters: 54 bits of offset, 8 of sectors.
        assert_eq!(packed(COMPRESSED | 2 << 54 | 0x1_0010, 16), (0x1_0010, 3 * 512 - 16));
        assert_eq!(packed(COMPRESSED | 0x200, 9), (0x200, 512));
    }
}
