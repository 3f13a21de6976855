//! The tables that memsh carries.

use super::Table;
use std::io::Read;

/// The unpacked tables of a machine are no larger.
const LARGEST: u64 = 64 << 20;

/// All tables of one machine.
pub struct Family(String);

impl Family {
    /// The tables.
    pub fn tables(&self) -> Vec<Table<'_>> {
        Table::all(&self.0)
    }
}

/// The tables for `machine` (`x86`, `arm`, ...; `windows-arm64`, `windows-x64`, `windows-x86`); none where memsh carries none.
pub fn family(machine: &str) -> Option<Family> {
    let packed: &[u8] = match machine {
        "aarch64" => include_bytes!("../../../assets/types/aarch64.zst"),
        "arm" => include_bytes!("../../../assets/types/arm.zst"),
        "windows-arm64" => include_bytes!("../../../assets/windows/arm64.zst"),
        "windows-x64" => include_bytes!("../../../assets/windows/x64.zst"),
        "windows-x86" => include_bytes!("../../../assets/windows/x86.zst"),
        "x86" => include_bytes!("../../../assets/types/x86.zst"),
        "x86_64" => include_bytes!("../../../assets/types/x86_64.zst"),
        _ => return None,
    };
    let mut text = String::new();
    zstd::stream::read::Decoder::new(packed).ok()?.take(LARGEST).read_to_string(&mut text).ok()?;
    if machine == "windows-x86" {
        // Of what is older than XP a few members are known, and those by hand.
        text.insert_str(0, include_str!("../../../assets/windows/old.txt"));
    }
    Some(Family(text))
}
