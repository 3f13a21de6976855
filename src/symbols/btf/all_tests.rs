#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail by panicking")]

use super::all::*;
use super::blob::Btf;
use super::build::{Builder, sample};
use crate::symbols::{TypeId, TypeKind, Types, TypesExt};
use proptest::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn kernel() -> Arc<Btf> {
    Arc::new(Btf::parse(sample(false).blob()).unwrap())
}

/// A module: a structure `name` with a member of the kernel's `task *` and one that points to itself, and its own `shared`.
fn module(name: &str, size: u32) -> ModuleBlob {
    let mut m = Builder::on(&sample(false));
    let (owner, next, a) = (m.name("owner"), m.name("next"), m.name("a"));
    // Own ids begin at 16: 16 the structure, 17 the pointer to it, 18 shared.
    m.add(name, 4, false, 2, size, &[owner, 7, 0, next, 17, 64]);
    m.add("", 2, false, 0, 16, &[]);
    m.add("shared", 4, false, 1, size, &[a, 1, 0]);
    ModuleBlob { module: format!("{name}_mod"), bytes: m.blob(), base: None }
}

fn all(blobs: impl Fn() -> Vec<ModuleBlob> + Send + Sync + 'static) -> Arc<AllTypes> {
    Arc::new(AllTypes::new(kernel(), move |_| ModuleBlobs { blobs: blobs(), lost: Vec::new() }))
}

fn two() -> Arc<AllTypes> {
    all(|| vec![module("tun", 16), module("veth", 24)])
}

#[test]
fn ids_of_modules_do_not_meet() {
    let t = two();
    let (tun, veth) = (t.find("tun").unwrap(), t.find("struct veth").unwrap());
    assert_ne!(tun, veth);
    for (id, name, size) in [(tun, "tun", 16), (veth, "veth", 24)] {
        let own = t.get(id).unwrap();
        assert_eq!((own.name.as_deref(), own.size), (Some(name), Some(size)));
        let TypeKind::Struct(fields) = own.kind else { panic!("no structure") };
        let TypeKind::Pointer(back) = t.get(fields[1].type_id).unwrap().kind else { panic!("no pointer") };
        assert_eq!(back, id, "{name} points to itself, not to the other module's");
        assert_eq!(fields[0].type_id, TypeId(7), "the kernel's ids stay");
        assert_eq!(t.module_of(id), Some(format!("{name}_mod")));
    }
    assert_eq!(t.field("veth", "owner").unwrap().size, Some(8));
    assert_eq!(t.module_of(TypeId(6)), None);
    let end = t.find("veth_mod!shared").unwrap().0 + 1;
    assert_eq!(t.get(TypeId(end)), None);
    assert_eq!(t.get(TypeId(u32::MAX)), None);
}

#[test]
fn a_module_is_named() {
    let t = two();
    assert_eq!(t.size_of("tun_mod!shared"), Some(16));
    assert_eq!(t.size_of("veth-mod!shared"), Some(24), "the kernel writes a dash as an underscore");
    assert_eq!(t.size_of("struct veth_mod!shared"), Some(24));
    assert_eq!(t.size_of("veth_mod!struct shared"), Some(24));
    assert_eq!(t.find("veth_mod!union shared"), None);
    assert_eq!(t.size_of("shared"), Some(16), "of several, the first module's");
    assert_eq!(t.definitions("shared").len(), 2);
    assert_eq!(t.find("veth_mod!tun"), None);
    assert_eq!(t.find("veth_mod!task"), None, "the kernel's is not the module's");
    assert_eq!(t.find("vmlinux!task"), Some(TypeId(6)));
    assert_eq!(t.find("vmlinux!tun"), None);
    assert_eq!(t.find("other!tun"), None);
    assert_eq!(t.names_in("tun_mod"), ["tun", "shared"]);
    assert_eq!(t.modules(), ["tun_mod", "veth_mod"]);
    assert!(t.names().contains(&"veth".to_owned()) && t.names().contains(&"outer".to_owned()));
}

#[test]
fn what_the_kernel_reads_by_never_comes_from_a_module_unasked() {
    let t = two();
    let own = KernelTypes(Arc::clone(&t));
    assert_eq!(own.find("tun"), None);
    assert_eq!(own.find("tun_mod!tun"), t.find("tun"));
    assert_eq!(own.size_of("tun_mod!tun"), Some(16));
    assert!(!own.names().contains(&"tun".to_owned()));
}

#[test]
fn modules_are_read_once_and_only_for_what_the_kernel_does_not_define() {
    static READ: AtomicUsize = AtomicUsize::new(0);
    let t = all(|| {
        READ.fetch_add(1, Ordering::Relaxed);
        vec![module("task", 99), module("elsewhere", 8)]
    });
    assert_eq!((t.size_of("task"), t.size_of("struct task")), (Some(32), Some(32)), "the kernel's own goes first");
    assert!(t.variable("current_task").is_some());
    assert_eq!(t.origin(), "BTF");
    assert_eq!(READ.load(Ordering::Relaxed), 0);
    assert_eq!(t.size_of("struct elsewhere"), Some(8), "the kernel only declares it");
    assert_eq!(t.find("nowhere"), None);
    assert_eq!(READ.load(Ordering::Relaxed), 1);
    assert_eq!(t.origin(), "BTF of the kernel and 2 modules");
}

#[test]
fn a_bad_blob_costs_its_module_only() {
    let t = all(|| {
        let mut bad = module("bad", 8);
        bad.bytes.truncate(40);
        let mut foreign = module("foreign", 8);
        foreign.bytes = sample(true).blob();
        vec![bad, module("tun", 16), foreign]
    });
    assert_eq!(t.size_of("tun"), Some(16));
    assert_eq!(t.find("bad"), None);
    assert!(t.origin().contains("1 module (types of module bad_mod: BTF: ") && t.origin().contains("1 more"), "{}", t.origin());
}

#[test]
fn ids_that_lead_out_of_a_module_lead_nowhere() {
    let t = all(|| {
        let mut m = Builder::on(&sample(false));
        m.add("", 2, false, 0, 17, &[]);
        m.add("wild", 8, false, 0, 18, &[]);
        vec![ModuleBlob { module: "wild".into(), bytes: m.blob(), base: None }, module("tun", 16)]
    });
    let TypeKind::Typedef(to) = t.get(t.find("wild").unwrap()).unwrap().kind else { panic!("no typedef") };
    assert_eq!(t.get(to), None, "18 would be the other module's first type");
}

/// Of the module's base: 1 int, 2 embedded task, 3 declared task, 4 a structure of another size, 5 one that there is not.
#[test]
fn a_reduced_base_stands_for_the_kernels_types() {
    let mut base = Builder::new(false);
    base.add("int", 1, false, 0, 4, &[1 << 24 | 32]);
    base.add("task", 4, false, 0, 32, &[]);
    base.add("task", 7, false, 0, 0, &[]);
    base.add("task", 4, false, 0, 40, &[]);
    base.add("gone", 7, false, 0, 0, &[]);
    let mut m = Builder::on(&base);
    let names = ["a", "b", "c", "d", "e", "f"].map(|n| m.name(n));
    let fields: Vec<u32> = names.iter().zip([1, 2, 3, 4, 5, 7]).flat_map(|(name, id)| [*name, id, 0]).collect();
    m.add("mine", 4, false, 6, 48, &fields);
    m.add("", 2, false, 0, 3, &[]);
    let (bytes, base) = (m.blob(), base.blob());
    let t = all(move || vec![ModuleBlob { module: "m".into(), bytes: bytes.clone(), base: Some(base.clone()) }]);
    let TypeKind::Struct(fields) = t.get(t.find("mine").unwrap()).unwrap().kind else { panic!("no structure") };
    let ids: Vec<Option<TypeId>> = fields.iter().map(|f| t.get(f.type_id).map(|_| f.type_id)).collect();
    let own = t.find("mine").unwrap().0;
    let expected = [Some(1), Some(6), Some(6), None, None, Some(own + 1)].map(|id| id.map(TypeId));
    assert_eq!(ids, expected);
    assert_eq!(t.field("mine", "b.pid").unwrap().size, t.field("task", "pid").unwrap().size);
    assert_eq!(t.get(TypeId(own + 1)).unwrap().kind, TypeKind::Pointer(TypeId(6)));
}

proptest! {
    #[test]
    fn damage_never_panics_and_never_crosses(cut in 0usize..400, flips in prop::collection::vec((0usize..400, 0u8..8), 0..12)) {
        let mut bytes = module("tun", 16).bytes;
        for (at, bit) in flips {
            let n = bytes.len();
            bytes[at % n] ^= 1 << bit;
        }
        bytes.truncate(cut.max(30));
        let t = all(move || vec![ModuleBlob { module: "m".into(), bytes: bytes.clone(), base: None }, module("veth", 24)]);
        t.names();
        prop_assert_eq!(t.size_of("veth_mod!veth"), Some(24));
        for id in 0..64 {
            t.get(TypeId(id));
            t.resolve(TypeId(id));
        }
    }
}
