//! The blocks that a machine's RAM consists of, as the command line names them.

use super::cmdline::CommandLine;
use super::machine::Span;
use super::options::{Properties, size};
use crate::{Error, ErrorKind, Layer, Result};

/// What a block's pages are, as far as it shows in the process that has them mapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Backing {
    /// Memory of the process alone.
    Private,
    /// Memory without a name that others may share: shared anonymous memory, a memfd, POSIX shared memory.
    Shared,
    /// A memfd, of which the process has a private copy or not.
    Memfd {
        /// `share`, which is on where it is not given.
        shared: bool,
    },
    /// A file, or a file in a folder that QEMU made and removed again.
    File {
        /// `mem-path`.
        path: String,
        /// `share`, which is off where it is not given.
        shared: bool,
        /// Where the block begins in the file.
        offset: u64,
    },
}

/// A block of RAM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// Its name: the id of its backend.
    pub id: String,
    /// Bytes.
    pub size: u64,
    /// What its pages are.
    pub backing: Backing,
    /// Whether its pages are huge ones that were asked for, so that its mapping ends at a multiple of theirs.
    pub huge: bool,
}

/// Memory in a slot of its own, at an address that the command line gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Module {
    /// What is in it.
    pub block: Block,
    /// Where it lies, where the command line says it.
    pub guest: Option<u64>,
}

fn wrong(what: String) -> Error {
    Error::new(Layer::Connector, ErrorKind::Unsupported, what).hint("qmp=PATH asks the machine itself where its memory lies")
}

fn block(object: &Properties) -> Result<Block> {
    let id = object.get("id").unwrap_or_default().to_owned();
    let bytes = object.size("size", 1).ok_or_else(|| wrong(format!("memory backend {id} has no size that can be read")))?;
    let shared = object.on("share");
    let backing = match object.get("qom-type").unwrap_or_default() {
        "memory-backend-ram" if shared => Backing::Shared,
        "memory-backend-ram" => Backing::Private,
        "memory-backend-shm" => Backing::Shared,
        "memory-backend-memfd" => Backing::Memfd { shared: shared || object.get("share").is_none() },
        "memory-backend-file" => {
            let path = object.get("mem-path").unwrap_or_default().to_owned();
            Backing::File { path, shared, offset: object.size("offset", 1).unwrap_or(0) }
        }
        other => return Err(wrong(format!("memory backend {id} is of a kind that is not known: {other}"))),
    };
    Ok(Block { id, size: bytes, backing, huge: object.on("hugetlb") })
}

fn named(line: &CommandLine, id: &str) -> Result<Block> {
    block(line.object(id).ok_or_else(|| wrong(format!("the command line names a memory backend {id} and does not define it")))?)
}

/// The blocks of `ram` bytes of RAM, in the order in which they make it up.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for backends of another kind, or whose sizes do not make up the RAM.
pub(super) fn ram(line: &CommandLine, ram: u64) -> Result<Vec<Block>> {
    // Nodes in the order of their numbers; those without get theirs in the order in which they stand (`parse_numa_node`).
    let mut nodes: Vec<(u64, &str)> = Vec::new();
    for (i, node) in line.numa.iter().filter(|n| n.get("type") == Some("node")).enumerate() {
        let Some(memdev) = node.get("memdev") else { continue };
        let given = node.get("nodeid").and_then(|n| n.parse().ok());
        nodes.push((given.unwrap_or(u64::try_from(i).unwrap_or(u64::MAX)), memdev));
    }
    nodes.sort_by_key(|n| n.0);
    let blocks = if let Some(id) = line.machine.get("memory-backend") {
        vec![named(line, id)?]
    } else if !nodes.is_empty() {
        nodes.iter().map(|(_, id)| named(line, id)).collect::<Result<Vec<_>>>()?
    } else if let Some(path) = &line.mem_path {
        let backing = Backing::File { path: path.clone(), shared: false, offset: 0 };
        vec![Block { id: "RAM".to_owned(), size: ram, backing, huge: false }]
    } else {
        vec![Block { id: "RAM".to_owned(), size: ram, backing: Backing::Private, huge: false }]
    };
    let sum = blocks.iter().fold(0u64, |n, b| n.saturating_add(b.size));
    if sum != ram {
        return Err(wrong(format!("the machine has {ram} bytes of RAM, its memory backends {sum}")));
    }
    Ok(blocks)
}

/// Memory that devices of the command line bring along.
///
/// # Errors
/// As [`ram`].
pub(super) fn modules(line: &CommandLine) -> Result<Vec<Module>> {
    let kinds = ["pc-dimm", "nvdimm"];
    let devices = line.devices.iter().filter(|d| d.get("driver").is_some_and(|k| kinds.contains(&k)));
    devices
        .map(|d| {
            let block = named(line, d.get("memdev").unwrap_or_default())?;
            Ok(Module { block, guest: d.get("addr").and_then(|a| size(a, 1)) })
        })
        .collect()
}

/// What of each block lies where: a span of RAM may reach over several blocks. Number of the block, and its part.
pub(super) fn place(spans: &[Span], blocks: &[Block]) -> Vec<(usize, Span)> {
    let mut out = Vec::new();
    let mut start = 0u64;
    for (i, block) in blocks.iter().enumerate() {
        let end = start.saturating_add(block.size);
        for span in spans {
            let from = span.offset.max(start);
            let to = span.offset.saturating_add(span.size).min(end);
            if from < to {
                out.push((i, Span { guest: span.guest + (from - span.offset), size: to - from, offset: from - start }));
            }
        }
        start = end;
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    const GIB: u64 = 1 << 30;

    fn line(text: &str) -> CommandLine {
        CommandLine::parse(&format!("qemu-system-x86_64 {text}").split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn one_backend() {
        let l = line("-m 1G -object memory-backend-file,id=m,size=1G,mem-path=/dev/shm/x,share=on -machine memory-backend=m");
        let [b] = &ram(&l, GIB).unwrap()[..] else { panic!() };
        assert_eq!(b.backing, Backing::File { path: "/dev/shm/x".into(), shared: true, offset: 0 });
        let l = line("-m 1G -object memory-backend-memfd,id=m,size=1G,hugetlb=on -machine memory-backend=m");
        let [b] = &ram(&l, GIB).unwrap()[..] else { panic!() };
        assert_eq!((&b.backing, b.huge), (&Backing::Memfd { shared: true }, true));
        let l = line("-m 1G -mem-path /dev/hugepages");
        let [b] = &ram(&l, GIB).unwrap()[..] else { panic!() };
        assert_eq!(b.backing, Backing::File { path: "/dev/hugepages".into(), shared: false, offset: 0 });
        assert_eq!(ram(&line("-m 1G"), GIB).unwrap()[0].backing, Backing::Private);
    }

    #[test]
    fn nodes_lie_behind_each_other() {
        let l = line(
            "-m 4G -object memory-backend-ram,id=a,size=1G -object memory-backend-ram,id=b,size=3G,share=on -numa node,nodeid=1,memdev=b -numa node,nodeid=0,memdev=a",
        );
        let blocks = ram(&l, 4 * GIB).unwrap();
        assert_eq!(blocks.iter().map(|b| b.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        let spans = [Span { guest: 0, size: 2 * GIB, offset: 0 }, Span { guest: 4 * GIB, size: 2 * GIB, offset: 2 * GIB }];
        assert_eq!(
            place(&spans, &blocks),
            [
                (0, Span { guest: 0, size: GIB, offset: 0 }),
                (1, Span { guest: GIB, size: GIB, offset: 0 }),
                (1, Span { guest: 4 * GIB, size: 2 * GIB, offset: GIB }),
            ]
        );
    }

    #[test]
    fn sizes_that_do_not_fit_are_refused() {
        for text in [
            "-object memory-backend-ram,id=a,size=1G -machine memory-backend=a",
            "-machine memory-backend=nobody",
            "-object memory-backend-epc,id=a,size=2G -machine memory-backend=a",
            "-object memory-backend-ram,id=a -machine memory-backend=a",
        ] {
            assert!(ram(&line(text), 2 * GIB).is_err(), "{text}");
        }
    }

    #[test]
    fn modules_with_and_without_an_address() {
        let l = line(
            "-object memory-backend-ram,id=a,size=1G -device pc-dimm,memdev=a,addr=0x140000000 -object memory-backend-ram,id=b,size=1G -device pc-dimm,id=d,memdev=b -device e1000",
        );
        let m = modules(&l).unwrap();
        assert_eq!(m.iter().map(|m| m.guest).collect::<Vec<_>>(), [Some(0x1_4000_0000), None]);
    }
}
