//! Names of numbers, from the kernel's own enumerations.

use super::kernel::Kernel;
use crate::symbols::{TypeKind, Types, TypesExt};

/// The enumerators of the enumeration `name` with their values; none where the kernel has no such enumeration.
pub fn values(types: &dyn Types, name: &str) -> Vec<(String, i128)> {
    match types.find(&format!("enum {name}")).and_then(|id| types.resolve(id)).map(|(_, t)| t.kind) {
        Some(TypeKind::Enum(values)) => values,
        _ => Vec::new(),
    }
}

/// What the enumeration `name` of the kernel calls `value`, without `prefix` and in lower case.
pub fn enumerator(kernel: &Kernel, name: &str, prefix: &str, value: u64) -> Option<String> {
    let values = values(&*kernel.types, name);
    let told = values.iter().filter(|(_, v)| *v == i128::from(value)).find_map(|(n, _)| n.strip_prefix(prefix))?;
    Some(told.to_ascii_lowercase())
}

/// The value of `enumerator` in the enumeration `name`.
pub fn value(types: &dyn Types, name: &str, enumerator: &str) -> Option<u64> {
    values(types, name).iter().find(|(n, _)| n == enumerator).and_then(|(_, v)| u64::try_from(*v).ok())
}

/// Whether the enumeration `name` has `enumerator`; none where there is no such enumeration.
pub fn has(types: &dyn Types, name: &str, enumerator: &str) -> Option<bool> {
    let all = values(types, name);
    (!all.is_empty()).then(|| all.iter().any(|(n, _)| n == enumerator))
}

/// The names of the bits of `value`, lowest first, joined by `separator`; bits that have none as one hex number. None for no bit.
pub fn bits(value: u64, names: &[(u64, &str)], separator: &str) -> Option<String> {
    let mut left = value;
    let mut told: Vec<String> = Vec::new();
    for (bit, name) in names {
        if *bit != 0 && left & bit == *bit {
            told.push((*name).to_owned());
            left &= !bit;
        }
    }
    if left != 0 {
        told.push(format!("{left:#x}"));
    }
    (!told.is_empty()).then(|| told.join(separator))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_flags_come_before_their_parts_and_unknown_bits_stay() {
        let names = [(6, "AB"), (2, "A"), (4, "B"), (1, "C")];
        assert_eq!(bits(0x16, &names, "|").as_deref(), Some("AB|0x10"));
        assert_eq!(bits(3, &names, "|").as_deref(), Some("A|C"));
        assert_eq!(bits(0, &names, "|"), None);
    }
}
