//! Target addresses as types of their own.

use core::fmt;

/// An address, a length or a mask in the *target*: wide enough for any target, whatever the host. Never `usize`.
#[cfg(not(feature = "wide-addresses"))]
#[allow(non_camel_case_types)]
pub type umem = u64;

/// An address, a length or a mask in the *target*: wide enough for any target, whatever the host. Never `usize`.
#[cfg(feature = "wide-addresses")]
#[allow(non_camel_case_types)]
pub type umem = u128;

macro_rules! address {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[repr(transparent)]
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(umem);

        impl $name {
            /// Address zero.
            pub const NULL: Self = Self(0);

            /// The address `value`.
            #[inline]
            pub const fn new(value: umem) -> Self {
                Self(value)
            }

            /// The address as a number.
            #[inline]
            pub const fn value(self) -> umem {
                self.0
            }

            /// Whether this is address zero.
            #[inline]
            pub const fn is_null(self) -> bool {
                self.0 == 0
            }

            /// `self + offset`, or `None` past the end of the number range.
            #[inline]
            pub const fn checked_add(self, offset: umem) -> Option<Self> {
                match self.0.checked_add(offset) {
                    Some(v) => Some(Self(v)),
                    None => None,
                }
            }

            /// `self - offset`, or `None` below zero.
            #[inline]
            pub const fn checked_sub(self, offset: umem) -> Option<Self> {
                match self.0.checked_sub(offset) {
                    Some(v) => Some(Self(v)),
                    None => None,
                }
            }

            /// `self + offset`, wrapping around at the end of the number range as hardware does.
            #[inline]
            pub const fn wrapping_add(self, offset: umem) -> Self {
                Self(self.0.wrapping_add(offset))
            }

            /// `self - offset`, wrapping around below zero (for `container_of`-like arithmetic).
            #[inline]
            pub const fn wrapping_sub(self, offset: umem) -> Self {
                Self(self.0.wrapping_sub(offset))
            }

            /// `self + offset`, stopping at the largest address.
            #[inline]
            pub const fn saturating_add(self, offset: umem) -> Self {
                Self(self.0.saturating_add(offset))
            }

            /// The distance from `start` up to this address, or `None` when it lies below.
            #[inline]
            pub const fn offset_from(self, start: Self) -> Option<umem> {
                self.0.checked_sub(start.0)
            }

            /// The start of the `size`-aligned block around this address; `size` is a power of two.
            #[inline]
            pub const fn align_down(self, size: umem) -> Self {
                Self(self.0 & !size.wrapping_sub(1))
            }

            /// The position inside the `size`-aligned block around this address; `size` is a power of two.
            #[inline]
            pub const fn offset_in(self, size: umem) -> umem {
                self.0 & size.wrapping_sub(1)
            }
        }

        impl From<umem> for $name {
            #[inline]
            fn from(value: umem) -> Self {
                Self(value)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:#x}", self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:#x}", self.0)
            }
        }

        impl fmt::LowerHex for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::LowerHex::fmt(&self.0, f)
            }
        }
    };
}

address! {
    /// A physical address: where the processor's memory bus finds the byte (in a guest, the guest's own idea of it).
    PhysAddr
}

address! {
    /// A virtual address, always in full canonical form (sign-extended where the architecture does so).
    VirtAddr
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_never_wraps_unasked() {
        let top = VirtAddr::new(umem::MAX);
        assert_eq!(top.checked_add(1), None);
        assert_eq!(top.wrapping_add(1), VirtAddr::NULL);
        assert_eq!(top.saturating_add(9), top);
        assert_eq!(VirtAddr::NULL.checked_sub(1), None);
    }

    #[test]
    fn alignment_splits_an_address() {
        let a = PhysAddr::new(0x1234_5678);
        assert_eq!(a.align_down(0x1000), PhysAddr::new(0x1234_5000));
        assert_eq!(a.offset_in(0x1000), 0x678);
        assert_eq!(a.to_string(), "0x12345678");
    }
}
