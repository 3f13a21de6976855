//! A space that is searched: its bytes, piece by piece, and what is known of them.

use memsh_plugin::{ApiError, CResult, Maybe, PhysAddr, PhysReadOp, Session, Status, VirtAddr, VirtRange, VirtReadOp};
use serde_json::Value;

/// Bytes that are put to the rules at once.
pub const PIECE: usize = 16 << 20;
/// Bytes that a piece and the next one share: no match may be longer and lie over a border. (YARA's own limit for a regular expression is 4 KiB.)
pub const OVERLAP: usize = 64 << 10;
/// How far a border is moved to where no word is cut.
const MOVED: usize = 4096;
/// Bytes of one read of a batch.
const READ: usize = 1 << 20;
/// What is there or missing, where memory has gaps.
const PAGE: usize = 4096;

/// A process.
#[derive(Clone, Debug)]
pub struct Process {
    pub pid: u32,
    pub name: String,
}

/// Whose memory.
#[derive(Clone, Debug)]
pub enum Whose {
    Physical,
    Kernel,
    Process(Process),
}

/// A part of a space with a name.
#[derive(Clone, Debug)]
pub struct Region {
    pub start: u64,
    pub end: u64,
    pub name: String,
}

/// A space.
pub struct Place<'s> {
    session: &'s dyn Session,
    pub whose: Whose,
    /// Ascending.
    pub regions: Vec<Region>,
    /// Start and size of what can be read, ascending.
    pub runs: Vec<(u64, u64)>,
    /// Page tables that are missing.
    pub missing_tables: u64,
}

/// The rows of a command of memsh's.
pub fn answer(session: &dyn Session, line: &str) -> Result<Vec<Value>, ApiError> {
    let text = Result::from(session.answer(line))?;
    let broken = |e| ApiError::new(Status::FAILED, format!("the answer of {line} is no list: {e}"));
    serde_json::from_slice(text.as_bytes()).map_err(broken)
}

/// A number of memsh's JSON: plain, or hex in a string.
pub fn number(value: &Value) -> Option<u64> {
    match value {
        Value::String(s) => u64::from_str_radix(s.strip_prefix("0x")?, 16).ok(),
        other => other.as_u64(),
    }
}

/// Every process that has memory of its own.
pub fn processes(session: &dyn Session) -> Result<Vec<Process>, ApiError> {
    let rows = answer(session, "ps")?;
    let own = rows.iter().filter(|r| r["kernel_thread"] != true);
    Ok(own.filter_map(|r| Some(Process { pid: u32::try_from(r["pid"].as_u64()?).ok()?, name: text(&r["name"]) })).collect())
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl<'s> Place<'s> {
    pub fn new(session: &'s dyn Session, whose: Whose) -> Result<Self, ApiError> {
        let mut place = Self { session, whose, regions: Vec::new(), runs: Vec::new(), missing_tables: 0 };
        let pid = match &place.whose {
            Whose::Physical => {
                place.runs = session.ranges().iter().map(|r| (r.start.value(), r.size)).collect();
                return Ok(place);
            }
            Whose::Kernel => None,
            Whose::Process(p) => Some(p.pid),
        };
        let mut runs = Vec::new();
        let mut take = |r: VirtRange| {
            runs.push((r.start.value(), r.size));
            true
        };
        place.missing_tables = Result::from(session.mapped(pid.into(), (&mut take).into()))?;
        place.runs = runs;
        // A space without regions that could be told is searched all the same.
        let rows = answer(session, &pid.map_or_else(|| "modules".to_owned(), |pid| format!("maps {pid}"))).unwrap_or_default();
        let mut regions: Vec<Region> = rows.iter().filter_map(region).collect();
        regions.sort_by_key(|r| r.start);
        place.regions = regions;
        Ok(place)
    }

    /// The rows of a command of memsh's.
    pub fn answer(&self, line: &str) -> Result<Vec<Value>, ApiError> {
        answer(self.session, line)
    }

    /// As rows name it.
    pub fn kind(&self) -> &'static str {
        match self.whose {
            Whose::Physical => "phys",
            Whose::Kernel => "kernel",
            Whose::Process(_) => "pid",
        }
    }

    /// As a person would.
    pub fn title(&self) -> String {
        match &self.whose {
            Whose::Physical => "physical memory".to_owned(),
            Whose::Kernel => "the kernel's memory".to_owned(),
            Whose::Process(p) => format!("process {} ({})", p.pid, p.name),
        }
    }

    pub fn process(&self) -> Option<&Process> {
        match &self.whose {
            Whose::Process(p) => Some(p),
            _ => None,
        }
    }

    /// Bytes that can be read.
    pub fn total(&self) -> u64 {
        self.runs.iter().fold(0, |sum, r| sum.saturating_add(r.1))
    }

    /// The region of an address.
    pub fn region(&self, address: u64) -> Option<&Region> {
        let i = self.regions.partition_point(|r| r.start <= address);
        self.regions.get(i.checked_sub(1)?).filter(|r| address < r.end)
    }

    /// Reads; what is missing is zeros. Gives the parts that are there, as offsets and lengths, ascending.
    pub fn read(&self, at: u64, buf: &mut [u8]) -> Vec<(usize, usize)> {
        let mut there = Vec::new();
        self.read_by(at, buf, READ, 0, &mut there);
        there
    }

    fn read_by(&self, at: u64, buf: &mut [u8], step: usize, shift: usize, there: &mut Vec<(usize, usize)>) {
        // The first read ends where others begin: at a multiple of the step.
        let first = step - usize::try_from(at % step as u64).unwrap_or(0);
        let (head, tail) = buf.split_at_mut(first.min(buf.len()));
        let parts = std::iter::once(head).chain(tail.chunks_mut(step)).filter(|p| !p.is_empty());
        let mut address = at;
        let mut places = Vec::new();
        let parts: Vec<&mut [u8]> = parts
            .inspect(|p| {
                places.push((address, p.len()));
                address = address.saturating_add(p.len() as u64);
            })
            .collect();
        let states: Vec<Status> = match &self.whose {
            Whose::Physical => {
                let ops = parts.into_iter().zip(&places).map(|(p, (a, _))| PhysReadOp::new(PhysAddr::new(*a), p));
                let mut ops: Vec<PhysReadOp> = ops.collect();
                self.session.read_phys((&mut ops[..]).into());
                ops.iter().map(|o| o.status).collect()
            }
            whose => {
                let pid: Maybe<u32> = if let Whose::Process(p) = whose { Some(p.pid).into() } else { None.into() };
                let ops = parts.into_iter().zip(&places).map(|(p, (a, _))| VirtReadOp::new(VirtAddr::new(*a), p));
                let mut ops: Vec<VirtReadOp> = ops.collect();
                match self.session.read_virt(pid, (&mut ops[..]).into()) {
                    CResult::Ok(()) => ops.iter().map(|o| o.status).collect(),
                    CResult::Err(_) => vec![Status::MISSING; ops.len()],
                }
            }
        };
        for ((address, len), state) in places.into_iter().zip(states) {
            let offset = usize::try_from(address - at).unwrap_or(0);
            if state.is_done() {
                join(there, shift + offset, len);
            } else if step > PAGE && state != Status::MISSING {
                let Some(part) = buf.get_mut(offset..offset + len) else { continue };
                self.read_by(address, part, PAGE, shift + offset, there);
            } else if let Some(part) = buf.get_mut(offset..offset + len) {
                part.fill(0);
            }
        }
    }

    /// Goes through all that can be read, in pieces that share [`OVERLAP`] bytes where memory goes on. `each` gets an address and bytes,
    /// and says whether to go on. Gives the number of bytes that are missing.
    pub fn pieces(&self, each: &mut dyn FnMut(u64, &[u8]) -> Result<bool, ApiError>) -> Result<u64, ApiError> {
        let mut buf = vec![0; PIECE];
        let mut missing = 0u64;
        for &(start, size) in &self.runs {
            let mut at = start;
            let mut left = size;
            while left > 0 {
                let len = usize::try_from(left).unwrap_or(usize::MAX).min(PIECE);
                let Some(bytes) = buf.get_mut(..len) else { break };
                let there = self.read(at, bytes);
                let last = len as u64 == left;
                let (end, next) = if last { (len, len) } else { borders(bytes) };
                for (from, n) in there.iter().map(|(from, n)| (*from, (*n).min(end.saturating_sub(*from)))) {
                    let Some(part) = bytes.get(from..from + n).filter(|p| !p.is_empty()) else { continue };
                    // The very last byte of the address space has no address behind it, which YARA-X would ask for.
                    let address = at.saturating_add(from as u64);
                    let part =
                        if address.checked_add(n as u64).is_none() { part.split_last().map_or(part, |(_, p)| p) } else { part };
                    if !each(address, part)? {
                        return Ok(missing);
                    }
                }
                let found: usize = there.iter().map(|(from, n)| (*n).min(next.saturating_sub(*from))).sum();
                missing = missing.saturating_add((next - found.min(next)) as u64);
                at = at.saturating_add(next as u64);
                left -= next as u64;
            }
        }
        Ok(missing)
    }
}

fn join(there: &mut Vec<(usize, usize)>, at: usize, len: usize) {
    match there.last_mut() {
        Some((from, n)) if *from + *n == at => *n += len,
        _ => there.push((at, len)),
    }
}

/// Where a piece ends and where the next one begins, so that neither border cuts a word: `fullword` and `\b` would take the border for the
/// word's. Where there is a word of 4 KiB, it is cut.
fn borders(bytes: &[u8]) -> (usize, usize) {
    let word = |i: usize| bytes.get(i).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    // Two bytes, since of wide text every second one is zero.
    let clear = |i: &usize| !word(i.wrapping_sub(1)) && !word(i.wrapping_sub(2)) && !word(*i) && !word(*i + 1);
    let len = bytes.len();
    let end = (len.saturating_sub(MOVED)..=len.saturating_sub(2)).rev().find(clear).unwrap_or(len);
    let from = len.saturating_sub(OVERLAP + MOVED);
    let next = (from..from + MOVED).rev().find(clear).unwrap_or(from + MOVED);
    (end, next.max(1))
}

fn region(row: &Value) -> Option<Region> {
    // Of `maps`, or of `modules`.
    let name = [&row["path"], &row["name"], &row["kind"]].into_iter().find_map(Value::as_str).unwrap_or_default();
    let start = number(&row["start"]).or_else(|| number(&row["base"]))?;
    let end = number(&row["end"]).or_else(|| start.checked_add(number(&row["size"])?))?;
    (start < end).then(|| Region { start, end, name: name.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn borders_cut_no_word() {
        let mut bytes = vec![b'a'; OVERLAP * 2];
        assert_eq!(borders(&bytes), (bytes.len(), bytes.len() - OVERLAP));
        let (end, next) = (bytes.len() - 100, bytes.len() - OVERLAP - 200);
        for at in [end, next] {
            bytes[at - 2..at + 2].copy_from_slice(b"\0 \0\n");
        }
        assert_eq!(borders(&bytes), (end, next));
    }
}
