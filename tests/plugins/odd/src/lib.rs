//! Plugins that do what no plugin should, and one that stands on a system.

mod inside;
mod lies;
mod loaded;
mod noisy;
mod panics;
mod silent;
mod system;
