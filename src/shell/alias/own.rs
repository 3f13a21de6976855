//! memsh's own options among the words of another tool: `db 1000 L20 --json`.

/// Options of memsh with a value in the next word.
const VALUED: &[&str] = &[
    "--arch",
    "--as",
    "--color",
    "--columns",
    "--count",
    "--dtb",
    "--kernel-base",
    "--length",
    "--max",
    "--pid",
    "--progress",
    "--sort",
    "--symbols",
    "--where",
];

/// The words of the tool, and memsh's own long options with their values.
pub fn apart(rest: &[String]) -> (Vec<String>, Vec<String>) {
    let (mut theirs, mut own) = (Vec::new(), Vec::new());
    let mut words = rest.iter();
    while let Some(w) = words.next() {
        if w == "--" {
            theirs.extend(words.by_ref().cloned());
        } else if w.len() > 2 && w.starts_with("--") {
            own.push(w.clone());
            if VALUED.contains(&w.as_str()) {
                own.extend(words.next().cloned());
            }
        } else {
            theirs.push(w.clone());
        }
    }
    (theirs, own)
}

/// Whether a word is an option: a dash and a letter (`-1` is a number).
pub fn is_option(word: &str) -> bool {
    word.strip_prefix('-').is_some_and(|w| w.starts_with(|c: char| c.is_ascii_alphabetic()))
}

/// Whether a word is a number as every tool writes it.
pub fn is_number(word: &str) -> bool {
    let body = word.strip_prefix("0x").unwrap_or(word);
    !body.is_empty()
        && body.chars().all(|c| c.is_ascii_hexdigit() || matches!(c, '`' | '_'))
        && word.starts_with(|c: char| c.is_ascii_digit() || word.len() >= 5 && c.is_ascii_hexdigit())
}

/// Whether a word is a count or an id: decimal digits.
pub fn is_decimal(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_ascii_digit())
}

/// A type without WinDbg's name for the kernel before it; another module's name stays, since memsh knows types of modules.
pub fn kernels(kind: &str) -> &str {
    match kind.split_once('!') {
        Some(("nt" | "ntkrnlmp" | "ntoskrnl", name)) => name,
        _ => kind,
    }
}

/// `(struct task_struct *)ADDR`, `*(...)ADDR`, `((...)ADDR)->member`: the type with the member, and the address.
pub fn cast(text: &str) -> Option<(String, String)> {
    let text = text.trim().trim_start_matches('*').trim();
    let (before, rest) = text.split_once("*)").or_else(|| text.split_once("* )"))?;
    let kind = before.trim_start_matches(['(', '*', ' ']).trim();
    let kind = kernels(kind);
    let kind = ["struct ", "union "].iter().find_map(|p| kind.strip_prefix(p)).unwrap_or(kind).trim();
    if kind.is_empty() || !kind.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '!')) {
        return None;
    }
    let (address, member) = match rest.split_once(")->").or_else(|| rest.split_once(").")) {
        Some((a, m)) => (a, Some(m.trim())),
        None => (rest.trim_end_matches(')'), None),
    };
    let address = address.trim().trim_start_matches('(').trim_end_matches(')').trim();
    if address.is_empty() {
        return None;
    }
    let kind = member.map_or_else(|| kind.to_owned(), |m| format!("{kind}.{}", m.replace("->", ".")));
    Some((kind, address.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn memshs_options_are_kept_apart() {
        assert_eq!(apart(&words("1000 --json L20 --columns a,b x")), (words("1000 L20 x"), words("--json --columns a,b")));
        assert_eq!(apart(&words("-c -- --json")), (words("-c --json"), Vec::new()));
        assert_eq!(apart(&[]), (Vec::new(), Vec::new()));
    }

    #[test]
    fn casts_name_a_type_and_an_address() {
        let of = |text| cast(text).map(|(k, a)| format!("{k} @ {a}"));
        assert_eq!(of("*(struct task_struct *)0xffff888000001000").as_deref(), Some("task_struct @ 0xffff888000001000"));
        assert_eq!(of("((struct task_struct *)init_task)->comm").as_deref(), Some("task_struct.comm @ init_task"));
        assert_eq!(of("((nt!_EPROCESS *)0xffff8000)").as_deref(), Some("_EPROCESS @ 0xffff8000"));
        assert_eq!(of("*(list_head*)(init_task+0x10)").as_deref(), Some("list_head @ init_task+0x10"));
        for none in ["2*(3+4)", "*init_task", "", "(*)1", "(a *)", "1 * 2"] {
            assert_eq!(of(none), None, "{none}");
        }
    }
}
