//! Times of a file's header as text.

/// Seconds since 1970 as RFC 3339, UTC; none for 0, which means that nobody set it, and past the year 9999.
pub(super) fn rfc3339(seconds: u64) -> Option<String> {
    /// 1970 in Windows' time: ticks of 100 nanoseconds since 1601.
    const TO_1970: u64 = 116_444_736_000_000_000;
    let ticks = seconds.checked_mul(10_000_000)?.checked_add(TO_1970)?;
    super::windows::date(ticks).filter(|_| seconds != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_the_calendar() {
        assert_eq!(rfc3339(951_782_400).as_deref(), Some("2000-02-29T00:00:00Z"));
        assert_eq!(rfc3339(1_700_000_000).as_deref(), Some("2023-11-14T22:13:20Z"));
        assert_eq!(rfc3339(0), None);
        assert_eq!(rfc3339(u64::MAX), None);
    }
}
