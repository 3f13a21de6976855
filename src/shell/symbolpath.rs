//! `_NT_SYMBOL_PATH`: where Microsoft's debuggers look for symbol files. Only folders of this machine are used.

use crate::symbols::library::is_remote;
use std::path::PathBuf;

const VARIABLE: &str = "_NT_SYMBOL_PATH";

/// A part of the path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Folder(PathBuf),
    Remote(String),
}

/// The parts of `srv*C:\cache*https://server`, `cache*C:\cache`, `C:\folder`, with `;` between them.
fn parts(path: &str) -> Vec<Part> {
    let mut out = Vec::new();
    for element in path.split(';') {
        let first = element.split('*').next().unwrap_or_default().trim();
        // `symsrv*NAME.dll*...` is the long form of `srv*...`.
        let skip = match first.to_ascii_lowercase().as_str() {
            "srv" | "cache" => 1,
            "symsrv" => 2,
            _ => 0,
        };
        for word in element.split('*').map(str::trim).skip(skip).filter(|w| !w.is_empty()) {
            let part = if is_remote(word) { Part::Remote(word.to_owned()) } else { Part::Folder(PathBuf::from(word)) };
            if !out.contains(&part) {
                out.push(part);
            }
        }
    }
    out
}

fn own() -> Vec<Part> {
    std::env::var(VARIABLE).map(|path| parts(&path)).unwrap_or_default()
}

/// Folders that are there.
pub fn stores() -> Vec<PathBuf> {
    let folder = |part| match part {
        Part::Folder(path) if path.is_dir() => Some(path),
        _ => None,
    };
    own().into_iter().filter_map(folder).collect()
}

/// Sentences about what is not used.
pub fn ignored() -> Vec<String> {
    let line = |part| match part {
        Part::Remote(what) => Some(format!("{VARIABLE}: {what} is of another machine and is not asked")),
        Part::Folder(path) if !path.is_dir() => Some(format!("{VARIABLE}: there is no folder {}", path.display())),
        Part::Folder(_) => None,
    };
    own().into_iter().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_an_element() {
        let folder = |p: &str| Part::Folder(PathBuf::from(p));
        let remote = |p: &str| Part::Remote(p.to_owned());
        let all = parts(r"srv*C:\cache*https://msdl.microsoft.com/download/symbols;cache*C:\other;/plain;;\\server\share");
        let server = remote("https://msdl.microsoft.com/download/symbols");
        assert_eq!(all, [folder(r"C:\cache"), server, folder(r"C:\other"), folder("/plain"), remote(r"\\server\share")]);
        assert_eq!(parts(r"SymSrv*symsrv.dll*/a*/b; SRV*/a"), [folder("/a"), folder("/b")]);
        assert_eq!(parts("srv*"), []);
        assert_eq!(parts(""), []);
    }
}
