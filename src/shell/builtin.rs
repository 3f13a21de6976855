//! What belongs to the shell itself.

use super::host::Shell;
use super::run::Ended;
use super::{docs, expr, foreach, own, recall, settings, source, tutorial, watch};
use crate::commands::failure::{Failure, Result};
use crate::commands::find;
use std::io::Write;
use std::process::Command as Process;

/// Names of the shell's own commands.
pub const NAMES: &[&str] = &[
    "help",
    "tutorial",
    "proc",
    "set",
    "alias",
    "unalias",
    "foreach",
    "watch",
    "source",
    "history",
    "log",
    "schema",
    "completions",
    "man",
    "exit",
    "quit",
];
/// Other names of theirs.
const OTHERS: &[&str] = &["!", "?", "q", ".", ".logopen", ".logappend", ".logclose"];

/// Whether `words` are the shell's own command.
pub fn is(shell: &Shell, words: &[String]) -> bool {
    let Some(name) = words.first().map(String::as_str) else { return false };
    match name {
        "history" => own_history(shell, words.len()),
        _ => NAMES.contains(&name) || OTHERS.contains(&name) || name.starts_with("$<"),
    }
}

/// `history` by itself lists the lines that were typed; in scripts and with arguments it is the command over the target, if there
/// is one.
fn own_history(shell: &Shell, words: usize) -> bool {
    shell.interactive && words == 1
}

/// Runs `words` if they are the shell's own command.
pub fn run(shell: &Shell, words: &[String], out: &mut dyn Write, stdout: bool) -> Option<Result<Ended>> {
    let (name, rest) = words.split_first()?;
    let done = |r: Result<()>| Some(r.map(|()| Ended::WELL));
    match name.as_str() {
        "exit" | "quit" | "q" if rest.is_empty() => Some(Ok(Ended { quit: true, ..Ended::WELL })),
        "exit" | "quit" => Some(Err(Failure::usage(format!("{name} takes no arguments")))),
        "help" | "?" if name == "help" || rest.is_empty() => done(help(shell, rest, out)),
        "tutorial" => Some(tutorial::run(shell, rest, out, stdout)),
        "proc" => done(process(shell, rest, out)),
        "set" => done(settings::run(shell, rest).and_then(|shown| text(out, &shown))),
        "alias" => done(alias(shell, rest, out)),
        "unalias" => done(unalias(shell, rest)),
        "foreach" => Some(foreach::run(shell, rest, out, stdout)),
        "watch" => Some(watch::run(shell, rest, out, stdout)),
        "source" | "." => Some(source::run(shell, rest, if stdout { None } else { Some(out) })),
        // WinDbg's `$<FILE`, with a space or without.
        from if from.starts_with("$<") => {
            let file = from.strip_prefix("$<").filter(|f| !f.is_empty()).map(str::to_owned);
            let words: Vec<String> = file.into_iter().chain(rest.iter().cloned()).collect();
            Some(source::run(shell, &words, if stdout { None } else { Some(out) }))
        }
        "log" | ".logopen" | ".logappend" | ".logclose" => done(log(shell, name, rest, out)),
        "history" if own_history(shell, words.len()) => done(history(shell, out, stdout)),
        "!" => Some(host(shell, rest, out)),
        "schema" => done(schema(rest, out)),
        "completions" => done(completions(rest, out)),
        "man" => done(man(rest, out)),
        _ => None,
    }
}

fn text(out: &mut dyn Write, text: &str) -> Result<()> {
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

fn help(shell: &Shell, rest: &[String], out: &mut dyn Write) -> Result<()> {
    match rest {
        [] => text(out, &docs::overview(shell.interactive)),
        [flag] if flag == "--markdown" => text(out, &docs::markdown()),
        [aliases] if aliases == "aliases" => text(out, &super::alias::table()),
        _ => {
            // memsh's own words need no translation.
            let own = super::alias::own(rest);
            if let Some(about) = super::alias::explain(rest).filter(|_| !own) {
                text(out, &format!("{about}\n"))?;
            }
            // What is not here is explained as well as what is.
            if !own && super::alias::translate(rest).absent.is_some() {
                return Ok(());
            }
            let words = super::alias::expand(rest);
            let name = words.first().map(String::as_str).unwrap_or_default();
            // `log` alone is the kernel's; with a file it is the shell's own, which has to be explained somewhere.
            if let [typed] = rest
                && typed != name
                && let Some(about) = docs::builtin(typed).filter(|_| typed == "log")
            {
                text(out, &format!("{about}\n"))?;
            }
            if let Some(body) = shell.own.borrow().get(name) {
                return text(out, &format!("{name} is an alias of yours: {body}\n"));
            }
            if let Some(about) = docs::builtin(name).filter(|_| name != "history" || shell.interactive || find(name).is_none()) {
                return text(out, about);
            }
            let spec = find(name).ok_or_else(|| {
                Failure::Usage(format!("there is no command {name}"), Some("`help` lists the commands".to_owned()))
            })?;
            let mut parser = super::args::parser(spec, !shell.interactive);
            text(out, &parser.render_help().to_string())
        }
    }
}

fn process(shell: &Shell, rest: &[String], out: &mut dyn Write) -> Result<()> {
    // WinDbg's `.process /p /r PID`.
    let wanted: Vec<&String> = rest.iter().filter(|w| !w.starts_with('/')).collect();
    let session = shell.session.as_ref().ok_or_else(|| Failure::usage("proc: there is no target"))?;
    match wanted.as_slice() {
        [] => {
            let current = shell.current.borrow();
            let line = match current.as_ref() {
                Some(p) => format!("{}/{}\n", super::render::escape::terminal(&p.name.to_string_lossy()), p.pid),
                None => "no process is chosen: addresses are the kernel's\n".to_owned(),
            };
            text(out, &line)
        }
        [none] if matches!(none.as_str(), "-" | "none" | "kernel" | "-k") => {
            shell.current.replace(None);
            Ok(())
        }
        [which] => {
            let found = session.find_process(which)?;
            shell.current.replace(Some(found));
            Ok(())
        }
        _ => {
            Err(Failure::Usage("proc takes one process".to_owned(), Some("proc PID; proc - goes back to the kernel".to_owned())))
        }
    }
}

/// `alias NAME=COMMAND`, `alias NAME`, `alias`.
fn alias(shell: &Shell, rest: &[String], out: &mut dyn Write) -> Result<()> {
    let shown = |name: &str, body: &str| format!("alias {}\n", own::quoted(&format!("{name}={body}")));
    let Some((first, more)) = rest.split_first() else {
        let own: String = shell.own.borrow().iter().map(|(n, b)| shown(n, b)).collect();
        let gap = if own.is_empty() { "" } else { "\n" };
        return text(out, &format!("{own}{gap}{}", super::alias::short()));
    };
    if first == "--builtin" && more.is_empty() {
        return text(out, &super::alias::table());
    }
    let Some((name, begin)) = first.split_once('=') else {
        let own = shell.own.borrow();
        return match (own.get(first), more) {
            (Some(body), []) => text(out, &shown(first, body)),
            (_, [second, ..]) if second.starts_with('=') => {
                Err(Failure::usage("alias NAME=COMMAND, without spaces around the ="))
            }
            _ => {
                let hint = "alias NAME=COMMAND defines one; alias lists them".to_owned();
                Err(Failure::Usage(format!("there is no alias {first} of yours"), Some(hint)))
            }
        };
    };
    // One word in quotes is the line as it stands; several words are what they are.
    let body = match more {
        [] => begin.trim().to_owned(),
        more => format!("{begin} {}", own::joined(more)),
    };
    let letters = |c: char| c.is_alphanumeric() || "_-.+:".contains(c);
    if name.is_empty() || name.starts_with('-') || !name.chars().all(letters) {
        return Err(Failure::usage(format!("alias: {name:?} can't be a name: letters, digits, _ - . + : can")));
    }
    if matches!(name, "alias" | "unalias" | "exit" | "quit") {
        return Err(Failure::usage(format!("alias: {name} has to keep its meaning")));
    }
    if body.is_empty() {
        return Err(Failure::Usage("alias: which command?".to_owned(), Some(format!("unalias {name} removes it"))));
    }
    super::line::split(&body).map_err(|why| Failure::usage(format!("alias {name}: {why}")))?;
    shell.own.borrow_mut().insert(name.to_owned(), body);
    Ok(())
}

fn unalias(shell: &Shell, rest: &[String]) -> Result<()> {
    if rest.is_empty() {
        return Err(Failure::usage("unalias: which one?"));
    }
    for name in rest {
        if shell.own.borrow_mut().remove(name).is_none() {
            let hint = "`alias` lists them; those of memsh itself stay".to_owned();
            return Err(Failure::Usage(format!("there is no alias {name} of yours"), Some(hint)));
        }
    }
    Ok(())
}

/// `log FILE [--force]`, `log status`, `log off`; WinDbg's `.logopen`, `.logappend`, `.logclose`.
fn log(shell: &Shell, name: &str, rest: &[String], out: &mut dyn Write) -> Result<()> {
    // WinDbg's options: /t a time in the name, /u Unicode; nothing here needs them.
    let words: Vec<&str> = rest.iter().map(String::as_str).filter(|w| !(name.starts_with('.') && w.starts_with('/'))).collect();
    let force = words.contains(&"--force");
    let words: Vec<&str> = words.into_iter().filter(|w| *w != "--force").collect();
    match words.as_slice() {
        [] if name == ".logclose" => drop(shell.close_log()),
        ["off" | "close"] if name == "log" => match shell.close_log() {
            Some((path, head)) => shell.say(&format!("memsh: log closed: {}: {head}", path.display())),
            None => return Err(Failure::usage("there is no log")),
        },
        [] | ["status"] => {
            let head = shell.log.borrow().as_ref().map(super::log::Log::head);
            if let (["status"], Some(head)) = (words.as_slice(), head) {
                shell.note(0, &head);
            }
            let line = match shell.log.borrow().as_ref() {
                Some(log) => format!("{}\n", super::render::escape::terminal(&log.path().to_string_lossy())),
                None => "there is no transcript: log FILE begins one, log off ends it\n".to_owned(),
            };
            return text(out, &line);
        }
        [option] if option.starts_with('-') => return Err(Failure::usage(format!("log: there is no option {option}"))),
        [file] => {
            let path = std::path::Path::new(file);
            let note = format!("memsh: logging to {}", path.display());
            shell.open_log(path, force)?;
            super::screen::told(super::render::escape::terminal(&note));
        }
        _ => return Err(Failure::usage("log takes one file")),
    }
    Ok(())
}

fn history(shell: &Shell, out: &mut dyn Write, stdout: bool) -> Result<()> {
    text(out, &recall::list(shell, stdout))?;
    if stdout && find("bash").is_some() {
        shell.note(0, "these are your own lines; `bash` shows what was typed on the target");
    }
    Ok(())
}

fn host(shell: &Shell, rest: &[String], out: &mut dyn Write) -> Result<Ended> {
    let command = rest.join(" ");
    let mut process = Process::new("sh");
    process.arg("-c").arg(&command);
    if let Some(outlet) = shell.outlet()? {
        // What was answered so far stands before what it writes.
        out.flush()?;
        process.stdout(outlet);
    }
    let _guest = super::interrupt::Guest::new();
    if let Some(log) = shell.log.borrow_mut().as_mut() {
        log.note("(what the host's shell shows is not recorded)");
    }
    let status = process.status().map_err(|e| Failure::file(std::path::Path::new("sh"), "run", e))?;
    shell.hosted(&command, status)
}

fn schema(rest: &[String], out: &mut dyn Write) -> Result<()> {
    match rest {
        [] => text(out, &docs::schemas()),
        [name, ..] => {
            let spec = find(name).ok_or_else(|| Failure::usage(format!("there is no command {name}")))?;
            text(out, &docs::schema(spec))
        }
    }
}

fn completions(rest: &[String], out: &mut dyn Write) -> Result<()> {
    let shells = "bash, zsh, fish, elvish or powershell";
    let name = rest.first().ok_or_else(|| Failure::usage(format!("completions: for which shell? {shells}")))?;
    let shell = <clap_complete::Shell as clap::ValueEnum>::from_str(name, true)
        .map_err(|_| Failure::usage(format!("completions: {name} is not {shells}")))?;
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut super::args::whole(), "memsh", &mut script);
    out.write_all(&script)?;
    out.flush()?;
    Ok(())
}

fn man(rest: &[String], out: &mut dyn Write) -> Result<()> {
    let command = match rest.first() {
        None => super::args::whole(),
        Some(name) => {
            let spec = find(name).ok_or_else(|| Failure::usage(format!("there is no command {name}")))?;
            super::args::parser(spec, true)
        }
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    out.write_all(&page)?;
    out.flush()?;
    Ok(())
}

/// The value of a number on the program's own command line, where nothing can be named yet.
pub fn plain_number(option: &str, value: &str) -> Result<crate::umem> {
    struct Nobody;
    impl crate::commands::context::Names for Nobody {
        fn symbol(&self, _: &str) -> Option<crate::umem> {
            None
        }
        fn pointer(&self, _: crate::umem) -> crate::Result<crate::umem> {
            Err(crate::Error::new(crate::Layer::Command, crate::ErrorKind::Invalid, "no memory is open yet"))
        }
    }
    expr::evaluate(value, &Nobody)
        .map_err(|e| Failure::usage(format!("{option}: {}", e.lines().join(" ").replace("memsh: ", ""))))
}
