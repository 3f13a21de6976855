//! Pages that a run is given besides those of the target: a stack, buffers of arguments, the place that functions return to.

use crate::end::{Access, Missing};
use crate::machine::Kind;
use crate::pages::{PAGE, Pages, Why};
use crate::request::{Argument, BUFFERS, Request, bad};
use crate::run::{Emulator, broken, guard_thread, write};
use memsh_plugin::{ApiError, CResult, Session, Status};
use serde_json::Value;

/// Where everything lies. From low to high: a hole, the stack, a hole, then buffers, code and what functions return to.
#[derive(Clone, Debug)]
pub struct Scratch {
    pub stack: u64,
    pub stack_size: u64,
    /// First address of each argument's buffer, and its size; none of a number.
    pub buffers: Vec<Option<(u64, u64)>>,
    /// Where code that was given lies.
    pub code: Option<u64>,
    /// The first address behind it.
    pub code_end: Option<u64>,
    /// What functions return to.
    pub back: u64,
    /// Where the block of a thread lies that is not known.
    pub thread: Option<u64>,
    /// First and last page that are given, without the holes.
    pages: Vec<(u64, u64)>,
}

const fn up(value: u64) -> u64 {
    value.next_multiple_of(PAGE)
}

/// Where to look for a place that the target does not use: the first, the distance, and how many.
fn candidates(request: &Request) -> (u64, u64, u64) {
    match (request.kind, request.pid) {
        (Kind::X86, _) => (0x1000_0000, 0x0400_0000, 40),
        (_, Some(_)) => (0x6000_0000_0000, 0x10_0000_0000, 64),
        // Between the halves of what x86-64 and AArch64 map; never mapped by x86-64 kernels, rarely by others.
        (_, None) => (0xffff_8000_1000_0000, 0x10_0000_0000, 64),
    }
}

impl Scratch {
    /// Finds a place for all that the request needs.
    ///
    /// # Errors
    /// When the buffers are too large, or no place is free.
    pub fn place(request: &Request, session: &dyn Session) -> Result<Self, ApiError> {
        let sizes = request.arguments.iter().map(|a| match a {
            Argument::Number(_) => 0,
            // Each on its own, so that running over the end of one is seen, and 16 bytes aligned.
            Argument::Buffer(bytes) => up(bytes.len() as u64 + 1),
        });
        let sizes: Vec<u64> = sizes.collect();
        let buffers: u64 = sizes.iter().fold(0, |sum, s| sum.saturating_add(*s));
        if buffers > BUFFERS {
            return Err(bad(format!("buffers of {buffers} bytes are too large: at most {BUFFERS}")));
        }
        let code = up(request.code.len() as u64);
        // Holes below and above the stack, behind each buffer and behind the code.
        let holes = PAGE * (3 + sizes.len() as u64);
        let all = request.stack + buffers + code + PAGE * 2 + holes;
        let base = free(request, session, all)?;
        let stack = base + PAGE;
        let mut next = stack + request.stack + PAGE;
        let mut pages = vec![(stack, request.stack)];
        let mut placed = Vec::new();
        for size in sizes {
            if size == 0 {
                placed.push(None);
                continue;
            }
            pages.push((next, size));
            placed.push(Some((next, size)));
            next += size + PAGE;
        }
        let mut take = |size: u64| {
            let at = next;
            pages.push((at, size));
            next += size;
            at
        };
        // Not at the start of its page: there the emulator asks for the page before, when it stops.
        let back = take(PAGE) + PAGE / 2;
        let thread = request.kind == Kind::X8664 && request.pid.is_some() && request.abi.name == "sysv";
        let given = request.registers.iter().any(|(name, _)| name.eq_ignore_ascii_case("fs_base"));
        let thread = (thread && !given).then(|| take(PAGE) + PAGE / 2);
        let at = (code > 0).then(|| take(code));
        Ok(Self {
            stack,
            stack_size: request.stack,
            buffers: placed,
            code: at,
            code_end: at.map(|at| at + request.code.len() as u64),
            back,
            thread,
            pages,
        })
    }

    /// Whether a page is the hole below the stack.
    pub fn is_below_stack(&self, page: u64) -> bool {
        page.wrapping_add(PAGE) == self.stack
    }

    /// Puts everything there: buffers, code, arguments, what the function returns to. Gives where to begin.
    ///
    /// # Errors
    /// When there is no room, or a register has no such name.
    pub fn fill(&self, request: &Request, emulator: &mut Emulator<'_, '_>) -> Result<u64, ApiError> {
        let kind = request.kind;
        for (start, size) in &self.pages {
            for page in (0..size / PAGE).map(|i| start + i * PAGE) {
                let touched = emulator.get_data_mut().pages.give(page).map_err(|why| full(page, why))?;
                if let Some(bytes) = touched.fresh {
                    emulator.mem_write(touched.at, &bytes[..]).map_err(|e| broken("preparing memory", e))?;
                }
            }
        }
        let mut put = |at: u64, bytes: &[u8]| write(emulator, at, bytes).map_err(|why| full(at, why));
        put(self.back, kind.trap())?;
        if let Some(thread) = self.thread {
            put(thread, &thread.to_le_bytes())?;
            put(thread + 0x10, &thread.to_le_bytes())?;
        }
        if let Some(code) = self.code {
            put(code, &request.code)?;
        }
        let mut values = Vec::new();
        for (argument, placed) in request.arguments.iter().zip(&self.buffers) {
            values.push(match (argument, placed) {
                (Argument::Number(n), _) => fitting(kind, *n)?,
                (Argument::Buffer(bytes), Some((at, _))) => {
                    put(*at, bytes)?;
                    *at
                }
                (Argument::Buffer(_), None) => 0,
            });
        }
        let in_registers = values.len().min(request.abi.registers.len());
        let (first, rest) = values.split_at(in_registers);
        let width = kind.width();
        let link = if kind == Kind::AArch64 { 0 } else { width };
        let below = link + request.abi.shadow + rest.len() as u64 * width;
        let top = self.stack + self.stack_size;
        if below + 64 > self.stack_size {
            return Err(bad(format!("{} arguments do not fit on a stack of {} bytes", values.len(), self.stack_size)));
        }
        // What calls leaves a return address below a multiple of 16.
        let stack = ((top - (below - link) - 64) & !15) - link;
        let bytes = |value: u64| value.to_le_bytes().into_iter().take(usize::try_from(width).unwrap_or(8)).collect::<Vec<u8>>();
        if link > 0 {
            put(stack, &bytes(self.back))?;
        }
        for (i, value) in rest.iter().enumerate() {
            put(stack + link + request.abi.shadow + i as u64 * width, &bytes(*value))?;
        }
        if let Some(thread) = self.thread {
            guard_thread(emulator, thread)?;
        }
        let mut set = |id: i32, value: u64| emulator.reg_write(id, value).map_err(|e| broken("setting a register", e));
        set(kind.stack_pointer(), stack)?;
        if kind == Kind::AArch64 {
            set(unicorn_engine::RegisterARM64::X30 as i32, self.back)?;
        }
        for (id, value) in request.abi.registers.iter().zip(first) {
            set(*id, *value)?;
        }
        for (name, value) in &request.registers {
            set(kind.register(name)?, fitting(kind, *value)?)?;
        }
        self.code.or(request.start).map(|at| kind.cut(at)).ok_or_else(|| bad("nothing to run"))
    }
}

fn full(page: u64, why: Why) -> ApiError {
    bad(match why {
        Why::Full => "stack and buffers need more memory than the run may have (--memory)".to_owned(),
        Why::Missing | Why::Failed => {
            format!("the run's own page {page:#x} can't be made ({:?})", Missing { page, access: Access::Write, why })
        }
    })
}

/// A number as a register holds it: of 32 bits, where it has no more; a negative one as well.
fn fitting(kind: Kind, value: u64) -> Result<u64, ApiError> {
    let cut = kind.cut(value);
    let negative = value >> 31 == u64::MAX >> 31;
    if cut == value || negative { Ok(cut) } else { Err(bad(format!("{value:#x} does not fit in 32 bits"))) }
}

/// A place of `size` bytes that the target does not use.
fn free(request: &Request, session: &dyn Session, size: u64) -> Result<u64, ApiError> {
    // Regions of a process take part in it even where no page is there yet.
    let regions = request.pid.map(|pid| regions(session, pid)).unwrap_or_default();
    let (first, distance, many) = candidates(request);
    let pages = Pages::new(session, request.pid, 0);
    let unused = |base: &u64| {
        let end = base + size;
        let apart = regions.iter().all(|(from, to)| *to <= *base || end <= *from);
        apart && (0..size / PAGE).all(|i| pages.fetch(base + i * PAGE).is_err_and(|why| why == Why::Missing))
    };
    let found = (0..many).map(|i| first + i * distance).find(unused);
    found.ok_or_else(|| {
        ApiError::new(Status::FAILED, format!("no place of {size} bytes for a stack and buffers is free in this address space"))
    })
}

fn regions(session: &dyn Session, pid: u32) -> Vec<(u64, u64)> {
    let CResult::Ok(text) = session.answer(&format!("maps {pid}")) else { return Vec::new() };
    let rows: Vec<Value> = serde_json::from_slice(text.as_bytes()).unwrap_or_default();
    let number = |v: &Value| u64::from_str_radix(v.as_str()?.strip_prefix("0x")?, 16).ok();
    rows.iter().filter_map(|r| Some((number(&r["start"])?, number(&r["end"])?))).collect()
}
