//! memsh for programs in C and C++: `bindings/c/memsh.h` is made of this by cbindgen, docs/c-api.md explains it.
//!
//! - `fail`: codes and errors, and the border that no panic crosses
//! - `words`: text that comes in and goes out
//! - `target`: opening, closing, asking commands
//! - `row`: what is in a row of an answer
//! - `space`: reading and translating
//! - `scan`: searching
//!
//! What the header's first comment asks of callers is what every function here relies on: pointers that it hands out, or that point to
//! as much as the function says; nothing that was freed. A null pointer is an error and never followed.

#![allow(clippy::missing_safety_doc, reason = "the header's first comment says it for all of them")]

mod fail;
mod row;
mod scan;
mod space;
mod target;
mod words;

pub use fail::{MemshCode, MemshError};
pub use row::MemshRow;
pub use scan::{MemshHit, MemshHits};
pub use space::{MemshGap, MemshRead, MemshSpace, MemshSpaceKind, MemshTranslation};
pub use target::{MemshAnswer, MemshNote, MemshTarget};
