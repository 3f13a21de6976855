//! What a file is, asked without waiting for it: `statx` answers from what the kernel has, so that a server or a program that does
//! not answer keeps nobody waiting.

use rustix::fs::{AtFlags, CWD, Mode, OFlags, ResolveFlags, Statx, StatxFlags, fstat, openat2, statat, statx};
use std::io;
use std::os::fd::AsFd;

/// What is known of an inode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inode {
    /// Type and permissions (`st_mode`).
    pub mode: u64,
    /// Number.
    pub number: u64,
    /// The file system's device number, as the kernel has it: major above 20 bits of minor.
    pub device: u64,
    /// Size in bytes.
    pub size: u64,
    /// How many names it has.
    pub links: u64,
    /// Of a device file the device's number.
    pub special: u64,
    /// The mount that it was reached through; not known before 5.8.
    pub mount: Option<u64>,
}

impl Inode {
    /// The file that `name` in `folder` leads to.
    ///
    /// # Errors
    /// As the system says.
    pub fn behind(folder: &impl AsFd, name: &str) -> io::Result<Self> {
        let flags = AtFlags::STATX_DONT_SYNC | AtFlags::NO_AUTOMOUNT;
        match statx(folder, name, flags, StatxFlags::BASIC_STATS | StatxFlags::MNT_ID) {
            Ok(s) => Ok(Self::of(&s)),
            // Filters of system calls may not know it.
            Err(rustix::io::Errno::NOSYS | rustix::io::Errno::PERM) => {
                Ok(Self::plain(&statat(folder, name, AtFlags::NO_AUTOMOUNT)?))
            }
            Err(e) => Err(e.into()),
        }
    }

    /// The file of exactly this name, if the kernel still has all of the way to it in its cache (`RESOLVE_CACHED`, 5.12), as it has of a
    /// file that is open by this name. Nobody is asked for the way, so nothing waits.
    pub fn cached(path: &[u8]) -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let resolve = ResolveFlags::CACHED | ResolveFlags::NO_MAGICLINKS | ResolveFlags::NO_SYMLINKS;
        let fd = openat2(CWD, path, flags, Mode::empty(), resolve)?;
        match statx(&fd, "", AtFlags::EMPTY_PATH | AtFlags::STATX_DONT_SYNC, StatxFlags::BASIC_STATS | StatxFlags::MNT_ID) {
            Ok(s) => Ok(Self::of(&s)),
            Err(_) => Ok(Self::plain(&fstat(&fd)?)),
        }
    }

    fn of(s: &Statx) -> Self {
        let known = StatxFlags::from_bits_retain(s.stx_mask);
        Self {
            mode: s.stx_mode.into(),
            number: s.stx_ino,
            device: number(s.stx_dev_major, s.stx_dev_minor),
            size: s.stx_size,
            links: s.stx_nlink.into(),
            special: number(s.stx_rdev_major, s.stx_rdev_minor),
            mount: known.contains(StatxFlags::MNT_ID).then_some(s.stx_mnt_id),
        }
    }

    fn plain(s: &rustix::fs::Stat) -> Self {
        let device = |d| number(rustix::fs::major(d), rustix::fs::minor(d));
        Self {
            mode: s.st_mode.into(),
            number: s.st_ino,
            device: device(s.st_dev),
            size: u64::try_from(s.st_size).unwrap_or(0),
            #[allow(clippy::useless_conversion, reason = "its width differs between architectures")]
            links: s.st_nlink.into(),
            special: device(s.st_rdev),
            mount: None,
        }
    }
}

/// `MKDEV` (include/linux/kdev_t.h).
pub fn number(major: u32, minor: u32) -> u64 {
    u64::from(major) << 20 | u64::from(minor)
}
