//! Capabilities by name (include/uapi/linux/capability.h).

/// Their names, by number; `checkpoint_restore` is of 5.9.
const NAMES: [&str; 41] = [
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
];

/// The names of a set, `cap_` before each; a number where there is no name.
pub fn names(set: u64) -> Vec<String> {
    let told = |n: u32| {
        let name = usize::try_from(n).ok().and_then(|n| NAMES.get(n));
        name.map_or_else(|| format!("cap_{n}"), |name| format!("cap_{name}"))
    };
    (0..u64::BITS).filter(|n| set >> n & 1 == 1).map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_at_their_numbers() {
        assert_eq!(names(1 << 12 | 1 << 13), ["cap_net_admin", "cap_net_raw"]);
        assert_eq!(names(1 << 21 | 1 << 40 | 1 << 63), ["cap_sys_admin", "cap_checkpoint_restore", "cap_63"]);
        assert!(names(0).is_empty());
    }
}
