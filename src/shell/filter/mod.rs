//! `--where`, `--sort` and `--limit`: choosing among the rows of a listing, whatever form they are written in.
//!
//! ```text
//! filter     = or
//! or         = and  { ("or" | "||") and }
//! and        = not  { ("and" | "&&") not }
//! not        = ("not" | "!") not | comparison
//! comparison = value [ operator value ] | "(" or ")"
//! operator   = == != < <= > >=   ~ !~ (regular expression)   [not] in   [not] contains   is [not] null
//! value      = KEY | KEY.KEY | number (12, 4k, 0x1f, -1, 1.5) | "text" | 2026-01-02T03:04 | true | false | null | [value, ...]
//! ```
//!
//! A comparison with what a row does not have (null) is false, and `!=` is the opposite of `==`: `uid != 0` is true of a row
//! without a uid. Numbers compare with addresses (`"0x..."`) as numbers; times compare by as much as was written of them, so
//! that `start_time > 2026-01-02` means after that day.

mod error;
mod eval;
mod keys;
mod lex;
mod order;
mod parse;
mod sift;

#[cfg(feature = "parquet")]
pub use keys::Kind;
pub use keys::Schema;
pub use order::Order;
pub use parse::{Expr, parse};
pub use sift::{Choice, Sift};

#[cfg(test)]
mod tests;
