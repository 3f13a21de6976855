//! Ctrl-C.

use std::sync::atomic::{AtomicBool, Ordering};

/// Set by Ctrl-C; long work looks at it now and then.
pub static FLAG: AtomicBool = AtomicBool::new(false);

/// Makes Ctrl-C set [`FLAG`]; a second one, when the first had no effect, ends the program.
pub fn install() {
    // Without a handler Ctrl-C ends the program at once, which is no reason not to start.
    let _ = ctrlc::set_handler(|| {
        if FLAG.swap(true, Ordering::SeqCst) {
            std::process::exit(i32::from(crate::commands::failure::exit::INTERRUPTED));
        }
    });
}

/// Forgets an earlier Ctrl-C, before a new command.
pub fn clear() {
    FLAG.store(false, Ordering::SeqCst);
}
