//! The command `emulate`, with the plugin and without.
//!
//! `plugins/emulate/test` builds the plugin and runs this with `MEMSH_EMULATE` set to the folder in which it is. Without it only what needs no plugin
//! is tested, and each other test says so.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;

use serde_json::Value;
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

fn plugins() -> Option<String> {
    let folder = std::env::var("MEMSH_EMULATE").ok();
    if folder.is_none() {
        eprintln!("skipped: MEMSH_EMULATE is not set; plugins/emulate/test sets it");
    }
    folder
}

fn run(words: &[&str]) -> cli::Run {
    cli::with_environment(words, &[("MEMSH_PLUGIN_PATH", &plugins().unwrap())])
}

/// Rows of a run, by kind.
struct Answer {
    rows: Vec<Value>,
    stderr: String,
}

impl Answer {
    fn of(words: &[&str]) -> Self {
        let run = run(&[words, &["--json"]].concat());
        assert_eq!(run.status, 0, "{words:?}: {}", run.stderr);
        let rows: Vec<Value> = serde_json::from_str(&run.stdout).unwrap_or_else(|e| panic!("{words:?}: {e}: {}", run.stderr));
        Self { rows, stderr: run.stderr }
    }

    fn kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.rows.iter().filter(move |r| r["kind"] == kind)
    }

    fn end(&self) -> &str {
        self.kind("end").next().unwrap()["name"].as_str().unwrap()
    }

    fn register(&self, name: &str) -> u64 {
        cli::number(&self.kind("register").find(|r| r["name"] == name).unwrap()["value"])
    }

    /// What the function gave; it must have come back.
    fn value(&self) -> u64 {
        assert_eq!((self.end(), self.stderr.as_str()), ("returned", ""), "{:#?}", self.rows);
        cli::number(&self.kind("return").next().unwrap()["value"])
    }

    /// The buffer of an argument after the run.
    fn buffer(&self, argument: usize) -> Vec<u8> {
        let name = argument.to_string();
        let row = self.kind("argument").find(|r| r["name"] == name.as_str()).unwrap();
        bytes(&row["bytes"])
    }
}

fn bytes(hex: &Value) -> Vec<u8> {
    let hex = hex.as_str().unwrap();
    (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect()
}

fn sample(words: &[&str]) -> Answer {
    Answer::of(&[&["sample", "emulate"], words].concat())
}

#[test]
fn without_the_plugin_it_says_how_to_get_it() {
    let run = cli::with_environment(&["sample", "emulate", "strlen", "--args", "text:abc"], &[("MEMSH_PLUGIN_PATH", "")]);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{}", run.stderr);
    assert!(run.stderr.contains("plugin emulate is not installed"), "{}", run.stderr);
    assert!(run.stderr.contains("memsh plugins install plugins/emulate"), "{}", run.stderr);
}

#[test]
fn functions_of_the_kernel_give_what_they_gave() {
    if plugins().is_none() {
        return;
    }
    assert_eq!(sample(&["strlen", "--args", "text:hello, world"]).value(), 12);
    assert_eq!(sample(&["__sw_hweight64", "--args", "0xff00ff00ff00ff01"]).value(), 33);
    // The check value of CRC-32, before its last inversion.
    assert_eq!(sample(&["crc32_le", "--args", "0xffffffff", "text:123456789", "9"]).value(), 0xcbf4_3926 ^ 0xffff_ffff);
    let printed = sample(&["sprintf", "--args", "zero:64", "text:%d-%x-%s!", "-42", "0xbeef", "text:yes"]);
    assert_eq!(printed.value(), 13);
    assert_eq!(&printed.buffer(0)[..14], b"-42-beef-yes!\0");
    // The sixth and later arguments lie on the stack.
    let printed = sample(&["sprintf", "--args", "zero:64", "text:%d%d%d%d%d%d", "1", "2", "3", "4", "5", "6"]);
    assert_eq!((printed.value(), &printed.buffer(0)[..7]), (6, &b"123456\0"[..]));
    // Per-CPU variables are found through the processor's base, and what the allocator writes stays in the run.
    let allocated = sample(&["__kmalloc", "--args", "64", "0xcc0"]);
    let again = sample(&["__kmalloc", "--args", "64", "0xcc0"]);
    assert!(allocated.value() >> 63 == 1 && allocated.kind("written").count() > 0, "{:#?}", allocated.rows);
    assert_eq!(allocated.value(), again.value());
}

#[test]
fn a_trace_tells_each_instruction() {
    if plugins().is_none() {
        return;
    }
    let traced = sample(&["strlen", "--args", "text:ab", "--trace"]);
    assert_eq!(traced.value(), 2);
    let steps: Vec<&Value> = traced.kind("step").collect();
    let end = traced.kind("end").next().unwrap();
    assert_eq!(end["step"].as_u64().unwrap(), steps.len() as u64);
    // As `dis` reads them, in order.
    let listed: Vec<Value> = serde_json::from_value(cli::answer(&["dis", "strlen", "--function"])).unwrap();
    for step in &steps {
        let line = listed.iter().find(|l| l["address"] == step["address"]).unwrap();
        assert_eq!((&line["text"], &line["bytes"], &line["symbol"]), (&step["text"], &step["bytes"], &step["symbol"]));
    }
    assert_eq!((&steps[0]["symbol"], &steps[0]["address"]), (&Value::from("strlen"), &listed[0]["address"]));
    assert!(steps.iter().any(|s| s["changed"] == "rax=0x2"), "{steps:#?}");
}

/// A process with routines, ended with this.
struct Held {
    child: Child,
    places: HashMap<String, u64>,
    _folder: tempfile::TempDir,
}

impl Held {
    fn start() -> Option<Self> {
        plugins()?;
        let folder = tempfile::tempdir().unwrap();
        let (source, program) = (PathBuf::from("tests/emulate/routines.c"), folder.path().join("routines"));
        let built = Command::new("cc")
            .args(["-O1", "-fstack-protector-all", "-fno-optimize-sibling-calls", "-o"])
            .arg(&program)
            .arg(&source)
            .status();
        match built {
            Ok(status) => assert!(status.success()),
            Err(e) if std::env::var_os("MEMSH_REQUIRE_LIVE").is_some() => panic!("no C compiler: {e}"),
            Err(e) => {
                eprintln!("skipped: no C compiler: {e}");
                return None;
            }
        }
        let mut child = Command::new(&program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.as_mut().unwrap().write_all(b"0123456789abcdef\n").unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let place = |pair: &str| {
            let (name, at) = pair.split_once('=').unwrap();
            (name.to_owned(), u64::from_str_radix(at.trim_start_matches("0x"), 16).unwrap())
        };
        Some(Self { places: line.split_whitespace().map(place).collect(), child, _folder: folder })
    }

    fn at(&self, name: &str) -> String {
        format!("{:#x}", self.places[name])
    }

    fn call(&self, name: &str, words: &[&str]) -> Answer {
        let (pid, at) = (self.child.id().to_string(), self.at(name));
        Answer::of(&[&["-O", "native", "emulate", &at, "-p", &pid], words].concat())
    }

    fn read(&self, name: &str, len: usize) -> Vec<u8> {
        let pid = self.child.id().to_string();
        let rows = cli::memsh(&["-O", "native", "read", &self.at(name), &len.to_string(), "-p", &pid, "--json"]);
        let value: Value = serde_json::from_str(&rows.stdout).unwrap_or_else(|e| panic!("{e}: {}", rows.stderr));
        bytes(&value["data"])
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, b| (hash ^ u64::from(*b)).wrapping_mul(0x100_0000_01b3))
}

#[test]
fn a_process_hashes_and_decrypts_what_it_is_given() {
    let Some(held) = Held::start() else { return };
    assert_eq!(held.call("fnv1a", &["--args", "text:hello", "5"]).value(), fnv1a(b"hello"));
    assert_eq!(held.call("fnv1a", &["--args", "hex:00ff7f80", "4"]).value(), fnv1a(&[0, 0xff, 0x7f, 0x80]));
    // Its key is nowhere but in its memory; the text was sealed before anyone looked.
    let sealed = held.read("sealed", 15);
    assert_ne!(&sealed, b"attack at dawn\0");
    let opened = held.call("rc4", &["--args", "zero:15", &held.at("sealed"), "15"]);
    assert_eq!((opened.value(), opened.buffer(0).as_slice()), (2, &b"attack at dawn\0"[..]));
    // What it wrote is told, and the process knows nothing of it.
    let written: Vec<&Value> = opened.kind("written").collect();
    let calls = written.iter().find(|w| w["address"] == held.at("calls")).unwrap();
    assert_eq!((bytes(&calls["before"])[0], bytes(&calls["bytes"])[0]), (1, 2));
    assert!(written.iter().any(|w| w["address"] == held.at("state") && w["length"] == 256), "{written:#?}");
    assert_eq!(held.read("calls", 8), [1, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(held.call("rc4", &["--args", "zero:15", &held.at("sealed"), "15"]).value(), 2);
    // From one run's answer to another's argument, from a file, and into memory of the process that is read after it.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sealed");
    std::fs::write(&file, &sealed).unwrap();
    let argument = format!("file:{}", file.display());
    let read = format!("{}:15", held.at("sealed"));
    let opened = held.call("rc4", &["--args", &held.at("sealed"), &argument, "15", "--read", &read]);
    assert_eq!(bytes(&opened.kind("read").next().unwrap()["bytes"]), b"attack at dawn\0");
    assert_eq!(held.read("sealed", 15), sealed);
}

#[test]
fn arguments_are_where_the_function_looks_for_them() {
    let Some(held) = Held::start() else { return };
    let args = ["--args", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"];
    assert_eq!(held.call("many", &args).value(), (1..=10).map(|n| n * n).sum::<u64>());
    let word = held.call("word", &["--args", "1"]);
    assert!(word.value() > 0);
    assert_eq!(word.kind("return").next().unwrap()["text"], "a word of the program");
    assert_eq!(held.call("word", &["--args", "0"]).value(), 0);
    // A guarded stack, and code of the C library, which may be of AVX: then the end says so.
    let copied = held.call("copied", &["--args", "text:guarded"]);
    let expected = b"guarded".iter().fold(0u64, |n, b| n * 31 + u64::from(*b));
    match copied.end() {
        "returned" => assert_eq!(copied.value(), expected),
        end => assert!(end == "invalid" || end == "thread-local", "{:#?}", copied.rows),
    }
}

#[test]
fn hooks_stand_in_for_functions() {
    let Some(held) = Held::start() else { return };
    assert_eq!(held.call("guarded", &["--args", "5"]).value(), 16);
    let hook = format!("{}=ret:41", held.at("helper"));
    let hooked = held.call("guarded", &["--args", "5", "--hook", &hook]);
    assert_eq!(hooked.value(), 42);
    let row = hooked.kind("hook").next().unwrap();
    assert_eq!((&row["name"], &row["address"]), (&Value::from("ret"), &Value::from(held.at("helper"))));
    assert!(row["text"].as_str().unwrap().starts_with("0x5 "), "{row}");
    let log = format!("{}=log", held.at("helper"));
    let logged = held.call("guarded", &["--args", "5", "--hook", &log]);
    assert_eq!((logged.value(), logged.kind("hook").count()), (16, 1));
    let stop = format!("{}=stop", held.at("helper"));
    assert_eq!(held.call("guarded", &["--args", "5", "--hook", &stop]).end(), "hook");
    assert_eq!(held.call("guarded", &["--args", "5", "--until", &held.at("helper")]).end(), "until");
    let deep = held.call("deep", &["--args", "100000", "--stack", "64k"]);
    assert_eq!(deep.end(), "stack");
    assert!(deep.stderr.contains("stack of 65536 bytes was full"), "{}", deep.stderr);
    // What a thread has of its own is not known, and is not made up.
    let local = held.call("local", &[]);
    assert_eq!(local.end(), "thread-local", "{:#?}", local.rows);
    assert!(local.stderr.contains("--reg fs_base=ADDR"), "{}", local.stderr);
    let few = held.call("deep", &["--args", "10"]);
    assert!(few.value() > 0);
}

#[test]
fn every_way_of_calling_is_known() {
    if plugins().is_none() {
        return;
    }
    // Each adds up six arguments, by the places that its convention gives them, and returns.
    let sysv = "488d0437 4801d0 4801c8 4c01c0 4c01c8 c3";
    let win64 = "488d0411 4c01c0 4c01c8 4803442428 4803442430 c3";
    let stack = "8b442404 03442408 0344240c 03442410 03442414 03442418";
    let cdecl = format!("{stack} c3");
    let stdcall = format!("{stack} c21800");
    let fastcall = "8d0411 03442404 03442408 0344240c 03442410 c21000";
    let thiscall = "8b442404 01c8 03442408 0344240c 03442410 03442414 c21400";
    let regparm = "01d0 01c8 03442404 03442408 0344240c c3";
    let aapcs64 = "0000018b 0000028b 0000038b 0000048b 0000058b c0035fd6";
    for (isa, abi, code) in [
        ("x86_64", "sysv", sysv),
        ("x86_64", "win64", win64),
        ("x86", "cdecl", &cdecl),
        ("x86", "stdcall", &stdcall),
        ("x86", "fastcall", fastcall),
        ("x86", "thiscall", thiscall),
        ("x86", "regparm", regparm),
        ("aarch64", "aapcs64", aapcs64),
    ] {
        let words = ["--bytes", code, "--isa", isa, "--abi", abi, "--args", "1", "20", "300", "4000", "50000", "600000"];
        let answer = sample(&words);
        assert_eq!(answer.value(), 654_321, "{abi}");
        // At the call the stack is aligned: what is left of it is a multiple of 16, but for what the callee took.
        if abi == "sysv" || abi == "win64" {
            assert_eq!(answer.register("rsp") % 16, 0, "{abi}");
        }
    }
    // A function that takes its arguments off the stack itself, and is not called.
    let call = "6a01 6a02 e800000000 40 c3";
    let callee = sample(&["--bytes", call, "--isa", "x86", "--until", "0", "--trace"]);
    let target = callee.kind("step").nth(3).unwrap()["address"].as_str().unwrap().to_owned();
    let hook = format!("{target}=ret:7:8");
    let hooked = sample(&["--bytes", call, "--isa", "x86", "--hook", &hook]);
    assert!(hooked.kind("hook").next().is_some(), "{:#?}", hooked.rows);
}

#[test]
fn code_that_rewrites_itself_runs_as_rewritten() {
    if plugins().is_none() {
        return;
    }
    // lea rdi,[rip+12]; mov ecx,5; xor byte [rdi+rcx-1],0x5a; loop; then mov eax,42 under the key
    let plain = [0xb8, 42, 0, 0, 0].map(|b: u8| b ^ 0x5a);
    let code = format!("488d3d0c000000 b905000000 80740fff5a e2f9 {}", cli::hex(&plain));
    let run = sample(&["--bytes", &code]);
    assert_eq!((run.end(), run.register("rax")), ("until", 42), "{:#?}", run.rows);
}

#[test]
fn every_end_says_why() {
    if plugins().is_none() {
        return;
    }
    for (code, more, end, says) in [
        ("ebfe", &["--steps", "1000"][..], "steps", "1000 instructions were run"),
        ("ebfe", &["--steps", "1000000000000", "--timeout", "200ms"], "time", "200ms passed"),
        ("8b042510000000", &[], "missing", "the page 0x0 is not in the target; it was to be read"),
        ("c604251000000001", &[], "missing", "it was to be written"),
        ("ff242510000000", &[], "missing", "it was to be read"),
        ("31c0 ffe0", &[], "missing", "it was to be run"),
        // An error in place of a pointer, as kernels give them: the highest page, which nothing lies behind.
        ("488b00", &["--reg", "rax=-14"], "missing", "the page 0xfffffffffffff000 is not in the target; it was to be read"),
        ("50 ebfd", &["--stack", "4096"], "stack", "the stack of 4096 bytes was full"),
        ("0f05", &[], "system call", "--hook syscall"),
        ("cd80", &[], "system call", "--hook syscall"),
        ("31c9 f7f1", &[], "exception", "exception 0 (division)"),
        ("cc", &[], "exception", "exception 3 (breakpoint)"),
        ("0f0b", &[], "invalid", "knows no such instruction"),
        // vpxor xmm0,xmm1,xmm2 is not pxor xmm0,xmm2.
        ("c5f1efc2", &[], "invalid", "AVX"),
        ("e460", &[], "port", "port 0x60"),
        ("f4", &[], "halted", "waits for an interrupt"),
        // rep stosb over far more than there may be.
        ("48c7c1ffffffff f3aa", &["--memory", "2m", "--args", "0xffff800000000000"], "missing", "it was to be written"),
    ] {
        let began = Instant::now();
        let answer = sample(&[&["--bytes", code], more].concat());
        assert_eq!(answer.end(), end, "{code}: {:#?}", answer.rows);
        assert!(answer.stderr.contains(says), "{code}: {}", answer.stderr);
        // What is not known is not said: nothing came back, so nothing was given.
        assert_eq!(answer.kind("return").count(), 0, "{code}");
        assert!(began.elapsed() < Duration::from_secs(20), "{code}");
    }
    // Answered, a system call goes on; each is told.
    let answered = sample(&["--bytes", "b827000000 0f05 89c7", "--hook", "syscall=ret:77"]);
    assert_eq!((answered.end(), answered.register("rdi")), ("until", 77));
    assert_eq!(answered.kind("hook").next().unwrap()["text"], "0x27");
    // An image's memory is bounded too: a walk over the kernel's text ends where it may have no more.
    let text = "8a06 4881c600100000 ebf5";
    let start = cli::answer(&["symbols", "_text"])[0]["address"].as_str().unwrap().to_owned();
    let walk = sample(&["--bytes", text, "--reg", &format!("rsi={start}"), "--memory", "1m"]);
    assert_eq!(walk.end(), "memory", "{:#?}", walk.rows);
    let end = walk.kind("end").next().unwrap();
    assert!(end["memory"].as_u64().unwrap() <= 1 << 20 && end["pages"].as_u64().unwrap() > 100, "{end}");
}

#[test]
fn words_that_make_no_sense_are_told() {
    if plugins().is_none() {
        return;
    }
    for (words, says) in [
        (&["strlen", "--args", "hex:0"][..], "no sequence of bytes"),
        (&["strlen", "--abi", "win32"], "there are sysv, win64"),
        (&["strlen", "--reg", "xax=1"], "there is no register xax"),
        (&["strlen", "--hook", "strlen=jump"], "none of ret:VALUE"),
        (&["strlen", "--hook", "strlen"], "ADDR=ret:VALUE"),
        (&["strlen", "--isa", "riscv64"], "riscv64 can't be run"),
        (&["strlen", "--phys"], "not in physical memory"),
        (&["--bytes", "zz"], "no sequence of bytes"),
        (&["strlen", "--args", "file:/nonexistent"], "can't be read"),
        (&["strlen", "--args", "zero:1000000000"], "too large"),
        (&["strlen", "--isa", "x86", "--args", "0x1ffffffff"], "does not fit in 32 bits"),
        (&["no_such_symbol"], "no symbol"),
    ] {
        let run = run(&[&["sample", "emulate"], words].concat());
        assert!(run.status != 0 && run.stdout.is_empty(), "{words:?}: {}", run.stdout);
        assert!(run.stderr.contains(says), "{words:?}: {}", run.stderr);
    }
}

#[test]
fn an_interrupt_ends_a_run_and_keeps_what_it_has() {
    let Some(plugins) = plugins() else { return };
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("memsh"));
    // It goes round for ever.
    let endless = ["--bytes", "0f05ebfe", "--hook", "syscall=ret:0", "--steps", "1000000000000", "--timeout", "10min", "--jsonl"];
    command.args(["sample", "emulate"]).args(endless).env("MEMSH_PLUGIN_PATH", plugins);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut rows = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    // The system call's row comes through the pipe while the rest goes on.
    assert!(rows.next().unwrap().contains("syscall"));
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let began = Instant::now();
    let said: String = rows.collect();
    let output = child.wait_with_output().unwrap();
    assert!(began.elapsed() < Duration::from_secs(60));
    assert!(said.contains("\"interrupted\"") && said.contains("\"rip\""), "{said} {}", String::from_utf8_lossy(&output.stderr));
}
