//! The spaces that a set speaks of, as they are now.

use crate::commands::context::Context;
use crate::commands::failure::{Failure, Result};
use crate::commands::searched::Searched;
use crate::engine::search::{RunSource, Span, clipped};
use crate::narrow::{Owner, Part, Set, Type, Value};
use crate::session::Space;
use crate::{Error, ErrorKind, Layer};
use memsh_plugin::MemoryView;

/// Who owns the addresses of a space.
pub fn owner(space: &Space) -> Owner {
    match space {
        Space::Physical(_) => Owner::Physical,
        Space::Kernel(_) => Owner::Kernel,
        Space::Process(p, _) => Owner::Process { pid: p.pid, name: p.name.as_bytes().to_vec(), started: p.start_time.get() },
    }
}

/// In a word.
pub fn named(owner: &Owner) -> String {
    match owner {
        Owner::Physical => "physical memory".to_owned(),
        Owner::Kernel => "the kernel".to_owned(),
        Owner::Process { pid, name, .. } => format!("process {pid} ({})", String::from_utf8_lossy(name)),
    }
}

/// The space of an owner.
///
/// # Errors
/// When the target has none, or the process has ended and its number belongs to another.
pub fn space(cx: &Context, owner: &Owner) -> Result<Space> {
    let session = cx.session()?;
    let Owner::Process { pid, name, started } = owner else {
        return if *owner == Owner::Kernel { Ok(session.kernel_space()?) } else { Ok(session.physical_space()?) };
    };
    let ended = |why: String| {
        let what = format!("the candidates lie in {}, {why}", named(owner));
        Error::new(Layer::Os, ErrorKind::NotFound, what).hint("the scan is kept as it is; `scan value` begins another one")
    };
    let process = session.find_process(&pid.to_string()).map_err(|e| match e.kind() {
        ErrorKind::NotFound => Failure::Error(ended("which the target does not have (any more)".to_owned())),
        _ => e.into(),
    })?;
    let now = process.start_time.get();
    if process.name.as_bytes() != name.as_slice() {
        return Err(ended(format!("and process {pid} is {} here", process.name.to_string_lossy())).into());
    }
    // Of images of one machine, too, the times are the same; the clock of a live system may have been set.
    const CLOCK: i64 = 2_000_000_000;
    if now.zip(*started).is_some_and(|(a, b)| a.abs_diff(b) > CLOCK.unsigned_abs()) {
        return Err(ended("and another process of that name has its number now".to_owned()).into());
    }
    Ok(session.process_space(&process)?)
}

/// A part of a set in the target as it is now.
///
/// # Errors
/// As [`space`].
pub fn open(cx: &Context, set: &Set, part: &Part) -> Result<(Searched, Vec<Span>)> {
    let space = space(cx, &part.owner)?;
    space.memory().refresh();
    let wanted = part.wanted(set);
    let whole = wanted.first().zip(wanted.last()).map(|(a, b)| Span { first: a.first, last: b.last });
    Ok((Searched::new(space, 0, whole), wanted))
}

/// What is read for a pass: where every read is a call, no more than the candidates' pages.
pub fn source<'m>(cx: &Context, memory: &'m crate::engine::Memory, searched: &Searched, wanted: &[Span]) -> RunSource<'m> {
    let all = searched.stretches(cx);
    RunSource::new(memory, if memory.mapped().is_some() { all } else { clipped(&all, wanted) })
}

/// The type of a name in a space: its byte order, its pointers.
///
/// # Errors
/// When there is no such type.
pub fn kind(name: &str, space: &Space) -> Result<Type> {
    let big = space.tables().is_some_and(|t| !t.view_metadata().little_endian);
    let pointer = if space.process().is_some_and(|p| p.wow64) { 4 } else { space.pointer_size() };
    Type::parse(name, pointer, big).map_err(usage)
}

/// The value that is at an address now.
pub fn value(space: &Space, kind: Type, address: crate::umem) -> Option<Value> {
    let mut bytes = vec![0; kind.width()];
    space.read_gaps(address, &mut bytes).is_empty().then(|| kind.load(&bytes))
}

/// What was typed makes no sense: status 2, as for any command line.
pub fn usage(e: Error) -> Failure {
    Failure::Usage(e.reason().to_owned(), e.hint_text().map(str::to_owned))
}
