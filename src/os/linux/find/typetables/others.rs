//! Members of what a process leads to: its memory, credentials, signals, files and directories.

use super::anchors::{Anchor, Facts, found};
use super::witness::{Sample, number, virt};
use crate::engine::ViewExt;

/// So much is read of each of them, in bytes.
const LENGTH: usize = 2048;
/// So many processes are asked.
const SAMPLES: usize = 12;

/// A structure as bytes, and what leads to it.
struct Thing<'a> {
    base: u64,
    bytes: Vec<u8>,
    task: &'a Sample,
}

impl Thing<'_> {
    fn number(&self, at: u64, size: u64) -> Option<u64> {
        number(&self.bytes, at, size)
    }
}

impl Facts<'_> {
    /// What the member `member` of processes leads to, where it was found.
    fn things(&self, anchors: &[Anchor], member: &str) -> Vec<Thing<'_>> {
        let at = found(anchors, "task_struct", member);
        let Some(at) = at else { return Vec::new() };
        let word = self.witness.word;
        let lead = |s| Some((s, Sample::number(s, at, word).filter(|p| self.reader.kernel(*p))?));
        let found = self.witness.users().filter_map(lead).take(SAMPLES);
        found.map(|(task, base)| Thing { base, bytes: self.reader.bytes(base, LENGTH), task }).collect()
    }

    /// Adds them to `out`, which has those of `task_struct`.
    pub(super) fn others(&self, out: &mut Vec<Anchor>) {
        self.memory(out);
        self.credentials(out);
        self.signals(out);
        self.files(out);
        self.regions(out);
    }

    fn memory(&self, out: &mut Vec<Anchor>) {
        const MM: &str = "mm_struct";
        let word = self.witness.word;
        let all = self.things(out, "mm");
        if all.is_empty() {
            return;
        }
        if self.told("maple_tree", "ma_root").is_some() {
            // The root of a tree of several regions is a node, whose parent is the tree itself, marked (lib/maple_tree.c).
            let tree = |t: &Thing<'_>, o: u64| -> Option<u64> {
                let entry = t.number(o, word)?;
                let node = entry & !0xff;
                let parent = (entry & 3 == 2 && self.reader.kernel(node)).then(|| self.reader.word(node))??;
                (parent & 1 == 1).then(|| (parent & !1).checked_sub(t.base)).flatten().filter(|at| *at <= o && o - at <= 128)
            };
            let told = self.told(MM, "mm_mt.ma_root");
            if let Some(told) = told {
                let found = super::anchors::nearest(told, 0..1024, word, |o| {
                    all.iter().filter(|t| tree(t, o).is_some()).count() * 2 > all.len()
                });
                let root = found.and_then(|o| all.iter().find_map(|t| Some((tree(t, o)?, o))));
                if let Some(told) = self.told(MM, "mm_mt") {
                    out.push(Anchor::new(MM, "mm_mt", told, root.map(|(at, _)| at)));
                }
                if let Some(told) = self.told("maple_tree", "ma_root") {
                    out.push(Anchor::new("maple_tree", "ma_root", told, root.map(|(at, o)| o - at)));
                }
            }
        } else if let Some(own) = self.told("vm_area_struct", "vm_mm") {
            let region = |t: &Thing<'_>, o: u64| {
                t.number(o, word).filter(|p| self.reader.kernel(*p)).is_some_and(|vma| {
                    let bytes = self.reader.bytes(vma, 256);
                    number(&bytes, own, word) == Some(t.base)
                })
            };
            self.ask(out, (MM, "mmap"), 0..256, word, |o| all.iter().all(|t| region(t, o)));
        }
        self.ask(out, (MM, "pgd"), 0..512, word, |o| all.iter().all(|t| t.number(o, word).is_some_and(|p| self.root(p))));
        // start_code, end_code, start_data, end_data, start_brk, brk, start_stack, arg_start, arg_end, env_start, env_end
        let places = self.ask(out, (MM, "start_code"), 0..1024, word, |o| {
            all.iter().all(|t| {
                let at = |n: u64| t.number(o + n * word, word).unwrap_or(0);
                let user = |v: u64| v >= 0x1000 && !self.reader.kernel(v);
                let rising = |from: u64, to: u64| (from..to).all(|n| at(n) <= at(n + 1));
                (0..11).all(|n| user(at(n)) || n == 2 || n == 3)
                    && at(0) < at(1)
                    && at(4) <= at(5)
                    && at(6) < at(7)
                    && rising(7, 10)
                    && at(7) < at(8)
            })
        });
        self.along(out, MM, "env_end", "start_code", places);
        if self.told(MM, "owner").is_some() {
            self.ask(out, (MM, "owner"), 0..1536, word, |o| {
                all.iter().filter(|t| t.number(o, word) == Some(t.task.base)).count() * 2 > all.len()
            });
        }
    }

    /// Whether a page table is at `at` that maps the kernel's first task where it is.
    fn root(&self, at: u64) -> bool {
        if !self.reader.kernel(at) || !at.is_multiple_of(32) {
            return false;
        }
        let space = self.reader.space;
        let Ok(root) = space.translate_one(virt(at)) else { return false };
        let own = space.with_root(root.phys).with_upper_root(root.phys);
        let init = virt(self.witness.init);
        match (own.translate_one(init), space.translate_one(init)) {
            (Ok(a), Ok(b)) => a.phys == b.phys,
            // AArch64 has the kernel in a table of its own.
            _ => self.witness.word == 8 && space.format().arch.name() == "aarch64" && at.is_multiple_of(64),
        }
    }

    fn credentials(&self, out: &mut Vec<Anchor>) {
        const CRED: &str = "cred";
        let Some(first) = self.witness.tasks.first() else { return };
        let at = found(out, "task_struct", "real_cred");
        let Some(base) = at.and_then(|at| first.number(at, self.witness.word)).filter(|p| self.reader.kernel(*p)) else { return };
        let bytes = self.reader.bytes(base, 256);
        // The first process may do anything: `cap_permitted`, `cap_effective` and `cap_bset` have the same bits, the lowest ones.
        let full = |v: u64| (36..48).contains(&v.count_ones()) && v & v.wrapping_add(1) == 0;
        let found = self.ask(out, (CRED, "cap_permitted"), 0..256, 4, |o| {
            let at = |n: u64| number(&bytes, o + n * 8, 8);
            at(0).is_some_and(full) && at(1) == at(0) && at(2) == at(0)
        });
        self.along(out, CRED, "uid", "cap_permitted", found);
    }

    fn signals(&self, out: &mut Vec<Anchor>) {
        let word = self.witness.word;
        let node = found(out, "task_struct", "thread_node");
        let (all, Some(node)) = (self.things(out, "signal"), node) else { return };
        if all.is_empty() {
            return;
        }
        let head = self.ask(out, ("signal_struct", "thread_head"), 0..256, word, |o| {
            all.iter().filter(|t| t.number(o, word) == Some(t.task.base + node)).count() * 2 > all.len()
        });
        self.along(out, "signal_struct", "nr_threads", "thread_head", head);
    }

    fn files(&self, out: &mut Vec<Anchor>) {
        let word = self.witness.word;
        let all = self.things(out, "files");
        if !all.is_empty() {
            // A process with few files has its table in the structure itself, right behind the pointer to it.
            self.ask(out, ("files_struct", "fdt"), 0..256, word, |o| {
                all.iter().filter(|t| t.number(o, word) == Some(t.base + o + word)).count() * 2 > all.len()
            });
        }
        let all = self.things(out, "fs");
        if !all.is_empty() {
            // `root` is a mount and its root directory.
            self.ask(out, ("fs_struct", "root"), 0..128, word, |o| {
                all.iter().any(|t| {
                    let pair = t.number(o, word).zip(t.number(o + word, word));
                    pair.is_some_and(|(mount, dir)| self.reader.kernel(mount) && self.reader.word(mount) == Some(dir))
                })
            });
            self.directories(out, &all);
        }
    }

    fn directories(&self, out: &mut Vec<Anchor>, all: &[Thing<'_>]) {
        const DENTRY: &str = "dentry";
        let word = self.witness.word;
        let root = found(out, "fs_struct", "root");
        let Some(dir) = root.and_then(|o| all.first()?.number(o + word, word)).filter(|p| self.reader.kernel(*p)) else { return };
        let bytes = self.reader.bytes(dir, 256);
        let at = |o: u64| number(&bytes, o, word);
        self.ask(out, (DENTRY, "d_parent"), 0..128, word, |o| at(o) == Some(dir));
        // The name of the root directory is short, and stands in the dentry itself.
        let name = self.ask(out, (DENTRY, "d_name"), 0..128, word, |o| {
            let text = at(o + 8).filter(|p| (dir..dir + 256).contains(p));
            text.is_some_and(|p| {
                bytes.get(usize::try_from(p - dir).unwrap_or(usize::MAX)..).is_some_and(|b| b.starts_with(b"/\0"))
            })
        });
        self.along(out, DENTRY, "d_inode", "d_name", name);
        let sb = self.ask(out, (DENTRY, "d_sb"), 0..256, word, |o| {
            let sb = at(o).filter(|p| self.reader.kernel(*p));
            sb.is_some_and(|sb| (0..512 / word).any(|n| self.reader.word(sb + n * word) == Some(dir)))
        });
        let Some(sb) = sb.and_then(at) else { return };
        self.ask(out, ("super_block", "s_root"), 0..512, word, |o| self.reader.word(sb + o) == Some(dir));
        let kind = |o: u64| {
            let kind = self.reader.word(sb + o).filter(|p| self.reader.kernel(*p));
            let name = kind.and_then(|k| self.reader.word(k)).and_then(|n| self.reader.space.read_cstr(virt(n), 32).ok());
            name.is_some_and(|n| n.len() > 2 && n.iter().all(|b| b.is_ascii_alphanumeric()))
        };
        self.ask(out, ("super_block", "s_type"), 0..256, word, kind);
        let Some(inode) = name.and_then(|o| at(o + 8 + word)).filter(|p| self.reader.kernel(*p)) else { return };
        self.ask(out, ("inode", "i_sb"), 0..256, word, |o| self.reader.word(inode + o) == Some(sb));
    }
}
