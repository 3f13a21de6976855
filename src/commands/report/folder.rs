//! The folder of a report: files that are made anew, and a list of their hashes.

use crate::commands::cells::hex;
use crate::commands::evidence;
use crate::commands::failure::{Failure, Result};
use crate::session::Session;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// A folder that is being filled.
pub struct Folder<'s> {
    session: &'s Session,
    root: PathBuf,
    force: bool,
    /// Name and SHA-256 of each file.
    written: Vec<(String, String)>,
}

/// A file in it.
pub struct Part {
    name: String,
    path: PathBuf,
    file: BufWriter<File>,
    hasher: Sha256,
}

impl<'s> Folder<'s> {
    /// Makes the folder, or takes one that is empty; with `force` one in which something is.
    ///
    /// # Errors
    /// A usage error where something is in it, or it is no folder; when it can't be made.
    pub fn open(session: &'s Session, root: &Path, force: bool) -> Result<Self> {
        let taken = match std::fs::read_dir(root) {
            Ok(mut inside) => inside.next().is_some(),
            Err(_) if root.exists() => return Err(Failure::usage(format!("report: {} is no folder", root.display()))),
            Err(_) => false,
        };
        if taken && !force {
            let hint = "name a new one; --force overwrites the files of a report in it, and leaves others";
            return Err(Failure::Usage(format!("report: {} is not empty", root.display()), Some(hint.to_owned())));
        }
        std::fs::create_dir_all(root).map_err(|e| Failure::file(root, "make", e))?;
        for folder in ["json", "csv"] {
            let folder = root.join(folder);
            match std::fs::symlink_metadata(&folder) {
                Ok(meta) if meta.is_dir() => {}
                // A link would lead the report's files elsewhere.
                Ok(_) => return Err(Failure::usage(format!("report: {} is a link or a file, not a folder", folder.display()))),
                Err(_) => std::fs::create_dir(&folder).map_err(|e| Failure::file(&folder, "make", e))?,
            }
        }
        Ok(Self { session, root: root.to_owned(), force, written: Vec::new() })
    }

    /// Where a file of it lies.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Makes room for a new file, where files may be overwritten.
    ///
    /// # Errors
    /// As [`evidence::vacate`].
    pub fn vacate(&self, name: &str) -> Result<()> {
        if self.force { evidence::vacate(Some(self.session), &self.path(name)) } else { Ok(()) }
    }

    /// Begins a file: a new one always. What has its name already may be a link, to anywhere, and is not written through.
    ///
    /// # Errors
    /// When it is there and may not be overwritten, or can't be written.
    pub fn begin(&self, name: &str) -> Result<Part> {
        let path = self.path(name);
        self.vacate(name)?;
        let file = evidence::create(Some(self.session), &path, false)?;
        Ok(Part { name: name.to_owned(), path, file: BufWriter::with_capacity(1 << 16, file), hasher: Sha256::new() })
    }

    /// Ends a file.
    ///
    /// # Errors
    /// When it can't be written to its end.
    pub fn end(&mut self, mut part: Part) -> Result<()> {
        let flushed = part.file.flush();
        // Some file systems say only now that there was no room.
        let synced = flushed.and_then(|()| match part.file.get_ref().sync_all() {
            Err(e) if e.kind() == std::io::ErrorKind::InvalidInput => Ok(()),
            other => other,
        });
        match synced {
            Ok(()) => {
                self.written.push((part.name, hex(&part.hasher.finalize())));
                Ok(())
            }
            Err(e) => Err(part.spoiled(e)),
        }
    }

    /// Notes a file that another command wrote.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn adopt(&mut self, name: &str, bytes: &[u8]) {
        self.written.push((name.to_owned(), hex(&Sha256::digest(bytes))));
    }

    /// Writes the list of all files and their hashes, as `sha256sum -c` takes it, and gives its own hash.
    ///
    /// # Errors
    /// As [`begin`](Self::begin) and [`end`](Self::end).
    pub fn list(&mut self) -> Result<String> {
        let mut lines = self.written.clone();
        lines.sort();
        let mut part = self.begin("SHA256SUMS")?;
        for (name, sha256) in lines {
            part.write(format!("{sha256}  {name}\n").as_bytes())?;
        }
        self.end(part)?;
        Ok(self.written.pop().map(|(_, sha256)| sha256).unwrap_or_default())
    }
}

impl Part {
    /// Writes on.
    ///
    /// # Errors
    /// When there is no room, or the medium fails: says so, and takes the file back.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.hasher.update(bytes);
        self.file.write_all(bytes).map_err(|e| self.spoiled(e))
    }

    /// The failure of a file that could not be written: half of one is worse than none.
    fn spoiled(&self, e: std::io::Error) -> Failure {
        if self.file.get_ref().metadata().is_ok_and(|m| m.is_file()) {
            let _ = std::fs::remove_file(&self.path);
        }
        let reason = format!("report: can't write {}: {e}; the report in this folder is not whole", self.path.display());
        let error = crate::Error::new(crate::Layer::Command, crate::ErrorKind::Io, reason).caused_by(e);
        Failure::Error(error.hint("make room, or name another folder, and make the report again"))
    }
}
