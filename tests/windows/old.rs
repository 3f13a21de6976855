//! NT 4 and Windows 2000, of which a few members are known: what is known is listed, the rest is empty.

use crate::builders::windows::layout::Layout;
use crate::builders::windows::memory::Mode;
use crate::builders::windows::{Machine, Options, process as written, usual};
use crate::system::*;
use memsh_plugin::Process as _;

fn machine(release: &str, mode: Mode) -> Machine {
    usual::machine(Layout::of(false, release), Options { pdb: false, ..Options::new(mode) })
}

#[test]
fn nt_4() {
    let m = machine("4.0.1381", Mode::X86);
    let os = system(&m);
    assert_eq!(os.warnings, ["of Windows build 1381 memsh knows a few structures only: what it does not know is empty"]);
    let (rows_, lost) = processes(&os);
    assert!(lost.is_empty(), "{lost:?}");
    let linked: Vec<_> = m.processes.iter().filter(|p| !p.spec.unlinked).collect();
    assert_eq!(rows_.len(), linked.len());
    for (info, p) in rows_.iter().zip(linked) {
        let what = p.spec.name;
        assert_eq!((info.pid, plain(&info.name), number(info.address)), (p.spec.pid, p.short(), p.address), "{what}");
        assert_eq!(info.dtb.get().map(|a| a.value() as u64), Some(p.root), "{what}");
        let user = p.user.as_ref().filter(|_| !p.spec.paged_out);
        assert_eq!(text(info.command_line.as_ref()), user.map(|u| u.command_line.clone()), "{what}");
        assert_eq!(text(info.image_path.as_ref()), user.map(|u| u.image_path.clone()), "{what}");
        assert_eq!(info.kernel_thread, p.spec.minimal, "{what}");
        // Nothing of this is known.
        assert_eq!((info.ppid.get(), info.threads.get(), info.session.get()), (None, None, None), "{what}");
        assert_eq!((info.start_time.get(), info.exit_time.get()), (None, None), "{what}");
        assert_eq!((text(info.sid.as_ref()), text(info.state.as_ref())), (None, None), "{what}");
        let process = process(&os, p.address);
        for lost in [rows(process.threads()).1, rows(process.regions()).1] {
            assert!(lost.len() == 1 && lost[0].contains("not known for this build"), "{what}: {lost:?}");
        }
        if let Some(user) = user {
            let names: Vec<String> = rows(process.modules()).0.iter().map(|i| plain(&i.name)).collect();
            assert_eq!(names, user.modules.iter().map(|x| x.2.clone()).collect::<Vec<_>>(), "{what}");
            assert_eq!(rows(process.environment()).0.len(), p.spec.environment.len(), "{what}");
        }
    }
    let (drivers, lost) = rows(os.os.kernel_modules());
    assert!(lost.is_empty());
    assert_eq!(
        drivers.iter().map(|d| plain(&d.name)).collect::<Vec<_>>(),
        m.drivers.iter().map(|d| d.0.clone()).collect::<Vec<_>>()
    );
}

#[test]
fn windows_2000() {
    for mode in [Mode::X86, Mode::Pae] {
        let m = machine("5.0.2195", mode);
        let os = system(&m);
        assert_eq!(os.warnings.len(), 1);
        let (listed, lost) = processes(&os);
        assert!(lost.is_empty(), "{lost:?}");
        let linked: Vec<_> = m.processes.iter().filter(|p| !p.spec.unlinked).collect();
        assert_eq!(listed.len(), linked.len());
        for (info, p) in listed.iter().zip(linked) {
            let what = p.spec.name;
            assert_eq!((info.pid, info.ppid.get()), (p.spec.pid, Some(p.spec.ppid)), "{what}");
            assert_eq!(plain(&info.name), p.short(), "{what}");
            assert_eq!(text(info.sid.as_ref()).as_deref(), Some(p.spec.sid), "{what}");
            assert_eq!(text(info.state.as_ref()).as_deref(), Some(if p.spec.exited { "exited" } else { "running" }), "{what}");
            assert_eq!((info.session.get(), info.threads.get()), (None, None), "{what}");
            assert!(info.start_time.get().is_some() && info.exit_time.get().is_some() == p.spec.exited, "{what}");
            let (threads, lost) = rows(process(&os, p.address).threads());
            assert!(lost.is_empty(), "{what}: {lost:?}");
            let ids = threads.iter().map(|t| (t.tid, t.start_address.get().map(number))).collect::<Vec<_>>();
            let expected = p.spec.threads.iter().map(|(tid, _)| (*tid, Some(written::start(&m.layout, *tid))));
            assert_eq!(ids, expected.collect::<Vec<_>>(), "{what}");
            assert!(rows(process(&os, p.address).regions()).1[0].contains("not known"), "{what}");
        }
        assert_eq!(rows(os.os.kernel_modules()).0.len(), m.drivers.len());
    }
}

#[test]
fn one_release_is_not_taken_for_another() {
    // The number of the build says which System it must be: an NT 4 that says it is Windows 2000 is none that is known.
    let mut m = machine("4.0.1381", Mode::X86);
    let at = m.kernel + u64::from(crate::builders::windows::BUILD_NUMBER);
    m.put(at, &0xf000_0893u32.to_le_bytes());
    let error = search(m.raw()).layer.err().unwrap();
    assert!(error.to_string().contains("build 2195"), "{error}");
}
