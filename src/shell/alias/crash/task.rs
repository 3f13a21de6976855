//! crash's `ps`, `set`, `task`, `bt` and `foreach`.

use super::super::notes::{Notes, crash, hex};
use super::super::own::{apart, is_decimal, is_number};
use super::super::{Absent, Translated, with};

/// `ps -a`, `-c`, `-g`, `-G`, ...; `-t` is memsh's tree, `-p PID` memsh's choice.
pub fn ps(rest: &[String]) -> Option<Translated> {
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
pub fn context(rest: &[String], notes: &mut Notes) -> Option<Translated> {
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
pub fn task(rest: &[String], notes: &mut Notes) -> Vec<String> {
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

/// `bt [-a] [-f] [-sxlt] [PID|ADDR]`
pub fn backtrace(rest: &[String], notes: &mut Notes) -> Option<Translated> {
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
pub fn foreach(rest: &[String]) -> Option<Translated> {
    let (first, _) = rest.split_first()?;
    let command = ["bt", "vm", "task", "files", "net", "ps", "sig", "vtop", "rd", "maps", "threads", "lsof"];
    let alone = command.contains(&first.as_str()) && rest.get(1).is_none_or(|w| w.starts_with('-'));
    alone.then(|| Ok(with(&["foreach", "all"], rest)))
}
