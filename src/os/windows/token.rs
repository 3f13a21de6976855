//! Who a process runs as and what it may do: `_TOKEN`.

use super::base::kernel::{Kernel, Reader};
use crate::engine::ViewExt;
use memsh_plugin::{VirtAddr, umem};

/// No token has more groups or privileges.
const MOST: u32 = 4096;
/// `SE_GROUP_INTEGRITY` and `SE_GROUP_LOGON_ID` (winnt.h).
pub const INTEGRITY: u32 = 0x20;
/// See [`INTEGRITY`].
pub const LOGON: u32 = 0xc000_0000;
/// `SE_GROUP_ENABLED` and `SE_GROUP_USE_FOR_DENY_ONLY`.
pub const ENABLED: u32 = 4;
/// See [`ENABLED`].
pub const DENY_ONLY: u32 = 0x10;

/// What a token says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenInfo {
    /// Its own address.
    pub address: VirtAddr,
    /// The user, `S-1-5-18`.
    pub sid: Option<String>,
}

/// A group, and what it counts for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its SID.
    pub sid: String,
    /// `SE_GROUP_*`.
    pub attributes: u32,
}

/// A privilege.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Privilege {
    /// Its number (`SE_*_PRIVILEGE`, wdm.h).
    pub number: u64,
    /// Whether it holds now.
    pub enabled: bool,
    /// Whether it held from the start.
    pub by_default: bool,
}

/// All that a token says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// Its own address.
    pub address: VirtAddr,
    /// The user.
    pub user: Option<String>,
    /// The groups, in the token's order; none where they can't be read.
    pub groups: Option<Vec<Group>>,
    /// The integrity level: the last number of its SID (0x2000 is medium). Since Vista.
    pub integrity: Option<u32>,
    /// The privileges that it has, enabled or not; none where they can't be read.
    pub privileges: Option<Vec<Privilege>>,
    /// Its session.
    pub session: Option<u32>,
    /// The logon session (`AuthenticationId`).
    pub logon: Option<u64>,
    /// `primary` or `impersonation`.
    pub kind: Option<&'static str>,
}

/// The user of a process.
pub fn read(kernel: &Kernel, process: VirtAddr) -> Option<TokenInfo> {
    at(kernel, kernel.reader().fast_ref_at(process, kernel.offsets.process.token)?)
}

/// What the `_TOKEN` at `token` says.
pub fn at(kernel: &Kernel, token: VirtAddr) -> Option<TokenInfo> {
    let (o, reader) = (&kernel.offsets, kernel.reader());
    let count = reader.u32_at(token, o.token.user_count)?;
    let users = reader.ptr_at(token, o.token.users).filter(|_| count > 0)?;
    // The first is the user.
    Some(TokenInfo { address: token, sid: entry(&reader, users, 0).map(|g| g.sid) })
}

/// Entry `i` of the array of `SID_AND_ATTRIBUTES` (winnt.h) at `array`: a pointer, and 32 bits.
fn entry(reader: &Reader<'_>, array: VirtAddr, i: u32) -> Option<Group> {
    let at = array.wrapping_add(umem::from(i) * 2 * reader.width());
    let sid_at = reader.ptr(at).filter(|&p| reader.plausible(VirtAddr::new(p.value() & !3)))?;
    let attributes = reader.view().read_u32(at.wrapping_add(reader.width())).ok()?;
    Some(Group { sid: sid(reader, sid_at)?, attributes })
}

/// All that the token of a process says; none where it has none.
pub fn rights(kernel: &Kernel, process: VirtAddr) -> Option<Rights> {
    let (o, reader) = (&kernel.offsets, kernel.reader());
    let token = reader.fast_ref_at(process, o.process.token).filter(|&t| reader.plausible(t))?;
    let count = reader.u32_at(token, o.token.user_count).filter(|&n| n > 0 && n <= MOST);
    let array = reader.ptr_at(token, o.token.users).filter(|&p| reader.plausible(p));
    let user = array.and_then(|array| entry(&reader, array, 0)).map(|g| g.sid);
    let groups = array.zip(count).map(|(array, count)| {
        // What can't be read ends it: an array lies in one piece.
        (1..count).map_while(|i| entry(&reader, array, i)).collect::<Vec<_>>()
    });
    let marked = groups.as_ref().and_then(|g| g.iter().find(|g| g.attributes & INTEGRITY != 0));
    let indexed = || {
        let index = reader.u32_at(token, o.token.integrity).zip(count).filter(|(i, n)| *i > 0 && i < n)?.0;
        groups.as_ref()?.get(usize::try_from(index.checked_sub(1)?).ok()?)
    };
    let integrity = marked.or_else(indexed).and_then(|g| g.sid.strip_prefix("S-1-16-")?.parse().ok());
    Some(Rights {
        address: token,
        user,
        integrity,
        groups,
        privileges: privileges(kernel, &reader, token),
        session: reader.u32_at(token, o.token.session).filter(|&id| id < 1 << 16),
        logon: reader.u64_at(token, o.token.logon),
        kind: reader.u32_at(token, o.token.kind).and_then(|k| match k {
            1 => Some("primary"),
            2 => Some("impersonation"),
            _ => None,
        }),
    })
}

/// The privileges of a token: since Vista a bit for each, before an array of `LUID_AND_ATTRIBUTES` (winnt.h).
fn privileges(kernel: &Kernel, reader: &Reader<'_>, token: VirtAddr) -> Option<Vec<Privilege>> {
    const BY_DEFAULT: u32 = 1;
    const ENABLED: u32 = 2;
    let o = &kernel.offsets;
    let sets = token.wrapping_add(o.token.privileges?.offset);
    if let Some(present) = o.privileges.present {
        let set = |member| reader.u64_at(sets, member);
        let (present, enabled) = (set(Some(present))?, set(o.privileges.enabled)?);
        let by_default = set(o.privileges.by_default)?;
        let has = |set: u64, bit: u64| set >> bit & 1 == 1;
        let of = |number| Privilege { number, enabled: has(enabled, number), by_default: has(by_default, number) };
        return Some((0..64).filter(|&bit| has(present, bit)).map(of).collect());
    }
    let count = reader.u32_at(token, o.token.privilege_count).filter(|&n| n <= MOST)?;
    let array = reader.ptr(sets).filter(|&p| reader.plausible(p))?;
    let one = |i: u32| {
        let at = array.wrapping_add(umem::from(i) * 12);
        let number = reader.view().read_u64(at).ok()?;
        let attributes = reader.view().read_u32(at.wrapping_add(8)).ok()?;
        Some(Privilege { number, enabled: attributes & ENABLED != 0, by_default: attributes & BY_DEFAULT != 0 })
    };
    Some((0..count).map_while(one).collect())
}

/// How a process is protected: `_PS_PROTECTION` (since Windows 8.1: three bits of type, four of signer), or the one bit before.
pub fn protection(kernel: &Kernel, process: VirtAddr) -> Option<String> {
    const SIGNERS: [&str; 9] = ["none", "authenticode", "codegen", "antimalware", "lsa", "windows", "wintcb", "winsystem", "app"];
    let (o, reader) = (&kernel.offsets, kernel.reader());
    let Some(level) = o.process.protection else {
        return (reader.bits_at(process, o.process.protected)? == 1).then(|| "protected".to_owned());
    };
    let level = reader.u8_at(process, Some(level))?;
    let kind = match level & 7 {
        1 => "light",
        2 => "protected",
        _ => return None,
    };
    let signer = SIGNERS.get(usize::from(level >> 4)).map_or_else(|| format!("{}", level >> 4), |s| (*s).to_owned());
    Some(format!("{kind}-{signer}"))
}

/// The SID at `at`, in words (winnt.h, `SID`): revision, count, six bytes of authority in network order, numbers.
pub fn sid(reader: &Reader<'_>, at: VirtAddr) -> Option<String> {
    const REVISION: u8 = 1;
    /// `SID_MAX_SUB_AUTHORITIES`.
    const MOST: u8 = 15;
    let mut head = [0u8; 8];
    reader.view().read_exact(at, &mut head).ok()?;
    let [REVISION, count, authority @ ..] = head else { return None };
    if count > MOST {
        return None;
    }
    let [a, b, c, d, e, f] = authority;
    let authority = u64::from_be_bytes([0, 0, a, b, c, d, e, f]);
    let mut text = format!("S-1-{authority}");
    for i in 0..count {
        let part = reader.view().read_u32(at.wrapping_add(8 + 4 * umem::from(i))).ok()?;
        text.push_str(&format!("-{part}"));
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]
    #![allow(clippy::unnecessary_cast, reason = "umem has 64 bits or more")]
    use super::*;
    use crate::os::windows::testkit::Kit;

    fn put_sid(kit: &mut Kit, at: u64, authority: u8, parts: &[u32]) {
        kit.put(at, &[1, parts.len() as u8, 0, 0, 0, 0, 0, authority]);
        for (i, part) in parts.iter().enumerate() {
            kit.put(at + 8 + 4 * i as u64, &part.to_le_bytes());
        }
    }

    /// A process with a token of a user, one group and an integrity level.
    fn with_token(release: &str, wide: bool) -> (Kit, VirtAddr, u64) {
        let mut kit = Kit::new(release, wide);
        let (process, token) = (kit.at(0x40), kit.at(0x4000));
        kit.process(process, 4, "System");
        let o = kit.o;
        // An `EX_FAST_REF` counts in its lowest bits.
        kit.set(process, o.process.token, token + 5);
        let (array, step) = (token + 0x1000, 2 * kit.width());
        for (i, (authority, parts, attributes)) in
            [(5, &[18][..], 0), (5, &[32, 544], 7), (16, &[0x3000], 0x60)].into_iter().enumerate()
        {
            let sid = token + 0x1800 + 0x40 * i as u64;
            put_sid(&mut kit, sid, authority, parts);
            kit.word(array + i as u64 * step, sid);
            kit.put(array + i as u64 * step + kit.width(), &u32::to_le_bytes(attributes));
        }
        kit.set(token, o.token.users, array);
        kit.put(token + o.token.user_count.unwrap().offset as u64, &3u32.to_le_bytes());
        kit.set64(token, o.token.logon, 0x3e7);
        (kit, VirtAddr::new(umem::from(process)), token)
    }

    #[test]
    fn user_groups_integrity_and_privileges() {
        for (release, wide) in [("5.1.2600", false), ("6.1.7601", false), ("6.1.7601", true), ("10.0.26100", true)] {
            let (mut kit, process, token) = with_token(release, wide);
            let o = kit.o;
            let sets = token + o.token.privileges.unwrap().offset as u64;
            match o.privileges.present {
                Some(_) => {
                    kit.set64(sets, o.privileges.present, 1 << 20 | 1 << 23);
                    kit.set64(sets, o.privileges.enabled, 1 << 20);
                    kit.set64(sets, o.privileges.by_default, 1 << 23);
                }
                None => {
                    kit.word(sets, token + 0x1c00);
                    kit.put(token + o.token.privilege_count.unwrap().offset as u64, &2u32.to_le_bytes());
                    kit.put(token + 0x1c00, &[20, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 23, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
                }
            }
            let all = rights(&kit.kernel(), process).unwrap();
            assert_eq!((all.user.as_deref(), all.logon), (Some("S-1-5-18"), Some(0x3e7)), "{release}");
            let groups = all.groups.unwrap();
            assert_eq!((groups.len(), groups[0].sid.as_str()), (2, "S-1-5-32-544"), "{release}");
            assert_eq!(all.integrity, Some(0x3000));
            let privilege = |number, enabled| Privilege { number, enabled, by_default: !enabled };
            assert_eq!(all.privileges.unwrap(), [privilege(20, true), privilege(23, false)], "{release}");
        }
    }

    #[test]
    fn torn_tokens() {
        let (mut kit, process, token) = with_token("10.0.19041", true);
        // So many groups are none; and an array that ends gives what it has.
        kit.put(token + kit.o.token.user_count.unwrap().offset as u64, &u32::MAX.to_le_bytes());
        assert_eq!(rights(&kit.kernel(), process).unwrap().groups, None);
        kit.put(token + kit.o.token.user_count.unwrap().offset as u64, &200u32.to_le_bytes());
        assert_eq!(rights(&kit.kernel(), process).unwrap().groups.unwrap().len(), 2);
        kit.set(process.value() as u64, kit.o.process.token, 0x10);
        assert_eq!(rights(&kit.kernel(), process), None);
    }

    #[test]
    fn protection_levels() {
        let (mut kit, process, _) = with_token("10.0.19041", true);
        let at = process.value() as u64 + kit.o.process.protection.unwrap().offset as u64;
        for (level, name) in
            [(0x41, Some("light-lsa")), (0x72, Some("protected-winsystem")), (0x00, None), (0xf1, Some("light-15"))]
        {
            kit.put(at, &[level]);
            assert_eq!(protection(&kit.kernel(), process).as_deref(), name);
        }
    }
}
