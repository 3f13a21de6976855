//! The made-up system's types, written by hand.

use crate::symbols::{Field, Type, TypeId, TypeKind, Types};

/// The structures of the made-up system.
pub(super) struct DummyTypes(Vec<Type>);

const U8: TypeId = TypeId(0);
const U32: TypeId = TypeId(1);
const U64: TypeId = TypeId(2);
const CHAR: TypeId = TypeId(3);
const NAME: TypeId = TypeId(4);
const PROCESS: TypeId = TypeId(5);
const PROCESS_PTR: TypeId = TypeId(6);
const MODULE: TypeId = TypeId(7);

impl DummyTypes {
    /// The types of a machine with pointers of `pointer` bytes.
    pub(super) fn new(pointer: u8) -> Self {
        let int = |name: &str, size, char| Type {
            name: Some(name.to_owned()),
            size: Some(size),
            kind: TypeKind::Int { signed: false, char, bool: false },
        };
        let structure = |name: &str, size, fields: &[(&str, u64, TypeId)]| Type {
            name: Some(name.to_owned()),
            size: Some(size),
            kind: TypeKind::Struct(
                fields
                    .iter()
                    .map(|&(name, offset, type_id)| Field {
                        name: name.to_owned(),
                        bit_offset: offset * 8,
                        bit_size: None,
                        type_id,
                    })
                    .collect(),
            ),
        };
        // In the order of the constants above.
        Self(vec![
            int("u8", 1, false),
            int("u32", 4, false),
            int("u64", 8, false),
            int("char", 1, true),
            Type { name: None, size: Some(16), kind: TypeKind::Array { element: CHAR, count: 16 } },
            structure(
                "dummy_process",
                super::machine::BLOCK,
                &[
                    ("pid", 0, U32),
                    ("ppid", 4, U32),
                    ("name", 8, NAME),
                    ("root", 24, U64),
                    ("threads", 32, U32),
                    ("uid", 36, U32),
                    ("next", 40, PROCESS_PTR),
                ],
            ),
            Type { name: None, size: Some(u64::from(pointer)), kind: TypeKind::Pointer(PROCESS) },
            structure(
                "dummy_module",
                super::machine::BLOCK,
                &[("name", 0, NAME), ("base", 16, U64), ("size", 24, U64), ("state", 32, U8)],
            ),
        ])
    }
}

impl Types for DummyTypes {
    fn find(&self, name: &str) -> Option<TypeId> {
        let bare = name.strip_prefix("struct ");
        [("u8", U8), ("u32", U32), ("u64", U64), ("char", CHAR), ("dummy_process", PROCESS), ("dummy_module", MODULE)]
            .into_iter()
            .find(|(n, id)| *n == name || (bare == Some(*n) && matches!(*id, PROCESS | MODULE)))
            .map(|(_, id)| id)
    }

    fn get(&self, id: TypeId) -> Option<Type> {
        self.0.get(usize::try_from(id.0).ok()?).cloned()
    }

    fn names(&self) -> Vec<String> {
        vec!["dummy_process".to_owned(), "dummy_module".to_owned()]
    }

    fn origin(&self) -> String {
        "made up with the target".to_owned()
    }
}
