#![allow(clippy::unwrap_used, clippy::panic)]
use super::keys::Kind;
use super::*;
use crate::shell::docs;
use proptest::prelude::*;
use serde_json::{Value, json};

fn schema() -> Schema {
    let string = json!({"type": ["string", "null"]});
    let row = json!({"type": "object", "properties": {
        "pid": {"type": "integer"}, "uid": {"type": ["integer", "null"]}, "name": string, "path": string,
        "size": {"type": "integer"}, "address": {"type": ["string", "null"], "pattern": "^0x(0|[1-9a-f][0-9a-f]*)$"},
        "start_time": {"type": ["string", "null"], "format": "date-time"}, "hidden": {"type": "boolean"},
        "args": {"type": "array", "items": string}, "perm": {"anyOf": [{"$ref": "#/$defs/Perm"}, {"type": "null"}]},
        "load": {"type": "number"}
    }});
    let definitions = json!({"Perm": {"type": "object", "properties": {"write": {"type": "boolean"}}}});
    Schema::new("ps", row, definitions)
}

fn row() -> Value {
    json!({"pid": 17, "uid": null, "name": "sshd", "path": null, "size": 8192, "address": "0xffff888000001000",
        "start_time": "2026-01-02T03:04:05.678Z", "hidden": false, "args": ["sshd", "-D"], "perm": {"write": true}, "load": 1.5})
}

fn holds(text: &str) -> bool {
    parse(text, &schema()).unwrap_or_else(|m| panic!("{text}: {m:?}")).matches(&row())
}

#[test]
fn what_holds_and_what_does_not() {
    for text in [
        "pid == 17",
        "pid = 17",
        "pid==0x11",
        "pid != 18",
        "17 == pid",
        "pid > 16 and pid < 18",
        "pid >= 17 && pid <= 17",
        "pid == '17'",
        "name == \"sshd\"",
        "name ~ \"^ss\"",
        "name ~ 'h.$'",
        "name !~ \"x\"",
        "name =~ \"SSH|ssh\"",
        "name contains \"sh\"",
        "name not contains \"sx\"",
        "args contains \"-D\"",
        "\"-D\" in args",
        "args ~ \"^-D\"",
        "pid in [1, 17]",
        "pid in (17)",
        "pid not in [1, 2]",
        "name in ['a', 'sshd']",
        "uid == null",
        "path is null",
        "name is not null",
        "not hidden",
        "!hidden",
        "hidden == false",
        "hidden == no",
        "perm.write",
        "perm.write == true",
        "size == 8k",
        "size > 4k",
        "size < 1m",
        "address == 0xffff888000001000",
        "address > 0xffff888000000000",
        "address == ffff8880`00001000",
        "address == ffff888000001000",
        "address ~ \"1000$\"",
        "load > 1",
        "load == 1.5",
        "load < 1.6",
        "pid > -1",
        "(pid == 1 or pid == 17) and name ~ \"ssh\"",
        "pid == 1 || pid == 17 && not hidden",
        "true",
        "start_time == 2026-01-02",
        "start_time >= 2026-01-02",
        "start_time <= 2026-01-02",
        "start_time < 2026-01-03",
        "start_time > 2026-01-01",
        "start_time > 2025",
        "start_time == \"2026-01-02 03:04\"",
        "start_time != 2025-01",
        "start_time < 2026-01-02T03:04:06Z",
        "start_time == 2026-01-02T03:04:05.678Z",
        "uid != 0",
        "NOT (uid == 0)",
    ] {
        assert!(holds(text), "{text}");
    }
    for text in [
        "pid == 1",
        "uid == 0",
        "uid < 5",
        "uid > 5",
        "path ~ \".\"",
        "path == \"\"",
        "name == \"ssh\"",
        "pid in []",
        "hidden",
        "path contains \"x\"",
        "start_time > 2026-01-02",
        "start_time < 2026-01-02T03:04:05",
        "false",
        "size < 8k",
        "perm == null",
        "args contains \"D\"",
        "not perm.write",
        "address == 0",
    ] {
        assert!(!holds(text), "{text}");
    }
}

#[test]
fn mistakes_point_at_their_place() {
    for (text, span, says) in [
        ("", (0, 0), "empty"),
        ("nme == 1", (0, 3), "no key nme"),
        ("pid == 1 and nme == 1", (13, 16), "no key nme"),
        ("name == sshd", (8, 12), "no key sshd"),
        ("name == 5", (8, 9), "name is text"),
        ("pid == \"x\"", (7, 10), "pid is a number"),
        ("pid ==", (6, 6), "ends too early"),
        ("pid 17", (4, 6), "an operator is missing"),
        ("pid", (0, 3), "not yes or no"),
        ("pid == 1 )", (9, 10), ") was not expected"),
        ("(pid == 1", (9, 9), "ends too early"),
        ("name ~ \"(\"", (7, 10), "regular expression"),
        ("name ~ 'x", (7, 9), "not closed"),
        ("pid & 1", (4, 5), "means nothing"),
        ("pid == 12z", (7, 10), "begins like a number"),
        ("start_time > \"noon\"", (13, 19), "is a time"),
        ("hidden == 3", (10, 11), "yes or no"),
        ("args == \"x\"", (0, 4), "is a list"),
        ("perm == 1", (0, 4), "keys of its own"),
        ("perm.wrte", (0, 9), "no key wrte"),
        ("name.x == 1", (0, 6), "no keys of its own"),
        ("path < null", (5, 6), "less or more than null"),
        ("pid in [1 2]", (10, 11), ", is missing"),
        ("and", (0, 3), "a value is missing"),
    ] {
        let mistake = parse(text, &schema()).err().unwrap_or_else(|| panic!("{text} was taken"));
        assert_eq!((mistake.span, mistake.what.contains(says)), (span, true), "{text}: {mistake:?}");
    }
    let hint = |text| parse(text, &schema()).unwrap_err().hint.unwrap();
    assert_eq!(hint("nme == 1"), "did you mean name?");
    assert!(hint("name == sshd").contains("\"sshd\""));
    // Many regular expressions share what one may take, and a few have more than enough.
    let many = |n: usize| vec!["name ~ '\\w{40}'"; n].join(" or ");
    assert!(parse(&many(8), &schema()).is_ok());
    assert!(parse(&many(3000), &schema()).unwrap_err().what.contains("size limit"));
    assert!(parse(&vec!["name ~ '^ss.*[hd]$'"; 1000].join(" and "), &schema()).is_ok());
    let deep = "(".repeat(100_000);
    assert!(parse(&deep, &schema()).unwrap_err().what.contains("longer than"));
    assert!(parse(&deep[..1000], &schema()).unwrap_err().what.contains("nests deeper"));
    assert!(parse(&"not ".repeat(1000), &schema()).unwrap_err().what.contains("nests deeper"));
    assert!(parse(&"!hidden and ".repeat(1000), &schema()).is_err());
    assert!(parse(&format!("{}!hidden", "!hidden and ".repeat(1000)), &schema()).unwrap().matches(&row()));
}

#[test]
fn rows_are_sorted_by_number_and_what_is_missing_comes_last() {
    let sorted = |keys: &[&str], rows: &[Value]| -> Vec<Value> {
        let keys: Vec<String> = keys.iter().map(|k| (*k).to_owned()).collect();
        let order = Order::new(&keys, &schema()).unwrap();
        let mut rows = rows.to_vec();
        rows.sort_by(|a, b| order.compare(a, b));
        rows
    };
    let uids = |rows: &[Value]| -> Vec<Value> { rows.iter().map(|r| r["uid"].clone()).collect() };
    let rows = [json!({"uid": 10, "name": "b"}), json!({"uid": null, "name": "c"}), json!({"uid": 9, "name": "a"})];
    assert_eq!(uids(&sorted(&["uid"], &rows)), [json!(9), json!(10), json!(null)]);
    assert_eq!(uids(&sorted(&["-uid"], &rows)), [json!(10), json!(9), json!(null)]);
    assert_eq!(sorted(&["uid:desc"], &rows), sorted(&["-uid"], &rows));
    assert_eq!(uids(&sorted(&["name"], &rows)), [json!(9), json!(10), json!(null)]);
    let hex = [json!({"address": "0x100"}), json!({"address": "0x20"}), json!({"address": "0xffffffffffffffff"})];
    let got = sorted(&["address"], &hex);
    assert_eq!([&got[0], &got[1], &got[2]], [&hex[1], &hex[0], &hex[2]]);
    let same = [json!({"uid": 1, "name": "z"}), json!({"uid": 1, "name": "a"})];
    assert_eq!(sorted(&["uid"], &same), same, "rows that are alike keep their order");
    assert_eq!(sorted(&["uid", "name"], &same)[0], same[1]);
    // As fractions these are alike; in an order there are no three of which only two are.
    let large = [json!({"load": (1u64 << 53) + 1}), json!({"load": 9_007_199_254_740_992.0}), json!({"load": 1u64 << 53})];
    let got = sorted(&["load"], &large);
    assert_eq!([&got[0], &got[1], &got[2]], [&large[1], &large[2], &large[0]]);
    let wrong = |key: &str| Order::new(&[key.to_owned()], &schema()).unwrap_err().lines().join("\n");
    assert!(wrong("-nme").contains("did you mean name?"));
    assert!(wrong("uid:down").contains("down is no direction"));
}

#[test]
fn every_command_has_keys_of_known_kinds() {
    for spec in crate::commands::ALL {
        let schema = docs::row_schema(spec);
        assert_eq!(schema.keys(), docs::keys(spec));
        for path in schema.paths() {
            assert!(schema.kind(&path).is_ok(), "{} {path}", spec.name);
        }
    }
    let ps = docs::row_schema(crate::commands::find("ps").unwrap());
    let kinds = ["pid", "uid", "name", "dtb", "start_time", "hidden"].map(|k| ps.kind(k).unwrap());
    assert_eq!(kinds, [Kind::Number, Kind::Number, Kind::Text, Kind::Hex, Kind::Time, Kind::Flag]);
}

proptest! {
    #[test]
    fn any_text_is_answered(text in "\\PC{0,60}") {
        let _ = parse(&text, &schema());
    }

    #[test]
    fn any_words_are_answered_and_evaluated(
        words in proptest::collection::vec(proptest::sample::select(vec![
            "pid", "uid", "name", "args", "perm.write", "perm", "start_time", "address", "hidden", "and", "or", "not", "(", ")", "[", "]", ",",
            "==", "!=", "<", ">=", "~", "!~", "in", "contains", "is", "null", "true", "1", "-4k", "0x1f", "2026-01-02", "\"s\"", "'0x5'", "1.5",
        ]), 0..12)
    ) {
        let text = words.join(" ");
        match parse(&text, &schema()) {
            Ok(expr) => { let _ = expr.matches(&row()); }
            Err(m) => {
                // Every mistake can be shown.
                prop_assert!(m.span.0 <= m.span.1 && m.span.1 <= text.len());
                prop_assert!(text.is_char_boundary(m.span.0) && text.is_char_boundary(m.span.1));
            }
        }
    }

    #[test]
    fn numbers_compare_as_numbers(a: u64, b: u64) {
        let row = json!({"pid": a, "address": format!("{a:#x}")});
        for (key, op, want) in [("pid", "<", a < b), ("pid", "==", a == b), ("address", ">=", a >= b), ("address", "!=", a != b)] {
            for text in [format!("{key} {op} {b}"), format!("{key} {op} {b:#x}")] {
                prop_assert_eq!(parse(&text, &schema()).unwrap().matches(&row), want, "{}", text);
            }
        }
    }
}
