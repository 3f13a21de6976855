//! A simple LZO1X compressor: literals, and copies from up to 16 KiB back.

fn long(out: &mut Vec<u8>, n: usize) {
    out.extend(std::iter::repeat_n(0, (n - 1) / 255));
    out.push(((n - 1) % 255 + 1) as u8);
}

fn literals(out: &mut Vec<u8>, bytes: &[u8]) {
    match (bytes.len(), out.is_empty()) {
        (0, _) => return,
        (n @ 1..=238, true) => out.push(17 + n as u8),
        // In the last instruction's distance.
        (n @ 1..=3, false) => {
            let at = out.len() - 2;
            out[at] |= n as u8;
        }
        (n @ 4..=18, _) => out.push(n as u8 - 3),
        (n, _) => {
            out.push(0);
            long(out, n - 18);
        }
    }
    out.extend(bytes);
}

/// `data` as one stream.
pub fn pack(data: &[u8]) -> Vec<u8> {
    let mut seen = vec![usize::MAX; 1 << 13];
    let mut out = Vec::new();
    let (mut at, mut from) = (0, 0);
    while at + 4 <= data.len() {
        let word = u32::from_le_bytes(data[at..at + 4].try_into().unwrap());
        let slot = &mut seen[(word.wrapping_mul(0x9e37_79b1) >> 19) as usize];
        let before = std::mem::replace(slot, at);
        if before == usize::MAX || at - before > 0x4000 || data[before..before + 4] != data[at..at + 4] {
            at += 1;
            continue;
        }
        let len = 4 + data[at + 4..].iter().zip(&data[before + 4..]).take_while(|(a, b)| a == b).count();
        literals(&mut out, &data[from..at]);
        if len - 2 <= 31 {
            out.push(32 | (len - 2) as u8);
        } else {
            out.push(32);
            long(&mut out, len - 33);
        }
        out.extend((((at - before - 1) << 2) as u16).to_le_bytes());
        at += len;
        from = at;
    }
    literals(&mut out, &data[from..]);
    out.extend([0x11, 0, 0]);
    out
}
