//! Hashes of what crosses the boundary: two that agree mean that host and plugin lay out everything alike.
//!
//! A hash is made, when this crate is built, of the definitions of every type and the signatures of every trait that plugins of
//! one kind exchange with the host, however indirectly; comments and code do not count. So a change to [`Os`](crate::Os) leaves
//! connectors as they are, and a new command interface leaves OS layers alone.

use crate::umem;

include!(concat!(env!("OUT_DIR"), "/layout.rs"));

/// Of connectors.
pub const CONNECTOR: u64 = of(surface::CONNECTOR);
/// Of what a connector that stands on an OS layer needs besides.
pub const CONNECTOR_ON: u64 = of(surface::CONNECTOR_ON);
/// Of OS layers.
pub const OS: u64 = of(surface::OS);
/// Of commands.
pub const COMMAND: u64 = of(surface::COMMAND);

/// The hash of a surface on this machine: with the sizes of a pointer and of an address, which definitions do not show, and of the
/// descriptor, in which all kinds meet.
const fn of(surface: u64) -> u64 {
    let descriptor = size_of::<crate::Descriptor>() as u64;
    let sizes = (size_of::<usize>() as u64) | ((size_of::<umem>() as u64) << 8) | (descriptor << 16);
    // FNV-1a's prime.
    (surface ^ sizes).wrapping_mul(0x0100_0000_01b3)
}
