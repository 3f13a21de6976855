//! Files on their way to disk.

use crate::carve::{File, View};
use crate::commands::cells::hex;
use crate::commands::context::Context;
use crate::commands::evidence::{guard, take_back};
use crate::commands::failure::{Failure, Result};
use crate::commands::searched::Searched;
use crate::umem;
use sha2::{Digest, Sha256};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// A folder for files.
pub struct Extract {
    folder: PathBuf,
    /// Whether there is no room: then nothing more is tried.
    full: bool,
    count: u64,
}

/// What was written.
pub struct Written {
    pub path: String,
    pub sha256: String,
}

enum Ended {
    Failed(std::io::Error),
    Stopped(Failure),
}

impl Extract {
    /// Makes the folder, if it is not there.
    ///
    /// # Errors
    /// When that fails.
    pub fn new(cx: &Context, folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder).map_err(|e| Failure::file(folder, "create", e))?;
        guard(cx.session().ok(), folder)?;
        Ok(Self { folder: folder.to_owned(), full: false, count: 0 })
    }

    /// Writes a file. What can't be written is told, and costs nothing else: the search goes on, and once the disk is full nothing more is
    /// tried.
    ///
    /// # Errors
    /// Ctrl-C alone.
    pub fn write(
        &mut self,
        cx: &Context,
        searched: &Searched,
        at: umem,
        file: &File,
        view: &View<'_>,
    ) -> Result<Option<Written>> {
        if self.full {
            cx.lost("files that were not written, since there was no room");
            return Ok(None);
        }
        let whose = match searched.space.process() {
            Some(p) => format!("{}-", p.pid),
            None => format!("{}-", searched.space.kind()),
        };
        let path = self.folder.join(format!("{whose}{at:#x}.{}", file.extension));
        let made = std::fs::File::options().write(true).create_new(true).open(&path);
        let mut output = match made {
            Ok(output) => output,
            Err(e) => {
                self.failed(cx, &path, &e);
                return Ok(None);
            }
        };
        let mut sha = Sha256::new();
        let copied = view.copy(file.there, &mut |bytes| {
            cx.go_on().map_err(Ended::Stopped)?;
            sha.update(bytes);
            output.write_all(bytes).map_err(Ended::Failed)
        });
        // Some disks say that they are full at the end only.
        let copied = copied.and_then(|_| output.sync_data().or_else(unsupported).map_err(Ended::Failed));
        match copied {
            Ok(()) => {
                self.count += 1;
                Ok(Some(Written { path: path.display().to_string(), sha256: hex(&sha.finalize()) }))
            }
            Err(ended) => {
                // Half a file looks like a whole one.
                take_back(output, &path);
                match ended {
                    Ended::Stopped(e) => Err(e),
                    Ended::Failed(e) => {
                        self.failed(cx, &path, &e);
                        Ok(None)
                    }
                }
            }
        }
    }

    fn failed(&mut self, cx: &Context, path: &Path, e: &std::io::Error) {
        match e.kind() {
            ErrorKind::AlreadyExists => cx.lost(format!("{}, which is there and is not overwritten", path.display())),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                self.full = true;
                cx.lost(format!("{}: {e}; {} files were written before and stay", path.display(), self.count));
            }
            _ => cx.lost(format!("{}, which can't be written: {e}", path.display())),
        }
    }
}

/// A device or pipe has nothing to bring to safety.
fn unsupported(e: std::io::Error) -> std::io::Result<()> {
    if matches!(e.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) { Ok(()) } else { Err(e) }
}
