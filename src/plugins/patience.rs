//! Calls of foreign code that may never come back.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long a plugin may take to make something or to list what there is.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// What `f` gives, if it does so within `limit`; else its thread is left to itself.
pub fn within<T: Send + 'static>(limit: Duration, f: impl FnOnce() -> T + Send + 'static) -> Option<T> {
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
