//! Loading a plugin's file, and making what it gives.

use super::checked::Checked;
use super::ctable::CTable;
use super::inspect::{Found, PluginKind};
use super::patience::patiently;
use crate::live::Arguments;
use crate::{Error, ErrorKind, Layer, Result};
use libloading::Library;
use memsh_plugin::c::MemshDescriptor;
use memsh_plugin::{
    ApiError, CResult, CommandInstanceBox, CommandRequest, ConnectorInstanceBox, ConnectorRequest, Descriptor, GivenArgument,
    GivenArguments, OsInstanceBox, OsRequest, PhysicalMemory, Text,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A plugin whose code is in this process. It stays to the end: what it made may live as long.
pub struct Loaded {
    name: String,
    path: PathBuf,
    library: &'static Library,
    found: Found,
}

/// Longest failure of a plugin's own words that is told.
const MAX_WORDS: usize = 1000;

/// A plugin's memory, whatever the interface.
pub type Connector = Arc<dyn PhysicalMemory>;

impl Loaded {
    /// Loads the file at `path` for one of the plugins that were found in it.
    ///
    /// # Errors
    /// When it was refused, or the system can't load it.
    pub fn open(path: &Path, found: &Found) -> Result<Self> {
        let name = found.manifest.name.clone();
        let at = path.display();
        if let Some(why) = &found.refused {
            let what = format!("the plugin {name} in {at} can't be used: {why}");
            return Err(Error::new(Layer::Connector, ErrorKind::Unsupported, what)
                .hint("`memsh plugins list` shows every version there is"));
        }
        // SAFETY: loading runs the file's own initialisers: the user put the plugin where plugins are looked for, and its descriptor was
        // found to be one of ours for this machine.
        let library = unsafe { Library::new(path) };
        let library = library.map_err(|e| {
            // The loader's own words.
            let why = std::error::Error::source(&e).map_or_else(|| e.to_string(), ToString::to_string);
            let what = format!("the plugin {name} in {at} can't be loaded: {why}");
            Error::new(Layer::Connector, ErrorKind::Io, what).hint("`ldd` says which library it lacks")
        })?;
        Ok(Self { name, path: path.to_owned(), library: Box::leak(Box::new(library)), found: found.clone() })
    }

    fn failed(&self, what: impl std::fmt::Display) -> Error {
        // Of a plugin's words so many are repeated.
        let what: String = what.to_string().chars().take(MAX_WORDS).collect();
        let what = format!("the plugin {} in {}: {what}", self.name, self.path.display());
        Error::new(Layer::Connector, ErrorKind::Invalid, what)
    }

    /// The descriptor of a plugin that speaks through cglue.
    fn descriptor(&self) -> Result<&'static Descriptor> {
        // SAFETY: the symbol was inspected in the file: it begins with our magic, and the layout that it names, which covers the
        // descriptor's functions, is ours. It is a constant of a library that is never unloaded.
        let symbol = unsafe { self.library.get::<*const Descriptor>(self.found.symbol.as_bytes()) };
        let symbol = symbol.map_err(|e| self.failed(format!("its descriptor is gone: {e}")))?;
        // SAFETY: as above; the loader has aligned it.
        unsafe { symbol.as_ref() }.ok_or_else(|| self.failed("its descriptor is null"))
    }

    /// The descriptor of a plugin that speaks through a C table.
    fn c_descriptor(&self) -> Result<&'static MemshDescriptor> {
        // SAFETY: as in `descriptor`; the layout that it names is the version of the C interface.
        let symbol = unsafe { self.library.get::<*const MemshDescriptor>(self.found.symbol.as_bytes()) };
        let symbol = symbol.map_err(|e| self.failed(format!("its descriptor is gone: {e}")))?;
        // SAFETY: as above.
        unsafe { symbol.as_ref() }.ok_or_else(|| self.failed("its descriptor is null"))
    }

    fn lacks(&self, what: &str) -> Error {
        self.failed(format!("its descriptor has no function that {what}"))
    }

    /// Makes a connector; on `below`, a system, where there is one.
    ///
    /// # Errors
    /// What the plugin says; that it does not answer; that what it says of its memory can't be.
    pub fn connector(&self, arguments: &Arguments, below: Option<OsInstanceBox<'static>>, write: bool) -> Result<Connector> {
        if self.found.is_c {
            if below.is_some() {
                return Err(self.failed("it can't stand on an OS layer"));
            }
            let create = self.c_descriptor()?.create.ok_or_else(|| self.lacks("makes a connector"))?;
            let list: Vec<(String, String)> = arguments.iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
            let (name, raw) = (self.name.clone(), arguments.raw().to_owned());
            let made = move || {
                let made = CTable::create(&name, create, &list, &raw, write)?;
                Ok(Arc::new(Checked::new(&name, made)?) as Connector)
            };
            return patiently("make the connector", made).map_err(|why| self.failed(why))?;
        }
        let descriptor = self.descriptor()?;
        let request = ConnectorRequest { arguments: given(arguments), write };
        type Make = Box<dyn FnOnce() -> CResult<ConnectorInstanceBox<'static>, ApiError> + Send>;
        let make: Make = match below {
            None => {
                let create = descriptor.create_connector.ok_or_else(|| self.lacks("makes a connector"))?;
                Box::new(move || create(request))
            }
            Some(_) if !self.found.stands_on_os => {
                let why = "it can't stand on an OS layer, or was built for another ABI of OS layers";
                return Err(self.failed(why));
            }
            Some(below) => {
                let create = descriptor.create_connector_on.ok_or_else(|| self.lacks("makes a connector on a system"))?;
                Box::new(move || create(request, below))
            }
        };
        let name = self.name.clone();
        // What it says of itself is asked in the same breath: that may take as long.
        let made = patiently("make the connector", move || {
            let made: std::result::Result<ConnectorInstanceBox<'static>, ApiError> = make().into();
            made.map(|made| Checked::new(&name, made))
        });
        let made = made.map_err(|why| self.failed(why))?.map_err(|e| self.failed(e))?;
        Ok(Arc::new(made?))
    }

    /// Makes an OS layer.
    ///
    /// # Errors
    /// As [`connector`](Self::connector).
    pub fn os(
        &self,
        arguments: &Arguments,
        memory: Option<ConnectorInstanceBox<'static>>,
        write: bool,
    ) -> Result<OsInstanceBox<'static>> {
        let create = self.descriptor()?.create_os.ok_or_else(|| self.lacks("makes an OS layer"))?;
        let request = OsRequest { arguments: given(arguments), memory: memory.into(), write };
        // Finding a system may take a pass over all of memory: it is waited for as long as the user likes.
        std::result::Result::from(create(request)).map_err(|e| self.failed(e))
    }

    /// Makes a command.
    ///
    /// # Errors
    /// As [`connector`](Self::connector).
    pub fn command(&self, arguments: &Arguments) -> Result<CommandInstanceBox<'static>> {
        let create = self.descriptor()?.create_command.ok_or_else(|| self.lacks("makes a command"))?;
        let request = CommandRequest { arguments: given(arguments) };
        let made = patiently("make the command", move || create(request)).map_err(|why| self.failed(why))?;
        std::result::Result::from(made).map_err(|e| self.failed(e))
    }

    /// What the connector could be connected to now: a name and a few words each.
    ///
    /// # Errors
    /// As [`connector`](Self::connector), and when it can't tell.
    pub fn targets(&self, arguments: &Arguments) -> Result<Vec<(String, String)>> {
        let cant = || self.failed("it can't tell what there is to connect to");
        if self.found.is_c || self.found.kind != PluginKind::Connector {
            return Err(cant());
        }
        let targets = self.descriptor()?.targets.ok_or_else(cant)?;
        let request = ConnectorRequest { arguments: given(arguments), write: false };
        let listed = patiently("list its targets", move || targets(request)).map_err(|why| self.failed(why))?;
        let lines = std::result::Result::from(listed).map_err(|e| self.failed(e))?;
        let cut = |line: &Text| {
            let line = line.to_string_lossy().into_owned();
            line.split_once('\t').map_or((line.clone(), String::new()), |(a, b)| (a.to_owned(), b.to_owned()))
        };
        Ok(lines.iter().map(cut).collect())
    }
}

/// Arguments as they cross the boundary: flags are `yes` or `no`, sizes numbers of bytes, times milliseconds.
fn given(arguments: &Arguments) -> GivenArguments {
    let one = |(name, value): (&str, &str)| GivenArgument { name: Text::from(name), value: Text::from(value) };
    GivenArguments {
        list: arguments.plain().iter().map(|(n, v)| one((n, v))).collect::<Vec<_>>().into(),
        raw: Text::from(arguments.raw()),
    }
}
