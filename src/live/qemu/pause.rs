//! Holding a machine while it is looked at, where the user asks for that.

use super::monitor;
use super::qmp::Qmp;
use crate::Result;
use serde_json::Value;
use std::sync::Mutex;

/// A machine that stands still as long as this exists. It goes on afterwards where it ran before.
pub(super) struct Pause {
    /// Its monitor, where the machine must be set going again.
    monitor: Option<Mutex<Qmp>>,
}

impl Pause {
    /// Stops the machine, unless it stands already.
    ///
    /// # Errors
    /// When the monitor refuses.
    pub(super) fn new(mut qmp: Qmp) -> Result<Self> {
        let (running, _) = monitor::status(&mut qmp)?;
        if !running {
            return Ok(Self { monitor: None });
        }
        qmp.command("stop", Value::Null)?;
        Ok(Self { monitor: Some(Mutex::new(qmp)) })
    }
}

impl Drop for Pause {
    fn drop(&mut self) {
        if let Some(monitor) = &self.monitor
            && let Ok(mut qmp) = monitor.lock()
        {
            // Nobody is left to be told.
            let _ = qmp.command("cont", Value::Null);
        }
    }
}
