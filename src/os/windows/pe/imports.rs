//! What an image imports: `IMAGE_IMPORT_DESCRIPTOR`, `ImgDelayDescr` (delayimp.h), and the pointers that stand in their tables now.

use super::loaded::{Directory, Loaded};
use crate::os::lost::Lost;
use memsh_plugin::{VirtAddr, umem};

/// Libraries of which no image imports more, and functions.
const LIBRARIES: u32 = 4096;
const FUNCTIONS: usize = 1 << 16;

/// Something that is imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The library; none where its name is not resident.
    pub library: Option<String>,
    /// The function, where it is imported by name.
    pub name: Option<String>,
    /// Its number, where it is imported by number.
    pub ordinal: Option<u16>,
    /// Where the pointer to it stands.
    pub slot: VirtAddr,
    /// What stands there; none where that is not resident, or nobody has put an address there yet.
    pub target: Option<VirtAddr>,
    /// Whether it is looked up only when it is called for the first time.
    pub delayed: bool,
}

/// The tables of one library.
struct Tables {
    library: Option<String>,
    /// Names, or 0 where there are none; pointers.
    names: u32,
    slots: u32,
    delayed: bool,
}

struct Collector<'i, 'v, 'l> {
    image: &'i Loaded<'v>,
    lost: &'l mut Lost,
    out: Vec<Import>,
}

/// All that the image imports.
pub fn imports(image: &Loaded<'_>, lost: &mut Lost) -> Vec<Import> {
    let mut all = Collector { image, lost, out: Vec::new() };
    let whole = image.directory(Directory::Import).is_none_or(|(at, _)| all.descriptors(at));
    if !whole && all.out.is_empty() {
        // Drivers throw the names away after their start; the pointers remain.
        all.bare();
    }
    if let Some((at, _)) = image.directory(Directory::DelayImport) {
        all.delayed(at);
    }
    if all.out.len() >= FUNCTIONS {
        all.lost.push(format!("imports of {}: the first {FUNCTIONS} are told", image.name));
    }
    all.out
}

impl Collector<'_, '_, '_> {
    fn tell(&mut self, what: &str) {
        let sentence = format!("imports of {}: {what}", self.image.name);
        self.lost.push(sentence);
    }

    /// The descriptors at `at`, up to one of zeros; whether all of them could be read.
    fn descriptors(&mut self, at: u32) -> bool {
        for i in 0..LIBRARIES {
            let field = |offset: u32| self.image.u32(at.checked_add(20 * i)?.checked_add(offset)?);
            let [Some(names), Some(name), Some(slots)] = [0, 12, 16].map(field) else {
                self.tell(&format!("the names of the libraries are not in memory from number {i} on"));
                return false;
            };
            if name == 0 || slots == 0 {
                return true;
            }
            self.library(Tables { library: None, names, slots, delayed: false }, name);
            if self.out.len() >= FUNCTIONS {
                return true;
            }
        }
        self.tell(&format!("the list of libraries does not end after {LIBRARIES}"));
        true
    }

    fn delayed(&mut self, at: u32) {
        // Old linkers wrote addresses.
        let base = if self.image.headers.wide { None } else { u32::try_from(self.image.base().value()).ok() };
        for i in 0..LIBRARIES {
            let field = |offset: u32| self.image.u32(at.checked_add(32 * i)?.checked_add(offset)?);
            let [Some(flags), Some(name), Some(slots), Some(names)] = [0, 4, 12, 16].map(field) else {
                return self.tell(&format!("the delayed ones are not in memory from library {i} on"));
            };
            if name == 0 || slots == 0 {
                return;
            }
            let place = |at: u32| if flags & 1 == 1 { Some(at) } else { at.checked_sub(base?) };
            let (Some(name), Some(slots), Some(names)) = (place(name), place(slots), place(names)) else {
                return self.tell(&format!("library {i} of the delayed ones lies outside of the image"));
            };
            self.library(Tables { library: None, names, slots, delayed: true }, name);
            if self.out.len() >= FUNCTIONS {
                return;
            }
        }
        self.tell(&format!("the list of delayed libraries does not end after {LIBRARIES}"));
    }

    fn library(&mut self, tables: Tables, name: u32) {
        let library = self.image.text(name);
        if library.is_none() {
            self.tell(&format!("the name of the library at {name:#x} is not in memory"));
        }
        self.functions(&Tables { library, ..tables });
    }

    fn functions(&mut self, tables: &Tables) {
        let size = if self.image.headers.wide { 8 } else { 4 };
        let own = || tables.library.clone().unwrap_or_else(|| "a library".to_owned());
        let mut unnamed = 0u32;
        for i in 0u32.. {
            if self.out.len() >= FUNCTIONS {
                return;
            }
            let place = |table: u32| table.checked_add(i.checked_mul(size)?);
            let pointer = place(tables.slots).and_then(|at| self.image.word(at));
            let says = if tables.names == 0 { None } else { place(tables.names).and_then(|at| self.image.word(at)) };
            match (tables.names, says, pointer) {
                // Without names the pointers end where there is none.
                (0, _, Some(0)) | (1.., Some(0), _) => break,
                (0, _, None) => {
                    self.tell(&format!("those of {} are not in memory from number {i} on", own()));
                    break;
                }
                (1.., None, _) => {
                    self.tell(&format!("the names of those of {} are not in memory from number {i} on", own()));
                    break;
                }
                _ => {}
            }
            let Some(slot) = place(tables.slots) else { break };
            let (name, ordinal) = self.called(says);
            unnamed += u32::from(says.is_some() && name.is_none() && ordinal.is_none());
            // As long as nobody has put an address there, the file's words are there: those of the names.
            let target = pointer.filter(|&p| p != 0 && says != Some(p)).map(|p| VirtAddr::new(umem::from(p)));
            let (library, slot, delayed) = (tables.library.clone(), self.image.at(slot), tables.delayed);
            self.out.push(Import { library, name, ordinal, slot, target, delayed });
        }
        if unnamed > 0 {
            self.tell(&format!("{unnamed} names of those of {} are not in memory", own()));
        }
    }

    /// Name or number, as a word of the table of names says: the highest bit tells numbers.
    fn called(&self, says: Option<u64>) -> (Option<String>, Option<u16>) {
        let Some(says) = says else { return (None, None) };
        if says >> if self.image.headers.wide { 63 } else { 31 } & 1 == 1 {
            return (None, u16::try_from(says & 0xffff).ok());
        }
        // Before the name stands a hint of two bytes.
        let name = u32::try_from(says).ok().and_then(|at| self.image.text(at.checked_add(2)?));
        (name.filter(|n| !n.is_empty()), None)
    }

    /// The pointers alone: the table of all of them has a directory of its own.
    fn bare(&mut self) {
        let Some((at, size)) = self.image.directory(Directory::Iat) else { return };
        let width = if self.image.headers.wide { 8 } else { 4 };
        for i in 0..(size / width).min(1 << 16) {
            let Some(slot) = at.checked_add(i * width) else { break };
            let Some(pointer) = self.image.word(slot) else {
                return self.tell(&format!("the table of pointers is not in memory from number {i} on"));
            };
            if pointer != 0 {
                let (slot, target) = (self.image.at(slot), Some(VirtAddr::new(umem::from(pointer))));
                self.out.push(Import { library: None, name: None, ordinal: None, slot, target, delayed: false });
            }
        }
    }
}
