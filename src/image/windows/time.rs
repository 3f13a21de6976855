//! Windows' times as text.

/// Ticks of 100 nanoseconds in a second.
const SECOND: u64 = 10_000_000;
/// From 1601-01-01, where Windows' time begins, to the first day of the civil calendar's era (0000-03-01), in days.
const TO_1601: u64 = 584_694;
/// A day in seconds.
const DAY: u64 = 86_400;

/// A FILETIME (100 nanoseconds since 1601, UTC) as RFC 3339; none for 0, which means that nobody set it, and past the year 9999.
pub(crate) fn date(ticks: u64) -> Option<String> {
    let (seconds, rest) = (ticks / SECOND, ticks % SECOND);
    let (days, of_day) = (seconds / DAY + TO_1601, seconds % DAY);
    // Howard Hinnant's civil_from_days: years that begin in March make leap days come last.
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    if ticks == 0 || year > 9999 {
        return None;
    }
    let fraction = match rest {
        0 => String::new(),
        rest if rest.is_multiple_of(10_000) => format!(".{:03}", rest / 10_000),
        rest => format!(".{rest:07}"),
    };
    Some(format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}{fraction}Z", of_day / 3600, of_day / 60 % 60, of_day % 60))
}

/// A span in ticks of 100 nanoseconds, as WinDbg shows it: days and h:mm:ss.
pub(crate) fn duration(ticks: u64) -> String {
    let seconds = ticks / SECOND;
    let of_day = seconds % DAY;
    let clock = format!("{}:{:02}:{:02}", of_day / 3600, of_day / 60 % 60, of_day % 60);
    match seconds / DAY {
        0 => clock,
        1 => format!("1 day {clock}"),
        days => format!("{days} days {clock}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_windows() {
        assert_eq!(date(0), None);
        assert_eq!(date(1).as_deref(), Some("1601-01-01T00:00:00.0000001Z"));
        // The Unix epoch, and a leap day.
        assert_eq!(date(116_444_736_000_000_000).as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(date(125_962_560_000_000_000 + 5_000_000).as_deref(), Some("2000-02-29T00:00:00.500Z"));
        assert_eq!(date(u64::MAX), None);
    }

    #[test]
    fn spans() {
        assert_eq!(duration(0), "0:00:00");
        assert_eq!(duration(86_399 * SECOND + 9_999_999), "23:59:59");
        assert_eq!(duration(86_400 * SECOND), "1 day 0:00:00");
        assert_eq!(duration((9 * 86_400 + 3661) * SECOND), "9 days 1:01:01");
    }
}
