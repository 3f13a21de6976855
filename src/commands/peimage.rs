//! Which PE image is meant: a module of the kernel or of a process, by name or base.

use super::cells::plain;
use super::context::Context;
use super::evidence::{create, take_back};
use super::failure::{Failure, Result};
use super::which::{Whose, open};
use crate::engine::AddressSpace;
use crate::os::Lost;
use crate::os::windows::pdbs::stem;
use crate::os::windows::pe::binding::{Module, Modules};
use crate::os::windows::pe::loaded::Loaded;
use crate::os::windows::pe::rebuild::rebuild;
use crate::os::windows::{Kernel, session};
use crate::session::Space;
use crate::{Error, ErrorKind, Layer, VirtAddr, umem};
use memsh_plugin::{ModuleInfo, Process, ProcessInfo};
use std::io;
use std::path::Path;

/// An image that was named.
pub struct Chosen {
    /// What it is called; its base where no list names it.
    pub name: String,
    /// Where it lies.
    pub base: VirtAddr,
    /// Its size as the list of modules has it.
    pub size: Option<umem>,
    /// The space it lies in.
    pub space: AddressSpace,
    /// Modules of that space.
    all: Vec<ModuleInfo>,
    /// Whether these are all of them.
    whole: bool,
}

impl Chosen {
    /// The image.
    ///
    /// # Errors
    /// When its headers are not in memory, or make no sense.
    pub fn open(&self, cx: &Context) -> Result<Loaded<'_>> {
        let mut lost = Lost::default();
        let image = Loaded::open(&self.space, self.base, &self.name, self.size, &mut lost);
        cx.take(&lost.listing(Vec::<()>::new()));
        Ok(image?)
    }

    /// The modules that its imports may lead to: those that are made for the same processor mode.
    pub fn modules(&self, wide: bool) -> Modules<'_> {
        let own = |m: &&ModuleInfo| m.arch.as_bytes().is_empty() || (m.arch.as_bytes() != b"x86") == wide;
        let module = |m: &ModuleInfo| Module { name: plain(&m.name), base: m.base, size: m.size };
        Modules::new(&self.space, self.all.iter().filter(own).map(module).collect(), self.whole)
    }
}

fn unknown(which: &str, process: Option<&ProcessInfo>) -> Failure {
    let of = process.map_or_else(|| "the kernel".to_owned(), |p| format!("{}/{}", plain(&p.name), p.pid));
    Error::new(Layer::Os, ErrorKind::NotFound, format!("{of} has no module {which}"))
        .hint(
            "`modules` lists those of the kernel, `modules -p PID` those of a process; the base address of an image will do, too",
        )
        .into()
}

/// The image that `which` names among the modules of the process that was chosen, of the kernel without one.
///
/// # Errors
/// When no module or several have this name.
pub fn choose(cx: &Context, kernel: &Kernel, whose: &Whose, which: &str) -> Result<Chosen> {
    let session = cx.session()?;
    let os = session.os()?.os.as_ref();
    let process = whose.process(cx)?;
    let listing = match &process {
        Some(p) => std::result::Result::from(open(os, p)?.modules()),
        None => std::result::Result::from(os.kernel_modules()),
    };
    let listing = listing.map_err(Error::from)?;
    let whole = listing.lost.is_empty();
    let all = cx.take(&listing);
    let named = |m: &&ModuleInfo| {
        let name = plain(&m.name);
        name.eq_ignore_ascii_case(which)
            || stem(&name).eq_ignore_ascii_case(which)
            || process.is_none() && which.eq_ignore_ascii_case("nt") && m.base == kernel.image.base
    };
    let found: Vec<&ModuleInfo> = all.iter().filter(named).collect();
    let (base, listed) = match found.as_slice() {
        [one] => (one.base, Some(*one)),
        [] => {
            let space: Space = match &process {
                Some(p) => session.process_space(p)?,
                None => session.kernel_space()?,
            };
            // Images begin pages; anything else is a name that nothing has.
            let base = cx.evaluate(which, Some(&space)).ok().map(VirtAddr::new).filter(|a| a.value().is_multiple_of(0x1000));
            let Some(base) = base else { return Err(unknown(which, process.as_ref())) };
            (base, all.iter().find(|m| m.base == base))
        }
        several => {
            let bases: Vec<String> = several.iter().map(|m| format!("{:#x} ({})", m.base.value(), plain(&m.arch))).collect();
            let hint = format!("name one by its base: {}", bases.join(", "));
            return Err(Failure::Usage(format!("{} modules are called {which}", several.len()), Some(hint)));
        }
    };
    let space = match &process {
        Some(p) => match session.process_space(p)?.tables() {
            Some(tables) => tables.clone(),
            None => kernel.space.clone(),
        },
        None => session::space(kernel, base),
    };
    let name = listed.map_or_else(|| format!("{:#x}", base.value()), |m| plain(&m.name));
    let size = listed.map(|m| m.size);
    Ok(Chosen { name, base, size, space, all, whole })
}

/// Writes an image as a PE file; how many bytes of it were not in memory.
///
/// # Errors
/// As [`choose`]; when the image has no headers, or the file can't be written.
pub fn write(cx: &Context, kernel: &Kernel, whose: &Whose, which: &str, output: &Path, force: bool) -> Result<u64> {
    let chosen = choose(cx, kernel, whose, which)?;
    let image = chosen.open(cx)?;
    let mut lost = Lost::default();
    let rebuilt = rebuild(&image, &mut lost);
    cx.take(&lost.listing(Vec::<()>::new()));
    let mut file = create(cx.session().ok(), output, force)?;
    let meter = cx.host().meter("writing", rebuilt.bytes.into());
    let mut go_on = |at| {
        meter.at(at);
        cx.go_on().map_err(|_| io::Error::from(io::ErrorKind::Interrupted))
    };
    match rebuilt.write(&image, &mut file, &mut go_on) {
        Ok(missing) => Ok(missing),
        Err(e) => {
            take_back(file, output);
            cx.go_on()?;
            Err(Failure::file(output, "write", e))
        }
    }
}
