//! The command `emulate`: a function or a piece of code, run on the memory of an opened target, by the emulator Unicorn.
//!
//! - [`request`] is what is asked for; [`machine`] knows registers and how functions are called
//! - [`pages`] is the memory of a run: pages of the target, fetched when they are touched and never written back
//! - [`scratch`] is what a run is given besides: a stack, buffers of arguments, the place that functions return to
//! - [`run`] drives the emulator; [`vex`] what the emulator would run wrongly; [`end`] says why a run ended; [`rows`] what came of it
//!
//! memsh has a command `emulate` of its own, with options as its other commands have them, that calls this one.

mod end;
mod machine;
mod pages;
mod request;
mod rows;
mod run;
mod scratch;
mod vex;

use memsh_plugin::*;
use request::Request;

struct Emulate(Request);

impl Command for Emulate {
    fn run(&self, session: SessionInstanceRef<'_>, mut row: OpaqueCallback<Text>) -> CResult<CVec<Text>, ApiError> {
        let mut push = |value: serde_json::Value| row.call(value.to_string().into());
        match carried_out(&self.0, &session, &mut push) {
            Ok(lost) => CResult::Ok(lost.into_iter().map(Text::from).collect::<Vec<_>>().into()),
            Err(e) => CResult::Err(e),
        }
    }
}

fn carried_out(request: &Request, session: &dyn Session, push: run::Push<'_>) -> Result<Vec<String>, ApiError> {
    let scratch = scratch::Scratch::place(request, session)?;
    let guest = run::Guest::new(request, session, scratch.clone(), push);
    let mut emulator = run::prepared(guest)?;
    let start = scratch.fill(request, &mut emulator)?;
    run::run(&mut emulator, start);
    let mut lost = Vec::new();
    rows::all(request, &scratch, &mut emulator, &mut |what| lost.push(what));
    Ok(lost)
}

command! {
    name: "emulate",
    description: "code of the target, run on its own memory",
    arguments: [
        "machine text required - x86, x86_64 or aarch64",
        "start text optional - address of a function or of code",
        "code text optional - bytes in hex to run in place of code of the target",
        "pid number optional - the memory of this process; without it the kernel's",
        "abi text optional - sysv, win64; cdecl, stdcall, fastcall, thiscall, regparm; aapcs64",
        "args text optional - arguments, one per line: a number, text:STRING, wide:STRING, hex:BYTES, zero:SIZE",
        "regs text optional - registers before the run, one NAME=VALUE per line",
        "hooks text optional - one ADDR=ret:VALUE[:BYTES], ADDR=skip, ADDR=stop, ADDR=log or syscall=ret:VALUE per line",
        "until text optional - end before the instruction at this address",
        "steps number optional 10000000 so many instructions at most",
        "timeout duration optional 20s so much time at most",
        "memory size optional 64m so much memory at most",
        "stack size optional 256k the stack",
        "trace flag optional no a row for each instruction",
        "read text optional - ranges to show after the run, one ADDR:LENGTH per line",
    ],
    columns: ["kind", "step", "address", "name", "value", "length", "changed", "text"],
    create: |request: &CommandRequest| Request::of(request).map(Emulate),
}
