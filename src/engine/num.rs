//! The only places where host and target numbers meet.

use memsh_plugin::umem;

/// A target length or offset as a host index, where the host can hold it.
#[inline]
pub fn index(value: umem) -> Option<usize> {
    usize::try_from(value).ok()
}

/// A host length as a target length. Never loses anything: a host's `usize` is at most 64 bits.
#[inline]
#[allow(
    clippy::cast_lossless,
    clippy::as_conversions,
    reason = "usize has no From into u64; it is never wider on any host Rust supports"
)]
pub const fn to_umem(value: usize) -> umem {
    value as umem
}

/// A target number as 64 bits, where it fits (always, unless addresses are 128 bits wide).
#[inline]
#[allow(clippy::unnecessary_fallible_conversions, clippy::useless_conversion, reason = "fallible only with wide addresses")]
pub fn to_u64(value: umem) -> Option<u64> {
    u64::try_from(value).ok()
}
