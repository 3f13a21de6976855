//! Symbol files: PDB files of the kernel and of modules, stores, `symbols need`, `symbols import`.

use crate::builders::windows::layout::Layout;
use crate::builders::windows::memory::Mode;
use crate::builders::windows::symbols::pdb::{self, Pdb};
use crate::builders::windows::symbols::{MODULE, image, kernel};
use crate::builders::windows::{GUID_TEXT, Machine, Options, usual};
use crate::builders::zip;
use crate::cli::{Run, number, with_environment};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A machine, its image, and a folder for all else.
struct Case {
    machine: Machine,
    /// Where Ntfs.sys lies.
    ntfs: u64,
    folder: tempfile::TempDir,
}

fn case(wide: bool, release: &str, mode: Mode) -> Case {
    let mut machine = usual::machine(Layout::of(wide, release), Options::new(mode));
    let ntfs = image(&mut machine, "Ntfs.sys", "d:\\w7rtm\\ntfs.pdb");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("image.raw"), machine.raw()).unwrap();
    Case { machine, ntfs, folder }
}

fn ten() -> Case {
    case(true, "10.0.19041.264", Mode::X64)
}

impl Case {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn with(&self, words: &[&str], variables: &[(&str, &str)]) -> Run {
        let (image, data) = (self.path("image.raw"), self.path("data"));
        let mut all = vec![("XDG_DATA_HOME", data.to_str().unwrap()), ("_NT_SYMBOL_PATH", "")];
        all.extend(variables);
        with_environment(&[&[image.to_str().unwrap(), "--no-cache"], words].concat(), &all)
    }

    fn run(&self, words: &[&str]) -> Run {
        self.with(words, &[])
    }

    /// The JSON answer of a command that must go well.
    fn json(&self, words: &[&str]) -> Value {
        let run = self.run(&[words, &["--json"]].concat());
        assert_eq!(run.status, 0, "{words:?}: {}", run.stderr);
        serde_json::from_str(&run.stdout).unwrap()
    }
}

/// The PDB of Ntfs.sys.
fn module() -> Pdb {
    let mut pdb = Pdb::new(MODULE);
    let vcb = pdb.structure("_VCB", 24, &[("Flags", pdb::ULONG, 0), ("Next", pdb::POINTER, 8)]);
    pdb.structure("_IRP_CONTEXT", 32, &[("Vcb", vcb, 8)]);
    pdb.public("NtfsData", 0x3010);
    pdb.public("NtfsCommonRead", 0x1200);
    pdb
}

fn named<'a>(rows: &'a Value, module: &str) -> &'a Value {
    rows.as_array().unwrap().iter().find(|r| r["module"] == module).unwrap_or_else(|| panic!("{module}: {rows}"))
}

#[test]
fn the_kernels_file_gives_types_and_names() {
    let all = [(true, "10.0.19041.264", Mode::X64), (true, "6.1.7601.17514", Mode::X64), (false, "6.1.7601.17514", Mode::Pae)];
    for (wide, release, mode) in all {
        let c = case(wide, release, mode);
        let mut file = kernel(&c.machine, GUID_TEXT);
        if !wide {
            file.machine = 0x14c;
            file.public("_OnlyInTheFile2@8", 0x1090);
        }
        // A name says nothing: its identity does.
        let file = c.put("renamed.bin", &file.bytes());
        let with = |words: &[&str]| c.json(&[&["--symbols", file.as_str()], words].concat());
        for command in
            [["ps"].as_slice(), &["threads"], &["modules"], &["maps", "-p", "explorer.exe"], &["env", "-p", "explorer.exe"]]
        {
            assert_eq!(with(command), c.json(command), "{release}: {command:?}");
        }
        let steps = with(&["info"])["detection"].clone();
        let types = steps.as_array().unwrap().iter().find(|s| s["step"] == "types").unwrap();
        assert!(types["found"] == true && types["detail"].as_str().unwrap().contains("PDB of renamed.bin"), "{types}");
        let dt = with(&["dt", "_ONLY_IN_THE_FILE"]);
        assert_eq!((&dt["size"], &dt["module"], &dt["fields"][1]["offset"]), (&16.into(), &Value::Null, &8.into()));
        let size = with(&["dt", "nt!_EPROCESS"])["size"].clone();
        assert_eq!(size, c.machine.layout.size("_EPROCESS"), "{release}");
        let symbols = with(&["symbols", "OnlyInThe*"]);
        assert_eq!(number(&symbols[0]["address"]), c.machine.kernel + 0x1080);
        assert_eq!(symbols.as_array().unwrap().len(), if wide { 1 } else { 2 }, "{symbols}");
        let near = with(&["near", &format!("{:#x}", c.machine.kernel + 0x1084)]);
        assert!(near.to_string().contains("OnlyInTheFile"), "{near}");
    }
}

#[test]
fn a_file_of_another_build_is_refused() {
    let c = ten();
    let other = "00112233445566778899AABBCCDDEEFF5";
    let file = c.put("ntkrnlmp.pdb", &kernel(&c.machine, other).bytes());
    let run = c.run(&["--symbols", &file, "ps"]);
    assert_eq!(run.status, 0);
    assert!(run.stderr.contains(other) && run.stderr.contains(GUID_TEXT) && run.stderr.contains("not used"), "{}", run.stderr);
    assert_eq!(run.stdout, c.run(&["ps"]).stdout);
    assert!(c.run(&["--symbols", &file, "dt", "_ONLY_IN_THE_FILE"]).status == 1);
    // Of a module.
    let mut file = module();
    file.id = other.to_owned();
    let file = c.put("ntfs.pdb", &file.bytes());
    let run = c.run(&["--symbols", &file, "ps"]);
    assert!(run.stderr.contains(other) && run.stderr.contains(MODULE), "{}", run.stderr);
}

#[test]
fn damaged_files_are_named_and_nothing_else_suffers() {
    let c = ten();
    let good = kernel(&c.machine, GUID_TEXT).bytes();
    let mut torn = good.clone();
    torn[44..48].copy_from_slice(&[0xff; 4]);
    for (bytes, why) in
        [(&torn[..], "directory"), (&good[..good.len() / 2], "cut"), (b"Microsoft MSFZ Container\r\n\x1aALD", "MSFZ")]
    {
        let file = c.put("ntkrnlmp.pdb", bytes);
        let run = c.run(&["--symbols", &file, "-c", "info; ps"]);
        assert_eq!(run.status, 0, "{}", run.stderr);
        assert!(run.stdout.contains("explorer.exe"), "{}", run.stdout);
        assert!(run.stderr.contains("not used") && run.stderr.contains(why), "{why}: {}", run.stderr);
    }
}

#[test]
fn modules_have_types_and_names_of_their_own() {
    let c = ten();
    let file = c.put("ntfs.pdb", &module().bytes());
    let with = |words: &[&str]| c.json(&[&["--symbols", file.as_str()], words].concat());
    for name in ["ntfs!_IRP_CONTEXT", "Ntfs.sys!_IRP_CONTEXT", "struct ntfs!_IRP_CONTEXT"] {
        let dt = with(&["dt", name]);
        assert_eq!((&dt["module"], &dt["fields"][0]["size"]), (&"Ntfs".into(), &24.into()), "{name}: {dt}");
    }
    let deep = with(&["dt", "-r", "ntfs!_IRP_CONTEXT"]);
    assert!(deep.to_string().contains("Next"), "{deep}");
    assert_eq!(c.run(&["--symbols", &file, "dt", "_VCB"]).status, 1, "only with its module's name");
    let members = with(&["dt", "ntfs.sys!_VCB.Next"]);
    assert_eq!(members["fields"][0]["offset"], 8, "{members}");
    for (words, says) in [
        (["dt", "ntfs!_VCB"], "`symbols need` names it"),
        (["dt", "hal!_VCB"], "not in memory"),
        (["dt", "nobody!_VCB"], "no module nobody"),
    ] {
        let run = c.run(&words);
        assert!(run.status == 1 && run.stderr.contains(says), "{words:?}: {}", run.stderr);
    }
    let rows = with(&["symbols", "ntfs!*"]);
    let all: Vec<_> = rows.as_array().unwrap().iter().map(|r| (r["name"].as_str().unwrap(), number(&r["address"]))).collect();
    assert_eq!(all, [("NtfsCommonRead", c.ntfs + 0x1200), ("NtfsData", c.ntfs + 0x3010)]);
    let near = with(&["near", &format!("{:#x}", c.ntfs + 0x1204)]);
    assert!(near.to_string().contains("NtfsCommonRead"), "{near}");
    let value = c.run(&["--symbols", &file, "? ntfs!NtfsData"]);
    let value = if value.status == 0 { value } else { c.run(&["--symbols", &file, "eval", "ntfs!NtfsData"]) };
    assert!(value.stdout.contains(&format!("{:x}", c.ntfs + 0x3010)), "{} {}", value.stdout, value.stderr);
}

#[test]
fn stores_are_asked_by_identity() {
    let c = ten();
    let store = c.path("store");
    let kernel = kernel(&c.machine, GUID_TEXT).bytes();
    c.put(&format!("store/ntkrnlmp.pdb/{GUID_TEXT}/ntkrnlmp.pdb"), &kernel);
    c.put("store/ntkrnlmp.pdb/00112233445566778899AABBCCDDEEFF5/ntkrnlmp.pdb", b"not read");
    c.put(&format!("store/ntfs.pdb/{MODULE}/ntfs.pd_"), b"MSCF");
    let store = store.to_str().unwrap();
    let found = |run: Run| (run.status, run.stderr.clone());
    assert_eq!(found(c.run(&["--symbols", store, "dt", "_ONLY_IN_THE_FILE"])), (0, String::new()));
    let path = format!("srv*{store}*https://example.invalid/symbols;/nowhere");
    let run = c.with(&["dt", "_ONLY_IN_THE_FILE"], &[("_NT_SYMBOL_PATH", &path)]);
    assert_eq!(found(run), (0, String::new()));
    let run = c.with(&["-v", "dt", "_ONLY_IN_THE_FILE"], &[("_NT_SYMBOL_PATH", &path)]);
    assert!(run.stderr.contains("https://example.invalid/symbols is of another machine"), "{}", run.stderr);
    assert!(run.stderr.contains("no folder /nowhere"), "{}", run.stderr);
    let rows = c.json(&["--symbols", store, "symbols", "need"]);
    assert_eq!(named(&rows, "ntoskrnl.exe")["present"], true);
    let ntfs = named(&rows, "Ntfs.sys");
    assert_eq!((&ntfs["present"], &ntfs["source"]), (&false.into(), &Value::Null));
    assert!(ntfs["note"].as_str().unwrap().contains("cabinet"), "{ntfs}");
}

#[test]
fn what_is_needed() {
    let c = ten();
    let rows = c.json(&["symbols", "need"]);
    let ntfs = named(&rows, "Ntfs.sys");
    assert_eq!(
        (&ntfs["pdb"], &ntfs["guid"], &ntfs["age"], &ntfs["present"]),
        (&"ntfs.pdb".into(), &MODULE[..32].into(), &3.into(), &false.into())
    );
    assert_eq!(ntfs["url_path"], format!("ntfs.pdb/{MODULE}/ntfs.pdb"));
    let kernel = named(&rows, "ntoskrnl.exe");
    assert_eq!(kernel["url_path"], format!("ntkrnlmp.pdb/{GUID_TEXT}/ntkrnlmp.pdb"));
    // Its image is not in memory.
    assert_eq!(named(&rows, "hal.dll")["pdb"], Value::Null);
    let run = c.run(&["symbols", "need", "--json"]);
    assert!(run.stderr.contains("partial:") && run.stderr.contains("hal.dll"), "{}", run.stderr);
    let missing = c.json(&["symbols", "need", "ntfs*", "--missing"]);
    assert_eq!(missing.as_array().unwrap().len(), 1);
    // A symbol of that name is still to be had.
    let run = c.run(&["symbols", "--", "need"]);
    assert!(run.status == 1 && run.stderr.contains("no symbol need"), "{}", run.stderr);
    assert!(c.run(&["symbols", "need", "-p", "explorer.exe"]).status == 0);
}

#[test]
fn files_go_to_the_store_and_are_found_there() {
    let c = ten();
    let kernel = kernel(&c.machine, GUID_TEXT).bytes();
    let archive = zip::zip(&[
        zip::member("symbols/ntkrnlmp (2).pdb", 8, &kernel),
        zip::member("symbols/broken.pdb", 0, b"Microsoft C/C++ MSF 7.00\r\n\x1aDS\0\0\0"),
        zip::member("readme.txt", 0, b"hello"),
    ]);
    let archive = c.put("carried/all.zip", &archive);
    c.put("carried/deep/ntfs.pdb", &module().bytes());
    c.put("carried/notes.txt", b"no symbols");
    let isf = r#"{"base_types": {}, "user_types": {}, "metadata": {"format": "6.0.0", "windows":
        {"pdb": {"GUID": "00112233445566778899AABBCCDDEEFF", "age": 2, "database": "tcpip.pdb"}}}}"#;
    c.put("carried/x.json", isf.as_bytes());
    let data = c.path("data");
    // Without an image.
    let import = |words: &[&str]| {
        let run = with_environment(
            &[&["symbols", "import"], words, &["--json"]].concat(),
            &[("XDG_DATA_HOME", data.to_str().unwrap())],
        );
        assert_eq!(run.status, 0, "{}", run.stderr);
        serde_json::from_str::<Value>(&run.stdout).unwrap()
    };
    let carried = c.path("carried");
    let rows = import(&[carried.to_str().unwrap()]);
    let of = |end: &str| rows.as_array().unwrap().iter().find(|r| r["file"].as_str().unwrap().ends_with(end)).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), 4, "{rows:#}");
    assert_eq!(
        of("ntkrnlmp (2).pdb")["place"],
        data.join(format!("memsh/symbols/ntkrnlmp.pdb/{GUID_TEXT}/ntkrnlmp.pdb")).to_str().unwrap()
    );
    assert_eq!((&of("broken.pdb")["result"], &of("broken.pdb")["place"]), (&"left".into(), &Value::Null));
    assert!(of("broken.pdb")["reason"].as_str().unwrap().contains("directory"));
    assert!(of("x.json")["place"].as_str().unwrap().ends_with("windows/tcpip.pdb/00112233445566778899AABBCCDDEEFF-2.json"));
    assert_eq!(import(&[&archive])[0]["result"], "present");
    // The next start uses them.
    assert_eq!(c.json(&["dt", "_ONLY_IN_THE_FILE"])["size"], 16);
    let need = c.json(&["symbols", "need", "ntfs*"]);
    assert_eq!(need[0]["source"], data.join(format!("memsh/symbols/ntfs.pdb/{MODULE}/ntfs.pdb")).to_str().unwrap());
    assert_eq!(c.json(&["dt", "ntfs!_VCB"])["size"], 24);
    // Beside the image there is what was there.
    let mut beside: Vec<_> = std::fs::read_dir(c.folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    beside.sort();
    assert_eq!(beside, ["carried", "data", "image.raw"]);
}

#[test]
fn a_renamed_file_is_known_by_the_image() {
    let c = ten();
    let file = c.put("download.bin", &module().bytes());
    let rows = c.json(&["symbols", "import", &file]);
    assert_eq!((&rows[0]["pdb"], &rows[0]["result"]), (&"ntfs.pdb".into(), &"taken".into()), "{rows}");
    let text = c.put("text.txt", b"hello");
    let rows = c.json(&["symbols", "import", &text]);
    assert_eq!(rows[0]["result"], "left", "a file that is named is answered for");
}

#[test]
fn a_store_that_cannot_be_written() {
    let c = ten();
    let file = c.put("ntfs.pdb", &module().bytes());
    // Where a file is, there can be no folder, for root neither.
    let blocked = c.put("blocked", b"");
    let run = c.with(&["symbols", "import", &file], &[("XDG_DATA_HOME", &blocked)]);
    assert_eq!(run.status, 1);
    assert!(run.stderr.contains("can't write to the store") && run.stderr.contains("XDG_DATA_HOME"), "{}", run.stderr);
    assert_eq!(c.with(&["ps"], &[("XDG_DATA_HOME", &blocked)]).status, 0);
    let run = c.with(&["symbols", "import", "/nonexistent"], &[]);
    assert!(run.status == 1 && run.stderr.contains("/nonexistent"), "{}", run.stderr);
    assert!(!Path::new(&blocked).is_dir());
}
