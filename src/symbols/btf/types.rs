//! Decoding one type.

use super::blob::{Btf, Head};
use super::kind::Kind;
use crate::symbols::{Field, Type, TypeId, TypeKind, Types};

/// How deep arrays, typedefs and qualifiers may nest before a blob is taken for hostile.
const DEPTH: u32 = 32;
/// Encoding bits of an integer (BTF_INT_SIGNED, BTF_INT_CHAR, BTF_INT_BOOL).
const SIGNED: u32 = 1 << 24;
const CHAR: u32 = 1 << 25;
const BOOL: u32 = 1 << 26;

impl Btf {
    /// The type of a per-CPU variable. BTF has no other variables, and their places come from the symbol table.
    pub fn variable(&self, name: &str) -> Option<TypeId> {
        let own = self.variables.types.get(name).map(|&id| TypeId(id));
        own.or_else(|| self.base.as_ref()?.variable(name))
    }

    /// Names of the per-CPU variables, in no particular order.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        let mut names: Vec<&str> = self.base.as_ref().map(|b| b.variables().collect()).unwrap_or_default();
        names.extend(self.variables.types.keys().map(String::as_str));
        names.into_iter()
    }

    /// Size of a pointer in bytes. BTF does not say; `long` is as long as a pointer in every Linux kernel.
    fn pointer_size(&self) -> u64 {
        if let Some(base) = &self.base {
            return base.pointer_size();
        }
        *self.pointer_size.get_or_init(|| {
            let long = ["long unsigned int", "unsigned long", "long int", "long"].iter().find_map(|n| self.find_name(n));
            match long.and_then(|id| self.head(id)) {
                Some((_, head)) if head.kind == Kind::INT && matches!(head.value, 4 | 8) => head.value.into(),
                _ => 8,
            }
        })
    }

    fn size(&self, id: u32) -> Option<u64> {
        let (mut id, mut count) = (id, 1u64);
        for _ in 0..DEPTH {
            let (blob, head) = self.head(id)?;
            match head.kind {
                Kind::INT | Kind::STRUCT | Kind::UNION | Kind::ENUM | Kind::ENUM64 | Kind::FLOAT | Kind::DATASEC => {
                    return count.checked_mul(head.value.into());
                }
                Kind::PTR => return count.checked_mul(self.pointer_size()),
                Kind::ARRAY => {
                    count = count.checked_mul(blob.word(head.rest.checked_add(8)?)?.into())?;
                    id = blob.word(head.rest)?;
                }
                Kind::FWD | Kind::FUNC | Kind::FUNC_PROTO => return None,
                k if around(k) => id = head.value,
                _ => return None,
            }
        }
        None
    }

    /// None where the names of the members take more than those of any type.
    fn members(&self, head: Head) -> Option<Vec<Field>> {
        let mut names = Budget::default();
        let fields = (0..head.vlen).map_while(|i| {
            let at = element(head, i, 12)?;
            let (name, id, offset) = (self.word(at)?, self.word(at + 4)?, self.word(at + 8)?);
            let (mut bit_offset, mut bit_size) = match head.flag {
                true => (u64::from(offset & 0xff_ffff), Some(offset >> 24).filter(|&n| n != 0)),
                false => (u64::from(offset), None),
            };
            if !head.flag
                && let Some((shift, bits)) = self.narrow(id)
            {
                // Writers before the flag existed described a bit field by an integer narrower than its size.
                (bit_offset, bit_size) = (bit_offset.saturating_add(shift), Some(bits));
            }
            Some(Field { name: names.text(self, name)?, bit_offset, bit_size, type_id: TypeId(id) })
        });
        let fields = fields.collect();
        names.held().then_some(fields)
    }

    /// Shift and width in bits of an integer that is narrower than its size.
    fn narrow(&self, id: u32) -> Option<(u64, u32)> {
        let (blob, head) = self.head(id)?;
        if head.kind != Kind::INT {
            return None;
        }
        let data = blob.word(head.rest)?;
        let (bits, shift) = (data & 0xff, data >> 16 & 0xff);
        (bits != 0 && (u64::from(bits) != u64::from(head.value) * 8 || shift != 0)).then(|| (shift.into(), bits))
    }

    /// The variables of a section, as if it were a structure.
    fn section(&self, head: Head) -> Option<Vec<Field>> {
        let mut names = Budget::default();
        let fields = (0..head.vlen).map_while(|i| {
            let at = element(head, i, 12)?;
            let (id, offset) = (self.word(at)?, self.word(at + 4)?);
            let var = self.head(id).filter(|(_, v)| v.kind == Kind::VAR);
            let name = var.map_or(Some(String::new()), |(blob, v)| names.text(blob, v.name))?;
            Some(Field { name, bit_offset: u64::from(offset) * 8, bit_size: None, type_id: TypeId(id) })
        });
        let fields = fields.collect();
        names.held().then_some(fields)
    }

    fn enumerators(&self, head: Head) -> Option<Vec<(String, i128)>> {
        let mut names = Budget::default();
        let signed = head.flag || !self.knows_signs;
        let values = (0..head.vlen).map_while(|i| {
            if head.kind == Kind::ENUM {
                let at = element(head, i, 8)?;
                let v = self.word(at + 4)?;
                let v = if signed { i128::from(v.cast_signed()) } else { i128::from(v) };
                return Some((names.text(self, self.word(at)?)?, v));
            }
            let at = element(head, i, 12)?;
            let v = u64::from(self.word(at + 8)?) << 32 | u64::from(self.word(at + 4)?);
            let v = if head.flag { i128::from(v.cast_signed()) } else { i128::from(v) };
            Some((names.text(self, self.word(at)?)?, v))
        });
        let values = values.collect();
        names.held().then_some(values)
    }

    fn kind(&self, head: Head) -> Option<TypeKind> {
        let to = TypeId(head.value);
        Some(match head.kind {
            Kind::INT => {
                let data = self.word(head.rest)?;
                TypeKind::Int { signed: data & SIGNED != 0, char: data & CHAR != 0, bool: data & BOOL != 0 }
            }
            Kind::FLOAT => TypeKind::Float,
            Kind::PTR => TypeKind::Pointer(to),
            Kind::ARRAY => {
                TypeKind::Array { element: TypeId(self.word(head.rest)?), count: self.word(head.rest.checked_add(8)?)?.into() }
            }
            Kind::STRUCT => TypeKind::Struct(self.members(head)?),
            Kind::UNION => TypeKind::Union(self.members(head)?),
            Kind::DATASEC => TypeKind::Struct(self.section(head)?),
            Kind::ENUM | Kind::ENUM64 => TypeKind::Enum(self.enumerators(head)?),
            Kind::FWD => TypeKind::Forward,
            Kind::TYPEDEF => TypeKind::Typedef(to),
            Kind::FUNC | Kind::FUNC_PROTO => TypeKind::Function,
            k if around(k) => TypeKind::Qualified(to),
            _ => TypeKind::Void,
        })
    }
}

/// Bytes that the names of one type's elements may still take.
struct Budget(Option<usize>);

impl Default for Budget {
    /// A type of the kernel has 65535 elements at most; their names have 20 letters.
    fn default() -> Self {
        Self(Some(32 << 20))
    }
}

impl Budget {
    /// The name at `offset`, empty where there is none; none once they are too many.
    fn text(&mut self, blob: &Btf, offset: u32) -> Option<String> {
        let name = blob.string(offset).unwrap_or_default();
        self.0 = self.0?.checked_sub(name.len());
        self.0.map(|_| name.into_owned())
    }

    /// Whether they were not too many.
    fn held(&self) -> bool {
        self.0.is_some()
    }
}

/// Kinds that only wrap another type.
fn around(kind: Kind) -> bool {
    matches!(kind, Kind::TYPEDEF | Kind::VOLATILE | Kind::CONST | Kind::RESTRICT | Kind::TYPE_TAG | Kind::DECL_TAG | Kind::VAR)
}

/// Offset of the `i`th element of `size` bytes.
fn element(head: Head, i: u32, size: usize) -> Option<usize> {
    usize::try_from(i).ok()?.checked_mul(size)?.checked_add(head.rest)
}

impl Types for Btf {
    fn find(&self, name: &str) -> Option<TypeId> {
        self.find_name(name).map(TypeId)
    }

    fn get(&self, id: TypeId) -> Option<Type> {
        if id.0 == 0 {
            return Some(Type { name: None, size: None, kind: TypeKind::Void });
        }
        let (blob, head) = self.head(id.0)?;
        Some(Type { name: blob.string(head.name).map(|s| s.into_owned()), size: blob.size(id.0), kind: blob.kind(head)? })
    }

    fn variable(&self, name: &str) -> Option<TypeId> {
        Btf::variable(self, name)
    }

    fn names(&self) -> Vec<String> {
        self.all_names()
    }

    fn origin(&self) -> String {
        match self.base {
            None => "BTF".into(),
            Some(_) => "BTF of a module".into(),
        }
    }
}
