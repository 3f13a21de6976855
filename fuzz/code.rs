//! Bytes as instructions, and bytes as a memo.

use memsh::disasm::{Decoded, Disassembler, Isa, Syntax};
use memsh::memo::{Memo, Reader, hash};
use std::path::PathBuf;
use std::sync::OnceLock;

/// Instructions of every set, from the first byte on to the last. The first byte of `data` chooses, eight more are the address.
pub fn disasm(data: &[u8]) {
    let Some((head, bytes)) = data.split_first_chunk::<9>() else { return };
    let isa = Isa::ALL[usize::from(head[0]) % Isa::ALL.len()];
    let syntax = if head[0] & 0x80 == 0 { Syntax::Intel } else { Syntax::Att };
    let address = u64::from_le_bytes(head[1..].try_into().expect("eight bytes"));
    let mut d = Disassembler::new(isa, syntax);
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|r| !r.is_empty()) {
        match d.decode(address.wrapping_add(at as u64), rest) {
            Decoded::Instruction(i) => {
                assert!(i.len > 0 && i.len <= rest.len().min(isa.longest()), "{isa:?} {rest:x?}: {i:?}");
                assert!(!i.text.is_empty() && i.text.len() < 200 && i.text.chars().all(|c| (' '..='~').contains(&c)), "{i:?}");
                at += i.len;
            }
            Decoded::Bad(n) => {
                assert!(n > 0);
                at += n;
            }
            Decoded::Short => {
                assert!(rest.len() < isa.longest(), "{isa:?} {rest:x?}");
                break;
            }
        }
    }
}

/// Bytes of the one entry of the good memo: the lengths of a name and of some bytes, both of these, and a hash.
const ENTRY: usize = 8 + b"name".len() + 8 + 8 + b"bytes".len();

/// A memo with this content, right or wrong: it gives what is in it, or nothing.
pub fn memo(data: &[u8]) {
    static FOLDER: OnceLock<(PathBuf, PathBuf, PathBuf, Vec<u8>)> = OnceLock::new();
    let (folder, image, path, good) = FOLDER.get_or_init(|| {
        let folder = std::env::temp_dir().join(format!("memsh-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let image = folder.join("image");
        std::fs::write(&image, b"an image").expect("a file");
        let memo = Memo::new(&folder, &image);
        memo.put("name", 7, b"bytes".to_vec());
        memo.save().expect("a memo");
        let path = std::fs::read_dir(&folder).expect("its folder").filter_map(|e| Some(e.ok()?.path()));
        let path = path.into_iter().find(|p| p.extension().is_some_and(|e| e == "memo")).expect("its file");
        let good = std::fs::read(&path).expect("its bytes");
        (folder, image, path, good)
    });
    let Some((&how, rest)) = data.split_first() else { return };
    let bytes = match how % 4 {
        // Anything; a body with the right hash; the same behind the right version and key; a good one with bytes overwritten.
        0 => rest.to_vec(),
        1 | 2 => {
            let kept = if how % 4 == 1 { 16 } else { good.len() - ENTRY };
            let body = [&good[16..kept], rest].concat();
            [&good[..8], &hash(&body).to_le_bytes(), &body].concat()
        }
        _ => {
            let mut body = good[16..].to_vec();
            for patch in rest.chunks_exact(2) {
                let at = usize::from(patch[0]) % body.len();
                body[at] = patch[1];
            }
            [&good[..8], &hash(&body).to_le_bytes(), &body].concat()
        }
    };
    std::fs::write(path, &bytes).expect("the memo can be replaced");
    let memo = Memo::new(folder, image);
    for (name, input) in [("name", 7), ("kernel", 0), ("symbols", 0), ("", 0)] {
        if let Some(kept) = memo.get(name, input) {
            assert!(kept.len() <= bytes.len());
        }
    }
    let mut reader = Reader(rest);
    while reader.u32().is_some() && reader.bytes().is_some() && reader.u64().is_some() {}
    assert!(reader.raw(usize::MAX).is_none());
}
