//! Every release of which memsh has a table, in each form of page tables that it runs with: what is listed is what was written.

use crate::builders::windows::layout::{Layout, releases, releases_of_arm64};
use crate::builders::windows::memory::Mode;
use crate::builders::windows::{Machine, Options, Process, process as written, usual};
use crate::system::*;
use memsh::os::OsLayer;
use memsh_plugin::Process as _;
use memsh_plugin::{EnvVar, ModuleInfo, ProcessInfo, ProcessInstanceBox, RegionInfo, ThreadInfo};

/// Units of FILETIME as memsh keeps times.
fn nanos(filetime: u64) -> Option<i64> {
    (filetime > 0).then(|| (filetime as i64 - 116_444_736_000_000_000) * 100)
}

/// The machines of one width, one after the other; none twice.
fn each(wide: bool, test: impl Fn(&Machine, &str)) -> usize {
    let mut count = 0;
    for release in releases(wide) {
        let build = release.split('.').nth(2).unwrap().parse::<u32>().unwrap();
        // What is older is tested for itself.
        if build < 2600 {
            continue;
        }
        for mode in usual::modes(wide, build) {
            let m = usual::machine(Layout::of(wide, &release), Options::new(mode));
            test(&m, &format!("{release} {mode:?}"));
        }
        count += 1;
    }
    count
}

fn whole(m: &Machine, what: &str) {
    let os = system(m);
    assert_eq!(os.paging, m.memory.mode.paging(), "{what}");
    let info = os.os.os_info();
    let (major, minor) = m.layout.version;
    assert_eq!(plain(&info.kind), "windows", "{what}");
    assert_eq!(plain(&info.version), format!("{major}.{minor}.{}", m.layout.build), "{what}");
    assert_eq!(text(info.build.as_ref()), Some(m.layout.build.to_string()), "{what}");
    assert_eq!(info.kernel_base.get().map(number), Some(m.kernel), "{what}");
    let kernel = os.windows.as_ref().unwrap();
    assert_eq!(number(kernel.processes), m.process_head, "{what}");
    assert_eq!(kernel.image.pdb.as_ref().map(|p| p.id.as_str()), Some(crate::builders::windows::GUID_TEXT), "{what}");
    let (listed, lost) = processes(&os);
    assert!(lost.is_empty(), "{what}: {lost:?}");
    let linked: Vec<&Process> = m.processes.iter().filter(|p| !p.spec.unlinked).collect();
    assert_eq!(listed.len(), linked.len(), "{what}");
    for (info, p) in listed.iter().zip(linked) {
        one(info, p, m, what);
        if !p.spec.minimal {
            inside(&os, p, m, what);
        }
    }
    drivers(&os, m, what);
}

/// A row of `ps`.
fn one(info: &ProcessInfo, p: &Process, m: &Machine, what: &str) {
    let what = &format!("{what}: {}", p.spec.name);
    let s = &p.spec;
    assert_eq!((number(info.address), info.pid), (p.address, s.pid), "{what}");
    assert_eq!(info.ppid.get(), Some(s.ppid), "{what}");
    assert_eq!(plain(&info.name), s.name, "{what}");
    assert_eq!(text(info.state.as_ref()).as_deref(), Some(if s.exited { "exited" } else { "running" }), "{what}");
    assert_eq!(info.threads.get(), Some(if s.exited { 0 } else { s.threads.len() as u32 }), "{what}");
    assert_eq!(text(info.sid.as_ref()).as_deref(), Some(s.sid), "{what}");
    assert_eq!(info.session.get(), s.session, "{what}");
    assert_eq!(info.kernel_thread, s.minimal, "{what}");
    assert_eq!(info.start_time.get(), nanos(p.created()), "{what}");
    assert_eq!(info.exit_time.get(), nanos(p.exited()), "{what}");
    assert_eq!(info.dtb.get().map(|a| a.value() as u64), Some(p.root), "{what}");
    assert_eq!(info.wow64, s.wow64, "{what}");
    assert_eq!(plain(&info.arch), if s.wow64 { "x86" } else { m.layout.arch() }, "{what}");
    let user = p.user.as_ref().filter(|_| !s.paged_out);
    assert_eq!(text(info.command_line.as_ref()), user.map(|u| u.command_line.clone()), "{what}");
    // What the process says itself goes before what the kernel wrote down of it.
    let path = user.map(|u| u.image_path.clone()).or((!s.minimal).then(|| p.image_path.clone()));
    assert_eq!(text(info.image_path.as_ref()), path, "{what}");
}

/// What is in a process.
fn inside(os: &OsLayer, p: &Process, m: &Machine, what: &str) {
    let what = &format!("{what}: {}", p.spec.name);
    let (s, user) = (&p.spec, p.user.as_ref().unwrap());
    let process = process(os, p.address);
    let (threads, lost) = rows(process.threads());
    assert!(lost.is_empty(), "{what}: {lost:?}");
    let names = m.layout.has("_ETHREAD", "ThreadName");
    let row = |t: &ThreadInfo| {
        (t.pid, t.tid, number(t.address), t.start_address.get().map(number), plain(&t.name), text(t.state.as_ref()))
    };
    let expected = s.threads.iter().zip(&p.threads).map(|((tid, name), at)| {
        let name = name.filter(|_| names).unwrap_or_default().to_owned();
        let state = if s.exited { "terminated" } else { "waiting" };
        (s.pid, *tid, *at, Some(written::start(&m.layout, *tid)), name, Some(state.to_owned()))
    });
    assert_eq!(threads.iter().map(row).collect::<Vec<_>>(), expected.collect::<Vec<_>>(), "{what}");

    let (modules, lost) = rows(process.modules());
    let row = |i: &ModuleInfo| {
        (number(i.base), i.size as u64, plain(&i.name), text(i.path.as_ref()), plain(&i.arch), i.address.get().map(number))
    };
    let expected: Vec<_> = user
        .modules
        .iter()
        .zip(&user.entries)
        .map(|((base, size, name, path, narrow), at)| {
            let arch = if *narrow { "x86" } else { m.layout.arch() };
            (*base, u64::from(*size), name.clone(), Some(path.clone()), arch.to_owned(), Some(*at))
        })
        .collect();
    let (expected, gaps) = if s.paged_out { (Vec::new(), 1) } else { (expected, 0) };
    assert_eq!(modules.iter().map(row).collect::<Vec<_>>(), expected, "{what}");
    assert_eq!(lost.len(), gaps, "{what}: {lost:?}");

    let (variables, lost) = rows(process.environment());
    let row = |v: &EnvVar| (plain(&v.key), text(v.value.as_ref()));
    let expected = s.environment.iter().map(|(k, v)| ((*k).to_owned(), Some((*v).to_owned())));
    let expected: Vec<_> = if s.paged_out { Vec::new() } else { expected.collect() };
    assert_eq!(variables.iter().map(row).collect::<Vec<_>>(), expected, "{what}");
    assert!(lost.is_empty() || s.paged_out, "{what}: {lost:?}");
    maps(&process, p, what);
}

fn maps(process: &ProcessInstanceBox<'static>, p: &Process, what: &str) {
    let (regions, lost) = rows(process.regions());
    assert!(lost.is_empty(), "{what}: {lost:?}");
    let row = |r: &RegionInfo| {
        let perm: String = [(r.read, 'r'), (r.write, 'w'), (r.execute, 'x')].iter().filter(|x| x.0).map(|x| x.1).collect();
        (number(r.start), number(r.end), perm, plain(&r.kind), text(r.path.as_ref()))
    };
    let expected = p.spec.regions.iter().map(|r| {
        let perm = ["", "r", "x", "rx", "rw", "rw", "rwx", "rwx"][usize::from(r.protection)];
        (r.start, r.end, perm.to_owned(), r.kind.to_owned(), r.file.map(str::to_owned))
    });
    assert_eq!(regions.iter().map(row).collect::<Vec<_>>(), expected.collect::<Vec<_>>(), "{what}");
}

fn drivers(os: &OsLayer, m: &Machine, what: &str) {
    let (listed, lost) = rows(os.os.kernel_modules());
    assert!(lost.is_empty(), "{what}: {lost:?}");
    let row = |i: &ModuleInfo| (plain(&i.name), number(i.base), i.size as u32, text(i.path.as_ref()));
    let expected = m.drivers.iter().map(|(n, b, s)| (n.clone(), *b, *s, Some(format!("\\SystemRoot\\system32\\{n}"))));
    assert_eq!(listed.iter().map(row).collect::<Vec<_>>(), expected.collect::<Vec<_>>(), "{what}");
}

#[test]
fn every_release_of_64_bits() {
    assert!(each(true, whole) >= 28);
}

#[test]
fn every_release_of_32_bits() {
    assert!(each(false, whole) >= 24);
}

#[test]
fn every_release_of_arm64() {
    let releases = releases_of_arm64();
    assert!(releases.len() >= 12);
    for release in releases {
        whole(&usual::machine(Layout::arm64(&release), Options::new(Mode::Arm64)), &format!("{release} ARM64"));
    }
}
