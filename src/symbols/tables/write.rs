//! Writing a table.

use super::MAGIC;
use crate::symbols::{Field, Type, TypeId, TypeKind, Types};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write;

/// Definitions nest no deeper in any kernel; what is deeper becomes void.
const DEPTH: u32 = 24;

/// What a table says of itself.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// `uname -r`.
    pub release: String,
    /// `x86`, `x86_64`, `arm`, `aarch64`, `riscv64`.
    pub machine: String,
    /// Size of a pointer in bytes.
    pub pointer: u64,
    /// The package that it was made from, with its version.
    pub source: String,
}

/// How far a table goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The types that are asked for, and what is embedded in them.
    Embedded,
    /// These, what they point to, and what is embedded in that.
    Pointed,
}

/// The table of the types in `wanted` and of what these lead to; each from the first of `sources` that has it.
pub fn write(facts: &Facts, wanted: &[&str], sources: &[&dyn Types], reach: Reach) -> String {
    let mut out = Out::default();
    for name in wanted {
        for source in sources {
            let plain = ["struct ", "union ", "enum "].iter().find_map(|tag| name.strip_prefix(tag)).unwrap_or(name);
            let found = match plain == *name {
                // A name alone is a structure's before it is a typedef's, as for whoever asks for it.
                true => ["struct ", "union "].iter().find_map(|tag| complete(*source, &format!("{tag}{name}"))),
                false => complete(*source, name),
            };
            if let Some(id) = found.or_else(|| complete(*source, name)) {
                out.define(*source, id);
                break;
            }
        }
    }
    let pointed = std::mem::take(&mut out.pointed).into_iter().filter(|_| reach == Reach::Pointed);
    for (word, name) in pointed {
        let found = sources.iter().find_map(|s| Some((*s, complete(*s, &format!("{word} {name}"))?)));
        if let Some((source, id)) = found {
            out.define(source, id);
        }
    }
    let mut text = format!(
        "{MAGIC}\nrelease {}\nmachine {}\npointer {}\nsource {}\ntypes\n",
        facts.release.trim(),
        facts.machine.trim(),
        facts.pointer,
        facts.source.trim()
    );
    for definition in out.done.values() {
        text.push_str(definition);
    }
    text
}

fn complete(types: &dyn Types, name: &str) -> Option<TypeId> {
    let id = types.find(name)?;
    (types.get(id)?.kind != TypeKind::Forward).then_some(id)
}

#[derive(Default)]
struct Out {
    /// By kind and name, so that tables of two kernels have the same order.
    done: BTreeMap<(char, String), String>,
    begun: HashSet<(char, String)>,
    /// What was pointed to: `struct` or `union`, and its name.
    pointed: BTreeSet<(&'static str, String)>,
}

fn tag(kind: &TypeKind) -> char {
    match kind {
        TypeKind::Struct(_) => 's',
        TypeKind::Union(_) => 'u',
        TypeKind::Enum(_) => 'e',
        TypeKind::Typedef(_) => 't',
        _ => 'b',
    }
}

impl Out {
    /// Defines a named type and whatever its size depends on.
    fn define(&mut self, types: &dyn Types, id: TypeId) {
        let Some(t) = types.get(id) else { return };
        let Some(name) = t.name.clone() else { return };
        let key = (tag(&t.kind), name);
        if !self.begun.insert(key.clone()) {
            return;
        }
        let mut text = String::new();
        let name = &key.1;
        match &t.kind {
            TypeKind::Struct(_) | TypeKind::Union(_) | TypeKind::Enum(_) => {
                let _ = writeln!(text, "{} {name} {}", key.0, t.size.unwrap_or(0));
                self.body(types, &t, DEPTH, &mut text);
            }
            TypeKind::Typedef(to) => {
                let _ = write!(text, "t {name} ");
                self.reference(types, *to, true, DEPTH, &mut text);
            }
            TypeKind::Int { signed, char, bool } => {
                let _ = write!(text, "b {name} {} ", t.size.unwrap_or(0));
                for (on, letter) in [(*signed, 's'), (*char, 'c'), (*bool, 'o')] {
                    if on {
                        text.push(letter);
                    }
                }
                text.push('\n');
            }
            TypeKind::Float => {
                let _ = writeln!(text, "b {name} {} f", t.size.unwrap_or(0));
            }
            _ => return,
        }
        self.done.insert(key, text);
    }

    /// The members or constants of a definition, and its end.
    fn body(&mut self, types: &dyn Types, t: &Type, depth: u32, text: &mut String) {
        match &t.kind {
            TypeKind::Struct(fields) | TypeKind::Union(fields) => {
                let mut before = 0;
                for f in fields {
                    self.member(types, f, &mut before, depth, text);
                }
            }
            TypeKind::Enum(values) => {
                let mut next = 0;
                for (name, value) in values {
                    match *value == next {
                        true => _ = writeln!(text, " {name}"),
                        false => _ = writeln!(text, " {name} {value}"),
                    }
                    next = value.saturating_add(1);
                }
            }
            _ => {}
        }
        text.push_str(".\n");
    }

    fn member(&mut self, types: &dyn Types, f: &Field, before: &mut u64, depth: u32, text: &mut String) {
        let at = f.bit_offset / 8;
        // Members come in the order of their offsets, except in sources that were shuffled: those lie behind each other backwards.
        let _ = match at.checked_sub(*before) {
            Some(d) => write!(text, " {} {d}", f.name),
            None => write!(text, " {} -{}", f.name, before.saturating_sub(at)),
        };
        *before = at;
        if let Some(width) = f.bit_size {
            let _ = write!(text, ".{}:{width}", f.bit_offset % 8);
        }
        text.push(' ');
        self.reference(types, f.type_id, true, depth, text);
    }

    /// A type where it is used, and the end of the line. What is `embedded` must be known with its size.
    fn reference(&mut self, types: &dyn Types, id: TypeId, embedded: bool, depth: u32, text: &mut String) {
        let Some(depth) = depth.checked_sub(1) else { return text.push_str("v\n") };
        let Some(t) = types.get(id) else { return text.push_str("v\n") };
        match &t.kind {
            TypeKind::Qualified(to) => self.reference(types, *to, embedded, depth, text),
            TypeKind::Pointer(to) => {
                text.push('*');
                self.reference(types, *to, false, depth, text);
            }
            TypeKind::Array { element, count } => {
                let _ = write!(text, "[{count}]");
                self.reference(types, *element, embedded, depth, text);
            }
            TypeKind::Void => text.push_str("v\n"),
            TypeKind::Function => text.push_str("f\n"),
            TypeKind::Struct(_) | TypeKind::Union(_) | TypeKind::Enum(_) => self.tagged(types, id, &t, embedded, depth, text),
            TypeKind::Forward => match (t.name, types.get(id)) {
                (Some(name), _) => _ = writeln!(text, "s:{name}"),
                _ => text.push_str("v\n"),
            },
            TypeKind::Int { .. } | TypeKind::Float | TypeKind::Typedef(_) => match &t.name {
                Some(name) => {
                    // A pointer's typedef may lead to a structure that nobody asked for.
                    let opens = !embedded && matches!(t.kind, TypeKind::Typedef(_));
                    if !opens || small(types, id) {
                        self.define(types, id);
                    }
                    let _ = writeln!(text, "={name}");
                }
                None => text.push_str("v\n"),
            },
        }
    }

    fn tagged(&mut self, types: &dyn Types, id: TypeId, t: &Type, embedded: bool, depth: u32, text: &mut String) {
        let letter = tag(&t.kind);
        let named = t.name.as_deref().filter(|n| !n.is_empty());
        if let Some(name) = named {
            let word = match letter {
                's' => "struct",
                'u' => "union",
                _ => "enum",
            };
            // Two files of a kernel may call different things by one name; only one of them is found by it.
            let usual = types.find(&format!("{word} {name}")).and_then(|found| Some(found == id || types.get(found)? == *t));
            if !embedded || usual == Some(true) {
                match embedded {
                    true => self.define(types, id),
                    false => _ = self.pointed.insert((word, name.to_owned())),
                }
                let _ = writeln!(text, "{letter}:{name}");
                return;
            }
        } else if !embedded {
            return text.push_str("v\n");
        }
        let _ = writeln!(text, "{{{letter} {} {}", t.size.unwrap_or(0), named.unwrap_or_default());
        self.body(types, t, depth, text);
    }
}

/// Whether a typedef ends in a base type.
fn small(types: &dyn Types, id: TypeId) -> bool {
    use crate::symbols::TypesExt;
    types.resolve(id).is_some_and(|(_, t)| matches!(t.kind, TypeKind::Int { .. } | TypeKind::Float | TypeKind::Void))
}
