//! Timers: the wheels of every processor (kernel/time/timer.c) and its queues of precise timers (kernel/time/hrtimer.c), with what
//! they will do.

mod shapes;

use super::sys::timekeeper;
use crate::engine::{ViewExt, to_u64};
use crate::os::linux::base::kernel::{Kernel, failed};
use crate::os::linux::base::layout::{Block, Member, Shape, container_of};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::base::percpu::{cpus, per_cpu};
use crate::os::linux::containers::list::Chains;
use crate::os::linux::containers::tree::tree;
use crate::os::linux::files::holders::{Process, every_process, holders_among};
use crate::os::linux::tasks::task::Task;
use memsh_plugin::{ApiError, Listing, Status, Text, UnixNanos, VirtAddr, umem};
use shapes::*;
use std::collections::HashMap;
use std::sync::Arc;

/// `NR_BASES` is 3 since 6.9, 2 before, 1 without CONFIG_NO_HZ_COMMON.
const WHEELS: u64 = 3;
/// A wheel has 8 or 9 levels of 64 buckets (`WHEEL_SIZE`).
const BUCKETS: u64 = 4096;
/// `HRTIMER_MAX_CLOCK_BASES` is 8.
const CLOCKS: u64 = 64;
/// `TIMER_CPUMASK` (include/linux/timer.h): which processor a timer waits on.
const CPU_MASK: u64 = 0x3_ffff;
const SECOND: i64 = 1_000_000_000;
/// The names of `clockid_t` (include/uapi/linux/time.h).
const CLOCK_NAMES: [&str; 12] = [
    "realtime",
    "monotonic",
    "process",
    "thread",
    "monotonic_raw",
    "realtime_coarse",
    "monotonic_coarse",
    "boottime",
    "realtime_alarm",
    "boottime_alarm",
    "sgi_cycle",
    "tai",
];

/// A timer that waits.
#[derive(Clone, Debug)]
pub struct Timer {
    /// Address of its `timer_list` or `hrtimer`.
    pub address: VirtAddr,
    /// Whether it is a precise one (`hrtimer`).
    pub precise: bool,
    /// The processor that it waits on.
    pub cpu: u32,
    /// Its clock: `jiffies`, `monotonic`, `realtime`, ...
    pub clock: &'static str,
    /// When it expires, in jiffies or in nanoseconds of its clock.
    pub expires: u64,
    /// Nanoseconds from the moment of the image until then; below zero when it is late.
    pub left: Option<i64>,
    /// The moment when it expires.
    pub at: Option<UnixNanos>,
    /// What is called then.
    pub function: Option<VirtAddr>,
    /// What that function will call in turn, for delayed work.
    pub work: Option<VirtAddr>,
    /// Process that it belongs to: sleeps, or set it.
    pub pid: Option<u32>,
    /// Its thread, where one sleeps.
    pub tid: Option<u32>,
    /// Name of the process, or of the thread.
    pub process: Option<Text>,
}

/// The time when memory was taken, as far as its last tick tells.
struct Now {
    /// Nanoseconds of CLOCK_MONOTONIC.
    monotonic: i64,
    /// What to add to that for the time of day.
    real: i64,
    /// Nanoseconds of a jiffy.
    tick: i64,
    jiffies: Option<u64>,
}

fn now(kernel: &Kernel) -> Option<Now> {
    let shape = kernel.shape::<ClockShape>();
    let block = shape.read(kernel.view(), timekeeper(kernel)?);
    let shift = u32::try_from(block.uint(shape.shift)?).ok().filter(|s| *s < 64)?;
    let part = i64::try_from(block.uint(shape.nanos)? >> shift).ok()?;
    // The length of a tick is kept in 2^-32 nanoseconds (`NTP_SCALE_SHIFT`); whole ticks per second are meant.
    let tick = i64::try_from(block.uint(shape.tick)? >> 32).ok().filter(|t| *t > 0)?;
    let rate = (SECOND + tick / 2).checked_div(tick).filter(|hz| *hz > 0)?;
    let jiffies = kernel.address("jiffies_64").or_else(|| kernel.address("jiffies"));
    Some(Now {
        monotonic: block.int(shape.base)?.checked_add(part)?,
        real: block.int(shape.real)?,
        tick: SECOND / rate,
        jiffies: jiffies.and_then(|at| kernel.space.read_u64(at).ok()),
    })
}

/// All timers that wait: those of wheels and precise ones, the next to expire first.
///
/// # Errors
/// When neither is known to symbols or types.
pub fn timers(kernel: &Kernel) -> Result<Listing<Timer>, ApiError> {
    let mut lost = Lost::default();
    let (wheels, queues) = (kernel.address("timer_bases"), kernel.address("hrtimer_bases"));
    if wheels.is_none() && queues.is_none() {
        let why = "can't list timers: no symbol timer_bases or hrtimer_bases; give symbols with --symbols";
        return Err(failed(Status::UNSUPPORTED, why));
    }
    let now = now(kernel);
    if now.is_none() {
        lost.push("the time of the image is not known; how long timers still wait is not told");
    }
    let processes = every_process(kernel, &mut lost).unwrap_or_default();
    let mut all =
        All { kernel, now, callees: Callees::find(kernel), processes, out: Vec::new(), chains: Chains::default(), files: None };
    for cpu in cpus(kernel) {
        match wheels.and_then(|at| per_cpu(kernel, at, cpu)) {
            Some(at) => all.wheels(cpu, at, wheels, &mut lost),
            None => lost.push(format!("the timer wheels of processor {cpu} are not known")),
        }
        match queues.and_then(|at| per_cpu(kernel, at, cpu)) {
            Some(at) => all.queues(cpu, at, &mut lost),
            None => lost.push(format!("the precise timers of processor {cpu} are not known")),
        }
    }
    let mut timers = all.out;
    timers.sort_by_key(|t| (t.left.is_none(), t.left, t.cpu, t.address));
    Ok(lost.listing(timers))
}

/// Functions of timers that say whose they are.
#[derive(Default)]
struct Callees {
    known: HashMap<VirtAddr, Callee>,
}

#[derive(Clone, Copy)]
enum Callee {
    Work,
    Timeout,
    Wakeup,
    Alarm,
    Posix,
    TimerFd,
}

impl Callees {
    fn find(kernel: &Kernel) -> Self {
        let all = [
            ("delayed_work_timer_fn", Callee::Work),
            ("process_timeout", Callee::Timeout),
            ("hrtimer_wakeup", Callee::Wakeup),
            ("it_real_fn", Callee::Alarm),
            ("posix_timer_fn", Callee::Posix),
            ("timerfd_tmrproc", Callee::TimerFd),
        ];
        Self { known: all.into_iter().filter_map(|(name, callee)| Some((kernel.address(name)?, callee))).collect() }
    }
}

struct All<'k> {
    kernel: &'k Kernel,
    now: Option<Now>,
    callees: Callees,
    processes: Vec<Process>,
    out: Vec<Timer>,
    /// Of all wheels: a timer waits in one.
    chains: Chains,
    /// Who holds which `timerfd_ctx`; looked up when one is met.
    files: Option<HashMap<VirtAddr, (u32, Text)>>,
}

impl All<'_> {
    /// The wheels of a processor. How many there are is told by the room up to the next symbol.
    fn wheels(&mut self, cpu: u32, first: VirtAddr, symbol: Option<VirtAddr>, lost: &mut Lost) {
        let kernel = self.kernel;
        let (shape, timer) = (kernel.shape::<WheelShape>(), kernel.shape::<TimerShape>());
        let (Some(stride), Some(vectors)) = (kernel.shape::<Strides>().wheel.filter(|s| *s > 0), shape.vectors) else {
            return lost.push("timer wheels are not known: no type timer_base");
        };
        let next = kernel.symbols.all().map(|s| s.address).find(|at| Some(*at) > symbol);
        let room = next.zip(symbol).and_then(|(next, at)| to_u64(next.value().checked_sub(at.value())?));
        let count = room.map_or(1, |room| (room / stride).clamp(1, WHEELS));
        let word = u64::from(kernel.view().view_metadata().pointer_size.max(1));
        for i in 0..count {
            let at = first.wrapping_add(umem::from(i * stride));
            let Some(block) = shape.read_or(kernel.view(), at, lost) else { continue };
            if block.uint(shape.cpu) != Some(u64::from(cpu)) || block.uint(shape.clock).is_none_or(|c| c == 0) {
                lost.push(format!("what lies at {at} is no timer wheel of processor {cpu}"));
                break;
            }
            for bucket in 0..(vectors.size / word).min(BUCKETS) {
                let place = vectors.offset + bucket * word;
                if block.word(place).is_none_or(|first| first == 0) {
                    continue;
                }
                for node in self.chains.nodes(kernel.view(), at.wrapping_add(umem::from(place)), "timer wheel", lost) {
                    let Some(at) = container_of(node, timer.entry) else { continue };
                    if !self.wheel_timer(cpu, &timer, at, lost) {
                        // What follows was reached through what is no timer.
                        break;
                    }
                }
            }
        }
    }

    fn wheel_timer(&mut self, cpu: u32, shape: &TimerShape, at: VirtAddr, lost: &mut Lost) -> bool {
        let block = shape.read(self.kernel.view(), at);
        let own = block.uint(shape.flags).map(|f| f & CPU_MASK);
        let (Some(expires), Some(function), true) =
            (block.uint(shape.expires), block.ptr(shape.function), own == Some(u64::from(cpu)))
        else {
            lost.push(format!("a timer wheel of processor {cpu} leads to {at}, which is no timer of it"));
            return false;
        };
        let left = self.now.as_ref().and_then(|now| {
            let jiffies = expires.wrapping_sub(now.jiffies?).cast_signed();
            jiffies.checked_mul(now.tick)
        });
        self.push(Timer { clock: "jiffies", ..self.timer(at, cpu, expires, left, function) }, lost);
        true
    }

    fn timer(&self, address: VirtAddr, cpu: u32, expires: u64, left: Option<i64>, function: VirtAddr) -> Timer {
        let at = self.now.as_ref().zip(left).and_then(|(now, left)| now.monotonic.checked_add(now.real)?.checked_add(left));
        Timer {
            address,
            precise: false,
            cpu,
            clock: "",
            expires,
            left,
            at,
            function: Some(function),
            work: None,
            pid: None,
            tid: None,
            process: None,
        }
    }

    /// The queues of a processor's precise timers, one for each clock.
    fn queues(&mut self, cpu: u32, at: VirtAddr, lost: &mut Lost) {
        let kernel = self.kernel;
        let (shape, queue) = (kernel.shape::<QueuesShape>(), kernel.shape::<QueueShape>());
        let (Some(stride), Some(clocks)) = (kernel.shape::<Strides>().queue.filter(|s| *s > 0), shape.clocks) else {
            return lost.push("precise timers are not known: no type hrtimer_clock_base");
        };
        for i in 0..(clocks.size / stride).min(CLOCKS) {
            let base = at.wrapping_add(umem::from(clocks.offset + i * stride));
            let Some(block) = queue.read_or(kernel.view(), base, lost) else { continue };
            self.queue(cpu, base, &block, &queue, lost);
        }
    }

    fn queue(&mut self, cpu: u32, base: VirtAddr, block: &Block, queue: &QueueShape, lost: &mut Lost) {
        let (kernel, shape) = (self.kernel, self.kernel.shape::<HrtimerShape>());
        let Some(root) = block.at(queue.active) else { return };
        let clock = block.uint(queue.clock).and_then(|c| CLOCK_NAMES.get(usize::try_from(c).ok()?)).copied().unwrap_or("other");
        for node in tree(kernel.view(), &kernel.layouts.rb_node, root, "queue of timers", lost) {
            let Some(at) = container_of(node, shape.node) else { continue };
            let timer = shape.read(kernel.view(), at);
            // Each knows the queue that it is in.
            let (Some(expires), Some(function), true) =
                (timer.uint(shape.expires), timer.ptr(shape.function), timer.ptr(shape.base) == Some(base))
            else {
                lost.push(format!("a queue of timers of processor {cpu} leads to {at}, which is no timer of it"));
                continue;
            };
            let left = self.now.as_ref().and_then(|now| {
                let monotonic = expires.cast_signed().checked_sub(block.int(queue.offset)?)?;
                monotonic.checked_sub(now.monotonic)
            });
            self.push(Timer { precise: true, clock, ..self.timer(at, cpu, expires, left, function) }, lost);
        }
    }

    /// Adds a timer, with whose it is.
    fn push(&mut self, mut timer: Timer, lost: &mut Lost) {
        let (kernel, view) = (self.kernel, self.kernel.view());
        let callee = timer.function.and_then(|f| self.callees.known.get(&f)).copied();
        match callee {
            Some(Callee::Work) => {
                let shape = kernel.shape::<DelayedWorkShape>();
                timer.work = container_of(timer.address, shape.timer).and_then(|at| shape.read(view, at).ptr(shape.function));
            }
            Some(Callee::Timeout) => {
                let shape = kernel.shape::<ProcessTimerShape>();
                self.sleeper(&mut timer, shape.timer, shape.task, &*shape);
            }
            Some(Callee::Wakeup) => {
                let shape = kernel.shape::<SleeperShape>();
                self.sleeper(&mut timer, shape.timer, shape.task, &*shape);
            }
            Some(Callee::Alarm) => {
                let shape = kernel.shape::<TimerSignalShape>();
                let signal = container_of(timer.address, shape.timer);
                self.process(&mut timer, signal);
            }
            Some(Callee::Posix) => {
                let shape = kernel.shape::<PosixTimerShape>();
                let signal = container_of(timer.address, shape.timer).and_then(|at| shape.read(view, at).ptr(shape.signal));
                // 6.16 marks it in the lowest bit while the timer is being made.
                self.process(&mut timer, signal.map(|at| VirtAddr::new(at.value() & !1)));
            }
            Some(Callee::TimerFd) => {
                let context = container_of(timer.address, kernel.shape::<TimerFdShape>().timer);
                let files = self.files.get_or_insert_with(|| contexts(kernel, &self.processes, lost));
                if let Some((pid, name)) = context.and_then(|at| files.get(&at)) {
                    (timer.pid, timer.process) = (Some(*pid), Some(name.clone()));
                }
            }
            None => {}
        }
        self.out.push(timer);
    }

    /// Who sleeps until a timer expires.
    fn sleeper(&self, timer: &mut Timer, own: Option<Member>, task: Option<Member>, shape: &dyn Shape) {
        let kernel = self.kernel;
        let outer = container_of(timer.address, own).map(|at| shape.read(kernel.view(), at));
        let Some(at) = outer.and_then(|b| b.ptr(task)) else { return };
        let Some(task) = Task::read(kernel, at, &mut Lost::default()) else { return };
        let name = task.name(kernel);
        if task.pid(kernel).is_none_or(|p| p == 0) || name.is_empty() {
            return;
        }
        timer.pid = task.tgid(kernel);
        timer.tid = task.pid(kernel);
        timer.process = Some(Text::from(name));
    }

    /// The process whose `signal_struct` this is.
    fn process(&self, timer: &mut Timer, signal: Option<VirtAddr>) {
        let (view, shape, pid) =
            (self.kernel.view(), self.kernel.shape::<TimerSignalShape>(), self.kernel.shape::<TimerPidShape>());
        let word = umem::from(view.view_metadata().pointer_size);
        // `PIDTYPE_TGID` (include/linux/pid.h, 4.19) is the second.
        let place = signal.and_then(|at| shape.read(view, at).at(shape.pids)).map(|at| at.wrapping_add(word));
        let number = place
            .and_then(|at| view.read_ptr(at).ok())
            .and_then(|at| pid.read(view, at).at(pid.number))
            .and_then(|at| self.kernel.space.read_u32(at).ok());
        // Only a process that is known is told.
        if let Some(owner) = self.processes.iter().find(|o| Some(o.pid) == number) {
            timer.pid = number;
            timer.process = Some(owner.name.clone());
        }
    }
}

/// Who holds which object behind a file; the lowest process first.
fn contexts(kernel: &Kernel, processes: &[Process], lost: &mut Lost) -> HashMap<VirtAddr, (u32, Text)> {
    let shape: Arc<TimerFileShape> = kernel.shape();
    let mut out = HashMap::new();
    for holder in holders_among(kernel, processes, lost) {
        if let Some(private) = shape.read(kernel.view(), holder.file).ptr(shape.private) {
            out.entry(private).or_insert((holder.pid, holder.process));
        }
    }
    out
}

#[cfg(test)]
mod tests;
