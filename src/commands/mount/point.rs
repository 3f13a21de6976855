//! The folder that is mounted on: what it has to be, why it could not be, and how it is left.

use crate::commands::context::Host;
use crate::commands::failure::Failure;
use crate::session::Session;
use crate::{Error, ErrorKind, Layer};
use fuser::SessionUnmounter;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Where Linux takes file systems of programs.
const DEVICE: &str = "/dev/fuse";

fn usage(message: String, hint: String) -> Failure {
    Failure::Usage(message, Some(hint))
}

/// Refuses what can't be mounted on, before anything is read of the target.
///
/// # Errors
/// A usage error with what to do about it.
pub fn check(folder: &Path) -> Result<(), Failure> {
    let name = folder.display();
    let entries = std::fs::read_dir(folder);
    let mut entries = entries.map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => {
            usage(format!("mount: {name} is not there"), format!("make an empty folder first: mkdir -p {name}"))
        }
        io::ErrorKind::NotADirectory => usage(format!("mount: {name} is no folder"), "a folder is mounted on".to_owned()),
        _ if e.raw_os_error() == Some(rustix::io::Errno::NOTCONN.raw_os_error()) => usage(
            format!("mount: {name} is left over from a program that ended while it was mounted"),
            format!("free it first: fusermount -u {name}, or as root: umount -l {name}"),
        ),
        _ => Failure::file(folder, "open", e),
    })?;
    if entries.next().is_some() {
        return Err(usage(
            format!("mount: {name} is not empty: what is in it could not be seen while it is mounted on"),
            "mount on an empty folder: mkdir DIR".to_owned(),
        ));
    }
    if !Path::new(DEVICE).exists() {
        let e = Error::new(Layer::Command, ErrorKind::Unsupported, format!("mount: this system has no {DEVICE}"));
        return Err(e
            .hint("`modprobe fuse` as root loads it; a container needs `--device /dev/fuse --cap-add SYS_ADMIN`")
            .into());
    }
    Ok(())
}

/// Why mounting failed.
pub fn refused(folder: &Path, e: &io::Error) -> Failure {
    let what = format!("mount: can't mount on {}: {e}", folder.display());
    let hint = match e.kind() {
        io::ErrorKind::PermissionDenied => {
            "only root may mount by itself: others need Debian's package fuse3 (fusermount3), and to be owner of the folder; \
             --allow-other needs `user_allow_other` in /etc/fuse.conf"
        }
        io::ErrorKind::NotFound => "without root it takes the program fusermount3: install Debian's package fuse3",
        _ => "`dmesg` may say more",
    };
    Error::new(Layer::Command, ErrorKind::Io, what).hint(hint).into()
}

/// Why the connection to the kernel ended.
pub fn broken(e: &io::Error) -> Failure {
    Error::new(Layer::Command, ErrorKind::Io, format!("mount: the kernel asks no more: {e}")).into()
}

/// Whether any memory of the target may be written.
pub fn writable(session: &Session) -> bool {
    let physical = session.physical_space().is_ok_and(|space| session.may_write(&space).is_ok());
    let first = || {
        let all = session.processes().ok()?;
        let process = all.items.iter().find(|p| !p.kernel_thread)?;
        session.process_space(process).ok()
    };
    physical || first().is_some_and(|space| session.may_write(&space).is_ok())
}

/// Takes the mount away; where somebody is in it, at once all the same: for them it ends when they leave.
pub fn unmount(mut unmounter: SessionUnmounter, folder: &Path, guard: Guard, host: &dyn Host) {
    let Err(e) = unmounter.unmount() else { return guard.done() };
    if e.raw_os_error() != Some(rustix::io::Errno::BUSY.raw_os_error()) {
        host.warn(&format!("warning: mount: {} is still mounted: {e}", folder.display()));
        return;
    }
    host.warn(&format!("note: mount: {} is in use: it is gone from there, and ends for who uses it", folder.display()));
    if !guard.lazily() {
        host.warn(&format!("warning: mount: {0} is still mounted; as root: umount -l {0}", folder.display()));
    }
}

/// Unmounts when this program ends without doing so itself (a terminal that is closed, `kill`): a mount whose program is gone answers
/// every look at it with an error until somebody takes it away.
pub struct Guard(Option<Child>);

/// Ends when it reads a line, and otherwise when whoever should have written one is gone.
const SCRIPT: &str = r#"read -r done && exit 0
umount -l -- "$0" 2>/dev/null || fusermount3 -uz -- "$0" 2>/dev/null || fusermount -uz -- "$0""#;

impl Guard {
    /// Guards a folder that is mounted on. Without a shell nobody does, which is no reason not to mount.
    pub fn new(folder: &Path) -> Self {
        use std::os::unix::process::CommandExt;
        let folder: PathBuf = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let mut command = Command::new("sh");
        command.arg("-c").arg(SCRIPT).arg(folder).current_dir("/");
        // Ctrl-C in the terminal is for this program alone.
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        Self(command.spawn().ok())
    }

    /// Takes the mount away whoever is in it; whether that worked.
    fn lazily(mut self) -> bool {
        self.0.take().is_some_and(|mut child| {
            drop(child.stdin.take());
            child.wait().is_ok_and(|status| status.success())
        })
    }

    /// It is unmounted.
    pub fn done(mut self) {
        if let Some(mut child) = self.0.take() {
            if let Some(mut pipe) = child.stdin.take() {
                let _ = pipe.write_all(b"done\n");
            }
            let _ = child.wait();
        }
    }
}
