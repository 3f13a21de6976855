//! Facts that a Windows layer can start from.

use super::bug_check_name;
use memsh_plugin::{PhysAddr, VirtAddr};

/// What an image says of the Windows that it was taken from.
///
/// Tools that write dumps of running systems fill in what they like (LiveKD writes build 9200 whatever the system is, DumpIt
/// writes text into the bug check): each of these is a place to look at first, not a fact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WindowsHints {
    /// What says so: `crash dump`, `hibernation file`.
    pub source: &'static str,
    /// Build number (7601, 19041), where given.
    pub build: Option<u32>,
    /// Root of the system's page tables, without the bits that the register holds beside it (PCID, KVA shadow, ASID).
    pub dtb: Option<PhysAddr>,
    /// Whether pointers have 64 bits.
    pub wide: bool,
    /// Of 32-bit systems: whether page tables are of the PAE form, where given.
    pub pae: Option<bool>,
    /// Machine (`x86_64`, `x86`, `aarch64`), where known.
    pub machine: Option<&'static str>,
    /// `PsActiveProcessHead`.
    pub ps_active_process_head: Option<VirtAddr>,
    /// `PsLoadedModuleList`.
    pub ps_loaded_module_list: Option<VirtAddr>,
    /// `KdDebuggerDataBlock` (KDBG).
    pub kd_debugger_data_block: Option<VirtAddr>,
    /// `MmPfnDatabase`.
    pub pfn_database: Option<VirtAddr>,
    /// Base of the kernel, where given.
    pub kernel_base: Option<VirtAddr>,
    /// How many processors the system had.
    pub processors: Option<u32>,
    /// Why it stopped, where it did.
    pub bug_check: Option<BugCheck>,
    /// When it was taken: 100 nanoseconds since 1601, UTC.
    pub system_time: Option<u64>,
    /// How long the system had been up: units of 100 nanoseconds.
    pub uptime: Option<u64>,
    /// Memory that the file holds by virtual address (triage dumps): address, offset in the file, size in bytes.
    pub virtual_blocks: Vec<(VirtAddr, u64, u32)>,
}

/// Why a system stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BugCheck {
    /// The stop code.
    pub code: u32,
    /// Its parameters.
    pub parameters: [u64; 4],
}

impl BugCheck {
    /// Its symbolic name (`MANUALLY_INITIATED_CRASH`), where known.
    pub fn name(&self) -> Option<&'static str> {
        bug_check_name(self.code)
    }
}

impl WindowsHints {
    /// The system in words: `Windows build 19041 (Windows 10 version 2004)`, `Windows`.
    pub fn describe(&self) -> String {
        match self.build {
            Some(build) => match release(build) {
                Some(name) => format!("Windows build {build} ({name})"),
                None => format!("Windows build {build}"),
            },
            None => "Windows".to_owned(),
        }
    }
}

/// Marketing names of builds, client and server (Microsoft's lists of release information and of Windows Server versions).
pub(crate) fn release(build: u32) -> Option<&'static str> {
    Some(match build {
        2195 => "Windows 2000",
        2600 => "Windows XP",
        3790 => "Windows Server 2003 or XP x64",
        6000 => "Windows Vista",
        6001 => "Windows Vista SP1 or Server 2008",
        6002 | 6003 => "Windows Vista SP2 or Server 2008 SP2",
        7600 => "Windows 7 or Server 2008 R2",
        7601 => "Windows 7 SP1 or Server 2008 R2 SP1",
        9200 => "Windows 8 or Server 2012",
        9600 => "Windows 8.1 or Server 2012 R2",
        10240 => "Windows 10 version 1507",
        10586 => "Windows 10 version 1511",
        14393 => "Windows 10 version 1607 or Server 2016",
        15063 => "Windows 10 version 1703",
        16299 => "Windows 10 version 1709",
        17134 => "Windows 10 version 1803",
        17763 => "Windows 10 version 1809 or Server 2019",
        18362 => "Windows 10 version 1903",
        18363 => "Windows 10 version 1909",
        // 20H2 to 22H2 are the same kernel with another number.
        19041 => "Windows 10 version 2004",
        19042 => "Windows 10 version 20H2",
        19043 => "Windows 10 version 21H1",
        19044 => "Windows 10 version 21H2",
        19045 => "Windows 10 version 22H2",
        20348 => "Windows Server 2022",
        22000 => "Windows 11 version 21H2",
        22621 => "Windows 11 version 22H2",
        22631 => "Windows 11 version 23H2",
        25398 => "Windows Server version 23H2",
        26100 => "Windows 11 version 24H2 or Server 2025",
        26200 => "Windows 11 version 25H2",
        _ => return None,
    })
}

/// Text of a header: up to the first zero, with what can't be printed as dots.
pub(crate) fn render(bytes: &[u8]) -> String {
    let text = bytes.iter().take_while(|&&b| b != 0);
    let text: String = text.map(|&b| if b.is_ascii_graphic() || b == b' ' { char::from(b) } else { '.' }).collect();
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_known() {
        let mut hints = WindowsHints::default();
        assert_eq!(hints.describe(), "Windows");
        hints.build = Some(12345);
        assert_eq!(hints.describe(), "Windows build 12345");
        hints.build = Some(7601);
        assert_eq!(hints.describe(), "Windows build 7601 (Windows 7 SP1 or Server 2008 R2 SP1)");
        assert_eq!(render(b"a\x1b[0m b \0c"), "a.[0m b");
    }
}
