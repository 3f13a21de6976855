//! Files that are evidence, opened so that looking at them leaves no trace, and mapped so that their end is not ours.

mod holes;
mod mapped;
mod original;

pub(crate) use mapped::{MappedFile, read_exact_at};
pub(crate) use original::Original;

use std::fs::File;
use std::io;
use std::path::Path;

/// Opens a file for reading and nothing else. Where the system lets this user (Linux: the file's owner, or root), without a change of
/// the file's time of access either: neither reads nor mappings through it leave one.
///
/// # Errors
/// As [`File::open`].
pub(crate) fn open(path: &Path) -> io::Result<File> {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let quietly = rustix::fs::OFlags::NOATIME.bits().cast_signed();
        match File::options().read(true).custom_flags(quietly).open(path) {
            // EPERM: somebody else's file. EINVAL: a file system that knows no such thing.
            Err(e) if matches!(e.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidInput) => {}
            other => return other,
        }
    }
    File::open(path)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::io::{Read, Write};
    use std::time::{Duration, SystemTime};

    #[test]
    fn a_file_is_open_for_reading_only_and_keeps_its_time_of_access() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("evidence");
        std::fs::write(&path, b"bytes").unwrap();
        let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        File::options().write(true).open(&path).unwrap().set_times(std::fs::FileTimes::new().set_accessed(old)).unwrap();
        let mut file = open(&path).unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "bytes");
        assert!(file.write_all(b"x").is_err());
        if cfg!(target_os = "linux") {
            assert_eq!(path.metadata().unwrap().accessed().unwrap(), old);
        }
        assert_eq!(open(&folder.path().join("none")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
