#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| memsh_fuzz::image(
    &[b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x04\0\x3e\0", data].concat(),
    None
));
