#![no_main]

// A header is two pages, longer than the fuzzer's inputs: theirs is laid over one that Windows left unset. The first byte chooses its
// width, the second the type; the next 4 KiB go where the types' own headers are, what is left into the first page.
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let [width, kind, rest @ ..] = data else { return };
    let wide = width % 2 == 1;
    let size = if wide { 0x2000 } else { 0x1000 };
    let mut dump = b"PAGE".repeat(size / 4);
    let (own, first) = rest.split_at(rest.len().min(0x200));
    for (to, from) in dump[8..].iter_mut().zip(first) {
        *to = *from;
    }
    dump[4..8].copy_from_slice(if wide { b"DU64" } else { b"DUMP" });
    dump[if wide { 0xf98 } else { 0xf88 }..][..4].copy_from_slice(&u32::from(kind % 12).to_le_bytes());
    match kind % 12 {
        2 | 5..=7 => dump.extend(if width & 2 == 0 { b"SDMPDUMP" } else { b"FDMPDUMP" }),
        8..=10 => dump.extend(b"\x40\0\0\0RDMPDUMP"),
        _ => {}
    }
    dump.extend(own);
    dump.resize(dump.len() + 0x1000, 0x5a);
    memsh_fuzz::image(&dump, Some("crashdump"));
});
