//! Types of kernel modules, on the sample: its modules carry BTF, which goes on from the kernel's.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::expect_used, clippy::panic)]

mod cli;

use cli::{answer, number, sample};
use serde_json::Value;

#[test]
fn a_modules_type_is_found_by_its_name() {
    let port = answer(&["dt", "ports_device"]);
    assert_eq!((&port["type"], &port["module"]), (&"struct ports_device".into(), &"virtio_console".into()));
    let fields = port["fields"].as_array().unwrap();
    let of = |name: &str| fields.iter().find(|f| f["name"] == name).unwrap_or_else(|| panic!("no member {name}"));
    // One member of the kernel's own type, one of the module's.
    assert_eq!((&of("vdev")["type"], &of("vdev")["size"]), (&"struct virtio_device *".into(), &8.into()));
    assert_eq!(of("list")["type"], "struct list_head");
    let named = answer(&["dt", "virtio_console!ports_device"]);
    assert_eq!(named, port);
    let own = answer(&["dt", "list_head"]);
    assert_eq!((&own["module"], &own["size"]), (&serde_json::Value::Null, &16.into()));
    assert_eq!(answer(&["dt", "vmlinux!list_head"])["fields"], own["fields"]);
}

#[test]
fn a_modules_list_is_followed_by_its_types() {
    let field = |row: &Value, name: &str| {
        let fields = row["fields"].as_array().unwrap();
        fields.iter().find(|f| f["name"] == name).unwrap_or_else(|| panic!("no member {name}"))["value"].clone()
    };
    let places = answer(&["dt", "ports_driver_data", "-o"]);
    let at = places["fields"].as_array().unwrap().iter().find(|f| f["name"] == "portdevs").unwrap()["offset"].as_u64().unwrap();
    let devices = answer(&["list", "virtio_console!ports_device.list", &format!("pdrvdata+{at}")]);
    assert_eq!(devices.as_array().unwrap().len(), 1, "the guest has one such device");
    let device = devices[0]["address"].as_str().unwrap().to_owned();
    let ports = number(&Value::from(device.clone())) + offset("ports");
    let ports = answer(&["list", "port.list", &format!("{ports:#x}")]);
    assert!(!ports.as_array().unwrap().is_empty());
    for port in ports.as_array().unwrap() {
        let port = answer(&["dt", "port", port["address"].as_str().unwrap()]);
        assert_eq!(field(&port, "portdev"), device.as_str(), "each port points back to its device");
    }
}

fn offset(name: &str) -> u64 {
    let device = answer(&["dt", "ports_device"]);
    device["fields"].as_array().unwrap().iter().find(|f| f["name"] == name).unwrap()["offset"].as_u64().unwrap()
}

#[test]
fn what_no_module_has_is_said_with_what_there_is() {
    let unknown = sample(&["dt", "no_such_type_at_all"]);
    assert!(unknown.status != 0);
    assert!(unknown.stderr.contains("BTF of the kernel and 2 modules"), "{}", unknown.stderr);
    let module = sample(&["dt", "no_module!list_head"]);
    let text = module.stderr;
    assert!(text.contains("no type list_head of a module no_module") && text.contains("virtio_console"), "{text}");
}
