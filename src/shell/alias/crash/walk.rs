//! crash's `struct`, `p`, `list` and `tree`.

use super::super::notes::{Notes, crash, hex, number};
use super::super::own::{apart, cast, is_decimal, is_number, is_option};
use super::super::{Absent, Translated, with};

/// `struct [-o|-x|-d|-u|-l OFFSET] TYPE[.MEMBER,...] [ADDR]`
pub fn structure(rest: &[String], notes: &mut Notes) -> Translated {
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

/// `-s task_struct.pid,comm`: the type and its members.
fn members(text: &str) -> (String, String) {
    let (kind, members) = text.split_once('.').unwrap_or((text, ""));
    // crash repeats the type or does not: `task_struct.pid,task_struct.comm`.
    let members = members.split(',').map(|m| m.strip_prefix(kind).and_then(|m| m.strip_prefix('.')).unwrap_or(m));
    (kind.to_owned(), members.collect::<Vec<_>>().join(","))
}

/// `list [-o] OFFSET|TYPE.MEMBER [-s TYPE.MEMBERS] [-h|-H] ADDR`; without options of crash's it is memsh's own.
pub fn list(rest: &[String], notes: &mut Notes) -> Option<Translated> {
    let (theirs, own) = apart(rest);
    let theirs_alone = |w: &String| matches!(w.as_str(), "-h" | "-H" | "-S" | "-r" | "-B" | "-x" | "-d");
    let offset = theirs.windows(2).any(|w| matches!(w, [o, n] if o == "-o" && number(n, 10).is_some()));
    if !theirs.iter().any(theirs_alone) && !offset {
        return None;
    }
    let mut plain: Vec<String> = Vec::new();
    let mut behind = Vec::new();
    let mut shown = None;
    let mut words = theirs.iter();
    while let Some(w) = words.next() {
        match w.as_str() {
            "-h" => behind.push("--embedded".to_owned()),
            "-H" | "-x" | "-d" => {}
            "-o" => match words.next()? {
                // `-o task_struct.tasks`: the member in place of its offset.
                member if number(member, 10).is_none() && member.contains('.') => plain.insert(0, member.clone()),
                offset => behind.extend(["--offset".to_owned(), offset.clone()]),
            },
            "-s" | "-S" => shown = Some(words.next()?),
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
    let linked = plain.first().and_then(|w| w.split_once('.')).map(|(kind, member)| (kind.to_owned(), member.to_owned()));
    if let Some(text) = shown {
        let (kind, shown) = match text.split_once('.') {
            // The type alone is all of it, which is a long line each; other names alone are members.
            None if linked.as_ref().is_some_and(|(k, _)| k == text) => (text.clone(), String::new()),
            None => (String::new(), text.clone()),
            Some(_) => members(text),
        };
        // `-H init_task.tasks -s task_struct.pid`: the type is that of what is shown, the member that of the head.
        if let ([_], Some((symbol, member)), false) = (plain.as_slice(), &linked, kind.is_empty())
            && *symbol != kind
        {
            plain.insert(0, format!("{kind}.{member}"));
        }
        if !shown.is_empty() {
            behind.splice(0..0, ["-s".to_owned(), shown]);
        }
    }
    Some(Ok(with(&["list"], &[plain, behind, own].concat())))
}

/// `tree -t KIND [-r TYPE.MEMBER] [-s TYPE.MEMBERS] ROOT`; without `-t` it is memsh's own.
pub fn tree(rest: &[String], notes: &mut Notes) -> Option<Translated> {
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
