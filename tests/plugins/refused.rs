//! Files that are not to be used, and in which words.

use super::built::{Folder, example, odd, old, patched, with_descriptor};
use serde_json::{Value, json};
use std::fs;

/// The only row about the only file.
fn only(folder: &Folder) -> Value {
    let rows = folder.listed();
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    row.clone()
}

#[test]
fn a_plugin_of_an_earlier_abi_is_refused_in_the_right_words() {
    let folder = Folder::of(&[old()]);
    let row = only(&folder);
    assert_eq!((&row["name"], &row["kind"], &row["version"]), (&json!("old"), &json!("connector"), &json!("0.9.0")));
    assert_eq!(row["state"], "unusable");
    assert_eq!(row["path"], folder.file(old().file_name().unwrap().to_str().unwrap()).display().to_string());
    let reason = row["reason"].as_str().unwrap();
    let now = format!("need ABI {} (connector layout {:#x})", memsh_plugin::ABI_VERSION, memsh_plugin::layout::CONNECTOR);
    for part in ["found ABI 1 (connector layout 0x", &now, "it was built with memsh-plugin 0.1.0", "build it again"] {
        assert!(reason.contains(part), "{part}: {reason}");
    }
    let used = folder.memsh(&["-C", "old", "read", "--phys", "0", "16"]);
    assert_ne!(used.status, 0);
    assert!(used.stderr.contains("the plugin old in /") && used.stderr.contains("found ABI 1"), "{}", used.stderr);
    let checked = folder.memsh(&["plugins", "check", row["path"].as_str().unwrap()]);
    assert_eq!(checked.status, 1);
    assert!(checked.stderr.contains("found ABI 1"), "{}", checked.stderr);
}

#[test]
fn a_change_to_one_kind_leaves_the_others_usable() {
    // A plugin whose OS layer alone is of another layout.
    let mut bytes = fs::read(example()).unwrap();
    let at: Vec<usize> = (0..bytes.len() - 8).filter(|&i| bytes[i..i + 8] == memsh_plugin::layout::OS.to_ne_bytes()).collect();
    assert!(!at.is_empty());
    for i in at {
        bytes[i] ^= 1;
    }
    let folder = Folder::of(&[]);
    folder.put("mixed", &bytes);
    let rows = folder.listed();
    let state = |name: &str| rows.iter().find(|r| r["name"] == name).unwrap()["state"].clone();
    assert_eq!((state("rom"), state("onetask"), state("oldest")), (json!("usable"), json!("unusable"), json!("usable")));
}

#[test]
fn what_is_no_plugin_is_told_apart() {
    let whole = fs::read(example()).unwrap();
    let machine = |n: u16| {
        let mut bytes = whole.clone();
        bytes[18..20].copy_from_slice(&n.to_le_bytes());
        bytes
    };
    // EM_AARCH64 and EM_X86_64: one of them is another machine's.
    let (foreign, name) = if cfg!(target_arch = "aarch64") { (62, "X86_64") } else { (183, "Aarch64") };
    let zlib = ["/lib/x86_64-linux-gnu/libc.so.6", "/lib64/libc.so.6", "/usr/lib/libc.so.6", "/lib/aarch64-linux-gnu/libc.so.6"];
    let foreign_plugin = zlib.iter().find_map(|p| fs::read(p).ok());
    let mut cases: Vec<(Vec<u8>, String)> = vec![
        (b"#!/bin/sh\necho no plugin\n".to_vec(), "is no shared object".to_owned()),
        (Vec::new(), "is no shared object".to_owned()),
        (machine(foreign), format!("is for {name}; this memsh is for")),
        (whole[..whole.len() / 2].to_vec(), "is a damaged or truncated".to_owned()),
        (whole[..100].to_vec(), "is a damaged or truncated".to_owned()),
        (b"MZ\x90\0".iter().copied().chain([0; 400]).collect(), "is".to_owned()),
    ];
    cases.extend(foreign_plugin.map(|bytes| (bytes, "is no plugin of memsh: it exports no symbol MEMSH_PLUGIN_*".to_owned())));
    for (i, (bytes, why)) in cases.iter().enumerate() {
        let folder = Folder::of(&[]);
        let path = folder.put("thing", bytes);
        let row = only(&folder);
        let reason = row["reason"].as_str().unwrap_or_default();
        assert_eq!((&row["state"], &row["kind"]), (&json!("unusable"), &Value::Null), "{i}: {row}");
        assert!(reason.contains(why), "{i}: {reason} is not {why}");
        assert_eq!(row["path"], path.display().to_string());
        let checked = folder.memsh(&["plugins", "check", path.to_str().unwrap()]);
        assert_eq!(checked.status, 1, "{i}: {}", checked.stderr);
        assert!(checked.stderr.contains(why), "{i}: {}", checked.stderr);
    }
}

#[test]
fn descriptors_that_make_no_sense_are_refused() {
    let max = [0xff; 8];
    let text = memsh_plugin::HEAD_SIZE;
    for (offset, bytes, why) in [
        (0, &b"notours!"[..], "does not begin as one"),
        (12, &[9, 0, 0, 0], "is of a kind that this memsh does not know (9)"),
        (16, &max, "layout 0xffffffffffffffff"),
        (32, &[7, 0, 0, 0], "speaks an interface that this memsh does not know (7)"),
        (text, b"name ../../etc/x\n", "is not understood: its name is \"../../etc/x"),
        (text, b"name \xff\xfe\n", "is not UTF-8 text"),
        (text, b"\0", "is not understood: its name is \"\""),
        (36, &[0, 0, 0, 0], "is not understood: its name is \"\""),
        (text, b"name x\nargument y what\n", "is not understood: its argument `y what`"),
    ] {
        let folder = Folder::of(&[]);
        folder.put("hostile", &with_descriptor(example(), offset, bytes));
        let rows = folder.listed();
        assert!(!rows.is_empty() && rows.iter().all(|r| r["state"] == "unusable"), "{why}: {rows:?}");
        assert!(rows.iter().any(|r| r["reason"].as_str().unwrap().contains(why)), "{why}: {rows:?}");
    }
    // Longer than there is room for: what there is counts.
    let folder = Folder::of(&[]);
    folder.put("long", &with_descriptor(example(), 36, &[0xff; 4]));
    assert!(folder.listed().iter().all(|r| r["state"] == "usable"));
}

#[test]
fn text_of_a_descriptor_does_no_harm_to_the_terminal() {
    let folder = Folder::of(&[]);
    folder.put("red", &patched(example(), b"a file as it is, somewhere", b"\x1b[31m\x1b[2J\x07\xe2\x80\xae, somewhere h"));
    let run = folder.memsh(&["plugins", "list"]);
    assert_eq!(run.status, 0);
    assert!(!run.stdout.contains('\u{1b}') && !run.stdout.contains('\u{202e}'), "{:?}", run.stdout);
}

#[test]
fn every_single_damaged_byte_of_the_head_is_survived() {
    let whole = fs::read(example()).unwrap();
    // Of the file's own headers: what is read of it before anything else.
    for at in (0..64).chain([whole.len() - 64, whole.len() - 40, whole.len() - 1]) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0xff;
        let folder = Folder::of(&[]);
        let path = folder.put("torn", &bytes);
        let run = folder.memsh(&["plugins", "check", "--no-load", path.to_str().unwrap()]);
        assert!(run.status <= 1 && !run.stderr.contains("panicked"), "{at}: {}", run.stderr);
    }
}

#[test]
fn the_newest_that_can_be_used_wins() {
    let folder = Folder::of(&[]);
    let version = |v: &str| patched(example(), b"version 0.1.0\n", format!("version {v}\n").as_bytes());
    folder.put("a", &version("0.1.0"));
    folder.put("b", &version("0.3.0"));
    folder.put("c", &version("0.2.9"));
    // The newest of all can't be used.
    let mut newest = version("9.9.9");
    for i in 0..newest.len() - 8 {
        if newest[i..i + 8] == memsh_plugin::layout::CONNECTOR.to_ne_bytes() {
            newest[i] ^= 1;
        }
    }
    folder.put("d", &newest);
    let roms: Vec<Value> = folder.listed().into_iter().filter(|r| r["name"] == "rom").collect();
    let seen: Vec<_> = roms.iter().map(|r| (r["version"].as_str().unwrap(), r["state"].as_str().unwrap())).collect();
    assert_eq!(seen, [("9.9.9", "unusable"), ("0.3.0", "usable"), ("0.2.9", "shadowed"), ("0.1.0", "shadowed")]);
    assert!(roms[2]["reason"].as_str().unwrap().contains(&format!("b.{} has the name", std::env::consts::DLL_EXTENSION)));
    fs::write(folder.file("x.bin"), b"bytes").unwrap();
    // No system is in it; what was opened is told all the same.
    let info = folder.memsh(&["-C", &format!("rom:{}", folder.file("x.bin").display()), "info", "--json"]);
    assert!(info.stdout.contains("0.3.0"), "{}", info.stdout);
    // One of a name that is memsh's own is never taken.
    let own = Folder::of(&[]);
    own.put("own", &patched(example(), b"name rom\nversion 0.1.0\n", b"name file\nversion 9.1.0"));
    let row = own.listed().into_iter().find(|r| r["name"] == "file").unwrap();
    assert_eq!(row["state"], "shadowed");
}

#[test]
fn folders_are_looked_at_in_order() {
    let (first, second) = (Folder::of(&[example()]), Folder::of(&[example()]));
    let path = format!("{}:{}:/no/such/folder:", first.path().display(), second.path().display());
    let run = first.run(&["plugins", "list", "--json"], &[("MEMSH_PLUGIN_PATH", &path)]);
    let rows: Vec<Value> = serde_json::from_str(&run.stdout).unwrap();
    let roms: Vec<&Value> = rows.iter().filter(|r| r["name"] == "rom").collect();
    assert_eq!(roms.len(), 2);
    let usable = roms.iter().find(|r| r["state"] == "usable").unwrap();
    assert!(usable["path"].as_str().unwrap().starts_with(first.path().to_str().unwrap()));
}

#[test]
fn nothing_is_loaded_to_be_listed() {
    let folder = Folder::of(&[odd()]);
    let mark = folder.file("mark");
    let variables = [("MEMSH_TEST_LOADED", mark.to_str().unwrap())];
    let file = folder.file(odd().file_name().unwrap().to_str().unwrap());
    for words in [
        &["plugins", "list"][..],
        &["plugins", "info", "inside"],
        &["plugins", "check", "--no-load", file.to_str().unwrap()],
        &["sample", "noisily"],
    ] {
        folder.run(words, &variables);
        assert!(!mark.exists(), "{words:?}");
    }
    assert_eq!(folder.run(&["plugins", "check", file.to_str().unwrap()], &variables).status, 0);
    assert!(mark.exists());
}

#[test]
fn what_cannot_be_loaded_says_what_the_loader_says() {
    let folder = Folder::of(&[]);
    // The name of a needed library, which is then nowhere.
    let path = folder.put("needy", &patched(example(), b"libc.so.6\0", b"libq.so.6\0"));
    let run = folder.memsh(&["plugins", "check", path.to_str().unwrap()]);
    assert_eq!(run.status, 1);
    assert!(run.stderr.contains("can't be loaded") && run.stderr.contains("libq.so.6"), "{}", run.stderr);
}
