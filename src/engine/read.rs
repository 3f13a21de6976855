//! What is missing from a read.

use memsh_plugin::umem;

/// A hole in what was read: `start..end` as addresses of the space that was read (`end` exclusive, saturating at the top).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// First missing address.
    pub start: umem,
    /// First address after the hole.
    pub end: umem,
}

/// The holes of one read, ascending, neighbours merged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gaps(Vec<Gap>);

impl Gaps {
    /// No hole.
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// Whether everything was read.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a hole at or after the last one.
    pub fn push(&mut self, start: umem, end: umem) {
        if start >= end {
            return;
        }
        match self.0.last_mut() {
            Some(last) if last.end >= start => last.end = last.end.max(end),
            _ => self.0.push(Gap { start, end }),
        }
    }

    /// The holes.
    pub fn as_slice(&self) -> &[Gap] {
        &self.0
    }

    /// How many bytes are missing.
    pub fn bytes(&self) -> umem {
        self.0.iter().map(|g| g.end - g.start).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_merge() {
        let mut g = Gaps::none();
        g.push(0, 0x1000);
        g.push(0x1000, 0x2000);
        g.push(0x3000, 0x3001);
        assert_eq!(g.as_slice(), [Gap { start: 0, end: 0x2000 }, Gap { start: 0x3000, end: 0x3001 }]);
        assert_eq!(g.bytes(), 0x2001);
    }
}
