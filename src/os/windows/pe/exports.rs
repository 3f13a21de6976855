//! What an image exports: `IMAGE_EXPORT_DIRECTORY`.

use super::loaded::{Directory, Loaded};
use crate::os::lost::Lost;
use std::collections::HashMap;

/// Ordinals have 16 bits.
const MOST: u32 = 1 << 16;

/// Something that is exported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Export {
    /// Its name; none where it has only a number, or the name is not resident.
    pub name: Option<String>,
    /// Its number.
    pub ordinal: u32,
    /// Distance from the base; of a forwarder, where its text lies.
    pub rva: u32,
    /// What of which other library it stands for: `NTDLL.RtlAllocateHeap`.
    pub forwarder: Option<String>,
    /// Whether it stands for another library's, even where the text that says so is not resident.
    pub forwarded: bool,
}

/// What an image exports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exports {
    /// The name that the image gives itself.
    pub library: Option<String>,
    /// By number; what has several names is there once with each.
    pub all: Vec<Export>,
}

/// The exports; none where the image has none.
pub fn exports(image: &Loaded<'_>, lost: &mut Lost) -> Option<Exports> {
    let (at, size) = image.directory(Directory::Export)?;
    let what = format!("exports of {}", image.name);
    let field = |offset: u32| at.checked_add(offset).and_then(|at| image.u32(at));
    let fields = [12, 16, 20, 24, 28, 32, 36].map(field);
    let [Some(name), Some(first), Some(count), Some(named), Some(functions), Some(names), Some(ordinals)] = fields else {
        lost.push(format!("{what}: their directory is not in memory"));
        return Some(Exports::default());
    };
    for (n, of) in [(count, "functions"), (named, "names")] {
        if n > MOST {
            lost.push(format!("{what}: {n} {of} are counted; more than {MOST} no image has"));
        }
    }
    let element = |table: u32, i: u32, size: u32| table.checked_add(i.checked_mul(size)?);
    let mut of_function: HashMap<u32, Vec<Option<String>>> = HashMap::new();
    let (mut unnamed, mut astray) = (0u32, 0u32);
    for i in 0..named.min(MOST) {
        let Some(function) = element(ordinals, i, 2).and_then(|at| image.u16(at)) else {
            unnamed += 1;
            continue;
        };
        let name = element(names, i, 4).and_then(|at| image.u32(at)).and_then(|at| image.text(at));
        unnamed += u32::from(name.is_none());
        match u32::from(function) < count {
            true => of_function.entry(function.into()).or_default().push(name),
            false => astray += 1,
        }
    }
    let mut all = Vec::new();
    let mut missing = 0u32;
    for i in 0..count.min(MOST) {
        let Some(rva) = element(functions, i, 4).and_then(|at| image.u32(at)) else {
            missing += 1;
            continue;
        };
        // Numbers that nobody has.
        if rva == 0 {
            continue;
        }
        let forwarded = rva.checked_sub(at).is_some_and(|o| o < size);
        let forwarder = if forwarded { image.text(rva) } else { None };
        let export = Export { name: None, ordinal: first.wrapping_add(i), rva, forwarder, forwarded };
        match of_function.remove(&i) {
            Some(names) => all.extend(names.into_iter().map(|name| Export { name, ..export.clone() })),
            None => all.push(export),
        }
    }
    for (n, of) in [(missing, "addresses"), (unnamed, "names")] {
        if n > 0 {
            lost.push(format!("{what}: {n} {of} are not in memory, or lie outside of the image"));
        }
    }
    if astray > 0 {
        lost.push(format!("{what}: {astray} names belong to no function"));
    }
    Some(Exports { library: image.text(name).filter(|n| !n.is_empty()), all })
}
