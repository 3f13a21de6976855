//! What frames are used for, and by whom.

use crate::commands::cells::{number, plain};
use crate::commands::context::{Context, Meter};
use crate::commands::failure::Result;
use crate::commands::pages::walk;
use crate::commands::searched::Searched;
use crate::engine::search::Span;
use crate::engine::{AddressSpace, index};
use crate::os::linux::Kernel;
use crate::os::linux::memory::frames::Frames;
use crate::session::Session;
use crate::survey::{FRAME, Layout};
use crate::umem;
use std::ops::ControlFlow;

/// What a frame is used for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use {
    /// Not known.
    #[default]
    Unknown,
    /// Nobody has it.
    Free,
    /// The cache of a file, or mapped from one.
    File,
    /// A process's own.
    Anonymous,
    /// Objects of the kernel's allocator.
    Slab,
    /// The kernel's otherwise.
    Kernel,
    /// Mapped by one process.
    Process,
    /// Mapped by several processes.
    Shared,
    /// Code of a process.
    Code,
}

/// All of them, in the order of legends.
pub const USES: [Use; 9] =
    [Use::Code, Use::File, Use::Anonymous, Use::Process, Use::Shared, Use::Slab, Use::Kernel, Use::Free, Use::Unknown];

impl Use {
    /// Its name, its letter, its colour.
    pub fn look(self) -> (&'static str, char, u32) {
        match self {
            Use::Unknown => ("unknown", '?', 0x70_7070),
            Use::Free => ("free", '.', 0x30_3030),
            Use::File => ("file", 'f', 0x3b_82c4),
            Use::Anonymous => ("anonymous", 'a', 0x4c_af50),
            Use::Slab => ("slab", 's', 0xe0_9f3e),
            Use::Kernel => ("kernel", 'k', 0xc7_4b50),
            Use::Process => ("process", 'p', 0x4c_af50),
            Use::Shared => ("shared", '+', 0x26_a69a),
            Use::Code => ("code", 'x', 0xab_47bc),
        }
    }
}

/// Who maps a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Owner {
    /// No process.
    #[default]
    Nobody,
    /// One process, by its place in the list of processes.
    One(u32),
    /// Several.
    Several,
}

/// What is known of each frame of a space, in the order of a [`Layout`].
pub struct Frame {
    /// What it is used for.
    pub used: Use,
    /// Who maps it.
    pub owner: Owner,
}

/// The uses of all frames of `layout`; owners only with `owners`, for they take a look at every process's page tables. None where the space
/// has no uses that could be told apart.
///
/// # Errors
/// When the user interrupts.
pub fn uses(cx: &Context, searched: &Searched, layout: &Layout, owners: bool) -> Result<Option<Uses>> {
    let count = index(layout.total().div_ceil(FRAME)).unwrap_or(0);
    let mut uses = Uses { used: vec![Use::Unknown; count], owners: Vec::new(), names: Vec::new() };
    if searched.space.process().is_some() {
        uses.of_regions(cx, searched, layout);
        return Ok(Some(uses));
    }
    if searched.space.tables().is_some() {
        return Ok(None);
    }
    let Ok(session) = cx.session() else { return Ok(None) };
    let linux = session.linux("map").ok().and_then(|kernel| Some((kernel, Frames::find(kernel)?)));
    if owners || linux.is_none() {
        uses.of_page_tables(cx, session, layout)?;
    }
    if let Some((kernel, frames)) = linux {
        uses.of_pages(cx, kernel, &frames, layout)?;
    }
    let known = uses.used.iter().any(|u| *u != Use::Unknown);
    Ok(known.then_some(uses))
}

/// What is known of the frames of a space.
pub struct Uses {
    used: Vec<Use>,
    owners: Vec<Owner>,
    /// Number and name of every process.
    pub names: Vec<(u32, String)>,
}

impl Uses {
    /// The frame `position` bytes into the space.
    pub fn at(&self, position: umem) -> Frame {
        let i = index(position / FRAME).unwrap_or(usize::MAX);
        Frame { used: self.used.get(i).copied().unwrap_or_default(), owner: self.owners.get(i).copied().unwrap_or_default() }
    }

    fn set(&mut self, position: Option<umem>, used: Use) {
        let place = position.and_then(|p| index(p / FRAME)).and_then(|i| self.used.get_mut(i));
        if let Some(place) = place {
            *place = used;
        }
    }

    /// A process's pages, by their regions.
    fn of_regions(&mut self, cx: &Context, searched: &Searched, layout: &Layout) {
        for span in layout.spans() {
            for page in frames_of(span) {
                let used = searched.region_of(cx, page).map_or(Use::Unknown, |r| match r.execute {
                    true => Use::Code,
                    false if r.inode.get().is_some_and(|i| i != 0) || r.kind.to_string_lossy() == "file" => Use::File,
                    false => Use::Anonymous,
                });
                self.set(layout.position(page), used);
            }
        }
    }

    /// Physical memory, by what `struct page` says.
    fn of_pages(&mut self, cx: &Context, kernel: &Kernel, frames: &Frames, layout: &Layout) -> Result<()> {
        let meter = meter(cx, "asking the kernel about frames", layout);
        let mut done = 0u64;
        for span in layout.spans() {
            for address in frames_of(span) {
                if done.is_multiple_of(1 << 24) {
                    cx.go_on()?;
                    meter.at(done);
                }
                done += number(FRAME);
                let pfn = number(address >> frames.page_shift());
                let facts = frames.page_of(pfn).and_then(|page| frames.facts(kernel, page));
                let used = match facts {
                    None => Use::Unknown,
                    Some(f) if f.slab => Use::Slab,
                    Some(f) if f.count == Some(0) => Use::Free,
                    Some(f) if f.anonymous => Use::Anonymous,
                    Some(f) if f.mapping.is_some() => Use::File,
                    Some(_) => Use::Kernel,
                };
                self.set(layout.position(address), used);
            }
        }
        Ok(())
    }

    /// Physical memory, by who maps it.
    fn of_page_tables(&mut self, cx: &Context, session: &Session, layout: &Layout) -> Result<()> {
        let Ok(space) = session.kernel_space() else { return Ok(()) };
        let Some(kernel) = space.tables().filter(|t| !t.is_flat()) else { return Ok(()) };
        self.owners = vec![Owner::Nobody; self.used.len()];
        // Linux maps all of memory: that says nothing of who uses it.
        if session.linux("map").is_err() {
            each_frame(cx, kernel, false, layout, &mut |at| self.set(Some(at), Use::Kernel))?;
        }
        let Ok(processes) = session.processes() else { return Ok(()) };
        for process in cx.take(&processes) {
            let Some(root) = process.dtb.get() else { continue };
            let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
            self.names.push((process.pid, plain(&process.name)));
            each_frame(cx, &kernel.with_root(root), true, layout, &mut |at| {
                let place = index(at / FRAME).and_then(|i| self.owners.get_mut(i));
                let Some(place) = place else { return };
                *place = match *place {
                    Owner::Nobody => Owner::One(number),
                    Owner::One(n) if n == number => Owner::One(n),
                    _ => Owner::Several,
                };
                let used = if *place == Owner::Several { Use::Shared } else { Use::Process };
                self.set(Some(at), used);
            })?;
        }
        Ok(())
    }
}

fn meter(cx: &Context, task: &str, layout: &Layout) -> Box<dyn Meter> {
    cx.host().meter(task, number(layout.total()))
}

/// The frames of a span, by their first address in it.
fn frames_of(span: Span) -> impl Iterator<Item = umem> {
    let mut next = Some(span.first);
    std::iter::from_fn(move || {
        let at = next?;
        next = (at | (FRAME - 1)).checked_add(1).filter(|n| *n <= span.last);
        Some(at)
    })
}

/// Every frame of the layout that page tables map, by its position.
fn each_frame(cx: &Context, tables: &AddressSpace, user: bool, layout: &Layout, each: &mut dyn FnMut(umem)) -> Result<()> {
    let missing = walk(tables, 0, umem::MAX, user, &mut |run| {
        let range = Span::new(run.phys.value(), run.size);
        for part in range.into_iter().flat_map(|r| layout.parts(r)) {
            for at in frames_of(part) {
                if let Some(position) = layout.position(at) {
                    each(position);
                }
            }
        }
        if cx.go_on().is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    cx.lost_many(missing, "page tables that are not in the image");
    cx.go_on()
}
