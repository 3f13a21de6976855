//! What only a Linux has, of this machine: the same rows as from a Linux in an image, without the addresses of its structures.

use super::openfiles::NativeFiles;
use super::{creds, mounts, sockets, spaces};
use crate::arch::Arch;
use crate::os::linux::facts::{FileLister, InterfaceName, LinuxFacts};
use crate::os::linux::files::mount::Mount;
use crate::os::linux::net::Socket;
use crate::os::linux::tasks::cred::Credentials;
use crate::os::linux::tasks::nslist::Namespace;
use memsh_plugin::{ApiError, Listing, VirtAddr};

/// This machine's Linux, asked through `/proc`. A process's address is its id.
pub struct Asked {
    /// Its processor.
    pub arch: Arch,
}

impl LinuxFacts for Asked {
    fn arch(&self) -> Arch {
        self.arch
    }

    fn open_files(&self) -> Box<dyn FileLister + '_> {
        Box::new(NativeFiles::new())
    }

    fn sockets(&self) -> Result<Listing<Socket>, ApiError> {
        sockets::sockets()
    }

    fn interface_names(&self) -> Vec<InterfaceName> {
        sockets::interface_names()
    }

    fn mounts(&self, only: Option<&[VirtAddr]>) -> Result<Listing<Mount>, ApiError> {
        mounts::mounts(only)
    }

    fn credentials(&self, process: VirtAddr) -> Listing<Credentials> {
        creds::credentials(process)
    }

    fn namespaces(&self, only: Option<&[VirtAddr]>) -> Result<Listing<Namespace>, ApiError> {
        spaces::namespaces(only)
    }
}
