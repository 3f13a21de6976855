//! memflow's objects serve one thread at a time: each thread that asks gets a clone.

use std::sync::{Mutex, PoisonError};

/// Most clones that are kept for later.
const IDLE: usize = 16;

/// An object and clones of it.
pub struct Pool<T> {
    first: Mutex<T>,
    idle: Mutex<Vec<T>>,
}

impl<T: Clone> Pool<T> {
    /// A pool of `first` alone.
    pub fn new(first: T) -> Self {
        Self { first: Mutex::new(first), idle: Mutex::new(Vec::new()) }
    }

    /// What `f` gives with an object of its own.
    pub fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut own = idle.unwrap_or_else(|| self.first.lock().unwrap_or_else(PoisonError::into_inner).clone());
        let result = f(&mut own);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE {
            idle.push(own);
        }
        result
    }
}
