//! Hex dumps: sixteen bytes a row, `-` in the middle, ASCII to the right, `??` for what can't be read.

use super::Paint;
use crate::commands::cells::unhex;
use pretty_hex::{HexConfig, config_hex};
use serde_json::Value;
use std::fmt::Write;

/// A range as a JSON answer has it.
fn number(value: Option<&Value>) -> u128 {
    let text = value.and_then(Value::as_str).unwrap_or("0x0");
    u128::from_str_radix(text.trim_start_matches("0x"), 16).unwrap_or(0)
}

/// What `read` answered, as rows of a dump.
pub fn dump(answer: &Value, paint: Paint) -> String {
    let start = number(answer.get("address"));
    let data = answer.get("data").and_then(Value::as_str).and_then(unhex).unwrap_or_default();
    let holes: Vec<(u128, u128)> = answer
        .get("unreadable")
        .and_then(Value::as_array)
        .map(|gaps| gaps.iter().map(|g| (number(g.get("start")), number(g.get("end")))).collect())
        .unwrap_or_default();
    let unit = answer.get("unit").and_then(Value::as_u64).and_then(|u| usize::try_from(u).ok()).unwrap_or(1);
    let digits = if start.saturating_add(data.len() as u128) > u128::from(u32::MAX) { 16 } else { 8 };
    let mut holes = holes.into_iter().peekable();
    let mut readable = |at: u128| {
        while holes.next_if(|(_, end)| *end <= at).is_some() {}
        holes.peek().is_none_or(|(from, _)| at < *from)
    };
    let symbols = answer.get("symbols").and_then(Value::as_object);
    let characters = answer.get("ascii").and_then(Value::as_bool).unwrap_or(true);
    let mut out = String::new();
    let mut at = start;
    // Pointers with their symbols stand one to a row.
    let row_len = if symbols.is_some() { unit.max(1) } else { 16 };
    for row in data.chunks(row_len) {
        let bytes: Vec<Option<u8>> = row.iter().zip(0u128..).map(|(b, i)| readable(at.wrapping_add(i)).then_some(*b)).collect();
        let _ = write!(out, "{}  ", paint.label(format_args!("{at:0digits$x}")));
        if unit == 1 && !paint.0 && row.len() == 16 && symbols.is_none() && characters && bytes.iter().all(Option::is_some) {
            out.push_str(&plain_row(row));
            out.truncate(out.trim_end().len());
            out.push('\n');
            at = at.wrapping_add(row_len as u128);
            continue;
        }
        if unit == 1 {
            byte_columns(&mut out, &bytes, paint)
        } else {
            word_columns(&mut out, &bytes, unit, row_len, paint)
        }
        match symbols {
            Some(names) => {
                if let Some(name) = names.get(&format!("{at:#x}")).and_then(Value::as_str) {
                    let _ = write!(out, "  {}", super::escape::terminal(name));
                }
            }
            None if characters => ascii(&mut out, &bytes, paint),
            None => {}
        }
        out.truncate(out.trim_end().len());
        out.push('\n');
        at = at.wrapping_add(row_len as u128);
    }
    out
}

/// A whole row that can be read, without colours: the common case, and pretty-hex's.
fn plain_row(row: &[u8]) -> String {
    let config = HexConfig { title: false, ascii: true, width: 0, group: 8, chunk: 1, ..HexConfig::default() };
    config_hex(&row, config).replacen("  ", "-", 1).replacen("   ", "  ", 1)
}

fn byte_columns(out: &mut String, bytes: &[Option<u8>], paint: Paint) {
    for i in 0..16 {
        match bytes.get(i) {
            Some(Some(b)) => out.push_str(&paint.byte(*b, format_args!("{b:02x}"))),
            Some(None) => out.push_str(&paint.bad("??")),
            None => out.push_str("  "),
        }
        out.push(if i == 7 && bytes.len() > 8 { '-' } else { ' ' });
    }
}

fn word_columns(out: &mut String, bytes: &[Option<u8>], unit: usize, row_len: usize, paint: Paint) {
    for i in 0..row_len / unit {
        let word = bytes.get(i * unit..(i + 1) * unit).or_else(|| bytes.get(i * unit..)).unwrap_or_default();
        if word.is_empty() {
            out.push_str(&" ".repeat(unit * 2 + 1));
            continue;
        }
        let mut text = String::new();
        // The most significant byte first; the target's order is the only one that memsh reads so far.
        for b in word.iter().rev() {
            match b {
                Some(b) => {
                    let _ = write!(text, "{b:02x}");
                }
                None => text.push_str("??"),
            }
        }
        let _ = write!(out, "{text:>width$} ", width = unit * 2);
        let _ = paint;
    }
}

fn ascii(out: &mut String, bytes: &[Option<u8>], paint: Paint) {
    out.push(' ');
    for b in bytes {
        match b {
            Some(b) if b.is_ascii_graphic() || *b == b' ' => out.push_str(&paint.byte(*b, char::from(*b))),
            Some(b) => out.push_str(&paint.byte(*b, '.')),
            None => out.push_str(&paint.bad('?')),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn unreadable_bytes_are_question_marks_in_their_place() {
        let answer = json!({"address": "0x1000", "data": "41".repeat(18), "unit": 1,
            "unreadable": [{"start": "0x1008", "end": "0x1010"}]});
        assert_eq!(
            dump(&answer, Paint(false)),
            "00001000  41 41 41 41 41 41 41 41-?? ?? ?? ?? ?? ?? ?? ??  AAAAAAAA????????\n00001010  41 41                                            AA\n"
        );
    }

    #[test]
    fn whole_rows_look_like_the_others() {
        // White space and dots among the letters, where the library's own spacing could be mistaken for it.
        let row: Vec<u8> = (0..16).map(|i| [0x20, 0x2d, 0x00, 0x7f, 0xff, b'A'][i % 6]).collect();
        let hex: String = row.iter().map(|b| format!("{b:02x}")).collect();
        let answer = json!({"address": "0x1000", "data": hex, "unit": 1, "unreadable": []});
        let bytes: Vec<Option<u8>> = row.into_iter().map(Some).collect();
        let mut expected = "00001000  ".to_owned();
        byte_columns(&mut expected, &bytes, Paint(false));
        ascii(&mut expected, &bytes, Paint(false));
        assert_eq!(dump(&answer, Paint(false)).trim_end(), expected.trim_end());
    }

    #[test]
    fn words_are_numbers_not_bytes() {
        let answer =
            json!({"address": "0xffff888000000000", "data": "0100000000000000ff00000000000080", "unit": 8, "unreadable": []});
        assert_eq!(dump(&answer, Paint(false)), "ffff888000000000  0000000000000001 80000000000000ff  ................\n");
    }

    #[test]
    fn characters_can_be_left_out() {
        let answer = json!({"address": "0x1000", "data": "4142", "unit": 1, "unreadable": [], "ascii": false});
        assert_eq!(dump(&answer, Paint(false)), "00001000  41 42\n");
    }

    #[test]
    fn pointers_carry_their_symbols() {
        let answer = json!({"address": "0x1000", "data": "0010000000000000", "unit": 8, "unreadable": [], "symbols": {"0x1000": "start+0x4"}});
        assert_eq!(dump(&answer, Paint(false)), "00001000  0000000000001000   start+0x4\n");
    }
}
