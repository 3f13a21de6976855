//! Units into one store: a definition that was seen before, in whichever unit, is not kept again.

use super::super::TypeId;
use super::super::interner::Name;
use super::super::store::{Declared, Member, Shape, TypeStore};
use super::unit::{Entry, EntryRef, Kind, Units};
use gimli::constants as c;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// How long a chain of pointers, arrays and typedefs, or of structures inside structures, may be.
const DEPTH: u32 = 64;

/// What makes a type the same as another.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Base(Name, Option<u64>, u8),
    Pointer(Option<u64>, TypeId),
    Array(TypeId, u64),
    Typedef(Name, TypeId),
    /// Structure, union, enumeration: hash of its definition.
    Defined(u64),
    Declared(Declared, Name),
    Function,
    Void,
}

/// The types of all units so far.
pub struct Merge {
    store: TypeStore,
    known: HashMap<Key, TypeId>,
    /// Definitions whose members are still to be taken: no recursion through pointers.
    todo: Vec<(EntryRef, TypeId)>,
    /// Whether the unit at hand was left through a reference.
    alone: bool,
}

impl Merge {
    pub fn new(origin: String) -> Self {
        Self { store: TypeStore::new(origin), known: HashMap::new(), todo: Vec::new(), alone: true }
    }

    pub fn store(&mut self) -> &mut TypeStore {
        &mut self.store
    }

    pub fn finish(self) -> TypeStore {
        self.store
    }

    /// Takes over what has a name in a loaded unit, and what that needs.
    pub fn unit(&mut self, units: &mut Units<'_>, unit: usize) {
        self.alone = true;
        let count = units.get(unit).map_or(0, |u| u.entries.len());
        for i in 0..count {
            let named = units.entry((unit, i)).is_some_and(|e| e.name != Name::NONE);
            if named {
                self.take(units, Some((unit, i)), DEPTH);
                self.fill(units);
            }
        }
        let alone = self.alone;
        units.done(unit, alone);
    }

    fn fill(&mut self, units: &mut Units<'_>) {
        while let Some((at, id)) = self.todo.pop() {
            let Some(e) = units.entry(at) else { continue };
            let shape = match e.kind {
                Kind::Tagged(Declared::Enum) => {
                    let constants = part(units.get(at.0).map(|u| &u.constants), e.parts);
                    let (first, n) = self.store.add_constants(&constants);
                    Shape::Enum(first, n)
                }
                Kind::Tagged(kind) => {
                    let local = part(units.get(at.0).map(|u| &u.members), e.parts);
                    let mut members = Vec::with_capacity(local.len());
                    for m in local {
                        let target = self.follow(units, at.0, m.target);
                        let Some(type_id) = self.take(units, target, DEPTH) else { continue };
                        members.push(Member { name: m.name, bit_offset: m.bit_offset, bits: m.bits, type_id });
                    }
                    let (first, n) = self.store.add_members(&members);
                    if kind == Declared::Union { Shape::Union(first, n) } else { Shape::Struct(first, n) }
                }
                _ => continue,
            };
            self.store.set(id, e.name, e.size, shape);
        }
    }

    fn follow(&mut self, units: &mut Units<'_>, home: usize, target: u64) -> Option<EntryRef> {
        let found = units.resolve(home, target, &mut self.store);
        if found.is_some_and(|f| f.0 != home) {
            self.alone = false;
        }
        found
    }

    /// The type of an entry in the store; no entry is `void`. `None` for a chain without end.
    fn take(&mut self, units: &mut Units<'_>, at: Option<EntryRef>, depth: u32) -> Option<TypeId> {
        let Some((at, e)) = at.and_then(|at| Some((at, units.entry(at)?))) else {
            let void = self.store.intern("void");
            return self.known(Key::Void, void, None, Shape::Void);
        };
        let cached = units.get(at.0).and_then(|u| u.ids.get(at.1).copied().flatten());
        if cached.is_some() {
            return cached;
        }
        let depth = depth.checked_sub(1)?;
        let id = self.make(units, at, &e, depth)?;
        if let Some(slot) = units.get_mut(at.0).and_then(|u| u.ids.get_mut(at.1)) {
            *slot = Some(id);
        }
        Some(id)
    }

    fn make(&mut self, units: &mut Units<'_>, at: EntryRef, e: &Entry, depth: u32) -> Option<TypeId> {
        match e.kind {
            Kind::Base(encoding) => self.known(Key::Base(e.name, e.size, encoding), e.name, e.size, base(encoding)),
            Kind::Void => self.known(Key::Void, e.name, None, Shape::Void),
            Kind::Function => self.known(Key::Function, Name::NONE, None, Shape::Function),
            Kind::Qualifier => {
                let target = self.follow(units, at.0, e.target);
                self.take(units, target, depth)
            }
            Kind::Pointer => {
                let target = self.follow(units, at.0, e.target);
                let to = self.take(units, target, depth)?;
                self.known(Key::Pointer(e.size, to), Name::NONE, e.size, Shape::Pointer(to))
            }
            Kind::Typedef => {
                let target = self.follow(units, at.0, e.target);
                let to = self.take(units, target, depth)?;
                self.known(Key::Typedef(e.name, to), e.name, None, Shape::Typedef(to))
            }
            Kind::Array => {
                let target = self.follow(units, at.0, e.target);
                let mut id = self.take(units, target, depth)?;
                for n in part(units.get(at.0).map(|u| &u.dimensions), e.parts).into_iter().rev() {
                    // The size of an element that is still to be filled is known from its entry already.
                    let size = self.size(id).and_then(|s| s.checked_mul(n));
                    id = self.known(Key::Array(id, n), Name::NONE, size, Shape::Array(id, n))?;
                }
                Some(id)
            }
            Kind::Tagged(kind) if e.declared => self.known(Key::Declared(kind, e.name), e.name, None, Shape::Forward(kind)),
            Kind::Tagged(kind) => {
                let hash = self.definition(units, at, DEPTH);
                let key = Key::Defined(hash);
                if let Some(&id) = self.known.get(&key) {
                    self.store.seen_again(id);
                    return Some(id);
                }
                let id = self.store.add(e.name, e.size, Shape::Forward(kind))?;
                self.known.insert(key, id);
                self.todo.push((at, id));
                Some(id)
            }
        }
    }

    fn known(&mut self, key: Key, name: Name, size: Option<u64>, shape: Shape) -> Option<TypeId> {
        if let Some(&id) = self.known.get(&key) {
            return Some(id);
        }
        let id = self.store.add(name, size, shape)?;
        self.known.insert(key, id);
        Some(id)
    }

    fn size(&self, id: TypeId) -> Option<u64> {
        let mut id = id;
        for _ in 0..DEPTH {
            let (shape, size) = self.store.shape(id)?;
            let Shape::Typedef(to) = shape else { return size };
            id = to;
        }
        None
    }

    /// Hash of a definition: its name, size and members, and of the members' types whatever lies inside the structure.
    /// What lies behind a pointer counts by name only, so that the hash is the same in a unit that knows less of it.
    fn definition(&mut self, units: &mut Units<'_>, at: EntryRef, depth: u32) -> u64 {
        let Some(e) = units.entry(at) else { return 0 };
        if let Some(hash) = units.get(at.0).and_then(|u| u.hashes.get(at.1).copied().flatten()) {
            return hash;
        }
        let Some(depth) = depth.checked_sub(1) else { return 1 };
        // A structure inside itself (which only a damaged file has) ends here.
        self.remember(units, at, 2);
        let mut hasher = DefaultHasher::new();
        tag(&e).hash(&mut hasher);
        (e.name, e.size, e.parts.1).hash(&mut hasher);
        if e.kind == Kind::Tagged(Declared::Enum) {
            part(units.get(at.0).map(|u| &u.constants), e.parts).hash(&mut hasher);
        } else {
            for m in part(units.get(at.0).map(|u| &u.members), e.parts) {
                (m.name, m.bit_offset, m.bits).hash(&mut hasher);
                let target = self.follow(units, at.0, m.target);
                self.mention(units, target, true, depth, &mut hasher);
            }
        }
        let hash = hasher.finish();
        self.remember(units, at, hash);
        hash
    }

    fn remember(&self, units: &mut Units<'_>, at: EntryRef, hash: u64) {
        if let Some(slot) = units.get_mut(at.0).and_then(|u| u.hashes.get_mut(at.1)) {
            *slot = Some(hash);
        }
    }

    /// Hashes a type as it is mentioned in a member; `inside`: it lies in the structure, no pointer in between.
    fn mention(&mut self, units: &mut Units<'_>, at: Option<EntryRef>, inside: bool, depth: u32, hasher: &mut DefaultHasher) {
        let (mut at, mut inside) = (at, inside);
        for _ in 0..depth {
            let Some((here, e)) = at.and_then(|at| Some((at, units.entry(at)?))) else {
                0_u8.hash(hasher);
                return;
            };
            if e.kind != Kind::Qualifier {
                tag(&e).hash(hasher);
            }
            match e.kind {
                Kind::Base(_) | Kind::Void | Kind::Function => {
                    (e.name, e.size).hash(hasher);
                    return;
                }
                Kind::Tagged(_) => {
                    e.name.hash(hasher);
                    if !e.declared && (inside || e.name == Name::NONE) {
                        self.definition(units, here, depth).hash(hasher);
                    }
                    return;
                }
                Kind::Pointer => inside = false,
                Kind::Array => part(units.get(here.0).map(|u| &u.dimensions), e.parts).hash(hasher),
                Kind::Typedef => e.name.hash(hasher),
                Kind::Qualifier => {}
            }
            at = self.follow(units, here.0, e.target);
        }
    }
}

fn part<T: Copy>(list: Option<&Vec<T>>, (first, count): (u32, u32)) -> Vec<T> {
    let range = || {
        let first = usize::try_from(first).ok()?;
        list?.get(first..first.checked_add(usize::try_from(count).ok()?)?)
    };
    range().unwrap_or_default().to_vec()
}

fn tag(e: &Entry) -> (u8, u8) {
    match e.kind {
        Kind::Base(encoding) => (1, encoding),
        Kind::Pointer => (2, 0),
        Kind::Array => (3, 0),
        Kind::Tagged(Declared::Struct) => (4, 0),
        Kind::Tagged(Declared::Union) => (5, 0),
        Kind::Tagged(_) => (6, 0),
        Kind::Typedef => (7, 0),
        Kind::Qualifier => (8, 0),
        Kind::Function => (9, 0),
        Kind::Void => (10, 0),
    }
}

/// `DW_ATE_*` (DWARF 5, table 5.1).
fn base(encoding: u8) -> Shape {
    let int = |signed, char, bool| Shape::Int { signed, char, bool };
    match gimli::DwAte(encoding) {
        c::DW_ATE_boolean => int(false, false, true),
        c::DW_ATE_signed_char => int(true, true, false),
        c::DW_ATE_unsigned_char | c::DW_ATE_UTF | c::DW_ATE_ASCII | c::DW_ATE_UCS => int(false, true, false),
        c::DW_ATE_signed | c::DW_ATE_signed_fixed => int(true, false, false),
        c::DW_ATE_float | c::DW_ATE_complex_float | c::DW_ATE_imaginary_float | c::DW_ATE_decimal_float => Shape::Float,
        _ => int(false, false, false),
    }
}
