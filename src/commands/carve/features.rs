//! `features`: addresses of mail, the web and networks in memory, counted.

use crate::carve::features::{Counts, Feature, features};
use crate::commands::cells::Hex;
use crate::commands::context::Context;
use crate::commands::failure::{Failure, Result};
use crate::commands::searched::Place;
use crate::commands::sink::Rows;
use crate::commands::spec::{Command, Shape};
use crate::engine::search::{Kind, Options, StringsOptions, strings};
use schemars::JsonSchema;
use serde::Serialize;
use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

/// Count addresses of mail, the web and networks in memory
///
/// In ASCII and UTF-16. The most frequent come first, of each kind for itself.
#[derive(clap::Args, Debug)]
pub struct FeaturesOf {
    /// Only these: email url domain ipv4 ipv6 mac card
    #[arg(long, value_name = "KIND", value_delimiter = ',', hide_possible_values = true, value_parser = clap::builder::PossibleValuesParser::new(Feature::ALL.map(Feature::name)))]
    kind: Vec<String>,
    /// Only the N most frequent of each kind
    #[arg(long, value_name = "N")]
    top: Option<usize>,
    /// Count so many different values at the most; that there were more is told
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    most: usize,
    #[command(flatten)]
    place: Place,
}

/// A value.
#[derive(Serialize, JsonSchema)]
pub struct FeaturesRow {
    /// `email`, `url`, `domain`, `ipv4`, `ipv6`, `mac`, `card`.
    kind: String,
    /// The value, in its usual form.
    value: String,
    /// How often it stands in memory.
    count: u64,
    /// How often of these in UTF-16.
    utf16: u64,
    /// Address of the text in which it was found first.
    first: Hex,
}

/// Longest text that is looked at as one.
const TEXT: usize = 16 << 10;

impl Command for FeaturesOf {
    type Row = FeaturesRow;
    const NAME: &'static str = "features";
    const ALIASES: &'static [&'static str] = &["bulk_extractor"];
    const SUMMARY: &'static str = "Count addresses of mail, the web and networks in memory";
    const SHAPE: Shape = Shape::List(&["kind", "count", "utf16", "first", "value"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] =
        &[("features --top 5", "the most frequent of each kind"), ("features --kind ipv4,domain -p 1", "hosts, in a process")];

    fn run(mut self, cx: &Context, out: &mut Rows<'_, FeaturesRow>) -> Result<()> {
        let kinds: Vec<Feature> = match self.kind.as_slice() {
            [] => Feature::ALL.to_vec(),
            names => names.iter().filter_map(|n| Feature::from_name(n)).collect(),
        };
        // Of rows, not of texts.
        let max = self.place.max.take();
        // The shortest: `a@b.de`.
        let wanted = StringsOptions { min_chars: 6, max_chars: TEXT, ..StringsOptions::default() };
        let mut counts = Counts::new(self.most);
        let searched = self.place.each(cx, "searching", &mut |_, source, options| {
            let every = Options { max_hits: None, ..*options };
            Ok(strings(source, &wanted, &every, &mut |hit| {
                // The engine gives printable ASCII.
                if let Ok(text) = std::str::from_utf8(hit.bytes) {
                    features(text, &mut |feature, value| {
                        if kinds.contains(&feature) {
                            counts.add(feature, value, hit.addr, hit.kind == Kind::Utf16);
                        }
                    });
                }
                ControlFlow::Continue(())
            }))
        });
        let interrupted = matches!(&searched, Err(Failure::Interrupted));
        if interrupted {
            // What was counted so far is shown still; another Ctrl-C ends that, too.
            cx.host().interrupt().store(false, Ordering::SeqCst);
        } else {
            searched?;
        }
        cx.lost_many(counts.left_out(), format!("values beyond {} different ones (--most)", self.most));
        let mut of_kind = (None, 0);
        let mut rows = 0;
        for (feature, value, count) in counts.sorted() {
            of_kind = if of_kind.0 == Some(feature) { (of_kind.0, of_kind.1 + 1) } else { (Some(feature), 1) };
            if self.top.is_some_and(|top| of_kind.1 > top) {
                continue;
            }
            if max == Some(rows) {
                break;
            }
            rows += 1;
            let row = FeaturesRow {
                kind: feature.name().to_owned(),
                value: value.into_string(),
                count: count.count,
                utf16: count.utf16,
                first: Hex(count.first),
            };
            out.push(&row)?;
        }
        if interrupted { Err(Failure::Interrupted) } else { Ok(()) }
    }
}
