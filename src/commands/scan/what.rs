//! What `scan` looks for, as it is written on the command line.

use crate::commands::context::Context;
use crate::commands::failure::{Failure, Result};
use crate::commands::searched::Place;
use crate::commands::which::open;
use crate::engine::search::{Charset, Hit, Needle, Needles, NumberType, Reading, WrittenForm};
use crate::session::Space;
use crate::{Error, umem};
use memsh_plugin::{ModuleInfo, Process};
use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Largest file of needles that is read.
const LARGEST: u64 = 64 << 20;

/// The needles.
#[derive(clap::Args, Clone, Debug)]
pub struct What {
    /// What to look for: text, if no option says what else
    #[arg(value_name = "PATTERN", required_unless_present = "needles", allow_negative_numbers = true)]
    pattern: Option<String>,
    /// Text (or a regex) as UTF-16, low byte first
    #[arg(short = 'u', long)]
    utf16: bool,
    /// Text (or a regex) as UTF-16, high byte first
    #[arg(long)]
    utf16be: bool,
    /// Text (or a regex) as UTF-8 and as UTF-16
    #[arg(short = 'b', long)]
    both: bool,
    /// Text in these encodings, with commas between: utf8, latin1, cp1252, koi8-r, shift_jis, gb18030, ...
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    encoding: Vec<String>,
    /// Upper and lower case are the same, as Unicode pairs letters; an ASCII letter is never taken for another script's
    #[arg(short = 'i', long)]
    ignore_case: bool,
    /// PATTERN is bytes in hex, `?` for a digit that does not matter; jumps and alternatives as in YARA: `4d 5a [2-6] (50|51 ??)`
    #[arg(short = 'x', long, group = "form")]
    hex: bool,
    /// PATTERN is a regular expression over bytes, or over UTF-16 with -u, --utf16be or -b
    #[arg(short = 'e', long, group = "form")]
    regex: bool,
    /// PATTERN is a number, or LOW..HIGH with both ends in it
    #[arg(short = 'n', long, group = "form")]
    number: bool,
    /// Types of the number, with commas between: i8 u8 i16 u16 i32 u32 i64 u64 f32 f64, `be` behind for the high byte first, ptr;
    /// else 4 bytes where it fits, then 8
    #[arg(short = 't', long = "type", value_name = "TYPES", value_delimiter = ',', requires = "number")]
    types: Vec<String>,
    /// Numbers that are no further away than this, too
    #[arg(long, value_name = "BY", requires = "number")]
    tolerance: Option<String>,
    /// Numbers at any address, not only at multiples of their size
    #[arg(long, requires = "number")]
    unaligned: bool,
    /// PATTERN is what pointers lead to: an address, START..END, or a module (the process's, or the kernel's)
    #[arg(long, group = "form")]
    pointer_to: bool,
    /// PATTERN is a GUID: as Windows and EFI have it in memory, and as text
    #[arg(long, group = "form")]
    guid: bool,
    /// And this, in the same pass: read as PATTERN, or as the word before a colon says (text, utf16, utf16be, latin1, both, hex,
    /// regex, guid, u32 and the other types)
    #[arg(long, value_name = "PATTERN", conflicts_with = "pointer_to")]
    also: Vec<String>,
    /// All that stands in a file, a needle in each line, read as --also; what stands on the line besides is then a RANGE
    #[arg(long, value_name = "FILE", conflicts_with = "pointer_to")]
    needles: Option<PathBuf>,
}

/// The needles as they were written.
pub struct Written {
    given: Vec<String>,
    file: Vec<u8>,
    lines: Vec<Range<usize>>,
}

impl Written {
    /// The needle that was found, where there are several.
    pub fn of(&self, hit: &Hit<'_>) -> Option<String> {
        if self.given.len() + self.lines.len() < 2 {
            return None;
        }
        let i = usize::try_from(hit.needle).ok()?;
        if let Some(given) = self.given.get(i) {
            return Some(given.clone());
        }
        let line = self.file.get(self.lines.get(i.checked_sub(self.given.len())?)?.clone())?;
        Some(String::from_utf8_lossy(line).into_owned())
    }
}

impl What {
    /// With a file of needles there is no PATTERN: what was taken for one is handed back.
    pub fn no_pattern(&mut self) -> Option<String> {
        self.pattern.take_if(|_| self.needles.is_some())
    }

    /// Makes the needle that finds all of them.
    ///
    /// # Errors
    /// When one can't be read, or there is nothing to look for.
    pub fn needle(&self, cx: &Context, place: &Place) -> Result<(Needle, Written)> {
        let mut needles = Needles::new();
        let mut written = Written { given: Vec::new(), file: Vec::new(), lines: Vec::new() };
        if let Some(pattern) = self.pattern.as_ref().filter(|_| self.pointer_to) {
            self.pointer(cx, place, pattern, &mut needles)?;
            written.given.push(pattern.clone());
            return Ok((needles.build().map_err(usage)?, written));
        }
        let how = self.reading(cx)?;
        if let Some(pattern) = &self.pattern {
            needles.read(pattern, &how).map_err(usage)?;
            written.given.push(pattern.clone());
        }
        for pattern in &self.also {
            needles.read_marked(pattern, &how).map_err(usage)?;
            written.given.push(pattern.clone());
        }
        if let Some(path) = &self.needles {
            written.file = read(path)?;
            written.lines = needles.read_lines(&written.file, &how).map_err(|e| {
                Failure::Usage(format!("scan: {}: {}", path.display(), e.reason()), e.hint_text().map(str::to_owned))
            })?;
            if written.lines.is_empty() {
                return Err(Failure::usage(format!("scan: there is no needle in {}", path.display())));
            }
        }
        Ok((needles.build().map_err(usage)?, written))
    }

    fn reading(&self, cx: &Context) -> Result<Reading> {
        let mut charsets = Vec::new();
        let flags = [(self.both, Charset::Utf8), (self.utf16 || self.both, Charset::Utf16), (self.utf16be, Charset::Utf16Be)];
        charsets.extend(flags.into_iter().filter(|f| f.0).map(|f| f.1));
        for name in &self.encoding {
            charsets.push(Charset::parse(name).map_err(usage)?);
        }
        if charsets.is_empty() {
            charsets.push(Charset::Utf8);
        }
        let form = match () {
            () if self.hex => WrittenForm::Hex,
            () if self.regex => WrittenForm::Regex,
            () if self.number => WrittenForm::Number,
            () if self.guid => WrittenForm::Guid,
            () => WrittenForm::Text,
        };
        // Only a pointer's size asks for a system.
        let pointer_size = if self.types.iter().any(|t| t.starts_with("ptr")) { pointer_size(cx) } else { 8 };
        let of = |name: &String| NumberType::parse(name, pointer_size).map_err(usage);
        let types = self.types.iter().map(of).collect::<Result<_>>()?;
        let (ignore_case, aligned, tolerance) = (self.ignore_case, !self.unaligned, self.tolerance.clone());
        Ok(Reading { form, charsets, ignore_case, types, tolerance, aligned, pointer_size })
    }

    /// A needle of pointers.
    fn pointer(&self, cx: &Context, place: &Place, to: &str, needles: &mut Needles) -> Result<()> {
        let session = cx.session()?;
        // In physical memory, and in all processes, names are the kernel's.
        let one = if place.is_all(cx) { None } else { place.spaces(cx)?.next() };
        let space = match one {
            Some(space @ Space::Process(..)) => Some(space),
            _ => session.kernel_space().ok(),
        };
        let size = space.as_ref().map_or(8, Space::pointer_size);
        let (first, last) = match to.split_once("..") {
            Some((start, end)) => {
                let (start, end) = (cx.evaluate(start, space.as_ref())?, cx.evaluate(end, space.as_ref())?);
                (
                    start,
                    end.checked_sub(1)
                        .filter(|l| *l >= start)
                        .ok_or_else(|| Failure::usage(format!("scan: {to} is empty or ends before it begins")))?,
                )
            }
            None => match module(cx, space.as_ref(), to)? {
                Some(range) => range,
                None => {
                    let address = cx.evaluate(to, space.as_ref()).map_err(|e| match e {
                        Failure::Error(e) => Failure::Usage(
                            format!("scan: {to} is no module here, and no address: {}", e.reason()),
                            Some("`modules` lists the kernel's, `modules -p PID` a process's; a range is START..END".to_owned()),
                        ),
                        other => other,
                    })?;
                    (address, address)
                }
            },
        };
        needles.pointer_to(first, last, size).map_err(usage)
    }
}

/// Bytes of the kernel's pointers.
fn pointer_size(cx: &Context) -> u8 {
    cx.session().ok().and_then(|s| s.kernel_space().ok()).map_or(8, |s| s.pointer_size())
}

/// Where a module lies, first and last address; `None` when there is none with this name.
fn module(cx: &Context, space: Option<&Space>, name: &str) -> Result<Option<(umem, umem)>> {
    let Ok(found) = cx.session()?.os() else { return Ok(None) };
    let os = found.os.as_ref();
    let listing = match space.and_then(Space::process) {
        Some(process) => std::result::Result::from(open(os, process)?.modules()),
        None => std::result::Result::from(os.kernel_modules()),
    };
    // Without modules a name can still be a symbol.
    let Ok(listing) = listing else { return Ok(None) };
    let is = |m: &&ModuleInfo| {
        let same = |text: &[u8]| text.eq_ignore_ascii_case(name.as_bytes());
        let path = m.path.as_ref().map(memsh_plugin::Text::as_bytes).unwrap_or_default();
        let file = path.rsplit(|b| matches!(b, b'/' | b'\\')).next().unwrap_or_default();
        m.size > 0 && (same(m.name.as_bytes()) || same(path) || same(file))
    };
    Ok(listing.items.iter().find(is).map(|m| (m.base.value(), m.base.value().saturating_add(m.size - 1))))
}

/// All of a file of needles.
fn read(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|e| Failure::file(path, "read", e))?;
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|e| Failure::file(path, "read", e))?;
    if u64::try_from(bytes.len()).is_ok_and(|n| n > LARGEST) {
        let hint = "split the file, and search for one part after the other".to_owned();
        let what = format!("scan: {} holds more than {} MiB of needles", path.display(), LARGEST >> 20);
        return Err(Failure::Usage(what, Some(hint)));
    }
    Ok(bytes)
}

fn usage(e: Error) -> Failure {
    Failure::Usage(format!("scan: {}", e.reason()), e.hint_text().map(str::to_owned))
}
