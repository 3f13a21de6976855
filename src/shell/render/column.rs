//! What a column of a table shows of a row.

use super::out::field;
use super::table::show;
use serde_json::Value;

/// A column, as the shape of a command writes it:
///
/// - `key`: the field of that name (`sources.list` for one within another);
/// - `?key`: the same, and a narrow terminal may go without it; `??key` goes before that;
/// - `!key`: the same, and it is not shown at all where no row has anything there: one that only some systems have;
/// - `title=address:port`: two fields as the two ends of a connection are written, `127.0.0.1:80` and `[::1]:80`;
/// - `title=this|that`: the first of several fields that there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// What the header says.
    pub title: String,
    /// The fields that it shows.
    pub keys: Vec<String>,
    /// How readily a narrow terminal goes without it; 0: not at all.
    pub spare: usize,
    /// Whether it is only shown where some row has anything there.
    pub only_used: bool,
    pair: bool,
}

impl Column {
    /// Reads it.
    pub fn new(text: &str) -> Self {
        let (only_used, text) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
        let whole = text.len();
        let text = text.trim_start_matches('?');
        let spare = whole - text.len();
        let (title, fields) = text.split_once('=').unwrap_or((text.rsplit('.').next().unwrap_or(text), text));
        let pair = fields.contains(':');
        let keys = fields.split([':', '|']).map(str::to_owned).collect();
        Self { title: title.to_uppercase().replace('_', " "), keys, spare, only_used, pair }
    }

    /// Whether it is the field `key` and no other.
    pub fn is(&self, key: &str) -> bool {
        matches!(self.keys.as_slice(), [one] if one == key)
    }

    /// What it shows of a row: the text, whether that stands to the right, and whether there is anything.
    pub fn cell(&self, row: &Value) -> Cell {
        let value = |key: &String| field(row, key).filter(|v| !v.is_null());
        match self.keys.as_slice() {
            [address, port] if self.pair => {
                let (address, port) = (value(address).map(|v| show("", v)), value(port).map(|v| show("", v)));
                let some = address.is_some() || port.is_some();
                let text = match (address, port) {
                    (Some(a), Some(p)) if a.contains(':') => format!("[{a}]:{p}"),
                    (Some(a), Some(p)) => format!("{a}:{p}"),
                    (Some(a), None) => a,
                    (None, Some(p)) => format!("*:{p}"),
                    (None, None) => "-".to_owned(),
                };
                Cell { text, right: false, some }
            }
            keys => match keys.iter().find_map(|key| Some((key, value(key)?))) {
                Some((key, value)) => {
                    Cell { text: show(key, value), right: is_right(value), some: value.as_array().is_none_or(|a| !a.is_empty()) }
                }
                None => Cell { text: "-".to_owned(), right: false, some: false },
            },
        }
    }
}

/// A cell of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Its text.
    pub text: String,
    /// Whether it stands to the right.
    pub right: bool,
    /// Whether there is anything: not so where the field is absent.
    pub some: bool,
}

/// Numbers and addresses stand to the right.
fn is_right(value: &Value) -> bool {
    match value {
        Value::Number(_) => true,
        Value::String(s) => s.starts_with("0x") && s.len() <= 34 && s.bytes().skip(2).all(|b| b.is_ascii_hexdigit()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn text(column: &str, row: &Value) -> String {
        Column::new(column).cell(row).text
    }

    #[test]
    fn ends_of_connections_are_one_column() {
        let ends = |address: Value, port: Value| text("local=a:p", &json!({"a": address, "p": port}));
        assert_eq!(ends("127.0.0.1".into(), 80.into()), "127.0.0.1:80");
        assert_eq!(ends("::1".into(), 80.into()), "[::1]:80");
        assert_eq!(ends("::1".into(), Value::Null), "::1");
        assert_eq!(ends(Value::Null, 80.into()), "*:80");
        assert_eq!(ends(Value::Null, Value::Null), "-");
        assert!(!Column::new("local=a:p").cell(&json!({"a": null})).some);
    }

    #[test]
    fn the_first_field_that_there_is_is_shown() {
        assert_eq!(text("detail=a|b", &json!({"a": null, "b": "x"})), "x");
        assert_eq!(text("detail=a|b", &json!({"a": 7, "b": "x"})), "7");
        assert_eq!(text("detail=a|b", &json!({})), "-");
    }

    #[test]
    fn titles_are_words() {
        assert_eq!((Column::new("?start_time").title.as_str(), Column::new("??start_time").spare), ("START TIME", 2));
        assert_eq!(
            (Column::new("sources.pid_idr").title.as_str(), Column::new("local=a:b").title.as_str()),
            ("PID IDR", "LOCAL")
        );
        assert!(Column::new("?sp").is("sp") && !Column::new("x=sp|y").is("sp"));
    }
}
