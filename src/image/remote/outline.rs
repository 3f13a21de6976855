//! What of a file elsewhere must be fetched so that it can be understood.
//!
//! Formats are read from a slice of the whole file. For a file elsewhere this slice is a skeleton: address space of the file's length, in
//! which only those parts hold the file's bytes that the format says it looks at (`outline` of each format). All else in it is zeros,
//! which takes no memory and which nobody may look at.

use super::{Failure, Remote};
use crate::image::fields::Fields;
use crate::{At, Error, ErrorKind, Layer, Result};
use memmap2::{MmapMut, MmapOptions};
use std::ops::Deref;

/// No more is fetched than this to understand a file.
const MOST: u64 = 128 << 20;

/// The slice that stands for a file elsewhere.
pub(in crate::image) struct Skeleton(MmapMut);

impl Deref for Skeleton {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

/// A skeleton in the making.
pub(in crate::image) struct Sketch<'r> {
    remote: &'r Remote,
    map: MmapMut,
    fetched: u64,
}

impl<'r> Sketch<'r> {
    /// One with the file's first bytes.
    ///
    /// # Errors
    /// When the host has no room for a slice of the file's length.
    pub(super) fn new(remote: &'r Remote, head: &[u8]) -> Result<Self> {
        let no_room = |why: String| {
            Error::new(
                Layer::Image,
                ErrorKind::Unsupported,
                format!("the server says that the file has {} bytes: {why}", remote.len()),
            )
        };
        let len = usize::try_from(remote.len()).map_err(|_| no_room("more than this host's address space".to_owned()))?;
        let mut map = MmapOptions::new()
            .len(len)
            .no_reserve_swap()
            .map_anon()
            .map_err(|e| no_room(format!("this host grants no address space for that ({e})")))?;
        if let Some(to) = map.get_mut(..head.len()) {
            to.copy_from_slice(head);
        }
        Ok(Self { remote, map, fetched: 0 })
    }

    /// What is there until now.
    pub(in crate::image) fn data(&self) -> &[u8] {
        &self.map
    }

    /// Numbers out of what is there until now.
    pub(in crate::image) fn fields(&self, big_endian: bool) -> Fields<'_> {
        Fields::new(&self.map, big_endian)
    }

    /// Fetches `len` bytes at `at`, as far as the file goes: somebody will look at them.
    ///
    /// # Errors
    /// When they can't be had, or it would be more than any file needs.
    pub(in crate::image) fn need(&mut self, at: u64, len: u64) -> Result<()> {
        let end = at.saturating_add(len).min(self.remote.len());
        let len = end.saturating_sub(at);
        if len == 0 {
            return Ok(());
        }
        self.fetched = self.fetched.saturating_add(len);
        if self.fetched > MOST {
            return Err(Error::new(
                Layer::Image,
                ErrorKind::Unsupported,
                format!("to understand this file more than {} MiB of it would have to be fetched", MOST >> 20),
            )
            .at(At::File(at))
            .hint("it may be damaged; otherwise download it, and open the file"));
        }
        let place = usize::try_from(at).ok().and_then(|at| Some(at..at.checked_add(usize::try_from(len).ok()?)?));
        let to = place.and_then(|place| self.map.get_mut(place));
        let Some(to) = to else { return Err(Error::new(Layer::Image, ErrorKind::Io, "the file is larger than it said")) };
        self.remote.read(at, to).map_err(|e| told(&e, at))
    }

    /// The error for a file that is understood only as a whole.
    pub(in crate::image) fn whole(&self, what: &str) -> Error {
        Error::new(
            Layer::Image,
            ErrorKind::Unsupported,
            format!("{what} can't be read over the network piece by piece: where its pages lie shows only in the whole file"),
        )
        .hint("download it, and open the file")
    }

    pub(super) fn done(self) -> Skeleton {
        Skeleton(self.map)
    }
}

/// A failure as the error of whoever opens the file.
pub(super) fn told(failure: &Failure, at: u64) -> Error {
    let kind = match failure {
        Failure::Interrupted => ErrorKind::Interrupted,
        _ => ErrorKind::Io,
    };
    Error::new(Layer::Image, kind, format!("what the image's format needs could not be fetched: {failure}")).at(At::File(at))
}
