//! Time as Windows counts it.

use memsh_plugin::UnixNanos;

/// 1970 in units of 100 nanoseconds since 1601.
const EPOCH: i64 = 116_444_736_000_000_000;

/// A FILETIME as memsh keeps times; none for 0 and for what no clock shows.
pub fn from_filetime(ticks: u64) -> Option<UnixNanos> {
    let ticks = i64::try_from(ticks).ok().filter(|&t| t > 0)?;
    ticks.checked_sub(EPOCH)?.checked_mul(100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filetimes() {
        assert_eq!(from_filetime(116_444_736_000_000_001), Some(100));
        assert_eq!(from_filetime(0), None);
        assert_eq!(from_filetime(u64::MAX), None);
        // No clock of a computer shows the year 30828.
        assert_eq!(from_filetime(i64::MAX as u64), None);
    }
}
