//! A picture's layout: a space without its holes, cut into cells of one size.

use super::FRAME;
use crate::engine::search::Span;
use crate::engine::{index, to_umem};
use memsh_plugin::umem;

/// A space whose bytes, holes left out, lie in cells of one size.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Ascending spans, each with the number of bytes in those before it.
    spans: Vec<(umem, Span)>,
    total: umem,
    cell: umem,
}

impl Layout {
    /// At most `cells` cells, each of a whole number of [`FRAME`]s; all of the same size, the last may reach past the end.
    pub fn new(spans: impl Iterator<Item = Span>, cells: usize) -> Self {
        let mut placed = Vec::new();
        let mut total: umem = 0;
        for span in spans {
            placed.push((total, span));
            total = total.saturating_add(span.bytes());
        }
        let cell = total.div_ceil(to_umem(cells.max(1))).div_ceil(FRAME).max(1).saturating_mul(FRAME);
        Self { spans: placed, total, cell }
    }

    /// Bytes in all.
    pub fn total(&self) -> umem {
        self.total
    }

    /// Bytes of a cell.
    pub fn cell(&self) -> umem {
        self.cell
    }

    /// How many cells there are.
    pub fn cells(&self) -> usize {
        index(self.total.div_ceil(self.cell)).unwrap_or(0)
    }

    /// Bytes of the space before an address; none in a hole.
    pub fn position(&self, address: umem) -> Option<umem> {
        let i = self.spans.partition_point(|(_, s)| s.first <= address).checked_sub(1)?;
        let (before, span) = self.spans.get(i)?;
        span.holds(address).then(|| before + (address - span.first))
    }

    /// The cell of an address; none in a hole.
    pub fn cell_of(&self, address: umem) -> Option<usize> {
        index(self.position(address)? / self.cell)
    }

    /// The address of the first byte of a cell.
    pub fn start_of(&self, cell: usize) -> Option<umem> {
        let position = to_umem(cell).checked_mul(self.cell).filter(|p| *p < self.total)?;
        let i = self.spans.partition_point(|(before, _)| *before <= position).checked_sub(1)?;
        let (before, span) = self.spans.get(i)?;
        Some(span.first + (position - before))
    }

    /// The parts of a range that are in the space.
    pub fn parts(&self, range: Span) -> impl Iterator<Item = Span> {
        let from = self.spans.partition_point(|(_, s)| s.last < range.first);
        self.spans.get(from..).unwrap_or_default().iter().map_while(move |(_, s)| s.meet(range))
    }

    /// The spans, ascending.
    pub fn spans(&self) -> impl Iterator<Item = Span> {
        self.spans.iter().map(|(_, s)| *s)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn cells_and_addresses() {
        let spans = [Span { first: 0x1000, last: 0x3fff }, Span { first: 0x10_0000, last: 0x10_4fff }];
        let layout = Layout::new(spans.into_iter(), 4);
        assert_eq!((layout.total(), layout.cell(), layout.cells()), (0x8000, 0x2000, 4));
        let starts: Vec<_> = (0..5).map(|c| layout.start_of(c)).collect();
        assert_eq!(starts, [Some(0x1000), Some(0x3000), Some(0x10_1000), Some(0x10_3000), None]);
        for (address, cell) in [(0xfff, None), (0x1000, Some(0)), (0x3fff, Some(1)), (0x4000, None), (0x10_0000, Some(1))] {
            assert_eq!(layout.cell_of(address), cell, "{address:#x}");
        }
        assert_eq!(layout.cell_of(0x10_4fff), Some(3));
        let parts: Vec<_> = layout.parts(Span { first: 0x2000, last: 0x10_0fff }).collect();
        assert_eq!(parts, [Span { first: 0x2000, last: 0x3fff }, Span { first: 0x10_0000, last: 0x10_0fff }]);
    }

    #[test]
    fn nothing_has_no_cells() {
        let layout = Layout::new(std::iter::empty(), 100);
        assert_eq!((layout.cells(), layout.start_of(0), layout.cell_of(0)), (0, None, None));
    }
}
