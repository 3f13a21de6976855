//! The kernel's structures that memsh reads, and the names their members have had from 4.19 on.

use super::layout::{Extent, Found, Member, Members, Shape, shapes};
use crate::os::linux::containers::maple::MapleShape;
use crate::os::linux::containers::tree::RbNodeShape;
use crate::os::linux::containers::xarray::ArrayShape;
use crate::symbols::{Types, TypesExt};

shapes! {
    /// `task_struct`: a thread; the leader of its group stands for the process.
    TaskShape: "task_struct" {
        thread_info_flags: ["thread_info.flags"],
        // 5.14 renamed it.
        state: ["__state", "state"],
        exit_state: ["exit_state"],
        flags: ["flags"],
        tasks: ["tasks"],
        mm: ["mm"],
        pid: ["pid"],
        tgid: ["tgid"],
        parent: ["real_parent"],
        // Lists the group's threads up to 6.6.
        thread_group: ["thread_group"],
        // Lists them from `signal.thread_head`; the only list since 6.7.
        thread_node: ["thread_node"],
        // 5.5 renamed it. Nanoseconds since boot, suspended time included.
        start_time: ["start_boottime", "real_start_time"],
        cred: ["real_cred"],
        comm: ["comm"],
        fs: ["fs"],
        signal: ["signal"],
        // 5.17: a kernel thread's `struct kthread`; before, `set_child_tid` held it.
        worker: ["worker_private"],
        pid_links: ["pid_links"],
        set_child_tid: ["set_child_tid"],
    }
    /// `signal_struct`: what the threads of a group share.
    SignalShape: "signal_struct" {
        threads: ["nr_threads"],
        thread_head: ["thread_head"],
    }
    /// `pid_namespace`.
    PidNsShape: "pid_namespace" {
        ids: ["idr.idr_rt"],
    }
    /// `pid`: an id and who has it.
    PidShape: "pid" {
        tasks: ["tasks"],
    }
    /// `cred`.
    CredShape: "cred" {
        uid: ["uid.val", "uid"],
        gid: ["gid.val", "gid"],
    }
    /// `kthread`.
    KthreadShape: "kthread" {
        // 5.9.
        function: ["threadfn"],
        data: ["data"],
        // 5.17: the name where it is longer than `comm` holds.
        name: ["full_name"],
    }
    /// `worker`: what the `data` of a kernel thread of a work queue points to.
    WorkerShape: "worker" {
        pool: ["pool"],
        task: ["task"],
        work: ["current_work"],
        text: ["desc"],
    }
    /// `fs_struct`.
    FsShape: "fs_struct" {
        root_mnt: ["root.mnt"],
        root_dentry: ["root.dentry"],
    }
    /// `mm_struct`: a user address space.
    MmShape: "mm_struct" {
        // 6.1: regions are in a maple tree, before in a list and a red-black tree.
        maple: ["mm_mt"],
        list: ["mmap"],
        tree: ["mm_rb"],
        pgd: ["pgd"],
        count: ["map_count"],
        start_brk: ["start_brk"],
        brk: ["brk"],
        start_stack: ["start_stack"],
        arg_start: ["arg_start"],
        arg_end: ["arg_end"],
        env_start: ["env_start"],
        env_end: ["env_end"],
        exe_file: ["exe_file"],
        // x86: since 5.11 a set of flags, before the number of a thread flag.
        context_flags: ["context.flags"],
        context_ia32: ["context.ia32_compat"],
    }
    /// `vm_area_struct`: a region.
    VmaShape: "vm_area_struct" {
        start: ["vm_start"],
        end: ["vm_end"],
        mm: ["vm_mm"],
        next: ["vm_next"],
        node: ["vm_rb"],
        // 7.0 makes it a bitmap; `vm_flags` stays as its first word where it is kept.
        flags: ["vm_flags", "__vm_flags", "flags.__vma_flags", "flags"],
        offset: ["vm_pgoff"],
        file: ["vm_file"],
        ops: ["vm_ops"],
        private: ["vm_private_data"],
        // 5.17; up to 6.1 in one place with `shared`, so that a mapped file has none.
        anon_name: ["anon_name"],
        shared: ["shared"],
    }
    /// `anon_vma_name`.
    AnonNameShape: "anon_vma_name" {
        name: ["name"],
    }
    /// `vm_operations_struct`.
    VmOpsShape: "vm_operations_struct" {
        name: ["name"],
    }
    /// `vm_special_mapping`.
    SpecialShape: "vm_special_mapping" {
        name: ["name"],
    }
    /// `file`.
    FileShape: "file" {
        mnt: ["f_path.mnt", "__f_path.mnt"],
        dentry: ["f_path.dentry", "__f_path.dentry"],
        inode: ["f_inode"],
        mode: ["f_mode"],
    }
    /// `backing_file`: a file under a stacked file system (6.5). `user_path` is what the user opened (6.7); where it was still
    /// called `real_path`, the user's path is in the file itself.
    BackingShape: "backing_file" {
        mnt: ["user_path.mnt"],
        dentry: ["user_path.dentry"],
    }
    /// `dentry`.
    DentryShape: "dentry" {
        hashed: ["d_hash.pprev"],
        parent: ["d_parent"],
        name: ["d_name.name", "__d_name.name"],
        length: ["d_name.len", "__d_name.len"],
        inode: ["d_inode"],
        ops: ["d_op"],
        sb: ["d_sb"],
        private: ["d_fsdata"],
    }
    /// `dentry_operations`.
    DentryOpsShape: "dentry_operations" {
        name: ["d_dname"],
    }
    /// `inode`.
    InodeShape: "inode" {
        sb: ["i_sb"],
        number: ["i_ino"],
        private: ["i_private"],
    }
    /// `super_block`.
    SuperShape: "super_block" {
        device: ["s_dev"],
        kind: ["s_type"],
    }
    /// `file_system_type`.
    FsTypeShape: "file_system_type" {
        name: ["name"],
    }
    /// `vfsmount`.
    VfsMountShape: "vfsmount" {
        root: ["mnt_root"],
        sb: ["mnt_sb"],
    }
    /// `mount`, around a `vfsmount`.
    MountShape: "mount" {
        mnt: ["mnt"],
        root: ["mnt.mnt_root"],
        parent: ["mnt_parent"],
        mountpoint: ["mnt_mountpoint"],
    }
    /// `ns_common`.
    NsShape: "ns_common" {
        ops: ["ops"],
    }
    /// `proc_ns_operations`.
    NsOpsShape: "proc_ns_operations" {
        name: ["name"],
    }
    /// `module`: a kernel module.
    ModuleShape: "module" {
        state: ["state"],
        list: ["list"],
        name: ["name"],
        refcount: ["refcnt.counter", "refcnt"],
        users: ["source_list"],
        // 6.4: an array of `module_memory`, one for each type.
        memory: ["mem"],
        // Before: two areas, three where data lie apart (5.18, 32-bit PowerPC).
        core_base: ["core_layout.base", "module_core"],
        core_size: ["core_layout.size", "core_size"],
        init_base: ["init_layout.base", "module_init"],
        init_size: ["init_layout.size", "init_size"],
        data_size: ["data_layout.size"],
        kallsyms: ["kallsyms"],
        core_kallsyms: ["core_kallsyms"],
    }
    /// `module_memory`.
    ModuleMemoryShape: "module_memory" {
        base: ["base"],
        size: ["size"],
    }
    /// `module_use`: that `source` needs `target`.
    ModuleUseShape: "module_use" {
        source_list: ["source_list"],
        source: ["source"],
        target: ["target"],
    }
    /// `mod_kallsyms`.
    ModKallsymsShape: "mod_kallsyms" {
        symbols: ["symtab"],
        count: ["num_symtab"],
        strings: ["strtab"],
        // 5.2; before, the kind lay in the symbol itself.
        kinds: ["typetab"],
    }
    /// `elf64_sym`.
    ElfSymShape: "elf64_sym" {
        name: ["st_name"],
        info: ["st_info"],
        section: ["st_shndx"],
        value: ["st_value"],
    }
    /// `elf32_sym`.
    ElfSym32Shape: "elf32_sym" {
        name: ["st_name"],
        info: ["st_info"],
        section: ["st_shndx"],
        value: ["st_value"],
    }
    /// `uts_namespace`.
    UtsShape: "uts_namespace" {
        sysname: ["name.sysname"],
        nodename: ["name.nodename"],
        release: ["name.release"],
        version: ["name.version"],
        machine: ["name.machine"],
    }
    /// `timekeeper`.
    TimekeeperShape: "timekeeper" {
        wall_sec: ["wall_to_monotonic.tv_sec"],
        wall_nsec: ["wall_to_monotonic.tv_nsec"],
        real: ["offs_real"],
        boot: ["offs_boot"],
    }
    /// `tk_data`, around a timekeeper (6.13).
    TkDataShape: "tk_data" {
        timekeeper: ["timekeeper"],
    }
}

/// Everything above, found once for a kernel.
#[allow(missing_docs, reason = "each is the structure of its name")]
#[derive(Clone, Debug, Default)]
pub struct Layouts {
    pub task: TaskShape,
    pub signal: SignalShape,
    pub pid_ns: PidNsShape,
    pub pid: PidShape,
    pub cred: CredShape,
    pub kthread: KthreadShape,
    pub worker: WorkerShape,
    pub fs: FsShape,
    pub mm: MmShape,
    pub vma: VmaShape,
    pub anon_name: AnonNameShape,
    pub vm_ops: VmOpsShape,
    pub special: SpecialShape,
    pub file: FileShape,
    pub backing: BackingShape,
    pub dentry: DentryShape,
    pub dentry_ops: DentryOpsShape,
    pub inode: InodeShape,
    pub sb: SuperShape,
    pub fs_type: FsTypeShape,
    pub vfsmount: VfsMountShape,
    pub mount: MountShape,
    pub ns: NsShape,
    pub ns_ops: NsOpsShape,
    pub module: ModuleShape,
    pub module_memory: ModuleMemoryShape,
    /// Size in bytes of a `module_memory`.
    pub module_memory_size: Option<u64>,
    pub module_use: ModuleUseShape,
    pub mod_kallsyms: ModKallsymsShape,
    pub elf_sym: ElfSymShape,
    /// Size in bytes of a symbol in a module's table.
    pub elf_sym_size: Option<u64>,
    pub elf_sym32: ElfSym32Shape,
    /// The same for 32-bit kernels.
    pub elf_sym32_size: Option<u64>,
    pub uts: UtsShape,
    pub timekeeper: TimekeeperShape,
    pub tk_data: TkDataShape,
    pub rb_node: RbNodeShape,
    /// None for a kernel before 6.1.
    pub maple: Option<MapleShape>,
    pub array: Option<ArrayShape>,
}

impl Layouts {
    /// Finds all layouts in `types`.
    pub fn find(types: &dyn Types) -> Self {
        Self {
            task: TaskShape::find(types),
            signal: SignalShape::find(types),
            pid_ns: PidNsShape::find(types),
            pid: PidShape::find(types),
            cred: CredShape::find(types),
            kthread: KthreadShape::find(types),
            worker: WorkerShape::find(types),
            fs: FsShape::find(types),
            mm: MmShape::find(types),
            vma: VmaShape::find(types),
            anon_name: AnonNameShape::find(types),
            vm_ops: VmOpsShape::find(types),
            special: SpecialShape::find(types),
            file: FileShape::find(types),
            backing: BackingShape::find(types),
            dentry: DentryShape::find(types),
            dentry_ops: DentryOpsShape::find(types),
            inode: InodeShape::find(types),
            sb: SuperShape::find(types),
            fs_type: FsTypeShape::find(types),
            vfsmount: VfsMountShape::find(types),
            mount: MountShape::find(types),
            ns: NsShape::find(types),
            ns_ops: NsOpsShape::find(types),
            module: ModuleShape::find(types),
            module_memory: ModuleMemoryShape::find(types),
            module_memory_size: types.size_of("struct module_memory"),
            module_use: ModuleUseShape::find(types),
            mod_kallsyms: ModKallsymsShape::find(types),
            elf_sym: ElfSymShape::find(types),
            elf_sym_size: types.size_of("struct elf64_sym"),
            elf_sym32: ElfSym32Shape::find(types),
            elf_sym32_size: types.size_of("struct elf32_sym"),
            uts: UtsShape::find(types),
            timekeeper: TimekeeperShape::find(types),
            tk_data: TkDataShape::find(types),
            rb_node: RbNodeShape::find(types),
            maple: MapleShape::find(types),
            array: ArrayShape::find(types),
        }
    }
}
