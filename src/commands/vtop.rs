//! `vtop`: from a virtual address to the physical one, step by step.

use super::cells::{Hex, number};
use super::context::Context;
use super::failure::{Failure, Result};
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::which::Whose;
use crate::engine::{AddressSpace, Explanation};
use crate::session::Space;
use crate::{At, Error, ErrorKind, Layer, PhysAddr, VirtAddr, umem};
use memsh_plugin::Perm;
use schemars::JsonSchema;
use serde::Serialize;
use std::path::PathBuf;

/// Translate a virtual address to a physical one and show every step of the walk
#[derive(clap::Args, Debug)]
pub struct Vtop {
    /// Virtual address
    #[arg(value_name = "ADDR", required_unless_present = "batch", allow_hyphen_values = true)]
    address: Option<String>,
    /// Translate every address in this file (one per line, `#` comments; `-` is stdin): one row each
    #[arg(long, value_name = "FILE", conflicts_with = "address")]
    batch: Option<PathBuf>,
    /// Physical address of another page-table root to begin at
    #[arg(long, value_name = "PHYS", conflicts_with_all = ["process", "phys"])]
    root: Option<String>,
    #[command(flatten)]
    whose: Whose,
}

/// A translation.
#[derive(Serialize, JsonSchema)]
pub struct VtopRow {
    /// The virtual address.
    #[serde(rename = "virtual")]
    address: Hex,
    /// Where it lies; null when it lies nowhere.
    physical: Option<Hex>,
    /// Size in bytes of the page; null where that is not known, because a table is not in the image.
    page_size: Option<u64>,
    /// What the page tables allow; null where that is not known, because a table is not in the image.
    perm: Option<PermPart>,
    /// Every entry that was looked at.
    steps: Vec<StepPart>,
    /// Where the prototype entry lies, in the kernel's address space, that counts in place of the process's own entry (Windows).
    prototype: Option<Hex>,
    /// Where the place was computed because a page table is not in the image: by which rule.
    computed: Option<ComputedPart>,
    /// Why it lies nowhere.
    fault: Option<FaultPart>,
}

/// What may be done with a page.
#[derive(Serialize, JsonSchema)]
pub struct PermPart {
    read: bool,
    write: bool,
    execute: bool,
    user: bool,
}

impl From<Perm> for PermPart {
    fn from(p: Perm) -> Self {
        let has = |bit| p.has(bit);
        PermPart { read: has(Perm::READ), write: has(Perm::WRITE), execute: has(Perm::EXECUTE), user: has(Perm::USER) }
    }
}

#[derive(Serialize, JsonSchema)]
struct StepPart {
    /// Levels left: the root's is the number of levels, the last is 1.
    level: usize,
    /// Physical address of the table.
    table: Hex,
    /// The manual's name of the table.
    name: String,
    /// Index of the entry.
    index: u64,
    /// Physical address of the entry.
    entry_address: Hex,
    /// The entry; null where it is not in the image.
    entry: Option<Hex>,
    /// Physical address of the next table.
    next: Option<Hex>,
    /// Physical address of the page.
    page: Option<Hex>,
}

#[derive(Serialize, JsonSchema)]
struct ComputedPart {
    /// Physical address of the page table that is not in the image.
    table: Hex,
    /// What the kernel maps in one piece: `direct map`, `kernel's image`.
    rule: String,
    /// First virtual address of the piece.
    first: Hex,
    /// Last virtual address of the piece.
    last: Hex,
    /// The same in words.
    detail: String,
}

#[derive(Serialize, JsonSchema)]
struct FaultPart {
    /// Level at which the walk ended.
    level: usize,
    /// `not_present`, `swapped`, `non_canonical`, ...
    reason: String,
    /// The same in words.
    detail: String,
}

impl Command for Vtop {
    type Row = VtopRow;
    const NAME: &'static str = "vtop";
    const ALIASES: &'static [&'static str] = &["pte"];
    const SUMMARY: &'static str = "Translate a virtual address, step by step";
    const SHAPE: Shape = Shape::Object;
    const BATCH: Option<(&'static str, &'static [&'static str])> =
        Some(("batch", &["virtual", "physical", "page_size", "perm", "fault.reason"]));
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("vtop init_task", "a symbol of the kernel"),
        ("vtop 1:0x400000", "an address of process 1"),
        ("vtop -p 1 --batch addresses.txt", "many addresses: one row each"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, VtopRow>) -> Result<()> {
        super::which::with_page_tables(cx.session()?, "vtop")?;
        let text = self.address.as_deref().unwrap_or_default();
        let (space, text) = match self.address {
            Some(_) => self.whose.prefixed(cx, text)?,
            None => (self.whose.space(cx)?, text),
        };
        let other = match &self.root {
            Some(root) => Some(PhysAddr::new(cx.evaluate(root, None)?)),
            None => None,
        };
        let rooted = other.and_then(|root| Some(space.tables()?.with_root(root)));
        let tables = rooted.as_ref().or_else(|| space.tables());
        let tables = tables.ok_or_else(|| Failure::usage("vtop: a physical address needs no translation"))?;
        if let Some(path) = &self.batch {
            return batch(path, cx, &space, tables, out);
        }
        let address = VirtAddr::new(cx.evaluate(text, Some(&space))?);
        let explained = tables.explain(address);
        out.push(&row(&explained))?;
        match explained.outcome {
            Ok(_) => Ok(()),
            Err(fault) => Err(Error::new(Layer::Virtual, ErrorKind::Unreadable, format!("no physical address: {fault}"))
                .at(At::Virt(address))
                .hint(hint(&space, tables, address))
                .into()),
        }
    }
}

fn hint(space: &Space, tables: &AddressSpace, address: VirtAddr) -> String {
    let plain = space.plain(address.value());
    let valid = |at| space.tables().is_some_and(|t| t.translate_one(VirtAddr::new(at)).is_ok());
    if plain != address.value() && valid(plain) {
        return format!("the upper bits look like a signature (pointer authentication) or a tag; without them it is {plain:#x}");
    }
    match tables.elsewhere(address) {
        Some(Ok(place)) => return format!("`read` gets its content from {place}"),
        Some(Err(why)) => return format!("its content can't be read: {why}"),
        None => {}
    }
    match space.process() {
        Some(p) => format!("`maps -p {0}` and `pages -p {0}` show what process {0} has mapped", p.pid),
        None => "an address of a process needs `-p PID`; `pages -k` shows what the kernel has mapped".to_owned(),
    }
}

fn row(e: &Explanation) -> VtopRow {
    let hex = |v: u64| Hex(umem::from(v));
    let done = e.outcome.as_ref().ok();
    // Of what was computed only the place is known.
    let told = done.filter(|_| e.computed.is_none());
    VtopRow {
        address: e.addr.into(),
        physical: done.map(|t| t.phys.into()),
        page_size: told.map(|t| number(t.page_size())),
        perm: told.map(|t| t.perm.into()),
        steps: e
            .steps
            .iter()
            .map(|s| StepPart {
                level: s.level,
                table: hex(s.table),
                name: s.table_name.to_owned(),
                index: s.index,
                entry_address: hex(s.entry_address),
                entry: s.entry.map(hex),
                next: s.next.map(hex),
                page: s.page.map(hex),
            })
            .collect(),
        prototype: e.via.map(Into::into),
        computed: e.computed.map(|c| ComputedPart {
            table: c.table.into(),
            rule: c.rule.name.to_owned(),
            first: hex(c.rule.first),
            last: hex(c.rule.last),
            detail: c.to_string(),
        }),
        fault: e.outcome.as_ref().err().map(|f| FaultPart {
            level: f.level,
            reason: f.reason.name().to_owned(),
            detail: f.to_string(),
        }),
    }
}

fn batch(path: &PathBuf, cx: &Context, space: &Space, tables: &AddressSpace, out: &mut Rows<'_, VtopRow>) -> Result<()> {
    let text = match path.as_os_str().to_str() {
        Some("-") => std::io::read_to_string(std::io::stdin()),
        _ => std::fs::read_to_string(path),
    };
    let text = text.map_err(|e| Failure::file(path, "read", e))?;
    for line in text.lines() {
        cx.go_on()?;
        let word = line.split('#').next().unwrap_or_default().trim();
        if word.is_empty() {
            continue;
        }
        let explained = tables.explain(VirtAddr::new(cx.evaluate(word, Some(space))?));
        if let Err(fault) = &explained.outcome {
            cx.lost(format!("{}: {fault}", explained.addr));
        }
        out.push(&row(&explained))?;
    }
    Ok(())
}
