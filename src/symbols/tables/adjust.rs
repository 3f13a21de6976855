//! A table whose structures were found to lie differently in a kernel.

use crate::symbols::{Type, TypeId, TypeKind, Types};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// How the members of one structure differ from the table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Members by name, with their position in bytes.
    pub moved: HashMap<String, u64>,
    /// Members that nothing is known of any more.
    pub unknown: HashSet<String>,
}

/// Types with some members moved and some taken away. An anonymous member has the name of its first named member.
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
            fields.retain(|f| !change.unknown.contains(&f.name));
            for f in fields.iter_mut() {
                if let Some(at) = change.moved.get(&f.name) {
                    f.bit_offset = at.saturating_mul(8).saturating_add(f.bit_offset % 8);
                }
            }
            fields.sort_by_key(|f| f.bit_offset);
            // How much follows the last member that was found is not known.
            t.size = None;
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
