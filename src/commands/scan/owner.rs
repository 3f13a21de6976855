//! `scan --owner`: who uses a frame.

use super::rows::HitRow;
use crate::PhysAddr;
use crate::commands::context::Context;
use crate::commands::failure::Result;
use crate::commands::searched::{Searched, every_process};
use crate::commands::together::Together;
use crate::commands::which::with_page_tables;
use crate::engine::Memory;
use crate::engine::search::{Hit, Owners};
use crate::os::linux::Kernel;
use crate::os::linux::memory::frame_use::{FrameUse, frame_use};
use crate::os::linux::memory::frames::Frames;
use crate::session::Session;
use std::sync::Arc;

/// Who uses frames, as the system tells it.
pub struct Frame<'c> {
    linux: Option<(&'c Arc<Kernel>, Frames)>,
}

impl<'c> Frame<'c> {
    /// Of this target.
    pub fn new(session: &'c Session) -> Self {
        let linux = session.linux("the use of a frame").ok().and_then(|kernel| Some((kernel, Frames::find(kernel)?)));
        Self { linux }
    }

    /// In words: the path of a file, `anonymous`, `slab NAME`. And the position in the file.
    pub fn used(&self, physical: PhysAddr) -> (Option<String>, Option<u64>) {
        let Some((kernel, frames)) = &self.linux else { return (None, None) };
        match frame_use(kernel, frames, physical) {
            Some(FrameUse::File(file, offset)) => {
                let path = file.paths.first().map(|p| String::from_utf8_lossy(p).into_owned());
                (Some(path.unwrap_or_else(|| format!("inode at {}", file.inode))), Some(offset))
            }
            Some(FrameUse::Anonymous) => (Some("anonymous".to_owned()), None),
            Some(FrameUse::Slab(name)) => (Some(format!("slab {}", String::from_utf8_lossy(&name))), None),
            None => (None, None),
        }
    }
}

/// The processes, and what the system knows of frames.
pub struct Owner<'c, 'a> {
    cx: &'c Context<'a>,
    memory: Memory,
    processes: Together<'c, 'a>,
    frame: Frame<'c>,
}

impl<'c, 'a> Owner<'c, 'a> {
    /// Opens every process.
    ///
    /// # Errors
    /// Where the target has no page tables, or no system was found.
    pub fn new(cx: &'c Context<'a>) -> Result<Self> {
        let session = cx.session()?;
        with_page_tables(session, "scan --owner")?;
        let processes = every_process(cx)?.enumerate().map(|(i, space)| Searched::new(space, i, None)).collect();
        Ok(Self { cx, memory: session.memory().clone(), processes: Together::new(cx, processes), frame: Frame::new(session) })
    }

    /// Ready to be asked, for hits that ascend.
    pub fn asked(&self) -> Asked<'_, 'c, 'a> {
        Asked { all: self, owners: Owners::new(&self.memory, &self.processes, self.cx.host().interrupt()) }
    }
}

/// Answers.
pub struct Asked<'o, 'c, 'a> {
    all: &'o Owner<'c, 'a>,
    owners: Owners<'o>,
}

impl Asked<'_, '_, '_> {
    /// The row, with the owners of its frame.
    pub fn of(&mut self, row: HitRow, hit: &Hit<'_>) -> HitRow {
        let Some(physical) = row.physical.as_ref().map(|p| p.0) else { return row };
        let owner = self.all.frame.used(PhysAddr::new(physical)).0;
        let mapped = self.owners.of(physical, hit.len).iter().filter_map(|&(space, address)| {
            let process = self.all.processes.searched.get(space)?.space.process()?;
            Some(format!("{}:{address:#x}", process.pid))
        });
        HitRow { owner: Some(owner), mapped_by: Some(mapped.collect()), ..row }
    }
}

impl Drop for Asked<'_, '_, '_> {
    fn drop(&mut self) {
        self.all.processes.tell();
        if self.owners.incomplete() {
            self.all.cx.lost("mappings of frames that very many processes map");
        }
    }
}
