//! Where the tables are.

use super::values::Encoding;
use crate::symbols::VmcoreInfo;
use memsh_plugin::VirtAddr;

/// Virtual addresses of the tables in the running kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Bytes of a pointer: 4 or 8.
    pub pointer_size: u8,
    /// Byte order.
    pub little_endian: bool,
    /// The compressed names.
    pub names: VirtAddr,
    /// The number of symbols (32 bits of it are read).
    pub num_syms: VirtAddr,
    /// The offsets of every 256th name, and their size in bytes (4; 8 before Linux 5.0); looked for where not known.
    pub markers: Option<(VirtAddr, u8)>,
    /// The tokens.
    pub token_table: VirtAddr,
    /// The tokens' offsets.
    pub token_index: VirtAddr,
    /// Addresses or offsets of the symbols.
    pub values: VirtAddr,
    /// The number that offsets count from, where there is one.
    pub relative_base: Option<VirtAddr>,
    /// How addresses are written; chosen by what proves itself where not known.
    pub encoding: Option<Encoding>,
    /// Where `_text`, `_stext`, `stext` or `startup_64` must be. A table that says otherwise is refused.
    pub text: Option<VirtAddr>,
}

impl Layout {
    /// The tables as VMCOREINFO names them (since Linux 6.0); none when it does not. Both arguments describe the kernel.
    pub fn from_vmcoreinfo(info: &VmcoreInfo, pointer_size: u8, little_endian: bool) -> Option<Self> {
        let absolute = info.symbol("kallsyms_addresses");
        Some(Self {
            pointer_size,
            little_endian,
            names: info.symbol("kallsyms_names")?,
            num_syms: info.symbol("kallsyms_num_syms")?,
            markers: info.symbol("kallsyms_markers").map(|m| (m, 4)),
            token_table: info.symbol("kallsyms_token_table")?,
            token_index: info.symbol("kallsyms_token_index")?,
            values: absolute.or_else(|| info.symbol("kallsyms_offsets"))?,
            relative_base: info.symbol("kallsyms_relative_base"),
            encoding: absolute.map(|_| Encoding::Absolute),
            text: info.symbol("_stext"),
        })
    }
}
