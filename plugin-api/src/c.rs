//! Connectors in C, C++ and whatever else can fill a table of C functions: `bindings/c/memsh_plugin.h` is made of this file by
//! cbindgen.
//!
//! The interface has a version of its own, [`MEMSH_C_ABI`]: it is a plugin's layout ([`MemshDescriptor::layout`]). It goes up whenever
//! something here changes its layout or its meaning.

use core::ffi::{c_char, c_void};

/// Version of this table of functions. A plugin says which one it fills; memsh refuses another one.
pub const MEMSH_C_ABI: u64 = 1;
/// Version of memsh-plugin that this file is from; for words, not for decisions.
pub const MEMSH_ABI_VERSION: u32 = 3;
/// A connector, in [`MemshDescriptor::kind`].
pub const MEMSH_KIND_CONNECTOR: u32 = 1;
/// This interface, in [`MemshDescriptor::interface`].
pub const MEMSH_INTERFACE_C: u32 = 2;
/// Bytes of room for the text of a descriptor.
pub const MEMSH_TEXT_SIZE: usize = 4096;

/// An operation's status: every byte was transferred.
pub const MEMSH_DONE: i32 = 1;
/// Some bytes are missing: those that could be read are in place, the others are zero.
pub const MEMSH_PARTIAL: i32 = -1;
/// Nothing is there.
pub const MEMSH_MISSING: i32 = -2;
/// The device or the link failed.
pub const MEMSH_FAILED: i32 = -3;
/// The memory can't be written.
pub const MEMSH_READ_ONLY: i32 = -4;

/// One read. The plugin fills `data` and sets `status`.
#[repr(C)]
pub struct MemshRead {
    /// Physical address of the first byte.
    pub address: u64,
    /// memsh's buffer.
    pub data: *mut u8,
    /// Its bytes.
    pub length: usize,
    /// How it ended: `MEMSH_DONE` or one of the others.
    pub status: i32,
}

/// One write. The plugin sets `status`.
#[repr(C)]
pub struct MemshWrite {
    /// Physical address of the first byte.
    pub address: u64,
    /// What to write.
    pub data: *const u8,
    /// Its bytes.
    pub length: usize,
    /// How it ended.
    pub status: i32,
}

/// A contiguous piece of physical memory.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct MemshRange {
    /// Address of the first byte.
    pub start: u64,
    /// Its bytes.
    pub size: u64,
}

/// What a memory says of itself.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct MemshMetadata {
    /// Bytes that can be read, over all ranges.
    pub size: u64,
    /// The last address that can be read.
    pub max_address: u64,
    /// Whether writing never works.
    pub read_only: bool,
    /// Whether the content changes while it is read.
    pub live: bool,
    /// How many operations one call should hold at most; 0: no limit.
    pub ideal_batch: u32,
}

/// An argument that was given, or its default. Text ends with a zero byte.
#[repr(C)]
pub struct MemshArgument {
    /// Its name.
    pub name: *const c_char,
    /// Its value.
    pub value: *const c_char,
}

/// What a connector is made from. Nothing of it outlives the call.
#[repr(C)]
pub struct MemshRequest {
    /// The arguments.
    pub arguments: *const MemshArgument,
    /// How many.
    pub count: usize,
    /// What stood behind the plugin's name, as it was written.
    pub raw: *const c_char,
    /// Whether the user allows writing.
    pub write: bool,
}

/// A connector: functions, each called with `context`, from many threads at once.
#[repr(C)]
pub struct MemshConnector {
    /// The plugin's own.
    pub context: *mut c_void,
    /// Says what the memory is. Needed.
    pub metadata: Option<unsafe extern "C" fn(context: *mut c_void, out: *mut MemshMetadata)>,
    /// Writes at most `capacity` ranges, ascending and without overlap, and gives how many there are. Needed.
    pub ranges: Option<unsafe extern "C" fn(context: *mut c_void, out: *mut MemshRange, capacity: usize) -> usize>,
    /// Reads a batch. Needed.
    pub read: Option<unsafe extern "C" fn(context: *mut c_void, operations: *mut MemshRead, count: usize)>,
    /// Writes a batch. May be null.
    pub write: Option<unsafe extern "C" fn(context: *mut c_void, operations: *mut MemshWrite, count: usize)>,
    /// Ends it. May be null.
    pub destroy: Option<unsafe extern "C" fn(context: *mut c_void)>,
}

/// Makes a connector: fills `out` and gives 0, or writes why it can't into `error` (zero-terminated, at most `error_size` bytes) and
/// gives something else.
pub type MemshCreate =
    unsafe extern "C" fn(request: *const MemshRequest, out: *mut MemshConnector, error: *mut c_char, error_size: usize) -> i32;

/// One plugin of a file: an exported constant whose name begins with `MEMSH_PLUGIN_`. The macro `MEMSH_PLUGIN` of the header writes it.
#[repr(C)]
pub struct MemshDescriptor {
    /// `memshPLG`.
    pub magic: [u8; 8],
    /// Version of memsh-plugin that the header is from.
    pub abi_version: u32,
    /// `MEMSH_KIND_CONNECTOR`.
    pub kind: u32,
    /// `MEMSH_C_ABI`.
    pub layout: u64,
    /// 0.
    pub layout_below: u64,
    /// `MEMSH_INTERFACE_C`.
    pub interface: u32,
    /// Bytes of `text` that are used.
    pub text_len: u32,
    /// 0.
    pub reserved: u64,
    /// Lines, each a word and what stands behind it: `name`, `version`, `description`, `argument`.
    pub text: [u8; MEMSH_TEXT_SIZE],
    /// Makes it: a [`MemshCreate`].
    pub create: Option<
        unsafe extern "C" fn(
            request: *const MemshRequest,
            out: *mut MemshConnector,
            error: *mut c_char,
            error_size: usize,
        ) -> i32,
    >,
}

// A file is inspected before it is known which interface it speaks.
const _: () = {
    use crate::descriptor::{Descriptor, TEXT_SIZE};
    use core::mem::offset_of;
    assert!(offset_of!(MemshDescriptor, text) == offset_of!(Descriptor, text));
    assert!(offset_of!(MemshDescriptor, interface) == offset_of!(Descriptor, interface));
    assert!(MEMSH_TEXT_SIZE == TEXT_SIZE);
    assert!(MEMSH_ABI_VERSION == crate::ABI_VERSION);
};
