//! `drivers`: driver objects of Windows and their devices; drivers that were unloaded.

use super::cells::{Hex, Time, number};
use super::context::Context;
use super::failure::Result;
use super::glob::Glob;
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::windows::kernel;
use crate::os::windows::drivers::objects::{self, WithDevices};
use crate::os::windows::drivers::unloaded::{Unloaded, unloaded};
use schemars::JsonSchema;
use serde::Serialize;

/// List drivers that have an object, with their devices, or those that were unloaded (Windows)
#[derive(clap::Args, Debug)]
pub struct Drivers {
    /// Only drivers with this name (`*` and `?` stand for anything)
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Only drivers that were unloaded, as far as the kernel remembers them
    #[arg(short, long)]
    unloaded: bool,
    /// Only what looks wrong
    #[arg(short, long)]
    suspicious: bool,
}

/// A device of a driver.
#[derive(Serialize, JsonSchema)]
struct DevicePart {
    /// Path in the tree of objects; null where it has no name.
    path: Option<String>,
    /// Address of its object.
    address: Hex,
    /// Drivers whose devices lie above it and see its requests first, the nearest first.
    attached: Vec<String>,
}

/// A driver.
#[derive(Serialize, JsonSchema)]
pub struct DriverRow {
    /// Name: of the object, or of the file of one that was unloaded.
    name: Option<String>,
    /// `loaded` or `unloaded`.
    state: &'static str,
    /// Where its image lies.
    base: Option<Hex>,
    /// Size of its image in bytes.
    size: Option<u64>,
    /// Path of its object in the tree of objects.
    path: Option<String>,
    /// Address of its object.
    address: Option<Hex>,
    /// When it was unloaded.
    unload_time: Option<Time>,
    /// Whether its image is in no list of modules; null where it has none of its own.
    hidden: Option<bool>,
    /// Names of its devices; the address where one has none.
    device_names: Vec<String>,
    /// Its devices.
    devices: Vec<DevicePart>,
    /// Whether it can't be right.
    suspicious: bool,
    /// Why it can't be right.
    reason: Option<&'static str>,
}

impl Command for Drivers {
    type Row = DriverRow;
    const NAME: &'static str = "drivers";
    const ALIASES: &'static [&'static str] = &["driverscan", "drvobj"];
    const SUMMARY: &'static str = "List driver objects and their devices, or drivers that were unloaded (Windows)";
    const SHAPE: Shape =
        Shape::List(&["name", "state", "base", "size", "unload_time", "?path", "devices=device_names", "reason"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("drivers", "driver objects and their devices"),
        ("drivers --unloaded", "what was unloaded, and when"),
        ("drivers --suspicious", "drivers whose image no list has"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, DriverRow>) -> Result<()> {
        let kernel = kernel(cx, Self::NAME)?;
        let glob = self.name.as_deref().map(Glob::any_case).transpose()?;
        let rows: Vec<DriverRow> = match self.unloaded {
            true => cx.take(&unloaded(kernel)).iter().map(gone).collect(),
            false => cx.take(&objects::drivers(kernel)).iter().map(row).collect(),
        };
        cx.nothing(match (self.unloaded, rows.len()) {
            (true, 0) => "the kernel remembers no driver that was unloaded".to_owned(),
            (_, n) => format!("none of {n} drivers matches"),
        });
        for row in rows {
            let named = glob.as_ref().is_none_or(|g| row.name.as_deref().is_some_and(|n| g.matches(n)));
            if named && (!self.suspicious || row.suspicious) {
                out.push(&row)?;
            }
        }
        Ok(())
    }
}

fn row(d: &WithDevices) -> DriverRow {
    let hidden = d.listed.map(|listed| !listed);
    DriverRow {
        name: Some(d.driver.name.clone()),
        state: "loaded",
        base: d.driver.base.map(Hex::from),
        size: d.driver.size.map(number),
        path: Some(d.driver.path.clone()),
        address: Some(Hex::from(d.driver.object)),
        unload_time: None,
        hidden,
        device_names: d.devices.iter().map(|v| v.path.clone().unwrap_or_else(|| v.object.to_string())).collect(),
        devices: d
            .devices
            .iter()
            .map(|v| DevicePart { path: v.path.clone(), address: Hex::from(v.object), attached: v.attached.clone() })
            .collect(),
        suspicious: hidden == Some(true) || !d.driver.in_tree,
        reason: match (hidden, d.driver.in_tree) {
            (Some(true), false) => Some("its image is in no list of modules, its object in no directory"),
            (Some(true), true) => Some("its image is in no list of modules"),
            (_, false) => Some("its object is in no directory"),
            _ => None,
        },
    }
}

fn gone(u: &Unloaded) -> DriverRow {
    DriverRow {
        name: u.name.clone(),
        state: "unloaded",
        base: Some(Hex::from(u.base)),
        size: Some(number(u.size)),
        path: None,
        address: None,
        unload_time: u.time.map(Time),
        hidden: None,
        device_names: Vec::new(),
        devices: Vec::new(),
        suspicious: false,
        reason: None,
    }
}
