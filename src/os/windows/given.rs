//! Types and symbols from files that the user names.

use super::base::kernel::Pdb;
use crate::os::symbolfiles;
use crate::os::trace::Trace;
use crate::symbols::{SymbolFile, SymbolTable, Types};
use std::path::PathBuf;
use std::sync::Arc;

/// What the files gave.
#[derive(Default)]
pub(super) struct Given {
    pub(super) types: Option<Arc<dyn Types>>,
    /// Addresses as distances from the kernel's base.
    pub(super) symbols: Option<SymbolTable>,
}

/// The types and symbols of the first file that is of this kernel, by the identity of its PDB; of one that does not name it, its types.
pub(super) fn read(paths: &[PathBuf], own: Option<&Pdb>, trace: &mut Trace, warnings: &mut Vec<String>) -> Given {
    let mut files = symbolfiles::all(paths, trace, warnings);
    let matches = |f: &SymbolFile| match (&f.pdb, own) {
        (Some(of), Some(own)) => Some(own.id.eq_ignore_ascii_case(&format!("{}{:X}", of.guid, of.age))),
        _ => None,
    };
    // Its own first, then those that do not say whose they are.
    files.sort_by_key(|f| match matches(f) {
        Some(true) => 0,
        None => 1,
        Some(false) => 2,
    });
    let mut given = Given::default();
    for file in files {
        let foreign = matches(&file) == Some(false);
        if given.types.is_none() && file.types.as_ref().is_some_and(|t| t.find("_EPROCESS").is_some()) {
            if foreign {
                warnings.push(format!("{}: it is of another build than the kernel in the image", file.origin));
            }
            given.types = file.types;
            if !foreign {
                given.symbols = file.symbols;
            }
        }
    }
    given
}
