//! Where the kernel's structures have their members.

use crate::symbols::{Types, TypesExt};
use memsh_plugin::umem;

/// A member: where it is, and, for a bit field, which bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Bytes from the start of the structure.
    pub offset: umem,
    /// Lowest bit counted from the byte at `offset`, and width.
    pub bits: Option<(u32, u32)>,
}

/// The member of `structure` under the first of `names` that it has.
fn member(types: &dyn Types, structure: &str, names: &[&str]) -> Option<Member> {
    names.iter().find_map(|name| {
        let field = types.field(structure, name)?;
        Some(Member { offset: umem::from(field.offset), bits: field.bits })
    })
}

/// Structures by name, and members by the names that they had in the course of time.
macro_rules! offsets {
    ($($(#[$doc:meta])* $field:ident: $shape:ident [$($structure:literal),+] { $($member:ident: [$($name:literal),+],)+ })+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, Default)]
            #[allow(missing_docs, reason = "named as the structure's own")]
            pub struct $shape {
                /// Size of the structure in bytes.
                pub bytes: Option<umem>,
                $(pub $member: Option<Member>,)+
            }

            impl $shape {
                fn of(types: &dyn Types) -> Self {
                    // The first of the names that the types know.
                    let structure = [$($structure),+].into_iter().find(|s| types.find(s).is_some()).unwrap_or_default();
                    Self {
                        bytes: types.size_of(structure).map(umem::from),
                        $($member: member(types, structure, &[$($name),+]),)+
                    }
                }
            }
        )+

        /// All of them.
        #[derive(Clone, Copy, Debug, Default)]
        pub struct Offsets {
            $($(#[$doc])* pub $field: $shape,)+
        }

        impl Offsets {
            /// As `types` have them.
            pub fn of(types: &dyn Types) -> Self {
                Self { $($field: $shape::of(types),)+ }
            }
        }
    };
}

offsets! {
    /// `_EPROCESS`.
    process: Process ["_EPROCESS"] {
        pcb: ["Pcb"],
        pid: ["UniqueProcessId"],
        links: ["ActiveProcessLinks"],
        parent: ["InheritedFromUniqueProcessId"],
        name: ["ImageFileName"],
        created: ["CreateTime"],
        exited: ["ExitTime"],
        exit_status: ["ExitStatus"],
        threads: ["ThreadListHead"],
        active_threads: ["ActiveThreads"],
        peb: ["Peb"],
        wow64: ["WoW64Process", "Wow64Process"],
        session: ["Session"],
        token: ["Token"],
        vad_root: ["VadRoot"],
        vad_hint: ["VadHint"],
        object_table: ["ObjectTable"],
        section: ["SectionObject"],
        section_base: ["SectionBaseAddress"],
        audit: ["SeAuditProcessCreationInfo"],
        image_file: ["ImageFilePointer"],
        protection: ["Protection"],
        flags: ["Flags"],
        flags2: ["Flags2"],
        flags3: ["Flags3"],
        minimal: ["Minimal"],
        protected: ["ProtectedProcess"],
        cookie: ["Cookie"],
        pico: ["PicoCreated"],
        silo: ["ServerSilo"],
    }
    /// `_KPROCESS`.
    kprocess: Kprocess ["_KPROCESS"] {
        header: ["Header"],
        dtb: ["DirectoryTableBase"],
        user_dtb: ["UserDirectoryTableBase"],
        threads: ["ThreadListHead"],
        profiles: ["ProfileListHead"],
    }
    /// `_ETHREAD`.
    thread: Thread ["_ETHREAD"] {
        tcb: ["Tcb"],
        cid: ["Cid"],
        links: ["ThreadListEntry"],
        start: ["StartAddress"],
        win32_start: ["Win32StartAddress"],
        created: ["CreateTime"],
        exited: ["ExitTime"],
        process: ["ThreadsProcess"],
        name: ["ThreadName"],
        terminated: ["Terminated"],
    }
    /// `_KTHREAD`.
    kthread: Kthread ["_KTHREAD"] {
        header: ["Header"],
        state: ["State"],
        wait_reason: ["WaitReason"],
        teb: ["Teb"],
        links: ["ThreadListEntry"],
        trap_frame: ["TrapFrame"],
        initial_stack: ["InitialStack"],
        stack_limit: ["StackLimit"],
        process: ["Process"],
    }
    /// `_CLIENT_ID`.
    client: Client ["_CLIENT_ID"] {
        process: ["UniqueProcess"],
        thread: ["UniqueThread"],
    }
    /// `_KLDR_DATA_TABLE_ENTRY`, of a driver; of a process's module where the tables have no other.
    driver: Driver ["_KLDR_DATA_TABLE_ENTRY", "_LDR_DATA_TABLE_ENTRY"] {
        links: ["InLoadOrderLinks"],
        base: ["DllBase"],
        entry: ["EntryPoint"],
        size: ["SizeOfImage"],
        path: ["FullDllName"],
        name: ["BaseDllName"],
        load_count: ["LoadCount"],
        timestamp: ["TimeDateStamp"],
    }
    /// `_LDR_DATA_TABLE_ENTRY`.
    module: Module ["_LDR_DATA_TABLE_ENTRY"] {
        links: ["InLoadOrderLinks"],
        base: ["DllBase"],
        size: ["SizeOfImage"],
        path: ["FullDllName"],
        name: ["BaseDllName"],
        load_time: ["LoadTime"],
    }
    /// `_PEB`.
    peb: Peb ["_PEB"] {
        debugged: ["BeingDebugged"],
        image: ["ImageBaseAddress"],
        loader: ["Ldr"],
        parameters: ["ProcessParameters"],
        session: ["SessionId"],
    }
    /// `_PEB_LDR_DATA`.
    loader: Loader ["_PEB_LDR_DATA"] {
        in_load_order: ["InLoadOrderModuleList"],
    }
    /// `_RTL_USER_PROCESS_PARAMETERS`.
    parameters: Parameters ["_RTL_USER_PROCESS_PARAMETERS"] {
        directory: ["CurrentDirectory"],
        image_path: ["ImagePathName"],
        command_line: ["CommandLine"],
        environment: ["Environment"],
        environment_size: ["EnvironmentSize"],
    }
    /// `_SE_AUDIT_PROCESS_CREATION_INFO`.
    audit: Audit ["_SE_AUDIT_PROCESS_CREATION_INFO"] {
        image: ["ImageFileName"],
    }
    /// `_MM_SESSION_SPACE`.
    session: Session ["_MM_SESSION_SPACE"] {
        id: ["SessionId"],
    }
    /// `_TOKEN`.
    token: Token ["_TOKEN"] {
        session: ["SessionId"],
        users: ["UserAndGroups"],
        user_count: ["UserAndGroupCount"],
        privileges: ["Privileges"],
        privilege_count: ["PrivilegeCount"],
        integrity: ["IntegrityLevelIndex"],
        logon: ["AuthenticationId"],
        kind: ["TokenType"],
    }
    /// `_SEP_TOKEN_PRIVILEGES`, since Vista: a bit for each.
    privileges: PrivilegeSets ["_SEP_TOKEN_PRIVILEGES"] {
        present: ["Present"],
        enabled: ["Enabled"],
        by_default: ["EnabledByDefault"],
    }
    /// `_MMVAD_SHORT`, with which every `_MMVAD` begins.
    vad: Vad ["_MMVAD_SHORT"] {
        first: ["StartingVpn"],
        last: ["EndingVpn"],
        first_high: ["StartingVpnHigh"],
        last_high: ["EndingVpnHigh"],
        left: ["LeftChild"],
        right: ["RightChild"],
        parent: ["Parent"],
        flags: ["u"],
        // Since Windows 8; before, these are names of other things.
        flags1: ["u1"],
        commit: ["CommitCharge"],
        commit_high: ["CommitChargeHigh"],
    }
    /// `_MMVAD`, of what is not private memory.
    long_vad: LongVad ["_MMVAD"] {
        subsection: ["Subsection"],
        control_area: ["ControlArea"],
        prototypes: ["FirstPrototypePte"],
        last_prototype: ["LastContiguousPte"],
    }
    /// `_MMVAD_FLAGS`.
    vad_flags: VadFlags ["_MMVAD_FLAGS"] {
        kind: ["VadType"],
        image: ["ImageMap"],
        protection: ["Protection"],
        private: ["PrivateMemory"],
        committed: ["MemCommit"],
        commit: ["CommitCharge"],
    }
    /// `_MMADDRESS_NODE`, of Server 2003 to Windows 7.
    address_node: AddressNode ["_MMADDRESS_NODE"] {
        left: ["LeftChild"],
        right: ["RightChild"],
    }
    /// `_SUBSECTION`.
    subsection: Subsection ["_SUBSECTION"] {
        control_area: ["ControlArea"],
        base: ["SubsectionBase"],
        entries: ["PtesInSubsection"],
        next: ["NextSubsection"],
    }
    /// `_CONTROL_AREA`.
    control_area: ControlArea ["_CONTROL_AREA"] {
        segment: ["Segment"],
        file: ["FilePointer"],
    }
    /// `_FILE_OBJECT`.
    file: File ["_FILE_OBJECT"] {
        kind: ["Type"],
        size: ["Size"],
        sections: ["SectionObjectPointer"],
        name: ["FileName"],
        device: ["DeviceObject"],
        related: ["RelatedFileObject"],
        delete_pending: ["DeletePending"],
        can_read: ["ReadAccess"],
        can_write: ["WriteAccess"],
        can_delete: ["DeleteAccess"],
        flags: ["Flags"],
        position: ["CurrentByteOffset"],
    }
    /// `_OBJECT_HEADER`.
    object_header: ObjectHeader ["_OBJECT_HEADER"] {
        kind: ["Type"],
        type_index: ["TypeIndex"],
        info_mask: ["InfoMask"],
        name_info: ["NameInfoOffset"],
        pointers: ["PointerCount"],
        handles: ["HandleCount"],
        body: ["Body"],
    }
    /// `_OBJECT_HEADER_NAME_INFO`.
    name_info: NameInfo ["_OBJECT_HEADER_NAME_INFO"] {
        directory: ["Directory"],
        name: ["Name"],
    }
    /// `_OBJECT_TYPE`.
    object_type: ObjectType ["_OBJECT_TYPE"] {
        name: ["Name"],
        index: ["Index"],
        callbacks: ["CallbackList"],
        objects: ["TotalNumberOfObjects"],
        handles: ["TotalNumberOfHandles"],
    }
    /// `_OBJECT_DIRECTORY`.
    directory: Directory ["_OBJECT_DIRECTORY"] {
        buckets: ["HashBuckets"],
        lock: ["Lock"],
    }
    /// `_OBJECT_DIRECTORY_ENTRY`.
    directory_entry: DirectoryEntry ["_OBJECT_DIRECTORY_ENTRY"] {
        next: ["ChainLink"],
        object: ["Object"],
    }
    /// `_HANDLE_TABLE`.
    handle_table: HandleTable ["_HANDLE_TABLE"] {
        code: ["TableCode"],
        count: ["HandleCount"],
        next: ["NextHandleNeedingPool"],
        process: ["QuotaProcess"],
        links: ["HandleTableList"],
        pid: ["UniqueProcessId"],
    }
    /// `_HANDLE_TABLE_ENTRY`.
    handle_entry: HandleEntry ["_HANDLE_TABLE_ENTRY"] {
        object: ["Object"],
        access: ["GrantedAccess"],
        object_bits: ["ObjectPointerBits"],
        access_bits: ["GrantedAccessBits"],
    }
    /// `_CM_KEY_CONTROL_BLOCK`, which memsh's tables do not have.
    key_control: KeyControl ["_CM_KEY_CONTROL_BLOCK"] {
        parent: ["ParentKcb"],
        name: ["NameBlock"],
    }
    /// `_CMHIVE`.
    hive: Hive ["_CMHIVE"] {
        links: ["HiveList"],
        full_path: ["FileFullPath"],
        user_name: ["FileUserName"],
        root_path: ["HiveRootPath"],
    }
    /// `_HHIVE`, with which a `_CMHIVE` begins.
    hive_head: HiveHead ["_HHIVE"] {
        base_block: ["BaseBlock"],
        storage: ["Storage"],
    }
    /// `_HMAP_ENTRY`, which memsh's tables do not have.
    hive_map_entry: HiveMapEntry ["_HMAP_ENTRY"] {
        block: ["BlockAddress"],
        offset: ["BlockOffset"],
        permanent: ["PermanentBinAddress"],
    }
    /// `_SECTION_OBJECT`, of Windows before 10.
    section_object: SectionObject ["_SECTION_OBJECT"] {
        segment: ["Segment"],
    }
    /// `_SECTION`, since Windows 10.
    section: Section ["_SECTION"] {
        control_area: ["u1"],
    }
    /// `_SEGMENT`.
    segment: Segment ["_SEGMENT"] {
        control_area: ["ControlArea"],
    }
    /// `_DRIVER_OBJECT`.
    driver_object: DriverObject ["_DRIVER_OBJECT"] {
        kind: ["Type"],
        devices: ["DeviceObject"],
        start: ["DriverStart"],
        size: ["DriverSize"],
        section: ["DriverSection"],
        name: ["DriverName"],
        fast_io: ["FastIoDispatch"],
        init: ["DriverInit"],
        start_io: ["DriverStartIo"],
        unload: ["DriverUnload"],
        major: ["MajorFunction"],
    }
    /// `_DEVICE_OBJECT`.
    device: Device ["_DEVICE_OBJECT"] {
        driver: ["DriverObject"],
        next: ["NextDevice"],
        attached: ["AttachedDevice"],
        kind: ["DeviceType"],
    }
    /// `_KPCR`.
    kpcr: Kpcr ["_KPCR"] {
        own: ["Self", "SelfPcr"],
        prcb: ["PrcbData", "Prcb"],
        idt: ["IdtBase", "IDT"],
        version_block: ["KdVersionBlock"],
    }
    /// `_KPRCB`.
    kprcb: Kprcb ["_KPRCB"] {
        number: ["Number"],
        current: ["CurrentThread"],
        idle: ["IdleThread"],
        mhz: ["MHz"],
    }
    /// `_DISPATCHER_HEADER`.
    dispatcher: Dispatcher ["_DISPATCHER_HEADER"] {
        kind: ["Type"],
        size: ["Size"],
        waiters: ["WaitListHead"],
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::symbols::tables::family;

    #[test]
    fn every_table_has_what_a_process_list_needs() {
        for (machine, wide) in [("windows-x64", true), ("windows-x86", false)] {
            let family = family(machine).unwrap();
            assert!(family.tables().len() >= 16);
            for table in family.tables() {
                let o = Offsets::of(&table.read(String::new()).unwrap());
                let what = &table.facts.release;
                // Of these a few members are known.
                if what.starts_with("4.0") || what.starts_with("5.0") {
                    assert!(
                        [o.process.pid, o.process.links, o.process.name, o.process.peb, o.kprocess.dtb]
                            .iter()
                            .all(Option::is_some)
                    );
                    continue;
                }
                let needed = [
                    o.process.pid,
                    o.process.links,
                    o.process.name,
                    o.process.parent,
                    o.process.token,
                    o.process.peb,
                    o.kprocess.dtb,
                    o.thread.cid,
                    o.driver.base,
                    o.module.base,
                    o.peb.loader,
                    o.loader.in_load_order,
                    o.parameters.command_line,
                ];
                assert!(needed.iter().all(Option::is_some), "{what}: {needed:?}");
                assert_eq!(o.process.links.unwrap().offset % if wide { 8 } else { 4 }, 0, "{what}");
            }
        }
    }
}
