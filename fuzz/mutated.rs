//! The sample with damage at places that its structures say: pointers, lists, page tables, trees of regions, names, the tables of
//! symbols and types. Where `linux` overwrites words of a few structures, this knows what each place is, and also takes what the kernel is
//! found by.

use crate::depth;
use crate::system::{Ground, ask, number};
use memsh::engine::{AddressSpace, Software};
use memsh::image::{OpenOptions, open_bytes};
use memsh::os::linux::{Kernel, Linux};
use memsh::os::{Hints, detect};
use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

const PAGE: usize = 4096;
/// No input may take more processor time: the sample is small.
const PATIENCE: Duration = Duration::from_secs(20);

/// Places of one kind: positions in the image of stretches, and how long each is.
struct Kind {
    places: Vec<(usize, usize)>,
    /// Whether the system must be looked for again, because it is found by these.
    finds: bool,
}

struct Places {
    kinds: Vec<Kind>,
    /// Pointers that are somewhere in those places: to lead from one structure to another.
    pointers: Vec<u64>,
}

fn word(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).map_or(0, |b| u64::from_le_bytes(b.try_into().expect("eight bytes")))
}

/// The tables of a root, as positions of pages: entries that are present lead to lower ones, three times.
fn tables(bytes: &[u8], root: usize, slots: std::ops::Range<usize>) -> Vec<(usize, usize)> {
    let mut level = vec![root];
    let mut out = vec![(root + slots.start * 8, slots.len() * 8)];
    let mut seen = BTreeSet::from([root]);
    for depth in 0..3 {
        let mut below = Vec::new();
        for table in level {
            let slots = if depth == 0 { slots.clone() } else { 0..512 };
            for slot in slots {
                let entry = word(bytes, table + slot * 8);
                let next = usize::try_from(entry & 0x000f_ffff_ffff_f000).unwrap_or(usize::MAX);
                // Present, no large page, in memory.
                if entry & 0x81 == 1 && next < bytes.len() && seen.len() < 400 && seen.insert(next) {
                    below.push(next);
                    out.push((next, PAGE));
                }
            }
        }
        level = below;
    }
    out
}

impl Places {
    fn get() -> &'static Places {
        static PLACES: OnceLock<Places> = OnceLock::new();
        PLACES.get_or_init(|| Self::find(Ground::get()))
    }

    fn find(ground: &Ground) -> Places {
        let bytes = &ground.bytes;
        let symbol = |name: &str| ground.symbols.address(name).and_then(|a| ground.position(number(a.value())));
        let range = |from: &str, to: &str| {
            let (from, to) = (symbol(from)?, symbol(to)?);
            (to > from).then_some((from, to - from))
        };
        let mut structures = Vec::new();
        let mut links = Vec::new();
        let mut names = Vec::new();
        let mut maple = Vec::new();
        let mut user = Vec::new();
        for &(at, position) in &ground.spots {
            structures.push((position, 512));
            if ground.tasks_at.contains(&at) {
                links.push((position + usize::try_from(ground.tasks).expect("small"), 16));
                names.push((position + ground.comm, 16));
            }
        }
        for &(pgd, root) in &ground.spaces {
            user.extend(ground.position(pgd).map(|p| tables(bytes, p, 0..256)).unwrap_or_default());
            // A node of a maple tree is 256 bytes, at a multiple of that.
            let mut left = vec![root & !255];
            while let Some(node) = left.pop().filter(|_| maple.len() < 200) {
                let Some(position) = ground.position(node) else { continue };
                if maple.contains(&(position, 256)) {
                    continue;
                }
                maple.push((position, 256));
                left.extend(
                    (0..32)
                        .map(|i| word(bytes, position + i * 8))
                        .filter(|w| w & 0x1 == 0 && *w >> 47 == 0x1_ffff)
                        .map(|w| w & !255),
                );
            }
        }
        let root = usize::try_from(number(ground.root.value())).expect("in memory");
        let kallsyms = [
            range("kallsyms_names", "kallsyms_markers"),
            range("kallsyms_markers", "kallsyms_token_table"),
            range("kallsyms_token_table", "kallsyms_token_index"),
            symbol("kallsyms_token_index").map(|at| (at, 512)),
            symbol("kallsyms_num_syms").map(|at| (at, 8)),
            symbol("kallsyms_offsets").map(|at| (at, 64 << 10)),
            symbol("kallsyms_relative_base").map(|at| (at, 8)),
        ];
        let types: Vec<(usize, usize)> = range("__start_BTF", "__stop_BTF").into_iter().collect();
        let header: Vec<(usize, usize)> = types.iter().map(|t| (t.0, 64)).collect();
        let kinds = [
            (structures, false),
            (links, false),
            (names, false),
            (maple, false),
            (user, false),
            (tables(bytes, root, 256..512), true),
            (kallsyms.into_iter().flatten().collect(), true),
            (types, true),
            (header, true),
            (
                symbol("vmcoreinfo_data")
                    .and_then(|at| ground.position(word(bytes, at)))
                    .map(|at| (at, 4096))
                    .into_iter()
                    .collect(),
                true,
            ),
        ];
        let kinds: Vec<Kind> =
            kinds.into_iter().filter(|k| !k.0.is_empty()).map(|(places, finds)| Kind { places, finds }).collect();
        assert!(kinds.len() >= 7, "the sample has all of these");
        let pointers = ground.spots.iter().map(|s| s.0).collect();
        Places { kinds, pointers }
    }

    /// Damages `bytes`, and says whether the system must be looked for again. A patch is 12 bytes: the kind of place, which one, where
    /// in it, how, and a value.
    fn apply(&self, bytes: &mut [u8], patches: &[u8]) -> bool {
        let mut finds = false;
        for patch in patches.chunks_exact(12).take(48) {
            let kind = &self.kinds[usize::from(patch[0]) % self.kinds.len()];
            finds |= kind.finds;
            let which = usize::from(u16::from_le_bytes([patch[1], patch[2]]));
            let (from, len) = kind.places[which % kind.places.len()];
            let within = usize::from(u16::from_le_bytes([patch[3], patch[4]])) | usize::from(patch[6]) << 16;
            let at = from + within % len / 8 * 8;
            let value = u64::from_le_bytes([patch[6], patch[7], patch[8], patch[9], patch[10], patch[11], 0, 0]);
            let other = self.pointers[usize::from(patch[7]) % self.pointers.len()];
            let old = word(bytes, at);
            let page = at / PAGE * PAGE;
            let new = match patch[5] % 14 {
                0 => 0,
                1 => u64::MAX,
                2 => old ^ 1 << (patch[6] % 64),
                3 => old.wrapping_add(u64::from(patch[6])).wrapping_sub(u64::from(patch[7])),
                4 => other,
                5 => other.wrapping_add(u64::from(patch[8]) * 8),
                // To itself: a loop of one.
                6 => word(bytes, at.wrapping_sub(8)),
                7 => 0x4141_4141_4141_4140,
                8 => value,
                9 => 0xffff_8000_0000_0000 | value,
                // An entry that leads back to a table above, or to any page.
                10 => old & 0xfff0_0000_0000_0fff | (value << 12) % (48 << 20),
                11 => {
                    let end = (page + PAGE).min(bytes.len());
                    bytes[page..end].fill(if patch[6] & 1 == 0 { 0 } else { 0xff });
                    continue;
                }
                12 => {
                    let (second, length) = kind.places[usize::from(patch[7]) % kind.places.len()];
                    let n = len.min(length).min(256);
                    if from + n <= bytes.len() && second + n <= bytes.len() {
                        bytes.copy_within(second..second + n, from);
                    }
                    continue;
                }
                _ => {
                    let end = (at + usize::from(patch[6]) + 1).min(bytes.len());
                    bytes[at..end].fill(patch[7]);
                    continue;
                }
            };
            if let Some(place) = bytes.get_mut(at..at + 8) {
                place.copy_from_slice(&new.to_le_bytes());
            }
        }
        finds
    }
}

/// Damages the sample and asks everything of what is left. The first byte chooses a listing besides processes.
pub fn mutated(data: &[u8]) {
    let Some((&how, patches)) = data.split_first() else { return };
    let begun = crate::spent();
    let ground = Ground::get();
    let mut bytes = ground.bytes.clone();
    let finds = Places::get().apply(&mut bytes, patches);
    let options = OpenOptions { format: Some("raw".to_owned()), ..OpenOptions::default() };
    let image = open_bytes(bytes, "fuzz", &options).expect("raw memory opens");
    if finds {
        match detect(&image.memory, &Hints::default()).layer {
            Ok(layer) => ask(&*layer.os),
            Err(e) => assert!(!e.reason().is_empty()),
        }
    } else {
        let space = AddressSpace::new(image.memory.clone(), ground.paging, ground.root).with_software(Software::Linux);
        let system = Linux::new(Kernel::new(space, Arc::clone(&ground.symbols), Arc::clone(&ground.types), ground.base));
        ask(&system);
        depth::any(how, &system);
    }
    let took = crate::spent().saturating_sub(begun);
    assert!(took < PATIENCE, "{took:?}");
}
