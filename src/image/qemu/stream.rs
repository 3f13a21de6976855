//! A migration stream: QEMU's `migration/savevm.c`, version 3.
//!
//! Sections follow each other. RAM says how long it is; the state of a device does not, but a footer with the section's number ends
//! it, and that is looked for. At the end stands a description in JSON of what the devices' states hold.

use super::bytes::Bytes;
use super::cursor::{Cursor, Result, Stop, printable};
use super::ram::{self, Ram};

/// `QEMU_VM_FILE_MAGIC`.
pub(super) const MAGIC: &[u8; 4] = b"QEVM";
/// `QEMU_VM_FILE_VERSION`.
const VERSION: u32 = 3;

// QEMU_VM_*.
const EOF: u8 = 0;
const START: u8 = 1;
const PART: u8 = 2;
const END: u8 = 3;
const FULL: u8 = 4;
const SUBSECTION: u8 = 5;
const DESCRIPTION: u8 = 6;
const CONFIGURATION: u8 = 7;
const COMMAND: u8 = 8;
const FOOTER: u8 = 0x7e;

/// More than any stream has.
const MOST_SECTIONS: usize = 1 << 16;
/// The description takes some hundred KiB.
const MOST_DESCRIPTION: u64 = 64 << 20;
/// `QEMU_VM_COMMAND` that holds other sections: `MIG_CMD_PACKAGED`.
const PACKAGED: u16 = 8;

/// The state of a device.
#[derive(Clone, Debug)]
pub(super) struct Section {
    pub name: String,
    pub instance: u32,
    /// Where its state begins in the stream, and how long it is.
    pub at: u64,
    pub len: u64,
}

/// What a stream holds.
#[derive(Default)]
pub(super) struct Stream {
    /// Type of the machine: `pc-q35-8.2`.
    pub machine: Option<String>,
    pub capabilities: Vec<String>,
    pub uuid: Option<String>,
    pub ram: Ram,
    /// RAM came to its end, and not just the stream.
    pub ram_complete: bool,
    /// Parts in which RAM came.
    pub ram_parts: u64,
    pub sections: Vec<Section>,
    pub description: Option<serde_json::Value>,
    /// Where the stream makes no sense any more, or ends too early.
    pub stopped: Option<Stop>,
    pub warnings: Vec<String>,
    ram_section: Option<u32>,
}

impl Stream {
    /// Reads a stream; `tick` is told how far it is, and may say stop.
    ///
    /// # Errors
    /// Where it does not begin like one.
    pub(super) fn read(bytes: &dyn Bytes, tick: &mut dyn FnMut(u64) -> bool) -> Result<Self> {
        let mut c = Cursor::new(bytes);
        if c.take::<4>()? != *MAGIC {
            c.seek(0);
            return Err(c.stop("no QEMU migration stream (QEVM) begins here"));
        }
        let version = c.u32()?;
        if version != VERSION {
            return Err(c.stop(format!("a QEMU migration stream of version {version}; memsh knows version {VERSION}")));
        }
        let mut stream = Self { ram: Ram::new(), ..Self::default() };
        stream.stopped = stream.sections(&mut c, tick).err();
        if stream.ram.mapped_ram {
            stream.ram.map(bytes, tick);
        }
        Ok(stream)
    }

    fn sections(&mut self, c: &mut Cursor<'_>, tick: &mut dyn FnMut(u64) -> bool) -> Result<()> {
        let mut count = 0usize;
        loop {
            let at = c.at();
            match c.u8()? {
                EOF => return self.description(c),
                kind @ (START | FULL) => {
                    count += 1;
                    if count > MOST_SECTIONS {
                        return Err(c.stop(format!("more than {MOST_SECTIONS} sections")));
                    }
                    let id = c.u32()?;
                    let (name, instance, version) = (c.name()?, c.u32()?, c.u32()?);
                    if name == "ram" && kind == START {
                        if version != ram::VERSION {
                            return Err(c.stop(format!("RAM of version {version}; memsh knows version {}", ram::VERSION)));
                        }
                        self.ram_section = Some(id);
                        self.ram_part(c, id, false, tick)?;
                    } else {
                        self.device(c, id, name, instance)?;
                    }
                }
                kind @ (PART | END) => {
                    let id = c.u32()?;
                    if self.ram_section == Some(id) {
                        self.ram_part(c, id, kind == END, tick)?;
                    } else {
                        self.pass(c, id)?;
                    }
                }
                CONFIGURATION => self.configuration(c)?,
                COMMAND => {
                    let (command, len) = (c.u16()?, c.u16()?);
                    // A package is a stream of sections behind its length: they are read as if they stood here.
                    c.skip(len.into())?;
                    if command == PACKAGED {
                        self.warnings
                            .push("the stream is one of a postcopy migration: pages may have come by another way".to_owned());
                    }
                }
                other => {
                    c.seek(at);
                    return Err(c.stop(format!("a section of unknown type {other:#04x}")));
                }
            }
        }
    }

    fn ram_part(&mut self, c: &mut Cursor<'_>, id: u32, last: bool, tick: &mut dyn FnMut(u64) -> bool) -> Result<()> {
        self.ram_parts += 1;
        self.ram.part(c, tick)?;
        self.ram_complete |= last;
        // Machine types before 2.4 write no footers.
        if c.peek::<1>().is_ok_and(|[b]| b == FOOTER) {
            c.skip(1)?;
            let number = c.u32()?;
            if number != id {
                return Err(c.stop(format!("the footer of section {id} has the number {number}")));
            }
        }
        Ok(())
    }

    fn device(&mut self, c: &mut Cursor<'_>, id: u32, name: String, instance: u32) -> Result<()> {
        let at = c.at();
        let found = self.pass(c, id);
        let len = c.at().saturating_sub(at + 5);
        match found {
            Ok(()) => {
                self.sections.push(Section { name, instance, at, len });
                Ok(())
            }
            Err(stop) => Err(Stop { at: stop.at, why: format!("the state of the device {name:?} has no end") }),
        }
    }

    /// Goes behind the footer of section `id`: its mark and number, with a sensible section behind it.
    fn pass(&mut self, c: &mut Cursor<'_>, id: u32) -> Result<()> {
        let from = c.at();
        let [a, b, d, e] = id.to_be_bytes();
        if c.find(&[FOOTER, a, b, d, e], sensible) {
            return Ok(());
        }
        c.seek(from);
        Err(c.stop(format!("section {id} has no footer")))
    }

    /// Type of the machine, and what is to be known of the stream.
    fn configuration(&mut self, c: &mut Cursor<'_>) -> Result<()> {
        let len = c.u32()?;
        if len > 4096 {
            return Err(c.stop(format!("the machine's type would have {len} bytes")));
        }
        let name = c.vec(len.into())?;
        self.machine = printable(&name);
        while c.peek::<1>()? == [SUBSECTION] {
            c.skip(1)?;
            let name = c.name()?;
            let _version = c.u32()?;
            match name.as_str() {
                "configuration/capabilities" => {
                    let count = c.u32()?;
                    if count > 256 {
                        return Err(c.stop(format!("{count} capabilities")));
                    }
                    for _ in 0..count {
                        self.capabilities.push(c.name()?);
                    }
                    let has = |name: &str| self.capabilities.iter().any(|c| c == name);
                    self.ram.mapped_ram = has("mapped-ram");
                    self.ram.ignore_shared = has("x-ignore-shared");
                    self.ram.multifd |= has("multifd");
                }
                "configuration/target-page-bits" => {
                    let bits = c.u32()?;
                    if !(10..=16).contains(&bits) {
                        return Err(c.stop(format!("pages of 2^{bits} bytes")));
                    }
                    self.ram.page_bits = bits;
                }
                "configuration/uuid" => {
                    let bytes = c.take::<16>()?;
                    self.uuid = Some(bytes.iter().map(|b| format!("{b:02x}")).collect());
                }
                other => {
                    return Err(
                        c.stop(format!("the stream's configuration has a part {other:?}, whose length memsh does not know"))
                    );
                }
            }
        }
        Ok(())
    }

    /// What follows the end mark: the description, or nothing.
    fn description(&mut self, c: &mut Cursor<'_>) -> Result<()> {
        if c.left() < 5 || c.u8()? != DESCRIPTION {
            return Ok(());
        }
        let len = c.u32()?;
        if u64::from(len) > c.left().min(MOST_DESCRIPTION) {
            self.warnings.push(format!(
                "the description of the devices ({len} bytes) is not all in the file: no state of the processors is known"
            ));
            return Ok(());
        }
        let text = c.vec(len.into())?;
        match serde_json::from_slice(&text) {
            Ok(value) => self.description = Some(value),
            Err(e) => self.warnings.push(format!("the description of the devices is damaged: {e}")),
        }
        Ok(())
    }
}

/// Whether what stands here may begin a section.
fn sensible(c: &mut Cursor<'_>) -> bool {
    let Ok(kind) = c.u8() else { return false };
    match kind {
        EOF | PART | END | COMMAND => true,
        START | FULL => c.u32().is_ok() && c.name().is_ok(),
        DESCRIPTION | CONFIGURATION => true,
        _ => false,
    }
}
