//! The registry of tiny machines: hives, keys, values, services, names of accounts.

use crate::builders::windows::hive::VOLATILE;
use crate::builders::windows::layout::{Layout, releases};
use crate::builders::windows::memory::{Mode, PAGE};
use crate::builders::windows::registry::{self, SERVICES, Written};
use crate::builders::windows::{Options, usual};
use crate::program::{File, column};
use crate::system::{dump, number, system};
use memsh::os::windows::registry::{Data, Registry};
use serde_json::{Value, json};

const SYSTEM: &str = "\\REGISTRY\\MACHINE\\SYSTEM";
const VERSION: &str = "\\REGISTRY\\MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion";

fn written(wide: bool, release: &str, mode: Mode) -> Written {
    registry::machine(Layout::of(wide, release), Options::new(mode))
}

/// Three that keep hives differently: bins in a process, blocks with views, and without.
fn three() -> [(Written, bool); 3] {
    [
        (written(true, "10.0.19041.264", Mode::X64), true),
        (written(true, "6.1.7601.17514", Mode::X64), true),
        (written(false, "5.1.2600.5512", Mode::Pae), true),
    ]
}

fn sorted(rows: &Value, key: &str) -> Vec<String> {
    let mut all: Vec<String> = column(rows, key).iter().map(|v| v.as_str().unwrap_or("null").to_owned()).collect();
    all.sort();
    all
}

#[test]
fn every_release_has_a_registry() {
    let mut count = 0;
    for wide in [true, false] {
        for release in releases(wide) {
            let build: u32 = release.split('.').nth(2).unwrap().parse().unwrap();
            if build < 2600 {
                continue;
            }
            let mode = *usual::modes(wide, build).last().unwrap();
            let w = written(wide, &release, mode);
            let os = system(&w.machine);
            let kernel = os.windows.as_ref().unwrap();
            let found = Registry::new(kernel, None);
            let what = format!("{release} {mode:?}");
            assert_eq!(found.lost, Vec::<String>::new(), "{what}");
            // The user's hive of XP has its path from the hive above.
            let paths: Vec<_> = found.hives.iter().map(|h| (h.path.as_deref().unwrap(), number(h.address))).collect();
            assert_eq!(paths, w.hives.iter().map(|h| (h.path, h.address)).collect::<Vec<_>>(), "{what}");
            // In both halves, through a link, in more than one block.
            let set = format!("{SYSTEM}\\CurrentControlSet\\Control\\ComputerName\\ActiveComputerName");
            assert_eq!(found.text(&set, "computername").as_deref(), Some("TINY"), "{what}");
            let blob = (0..50_000u32).map(|n| n as u8).collect();
            assert_eq!(found.data(VERSION, "Blob"), Some(Data::Bytes(blob)), "{what}");
            let place = found.open("\\REGISTRY\\MACHINE\\SOFTWARE\\Classes").unwrap();
            let classes = place.hive.cells().subkeys(&place.key);
            assert_eq!((classes.all.len(), classes.wrong.len()), (300, 0), "{what}");
            assert!(classes.all.iter().all(|e| e.found.is_some()), "{what}");
            count += 1;
        }
    }
    assert!(count >= 48, "{count}");
}

#[test]
fn hives_as_rows() {
    for (w, _) in three() {
        let file = File::new(&w.machine.raw());
        let rows = file.whole(&["hives"]);
        let known: Vec<Value> = w.hives.iter().map(|h| h.path.into()).collect();
        assert_eq!(column(&rows, "path"), known.iter().collect::<Vec<_>>());
        for (row, h) in rows.as_array().unwrap().iter().zip(&w.hives) {
            assert_eq!(row["address"], format!("{:#x}", h.address));
            assert_eq!((&row["size"], &row["volatile_size"]), (&h.bins.halves[0].len().into(), &h.bins.halves[1].len().into()));
            assert_eq!(
                (&row["file_written"], &row["last_written"]),
                (&"2024-05-01T12:00:00Z".into(), &"2024-05-01T12:00:00Z".into())
            );
            assert!(row["hidden"].is_null());
        }
        assert_eq!(rows[1]["file"], "\\SystemRoot\\System32\\Config\\SYSTEM");
        assert!(rows[0]["file"].is_null());
        assert_eq!(column(&file.whole(&["hives", "--scan"]), "hidden"), [&json!(false); 4]);
    }
}

#[test]
fn a_hive_that_was_taken_out_of_the_list() {
    for (mut w, _) in three() {
        let links = w.machine.layout.at("_CMHIVE", "HiveList");
        let node = w.hives[2].address + links;
        let (next, last) = (w.machine.word(node), w.machine.word(node + w.machine.layout.word()));
        w.machine.put_word(last, next);
        let back = next + w.machine.layout.word();
        w.machine.put_word(back, last);
        let file = File::new(&w.machine.raw());
        assert_eq!(column(&file.whole(&["hives"]), "path").len(), 3);
        let rows = file.whole(&["hives", "--scan"]);
        let hidden: Vec<&Value> = rows.as_array().unwrap().iter().filter(|r| r["hidden"] == true).collect();
        assert_eq!(hidden.len(), 1, "{rows:#}");
        assert_eq!(
            (&hidden[0]["path"], &hidden[0]["address"]),
            (&w.hives[2].path.into(), &format!("{:#x}", w.hives[2].address).into())
        );
        assert_eq!(file.run(&["reg", "get", VERSION, "ProductName"]).status, 1);
        assert_eq!(file.whole(&["reg", "get", VERSION, "ProductName", "--scan"])[0]["value"], "Tiny Windows");
    }
}

#[test]
fn keys_and_values_as_rows() {
    for (w, _) in three() {
        let file = File::new(&w.machine.raw());
        let top = file.whole(&["reg", "ls"]);
        assert_eq!(sorted(&top, "path"), ["\\REGISTRY\\MACHINE", "\\REGISTRY\\USER"]);
        let machine = file.whole(&["reg", "ls", "HKLM"]);
        assert_eq!(sorted(&machine, "path"), ["\\REGISTRY\\MACHINE\\SOFTWARE", SYSTEM]);
        let keys = file.whole(&["reg", "ls", "HKLM\\System\\CurrentControlSet\\services", "--keys"]);
        assert_eq!(sorted(&keys, "name"), [".NET CLR Data", "Dnscache", "Ntfs", "Spooler"]);
        let cell = w.hives[1].bins.cell("\\ControlSet002\\Services\\Ntfs");
        let row = keys.as_array().unwrap().iter().find(|r| r["name"] == "Ntfs").unwrap();
        assert_eq!(row["path"], format!("{SYSTEM}\\ControlSet002\\Services\\Ntfs"));
        assert_eq!((&row["hive"], &row["kind"], &row["volatile"]), (&SYSTEM.into(), &"key".into(), &false.into()));
        assert_eq!(
            (&row["type"], &row["value"], &row["last_written"]),
            (&Value::Null, &Value::Null, &"2024-05-01T12:00:00Z".into())
        );
        // Of the first block it is known where it lies.
        assert!(cell < PAGE as u32);
        assert_eq!(row["address"], format!("{:#x}", w.hives[1].block + u64::from(cell)));

        let values = file.whole(&["reg", "get", VERSION]);
        let value = |name: &str| values.as_array().unwrap().iter().find(|r| r["name"] == name).unwrap();
        let told = |name: &str| (value(name)["type"].as_str().unwrap(), &value(name)["value"]);
        assert_eq!(told("ProductName"), ("REG_SZ", &"Tiny Windows".into()));
        assert_eq!(told("InstallDate"), ("REG_DWORD", &1_600_000_000.into()));
        assert_eq!(told("Long"), ("REG_QWORD", &0x1_0000_0000u64.into()));
        assert_eq!(told("Several"), ("REG_MULTI_SZ", &json!(["one", "two"])));
        assert_eq!(value("Blob")["size"], 50_000);
        assert!(told("Blob").1.as_str().unwrap().starts_with("00010203") && told("Blob").1.as_str().unwrap().len() == 100_000);
        assert!(values.as_array().unwrap().iter().all(|r| r["path"] == VERSION));

        let deep = file.whole(&["reg", "ls", "HKCU", "-r"]);
        assert_eq!(sorted(&deep, "name"), ["Environment", "TEMP", "USERNAME", "Volatile Environment"]);
        let volatile: Vec<&Value> = deep.as_array().unwrap().iter().filter(|r| r["volatile"] == true).collect();
        assert_eq!(volatile.len(), 2);
        let found = file.whole(&["reg", "find", "DNSRSLVR"]);
        assert_eq!(sorted(&found, "name"), ["ServiceDll"]);
        assert_eq!(file.whole(&["reg", "get", "HKCU/Environment/TEMP"])[0]["value"], "C:\\Temp");
        // As Volatility asks for a key: below the root of any hive.
        assert_eq!(sorted(&file.whole(&["windows.registry.printkey", "--key", "Environment"]), "name"), ["TEMP"]);
        for wrong in [["reg", "ls", "HKLM\\Nothing"], ["reg", "get", "HKLM\\SYSTEM\\Select\\Nothing"]] {
            let run = file.run(&wrong);
            assert_eq!((run.status, run.stdout.as_str()), (1, ""), "{}", run.stderr);
        }
        let table = file.run(&["reg", "ls", "HKLM/SYSTEM/Select"]);
        assert!(table.stdout.lines().nth(1).unwrap().contains("Current"), "{}", table.stdout);
        // The blob is cut in a table.
        let table = file.run(&["reg", "get", VERSION]);
        assert!(table.stdout.contains("... (50000 bytes)") && table.stdout.len() < 4000, "{}", table.stdout.len());
    }
}

#[test]
fn what_can_not_be_read_stays_as_a_row() {
    for (mut w, _) in three() {
        // A key of which only the list is left, and a value without its data.
        let services = w.hives[1].bins.cell("\\ControlSet002\\Services");
        let ntfs = w.hives[1].bins.cell("\\ControlSet002\\Services\\Ntfs");
        assert!(services < PAGE as u32 && ntfs & VOLATILE == 0);
        let (root, block) = (w.bins_root, w.hives[1].block);
        w.machine.memory.put(root, block + u64::from(ntfs) + 4, b"xx");
        let file = File::new(&w.machine.raw());
        let run = file.run(&["reg", "ls", "HKLM/SYSTEM/CurrentControlSet/Services", "--json"]);
        let rows: Value = serde_json::from_str(&run.stdout).unwrap();
        let lost: Vec<&Value> = rows.as_array().unwrap().iter().filter(|r| r["name"].is_null()).collect();
        assert_eq!((run.status, rows.as_array().unwrap().len(), lost.len()), (0, 4, 1), "{rows:#}");
        assert_eq!(lost[0]["address"], format!("{:#x}", block + u64::from(ntfs)));
        assert!(run.stderr.contains("a key can't be read"), "{}", run.stderr);
        assert_eq!(file.run(&["reg", "ls", "HKLM/SYSTEM/CurrentControlSet/Services", "--strict"]).status, 4);
        let run = file.run(&["services"]);
        assert!(run.stderr.contains("1 of 4 keys can't be read"), "{}", run.stderr);
    }
}

#[test]
fn services_by_both_witnesses() {
    for (w, known) in three() {
        let file = File::new(&w.machine.raw());
        let rows = file.whole(&["services"]);
        let service =
            |name: &str| rows.as_array().unwrap().iter().find(|r| r["name"] == name).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(sorted(&rows, "name"), [".NET CLR Data", "Dnscache", "Ntfs", "Spooler", "keyless"]);
        assert!(known);
        let dns = service("Dnscache");
        assert_eq!((&dns["state"], &dns["pid"], &dns["start"]), (&"running".into(), &2208.into(), &"auto".into()));
        assert_eq!((&dns["type"], &dns["display_name"]), (&json!(["share_process"]), &"DNS Client".into()));
        assert_eq!(dns["image_path"], "%SystemRoot%\\system32\\svchost.exe -k NetworkService");
        assert_eq!(dns["service_dll"], "%SystemRoot%\\System32\\dnsrslvr.dll");
        assert_eq!(dns["object_name"], "NT AUTHORITY\\NetworkService");
        assert_eq!(dns["key"], format!("{SYSTEM}\\ControlSet002\\Services\\Dnscache"));
        assert_eq!(dns["sid"], "S-1-5-80-859482183-879914841-863379149-1145462774-2388618682");
        let keyless = service("keyless");
        assert_eq!(
            (&keyless["in_registry"], &keyless["in_memory"], &keyless["pid"]),
            (&false.into(), &true.into(), &2208.into())
        );
        assert!(keyless["reason"].as_str().unwrap().contains("no key"));
        let spooler = service("Spooler");
        assert_eq!((&spooler["in_memory"], &spooler["state"], &spooler["pid"]), (&false.into(), &Value::Null, &Value::Null));
        assert!(spooler["reason"].as_str().unwrap().contains("does not know"));
        // A key that is of no service is not suspicious.
        assert!(service(".NET CLR Data")["reason"].is_null());
        assert_eq!((&service("Ntfs")["type"], &service("Ntfs")["pid"]), (&json!(["file_system_driver"]), &Value::Null));
        assert_eq!(sorted(&file.whole(&["services", "--suspicious"]), "name"), ["Dnscache", "Spooler", "keyless"]);
        assert_eq!(sorted(&file.whole(&["services", "--drivers"]), "name"), ["Ntfs"]);
        assert_eq!(sorted(&file.whole(&["svcscan", "--pid", "2208"]), "name"), ["Dnscache", "keyless"]);
    }
}

#[test]
fn services_without_records() {
    // services.exe of a build whose records the builder does not write.
    let w = written(true, "10.0.26100.1742", Mode::La57);
    let file = File::new(&dump(&w.machine));
    let run = file.run(&["services", "--json"]);
    let rows: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(
        (run.status, sorted(&rows, "name")),
        (0, [".NET CLR Data", "Dnscache", "Ntfs", "Spooler"].map(str::to_owned).into())
    );
    assert!(run.stderr.contains("no record of a service"), "{}", run.stderr);
    for row in rows.as_array().unwrap() {
        assert!(row["state"].is_null() && row["pid"].is_null() && row["in_memory"].is_null() && row["reason"].is_null(), "{row}");
    }
    assert!(w.machine.processes.iter().any(|p| p.spec.pid == SERVICES));
}

#[test]
fn names_of_accounts_and_of_the_machine() {
    for (w, _) in three() {
        let file = File::new(&w.machine.raw());
        let rows = file.whole(&["ps"]);
        let user = |name: &str| &rows.as_array().unwrap().iter().find(|r| r["name"] == name).unwrap()["user"];
        assert_eq!((user("explorer.exe"), user("smss.exe")), (&"Anna Ä".into(), &"SYSTEM".into()));
        let creds = file.whole(&["creds", "explorer.exe"]);
        assert_eq!((&creds[0]["user"], &creds[0]["sid"]), (&"Anna Ä".into(), &usual::ANNA.into()));
        let info = file.whole(&["info"]);
        assert_eq!(info["os"]["hostname"], "TINY");
        let told = &info["os"]["registry"];
        assert_eq!((&told["product"], &told["release"]), (&"Tiny Windows".into(), &"24H1".into()));
        assert_eq!((&told["installed"], &told["shutdown"]), (&"2020-09-13T12:26:40Z".into(), &"2024-05-01T12:00:00Z".into()));
        assert_eq!((&told["time_zone"], &told["time_bias"]), (&"W. Europe Standard Time".into(), &(-120).into()));
        let text = file.run(&["info"]).stdout;
        assert!(text.contains("TINY") && text.contains("W. Europe"), "{text}");
    }
}

#[test]
fn a_registry_without_its_process() {
    let mut w = written(true, "10.0.19041.264", Mode::X64);
    let at = w.machine.named("Registry").address + w.machine.layout.at("_EPROCESS", "ImageFileName");
    w.machine.put(at, b"Other\0\0\0\0");
    let file = File::new(&w.machine.raw());
    let run = file.run(&["hives", "--json"]);
    let rows: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((run.status, rows.as_array().unwrap().len()), (0, 4));
    assert!(run.stderr.contains("there is no process Registry"), "{}", run.stderr);
    // That above all is in the pool.
    let roots: Vec<bool> = rows.as_array().unwrap().iter().map(|r| r["last_written"].is_null()).collect();
    assert_eq!(roots, [false, true, true, true]);
}
