//! What a report has: which commands are asked, and what in their rows is suspicious.

use crate::commands::timeline::System;

/// What makes a row of a section a suspicion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suspect {
    /// Nothing does.
    Never,
    /// That it is there.
    Every,
    /// A reason in it.
    Reason,
    /// That it is `hidden`.
    Hidden,
}

/// A section of the report.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    /// Its name in links and file names.
    pub id: &'static str,
    /// Its title.
    pub title: &'static str,
    /// The line that fills it.
    pub command: &'static str,
    /// The part of the report that it stands in.
    pub group: &'static str,
    /// Targets that can have it.
    pub systems: &'static [System],
    /// What is suspicious in it.
    pub suspect: Suspect,
}

const ALL: &[System] = &[System::Linux, System::Windows, System::Other];
const KERNELS: &[System] = &[System::Linux, System::Windows];
const LINUX: &[System] = &[System::Linux];
const WINDOWS: &[System] = &[System::Windows];

const fn section(
    id: &'static str,
    title: &'static str,
    command: &'static str,
    group: &'static str,
    systems: &'static [System],
    suspect: Suspect,
) -> Section {
    Section { id, title, command, group, systems, suspect }
}

const HIDES: &str = "What hides";
const MACHINE: &str = "The machine";
const PROCESSES: &str = "Processes";
const FILES: &str = "Files and network";
const KERNEL: &str = "Kernel";
const TIME: &str = "Time";

/// The sections, in the order in which they are filled and stand.
pub static SECTIONS: &[Section] = &[
    section("info", "Image and system", "info", MACHINE, ALL, Suspect::Never),
    section("malfind", "Implants and injected code", "malfind", HIDES, ALL, Suspect::Every),
    section("hooks", "Hooks that look wrong", "hooks --suspicious", HIDES, KERNELS, Suspect::Every),
    section("textcheck", "Patched kernel code", "textcheck", HIDES, LINUX, Suspect::Reason),
    section("ps-scan", "Processes by every way", "ps --scan", HIDES, KERNELS, Suspect::Hidden),
    section("modules-scan", "Modules by every way", "modules --scan --kernel", HIDES, KERNELS, Suspect::Hidden),
    section("ps", "Processes", "ps", PROCESSES, ALL, Suspect::Never),
    section("cmdline", "Arguments", "cmdline", PROCESSES, ALL, Suspect::Never),
    section("creds", "Rights", "creds", PROCESSES, KERNELS, Suspect::Never),
    section("history", "Typed commands", "history", PROCESSES, KERNELS, Suspect::Never),
    section("env", "Environment", "env", PROCESSES, ALL, Suspect::Never),
    section("namespaces", "Namespaces", "namespaces", PROCESSES, LINUX, Suspect::Never),
    section("cgroups", "Control groups", "cgroups", PROCESSES, LINUX, Suspect::Never),
    section("net", "Connections", "net", FILES, KERNELS, Suspect::Never),
    section("interfaces", "Interfaces", "interfaces", FILES, LINUX, Suspect::Never),
    section("files", "Open files", "files", FILES, KERNELS, Suspect::Never),
    section("mounts", "Mounts", "mounts", FILES, LINUX, Suspect::Never),
    section("deleted", "Deleted files in the cache", "pagecache --deleted", FILES, LINUX, Suspect::Never),
    section("modules", "Modules", "modules", KERNEL, KERNELS, Suspect::Never),
    section("bpf", "eBPF", "bpf", KERNEL, LINUX, Suspect::Never),
    section("drivers", "Drivers", "drivers", KERNEL, WINDOWS, Suspect::Reason),
    section("services", "Services", "services", KERNEL, WINDOWS, Suspect::Reason),
    section("hives", "Registry hives", "hives --scan", KERNEL, WINDOWS, Suspect::Hidden),
    section("keyboard", "Keys that are down", "keyboard", KERNEL, WINDOWS, Suspect::Never),
    section("swaps", "Swap areas", "swaps", MACHINE, LINUX, Suspect::Never),
    section("kmsg", "Kernel log", "kmsg", TIME, LINUX, Suspect::Never),
    section("timeline", "Timeline", "timeline", TIME, ALL, Suspect::Never),
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::commands::ask;

    #[test]
    fn every_section_is_a_command_that_takes_its_words() {
        for section in SECTIONS {
            let (spec, words) = ask::command(section.command).unwrap();
            let parser = (spec.arguments)(clap::Command::new(spec.name).no_binary_name(true));
            assert!(parser.try_get_matches_from(&words).is_ok(), "{}", section.command);
            let plain = section.id.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
            assert!(plain && SECTIONS.iter().filter(|s| s.id == section.id).count() == 1, "{}", section.id);
        }
    }
}
