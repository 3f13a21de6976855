//! The session's side: a memory whose bytes another process fetches.

use super::shared::{SIZE, Shared};
use super::wire::{MANY, Made, Make, READ, WRITE, receive, send, send_batch};
use crate::engine::to_u64;
use crate::{Error, ErrorKind, Layer, Result};
use memsh_plugin::{
    CSliceMut, CVec, MachineInfo, Maybe, MemoryMetadata, MemoryRange, PhysAddr, PhysReadOp, PhysWriteOp, PhysicalMemory,
    ProcessorInfo, Status, Text, umem,
};
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What to start: the program that hosts plugins, and the plugin.
pub struct Hosted<'a> {
    /// The program: one that calls [`serve`](super::serve) when its first argument is [`ARGUMENT`](super::ARGUMENT).
    pub program: &'a Path,
    /// The plugin's file.
    pub file: &'a Path,
    /// Its symbol.
    pub symbol: &'a str,
    /// Its name, for errors.
    pub name: &'a str,
    /// How long one batch may take.
    pub timeout: Duration,
}

/// A connector in a process of its own.
pub struct Isolated {
    name: String,
    line: Mutex<Line>,
    metadata: MemoryMetadata,
    ranges: Vec<MemoryRange>,
    machine: MachineInfo,
}

/// The connection, and the process behind it.
struct Line {
    socket: UnixStream,
    shared: Shared,
    child: Child,
    /// How it broke: nothing is asked any more.
    dead: Option<String>,
}

/// Starts the process and lets it make the connector.
///
/// # Errors
/// When the process can't be started, breaks off, or the plugin fails.
pub fn start(hosted: &Hosted<'_>, arguments: &str, write: bool) -> Result<Isolated> {
    let failed = |what: String| {
        let what = format!("the plugin {} in a process of its own: {what}", hosted.name);
        Error::new(Layer::Connector, ErrorKind::Io, what)
    };
    let io = |e: std::io::Error| failed(e.to_string());
    let (shared, file) = Shared::make().map_err(io)?;
    let (socket, theirs) = UnixStream::pair().map_err(io)?;
    socket.set_read_timeout(Some(hosted.timeout)).map_err(io)?;
    socket.set_write_timeout(Some(hosted.timeout)).map_err(io)?;
    // The memory is its stdin and the connection its stdout: it needs no number of a descriptor.
    let child = Command::new(hosted.program)
        .arg(super::ARGUMENT)
        .arg(hosted.file)
        .arg(hosted.symbol)
        .stdin(Stdio::from(OwnedFd::from(file)))
        .stdout(Stdio::from(OwnedFd::from(theirs)))
        // Ctrl-C is the session's.
        .process_group(0)
        .spawn()
        .map_err(io)?;
    let mut line = Line { socket, shared, child, dead: None };
    let made = send(&mut line.socket, &Make { arguments: arguments.to_owned(), write })
        .and_then(|()| receive::<Made>(&mut line.socket))
        .map_err(|e| failed(format!("{}; {}", e.reason(), line.end())))?;
    match made.error {
        Some(why) => Err(failed(why)),
        None => Ok(Isolated::of(hosted.name, line, &made)),
    }
}

impl Line {
    /// Ends the process, and says how it ended.
    fn end(&mut self) -> String {
        let gone = self.child.try_wait().ok().flatten();
        if gone.is_none() {
            let _ = self.child.kill();
        }
        let how = match (gone, self.child.wait()) {
            (Some(status), _) => format!("it ended ({status})"),
            (None, _) => "it did not answer in time and was ended".to_owned(),
        };
        self.dead.get_or_insert(how).clone()
    }

    /// Has a batch done; none where the process is gone.
    fn batch(&mut self, what: u32, operations: &[(u64, u32)]) -> Option<Vec<Status>> {
        if self.dead.is_some() {
            return None;
        }
        let mut answer = vec![0; operations.len() * 4];
        let done = send_batch(&mut self.socket, what, operations).and_then(|()| self.socket.read_exact(&mut answer));
        if done.is_err() {
            // A process that crashed closes its end a moment before it can be waited for.
            for _ in 0..20 {
                if self.child.try_wait().is_ok_and(|s| s.is_some()) {
                    break;
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            self.end();
            return None;
        }
        let (words, _) = answer.as_chunks::<4>();
        Some(words.iter().map(|w| Status(i32::from_ne_bytes(*w))).collect())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // It ends by itself when the connection closes; a plugin that hangs does not.
        let _ = self.socket.shutdown(std::net::Shutdown::Both);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Isolated {
    fn of(name: &str, line: Line, made: &Made) -> Self {
        let wide = |n: u64| umem::from(n);
        let range = |&(start, size): &(u64, u64)| MemoryRange { start: PhysAddr::new(wide(start)), size: wide(size) };
        let ranges: Vec<MemoryRange> = made.ranges.iter().map(range).collect();
        let maybe = |n: Option<u64>| Maybe::from(n);
        let processor = |&[root, upper, cr0, cr4, efer, ip]: &[Option<u64>; 6]| ProcessorInfo {
            root: maybe(root),
            root_upper: maybe(upper),
            cr0: maybe(cr0),
            cr4: maybe(cr4),
            efer: maybe(efer),
            instruction_pointer: maybe(ip),
        };
        let metadata = MemoryMetadata {
            size: ranges.iter().fold(0, |sum: umem, r| sum.saturating_add(r.size)),
            max_address: ranges.last().map_or(PhysAddr::NULL, |r| r.start.saturating_add(r.size.saturating_sub(1))),
            read_only: made.read_only,
            live: made.live,
            ideal_batch: made.ideal_batch,
        };
        let machine = MachineInfo {
            machine: made.machine.clone().map(Text::from).into(),
            vmcoreinfo: made.vmcoreinfo.clone().map(Text::from).into(),
            processors: made.processors.iter().map(processor).collect::<Vec<_>>().into(),
        };
        Self { name: name.to_owned(), line: Mutex::new(line), metadata, ranges, machine }
    }

    /// How the plugin's process broke off, if it did.
    pub fn trouble(&self) -> Option<String> {
        let how = self.line().dead.clone()?;
        Some(format!("the process of the plugin {} is gone: {how}; nothing of this target can be read any more", self.name))
    }

    fn line(&self) -> std::sync::MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many of the first operations, of these lengths, one message can carry; at least one.
fn fitting(lengths: impl Iterator<Item = usize>) -> usize {
    let mut bytes = 0usize;
    let fits = lengths.take(MANY).take_while(|n| {
        bytes = bytes.saturating_add(*n);
        bytes <= SIZE
    });
    fits.count().max(1)
}

fn place(address: PhysAddr, length: usize) -> Option<(u64, u32)> {
    Some((to_u64(address.value())?, u32::try_from(length).ok().filter(|_| length <= SIZE)?))
}

impl PhysicalMemory for Isolated {
    fn metadata(&self) -> MemoryMetadata {
        self.metadata
    }

    fn ranges(&self) -> CVec<MemoryRange> {
        self.ranges.clone().into()
    }

    fn machine(&self) -> MachineInfo {
        self.machine.clone()
    }

    fn read(&self, ops: CSliceMut<PhysReadOp>) {
        let mut ops = ops;
        let mut rest: &mut [PhysReadOp] = &mut ops;
        let mut line = self.line();
        while !rest.is_empty() {
            let n = fitting(rest.iter().map(|op| op.buf.len()));
            let (now, later) = rest.split_at_mut(n.min(rest.len()));
            rest = later;
            if let [op] = now
                && op.buf.len() > SIZE
            {
                read_long(&mut line, op);
                continue;
            }
            let asked: Vec<(u64, u32)> = now.iter().map(|op| place(op.addr, op.buf.len()).unwrap_or((u64::MAX, 0))).collect();
            let answer = line.batch(READ, &asked);
            let mut from: &[u8] = line.shared.bytes();
            for (i, op) in now.iter_mut().enumerate() {
                op.status = answer.as_ref().and_then(|a| a.get(i)).copied().unwrap_or(Status::FAILED);
                let length = asked.get(i).and_then(|(_, n)| usize::try_from(*n).ok()).unwrap_or(0);
                let (piece, later) = from.split_at_checked(length).unwrap_or((&[], from));
                from = later;
                match op.status {
                    Status::DONE | Status::PARTIAL if piece.len() == op.buf.len() => op.buf.copy_from_slice(piece),
                    _ => op.buf.fill(0),
                }
            }
        }
    }

    fn write(&self, ops: CSliceMut<PhysWriteOp>) {
        let mut ops = ops;
        let mut line = self.line();
        for op in ops.iter_mut() {
            let whole: &[u8] = &op.buf;
            let mut at = op.addr;
            let mut status = Status::DONE;
            for piece in whole.chunks(SIZE) {
                let Some(asked) = place(at, piece.len()) else {
                    status = Status::MISSING;
                    break;
                };
                if let Some(to) = line.shared.bytes().get_mut(..piece.len()) {
                    to.copy_from_slice(piece);
                }
                let answer = line.batch(WRITE, &[asked]);
                status = answer.and_then(|a| a.first().copied()).unwrap_or(Status::FAILED);
                if status != Status::DONE {
                    break;
                }
                at = at.wrapping_add(umem::from(asked.1));
            }
            op.status = status;
        }
    }
}

/// One operation that is longer than what a message carries.
fn read_long(line: &mut Line, op: &mut PhysReadOp) {
    let mut at = op.addr;
    let (mut done, mut missing) = (false, false);
    for piece in op.buf.chunks_mut(SIZE) {
        let answer = place(at, piece.len()).and_then(|asked| line.batch(READ, &[asked]));
        let status = answer.and_then(|a| a.first().copied()).unwrap_or(Status::FAILED);
        match status {
            Status::DONE | Status::PARTIAL => {
                if let Some(from) = line.shared.bytes().get(..piece.len()) {
                    piece.copy_from_slice(from);
                }
                done = true;
                missing |= status == Status::PARTIAL;
            }
            _ => {
                piece.fill(0);
                missing = true;
            }
        }
        at = at.wrapping_add(umem::try_from(piece.len()).unwrap_or(0));
    }
    op.status = match (done, missing) {
        (true, false) => Status::DONE,
        (true, true) => Status::PARTIAL,
        (false, _) => Status::FAILED,
    };
}
