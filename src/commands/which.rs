//! Which process, and whose addresses: arguments that many commands share.

use super::context::Context;
use super::failure::{Failure, Result};
use crate::os::OsLayer;
use crate::session::{Session, Space, is_process};
use crate::{Error, ErrorKind, Layer, umem};
use clap::Args;
use memsh_plugin::{Os, ProcessInfo, ProcessInstanceBox};

/// Whose virtual addresses are meant.
#[derive(Args, Clone, Debug, Default)]
pub struct Whose {
    /// Process whose addresses are meant: a pid, or a name that only one process has
    #[arg(short = 'p', long = "pid", value_name = "PID|NAME", conflicts_with_all = ["kernel", "phys"])]
    pub process: Option<String>,
    /// The kernel's addresses
    #[arg(short = 'k', long, conflicts_with = "phys")]
    pub kernel: bool,
    /// Physical addresses
    #[arg(long)]
    pub phys: bool,
}

impl Whose {
    /// Whether nothing was said.
    pub fn is_default(&self) -> bool {
        self.process.is_none() && !self.kernel && !self.phys
    }

    /// Takes the process that stands in front of a command's other words, where no option says whose addresses are meant:
    /// `maps 142`, `maps 142 0x7ffe12340000`. A plain decimal number is a pid; with `names`, so is the name of a process.
    ///
    /// # Errors
    /// When the target has no such process.
    pub fn take_from(&mut self, cx: &Context, words: &mut Vec<String>, names: bool) -> Result<()> {
        let Some(first) = words.first().filter(|_| self.is_default()) else { return Ok(()) };
        let pid = !first.is_empty() && first.bytes().all(|b| b.is_ascii_digit());
        let named =
            || names && cx.session().is_ok_and(|s| s.processes().is_ok_and(|all| all.items.iter().any(|p| is_process(p, first))));
        if pid || named() {
            self.process = Some(words.remove(0));
        }
        Ok(())
    }

    /// The space that was chosen: by option, else the shell's process, else the kernel's.
    ///
    /// # Errors
    /// When the process does not exist or the target has no such space.
    pub fn space(&self, cx: &Context) -> Result<Space> {
        let session = cx.session()?;
        if self.phys {
            return Ok(session.physical_space()?);
        }
        if let Some(which) = &self.process {
            return Ok(session.process_space(&session.find_process(which)?)?);
        }
        match cx.current() {
            Some(process) if !self.kernel => Ok(session.process_space(process)?),
            _ => Ok(session.kernel_space()?),
        }
    }

    /// An address and its space. The address may say whose it is: `142:0x7ffe12340000` (a pid or a name), `p:0x1000` (physical),
    /// `k:init_task`.
    ///
    /// # Errors
    /// As [`space`](Self::space), when the address makes no sense, and when it and an option name two spaces.
    pub fn place(&self, cx: &Context, text: &str) -> Result<(Space, umem)> {
        let (space, rest) = self.prefixed(cx, text)?;
        let address = cx.evaluate(rest, Some(&space))?;
        Ok((space, address))
    }

    /// The space that an address means, and the address without what says so.
    ///
    /// # Errors
    /// As [`place`](Self::place).
    pub fn prefixed<'t>(&self, cx: &Context, text: &'t str) -> Result<(Space, &'t str)> {
        let Some((head, tail)) = text.split_once(':').filter(|(h, t)| !h.is_empty() && !t.is_empty()) else {
            return Ok((self.space(cx)?, text));
        };
        let session = cx.session()?;
        let own = match head {
            "p" | "phys" => session.physical_space()?,
            "k" | "kernel" => session.kernel_space()?,
            pid if pid.bytes().all(|b| b.is_ascii_digit()) => session.process_space(&session.find_process(pid)?)?,
            // `symbol:cpu` is a per-CPU variable; what is left can be a process's name.
            _ if tail.bytes().all(|b| b.is_ascii_digit()) => return Ok((self.space(cx)?, text)),
            name => match session.find_process(name) {
                Ok(process) => session.process_space(&process)?,
                Err(_) => return Ok((self.space(cx)?, text)),
            },
        };
        if !self.is_default() {
            return Err(Failure::usage(format!("{text} says whose address it is, and so does an option: which of the two?")));
        }
        Ok((own, tail))
    }

    /// The process that was chosen, by option or by the shell's `proc`.
    ///
    /// # Errors
    /// When it does not exist.
    pub fn process(&self, cx: &Context) -> Result<Option<ProcessInfo>> {
        match &self.process {
            Some(which) => Ok(Some(cx.session()?.find_process(which)?)),
            None if self.kernel || self.phys => Ok(None),
            None => Ok(cx.current().cloned()),
        }
    }
}

/// Refuses what needs page tables, where the target has none.
///
/// # Errors
/// When the target is one process, or a system that speaks for itself.
pub fn with_page_tables(session: &Session, command: &str) -> Result<()> {
    if session.os().is_ok_and(|layer| layer.speaks_for_itself() && layer.kernel.is_flat()) {
        let what = format!("{command}: page tables can't be reached through {}", session.name());
        let e = Error::new(Layer::Virtual, ErrorKind::Unsupported, what);
        return Err(e.hint("`maps` lists the regions of a process; `read` and `scan` reach what is in them").into());
    }
    match session.only_process() {
        Some(_) => {
            let what = format!("{command}: the target is one process, and its dump holds no page tables");
            let e = Error::new(Layer::Virtual, ErrorKind::Unsupported, what);
            Err(e.hint("`maps` lists its regions; `read` and `scan` reach what is in the dump").into())
        }
        None => Ok(()),
    }
}

/// A choice among processes; all of them without one.
#[derive(Args, Clone, Debug, Default)]
pub struct Filter {
    /// Only these processes: pids or names (all processes of that name)
    #[arg(value_name = "PID|NAME")]
    pub which: Vec<String>,
    /// Only this process: a pid or a name
    #[arg(short = 'p', long = "pid", value_name = "PID|NAME")]
    pub process: Vec<String>,
}

impl Filter {
    /// The processes that match, in the system's order.
    ///
    /// # Errors
    /// When the list can't be read, or a filter matches nothing.
    pub fn processes(&self, cx: &Context) -> Result<Vec<ProcessInfo>> {
        // `proc PID` in the shell narrows without a choice.
        self.listed(cx, cx.current())
    }

    /// The same without regard to the shell's process: for the list from which one is chosen.
    ///
    /// # Errors
    /// As [`processes`](Self::processes).
    pub fn of_all(&self, cx: &Context) -> Result<Vec<ProcessInfo>> {
        self.listed(cx, None)
    }

    /// Whether nothing was said.
    pub fn is_default(&self) -> bool {
        self.which.is_empty() && self.process.is_empty()
    }

    /// This choice, or this process where nothing was said.
    pub fn or(&self, current: Option<&ProcessInfo>) -> Self {
        match current {
            Some(p) if self.is_default() => Self { which: vec![p.pid.to_string()], process: Vec::new() },
            _ => self.clone(),
        }
    }

    /// Whether this process is one of those that are meant.
    pub fn picks(&self, process: &ProcessInfo) -> bool {
        self.is_default() || self.which.iter().chain(&self.process).any(|w| is_process(process, w))
    }

    /// The error when it matches nothing at all.
    pub fn nothing(&self) -> Error {
        let all: Vec<&str> = self.which.iter().chain(&self.process).map(String::as_str).collect();
        Error::new(Layer::Os, ErrorKind::NotFound, format!("no process {}", all.join(", ")))
            .hint("`ps` lists the processes; names are matched exactly")
    }

    fn listed(&self, cx: &Context, current: Option<&ProcessInfo>) -> Result<Vec<ProcessInfo>> {
        let all = cx.take(&cx.session()?.processes()?);
        let mut wanted: Vec<String> = self.which.iter().chain(&self.process).cloned().collect();
        if wanted.is_empty() {
            wanted.extend(current.map(|p| p.pid.to_string()));
        }
        for w in &wanted {
            if !all.iter().any(|p| is_process(p, w)) {
                let e = Error::new(Layer::Os, ErrorKind::NotFound, format!("no process {w}"));
                return Err(e.hint("`ps` lists the processes; names are matched exactly").into());
            }
        }
        Ok(all.into_iter().filter(|p| wanted.is_empty() || wanted.iter().any(|w| is_process(p, w))).collect())
    }
}

/// Opens a process that a listing named.
///
/// # Errors
/// When its control block can't be read any more.
pub fn open(os: &dyn Os, process: &ProcessInfo) -> crate::Result<ProcessInstanceBox<'static>> {
    Ok(Result::from(os.process(process.address))?)
}

/// Notes that `what` of a process could not be read. A process that has ended since it was listed lacks nothing.
pub fn missed(cx: &Context, process: &ProcessInfo, what: &str, e: &Error) {
    let gone = |session: &Session| {
        let live = session.found().is_some_and(OsLayer::speaks_for_itself);
        live && e.kind() == ErrorKind::Unreadable && session.find_process(&process.pid.to_string()).is_err()
    };
    if !cx.session().is_ok_and(gone) {
        cx.lost(format!("{what} of process {}: {e}", process.pid));
    }
}

/// Goes through processes in order with `each`. Of a target that is far away, `ahead` asks several of them at once before that, so that
/// `each` finds what it reads.
///
/// # Errors
/// Those of `each`, and Ctrl-C.
pub fn each_process(
    cx: &Context,
    processes: &[ProcessInfo],
    ahead: impl Fn(&dyn Os, &ProcessInfo) + Sync,
    mut each: impl FnMut(&ProcessInfo) -> Result<()>,
) -> Result<()> {
    let layer = cx.session()?.os()?;
    let os = layer.os.as_ref();
    layer.kernel.memory().for_each_ahead(
        processes,
        |p| ahead(os, p),
        |p| {
            cx.go_on()?;
            each(p)
        },
    )
}

/// The only process that a command may speak of.
///
/// # Errors
/// A usage error when none was given.
pub fn needed(process: Option<ProcessInfo>, command: &str) -> Result<ProcessInfo> {
    process.ok_or_else(|| {
        Failure::Usage(
            format!("{command} needs a process"),
            Some(format!("give one: {command} PID; `ps` lists them; in the shell `proc PID` sets it for what follows")),
        )
    })
}
