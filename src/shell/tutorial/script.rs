//! The text of the tour, parsed.

use serde_json::Value;
use std::collections::BTreeMap;

/// Names and their values.
pub type Values = BTreeMap<String, String>;

/// The tour.
#[derive(Debug, Default)]
pub struct Script {
    /// Values that are asked for, in this order: each may name those before it.
    pub values: Vec<Wanted>,
    /// The steps.
    pub steps: Vec<Step>,
}

/// A value and where it comes from.
#[derive(Debug)]
pub struct Wanted {
    /// Its name.
    pub name: String,
    /// Command whose answer holds it.
    pub command: String,
    /// Field and text that choose a row.
    choice: Option<(String, String)>,
    /// Its field; `#` is the number of rows.
    field: String,
}

/// A step.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// Its title.
    pub title: String,
    /// What is said before.
    pub before: String,
    /// What is to be typed.
    pub command: String,
    /// What is said of the answer.
    pub behind: String,
}

impl Script {
    /// Parses the text.
    ///
    /// # Errors
    /// Says which line makes no sense.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut script = Script::default();
        for line in text.lines() {
            let step = script.steps.last_mut();
            if line.starts_with('#') {
                continue;
            } else if let Some(value) = line.strip_prefix("let ") {
                script.values.push(Wanted::parse(value).ok_or_else(|| format!("tutorial: {line}"))?);
            } else if let Some(title) = line.strip_prefix("== ") {
                script.steps.push(Step { title: title.to_owned(), ..Step::default() });
            } else if let Some(step) = step {
                let (part, text) = match (line.strip_prefix("$ "), line.strip_prefix("> ")) {
                    (Some(command), _) => {
                        step.command = command.to_owned();
                        continue;
                    }
                    (_, Some(text)) => (&mut step.behind, text),
                    _ => (&mut step.before, line),
                };
                if !text.is_empty() {
                    part.push_str(text);
                    part.push('\n');
                }
            } else if !line.is_empty() {
                return Err(format!("tutorial: {line}"));
            }
        }
        Ok(script)
    }
}

impl Wanted {
    /// `NAME = COMMAND : KEY=TEXT : FIELD`
    fn parse(text: &str) -> Option<Self> {
        let (name, rest) = text.split_once(" = ")?;
        let (rest, field) = rest.rsplit_once(" : ")?;
        let (command, choice) = rest.rsplit_once(" :")?;
        let choice = choice.trim();
        let choice = match choice.is_empty() {
            true => None,
            false => choice.split_once('=').map(|(k, t)| Some((k.to_owned(), t.to_owned())))?,
        };
        Some(Self { name: name.to_owned(), command: command.trim().to_owned(), choice, field: field.trim().to_owned() })
    }

    /// The value in an answer.
    pub fn of(&self, answer: &Value, values: &Values) -> Option<String> {
        let one = std::slice::from_ref(answer);
        let rows = answer.as_array().map_or(one, Vec::as_slice);
        if self.field == "#" {
            return Some(rows.len().to_string());
        }
        let wanted = |row: &&Value| match &self.choice {
            None => true,
            Some((key, text)) => row.get(key).and_then(super::plain) == Some(filled(text, values)),
        };
        super::plain(rows.iter().find(wanted)?.get(&self.field)?)
    }
}

impl Step {
    /// The step with its values.
    pub fn with(&self, values: &Values) -> Step {
        Step {
            title: filled(&self.title, values),
            before: wrapped(&filled(&self.before, values)),
            command: filled(&self.command, values),
            behind: wrapped(&filled(&self.behind, values)),
        }
    }
}

/// Columns of the text.
const WIDTH: usize = 96;

/// A paragraph in lines of equal length, whatever its values were.
fn wrapped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut column = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column > 0 {
            out.push(if column + 1 + length > WIDTH { '\n' } else { ' ' });
            column = if out.ends_with('\n') { 0 } else { column + 1 };
        }
        out.push_str(word);
        column += length;
    }
    if column > 0 {
        out.push('\n');
    }
    out
}

/// A text with `{NAME}` replaced by the values; a name that has none stays.
pub fn filled(text: &str, values: &Values) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        out.push_str(before);
        match behind.split_once('}').and_then(|(name, tail)| Some((values.get(name)?, tail))) {
            Some((value, tail)) => {
                out.push_str(value);
                rest = tail;
            }
            None => {
                out.push('{');
                rest = behind;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn a_step_is_read_and_filled() {
        let script = Script::parse(
            "# no\nlet pid = ps -u : name=a b : pid\nlet n = ps : : #\n\n== One\nsay {pid}\n$ ps {pid}\n> of {n}{x}\n",
        )
        .unwrap();
        let answer = json!([{"name": "x", "pid": 1}, {"name": "a b", "pid": 7}]);
        let mut values = Values::new();
        for v in &script.values {
            let value = v.of(&answer, &values).unwrap();
            values.insert(v.name.clone(), value);
        }
        let step = script.steps[0].with(&values);
        assert_eq!((step.title.as_str(), step.before.as_str()), ("One", "say 7\n"));
        assert_eq!((step.command.as_str(), step.behind.as_str()), ("ps 7", "of 2{x}\n"));
    }

    #[test]
    fn paragraphs_are_filled() {
        let text = wrapped(&"word ".repeat(50));
        assert!(text.lines().all(|l| l.len() <= WIDTH) && text.lines().count() == 3, "{text}");
        assert_eq!((wrapped(""), wrapped("a\nb  c")), (String::new(), "a b c\n".to_owned()));
        assert_eq!(wrapped(&"x".repeat(200)).lines().count(), 1);
    }

    #[test]
    fn what_is_not_there_has_no_value() {
        let wanted = Wanted::parse("x = vtop 1 : : physical").unwrap();
        assert_eq!(wanted.of(&json!({"physical": "0x1000"}), &Values::new()).as_deref(), Some("0x1000"));
        for answer in [json!({"physical": null}), json!([]), json!({}), json!({"physical": "a\nb"})] {
            assert_eq!(wanted.of(&answer, &Values::new()), None, "{answer}");
        }
        assert!(Wanted::parse("nonsense").is_none());
        assert!(Script::parse("text before a step").is_err());
    }
}
