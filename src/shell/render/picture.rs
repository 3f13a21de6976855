//! The picture of `map` in a terminal: two lines of cells in one line of text where there are colours, letters where there are none.

use super::Paint;
use super::escape;
use super::table::human;
use serde_json::Value;
use std::collections::HashMap;
use std::fmt::Write;

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn number(value: &Value, key: &str) -> u64 {
    value.get(key).and_then(Value::as_u64).unwrap_or(0)
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice)
}

/// The nearest of the 216 colours that every terminal with colours has (16 to 231: a cube with these six steps on each side).
fn indexed(color: &str) -> u8 {
    const STEPS: [i64; 6] = [0, 95, 135, 175, 215, 255];
    let value = u32::from_str_radix(color.trim_start_matches('#'), 16).unwrap_or(0);
    let [_, rgb @ ..] = value.to_be_bytes();
    rgb.iter().fold(0u8, |all, part| {
        let nearest = (0u8..).zip(STEPS).min_by_key(|(_, s)| (s - i64::from(*part)).abs()).map_or(0, |(i, _)| i);
        all * 6 + nearest
    }) + 16
}

/// The answer of `map` in words and colours.
pub fn picture(answer: &Value, paint: Paint) -> String {
    let mut out = String::new();
    let whose = match (answer.get("process").and_then(Value::as_str), number(answer, "pid")) {
        (Some(name), pid) => format!("{pid} {}", escape::terminal(name)),
        _ if text(answer, "space") == "kernel" => "kernel".to_owned(),
        _ => "physical memory".to_owned(),
    };
    let (size, cell) = (human(number(answer, "size")), human(number(answer, "cell")));
    let _ = writeln!(out, "{} by {}: {size}, one cell is {cell}", paint.strong(whose), text(answer, "by"));
    let legend = list(answer, "legend");
    let colors: HashMap<&str, u8> = legend.iter().map(|k| (text(k, "mark"), indexed(text(k, "color")))).collect();
    let cells = list(answer, "cells");
    let columns = usize::try_from(number(answer, "columns")).unwrap_or(1).max(1);
    let lines: Vec<&[Value]> = cells.chunks(columns).collect();
    let width = lines.iter().filter_map(|l| l.first()).map(|c| text(c, "address").len()).max().unwrap_or(0);
    for pair in lines.chunks(if paint.0 { 2 } else { 1 }) {
        let [upper, rest @ ..] = pair else { continue };
        let address = upper.first().map_or("", |c| text(c, "address"));
        let _ = write!(out, "{}  ", paint.label(format_args!("{address:>width$}")));
        if paint.0 {
            halves(&mut out, upper, rest.first().copied().unwrap_or_default(), &colors);
        } else {
            upper.iter().for_each(|cell| out.push_str(text(cell, "mark")));
            out.truncate(out.trim_end().len());
        }
        out.push('\n');
    }
    for key in legend {
        let bytes = key.get("bytes").and_then(Value::as_u64);
        let amount = bytes.map_or_else(|| format!("{} cells", number(key, "cells")), human);
        let mark = match (paint.0, text(key, "mark")) {
            (true, mark) => format!("\x1b[48;5;{}m  \x1b[0m", colors.get(mark).copied().unwrap_or(16)),
            (false, " ") => "' '".to_owned(),
            (false, mark) => format!(" {mark} "),
        };
        let _ = writeln!(out, "{:width$}  {mark} {}  {}", "", escape::terminal(text(key, "name")), paint.dim(amount));
    }
    if let Some(path) = answer.get("path").and_then(Value::as_str) {
        let _ = writeln!(out, "written to {}", escape::terminal(path));
    }
    out
}

/// One line of text: the foreground of `▀` is the upper cell, its background the lower one.
fn halves(out: &mut String, upper: &[Value], lower: &[Value], colors: &HashMap<&str, u8>) {
    let color = |cell: Option<&Value>| cell.map(|c| colors.get(text(c, "mark")).copied().unwrap_or(16));
    let mut last = None;
    for i in 0..upper.len() {
        let now = (color(upper.get(i)), color(lower.get(i)));
        if last != Some(now) {
            let _ = write!(out, "\x1b[0;38;5;{}", now.0.unwrap_or(16));
            if let Some(below) = now.1 {
                let _ = write!(out, ";48;5;{below}");
            }
            out.push('m');
            last = Some(now);
        }
        out.push('▀');
    }
    out.push_str("\x1b[0m");
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer() -> Value {
        let cell = |address: &str, mark: &str| json!({"address": address, "mark": mark});
        json!({"space": "phys", "size": 4096 * 4, "cell": 4096, "columns": 2, "by": "use",
            "legend": [{"mark": "f", "name": "fi\u{1b}le", "color": "#ff0000", "cells": 2, "bytes": 8192}, {"mark": " ", "name": "zero", "color": "#000000", "cells": 1, "bytes": 4096}],
            "cells": [cell("0x0", "f"), cell("0x1000", " "), cell("0x100000", "f")]})
    }

    #[test]
    fn letters_without_colours() {
        let shown = picture(&answer(), Paint(false));
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[1..3], ["     0x0  f", "0x100000  f"]);
        assert!(!shown.contains('\x1b'), "a name can't move the cursor: {shown:?}");
        assert!(shown.contains("' ' zero  4K"));
    }

    #[test]
    fn two_lines_in_one_with_colours() {
        let shown = picture(&answer(), Paint(true));
        assert!(shown.contains("\x1b[0;38;5;196;48;5;196m▀\x1b[0;38;5;16m▀\x1b[0m"), "{shown:?}");
    }

    #[test]
    fn the_nearest_colour() {
        for (color, index) in
            [("#000000", 16), ("#ffffff", 231), ("#ff0000", 196), ("#00ff00", 46), ("#0000ff", 21), ("#606060", 59)]
        {
            assert_eq!(indexed(color), index, "{color}");
        }
    }
}
