//! A match set: the candidates, and what is remembered of them.

use super::block::{Block, Grid, Values};
use super::value::{Type, Value};
use crate::engine::search::Span;
use crate::engine::to_umem;
use memsh_plugin::umem;
use std::time::SystemTime;

/// Whose addresses a part of a set has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Physical memory.
    Physical,
    /// The kernel.
    Kernel,
    /// A process.
    Process {
        /// Its id.
        pid: u32,
        /// Its name, as the system has it.
        name: Vec<u8>,
        /// When it was started, in nanoseconds since 1970 UTC, where that is known: an id is used again.
        started: Option<i64>,
    },
}

/// The candidates of one address space.
#[derive(Clone, Debug)]
pub struct Part {
    /// Whose addresses they are.
    pub owner: Owner,
    pub(super) blocks: Vec<Block>,
}

/// A pass over a set, or the scan with which it began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The condition, as it was typed.
    pub condition: String,
    /// Candidates before it; of a first scan, all places that were looked at.
    pub before: u64,
    /// Candidates that remain.
    pub after: u64,
    /// Candidates that lie in memory that is gone.
    pub lost: u64,
    /// Bytes that were read.
    pub bytes: u64,
    /// When it ended.
    pub time: SystemTime,
}

/// The candidates of a scan for values. It never changes: a pass makes another one.
#[derive(Clone, Debug)]
pub struct Set {
    /// Type of the values.
    pub kind: Type,
    /// Addresses are multiples of this.
    pub align: usize,
    /// The target's name at the last pass.
    pub target: String,
    /// The first scan and the passes since, the last [`STEPS`] of them.
    pub steps: Vec<Step>,
    /// The candidates of each space.
    pub parts: Vec<Part>,
    /// What all candidates were at the last pass, where that was one value.
    pub(super) last: Option<Value>,
    /// The same of the first scan.
    pub(super) first: Option<Value>,
}

/// A candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its address.
    pub address: umem,
    /// Its value at the last pass.
    pub previous: Value,
    /// Its value at the first scan.
    pub first: Value,
}

/// So many steps are remembered.
pub const STEPS: usize = 1000;
/// An address's value may have any multiple of these.
pub const WIDEST_ALIGN: usize = 4096;
const BLOCK_SIZE_64: u64 = 64 << 10;
/// A list of candidates is read in pages of this size.
const PAGE: umem = 4096;

impl Part {
    /// How many candidates it has.
    pub fn count(&self) -> u64 {
        self.blocks.iter().map(|b| u64::from(b.count)).sum()
    }

    /// Bytes of the blocks in which there are candidates: how far a pass has to go.
    pub fn bytes(&self) -> u64 {
        BLOCK_SIZE_64.saturating_mul(u64::try_from(self.blocks.len()).unwrap_or(u64::MAX))
    }

    /// What has to be read for the next pass, ascending: the pages of single candidates, and blocks of many.
    pub fn wanted(&self, set: &Set) -> Vec<Span> {
        let grid = set.grid();
        let mut out: Vec<Span> = Vec::new();
        let mut add = |first: umem, size: umem| {
            let last = first.saturating_add(size - 1);
            match out.last_mut() {
                Some(span) if first <= span.last.saturating_add(1) => span.last = span.last.max(last),
                _ => out.push(Span { first, last }),
            }
        };
        for block in &self.blocks {
            if !block.slots.is_list() {
                add(block.base, to_umem(grid.bytes()));
                continue;
            }
            block.slots.for_each(|slot| {
                let at = block.base + to_umem(slot * grid.stride);
                let end = at.saturating_add(to_umem(grid.width) - 1);
                add(at / PAGE * PAGE, end / PAGE * PAGE - at / PAGE * PAGE + PAGE);
            });
        }
        out
    }
}

impl Set {
    pub(super) fn grid(&self) -> Grid {
        Grid { width: self.kind.width(), stride: self.align }
    }

    /// How many candidates there are.
    pub fn count(&self) -> u64 {
        self.parts.iter().map(Part::count).sum()
    }

    /// Bytes of memory that it takes.
    pub fn memory(&self) -> u64 {
        let blocks = self.parts.iter().flat_map(|p| &p.blocks);
        blocks.map(|b| u64::try_from(b.memory()).unwrap_or(u64::MAX)).sum()
    }

    /// The candidates of a part, ascending by address.
    pub fn candidates<'s>(&'s self, part: &'s Part) -> impl Iterator<Item = Candidate> + 's {
        let grid = self.grid();
        part.blocks.iter().flat_map(move |block| {
            let mut slots = Vec::with_capacity(usize::try_from(block.count).unwrap_or(0));
            block.slots.for_each(|s| slots.push(s));
            slots.into_iter().enumerate().map(move |(rank, slot)| {
                let value = |values: &Values, common: &Option<Value>| {
                    let own = values.get(grid, slot, rank).map(|bytes| self.kind.load(&bytes));
                    own.or_else(|| common.clone()).unwrap_or(Value::Number(0))
                };
                Candidate {
                    address: block.base.saturating_add(to_umem(slot * grid.stride)),
                    previous: value(&block.last, &self.last),
                    first: value(&block.first, &self.first),
                }
            })
        })
    }
}
