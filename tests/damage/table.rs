//! Shares of rows, by kind of damage and command; what they were, and that they have not become worse.

use crate::judge::Judged;
use crate::run::{COMMANDS, Ran};
use std::collections::BTreeMap;
use std::fmt::Write;

/// How far a share may be off, in percent: which of several ways finds a thing first is not the same in every run.
const SLACK: f64 = 2.0;

#[derive(Default, Clone)]
struct Sum {
    whole: usize,
    right: usize,
    partly: usize,
    altered: usize,
    foreign: usize,
}

impl Sum {
    fn add(&mut self, j: &Judged) {
        self.whole += j.whole;
        self.right += j.right;
        self.partly += j.partly;
        self.altered += j.altered;
        self.foreign += j.foreign;
    }

    /// Of the rows of whole images: right ones, and right ones with something left open; then the wrong ones of all that were given, in percent.
    fn shares(&self) -> [f64; 3] {
        let share = |part: usize, of: usize| if of == 0 { 0.0 } else { (part * 1000) as f64 / of as f64 / 10.0 };
        let wrong = self.altered + self.foreign;
        [
            share(self.right, self.whole),
            share(self.right + self.partly, self.whole),
            share(wrong, wrong + self.right + self.partly),
        ]
    }
}

#[derive(Default)]
struct Kind {
    runs: usize,
    /// Runs in which processes were listed.
    found: usize,
    seconds: f64,
    memory: u64,
    commands: Vec<Sum>,
}

/// What came of all runs.
#[derive(Default)]
pub struct Table(BTreeMap<&'static str, Kind>);

impl Table {
    /// One run more.
    pub fn add(&mut self, kind: &'static str, ran: &Ran, judged: &[Judged]) {
        let k = self.0.entry(kind).or_default();
        k.runs += 1;
        k.found += usize::from(!ran.rows[0].is_empty());
        if let Some(cost) = &ran.cost {
            k.seconds = k.seconds.max(cost.seconds);
            k.memory = k.memory.max(cost.memory);
        }
        k.commands.resize(COMMANDS.len(), Sum::default());
        k.commands.iter_mut().zip(judged).for_each(|(sum, j)| sum.add(j));
    }

    /// For people: by kind of damage, then by command.
    pub fn shown(&self, whole: &Ran) -> String {
        let mut out = String::from(
            "| damage | images | system found | rows right | right or open | wrong of those given | longest, s | most memory, MiB |\n",
        );
        out += "|---|---:|---:|---:|---:|---:|---:|---:|\n";
        for (name, k) in &self.0 {
            // Every command counts the same, however many rows it has.
            let shares: Vec<_> = k.commands.iter().map(Sum::shares).collect();
            let mean = |i: usize| shares.iter().map(|s| s[i]).sum::<f64>() / shares.len() as f64;
            let _ = writeln!(
                out,
                "| {name} | {} | {} | {:.1} % | {:.1} % | {:.2} % | {:.2} | {} |",
                k.runs,
                k.found,
                mean(0),
                mean(1),
                mean(2),
                k.seconds,
                k.memory >> 10
            );
        }
        let kinds: Vec<&str> = self.0.keys().copied().collect();
        let _ = writeln!(out, "\n| command | rows | {} |\n|---|---:|{}", kinds.join(" | "), "---:|".repeat(kinds.len()));
        for (i, command) in COMMANDS.iter().enumerate() {
            let cell = |k: &Kind| {
                let [_, right, wrong] = k.commands[i].shares();
                format!("{right:.1} ({wrong:.1})")
            };
            let cells: Vec<String> = self.0.values().map(cell).collect();
            let _ = writeln!(out, "| `{}` | {} | {} |", command.words, whole.rows[i].len(), cells.join(" | "));
        }
        out
    }

    /// Holds the shares against those of before.
    pub fn held(&self, count: usize) {
        let path = crate::cli::repository("tests/damage/floor.txt");
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        // Of one kind alone its own lines.
        let mine = |line: &&str| {
            let mut words = line.split_whitespace();
            words.next() == Some(count.to_string().as_str()) && words.next().is_some_and(|kind| self.0.contains_key(kind))
        };
        let mut lines = Vec::new();
        for (kind, k) in &self.0 {
            for (command, sum) in COMMANDS.iter().zip(&k.commands) {
                let [right, known, wrong] = sum.shares();
                lines.push((format!("{count} {kind} {}", command.words.replace(' ', "-")), [right, known, wrong]));
            }
        }
        if std::env::var_os("MEMSH_BLESS").is_some() {
            let head = "# images, damage, command: percent of rows right, right or left open, and wrong of those given";
            let name_of = |line: &str| line.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
            let mut fresh: BTreeMap<String, String> = BTreeMap::new();
            for (name, [right, known, wrong]) in &lines {
                fresh.insert(name.clone(), format!("{name} {right:.1} {known:.1} {wrong:.1}"));
            }
            let mut new = vec![head.to_owned()];
            for line in text.lines().filter(|l| !l.starts_with('#')) {
                // What there was stays where it was.
                match fresh.remove(&name_of(line)) {
                    Some(line) => new.push(line),
                    None if mine(&line) => {}
                    None => new.push(line.to_owned()),
                }
            }
            new.extend(lines.iter().filter_map(|(name, _)| fresh.remove(name)));
            std::fs::write(path, new.join("\n") + "\n").unwrap();
            return;
        }
        let before: Vec<&str> = text.lines().filter(mine).collect();
        if before.is_empty() && std::env::var_os("MEMSH_DAMAGE").is_some() {
            println!("no floor for {count} images: MEMSH_BLESS=1 writes one");
            return;
        }
        assert_eq!(before.len(), lines.len(), "floor.txt has these images, damages and commands: MEMSH_BLESS=1 writes them");
        let mut worse = String::new();
        for (name, [right, known, wrong]) in &lines {
            let line =
                before.iter().find(|l| l.starts_with(&format!("{name} "))).unwrap_or_else(|| panic!("no floor for {name}"));
            let was: Vec<f64> = line.split_whitespace().skip(3).map(|n| n.parse().unwrap()).collect();
            if *right < was[0] - SLACK || *known < was[1] - SLACK || *wrong > was[2] + SLACK {
                let _ = writeln!(worse, "{name}: right {right:.1}, or open {known:.1}, wrong {wrong:.1}; was {was:?}");
            }
        }
        assert!(worse.is_empty(), "worse than before (MEMSH_BLESS=1 takes it as it is now):\n{worse}");
    }
}
