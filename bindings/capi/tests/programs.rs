//! Programs in C and C++, built as their users build them: against what `make install` puts into place, with pkg-config's flags.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Where cargo put the library for this very test.
fn built() -> PathBuf {
    let deps = std::env::current_exe().unwrap().parent().unwrap().to_owned();
    assert!(deps.join("libmemsh_capi.so").exists(), "{} has no libmemsh_capi.so", deps.display());
    deps
}

/// Installs into a folder, and gives pkg-config's flags.
fn installed(folder: &Path) -> Vec<String> {
    let mut make = Command::new("make");
    make.arg("-s").arg("-C").arg(here()).arg("install");
    make.arg(format!("PREFIX={}", folder.display())).arg(format!("BUILD={}", built().display()));
    run(&mut make);
    let pkg_config = |what: &[&str]| {
        let mut command = Command::new("pkg-config");
        command.env("PKG_CONFIG_PATH", folder.join("lib/pkgconfig")).args(what).arg("memsh");
        text(&run(&mut command).stdout)
    };
    assert_eq!(pkg_config(&["--modversion"]).trim(), env!("CARGO_PKG_VERSION"));
    pkg_config(&["--cflags", "--libs"]).split_whitespace().map(str::to_owned).collect()
}

/// Builds a program.
fn program(folder: &Path, compiler: &[&str], source: &str, flags: &[String]) -> PathBuf {
    let out = folder.join(Path::new(source).file_stem().unwrap());
    let mut command = Command::new(compiler[0]);
    command.args(&compiler[1..]).args(["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-pthread"]);
    command.arg(here().join(source)).args(flags).arg("-o").arg(&out);
    run(&mut command);
    out
}

/// Runs one.
fn started(folder: &Path, program: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(program);
    command.args(words).env("LD_LIBRARY_PATH", folder.join("lib")).env("XDG_CACHE_HOME", "/dev/null");
    command.output().unwrap()
}

#[test]
fn programs_in_c_and_cpp() {
    for tool in ["make", "cc", "c++", "pkg-config"] {
        if Command::new(tool).arg("--version").output().is_err() {
            assert!(std::env::var_os("MEMSH_REQUIRE_LIVE").is_none(), "there is no {tool}, and MEMSH_REQUIRE_LIVE is set");
            eprintln!("left out: there is no {tool}");
            return;
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let flags = installed(folder);

    // The border, under both languages' ideas of the header.
    let border = program(folder, &["cc", "-std=c11"], "tests/border.c", &flags);
    let ended = started(folder, &border, &[]);
    assert!(ended.status.success(), "{}", text(&ended.stderr));
    assert_eq!((text(&ended.stdout).trim(), text(&ended.stderr).as_str()), ("all so", ""));

    let processes = program(folder, &["cc", "-std=c11"], "examples/processes.c", &flags);
    let ended = started(folder, &processes, &["sample"]);
    let out = text(&ended.stdout);
    assert!(
        ended.status.success()
            && out.contains("  lab  /lab/lab ")
            && out.contains("tab\\x09newline\\x0aend")
            && !out.contains("kthreadd"),
        "{out}{}",
        text(&ended.stderr)
    );
    assert!(out.lines().last().unwrap().ends_with(" processes"), "{out}");
    let ended = started(folder, &processes, &["/nowhere/at/all"]);
    assert_eq!(ended.status.code(), Some(1));
    assert!(text(&ended.stderr).starts_with("processes: ") && text(&ended.stderr).contains("hint: "), "{}", text(&ended.stderr));

    let hunt = program(folder, &["c++", "-std=c++17"], "examples/hunt.cpp", &flags);
    let ended = started(folder, &hunt, &["sample", "TERM=linux"]);
    let out = text(&ended.stdout);
    let stack = |line: &str| line.starts_with("     1 ") && line.contains("0x7ffc") && line.contains("TERM=linux.PATH=/bin");
    assert!(ended.status.success() && out.lines().any(stack), "{out}{}", text(&ended.stderr));
}
