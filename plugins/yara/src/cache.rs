//! Compiled rules in the user's cache folder.
//!
//! A file is `MAGIC`, the SHA-256 of what follows, and the rules as YARA-X writes them. Its name is a digest of all that they were compiled
//! from. What is damaged counts as none. The rules are YARA-X's own code for a sandbox, never machine code.

use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use yara_x::Rules;

const MAGIC: &[u8] = b"memsh yara rules 1\n";
const SUM: usize = 32;
/// So many are kept; the oldest go.
const KEPT: usize = 64;

/// The rules of this digest, if they are there and whole.
pub fn load(folder: &Path, digest: &str) -> Option<Rules> {
    let bytes = std::fs::read(file(folder, digest)).ok()?;
    let rest = bytes.strip_prefix(MAGIC)?;
    let (sum, rules) = rest.split_at_checked(SUM)?;
    if Sha256::digest(rules).as_slice() != sum {
        return None;
    }
    Rules::deserialize(rules).ok()
}

/// Keeps rules. That it did not work costs the time of another compilation, and nothing else.
pub fn keep(folder: &Path, digest: &str, rules: &Rules) {
    let Ok(rules) = rules.serialize() else { return };
    let bytes = [MAGIC, Sha256::digest(&rules).as_slice(), &rules].concat();
    let written = || -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let beside = folder.join(format!("{digest}.{}", std::process::id()));
        let renamed = std::fs::write(&beside, &bytes).and_then(|()| std::fs::rename(&beside, file(folder, digest)));
        if renamed.is_err() {
            let _ = std::fs::remove_file(&beside);
        }
        renamed
    };
    if written().is_ok() {
        prune(folder);
    }
}

fn file(folder: &Path, digest: &str) -> PathBuf {
    folder.join(format!("{digest}.rules"))
}

fn prune(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let age = |e: std::fs::DirEntry| Some((e.metadata().ok()?.modified().ok()?, e.path()));
    let ours = |p: &Path| p.extension().is_some_and(|e| e == "rules");
    let mut all: Vec<_> = entries.flatten().filter_map(age).filter(|(_, p)| ours(p)).collect();
    all.sort();
    let many = all.len().saturating_sub(KEPT);
    for (_, path) in all.into_iter().take(many) {
        let _ = std::fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_damaged_counts_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let rules = yara_x::compile("rule a { strings: $a = \"abc\" condition: $a }").unwrap();
        assert!(load(folder.path(), "x").is_none());
        keep(folder.path(), "x", &rules);
        assert_eq!(load(folder.path(), "x").unwrap().iter().len(), 1);
        let path = file(folder.path(), "x");
        let whole = std::fs::read(&path).unwrap();
        for at in [0, MAGIC.len(), MAGIC.len() + SUM, whole.len() - 1] {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            std::fs::write(&path, &bytes).unwrap();
            assert!(load(folder.path(), "x").is_none(), "{at}");
            std::fs::write(&path, &whole[..at]).unwrap();
            assert!(load(folder.path(), "x").is_none(), "{at}");
        }
    }

    #[test]
    fn the_oldest_go() {
        let folder = tempfile::tempdir().unwrap();
        let rules = yara_x::compile("rule a { condition: true }").unwrap();
        (0..KEPT + 3).for_each(|n| keep(folder.path(), &n.to_string(), &rules));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), KEPT);
        assert!(load(folder.path(), &(KEPT + 2).to_string()).is_some());
    }
}
