//! crash: addresses are hexadecimal without `0x`, counts decimal, symbols stand anywhere.

use super::notes::{Notes, crash, hex, number};
use super::own::{apart, cast, is_decimal, is_number, is_option};
use super::{Absent, Tool, Translated, with};

pub const TOOL: Tool = Tool { name: "crash", words: WORDS, forms: FORMS, absent: ABSENT, form };

const WORDS: &[(&str, &str)] = &[("mach", "info"), ("swap", "swaps"), ("timer", "timers"), ("union", "dt")];

const FORMS: &[(&str, &str)] = &[
    ("sys", "info"),
    ("sys -c", "hooks --only syscall"),
    ("ps -a", "cmdline"),
    ("ps -a 142", "cmdline 142"),
    ("ps -c 142", "ps -t"),
    ("ps -g 142", "threads 142"),
    ("ps -G", "ps"),
    ("ps -k", "ps -k"),
    ("set 142", "proc 142"),
    ("set ffff888004a50000", "proc 0xffff888004a50000"),
    ("task 142", "dt task_struct task(142)"),
    ("task -R comm,pid 142", "dt task_struct.comm,pid task(142)"),
    ("task ffff888004a50000", "dt task_struct 0xffff888004a50000"),
    ("mod", "modules"),
    ("mod -t", "modules"),
    ("sym ffffffff81000000", "near 0xffffffff81000000"),
    ("sym -l", "symbols"),
    ("sym -m virtio", "symbols virtio!*"),
    ("sym -q init_ta", "symbols *init_ta*"),
    ("vm 142", "maps -p 142"),
    ("vm -m 142", "maps -p 142"),
    ("vm -p 142", "pages -p 142"),
    ("rd init_task", "read init_task --as q --count 1"),
    ("rd ffff888004a50000 16", "read 0xffff888004a50000 --as q --count 16"),
    ("rd -8 1000 16", "read 0x1000 --as b --count 16"),
    ("rd -16 init_task 4", "read init_task --as w --count 4"),
    ("rd -32 init_task 4", "read init_task --as d --count 4"),
    ("rd -64 init_task 4", "read init_task --as q --count 4"),
    ("rd -p 1000 16", "read --phys 0x1000 --as q --count 16"),
    ("rd -s init_task 8", "read init_task --as p --count 8"),
    ("rd -S init_task 8", "tele init_task 8"),
    ("rd -x init_task 2", "read --no-ascii init_task --as q --count 2"),
    ("rd -a linux_banner", "read linux_banner --as s"),
    ("rd init_task -e init_task+40", "read init_task init_task+0x40 --as q"),
    ("rd -r out.bin init_task 64", "dump init_task -n 64*8 -o out.bin"),
    ("search -c needle", "scan -k -- needle"),
    ("search -u -c needle", "scan --user -- needle"),
    ("search -p -c needle", "scan --phys -- needle"),
    ("search -k deadbeef", "scan -k --hex --align 8 -- ef be ad de 00 00 00 00"),
    ("search -w -p deadbeef", "scan --phys --hex --align 4 -- ef be ad de"),
    ("search -h -k f00d", "scan -k --hex --align 2 -- 0d f0"),
    ("search -k -m ff deadbe00", "scan -k --hex --align 8 -- ?? be ad de 00 00 00 00"),
    (
        "search -s ffff888000000000 -e ffff888000100000 deadbeef",
        "scan -k --range 0xffff888000000000 0xffff888000100000 --hex --align 8 -- ef be ad de 00 00 00 00",
    ),
    ("search -s ffff888000000000 -l 1000 -c needle", "scan -k --range 0xffff888000000000 L1000 -- needle"),
    ("search -k -x 2 deadbeef", "scan -k --around 16 --hex --align 8 -- ef be ad de 00 00 00 00"),
    ("vtop -c 142 7ffe12340000", "vtop -p 142 0x7ffe12340000"),
    ("vtop -k ffffffff81000000", "vtop -k 0xffffffff81000000"),
    ("vtop -u 7ffe12340000", "vtop 0x7ffe12340000"),
    ("btop 512a000", "eval 0x512a000>>12"),
    ("ptob 512a", "eval 0x512a<<12"),
    ("struct -o list_head", "dt list_head"),
    ("struct task_struct.comm,pid ffff888004a50000", "dt task_struct.comm,pid 0xffff888004a50000"),
    ("struct -x list_head init_task", "dt list_head init_task"),
    ("struct list_head -l 8 ffff888004a50008", "dt list_head (0xffff888004a50008)-8"),
    ("*task_struct init_task", "dt task_struct init_task"),
    ("p jiffies", "eval jiffies"),
    ("p *(struct list_head *)ffff888004a50000", "dt list_head 0xffff888004a50000"),
    ("net -s 142", "net -p 142"),
    ("net -a", "interfaces"),
    ("log", "kmsg"),
    ("log -T", "kmsg"),
    ("log -t", "kmsg"),
    ("log -d", "kmsg"),
    ("bt", "bt"),
    ("bt -a", "bt -a"),
    ("bt -sx 142", "bt 142"),
    ("bt -f 142", "bt -g 142"),
    ("bt ffff888004a50000", "bt 0xffff888004a50000"),
    ("foreach bt", "bt"),
    ("foreach files", "foreach all files"),
    (
        "list task_struct.tasks -s task_struct.pid,comm -h ffff888004a50000",
        "list task_struct.tasks 0xffff888004a50000 -s pid,comm --embedded",
    ),
    ("list module.list -s module.name -H modules", "list module.list modules -s name"),
    ("list -o 8 ffff888004a50000", "list 0xffff888004a50000 --offset 8"),
    (
        "tree -t rbtree -r vmap_area.rb_node -s vmap_area.va_start vmap_area_root",
        "tree vmap_area.rb_node vmap_area_root --kind rb -s va_start",
    ),
    ("tree -t xarray -s page ffff888004a50008", "tree page 0xffff888004a50008 --kind xarray"),
    ("irq -d", "hooks --only idt"),
    ("dis -l schedule", "dis schedule"),
    ("fuser /dev/null", "files --path /dev/null"),
    ("< commands", "source commands"),
];

const WRITE: &str = "an image is evidence and is never written; `dump` makes a copy to change";

const ABSENT: &[(&str, &str)] = &[
    ("wr", WRITE),
    (
        "kmem",
        "`info` shows the machine's memory, `pagecache` the files in it, `ptov PHYS` who maps a page, `tele ADDR` what an address is",
    ),
    ("runq", "`bt -a` shows what runs; `ps` and `threads` have the states"),
    ("dev", "memsh reads no devices yet"),
    ("ipcs", "memsh reads no System V IPC yet"),
    ("sig", "memsh reads no signals yet; `dt task_struct.pending,blocked ADDR` shows the raw ones"),
    ("waitq", "`list` walks a wait queue: `list wait_queue_entry.entry -H ADDR`"),
    ("extend", "`memsh` takes no extensions"),
    ("ascii", "`eval N` shows the character"),
];

fn form(name: &str, rest: &[String], notes: &mut Notes) -> Option<Translated> {
    if name == "<" {
        return Some(Ok(with(&["source"], rest)));
    }
    // `*task_struct ADDR`; a lone `*` or an expression is something else.
    if let Some(kind) = name.strip_prefix('*').filter(|k| k.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')) {
        return Some(structure(&with(&[kind], rest), notes));
    }
    match name {
        "sys" => Some(sys(rest)),
        "ps" => ps(rest),
        "set" => context(rest, notes),
        "task" => Some(Ok(task(rest, notes))),
        "mod" => Some(modules(rest)),
        "sym" => symbols(rest, notes),
        "vm" => vm(rest),
        "rd" => Some(read(rest, notes)),
        "search" => super::pwndbg::search(rest, notes).or_else(|| search(rest, notes)),
        "vtop" | "pte" => vtop(rest, notes),
        "btop" => Some(Ok(page(rest, "btop", ">>12", notes))),
        "ptob" => Some(Ok(page(rest, "ptob", "<<12", notes))),
        "struct" => Some(structure(rest, notes)),
        "p" | "print" | "output" => Some(Ok(print(rest, notes))),
        "net" => net(rest),
        "log" => log(rest, notes),
        "mount" => Some(Ok(with(&["mounts"], &without(rest, &["-f", "-i", "-n"], notes, "mount")))),
        "bt" => backtrace(rest, notes),
        "foreach" if rest.first().is_some_and(|w| w == "bt") && rest.len() == 1 => Some(Ok(with(&["bt"], &[] as &[&str]))),
        "foreach" => foreach(rest),
        "fuser" if rest.first().is_some_and(|w| !w.starts_with('-')) => Some(Ok(with(&["files", "--path"], rest))),
        "irq" => Some(irq(rest)),
        "list" => list(rest, notes),
        "tree" => tree(rest, notes),
        "dis" if rest.iter().any(|w| w == "-l" || w == "-s") => {
            Some(Ok(with(&["dis"], &without(rest, &["-l", "-s"], notes, "dis"))))
        }
        _ => None,
    }
}

/// The words without options that change nothing here; that they do nothing is told.
fn without(rest: &[String], options: &[&str], notes: &mut Notes, typed: &str) -> Vec<String> {
    let (dropped, kept): (Vec<String>, Vec<String>) = rest.iter().cloned().partition(|w| options.contains(&w.as_str()));
    for o in dropped {
        let why = if typed == "dis" { "there are no line numbers" } else { "everything there is is shown" };
        notes.say(format!("note: {typed} {o}: {why}"));
    }
    kept
}

fn sys(rest: &[String]) -> Translated {
    match rest.first().map(String::as_str) {
        Some("-c") => Ok(with(&["hooks", "--only", "syscall"], &apart(rest).1)),
        Some("config") => Err(Absent::new(
            "sys config: memsh does not read the kernel's configuration",
            "`scan IKCFG_ST` finds it where the kernel keeps it",
        )),
        Some("-p" | "-i" | "-t") | None => Ok(with(&["info"], &apart(rest).1)),
        _ => Ok(with(&["info"], rest)),
    }
}

/// `ps -a`, `-c`, `-g`, `-G`, ...; `-t` is memsh's tree, `-p PID` memsh's choice.
fn ps(rest: &[String]) -> Option<Translated> {
    let (first, more) = rest.split_first()?;
    Some(match first.as_str() {
        "-a" => Ok(with(&["cmdline"], more)),
        "-g" => Ok(with(&["threads"], more)),
        "-G" | "-A" | "-H" => Ok(with(&["ps"], more)),
        "-c" => Ok(with(&["ps", "-t"], &apart(more).1)),
        "-l" | "-m" => Ok(with(&["ps"], more)),
        "-S" => Err(Absent::new(
            "ps -S: memsh has no summary of states",
            "`ps --csv --no-header --columns state | sort | uniq -c` counts them",
        )),
        "-r" => Err(Absent::new("ps -r: memsh reads no resource limits yet", "`dt signal_struct.rlim ADDR` shows the raw ones")),
        "-C" | "-n" | "-y" => {
            Err(Absent::new(format!("ps {first}: memsh does not choose by it"), "`ps --json | jq` chooses by any field"))
        }
        _ => return None,
    })
}

/// `set PID`, `set ADDR`: crash's context; `set NAME VALUE` is memsh's own.
fn context(rest: &[String], notes: &mut Notes) -> Option<Translated> {
    match rest {
        [one] if is_decimal(one) => Some(Ok(with(&["proc"], rest))),
        [one] if is_number(one) => Some(Ok(with(&["proc", &hex(one, crash("set"), notes)], &[] as &[&str]))),
        [one] if one == "-p" || one == "-c" => Some(Err(Absent::new(
            format!("set {one}: memsh knows no panic task and no current CPU"),
            "`proc PID` chooses a process",
        ))),
        _ => None,
    }
}

/// The task that a word names: an id or the address of a `task_struct`.
fn of_task(word: &str, typed: &'static str, notes: &mut Notes) -> String {
    if is_decimal(word) { format!("task({word})") } else { hex(word, crash(typed), notes) }
}

/// `task [-R members] [PID|ADDR]`
fn task(rest: &[String], notes: &mut Notes) -> Vec<String> {
    let (theirs, own) = apart(rest);
    let mut members = None;
    let mut which = None;
    let mut words = theirs.iter();
    while let Some(w) = words.next() {
        match w.as_str() {
            "-R" => members = words.next(),
            "-x" | "-d" => {}
            w => which = Some(of_task(w, "task", notes)),
        }
    }
    let kind = members.map_or("task_struct".to_owned(), |m| format!("task_struct.{m}"));
    with(&["dt", &kind, which.as_deref().unwrap_or("task()")], &own)
}

fn modules(rest: &[String]) -> Translated {
    match rest.first().map(String::as_str) {
        Some("-s" | "-S" | "-d" | "-D" | "-r" | "-R" | "-o") => Err(Absent::new(
            "mod: symbols of modules are read from the image",
            "`symbols 'MODULE!*'` lists them; --symbols FILE adds some",
        )),
        Some("-t" | "-g") => Ok(with(&["modules"], rest.get(1..).unwrap_or_default())),
        _ => Ok(with(&["modules"], rest)),
    }
}

fn symbols(rest: &[String], notes: &mut Notes) -> Option<Translated> {
    let (first, more) = rest.split_first()?;
    let wanted = || more.first().cloned().unwrap_or_default();
    let behind = more.get(1..).unwrap_or_default();
    Some(Ok(match first.as_str() {
        "-l" | "-M" => with(&["symbols"], more),
        "-m" => with(&["symbols", &format!("{}!*", wanted())], behind),
        "-q" => with(&["symbols", &format!("*{}*", wanted())], behind),
        "-n" | "-p" if !more.is_empty() => return symbols(more, notes),
        w if is_number(w) => with(&["near", &hex(w, crash("sym"), notes)], more),
        _ => return None,
    }))
}

/// `vm [-p] [-m] PID`; `vm` alone is memsh's `maps` of the chosen process.
fn vm(rest: &[String]) -> Option<Translated> {
    let (theirs, own) = apart(rest);
    let mut command = "maps";
    let mut out = Vec::new();
    for w in &theirs {
        match w.as_str() {
            "-p" if theirs.len() == 1 || theirs.last().is_some_and(|l| l != "-p") && command == "maps" => command = "pages",
            "-m" | "-v" | "-x" | "-d" | "-R" => {}
            w if is_decimal(w) => out.extend(["-p".to_owned(), w.to_owned()]),
            w => out.push(w.to_owned()),
        }
    }
    Some(Ok(with(&[command], &[out, own].concat())))
}

/// `rd [options] ADDR [COUNT]`
fn read(rest: &[String], notes: &mut Notes) -> Translated {
    let (theirs, own) = apart(rest);
    let mut front = Vec::new();
    let mut plain: Vec<String> = Vec::new();
    let (mut unit, mut bytes) = ("q", 8u64);
    let (mut end, mut file, mut offset) = (None, None, None);
    let mut tele = false;
    let positional = {
        let mut n = 0;
        let mut value = false;
        for w in &theirs {
            n += usize::from(!value && !is_option(w) && !w.starts_with('-'));
            value = matches!(w.as_str(), "-e" | "-r" | "-o");
        }
        n
    };
    let mut words = theirs.iter();
    while let Some(w) = words.next() {
        match w.as_str() {
            "-8" => (unit, bytes) = ("b", 1),
            "-16" => (unit, bytes) = ("w", 2),
            "-32" => (unit, bytes) = ("d", 4),
            "-64" => (unit, bytes) = ("q", 8),
            // `rd -p 1 ADDR COUNT` can only be memsh's `-p PID`.
            "-p" if positional >= 3 => {
                front.push("-p".to_owned());
                front.extend(words.next().cloned());
            }
            "-p" => {
                notes.say("note: rd -p: physical memory, as crash has it; `read -p PID ADDR` reads a process".to_owned());
                front.push("--phys".to_owned());
            }
            "-k" => front.push("-k".to_owned()),
            "-u" => {}
            "-s" => unit = "p",
            "-a" => unit = "s",
            "-S" | "-SS" | "-ss" => tele = true,
            "-x" => front.push("--no-ascii".to_owned()),
            "-d" | "-D" => notes.say(format!("note: rd {w}: shown in hex; `eval N` shows a number in decimal")),
            "-e" => end = words.next(),
            "-r" => file = words.next(),
            "-o" => offset = words.next(),
            "-m" | "-f" | "-N" | "-R" => {
                return Err(Absent::new(
                    format!("rd {w}: memsh does not read in this way"),
                    "`help read` lists the ways that there are",
                ));
            }
            w => plain.push(w.to_owned()),
        }
    }
    let Some(address) = plain.first() else { return Ok(with(&["read"], &[front, own].concat())) };
    let mut address = hex(address, crash("rd"), notes);
    if let Some(offset) = offset {
        address = format!("({address})+{}", hex(offset, crash("rd -o"), notes));
    }
    let count = plain.get(1);
    // memsh's own words for how much speak for themselves.
    let counted = own.iter().any(|w| matches!(w.as_str(), "--count" | "--length"));
    if let Some(file) = file {
        let length = match (end, count) {
            (Some(end), _) => format!("({})-({address})", hex(end, crash("rd -e"), notes)),
            (None, Some(count)) => format!("{count}*{bytes}"),
            (None, None) => bytes.to_string(),
        };
        front.retain(|w| w != "--no-ascii");
        return Ok(with(
            &["dump"],
            &[front, vec![address, "-n".to_owned(), length, "-o".to_owned(), file.clone()], own].concat(),
        ));
    }
    if tele {
        front.retain(|w| w != "--no-ascii");
        return Ok(with(&["tele"], &[front, vec![address, count.map_or("1", String::as_str).to_owned()], own].concat()));
    }
    let mut out = [vec!["read".to_owned()], front, vec![address]].concat();
    if let Some(end) = end {
        out.push(hex(end, crash("rd -e"), notes));
    }
    out.extend(["--as".to_owned(), unit.to_owned()]);
    let strings = unit == "s";
    if end.is_none() && !counted && (!strings || count.is_some()) {
        out.extend(["--count".to_owned(), count.map_or("1", String::as_str).to_owned()]);
    }
    Ok([out, own].concat())
}

/// What crash's `search` was told.
#[derive(Default)]
struct Search {
    space: Option<&'static str>,
    start: Option<String>,
    end: Option<String>,
    length: Option<String>,
    mask: u64,
    around: Option<u64>,
    text: bool,
    width: usize,
}

/// `search [-k|-u|-p] [-s START] [-e END|-l LEN] [-m MASK] [-x COUNT] [-w|-h] VALUE`, `search -c TEXT`. Without any option of
/// its own it is memsh's `scan`.
fn search(rest: &[String], notes: &mut Notes) -> Option<Translated> {
    let (theirs, own) = apart(rest);
    let pattern = theirs.last()?;
    let value = is_number(pattern) || pattern.starts_with('(');
    let only = |w: &String| matches!(w.as_str(), "-c" | "-s" | "-l" | "-m" | "-w" | "-h" | "-t" | "-T" | "-K" | "-V");
    let shared = |w: &String| matches!(w.as_str(), "-k" | "-u" | "-p" | "-x");
    let options = theirs.get(..theirs.len() - 1)?;
    // `search -k deadbeef` looks for a number in crash and for text in memsh: a number it is, and said to be.
    let flags_alone = !options.is_empty() && options.iter().all(shared) && value && options.last().is_none_or(|w| w != "-x");
    let around = options.iter().position(|w| w == "-x").is_some_and(|i| options.get(i + 1).is_some_and(|w| is_decimal(w)));
    if !options.iter().any(only) && !flags_alone && !around {
        return None;
    }
    let mut s = Search { width: 8, ..Search::default() };
    let mut patterns = Vec::new();
    let mut words = theirs.iter();
    while let Some(w) = words.next() {
        let mut address = |notes: &mut Notes| words.next().map(|w| hex(w, crash("search"), notes));
        match w.as_str() {
            "-k" | "-K" | "-V" => s.space = Some("-k"),
            "-u" => s.space = Some("--user"),
            "-p" => s.space = Some("--phys"),
            "-c" => s.text = true,
            "-w" => s.width = 4,
            "-h" => s.width = 2,
            "-s" => s.start = address(notes),
            "-e" => s.end = address(notes),
            "-l" => s.length = words.next().cloned(),
            "-m" => s.mask = words.next().and_then(|m| number(m, 16)).unwrap_or(0),
            "-x" => s.around = words.next().and_then(|n| number(n, 10)),
            "-t" | "-T" => {
                return Some(Err(Absent::new(
                    "search -t: memsh does not search stacks alone",
                    "`scan -k` searches the kernel's memory with the stacks in it",
                )));
            }
            w => patterns.push(w.to_owned()),
        }
    }
    Some(s.words(&patterns, &own, notes))
}

impl Search {
    fn words(self, patterns: &[String], own: &[String], notes: &mut Notes) -> Translated {
        let mut out = vec!["scan".to_owned(), self.space.unwrap_or("-k").to_owned()];
        if self.start.is_some() || self.end.is_some() || self.length.is_some() {
            let start = self.start.unwrap_or_else(|| "0".to_owned());
            let end = match (self.end, self.length) {
                (Some(end), _) => end,
                (None, Some(length)) => format!("L{length}"),
                (None, None) => "-1".to_owned(),
            };
            out.extend(["--range".to_owned(), start, end]);
        }
        if let Some(n) = self.around {
            out.extend(["--around".to_owned(), (n * self.width as u64).to_string()]);
        }
        out.extend(own.iter().cloned());
        if self.text {
            out.extend(["--".to_owned(), patterns.join(" ")]);
            return Ok(out);
        }
        let [value] = patterns else {
            return Err(Absent::new("search: one value at a time", "`scan --regex 'a|b'` looks for several"));
        };
        let Some(v) = number(value.trim_matches(['(', ')']), 16) else {
            return Err(Absent::new(
                format!("search: {value} is no number"),
                format!("`search -c {value}` looks for the text; `eval {value}` shows a symbol's address"),
            ));
        };
        notes.say(format!(
            "note: search: {value} was read as the number {v:#x}, as crash does; `scan {value}` looks for the text"
        ));
        let bytes = v.to_le_bytes().into_iter().zip(self.mask.to_le_bytes()).take(self.width);
        let digit = |v: u8, m: u8| match m {
            0 => Some(format!("{v:x}")),
            15 => Some("?".to_owned()),
            _ => None,
        };
        let hex: Option<Vec<String>> = bytes.map(|(b, m)| Some(digit(b >> 4, m >> 4)? + &digit(b & 15, m & 15)?)).collect();
        let Some(hex) = hex else {
            return Err(Absent::new(
                format!("search -m {:x}: masks are of whole hex digits here", self.mask),
                "`scan --regex '[\\x40-\\x4f]...'` takes any set of bytes",
            ));
        };
        out.extend(["--hex".to_owned(), "--align".to_owned(), self.width.to_string(), "--".to_owned(), hex.join(" ")]);
        Ok(out)
    }
}

/// `vtop -c PID ADDR`, `-u`, `-k`; without them it is memsh's own.
fn vtop(rest: &[String], notes: &mut Notes) -> Option<Translated> {
    if !rest.iter().any(|w| matches!(w.as_str(), "-c" | "-u" | "-k")) {
        return None;
    }
    let (theirs, own) = apart(rest);
    let mut out = vec!["vtop".to_owned()];
    let mut words = theirs.iter();
    while let Some(w) = words.next() {
        match w.as_str() {
            "-c" | "-p" => {
                out.push("-p".to_owned());
                out.extend(words.next().cloned());
            }
            "-u" => {}
            w if is_option(w) => out.push(w.to_owned()),
            w => out.push(hex(w, crash("vtop"), notes)),
        }
    }
    Some(Ok([out, own].concat()))
}

fn page(rest: &[String], typed: &'static str, shift: &str, notes: &mut Notes) -> Vec<String> {
    let (theirs, own) = apart(rest);
    let words = theirs.iter().map(|w| format!("{}{shift}", hex(w, crash(typed), notes)));
    with(&["eval"], &words.chain(own).collect::<Vec<_>>())
}

/// `struct [-o|-x|-d|-u|-l OFFSET] TYPE[.MEMBER,...] [ADDR]`
fn structure(rest: &[String], notes: &mut Notes) -> Translated {
    let (theirs, own) = apart(rest);
    let mut out = vec!["dt".to_owned()];
    let mut plain = Vec::new();
    let mut back = None;
    let mut words = theirs.iter();
    while let Some(w) = words.next() {
        match w.as_str() {
            // Offsets are always shown, numbers in both bases.
            "-o" | "-x" | "-d" | "-u" | "-f" => {}
            "-l" => back = words.next(),
            "-p" => {
                out.push("-p".to_owned());
                out.extend(words.next().cloned());
            }
            "-r" if plain.is_empty() && theirs.len() > 2 && !theirs.iter().any(|w| w == "-l") => out.push("-r".to_owned()),
            "-r" => out.push("-r".to_owned()),
            w if is_option(w) => match w.strip_prefix("-r").filter(|n| is_decimal(n)) {
                Some(n) => out.extend(["--depth".to_owned(), n.to_owned()]),
                None => out.push(w.to_owned()),
            },
            w => plain.push(w.to_owned()),
        }
    }
    if let Some(offset) = back.filter(|b| number(b, 10).is_none()) {
        return Err(Absent::new(
            format!("struct -l {offset}: an offset is a number here"),
            "`dt TYPE` shows the offsets of members; `dt TYPE ADDR-OFFSET` the structure around one; `list` walks what is linked",
        ));
    }
    // `struct` before a tag is C's: `struct struct list_head`.
    let at = usize::from(plain.first().is_some_and(|w| matches!(w.as_str(), "struct" | "union" | "enum")) && plain.len() > 1) + 1;
    if plain.len() > at + 1 {
        return Err(Absent::new(
            "struct: an array of structures is not shown",
            "`dt TYPE ADDR+N*SIZE` shows the Nth; `list` and `tree` walk what is linked",
        ));
    }
    if let Some(address) = plain.get_mut(at) {
        *address = hex(address, crash("struct"), notes);
        if let Some(back) = back {
            *address = format!("({address})-{back}");
        }
    }
    Ok([out, plain, own].concat())
}

/// `p EXPRESSION`, `p/x EXPRESSION`, `p *(struct x *)ADDR`
pub fn print(rest: &[String], notes: &mut Notes) -> Vec<String> {
    let (theirs, own) = apart(rest);
    let theirs: Vec<&String> = theirs.iter().filter(|w| !w.starts_with('/')).collect();
    let text = theirs.iter().map(|w| w.as_str()).collect::<Vec<_>>().join(" ");
    if let Some((kind, at)) = cast(&text) {
        return with(&["dt", &kind, &hex(&at, crash("p"), notes)], &own);
    }
    let name = text.strip_prefix('&').unwrap_or(&text);
    let symbol = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && !name.contains(['(', '+', '-', '*', ' ']);
    if symbol && name.len() == text.len() && !is_number(name) {
        notes.say(format!("note: p {name}: its address; the kernel's types say nothing of variables: `dq {name} L1` reads it, `dt TYPE {name}` shows it"));
    }
    with(&["eval", name], &own)
}

/// `net -s [PID]` is sockets, `net -a` the neighbours; `net` alone is memsh's.
fn net(rest: &[String]) -> Option<Translated> {
    let (first, more) = rest.split_first()?;
    let (theirs, own) = apart(more);
    let pids = theirs.iter().filter(|w| !is_option(w)).flat_map(|w| ["-p".to_owned(), w.clone()]);
    Some(Ok(match first.as_str() {
        "-s" | "-S" => with(&["net"], &pids.chain(own).collect::<Vec<_>>()),
        "-a" | "-n" => with(&["interfaces"], &own),
        _ => return None,
    }))
}

/// `log` alone and with crash's options is the kernel's log; with a file it is the shell's.
fn log(rest: &[String], notes: &mut Notes) -> Option<Translated> {
    let theirs = apart(rest).0;
    if rest.is_empty() {
        notes.say("note: log: the kernel's log, as in crash; `log FILE` records the session, `log off` ends that".to_owned());
    }
    let options = ["-T", "-t", "-d", "-m", "-a", "-A", "-c", "-s"];
    theirs.iter().all(|w| options.contains(&w.as_str())).then(|| Ok(with(&["kmsg"], &apart(rest).1)))
}

/// `bt [-a] [-f] [-sxlt] [PID|ADDR]`
fn backtrace(rest: &[String], notes: &mut Notes) -> Option<Translated> {
    let (theirs, own) = apart(rest);
    let mut out = Vec::new();
    let mut changed = false;
    for w in &theirs {
        match w.as_str() {
            // Offsets and symbols are always shown; there are no line numbers.
            "-s" | "-x" | "-d" | "-l" | "-sx" | "-slx" | "-sl" | "-n" => changed = true,
            // What else lies on the stack.
            "-f" | "-F" | "-FF" | "-t" | "-T" | "-tx" | "-o" => {
                out.push("-g".to_owned());
                changed = true;
            }
            "-c" => {
                notes.say("note: bt -c: every processor's task is shown".to_owned());
                return Some(Ok(with(&["bt", "-a"], &own)));
            }
            w if is_number(w) && !is_decimal(w) && !w.starts_with("0x") => {
                out.push(hex(w, crash("bt"), notes));
                changed = true;
            }
            w => out.push(w.to_owned()),
        }
    }
    changed.then(|| Ok(with(&["bt"], &[out, own].concat())))
}

/// `foreach files`: of every task.
fn foreach(rest: &[String]) -> Option<Translated> {
    let (first, _) = rest.split_first()?;
    let command = ["bt", "vm", "task", "files", "net", "ps", "sig", "vtop", "rd", "maps", "threads", "lsof"];
    let alone = command.contains(&first.as_str()) && rest.get(1).is_none_or(|w| w.starts_with('-'));
    alone.then(|| Ok(with(&["foreach", "all"], rest)))
}

/// `-s task_struct.pid,comm`: the type and its members.
fn members(text: &str) -> (String, String) {
    let (kind, members) = text.split_once('.').unwrap_or((text, ""));
    // crash repeats the type or does not: `task_struct.pid,task_struct.comm`.
    let members = members.split(',').map(|m| m.strip_prefix(kind).and_then(|m| m.strip_prefix('.')).unwrap_or(m));
    (kind.to_owned(), members.collect::<Vec<_>>().join(","))
}

/// `list [-o] OFFSET|TYPE.MEMBER [-s TYPE.MEMBERS] [-h|-H] ADDR`; without options of crash's it is memsh's own.
fn list(rest: &[String], notes: &mut Notes) -> Option<Translated> {
    let (theirs, own) = apart(rest);
    let theirs_alone = |w: &String| matches!(w.as_str(), "-h" | "-H" | "-S" | "-r" | "-B" | "-x" | "-d");
    let offset = theirs.windows(2).any(|w| matches!(w, [o, n] if o == "-o" && number(n, 10).is_some()));
    if !theirs.iter().any(theirs_alone) && !offset {
        return None;
    }
    let mut plain: Vec<String> = Vec::new();
    let mut behind = Vec::new();
    let mut words = theirs.iter();
    while let Some(w) = words.next() {
        match w.as_str() {
            "-h" => behind.push("--embedded".to_owned()),
            "-H" | "-x" | "-d" => {}
            "-o" => behind.extend(["--offset".to_owned(), words.next().cloned().unwrap_or_default()]),
            "-s" | "-S" => {
                let (_, members) = members(words.next()?);
                behind.extend((!members.is_empty()).then_some(["-s".to_owned(), members]).into_iter().flatten());
            }
            "-e" | "-l" | "-r" | "-B" => {
                return Some(Err(Absent::new(
                    format!("list {w}: memsh walks a list from its beginning to its end"),
                    "`--limit N` ends it earlier, `--sort -index` turns it around",
                )));
            }
            w if is_number(w) && !is_decimal(w) => plain.push(hex(w, crash("list"), notes)),
            w => plain.push(w.to_owned()),
        }
    }
    Some(Ok(with(&["list"], &[plain, behind, own].concat())))
}

/// `tree -t KIND [-r TYPE.MEMBER] [-s TYPE.MEMBERS] ROOT`; without `-t` it is memsh's own.
fn tree(rest: &[String], notes: &mut Notes) -> Option<Translated> {
    let (theirs, own) = apart(rest);
    if !theirs.iter().any(|w| matches!(w.as_str(), "-t" | "-r" | "-N")) {
        return None;
    }
    let (mut kind, mut node, mut shown, mut root) = (None, None, None, None);
    let mut words = theirs.iter();
    while let Some(w) = words.next() {
        match w.as_str() {
            "-t" => {
                kind = words.next().map(|k| match k.get(..2).unwrap_or(k) {
                    "rb" => "rb",
                    "ra" => "radix",
                    "xa" | "x" => "xarray",
                    "ma" | "m" => "maple",
                    _ => k.as_str(),
                });
            }
            "-r" | "-o" => node = words.next(),
            "-s" | "-S" => shown = words.next().map(|s| members(s)),
            "-p" | "-x" | "-d" => {}
            "-N" => {
                return Some(Err(Absent::new(
                    "tree -N: memsh begins at a root",
                    "`dt rb_root ADDR` shows where a root points to",
                )));
            }
            w => root = Some(hex(w, crash("tree"), notes)),
        }
    }
    let mut out = vec!["tree".to_owned()];
    // What links the structures names their type as well.
    out.extend(node.cloned().or_else(|| shown.as_ref().map(|(t, _)| t.clone())));
    out.extend(root);
    out.extend(kind.into_iter().flat_map(|k| ["--kind".to_owned(), k.to_owned()]));
    out.extend(shown.filter(|(_, m)| !m.is_empty()).into_iter().flat_map(|(_, m)| ["-s".to_owned(), m]));
    Some(Ok([out, own].concat()))
}

fn irq(rest: &[String]) -> Translated {
    match rest.first().map(String::as_str) {
        Some("-d") => Ok(with(&["hooks", "--only", "idt"], rest.get(1..).unwrap_or_default())),
        _ => {
            Err(Absent::new("irq: memsh lists no interrupt handlers", "`irq -d` checks the interrupt descriptor table (`hooks`)"))
        }
    }
}
