//! The kinds of BTF types, and how long each is.

/// The kind bits of a type's `info` word. A number, not an `enum`: a kernel may be newer than we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind(pub u8);

// Values: BTF_KIND_* of include/uapi/linux/btf.h.
impl Kind {
    pub const INT: Kind = Kind(1);
    pub const PTR: Kind = Kind(2);
    pub const ARRAY: Kind = Kind(3);
    pub const STRUCT: Kind = Kind(4);
    pub const UNION: Kind = Kind(5);
    pub const ENUM: Kind = Kind(6);
    pub const FWD: Kind = Kind(7);
    pub const TYPEDEF: Kind = Kind(8);
    pub const VOLATILE: Kind = Kind(9);
    pub const CONST: Kind = Kind(10);
    pub const RESTRICT: Kind = Kind(11);
    pub const FUNC: Kind = Kind(12);
    pub const FUNC_PROTO: Kind = Kind(13);
    pub const VAR: Kind = Kind(14);
    pub const DATASEC: Kind = Kind(15);
    pub const FLOAT: Kind = Kind(16);
    pub const DECL_TAG: Kind = Kind(17);
    pub const TYPE_TAG: Kind = Kind(18);
    pub const ENUM64: Kind = Kind(19);
    pub const LOC_PARAM: Kind = Kind(20);
    pub const LOC_PROTO: Kind = Kind(21);
    pub const LOCSEC: Kind = Kind(22);

    /// The kind in an `info` word. It has 5 bits in old kernels and 7 in new ones; the two bits between were always zero.
    pub fn of(info: u32) -> Self {
        let [high, ..] = info.to_be_bytes();
        Kind(high & 0x7f)
    }

    pub fn is_known(self) -> bool {
        (1..=Self::LOCSEC.0).contains(&self.0)
    }

    /// Bytes that follow the three words which every type has: once, and for each of its `vlen` elements.
    pub fn extra(self) -> Option<(u8, u8)> {
        Some(match self {
            Self::INT | Self::VAR | Self::DECL_TAG => (4, 0),
            Self::ARRAY => (12, 0),
            Self::STRUCT | Self::UNION | Self::DATASEC | Self::ENUM64 | Self::LOCSEC => (0, 12),
            Self::ENUM | Self::FUNC_PROTO => (0, 8),
            Self::LOC_PARAM => (4, 4),
            Self::LOC_PROTO => (0, 4),
            Self::PTR
            | Self::FWD
            | Self::TYPEDEF
            | Self::VOLATILE
            | Self::CONST
            | Self::RESTRICT
            | Self::FUNC
            | Self::FLOAT
            | Self::TYPE_TAG => (0, 0),
            _ => return None,
        })
    }
}

/// Number of elements: 16 bits in old kernels, 24 in new ones; the bits between were always zero.
pub(super) fn vlen(info: u32) -> u32 {
    info & 0xff_ffff
}

/// The flag that changes the meaning of a kind: bit-field members, signed enumerations, a union declared only.
pub(super) fn flag(info: u32) -> bool {
    info >> 31 != 0
}
