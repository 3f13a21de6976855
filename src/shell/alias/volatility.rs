//! Volatility 3 (`linux.pslist.PsList`, `windows.pslist`) and 2 (`linux_pslist`) with their options.

use super::notes::Notes;
use super::own::is_decimal;
use super::{Absent, Tool, Translated, with};

pub const TOOL: Tool = Tool { name: "Volatility", words: WORDS, forms: FORMS, absent: &[], form };

/// Volatility 2's names that carry no system's.
const WORDS: &[(&str, &str)] = &[
    ("psxview", "ps --scan"),
    ("psdispscan", "ps --scan"),
    ("connections", "net"),
    ("connscan", "net"),
    ("sockets", "net"),
    ("sockscan", "net"),
    ("imageinfo", "info"),
    ("kdbgscan", "info"),
    ("kpcrscan", "info"),
    ("vadtree", "maps"),
    ("vadwalk", "maps"),
    ("vaddump", "dump"),
    ("memdump", "dump"),
    ("procdump", "dump"),
    ("moddump", "dump"),
    ("dlldump", "dump"),
    ("modscan", "modules --scan"),
    ("envars", "env"),
    ("apihooks", "hooks"),
];

/// Plugins by their names without the system's and the class's, and what they mean.
const PLUGINS: &[(&str, &str)] = &[
    ("banner", "info"),
    ("banners", "info"),
    // `history` alone is the shell's own at a prompt.
    ("bash", "bash"),
    ("bash_env", "env"),
    ("boottime", "info"),
    ("callbacks", "hooks"),
    ("capabilities", "creds"),
    ("check_afinfo", r#"hooks --only seq_operations --where 'name ~ "^/proc/net/(tcp|udp|raw)"'"#),
    ("check_creds", "creds"),
    ("check_fop", "hooks --only file_operations"),
    ("check_fops", "hooks --only file_operations"),
    ("check_ftrace", "hooks --only ftrace"),
    ("check_idt", "hooks --only idt"),
    ("check_inline_kernel", "textcheck"),
    ("check_modules", "modules --scan"),
    ("check_syscall", "hooks --only syscall,ia32_syscall"),
    ("check_tty", "hooks --only tty *receive_buf*"),
    ("cmdline", "cmdline"),
    ("cpuinfo", "info"),
    ("dlllist", "modules"),
    ("cmdscan", "cmdscan"),
    ("consoles", "cmdscan"),
    ("dmesg", "kmsg"),
    ("dump_map", "dump"),
    ("devicetree", "drivers"),
    ("driverirp", "hooks --only irp"),
    ("drivermodule", "drivers --suspicious"),
    ("driverscan", "drivers"),
    ("dynamic_env", "env"),
    ("ebpf", "bpf"),
    ("elfs", "modules"),
    ("enumerate_files", "pagecache"),
    ("envars", "env"),
    ("envvars", "env"),
    ("find_file", "pagecache"),
    ("filescan", "files --scan"),
    ("frameworkinfo", "version"),
    ("getcwd", "files"),
    ("getsids", "creds"),
    ("handles", "files"),
    ("hidden_modules", "modules --scan"),
    ("hivelist", "hives"),
    ("hivescan", "hives --scan"),
    ("idt", "hooks --only idt"),
    ("ifconfig", "interfaces"),
    ("info", "info"),
    ("iomem", "iomem"),
    ("ip", "interfaces"),
    ("ip.addr", "interfaces"),
    ("ip.link", "interfaces"),
    ("isfinfo", "info"),
    ("kallsyms", "symbols"),
    ("keyboard_notifier", "hooks --only notifier keyboard_notifier_list"),
    ("keyboard_notifiers", "hooks --only notifier keyboard_notifier_list"),
    ("kmsg", "kmsg"),
    ("kprobes", "hooks --only kprobe,kretprobe"),
    ("kthreads", "ps -k"),
    ("ldrmodules", "modules"),
    ("library_list", "modules"),
    ("librarydump", "dump"),
    ("lsm_hooks", "hooks --only lsm"),
    ("lsmod", "modules"),
    ("lsof", "files"),
    ("malfind", "malfind"),
    ("memmap", "pages"),
    ("moddump", "dump"),
    ("module_extract", "dump"),
    ("modules", "modules"),
    ("modscan", "modules --scan"),
    ("modxview", "modules --scan"),
    ("mount", "mounts"),
    ("mount_cache", "mounts"),
    ("mountinfo", "mounts"),
    ("mutantscan", "objects --type mutant"),
    ("netfilter", "hooks --only netfilter"),
    ("netscan", "net"),
    ("netstat", "net"),
    ("notifiers", "hooks --only notifier"),
    ("pagecache", "pagecache"),
    ("pagecache.files", "pagecache"),
    ("pagecache.inodepages", "inodepages"),
    ("pagecache.recoverfs", "pagecache --extract recovered_fs"),
    ("perf_events", "hooks --only kprobe"),
    ("pidhashtable", "ps --scan"),
    ("plthook", "hooks"),
    ("printkey", "reg ls"),
    ("privileges", "creds"),
    ("proc.maps", "maps"),
    ("proc", "maps"),
    ("proc_maps", "maps"),
    ("proc_maps_rb", "maps"),
    ("procdump", "dump"),
    ("process_hollow", "malfind"),
    ("process_spoofing", "malfind --kind process"),
    ("psaux", "cmdline"),
    ("pscallstack", "bt"),
    ("psenv", "env"),
    ("pslist", "ps"),
    ("pslist_cache", "ps --scan"),
    ("psscan", "ps --scan"),
    ("pstree", "ps -t"),
    ("psxview", "ps --scan"),
    ("ptrace", "malfind --kind trace"),
    ("recover_filesystem", "pagecache --extract recovered_fs"),
    ("regexscan", "scan --regex"),
    ("sockscan", "net"),
    ("sockstat", "net"),
    ("ssdt", "hooks --only syscall"),
    ("strings", "strings"),
    ("suspicious_threads", "malfind"),
    ("svclist", "services"),
    ("svcscan", "services"),
    ("symlinkscan", "objects --type symboliclink"),
    ("thrdscan", "threads"),
    ("threads", "threads"),
    ("timers", "timers"),
    ("tmpfs", "pagecache"),
    ("unloadedmodules", "drivers --unloaded"),
    ("tracing.ftrace", "hooks --only ftrace"),
    ("tracing.perf_events", "hooks --only kprobe"),
    ("tracing.tracepoints", "hooks --only tracepoint"),
    ("ftrace", "hooks --only ftrace"),
    ("tracepoints", "hooks --only tracepoint"),
    ("tty_check", "hooks --only tty *receive_buf*"),
    ("vadinfo", "maps"),
    ("vadregexscan", "scan --regex"),
    ("vadwalk", "maps"),
    ("vadyarascan", "yara --all"),
    ("virtmap", "pages -k"),
    ("vmaregexscan", "scan --regex"),
    ("vmayarascan", "yara --all"),
    ("vmcoreinfo", "info"),
    ("volshell", "help"),
    ("yarascan", "yara"),
    ("timeliner", "timeline"),
];

/// Plugins that list what processes have loaded.
const OF_PROCESSES: &[&str] = &["dlllist", "elfs", "ldrmodules", "library_list"];

/// Plugins without a counterpart, and what there is instead.
const NONE: &[(&str, &str)] = &[
    ("arp", "`net` lists sockets, `interfaces` the addresses"),
    ("bash_hash", "`history` reads what bash keeps of its commands"),
    (
        "clipboard",
        "not read: what is on the clipboard are handles of win32k.sys's table, whose place and layout are in its symbols alone",
    ),
    ("configwriter", "memsh needs no configuration"),
    ("fbdev", "`iomem` shows where a frame buffer lies, `dump --phys` writes it"),
    ("graphics.fbdev", "`iomem` shows where a frame buffer lies, `dump --phys` writes it"),
    ("iptables", "`hooks` shows the hooks of netfilter"),
    ("ldrmodules_check", "`modules -p PID` lists what a process has loaded"),
    ("layerwriter", "`dump phys -o FILE` writes all of physical memory"),
    ("luks", "memsh looks for no keys yet"),
    ("truecrypt_passphrase", "memsh looks for no keys yet"),
    ("lsblk", "`mounts` lists what is mounted"),
    ("mftscan", "this version reads Linux; Windows comes later"),
    ("slabinfo", "memsh lists no slab caches yet; `tele ADDR` follows pointers"),
    ("vma_cache", "`maps` lists regions"),
];

const FORMS: &[(&str, &str)] = &[
    ("timeliner.Timeliner", "timeline"),
    ("linux.pslist", "ps"),
    ("linux.pslist.PsList", "ps"),
    ("linux.pslist --pid 1 142", "ps --pid 1 --pid 142"),
    ("linux.pslist --threads", "threads"),
    ("linux.pslist --pid 142 --dump", "dump -p 142 -o pid.142.elf"),
    ("linux.pstree", "ps -t"),
    ("linux.psscan", "ps --scan"),
    ("linux.psaux --pid 142", "cmdline --pid 142"),
    ("linux.proc.Maps --pid 142", "maps --pid 142"),
    ("linux.proc.Maps --pid 142 --address 0x7ffe12340000", "maps --pid 142 0x7ffe12340000"),
    ("linux.proc.Maps --pid 142 --dump", "dump -p 142 -o pid.142.elf"),
    ("linux.elfs", "foreach user modules"),
    ("linux.elfs --pid 142", "modules --pid 142"),
    ("linux.library_list", "foreach user modules"),
    ("linux.library_list --pids 142", "modules --pid 142"),
    ("linux.module_extract --base 0xffffffffc0400000", "dump 0xffffffffc0400000"),
    ("linux.vmaregexscan --pid 142 --pattern a.b", "scan --regex --pid 142 a.b"),
    ("linux.kallsyms", "symbols"),
    ("linux.ip.Addr", "interfaces"),
    ("linux.tracing.ftrace.CheckFtrace", "hooks --only ftrace"),
    ("linux.malware.check_syscall.Check_syscall", "hooks --only syscall,ia32_syscall"),
    ("linux.pagecache.Files", "pagecache"),
    ("linux.pagecache.Files --find /etc/passwd", "pagecache /etc/passwd"),
    ("linux.pagecache.InodePages --find /etc/passwd", "inodepages /etc/passwd"),
    ("linux.pagecache.InodePages --find /etc/passwd --dump", "dump --file /etc/passwd -o passwd"),
    (
        "linux.pagecache.InodePages --inode 0xffff888004a50000 --dump",
        "dump --file 0xffff888004a50000 -o inode.0xffff888004a50000",
    ),
    ("linux.pagecache.RecoverFs", "pagecache --extract recovered_fs"),
    ("linux_pslist", "ps"),
    ("linux_psaux -p 142", "cmdline -p 142"),
    ("linux_bash", "bash"),
    ("linux_lsof -p 1,142", "files -p 1 -p 142"),
    ("windows.pslist", "ps"),
    ("windows.netscan.NetScan", "net"),
    ("windows.filescan.FileScan", "files --scan"),
    ("windows.registry.hivelist", "hives"),
    ("windows.registry.hivescan.HiveScan", "hives --scan"),
    ("windows.registry.printkey --key Select", "reg ls Select"),
    ("windows.registry.printkey.PrintKey --recurse", "reg ls --recurse"),
    ("printkey -K Select", "reg ls Select"),
    ("windows.svcscan.SvcScan", "services"),
    ("psscan", "ps --scan"),
    ("hidden_modules", "modules --scan"),
    ("check_modules", "modules --scan"),
    ("modxview", "modules --scan"),
    ("elfs", "foreach user modules"),
    ("elfs --pid 142", "modules --pid 142"),
    ("check_syscall", "hooks --only syscall,ia32_syscall"),
    ("linux.check_idt", "hooks --only idt"),
    ("check_idt", "hooks --only idt"),
    ("idt", "hooks --only idt"),
    ("linux.check_afinfo", r#"hooks --only seq_operations --where 'name ~ "^/proc/net/(tcp|udp|raw)"'"#),
    ("check_afinfo", r#"hooks --only seq_operations --where 'name ~ "^/proc/net/(tcp|udp|raw)"'"#),
    ("check_fop", "hooks --only file_operations"),
    ("check_creds", "creds"),
    ("check_ftrace", "hooks --only ftrace"),
    ("tracing.ftrace.CheckFtrace", "hooks --only ftrace"),
    ("linux.keyboard_notifiers", "hooks --only notifier keyboard_notifier_list"),
    ("keyboard_notifiers", "hooks --only notifier keyboard_notifier_list"),
    ("notifiers", "hooks --only notifier"),
    ("mutantscan", "objects --type mutant"),
    ("netfilter", "hooks --only netfilter"),
    ("linux.kprobes", "hooks --only kprobe,kretprobe"),
    ("kprobes", "hooks --only kprobe,kretprobe"),
    ("linux.tty_check", "hooks --only tty *receive_buf*"),
    ("tty_check", "hooks --only tty *receive_buf*"),
    ("lsm_hooks", "hooks --only lsm"),
    ("linux.check_inline_kernel", "textcheck"),
    ("proc_maps --pid 142", "maps --pid 142"),
    ("banners.Banners", "info"),
    ("isfinfo.IsfInfo", "info"),
    ("vol -f memory.raw linux.pslist", "ps"),
    ("python3 vol.py -f memory.raw linux.lsmod", "modules"),
];

fn form(name: &str, rest: &[String], notes: &mut Notes) -> Option<Translated> {
    let (plugin, class) = plugin(name)?;
    let known = known(name, &plugin, &class, rest, notes);
    // Not known: memsh's own command of that name, if there is one, or "did you mean".
    known.or_else(|| Some(Ok(with(&[plugin.as_str()], &options("", rest, notes)))))
}

/// A plugin by its name alone (`psscan`, `tracing.ftrace`), where that is no command of memsh's.
pub fn bare(name: &str, rest: &[String], notes: &mut Notes) -> Option<Translated> {
    let (plugin, class) = plugin(&format!("linux.{name}"))?;
    known(name, &plugin, &class, rest, notes)
}

/// The names of all plugins that mean something here, for "did you mean".
pub fn plugins() -> impl Iterator<Item = &'static str> {
    PLUGINS.iter().map(|(name, _)| *name)
}

/// What a plugin that is in the tables means; `name` is how it was typed.
fn known(name: &str, plugin: &str, class: &str, rest: &[String], notes: &mut Notes) -> Option<Translated> {
    let full = format!("{plugin}.{class}");
    let known = |table: &[(&'static str, &'static str)]| {
        let exact = table.iter().find(|(n, _)| !class.is_empty() && *n == full);
        exact.or_else(|| table.iter().find(|(n, _)| *n == plugin)).map(|(_, m)| *m)
    };
    if let Some(instead) = known(NONE) {
        return Some(Err(Absent::new(format!("{name}: memsh has no counterpart"), instead)));
    }
    let meant = known(PLUGINS)?;
    // Of every process, unless some are named: without one memsh's `modules` are the kernel's.
    let chosen = rest.iter().any(|w| matches!(w.as_str(), "--pid" | "--pids" | "-p" | "--dump"));
    let meant = if OF_PROCESSES.contains(&plugin) && !chosen { "foreach user modules" } else { meant };
    Some(Ok(options(meant, rest, notes)))
}

/// The words of a meaning, in which a word with spaces stands in quotes.
fn words(meant: &str) -> Vec<String> {
    super::super::line::split(meant).ok().and_then(|lines| lines.into_iter().next()).map(|line| line.words).unwrap_or_default()
}

/// The plugin's name and its class, both in lower case, of `linux.malware.malfind.Malfind`, `linux_pslist`, `banners.Banners`.
fn plugin(word: &str) -> Option<(String, String)> {
    let systems = ["windows.", "linux.", "mac.", "linux_", "mac_"];
    let name = systems.iter().find_map(|p| word.strip_prefix(p)).filter(|n| !n.is_empty());
    let bare = [
        "banners.",
        "isfinfo.",
        "frameworkinfo.",
        "configwriter.",
        "layerwriter.",
        "regexscan.",
        "yarascan.",
        "timeliner.",
        "vmscan.",
    ];
    let name = name.or_else(|| bare.iter().any(|p| word.starts_with(p)).then_some(word))?;
    let name = ["malware.", "registry."].iter().find_map(|p| name.strip_prefix(p)).unwrap_or(name).to_ascii_lowercase();
    // A package inside a package keeps its name: `tracing.ftrace.CheckFtrace`.
    let packages = ["tracing.", "graphics."];
    let parts = if packages.iter().any(|p| name.starts_with(p)) { 2 } else { 1 };
    let at = name.match_indices('.').nth(parts - 1).map(|(i, _)| i);
    Some(match at {
        Some(at) => (name[..at].to_owned(), name[at + 1..].to_owned()),
        None => (name, String::new()),
    })
}

/// The plugin's options in memsh's words: `--pid 1 2` takes several, `--dump` is a command of its own.
fn options(meant: &str, rest: &[String], notes: &mut Notes) -> Vec<String> {
    if meant.contains("--extract") {
        notes.say("note: what is cached of every file goes to the new directory recovered_fs; `pagecache --extract DIR` chooses another".to_owned());
    }
    let mut command = words(meant);
    let scan = command.first().is_some_and(|c| c == "scan");
    let mut out = Vec::new();
    let mut pids = Vec::new();
    let mut dump = false;
    let mut typed = rest.iter().peekable();
    while let Some(w) = typed.next() {
        match w.as_str() {
            "--pid" | "--pids" | "-p" => {
                let option = if w == "-p" { "-p" } else { "--pid" };
                // A name is memsh's own; Volatility's are numbers, several, with commas in the second one.
                let mut first = true;
                while let Some(n) = typed.next_if(|n| first || is_decimal(n)) {
                    first = false;
                    for n in n.split(',').filter(|n| !n.is_empty()) {
                        out.extend([option.to_owned(), n.to_owned()]);
                        pids.push(n.to_owned());
                    }
                }
            }
            "--dump" => dump = true,
            "--threads" => command = vec!["threads".to_owned()],
            // A key of any hive, below its root.
            "--key" | "-K" if meant == "reg ls" => out.extend(typed.next().cloned()),
            // Rules in a file; those on the command line have no counterpart.
            "--yara-file" => out.extend(typed.next().cloned()),
            "--pattern" | "--yara-string" | "--find" | "--base" | "--address" | "--inode" if !meant.is_empty() => {
                out.extend(typed.next().cloned());
            }
            "--physical" | "--decorate-comm" | "--decorate_comm" => {
                notes.say(format!("note: {w}: memsh's answer does not depend on it (`--json` has every field)"));
            }
            _ => out.push(w.clone()),
        }
    }
    if meant == "inodepages"
        && let Some(file) =
            rest.iter().position(|w| w == "--find" || w == "--inode").and_then(|i| rest.get(i + 1)).filter(|_| dump)
    {
        let name = file.rsplit('/').next().unwrap_or(file);
        let output = if name.starts_with("0x") { format!("inode.{name}") } else { name.to_owned() };
        notes.say(format!("note: --dump: what is cached of {file} goes to {output}"));
        return with(&["dump", "--file", file, "-o", &output], &[] as &[&str]);
    }
    if dump && let [pid] = pids.as_slice() {
        let file = format!("pid.{pid}.elf");
        notes.say(format!("note: --dump: all that process {pid} maps goes to {file}; `dump` writes a module or a range"));
        return with(&["dump", "-p", pid, "-o", &file], &[] as &[&str]);
    }
    if dump && command.first().is_none_or(|c| c != "dump") {
        notes.say(
            "note: --dump: nothing is written; `dump -p PID -o FILE` writes a process, `dump MODULE -o FILE` a module".to_owned(),
        );
    }
    // Every process, unless one is named.
    if command.first().is_some_and(|c| c == "yara") && !pids.is_empty() {
        command.retain(|w| w != "--all");
    }
    // What is searched for stands last.
    if scan && let Some(at) = out.iter().position(|w| w == "--pid" || w == "-p").filter(|&i| i > 0) {
        let pattern: Vec<String> = out.drain(..at).collect();
        out.extend(pattern);
    }
    [command, out].concat()
}
