//! What makes the loader load more than a program asks for (ld.so(8)).

use super::shown;
use super::subject::Subject;
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::lost::Lost;
use crate::os::linux::suspicion::finding::Finding;
use crate::os::linux::tasks::args;

/// Libraries that are loaded before all others.
const LOADED: [&[u8]; 2] = [b"LD_PRELOAD", b"LD_AUDIT"];
/// Where libraries are looked for first.
const SEARCHED: &[u8] = b"LD_LIBRARY_PATH";
/// Where anybody can put a library.
const OPEN: [&[u8]; 3] = [b"/tmp", b"/var/tmp", b"/dev/shm"];

/// The environment that the process was started with.
pub fn loader(kernel: &Kernel, s: &Subject, _: &mut Lost) -> Vec<Finding> {
    let mut out = Vec::new();
    // What is missing of an environment is told by `env`.
    for v in args::environment(kernel, &s.mm, &s.space, &mut Lost::default()) {
        let Some(value) = v.value.as_ref().map(|t| t.as_bytes()).filter(|t| !t.is_empty()) else { continue };
        let key = v.key.as_bytes();
        let evidence = || format!("{}={}", shown(key), shown(value));
        if LOADED.contains(&key) {
            out.push(s.finding("environment", "library loaded by the environment", evidence()));
        } else if key == SEARCHED && value.split(|&b| b == b':').any(anybodys) {
            out.push(s.finding("environment", "libraries from a folder open to all", evidence()));
        }
    }
    out.into_iter().map(|f| Finding { address: s.mm.address(kernel.layouts.mm.env_start).map(at), ..f }).collect()
}

fn at(value: u64) -> memsh_plugin::VirtAddr {
    memsh_plugin::VirtAddr::new(memsh_plugin::umem::from(value))
}

/// Whether anybody can write to a folder: one of the open ones, or one that depends on where the process is.
fn anybodys(folder: &[u8]) -> bool {
    !folder.starts_with(b"/")
        || OPEN.iter().any(|o| folder.strip_prefix(*o).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/")))
}

#[cfg(test)]
mod tests {
    use super::anybodys;

    #[test]
    fn open_folders() {
        for (folder, open) in [
            (&b"/usr/lib"[..], false),
            (b"/tmp", true),
            (b"/tmp/x", true),
            (b"/tmpfs/x", false),
            (b"", true),
            (b"lib", true),
            (b"/dev/shm/a", true),
        ] {
            assert_eq!(anybodys(folder), open, "{folder:?}");
        }
    }
}
