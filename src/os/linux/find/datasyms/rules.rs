//! Which functions refer to which data, and what the data then looks like.
//!
//! Each function named here refers to the symbol in kernels from 5.4 to 6.12, where it exists at all; a function that a kernel lacks, or
//! that its compiler renamed, costs nothing.

use super::proof::Proof::{self, *};
use super::rule::Pick::{self, *};

/// How a symbol is found.
pub(super) struct Rule {
    pub(super) name: &'static str,
    pub(super) pick: Pick,
    pub(super) proof: Proof,
    pub(super) functions: &'static [&'static str],
}

const fn rule(name: &'static str, pick: Pick, proof: Proof, functions: &'static [&'static str]) -> Rule {
    Rule { name, pick, proof, functions }
}

/// Who looks an area up by its number (mm/swapfile.c).
const SWAP_INFO: &[&str] = &[
    "page_swap_info",
    "swp_swap_info",
    "swapcache_mapping",
    "get_swap_device",
    "swap_page_sector",
    "swapdev_block",
    "_swap_info_get",
];

/// In order: what is found is no candidate for what follows. Of two rules for one symbol the second counts where the first finds nothing.
pub(super) const RULES: &[Rule] = &[
    // Modules.
    rule(
        "modules",
        Best,
        Modules,
        &["find_module_all", "print_modules", "module_get_kallsym", "lookup_module_symbol_name", "__is_module_percpu_address"],
    ),
    rule("mod_tree", Lowest(256), Anything, &["__module_address", "mod_tree_remove_init", "mod_tree_remove"]),
    rule(
        "module_kset",
        Only,
        Pointer,
        &["module_add_driver", "lookup_or_create_module_kobject", "mod_sysfs_setup", "pci_hp_create_module_link"],
    ),
    rule("init_free_list", Only, Anything, &["do_free_init", "do_init_module"]),
    // Memory.
    rule(
        "init_mm",
        Best,
        Holds("swapper_pg_dir", 64),
        &[
            "finish_cpu",
            "vmap_pfn",
            "__pmd_alloc",
            "leave_mm",
            "idle_task_exit",
            "preallocate_pmds",
            "__pte_alloc_kernel",
            "apply_to_page_range",
        ],
    ),
    rule("swap_info", Only, Anything, SWAP_INFO),
    rule(
        "nr_swapfiles",
        Only,
        Anything,
        &["si_swapinfo", "count_swap_pages", "find_first_swap", "swap_type_of", "swapcache_free_entries"],
    ),
    // In 5.10 each of them compares the area's number with how many there are, which has a name now.
    rule("swap_info", Only, Anything, SWAP_INFO),
    rule(
        "swapper_spaces",
        Only,
        // Of the first area: without one, nobody asks.
        Pointer,
        &[
            "get_shadow_from_swap_cache",
            "__delete_from_swap_cache",
            "clear_shadow_from_swap_cache",
            "init_swap_address_space",
            "exit_swap_address_space",
        ],
    ),
    rule(
        "zswap_trees",
        Only,
        Anything,
        &["zswap_frontswap_init", "zswap_frontswap_invalidate_page", "zswap_frontswap_load", "zswap_invalidate", "zswap_swapoff"],
    ),
    rule("kmem_cache", Only, Pointer, &["slab_kmem_cache_release", "kmem_cache_create_usercopy", "__kmem_cache_create_args"]),
    rule("task_struct_cachep", Only, Pointer, &["free_task", "copy_process", "dup_task_struct"]),
    // Files.
    rule(
        "super_blocks",
        Best,
        List,
        &["iterate_supers", "__iterate_supers", "user_get_super", "get_active_super", "get_super", "sget_fc"],
    ),
    rule("chrdevs", Best, Majors, &["__unregister_chrdev_region", "chrdev_show", "__register_chrdev_region"]),
    rule("cdev_map", Only, Pointer, &["cdev_add", "cdev_del", "cdev_device_add", "__unregister_chrdev", "chrdev_open"]),
    rule("misc_list", Best, List, &["misc_seq_next", "misc_seq_start", "misc_open", "misc_register"]),
    rule(
        "tty_drivers",
        Best,
        List,
        &["tty_lookup_driver", "tty_register_driver", "tty_dev_name_to_number", "tty_find_polling_driver"],
    ),
    rule("tty_ldiscs", Best, Pointer, &["tty_register_ldisc", "tty_unregister_ldisc", "tty_ldiscs_seq_show", "tty_ldisc_get"]),
    rule("proc_root", Best, Names("/proc", 32), &["__xlate_proc_name", "proc_net_ns_init", "__proc_create", "proc_fill_super"]),
    rule("proc_single_ops", Best, Holds("single_release", 10), &["proc_create_single_data"]),
    rule("proc_seq_ops", Best, Holds("proc_seq_open", 8), &["proc_create_seq_private"]),
    rule("proc_net_seq_ops", Best, Holds("seq_open_net", 8), &["proc_create_net_data", "proc_create_net_data_write"]),
    rule("proc_net_single_ops", Best, Holds("single_open_net", 8), &["proc_create_net_single", "proc_create_net_single_write"]),
    rule("formats", Best, List, &["__register_binfmt", "unregister_binfmt", "bprm_execve", "search_binary_handler"]),
    rule("elf_format", Best, Holds("load_elf_binary", 6), &["load_elf_binary", "exit_elf_binfmt"]),
    rule("script_format", On("formats"), Holds("load_script", 6), &[]),
    rule("core_pattern", Best, Text(""), &["proc_dostring_coredump", "validate_coredump_safety", "do_coredump"]),
    rule("modprobe_path", Best, Text("/"), &["__request_module", "call_modprobe"]),
    rule("poweroff_cmd", Best, Text("/"), &["poweroff_work_func"]),
    rule("reboot_cmd", Best, Text("/"), &["reboot_work_func"]),
    // Time and processors.
    rule(
        "tk_core",
        Lowest(1024),
        Anything,
        &[
            "ktime_get",
            "ktime_get_raw",
            "ktime_get_real_ts64",
            "ktime_get_ts64",
            "ktime_get_raw_ts64",
            "ktime_get_coarse_real_ts64",
        ],
    ),
    rule("timer_bases", Lowest(24 << 10), Anything, &["lock_timer_base", "add_timer_on", "timers_prepare_cpu", "__mod_timer"]),
    rule(
        "hrtimer_bases",
        Only,
        Anything,
        &["hrtimers_prepare_cpu", "hrtimer_run_queues", "hrtimer_reprogram", "hrtimer_run_softirq", "retrigger_next_event"],
    ),
    rule(
        "runqueues",
        Only,
        Anything,
        &["idle_cpu", "available_idle_cpu", "idle_task", "task_curr", "nr_iowait_cpu", "resched_cpu"],
    ),
    rule(
        "fair_sched_class",
        Best,
        Holds("enqueue_task_fair", 3),
        &[
            "hrtick_update",
            "sched_fork",
            "set_load_weight",
            "can_migrate_task",
            "set_task_cpu",
            "rt_mutex_setprio",
            "__sched_setscheduler",
        ],
    ),
    rule(
        "rt_sched_class",
        Best,
        Holds("enqueue_task_rt", 3),
        &["sched_fork", "rt_mutex_setprio", "__sched_setscheduler", "push_rt_task"],
    ),
    rule(
        "dl_sched_class",
        Best,
        Holds("enqueue_task_dl", 3),
        &["rt_mutex_setprio", "__sched_setscheduler", "update_blocked_averages"],
    ),
    rule("stop_sched_class", Best, Holds("enqueue_task_stop", 3), &["sched_set_stop_task", "set_rq_offline", "set_rq_online"]),
    rule("idle_sched_class", Best, Holds("dequeue_task_idle", 4), &["init_idle", "__schedule"]),
    rule("kthreadd_task", Best, Leads("kthreadd", 8192), &["__kthread_create_on_node"]),
    // Control groups.
    rule("init_css_set", Only, Anything, &["cgroup_fork", "cgroup_e_css", "cgroup_get_e_css", "task_cgroup_from_root"]),
    rule("css_set_table", Best, Table(128), &["find_css_set"]),
    rule(
        "cgroup_subsys",
        Only,
        Pointer,
        &["cgroup_print_ss_mask", "cgroup_release", "cgroup_apply_control_disable", "cgroup_exit"],
    ),
    // What is said at all times.
    rule(
        "vmcoreinfo_data",
        Best,
        Leads("OSRELEASE=", 0),
        &["vmcoreinfo_append_str", "crash_save_vmcoreinfo", "crash_update_vmcoreinfo_safecopy"],
    ),
    rule("idt_table", Descriptor, Gates, &["load_current_idt", "native_load_idt"]),
    // Programs of eBPF.
    rule("prog_idr", Best, Idr, &["bpf_prog_by_id", "bpf_prog_get_curr_or_next", "bpf_prog_free_id"]),
    rule("map_idr", Best, Idr, &["bpf_map_get_curr_or_next", "bpf_map_free_id"]),
    rule("link_idr", Best, Idr, &["bpf_link_by_id", "bpf_link_get_curr_or_next", "bpf_link_cleanup", "bpf_link_free"]),
    rule("btf_idr", Best, Idr, &["btf_put", "btf_alloc_id", "btf_get_fd_by_id"]),
    rule("btf_modules", Best, List, &["btf_try_get_module", "btf_module_notify", "btf_get_module_btf"]),
    rule("bpf_prog_fops", Best, Holds("bpf_prog_release", 32), &["bpf_prog_get", "__bpf_prog_get", "bpf_prog_new_fd"]),
    rule("bpf_map_fops", Best, Holds("bpf_map_release", 32), &["bpf_map_get", "__bpf_map_get", "bpf_map_new_fd"]),
    rule("bpf_link_fops", Best, Holds("bpf_link_release", 32), &["bpf_link_get_from_fd", "bpf_link_new_fd", "bpf_link_prime"]),
    rule("bpf_kallsyms", Best, List, &["bpf_get_kallsym", "bpf_ksym_add"]),
    // Tracing and probes.
    rule(
        "ftrace_list_end",
        Best,
        Holds("ftrace_stub", 1),
        &["ftrace_ops_trampoline", "ftrace_update_pid_func", "unregister_ftrace_function"],
    ),
    rule("ftrace_ops_list", Only, Pointer, &["ftrace_ops_trampoline", "ftrace_update_pid_func", "unregister_ftrace_function"]),
    rule("ftrace_ops_trampoline_list", Best, List, &["ftrace_mod_get_kallsym", "ftrace_update_trampoline"]),
    rule(
        "ftrace_pages_start",
        Only,
        Pointer,
        &["lookup_rec", "ftrace_check_work_func", "ftrace_rec_iter_start", "ftrace_avail_open"],
    ),
    rule("kprobe_table", Only, Anything, &["get_kprobe", "__get_valid_kprobe", "get_optimized_kprobe"]),
    rule("kprobe_insn_slots", Only, Anything, &["arch_prepare_kprobe", "arch_remove_kprobe", "kprobe_get_kallsym"]),
    rule(
        "kprobe_optinsn_slots",
        Only,
        Anything,
        &["arch_remove_optimized_kprobe", "kprobe_get_kallsym", "arch_prepare_optimized_kprobe"],
    ),
    // Networks.
    rule("ping_table", Only, Anything, &["ping_lookup", "ping_get_port", "ping_get_first"]),
    rule("net_families", Only, Anything, &["sock_is_registered", "__sock_create", "sock_register"]),
    rule("inetsw", Best, List, &["inet_register_protosw", "inet_create"]),
    rule("inetsw6", Best, List, &["inet6_register_protosw", "inet6_create"]),
    rule("proto_list", Best, List, &["proto_seq_next", "proto_seq_start", "proto_register"]),
    rule("ptype_all", Best, List, &["dev_nit_active", "dev_queue_xmit_nit"]),
    rule("ptype_base", Best, List, &["ptype_seq_next", "__dev_remove_pack", "dev_add_pack"]),
    rule("tcp4_seq_ops", Best, Holds("tcp4_seq_show", 4), &["tcp4_proc_init_net"]),
    rule("tcp6_seq_ops", Best, Holds("tcp6_seq_show", 4), &["tcp6_proc_init"]),
    rule("raw_seq_ops", Best, Holds("raw_seq_show", 4), &["raw_init_net"]),
    rule("raw6_seq_ops", Best, Holds("raw6_seq_show", 4), &["raw6_init_net"]),
    // Notifiers: a chain is what its functions share.
    rule("module_notify_list", Lowest(64), Anything, &["register_module_notifier", "unregister_module_notifier"]),
    rule("reboot_notifier_list", Lowest(64), Anything, &["register_reboot_notifier", "unregister_reboot_notifier"]),
    rule("restart_handler_list", Lowest(64), Anything, &["register_restart_handler", "unregister_restart_handler"]),
    rule("power_off_handler_list", Only, Anything, &["do_kernel_power_off", "kernel_can_power_off", "register_sys_off_handler"]),
    rule("die_chain", Lowest(64), Anything, &["register_die_notifier", "unregister_die_notifier"]),
    rule("keyboard_notifier_list", Lowest(64), Anything, &["register_keyboard_notifier", "unregister_keyboard_notifier"]),
    rule("vt_notifier_list", Lowest(64), Anything, &["register_vt_notifier", "unregister_vt_notifier"]),
    rule("inetaddr_chain", Lowest(64), Anything, &["register_inetaddr_notifier", "unregister_inetaddr_notifier"]),
    rule("inet6addr_chain", Lowest(64), Anything, &["register_inet6addr_notifier", "unregister_inet6addr_notifier"]),
    rule(
        "netdev_chain",
        Only,
        Anything,
        &["call_netdevice_notifiers_info", "register_netdevice_notifier", "unregister_netdevice_notifier"],
    ),
    rule("netevent_notif_chain", Lowest(64), Anything, &["register_netevent_notifier", "unregister_netevent_notifier"]),
    rule("switchdev_notif_chain", Lowest(64), Anything, &["register_switchdev_notifier", "unregister_switchdev_notifier"]),
    rule("dcbevent_notif_chain", Lowest(64), Anything, &["register_dcbevent_notifier", "unregister_dcbevent_notifier"]),
    rule("oom_notify_list", Lowest(64), Anything, &["register_oom_notifier", "unregister_oom_notifier"]),
    rule("pm_chain_head", Lowest(64), Anything, &["register_pm_notifier", "unregister_pm_notifier"]),
    // AppArmor.
    rule(
        "apparmor_blob_sizes",
        Only,
        Anything,
        &["apparmor_capable", "aa_get_task_label", "apparmor_cred_free", "apparmor_cred_transfer"],
    ),
    rule("apparmor_enabled", Best, Flag, &["apparmor_dointvec"]),
    rule(
        "apparmor_initialized",
        Only,
        Flag,
        &["param_get_aabool", "param_get_aauint", "param_set_aabool", "param_set_aalockpolicy"],
    ),
];
