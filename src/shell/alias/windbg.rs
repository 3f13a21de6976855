//! WinDbg and KD: `!extensions`, `.commands`, `d*`, `s`, `x`, `lm`. Numbers are hexadecimal unless they say otherwise.

use super::notes::{Notes, hex, number, windbg};
use super::own::{apart, is_number, is_option};
use super::{Absent, Tool, Translated, with};

mod enter;
mod process;
mod search;
mod types;

use enter::{enter, fill};
use process::{pid_option, process, process_context, process_id};
use search::search;
use types::{dx, layout, walked};

pub const TOOL: Tool = Tool { name: "WinDbg", words: WORDS, forms: FORMS, absent: ABSENT, form };

const WORDS: &[(&str, &str)] = &[
    ("!cpuinfo", "info"),
    ("!dbgprint", "kmsg"),
    ("!dlls", "modules"),
    ("!dml_proc", "ps"),
    ("!idt", "hooks --only idt"),
    ("!chkimg", "textcheck"),
    ("!lmi", "modules"),
    ("!peb", "env"),
    ("!stacks", "bt"),
    ("!sysinfo", "info"),
    ("!drvobj", "drivers"),
    ("!devobj", "drivers"),
    ("!devstack", "drivers"),
    ("!object", "objects"),
    ("!timer", "timers"),
    ("!token", "creds"),
    (".time", "info"),
    (".hh", "help"),
    (".shell", "!"),
    ("lml", "modules"),
    ("lmv", "modules"),
    ("lmvm", "modules"),
    ("lmm", "modules"),
    ("kb", "bt"),
    ("kd", "bt"),
    ("kn", "bt"),
    ("kp", "bt"),
    ("kv", "bt"),
    ("kL", "bt"),
    ("r", "bt -r"),
    ("qd", "exit"),
    ("qq", "exit"),
];

const FORMS: &[(&str, &str)] = &[
    ("!process 0 0", "ps"),
    ("!process 0 0 init", "ps init"),
    ("!process 142", "ps 142"),
    ("!process 142 7", "threads 142"),
    ("!process ffff888004a50000 1", "ps 0xffff888004a50000"),
    ("!thread", "threads"),
    ("!thread ffff888004a50000", "bt 0xffff888004a50000"),
    ("~", "threads"),
    ("~*k", "bt"),
    (".process /p /r ffff888004a50000", "proc 0xffff888004a50000"),
    (".process 0", "proc -"),
    ("!for_each_process \"maps -x\"", "foreach all maps -x"),
    ("!handle", "files"),
    ("!handle 0 3 142", "files -p 142"),
    ("!reg hivelist", "hives"),
    ("!reg q SYSTEM", "reg ls SYSTEM"),
    ("!reg", "reg ls"),
    ("!vad", "maps"),
    ("!address 7ffe12340000", "maps 0x7ffe12340000"),
    ("!pte ffffffff81000000", "vtop 0xffffffff81000000"),
    ("!vtop 0 ffffffff81000000", "vtop 0xffffffff81000000"),
    ("!vtop 1ad000 7ffe12340000", "vtop --root 0x1ad000 0x7ffe12340000"),
    ("!ptov 1ad000", "ptov 0x1ad000"),
    ("lm", "modules"),
    ("lm a ffffffffc0400000", "modules -a 0xffffffffc0400000"),
    ("lm m v*", "modules v*"),
    ("lm k", "modules -k"),
    ("lmvm virtio", "modules virtio"),
    ("ln ffffffff81000000", "near 0xffffffff81000000"),
    ("db 1000 L20", "read --as b 0x1000 L20"),
    ("dw init_task L4", "read --as w init_task L4"),
    ("dd init_task", "read --as d init_task"),
    ("dq init_task L4", "read --as q init_task L4"),
    ("dp init_task", "read --as p init_task"),
    ("dps init_task L8", "read --as p init_task L8"),
    ("dqs init_task L8", "read --as p init_task L8"),
    ("dpp init_task L8", "tele init_task L8"),
    ("da linux_banner", "read --as s linux_banner"),
    ("du 7ffe12340000", "read --as u 0x7ffe12340000"),
    ("dc init_task L4", "read --as c init_task L4"),
    ("!db 1000 L20", "read --phys --as b 0x1000 L20"),
    ("!dd 1000", "read --phys --as d 0x1000"),
    ("!dq 1000", "read --phys --as q 0x1000"),
    ("s -a 0 L?1000 abc", "scan --range 0 L?1000 -- abc"),
    ("s -u 0 L?1000 abc", "scan --utf16 --range 0 L?1000 -- abc"),
    ("s -b 0 L1000 41 42", "scan --hex --range 0 L1000 -- 41 42"),
    ("s -w 0 L1000 4142", "scan --hex --range 0 L1000 -- 42 41"),
    ("s -d 0 L1000 41424344", "scan --hex --range 0 L1000 -- 44 43 42 41"),
    ("s -q 0 L1000 fffff80012345678", "scan --hex --range 0 L1000 -- 78 56 34 12 00 f8 ff ff"),
    ("s -sa 0 L1000", "strings --range 0 L1000"),
    ("x nt!*Process*", "symbols nt!*Process*"),
    ("x nt!init_task", "symbols nt!init_task"),
    ("x virtio!", "symbols virtio!"),
    ("dt nt!_EPROCESS ffff888004a50000", "dt _EPROCESS 0xffff888004a50000"),
    ("dt nt!_EPROCESS ImageFileName ffff888004a50000", "dt _EPROCESS.ImageFileName 0xffff888004a50000"),
    ("dt -r2 list_head", "dt --depth 2 list_head"),
    ("dx (nt!_EPROCESS*)0xffff888004a50000", "dt _EPROCESS 0xffff888004a50000"),
    ("dt task_struct -l tasks init_task", "list task_struct.tasks init_task --embedded"),
    ("dt --list tasks task_struct init_task", "list task_struct.tasks init_task --embedded"),
    ("u init_task", "dis init_task"),
    ("uf schedule", "dis --function schedule"),
    ("ub schedule", "dis --reverse -n 8 schedule"),
    ("ub schedule L4", "dis --reverse -n 0x4 schedule"),
    ("eb 7ffe12340000 90 90 c3", "write --as b 0x7ffe12340000 90 90 c3"),
    ("ew init_task 1 2", "write --as w init_task 1 2"),
    ("ed -p 142 7ffe12340000 deadbeef", "write -p 142 --as d 0x7ffe12340000 0xdeadbeef"),
    ("eq init_task fffff80012345678", "write --as q init_task 0xfffff80012345678"),
    ("ep init_task fffff80012345678", "write --as p init_task 0xfffff80012345678"),
    ("ea 7ffe12340000 \"text\"", "write --as s 0x7ffe12340000 text"),
    ("eu 7ffe12340000 \"text\"", "write --as u 0x7ffe12340000 text"),
    ("eza 7ffe12340000 \"text\"", "write --as s --zero 0x7ffe12340000 text"),
    ("ezu 7ffe12340000 \"text\"", "write --as u --zero 0x7ffe12340000 text"),
    ("!eb 1000 90", "write --phys --as b 0x1000 90"),
    ("!ed 1000 1", "write --phys --as d 0x1000 1"),
    ("f 7ffe12340000 L20 00", "fill 0x7ffe12340000 L20 00"),
    (".formats 1000", "eval 0x1000"),
    ("? 1+1", "eval 1+1"),
    ("?? 1+1", "eval 1+1"),
    ("vertarget", "info"),
    ("$<script.msh", "source script.msh"),
    (".writemem out.bin 1000 L20", "dump 0x1000 L20 -o out.bin"),
    (".logfile", "log status"),
    (".dump /f out.elf", "dump phys --format elf -o out.elf"),
];

const EXECUTION: &str = "the target is a picture of memory: nothing runs, stops or steps";
const WINDOWS: &str = "this version reads Linux; Windows comes later";
const SYMBOLS: &str = "symbols and types come from the image itself; `info` says from where, --symbols FILE adds some";

const ABSENT: &[(&str, &str)] = &[
    ("!analyze", "`info`, `kmsg` and `malfind` are where to begin"),
    ("!irp", WINDOWS),
    ("!fileobj", "`dt file ADDR` shows a struct file of Linux, `files` lists them"),
    ("!pool", WINDOWS),
    ("!poolfind", WINDOWS),
    ("!poolused", WINDOWS),
    ("!heap", "`maps` shows where heaps lie, `tele ADDR` follows pointers in them"),
    ("!teb", "`threads` lists threads, `bt` their stacks"),
    ("!pcr", "`percpu` shows the variables of a CPU"),
    ("!prcb", "`percpu` shows the variables of a CPU"),
    ("!vm", "`info` shows the memory of the machine, `maps` that of a process"),
    ("!memusage", "`info` shows the memory of the machine, `pagecache` the files in it"),
    ("!session", WINDOWS),
    ("!locks", "memsh reads no locks yet"),
    ("!running", "`bt -a` shows what every CPU and thread does"),
    ("!irql", "memsh reads no interrupt levels"),
    (".reload", SYMBOLS),
    (".sympath", SYMBOLS),
    (".symfix", SYMBOLS),
    ("!sym", SYMBOLS),
    (".thread", "`bt TID` shows a thread's stack, `dt task_struct ADDR` its control block"),
    (".cxr", "`bt -r` shows the registers that were saved"),
    (".trap", "`bt -r` shows the registers that were saved"),
    (".bugcheck", "`kmsg` shows what the kernel said last"),
    (
        ".foreach",
        "`foreach (s -a START L1000 text) db {address}` runs a command for each row of another, `foreach user COMMAND` for processes",
    ),
    ("g", EXECUTION),
    ("gu", EXECUTION),
    ("bp", EXECUTION),
    ("ba", EXECUTION),
    ("bl", EXECUTION),
    ("bc", EXECUTION),
    ("t", EXECUTION),
];

/// Extensions that have a form of their own.
const EXTENSIONS: &[&str] = &["process", "thread", "vad", "address", "pte", "vtop", "ptov", "handle", "reg", "for_each_process"];

/// Whether `!name` is an extension of the debugger.
pub fn is_extension(name: &str) -> bool {
    let bang = |w: &str| w.strip_prefix('!') == Some(name);
    EXTENSIONS.contains(&name)
        || physical(name).is_some()
        || enter::is(name)
        || WORDS.iter().any(|(w, _)| bang(w))
        || ABSENT.iter().any(|(w, _)| bang(w))
}

/// Whether `x` is asked for one name of a module, as `nt!init_task`: gdb has no such names, and its `x` reads expressions.
fn is_of_module(rest: &[String]) -> bool {
    let word = |w: &str| !w.is_empty() && w.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '$'));
    matches!(apart(rest).0.as_slice(), [one] if one.split_once('!').is_some_and(|(module, name)| word(module) && word(name)))
}

/// The unit of `!db`, `!dd`, ...
fn physical(name: &str) -> Option<&'static str> {
    Some(match name {
        "db" => "b",
        "dw" => "w",
        "dd" => "d",
        "dc" => "c",
        "dq" => "q",
        "dp" => "p",
        "du" => "u",
        _ => return None,
    })
}

fn form(name: &str, rest: &[String], notes: &mut Notes) -> Option<Translated> {
    if let Some(name) = name.strip_prefix('!') {
        return extension(name, rest, notes);
    }
    if let Some(script) = name.strip_prefix("$$<").or_else(|| name.strip_prefix("$<")) {
        let file = if script.is_empty() { rest.to_vec() } else { with(&[script], rest) };
        return Some(Ok(with(&["source"], &file)));
    }
    let entered = if name == "f" { fill(rest, false, notes) } else { enter(name, rest, false, notes) };
    if let Some(words) = entered {
        return Some(Ok(words));
    }
    let words = match name {
        ".process" => process_context(rest, notes),
        ".formats" => eval(rest, notes),
        "??" => with(&["eval"], rest),
        "?" if !rest.is_empty() => with(&["eval"], rest),
        ".writemem" => return Some(write_memory(rest, notes)),
        ".dump" => dump_file(rest),
        "~" if rest.is_empty() => with(&["threads"], rest),
        "~*k" | "~*kb" | "~*kv" | "~*" => with(&["bt"], &own_only(rest)),
        "vertarget" => with(&["info"], rest),
        ".logfile" => with(&["log", "status"], rest),
        "lm" | "lmk" | "lmu" | "lmf" | "lmn" | "lmt" => modules(rest, notes),
        "lma" => with(&["modules", "-a"], &addresses(rest, windbg("lma"), notes)),
        "ln" => with(&["near"], &addresses(rest, windbg("ln"), notes)),
        "db" | "d" => read("b", "db", rest, notes),
        "dw" => read("w", "dw", rest, notes),
        "dd" => read("d", "dd", rest, notes),
        "dc" => read("c", "dc", rest, notes),
        "dq" => read("q", "dq", rest, notes),
        // r2's `dp` alone lists processes.
        "dp" if !rest.iter().any(|w| !w.starts_with('-')) => return None,
        "dp" => read("p", "dp", rest, notes),
        "dps" | "dqs" | "dds" => read("p", "dps", rest, notes),
        "da" => read("s", "da", rest, notes),
        "du" => read("u", "du", rest, notes),
        "dpp" | "dpa" | "dpu" => with(&["tele"], &memory(rest, windbg("dpp"), notes)),
        // r2's `s` seeks and memsh's own searches: only WinDbg's has a kind first.
        "s" => return search(rest, notes),
        // gdb's `x ADDR` reads memory; WinDbg's `x module!pattern` looks symbols up.
        "x" if rest.iter().any(|w| w.contains('*') && !w.starts_with('*') || w.ends_with('!') || w.contains("!*")) => {
            with(&["symbols"], rest)
        }
        "x" if is_of_module(rest) => with(&["symbols"], rest),
        // crash's `struct -l` says where in the structure the address is.
        "dt" if rest.iter().any(|w| matches!(w.as_str(), "-l" | "--list")) => walked(rest),
        "struct" if rest.iter().any(|w| w == "--list") => walked(rest),
        "dt" => return layout(rest, notes),
        "dx" => dx(rest),
        "u" => with(&["dis"], &memory(rest, windbg("u"), notes)),
        "uf" => with(&["dis", "--function"], &memory(rest, windbg("uf"), notes)),
        "ub" => before(rest, notes),
        _ => return None,
    };
    Some(Ok(words))
}

fn extension(name: &str, rest: &[String], notes: &mut Notes) -> Option<Translated> {
    if let Some(words) = enter(name, rest, true, notes) {
        return Some(Ok(words));
    }
    if let Some(unit) = physical(name) {
        // `!dd if=/dev/zero of=x` is the host's.
        let words = if rest.iter().any(|w| w.contains('=')) {
            vec!["!".to_owned(), with(&[name], rest).join(" ")]
        } else {
            with(&["read", "--phys", "--as", unit], &memory(rest, windbg("!d*"), notes))
        };
        return Some(Ok(words));
    }
    let words = match name {
        "process" => process(rest, notes),
        "thread" => match apart(rest) {
            (theirs, own) if theirs.is_empty() || theirs.first().is_some_and(|w| w == "-1") => with(&["threads"], &own),
            (theirs, own) => {
                let first = theirs.into_iter().find(|w| !is_option(w)).unwrap_or_default();
                with(&["bt", &hex(&first, windbg("!thread"), notes)], &own)
            }
        },
        "vad" | "address" => {
            let (theirs, own) = apart(rest);
            let at = theirs.iter().find(|w| is_number(w) && w.len() > 1);
            let at = at.map(|w| hex(w, windbg("!address"), notes));
            let pid: Vec<String> = pid_option(&theirs);
            with(&["maps"], &at.into_iter().chain(pid).chain(own).collect::<Vec<_>>())
        }
        "pte" => with(&["vtop"], &addresses(rest, windbg("!pte"), notes)),
        "ptov" => with(&["ptov"], &addresses(rest, windbg("!ptov"), notes)),
        "vtop" => {
            let (theirs, own) = apart(rest);
            let radix = windbg("!vtop");
            let words = match theirs.as_slice() {
                [root, at] if number(root, 16) == Some(0) => with(&["vtop"], &[hex(at, radix, notes)]),
                [root, at] if !is_option(root) => with(&["vtop", "--root", &hex(root, radix, notes)], &[hex(at, radix, notes)]),
                _ => with(&["vtop"], &addresses(&theirs, radix, notes)),
            };
            with(&[], &[words, own].concat())
        }
        "handle" => {
            let (theirs, own) = apart(rest);
            // `!handle HANDLE FLAGS PROCESS`
            let of = theirs.get(2).map(|p| ["-p".to_owned(), process_id(p, "!handle", notes)]);
            with(&["files"], &of.into_iter().flatten().chain(own).collect::<Vec<_>>())
        }
        "reg" => match rest.split_first() {
            Some((what, rest)) if what == "hivelist" => with(&["hives"], rest),
            Some((what, rest)) if matches!(what.as_str(), "q" | "querykey" | "subkeylist") => with(&["reg", "ls"], rest),
            Some((what, rest)) if matches!(what.as_str(), "valuelist" | "keyinfo") => with(&["reg", "get"], rest),
            _ => with(&["reg", "ls"], &own_only(rest)),
        },
        "for_each_process" => {
            let line = rest.join(" ");
            let line = line.replace(".process /p /r @#Process;", "").replace("@#Process", "");
            match super::super::line::split(&line).as_deref() {
                Ok([one]) if one.output == super::super::line::Output::Stdout => with(&["foreach", "all"], &one.words),
                _ => {
                    let instead = "`foreach all COMMAND` runs one; several: one foreach each";
                    return Some(Err(Absent::new("!for_each_process runs one command here", instead)));
                }
            }
        }
        _ => return None,
    };
    Some(Ok(words))
}

fn own_only(rest: &[String]) -> Vec<String> {
    apart(rest).1
}

/// Every plain word as an address; options stay as they are.
fn addresses(rest: &[String], radix: super::notes::Radix, notes: &mut Notes) -> Vec<String> {
    let (theirs, own) = apart(rest);
    // memsh's short `-p PID` keeps its number.
    let mut after = false;
    let words = theirs.into_iter().map(|w| {
        let kept = std::mem::replace(&mut after, w == "-p") || is_option(&w);
        if kept { w } else { hex(&w, radix, notes) }
    });
    let words: Vec<String> = words.collect();
    [words, own].concat()
}

/// An address and a range: `1000 L20`, `1000 1020`.
fn memory(rest: &[String], radix: super::notes::Radix, notes: &mut Notes) -> Vec<String> {
    // `/c8` says how many columns there are: the dump has its own.
    let rest: Vec<String> = rest.iter().filter(|w| !w.starts_with("/c")).cloned().collect();
    let count = |w: &str| crate::commands::windbg_count(w).is_some();
    let (counts, others): (Vec<String>, Vec<String>) = rest.into_iter().partition(|w| count(w));
    let mut words = addresses(&others, radix, notes);
    // The count stands behind the address, before memsh's own options.
    let at = words.iter().position(|w| w.starts_with("--")).unwrap_or(words.len());
    words.splice(at..at, counts);
    words
}

fn read(unit: &str, typed: &'static str, rest: &[String], notes: &mut Notes) -> Vec<String> {
    with(&["read", "--as", unit], &memory(rest, windbg(typed), notes))
}

fn eval(rest: &[String], notes: &mut Notes) -> Vec<String> {
    let (theirs, own) = apart(rest);
    let words = theirs.iter().map(|w| hex(w, windbg(".formats"), notes)).collect::<Vec<_>>();
    with(&["eval"], &[words, own].concat())
}

/// `ub ADDR [LCOUNT]`: what stands before.
fn before(rest: &[String], notes: &mut Notes) -> Vec<String> {
    let words = memory(rest, windbg("ub"), notes);
    let (counts, words): (Vec<String>, Vec<String>) = words.into_iter().partition(|w| crate::commands::windbg_count(w).is_some());
    let count = counts
        .first()
        .map_or("8".to_owned(), |c| format!("0x{}", c.trim_start_matches(['L', 'l', '?']).trim_start_matches("0x")));
    with(&["dis", "--reverse", "-n", &count], &words)
}

/// `.writemem FILE ADDR RANGE`
fn write_memory(rest: &[String], notes: &mut Notes) -> Translated {
    let (theirs, own) = apart(rest);
    let Some((file, range)) = theirs.split_first().filter(|(_, r)| !r.is_empty()) else {
        return Err(Absent::new(
            ".writemem takes a file and a range",
            "`.writemem out.bin ADDR L100`, or `dump ADDR L100 -o out.bin`",
        ));
    };
    let range = memory(range, windbg(".writemem"), notes);
    Ok(with(&["dump"], &[range, vec!["-o".to_owned(), file.clone()], own].concat()))
}

fn dump_file(rest: &[String]) -> Vec<String> {
    let (theirs, own) = apart(rest);
    let file = theirs.into_iter().filter(|w| !w.starts_with('/')).flat_map(|f| ["-o".to_owned(), f]);
    with(&["dump", "phys", "--format", "elf"], &file.chain(own).collect::<Vec<_>>())
}

/// `lm`, `lm a ADDR`, `lm m PATTERN`, `lm k`, `lm v m PATTERN`; letters of how much is shown say nothing here.
fn modules(rest: &[String], notes: &mut Notes) -> Vec<String> {
    let mut out = vec!["modules".to_owned()];
    let mut words = rest.iter();
    while let Some(w) = words.next() {
        match w.as_str() {
            "a" => {
                out.push("-a".to_owned());
                out.extend(words.next().map(|w| hex(w, windbg("lm a"), notes)));
            }
            "m" | "M" => out.extend(words.next().cloned()),
            "k" => out.push("-k".to_owned()),
            "v" | "f" | "n" | "t" | "l" | "u" | "o" | "1m" | "D" | "vm" => {}
            _ => out.push(w.clone()),
        }
    }
    out
}
