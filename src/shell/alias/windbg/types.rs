//! WinDbg's `dt` and `dx`.

use super::super::notes::{Notes, hex, windbg};
use super::super::own::{apart, cast, is_decimal, is_number, is_option, kernels};
use super::super::{Translated, with};

fn depth(word: &str) -> Option<&str> {
    word.strip_prefix("-r").filter(|n| is_decimal(n))
}

/// `dt -r2 nt!_EPROCESS [FIELD] ADDR`; other words are memsh's own `dt`.
pub fn layout(rest: &[String], notes: &mut Notes) -> Option<Translated> {
    let module = |w: &String| w.split_once('!').is_some_and(|(m, t)| !m.is_empty() && !t.is_empty());
    let theirs = rest.iter().any(module);
    let flags = rest.iter().any(|w| depth(w).is_some() || matches!(w.as_str(), "-b" | "-v"));
    if !theirs && !flags {
        return None;
    }
    let (words, own) = apart(rest);
    let mut out = vec!["dt".to_owned()];
    let mut plain: Vec<String> = Vec::new();
    let mut after = false;
    for w in &words {
        if std::mem::replace(&mut after, matches!(w.as_str(), "-p")) {
            out.push(w.clone());
            continue;
        }
        match w.as_str() {
            "-b" => out.extend(["--depth".to_owned(), "16".to_owned()]),
            // What is verbose there is always shown here; `-y` says that a part of a name follows.
            "-v" | "-y" => {}
            w => match depth(w) {
                Some(n) => out.extend(["--depth".to_owned(), n.to_owned()]),
                None if is_option(w) => out.push(w.to_owned()),
                None if plain.is_empty() => plain.push(kernels(w).to_owned()),
                None => plain.push(w.to_owned()),
            },
        }
    }
    // A member may stand before the address or behind it.
    if theirs && plain.len() == 3 {
        let member = if is_number(&plain[1]) { 2 } else { 1 };
        let name = plain.remove(member);
        plain[0] = format!("{}.{name}", plain[0]);
    }
    if theirs && let Some(at) = plain.get_mut(1) {
        *at = hex(at, windbg("dt"), notes);
    }
    Some(Ok([out, plain, own].concat()))
}

/// `dt TYPE -l MEMBER ADDR`, in any order: from structure to structure along a list.
pub fn walked(rest: &[String]) -> Vec<String> {
    let mut member = String::new();
    let mut others = Vec::new();
    let mut words = rest.iter();
    while let Some(w) = words.next() {
        match w.as_str() {
            "-l" | "--list" => member = words.next().cloned().unwrap_or_default(),
            _ => others.push(w.clone()),
        }
    }
    // WinDbg names the link itself (`ActiveProcessLinks.Flink`), memsh the list's node.
    let node = member.strip_suffix(".Flink").or_else(|| member.strip_suffix(".next")).unwrap_or(&member);
    if let Some(kind) = others.iter_mut().find(|w| !w.starts_with('-')) {
        *kind = format!("{}.{node}", kernels(kind));
    }
    with(&["list"], &[others, vec!["--embedded".to_owned()]].concat())
}

/// `dx (nt!_EPROCESS*)ADDR`: a type and an address; anything else is a number.
pub fn dx(rest: &[String]) -> Vec<String> {
    let (theirs, own) = apart(rest);
    let theirs: Vec<String> = theirs.into_iter().filter(|w| !is_option(w)).collect();
    match cast(&theirs.join(" ")) {
        Some((kind, at)) => with(&["dt", &kind, &at], &own),
        None => with(&["eval"], &[theirs, own].concat()),
    }
}
