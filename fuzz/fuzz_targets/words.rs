#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| memsh_fuzz::words::any(data));
