//! What belongs to the shell itself.

use super::host::Shell;
use super::{docs, expr};
use crate::commands::failure::{Failure, Result};
use crate::commands::{Context, find};
use std::io::Write;
use std::process::Command as Process;

/// Names of the shell's own commands.
pub const NAMES: &[&str] =
    &["help", "proc", "set", "alias", "foreach", "schema", "completions", "man", "version", "exit", "quit"];

/// Whether `words` are the shell's own command.
pub fn is(words: &[String]) -> bool {
    words.first().is_some_and(|w| NAMES.contains(&w.as_str()) || matches!(w.as_str(), "!" | "?" | "q"))
}

/// Runs `words` if they are the shell's own command; `true` says that the shell is to end.
pub fn run(shell: &Shell, words: &[String], out: &mut dyn Write, stdout: bool) -> Option<Result<bool>> {
    let (name, rest) = words.split_first()?;
    let done = |r: Result<()>| Some(r.map(|()| false));
    match name.as_str() {
        "exit" | "quit" | "q" if rest.is_empty() => Some(Ok(true)),
        "exit" | "quit" => Some(Err(Failure::usage(format!("{name} takes no arguments")))),
        "help" | "?" if name == "help" || rest.is_empty() => done(help(shell, rest, out)),
        "proc" => done(process(shell, rest, out)),
        "set" => done(set(shell, rest, out)),
        "alias" => done(text(out, &docs::aliases())),
        "foreach" => done(foreach(shell, rest, out, stdout)),
        "!" => done(host(rest)),
        "schema" => done(schema(rest, out)),
        "completions" => done(completions(rest, out)),
        "man" => done(man(rest, out)),
        "version" => done(text(out, &format!("memsh {}\n", env!("CARGO_PKG_VERSION")))),
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
        [aliases] if matches!(aliases.as_str(), "aliases" | "alias --builtin") => text(out, &super::alias::table()),
        _ => {
            let explained = super::alias::explain(rest);
            // Of memsh's own command its own help comes first.
            let own = super::alias::own(rest);
            if let Some(about) = explained.as_ref().filter(|_| !own) {
                text(out, &format!("{about}\n"))?;
            }
            let words = super::alias::expand(rest);
            let name = words.first().map(String::as_str).unwrap_or_default();
            if let Some(about) = docs::builtin(name) {
                return text(out, about);
            }
            let spec = find(name).ok_or_else(|| {
                Failure::Usage(format!("there is no command {name}"), Some("`help` lists the commands".to_owned()))
            })?;
            let mut parser = super::args::parser(spec, !shell.interactive);
            text(out, &parser.render_help().to_string())?;
            match explained.filter(|_| own) {
                Some(about) => text(out, &format!("\nOther tools' forms:\n{about}")),
                None => Ok(()),
            }
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

fn set(shell: &Shell, rest: &[String], out: &mut dyn Write) -> Result<()> {
    let assignment = rest.join(" ");
    let (name, value) = assignment.split_once(['=', ' ']).map_or((assignment.as_str(), ""), |(n, v)| (n.trim(), v.trim()));
    let bad =
        |what: &str| Failure::Usage(format!("set {name}: {value:?} is not {what}"), Some("`set` lists the settings".to_owned()));
    let flag = || match value {
        "" | "on" | "yes" | "true" | "1" => Ok(true),
        "off" | "no" | "false" | "0" => Ok(false),
        _ => Err(bad("on or off")),
    };
    let when = || <super::args::When as clap::ValueEnum>::from_str(value, true).map_err(|_| bad("auto, always or never"));
    let mut o = shell.defaults.borrow_mut();
    match name {
        "" => {
            let format = if o.json {
                "json"
            } else if o.jsonl {
                "jsonl"
            } else if o.csv {
                "csv"
            } else {
                "table"
            };
            let when = |w: Option<super::args::When>| format!("{:?}", w.unwrap_or_default()).to_lowercase();
            let on = |b: bool| if b { "on" } else { "off" };
            return text(
                out,
                &format!(
                    "format    {format}     table, json, jsonl, csv\nheader    {}        on, off\ncolor     {}      auto, always, never\n\
                     progress  {}      auto, always, never\nquiet     {}       on, off\nstrict    {}       on, off\nverbose   {}         0, 1, 2\n",
                    on(!o.no_header),
                    when(o.color),
                    when(o.progress),
                    on(o.quiet),
                    on(o.strict),
                    o.verbose,
                ),
            );
        }
        "format" => {
            let is = |f: &str| value == f;
            if !["table", "json", "jsonl", "csv"].contains(&value) {
                return Err(bad("table, json, jsonl or csv"));
            }
            (o.table, o.json, o.jsonl, o.csv) = (is("table"), is("json"), is("jsonl"), is("csv"));
        }
        "header" => o.no_header = !flag()?,
        "color" => o.color = Some(when()?),
        "progress" => o.progress = Some(when()?),
        "quiet" => o.quiet = flag()?,
        "strict" => o.strict = flag()?,
        "verbose" => o.verbose = value.parse().map_err(|_| bad("a number"))?,
        other => {
            return Err(Failure::Usage(format!("there is no setting {other}"), Some("`set` lists the settings".to_owned())));
        }
    }
    Ok(())
}

/// `foreach FILTER COMMAND`: the command once for each process.
fn foreach(shell: &Shell, rest: &[String], out: &mut dyn Write, stdout: bool) -> Result<()> {
    let [filter, command @ ..] = rest else {
        let hint = "foreach user maps; filters: user, kernel, all, a pid or a name".to_owned();
        return Err(Failure::Usage("foreach needs a filter and a command".to_owned(), Some(hint)));
    };
    if command.is_empty() {
        return Err(Failure::usage("foreach: which command?"));
    }
    let session = shell.session.as_ref().ok_or_else(|| Failure::usage("foreach: there is no target"))?;
    let before = shell.current.borrow().clone();
    let all = session.processes()?;
    let chosen = all.items.iter().filter(|p| match filter.as_str() {
        "all" => true,
        "user" => !p.kernel_thread,
        "kernel" => p.kernel_thread,
        w => w.parse().map_or_else(|_| p.name.as_bytes() == w.as_bytes(), |pid: u32| p.pid == pid),
    });
    let mut chosen = chosen.peekable();
    if chosen.peek().is_none() {
        let e = memsh::Error::new(memsh::Layer::Os, memsh::ErrorKind::NotFound, format!("no process {filter}"));
        return Err(e.hint("foreach takes user, kernel, all, a pid or a name; `ps` lists the processes").into());
    }
    let mut outcome = Ok(());
    let plain = command.iter().any(|w| matches!(w.as_str(), "--json" | "--jsonl" | "--csv" | "--no-header"));
    for p in chosen {
        shell.current.replace(Some(p.clone()));
        let headed = if plain { Ok(()) } else { heading(shell, p, out, stdout) };
        let ended = headed.and_then(|()| shell.nested(command, out, stdout));
        match ended {
            Ok(ended) if ended.quit => break,
            Ok(_) => {}
            Err(e) => {
                outcome = Err(e);
                break;
            }
        }
    }
    shell.current.replace(before);
    outcome
}

/// Whose answer follows, where a person reads it: not every table says so itself.
fn heading(shell: &Shell, p: &memsh_plugin::ProcessInfo, out: &mut dyn Write, stdout: bool) -> Result<()> {
    let o = shell.defaults.borrow();
    if o.json || o.jsonl || o.csv || o.no_header {
        return Ok(());
    }
    let name = p.name.to_string_lossy();
    let line = format!("-- {}/{} --", super::render::escape::terminal(&name), p.pid);
    text(out, &format!("{}\n", super::render::Paint(shell.style(stdout).color).strong(line)))
}

fn host(rest: &[String]) -> Result<()> {
    let command = rest.join(" ");
    let run = Process::new("sh").arg("-c").arg(&command).status();
    run.map(drop).map_err(|e| Failure::file(std::path::Path::new("sh"), "run", e))
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
pub fn plain_number(option: &str, value: &str) -> Result<memsh::umem> {
    struct Nobody;
    impl crate::commands::context::Names for Nobody {
        fn symbol(&self, _: &str) -> Option<memsh::umem> {
            None
        }
        fn pointer(&self, _: memsh::umem) -> memsh::Result<memsh::umem> {
            Err(memsh::Error::new(memsh::Layer::Command, memsh::ErrorKind::Invalid, "no memory is open yet"))
        }
    }
    expr::evaluate(value, &Nobody)
        .map_err(|e| Failure::usage(format!("{option}: {}", e.lines().join(" ").replace("memsh: ", ""))))
}
