//! The user half of a process: `_PEB`, `_RTL_USER_PROCESS_PARAMETERS`, the loader's lists, and their 32-bit forms under WOW64.

use super::layout::{unicode, utf16, words};
use super::memory::{Arena, PAGE};
use super::process::Process;
use super::{Machine, link};
use std::rc::Rc;

/// Where things lie in the user half.
#[derive(Clone, Debug, Default)]
pub struct User {
    pub peb: u64,
    /// The 32-bit block.
    pub narrow: Option<u64>,
    pub parameters: u64,
    pub environment: u64,
    pub loader: u64,
    /// Base, size, name, path, whether it is in the 32-bit list.
    pub modules: Vec<(u64, u32, String, String, bool)>,
    /// Addresses of the loader's entries, as `modules` are.
    pub entries: Vec<u64>,
    pub command_line: String,
    pub image_path: String,
}

/// Sizes of the parameters' block's parts are those of its longest form; nothing but the members of interest is set.
pub fn write(m: &mut Machine, heap: &mut Arena, p: &Process) -> User {
    let l = Rc::clone(&m.layout);
    let (base, ntdll) = l.bases();
    let mut u = User {
        image_path: format!("C:\\Windows\\System32\\{}", p.spec.name),
        command_line: format!("\"C:\\Windows\\System32\\{}\" -k --first {}", p.spec.name, p.spec.pid),
        ..User::default()
    };
    // A page of its own: it may be taken out.
    u.peb = heap.page(&mut m.memory);
    let own = (base, 0x8000, p.spec.name.to_owned(), u.image_path.clone(), false);
    u.modules = vec![own, module(ntdll, 0x1f_0000, "ntdll.dll"), module(ntdll + 0x80_0000, 0xc_0000, "KERNEL32.DLL")];
    heap.page(&mut m.memory);
    let environment: Vec<u8> = p.spec.environment.iter().flat_map(|(k, v)| utf16(&format!("{k}={v}"))).chain([0, 0]).collect();
    u.environment = heap.store(&mut m.memory, &environment);
    let mut parameters = l.record("_RTL_USER_PROCESS_PARAMETERS");
    let string = |m: &mut Machine, heap: &mut Arena, text: &str| {
        let buffer = heap.store(&mut m.memory, &utf16(text));
        unicode(l.wide, text, buffer)
    };
    parameters.put("ImagePathName", &string(m, heap, &u.image_path));
    parameters.put("CommandLine", &string(m, heap, &u.command_line));
    parameters.put("CurrentDirectory", &string(m, heap, "C:\\Users\\Anna\\"));
    parameters.word("Environment", u.environment).word("EnvironmentSize", environment.len() as u64);
    u.parameters = heap.store(&mut m.memory, &parameters.bytes);
    u.loader = heap.take(&mut m.memory, l.size("_PEB_LDR_DATA"));
    let head = u.loader + l.at("_PEB_LDR_DATA", "InLoadOrderModuleList");
    m.memory.put(heap.root, head, &words(l.wide, &[head, head]));
    for (base, size, name, path, _) in u.modules.clone() {
        let mut entry = l.record("_LDR_DATA_TABLE_ENTRY");
        entry.word("DllBase", base).u32("SizeOfImage", size);
        entry.put("BaseDllName", &string(m, heap, &name)).put("FullDllName", &string(m, heap, &path));
        let at = heap.store(&mut m.memory, &entry.bytes);
        link(&mut m.memory, heap.root, l.wide, head, at + l.at("_LDR_DATA_TABLE_ENTRY", "InLoadOrderLinks"));
        u.entries.push(at);
    }
    let mut peb = l.record("_PEB");
    peb.word("ImageBaseAddress", base).word("Ldr", u.loader).word("ProcessParameters", u.parameters);
    peb.u32("SessionId", p.spec.session.unwrap_or(0));
    let len = peb.bytes.len().min(PAGE as usize);
    m.memory.put(heap.root, u.peb, &peb.bytes[..len]);
    if p.spec.wow64 {
        narrow(m, heap, &mut u);
    }
    if p.spec.paged_out {
        // Page file 1, page 0x1234, `PAGE_READWRITE`; x86-64 has the number in the upper half, as PAE does.
        let entry = match m.memory.mode {
            super::memory::Mode::X86 => 0x0123_4082,
            _ => 0x1234_0000_0082,
        };
        m.memory.set_entry(heap.root, u.peb, entry);
    }
    u
}

fn module(base: u64, size: u32, name: &str) -> (u64, u32, String, String, bool) {
    (base, size, name.to_owned(), format!("C:\\Windows\\SYSTEM32\\{name}"), false)
}

/// The 32-bit block and loader list: `PEB32.Ldr` and `PEB_LDR_DATA32.InLoadOrderModuleList` at 0xc, and of `LDR_DATA_TABLE_ENTRY32`
/// the base at 0x18, the size at 0x20, the whole name at 0x24 and the short one at 0x2c (winternl.h gives all but the last).
fn narrow(m: &mut Machine, heap: &mut Arena, u: &mut User) {
    let block = heap.page(&mut m.memory);
    let loader = heap.page(&mut m.memory);
    m.memory.put(heap.root, block + 0xc, &(loader as u32).to_le_bytes());
    let head = loader + 0xc;
    m.memory.put(heap.root, head, &words(false, &[head, head]));
    for (base, size, name) in [(0x7760_0000, 0x17_0000u32, "ntdll.dll"), (0x7550_0000, 0xe_0000, "kernel32.dll")] {
        let path = format!("C:\\Windows\\SysWOW64\\{name}");
        let mut entry = [0u8; 0x50];
        entry[0x18..0x1c].copy_from_slice(&(base as u32).to_le_bytes());
        entry[0x20..0x24].copy_from_slice(&size.to_le_bytes());
        for (at, text) in [(0x24, path.as_str()), (0x2c, name)] {
            let buffer = heap.store(&mut m.memory, &utf16(text));
            entry[at..at + 8].copy_from_slice(&unicode(false, text, buffer));
        }
        let at = heap.store(&mut m.memory, &entry);
        link(&mut m.memory, heap.root, false, head, at);
        u.modules.push((base, size, name.to_owned(), path, true));
        u.entries.push(at);
    }
    u.narrow = Some(block);
}
