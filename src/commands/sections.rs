//! `sections`: the parts of a module, as its header describes them and as they are mapped.

use super::cells::{Hex, number};
use super::context::Context;
use super::failure::Result;
use super::peimage::choose;
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::which::Whose;
use super::windows::kernel;
use crate::engine::{AddressSpace, PageRun};
use crate::{VirtAddr, umem};
use memsh_plugin::Perm;
use schemars::JsonSchema;
use serde::Serialize;
use std::ops::ControlFlow;

/// List the sections of a module: where they are, what may be done there, what is in memory (Windows)
#[derive(clap::Args, Debug)]
pub struct SectionsOf {
    /// Module of the kernel, or with -p of a process: its name, with or without extension, or its base address
    #[arg(value_name = "MODULE")]
    module: String,
    #[command(flatten)]
    whose: Whose,
}

/// A section of a module.
#[derive(Serialize, JsonSchema)]
pub struct SectionRow {
    /// Its name, up to eight characters.
    name: Option<String>,
    /// Where it begins.
    start: Hex,
    /// Distance from the module's base.
    rva: u32,
    /// Its bytes in memory.
    size: u32,
    /// Its bytes in the file.
    raw_size: u32,
    /// Where it begins in the file.
    raw_offset: u32,
    /// What may be done there by the header: `r-x`.
    perm: String,
    /// What may be done with its pages that are in memory, by the page tables: one word for each sort; pages that are in memory
    /// without a valid entry have `---`. Without a no-execute bit everything can run.
    page_perm: Vec<String>,
    /// Pages that are in memory.
    resident: u64,
    /// Pages it has.
    pages: u64,
    /// Whether drivers lose it after their start.
    discardable: bool,
}

impl Command for SectionsOf {
    type Row = SectionRow;
    const NAME: &'static str = "sections";
    const ALIASES: &'static [&'static str] = &["pesections"];
    const SUMMARY: &'static str = "List the sections of a module (Windows)";
    const SHAPE: Shape = Shape::List(&["name", "start", "size", "raw_size", "perm", "page_perm", "resident", "pages"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] =
        &[("sections ntoskrnl.exe", "of the kernel"), ("sections explorer.exe -p explorer.exe", "of a program")];

    fn run(self, cx: &Context, out: &mut Rows<'_, SectionRow>) -> Result<()> {
        let kernel = kernel(cx, Self::NAME)?;
        let chosen = choose(cx, kernel, &self.whose, &self.module)?;
        let image = chosen.open(cx)?;
        let size = image.headers.size;
        cx.nothing(format!("{} has no sections", chosen.name));
        for s in &image.headers.sections {
            cx.go_on()?;
            let bytes = s.extent().min(size.saturating_sub(s.rva));
            if bytes < s.extent() {
                cx.lost(format!("{}: section {} is said to reach beyond the image", chosen.name, s.name));
            }
            let (resident, page_perm) = mapped(&chosen.space, image.at(s.rva), wide(bytes));
            out.push(&SectionRow {
                name: Some(s.name.clone()).filter(|n| !n.is_empty()),
                start: Hex::from(image.at(s.rva)),
                rva: s.rva,
                size: s.size,
                raw_size: s.raw_size,
                raw_offset: s.raw_at,
                perm: word(s.rights()),
                page_perm,
                resident,
                pages: u64::from(bytes).div_ceil(4096),
                discardable: s.discardable(),
            })?;
        }
        Ok(())
    }
}

fn wide(n: u32) -> umem {
    umem::from(n)
}

fn word((read, write, execute): (bool, bool, bool)) -> String {
    [(read, 'r'), (write, 'w'), (execute, 'x')].iter().map(|(has, c)| if *has { *c } else { '-' }).collect()
}

/// How many pages are in memory, and what may be done with them.
fn mapped(space: &AddressSpace, start: VirtAddr, bytes: umem) -> (u64, Vec<String>) {
    let (mut resident, mut perms): (umem, Vec<String>) = (0, Vec::new());
    let first = VirtAddr::new(start.value() & !0xfff);
    let last = start.wrapping_add(bytes).wrapping_sub(1);
    if bytes == 0 || last < first {
        return (0, perms);
    }
    space.runs(first, VirtAddr::new(last.value() | 0xfff), &mut |group: &[PageRun]| {
        for run in group {
            resident = resident.saturating_add(run.size / 4096);
            let has = |bit| run.perm.has(bit);
            let word = word((has(Perm::READ), has(Perm::WRITE), has(Perm::EXECUTE)));
            if !perms.contains(&word) {
                perms.push(word);
            }
        }
        ControlFlow::Continue(())
    });
    (number(resident), perms)
}
