//! What an object is called: each type has its own rule.

use super::Objects;
use super::directory::Named;
use crate::os::windows::base::kernel::Reader;
use crate::os::windows::{processes, threads, token};
use memsh_plugin::{VirtAddr, umem};
use std::sync::Arc;

/// More objects are not kept.
const KEPT: usize = 1 << 20;
/// A file opened relative to another, that to a third, ...: no chain is longer.
const RELATIVE: usize = 8;
/// `FO_SYNCHRONOUS_IO` (wdm.h): the file object keeps a position.
const SYNCHRONOUS: u32 = 2;

/// What is known of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// Its type (`File`, `Key`, ...).
    pub kind: Option<Arc<str>>,
    /// What it is called: the path in the tree of names; of a process, thread or token whose it is.
    pub name: Option<String>,
    /// The file: of a file object, and of a section that maps one.
    pub path: Option<String>,
    /// `file`, `pipe`, `device`, ... of a file; else the type's name in small letters.
    pub class: Option<String>,
    /// Whether the file is about to be deleted.
    pub deleted: Option<bool>,
    /// Position in bytes, of files that have one.
    pub position: Option<u64>,
    /// Whether it was opened to read, and to write.
    pub access: Option<(bool, bool)>,
}

/// Devices whose files are not on a disk.
const CLASSES: &[(&str, &str)] = &[
    ("\\Device\\NamedPipe", "pipe"),
    ("\\Device\\Mailslot", "mailslot"),
    ("\\Device\\Afd", "socket"),
    ("\\Device\\ConDrv", "console"),
    ("\\Device\\Null", "device"),
];

impl Objects<'_> {
    /// What the object at `object` is called.
    pub fn describe(&self, object: VirtAddr) -> Arc<Description> {
        if let Some(known) = self.described.borrow().get(&object) {
            return Arc::clone(known);
        }
        let found = Arc::new(self.look(object));
        let mut described = self.described.borrow_mut();
        if described.len() < KEPT {
            described.insert(object, Arc::clone(&found));
        }
        found
    }

    fn look(&self, object: VirtAddr) -> Description {
        let kind = self.type_of(object);
        let class = kind.as_deref().map(str::to_lowercase);
        let mut out = Description { kind, class, ..Description::default() };
        match out.kind.as_deref() {
            Some("File") => self.file(object, &mut out),
            Some("Key") => out.name = self.key_path(object),
            Some("Process") => out.name = self.process_name(object),
            Some("Thread") => out.name = self.thread_name(object),
            Some("Section") => {
                out.name = self.path(object);
                out.path = self.section_file(object);
            }
            Some("Token") => out.name = self.path(object).or_else(|| token::at(self.kernel(), object)?.sid),
            Some("Directory") if self.root() == Some(object) => out.name = Some("\\".to_owned()),
            _ => out.name = self.path(object),
        }
        out
    }

    fn process_name(&self, object: VirtAddr) -> Option<String> {
        let (o, reader) = (&self.kernel().offsets.process, self.kernel().reader());
        let pid = reader.word_at(object, o.pid).and_then(|p| u32::try_from(p).ok())?;
        Some(format!("{} (pid {pid})", processes::short_name(self.kernel(), object).to_string_lossy()))
    }

    fn thread_name(&self, object: VirtAddr) -> Option<String> {
        let (o, reader) = (&self.kernel().offsets, self.kernel().reader());
        let cid = object.wrapping_add(o.thread.cid?.offset);
        let pid = reader.word_at(cid, o.client.process).and_then(|p| u32::try_from(p).ok())?;
        let info = threads::info(self.kernel(), object, pid);
        let name = if info.name.is_empty() { String::new() } else { format!("{} ", info.name.to_string_lossy()) };
        Some(format!("{name}(tid {}, pid {pid})", info.tid))
    }

    pub(super) fn file(&self, object: VirtAddr, out: &mut Description) {
        let (o, reader) = (&self.kernel().offsets.file, self.kernel().reader());
        let device = self.device_of(object);
        let name = reader.unicode_at(object, o.name);
        let known = CLASSES.iter().find(|(d, _)| device.as_deref().is_some_and(|dev| dev.starts_with(d)));
        out.class = Some(match (known, &name) {
            (Some((_, class)), _) => (*class).to_owned(),
            // No name: the device itself is open.
            (None, Some(name)) if name.is_empty() => "device".to_owned(),
            _ => "file".to_owned(),
        });
        out.path = self.file_path(object);
        // What an open file is called in the tree of names is its device: its path says more.
        out.name = out.path.clone();
        let flag = |member| {
            reader.u8_at(object, member).and_then(|b| match b {
                0 => Some(false),
                1 => Some(true),
                _ => None,
            })
        };
        out.deleted = flag(o.delete_pending);
        out.access = flag(o.can_read).zip(flag(o.can_write));
        let synchronous = reader.u32_at(object, o.flags).is_some_and(|f| f & SYNCHRONOUS != 0);
        out.position = reader.u64_at(object, o.position).filter(|&p| synchronous && p < 1 << 63);
    }

    /// Path of the device that a file object is of.
    pub(super) fn device_of(&self, file: VirtAddr) -> Option<String> {
        let reader = self.kernel().reader();
        let device = reader.ptr_at(file, self.kernel().offsets.file.device).filter(|&p| reader.plausible(p))?;
        self.path(device)
    }

    /// Path of a file with its device: `\Device\HarddiskVolume2\Windows\notepad.exe`.
    pub fn file_path(&self, file: VirtAddr) -> Option<String> {
        let (o, reader) = (&self.kernel().offsets.file, self.kernel().reader());
        let mut path = reader.unicode_at(file, o.name)?;
        let mut at = file;
        for _ in 0..RELATIVE {
            // A name without a separator at its beginning is below the file that it was opened from.
            if path.starts_with('\\') {
                break;
            }
            let Some(up) = reader.ptr_at(at, o.related).filter(|&p| reader.plausible(p)) else { break };
            let Some(above) = reader.unicode_at(up, o.name) else { break };
            path = match path.is_empty() {
                true => above,
                false => format!("{}\\{path}", above.trim_end_matches('\\')),
            };
            at = up;
        }
        let device = self.device_of(file).unwrap_or_default();
        let joint = if path.is_empty() || path.starts_with('\\') || device.is_empty() { "" } else { "\\" };
        Some(format!("{device}{joint}{path}")).filter(|p| !p.is_empty())
    }

    /// The file that a section maps.
    fn section_file(&self, object: VirtAddr) -> Option<String> {
        let (o, reader) = (&self.kernel().offsets, self.kernel().reader());
        let at = |p: umem| Some(VirtAddr::new(p)).filter(|&p| reader.plausible(p));
        // The lowest bits say that it is a file object, of another machine.
        let first = match o.section.control_area {
            Some(member) => {
                let word = reader.word_at(object, Some(member))?;
                if word & 3 != 0 {
                    return self.file_path(at(word & !3)?);
                }
                at(word)?
            }
            None => reader.ptr_at(object, o.section_object.segment).filter(|&p| reader.plausible(p))?,
        };
        self.file_path(reader.fast_ref_at(self.control_area(&reader, first)?, o.control_area.file)?)
    }

    /// The control area among the two structures that point at each other: what `first` is, differs with the build.
    fn control_area(&self, reader: &Reader<'_>, first: VirtAddr) -> Option<VirtAddr> {
        let o = &self.kernel().offsets;
        if reader.ptr_at(reader.ptr_at(first, o.segment.control_area)?, o.control_area.segment) == Some(first) {
            return reader.ptr_at(first, o.segment.control_area);
        }
        let segment = reader.ptr_at(first, o.control_area.segment)?;
        (reader.ptr_at(segment, o.segment.control_area) == Some(first)).then_some(first)
    }
}

impl Named {
    /// What there is to say of it beyond its type: where a link leads, which file a section is of.
    pub fn detail(&self, objects: &Objects<'_>) -> Option<String> {
        match self.kind.as_deref() {
            Some("SymbolicLink") => objects.link_target(self.object),
            Some("Section") => objects.describe(self.object).path.clone(),
            _ => None,
        }
    }
}
