//! Opening a tiny machine, and asking the system in it.

use crate::builders::windows::Machine;
use memsh::image::{OpenOptions, open_bytes};
use memsh::os::{Detection, Hints, OsLayer, detect};
use memsh::{VirtAddr, umem};
use memsh_plugin::*;

/// What `bytes` hold, by the search that a session does.
pub fn search(bytes: Vec<u8>) -> Detection {
    let image = open_bytes(bytes, "tiny", &OpenOptions::default()).unwrap();
    let hints =
        Hints { windows: image.windows.clone(), cpus: image.cpus.clone(), machine: image.machine.clone(), ..Hints::default() };
    detect(&image.memory, &hints)
}

/// The system of a machine.
pub fn system(m: &Machine) -> OsLayer {
    found(search(m.raw()))
}

/// What was found, or everything that was tried.
pub fn found(detection: Detection) -> OsLayer {
    let steps = detection.steps;
    detection.layer.unwrap_or_else(|e| panic!("{e}: {steps:#?}"))
}

pub fn number(at: VirtAddr) -> u64 {
    u64::try_from(at.value()).unwrap()
}

pub fn virt(at: u64) -> VirtAddr {
    VirtAddr::new(umem::from(at))
}

/// A listing: its rows, and what was lost.
pub fn rows<T: Clone>(listing: CResult<Listing<T>, ApiError>) -> (Vec<T>, Vec<String>) {
    let listing = Result::from(listing).unwrap();
    let lost = listing.lost.iter().map(plain).collect();
    (listing.items.to_vec(), lost)
}

/// The processes that are listed.
pub fn processes(os: &OsLayer) -> (Vec<ProcessInfo>, Vec<String>) {
    rows(os.os.processes())
}

/// The process at `address`.
pub fn process(os: &OsLayer, address: u64) -> ProcessInstanceBox<'static> {
    Result::from(os.os.process(virt(address))).unwrap()
}

pub fn text(t: Option<&Text>) -> Option<String> {
    t.map(plain)
}

pub fn plain(t: &Text) -> String {
    t.to_string_lossy().into_owned()
}
