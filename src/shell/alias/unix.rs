//! What is typed on the machine itself: `ps aux`, `cat /proc/PID/maps`, `dmesg`, `ss -tlnp`.

use super::notes::Notes;
use super::own::{apart, is_decimal, is_option};
use super::{Tool, Translated, with};

pub const TOOL: Tool = Tool { name: "Unix", words: WORDS, forms: FORMS, absent: ABSENT, form };

const WORDS: &[(&str, &str)] = &[
    ("df", "mounts"),
    ("dmesg", "kmsg"),
    ("findmnt", "mounts"),
    ("ifconfig", "interfaces"),
    ("ioports", "iomem --ports"),
    ("lsns", "namespaces"),
    ("pgrep", "ps"),
    ("pidof", "ps"),
    ("pstree", "ps -t"),
    ("swapon", "swaps"),
    ("top", "ps"),
    ("uname", "info"),
    ("uptime", "info"),
    ("hostname", "info"),
    ("lscpu", "info"),
];

const FORMS: &[(&str, &str)] = &[
    ("ps aux", "ps"),
    ("ps -ef", "ps"),
    ("ps auxf", "ps -t"),
    ("pmap 142", "maps -p 142"),
    ("lsof -p 142", "files -p 142"),
    ("ss -tlnp", "net -t -l"),
    ("netstat -anp", "net"),
    ("ip a", "interfaces"),
    ("cat /proc/142/maps", "maps -p 142"),
    ("cat /proc/142/cmdline", "cmdline -p 142"),
    ("cat /proc/142/environ", "env -p 142"),
    ("cat /proc/142/status", "ps -p 142"),
    ("cat /proc/142/stack", "bt 142"),
    ("ls -l /proc/142/fd", "files -p 142"),
    ("ls -l /proc/142/task", "threads -p 142"),
    ("cat /proc/modules", "modules"),
    ("cat /proc/kallsyms", "symbols"),
    ("cat /proc/mounts", "mounts"),
    ("cat /proc/iomem", "iomem"),
    ("cat /proc/ioports", "iomem --ports"),
    ("cat /proc/swaps", "swaps"),
    ("cat /proc/net/tcp", "net"),
];

const ABSENT: &[(&str, &str)] = &[
    ("kill", "the target is a picture of memory: nothing runs in it"),
    ("cat", CACHED),
    ("less", CACHED),
    ("more", CACHED),
    ("ls", "`pagecache '/etc/*'` lists the target's files that are in memory, `files` those that are open; `!ls` runs here"),
    ("cd", "paths of the target are whole ones; `proc PID` chooses a process; `!ls` runs a command here"),
    ("pwd", "`files --all` has the working directories of processes (cwd)"),
    ("whoami", "`creds` shows users and rights of processes"),
    ("who", "`history` shows what was typed, `creds` users and rights of processes"),
    ("grep", "`scan` searches memory; behind a command it filters: ps | grep ssh"),
    ("free", "`info` shows the machine's memory, `pagecache` the files in it"),
];

const CACHED: &str =
    "`pagecache PATH` shows what is cached of a file of the target, `dump --file PATH -o FILE` writes it; `!cat` runs here";

fn form(name: &str, rest: &[String], _: &mut Notes) -> Option<Translated> {
    let (theirs, own) = apart(rest);
    let plain: Vec<&String> = theirs.iter().filter(|w| !w.starts_with('-')).collect();
    let pid = |command: &str, pid: &str| with(&[command, "-p", pid], &own);
    let words = match name {
        // `ps aux` has no process of that name in mind.
        "ps" => {
            let (first, more) = theirs.split_first()?;
            match first.as_str() {
                "aux" | "auxww" | "ax" | "-ef" | "-e" | "-aux" | "-eF" | "-ely" if more.is_empty() => with(&["ps"], &own),
                "auxf" | "axf" | "axjf" | "-ejH" | "auxwwf" | "f" | "-eH" if more.is_empty() => with(&["ps", "-t"], &own),
                "-eLf" | "-eL" | "-T" | "axms" if more.is_empty() => with(&["threads"], &own),
                _ => return None,
            }
        }
        "pmap" => match plain.as_slice() {
            [one] => pid("maps", one),
            _ => with(&["maps"], &own),
        },
        // Of the letters of `ss` and `netstat` those that choose are memsh's too; the others say which columns.
        "ss" | "netstat" => {
            let cluster = |w: &&String| is_option(w) && w.chars().skip(1).all(|c| "aeilnoprstuwxW46".contains(c));
            let letters: Vec<&String> = theirs.iter().filter(cluster).filter(|w| *w != "-p").collect();
            if letters.iter().all(|w| w.len() == 2 && "ltuwx".contains(w.chars().nth(1).unwrap_or(' '))) {
                return None;
            }
            let chosen = letters.iter().flat_map(|w| w.chars()).filter(|c| "ltuwx".contains(*c)).map(|c| format!("-{c}"));
            let kept = theirs.iter().filter(|w| !letters.contains(w)).cloned();
            with(&["net"], &chosen.chain(kept).chain(own).collect::<Vec<_>>())
        }
        "lsof" => match theirs.as_slice() {
            [option, number, ..] if option == "-p" && is_decimal(number) => pid("files", number),
            [option] if matches!(option.as_str(), "-i" | "-U") => with(&["net"], &own),
            _ => return None,
        },
        "ip" => with(&["interfaces"], &own),
        "cat" | "less" | "head" | "ls" | "strings" | "xxd" => return of_proc(plain.last()?, &own),
        _ => return None,
    };
    Some(Ok(words))
}

/// A file of the machine's /proc.
fn of_proc(path: &str, own: &[String]) -> Option<Translated> {
    let path = path.strip_prefix("/proc/")?.trim_end_matches('/');
    let words: &[&str] = match path.split_once('/') {
        Some((pid, file)) if is_decimal(pid) => match file {
            "maps" | "smaps" => &["maps", "-p", pid],
            "cmdline" => &["cmdline", "-p", pid],
            "environ" => &["env", "-p", pid],
            "fd" | "fdinfo" => &["files", "-p", pid],
            "task" => &["threads", "-p", pid],
            "stack" | "syscall" | "wchan" => &["bt", pid],
            "mounts" | "mountinfo" => &["mounts", "-p", pid],
            "ns" => &["namespaces", "-p", pid],
            "cgroup" => &["cgroups", "-p", pid],
            _ => &["ps", "-p", pid],
        },
        None if is_decimal(path) => &["ps", "-p", path],
        _ => match path {
            "modules" => &["modules"],
            "kallsyms" => &["symbols"],
            "mounts" => &["mounts"],
            "iomem" => &["iomem"],
            "ioports" => &["iomem", "--ports"],
            "swaps" => &["swaps"],
            "timer_list" => &["timers"],
            "kmsg" => &["kmsg"],
            "version" | "cpuinfo" | "meminfo" | "uptime" | "cmdline" => &["info"],
            p if p.starts_with("net/dev") => &["interfaces"],
            p if p.starts_with("net/") => &["net"],
            _ => return None,
        },
    };
    Some(Ok(with(words, own)))
}
