//! Types, and the files that hold types and symbols.

use memsh::symbols::{Btf, Symbols, TypeKind, Types, TypesExt, find_btf, load};
use std::path::PathBuf;
use std::sync::OnceLock;

fn ask(types: &dyn Types) {
    for name in
        types.names().iter().take(64).map(String::as_str).chain(["task_struct", "struct task_struct", "", "enum maple_type"])
    {
        let Some(id) = types.find(name) else { continue };
        let Some((_, t)) = types.resolve(id) else { continue };
        let _ = types.size_of(name);
        if let TypeKind::Struct(fields) | TypeKind::Union(fields) = t.kind {
            for f in fields.iter().take(64) {
                let _ = types.field(name, &f.name);
                let _ = types.field(name, &format!("{0}.{0}", f.name));
            }
        }
    }
}

/// BTF, looked for and parsed.
pub fn btf(data: &[u8]) {
    assert!(find_btf(data).count() <= data.len());
    let Ok(types) = Btf::parse(data.to_vec()) else { return };
    assert!(u64::from(types.count()) <= data.len() as u64, "a type takes a byte at least");
    ask(&types);
}

/// A file for `--symbols`; the first byte says how it is called.
pub fn file(data: &[u8]) {
    const NAMES: [&str; 6] = ["vmlinux", "System.map", "linux.json", "linux.json.xz", "vmlinux.btf", "anything"];
    let Some((&kind, bytes)) = data.split_first() else { return };
    load_as(NAMES[usize::from(kind) % NAMES.len()], bytes);
}

/// Reads a symbol file of this name, and asks what is in it.
pub fn load_as(name: &str, bytes: &[u8]) {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = std::env::temp_dir().join(format!("memsh-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder for files");
        folder
    });
    let path = folder.join(name);
    std::fs::write(&path, bytes).expect("room for a file");
    let loaded = load(&path);
    let _ = std::fs::remove_file(&path);
    match loaded {
        Ok(loaded) => {
            for f in loaded.files {
                if let Some(types) = f.types {
                    ask(&*types);
                }
                if let Some(symbols) = f.symbols {
                    for s in symbols.all().take(100) {
                        let _ = symbols.near(s.address);
                    }
                }
            }
        }
        Err(e) => assert!(!e.reason().is_empty()),
    }
}
