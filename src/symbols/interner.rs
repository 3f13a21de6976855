//! Each name once: what keeps types and fields of a whole kernel small.

use std::collections::HashMap;
use std::collections::hash_map::{Entry, RandomState};
use std::hash::BuildHasher;

/// A name in an [`Interner`]; zero is the empty name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(u32);

impl Name {
    /// The empty name, which anonymous types and members have.
    pub const NONE: Name = Name(0);
}

/// Names, each kept once in one string.
#[derive(Default)]
pub struct Interner {
    text: String,
    spans: Vec<(u32, u32)>,
    /// Hash of a name to its number; a collision takes the next free hash. The keyed hash makes collisions that a file could
    /// choose impossible to plan.
    known: HashMap<u64, u32>,
    hasher: RandomState,
}

impl Interner {
    /// The number of `name`; the empty name's when the table is full (4 GiB of names).
    pub fn intern(&mut self, name: &str) -> Name {
        if name.is_empty() {
            return Name::NONE;
        }
        let mut hash = self.hasher.hash_one(name);
        loop {
            match self.known.entry(hash) {
                Entry::Occupied(e) => {
                    let id = *e.get();
                    if span(&self.text, &self.spans, id) == name {
                        return Name(id);
                    }
                    hash = hash.wrapping_add(1);
                }
                Entry::Vacant(e) => {
                    let (Ok(start), Ok(len)) = (u32::try_from(self.text.len()), u32::try_from(name.len())) else {
                        return Name::NONE;
                    };
                    self.spans.push((start, len));
                    self.text.push_str(name);
                    let Ok(id) = u32::try_from(self.spans.len()) else { return Name::NONE };
                    e.insert(id);
                    return Name(id);
                }
            }
        }
    }

    /// The text of a name.
    pub fn text(&self, name: Name) -> &str {
        span(&self.text, &self.spans, name.0)
    }

    /// Forgets what only [`intern`](Self::intern) needs; a name interned later may get a second number.
    pub fn seal(&mut self) {
        self.known = HashMap::new();
        self.text.shrink_to_fit();
        self.spans.shrink_to_fit();
    }
}

fn span<'a>(text: &'a str, spans: &[(u32, u32)], id: u32) -> &'a str {
    let found = || {
        let &(start, len) = spans.get(usize::try_from(id.checked_sub(1)?).ok()?)?;
        let start = usize::try_from(start).ok()?;
        text.get(start..start.checked_add(usize::try_from(len).ok()?)?)
    };
    found().unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_once() {
        let mut names = Interner::default();
        let a = names.intern("task_struct");
        let b = names.intern("pid");
        assert_ne!(a, b);
        assert_eq!(names.intern("task_struct"), a);
        assert_eq!(names.intern(""), Name::NONE);
        assert_eq!((names.text(a), names.text(b), names.text(Name::NONE)), ("task_struct", "pid", ""));
    }
}
