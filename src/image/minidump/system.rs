//! What the system was (`SystemInfo`) and what it knew of the process (`MiscInfo`).

use super::header::{Dump, MISC_INFO, SYSTEM_INFO};
use crate::image::detect::Parsed;
use crate::image::fields::Fields;
use crate::image::windows::{duration, release};

/// Bits of `MINIDUMP_MISC_INFO.Flags1`.
const HAS_PID: u32 = 0x1;
const HAS_TIMES: u32 = 0x2;
const HAS_POWER: u32 = 0x4;
const HAS_INTEGRITY: u32 = 0x10;
const HAS_TIME_ZONE: u32 = 0x40;
const HAS_PROTECTED: u32 = 0x80;
const HAS_BUILD: u32 = 0x100;

/// The family of a system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Family {
    #[default]
    Unknown,
    Windows,
    Linux,
    /// macOS and iOS.
    Darwin,
}

/// The system and the machine.
#[derive(Default)]
pub(super) struct System {
    /// `PROCESSOR_ARCHITECTURE_*`, where the dump says it.
    pub(super) architecture: Option<u16>,
    pub(super) machine: &'static str,
    pub(super) wide: bool,
    pub(super) family: Family,
    /// As [`ProcessImage`](crate::image::ProcessImage) names it.
    pub(super) name: &'static str,
    pub(super) version: String,
    pub(super) build: Option<String>,
}

/// Machine and whether its pointers have 64 bits, by `ProcessorArchitecture` (winnt.h; from 0x8000 on Breakpad's minidump_format.h).
const fn machine(architecture: u16) -> Option<(&'static str, bool)> {
    Some(match architecture {
        // 10 and 14 are 32-bit programs on 64-bit systems.
        0 | 10 | 14 => ("x86", false),
        1 => ("mips", false),
        3 => ("ppc", false),
        5 | 13 => ("arm", false),
        6 => ("ia64", true),
        9 => ("x86_64", true),
        12 | 0x8003 => ("aarch64", true),
        0x8001 => ("sparc", false),
        0x8002 => ("ppc64", true),
        0x8004 => ("mips64", true),
        0x8005 => ("riscv32", false),
        0x8006 => ("riscv64", true),
        _ => return None,
    })
}

/// Name by `PlatformId`.
const fn platform(id: u32) -> (&'static str, &'static str, Family) {
    match id {
        0 => ("windows", "Win32s", Family::Windows),
        1 => ("windows", "Windows 9x", Family::Windows),
        2 => ("windows", "Windows", Family::Windows),
        3 => ("windows", "Windows CE", Family::Windows),
        0x8000 => ("unix", "Unix", Family::Unknown),
        0x8101 => ("macos", "macOS", Family::Darwin),
        0x8102 => ("ios", "iOS", Family::Darwin),
        0x8201 => ("linux", "Linux", Family::Linux),
        0x8202 => ("solaris", "Solaris", Family::Unknown),
        0x8203 => ("android", "Android", Family::Linux),
        0x8204 => ("ps3", "PlayStation 3", Family::Unknown),
        0x8205 => ("nacl", "Native Client", Family::Unknown),
        0x8206 => ("fuchsia", "Fuchsia", Family::Unknown),
        _ => ("unknown", "an unknown system", Family::Unknown),
    }
}

/// `SystemInfo`.
pub(super) fn read(dump: &Dump<'_>, parsed: &mut Parsed) -> System {
    let unknown = System { machine: "unknown", wide: true, name: "unknown", ..System::default() };
    let stream = dump.stream(SYSTEM_INFO, &mut parsed.warnings);
    let Some((s, architecture)) = stream.and_then(|s| Some((s, s.f.u16(0)?))) else {
        let why = if stream.is_some() { "SystemInfo can't be read" } else { "the dump has no SystemInfo" };
        parsed.warnings.push(format!("{why}: machine and system are not known, pointers are taken for 8 bytes"));
        return unknown;
    };
    let (machine, wide) = machine(architecture).unwrap_or_else(|| {
        parsed.warnings.push(format!(
            "SystemInfo (file offset {:#x}) names the unknown processor architecture {architecture:#x}: pointers are taken for 8 bytes",
            s.at
        ));
        ("unknown", true)
    });
    let mut system = System { architecture: Some(architecture), machine, wide, ..unknown };
    let numbers = || Some((s.f.u32(8)?, s.f.u32(12)?, s.f.u32(16)?, s.f.u32(20)?));
    let Some((major, minor, number, id)) = numbers() else { return system };
    let (name, title, family) = platform(id);
    (system.name, system.family) = (name, family);
    system.version = format!("{major}.{minor}.{number}");
    let pack = s.f.u32(24).and_then(|rva| dump.string(rva)).filter(|t| !t.is_empty());
    system.build = pack.map(|t| String::from_utf8_lossy(&t).into_owned());
    if family == Family::Linux {
        linux(&mut system, (major, minor, number) == (0, 0, 0));
    }
    let known = release(number).filter(|_| id == 2).map(|r| format!(" ({r})")).unwrap_or_default();
    let product = match s.f.bytes(7, 1).and_then(<[u8]>::first) {
        Some(1) if id == 2 => ", workstation",
        Some(2) if id == 2 => ", domain controller",
        Some(3) if id == 2 => ", server",
        _ => "",
    };
    parsed.detail("system", format!("{title} {}{known}{product}", system.version));
    if let Some(build) = &system.build {
        parsed.detail(if family == Family::Windows { "service_pack" } else { "system_release" }, build);
    }
    if let Some(&count) = s.f.bytes(6, 1).and_then(<[u8]>::first).filter(|n| **n > 0) {
        parsed.detail("processors", count);
    }
    if let Some(text) = processor(&s.f, system.machine) {
        parsed.detail("processor", text);
    }
    system
}

/// What Breakpad and Crashpad put where Windows has a service pack: uname's words (system, release, version, machine), which Crashpad
/// begins in the middle of the release, behind its numbers.
fn linux(system: &mut System, no_numbers: bool) {
    let Some(text) = &system.build else { return };
    let (release, rest) = match text.strip_prefix("Linux ") {
        Some(text) if no_numbers => text.split_once(' ').unwrap_or((text, "")),
        None if text.starts_with('-') => text.split_once(' ').unwrap_or((text, "")),
        _ => return,
    };
    let version = if no_numbers { release.to_owned() } else { format!("{}{release}", system.version) };
    (system.version, system.build) = (version, Some(rest.to_owned()).filter(|r| !r.is_empty()));
}

/// The processor's vendor, family, model and stepping.
fn processor(f: &Fields<'_>, machine: &str) -> Option<String> {
    let (level, revision) = (f.u16(2)?, f.u16(4)?);
    if machine == "x86" || machine == "x86_64" {
        // The twelve letters of CPUID; Windows fills them in for 32-bit processes only.
        let vendor = f.bytes(32, 12).filter(|v| machine == "x86" && v.iter().all(u8::is_ascii_graphic));
        let vendor = vendor.and_then(|v| std::str::from_utf8(v).ok()).map(|v| format!("{v} ")).unwrap_or_default();
        let (model, stepping) = (revision >> 8, revision & 0xff);
        return (level != 0).then(|| format!("{vendor}family {level} model {model} stepping {stepping}"));
    }
    (level != 0).then(|| format!("level {level} revision {revision:#x}"))
}

/// What `MiscInfo` says of the process.
#[derive(Default)]
pub(super) struct Misc {
    pub(super) pid: Option<u32>,
    /// Seconds since 1970.
    pub(super) started: Option<u32>,
}

/// `MINIDUMP_MISC_INFO`, of any of its versions: each adds members behind those of the last.
pub(super) fn misc(dump: &Dump<'_>, parsed: &mut Parsed) -> Misc {
    let mut misc = Misc::default();
    let Some(s) = dump.stream(MISC_INFO, &mut parsed.warnings) else { return misc };
    // A writer may put its structure into a longer stream.
    let said = s.f.u32(0).map_or(0, u64::from);
    let f = Fields::new(s.f.bytes(0, said.min(s.f.len())).unwrap_or(&[]), dump.big);
    let Some(flags) = f.u32(4) else { return misc };
    let has = |bit: u32| flags & bit != 0;
    if has(HAS_PID) {
        misc.pid = f.u32(8);
    }
    if has(HAS_TIMES) {
        misc.started = f.u32(12).filter(|&t| t != 0);
        if let Some(started) = misc.started.and_then(|t| crate::image::calendar::rfc3339(t.into())) {
            parsed.detail("process_started", started);
        }
        for (name, at) in [("user_time", 16), ("kernel_time", 20)] {
            if let Some(seconds) = f.u32(at) {
                parsed.detail(name, duration(u64::from(seconds) * 10_000_000));
            }
        }
    }
    if let Some(mhz) = f.u32(24).filter(|&m| has(HAS_POWER) && m != 0) {
        parsed.detail("processor_mhz", mhz);
    }
    if let Some(level) = f.u32(44).filter(|_| has(HAS_INTEGRITY)) {
        parsed.detail("integrity", integrity(level));
    }
    if has(HAS_PROTECTED) && f.u32(52).is_some_and(|p| p != 0) {
        parsed.detail("protected_process", "yes");
    }
    if has(HAS_TIME_ZONE)
        && let (Some(id), Some(bias)) = (f.u32(56), f.bytes(60, 4))
        && let Ok(bias) = <[u8; 4]>::try_from(bias)
    {
        parsed.detail(
            "time_zone",
            zone(&f, id, if dump.big { i32::from_be_bytes(bias) } else { i32::from_le_bytes(bias) }, dump.big),
        );
    }
    if has(HAS_BUILD) {
        for (name, at, len) in [("system_build", 232, 520), ("dumper", 752, 80)] {
            let text = f.bytes(at, len).map(|b| super::header::utf16(b, dump.big)).filter(|t| !t.is_empty());
            if let Some(text) = text {
                parsed.detail(name, String::from_utf8_lossy(&text));
            }
        }
    }
    misc
}

/// Mandatory integrity levels (`SECURITY_MANDATORY_*_RID`, winnt.h).
fn integrity(level: u32) -> String {
    let name = match level {
        0 => "untrusted",
        0x1000 => "low",
        0x2000 => "medium",
        0x2100 => "medium plus",
        0x3000 => "high",
        0x4000 => "system",
        0x5000 => "protected process",
        _ => return format!("{level:#x}"),
    };
    format!("{name} ({level:#x})")
}

/// The time zone: its name, and how many minutes it is away from UTC, as Windows counts (UTC = local time + bias).
fn zone(f: &Fields<'_>, id: u32, bias: i32, big: bool) -> String {
    // TIME_ZONE_INFORMATION: bias, standard name (32 characters), date, bias, daylight name.
    let name = f.bytes(if id == 2 { 60 + 88 } else { 60 + 4 }, 64).map(|b| super::header::utf16(b, big)).unwrap_or_default();
    format!("{} (bias {bias} minutes)", String::from_utf8_lossy(&name)).trim_start().to_owned()
}
