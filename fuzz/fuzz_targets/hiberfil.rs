#![no_main]

// Sets and tables begin on page boundaries, farther on than the fuzzer's inputs reach: the header is given, and names the page where
// the input lies. The first byte chooses which header.
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let [choice, rest @ ..] = data else { return };
    memsh_fuzz::image(rest, Some("hiberfil"));
    // Length of the header, offset of the page number, offset of a count, width.
    let (length, page, count, wide) = [
        (0x3e0u32, 0x70, Some(0x230), true),
        (0x340, 0x54, Some(0x210), false),
        (0x128, 0x68, None, true),
        (0xe0, 0x50, None, false),
        (0xa8, 0x58, None, false),
        (0xc0, 0x68, None, true),
    ][usize::from(choice % 6)];
    let mut file = vec![0; 4096];
    file[..4].copy_from_slice(b"HIBR");
    file[0xc..0x10].copy_from_slice(&length.to_le_bytes());
    let size_at = if wide { 0x18 } else { 0x14 };
    file[size_at..size_at + 4].copy_from_slice(&4096u32.to_le_bytes());
    file[page] = 1;
    if let Some(count) = count {
        file[count] = 200;
    }
    file.extend(rest);
    if count.is_none() {
        // The blocks of a table stand in the page behind it.
        file.resize(file.len().max(8192), 0);
        file.extend(rest);
    }
    memsh_fuzz::image(&file, Some("hiberfil"));
});
