#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| memsh_fuzz::image(&[&[0x04, 0x22, 0x4d, 0x18], data].concat(), None));
