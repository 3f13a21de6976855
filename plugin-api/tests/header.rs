//! `bindings/c/memsh_plugin.h` is what cbindgen makes of `src/c.rs`, and a macro. `MEMSH_BLESS=1` writes it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod made;

use cbindgen::{Config, ExportConfig};

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

#[test]
fn the_header_for_c_is_what_the_interface_is() {
    let config = Config {
        after_includes: Some(MACRO.replace("@VERSION@", env!("CARGO_PKG_VERSION"))),
        export: ExportConfig {
            include: ["MemshDescriptor", "MemshCreate"].map(str::to_owned).to_vec(),
            ..ExportConfig::default()
        },
        ..made::config("MEMSH_PLUGIN_H", BEFORE)
    };
    made::hold("memsh_plugin.h", &made::text(config, &["c.rs"]));
}
