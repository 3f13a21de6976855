//! `Option` with a fixed layout.

/// A value or nothing, with the layout of a C tagged union.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Maybe<T> {
    /// Nothing: not there, or not readable.
    #[default]
    None,
    /// A value.
    Some(T),
}

impl<T> Maybe<T> {
    /// As an `Option` of a reference.
    pub const fn as_ref(&self) -> Option<&T> {
        match self {
            Maybe::Some(v) => Some(v),
            Maybe::None => None,
        }
    }

    /// As an `Option`.
    pub fn into_option(self) -> Option<T> {
        self.into()
    }
}

impl<T: Copy> Maybe<T> {
    /// A copy of the value, as an `Option`.
    pub fn get(&self) -> Option<T> {
        self.as_ref().copied()
    }
}

impl<T> From<Option<T>> for Maybe<T> {
    fn from(value: Option<T>) -> Self {
        match value {
            Some(v) => Maybe::Some(v),
            None => Maybe::None,
        }
    }
}

impl<T> From<Maybe<T>> for Option<T> {
    fn from(value: Maybe<T>) -> Self {
        match value {
            Maybe::Some(v) => Some(v),
            Maybe::None => None,
        }
    }
}
