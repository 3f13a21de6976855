//! Memory that two processes have mapped.

use memmap2::{MmapMut, MmapOptions};
use std::fs::File;
use std::io;

/// Bytes of it: what one message can carry.
pub const SIZE: usize = 8 << 20;

/// The memory, as one process has it.
pub struct Shared(MmapMut);

impl Shared {
    /// Makes it; the file is to be handed to the other process.
    pub fn make() -> io::Result<(Self, File)> {
        let flags = rustix::fs::MemfdFlags::CLOEXEC;
        let file = File::from(rustix::fs::memfd_create("memsh-plugin", flags)?);
        file.set_len(u64::try_from(SIZE).map_err(io::Error::other)?)?;
        Ok((Self::of(&file)?, file))
    }

    /// Maps what the other process has made.
    pub fn of(file: &File) -> io::Result<Self> {
        // SAFETY: the file has no name and belongs to two processes of ours, which never cut it. They take turns: one looks at the
        // bytes only after the other has said that it is done with them; what a process that does not keep to this writes in between
        // are bytes of its own answer.
        let map = unsafe { MmapOptions::new().len(SIZE).map_mut(file)? };
        Ok(Self(map))
    }

    /// The bytes.
    pub fn bytes(&mut self) -> &mut [u8] {
        &mut self.0
    }
}
