//! What an image says of the Windows in it: common to crash dumps and hibernation files.

mod bugcheck;
mod context;
mod hints;
mod time;

pub(super) use bugcheck::{bug_check_name, exception_name};
pub(super) use context::{AMD64, ARM64, I386, processor, registers};
pub(crate) use hints::release;
pub(super) use hints::render;
pub use hints::{BugCheck, WindowsHints};
pub(super) use time::{date, duration};
