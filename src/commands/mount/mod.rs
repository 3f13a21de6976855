//! `mount`: the target as files and folders, through FUSE.
//!
//! - `node`: what there is
//! - `tree`: what lies in each folder, how large it is, what is in a file; `recent` what of that is kept
//! - `content`: reading an opened file; `parts`: files that are put together from memory; `answers`: those that a command answers for
//! - `names`: names from the target as names of files
//! - `log`: what is missing
//! - `requests`: what the kernel asks; here: mounting, the threads that answer, and the end

mod answers;
mod content;
mod log;
mod names;
mod node;
mod parts;
mod point;
mod recent;
mod requests;
mod tree;

use super::context::Context;
use super::failure::{Failure, Result};
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::writing;
use content::Content;
use fuser::{Config, MountOption, SessionACL};
use log::Log;
use node::Node;
use requests::{Desk, Job, Requests, Slow, no};
use rustix::io::Errno;
use schemars::JsonSchema;
use serde::Serialize;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};
use tree::Tree;

/// Threads that get requests from the kernel: so many reads of memory go on at once.
const THREADS: usize = 4;
/// How long the kernel believes what it was told of an image.
const BELIEVED: Duration = Duration::from_secs(10);
/// How often Ctrl-C is looked for.
const TICK: Duration = Duration::from_millis(200);

/// The file README.txt of a mount.
const README: &str = include_str!("README.txt");

/// Show the target as files and folders, until Ctrl-C
#[derive(clap::Args, Debug)]
pub struct Mount {
    /// An empty folder; the files are there until Ctrl-C, or `fusermount -u DIR`
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Stay until it is unmounted (as it does anyway)
    #[arg(short, long)]
    foreground: bool,
    /// Let other users read it too, not only who mounts it
    #[arg(long)]
    allow_other: bool,
}

/// What was there, once it is unmounted.
#[derive(Serialize, JsonSchema)]
pub struct MountRow {
    /// The folder.
    path: String,
    /// How long it was mounted, in seconds.
    seconds: u64,
    /// Files that were opened.
    files_opened: u64,
    /// Bytes that were read from them.
    bytes_read: u64,
    /// Bytes that were written to the target.
    bytes_written: u64,
    /// Lines of log.txt: what was missing from the files.
    notes: u64,
}

impl Command for Mount {
    type Row = MountRow;
    const NAME: &'static str = "mount";
    const SUMMARY: &'static str = "Show the target as files and folders, until Ctrl-C";
    const SHAPE: Shape = Shape::Object;
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("mount /mnt/target", "processes, memory, modules and answers as files; in another terminal: ls /mnt/target/name"),
        ("mount /mnt/target --allow-other", "for other users too"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, MountRow>) -> Result<()> {
        let session = cx.session()?;
        point::check(&self.folder)?;
        if let Err(e) = session.os() {
            if e.kind() == crate::ErrorKind::Interrupted {
                return Err(Failure::Interrupted);
            }
            cx.host().warn(&format!("warning: mount: there will be no processes: {e}"));
        }
        let log = Log::default();
        let tree = Tree::new(session, &log, cx.host().interrupt());
        let writable = point::writable(session);
        let ttl = if tree.live() { Duration::ZERO } else { BELIEVED };
        let desk = Arc::new(Desk::new(ttl, writable, self.allow_other));
        let (jobs, quick) = channel();
        let (slow, commands) = channel();
        let requests = Requests { desk: Arc::clone(&desk), jobs, slow: slow.clone() };
        let mut mounted = fuser::Session::new(requests, &self.folder, &self.options(session.name(), writable))
            .map_err(|e| point::refused(&self.folder, &e))?;
        let unmounter = mounted.unmount_callable();
        let guard = point::Guard::new(&self.folder);
        let ended = slow.clone();
        std::thread::spawn(move || {
            let outcome = mounted.run();
            let _ = ended.send(Slow::Ended(outcome));
        });
        let began = Instant::now();
        let folder = self.folder.display().to_string();
        let how = if writable { "read and write" } else { "read only" };
        cx.host().warn(&format!("mounted on {folder} ({how}); Ctrl-C unmounts it, and so does `fusermount -u {folder}`"));
        let stop = AtomicBool::new(false);
        let outcome = std::thread::scope(|scope| {
            let (tree, desk, stop) = (&tree, &*desk, &stop);
            scope.spawn(move || answer_quick(tree, desk, &quick, &slow, stop));
            // Also where a command ends in a bug: the scope waits for the other thread.
            let _stop = Stop(stop);
            answer_slow(cx, tree, desk, &log, &commands)
        });
        if outcome.is_err() || cx.go_on().is_err() {
            point::unmount(unmounter, &self.folder, guard, cx.host());
        } else {
            guard.done();
        }
        tell(cx, &log);
        outcome?;
        let count = |n: &std::sync::atomic::AtomicU64| n.load(Ordering::Relaxed);
        let row = MountRow {
            path: folder,
            seconds: began.elapsed().as_secs(),
            files_opened: count(&desk.opened),
            bytes_read: count(&desk.read),
            bytes_written: count(&desk.written),
            notes: log.count(),
        };
        cx.after_all(|| out.push(&row))
    }
}

impl Mount {
    fn options(&self, name: &str, writable: bool) -> Config {
        // In the table of mounts a comma ends an option.
        let name = names::escaped(name.as_bytes()).replace(',', "%2c");
        let mut config = Config::default();
        config.mount_options = vec![
            MountOption::FSName(format!("memsh:{name}")),
            MountOption::Subtype("memsh".to_owned()),
            if writable { MountOption::RW } else { MountOption::RO },
            MountOption::NoSuid,
            MountOption::NoDev,
            MountOption::NoExec,
            MountOption::NoAtime,
            MountOption::DefaultPermissions,
        ];
        config.acl = if self.allow_other { SessionACL::All } else { SessionACL::Owner };
        config.n_threads = Some(THREADS);
        config
    }
}

/// Ends the other thread with this one.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Says on stderr what is new in the log.
fn tell(cx: &Context, log: &Log) {
    for line in log.fresh() {
        cx.host().warn(&format!("mount: {line}"));
    }
}

/// Answers what needs the session only.
fn answer_quick(tree: &Tree, desk: &Desk, jobs: &Receiver<Job>, slow: &Sender<Slow>, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        let Ok(job) = jobs.recv_timeout(TICK) else { continue };
        match job {
            Job::Lookup(folder, name, reply) => {
                match tree.find(&folder, &name).and_then(|node| Ok((tree.attributes(&node)?, node))) {
                    Ok((attributes, node)) => desk.found(node, attributes, reply),
                    Err(e) => reply.error(no(e)),
                }
            }
            Job::Attributes(node, reply) => match tree.attributes(&node) {
                Ok(attributes) => desk.told(&node, attributes, reply),
                Err(e) => reply.error(no(e)),
            },
            Job::Target(node, reply) => match tree.target(&node) {
                Ok(target) => reply.data(target.as_bytes()),
                Err(e) => reply.error(no(e)),
            },
            Job::Folder(node, reply) => match tree.list(&node) {
                Ok(entries) => desk.folder(&node, entries, reply),
                Err(e) => reply.error(no(e)),
            },
            Job::Open(node, true, reply) if !node.is_memory() => reply.error(no(Errno::ACCESS)),
            Job::Open(node, _, reply) if node.is_answer() => match tree.kept(&node) {
                Some(content) => desk.file(node, content, reply),
                None => {
                    let _ = slow.send(Slow::Open(node, reply));
                }
            },
            Job::Open(node, write, reply) => {
                let opened = tree.open(&node).and_then(|c| if write { tree.may_write(c) } else { Ok(c) });
                match opened {
                    Ok(content) => desk.file(node, content, reply),
                    Err(e) => reply.error(no(e)),
                }
            }
        }
    }
}

/// Answers what has to run a command, until the mount ends or Ctrl-C is pressed.
fn answer_slow(cx: &Context, tree: &Tree, desk: &Desk, log: &Log, commands: &Receiver<Slow>) -> Result<()> {
    loop {
        match commands.recv_timeout(TICK) {
            Ok(Slow::Open(node, reply)) => match of_command(cx, tree, log, &node) {
                Ok(content) => {
                    tree.keep(&node, &content);
                    desk.file(node, content, reply);
                }
                Err(e) => reply.error(no(e)),
            },
            Ok(Slow::Write(node, content, at, bytes, reply)) => match written(cx, log, &node, &content, at, &bytes) {
                Ok(size) => {
                    desk.written.fetch_add(size.into(), Ordering::Relaxed);
                    reply.written(size);
                }
                Err(e) => reply.error(no(e)),
            },
            Ok(Slow::Ended(outcome)) => return outcome.map_err(|e| point::broken(&e)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
        tell(cx, log);
        if cx.go_on().is_err() {
            return Ok(());
        }
    }
}

fn of_command(cx: &Context, tree: &Tree, log: &Log, node: &Node) -> tree::Result<Content> {
    // Two may have asked for the same.
    if let Some(kept) = tree.kept(node) {
        return Ok(kept);
    }
    if tree.live() {
        cx.session().map_err(|_| Errno::IO)?.refresh();
    }
    match node {
        Node::Answer(name) => answers::answer(cx, log, name, &[]),
        Node::OfProcess(which, name) => answers::answer(cx, log, name, &["-p", &tree.word(*which)?]),
        _ => Err(Errno::INVAL),
    }
}

/// Writes bytes as `write` does: checked, read back, on the list of `undo` and in the transcript.
fn written(cx: &Context, log: &Log, node: &Node, content: &Content, at: u64, bytes: &[u8]) -> tree::Result<u32> {
    let Content::Memory(view) = content else { return Err(Errno::ACCESS) };
    let end = at.checked_add(bytes.len() as u64).filter(|end| *end <= view.size);
    if end.is_none() || !node.is_memory() {
        return Err(Errno::FBIG);
    }
    let address = view.start.wrapping_add(crate::umem::from(at));
    match writing::write(cx, &view.space, address, bytes, Mount::NAME) {
        Ok(_) => u32::try_from(bytes.len()).map_err(|_| Errno::FBIG),
        Err(failure) => {
            log.note(format!("write at {address:#x}: {}", answers::words_of(&failure)));
            Err(match failure {
                Failure::Error(e) if e.kind() == crate::ErrorKind::Unsupported => Errno::ACCESS,
                Failure::Usage(..) => Errno::ACCESS,
                _ => Errno::IO,
            })
        }
    }
}
