//! From rows to what is read: tables and words for people, JSON, JSON lines and CSV for programs.
//!
//! Every answer arrives as JSON values ([`Sink`](crate::commands::Sink)); nothing here knows where they come from. Text of
//! the target is escaped ([`escape`]) before it can reach a terminal.

mod column;
mod csv;
pub mod escape;
mod fold;
mod hex;
mod json;
mod object;
mod out;
mod paint;
#[cfg(feature = "parquet")]
mod parquet;
mod passes;
mod picture;
mod table;

#[cfg(test)]
pub use column::Column;
pub use fold::fold;
pub use out::{Format, Renderer, Since, Style, field};
pub use paint::Paint;
