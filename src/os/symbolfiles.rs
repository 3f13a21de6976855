//! The symbol files that the user names.

use super::trace::Trace;
use crate::symbols::{SymbolFile, load};
use std::path::PathBuf;

/// Reads them all. What can't be read is told in the steps and in a warning.
pub(in crate::os) fn all(paths: &[PathBuf], trace: &mut Trace, warnings: &mut Vec<String>) -> Vec<SymbolFile> {
    let mut files = Vec::new();
    for path in paths {
        let mut why = String::new();
        let loaded = trace.attempt("symbol files", &path.display().to_string(), || {
            let loaded = load(path).map_err(|e| {
                why = e.reason().to_owned();
                e.to_string()
            })?;
            let what = loaded.files.iter().map(|f| f.origin.clone()).collect::<Vec<_>>().join(", ");
            Ok((loaded, what))
        });
        match loaded {
            Some(loaded) => {
                warnings.extend(loaded.failed.iter().map(|(p, e)| format!("{}: {e}", p.display())));
                files.extend(loaded.files);
            }
            None => warnings.push(format!("--symbols {}: not used: {why}", path.display())),
        }
    }
    files
}
