//! Searching a space: for a needle ([`search`]) or for text ([`strings`]).
//!
//! A space (physical memory, the kernel's, a process's) is a [`Source`]: it hands out its bytes as *pieces*, ascending, in
//! place where the memory is mapped. Pieces whose addresses touch belong together even where their frames do not, so a hit
//! may begin in one and end in another; a page that is missing parts them, and nothing matches across it.
//!
//! The space is cut into units of some megabytes ([`span`]) that a few threads take one after the other ([`pipeline`]). A
//! unit owns the hits that *begin* in it and reads on past its end as far as a hit may reach, so each is found exactly once.
//! Hits come out in ascending order, and a slow reader slows the search down rather than filling memory.
//!
//! Many spaces are searched together ([`union`]): bytes that several of them map are looked at once.
//!
//! Text and hex are found at every position, overlapping ones too. A regex is found as regexes are: leftmost first, no two
//! overlapping, never across missing memory.
#![deny(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_lossless
)]

mod charset;
mod guid;
mod hex;
mod letters;
mod many;
mod marks;
mod needle;
#[cfg(test)]
mod needle_tests;
mod needles;
mod number;
mod pattern;
mod pipeline;
mod queue;
mod rank;
mod reading;
mod run;
mod scan;
mod sequence;
mod source;
mod span;
mod stitch;
mod store;
mod strings;
#[cfg(test)]
mod tests;
mod union;
mod values;
mod wide;

pub use charset::{Charset, Legacy};
pub use needle::{MAX_NEEDLE, MAX_REGEX_MATCH, Needle, Widths};
pub use needles::{MAX_NEEDLE_BYTES, MAX_NEEDLES, MAX_SINGLE, Needles};
pub use number::{Number, NumberKind, NumberType};
pub use pipeline::{Options, Step, Summary};
pub use reading::{Form as WrittenForm, Reading};
pub use run::{search, search_steps, strings, strings_steps};
pub use scan::{Hit, Kind};
pub use source::{RunSource, Source, VirtRun, clipped};
pub use span::Span;
pub use strings::StringsOptions;
pub use union::{Found, Owners, Spaces, search_spaces, strings_spaces};
