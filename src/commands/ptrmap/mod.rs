//! `ptrmap ...`: pointers of a space, and the way back from an address to what is static.
//!
//! - `build`: a map of every pointer, kept in a file for `find --from`
//! - `find`: paths of pointers from modules to an address
//! - `check`: where saved paths lead in this image; those that survive

mod build;
mod check;
mod find;
mod saved;

pub use build::PtrmapBuild;
pub use check::PtrmapCheck;
pub use find::PtrmapFind;

use super::cells::{Hex, wide};
use super::context::Context;
use super::failure::Result;
use super::reach::Reach;
use crate::pointers::{Built, MAX_POINTERS, Path, build};
use schemars::JsonSchema;
use serde::Serialize;

/// The map of a space.
///
/// # Errors
/// Ctrl-C.
fn map_of(cx: &Context, reach: &Reach, unaligned: bool) -> Result<Built> {
    let source = reach.source();
    let mapped = reach.mapped();
    let words = reach.words(unaligned);
    let built = reach.pass(cx, "collecting pointers", |options| {
        let built = build(&source, words, &mapped, MAX_POINTERS, options);
        let scanned = built.scanned;
        (built, scanned)
    })?;
    if built.cut {
        cx.lost(format!("pointers beyond the first {MAX_POINTERS}"));
    }
    Ok(built)
}

/// A path, as rows have it.
#[derive(Serialize, JsonSchema)]
struct PathPart {
    /// The path: a static address, then what is added to each pointer that is read.
    path: String,
    /// Module that it begins in; `kernel` is the kernel's image.
    module: String,
    /// Distance from the module's base.
    module_offset: Hex,
    /// The same by a symbol, in the kernel.
    symbol: Option<String>,
    /// What is added to each pointer.
    offsets: Vec<i64>,
    /// Pointers on the way.
    depth: u64,
}

impl From<&Path> for PathPart {
    fn from(path: &Path) -> Self {
        Self {
            path: path.to_string(),
            module: path.module.clone(),
            module_offset: Hex(wide(path.module_offset)),
            symbol: path.symbol.clone(),
            offsets: path.offsets.clone(),
            depth: super::reach::size_of(path.depth()),
        }
    }
}
