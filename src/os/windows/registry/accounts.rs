//! Names of users by their SIDs, as the registry has them.

use super::data::Data;
use super::path::Registry;
use crate::os::windows::base::text::base_name;
use std::collections::HashMap;

const PROFILES: &str = "\\REGISTRY\\MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList";
const ACCOUNTS: &str = "\\REGISTRY\\MACHINE\\SAM\\SAM\\Domains\\Account";
/// SIDs of a machine and of domains.
const MACHINE: &str = "S-1-5-21-";
/// More accounts are no accounts.
const MOST: usize = 1 << 16;

/// Names by SIDs: of accounts of the machine, else of the folders of those who have logged on. A folder keeps its name when the account
/// gets another.
pub fn names(registry: &Registry) -> HashMap<String, String> {
    let mut out = HashMap::new();
    // The hives of users who are logged on are in their folders.
    for hive in &registry.hives {
        let sid = hive.path.as_deref().map(base_name).filter(|s| s.starts_with(MACHINE) && !s.contains('_'));
        let folder = hive.file.as_deref().and_then(|f| {
            let (folder, name) = f.rsplit_once('\\')?;
            name.eq_ignore_ascii_case("ntuser.dat").then(|| base_name(folder))
        });
        if let Some((sid, folder)) = sid.zip(folder) {
            out.insert(sid.to_owned(), folder.to_owned());
        }
    }
    if let Some(place) = registry.open(PROFILES) {
        for key in place.hive.cells().subkeys(&place.key).all.into_iter().filter_map(|e| e.found).take(MOST) {
            let path = place.hive.data(&key, "ProfileImagePath");
            let folder = path.as_ref().and_then(Data::as_text).map(base_name).filter(|f| !f.is_empty());
            if let Some(folder) = folder.filter(|_| key.name.starts_with(MACHINE)) {
                out.insert(key.name.clone(), folder.to_owned());
            }
        }
    }
    accounts(registry, &mut out);
    out
}

/// The accounts of the machine: keys with their names, whose own value has their number for a type.
fn accounts(registry: &Registry, out: &mut HashMap<String, String>) {
    let Some(domain) = registry.open(ACCOUNTS) else { return };
    // The machine's SID is what the value ends with: three numbers.
    let Some(Data::Bytes(bytes)) = domain.hive.data(&domain.key, "V") else { return };
    let Some([a, b, c]) = bytes.last_chunk::<12>().map(|end| {
        let number = |at: usize| end.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |n| u32::from_le_bytes(*n));
        [number(0), number(4), number(8)]
    }) else {
        return;
    };
    for part in ["Users\\Names", "Aliases\\Names", "Groups\\Names"] {
        let Some(names) = registry.open(&format!("{ACCOUNTS}\\{part}")) else { continue };
        let cells = names.hive.cells();
        for key in cells.subkeys(&names.key).all.into_iter().filter_map(|e| e.found).take(MOST) {
            if let Some(value) = cells.value_named(&key, "") {
                out.insert(format!("{MACHINE}{a}-{b}-{c}-{}", value.kind), key.name.clone());
            }
        }
    }
}
