//! Types with members where they were found.

use super::anchors::Anchor;
use crate::symbols::tables::{Adjusted, Change};
use crate::symbols::{TypeId, TypeKind, Types, TypesExt};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// `types` with members moved to where the anchors were found; `notes` says of which structures, and how many.
///
/// `sizes` are those that the kernel itself says, where they are others than the table's.
pub(super) fn adjusted(
    types: &Arc<dyn Types>,
    anchors: &[Anchor],
    sizes: &[(String, u64)],
    notes: &mut Vec<String>,
) -> Arc<dyn Types> {
    if anchors.iter().all(Anchor::confirmed) && sizes.is_empty() {
        return Arc::clone(types);
    }
    let mut changes: HashMap<TypeId, Change> = HashMap::new();
    let structures: BTreeSet<&str> = anchors.iter().map(|a| a.structure.as_str()).collect();
    for name in structures {
        let anchors: Vec<&Anchor> = anchors.iter().filter(|a| a.structure == name).collect();
        if anchors.iter().all(|a| a.confirmed()) {
            continue;
        }
        let Some((id, change)) = change(&**types, name, &anchors) else { continue };
        notes.push(format!("{name}: {} members moved, {} unknown", change.moved.len(), change.unknown.len()));
        changes.insert(id, change);
    }
    for (name, size) in sizes {
        if let Some((id, _)) = types.find(&format!("struct {name}")).and_then(|id| types.resolve(id)) {
            changes.entry(id).or_default().size = Some(*size);
        }
    }
    let origin = format!("{}, adjusted to the image", types.origin());
    Arc::new(Adjusted::new(Arc::clone(types), changes, origin))
}

/// Moves the members between two anchors that moved by the same distance; what lies between others is unknown.
fn change(types: &dyn Types, name: &str, anchors: &[&Anchor]) -> Option<(TypeId, Change)> {
    let (id, fields) = members(types, name)?;
    let mut known: Vec<(u64, u64)> = anchors.iter().filter_map(|a| Some((a.told, a.found?))).collect();
    known.push((0, 0));
    known.sort_unstable();
    let mut change = Change::default();
    for at in fields {
        let place = match anchors.iter().find(|a| a.told == at) {
            Some(a) => a.found,
            None => between(&known, at),
        };
        match place {
            Some(place) if place == at => {}
            Some(place) => _ = change.moved.insert(at, place),
            None => _ = change.unknown.insert(at),
        }
    }
    Some((id, change))
}

/// Where a member at `at` of the table lies, by the anchors around it.
fn between(known: &[(u64, u64)], at: u64) -> Option<u64> {
    let distance = |(told, found): &(u64, u64)| found.wrapping_sub(*told);
    let before = known.iter().rev().find(|(told, _)| *told <= at)?;
    match known.iter().find(|(told, _)| *told > at) {
        Some(after) => (distance(before) == distance(after)).then(|| at.wrapping_add(distance(before))),
        // Nothing behind it tells; it stays only where nothing had moved.
        None => (distance(before) == 0).then_some(at),
    }
}

/// Where the members of a structure lie, in bytes, and the type that has them: some structures are one anonymous structure, whose
/// members could be shuffled.
fn members(types: &dyn Types, name: &str) -> Option<(TypeId, BTreeSet<u64>)> {
    let mut id = types.find(&format!("struct {name}"))?;
    let mut seen = Vec::new();
    loop {
        let (own, t) = types.resolve(id)?;
        seen.push(own);
        let TypeKind::Struct(fields) = t.kind else { return None };
        let inner = fields.iter().find(|f| f.name.is_empty() && f.bit_offset == 0).map(|f| f.type_id);
        let inner = inner.and_then(|i| types.resolve(i)).filter(|(_, t)| matches!(&t.kind, TypeKind::Struct(f) if f.len() > 8));
        match inner {
            Some((inner, _)) if !seen.contains(&inner) => id = inner,
            _ => return Some((own, fields.iter().map(|f| f.bit_offset / 8).collect())),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::symbols::tables::Table;

    const TEXT: &str = "memsh types 1
release 6.1.0
machine x86
pointer 4
source test
types
b int 4 s
s task 40
 a 0 =int
 b 4 =int
 c 4 =int
 d 4 =int
 e 4 =int
 f 4 =int
 g 4 =int
.
";

    fn anchor(member: &'static str, told: u64, found: Option<u64>) -> Anchor {
        Anchor::new("task", member, told, found)
    }

    fn offsets(anchors: &[Anchor]) -> (Vec<Option<u64>>, Vec<String>) {
        let types: Arc<dyn Types> = Arc::new(Table::all(TEXT).first().unwrap().read("t".to_owned()).unwrap());
        let mut notes = Vec::new();
        let types = adjusted(&types, anchors, &[], &mut notes);
        (["a", "b", "c", "d", "e", "f", "g"].map(|m| Some(types.field("task", m)?.offset)).to_vec(), notes)
    }

    #[test]
    fn members_between_two_that_moved_alike_move_with_them() {
        let found = offsets(&[anchor("b", 4, Some(4)), anchor("d", 12, Some(20)), anchor("f", 20, Some(28))]);
        // c lies between one that stayed and one that moved; g has nothing behind it.
        assert_eq!(found.0, [Some(0), Some(4), None, Some(20), Some(24), Some(28), None]);
        assert_eq!(found.1, ["task: 3 members moved, 2 unknown"]);
    }

    #[test]
    fn what_was_not_found_is_unknown_and_its_neighbours_stay() {
        let found = offsets(&[anchor("b", 4, Some(4)), anchor("d", 12, None), anchor("f", 20, Some(20))]);
        assert_eq!(found.0, [Some(0), Some(4), Some(8), None, Some(16), Some(20), Some(24)]);
    }

    #[test]
    fn the_kernel_knows_its_own_sizes() {
        let types: Arc<dyn Types> = Arc::new(Table::all(TEXT).first().unwrap().read("t".to_owned()).unwrap());
        let types = adjusted(&types, &[], &[("task".to_owned(), 48), ("absent".to_owned(), 8)], &mut Vec::new());
        assert_eq!(types.find("task").and_then(|id| types.resolve(id)).unwrap().1.size, Some(48));
        assert_eq!(types.field("task", "g").unwrap().offset, 24);
    }

    #[test]
    fn where_all_is_confirmed_nothing_changes() {
        let found = offsets(&[anchor("b", 4, Some(4))]);
        assert_eq!(found.0, [0, 4, 8, 12, 16, 20, 24].map(Some));
        assert!(found.1.is_empty());
    }
}
