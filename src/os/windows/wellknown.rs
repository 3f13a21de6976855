//! Names that Windows gives to numbers: SIDs, privileges, integrity levels.

/// SIDs that are the same on every machine (MS-DTYP, 2.4.2.4).
const SIDS: &[(&str, &str)] = &[
    ("S-1-0-0", "NULL"),
    ("S-1-1-0", "Everyone"),
    ("S-1-2-0", "LOCAL"),
    ("S-1-2-1", "CONSOLE LOGON"),
    ("S-1-3-0", "CREATOR OWNER"),
    ("S-1-3-1", "CREATOR GROUP"),
    ("S-1-5-1", "DIALUP"),
    ("S-1-5-2", "NETWORK"),
    ("S-1-5-3", "BATCH"),
    ("S-1-5-4", "INTERACTIVE"),
    ("S-1-5-6", "SERVICE"),
    ("S-1-5-7", "ANONYMOUS LOGON"),
    ("S-1-5-9", "ENTERPRISE DOMAIN CONTROLLERS"),
    ("S-1-5-10", "SELF"),
    ("S-1-5-11", "Authenticated Users"),
    ("S-1-5-12", "RESTRICTED"),
    ("S-1-5-13", "TERMINAL SERVER USER"),
    ("S-1-5-14", "REMOTE INTERACTIVE LOGON"),
    ("S-1-5-15", "This Organization"),
    ("S-1-5-17", "IUSR"),
    ("S-1-5-18", "SYSTEM"),
    ("S-1-5-19", "LOCAL SERVICE"),
    ("S-1-5-20", "NETWORK SERVICE"),
    ("S-1-5-32-544", "Administrators"),
    ("S-1-5-32-545", "Users"),
    ("S-1-5-32-546", "Guests"),
    ("S-1-5-32-547", "Power Users"),
    ("S-1-5-32-548", "Account Operators"),
    ("S-1-5-32-549", "Server Operators"),
    ("S-1-5-32-550", "Print Operators"),
    ("S-1-5-32-551", "Backup Operators"),
    ("S-1-5-32-552", "Replicators"),
    ("S-1-5-32-555", "Remote Desktop Users"),
    ("S-1-5-32-556", "Network Configuration Operators"),
    ("S-1-5-32-558", "Performance Monitor Users"),
    ("S-1-5-32-559", "Performance Log Users"),
    ("S-1-5-32-562", "Distributed COM Users"),
    ("S-1-5-32-568", "IIS_IUSRS"),
    ("S-1-5-32-573", "Event Log Readers"),
    ("S-1-5-32-578", "Hyper-V Administrators"),
    ("S-1-5-32-580", "Remote Management Users"),
    ("S-1-5-64-10", "NTLM Authentication"),
    ("S-1-5-80-0", "ALL SERVICES"),
    ("S-1-5-90-0", "Window Manager Group"),
    ("S-1-5-113", "Local account"),
    ("S-1-5-114", "Local account and member of Administrators group"),
    ("S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464", "TrustedInstaller"),
    ("S-1-15-2-1", "ALL APPLICATION PACKAGES"),
    ("S-1-15-2-2", "ALL RESTRICTED APPLICATION PACKAGES"),
    ("S-1-16-0", "Untrusted integrity"),
    ("S-1-16-4096", "Low integrity"),
    ("S-1-16-8192", "Medium integrity"),
    ("S-1-16-8448", "Medium Plus integrity"),
    ("S-1-16-12288", "High integrity"),
    ("S-1-16-16384", "System integrity"),
    ("S-1-16-20480", "Protected Process integrity"),
    ("S-1-18-1", "Authentication authority asserted identity"),
    ("S-1-18-2", "Service asserted identity"),
];

/// Accounts of every domain and machine, by the last number of their SIDs (`S-1-5-21-...`).
const ACCOUNTS: &[(u32, &str)] = &[
    (500, "Administrator"),
    (501, "Guest"),
    (503, "DefaultAccount"),
    (504, "WDAGUtilityAccount"),
    (512, "Domain Admins"),
    (513, "Domain Users"),
    (514, "Domain Guests"),
    (515, "Domain Computers"),
    (516, "Domain Controllers"),
    (518, "Schema Admins"),
    (519, "Enterprise Admins"),
    (520, "Group Policy Creator Owners"),
];

/// The name of a SID that every Windows knows. (Those of users and services are in the registry.)
pub fn sid(sid: &str) -> Option<String> {
    if let Some((_, name)) = SIDS.iter().find(|(s, _)| *s == sid) {
        return Some((*name).to_owned());
    }
    if let Some(rest) = sid.strip_prefix("S-1-5-5-") {
        return Some(format!("logon session {rest}"));
    }
    // `UMFD-1`, `DWM-1`: the font driver host and the window manager of a session.
    for (prefix, name) in [("S-1-5-90-0-", "DWM"), ("S-1-5-96-0-", "UMFD")] {
        if let Some(session) = sid.strip_prefix(prefix) {
            return Some(format!("{name}-{session}"));
        }
    }
    let rid = sid.strip_prefix("S-1-5-21-")?.rsplit('-').next()?.parse::<u32>().ok()?;
    ACCOUNTS.iter().find(|(r, _)| *r == rid).map(|(_, name)| (*name).to_owned())
}

/// Names of privileges by their numbers (`SE_*_PRIVILEGE`, wdm.h); 0 and 1 are none.
const PRIVILEGES: [&str; 37] = [
    "",
    "",
    "SeCreateTokenPrivilege",
    "SeAssignPrimaryTokenPrivilege",
    "SeLockMemoryPrivilege",
    "SeIncreaseQuotaPrivilege",
    "SeMachineAccountPrivilege",
    "SeTcbPrivilege",
    "SeSecurityPrivilege",
    "SeTakeOwnershipPrivilege",
    "SeLoadDriverPrivilege",
    "SeSystemProfilePrivilege",
    "SeSystemtimePrivilege",
    "SeProfileSingleProcessPrivilege",
    "SeIncreaseBasePriorityPrivilege",
    "SeCreatePagefilePrivilege",
    "SeCreatePermanentPrivilege",
    "SeBackupPrivilege",
    "SeRestorePrivilege",
    "SeShutdownPrivilege",
    "SeDebugPrivilege",
    "SeAuditPrivilege",
    "SeSystemEnvironmentPrivilege",
    "SeChangeNotifyPrivilege",
    "SeRemoteShutdownPrivilege",
    "SeUndockPrivilege",
    "SeSyncAgentPrivilege",
    "SeEnableDelegationPrivilege",
    "SeManageVolumePrivilege",
    "SeImpersonatePrivilege",
    "SeCreateGlobalPrivilege",
    "SeTrustedCredManAccessPrivilege",
    "SeRelabelPrivilege",
    "SeIncreaseWorkingSetPrivilege",
    "SeTimeZonePrivilege",
    "SeCreateSymbolicLinkPrivilege",
    "SeDelegateSessionUserImpersonatePrivilege",
];

/// The name of a privilege; its number where it has none.
pub fn privilege(number: u64) -> String {
    let name = usize::try_from(number).ok().and_then(|n| PRIVILEGES.get(n)).filter(|n| !n.is_empty());
    name.map_or_else(|| format!("privilege {number}"), |n| (*n).to_owned())
}

/// Whether there is a privilege of this name.
pub fn is_privilege(name: &str) -> bool {
    PRIVILEGES.iter().any(|p| !p.is_empty() && p.eq_ignore_ascii_case(name))
}

/// The name of an integrity level (`SECURITY_MANDATORY_*_RID`, winnt.h): that of the highest that it reaches.
pub const fn integrity(level: u32) -> &'static str {
    match level {
        0..0x1000 => "untrusted",
        0x1000..0x2000 => "low",
        0x2000..0x2100 => "medium",
        0x2100..0x3000 => "medium-plus",
        0x3000..0x4000 => "high",
        0x4000..0x5000 => "system",
        _ => "protected",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_numbers() {
        assert_eq!(sid("S-1-5-18").as_deref(), Some("SYSTEM"));
        assert_eq!(sid("S-1-5-21-1-2-3-500").as_deref(), Some("Administrator"));
        assert_eq!(sid("S-1-5-21-1-2-3-1001"), None);
        assert_eq!(sid("S-1-5-5-0-77").as_deref(), Some("logon session 0-77"));
        assert_eq!(sid("S-1-5-96-0-2").as_deref(), Some("UMFD-2"));
        assert_eq!(
            (privilege(20).as_str(), privilege(36).as_str()),
            ("SeDebugPrivilege", "SeDelegateSessionUserImpersonatePrivilege")
        );
        assert_eq!((privilege(1).as_str(), privilege(u64::MAX)), ("privilege 1", format!("privilege {}", u64::MAX)));
        assert_eq!((integrity(0x2000), integrity(0x2100), integrity(0x3010)), ("medium", "medium-plus", "high"));
        assert!(is_privilege("sedebugprivilege") && !is_privilege(""));
    }
}
