//! `creds`: who processes are and what they may do.

use super::accounts::Accounts;
use super::cells::{Hex, exact, hex, plain, wide};
use super::context::Context;
use super::failure::Result;
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::which::{Filter, each_process};
use crate::os::linux::tasks::caps::names;
use crate::os::linux::tasks::cred::Credentials;
use crate::os::windows::{self, token, wellknown};
use memsh_plugin::{Os, ProcessInfo};
use schemars::JsonSchema;
use serde::Serialize;

/// List users, groups, capabilities and other rights of processes
#[derive(clap::Args, Debug)]
pub struct Creds {
    /// Only processes with this capability effective (`cap_sys_admin`, `net_raw`), on Windows with this privilege enabled
    /// (`SeDebugPrivilege`, `debug`)
    #[arg(short = 'c', long, value_name = "CAPABILITY")]
    capability: Option<String>,
    #[command(flatten)]
    filter: Filter,
}

/// What a process may do.
#[derive(Default, Serialize, JsonSchema)]
pub struct CredRow {
    /// Process id.
    pid: u32,
    /// Short name of the process.
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_bytes: Option<String>,
    /// Real user.
    uid: Option<u32>,
    /// Effective user.
    euid: Option<u32>,
    /// Saved user.
    suid: Option<u32>,
    /// User for files.
    fsuid: Option<u32>,
    /// Real group.
    gid: Option<u32>,
    /// Effective group.
    egid: Option<u32>,
    /// Saved group.
    sgid: Option<u32>,
    /// Group for files.
    fsgid: Option<u32>,
    /// Supplementary groups.
    groups: Option<Vec<u32>>,
    /// Effective capabilities, as bits.
    effective: Option<Hex>,
    /// Their names.
    effective_names: Option<Vec<String>>,
    /// Permitted capabilities, as bits.
    permitted: Option<Hex>,
    /// Their names.
    permitted_names: Option<Vec<String>>,
    /// Inheritable capabilities, as bits.
    inheritable: Option<Hex>,
    /// Their names.
    inheritable_names: Option<Vec<String>>,
    /// The bounding set, as bits.
    bounding: Option<Hex>,
    /// Its names.
    bounding_names: Option<Vec<String>>,
    /// Ambient capabilities, as bits.
    ambient: Option<Hex>,
    /// Their names.
    ambient_names: Option<Vec<String>>,
    /// `SECBIT_*` bits.
    securebits: Option<Hex>,
    /// Whether a program that it starts can't gain rights.
    no_new_privs: Option<bool>,
    /// `none`, `strict` or `filter`.
    seccomp: Option<String>,
    /// Number of seccomp filters.
    seccomp_filters: Option<u64>,
    /// AppArmor label; none where AppArmor does not run.
    label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label_bytes: Option<String>,
    /// The user who logged in.
    login_uid: Option<u32>,
    /// The audit session.
    session_id: Option<u32>,
    /// Number of its user namespace.
    user_namespace: Option<u32>,
    /// `no`, `yes`, or `root` where only root may read its core dump.
    dumpable: Option<String>,
    /// Its process id in each namespace of process ids, the outermost first.
    pids: Vec<u32>,
    /// Whether it acts with other credentials than its own just now; null where the system does not tell it (`-O native`, Windows).
    overridden: Option<bool>,
    /// The user's security identifier (Windows).
    sid: Option<String>,
    /// The user, as `ps` names it (Windows).
    user: Option<String>,
    /// The groups of its token (Windows).
    token_groups: Option<Vec<GroupPart>>,
    /// Integrity level: `untrusted`, `low`, `medium`, `medium-plus`, `high`, `system`, `protected` (Windows).
    integrity: Option<String>,
    /// The privileges that its token has, enabled or not (Windows).
    privileges: Option<Vec<PrivilegePart>>,
    /// The names of those that are enabled (Windows).
    enabled_privileges: Option<Vec<String>>,
    /// Its session (Windows).
    session: Option<u32>,
    /// The logon session, `0x3e7` for SYSTEM (Windows: `AuthenticationId`).
    logon_id: Option<Hex>,
    /// `primary` or `impersonation` (Windows).
    token_type: Option<String>,
    /// How the process is protected, `light-lsa` or `protected-wintcb`; null where it is not (Windows).
    protection: Option<String>,
    /// Address of its `struct cred` (Linux) or `_TOKEN` (Windows).
    address: Option<Hex>,
}

/// A group of a token.
#[derive(Serialize, JsonSchema)]
struct GroupPart {
    /// Its security identifier.
    sid: String,
    /// Its name, where every Windows knows it or the registry has it.
    name: Option<String>,
    /// Whether it counts when access is granted.
    enabled: bool,
    /// Whether it only counts when access is denied.
    deny_only: bool,
    /// `SE_GROUP_*` bits.
    attributes: Hex,
}

/// A privilege of a token.
#[derive(Serialize, JsonSchema)]
struct PrivilegePart {
    /// Its name.
    name: String,
    /// Whether it holds now.
    enabled: bool,
    /// Whether it held from the start: one that is enabled and did not was enabled by the program itself.
    enabled_by_default: bool,
}

impl Command for Creds {
    type Row = CredRow;
    const NAME: &'static str = "creds";
    const ALIASES: &'static [&'static str] = &["capabilities", "caps"];
    const SUMMARY: &'static str = "List users, groups, capabilities and other rights of processes";
    const SHAPE: Shape = Shape::List(&[
        "pid",
        "name",
        "!uid",
        "!euid",
        "!gid",
        "!groups",
        "!effective",
        "!seccomp",
        "!no_new_privs",
        "!label",
        "!user=user|sid",
        "!session",
        "!integrity",
        "!protection",
        "!logon_id",
        "!privileges=enabled_privileges",
    ]);
    const EXAMPLES: &'static [(&'static str, &'static str)] =
        &[("creds", "of all processes"), ("creds -p 1", "of one"), ("creds -c sys_module", "who may load kernel modules")];

    fn run(self, cx: &Context, out: &mut Rows<'_, CredRow>) -> Result<()> {
        if let Some(kernel) = &cx.session()?.os()?.windows {
            return self.of_windows(kernel, cx, out);
        }
        let linux = cx.session()?.linux_facts(Self::NAME)?;
        let wanted = self.capability.as_ref().map(|c| {
            let c = c.to_ascii_lowercase();
            if c.starts_with("cap_") { c } else { format!("cap_{c}") }
        });
        if let Some(wanted) = wanted.as_ref().filter(|w| !names(u64::MAX).contains(w)) {
            return Err(super::failure::Failure::Usage(
                format!("no capability is called {wanted}"),
                Some("names are those of capabilities(7), with or without `cap_`".to_owned()),
            ));
        }
        let processes = self.filter.processes(cx)?;
        let ahead = |_: &dyn Os, p: &ProcessInfo| drop(linux.credentials(p.address));
        each_process(cx, &processes, ahead, |p| {
            for c in cx.take(&linux.credentials(p.address)) {
                let row = row(p, &c);
                let has = |w: &String| row.effective_names.as_ref().is_some_and(|n| n.contains(w));
                if wanted.as_ref().is_none_or(has) {
                    out.push(&row)?;
                }
            }
            Ok(())
        })
    }
}

impl Creds {
    fn of_windows(&self, kernel: &windows::Kernel, cx: &Context, out: &mut Rows<'_, CredRow>) -> Result<()> {
        let wanted = self.capability.as_ref().map(|c| {
            let c = c.to_ascii_lowercase();
            if wellknown::is_privilege(&c) { c } else { format!("se{c}privilege") }
        });
        if let Some(wanted) = wanted.as_ref().filter(|w| !wellknown::is_privilege(w)) {
            return Err(super::failure::Failure::Usage(
                format!("no privilege is called {wanted}"),
                Some("names are those of Windows, `SeDebugPrivilege`, or their middle, `debug`".to_owned()),
            ));
        }
        let accounts = Accounts::new(cx);
        for p in self.filter.processes(cx)? {
            cx.go_on()?;
            let rights = token::rights(kernel, p.address);
            if rights.is_none() && p.exit_time.get().is_none() {
                cx.lost(format!("process {}: its token can't be read", p.pid));
            }
            let row = row_of_windows(kernel, &p, rights.unwrap_or_default(), &accounts);
            let has = |w: &String| row.enabled_privileges.iter().flatten().any(|n| n.eq_ignore_ascii_case(w));
            if wanted.as_ref().is_none_or(has) {
                out.push(&row)?;
            }
        }
        Ok(())
    }
}

fn row_of_windows(kernel: &windows::Kernel, p: &ProcessInfo, rights: token::Rights, accounts: &Accounts<'_>) -> CredRow {
    let group = |g: token::Group| GroupPart {
        name: accounts.known(&g.sid),
        enabled: g.attributes & token::ENABLED != 0,
        deny_only: g.attributes & token::DENY_ONLY != 0,
        attributes: Hex(g.attributes.into()),
        sid: g.sid,
    };
    let privilege = |p: &token::Privilege| PrivilegePart {
        name: wellknown::privilege(p.number),
        enabled: p.enabled,
        enabled_by_default: p.by_default,
    };
    let enabled =
        |all: &Vec<token::Privilege>| all.iter().filter(|p| p.enabled).map(|p| wellknown::privilege(p.number)).collect();
    CredRow {
        pid: p.pid,
        name: plain(&p.name),
        name_bytes: exact(&p.name),
        user: rights.user.as_deref().and_then(|sid| accounts.name(sid)),
        sid: rights.user,
        token_groups: rights.groups.map(|all| all.into_iter().map(group).collect()),
        integrity: rights.integrity.map(|level| wellknown::integrity(level).to_owned()),
        enabled_privileges: rights.privileges.as_ref().map(enabled),
        privileges: rights.privileges.map(|all| all.iter().map(privilege).collect()),
        session: rights.session,
        logon_id: rights.logon.map(|l| Hex(wide(l))),
        token_type: rights.kind.map(str::to_owned),
        protection: token::protection(kernel, p.address),
        pids: vec![p.pid],
        address: Some(rights.address).filter(|a| !a.is_null()).map(Hex::from),
        ..CredRow::default()
    }
}

fn row(p: &ProcessInfo, c: &Credentials) -> CredRow {
    let bits = |set: Option<u64>| set.map(|s| Hex(wide(s)));
    let sets = &c.capabilities;
    CredRow {
        pid: p.pid,
        name: plain(&p.name),
        name_bytes: exact(&p.name),
        uid: c.uid.real,
        euid: c.uid.effective,
        suid: c.uid.saved,
        fsuid: c.uid.files,
        gid: c.gid.real,
        egid: c.gid.effective,
        sgid: c.gid.saved,
        fsgid: c.gid.files,
        groups: c.groups.clone(),
        effective: bits(sets.effective),
        effective_names: sets.effective.map(names),
        permitted: bits(sets.permitted),
        permitted_names: sets.permitted.map(names),
        inheritable: bits(sets.inheritable),
        inheritable_names: sets.inheritable.map(names),
        bounding: bits(sets.bounding),
        bounding_names: sets.bounding.map(names),
        ambient: bits(sets.ambient),
        ambient_names: sets.ambient.map(names),
        securebits: bits(c.securebits),
        no_new_privs: c.no_new_privs,
        seccomp: c.seccomp.map(|m| match m {
            0 => "none".to_owned(),
            1 => "strict".to_owned(),
            2 => "filter".to_owned(),
            // `SECCOMP_MODE_DEAD` (kernel/seccomp.c, 5.17) and what is not known.
            3 => "dead".to_owned(),
            other => other.to_string(),
        }),
        seccomp_filters: c.filters,
        label: c.label.as_ref().map(|l| String::from_utf8_lossy(l).into_owned()),
        label_bytes: c.label.as_ref().filter(|l| std::str::from_utf8(l).is_err()).map(|l| hex(l)),
        login_uid: c.login,
        session_id: c.session,
        user_namespace: c.user_namespace,
        dumpable: c.dumpable.map(|d| match d {
            0 => "no".to_owned(),
            1 => "yes".to_owned(),
            2 => "root".to_owned(),
            other => other.to_string(),
        }),
        pids: c.pids.clone(),
        overridden: c.overridden,
        address: c.address.map(Hex::from),
        ..CredRow::default()
    }
}
