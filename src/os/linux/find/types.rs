//! The kernel's own types.

use super::constants;
use super::image::KernelImage;
use super::names;
use super::trace::Trace;
use crate::engine::{AddressSpace, ViewExt, index};
use crate::memo::{Memo, hash};
use crate::symbols::{Btf, Symbols, TypesExt, find_btf};
use std::fmt::Write;
use std::sync::Arc;

/// No kernel's BTF is larger.
const LARGEST: usize = 64 << 20;

/// Under what name the memo keeps the bytes themselves.
const BYTES: &str = "btf.bytes";

/// Reads BTF.
pub(super) fn btf(
    space: &AddressSpace,
    image: &KernelImage,
    symbols: &dyn Symbols,
    memo: Option<&Memo>,
    trace: &mut Trace,
) -> Option<Arc<Btf>> {
    const STEP: &str = "BTF";
    let mut torn = None;
    if let (Some(start), Some(stop)) = (symbols.address("__start_BTF"), symbols.address("__stop_BTF"))
        && let Some(types) = trace.attempt(STEP, "__start_BTF", || {
            let len =
                stop.offset_from(start).and_then(index).filter(|&n| n > 0 && n <= LARGEST).ok_or("its bounds make no sense")?;
            // Memory that must be unpacked is not unpacked for what an earlier start kept.
            let packed = memo.filter(|_| space.memory().mapped().is_none());
            let sample = packed.and_then(|_| names::input(space, &(start..stop)));
            if let Some(kept) = packed.zip(sample).and_then(|(memo, sample)| memo.get(BYTES, sample)) {
                return parsed(kept.to_vec(), memo);
            }
            let mut bytes = vec![0; len];
            let gaps = space.read_gaps(start, &mut bytes);
            if !gaps.is_empty() {
                // What is missing reads as zeros, which are no types: much of the rest may still be had, if there is no other way.
                let few = index(gaps.bytes()).is_some_and(|n| n <= len / 4);
                let missing = format!("{} of {len} bytes at {start} are missing", gaps.bytes());
                torn = few.then_some(bytes);
                return Err(missing);
            }
            if let Some((memo, sample)) = packed.zip(sample) {
                memo.put(BYTES, sample, bytes.clone());
            }
            parsed(bytes, memo)
        })
    {
        return Some(types);
    }
    let whole = trace.attempt(STEP, "its header in the kernel's image", || {
        let mut error = "no BTF header: the kernel was built without CONFIG_DEBUG_INFO_BTF".to_owned();
        if image.in_place(space.memory()).is_none()
            && let Some(blobs) = constants::btf(space, image)
        {
            for blob in blobs {
                match parsed(blob, memo) {
                    Ok(found) => return Ok(found),
                    Err(e) => error = e,
                }
            }
            return Err(error);
        }
        let bytes = image.bytes(space.memory());
        for candidate in find_btf(&bytes) {
            let Some(blob) = candidate.offset.checked_add(candidate.len).and_then(|end| bytes.get(candidate.offset..end)) else {
                continue;
            };
            match parsed(blob.to_vec(), memo) {
                Ok(found) => return Ok(found),
                Err(e) => error = e,
            }
        }
        Err(error)
    });
    whole.or_else(|| torn.and_then(|bytes| trace.attempt(STEP, "what is there of it", || salvaged(bytes))))
}

fn parsed(bytes: Vec<u8>, memo: Option<&Memo>) -> Result<(Arc<Btf>, String), String> {
    /// Under what name the memo keeps the index of the types.
    const KEPT: &str = "btf";
    let len = bytes.len();
    let input = memo.map_or(0, |_| hash(&bytes));
    let kept = memo.and_then(|m| m.get(KEPT, input));
    let strict = match kept {
        Some(index) => Btf::parse_with(bytes.clone(), &index),
        None => Btf::parse(bytes.clone()).map(|btf| (btf, false)),
    };
    let (btf, from_cache) = match strict {
        Ok((btf, from_cache)) if from_cache || btf.is_consistent() => (btf, from_cache),
        strict => return salvaged(bytes).or_else(|why| strict.map_or_else(|e| Err(e.to_string()), |_| Err(why))),
    };
    // The search by name goes through the index: one that does not even find this is worth nothing.
    let (btf, from_cache) = match from_cache && btf.size_of("task_struct").is_none() {
        true => (btf.parsed_again().map_err(|e| e.to_string())?, false),
        false => (btf, from_cache),
    };
    // The type that everything else hangs on; a module's BTF, or another program's, does not define it.
    if btf.size_of("task_struct").is_none() {
        return Err("it does not define task_struct".to_owned());
    }
    // Names that are lost are told, so the next start has to find them, too.
    if let Some(memo) = memo.filter(|_| !from_cache && btf.lost_names() == 0) {
        memo.put(KEPT, input, btf.index_bytes());
    }
    let how = if from_cache { ", indexed by an earlier start" } else { "" };
    let detail = format!("{} types in {} KiB{how}", btf.count(), len / 1024);
    Ok((Arc::new(btf), detail))
}

/// What is left of types that are damaged. Nothing is kept of that for the next start.
fn salvaged(bytes: Vec<u8>) -> Result<(Arc<Btf>, String), String> {
    let len = bytes.len();
    let (btf, told) = Btf::salvage(bytes).map_err(|e| e.to_string())?;
    // Without these nothing is found; then a table of another kernel is better than what is left of its own.
    for member in ["pid", "tgid", "comm", "tasks.next", "mm", "signal"] {
        if btf.field("task_struct", member).and_then(|f| f.size).is_none() {
            return Err(format!("it is damaged, and task_struct.{member} is not in what is left"));
        }
    }
    let known = usize::try_from(btf.count()).unwrap_or(usize::MAX).saturating_sub(told.lost);
    let mut detail = format!(
        "{known} types in {} KiB that are damaged at {} places, where {} types are lost",
        len / 1024,
        told.gaps,
        told.lost
    );
    if told.unknown > 0 {
        let _ = write!(detail, "; the last {} KiB have no ids", told.unknown / 1024);
    }
    Ok((Arc::new(btf), detail))
}
