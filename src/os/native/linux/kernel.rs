//! What the system says of its kernel.

use super::info::Machine;
use super::{denied, symbols};
use crate::os::Lost;
use memsh_plugin::{ApiError, Listing, Maybe, ModuleInfo, OsInfo, Status, Text, VirtAddr, umem};

/// The system as a whole: `/proc/sys/kernel` has what uname(2) tells.
pub fn os_info(machine: &Machine) -> OsInfo {
    let word = |name: &str| std::fs::read(format!("/proc/sys/kernel/{name}")).ok().map(|b| Text::from(b.trim_ascii_end()));
    OsInfo {
        kind: Text::from("linux"),
        name: word("ostype").unwrap_or_else(|| Text::from("Linux")),
        version: word("osrelease").unwrap_or_default(),
        build: word("version").into(),
        hostname: word("hostname").into(),
        boot_time: machine.boot.into(),
        cpus: cpus().into(),
        kernel_base: symbols::text().into(),
        ..OsInfo::default()
    }
}

/// The number of online processors: a list such as `0-3,6` (Documentation/admin-guide/cputopology.rst).
fn cpus() -> Option<u32> {
    count(std::fs::read_to_string("/sys/devices/system/cpu/online").ok()?.trim())
}

fn count(list: &str) -> Option<u32> {
    list.split(',').try_fold(0u32, |sum, part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
        sum.checked_add(last.checked_sub(first)?.checked_add(1)?)
    })
}

/// The kernel's modules, by `/proc/modules`.
///
/// # Errors
/// When the file can't be read. A kernel without modules has no such file, and no modules.
pub fn modules() -> Result<Listing<ModuleInfo>, ApiError> {
    let bytes = match std::fs::read("/proc/modules") {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Listing::whole(Vec::new())),
        Err(e) => return Err(ApiError::new(Status::FAILED, format!("the kernel's modules: /proc/modules can't be read: {e}"))),
    };
    let rows: Vec<ModuleInfo> = bytes.split(|&b| b == b'\n').filter_map(module).collect();
    let mut lost = Lost::default();
    let hidden = rows.iter().filter(|m| m.base == VirtAddr::NULL).count();
    if hidden > 0 {
        lost.push(format!("the bases of {hidden} modules, shown as 0: {}", denied::addresses()));
    }
    Ok(lost.listing(rows))
}

/// `name size refcount users, state 0xaddress [taints]` (kernel/module/procfs.c, `m_show`).
fn module(line: &[u8]) -> Option<ModuleInfo> {
    let line = std::str::from_utf8(line).ok()?;
    let mut words = line.split(' ');
    let (name, size, refcount, users, state, base) =
        (words.next()?, words.next()?, words.next()?, words.next()?, words.next()?, words.next()?);
    let used_by: Vec<Text> =
        users.split(',').filter(|u| !u.is_empty() && *u != "-" && !u.starts_with('[')).map(Text::from).collect();
    Some(ModuleInfo {
        name: Text::from(name),
        size: umem::from(size.parse::<u64>().ok()?),
        base: VirtAddr::new(umem::from(u64::from_str_radix(base.strip_prefix("0x")?, 16).ok()?)),
        refcount: refcount.parse::<i64>().ok().into(),
        used_by: used_by.into(),
        state: Maybe::Some(Text::from(match state {
            "Live" => "live",
            "Loading" => "coming",
            "Unloading" => "going",
            other => other,
        })),
        arch: Text::from(std::env::consts::ARCH),
        ..ModuleInfo::default()
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn modules_are_read_as_the_kernel_writes_them() {
        let m = module(b"nf_nat 61440 2 nft_chain_nat,xt_MASQUERADE, Live 0xffffffffc0a00000 (E)").unwrap();
        assert_eq!((m.name.as_bytes(), m.size, m.refcount.get()), (&b"nf_nat"[..], 61440, Some(2)));
        assert_eq!((m.base.value(), m.state.as_ref().unwrap().as_bytes()), (0xffff_ffff_c0a0_0000, &b"live"[..]));
        let users: Vec<_> = m.used_by.iter().map(|u| u.to_string_lossy().into_owned()).collect();
        assert_eq!(users, ["nft_chain_nat", "xt_MASQUERADE"]);
        let m = module(b"loop 40960 0 - Loading 0x0000000000000000").unwrap();
        assert!(m.used_by.is_empty() && m.base == VirtAddr::NULL && m.state.as_ref().unwrap().as_bytes() == b"coming");
        assert!(module(b"").is_none() && module(b"a b c d e f").is_none());
        assert!(module(b"hv 1 1 [permanent], Live 0x1").unwrap().used_by.is_empty());
    }

    #[test]
    fn lists_of_processors_are_counted() {
        assert_eq!((count("0"), count("0-3,6"), count("x"), count("3-1")), (Some(1), Some(5), None, None));
    }
}
