//! Histories that the consoles of Windows keep.

use super::{History, HistoryRow};
use crate::commands::cells::{exact, plain};
use crate::commands::context::Context;
use crate::commands::failure::Result;
use crate::commands::sink::Rows;
use crate::os::windows::Kernel;
use crate::os::windows::console::history;
use memsh_plugin::ProcessInfo;

/// Windows 7: before, csrss.exe had the consoles of all, in another form.
const FIRST: u32 = 7600;

/// The commands of the consoles that were asked for.
pub(super) fn run(args: History, cx: &Context, kernel: &Kernel, out: &mut Rows<'_, HistoryRow>) -> Result<()> {
    let chosen = !args.filter.which.is_empty() || !args.filter.process.is_empty() || cx.current().is_some();
    let processes = if args.all { args.filter.of_all(cx)? } else { args.filter.processes(cx)? };
    let any = processes.iter().any(is_console);
    cx.nothing(match (kernel.build.number < FIRST, chosen || args.all, any) {
        (true, ..) => "before Windows 7 csrss.exe keeps what was typed, in a form that memsh does not read",
        (_, true, _) => "these processes keep no commands of a console in the image",
        (.., true) => "the consoles that run keep no commands in the image",
        _ => "no process is a console (conhost.exe); --all looks through every process",
    });
    if kernel.build.number < FIRST {
        return Ok(());
    }
    let meter = cx.host().meter("looking through processes", processes.len() as u64);
    for (done, p) in (1u64..).zip(&processes) {
        cx.go_on()?;
        meter.at(done);
        if p.kernel_thread || !(args.all || chosen || is_console(p)) {
            continue;
        }
        for line in cx.take(&history(kernel, p.address, &|| cx.go_on().is_ok())) {
            out.push(&HistoryRow {
                pid: p.pid,
                name: plain(&p.name),
                name_bytes: exact(&p.name),
                position: Some(line.position),
                // Consoles note no times.
                time: None,
                command: line.line,
                command_bytes: None,
                application: Some(line.application),
                address: line.address.into(),
            })?;
        }
    }
    cx.go_on()
}

/// Whether the process is what draws a console: Windows' own, or that of Windows Terminal.
fn is_console(p: &ProcessInfo) -> bool {
    let name = p.name.to_string_lossy();
    ["conhost.exe", "OpenConsole.exe"].iter().any(|n| name.eq_ignore_ascii_case(n))
}
