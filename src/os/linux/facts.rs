//! What can be asked of a Linux: of one whose memory is read ([`Kernel`]), and of one that answers itself (this machine's, through
//! `/proc`). Both give the same rows; where what answers has no address of a structure to tell, it is null.

use super::base::kernel::Kernel;
use super::files::mount::{self, Mount};
use super::files::openfile::{OpenFile, OpenFiles};
use super::net::{self, Socket};
use super::tasks::cred::{self, Credentials};
use super::tasks::nslist::{self, Namespace};
use crate::arch::Arch;
use memsh_plugin::{ApiError, Listing, Text, VirtAddr};

/// A Linux that can be asked. Processes are named by the address that its list of processes gives them.
pub trait LinuxFacts: Send + Sync {
    /// Its processor: numbers of some flags depend on it.
    fn arch(&self) -> Arch;

    /// A lister of open files, which remembers what many processes share.
    fn open_files(&self) -> Box<dyn FileLister + '_>;

    /// Sockets of every network namespace, with who holds them.
    ///
    /// # Errors
    /// When none can be listed at all.
    fn sockets(&self) -> Result<Listing<Socket>, ApiError>;

    /// Names of network interfaces, as far as they are known.
    fn interface_names(&self) -> Vec<InterfaceName>;

    /// Mounts of every mount namespace, or of those of the processes in `only`.
    ///
    /// # Errors
    /// When none can be listed at all.
    fn mounts(&self, only: Option<&[VirtAddr]>) -> Result<Listing<Mount>, ApiError>;

    /// The credentials of a process: one item, or none and the reason.
    fn credentials(&self, process: VirtAddr) -> Listing<Credentials>;

    /// Every namespace, or those of the processes in `only`.
    ///
    /// # Errors
    /// When none can be listed at all.
    fn namespaces(&self, only: Option<&[VirtAddr]>) -> Result<Listing<Namespace>, ApiError>;
}

/// Lists what processes have open.
pub trait FileLister {
    /// The descriptors of a process; with `all`, also its program, the directories it is in and the files it has mapped.
    ///
    /// # Errors
    /// When nothing of it can be told.
    fn of(&mut self, process: VirtAddr, all: bool) -> Result<Listing<OpenFile>, ApiError>;
}

/// What an interface is called.
#[derive(Clone, Debug, PartialEq)]
pub struct InterfaceName {
    /// Number of its network namespace.
    pub namespace: Option<u64>,
    /// Its number within the namespace.
    pub index: u32,
    /// Its name.
    pub name: Text,
}

impl LinuxFacts for Kernel {
    fn arch(&self) -> Arch {
        self.space.format().arch
    }

    fn open_files(&self) -> Box<dyn FileLister + '_> {
        Box::new(OpenFiles::new(self))
    }

    fn sockets(&self) -> Result<Listing<Socket>, ApiError> {
        net::sockets(self)
    }

    fn interface_names(&self) -> Vec<InterfaceName> {
        // What is lost of those that are not asked for is not missing in what asks for a name.
        let all = net::interfaces(self).map(|l| l.items.to_vec()).unwrap_or_default();
        let name = |i: net::Interface| Some(InterfaceName { namespace: i.namespace, index: i.index?, name: i.name? });
        all.into_iter().filter_map(name).collect()
    }

    fn mounts(&self, only: Option<&[VirtAddr]>) -> Result<Listing<Mount>, ApiError> {
        mount::mounts(self, only)
    }

    fn credentials(&self, process: VirtAddr) -> Listing<Credentials> {
        cred::credentials(self, process)
    }

    fn namespaces(&self, only: Option<&[VirtAddr]>) -> Result<Listing<Namespace>, ApiError> {
        nslist::namespaces(self, only)
    }
}

impl FileLister for OpenFiles<'_> {
    fn of(&mut self, process: VirtAddr, all: bool) -> Result<Listing<OpenFile>, ApiError> {
        OpenFiles::of(self, process, all)
    }
}
