//! Network endpoints and file objects that only the pool leads to, as the program shows them.

use crate::builders::windows::layout::Layout;
use crate::builders::windows::memory::Mode;
use crate::builders::windows::net::{Endpoints, WINDOWS_7_X86, WINDOWS_8_X64, WINDOWS_10_2004_X64};
use crate::builders::windows::pe::Pe;
use crate::builders::windows::{Machine, Options, usual};
use crate::cli::{Run, memsh};
use serde_json::{Value, json};
use std::io::Write;

const MACHINES: [(bool, &str, Mode, Endpoints); 4] = [
    (false, "6.1.7601.17514", Mode::X86, WINDOWS_7_X86),
    (false, "6.1.7601.17514", Mode::Pae, WINDOWS_7_X86),
    (true, "6.2.9200.16384", Mode::X64, WINDOWS_8_X64),
    (true, "10.0.19041.264", Mode::X64, WINDOWS_10_2004_X64),
];

const V6: [u8; 16] = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];

fn run(m: &Machine, words: &[&str]) -> Run {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&m.raw()).unwrap();
    memsh(&[&[file.path().to_str().unwrap(), "--no-cache"], words].concat())
}

fn rows(m: &Machine, words: &[&str]) -> (Vec<Value>, String) {
    let run = run(m, &[words, &["--json"]].concat());
    assert_eq!(run.status, 0, "{words:?}: {}", run.stderr);
    (serde_json::from_str(&run.stdout).unwrap(), run.stderr)
}

fn each(test: impl Fn(Machine, &Endpoints, &str)) {
    for (wide, release, mode, endpoints) in MACHINES {
        test(usual::machine(Layout::of(wide, release), Options::new(mode)), &endpoints, release);
    }
}

/// A listener, a connection of each version of IP, a UDP endpoint: of a process, a hidden one and System.
fn endpoints(m: &mut Machine, e: &Endpoints) -> [u64; 4] {
    let [explorer, hidden, system] = ["explorer.exe", "hidden.exe", "System"].map(|n| m.named(n).address);
    [
        m.bound(e, false, system, &[0, 0, 0, 0], 445),
        m.joined(e, explorer, (&[10, 0, 0, 7], 50123), (&[192, 0, 2, 9], 443), 4),
        m.joined(e, hidden, (&V6, 50124), (&V6, 4444), 7),
        m.bound(e, true, explorer, &[10, 0, 0, 7], 137),
    ]
}

#[test]
fn endpoints_of_all_kinds_as_json() {
    each(|mut m, e, release| {
        let at = endpoints(&mut m, e);
        let (all, stderr) = rows(&m, &["net"]);
        assert_eq!((all.len(), stderr.as_str()), (4, ""), "{release}: {all:#?}");
        let (there, v6, opened) = ("192.0.2.9", "2001:db8::2", "2024-05-01T12:40:00Z");
        let expected = [
            json!(["tcp", "ipv4", "0.0.0.0", 445, null, null, "LISTENING", "System", at[0]]),
            json!(["tcp", "ipv4", "10.0.0.7", 50123, there, 443, "ESTABLISHED", "explorer.exe", at[1]]),
            json!(["tcp", "ipv6", v6, 50124, v6, 4444, "CLOSE_WAIT", "hidden.exe", at[2]]),
            json!(["udp", "ipv4", "10.0.0.7", 137, null, null, null, "explorer.exe", at[3]]),
        ];
        for (row, want) in all.iter().zip(expected) {
            let address = u64::from_str_radix(row["address"].as_str().unwrap().trim_start_matches("0x"), 16).unwrap();
            let names =
                ["protocol", "family", "local_address", "local_port", "remote_address", "remote_port", "state", "process"];
            let mut have: Vec<Value> = names.iter().map(|n| row[*n].clone()).collect();
            have.push(address.into());
            assert_eq!(Value::from(have), want, "{release}");
            let pid = m.named(row["process"].as_str().unwrap()).spec.pid;
            assert_eq!((&row["pid"], &row["created"]), (&pid.into(), &opened.into()), "{release}");
            assert!(row["listed"].is_null() && row["freed"].is_null(), "{release}");
        }
    });
}

#[test]
fn they_are_chosen_by_process_port_and_protocol() {
    let mut m = usual::machine(Layout::of(true, "10.0.19041.264"), Options::new(Mode::X64));
    endpoints(&mut m, &WINDOWS_10_2004_X64);
    for (words, count) in [
        (&["net", "-l"][..], 2),
        (&["net", "--tcp"], 3),
        (&["netstat", "--port", "443"], 1),
        (&["netscan", "-p", "explorer.exe"], 2),
        (&["windows.netscan"], 4),
        (&["net", "--unix"], 0),
    ] {
        assert_eq!(rows(&m, words).0.len(), count, "{words:?}");
    }
    let table = run(&m, &["net"]).stdout;
    assert!(table.contains("[2001:db8::2]:50124"), "{table}");
    assert!(!table.contains("FD") && !table.contains("FREED"), "{table}");
    let said = run(&m, &["net", "-v"]).stderr;
    assert!(said.contains("net: 2 of TCP connections: layout of build 19041, confirmed by 2 of 2"), "{said}");
    let none = run(&m, &["net", "--unix"]);
    assert!(none.stderr.contains("none of 4 endpoints matches"), "{}", none.stderr);
}

#[test]
fn blocks_that_lie_are_said_and_end() {
    each(|mut m, e, release| {
        endpoints(&mut m, e);
        // Addresses that lead nowhere, and a block that points to itself all over.
        let torn = m.bound(e, true, 0xdead_beef, &[1, 2, 3, 4], 53);
        m.put_word(torn + e.datagram[3], torn + 0x123_4560);
        let own = m.block(b"TcpE", 0x340);
        for offset in (0..0x340).step_by(m.layout.word() as usize) {
            m.put_word(own + offset, own);
        }
        let run = run(&m, &["net", "--json", "--strict"]);
        let all: Vec<Value> = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!((run.status, all.len()), (4, 4), "{release}: {}", run.stdout);
        assert!(run.stderr.contains("1 of the UDP endpoints say nothing that makes sense"), "{}", run.stderr);
    });
}

#[test]
fn file_objects_behind_any_number_of_optional_headers() {
    each(|mut m, _, release| {
        let files: Vec<u64> = [0u64, 0x10, 0x20, 0x40, 0x60, 0xa0]
            .into_iter()
            .map(|optional| m.file(&format!("\\Windows\\file-{optional}.txt"), optional, optional == 0x20))
            .collect();
        // A tag alone, and one whose size is another's.
        m.block(b"File", 0x100);
        let odd = m.file("\\odd.txt", 0, false);
        m.put(odd + 2, &[0x77, 0x77]);
        let (all, stderr) = rows(&m, &["files", "--scan", "--path", "*file-*"]);
        assert_eq!((all.len(), stderr.as_str()), (6, ""), "{release}: {all:#?}");
        for (row, at) in all.iter().zip(&files) {
            assert_eq!(row["object"], format!("{at:#x}"), "{release}");
            assert_eq!((&row["size"], &row["detail"], &row["mode"]), (&12_345.into(), &"cache".into(), &"r".into()), "{release}");
            assert!(row["pid"].is_null() && row["name"].is_null(), "{release}");
        }
        assert_eq!((&all[2]["path"], &all[2]["deleted"]), (&"\\Windows\\file-32.txt".into(), &true.into()), "{release}");
        assert_eq!(rows(&m, &["filescan", "--deleted"]).0.len(), 1, "{release}");
        assert!(!rows(&m, &["windows.filescan"]).0.iter().any(|r| r["path"] == "\\odd.txt"), "{release}");
    });
}

/// tcpip.sys of a build whose names memsh knows, and a partition whose hash table leads to these.
fn tcpip(m: &mut Machine, nodes: &[u64]) {
    const BASE: u64 = 0xffff_f804_6600_0000;
    // {021C12B1-5F95-E1F6-61DC-DEEFB190095A}, of which the list has `PartitionTable` at 0x2183f0.
    let guid = [0xb1, 0x12, 0x1c, 2, 0x95, 0x5f, 0xf6, 0xe1, 0x61, 0xdc, 0xde, 0xef, 0xb1, 0x90, 9, 0x5a];
    let image = Pe {
        wide: true,
        machine: 0x8664,
        name: "tcpip.sys",
        size: 0x21_a000,
        sections: &[(".text", 0x1000, 0x1000, 0x6800_0020), (".data", 0x21_8000, 0x1000, 0xc800_0040)],
        exports: &[],
        export_at: 0x3000,
        pdb: Some(("tcpip.pdb", guid, 1)),
        debug_at: 0x2000,
        timestamp: 1,
    };
    m.driver("tcpip.sys", BASE, image.size);
    for (at, bytes) in image.pieces() {
        m.memory.map_new(m.root, BASE + u64::from(at), bytes.len() as u64);
        m.put(BASE + u64::from(at), &bytes);
    }
    m.memory.map_new(m.root, BASE + 0x21_8000, 0x1000);
    let [partition, table, buckets] = [0xc0 * 2, 0x40, 0x800].map(|n| m.take(n));
    m.put_word(BASE + 0x21_83f0, partition);
    m.put_word(partition + 8, table);
    for (i, n) in [0u32, 25, 128, 0, 127, nodes.len() as u32, 1, 0].into_iter().enumerate() {
        m.put(table + 4 * i as u64, &n.to_le_bytes());
    }
    m.put_word(table + 0x20, buckets);
    for head in (0..128).map(|i| buckets + i * 16) {
        m.put_word(head, head);
        m.put_word(head + 8, head);
    }
    for node in nodes {
        m.link(buckets + 0x70, *node);
    }
}

#[test]
fn a_connection_that_the_drivers_table_does_not_lead_to_is_told() {
    let mut m = usual::machine(Layout::of(true, "10.0.19041.264"), Options::new(Mode::X64));
    let at = endpoints(&mut m, &WINDOWS_10_2004_X64);
    tcpip(&mut m, &[at[1] + 0x28]);
    let (all, _) = rows(&m, &["net"]);
    let listed: Vec<&Value> = all.iter().map(|r| &r["listed"]).collect();
    // What has no pool of ports here is not judged.
    assert_eq!(listed, [&Value::Null, &true.into(), &false.into(), &Value::Null], "{all:#?}");
    let said = run(&m, &["net", "-v"]).stderr;
    assert!(said.contains("confirmed by 2 of 2; tables of tcpip.sys by the identity of its PDB file"), "{said}");
}
