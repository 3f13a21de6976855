//! One compilation unit: its types as they stand in the file, references still offsets.

use super::super::interner::Name;
use super::super::store::{Declared, TypeStore};
use super::Slice;
use gimli::{AttributeValue, DwAt, DwTag, Dwarf, EndianSlice, Reader as _, RunTimeEndian, UnitType, constants as c};
use std::collections::HashMap;

/// How deep entries may nest. C needs about 6, C++ and Rust some dozen.
const DEPTH: usize = 256;
/// Most units a file may have (the largest kernels have some ten thousand).
const UNITS: usize = 1 << 20;
/// Entries of other units that are kept at hand for references across units.
const KEPT: usize = 1 << 20;
/// No reference.
pub const NOWHERE: u64 = u64::MAX;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `DW_TAG_base_type`, with its encoding.
    Base(u8),
    /// A pointer or reference.
    Pointer,
    /// An array; its dimensions are `parts` of [`Unit::dimensions`].
    Array,
    /// Structure, class, union or enumeration; its members or constants are `parts`.
    Tagged(Declared),
    /// `typedef`.
    Typedef,
    /// `const` and its like: another entry for the same type.
    Qualifier,
    /// A function.
    Function,
    /// `DW_TAG_unspecified_type`.
    Void,
}

/// One type.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub kind: Kind,
    pub name: Name,
    pub size: Option<u64>,
    /// Declared only; the definition stands elsewhere.
    pub declared: bool,
    /// Where the type that it refers to stands in `.debug_info`.
    pub target: u64,
    /// First and number in the unit's list of members, constants or dimensions.
    pub parts: (u32, u32),
    offset: u64,
}

/// One member of a structure.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    pub name: Name,
    pub bit_offset: u64,
    pub bits: u32,
    pub target: u64,
}

/// The types of one unit.
#[derive(Default)]
pub struct Unit {
    pub entries: Vec<Entry>,
    pub members: Vec<Member>,
    pub constants: Vec<(Name, i128)>,
    pub dimensions: Vec<u64>,
    /// Hash of each tagged entry's definition, as far as it was computed.
    pub hashes: Vec<Option<u64>>,
    /// Type in the store that an entry became.
    pub ids: Vec<Option<super::super::TypeId>>,
}

/// An entry: the unit's number, the entry's number in it.
pub type EntryRef = (usize, usize);

/// All units, those loaded that are needed.
pub struct Units<'d> {
    dwarf: &'d Dwarf<Slice<'d>>,
    big_endian: bool,
    starts: Vec<u64>,
    signatures: HashMap<u64, u64>,
    loaded: HashMap<usize, Unit>,
    kept: usize,
    strings: HashMap<usize, Name>,
    stopped: Option<(gimli::Error, u64)>,
    dangling: u64,
}

impl<'d> Units<'d> {
    /// Finds where the units start.
    pub fn new(dwarf: &'d Dwarf<Slice<'d>>, big_endian: bool) -> Self {
        let (mut starts, mut signatures) = (Vec::new(), HashMap::new());
        let mut stopped = None;
        let mut headers = dwarf.units();
        loop {
            match headers.next() {
                Ok(Some(h)) if starts.len() < UNITS => {
                    let start = offset_of(&h);
                    starts.push(start);
                    if let UnitType::Type { type_signature, type_offset } | UnitType::SplitType { type_signature, type_offset } =
                        h.type_()
                    {
                        signatures
                            .insert(type_signature.0, start.saturating_add(u64::try_from(type_offset.0).unwrap_or(NOWHERE)));
                    }
                }
                Ok(_) => break,
                Err(e) => {
                    // Units before the bad header can still be read.
                    stopped = Some((e, starts.last().copied().unwrap_or(0)));
                    break;
                }
            }
        }
        Self {
            dwarf,
            big_endian,
            starts,
            signatures,
            loaded: HashMap::new(),
            kept: 0,
            strings: HashMap::new(),
            stopped,
            dangling: 0,
        }
    }

    pub fn count(&self) -> usize {
        self.starts.len()
    }

    /// Why the list of units ended early, and after which unit.
    pub fn stopped(&self) -> Option<(gimli::Error, u64)> {
        self.stopped
    }

    /// How many references led nowhere.
    pub fn dangling(&self) -> u64 {
        self.dangling
    }

    pub fn get(&self, unit: usize) -> Option<&Unit> {
        self.loaded.get(&unit)
    }

    pub fn get_mut(&mut self, unit: usize) -> Option<&mut Unit> {
        self.loaded.get_mut(&unit)
    }

    pub fn entry(&self, (unit, entry): EntryRef) -> Option<Entry> {
        self.loaded.get(&unit)?.entries.get(entry).copied()
    }

    /// Gives back the memory of loaded units. Those that others refer to stay until they become too many.
    pub fn forget_others(&mut self) {
        if self.kept > KEPT {
            self.loaded.clear();
            self.kept = 0;
        }
    }

    /// Drops a unit that is done, unless others point into it (which only link-time optimisation and dwz make).
    pub fn done(&mut self, unit: usize, alone: bool) {
        if alone && let Some(u) = self.loaded.remove(&unit) {
            self.kept = self.kept.saturating_sub(u.entries.len());
        }
    }

    /// Loads a unit. After an error it holds what came before the error.
    pub fn load(&mut self, unit: usize, store: &mut TypeStore) -> Result<(), (gimli::Error, u64)> {
        if self.loaded.contains_key(&unit) {
            return Ok(());
        }
        let Some(&start) = self.starts.get(unit) else { return Ok(()) };
        let mut reader = Reader {
            dwarf: self.dwarf,
            big_endian: self.big_endian,
            start,
            format: gimli::Format::Dwarf32,
            address_size: 0,
            string_base: gimli::DebugStrOffsetsBase(0),
            signatures: &self.signatures,
            strings: &mut self.strings,
            store,
            unit: Unit::default(),
            member_owners: Vec::new(),
            constant_owners: Vec::new(),
        };
        let result = reader.read().map_err(|e| (e, start));
        let loaded = reader.close();
        self.kept = self.kept.saturating_add(loaded.entries.len());
        self.loaded.insert(unit, loaded);
        result
    }

    /// The entry at an offset; `home` is where the reference stands. Loads the unit when it is another.
    pub fn resolve(&mut self, home: usize, offset: u64, store: &mut TypeStore) -> Option<EntryRef> {
        if offset == NOWHERE {
            return None;
        }
        let found = self.look(home, offset, store);
        if found.is_none() {
            self.dangling = self.dangling.saturating_add(1);
        }
        found
    }

    fn look(&mut self, home: usize, offset: u64, store: &mut TypeStore) -> Option<EntryRef> {
        let inside = |i: usize| {
            self.starts.get(i).is_some_and(|&s| s <= offset) && self.starts.get(i.wrapping_add(1)).is_none_or(|&s| offset < s)
        };
        let unit = if inside(home) { home } else { self.starts.partition_point(|&s| s <= offset).checked_sub(1)? };
        if unit != home {
            // What is damaged there is reported when that unit's turn comes.
            let _ = self.load(unit, store);
        }
        let entries = &self.loaded.get(&unit)?.entries;
        Some((unit, entries.binary_search_by_key(&offset, |e| e.offset).ok()?))
    }
}

fn offset_of(header: &gimli::UnitHeader<Slice<'_>>) -> u64 {
    header.debug_info_offset().and_then(|o| u64::try_from(o.0).ok()).unwrap_or(NOWHERE)
}

/// What the entries below an entry belong to.
#[derive(Clone, Copy)]
enum Parent {
    /// The unit or a namespace.
    Scope,
    /// A structure, union or enumeration: its number, and whether its constants have a sign.
    Tagged(u32, bool),
    Array(u32),
    Skipped,
}

/// The attributes that types use.
#[derive(Default)]
struct Attributes<'d> {
    name: Option<AttributeValue<Slice<'d>>>,
    size: Option<u64>,
    bits: Option<u64>,
    encoding: u8,
    target: Option<u64>,
    declared: bool,
    location: Option<u64>,
    data_bit_offset: Option<u64>,
    old_bit_offset: Option<u64>,
    value: Option<AttributeValue<Slice<'d>>>,
    bound: Option<i64>,
    count: Option<u64>,
}

struct Reader<'a, 'd> {
    dwarf: &'d Dwarf<Slice<'d>>,
    big_endian: bool,
    start: u64,
    format: gimli::Format,
    address_size: u64,
    string_base: gimli::DebugStrOffsetsBase<usize>,
    signatures: &'a HashMap<u64, u64>,
    strings: &'a mut HashMap<usize, Name>,
    store: &'a mut TypeStore,
    unit: Unit,
    /// For each member the number of its structure: a structure nested in another puts its members in between.
    member_owners: Vec<u32>,
    constant_owners: Vec<u32>,
}

impl<'d> Reader<'_, 'd> {
    fn read(&mut self) -> Result<(), gimli::Error> {
        let start = usize::try_from(self.start).map_err(|_| gimli::Error::OffsetOutOfBounds(self.start))?;
        let header = self.dwarf.unit_header(gimli::DebugInfoOffset(start))?;
        let abbreviations = self.dwarf.abbreviations(&header)?;
        self.format = header.format();
        self.address_size = u64::from(header.address_size());
        // Not `Dwarf::unit`: it would read the line tables too, which types have no use for.
        let mut root = header.entries(&abbreviations);
        let base = root.next_dfs()?.and_then(|root| root.attr_value(c::DW_AT_str_offsets_base));
        if let Some(AttributeValue::DebugStrOffsetsBase(base)) = base {
            self.string_base = base;
        }
        let mut cursor = header.entries_raw(&abbreviations, None)?;
        let mut base = 0_usize;
        let mut parents: Vec<Parent> = Vec::new();
        while !cursor.is_empty() {
            let offset = cursor.next_offset();
            let depth = base.saturating_add_signed(cursor.next_depth());
            let Some(abbreviation) = cursor.read_abbreviation()? else { continue };
            if depth > DEPTH {
                return Err(gimli::Error::UnsupportedOffset);
            }
            parents.truncate(depth);
            let parent = parents.last().copied().unwrap_or(Parent::Scope);
            let tag = abbreviation.tag();
            let specs = abbreviation.attributes();
            let mut here = Parent::Skipped;
            if matches!(parent, Parent::Skipped) || !wanted(tag) {
                // A function holds most of the entries of a unit; where the file says where it ends, jump there.
                let jump = abbreviation.has_children() && specs.iter().any(|s| s.name() == c::DW_AT_sibling);
                if jump {
                    let mut sibling = None;
                    for &spec in specs {
                        let a = cursor.read_attribute(spec)?;
                        if let (c::DW_AT_sibling, AttributeValue::UnitRef(o)) = (a.name(), a.value()) {
                            sibling = Some(o);
                        }
                    }
                    if let Some(o) = sibling.filter(|o| o.0 > offset.0) {
                        cursor = header.entries_raw(&abbreviations, Some(o))?;
                        base = depth;
                        continue;
                    }
                } else {
                    cursor.skip_attributes(specs)?;
                }
            } else {
                let mut a = Attributes::default();
                for &spec in specs {
                    let attribute = cursor.read_attribute(spec)?;
                    self.attribute(&mut a, attribute.name(), attribute.value());
                }
                let at = self.start.saturating_add(u64::try_from(offset.0).unwrap_or(NOWHERE));
                here = self.entry(tag, parent, &a, at);
            }
            // One level per entry with children; an entry without children never has a deeper one after it.
            parents.push(here);
        }
        Ok(())
    }

    fn attribute(&self, a: &mut Attributes<'d>, name: DwAt, value: AttributeValue<Slice<'d>>) {
        match name {
            c::DW_AT_name => a.name = Some(value),
            c::DW_AT_byte_size => a.size = value.udata_value(),
            c::DW_AT_bit_size => a.bits = value.udata_value(),
            c::DW_AT_encoding => {
                if let AttributeValue::Encoding(e) = value {
                    a.encoding = e.0;
                }
            }
            c::DW_AT_type => a.target = self.reference(&value),
            c::DW_AT_declaration => a.declared = matches!(value, AttributeValue::Flag(true)),
            c::DW_AT_data_member_location => a.location = location(&value),
            c::DW_AT_data_bit_offset => a.data_bit_offset = value.udata_value(),
            c::DW_AT_bit_offset => a.old_bit_offset = value.udata_value(),
            c::DW_AT_const_value => a.value = Some(value),
            c::DW_AT_upper_bound => a.bound = bound(&value),
            c::DW_AT_count => a.count = value.udata_value(),
            _ => {}
        }
    }

    fn reference(&self, value: &AttributeValue<Slice<'d>>) -> Option<u64> {
        match *value {
            AttributeValue::UnitRef(o) => self.start.checked_add(u64::try_from(o.0).ok()?),
            AttributeValue::DebugInfoRef(o) => u64::try_from(o.0).ok(),
            AttributeValue::DebugTypesRef(s) => self.signatures.get(&s.0).copied(),
            _ => None,
        }
    }

    fn name(&mut self, value: Option<AttributeValue<Slice<'d>>>) -> Name {
        let Some(value) = value else { return Name::NONE };
        let known = match value {
            AttributeValue::DebugStrRef(o) => Some(o.0),
            AttributeValue::DebugStrOffsetsIndex(i) => {
                self.dwarf.debug_str_offsets.get_str_offset(self.format, self.string_base, i).ok().map(|o| o.0)
            }
            _ => None,
        };
        // The linker keeps each string once, so the offset is as good as the text.
        if let Some(&name) = known.and_then(|o| self.strings.get(&o)) {
            return name;
        }
        let text = match known {
            Some(o) => self.dwarf.string(gimli::DebugStrOffset(o)),
            None => self.dwarf.attr_line_string(value),
        };
        let Ok(text) = text else { return Name::NONE };
        let name = self.store.intern(&text.to_string_lossy());
        if let Some(o) = known {
            self.strings.insert(o, name);
        }
        name
    }

    /// Takes one entry; says what the entries below it belong to.
    fn entry(&mut self, tag: DwTag, parent: Parent, a: &Attributes<'d>, at: u64) -> Parent {
        let name = self.name(a.name);
        let target = a.target.unwrap_or(NOWHERE);
        let kind = match tag {
            c::DW_TAG_compile_unit | c::DW_TAG_partial_unit | c::DW_TAG_type_unit | c::DW_TAG_namespace | c::DW_TAG_module => {
                return Parent::Scope;
            }
            c::DW_TAG_member | c::DW_TAG_inheritance => {
                if let (Parent::Tagged(owner, _), Some((bit_offset, bits))) = (parent, self.position(a)) {
                    self.unit.members.push(Member { name, bit_offset, bits, target });
                    self.member_owners.push(owner);
                }
                return Parent::Skipped;
            }
            c::DW_TAG_enumerator => {
                if let Parent::Tagged(owner, signed) = parent
                    && let Some(v) = a.value.as_ref().and_then(|v| value(v, signed))
                {
                    self.unit.constants.push((name, v));
                    self.constant_owners.push(owner);
                }
                return Parent::Skipped;
            }
            c::DW_TAG_subrange_type => {
                if let Parent::Array(owner) = parent {
                    // No bound at all, or -1, is an array without length.
                    let n = a.count.or_else(|| u64::try_from(a.bound?.checked_add(1)?).ok()).unwrap_or(0);
                    self.unit.dimensions.push(n);
                    let owner = usize::try_from(owner).ok().and_then(|o| self.unit.entries.get_mut(o));
                    if let Some(e) = owner {
                        e.parts.1 = e.parts.1.saturating_add(1);
                    }
                }
                return Parent::Skipped;
            }
            c::DW_TAG_base_type => Kind::Base(a.encoding),
            c::DW_TAG_pointer_type | c::DW_TAG_reference_type | c::DW_TAG_rvalue_reference_type => Kind::Pointer,
            c::DW_TAG_array_type => Kind::Array,
            c::DW_TAG_structure_type | c::DW_TAG_class_type => Kind::Tagged(Declared::Struct),
            c::DW_TAG_union_type => Kind::Tagged(Declared::Union),
            c::DW_TAG_enumeration_type => Kind::Tagged(Declared::Enum),
            c::DW_TAG_typedef => Kind::Typedef,
            c::DW_TAG_subroutine_type => Kind::Function,
            c::DW_TAG_unspecified_type => Kind::Void,
            _ => Kind::Qualifier,
        };
        let Ok(number) = u32::try_from(self.unit.entries.len()) else { return Parent::Skipped };
        let size = match kind {
            Kind::Pointer => a.size.or(Some(self.address_size)),
            _ => a.size,
        };
        let first = u32::try_from(self.unit.dimensions.len()).unwrap_or(0);
        let declared = a.declared;
        self.unit.entries.push(Entry { kind, name, size, declared, target, parts: (first, 0), offset: at });
        match kind {
            Kind::Tagged(_) => {
                let signed = a.encoding == c::DW_ATE_signed.0 || a.encoding == c::DW_ATE_signed_char.0;
                Parent::Tagged(number, signed)
            }
            Kind::Array => Parent::Array(number),
            _ => Parent::Skipped,
        }
    }

    /// Position and width in bits of a member; the width is zero when it is no bit field.
    fn position(&self, a: &Attributes<'d>) -> Option<(u64, u32)> {
        let start = a.location.unwrap_or(0).checked_mul(8)?;
        let bits = u32::try_from(a.bits.unwrap_or(0)).ok()?;
        let Some(old) = a.old_bit_offset else {
            return Some((start.checked_add(a.data_bit_offset.unwrap_or(0))?, bits));
        };
        // DWARF 2 and 3 count from the most significant bit of a storage unit of `byte_size` bytes (DWARF 4, 5.5.6).
        let inside =
            if self.big_endian { old } else { a.size?.checked_mul(8)?.checked_sub(old)?.checked_sub(u64::from(bits))? };
        Some((start.checked_add(inside)?, bits))
    }

    fn close(mut self) -> Unit {
        order(&mut self.unit.members, &mut self.member_owners);
        order(&mut self.unit.constants, &mut self.constant_owners);
        spread(&mut self.unit.entries, &self.member_owners);
        spread(&mut self.unit.entries, &self.constant_owners);
        self.unit.hashes = vec![None; self.unit.entries.len()];
        self.unit.ids = vec![None; self.unit.entries.len()];
        self.unit
    }
}

/// Brings the parts of each owner together, in their order.
fn order<T: Copy>(parts: &mut Vec<T>, owners: &mut Vec<u32>) {
    if owners.is_sorted() {
        return;
    }
    let mut pairs: Vec<(u32, T)> = owners.iter().copied().zip(parts.iter().copied()).collect();
    pairs.sort_by_key(|p| p.0);
    *owners = pairs.iter().map(|p| p.0).collect();
    *parts = pairs.into_iter().map(|p| p.1).collect();
}

/// Tells each owner which parts are its own.
fn spread(entries: &mut [Entry], owners: &[u32]) {
    for (i, &owner) in (0_u32..).zip(owners) {
        if let Some(e) = usize::try_from(owner).ok().and_then(|o| entries.get_mut(o)) {
            if e.parts.1 == 0 {
                e.parts.0 = i;
            }
            e.parts.1 = e.parts.1.saturating_add(1);
        }
    }
}

fn wanted(tag: DwTag) -> bool {
    matches!(
        tag,
        c::DW_TAG_compile_unit
            | c::DW_TAG_partial_unit
            | c::DW_TAG_type_unit
            | c::DW_TAG_namespace
            | c::DW_TAG_module
            | c::DW_TAG_member
            | c::DW_TAG_inheritance
            | c::DW_TAG_enumerator
            | c::DW_TAG_subrange_type
            | c::DW_TAG_base_type
            | c::DW_TAG_pointer_type
            | c::DW_TAG_reference_type
            | c::DW_TAG_rvalue_reference_type
            | c::DW_TAG_array_type
            | c::DW_TAG_structure_type
            | c::DW_TAG_class_type
            | c::DW_TAG_union_type
            | c::DW_TAG_enumeration_type
            | c::DW_TAG_typedef
            | c::DW_TAG_subroutine_type
            | c::DW_TAG_unspecified_type
            | c::DW_TAG_const_type
            | c::DW_TAG_volatile_type
            | c::DW_TAG_restrict_type
            | c::DW_TAG_atomic_type
            | c::DW_TAG_immutable_type
            | c::DW_TAG_packed_type
            | c::DW_TAG_shared_type
    )
}

/// `DW_AT_data_member_location`: a constant, or in DWARF 2 the expression `DW_OP_plus_uconst N`.
fn location(value: &AttributeValue<Slice<'_>>) -> Option<u64> {
    if let AttributeValue::Exprloc(e) = value {
        let (&operation, operand) = e.0.slice().split_first()?;
        if operation != c::DW_OP_plus_uconst.0 {
            return None;
        }
        let mut operand = EndianSlice::new(operand, RunTimeEndian::Little);
        return operand.read_uleb128().ok();
    }
    value.udata_value()
}

/// `DW_AT_upper_bound`; all ones in any width is -1. A bound that is computed at run time is none.
fn bound(value: &AttributeValue<Slice<'_>>) -> Option<i64> {
    match *value {
        AttributeValue::Data1(v) => Some(i64::from(v)),
        AttributeValue::Data2(v) => Some(i64::from(v)),
        AttributeValue::Data4(u32::MAX) => Some(-1),
        AttributeValue::Data4(v) => Some(i64::from(v)),
        AttributeValue::Data8(u64::MAX) | AttributeValue::Udata(u64::MAX) => Some(-1),
        AttributeValue::Data8(v) | AttributeValue::Udata(v) => i64::try_from(v).ok(),
        AttributeValue::Sdata(v) => Some(v),
        _ => None,
    }
}

/// `DW_AT_const_value` of an enumerator; the fixed-width forms don't say whether they have a sign, the enumeration may.
fn value(value: &AttributeValue<Slice<'_>>, signed: bool) -> Option<i128> {
    Some(match *value {
        AttributeValue::Sdata(v) => i128::from(v),
        AttributeValue::Udata(v) => i128::from(v),
        AttributeValue::Data1(v) if signed => i128::from(v.cast_signed()),
        AttributeValue::Data2(v) if signed => i128::from(v.cast_signed()),
        AttributeValue::Data4(v) if signed => i128::from(v.cast_signed()),
        AttributeValue::Data8(v) if signed => i128::from(v.cast_signed()),
        AttributeValue::Data1(v) => i128::from(v),
        AttributeValue::Data2(v) => i128::from(v),
        AttributeValue::Data4(v) => i128::from(v),
        AttributeValue::Data8(v) => i128::from(v),
        _ => return None,
    })
}
