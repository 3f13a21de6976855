//! Narrowing: of all places in memory that could hold a value, those that did what the value did.
//!
//! A first scan ([`Pass::first`]) takes every place whose value passes a [`Condition`], or every place at all (`?`). Each further pass
//! ([`Pass::next`]) reads the candidates anew and keeps those that are, or have become, what is asked. This goes on a live machine, whose
//! memory changes in between, and from one image to another.
//!
//! A [`Set`] never changes. A pass makes a new one from it, so that an interrupted pass leaves the old one whole; both share the values
//! that are the same, which in memory are most. A set takes no more memory than allowed: the candidates are kept as what is
//! smallest, place by place or as runs or as a bitmap (`block`), and values not at all where all are one.
//!
//! Comparisons run over blocks of native values in loops without choices (`kernel`), on all processors (`work`), in place where memory is
//! mapped (`unit`). A set can be [saved](save) and [loaded](fn@load).
#![deny(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_lossless,
    clippy::as_conversions
)]

mod block;
mod condition;
mod file;
mod kept;
mod kernel;
mod lanes;
mod load;
mod packing;
mod pass;
mod set;
#[cfg(test)]
mod tests;
mod unit;
mod value;

pub use condition::Condition;
pub use file::save;
pub use kept::{Kept, UNNAMED};
#[doc(hidden)]
pub use load::body;
pub use load::load;
pub use pass::Pass;
pub use set::{Candidate, Owner, Part, STEPS, Set, Step, WIDEST_ALIGN};
pub use value::{Kind, LONGEST, Shown, Type, Value};
