//! `hooks`: through what the kernel calls code, and whose code that is.

mod windows;

use super::cells::Hex;
use super::context::Context;
use super::failure::{Failure, Result};
use super::glob::Glob;
use super::sink::Rows;
use super::spec::{Command, Shape};
use crate::os::linux::code::owner::Owner;
use crate::os::linux::suspicion::integrity::{self, Hook, TABLES};
use schemars::JsonSchema;
use serde::Serialize;

/// List where the kernel is hooked, and by whom
#[derive(clap::Args, Debug)]
pub struct Hooks {
    /// Only hooks with this name (`*` and `?` stand for anything)
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Also every slot of the tables that the kernel filled itself
    #[arg(short, long)]
    all: bool,
    /// Only this table, every slot of it (`syscall`, `idt`, `netfilter`, ...; several with commas)
    #[arg(long, value_name = "TABLE", value_delimiter = ',', hide_possible_values = true, value_parser = clap::builder::PossibleValuesParser::new(tables()))]
    only: Vec<String>,
    /// Only what looks wrong
    #[arg(short, long)]
    suspicious: bool,
    /// Only hooks whose code belongs to this module
    #[arg(short, long, value_name = "MODULE")]
    module: Option<String>,
}

/// Tables of either system.
fn tables() -> Vec<&'static str> {
    let mut all: Vec<&str> = TABLES.iter().chain(crate::os::windows::hooks::TABLES).copied().collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// A place through which the kernel calls code.
#[derive(Serialize, JsonSchema)]
pub struct HookRow {
    /// Which table or list it belongs to: `syscall`, `idt`, `ftrace`, `kprobe`, `netfilter`, `notifier`, ...; on Windows `syscall`, `idt`,
    /// `irp`, `inline` (a function that begins with a jump), `process`, `thread`, `image`, `registry`, `object`, `bugcheck`, `shutdown`, `filesystem`.
    table: String,
    /// Its number in that table: of a system call, a vector.
    index: Option<u64>,
    /// What it is called: a system call, a chain of callbacks, a traced function.
    name: Option<String>,
    /// Address of the pointer.
    slot: Option<Hex>,
    /// Address that is called.
    target: Option<Hex>,
    /// Symbol at the target; a module's begin with `module!`.
    symbol: Option<String>,
    /// Whose code the target is: `kernel`, a module's name, or a kind of memory (`bpf`, `ftrace`, `kprobe`, `kernel-init`; of
    /// what is no code `kernel-data`, `vmalloc`, `direct-map`, `user`, `unmapped`, `other`; `unknown` where the page table that maps it is not in the image).
    owner: Option<String>,
    /// Kind of memory the target lies in: as `owner`, but `module` or `module-data` for a module; on Windows `kernel`, `module`,
    /// `hidden-module` (of a driver that no list has) or `other`.
    owner_kind: Option<&'static str>,
    /// Priority among its like, where there is one.
    priority: Option<i64>,
    /// What else there is to know: flags, a namespace (`net:[...]`, where it is not the first), the name of a security module, the
    /// path of a program that the kernel starts.
    detail: Option<String>,
    /// Whether it can't be right.
    suspicious: bool,
    /// Why it can't be right.
    reason: Option<String>,
}

impl Command for Hooks {
    type Row = HookRow;
    const NAME: &'static str = "hooks";
    const ALIASES: &'static [&'static str] = &["callbacks"];
    const SUMMARY: &'static str = "List where the kernel is hooked, and by whom";
    const SHAPE: Shape =
        Shape::List(&["table", "name=name|index", "??target", "symbol=symbol|target", "owner", "?detail", "reason"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("hooks", "what was registered, and what looks wrong"),
        ("hooks --suspicious", "only what looks wrong"),
        ("hooks --only syscall", "the whole table of system calls"),
        ("hooks --all --csv", "every slot of every table"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, HookRow>) -> Result<()> {
        if let Some(kernel) = &cx.session()?.os()?.windows {
            return windows::run(&self, cx, kernel, out);
        }
        if let Some(wrong) = self.only.iter().find(|t| !TABLES.contains(&t.as_str())) {
            return Err(Failure::Usage(format!("hooks: no table {wrong}"), Some(format!("tables are {}", TABLES.join(", ")))));
        }
        let kernel = cx.session()?.linux("hooks")?;
        let wanted: Vec<&str> = self.only.iter().map(String::as_str).collect();
        let mut hooks = cx.take(&integrity::hooks(kernel, &wanted).map_err(crate::Error::from)?);
        let glob = self.name.as_deref().map(Glob::new).transpose()?;
        let every = self.all || !self.only.is_empty() || self.module.is_some() || self.name.is_some();
        // In a table as a whole the order of its slots tells more.
        if !self.all && self.only.is_empty() {
            hooks.sort_by_key(|h| h.reason.is_none());
        }
        cx.nothing(match self.suspicious {
            true => format!("none of {} entries looks wrong", hooks.len()),
            false => format!("none of {} entries matches", hooks.len()),
        });
        for hook in &hooks {
            let shown = (every || !hook.fixed || hook.reason.is_some())
                && (!self.suspicious || hook.reason.is_some())
                && self.module.as_ref().is_none_or(|m| hook.owner.as_ref().and_then(|o| o.module.as_ref()) == Some(m))
                && glob.as_ref().is_none_or(|g| g.matches(&hook.name));
            if shown {
                out.push(&row(hook))?;
            }
        }
        Ok(())
    }
}

fn row(hook: &Hook) -> HookRow {
    let owner = hook.owner.as_ref();
    HookRow {
        table: hook.table.to_owned(),
        index: hook.index,
        name: Some(hook.name.clone()).filter(|n| !n.is_empty()),
        slot: hook.slot.map(Hex::from),
        target: owner.map(|_| hook.target.into()),
        symbol: owner.and_then(|o| o.symbol.clone()),
        owner: owner.map(Owner::word),
        owner_kind: owner.map(|o| o.kind.word()),
        priority: hook.priority,
        detail: hook.detail.clone(),
        suspicious: hook.reason.is_some(),
        reason: hook.reason.map(ToOwned::to_owned),
    }
}
