//! What a program calls itself, the files it has open and the words it was started with can't move the cursor, set the clipboard or the
//! title, turn text around or hide in it. Raw bytes of a pseudo-terminal are looked at, of real processes of this machine and of an image.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;
mod torn;

use rexpect::session::spawn_command;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// What a hostile name tries: to clear the screen, to set title and clipboard, to begin a line of its own, to write over what stands
/// there, to use C1 controls (as UTF-8, and as a bare byte), to turn text around, to hide letters, to flood lines with marks.
const HOSTILE: &[&[u8]] = &[
    b"\x1b[2J\x1b[Hx",
    b"\x1b]0;T\x07x",
    b"\x1b]52;c;QQ==\x07",
    b"\x1bP1$r\x1b\\x",
    b"a\r\n1 0 init",
    b"a\x08\x08\x08b\x7f",
    b"\xc2\x9b31mx",
    b"\x9b31mx\x9d0;",
    b"a\xe2\x80\xaegpj.exe",
    b"\xe2\x81\xa6a\xe2\x81\xa9b",
    b"a\xe2\x80\x8bb\xef\xbb\xbfc",
    b"a\xf3\xa0\x81\x81\xe3\x85\xa4b",
    b"e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81",
    b"\xe2\x80\xa8a\xe2\x80\xa9b",
];

/// What of it must never reach a terminal: bytes, and how many of them in a row.
const FORBIDDEN: &[&[u8]] = &[
    b"\x1b[2J",
    b"\x1b]",
    b"\x1bP",
    b"\x07",
    b"\x08\x08\x08",
    b"\xc2\x9b",
    b"\x9b31m",
    b"\x9d0;",
    b"\r\n1 0 init",
    b"\xe2\x80\xae",
    b"\xe2\x81\xa6",
    b"\xe2\x81\xa9",
    b"\xe2\x80\x8b",
    b"\xef\xbb\xbf",
    b"\xf3\xa0\x81\x81",
    b"\xe3\x85\xa4",
    b"\xe2\x80\xa8",
    b"\xe2\x80\xa9",
    b"\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81",
    b"a\x08",
];

/// A process that sleeps, with a hostile name, path, arguments, variables and open file.
struct Sleeper {
    child: Child,
    _folder: tempfile::TempDir,
}

impl Sleeper {
    fn new(name: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // No name of a file has a slash in it.
        let plain: Vec<u8> = name.iter().map(|b| if *b == b'/' { b'-' } else { *b }).collect();
        let program = folder.path().join(OsStr::from_bytes(&plain));
        std::fs::copy(find("sleep"), &program).unwrap();
        let open = folder.path().join(OsString::from_vec([b"open-", &plain[..]].concat()));
        std::fs::write(&open, "x").unwrap();
        let mut command = Command::new(&program);
        command.arg0(OsStr::from_bytes(name)).arg("600").env_clear().env("HOSTILE", OsStr::from_bytes(name));
        command.stdin(std::fs::File::open(&open).unwrap()).stdout(Stdio::null()).stderr(Stdio::null());
        Self { child: command.spawn().unwrap(), _folder: folder }
    }

    fn pid(&self) -> String {
        self.child.id().to_string()
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn find(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    std::env::split_paths(&path).map(|p| p.join(program)).find(|p| p.is_file()).expect("sleep is everywhere")
}

fn program(words: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("memsh"));
    for folder in ["XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"] {
        command.env(folder, "/dev/null");
    }
    command.args(words).env("TERM", "xterm-256color").env_remove("NO_COLOR");
    command
}

/// All bytes that a terminal gets of it.
fn raw(command: Command) -> Vec<u8> {
    let mut s = spawn_command(command, Some(60_000)).unwrap();
    // The reader makes a character of every byte.
    s.exp_eof().unwrap().chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|w| w == part)
}

/// Nothing of `HOSTILE` is in it as it was; nor anything else that is no text, line or colour.
fn tame(bytes: &[u8], what: &str) {
    for part in FORBIDDEN {
        assert!(!has(bytes, part), "{what}: {:?} in {:?}", part.escape_ascii().to_string(), bytes.escape_ascii().to_string());
    }
}

/// Beyond that: without a line editor or a pager, only lines and colours are written.
fn plain(bytes: &[u8], what: &str) {
    tame(bytes, what);
    let text = String::from_utf8(bytes.to_vec()).unwrap_or_else(|e| panic!("{what}: {e}"));
    let colours = regex::Regex::new("\x1b\\[[0-9;]*m").unwrap();
    let rest = colours.replace_all(&text, "");
    let bad = rest.chars().find(|c| c.is_control() && !matches!(c, '\r' | '\n'));
    assert!(bad.is_none(), "{what}: {bad:?} in {rest:?}");
    assert!(!rest.replace("\r\n", "").contains('\r'), "{what}: {rest:?}");
}

#[test]
fn real_processes_with_hostile_names() {
    let sleepers: Vec<Sleeper> = HOSTILE.iter().map(|n| Sleeper::new(n)).collect();
    // Until all have become what they are to be: `exec` may be on its way.
    std::thread::sleep(std::time::Duration::from_millis(300));
    let mut lines = Vec::new();
    for (sleeper, name) in sleepers.iter().zip(HOSTILE) {
        let pid = sleeper.pid();
        for command in ["ps", "cmdline", "env", "files", "maps", "modules", "threads"] {
            lines.push(format!("{command} {pid}"));
            lines.push(format!("{command} {pid} --csv"));
        }
        lines.push(format!("ps {pid} --json"));
        lines.push(format!("proc {pid}"));
        lines.push("proc".to_owned());
        lines.push("strings -p 1 --range 0 1".to_owned());
        // An error that quotes what was typed.
        let typed = String::from_utf8_lossy(name).replace(['\r', '\n', '\'', '\\'], "");
        lines.push(format!("maps '{typed}'"));
        lines.push(format!("'{typed}'"));
        lines.push(format!("foreach {pid} maps --limit 1"));
    }
    let script = lines.join("\n");
    for color in ["always", "never"] {
        let bytes = raw(program(&["-O", "native", "--color", color, "--no-pager", "--progress", "always", "-v", "-c", &script]));
        // Progress writes over its own line; nothing else may.
        tame(&bytes, color);
        assert!(has(&bytes, b"\\x1b]52;c;QQ==\\x07") && has(&bytes, b"\\u{202e}"), "the names are shown, escaped");
    }
    let quiet = raw(program(&["-O", "native", "--color", "always", "--no-pager", "--progress", "never", "-c", &script]));
    plain(&quiet, "without progress");

    // JSON has them exactly.
    for (sleeper, name) in sleepers.iter().zip(HOSTILE) {
        let bytes = raw(program(&["-O", "native", "ps", &sleeper.pid(), "--json"]));
        plain(&bytes, "json");
        let rows: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let cut = &name[..name.len().min(15)];
        assert_eq!(rows[0]["name"], String::from_utf8_lossy(cut).as_ref(), "{}", cut.escape_ascii());
        if std::str::from_utf8(cut).is_err() {
            let hex: String = cut.iter().map(|b| format!("{b:02x}")).collect();
            assert_eq!(rows[0]["name_bytes"], hex);
        }
    }
}

#[test]
fn prompt_candidates_and_pager() {
    let sleepers: Vec<Sleeper> = HOSTILE.iter().map(|n| Sleeper::new(n)).collect();
    std::thread::sleep(std::time::Duration::from_millis(300));
    let mut s = spawn_command(program(&["-O", "native"]), Some(60_000)).unwrap();
    let mut seen = s.exp_string("> ").unwrap();
    for sleeper in &sleepers {
        // Its name stands in the prompt.
        s.send_line(&format!("proc {}", sleeper.pid())).unwrap();
        seen += &s.exp_string(&format!("/{}]> ", sleeper.pid())).unwrap();
    }
    // What could follow: pids with the names of processes beside them.
    let begin = &sleepers[0].pid()[..1];
    s.send(&format!("maps -p {begin}\t\t")).unwrap();
    s.flush().unwrap();
    seen += &s.exp_string("1$r").unwrap();
    // The line is taken back.
    s.send("\x15").unwrap();
    s.flush().unwrap();
    s.send_line("proc -").unwrap();
    seen += &s.exp_string("native> ").unwrap();
    for sleeper in &sleepers {
        s.send_line(&format!("ps {}", sleeper.pid())).unwrap();
        seen += &s.exp_string("COMMAND LINE").unwrap();
    }
    s.send_line("exit").unwrap();
    seen += &s.exp_eof().unwrap();
    let bytes: Vec<u8> = seen.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    // The editor itself may ring the bell.
    let bytes: Vec<u8> = bytes.into_iter().filter(|b| *b != 7).collect();
    for part in FORBIDDEN.iter().filter(|p| **p != b"\x07") {
        assert!(!has(&bytes, part), "{:?} in {:?}", part.escape_ascii().to_string(), bytes.escape_ascii().to_string());
    }
}

#[test]
fn an_image_with_hostile_names() {
    for name in HOSTILE {
        let mut torn = torn::Torn::new();
        let put = |torn: &mut torn::Torn, at: u64, room: usize| {
            let mut bytes = name.to_vec();
            bytes.truncate(room - 1);
            bytes.push(0);
            torn.put(at, &bytes);
        };
        let at = torn.task("victim-b") + torn.offset("task_struct", "comm");
        put(&mut torn, at, 16);
        let at = torn.symbol("init_uts_ns") + torn.offset("uts_namespace", "name.nodename");
        put(&mut torn, at, 65);
        // A module's name lies in the module; of files and mounts `bad_linux` has cases of their own.
        let first = torn.word(torn.symbol("modules"));
        let at = first - torn.offset("module", "list") + torn.offset("module", "name");
        put(&mut torn, at, 56);
        let image = torn.save();
        let pid = torn.session().find_process("victim-b").unwrap().pid.to_string();
        let lines = [
            "info".to_owned(),
            "modules".into(),
            "modules --csv".into(),
            format!("ps {pid}"),
            format!("ps {pid} --csv"),
            "namespaces".into(),
            format!("net -p {pid}"),
            format!("maps {pid} --limit 2"),
            format!("proc {pid}"),
            "proc".into(),
            "creds".into(),
            "threads".into(),
            "hooks --only module".into(),
            "tree".into(),
            format!("map -p {pid}"),
            "dt task_struct.comm".into(),
        ];
        let script = lines.join("\n");
        let log = format!("{}.log", image.path);
        let words = [image.path.as_str(), "--color", "always", "--no-pager", "--progress", "never", "--log", &log, "-c", &script];
        let what = name.escape_ascii().to_string();
        plain(&raw(program(&words)), &what);
        let log = std::fs::read(log).unwrap();
        assert!(!log.contains(&0x1b), "{what}: no colours in a transcript");
        plain(&log, &what);
        // A program that gets exact values writes to this terminal. Lines in them are lines.
        if !has(name, b"\r\n") {
            let script =
                format!("ps {pid} --csv | cat\nps {pid} --csv --columns name | cat | cat\nset format csv\nps {pid} | head -3");
            let words = [image.path.as_str(), "--color", "always", "--progress", "never", "-c", &script];
            let bytes = raw(program(&words));
            plain(&bytes, &what);
            assert!(has(&bytes, b",/lab/bin/victim-b"), "{what}: {}", bytes.escape_ascii());
        }
    }
}

/// A name that ends no line and begins none of the transcript's, and takes nothing of what stands behind it along.
#[test]
fn a_transcript_has_all_of_an_answer() {
    for (name, shown) in [
        (&b"A\x1b1\n2\n3;,\";4"[..], "\"A\\x1b1\n2\n3;,\"\";4\",PID,1\n[exit status 0, "),
        (b"a\n[exit status 7", "\"a\n [exit status \",PID,1\n[exit status 0, "),
        (b"a\n[2026-11-22T0", "\"a\n [2026-11-22T0\",PID,1\n[exit status 0, "),
        (b"a\n# log ended", "\"a\n # log ended\",PID,1\n[exit status 0, "),
        (b"a\n[chain 1\n[]\n#", "\"a\n [chain 1\n[]\n#\",PID,1\n[exit status 0, "),
    ] {
        let mut torn = torn::Torn::new();
        let mut bytes = name[..name.len().min(15)].to_vec();
        bytes.push(0);
        let at = torn.task("victim-b") + torn.offset("task_struct", "comm");
        torn.put(at, &bytes);
        let pid = torn.session().find_process("victim-b").unwrap().pid.to_string();
        let image = torn.save();
        let log = format!("{}.log", image.path);
        let script = format!("ps {pid} --csv --columns name,pid,ppid; ps {pid} --csv --columns pid | cat; ps 1 --columns pid");
        let run = cli::memsh(&[&image.path, "--log", &log, "--color", "always", "-c", &script]);
        assert_eq!(run.status, 0, "{}", run.stderr);
        let text = std::fs::read_to_string(&log).unwrap();
        let shown = shown.replace("PID", &pid);
        assert!(text.contains(&shown) && text.contains("\nPID\n  1\n[exit status 0, "), "{shown:?} is not in {text}");
        let run = cli::memsh(&["sample", "log", "verify", &log]);
        assert!(run.status == 0 && run.stdout.contains("entries       5"), "{}{}", run.stdout, run.stderr);
    }
}

#[test]
fn text_of_memory_is_escaped_where_it_is_shown() {
    let mut torn = torn::Torn::new();
    // Behind the word that is looked for stands what a terminal would obey.
    let at = 0x2f_f000;
    let text: Vec<u8> = HOSTILE.iter().flat_map(|n| [b"MARKED ", *n, b" "].concat()).collect();
    torn.bytes()[at..at + text.len()].copy_from_slice(&text);
    let image = torn.save();
    let script = [
        "scan --phys MARKED",
        "scan --phys MARKED --csv",
        "read --phys 0x2ff000 -n 256",
        "strings --phys --range 0x2ff000 0x300000",
        "read --phys 0x2ff000 --string",
        "scan --phys --regex 'MARKED.{8}'",
    ]
    .join("\n");
    let words = [image.path.as_str(), "--color", "always", "--no-pager", "--progress", "never", "-c", &script];
    plain(&raw(program(&words)), "memory");
}
