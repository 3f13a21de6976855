//! A table whose structures were found to lie differently in a kernel.

use crate::symbols::{Type, TypeId, TypeKind, Types};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// How the members of one structure differ from the table. Positions are in bytes, from the start of the structure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Where members are, by where the table has them.
    pub moved: HashMap<u64, u64>,
    /// Members of which nothing is known any more, by where the table has them.
    pub unknown: HashSet<u64>,
    /// Its size in bytes, where that is known.
    pub size: Option<u64>,
}

/// Types with some members moved and some taken away.
pub struct Adjusted {
    inner: Arc<dyn Types>,
    changes: HashMap<TypeId, Change>,
    origin: String,
}

impl Adjusted {
    /// `inner` with `changes` to its structures. `origin` is what [`Types::origin`] answers.
    pub fn new(inner: Arc<dyn Types>, changes: HashMap<TypeId, Change>, origin: String) -> Self {
        Self { inner, changes, origin }
    }
}

impl Types for Adjusted {
    fn find(&self, name: &str) -> Option<TypeId> {
        self.inner.find(name)
    }

    fn get(&self, id: TypeId) -> Option<Type> {
        let mut t = self.inner.get(id)?;
        let Some(change) = self.changes.get(&id) else { return Some(t) };
        if let TypeKind::Struct(fields) = &mut t.kind {
            fields.retain(|f| !change.unknown.contains(&(f.bit_offset / 8)));
            for f in fields.iter_mut() {
                if let Some(at) = change.moved.get(&(f.bit_offset / 8)) {
                    f.bit_offset = at.saturating_mul(8).saturating_add(f.bit_offset % 8);
                }
            }
            fields.sort_by_key(|f| f.bit_offset);
            // How much follows the last member that was found is not known.
            t.size = change.size;
        }
        Some(t)
    }

    fn variable(&self, name: &str) -> Option<TypeId> {
        self.inner.variable(name)
    }

    fn names(&self) -> Vec<String> {
        self.inner.names()
    }

    fn origin(&self) -> String {
        self.origin.clone()
    }
}
