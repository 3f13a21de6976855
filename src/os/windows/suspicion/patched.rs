//! Code of an image that is not the same in all processes that have it.
//!
//! All processes share the pages of a file that nobody changed, and a file lies at the same address in all of them until the next
//! start. Whoever writes into such a page gets a copy of it. Two copies whose bytes differ: somebody's code was changed.

use super::super::base::kernel::Kernel;
use super::super::base::text::base_name;
use super::super::vad::Vad;
use super::subject::Subject;
use super::{code, hex};
use crate::engine::to_u64;
use crate::os::finding::Finding;
use memsh_plugin::{Perm, PhysAddr, VirtAddr, umem};
use std::collections::{BTreeMap, HashMap};

const PAGE: umem = 4096;
/// So many pages of an image are compared.
const MOST: u64 = 1 << 14;

/// One process's view of an image.
type View<'s> = (&'s Subject, &'s Vad);

/// All images that two or more processes have at the same address. Ends when `go_on` says so.
pub fn images(kernel: &Kernel, subjects: &[Subject], go_on: &mut dyn FnMut() -> bool) -> Vec<Finding> {
    let mut views: BTreeMap<(String, VirtAddr, VirtAddr), Vec<View<'_>>> = BTreeMap::new();
    for s in subjects.iter().filter(|s| s.no_execute) {
        for vad in s.vads.iter().filter(|v| v.image) {
            if let Some(file) = &vad.file {
                views.entry((file.to_lowercase(), vad.start, vad.end)).or_default().push((s, vad));
            }
        }
    }
    let mut out = Vec::new();
    for views in views.values().filter(|v| v.len() > 1) {
        if !go_on() {
            break;
        }
        out.extend(image(kernel, views));
    }
    out
}

/// Pages of one image: which frame each process has there.
fn image(kernel: &Kernel, views: &[View<'_>]) -> Vec<Finding> {
    let mut pages: BTreeMap<VirtAddr, Vec<(usize, PhysAddr)>> = BTreeMap::new();
    for (who, (s, vad)) in views.iter().enumerate() {
        for run in s.runs(vad).iter().filter(|r| r.perm.has(Perm::EXECUTE)) {
            for i in 0..to_u64(run.size / PAGE).unwrap_or(0).min(MOST) {
                let by = umem::from(i) * PAGE;
                pages.entry(run.virt.wrapping_add(by)).or_default().push((who, run.phys.saturating_add(by)));
            }
        }
    }
    // What was changed, by process: pages, the first place, the bytes there, whether it is certain.
    let mut changed: HashMap<usize, Changed> = HashMap::new();
    for (at, frames) in pages {
        if frames.iter().any(|(_, f)| frames.first().is_some_and(|(_, first)| first != f)) {
            compare(kernel, at, &frames, &mut changed);
        }
    }
    let mut out: Vec<(usize, Finding)> = changed
        .into_iter()
        .filter_map(|(who, c)| {
            let (s, vad) = views.get(who)?;
            let name = vad.file.as_deref().map_or("", base_name);
            let hint = code::hint(&c.bytes).map_or_else(String::new, |h| format!(" ({h})"));
            let others =
                if c.certain { "the others that have it" } else { "another one, and which of both is the file's can't be told" };
            let evidence = format!(
                "{name}: {} of its pages of code differ from those of {others}; at {} {} in place of {}{hint}",
                c.pages,
                c.first,
                hex(&c.bytes),
                hex(&c.instead),
            );
            let found = s.in_region(vad, "code", "changed code of an image", evidence);
            Some((who, Finding { address: Some(c.first), size: None, ..found }))
        })
        .collect();
    out.sort_by_key(|(who, _)| *who);
    out.into_iter().map(|(_, f)| f).collect()
}

struct Changed {
    pages: usize,
    first: VirtAddr,
    bytes: Vec<u8>,
    instead: Vec<u8>,
    certain: bool,
}

/// One page that has several frames: the bytes that most processes see are the file's.
fn compare(kernel: &Kernel, at: VirtAddr, frames: &[(usize, PhysAddr)], changed: &mut HashMap<usize, Changed>) {
    let mut contents: Vec<(Vec<u8>, Vec<usize>)> = Vec::new();
    let mut known: HashMap<PhysAddr, usize> = HashMap::new();
    for (who, frame) in frames {
        let place = known.get(frame).copied().or_else(|| {
            let mut bytes = vec![0; 4096];
            kernel.space.memory().read(*frame, &mut bytes).ok()?;
            let place = contents.iter().position(|(b, _)| *b == bytes).unwrap_or_else(|| {
                contents.push((bytes, Vec::new()));
                contents.len() - 1
            });
            known.insert(*frame, place);
            Some(place)
        });
        if let Some((_, owners)) = place.and_then(|p| contents.get_mut(p)) {
            owners.push(*who);
        }
    }
    let Some(most) = contents.iter().map(|(_, owners)| owners.len()).max() else { return };
    let certain = contents.iter().filter(|(_, owners)| owners.len() == most).count() == 1;
    let Some(original) = contents.iter().position(|(_, owners)| owners.len() == most) else { return };
    for (i, (bytes, owners)) in contents.iter().enumerate() {
        // Of two that are as many, each is told against the other.
        let against = if i != original {
            original
        } else if certain {
            continue;
        } else {
            usize::from(i == 0)
        };
        let Some((other, _)) = contents.get(against) else { continue };
        let Some(first) = bytes.iter().zip(other).position(|(a, b)| a != b) else { continue };
        for who in owners {
            let entry = changed.entry(*who).or_insert_with(|| Changed {
                pages: 0,
                first: at.wrapping_add(crate::engine::to_umem(first)),
                bytes: bytes.get(first..).unwrap_or_default().iter().copied().take(16).collect(),
                instead: other.get(first..).unwrap_or_default().iter().copied().take(16).collect(),
                certain,
            });
            entry.pages += 1;
            entry.certain &= certain;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::os::windows::testkit::Kit;

    #[test]
    fn the_bytes_that_most_processes_have_are_the_files() {
        let mut kit = Kit::new("10.0.19041", true);
        kit.put(0x1000, b"same\x40\x53");
        kit.put(0x2000, b"same\xe9\x01");
        // A private copy that is the same.
        kit.put(0x3000, b"same\x40\x53");
        let kernel = kit.kernel();
        let frame = |at: u32| PhysAddr::new(umem::from(at));
        let at = VirtAddr::new(0x7000);
        let mut changed = HashMap::new();
        compare(&kernel, at, &[(0, frame(0x1000)), (1, frame(0x2000)), (2, frame(0x3000)), (3, frame(0x9000))], &mut changed);
        assert_eq!(changed.keys().copied().collect::<Vec<_>>(), [1]);
        let one = changed.get(&1).unwrap();
        assert_eq!((one.first, one.pages, one.certain), (at.wrapping_add(4), 1, true));
        assert!(one.bytes.starts_with(b"\xe9\x01") && one.instead.starts_with(b"\x40\x53"));
        // Of two, nobody can tell.
        changed.clear();
        compare(&kernel, at, &[(0, frame(0x1000)), (1, frame(0x2000))], &mut changed);
        assert!(changed.len() == 2 && changed.values().all(|c| !c.certain));
    }
}
