//! Symbols and types from files that the user has.

use super::image::KernelImage;
use super::trace::Trace;
use crate::os::symbolfiles;
use crate::symbols::{Btf, SymbolTable, Symbols, Types};
use memsh_plugin::umem;
use std::path::PathBuf;
use std::sync::Arc;

/// Types, of which only BTF is what the BTF of modules can stand on.
pub(super) enum Source {
    Btf(Arc<Btf>),
    Other(Arc<dyn Types>),
}

/// What `--symbols` gave.
#[derive(Default)]
pub(super) struct FromFiles {
    pub(super) types: Option<Source>,
    pub(super) symbols: Option<SymbolTable>,
}

/// Reads the files and takes from each what is not there yet. A file with the image's banner goes before one without any; one with
/// another banner is used only where nothing else is, and with a warning.
pub(super) fn read(
    paths: &[PathBuf],
    image: &KernelImage,
    banner: &str,
    trace: &mut Trace,
    warnings: &mut Vec<String>,
) -> FromFiles {
    let mut files = symbolfiles::all(paths, trace, warnings);
    // A folder may have those of Windows, too.
    files.retain(|f| f.pdb.is_none());
    files.sort_by_key(|f| match f.banner.as_deref() {
        Some(b) if same_banner(b, banner) => 0,
        None => 1,
        Some(_) => 2,
    });
    let mut out = FromFiles::default();
    for file in files {
        let foreign = file.banner.as_deref().filter(|b| !same_banner(b, banner)).map(str::to_owned);
        let mut used = false;
        if out.types.is_none() {
            out.types = file.types.map(Source::Other).or_else(|| Btf::parse(file.btf?).ok().map(|b| Source::Btf(Arc::new(b))));
            used |= out.types.is_some();
        }
        if out.symbols.is_none()
            && let Some(table) = file.symbols
        {
            out.symbols = slid(table, image);
            used |= out.symbols.is_some();
        }
        if let Some(b) = foreign.filter(|_| used) {
            warnings.push(format!("{} is of another kernel ({b}); what it says of this one may be wrong", file.path.display()));
        }
        warnings.extend(file.warnings);
    }
    out
}

fn same_banner(a: &str, b: &str) -> bool {
    a.trim_end() == b.trim_end()
}

/// The table at the addresses where the kernel ran: its `_text` is where the image begins.
fn slid(table: SymbolTable, image: &KernelImage) -> Option<SymbolTable> {
    let text = table.address("_text").or_else(|| table.address("_stext"))?;
    // The image may begin a little below _stext; KASLR moves by whole large pages.
    let start = text.align_down(1 << 21).value();
    let slide: umem = image.virt.value().wrapping_sub(start);
    // Per-CPU offsets and absolute values below the image stay where they are.
    Some(table.with_slide(slide, &(start..umem::MAX)))
}
