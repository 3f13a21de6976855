//! Headers that cbindgen makes of Rust and that are committed. Those of `bindings/capi` are made in the same way.

use cbindgen::{Builder, Config, DocumentationStyle, Language, Style};
use std::path::Path;

/// What all headers have in common. `before` stands above everything, `guard` keeps it from being read twice.
pub fn config(guard: &str, before: &str) -> Config {
    Config {
        language: Language::C,
        style: Style::Type,
        cpp_compat: true,
        include_guard: Some(guard.to_owned()),
        header: Some(before.to_owned()),
        documentation_style: DocumentationStyle::C99,
        usize_is_size_t: true,
        no_includes: true,
        sys_includes: ["stdbool.h", "stddef.h", "stdint.h"].map(str::to_owned).to_vec(),
        line_length: 132,
        tab_width: 4,
        ..Config::default()
    }
}

/// The header of these source files in `src`.
pub fn text(config: Config, sources: &[&str]) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let builder = sources.iter().fold(Builder::new().with_config(config), |b, s| b.with_src(folder.join(s)));
    let mut out = Vec::new();
    builder.generate().expect("the sources are understood").write(&mut out);
    // Links of rustdoc mean nothing in C.
    String::from_utf8(out).unwrap().replace("[`", "`").replace("`]", "`")
}

/// Holds the committed header `bindings/c/NAME` against what was made. `MEMSH_BLESS=1` writes it.
pub fn hold(name: &str, made: &str) {
    // Both crates stand one below the workspace or its `bindings`.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().find(|a| a.join("bindings/c").is_dir()).unwrap();
    let path = root.join("bindings/c").join(name);
    if std::env::var_os("MEMSH_BLESS").is_some() {
        std::fs::write(&path, made).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    let package = env!("CARGO_PKG_NAME");
    assert!(there == made, "bindings/c/{name} is not what {package} says: MEMSH_BLESS=1 cargo test -p {package} --test header");
}
