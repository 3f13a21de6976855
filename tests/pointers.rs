//! Pointer maps, references and signatures, end to end: on the sample, and on programs that these tests start.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(
    clippy::useless_conversion,
    clippy::vec_box,
    reason = "addresses may be wider than 64 bits; the boxes are what is looked through"
)]

mod cli;

use cli::{Run, answer, memsh, number, sample};
use memsh::session::{Options, Session, Target};
use memsh::umem;
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicPtr, Ordering};

/// The control block of a process.
fn task(name: &str) -> String {
    answer(&["ps", name])[0]["address"].as_str().unwrap().to_owned()
}

fn kernel() -> (Session, memsh::session::Space) {
    let session = Session::open(&Target::Sample, Options::default()).unwrap();
    let space = session.kernel_space().unwrap();
    (session, space)
}

/// Walks a row's path with plain reads.
fn walked(space: &memsh::session::Space, row: &Value) -> u64 {
    let offsets = row["offsets"].as_array().unwrap();
    assert_eq!(row["depth"], offsets.len());
    offsets.iter().fold(number(&row["begins"]), |at, offset| {
        let pointer = u64::try_from(space.pointer(umem::from(at)).unwrap()).unwrap();
        pointer.wrapping_add_signed(offset.as_i64().unwrap())
    })
}

#[test]
fn a_process_is_reached_from_the_kernels_static_data_and_every_path_leads_there() {
    let (session, space) = kernel();
    let init_task = u64::try_from(session.symbols().unwrap().address("init_task").unwrap().value()).unwrap();
    let tasks = answer(&["dt", "task_struct.tasks"])["fields"][0]["offset"].as_i64();
    for name in ["lab", "victim-b"] {
        let to = task(name);
        let rows = answer(&["ptrmap", "find", &to, "-k", "--max", "300", "--depth", "4"]);
        let rows = rows.as_array().unwrap();
        assert!(rows.len() > 20, "{name}: {}", rows.len());
        assert!(rows.is_sorted_by_key(|r| r["depth"].as_u64()));
        for row in rows {
            assert_eq!(walked(&space, row), number(&Value::from(to.as_str())), "{row}");
            let module = row["module"].as_str().unwrap();
            assert!(["kernel", "virtio_console", "qemu_fw_cfg"].contains(&module), "{row}");
            assert!(row["path"].as_str().unwrap().starts_with(row["symbol"].as_str().unwrap_or(module)), "{row}");
        }
    }
    // The first of all processes is the next of init_task, by its list.
    let rows = answer(&["ptrmap", "find", &task("lab"), "-k", "--depth", "1", "--max", "1000"]);
    let next = |r: &&Value| {
        let distance = number(&r["begins"]).wrapping_sub(init_task);
        distance < 0x1000 && r["offsets"][0].as_i64() == Some(-(distance as i64)) && tasks.is_none_or(|t| t == distance as i64)
    };
    assert!(rows.as_array().unwrap().iter().any(|r| next(&r)), "{rows:#}");
    // Without going before what a pointer points to, the list is no way.
    let rows = answer(&["ptrmap", "find", &task("lab"), "-k", "--depth", "1", "--before", "0"]);
    assert!(!rows.as_array().unwrap().iter().any(|r| next(&r)));
}

#[test]
fn a_map_in_a_file_answers_as_the_image_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (map, paths) = (path("kernel.ptrs"), path("paths.json"));
    let built = answer(&["ptrmap", "build", "-k", "-o", &map]);
    assert!(built["pointers"].as_u64().unwrap() > 100_000 && built["bytes"].as_u64().unwrap() > 10 << 20, "{built}");
    assert_eq!(built["file_bytes"], std::fs::metadata(&map).unwrap().len());
    let to = task("victim-a");
    let find = |more: &[&str]| answer(&[&["ptrmap", "find", &to, "-k", "--max", "50"], more].concat());
    let rows = find(&["--save", &paths]);
    assert_eq!(find(&["--from", &map]), rows);
    // All of them lead there; a few are shown.
    let kept = answer(&["ptrmap", "check", &paths, "-k", "--address", &to]);
    let kept = kept.as_array().unwrap();
    assert!(kept.len() >= rows.as_array().unwrap().len() && kept.iter().all(|r| r["survives"] == true && r["leads_to"] == to));
    let saved: Value = serde_json::from_slice(&std::fs::read(&paths).unwrap()).unwrap();
    assert_eq!(saved["paths"].as_array().unwrap().len(), kept.len());
    // To another process's block they do not lead.
    let other = task("victim-b");
    let run = sample(&["ptrmap", "check", &paths, "-k", "--address", &other]);
    assert!(run.status == 0 && run.stderr.contains("none of the") && !run.stdout.contains("0x"), "{}{}", run.stdout, run.stderr);
    let all = answer(&["ptrmap", "check", &paths, "-k", "--address", &other, "--broken"]);
    assert!(all.as_array().unwrap().iter().all(|r| r["survives"] == false && r["leads_to"] == to));
    // And a process has no such modules.
    let run = sample(&["ptrmap", "check", &paths, "-p", "victim-a", "--max", "3", "--json"]);
    let rows: Value = serde_json::from_str(&run.stdout).unwrap();
    assert!(rows.as_array().unwrap().iter().all(|r| r["broken"] == "no module kernel here"), "{rows}");
    // What is damaged says so.
    let whole = std::fs::read(&map).unwrap();
    std::fs::write(path("short"), &whole[..whole.len() / 2]).unwrap();
    for (file, says) in [(path("short"), "cut off"), (paths.clone(), "no pointer map"), (path("none"), "can't read")] {
        let run = sample(&["ptrmap", "find", &to, "-k", "--from", &file]);
        assert!(run.status == 1 && run.stderr.contains(says), "{file}: {}", run.stderr);
    }
    let run = sample(&["ptrmap", "check", &map, "-k"]);
    assert!(run.status == 1 && run.stderr.contains("holds no paths"), "{}", run.stderr);
    let run = sample(&["ptrmap", "build", "-k", "-o", &map]);
    assert!(run.status == 2 && run.stderr.contains("exists"), "{}", run.stderr);
    let run = sample(&["ptrmap", "build", "--phys"]);
    assert!(run.status == 2 && run.stderr.contains("virtual addresses"), "{}", run.stderr);
}

#[test]
fn callers_of_a_function_are_those_of_a_plain_search_of_the_code() {
    let (session, space) = kernel();
    let address = |name: &str| u64::try_from(session.symbols().unwrap().address(name).unwrap().value()).unwrap();
    let (start, end) = (address("_stext"), address("_etext"));
    let mut text = vec![0; usize::try_from(end - start).unwrap()];
    assert!(space.read_gaps(umem::from(start), &mut text).as_slice().is_empty());
    for name in ["schedule", "do_exit", "kfree"] {
        let target = address(name);
        // Of five bytes one is a call's, of six two are a conditional jump's; by chance none leads to this very address.
        let leads = |i: usize, field: usize| {
            let distance = i32::from_le_bytes(text[i + field..i + field + 4].try_into().unwrap());
            (start + (i + field + 4) as u64).wrapping_add_signed(distance.into()) == target
        };
        let want: Vec<u64> = (0..text.len() - 6)
            .filter(|&i| {
                let call = matches!(text[i], 0xe8 | 0xe9) && leads(i, 1);
                let jump = text[i] == 0x0f && text[i + 1] & 0xf0 == 0x80 && leads(i, 2);
                call || jump
            })
            .map(|i| start + i as u64)
            .collect();
        let rows = answer(&["xrefs", name, "--code"]);
        let got: Vec<u64> = rows
            .as_array()
            .unwrap()
            .iter()
            .filter(|r| {
                ["call", "jump", "branch"].contains(&r["kind"].as_str().unwrap()) && r["text"].as_str().unwrap().contains("0xf")
            })
            .map(|r| number(&r["address"]))
            .filter(|a| (start..end).contains(a))
            // A jump of two bytes is in no plain search for longer ones.
            .filter(|a| !matches!(text[(a - start) as usize], 0x70..=0x7f | 0xeb))
            .collect();
        assert_eq!(got, want, "{name}");
        assert!(got.len() > 2);
    }
    // Each is what `dis` reads there, and each pointer what `read` does.
    let rows = answer(&["xrefs", "schedule", "--max", "40"]);
    for row in rows.as_array().unwrap() {
        assert_eq!((&row["offset"], &row["probable"]), (&0.into(), &false.into()), "{row}");
        match row["text"].as_str() {
            Some(text) => assert_eq!(answer(&["dis", row["address"].as_str().unwrap(), "-n", "1"])[0]["text"], text),
            None => {
                assert_eq!(
                    u64::try_from(space.pointer(umem::from(number(&row["address"]))).unwrap()).unwrap(),
                    number(&row["target"])
                )
            }
        }
    }
    let data = answer(&["xrefs", "init_task", "-n", "64", "--data"]);
    assert!(data.as_array().unwrap().iter().all(|r| r["kind"] == "pointer" && r["offset"].as_u64().unwrap() < 64));
    let places: Vec<u64> = data.as_array().unwrap().iter().map(|r| number(&r["address"])).collect();
    // Each byte of memory once, although the kernel maps all of it twice.
    let mut physical: Vec<String> =
        places.iter().map(|a| answer(&["vtop", &format!("{a:#x}")])["physical"].to_string()).collect();
    physical.sort_unstable();
    physical.dedup();
    assert_eq!(physical.len(), places.len());
}

#[test]
fn a_signature_is_unique_and_scan_finds_it() {
    for name in ["schedule", "do_exit", "kfree", "vfs_read"] {
        let row = &answer(&["sig", name, "-k"])[0];
        let (pattern, address) = (row["pattern"].as_str().unwrap(), row["address"].as_str().unwrap());
        assert_eq!((&row["hits"], &row["symbol"]), (&1.into(), &name.into()), "{row}");
        // Once in physical memory: where the function lies.
        let hits = answer(&["scan", "--hex", pattern]);
        assert_eq!(hits.as_array().unwrap().len(), 1, "{name}");
        assert_eq!(hits[0]["address"], answer(&["vtop", address])["physical"]);
        let hits = answer(&["scan", "--hex", pattern, "-k"]);
        assert!(hits.as_array().unwrap().iter().any(|h| h["address"] == address));
        // A byte less, and it stands elsewhere, too.
        let shorter = pattern.rsplit_once(' ').unwrap().0;
        if shorter.split(' ').filter(|b| !b.contains('?')).count() >= 4 {
            assert!(answer(&["scan", "--hex", shorter]).as_array().unwrap().len() > 1, "{name}: {shorter}");
        }
        let in_module = &answer(&["sig", name, "-k", "--module"])[0];
        assert_eq!(in_module["unique_in"], "kernel");
        assert!(in_module["length"].as_u64() <= row["length"].as_u64());
    }
    let ida = &answer(&["sig", "kfree", "-k", "--format", "ida"])[0];
    let hex =
        ida["pattern"].as_str().unwrap().split(' ').map(|b| if b.contains('?') { "?".to_owned() } else { b.to_uppercase() });
    assert_eq!(ida["text"], hex.collect::<Vec<_>>().join(" "));
    let run = sample(&["sig", "schedule", "-k", "--max-length", "6"]);
    assert!(run.status == 1 && run.stderr.contains("hits") && run.stderr.contains("--max-length"), "{}", run.stderr);
    let run = sample(&["sig", "0x1234", "-k"]);
    assert!(run.status == 1 && run.stderr.contains("mapped"), "{}", run.stderr);
}

const HOLD: &str = "MEMSH_TEST_POINTERS";

struct Weapon {
    _name: [u64; 4],
    ammunition: u64,
}

struct Player {
    _at: [u64; 6],
    weapon: Box<Weapon>,
}

static WORLD: AtomicPtr<Vec<Box<Player>>> = AtomicPtr::new(std::ptr::null_mut());

/// Not a test: what the started program does. A static pointer leads to the world, that to a player, that to what is looked for.
#[test]
fn holder() {
    let Some(order) = std::env::var_os(HOLD) else { return };
    let player = |n: u64| Box::new(Player { _at: [n; 6], weapon: Box::new(Weapon { _name: [n; 4], ammunition: 7331 + n }) });
    // Something else lies in between in each run.
    let _before: Vec<u64> = vec![1; order.len() * 1000];
    let players: Vec<Box<Player>> = (0..3).map(player).collect();
    println!("held {}", &raw const players[1].weapon.ammunition as usize);
    WORLD.store(Box::into_raw(Box::new(players)), Ordering::Relaxed);
    println!("ready");
    std::io::stdout().flush().unwrap();
    let _ = std::io::stdin().read_line(&mut String::new());
}

struct Held(Child, u64);

impl Held {
    fn start(order: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "holder", "--nocapture", "--test-threads=1"]).env(HOLD, order);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let at = lines.find_map(|l| Some(l.split_once("held ")?.1.parse().unwrap())).unwrap();
        lines.find(|l| l == "ready").unwrap();
        Self(child, at)
    }

    fn asks(&self, words: &[&str]) -> Run {
        let pid = self.0.id().to_string();
        memsh(&[&["-O", "native"], words, &["-p", &pid, "--json"]].concat())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
#[cfg(target_os = "linux")]
fn paths_found_in_one_run_of_a_program_survive_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (first, both) = (path("first.json"), path("both.json"));
    let one = Held::start("one");
    let run = one.asks(&["ptrmap", "find", &format!("{:#x}", one.1), "--max-offset", "0x30", "--save", &first]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let found: Value = serde_json::from_str(&run.stdout).unwrap();
    assert!(!found.as_array().unwrap().is_empty(), "{}", run.stderr);
    let two = Held::start("another");
    assert_ne!(one.1, two.1, "the second run lies elsewhere");
    let there = format!("{:#x}", two.1);
    let run = two.asks(&["ptrmap", "check", &first, "--address", &there, "--save", &both]);
    let kept: Value = serde_json::from_str(&run.stdout).unwrap();
    // The way by WORLD: the vector, its second element, the weapon, its ammunition.
    let name = std::env::current_exe().unwrap().file_name().unwrap().to_string_lossy().into_owned();
    let world = |r: &Value| {
        r["module"] == name.as_str() && r["depth"].as_u64() >= Some(3) && r["leads_to"] == there.as_str() && r["survives"] == true
    };
    assert!(kept.as_array().unwrap().iter().any(world), "{found:#}\n{kept:#}{}", run.stderr);
    // In a third run those that are left still lead there.
    let three = Held::start("3");
    let there = format!("{:#x}", three.1);
    let run = three.asks(&["ptrmap", "check", &both, "--address", &there]);
    assert!(run.stdout.contains(&there), "{}", run.stderr);
}
