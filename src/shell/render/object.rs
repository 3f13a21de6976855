//! Single answers in words: what `info`, `vtop`, `read`, `dt` and their like look like on a terminal.

use super::table::{human, permissions, show};
use super::{Paint, escape, hex, picture};
use serde_json::Value;
use std::fmt::Write;

/// Columns of the labels of `info`, with the gap behind them.
pub const LABEL: usize = 15;

/// The answer of `command` in words.
pub fn text(command: &str, answer: &Value, paint: Paint) -> String {
    match command {
        "info" => info(answer, paint),
        "vtop" => vtop(answer, paint),
        "read" => match answer.get("text").and_then(Value::as_str) {
            Some(text) => format!("{}  {}\n", paint.label(word(answer, "address")), escape::terminal(text)),
            None => hex::dump(answer, paint),
        },
        "map" => picture::picture(answer, paint),
        "dt" => dt(answer, paint),
        "eval" => eval(answer, paint),
        "check" => check(answer, paint),
        "write" | "fill" => written(answer, paint),
        "scan-value" | "next" => super::passes::text(answer, paint),
        _ => plain(answer, paint),
    }
}

fn word(value: &Value, key: &str) -> String {
    show(key, value.get(key).unwrap_or(&Value::Null))
}

/// Any object: a name and a value per line.
pub fn plain(answer: &Value, paint: Paint) -> String {
    let mut out = String::new();
    let Some(object) = answer.as_object() else { return out };
    let width = object.keys().map(|k| k.chars().count()).max().unwrap_or(0);
    for (key, value) in object {
        let _ = writeln!(out, "{}  {}", paint.label(format_args!("{key:<width$}")), exact_size(key, value));
    }
    out
}

/// A size with its exact number of bytes: an answer of one line has the room.
fn exact_size(key: &str, value: &Value) -> String {
    match (key, value.as_u64()) {
        ("size" | "bytes", Some(n)) if n >= 1024 => format!("{n} ({})", human(n)),
        ("size" | "bytes", Some(n)) => n.to_string(),
        _ => show(key, value),
    }
}

/// So many bytes of a write are shown.
const WRITTEN: usize = 32;

fn written(a: &Value, paint: Paint) -> String {
    let bytes = |key: &str| {
        let all = a.get(key).and_then(Value::as_str).unwrap_or_default();
        let shown = all.as_bytes().chunks(2).take(WRITTEN);
        let digits: Vec<String> = shown.map(|b| String::from_utf8_lossy(b).into_owned()).collect();
        let value = |d: &String| u8::from_str_radix(d, 16).unwrap_or(0);
        let text: String = digits
            .iter()
            .map(|d| Some(char::from(value(d))).filter(|c| c.is_ascii_graphic() || *c == ' ').unwrap_or('.'))
            .collect();
        let more = if all.len() > 2 * WRITTEN { " ..." } else { "" };
        format!("{}{more}  {text}", digits.join(" "))
    };
    let place = a.pointer("/places/0/physical").filter(|_| a.get("space").is_some_and(|s| s != "phys"));
    let place = place.map(|p| format!(" (physical {})", show("", p))).unwrap_or_default();
    let pid = a.get("pid").and_then(Value::as_u64).map(|p| format!(" of process {p}")).unwrap_or_default();
    let length = a.get("length").and_then(Value::as_u64).unwrap_or(0);
    let unit = if length == 1 { "byte" } else { "bytes" };
    let lines = [
        ("written", format!("{length} {unit} at {}{pid}{place}, read back and verified", word(a, "address"))),
        ("old", bytes("old")),
        ("new", bytes("new")),
        ("undo", format!("number {} on the list", word(a, "number"))),
    ];
    lines.iter().map(|(label, text)| format!("{}  {text}\n", paint.label(format_args!("{label:<7}")))).collect()
}

fn info(a: &Value, paint: Paint) -> String {
    let mut out = String::new();
    let mut line = |label: &str, text: String| {
        let _ = writeln!(out, "{}  {text}", paint.label(format_args!("{label:<width$}", width = LABEL - 2)));
    };
    let part = |key: &str| a.get(key).filter(|v| !v.is_null());
    if let Some(image) = part("image") {
        line("image", word(image, "path"));
        let packed = image.get("compressed").and_then(Value::as_str).map(|c| format!(", {c}")).unwrap_or_default();
        let size = image.get("size").filter(|v| !v.is_null()).map(|v| format!(", {} in the file", show("size", v)));
        line("format", format!("{}{packed}{}", word(image, "format"), size.unwrap_or_default()));
        for (key, value) in image.get("details").and_then(Value::as_object).into_iter().flatten() {
            // Headers may hold anything.
            line("", format!("{}: {}", escape::terminal(key), escape::terminal(value.as_str().unwrap_or_default())));
        }
        let ranges = image.get("ranges").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        line(
            "memory",
            format!("{} in {} range{}", word(image, "memory_size"), ranges.len(), if ranges.len() == 1 { "" } else { "s" }),
        );
        for r in ranges.iter().take(8) {
            line("", format!("{} - {}", word(r, "start"), word(r, "end")));
        }
        if ranges.len() > 8 {
            line("", format!("... and {} more (--json lists them)", ranges.len() - 8));
        }
    }
    if a.get("arch").is_some_and(|v| !v.is_null()) {
        line("arch", word(a, "arch"));
    }
    if let Some(p) = part("paging") {
        let mode = word(p, "mode");
        // Most modes are named by their levels.
        let levels = if mode.contains("level") { String::new() } else { format!(", {} levels", word(p, "levels")) };
        line("paging", format!("{mode}{levels}, {} pages, root {}", word(p, "page_size"), word(p, "root")));
    }
    match part("os") {
        None => line("system", paint.bad("not found")),
        Some(os) => {
            line("system", format!("{} {}", word(os, "name"), word(os, "version")));
            for key in ["build", "hostname", "cpus", "boot_time", "kernel_base", "kernel_size", "kaslr_slide"] {
                if os.get(key).is_some_and(|v| !v.is_null()) {
                    line(&key.replace('_', " "), word(os, key));
                }
            }
            let registry = os.get("registry").filter(|r| r.is_object());
            for key in ["product", "release", "installed", "shutdown", "time_zone", "domain"] {
                if let Some(registry) = registry.filter(|r| r.get(key).is_some_and(|v| !v.is_null())) {
                    line(&key.replace('_', " "), word(registry, key));
                }
            }
        }
    }
    for w in a.get("warnings").and_then(Value::as_array).into_iter().flatten() {
        line("warning", show("", w));
    }
    let steps = a.get("detection").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let won = |s: &Value| s.get("found").and_then(Value::as_bool).unwrap_or(false);
    // What was tried in vain matters where nothing was found; else JSON has it.
    let all = part("os").is_none();
    for (i, s) in steps.iter().filter(|s| all || won(s)).enumerate() {
        let found = won(s);
        let mark = if found { "+" } else { "-" };
        let time = s.get("milliseconds").and_then(Value::as_f64).map(|ms| format!(" ({ms:.1} ms)")).unwrap_or_default();
        let text = format!("{mark} {}, {}: {}{time}", word(s, "step"), word(s, "method"), word(s, "detail"));
        line(if i == 0 { "detection" } else { "" }, if found { text } else { paint.dim(text) });
    }
    out
}

fn vtop(a: &Value, paint: Paint) -> String {
    let mut out = String::new();
    let steps = a.get("steps").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let width = steps.iter().map(|s| word(s, "name").chars().count()).max().unwrap_or(0);
    for s in steps {
        let name = word(s, "name");
        let target = match (s.get("next").filter(|v| !v.is_null()), s.get("page").filter(|v| !v.is_null())) {
            (Some(next), _) => format!("table {}", show("", next)),
            (_, Some(page)) => format!("page {}", show("", page)),
            _ => paint.bad("nothing"),
        };
        let index = s.get("index").and_then(Value::as_u64).unwrap_or(0);
        let _ = writeln!(
            out,
            "{}  [{index:>4}] at {} holds {} -> {target}",
            paint.label(format_args!("{name:<width$}")),
            word(s, "entry_address"),
            word(s, "entry"),
        );
    }
    match a.get("physical").filter(|v| !v.is_null()) {
        Some(physical) => {
            let perm = a.get("perm").and_then(permissions).unwrap_or_default();
            let physical = paint.strong(show("", physical));
            let via = match a.get("prototype").filter(|v| !v.is_null()) {
                Some(at) => format!(", via prototype PTE at {}", show("", at)),
                None => String::new(),
            };
            let _ = match a.get("computed").filter(|v| !v.is_null()) {
                Some(why) => writeln!(out, "{} -> {physical}  {}", word(a, "virtual"), paint.bad(word(why, "detail"))),
                None => {
                    writeln!(out, "{} -> {physical}  {} page, {perm}{via}", word(a, "virtual"), word(a, "page_size"))
                }
            };
        }
        None => {
            let fault = a.get("fault").unwrap_or(&Value::Null);
            let reason = paint.bad(word(fault, "reason"));
            let _ =
                writeln!(out, "{} -> {reason} at level {}: {}", word(a, "virtual"), word(fault, "level"), word(fault, "detail"));
        }
    }
    out
}

fn eval(a: &Value, paint: Paint) -> String {
    let value = paint.strong(word(a, "value"));
    let mut out = format!("{value}  {}  {}  {}\n", word(a, "decimal"), word(a, "octal"), word(a, "binary"));
    let mut line = |key: &str, label: &str, text: &dyn Fn(&str) -> String| {
        if let Some(value) = a.get(key).and_then(Value::as_str) {
            let _ = writeln!(out, "  {}  {}", paint.label(format_args!("{label:<10}")), text(&escape::terminal(value)));
        }
    };
    let plain = |t: &str| t.to_owned();
    line("signed", "signed", &plain);
    line("characters", "characters", &|t| format!("{t:?}"));
    line("symbol", "symbol", &plain);
    line("time", "time", &|t| {
        format!("{t} ({} since {})", word(a, "time_unit"), if word(a, "time_unit") == "filetime" { "1601" } else { "1970" })
    });
    out
}

fn dt(a: &Value, paint: Paint) -> String {
    let mut out = String::new();
    let size = a.get("size").and_then(Value::as_u64).map(|s| format!(", {s} bytes")).unwrap_or_default();
    let at = a.get("address").filter(|v| !v.is_null()).map(|v| format!(" at {}", show("", v))).unwrap_or_default();
    let of = match a.get("module").and_then(Value::as_str) {
        Some(module) => format!(" of {}", escape::terminal(module)),
        None => String::new(),
    };
    let _ = writeln!(out, "{}{of}{size}{at}", paint.strong(word(a, "type")));
    fields(&mut out, a, 1, paint);
    out
}

fn fields(out: &mut String, a: &Value, depth: usize, paint: Paint) {
    let list = a.get("fields").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let name_of = |f: &Value| match f.get("name").and_then(Value::as_str) {
        Some("") | None => "(anonymous)".to_owned(),
        Some(n) => escape::terminal(n).into_owned(),
    };
    let width = list.iter().map(|f| name_of(f).chars().count()).max().unwrap_or(0).min(32);
    for f in list {
        let offset = f.get("offset").and_then(Value::as_u64).unwrap_or(0);
        let bits = match f.get("bits").and_then(Value::as_array).map(Vec::as_slice) {
            Some([start, count]) => format!(" : {start}+{count}"),
            _ => String::new(),
        };
        let value = f.get("value").filter(|v| !v.is_null()).map(|v| format!(" = {}", decoded(v))).unwrap_or_default();
        let symbol = f.get("symbol").and_then(Value::as_str).map(|s| format!(" {}", escape::terminal(s))).unwrap_or_default();
        let text = f.get("text").and_then(Value::as_str).map(|s| format!(" {:?}", escape::terminal(s))).unwrap_or_default();
        let kind = word(f, "type");
        let name = paint.label(format_args!("{:<width$}", name_of(f)));
        let _ = writeln!(out, "{:indent$}+{offset:#05x}  {name}  {kind}{bits}{value}{symbol}{text}", "", indent = depth * 2);
        if f.get("fields").is_some() && depth < 40 {
            fields(out, f, depth + 1, paint);
        }
    }
}

/// A value as an analyst reads it: numbers that look like masks or addresses in hex beside the decimal.
fn decoded(value: &Value) -> String {
    match value {
        Value::Number(n) => match n.as_u64() {
            Some(v) if v >= 4096 => format!("{v} ({v:#x})"),
            _ => n.to_string(),
        },
        Value::String(s) if s.starts_with("0x") => s.clone(),
        Value::String(s) => format!("{:?}", escape::terminal(s)),
        Value::Array(items) => {
            // The end of an array is mostly one value over and over.
            let same = items.iter().rev().take_while(|v| Some(*v) == items.last()).count();
            let repeated = if same > 3 { same - 1 } else { 0 };
            let shown = items.iter().take(items.len() - repeated).map(decoded).collect::<Vec<_>>().join(", ");
            let more = if repeated > 0 { format!(" ({same} times)") } else { String::new() };
            format!("[{shown}{more}]")
        }
        other => show("", other),
    }
}

fn check(a: &Value, paint: Paint) -> String {
    let mut out = String::new();
    let list = a.get("differences").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    for d in list {
        let at = word(d, "path");
        let at = if at.is_empty() || at == "-" { String::new() } else { format!(" {at}") };
        let _ = writeln!(out, "{}{at}", paint.strong(word(d, "command")));
        let side = |key: &str| escape::terminal(&super::json::text(d.get(key).unwrap_or(&Value::Null))).into_owned();
        let _ = writeln!(out, "  {}", paint.bad(format_args!("- {}", side("expected"))));
        let _ = writeln!(out, "  {}", paint.label(format_args!("+ {}", side("found"))));
    }
    let commands = word(a, "commands");
    let text = match (a.get("updated").and_then(Value::as_bool), list.len()) {
        (Some(true), _) => format!("{commands} commands written down\n"),
        (_, 0) => format!("{commands} commands, all as expected\n"),
        (_, n) => format!("{commands} commands, {n} difference{}\n", if n == 1 { "" } else { "s" }),
    };
    out + text.as_str()
}
