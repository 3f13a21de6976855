//! `-C devmem` and `-C crash`: physical memory by physical address, through `/dev/mem` and through `/dev/crash`, the driver of Red
//! Hat's kernels that reads where `/dev/mem` may not. What is RAM says `/proc/iomem`.

use super::device::{self, DeviceMemory};
use super::gdbstub::given_ranges;
use super::{Argument, ArgumentKind, Connector, Request};
use crate::engine::{Memory, to_u64};
use crate::image::{Image, ImageFacts};
use crate::{At, Error, ErrorKind, Layer, PhysAddr, Result, umem};
use memsh_plugin::MemoryRange;
use std::fs::File;
use std::io;
use std::path::Path;

const IOMEM: Argument = Argument::with_default("iomem", ArgumentKind::Path, "/proc/iomem", "the list of what is RAM");
const RANGES: Argument = Argument::optional("ranges", ArgumentKind::Text, "what is RAM: START-END;START+SIZE;..");

/// The connector of `/dev/mem`.
pub const DEVMEM: Connector = Connector {
    name: "devmem",
    summary: "this machine's memory through /dev/mem (Linux without STRICT_DEVMEM; root)",
    arguments: &[Argument::with_default("path", ArgumentKind::Path, "/dev/mem", "the device"), IOMEM, RANGES],
    connect: |request| connect(request, &MEM),
    targets: None,
};

/// The connector of `/dev/crash`.
pub const CRASH: Connector = Connector {
    name: "crash",
    summary: "this machine's memory through /dev/crash (Red Hat's crash driver: modprobe crash; root)",
    arguments: &[Argument::with_default("path", ArgumentKind::Path, "/dev/crash", "the device"), IOMEM, RANGES],
    connect: |request| connect(request, &CRASH_DRIVER),
    targets: None,
};

/// What differs between the devices.
struct Kind {
    name: &'static str,
    /// Bytes of the largest read: the crash driver reads within a page only.
    step: u64,
    missing: fn(io::ErrorKind) -> &'static str,
}

static MEM: Kind = Kind {
    name: "devmem",
    step: 1 << 20,
    missing: |kind| match kind {
        io::ErrorKind::NotFound => "this kernel has no /dev/mem (CONFIG_DEVMEM), or what memsh runs in hides it: try kcore",
        io::ErrorKind::PermissionDenied => {
            "run as root: the device is root's, and opening it takes CAP_SYS_RAWIO; where root is refused too, the kernel is locked down"
        }
        _ => "try kcore",
    },
};

static CRASH_DRIVER: Kind = Kind {
    name: "crash",
    step: 4096,
    missing: |kind| match kind {
        io::ErrorKind::NotFound => "there is no crash driver here: modprobe crash (Red Hat's kernels have it), or try kcore",
        io::ErrorKind::PermissionDenied => "run as root: the device is root's",
        _ => "try kcore",
    },
};

fn connect(request: &Request<'_>, kind: &Kind) -> Result<Image> {
    let args = &request.arguments;
    let path = Path::new(args.text("path").unwrap_or_default());
    let write = request.write && kind.name == "devmem";
    if request.write && !write {
        return Err(
            Error::new(Layer::Connector, ErrorKind::Unsupported, "crash: the crash driver only reads").hint("leave --write away")
        );
    }
    let file = device::open(path, write, kind.missing)?;
    let ranges = match args.text("ranges") {
        Some(text) => given_ranges(text)?,
        None => device::system_ram(Path::new(args.text("iomem").unwrap_or("/proc/iomem")))?,
    };
    try_reading(&file, path, &ranges)?;
    let claims = ranges.iter().filter_map(|r| Some((*r, to_u64(r.start.value())?)));
    let memory = Memory::new(DeviceMemory::new(file, claims, kind.step, write));
    let mut facts = ImageFacts::named(path, kind.name);
    facts.warnings.push(device::RUNS_ON.to_owned());
    Ok(Image::of_memory(memory, facts))
}

/// Reads a little of each range's middle: a device that gives nothing is told now, not as a machine without a system.
fn try_reading(file: &File, path: &Path, ranges: &[MemoryRange]) -> Result<()> {
    let mut refused = None;
    // The first MiB is open to all, as zeros (`devmem_is_allowed` of arch/x86/mm/init.c).
    let high = ranges.iter().filter(|r| r.start.value().saturating_add(r.size) > 1 << 20);
    for range in high {
        let middle = PhysAddr::new(range.start.value().max(1 << 20).midpoint(range.start.value().saturating_add(range.size)));
        let Some(at) = to_u64(middle.align_down(umem::from(4096u32)).value()) else { continue };
        match device::read_at(file, at, &mut [0; 8]) {
            Ok(8) => return Ok(()),
            Ok(_) => {}
            Err(e) => refused = refused.or(Some((at, e))),
        }
    }
    let Some((at, e)) = refused else {
        return Err(Error::new(Layer::Connector, ErrorKind::Io, format!("{} gives no byte of any range", path.display()))
            .hint("is it the right device, and are these the ranges of this machine?"));
    };
    let hint = match e.kind() {
        io::ErrorKind::PermissionDenied => {
            "this kernel is built with CONFIG_STRICT_DEVMEM, as nearly all are: /dev/mem shows devices and no RAM above 1 MiB; use kcore"
        }
        _ => "RAM that the kernel does not map can't be read this way: use kcore",
    };
    Err(Error::new(Layer::Connector, ErrorKind::Io, format!("reading RAM through {} failed: {e}", path.display()))
        .at(At::Phys(PhysAddr::new(umem::from(at))))
        .hint(hint))
}
