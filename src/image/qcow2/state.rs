//! The machine's state in a snapshot, read through its tables.

use super::super::Progress;
use super::super::fields::Fields;
use super::super::map::Content;
use super::super::memory::Place;
use super::super::qemu::{Bytes, Piece};
use super::clusters::{Cluster, Tables};
use super::damaged;
use super::header::{Header, Packing};
use super::snapshots::Snapshot;
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};

/// Unpacked clusters that are kept.
const KEPT: usize = 16;
/// A compressed cluster takes at least a byte of the file, and neighbours may share a sector: this much more unpacked bytes than
/// the file has is more than compression gives.
const MOST_RATIO: u64 = 1024;
/// RAM does not shrink by more as a whole; clusters that are named again and again seem to.
const USUAL_RATIO: u64 = 16;
/// Clusters between two reports.
const REPORT: u64 = 4096;

/// A stretch of the state: where it begins, and where it is.
#[derive(Clone, Copy)]
struct Extent {
    at: u64,
    len: u64,
    cluster: Cluster,
}

/// All of it.
pub(super) struct State {
    content: Arc<Content>,
    cluster_size: u64,
    packing: Packing,
    extents: Vec<Extent>,
    len: u64,
    held: u64,
    kept: Mutex<Vec<(u64, Arc<[u8]>)>>,
    warning: Option<String>,
}

impl State {
    /// # Errors
    /// When the snapshot's numbers make no sense, and when somebody wants it to stop.
    pub(super) fn new(
        content: Arc<Content>,
        file: &Fields<'_>,
        header: &Header,
        snapshot: &Snapshot,
        progress: Option<&Progress>,
    ) -> crate::Result<Self> {
        let tables = Tables::new(*file, header, snapshot);
        let name = snapshot.name();
        let outside = || damaged(format!("the qcow2 snapshot {name:?} has a disk of {} bytes", snapshot.disk), 0);
        let start = tables.state_at().ok_or_else(outside)?;
        start.checked_add(snapshot.state).ok_or_else(outside)?;
        let cluster_size = 1u64 << header.cluster_bits;
        let mut state = Self {
            content,
            cluster_size,
            packing: header.packing,
            extents: Vec::new(),
            len: 0,
            held: 0,
            kept: Mutex::default(),
            warning: None,
        };
        // A cluster of the file belongs to one place only: more of them than it has would be a loop.
        let mut plain = file.len();
        let mut packed = file.len().saturating_mul(MOST_RATIO);
        let mut zeros = 1u64 << 40;
        let mut found = Vec::new();
        let mut looked = 0u64;
        while state.len < snapshot.state {
            found.clear();
            looked += 1;
            if let Some(p) = progress.filter(|_| looked.is_multiple_of(REPORT)) {
                p.report(state.len, snapshot.state)?;
            }
            let cut = tables.cluster(start + state.len, &mut found).err();
            let cut = cut.or_else(|| {
                let left = |room: &mut u64, n: u64| room.checked_sub(n).map(|r| *room = r).is_none();
                let too_much = found.iter().any(|(len, cluster)| match cluster {
                    Cluster::Plain(_) => left(&mut plain, *len),
                    Cluster::Packed { .. } => left(&mut packed, *len),
                    Cluster::Zero => left(&mut zeros, *len),
                });
                too_much.then(|| "it names more clusters than the file has".to_owned())
            });
            if let Some(why) = cut {
                state.warning = Some(format!(
                    "the machine state of the snapshot {name:?} is cut after {} of {} bytes: {why}",
                    state.len, snapshot.state
                ));
                break;
            }
            for (len, cluster) in &found {
                state.push((*len).min(snapshot.state - state.len), *cluster);
            }
        }
        let packed = file.len().saturating_mul(MOST_RATIO) - packed;
        state.held = (file.len() - plain).saturating_add(packed.min(file.len().saturating_mul(USUAL_RATIO))).min(state.len);
        Ok(state)
    }

    pub(super) fn warning(&self) -> Option<String> {
        self.warning.clone()
    }

    fn push(&mut self, len: u64, cluster: Cluster) {
        if len == 0 {
            return;
        }
        let at = self.len;
        self.len += len;
        if let Some(last) = self.extents.last_mut() {
            let goes_on = match (last.cluster, cluster) {
                (Cluster::Plain(a), Cluster::Plain(b)) => a.checked_add(last.len) == Some(b),
                (Cluster::Zero, Cluster::Zero) => true,
                _ => false,
            };
            if goes_on {
                last.len += len;
                return;
            }
        }
        self.extents.push(Extent { at, len, cluster });
    }

    fn find(&self, at: u64) -> Option<(&Extent, u64)> {
        let i = self.extents.partition_point(|e| e.at <= at).checked_sub(1)?;
        let extent = self.extents.get(i)?;
        let inside = at - extent.at;
        (inside < extent.len).then_some((extent, inside))
    }

    fn here(&self, offset: u64, len: u64) -> Option<&[u8]> {
        let from = usize::try_from(offset).ok()?;
        let rest = self.content.get(from..)?;
        let n = usize::try_from(len).unwrap_or(usize::MAX).min(rest.len());
        rest.get(..n).filter(|r| !r.is_empty())
    }

    fn unpacked(&self, offset: u64, len: u64) -> Result<Arc<[u8]>, String> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, bytes)) = kept.iter().find(|(o, _)| *o == offset) {
            return Ok(Arc::clone(bytes));
        }
        let data = self
            .here(offset, len)
            .ok_or_else(|| format!("the compressed cluster at file offset {offset:#x} is not in the file"))?;
        let mut out = vec![0; usize::try_from(self.cluster_size).map_err(|e| e.to_string())?];
        unpack(self.packing, data, &mut out).map_err(|e| format!("the compressed cluster at file offset {offset:#x}: {e}"))?;
        let bytes: Arc<[u8]> = out.into();
        if kept.len() == KEPT {
            kept.remove(0);
        }
        kept.push((offset, Arc::clone(&bytes)));
        Ok(bytes)
    }
}

/// Fills a cluster. What follows the compressed data up to the sector's end is not part of them.
fn unpack(packing: Packing, data: &[u8], out: &mut [u8]) -> Result<(), String> {
    match packing {
        Packing::Deflate => flate2::read::DeflateDecoder::new(data).read_exact(out).map_err(|e| e.to_string()),
        Packing::Zstd => {
            let decoder = zstd::stream::read::Decoder::with_buffer(data).map_err(|e| e.to_string())?;
            decoder.single_frame().read_exact(out).map_err(|e| e.to_string())
        }
    }
}

impl Bytes for State {
    fn len(&self) -> u64 {
        self.len
    }

    fn held(&self) -> u64 {
        self.held
    }

    fn piece(&self, at: u64) -> Result<Piece<'_>, String> {
        let (extent, inside) = self.find(at).ok_or("the machine state ends")?;
        match extent.cluster {
            Cluster::Zero => Ok(Piece::Zeros(extent.len - inside)),
            Cluster::Plain(offset) => {
                let here = offset.checked_add(inside).and_then(|o| self.here(o, extent.len - inside));
                here.map(Piece::Here).ok_or_else(|| format!("a cluster at file offset {offset:#x} is not in the file"))
            }
            Cluster::Packed { offset, len } => {
                let bytes = self.unpacked(offset, len)?;
                let from = usize::try_from(inside).map_err(|e| e.to_string())?;
                Ok(Piece::Made(bytes, from))
            }
        }
    }

    fn place(&self, at: u64) -> Option<(Place, u64)> {
        let (extent, inside) = self.find(at)?;
        match extent.cluster {
            Cluster::Plain(offset) => {
                let offset = offset.checked_add(inside)?;
                let there = u64::try_from(self.here(offset, extent.len - inside)?.len()).ok()?;
                Some((Place { file: 0, offset }, there))
            }
            Cluster::Zero | Cluster::Packed { .. } => None,
        }
    }
}
