//! Which commit a program is built from.
//!
//! A macro, not a build script: what a build script says counts for the whole package, so that each commit would compile the library again. A macro
//! counts for the file that calls it, and that is the program's `main.rs`. The files of git that say what HEAD is are named to the compiler, so that
//! the program is compiled again, and nothing else, when they change.

use proc_macro::TokenStream;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A pair of texts, `(commit, compiler)`.
///
/// The commit is what the variable `MEMSH_COMMIT` says; else the hash of HEAD, with `-dirty` behind it where a file of it was changed; else `unknown`:
/// where there is no git, or the package's folder is no repository of its own. The compiler is what `rustc --version` says.
#[proc_macro]
pub fn facts(_: TokenStream) -> TokenStream {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    let given = std::env::var("MEMSH_COMMIT").ok().filter(|c| !c.is_empty());
    let (commit, files) = match given {
        Some(commit) => (commit, Vec::new()),
        None => head(&folder).unwrap_or_else(|| ("unknown".to_owned(), Vec::new())),
    };
    let mut code = "{ const _: Option<&str> = option_env!(\"MEMSH_COMMIT\");".to_owned();
    for file in files {
        let _ = write!(code, "const _: &[u8] = include_bytes!({:?});", file.display().to_string());
    }
    let _ = write!(code, "({commit:?}, {:?}) }}", env!("MEMSH_RUSTC"));
    code.parse().unwrap_or_default()
}

/// What git says, one line.
fn git(folder: &Path, words: &[&str]) -> Option<String> {
    let mut command = Command::new("git");
    // Of the repository in which the package lies, not of the one in whose hook it is built.
    command
        .arg("--no-optional-locks")
        .arg("-C")
        .arg(folder)
        .args(words)
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE");
    let output = command.output().ok().filter(|o| o.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim_end().to_owned())
}

/// HEAD, and the files that say what it is.
fn head(folder: &Path) -> Option<(String, Vec<PathBuf>)> {
    let top = PathBuf::from(git(folder, &["rev-parse", "--show-toplevel"])?);
    // The source may lie, unpacked, somewhere in the repository of something else.
    if top.canonicalize().ok()? != folder.canonicalize().ok()? {
        return None;
    }
    let hash = git(folder, &["rev-parse", "--verify", "HEAD"])?;
    let changed = git(folder, &["status", "--porcelain", "--untracked-files=no"])?;
    let dirty = if changed.is_empty() { "" } else { "-dirty" };
    let file = |name: &str| Some(folder.join(git(folder, &["rev-parse", "--git-path", name])?)).filter(|p| p.is_file());
    let branch = git(folder, &["symbolic-ref", "-q", "HEAD"]);
    let files = [file("HEAD"), branch.and_then(|b| file(&b)).or_else(|| file("packed-refs"))];
    Some((format!("{hash}{dirty}"), files.into_iter().flatten().collect()))
}
