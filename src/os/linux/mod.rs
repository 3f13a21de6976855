//! Linux, from its memory alone.
//!
//! `find` locates the kernel (page-table root, KASLR slide, symbols, types); everything else reads structures whose layout comes
//! from the types found there. No offset is a constant in this folder.

mod find;
mod kernel;

pub use find::detect;
