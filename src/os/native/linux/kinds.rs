//! What kind of file an open file is, and what is known of each kind: by what the link to it says, its inode and `fdinfo`.

use super::fdinfo::FdInfo;
use super::inode::{self, Inode};
use super::sockets;
use crate::os::linux::files::filewords::{device_number, polled, signals, timer, together};
use crate::os::linux::net::Socket;
use std::collections::HashMap;

/// `S_IFMT` and types of files (include/uapi/linux/stat.h).
const S_IFMT: u64 = 0o170_000;
const REGULAR: u64 = 0o100_000;
const DIRECTORY: u64 = 0o040_000;
const SYMLINK: u64 = 0o120_000;
const BLOCK: u64 = 0o060_000;
const CHARACTER: u64 = 0o020_000;
const FIFO: u64 = 0o010_000;
const SOCKET: u64 = 0o140_000;

/// What the link to an open file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named<'p> {
    /// A file with a path, which may be gone.
    Path,
    /// A file that was never in a directory: `/NAME (deleted)` (`simple_dname`, fs/d_path.c).
    Simple(&'p [u8]),
    /// `pipe:[INODE]`.
    Pipe,
    /// `socket:[INODE]`.
    Socket,
    /// `anon_inode:NAME`.
    Anon(&'p [u8]),
    /// `KIND:[INODE]` of a namespace.
    Namespace,
    /// `/dmabuf:NAME`.
    DmaBuf,
}

impl<'p> Named<'p> {
    /// Reads a link. `mounted` says whether its mount is one that the process sees: what is in none of these has no path.
    pub fn of(path: &'p [u8], mounted: bool) -> Self {
        // Every path begins with a slash, also one that does not lead to the root (`(unreachable)/`).
        if path.starts_with(b"pipe:[") {
            return Self::Pipe;
        }
        if path.starts_with(b"socket:[") {
            return Self::Socket;
        }
        if let Some(name) = path.strip_prefix(b"anon_inode:") {
            return Self::Anon(name.strip_prefix(b"[").and_then(|n| n.strip_suffix(b"]")).unwrap_or(name));
        }
        let name = path.strip_prefix(b"/");
        match name {
            None if path.ends_with(b"]") && path.contains(&b':') => Self::Namespace,
            Some(name) if !mounted && name.starts_with(b"dmabuf:") => Self::DmaBuf,
            Some(name) if !mounted && !name.contains(&b'/') => name.strip_suffix(b" (deleted)").map_or(Self::Path, Self::Simple),
            _ => Self::Path,
        }
    }
}

/// What a file's kind is called, in the words of the Linux layer. `system` is its file system.
pub fn kind(named: Named<'_>, inode: Option<&Inode>, system: Option<&[u8]>, terminals: &Terminals) -> Option<Vec<u8>> {
    let word: &[u8] = match named {
        Named::Pipe => b"pipe",
        Named::Socket => b"socket",
        Named::Namespace => b"namespace",
        Named::DmaBuf => b"dma-buf",
        Named::Anon(name) => match name {
            b"" => b"anon_inode",
            b"eventpoll" => b"epoll",
            b"bpf_link" => b"bpf-link",
            other => other,
        },
        Named::Simple(name) if name.starts_with(b"memfd:") => b"memfd",
        Named::Simple(_) => b"shared memory",
        Named::Path => match inode?.mode & S_IFMT {
            REGULAR if system == Some(b"proc") => b"proc",
            REGULAR => b"file",
            DIRECTORY => b"directory",
            SYMLINK => b"symlink",
            BLOCK => b"block device",
            CHARACTER => terminals.kind(inode?.special).unwrap_or("device").as_bytes(),
            FIFO => b"fifo",
            SOCKET => b"socket name",
            _ => return None,
        },
    };
    Some(word.to_vec())
}

/// Whether a file of this kind has a size.
pub fn is_sized(kind: &[u8]) -> bool {
    matches!(kind, b"file" | b"directory" | b"memfd" | b"shared memory")
}

/// What else is known of a file of this kind.
pub fn detail(kind: &[u8], path: &[u8], info: &FdInfo, inode: Option<&Inode>) -> Option<Vec<u8>> {
    let told = match kind {
        b"device" | b"block device" => device_number(inode?.special),
        b"tty" | b"pty" => return terminal(path, info),
        // One that has ended says -1.
        b"pidfd" => format!("process {}", info.number("Pid", 10).filter(|n| *n > 0)?),
        b"eventfd" => format!("count {}", info.number("eventfd-count", 16)?),
        b"epoll" => return Some(polled(&info.watched())),
        b"timerfd" => timer(info.number("clockid", 10)?, info.number("ticks", 10)?, info.interval()?),
        b"signalfd" => return Some(signals(info.number("sigmask", 16)?)),
        b"inotify" => return Some(marks(info)),
        b"bpf-map" => {
            let entries = info.number("max_entries", 10).map(|e| format!(", {e} entries at most")).unwrap_or_default();
            format!("type {} map {}{entries}", info.number("map_type", 10)?, info.number("map_id", 10)?)
        }
        b"bpf-prog" => format!("type {} program {}", info.number("prog_type", 10)?, info.number("prog_id", 10)?),
        b"io_uring" => {
            let entries = |key| info.number(key, 16)?.checked_add(1);
            format!("{} submissions, {} completions", entries("SqMask")?, entries("CqMask")?)
        }
        _ => return None,
    };
    Some(told.into_bytes())
}

/// The name of a terminal: that of its file, which for a slave is `pts/N`; a master tells its number.
fn terminal(path: &[u8], info: &FdInfo) -> Option<Vec<u8>> {
    if let Some(number) = info.number("tty-index", 10) {
        return Some(format!("ptm{number}").into_bytes());
    }
    // `/dev/tty` and `/dev/console` are other terminals by another name, and a name that is no terminal's own says nothing.
    match path.strip_prefix(b"/dev/")? {
        b"tty" | b"console" | b"ptmx" => None,
        name if name.starts_with(b"pts/") => Some([b"pts", name.get(4..)?].concat()).filter(|n| n.len() > 3),
        name => Some(name.to_vec()).filter(|n| n.starts_with(b"tty")),
    }
}

/// What an inotify descriptor watches: watch number, inode and device. Paths are not told.
fn marks(info: &FdInfo) -> Vec<u8> {
    let one =
        |(watch, number, device): (u64, u64, u64)| format!("{watch}: inode {number} on {}", device_number(device)).into_bytes();
    let told: Vec<Vec<u8>> = info.marks().into_iter().map(one).collect();
    [b"watches ".as_slice(), &together(&told, "nothing")].concat()
}

/// A socket's protocol as the kernel calls it, and its ends, where the tables of its namespace have it.
pub fn socket(protocol: Option<&str>, known: Option<&Socket>) -> Option<Vec<u8>> {
    let Some(socket) = known else { return protocol.map(|p| p.as_bytes().to_vec()) };
    if socket.family == "unix" {
        let path = socket.path.as_ref().map(|p| [b" ", p.as_bytes()].concat()).unwrap_or_default();
        return Some([format!("unix {}", socket.kind.unwrap_or("")).as_bytes(), &path].concat());
    }
    let six = socket.family == "ipv6";
    let upper = || format!("{}{}", socket.protocol.to_ascii_uppercase(), if six { "v6" } else { "" });
    let name = protocol.filter(|p| !p.is_empty()).map_or_else(upper, str::to_owned);
    if !six && socket.family != "ipv4" {
        return Some([name.as_str(), socket.kind.unwrap_or("")].join(" ").trim_end().as_bytes().to_vec());
    }
    let end = |end: &crate::os::linux::net::End| {
        let any = if six { "::" } else { "0.0.0.0" };
        let (address, port) = (end.address.as_deref().unwrap_or(any), end.port.or(socket.number).unwrap_or(0));
        if six { format!("[{address}]:{port}") } else { format!("{address}:{port}") }
    };
    let own = end(&socket.local);
    let ends = match (socket.state, socket.remote.port) {
        (Some("LISTEN"), _) => format!("{own} listening"),
        (_, Some(_)) => format!("{own} -> {}", end(&socket.remote)),
        _ => own,
    };
    Some(format!("{name} {ends}").into_bytes())
}

/// Which character devices are terminals: `/proc/tty/drivers` (fs/proc/proc_tty.c).
#[derive(Debug, Default)]
pub struct Terminals(Vec<Range>);

#[derive(Debug)]
struct Range {
    first: u64,
    last: u64,
    kind: &'static str,
}

/// `/dev/ptmx` (Documentation/admin-guide/devices.txt), whose open files are masters.
const PTMX: (u32, u32) = (5, 2);

impl Terminals {
    /// Those of this machine.
    pub fn ask() -> Self {
        Self::parse(&std::fs::read_to_string("/proc/tty/drivers").unwrap_or_default())
    }

    /// `driver device major minors type`: minors are `N` or `N-M`, and the driver's name may hold spaces.
    fn parse(text: &str) -> Self {
        let line = |l: &str| {
            let mut words = l.split_ascii_whitespace().rev();
            let (kind, minors, major) = (words.next()?, words.next()?, words.next()?.parse().ok()?);
            let (first, last) = minors.split_once('-').unwrap_or((minors, minors));
            let (first, last) = (inode::number(major, first.parse().ok()?), inode::number(major, last.parse().ok()?));
            let pty = kind.starts_with("pty") || first == inode::number(PTMX.0, PTMX.1);
            Some(Range { first, last, kind: if pty { "pty" } else { "tty" } })
        };
        Self(text.lines().filter_map(line).collect())
    }

    fn kind(&self, device: u64) -> Option<&'static str> {
        self.0.iter().find(|r| (r.first..=r.last).contains(&device)).map(|r| r.kind)
    }
}

/// The sockets of namespaces by inode, read when one is first asked for.
#[derive(Default)]
pub struct KnownSockets(HashMap<Option<u64>, HashMap<u64, Socket>>);

impl KnownSockets {
    /// The socket of this number, if the namespace of the process has it in a table.
    pub fn find(&mut self, folder: &super::folder::Folder, inode: u64) -> Option<&Socket> {
        let key = sockets::namespace_of(folder);
        self.0.entry(key).or_insert_with(|| sockets::of_namespace(folder)).get(&inode)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn links_say_what_they_lead_to() {
        for (path, mounted, named) in [
            (&b"/etc/passwd"[..], true, Named::Path),
            (b"/etc/passwd (deleted)", true, Named::Path),
            (b"/memfd:a/b (deleted)", true, Named::Path),
            (b"/memfd:a (deleted)", false, Named::Simple(b"memfd:a")),
            (b"/SYSV00000000 (deleted)", false, Named::Simple(b"SYSV00000000")),
            (b"/dir/x (deleted)", false, Named::Path),
            (b"pipe:[7]", false, Named::Pipe),
            (b"socket:[7]", false, Named::Socket),
            (b"anon_inode:[eventfd]", false, Named::Anon(b"eventfd")),
            (b"anon_inode:inotify", false, Named::Anon(b"inotify")),
            (b"net:[4026531840]", false, Named::Namespace),
            (b"(unreachable)/x", false, Named::Path),
        ] {
            assert_eq!(Named::of(path, mounted), named, "{}", String::from_utf8_lossy(path));
        }
    }

    #[test]
    fn terminals_are_told_from_devices() {
        let text = "/dev/tty             /dev/tty        5       0 system:/dev/tty\n/dev/ptmx            /dev/ptmx       5       2 system\n\
                    pty_slave            /dev/pts      136 0-1048575 pty:slave\nmy driver /dev/ttyX 4 64-95 serial\n";
        let all = Terminals::parse(text);
        let kinds = [(5, 0), (5, 1), (5, 2), (136, 70_000), (4, 95), (4, 96), (1, 3)].map(|(a, b)| all.kind(inode::number(a, b)));
        assert_eq!(kinds, [Some("tty"), None, Some("pty"), Some("pty"), Some("tty"), None, None]);
        let none = FdInfo::default();
        for (path, name) in [("/dev/pts/3", Some("pts3")), ("/dev/ttyS0", Some("ttyS0")), ("/dev/tty", None), ("/x/tty1", None)] {
            assert_eq!(terminal(path.as_bytes(), &none).as_deref(), name.map(str::as_bytes), "{path}");
        }
        assert_eq!(terminal(b"/dev/ptmx", &FdInfo::parse(b"tty-index:\t4\n")).as_deref(), Some(&b"ptm4"[..]));
    }

    #[test]
    fn sockets_are_told_as_in_an_image() {
        use crate::os::linux::net::End;
        let end = |a: &str, p| End { address: Some(a.to_owned()), port: Some(p) };
        let tcp = |family: &str, local: End, remote: End, state| Socket {
            protocol: "tcp".to_owned(),
            family: family.to_owned(),
            state,
            local,
            remote,
            ..Socket::default()
        };
        let text = |p, s: &Socket| String::from_utf8(socket(p, Some(s)).unwrap()).unwrap();
        let listener = tcp("ipv4", end("127.0.0.1", 80), End::default(), Some("LISTEN"));
        assert_eq!(text(Some("TCP"), &listener), "TCP 127.0.0.1:80 listening");
        let open = tcp("ipv6", end("::1", 5), end("::2", 6), Some("ESTABLISHED"));
        assert_eq!(text(None, &open), "TCPv6 [::1]:5 -> [::2]:6");
        let unix = Socket { family: "unix".to_owned(), kind: Some("stream"), path: Some("/run/x".into()), ..Socket::default() };
        assert_eq!(text(None, &unix), "unix stream /run/x");
        assert_eq!(socket(Some("ALG"), None).as_deref(), Some(&b"ALG"[..]));
        assert_eq!(socket(None, None), None);
    }
}
