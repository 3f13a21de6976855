#![no_main]

//! What a plugin's file says of itself: the descriptor in a shared object, and its text; what stands behind a connector's name.

use memsh::live::Arguments;
use memsh::plugins::Manifest;
use memsh::plugins::inspect::inspect_bytes;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    for found in inspect_bytes(data).unwrap_or_default() {
        assert!(!found.manifest.name.is_empty());
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(manifest) = Manifest::parse(text) {
        let _ = Arguments::parse(&manifest.name, text.lines().last().unwrap_or_default(), &manifest.arguments);
    }
});
