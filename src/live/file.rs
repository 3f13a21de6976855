//! `-C file:PATH`: an image file where a chain of layers wants a connector.

use super::middleware::overlay::Overlay;
use super::{Argument, ArgumentKind, Connector, Request};
use crate::engine::Habits;
use crate::image::{self, Image, OpenOptions};
use crate::{PhysAddr, Result, umem};
use memsh_plugin::{CSliceMut, CVec, MappedRun, MemoryMetadata, MemoryRange, PhysReadOp, PhysicalMemory};
use std::path::Path;
use std::sync::Arc;

/// The connector.
pub const CONNECTOR: Connector = Connector {
    name: "file",
    summary: "a memory image, as `memsh IMAGE` opens it",
    arguments: &[
        Argument::required("path", ArgumentKind::Path, "the image"),
        Argument::optional("format", ArgumentKind::Text, "skip detection of the format"),
        Argument::optional("base", ArgumentKind::Number, "physical address of a raw image's first byte"),
        Argument::optional("live", ArgumentKind::Flag, "the file changes while it is read: the memory of a virtual machine, say"),
        Argument::optional(
            "overlay",
            ArgumentKind::Flag,
            "writes go to a copy in memory, which ends with memsh; the file stays as it is",
        ),
    ],
    connect,
    targets: None,
};

fn connect(request: &Request<'_>) -> Result<Image> {
    let options = OpenOptions {
        format: request.arguments.text("format").map(str::to_owned),
        base: request.arguments.number("base").map(|n| PhysAddr::new(umem::from(n))),
        interrupt: request.interrupt,
        ..OpenOptions::default()
    };
    let image = image::open(Path::new(request.arguments.text("path").unwrap_or_default()), &options)?;
    Ok(match (request.arguments.flag("overlay"), request.arguments.flag("live")) {
        (true, _) => {
            let memory = image.memory.through(Habits::default(), |below| Arc::new(Overlay::new(below)));
            image.through(memory, None)
        }
        (false, true) => {
            let memory = image.memory.through(Habits::default(), |file| Arc::new(Changing(file)));
            image.through(memory, None)
        }
        (false, false) => image,
    })
}

/// A file that somebody else writes to. It is never written from here.
struct Changing(Arc<dyn PhysicalMemory>);

impl PhysicalMemory for Changing {
    fn metadata(&self) -> MemoryMetadata {
        MemoryMetadata { live: true, read_only: true, ..self.0.metadata() }
    }

    fn ranges(&self) -> CVec<MemoryRange> {
        self.0.ranges()
    }

    fn read(&self, ops: CSliceMut<PhysReadOp>) {
        self.0.read(ops);
    }

    fn mapped_runs(&self) -> CVec<MappedRun<'_>> {
        self.0.mapped_runs()
    }
}
