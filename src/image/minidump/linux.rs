//! The streams that Breakpad and its heirs add on Linux: files of `/proc/PID`, as they are.

use super::header::{Dump, LINUX_AUXV, LINUX_CMD_LINE, LINUX_ENVIRON, LINUX_LSB_RELEASE, LINUX_MAPS, LINUX_PROC_STATUS, Stream};
use super::virt;
use crate::image::detect::Parsed;
use crate::image::process::RegionImage;
use memsh_plugin::umem;

/// What is taken of arguments and environment.
const MOST_TEXT: u64 = 4 << 20;
/// Lines of `maps`.
const MOST_LINES: usize = 1 << 18;
/// Auxiliary vector entries (include/uapi/linux/auxvec.h).
const AT_ENTRY: u64 = 9;

/// What the streams say.
#[derive(Default)]
pub(super) struct Linux {
    pub(super) name: Vec<u8>,
    pub(super) pid: Option<u32>,
    pub(super) ppid: Option<u32>,
    pub(super) uid: Option<u32>,
    pub(super) gid: Option<u32>,
    pub(super) arguments: Vec<Vec<u8>>,
    pub(super) environment: Vec<Vec<u8>>,
    pub(super) regions: Option<Vec<RegionImage>>,
    /// Where the program begins to run.
    pub(super) entry: Option<u64>,
}

fn whole<'a>(s: &Stream<'a>) -> &'a [u8] {
    s.f.bytes(0, s.f.len().min(MOST_TEXT)).unwrap_or(&[])
}

pub(super) fn read(dump: &Dump<'_>, wide: bool, parsed: &mut Parsed) -> Linux {
    let mut linux = Linux::default();
    let mut stream = |kind: u32| dump.stream(kind, &mut parsed.warnings);
    let (status, release) = (stream(LINUX_PROC_STATUS), stream(LINUX_LSB_RELEASE));
    let (arguments, environment) = (stream(LINUX_CMD_LINE), stream(LINUX_ENVIRON));
    let (auxv, maps) = (stream(LINUX_AUXV), stream(LINUX_MAPS));
    if let Some(s) = status {
        for line in lines(whole(&s)) {
            let Some((key, value)) = split(line, b':') else { continue };
            let number = || std::str::from_utf8(value).ok()?.split_ascii_whitespace().next()?.parse::<u32>().ok();
            match key {
                b"Name" => linux.name = value.to_vec(),
                b"Tgid" | b"Pid" => linux.pid = linux.pid.or_else(number),
                b"PPid" => linux.ppid = number(),
                b"Uid" => linux.uid = number(),
                b"Gid" => linux.gid = number(),
                _ => {}
            }
        }
    }
    if let Some(s) = release {
        // lsb-release or os-release.
        for line in lines(whole(&s)) {
            let Some((key, value)) = split(line, b'=') else { continue };
            if matches!(key, b"DISTRIB_DESCRIPTION" | b"PRETTY_NAME") {
                parsed.detail("distribution", String::from_utf8_lossy(value).trim_matches('"'));
                break;
            }
        }
    }
    let words = |s: &Stream<'_>| {
        let text = whole(s);
        let text = text.strip_suffix(b"\0").unwrap_or(text);
        if text.is_empty() { Vec::new() } else { text.split(|&b| b == 0).map(<[u8]>::to_vec).collect() }
    };
    linux.arguments = arguments.as_ref().map(words).unwrap_or_default();
    linux.environment = environment.as_ref().map(words).unwrap_or_default();
    if let Some(s) = auxv {
        let word = if wide { 8 } else { 4 };
        let pair = |i: u64| Some((s.f.word(i * 2 * word, wide)?, s.f.word((i * 2 + 1) * word, wide)?));
        let mut pairs = (0u64..256).map_while(pair).take_while(|(kind, _)| *kind != 0);
        linux.entry = pairs.find(|(kind, _)| *kind == AT_ENTRY).map(|(_, v)| v);
    }
    if let Some(s) = maps {
        let all = s.f.bytes(0, s.f.len()).unwrap_or(&[]);
        linux.regions = Some(lines(all).filter_map(region).take(MOST_LINES).collect());
    }
    linux
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&b| b == b'\n')
}

fn split(line: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let i = line.iter().position(|&b| b == at)?;
    Some((line.get(..i)?.trim_ascii(), line.get(i + 1..)?.trim_ascii()))
}

/// A line of `/proc/PID/maps`: addresses, permissions, offset, device, inode, path.
fn region(line: &[u8]) -> Option<RegionImage> {
    let mut rest = line;
    let mut field = || {
        let word = rest.split(|&b| b == b' ').next().filter(|w| !w.is_empty())?;
        rest = rest.get(word.len()..)?.trim_ascii_start();
        std::str::from_utf8(word).ok()
    };
    let (first, end) = field()?.split_once('-')?;
    let (first, end) = (u64::from_str_radix(first, 16).ok()?, u64::from_str_radix(end, 16).ok()?);
    let permissions = field()?.as_bytes();
    let offset = u64::from_str_radix(field()?, 16).ok()?;
    let (_device, inode) = (field()?, field()?);
    let path = rest.trim_ascii();
    let has = |flag: u8| permissions.contains(&flag);
    let kind = match path {
        b"" => "anonymous",
        b"[heap]" => "heap",
        p if p.starts_with(b"[stack") => "stack",
        p if p.starts_with(b"[") => "special",
        _ => "file",
    };
    Some(RegionImage {
        start: virt(first),
        size: umem::from(end.checked_sub(first).filter(|&n| n > 0)?),
        read: has(b'r'),
        write: has(b'w'),
        execute: has(b'x'),
        shared: has(b's'),
        path: (!path.is_empty()).then(|| path.to_vec()),
        offset: (inode != "0").then_some(offset),
        kind: kind.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn lines_of_maps() {
        let r = region(b"7f00a000-7f00c000 r-xp 00001000 08:01 1234                       /lib/a b.so (deleted)").unwrap();
        assert_eq!((r.start, r.size), (virt(0x7f00_a000), 0x2000));
        assert_eq!((r.read, r.write, r.execute, r.shared, r.offset), (true, false, true, false, Some(0x1000)));
        assert_eq!((r.path.as_deref(), r.kind.as_str()), (Some(&b"/lib/a b.so (deleted)"[..]), "file"));
        let r = region(b"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]").unwrap();
        assert_eq!((r.kind.as_str(), r.offset), ("special", None));
        for bad in ["", "x", "5-4 r--p 0 0:0 0", "5-5 r--p 0 0:0 0", "5 r--p 0 0:0 0", "5-6 r--p zz 0:0 0", "5-6 r--p 0", "5-6"] {
            assert!(region(bad.as_bytes()).is_none(), "{bad}");
        }
    }
}
