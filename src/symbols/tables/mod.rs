//! Type tables: the layouts of a kernel's structures as text, for kernels that carry none themselves.
//!
//! A table is made from the debug information of one kernel ([`write()`]) and holds the structures that are asked for, what is
//! embedded in them, and names for what they point to. Several tables of one machine lie in one compressed file: they repeat each
//! other, and together they take little more room than one.
//!
//! The form is lines, so that a difference between two kernels is a difference between two files:
//!
//! ```text
//! memsh types 1
//! release 6.1.0-50-686
//! machine x86
//! source linux-image-6.1.0-50-686-dbg 6.1.176-1
//! types
//! b int 4 s                      a base type: size; s signed, c character, o boolean, f floating point
//! t pid_t =__kernel_pid_t        a typedef
//! s list_head 8                  a structure: size, then its members
//!  next 0 *s:list_head           name, distance in bytes from the member before, type
//!  prev 4 *s:list_head
//! .
//! ```
//!
//! Types are written `=NAME` (base type or typedef), `s:NAME` `u:NAME` `e:NAME` (structure, union, enumeration), `*TYPE`,
//! `[N]TYPE`, `v` (void), `f` (function); `{s SIZE NAME` opens a definition that ends with `.`, for what has no name or not this
//! definition elsewhere. A bit field has `DISTANCE.BIT:WIDTH`.

mod adjust;
mod embedded;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use adjust::{Adjusted, Change};
pub use embedded::{Family, family};
pub use read::Table;
pub use write::{Facts, Reach, write};

/// The first line.
const MAGIC: &str = "memsh types 1";
