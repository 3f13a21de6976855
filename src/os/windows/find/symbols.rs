//! Names of the kernel beyond its exports: places that memsh knows for builds by the identity of their PDB files.

use super::super::base::kernel::Pdb;
use std::io::Read;

/// The unpacked list is no larger.
const LARGEST: u64 = 8 << 20;

/// Names and distances from the image's base; empty for a build that is not listed.
pub(in crate::os::windows) fn of(pdb: &Pdb) -> Vec<(String, u32)> {
    let mut text = String::new();
    let packed: &[u8] = include_bytes!("../../../../assets/windows/symbols.zst");
    let Ok(reader) = zstd::stream::read::Decoder::new(packed) else { return Vec::new() };
    if reader.take(LARGEST).read_to_string(&mut text).is_err() {
        return Vec::new();
    }
    let mut lines = text.lines();
    // `GUID-and-age pdb version`, then ` name rva` in hexadecimal.
    lines.by_ref().find(|line| line.split(' ').next().is_some_and(|id| id.eq_ignore_ascii_case(&pdb.id)));
    lines
        .take_while(|line| line.starts_with(' '))
        .filter_map(|line| {
            let (name, rva) = line.trim_start().split_once(' ')?;
            Some((name.to_owned(), u32::from_str_radix(rva, 16).ok()?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_that_is_listed() {
        let id = "00F31FD82648C8ED1A4426DFFC56A4241".to_owned();
        let found = of(&Pdb { name: "ntkrnlmp.pdb".to_owned(), id });
        assert!(found.contains(&("CallbackListHead".to_owned(), 4_419_680)), "{found:?}");
        assert!(found.len() > 40);
        assert!(of(&Pdb { name: "ntkrnlmp.pdb".to_owned(), id: "0".to_owned() }).is_empty());
    }
}
