//! `modules`: what is loaded into the kernel or a process.

use super::cells::{Hex, exact, exact_maybe, number, plain, plain_maybe};
use super::context::Context;
use super::failure::{Failure, Result};
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::which::{Whose, open};
use crate::engine::search::Options;
use crate::image::{ModuleImage, ProcessImage};
use crate::os::linux::code::modscan::module_scan;
use crate::os::windows::Kernel;
use crate::os::windows::drivers::scan::{SeenModule, Way, scan};
use memsh_plugin::{ModuleInfo, Process, Text};
use schemars::JsonSchema;
use serde::Serialize;

/// List modules of the kernel, or of a process
#[derive(clap::Args, Debug)]
pub struct Modules {
    /// Only modules with this name (`*` and `?` stand for anything); a number is a process, as with -p
    #[arg(value_name = "NAME|PID")]
    name: Option<String>,
    /// Only the module that holds this address
    #[arg(short = 'a', long = "address", value_name = "ADDR", allow_hyphen_values = true)]
    holds: Option<String>,
    /// Look for modules of the kernel by every way that leads to them, and compare: hidden ones too
    #[arg(short = 's', long)]
    scan: bool,
    #[command(flatten)]
    whose: Whose,
}

/// The ways that lead to a module of the kernel, and whether it was found on each; null where this kernel can't be asked.
#[derive(Serialize, JsonSchema)]
struct ModuleSourcesPart {
    /// The list of modules, which `lsmod` shows.
    list: Option<bool>,
    /// The objects in sysfs.
    sysfs: Option<bool>,
    /// The tree that finds a module by an address of its code.
    tree: Option<bool>,
    /// The areas of virtual memory that were allocated for modules.
    vmalloc: Option<bool>,
    /// By its look: near the kernel (Linux); a PE file in the kernel's half that can run (Windows).
    signature: Option<bool>,
    /// The driver objects, each of which says where its image lies (Windows).
    driver_object: Option<bool>,
    /// The loader's entry, by the tag of its pool block anywhere in memory (Windows).
    pool_tag: Option<bool>,
}

/// A module.
#[derive(Serialize, JsonSchema)]
pub struct ModuleRow {
    /// Short name; null where --scan found no more than the module's memory.
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_bytes: Option<String>,
    /// Where it lies.
    base: Hex,
    /// Its size in bytes.
    size: u64,
    /// File it came from.
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
    /// Instruction set.
    arch: Option<String>,
    /// `live`, `coming`, `going` (Linux kernel modules); `unloaded`, where a minidump still knows of one (other memory may lie there now).
    state: Option<String>,
    /// Reference count (Linux kernel modules).
    refcount: Option<i64>,
    /// Modules that use it (Linux kernel modules).
    used_by: Option<Vec<String>>,
    /// Address of its control block, where there is one.
    address: Option<Hex>,
    /// Version of the file, where the dump of a process says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    /// The linker's time stamp in the file's header: seconds since 1970, or a hash where the build is reproducible.
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<u32>,
    /// File with its symbols (PDB), where the dump of a process says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    debug_file: Option<String>,
    /// Id of the build, by which symbol servers know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    debug_id: Option<String>,
    /// Loaded, and not in the system's list (with --scan).
    #[serde(skip_serializing_if = "Option::is_none")]
    hidden: Option<bool>,
    /// Where it was found, with --scan.
    #[serde(skip_serializing_if = "Option::is_none")]
    sources: Option<ModuleSourcesPart>,
}

impl Command for Modules {
    type Row = ModuleRow;
    const NAME: &'static str = "modules";
    const ALIASES: &'static [&'static str] = &["lm", "lsmod", "mod", "dlllist", "ldrmodules"];
    const SUMMARY: &'static str = "List modules of the kernel, or of a process";
    const SHAPE: Shape = Shape::List(&["name", "base", "size", "state", "refcount", "used_by", "path"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("modules", "of the kernel"),
        ("modules 1", "the program and its libraries"),
        ("lm v*", "by name"),
        ("modules --scan", "hidden ones too, and where each was found"),
    ];
    const BATCH: Option<(&'static str, &'static [&'static str])> = Some(("scan", SCAN));

    fn run(mut self, cx: &Context, out: &mut Rows<'_, ModuleRow>) -> Result<()> {
        let mut words: Vec<String> = self.name.take().into_iter().collect();
        self.whose.take_from(cx, &mut words, false)?;
        self.name = words.pop();
        let pattern = self.name.as_deref().map(super::glob::Glob::new).transpose()?;
        let holds = self.holds.as_deref().map(|text| cx.evaluate(text, None)).transpose()?;
        let inside = |m: &ModuleInfo| holds.is_none_or(|a| a.checked_sub(m.base.value()).is_some_and(|n| n < m.size));
        let named = |m: &ModuleInfo| pattern.as_ref().is_none_or(|g| g.matches(&m.name.to_string_lossy()));
        let matches = |m: &ModuleInfo| inside(m) && named(m);
        if self.scan {
            if self.whose.process.is_some() {
                return Err(Failure::usage("modules: --scan looks for modules of the kernel; a process has none of these"));
            }
            return scanned(cx, &matches, out);
        }
        let os = cx.session()?.os()?.os.as_ref();
        let process = self.whose.process(cx)?;
        let listing = match &process {
            Some(p) => Result::from(open(os, p)?.modules()),
            None => Result::from(os.kernel_modules()),
        };
        let modules = cx.take(&listing.map_err(crate::Error::from)?);
        // What only the dump of a process knows.
        let dump = cx.session()?.image().process.as_deref();
        let unloaded = dump.map(|p| unloaded(p)).unwrap_or_default();
        match (&process, modules.len()) {
            (Some(p), 0) => cx.nothing(format!("{}/{} has no program in its memory", plain(&p.name), p.pid)),
            (None, 0) => cx.nothing("no module is loaded into the kernel"),
            (_, n) => cx.nothing(format!("none of the {n} modules matches")),
        }
        for (i, m) in modules.iter().enumerate().filter(|(_, m)| matches(m)) {
            // The process of a dump lists its modules in the dump's order.
            let said = dump.and_then(|d| d.modules.get(i)).filter(|d| d.base == m.base && d.name() == m.name.as_bytes());
            out.push(&of_dump(row(m, process.is_none()), said))?;
        }
        for (m, said) in unloaded.iter().filter(|(m, _)| matches(m)) {
            out.push(&of_dump(row(m, false), Some(said)))?;
        }
        Ok(())
    }
}

/// Modules that were unloaded before the dump was taken.
fn unloaded(process: &ProcessImage) -> Vec<(ModuleInfo, &ModuleImage)> {
    let one = |m: &ModuleImage| ModuleInfo {
        name: Text::from(m.name()),
        base: m.base,
        size: m.size,
        path: Some(Text::from(m.path.as_slice())).into(),
        state: Some(Text::from("unloaded")).into(),
        ..ModuleInfo::default()
    };
    process.unloaded.iter().map(|m| (one(m), m)).collect()
}

fn of_dump(row: ModuleRow, said: Option<&ModuleImage>) -> ModuleRow {
    let Some(m) = said else { return row };
    ModuleRow {
        version: m.version.clone(),
        timestamp: m.timestamp,
        debug_file: m.debug_file.as_deref().map(|f| plain(&Text::from(f))),
        debug_id: m.debug_id.clone(),
        ..row
    }
}

/// Columns of `modules --scan`.
const SCAN: &[&str] = &[
    "name",
    "base",
    "size",
    "state",
    "hidden",
    "sources.list",
    "!sources.sysfs",
    "!sources.tree",
    "!sources.vmalloc",
    "!sources.driver_object",
    "!sources.pool_tag",
    "sources.signature",
];

fn scanned(cx: &Context, matches: &dyn Fn(&ModuleInfo) -> bool, out: &mut Rows<'_, ModuleRow>) -> Result<()> {
    if let Some(kernel) = &cx.session()?.os()?.windows {
        for m in every_driver(kernel, cx)?.iter().filter(|m| matches(&m.info)) {
            let get = |way| m.sources.get(way);
            let part = ModuleSourcesPart {
                list: get(Way::List),
                sysfs: None,
                tree: None,
                vmalloc: None,
                signature: get(Way::Signature),
                driver_object: get(Way::DriverObject),
                pool_tag: get(Way::PoolTag),
            };
            out.push(&ModuleRow { hidden: Some(m.hidden), sources: Some(part), ..row(&m.info, true) })?;
        }
        return Ok(());
    }
    let kernel = cx.session()?.linux("modules --scan")?;
    let found = module_scan(kernel, &Options::new(cx.host().interrupt())).map_err(crate::Error::from)?;
    cx.go_on()?;
    for m in cx.take(&found).iter().filter(|m| matches(&m.info)) {
        let s = m.sources;
        let (driver_object, pool_tag) = (None, None);
        let (list, sysfs, tree, vmalloc, signature) = (s.list, s.sysfs, s.tree, s.vmalloc, s.signature);
        let part = ModuleSourcesPart { list, sysfs, tree, vmalloc, signature, driver_object, pool_tag };
        out.push(&ModuleRow { hidden: Some(m.hidden), sources: Some(part), ..row(&m.info, true) })?;
    }
    Ok(())
}

/// Every module of a Windows kernel that can be found. One pass over memory; says how far it is and ends on Ctrl-C.
pub fn every_driver(kernel: &Kernel, cx: &Context) -> Result<Vec<SeenModule>> {
    let found = cx
        .over_memory("looking for modules", kernel.space.memory(), |options| scan(kernel, options))
        .map_err(crate::Error::from)?;
    cx.go_on()?;
    Ok(cx.take(&found))
}

fn row(m: &ModuleInfo, kernel: bool) -> ModuleRow {
    ModuleRow {
        name: Some(plain(&m.name)).filter(|n| !n.is_empty()),
        name_bytes: exact(&m.name),
        base: m.base.into(),
        size: number(m.size),
        path: plain_maybe(&m.path),
        path_bytes: exact_maybe(&m.path),
        arch: Some(plain(&m.arch)).filter(|a| !a.is_empty()),
        state: plain_maybe(&m.state),
        refcount: m.refcount.get(),
        used_by: kernel.then(|| m.used_by.iter().map(plain).collect()),
        address: m.address.get().map(Hex::from),
        version: None,
        timestamp: None,
        debug_file: None,
        debug_id: None,
        hidden: None,
        sources: None,
    }
}
