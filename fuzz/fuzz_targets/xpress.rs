#![no_main]

use memsh::codec::Codec;

// No data may write past the buffer, or hang; what fits into a large buffer fits into one of its size, and is the same.
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let [room, rest @ ..] = data else { return };
    for codec in [Codec::Xpress, Codec::XpressHuffman, Codec::Lznt1] {
        let mut large = vec![0; 70_000];
        let whole = codec.unpack(rest, &mut large);
        let mut out = vec![0; usize::from(*room) * 64];
        if let Ok(n) = codec.unpack(rest, &mut out) {
            assert!(n <= out.len());
            if let Ok(all) = whole {
                let same = n.min(all);
                assert!(out[..same] == large[..same], "{}", codec.name());
            }
        }
        // Where nothing is said of the length, all 512 symbols of the Huffman table have nine bits.
        if codec == Codec::XpressHuffman {
            let given = [&[0x99; 256][..], rest].concat();
            let _ = codec.unpack(&given, &mut out);
        }
    }
});
