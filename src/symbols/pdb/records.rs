//! Records of types (CodeView, `LEAF_ENUM_e` in cvinfo.h).

use super::cursor::Cursor;
use crate::symbols::store::Declared;
use std::borrow::Cow;

pub const LF_MODIFIER: u16 = 0x1001;
pub const LF_POINTER: u16 = 0x1002;
pub const LF_PROCEDURE: u16 = 0x1008;
pub const LF_MFUNCTION: u16 = 0x1009;
pub const LF_FIELDLIST: u16 = 0x1203;
pub const LF_BITFIELD: u16 = 0x1205;
pub const LF_ARRAY: u16 = 0x1503;
pub const LF_CLASS: u16 = 0x1504;
pub const LF_STRUCTURE: u16 = 0x1505;
pub const LF_UNION: u16 = 0x1506;
pub const LF_ENUM: u16 = 0x1507;
pub const LF_INTERFACE: u16 = 0x1519;

/// Parts of a field list.
const LF_BCLASS: u16 = 0x1400;
const LF_VBCLASS: u16 = 0x1401;
const LF_IVBCLASS: u16 = 0x1402;
const LF_INDEX: u16 = 0x1404;
const LF_VFUNCTAB: u16 = 0x1409;
const LF_FRIENDCLS: u16 = 0x140a;
const LF_VFUNCOFF: u16 = 0x140c;
const LF_ENUMERATE: u16 = 0x1502;
const LF_FRIENDFCN: u16 = 0x150c;
const LF_MEMBER: u16 = 0x150d;
const LF_STMEMBER: u16 = 0x150e;
const LF_METHOD: u16 = 0x150f;
const LF_NESTTYPE: u16 = 0x1510;
const LF_ONEMETHOD: u16 = 0x1511;
const LF_NESTTYPEEX: u16 = 0x1512;
const LF_BINTERFACE: u16 = 0x151a;

/// Properties (`CV_prop_t`): declared only; a decorated name stands behind the name.
const FORWARD: u16 = 0x80;
const UNIQUE: u16 = 0x200;
/// Attributes of a method (`CV_fldattr_t`): what it is, in bits 2 to 4; a new virtual function has its place behind the type.
const METHOD_KIND: u16 = 7 << 2;
const INTRODUCED: [u16; 2] = [4 << 2, 6 << 2];

/// A structure, union or enumeration.
pub struct Compound<'a> {
    pub kind: Declared,
    pub name: Cow<'a, str>,
    /// The decorated name, which is one of a kind where the name is not.
    pub unique: Option<Cow<'a, str>>,
    /// Declared only.
    pub forward: bool,
    /// Index of its field list.
    pub fields: u32,
    /// In bytes; none for an enumeration.
    pub size: Option<u64>,
    /// Of an enumeration: what holds it.
    pub holder: Option<u32>,
}

impl<'a> Compound<'a> {
    /// Reads the record; none for another kind, and for one that is damaged.
    pub fn read(kind: u16, record: &'a [u8]) -> Option<Self> {
        let mut at = Cursor(record);
        // The number of members.
        at.u16()?;
        let properties = at.u16()?;
        let (declared, fields, size, holder) = match kind {
            LF_STRUCTURE | LF_CLASS | LF_INTERFACE => {
                let fields = at.u32()?;
                // What it derives from and the shape of its table of virtual functions.
                at.take(8)?;
                (Declared::Struct, fields, Some(at.unsigned()?), None)
            }
            LF_UNION => (Declared::Union, at.u32()?, Some(at.unsigned()?), None),
            LF_ENUM => {
                let holder = at.u32()?;
                (Declared::Enum, at.u32()?, None, Some(holder))
            }
            _ => return None,
        };
        let name = at.name()?;
        let unique = if properties & UNIQUE == 0 { None } else { at.name() };
        Some(Self { kind: declared, name, unique, forward: properties & FORWARD != 0, fields, size, holder })
    }
}

/// A part of a field list that matters here.
pub enum Part<'a> {
    /// A member; a base class has no name.
    Member { name: Cow<'a, str>, of: u32, offset: u64 },
    /// A constant of an enumeration.
    Constant { name: Cow<'a, str>, value: i128 },
    /// Goes on in another list.
    Continued(u32),
    /// A method, a static member, a type inside: takes no room.
    Other,
}

/// The parts of a field list, up to one that can't be read.
pub struct Parts<'a> {
    at: Cursor<'a>,
    /// Whether a part could not be read, so that what follows is lost.
    pub damaged: bool,
}

impl<'a> Parts<'a> {
    pub fn new(record: &'a [u8]) -> Self {
        Self { at: Cursor(record), damaged: false }
    }

    fn part(&mut self) -> Option<Part<'a>> {
        let at = &mut self.at;
        let kind = at.u16()?;
        // Attributes, or nothing.
        let attributes = at.u16()?;
        Some(match kind {
            LF_MEMBER => {
                let of = at.u32()?;
                let offset = at.unsigned()?;
                Part::Member { name: at.name()?, of, offset }
            }
            LF_BCLASS | LF_BINTERFACE => {
                let of = at.u32()?;
                Part::Member { name: Cow::Borrowed(""), of, offset: at.unsigned()? }
            }
            LF_ENUMERATE => {
                let value = at.number()?;
                Part::Constant { name: at.name()?, value }
            }
            LF_INDEX => Part::Continued(at.u32()?),
            LF_VBCLASS | LF_IVBCLASS => {
                at.take(8)?;
                at.number()?;
                at.number()?;
                Part::Other
            }
            LF_VFUNCTAB | LF_FRIENDCLS => {
                at.take(4)?;
                Part::Other
            }
            LF_VFUNCOFF => {
                at.take(8)?;
                Part::Other
            }
            LF_STMEMBER | LF_NESTTYPE | LF_NESTTYPEEX | LF_METHOD | LF_FRIENDFCN => {
                at.u32()?;
                at.name()?;
                Part::Other
            }
            LF_ONEMETHOD => {
                at.u32()?;
                if INTRODUCED.contains(&(attributes & METHOD_KIND)) {
                    at.u32()?;
                }
                at.name()?;
                Part::Other
            }
            _ => return None,
        })
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        // Between parts stand bytes that say how many of them there are up to the next multiple of four (`LF_PAD0` and on).
        while let Some(&pad) = self.at.0.first().filter(|&&b| b >= 0xf0) {
            self.at.take(usize::from(pad & 0xf).max(1)).or_else(|| self.at.take(self.at.0.len()));
        }
        if self.at.0.is_empty() {
            return None;
        }
        let part = self.part();
        if part.is_none() {
            self.at = Cursor(&[]);
            self.damaged = true;
        }
        part
    }
}
