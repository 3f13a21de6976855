//! Calls of foreign code that may never come back.

use std::sync::OnceLock;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long a plugin may take to make something or to list what there is, unless the program says otherwise.
const PATIENCE: Duration = Duration::from_secs(20);
static SET: OnceLock<Duration> = OnceLock::new();

/// Sets how long plugins may take to make something, to list what there is, and to read before that is told. It holds for the whole process; the first call counts.
pub fn set_patience(limit: Duration) {
    // Whoever comes second has nothing to say.
    let _ = SET.set(limit);
}

/// What was set.
pub(super) fn set() -> Option<Duration> {
    SET.get().copied()
}

/// How long a plugin may take.
pub fn patience() -> Duration {
    set().unwrap_or(PATIENCE)
}

/// What `f` gives, if it does so within [`patience`]; else its thread is left to itself.
///
/// # Errors
/// That it `did not` do it, in a sentence.
pub fn patiently<T: Send + 'static>(what: &str, f: impl FnOnce() -> T + Send + 'static) -> Result<T, String> {
    let limit = patience();
    within(limit, f).ok_or_else(|| format!("it did not {what} within {}; it was given up", shown(limit)))
}

/// `20 s`, `300 ms`.
pub(super) fn shown(limit: Duration) -> String {
    if limit.subsec_millis() == 0 { format!("{} s", limit.as_secs()) } else { format!("{} ms", limit.as_millis()) }
}

/// What `f` gives, if it does so within `limit`; else its thread is left to itself.
fn within<T: Send + 'static>(limit: Duration, f: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (send, receive) = mpsc::channel();
    let worker = thread::Builder::new().name("plugin".to_owned()).spawn(move || {
        // Nobody is there to take it where it comes too late.
        let _ = send.send(f());
    });
    worker.ok()?;
    receive.recv_timeout(limit).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_come_back_is_left() {
        assert_eq!(within(Duration::from_secs(5), || 7), Some(7));
        assert_eq!(within(Duration::from_millis(20), || thread::sleep(Duration::from_secs(2))), None);
    }
}
