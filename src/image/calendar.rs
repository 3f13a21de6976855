//! Times of a file's header as text.

/// Seconds since 1970 as RFC 3339, UTC; none for 0, which means that nobody set it, and past the year 9999.
pub(super) fn rfc3339(seconds: u64) -> Option<String> {
    const DAY: u64 = 86_400;
    if seconds == 0 || seconds >= 253_402_300_800 {
        return None;
    }
    let (days, of_day) = (seconds / DAY + 719_468, seconds % DAY);
    // Howard Hinnant's civil_from_days: years that begin in March make leap days come last.
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    Some(format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", of_day / 3600, of_day / 60 % 60, of_day % 60))
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
