//! pwndbg and gef, radare2 and rizin, scanmem.

use super::notes::{Notes, little_endian, number};
use super::own::{apart, is_number};
use super::{Absent, Tool, Translated, with};

pub const TOOL: Tool = Tool { name: "pwndbg, r2, scanmem", words: WORDS, forms: FORMS, absent: ABSENT, form };

const WORDS: &[(&str, &str)] = &[
    ("snapshot", "scan-value ?"),
    ("lregions", "maps"),
    ("dereference", "tele"),
    ("nearpc", "dis"),
    ("pdisass", "dis"),
    ("context", "bt -r"),
    ("procinfo", "ps"),
    ("plist", "list"),
    ("kbase", "info"),
    ("kversion", "info"),
    ("kcmdline", "info"),
    ("kdmesg", "kmsg"),
    ("ktask", "ps"),
    ("kmod", "modules"),
    ("kbpf", "bpf"),
    ("kfile", "files"),
    ("kcurrent", "proc"),
    ("ksyscalls", "hooks --only syscall"),
    ("search-pattern", "scan"),
    ("lregions", "maps"),
    ("dregion", "maps"),
    ("iI", "info"),
    ("i", "info"),
    ("dm", "maps"),
    ("dmm", "modules"),
    ("dpt", "threads"),
    ("dbt", "bt"),
    ("piL", "ps"),
    ("is", "symbols"),
    ("fl", "symbols"),
    ("f", "symbols"),
    ("tl", "dt"),
    ("ts", "dt"),
    ("axt", "xrefs"),
    ("refsearch", "xrefs"),
    ("p2p", "ptrmap-find"),
    ("/r", "xrefs"),
    ("/e", "scan --regex"),
    ("/i", "scan --ignore-case"),
    ("/w", "scan --utf16"),
    ("/x", "scan --hex --"),
];

const FORMS: &[(&str, &str)] = &[
    ("telescope init_task 8", "tele init_task 8"),
    ("hexdump init_task 64", "read --as b init_task -n 64"),
    ("vmmap -w -x", "maps -w -x"),
    ("vmmap 0x7ffe12340000", "maps 0x7ffe12340000"),
    ("xinfo 0x7ffe12340000", "tele 0x7ffe12340000 1"),
    ("distance init_task init_task+0x10", "eval (init_task+0x10)-(init_task)"),
    ("search -t string needle", "scan -- needle"),
    ("search -t dword 0xdeadbeef", "scan --hex -- ef be ad de"),
    ("search -8 0xdeadbeef", "scan --hex -- ef be ad de 00 00 00 00"),
    ("search --string needle", "scan -- needle"),
    ("search -x deadbeef", "scan --hex -- deadbeef"),
    ("/ needle", "scan needle"),
    ("/x 7f454c46", "scan --hex -- 7f454c46"),
    ("/v4 0xdeadbeef", "scan --hex -- ef be ad de"),
    ("px 64 @ init_task", "read --as b init_task -n 64"),
    ("pxw 64 @ init_task", "read --as d init_task -n 64"),
    ("pxq 64 @ init_task", "read --as q init_task -n 64"),
    ("pxr 64 @ init_task", "tele init_task 8"),
    ("ps @ linux_banner", "read --as s linux_banner"),
    ("pd 10 @ schedule", "dis --count 10 schedule"),
    ("pdf @ schedule", "dis --function schedule"),
    ("wx 9090 @ init_task", "write --as b init_task 9090"),
    ("wv4 1 @ init_task", "write --as d init_task 1"),
    ("wv8 1 @ init_task", "write --as q init_task 1"),
    ("w hello @ init_task", "write --as s init_task hello"),
    ("dp", "ps"),
    ("dp= 142", "proc 142"),
];

const ABSENT: &[(&str, &str)] = &[
    ("vis_heap_chunks", "`maps` shows where heaps lie, `tele ADDR` follows pointers in them"),
    ("heap", "`maps` shows where heaps lie, `tele ADDR` follows pointers in them"),
    ("bins", "`maps` shows where heaps lie, `tele ADDR` follows pointers in them"),
    ("slab", "memsh lists no slab caches yet"),
    ("got", "`modules -p PID` lists what a process has loaded; `dis` and `tele` look into it"),
    ("checksec", "`maps -x -w` shows what can be written and run; `malfind` judges it"),
    ("pf", "`dt TYPE ADDR` shows a structure"),
    ("/m", "`yara RULES` searches with rules of YARA; `scan --regex` and `scan --hex` search for one pattern"),
];

fn form(name: &str, rest: &[String], notes: &mut Notes) -> Option<Translated> {
    let (theirs, own) = apart(rest);
    let words = match name {
        "telescope" | "tel" => {
            // `-r` and `-f` turn the view around; `--` options are memsh's.
            let kept: Vec<String> = theirs.into_iter().filter(|w| !matches!(w.as_str(), "-r" | "-f" | "-i")).collect();
            if rest.iter().any(|w| w == "-r" || w == "-f") {
                notes.say("note: telescope -r, -f: shown from the address upwards".to_owned());
            }
            with(&["tele"], &[kept, own].concat())
        }
        "w" | "wx" | "wv" | "wv1" | "wv2" | "wv4" | "wv8" if theirs.iter().any(|w| w == "@") => {
            let unit = match name {
                "w" => "s",
                "wx" | "wv1" => "b",
                "wv2" => "w",
                "wv8" => "q",
                _ => "d",
            };
            let (values, at) = theirs.split_at(theirs.iter().position(|w| w == "@").unwrap_or(0));
            let at: Vec<String> = at.iter().skip(1).cloned().collect();
            with(&["write", "--as", unit], &[at, values.to_vec(), own].concat())
        }
        "hexdump" => match theirs.as_slice() {
            [at, count] if !at.starts_with('-') && !count.starts_with(['-', 'L']) => {
                with(&["read", "--as", "b", at, "-n", count], &own)
            }
            _ => return None,
        },
        "vmmap" if theirs.iter().any(|w| w == "-A" || w == "-B") || rest.iter().any(|w| w == "--gaps") => {
            return Some(Err(Absent::new("vmmap: only the regions themselves are listed", "`maps`, `maps ADDR`, `maps -x -w`")));
        }
        "vmmap" => with(&["maps"], rest),
        "xinfo" => with(&["tele"], &[theirs, vec!["1".to_owned()], own].concat()),
        "distance" => match theirs.as_slice() {
            [a, b] => with(&["eval", &format!("({b})-({a})")], &own),
            _ => return None,
        },
        "/" => with(&["scan"], &[own, vec![theirs.join(" ")]].concat()),
        "/v1" | "/v2" | "/v4" | "/v8" => {
            let width = name.get(2..).and_then(|n| n.parse().ok()).unwrap_or(4);
            return Some(Ok(values(&theirs, width, &own)));
        }
        "px" | "pxb" => dump("b", &theirs, &own, notes),
        "pxh" => dump("w", &theirs, &own, notes),
        "pxw" => dump("d", &theirs, &own, notes),
        "pxq" => dump("q", &theirs, &own, notes),
        "pxr" => {
            let (count, at) = place(&theirs);
            // r2 counts bytes; a pointer has eight.
            let count = count.and_then(|c| number(&c, 10)).map(|n| n.div_ceil(8).to_string());
            with(&["tele"], &[at.into_iter().chain(count).collect(), own].concat())
        }
        "ps" | "psz" if theirs.first().is_some_and(|w| w == "@") || name == "psz" => {
            with(&["read", "--as", "s"], &[place(&theirs).1.into_iter().collect(), own].concat())
        }
        "pd" | "pi" => {
            let (count, at) = place(&theirs);
            let count = count.into_iter().flat_map(|c| ["--count".to_owned(), c]);
            with(&["dis"], &[count.chain(at).collect(), own].concat())
        }
        "pdf" => with(&["dis", "--function"], &[place(&theirs).1.into_iter().collect(), own].concat()),
        // WinDbg's `dp ADDR` reads pointers; r2's alone lists processes.
        "dp" if theirs.is_empty() => with(&["ps"], &own),
        "dp=" => with(&["proc"], rest),
        _ => return None,
    };
    Some(Ok(words))
}

/// `64 @ ADDR`, `ADDR`: how much, and where.
fn place(words: &[String]) -> (Option<String>, Option<String>) {
    match words.iter().position(|w| w == "@") {
        Some(i) => (words.first().filter(|_| i > 0).cloned(), words.get(i + 1).cloned()),
        None => match words {
            [one] if one.starts_with('@') => (None, Some(one.trim_start_matches('@').to_owned())),
            [one] => (None, Some(one.clone())),
            [a, b] if b.starts_with('@') => (Some(a.clone()), Some(b.trim_start_matches('@').to_owned())),
            [a, b, ..] => (Some(b.clone()), Some(a.clone())),
            [] => (None, None),
        },
    }
}

fn dump(unit: &str, theirs: &[String], own: &[String], notes: &mut Notes) -> Vec<String> {
    let (length, at) = place(theirs);
    if at.is_none() {
        notes.say("note: memsh has no place of its own to read from: `px 64 @ ADDR`".to_owned());
    }
    let length = length.into_iter().flat_map(|n| ["-n".to_owned(), n]);
    with(&["read", "--as", unit], &[at.into_iter().chain(length).collect(), own.to_vec()].concat())
}

fn values(theirs: &[String], width: usize, own: &[String]) -> Vec<String> {
    let value = theirs.join(" ");
    // These tools' numbers are as in C.
    let base = if value.starts_with("0x") { 16 } else { 10 };
    let hex = number(&value, base).map_or(value.clone(), |v| little_endian(&format!("0x{v:x}"), width));
    with(&["scan", "--hex"], &[own.to_vec(), vec!["--".to_owned(), hex]].concat())
}

/// pwndbg's `search -t TYPE VALUE`, `-1 -2 -4 -8 VALUE`, `-x HEX`, `--string TEXT`; `None` for other tools' `search`.
pub fn search(rest: &[String], notes: &mut Notes) -> Option<Translated> {
    const TYPES: &[(&str, &str, usize)] = &[
        ("-1", "byte", 1),
        ("-2", "short", 2),
        ("-2", "word", 2),
        ("-4", "integer", 4),
        ("-4", "dword", 4),
        ("-8", "qword", 8),
        ("-8", "long", 8),
        ("-8", "pointer", 8),
    ];
    let mut kind = None;
    let mut out = Vec::new();
    let mut words = rest.iter().peekable();
    while let Some(w) = words.next() {
        let named = |name: &str| TYPES.iter().find(|(_, n, _)| *n == name).map(|t| t.2);
        match w.as_str() {
            "-t" | "--type" if words.peek().is_some_and(|t| named(t).is_some() || matches!(t.as_str(), "string" | "bytes")) => {
                kind = words.next().map(|t| named(t).unwrap_or(0));
            }
            "--string" | "--bytes" => kind = Some(0),
            "--hex" => return None,
            option if TYPES.iter().any(|(o, n, _)| *o == option || option.strip_prefix("--") == Some(n)) => {
                kind = TYPES.iter().find(|(o, n, _)| *o == option || option.strip_prefix("--") == Some(n)).map(|t| t.2);
            }
            // `-x N VALUE` is crash's context; `-x HEX` is memsh's own as well.
            "-x" if rest.len() == 2 => kind = Some(usize::MAX),
            "-w" | "--writable" | "-e" | "--executable" if kind.is_some() => {
                notes.say(format!("note: search {w}: every region is searched"));
            }
            _ => out.push(w.clone()),
        }
    }
    let kind = kind?;
    let (theirs, own) = apart(&out);
    // What stands behind crash's own options is crash's.
    if theirs.len() != 1 {
        return None;
    }
    Some(Ok(match kind {
        0 => with(&["scan"], &[own, vec!["--".to_owned()], theirs].concat()),
        usize::MAX => with(&["scan", "--hex"], &[own, vec!["--".to_owned()], theirs].concat()),
        _ if !theirs.iter().all(|v| is_number(v)) => return None,
        width => values(&theirs, width, &own),
    }))
}
