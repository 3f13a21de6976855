//! How files begin that memsh can't open as memory: known by name, so that nobody gets nonsense from them as "raw".
//!
//! A format that memsh learns to read leaves this table for that of `detect`.

/// What kind of thing it is, which decides the advice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// A memory image in a format that this version does not read.
    Memory,
    /// A disk, or a disk image.
    Disk,
    /// Many files in one, or one file compressed in a way that memsh does not unpack.
    Archive,
    /// Something that never holds a machine's memory.
    Other,
}

/// One signature.
pub(super) struct Magic {
    pub at: usize,
    pub bytes: &'static [u8],
    pub sort: Sort,
    /// What it is, to stand after "it is".
    pub name: &'static str,
    /// What to do, where there is something better to say than for every other of its sort.
    pub advice: Option<&'static str>,
}

const fn magic(at: usize, bytes: &'static [u8], sort: Sort, name: &'static str, advice: Option<&'static str>) -> Magic {
    Magic { at, bytes, sort, name, advice }
}

const EWF: Option<&str> = Some("export the raw memory from it first (ewfexport -f raw)");

const SADUMP: Option<&str> =
    Some("makedumpfile and crash read it: makedumpfile -c -d 0 FILE OUT makes a kdump of it, which memsh reads");
const S390: Option<&str> = Some("zgetdump -f elf FILE > OUT makes an ELF core of it, which memsh reads");

use Sort::{Archive, Disk, Memory, Other};

/// All signatures; the first that fits counts.
pub(super) const MAGICS: &[Magic] = &[
    magic(
        0,
        b"\x7fVirtualBox SavedState",
        Memory,
        "a VirtualBox saved state",
        Some("take an ELF core: VBoxManage debugvm VM dumpvmcore --filename FILE"),
    ),
    magic(0, b"sadump\0\0", Memory, "a Fujitsu sadump dump (partition header)", SADUMP),
    // The s390 stand-alone dump's DF_S390_MAGIC, and the extended one's (zipl's dump.h).
    magic(0, &[0xa8, 0x19, 0x01, 0x73, 0x61, 0x8f, 0x23, 0xfd], Memory, "an s390 stand-alone dump", S390),
    magic(0, &[0xa8, 0x19, 0x01, 0x73, 0x61, 0x8f, 0x23, 0xfe], Memory, "an extended s390 stand-alone dump", S390),
    // The header of Hyper-V's storage, as dissect.hypervisor names it.
    magic(
        0,
        &[0x14, 0x20, 0x28, 0x01],
        Memory,
        "a Hyper-V saved state or configuration (.vmrs, .vmcx)",
        Some("its memory is not documented: convert it with Microsoft's VmSavedStateDumpProvider, or take a dump in the guest"),
    ),
    magic(
        0,
        b"AFF\x0a\x0d\x00",
        Memory,
        "an AFF image (version 1 to 3)",
        Some("export the raw memory from it first (affconvert -r)"),
    ),
    magic(0, b"EVF2\x0d\x0a\x81\x00", Memory, "an EWF2 image (EnCase Ex01)", EWF),
    magic(0, b"LVF\x09\x0d\x0a\xff\x00", Memory, "a logical EWF image (EnCase L01)", EWF),
    magic(0, b"S1SUSPEND", Memory, "a Linux hibernation image (swsusp)", None),
    magic(0xff6, b"S1SUSPEND", Memory, "a swap partition with a Linux hibernation image", None),
    // Archives: the memory may be in them.
    magic(0, b"PK\x03\x04", Archive, "a zip archive", None),
    magic(0, b"PK\x05\x06", Archive, "an empty zip archive", None),
    magic(0, b"7z\xbc\xaf\x27\x1c", Archive, "a 7z archive", None),
    magic(0, b"Rar!\x1a\x07", Archive, "a RAR archive", None),
    magic(257, b"ustar", Archive, "a tar archive", None),
    magic(0, b"070701", Archive, "a cpio archive", None),
    magic(0, b"!<arch>\n", Archive, "an ar archive or Debian package", None),
    magic(0, b"MSCF\0\0\0\0", Archive, "a Windows cabinet", None),
    magic(0, &[0x89, b'L', b'Z', b'O', 0], Archive, "an LZO file", None),
    magic(0, b"LZIP\x01", Archive, "an lzip file", None),
    magic(0, b"hsqs", Archive, "a squashfs file system", None),
    // Disks.
    magic(0, b"KDMV", Disk, "a VMware disk (VMDK)", None),
    magic(0, b"COWD", Disk, "a VMware disk (VMDK)", None),
    magic(0, b"# Disk DescriptorFile", Disk, "the descriptor of a VMware disk", None),
    magic(0, b"vhdxfile", Disk, "a Hyper-V disk (VHDX)", None),
    magic(0, b"conectix", Disk, "a Hyper-V disk (VHD)", None),
    magic(0, b"<<< Oracle VM VirtualBox Disk Image", Disk, "a VirtualBox disk (VDI)", None),
    magic(3, b"NTFS    ", Disk, "an NTFS file system", None),
    magic(512, b"EFI PART", Disk, "a disk with a GPT partition table", None),
    magic(0x8001, b"CD001", Disk, "an ISO 9660 disc image", None),
    magic(0xff6, b"SWAPSPACE2", Disk, "a Linux swap area", Some("give it with --swap beside the memory image")),
    // Others.
    magic(0, b"%PDF-", Other, "a PDF document", None),
    magic(0, b"\x89PNG\r\n\x1a\n", Other, "a PNG picture", None),
    magic(0, b"\xff\xd8\xff\xe0", Other, "a JPEG picture", None),
    magic(0, b"GIF8", Other, "a GIF picture", None),
    magic(0, b"SQLite format 3\0", Other, "an SQLite database", None),
    magic(0, &[0xcf, 0xfa, 0xed, 0xfe], Other, "a Mach-O file", None),
    magic(0, &[0xca, 0xfe, 0xba, 0xbe], Other, "a Java class or universal Mach-O file", None),
    magic(0, &[0xd4, 0xc3, 0xb2, 0xa1], Other, "a packet capture (pcap)", None),
    magic(0, &[0x0a, 0x0d, 0x0d, 0x0a], Other, "a packet capture (pcapng)", None),
    magic(0, b"Microsoft C/C++ MSF 7.00\r\n", Other, "a PDB symbol file", Some("give it with --symbols beside the memory image")),
    magic(0, &[0x9f, 0xeb, 1, 0], Other, "a BTF file", Some("give it with --symbols beside the memory image")),
];

/// The signature that `data` begins with.
pub(super) fn find(data: &[u8]) -> Option<&'static Magic> {
    MAGICS.iter().find(|m| data.get(m.at..).is_some_and(|d| d.starts_with(m.bytes)))
}

/// Whether `data` is a Windows or UEFI program: `MZ`, and `PE\0\0` where offset 0x3c points. Not a Linux kernel, though: the
/// kernels of AArch64 and RISC-V begin with `MZ`, and may lie at the very beginning of RAM; their own magic at 0x38 tells.
pub(super) fn is_program(data: &[u8]) -> bool {
    let f = super::fields::Fields::new(data, false);
    data.starts_with(b"MZ")
        && !matches!(f.bytes(0x38, 4), Some(b"ARM\x64" | b"RSC\x05"))
        && f.u32(0x3c).and_then(|at| f.bytes(at.into(), 4)) == Some(b"PE\0\0")
}

/// How much of a file must be text before it is called a text file.
const TEXT: usize = 64 << 10;

/// Whether `data` begins with nothing but text (or is text altogether): UTF-8 without control characters.
pub(super) fn is_text(data: &[u8]) -> bool {
    let head = data.get(..TEXT).unwrap_or(data);
    let valid = match std::str::from_utf8(head) {
        Ok(_) => true,
        // A character cut at the end of what was looked at.
        Err(e) => e.error_len().is_none() && data.len() > TEXT,
    };
    !head.is_empty() && valid && head.iter().all(|&b| b >= 0x20 && b != 0x7f || matches!(b, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn every_signature_is_found_and_hides_no_other() {
        for m in MAGICS {
            let mut data = vec![0; m.at];
            data.extend(m.bytes);
            data.resize(0x9000, 0);
            let found = find(&data).map(|f| f.name);
            assert_eq!(found, Some(m.name));
            for cut in 0..m.bytes.len() {
                assert!(find(&data[..m.at + cut]).is_none(), "{} after {cut} bytes", m.name);
            }
        }
    }

    #[test]
    fn a_kernel_at_the_beginning_of_ram_is_no_program() {
        let mut data = vec![0; 4096];
        data[..2].copy_from_slice(b"MZ");
        data[0x3c] = 0x40;
        data[0x40..0x44].copy_from_slice(b"PE\0\0");
        assert!(is_program(&data));
        data[0x38..0x3c].copy_from_slice(b"ARM\x64");
        assert!(!is_program(&data));
    }

    #[test]
    fn text_is_text_and_zeros_are_not() {
        assert!(is_text("naïve\n".repeat(20_000).as_bytes()));
        assert!(is_text(b"#!/bin/sh\n"));
        assert!(!is_text(b"abc\0"));
        assert!(!is_text(b""));
        assert!(!is_text(b"ab\xff"));
    }
}
