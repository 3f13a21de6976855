//! What a plugin's file says of itself, read without loading it: no code of the file runs.

use super::manifest::Manifest;
use memsh_plugin::c::MEMSH_C_ABI;
use memsh_plugin::{
    ABI_VERSION, HEAD_SIZE, INTERFACE_C, INTERFACE_CGLUE, KIND_COMMAND, KIND_CONNECTOR, KIND_OS, MAGIC, SYMBOL_PREFIX, TEXT_SIZE,
    layout,
};
use object::read::{ExportTarget, NameOrOrdinal};
use object::{Architecture, BinaryFormat, Object, ObjectSection, ObjectSymbol};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// What a plugin gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PluginKind {
    /// Where bytes come from.
    Connector,
    /// What they mean.
    Os,
    /// Something to ask.
    Command,
}

impl PluginKind {
    /// Its name: `connector`, `os`, `command`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connector => "connector",
            Self::Os => "os",
            Self::Command => "command",
        }
    }

    const fn of(number: u32) -> Option<Self> {
        match number {
            KIND_CONNECTOR => Some(Self::Connector),
            KIND_OS => Some(Self::Os),
            KIND_COMMAND => Some(Self::Command),
            _ => None,
        }
    }
}

/// One plugin in a file.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its symbol.
    pub symbol: String,
    /// What it gives.
    pub kind: PluginKind,
    /// Version of the interface that it was built with.
    pub abi_version: u32,
    /// Whether it speaks through tables of C functions.
    pub is_c: bool,
    /// Whether it can stand on an OS layer.
    pub stands_on_os: bool,
    /// What it says of itself.
    pub manifest: Manifest,
    /// Why it can't be used, if it can't.
    pub refused: Option<String>,
}

/// Files beyond this are no plugins.
const MAX_FILE: u64 = 256 << 20;
/// Most plugins of one file.
const MAX_PLUGINS: usize = 64;

/// The plugins in the file at `path`.
///
/// # Errors
/// A sentence that says why it holds none: it can't be read, is no shared object, is of another machine, has no descriptor.
pub fn inspect(path: &Path) -> Result<Vec<Found>, String> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|e| format!("can't be opened: {e}"))?;
    let length = file.metadata().map_err(|e| format!("can't be read: {e}"))?;
    if !length.is_file() || length.len() > MAX_FILE {
        return Err(format!("is no file of at most {} MiB", MAX_FILE >> 20));
    }
    file.take(MAX_FILE).read_to_end(&mut bytes).map_err(|e| format!("can't be read: {e}"))?;
    inspect_bytes(&bytes)
}

/// The plugins in a file's bytes.
///
/// # Errors
/// As [`inspect`].
pub fn inspect_bytes(bytes: &[u8]) -> Result<Vec<Found>, String> {
    let Ok(format) = object::FileKind::parse(bytes) else {
        return Err("is no shared object: it does not begin as a file of code does".to_owned());
    };
    let object = object::File::parse(bytes).map_err(|e| format!("is a damaged or truncated {format:?} file: {e}"))?;
    here(&object)?;
    let dynamic = object.dynamic_symbols().filter(object::ObjectSymbol::is_definition);
    let named = dynamic.filter_map(|s| {
        // Mach-O puts an underscore before every name.
        let name = s.name().ok()?;
        let plain = name.strip_prefix('_').filter(|n| n.starts_with(SYMBOL_PREFIX)).unwrap_or(name);
        plain.starts_with(SYMBOL_PREFIX).then(|| (plain.to_owned(), s.address()))
    });
    let mut symbols: Vec<(String, u64)> = named.take(MAX_PLUGINS).collect();
    // A PE file has no dynamic symbols, but exports.
    if symbols.is_empty() {
        let exports = object.exports().into_iter().flatten().flatten().filter_map(|e| match (e.name(), e.target()) {
            (NameOrOrdinal::Name(name), ExportTarget::Address { address }) => {
                Some((String::from_utf8_lossy(name).into_owned(), address))
            }
            _ => None,
        });
        symbols = exports.filter(|(name, _)| name.starts_with(SYMBOL_PREFIX)).take(MAX_PLUGINS).collect();
    }
    if symbols.is_empty() {
        return Err(format!("is no plugin of memsh: it exports no symbol {SYMBOL_PREFIX}*"));
    }
    symbols.sort();
    symbols.dedup();
    symbols.into_iter().map(|(symbol, address)| descriptor(&object, symbol, address)).collect()
}

/// Whether the file could be loaded here.
fn here(object: &object::File<'_>) -> Result<(), String> {
    let (format, machine) = (object.format(), object.architecture());
    let wanted = if cfg!(windows) {
        BinaryFormat::Pe
    } else if cfg!(target_os = "macos") {
        BinaryFormat::MachO
    } else {
        BinaryFormat::Elf
    };
    if format != wanted {
        return Err(format!("is a {format:?} file; this system loads {wanted:?}"));
    }
    let own = match std::env::consts::ARCH {
        "x86_64" => Architecture::X86_64,
        "x86" => Architecture::I386,
        "aarch64" => Architecture::Aarch64,
        "arm" => Architecture::Arm,
        "riscv64" => Architecture::Riscv64,
        // Whether another one fits is left to the loader.
        _ => machine,
    };
    if machine == own { Ok(()) } else { Err(format!("is for {machine:?}; this memsh is for {own:?}")) }
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn descriptor(object: &object::File<'_>, symbol: String, address: u64) -> Result<Found, String> {
    let broken = |what: &str| format!("its descriptor {symbol} {what}");
    let length = u64::try_from(HEAD_SIZE + TEXT_SIZE).unwrap_or(u64::MAX);
    let data = object.sections().find_map(|s| s.data_range(address, length).ok().flatten());
    let data = data.ok_or_else(|| broken("lies outside of the file's data"))?;
    if data.get(..MAGIC.len()) != Some(&MAGIC[..]) {
        return Err(broken("does not begin as one"));
    }
    let word = |at| number(data, at).map_or(0, u32::from_ne_bytes);
    let long = |at| number(data, at).map_or(0, u64::from_ne_bytes);
    let (abi_version, kind, found, below, interface) = (word(8), word(12), long(16), long(24), word(32));
    let used = usize::try_from(word(36)).unwrap_or(usize::MAX).min(TEXT_SIZE);
    let kind = PluginKind::of(kind).ok_or_else(|| broken(&format!("is of a kind that this memsh does not know ({kind})")))?;
    let text = data.get(HEAD_SIZE..HEAD_SIZE + used).unwrap_or_default();
    let text = text.split(|&b| b == 0).next().unwrap_or_default();
    let text = std::str::from_utf8(text).map_err(|_| broken("is not UTF-8 text"))?;
    let manifest = Manifest::parse(text).map_err(|why| broken(&format!("is not understood: {why}")))?;
    let refused = refusal(kind, interface, found, abi_version, &manifest);
    let stands_on_os = kind == PluginKind::Connector && below == layout::CONNECTOR_ON && interface == INTERFACE_CGLUE;
    Ok(Found { symbol, kind, abi_version, is_c: interface == INTERFACE_C, stands_on_os, manifest, refused })
}

/// Why a plugin of this layout can't be used here.
fn refusal(kind: PluginKind, interface: u32, found: u64, abi_version: u32, manifest: &Manifest) -> Option<String> {
    let wanted = match (interface, kind) {
        (INTERFACE_C, PluginKind::Connector) => {
            let words = || format!("built for version {found} of the C interface; this memsh speaks version {MEMSH_C_ABI}");
            return (found != MEMSH_C_ABI).then(|| words() + ": compile it with the memsh_plugin.h of this memsh");
        }
        (INTERFACE_CGLUE, PluginKind::Connector) => layout::CONNECTOR,
        (INTERFACE_CGLUE, PluginKind::Os) => layout::OS,
        (INTERFACE_CGLUE, PluginKind::Command) => layout::COMMAND,
        _ => return Some(format!("it speaks an interface that this memsh does not know ({interface})")),
    };
    (found != wanted).then(|| {
        let with = manifest.built_with.as_deref().map(|b| format!(" with {b}")).unwrap_or_default();
        let kind = kind.name();
        format!(
            "found ABI {abi_version} ({kind} layout {found:#x}), need ABI {ABI_VERSION} ({kind} layout {wanted:#x}); it was built{with}: \
             build it again with the memsh-plugin of this memsh"
        )
    })
}
