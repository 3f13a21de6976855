//! Pictures.

use super::{File, Kind, LARGEST, View};

/// PNG (RFC 2083): chunks of a length, a type, data and a CRC. Each CRC is checked, so where it breaks off is known to the chunk.
pub fn png(view: &View<'_>) -> Option<File> {
    const SIGNATURE: u64 = 8;
    if view.array(0)? != *b"\x89PNG\r\n\x1a\n" || view.u32(8, true)? != 13 || view.array(12)? != *b"IHDR" {
        return None;
    }
    let (width, height) = (view.u32(16, true)?, view.u32(20, true)?);
    let [depth, color] = view.array(24)?;
    if width == 0 || height == 0 || !matches!(depth, 1 | 2 | 4 | 8 | 16) || !matches!(color, 0 | 2 | 3 | 4 | 6) {
        return None;
    }
    let detail = format!("{width}x{height}, {depth} bits");
    let mut at = SIGNATURE;
    while at < LARGEST {
        let Some((length, end)) = chunk(view, at) else { break };
        let last = view.array(at + 4) == Some(*b"IEND") && length == 0;
        at = end;
        if last {
            return Some(File::new(view, Kind::Png, at, 0, at, detail));
        }
    }
    // The first chunk is the header: no picture without it.
    (at > SIGNATURE).then(|| File::new(view, Kind::Png, at + 1, SIGNATURE + 25, at, detail)).map(cut)
}

/// A file whose size is not known is what there is of it.
fn cut(mut file: File) -> File {
    file.size = file.there;
    file
}

/// Length of a chunk's data and the chunk's end, where its CRC is right.
fn chunk(view: &View<'_>, at: u64) -> Option<(u32, u64)> {
    let length = view.u32(at, true)?;
    let kind: [u8; 4] = view.array(at + 4)?;
    if u64::from(length) > LARGEST || !kind.iter().all(u8::is_ascii_alphabetic) {
        return None;
    }
    let mut crc = flate2::Crc::new();
    let mut done = at + 4;
    let end = done + 4 + u64::from(length);
    while done < end {
        let piece = usize::try_from((end - done).min(1 << 16)).ok()?;
        crc.update(&view.get(done, piece)?);
        done += piece as u64;
    }
    (view.u32(end, true)? == crc.sum()).then_some((length, end + 4))
}

/// JPEG (ITU-T T.81, annex B): segments with a length, then coded data in which 0xff is always followed by a zero or a restart.
pub fn jpeg(view: &View<'_>) -> Option<File> {
    let mut at = 2;
    let mut size = None;
    let mut scans = 0u32;
    let mut tables = false;
    let whole = loop {
        let Some([0xff, marker]) = view.array::<2>(at) else { break false };
        match marker {
            // Fill.
            0xff => {
                at += 1;
                continue;
            }
            0xd9 => {
                at += 2;
                break scans > 0;
            }
            0xc0..=0xcf | 0xda..=0xef | 0xfe => {}
            _ => break false,
        }
        let Some(length) = view.u16(at + 2, true).filter(|n| *n >= 2) else { break false };
        let end = at + 2 + u64::from(length);
        match marker {
            0xc4 | 0xdb | 0xdd => tables = true,
            0xc8 | 0xcc => {}
            0xc0..=0xcf => {
                let [bits, h1, h2, w1, w2, parts] = view.array(at + 4)?;
                if !matches!(bits, 8 | 12) || parts == 0 || u64::from(length) != 8 + 3 * u64::from(parts) {
                    return None;
                }
                size = Some((u16::from_be_bytes([w1, w2]), u16::from_be_bytes([h1, h2])));
            }
            0xe0..=0xef if at == 2 && !application(view, at + 4) => return None,
            _ => {}
        }
        if view.get(end - 1, 1).is_none() || end > LARGEST {
            break false;
        }
        at = end;
        if marker == 0xda {
            scans += 1;
            let (end, more) = coded(view, at);
            at = end;
            if !more {
                break false;
            }
        }
    };
    let (detail, header) = match size {
        Some((width, height)) => (format!("{width}x{height}"), 0),
        // Segments of nothing known are no picture; an application's own and tables may be its beginning.
        None if tables && at > 64 => ("its size is not there".to_owned(), at),
        None => return None,
    };
    let mut file = File::new(view, Kind::Jpeg, if whole { at } else { at + 1 }, header, at, detail);
    if !whole {
        file.size = file.there;
        if scans == 0 {
            file.state = super::State::HeaderOnly;
        }
    }
    Some(file)
}

/// Whether an application's segment begins with a name, as all of them do.
fn application(view: &View<'_>, at: u64) -> bool {
    let name = view.upto(at, 4);
    name.len() == 4 && name.iter().all(|b| b.is_ascii_graphic() || *b == b' ' || *b == 0) && name.first() != Some(&0)
}

/// Where coded data ends, and whether a segment stands there.
fn coded(view: &View<'_>, from: u64) -> (u64, bool) {
    let mut at = from;
    while at < LARGEST {
        let bytes = view.upto(at, 4096);
        let Some(found) = memchr::memchr(0xff, &bytes) else {
            at += bytes.len() as u64;
            if bytes.len() < 4096 {
                return (at, false);
            }
            continue;
        };
        at += found as u64;
        match view.array::<2>(at) {
            Some([_, 0 | 0xd0..=0xd7]) => at += 2,
            Some([_, 0xff]) => at += 1,
            Some([_, 0xd9 | 0xda | 0xc4 | 0xdb | 0xdc | 0xdd | 0xe0..=0xef | 0xfe]) => return (at, true),
            // No encoder writes this: the data is another's from somewhere before here.
            _ => return (at, false),
        }
    }
    (at, false)
}
