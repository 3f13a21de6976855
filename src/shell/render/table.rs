//! Tables: one row per line, as wide as the terminal where there is one, addresses never cut.
//!
//! Rows are laid out in batches, so that a long listing appears as it is found and costs no memory. Later batches keep at
//! least the widths of the earlier ones.

use super::column::Column;
use super::escape;
use super::out::{Since, Style};
use comfy_table::{Attribute, Cell, CellAlignment, Color, ColumnConstraint, ContentArrangement, Width};
use serde_json::Value;
use std::io::{self, Write};
use std::time::{Duration, Instant};

/// Rows laid out together.
const BATCH: usize = 2000;
/// How long a row may wait for company.
const PATIENCE: Duration = Duration::from_millis(400);
/// Text wider than this may be wrapped; addresses and numbers never are.
const WRAPPABLE: usize = 24;
/// A column that may be wrapped keeps at least this.
const LEAST: usize = 20;
/// Others are left out until it has this.
const COMFORT: usize = 28;
/// What a terminal too narrow for all goes without, in this order, unless the columns were named or the command has marked
/// what it can spare.
const EXPENDABLE: &[&str] = &[
    "bytes",
    "start_time",
    "inode",
    "offset",
    "start_symbol",
    "refcount",
    "used_by",
    "threads",
    "space",
    "uid",
    "kind",
    "state",
    "ppid",
];
/// Ends a colour.
const RESET: &str = "\x1b[0m";
/// And names wider than this.
const NAME: usize = 44;
/// Levels of a tree that are drawn.
const DEEPEST: usize = 40;

/// How a cell stands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    No,
    Changed,
    New,
    Gone,
}

/// A table under way.
pub struct Table {
    columns: Vec<Column>,
    header: bool,
    color: bool,
    width: Option<u16>,
    rows: Vec<Vec<(String, bool)>>,
    /// How cells stand out, where some do.
    marks: Vec<Vec<Mark>>,
    /// Levels of the rows in a tree.
    depths: Vec<usize>,
    widths: Vec<usize>,
    /// Columns that the terminal has no room for; settled with the first rows.
    hidden: Vec<bool>,
    /// Columns in which a row had anything.
    used: Vec<bool>,
    chosen: bool,
    flat: bool,
    since: Instant,
    begun: bool,
}

impl Table {
    /// A table of these columns.
    pub fn new(columns: Vec<String>, style: &Style) -> Self {
        let widths = vec![0; columns.len()];
        let used = vec![false; columns.len()];
        Self {
            columns: columns.iter().map(|c| Column::new(c)).collect(),
            header: !style.no_header,
            color: style.color,
            width: style.width,
            rows: Vec::new(),
            marks: Vec::new(),
            depths: Vec::new(),
            widths,
            hidden: Vec::new(),
            used,
            chosen: style.columns.is_some() && !style.spare,
            flat: style.flat,
            since: Instant::now(),
            begun: false,
        }
    }

    /// Whether nothing was put in.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && !self.begun
    }

    /// One row.
    pub fn push(&mut self, out: &mut dyn Write, row: &Value) -> io::Result<()> {
        self.push_since(out, row, Since::Same)
    }

    /// One row, and what it was before.
    pub fn push_since(&mut self, out: &mut dyn Write, row: &Value, since: Since<'_>) -> io::Result<()> {
        if self.rows.is_empty() {
            self.since = Instant::now();
        }
        let depth =
            row.get("depth").filter(|_| !self.flat).and_then(Value::as_u64).and_then(|d| usize::try_from(d).ok()).unwrap_or(0);
        let cells: Vec<_> = self.columns.iter().map(|column| column.cell(row)).collect();
        let mark = |column: &Column, text: &String| match since {
            Since::Same => Mark::No,
            Since::New => Mark::New,
            Since::Gone => Mark::Gone,
            Since::Before(before) if column.cell(before).text == *text => Mark::No,
            Since::Before(_) => Mark::Changed,
        };
        self.marks.push(self.columns.iter().zip(&cells).map(|(column, c)| mark(column, &c.text)).collect());
        self.used.iter_mut().zip(&cells).for_each(|(used, cell)| *used |= cell.some);
        self.rows.push(cells.into_iter().map(|c| (c.text, c.right)).collect());
        self.depths.push(depth);
        if self.rows.len() >= BATCH || self.since.elapsed() > PATIENCE {
            self.flush(out)?;
        }
        Ok(())
    }

    /// Writes rows that have waited long enough for others to be as wide as.
    pub fn release(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.rows.is_empty() || self.since.elapsed() <= PATIENCE { Ok(()) } else { self.flush(out) }
    }

    /// Leaves columns out until the others fit the terminal: first those in which nothing stands, then those that matter less.
    fn settle(&mut self) {
        if self.chosen || !self.hidden.is_empty() {
            return;
        }
        self.hidden = self.columns.iter().zip(&self.used).map(|(c, used)| c.only_used && !used).collect();
        let Some(width) = self.width.map(usize::from) else { return };
        let empty = (0..self.columns.len()).rev().filter(|i| self.used.get(*i) == Some(&false));
        let readily = |i: &usize| self.columns.get(*i).map_or(0, |c| c.spare);
        let mut spare: Vec<usize> = (0..self.columns.len()).rev().filter(|i| readily(i) > 0).collect();
        spare.sort_by_key(|i| std::cmp::Reverse(readily(i)));
        let common = || EXPENDABLE.iter().filter_map(|key| self.columns.iter().position(|c| c.is(key))).collect();
        let mut expendable = empty.chain(if spare.is_empty() { common() } else { spare }).collect::<Vec<_>>().into_iter();
        loop {
            // A column that is wrapped should keep some width, but no more than it could use.
            let natural = |i: usize| self.widths.get(i).copied().unwrap_or(0);
            let needed = |i: usize| if self.wraps(i) { natural(i).min(COMFORT) } else { natural(i) } + 2;
            let shown = (0..self.columns.len()).filter(|i| self.hidden.get(*i) == Some(&false));
            if shown.map(needed).sum::<usize>() <= width + 2 {
                return;
            }
            match expendable.next().and_then(|i| self.hidden.get_mut(i)) {
                Some(hidden) => *hidden = true,
                None => return,
            }
        }
    }

    /// The fields that were left out, for a note. One that no row has is no loss.
    pub fn left_out(&self) -> Vec<&str> {
        let columns = self.columns.iter().zip(&self.hidden).zip(&self.used);
        columns.filter(|((_, hidden), used)| **hidden && **used).flat_map(|((c, _), _)| &c.keys).map(String::as_str).collect()
    }

    /// The rest; a table without rows shows its header.
    pub fn finish(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.rows.is_empty() && self.begun {
            return Ok(());
        }
        self.flush(out)
    }

    fn flush(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let mut rows = std::mem::take(&mut self.rows);
        let depths = std::mem::take(&mut self.depths);
        let marks = std::mem::take(&mut self.marks);
        if let Some(name) = self.columns.iter().position(|c| c.is("name")) {
            for (row, branch) in rows.iter_mut().zip(branches(&depths)) {
                if let Some((text, _)) = row.get_mut(name) {
                    text.insert_str(0, &branch);
                }
            }
        }
        let mut table = comfy_table::Table::new();
        table.load_style(comfy_table::presets::NOTHING);
        let with_header = self.header && !std::mem::replace(&mut self.begun, true);
        let right: Vec<bool> =
            (0..self.columns.len()).map(|i| rows.iter().any(|r| r.get(i).is_some_and(|(_, right)| *right))).collect();
        if with_header {
            table.set_header(self.columns.iter().map(|column| {
                let cell = Cell::new(&column.title);
                if self.color { cell.add_attribute(Attribute::Bold) } else { cell }
            }));
        }
        if self.color {
            table.enforce_styling();
        } else {
            table.force_no_tty();
        }
        for (row, marks) in rows.into_iter().zip(marks) {
            let cell = |((text, _), mark): ((String, bool), Mark)| match mark {
                _ if !self.color => Cell::new(text),
                Mark::No => Cell::new(text),
                Mark::Changed => Cell::new(text).add_attribute(Attribute::Reverse),
                Mark::New => Cell::new(text).fg(Color::Green),
                Mark::Gone => Cell::new(text).fg(Color::Red),
            };
            table.add_row(row.into_iter().zip(marks).map(cell));
        }
        // The table's own measure, which knows of letters that are two columns wide.
        for (w, natural) in self.widths.iter_mut().zip(table.column_max_content_widths()) {
            *w = (*w).max(usize::from(natural));
        }
        match self.width {
            // What stands behind the last column is cut off.
            Some(w) => table.set_content_arrangement(ContentArrangement::Dynamic).set_width(w.saturating_add(2)),
            None => table.set_content_arrangement(ContentArrangement::Disabled),
        };
        if with_header || !self.header {
            self.settle();
        }
        let room = self.room();
        for (i, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, 2));
            if self.hidden.get(i).copied().unwrap_or(false) {
                column.set_constraint(ColumnConstraint::Hidden);
                continue;
            }
            let right = right.get(i).copied().unwrap_or(false);
            if right {
                column.set_cell_alignment(CellAlignment::Right);
            }
            let natural = self.widths.get(i).copied().unwrap_or(0);
            let fixed = |n: usize| Width::Fixed(u16::try_from(n.saturating_add(2)).unwrap_or(u16::MAX));
            column.set_constraint(match room {
                Some(room) if !right && self.wraps(i) => ColumnConstraint::Absolute(fixed(room.min(natural))),
                _ => ColumnConstraint::Absolute(fixed(natural)),
            });
        }
        for line in table.lines() {
            let line = line.trim_end();
            // In a coloured header the padding stands before the code that ends the colour, and would wrap.
            match line.strip_suffix(RESET) {
                Some(text) => write!(out, "{}{RESET}", text.trim_end())?,
                None => out.write_all(line.as_bytes())?,
            }
            out.write_all(b"\n")?;
        }
        // Rows that were found are to be seen while others are looked for.
        out.flush()
    }

    /// Whether a column's text may be wrapped. A name is looked for down the column, and must stay in one piece.
    fn wraps(&self, i: usize) -> bool {
        let named = self.columns.get(i).is_some_and(|c| c.is("name"));
        self.widths.get(i).is_some_and(|w| *w > if named { NAME } else { WRAPPABLE })
    }

    /// The most that a column that may be wrapped gets of the terminal's width: those that need less leave the rest to the others.
    fn room(&self) -> Option<usize> {
        let all = (0..self.widths.len()).filter(|i| !self.hidden.get(*i).copied().unwrap_or(false));
        let natural = |i: usize| self.widths.get(i).copied().unwrap_or(0);
        let fixed: usize = all.clone().map(|i| if self.wraps(i) { 2 } else { natural(i) + 2 }).sum();
        let mut wanted: Vec<usize> = all.filter(|i| self.wraps(*i)).map(natural).collect();
        wanted.sort_unstable();
        let mut left = (usize::from(self.width?) + 2).saturating_sub(fixed);
        let mut room = 0;
        for (i, w) in wanted.iter().enumerate() {
            room = left / (wanted.len() - i);
            // The widest share what is left in equal parts, rounded down.
            if *w > room {
                break;
            }
            left -= *w;
        }
        // Too narrow for all: rather let the terminal wrap whole lines than cut words into confetti.
        Some(room.max(LEAST))
    }
}

/// What stands before the names of a tree whose rows have these levels.
fn branches(depths: &[usize]) -> Vec<String> {
    // From the last row up: whether a row further down hangs on the branch of each level.
    let mut open: Vec<bool> = Vec::new();
    let mut out: Vec<String> = depths
        .iter()
        .rev()
        .map(|&depth| {
            // Deeper than this a tree says nothing more; the depth itself is in the row.
            let depth = depth.min(DEEPEST);
            open.resize(depth + 1, false);
            let mut text = String::new();
            for level in 1..=depth {
                let more = open.get(level).copied().unwrap_or(false);
                text.push_str(match (level == depth, more) {
                    (true, true) => "├─ ",
                    (true, false) => "└─ ",
                    (false, true) => "│  ",
                    (false, false) => "   ",
                });
            }
            if let Some(last) = open.last_mut() {
                *last = true;
            }
            text
        })
        .collect();
    out.reverse();
    out
}

/// A value as it stands in a table.
pub fn show(key: &str, value: &Value) -> String {
    let name = key.rsplit('.').next().unwrap_or(key);
    match value {
        Value::Null => "-".to_owned(),
        Value::Bool(b) => if *b { "yes" } else { "no" }.to_owned(),
        Value::Number(n) if matches!(name, "since_boot" | "expires_in") => n.as_f64().map_or_else(|| n.to_string(), seconds),
        Value::Number(n) => match (name, n.as_u64()) {
            (
                "size" | "memory" | "memory_size" | "page_size" | "kernel_size" | "bytes" | "cached" | "commit" | "unreadable"
                | "used",
                Some(v),
            ) => human(v),
            ("offset" | "handle" | "granted_access" | "rva" | "raw_offset", Some(v)) => format!("{v:#x}"),
            _ => n.to_string(),
        },
        Value::String(s) if name.ends_with("time") || name == "timestamp" => moment(s),
        Value::String(s) => escape::terminal(s).into_owned(),
        Value::Array(items) if name == "args" && !items.is_empty() => arguments(items),
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        Value::Array(items) => items.iter().map(|i| show("", i)).collect::<Vec<_>>().join(","),
        Value::Object(map) if matches!(name, "fields" | "registers") => {
            map.iter().map(|(k, v)| format!("{}={}", escape::terminal(k), member(v))).collect::<Vec<_>>().join("  ")
        }
        Value::Object(_) => permissions(value).unwrap_or_else(|| super::json::text(value)),
    }
}

/// A member's value: a number of more than 32 bits is an address or a mask.
fn member(value: &Value) -> String {
    match value.as_u64() {
        Some(v) if v >> 32 != 0 => format!("{v:#x}"),
        _ => show("", value),
    }
}

/// A page's permissions in four letters.
pub fn permissions(value: &Value) -> Option<String> {
    let flag = |key, c| value.get(key)?.as_bool().map(|on| if on { c } else { '-' });
    Some([flag("read", 'r')?, flag("write", 'w')?, flag("execute", 'x')?, flag("user", 'u')?].iter().collect())
}

/// Arguments as a shell takes them; of many empty ones behind the others (a program wrote over its arguments) the number.
fn arguments(items: &[Value]) -> String {
    let used = items.iter().rposition(|i| i.as_str() != Some("")).map_or(0, |i| i + 1);
    let empty = items.len() - used;
    let shown = if empty > 2 { used } else { items.len() };
    let mut out: Vec<String> = items.iter().take(shown).map(|i| quoted(&show("", i))).collect();
    if empty > 2 {
        out.push(format!("(and {empty} empty)"));
    }
    out.join(" ")
}

/// An argument in quotes where it needs them to be read as one.
fn quoted(text: &str) -> String {
    let plain = !text.is_empty() && !text.chars().any(|c| c.is_whitespace() || "'\"$`;|&<>*?()".contains(c));
    if plain { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// A moment to the second, as a person reads it.
fn moment(rfc3339: &str) -> String {
    match (rfc3339.get(..10), rfc3339.get(11..19)) {
        (Some(day), Some(time)) if rfc3339.is_ascii() => format!("{day} {time}"),
        _ => escape::terminal(rfc3339).into_owned(),
    }
}

/// Seconds to the microsecond, cut as `dmesg` cuts them.
fn seconds(seconds: f64) -> String {
    format!("{:.6}", (seconds * 1e6 + 1e-4).floor() / 1e6)
}

/// A size in the largest unit that keeps it readable: `4K`, `1.5M`.
pub fn human(bytes: u64) -> String {
    let mut unit = 0;
    let mut scale = 1u64;
    while unit < 6 && bytes / scale >= 1024 {
        scale = scale.saturating_mul(1024);
        unit += 1;
    }
    let letter = ["", "K", "M", "G", "T", "P", "E"].get(unit).copied().unwrap_or("");
    let (whole, rest) = (bytes / scale, bytes % scale);
    if rest == 0 {
        return format!("{whole}{letter}");
    }
    let tenths = rest / (scale / 10).max(1);
    format!("{whole}.{}{letter}", tenths.min(9))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn render(style: &Style, columns: &[&str], rows: &[Value]) -> String {
        let mut out = Vec::new();
        let mut table = Table::new(columns.iter().map(|c| (*c).to_owned()).collect(), style);
        rows.iter().for_each(|r| table.push(&mut out, r).unwrap());
        table.finish(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_stand_right_and_text_left() {
        let rows = [json!({"pid": 1, "name": "init"}), json!({"pid": 1234, "name": null})];
        assert_eq!(render(&Style::default(), &["pid", "name"], &rows), " PID  NAME\n   1  init\n1234  -\n");
    }

    #[test]
    fn a_narrow_terminal_wraps_text_and_cuts_no_address() {
        let style = Style { width: Some(40), ..Style::default() };
        let path = "/usr/lib/x86_64-linux-gnu/".repeat(4);
        let text = render(&style, &["start", "path"], &[json!({"start": "0xffff888000000000", "path": path})]);
        assert!(text.contains("0xffff888000000000"), "{text}");
        let joined: String = text.lines().skip(1).map(|l| l.replace("0xffff888000000000", "").trim().to_owned()).collect();
        assert_eq!(joined, path);
    }

    #[test]
    fn an_empty_list_is_a_header_and_no_header_is_nothing() {
        assert_eq!(render(&Style::default(), &["pid", "start_time"], &[]), "PID  START TIME\n");
        assert_eq!(render(&Style { no_header: true, ..Style::default() }, &["pid"], &[]), "");
    }

    #[test]
    fn trees_are_indented_and_escapes_escaped() {
        let rows = [json!({"name": "a", "depth": 0}), json!({"name": "\u{1b}[31mb", "depth": 1})];
        assert_eq!(render(&Style::default(), &["name"], &rows), "NAME\na\n└─ \\x1b[31mb\n");
    }

    #[test]
    fn branches_end_at_the_last_child() {
        assert_eq!(branches(&[0, 1, 2, 2, 1, 0, 1]), ["", "├─ ", "│  ├─ ", "│  └─ ", "└─ ", "", "└─ "]);
        assert_eq!(branches(&[1, 3]), ["└─ ", "      └─ "]);
        assert!(branches(&[usize::MAX]).iter().all(|b| b.chars().count() == 3 * DEEPEST));
    }

    #[test]
    fn names_stay_in_one_piece_and_the_rest_is_shared() {
        let style = Style { width: Some(80), ..Style::default() };
        let row = json!({"name": "kworker/u2:1-events_unbound", "path": "p".repeat(30), "command_line": "c".repeat(90)});
        let text = render(&style, &["name", "path", "command_line"], &[row]);
        assert!(text.contains("kworker/u2:1-events_unbound"), "{text}");
        assert!(text.lines().all(|l| l.chars().count() <= 80), "{text}");
    }

    #[test]
    fn a_narrow_terminal_goes_without_what_matters_less() {
        let row = json!({"pid": 1, "name": "victim-ns-outer", "state": "tracing stop", "threads": 1, "uid": 1000,
            "start_time": "2026-01-02T03:04:05Z", "command_line": "c".repeat(60)});
        let columns = ["pid", "name", "state", "threads", "uid", "start_time", "command_line"];
        let style = |width| Style { width: Some(width), ..Style::default() };
        let narrow = render(&style(80), &columns, std::slice::from_ref(&row));
        assert!(!narrow.contains("START TIME") && narrow.contains("THREADS"), "{narrow}");
        assert!(narrow.lines().all(|l| l.chars().count() <= 80), "{narrow}");
        assert!(render(&style(120), &columns, std::slice::from_ref(&row)).contains("START TIME"));
        let named = Style { columns: Some(columns.iter().map(|c| (*c).to_owned()).collect()), ..style(80) };
        assert!(render(&named, &columns, &[row]).contains("START TIME"), "columns that were asked for stay");
    }

    #[test]
    fn a_column_in_which_nothing_stands_goes_first() {
        let row = json!({"name": "n".repeat(30), "path": "p".repeat(40), "reason": null, "state": "s", "late": null});
        let style = Style { width: Some(84), ..Style::default() };
        let columns: Vec<String> = ["name", "state", "path", "reason", "late"].iter().map(|c| (*c).to_owned()).collect();
        let (mut out, mut table) = (Vec::new(), Table::new(columns, &style));
        table.push(&mut out, &json!({"name": "n".repeat(30), "path": "p".repeat(60), "state": "s".repeat(20)})).unwrap();
        table.flush(&mut out).unwrap();
        assert!(table.left_out().is_empty(), "what no row has is no loss");
        table.push(&mut out, &row).unwrap();
        let text = String::from_utf8(out.clone()).unwrap();
        assert!(text.starts_with("NAME") && text.contains("STATE") && !text.contains("LATE"), "{text}");
        table.push(&mut out, &json!({"name": "x", "late": "here after all"})).unwrap();
        assert_eq!(table.left_out(), ["late"]);
    }

    #[test]
    fn a_command_says_what_it_can_spare_and_in_which_order() {
        let row = json!({"a": "a".repeat(20), "b": "b".repeat(20), "c": "c".repeat(20), "state": "s".repeat(12)});
        let header = |width| {
            let style = Style { width: Some(width), ..Style::default() };
            render(&style, &["?a", "??b", "c", "state"], std::slice::from_ref(&row)).lines().next().unwrap_or_default().to_owned()
        };
        let shown = |width| header(width).split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!([shown(80), shown(60), shown(40)], ["A B C STATE", "A C STATE", "C STATE"]);
    }

    #[test]
    fn empty_arguments_are_counted() {
        let args = |items: &[&str]| show("args", &json!(items));
        assert_eq!(args(&["[kworker]", "", "", ""]), "'[kworker]' (and 3 empty)".replace('\'', ""));
        assert_eq!((args(&["a", ""]), args(&[])), ("a ''".to_owned(), "-".to_owned()));
    }

    #[test]
    fn sizes_and_moments_are_short() {
        assert_eq!([seconds(4.0), seconds(0.719_141_999)], ["4.000000", "0.719141"]);
        assert_eq!([human(0), human(1023), human(4096), human(1536), human(1 << 30)], ["0", "1023", "4K", "1.5K", "1G"]);
        assert_eq!(human(u64::MAX), "15.9E");
        assert_eq!(moment("2026-01-02T03:04:05.678901Z"), "2026-01-02 03:04:05");
    }
}
