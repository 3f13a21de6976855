//! The made-up target in every format, and its way through the plugin interface.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::undocumented_unsafe_blocks,
    reason = "tests"
)]

use super::*;
use crate::engine::{Memory, ViewExt};
use crate::symbols::TypesExt;
use memsh_plugin::*;
use std::ops::ControlFlow;

fn options(paging: Paging) -> DummyOptions {
    DummyOptions { paging, ..DummyOptions::default() }
}

fn listing<T: Clone>(r: CResult<Listing<T>, ApiError>) -> Vec<T> {
    let r: Result<Listing<T>, ApiError> = r.into();
    let l = r.unwrap();
    assert!(l.lost.is_empty());
    l.items.to_vec()
}

#[test]
fn every_format_runs_the_system() {
    for &paging in Paging::ALL {
        let (memory, layer) = open(&options(paging)).unwrap_or_else(|e| panic!("{paging:?}: {e}"));
        assert!(memory.mapped().is_some());
        let info = layer.os.os_info();
        let base = info.kernel_base.get().unwrap();
        let text = layer.kernel.translate_one(base).unwrap();
        // 2-level x86 has no bit that forbids execution.
        assert_eq!(text.perm, Perm::READ.with(Perm::EXECUTE, true), "{paging:?}");
        let banner = layer.symbols.address("dummy_banner").unwrap();
        assert!(layer.kernel.read_cstr(banner, 99).unwrap().starts_with(b"Dummy OS version 1.0"), "{paging:?}");
        assert_eq!(listing(layer.os.kernel_modules()).len(), 2);

        let processes = listing(layer.os.processes());
        assert_eq!(processes.len(), 6);
        for p in &processes {
            // What the system says stands in memory too, where its types say.
            let at = |field| p.address.wrapping_add(umem::from(layer.types.field("dummy_process", field).unwrap().offset));
            assert_eq!(layer.kernel.read_u32(at("pid")).unwrap(), p.pid, "{paging:?}");
            assert_eq!(layer.kernel.read_cstr(at("name"), 16).unwrap(), p.name.as_bytes(), "{paging:?}");
            let next = layer.kernel.read_ptr(at("next")).unwrap();
            assert!(processes.iter().any(|o| o.address == next), "{paging:?}");
            let process: Result<_, ApiError> = layer.os.process(p.address).into();
            let process = process.unwrap();
            // The kernel's half is everybody's.
            assert_eq!(process.read_u8(base).unwrap(), b'd', "{paging:?}");
            let regions = listing(process.regions());
            assert_eq!(regions.is_empty(), p.kernel_thread);
            for r in regions {
                let expect = format!("{} {} {} page 0\n", p.name.to_string_lossy(), p.pid, r.kind.to_string_lossy());
                let mut text = vec![0; expect.len()];
                process.read_exact(r.start, &mut text).unwrap();
                assert_eq!(String::from_utf8_lossy(&text), expect, "{paging:?}");
                assert!(process.read_u8(r.end).is_err() || r.kind.as_bytes() == b"file");
            }
        }
    }
}

#[test]
fn a_heap_has_a_hole_and_pages_that_share_a_frame() {
    for &paging in Paging::ALL {
        let dummy = Dummy::new(&options(paging)).unwrap();
        let init = &listing(dummy.os().processes())[0];
        let process = dummy.system().process_at(init.address).unwrap();
        let heap = listing(process.regions()).into_iter().find(|r| r.kind.as_bytes() == b"heap").unwrap();
        let page = dummy.kernel().format().page_size();
        let mut buf = vec![1; usize::try_from(page * 6).unwrap()];
        let gaps = process.read_gaps(heap.start, &mut buf);
        let hole = heap.start.value() + umem::from(page);
        let holes: Vec<(umem, umem)> = gaps.as_slice().iter().map(|g| (g.start, g.end)).collect();
        assert_eq!(holes, [(hole, hole + umem::from(page))], "{paging:?}");
        // Neighbours with equal entries are two pages of one frame, not writeable.
        let at = |n: u64| process.space().translate_one(heap.start.wrapping_add(umem::from(n * page))).unwrap();
        assert_eq!(at(3).phys, at(4).phys, "{paging:?}");
        assert!(!at(3).perm.has(Perm::WRITE) && at(2).perm.has(Perm::WRITE), "{paging:?}");
        let mut pages = 0;
        process.space().runs(heap.start, heap.start.wrapping_add(umem::from(page * 6 - 1)), &mut |runs| {
            pages += runs.iter().map(|r| r.size).sum::<umem>() / umem::from(page);
            ControlFlow::Continue(())
        });
        assert_eq!(pages, 5, "{paging:?}");
    }
}

#[test]
fn there_is_a_large_page_where_memory_has_room() {
    let mut with = 0;
    for &paging in Paging::ALL {
        let dummy = Dummy::new(&options(paging)).unwrap();
        if let Some((at, size)) = dummy.large_page() {
            with += 1;
            let t = dummy.kernel().translate_one(at.wrapping_add(0x1234)).unwrap();
            assert_eq!(t.page_size(), umem::from(size), "{paging:?}");
            assert_eq!(t.phys.value() % umem::from(size), 0x1234, "{paging:?}");
        }
    }
    assert!(with >= 9, "{with}");
}

#[test]
fn the_same_options_give_the_same_bytes_and_others_do_not() {
    let sum = |seed| {
        let d = Dummy::new(&DummyOptions { seed, ..DummyOptions::default() }).unwrap();
        let mut bytes = vec![0; 16 << 20];
        d.memory().read(PhysAddr::NULL, &mut bytes).unwrap();
        bytes
    };
    assert!(sum(3) == sum(3));
    assert!(sum(3) != sum(4));
}

#[test]
fn too_little_memory_is_an_error_that_helps() {
    let e = Dummy::new(&DummyOptions { size: 64 << 10, ..DummyOptions::default() }).err().unwrap();
    assert!(e.hint_text().unwrap().contains("4m"), "{e}");
    assert!(Dummy::new(&DummyOptions { size: 0, ..DummyOptions::default() }).is_err());
    for &paging in Paging::ALL {
        let size = if paging.format().page_size() > 0x4000 { 16 << 20 } else { 4 << 20 };
        assert!(Dummy::new(&DummyOptions { size, paging, ..DummyOptions::default() }).is_ok(), "{paging:?}");
    }
}

/// The connector as a plugin would hand it over: a table of C functions, and back to what the engine takes.
#[test]
fn a_connector_goes_through_the_plugin_interface_and_back() {
    let dummy = Dummy::new(&DummyOptions::default()).unwrap();
    let connector = dummy.connector().clone();
    let group: ConnectorInstanceBox<'static> = group_obj!(connector as ConnectorInstance);
    let shared: Arc<dyn PhysicalMemory> = Arc::new(group);
    assert_eq!(shared.metadata(), dummy.connector().metadata());
    let memory = Memory::from_arc(shared);
    assert!(memory.mapped().is_some(), "what is mapped stays mapped");
    let root = dummy.kernel().root();
    let kernel = AddressSpace::new(memory, dummy.paging(), root);
    let base = dummy.os().os_info().kernel_base.get().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..200 {
                    assert_eq!(kernel.read_cstr(base, 24).unwrap(), b"dummy kernel text page 0");
                }
            });
        }
    });
    // Every method, over the boundary.
    let connector = dummy.connector().clone();
    let group = group_obj!(connector as ConnectorInstance);
    let mut word = [0; 8];
    let mut ops = [PhysReadOp::new(PhysAddr::new(umem::MAX - 4), &mut word)];
    group.read((&mut ops[..]).into());
    assert_eq!(ops[0].status, Status::MISSING);
    let mut writes = [PhysWriteOp::new(PhysAddr::NULL, b"x")];
    group.write((&mut writes[..]).into());
    assert_eq!(writes[0].status, Status::READ_ONLY);
}

#[test]
fn an_os_goes_through_the_plugin_interface_and_back() {
    for &paging in Paging::ALL {
        let dummy = Dummy::new(&options(paging)).unwrap();
        let system = dummy.system().clone();
        let group: OsInstanceBox<'static> = group_obj!(system as OsInstance);
        let shared = Arc::new(group);
        let os: Arc<dyn Os> = shared.clone();
        let view: Arc<dyn MemoryView> = shared;
        let base = os.os_info().kernel_base.get().unwrap();
        assert_eq!(view.view_metadata(), dummy.kernel().view_metadata());
        std::thread::scope(|scope| {
            for p in listing(os.processes()) {
                let (os, view) = (&os, &view);
                scope.spawn(move || {
                    assert_eq!(view.read_u8(base).unwrap(), b'd');
                    let process: Result<ProcessInstanceBox<'static>, ApiError> = os.process(p.address).into();
                    let process = process.unwrap();
                    assert_eq!(process.process_info().pid, p.pid);
                    assert_eq!(listing(process.threads()).len(), usize::try_from(p.threads.get().unwrap()).unwrap());
                    for m in listing(process.modules()) {
                        assert!(process.read_u32(m.base).is_ok());
                    }
                    if !p.kernel_thread {
                        assert_eq!(listing(process.arguments())[0].as_bytes(), p.image_path.as_ref().unwrap().as_bytes());
                        assert_eq!(listing(process.environment()).len(), 2);
                        let mut ops = [TranslateOp::new(VirtAddr::new(0x40_0000)), TranslateOp::new(VirtAddr::new(0x10))];
                        process.translate((&mut ops[..]).into());
                        assert_eq!([ops[0].status, ops[1].status], [Status::DONE, Status::MISSING]);
                    }
                });
            }
        });
        let nobody: Result<_, ApiError> = os.process(VirtAddr::new(1)).into();
        assert!(nobody.err().unwrap().to_string().contains("no process"));
    }
}
