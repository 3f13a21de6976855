//! What a header says, for `info` and for whoever looks for Windows.

use super::header::Header;
use crate::image::detect::Parsed;
use crate::image::windows::{AMD64, ARM64, BugCheck, I386, WindowsHints, date, duration, exception_name, release, render};

/// Bits of `Attributes` (`DUMP_FILE_ATTRIBUTES` of `ntiodump.h`).
const ATTRIBUTES: [&str; 10] = [
    "hiberfile crash",
    "dump device powered off",
    "dump file too small",
    "kernel wrote a triage dump",
    "live dump",
    "generated offline",
    "filter driver's dump file",
    "crash early in boot",
    "encrypted",
    "decrypted",
];
const TOO_SMALL: u32 = 1 << 2;
const ENCRYPTED: u32 = 1 << 8;

/// Bits of `SuiteMask` (`VER_SUITE_*` of `winnt.h`).
const SUITES: [&str; 18] = [
    "small business",
    "enterprise",
    "back office",
    "communications",
    "terminal services",
    "small business restricted",
    "embedded",
    "datacenter",
    "single user terminal services",
    "personal",
    "blade",
    "embedded restricted",
    "security appliance",
    "storage server",
    "compute server",
    "home server",
    "", // no name in the header file
    "multi user",
];

/// Names of the dump types.
pub(super) fn type_name(kind: u32) -> &'static str {
    match kind {
        1 => "full",
        2 => "kernel (summary)",
        3 => "header only",
        4 => "triage (small memory dump)",
        5 => "full (bitmap)",
        6 => "kernel or active memory (bitmap)",
        7 => "automatic (bitmap)",
        8 => "kernel (live, ranges)",
        9 => "kernel and user (live, ranges)",
        10 => "complete (live, ranges)",
        _ => "unknown",
    }
}

pub(super) fn machine_name(machine: u32) -> Option<&'static str> {
    match machine {
        AMD64 => Some("x86_64"),
        I386 => Some("x86"),
        ARM64 => Some("aarch64"),
        _ => None,
    }
}

/// Names of the bits that are set.
fn bits(value: u32, names: &[&str]) -> String {
    let named = (0u32..).zip(names).filter(|&(i, name)| value >> i & 1 != 0 && !name.is_empty());
    let named: Vec<&str> = named.map(|(_, name)| *name).collect();
    format!("{value:#x}{}{}", if named.is_empty() { "" } else { ": " }, named.join(", "))
}

/// Reads everything but the memory.
pub(super) fn read(header: &Header<'_>, parsed: &mut Parsed) -> WindowsHints {
    let l = header.layout;
    let mut hints = WindowsHints {
        source: "crash dump",
        build: header.u32(0xc),
        dtb: header.root().map(|(_, root)| root),
        wide: l.wide,
        pae: header.pae(),
        machine: header.machine().and_then(machine_name),
        ps_active_process_head: header.address(l.processes),
        ps_loaded_module_list: header.address(l.modules),
        kd_debugger_data_block: header.address(l.kdbg),
        pfn_database: header.address(l.pfn_database),
        processors: header.u32(l.processors).filter(|&n| n > 0),
        system_time: header.u64(l.time).filter(|&t| t != 0),
        uptime: header.u64(l.uptime).filter(|&t| t != 0),
        ..WindowsHints::default()
    };
    system(header, &hints, parsed);
    stop(header, &mut hints, parsed);
    times(header, &hints, parsed);
    addresses(header, &hints, parsed);
    exception(header, parsed);
    rest(header, parsed);
    hints
}

fn system(header: &Header<'_>, hints: &WindowsHints, parsed: &mut Parsed) {
    let l = header.layout;
    if let Some(build) = hints.build {
        let kind = match header.u32(8) {
            Some(0xf) => ", free",
            Some(0xc) => ", checked",
            _ => "",
        };
        let name = release(build).map(|name| format!(" ({name}{kind})")).unwrap_or_default();
        parsed.detail("build", format!("{build}{name}"));
    }
    match (header.machine(), hints.machine) {
        (_, Some(name)) => parsed.detail("machine", name),
        (Some(number), None) => {
            parsed.detail("machine", format!("{number:#x}"));
            parsed.warnings.push(format!(
                "the machine {number:#x} (file offset {:#x}) is none that memsh knows: physical memory is read, nothing else",
                l.machine
            ));
        }
        (None, None) => {}
    }
    if let Some(pae) = hints.pae {
        parsed.detail("pae", if pae { "yes" } else { "no" });
    }
    if let Some(n) = hints.processors {
        parsed.detail("processors", n);
    }
    if let Some(product) = header.u32(l.product) {
        let name = match product {
            1 => "workstation",
            2 => "domain controller",
            3 => "server",
            _ => "unknown",
        };
        parsed.detail("product_type", format!("{product} ({name})"));
    }
    if let Some(suite) = header.u32(l.suite) {
        parsed.detail("suite_mask", bits(suite, &SUITES));
    }
}

/// The bug check, where there is one: some tools write text into its fields.
fn stop(header: &Header<'_>, hints: &mut WindowsHints, parsed: &mut Parsed) {
    let l = header.layout;
    let size = if l.wide { 8 } else { 4 };
    let parameters = [0, 1, 2, 3].map(|i| header.word(l.parameters + i * size).unwrap_or(0));
    let fields = header.file.bytes(l.bug_check, 4).unwrap_or_default();
    if let Some(mark) =
        tool_mark(fields).or_else(|| (0..4).find_map(|i| tool_mark(header.file.bytes(l.parameters + i * size, 4)?)))
    {
        parsed.detail(
            "written_by",
            format!("DumpIt or a MoonSols tool (mark {mark:?} in the bug check): an image of a running system"),
        );
        return;
    }
    let Some(code) = header.u32(l.bug_check) else { return };
    let check = BugCheck { code, parameters };
    if code == 0 && parameters == [0; 4] {
        parsed.detail("bug_check", "none (0): an image of a running system");
        return;
    }
    let name = check.name().map(|n| format!(" {n}")).unwrap_or_default();
    let parameters = parameters.map(|p| format!("{p:#x}")).join(", ");
    parsed.detail("bug_check", format!("{code:#x}{name} ({parameters})"));
    hints.bug_check = Some(check);
}

/// What Matthieu Suiche's tools write where a bug check belongs, in either order of the bytes.
fn tool_mark(bytes: &[u8]) -> Option<&'static str> {
    [(b"MATT", "MATT"), (b"TTAM", "MATT"), (b"MOON", "MOON"), (b"NOOM", "MOON"), (b"SOLS", "SOLS"), (b"SLOS", "SOLS")]
        .into_iter()
        .find(|(mark, _)| bytes == &mark[..])
        .map(|(_, name)| name)
}

fn times(header: &Header<'_>, hints: &WindowsHints, parsed: &mut Parsed) {
    if let Some(time) = hints.system_time {
        match date(time) {
            Some(text) => parsed.detail("system_time", text),
            None => parsed
                .warnings
                .push(format!("the time of the dump ({time:#x} at file offset {:#x}) makes no sense", header.layout.time)),
        }
    }
    if let Some(uptime) = hints.uptime {
        parsed.detail("uptime", duration(uptime));
    }
}

fn addresses(header: &Header<'_>, hints: &WindowsHints, parsed: &mut Parsed) {
    if let Some((written, root)) = header.root() {
        let root_number = crate::engine::to_u64(root.value()).unwrap_or(0);
        let note = if written == root_number { String::new() } else { format!(" (written as {written:#x})") };
        parsed.detail("directory_table_base", format!("{root}{note}"));
    }
    let all = [
        ("ps_active_process_head", hints.ps_active_process_head),
        ("ps_loaded_module_list", hints.ps_loaded_module_list),
        ("kd_debugger_data_block", hints.kd_debugger_data_block),
        ("pfn_database", hints.pfn_database),
    ];
    for (name, address) in all {
        if let Some(address) = address {
            parsed.detail(name, address);
        }
    }
}

/// `EXCEPTION_RECORD32` or `EXCEPTION_RECORD64`.
fn exception(header: &Header<'_>, parsed: &mut Parsed) {
    let at = header.layout.exception;
    let Some(code) = header.u32(at).filter(|&c| c != 0) else { return };
    let name = exception_name(code).map(|n| format!(" {n}")).unwrap_or_default();
    let address = header.address(at + if header.layout.wide { 16 } else { 12 });
    let address = address.map(|a| format!(" at {a}")).unwrap_or_default();
    parsed.detail("exception", format!("{code:#x}{name}{address}"));
}

fn rest(header: &Header<'_>, parsed: &mut Parsed) {
    let l = header.layout;
    let text = |at: u64, len: u64| {
        let bytes = header.file.bytes(at, len)?;
        // The filler is no text of anybody's.
        let text = if bytes.starts_with(b"PAGE") || bytes.starts_with(b"DUMP") { String::new() } else { render(bytes) };
        (!text.is_empty()).then_some(text)
    };
    let (user, comment) = (text(l.version_user, 32), text(l.comment, 128));
    if [&user, &comment].into_iter().flatten().any(|t| t.to_ascii_lowercase().contains("live system view")) {
        parsed.detail("written_by", "LiveKD: an image of a running system");
        parsed.warnings.push(
            "LiveKD wrote this dump while the system ran: its structures may be torn, and the build in the header is not the \
             system's"
                .to_owned(),
        );
    }
    if let Some(user) = user {
        parsed.detail("version_user", user);
    }
    if let Some(comment) = comment {
        parsed.detail("comment", comment);
    }
    if let Some(state) = header.u32(l.secondary).filter(|&s| s != 0) {
        parsed.detail("secondary_data_state", format!("{state:#x}"));
    }
    if let Some(status) = header.u32(l.writer).filter(|&s| s != 0) {
        parsed.detail("writer_status", format!("{status:#x}"));
    }
    // Nought says nothing, nor does a letter of the filler.
    if let Some([version]) = header.file.bytes(l.kd_secondary, 1).filter(|v| v.iter().all(|b| !b"\0PAGE".contains(b))) {
        parsed.detail("kd_secondary_version", version);
    }
    if let Some(attributes) = header.u32(l.attributes).filter(|&a| a != 0) {
        parsed.detail("attributes", bits(attributes, &ATTRIBUTES));
        if attributes & ENCRYPTED != 0 {
            parsed.warnings.push(
                "Windows encrypted the pages of this dump: they read as noise until it is decrypted with the key of its \
                 administrator"
                    .to_owned(),
            );
        }
        if attributes & TOO_SMALL != 0 {
            parsed.warnings.push("the dump file had too little room: Windows left out pages".to_owned());
        }
    }
    if let Some(space) = header.u64(l.required).filter(|&s| s != 0) {
        parsed.detail("required_dump_space", space);
        // DumpIt and others don't reckon with the header, so that a page or two say nothing.
        if space > header.file.len().saturating_add(2 * 4096) && header.dump_type() != Some(4) {
            parsed.warnings.push(format!(
                "the dump should have {space} bytes, the file has {}: it was cut short, or Windows had no room for all of it",
                header.file.len()
            ));
        }
    }
}
