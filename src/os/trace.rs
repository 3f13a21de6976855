//! What was tried.

use super::DetectionStep;
use std::time::Instant;

/// The steps of one search.
#[derive(Default)]
pub(in crate::os) struct Trace {
    pub(in crate::os) steps: Vec<DetectionStep>,
    /// What the user should do if nothing is found.
    pub(in crate::os) advice: Option<String>,
}

impl Trace {
    /// Tries something and writes down how it went: `Ok` with the result and what to say of it, `Err` with why not.
    pub(in crate::os) fn attempt<T>(
        &mut self,
        step: &str,
        method: &str,
        f: impl FnOnce() -> Result<(T, String), String>,
    ) -> Option<T> {
        let start = Instant::now();
        let (found, detail, value) = match f() {
            Ok((value, detail)) => (true, detail, Some(value)),
            Err(detail) => (false, detail, None),
        };
        self.steps.push(DetectionStep { step: step.to_owned(), method: method.to_owned(), found, detail, time: start.elapsed() });
        value
    }
}
