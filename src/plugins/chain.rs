//! Layers on each other, in the order in which they are written: `-C qemu:outer -O linux -C qemu:pid=412 -O linux`.
//!
//! A connector stands on nothing, or on an OS layer, among whose processes its target is. An OS layer stands on a connector, or on
//! nothing where it is this machine's.

use super::dummy::{self, DummyOptions};
use super::dynamic;
use super::systems::{self, Make};
use crate::engine::Memory;
use crate::image::{Image, ImageFacts};
use crate::live::middleware::Middleware;
use crate::live::{self, Arguments, Request};
use crate::os::{Detection, DetectionStep, Hints, OsLayer};
use crate::{Error, ErrorKind, Layer, Result};
use memsh_plugin::PhysAddr;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Whether a layer says where bytes come from, or what they mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `-C`.
    Connector,
    /// `-O`.
    Os,
}

/// One layer as the user wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerSpec {
    /// Connector or OS layer.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// What stands behind `NAME:`.
    pub arguments: String,
}

impl LayerSpec {
    /// Reads `NAME` or `NAME:ARGUMENTS`.
    pub fn new(kind: Kind, written: &str) -> Self {
        let (name, arguments) = written.split_once(':').unwrap_or((written, ""));
        Self { kind, name: name.trim().to_owned(), arguments: arguments.to_owned() }
    }
}

impl LayerSpec {
    /// `NAME` or `NAME:ARGUMENTS`.
    pub fn written(&self) -> String {
        let colon = if self.arguments.is_empty() { "" } else { ":" };
        format!("{}{colon}{}", self.name, self.arguments)
    }
}

impl fmt::Display for LayerSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let option = match self.kind {
            Kind::Connector => "-C",
            Kind::Os => "-O",
        };
        write!(f, "{option} {}", self.written())
    }
}

/// How far a chain has come.
pub struct Opened {
    /// The uppermost connector's memory; empty where there is none.
    pub image: Image,
    /// The system on it, where the chain names one.
    pub system: Option<(OsLayer, Vec<DetectionStep>)>,
}

/// What holds for every layer of a chain.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// Whether the uppermost connector may write.
    pub write: bool,
    /// Folders of plugins.
    pub plugins: Vec<PathBuf>,
    /// The program that hosts connectors' plugins in processes of their own, and how long one batch may take; none to load them here.
    pub isolate: Option<(PathBuf, Duration)>,
    /// Ends the work soon after it becomes true.
    pub interrupt: Option<&'static AtomicBool>,
}

/// Puts `layers` on `first`, an image, or on nothing. `hints` are of the uppermost system.
///
/// # Errors
/// When a layer does not exist, can't stand where it stands, or fails; the error names it.
pub fn open(first: Option<Image>, layers: &[LayerSpec], hints: &Hints, access: &Access) -> Result<Opened> {
    let mut image = first;
    let mut system: Option<(OsLayer, Vec<DetectionStep>)> = None;
    for (i, layer) in layers.iter().enumerate() {
        let last = layers.get(i + 1..).is_none_or(<[LayerSpec]>::is_empty);
        match layer.kind {
            Kind::Connector => {
                if image.is_some() && system.is_none() {
                    let hint =
                        "name the OS layer in between (-O linux, -O windows, -O auto): a connector looks among its processes";
                    return Err(misplaced(layer, "it stands on a connector").hint(hint));
                }
                let below = system.as_ref().map(|(layer, _)| layer);
                let top = layers.get(i + 1..).unwrap_or_default().iter().all(|l| l.kind == Kind::Os);
                let (memory, own) = connect(layer, below, &Access { write: access.write && top, ..access.clone() })?;
                image = Some(memory.within(image.as_ref()));
                system = own.map(|own| (own, Vec::new()));
            }
            Kind::Os => {
                if system.is_some() {
                    let hint = "an OS layer stands on a connector: -C NAME -O NAME";
                    return Err(misplaced(layer, "it stands on an OS layer").hint(hint));
                }
                let hints = if last { hints.clone() } else { hints.below() };
                let access = Access { write: access.write && last, ..access.clone() };
                let detection = make_system(layer, image.as_ref(), &hints, &access)?;
                // A raw image that begins elsewhere than at 0: whoever read it knows where.
                let moved = detection.base.zip(image.as_ref()).map(|(base, image)| image.rebased(base)).transpose()?;
                image = moved.or(image);
                system = Some((detection.layer?, detection.steps));
            }
        }
    }
    let image = image.unwrap_or_else(|| {
        let name = layers.last().map_or("", |l| l.name.as_str());
        Image::of_memory(Memory::nothing(), ImageFacts::named(name, name))
    });
    Ok(Opened { image, system })
}

pub(super) fn misplaced(layer: &LayerSpec, why: &str) -> Error {
    Error::new(Layer::Connector, ErrorKind::Invalid, format!("{layer} can't stand there: {why}"))
}

fn connect(layer: &LayerSpec, below: Option<&OsLayer>, access: &Access) -> Result<(Image, Option<OsLayer>)> {
    if layer.name == "dummy" {
        let (middleware, own) = Middleware::take("dummy", &layer.arguments, &[])?;
        let facts = ImageFacts::named(layer.written(), "dummy");
        let through = |memory: Memory| middleware.apply(Image::of_memory(memory, facts));
        let (image, system) = dummy::open_through(&own.parse::<DummyOptions>()?, through, |image| &image.memory)?;
        return Ok((image, Some(system)));
    }
    let Some(connector) = live::find(&layer.name) else { return Ok((dynamic::connector(layer, below, access)?, None)) };
    let (middleware, own) = Middleware::take(connector.name, &layer.arguments, connector.arguments)?;
    let arguments = Arguments::parse(connector.name, &own, connector.arguments)?;
    let request = Request { arguments, below, write: access.write, interrupt: access.interrupt };
    Ok((middleware.apply((connector.connect)(&request)?), None))
}

fn make_system(layer: &LayerSpec, image: Option<&Image>, hints: &Hints, access: &Access) -> Result<Detection> {
    let Some(system) = systems::find(&layer.name) else { return dynamic::system(layer, image, access) };
    let arguments = Arguments::parse(system.name, &layer.arguments, system.arguments)?;
    match system.make {
        Make::OnMemory(detect) => {
            let Some(image) = image else {
                let hint = format!("{layer} reads a memory: an image or -C NAME before it");
                return Err(misplaced(layer, "there is no connector below it").hint(hint));
            };
            let mut hints = hints.clone().of(image);
            hints.movable =
                image.facts.format == "raw" && image.memory.ranges().first().is_some_and(|r| r.start == PhysAddr::NULL);
            Ok(detect(&image.memory, &hints))
        }
        Make::OnNothing(make) => {
            if image.is_some() {
                let hint = format!("leave what stands before {layer} away; -O auto looks for the system in a memory");
                return Err(misplaced(layer, "it is what runs memsh, and stands on nothing").hint(hint));
            }
            Ok(Detection { layer: Ok(make(&arguments, access.write)?), steps: Vec::new(), base: None })
        }
    }
}
