//! The connector `qemu` against machines that QEMU runs here.
#![cfg(all(feature = "cli", target_os = "linux"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation, clippy::panic, reason = "tests")]

mod cli;
mod vm;

use memsh::image::Image;
use memsh::live::{Arguments, Request, find};
use memsh::session::{Options, Session};
use memsh::{Error, ErrorKind, PhysAddr};
use memsh_plugin::{PhysWriteOp, Status};
use serde_json::{Value, json};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};
use vm::{Vm, has, sample};

const X86: &str = "qemu-system-x86_64";

fn connect_to(arguments: &str, write: bool) -> Result<Image, Error> {
    let connector = find("qemu").unwrap();
    let arguments = Arguments::parse("qemu", arguments, connector.arguments).unwrap();
    (connector.connect)(&Request { arguments, below: None, write, interrupt: None })
}

fn connect(arguments: &str) -> Image {
    connect_to(arguments, false).unwrap_or_else(|e| panic!("{arguments}: {e}; {:?}", e.hint_text()))
}

fn refused(arguments: &str) -> Error {
    connect_to(arguments, false).map(|i| panic!("{arguments}: connected to {:?}", i.facts)).unwrap_err()
}

fn detail<'a>(image: &'a Image, name: &str) -> &'a str {
    image.facts.details.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v)
}

/// Whether the sample lies at the beginning of the memory, the first MiB apart: firmware and video card cover parts of it.
fn holds_the_sample(image: &Image) {
    let expected = sample();
    let mut at = 1 << 20;
    while at < expected.len() {
        let mut buf = vec![0; (4 << 20).min(expected.len() - at)];
        image.memory.read(PhysAddr::new(at as u64), &mut buf).unwrap();
        assert!(buf == expected[at..at + buf.len()], "{at:#x}");
        at += buf.len();
    }
}

fn names(image: Image) -> Vec<(u32, String)> {
    let session = Session::of_image(image, "qemu".to_owned(), Options::default());
    let all = session.processes().unwrap();
    all.items.iter().map(|p| (p.pid, p.name.to_string_lossy().into_owned())).collect()
}

fn sample_names() -> Vec<(u32, String)> {
    names(memsh::image::sample(&memsh::image::OpenOptions::default()).unwrap())
}

/// Pieces of RAM above the first MiB, as `info` shows them: first and last address.
fn map(image: &Image) -> Vec<(u64, u64)> {
    let mut out: Vec<(u64, u64)> = Vec::new();
    for r in image.memory.ranges() {
        let (start, end) = (r.start.value().max(1 << 20), r.start.value() + r.size);
        match out.last_mut() {
            Some(last) if last.1 == start => last.1 = end,
            _ if start < end => out.push((start, end)),
            _ => {}
        }
    }
    out
}

#[test]
fn by_name_pid_uuid_and_monitor() {
    if !has(X86) {
        return;
    }
    let uuid = "3f1c2d4e-0000-4000-8000-0123456789ab";
    let vm = Vm::with_sample(&[
        "-m",
        "256",
        "-name",
        "guest=memsh-test-private,debug-threads=on",
        "-uuid",
        uuid,
        "-qmp",
        "unix:FOLDER/q,server=on,wait=off",
    ]);
    let expected = sample_names();
    let pid = vm.pid();
    for arguments in [
        "memsh-test-private".to_owned(),
        "name=memsh-test-private,qmp=no".to_owned(),
        uuid.to_uppercase(),
        format!("uuid={uuid},qmp=no"),
        format!("pid={pid}"),
        format!("{pid},qmp=no"),
        format!("qmp={}", vm.path("q").display()),
    ] {
        let image = connect(&arguments);
        assert_eq!(detail(&image, "pid"), pid.to_string(), "{arguments}");
        assert!(detail(&image, "backing").contains("process_vm_readv"), "{arguments}: {}", detail(&image, "backing"));
        let asked = !arguments.contains("qmp=no");
        assert_eq!(detail(&image, "memory_map").starts_with("asked"), asked, "{arguments}");
        assert_eq!(image.cpus.len(), usize::from(asked));
        assert!(image.memory.metadata().live && image.memory.metadata().read_only);
        holds_the_sample(&image);
        assert_eq!(names(image), expected, "{arguments}");
    }
    let image = connect(&format!("pid={pid}"));
    assert_eq!(
        (detail(&image, "name"), detail(&image, "uuid"), detail(&image, "status")),
        ("memsh-test-private", uuid, "prelaunch")
    );
    assert!(detail(&image, "qemu_version").contains('.'));
    let targets = find("qemu").unwrap().targets.unwrap();
    let request = Request { arguments: Arguments::default(), below: None, write: false, interrupt: None };
    let all = targets(&request).unwrap();
    let ours = all.iter().find(|t| t.name == format!("pid={pid}")).unwrap();
    assert!(ours.detail.contains("memsh-test-private") && ours.detail.contains("256 MiB"), "{}", ours.detail);
    let e = refused("name=memsh-test-nobody");
    assert!(
        e.kind() == ErrorKind::NotFound && e.hint_text().unwrap().contains(&format!("pid={pid} (memsh-test-private")),
        "{e:?}"
    );
    assert!(refused("pid=4294967295").reason().contains("no process"));
    // Any process may be named; this one runs no machine.
    assert!(refused(&format!("pid={}", std::process::id())).reason().contains("machine type"));
}

#[test]
fn on_the_command_line() {
    if !has(X86) {
        return;
    }
    let vm = Vm::with_sample(&["-m", "256", "-name", "memsh-test-chain"]);
    let expected: Value = serde_json::from_str(&cli::sample(&["ps", "--json"]).stdout).unwrap();
    let pid = format!("qemu:pid={}", vm.pid());
    for words in
        [&["-C", "qemu:memsh-test-chain", "-O", "linux"][..], &["-O", "native", "-C", &pid, "-O", "linux"], &["-C", &pid]]
    {
        let run = cli::memsh(&[words, &["ps", "--json"]].concat());
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{words:?}");
        assert_eq!(serde_json::from_str::<Value>(&run.stdout).unwrap(), expected, "{words:?}");
    }
    let info = cli::memsh(&["-C", &pid, "info", "--json"]);
    let info: Value = serde_json::from_str(&info.stdout).unwrap();
    assert_eq!(
        (&info["image"]["format"], &info["image"]["details"]["name"]),
        (&json!("qemu"), &json!("memsh-test-chain")),
        "{info}"
    );
}

#[test]
fn shared_memory() {
    if !has(X86) {
        return;
    }
    let expected = sample_names();
    let file = "memory-backend-file,id=m,size=256M,mem-path=FOLDER/ram,share=on";
    let memfd = "memory-backend-memfd,id=m,size=256M";
    let filled = "memory-backend-memfd,id=m,size=64M,prealloc=on";
    let private = "memory-backend-file,id=m,size=256M,mem-path=FOLDER/ram";
    let private_memfd = "memory-backend-memfd,id=m,size=256M,share=off";
    let folder = "memory-backend-file,id=m,size=256M,mem-path=FOLDER,share=on";
    let anonymous = "memory-backend-ram,id=m,size=256M,share=on";
    for (object, size, how) in [
        (file, "256", "/ram, "),
        (memfd, "256", "memfd:memory-backend-memfd (deleted), by pread"),
        (filled, "64", "memfd:memory-backend-memfd (deleted), mapped"),
        (private, "256", "private memory"),
        (private_memfd, "256", "private memory"),
        (folder, "256", "qemu_back_mem.m."),
        (anonymous, "256", "pread"),
    ] {
        let vm = Vm::with_sample(&[
            "-m",
            size,
            "-M",
            "q35,memory-backend=m",
            "-object",
            object,
            "-qmp",
            "unix:FOLDER/q,server=on,wait=off",
        ]);
        for ask in ["no", &vm.path("q").display().to_string()] {
            let image = connect(&format!("pid={},qmp={ask}", vm.pid()));
            assert!(detail(&image, "backing").contains(how), "{object}: {}", detail(&image, "backing"));
            assert_eq!(image.memory.mapped().is_some(), detail(&image, "backing").contains("mapped"), "{object}");
            holds_the_sample(&image);
            assert_eq!(names(image), expected, "{object}");
        }
        let mapped = connect(&format!("pid={},map", vm.pid()));
        assert_eq!(mapped.memory.mapped().is_some(), !how.contains("private"), "{object}");
        holds_the_sample(&mapped);
        assert!(connect(&format!("pid={},map=no", vm.pid())).memory.mapped().is_none());
    }
}

#[test]
fn looking_takes_no_memory_of_the_machine() {
    if !has(X86) || !std::path::Path::new("/dev/shm").is_dir() {
        return;
    }
    let path = format!("/dev/shm/memsh-test-{}", std::process::id());
    let object = format!("memory-backend-file,id=m,size=1G,mem-path={path},share=on");
    let vm = Vm::with_sample(&["-m", "1G", "-M", "pc,memory-backend=m", "-object", &object]);
    let blocks = || std::fs::metadata(&path).unwrap().blocks();
    let before = blocks();
    let image = connect(&format!("pid={}", vm.pid()));
    let mut buf = vec![0; 16 << 20];
    for at in (1u64 << 20..1 << 30).step_by(buf.len()).filter(|at| at + (16 << 20) <= 1 << 30) {
        image.memory.read(PhysAddr::new(at), &mut buf).unwrap();
    }
    // Of 1 GiB only what holds something is passed over.
    assert!(image.memory.data().iter().map(|r| r.size).sum::<u64>() < 64 << 20);
    assert_eq!(names(image), sample_names());
    let after = blocks();
    std::fs::remove_file(&path).unwrap();
    assert_eq!((before, vm.pid() > 0), (after, true));
}

/// What follows from the command line is what the machine says of itself.
#[test]
fn derived_maps_are_the_real_ones() {
    let machines = [
        (X86, "pc -m 256", 1),
        (X86, "pc -m 3583", 1),
        (X86, "pc -m 3584", 2),
        (X86, "pc -m 4G", 2),
        (X86, "pc,max-ram-below-4g=1G -m 2G", 2),
        (X86, "pc,max-ram-below-4g=3840M -m 3700", 1),
        (X86, "pc-i440fx-5.2 -m 5G", 2),
        (X86, "q35 -m 2815", 1),
        (X86, "q35 -m 2816", 2),
        (X86, "q35 -m 4G,slots=2,maxmem=8G", 2),
        (X86, "q35,max-ram-below-4g=1G -m 3G", 2),
        (X86, "microvm -m 512", 1),
        (X86, "microvm -m 4G", 2),
        ("qemu-system-i386", "pc -m 512", 1),
        ("qemu-system-aarch64", "virt -m 2G", 1),
        ("qemu-system-aarch64", "virt,secure=on,virtualization=on -m 6G -cpu max", 1),
        ("qemu-system-aarch64", "sbsa-ref -m 1G", 1),
        ("qemu-system-arm", "virt -m 512", 1),
        ("qemu-system-riscv64", "virt -m 1G", 1),
        ("qemu-system-riscv64", "spike -m 512", 1),
        ("qemu-system-riscv64", "sifive_u -m 512", 1),
        ("qemu-system-riscv32", "virt -m 512", 1),
    ];
    for (program, words, pieces) in machines {
        // Rarer ones than the first may be missing anywhere.
        let there = if program == X86 { has(X86) } else { std::process::Command::new(program).arg("--version").output().is_ok() };
        if !there {
            continue;
        }
        let words: Vec<&str> =
            ["-S", "-qmp", "unix:FOLDER/q,server=on,wait=off", "-M"].into_iter().chain(words.split(' ')).collect();
        let vm = Vm::start(program, &words);
        let asked = connect(&format!("qmp={}", vm.path("q").display()));
        let derived = connect(&format!("pid={},qmp=no", vm.pid()));
        assert_eq!(map(&derived), map(&asked), "{program} {words:?}");
        assert_eq!(map(&derived).len(), pieces, "{program} {words:?}");
        // The same bytes: address in the process less offset, which the guest's addresses stand for, of the last piece.
        let last = |i: &Image| {
            let piece = detail(i, "ram").rsplit("; ").next().unwrap().to_owned();
            let hex = |t: &str| u64::from_str_radix(t.trim_start_matches("0x"), 16).unwrap();
            hex(piece.rsplit(" at ").next().unwrap()).wrapping_sub(hex(piece.split('-').next().unwrap()))
        };
        assert_eq!(last(&derived), last(&asked), "{program} {words:?}");
    }
}

#[test]
fn several_backends() {
    if !has(X86) {
        return;
    }
    let monitor = "unix:FOLDER/q,server=on,wait=off";
    let two = |a: &str, b: &str| {
        let (a, b) = (format!("memory-backend-ram,id=a,size={a}"), format!("memory-backend-ram,id=b,size={b}"));
        Vm::with_sample(&[
            "-m",
            "256",
            "-object",
            &a,
            "-object",
            &b,
            "-numa",
            "node,memdev=a",
            "-numa",
            "node,memdev=b",
            "-smp",
            "2",
            "-qmp",
            monitor,
        ])
    };
    let vm = two("24M", "232M");
    let (derived, asked) = (connect(&format!("pid={},qmp=no", vm.pid())), connect(&format!("pid={}", vm.pid())));
    assert_eq!(map(&derived), map(&asked));
    for image in [derived, asked] {
        holds_the_sample(&image);
        assert_eq!(names(image), sample_names());
    }
    // Two of one size: only the machine itself knows which is which.
    let vm = two("128M", "128M");
    let e = refused(&format!("pid={},qmp=no", vm.pid()));
    assert!(e.reason().contains("2 mappings of the process have the kind and size"), "{e}");
    assert!(e.hint_text().unwrap().contains("ram=A+B"), "{e:?}");
    let asked = connect(&format!("pid={}", vm.pid()));
    holds_the_sample(&asked);
    let places: Vec<&str> = detail(&asked, "ram").split("; ").map(|p| p.rsplit(" at ").next().unwrap()).collect();
    let starts = format!("{}+{}", places[0], places[places.len() - 1]);
    holds_the_sample(&connect(&format!("pid={},qmp=no,ram={starts}", vm.pid())));
    assert!(refused(&format!("pid={},qmp=no,ram=0x1000+0x2000", vm.pid())).reason().contains("nothing mapped at 0x1000"));
}

#[test]
fn memory_that_was_plugged_in() {
    if !has(X86) {
        return;
    }
    let vm = Vm::start(
        X86,
        &[
            "-S",
            "-m",
            "256,slots=2,maxmem=2G",
            "-object",
            "memory-backend-ram,id=d,size=128M",
            "-device",
            "pc-dimm,memdev=d,id=dimm0",
            "-qmp",
            "unix:FOLDER/q,server=on,wait=off",
        ],
    );
    let asked = connect(&format!("pid={}", vm.pid()));
    assert_eq!(map(&asked), [(1 << 20, 256 << 20), (4 << 30, (4 << 30) + (128 << 20))]);
    let derived = connect(&format!("pid={},qmp=no", vm.pid()));
    assert_eq!(map(&derived), [(1 << 20, 256 << 20)]);
    assert!(derived.facts.warnings[0].contains("memory module d (128 MiB)"), "{:?}", derived.facts.warnings);
}

#[test]
fn the_machine_runs_on_unless_asked() {
    if !has(X86) {
        return;
    }
    let mut vm = Vm::start(X86, &["-m", "64", "-qmp", "unix:FOLDER/q,server=on,wait=off"]);
    assert_eq!(vm.status(), "running");
    let image = connect(&format!("pid={}", vm.pid()));
    let mut buf = vec![0; 4096];
    image.memory.read(PhysAddr::new(1 << 20), &mut buf).unwrap();
    assert_eq!((vm.status().as_str(), detail(&image, "status")), ("running", "running"));
    drop(image);
    assert_eq!(vm.status(), "running");
    let held = connect(&format!("pid={},pause", vm.pid()));
    assert_eq!((vm.status().as_str(), detail(&held, "status")), ("paused", "paused"));
    // A clone of the memory holds the machine as well.
    let memory = held.memory.clone();
    drop(held);
    assert_eq!(vm.status(), "paused");
    drop(memory);
    assert_eq!(vm.status(), "running");
    // What stood before stands afterwards.
    vm.qmp().ask("stop", json!({}));
    drop(connect(&format!("pid={},pause", vm.pid())));
    assert_eq!(vm.status(), "paused");
    vm.qmp().ask("cont", json!({}));
    // From the program too, whose end ends the pause.
    let run = cli::memsh(&["-C", &format!("qemu:pid={},pause", vm.pid()), "info", "--json"]);
    assert!(
        run.stdout.contains("\"status\": \"paused\"") || run.stdout.contains("\"status\":\"paused\""),
        "{}{}",
        run.stdout,
        run.stderr
    );
    assert_eq!(vm.status(), "running");
    let e = refused(&format!("pid={},pause,qmp=no", vm.pid()));
    assert!(e.reason().contains("can't be held"), "{e}");
}

#[test]
fn a_monitor_that_is_taken() {
    if !has(X86) {
        return;
    }
    let vm = Vm::with_sample(&["-m", "256", "-qmp", "unix:FOLDER/q,server=on,wait=off"]);
    // libvirt holds its connection all the time.
    let _held = std::os::unix::net::UnixStream::connect(vm.path("q")).unwrap();
    let begun = Instant::now();
    let image = connect(&format!("pid={}", vm.pid()));
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert!(image.facts.warnings[0].contains("did not answer"), "{:?}", image.facts.warnings);
    assert_eq!(detail(&image, "memory_map"), "from the command line");
    holds_the_sample(&image);
    let e = refused(&format!("qmp={},timeout=200ms", vm.path("q").display()));
    assert!(
        e.reason().contains("did not answer within 200 ms") && e.hint_text().unwrap().contains("one client at a time"),
        "{e:?}"
    );
}

#[test]
fn somebody_elses_socket() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("q");
    let listener = UnixListener::bind(&path).unwrap();
    let thread = std::thread::spawn(move || {
        use std::io::Write;
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.write_all(b"220 mail.example.org ESMTP\r\n");
        std::thread::sleep(Duration::from_millis(300));
    });
    let e = refused(&format!("qmp={}", path.display()));
    assert!(e.kind() == ErrorKind::Malformed && e.reason().contains("220 mail.example.org"), "{e}");
    thread.join().unwrap();
    assert!(refused("qmp=/nowhere/at/all").reason().contains("No such file"));
    assert!(refused("qmp=tcp:127.0.0.1:1").reason().contains("refused"));
}

#[test]
fn writing() {
    if !has(X86) {
        return;
    }
    for object in ["memory-backend-ram,id=m,size=256M", "memory-backend-memfd,id=m,size=256M"] {
        let vm = Vm::with_sample(&["-m", "256", "-M", "pc,memory-backend=m", "-object", object]);
        let write = |image: &Image, at: u64| {
            let mut ops = [PhysWriteOp::new(PhysAddr::new(at), b"memsh was here")];
            image.memory.source().write((&mut ops[..]).into());
            ops[0].status
        };
        let pid = format!("pid={}", vm.pid());
        assert_eq!(write(&connect(&pid), 0x200_0ff8), Status::READ_ONLY);
        let image = connect_to(&pid, true).unwrap();
        assert!(!image.memory.metadata().read_only);
        assert_eq!(write(&image, 0x200_0ff8), Status::DONE);
        assert_eq!(write(&image, 256 << 20), Status::MISSING);
        let mut buf = [0; 14];
        connect(&pid).memory.read(PhysAddr::new(0x200_0ff8), &mut buf).unwrap();
        assert_eq!(&buf, b"memsh was here");
    }
}

#[test]
fn registers_of_a_running_machine() {
    if !has(X86) {
        return;
    }
    let vm = Vm::start(
        X86,
        &["-m", "64", "-smp", "2", "-qmp", "tcp:127.0.0.1:0,server=on,wait=off", "-qmp", "unix:FOLDER/q,server=on,wait=off"],
    );
    let image = connect(&format!("pid={},qmp={}", vm.pid(), vm.path("q").display()));
    assert_eq!(image.cpus.len(), 2);
    assert!(
        image.cpus.iter().all(|c| c.cr0.is_some() && c.instruction_pointer.is_some() && c.registers.len() >= 10),
        "{:?}",
        image.cpus
    );
}
