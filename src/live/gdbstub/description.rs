//! Target descriptions (the GDB manual, appendix G): which registers there are, and where each lies in the answer to `g`.
//!
//! Of the XML only tags and their attributes count; comments, entities of a DTD and text are passed over. A description names
//! others (`xi:include`), each of which is read once.

use super::client::{Client, Lost};
use super::packet;

/// No description is longer, with all that it includes.
const MOST_BYTES: usize = 4 << 20;
/// No description includes more files.
const MOST_FILES: usize = 64;
/// No processor has more registers.
const MOST_REGISTERS: usize = 16384;
/// No register is wider, in bits: SVE's are 2048, SME's tile array is more and is never in `g`.
const WIDEST: u64 = 1 << 20;

/// A register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Register {
    /// Its name.
    pub name: String,
    /// Its number, for `p`.
    pub number: u64,
    /// Bytes.
    pub size: usize,
    /// Its place in the answer to `g`, where that is as long.
    pub offset: usize,
}

/// What a stub says of its processors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// `i386:x86-64`, `aarch64`, `riscv:rv64`.
    pub architecture: Option<String>,
    /// Registers by number.
    pub registers: Vec<Register>,
}

impl Description {
    /// The name that memsh has for the machine.
    pub fn machine(&self) -> Option<&'static str> {
        let name = self.architecture.as_deref()?;
        Some(match name {
            "i386:x86-64" => "x86_64",
            "i386" => "x86",
            _ if name.starts_with("aarch64") => "aarch64",
            _ if name.starts_with("riscv:rv64") => "riscv64",
            _ if name.starts_with("arm") => "arm",
            _ => return None,
        })
    }

    /// The register with this name, whatever the case.
    pub fn register(&self, name: &str) -> Option<&Register> {
        self.registers.iter().find(|r| r.name.eq_ignore_ascii_case(name))
    }
}

/// Reads an object of the stub's (`features:read:target.xml`) whole.
///
/// # Errors
/// When the link fails; `Ok(None)` where the stub does not have it, or it has no end.
pub fn object(client: &mut Client, name: &str, step: usize) -> Result<Option<Vec<u8>>, Lost> {
    let mut out = Vec::new();
    while out.len() < MOST_BYTES {
        let answer = client.ask(format!("qXfer:{name}:{:x},{step:x}", out.len()).as_bytes())?;
        match answer.split_first() {
            Some((b'l', last)) => {
                out.extend(last);
                return Ok(Some(out));
            }
            Some((b'm', piece)) if !piece.is_empty() => out.extend(piece),
            _ => return Ok(None),
        }
    }
    Ok(None)
}

/// Reads the stub's description with all that it includes; `step` bytes a request.
///
/// # Errors
/// When the link fails.
pub fn read(client: &mut Client, step: usize) -> Result<Description, Lost> {
    let mut wanted = vec!["target.xml".to_owned()];
    let (mut done, mut bytes) = (0, 0);
    let mut reader = Reader::default();
    while let Some(name) = wanted.get(done).cloned() {
        done += 1;
        let Some(text) = object(client, &format!("features:read:{name}"), step)? else { continue };
        bytes += text.len();
        for include in reader.file(&String::from_utf8_lossy(&text)) {
            let plain = include.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b':' | b'#' | b'$' | b'}'));
            if plain && !wanted.contains(&include) && wanted.len() < MOST_FILES && bytes < MOST_BYTES {
                wanted.push(include);
            }
        }
    }
    Ok(reader.finish())
}

/// Collects registers out of files.
#[derive(Default)]
struct Reader {
    architecture: Option<String>,
    /// Name, number, bits.
    registers: Vec<(String, u64, u64)>,
    next: u64,
}

impl Reader {
    /// Takes in a file; gives what it includes.
    fn file(&mut self, text: &str) -> Vec<String> {
        let mut includes = Vec::new();
        for tag in tags(text) {
            match tag.name {
                "architecture" if self.architecture.is_none() => {
                    self.architecture = Some(tag.behind.trim().to_owned()).filter(|a| !a.is_empty() && a.len() < 64);
                }
                "xi:include" | "include" => includes.extend(tag.attribute("href").map(str::to_owned)),
                "reg" if self.registers.len() < MOST_REGISTERS => {
                    let (Some(name), Some(bits)) = (tag.attribute("name"), tag.number("bitsize")) else { continue };
                    let number = tag.number("regnum").unwrap_or(self.next);
                    self.next = number.saturating_add(1);
                    if bits <= WIDEST && name.len() < 64 {
                        self.registers.push((name.to_owned(), number, bits));
                    }
                }
                _ => {}
            }
        }
        includes
    }

    fn finish(mut self) -> Description {
        self.registers.sort_by_key(|r| r.1);
        let mut offset = 0;
        let registers = self.registers.into_iter().map(|(name, number, bits)| {
            let size = usize::try_from(bits.div_ceil(8)).unwrap_or(0);
            let register = Register { name, number, size, offset };
            offset += size;
            register
        });
        Description { registers: registers.collect(), architecture: self.architecture }
    }
}

/// An opening tag.
pub struct Tag<'a> {
    /// Its name.
    pub name: &'a str,
    attributes: &'a str,
    /// The text behind it, up to the next tag.
    pub behind: &'a str,
}

impl<'a> Tag<'a> {
    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&'a str> {
        let mut rest = self.attributes;
        loop {
            let (key, behind) = rest.split_once('=')?;
            let behind = behind.trim_start();
            let quote = behind.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            let (value, next) = behind.get(1..)?.split_once(quote)?;
            if key.trim() == name {
                return Some(value);
            }
            rest = next;
        }
    }

    /// A number: decimal, or hexadecimal with `0x`.
    pub fn number(&self, name: &str) -> Option<u64> {
        let text = self.attribute(name)?.trim();
        match text.strip_prefix("0x") {
            Some(hex) => packet::number(hex.as_bytes()),
            None => text.parse().ok(),
        }
    }
}

/// The opening tags of `text`, in order.
pub fn tags(text: &str) -> impl Iterator<Item = Tag<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let (_, behind) = rest.split_once('<')?;
            if let Some(comment) = behind.strip_prefix("!--") {
                rest = comment.split_once("-->").map_or("", |(_, after)| after);
                continue;
            }
            let (inside, after) = behind.split_once('>')?;
            rest = after;
            if inside.starts_with(['/', '!', '?']) {
                continue;
            }
            let inside = inside.trim_end_matches('/');
            let (name, attributes) = inside.split_once(char::is_whitespace).unwrap_or((inside, ""));
            return Some(Tag { name, attributes, behind: after.split('<').next().unwrap_or_default() });
        }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn registers_lie_in_the_order_of_their_numbers() {
        let mut reader = Reader::default();
        let includes = reader.file(
            r#"<?xml version="1.0"?><!DOCTYPE target SYSTEM "gdb-target.dtd"><target><architecture>i386:x86-64</architecture>
               <!-- <reg name="ghost" bitsize="64"/> --><xi:include href="core.xml"/></target>"#,
        );
        assert_eq!(includes, ["core.xml"]);
        reader.file(
            r#"<feature name="org.gnu.gdb.i386.core"><reg name="rax" bitsize="64" type="int64" regnum="0"/>
            <reg name='eflags' bitsize='32'/><reg name="st0" bitsize="80"/><reg name="cr3" bitsize="64" regnum="9"/></feature>"#,
        );
        let d = reader.finish();
        assert_eq!(d.machine(), Some("x86_64"));
        let places: Vec<_> = d.registers.iter().map(|r| (r.name.as_str(), r.number, r.offset, r.size)).collect();
        assert_eq!(places, [("rax", 0, 0, 8), ("eflags", 1, 8, 4), ("st0", 2, 12, 10), ("cr3", 9, 22, 8)]);
        assert_eq!(d.register("CR3").unwrap().number, 9);
    }

    #[test]
    fn what_is_no_register_is_passed_over() {
        let mut reader = Reader::default();
        reader.file(r#"<reg name="wide" bitsize="99999999999"/><reg bitsize="8"/><reg name="x" bitsize="eight"/><reg name="#);
        assert_eq!(reader.finish().registers, []);
    }

    proptest! {
        #[test]
        fn any_text_is_read_to_an_end(text in r#"[<>!/= "'a-z-]{0,120}"#) {
            let mut reader = Reader::default();
            reader.file(&text);
            prop_assert!(reader.finish().registers.len() < 120);
        }
    }
}
