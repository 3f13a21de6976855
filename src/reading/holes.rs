//! Pages of mapped files that are gone when they are read: with `mapped`, which it belongs to, a place with `unsafe`.

pub(super) use guard::Guard;

#[cfg(target_os = "linux")]
mod guard {
    use nix::libc;
    use std::fs::File;
    use std::os::fd::AsRawFd;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicI32, AtomicU64, AtomicUsize, Ordering};

    /// Files that are mapped at a time and guarded; more are mapped without.
    const FILES: usize = 256;

    struct Slot {
        /// Where the mapping begins; 0 for none.
        start: AtomicUsize,
        len: AtomicUsize,
        file: AtomicI32,
        /// Where in the file it begins.
        offset: AtomicU64,
        /// From here on all of it was replaced; its length where it was not.
        cut: AtomicUsize,
        /// Bytes that were replaced.
        lost: AtomicU64,
    }

    #[allow(clippy::declare_interior_mutable_const, reason = "only to fill the table")]
    const FREE: Slot = Slot {
        start: AtomicUsize::new(0),
        len: AtomicUsize::new(0),
        file: AtomicI32::new(-1),
        offset: AtomicU64::new(0),
        cut: AtomicUsize::new(0),
        lost: AtomicU64::new(0),
    };
    static SLOTS: [Slot; FILES] = [FREE; FILES];
    /// What dealt with the signal before, and the size of a page.
    static BEFORE: OnceLock<(libc::sigaction, usize)> = OnceLock::new();

    /// Guards one mapping while it lives.
    pub(in crate::reading) struct Guard(Option<usize>);

    impl Guard {
        /// For all of `map`, which shows `file` from `offset` on. It must be dropped before the mapping, and that before the file.
        pub(in crate::reading) fn new(map: &[u8], file: &File, offset: u64) -> Self {
            install();
            let start = map.as_ptr().addr();
            let taken = SLOTS.iter().position(|slot| {
                // Odd while it is filled: no mapping begins there.
                slot.start.compare_exchange(0, 1, Ordering::AcqRel, Ordering::Relaxed).is_ok()
            });
            if let Some(slot) = taken.and_then(|i| SLOTS.get(i)) {
                slot.len.store(map.len(), Ordering::Relaxed);
                slot.file.store(file.as_raw_fd(), Ordering::Relaxed);
                slot.offset.store(offset, Ordering::Relaxed);
                slot.cut.store(map.len(), Ordering::Relaxed);
                slot.lost.store(0, Ordering::Relaxed);
                slot.start.store(start, Ordering::Release);
            }
            Self(taken)
        }

        /// Bytes that are gone, as far as they were read.
        pub(in crate::reading) fn lost(&self) -> u64 {
            self.0.and_then(|i| SLOTS.get(i)).map_or(0, |slot| slot.lost.load(Ordering::Relaxed))
        }
    }

    impl Drop for Guard {
        fn drop(&mut self) {
            if let Some(slot) = self.0.and_then(|i| SLOTS.get(i)) {
                slot.start.store(0, Ordering::Release);
            }
        }
    }

    fn install() {
        BEFORE.get_or_init(|| {
            // SAFETY: all zeros are a valid `sigaction` and `sigset_t`, the pointers are to values of ours, and `on_fault` has the
            // signature that SA_SIGINFO asks for. SA_ONSTACK: whoever has a stack for signals keeps using it.
            unsafe {
                let mut before: libc::sigaction = std::mem::zeroed();
                libc::sigaction(libc::SIGBUS, std::ptr::null(), &raw mut before);
                let page = usize::try_from(libc::sysconf(libc::_SC_PAGESIZE)).unwrap_or(4096);
                let mut action: libc::sigaction = std::mem::zeroed();
                action.sa_sigaction = on_fault as *const () as usize;
                action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
                libc::sigemptyset(&raw mut action.sa_mask);
                libc::sigaction(libc::SIGBUS, &raw const action, std::ptr::null_mut());
                (before, page)
            }
        });
    }

    /// Puts zeros where a page of a guarded mapping is gone. Anything else is left to who dealt with the signal before: the access is
    /// made again, and this time nobody here catches it.
    extern "C" fn on_fault(_: libc::c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
        // SAFETY: the kernel passes a valid `siginfo_t` of SIGBUS, which has an address.
        let address = unsafe { (*info).si_addr() }.addr();
        if !replaced(address)
            && let Some((before, _)) = BEFORE.get()
        {
            // SAFETY: what stood here before is put back as it was.
            unsafe { libc::sigaction(libc::SIGBUS, before, std::ptr::null_mut()) };
        }
    }

    /// Only what may be called from a signal handler: atomics, fstat, mmap.
    fn replaced(address: usize) -> bool {
        let Some((_, page)) = BEFORE.get() else { return false };
        for slot in &SLOTS {
            let (start, len) = (slot.start.load(Ordering::Acquire), slot.len.load(Ordering::Relaxed));
            if start <= 1 || address < start || address - start >= len {
                continue;
            }
            let from = (address - start) / page * page;
            // What was cut off is all gone; where a disk fails, only this page is known to be.
            // SAFETY: all zeros are a valid `stat`; the file is open as long as the guard lives.
            let size = unsafe {
                let mut stat: libc::stat = std::mem::zeroed();
                let known = libc::fstat(slot.file.load(Ordering::Relaxed), &raw mut stat) == 0;
                // That of a block device says 0.
                (known && stat.st_mode & libc::S_IFMT == libc::S_IFREG).then_some(stat.st_size)
            };
            let at = u64::try_from(from).unwrap_or(0).saturating_add(slot.offset.load(Ordering::Relaxed));
            let cut = size.and_then(|s| u64::try_from(s).ok()).is_some_and(|s| s <= at);
            let before = if cut { slot.cut.fetch_min(from, Ordering::AcqRel) } else { len.min(from + *page) };
            // Nothing is left where another thread was here meanwhile.
            let Some(gone) = before.checked_sub(from).filter(|n| *n > 0) else { return true };
            // SAFETY: the range lies in a mapping of ours that is there as long as the guard; other pages of zeros take the place of
            // pages that nobody can read, for reading only, and whoever reads them holds `&[u8]`, of which any content is valid.
            let new = unsafe {
                libc::mmap(
                    std::ptr::with_exposed_provenance_mut(start + from),
                    gone,
                    libc::PROT_READ,
                    libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED,
                    -1,
                    0,
                )
            };
            if new == libc::MAP_FAILED {
                return false;
            }
            slot.lost.fetch_add(u64::try_from(gone).unwrap_or(0), Ordering::Relaxed);
            return true;
        }
        false
    }
}

/// Nothing can be done.
#[cfg(not(target_os = "linux"))]
mod guard {
    pub(in crate::reading) struct Guard;

    impl Guard {
        pub(in crate::reading) fn new(_: &[u8], _: &std::fs::File, _: u64) -> Self {
            Self
        }

        pub(in crate::reading) fn lost(&self) -> u64 {
            0
        }
    }
}
