//! Rows of what came of a run.

use crate::machine::Kind;
use crate::request::Request;
use crate::run::{Emulator, held, hex, read, registers};
use crate::scratch::Scratch;
use serde_json::{Value, json};

/// Bytes of a buffer or a range that are shown.
const SHOWN: usize = 4096;
/// Of what was written so many ranges are shown.
const RANGES: usize = 10_000;
/// A text that something points to is shown up to here.
const TEXT: usize = 256;

/// Gives them out: how it ended, what the function gave, registers, buffers, what was written, what was asked for. `tell` notes what is missing.
pub fn all(request: &Request, scratch: &Scratch, emulator: &mut Emulator<'_, '_>, tell: &mut dyn FnMut(String)) {
    let kind = request.kind;
    let guest = emulator.get_data();
    let (steps, last, fetched, used) = (guest.steps, guest.last, guest.pages.fetched(), guest.pages.used());
    let Some(end) = guest.end.clone() else { return };
    let text = end.text(last, kind != Kind::AArch64);
    if !end.is_good() {
        tell(text.clone());
    }
    let row = |emulator: &mut Emulator<'_, '_>, row: Value| emulator.get_data_mut().row(row);
    let ended = json!({"kind": "end", "step": steps, "address": format!("{last:#x}"), "name": end.name(), "text": text,
        "pages": fetched, "memory": used});
    row(emulator, ended);
    if end == crate::end::End::Returned {
        let value = kind.cut(emulator.reg_read(kind.result()).unwrap_or(0));
        let pointed = pointed(emulator, value);
        row(emulator, json!({"kind": "return", "name": "value", "value": format!("{value:#x}"), "text": pointed}));
    }
    let values = registers(emulator);
    for ((name, _), value) in kind.registers().iter().zip(values) {
        row(emulator, json!({"kind": "register", "name": name, "value": format!("{value:#x}")}));
    }
    for (i, (argument, placed)) in request.arguments.iter().zip(&scratch.buffers).enumerate() {
        let (crate::request::Argument::Buffer(given), Some((at, _))) = (argument, placed) else { continue };
        let mut bytes = vec![0; given.len().min(SHOWN)];
        // It is the run's own, and there.
        if read(emulator, *at, &mut bytes).is_ok() {
            let mut of = range("argument", *at, given.len(), &bytes);
            add(&mut of, "name", json!(i.to_string()));
            row(emulator, of);
        }
    }
    let written = emulator.get_data().pages.written(|at| held(emulator, at));
    if written.len() > RANGES {
        tell(format!("{} more ranges were written", written.len() - RANGES));
    }
    for w in written.iter().take(RANGES) {
        let mut of = range("written", w.start, w.after.len(), w.after.get(..SHOWN).unwrap_or(&w.after));
        add(&mut of, "before", json!(hex(w.before.get(..SHOWN).unwrap_or(&w.before))));
        row(emulator, of);
    }
    for (at, len) in &request.read {
        let mut bytes = vec![0; usize::try_from(*len).unwrap_or(usize::MAX).min(1 << 20)];
        match read(emulator, *at, &mut bytes) {
            Ok(()) => {
                let of = range("read", *at, bytes.len(), &bytes);
                if *len > bytes.len() as u64 {
                    tell(format!("of the {len} bytes at {at:#x} {} are shown", bytes.len()));
                }
                row(emulator, of);
            }
            Err(why) => tell(format!("{len} bytes at {at:#x} can't be read after the run ({why:?})")),
        }
    }
}

fn add(row: &mut Value, key: &str, value: Value) {
    if let Some(row) = row.as_object_mut() {
        row.insert(key.to_owned(), value);
    }
}

fn range(kind: &str, at: u64, len: usize, bytes: &[u8]) -> Value {
    json!({"kind": kind, "address": format!("{at:#x}"), "length": len, "bytes": hex(bytes), "text": text(bytes)})
}

/// The text that a value points to.
fn pointed(emulator: &mut Emulator<'_, '_>, value: u64) -> Option<String> {
    let mut bytes = vec![0; TEXT];
    // A page may end, and no other be there.
    let room = usize::try_from(4096 - value % 4096).ok()?;
    bytes.truncate(room);
    read(emulator, value, &mut bytes).ok()?;
    text(&bytes).filter(|t| t.len() >= 4)
}

/// Bytes as text, up to a zero: where all of it can be read.
fn text(bytes: &[u8]) -> Option<String> {
    let end = bytes.iter().position(|b| *b == 0);
    let text = std::str::from_utf8(bytes.get(..end.unwrap_or(bytes.len()))?).ok()?;
    let readable = !text.is_empty() && !text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r'));
    readable.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn text_ends_at_a_zero() {
        assert_eq!(text(b"abc\0\xff").as_deref(), Some("abc"));
        for none in [&b""[..], b"\0abc", b"\x01\x02", b"\xff\xfe"] {
            assert_eq!(text(none), None, "{none:?}");
        }
    }
}
