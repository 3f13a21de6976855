//! What the host can spare.

/// Bytes of memory that this process may take without pushing others out, where the host says: the kernel's `MemAvailable`,
/// or less where a control group limits us.
pub(super) fn free_memory() -> Option<u64> {
    #[cfg(target_os = "linux")]
    {
        let meminfo = std::fs::read_to_string("/proc/meminfo").ok()?;
        let line = meminfo.lines().find_map(|l| l.strip_prefix("MemAvailable:"))?;
        let available = line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)?;
        let number = |name: &str| std::fs::read_to_string(format!("/sys/fs/cgroup/{name}")).ok()?.trim().parse::<u64>().ok();
        let group = number("memory.max").map(|max| max.saturating_sub(number("memory.current").unwrap_or(0)));
        Some(group.map_or(available, |g| g.min(available)))
    }
    #[cfg(not(target_os = "linux"))]
    None
}
