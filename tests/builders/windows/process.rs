//! Processes: `_EPROCESS`, `_ETHREAD`, `_TOKEN`.

use super::layout::{Layout, words};
use super::memory::Arena;
use super::{Machine, user, vad};
use std::rc::Rc;

/// What a process shall be.
#[derive(Clone, Debug, Default)]
pub struct Spec {
    pub pid: u32,
    pub ppid: u32,
    pub name: &'static str,
    pub session: Option<u32>,
    pub sid: &'static str,
    /// A process without a user half.
    pub minimal: bool,
    pub wow64: bool,
    pub exited: bool,
    pub unlinked: bool,
    /// The page of its environment block is in a page file.
    pub paged_out: bool,
    /// Thread ids and their names.
    pub threads: Vec<(u32, Option<&'static str>)>,
    pub environment: Vec<(&'static str, &'static str)>,
    pub regions: Vec<Region>,
}

/// A range of a process's addresses.
#[derive(Clone, Copy, Debug)]
pub struct Region {
    pub start: u64,
    /// First after it.
    pub end: u64,
    /// `MMVAD_FLAGS.Protection`.
    pub protection: u8,
    /// As `maps` names it.
    pub kind: &'static str,
    pub file: Option<&'static str>,
}

/// A process that was written.
#[derive(Clone, Debug)]
pub struct Process {
    pub spec: Spec,
    pub address: u64,
    pub root: u64,
    pub token: u64,
    /// Where its user's SID lies.
    pub sid: u64,
    pub threads: Vec<u64>,
    pub tree: vad::Tree,
    pub user: Option<user::User>,
    pub image_path: String,
}

/// 2024-05-01 12:00:00 UTC.
pub const STARTED: u64 = 133_590_384_000_000_000;

impl Process {
    pub fn created(&self) -> u64 {
        STARTED + u64::from(self.spec.pid) * 10_000_000
    }

    pub fn exited(&self) -> u64 {
        if self.spec.exited { self.created() + 600_000_000 } else { 0 }
    }

    /// What the field of 15 bytes has room for; a character that the system's code page lacks is a question mark.
    pub fn short(&self) -> String {
        self.spec.name.chars().map(|c| if c.is_ascii() { c } else { '?' }).take(14).collect()
    }
}

/// Writes a process and links it behind the last one.
pub fn write(m: &mut Machine, spec: Spec) -> Process {
    let l = Rc::clone(&m.layout);
    let root = if m.processes.is_empty() { m.root } else { m.memory.root() };
    let address = m.take(l.size("_EPROCESS"));
    let image_path = format!("\\Device\\HarddiskVolume2\\Windows\\System32\\{}", spec.name);
    let (token, sid) = token(m, &spec);
    let mut process = Process {
        address,
        root,
        token,
        sid,
        threads: Vec::new(),
        tree: vad::Tree::default(),
        user: None,
        image_path,
        spec: spec.clone(),
    };
    if !spec.minimal {
        let mut heap = Arena::new(root, 0x2_0000);
        process.user = Some(user::write(m, &mut heap, &process));
    }
    record(m, &mut process);
    process.threads = threads(m, &process);
    process.tree = vad::write(m, address, &process.spec.regions);
    if !spec.unlinked {
        let links = address + l.at("_EPROCESS", "ActiveProcessLinks");
        m.link(m.process_head, links);
    }
    process
}

fn record(m: &mut Machine, p: &mut Process) {
    let l = Rc::clone(&m.layout);
    let mut kernel = l.record("_KPROCESS");
    // `ProcessObject`.
    kernel.put("Header", &[3]).word("DirectoryTableBase", p.root | if l.wide { 2 } else { 0 });
    let head = p.address + l.find("_KPROCESS", "ThreadListHead").unwrap_or(0);
    kernel.links("ThreadListHead", (head, head));
    let mut e = l.record("_EPROCESS");
    e.put("Pcb", &kernel.bytes);
    e.word("UniqueProcessId", u64::from(p.spec.pid)).word("InheritedFromUniqueProcessId", u64::from(p.spec.ppid));
    e.u64("CreateTime", p.created()).u64("ExitTime", p.exited());
    let links = p.address + l.at("_EPROCESS", "ActiveProcessLinks");
    e.links("ActiveProcessLinks", (links, links));
    let head = p.address + l.find("_EPROCESS", "ThreadListHead").unwrap_or(0);
    e.links("ThreadListHead", (head, head));
    let threads = if p.spec.exited { 0 } else { p.spec.threads.len() as u32 };
    e.u32("ActiveThreads", threads);
    let mut short = p.short().into_bytes();
    short.resize(15, 0);
    e.put("ImageFileName", &short);
    // An `EX_FAST_REF`.
    e.word("Token", p.token | if l.wide { 9 } else { 5 });
    let name = if p.spec.minimal { Vec::new() } else { m.unicode(&p.image_path) };
    if !name.is_empty() {
        let at = m.store(&name);
        e.word("SeAuditProcessCreationInfo", at);
    }
    if let Some(session) = p.spec.session {
        let size = if l.knows("_MM_SESSION_SPACE") { l.size("_MM_SESSION_SPACE").min(0x80) } else { 0x40 };
        let at = m.take(size);
        if l.knows("_MM_SESSION_SPACE") {
            let id = l.at("_MM_SESSION_SPACE", "SessionId");
            m.put(at + id, &session.to_le_bytes());
        }
        e.word("Session", at);
    }
    if let Some(user) = &p.user {
        e.word("Peb", user.peb);
        if let Some(narrow) = user.narrow {
            // A structure that begins with the pointer in Server 2003 and since Windows 10 (there with `Machine` behind it), between them the
            // pointer itself.
            let at = if (7600..10000).contains(&l.build) { narrow } else { m.store(&words(true, &[narrow, 0x14c])) };
            e.word("Wow64Process", at).word("WoW64Process", at);
        }
    }
    m.put(p.address, &e.bytes);
}

/// A token, and where its user is.
fn token(m: &mut Machine, spec: &Spec) -> (u64, u64) {
    let l = Rc::clone(&m.layout);
    let user = m.store(&sid(spec.sid));
    let everyone = m.store(&sid("S-1-1-0"));
    // `SID_AND_ATTRIBUTES`.
    let groups = m.store(&words(l.wide, &[user, 0, everyone, 7]));
    let mut t = l.record("_TOKEN");
    t.u32("UserAndGroupCount", 2).word("UserAndGroups", groups).u32("SessionId", spec.session.unwrap_or(0));
    (m.store(&t.bytes), user)
}

/// A SID as it lies in memory.
pub fn sid(text: &str) -> Vec<u8> {
    let numbers: Vec<u64> = text.split('-').skip(2).map(|n| n.parse().unwrap()).collect();
    let mut out = vec![1, numbers.len() as u8 - 1];
    out.extend(&numbers[0].to_be_bytes()[2..]);
    out.extend(numbers[1..].iter().flat_map(|n| (*n as u32).to_le_bytes()));
    out
}

/// Where a thread begins, by its id.
pub fn start(l: &Layout, tid: u32) -> u64 {
    l.bases().0 + 0x1000 + u64::from(tid) * 4
}

fn threads(m: &mut Machine, p: &Process) -> Vec<u64> {
    let l = Rc::clone(&m.layout);
    let mut out = Vec::new();
    // The executive has a list of its own since XP.
    let lists = [("_EPROCESS", "_ETHREAD"), ("_KPROCESS", "_KTHREAD")].into_iter().filter_map(|(process, thread)| {
        Some((p.address + l.find(process, "ThreadListHead")?, l.find(thread, "ThreadListEntry")?))
    });
    let lists: Vec<_> = lists.collect();
    if lists.is_empty() {
        return out;
    }
    for (tid, name) in &p.spec.threads {
        let at = m.take(l.size("_ETHREAD"));
        let mut kernel = l.record("_KTHREAD");
        // `ThreadObject`; waiting or ended.
        kernel.put("Header", &[6]).put("State", &[if p.spec.exited { 4 } else { 5 }]).word("Process", p.address);
        let mut t = l.record("_ETHREAD");
        t.put("Tcb", &kernel.bytes);
        t.put("Cid", &words(l.wide, &[u64::from(p.spec.pid), u64::from(*tid)]));
        t.word("StartAddress", start(&l, *tid) + 8).word("Win32StartAddress", start(&l, *tid));
        t.word("ThreadsProcess", p.address);
        if let Some(name) = name {
            let string = m.unicode(name);
            let string = m.store(&string);
            t.word("ThreadName", string);
        }
        m.put(at, &t.bytes);
        for (head, links) in &lists {
            m.link(*head, at + links);
        }
        out.push(at);
    }
    out
}
