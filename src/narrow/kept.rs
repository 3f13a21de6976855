//! The sets of a session, by name.

use super::set::Set;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Name of a set to which nobody gave one.
pub const UNNAMED: &str = "scan";

/// Sets by name, and which was used last.
#[derive(Default)]
pub struct Kept(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    sets: BTreeMap<String, Arc<Set>>,
    current: Option<String>,
}

impl Kept {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a set under a name, in place of what had it; it is the current one from now on.
    pub fn put(&self, name: &str, set: Arc<Set>) {
        let mut inner = self.lock();
        inner.sets.insert(name.to_owned(), set);
        inner.current = Some(name.to_owned());
    }

    /// The set of a name, or the current one, and its name. It is the current one from now on.
    pub fn get(&self, name: Option<&str>) -> Option<(String, Arc<Set>)> {
        let mut inner = self.lock();
        let name = name.or(inner.current.as_deref())?.to_owned();
        let set = inner.sets.get(&name).cloned()?;
        inner.current = Some(name.clone());
        Some((name, set))
    }

    /// Forgets a set, and gives it.
    pub fn forget(&self, name: &str) -> Option<Arc<Set>> {
        let mut inner = self.lock();
        let set = inner.sets.remove(name)?;
        if inner.current.as_deref() == Some(name) {
            inner.current = None;
        }
        Some(set)
    }

    /// All sets with their names, and whether each is the current one.
    pub fn all(&self) -> Vec<(String, Arc<Set>, bool)> {
        let inner = self.lock();
        let current = |name: &String| inner.current.as_ref() == Some(name);
        inner.sets.iter().map(|(name, set)| (name.clone(), Arc::clone(set), current(name))).collect()
    }
}
