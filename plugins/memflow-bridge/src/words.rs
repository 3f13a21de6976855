//! memflow's errors in memflow's words.
//!
//! An error of memflow is two numbers; why it happened is in its log alone. So what memflow and its plugins log as an error or a
//! warning is kept while something is made, and told with the error.

use log::{Level, LevelFilter, Log, Metadata, Record};
use memsh_plugin::{ApiError, Status};
use std::sync::{Mutex, PoisonError};

/// Most lines that are kept, and most bytes of one.
const LINES: usize = 6;
const LINE_SIZE: usize = 400;

struct Kept;

static LOGGER: Kept = Kept;
static LINES_KEPT: Mutex<Vec<(Level, String)>> = Mutex::new(Vec::new());

impl Log for Kept {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= Level::Warn
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let line: String = record.args().to_string().chars().filter(|c| !c.is_control()).take(LINE_SIZE).collect();
        let mut kept = LINES_KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < LINES && !kept.iter().any(|(_, k)| *k == line) {
            kept.push((record.level(), line));
        }
    }

    fn flush(&self) {}
}

/// Begins to keep what is logged; what was kept before is forgotten.
pub fn listen() {
    // Only the first call of a process finds no logger yet.
    if log::set_logger(&LOGGER).is_ok() {
        log::set_max_level(LevelFilter::Warn);
    }
    LINES_KEPT.lock().unwrap_or_else(PoisonError::into_inner).clear();
}

/// What memflow said since [`listen`]: its errors, or its warnings where there are none.
fn said() -> String {
    let kept = std::mem::take(&mut *LINES_KEPT.lock().unwrap_or_else(PoisonError::into_inner));
    let worst = kept.iter().map(|(level, _)| *level).min();
    let lines: Vec<String> = kept.into_iter().filter(|(level, _)| Some(*level) == worst).map(|(_, line)| line).collect();
    lines.join("; ")
}

/// `what`, why in memflow's words, and what it logged.
pub fn failed(what: impl std::fmt::Display, error: memflow::error::Error) -> ApiError {
    let said = said();
    let logged = if said.is_empty() { String::new() } else { format!(" ({said})") };
    ApiError::new(Status::FAILED, format!("{what}: memflow says: {error}{logged}"))
}
