//! Work in a few threads, whose results come back in order.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

std::thread_local! {
    static SHARED: Cell<bool> = const { Cell::new(false) };
}

/// Does this thread's part of work that as many threads share as there are processors: see [`is_shared`].
pub(crate) fn share<T>(work: impl FnOnce() -> T) -> T {
    struct Before(bool);
    impl Drop for Before {
        fn drop(&mut self) {
            SHARED.set(self.0);
        }
    }
    let _before = Before(SHARED.replace(true));
    work()
}

/// Whether the other processors have work already, so that a read on this thread is not to be shared among them.
pub(crate) fn is_shared() -> bool {
    SHARED.get()
}

/// Does `work` to every unit, each thread with a state of its own, and gives the results in the order of the units. The first that fails
/// ends all, and is the answer.
pub(crate) fn each<U: Send, S, T: Send, E: Send>(
    threads: usize,
    units: impl Iterator<Item = U> + Send,
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, U) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let queue = Mutex::new(units.enumerate());
    let done: Mutex<Vec<(usize, T)>> = Mutex::new(Vec::new());
    let failed: Mutex<Option<E>> = Mutex::new(None);
    let stop = AtomicBool::new(false);
    let run = || {
        let mut state = state();
        while !stop.load(Ordering::Relaxed) {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((number, unit)) = next else { return };
            match work(&mut state, unit) {
                Ok(result) => done.lock().unwrap_or_else(PoisonError::into_inner).push((number, result)),
                Err(e) => {
                    stop.store(true, Ordering::Relaxed);
                    failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(e);
                    return;
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            // This thread works too: without another it takes longer, and no more.
            let _ = std::thread::Builder::new().spawn_scoped(scope, run);
        }
        run();
    });
    if let Some(e) = failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(e);
    }
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable_by_key(|(number, _)| *number);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_order_and_a_failure_ends_all() {
        let squares = each(3, 0..1000u64, || (), |(), n| Ok::<_, ()>(n * n));
        assert_eq!(squares, Ok((0..1000u64).map(|n| n * n).collect()));
        let failed = each(3, 0..u64::MAX, || (), |(), n| if n == 500 { Err(n) } else { Ok(()) });
        assert_eq!(failed, Err(500));
    }
}
