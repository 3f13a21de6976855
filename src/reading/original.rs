//! A file as it was when it was opened: the descriptor, what it is known by, and whether it is still all that.
//!
//! A name may lead elsewhere a moment later. What was looked at is hashed, and refused as an output, by its descriptor; the name only tells
//! whether somebody else would find the same file there.

use std::fs::{File, Metadata};
use std::io;
#[cfg(any(test, feature = "cli"))]
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// What a file is known by: the numbers of its device and of itself.
#[cfg(unix)]
type Id = (u64, u64);
/// Without numbers that the standard library tells: when it was made and written, and how long it is. When it was made alone is not enough:
/// NTFS gives that of a file that is gone to the one that takes its name soon after.
#[cfg(not(unix))]
type Id = (Option<SystemTime>, Option<SystemTime>, u64);

/// When anything of the file was changed, its name, owner, mode and times with it: unlike the time of writing no call sets it. In seconds
/// and nanoseconds.
#[cfg(unix)]
type Touched = (i64, i64);
#[cfg(not(unix))]
type Touched = ();

#[cfg(unix)]
fn id(meta: &Metadata) -> Id {
    use std::os::unix::fs::MetadataExt;
    (meta.dev(), meta.ino())
}

#[cfg(not(unix))]
fn id(meta: &Metadata) -> Id {
    (meta.created().ok(), meta.modified().ok(), meta.len())
}

#[cfg(unix)]
fn touched(meta: &Metadata) -> Touched {
    use std::os::unix::fs::MetadataExt;
    (meta.ctime(), meta.ctime_nsec())
}

#[cfg(not(unix))]
fn touched(_: &Metadata) -> Touched {}

/// A file that is evidence, open for reading.
pub(crate) struct Original {
    /// As the user named it.
    path: PathBuf,
    /// The same from the root on: this process may change its folder.
    place: PathBuf,
    file: Arc<File>,
    id: Id,
    len: u64,
    written: Option<SystemTime>,
    touched: Touched,
    /// Whether its name led to these numbers at the time: there are file systems that number anew each time.
    named: bool,
}

impl Original {
    /// The file at `path`, which is open; `found` is what its name told of it.
    ///
    /// # Errors
    /// When the system tells nothing of the open file.
    pub(crate) fn of(path: &Path, file: Arc<File>, found: &Metadata) -> io::Result<Self> {
        let meta = file.metadata()?;
        Ok(Self {
            path: path.to_owned(),
            place: std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
            id: id(&meta),
            len: meta.len(),
            written: meta.modified().ok(),
            touched: touched(&meta),
            named: id(&meta) == id(found),
            file,
        })
    }

    /// Opens the file at `path`, which may be no pipe, device or folder.
    ///
    /// # Errors
    /// When it can't be opened.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        // Before it is opened: a pipe would wait for a writer.
        let found = std::fs::metadata(path)?;
        if !found.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file"));
        }
        Self::of(path, Arc::new(super::open(path)?), &found)
    }

    /// As the user named it.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The open file.
    pub(crate) fn file(&self) -> &Arc<File> {
        &self.file
    }

    /// Bytes that it had when it was opened; 0 of a device.
    #[cfg(feature = "cli")]
    pub(crate) const fn len(&self) -> u64 {
        self.len
    }

    /// Its bytes as they are now, from the first one to the last.
    #[cfg(any(test, feature = "cli"))]
    pub(crate) fn reader(&self) -> impl Read + '_ {
        Reader { file: &self.file, at: 0 }
    }

    /// Whether `meta` tells of this file, whatever its name is by now. Not known where files have no numbers.
    #[cfg(unix)]
    pub(crate) fn is(&self, meta: &Metadata) -> bool {
        self.id == id(meta)
    }

    /// Whether `meta` tells of this file.
    #[cfg(not(unix))]
    pub(crate) fn is(&self, _: &Metadata) -> bool {
        false
    }

    /// What happened to the file or its name since it was opened, if something did.
    pub(crate) fn changed(&self) -> Option<String> {
        let meta = match self.file.metadata() {
            Ok(meta) => meta,
            Err(e) => return Some(format!("the file that was opened can't be looked at any more: {e}")),
        };
        if meta.is_file() && meta.len() < self.len {
            return Some(format!("the file was cut from {} to {} bytes since it was opened", self.len, meta.len()));
        }
        if meta.modified().ok() != self.written || meta.len() != self.len {
            return Some("the file was written to since it was opened".to_owned());
        }
        if self.named {
            match std::fs::metadata(&self.place) {
                Ok(now) if id(&now) == self.id => {}
                Ok(_) => return Some(format!("{} is another file by now than the one that was opened", self.path.display())),
                Err(e) if e.kind() == io::ErrorKind::NotFound => {
                    return Some(format!("{} was renamed, moved or removed since it was opened", self.path.display()));
                }
                Err(e) => return Some(format!("{} can't be looked up any more since it was opened: {e}", self.path.display())),
            }
        }
        // A device's node is touched by whoever watches over devices.
        (meta.is_file() && touched(&meta) != self.touched).then(|| {
            "the file's names, owner, mode or times were changed since it was opened, and with them perhaps its content"
                .to_owned()
        })
    }
}

/// Reads at places of its own: who else reads through the same descriptor moves nothing here.
#[cfg(any(test, feature = "cli"))]
struct Reader<'a> {
    file: &'a File,
    at: u64,
}

#[cfg(any(test, feature = "cli"))]
impl Read for Reader<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = read_at(self.file, buf, self.at)?;
        self.at = self.at.saturating_add(u64::try_from(n).unwrap_or(0));
        Ok(n)
    }
}

#[cfg(all(unix, any(test, feature = "cli")))]
fn read_at(file: &File, buf: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buf, at)
}

#[cfg(all(windows, any(test, feature = "cli")))]
fn read_at(file: &File, buf: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buf, at)
}

#[cfg(all(not(any(unix, windows)), any(test, feature = "cli")))]
fn read_at(mut file: &File, buf: &mut [u8], at: u64) -> io::Result<usize> {
    io::Seek::seek(&mut file, io::SeekFrom::Start(at))?;
    file.read(buf)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::fs;
    use std::io::Write;
    use std::time::Duration;

    /// A file of 8192 bytes, and how it was opened.
    fn opened() -> (tempfile::TempDir, PathBuf, Original) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("image");
        fs::write(&path, [7; 8192]).unwrap();
        let original = Original::open(&path).unwrap();
        assert_eq!(original.changed(), None);
        (folder, path, original)
    }

    fn content(original: &Original) -> Vec<u8> {
        let mut bytes = Vec::new();
        original.reader().read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn what_was_opened_is_read_whatever_its_name_leads_to() {
        let (folder, path, original) = opened();
        let other = folder.path().join("other");
        fs::write(&other, [8; 8192]).unwrap();
        #[cfg(unix)]
        assert!(original.is(&path.metadata().unwrap()) && !original.is(&other.metadata().unwrap()));
        fs::rename(&path, folder.path().join("moved")).unwrap();
        assert!(original.changed().unwrap().contains("was renamed, moved or removed"));
        fs::rename(&other, &path).unwrap();
        assert!(original.changed().unwrap().contains("is another file by now"));
        #[cfg(unix)]
        assert!(original.is(&folder.path().join("moved").metadata().unwrap()) && !original.is(&path.metadata().unwrap()));
        for _ in 0..2 {
            assert_eq!(content(&original), [7; 8192]);
        }
    }

    #[test]
    fn what_is_written_to_or_cut_is_told() {
        let (_folder, path, original) = opened();
        let mut file = File::options().write(true).open(&path).unwrap();
        file.write_all(&[9; 10]).unwrap();
        file.set_modified(original.written.unwrap() + Duration::from_secs(1)).unwrap();
        assert_eq!(original.changed().as_deref(), Some("the file was written to since it was opened"));
        file.set_len(4096).unwrap();
        assert_eq!(original.changed().as_deref(), Some("the file was cut from 8192 to 4096 bytes since it was opened"));
    }

    /// Who sets the time of writing back does not hide that something was written.
    #[test]
    #[cfg(unix)]
    fn a_time_that_was_set_back_is_told() {
        let (_folder, path, original) = opened();
        // The clock of a file system goes in steps of some milliseconds.
        std::thread::sleep(Duration::from_millis(50));
        let mut file = File::options().write(true).open(&path).unwrap();
        file.write_all(&[9; 10]).unwrap();
        file.set_modified(original.written.unwrap()).unwrap();
        assert!(original.changed().unwrap().contains("perhaps its content"));
    }

    #[test]
    fn a_folder_is_no_file() {
        assert!(Original::open(tempfile::tempdir().unwrap().path()).is_err());
    }
}
