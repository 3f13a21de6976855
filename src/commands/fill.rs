//! `fill`: the same bytes again and again.

use super::context::Context;
use super::failure::{Failure, Result};
use super::read::windbg_count;
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::which::Whose;
use super::writing::{self, Unit, WriteRow};
use crate::edits::LARGEST;

/// Fill memory of a live target with a pattern (needs --write)
#[derive(clap::Args, Debug)]
pub struct Fill {
    /// Address of the first byte; `142:ADDR` is process 142's, `p:ADDR` physical (which needs --write=phys)
    #[arg(value_name = "ADDR", allow_hyphen_values = true)]
    address: String,
    /// Bytes to fill (`64`, `0x100`, `4k`, `L20` in hex as WinDbg has it)
    #[arg(value_name = "LEN")]
    length: String,
    /// The pattern: bytes in hex (`00`, `90 90`), or what --as says
    #[arg(value_name = "VALUE", required = true, allow_negative_numbers = true)]
    values: Vec<String>,
    /// What the values are: b bytes in hex, w d q numbers of 2, 4 and 8 bytes, p pointers, s text, u text in UTF-16
    #[arg(long = "as", value_name = "UNIT", default_value = "b", hide_possible_values = true)]
    unit: Unit,
    #[command(flatten)]
    whose: Whose,
}

impl Command for Fill {
    type Row = WriteRow;
    const NAME: &'static str = "fill";
    const SUMMARY: &'static str = "Fill memory of a live target with a pattern (needs --write)";
    const SHAPE: Shape = Shape::Object;
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("fill linux_banner 64 00", "zeros; -p PID for memory of a process"),
        ("fill --as d init_task 16 0xdeadbeef", "a number, four times"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, WriteRow>) -> Result<()> {
        let (space, rest) = self.whose.prefixed(cx, &self.address)?;
        writing::allow(cx, &space, Self::NAME)?;
        let address = cx.evaluate(rest, Some(&space))?;
        let length = match windbg_count(&self.length) {
            Some(count) => count.ok_or_else(|| Failure::usage(format!("fill: {} is no count", self.length)))?,
            None => cx.count(&self.length)?,
        };
        if length == 0 || length > LARGEST {
            return Err(Failure::usage(format!("fill: {length} bytes; 1 to {LARGEST} can be written at once")));
        }
        let pattern = writing::bytes(cx, &space, self.unit, &self.values, Self::NAME)?;
        let bytes: Vec<u8> = pattern.iter().copied().cycle().take(usize::try_from(length).unwrap_or(0)).collect();
        out.push(&writing::write(cx, &space, address, &bytes, Self::NAME)?)
    }
}
