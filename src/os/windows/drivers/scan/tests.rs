#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation, clippy::unnecessary_cast)]

use super::*;
use crate::os::windows::base::offsets::Member;
use crate::os::windows::pe::tests::{OPTIONAL, image};
use crate::os::windows::testkit::Kit;
use std::sync::atomic::AtomicBool;

const BUILDS: [(&str, bool); 5] =
    [("5.1.2600", false), ("6.1.7601", false), ("6.1.7601", true), ("10.0.19041", true), ("10.0.26100", true)];

fn off(member: Option<Member>) -> u64 {
    member.unwrap().offset as u64
}

fn head(kit: &Kit) -> u64 {
    kit.at(0x1_0000)
}

/// An entry of the loader in a block of the pool.
fn entry(kit: &mut Kit, block: u64, base: u64, size: u32, name: &str) -> u64 {
    let (step, block) = (if kit.wide { 16 } else { 8 }, kit.at(block));
    kit.put(block, &[0; 0x400]);
    kit.put(block + 4, b"MmLd");
    let (at, o) = (block + step, kit.o.driver);
    kit.set(at, o.base, base);
    kit.put(at + off(o.size), &size.to_le_bytes());
    kit.unicode(at + off(o.name), name);
    // Its text is elsewhere.
    let text = block + 0x300;
    kit.unicode(text, name);
    kit.word(at + off(o.name) + kit.width(), text + 2 * kit.width());
    at
}

/// An image whose code can run.
fn mapped(kit: &mut Kit, base: u64, change: impl Fn(&mut Vec<u8>)) {
    let mut bytes = image(kit.wide);
    change(&mut bytes);
    kit.put(base, &bytes);
    kit.can_run(base + 0x1000);
}

fn found(kit: &Kit) -> (Vec<SeenModule>, Vec<String>) {
    let stop = AtomicBool::new(false);
    let kernel = Kernel { modules: Some(VirtAddr::new(umem::from(head(kit)))), ..kit.kernel() };
    let listing = scan(&kernel, &Options::new(&stop)).ok().unwrap();
    let lost = listing.lost.iter().map(|l| l.to_string_lossy().into_owned()).collect();
    (listing.items.iter().cloned().collect(), lost)
}

/// Name, base, whether hidden, ways.
fn rows(all: &[SeenModule]) -> Vec<(String, u64, bool, Vec<&'static str>)> {
    let row = |m: &SeenModule| {
        (m.info.name.to_string_lossy().into_owned(), m.info.base.value() as u64, m.hidden, m.sources.names(true))
    };
    all.iter().map(row).collect()
}

#[test]
fn what_is_in_no_list_is_found_by_its_entry_and_by_its_look() {
    for (release, wide) in BUILDS {
        let mut kit = Kit::new(release, wide);
        let [listed, hidden, nameless, gone, firmware, cached] =
            [0x10_0000, 0x20_0000, 0x30_0000, 0x40_0000, 0x50_0000, 0x60_0000].map(|o| kit.at(o));
        let own = entry(&mut kit, 0x2_0000, listed, 0x5000, "disk.sys");
        let head = head(&kit);
        let links = own + off(kit.o.driver.links);
        kit.ring(&[head, links]);
        mapped(&mut kit, listed, |_| {});
        entry(&mut kit, 0x3_0000, hidden, 0x5000, "evil.sys");
        mapped(&mut kit, hidden, |_| {});
        mapped(&mut kit, nameless, |_| {});
        // What remains of one that was unloaded.
        entry(&mut kit, 0x4_0000, gone, 0x5000, "old.sys");
        // The firmware's, and a file as it lies on disk.
        mapped(&mut kit, firmware, |i| i[OPTIONAL + 68] = 12);
        mapped(&mut kit, cached, |i| i[0x400..0x600].fill(0x90));
        let (all, lost) = found(&kit);
        let want = [
            ("disk.sys".to_owned(), listed, false, vec!["list", "pool_tag", "signature"]),
            ("evil.sys".to_owned(), hidden, true, vec!["pool_tag", "signature"]),
            // It exports things, and so has a name.
            ("own.dll".to_owned(), nameless, true, vec!["signature"]),
            ("old.sys".to_owned(), gone, false, vec!["pool_tag"]),
        ];
        assert_eq!(rows(&all), want, "{release} {lost:?}");
        assert_eq!(all[1].missing_from(), ["list"], "{release}");
        assert_eq!(all[3].info.state.as_ref().map(|s| s.to_string_lossy().into_owned()).as_deref(), Some("unloaded"));
    }
}

#[test]
fn what_lay_where_a_listed_driver_lies_now_is_not_hidden() {
    for (release, wide) in BUILDS {
        let mut kit = Kit::new(release, wide);
        let (head, gone, listed) = (head(&kit), kit.at(0x20_0000), kit.at(0x20_5000));
        let own = entry(&mut kit, 0x2_0000, listed, 0x5000, "disk.sys");
        kit.ring(&[head, own + off(kit.o.driver.links)]);
        mapped(&mut kit, listed, |_| {});
        entry(&mut kit, 0x3_0000, gone, 0x1_0000, "old.sys");
        let (all, _) = found(&kit);
        let old = all.iter().find(|m| m.info.base.value() as u64 == gone).unwrap();
        assert!(!old.hidden && old.info.state.as_ref().is_some(), "{release} {wide}: {:?}", rows(&all));
        // Code of its own is another thing.
        kit.put(gone + 0x1000, &[0x90; 64]);
        kit.can_run(gone + 0x1000);
        let (all, _) = found(&kit);
        assert!(all.iter().any(|m| m.info.base.value() as u64 == gone && m.hidden), "{release} {wide}: {:?}", rows(&all));
    }
}

#[test]
fn a_driver_object_that_no_directory_has_tells_where_its_image_is() {
    for (release, wide) in BUILDS {
        let mut kit = Kit::new(release, wide);
        let (o, head, base) = (kit.o.driver_object, head(&kit), kit.at(0x20_0000));
        kit.ring(&[head]);
        // Its header was wiped, the code is there.
        mapped(&mut kit, base, |i| i[..0x1000].fill(0));
        let block = kit.at(0x3_0000);
        kit.put(block, &[0; 0x600]);
        // Until Windows 8 the tag's highest bit is set.
        kit.put(block + 4, b"Dri\xf6");
        let object = block + if wide { 16 } else { 8 } + 0x20 + off(kit.o.object_header.body);
        kit.put(object, &[4, 0]);
        kit.put(object + 2, &(o.bytes.unwrap() as u16).to_le_bytes());
        kit.set(object, o.start, base);
        kit.put(object + off(o.size), &0x5000u32.to_le_bytes());
        let text = block + 0x500;
        kit.unicode(text, "\\Driver\\evil");
        kit.unicode(object + off(o.name), "\\Driver\\evil");
        kit.word(object + off(o.name) + kit.width(), text + 2 * kit.width());
        let (all, _) = found(&kit);
        assert_eq!(rows(&all), [("evil".to_owned(), base, true, vec!["driver_object"])], "{release}");
        // Of another size it is none.
        kit.put(object + 2, &[1]);
        assert!(found(&kit).0.is_empty(), "{release}");
    }
}

#[test]
fn where_everything_can_run_a_header_has_to_be_there() {
    let mut kit = Kit::new("6.1.7601", false);
    let (head, base, reused) = (head(&kit), kit.at(0x20_0000), kit.at(0x30_0000));
    kit.ring(&[head]);
    entry(&mut kit, 0x3_0000, base, 0x5000, "evil.sys");
    entry(&mut kit, 0x4_0000, reused, 0x5000, "old.sys");
    kit.put(base, &image(false));
    // Something else lies there by now.
    kit.put(reused, &[0x90; 0x2000]);
    kit.everything_runs();
    let (all, _) = found(&kit);
    let want = [("evil.sys".to_owned(), base, true, vec!["pool_tag"]), ("old.sys".to_owned(), reused, false, vec!["pool_tag"])];
    assert_eq!(rows(&all), want);
    assert!(all.iter().all(|m| m.sources.get(Way::Signature).is_none()));
}

#[test]
fn blocks_that_hold_something_else_and_a_torn_list_accuse_nobody() {
    for (release, wide) in BUILDS {
        let mut kit = Kit::new(release, wide);
        let o = kit.o.driver;
        let (head, base) = (head(&kit), kit.at(0x20_0000));
        kit.ring(&[head]);
        mapped(&mut kit, base, |_| {});
        // No address of a page, no size, no name, a name of half a character, a name nowhere.
        entry(&mut kit, 0x3_0000, base + 0x10, 0x5000, "a.sys");
        entry(&mut kit, 0x4_0000, base, 0xffff_ffff, "b.sys");
        entry(&mut kit, 0x5_0000, base, 0x5000, "");
        let half = entry(&mut kit, 0x6_0000, base, 0x5000, "c.sys");
        kit.put(half + off(o.name), &[3, 0, 20, 0]);
        let nowhere = entry(&mut kit, 0x7_0000, base, 0x5000, "d.sys");
        let wild = kit.at(0x77_0000);
        kit.word(nowhere + off(o.name) + kit.width(), wild);
        let (all, _) = found(&kit);
        assert_eq!(rows(&all), [("own.dll".to_owned(), base, true, vec!["signature"])], "{release}");
        // Who is missing may be in the part of the list that was lost.
        kit.word(head, 0x1234);
        let (all, lost) = found(&kit);
        assert!(all.len() == 1 && !all[0].hidden && !lost.is_empty(), "{release} {lost:?}");
    }
}
