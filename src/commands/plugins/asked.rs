//! The session, as a plugin's command asks it.

use crate::VirtAddr;
use crate::commands::context::{Context, Meter};
use crate::commands::failure::{Failure, Result};
use crate::commands::searched::mapped;
use crate::session::Space;
use memsh_plugin::{
    ApiError, CResult, CSliceMut, CVec, Maybe, MemoryRange, MemoryView, OpaqueCallback, PhysReadOp, Session, Status, Text,
    VirtRange, VirtReadOp, cglue_impl_group, group_obj,
};
#[allow(unused_imports, reason = "the macro's expansion looks for them")]
use memsh_plugin::{
    SessionInstance, SessionInstanceBase, SessionInstanceRef, SessionInstanceVtableFiller, SessionInstanceVtables, cglue,
};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Rows that were found wait for more so long at most.
const IDLE: Duration = Duration::from_millis(200);

/// The session.
pub struct Asked<'a> {
    cx: &'a Context<'a>,
    /// The space that was asked last: plugins ask for one after the other, piece by piece.
    space: RefCell<Option<(Option<u32>, Rc<Space>)>>,
    shown: RefCell<Option<Shown>>,
    /// Sends the rows on that wait for more, and when that was last done.
    idle: &'a dyn Fn() -> Result<()>,
    sent: Cell<Instant>,
    stopped: RefCell<Option<Failure>>,
}

/// What `progress` shows.
struct Shown {
    task: String,
    done: u64,
    total: u64,
    meter: Box<dyn Meter>,
}

fn failed(f: &Failure) -> ApiError {
    ApiError::new(Status::FAILED, f.lines().join("; "))
}

impl<'a> Asked<'a> {
    /// What `cx` has; `idle` is called now and then while the command works.
    pub fn new(cx: &'a Context<'a>, idle: &'a dyn Fn() -> Result<()>) -> Self {
        let sent = Cell::new(Instant::now());
        Self { cx, space: RefCell::default(), shown: RefCell::default(), idle, sent, stopped: RefCell::default() }
    }

    /// As plugins get it.
    pub fn session(&self) -> SessionInstanceRef<'_> {
        group_obj!(self as SessionInstance)
    }

    /// Whether the command came to its own end; how far it was when Ctrl-C came is told.
    ///
    /// # Errors
    /// [`Failure::Interrupted`] where the user ended it; that of its reader, who wants no more rows.
    pub fn go_on(self) -> Result<()> {
        let Some(failure) = self.stopped.into_inner() else { return Ok(()) };
        if let (Failure::Interrupted, Some(Shown { task, done, total, .. })) = (&failure, self.shown.into_inner()) {
            // Of what it counts, and in what, the plugin alone knows.
            let percent = u128::from(done) * 100 / u128::from(total.max(1));
            self.cx.lost(format!("what was left when Ctrl-C came, after about {percent} % of {task}"));
        }
        Err(failure)
    }

    /// Whether Ctrl-C has come since this was asked last. The first one is the command's: it ends by itself, and what it found is still shown.
    pub fn interrupted(&self) -> bool {
        let came = self.cx.host().interrupt().swap(false, Ordering::SeqCst);
        if came {
            self.stopped.replace(Some(Failure::Interrupted));
        }
        came
    }

    fn space(&self, pid: Option<u32>) -> Result<Rc<Space>> {
        if let Some((_, space)) = self.space.borrow().as_ref().filter(|(of, _)| *of == pid) {
            return Ok(Rc::clone(space));
        }
        let session = self.cx.session()?;
        let space = Rc::new(match pid {
            Some(pid) => session.process_space(&session.find_process(&pid.to_string())?)?,
            None => session.kernel_space()?,
        });
        self.space.replace(Some((pid, Rc::clone(&space))));
        Ok(space)
    }
}

impl Session for Asked<'_> {
    fn answer(&self, line: &str) -> CResult<Text, ApiError> {
        let answer = self.cx.host().answer(line).map_err(|f| failed(&f));
        answer.map(|value| Text::from(value.to_string())).into()
    }

    fn read_phys(&self, ops: CSliceMut<PhysReadOp>) {
        let mut ops = ops;
        match self.cx.session() {
            Ok(session) => session.memory().read_ops(&mut ops),
            Err(_) => ops.iter_mut().for_each(|op| op.status = Status::MISSING),
        }
    }

    fn read_virt(&self, pid: Maybe<u32>, ops: CSliceMut<VirtReadOp>) -> CResult<(), ApiError> {
        let read = |space: Rc<Space>| {
            let tables = space.tables().ok_or_else(|| ApiError::new(Status::FAILED, "no address space"))?;
            tables.read_virt(ops);
            Ok(())
        };
        self.space(pid.into()).map_err(|f| failed(&f)).and_then(read).into()
    }

    fn ranges(&self) -> CVec<MemoryRange> {
        self.cx.session().map_or_else(|_| Vec::new().into(), |s| s.memory().ranges().to_vec().into())
    }

    fn mapped(&self, pid: Maybe<u32>, mut found: OpaqueCallback<VirtRange>) -> CResult<u64, ApiError> {
        let space = match self.space(pid.into()) {
            Ok(space) => space,
            Err(f) => return CResult::Err(failed(&f)),
        };
        let (runs, missing) = mapped(self.cx, &space, None);
        let mut runs = runs.into_iter().filter(|r| r.size > 0).map(|r| VirtRange { start: VirtAddr::new(r.virt), size: r.size });
        let Some(mut joined) = runs.next() else { return CResult::Ok(missing) };
        for run in runs {
            if joined.start.value().checked_add(joined.size) == Some(run.start.value()) {
                joined.size += run.size;
            } else if !found.call(std::mem::replace(&mut joined, run)) {
                return CResult::Ok(missing);
            }
        }
        // It was the last one.
        let _ = found.call(joined);
        CResult::Ok(missing)
    }

    fn progress(&self, task: &str, done: u64, total: u64) -> bool {
        self.interrupted();
        if self.sent.get().elapsed() >= IDLE {
            if let Err(failure) = (self.idle)() {
                self.stopped.borrow_mut().get_or_insert(failure);
            }
            self.sent.set(Instant::now());
        }
        let mut shown = self.shown.borrow_mut();
        if !shown.as_ref().is_some_and(|s| s.task == task && s.total == total) {
            // The old one ends before another begins.
            shown.take();
            *shown = Some(Shown { task: task.to_owned(), done, total, meter: self.cx.host().meter(task, total) });
        }
        if let Some(shown) = shown.as_mut() {
            shown.done = done;
            shown.meter.at(done);
        }
        self.stopped.borrow().is_none()
    }
}

cglue_impl_group!(Asked<'a>, SessionInstance, {});
