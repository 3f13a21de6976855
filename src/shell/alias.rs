//! What people of other tools type, and the command they mean.
//!
//! Plain second names stand with each command. Here are the spellings that carry arguments in a form of their own: WinDbg's
//! `db ADDR L20`, `!process 0 0` and `s -a`, crash's `rd -8 ADDR COUNT`, gdb's `x/16gx ADDR`, Volatility's `windows.pslist`.

/// WinDbg extensions that memsh knows; any other `!word` goes to the host's shell.
const EXTENSIONS: &[(&str, &[&str])] = &[
    ("process", &["ps"]),
    ("dml_proc", &["ps"]),
    ("thread", &["threads"]),
    ("vad", &["maps"]),
    ("address", &["maps"]),
    ("pte", &["vtop"]),
    ("vtop", &["vtop"]),
    ("ptov", &["ptov"]),
    ("peb", &["env"]),
    ("sysinfo", &["info"]),
    ("lmi", &["modules"]),
    ("db", &["read", "--phys", "--as", "b"]),
    ("dd", &["read", "--phys", "--as", "d"]),
    ("dq", &["read", "--phys", "--as", "q"]),
];

/// Volatility's plugin names that are not simply ours.
const PLUGINS: &[(&str, &[&str])] = &[
    ("pstree", &["ps", "-t"]),
    ("proc.maps", &["maps"]),
    ("proc_maps", &["maps"]),
    ("elfs", &["modules"]),
    ("library_list", &["modules"]),
    ("kallsyms", &["symbols"]),
    ("banners", &["info"]),
    ("vmcoreinfo", &["info"]),
    ("vmaregexscan", &["scan", "--regex"]),
    ("regexscan", &["scan", "--regex"]),
    ("memmap", &["pages"]),
];

/// Spellings that are a command with arguments.
const PLAIN: &[(&str, &[&str])] = &[
    ("pstree", &["ps", "-t"]),
    ("db", &["read", "--as", "b"]),
    ("dw", &["read", "--as", "w"]),
    ("dd", &["read", "--as", "d"]),
    ("dq", &["read", "--as", "q"]),
    ("dp", &["read", "--as", "p"]),
    ("dps", &["read", "--as", "p"]),
    ("dqs", &["read", "--as", "p"]),
    ("da", &["read", "--as", "s"]),
    ("print", &["eval"]),
    ("px", &["read", "--as", "b"]),
    ("uf", &["dis", "--function"]),
    ("ub", &["dis", "--reverse", "-n", "8"]),
    ("lmv", &["modules"]),
    ("lmvm", &["modules"]),
];

/// Whether `!name` is one of the debugger's extensions, not a command of the host.
pub fn is_debugger_extension(name: &str) -> bool {
    EXTENSIONS.iter().any(|(n, _)| *n == name)
}

fn replaced(with: &[&str], rest: &[String]) -> Vec<String> {
    with.iter().map(|w| (*w).to_owned()).chain(rest.iter().cloned()).collect()
}

fn look(table: &[(&str, &[&'static str])], name: &str) -> Option<Vec<&'static str>> {
    table.iter().find(|(n, _)| *n == name).map(|(_, w)| w.to_vec())
}

/// The words that memsh's own parser understands for the words that were typed.
pub fn expand(words: &[String]) -> Vec<String> {
    let Some((first, rest)) = words.split_first() else { return Vec::new() };
    if let Some(name) = first.strip_prefix('!') {
        return match look(EXTENSIONS, name) {
            // `!process 0 0`: the numbers say which and how much; all of them is what `ps` shows.
            Some(with) if name == "process" => replaced(&with, &process_filter(rest)),
            Some(with) => replaced(&with, rest),
            None => words.to_vec(),
        };
    }
    if let Some(plugin) = volatility(first) {
        let rest = plugin_options(rest);
        return match look(PLUGINS, &plugin) {
            Some(with) => replaced(&with, &rest),
            None => replaced(&[&plugin], &rest),
        };
    }
    if let Some(format) = first.strip_prefix("x/") {
        return gdb(format, rest);
    }
    match first.as_str() {
        "rd" => crash(rest),
        // WinDbg's `x module!pattern` looks symbols up; gdb's `x ADDR` reads memory.
        "x" if rest.iter().any(|w| w.contains('*') && !w.starts_with('*') || w.ends_with('!')) => replaced(&["symbols"], rest),
        "s" if rest.first().is_some_and(|w| matches!(w.as_str(), "-a" | "-u" | "-b" | "-w" | "-d" | "-q")) => windbg_search(rest),
        // WinDbg's `lm m PATTERN`.
        "lm" | "lmv" if rest.first().is_some_and(|w| w == "m") => replaced(&["modules"], rest.get(1..).unwrap_or_default()),
        // WinDbg's `dt TYPE -l MEMBER ADDR`: from structure to structure.
        "dt" | "struct" if rest.iter().any(|w| matches!(w.as_str(), "-l" | "--list")) => walked(rest),
        // WinDbg's `dt -r2`.
        "dt" | "struct" if rest.iter().any(|w| depth(w).is_some()) => {
            let words = rest.iter().flat_map(|w| match depth(w) {
                Some(n) => vec!["--depth".to_owned(), n.to_owned()],
                None => vec![w.clone()],
            });
            std::iter::once(first.clone()).chain(words).collect()
        }
        "vtop" | "pte" if rest.first().is_some_and(|w| w == "-c") => replaced(&["vtop", "-p"], rest.get(1..).unwrap_or_default()),
        name => look(PLAIN, name).map_or_else(|| words.to_vec(), |with| replaced(&with, rest)),
    }
}

/// `TYPE -l MEMBER ADDR` in any order, as `list TYPE.MEMBER ADDR --embedded`.
fn walked(rest: &[String]) -> Vec<String> {
    let at = rest.iter().position(|w| matches!(w.as_str(), "-l" | "--list")).unwrap_or(0);
    let member = rest.get(at + 1).cloned().unwrap_or_default();
    let others = rest.iter().enumerate().filter(|(i, _)| *i != at && *i != at + 1).map(|(_, w)| w.clone());
    let mut out = vec!["list".to_owned()];
    let mut named = false;
    for word in others {
        let is_type = !named && !word.starts_with('-');
        named |= is_type;
        out.push(if is_type { format!("{word}.{}", member.rsplit('.').next().unwrap_or(&member)) } else { word });
    }
    out.push("--embedded".to_owned());
    out
}

fn depth(word: &str) -> Option<&str> {
    word.strip_prefix("-r").filter(|n| !n.is_empty() && n.chars().all(|c| c.is_ascii_digit()))
}

/// `!process 0 0 [name]`, `!process PID`: `0`, `-1` and flags mean all.
fn process_filter(rest: &[String]) -> Vec<String> {
    match rest {
        [first, _flags, name @ ..] if matches!(first.as_str(), "0" | "-1") => name.to_vec(),
        [first] if matches!(first.as_str(), "0" | "-1") => Vec::new(),
        [first, ..] => vec![first.clone()],
        [] => Vec::new(),
    }
}

/// The plugin's short name, of `windows.pslist`, `linux.pslist.PsList`, `linux.proc.Maps`.
fn volatility(word: &str) -> Option<String> {
    let name = ["windows.", "linux.", "mac."].iter().find_map(|p| word.strip_prefix(p))?.to_ascii_lowercase();
    if PLUGINS.iter().any(|(n, _)| *n == name) {
        return Some(name);
    }
    Some(name.split('.').next().unwrap_or_default().to_owned())
}

/// Volatility's `--pid 1 2 3` takes several.
fn plugin_options(rest: &[String]) -> Vec<String> {
    let mut out = Vec::new();
    let mut after_pid = false;
    for w in rest {
        let number = w.chars().all(|c| c.is_ascii_digit());
        if after_pid && number && out.last().is_none_or(|l| l != "--pid") {
            out.push("--pid".to_owned());
        }
        after_pid = w == "--pid" || (after_pid && number);
        out.push(w.clone());
    }
    out
}

/// gdb's `x/16gx ADDR`: a count, a size (b h w g), a format; what is missing is gdb's default.
fn gdb(format: &str, rest: &[String]) -> Vec<String> {
    let digits: String = format.chars().take_while(char::is_ascii_digit).collect();
    let letters = &format[digits.len()..];
    let mut unit = "d";
    for c in letters.chars() {
        unit = match c {
            'b' | 'c' => "b",
            'h' => "w",
            'w' => "d",
            'g' => "q",
            'a' => "p",
            's' => return replaced(&["read", "--as", "s"], rest),
            'i' => return replaced(&["dis", "-n", if digits.is_empty() { "1" } else { &digits }], rest),
            _ => unit,
        };
    }
    let count = if digits.is_empty() { "1" } else { &digits };
    replaced(&["read", "--as", unit, "--count", count], rest)
}

/// crash's `rd [-8|-16|-32|-64] ADDR [COUNT]`.
fn crash(rest: &[String]) -> Vec<String> {
    let mut out = vec!["read".to_owned()];
    let mut unit = "q";
    let mut plain = 0;
    let mut value = false;
    let mut counted = false;
    for w in rest {
        match w.as_str() {
            "-8" => unit = "b",
            "-16" => unit = "w",
            "-32" => unit = "d",
            "-64" => unit = "q",
            _ => {
                let option = w.starts_with('-');
                plain += usize::from(!option && !value);
                // The second plain word is the count.
                if plain == 2 && !option && !value {
                    out.push("--count".to_owned());
                    counted = true;
                }
                counted |= matches!(w.as_str(), "-n" | "--length" | "--count");
                value = matches!(w.as_str(), "-p" | "--pid" | "-n" | "--length" | "--count" | "-e");
                out.push(w.clone());
            }
        }
    }
    out.extend(["--as".to_owned(), unit.to_owned()]);
    if !counted {
        out.extend(["--count".to_owned(), "1".to_owned()]);
    }
    out
}

/// WinDbg's `s -a START RANGE "text"`, `s -u`, `s -b START RANGE 41 42`.
fn windbg_search(rest: &[String]) -> Vec<String> {
    let (kind, tail) = rest.split_first().map_or(("", rest), |(k, t)| (k.as_str(), t));
    // memsh's own options (`--json`) may stand behind; they are no part of the pattern.
    let (options, tail): (Vec<String>, Vec<String>) = tail.iter().cloned().partition(|w| w.starts_with("--"));
    let (place, pattern) = tail.split_at(tail.len().min(2));
    let mut out = vec!["scan".to_owned()];
    out.extend(options);
    if let [start, range] = place {
        out.extend(["--range".to_owned(), start.clone(), range.clone()]);
    }
    let width = match kind {
        "-u" => {
            out.push("--utf16".to_owned());
            0
        }
        "-b" => 1,
        "-w" => 2,
        "-d" => 4,
        "-q" => 8,
        _ => 0,
    };
    if width == 0 {
        out.push("--".to_owned());
        out.push(pattern.join(" "));
        return out;
    }
    out.push("--hex".to_owned());
    out.push(pattern.iter().map(|v| little_endian(v, width)).collect::<Vec<_>>().join(" "));
    out
}

/// The bytes of a WinDbg number (base 16) in the target's order.
fn little_endian(text: &str, width: usize) -> String {
    let clean = text.trim_start_matches("0x").replace('`', "");
    match u64::from_str_radix(&clean, 16) {
        Ok(v) => v.to_le_bytes().iter().take(width).map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(" "),
        // Not a number: the search's own parser says what is wrong with it.
        Err(_) => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(line: &str) -> String {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        expand(&words).join(" ")
    }

    #[test]
    fn other_tools_spellings_become_ours() {
        for (typed, meant) in [
            ("ps -t", "ps -t"),
            ("pstree", "ps -t"),
            ("!process 0 0", "ps"),
            ("!process 0 0 init", "ps init"),
            ("!process 4", "ps 4"),
            ("windows.pslist", "pslist"),
            ("linux.pslist.PsList", "pslist"),
            ("linux.pslist --pid 1 2", "pslist --pid 1 --pid 2"),
            ("linux.pstree", "ps -t"),
            ("linux.proc.Maps --pid 1", "maps --pid 1"),
            ("linux.lsmod", "lsmod"),
            ("db 0x1000 L20", "read --as b 0x1000 L20"),
            ("dq 0x1000", "read --as q 0x1000"),
            ("!db 1000", "read --phys --as b 1000"),
            ("rd -8 0x1000 16", "read 0x1000 --count 16 --as b"),
            ("rd init_task", "read init_task --as q --count 1"),
            ("rd -p 1 0x1000 2", "read -p 1 0x1000 --count 2 --as q"),
            ("x/16gx 0x1000", "read --as q --count 16 0x1000"),
            ("x/s 0x1000", "read --as s 0x1000"),
            ("x/16i schedule", "dis -n 16 schedule"),
            ("uf schedule", "dis --function schedule"),
            ("x 0x1000", "x 0x1000"),
            ("x nt!*Process*", "symbols nt!*Process*"),
            ("s -a 0 L?1000 abc", "scan --range 0 L?1000 -- abc"),
            ("s -d 0 L1000 41424344", "scan --range 0 L1000 --hex 44 43 42 41"),
            ("s abc", "s abc"),
            ("dt -r2 x", "dt --depth 2 x"),
            ("dt task_struct -l tasks init_task", "list task_struct.tasks init_task --embedded"),
            ("dt --list tasks task_struct init_task", "list task_struct.tasks init_task --embedded"),
        ] {
            assert_eq!(expanded(typed), meant, "{typed}");
        }
    }
}
