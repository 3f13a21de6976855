//! How fast `memsh IMAGE yara` is beside YARA-X's own scan of the same file, mapped.
//!
//! `MEMSH=target/release/memsh cargo bench --manifest-path plugins/yara/Cargo.toml --target-dir target/yara [-- IMAGE]`. Without an image it makes one of
//! 256 MiB (16 with `MEMSH_BENCH_SHORT=1`).
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark has nobody to report to")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const RULES: &str = r#"
rule text { strings: $a = "memsh needle" $b = "memsh needle" wide nocase $c = "/etc/shadow" fullword condition: any of them }
rule code { strings: $a = { e8 ?? ?? ff ff 48 8b [2-6] c3 } $b = { 4d 5a 90 00 03 00 [4-8] ff ff 00 00 } condition: any of them }
rule regex { strings: $a = /https?:\/\/[a-z0-9.]{4,40}\/needle/ condition: $a }
"#;

/// Pages as memory has them: empty ones, text, and noise.
fn made(path: &Path) {
    let size: usize = if std::env::var_os("MEMSH_BENCH_SHORT").is_some() { 16 << 20 } else { 256 << 20 };
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let words = ["the ", "struct ", "return ", "/usr/lib/", "0x1000 ", "error: ", "name=", "int ", "\0\0\0", "needless\n"];
    let mut bytes = vec![0; size];
    for page in bytes.chunks_mut(4096) {
        match next() % 5 {
            0 | 1 => {}
            2 | 3 => {
                let mut at = 0;
                while let Some(rest) = page.get_mut(at..).filter(|r| !r.is_empty()) {
                    let word = words[(next() % 10) as usize].as_bytes();
                    let n = word.len().min(rest.len());
                    rest[..n].copy_from_slice(&word[..n]);
                    at += n;
                }
            }
            _ => page.chunks_mut(8).for_each(|c| c.copy_from_slice(&next().to_le_bytes())),
        }
    }
    std::fs::write(path, bytes).unwrap();
}

/// The best of three.
fn best(mut f: impl FnMut()) -> Duration {
    let once = |f: &mut dyn FnMut()| {
        let from = Instant::now();
        f();
        from.elapsed()
    };
    (0..3).map(|_| once(&mut f)).min().unwrap()
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let given = std::env::args().skip(1).find(|a| !a.starts_with("--")).map(PathBuf::from);
    let image = given.unwrap_or_else(|| {
        let path = folder.path().join("memory.raw");
        made(&path);
        path
    });
    let rules_file = folder.path().join("rules.yar");
    std::fs::write(&rules_file, RULES).unwrap();
    let size = std::fs::metadata(&image).unwrap().len();
    let rate = |what: &str, time: Duration| {
        println!("{what:40} {:8.3} s {:8.0} MB/s", time.as_secs_f64(), size as f64 / 1e6 / time.as_secs_f64());
    };
    let rules = yara_x::compile(RULES).unwrap();
    let mut scanner = yara_x::Scanner::new(&rules);
    rate("yara-x, the file mapped", best(|| drop(scanner.scan_file(&image).unwrap().matching_rules().len())));
    let Some(memsh) = std::env::var_os("MEMSH") else {
        println!("MEMSH names no memsh: nothing to compare with");
        return;
    };
    // This benchmark lies beside the plugin.
    let plugins = std::env::current_exe().unwrap().parent().and_then(Path::parent).expect("a folder").to_owned();
    for more in [&[][..], &["--regions"]] {
        let run = || {
            let mut command = Command::new(&memsh);
            command.env("MEMSH_PLUGIN_PATH", &plugins).env("XDG_CACHE_HOME", folder.path());
            let output =
                command.arg(&image).args(["--format", "raw", "yara", "--jsonl"]).arg(&rules_file).args(more).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        };
        rate(&format!("memsh yara {}", more.join(" ")), best(run));
    }
}
