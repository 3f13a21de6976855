//! What is known of an open file, in words: the same for a file in an image and for one that `/proc` tells of.

use crate::os::linux::base::enums::bits;

/// More entries of a set than this are counted.
const TOLD: usize = 16;

/// `a, b, c`, and how many more there are.
pub fn together(items: &[Vec<u8>], empty: &str) -> Vec<u8> {
    if items.is_empty() {
        return empty.as_bytes().to_vec();
    }
    let mut told = items.iter().take(TOLD).cloned().collect::<Vec<_>>().join(b", ".as_slice());
    if let Some(more) = items.len().checked_sub(TOLD).filter(|n| *n > 0) {
        told.extend_from_slice(format!(" and {more} more").as_bytes());
    }
    told
}

/// Descriptors that an epoll descriptor watches, and for what (include/uapi/linux/eventpoll.h). `ERR` and `HUP` always are.
pub fn polled(watched: &[(i64, Option<u64>)]) -> Vec<u8> {
    const EVENTS: &[(u64, &str)] = &[
        (0x1, "IN"),
        (0x2, "PRI"),
        (0x4, "OUT"),
        (0x40, "RDNORM"),
        (0x80, "RDBAND"),
        (0x100, "WRNORM"),
        (0x200, "WRBAND"),
        (0x400, "MSG"),
        (0x2000, "RDHUP"),
        (1 << 28, "EXCLUSIVE"),
        (1 << 29, "WAKEUP"),
        (1 << 30, "ONESHOT"),
        (1 << 31, "ET"),
    ];
    const ALWAYS: u64 = 0x8 | 0x10;
    let one = |(fd, events): &(i64, Option<u64>)| {
        let events = events.and_then(|e| bits(e & !ALWAYS, EVENTS, "|"));
        (*fd, events.map_or_else(|| fd.to_string(), |e| format!("{fd} ({e})")))
    };
    let mut all: Vec<(i64, String)> = watched.iter().map(one).collect();
    all.sort();
    let told: Vec<Vec<u8>> = all.into_iter().map(|(_, text)| text.into_bytes()).collect();
    [b"watches ".as_slice(), &together(&told, "nothing")].concat()
}

/// A timer: its clock (include/uapi/linux/time.h), how often it went off unread, and how often it does in nanoseconds.
pub fn timer(clock: u64, ticks: u64, interval: u64) -> String {
    let clock = match clock {
        0 => "realtime".to_owned(),
        1 => "monotonic".to_owned(),
        7 => "boottime".to_owned(),
        8 => "realtime, wakes".to_owned(),
        9 => "boottime, wakes".to_owned(),
        other => format!("clock {other}"),
    };
    let every = match interval {
        0 => String::new(),
        n if n % 1_000_000_000 == 0 => format!(", every {} s", n / 1_000_000_000),
        n => format!(", every {n} ns"),
    };
    format!("{clock}, {ticks} ticks{every}")
}

/// The signals of a set.
pub fn signals(mask: u64) -> Vec<u8> {
    let told: Vec<Vec<u8>> = (0..64).filter(|n| mask >> n & 1 == 1).map(|n| signal_name(n + 1).into_bytes()).collect();
    together(&told, "no signal")
}

/// The name of a signal; the numbers of include/uapi/asm-generic/signal.h, which all architectures that memsh knows use.
fn signal_name(number: u32) -> String {
    const NAMES: [&str; 31] = [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
        "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR",
        "SYS",
    ];
    let name = usize::try_from(number).ok().and_then(|n| n.checked_sub(1)).and_then(|n| NAMES.get(n));
    name.map_or_else(|| format!("SIG{number}"), |n| format!("SIG{n}"))
}

/// A device's number as the system prints it: `MAJOR` and `MINOR` (include/linux/kdev_t.h).
pub fn device_number(device: u64) -> String {
    format!("{}:{}", device >> 20, device & 0xf_ffff)
}

/// `O_CLOEXEC`, the same on all architectures that memsh knows.
pub const CLOEXEC: u64 = 0o2000000;
/// `O_PATH`, likewise.
pub const PATH: u64 = 0o10000000;
