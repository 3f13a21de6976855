//! CSV (RFC 4180, with the line ends of this side of the world), one row per line.

use super::escape;
use serde_json::Value;

/// One line, with its end.
pub fn line<'a>(cells: impl Iterator<Item = std::borrow::Cow<'a, str>>, terminal: bool) -> String {
    let mut out = String::new();
    for (i, cell) in cells.enumerate() {
        if i > 0 {
            out.push(',');
        }
        let cell = if terminal { escape::terminal(&cell).into_owned() } else { cell.into_owned() };
        let quote = cell.contains(['"', ',', '\n', '\r']) || cell.starts_with(' ') || cell.ends_with(' ');
        if quote {
            out.push('"');
            out.push_str(&cell.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(&cell);
        }
    }
    out.push('\n');
    out
}

/// A value as one cell: text as it is, nothing for null, structures as JSON.
pub fn cell(value: Option<&Value>) -> std::borrow::Cow<'_, str> {
    match value {
        None | Some(Value::Null) => "".into(),
        Some(Value::String(s)) => s.as_str().into(),
        Some(v) => v.to_string().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_quotes_and_newlines_are_quoted() {
        let cells = ["a", "b,c", "d\"e", "f\ng", ""];
        assert_eq!(line(cells.iter().map(|c| (*c).into()), false), "a,\"b,c\",\"d\"\"e\",\"f\ng\",\n");
        assert_eq!(line(["\x1b[2J"].iter().map(|c| (*c).into()), true), "\\x1b[2J\n");
    }
}
