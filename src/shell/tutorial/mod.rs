//! `tutorial`: ten minutes on the sample, from the first question to a finding.
//!
//! The text is data ([`steps.txt`](script)): what to say, what to type, what to say of the answer. The values in it (a process,
//! an address) are asked of the target when the tour begins.

mod guide;
mod script;

use super::host::Shell;
use super::run::Ended;
use crate::commands::failure::{Failure, Result};
use script::{Script, Step, Values};
use serde_json::Value;
use std::io::{IsTerminal, Write};

const STEPS: &str = include_str!("steps.txt");

/// `tutorial [N]`: step by step with a person, or all of it as text.
///
/// # Errors
/// When the target lacks what the tour shows, or there is no such step.
pub fn run(shell: &Shell, rest: &[String], out: &mut dyn Write, stdout: bool) -> Result<Ended> {
    let script = Script::parse(STEPS).map_err(Failure::usage)?;
    let from = match rest {
        [] => None,
        [n] => Some(
            n.parse::<usize>()
                .ok()
                .filter(|n| (1..=script.steps.len()).contains(n))
                .ok_or_else(|| Failure::usage(format!("tutorial: the steps are 1 to {}", script.steps.len())))?,
        ),
        _ => return Err(Failure::usage("tutorial takes the number of a step")),
    };
    let values = values(shell, &script)?;
    let steps: Vec<Step> = script.steps.iter().map(|s| s.with(&values)).collect();
    if stdout && shell.interactive && std::io::stdin().is_terminal() && std::io::stdout().is_terminal() {
        return guide::walk(shell, &steps, from.unwrap_or(1));
    }
    let mut text = String::new();
    for (step, n) in steps.iter().zip(1..).filter(|(_, n)| from.is_none_or(|f| f == *n)) {
        text.push_str(&format!("{n}. {}\n\n{}\n    memsh> {}\n\n{}\n", step.title, step.before, step.command, step.behind));
    }
    if from.is_none() {
        text.push_str("In the shell (`memsh sample`) `tutorial` waits at each step until you have tried it.\n");
    }
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(Ended::WELL)
}

/// The values that the steps name, asked of the target.
fn values(shell: &Shell, script: &Script) -> Result<Values> {
    if shell.session.is_none() {
        let hint = "memsh sample tutorial; or `memsh sample`, and `tutorial` at its prompt".to_owned();
        return Err(Failure::Usage("the tutorial needs a target".to_owned(), Some(hint)));
    }
    let lacks = |what: &str| {
        let hint = "it is made for the sample: memsh sample tutorial".to_owned();
        Failure::Usage(format!("this target lacks what the tutorial shows: {what}"), Some(hint))
    };
    let mut values = Values::new();
    values.insert("temp".to_owned(), std::env::temp_dir().to_string_lossy().trim_end_matches('/').to_owned());
    // The tour asks of the whole target, whatever process is chosen.
    let before = shell.current.replace(None);
    let mut found = Ok(());
    for wanted in &script.values {
        let command = script::filled(&wanted.command, &values);
        let lines = super::line::split(&command).map_err(Failure::usage)?;
        let answer = lines.first().map(|line| shell.collect(&line.words));
        let value = answer.and_then(std::result::Result::ok).and_then(|a| wanted.of(&a, &values));
        match value {
            Some(value) => drop(values.insert(wanted.name.clone(), value)),
            None => {
                found = Err(lacks(&command));
                break;
            }
        }
    }
    shell.current.replace(before);
    found.map(|()| values)
}

/// A JSON value as it is typed and read.
fn plain(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::String(s) => s.clone(),
        other => other.to_string(),
    };
    // What comes from the target goes into lines and onto terminals.
    (!text.contains(char::is_control)).then_some(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_steps_are_complete() {
        let script = Script::parse(STEPS).unwrap();
        assert!(script.steps.len() > 8);
        for step in &script.steps {
            assert!(!step.title.is_empty() && !step.before.is_empty() && !step.behind.is_empty(), "{}", step.title);
            assert!(step.command.lines().count() == 1, "{}", step.title);
        }
    }

    #[test]
    fn every_value_that_is_named_is_asked_for() {
        let script = Script::parse(STEPS).unwrap();
        let mut known: Values = script.values.iter().map(|v| (v.name.clone(), "1".to_owned())).collect();
        known.insert("temp".to_owned(), "/t".to_owned());
        for step in &script.steps {
            let step = step.with(&known);
            for text in [&step.before, &step.command, &step.behind, &step.title] {
                assert!(!text.contains(['{', '}']), "{}: {text}", step.title);
            }
        }
    }

    #[test]
    fn every_command_of_the_steps_can_be_parsed() {
        let script = Script::parse(STEPS).unwrap();
        let values: Values = script.values.iter().map(|v| (v.name.clone(), "1".to_owned())).collect();
        for step in &script.steps {
            let line = super::super::line::split(&step.with(&values).command).unwrap().remove(0);
            let words = super::super::alias::expand(&line.words);
            if let Some(spec) = crate::commands::find(&words[0]) {
                let parser = super::super::args::parser(spec, true);
                let parsed = parser.try_get_matches_from(&words[1..]);
                assert!(parsed.is_ok(), "{}: {parsed:?}", step.command);
            }
        }
    }
}
