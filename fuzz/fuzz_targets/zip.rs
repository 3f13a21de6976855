#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| memsh_fuzz::image(&[b"PK\x03\x04", data].concat(), None));
