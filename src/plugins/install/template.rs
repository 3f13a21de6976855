//! The beginning of a new plugin: a folder that builds, loads and does something.

use super::place::is_name;
use super::{failed, io};
use crate::plugins::inspect::PluginKind;
use crate::{ErrorKind, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// What a plugin is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Rust: every kind.
    Rust,
    /// C: connectors.
    C,
    /// C++: connectors.
    Cpp,
}

impl Language {
    /// By its name: `rust`, `c`, `cpp`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "rust" => Some(Self::Rust),
            "c" => Some(Self::C),
            "cpp" => Some(Self::Cpp),
            _ => None,
        }
    }
}

const HEADER: &str = include_str!("../../../bindings/c/memsh_plugin.h");

/// Writes the folder `at` for a plugin `name`; `api` is where the crate memsh-plugin lies, if not on crates.io. Gives the files.
///
/// # Errors
/// When the name is none, the kind can't be written in the language, or the folder is there already.
pub fn write(at: &Path, name: &str, kind: PluginKind, language: Language, api: Option<&Path>) -> Result<Vec<PathBuf>> {
    let wrong = |what: String, hint: &str| Err(failed(ErrorKind::Invalid, what).hint(hint));
    let letter = name.starts_with(|c: char| c.is_ascii_lowercase());
    let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b));
    if !is_name(name) || !letter || !plain {
        return wrong(
            format!("{name:?} is no name of a plugin"),
            "small letters, digits, `-` and `_` make one; it begins with a letter",
        );
    }
    if language != Language::Rust && kind != PluginKind::Connector {
        let what = format!("a plugin of the kind {} can't be written in C or C++", kind.name());
        return wrong(what, "the C interface is of connectors; --language rust has every kind");
    }
    if language != Language::Rust && name.contains('-') {
        return wrong(format!("{name:?} is no name in C"), "write `_` in place of `-`");
    }
    if at.exists() {
        return wrong(format!("{} is there already", at.display()), "name another folder, or remove it");
    }
    let api = api.map(|p| p.canonicalize().map_err(|e| io(format!("can't find {}", p.display()), e))).transpose()?;
    if let Some(api) = api.as_ref().filter(|p| !p.join("Cargo.toml").is_file()) {
        return wrong(
            format!("{} is not the crate memsh-plugin", api.display()),
            "--api takes its folder: plugin-api of memsh's repository",
        );
    }
    let files: &[(&str, &str)] = match (language, kind) {
        (Language::Rust, PluginKind::Connector) => &[
            ("Cargo.toml", include_str!("templates/Cargo.toml.in")),
            ("src/lib.rs", include_str!("templates/connector.rs.in")),
            ("README.md", include_str!("templates/rust.md.in")),
        ],
        (Language::Rust, PluginKind::Os) => &[
            ("Cargo.toml", include_str!("templates/Cargo.toml.in")),
            ("src/lib.rs", include_str!("templates/os.rs.in")),
            ("README.md", include_str!("templates/rust.md.in")),
        ],
        (Language::Rust, PluginKind::Command) => &[
            ("Cargo.toml", include_str!("templates/Cargo.toml.in")),
            ("src/lib.rs", include_str!("templates/command.rs.in")),
            ("README.md", include_str!("templates/rust.md.in")),
        ],
        (Language::C, _) => &[
            ("Makefile", include_str!("templates/c.mk.in")),
            ("@NAME@.c", include_str!("templates/connector.c.in")),
            ("memsh_plugin.h", HEADER),
            ("README.md", include_str!("templates/c.md.in")),
        ],
        (Language::Cpp, _) => &[
            ("Makefile", include_str!("templates/cpp.mk.in")),
            ("@NAME@.cpp", include_str!("templates/connector.cpp.in")),
            ("memsh_plugin.h", HEADER),
            ("README.md", include_str!("templates/c.md.in")),
        ],
    };
    let dependency = match &api {
        Some(path) => format!("{{ path = {:?} }}", path.display().to_string()),
        None => format!("{:?}", env!("CARGO_PKG_VERSION")),
    };
    let option = match kind {
        PluginKind::Connector => format!("memsh -C {name}:FILE info"),
        PluginKind::Os => format!("memsh IMAGE -O {name} ps"),
        PluginKind::Command => format!("memsh IMAGE {name}"),
    };
    let filled = |text: &str| {
        let text = text.replace("@NAME@", name).replace("@LIBRARY@", &name.replace('-', "_"));
        let text = text.replace("@DEPENDENCY@", &dependency).replace("@OPTION@", &option);
        text.replace("@TYPE@", &type_name(name))
            .replace("@KIND@", kind.name())
            .replace("@ENDING@", std::env::consts::DLL_EXTENSION)
    };
    let mut written = Vec::new();
    for (path, text) in files {
        let path = at.join(filled(path));
        let cant = |e| io(format!("can't write {}", path.display()), e);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(cant)?;
        }
        // The header holds none of these words.
        fs::write(&path, filled(text)).map_err(cant)?;
        written.push(path);
    }
    Ok(written)
}

/// `my-rom` as a type: `MyRom`.
fn type_name(name: &str) -> String {
    let part = |p: &str| {
        let mut chars = p.chars();
        chars.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(chars).collect::<String>()
    };
    name.split(['-', '_']).map(part).collect()
}
