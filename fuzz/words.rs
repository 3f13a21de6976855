//! What people type: expressions, filters, lines, spellings of other tools, `{KEY}` of foreach.

use memsh::fuzzing::{
    Aliases, Line, Order, Output, Schema, World, commands, expanded, is_known, is_taken, joined, parse, pieces, schema,
    spellings, split, substituted, translate, value,
};
use memsh::umem;
use serde_json::{Map, Value, json};
use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::HashMap;

/// Bytes that say what to do next; zeros when they are used up.
struct Choices<'a>(std::slice::Iter<'a, u8>);

impl Choices<'_> {
    fn byte(&mut self) -> u8 {
        self.0.next().copied().unwrap_or(0)
    }

    fn one<'o, T>(&mut self, of: &'o [T]) -> &'o T {
        &of[(usize::from(self.byte()) << 8 | usize::from(self.byte())) % of.len()]
    }
}

/// The first byte says what the others are; letters, so that a person can write some.
pub fn any(data: &[u8]) {
    let Some((what, data)) = data.split_first() else { return };
    match what {
        b'e' => expression(&String::from_utf8_lossy(data)),
        b'E' => tree(data),
        b'f' => filter(data),
        b'l' => line(data),
        b's' => String::from_utf8_lossy(data).lines().flat_map(split).flatten().for_each(|line| translated(&line.words)),
        b'S' => spelling(data),
        b'k' => fields(data),
        _ => {}
    }
}

const WORLD: World = World {
    // Some names are there, some are not, always the same ones.
    symbol: |name| {
        (!name.starts_with(['x', 'X']))
            .then(|| name.bytes().fold(0xcbf2_9ce4, |h, b| (h ^ umem::from(b)).wrapping_mul(0x0100_0193)))
    },
    pointer: |address| (address & 0x80 == 0).then(|| address.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(7)),
    task: |pid| pid.is_none_or(|p| p < 1000).then(|| pid.unwrap_or(1).wrapping_mul(0x1000)),
};

/// An expression as text.
fn expression(text: &str) {
    let v = match value(text, &WORLD) {
        Ok(v) => v,
        Err(lines) => return assert!(lines.iter().all(|l| !l.is_empty()) && !lines.is_empty()),
    };
    assert_eq!(value(text, &WORLD), Ok(v), "{text:?}");
    // The same value in everything that is made of it, unless that nests too deeply.
    let spaced: String = text.chars().flat_map(|c| if "()+-*/%&|^~".contains(c) { vec![' ', c, ' '] } else { vec![c] }).collect();
    for (made, wanted) in [
        (format!("({text})"), v),
        (spaced, v),
        (format!("~({text})"), !v),
        (format!("-({text})"), v.wrapping_neg()),
        (format!("({text})*2-({text})"), v),
        (format!("({text})^({text})"), 0),
    ] {
        match value(&made, &WORLD) {
            Ok(got) => assert_eq!(got, wanted, "{made:?}"),
            Err(lines) => assert!(lines[0].contains("nests too deeply"), "{made:?}: {lines:?}"),
        }
    }
    for written in [format!("{v}"), format!("{v:#x}"), format!("0n{v}"), format!("0y{v:b}"), format!("{v:x}h")] {
        // Hex digits that begin with a letter are a name where there is an `h` behind them.
        assert!(
            written.ends_with('h') && !written.starts_with(|c: char| c.is_ascii_digit()) || value(&written, &WORLD) == Ok(v),
            "{written}"
        );
    }
}

/// Binary operators as C has them, and how tightly they bind.
const BINARY: [(&str, u8); 10] =
    [("|", 0), ("^", 1), ("&", 2), ("<<", 3), (">>", 3), ("+", 4), ("-", 4), ("*", 5), ("/", 5), ("%", 5)];

/// Makes an expression whose value is known and writes it with no more parentheses than C needs.
fn tree(data: &[u8]) {
    let (text, _, wanted) = node(&mut Choices(data.iter()), 0);
    let got = value(&text, &WORLD);
    match wanted {
        Some(wanted) => assert_eq!(got, Ok(wanted), "{text}"),
        None => assert!(got.is_err(), "{text} is {got:?}"),
    }
}

/// An expression, how tightly its outermost operator binds (6 a prefix, 7 a number), and its value: none where it has none.
fn node(c: &mut Choices<'_>, depth: u32) -> (String, u8, Option<umem>) {
    let kind = if depth > 6 { 0 } else { c.byte() % 24 };
    if let Some((op, binds)) = BINARY.get(usize::from(kind).wrapping_sub(8)) {
        let (a, b) = (node(c, depth + 1), node(c, depth + 1));
        let shown = |(text, level, _): &(String, u8, Option<umem>), least: u8| {
            if *level < least { format!("({text})") } else { text.clone() }
        };
        let text = format!("{}{op}{}", shown(&a, *binds), shown(&b, binds + 1));
        return (text, *binds, a.2.zip(b.2).and_then(|(a, b)| apply(op, a, b)));
    }
    match kind {
        18..=21 => {
            let (text, level, v) = node(c, depth + 1);
            let text = if level < 6 { format!("({text})") } else { text };
            match kind {
                18 => (format!("-{text}"), 6, v.map(umem::wrapping_neg)),
                19 => (format!("~{text}"), 6, v.map(|v| !v)),
                20 => (format!("*{text}"), 6, v.and_then(WORLD.pointer)),
                _ => (format!("+{text}"), 6, v),
            }
        }
        22 => {
            let (text, _, v) = node(c, depth + 1);
            (format!("poi({text})"), 7, v.and_then(WORLD.pointer))
        }
        23 => {
            let (text, _, v) = node(c, depth + 1);
            (format!("task({text})"), 7, v.and_then(|v| (WORLD.task)(Some(v))))
        }
        _ => {
            let bytes: [u8; 8] = std::array::from_fn(|_| c.byte());
            let v = umem::from(u64::from_le_bytes(bytes) >> (kind * 8));
            let text = match c.byte() % 6 {
                0 => format!("{v:#x}"),
                1 => format!("0n{v}"),
                2 => format!("0x{:x}`{:08x}", v >> 32, v & 0xffff_ffff),
                3 => format!("{v:#b}"),
                4 => format!("0{v:x}h"),
                _ => format!("{v}"),
            };
            (text, 7, Some(v))
        }
    }
}

fn apply(op: &str, a: umem, b: umem) -> Option<umem> {
    Some(match op {
        "|" => a | b,
        "^" => a ^ b,
        "&" => a & b,
        "<<" if b < umem::BITS.into() => a << b,
        ">>" if b < umem::BITS.into() => a >> b,
        "<<" | ">>" => 0,
        "+" => a.wrapping_add(b),
        "-" => a.wrapping_sub(b),
        "*" => a.wrapping_mul(b),
        "/" => a.checked_div(b)?,
        _ => a.checked_rem(b)?,
    })
}

/// A filter over rows: lines with a command's name, an expression, keys to sort by, and a row each as JSON.
fn filter(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.splitn(4, '\n');
    let mut line = || lines.next().unwrap_or_default();
    let (command, expression, keys, rest) = (line(), line(), line(), line());
    with_schema(command, |schema| {
        // More rows than these make it slow: every three of them are held against each other.
        let mut rows: Vec<Value> = rest.lines().filter_map(|l| serde_json::from_str(l).ok()).take(8).collect();
        rows.extend([json!({}), Value::Null]);
        chosen(expression, schema, &rows);
        sorted(&keys.split(',').map(str::to_owned).collect::<Vec<_>>(), schema, &mut rows);
    });
}

/// The keys of a command's rows, or where there is none of that name, of rows with everything that there is.
fn with_schema(command: &str, f: impl FnOnce(&Schema)) {
    thread_local!(static KNOWN: RefCell<HashMap<String, Schema>> = RefCell::new(HashMap::new()));
    KNOWN.with_borrow_mut(|known| {
        let name = if commands().contains(&command) { command } else { "" };
        f(known.entry(name.to_owned()).or_insert_with(|| schema(name).unwrap_or_else(everything)));
    });
}

fn everything() -> Schema {
    let string = json!({"type": ["string", "null"]});
    let row = json!({"type": "object", "properties": {
        "pid": {"type": "integer"}, "uid": {"type": ["integer", "null"]}, "name": string, "path": string,
        "address": {"type": ["string", "null"], "pattern": "^0x(0|[1-9a-f][0-9a-f]*)$"}, "load": {"type": "number"},
        "time": {"type": ["string", "null"], "format": "date-time"}, "hidden": {"type": "boolean"}, "any": true,
        "args": {"type": "array", "items": string}, "perm": {"anyOf": [{"$ref": "#/$defs/Perm"}, {"type": "null"}]}
    }});
    Schema::new("ps", row, json!({"Perm": {"type": "object", "properties": {"write": {"type": "boolean"}}}}))
}

/// An expression that is taken obeys logic in every row; a mistake can be shown.
fn chosen(text: &str, schema: &Schema, rows: &[Value]) {
    let expression = match parse(text, schema) {
        Ok(expression) => expression,
        Err(m) => {
            assert!(!m.what.is_empty() && m.span.0 <= m.span.1 && text.get(m.span.0..m.span.1).is_some(), "{text:?}: {m:?}");
            return assert!(m.failure("--where", text).lines().len() <= 2);
        }
    };
    let made = [
        (format!("not ({text})"), [true, false]),
        (format!("({text}) and ({text})"), [false, true]),
        (format!("({text}) or false"), [false, true]),
        (format!("!({text}) && ({text})"), [false, false]),
        (format!("({text})||!({text})"), [true, true]),
    ];
    for (made, wanted) in made {
        match parse(&made, schema) {
            Ok(made) => {
                for row in rows {
                    assert_eq!(made.matches(row), wanted[usize::from(expression.matches(row))], "{text:?} of {row}");
                }
            }
            Err(m) => assert!(
                m.what.contains("nests deeper") || m.what.contains("longer than") || m.what.contains("regular expression"),
                "{made:?}: {m:?}"
            ),
        }
    }
}

/// An order is one: of any rows, whatever they hold.
fn sorted(keys: &[String], schema: &Schema, rows: &mut [Value]) {
    let order = match Order::new(keys, schema) {
        Ok(order) => order,
        Err(e) => return assert!(!e.lines().is_empty()),
    };
    for a in &*rows {
        assert_eq!(order.compare(a, a), Ordering::Equal, "{keys:?} {a}");
        for b in &*rows {
            let ab = order.compare(a, b);
            assert_eq!(ab, order.compare(b, a).reverse(), "{keys:?} {a} {b}");
            for c in &*rows {
                let (bc, ac) = (order.compare(b, c), order.compare(a, c));
                assert!(ab.is_gt() || bc.is_gt() || ac == ab.then(bc), "{keys:?} {a} {b} {c}");
            }
        }
    }
    rows.sort_by(|a, b| order.compare(a, b));
    assert!(rows.is_sorted_by(|a, b| order.compare(a, b).is_le()));
}

/// A line, the last one, and aliases of the user's before it as `NAME=LINE`.
fn line(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (first, last) = text.rsplit_once('\n').unwrap_or(("", &text));
    let aliases: Aliases = first.lines().filter_map(|l| l.split_once('=')).map(|(n, t)| (n.to_owned(), t.to_owned())).collect();
    for text in [&*text, last] {
        let mut at = 0;
        for p in pieces(text) {
            assert!(p.start == at && p.end > at && text.get(p.start..p.end).is_some(), "{text:?}");
            at = p.end;
        }
        assert_eq!(at, text.len(), "{text:?}");
        let Ok(lines) = split(text) else { continue };
        for line in &lines {
            again(line, text);
            let Ok(meant) = expanded(&aliases, line) else { continue };
            assert!(meant.len() <= 1000, "{text:?}");
            assert!(meant.iter().all(|l| !l.words.is_empty()), "{text:?}");
        }
    }
}

/// A command is what its own text says, and its words joined are the same words again.
fn again(line: &Line, text: &str) {
    assert!(!line.words.is_empty() && text.contains(&line.text), "{text:?}: {line:?}");
    let shown = |line: &Line| (line.words.clone(), line.output.clone());
    let same = split(&line.text).map(|lines| lines.iter().map(shown).collect::<Vec<_>>());
    assert_eq!(same, Ok(vec![shown(line)]), "{text:?}");
    let words = joined(&line.words);
    let back = split(&words).unwrap_or_else(|e| panic!("{words:?}: {e}"));
    assert_eq!(back.len(), 1, "{words:?}");
    assert_eq!((&back[0].words, &back[0].output), (&line.words, &Output::Stdout), "{words:?}");
}

/// Words as memsh's own commands take them, and other tools' commands, too.
const PLAIN: &str = "init_task 142 0xffff888004a50000 ffff888004a50000 sshd task_struct list_head L20 0x1000 1000 -p -k -n 64 --json \
                     --columns pid,name --phys --as q virtio!probe+0x10 -- /etc/passwd -a";

/// Spellings of other tools: choices among names and plain words.
fn spelling(data: &[u8]) {
    let Some((kind, rest)) = data.split_first() else { return };
    let mut c = Choices(rest.iter());
    thread_local!(static FIRST: (Vec<&'static str>, Vec<&'static str>) = (commands(), spellings()));
    let own = kind & 1 == 1;
    let first = FIRST.with(|(own_names, others)| *c.one(if own { own_names } else { others }));
    let plain: Vec<&str> = PLAIN.split(' ').collect();
    let behind = (0..kind >> 1 & 7).map(|_| (*c.one(&plain)).to_owned());
    let words: Vec<String> = std::iter::once(first.to_owned()).chain(behind).collect();
    translated(&words);
    let meant = translate(&words);
    if meant.absent.is_none() && is_taken(&meant.words) {
        // What memsh takes as it stands may be a shorter spelling still (`backtrace ffff888004a50000`, `bt ffff888004a50000`), and that means itself.
        let typed = translate(&meant.words).words;
        assert!(is_taken(&typed) && translate(&typed).words == typed, "{words:?}: {typed:?}");
    }
}

/// A translation is a command that there is, no longer than what was typed by more than a command's own words.
fn translated(words: &[String]) {
    let meant = translate(words);
    assert_eq!(translate(words), meant);
    let bytes = |words: &[String]| words.iter().map(|w| w.len() + 1).sum::<usize>();
    assert!(bytes(&meant.words) <= 16 * bytes(words) + 200, "{words:?}: {meant:?}");
    match (&meant.absent, meant.words.first(), words.first()) {
        (Some(absent), ..) => assert!(!absent.what.is_empty() && !absent.instead.is_empty(), "{words:?}"),
        (None, Some(name), Some(_)) if meant.words != words => {
            // A plugin of Volatility's that nobody knows is called by its name alone.
            let plugin = words.iter().any(|w| w.to_ascii_lowercase().contains(&name.to_ascii_lowercase()));
            assert!(is_known(name) || plugin, "{words:?}: {meant:?}");
        }
        (None, name, first) => assert_eq!(name, first),
    }
    assert!(meant.notes.iter().all(|n| n.starts_with("note: ") && n.len() < 1000 + 4 * bytes(words)), "{words:?}: {meant:?}");
}

/// `{KEY}` in words of foreach: a line each, the last one is the row as JSON.
fn fields(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (words, row) = text.rsplit_once('\n').unwrap_or((&text, "{}"));
    let row: Value = serde_json::from_str(row).unwrap_or(Value::Null);
    for word in words.lines() {
        let Ok((got, named)) = substituted(word, &row) else { continue };
        let wanted = filled(word, &row);
        assert_eq!((got, named), wanted, "{word:?} of {row}");
        // What a row holds is never looked into for fields of its own.
        let braces = json!({"k": word});
        assert_eq!(substituted("<{k}>", &braces), Ok((Some(format!("<{word}>")), true)));
    }
}

/// The same, letter by letter.
fn filled(word: &str, row: &Value) -> (Option<String>, bool) {
    let (mut out, mut named, mut null) = (String::new(), false, false);
    let letters: Vec<char> = word.chars().collect();
    let mut at = 0;
    while at < letters.len() {
        let name = letters[at + 1..].iter().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.')).count();
        if letters[at] != '{' || name == 0 || letters.get(at + 1 + name) != Some(&'}') {
            out.push(letters[at]);
            at += 1;
            continue;
        }
        let key: String = letters[at + 1..at + 1 + name].iter().collect();
        named = true;
        let none = Map::new();
        let value = key.split('.').fold(row, |v, part| v.as_object().unwrap_or(&none).get(part).unwrap_or(&Value::Null));
        match value {
            Value::String(s) => out.push_str(s),
            Value::Number(n) => out.push_str(&n.to_string()),
            Value::Bool(b) => out.push_str(&b.to_string()),
            _ => null = true,
        }
        at += name + 2;
    }
    ((!null).then_some(out), named)
}
