//! Services and drivers as the service control manager knows them: what the registry says shall run, and what services.exe says does.
//!
//! Each is a witness of its own: a service that runs and has no key was deleted there, or never had one.

mod layout;
mod records;

use super::base::kernel::Kernel;
use super::registry::{Hive, Key, Registry};
use crate::os::lost::Lost;
use memsh_plugin::{Listing, UnixNanos, VirtAddr};
pub use records::Record;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

/// The key that has all of them.
const KEY: &str = "\\REGISTRY\\MACHINE\\SYSTEM\\CurrentControlSet\\Services";

/// What the registry says of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Path of its key.
    pub path: String,
    /// When the key was last changed.
    pub written: Option<UnixNanos>,
    /// `DisplayName`; it may name a text in a file (`@tcpip.sys,-100`).
    pub display: Option<String>,
    /// `Description`, likewise.
    pub description: Option<String>,
    /// `Type`: `SERVICE_*` bits.
    pub kind: Option<u64>,
    /// `Start`.
    pub start: Option<u64>,
    /// `DelayedAutoStart`.
    pub delayed: Option<bool>,
    /// `ImagePath`.
    pub image_path: Option<String>,
    /// `Parameters\ServiceDll`: what svchost.exe loads.
    pub dll: Option<String>,
    /// `ObjectName`: the account that it runs as; of a driver the name of its object.
    pub account: Option<String>,
    /// `Group`: when in the start of the system its turn comes.
    pub group: Option<String>,
}

/// A service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// What the registry says; none where it says nothing.
    pub entry: Option<Entry>,
    /// What services.exe says; none where it says nothing.
    pub record: Option<Record>,
    /// Whether services.exe has no record of it where none was found: that of each service could be read.
    pub asked: bool,
}

impl Service {
    /// `SERVICE_*` bits, of whoever knows them.
    pub fn kind(&self) -> Option<u64> {
        self.entry.as_ref().and_then(|e| e.kind).or_else(|| self.record.as_ref().map(|r| r.kind.into()))
    }

    /// How it is started, of whoever knows.
    pub fn start(&self) -> Option<u64> {
        self.entry.as_ref().and_then(|e| e.start).or_else(|| self.record.as_ref().map(|r| r.start.into()))
    }

    /// Whether services.exe knows it; none where it may, and not all of what it knows can be read.
    pub fn in_memory(&self) -> Option<bool> {
        (self.asked || self.record.is_some()).then_some(self.record.is_some())
    }

    /// What does not fit.
    pub fn reason(&self) -> Option<&'static str> {
        match (&self.entry, &self.record) {
            (None, Some(_)) => Some("services.exe knows it, and the registry has no key of it"),
            // Keys of other things are among them: those of services have both.
            (Some(e), None) if self.asked && e.kind.is_some() && e.start.is_some() => {
                Some("the registry has it, and services.exe does not know it")
            }
            (Some(e), Some(r)) => {
                let other = |a: &Option<String>, b: &Option<String>| a.is_some() && b.is_some() && a != b;
                match e.kind.is_some_and(|k| k != u64::from(r.kind)) {
                    true => Some("the registry has another type of it than services.exe"),
                    false if other(&e.display, &r.display) && e.display.as_ref().is_some_and(|d| !d.starts_with('@')) => {
                        Some("the registry has another display name of it than services.exe")
                    }
                    false => None,
                }
            }
            _ => None,
        }
    }
}

/// The words for `SERVICE_*` bits of a type (winnt.h).
pub fn kinds(bits: u64) -> Vec<&'static str> {
    let known = [
        (1, "kernel_driver"),
        (2, "file_system_driver"),
        (4, "adapter"),
        (8, "recognizer_driver"),
        (0x10, "own_process"),
        (0x20, "share_process"),
        (0x40, "user_service"),
        (0x80, "instance"),
        (0x100, "interactive"),
        (0x200, "package"),
    ];
    known.into_iter().filter(|(bit, _)| bits & bit != 0).map(|(_, name)| name).collect()
}

/// The word for how a service is started (winnt.h).
pub const fn start(number: u64) -> Option<&'static str> {
    Some(match number {
        0 => "boot",
        1 => "system",
        2 => "auto",
        3 => "demand",
        4 => "disabled",
        _ => return None,
    })
}

/// The word for a state (winsvc.h).
pub const fn state(number: u32) -> Option<&'static str> {
    Some(match number {
        1 => "stopped",
        2 => "start_pending",
        3 => "stop_pending",
        4 => "running",
        5 => "continue_pending",
        6 => "pause_pending",
        7 => "paused",
        _ => return None,
    })
}

fn entry(hive: &Hive, key: &Key, path: String) -> Entry {
    let cells = hive.cells();
    let values = cells.values(key).all;
    let data = |name: &str| {
        let value = values.iter().filter_map(|e| e.found.as_ref()).find(|v| v.name.eq_ignore_ascii_case(name))?;
        Some(super::registry::Data::of(value.kind, cells.data(value)?))
    };
    let text = |name: &str| data(name)?.as_text().map(str::to_owned).filter(|t| !t.is_empty());
    let number = |name: &str| data(name)?.as_number();
    let parameters = || {
        let below = cells.child(key, "Parameters")?;
        hive.data(&below, "ServiceDll")?.as_text().map(str::to_owned)
    };
    Entry {
        path,
        written: key.written,
        display: text("DisplayName"),
        description: text("Description"),
        kind: number("Type"),
        start: number("Start"),
        delayed: number("DelayedAutoStart").map(|n| n != 0),
        image_path: text("ImagePath"),
        dll: parameters().or_else(|| text("ServiceDll")),
        account: text("ObjectName"),
        group: text("Group"),
    }
}

/// What the registry says of each.
fn entries(registry: &Registry, interrupt: &AtomicBool, lost: &mut Lost) -> Vec<(String, Entry)> {
    let Some(place) = registry.open(KEY) else {
        lost.push(format!("{KEY} can't be read"));
        return Vec::new();
    };
    let subkeys = place.hive.cells().subkeys(&place.key);
    for wrong in &subkeys.wrong {
        lost.push(format!("{}: {wrong}", place.path));
    }
    let missing = subkeys.all.iter().filter(|e| e.found.is_none()).count();
    if missing > 0 {
        lost.push(format!("{}: {missing} of {} keys can't be read", place.path, subkeys.all.len()));
    }
    let keys = subkeys.all.into_iter().filter_map(|e| e.found).take_while(|_| !interrupt.load(Ordering::Relaxed));
    keys.map(|k| (k.name.clone(), entry(place.hive, &k, format!("{}\\{}", place.path, k.name)))).collect()
}

/// Every service that the registry or services.exe knows.
pub fn services(kernel: &Kernel, registry: &Registry) -> Listing<Service> {
    services_until(kernel, registry, &AtomicBool::new(false))
}

/// The same; what was found until `interrupt` was set.
pub fn services_until(kernel: &Kernel, registry: &Registry, interrupt: &AtomicBool) -> Listing<Service> {
    let mut lost = Lost::default();
    let records = records::records(kernel, interrupt, &mut lost);
    let asked = records.whole;
    let mut by_name: HashMap<String, Record> = records.all.into_iter().map(|r| (r.name.to_lowercase(), r)).collect();
    let mut out = Vec::new();
    for (name, entry) in entries(registry, interrupt, &mut lost) {
        let record = by_name.remove(&name.to_lowercase());
        out.push(Service { name, entry: Some(entry), record, asked });
    }
    let mut rest: Vec<Record> = by_name.into_values().collect();
    rest.sort_by_key(|r| r.order);
    out.extend(rest.into_iter().map(|r| Service { name: r.name.clone(), entry: None, record: Some(r), asked }));
    if let Some(sentence) = registry.exhausted() {
        lost.push(sentence);
    }
    lost.listing(out)
}

/// The address of a record, which is in services.exe.
pub fn address(service: &Service) -> Option<VirtAddr> {
    service.record.as_ref().map(|r| r.address)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_missing_is_no_finding() {
        let entry = Entry { kind: Some(0x10), start: Some(2), ..Entry::default() };
        let mut service = Service { name: "Spooler".to_owned(), entry: Some(entry), record: None, asked: true };
        assert_eq!(service.in_memory(), Some(false));
        assert!(service.reason().unwrap().contains("does not know it"));
        service.asked = false;
        assert_eq!((service.in_memory(), service.reason()), (None, None));
        service.record = Some(Record {
            address: VirtAddr::new(0x1000),
            name: "Spooler".to_owned(),
            display: None,
            order: 1,
            kind: 0x10,
            state: 4,
            start: 2,
            pid: None,
            binary: None,
        });
        assert_eq!((service.in_memory(), service.reason()), (Some(true), None));
    }
}
