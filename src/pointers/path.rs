//! A path of pointers from a static address to another place, which leads there in every run.

use super::bases::Bases;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A path: read the pointer at a static address, add an offset, read the pointer there, and so on; the last offset leads to the
/// place itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Path {
    /// Module that it begins in.
    pub module: String,
    /// Distance of its first pointer from the module's base.
    pub module_offset: u64,
    /// The same as a symbol and a distance (`init_task+0x4c8`), where there is one: it holds in another build too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// What is added to each pointer that was read. Without any the static address is the place itself.
    pub offsets: Vec<i64>,
}

/// Where a path ends before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// There is no such module here.
    Module,
    /// The pointer at this address can't be read; so many were read before it.
    Unreadable(u64, usize),
}

impl Path {
    /// Pointers on the way.
    pub fn depth(&self) -> usize {
        self.offsets.len()
    }

    /// Where it begins here: by its symbol where `symbol` knows it, else by its module.
    pub fn start(&self, bases: &Bases, symbol: &dyn Fn(&str) -> Option<u64>) -> Option<u64> {
        let named = self.symbol.as_deref().and_then(|text| {
            let (name, distance) = text.split_once('+').unwrap_or((text, "0x0"));
            let distance = u64::from_str_radix(distance.strip_prefix("0x")?, 16).ok()?;
            Some(symbol(name)?.wrapping_add(distance))
        });
        named.or_else(|| Some(bases.named(&self.module)?.start.wrapping_add(self.module_offset)))
    }

    /// Where it leads. `read` reads a pointer.
    ///
    /// # Errors
    /// Where it breaks.
    pub fn resolve(
        &self,
        bases: &Bases,
        symbol: &dyn Fn(&str) -> Option<u64>,
        read: &dyn Fn(u64) -> Option<u64>,
    ) -> Result<u64, Broken> {
        let start = self.start(bases, symbol).ok_or(Broken::Module)?;
        self.offsets.iter().enumerate().try_fold(start, |at, (i, offset)| {
            let value = read(at).ok_or(Broken::Unreadable(at, i))?;
            Ok(value.wrapping_add_signed(*offset))
        })
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.symbol {
            Some(symbol) => f.write_str(symbol)?,
            None => write!(f, "{}+{:#x}", self.module, self.module_offset)?,
        }
        self.offsets.iter().try_for_each(|offset| {
            let sign = if *offset < 0 { '-' } else { '+' };
            write!(f, " -> {sign}{:#x}", offset.unsigned_abs())
        })
    }
}
