//! Ctrl-C.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

/// Set by Ctrl-C; long work looks at it now and then.
pub static FLAG: AtomicBool = AtomicBool::new(false);
/// So many programs have the terminal for themselves (a pager, `| less`, `!vim`): Ctrl-C is theirs as well.
static GUESTS: AtomicU8 = AtomicU8::new(0);
/// Ctrl-C pressed so often in a row.
static PRESSED: AtomicU8 = AtomicU8::new(0);
/// Beside a guest it takes this many to end the program, which would leave the guest without a master.
const PATIENCE: u8 = 5;

/// Makes Ctrl-C set [`FLAG`]; a second one, when the first had no effect, ends the program. A write beyond the limit of a file's size
/// (`ulimit -f`) becomes an error like that of a full disk.
pub fn install() {
    #[cfg(target_os = "linux")]
    limits_are_errors();
    // Without a handler Ctrl-C ends the program at once, which is no reason not to start.
    let _ = ctrlc::set_handler(|| {
        FLAG.store(true, Ordering::SeqCst);
        let pressed = PRESSED.fetch_add(1, Ordering::SeqCst).saturating_add(1);
        let allowed = if guest() { PATIENCE } else { 2 };
        if pressed >= allowed {
            std::process::exit(i32::from(crate::commands::failure::exit::INTERRUPTED));
        }
    });
}

/// With a handler of SIGXFSZ, `write` fails with EFBIG (setrlimit(2)). Ignored it would stay in the programs that are started.
#[cfg(target_os = "linux")]
fn limits_are_errors() {
    use nix::libc;
    extern "C" fn nothing(_: libc::c_int) {}
    // SAFETY: all zeros are a valid `sigaction`, the handler has the signature that no flags ask for, and does nothing.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = nothing as *const () as usize;
        libc::sigaction(libc::SIGXFSZ, &raw const action, std::ptr::null_mut());
    }
}

/// Forgets an earlier Ctrl-C, before a new command.
pub fn clear() {
    FLAG.store(false, Ordering::SeqCst);
    PRESSED.store(0, Ordering::SeqCst);
}

/// Whether another program has the terminal.
pub fn guest() -> bool {
    GUESTS.load(Ordering::SeqCst) > 0
}

/// The terminal belongs to another program as long as this lives.
pub struct Guest(());

impl Guest {
    /// From here on.
    pub fn new() -> Self {
        GUESTS.fetch_add(1, Ordering::SeqCst);
        Guest(())
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        GUESTS.fetch_sub(1, Ordering::SeqCst);
    }
}
