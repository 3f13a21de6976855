//! `-C gdbstub:HOST:PORT`: a machine behind a stub of the GDB remote serial protocol: QEMU's, a hypervisor's, a JTAG probe's.
//!
//! - `packet` is the protocol's grammar, `client` the dialogue, with requests sent ahead
//! - `description` reads which registers there are, `cpus` what is in them
//! - `ranges` finds out what memory there is, `memory` reads and writes it
//!
//! A stub stops the machine when somebody connects. It goes on when the last holder of the memory drops it, unless it was asked to stay
//! stopped, or is known to have been stopped before.

mod client;
mod cpus;
mod description;
mod memory;
mod packet;
mod ranges;

use super::socket::{Address, Wire};
use super::{Argument, ArgumentKind, Connector, Request};
use crate::engine::Memory;
use crate::image::{CpuState, Image, ImageFacts, ProcessImage};
use crate::{Error, ErrorKind, Layer, Result};
use client::{Client, Lost};
use description::Description;
use memory::{DETACH, Link, StubMemory};
use memsh_plugin::MemoryRange;
use ranges::Probed;
pub use ranges::given as given_ranges;
use std::sync::Arc;
use std::time::Duration;

/// The connector.
pub const CONNECTOR: Connector = Connector {
    name: "gdbstub",
    summary: "a machine behind a GDB stub: QEMU's -gdb, a hypervisor's, a JTAG probe's; it stands still while memsh is connected",
    arguments: &[
        Argument::required("address", ArgumentKind::Text, "host:port, :port or unix:/path"),
        Argument::optional("pause", ArgumentKind::Flag, "leave the machine stopped at the end"),
        Argument::optional("size", ArgumentKind::Size, "bytes of memory from address 0, where the stub does not tell"),
        Argument::optional("ranges", ArgumentKind::Text, "what memory there is: START-END;START+SIZE;.."),
        Argument::optional("direct", ArgumentKind::Number, "virtual address at which the kernel maps all physical memory"),
        Argument::optional("space", ArgumentKind::Text, "phys, or virtual: addresses are those of the stopped processor"),
        Argument::with_default("timeout", ArgumentKind::Duration, "5s", "how long an answer may take"),
        Argument::optional("inflight", ArgumentKind::Number, "requests under way at once (1 to 256)"),
    ],
    connect,
    targets: None,
};

/// Bytes of a packet that are not data of a `qXfer`: the letter, and room for what stubs count differently.
const OVERHEAD: u64 = 16;
/// Requests under way at once, where the stub is known to take them.
const WINDOW: usize = 32;

/// What the stub's memory is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Space {
    /// Physical addresses, by the stub's own mode.
    Physical,
    /// Physical addresses, read where the kernel maps them.
    Direct,
    /// Virtual addresses.
    Virtual,
}

/// What the stub says of itself.
#[derive(Default)]
struct Abilities {
    packet: Option<u64>,
    features: bool,
    map: bool,
    binary: bool,
    no_acks: bool,
}

impl Abilities {
    /// Reads the answer to `qSupported`: `PacketSize=1000;qXfer:features:read+;..`.
    fn of(answer: &[u8]) -> Self {
        let mut out = Self::default();
        for part in String::from_utf8_lossy(answer).split(';') {
            match part {
                "qXfer:features:read+" => out.features = true,
                "qXfer:memory-map:read+" => out.map = true,
                "binary-upload+" => out.binary = true,
                "QStartNoAckMode+" => out.no_acks = true,
                _ => {
                    if let Some(size) = part.strip_prefix("PacketSize=") {
                        out.packet = packet::number(size.as_bytes()).filter(|n| *n >= 32);
                    }
                }
            }
        }
        out
    }

    /// Bytes that a `qXfer` may ask for.
    fn step(&self) -> usize {
        let size = self.packet.unwrap_or(400).saturating_sub(OVERHEAD).clamp(16, 64 << 10);
        usize::try_from(size).unwrap_or(256)
    }
}

fn connect(request: &Request<'_>) -> Result<Image> {
    let args = &request.arguments;
    let address = Address::parse(args.text("address").unwrap_or_default(), "gdbstub", None)?;
    let timeout = args.duration("timeout").unwrap_or(Duration::from_secs(5)).max(Duration::from_millis(10));
    let given = match (args.text("ranges"), args.size("size")) {
        (Some(text), _) => ranges::given(text)?,
        (None, Some(size)) => vec![ranges::range(0, size)],
        (None, None) => Vec::new(),
    };
    let wish = match (args.text("space"), args.number("direct")) {
        (Some("virtual"), None) if given.is_empty() => {
            let hint = "for example gdbstub:HOST:PORT,space=virtual,ranges=0xffffffff81000000+32m";
            return Err(invalid("space=virtual needs ranges=: a stub can't say which addresses are mapped").hint(hint));
        }
        (Some("virtual"), None) => Some(Space::Virtual),
        (None | Some("phys"), Some(_)) => Some(Space::Direct),
        (Some("phys"), None) => Some(Space::Physical),
        (None, None) => None,
        (Some("virtual"), Some(_)) => return Err(invalid("direct= makes physical memory; space=virtual asks for another one")),
        (Some(other), _) => return Err(invalid(&format!("space={other}: there is phys and virtual"))),
    };
    let wire = Wire::connect(&address, "gdbstub", timeout, request.interrupt)?;
    let mut link = Link::new(Client::new(wire, timeout));
    let mut facts = ImageFacts::named(format!("gdbstub:{address}"), "gdbstub");
    let lost = |what: &'static str| move |e: Lost| e.error(what);

    let abilities = greet(link.dialogue()).map_err(lost("greeting the stub"))?;
    link.packets_of(abilities.packet.unwrap_or(0));
    link.binary = abilities.binary;
    let c = link.dialogue();
    let stopped = c.ask(b"?").map_err(lost("asking why the machine stands"))?;
    if matches!(stopped.first(), Some(b'W' | b'X')) {
        let why = String::from_utf8_lossy(&stopped).into_owned();
        return Err(Error::new(Layer::Connector, ErrorKind::Io, format!("gdbstub: what the stub debugs has ended ({why})")));
    }
    let before = c.ask(b"qqemu.PhyMemMode").map_err(lost("asking for physical memory"))?;
    let qemu = matches!(before.as_slice(), b"0" | b"1");
    c.window = match args.number("inflight") {
        Some(n) => usize::try_from(n.clamp(1, 256)).unwrap_or(1),
        // Only over a link without acknowledgements, or to a stub that is known to read on, are requests sent ahead.
        None if qemu || abilities.no_acks => WINDOW,
        None => 1,
    };
    let description = match abilities.features {
        true => description::read(c, abilities.step()).map_err(lost("reading the target description"))?,
        false => Description::default(),
    };
    let threads = cpus::threads(c).map_err(lost("listing processors"))?;
    let states = match description.registers.as_slice() {
        [] => Vec::new(),
        _ => cpus::states(c, &threads, &description).map_err(lost("reading registers"))?,
    };
    let status = monitor_status(c).map_err(lost("asking the monitor"))?;
    let stood = status.as_deref().is_some_and(stood_before);

    let pause = args.flag("pause");
    // From here on the link knows how to part, whatever fails.
    link.farewell = if pause || stood { Vec::new() } else { vec![DETACH] };
    let space = match wish {
        Some(Space::Physical) | None if qemu => Space::Physical,
        Some(space @ (Space::Direct | Space::Virtual)) => space,
        _ => return Err(virtual_only(&states)),
    };
    if space == Space::Physical {
        if link.dialogue().ask(b"Qqemu.PhyMemMode:1").map_err(lost("switching to physical memory"))? != b"OK" {
            return Err(virtual_only(&states));
        }
        if before == b"0" {
            link.farewell.insert(0, b"Qqemu.PhyMemMode:0");
        }
    }
    if let (Space::Direct, Some(base)) = (space, args.number("direct")) {
        link.offset = base;
    }
    let (found, how) = match given.is_empty() {
        false => (given, "as given"),
        true => find_ranges(&mut link, space, &abilities)?,
    };

    facts.warnings.push(match (stood, pause) {
        (true, _) => "the machine stood before memsh connected, and stays so".to_owned(),
        (false, true) => "the stub has stopped the machine, and pause leaves it so at the end".to_owned(),
        (false, false) => "the stub has stopped the machine; it goes on when memsh ends (also one that you had paused yourself: \
                           give pause to leave it)"
            .to_owned(),
    });
    facts.detail("memory_found", how);
    facts.detail("processors", threads.len());
    facts.detail("packet_size", abilities.packet.map_or_else(|| "not told".to_owned(), |n| n.to_string()));
    if let Some(status) = status {
        facts.detail("status", status.trim());
    }
    Ok(image(link, facts, found, space, (&description, states), request.write))
}

fn image(
    link: Link,
    facts: ImageFacts,
    found: Vec<MemoryRange>,
    space: Space,
    (description, states): (&Description, Vec<CpuState>),
    write: bool,
) -> Image {
    let link = Arc::new(link);
    let memory = Memory::new(StubMemory::new(Arc::clone(&link), found, write));
    let machine = description.machine();
    let mut image = Image::of_memory(memory, facts);
    image.machine = machine.map(str::to_owned);
    if space == Space::Virtual {
        let narrow = matches!(machine, Some("x86" | "arm"));
        image.process = Some(Arc::new(ProcessImage {
            system: "unknown".to_owned(),
            machine: machine.unwrap_or("x86_64").to_owned(),
            pointer_size: if narrow { 4 } else { 8 },
            name: b"stub".to_vec(),
            ..ProcessImage::default()
        }));
    }
    image.cpus = states;
    image.trouble = Some(Arc::new(move || link.trouble()));
    image
}

fn invalid(what: &str) -> Error {
    Error::new(Layer::Connector, ErrorKind::Invalid, format!("gdbstub: {what}"))
}

/// The stub reads virtual addresses only, and nothing says where physical memory is mapped.
fn virtual_only(states: &[CpuState]) -> Error {
    let root = states.iter().find_map(|s| s.root_upper.or(s.root));
    let root = root.map_or("it does not tell the page-table root either".to_owned(), |r| {
        format!("the page-table root is {r:#x}, but the tables are in physical memory")
    });
    Error::new(
        Layer::Connector,
        ErrorKind::Unsupported,
        format!("gdbstub: this stub reads virtual addresses of the stopped processor only (no qqemu.PhyMemMode); {root}"),
    )
    .hint(
        "direct=ADDRESS: where the kernel maps all of memory (Linux on x86-64: page_offset_base, 0xffff888000000000 without KASLR); \
         or space=virtual,ranges=START+SIZE to look at virtual memory as it is",
    )
}

/// Says what memsh understands, and hears what the stub does.
fn greet(c: &mut Client) -> Result<Abilities, Lost> {
    let answer = c.ask(b"qSupported:xmlRegisters=i386;qXfer:features:read+;qXfer:memory-map:read+;binary-upload+")?;
    let abilities = Abilities::of(&answer);
    if abilities.no_acks {
        c.without_acks()?;
    }
    Ok(abilities)
}

/// What QEMU's monitor says of the machine: `VM status: paused`.
fn monitor_status(c: &mut Client) -> Result<Option<String>, Lost> {
    let text = ranges::monitor(c, "info status")?;
    Ok(text.and_then(|t| Some(t.split_once("VM status:")?.1.lines().next()?.trim().to_owned())))
}

/// Whether QEMU's status says that the machine stood for another reason than that somebody connected: `paused (prelaunch)`.
fn stood_before(status: &str) -> bool {
    status.contains('(') && !status.contains("(debug)")
}

fn find_ranges(link: &mut Link, space: Space, abilities: &Abilities) -> Result<(Vec<MemoryRange>, &'static str)> {
    let lost = |what: &'static str| move |e: Lost| e.error(what);
    if space == Space::Physical {
        let tree = ranges::monitor(link.dialogue(), "info mtree -f").map_err(lost("asking the monitor for the memory map"))?;
        let found = tree.map(|t| ranges::of_mtree(&t)).unwrap_or_default();
        if !found.is_empty() {
            return Ok((found, "the monitor's `info mtree -f`"));
        }
    }
    if abilities.map {
        let found = ranges::of_map(link.dialogue(), abilities.step()).map_err(lost("reading the memory map"))?;
        if !found.is_empty() {
            return Ok((found, "the stub's memory map"));
        }
    }
    match ranges::probe(|places| link.there(places)).map_err(lost("looking for memory"))? {
        Probed::Ranges(found) if !found.is_empty() => Ok((found, "by reading, page by page at the ends")),
        Probed::Ranges(_) => Err(Error::new(
            Layer::Connector,
            ErrorKind::Io,
            "gdbstub: the stub reads nothing at any address that was tried (0, and every power of two to 4 TiB)",
        )
        .hint("ranges=START-END says where memory is; direct= must be the address at which the kernel maps all of it")),
        Probed::Everywhere => Err(Error::new(
            Layer::Connector,
            ErrorKind::Io,
            "gdbstub: the stub answers reads of addresses where no memory can be, so it can't be found out what there is",
        )
        .hint("size=2g, or ranges=START-END;START+SIZE, says what memory there is")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn abilities_of_stubs() {
        let a = Abilities::of(b"PacketSize=1000;qXfer:features:read+;vContSupported+;multiprocess+");
        assert_eq!((a.packet, a.features, a.no_acks, a.step()), (Some(4096), true, false, 4080));
        let b = Abilities::of(b"");
        assert_eq!((b.packet, b.features, b.step()), (None, false, 384));
        assert_eq!(Abilities::of(b"PacketSize=0;PacketSize=zz").packet, None);
    }

    #[test]
    fn a_machine_that_never_ran_is_not_started() {
        assert!(stood_before("paused (prelaunch)"));
        assert!(stood_before("paused (postmigrate)"));
        assert!(!stood_before("paused"));
        assert!(!stood_before("running"));
    }
}
