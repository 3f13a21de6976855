//! Files that are no images, or only almost: each has its error text, exit status 1, and nothing on stdout.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;
mod torn;

use std::fs;
use std::path::PathBuf;
use torn::{limited, text};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }
}

/// Bytes without any order, always the same.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let step = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(step).flatten().take(len).collect()
}

/// What `info` and `ps` say of a file that can't be opened.
fn refused(path: &std::path::Path, says: &str) {
    for command in ["info", "ps", "hash"] {
        let run = limited(&[text(path), command]);
        assert_eq!((run.status, run.stdout.as_str()), (1, ""), "{command}: {}", run.stderr);
        assert!(run.stderr.starts_with("memsh: "), "{command}: {}", run.stderr);
        assert!(run.stderr.contains(says), "{command}: {}", run.stderr);
        assert!(run.stderr.contains("\nhint: "), "{command}: {}", run.stderr);
    }
}

#[test]
fn a_missing_file() {
    refused(std::path::Path::new("/nonexistent/memory.raw"), "can't open /nonexistent/memory.raw: No such file or directory");
}

#[test]
fn an_empty_file() {
    let folder = Folder::new();
    refused(&folder.file("empty.raw", b""), "is empty");
}

#[test]
fn a_folder() {
    let folder = Folder::new();
    refused(folder.0.path(), "is a directory");
}

#[cfg(unix)]
#[test]
fn an_unreadable_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let path = folder.file("secret.raw", &[1; 8192]);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    // Root reads it all the same.
    if fs::read(&path).is_err() {
        refused(&path, "Permission denied");
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_file_at_all() {
    let folder = Folder::new();
    let path = folder.0.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    // Opening it would wait for a writer that never comes.
    refused(&path, "is a device, pipe or socket, and can't be mapped into memory");
}

#[test]
fn a_truncated_compressed_file() {
    let folder = Folder::new();
    let whole = fs::read(cli::repository("assets/sample.raw.zst")).unwrap();
    refused(&folder.file("cut.zst", &whole[..whole.len() / 2]), "zstd");
    refused(&folder.file("head.zst", &whole[..6]), "zstd");
    refused(&folder.file("head.gz", &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0]), "gzip");
    refused(&folder.file("head.xz", b"\xfd7zXZ\0\0\x04"), "xz");
    let mut damaged = whole.clone();
    damaged[whole.len() / 3..][..64].fill(0xaa);
    refused(&folder.file("damaged.zst", &damaged), "zstd");
}

/// A core of one segment that is longer than the file.
fn core() -> Vec<u8> {
    let mut elf = b"\x7fELF\x02\x01\x01".to_vec();
    elf.resize(16, 0);
    let half = |elf: &mut Vec<u8>, v: u16| elf.extend(v.to_le_bytes());
    half(&mut elf, 4);
    half(&mut elf, 62);
    elf.extend(1u32.to_le_bytes());
    for v in [0u64, 64, 0] {
        elf.extend(v.to_le_bytes());
    }
    elf.extend(0u32.to_le_bytes());
    for v in [64u16, 56, 1, 0, 0, 0] {
        half(&mut elf, v);
    }
    elf.extend(1u32.to_le_bytes());
    elf.extend(7u32.to_le_bytes());
    for v in [4096u64, 0, 0, 0x10_0000, 0x10_0000, 4096] {
        elf.extend(v.to_le_bytes());
    }
    elf.resize(4096, 0);
    elf
}

#[test]
fn a_truncated_core() {
    let folder = Folder::new();
    let core = core();
    refused(&folder.file("head.elf", &core[..20]), "ELF");
    refused(&folder.file("table.elf", &core[..80]), "ELF");
    // The headers are whole, and a part of the memory is there: what is there is read, and the rest is told.
    let mut part = core.clone();
    part.resize(4096 + 0x8000, 7);
    let path = folder.file("part.elf", &part);
    let run = limited(&[text(&path), "read", "--phys", "0x1000", "-n", "16"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stdout.contains("07 07 07 07") && run.stderr.starts_with("warning: "), "{}{}", run.stdout, run.stderr);
    let run = limited(&[text(&path), "read", "--phys", "0x7ff0", "-n", "32"]);
    assert!(run.status == 0 && run.stderr.contains("partial: 16 missing"), "{}", run.stderr);
    let run = limited(&[text(&path), "ps"]);
    assert_eq!((run.status, run.stdout.as_str()), (1, ""), "{}", run.stderr);
    assert!(run.stderr.contains("no Linux kernel was found"), "{}", run.stderr);
}

#[test]
fn an_elf_that_is_no_core() {
    let program = std::env::current_exe().unwrap();
    if cfg!(target_os = "linux") {
        refused(&program, "not a core");
    }
}

#[test]
fn files_of_another_kind() {
    let folder = Folder::new();
    refused(&folder.file("report.pdf", b"%PDF-1.7\n%abc\n"), "PDF");
    refused(&folder.file("page.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "PNG");
    refused(&folder.file("notes.txt", "just some notes of the case\n".repeat(500).as_bytes()), "text");
}

#[test]
fn a_raw_file_that_is_no_memory() {
    let folder = Folder::new();
    let bytes = noise(4 << 20);
    let path = folder.file("noise.raw", &bytes);
    let image = text(&path);
    let ps = limited(&[image, "ps"]);
    assert_eq!((ps.status, ps.stdout.as_str()), (1, ""), "{}", ps.stderr);
    assert!(ps.stderr.contains("no Linux kernel was found in this memory: no page-table root maps one"), "{}", ps.stderr);
    assert!(ps.stderr.contains("`info` lists what was tried"), "{}", ps.stderr);
    let info = limited(&[image, "info"]);
    assert_eq!(info.status, 1);
    assert!(
        info.stdout.contains("pass over all of memory") && info.stderr.contains("no Linux kernel was found"),
        "{}",
        info.stdout
    );
    for command in ["modules", "maps -p 1", "threads", "symbols x", "dt task_struct", "vtop 0x1000", "read 0x1000"] {
        let words: Vec<&str> = std::iter::once(image).chain(command.split(' ')).collect();
        let run = limited(&words);
        assert_eq!((run.status, run.stdout.as_str()), (1, ""), "{command}: {}", run.stderr);
        assert!(run.stderr.contains("no Linux kernel was found"), "{command}: {}", run.stderr);
    }
    let read = limited(&[image, "read", "--phys", "0x1000", "-n", "4", "--json"]);
    let hex: String = bytes[0x1000..0x1004].iter().map(|b| format!("{b:02x}")).collect();
    assert!(read.status == 0 && read.stdout.contains(&hex), "{}{}", read.stdout, read.stderr);
    let needle: String = bytes[0x3210..0x3220].iter().map(|b| format!("{b:02x}")).collect();
    let scan = limited(&[image, "scan", "--phys", "--hex", &needle, "--json"]);
    assert!(scan.status == 0 && scan.stdout.contains("0x3210"), "{}{}", scan.stdout, scan.stderr);
    let strings = limited(&[image, "strings", "--phys"]);
    assert!(strings.status == 0 && strings.stdout.lines().count() > 100, "{}", strings.stderr);
    for c in strings.stdout.chars() {
        assert!(c == '\n' || !c.is_control(), "{c:?}");
    }
}

#[test]
fn a_raw_file_of_zeros_and_one_of_ones() {
    let folder = Folder::new();
    for byte in [0, 0xff, 0x67] {
        let path = folder.file("same.raw", &vec![byte; 2 << 20]);
        let run = limited(&[text(&path), "ps"]);
        assert_eq!((run.status, run.stdout.as_str()), (1, ""), "{byte:#x}: {}", run.stderr);
    }
}

#[test]
fn page_tables_that_map_everything_everywhere() {
    // Every entry of every page leads to some page of the file: whatever is taken for a root maps a whole address space.
    let folder = Folder::new();
    let words: Vec<u64> = (0..1u64 << 18).map(|i| (i.wrapping_mul(0x9e37_79b9) % 512) << 12 | 0x67).collect();
    let bytes: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
    let path = folder.file("maze.raw", &bytes);
    let run = limited(&[text(&path), "ps"]);
    assert_eq!((run.status, run.stdout.as_str()), (1, ""), "{}", run.stderr);
    assert!(run.stderr.contains("no Linux kernel was found"), "{}", run.stderr);
}

#[test]
fn numbers_beyond_all_bounds() {
    for words in [
        &["read", "0xffffffffffffffff", "-n", "2"][..],
        &["read", "--phys", "0", "-n", "0xffffffffffffffff"],
        &["read", "--phys", "0", "-n", "0"],
        &["read", "--phys", "99999999999999999999999999", "-n", "1"],
        &["dq", "init_task", "L?ffffffffffffffff"],
        &["x/99999999999999999999gx", "init_task"],
        &["read", "init_task", "-n", "1/0"],
        &["dump", "0..0xffffffffffffffff", "-o", "/nonexistent/x"],
        &["dt", "task_struct", "0xfffffffffffffff0"],
        &["dt", "list_head", "0xffffffffffffffff"],
        &["vtop", "0xffffffffffffffff"],
        &["ps", "99999999999999"],
        &["near", "0xffffffffffffffff"],
        &["read", "init_task", "--json", "--columns", "nothing"],
        &["scan", "--phys", "--hex", ""],
        &["scan", "--phys", "--regex", "("],
        &["scan", "--phys", "--regex", "(a{1000}){1000}"],
        &["scan", ""],
    ] {
        let all: Vec<&str> = std::iter::once("sample").chain(words.iter().copied()).collect();
        let run = limited(&all);
        // A structure of which nothing can be read still has its members.
        let told = run.status == 0 && words[0] == "dt" && run.stderr.starts_with("partial: ");
        assert!(told || matches!(run.status, 1 | 2), "{words:?}: {} {}{}", run.status, run.stdout, run.stderr);
        assert!(!run.stderr.is_empty(), "{words:?}");
    }
    let deep = format!("{}1{}", "(".repeat(50_000), ")".repeat(50_000));
    let deref = format!("{}init_task{}", "poi(".repeat(20_000), ")".repeat(20_000));
    for expression in [deep.as_str(), deref.as_str(), &"-".repeat(100_000), &"1+".repeat(50_000)] {
        let run = limited(&["sample", "read", "--phys", "--", expression]);
        assert!(matches!(run.status, 0..=2), "{}: {}", run.status, run.stderr.chars().take(300).collect::<String>());
    }
}

#[test]
fn symbol_files_of_nonsense() {
    let folder = Folder::new();
    let nested = "[".repeat(200_000);
    for (name, bytes) in [
        ("empty.json", &b""[..]),
        ("cut.json", b"{\"metadata\": {"),
        ("nested.json", nested.as_bytes()),
        ("noise.json.xz", &noise(4096)),
        ("cut.btf", b"\x9f\xeb\x01\0\x18\0\0\0"),
        ("program.elf", b"\x7fELF\x02\x01\x01"),
        ("System.map", b"zzzz T _text\nffffffff81000000 T\n"),
    ] {
        let path = folder.file(name, bytes);
        let run = limited(&["--symbols", text(&path), "sample", "ps"]);
        assert_eq!(run.status, 0, "{name}: {}", run.stderr);
        assert!(run.stdout.contains("victim-b"), "{name}: the image has symbols of its own");
    }
    let run = limited(&["--symbols", "/nonexistent", "sample", "ps"]);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{}", run.stderr);
}

#[cfg(unix)]
#[test]
fn nothing_lands_on_the_image_by_any_name() {
    let folder = Folder::new();
    let bytes = noise(64 << 10);
    let image = folder.file("memory.raw", &bytes);
    let (hard, soft, other) = (folder.0.path().join("hard"), folder.0.path().join("soft"), folder.0.path().join("other"));
    fs::hard_link(&image, &hard).unwrap();
    std::os::unix::fs::symlink(&image, &soft).unwrap();
    fs::create_dir(&other).unwrap();
    let round = other.join("..").join("memory.raw");
    for output in [&image, &hard, &soft, &round] {
        let o = text(output);
        for words in [
            &[text(&image), "dump", "phys", "--force", "-o", o][..],
            &[text(&image), "-c", &format!("hash > {o}")],
            &[text(&image), "-c", &format!("hash >> {o}")],
            &[text(&image), "check", o, "--update"],
        ] {
            let run = limited(words);
            assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{words:?}: {}", run.stderr);
            assert!(
                run.stderr.contains("the output is the image itself; an image is never written"),
                "{words:?}: {}",
                run.stderr
            );
        }
    }
    assert!(fs::read(&image).unwrap() == bytes);
    // Without --force nothing else is overwritten either.
    let kept = folder.file("kept", b"kept");
    let run = limited(&[text(&image), "dump", "phys", "-o", text(&kept)]);
    assert!(run.status == 2 && run.stderr.contains("--force"), "{}", run.stderr);
    assert_eq!(fs::read(kept).unwrap(), b"kept");
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full() {
    let run = limited(&["sample", "dump", "phys", "--force", "-o", "/dev/full"]);
    assert_eq!((run.status, run.stdout.as_str()), (1, ""), "{}", run.stderr);
    assert!(run.stderr.contains("No space left"), "{}", run.stderr);
    assert!(std::path::Path::new("/dev/full").exists(), "a device is not removed");
    let run = limited(&["sample", "-c", "ps > /dev/full"]);
    assert_eq!(run.status, 1, "{}", run.stderr);
    assert!(run.stderr.contains("can't write the answer"), "{}", run.stderr);
}

#[cfg(unix)]
#[test]
fn an_interrupted_search_is_130() {
    use std::process::{Command, Stdio};
    let folder = Folder::new();
    // Large, sparse, and searched for what zeros are full of: otherwise its holes would be passed over.
    let path = folder.0.path().join("large.raw");
    fs::File::create(&path).unwrap().set_len(64 << 30).unwrap();
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("memsh"))
        .args([text(&path), "scan", "--phys", "--count", "--regex", r"\x00{3000}"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(700));
    assert!(child.try_wait().unwrap().is_none(), "it is still searching");
    let begun = std::time::Instant::now();
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert!(begun.elapsed() < std::time::Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.starts_with("partial: 1 missing: what was not searched when Ctrl-C came, after about "), "{told}");
    assert!(told.ends_with(" of 65536 MiB\nmemsh: interrupted\n"), "{told}");
}

#[cfg(not(feature = "http"))]
#[test]
fn a_url_is_refused_without_touching_a_network() {
    // A listener would see a connection.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    for url in
        [format!("http://me:secret@127.0.0.1:{port}/mem.raw?key=hidden"), "https://host/mem.raw".into(), "s3://bucket/key".into()]
    {
        let e = memsh::image::open(std::path::Path::new(&url), &memsh::image::OpenOptions::default()).map(|_| ()).unwrap_err();
        assert_eq!(e.kind(), memsh::ErrorKind::Unsupported);
        assert!(e.reason().contains("built without its feature http"), "{e}");
        assert!(e.hint_text().unwrap().contains("--features http"));
        assert!(!format!("{e} {:?}", e.hint_text()).contains("secret") && !e.to_string().contains("hidden"), "{e}");
    }
    assert!(listener.accept().is_err());
}
