//! The hits of the last search, for `foreach hit`.

use crate::commands::failure::Result;
use crate::commands::{Sink, Spec};
use crate::umem;
use serde_json::{Value, json};

/// Commands whose rows are hits.
const SEARCHES: &[&str] = &["scan", "yara"];
/// So many hits are kept, some 10 MB.
const MOST: usize = 1 << 18;

/// Where a hit lies.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Physical,
    Kernel,
    Process(u32),
}

#[derive(Clone, Copy)]
struct Hit {
    address: umem,
    physical: Option<umem>,
    length: u32,
    whose: Whose,
}

/// The hits of a search: no more of each than where it is.
#[derive(Default)]
pub struct Hits {
    hits: Vec<Hit>,
    /// Those for which there was no room.
    more: usize,
    /// Some row was no hit: the command counted.
    other: bool,
}

impl Hits {
    fn push(&mut self, row: &Value) {
        match Hit::of(row) {
            Some(_) if self.hits.len() >= MOST => self.more += 1,
            Some(hit) => self.hits.push(hit),
            None => self.other = true,
        }
    }

    /// Hits that were found and not kept.
    pub fn more(&self) -> usize {
        self.more
    }

    /// The hits as rows: `address`, `space`, `pid`, `physical`, `length`.
    pub fn rows(&self) -> Vec<Value> {
        self.hits.iter().map(|h| h.row()).collect()
    }
}

/// A number as rows have it.
fn number(value: Option<&Value>) -> Option<umem> {
    match value? {
        Value::String(s) => umem::from_str_radix(s.strip_prefix("0x")?, 16).ok(),
        n => n.as_u64().map(crate::commands::cells::wide),
    }
}

impl Hit {
    fn of(row: &Value) -> Option<Self> {
        let whose = match row.get("space")?.as_str()? {
            "phys" => Whose::Physical,
            "kernel" => Whose::Kernel,
            _ => Whose::Process(u32::try_from(row.get("pid")?.as_u64()?).ok()?),
        };
        let length = row.get("length").and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
        Some(Hit { address: number(row.get("address"))?, physical: number(row.get("physical")), length, whose })
    }

    fn row(&self) -> Value {
        let (space, pid) = match self.whose {
            Whose::Physical => ("phys", None),
            Whose::Kernel => ("kernel", None),
            Whose::Process(pid) => ("pid", Some(pid)),
        };
        let physical = self.physical.map(|p| format!("{p:#x}"));
        json!({"address": format!("{:#x}", self.address), "space": space, "pid": pid, "physical": physical, "length": self.length})
    }
}

/// Notes hits that pass by.
pub struct Noted<'a> {
    inner: &'a mut dyn Sink,
    hits: Option<Hits>,
}

impl<'a> Noted<'a> {
    /// In front of `inner`; the rows of most commands only pass.
    pub fn new(spec: &Spec, inner: &'a mut dyn Sink) -> Self {
        Self { inner, hits: SEARCHES.contains(&spec.name).then(Hits::default) }
    }

    /// What was noted, also of a search that was interrupted. Nothing where the command was no search for hits.
    pub fn hits(self) -> Option<Hits> {
        self.hits.filter(|h| !h.other)
    }
}

impl Sink for Noted<'_> {
    fn row(&mut self, row: Value) -> Result<()> {
        if let Some(hits) = &mut self.hits {
            hits.push(&row);
        }
        self.inner.row(row)
    }

    fn bytes(&mut self, data: &[u8]) -> Result<()> {
        self.inner.bytes(data)
    }

    fn idle(&mut self) -> Result<()> {
        self.inner.idle()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_where_hits_are_and_no_more_than_fits() {
        let hit = json!({"address": "0x1000", "space": "pid", "pid": 7, "physical": "0x20", "length": 5, "context": "long"});
        let mut hits = Hits::default();
        (0..MOST + 3).for_each(|_| hits.push(&hit));
        assert_eq!((hits.hits.len(), hits.more(), hits.other), (MOST, 3, false));
        let want = json!({"address": "0x1000", "space": "pid", "pid": 7, "physical": "0x20", "length": 5});
        assert_eq!(hits.rows().first().unwrap(), &want);
        hits.push(&json!({"space": "pid", "pid": 7, "hits": 3}));
        assert!(hits.other);
        assert!(std::mem::size_of::<Hit>() <= 48);
    }
}
