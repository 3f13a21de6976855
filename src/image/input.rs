//! What a format is given to read: the file, and the files beside it.

use super::map::Content;
use super::open::OpenOptions;
use crate::Result;
use crate::reading::Original;
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The bytes of the image that was named, and how to get at what belongs to it.
pub(super) struct Input<'a> {
    /// The bytes: of the file, or what it unpacked to.
    pub content: &'a Arc<Content>,
    /// The file's path; of bytes that came from elsewhere only a name.
    pub path: &'a Path,
    /// What the caller wants.
    pub options: &'a OpenOptions,
    /// Files that were opened beside it.
    pub opened: &'a RefCell<Vec<Arc<Original>>>,
}

impl Input<'_> {
    /// The bytes.
    pub(super) fn data(&self) -> &[u8] {
        self.content
    }

    /// The file beside this one that has another `extension` instead of its own, or behind it; none when there is no such file. The
    /// extension is looked for as given and in capitals.
    pub(super) fn beside(&self, extension: &str) -> Option<PathBuf> {
        let appended = |ext: &str| {
            let mut name = self.path.as_os_str().to_owned();
            name.push(".");
            name.push(ext);
            PathBuf::from(name)
        };
        let upper = extension.to_ascii_uppercase();
        [extension, &upper]
            .into_iter()
            .flat_map(|ext| [self.path.with_extension(ext), appended(ext)])
            .find(|p| p != self.path && p.is_file())
    }

    /// Maps another file, read-only.
    ///
    /// # Errors
    /// As [`Content::map`].
    pub(super) fn open(&self, path: &Path) -> Result<Arc<Content>> {
        let content = Content::map(path).map(Arc::new)?;
        let mut opened = self.opened.borrow_mut();
        if let Some(original) = content.original().filter(|_| !opened.iter().any(|o| o.path() == path)) {
            opened.push(Arc::clone(original));
        }
        Ok(content)
    }
}
