//! Which process is meant: QEMUs among the processes of a system, by name, id or UUID.

use super::cmdline::{Address, CommandLine, file_name, is_qemu};
use super::machine;
use super::options::size;
use super::regions::{Region, bytes};
use crate::live::Arguments;
use crate::os::OsLayer;
use crate::{Error, ErrorKind, Layer, Result};
use memsh_plugin::{MemoryView, Process, ProcessInfo, ProcessInstanceBox};

/// A process that runs a machine.
pub(super) struct Target {
    /// The process.
    pub process: ProcessInfo,
    /// What it was started with.
    pub line: CommandLine,
    /// Why its arguments can't be seen, where they can't.
    pub hidden: Option<String>,
}

/// The program's file name, as far as the process shows it.
fn program(process: &ProcessInfo) -> Option<String> {
    let path = process.image_path.as_ref().map(|p| p.to_string_lossy().into_owned());
    let first = process.command_line.as_ref().and_then(|l| Some(l.to_string_lossy().split(' ').next()?.to_owned()));
    [path, first]
        .into_iter()
        .flatten()
        .map(|p| plain(file_name(p.trim_end_matches(" (deleted)"))).to_owned())
        .find(|n| is_qemu(n))
}

/// Without what wrappers make of a program's name: `.qemu-system-x86_64-wrapped`.
fn plain(name: &str) -> &str {
    name.trim_start_matches('.').trim_end_matches("-wrapped")
}

impl Target {
    /// What a process is, by its arguments. `program` is its program's name, where it shows one.
    fn of(layer: &OsLayer, process: &ProcessInfo, program: Option<String>) -> Self {
        let (arguments, hidden) = match arguments(layer, process) {
            Ok(arguments) => (arguments, None),
            Err(e) => (Vec::new(), Some(e.reason().to_owned())),
        };
        let mut line = CommandLine::parse(&arguments);
        if let (Some(program), false) = (program, is_qemu(&line.program)) {
            line.program = program;
        }
        Self { process: process.clone(), line, hidden }
    }

    /// What to write behind `qemu:`.
    pub(super) fn name(&self) -> String {
        format!("pid={}", self.process.pid)
    }

    /// What it is, in a few words: `debian12, pc-q35-8.2, 4 GiB, uuid ..`.
    pub(super) fn detail(&self) -> String {
        let kind = self.line.machine_type().or_else(|| machine::default_type(&self.line.program));
        let ram = self.line.ram().map(|r| bytes(r.size));
        let uuid = self.line.uuid.as_ref().map(|u| format!("uuid {u}"));
        let monitor = self.line.monitors.first().map(|m| format!("qmp {m}"));
        let known = [self.line.name.clone(), Some(self.line.program.clone()), kind.map(str::to_owned), ram, uuid, monitor];
        let known = known.into_iter().flatten().filter(|k| !k.is_empty()).collect::<Vec<_>>().join(", ");
        match &self.hidden {
            Some(why) => format!("{known} (its arguments can't be seen: {why})"),
            None => known,
        }
    }
}

fn arguments(layer: &OsLayer, process: &ProcessInfo) -> Result<Vec<String>> {
    let opened = open(layer, process)?;
    let listing = std::result::Result::from(opened.arguments()).map_err(Error::from)?;
    let mut words: Vec<String> = listing.items.iter().map(|a| a.to_string_lossy().into_owned()).collect();
    // Windows keeps one line; so does a system that has lost the borders.
    if let [line] = words.as_slice()
        && line.contains(" -")
    {
        words = unquoted(line);
    }
    Ok(words)
}

/// The words of a line in which quotes keep blanks.
fn unquoted(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted, mut any) = (Vec::new(), String::new(), false, false);
    for c in line.chars() {
        match c {
            '"' => (quoted, any) = (!quoted, true),
            c if c.is_whitespace() && !quoted => {
                if any || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                any = false;
            }
            c => word.push(c),
        }
    }
    if any || !word.is_empty() {
        words.push(word);
    }
    words
}

/// The process itself.
///
/// # Errors
/// When it has ended or can't be looked at.
pub(super) fn open(layer: &OsLayer, process: &ProcessInfo) -> Result<ProcessInstanceBox<'static>> {
    std::result::Result::from(layer.os.process(process.address)).map_err(Error::from)
}

/// What it has mapped, ascending.
///
/// # Errors
/// When its mappings can't be seen.
pub(super) fn regions(process: &(impl Process + MemoryView)) -> Result<Vec<Region>> {
    let listing = std::result::Result::from(process.regions()).map_err(Error::from)?;
    let mut regions: Vec<Region> = listing.items.iter().filter_map(Region::of).collect();
    regions.sort_by_key(|r| r.start);
    Ok(regions)
}

fn processes(layer: &OsLayer) -> Result<Vec<ProcessInfo>> {
    Ok(std::result::Result::from(layer.os.processes()).map_err(Error::from)?.items.to_vec())
}

/// Every QEMU among the processes.
///
/// # Errors
/// When the processes can't be listed.
pub(super) fn running(layer: &OsLayer) -> Result<Vec<Target>> {
    let of = |p: &ProcessInfo| Some(Target::of(layer, p, Some(program(p)?)));
    Ok(processes(layer)?.iter().filter(|p| !p.kernel_thread && p.exit_time.get().is_none()).filter_map(of).collect())
}

/// The arguments by which a target is chosen.
struct Wanted<'a> {
    any: Option<&'a str>,
    name: Option<&'a str>,
    uuid: Option<String>,
    pid: Option<u64>,
    monitor: Option<&'a Address>,
    peer: Option<u32>,
}

impl Wanted<'_> {
    fn fits(&self, t: &Target) -> bool {
        let uuid = t.line.uuid.as_deref();
        let pid = u64::from(t.process.pid);
        let name = t.line.name.as_deref();
        let any = |w: &str| name == Some(w) || uuid == Some(w.to_ascii_lowercase().as_str()) || w.parse() == Ok(pid);
        self.any.is_none_or(any)
            && self.name.is_none_or(|n| name == Some(n))
            && self.uuid.as_deref().is_none_or(|u| uuid == Some(u))
            && self.pid.is_none_or(|p| p == pid)
            && self.peer.is_none_or(|p| p == t.process.pid)
            && (self.peer.is_some() || self.monitor.is_none_or(|m| t.line.monitors.contains(m)))
    }

    /// Whether nothing was said.
    fn nothing(&self) -> bool {
        self.any.is_none() && self.name.is_none() && self.uuid.is_none() && self.pid.is_none() && self.monitor.is_none()
    }
}

/// The target that the arguments name; without any, the only one there is. `monitor` is the one that was named, `peer` who listens there.
///
/// # Errors
/// [`ErrorKind::NotFound`] when nothing fits, [`ErrorKind::Invalid`] when more than one does; both list what there is.
pub(super) fn choose(layer: &OsLayer, arguments: &Arguments, monitor: Option<&Address>, peer: Option<u32>) -> Result<Target> {
    let wanted = Wanted {
        any: arguments.text("target"),
        name: arguments.text("name"),
        uuid: arguments.text("uuid").map(str::to_ascii_lowercase),
        pid: arguments.number("pid"),
        monitor,
        peer,
    };
    // Whatever it is called: the user says that it runs a machine.
    if let Some(pid) = wanted.pid {
        let process = processes(layer)?.into_iter().find(|p| u64::from(p.pid) == pid);
        let process = process.ok_or_else(|| {
            Error::new(Layer::Connector, ErrorKind::NotFound, format!("there is no process {pid}")).hint(listed(&[]))
        })?;
        let target = Target::of(layer, &process, program(&process));
        return match &target.hidden {
            Some(why) => Err(Error::new(Layer::Connector, ErrorKind::Io, why.clone())),
            None => Ok(target),
        };
    }
    let all = running(layer)?;
    let (mut fitting, others): (Vec<Target>, Vec<Target>) = all.into_iter().partition(|t| wanted.fits(t));
    match (fitting.pop(), fitting.is_empty()) {
        (Some(one), true) => Ok(one),
        (Some(one), false) => {
            fitting.push(one);
            let what = match wanted.nothing() {
                true => format!("{} QEMU processes run here", fitting.len()),
                false => format!("{} QEMU processes fit", fitting.len()),
            };
            Err(Error::new(Layer::Connector, ErrorKind::Invalid, what).hint(listed(&fitting)))
        }
        (None, _) => {
            let what = match (wanted.nothing(), others.as_slice()) {
                (_, []) => "no QEMU process runs here".to_owned(),
                _ => "no QEMU process here is the one that was named".to_owned(),
            };
            Err(Error::new(Layer::Connector, ErrorKind::NotFound, what).hint(listed(&others)))
        }
    }
}

fn listed(targets: &[Target]) -> String {
    if targets.is_empty() {
        return "`ps` on the same system shows what runs; pid=N takes any process as one".to_owned();
    }
    let one = |t: &Target| format!("{} ({})", t.name(), t.detail());
    format!("there are {}", targets.iter().map(one).collect::<Vec<_>>().join("; "))
}

/// The `qmp=` argument: a path, `tcp:HOST:PORT`, or `no`.
pub(super) enum Monitor {
    /// None shall be used.
    No,
    /// This one.
    At(Address),
    /// One that the command line names, where there is one.
    Any,
}

impl Monitor {
    /// Reads the argument.
    pub(super) fn of(arguments: &Arguments) -> Self {
        match arguments.text("qmp") {
            None => Self::Any,
            Some("no" | "off") => Self::No,
            Some(text) => Self::At(match (text.strip_prefix("tcp:"), text.strip_prefix("unix:")) {
                (Some(address), _) => Address::Tcp(address.to_owned()),
                (None, Some(path)) => Address::Unix(path.into()),
                (None, None) => Address::Unix(text.into()),
            }),
        }
    }
}

/// The `ram=` argument: addresses in the process, `+` between them.
///
/// # Errors
/// [`ErrorKind::Invalid`] for what is no address.
pub(super) fn given(arguments: &Arguments) -> Result<Option<Vec<u64>>> {
    let Some(text) = arguments.text("ram") else { return Ok(None) };
    let one = |word: &str| {
        let hex = word.trim().starts_with("0x").then(|| size(word, 1)).flatten();
        hex.ok_or_else(|| {
            Error::new(Layer::Connector, ErrorKind::Invalid, format!("ram={text}: {word} is no address (0x7f0000000000)"))
        })
    };
    text.split('+').map(one).collect::<Result<Vec<u64>>>().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_windows_are_split() {
        let line = r#""C:\Program Files\qemu\qemu-system-x86_64.exe" -m 512 -name "a b" -append """#;
        assert_eq!(unquoted(line), [r"C:\Program Files\qemu\qemu-system-x86_64.exe", "-m", "512", "-name", "a b", "-append", ""]);
    }

    #[test]
    fn wrappers_are_seen_through() {
        assert!(is_qemu(plain(".qemu-system-x86_64-wrapped")));
    }
}
