//! What moves bytes.
//!
//! A [`Memory`] is physical memory, shared and cheap to clone. Where its bytes lie in our own address space it is read in
//! place ([`mapped`]); where each access costs a call it is read in batches. An [`AddressSpace`] is a memory seen through page
//! tables. Both are read through the same helpers ([`ViewExt`]) and can always say which bytes are missing ([`Gap`]).
#![deny(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_lossless
)]

mod ahead;
mod cache;
mod entry;
mod explain;
mod fault;
mod flat;
mod linear;
pub mod mapped;
mod memory;
mod metrics;
mod num;
mod pager;
mod read;
mod remote;
mod resolver;
mod roots;
mod runs;
pub mod search;
mod shared;
mod software;
mod space;
mod spans;
#[cfg(test)]
mod tests;
mod view;
mod walk;
pub(crate) mod work;
mod write;

pub use cache::OfEpoch;
pub use explain::{Explanation, Step};
pub use fault::{Fault, FaultReason, PagePlace, Prototype};
pub use flat::Flat;
pub use linear::{Computed, Linear, LinearMap};
pub use memory::{Habits, IN_FLIGHT, Memory};
pub use metrics::{Counts, Metered, Metrics};
pub use num::{index, to_u64, to_umem};
pub use pager::{Pager, Said};
pub use read::{Gap, Gaps};
pub use resolver::{Resolved, Resolver, Unmapped, Via};
pub use roots::{RootGroup, find_roots, root_groups, root_groups_until};
pub use runs::RunMap;
pub use software::{FileNumber, Link, Software, SwapEntry, WindowsEntries};
pub use space::AddressSpace;
pub use spans::{PageRun, Walked};
pub use view::{View, ViewExt};
pub use write::Place;
