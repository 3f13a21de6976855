//! `bindings/c/memsh.h` is what cbindgen makes of this crate. `MEMSH_BLESS=1` writes it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use cbindgen::{Builder, Config, DocumentationStyle, EnumConfig, ExportConfig, Language, RenameRule, Style};
use std::path::Path;

const BEFORE: &str = "\
/* memsh for programs in C and C++: targets, answers of commands, memory.
 *
 * Made from bindings/capi by cbindgen; do not edit. docs/c-api.md explains it.
 *
 * What every function relies on:
 * - A pointer to something of memsh's came from this library and was not freed. Null is an error that is told, never followed.
 * - A pointer for a result has room for it; a buffer for as many bytes, a list for as many things as the call says.
 * - Text is UTF-8 and ends with a zero.
 * - Functions of the caller's return in the ordinary way: no longjmp, no C++ exception leaves them.
 *
 * Functions that can fail give a code, and where ERROR is not null an error in words, to be freed with memsh_error_free; ERROR is left
 * alone where all went well. What memsh hands out is valid until it is freed, or as long as what it is a part of.
 *
 * A target and a space may be used by several threads at once. Nothing writes to stdout or stderr, reads stdin or ends the program. */";

fn header() -> String {
    let config = Config {
        language: Language::C,
        style: Style::Type,
        cpp_compat: true,
        include_guard: Some("MEMSH_H".to_owned()),
        header: Some(BEFORE.to_owned()),
        documentation_style: DocumentationStyle::C99,
        usize_is_size_t: true,
        no_includes: true,
        sys_includes: ["stdbool.h", "stddef.h", "stdint.h"].map(str::to_owned).to_vec(),
        line_length: 132,
        tab_width: 4,
        enumeration: EnumConfig { rename_variants: RenameRule::QualifiedScreamingSnakeCase, ..EnumConfig::default() },
        export: ExportConfig { include: vec!["MemshSpaceKind".to_owned()], ..ExportConfig::default() },
        ..Config::default()
    };
    let sources = ["fail", "row", "target", "space", "scan"];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let builder = sources.iter().fold(Builder::new().with_config(config), |b, s| b.with_src(folder.join(format!("{s}.rs"))));
    let mut out = Vec::new();
    builder.generate().expect("the sources are understood").write(&mut out);
    String::from_utf8(out).unwrap().replace("[`", "`").replace("`]", "`")
}

#[test]
fn the_header_is_what_the_library_is() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../c/memsh.h");
    let made = header();
    if std::env::var_os("MEMSH_BLESS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == made,
        "bindings/c/memsh.h is not what bindings/capi says: MEMSH_BLESS=1 cargo test -p memsh-capi --test header"
    );
}
