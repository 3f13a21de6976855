//! Timers: the wheels of every processor (kernel/time/timer.c) and its queues of precise timers (kernel/time/hrtimer.c), with what
//! they will do.

use super::holders::{Owner, holders, owners};
use super::kernel::{Kernel, failed};
use super::layout::{Block, Extent, Found, Member, Members, Shape, container_of, shapes};
use super::list::chain;
use super::lost::Lost;
use super::percpu::{cpus, per_cpu};
use super::sys::timekeeper;
use super::task::Task;
use super::tree::tree;
use crate::engine::{ViewExt, to_u64};
use crate::symbols::{Types, TypesExt};
use memsh_plugin::{ApiError, Listing, Status, Text, UnixNanos, VirtAddr, umem};
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

shapes! {
    /// `timer_base`: one wheel.
    WheelShape: "timer_base" {
        cpu: ["cpu"],
        clock: ["clk"],
        vectors: ["vectors"],
    }
    /// `timer_list`.
    TimerShape: "timer_list" {
        entry: ["entry"],
        expires: ["expires"],
        function: ["function"],
        flags: ["flags"],
    }
    /// `hrtimer_cpu_base`.
    QueuesShape: "hrtimer_cpu_base" {
        clocks: ["clock_base"],
    }
    /// `hrtimer_clock_base`.
    QueueShape: "hrtimer_clock_base" {
        clock: ["clockid"],
        // 5.4 keeps the first of the tree too.
        active: ["active.rb_root", "active.head", "active"],
        offset: ["offset"],
    }
    /// `hrtimer`.
    HrtimerShape: "hrtimer" {
        node: ["node.node"],
        expires: ["node.expires"],
        function: ["function"],
        base: ["base"],
    }
    /// `hrtimer_sleeper`: on the stack of who sleeps.
    SleeperShape: "hrtimer_sleeper" {
        timer: ["timer"],
        task: ["task"],
    }
    /// `process_timer`: the same for a wheel.
    ProcessTimerShape: "process_timer" {
        timer: ["timer"],
        task: ["task"],
    }
    /// `delayed_work`.
    DelayedWorkShape: "delayed_work" {
        timer: ["timer"],
        function: ["work.func"],
    }
    /// `k_itimer`: a POSIX timer.
    PosixTimerShape: "k_itimer" {
        timer: ["it.real.timer"],
        signal: ["it_signal"],
    }
    /// `signal_struct`, for its timer and whose it is.
    TimerSignalShape: "signal_struct" {
        timer: ["real_timer"],
        pids: ["pids"],
    }
    /// `pid`, for its number.
    TimerPidShape: "pid" {
        number: ["numbers"],
    }
    /// `timerfd_ctx`.
    TimerFdShape: "timerfd_ctx" {
        timer: ["t.tmr"],
    }
    /// `file`, for what it stands for.
    TimerFileShape: "file" {
        private: ["private_data"],
    }
    /// `timekeeper`, for what time it was.
    ClockShape: "timekeeper" {
        base: ["tkr_mono.base"],
        nanos: ["tkr_mono.xtime_nsec"],
        shift: ["tkr_mono.shift"],
        tick: ["ntp_tick"],
        real: ["offs_real"],
    }
}

/// Sizes of what stands in arrays.
#[derive(Debug, Default)]
struct Strides {
    wheel: Option<u64>,
    queue: Option<u64>,
}

impl Found for Strides {
    fn find(types: &dyn Types) -> Self {
        Self { wheel: types.size_of("struct timer_base"), queue: types.size_of("struct hrtimer_clock_base") }
    }
}

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
    let processes = owners(kernel, &mut lost).unwrap_or_default();
    let mut all = All { kernel, now, callees: Callees::find(kernel), processes, out: Vec::new(), files: None };
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
    processes: Vec<Owner>,
    out: Vec<Timer>,
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
                for node in chain(kernel.view(), at.wrapping_add(umem::from(place)), "timer wheel", lost) {
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
                let files = self.files.get_or_insert_with(|| contexts(kernel, lost));
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
fn contexts(kernel: &Kernel, lost: &mut Lost) -> HashMap<VirtAddr, (u32, Text)> {
    let shape: Arc<TimerFileShape> = kernel.shape();
    let mut out = HashMap::new();
    for holder in holders(kernel, lost).unwrap_or_default() {
        if let Some(private) = shape.read(kernel.view(), holder.file).ptr(shape.private) {
            out.entry(private).or_insert((holder.pid, holder.process));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::testkit::{Kit, array, u};
    use super::*;

    const TASKS: u64 = 0xffff_8880_0000_0000;
    const WHEEL: u64 = 0xffff_8880_0001_0000;
    const QUEUES: u64 = 0xffff_8880_0002_0000;
    const TIMER: u64 = 0xffff_8880_0003_0000;
    const CODE: u64 = 0xffff_ffff_8100_0000;

    fn kit() -> Kit {
        let mut kit = Kit::new();
        let t = &mut kit.types;
        t.structure(
            "task_struct",
            64,
            &[("tasks", 0, "list_head".into()), ("pid", 16, u(4)), ("tgid", 20, u(4)), ("comm", 24, array(1, 16))],
        );
        t.structure("timer_base", 0x100, &[("cpu", 0, u(4)), ("clk", 8, u(8)), ("vectors", 16, array(8, 16))]);
        t.structure(
            "timer_list",
            40,
            &[("entry", 0, array(8, 2)), ("expires", 16, u(8)), ("function", 24, u(8)), ("flags", 32, u(4))],
        );
        t.structure("process_timer", 48, &[("timer", 0, "timer_list".into()), ("task", 40, u(8))]);
        t.structure("hrtimer_cpu_base", 0x100, &[("clock_base", 0x40, array(0x40, 2))]);
        t.structure("hrtimer_clock_base", 0x40, &[("clockid", 0, u(4)), ("active", 8, array(8, 2)), ("offset", 0x20, u(8))]);
        t.structure("rb_node", 24, &[("rb_right", 8, u(8)), ("rb_left", 16, u(8))]);
        t.structure("queue_node", 32, &[("node", 0, "rb_node".into()), ("expires", 24, u(8))]);
        t.structure("hrtimer", 64, &[("node", 0, "queue_node".into()), ("function", 40, u(8)), ("base", 48, u(8))]);
        kit.symbol("init_task", TASKS);
        kit.ring(&[TASKS, TASKS + 0x1000]);
        kit.put(TASKS + 0x1010, &[7, 0, 0, 0, 7, 0, 0, 0]);
        kit.put(TASKS + 0x1018, b"sleep\0");
        kit.symbol("timer_bases", WHEEL);
        // Room for one wheel.
        kit.symbol("what_follows", WHEEL + 0x100);
        kit.symbol("hrtimer_bases", QUEUES);
        kit.symbol("process_timeout", CODE);
        kit.put(WHEEL, &[0; 0x100]);
        kit.word(WHEEL + 8, 1000);
        kit.put(QUEUES, &[0; 0x100]);
        kit.put(QUEUES + 0x40, &[1]);
        kit
    }

    fn wheel_timer(kit: &mut Kit, at: u64, next: u64, cpu: u64) {
        kit.word(at, next);
        kit.word(at + 16, 2000);
        kit.word(at + 24, CODE);
        kit.word(at + 32, cpu);
        kit.word(at + 40, TASKS + 0x1000);
    }

    fn told(kit: &Kit) -> (Vec<Timer>, Vec<String>) {
        let listing = timers(&kit.kernel()).unwrap();
        let lost = listing.lost.iter().map(|t| t.to_string_lossy().into_owned());
        // What time it was stands nowhere here.
        (listing.items.to_vec(), lost.filter(|l| !l.contains("time of the image")).collect())
    }

    #[test]
    fn a_timer_of_a_wheel_tells_who_sleeps() {
        let mut kit = kit();
        kit.word(WHEEL + 16 + 24, TIMER);
        wheel_timer(&mut kit, TIMER, 0, 0);
        let (all, lost) = told(&kit);
        assert_eq!(lost, Vec::<String>::new());
        let [t] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!((t.expires, t.clock, t.pid, t.left), (2000, "jiffies", Some(7), None));
        assert_eq!(t.process, Some(Text::from("sleep")));
    }

    #[test]
    fn foreign_memory_in_a_wheel_makes_no_rows() {
        let mut kit = kit();
        kit.word(WHEEL + 16, TIMER);
        wheel_timer(&mut kit, TIMER, TIMER + 0x100, 0);
        // Of another processor, then a circle behind it.
        wheel_timer(&mut kit, TIMER + 0x100, TIMER, 9);
        let (all, lost) = told(&kit);
        assert_eq!(all.len(), 1);
        assert_eq!(lost.len(), 2);
    }

    #[test]
    fn a_wheel_of_another_processor_is_none() {
        let mut kit = kit();
        kit.put(WHEEL, &[5]);
        kit.word(WHEEL + 16, TIMER);
        wheel_timer(&mut kit, TIMER, 0, 5);
        let (all, lost) = told(&kit);
        assert_eq!((all.len(), lost.len()), (0, 1));
    }

    #[test]
    fn precise_timers_know_their_queue() {
        let mut kit = kit();
        let queue = QUEUES + 0x40;
        kit.word(queue + 8, TIMER);
        kit.put(TIMER, &[0; 0x200]);
        for (at, base) in [(TIMER, queue), (TIMER + 0x100, queue + 0x40)] {
            kit.word(at + 24, 5_000_000_000);
            kit.word(at + 40, CODE + 0x100);
            kit.word(at + 48, base);
        }
        kit.word(TIMER + 8, TIMER + 0x100);
        kit.word(TIMER + 0x110, TIMER);
        let (all, lost) = told(&kit);
        let [t] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!((t.clock, t.expires, t.precise), ("monotonic", 5_000_000_000, true));
        assert_eq!(lost.len(), 2, "a circle, and a timer of another queue: {lost:?}");
    }

    #[test]
    fn memory_that_is_not_there_is_told() {
        let mut kit = kit();
        kit.word(WHEEL + 16, TIMER);
        kit.word(QUEUES + 0x48, 0x4141_4141_4141_4140);
        let (all, lost) = told(&kit);
        assert_eq!(all.len(), 0);
        assert!(lost.len() >= 2, "{lost:?}");
    }
}
