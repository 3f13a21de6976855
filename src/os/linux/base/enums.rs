//! Names of numbers, from the kernel's own enumerations.

use super::kernel::Kernel;
use crate::symbols::{TypeKind, TypesExt};

/// What the enumeration `name` of the kernel calls `value`, without `prefix` and in lower case.
pub fn enumerator(kernel: &Kernel, name: &str, prefix: &str, value: u64) -> Option<String> {
    let types = &kernel.types;
    let (_, t) = types.resolve(types.find(&format!("enum {name}"))?)?;
    let TypeKind::Enum(values) = t.kind else { return None };
    let (told, _) = values.iter().find(|(n, v)| *v == i128::from(value) && n.starts_with(prefix))?;
    Some(told.strip_prefix(prefix)?.to_ascii_lowercase())
}

/// The value of `enumerator` in the kernel's enumeration `name`.
pub fn value(kernel: &Kernel, name: &str, enumerator: &str) -> Option<u64> {
    let types = &kernel.types;
    let (_, t) = types.resolve(types.find(&format!("enum {name}"))?)?;
    let TypeKind::Enum(values) = t.kind else { return None };
    values.iter().find(|(n, _)| n == enumerator).and_then(|(_, v)| u64::try_from(*v).ok())
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
