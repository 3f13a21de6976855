//! `bindings/c/memsh_plugin.h` is what cbindgen makes of `src/c.rs`, and a macro. `MEMSH_BLESS=1` writes it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use cbindgen::{Builder, Config, DocumentationStyle, ExportConfig, Language, Style};
use std::path::Path;

const BEFORE: &str = "\
/* The interface of memsh (https://crates.io/crates/memsh) for connectors in C and C++.
 *
 * Made from plugin-api/src/c.rs by cbindgen; do not edit. docs/plugins.md explains it. */";

/// What no Rust says: how the descriptor is written.
const MACRO: &str = r#"/* Exports a connector. Once per connector, outside of every function:
 *
 *     MEMSH_PLUGIN(rom, "version 1.0.0\n"
 *                       "description a file as it is\n"
 *                       "argument path path required - the file\n",
 *                  rom_create);
 *
 * NAME is what `-C` takes: letters, digits and `_`, no quotes. TEXT is lines: `version`, `description`, and for each argument
 * `argument NAME KIND required|optional DEFAULT|- HELP`, where KIND is `text`, `path`, `number`, `size`, `duration` or `flag`. CREATE is
 * a MemshCreate. Works in C11 and C++17. */
#define MEMSH_PLUGIN(NAME, TEXT, CREATE)                                                             \
    MEMSH_STATIC_ASSERT(sizeof(MEMSH_TEXT(NAME, TEXT)) <= MEMSH_TEXT_SIZE, "the text is too long");    \
    MEMSH_EXTERN MEMSH_EXPORT const MemshDescriptor MEMSH_PLUGIN_CONNECTOR_##NAME = {                 \
        {'m', 'e', 'm', 's', 'h', 'P', 'L', 'G'},                                                    \
        MEMSH_ABI_VERSION,                                                                           \
        MEMSH_KIND_CONNECTOR,                                                                        \
        MEMSH_C_ABI,                                                                                 \
        0,                                                                                           \
        MEMSH_INTERFACE_C,                                                                           \
        (uint32_t)(sizeof(MEMSH_TEXT(NAME, TEXT)) - 1),                                              \
        0,                                                                                           \
        MEMSH_TEXT(NAME, TEXT),                                                                      \
        CREATE,                                                                                      \
    }

#define MEMSH_TEXT(NAME, TEXT) "name " #NAME "\n" TEXT "\nbuilt_with memsh_plugin.h @VERSION@\n"

#ifdef __cplusplus
#define MEMSH_EXTERN extern "C"
#define MEMSH_STATIC_ASSERT static_assert
#else
#define MEMSH_EXTERN
#define MEMSH_STATIC_ASSERT _Static_assert
#endif

#ifdef _WIN32
#define MEMSH_EXPORT __declspec(dllexport)
#else
#define MEMSH_EXPORT __attribute__((visibility("default"), used))
#endif"#;

fn header() -> String {
    let config = Config {
        language: Language::C,
        style: Style::Type,
        cpp_compat: true,
        include_guard: Some("MEMSH_PLUGIN_H".to_owned()),
        header: Some(BEFORE.to_owned()),
        after_includes: Some(MACRO.replace("@VERSION@", env!("CARGO_PKG_VERSION"))),
        documentation_style: DocumentationStyle::C99,
        usize_is_size_t: true,
        no_includes: true,
        sys_includes: ["stdbool.h", "stddef.h", "stdint.h"].map(str::to_owned).to_vec(),
        line_length: 132,
        tab_width: 4,
        export: ExportConfig {
            include: ["MemshDescriptor", "MemshCreate"].map(str::to_owned).to_vec(),
            ..ExportConfig::default()
        },
        ..Config::default()
    };
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/c.rs");
    let bindings = Builder::new().with_config(config).with_src(source).generate().expect("src/c.rs is understood");
    let mut out = Vec::new();
    bindings.write(&mut out);
    // Links of rustdoc mean nothing in C.
    String::from_utf8(out).unwrap().replace("[`", "`").replace("`]", "`")
}

#[test]
fn the_header_for_c_is_what_the_interface_is() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bindings/c/memsh_plugin.h");
    let made = header();
    if std::env::var_os("MEMSH_BLESS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == made,
        "bindings/c/memsh_plugin.h is not what src/c.rs says: MEMSH_BLESS=1 cargo test -p memsh-plugin --test header"
    );
}
