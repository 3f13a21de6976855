//! The list of formats, and the dispatch from a value to a compile-time constant.

use super::{PageFormat, aarch64, arm, riscv, x86};
use std::fmt;

/// A processor architecture, as the command line and JSON name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Arch {
    /// 32-bit x86 without PAE.
    X86,
    /// 32-bit x86 with PAE.
    X86Pae,
    /// 64-bit x86.
    X86_64,
    /// 64-bit Arm.
    AArch64,
    /// 32-bit Arm.
    Arm,
    /// 64-bit RISC-V.
    RiscV64,
    /// 32-bit RISC-V.
    RiscV32,
}

impl Arch {
    /// The name: `x86`, `x86_pae`, `x86_64`, `aarch64`, `arm`, `riscv64`, `riscv32`.
    pub const fn name(self) -> &'static str {
        match self {
            Arch::X86 => "x86",
            Arch::X86Pae => "x86_pae",
            Arch::X86_64 => "x86_64",
            Arch::AArch64 => "aarch64",
            Arch::Arm => "arm",
            Arch::RiscV64 => "riscv64",
            Arch::RiscV32 => "riscv32",
        }
    }

    /// The architecture of this name.
    pub fn from_name(name: &str) -> Option<Arch> {
        [Arch::X86, Arch::X86Pae, Arch::X86_64, Arch::AArch64, Arch::Arm, Arch::RiscV64, Arch::RiscV32]
            .into_iter()
            .find(|a| a.name() == name)
    }
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

macro_rules! formats {
    ($($(#[$doc:meta])* $name:ident => $format:path),* $(,)?) => {
        /// A page-table format by name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(non_camel_case_types, reason = "the names of the formats")]
        pub enum Paging {
            $($(#[$doc])* $name),*
        }

        impl Paging {
            /// Every format.
            pub const ALL: &[Paging] = &[$(Paging::$name),*];

            /// The format's data.
            #[inline]
            pub const fn format(self) -> &'static PageFormat {
                match self {
                    $(Paging::$name => { const F: &PageFormat = &$format; F }),*
                }
            }
        }

        /// Formats as types, so that code can be made for each at compile time.
        pub(crate) mod typed {
            use crate::arch::*;

            /// A format that is known when the program is compiled.
            pub(crate) trait Format {
                /// Its data.
                const F: PageFormat;
            }

            $(
                #[allow(non_camel_case_types, reason = "the names of the formats")]
                pub(crate) struct $name;
                impl Format for $name {
                    const F: PageFormat = $format;
                }
            )*
        }
    };
}

formats! {
    /// 32-bit x86, two levels.
    X86 => x86::X86,
    /// 32-bit x86 with PAE.
    X86Pae => x86::X86_PAE,
    /// 64-bit x86, four levels.
    X86_64 => x86::X86_64,
    /// 64-bit x86, five levels.
    X86_64La57 => x86::X86_64_LA57,
    /// 64-bit x86, four levels, the halves below roots of their own.
    X86_64Split => x86::X86_64_SPLIT,
    /// 64-bit x86, five levels, the halves below roots of their own.
    X86_64La57Split => x86::X86_64_LA57_SPLIT,
    /// AArch64, 4 KiB granule, 39 bits.
    AArch64K4B39 => aarch64::K4_39,
    /// AArch64, 4 KiB granule, 48 bits.
    AArch64K4B48 => aarch64::K4_48,
    /// AArch64, 4 KiB granule, 52 bits.
    AArch64K4B52 => aarch64::K4_52,
    /// AArch64, 16 KiB granule, 36 bits.
    AArch64K16B36 => aarch64::K16_36,
    /// AArch64, 16 KiB granule, 47 bits.
    AArch64K16B47 => aarch64::K16_47,
    /// AArch64, 16 KiB granule, 48 bits.
    AArch64K16B48 => aarch64::K16_48,
    /// AArch64, 16 KiB granule, 52 bits.
    AArch64K16B52 => aarch64::K16_52,
    /// AArch64, 64 KiB granule, 42 bits.
    AArch64K64B42 => aarch64::K64_42,
    /// AArch64, 64 KiB granule, 48 bits.
    AArch64K64B48 => aarch64::K64_48,
    /// AArch64, 64 KiB granule, 52 bits.
    AArch64K64B52 => aarch64::K64_52,
    /// 32-bit ARM, short descriptors, one root.
    ArmShort => arm::SHORT,
    /// 32-bit ARM, short descriptors, the upper half below a root of its own (TTBCR.N is 1).
    ArmShortSplit => arm::SHORT_SPLIT,
    /// 32-bit ARM, long descriptors (LPAE).
    ArmLong => arm::LONG,
    /// RISC-V Sv32.
    Sv32 => riscv::SV32,
    /// RISC-V Sv39.
    Sv39 => riscv::SV39,
    /// RISC-V Sv48.
    Sv48 => riscv::SV48,
    /// RISC-V Sv57.
    Sv57 => riscv::SV57,
    /// AArch64, 4 KiB granule, 48 bits, one root for both halves.
    AArch64K4B48Whole => aarch64::K4_48_WHOLE,
}

/// Runs an expression with the type that stands for a [`Paging`] value.
macro_rules! with_format {
    ($paging:expr, $f:ident => $body:expr) => {{
        use $crate::arch::{Paging, typed};
        match $paging {
            Paging::X86 => {
                type $f = typed::X86;
                $body
            }
            Paging::X86Pae => {
                type $f = typed::X86Pae;
                $body
            }
            Paging::X86_64 => {
                type $f = typed::X86_64;
                $body
            }
            Paging::X86_64La57 => {
                type $f = typed::X86_64La57;
                $body
            }
            Paging::X86_64Split => {
                type $f = typed::X86_64Split;
                $body
            }
            Paging::X86_64La57Split => {
                type $f = typed::X86_64La57Split;
                $body
            }
            Paging::AArch64K4B39 => {
                type $f = typed::AArch64K4B39;
                $body
            }
            Paging::AArch64K4B48 => {
                type $f = typed::AArch64K4B48;
                $body
            }
            Paging::AArch64K4B52 => {
                type $f = typed::AArch64K4B52;
                $body
            }
            Paging::AArch64K16B36 => {
                type $f = typed::AArch64K16B36;
                $body
            }
            Paging::AArch64K16B47 => {
                type $f = typed::AArch64K16B47;
                $body
            }
            Paging::AArch64K16B48 => {
                type $f = typed::AArch64K16B48;
                $body
            }
            Paging::AArch64K16B52 => {
                type $f = typed::AArch64K16B52;
                $body
            }
            Paging::AArch64K64B42 => {
                type $f = typed::AArch64K64B42;
                $body
            }
            Paging::AArch64K64B48 => {
                type $f = typed::AArch64K64B48;
                $body
            }
            Paging::AArch64K64B52 => {
                type $f = typed::AArch64K64B52;
                $body
            }
            Paging::ArmShort => {
                type $f = typed::ArmShort;
                $body
            }
            Paging::ArmShortSplit => {
                type $f = typed::ArmShortSplit;
                $body
            }
            Paging::ArmLong => {
                type $f = typed::ArmLong;
                $body
            }
            Paging::Sv32 => {
                type $f = typed::Sv32;
                $body
            }
            Paging::Sv39 => {
                type $f = typed::Sv39;
                $body
            }
            Paging::Sv48 => {
                type $f = typed::Sv48;
                $body
            }
            Paging::Sv57 => {
                type $f = typed::Sv57;
                $body
            }
            Paging::AArch64K4B48Whole => {
                type $f = typed::AArch64K4B48Whole;
                $body
            }
        }
    }};
}
pub(crate) use with_format;
