//! `freeze`: a value that is written again and again, so that it stays.

use super::matches::{Chosen, bytes};
use super::rows::Cell;
use super::saved::Which;
use crate::commands::cells::Hex;
use crate::commands::context::Context;
use crate::commands::failure::{Failure, Result};
use crate::commands::sink::Rows;
use crate::commands::spec::{Command, Shape};
use crate::commands::writing;
use crate::narrow::Set;
use crate::session::Space;
use crate::umem;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Keep the candidates of a live target at a value until Ctrl-C (needs --write)
#[derive(clap::Args, Debug)]
pub struct Freeze {
    /// The value, of the scan's type (without one, what each is now)
    #[arg(value_name = "VALUE", allow_negative_numbers = true)]
    value: Option<String>,
    /// Look this often whether something else is there: 100ms, 1s
    #[arg(long, value_name = "TIME", default_value = "100ms")]
    every: String,
    /// Stop after this time: 5s, 2m (without it, at Ctrl-C)
    #[arg(long = "for", value_name = "TIME")]
    time: Option<String>,
    #[command(flatten)]
    chosen: Chosen,
    #[command(flatten)]
    which: Which,
}

/// A frozen candidate.
#[derive(Serialize, JsonSchema)]
pub struct FreezeRow {
    /// Its address.
    address: Hex,
    /// `phys`, `kernel` or `pid`.
    space: String,
    /// Process, where it is a process's memory.
    pid: Option<u32>,
    /// Type of the value.
    #[serde(rename = "type")]
    kind: String,
    /// The value that it was kept at.
    value: Cell,
    /// How often something else was there and was written over.
    rewritten: u64,
    /// How often it could not be read or written.
    failed: u64,
    /// How often it was looked at.
    looks: u64,
    /// Number of the first write on the list of `undo`, which brings back what was there before; null where nothing had to be written.
    number: Option<u64>,
}

/// A candidate, and what became of it.
struct Frozen {
    space: Space,
    address: umem,
    bytes: Vec<u8>,
    number: Option<u64>,
    rewritten: u64,
    failed: u64,
    looks: u64,
}

impl Command for Freeze {
    type Row = FreezeRow;
    const NAME: &'static str = "freeze";
    const SUMMARY: &'static str = "Keep the candidates of `scan value` at a value until Ctrl-C (needs --write)";
    const SHAPE: Shape = Shape::List(&["address", "space", "!pid", "type", "value", "rewritten", "failed", "looks", "number"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[(
        "scan value swapper/0 -t text --range init_task init_task+4k; freeze --for 100ms --every 20ms",
        "for a tenth of a second, looked at every 20 ms, at what they are",
    )];

    fn run(self, cx: &Context, out: &mut Rows<'_, FreezeRow>) -> Result<()> {
        let (_, set) = self.which.set(cx, Self::NAME)?;
        let every = duration(&self.every)?;
        let time = self.time.as_deref().map(duration).transpose()?;
        let wanted = self.value.as_deref().map(|v| bytes(cx, &set, v, Self::NAME)).transpose()?;
        let mut frozen = Vec::new();
        for (space, address) in self.chosen.places(cx, &set, Self::NAME)? {
            let bytes = match &wanted {
                Some(bytes) => bytes.clone(),
                None => match super::opened::value(&space, set.kind, address) {
                    Some(now) => set.kind.store(&now),
                    None => {
                        cx.lost(format!("{address:#x}: what is there can't be read"));
                        continue;
                    }
                },
            };
            frozen.push(Frozen { space, address, bytes, number: None, rewritten: 0, failed: 0, looks: 0 });
        }
        let began = Instant::now();
        let over = || time.is_some_and(|t| began.elapsed() >= t) || cx.host().interrupt().load(Ordering::Relaxed);
        loop {
            look(cx, &mut frozen)?;
            let until = Instant::now() + every;
            while Instant::now() < until && !over() {
                std::thread::sleep(until.saturating_duration_since(Instant::now()).min(Duration::from_millis(20)));
            }
            if over() {
                break;
            }
        }
        finish(cx, &set, &frozen, out)
    }
}

/// One look at all of them.
fn look(cx: &Context, frozen: &mut [Frozen]) -> Result<()> {
    cx.session()?.refresh();
    for f in frozen {
        f.space.memory().refresh();
        f.looks += 1;
        let mut now = vec![0; f.bytes.len()];
        if !f.space.read_gaps(f.address, &mut now).is_empty() {
            f.failed += 1;
            continue;
        }
        if now == f.bytes {
            continue;
        }
        // The first write goes onto the list: it knows what was there before. The others repeat it.
        let outcome = match f.number {
            Some(_) => f.space.write(f.address, &f.bytes).map_err(Failure::from),
            None => {
                let listed = |cx: &Context| Ok::<_, Failure>(cx.session()?.edits().last().map_or(0, |e| e.number));
                let before = listed(cx)?;
                let outcome = writing::write(cx, &f.space, f.address, &f.bytes, Freeze::NAME).map(drop);
                // Another value may be there again before it is read back: written it was.
                let now = listed(cx)?;
                f.number = (now > before).then_some(now);
                if f.number.is_some() { Ok(()) } else { outcome }
            }
        };
        match outcome {
            Ok(()) => f.rewritten += 1,
            Err(Failure::Error(_)) => f.failed += 1,
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

fn finish(cx: &Context, set: &Set, frozen: &[Frozen], out: &mut Rows<'_, FreezeRow>) -> Result<()> {
    let (rewritten, failed) = frozen.iter().fold((0, 0), |(r, n), f| (r + f.rewritten, n + f.failed));
    cx.host().audit(&format!("freeze: ended; {} values, written {rewritten} times", frozen.len()));
    cx.lost_many(failed, "looks at which a value could not be read or written");
    // Ctrl-C is how it ends: what was done is told all the same.
    if cx.go_on().is_err() {
        cx.host().warn(&format!("freeze: ended; {} values, written {rewritten} times", frozen.len()));
    }
    for f in frozen {
        out.push(&FreezeRow {
            address: Hex(f.address),
            space: f.space.kind().to_owned(),
            pid: f.space.process().map(|p| p.pid),
            kind: set.kind.name(),
            value: Cell::from(set.kind.show(&set.kind.load(&f.bytes))),
            rewritten: f.rewritten,
            failed: f.failed,
            looks: f.looks,
            number: f.number,
        })?;
    }
    Ok(())
}

/// `100ms`, `5s`, `2m`, `1h`; a number alone is seconds.
fn duration(text: &str) -> Result<Duration> {
    let at = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(at);
    let factor = match unit {
        "ms" => Some(0.001),
        "" | "s" => Some(1.0),
        "m" => Some(60.0),
        "h" => Some(3600.0),
        _ => None,
    };
    let seconds = factor.and_then(|f| Some(digits.trim().parse::<f64>().ok()? * f));
    let duration = seconds.filter(|s| *s >= 0.001).and_then(|s| Duration::try_from_secs_f64(s).ok());
    let long = Duration::from_secs(366 * 86_400);
    duration.map(|d| d.min(long)).ok_or_else(|| {
        Failure::Usage(format!("freeze: {text:?} is no time"), Some("a time is 100ms, 5s, 2m or 1h; 1ms at least".to_owned()))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn times_have_units() {
        for (text, ms) in [("100ms", 100), ("5s", 5000), ("2m", 120_000), ("1.5", 1500), ("1h", 3_600_000)] {
            assert_eq!(duration(text).unwrap(), Duration::from_millis(ms), "{text}");
        }
        for none in ["", "0s", "-1s", "5 minutes", "nan", "inf"] {
            assert!(duration(none).is_err(), "{none}");
        }
    }
}
