//! Threads that have a table of descriptors of their own (`unshare(CLONE_FILES)`).
//!
//! Nothing in `/proc` says so. A thread is taken for one of these when its descriptors stay other ones than its process's: both are
//! read twice, so that what only changed between two looks is told from what differs.

use super::folder::Folder;
use crate::os::Lost;

/// So many descriptors of threads are looked at: a second's work.
const MOST: usize = 1 << 20;
/// So often a table that changes is read again.
const TRIES: usize = 4;

/// A table: numbers, and where each leads.
type Table = Vec<(u32, Vec<u8>)>;

/// Compares tables, of any number of processes.
#[derive(Default)]
pub struct Tables {
    looked: usize,
}

impl Tables {
    /// The threads of a process that have a table of their own, ascending.
    pub fn own(&mut self, folder: &Folder, lost: &mut Lost) -> Vec<u32> {
        let threads = folder.numbers("task").unwrap_or_default();
        if threads.len() < 2 {
            return Vec::new();
        }
        let Some(mut first) = table(folder, "fd") else { return Vec::new() };
        let (mut out, mut uncertain) = (Vec::new(), 0usize);
        for tid in threads.into_iter().filter(|tid| *tid != folder.pid) {
            self.looked = self.looked.saturating_add(first.len());
            if self.looked > MOST {
                lost.push(format!(
                    "whether threads of process {} have descriptors of their own: too many to be compared one by one",
                    folder.pid
                ));
                break;
            }
            match differs(folder, tid, &mut first) {
                Some(true) => out.push(tid),
                Some(false) => {}
                None => uncertain += 1,
            }
        }
        if uncertain > 0 {
            lost.push(format!(
                "whether {uncertain} threads of process {} have descriptors of their own: they change too fast to be compared",
                folder.pid
            ));
        }
        out
    }
}

/// Whether a thread's table is another one than its process's, which was `first` a moment ago; none where that can't be told.
fn differs(folder: &Folder, tid: u32, first: &mut Table) -> Option<bool> {
    let name = format!("task/{tid}/fd");
    // A thread that has ended has none.
    let Some(mut own) = table(folder, &name) else { return Some(false) };
    for _ in 0..TRIES {
        if own == *first {
            return Some(false);
        }
        let Some(again) = table(folder, "fd") else { return Some(false) };
        let Some(own_again) = table(folder, &name) else { return Some(false) };
        let stable = again == *first && own_again == own;
        (*first, own) = (again, own_again);
        if stable {
            return Some(true);
        }
    }
    None
}

fn table(folder: &Folder, name: &str) -> Option<Table> {
    let numbers = folder.numbers(name).ok()?;
    let link = |n: u32| Some((n, folder.link(&format!("{name}/{n}")).ok()?));
    Some(numbers.into_iter().filter_map(link).collect())
}
