//! `/proc/PID/fdinfo/N` (fs/proc/fd.c, `seq_show`, and the `show_fdinfo` of each kind of file).

/// What is read of one: an epoll descriptor tells a line for each file that it watches.
pub const LARGEST: u64 = 1 << 20;

/// What a descriptor's file says.
#[derive(Debug, Default)]
pub struct FdInfo {
    lines: Vec<(Vec<u8>, String)>,
}

impl FdInfo {
    /// Reads lines of `key: value`.
    pub fn parse(bytes: &[u8]) -> Self {
        let line = |l: &[u8]| {
            let at = l.iter().position(|b| *b == b':')?;
            let (key, value) = l.split_at_checked(at)?;
            Some((key.trim_ascii().to_vec(), String::from_utf8_lossy(value.get(1..)?.trim_ascii()).into_owned()))
        };
        Self { lines: bytes.split(|b| *b == b'\n').filter_map(line).collect() }
    }

    /// The text behind the first `key`.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.all(key).next()
    }

    /// The texts behind every `key`.
    pub fn all(&self, key: &str) -> impl Iterator<Item = &str> {
        self.lines.iter().filter(move |(k, _)| k == key.as_bytes()).map(|(_, v)| v.as_str())
    }

    /// A number behind `key`, in the base that the kernel writes it in.
    pub fn number(&self, key: &str, base: u32) -> Option<u64> {
        let text = self.text(key)?;
        u64::from_str_radix(text.strip_prefix("0x").filter(|_| base == 16).unwrap_or(text), base).ok()
    }

    /// Position in bytes.
    pub fn position(&self) -> Option<i64> {
        self.text("pos")?.parse().ok()
    }

    /// Flags of open(2), `O_CLOEXEC` among them.
    pub fn flags(&self) -> Option<u64> {
        self.number("flags", 8)
    }

    /// Number of the mount.
    pub fn mount(&self) -> Option<u64> {
        self.number("mnt_id", 10)
    }

    /// Number of the inode, since 5.14.
    pub fn inode(&self) -> Option<u64> {
        self.number("ino", 10)
    }

    /// The descriptors that an epoll descriptor watches, with the events: `tfd: N events: HEX data: ...` (fs/eventpoll.c).
    pub fn watched(&self) -> Vec<(i64, Option<u64>)> {
        let one = |text: &str| {
            let mut words = text.split_ascii_whitespace();
            let fd = words.next()?.parse().ok()?;
            let events = words.nth(1).and_then(|w| u64::from_str_radix(w, 16).ok());
            Some((fd, events))
        };
        self.all("tfd").filter_map(one).collect()
    }

    /// What an inotify descriptor watches: `inotify wd:HEX ino:HEX sdev:HEX ...` (fs/notify/fdinfo.c), as watch, inode and device.
    pub fn marks(&self) -> Vec<(u64, u64, u64)> {
        let one = |text: &str| {
            let mut words = text.split_ascii_whitespace();
            let watch = u64::from_str_radix(words.next()?, 16).ok()?;
            let mut value = |key: &str| u64::from_str_radix(words.next()?.strip_prefix(key)?, 16).ok();
            Some((watch, value("ino:")?, value("sdev:")?))
        };
        let mut marks: Vec<_> = self.all("inotify wd").filter_map(one).collect();
        marks.sort_unstable();
        marks
    }

    /// How often a timer goes off, in nanoseconds: `it_interval: (seconds, nanoseconds)` (fs/timerfd.c).
    pub fn interval(&self) -> Option<u64> {
        let (seconds, rest) = self.text("it_interval")?.strip_prefix('(')?.strip_suffix(')')?.split_once(',')?;
        let (seconds, rest): (u64, u64) = (seconds.trim().parse().ok()?, rest.trim().parse().ok()?);
        seconds.checked_mul(1_000_000_000)?.checked_add(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_the_kernel_writes_them() {
        let info = FdInfo::parse(b"pos:\t-3\nflags:\t02100002\nmnt_id:\t24\nino:\t3\n");
        assert_eq!((info.position(), info.flags(), info.mount(), info.inode()), (Some(-3), Some(0o2_100_002), Some(24), Some(3)));
        let info = FdInfo::parse(
            b"tfd:        5 events: 80000019 data: ffff  pos:0 ino:61 sdev:5\ntfd:       12 events:       19 data: 1\n",
        );
        assert_eq!(info.watched(), [(5, Some(0x8000_0019)), (12, Some(0x19))]);
        let info = FdInfo::parse(
            b"inotify wd:a ino:9e7e sdev:800013 mask:800afce ignored_mask:0 fhandle-bytes:8\ninotify wd:1 ino:2 sdev:3 mask:0\n",
        );
        assert_eq!(info.marks(), [(1, 2, 3), (10, 0x9e7e, 0x80_0013)]);
        let info = FdInfo::parse(b"clockid: 1\nticks: 4\nit_interval: (2, 500)\n");
        assert_eq!((info.number("clockid", 10), info.interval()), (Some(1), Some(2_000_000_500)));
        assert_eq!(FdInfo::parse(b"SqMask:\t0x7f\n").number("SqMask", 16), Some(0x7f));
    }

    #[test]
    fn what_makes_no_sense_is_nothing() {
        let info = FdInfo::parse(b"pos\nflags: 9\n: x\nit_interval: (1\ntfd:\ninotify wd:1 ino:2\n");
        assert_eq!(
            (info.position(), info.flags(), info.interval(), info.watched().len(), info.marks().len()),
            (None, None, None, 0, 0)
        );
    }
}
