//! Values that are followed: `scan value`, `next`, `matches`, `scans`, `matches write`, `freeze`.

mod first;
mod freeze;
mod matches;
mod next;
mod opened;
mod rows;
mod saved;
mod scans;

pub use first::ScanValue;
pub use freeze::Freeze;
pub use matches::{Matches, MatchesWrite};
pub use next::Next;
pub use scans::Scans;
