//! The command `yara`: rules of YARA over the memory of an opened target, by the crate yara-x.
//!
//! - [`sources`] finds the files of rules and what they include; [`rules`] compiles them, [`cache`] keeps what was compiled
//! - [`place`] is a space that is searched: physical memory, the kernel's or a process's; it gives the bytes that are there, in pieces
//! - [`scan`] puts a space as a whole, or each of its regions, to the rules; [`images`] the programs and libraries in it, as files again
//! - [`rows`] makes rows of what matched
//!
//! memsh has a command `yara` of its own, with options as its other commands have them, that calls this one.

mod cache;
mod images;
mod place;
mod request;
mod rows;
mod rules;
mod scan;
mod sources;

use memsh_plugin::*;
use request::Request;
use std::cell::RefCell;

struct Yara(Request);

impl Command for Yara {
    fn run(&self, session: SessionInstanceRef<'_>, mut row: OpaqueCallback<Text>) -> CResult<CVec<Text>, ApiError> {
        let lost = RefCell::new(Vec::new());
        let tell = |what: String| {
            let mut lost = lost.borrow_mut();
            if !lost.contains(&what) {
                lost.push(what);
            }
        };
        let outcome = rules::ready(&self.0, &tell).and_then(|rules| {
            let mut push = |value: serde_json::Value| row.call(value.to_string().into());
            scan::run(&self.0, &rules, &session, &mut push, &tell)
        });
        match outcome {
            Ok(()) => CResult::Ok(lost.into_inner().into_iter().map(Text::from).collect::<Vec<_>>().into()),
            Err(e) => CResult::Err(e),
        }
    }
}

command! {
    name: "yara",
    description: "rules of YARA over memory",
    arguments: [
        "rules text required - files or folders of rules, one per line; NAMESPACE:FILE has a namespace of its own",
        "pid number optional - the memory of this process",
        "kernel flag optional no the kernel's memory",
        "all flag optional no the memory of every process",
        "regions flag optional no each region on its own: filesize, uint16(0) and modules are about the region",
        "images flag optional no programs and libraries in memory, as files again: for the modules pe and elf",
        "define text optional - variables of the rules, one NAME=VALUE per line",
        "tag text optional - only rules with one of these tags, one per line",
        "max number optional - stop after so many rows",
        "matches number optional 10000 so many matches of one string in one space",
        "timeout duration optional - give a space up after this time",
        "relaxed flag optional no regular expressions as YARA takes them, not as YARA-X does",
        "warnings flag optional no show the compiler's warnings",
        "color flag optional no the compiler's report in colours, on stderr",
        "cache text optional - folder in which compiled rules are kept",
    ],
    columns: ["rule", "string", "address", "pid", "process", "region", "text"],
    create: |request: &CommandRequest| Ok::<_, ApiError>(Yara(Request::of(request))),
}
