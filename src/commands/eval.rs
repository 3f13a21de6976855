//! `eval`: the value of an expression, in every form that people write numbers in.

use super::cells::{Hex, Time};
use super::context::Context;
use super::failure::Result;
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::which::Whose;
use crate::engine::to_u64;
use crate::{VirtAddr, umem};
use schemars::JsonSchema;
use serde::Serialize;

/// Show the value of an expression
#[derive(clap::Args, Debug)]
pub struct Eval {
    /// Numbers, symbols, operators as in C, `*ADDR` and `poi(ADDR)` for a pointer, `task(PID)`
    #[arg(value_name = "EXPRESSION", required = true, num_args = 1.., allow_negative_numbers = true)]
    words: Vec<String>,
    #[command(flatten)]
    whose: Whose,
}

/// A number.
#[derive(Serialize, JsonSchema)]
pub struct EvalRow {
    /// In hex.
    value: Hex,
    /// In decimal, without a sign.
    decimal: String,
    /// In decimal as a number of the pointer's width in two's complement, where that is negative.
    signed: Option<String>,
    /// In octal, with `0o`.
    octal: String,
    /// In binary, with `0b`.
    binary: String,
    /// Its bytes as they lie in memory, where all of them can be printed.
    characters: Option<String>,
    /// The symbol at or below it, where it is an address of the kernel.
    symbol: Option<String>,
    /// The moment, where it is one of our days: counted from 1970 in seconds to nanoseconds, or from 1601 as Windows does.
    time: Option<Time>,
    /// What the moment was counted in: `seconds`, `milliseconds`, `microseconds`, `nanoseconds`, `filetime`.
    time_unit: Option<String>,
}

impl Command for Eval {
    type Row = EvalRow;
    const NAME: &'static str = "eval";
    const ALIASES: &'static [&'static str] = &["calc"];
    const SUMMARY: &'static str = "Show the value of an expression: hex, decimal, binary, characters, symbol, time";
    const SHAPE: Shape = Shape::Object;
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("eval init_task+0x10", "a symbol and an offset"),
        ("eval '(1<<12)*3 - 4k'", "operators as in C"),
        (".formats 0n1700000000", "as WinDbg writes it"),
        ("p/x &init_task", "as gdb writes it"),
        ("ptob 512a", "as crash writes it"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, EvalRow>) -> Result<()> {
        let text = self.words.join(" ");
        // Only what needs the target's memory or names looks for its system.
        let value = match cx.count(&text) {
            Ok(v) if self.whose.is_default() => umem::from(v),
            _ => {
                let space = self.whose.space(cx).ok();
                cx.evaluate(&text, space.as_ref())?
            }
        };
        // Kernels lie in the upper half, of 64 bits or of 32; a smaller number should not make memsh look for a system.
        let high = value >> 63 == 1 || value >> 31 == 1;
        let symbol = cx.session().ok().filter(|_| high).and_then(|s| s.name_of(VirtAddr::new(value)));
        let moment = moment(value);
        out.push(&EvalRow {
            value: Hex(value),
            decimal: value.to_string(),
            signed: to_u64(value).map(u64::cast_signed).filter(|v| *v < 0).map(|v| v.to_string()),
            octal: format!("{value:#o}"),
            binary: format!("{value:#b}"),
            characters: characters(value),
            symbol,
            time: moment.map(|(t, _)| t),
            time_unit: moment.map(|(_, unit)| unit.to_owned()),
        })
    }
}

/// The bytes as they lie in memory, without the zeros at the end, where all are printable.
fn characters(value: umem) -> Option<String> {
    let bytes = value.to_le_bytes();
    let end = bytes.iter().rposition(|b| *b != 0)? + 1;
    let used = bytes.get(..end)?;
    let printable = used.iter().all(|b| b.is_ascii_graphic() || *b == b' ');
    printable.then(|| String::from_utf8_lossy(used).into_owned())
}

/// 2000-01-01 and 2040-01-01 in seconds since 1970.
const OUR_DAYS: std::ops::Range<i64> = 946_684_800..2_208_988_800;
/// From 1601-01-01 to 1970-01-01 in seconds.
const FROM_1601: i64 = 11_644_473_600;
const NANOS: i64 = 1_000_000_000;

/// The moment that a number may be. The ranges are far apart: no number is a moment in two of them.
fn moment(value: umem) -> Option<(Time, &'static str)> {
    let value = i64::try_from(value).ok()?;
    let units = [
        ("seconds", NANOS, 0),
        ("milliseconds", 1_000_000, 0),
        ("microseconds", 1000, 0),
        ("nanoseconds", 1, 0),
        ("filetime", 100, FROM_1601),
    ];
    units.into_iter().find_map(|(name, nanos, epoch)| {
        let per_second = NANOS / nanos;
        let seconds = value.div_euclid(per_second).checked_sub(epoch)?;
        let fraction = value.rem_euclid(per_second).checked_mul(nanos)?;
        OUR_DAYS.contains(&seconds).then(|| (Time(seconds * NANOS + fraction), name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_our_days_are_moments() {
        let of = |v: u64| moment(umem::from(v)).map(|(t, unit)| format!("{t} {unit}"));
        assert_eq!(of(1_700_000_000).as_deref(), Some("2023-11-14T22:13:20Z seconds"));
        assert_eq!(of(1_700_000_000_123).as_deref(), Some("2023-11-14T22:13:20.123Z milliseconds"));
        assert_eq!(of(1_700_000_000_000_001).as_deref(), Some("2023-11-14T22:13:20.000001Z microseconds"));
        assert_eq!(of(1_700_000_000_000_000_001).as_deref(), Some("2023-11-14T22:13:20.000000001Z nanoseconds"));
        assert_eq!(of(133_444_736_000_000_000).as_deref(), Some("2023-11-14T22:13:20Z filetime"));
        for none in [0, 4096, 946_684_799, u64::MAX, 0xffff_ffff_8100_0000] {
            assert_eq!(of(none), None, "{none}");
        }
    }

    #[test]
    fn bytes_are_shown_where_all_are_letters() {
        assert_eq!(characters(0x6c6f_6f74).as_deref(), Some("tool"));
        assert_eq!(characters(0x41).as_deref(), Some("A"));
        assert_eq!((characters(0), characters(0x4100), characters(0xffff_ffff_8100_0000)), (None, None, None));
    }
}
