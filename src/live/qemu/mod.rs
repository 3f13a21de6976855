//! `-C qemu`: the memory of a machine that QEMU runs, without its help or with it.
//!
//! A QEMU is a process, and the machine's RAM is a mapping in it. The connector finds the process among those of a system (`target`): of this
//! machine, or of the one whose memory the layers below read, so that a machine inside a machine is reached by the same steps:
//!
//! 1. The command line (`cmdline`, written in the syntax of `options`) names the machine type, the size and the backends of RAM (`blocks`).
//! 2. Type and size say which guest-physical addresses are RAM (`machine`). A monitor, where one listens (`qmp`), says it itself, and where QEMU has
//!    each piece mapped (`monitor`, `mtree`), and what the processors' registers hold (`registers`).
//! 3. Without a monitor the process's mappings are searched for those of the blocks (`regions`). What is not certain is an error that lists the
//!    candidates.
//! 4. Bytes are read from the file behind a mapping, where it is shared and within reach (`backing`), and through the process otherwise (`guest`). In an
//!    image they are looked up once (`inner`).
//!
//! Nothing is changed: the machine runs on unless the user asks for `pause`, and a monitor that QEMU waits for somebody at is left alone.

mod backing;
mod blocks;
mod cmdline;
mod guest;
mod host;
mod inner;
mod machine;
mod map;
mod monitor;
mod mtree;
mod options;
mod pause;
mod qmp;
mod regions;
mod registers;
mod target;

use super::{Argument, ArgumentKind, Connector, Request, TargetInfo};
use crate::engine::{Memory, RunMap, to_u64};
use crate::image::{Image, ImageFacts, Trouble};
use crate::{Error, ErrorKind, Layer, Result};
use backing::{Mapping, SharedFile};
use guest::{GuestMemory, Place};
use host::Host;
use inner::InnerMemory;
use map::Found;
use memsh_plugin::{MemoryRange, PhysAddr, umem};
use pause::Pause;
use qmp::Qmp;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use target::{Monitor, Target};

/// The connector.
pub const CONNECTOR: Connector = Connector {
    name: "qemu",
    summary: "the memory of a machine that QEMU runs, here or in the system below",
    arguments: &[
        Argument::optional("target", ArgumentKind::Text, "its name, UUID or process id; none where only one QEMU runs"),
        Argument::optional("pid", ArgumentKind::Number, "its process id"),
        Argument::optional("name", ArgumentKind::Text, "its name (-name)"),
        Argument::optional("uuid", ArgumentKind::Text, "its UUID (-uuid)"),
        Argument::optional("qmp", ArgumentKind::Text, "its QMP monitor: a socket's path or tcp:HOST:PORT; no asks none"),
        Argument::optional("pause", ArgumentKind::Flag, "hold the machine as long as it is looked at (needs QMP)"),
        Argument::optional("machine", ArgumentKind::Text, "machine type, in place of what the command line says"),
        Argument::optional("ram", ArgumentKind::Text, "where the process has the RAM: 0xADDRESS, of several backends 0xA+0xB"),
        Argument::optional(
            "map",
            ArgumentKind::Flag,
            "map shared RAM even where that takes memory of this machine; no never maps it",
        ),
        Argument::with_default("timeout", ArgumentKind::Duration, "2s", "how long to wait for QMP"),
    ],
    connect,
    targets: Some(targets),
};

/// How long a monitor that nobody named is waited for: somebody else may hold it.
const PATIENCE: Duration = Duration::from_millis(500);

fn targets(request: &Request<'_>) -> Result<Vec<TargetInfo>> {
    let host = Host::of(request)?;
    let found = target::running(host.layer())?;
    Ok(found.iter().map(|t| TargetInfo { name: t.name(), detail: t.detail() }).collect())
}

fn connect(request: &Request<'_>) -> Result<Image> {
    let arguments = &request.arguments;
    let host = Host::of(request)?;
    let (layer, local) = (host.layer(), host.is_here());
    let timeout = arguments.duration("timeout").unwrap_or(Duration::from_secs(2));
    let wanted = Monitor::of(arguments);
    let named = match &wanted {
        Monitor::At(_) if !local => {
            let what = "a monitor can only be asked on this machine: the QEMU is inside another one";
            return Err(Error::new(Layer::Connector, ErrorKind::Invalid, what).hint("leave qmp= away"));
        }
        Monitor::At(address) => Some(Qmp::connect(address, timeout)?),
        Monitor::No | Monitor::Any => None,
    };
    let address = named.as_ref().map(Qmp::address).cloned();
    let target = target::choose(layer, arguments, address.as_ref(), named.as_ref().and_then(Qmp::peer))?;
    let mut warnings = Vec::new();
    let monitor = match (named, &wanted) {
        (Some(qmp), _) => Some(qmp),
        (None, Monitor::Any) if local => any_monitor(&target, timeout.min(PATIENCE), &mut warnings),
        _ => None,
    };
    if arguments.flag("pause") && monitor.is_none() {
        let what = format!("process {} can't be held: it has no QMP monitor that answers", target.process.pid);
        let hint = warnings
            .first()
            .cloned()
            .unwrap_or_else(|| "qmp=PATH names one; without pause the machine is read as it runs".into());
        return Err(Error::new(Layer::Connector, ErrorKind::Invalid, what).hint(hint));
    }
    finish(request, &host, &target, monitor, warnings)
}

/// A monitor of the command line that answers.
fn any_monitor(target: &Target, patience: Duration, warnings: &mut Vec<String>) -> Option<Qmp> {
    for address in &target.line.monitors {
        // Names are those of the process: it may live in another root.
        let here = match address {
            cmdline::Address::Unix(path) => {
                let base = if path.is_absolute() { "root" } else { "cwd" };
                let inside = PathBuf::from(format!("/proc/{}/{base}", target.process.pid));
                cmdline::Address::Unix(inside.join(path.strip_prefix("/").unwrap_or(path)))
            }
            other => other.clone(),
        };
        match Qmp::connect(&here, patience) {
            // A socket of the same name may be somebody else's by now.
            Ok(qmp) if qmp.peer().is_none_or(|p| p == target.process.pid) => return Some(qmp),
            Ok(_) => {
                warnings.push(format!("{address} belongs to another process now: the memory map follows from the command line"))
            }
            Err(e) => warnings.push(format!("{}: the memory map follows from the command line", e.reason())),
        }
    }
    None
}

fn finish(request: &Request<'_>, host: &Host<'_>, target: &Target, monitor: Option<Qmp>, warnings: Vec<String>) -> Result<Image> {
    let (layer, local) = (host.layer(), host.is_here());
    let process = target::open(layer, &target.process)?;
    let regions = target::regions(&process)?;
    let mut monitor = monitor;
    let mut found = match monitor.as_mut() {
        Some(qmp) => map::asked(qmp, &regions)?,
        None => map::derived(&target.line, request.arguments.text("machine"), target::given(&request.arguments)?, &regions)?,
    };
    found.warnings.splice(0..0, warnings);
    let pause = match monitor.filter(|_| request.arguments.flag("pause")) {
        Some(qmp) => {
            let pause = Pause::new(qmp)?;
            found.detail("status", "paused");
            Some(pause)
        }
        None => None,
    };
    let mapping = match request.arguments.text("map") {
        None => Mapping::Harmless,
        Some(_) if request.arguments.flag("map") => Mapping::Always,
        Some(_) => Mapping::Never,
    };
    let files: Vec<SharedFile> = match local {
        true => found.regions.iter().filter_map(|r| SharedFile::open(target.process.pid, r, mapping)).collect(),
        false => Vec::new(),
    };
    let places = RunMap::build(found.memory.iter().map(|m| claim(m, &files)), guest::further);
    if let Some(m) = found.memory.iter().find(|m| !regions::covers(&regions, m.address, m.size)) {
        let what = format!("process {} has nothing mapped at {:#x}, where its RAM should be", target.process.pid, m.address);
        return Err(Error::new(Layer::Connector, ErrorKind::Malformed, what)
            .hint("the monitor may belong to another QEMU: pid=N or qmp=PATH alone names the one"));
    }
    let how = backing(local, &files, &found);
    let live = local || layer.kernel.memory().metadata().live || layer.linux.is_none() && layer.windows.is_none();
    let mut trouble: Option<Trouble> = None;
    let inner = if live { None } else { layer.process_space(&target.process).ok().and_then(|s| InnerMemory::new(&s, &places)) };
    let memory = match inner {
        Some(inner) => {
            found.detail("in_frames", inner.bytes().to_string());
            Memory::new(inner)
        }
        None => {
            let files: Arc<[SharedFile]> = files.into();
            let mapped = Arc::clone(&files);
            trouble = Some(Arc::new(move || mapped.iter().find_map(SharedFile::trouble)));
            let guest = GuestMemory {
                places: places.clone(),
                process: Arc::new(process),
                files: Arc::clone(&files),
                live,
                write: request.write,
                _pause: pause,
            };
            if files.is_empty() { Memory::new(guest) } else { Memory::with_data(guest, move || data(&places, &files)) }
        }
    };
    let mut image = image(target, found, memory, &how);
    image.trouble = trouble;
    Ok(image)
}

/// A piece of guest-physical memory and its place.
fn claim(m: &monitor::Located, files: &[SharedFile]) -> (MemoryRange, Place) {
    let file = files.iter().enumerate().find_map(|(i, f)| Some((i, f.within(m.address, m.size)?)));
    (MemoryRange { start: PhysAddr::new(umem::from(m.guest)), size: umem::from(m.size) }, Place { address: m.address, file })
}

/// What may hold something else than zeros: the holes of files are left out.
fn data(places: &RunMap<Place>, files: &[SharedFile]) -> Vec<MemoryRange> {
    let held = |(range, place): &(MemoryRange, Place)| match place.file.and_then(|(f, at)| Some((files.get(f)?, at))) {
        Some((file, at)) => file.held(range.start.value(), at, to_u64(range.size).unwrap_or(0)),
        None => vec![*range],
    };
    places.iter().flat_map(held).collect()
}

/// How bytes are read, in words.
fn backing(local: bool, files: &[SharedFile], found: &Found) -> String {
    match (local, files) {
        (false, _) => "through the process, in the memory of the system below".to_owned(),
        (true, []) => "private memory of the process, by process_vm_readv".to_owned(),
        (true, files) => {
            let mapped = files.iter().filter(|f| f.is_mapped()).count();
            let how = if mapped == files.len() { "mapped" } else { "by pread" };
            let some = if files.len() < found.regions.len() { ", the rest by process_vm_readv" } else { "" };
            let names = files.iter().map(SharedFile::name).collect::<Vec<_>>().join(", ");
            format!("{names}, {how}{some}")
        }
    }
}

fn image(target: &Target, found: Found, memory: Memory, how: &str) -> Image {
    let line = &target.line;
    let name = line.name.clone().unwrap_or_else(|| target.process.pid.to_string());
    let known = |name: &str| found.details.iter().any(|(n, _)| n == name);
    let kind = line.machine_type().or_else(|| machine::default_type(&line.program)).unwrap_or_default().to_owned();
    let mut details = vec![
        ("pid".to_owned(), target.process.pid.to_string()),
        ("program".to_owned(), line.program.clone()),
        ("machine".to_owned(), kind.clone()),
    ];
    if !known("name") {
        details.extend(line.name.clone().map(|n| ("name".to_owned(), n)));
    }
    if !known("uuid") {
        details.extend(line.uuid.clone().map(|n| ("uuid".to_owned(), n)));
    }
    if !known("accelerator") {
        let first = line.accel.first().cloned();
        details.extend(first.map(|a| ("accelerator".to_owned(), a)));
    }
    details.push(("backing".to_owned(), how.to_owned()));
    let Found { memory: pieces, details: more, warnings, cpus, .. } = found;
    details.extend(more);
    let show = |m: &monitor::Located| {
        let last = m.guest.saturating_add(m.size).saturating_sub(1);
        format!("{:#x}-{last:#x} {} at {:#x}", m.guest, m.block, m.address)
    };
    details.push(("ram".to_owned(), pieces.iter().map(show).collect::<Vec<_>>().join("; ")));
    let facts = ImageFacts { warnings, details, ..ImageFacts::named(format!("qemu:{name}"), "qemu") };
    let mut image = Image::of_memory(memory, facts);
    image.machine = map::instruction_set(line, &kind, &cpus).map(str::to_owned);
    image.cpus = cpus;
    image
}
