//! `write`: bytes into a live target.

use super::context::Context;
use super::failure::Result;
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::which::Whose;
use super::writing::{self, Unit, WriteRow};

/// Write memory of a live target (needs --write)
#[derive(clap::Args, Debug)]
pub struct Write {
    /// Address of the first byte; `142:ADDR` is process 142's, `p:ADDR` physical (which needs --write=phys)
    #[arg(value_name = "ADDR", allow_hyphen_values = true)]
    address: String,
    /// Bytes in hex (`90 90 c3`, `9090c3`), or what --as says
    #[arg(value_name = "VALUE", required = true, allow_negative_numbers = true)]
    values: Vec<String>,
    /// What the values are: b bytes in hex, w d q numbers of 2, 4 and 8 bytes, p pointers, s text, u text in UTF-16
    #[arg(long = "as", value_name = "UNIT", default_value = "b", hide_possible_values = true)]
    unit: Unit,
    /// A zero behind it, as strings end
    #[arg(short, long)]
    zero: bool,
    #[command(flatten)]
    whose: Whose,
}

impl Command for Write {
    type Row = WriteRow;
    const NAME: &'static str = "write";
    const SUMMARY: &'static str = "Write memory of a live target (needs --write)";
    const SHAPE: Shape = Shape::Object;
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("write init_task+8 90 90 c3", "three bytes; -p PID for those of a process"),
        ("write --as d init_task+8 1", "a number of 4 bytes, in the target's byte order"),
        ("write --as s linux_banner hello", "text"),
        ("write p:0x1000 00", "physical memory, with --write=phys"),
        ("ed init_task+8 1", "as WinDbg writes it"),
        ("undo --list", "what was written; undo takes it back"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, WriteRow>) -> Result<()> {
        let (space, rest) = self.whose.prefixed(cx, &self.address)?;
        writing::allow(cx, &space, Self::NAME)?;
        let address = cx.evaluate(rest, Some(&space))?;
        let mut bytes = writing::bytes(cx, &space, self.unit, &self.values, Self::NAME)?;
        if self.zero {
            let width = match self.unit {
                Unit::B | Unit::S => 1,
                Unit::W | Unit::U => 2,
                Unit::D => 4,
                Unit::Q => 8,
                Unit::P => usize::from(space.pointer_size()),
            };
            bytes.extend(std::iter::repeat_n(0, width));
        }
        out.push(&writing::write(cx, &space, address, &bytes, Self::NAME)?)
    }
}
