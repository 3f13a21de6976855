//! `-C kcore`: this machine's memory through `/proc/kcore`, an ELF core that the kernel makes up as it is read.
//!
//! Its segments (`fs/proc/kcore.c`) are the direct map, the kernel's image, and areas of virtual memory; those of RAM and of the image
//! carry physical addresses since Linux 4.11. VMCOREINFO is in its notes since 4.19.

use super::device::{self, DeviceMemory};
use super::{Argument, ArgumentKind, Connector, Request};
use crate::engine::Memory;
use crate::image::elf;
use crate::image::{Image, ImageFacts};
use crate::{At, Error, ErrorKind, Layer, Result};
use memsh_plugin::{MemoryRange, PhysAddr, umem};
use std::io;
use std::path::Path;

/// The connector.
pub const CONNECTOR: Connector = Connector {
    name: "kcore",
    summary: "this machine's memory through /proc/kcore (Linux; root)",
    arguments: &[Argument::with_default("path", ArgumentKind::Path, "/proc/kcore", "another core that the kernel makes up")],
    connect,
    targets: None,
};

/// Bytes of the largest read.
const STEP: u64 = 1 << 20;

fn missing(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::NotFound => "this kernel has no /proc/kcore (CONFIG_PROC_KCORE), or what memsh runs in hides it",
        io::ErrorKind::PermissionDenied => {
            "run as root: the file is root's (or CAP_DAC_READ_SEARCH), and opening it takes CAP_SYS_RAWIO; where root is refused too, \
             the kernel is locked down (/sys/kernel/security/lockdown)"
        }
        _ => "is this a Linux machine with /proc?",
    }
}

fn connect(request: &Request<'_>) -> Result<Image> {
    let path = Path::new(request.arguments.text("path").unwrap_or("/proc/kcore"));
    if request.write {
        return Err(Error::new(Layer::Connector, ErrorKind::Unsupported, "kcore: /proc/kcore can't be written")
            .hint("leave --write away; devmem can write where the kernel allows it"));
    }
    let file = device::open(path, false, missing)?;
    let mut read = |at: u64, len: usize| {
        let mut buf = vec![0; len];
        let n = device::read_at(&file, at, &mut buf).map_err(|e| {
            let what = format!("reading {len} bytes of {} failed: {e}", path.display());
            Error::new(Layer::Connector, ErrorKind::Io, what).at(At::File(at)).hint(missing(e.kind()))
        })?;
        if n == 0 {
            let what = format!("{} is empty", path.display());
            return Err(Error::new(Layer::Connector, ErrorKind::Io, what)
                .at(At::File(at))
                .hint("a container hides it: run memsh outside"));
        }
        buf.truncate(n);
        Ok(buf)
    };
    let outline = elf::outline_of(&mut read)?;
    let claims: Vec<(MemoryRange, u64)> = outline
        .loads
        .iter()
        .map(|&(phys, offset, size)| (MemoryRange { start: PhysAddr::new(umem::from(phys)), size: umem::from(size) }, offset))
        .collect();
    let memory = Memory::new(DeviceMemory::new(file, claims, STEP, false));
    let mut facts = ImageFacts::named(path, "kcore");
    facts.detail("segments", outline.loads.len());
    facts.detail("virtual_only", format!("{} segments without a physical address", outline.unaddressed));
    facts.detail("note_vmcoreinfo", if outline.vmcoreinfo.is_some() { "yes" } else { "no" });
    facts.warnings.push(device::RUNS_ON.to_owned());
    let mut image = Image::of_memory(memory, facts);
    image.machine = outline.machine.map(str::to_owned);
    image.vmcoreinfo = outline.vmcoreinfo;
    Ok(image)
}
