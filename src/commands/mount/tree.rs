//! The tree: what lies in each folder, how large it is, what is in a file. Knows nothing of FUSE and prints nothing; asks the session
//! only, so that it answers while a command runs.

use super::answers::{self, errno};
use super::content::{Content, View};
use super::log::Log;
use super::names::{Taken, escaped, unique};
use super::node::{Entry, Kind, Node, Which};
use super::parts;
use super::recent::Recent;
use crate::commands::cells::number;
use crate::commands::searched::region_name;
use crate::commands::which::open;
use crate::edits::Denied;
use crate::engine::to_u64;
use crate::os::lost::Lost;
use crate::os::windows::session as windows;
use crate::session::{Session, Space};
use crate::{Error, Result as Outcome, umem};
use memsh_plugin::{Listing, MemoryRange, ModuleInfo, Process, ProcessInfo, RegionInfo};
use rustix::io::Errno;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

/// How long what was listed of a live target is believed.
const FRESH: Duration = Duration::from_secs(1);
/// Folders whose entries are kept, and files whose size is.
const FOLDERS: usize = 256;
const SIZES: usize = 4096;
/// Answers that are kept, in bytes and in number.
const ANSWER_BYTES: u64 = 16 << 20;
const ANSWERS: usize = 64;

/// Result of a request.
pub type Result<T> = std::result::Result<T, Errno>;

/// A process that was listed.
pub struct Named {
    /// Name of its folder: its pid, and where two have that, the address of its control block too.
    folder: String,
    /// What options take for it.
    word: String,
    info: ProcessInfo,
}

/// What a node is and how large.
#[derive(Clone, Copy, Debug)]
pub struct Attributes {
    /// What it is.
    pub kind: Kind,
    /// Bytes; 0 for what is not known before it is opened.
    pub size: u64,
    /// When it began, where that is known.
    pub time: Option<SystemTime>,
    /// Whether it may be written.
    pub writable: bool,
}

/// The tree over a session.
pub struct Tree<'s> {
    session: &'s Session,
    log: &'s Log,
    interrupt: &'s AtomicBool,
    live: bool,
    linux: bool,
    processes: Recent<(), Arc<HashMap<Which, Named>>>,
    folders: Recent<Node, Arc<Vec<Entry>>>,
    sizes: Recent<Node, u64>,
    answers: Recent<Node, Content>,
}

impl<'s> Tree<'s> {
    /// The tree of a session; what is missing from it is noted in `log`.
    pub fn new(session: &'s Session, log: &'s Log, interrupt: &'s AtomicBool) -> Self {
        let live = session.is_live();
        let (fresh, never) = if live { (Some(FRESH), Some(Duration::ZERO)) } else { (None, None) };
        Self {
            session,
            log,
            interrupt,
            live,
            linux: session.os().is_ok_and(|l| l.linux.is_some()),
            processes: Recent::new(1, u64::MAX, fresh),
            folders: Recent::new(FOLDERS, u64::MAX, fresh),
            sizes: Recent::new(SIZES, u64::MAX, fresh),
            answers: Recent::new(ANSWERS, ANSWER_BYTES, never),
        }
    }

    /// Whether the target changes while it is looked at.
    pub fn live(&self) -> bool {
        self.live
    }

    fn note<T>(&self, what: &str, outcome: Outcome<T>) -> Result<T> {
        outcome.map_err(|e| {
            self.log.note(format!("{what}: {e}"));
            errno(&e)
        })
    }

    fn take<T: Clone>(&self, what: &str, listing: &Listing<T>) -> Vec<T> {
        for reason in listing.lost.iter() {
            self.log.note(format!("{what}: {}", reason.to_string_lossy()));
        }
        listing.items.to_vec()
    }

    fn lost(&self, what: &str, lost: Lost) {
        self.take(what, &lost.listing(Vec::<()>::new()));
    }

    fn all_processes(&self) -> Result<Arc<HashMap<Which, Named>>> {
        if let Some(known) = self.processes.get(&()) {
            return Ok(known);
        }
        if self.live {
            self.session.refresh();
        }
        let listing = self.note("processes", self.session.processes())?;
        let infos = self.take("processes", &listing);
        let mut of_pid: HashMap<u32, u32> = HashMap::new();
        infos.iter().for_each(|p| *of_pid.entry(p.pid).or_default() += 1);
        let name = |info: ProcessInfo| {
            let which = Which { address: info.address.value(), pid: info.pid };
            let alone = of_pid.get(&info.pid) == Some(&1);
            let address = format!("{:#x}", which.address);
            let folder = if alone { info.pid.to_string() } else { format!("{}-{address}", info.pid) };
            let word = if alone { info.pid.to_string() } else { address };
            (which, Named { folder, word, info })
        };
        let all = Arc::new(infos.into_iter().map(name).collect::<HashMap<_, _>>());
        self.processes.put((), Arc::clone(&all), 0);
        Ok(all)
    }

    fn with<T>(&self, which: Which, what: impl FnOnce(&Named) -> T) -> Result<T> {
        self.all_processes()?.get(&which).map(what).ok_or(Errno::NOENT)
    }

    fn space(&self, which: Which) -> Result<(Space, ProcessInfo)> {
        let info = self.with(which, |p| p.info.clone())?;
        Ok((self.note(&format!("memory of process {}", which.pid), self.session.process_space(&info))?, info))
    }

    /// The words that name a process to a command.
    ///
    /// # Errors
    /// When it is gone.
    pub fn word(&self, which: Which) -> Result<String> {
        self.with(which, |p| p.word.clone())
    }

    fn modules(&self, of: Option<Which>) -> Result<Vec<ModuleInfo>> {
        let what = of.map_or_else(|| "modules".to_owned(), |w| format!("modules of process {}", w.pid));
        let listed = || -> Outcome<Listing<ModuleInfo>> {
            let os = self.session.os()?.os.as_ref();
            let listing = match of {
                Some(w) => {
                    let info = self.with(w, |p| p.info.clone()).map_err(|_| gone(w))?;
                    std::result::Result::from(open(os, &info)?.modules())
                }
                None => std::result::Result::from(os.kernel_modules()),
            };
            listing.map_err(Error::from)
        };
        let listing = self.note(&what, listed())?;
        Ok(self.take(&what, &listing))
    }

    fn regions(&self, which: Which) -> Result<Vec<RegionInfo>> {
        let what = format!("regions of process {}", which.pid);
        let listed = || -> Outcome<Listing<RegionInfo>> {
            let info = self.with(which, |p| p.info.clone()).map_err(|_| gone(which))?;
            std::result::Result::from(open(self.session.os()?.os.as_ref(), &info)?.regions()).map_err(Error::from)
        };
        let listing = self.note(&what, listed())?;
        Ok(self.take(&what, &listing))
    }

    /// The entries of a folder.
    ///
    /// # Errors
    /// When it is none, is gone, or can't be read; the log says more.
    pub fn list(&self, node: &Node) -> Result<Arc<Vec<Entry>>> {
        // These are made of what is kept already: kept twice, they would be twice as old.
        if matches!(node, Node::Pids | Node::Names) && self.live {
            return Ok(Arc::new(self.sorted(node)?));
        }
        if let Some(known) = self.folders.get(node) {
            return Ok(known);
        }
        let entries = Arc::new(self.sorted(node)?);
        self.folders.put(node.clone(), Arc::clone(&entries), 0);
        Ok(entries)
    }

    /// By name, so that one is found without a look at all.
    fn sorted(&self, node: &Node) -> Result<Vec<Entry>> {
        let mut entries = self.listed(node)?;
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn listed(&self, node: &Node) -> Result<Vec<Entry>> {
        let entry = |name: &str, node: Node| Entry { name: name.to_owned(), node };
        let system = self.session.os().is_ok();
        Ok(match node {
            Node::Root => {
                let mut all = vec![entry("README.txt", Node::Readme), entry("log.txt", Node::Log), entry("json", Node::Json)];
                if system {
                    all.extend([entry("pid", Node::Pids), entry("name", Node::Names), entry("kernel", Node::Kernel)]);
                }
                if self.session.physical_space().is_ok() {
                    all.push(entry("physical", Node::Physical));
                }
                all
            }
            Node::Json => answers::of_target().map(|name| entry(&format!("{name}.json"), Node::Answer(name))).collect(),
            Node::Kernel => vec![entry("modules", Node::KernelModules)],
            Node::KernelModules => module_names(&self.modules(None)?, Node::KernelModule),
            Node::Pids => {
                let all = self.all_processes()?;
                all.iter().map(|(w, p)| entry(&p.folder, Node::Process(*w))).collect()
            }
            Node::Names => {
                let all = self.all_processes()?;
                let link = |(w, p): (&Which, &Named)| {
                    let name = escaped(p.info.name.as_bytes());
                    entry(&format!("{name}-{}", p.folder), Node::Link(*w))
                };
                all.iter().map(link).collect()
            }
            Node::Process(w) => {
                let threads_of_kernel = self.with(*w, |p| p.info.kernel_thread)?;
                let answers = answers::of_process(self.linux);
                let mut all: Vec<Entry> = answers.map(|name| entry(&format!("{name}.json"), Node::OfProcess(*w, name))).collect();
                if !threads_of_kernel {
                    all.extend([
                        entry("cmdline", Node::Cmdline(*w)),
                        entry("environ", Node::Environ(*w)),
                        entry("memory", Node::Memory(*w)),
                        entry("core.elf", Node::Core(*w)),
                        entry("modules", Node::Modules(*w)),
                        entry("regions", Node::Regions(*w)),
                        entry("resident", Node::Resident(*w)),
                    ]);
                }
                all
            }
            Node::Modules(w) => module_names(&self.modules(Some(*w))?, |base| Node::Module(*w, base)),
            Node::Regions(w) => {
                let mut taken = Taken::default();
                let name = |r: &RegionInfo| {
                    let label = region_name(r);
                    let label = label.rsplit(['/', '\\']).next().unwrap_or_default();
                    let (start, end) = (r.start.value(), r.end.value());
                    let name = format!("{start:016x}-{end:016x}_{}_{}", r.permissions(), escaped(label.as_bytes()));
                    Entry { name: unique(&mut taken, name, "again"), node: Node::Region(*w, start, end) }
                };
                self.regions(*w)?.iter().map(name).collect()
            }
            Node::Resident(w) => {
                let space = self.space(*w)?.0;
                let what = format!("memory of process {}", w.pid);
                let mut lost = Lost::default();
                let ranges = self.note(&what, parts::resident(&space, self.interrupt, &mut lost))?;
                self.lost(&what, lost);
                let run = |r: &MemoryRange| {
                    let (start, end) = (r.start.value(), r.start.value().saturating_add(r.size));
                    entry(&format!("{start:016x}-{end:016x}"), Node::Region(*w, start, end))
                };
                ranges.iter().map(run).collect()
            }
            _ => return Err(Errno::NOTDIR),
        })
    }

    /// The node of this name in a folder.
    ///
    /// # Errors
    /// As [`list`](Self::list), and when there is none.
    pub fn find(&self, folder: &Node, name: &str) -> Result<Node> {
        // A process of a live target that was started since the folder was listed is found all the same: nothing is kept for long.
        let entries = self.list(folder)?;
        let at = entries.binary_search_by(|e| e.name.as_str().cmp(name)).map_err(|_| Errno::NOENT)?;
        entries.get(at).map(|e| e.node.clone()).ok_or(Errno::NOENT)
    }

    /// What a node is and how large. For a core and a rebuilt module that takes putting it together.
    ///
    /// # Errors
    /// When it is gone, or what it is made of can't be read.
    pub fn attributes(&self, node: &Node) -> Result<Attributes> {
        let kind = node.kind();
        let time = match node {
            Node::Process(w) | Node::Link(w) => {
                let started = self.with(*w, |p| p.info.start_time.get())?;
                let since = started.and_then(|t| u64::try_from(t).ok()).map(Duration::from_nanos);
                since.and_then(|d| SystemTime::UNIX_EPOCH.checked_add(d))
            }
            _ => None,
        };
        let size = match (kind, node) {
            (Kind::Folder, _) => 0,
            (Kind::Link, _) => self.target(node)?.len() as u64,
            (_, Node::Answer(_) | Node::OfProcess(..)) => self.answers.get(node).map_or(0, |c| c.size()),
            // Reading them is what it takes to know.
            (_, Node::Cmdline(_) | Node::Environ(_)) => self.sizes.get(node).unwrap_or(0),
            (_, Node::Region(_, start, end)) => to_u64(end.saturating_sub(*start)).unwrap_or(u64::MAX),
            _ => match self.sizes.get(node) {
                Some(size) => size,
                // What can't be put together has no size; who opens it is told why.
                None => self.open(node).map_or(0, |content| content.size()),
            },
        };
        Ok(Attributes { kind, size, time, writable: node.is_memory() })
    }

    /// Where a link leads.
    ///
    /// # Errors
    /// When it is none, or its process is gone.
    pub fn target(&self, node: &Node) -> Result<String> {
        match node {
            Node::Link(w) => self.with(*w, |p| format!("../pid/{}", p.folder)),
            _ => Err(Errno::INVAL),
        }
    }

    /// What is in a file that no command answers for.
    ///
    /// # Errors
    /// When it is none, is gone, or can't be read; the log says more.
    pub fn open(&self, node: &Node) -> Result<Content> {
        let content = self.opened(node)?;
        if !matches!(node, Node::Readme | Node::Log) {
            self.sizes.put(node.clone(), content.size(), 0);
        }
        Ok(content)
    }

    fn opened(&self, node: &Node) -> Result<Content> {
        let live = self.live;
        let view = |space: Space, start: umem, size: u64| View { space, start, size, live };
        Ok(match node {
            Node::Readme => Content::bytes(super::README.replace("TARGET", self.session.name()).into_bytes()),
            Node::Log => Content::bytes(self.log.text().into_bytes()),
            Node::Physical => {
                let space = self.session.physical_space().map_err(|_| Errno::OPNOTSUPP)?;
                let ends = space.memory().ranges().iter().map(|r| r.start.value().saturating_add(r.size));
                let end = number(ends.max().unwrap_or(0));
                Content::Memory(view(space, 0, end))
            }
            Node::Memory(w) => {
                let space = self.space(*w)?.0;
                let size = reach(&space);
                Content::Memory(view(space, 0, size))
            }
            Node::Region(w, start, end) => {
                let size = to_u64(end.saturating_sub(*start)).unwrap_or(u64::MAX);
                Content::Memory(view(self.space(*w)?.0, *start, size))
            }
            Node::Core(w) => {
                let space = self.space(*w)?.0;
                let what = format!("core of process {}", w.pid);
                let mut lost = Lost::default();
                let layout = self.note(&what, parts::core(self.session, &space, self.interrupt, &mut lost))?;
                self.lost(&what, lost);
                Content::Made(view(space, 0, 0), Arc::new(layout))
            }
            Node::Module(w, base) => self.module(Some(*w), *base)?,
            Node::KernelModule(base) => self.module(None, *base)?,
            Node::Cmdline(w) => {
                let what = format!("arguments of process {}", w.pid);
                let info = self.with(*w, |p| p.info.clone())?;
                let listed = || Outcome::Ok(std::result::Result::from(open(self.session.os()?.os.as_ref(), &info)?.arguments())?);
                let all = self.take(&what, &self.note(&what, listed())?);
                Content::bytes(all.iter().flat_map(|a| a.as_bytes().iter().copied().chain([0])).collect::<Vec<u8>>())
            }
            Node::Environ(w) => {
                let what = format!("environment of process {}", w.pid);
                let info = self.with(*w, |p| p.info.clone())?;
                let listed =
                    || Outcome::Ok(std::result::Result::from(open(self.session.os()?.os.as_ref(), &info)?.environment())?);
                let mut out = Vec::new();
                for variable in self.take(&what, &self.note(&what, listed())?) {
                    out.extend_from_slice(variable.key.as_bytes());
                    if let Some(value) = variable.value.as_ref() {
                        out.push(b'=');
                        out.extend_from_slice(value.as_bytes());
                    }
                    out.push(0);
                }
                Content::bytes(out)
            }
            _ => return Err(Errno::ISDIR),
        })
    }

    fn module(&self, of: Option<Which>, base: umem) -> Result<Content> {
        let all = self.modules(of)?;
        let info = all.iter().find(|m| m.base.value() == base).ok_or(Errno::NOENT)?;
        let system = self.note("modules", self.session.os())?;
        let space = match (of, &system.windows) {
            (Some(w), _) => self.space(w)?.0,
            (None, Some(kernel)) => Space::Kernel(windows::space(kernel, info.base)),
            (None, None) => self.note("modules", self.session.kernel_space())?,
        };
        let view = View { space, start: 0, size: 0, live: self.live };
        let mut lost = Lost::default();
        let layout = parts::module(&view, info, system.windows.is_some(), &mut lost);
        self.lost(&info.name.to_string_lossy(), lost);
        Ok(Content::Made(view, Arc::new(layout)))
    }

    /// Memory that may be written as it is opened.
    ///
    /// # Errors
    /// `EACCES` where it may not; the log says why.
    pub fn may_write(&self, content: Content) -> Result<Content> {
        let Content::Memory(view) = &content else { return Err(Errno::ACCESS) };
        match self.session.may_write(&view.space) {
            Ok(()) => Ok(content),
            Err(Denied::Target(e)) => {
                self.log.note(format!("write: {e}"));
                Err(Errno::ACCESS)
            }
            Err(Denied::Option(option)) => {
                self.log.note(format!("write: writes to this file are not allowed without {option}"));
                Err(Errno::ACCESS)
            }
        }
    }

    /// An answer that is kept.
    pub fn kept(&self, node: &Node) -> Option<Content> {
        self.answers.get(node)
    }

    /// Keeps an answer; those of a live target are made anew each time.
    pub fn keep(&self, node: &Node, content: &Content) {
        if !self.live {
            self.answers.put(node.clone(), content.clone(), content.weight());
        }
    }
}

fn gone(w: Which) -> Error {
    Error::new(crate::Layer::Os, crate::ErrorKind::NotFound, format!("process {} is gone", w.pid))
}

/// The modules, each by its name; where two have one, by the base too.
fn module_names(modules: &[ModuleInfo], node: impl Fn(umem) -> Node) -> Vec<Entry> {
    let mut taken = Taken::default();
    let name = |m: &ModuleInfo| {
        let short = m.name.to_string_lossy();
        let short = short.rsplit(['/', '\\']).next().unwrap_or_default();
        let base = m.base.value();
        Entry { name: unique(&mut taken, escaped(short.as_bytes()), &format!("{base:#x}")), node: node(base) }
    };
    modules.iter().map(name).collect()
}

/// Up to where a process's own addresses go, in bytes.
fn reach(space: &Space) -> u64 {
    let Some(tables) = space.tables() else { return 0 };
    let bits = tables.format().va_bits;
    let split = tables.format().canonical == crate::arch::Canonical::Split;
    let own = if split || bits <= 32 { bits } else { bits - 1 };
    1u64.checked_shl(own).unwrap_or(i64::MAX as u64)
}
