//! `symbols need` and `symbols import`: symbol files that would help, and taking them to where memsh finds them.

use super::context::Context;
use super::failure::{Failure, Result};
use super::glob::Glob;
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::windows::kernel;
use crate::os::windows::pdbs::{self, Needed, Pdbs};
use crate::symbols::PdbId;
use crate::symbols::library::{Imported, Outcome, id_of, import};
use crate::{Error, ErrorKind, Layer};
use schemars::JsonSchema;
use serde::Serialize;
use std::path::PathBuf;

/// List the symbol files (PDB) that would help, and which of them are there (Windows)
///
/// Typed as `symbols need`. The URL paths stand below the address of a symbol server, such as Microsoft's
/// https://msdl.microsoft.com/download/symbols; memsh itself asks none. Take the list to a machine with a network, and the files back
/// with `symbols import`.
#[derive(clap::Args, Debug)]
pub struct SymbolsNeed {
    /// Only modules with this name (`*` and `?` stand for anything)
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Of the modules of this process: a pid, or a name that only one process has
    #[arg(short = 'p', long = "pid", value_name = "PID|NAME")]
    process: Option<String>,
    /// Only those that are not there
    #[arg(short, long)]
    missing: bool,
}

/// A symbol file.
#[derive(Serialize, JsonSchema)]
pub struct NeedRow {
    /// Module that it is of.
    module: String,
    /// Name of the file; null where the image does not have what tells it.
    pdb: Option<String>,
    /// GUID of the build, 32 hexadecimal digits.
    guid: Option<String>,
    /// Age of the build.
    age: Option<u32>,
    /// Where a symbol server has it, below the server's address.
    url_path: Option<String>,
    /// Whether it is there.
    present: bool,
    /// Where it is.
    source: Option<String>,
    /// What lies in its place and can't be used.
    note: Option<String>,
}

fn row(needed: &Needed) -> NeedRow {
    NeedRow {
        module: needed.module.clone(),
        pdb: needed.pdb.clone(),
        guid: needed.guid.clone(),
        age: needed.age,
        url_path: needed.url_path.clone(),
        present: needed.path().is_some(),
        source: needed.path().map(|p| p.display().to_string()),
        note: needed.note(),
    }
}

/// The PDB files of the target's Windows.
fn files<'a>(cx: &Context<'a>, what: &str) -> Result<&'a Pdbs> {
    kernel(cx, what)?.pdbs.as_deref().ok_or_else(|| {
        Error::new(Layer::Symbols, ErrorKind::Unsupported, format!("{what}: this target's modules name no symbol files")).into()
    })
}

impl Command for SymbolsNeed {
    type Row = NeedRow;
    const NAME: &'static str = "symbols-need";
    const ALIASES: &'static [&'static str] = &[];
    const SUMMARY: &'static str = "List the PDB files that would help, and which are there (Windows): symbols need";
    const SHAPE: Shape = Shape::List(&["module", "present", "url_path", "?source", "?note"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("symbols need", "of the kernel and its modules"),
        ("symbols need --missing", "what is left to fetch"),
        ("symbols need ntdll* -p 4", "of a process's modules"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, NeedRow>) -> Result<()> {
        let files = files(cx, "symbols need")?;
        let glob = self.name.as_deref().map(Glob::any_case).transpose()?;
        let listing = match &self.process {
            Some(which) => pdbs::of_process(files, &cx.session()?.find_process(which)?),
            None => pdbs::of_kernel(files),
        };
        let all = cx.take(&listing);
        cx.nothing(match all.len() {
            0 => "no module names a symbol file".to_owned(),
            n => format!("none of {n} modules matches"),
        });
        for needed in all {
            let row = row(&needed);
            if glob.as_ref().is_none_or(|g| g.matches(&row.module)) && !(self.missing && (row.present || row.pdb.is_none())) {
                out.push(&row)?;
            }
        }
        Ok(())
    }
}

/// Copy symbol files of Windows (PDB, ISF) to where memsh finds them
///
/// Typed as `symbols import`. Each file goes into memsh's own store in the user's data folder, in the place that its GUID and age say; it
/// is found there from the next start on. Takes folders and zip archives of such files, too.
#[derive(clap::Args, Debug)]
pub struct SymbolsImport {
    /// PDB files, ISF documents (.json, also packed), zip archives or folders
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
}

/// What became of a file.
#[derive(Serialize, JsonSchema)]
pub struct ImportRow {
    /// The file; for one in an archive the archive, `!`, and its name there.
    file: String,
    /// `taken`, `present` (the store had it), or `left`.
    result: &'static str,
    /// Name of the symbol file that it is.
    pdb: Option<String>,
    /// GUID of the build, 32 hexadecimal digits.
    guid: Option<String>,
    /// Age of the build.
    age: Option<u32>,
    /// Where it is in the store.
    place: Option<String>,
    /// Why it was not taken.
    reason: Option<String>,
}

fn imported(one: &Imported) -> ImportRow {
    let (result, place, reason) = match &one.outcome {
        Outcome::Taken(place) => ("taken", Some(place), None),
        Outcome::Present(place) => ("present", Some(place), None),
        Outcome::Left(why) => ("left", None, Some(why.clone())),
    };
    ImportRow {
        file: one.file.clone(),
        result,
        pdb: one.id.as_ref().map(|id| id.database.clone()),
        guid: one.id.as_ref().map(|id| id.guid.clone()),
        age: one.id.as_ref().map(|id| id.age),
        place: place.map(|p| p.display().to_string()),
        reason,
    }
}

/// What modules of the target call their files, by identity: a file that was renamed is told by it.
fn names(cx: &Context) -> Vec<(String, String)> {
    let target = || cx.session().ok()?.os().ok()?.windows.as_ref()?.pdbs.as_deref();
    let Some(files) = target() else { return Vec::new() };
    let name = |n: &Needed| Some((id_of(n.guid.as_deref()?, n.age?), n.pdb.clone()?));
    pdbs::of_kernel(files).items.iter().filter_map(name).collect()
}

impl Command for SymbolsImport {
    type Row = ImportRow;
    const NAME: &'static str = "symbols-import";
    const ALIASES: &'static [&'static str] = &[];
    const SUMMARY: &'static str = "Copy symbol files of Windows to where memsh finds them: symbols import";
    const SHAPE: Shape = Shape::List(&["file", "result", "?place", "?reason"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] =
        &[("symbols import .", "all that are in this folder, and in zip archives in it")];
    const NEEDS_TARGET: bool = false;

    fn run(self, cx: &Context, out: &mut Rows<'_, ImportRow>) -> Result<()> {
        let Some(store) = cx.host().symbol_store() else {
            return Err(Failure::usage("symbols import: there is no folder for the store: set XDG_DATA_HOME or HOME"));
        };
        let names = names(cx);
        let known = |id: &PdbId| {
            let key = id_of(&id.guid, id.age);
            names.iter().find(|(k, _)| k.eq_ignore_ascii_case(&key)).map(|(_, name)| name.clone())
        };
        let mut taken = 0u64;
        let mut failed = None;
        for path in &self.paths {
            import(path, &store, &known, &mut |one| {
                taken += u64::from(matches!(one.outcome, Outcome::Taken(_)));
                if failed.is_none() {
                    failed = out.push(&imported(&one)).err();
                }
                Ok(())
            })?;
        }
        if let Some(failure) = failed {
            return Err(failure);
        }
        cx.nothing("no symbol file of Windows is there");
        if taken > 0 && cx.session().is_ok_and(|s| s.found().is_some()) {
            cx.host().warn("note: what was taken is used from the next start of memsh on");
        }
        Ok(())
    }
}
