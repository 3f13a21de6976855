//! `entropy`: where memory is packed, encrypted, empty or plain.

use super::cells::{Hex, exact, number, plain, wide};
use super::context::Context;
use super::failure::{Failure, Result};
use super::searched::{Place, Searched};
use super::sink::Rows;
use super::spec::{Command, Shape};
use crate::survey::{Block, Class, LARGEST, SMALLEST, survey};
use crate::umem;
use schemars::JsonSchema;
use serde::Serialize;
use std::ops::ControlFlow;

/// List stretches of memory by their entropy
///
/// Memory is measured in blocks; blocks next to each other of one class are one row. Classes, by bits of entropy per byte: `zero` (nothing
/// but zeros), `fill` (one other byte), `sparse` (below 1), `plain` (text, code, data), `dense` (7.2 and more: compressed, encrypted, random).
#[derive(clap::Args, Debug)]
pub struct Entropy {
    /// Only here: `START..END`; `142:START..END` is process 142's, `p:START..END` physical
    #[arg(value_name = "RANGE", conflicts_with = "range")]
    within: Option<String>,
    /// Size of a block, a power of two from 1k to 256M
    #[arg(short = 'b', long, value_name = "BYTES", default_value = "4k")]
    block: String,
    /// Only blocks with so many bits per byte or more (0 to 8)
    #[arg(long, value_name = "BITS")]
    above: Option<f64>,
    /// Only this class
    #[arg(long, value_name = "CLASS", value_parser = ["zero", "fill", "sparse", "plain", "dense"])]
    class: Option<String>,
    /// A row for each block, instead of one for neighbours of one class
    #[arg(long)]
    each: bool,
    #[command(flatten)]
    place: Place,
}

/// A stretch of blocks of one class.
#[derive(Serialize, JsonSchema)]
pub struct EntropyRow {
    /// Address of its first byte.
    start: Hex,
    /// Address behind its last byte.
    end: Hex,
    /// Bytes from start to end.
    size: u64,
    /// Bits per byte, 0 to 8: the mean of its blocks.
    entropy: f64,
    /// The highest of its blocks.
    highest: f64,
    /// `zero`, `fill`, `sparse`, `plain` or `dense`.
    class: &'static str,
    /// How many of its bytes are zero.
    zeros: u64,
    /// Bytes in it that are not in the image.
    missing: u64,
    /// `phys`, `kernel` or `pid`.
    space: String,
    /// Process, where it is a process's memory.
    pid: Option<u32>,
    /// Its name.
    process: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    process_bytes: Option<String>,
    /// Name of the region in which it begins.
    region: Option<String>,
}

impl Command for Entropy {
    type Row = EntropyRow;
    const NAME: &'static str = "entropy";
    const SUMMARY: &'static str = "List stretches of memory by their entropy: empty, plain, packed or encrypted";
    const SHAPE: Shape = Shape::List(&["start", "end", "size", "entropy", "class", "pid", "region"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("entropy --class dense", "what is compressed or encrypted, in physical memory"),
        ("entropy -p 1", "a process's memory, stretch by stretch"),
        ("entropy --above 7.9 -b 64k --all", "64 KiB blocks of noise, in every process"),
        ("entropy 0x1000000..0x1010000 --each", "block by block"),
    ];

    fn run(mut self, cx: &Context, out: &mut Rows<'_, EntropyRow>) -> Result<()> {
        if let Some(range) = &self.within {
            self.place.within_range("entropy", range)?;
        }
        let size = wide(cx.count(&self.block)?);
        if !size.is_power_of_two() || !(SMALLEST..=LARGEST).contains(&size) {
            let hint = "try 4k, 64k or 1M".to_owned();
            return Err(Failure::Usage(
                format!("entropy: a block has a power of two of bytes, from 1k to 256M, not {size}"),
                Some(hint),
            ));
        }
        if let Some(bits) = self.above.filter(|b| !(0.0..=8.0).contains(b)) {
            return Err(Failure::Usage(format!("entropy: a byte has 0 to 8 bits of entropy, not {bits}"), None));
        }
        cx.nothing("no block is like that");
        let each = self.each;
        let wanted = |block: &Block| {
            self.above.is_none_or(|bits| block.entropy >= bits) && self.class.as_deref().is_none_or(|c| c == block.class.name())
        };
        self.place.each(cx, "measuring", &mut |searched, source, options| {
            let mut left = options.max_hits.unwrap_or(u64::MAX);
            let mut rows = 0;
            let mut open: Option<Stretch> = None;
            let mut ended = Ok(());
            let mut close = |open: Option<Stretch>| {
                let Some(stretch) = open else { return ControlFlow::Continue(()) };
                if left == 0 {
                    return ControlFlow::Break(());
                }
                left -= 1;
                rows += 1;
                match out.push(&stretch.row(searched)) {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(e) => {
                        ended = Err(e);
                        ControlFlow::Break(())
                    }
                }
            };
            let mut summary = survey(source, size, options, &mut |block| {
                if !wanted(block) {
                    return close(open.take());
                }
                let region = searched.region_of(cx, block.start).map(|r| r.start.value());
                match &mut open {
                    Some(stretch) if !each && stretch.takes(block, region) => stretch.add(block),
                    _ => {
                        let before = open.replace(Stretch::new(cx, searched, block, region));
                        return close(before);
                    }
                }
                ControlFlow::Continue(())
            });
            if !summary.interrupted {
                let _ = close(open.take());
            }
            summary.hits = rows;
            ended.map(|()| summary)
        })
    }
}

/// Neighbouring blocks of one class.
struct Stretch {
    start: umem,
    size: umem,
    class: Class,
    /// Sum of entropy times bytes.
    weighted: f64,
    present: u64,
    zeros: u64,
    highest: f64,
    region: (Option<umem>, Option<String>),
}

impl Stretch {
    fn new(cx: &Context, searched: &Searched, block: &Block, start: Option<umem>) -> Self {
        // Names of the kernel's symbols would say nothing of what lies behind them.
        let name = searched.space.process().and_then(|_| searched.region(cx, block.start)).map(|(name, _)| name);
        let (weighted, present, zeros) = (0.0, 0, 0);
        let region = (start, name);
        let mut new = Self { start: block.start, size: 0, class: block.class, weighted, present, zeros, highest: 0.0, region };
        new.add(block);
        new
    }

    fn takes(&self, block: &Block, region: Option<umem>) -> bool {
        self.class == block.class && self.start.checked_add(self.size) == Some(block.start) && self.region.0 == region
    }

    fn add(&mut self, block: &Block) {
        self.size += block.size;
        self.weighted += block.entropy * f64::from(block.present);
        self.present += u64::from(block.present);
        self.zeros += u64::from(block.zeros);
        self.highest = self.highest.max(block.entropy);
    }

    fn row(self, searched: &Searched) -> EntropyRow {
        let process = searched.space.process();
        // Three decimals are more than a block of 4 KiB can tell.
        let rounded = |bits: f64| (bits * 1000.0).round() / 1000.0;
        EntropyRow {
            start: Hex(self.start),
            end: Hex(self.start.saturating_add(self.size)),
            size: number(self.size),
            entropy: rounded(self.weighted / self.present.max(1) as f64),
            highest: rounded(self.highest),
            class: self.class.name(),
            zeros: self.zeros,
            missing: number(self.size).saturating_sub(self.present),
            space: searched.space.kind().to_owned(),
            pid: process.map(|p| p.pid),
            process: process.map(|p| plain(&p.name)),
            process_bytes: process.and_then(|p| exact(&p.name)),
            region: self.region.1,
        }
    }
}
