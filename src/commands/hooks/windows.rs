//! Hooks of a Windows kernel.

use super::{HookRow, Hooks};
use crate::commands::cells::Hex;
use crate::commands::context::Context;
use crate::commands::failure::{Failure, Result};
use crate::commands::glob::Glob;
use crate::commands::sink::Rows;
use crate::os::windows::Kernel;
use crate::os::windows::hooks::{Hook, TABLES, list};

pub(super) fn run(hooks: &Hooks, cx: &Context, kernel: &Kernel, out: &mut Rows<'_, HookRow>) -> Result<()> {
    if let Some(wrong) = hooks.only.iter().find(|t| !TABLES.contains(&t.as_str())) {
        return Err(Failure::Usage(
            format!("hooks: no table {wrong} on Windows"),
            Some(format!("tables are {}", TABLES.join(", "))),
        ));
    }
    let wanted: Vec<&str> = hooks.only.iter().map(String::as_str).collect();
    let mut found = cx.take(&list(kernel, &wanted));
    let glob = hooks.name.as_deref().map(Glob::any_case).transpose()?;
    let every = hooks.all || !hooks.only.is_empty() || hooks.module.is_some() || hooks.name.is_some();
    if !hooks.all && hooks.only.is_empty() {
        found.sort_by_key(|h| h.reason.is_none());
    }
    cx.nothing(match hooks.suspicious {
        true => format!("none of {} entries looks wrong", found.len()),
        false => format!("none of {} entries matches", found.len()),
    });
    for hook in &found {
        let module = |m: &String| hook.owner.module.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(m));
        let shown = (every || !hook.fixed || hook.reason.is_some())
            && (!hooks.suspicious || hook.reason.is_some())
            && hooks.module.as_ref().is_none_or(module)
            && glob.as_ref().is_none_or(|g| g.matches(&hook.name));
        if shown {
            out.push(&row(hook))?;
        }
    }
    Ok(())
}

fn row(hook: &Hook) -> HookRow {
    HookRow {
        table: hook.table.to_owned(),
        index: hook.index,
        name: Some(hook.name.clone()).filter(|n| !n.is_empty()),
        slot: hook.slot.map(Hex::from),
        target: Some(Hex::from(hook.target)),
        symbol: hook.owner.symbol.clone(),
        owner: hook.owner.module.clone(),
        owner_kind: Some(hook.owner.kind()),
        priority: None,
        detail: hook.detail.clone(),
        suspicious: hook.reason.is_some(),
        reason: hook.reason.map(str::to_owned),
    }
}
