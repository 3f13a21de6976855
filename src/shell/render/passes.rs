//! How a pass of `scan value` and `next` went, in words.

use super::Paint;
use super::table::show;
use serde_json::Value;
use std::fmt::Write;

/// The answer of a pass.
pub fn text(a: &Value, paint: Paint) -> String {
    let number = |key: &str| a.get(key).and_then(Value::as_u64).unwrap_or(0);
    let word = |key: &str| a.get(key).filter(|v| !v.is_null()).map(|v| show(key, v));
    let place = match (word("pid"), word("process"), word("space").as_deref()) {
        (Some(pid), Some(name), _) => format!("process {pid} ({name})"),
        (_, _, Some("phys")) => "physical memory".to_owned(),
        (_, _, Some("kernel")) => "the kernel".to_owned(),
        _ => "several processes".to_owned(),
    };
    let asked = format!("{} {}", word("type").unwrap_or_default(), word("condition").unwrap_or_default());
    let lost = number("lost");
    let gone = if lost > 0 { format!("; {lost} lay in memory that is gone") } else { String::new() };
    let seconds = a.get("seconds").and_then(Value::as_f64).unwrap_or(0.0);
    let size = |key: &str| match number(key) {
        n if n < 1024 => format!("{n} bytes"),
        _ => show("bytes", a.get(key).unwrap_or(&Value::Null)),
    };
    let rate = format!("{} read in {seconds:.3} s", size("bytes"));
    let mut lines = vec![
        ("values", format!("{asked}, in {place}")),
        ("matches", format!("{} of {}{gone}", number("after"), number("before"))),
        ("work", format!("{rate}; the matches take {}", size("memory"))),
    ];
    lines.extend(word("saved").map(|path| ("saved", path)));
    let mut out: String =
        lines.iter().map(|(label, text)| format!("{}  {text}\n", paint.label(format_args!("{label:<7}")))).collect();
    for m in a.get("matches").and_then(Value::as_array).into_iter().flatten() {
        let cell = |key: &str| m.get(key).filter(|v| !v.is_null()).map(|v| show(key, v));
        let (value, previous, first) = (cell("value"), cell("previous"), cell("first"));
        let mut about = String::new();
        // A pass's own value is what the candidate is; only another first one says more.
        if first != value {
            let _ = write!(about, ", first {}", first.unwrap_or_default());
        }
        let region = cell("region").map(|r| format!("  {r}{}", cell("offset").map(|o| format!("+{o}")).unwrap_or_default()));
        let value = value.or(previous).unwrap_or_else(|| "-".to_owned());
        let _ = writeln!(out, "  {}  {value}{about}{}", cell("address").unwrap_or_default(), region.unwrap_or_default());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_pass_in_words() {
        let answer = json!({"name": "scan", "type": "i32", "align": 4, "condition": "+", "space": "pid", "pid": 7, "process": "game",
            "before": 100, "after": 1, "lost": 2, "bytes": 8192, "seconds": 0.5, "memory": 88, "saved": "s.mset",
            "matches": [{"address": "0x1000", "value": 97, "previous": 97, "first": 100, "region": "[heap]", "offset": 16}]});
        let wanted = "values   i32 +, in process 7 (game)\n\
                      matches  1 of 100; 2 lay in memory that is gone\n\
                      work     8K read in 0.500 s; the matches take 88 bytes\n\
                      saved    s.mset\n  \
                      0x1000  97, first 100  [heap]+0x10\n";
        assert_eq!(text(&answer, Paint(false)), wanted);
    }
}
