#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
#![allow(clippy::cast_possible_truncation, clippy::unnecessary_cast, reason = "umem has 64 bits or more")]

use super::*;
use crate::os::windows::testkit::{CREATED, Kit, bits};
use memsh_plugin::umem;
use std::sync::atomic::AtomicBool;

/// Builds of each family of layouts.
const BUILDS: [(&str, bool); 9] = [
    ("5.1.2600", false),
    ("6.0.6000", false),
    ("6.1.7601", false),
    ("10.0.19041", false),
    ("5.2.3790", true),
    ("6.1.7601", true),
    ("6.2.9200", true),
    ("10.0.19041", true),
    ("10.0.26100", true),
];

fn seen(kit: &Kit) -> Vec<Seen> {
    let stop = AtomicBool::new(false);
    census(&kit.kernel(), &Options::new(&stop)).items.iter().cloned().collect()
}

fn find(all: &[Seen], at: u64) -> Option<&Seen> {
    all.iter().find(|s| s.info.address == VirtAddr::new(umem::from(at)))
}

/// System and a listed process, and one that is in no list.
fn three(release: &str, wide: bool) -> (Kit, [u64; 3]) {
    let mut kit = Kit::new(release, wide);
    let all = [0, 0x4040, 0x8060].map(|o| kit.at(o));
    for (at, (pid, name)) in all.iter().zip([(4, "System"), (0x1a4, "lsass.exe"), (0x250, "evil.exe")]) {
        kit.process(*at, pid, name);
    }
    kit.list(&all[..2]);
    (kit, all)
}

#[test]
fn one_that_is_in_no_list_is_found_by_its_look_on_every_build() {
    for (release, wide) in BUILDS {
        let (kit, [system, lsass, evil]) = three(release, wide);
        let all = seen(&kit);
        assert_eq!(all.len(), 3, "{release}");
        assert!(
            [system, lsass].iter().all(|p| find(&all, *p).is_some_and(|s| !s.hidden && s.sources.has(Way::Signature))),
            "{release}"
        );
        let evil = find(&all, evil).unwrap();
        assert!(evil.hidden && !evil.exited, "{release}");
        assert_eq!(evil.missing_from(), ["list", "pool_tag"], "{release}");
        assert_eq!((evil.info.pid, evil.info.name.to_string_lossy().into_owned()), (0x250, "evil.exe".to_owned()));
    }
}

#[test]
fn the_tag_tells_one_whose_header_is_of_another_size() {
    for (release, wide) in BUILDS {
        let (mut kit, [_, _, evil]) = three(release, wide);
        kit.put(evil + 2, &[0x77]);
        assert!(find(&seen(&kit), evil).is_none(), "{release}");
        let body = kit.o.object_header.body.unwrap().offset as u64;
        // With the bit of protected blocks, and 32 bytes of optional headers.
        let block = evil - body - 2 * kit.width() - 32;
        kit.put(block + 4, &[b'P', b'r', b'o', b'c' | 0x80]);
        let all = seen(&kit);
        let evil = find(&all, evil).unwrap();
        assert!(evil.hidden && evil.sources.has(Way::PoolTag) && !evil.sources.has(Way::Signature), "{release}");
    }
}

#[test]
fn remains_and_copies_are_not_shown_as_alive() {
    for (release, wide) in BUILDS {
        let (mut kit, [_, lsass, evil]) = three(release, wide);
        // It ended; before it began is no end.
        kit.exit(evil, CREATED + 10_000_000);
        kit.copy_page(lsass, kit.at(0x10_0000));
        let all = seen(&kit);
        assert_eq!(all.len(), 3, "{release}: a copy is not where it says that it is");
        let dead = find(&all, evil).unwrap();
        assert!(dead.exited && !dead.hidden && dead.info.exit_time.get().is_some(), "{release}");
        assert!(dead.info.dtb.get().is_none() && dead.info.threads.get().is_none());
        // Without threads it is no more alive, whatever its times say.
        kit.exit(evil, 0);
        assert!(find(&seen(&kit), evil).is_some_and(|s| s.exited && !s.hidden), "{release}");
    }
}

#[test]
fn what_is_no_process_is_none() {
    let (kit, [_, _, evil]) = three("10.0.19041", true);
    let o = kit.o;
    let name = o.process.name.unwrap().offset as u64;
    let spoil: [&dyn Fn(&mut Kit); 5] = [
        &|k| k.set(evil, o.process.pid, 0x251),
        &|k| k.set(evil, o.process.pid, u64::MAX),
        &|k| k.put(evil + name, b"a\x01b"),
        &|k| k.set64(evil, o.process.created, 7),
        &|k| k.set(evil, o.process.threads, 0x1000),
    ];
    for (i, spoil) in spoil.iter().enumerate() {
        let (mut kit, _) = three("10.0.19041", true);
        spoil(&mut kit);
        assert!(find(&seen(&kit), evil).is_none(), "{i}");
    }
    assert!(find(&seen(&kit), evil).is_some());
}

#[test]
fn where_the_list_is_torn_nobody_is_hidden_who_hangs_in_it() {
    let (mut kit, [system, lsass, evil]) = three("10.0.19041", true);
    let other = kit.at(0xc040);
    kit.process(other, 0x300, "other.exe");
    kit.list(&[system, lsass, evil, other]);
    // Both ends of the list are torn: neither way reaches the middle.
    kit.word(kit.links(system), 0x10);
    kit.word(kit.links(other) + 8, 0x10);
    let all = seen(&kit);
    assert!([lsass, evil].iter().any(|p| find(&all, *p).is_some_and(|s| !s.sources.has(Way::List))));
    assert!(all.iter().all(|s| !s.hidden || s.info.address == VirtAddr::new(umem::from(other))), "{all:?}");
}

#[test]
fn ids_lead_to_processes_and_to_those_of_threads() {
    for (release, wide) in BUILDS {
        let (mut kit, [_, lsass, evil]) = three(release, wide);
        let (variable, table, page) = (kit.at(0x20_0000), kit.at(0x20_0100), kit.at(0x20_1000));
        let o = kit.o;
        kit.symbol("PspCidTable", variable);
        kit.word(variable, table);
        kit.set(table, o.handle_table.code, page);
        let size = o.handle_entry.bytes.unwrap() as u64;
        let entry = |at: u64| match o.handle_entry.object_bits.map(|m| bits(Some(m))) {
            // Without its lowest bits, and those above the field.
            Some((low, width)) => ((at >> if wide { 4 } else { 3 }) & (u64::MAX >> (64 - width))) << low | 1,
            None => at | 1,
        };
        // The thread of evil.exe, and lsass by itself.
        let thread = (evil & !0xfff) + 0x1000;
        kit.word(page + 0x10 * size, entry(thread));
        kit.word(page + 0x1a4 / 4 * size, entry(lsass));
        // One whose id is another's is none.
        kit.word(page + 0x30 * size, entry(lsass));
        let all = seen(&kit);
        assert!(find(&all, lsass).is_some_and(|s| s.sources.has(Way::CidTable)), "{release}");
        assert!(find(&all, evil).is_some_and(|s| s.hidden && s.sources.has(Way::CidTable)), "{release}");
    }
}

#[test]
fn a_table_of_ids_that_leads_to_itself_ends() {
    let (mut kit, _) = three("10.0.19041", true);
    let (variable, table) = (kit.at(0x20_0000), kit.at(0x20_1000));
    kit.symbol("PspCidTable", variable);
    kit.word(variable, table);
    // Each of its words is a pointer to itself, and it says that there are three levels.
    (0..512).for_each(|i| kit.word(table + i * 8, table));
    kit.set(table, kit.o.handle_table.code, table | 3);
    assert_eq!(seen(&kit).len(), 3);
}
