//! What the registry says of the system.

use super::data::Data;
use super::path::Registry;
use crate::os::windows::base::kernel::Kernel;
use crate::os::windows::base::time::from_filetime;
use memsh_plugin::UnixNanos;

const CONTROL: &str = "\\REGISTRY\\MACHINE\\SYSTEM\\CurrentControlSet\\Control";
const VERSION: &str = "\\REGISTRY\\MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion";
const NETWORK: &str = "\\REGISTRY\\MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters";

/// Facts of a system; none where they can't be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The computer's name.
    pub name: Option<String>,
    /// Its domain.
    pub domain: Option<String>,
    /// What it was sold as (`Windows 10 Pro`; Windows 11 says 10, too).
    pub product: Option<String>,
    /// `22H2`; before Windows 10 2004 a number.
    pub release: Option<String>,
    /// When it was installed.
    pub installed: Option<UnixNanos>,
    /// When it was last shut down.
    pub shutdown: Option<UnixNanos>,
    /// Its time zone.
    pub time_zone: Option<String>,
    /// Minutes to add to its own time for UTC.
    pub time_bias: Option<i32>,
}

/// What the registry says.
pub fn facts(kernel: &Kernel) -> Facts {
    let registry = Registry::new(kernel, None);
    let control = |key: &str| format!("{CONTROL}\\{key}");
    // The active name is the one that it began with; the other may have been changed since.
    let names = ["ActiveComputerName", "ComputerName"];
    let zone = control("TimeZoneInformation");
    let shutdown = match registry.data(&control("Windows"), "ShutdownTime") {
        Some(Data::Bytes(bytes)) => bytes.first_chunk().and_then(|b| from_filetime(u64::from_le_bytes(*b))),
        _ => None,
    };
    let seconds = registry.number(VERSION, "InstallDate").filter(|n| *n > 0);
    Facts {
        name: names.iter().find_map(|n| registry.text(&control(&format!("ComputerName\\{n}")), "ComputerName")),
        domain: registry.text(NETWORK, "Domain"),
        product: registry.text(VERSION, "ProductName"),
        release: ["DisplayVersion", "ReleaseId"].iter().find_map(|n| registry.text(VERSION, n)),
        installed: seconds.and_then(|n| i64::try_from(n).ok()?.checked_mul(1_000_000_000)),
        shutdown,
        // Before Vista `StandardName` is the name; since then it names a text in a file.
        time_zone: ["TimeZoneKeyName", "StandardName"].iter().find_map(|n| registry.text(&zone, n)),
        time_bias: registry.number(&zone, "ActiveTimeBias").and_then(|n| u32::try_from(n).ok()).map(u32::cast_signed),
    }
}
