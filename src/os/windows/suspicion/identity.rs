//! Whether a process is what its name says.

use super::super::base::kernel::Kernel;
use super::super::base::text::base_name;
use super::super::census::Seen;
use super::super::{peb, processes};
use super::subject::Subject;
use crate::engine::ViewExt;
use crate::os::finding::Finding;
use crate::os::lost::Lost;
use memsh_plugin::{ProcessInfo, VirtAddr};

/// A program of the system: where it lies below the system's folder, who starts it, and whether it runs once.
struct Known {
    name: &'static str,
    folders: &'static [&'static str],
    parents: &'static [&'static str],
    /// Whether its parent runs as long as the system does.
    lasting: bool,
    single: bool,
}

const SYSTEM32: &[&str] = &["system32"];
/// 64-bit systems have a 32-bit one, too.
const EITHER: &[&str] = &["system32", "syswow64", "sysarm32"];
const ROOT: &[&str] = &["", "syswow64"];

const fn known(name: &'static str, folders: &'static [&'static str], parents: &'static [&'static str]) -> Known {
    Known { name, folders, parents, lasting: false, single: false }
}

impl Known {
    /// Started by one that never ends.
    const fn lasting(self) -> Self {
        Self { lasting: true, ..self }
    }

    /// There is one.
    const fn single(self) -> Self {
        Self { single: true, ..self }
    }
}

/// Programs that other programs like to be taken for. Those without parents are started by many, or by one that is gone by then.
const KNOWN: &[Known] = &[
    known("smss.exe", SYSTEM32, &["system", "smss.exe"]).lasting(),
    known("csrss.exe", SYSTEM32, &["smss.exe"]),
    known("wininit.exe", SYSTEM32, &["smss.exe"]).single(),
    known("winlogon.exe", SYSTEM32, &["smss.exe"]),
    known("services.exe", SYSTEM32, &["wininit.exe", "winlogon.exe"]).lasting().single(),
    known("lsass.exe", SYSTEM32, &["wininit.exe", "winlogon.exe"]).lasting().single(),
    known("lsm.exe", SYSTEM32, &["wininit.exe"]).lasting().single(),
    known("lsaiso.exe", SYSTEM32, &["wininit.exe"]).lasting().single(),
    known("svchost.exe", EITHER, &["services.exe"]).lasting(),
    known("spoolsv.exe", SYSTEM32, &["services.exe"]).lasting(),
    known("taskhost.exe", SYSTEM32, &[]),
    known("taskhostw.exe", SYSTEM32, &[]),
    known("dllhost.exe", EITHER, &[]),
    known("conhost.exe", SYSTEM32, &[]),
    known("runtimebroker.exe", SYSTEM32, &[]),
    known("fontdrvhost.exe", SYSTEM32, &[]),
    known("dwm.exe", SYSTEM32, &[]),
    known("rundll32.exe", EITHER, &[]),
    known("explorer.exe", ROOT, &[]),
];

/// Names that are worth a look when another one is nearly the same; shorter ones are like too many.
const COPIED: &[&str] =
    &["svchost.exe", "csrss.exe", "lsass.exe", "winlogon.exe", "wininit.exe", "explorer.exe", "spoolsv.exe", "taskhostw.exe"];

fn lower(text: &[u8]) -> String {
    String::from_utf8_lossy(text).to_lowercase()
}

/// Processes with the name of a program of the system that are not it, or with nearly its name.
pub fn impostors(kernel: &Kernel, all: &[Seen]) -> Vec<Finding> {
    let root = system_root(kernel);
    let alive: Vec<&ProcessInfo> = all.iter().filter(|s| !s.exited).map(|s| &s.info).collect();
    let mut out = Vec::new();
    for info in &alive {
        let name = lower(info.name.as_bytes());
        let Some(known) = KNOWN.iter().find(|k| k.name == name) else {
            out.extend(
                COPIED
                    .iter()
                    .find(|c| nearly(c, &name) && !is_known(&name))
                    .map(|c| Finding::of(info, "process", "name like that of a system program", format!("{name} is nearly {c}"))),
            );
            continue;
        };
        if let Some(path) = processes::image_path(kernel, info.address).filter(|p| !p.is_empty())
            && !belongs(&path, &root, known)
        {
            out.push(Finding::of(info, "process", "system program outside of its folder", path));
        }
        out.extend(parent(info, known, all));
        out.extend(second(kernel, info, known, &alive));
    }
    out
}

fn is_known(name: &str) -> bool {
    KNOWN.iter().any(|k| k.name == name) || name == "taskhostex.exe"
}

/// The system's folder without its drive, in lower case: `\windows`.
fn system_root(kernel: &Kernel) -> String {
    /// `KUSER_SHARED_DATA.NtSystemRoot` (ntddk.h): 260 characters.
    const PLACE: u32 = 0x30;
    let mut bytes = [0u8; 520];
    let read = kernel.space.read_exact(kernel.shared_data.wrapping_add(PLACE.into()), &mut bytes);
    let units = bytes.as_chunks::<2>().0.iter().map(|b| u16::from_le_bytes(*b)).take_while(|u| *u != 0);
    let text = String::from_utf16_lossy(&units.collect::<Vec<_>>()).to_lowercase();
    match (read, text.get(2..)) {
        (Ok(()), Some(root)) if root.starts_with('\\') && root.len() > 1 => root.trim_end_matches('\\').to_owned(),
        _ => "\\windows".to_owned(),
    }
}

/// Whether a path (`\Device\HarddiskVolume2\Windows\System32\svchost.exe`) is where this program lies.
fn belongs(path: &str, root: &str, known: &Known) -> bool {
    let path = path.to_lowercase();
    // Of what kind the device is, is nothing that a name could tell: a volume, a virtual disk, a share.
    known.folders.iter().any(|folder| {
        let below =
            if folder.is_empty() { format!("{root}\\{}", known.name) } else { format!("{root}\\{folder}\\{}", known.name) };
        let link = path.strip_prefix("\\systemroot").map(|rest| format!("{root}{rest}"));
        let path = link.as_deref().unwrap_or(&path);
        path.strip_suffix(&below).is_some_and(|device| {
            let device = device.trim_start_matches("\\??");
            // The system's folder lies in the root of its volume.
            device.is_empty()
                || device.starts_with("\\device\\") && !device.contains("\\users\\") && device.matches('\\').count() <= 3
                || device.trim_start_matches('\\').len() == 2 && device.ends_with(':')
        })
    })
}

/// A parent that does not start such a program.
fn parent(info: &ProcessInfo, known: &Known, all: &[Seen]) -> Option<Finding> {
    let ppid = info.ppid.get().filter(|_| !known.parents.is_empty())?;
    let fits = |p: &Seen| known.parents.contains(&lower(p.info.name.as_bytes()).as_str());
    // Whoever has the id now may have got it after the parent was gone; ended ones count, too.
    let older = |p: &&Seen| match (p.info.start_time.get(), info.start_time.get()) {
        (Some(parent), Some(own)) => parent <= own,
        _ => p.info.pid == 4,
    };
    let parent = all.iter().filter(|p| p.info.pid == ppid).find(older);
    let by = match parent {
        Some(p) if fits(p) => return None,
        Some(p) => format!("{} ({ppid})", lower(p.info.name.as_bytes())),
        // One that never ends is here, or nothing can be told.
        None if known.lasting && all.iter().any(|p| !p.exited && fits(p) && p.info.address != info.address) => {
            format!("process {ppid}, which is gone")
        }
        None => return None,
    };
    let evidence = format!("started by {by}, and not by {}", known.parents.join(" or "));
    Some(Finding::of(info, "process", "parent that does not start such a program", evidence))
}

/// A second process of a program of which there is one: in each container (`ServerSilo`).
fn second(kernel: &Kernel, info: &ProcessInfo, known: &Known, alive: &[&ProcessInfo]) -> Option<Finding> {
    let silo = |p: &ProcessInfo| kernel.reader().ptr_at(p.address, kernel.offsets.process.silo);
    let is_same =
        |p: &&&ProcessInfo| p.address != info.address && lower(p.name.as_bytes()) == known.name && silo(p) == silo(info);
    let first = alive.iter().filter(is_same).min_by_key(|p| (p.start_time.get(), p.pid)).filter(|_| known.single)?;
    let key = |p: &ProcessInfo| (p.start_time.get(), p.pid);
    (key(first) < key(info)).then(|| {
        let evidence = format!("{} runs as process {} already", known.name, first.pid);
        Finding::of(info, "process", "second process of a program that runs once", evidence)
    })
}

/// Whether one letter too many, too few, another or out of order makes the difference.
fn nearly(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a == b || a.len().abs_diff(b.len()) > 1 {
        return false;
    }
    let same = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let (a, b) = (a.get(same..).unwrap_or_default(), b.get(same..).unwrap_or_default());
    match (a, b) {
        ([x, p, a @ ..], [y, q, b @ ..]) if x == q && y == p && a == b => true,
        ([_, a @ ..], [_, b @ ..]) if a == b => true,
        ([_, a @ ..], b) if a == b => true,
        (a, [_, b @ ..]) => a == b,
        _ => false,
    }
}

/// The file of the image at a process's base, and what its environment block says.
pub fn program(kernel: &Kernel, s: &Subject, _: &mut Lost) -> Vec<Finding> {
    let mut out = Vec::new();
    let (o, reader) = (&kernel.offsets, kernel.reader());
    let audit = processes::image_path(kernel, s.info.address).filter(|p| !p.is_empty());
    let base = reader.ptr_at(s.info.address, o.process.section_base).filter(|b| b.value() >= 0x1_0000);
    if let (Some(base), true) = (base, s.vads_whole && !s.info.kernel_thread) {
        out.extend(hollowed(s, base, audit.as_deref()));
    }
    let own = peb::parameters(kernel, s.info.address).and_then(|p| p.image_path).filter(|p| !p.is_empty());
    if let (Some(own), Some(audit)) = (&own, &audit) {
        let (told, true_name) = (base_name(own), base_name(audit));
        // Short names (`PROGRA~1`) are of the same file.
        if told.to_lowercase() != true_name.to_lowercase() && !told.contains('~') && !true_name.contains('~') {
            let evidence = format!("its environment block says {own}, the kernel {audit}");
            out.push(s.finding("process", "program that says it is another", evidence));
        }
    }
    out
}

fn hollowed(s: &Subject, base: VirtAddr, audit: Option<&str>) -> Option<Finding> {
    let reason = "program whose image was replaced";
    match s.vad(base) {
        Some(vad) if vad.image => {
            let (file, name) = (base_name(vad.file.as_deref()?).to_lowercase(), audit.map(|a| base_name(a).to_lowercase())?);
            (file != name && !file.contains('~') && !name.contains('~')).then(|| {
                let evidence = format!("it was made from {name}; {file} is mapped at its base");
                s.in_region(vad, "process", reason, evidence)
            })
        }
        Some(vad) => {
            let evidence = format!("at its base {base} lies {} memory, and no image", vad.kind());
            Some(s.in_region(vad, "process", reason, evidence))
        }
        None => {
            let found = s.finding("process", reason, format!("nothing is mapped at its base {base}"));
            Some(Finding { address: Some(base), ..found })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_letter_makes_it_nearly_the_same() {
        for copy in ["svch0st.exe", "scvhost.exe", "svchosts.exe", "svhost.exe", "vsvchost.exe"] {
            assert!(nearly("svchost.exe", copy), "{copy}");
        }
        for other in ["svchost.exe", "host.exe", "svcho0t.ex", "ssvchostt.exe", ""] {
            assert!(!nearly("svchost.exe", other), "{other}");
        }
    }

    #[test]
    fn a_program_belongs_below_the_systems_folder_in_the_root_of_a_volume() {
        let svchost = |path: &str| KNOWN.iter().any(|k| k.name == "svchost.exe" && belongs(path, "\\windows", k));
        assert!(svchost("\\Device\\HarddiskVolume2\\Windows\\System32\\svchost.exe"));
        assert!(svchost("\\SystemRoot\\SysWOW64\\svchost.exe") && svchost("\\??\\C:\\Windows\\system32\\svchost.exe"));
        assert!(!svchost("\\Device\\HarddiskVolume2\\Windows\\svchost.exe"));
        assert!(!svchost("\\Device\\HarddiskVolume2\\Users\\x\\Windows\\System32\\svchost.exe"));
        assert!(!svchost("\\Device\\HarddiskVolume2\\Temp\\a\\Windows\\System32\\svchost.exe"));
    }
}
