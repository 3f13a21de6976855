//! Building a crate with cargo.

use super::{failed, io};
use crate::{ErrorKind, Result};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What cargo says of something that it made, as far as it matters.
#[derive(Deserialize)]
struct Message {
    reason: String,
    manifest_path: Option<PathBuf>,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

/// The shared object that the crate in `folder` builds to, in its release profile. What cargo says goes to stderr.
///
/// # Errors
/// When cargo is not there, the crate does not build, or it makes no shared object, or several.
pub fn build(folder: &Path) -> Result<PathBuf> {
    let folder = folder.canonicalize().map_err(|e| io(format!("can't find {}", folder.display()), e))?;
    let manifest = folder.join("Cargo.toml");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(&cargo)
        .args(["build", "--release", "--lib", "--message-format=json-render-diagnostics", "--manifest-path"])
        .arg(&manifest)
        // The folder may choose a toolchain of its own (rust-toolchain.toml).
        .current_dir(&folder)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output();
    let output = output.map_err(|e| {
        io(format!("can't run {} to build {}", cargo.display(), folder.display()), e)
            .hint("https://rustup.rs installs cargo; a plugin that is built already needs none")
    })?;
    if !output.status.success() {
        let what = format!("{} does not build: cargo ended with {}", folder.display(), output.status);
        return Err(failed(ErrorKind::Invalid, what).hint("cargo's own words stand above"));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let messages = text.lines().filter_map(|l| serde_json::from_str::<Message>(l).ok());
    let own = |m: &Message| m.reason == "compiler-artifact" && m.manifest_path.as_ref() == Some(&manifest);
    let is_library = |p: &PathBuf| p.extension().is_some_and(|e| e == std::env::consts::DLL_EXTENSION);
    let libraries: Vec<PathBuf> = messages.filter(own).flat_map(|m| m.filenames).filter(is_library).collect();
    match libraries.as_slice() {
        [one] => Ok(one.clone()),
        _ => {
            let what = format!("{} builds to {} shared objects, and not to one", folder.display(), libraries.len());
            Err(failed(ErrorKind::Invalid, what).hint("a plugin's Cargo.toml says [lib] crate-type = [\"cdylib\"]"))
        }
    }
}
