//! Paths in a file: JSON that people and scripts can read, too.

use crate::commands::context::Context;
use crate::commands::evidence::{create, take_back};
use crate::commands::failure::{Failure, Result};
use crate::pointers::Path;
use crate::{Error, ErrorKind, Layer};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};

/// A file of more than this is none of paths.
const LARGEST: u64 = 1 << 30;

/// Paths and where they came from.
#[derive(Serialize, Deserialize)]
pub struct SavedPaths {
    /// What it is, for whoever finds the file: [`FORMAT`].
    format: String,
    /// The target they were found in, for people.
    pub of: String,
    /// Where they lead there, as a hexadecimal number.
    pub address: String,
    /// Bytes of a pointer.
    pub pointer_size: u8,
    /// The paths, the shortest first.
    pub paths: Vec<Path>,
}

const FORMAT: &str = "memsh pointer paths 1";

impl SavedPaths {
    /// Paths to an address.
    pub fn new(of: String, address: u64, pointer_size: u8, paths: Vec<Path>) -> Self {
        Self { format: FORMAT.to_owned(), of, address: format!("{address:#x}"), pointer_size, paths }
    }

    /// Writes them into a file that [`target`] made; nothing is left of it where that fails.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn write(&self, file: File, path: &std::path::Path) -> Result<()> {
        let mut out = BufWriter::new(&file);
        let written = serde_json::to_writer_pretty(&mut out, self).map_err(std::io::Error::from).and_then(|()| out.flush());
        drop(out);
        written.map_err(|e| {
            take_back(file, path);
            Failure::file(path, "write", e)
        })
    }

    /// Reads them.
    ///
    /// # Errors
    /// When the file can't be read, or is no such file.
    pub fn read(path: &std::path::Path) -> Result<Self> {
        let file = File::open(path).map_err(|e| Failure::file(path, "read", e))?;
        let mut text = Vec::new();
        BufReader::new(file).take(LARGEST).read_to_end(&mut text).map_err(|e| Failure::file(path, "read", e))?;
        let unlike = |what: String| {
            let e = Error::new(Layer::Command, ErrorKind::Malformed, format!("{} holds no paths: {what}", path.display()));
            Failure::Error(e.hint("`ptrmap find ADDR --save FILE` writes such a file"))
        };
        let saved: Self = serde_json::from_slice(&text).map_err(|e| unlike(e.to_string()))?;
        if saved.format != FORMAT {
            return Err(unlike(format!("its format is {:?}, not {FORMAT:?}", saved.format)));
        }
        Ok(saved)
    }
}

/// A new file for paths.
///
/// # Errors
/// When it exists and may not be overwritten, or can't be made.
pub fn target(cx: &Context, path: &std::path::Path, force: bool) -> Result<File> {
    create(cx.session().ok(), path, force)
}
