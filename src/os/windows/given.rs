//! Types and symbols of the kernel from symbol files: those that the user names, then those of stores.

use super::base::kernel::Pdb;
use crate::os::trace::Trace;
use crate::os::{Hints, symbolfiles};
use crate::symbols::library::{self, Found, Library};
use crate::symbols::{FileKind, PdbId, SymbolFile, SymbolTable, Types};
use std::path::PathBuf;
use std::sync::Arc;

/// What the files gave.
#[derive(Default)]
pub(super) struct Given {
    pub(super) types: Option<Arc<dyn Types>>,
    /// Addresses as distances from the kernel's base.
    pub(super) symbols: Option<SymbolTable>,
    /// Where the files of other modules are looked for.
    pub(super) library: Arc<Library>,
}

/// Names of the kernel's PDB file, without `.pdb`: for one processor or several, without and with PAE.
const KERNELS: [&str; 4] = ["ntoskrnl", "ntkrnlmp", "ntkrnlpa", "ntkrpamp"];

/// Whether a PDB file is a kernel's, by its name.
fn is_kernel(id: &PdbId) -> bool {
    let name = id.database.to_ascii_lowercase();
    KERNELS.contains(&name.strip_suffix(".pdb").unwrap_or(&name))
}

/// `ntkrnlmp.pdb 1B4F...1`.
fn describe(id: &PdbId) -> String {
    format!("{} {}", id.database, library::id_of(&id.guid, id.age))
}

/// The types and symbols of the first file that is of this kernel, by the identity of its PDB; of one that does not name it, its types.
pub(super) fn read(hints: &Hints, own: Option<&Pdb>, trace: &mut Trace, warnings: &mut Vec<String>) -> Given {
    let library = Arc::new(Library::new(&hints.symbols, &hints.stores));
    let mut given = Given::default();
    let explicit: Vec<PathBuf> = library.files().map(PathBuf::from).collect();
    let files = symbolfiles::all(&explicit, trace, warnings);
    take(&mut given, files, &library, own, warnings);
    if given.types.is_none()
        && let Some(own) = own
    {
        stored(&mut given, &library, own, trace, warnings);
    }
    if given.types.is_none() {
        // Documents whose names say nothing; a folder with none of them is one for other modules.
        let rest: Vec<PathBuf> = library.unidentified().map(PathBuf::from).filter(|p| is_document(p)).collect();
        let files = symbolfiles::all(&rest, trace, warnings);
        take(&mut given, files, &library, own, warnings);
    }
    for folder in library.folders().filter(|f| std::fs::read_dir(f).is_err()) {
        warnings.push(format!("--symbols {}: the folder can't be read", folder.display()));
    }
    given.library = library;
    given
}

/// Whether a file may be an ISF document, by its name.
fn is_document(path: &std::path::Path) -> bool {
    path.file_name().is_some_and(|n| n.to_string_lossy().to_ascii_lowercase().contains(".json"))
}

/// The kernel's file by its identity, wherever it lies.
fn stored(given: &mut Given, library: &Library, own: &Pdb, trace: &mut Trace, warnings: &mut Vec<String>) {
    match library.find(&own.name, &own.id) {
        Some(Found::File(_)) => {
            let file = trace.attempt("symbol files", "the identity of the kernel's PDB", || {
                let file = library.load(&own.name, &own.id).ok_or("it is gone")?.map_err(|e| e.to_string())?;
                let detail = format!("{} ({} {})", file.path.display(), own.name, own.id);
                Ok((file, detail))
            });
            if let Some(file) = file {
                warnings.extend(file.warnings.iter().map(|w| format!("{}: {w}", file.path.display())));
                given.types = file.types;
                given.symbols = file.symbols;
            }
        }
        Some(Found::Unusable(path, why)) => warnings.push(format!("{}: {why}", path.display())),
        None => {}
    }
}

/// Of these files the kernel's; those of other programs are kept for whoever asks for them.
fn take(given: &mut Given, mut files: Vec<SymbolFile>, library: &Library, own: Option<&Pdb>, warnings: &mut Vec<String>) {
    let matches = |f: &SymbolFile| match (&f.pdb, own) {
        (Some(of), Some(own)) => Some(own.id.eq_ignore_ascii_case(&library::id_of(&of.guid, of.age))),
        _ => None,
    };
    // Its own first, then those that do not say whose they are.
    files.sort_by_key(|f| match matches(f) {
        Some(true) => 0,
        None => 1,
        Some(false) => 2,
    });
    for file in files {
        library.note(&file);
        let foreign = matches(&file) == Some(false);
        let of_kernel = file.types.as_ref().is_some_and(|t| t.find("_EPROCESS").is_some());
        if foreign
            && file.kind == FileKind::Pdb
            && let (Some(of), Some(own)) = (&file.pdb, own)
            && (of_kernel || is_kernel(of))
        {
            // A PDB has what a build's linker made: of another build it would give wrong answers with a straight face.
            warnings.push(format!(
                "{}: not used: it is {}, and the kernel in the image is of {} {}",
                file.path.display(),
                describe(of),
                own.name,
                own.id
            ));
            continue;
        }
        if given.types.is_none() && of_kernel {
            if foreign {
                warnings.push(format!("{}: it is of another build than the kernel in the image", file.origin));
            }
            warnings.extend(file.warnings.iter().filter(|_| file.kind == FileKind::Pdb).map(|w| format!("{}: {w}", file.origin)));
            given.types = file.types;
            if !foreign {
                given.symbols = file.symbols;
            }
        } else if !of_kernel {
            library.keep(file);
        }
    }
}
