//! Windows hibernation files (`hiberfil.sys`), from Windows 2000 to 11.
//!
//! A header (`layout`) leads to memory in tables of ranges (`tables`, up to Windows 7) or in restoration sets (`sets`, since Windows
//! 8), packed in pieces of 16 pages (`pages`). There is no index: one is built by following the pieces (`index`), and kept where
//! that took long.

mod index;
mod layout;
mod pages;
mod sets;
mod state;
mod tables;
mod walk;

use super::detect::Parsed;
use super::fields::Fields;
use super::input::Input;
use super::windows::{WindowsHints, date, render};
use crate::{At, Error, ErrorKind, Layer, Result};
use index::{Index, PAGE};
use layout::{FORMS, Form, Layout, Way};
use pages::Pages;
use std::sync::Arc;
use std::time::{Duration, Instant};
use walk::Walk;

/// An index that took longer is kept for the next start.
const SLOW: Duration = Duration::from_millis(50);
/// Its name there.
const MEMO: &str = "hiberfil-index";

/// What the signature says of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Asleep,
    Resumed,
    Resuming,
    /// The real file is elsewhere.
    Link,
    Stopped,
    /// The header is gone.
    Cleared,
}

impl State {
    fn of(data: &[u8]) -> Option<Self> {
        let length = Fields::new(data, false).u32(0xc).unwrap_or(0);
        let known = (0x60..=layout::LONGEST).contains(&length);
        match data.get(..4)? {
            b"hibr" | b"HIBR" => Some(State::Asleep),
            b"wake" | b"WAKE" => Some(State::Resumed),
            // NTFS's log begins like this, too.
            b"rstr" | b"RSTR" if known => Some(State::Resuming),
            b"brkp" | b"BRKP" | b"horm" | b"HORM" if known => Some(State::Stopped),
            b"link" | b"LINK" if target(data).is_some() => Some(State::Link),
            [0, 0, 0, 0] if cleared(data) && packed_near(data) => Some(State::Cleared),
            _ => None,
        }
    }

    const fn describe(self) -> &'static str {
        match self {
            State::Asleep => "hibernated",
            State::Resumed => "resumed from",
            State::Resuming => "resume under way",
            State::Link => "link to another file",
            State::Stopped => "kept after resuming",
            State::Cleared => "header cleared",
        }
    }
}

/// Whether the first page is zeros.
fn cleared(data: &[u8]) -> bool {
    data.get(..4096).is_some_and(|page| page.iter().all(|&b| b == 0))
}

/// Whether packed pages of Windows 7 and before begin in one of the first pages.
fn packed_near(data: &[u8]) -> bool {
    (1..64).any(|page| data.get(page * 4096..).is_some_and(|rest| rest.starts_with(b"\x81\x81xpress")))
}

/// The file that a link names.
fn target(data: &[u8]) -> Option<String> {
    let name = data.get(4..512)?;
    let text = render(name);
    let path = name.contains(&0) && text.contains(['\\', '/']);
    (path && text.to_ascii_lowercase().ends_with("hiberfil.sys")).then_some(text)
}

/// Whether `data` begins like a hibernation file.
pub(super) fn probe(data: &[u8]) -> bool {
    State::of(data).is_some()
}

fn malformed(why: impl Into<String>) -> Error {
    Error::new(Layer::Image, ErrorKind::Malformed, why).at(At::File(0))
}

/// An error for a file that is called like one and begins with zeros: Windows 8 and later clear it when they resume.
pub(super) fn refuse_cleared(input: &Input<'_>) -> Result<()> {
    let named = input.path.file_name().is_some_and(|n| n.to_string_lossy().to_ascii_lowercase().contains("hiberfil"));
    match named && cleared(input.data()) {
        false => Ok(()),
        true => Err(malformed("the header of this hibernation file is cleared (its first page is zeros)").hint(
            "Windows clears it when it resumes, and where it is switched on and was never used; without it the pages in the \
             file can't be placed. --format raw searches the bytes as they are",
        )),
    }
}

pub(super) fn parse(input: &Input<'_>) -> Result<Parsed> {
    let data = input.data();
    let Some(state) = State::of(data) else {
        refuse_cleared(input)?;
        return Err(malformed("no header of a hibernation file (HIBR, WAKE, RSTR) at the beginning of the file")
            .hint("leave --format away to let memsh find the format"));
    };
    let mut parsed = Parsed::new("hiberfil");
    parsed.detail("state", state.describe());
    let mut walk = Walk::new(input);
    let (hints, index) = match state {
        State::Link => {
            let name = target(data).unwrap_or_default();
            return Err(Error::new(
                Layer::Image,
                ErrorKind::Unsupported,
                format!("this file only says where the hibernation file is: {name}"),
            )
            .at(At::File(0))
            .hint("open that file"));
        }
        State::Cleared => headless(input, &mut walk, &mut parsed)?,
        _ => with_header(input, &mut walk, state, &mut parsed)?,
    };
    finish(input, parsed, hints, index, state)
}

/// The usual case.
fn with_header(input: &Input<'_>, walk: &mut Walk<'_>, state: State, parsed: &mut Parsed) -> Result<(WindowsHints, Index)> {
    let file = walk.file;
    if file.len() < PAGE {
        return Err(malformed(format!("the file ends inside its header ({} of {PAGE} bytes)", file.len()))
            .hint("the file was cut short: copy it again"));
    }
    let length = file.u32(0xc).unwrap_or(0);
    let Some((layout, known)) = layout::of(&file) else {
        return Err(Error::new(
            Layer::Image,
            ErrorKind::Unsupported,
            format!("a hibernation file whose header has {length:#x} bytes, which no version of Windows known to memsh writes"),
        )
        .at(At::File(0xc))
        .hint("is the header damaged? --format raw opens the file byte for byte"));
    };
    parsed.detail("header_length", format!("{length:#x}"));
    parsed.detail("windows", layout.windows);
    if !known {
        parsed.warnings.push(format!(
            "the header has {length:#x} bytes, which memsh does not know; it is read like those of Windows 11: check what it shows"
        ));
    }
    if let Some(size) = file.u32(layout.page_size).filter(|&size| size != 4096) {
        return Err(malformed(format!("the header claims pages of {size} bytes")).at(At::File(layout.page_size)).hint(
            "memsh reads hibernation files with pages of 4096 bytes, which is all that Windows writes: the header is damaged",
        ));
    }
    let time = file.u64(layout.time).filter(|&t| t != 0);
    if let Some(text) = time.and_then(date) {
        parsed.detail("system_time", text);
    }
    let mut hints = WindowsHints { source: "hibernation file", wide: layout.wide, system_time: time, ..WindowsHints::default() };
    let (index, first) = match layout.way {
        Way::Tables { first, forms } => {
            let page = file.word(first, layout.wide).unwrap_or(0);
            let (form, page) = first_table(walk, forms, page, parsed)?;
            let build = |walk: &mut Walk<'_>, index: &mut Index| tables::read(walk, index, &form, page);
            (indexed(input, walk, build)?, page)
        }
        Way::Sets { boot, kernel, secure, highest } => {
            sets_of(input, walk, &layout, known, (boot, kernel, secure, highest), parsed)?
        }
    };
    processor(walk, first, &mut hints, parsed);
    if state == State::Resumed && index.pages > 0 {
        parsed.warnings.push(
            "Windows has resumed from this file (its signature says WAKE): what is in it may be overwritten in part".to_owned(),
        );
    }
    Ok((hints, index))
}

type Offsets = ((u64, u64), (u64, u64), Option<u64>, Option<u64>);

/// The two restoration sets of Windows 8 and later.
fn sets_of(
    input: &Input<'_>,
    walk: &mut Walk<'_>,
    layout: &Layout,
    known: bool,
    (boot, kernel, secure, highest): Offsets,
    parsed: &mut Parsed,
) -> Result<(Index, u64)> {
    let file = walk.file;
    let number = |at: u64| file.u64(at).unwrap_or(0);
    let page = |at: u64| file.word(at, layout.wide).unwrap_or(0);
    let (boot_pages, boot_at) = (number(boot.0), page(boot.1));
    let (kernel_pages, kernel_at) = (number(kernel.0), page(kernel.1));
    parsed.detail("loader_pages", boot_pages);
    parsed.detail("kernel_pages", kernel_pages);
    if let Some(highest) = highest.map(page).filter(|&p| p != 0) {
        parsed.detail("highest_page", format!("{highest:#x}"));
    }
    if secure.map(page).is_some_and(|p| p != 0) {
        parsed
            .warnings
            .push("the file holds pages of virtualization-based security, which Windows encrypted: they are not read".to_owned());
    }
    let wide = layout.wide;
    let build = |walk: &mut Walk<'_>, index: &mut Index| {
        // The kernel's set counts where both have a page: it is restored after the other.
        for (name, at, pages) in [("kernel", kernel_at, kernel_pages), ("boot", boot_at, boot_pages)] {
            match at.checked_mul(PAGE).filter(|&at| at < walk.file.len()) {
                _ if at == 0 && pages == 0 => {}
                Some(at) if at > 0 => sets::read(walk, index, name, at, wide, known.then_some(pages))?,
                _ if pages == 0 => {}
                _ => index.warnings.push(format!(
                    "the {name} restoration set ({pages} pages) should begin at page {at:#x}, past the end of the file or in its header"
                )),
            }
        }
        Ok(())
    };
    let first = [boot_at, kernel_at].into_iter().filter(|&p| p > 0).min().unwrap_or(1);
    Ok((indexed(input, walk, build)?, first))
}

/// The first table of ranges: where the header says, or, where that makes no sense, where one proves itself.
fn first_table(walk: &Walk<'_>, forms: &[Form], said: u64, parsed: &mut Parsed) -> Result<(Form, u64)> {
    let at = |page: u64| forms.iter().find(|f| page > 0 && tables::proves(walk, f, page)).map(|f| (*f, page));
    if let Some(found) = at(said) {
        return Ok(found);
    }
    if let Some(found) = tables::search(walk).into_iter().find_map(at) {
        parsed.warnings.push(format!(
            "the header names page {said:#x} of the file as the first table of page ranges; that is none, the one at page {:#x} is used",
            found.1
        ));
        return Ok(found);
    }
    // What does not prove itself may still be right as far as it goes: a file that was cut short.
    match forms.first() {
        Some(form) if said > 0 => Ok((*form, said)),
        _ => Err(malformed(format!(
            "the header names page {said:#x} of the file as the first table of page ranges, which is none"
        ))
        .hint("Windows clears a hibernation file when it resumes from it: are its pages still there?")),
    }
}

/// A file of Windows 7 or before whose header is cleared: Windows does that when it resumes, and leaves the rest.
fn headless(input: &Input<'_>, walk: &mut Walk<'_>, parsed: &mut Parsed) -> Result<(WindowsHints, Index)> {
    let found = tables::search(walk)
        .into_iter()
        .find_map(|page| FORMS.iter().find(|f| tables::proves(walk, f, page)).map(|f| (*f, page)));
    let (form, page) = found.ok_or_else(|| {
        malformed("the header of this hibernation file is cleared, and no table of page ranges proves itself")
            .hint("--format raw searches the bytes as they are")
    })?;
    parsed.warnings.push(format!(
        "the header of this hibernation file is cleared (Windows does so when it resumes); the table of page ranges at page \
         {page:#x} proves itself, and what follows it is read. It may be overwritten in part"
    ));
    let mut hints = WindowsHints { source: "hibernation file", wide: form.wide, ..WindowsHints::default() };
    let build = |walk: &mut Walk<'_>, index: &mut Index| tables::read(walk, index, &form, page);
    let index = indexed(input, walk, build)?;
    processor(walk, page, &mut hints, parsed);
    Ok((hints, index))
}

/// The index: from the memo, or made.
fn indexed<'a>(
    input: &Input<'_>,
    walk: &mut Walk<'a>,
    build: impl FnOnce(&mut Walk<'a>, &mut Index) -> Result<()>,
) -> Result<Index> {
    let memo = input.options.memo.as_deref();
    let length = walk.file.len();
    if let Some(index) = memo.and_then(|m| m.get(MEMO, length)).and_then(|bytes| Index::decode(&bytes, length)) {
        return Ok(index);
    }
    let started = Instant::now();
    let mut index = Index::default();
    build(walk, &mut index)?;
    if let Some(memo) = memo.filter(|_| started.elapsed() > SLOW && index.warnings.is_empty()) {
        memo.put(MEMO, length, index.encode());
    }
    Ok(index)
}

/// The processor's state, in the pages before `end`.
fn processor(walk: &Walk<'_>, end: u64, hints: &mut WindowsHints, parsed: &mut Parsed) {
    let Some(found) = state::find(&walk.file, hints.wide, end) else {
        // A 32-bit one is of an x86; a 64-bit one may be of an ARM64, too.
        if !hints.wide {
            parsed.machine = Some("x86".to_owned());
            hints.machine = Some("x86");
        }
        return;
    };
    if let Some(root) = found.cpu.root {
        let root = memsh_plugin::PhysAddr::new(memsh_plugin::umem::from(root));
        hints.dtb = Some(root);
        parsed.detail("directory_table_base", format!("{root} (processor state in page {:#x} of the file)", found.page));
    }
    parsed.machine = Some(found.machine.to_owned());
    hints.machine = Some(found.machine);
    hints.pae = found.pae;
    parsed.cpus = vec![found.cpu];
}

fn finish(input: &Input<'_>, mut parsed: Parsed, hints: WindowsHints, index: Index, state: State) -> Result<Parsed> {
    parsed.warnings.extend(index.warnings.iter().cloned());
    if index.pages == 0 {
        let why = parsed.warnings.last().map(|w| format!(": {w}")).unwrap_or_default();
        return Err(match state {
            State::Resumed => malformed(format!("Windows has resumed from this hibernation file and cleared it: no page is left{why}"))
                .hint("a hibernation file holds memory only between going to sleep and resuming; --format raw searches the bytes as they are"),
            _ => malformed(format!("the hibernation file holds no page{why}")).hint("the file is damaged or was cut short: copy it again"),
        });
    }
    parsed.detail("compression_sets", index.methods());
    parsed.detail("packed_bytes", index.packed);
    let pages = index.pages;
    let blocks = Pages::new(Arc::clone(input.content), index);
    let unique = crate::engine::to_u64(blocks.bytes()).unwrap_or(0) / PAGE;
    parsed.detail("pages", unique);
    if unique < pages {
        parsed.warnings.push(format!("{} pages are in the file more than once; one of each is used", pages - unique));
    }
    parsed.blocks = Some(Box::new(blocks));
    parsed.windows = Some(hints);
    Ok(parsed)
}
