//! Types in memory, compact, filled by the readers of ISF and DWARF.

use super::interner::{Interner, Name};
use super::model::{Field, Type, TypeId, TypeKind, Types};
use std::cmp::Reverse;

/// How long a chain of typedefs may be before it is taken for a cycle.
const CHAIN: u32 = 32;

/// A member as it is stored.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// Its name; none for an anonymous structure.
    pub name: Name,
    /// Position in bits from the start of the structure.
    pub bit_offset: u64,
    /// Width in bits of a bit field; zero for other members.
    pub bits: u32,
    /// Its type.
    pub type_id: TypeId,
}

/// What a type is, with its parts in the store's own lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// No value.
    Void,
    /// An integer, character or boolean.
    Int {
        /// Whether it has a sign.
        signed: bool,
        /// Whether it is a character.
        char: bool,
        /// Whether it is a boolean.
        bool: bool,
    },
    /// A floating-point number.
    Float,
    /// A pointer.
    Pointer(TypeId),
    /// An array: elements' type and number.
    Array(TypeId, u64),
    /// A structure whose members are this stretch of the store's list (first, number).
    Struct(u32, u32),
    /// A union, likewise.
    Union(u32, u32),
    /// An enumeration; first and number in the list of constants.
    Enum(u32, u32),
    /// Another name for a type.
    Typedef(TypeId),
    /// A function.
    Function,
    /// Declared, not (yet) defined.
    Forward(Declared),
    /// A declaration whose definition was found elsewhere.
    Defined(TypeId),
}

/// What a declaration promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Declared {
    /// A structure.
    Struct,
    /// A union.
    Union,
    /// An enumeration.
    Enum,
    /// A base type, or a name whose kind the source does not say.
    Other,
}

#[derive(Clone, Copy)]
struct Stored {
    name: Name,
    size: Option<u64>,
    shape: Shape,
    /// How often the same definition was met: of two structures of one name the more usual one is the one meant.
    weight: u32,
}

/// Types of one file. Fill it with [`add`](Self::add) and [`set`](Self::set), then call [`finish`](Self::finish) once.
#[derive(Default)]
pub struct TypeStore {
    origin: String,
    names: Interner,
    types: Vec<Stored>,
    members: Vec<Member>,
    constants: Vec<(Name, i128)>,
    /// Types that have a name, ordered by it, the best definition of each name first.
    index: Vec<u32>,
}

impl TypeStore {
    /// An empty store; `origin` is what [`Types::origin`] answers.
    pub fn new(origin: impl Into<String>) -> Self {
        Self { origin: origin.into(), ..Self::default() }
    }

    /// The number of a name.
    pub fn intern(&mut self, name: &str) -> Name {
        self.names.intern(name)
    }

    /// The text of a name.
    pub fn text(&self, name: Name) -> &str {
        self.names.text(name)
    }

    /// Adds a type; `None` when there are 2^32 already.
    pub fn add(&mut self, name: Name, size: Option<u64>, shape: Shape) -> Option<TypeId> {
        let id = u32::try_from(self.types.len()).ok()?;
        self.types.push(Stored { name, size, shape, weight: 1 });
        Some(TypeId(id))
    }

    /// Replaces what was known of a type by its definition.
    pub fn set(&mut self, id: TypeId, name: Name, size: Option<u64>, shape: Shape) {
        if let Some(t) = self.stored_mut(id) {
            *t = Stored { name, size, shape, weight: t.weight };
        }
    }

    /// Counts another appearance of the same definition.
    pub fn seen_again(&mut self, id: TypeId) {
        if let Some(t) = self.stored_mut(id) {
            t.weight = t.weight.saturating_add(1);
        }
    }

    /// What a type is and its size so far.
    pub fn shape(&self, id: TypeId) -> Option<(Shape, Option<u64>)> {
        self.stored(id).map(|t| (t.shape, t.size))
    }

    /// Adds the members of one structure; gives first and number for [`Shape::Struct`] and [`Shape::Union`].
    pub fn add_members(&mut self, members: &[Member]) -> (u32, u32) {
        stretch(&mut self.members, members)
    }

    /// Adds the constants of one enumeration; gives first and number for [`Shape::Enum`].
    pub fn add_constants(&mut self, constants: &[(Name, i128)]) -> (u32, u32) {
        stretch(&mut self.constants, constants)
    }

    /// How many types there are.
    pub fn len(&self) -> usize {
        self.types.len()
    }

    /// Whether there is no type.
    pub fn is_empty(&self) -> bool {
        self.types.is_empty()
    }

    /// Orders the names and joins declarations to their definitions. Call once, after the last type.
    pub fn finish(&mut self) {
        self.names.seal();
        self.types.shrink_to_fit();
        self.members.shrink_to_fit();
        let (types, names) = (&self.types, &self.names);
        let mut index: Vec<u32> =
            (0..).zip(types).filter(|(_, t)| t.name != Name::NONE && rank(t.shape).is_some()).map(|(i, _)| i).collect();
        index.sort_by_cached_key(|&i| {
            let t = usize::try_from(i).ok().and_then(|i| types.get(i));
            (t.map_or("", |t| names.text(t.name)), t.and_then(|t| rank(t.shape)), t.map(|t| Reverse(t.weight)), i)
        });
        self.index = index;
        for i in 0..self.types.len() {
            let Some(&t) = self.types.get(i) else { continue };
            let Shape::Forward(kind) = t.shape else { continue };
            let defined = self.candidates(self.names.text(t.name)).find(|&id| {
                self.stored(id).is_some_and(|d| match kind {
                    Declared::Struct => matches!(d.shape, Shape::Struct(..)),
                    Declared::Union => matches!(d.shape, Shape::Union(..)),
                    Declared::Enum => matches!(d.shape, Shape::Enum(..)),
                    Declared::Other => !matches!(d.shape, Shape::Forward(_)),
                })
            });
            if let (Some(id), Some(t)) = (defined, self.types.get_mut(i)) {
                t.shape = Shape::Defined(id);
            }
        }
    }

    fn stored(&self, id: TypeId) -> Option<&Stored> {
        self.types.get(usize::try_from(id.0).ok()?)
    }

    fn stored_mut(&mut self, id: TypeId) -> Option<&mut Stored> {
        self.types.get_mut(usize::try_from(id.0).ok()?)
    }

    fn name_at(&self, i: u32) -> &str {
        self.stored(TypeId(i)).map_or("", |t| self.names.text(t.name))
    }

    /// The types of this name, the best first.
    fn candidates<'a>(&'a self, name: &'a str) -> impl Iterator<Item = TypeId> + 'a {
        let start = self.index.partition_point(|&i| self.name_at(i) < name);
        let rest = self.index.get(start..).unwrap_or_default();
        rest.iter().take_while(move |&&i| !name.is_empty() && self.name_at(i) == name).map(|&i| TypeId(i))
    }

    /// Size of a type; of a typedef that of what it names.
    pub fn size_of_id(&self, id: TypeId) -> Option<u64> {
        let mut id = id;
        for _ in 0..CHAIN {
            let t = self.stored(id)?;
            match t.shape {
                Shape::Typedef(to) | Shape::Defined(to) => id = to,
                _ => return t.size,
            }
        }
        None
    }

    fn fields(&self, (first, count): (u32, u32)) -> Vec<Field> {
        slice(&self.members, first, count)
            .iter()
            .map(|m| Field {
                name: self.names.text(m.name).to_owned(),
                bit_offset: m.bit_offset,
                bit_size: (m.bits != 0).then_some(m.bits),
                type_id: m.type_id,
            })
            .collect()
    }
}

fn stretch<T: Copy>(list: &mut Vec<T>, new: &[T]) -> (u32, u32) {
    let (Ok(first), Ok(count)) = (u32::try_from(list.len()), u32::try_from(new.len())) else {
        return (0, 0);
    };
    list.extend_from_slice(new);
    (first, count)
}

fn slice<T>(list: &[T], first: u32, count: u32) -> &[T] {
    let range = || {
        let first = usize::try_from(first).ok()?;
        list.get(first..first.checked_add(usize::try_from(count).ok()?)?)
    };
    range().unwrap_or_default()
}

/// Order among definitions of one name; none for what has no place among names.
fn rank(shape: Shape) -> Option<u8> {
    Some(match shape {
        Shape::Struct(..) | Shape::Union(..) => 0,
        Shape::Enum(..) => 1,
        Shape::Typedef(_) => 2,
        Shape::Void | Shape::Int { .. } | Shape::Float => 3,
        Shape::Forward(_) => 4,
        Shape::Pointer(_) | Shape::Array(..) | Shape::Function | Shape::Defined(_) => return None,
    })
}

impl Types for TypeStore {
    fn find(&self, name: &str) -> Option<TypeId> {
        type Wanted = fn(Shape) -> bool;
        let tags: [(&str, Wanted); 3] = [
            ("struct ", |s| matches!(s, Shape::Struct(..) | Shape::Forward(Declared::Struct))),
            ("union ", |s| matches!(s, Shape::Union(..) | Shape::Forward(Declared::Union))),
            ("enum ", |s| matches!(s, Shape::Enum(..) | Shape::Forward(Declared::Enum))),
        ];
        for (tag, wanted) in tags {
            if let Some(name) = name.strip_prefix(tag) {
                return self.candidates(name.trim()).find(|&id| self.stored(id).is_some_and(|t| wanted(t.shape)));
            }
        }
        self.candidates(name).next()
    }

    fn get(&self, id: TypeId) -> Option<Type> {
        let mut t = self.stored(id)?;
        if let Shape::Defined(to) = t.shape {
            t = self.stored(to)?;
        }
        let size = match t.shape {
            Shape::Typedef(to) => self.size_of_id(to),
            _ => t.size,
        };
        let kind = match t.shape {
            Shape::Void => TypeKind::Void,
            Shape::Int { signed, char, bool } => TypeKind::Int { signed, char, bool },
            Shape::Float => TypeKind::Float,
            Shape::Pointer(to) => TypeKind::Pointer(to),
            Shape::Array(element, count) => TypeKind::Array { element, count },
            Shape::Struct(first, count) => TypeKind::Struct(self.fields((first, count))),
            Shape::Union(first, count) => TypeKind::Union(self.fields((first, count))),
            Shape::Enum(first, count) => TypeKind::Enum(
                slice(&self.constants, first, count).iter().map(|&(n, v)| (self.names.text(n).to_owned(), v)).collect(),
            ),
            Shape::Typedef(to) => TypeKind::Typedef(to),
            Shape::Function => TypeKind::Function,
            Shape::Forward(_) | Shape::Defined(_) => TypeKind::Forward,
        };
        let name = (t.name != Name::NONE).then(|| self.names.text(t.name).to_owned());
        Some(Type { name, size, kind })
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .index
            .iter()
            .filter_map(|&i| self.stored(TypeId(i)))
            .filter(|t| rank(t.shape).is_some_and(|r| r <= 2))
            .map(|t| self.names.text(t.name).to_owned())
            .collect();
        names.dedup();
        names
    }

    fn origin(&self) -> String {
        self.origin.clone()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::symbols::TypesExt;

    fn int(s: &mut TypeStore) -> TypeId {
        let n = s.intern("int");
        s.add(n, Some(4), Shape::Int { signed: true, char: false, bool: false }).unwrap()
    }

    fn structure(s: &mut TypeStore, name: &str, field: &str, type_id: TypeId) -> TypeId {
        let m = Member { name: s.intern(field), bit_offset: 0, bits: 0, type_id };
        let (f, c) = s.add_members(&[m]);
        let n = s.intern(name);
        s.add(n, Some(4), Shape::Struct(f, c)).unwrap()
    }

    #[test]
    fn a_complete_structure_wins_over_a_typedef_of_its_name_and_the_usual_one_over_the_rare() {
        let mut s = TypeStore::new("test");
        let i = int(&mut s);
        let n = s.intern("node");
        s.add(n, None, Shape::Typedef(i));
        structure(&mut s, "node", "rare", i);
        let usual = structure(&mut s, "node", "usual", i);
        s.seen_again(usual);
        s.finish();
        assert_eq!(s.find("node"), Some(usual));
        assert_eq!(s.find("struct node"), Some(usual));
        assert_eq!(s.find("union node"), None);
        assert_eq!(s.find(""), None);
        assert_eq!(s.names(), ["node"]);
        assert!(s.field("node", "usual").is_some());
    }

    #[test]
    fn a_declaration_leads_to_the_definition() {
        let mut s = TypeStore::new("test");
        let i = int(&mut s);
        let n = s.intern("file");
        let declared = s.add(n, None, Shape::Forward(Declared::Struct)).unwrap();
        let m = s.intern("missing");
        let missing = s.add(m, None, Shape::Forward(Declared::Struct)).unwrap();
        structure(&mut s, "file", "f_count", i);
        s.finish();
        assert_eq!(s.field_of(declared, "f_count").unwrap().size, Some(4));
        assert_eq!(s.get(missing).unwrap().kind, TypeKind::Forward);
        assert_eq!(s.find("struct missing"), Some(missing));
    }

    #[test]
    fn typedefs_in_a_circle_end() {
        let mut s = TypeStore::new("test");
        let n = s.intern("a");
        let a = s.add(n, None, Shape::Typedef(TypeId(1))).unwrap();
        let m = s.intern("b");
        s.add(m, None, Shape::Typedef(a));
        s.finish();
        assert_eq!(s.size_of("a"), None);
        assert_eq!(s.get(a).unwrap().size, None);
    }
}
