//! The flags of an open file in words.

use super::filewords::{CLOEXEC, PATH};
use crate::arch::Arch;
use crate::os::linux::base::enums::bits;

/// The flags of `open`: include/uapi/asm-generic/fcntl.h, and what arch/arm64 and arch/arm number differently
/// (arch/arm64/include/uapi/asm/fcntl.h). `O_LARGEFILE` is left out: the kernel sets it by itself for every 64-bit program.
const COMMON: &[(u64, &str)] = &[
    (0o100, "O_CREAT"),
    (0o200, "O_EXCL"),
    (0o400, "O_NOCTTY"),
    (0o1000, "O_TRUNC"),
    (0o2000, "O_APPEND"),
    (0o4000, "O_NONBLOCK"),
    (0o4010000, "O_SYNC"),
    (0o10000, "O_DSYNC"),
    (0o20000, "O_ASYNC"),
    (0o1000000, "O_NOATIME"),
    (CLOEXEC, "O_CLOEXEC"),
    (PATH, "O_PATH"),
];
const GENERIC: &[(u64, &str)] = &[
    // __O_TMPFILE comes with O_DIRECTORY.
    (0o20200000, "O_TMPFILE"),
    (0o40000, "O_DIRECT"),
    (0o200000, "O_DIRECTORY"),
    (0o400000, "O_NOFOLLOW"),
    (0o20000000, "__O_TMPFILE"),
];
const ARM: &[(u64, &str)] = &[
    (0o20040000, "O_TMPFILE"),
    (0o40000, "O_DIRECTORY"),
    (0o100000, "O_NOFOLLOW"),
    (0o200000, "O_DIRECT"),
    (0o20000000, "__O_TMPFILE"),
];

/// The flags of an open file in the words of open(2).
pub fn flags_text(arch: Arch, flags: u64) -> String {
    let arm = matches!(arch, Arch::AArch64 | Arch::Arm);
    let (large, special) = if arm { (0o400000, ARM) } else { (0o100000, GENERIC) };
    let access = match flags & 3 {
        0 => "O_RDONLY",
        1 => "O_WRONLY",
        2 => "O_RDWR",
        _ => "O_ACCMODE",
    };
    let names: Vec<(u64, &str)> = special.iter().chain(COMMON).copied().collect();
    match bits(flags & !3 & !large, &names, "|") {
        Some(rest) => format!("{access}|{rest}"),
        None => access.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_numbered_by_the_architecture() {
        for arch in [Arch::X86_64, Arch::RiscV64] {
            assert_eq!(flags_text(arch, 0o2_700_002), "O_RDWR|O_DIRECTORY|O_NOFOLLOW|O_CLOEXEC");
            assert_eq!(flags_text(arch, 0o140_001), "O_WRONLY|O_DIRECT");
        }
        for arch in [Arch::AArch64, Arch::Arm] {
            assert_eq!(flags_text(arch, 0o2_540_002), "O_RDWR|O_DIRECTORY|O_NOFOLLOW|O_CLOEXEC");
            assert_eq!(flags_text(arch, 0o600_001), "O_WRONLY|O_DIRECT");
        }
    }
}
