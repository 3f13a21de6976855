//! kallsyms, the symbol table that a kernel carries in its own memory.
//!
//! Names are compressed: `names` holds for each symbol a length and that many bytes, each of which stands for a token; the
//! tokens are strings in `token_table`, found through `token_index`; the first character of a name is its kind. `markers`
//! has the offset of every 256th name. The addresses are in a table of their own, coded in one of four ways ([`Encoding`]).
//!
//! How it lies in memory changed over the years (scripts/kallsyms.c, kernel/kallsyms.c, kernel/kallsyms_internal.h):
//!
//! | Linux | order | new |
//! | --- | --- | --- |
//! | 4.19 | values, base, num_syms, names, markers, tokens, index | num_syms and markers as wide as a pointer |
//! | 5.0 | the same | num_syms and markers of 32 bits |
//! | 6.1 | the same | a length of 128 and more takes two bytes |
//! | 6.2 | the same with seqs_of_names before the tokens | 3 bytes a symbol |
//! | 6.4 | num_syms, names, markers, tokens, index, values, base, seqs | |
//! | 6.11 | the same | no more tables of absolute addresses |
//! | 6.15 | the same | no more per-CPU symbols below the kernel |
//! | 7.0 | num_syms, names, markers, tokens, index, values, seqs | values count from their own place; aligned to 4 bytes |
//!
//! No version is asked for here: [`discover`] tries every order and takes the one that proves itself, and [`decode`] chooses
//! the coding of lengths and addresses by what the tables themselves allow.
#![deny(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_lossless
)]

mod bytes;
mod decode;
mod discover;
mod layout;
mod names;
mod order;
mod slice;
#[cfg(test)]
mod synth;
#[cfg(test)]
mod tests;
mod tokens;
mod values;

pub use decode::{Decoded, decode, decode_slice};
pub use discover::{discover, discover_each};
pub use layout::Layout;
pub use tokens::token_table_candidates;
pub use values::Encoding;
