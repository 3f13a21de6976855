//! The system that runs QEMU: this machine, or one below.

use super::target;
use crate::engine::{ViewExt, to_umem};
use crate::live::Request;
use crate::os::{OsLayer, native};
use crate::{Error, ErrorKind, Layer, Result, VirtAddr};
use std::time::{SystemTime, UNIX_EPOCH};

/// The system among whose processes a QEMU is looked for.
pub(super) enum Host<'a> {
    /// Another machine, through its memory.
    Below(&'a OsLayer),
    /// This machine.
    Here(Box<OsLayer>),
}

impl<'a> Host<'a> {
    /// The system that a request names.
    ///
    /// # Errors
    /// When this machine can't be asked.
    pub(super) fn of(request: &Request<'a>) -> Result<Self> {
        match request.below {
            Some(below) if !is_here(below) => {
                if request.write {
                    let what = "a machine inside another one's memory can't be written to";
                    return Err(Error::new(Layer::Connector, ErrorKind::Unsupported, what).hint("leave --write away"));
                }
                Ok(Self::Below(below))
            }
            // This machine, opened anew: the layer below may have been opened for reading only.
            _ => Ok(Self::Here(Box::new(native::layer_for(request.write)?))),
        }
    }

    /// It.
    pub(super) fn layer(&self) -> &OsLayer {
        match self {
            Self::Below(layer) => layer,
            Self::Here(layer) => layer,
        }
    }

    /// Whether sockets and files of its processes can be reached by their names.
    pub(super) fn is_here(&self) -> bool {
        matches!(self, Self::Here(_))
    }
}

/// Whether a system is the one that memsh runs on: it has our process, and in it what only we have written.
fn is_here(layer: &OsLayer) -> bool {
    if layer.linux.is_some() || layer.windows.is_some() {
        return false;
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_nanos());
    let mark: Box<[u8; 16]> = Box::new((now ^ u128::from(std::process::id()) << 96).to_ne_bytes());
    let read = || {
        let all = std::result::Result::from(layer.os.processes()).ok()?;
        let process = all.items.iter().find(|p| p.pid == std::process::id())?;
        let opened = target::open(layer, process).ok()?;
        let mut read = [0u8; 16];
        let at = VirtAddr::new(to_umem(std::ptr::from_ref(mark.as_ref()).addr()));
        opened.read_exact(at, &mut read).ok()?;
        Some(read)
    };
    read() == Some(*mark)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn this_machine_is_known() {
        assert!(is_here(&native::layer().unwrap()));
    }
}
