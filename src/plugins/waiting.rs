//! Calls into plugins that read or write, and may never come back. In one process nobody can take such a call back: its buffer is
//! memsh's. But whoever waits can be told.

use super::patience::{set, shown};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::thread;
use std::time::{Duration, Instant};

/// How long a plugin may take for a batch before it is told, unless the program set a limit; as with `--isolate`.
const PATIENCE: Duration = Duration::from_secs(30);

/// Who is told the plugin's name, and how long it has been.
type Tell = fn(&str, &str);
static TELL: OnceLock<Tell> = OnceLock::new();

/// Has `tell` told each time that a plugin has not come back from reading or writing memory for longer than its limit. It holds for the
/// whole process; the first call counts. It comes from a thread of its own.
pub fn on_waiting(tell: Tell) {
    // Whoever comes second has nothing to say.
    let _ = TELL.set(tell);
}

/// The calls into one plugin's memory.
pub(super) struct Calls {
    begun: AtomicU64,
    ended: AtomicU64,
}

impl Calls {
    /// Those of the plugin `name`. Where somebody wants to be told, a thread looks after them as long as they live.
    pub(super) fn of(name: &str) -> Arc<Self> {
        let calls = Arc::new(Self { begun: AtomicU64::new(0), ended: AtomicU64::new(0) });
        if let Some(tell) = TELL.get() {
            let (name, limit, watched) = (name.to_owned(), set().unwrap_or(PATIENCE), Arc::downgrade(&calls));
            // Without a thread nobody is told, and everything else is as it was.
            let _ = thread::Builder::new()
                .name("waiting".to_owned())
                .spawn(move || watch(&watched, limit, || tell(&name, &shown(limit))));
        }
        calls
    }

    /// One call.
    pub(super) fn during<T>(&self, call: impl FnOnce() -> T) -> T {
        self.begun.fetch_add(1, Ordering::Relaxed);
        let answer = call();
        self.ended.fetch_add(1, Ordering::Relaxed);
        answer
    }
}

/// Looks now and then, until the calls are nobody's any more. Told once for each time that nothing comes back.
fn watch(calls: &Weak<Calls>, limit: Duration, tell: impl Fn()) {
    let (mut seen, mut since, mut told) = (0, Instant::now(), false);
    loop {
        thread::sleep(limit / 8);
        let Some(calls) = calls.upgrade() else { return };
        let ended = calls.ended.load(Ordering::Relaxed);
        if ended != seen || calls.begun.load(Ordering::Relaxed) == ended {
            (seen, since, told) = (ended, Instant::now(), false);
        } else if !told && since.elapsed() >= limit {
            told = true;
            tell();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn only_what_does_not_come_back_is_told_and_once() {
        let calls = Arc::new(Calls { begun: AtomicU64::new(0), ended: AtomicU64::new(0) });
        let told = &AtomicUsize::new(0);
        let weak = Arc::downgrade(&calls);
        thread::scope(|scope| {
            let count = || {
                told.fetch_add(1, Ordering::Relaxed);
            };
            scope.spawn(move || watch(&weak, Duration::from_millis(80), count));
            // Many short ones take longer than the limit together.
            for _ in 0..20 {
                calls.during(|| thread::sleep(Duration::from_millis(10)));
            }
            assert_eq!(told.load(Ordering::Relaxed), 0);
            calls.during(|| thread::sleep(Duration::from_millis(500)));
            assert_eq!(told.load(Ordering::Relaxed), 1);
            thread::sleep(Duration::from_millis(200));
            assert_eq!(told.load(Ordering::Relaxed), 1, "nothing is under way");
            drop(calls);
        });
    }
}
