//! The structures of timers that are read.

use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, shapes};
use crate::symbols::{Types, TypesExt};

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
pub struct Strides {
    /// `timer_base`.
    pub wheel: Option<u64>,
    /// `hrtimer_clock_base`.
    pub queue: Option<u64>,
}

impl Found for Strides {
    fn find(types: &dyn Types) -> Self {
        Self { wheel: types.size_of("struct timer_base"), queue: types.size_of("struct hrtimer_clock_base") }
    }
}
