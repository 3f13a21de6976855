//! Windows crash dumps: `PAGEDU64` and `PAGEDUMP`.
//!
//! A header of one or two pages (`header`) says what the system was (`facts`), which registers it had (`windows::context`) and of which
//! type the dump is; by this the pages lie in runs (`runs`), by a bitmap (`bitmap`), by a list of ranges (`ranges`), or are not
//! there at all (`triage`). Pages are never compressed: they are read in place.

mod bitmap;
mod facts;
mod header;
mod ranges;
mod runs;
mod triage;

use super::detect::Parsed;
use super::input::Input;
use super::windows::{processor, registers};
use crate::{At, Error, ErrorKind, Layer, Result};
use header::Header;

/// Whether `data` begins like a crash dump.
pub(super) fn probe(data: &[u8]) -> bool {
    Header::of(data).is_some()
}

/// What of a file elsewhere [`parse`] looks at: the header, and what says where pages lie.
#[cfg(feature = "http")]
pub(super) fn outline(sketch: &mut super::remote::Sketch<'_>) -> Result<()> {
    sketch.need(0, header::HEADER64.size)?;
    let Some((kind, at)) = Header::of(sketch.data()).map(|h| (h.dump_type(), h.layout.size)) else { return Ok(()) };
    match kind {
        Some(2 | 5 | 6 | 7) => {
            sketch.need(at, bitmap::HEADER)?;
            let bits = Header::of(sketch.data()).and_then(|h| bitmap::bits(&h));
            bits.map_or(Ok(()), |(at, len)| sketch.need(at, len))
        }
        Some(8..=10) => {
            sketch.need(at, ranges::HEADER)?;
            let end = Header::of(sketch.data()).and_then(|h| ranges::end(&h)).unwrap_or(at);
            sketch.need(at, end.saturating_sub(at))
        }
        Some(4) => Err(sketch.whole("a triage dump of this size")),
        _ => Ok(()),
    }
}

pub(super) fn parse(input: &Input<'_>) -> Result<Parsed> {
    let data = input.data();
    let malformed = |why: String, at: u64| Error::new(Layer::Image, ErrorKind::Malformed, why).at(At::File(at));
    let Some(header) = Header::of(data) else {
        return Err(malformed("no crash dump header (PAGEDU64 or PAGEDUMP) at the beginning of the file".to_owned(), 0)
            .hint("leave --format away to let memsh find the format"));
    };
    let (file, size) = (header.file.len(), header.layout.size);
    if file < size {
        return Err(malformed(format!("the file ends inside the dump header ({file} of {size} bytes)"), file)
            .hint("the file was cut short: copy the dump again"));
    }
    let mut parsed = Parsed::new("crashdump");
    let kind = header.dump_type();
    parsed.detail("dump_type", kind.map_or("not set".to_owned(), |k| format!("{k}: {}", facts::type_name(k))));
    let mut hints = facts::read(&header, &mut parsed);
    parsed.machine = hints.machine.map(str::to_owned);
    let root = header.root().and_then(|(_, root)| crate::engine::to_u64(root.value()));
    let registers = header.machine().map(|m| registers(&header.file, header.layout.context, m)).unwrap_or_default();
    let shown =
        registers.iter().filter(|(name, _)| matches!(*name, "ip" | "sp")).map(|(name, value)| format!("{name} {value:#x}"));
    let shown: Vec<String> = shown.collect();
    if !shown.is_empty() {
        parsed.detail("context", shown.join(", "));
    }
    parsed.cpus = processor(root, registers).into_iter().collect();
    match kind {
        // Windows NT 4 knew one type only, and did not write it.
        None | Some(1) => full(&header, kind.is_some(), &mut parsed)?,
        Some(k @ (2 | 5 | 6 | 7)) => bitmap::parse(&header, k, &mut parsed)?,
        Some(k @ 8..=10) => ranges::parse(&header, k, &mut parsed)?,
        Some(3) => parsed.without_memory = Some("a crash dump of type 3 is a header only: it holds no memory"),
        Some(4) => {
            triage::parse(&header, &mut parsed, &mut hints);
            parsed.without_memory = Some(
                "a triage dump (\"small memory dump\") holds no physical memory: registers, the stack of one thread and a list \
                 of drivers are all there is",
            );
        }
        Some(k) => {
            return Err(Error::new(
                Layer::Image,
                ErrorKind::Unsupported,
                format!("a Windows crash dump of the unknown type {k}"),
            )
            .at(At::File(header.layout.dump_type))
            .hint("memsh knows types 1 to 10; is the header damaged? --format raw opens the file byte for byte"));
        }
    }
    parsed.windows = Some(hints);
    Ok(parsed)
}

/// Type 1.
fn full(header: &Header<'_>, said: bool, parsed: &mut Parsed) -> Result<()> {
    if !said {
        parsed
            .warnings
            .push(format!("the header does not say its type (file offset {:#x}): read as a full dump", header.layout.dump_type));
    }
    let runs = runs::read(header, &mut parsed.warnings)?;
    let pages: u64 = runs.iter().map(|r| r.1).sum();
    parsed.detail("pages", pages);
    let missing = runs::claim(parsed, runs, header.layout.size, header.file.len());
    runs::truncated(parsed, missing, pages, header.file.len());
    Ok(())
}
