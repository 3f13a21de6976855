//! Every listing of a real system, with words overwritten that it reads: which those are, the intact sample says.
//!
//! With `WILD` in its environment a target fuzzes nothing; see [`sweep`].

mod areas;
mod memory;
mod sweep;

use areas::{Area, Told};
use memory::{Holed, Noting, PAGE};
use memsh::PhysAddr;
use memsh::engine::{AddressSpace, Memory, Software};
use memsh::image::{OpenOptions, open_bytes};
use memsh::os::linux::{Kernel, Linux};
use memsh::os::{Hints, OsLayer, detect};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, OnceLock};

/// Where nothing is mapped.
const WILD: u64 = 0x4141_4141_4141_4140;

/// The sample, and its system.
struct Ground {
    layer: OsLayer,
    /// The direct map's address of physical address 0.
    direct: u64,
    /// Overwritten by each run and put back by it.
    bytes: Mutex<Arc<Vec<u8>>>,
    spots: Mutex<HashMap<&'static str, Arc<Spots>>>,
}

/// What a listing reads.
struct Spots {
    /// Positions of words.
    words: Vec<usize>,
    /// Words that are pointers of the kernel.
    pointers: Vec<u64>,
    /// Positions of those.
    held: HashSet<usize>,
    /// Its rows, where nothing is overwritten.
    rows: Vec<(u64, u64)>,
}

fn is_pointer(word: u64) -> bool {
    word > 0xffff_8000_0000_0000 && word < 0xffff_ffff_ffff_0000
}

fn word(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes)
}

impl Ground {
    fn get() -> &'static Ground {
        static GROUND: OnceLock<Ground> = OnceLock::new();
        GROUND.get_or_init(Ground::find)
    }

    fn find() -> Ground {
        let packed: &'static [u8] = include_bytes!("../../assets/sample.raw.zst");
        let image = open_bytes(packed, "sample", &OpenOptions::default()).expect("the sample opens");
        let layer = detect(&image.memory, &Hints::default()).layer.expect("the sample has a system");
        let mut bytes = vec![0; usize::try_from(image.facts.memory_size).expect("it is small")];
        image.memory.read_gaps(PhysAddr::NULL, &mut bytes);
        let direct = layer.symbols.address("page_offset_base").and_then(|at| layer.kernel.read_u64(at).ok());
        let direct = direct.expect("where the direct map is");
        Ground { layer, direct, bytes: Mutex::new(Arc::new(bytes)), spots: Mutex::default() }
    }

    /// The system of the sample over another memory.
    fn system(&self, memory: Memory) -> Linux {
        let layer = &self.layer;
        let intact = layer.linux.as_ref().expect("it is Linux");
        let space = AddressSpace::new(memory, layer.paging, layer.kernel.root()).with_software(Software::Linux);
        let mut kernel = Kernel::new(space, Arc::clone(&layer.symbols), Arc::clone(&layer.types), intact.base);
        kernel.size = intact.size;
        kernel.slide = intact.slide;
        kernel.vmcoreinfo.clone_from(&intact.vmcoreinfo);
        Linux::new(kernel)
    }

    fn spots(&self, name: &'static str, area: Area, bytes: &Arc<Vec<u8>>) -> Arc<Spots> {
        if let Some(known) = self.spots.lock().expect("one thread").get(name) {
            return Arc::clone(known);
        }
        let (noting, words) = Noting::new(Arc::clone(bytes));
        let mut told = Told::default();
        area(&self.system(Memory::new(noting)), &mut told);
        let words: Vec<usize> = words.lock().expect("one thread").iter().copied().filter(|w| w + 8 <= bytes.len()).collect();
        let held: Vec<usize> = words.iter().copied().filter(|w| is_pointer(word(bytes, *w))).collect();
        let mut pointers: BTreeSet<u64> = held.iter().map(|w| word(bytes, *w)).collect();
        pointers.insert(self.direct);
        let spots = Spots { words, pointers: pointers.into_iter().collect(), held: held.into_iter().collect(), rows: told.rows };
        assert!(!spots.words.is_empty());
        let spots = Arc::new(spots);
        self.spots.lock().expect("one thread").insert(name, Arc::clone(&spots));
        spots
    }
}

/// What is done to the sample.
#[derive(Default)]
struct Tear {
    /// Positions and new bytes.
    words: Vec<(usize, Vec<u8>)>,
    /// Pages that are taken out.
    holes: BTreeSet<usize>,
}

/// A patch is 12 bytes: which word that the listing reads, how, and eight bytes of value.
fn tear(patches: &[u8], ground: &Ground, spots: &Spots) -> Tear {
    let mut tear = Tear::default();
    let small = |b: &[u8]| usize::from(b[0]) | usize::from(b[1]) << 8 | usize::from(b[2]) << 16;
    for patch in patches.chunks_exact(12).take(32) {
        let at = spots.words[small(patch) % spots.words.len()];
        let value = &patch[4..];
        let other = spots.pointers[small(value) % spots.pointers.len()];
        let own = ground.direct.wrapping_add(at as u64);
        let new = match patch[3] % 12 {
            0 => u64::from_le_bytes(value.try_into().expect("eight bytes")),
            // A pointer to another structure, to somewhere in it, to itself, to something near.
            1 | 2 => other,
            3 => other.wrapping_add(u64::from(value[3]) * 8),
            4 => own,
            5 => own.wrapping_add(u64::from(value[0]) * 8).wrapping_sub(u64::from(value[1]) * 8),
            6 => WILD,
            7 => 0,
            // Sizes and counts.
            8 => (1u64 << (value[0] % 64)).wrapping_sub(u64::from(value[1] & 1)),
            9 => {
                tear.words.push((at + usize::from(value[4] & 4), value[..4].to_vec()));
                continue;
            }
            10 => {
                tear.words.push((at + usize::from(value[1] % 8), vec![value[0]]));
                continue;
            }
            _ => {
                tear.holes.insert(at / PAGE);
                continue;
            }
        };
        tear.words.push((at, new.to_le_bytes().to_vec()));
    }
    tear
}

/// One listing over the torn sample. The sample is whole again afterwards, even for a panic that somebody catches.
fn ask(ground: &Ground, bytes: &mut Arc<Vec<u8>>, tear: &Tear, area: Area) -> Told {
    let whole = Arc::get_mut(bytes).expect("nobody else has the bytes");
    let mut old = Vec::new();
    for (at, new) in &tear.words {
        if let Some(place) = whole.get_mut(*at..at + new.len()) {
            old.push((*at, place.to_vec()));
            place.copy_from_slice(new);
        }
    }
    let mut told = Told::default();
    area(&ground.system(Memory::new(Holed::new(Arc::clone(bytes), &tear.holes))), &mut told);
    let whole = Arc::get_mut(bytes).expect("nobody else has the bytes");
    for (at, old) in old.into_iter().rev() {
        whole[at..at + old.len()].copy_from_slice(&old);
    }
    told
}

fn listing(data: &[u8], areas: &'static [(&'static str, Area)]) {
    let Some((&which, patches)) = data.split_first() else { return };
    let (name, area) = areas[usize::from(which) % areas.len()];
    let ground = Ground::get();
    let mut bytes = ground.bytes.lock().expect("one thread");
    if let Ok(only) = std::env::var("WILD") {
        sweep::wild(ground, &mut bytes, areas, &only);
        std::process::exit(0);
    }
    let spots = ground.spots(name, area, &bytes);
    let _ = ask(ground, &mut bytes, &tear(patches, ground, &spots), area);
}

pub fn linux_files(data: &[u8]) {
    listing(data, areas::FILES);
}

pub fn linux_net(data: &[u8]) {
    listing(data, areas::NET);
}

pub fn linux_tasks(data: &[u8]) {
    listing(data, areas::TASKS);
}

pub fn linux_scan(data: &[u8]) {
    listing(data, areas::SCAN);
}

pub fn linux_code(data: &[u8]) {
    listing(data, areas::CODE);
}

/// One listing of a system, whichever `which` means.
pub(crate) fn any(which: u8, system: &Linux) {
    let all: Vec<&(&str, Area)> =
        [areas::FILES, areas::NET, areas::TASKS, areas::SCAN, areas::CODE].into_iter().flatten().collect();
    let (_, area) = all[usize::from(which) % all.len()];
    area(system, &mut Told::default());
}
