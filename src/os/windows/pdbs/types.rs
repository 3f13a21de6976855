//! Types of the kernel, and of modules whose PDB file is there.

use super::{KERNEL, Loaded, Pdbs};
use crate::symbols::library::Found;
use crate::symbols::{Type, TypeId, TypeKind, Types};
use std::sync::Arc;

/// An id has the number of the module in its highest byte; the kernel's is zero.
const SHIFT: u32 = 24;
const OWN: u32 = (1 << SHIFT) - 1;
/// An id that no type has.
const NONE: TypeId = TypeId(u32::MAX);

/// Types of the kernel, and as `MODULE!TYPE` those of modules.
pub struct AllTypes {
    kernel: Arc<dyn Types>,
    pdbs: Arc<Pdbs>,
}

/// `MODULE` and `TYPE` of `MODULE!TYPE`, where `struct` and the like may stand before either.
fn qualified(name: &str) -> Option<(&str, String)> {
    let (module, name) = name.split_once('!')?;
    let tags = ["struct ", "union ", "enum "];
    match tags.iter().find_map(|t| Some((t, module.strip_prefix(t)?))) {
        Some((tag, module)) => Some((module.trim(), format!("{tag}{}", name.trim()))),
        None => Some((module, name.trim().to_owned())),
    }
}

fn outside(slot: u32, id: TypeId) -> TypeId {
    if id.0 <= OWN { TypeId(slot << SHIFT | id.0) } else { NONE }
}

impl AllTypes {
    /// Of the kernel and of modules.
    pub fn new(kernel: Arc<dyn Types>, pdbs: Arc<Pdbs>) -> Self {
        Self { kernel, pdbs }
    }

    fn module(&self, name: &str) -> Option<&Loaded> {
        Some(self.pdbs.load(self.pdbs.anywhere(name)?))
    }

    /// The module whose types have this number.
    fn holding(&self, id: TypeId) -> Option<(&str, &Loaded)> {
        let slot = id.0 >> SHIFT;
        let lists = [self.pdbs.modules.get(), self.pdbs.users.get()];
        let mut modules = lists.into_iter().flatten().flatten();
        modules.find_map(|m| m.loaded.get().filter(|l| l.slot == slot).map(|l| (m.stem.as_str(), l)))
    }
}

impl Types for AllTypes {
    fn find(&self, name: &str) -> Option<TypeId> {
        let Some((module, bare)) = qualified(name) else { return self.kernel.find(name) };
        if KERNEL.iter().any(|k| module.eq_ignore_ascii_case(k)) {
            return self.kernel.find(&bare);
        }
        let loaded = self.module(module)?;
        Some(outside(loaded.slot, loaded.types.as_ref()?.find(&bare)?))
    }

    fn get(&self, id: TypeId) -> Option<Type> {
        if id.0 <= OWN {
            return self.kernel.get(id);
        }
        let (_, loaded) = self.holding(id)?;
        let mut t = loaded.types.as_ref()?.get(TypeId(id.0 & OWN))?;
        let to = |id: &mut TypeId| *id = outside(loaded.slot, *id);
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

    fn variable(&self, name: &str) -> Option<TypeId> {
        self.kernel.variable(name)
    }

    fn names(&self) -> Vec<String> {
        self.kernel.names()
    }

    fn origin(&self) -> String {
        self.kernel.origin()
    }

    fn modules(&self) -> Vec<String> {
        let there = |m: &&super::Module| matches!(self.pdbs.found(m), Some(Found::File(_)));
        self.pdbs.modules().iter().filter(there).map(|m| m.stem.clone()).collect()
    }

    fn names_in(&self, module: &str) -> Vec<String> {
        if KERNEL.iter().any(|k| module.eq_ignore_ascii_case(k)) {
            return self.kernel.names();
        }
        self.module(module).and_then(|l| l.types.as_ref()).map(|t| t.names()).unwrap_or_default()
    }

    fn advice(&self, module: &str) -> Option<String> {
        let named = |m: &super::Module| m.stem.clone();
        let Some(found) = self.pdbs.anywhere(module) else {
            return Some(format!("there is no module {module} in the kernel or in a process; `modules` lists the kernel's"));
        };
        Some(match (self.pdbs.found(found), &self.pdbs.load(found).types) {
            (_, Some(types)) => {
                format!("the symbol file of {} has {} types; `nt!` names the kernel's", named(found), types.names().len())
            }
            (Some(Found::Unusable(path, why)), _) => format!("{}: {why}", path.display()),
            (Some(Found::File(path)), None) => format!("{} has no types that can be read", path.display()),
            (None, None) if self.pdbs.pdb(found).is_none() => {
                format!("what names the symbol file of {} is not in memory", named(found))
            }
            (None, None) => {
                format!("the symbol file of {} is not here: `symbols need` names it, --symbols takes it", named(found))
            }
        })
    }

    fn module_of(&self, id: TypeId) -> Option<String> {
        if id.0 <= OWN {
            return self.kernel.module_of(id);
        }
        self.holding(id).map(|(name, _)| name.to_owned())
    }

    fn definitions(&self, name: &str) -> Vec<TypeId> {
        match qualified(name) {
            Some(_) => self.find(name).into_iter().collect(),
            None => self.kernel.definitions(name),
        }
    }
}
