//! Plugins that do not come back from memory: who waits is told, and what nobody watches ends.

use super::run::report_lines;
use crate::commands::failure::{Failure, exit};
use crate::{Error, ErrorKind, Layer};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether somebody sits before the program, or others hang on it.
static STAYS: AtomicBool = AtomicBool::new(false);

/// Listens to what is told of plugins.
pub fn install() {
    crate::plugins::on_waiting(told);
}

/// From here on nothing ends the program but the user.
pub fn stay() {
    STAYS.store(true, Ordering::SeqCst);
}

fn told(plugin: &str, limit: &str) {
    let what = format!("the plugin {plugin} has not come back from reading or writing memory for {limit}");
    let isolate =
        "--isolate runs it in a process of its own, where it can be given up; MEMSH_PLUGIN_TIMEOUT=5min gives it more time";
    if STAYS.load(Ordering::SeqCst) {
        report_lines(&[format!("warning: {what}; memsh waits for it: Ctrl-C, twice, ends memsh"), format!("hint: {isolate}")]);
        return;
    }
    // Its thread can't be taken back: the buffer that it may still write to is memsh's.
    report_lines(&Failure::from(Error::new(Layer::Connector, ErrorKind::Io, what).hint(isolate)).lines());
    std::process::exit(i32::from(exit::FAILURE));
}
