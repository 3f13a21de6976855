//! Members of `task_struct`.

use super::anchors::{Anchor, Facts, nearest};
use super::witness::{Sample, Witness, number};
use std::ops::Range;

impl Facts<'_> {
    /// Members of `task_struct`.
    pub(super) fn tasks(&self) -> Vec<Anchor> {
        const TASK: &str = "task_struct";
        let (w, word) = (self.witness, self.witness.word);
        let mut out: Vec<Anchor> = Vec::new();
        for &(member, at) in &w.known {
            if let Some(told) = self.told(TASK, member) {
                out.push(Anchor::new(TASK, member, told, Some(at)));
            }
        }
        let at = |name: &str| w.offset(name).unwrap_or(0);
        let (tasks, pid, leader, comm) = (at("tasks"), at("pid"), at("group_leader"), at("comm"));
        let mut ask = |member: &'static str, range: Range<u64>, step: u64, fits: &dyn Fn(u64) -> bool| -> Option<u64> {
            let told = self.told(TASK, member)?;
            let found = nearest(told, range, step, fits);
            out.push(Anchor::new(TASK, member, told, found));
            found
        };
        let all = |fits: &dyn Fn(&Sample) -> bool| w.tasks.iter().all(fits);
        let pointer = |s: &Sample, at: u64| s.number(at, word).filter(|p| self.reader.kernel(*p));
        // A zombie has none.
        let stack = |s: &Sample, o: u64| pointer(s, o).is_some_and(|p| p.is_multiple_of(4096));
        ask("stack", 0..tasks, word, &|o| {
            all(&|s| s.number(o, word) == Some(0) || stack(s, o))
                && w.tasks.iter().filter(|s| stack(s, o)).count() * 4 > w.tasks.len() * 3
        });
        ask("mm", tasks + 2 * word..pid, word, &|o| {
            w.users().count() > 0
                && all(&|s| match s.kernel {
                    true => s.number(o, word) == Some(0),
                    // One that ends has given its memory back.
                    false => s.number(o, word) == s.number(o + word, word) || s.number(o, word) == Some(0),
                })
                && w.users().any(|s| pointer(s, o).is_some())
        });
        ask("exit_state", tasks + 2 * word..pid, 4, &|o| {
            // `exit_state`, `exit_code`, `exit_signal` (SIGCHLD), `pdeath_signal`.
            let usual = |s: &&Sample| (s.u32(o + 8), s.u32(o), s.u32(o + 12)) == (Some(17), Some(0), Some(0));
            w.tasks.iter().filter(usual).count() * 4 > w.tasks.len() * 3
        });
        ask("thread_pid", leader + word..comm, word, &|o| self.ids(w, o));
        ask("thread_node", leader + word..comm, word, &|o| {
            let alone = |s: &&Sample| {
                let head = s.number(o, word);
                head.is_some_and(|h| self.reader.kernel(h) && h != s.base + o && self.reader.word(h) == Some(s.base + o))
                    && head == s.number(o + word, word)
            };
            w.tasks.iter().filter(alone).count() * 2 > w.tasks.len()
        });
        if self.told("kthread", "full_name").is_some() || self.told("kthread", "threadfn").is_some() {
            let member = if self.told(TASK, "worker_private").is_some() { "worker_private" } else { "set_child_tid" };
            ask(member, leader + word..comm, word, &|o| {
                all(&|s| match (s.kernel, s.pid) {
                    // The idle task has none, nor had kthreadd before 5.17.
                    (true, 0 | 2) => true,
                    (true, _) => pointer(s, o).is_some(),
                    (false, _) => !s.number(o, word).is_some_and(|p| self.reader.kernel(p)),
                }) && w.tasks.iter().any(|s| s.kernel && s.pid != 0)
            });
        }
        let later = ["start_boottime", "real_start_time"].into_iter().find(|m| self.told(TASK, m).is_some());
        let started = ask("start_time", leader + word..comm, 4, &|o| self.times(w, o));
        if let Some(later) = later {
            ask(later, leader + word..comm, 4, &|o| started.is_some_and(|s| o == s + 8));
        }
        ask("real_cred", comm.saturating_sub(4 * word)..comm, word, &|o| {
            all(&|s| pointer(s, o).is_some_and(|p| s.number(o + word, word) == Some(p)))
        });
        let after = comm + 16..comm + 16 + 64 * word;
        let nsproxy = ask("nsproxy", after.clone(), word, &|o| w.tasks.first().is_some_and(|s| self.namespaces(s, o)));
        if let Some(nsproxy) = nsproxy {
            ask("signal", after.clone(), word, &|o| o == nsproxy + word);
            ask("sighand", after.clone(), word, &|o| o == nsproxy + 2 * word);
            // `fs` and `files` follow each other; io_uring put its own between them and `nsproxy`.
            let fs = ask("fs", after.start..nsproxy, word, &|o| {
                o + 2 * word <= nsproxy
                    && w.users().any(|s| self.directory(s, o))
                    && all(&|s| pointer(s, o).is_some() || s.number(o, word) == Some(0))
            });
            ask("files", after.start..nsproxy, word, &|o| fs.is_some_and(|fs| o == fs + word));
        }
        out
    }

    /// Whether the word at `o` of every task leads to a `pid` that has the task's number.
    fn ids(&self, w: &Witness, o: u64) -> bool {
        let Some(numbers) = self.told("pid", "numbers") else { return false };
        w.tasks.iter().filter(|s| s.pid != 0).all(|s| {
            let at = s.number(o, w.word).filter(|p| self.reader.kernel(*p));
            let nr = at.and_then(|p| number(&self.reader.bytes(p + numbers, 8), 0, 4));
            // The lock before it has another size in some configurations.
            nr == Some(u64::from(s.pid))
        })
    }

    /// Whether the tasks were started one after the other by the two times at `o`.
    fn times(&self, w: &Witness, o: u64) -> bool {
        let mut last = 0;
        let mut rising = 0;
        for s in &w.tasks {
            let (Some(t), Some(boot)) = (s.number(o, 8), s.number(o + 8, 8)) else { return false };
            // A hundred years; and the second counts what was slept through.
            if t > 100 * 365 * 86_400 * 1_000_000_000 || boot < t || s.pid == 0 && t != 0 || t < last {
                return false;
            }
            rising += u32::from(t > last);
            last = t;
        }
        // The first few may have been started at one tick.
        rising * 2 > u32::try_from(w.tasks.len()).unwrap_or(0)
    }

    /// Whether the word at `o` leads to an `nsproxy` whose UTS namespace says "Linux".
    fn namespaces(&self, s: &Sample, o: u64) -> bool {
        let word = self.witness.word;
        let Some(at) = s.number(o, word).filter(|p| self.reader.kernel(*p)) else { return false };
        (0..4).any(|n| {
            let uts = self.reader.word(at + n * word).filter(|p| self.reader.kernel(*p));
            uts.is_some_and(|uts| memchr::memmem::find(&self.reader.bytes(uts, 32), b"Linux\0").is_some())
        })
    }

    /// Whether the word at `o` leads to an `fs_struct` with a root directory.
    fn directory(&self, s: &Sample, o: u64) -> bool {
        let word = self.witness.word;
        let Some(root) = self.told("fs_struct", "root.dentry") else { return false };
        let Some(at) = s.number(o, word).filter(|p| self.reader.kernel(*p)) else { return false };
        // Around where the table has it: a lock before it may have another size.
        (0..8)
            .flat_map(|n| [root + n * word, root.saturating_sub(n * word)])
            .any(|o| self.reader.word(at + o).is_some_and(|d| self.top(d)))
    }

    /// Whether a `dentry` is its own parent, and called "/".
    fn top(&self, dentry: u64) -> bool {
        if !self.reader.kernel(dentry) {
            return false;
        }
        let bytes = self.reader.bytes(dentry, 128);
        let word = self.witness.word;
        (0..16).any(|n| number(&bytes, n * word, word) == Some(dentry)) && bytes.windows(2).any(|b| b == b"/\0")
    }
}
