//! `bt`: the stacks of tasks.

use super::cells::{self, Hex, exact, plain};
use super::code::Places;
use super::context::Context;
use super::failure::Result;
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::which::open;
use crate::arch::Arch;
use crate::os::linux::tasks::unwind::{Frame, FrameKind, Stack, Unwinder};
use crate::session::Session;
use crate::{Error, ErrorKind, Layer, VirtAddr, umem};
use memsh_plugin::{Process, ProcessInfo, ThreadInfo};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

/// Show the stacks of tasks: which function called which
#[derive(clap::Args, Debug)]
pub struct Bt {
    /// Only these: pids (all threads), thread ids, names, or addresses of task_structs
    #[arg(value_name = "PID|TID|NAME|ADDR")]
    which: Vec<String>,
    /// Only this process: a pid or a name
    #[arg(short = 'p', long = "pid", value_name = "PID|NAME")]
    process: Vec<String>,
    /// The tasks that run, one for each processor
    #[arg(short = 'a', long, conflicts_with_all = ["which", "process"])]
    active: bool,
    /// Also every word on the stack that looks like a return address
    #[arg(short = 'g', long)]
    guess: bool,
    /// Also the registers with which the program entered the kernel
    #[arg(short = 'r', long)]
    registers: bool,
}

/// A frame of a stack, the innermost first; the last is that of the program.
#[derive(Serialize, JsonSchema)]
pub struct BtRow {
    /// Process.
    pid: u32,
    /// Thread.
    tid: u32,
    /// Its name.
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_bytes: Option<String>,
    /// Processor it runs on; null for a task that does not run.
    cpu: Option<u32>,
    /// Number of the frame; null where no frame is known.
    frame: Option<u32>,
    /// `kernel`; `user` for the program itself; `guess` for a word that looks like a return address (with `--guess`);
    /// `running` for a task whose registers are in its processor and not in the image.
    kind: String,
    /// Stack pointer of the frame; of a guess, where the word lies.
    sp: Option<Hex>,
    /// Where execution goes on in this frame.
    address: Option<Hex>,
    /// The symbol there and the distance (`do_wait+0x60`); of the program, the module (`libc.so.6+0x1234`).
    symbol: Option<String>,
    /// The function alone, for counting.
    function: Option<String>,
    /// Module that the function belongs to; null for the kernel itself.
    module: Option<String>,
    /// In a `user` row, the name of the system call that the task is in.
    syscall: Option<String>,
    /// Its number.
    syscall_number: Option<u64>,
    /// The registers that its arguments are passed in: six, however many it takes.
    syscall_args: Option<Vec<Hex>>,
    /// Whether it came by the 32-bit interface of a 64-bit kernel.
    compat: Option<bool>,
    /// In a `user` row, the registers (with `--registers`).
    #[serde(skip_serializing_if = "Option::is_none")]
    registers: Option<Map<String, Value>>,
}

impl Command for Bt {
    type Row = BtRow;
    const NAME: &'static str = "bt";
    const ALIASES: &'static [&'static str] = &["k", "backtrace", "pscallstack", "stack"];
    const SUMMARY: &'static str = "Show the kernel stacks of tasks, and where their programs entered the kernel";
    const SHAPE: Shape = Shape::List(&["tid", "name", "frame", "?kind", "??sp", "address", "symbol", "syscall"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("bt 1", "what process 1 waits for"),
        ("bt", "every task"),
        ("bt 1 --registers --json", "with the registers of the program"),
        ("bt -a", "what the processors do"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, BtRow>) -> Result<()> {
        let session = cx.session()?;
        let kernel = session.linux("bt")?;
        let unwinder = Unwinder::new(kernel, &session.image().cpus).map_err(Error::from)?;
        for why in unwinder.lost() {
            cx.lost(why.clone());
        }
        let mut silent = false;
        for (process, thread) in self.tasks(cx, &unwinder)? {
            cx.go_on()?;
            let stack = unwinder.stack(thread.address, self.guess);
            for why in &stack.lost {
                cx.lost(format!("{} ({}): {why}", plain(&thread.name), thread.tid));
            }
            silent |= !stack.readable;
            self.told(session, &process, &thread, &stack, out)?;
        }
        if silent {
            let why = "tasks marked `running` have their registers in a processor, and this image does not hold those";
            cx.host().warn(why);
        }
        Ok(())
    }
}

impl Bt {
    /// The tasks that were asked for, each with its process.
    fn tasks(&self, cx: &Context, unwinder: &Unwinder<'_>) -> Result<Vec<(ProcessInfo, ThreadInfo)>> {
        let session = cx.session()?;
        let os = session.os()?.os.as_ref();
        let mut wanted: Vec<String> = self.which.iter().chain(&self.process).cloned().collect();
        if wanted.is_empty() && !self.active {
            wanted.extend(cx.current().map(|p| p.pid.to_string()));
        }
        let mut met = vec![false; wanted.len()];
        let mut out = Vec::new();
        for p in cx.take(&session.processes()?) {
            cx.go_on()?;
            let threads = match open(os, &p).and_then(|opened| Ok(std::result::Result::from(opened.threads())?)) {
                Ok(threads) => cx.take(&threads),
                Err(e) => {
                    cx.lost(format!("threads of process {}: {e}", p.pid));
                    continue;
                }
            };
            for t in threads {
                let mut chosen = wanted.is_empty();
                for (w, met) in wanted.iter().zip(&mut met) {
                    let fits = match w.parse::<u32>() {
                        Ok(id) => p.pid == id || t.tid == id,
                        Err(_) => {
                            let named = p.name.as_bytes() == w.as_bytes() || t.name.as_bytes() == w.as_bytes();
                            named || crate::session::hex_address(w) == Some(t.address.value())
                        }
                    };
                    (chosen, *met) = (chosen || fits, *met || fits);
                }
                if chosen && (!self.active || unwinder.running().iter().any(|(_, task)| *task == t.address)) {
                    out.push((p.clone(), t));
                }
            }
        }
        if self.active {
            idle(unwinder, &mut out);
            out.sort_by_key(|(_, t)| unwinder.running().iter().position(|(_, task)| *task == t.address));
        }
        if let Some((w, _)) = wanted.iter().zip(&met).find(|(_, met)| !**met) {
            let e = Error::new(Layer::Os, ErrorKind::NotFound, format!("no process or thread {w}"));
            return Err(e.hint("`ps` lists the processes, `threads` their threads; names are matched exactly").into());
        }
        Ok(out)
    }

    fn told(
        &self,
        session: &Session,
        process: &ProcessInfo,
        thread: &ThreadInfo,
        stack: &Stack,
        out: &mut Rows<'_, BtRow>,
    ) -> Result<()> {
        let row = |kind: &str| BtRow {
            pid: thread.pid,
            tid: thread.tid,
            name: plain(&thread.name),
            name_bytes: exact(&thread.name),
            cpu: stack.cpu,
            frame: None,
            kind: kind.to_owned(),
            sp: None,
            address: None,
            symbol: None,
            function: None,
            module: None,
            syscall: None,
            syscall_number: None,
            syscall_args: None,
            compat: None,
            registers: None,
        };
        if !stack.readable {
            return out.push(&row("running"));
        }
        let mut number = 0;
        for f in &stack.frames {
            let guess = f.kind == FrameKind::Guess;
            let (symbol, function, module) = named(session, f);
            let frame = (!guess).then_some(number);
            number += u32::from(!guess);
            let kind = if guess { "guess" } else { "kernel" };
            out.push(&BtRow { frame, sp: Some(f.sp.into()), address: Some(f.ip.into()), symbol, function, module, ..row(kind) })?;
        }
        let Some(user) = &stack.user else { return Ok(()) };
        let ip = user.get("ip").map(cells::wide);
        let arch = session.linux("bt")?.space.format().arch;
        out.push(&BtRow {
            frame: Some(number),
            sp: user.get("sp").map(cells::wide).map(Hex),
            address: ip.map(Hex),
            symbol: ip.and_then(|ip| Places::of_process(session, process).program(ip)),
            syscall: stack.call.as_ref().and_then(|c| c.name.clone()),
            syscall_number: stack.call.as_ref().map(|c| c.number),
            syscall_args: stack.call.as_ref().map(|c| c.arguments.iter().map(|a| Hex(umem::from(*a))).collect()),
            compat: stack.call.as_ref().map(|c| c.compat),
            registers: self.registers.then(|| {
                let value = |v: u64| Value::String(format!("{v:#x}"));
                user.0.iter().map(|(name, v)| (register(name, arch), value(*v))).collect()
            }),
            ..row("user")
        })
    }
}

/// The idle tasks, which stand on no list.
fn idle(unwinder: &Unwinder<'_>, out: &mut Vec<(ProcessInfo, ThreadInfo)>) {
    for (cpu, task) in unwinder.running() {
        if !out.iter().any(|(_, t)| t.address == *task) {
            let name = memsh_plugin::Text::from(format!("swapper/{cpu}"));
            let process = ProcessInfo { address: *task, name: name.clone(), kernel_thread: true, ..ProcessInfo::default() };
            out.push((process, ThreadInfo { address: *task, name, ..ThreadInfo::default() }));
        }
    }
}

/// What stands at a frame: a return address belongs to the call before it, which may be the last of its function.
fn named(session: &Session, frame: &Frame) -> (Option<String>, Option<String>, Option<String>) {
    let back = umem::from(frame.returns);
    let at = VirtAddr::new(frame.ip.value().wrapping_sub(back));
    let Some((symbol, distance)) = session.symbols().ok().and_then(|s| s.near(at)) else { return (None, None, None) };
    let distance = distance.saturating_add(back);
    (Some(symbol.with_distance(distance)), Some(symbol.name.to_owned()), symbol.module.map(str::to_owned))
}

/// A register's name as debuggers write it.
fn register(name: &str, arch: Arch) -> String {
    let letter = match arch {
        Arch::X86_64 => 'r',
        Arch::X86 | Arch::X86Pae => 'e',
        _ => return name.to_owned(),
    };
    match name {
        "orig_ax" => format!("orig_{letter}ax"),
        "bp" | "bx" | "ax" | "cx" | "dx" | "si" | "di" | "ip" | "sp" | "flags" => format!("{letter}{name}"),
        other => other.to_owned(),
    }
}
