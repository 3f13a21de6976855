//! PDF (ISO 32000-1): the end says where the table of objects begins.

use super::{File, Kind, View};

/// The end is looked for this far behind the beginning.
const REACH: u64 = 64 << 20;

/// A document.
pub fn identify(view: &View<'_>) -> Option<File> {
    let [.., major, b'.', minor] = view.array::<8>(0)? else { return None };
    if !matches!(major, b'1' | b'2') || !minor.is_ascii_digit() {
        return None;
    }
    let detail = format!("version {}.{}", char::from(major), char::from(minor));
    // A document that begins later ends this one; one inside it is packed, mostly.
    let reach = view.find(b"%PDF-", 8, REACH).unwrap_or(REACH);
    let mut end = None;
    let mut sound = false;
    let mut from = 8;
    // A document that was changed has an end for each change, and the last one counts.
    while let Some(at) = view.find(b"%%EOF", from, reach) {
        from = at + 5;
        let agrees = table(view, at).is_some();
        if agrees || end.is_none() {
            end = Some(from + line_end(view, from));
            sound = agrees;
        }
    }
    let Some(end) = end else {
        let there = view.available(4096);
        let file = File::new(view, Kind::Pdf, there + 1, there, there, detail);
        return Some(File { size: there, ..file });
    };
    Some(match sound {
        true => File::new(view, Kind::Pdf, end, 0, end, detail),
        // Its end is there, and what lies between is not all its own.
        false => File::new(view, Kind::Pdf, end, 8, end, detail + ", its table of objects is not where the end says").broken(),
    })
}

impl File {
    fn broken(self) -> Self {
        Self { state: super::State::Truncated, ..self }
    }
}

fn line_end(view: &View<'_>, at: u64) -> u64 {
    match view.upto(at, 2).as_slice() {
        [b'\r', b'\n'] => 2,
        [b'\r' | b'\n', ..] => 1,
        _ => 0,
    }
}

/// The table that `startxref` before an end names, if it is there: a table, or an object that holds one.
fn table(view: &View<'_>, end: u64) -> Option<u64> {
    let from = end.saturating_sub(64);
    let tail = view.get(from, usize::try_from(end - from).ok()?)?;
    let word = memchr::memmem::rfind(&tail, b"startxref")?;
    let digits = tail.get(word + 9..)?.trim_ascii();
    let at: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    if at == 0 || at >= end {
        return None;
    }
    let begin = view.upto(at, 24);
    let begin = begin.trim_ascii_start();
    let object = begin.first().is_some_and(u8::is_ascii_digit) && memchr::memmem::find(begin, b" obj").is_some();
    (begin.starts_with(b"xref") || object).then_some(at)
}
