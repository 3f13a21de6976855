//! Names of accounts by their SIDs.

use super::context::Context;
use crate::os::windows::registry::{Registry, accounts};
use crate::os::windows::{Kernel, wellknown};
use sha1::{Digest, Sha1};
use std::cell::OnceCell;
use std::collections::HashMap;

/// Names of a target. The registry is read when a SID asks for it.
pub struct Accounts<'k> {
    cx: &'k Context<'k>,
    kernel: Option<&'k Kernel>,
    registry: OnceCell<Option<Registry>>,
    users: OnceCell<HashMap<String, String>>,
    services: OnceCell<HashMap<String, String>>,
}

/// Where services have their keys.
const SERVICES: &str = "\\REGISTRY\\MACHINE\\SYSTEM\\CurrentControlSet\\Services";
/// Services, of which a system has some hundreds.
const MOST: usize = 1 << 16;

impl<'k> Accounts<'k> {
    /// Of a target, whatever it runs.
    pub fn new(cx: &'k Context<'k>) -> Self {
        let kernel = cx.session().and_then(|s| Ok(s.os()?.windows.as_deref())).ok().flatten();
        Self { cx, kernel, registry: OnceCell::new(), users: OnceCell::new(), services: OnceCell::new() }
    }

    fn registry(&self) -> Option<&Registry> {
        self.registry.get_or_init(|| Some(Registry::new(self.kernel?, None))).as_ref()
    }

    /// Names that are missing because reading the registry came to its limit are told; those of a registry that can't be read at all are
    /// not: whoever asks for names has an answer without them.
    fn told<T>(&self, names: T) -> T {
        if let Some(sentence) = self.registry().and_then(Registry::exhausted) {
            self.cx.lost(sentence);
        }
        names
    }

    fn service(&self, sid: &str) -> Option<String> {
        let services = self.services.get_or_init(|| {
            let Some(place) = self.registry().and_then(|r| r.open(SERVICES)) else { return HashMap::new() };
            let keys = place.hive.cells().subkeys(&place.key).all.into_iter().filter_map(|e| e.found);
            self.told(keys.take(MOST).map(|k| (service_sid(&k.name), k.name)).collect())
        });
        services.get(sid).cloned()
    }

    /// A name that every Windows knows, or the registry has.
    pub fn known(&self, sid: &str) -> Option<String> {
        if sid.starts_with("S-1-5-21-") {
            let users = self.users.get_or_init(|| self.told(self.registry().map(accounts::names).unwrap_or_default()));
            if let Some(name) = users.get(sid) {
                return Some(name.clone());
            }
        }
        let service = || sid.starts_with("S-1-5-80-").then(|| self.service(sid)).flatten();
        wellknown::sid(sid).or_else(service)
    }

    /// The same; of an account without a name its number.
    pub fn name(&self, sid: &str) -> Option<String> {
        let number = || Some(format!("RID {}", sid.strip_prefix("S-1-5-21-")?.rsplit('-').next()?));
        self.known(sid).or_else(number)
    }
}

/// The SID of a service: SHA-1 of its name in upper case and UTF-16, as five numbers (MS-DTYP and `sc showsid`).
pub fn service_sid(name: &str) -> String {
    let upper = name.to_uppercase();
    let bytes: Vec<u8> = upper.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut sid = "S-1-5-80".to_owned();
    for number in Sha1::digest(&bytes).as_slice().as_chunks::<4>().0 {
        sid.push_str(&format!("-{}", u32::from_le_bytes(*number)));
    }
    sid
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_have_sids_of_their_names() {
        // As every Windows has it.
        let installer = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464";
        assert_eq!(service_sid("TrustedInstaller"), installer);
        assert_eq!(service_sid("trustedinstaller"), installer);
    }
}
