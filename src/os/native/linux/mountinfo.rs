//! `/proc/PID/mountinfo` (fs/proc_namespace.c, `show_mountinfo`; Documentation/filesystems/proc.rst).

use super::inode;
use crate::os::linux::files::mount::Mount;
use crate::os::linux::files::mountopts::Options;

/// No mount namespace says more: `fs.mount-max` is 100 000 mounts.
pub const LARGEST: u64 = 256 << 20;

/// All mounts of a file. What is no such line is skipped.
pub fn parse(bytes: &[u8]) -> Vec<Mount> {
    bytes.split(|&b| b == b'\n').filter_map(line).collect()
}

/// `id parent major:minor root target options fields... - kind source options`.
fn line(line: &[u8]) -> Option<Mount> {
    let mut words = line.split(|&b| b == b' ');
    let id = decimal(words.next()?)?;
    let parent = decimal(words.next()?)?;
    let device = text(words.next()?)?.split_once(':').and_then(|(a, b)| Some(inode::number(a.parse().ok()?, b.parse().ok()?)))?;
    let (root, target, own) = (plain(words.next()?), plain(words.next()?), words.next()?);
    let mut mount = Mount {
        namespace: None,
        pid: None,
        id: Some(id),
        parent: Some(parent),
        device: Some(device),
        root: Some(root),
        target: Some(target),
        // What lies outside of the process's root is not in its file.
        reachable: Some(true),
        source: None,
        kind: None,
        options: None,
        shared: None,
        master: None,
        unbindable: false,
        address: memsh_plugin::VirtAddr::NULL,
        super_block: None,
    };
    loop {
        match words.next()? {
            b"-" => break,
            b"unbindable" => mount.unbindable = true,
            field => {
                let (name, value) = text(field)?.split_once(':')?;
                let group = value.parse().ok();
                match name {
                    "shared" => mount.shared = group,
                    "master" => mount.master = group,
                    // `propagate_from`, and what later kernels add.
                    _ => {}
                }
            }
        }
    }
    mount.kind = Some(plain(words.next()?));
    mount.source = Some(plain(words.next()?));
    let whole = words.collect::<Vec<_>>().join(&b' ');
    mount.options = Some(Options { list: options(own, &whole), complete: true });
    Some(mount)
}

/// The options of the mount and of its file system, in the order of `/proc/PID/mounts` (`show_vfsmnt`): whether either may be written
/// to, flags of the file system, what a security module adds, flags of the mount, and the file system's own options.
fn options(mount: &[u8], system: &[u8]) -> Vec<String> {
    let list = |bytes: &[u8]| -> Vec<String> {
        let words = bytes.split(|&b| b == b',').filter(|w| !w.is_empty());
        words.map(|w| String::from_utf8_lossy(w).into_owned()).collect()
    };
    let (mount, system) = (list(mount), list(system));
    let is_access = |o: &String| o == "ro" || o == "rw";
    let read_only = [&mount, &system].into_iter().any(|l| l.first().is_some_and(|o| o == "ro"));
    let mut flags: Vec<String> = system.into_iter().skip_while(is_access).collect();
    let own = flags.split_off(flags.iter().position(|o| !is_flag(o)).unwrap_or(flags.len()));
    let access = if read_only { "ro" } else { "rw" }.to_owned();
    [access].into_iter().chain(flags).chain(mount.into_iter().skip_while(is_access)).chain(own).collect()
}

/// What `show_sb_opts` writes: flags of a file system, and what SELinux (`security_sb_show_options`) and Smack say.
fn is_flag(option: &str) -> bool {
    let context = |o: &str| ["context=", "fscontext=", "defcontext=", "rootcontext="].iter().any(|c| o.starts_with(c));
    matches!(option, "sync" | "dirsync" | "mand" | "lazytime" | "seclabel") || context(option)
}

/// Text in which space, tab, newline, backslash and `#` are written as `\` and three octal digits (`mangle`, fs/seq_file.c).
pub fn plain(word: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some((&first, after)) = rest.split_first() {
        let escaped = match after {
            [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..] if first == b'\\' => {
                Some((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'))
            }
            _ => None,
        };
        out.push(escaped.unwrap_or(first));
        rest = if escaped.is_some() { after.get(3..).unwrap_or_default() } else { after };
    }
    out
}

fn text(word: &[u8]) -> Option<&str> {
    std::str::from_utf8(word).ok()
}

fn decimal(word: &[u8]) -> Option<u64> {
    text(word)?.parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn lines_are_read_as_the_kernel_writes_them() {
        let all = parse(
            b"36 35 98:0 /mnt1 /mnt\\0402 rw,noatime master:1 shared:7 propagate_from:2 - ext3 /dev/a\\011b rw,errors=continue\n\
              37 36 0:5 / /x ro,nosuid unbindable - fuse.sshfs  rw,user_id=0\nno mount\n38 1 0:6 / /cut rw,shared:1\n",
        );
        assert_eq!(all.len(), 2);
        let m = &all[0];
        assert_eq!((m.id, m.parent, m.device), (Some(36), Some(35), Some(98 << 20)));
        assert_eq!((m.root.as_deref(), m.target.as_deref()), (Some(&b"/mnt1"[..]), Some(&b"/mnt 2"[..])));
        assert_eq!((m.shared, m.master, m.unbindable), (Some(7), Some(1), false));
        assert_eq!((m.kind.as_deref(), m.source.as_deref()), (Some(&b"ext3"[..]), Some(&b"/dev/a\tb"[..])));
        assert_eq!(m.options.as_ref().unwrap().list, ["rw", "noatime", "errors=continue"]);
        // A source may be empty.
        assert_eq!((all[1].source.as_deref(), all[1].unbindable), (Some(&b""[..]), true));
        assert_eq!(all[1].options.as_ref().unwrap().list, ["ro", "nosuid", "user_id=0"]);
    }

    #[test]
    fn options_stand_in_the_order_of_mounts() {
        let told = options(b"rw,nosuid,relatime", b"ro,sync,lazytime,seclabel,size=8k,mode=755");
        assert_eq!(told, ["ro", "sync", "lazytime", "seclabel", "nosuid", "relatime", "size=8k", "mode=755"]);
        assert_eq!(options(b"rw", b"rw"), ["rw"]);
        assert_eq!(options(b"", b""), ["rw"]);
    }

    #[test]
    fn escapes_that_are_none_stay() {
        assert_eq!(plain(b"a\\134040\\04\\999\\"), b"a\\040\\04\\999\\");
    }
}
