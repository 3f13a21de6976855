//! Which keys are down: the table that the window manager keeps for `GetAsyncKeyState`, one for each session.
//!
//! The table has two bits for each virtual key, whether it is down and whether it is toggled, four keys to a byte. Where it is:
//!
//! - Windows 10 and 11 up to 21H2: `gafAsyncKeyState`, which win32kbase.sys exports. Its data belongs to the session.
//! - since 11 22H2 in the session's state, which a table of pointers leads to; where table and member are, only code says. These places
//!   were described by memflow-win32 (MIT): instructions that load the table, and one that tests a key.
//! - before, win32k.sys has it, and exports it not.

use super::base::kernel::{Kernel, Reader};
use super::pe::PeImage;
use super::{drivers, peb, processes};
use crate::engine::{AddressSpace, ViewExt, index, to_u64};
use crate::os::lost::Lost;
use memsh_plugin::{Listing, ModuleInfo, ProcessInfo, Text, VirtAddr, umem};
use std::collections::BTreeMap;

/// Keys have numbers of eight bits.
const BYTES: usize = 64;
/// The first build whose session state has the table.
const IN_STATE: u32 = 22621;
/// The first build without a driver of its own for states of sessions.
const IN_WIN32K: u32 = 26000;
/// The first build with win32kbase.sys.
const WITH_BASE: u32 = 10240;
/// No driver is larger, in bytes.
const LARGEST: u64 = 16 << 20;
/// No member of a session's state lies further from its beginning.
const FURTHEST: u32 = 0x1_0000;
/// More sessions than this there are not.
const SESSIONS: usize = 1 << 12;
/// Processes in which the drivers' code is looked through before memsh gives up.
const TRIES: u32 = 8;

/// The keys of one session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    /// Its number.
    pub session: u32,
    /// Where its table lies, in the processes of the session.
    pub address: VirtAddr,
    bits: [u8; BYTES],
}

impl Keys {
    fn bit(&self, key: u8, n: u8) -> bool {
        let byte = self.bits.get(usize::from(key >> 2)).copied().unwrap_or(0);
        byte >> ((key & 3) * 2 + n) & 1 == 1
    }

    /// Whether a key is down.
    pub fn is_down(&self, key: u8) -> bool {
        self.bit(key, 0)
    }

    /// Whether a key is toggled: it was pressed an odd number of times, which matters for those that lock.
    pub fn is_toggled(&self, key: u8) -> bool {
        self.bit(key, 1)
    }
}

/// The keys of every session that has a process.
///
/// # Errors
/// In words, where it is not known where they are kept.
pub fn keys(kernel: &Kernel) -> Result<Listing<Keys>, String> {
    if kernel.build.number < WITH_BASE {
        return Err(format!(
            "build {}: win32k.sys keeps the state of keys (gafAsyncKeyState) and does not say where; this needs its symbols, which memsh \
             does not read yet",
            kernel.build.number
        ));
    }
    if !kernel.wide() {
        return Err("it is known where 64-bit Windows 10 and later keep the state of keys, not 32-bit ones".to_owned());
    }
    let mut lost = Lost::default();
    let modules = drivers::list(kernel, &mut lost).map_err(|e| format!("the list of drivers can't be read: {e}"))?;
    let module = |name: &str| modules.iter().find(|m| m.name.to_string_lossy().eq_ignore_ascii_case(name));
    let base = module("win32kbase.sys").ok_or("win32kbase.sys, which knows the state of keys, is not among the drivers")?;
    // In which driver the table of sessions is.
    let states = if kernel.build.number < IN_WIN32K { module("win32ksgd.sys") } else { module("win32k.sys") };
    let (mut out, mut why) = (Vec::new(), None);
    // The driver is the same in every session, and so is what it says.
    let (mut place, mut tries) = (None, 0);
    for (session, members) in sessions(kernel, &mut lost).into_iter().take(SESSIONS) {
        let mut one = |space: &AddressSpace| -> Result<Keys, String> {
            if place.is_none() && tries < TRIES {
                tries += 1;
                place = Some(match kernel.build.number {
                    ..IN_STATE => Place::Exported(exported(space, base)?),
                    _ => in_state(space, base, states)?,
                });
            }
            let at = match place.as_ref().ok_or("no process of the first sessions maps the window manager's code")? {
                Place::Exported(at) => *at,
                Place::State { slots, member } => of_session(space, *slots, session)?.wrapping_add(*member),
            };
            let mut bits = [0; BYTES];
            space.read_exact(at, &mut bits).map_err(|_| format!("the table at {at} is not in the image"))?;
            Ok(Keys { session, address: at, bits })
        };
        // What one process of a session does not map another one may.
        let mut found = Err(None);
        for space in members.iter().filter_map(|p| peb::space(kernel, p.address)) {
            found = one(&space).map_err(|e| found.err().flatten().or(Some(e)));
            if found.is_ok() {
                break;
            }
        }
        match found {
            Ok(keys) => out.push(keys),
            // Nobody sits before session 0.
            Err(_) if session == 0 => {}
            Err(reason) => why = why.or(reason.map(|r| format!("session {session}: {r}"))),
        }
    }
    match (out.is_empty(), why) {
        (true, why) => Err(why.unwrap_or_else(|| "no process of a user's session is there".to_owned())),
        (false, why) => {
            why.into_iter().for_each(|w| lost.push(w));
            Ok(lost.listing(out))
        }
    }
}

/// Where the keys are.
enum Place {
    /// At an address, in every session another table.
    Exported(VirtAddr),
    /// In the session's state, to which the variable at `slots` leads.
    State { slots: VirtAddr, member: umem },
}

/// Processes that have windows, by their session: those first that map the window manager's data at all times.
fn sessions(kernel: &Kernel, lost: &mut Lost) -> BTreeMap<u32, Vec<ProcessInfo>> {
    const FIRST: [&str; 4] = ["csrss.exe", "winlogon.exe", "explorer.exe", "dwm.exe"];
    let mut all: BTreeMap<u32, Vec<ProcessInfo>> = BTreeMap::new();
    for process in processes::list(kernel, lost) {
        let Some(session) = process.session.get() else { continue };
        if !process.kernel_thread && process.exit_time.get().is_none() {
            all.entry(session).or_default().push(process);
        }
    }
    for members in all.values_mut() {
        let rank = |name: &Text| FIRST.iter().position(|f| name.to_string_lossy().eq_ignore_ascii_case(f)).unwrap_or(FIRST.len());
        members.sort_by_key(|p| rank(&p.name));
        members.truncate(FIRST.len());
    }
    all
}

fn exported(space: &AddressSpace, base: &ModuleInfo) -> Result<VirtAddr, String> {
    let named = || {
        let (mut image, _) = PeImage::at(space, base.base)?;
        let (_, exports) = image.exports(space)?;
        exports.into_iter().find(|(name, _)| name == "gafAsyncKeyState")
    };
    let (_, rva) = named().ok_or("win32kbase.sys exports no gafAsyncKeyState, or its exports are not in the image")?;
    Ok(base.base.wrapping_add(umem::from(rva)))
}

/// Where sessions' states are, and in them the table.
fn in_state(space: &AddressSpace, base: &ModuleInfo, states: Option<&ModuleInfo>) -> Result<Place, String> {
    let states = states.ok_or("the driver with the states of sessions is not among the drivers")?;
    let slots = agreed(code(space, states), slots_at)
        .ok_or("the code that finds a session's state is not in the image, or is another")?;
    let member = agreed(code(space, base), member_at).ok_or("the code that tests a key is not in the image, or is another")?;
    Ok(Place::State { slots: VirtAddr::new(slots), member })
}

/// The state of a session: the variable points to a table, whose entries point to a pointer to the state.
fn of_session(space: &AddressSpace, slots: VirtAddr, session: u32) -> Result<VirtAddr, String> {
    let nth = session.checked_sub(1).ok_or("session 0 has no keyboard")?;
    let reader = Reader::new(space);
    let pointer = |at: VirtAddr| reader.ptr(at).filter(|&p| reader.plausible(p));
    let entry = pointer(slots).and_then(|table| pointer(table.wrapping_add(umem::from(nth) * reader.width())));
    Ok(entry.and_then(pointer).ok_or("the pointers to its state are not in the image")?)
}

/// The memory of a driver, page by page as far as it is there, with where each piece lies. Code that crosses two pages is seen, too.
fn code<'s>(space: &'s AddressSpace, module: &ModuleInfo) -> impl Iterator<Item = (VirtAddr, Vec<u8>)> + use<'s> {
    let base = module.base;
    let size = to_u64(module.size).unwrap_or(0).min(LARGEST);
    (0..size).step_by(0x1000).filter_map(move |offset| {
        let at = base.wrapping_add(umem::from(offset));
        let mut bytes = vec![0; 0x1000];
        space.read_exact(at, &mut bytes).ok()?;
        let mut next = [0u8; 32];
        if space.read_exact(at.wrapping_add(0x1000), &mut next).is_ok() {
            bytes.extend_from_slice(&next);
        }
        Some((at, bytes))
    })
}

/// What all places say for which `found` holds; none where they say different things.
fn agreed(code: impl Iterator<Item = (VirtAddr, Vec<u8>)>, found: impl Fn(VirtAddr, &[u8]) -> Option<umem>) -> Option<umem> {
    let mut said = None;
    for (base, bytes) in code {
        for (place, n) in (0..bytes.len().min(0x1000)).zip(0u32..) {
            let Some(value) = bytes.get(place..).and_then(|b| found(base.wrapping_add(umem::from(n)), b)) else { continue };
            if said.is_some_and(|s| s != value) {
                return None;
            }
            said = Some(value);
        }
    }
    said
}

fn number(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().map(|b| u32::from_le_bytes(*b))
}

/// `mov rax, [rip + distance]`, in later builds `dec ecx`, `mov rax, [rax + rcx*8]`: the variable's address.
fn slots_at(at: VirtAddr, code: &[u8]) -> Option<umem> {
    let [0x48, 0x8b, 0x05, rest @ ..] = code else { return None };
    let behind = rest.get(4..)?;
    let behind = behind.strip_prefix(&[0xff, 0xc9]).unwrap_or(behind);
    behind.starts_with(&[0x48, 0x8b, 0x04, 0xc8]).then_some(())?;
    let distance = i32::from_le_bytes(*rest.first_chunk()?);
    Some(at.wrapping_add(7).value().wrapping_add_signed(distance.into()))
}

/// `mov ecx, 0xffff8000`, `and sil, [register + register + distance]`: where in a session's state the keys are. The number is what
/// `GetAsyncKeyState` answers of a key that is down.
fn member_at(_: VirtAddr, code: &[u8]) -> Option<umem> {
    let [0xb9, 0x00, 0x80, 0xff, 0xff, 0x40..=0x47, 0x22, 0xb4, _, rest @ ..] = code else { return None };
    number(rest).filter(|n| *n < FURTHEST).map(umem::from)
}

/// What a key is called (winuser.h, without its `VK_`); none for numbers that have no key.
pub fn name(key: u8) -> Option<String> {
    let named = |names: &[&str], first: u8| {
        let n = key.checked_sub(first)?;
        index(umem::from(n)).and_then(|n| names.get(n)).map(|n| (*n).to_owned())
    };
    match key {
        0x01..=0x06 => named(&["LBUTTON", "RBUTTON", "CANCEL", "MBUTTON", "XBUTTON1", "XBUTTON2"], 0x01),
        0x08..=0x09 => named(&["BACK", "TAB"], 0x08),
        0x0c..=0x0d => named(&["CLEAR", "RETURN"], 0x0c),
        0x10..=0x14 => named(&["SHIFT", "CONTROL", "MENU", "PAUSE", "CAPITAL"], 0x10),
        0x1b => Some("ESCAPE".to_owned()),
        0x20..=0x28 => named(&["SPACE", "PRIOR", "NEXT", "END", "HOME", "LEFT", "UP", "RIGHT", "DOWN"], 0x20),
        0x29..=0x2f => named(&["SELECT", "PRINT", "EXECUTE", "SNAPSHOT", "INSERT", "DELETE", "HELP"], 0x29),
        b'0'..=b'9' | b'A'..=b'Z' => Some(char::from(key).to_string()),
        0x5b..=0x5f => named(&["LWIN", "RWIN", "APPS", "", "SLEEP"], 0x5b).filter(|n| !n.is_empty()),
        0x60..=0x69 => Some(format!("NUMPAD{}", key - 0x60)),
        0x6a..=0x6f => named(&["MULTIPLY", "ADD", "SEPARATOR", "SUBTRACT", "DECIMAL", "DIVIDE"], 0x6a),
        0x70..=0x87 => Some(format!("F{}", key - 0x6f)),
        0x90..=0x91 => named(&["NUMLOCK", "SCROLL"], 0x90),
        0xa0..=0xa5 => named(&["LSHIFT", "RSHIFT", "LCONTROL", "RCONTROL", "LMENU", "RMENU"], 0xa0),
        0xba..=0xc0 => named(&["OEM_1", "OEM_PLUS", "OEM_COMMA", "OEM_MINUS", "OEM_PERIOD", "OEM_2", "OEM_3"], 0xba),
        0xdb..=0xdf => named(&["OEM_4", "OEM_5", "OEM_6", "OEM_7", "OEM_8"], 0xdb),
        0xe2 => Some("OEM_102".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn two_bits_for_each_key() {
        let mut bits = [0; BYTES];
        // A is down; CAPITAL is toggled; the last key is both.
        for (byte, value) in [(0x41 >> 2, 1 << 2), (0x14 >> 2, 2), (63, 0xc0)] {
            *bits.get_mut(byte).unwrap() = value;
        }
        let keys = Keys { session: 1, address: VirtAddr::NULL, bits };
        let down: Vec<u8> = (0..=u8::MAX).filter(|k| keys.is_down(*k)).collect();
        let toggled: Vec<u8> = (0..=u8::MAX).filter(|k| keys.is_toggled(*k)).collect();
        assert_eq!((down, toggled), (vec![0x41, 0xff], vec![0x14, 0xff]));
        assert_eq!(
            [0x41, 0x14, 0x6f, 0x87, 0x5e, 0xff].map(name),
            [Some("A"), Some("CAPITAL"), Some("DIVIDE"), Some("F24"), None, None].map(|n| n.map(str::to_owned))
        );
    }

    #[test]
    fn code_says_where_the_state_is() {
        let at = VirtAddr::new(umem::from(0xffff_f800_0000_1000u64));
        let variable = umem::from(0xffff_f800_0000_1000u64) + 7 + 0x10;
        assert_eq!(slots_at(at, &[0x48, 0x8b, 5, 0x10, 0, 0, 0, 0x48, 0x8b, 4, 0xc8]), Some(variable));
        assert_eq!(slots_at(at, &[0x48, 0x8b, 5, 0x10, 0, 0, 0, 0xff, 0xc9, 0x48, 0x8b, 4, 0xc8]), Some(variable));
        assert_eq!(slots_at(at, &[0x48, 0x8b, 5, 0xf0, 0xff, 0xff, 0xff, 0x48, 0x8b, 4, 0xc8]), Some(variable - 0x20));
        assert_eq!(slots_at(at, &[0x48, 0x8b, 5, 0x10, 0, 0, 0, 0x48, 0x8b, 4]), None);
        assert_eq!(member_at(at, &[0xb9, 0, 0x80, 0xff, 0xff, 0x40, 0x22, 0xb4, 0x10, 8, 0x38, 0, 0]), Some(0x3808));
        assert_eq!(member_at(at, &[0xb9, 0, 0x80, 0xff, 0xff, 0x40, 0x22, 0xb4, 0x10, 8, 0x38, 0, 1]), None);
    }

    #[test]
    fn places_that_disagree_say_nothing() {
        let at = VirtAddr::new(umem::from(0xffff_f800_0000_1000u64));
        let one = [0xb9, 0, 0x80, 0xff, 0xff, 0x40, 0x22, 0xb4, 0x10, 8, 0x38, 0, 0].to_vec();
        let mut other = one.clone();
        *other.last_mut().unwrap() = 0;
        *other.get_mut(9).unwrap() = 0x10;
        let both = [one.clone(), other].concat();
        assert_eq!(agreed([(at, [one.clone(), one].concat())].into_iter(), member_at), Some(0x3808));
        assert_eq!(agreed([(at, both)].into_iter(), member_at), None);
    }
}
