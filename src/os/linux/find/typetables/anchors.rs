//! Where the members of structures really lie: each is asked for by a fact that holds in every kernel, first where the table has it,
//! then around that place.

use super::witness::{Reader, Witness};
use crate::symbols::{Types, TypesExt};
use std::ops::Range;

/// So far from where the table has a member it is looked for, in bytes.
const FAR: u64 = 2048;

/// A member that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Anchor {
    pub(super) structure: String,
    pub(super) member: String,
    /// Where the table has it.
    pub(super) told: u64,
    /// Where it was found; none where nothing in reach fits.
    pub(super) found: Option<u64>,
}

impl Anchor {
    pub(super) fn new(structure: &str, member: &str, told: u64, found: Option<u64>) -> Self {
        Self { structure: structure.to_owned(), member: member.to_owned(), told, found }
    }

    pub(super) fn confirmed(&self) -> bool {
        self.found == Some(self.told)
    }
}

/// Where a member was found, if it was.
pub(super) fn found(anchors: &[Anchor], structure: &str, member: &str) -> Option<u64> {
    anchors.iter().find(|a| a.structure == structure && a.member == member)?.found
}

/// What facts are checked against.
pub(super) struct Facts<'a> {
    pub(super) reader: Reader<'a>,
    pub(super) witness: &'a Witness,
    pub(super) types: &'a dyn Types,
}

/// The place nearest to `told` in `range` that `fits`.
pub(super) fn nearest(told: u64, range: Range<u64>, step: u64, fits: impl Fn(u64) -> bool) -> Option<u64> {
    (0..=FAR / step)
        .flat_map(|n| {
            let by = n * step;
            [told.checked_add(by), told.checked_sub(by).filter(|_| by != 0)]
        })
        .flatten()
        .find(|&at| range.contains(&at) && fits(at))
}

impl Facts<'_> {
    pub(super) fn told(&self, structure: &str, member: &str) -> Option<u64> {
        Some(self.types.field(&format!("struct {structure}"), member)?.offset)
    }

    /// All members that are asked for.
    pub(super) fn all(&self) -> Vec<Anchor> {
        let mut out = self.tasks();
        self.others(&mut out);
        out
    }

    /// Asks for a member: by `fits`, in `range`, every `step` bytes. None where the table has no such member.
    pub(super) fn ask(
        &self,
        out: &mut Vec<Anchor>,
        (structure, member): (&'static str, &'static str),
        range: Range<u64>,
        step: u64,
        fits: impl Fn(u64) -> bool,
    ) -> Option<u64> {
        let told = self.told(structure, member)?;
        let found = nearest(told, range, step, fits);
        out.push(Anchor::new(structure, member, told, found));
        found
    }

    /// A member that lies where another one, which was found, says: as far from it as in the table.
    pub(super) fn along(
        &self,
        out: &mut Vec<Anchor>,
        structure: &'static str,
        member: &'static str,
        of: &str,
        found: Option<u64>,
    ) {
        if let (Some(told), Some(other)) = (self.told(structure, member), self.told(structure, of)) {
            let found = found.map(|f| f.wrapping_add(told).wrapping_sub(other));
            out.push(Anchor::new(structure, member, told, found));
        }
    }
}
