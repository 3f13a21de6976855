//! The pieces of an ISF document as serde reads them (schema: volatility3/schemas/schema-6.x.json).

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// The program database (PDB) that a Windows file was made from.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct Pdb {
    /// GUID as 32 hexadecimal digits.
    #[serde(rename = "GUID")]
    pub guid: String,
    /// Age: how often the database was written.
    pub age: u32,
    /// Its file name, for example `ntkrnlmp.pdb`.
    pub database: String,
}

#[derive(serde::Deserialize)]
pub struct Metadata {
    pub format: Option<String>,
    pub windows: Option<Windows>,
}

#[derive(serde::Deserialize)]
pub struct Windows {
    pub pdb: Option<Pdb>,
}

#[derive(serde::Deserialize)]
pub struct BaseType {
    pub kind: String,
    pub size: Option<Number>,
    #[serde(default)]
    pub signed: bool,
}

#[derive(serde::Deserialize)]
pub struct UserType {
    pub kind: String,
    pub size: Option<Number>,
    #[serde(default = "Pairs::new")]
    pub fields: Pairs<FieldItem>,
}

#[derive(serde::Deserialize)]
pub struct FieldItem {
    pub offset: Number,
    #[serde(rename = "type")]
    pub of: TypeItem,
    #[serde(default)]
    pub anonymous: bool,
}

#[derive(serde::Deserialize)]
pub struct EnumType {
    pub size: Option<Number>,
    #[serde(default = "Pairs::new")]
    pub constants: Pairs<Number>,
}

#[derive(serde::Deserialize)]
pub struct SymbolItem {
    pub address: Number,
    pub constant_data: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Base,
    Struct,
    Union,
    Class,
    Enum,
    Pointer,
    Array,
    Bitfield,
    Function,
    Void,
    #[serde(other)]
    Other,
}

/// A type descriptor. serde_json ends nesting after 128 levels, so this recursion is bounded.
#[derive(serde::Deserialize)]
pub struct TypeItem {
    pub kind: Kind,
    pub name: Option<String>,
    pub subtype: Option<Box<TypeItem>>,
    pub count: Option<Number>,
    pub bit_position: Option<Number>,
    pub bit_length: Option<Number>,
    #[serde(rename = "type")]
    pub of: Option<Box<TypeItem>>,
    /// Of a pointer: the base type that holds it, where it is not `pointer`.
    pub base: Option<String>,
}

/// A JSON object as a list, in its order.
pub struct Pairs<T>(pub Vec<(String, T)>);

impl<T> Pairs<T> {
    pub fn new() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Pairs<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct V<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for V<T> {
            type Value = Pairs<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<T>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        d.deserialize_map(V(PhantomData))
    }
}

/// A whole number. The schema says `number` for addresses, so one with a fraction of zero (`1.0`) is taken too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number(pub i128);

impl Number {
    /// As an unsigned 64-bit number, where it is one.
    pub fn unsigned(self) -> Option<u64> {
        u64::try_from(self.0).ok()
    }

    /// As an address. Some writers print addresses of the upper half as negative numbers.
    pub fn address(self) -> Option<u64> {
        self.unsigned().or_else(|| i64::try_from(self.0).ok().map(i64::cast_unsigned))
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct V;
        impl Visitor<'_> for V {
            type Value = Number;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number")
            }
            fn visit_u64<E: Error>(self, v: u64) -> Result<Number, E> {
                Ok(Number(i128::from(v)))
            }
            fn visit_i64<E: Error>(self, v: i64) -> Result<Number, E> {
                Ok(Number(i128::from(v)))
            }
            #[allow(clippy::cast_possible_truncation, reason = "checked to be whole and below 2^53 before")]
            fn visit_f64<E: Error>(self, v: f64) -> Result<Number, E> {
                // Above 2^53 a float no longer holds every whole number: such an address would be a guess.
                if v.fract() == 0.0 && v.abs() <= 9_007_199_254_740_992.0 {
                    Ok(Number(i128::from(v as i64)))
                } else {
                    Err(E::custom(format!("{v} is no exact whole number")))
                }
            }
        }
        d.deserialize_any(V)
    }
}
