//! A connector's plugin in a process of its own: it may crash and hang, the session goes on.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// The folder that holds the plugin, built once.
fn folder() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("plugins");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/crashing");
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet"])
            .current_dir(source)
            .env("CARGO_TARGET_DIR", &target)
            .status()
            .unwrap();
        assert!(built.success());
        target.join("debug")
    })
}

/// Runs memsh on the plugin; gives status, stdout, stderr.
fn run(arguments: &[&str]) -> (i32, String, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_memsh")).args(arguments).env("MEMSH_PLUGIN_PATH", folder()).output().unwrap();
    let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
    (out.status.code().unwrap_or(-1), text(&out.stdout), text(&out.stderr))
}

#[test]
fn reads_cross_the_boundary() {
    let (status, out, err) = run(&["--isolate", "-C", "crashing", "read", "--phys", "0xfff8", "-n", "16", "--json"]);
    assert_eq!(status, 0, "{err}");
    let answer: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(answer["data"], "78787878787878780000000000000000");
    assert_eq!(answer["unreadable"][0]["start"], "0x10000");
    let (status, out, _) = run(&["--isolate", "-C", "crashing", "scan", "xxxx", "--max", "3", "--json"]);
    assert_eq!((status, serde_json::from_str::<Vec<serde_json::Value>>(&out).unwrap().len()), (0, 3));
}

#[test]
fn a_crash_fails_the_reads_and_not_the_session() {
    let script = "read --phys 0x1000 -n 4; read --phys 0x5000 -n 4; read --phys 0x2000 -n 4; help read";
    let (status, out, err) = run(&["--isolate", "-C", "crashing:abort=0x5000,live", "--json", "-c", script]);
    let lines: Vec<serde_json::Value> = out.lines().filter_map(|l| serde_json::from_str(l).ok()).collect();
    assert_eq!(lines[0]["data"], "78787878", "{out}{err}");
    assert_eq!(lines[1]["unreadable"][0]["start"], "0x5000", "{out}{err}");
    assert!(out.contains("memsh IMAGE read") || out.contains("Usage"), "the session went on: {out}");
    assert_ne!(status, -1, "ended by a signal: {err}");
    assert!(err.contains("the process of the plugin crashing is gone: it ended (signal: 6"), "{err}");
}

#[test]
fn without_isolation_the_same_plugin_ends_memsh() {
    let (status, _, _) = run(&["-C", "crashing:abort=0x5000", "read", "--phys", "0x5000", "-n", "4"]);
    assert_eq!(status, -1, "this is what --isolate is for");
}

#[test]
fn what_never_answers_is_given_up() {
    let began = Instant::now();
    let (status, out, err) =
        run(&["--isolate=1s", "-C", "crashing:hang=0x3000", "read", "--phys", "0x3000", "-n", "4", "--json"]);
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    assert_eq!(serde_json::from_str::<serde_json::Value>(&out).unwrap()["unreadable"][0]["start"], "0x3000");
    assert!(status >= 0 && err.contains("did not answer in time"), "{status}: {err}");
}

#[test]
fn without_isolation_what_never_answers_is_told_and_ends_a_script() {
    let began = Instant::now();
    let out = Command::new(env!("CARGO_BIN_EXE_memsh"))
        .args(["-C", "crashing:hang=0x3000", "-c", "read --phys 0x1000 -n 4; read --phys 0x3000 -n 4"])
        .env("MEMSH_PLUGIN_PATH", folder())
        .env("MEMSH_PLUGIN_TIMEOUT", "500ms")
        .output()
        .unwrap();
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    let (text, err) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert_eq!(out.status.code(), Some(1), "{err}");
    assert!(text.contains("xxxx"), "what was answered before stays: {text}");
    assert!(err.contains("the plugin crashing has not come back") && err.contains("--isolate"), "{err}");
}

#[test]
fn mistakes_are_told_as_in_the_same_process() {
    let (status, _, err) = run(&["--isolate", "-C", "crashing:speed=3", "info"]);
    assert_eq!(status, 2);
    assert!(err.contains("crashing has no argument `speed`"), "{err}");
    let (status, _, err) = run(&["--isolate=soon", "-C", "crashing", "info"]);
    assert_eq!(status, 2, "{err}");
}
