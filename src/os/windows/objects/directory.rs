//! Object directories: `_OBJECT_DIRECTORY`, a table of 37 chains.

use super::Objects;
use super::header::name_info;
use crate::os::lost::Lost;
use crate::os::windows::base::kernel::Kernel;
use memsh_plugin::{VirtAddr, umem};
use std::collections::HashSet;
use std::sync::Arc;

/// Chains of a directory, from NT 4 to 11.
const BUCKETS: u8 = 37;
/// More objects are in no directory.
const MOST: usize = 1 << 16;
/// More objects are in no tree.
const MOST_IN_TREE: usize = 1 << 20;

/// The objects in the directory at `at`.
pub(super) fn entries(kernel: &Kernel, at: VirtAddr, lost: &mut Lost) -> Vec<VirtAddr> {
    let (o, reader) = (&kernel.offsets, kernel.reader());
    let mut out = Vec::new();
    let mut seen = HashSet::new();
    let Some(buckets) = o.directory.buckets.map(|m| at.wrapping_add(m.offset)) else { return out };
    for bucket in 0..BUCKETS {
        let Some(mut entry) = reader.ptr(buckets.wrapping_add(reader.width() * umem::from(bucket))) else {
            lost.push(format!("the object directory at {at} can't be read"));
            continue;
        };
        while !entry.is_null() {
            if !reader.plausible(entry) || !seen.insert(entry) || seen.len() > MOST {
                lost.push(format!("a chain of the object directory at {at} runs wild at {entry}"));
                break;
            }
            match reader.ptr_at(entry, o.directory_entry.object).filter(|&p| reader.plausible(p)) {
                Some(object) => out.push(object),
                None => lost.push(format!("an entry of the object directory at {at} can't be read at {entry}")),
            }
            let Some(next) = o.directory_entry.next.and_then(|m| reader.ptr(entry.wrapping_add(m.offset))) else {
                lost.push(format!("a chain of the object directory at {at} can't be read at {entry}"));
                break;
            };
            entry = next;
        }
    }
    out
}

/// An object in the tree of names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Path from the root on.
    pub path: String,
    /// Its type.
    pub kind: Option<Arc<str>>,
    /// Where the object lies.
    pub object: VirtAddr,
}

impl Objects<'_> {
    /// The root of the tree: by its symbol, else as the end of the way up from a type, which stands in `\ObjectTypes`.
    pub fn root(&self) -> Option<VirtAddr> {
        let (kernel, reader) = (self.kernel(), self.kernel().reader());
        let is_root = |&at: &VirtAddr| reader.plausible(at) && self.name(at).is_none_or(|n| n == "\\");
        let named = kernel.address("ObpRootDirectoryObject").and_then(|at| reader.ptr(at)).filter(is_root);
        named.or_else(|| {
            let mut at = reader.ptr(kernel.address("PsProcessType")?)?;
            for _ in 0..8 {
                let info = name_info(kernel, at)?;
                match reader.ptr_at(info, kernel.offsets.name_info.directory) {
                    Some(up) => at = up,
                    None => return Some(at).filter(is_root),
                }
            }
            None
        })
    }

    /// Every object in the tree of names, directories before what is in them.
    pub fn tree(&self, lost: &mut Lost) -> Vec<Named> {
        let Some(root) = self.root() else {
            lost.push("the root of the object directories was not found");
            return Vec::new();
        };
        let mut out = vec![Named { path: "\\".to_owned(), kind: self.type_of(root), object: root }];
        let mut seen = HashSet::from([root]);
        let mut at = 0;
        // Breadth first, without recursion: what is found is looked into in its turn.
        while let Some(here) = out.get(at).cloned() {
            at += 1;
            if here.kind.as_deref() != Some("Directory") && here.object != root {
                continue;
            }
            let mut inside: Vec<Named> = Vec::new();
            for object in entries(self.kernel(), here.object, lost) {
                let name = self.name(object);
                if name.is_none() {
                    lost.push(format!("the name of the object at {object} can't be read"));
                }
                let name = name.unwrap_or_else(|| format!("?{object}"));
                let path = if here.path == "\\" { format!("\\{name}") } else { format!("{}\\{name}", here.path) };
                if seen.insert(object) {
                    inside.push(Named { path, kind: self.type_of(object), object });
                }
            }
            if out.len() + inside.len() > MOST_IN_TREE {
                lost.push("the tree of objects does not end");
                break;
            }
            out.extend(inside);
        }
        out.sort_by_cached_key(|n| n.path.to_lowercase());
        out
    }

    /// Where a symbolic link leads: `_OBJECT_SYMBOLIC_LINK` begins with a time and this string, from NT 4 on. Since Windows 10 some
    /// lead to a function instead.
    pub fn link_target(&self, object: VirtAddr) -> Option<String> {
        self.kernel().reader().unicode(object.wrapping_add(8)).filter(|t| t.starts_with('\\') || t.contains(':'))
    }
}
