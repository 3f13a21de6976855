//! What a plugin's file says of itself, in a form that can be read without loading the file.

use crate::{ApiError, CResult, CVec, CommandRequest, ConnectorRequest, Member, OsRequest, Text, umem};
use crate::{CommandInstanceBox, ConnectorInstanceBox, OsInstanceBox};

/// What a descriptor begins with.
pub const MAGIC: [u8; 8] = *b"memshPLG";

/// What the name of each descriptor's symbol begins with. A file may hold several, under different names.
pub const SYMBOL_PREFIX: &str = "MEMSH_PLUGIN_";

/// Bytes of room for a descriptor's text.
pub const TEXT_SIZE: usize = 4096;

/// Bytes before the text: what is the same in every version of the interface.
pub const HEAD_SIZE: usize = 48;

/// [`Descriptor::kind`] of a connector.
pub const KIND_CONNECTOR: u32 = 1;
/// [`Descriptor::kind`] of an OS layer.
pub const KIND_OS: u32 = 2;
/// [`Descriptor::kind`] of a command.
pub const KIND_COMMAND: u32 = 3;

/// [`Descriptor::interface`] of a plugin that speaks through cglue's objects, as Rust plugins do.
pub const INTERFACE_CGLUE: u32 = 1;
/// [`Descriptor::interface`] of a plugin that speaks through the tables of C functions in [`c`](crate::c).
pub const INTERFACE_C: u32 = 2;

/// Makes a connector that stands on nothing.
pub type CreateConnector = extern "C" fn(ConnectorRequest) -> CResult<ConnectorInstanceBox<'static>, ApiError>;
/// Makes a connector whose target is among the processes of a system.
pub type CreateConnectorOn =
    extern "C" fn(ConnectorRequest, OsInstanceBox<'static>) -> CResult<ConnectorInstanceBox<'static>, ApiError>;
/// Makes an OS layer.
pub type CreateOs = extern "C" fn(OsRequest) -> CResult<OsInstanceBox<'static>, ApiError>;
/// Makes a command.
pub type CreateCommand = extern "C" fn(CommandRequest) -> CResult<CommandInstanceBox<'static>, ApiError>;
/// Lists what can be connected to now: a name and a tab and a few words each.
pub type Targets = extern "C" fn(ConnectorRequest) -> CResult<CVec<Text>, ApiError>;
/// Lists what a family makes usable, without making any of it.
pub type Members = extern "C" fn() -> CResult<CVec<Member>, ApiError>;

/// One plugin of a file: a static symbol whose name begins with [`SYMBOL_PREFIX`].
///
/// The first [`HEAD_SIZE`] bytes and the text hold no pointers: they are read from the file, before any of its code runs. Numbers
/// are in the byte order of the file's machine.
#[repr(C)]
pub struct Descriptor {
    /// [`MAGIC`].
    pub magic: [u8; 8],
    /// [`ABI_VERSION`](crate::ABI_VERSION) of the `memsh-plugin` that the plugin was built with; for words, not for decisions.
    pub abi_version: u32,
    /// [`KIND_CONNECTOR`], [`KIND_OS`] or [`KIND_COMMAND`].
    pub kind: u32,
    /// Hash of the layout of everything that a plugin of this kind and its host exchange ([`layout`](crate::layout)).
    pub layout: u64,
    /// For a connector that can stand on an OS layer: the hash of what that takes; 0 for any other.
    pub layout_below: u64,
    /// [`INTERFACE_CGLUE`] or [`INTERFACE_C`].
    pub interface: u32,
    /// Bytes of `text` that are used.
    pub text_len: u32,
    /// Zero.
    pub reserved: u64,
    /// UTF-8 lines, each a word and what stands behind it: `name`, `version`, `description`, `argument`, `column`, `family`,
    /// `built_with`.
    pub text: [u8; TEXT_SIZE],
    /// Of a connector.
    pub create_connector: Option<CreateConnector>,
    /// Of a connector that can stand on an OS layer.
    pub create_connector_on: Option<CreateConnectorOn>,
    /// Of an OS layer.
    pub create_os: Option<CreateOs>,
    /// Of a command.
    pub create_command: Option<CreateCommand>,
    /// Of a connector that can tell what there is to connect to.
    pub targets: Option<Targets>,
    /// Of a family: a plugin through which others are used, as `-C FAMILY:MEMBER`. Its text has the line `family`.
    pub members: Option<Members>,
}

impl Descriptor {
    /// A descriptor of `kind` with the lines of `text`, and nothing that makes anything yet.
    ///
    /// Called in a constant: a text that is longer than [`TEXT_SIZE`] does not compile.
    pub const fn new(kind: u32, text: &str) -> Self {
        let from = text.as_bytes();
        let mut to = [0u8; TEXT_SIZE];
        let mut i = 0;
        while i < from.len() {
            to[i] = from[i];
            i += 1;
        }
        Self {
            magic: MAGIC,
            abi_version: crate::ABI_VERSION,
            kind,
            layout: match kind {
                KIND_CONNECTOR => crate::layout::CONNECTOR,
                KIND_OS => crate::layout::OS,
                _ => crate::layout::COMMAND,
            },
            layout_below: 0,
            interface: INTERFACE_CGLUE,
            // The copy above has failed to compile where this would not fit.
            #[expect(clippy::cast_possible_truncation, reason = "at most TEXT_SIZE")]
            text_len: from.len() as u32,
            reserved: 0,
            text: to,
            create_connector: None,
            create_connector_on: None,
            create_os: None,
            create_command: None,
            targets: None,
            members: None,
        }
    }
}

// The head is what a file is inspected by: it must lie where every version expects it.
const _: () = assert!(core::mem::offset_of!(Descriptor, text) == HEAD_SIZE);
const _: () = assert!(size_of::<umem>() >= 8);
