//! What `/proc/PID/stat` and `status` say (fs/proc/array.c, `do_task_stat` and `proc_pid_status`).

/// What `stat` says of a process or a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stat {
    /// Its id.
    pub id: u32,
    /// Name: any bytes, parentheses and spaces among them.
    pub name: Vec<u8>,
    /// State, as a letter.
    pub state: u8,
    /// Parent's process id.
    pub ppid: u32,
    /// `task_struct.flags`.
    pub flags: u64,
    /// Number of threads of its process.
    pub threads: u32,
    /// When it was started: ticks after the machine was.
    pub start: u64,
}

/// `PF_KTHREAD` (include/linux/sched.h).
const KTHREAD: u64 = 0x0020_0000;

impl Stat {
    /// Reads the line of `stat`; none where it is no such line.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        // The name may hold parentheses: it ends at the last one of the line.
        let open = bytes.iter().position(|&b| b == b'(')?;
        let close = bytes.iter().rposition(|&b| b == b')')?;
        let id = number(bytes.get(..open)?)?;
        let name = bytes.get(open + 1..close)?.to_vec();
        // Counted as proc(5) does: the state is the third.
        let fields: Vec<&[u8]> = bytes.get(close + 1..)?.split(|b| b.is_ascii_whitespace()).filter(|f| !f.is_empty()).collect();
        let field = |n: usize| fields.get(n - 3).copied();
        Some(Self {
            id: u32::try_from(id).ok()?,
            name,
            state: *field(3)?.first()?,
            ppid: u32::try_from(number(field(4)?)?).ok()?,
            flags: number(field(9)?)?,
            threads: u32::try_from(number(field(20)?)?).ok()?,
            start: number(field(22)?)?,
        })
    }

    /// Whether it is a thread of the kernel.
    pub fn is_kernel(&self) -> bool {
        self.flags & KTHREAD != 0
    }

    /// The state in words: `task_state_array`, without its letters.
    pub fn state(&self) -> Option<&'static str> {
        Some(match self.state {
            b'R' => "running",
            b'S' => "sleeping",
            b'D' => "disk sleep",
            b'T' => "stopped",
            b't' => "tracing stop",
            b'X' | b'x' => "dead",
            b'Z' => "zombie",
            b'P' => "parked",
            b'I' => "idle",
            _ => return None,
        })
    }
}

/// The numbers behind a key of `status`, in the base that the file writes them in.
pub fn of_status(status: &[u8], key: &str, base: u32) -> Vec<u64> {
    let line = status.split(|&b| b == b'\n').find_map(|l| l.strip_prefix(key.as_bytes())?.strip_prefix(b":"));
    let words = line.unwrap_or_default().split(|b| b.is_ascii_whitespace()).filter(|w| !w.is_empty());
    words.map_while(|w| u64::from_str_radix(std::str::from_utf8(w).ok()?, base).ok()).collect()
}

/// Real user and group id by a process's `status`.
pub fn ids(status: &[u8]) -> (Option<u32>, Option<u32>) {
    let real = |key| of_status(status, key, 10).first().and_then(|&n| u32::try_from(n).ok());
    (real("Uid"), real("Gid"))
}

fn number(word: &[u8]) -> Option<u64> {
    std::str::from_utf8(word).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_may_hold_anything() {
        let line = b"142 (a) S (b\n) S 1 142 142 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 3 0 4711 0 0\n";
        let stat = Stat::parse(line).unwrap();
        assert_eq!((stat.id, stat.name.as_slice(), stat.ppid), (142, &b"a) S (b\n"[..], 1));
        assert_eq!((stat.state(), stat.threads, stat.start, stat.is_kernel()), (Some("sleeping"), 3, 4711, false));
    }

    #[test]
    fn what_is_cut_is_no_process() {
        for line in [
            &b""[..],
            b"142",
            b"142 (a",
            b"142 (a)",
            b"142 (a) S 1 142",
            b")(",
            b"x (a) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 1 0 0",
        ] {
            assert_eq!(Stat::parse(line), None, "{}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn ids_are_the_real_ones() {
        let status = b"Name:\tx\nUid:\t1000\t0\t0\t0\nGid:\t100\t0\t0\t0\nCapEff:\t000001ffffffffff\n";
        assert_eq!(ids(status), (Some(1000), Some(100)));
        assert_eq!(of_status(status, "CapEff", 16), [0x1ff_ffff_ffff]);
        assert_eq!(ids(b"Name:\tx\n"), (None, None));
    }
}
