//! Page files that the user has.

use crate::engine::{FaultReason, Pager, Said, to_u64, to_umem};
use crate::reading::MappedFile;
use memsh_plugin::umem;
use std::io::ErrorKind;
use std::path::PathBuf;

/// No system has more page files (`PageFileLow` has four bits).
const MOST: usize = 16;

/// The contents of page files, by their numbers.
pub(crate) struct PageFiles {
    files: Vec<Option<(String, MappedFile)>>,
    /// Whether one of the numbers may be that of the store of compressed pages, without being known.
    store: bool,
}

impl PageFiles {
    /// Opens the files, which are in the order of their numbers: `pagefile.sys` mostly is 0, `swapfile.sys` 1. What is wrong with them is
    /// said in `warnings`.
    ///
    /// `store`: whether one of the numbers may be that of the store of compressed pages, without being known.
    pub(crate) fn open(paths: &[PathBuf], store: bool, warnings: &mut Vec<String>) -> Self {
        if paths.len() > MOST {
            warnings.push(format!("--pagefile: a system has {MOST} page files at most; {} were given", paths.len()));
        }
        let open = |path: &PathBuf| match MappedFile::open(path) {
            Ok(file) => Some((path.display().to_string(), file)),
            Err(e) => {
                warnings.push(format!("--pagefile {}: can't read it: {e}", path.display()));
                None
            }
        };
        Self { files: paths.iter().take(MOST).map(open).collect(), store }
    }
}

impl Pager for PageFiles {
    fn fill(&self, reason: FaultReason, page: &mut [u8]) -> Result<Said, Said> {
        let place = match reason {
            FaultReason::PageFile(place) => place,
            FaultReason::Compressed(_) => {
                return Err("a page of the store of compressed pages is said to be in the store itself".into());
            }
            _ => return Err("".into()),
        };
        let (Some(number), Some(at)) = (place.file, place.page) else {
            return Err("its entry does not tell the page file, or the page of it".into());
        };
        let (name, file) = match usize::try_from(number).ok().and_then(|n| self.files.get(n)) {
            Some(Some(file)) => file,
            Some(None) => return Err(format!("page file {number} can't be read").into()),
            None if number == 0 => return Err("give the machine's pagefile.sys with --pagefile".into()),
            None if self.store && number > 1 => {
                return Err(format!(
                    "page file {number} was not given (--pagefile), or is the store of compressed pages, which symbols of the kernel tell (--symbols)"
                )
                .into());
            }
            None => {
                return Err(format!(
                    "page file {number} was not given: --pagefile names them in the order of their numbers, from 0 on"
                )
                .into());
            }
        };
        let from = umem::from(at).checked_mul(to_umem(page.len())).and_then(to_u64);
        match from.ok_or(ErrorKind::UnexpectedEof.into()).and_then(|from| file.read_at(from, page)) {
            Ok(()) => Ok(name.clone().into()),
            Err(e) if e.kind() == ErrorKind::UnexpectedEof => Err(format!("page {at:#x} is behind the end of {name}").into()),
            Err(e) => Err(format!("page {at:#x} of {name} can't be read: {e}").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::engine::PagePlace;

    #[test]
    fn pages_by_file_and_number() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, byte: u8| {
            let path = folder.path().join(name);
            let pages: Vec<u8> = (0..3u8).flat_map(|n| [byte + n; 4096]).collect();
            std::fs::write(&path, pages).unwrap();
            path
        };
        let mut warnings = Vec::new();
        let paths = [write("pagefile.sys", 10), folder.path().join("none"), write("swapfile.sys", 20)];
        let files = PageFiles::open(&paths, false, &mut warnings);
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        let mut page = [0u8; 4096];
        let mut fill = |file, at| {
            let place = PagePlace { file, page: at };
            files.fill(FaultReason::PageFile(place), &mut page).ok().map(|_| page[4095])
        };
        assert_eq!(fill(Some(0), Some(2)), Some(12));
        assert_eq!(fill(Some(2), Some(0)), Some(20));
        // Behind the end, far behind it, one that is not there, one that was not given, and what is not known.
        assert_eq!(fill(Some(0), Some(3)), None);
        assert_eq!(fill(Some(0), Some(u64::MAX)), None);
        assert_eq!(fill(Some(1), Some(0)), None);
        assert_eq!(fill(Some(3), Some(0)), None);
        assert_eq!((fill(None, Some(0)), fill(Some(0), None)), (None, None));
        let compressed = PagePlace { file: Some(0), page: Some(0) };
        assert!(files.fill(FaultReason::Compressed(compressed), &mut page).unwrap_err().contains("store itself"));
        assert_eq!(files.fill(FaultReason::DemandZero, &mut page), Err("".into()));
        // What is cut off after it was opened is no page of zeros.
        if cfg!(target_os = "linux") {
            std::fs::OpenOptions::new().write(true).open(&paths[2]).unwrap().set_len(4096).unwrap();
            let place = |page| FaultReason::PageFile(PagePlace { file: Some(2), page: Some(page) });
            assert!(files.fill(place(1), &mut page).unwrap_err().contains("behind the end"));
            assert!(files.fill(place(0), &mut page).is_ok() && page[0] == 20);
        }
    }
}
