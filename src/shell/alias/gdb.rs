//! gdb: `x/16gx`, `p/x`, `info ...`, and the kernel's own `lx-` commands for it. Numbers are as in C.

use super::crash::print;
use super::notes::Notes;
use super::own::{apart, is_option};
use super::{Absent, Tool, Translated, with};

pub const TOOL: Tool = Tool { name: "gdb", words: WORDS, forms: FORMS, absent: ABSENT, form };

const WORDS: &[(&str, &str)] = &[
    ("attach", "proc"),
    ("backtrace", "bt"),
    ("where", "bt"),
    ("disas", "dis --function"),
    ("disassemble", "dis --function"),
    ("lx-ps", "ps"),
    ("lx-dmesg", "kmsg"),
    ("lx-lsmod", "modules"),
    ("lx-mounts", "mounts"),
    ("lx-iomem", "iomem"),
    ("lx-timerlist", "timers"),
    ("lx-version", "info"),
    ("lx-cmdline", "info"),
    ("lx-cpus", "info"),
    ("lx-cgroups", "cgroups"),
];

const FORMS: &[(&str, &str)] = &[
    ("x/16gx init_task", "read --as q --count 16 init_task"),
    ("x/8wx init_task", "read --as d --count 8 init_task"),
    ("x/4hx init_task", "read --as w --count 4 init_task"),
    ("x/32bx init_task", "read --as b --count 32 init_task"),
    ("x/4a init_task", "read --as p --count 4 init_task"),
    ("x/s linux_banner", "read --as s linux_banner"),
    ("x/20i schedule", "dis --count 20 schedule"),
    ("p/x 1+1", "eval 1+1"),
    ("p/x &init_task", "eval init_task"),
    ("info registers", "bt -r"),
    ("info proc mappings", "maps"),
    ("info proc mappings 142", "maps -p 142"),
    ("info proc", "ps"),
    ("info threads", "threads"),
    ("info sharedlibrary", "modules"),
    ("info symbol 0xffffffff81000000", "near 0xffffffff81000000"),
    ("info address init_task", "symbols init_task"),
    ("info functions ^tcp_v4", "symbols /^tcp_v4/"),
    ("info files", "info"),
    ("find init_task,init_task+0x1000,0x20", "scan -k --range init_task init_task+0x1000 --hex -- 20 00 00 00"),
    ("find /g init_task,+0x1000,0x20", "scan -k --range init_task L0x1000 --hex -- 20 00 00 00 00 00 00 00"),
    ("find init_task,+0x1000,\"swapper\"", "scan -k --range init_task L0x1000 -- swapper"),
    ("thread apply all bt", "bt"),
    ("dump memory out.bin init_task init_task+64", "dump init_task..init_task+64 -o out.bin"),
];

const EXECUTION: &str = "the target is a picture of memory: nothing runs, stops or steps";

const ABSENT: &[(&str, &str)] = &[
    ("break", EXECUTION),
    ("continue", EXECUTION),
    ("step", EXECUTION),
    ("next", EXECUTION),
    ("finish", EXECUTION),
    ("run", EXECUTION),
    ("frame", "`bt` shows all frames"),
    ("symbol-file", "--symbols FILE on memsh's command line adds symbols"),
    ("add-symbol-file", "--symbols FILE on memsh's command line adds symbols"),
    ("lx-symbols", "symbols come from the image itself; --symbols FILE adds some"),
];

fn form(name: &str, rest: &[String], notes: &mut Notes) -> Option<Translated> {
    if let Some(format) = name.strip_prefix("x/") {
        return Some(Ok(examine(format, rest, notes)));
    }
    if name.starts_with("p/") || name.starts_with("print/") || name.starts_with("output/") {
        return Some(Ok(print(rest, notes)));
    }
    let (theirs, own) = apart(rest);
    let plain: Vec<&str> = theirs.iter().map(String::as_str).collect();
    match name {
        "info" => info(&plain, &own),
        "find" => Some(find(&theirs, &own)),
        "thread" if plain == ["apply", "all", "bt"] => Some(Ok(with(&["bt"], &own))),
        "dump" => match plain.as_slice() {
            ["memory" | "binary", file, start, end] if *start != "memory" => {
                Some(Ok(with(&["dump", &format!("{start}..{end}"), "-o", file], &own)))
            }
            ["binary", "memory", file, start, end] => Some(Ok(with(&["dump", &format!("{start}..{end}"), "-o", file], &own))),
            _ => None,
        },
        _ => None,
    }
}

/// `x/16gx ADDR`: a count, a size (b h w g), a format; what is missing is gdb's default.
fn examine(format: &str, rest: &[String], notes: &mut Notes) -> Vec<String> {
    let digits: String = format.chars().take_while(char::is_ascii_digit).collect();
    let letters = &format[digits.len()..];
    let count = if digits.is_empty() { "1" } else { &digits };
    let mut unit = "d";
    for c in letters.chars() {
        unit = match c {
            'b' | 'c' => "b",
            'h' => "w",
            'w' => "d",
            'g' => "q",
            'a' => "p",
            's' => {
                if count != "1" {
                    notes.say(format!("note: x/{format}: one string; `strings --range START END` lists several"));
                }
                return with(&["read", "--as", "s"], rest);
            }
            'i' => return with(&["dis", "--count", count], rest),
            _ => unit,
        };
    }
    with(&["read", "--as", unit, "--count", count], rest)
}

/// gdb's `info WHAT`; memsh's `info` has no words but options.
fn info(plain: &[&str], own: &[String]) -> Option<Translated> {
    let is = |word: &str, full: &str, least: usize| word.len() >= least && full.starts_with(word);
    let (first, more) = plain.split_first()?;
    let words = match *first {
        w if is_option(w) => return None,
        w if is(w, "registers", 1) || w == "all-registers" => with(&["bt", "-r"], more),
        "proc" => match more {
            ["map" | "maps" | "mappings", pid @ ..] | [pid @ .., "mappings"] => {
                let pid: Vec<&str> = pid.iter().flat_map(|p| ["-p", p]).collect();
                with(&["maps"], &pid)
            }
            ["cmdline", pid @ ..] => with(&["cmdline"], pid),
            ["all" | "stat" | "status" | "exe" | "cwd", pid @ ..] => with(&["ps"], pid),
            pid => with(&["ps"], pid),
        },
        w if is(w, "threads", 2) => with(&["threads"], more),
        w if is(w, "sharedlibrary", 2) || w == "dll" => with(&["modules"], more),
        w if is(w, "symbol", 3) => with(&["near"], more),
        w if is(w, "address", 2) => with(&["symbols"], more),
        w if is(w, "line", 2) => with(&["near"], more),
        w if is(w, "functions", 2) || is(w, "variables", 2) => match more {
            [] => with(&["symbols"], more),
            [pattern, ..] => with(&["symbols", &format!("/{pattern}/")], &[] as &[&str]),
        },
        w if is(w, "types", 2) || is(w, "scope", 2) => with(&["dt"], more),
        w if is(w, "files", 2) || is(w, "target", 2) || w == "inferiors" || w == "os" => with(&["info"], &[] as &[&str]),
        w if is(w, "stack", 1) || is(w, "frame", 1) => with(&["bt"], more),
        w => {
            return Some(Err(Absent::new(
                format!("info {w}: gdb's; memsh has no such thing"),
                "`info` alone says what the image is; `help` lists the commands",
            )));
        }
    };
    Some(Ok([words, own.to_vec()].concat()))
}

/// `find [/bhwg] START,END|+LENGTH,VALUE`
fn find(theirs: &[String], own: &[String]) -> Translated {
    let (flags, words): (Vec<&String>, Vec<&String>) = theirs.iter().partition(|w| w.starts_with('/'));
    let text = words.iter().map(|w| w.as_str()).collect::<Vec<_>>().join(" ");
    let parts: Vec<&str> = text.splitn(3, ',').map(str::trim).collect();
    let [start, end, value] = parts.as_slice() else {
        return Err(Absent::new(
            "find takes START,END,VALUE as in gdb",
            "`scan PATTERN` searches all of memory, `scan --range START END PATTERN` a part",
        ));
    };
    let end = match end.strip_prefix('+') {
        Some(length) if length.starts_with("0x") => format!("L{length}"),
        Some(length) => format!("L0n{length}"),
        None => (*end).to_owned(),
    };
    let width = flags.iter().find_map(|f| f.chars().last()).map_or(4, |c| match c {
        'b' => 1,
        'h' => 2,
        'g' => 8,
        _ => 4,
    });
    let front = ["scan", "-k", "--range", start, &end];
    let number = value.strip_prefix("0x").map_or_else(|| value.parse().ok(), |h| u64::from_str_radix(h, 16).ok());
    let behind = match number {
        Some(n) => vec!["--hex".to_owned(), "--".to_owned(), super::notes::little_endian(&format!("0x{n:x}"), width)],
        None => vec!["--".to_owned(), value.trim_matches('"').to_owned()],
    };
    Ok([with(&front, &[] as &[&str]), own.to_vec(), behind].concat())
}
