//! What kind of made-up target: `seed=7,size=16m,format=x86_64,live=yes`.

use crate::arch::Paging;
use crate::{Error, ErrorKind, Layer, Result};
use std::str::FromStr;

/// What kind of made-up target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DummyOptions {
    /// What decides everything random; the same seed gives the same target everywhere.
    pub seed: u64,
    /// Bytes of physical memory.
    pub size: u64,
    /// The page-table format.
    pub paging: Paging,
    /// Whether it can be written to, and counts as a machine that runs.
    pub live: bool,
}

impl Default for DummyOptions {
    fn default() -> Self {
        Self { seed: 1, size: 16 << 20, paging: Paging::X86_64, live: false }
    }
}

/// Names of the formats, as the options take them.
const FORMATS: &[(&str, Paging)] = &[
    ("x86", Paging::X86),
    ("pae", Paging::X86Pae),
    ("x86_pae", Paging::X86Pae),
    ("x86_64", Paging::X86_64),
    ("la57", Paging::X86_64La57),
    ("x86_64-split", Paging::X86_64Split),
    ("la57-split", Paging::X86_64La57Split),
    ("aarch64", Paging::AArch64K4B48),
    ("aarch64-4k", Paging::AArch64K4B48),
    ("aarch64-16k", Paging::AArch64K16B48),
    ("aarch64-64k", Paging::AArch64K64B48),
    ("aarch64-4k-39", Paging::AArch64K4B39),
    ("aarch64-4k-48", Paging::AArch64K4B48),
    ("aarch64-4k-48-whole", Paging::AArch64K4B48Whole),
    ("aarch64-4k-52", Paging::AArch64K4B52),
    ("aarch64-16k-36", Paging::AArch64K16B36),
    ("aarch64-16k-47", Paging::AArch64K16B47),
    ("aarch64-16k-48", Paging::AArch64K16B48),
    ("aarch64-16k-52", Paging::AArch64K16B52),
    ("aarch64-64k-42", Paging::AArch64K64B42),
    ("aarch64-64k-48", Paging::AArch64K64B48),
    ("aarch64-64k-52", Paging::AArch64K64B52),
    ("arm", Paging::ArmShort),
    ("arm-short", Paging::ArmShort),
    ("arm-short-split", Paging::ArmShortSplit),
    ("arm-long", Paging::ArmLong),
    ("arm-lpae", Paging::ArmLong),
    ("sv32", Paging::Sv32),
    ("riscv32", Paging::Sv32),
    ("riscv64", Paging::Sv39),
    ("sv39", Paging::Sv39),
    ("sv48", Paging::Sv48),
    ("sv57", Paging::Sv57),
];

/// Largest memory that can be asked for: what the program may allocate for a toy.
const MAX_SIZE: u64 = 1 << 30;

fn invalid(reason: String) -> Error {
    let names: Vec<&str> = FORMATS.iter().map(|(n, _)| *n).collect();
    Error::new(Layer::Connector, ErrorKind::Invalid, reason).hint(format!(
        "dummy:seed=NUMBER,size=SIZE,format=NAME,live=yes; SIZE as 16m, at most 1g; NAME is one of {}",
        names.join(", ")
    ))
}

impl FromStr for DummyOptions {
    type Err = Error;

    /// Reads `seed=..,size=..,format=..,live=yes`, in any order, each optional.
    fn from_str(text: &str) -> Result<Self> {
        let mut out = Self::default();
        for part in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
            let part = if part == "live" { "live=yes" } else { part };
            let Some((key, value)) = part.split_once('=') else {
                return Err(invalid(format!("`{part}` is not KEY=VALUE")));
            };
            match key.trim() {
                "seed" => out.seed = number(value).ok_or_else(|| invalid(format!("the seed `{value}` is not a number")))?,
                "size" => {
                    out.size = number(value)
                        .filter(|&n| n <= MAX_SIZE)
                        .ok_or_else(|| invalid(format!("the size `{value}` is not a number of bytes up to 1g")))?;
                }
                "format" => {
                    out.paging = FORMATS
                        .iter()
                        .find(|(n, _)| n.eq_ignore_ascii_case(value.trim()))
                        .map(|(_, p)| *p)
                        .ok_or_else(|| invalid(format!("there is no page-table format `{value}`")))?;
                }
                "live" => {
                    out.live = match value.trim() {
                        "yes" | "true" | "on" | "1" => true,
                        "no" | "false" | "off" | "0" => false,
                        _ => return Err(invalid(format!("live is yes or no, not `{value}`"))),
                    };
                }
                other => return Err(invalid(format!("the made-up target has no option `{other}`"))),
            }
        }
        Ok(out)
    }
}

/// Decimal or `0x` hexadecimal, with `k`, `m` or `g`.
fn number(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    if let Some(hex) = text.strip_prefix("0x") {
        return u64::from_str_radix(hex, 16).ok();
    }
    let (digits, unit) = match text.strip_suffix(['k', 'm', 'g']) {
        Some(d) if text.ends_with('k') => (d, 1 << 10),
        Some(d) if text.ends_with('m') => (d, 1 << 20),
        Some(d) => (d, 1 << 30),
        None => (text.as_str(), 1),
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn options_in_any_order() {
        let o: DummyOptions = "size=8m, format=sv39,seed=0x10".parse().unwrap();
        assert_eq!(o, DummyOptions { seed: 16, size: 8 << 20, paging: Paging::Sv39, live: false });
        assert_eq!("".parse::<DummyOptions>().unwrap(), DummyOptions::default());
        assert!("live".parse::<DummyOptions>().unwrap().live && "live=yes,seed=2".parse::<DummyOptions>().unwrap().live);
    }

    #[test]
    fn errors_name_what_is_wrong_and_what_would_be_right() {
        for (text, what) in [
            ("seed", "`seed` is not KEY=VALUE"),
            ("size=2g", "size `2g`"),
            ("size=99999999999999999999", "not a number of bytes"),
            ("format=vax", "no page-table format `vax`"),
            ("sead=1", "no option `sead`"),
        ] {
            let e = text.parse::<DummyOptions>().unwrap_err();
            assert!(e.to_string().contains(what), "{e}");
            assert!(e.hint_text().unwrap().contains("aarch64-64k-52"));
        }
    }

    #[test]
    fn every_format_has_a_name() {
        for p in Paging::ALL {
            assert!(FORMATS.iter().any(|(_, f)| f == p), "{p:?}");
        }
    }
}
