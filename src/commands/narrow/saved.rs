//! Which set is meant, and where it is kept: in the session by name, in files.

use crate::commands::context::Context;
use crate::commands::evidence::guard;
use crate::commands::failure::{Failure, Result};
use crate::narrow::{Set, UNNAMED, load, save};
use clap::Args;
use std::fs::File;
use std::io::{BufReader, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Which set of candidates.
#[derive(Args, Clone, Debug)]
pub struct Which {
    /// Name of the scan; without one the scan that was used last
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Take the candidates from a file that --save wrote, be it of another image
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// Memory that the candidates may take
    #[arg(long, value_name = "SIZE", default_value = "4G")]
    pub max_memory: String,
}

/// Where a set is written to.
#[derive(Args, Clone, Debug)]
pub struct Keep {
    /// Write the candidates to a file, for `next --from FILE` (in place of what is there)
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
}

impl Which {
    /// The set, and its name.
    ///
    /// # Errors
    /// When there is none, or the file is none.
    pub fn set(&self, cx: &Context, command: &str) -> Result<(String, Arc<Set>)> {
        if let Some(path) = &self.from {
            let set = read(path, cx.count(&self.max_memory)?)?;
            return Ok((self.name.clone().unwrap_or_else(|| UNNAMED.to_owned()), Arc::new(set)));
        }
        let kept = cx.session()?.scans();
        kept.get(self.name.as_deref()).ok_or_else(|| {
            let names: Vec<String> = kept.all().into_iter().map(|(name, ..)| name).collect();
            match &self.name {
                Some(name) if !names.is_empty() => Failure::Usage(
                    format!("{command}: no scan is named {name}"),
                    Some(format!("there are: {}", names.join(", "))),
                ),
                _ => {
                    let hint = "`scan value 100 -t i32 -p PID` begins one; --from FILE takes one that --save wrote";
                    Failure::Usage(format!("{command}: there is no scan for values yet"), Some(hint.to_owned()))
                }
            }
        })
    }
}

/// Reads a set from a file.
///
/// # Errors
/// When it can't be read, or is none.
fn read(path: &Path, limit: u64) -> Result<Set> {
    let file = File::open(path).map_err(|e| Failure::file(path, "read", e))?;
    load(&mut BufReader::new(file), limit).map_err(|e| {
        let told = crate::Error::new(e.layer(), e.kind(), format!("{}: {}", path.display(), e.reason()));
        Failure::Error(match e.hint_text() {
            Some(hint) => told.hint(hint),
            None => told,
        })
    })
}

impl Keep {
    /// Writes the set, if that was asked for: first beside the file, so that nobody ever has half of one.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn write(&self, cx: &Context, set: &Set) -> Result<Option<String>> {
        let Some(path) = &self.save else { return Ok(None) };
        self.check(cx)?;
        let mut beside = path.clone().into_os_string();
        beside.push(format!(".{}.part", std::process::id()));
        let beside = PathBuf::from(beside);
        // A new file: what has that name may be a link, to anywhere.
        let _ = std::fs::remove_file(&beside);
        let written = File::create_new(&beside).and_then(|file| {
            let mut to = BufWriter::new(file);
            save(set, &mut to, cx.host().interrupt())?;
            to.flush()?;
            std::fs::rename(&beside, path)
        });
        written.map_err(|e| {
            let _ = std::fs::remove_file(&beside);
            match e.kind() {
                ErrorKind::Interrupted => Failure::Interrupted,
                _ => Failure::file(path, "write", e),
            }
        })?;
        Ok(Some(path.display().to_string()))
    }

    /// Refuses a file that must not be written, before the work is done.
    ///
    /// # Errors
    /// When it is the image.
    pub fn check(&self, cx: &Context) -> Result<()> {
        self.save.as_deref().map_or(Ok(()), |path| guard(cx.session().ok(), path))
    }
}
