//! What stands between a connector and whoever reads it: arguments that every connector takes beside its own.
//!
//! `-C qemu:guest,cache=256m,ttl=10ms`: a cache of another size, whose pages hold for so long; `inflight=N` calls under way at once;
//! `delay=1ms` more per call, to see what a slow target does; `metrics` counts what is asked of the connector. [`overlay`] is for
//! connectors themselves: a memory that can be changed, over one that must not be.

pub mod overlay;
mod slow;

use super::arguments::{Argument, ArgumentKind, Arguments, join, split};
use crate::Result;
use crate::engine::{Habits, IN_FLIGHT, Metered};
use crate::image::Image;
use memsh_plugin::PhysicalMemory;
use std::sync::Arc;
use std::time::Duration;

/// What every connector takes.
pub const ARGUMENTS: &[Argument] = &[
    Argument::optional("cache", ArgumentKind::Size, "bytes of pages to keep (64m where nothing is said; 0: none)"),
    Argument::optional("ttl", ArgumentKind::Duration, "how long what is kept of a live target holds, within one command"),
    Argument::optional(
        "inflight",
        ArgumentKind::Number,
        "calls under way at once (8 where nothing is said; 1: one after the other)",
    ),
    Argument::optional("delay", ArgumentKind::Duration, "wait so long in each call, for tests"),
    Argument::optional("metrics", ArgumentKind::Flag, "count calls, bytes and time: `info` shows them, and -v at the end"),
];

/// Calls that may be asked to be under way at once: each has a thread.
const MOST_IN_FLIGHT: u64 = 256;

/// What was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Middleware {
    cache: Option<u64>,
    ttl: Option<Duration>,
    in_flight: Option<usize>,
    delay: Option<Duration>,
    metrics: bool,
}

impl Middleware {
    /// Takes these arguments out of `text`, what stands behind a connector's name; the rest is the connector's. Names that are among
    /// `own` are the connector's, too; so is all of it where the connector has a syntax of its own.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) for one that is given twice or is of another kind.
    pub fn take(name: &str, text: &str, own: &[Argument]) -> Result<(Self, String)> {
        if own.first().is_some_and(|a| a.kind == ArgumentKind::Rest) {
            return Ok((Self::default(), text.to_owned()));
        }
        let known: Vec<Argument> = ARGUMENTS.iter().filter(|a| own.iter().all(|o| o.name != a.name)).cloned().collect();
        let ours = |part: &String| {
            let key = part.split_once('=').map_or(part.as_str(), |(key, _)| key).trim();
            known.iter().any(|a| a.name == key && (a.kind == ArgumentKind::Flag || part.contains('=')))
        };
        let (ours, rest): (Vec<String>, Vec<String>) = split(text).into_iter().partition(ours);
        if ours.is_empty() {
            return Ok((Self::default(), text.to_owned()));
        }
        let given = Arguments::parse(name, &join(&ours), &known)?;
        let in_flight = given.number("inflight").map(|n| usize::try_from(n.clamp(1, MOST_IN_FLIGHT)).unwrap_or(1));
        let taken = Self {
            cache: given.size("cache"),
            ttl: given.duration("ttl"),
            in_flight,
            delay: given.duration("delay").filter(|d| !d.is_zero()),
            metrics: given.flag("metrics"),
        };
        Ok((taken, join(&rest)))
    }

    /// Puts it between an image's memory and whoever reads it.
    #[must_use]
    pub fn apply(self, image: Image) -> Image {
        if self == Self::default() {
            return image;
        }
        // What waits has a latency, whatever it is of.
        let in_flight = self.in_flight.or(self.delay.map(|_| IN_FLIGHT));
        let habits = Habits { cache: self.cache, ttl: self.ttl, in_flight };
        let mut metrics = None;
        let memory = image.memory.through(habits, |source| {
            let source: Arc<dyn PhysicalMemory> = match self.delay {
                Some(delay) => Arc::new(slow::Slow::new(source, delay)),
                None => source,
            };
            if !self.metrics {
                return source;
            }
            let metered = Metered::new(source);
            metrics = Some(metered.metrics());
            Arc::new(metered)
        });
        image.through(memory, metrics)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_rest_is_the_connectors() {
        let own = [Argument::required("path", ArgumentKind::Path, "")];
        let (m, rest) = Middleware::take("file", r#"a\,b,cache=64m,"x,y",delay=1ms,metrics,inflight=3"#, &own).unwrap();
        assert_eq!(rest, r"a\,b,x\,y");
        assert_eq!((m.cache, m.delay, m.metrics, m.in_flight), (Some(64 << 20), Some(Duration::from_millis(1)), true, Some(3)));
        assert_eq!(Middleware::take("file", "cache", &own).unwrap(), (Middleware::default(), "cache".into()), "a path");
        let (_, rest) = Middleware::take("x", "a,ttl=5ms", &[Argument::optional("ttl", ArgumentKind::Duration, "")]).unwrap();
        assert_eq!(rest, "a,ttl=5ms", "its own");
        let unread = [Argument::required("member", ArgumentKind::Rest, "")];
        let (m, rest) = Middleware::take("x", r#"a::b="c",metrics=true"#, &unread).unwrap();
        assert_eq!((m, rest.as_str()), (Middleware::default(), r#"a::b="c",metrics=true"#), "a syntax of its own");
        let e = Middleware::take("file", "a,delay=soon", &own).unwrap_err();
        assert!(e.reason().contains("delay=soon is not a time"), "{e}");
    }
}
