//! What the first bytes of code often are on x86 and x86-64.

/// A phrase for bytes that look like the beginning of code; none for others.
pub fn hint(bytes: &[u8]) -> Option<&'static str> {
    const BEGINNINGS: [(&[u8], &str); 17] = [
        (b"\x90\x90\x90\x90", "a run of nop"),
        (b"\xf3\x0f\x1e\xfa", "endbr64: a function begins"),
        (b"\x55\x48\x89\xe5", "push rbp; mov rbp, rsp: a function begins"),
        (b"\x55\x48\x8b\xec", "push rbp; mov rbp, rsp: a function begins"),
        (b"\x55\x89\xe5", "push ebp; mov ebp, esp: a function begins"),
        (b"\x55\x8b\xec", "push ebp; mov ebp, esp: a function begins"),
        (b"\x8b\xff\x55\x8b\xec", "mov edi, edi; push ebp: a function begins"),
        (b"\x48\x83\xec", "sub rsp: a function begins"),
        (b"\x48\x81\xec", "sub rsp: a function begins"),
        (b"\x48\x89\x5c\x24", "mov [rsp+n], rbx: a function begins"),
        (b"\x40\x53\x48\x83\xec", "push rbx; sub rsp: a function begins"),
        (b"\xfc\x48", "cld: shellcode often begins so"),
        (b"\xfc\xe8", "cld; call: shellcode often begins so"),
        (b"\xe8\x00\x00\x00\x00", "call to the next instruction: shellcode often begins so"),
        (b"\x48\x31", "xor of a register: shellcode often begins so"),
        (b"\x31\xc0", "xor eax, eax: shellcode often begins so"),
        (b"\x33\xc0", "xor eax, eax: shellcode often begins so"),
    ];
    let begins = BEGINNINGS.iter().find(|(start, _)| bytes.starts_with(start)).map(|(_, what)| *what);
    // A jump to somewhere near: a hook's way back, or a table of them.
    begins.or(match bytes {
        [0xe9, _, _, _, 0x00 | 0xff, ..] => Some("jmp: a trampoline often begins so"),
        [0xff, 0x25, ..] => Some("jmp [address]: a trampoline often begins so"),
        [0x4c | 0x49 | 0x48, 0xb8..=0xbb, ..] => Some("mov of a 64-bit number: a trampoline often begins so"),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::hint;

    #[test]
    fn beginnings() {
        assert_eq!(hint(b"\xfc\x48\x83\xe4"), Some("cld: shellcode often begins so"));
        assert_eq!(hint(b"\xe9\x10\x20\x00\x00"), Some("jmp: a trampoline often begins so"));
        assert_eq!(hint(b"\x00\x00"), None);
    }
}
