//! The types of a kernel and of all its modules, as one.
//!
//! Each module's blob counts its ids from where the kernel's end, so the same id means something else in each. Seen from outside,
//! the kernel keeps its ids, and each module's own types get a range of their own behind them.

use super::blob::Btf;
use super::names::{DECLARED, split_tag};
use crate::symbols::{Type, TypeId, TypeKind, Types};
use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

/// An id that no type has: what can't be told is not found, rather than found in another module.
const NONE: u32 = u32::MAX;
/// Bytes of the names of a module's base: it has the few types that the module uses.
const BASE_NAMES: usize = 16 << 20;
/// What the kernel's own types may be called by in `NAME!TYPE`.
const KERNEL: [&str; 3] = ["vmlinux", "kernel", "nt"];

/// The blob of a module.
pub struct ModuleBlob {
    /// The module's name.
    pub module: String,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The bytes of what it counts from, where that is not the kernel: a few types that stand for the kernel's types of the same
    /// name, kind and size (`.BTF.base`).
    pub base: Option<Vec<u8>>,
}

/// The blobs of all modules.
#[derive(Default)]
pub struct ModuleBlobs {
    /// Those that are there.
    pub blobs: Vec<ModuleBlob>,
    /// Sentences about those that are not.
    pub lost: Vec<String>,
}

/// Finds the blobs, when they are first needed.
type Source = Box<dyn Fn(&Btf) -> ModuleBlobs + Send + Sync>;

/// The types of a kernel and, read when somebody asks for one that the kernel does not define, of its modules. `MODULE!TYPE`
/// names a module's own.
pub struct AllTypes {
    kernel: Arc<Btf>,
    source: Source,
    modules: OnceLock<Modules>,
}

#[derive(Default)]
struct Modules {
    /// Ascending by their first id.
    parts: Vec<Part>,
    lost: Vec<String>,
}

struct Part {
    module: String,
    btf: Btf,
    /// The id from outside of the first own type, and the one after the last.
    first: u32,
    end: u32,
    /// For a blob that counts from a base of its own: the kernel's type for each of the base's.
    kernel: Option<Vec<u32>>,
}

impl Part {
    fn outside(&self, id: u32) -> u32 {
        match id.checked_sub(self.btf.first_id()) {
            Some(own) => self.first.checked_add(own).filter(|&id| id < self.end).unwrap_or(NONE),
            None => match &self.kernel {
                Some(map) => usize::try_from(id).ok().and_then(|i| map.get(i).copied()).unwrap_or(NONE),
                None => id,
            },
        }
    }

    fn find(&self, name: &str) -> Option<(u8, u32)> {
        self.btf.find_own(name).map(|(rank, id)| (rank, self.outside(id)))
    }

    fn get(&self, id: u32) -> Option<Type> {
        let own = self.btf.first_id().checked_add(id.checked_sub(self.first)?)?;
        let mut t = self.btf.get(TypeId(own))?;
        let to = |id: &mut TypeId| id.0 = self.outside(id.0);
        match &mut t.kind {
            TypeKind::Pointer(id) | TypeKind::Typedef(id) | TypeKind::Qualified(id) => to(id),
            TypeKind::Array { element, .. } => to(element),
            TypeKind::Struct(fields) | TypeKind::Union(fields) => fields.iter_mut().for_each(|f| to(&mut f.type_id)),
            TypeKind::Void
            | TypeKind::Int { .. }
            | TypeKind::Float
            | TypeKind::Enum(_)
            | TypeKind::Function
            | TypeKind::Forward => {}
        }
        Some(t)
    }
}

impl Modules {
    fn read(kernel: &Arc<Btf>, found: ModuleBlobs) -> Self {
        let mut modules = Self { parts: Vec::new(), lost: found.lost };
        let mut next = kernel.end_id();
        for blob in found.blobs {
            let ModuleBlob { module, bytes, base } = blob;
            let part = match base {
                None => Btf::parse_split(bytes, Arc::clone(kernel)).map(|btf| (btf, None)),
                Some(base) => Btf::parse(base).and_then(|base| {
                    let map = counterparts(&base, kernel);
                    Btf::parse_split(bytes, Arc::new(base)).map(|btf| (btf, Some(map)))
                }),
            };
            let end = |btf: &Btf| next.checked_add(btf.end_id() - btf.first_id()).filter(|&end| end < NONE);
            match part {
                Ok((btf, kernel)) => match end(&btf) {
                    Some(end) => {
                        let lost = btf.lost_names();
                        if lost > 0 {
                            modules.lost.push(format!("types of module {module}: {lost} have damaged names"));
                        }
                        modules.parts.push(Part { module, btf, first: next, end, kernel });
                        next = end;
                    }
                    None => modules.lost.push(format!("module {module}: too many types in all")),
                },
                Err(e) => modules.lost.push(format!("types of module {module}: {}", e.reason())),
            }
        }
        modules
    }

    fn named(&self, module: &str) -> Option<&Part> {
        // The kernel takes both for the same (`parameq`), and keeps underscores in names of modules.
        let module = module.replace('-', "_");
        self.parts.iter().find(|p| p.module == module)
    }

    fn holding(&self, id: u32) -> Option<&Part> {
        let after = self.parts.partition_point(|p| p.first <= id);
        self.parts.get(after.checked_sub(1)?).filter(|p| id < p.end)
    }

    /// The best definition that any module has; of several, that of the first.
    fn find(&self, name: &str) -> Option<(u8, u32)> {
        self.parts.iter().filter_map(|p| p.find(name)).min_by_key(|(rank, _)| *rank)
    }
}

/// For each type of a module's base the kernel's own; [`NONE`] where there is none, or several that differ.
fn counterparts(base: &Btf, kernel: &Btf) -> Vec<u32> {
    let mut left = BASE_NAMES;
    let own = base.own().map(|(_, head)| {
        let name = base.raw_string(head.name)?;
        // What is not found is not known; no module's base has as many names.
        left = left.checked_sub(name.len())?;
        kernel.counterpart(head, name)
    });
    // 0 is `void` in every blob.
    std::iter::once(0).chain(own.map(|id| id.unwrap_or(NONE))).collect()
}

/// `MODULE` and `TYPE` of `MODULE!TYPE`, where `struct` and the like may stand before either.
fn qualified(name: &str) -> Option<(&str, String)> {
    let (module, name) = name.split_once('!')?;
    let (tag, module) = split_tag(module);
    Some((module, tag.map_or_else(|| name.trim().to_owned(), |tag| format!("{tag} {}", name.trim()))))
}

impl AllTypes {
    /// The types of `kernel`, and of the modules whose blobs `source` finds.
    pub fn new(kernel: Arc<Btf>, source: impl Fn(&Btf) -> ModuleBlobs + Send + Sync + 'static) -> Self {
        Self { kernel, source: Box::new(source), modules: OnceLock::new() }
    }

    fn modules(&self) -> &Modules {
        self.modules.get_or_init(|| Modules::read(&self.kernel, (self.source)(&self.kernel)))
    }

    fn find_qualified(&self, module: &str, name: &str) -> Option<TypeId> {
        if KERNEL.contains(&module) {
            return self.kernel.find(name);
        }
        self.modules().named(module)?.find(name).map(|(_, id)| TypeId(id))
    }
}

impl Types for AllTypes {
    fn find(&self, name: &str) -> Option<TypeId> {
        if let Some((module, name)) = qualified(name) {
            return self.find_qualified(module, &name);
        }
        let kernel = self.kernel.ranked(name);
        if let Some((rank, id)) = kernel
            && rank < DECLARED
        {
            return Some(TypeId(id));
        }
        let module = self.modules().find(name).filter(|(rank, _)| kernel.is_none_or(|(best, _)| *rank < best));
        module.or(kernel).map(|(_, id)| TypeId(id))
    }

    fn get(&self, id: TypeId) -> Option<Type> {
        if id.0 < self.kernel.end_id() {
            return self.kernel.get(id);
        }
        // Nobody has such an id who did not get it from a module that was read.
        self.modules.get()?.holding(id.0)?.get(id.0)
    }

    fn variable(&self, name: &str) -> Option<TypeId> {
        Btf::variable(&self.kernel, name)
    }

    fn names(&self) -> Vec<String> {
        let mut names = Types::names(&*self.kernel);
        names.extend(self.modules().parts.iter().flat_map(|p| p.btf.own_names()));
        names
    }

    fn origin(&self) -> String {
        let own = self.kernel.origin();
        let Some(modules) = self.modules.get() else { return own };
        let lost = match modules.lost.as_slice() {
            [] => String::new(),
            [one] => format!(" ({one})"),
            [one, rest @ ..] => format!(" ({one}; {} more are missing)", rest.len()),
        };
        match modules.parts.len() {
            0 => format!("{own}{lost}"),
            1 => format!("{own} of the kernel and 1 module{lost}"),
            n => format!("{own} of the kernel and {n} modules{lost}"),
        }
    }

    fn modules(&self) -> Vec<String> {
        self.modules().parts.iter().map(|p| p.module.clone()).collect()
    }

    fn names_in(&self, module: &str) -> Vec<String> {
        match KERNEL.contains(&module) {
            true => Types::names(&*self.kernel),
            false => self.modules().named(module).map(|p| p.btf.own_names().collect()).unwrap_or_default(),
        }
    }

    fn module_of(&self, id: TypeId) -> Option<String> {
        Some(self.modules.get()?.holding(id.0)?.module.clone())
    }

    fn definitions(&self, name: &str) -> Vec<TypeId> {
        let kernel = self.kernel.ranked(name);
        let modules = self.modules().parts.iter().map(|p| p.find(name));
        let defined = std::iter::once(kernel).chain(modules).flatten().filter(|(rank, _)| *rank < DECLARED);
        let mut seen = HashSet::new();
        defined.map(|(_, id)| TypeId(id)).filter(|id| seen.insert(*id)).collect()
    }
}

/// The types of a kernel alone for whoever asks by name, those of a module for whoever names the module; ids are the same as in
/// the [`AllTypes`] within.
///
/// What a kernel keeps where is read by this: a type that this kernel does not have must not be taken from a module that happens
/// to have, or was made to have, one of the same name.
pub struct KernelTypes(pub Arc<AllTypes>);

impl Types for KernelTypes {
    fn find(&self, name: &str) -> Option<TypeId> {
        match qualified(name) {
            Some((module, name)) => self.0.find_qualified(module, &name),
            None => self.0.kernel.find(name),
        }
    }

    fn get(&self, id: TypeId) -> Option<Type> {
        self.0.get(id)
    }

    fn variable(&self, name: &str) -> Option<TypeId> {
        self.0.variable(name)
    }

    fn names(&self) -> Vec<String> {
        Types::names(&*self.0.kernel)
    }

    fn origin(&self) -> String {
        self.0.kernel.origin()
    }

    fn modules(&self) -> Vec<String> {
        Types::modules(&*self.0)
    }

    fn names_in(&self, module: &str) -> Vec<String> {
        self.0.names_in(module)
    }

    fn module_of(&self, id: TypeId) -> Option<String> {
        self.0.module_of(id)
    }
}
