//! Where the answer of a command goes: to the screen, into a pipe, into a file.

use super::builtin;
use super::foreach::rows;
use super::host::Shell;
use super::interrupt::Guest;
use super::line::{Line, Output};
use super::render::Format;
use super::run::Ended;
use super::screen::Screen;
use super::sieve::{Colors, Sieve};
use crate::commands::evidence::guard;
use crate::commands::failure::{Failure, Result, exit};
use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, PipeWriter, Read, Write};
use std::path::Path;
use std::process::{Child, Command as Process, ExitStatus, Stdio};

/// Programs that take the whole terminal: what they show is no transcript.
const FULL_SCREEN: &[&str] =
    &["less", "more", "most", "bat", "vi", "vim", "nvim", "view", "nano", "emacs", "fzf", "vd", "jless", "fx"];
/// The signals that end who writes to a closed pipe, and who is interrupted; a shell tells them as a status, 128 higher.
const SIGPIPE: i32 = 13;
const SIGINT: i32 = 2;

/// Another way to where the answer of a line goes.
pub enum Outlet {
    /// `> FILE`
    File(File),
    /// `| PROGRAM`
    Pipe(PipeWriter),
}

impl Outlet {
    fn stdio(&self) -> io::Result<Stdio> {
        Ok(match self {
            Outlet::File(file) => file.try_clone()?.into(),
            Outlet::Pipe(pipe) => pipe.try_clone()?.into(),
        })
    }
}

/// A transcript takes so much of what a pipe shows.
const RECORDED: u64 = 64 << 20;

impl Shell {
    /// Runs one command and reports how it failed. Its answer goes where the line says; where it says nothing, to `outer`, or
    /// to the screen.
    pub fn send(&self, line: &Line, outer: Option<&mut dyn Write>) -> Ended {
        self.output.replace(self.defaults.borrow().clone());
        self.implied.set(implied(line));
        // Each command sees a live target as it is then.
        if let Some(session) = &self.session {
            session.refresh();
        }
        let own = if let Output::Pipe(text) = &line.output { rows::piped(text) } else { None };
        let outcome = match (&line.output, outer) {
            (Output::Pipe(_), outer) if own.is_some() => own.map_or(Ok(Ended::WELL), |next| self.fed(line, &next, outer)),
            (Output::Stdout, Some(out)) => self.words(&line.words, out, false),
            (Output::Stdout, None) => self.shown(line),
            (Output::Pipe(shell), outer) => before(outer).and_then(|()| self.piped(line, shell)),
            (Output::File { path, append }, _) => self.filed(line, path, *append),
        };
        self.implied.set(None);
        match outcome {
            Ok(ended) => ended,
            Err(failure) => {
                self.report(&failure);
                // Nobody reads any more: there is no point in the commands that follow.
                let closed = matches!(&failure, Failure::Output(_)) && line.output == Output::Stdout;
                Ended { status: failure.status(), quit: closed }
            }
        }
    }

    fn shown(&self, line: &Line) -> Result<Ended> {
        let mut screen = Screen::new(self, &line.words);
        let outcome = self.words(&line.words, &mut screen, true);
        let (paged, written) = screen.finish();
        match outcome.and_then(|ended| written.map(|()| ended).map_err(Failure::Output)) {
            // Who leaves the pager has seen enough, and goes on.
            Err(Failure::Output(e)) if paged && e.kind() == io::ErrorKind::BrokenPipe => Ok(Ended::WELL),
            other => other,
        }
    }

    /// Runs a command of memsh's own for the rows of another.
    fn fed(&self, line: &Line, next: &Line, outer: Option<&mut dyn Write>) -> Result<Ended> {
        if builtin::is(self, &line.words) {
            let name = line.words.first().map(String::as_str).unwrap_or_default();
            return Err(Failure::usage(format!("{name} has no rows for the command behind the |")));
        }
        let rows = self.some_rows(&line.words)?;
        self.feeding.replace(Some(rows));
        Ok(self.send(next, outer))
    }

    fn piped(&self, line: &Line, shell: &str) -> Result<Ended> {
        let outlet = self.outlet()?;
        let seen = outlet.is_none() && !FULL_SCREEN.iter().any(|p| shell.split('|').any(|s| program(s) == *p));
        let terminal = io::stdout().is_terminal();
        // Colours that come out of exact values are the target's.
        let exact = self.exact(line, shell);
        let record = seen && ((terminal && exact) || self.log.borrow().is_some());
        let sieve = terminal.then(|| Sieve::new(if exact { Colors::Shown } else { Colors::Kept }));
        let mut command = Process::new("sh");
        let (reads, writes) = io::pipe().map_err(Failure::Output)?;
        command.arg("-c").arg(shell).stdin(reads);
        match outlet {
            Some(outlet) => {
                command.stdout(outlet);
            }
            None if record => {
                command.stdout(Stdio::piped());
            }
            None => {}
        }
        let mut child = command.spawn().map_err(|e| Failure::file(Path::new("sh"), "run", e))?;
        // It holds our end of what the program reads: the program has to see when nobody does any more.
        drop(command);
        let guest = Guest::new();
        let answer = |writes: PipeWriter| {
            let outlet = writes.try_clone().map_err(Failure::Output)?;
            self.redirected(Outlet::Pipe(outlet), || self.words(&line.words, &mut BufWriter::new(writes), false))
        };
        let (outcome, status) = match child.stdout.take() {
            Some(shown) => {
                let (outcome, status, text) = std::thread::scope(|scope| {
                    let reader = scope.spawn(move || pass_on(shown, sieve));
                    let outcome = answer(writes);
                    let status = child.wait();
                    (outcome, status, reader.join().unwrap_or_default())
                });
                if let Some(log) = self.log.borrow_mut().as_mut() {
                    log.text(&text, if exact { Colors::Shown } else { Colors::Dropped });
                }
                (outcome, status)
            }
            None => {
                let outcome = answer(writes);
                if let Some(log) = self.log.borrow_mut().as_mut() {
                    log.note("(shown full screen: not recorded)");
                }
                (outcome, wait(&mut child))
            }
        };
        drop(guest);
        let status = status.map_err(Failure::Output)?;
        match outcome {
            Ok(ended) => Ok(ended.then(self.hosted(shell, status)?)),
            // The reader had enough (`| head`); whether it failed is its own status.
            Err(Failure::Output(e)) if e.kind() == io::ErrorKind::BrokenPipe => self.hosted(shell, status),
            other => other,
        }
    }

    /// Whether what the target says may come out of a program as it is: CSV is exact in a pipe, and jq undoes JSON's escapes for `-r`.
    fn exact(&self, line: &Line, shell: &str) -> bool {
        let csv = self.style(false).format == Format::Csv || line.words.iter().any(|w| w == "--csv");
        csv || shell.split('|').filter(|s| matches!(program(s), "jq" | "gojq" | "jaq")).any(|s| {
            let short = |w: &str| w.strip_prefix('-').is_some_and(|o| !o.starts_with('-') && o.contains(['r', 'j']));
            s.split_whitespace().any(|w| short(w) || ["--raw-output", "--raw-output0", "--join-output"].contains(&w))
        })
    }

    /// How the host's program ended, as the end of a line: its failure is the line's.
    ///
    /// # Errors
    /// A usage error when there is no such program.
    pub fn hosted(&self, shell: &str, status: ExitStatus) -> Result<Ended> {
        let told = status.code().or_else(|| signal(status).map(|s| s.saturating_add(128)));
        match told {
            Some(0) => Ok(Ended::WELL),
            // Whoever reads what it writes had enough: that is none of its failures.
            Some(n) if n == 128 + SIGPIPE => Ok(Ended::WELL),
            Some(n) if n == 128 + SIGINT => Ok(Ended::with(exit::INTERRUPTED)),
            // The shell's "command not found".
            Some(127) => Err(Failure::usage(format!("the shell can't run {shell:?}"))),
            told => {
                // At a prompt the program's own words are enough.
                if !self.interactive {
                    let status = told.map_or_else(String::new, |n| format!(" with status {n}"));
                    self.say(&format!("memsh: {:?} ended{status}", shell.trim()));
                }
                Ok(Ended::with(exit::FAILURE))
            }
        }
    }

    /// Where a program of the host's is to write, where it is not the screen.
    ///
    /// # Errors
    /// When the way there can't be had twice.
    pub fn outlet(&self) -> Result<Option<Stdio>> {
        self.outlet.borrow().as_ref().map(Outlet::stdio).transpose().map_err(Failure::Output)
    }

    /// Does `run` while what programs of the host's write goes there.
    fn redirected<T>(&self, to: Outlet, run: impl FnOnce() -> Result<T>) -> Result<T> {
        struct Restored<'a>(&'a Shell, Option<Outlet>);
        impl Drop for Restored<'_> {
            fn drop(&mut self) {
                self.0.outlet.replace(self.1.take());
            }
        }
        // Whatever happens: a program that waits for the end of a pipe would wait forever.
        let _restored = Restored(self, self.outlet.replace(Some(to)));
        run()
    }

    fn filed(&self, line: &Line, path: &str, append: bool) -> Result<Ended> {
        let path = Path::new(path);
        guard(self.session.as_ref(), path)?;
        // A slip of the fingers (`--where size > 4k`) must not cost a file its content.
        self.check(&line.words)?;
        let mut options = std::fs::File::options();
        options.create(true).write(true).append(append).truncate(!append);
        let file = options.open(path).map_err(|e| Failure::file(path, "write", e))?;
        let outlet = Outlet::File(file.try_clone().map_err(|e| Failure::file(path, "write", e))?);
        self.redirected(outlet, || self.words(&line.words, &mut BufWriter::new(file), false))
    }
}

/// What was answered so far stands before what a program writes.
fn before(outer: Option<&mut dyn Write>) -> Result<()> {
    outer.map_or(Ok(()), |out| out.flush().map_err(Failure::Output))
}

/// The signal that ended a program.
#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal(_: ExitStatus) -> Option<i32> {
    None
}

fn wait(child: &mut Child) -> io::Result<ExitStatus> {
    child.wait()
}

/// Shows what a program writes, and keeps it. On a terminal it goes through a sieve, so that nothing of it moves the cursor.
fn pass_on(mut from: impl Read, mut sieve: Option<Sieve>) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut piece = [0; 8192];
    loop {
        let n = match from.read(&mut piece) {
            Ok(n) => n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => 0,
        };
        let data = piece.get(..n).unwrap_or_default();
        let shown = match &mut sieve {
            Some(sieve) if n == 0 => sieve.end().into_bytes().into(),
            Some(sieve) => sieve.pass(data).into_bytes().into(),
            None => Cow::Borrowed(data),
        };
        let mut out = io::stdout();
        if out.write_all(&shown).and_then(|()| out.flush()).is_err() || n == 0 {
            return kept;
        }
        if u64::try_from(kept.len()).is_ok_and(|have| have < RECORDED) {
            kept.extend_from_slice(data);
        }
    }
}

/// The form that the reader of an answer needs: where nothing else is asked for, jq gets JSON, and `> x.csv` CSV.
fn implied(line: &Line) -> Option<Format> {
    if line.words.iter().any(|w| w == "--raw") {
        return None;
    }
    match &line.output {
        Output::Stdout => None,
        Output::File { path, append } => {
            #[cfg(not(feature = "parquet"))]
            let _ = append;
            let extension = Path::new(path).extension().and_then(OsStr::to_str)?.to_ascii_lowercase();
            match extension.as_str() {
                "json" => Some(Format::Json),
                "jsonl" | "ndjson" => Some(Format::JsonLines),
                "csv" => Some(Format::Csv),
                #[cfg(feature = "parquet")]
                // Two such files behind each other are none.
                "parquet" if !append => Some(Format::Parquet),
                _ => None,
            }
        }
        Output::Pipe(shell) => {
            let first = shell.split('|').next().unwrap_or_default();
            let has = |options: &[&str]| first.split_whitespace().any(|w| options.contains(&w));
            match program(shell) {
                "jq" | "gojq" | "jaq" | "fx" | "jless" | "gron" => Some(Format::Json),
                "csvlook" | "csvcut" | "csvgrep" | "csvsort" | "csvstat" | "csvjson" | "csvsql" | "csvformat" | "xsv" | "qsv"
                | "xan" => Some(Format::Csv),
                "mlr" if has(&["--json", "--ijson", "--j2c", "--j2t", "--j2p"]) => Some(Format::Json),
                "mlr" if has(&["--jsonl", "--ijsonl"]) => Some(Format::JsonLines),
                "mlr" if has(&["--csv", "--icsv", "-c", "--c2p", "--c2j", "--c2t", "--c2l", "--c2m"]) => Some(Format::Csv),
                _ => None,
            }
        }
    }
}

/// The name of the program that a shell command begins with.
fn program(shell: &str) -> &str {
    // `LC_ALL=C sort`: what stands before the name is its environment.
    let word = shell.split_whitespace().find(|w| !w.contains('=')).unwrap_or_default();
    word.rsplit('/').next().unwrap_or(word)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_reader_gets_the_form_it_reads() {
        for (text, form) in [
            ("ps | jq .", Some(Format::Json)),
            ("ps | /usr/bin/jq .", Some(Format::Json)),
            ("ps | LC_ALL=C jq .", Some(Format::Json)),
            ("ps | grep jq", None),
            ("ps | mlr --icsv --opprint cat", Some(Format::Csv)),
            ("ps | mlr --ijson cat", Some(Format::Json)),
            ("ps | mlr --inidx cat", None),
            ("ps | csvlook", Some(Format::Csv)),
            ("ps | head | csvlook", None),
            ("ps > a.json", Some(Format::Json)),
            ("ps > a.JSONL", Some(Format::JsonLines)),
            ("ps >> a.csv", Some(Format::Csv)),
            ("ps > json", None),
            ("ps > a.txt", None),
            ("read 0 --raw > a.json", None),
            ("ps", None),
        ] {
            assert_eq!(implied(&super::super::line::split(text).unwrap()[0]), form, "{text}");
        }
    }
}
