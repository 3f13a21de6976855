//! What drivers do with requests: `_DRIVER_OBJECT.MajorFunction`.

use super::{Collector, Slot};
use crate::os::windows::drivers::objects::{self, FUNCTIONS};
use crate::os::windows::objects::Objects;
use memsh_plugin::umem;

pub(super) fn collect(all: &mut Collector<'_>, tree: &Objects<'_>) {
    let kernel = all.kernel;
    let (o, reader) = (&kernel.offsets.driver_object, kernel.reader());
    let Some(major) = o.major else { return };
    for driver in objects::list(tree, &mut all.lost) {
        // DriverInit is left out: it lies in memory that is given back after the start.
        let routines = [("DriverStartIo", o.start_io), ("DriverUnload", o.unload)];
        for (index, function) in (0u8..).zip(FUNCTIONS) {
            let slot = driver.object.wrapping_add(major.offset + reader.width() * umem::from(index));
            let Some(target) = reader.ptr(slot) else {
                all.lost.push(format!("{}: its {function} can't be read", driver.path));
                continue;
            };
            if target.is_null() {
                continue;
            }
            let name = format!("{} {function}", driver.path);
            all.push(Slot { table: "irp", index: Some(u64::from(index)), name, slot: Some(slot), detail: None }, target);
        }
        for (function, member) in routines {
            if let Some(target) = reader.ptr_at(driver.object, member) {
                let slot = member.map(|m| driver.object.wrapping_add(m.offset));
                let name = format!("{} {function}", driver.path);
                all.push(Slot { table: "irp", index: None, name, slot, detail: None }, target);
            }
        }
    }
}
