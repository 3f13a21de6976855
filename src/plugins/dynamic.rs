//! Layers that plugins make.

use super::chain::{Access, Kind, LayerSpec, misplaced};
#[cfg(target_os = "linux")]
use super::checked::Checked;
use super::handed;
use super::inspect::PluginKind;
#[cfg(target_os = "linux")]
use super::isolate;
use super::library::Connector;
use super::registry::{Entry, Registry};
use crate::engine::Memory;
use crate::image::{CpuState, Image, ImageFacts, Trouble};
use crate::live::Arguments;
use crate::live::middleware::Middleware;
use crate::os::{Detection, DetectionStep, OsLayer, foreign};
use crate::symbols::SymbolTable;
use crate::{Error, ErrorKind, Layer, Result};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A plugin's connector; on `below`, where it stands on a system.
///
/// # Errors
/// When there is none of that name, it can't be used, or as the plugin.
pub fn connector(layer: &LayerSpec, below: Option<&OsLayer>, access: &Access) -> Result<Image> {
    let registry = Registry::scan(&access.plugins);
    let entry = registry.find(PluginKind::Connector, &layer.name);
    let entry = entry.ok_or_else(|| unknown(layer, PluginKind::Connector, &registry))?;
    let (middleware, own) = Middleware::take(&entry.name, &layer.arguments, &entry.arguments)?;
    let arguments = Arguments::parse(&entry.name, &own, &entry.arguments)?;
    let mut trouble: Option<Trouble> = None;
    let source: Connector = match &access.isolate {
        Some((program, timeout)) => {
            if below.is_some() {
                let why = "with --isolate it runs in another process, where the OS layer below is not";
                return Err(misplaced(layer, why).hint("leave --isolate away"));
            }
            isolated(entry, &own, program, *timeout, access.write, &mut trouble)?
        }
        None => entry.load()?.connector(&arguments, below.map(handed::system), access.write)?,
    };
    let machine = source.machine();
    let memory = Memory::from_arc(source);
    let mut facts = ImageFacts::named(layer.written(), &layer.name);
    facts.details.push(("plugin".into(), entry.path.as_ref().map(|p| p.display().to_string()).unwrap_or_default()));
    facts.details.push(("plugin_version".into(), entry.version.clone().unwrap_or_default()));
    let mut image = Image::of_memory(memory, facts);
    image.machine = machine.machine.as_ref().map(|m| m.to_string_lossy().into_owned());
    image.vmcoreinfo = machine.vmcoreinfo.as_ref().map(|note| note.as_bytes().to_vec());
    image.trouble = trouble;
    image.cpus = machine.processors.iter().map(CpuState::from).collect();
    Ok(middleware.apply(image))
}

/// A connector's plugin in a process of its own.
#[cfg(target_os = "linux")]
fn isolated(
    entry: &Entry,
    arguments: &str,
    program: &Path,
    timeout: Duration,
    write: bool,
    trouble: &mut Option<Trouble>,
) -> Result<Connector> {
    let (Some(file), Some(found)) = (&entry.path, &entry.found) else {
        return Err(Error::new(Layer::Connector, ErrorKind::Invalid, format!("{} is no plugin", entry.name)));
    };
    let hosted = isolate::Hosted { program, file, symbol: &found.symbol, name: &entry.name, timeout };
    let connector = Arc::new(Checked::new(&entry.name, isolate::start(&hosted, arguments, write)?)?);
    let asked = Arc::clone(&connector);
    *trouble = Some(Arc::new(move || asked.inner().trouble()));
    Ok(connector)
}

#[cfg(not(target_os = "linux"))]
fn isolated(_: &Entry, _: &str, _: &Path, _: Duration, _: bool, _: &mut Option<Trouble>) -> Result<Connector> {
    Err(Error::new(Layer::Connector, ErrorKind::Unsupported, "--isolate works on Linux only"))
}

/// A plugin's OS layer.
///
/// # Errors
/// As [`connector`].
pub fn system(layer: &LayerSpec, image: Option<&Image>, access: &Access) -> Result<Detection> {
    let registry = Registry::scan(&access.plugins);
    let entry = registry.find(PluginKind::Os, &layer.name).ok_or_else(|| unknown(layer, PluginKind::Os, &registry))?;
    let plugin = entry.load()?;
    let arguments = Arguments::parse(&entry.name, &layer.arguments, &entry.arguments)?;
    let began = Instant::now();
    let os = plugin.os(&arguments, image.map(|image| handed::memory(&image.memory)), access.write)?;
    let made = foreign::layer(Arc::new(os), SymbolTable::default());
    let step = DetectionStep {
        step: layer.name.clone(),
        method: format!("plugin {}", entry.path.as_ref().map(|p| p.display().to_string()).unwrap_or_default()),
        found: true,
        detail: made.os.os_info().version.to_string_lossy().into_owned(),
        time: began.elapsed(),
    };
    Ok(Detection { layer: Ok(made), steps: vec![step], base: None })
}

fn unknown(layer: &LayerSpec, kind: PluginKind, registry: &Registry) -> Error {
    let what = match layer.kind {
        Kind::Connector => "connector",
        Kind::Os => "OS layer",
    };
    let names = registry.names(kind).join(", ");
    Error::new(Layer::Connector, ErrorKind::NotFound, format!("there is no {what} {}", layer.name))
        .hint(format!("there are {names}; `memsh plugins list` shows them all, and files that can't be used"))
}
