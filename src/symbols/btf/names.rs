//! Types by name.

use super::blob::{Btf, Head};
use super::kind::Kind;

/// The named types of one blob: hash of the name in the upper half, id in the lower, sorted. Types of one name lie together in
/// the order of their ids, and no name that a hostile blob repeats can make building or searching slow.
pub(super) struct Names(Vec<u64>);

/// No kernel has more types of one name; a hostile one must not make looking for counterparts slow.
const SAME: usize = 256;
/// The rank of what is only declared.
pub(super) const DECLARED: u8 = 4;

/// What a name can stand for, best first when the caller does not say which is meant.
fn rank(kind: Kind) -> Option<u8> {
    Some(match kind {
        Kind::STRUCT | Kind::UNION => 0,
        Kind::ENUM | Kind::ENUM64 => 1,
        Kind::TYPEDEF => 2,
        Kind::INT | Kind::FLOAT => 3,
        Kind::FWD => DECLARED,
        _ => return None,
    })
}

/// FNV-1a of 32 bits.
fn hash(name: &[u8]) -> u32 {
    name.iter().fold(0x811c_9dc5, |h, &b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193))
}

fn key(hash: u32, id: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(id)
}

impl Names {
    fn build(btf: &Btf) -> Self {
        let mut keys: Vec<u64> = btf
            .own()
            .filter(|(_, head)| head.name != 0 && rank(head.kind).is_some())
            .filter_map(|(id, head)| Some(key(hash(btf.raw_string(head.name)?), id)))
            .collect();
        keys.sort_unstable();
        Names(keys)
    }

    /// The index of these keys, as an earlier one gave them.
    pub(super) fn of(keys: Vec<u64>) -> Self {
        Names(keys)
    }

    fn ids(&self, hash: u32) -> impl Iterator<Item = u32> + '_ {
        let from = self.0.partition_point(|&k| k < key(hash, 0));
        self.0
            .iter()
            .skip(from)
            .take_while(move |&&k| k >> 32 == u64::from(hash))
            .filter_map(|&k| u32::try_from(k & 0xffff_ffff).ok())
    }
}

impl Btf {
    fn index(&self) -> &Names {
        self.names.get_or_init(|| Names::build(self))
    }

    /// The keys of the index by name.
    pub(super) fn names_index(&self) -> &[u64] {
        &self.index().0
    }

    /// The best type of that name: what the base has goes before what we have, a definition before a declaration.
    pub(super) fn find_name(&self, name: &str) -> Option<u32> {
        self.ranked(name).map(|(_, id)| id)
    }

    /// The same, with how good it is: 0 is best, [`DECLARED`] is no definition.
    pub(super) fn ranked(&self, name: &str) -> Option<(u8, u32)> {
        let (wanted, name) = wanted(name);
        self.best(name.as_bytes(), hash(name.as_bytes()), wanted)
    }

    /// The best of this blob alone.
    pub(super) fn find_own(&self, name: &str) -> Option<(u8, u32)> {
        let (wanted, name) = wanted(name);
        self.best_own(name.as_bytes(), hash(name.as_bytes()), wanted, None)
    }

    fn best(&self, name: &[u8], hash: u32, wanted: Option<&[Kind]>) -> Option<(u8, u32)> {
        let base = self.base.as_ref().and_then(|b| b.best(name, hash, wanted));
        self.best_own(name, hash, wanted, base)
    }

    fn best_own(&self, name: &[u8], hash: u32, wanted: Option<&[Kind]>, base: Option<(u8, u32)>) -> Option<(u8, u32)> {
        let mut best = base;
        for id in self.index().ids(hash) {
            if best.is_some_and(|(r, _)| r == 0) {
                break;
            }
            let Some((blob, head)) = self.head(id) else { continue };
            // A declared union carries the flag, a declared structure does not.
            let fits = match wanted {
                None => true,
                Some([kind, ..]) if head.kind == Kind::FWD => (*kind == Kind::UNION) == head.flag && *kind != Kind::ENUM,
                Some(kinds) => kinds.contains(&head.kind),
            };
            let Some(rank) = rank(head.kind).filter(|_| fits) else { continue };
            if best.is_none_or(|(r, _)| rank < r) && blob.raw_string(head.name) == Some(name) {
                best = Some((rank, id));
            }
        }
        best
    }

    /// The type of this blob that `head` of a module's base stands for: same name, kind and, where it says one, size. None where
    /// several fit, unless it is only pointed to (`btf_relocate_map_distilled_base` of tools/lib/bpf/btf_relocate.c).
    pub(super) fn counterpart(&self, head: Head, name: &[u8]) -> Option<u32> {
        let declared = head.kind == Kind::FWD;
        let fits = |own: &Head| match head.kind {
            Kind::FWD if own.kind == Kind::FWD => own.flag == head.flag,
            Kind::FWD => own.kind == if head.flag { Kind::UNION } else { Kind::STRUCT },
            Kind::ENUM | Kind::ENUM64 => matches!(own.kind, Kind::ENUM | Kind::ENUM64) && own.value == head.value,
            kind => own.kind == kind && own.value == head.value,
        };
        let mut found = None;
        for id in self.index().ids(hash(name)).take(SAME) {
            let Some((blob, own)) = self.head(id).filter(|(_, own)| fits(own)) else { continue };
            if blob.raw_string(own.name) != Some(name) {
                continue;
            }
            match found {
                None => found = Some((id, own.kind)),
                Some((_, Kind::FWD)) if declared => found = Some((id, own.kind)),
                Some(_) if declared => {}
                Some(_) => return None,
            }
        }
        found.map(|(id, _)| id)
    }

    /// Names of structures, unions, enumerations and typedefs, ours and the bases'.
    pub(super) fn all_names(&self) -> Vec<String> {
        let mut names = self.base.as_ref().map(|b| b.all_names()).unwrap_or_default();
        names.extend(self.own_names());
        names
    }

    /// Those of this blob alone.
    pub(super) fn own_names(&self) -> impl Iterator<Item = String> + '_ {
        self.own()
            .filter(|(_, head)| rank(head.kind).is_some_and(|r| r <= 2))
            .filter_map(|(_, head)| Some(self.string(head.name)?.into_owned()))
    }
}

/// `struct`, `union` or `enum` before a name, and the name.
pub(super) fn split_tag(name: &str) -> (Option<&str>, &str) {
    match name.trim().split_once(' ') {
        Some((tag @ ("struct" | "union" | "enum"), rest)) => (Some(tag), rest.trim_start()),
        _ => (None, name.trim()),
    }
}

/// What kinds of type a name with its tag means, and the name without.
fn wanted(name: &str) -> (Option<&'static [Kind]>, &str) {
    let (tag, name) = split_tag(name);
    let kinds: Option<&[Kind]> = match tag {
        Some("struct") => Some(&[Kind::STRUCT, Kind::FWD]),
        Some("union") => Some(&[Kind::UNION, Kind::FWD]),
        Some(_) => Some(&[Kind::ENUM, Kind::ENUM64]),
        None => None,
    };
    (kinds, name)
}
