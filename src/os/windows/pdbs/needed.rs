//! Which PDB files would help, and which are there.

use super::{Pdbs, module, stem};
use crate::os::lost::Lost;
use crate::os::windows::base::kernel::Pdb;
use crate::os::windows::modules;
use crate::symbols::library::{Found, parts_of};
use memsh_plugin::{Listing, ModuleInfo, ProcessInfo};
use std::collections::HashSet;
use std::path::PathBuf;

/// The PDB file of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needed {
    /// Name of the module.
    pub module: String,
    /// Name of its file; none where the image does not have what tells it.
    pub pdb: Option<String>,
    /// GUID, 32 hexadecimal digits.
    pub guid: Option<String>,
    /// Age.
    pub age: Option<u32>,
    /// Where a symbol server has it, below its address.
    pub url_path: Option<String>,
    /// Where it is.
    pub found: Option<Found>,
}

fn needed(name: &str, pdb: Option<&Pdb>, pdbs: &Pdbs) -> Needed {
    let parts = pdb.and_then(|p| parts_of(&p.id));
    Needed {
        module: name.to_owned(),
        pdb: pdb.map(|p| p.name.clone()),
        guid: parts.map(|(guid, _)| guid.to_owned()),
        age: parts.map(|(_, age)| age),
        url_path: pdb.map(|p| format!("{0}/{1}/{0}", p.name, p.id)),
        found: pdb.and_then(|p| pdbs.library.find(&p.name, &p.id)),
    }
}

/// Those of the kernel and of its modules.
pub fn of_kernel(pdbs: &Pdbs) -> Listing<Needed> {
    let mut lost = Lost::default();
    let kernel = &pdbs.kernel;
    let name = if kernel.image.name.is_empty() { "ntoskrnl.exe" } else { &kernel.image.name };
    let mut rows = vec![needed(name, kernel.image.pdb.as_ref(), pdbs)];
    match crate::os::windows::drivers::list(kernel, &mut lost) {
        Ok(list) => {
            for info in list.iter().filter(|m| m.base != kernel.image.base) {
                let pdb = pdbs.modules().iter().find(|m| m.range.start == info.base.value()).and_then(|m| pdbs.pdb(m));
                rows.push(told(info, pdb, pdbs, &mut lost));
            }
        }
        Err(e) => lost.push(e.message.to_string_lossy().into_owned()),
    }
    lost.listing(once(rows))
}

/// Those of the modules of a process.
pub fn of_process(pdbs: &Pdbs, process: &ProcessInfo) -> Listing<Needed> {
    let mut lost = Lost::default();
    let kernel = &pdbs.kernel;
    let space = process.dtb.get().map(|root| kernel.process_space(root));
    let list = modules::list(kernel, process.address, process.pid, &mut lost);
    let mut rows = Vec::new();
    for info in &list {
        let one = module(info, space.clone());
        rows.push(told(info, pdbs.pdb(&one), pdbs, &mut lost));
    }
    lost.listing(once(rows))
}

fn told(info: &ModuleInfo, pdb: Option<&Pdb>, pdbs: &Pdbs, lost: &mut Lost) -> Needed {
    let name = info.name.to_string_lossy();
    if pdb.is_none() {
        lost.push(format!("{name}: the record in its image that names its PDB is not in memory, or there is none"));
    }
    needed(&name, pdb, pdbs)
}

/// Each module once.
fn once(rows: Vec<Needed>) -> Vec<Needed> {
    let mut seen = HashSet::new();
    rows.into_iter().filter(|r| seen.insert((stem(&r.module).to_ascii_lowercase(), r.url_path.clone()))).collect()
}

impl Needed {
    /// The file that is there and can be used.
    pub fn path(&self) -> Option<&PathBuf> {
        match self.found.as_ref()? {
            Found::File(path) => Some(path),
            Found::Unusable(..) => None,
        }
    }

    /// What lies in its place and can't be used, in words.
    pub fn note(&self) -> Option<String> {
        match self.found.as_ref()? {
            Found::File(_) => None,
            Found::Unusable(path, why) => Some(format!("{}: {why}", path.display())),
        }
    }
}
