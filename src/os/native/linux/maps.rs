//! `/proc/PID/maps` (fs/proc/task_mmu.c, `show_map_vma`).

use memsh_plugin::{Maybe, RegionInfo, Text, VirtAddr, umem};

/// All regions of a file.
pub fn parse(bytes: &[u8]) -> Vec<RegionInfo> {
    bytes.split(|&b| b == b'\n').filter_map(line).collect()
}

/// `start-end perm offset major:minor inode    path`; none for what is no such line.
fn line(line: &[u8]) -> Option<RegionInfo> {
    // The path comes last and may hold spaces.
    let mut rest = line;
    let (start, end) = pair(word(&mut rest)?, b'-')?;
    let &[r, w, x, s, ..] = word(&mut rest)? else { return None };
    let offset = hex(word(&mut rest)?)?;
    let (major, minor) = pair(word(&mut rest)?, b':')?;
    let inode: u64 = std::str::from_utf8(word(&mut rest)?).ok()?.parse().ok()?;
    let path = unescaped(rest.trim_ascii_start());
    let file = inode != 0 || major != 0 || minor != 0;
    let of_file = |n: u64| file.then_some(n);
    Some(RegionInfo {
        start: VirtAddr::new(umem::from(start)),
        end: VirtAddr::new(umem::from(end)),
        read: r == b'r',
        write: w == b'w',
        execute: x == b'x',
        shared: s == b's',
        offset: Maybe::Some(offset),
        device_major: of_file(major).and_then(|n| u32::try_from(n).ok()).into(),
        device_minor: of_file(minor).and_then(|n| u32::try_from(n).ok()).into(),
        inode: of_file(inode).into(),
        kind: Text::from(kind(&path, file)),
        path: (!path.is_empty()).then(|| Text::from(path)).into(),
    })
}

/// The region's kind, in the words of the Linux layer.
fn kind(path: &[u8], file: bool) -> &'static str {
    match path {
        // Pseudo files have names that no mount leads to (`simple_dname`, `anon_inodefs_dname`, `sockfs_dname`).
        _ if file && is_pseudo(path) => "shared memory",
        _ if file => "file",
        b"[heap]" => "heap",
        b"[stack]" => "stack",
        b"" => "anonymous",
        p if p.starts_with(b"[anon:") => "anonymous",
        _ => "special",
    }
}

fn is_pseudo(path: &[u8]) -> bool {
    let begins = [&b"/memfd:"[..], b"/SYSV", b"[anon_shmem:", b"anon_inode:", b"socket:[", b"pipe:[", b"/dmabuf:"];
    path == b"/dev/zero (deleted)" || begins.iter().any(|b| path.starts_with(b))
}

/// A newline in a path is written as `\012` (`seq_path` with `"\n"`); nothing else is escaped.
fn unescaped(path: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((&first, after)) = rest.split_first() {
        match rest.strip_prefix(b"\\012") {
            Some(after) => {
                out.push(b'\n');
                rest = after;
            }
            None => {
                out.push(first);
                rest = after;
            }
        }
    }
    out
}

/// The next word, which ends at one space.
fn word<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let all = *rest;
    let end = all.iter().position(|&b| b == b' ').unwrap_or(all.len());
    *rest = all.get(end + 1..).unwrap_or_default();
    all.get(..end).filter(|w| !w.is_empty())
}

fn pair(word: &[u8], between: u8) -> Option<(u64, u64)> {
    let at = word.iter().position(|&b| b == between)?;
    Some((hex(word.get(..at)?)?, hex(word.get(at + 1..)?)?))
}

fn hex(word: &[u8]) -> Option<u64> {
    u64::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn one(text: &str) -> RegionInfo {
        line(text.as_bytes()).unwrap()
    }

    #[test]
    fn lines_are_read_as_the_kernel_writes_them() {
        let r = one("7f1c5a2b1000-7f1c5a2d3000 r-xp 00028000 fe:01 1234567                    /usr/lib/a b (1).so");
        assert_eq!((r.start.value(), r.end.value()), (0x7f1c_5a2b_1000, 0x7f1c_5a2d_3000));
        assert_eq!((r.permissions().as_str(), r.offset.get()), ("r-xp", Some(0x28000)));
        assert_eq!((r.device_major.get(), r.device_minor.get(), r.inode.get()), (Some(0xfe), Some(1), Some(1_234_567)));
        assert_eq!((r.path.as_ref().unwrap().as_bytes(), r.kind.as_bytes()), (&b"/usr/lib/a b (1).so"[..], &b"file"[..]));
        let r = one("7ffd0000-7ffe0000 rw-p 00000000 00:00 0 ");
        assert_eq!((r.path.as_ref(), r.inode.get(), r.device_major.get(), r.offset.get()), (None, None, None, Some(0)));
    }

    #[test]
    fn kinds_are_those_of_the_linux_layer() {
        for (rest, kind) in [
            ("00:00 0", "anonymous"),
            ("00:00 0    [heap]", "heap"),
            ("00:00 0    [stack]", "stack"),
            ("00:00 0    [vdso]", "special"),
            ("00:00 0    [uprobes]", "special"),
            ("00:00 0    [anon:glibc: malloc]", "anonymous"),
            ("00:01 5    /memfd:x (deleted)", "shared memory"),
            ("00:01 5    /dev/zero (deleted)", "shared memory"),
            ("00:01 5    /SYSV00000000 (deleted)", "shared memory"),
            ("00:01 5    [anon_shmem:y]", "shared memory"),
            ("00:0e 5    anon_inode:[perf_event]", "shared memory"),
            ("00:1b 5    /dev/shm/z", "file"),
        ] {
            assert_eq!(one(&format!("1000-2000 rw-s 00000000 {rest}")).kind.as_bytes(), kind.as_bytes(), "{rest}");
        }
    }

    #[test]
    fn newlines_in_names_are_newlines() {
        let r = one("1000-2000 r--p 00000000 fe:01 9    /tmp/a\\012b\\x");
        assert_eq!(r.path.as_ref().unwrap().as_bytes(), b"/tmp/a\nb\\x");
    }

    #[test]
    fn other_lines_are_none() {
        for text in ["", "1000-2000", "1000 r--p 0 0:0 0", "x-y rw-p 0 0:0 0", "1000-2000 rw 0 0:0 0"] {
            assert!(line(text.as_bytes()).is_none(), "{text}");
        }
    }
}
