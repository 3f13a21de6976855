//! What a type is, the same for every source of types.

use std::collections::{HashSet, VecDeque};

/// A type of one [`Types`]; meaningless to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeId(pub u32);

/// A type with its direct parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Type {
    /// Its name; none for anonymous structures, pointers, arrays.
    pub name: Option<String>,
    /// Size in bytes; none for `void`, functions and types that are only declared.
    pub size: Option<u64>,
    /// What it is.
    pub kind: TypeKind,
}

/// What a type is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypeKind {
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
    /// A pointer to a type.
    Pointer(TypeId),
    /// `count` elements.
    Array {
        /// The elements' type.
        element: TypeId,
        /// How many.
        count: u64,
    },
    /// A structure.
    Struct(Vec<Field>),
    /// A union.
    Union(Vec<Field>),
    /// An enumeration: names and values.
    Enum(Vec<(String, i128)>),
    /// Another name for a type.
    Typedef(TypeId),
    /// `const`, `volatile`, `restrict` or a tag around a type.
    Qualified(TypeId),
    /// A function.
    Function,
    /// A structure or union that is declared and not defined here.
    Forward,
}

/// A member of a structure or union.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name; empty for an anonymous structure or union, whose members count as the outer's.
    pub name: String,
    /// Position in bits from the start of the structure.
    pub bit_offset: u64,
    /// Width in bits, for a bit field.
    pub bit_size: Option<u32>,
    /// Its type.
    pub type_id: TypeId,
}

/// A member found by its path, for example `signal.nr_threads` or `f_path.dentry`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldPath {
    /// Position in bytes from the start of the outermost structure.
    pub offset: u64,
    /// Size in bytes of the member's type; none when it is unknown.
    pub size: Option<u64>,
    /// For a bit field: bit position within `offset`'s byte (least significant first), and width.
    pub bits: Option<(u32, u32)>,
    /// The member's type.
    pub type_id: TypeId,
}

/// Where the layouts of structures come from.
pub trait Types: Send + Sync {
    /// The structure, union, enumeration, typedef or base type of this name; where a name has several definitions, the
    /// first complete structure or union wins. `struct NAME`, `union NAME` and `enum NAME` are understood.
    fn find(&self, name: &str) -> Option<TypeId>;

    /// A type with its direct parts.
    fn get(&self, id: TypeId) -> Option<Type>;

    /// The type of a global variable, where the source says: BTF does of per-CPU variables.
    fn variable(&self, _name: &str) -> Option<TypeId> {
        None
    }

    /// Every named structure, union, enumeration and typedef, for completion and search; in no particular order.
    fn names(&self) -> Vec<String>;

    /// Where these types come from, for `info`: `BTF in the image`, `ISF file ...`.
    fn origin(&self) -> String;

    /// Names of the modules that have types of their own; `MODULE!TYPE` names one of these.
    fn modules(&self) -> Vec<String> {
        Vec::new()
    }

    /// Names of a module's own structures, unions, enumerations and typedefs.
    fn names_in(&self, _module: &str) -> Vec<String> {
        Vec::new()
    }

    /// What would help somebody who asks for a type that this module's do not have; none where there is nothing special to say.
    fn advice(&self, _module: &str) -> Option<String> {
        None
    }

    /// The module that a type is of; none for the kernel's own.
    fn module_of(&self, _id: TypeId) -> Option<String> {
        None
    }

    /// All definitions of a name, the kernel's first, then each module's.
    fn definitions(&self, name: &str) -> Vec<TypeId> {
        self.find(name).into_iter().collect()
    }
}

/// No types at all: of a target whose structures are not known.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoTypes;

impl Types for NoTypes {
    fn find(&self, _: &str) -> Option<TypeId> {
        None
    }

    fn get(&self, _: TypeId) -> Option<Type> {
        None
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }

    fn origin(&self) -> String {
        "none".to_owned()
    }
}

/// How deep typedefs may nest before a file is taken for hostile.
const DEPTH: u32 = 32;
/// How many anonymous structures are looked into within one; Linux's have some twenty.
const MOST_ANONYMOUS: usize = 256;

/// What follows from [`Types`].
pub trait TypesExt: Types {
    /// The type behind typedefs and qualifiers.
    fn resolve(&self, id: TypeId) -> Option<(TypeId, Type)> {
        let mut id = id;
        for _ in 0..DEPTH {
            let t = self.get(id)?;
            match t.kind {
                TypeKind::Typedef(to) | TypeKind::Qualified(to) => id = to,
                _ => return Some((id, t)),
            }
        }
        None
    }

    /// Size in bytes of a named type.
    fn size_of(&self, name: &str) -> Option<u64> {
        self.resolve(self.find(name)?)?.1.size
    }

    /// The member `path` (names joined by `.`; anonymous structures are looked through) of the type `name`.
    fn field(&self, name: &str, path: &str) -> Option<FieldPath> {
        self.field_of(self.find(name)?, path)
    }

    /// The member `path` of a type.
    fn field_of(&self, id: TypeId, path: &str) -> Option<FieldPath> {
        let mut at = FieldPath { offset: 0, size: None, bits: None, type_id: id };
        for part in path.split('.') {
            let (bit_offset, field) = self.member(at.type_id, part)?;
            let (_, t) = self.resolve(field.type_id)?;
            at = FieldPath {
                offset: at.offset.checked_add(bit_offset / 8)?,
                size: t.size,
                bits: field.bit_size.map(|w| (u32::try_from(bit_offset % 8).unwrap_or(0), w)),
                type_id: field.type_id,
            };
        }
        Some(at)
    }

    /// The member `name` of a structure, looked for in anonymous members too: its bit offset from the start, and itself.
    fn member(&self, id: TypeId, name: &str) -> Option<(u64, Field)> {
        self.members(id, |at, f| (f.name == name).then_some((at, f)))
    }

    /// Looks at the members of a structure that have names, each with its bit offset from the start, until `look` finds what it
    /// looks for. Those of anonymous structures count as its own, and come after those that it holds itself.
    fn members<R>(&self, id: TypeId, mut look: impl FnMut(u64, Field) -> Option<R>) -> Option<R> {
        let mut todo = VecDeque::from([(id, 0u64)]);
        // No name stands twice in a structure, so a type has nothing new at a second place. Without this, damaged types that hold each
        // other twice would take as long as there are ways through them.
        let mut seen = HashSet::new();
        while let Some((id, before)) = todo.pop_front() {
            let Some((id, t)) = self.resolve(id) else { continue };
            let (TypeKind::Struct(fields) | TypeKind::Union(fields)) = t.kind else { continue };
            if seen.len() >= MOST_ANONYMOUS || !seen.insert(id) {
                continue;
            }
            for f in fields {
                let Some(at) = before.checked_add(f.bit_offset) else { continue };
                if f.name.is_empty() {
                    todo.push_back((f.type_id, at));
                } else if let Some(found) = look(at, f) {
                    return Some(found);
                }
            }
        }
        None
    }
}

impl<T: Types + ?Sized> TypesExt for T {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Structures of which each holds the next one twice, without a name; the last has a member `x`, and holds the first.
    struct Nested;

    const COUNT: u32 = 30;

    impl Types for Nested {
        fn find(&self, name: &str) -> Option<TypeId> {
            (name == "first").then_some(TypeId(0))
        }

        fn get(&self, id: TypeId) -> Option<Type> {
            let field = |name: &str, at: u64, to: u32| Field {
                name: name.to_owned(),
                bit_offset: at,
                bit_size: None,
                type_id: TypeId(to),
            };
            let next = (id.0 + 1) % (COUNT + 1);
            let mut fields = vec![field("", 8, next), field("", 16, next)];
            fields.extend((id.0 == COUNT).then(|| field("x", 0, 0)));
            Some(Type { name: None, size: Some(4), kind: TypeKind::Struct(fields) })
        }

        fn names(&self) -> Vec<String> {
            vec!["first".to_owned()]
        }

        fn origin(&self) -> String {
            "test".to_owned()
        }
    }

    #[test]
    fn structures_that_hold_each_other_take_no_longer_for_it() {
        // The first way of all.
        assert_eq!(Nested.field("first", "x").map(|f| f.offset), Some(u64::from(COUNT)));
        assert_eq!(Nested.field("first", "y"), None);
        assert_eq!(Nested.field("first", "x.y"), None);
    }
}
