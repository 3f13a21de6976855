//! crash: addresses are hexadecimal without `0x`, counts decimal, symbols stand anywhere.

use super::notes::{Notes, crash, hex};
use super::own::{apart, is_decimal, is_number, is_option};
use super::{Absent, Tool, Translated, with};

mod memory;
mod search;
mod task;
mod walk;

pub use walk::print;

use memory::{read, vtop, write};
use search::search;
use task::{backtrace, context, foreach, ps, task};
use walk::{list, structure, tree};

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
    ("list -H init_task.tasks -s task_struct.pid", "list task_struct.tasks init_task.tasks -s pid"),
    ("list -H init_task.tasks -o task_struct.tasks -s task_struct.pid", "list task_struct.tasks init_task.tasks -s pid"),
    ("list task_struct.tasks -H init_task.tasks -s pid,comm", "list task_struct.tasks init_task.tasks -s pid,comm"),
    ("list -o 8 ffff888004a50000", "list 0xffff888004a50000 --offset 8"),
    (
        "tree -t rbtree -r vmap_area.rb_node -s vmap_area.va_start vmap_area_root",
        "tree vmap_area.rb_node vmap_area_root --kind rb -s va_start",
    ),
    ("tree -t xarray -s page ffff888004a50008", "tree page 0xffff888004a50008 --kind xarray"),
    ("irq -d", "hooks --only idt"),
    ("dis -l schedule", "dis schedule"),
    ("fuser /dev/null", "files --path /dev/null"),
    ("wr ffff888004a50000 1", "write --as q 0xffff888004a50000 0x1"),
    ("wr -32 my_debug_flag 1", "write --as d my_debug_flag 0x1"),
    ("wr -p -8 100000 41", "write --phys --as b 0x100000 41"),
    ("< commands", "source commands"),
];

const ABSENT: &[(&str, &str)] = &[
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

/// Whether a word behind `mount` is none of crash's.
fn own_mount(word: &str) -> bool {
    let number = || word.trim_start_matches("0x").bytes().all(|b| b.is_ascii_hexdigit());
    matches!(word, "--help" | "-h" | "--foreground" | "--allow-other") || !word.starts_with('-') && !number()
}

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
        "wr" => Some(Ok(write(rest, notes))),
        "search" => super::pwndbg::search(rest, notes).or_else(|| search(rest, notes)),
        "vtop" | "pte" => vtop(rest, notes),
        "btop" => Some(Ok(page(rest, "btop", ">>12", notes))),
        "ptob" => Some(Ok(page(rest, "ptob", "<<12", notes))),
        "struct" => Some(structure(rest, notes)),
        "p" | "print" | "output" => Some(Ok(print(rest, notes))),
        "net" => net(rest),
        "log" => log(rest, notes),
        // With a folder behind it, memsh's own: the target as files.
        "mount" if !rest.iter().any(|w| own_mount(w)) => {
            Some(Ok(with(&["mounts"], &without(rest, &["-f", "-i", "-n"], notes, "mount"))))
        }
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

fn page(rest: &[String], typed: &'static str, shift: &str, notes: &mut Notes) -> Vec<String> {
    let (theirs, own) = apart(rest);
    let words = theirs.iter().map(|w| format!("{}{shift}", hex(w, crash(typed), notes)));
    with(&["eval"], &words.chain(own).collect::<Vec<_>>())
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
        notes.say(
            "note: log: the kernel's log, as in crash; `log FILE` records the session, `log status` tells, `log off` ends that"
                .to_owned(),
        );
    }
    let options = ["-T", "-t", "-d", "-m", "-a", "-A", "-c", "-s"];
    theirs.iter().all(|w| options.contains(&w.as_str())).then(|| Ok(with(&["kmsg"], &apart(rest).1)))
}

fn irq(rest: &[String]) -> Translated {
    match rest.first().map(String::as_str) {
        Some("-d") => Ok(with(&["hooks", "--only", "idt"], rest.get(1..).unwrap_or_default())),
        _ => {
            Err(Absent::new("irq: memsh lists no interrupt handlers", "`irq -d` checks the interrupt descriptor table (`hooks`)"))
        }
    }
}
