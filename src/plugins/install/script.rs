//! A plugin's install script: what its author wants to lie beside it.
//!
//! It is Rhai, with nothing of the host's but the functions below. It reads files of the plugin's own source, and writes into the
//! plugin's own folder; it ends after so many steps.

use super::archive::inside;
use super::{failed, io};
use crate::{ErrorKind, Result};
use rhai::{Dynamic, Engine, EvalAltResult, Scope};
use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Longest script.
const MAX_SCRIPT: u64 = 64 << 10;
/// Steps of a script: loops end, in well under a second.
const MAX_OPERATIONS: u64 = 1_000_000;
/// Deepest calls, longest text, largest list.
const MAX_CALLS: usize = 32;
const MAX_DEPTH: usize = 32;
const MAX_TEXT: usize = 1 << 20;
const MAX_LIST: usize = 10_000;
/// Largest file that is copied, and most of them.
const MAX_FILE: u64 = 1 << 30;
const MAX_COPIES: u32 = 1000;
/// Most lines that are printed.
const MAX_LINES: usize = 1000;

/// A script, as it was found.
#[derive(Clone, Debug)]
pub struct Script {
    /// The file.
    pub path: PathBuf,
    /// What it says.
    pub text: String,
}

/// What a script has done so far.
#[derive(Default)]
struct Done {
    copies: u32,
    lines: Vec<String>,
}

type Answer<T> = std::result::Result<T, Box<EvalAltResult>>;

impl Script {
    /// The script `name` in a folder, if there is one.
    ///
    /// # Errors
    /// When it is there and can't be read, or is too long.
    pub fn beside(folder: &Path, name: &str) -> Result<Option<Self>> {
        let path = folder.join(name);
        if !path.is_file() {
            return Ok(None);
        }
        let cant = |e| io(format!("can't read {}", path.display()), e);
        if fs::metadata(&path).map_err(cant)?.len() > MAX_SCRIPT {
            let what = format!("{} is longer than {} KiB", path.display(), MAX_SCRIPT >> 10);
            return Err(failed(ErrorKind::Malformed, what));
        }
        let text = fs::read_to_string(&path).map_err(cant)?;
        Ok(Some(Self { path, text }))
    }

    /// Runs it for the package `name`: it copies into the folder `into`. `tell` takes what it prints.
    ///
    /// # Errors
    /// When it fails, does what it may not, or does not end.
    pub fn run(&self, name: &str, into: &Path, tell: &mut dyn FnMut(&str)) -> Result<()> {
        let done = Rc::new(RefCell::new(Done::default()));
        let mut engine = engine(&done, self.path.parent().unwrap_or(Path::new(".")), into);
        engine.set_max_operations(MAX_OPERATIONS).set_max_call_levels(MAX_CALLS).set_max_expr_depths(MAX_DEPTH, MAX_DEPTH);
        engine.set_max_string_size(MAX_TEXT).set_max_array_size(MAX_LIST).set_max_map_size(MAX_LIST);
        engine.disable_symbol("eval");
        let mut scope = Scope::new();
        scope.push_constant("NAME", name.to_owned());
        scope.push_constant("OS", std::env::consts::OS);
        scope.push_constant("ARCH", std::env::consts::ARCH);
        scope.push_constant("MEMSH_VERSION", env!("CARGO_PKG_VERSION"));
        let outcome = engine.run_with_scope(&mut scope, &self.text);
        done.borrow().lines.iter().for_each(|line| tell(line));
        outcome.map_err(|e| {
            failed(ErrorKind::Invalid, format!("the install script of {name} failed: {e}")).hint("nothing was installed")
        })
    }
}

fn engine(done: &Rc<RefCell<Done>>, from: &Path, into: &Path) -> Engine {
    let mut engine = Engine::new();
    let lines = Rc::clone(done);
    engine.on_print(move |text| {
        let lines = &mut lines.borrow_mut().lines;
        if lines.len() < MAX_LINES {
            lines.push(text.to_owned());
        }
    });
    engine.on_debug(|_, _, _| {});
    let (source, target, copies) = (from.to_owned(), into.to_owned(), Rc::clone(done));
    engine.register_fn("copy", move |what: &str, to: &str| -> Answer<()> {
        copies.borrow_mut().copies += 1;
        if copies.borrow().copies > MAX_COPIES {
            return Err(wrong(format!("more than {MAX_COPIES} files are copied")));
        }
        copy(&source, what, &target, to)
    });
    let target = into.to_owned();
    engine.register_fn("make_folder", move |path: &str| -> Answer<()> {
        let path = target.join(inside(Path::new(path)).map_err(|e| wrong(e.reason()))?);
        fs::create_dir_all(&path).map_err(|e| wrong(format!("can't make {}: {e}", path.display())))
    });
    let source = from.to_owned();
    engine.register_fn("exists", move |path: &str| -> Answer<bool> {
        Ok(source.join(inside(Path::new(path)).map_err(|e| wrong(e.reason()))?).exists())
    });
    engine
}

fn wrong(what: impl Into<String>) -> Box<EvalAltResult> {
    Box::new(EvalAltResult::ErrorRuntime(Dynamic::from(what.into()), rhai::Position::NONE))
}

/// Copies a file of the plugin's source into its own folder.
fn copy(source: &Path, what: &str, target: &Path, to: &str) -> Answer<()> {
    let place = |base: &Path, path: &str| inside(Path::new(path)).map(|p| base.join(p)).map_err(|e| wrong(e.reason()));
    let (from, to) = (place(source, what)?, place(target, to)?);
    let cant = |e: std::io::Error| wrong(format!("can't copy {what}: {e}"));
    // A link could lead to any file of the user's.
    let (real, root) = (from.canonicalize().map_err(cant)?, source.canonicalize().map_err(cant)?);
    let meta = fs::metadata(&real).map_err(cant)?;
    if !real.starts_with(&root) || !meta.is_file() || meta.len() > MAX_FILE {
        return Err(wrong(format!("can't copy {what}: it is no file of the plugin's own, of at most {} MiB", MAX_FILE >> 20)));
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(cant)?;
    }
    fs::copy(&real, &to).map(drop).map_err(cant)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn run(text: &str) -> (Result<()>, Vec<String>, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let (from, into) = (folder.path().join("from"), folder.path().join("into"));
        fs::create_dir_all(from.join("sub")).unwrap();
        fs::create_dir(&into).unwrap();
        fs::write(from.join("sub/table.bin"), b"bytes").unwrap();
        fs::write(folder.path().join("secret"), b"secret").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(folder.path().join("secret"), from.join("link")).unwrap();
        let mut lines = Vec::new();
        let script = Script { path: from.join("install.rhai"), text: text.to_owned() };
        let outcome = script.run("foo", &into, &mut |line| lines.push(line.to_owned()));
        (outcome, lines, folder)
    }

    #[test]
    fn files_are_copied_into_the_plugins_own_folder() {
        let (outcome, lines, folder) = run(
            "make_folder(\"a/b\"); if exists(\"sub/table.bin\") { copy(\"sub/table.bin\", \"tables/t.bin\"); } print(`${NAME} ${OS}`);",
        );
        outcome.unwrap();
        assert_eq!(lines, [format!("foo {}", std::env::consts::OS)]);
        assert_eq!(fs::read(folder.path().join("into/tables/t.bin")).unwrap(), b"bytes");
        assert!(folder.path().join("into/a/b").is_dir());
    }

    #[test]
    fn nothing_leads_out_and_nothing_goes_on_forever() {
        for (text, why) in [
            ("copy(\"../secret\", \"x\")", "leads out"),
            ("copy(\"link\", \"x\")", "no file of the plugin's own"),
            ("copy(\"sub\", \"x\")", "no file of the plugin's own"),
            ("copy(\"sub/table.bin\", \"../x\")", "leads out"),
            ("copy(\"sub/table.bin\", \"/tmp/x\")", "leads out"),
            ("make_folder(\"../../x\")", "leads out"),
            ("exists(\"/etc/passwd\")", "leads out"),
            ("loop {}", "operations"),
            ("fn f() { f() } f()", "tack overflow"),
            ("let a = \"x\"; loop { a += a; }", "ength of string"),
            ("eval(\"1\")", "eval"),
            ("import \"x\" as y;", ""),
            ("open(\"/etc/passwd\")", "open"),
            ("copy(", ""),
            ("for i in 0..2000 { copy(\"sub/table.bin\", \"x\") }", "more than 1000 files"),
        ] {
            let (outcome, _, folder) = run(text);
            let e = outcome.unwrap_err();
            assert!(e.reason().contains(why), "{text}: {}", e.reason());
            assert!(!folder.path().join("x").exists());
        }
        let (outcome, lines, _) = run("for i in 0..5000 { print(i) }");
        assert!(outcome.is_ok() && lines.len() == MAX_LINES);
    }
}
