//! `bindings/c/memsh.h` is what cbindgen makes of this crate. `MEMSH_BLESS=1` writes it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../../../plugin-api/tests/made/mod.rs"]
mod made;

use cbindgen::{Config, EnumConfig, ExportConfig, RenameRule};

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

#[test]
fn the_header_is_what_the_library_is() {
    let config = Config {
        enumeration: EnumConfig { rename_variants: RenameRule::QualifiedScreamingSnakeCase, ..EnumConfig::default() },
        export: ExportConfig { include: vec!["MemshSpaceKind".to_owned()], ..ExportConfig::default() },
        ..made::config("MEMSH_H", BEFORE)
    };
    made::hold("memsh.h", &made::text(config, &["fail.rs", "row.rs", "target.rs", "space.rs", "scan.rs"]));
}
