//! `emulate`: code of the target run on its own memory, by the plugin of that name.

use super::cells::{number, unhex, wide};
use super::code::{Places, isa};
use super::context::Context;
use super::dis::Set;
use super::failure::{Failure, Result};
use super::plugins::call;
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::which::Whose;
use crate::disasm::{Decoded, Disassembler, Isa, Syntax};
use crate::os::linux::base::percpu;
use crate::plugins::inspect::PluginKind;
use crate::session::{Session, Space};
use crate::{VirtAddr, umem};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// A file that is an argument may have so many bytes.
const LARGEST: u64 = 16 << 20;

/// Run code of the target on its own memory (needs the plugin emulate)
///
/// The target is never changed: pages are fetched when they are touched, what is written stays in the run. A page that the target does not have ends it.
#[derive(clap::Args, Debug)]
pub struct Emulate {
    /// Address or symbol of the function; in a process of Windows also MODULE!EXPORT
    #[arg(value_name = "ADDR", required_unless_present = "bytes")]
    address: Option<String>,
    /// Its arguments: expressions; text:STRING, wide:STRING, hex:BYTES, zero:SIZE, file:PATH pass the address of a buffer
    #[arg(long, value_name = "ARG", num_args = 1.., allow_negative_numbers = true)]
    args: Vec<String>,
    /// How it is called, where not as is usual: sysv, win64; cdecl, stdcall, fastcall, thiscall, regparm; aapcs64
    #[arg(long, value_name = "NAME")]
    abi: Option<String>,
    /// Run this code, bytes in hex, in place of code of the target
    #[arg(long, value_name = "HEX", conflicts_with = "address")]
    bytes: Option<String>,
    /// End before the instruction at this address
    #[arg(long, value_name = "ADDR")]
    until: Option<String>,
    /// At this address: ret:VALUE returns from there, skip passes the instruction over, stop, log; `syscall=ret:VALUE` answers system calls
    #[arg(long, value_name = "ADDR=ACTION")]
    hook: Vec<String>,
    /// Set a register before the run
    #[arg(long, value_name = "NAME=VALUE")]
    reg: Vec<String>,
    /// Show this memory after the run
    #[arg(long, value_name = "ADDR:LENGTH")]
    read: Vec<String>,
    /// A row for each instruction, with the registers that it changed
    #[arg(long)]
    trace: bool,
    /// So many instructions at most
    #[arg(long, value_name = "N", default_value = "10000000")]
    steps: String,
    /// So much time at most (2s, 500ms)
    #[arg(long, value_name = "TIME", default_value = "20s")]
    timeout: String,
    /// So much memory at most: pages that are touched, stack and buffers
    #[arg(long, value_name = "SIZE", default_value = "64m")]
    memory: String,
    /// Size of the stack
    #[arg(long, value_name = "SIZE", default_value = "256k")]
    stack: String,
    /// Instruction set, where it is not the target's own: x86, x86_64, aarch64
    #[arg(long, value_name = "NAME")]
    isa: Option<Set>,
    #[command(flatten)]
    whose: Whose,
}

/// Something that came of a run.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct EmulateRow {
    /// `step` and `hook` while it runs; then `end`, `return`, `register`, `argument` (a buffer), `written` and `read`.
    kind: String,
    /// Instructions that were run before this one; of the end, all of them.
    step: Option<u64>,
    /// Address of the instruction, the buffer or the memory.
    address: Option<String>,
    /// What lies there: `strlen+0x3`, `libc.so.6+0x1234`.
    symbol: Option<String>,
    /// Name of a register, number of an argument, what a hook did; of the end `returned`, `until`, `hook`, or what stood in the way: `missing`, `failed`,
    /// `memory`, `stack`, `thread-local`, `system call`, `exception`, `invalid`, `port`, `halted`, `steps`, `time`, `interrupted`, `emulator`.
    name: Option<String>,
    /// Of a register, or what the function gave.
    value: Option<String>,
    /// Bytes of a buffer or a range.
    length: Option<u64>,
    /// Bytes of the instruction or the memory in hex, the first 4096.
    bytes: Option<String>,
    /// Of what was written: the target's own bytes.
    before: Option<String>,
    /// Registers that the instruction changed.
    changed: Option<String>,
    /// The instruction, the text in the memory, why the run ended.
    text: Option<String>,
    /// Of the end: pages of the target that were touched.
    pages: Option<u64>,
    /// Of the end: bytes of memory that the run had.
    memory: Option<u64>,
}

impl Command for Emulate {
    type Row = EmulateRow;
    const NAME: &'static str = "emulate";
    const SUMMARY: &'static str = "Run code of the target on its own memory (needs the plugin emulate)";
    const SHAPE: Shape =
        Shape::List(&["kind", "!step", "?address", "!?symbol", "name", "value", "!?length", "!?changed", "text"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("emulate strlen --args text:abc", "a function of the kernel"),
        ("emulate crc32_le --args 0xffffffff text:123456789 9", "numbers and a buffer"),
        ("emulate 0x401136 -p 812 --args zero:64 0x4c4000 64 --trace", "a routine of a process, instruction by instruction"),
        ("emulate --bytes 4801f7 --reg rdi=2 --reg rsi=3", "a snippet"),
        ("emulate 0x401190 -p 812 --hook 0x401040=ret:0 --hook 0x4011c2=log", "without a function that it calls"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, EmulateRow>) -> Result<()> {
        let registry = cx.host().plugins();
        let Some(entry) = registry.find(PluginKind::Command, "emulate") else {
            // One that can't be used says why in the list.
            let hint = "`memsh plugins install plugins/emulate` builds it from memsh's source (it needs cmake and a C compiler); `plugins list` shows what there is";
            return Err(Failure::Usage("emulate: the plugin emulate is not installed".to_owned(), Some(hint.to_owned())));
        };
        let space = self.whose.space(cx)?;
        if matches!(space, Space::Physical(_)) {
            cx.session()?.physical_space()?;
            let hint = "leave --phys away; `-p PID` names a process, `-k` the kernel";
            return Err(Failure::Usage(
                "emulate: code runs in an address space, not in physical memory".to_owned(),
                Some(hint.to_owned()),
            ));
        }
        let isa = isa(cx, &space, self.isa.map(Isa::from))?;
        let words = self.words(cx, &space, isa)?;
        let places = Places::of(cx, &space)?;
        let mut disassembler = Disassembler::new(isa, Syntax::Intel);
        call(cx, entry, &words, out, |row| {
            let address = row.address.as_deref().and_then(|a| umem::from_str_radix(a.strip_prefix("0x")?, 16).ok());
            if let Some(address) = address {
                row.symbol = places.code(address).or_else(|| places.far(address));
                if row.kind == "step" {
                    let bytes = row.bytes.as_deref().and_then(unhex).unwrap_or_default();
                    row.text = match disassembler.decode(number(address), &bytes) {
                        Decoded::Instruction(i) => Some(i.text),
                        Decoded::Bad(_) | Decoded::Short => Some("(bad)".to_owned()),
                    };
                }
            }
        })
    }
}

impl Emulate {
    /// The plugin's arguments.
    fn words(&self, cx: &Context, space: &Space, isa: Isa) -> Result<Vec<String>> {
        let session = cx.session()?;
        let value = |text: &str| -> Result<String> { Ok(format!("{:#x}", place(cx, space, text)?)) };
        let mut words = vec![format!("machine={}", isa.name())];
        let mut put = |name: &str, value: String| words.push(format!("{name}={value}"));
        if let Some(address) = &self.address {
            put("start", value(address)?);
        }
        if let Some(code) = &self.bytes {
            let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
            if code.is_empty() || unhex(&code).is_none() {
                return Err(Failure::usage(format!("emulate: --bytes {code} is no sequence of bytes in hex")));
            }
            put("code", code);
        }
        if let Some(process) = space.process() {
            put("pid", process.pid.to_string());
        }
        put("abi", self.abi.clone().unwrap_or_else(|| usual(session, space, isa).to_owned()));
        let lines = |texts: &[String], line: &dyn Fn(&str) -> Result<String>| -> Result<String> {
            Ok(texts.iter().map(|t| line(t)).collect::<Result<Vec<_>>>()?.join("\n"))
        };
        let arguments = lines(&self.args, &|text| match text.split_once(':') {
            // A line of its own each: what has line feeds goes as bytes.
            Some(("text", rest)) => Ok(format!("hex:{}00", super::cells::hex(rest.as_bytes()))),
            Some(("wide", rest)) if !rest.contains('\n') => Ok(text.to_owned()),
            Some(("hex", _)) => Ok(text.to_owned()),
            Some(("zero", size)) => Ok(format!("zero:{}", cx.count(size)?)),
            Some(("file", path)) => Ok(format!("hex:{}", super::cells::hex(&content(Path::new(path))?))),
            _ => value(text),
        })?;
        let hooks = lines(&self.hook, &|text| {
            let (at, action) = text.split_once('=').ok_or_else(|| {
                Failure::usage(format!("emulate: --hook {text}: ADDR=ret:VALUE, ADDR=skip, ADDR=stop or ADDR=log"))
            })?;
            let at = if at == "syscall" { at.to_owned() } else { value(at)? };
            Ok(match action.split_once(':') {
                Some(("ret", given)) => match given.split_once(':') {
                    Some((given, pop)) => format!("{at}=ret:{}:{}", value(given)?, cx.count(pop)?),
                    None => format!("{at}=ret:{}", value(given)?),
                },
                _ => format!("{at}={action}"),
            })
        })?;
        let pair = |text: &str, between: char, what: &str| {
            let pair = text.rsplit_once(between).map(|(a, b)| (a.to_owned(), b.to_owned()));
            pair.ok_or_else(|| Failure::usage(format!("emulate: {text}: {what}")))
        };
        let mut registers = Vec::new();
        for text in &self.reg {
            let (name, given) = pair(text, '=', "--reg takes NAME=VALUE")?;
            registers.push((name, value(&given)?));
        }
        for (name, known) in known(cx, space, isa) {
            if !registers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name)) {
                registers.push((name.to_owned(), format!("{known:#x}")));
            }
        }
        let registers: Vec<String> = registers.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        let read = lines(&self.read, &|text| {
            let (at, length) = pair(text, ':', "--read takes ADDR:LENGTH")?;
            Ok(format!("{}:{}", value(&at)?, cx.count(&length)?))
        })?;
        for (name, text) in [("args", arguments), ("hooks", hooks), ("regs", registers.join("\n")), ("read", read)] {
            if !text.is_empty() {
                put(name, text);
            }
        }
        if let Some(until) = &self.until {
            put("until", value(until)?);
        }
        put("steps", cx.count(&self.steps)?.to_string());
        put("timeout", self.timeout.clone());
        put("memory", self.memory.clone());
        put("stack", self.stack.clone());
        if self.trace {
            put("trace", "yes".to_owned());
        }
        Ok(words)
    }
}

/// The value of an expression; in a process of Windows `MODULE!EXPORT` is the address of that.
fn place(cx: &Context, space: &Space, text: &str) -> Result<umem> {
    let failure = match cx.evaluate(text, Some(space)) {
        Ok(value) => return Ok(value),
        Err(failure) => failure,
    };
    let name = |s: &str| !s.is_empty() && s.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '@'));
    let exported = || {
        let (module, export) = text.split_once('!').filter(|(m, e)| name(m) && name(e))?;
        let process = space.process()?;
        let rows = cx.host().answer(&format!("exports {module} {export} -p {}", process.pid)).ok()?;
        let found = rows.as_array()?.iter().find_map(|r| r["address"].as_str().map(str::to_owned))?;
        umem::from_str_radix(found.strip_prefix("0x")?, 16).ok()
    };
    exported().ok_or(failure)
}

fn content(path: &Path) -> Result<Vec<u8>> {
    let failed = |e: std::io::Error| Failure::usage(format!("emulate: {} can't be read: {e}", path.display()));
    let mut bytes = Vec::new();
    // A pipe does not say how long it is.
    let read = File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes)).map_err(failed)?;
    if u64::try_from(read).is_ok_and(|n| n <= LARGEST) {
        return Ok(bytes);
    }
    Err(Failure::usage(format!("emulate: {} has too many bytes for a buffer: at most {LARGEST}", path.display())))
}

/// How functions of this space are called.
fn usual(session: &Session, space: &Space, isa: Isa) -> &'static str {
    let windows = session.os().is_ok_and(|layer| {
        layer.windows.is_some() || layer.os.os_info().kind.to_string_lossy().to_ascii_lowercase().contains("windows")
    });
    match (isa, windows, space) {
        (Isa::X86_64, true, _) => "win64",
        (Isa::X86_64, false, _) => "sysv",
        (Isa::X86, true, _) => "stdcall",
        // Linux's kernels pass three arguments in registers.
        (Isa::X86, false, Space::Kernel(_)) => "regparm",
        (Isa::X86, false, _) => "cdecl",
        _ => "aapcs64",
    }
}

/// Registers that code takes for granted: where processor 0 has its per-CPU variables and its task, where a thread has its own.
fn known(cx: &Context, space: &Space, isa: Isa) -> Vec<(&'static str, umem)> {
    let Ok(session) = cx.session() else { return Vec::new() };
    match (space, isa) {
        (Space::Kernel(_), Isa::X86_64 | Isa::AArch64) => {
            let Ok(kernel) = session.linux("per-CPU variables") else { return Vec::new() };
            let base = percpu::per_cpu(kernel, VirtAddr::new(0), 0).map(VirtAddr::value);
            let task = kernel.address("init_task").map(VirtAddr::value);
            match isa {
                Isa::X86_64 => base.map(|base| ("gs_base", base)).into_iter().collect(),
                _ => [base.map(|base| ("tpidr_el1", base)), task.map(|task| ("sp_el0", task))].into_iter().flatten().collect(),
            }
        }
        // The dump of a process has the registers of its threads.
        (Space::Process(process, _), Isa::X86_64) if session.only_process().is_some() => {
            let Ok(rows) = cx.host().answer(&format!("threads -p {}", process.pid)) else { return Vec::new() };
            let first = rows.as_array().and_then(|rows| rows.first());
            let of = |name: &str| {
                let text = first?["registers"][name].as_str()?;
                umem::from_str_radix(text.strip_prefix("0x")?, 16).ok().filter(|base| *base != wide(0))
            };
            ["fs_base", "gs_base"].into_iter().filter_map(|name| Some((name, of(name)?))).collect()
        }
        _ => Vec::new(),
    }
}
