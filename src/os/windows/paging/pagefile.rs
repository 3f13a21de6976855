//! Page files that the user has.

use crate::engine::{FaultReason, Pager, index, to_umem};
use crate::symbols::MappedFile;
use memsh_plugin::umem;
use std::path::PathBuf;

/// No system has more page files (`PageFileLow` has four bits).
const MOST: usize = 16;

/// The contents of page files, by their numbers.
#[derive(Default)]
pub(crate) struct PageFiles(Vec<Option<MappedFile>>);

impl PageFiles {
    /// Opens the files, which are in the order of their numbers: `pagefile.sys` mostly is 0, `swapfile.sys` 1. What is wrong with them is
    /// said in `warnings`.
    pub(crate) fn open(paths: &[PathBuf], warnings: &mut Vec<String>) -> Self {
        if paths.len() > MOST {
            warnings.push(format!("--pagefile: a system has {MOST} page files at most; {} were given", paths.len()));
        }
        let open = |path: &PathBuf| match MappedFile::open(path) {
            Ok(file) => Some(file),
            Err(e) => {
                warnings.push(format!("--pagefile {}: {}", path.display(), e.reason()));
                None
            }
        };
        Self(paths.iter().take(MOST).map(open).collect())
    }
}

impl Pager for PageFiles {
    fn fill(&self, reason: FaultReason, page: &mut [u8]) -> bool {
        let FaultReason::PageFile(place) = reason else { return false };
        let (Some(number), Some(at)) = (place.file, place.page) else { return false };
        let Some(Some(file)) = usize::try_from(number).ok().and_then(|n| self.0.get(n)) else { return false };
        let from = umem::from(at).checked_mul(to_umem(page.len())).and_then(index);
        let bytes = from.and_then(|from| file.get(from..from.checked_add(page.len())?));
        bytes.map(|b| page.copy_from_slice(b)).is_some()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
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
        let files = PageFiles::open(&paths, &mut warnings);
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        let mut page = [0u8; 4096];
        let mut fill = |file, at| {
            let place = PagePlace { file, page: at };
            files.fill(FaultReason::PageFile(place), &mut page).then_some(page[4095])
        };
        assert_eq!(fill(Some(0), Some(2)), Some(12));
        assert_eq!(fill(Some(2), Some(0)), Some(20));
        // Behind the end, far behind it, one that is not there, one that was not given, and what is not known.
        assert_eq!(fill(Some(0), Some(3)), None);
        assert_eq!(fill(Some(0), Some(u64::MAX)), None);
        assert_eq!(fill(Some(1), Some(0)), None);
        assert_eq!(fill(Some(3), Some(0)), None);
        assert_eq!((fill(None, Some(0)), fill(Some(0), None)), (None, None));
        assert!(!files.fill(FaultReason::DemandZero, &mut page));
    }
}
