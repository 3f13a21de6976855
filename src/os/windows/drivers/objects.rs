//! Driver objects and their devices: `_DRIVER_OBJECT`, `_DEVICE_OBJECT`.

use crate::os::lost::Lost;
use crate::os::windows::base::kernel::Kernel;
use crate::os::windows::hooks::owner::Owners;
use crate::os::windows::objects::Objects;
use memsh_plugin::{Listing, VirtAddr, umem};
use std::collections::HashSet;

/// `IRP_MJ_...` (wdm.h), in the order of their numbers.
pub const FUNCTIONS: [&str; 28] = [
    "CREATE",
    "CREATE_NAMED_PIPE",
    "CLOSE",
    "READ",
    "WRITE",
    "QUERY_INFORMATION",
    "SET_INFORMATION",
    "QUERY_EA",
    "SET_EA",
    "FLUSH_BUFFERS",
    "QUERY_VOLUME_INFORMATION",
    "SET_VOLUME_INFORMATION",
    "DIRECTORY_CONTROL",
    "FILE_SYSTEM_CONTROL",
    "DEVICE_CONTROL",
    "INTERNAL_DEVICE_CONTROL",
    "SHUTDOWN",
    "LOCK_CONTROL",
    "CLEANUP",
    "CREATE_MAILSLOT",
    "QUERY_SECURITY",
    "SET_SECURITY",
    "POWER",
    "SYSTEM_CONTROL",
    "DEVICE_CHANGE",
    "QUERY_QUOTA",
    "SET_QUOTA",
    "PNP",
];

/// More devices has no driver.
const MOST: usize = 4096;
/// More devices lie above none.
const HIGHEST: usize = 64;

/// A driver that has an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Driver {
    /// The object.
    pub object: VirtAddr,
    /// Last part of its path.
    pub name: String,
    /// Path in the tree of objects: `\Driver\disk`.
    pub path: String,
    /// Where its image lies, and its size in bytes.
    pub base: Option<VirtAddr>,
    /// See `base`.
    pub size: Option<umem>,
    /// Whether its object is in the tree of objects; else a device that is led to it.
    pub in_tree: bool,
}

/// A device of a driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// The object.
    pub object: VirtAddr,
    /// Its path, where it has one.
    pub path: Option<String>,
    /// Drivers whose devices lie above it, the nearest first.
    pub attached: Vec<String>,
}

/// A driver with its devices, and whether the system lists its module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WithDevices {
    /// The driver.
    pub driver: Driver,
    /// Its devices.
    pub devices: Vec<Device>,
    /// Whether a module that the system lists begins where its image does; none where that is not known.
    pub listed: Option<bool>,
}

/// Driver objects in the tree of objects, with their devices.
pub fn drivers(kernel: &Kernel) -> Listing<WithDevices> {
    let objects = Objects::new(kernel);
    let mut lost = Lost::default();
    let owners = Owners::new(kernel, &objects, &mut Lost::default());
    let mut out = Vec::new();
    for driver in list(&objects, &mut lost) {
        let devices = devices(&objects, &driver, &mut lost);
        // Drivers that are part of the kernel or made by one have no image of their own.
        let listed = driver.base.filter(|_| driver.size.is_some_and(|s| s > 0)).map(|base| owners.lists(base));
        out.push(WithDevices { driver, devices, listed });
    }
    lost.listing(out)
}

/// Driver objects in the tree of objects, by path; then those that only their devices lead to.
pub(in crate::os::windows) fn list(objects: &Objects<'_>, lost: &mut Lost) -> Vec<Driver> {
    let kernel = objects.kernel();
    let (o, reader) = (&kernel.offsets.driver_object, kernel.reader());
    let driver = |object: VirtAddr, path: String, in_tree: bool| Driver {
        object,
        name: path.rsplit('\\').next().unwrap_or_default().to_owned(),
        path,
        base: reader.ptr_at(object, o.start),
        size: reader.u32_at(object, o.size).map(umem::from),
        in_tree,
    };
    let tree = objects.tree(lost);
    let of_kind = |kind: &'static str| tree.iter().filter(move |n| n.kind.as_deref() == Some(kind));
    let mut out: Vec<Driver> = of_kind("Driver").map(|n| driver(n.object, n.path.clone(), true)).collect();
    let mut known: HashSet<VirtAddr> = out.iter().map(|d| d.object).collect();
    for device in of_kind("Device") {
        let Some(at) = reader.ptr_at(device.object, kernel.offsets.device.driver) else { continue };
        // Only what is a driver object by its header.
        if reader.plausible(at) && objects.type_of(at).as_deref() == Some("Driver") && known.insert(at) {
            let path = reader.unicode_at(at, o.name).filter(|n| !n.is_empty());
            out.push(driver(at, path.unwrap_or_else(|| format!("the driver of {}", device.path)), false));
        }
    }
    out
}

/// Name of the driver of a device.
fn driver_of(kernel: &Kernel, device: VirtAddr) -> Option<String> {
    let (o, reader) = (&kernel.offsets, kernel.reader());
    let driver = reader.ptr_at(device, o.device.driver).filter(|&p| reader.plausible(p))?;
    reader.unicode_at(driver, o.driver_object.name).filter(|n| !n.is_empty())
}

/// Devices of the driver object at `driver`.
fn devices(objects: &Objects<'_>, driver: &Driver, lost: &mut Lost) -> Vec<Device> {
    let kernel = objects.kernel();
    let (o, reader) = (&kernel.offsets, kernel.reader());
    let mut out = Vec::new();
    let mut seen = HashSet::new();
    let mut next = reader.ptr_at(driver.object, o.driver_object.devices);
    while let Some(at) = next {
        if !reader.plausible(at) || !seen.insert(at) || out.len() >= MOST {
            lost.push(format!("{}: the chain of its devices runs wild at {at}", driver.path));
            break;
        }
        let mut attached = Vec::new();
        let mut above = reader.ptr_at(at, o.device.attached);
        while let Some(device) = above.filter(|&p| reader.plausible(p) && attached.len() < HIGHEST) {
            attached.push(driver_of(kernel, device).unwrap_or_else(|| format!("? ({device})")));
            above = reader.ptr_at(device, o.device.attached);
        }
        out.push(Device { object: at, path: objects.path(at), attached });
        next = reader.ptr_at(at, o.device.next);
    }
    out
}
