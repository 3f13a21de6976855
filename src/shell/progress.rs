//! Progress on stderr, for whatever takes longer than half a second.

use crate::commands::context::Meter;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Work that is done sooner shows nothing.
const SILENCE: Duration = Duration::from_millis(500);

/// A progress bar that appears when the work takes long.
pub struct Bar {
    bar: ProgressBar,
    since: Instant,
    shown: AtomicBool,
    allowed: bool,
}

impl Bar {
    /// A bar for `total` bytes of `task`; nothing unless `allowed`.
    pub fn new(task: &str, total: u64, allowed: bool) -> Self {
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
        let template = "{msg} [{bar:32}] {bytes}/{total_bytes} {binary_bytes_per_sec} {eta}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(task.to_owned());
        Self { bar, since: Instant::now(), shown: AtomicBool::new(false), allowed }
    }
}

impl Meter for Bar {
    fn total(&self, total: u64) {
        self.bar.set_length(total);
    }

    fn at(&self, done: u64) {
        if !self.allowed || self.since.elapsed() < SILENCE {
            return;
        }
        // A pager has the terminal: a bar would be drawn across its text.
        if super::interrupt::guest() {
            if self.shown.swap(false, Ordering::Relaxed) {
                self.bar.set_draw_target(ProgressDrawTarget::hidden());
            }
            return;
        }
        if !self.shown.swap(true, Ordering::Relaxed) {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.set_position(done);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
