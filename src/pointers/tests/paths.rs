//! Paths: every one leads where it says, the shortest is found, and it leads there again where everything lies elsewhere.

use super::*;
use std::collections::{BTreeMap, BTreeSet};

/// A made-up process: a module with two static pointers, a heap of objects, a list that goes in a circle. `at` is where the module
/// and the heap lie. The object that is looked for is the heap's last.
fn process(module: u64, heap: u64) -> (Pieces, Bases, u64) {
    let mut statics = vec![0u8; 0x200];
    let mut objects = vec![0u8; 0x1000];
    let put = |bytes: &mut Vec<u8>, at: usize, value: u64| bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
    // game+0x40 -> world -> +0x18: player -> +0x20: weapon
    put(&mut statics, 0x40, heap + 0x100);
    put(&mut objects, 0x100 + 0x18, heap + 0x300);
    put(&mut objects, 0x300 + 0x20, heap + 0x800);
    // game+0x80 -> a list of three, the last of which has the weapon, too, and which goes in a circle.
    put(&mut statics, 0x80, heap + 0x500);
    put(&mut objects, 0x500, heap + 0x600);
    put(&mut objects, 0x600, heap + 0x700);
    put(&mut objects, 0x700, heap + 0x500);
    put(&mut objects, 0x700 + 8, heap + 0x800);
    let bases = Bases::new(vec![Base { name: "game".into(), start: module, end: module + 0x200 }]);
    (Pieces(vec![(module, statics), (heap, objects)]), bases, heap + 0x800 + 0x28)
}

fn limits(depth: usize, behind: u32, before: u32) -> Limits<'static> {
    Limits { depth, behind, before, width: 1 << 20, longer: false, interrupt: &NEVER }
}

fn map(space: &Pieces) -> PointerMap {
    let ranges = Ranges::new(space.spans(), true);
    build(space, Words { wide: true, unaligned: false }, &ranges, MAX_POINTERS, &options(1)).map
}

fn paths(space: &Pieces, bases: &Bases, target: u64, limits: &Limits<'_>) -> (Vec<Path>, Found) {
    let mut out = Vec::new();
    let found = find(&map(space), bases, target, limits, &|_| None, &mut |p| {
        out.push(p);
        ControlFlow::Continue(())
    });
    (out, found)
}

fn leads(path: &Path, space: &Pieces, bases: &Bases) -> Result<u64, Broken> {
    path.resolve(bases, &|_| None, &|at| space.number(at, 8))
}

#[test]
fn paths_of_one_run_lead_to_the_same_object_in_another() {
    let (space, bases, target) = process(0x5555_0000_0000, 0x7f00_1000_0000);
    let (found, how) = paths(&space, &bases, target, &limits(5, 0x80, 0));
    let texts: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["game+0x40 -> +0x18 -> +0x20 -> +0x28", "game+0x80 -> +0x0 -> +0x0 -> +0x8 -> +0x28"]);
    assert_eq!((how.paths, how.cut, how.interrupted), (2, None, false));
    let (other, moved, there) = process(0x7fff_0000, 0x12_3000);
    for path in &found {
        assert_eq!(leads(path, &space, &bases), Ok(target));
        assert_eq!(leads(path, &other, &moved), Ok(there));
    }
    // A run in which the player has nothing any more: that path breaks, and says where.
    let mut other = other;
    other.0[0].1[0x40..0x48].fill(0);
    assert_eq!(leads(&found[0], &other, &moved), Err(Broken::Unreadable(0x18, 1)));
    assert_eq!(leads(&found[1], &other, &moved), Ok(there));
    assert_eq!(leads(&Path { module: "gone".into(), ..found[0].clone() }, &other, &moved), Err(Broken::Module));
}

#[test]
fn a_static_address_is_a_path_of_its_own_and_limits_are_told() {
    let (space, bases, target) = process(0x1_0000, 0x20_0000);
    let (found, _) = paths(&space, &bases, 0x1_0044, &limits(3, 0x80, 0));
    assert_eq!(found[0].to_string(), "game+0x44");
    assert!(paths(&space, &bases, target, &limits(2, 0x80, 0)).0.is_empty());
    assert!(paths(&space, &bases, target, &limits(5, 0x27, 0)).0.is_empty());
    let narrow = Limits { width: 1, ..limits(5, 0x80, 0) };
    assert_eq!(paths(&space, &bases, target, &narrow).1.cut, Some(1));
    let stopped = AtomicBool::new(true);
    assert!(paths(&space, &bases, target, &Limits { interrupt: &stopped, ..limits(5, 0x80, 0) }).1.interrupted);
}

#[test]
fn a_pointer_to_the_middle_of_an_object_leads_back_to_its_beginning() {
    let (mut space, bases, target) = process(0x1_0000, 0x20_0000);
    let object = target - 0x28;
    space.0[0].1[0x10..0x18].copy_from_slice(&(object + 0x70).to_le_bytes());
    assert!(!paths(&space, &bases, object, &limits(1, 0x80, 0)).0.iter().any(|p| p.module_offset == 0x10));
    let (found, _) = paths(&space, &bases, object, &limits(1, 0x80, 0x100));
    assert_eq!(found[0].to_string(), "game+0x10 -> -0x70");
    assert_eq!(leads(&found[0], &space, &bases), Ok(object));
}

#[test]
fn symbols_lead_where_modules_lie_elsewhere() {
    let path = Path { module: "kernel".into(), module_offset: 5, symbol: Some("init_task+0x10".into()), offsets: vec![-8] };
    assert_eq!(path.to_string(), "init_task+0x10 -> -0x8");
    let symbol = |name: &str| (name == "init_task").then_some(0x1000);
    let read = |at| (at == 0x1010).then_some(0x2008);
    assert_eq!(path.resolve(&Bases::default(), &symbol, &read), Ok(0x2000));
    let text = serde_json::to_string(&path).unwrap();
    assert_eq!(serde_json::from_str::<Path>(&text).unwrap(), path);
}

/// Every place from which pointers lead to `target`, and how many they are at least.
fn naive_depths(pointers: &[(u64, u64)], bases: &Bases, target: u64, l: &Limits<'_>) -> BTreeMap<u64, usize> {
    let (behind, before) = (u64::from(l.behind), u64::from(l.before));
    let mut out = BTreeMap::new();
    let mut level = BTreeSet::from([target]);
    for depth in 1..=l.depth {
        let reach = |value: u64| level.iter().any(|t| *t >= value && t - value <= behind || *t < value && value - t <= before);
        let places: Vec<u64> = pointers.iter().filter(|(v, p)| reach(*v) && !out.contains_key(p)).map(|p| p.1).collect();
        out.extend(places.iter().map(|p| (*p, depth)));
        level = places.into_iter().filter(|p| l.longer || bases.of(*p).is_none()).collect();
    }
    out
}

proptest! {
    #[test]
    fn every_static_pointer_that_leads_there_is_found_at_its_least_depth(
        words in prop::collection::vec(prop_oneof![1 => Just(0u64), 2 => 0u64..128], 128),
        target in 0u64..1024, depth in 1usize..6, behind in 0u32..40, before in 0u32..24, longer: bool,
    ) {
        let base = 0x7f00_0000_0000u64;
        let bytes: Vec<u8> = words.iter().flat_map(|w| if *w == 0 { 0 } else { base + w * 8 }.to_le_bytes()).collect();
        let space = Pieces(vec![(base, bytes)]);
        let bases = Bases::new(vec![Base { name: "m".into(), start: base, end: base + 0x40 }]);
        let limits = Limits { longer, ..limits(depth, behind, before) };
        let target = base + target;
        let (found, how) = paths(&space, &bases, target, &limits);
        prop_assert_eq!(how.cut, None);
        prop_assert!(found.is_sorted_by_key(Path::depth));
        for path in &found {
            prop_assert_eq!(leads(path, &space, &bases), Ok(target));
        }
        let mut least: BTreeMap<u64, usize> = BTreeMap::new();
        for path in found.iter().filter(|p| p.depth() > 0) {
            least.entry(base + path.module_offset).or_insert(path.depth());
        }
        if !longer {
            prop_assert_eq!(found.iter().filter(|p| p.depth() > 0).count(), least.len());
        }
        let mut want = naive_depths(&naive(&space, 8, false), &bases, target, &limits);
        want.retain(|p, _| bases.of(*p).is_some());
        for (place, depth) in &want {
            prop_assert_eq!(least.get(place), Some(depth), "{:#x}", place);
        }
    }
}
