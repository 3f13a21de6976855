//! Types by name.

use super::blob::{ALL_NAMES, Btf, Head, Text};
use super::kind::Kind;

/// The named types of one blob: hash of the name in the upper half, id in the lower, sorted. Types of one name lie together in
/// the order of their ids, and no name that a hostile blob repeats can make building or searching slow.
pub(super) struct Names {
    keys: Vec<u64>,
    /// How many types are not in it: their names are damaged, or all names are more than any blob has.
    lost: usize,
}

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
    /// `most` bytes of names are gone through.
    fn build(btf: &Btf, most: usize) -> Self {
        let (mut keys, mut lost, mut left) = (Vec::new(), 0, most);
        for (id, head) in btf.own().filter(|(_, head)| rank(head.kind).is_some()) {
            match btf.text_at(head.name) {
                Text::Is(name) if name.len() <= left => {
                    left -= name.len();
                    keys.push(key(hash(name), id));
                }
                Text::Is(_) | Text::Damaged => lost += 1,
                Text::Empty => {}
            }
        }
        keys.sort_unstable();
        Names { keys, lost }
    }

    /// The index of these keys, as an earlier one gave them. Of a blob of which names are lost nothing is kept.
    pub(super) fn of(keys: Vec<u64>) -> Self {
        Names { keys, lost: 0 }
    }

    fn ids(&self, hash: u32) -> impl Iterator<Item = u32> + '_ {
        let from = self.keys.partition_point(|&k| k < key(hash, 0));
        self.keys
            .iter()
            .skip(from)
            .take_while(move |&&k| k >> 32 == u64::from(hash))
            .filter_map(|&k| u32::try_from(k & 0xffff_ffff).ok())
    }
}

impl Btf {
    fn index(&self) -> &Names {
        self.names.get_or_init(|| Names::build(self, ALL_NAMES))
    }

    /// The keys of the index by name.
    pub(super) fn names_index(&self) -> &[u64] {
        &self.index().keys
    }

    /// How many types and variables of this blob are not found by name: their names lead out of the strings, have no end or are longer
    /// than any, or there are more names than any blob has.
    pub(crate) fn lost_names(&self) -> usize {
        self.index().lost.saturating_add(self.variables.left_out)
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
        let mut left = ALL_NAMES;
        self.own().filter(|(_, head)| rank(head.kind).is_some_and(|r| r <= 2)).filter_map(move |(_, head)| {
            let name = self.string(head.name)?;
            // What is not in the index is not listed, either.
            left = left.checked_sub(name.len())?;
            Some(name.into_owned())
        })
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::cast_possible_truncation)]
    use super::super::blob::LONGEST;
    use super::super::build::{Builder, sample};
    use super::*;
    use crate::symbols::{Type, TypeKind, Types};

    /// A sound type, and `count` declarations whose names begin in a run of `len` letters; `ended` puts a zero behind it.
    fn run(count: u32, len: usize, ended: bool) -> Btf {
        let mut b = sample(false);
        let first = b.strings.len() as u32;
        for i in 0..count {
            let words = [first + i, 7 << 24, 0];
            words.map(|w| b.word(w)).iter().for_each(|w| b.types.extend(w));
        }
        b.strings.extend(vec![b'a'; len]);
        if ended {
            b.strings.push(0);
        }
        Btf::parse(b.blob()).unwrap()
    }

    #[test]
    fn a_name_without_an_end_is_damage_and_is_counted() {
        let whole = run(2, LONGEST, true);
        assert_eq!(whole.lost_names(), 0);
        assert!(whole.find(&"a".repeat(LONGEST)).is_some() && whole.find(&"a".repeat(LONGEST - 1)).is_some());
        let long = run(2, LONGEST + 1, true);
        assert_eq!((long.lost_names(), long.find(&"a".repeat(LONGEST + 1))), (1, None));
        assert!(long.find(&"a".repeat(LONGEST)).is_some());
        let open = run(2, 10, false);
        assert_eq!(open.lost_names(), 2);
        assert!(open.find("task").is_some());
        assert_eq!(Btf::parse(sample(true).blob()).unwrap().lost_names(), 0);
    }

    #[test]
    fn names_that_overlap_without_end_are_not_followed() {
        // 2^18 names of up to 4 MiB: 2^39 bytes, where each is followed to its end.
        let open = run(1 << 18, 4 << 20, true);
        assert_eq!(open.lost_names(), 1 << 18);
        assert!(open.find("outer").is_some());
    }

    #[test]
    fn all_names_together_have_a_bound() {
        let btf = run(100, 1000, true);
        let names = Names::build(&btf, 20_000);
        assert!((75..90).contains(&names.lost), "{}", names.lost);
        assert_eq!(Names::build(&btf, ALL_NAMES).lost, 0);
    }

    #[test]
    fn a_structure_of_more_names_than_any_is_not_known() {
        let mut b = Builder::new(false);
        b.add("int", 1, false, 0, 4, &[1 << 24 | 32]);
        let first = b.strings.len() as u32;
        b.strings.extend(vec![b'm'; LONGEST]);
        b.strings.push(0);
        let of = |n: u32| (0..n).flat_map(|_| [first, 1, 0]).collect::<Vec<u32>>();
        b.add("few", 4, false, 100, 4, &of(100));
        b.add("many", 4, false, 60_000, 4, &of(60_000));
        let btf = Btf::parse(b.blob()).unwrap();
        let get = |name: &str| btf.get(btf.find(name).unwrap());
        assert!(matches!(get("few"), Some(Type { kind: TypeKind::Struct(fields), .. }) if fields.len() == 100));
        assert!(get("many").is_none());
    }
}
