//! Files of rules, and what they include.

use memsh_plugin::{ApiError, Status};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

/// More than this is no file of rules.
const LARGEST: u64 = 256 << 20;
/// Includes are followed this deep, and so many of them.
const DEEPEST: usize = 16;
const MOST: usize = 10_000;

/// A file of rules.
pub struct Source {
    /// Namespace of its rules, where one was given.
    pub namespace: Option<String>,
    pub path: PathBuf,
    pub text: Vec<u8>,
}

fn invalid(text: String) -> ApiError {
    ApiError::new(Status::INVALID, text)
}

/// The files that words name: `FILE`, `NAMESPACE:FILE`, or a folder with `.yar` and `.yara` files at any depth.
pub fn gather(words: &[String]) -> Result<Vec<Source>, ApiError> {
    let mut sources = Vec::new();
    for word in words {
        let whole = PathBuf::from(word);
        let named = word.split_once(':').filter(|(n, f)| !n.is_empty() && !f.is_empty() && !whole.exists());
        let (namespace, path) = match named {
            Some((namespace, file)) => (Some(namespace.to_owned()), PathBuf::from(file)),
            None => (None, whole),
        };
        let mut files = Vec::new();
        if path.is_dir() {
            within(&path, &mut files)?;
            if files.is_empty() {
                return Err(invalid(format!("there is no .yar or .yara file in {}", path.display())));
            }
        } else {
            files.push(path);
        }
        for path in files {
            let text = read(&path)?;
            sources.push(Source { namespace: namespace.clone(), path, text });
        }
    }
    match sources.is_empty() {
        true => Err(invalid("no file of rules was given".to_owned())),
        false => Ok(sources),
    }
}

fn within(folder: &Path, out: &mut Vec<PathBuf>) -> Result<(), ApiError> {
    let failed = |e: std::io::Error| invalid(format!("can't read the folder {}: {e}", folder.display()));
    let mut entries: Vec<_> = std::fs::read_dir(folder).map_err(failed)?.collect::<Result<_, _>>().map_err(failed)?;
    entries.sort_by_key(std::fs::DirEntry::path);
    for entry in entries {
        let path = entry.path();
        let rules = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("yar") || e.eq_ignore_ascii_case("yara"));
        // A link to a folder could lead back up.
        if entry.file_type().is_ok_and(|t| t.is_dir()) {
            within(&path, out)?;
        } else if rules {
            out.push(path);
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, ApiError> {
    let failed = |e: &dyn std::fmt::Display| invalid(format!("can't read the rules in {}: {e}", path.display()));
    let bytes = bounded(path).map_err(|e| failed(&e))?;
    if bytes.len() as u64 > LARGEST {
        return Err(failed(&format!("it has more than {LARGEST} bytes, which is no file of rules")));
    }
    Ok(bytes)
}

/// What a file holds, a byte more than a file of rules has at the most: a device may have no end.
fn bounded(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Folders in which includes of the outermost files are looked for: theirs, in order, then the working folder.
pub fn folders(sources: &[Source]) -> Vec<PathBuf> {
    let mut out: Vec<PathBuf> = Vec::new();
    let working = PathBuf::from(".");
    let own = sources.iter().filter_map(|s| s.path.parent()).map(|p| if p.as_os_str().is_empty() { Path::new(".") } else { p });
    for folder in own.chain([working.as_path()]) {
        if !out.iter().any(|f| f == folder) {
            out.push(folder.to_owned());
        }
    }
    out
}

/// A digest of the sources and of everything that they may include. None where it can't be known what that is: then nothing is kept.
///
/// Each file that an include may mean counts, also one that is not there: a file that appears changes the digest.
pub fn digest(sources: &[Source]) -> Option<Sha256> {
    let folders = folders(sources);
    let mut hash = Sha256::new();
    let mut seen = BTreeSet::new();
    for s in sources {
        part(&mut hash, s.namespace.as_deref().unwrap_or_default().as_bytes());
        part(&mut hash, s.path.as_os_str().as_encoded_bytes());
        part(&mut hash, &s.text);
        included(&mut hash, &s.text, s.path.parent(), &folders, &mut seen, DEEPEST)?;
    }
    Some(hash)
}

/// A length and bytes, so that no two lists of parts make the same input.
pub fn part(hash: &mut Sha256, bytes: &[u8]) {
    hash.update((bytes.len() as u64).to_le_bytes());
    hash.update(bytes);
}

fn included(
    hash: &mut Sha256,
    text: &[u8],
    folder: Option<&Path>,
    folders: &[PathBuf],
    seen: &mut BTreeSet<PathBuf>,
    depth: usize,
) -> Option<()> {
    for name in includes(text)? {
        for folder in folder.into_iter().chain(folders.iter().map(PathBuf::as_path)) {
            let path = folder.join(&name);
            if depth == 0 || seen.len() > MOST {
                return None;
            }
            if !seen.insert(path.clone()) {
                continue;
            }
            let found = bounded(&path).ok();
            part(hash, path.as_os_str().as_encoded_bytes());
            part(hash, found.as_deref().unwrap_or(b"\0missing"));
            if let Some(found) = found {
                included(hash, &found, path.parent(), folders, seen, depth - 1)?;
            }
        }
    }
    Some(())
}

/// What a source includes, and perhaps more: the word in a comment or a string counts as well. None where it is written in a way that
/// only the compiler understands.
fn includes(text: &[u8]) -> Option<Vec<String>> {
    const WORD: &[u8] = b"include";
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.windows(WORD.len()).position(|w| w == WORD) {
        let before = at.checked_sub(1).and_then(|i| rest.get(i)).copied();
        rest = rest.get(at + WORD.len()..).unwrap_or_default();
        let inside = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        if before.is_some_and(inside) || rest.first().copied().is_some_and(inside) {
            continue;
        }
        let behind = rest.trim_ascii_start();
        match behind {
            [b'"', name @ ..] => {
                let end = name.iter().position(|b| matches!(b, b'"' | b'\\' | b'\n'))?;
                if name.get(end) == Some(&b'\\') {
                    return None;
                }
                out.push(String::from_utf8(name.get(..end)?.to_vec()).ok()?);
            }
            [b'/', b'*' | b'/', ..] => return None,
            _ => {}
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn includes_are_found() {
        let found = |text: &str| includes(text.as_bytes());
        assert_eq!(found("include \"a.yar\"\ninclude\n\t\"b/c.yar\"").unwrap(), ["a.yar", "b/c.yar"]);
        assert_eq!(found("rule includes { condition: true } // include them").unwrap(), [""; 0]);
        assert_eq!(found("include /* odd */ \"a.yar\""), None);
        assert_eq!(found("include \"a\\x41.yar\""), None);
    }

    #[test]
    fn a_digest_knows_what_is_included() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("top.yar"), "include \"mid.yar\"").unwrap();
        let digest = || digest(&gather(&[at("top.yar").display().to_string()]).unwrap()).unwrap().finalize();
        let without = digest();
        std::fs::write(at("mid.yar"), "include \"low.yar\"").unwrap();
        let with = digest();
        std::fs::write(at("low.yar"), "rule a { condition: true }").unwrap();
        let low = digest();
        std::fs::write(at("low.yar"), "rule b { condition: true }").unwrap();
        let all = [without, with, low, digest()];
        for (i, one) in all.iter().enumerate() {
            assert!(all.iter().skip(i + 1).all(|other| other != one));
        }
        // One that includes itself ends.
        std::fs::write(at("low.yar"), "include \"top.yar\"").unwrap();
        digest();
    }
}
