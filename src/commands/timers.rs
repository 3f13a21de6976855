//! `timers`: what the kernel will do, and when.

use super::cells::{Hex, Time, exact, plain};
use super::context::Context;
use super::failure::Result;
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::which::Filter;
use crate::os::linux::system::timer::{Timer, timers};
use crate::session::Session;
use schemars::JsonSchema;
use serde::Serialize;

/// List timers: when they expire, what they call, and whose they are
#[derive(clap::Args, Debug)]
pub struct Timers {
    /// Only precise timers (hrtimers)
    #[arg(long)]
    precise: bool,
    /// Only timers of the wheels
    #[arg(long, conflicts_with = "precise")]
    wheel: bool,
    #[command(flatten)]
    filter: Filter,
}

/// A timer that waits.
#[derive(Serialize, JsonSchema)]
pub struct TimerRow {
    /// `wheel` or `hrtimer`.
    kind: &'static str,
    /// The processor that it waits on.
    cpu: u32,
    /// Its clock: `jiffies`, `monotonic`, `realtime`, `boottime`, `tai`.
    clock: &'static str,
    /// When it expires, in jiffies or in nanoseconds of its clock.
    expires: u64,
    /// Seconds from the moment of the image until then; below zero when it is late.
    expires_in: Option<f64>,
    /// The moment when it expires.
    expires_at: Option<Time>,
    /// Address of the function that is called.
    function_address: Option<Hex>,
    /// Its symbol.
    function: Option<String>,
    /// The module that it lies in; absent for the kernel itself, and for an address that is in none.
    module: Option<String>,
    /// For delayed work: the symbol, or the address, of what is done then.
    work: Option<String>,
    /// Process that sleeps, or that set it.
    pid: Option<u32>,
    /// Thread that sleeps.
    tid: Option<u32>,
    /// Name of the process or thread.
    process: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    process_bytes: Option<String>,
    /// Address of its `timer_list` or `hrtimer`.
    address: Hex,
}

impl Command for Timers {
    type Row = TimerRow;
    const NAME: &'static str = "timers";
    const ALIASES: &'static [&'static str] = &["timer"];
    const SUMMARY: &'static str = "List timers, what they call and whose they are";
    const SHAPE: Shape = Shape::List(&["expires_in", "cpu", "clock", "function", "work", "pid", "tid", "process"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] =
        &[("timers", "the next to expire first"), ("timers --precise", "those with a clock of nanoseconds")];

    fn run(self, cx: &Context, out: &mut Rows<'_, TimerRow>) -> Result<()> {
        let session = cx.session()?;
        let kernel = session.linux("timers")?;
        let chosen = match self.filter.which.is_empty() && self.filter.process.is_empty() && cx.current().is_none() {
            true => None,
            false => Some(self.filter.processes(cx)?),
        };
        for t in cx.take(&timers(kernel).map_err(crate::Error::from)?) {
            cx.go_on()?;
            let of_process = chosen.as_ref().is_none_or(|all| all.iter().any(|p| Some(p.pid) == t.pid));
            let of_kind = if t.precise { !self.wheel } else { !self.precise };
            if of_process && of_kind {
                out.push(&row(session, &t))?;
            }
        }
        Ok(())
    }
}

fn row(session: &Session, t: &Timer) -> TimerRow {
    let near = t.function.and_then(|f| session.symbols().ok()?.near(f));
    TimerRow {
        kind: if t.precise { "hrtimer" } else { "wheel" },
        cpu: t.cpu,
        clock: t.clock,
        expires: t.expires,
        expires_in: t.left.map(seconds),
        expires_at: t.at.map(Time),
        function_address: t.function.map(Hex::from),
        function: t.function.and_then(|f| session.name_of(f)),
        module: near.and_then(|(symbol, _)| symbol.module.map(str::to_owned)),
        work: t.work.map(|w| session.name_of(w).unwrap_or_else(|| w.to_string())),
        pid: t.pid,
        tid: t.tid,
        process: t.process.as_ref().map(plain),
        process_bytes: t.process.as_ref().and_then(exact),
        address: t.address.into(),
    }
}

/// Nanoseconds as seconds, to the microsecond.
fn seconds(nanos: i64) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "2^53 microseconds are 285 years")]
    let micros = (nanos / 1000) as f64;
    micros / 1_000_000.0
}
