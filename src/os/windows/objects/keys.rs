//! Paths of open registry keys: `_CM_KEY_BODY`, `_CM_KEY_CONTROL_BLOCK`, `_CM_NAME_CONTROL_BLOCK`.
//!
//! A control block points to its parent's and, next to that, to the block with its name. Where the types do not say where, the place
//! is searched for: only in the right one does the way up from a key end at `REGISTRY`.

use super::Objects;
use crate::engine::ViewExt;
use crate::os::windows::base::kernel::{Kernel, Reader};
use memsh_plugin::{VirtAddr, umem};

/// `KEY_BODY_TYPE`: "ky02" as its bytes are written in the kernel's sources, with which every key object begins.
const KEY: u32 = 0x6b79_3032;
/// Keys are no deeper (documented: 512 levels).
const DEEPEST: usize = 512;
/// A part of a path has at most 255 characters (documented).
const LONGEST: usize = 255;
/// Pointers of a control block among which the parent's is looked for.
const SLOTS: u8 = 20;

/// Offsets of the two pointers in a control block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    parent: umem,
    name: umem,
}

/// The control block of a key object.
fn control_block(reader: &Reader<'_>, object: VirtAddr) -> Option<VirtAddr> {
    if reader.view().read_u32(object).ok()? != KEY {
        return None;
    }
    reader.ptr(object.wrapping_add(reader.width())).filter(|&p| reader.plausible(p))
}

/// The name in a name block: a flag, whether its characters have one byte; behind a hash and a link the length in bytes and the
/// characters. The same since XP.
fn name(reader: &Reader<'_>, at: VirtAddr) -> Option<String> {
    let view = reader.view();
    let narrow = view.read_u8(at).ok()? & 1 == 1;
    let length_at = at.wrapping_add(3 * reader.width());
    let len = usize::from(view.read_u16(length_at).ok()?);
    if len == 0 || len > if narrow { LONGEST } else { 2 * LONGEST } {
        return None;
    }
    let mut bytes = vec![0; len];
    view.read_exact(length_at.wrapping_add(2), &mut bytes).ok()?;
    let text = match narrow {
        true => bytes.iter().map(|&b| char::from(b)).collect(),
        false if len.is_multiple_of(2) => {
            let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(|b| u16::from_le_bytes(*b)).collect();
            String::from_utf16_lossy(&units)
        }
        false => return None,
    };
    // A name has no separator and nothing that can't be typed.
    (!text.contains(['\\', '\0'])).then_some(text)
}

/// The path up from a control block, and whether its beginning was reached.
fn path(reader: &Reader<'_>, block: VirtAddr, layout: Layout) -> (Vec<String>, bool) {
    let mut parts = Vec::new();
    let mut at = block;
    for _ in 0..DEEPEST {
        let block = reader.ptr(at.wrapping_add(layout.name)).filter(|&p| reader.plausible(p));
        let Some(part) = block.and_then(|b| name(reader, b)) else { return (parts, false) };
        parts.push(part);
        match reader.ptr(at.wrapping_add(layout.parent)) {
            Some(up) if up.is_null() => return (parts, true),
            Some(up) if reader.plausible(up) => at = up,
            _ => return (parts, false),
        }
    }
    (parts, false)
}

/// Whether the way up ends where all keys do.
fn ends_at_root(parts: &[String], whole: bool) -> bool {
    whole && parts.last().is_some_and(|p| p.eq_ignore_ascii_case("REGISTRY"))
}

impl Layout {
    fn of(kernel: &Kernel, block: VirtAddr) -> Option<Self> {
        let (o, reader) = (&kernel.offsets.key_control, kernel.reader());
        if let (Some(parent), Some(name)) = (o.parent, o.name) {
            return Some(Self { parent: parent.offset, name: name.offset });
        }
        (0..SLOTS).map(|slot| umem::from(slot) * reader.width()).find_map(|parent| {
            let layout = Self { parent, name: parent + reader.width() };
            let (parts, whole) = path(&reader, block, layout);
            ends_at_root(&parts, whole).then_some(layout)
        })
    }
}

impl Objects<'_> {
    /// The path of a key object: `\REGISTRY\MACHINE\SYSTEM`; of one whose parents can't be read, what is known of its end.
    pub(super) fn key_path(&self, object: VirtAddr) -> Option<String> {
        let reader = self.kernel().reader();
        let block = control_block(&reader, object)?;
        let known = self.keys.get().copied().flatten();
        let layout = known.or_else(|| {
            // A key whose way up can't be followed says nothing: the next one may.
            let found = Layout::of(self.kernel(), block)?;
            let _ = self.keys.set(Some(found));
            Some(found)
        })?;
        let (mut parts, whole) = path(&reader, block, layout);
        if parts.is_empty() {
            return None;
        }
        parts.reverse();
        let rest = parts.join("\\");
        Some(if whole { format!("\\{rest}") } else { format!("...\\{rest}") })
    }
}
