//! Descriptor tables (`files_struct`, include/linux/fdtable.h): which descriptor of a task is which open file.

use crate::engine::{ViewExt, index, to_u64, to_umem};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, shapes};
use crate::os::linux::base::lost::Lost;
use crate::symbols::Types;
use memsh_plugin::{VirtAddr, umem};
use std::collections::HashSet;

/// `NR_OPEN` of most systems (`sysctl_nr_open`) is 2^20; a table that claims more is read this far.
const MOST: u64 = 1 << 20;

shapes! {
    /// `task_struct`, for its descriptors.
    OwnerShape: "task_struct" {
        files: ["files"],
    }
    /// `files_struct`.
    FilesShape: "files_struct" {
        table: ["fdt"],
    }
    /// `fdtable`.
    FdTableShape: "fdtable" {
        count: ["max_fds"],
        files: ["fd"],
        cloexec: ["close_on_exec"],
    }
    /// `file`, for what proves one.
    ProofShape: "file" {
        dentry: ["f_path.dentry"],
        inode: ["f_inode"],
    }
}

/// An open descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// Its number.
    pub fd: u32,
    /// The `struct file` behind it.
    pub file: VirtAddr,
}

/// The address of the `files_struct` of the task at `task`. Threads share one; processes may.
pub fn table_of(kernel: &Kernel, task: VirtAddr) -> Option<VirtAddr> {
    let shape = kernel.shape::<OwnerShape>();
    shape.read(kernel.view(), task).ptr(shape.files)
}

/// The open descriptors of the task at `task`, ascending. A task without a table (a zombie, a kernel thread) has none.
pub fn descriptors(kernel: &Kernel, task: VirtAddr, lost: &mut Lost) -> Vec<Descriptor> {
    let Some(files) = table_of(kernel, task) else { return Vec::new() };
    let (owner, shape) = (kernel.shape::<FilesShape>(), kernel.shape::<FdTableShape>());
    let table = owner.read_or(kernel.view(), files, lost).and_then(|b| b.ptr(owner.table));
    let Some(block) = table.and_then(|at| shape.read_or(kernel.view(), at, lost)) else {
        lost.push(format!("the descriptor table of the task at {task} can't be read"));
        return Vec::new();
    };
    let (Some(claimed), Some(array)) = (block.uint(shape.count), block.ptr(shape.files)) else {
        lost.push(format!("the descriptor table of the task at {task} makes no sense"));
        return Vec::new();
    };
    let count = claimed.min(MOST);
    if count < claimed {
        lost.push(format!("the descriptor table of the task at {task} claims {claimed} entries; the first {count} were read"));
    }
    pointers(kernel, array, count, &format!("the descriptor table of the task at {task}"), lost)
}

/// The descriptors of the task at `task` that a new program does not get (`FD_CLOEXEC`), among the first `count`. None where the
/// bitmap can't be read.
pub fn close_on_exec(kernel: &Kernel, task: VirtAddr, count: u32) -> Option<HashSet<u32>> {
    let (owner, shape) = (kernel.shape::<FilesShape>(), kernel.shape::<FdTableShape>());
    let table = owner.read(kernel.view(), table_of(kernel, task)?).ptr(owner.table)?;
    let block = shape.read(kernel.view(), table);
    let bits = u64::from(count).min(block.uint(shape.count)?).min(MOST);
    // Little-endian systems: bit n of the words is bit n % 8 of byte n / 8.
    let mut bytes = vec![0u8; index(umem::from(bits.div_ceil(8)))?];
    kernel.view().read_exact(block.ptr(shape.cloexec)?, &mut bytes).ok()?;
    let set = bytes.iter().flat_map(|b| (0..8).map(move |i| b >> i & 1 == 1));
    Some((0u32..).zip(set).filter(|(_, set)| *set).map(|(fd, _)| fd).collect())
}

/// Whether a file lies at `at`: its directory entry and itself have the same inode. True where the types don't tell.
fn proved(kernel: &Kernel, at: VirtAddr) -> bool {
    let (shape, entries) = (kernel.shape::<ProofShape>(), &kernel.layouts.dentry);
    if shape.dentry.is_none() || shape.inode.is_none() || entries.inode.is_none() {
        return true;
    }
    let file = shape.read(kernel.view(), at);
    let Some((dentry, inode)) = file.ptr(shape.dentry).zip(file.ptr(shape.inode)) else { return false };
    entries.read(kernel.view(), dentry).ptr(entries.inode) == Some(inode)
}

/// The entries of the table at `array` that are not null. Behind one that is no file lies perhaps no table any more, only what
/// follows it in memory: there a file must prove itself, and where too many do not, the table has ended. Read a page at a time: a table is mostly empty, and may be cut short.
fn pointers(kernel: &Kernel, array: VirtAddr, count: u64, what: &str, lost: &mut Lost) -> Vec<Descriptor> {
    const CHUNK: u64 = 512;
    const WILD: u64 = 4 * CHUNK;
    let meta = kernel.view().view_metadata();
    let word = u64::from(meta.pointer_size.max(1));
    let align = umem::from(word) - 1;
    let (mut out, mut missing, mut wild, mut gone) = (Vec::new(), 0u64, 0u64, 0u64);
    let mut seen_readable = HashSet::new();
    let mut first = 0;
    while first < count && wild < WILD {
        let n = CHUNK.min(count - first);
        let Some(size) = index(umem::from(n * word)) else { break };
        let mut bytes = vec![0u8; size];
        let at = array.wrapping_add(umem::from(first * word));
        let gaps = kernel.view().read_gaps(at, &mut bytes);
        if gaps.bytes() >= to_umem(size) {
            // Nothing of this page is there: behind a wild pointer, all that follows is missing too.
            gone += n;
            if gone > 16 * CHUNK {
                missing += count - first;
                break;
            }
        }
        missing += to_u64(gaps.bytes() / umem::from(word)).unwrap_or(n);
        for (i, entry) in (first..).zip(bytes.chunks_exact(usize::from(meta.pointer_size.max(1)))) {
            let file = pointer(entry, meta.little_endian);
            if file.is_null() {
                continue;
            }
            let Ok(fd) = u32::try_from(i) else { break };
            let sensible = file.value() & align == 0 && (seen_readable.contains(&file) || kernel.view().read_ptr(file).is_ok());
            if sensible && (wild == 0 || proved(kernel, file)) {
                seen_readable.insert(file);
                out.push(Descriptor { fd, file });
            } else {
                wild += 1;
            }
        }
        first += n;
    }
    if missing > 0 {
        lost.push(format!("{what}, at {array}: {missing} of {count} entries are not in the image"));
    }
    if first < count && wild >= WILD {
        lost.push(format!("{what}, at {array}: after {wild} entries that are no file the last {} were not read", count - first));
    } else if wild > 0 {
        lost.push(format!("{what}, at {array}: {wild} entries point to no file"));
    }
    out
}

fn pointer(bytes: &[u8], little_endian: bool) -> VirtAddr {
    let fold = |value: u64, b: &u8| value << 8 | u64::from(*b);
    let value = match little_endian {
        true => bytes.iter().rev().fold(0, fold),
        false => bytes.iter().fold(0, fold),
    };
    VirtAddr::new(umem::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::linux::testkit::{Kit, u};

    const TASK: u64 = 0xffff_8880_0000_1000;
    const FILE: u64 = 0xffff_8880_0000_8000;

    fn kit(count: u64, fds: &[(u64, u64)]) -> Kit {
        let mut kit = Kit::new();
        kit.types.structure("task_struct", 64, &[("files", 8, u(8))]);
        kit.types.structure("files_struct", 64, &[("fdt", 32, u(8))]);
        kit.types.structure("fdtable", 64, &[("max_fds", 0, u(4)), ("fd", 8, u(8))]);
        kit.word(TASK + 8, TASK + 0x100);
        kit.word(TASK + 0x100 + 32, TASK + 0x200);
        kit.word(TASK + 0x200, count);
        kit.word(TASK + 0x208, TASK + 0x1000);
        for (fd, file) in fds {
            kit.word(TASK + 0x1000 + fd * 8, *file);
        }
        kit.word(FILE, 1);
        kit
    }

    fn found(kit: &Kit) -> (Vec<u32>, usize) {
        let mut lost = Lost::default();
        let all = descriptors(&kit.kernel(), VirtAddr::new(umem::from(TASK)), &mut lost);
        (all.iter().map(|d| d.fd).collect(), lost.sentences().len())
    }

    #[test]
    fn open_descriptors_are_told_in_order() {
        assert_eq!(found(&kit(64, &[(0, FILE), (2, FILE), (63, FILE), (64, FILE)])), (vec![0, 2, 63], 0));
    }

    #[test]
    fn wild_entries_are_counted_and_cost_nothing_else() {
        assert_eq!(found(&kit(64, &[(0, FILE), (1, 0x4141_4141), (3, FILE + 1), (4, FILE)])), (vec![0, 4], 1));
    }

    #[test]
    fn what_lies_behind_a_table_is_no_part_of_it() {
        let mut kit = kit(1 << 20, &[(0, FILE), (1, 0x4141_4141), (2, FILE), (3, FILE + 0x100)]);
        kit.types.structure("file", 32, &[("f_path", 0, "path".into()), ("f_inode", 16, u(8))]);
        kit.types.structure("path", 16, &[("dentry", 8, u(8))]);
        kit.types.structure("dentry", 16, &[("d_inode", 0, u(8))]);
        // Proves itself: entry and file have the same inode. Another one does not.
        kit.word(FILE + 8, FILE + 0x200);
        kit.word(FILE + 16, FILE + 0x300);
        kit.word(FILE + 0x200, FILE + 0x300);
        kit.word(FILE + 0x100, 1);
        kit.word(FILE + 0x110, FILE + 0x300);
        for i in 0..2100 {
            kit.word(TASK + 0x1000 + 0x1000 + i * 8, 0x4141_4141);
        }
        kit.word(TASK + 0x1000 + 5000 * 8, FILE);
        assert_eq!(found(&kit), (vec![0, 2], 1), "and what is far behind is not read");
    }

    #[test]
    fn a_table_cut_short_keeps_what_is_there() {
        // The table's first page is there, the next are not.
        assert_eq!(found(&kit(2048, &[(5, FILE)])), (vec![5], 1));
    }

    #[test]
    fn a_table_that_claims_the_world_ends() {
        assert_eq!(found(&kit(u64::from(u32::MAX), &[(5, FILE)])).0, vec![5]);
    }
}
