//! The tree that all hives make, and paths in it as people write them.

use super::cells::{Key, NONE};
use super::data::Data;
use super::hives::{Hive, hives};
use crate::engine::search::Options;
use crate::os::lost::Lost;
use crate::os::windows::base::kernel::Kernel;

/// Links that are followed on the way to a key, in whatever hives it is looked for.
const LINKS: u8 = 8;
/// Keys are no deeper (documented: 512 levels).
pub const DEEPEST: usize = 512;
/// The type of a link's value, which has this name.
const LINK_VALUE: &str = "SymbolicLinkValue";

/// Short forms of the first parts of a path.
const SHORT: &[(&str, &str)] = &[
    ("HKLM", "\\REGISTRY\\MACHINE"),
    ("HKEY_LOCAL_MACHINE", "\\REGISTRY\\MACHINE"),
    ("HKU", "\\REGISTRY\\USER"),
    ("HKEY_USERS", "\\REGISTRY\\USER"),
    ("HKCR", "\\REGISTRY\\MACHINE\\SOFTWARE\\Classes"),
    ("HKEY_CLASSES_ROOT", "\\REGISTRY\\MACHINE\\SOFTWARE\\Classes"),
    ("HKCC", "\\REGISTRY\\MACHINE\\SYSTEM\\CurrentControlSet\\Hardware Profiles\\Current"),
    ("HKEY_CURRENT_CONFIG", "\\REGISTRY\\MACHINE\\SYSTEM\\CurrentControlSet\\Hardware Profiles\\Current"),
];
const CURRENT_USER: [&str; 2] = ["HKCU", "HKEY_CURRENT_USER"];
/// The registry of which every path is a part.
const TOP: &str = "REGISTRY";

/// All hives.
pub struct Registry {
    /// They.
    pub hives: Vec<Hive>,
    /// What could not be read on the way to them.
    pub lost: Vec<String>,
}

/// A key, and where it is.
pub struct Place<'r> {
    /// Its hive.
    pub hive: &'r Hive,
    /// Itself.
    pub key: Key,
    /// Its path: that of its hive, and the names of the keys as they are written there.
    pub path: String,
}

fn parts(path: &str) -> Vec<String> {
    path.split('\\').filter(|p| !p.is_empty()).map(str::to_owned).collect()
}

/// Whether `path` begins with `head`, in any case.
fn begins(path: &[String], head: &[String]) -> bool {
    path.len() >= head.len() && path.iter().zip(head).all(|(a, b)| a.to_lowercase() == b.to_lowercase())
}

impl Registry {
    /// That of a system; with `options` hives that are not in the list, too.
    pub fn new(kernel: &Kernel, options: Option<&Options<'_>>) -> Self {
        let mut lost = Lost::default();
        let hives = hives(kernel, options, &mut lost);
        let lost = lost.listing(Vec::<()>::new()).lost;
        Self { hives, lost: lost.iter().map(|l| l.to_string_lossy().into_owned()).collect() }
    }

    /// A sentence, where so much was read that nothing is read any more.
    pub fn exhausted(&self) -> Option<&'static str> {
        let spent = self.hives.iter().any(|h| h.blocks.is_spent());
        spent.then_some("the registry: more was read than a registry has; its cells lead in circles, and the rest was not read")
    }

    /// The hives of users who are logged on, with the paths of their hives.
    pub fn users(&self) -> impl Iterator<Item = &str> {
        self.hives.iter().filter_map(|h| h.path.as_deref()).filter(|p| {
            let parts = parts(p);
            let user = |p: &String| p.starts_with("S-1-5-21-") && !p.to_ascii_lowercase().ends_with("_classes");
            parts.len() == 3 && parts.get(2).is_some_and(user)
        })
    }

    /// The whole path of one that a person wrote.
    ///
    /// # Errors
    /// A sentence, where it could mean several.
    pub fn whole(&self, written: &str) -> Result<String, String> {
        let with_slashes = !written.contains('\\');
        let mut all = parts(&if with_slashes { written.replace('/', "\\") } else { written.to_owned() });
        if all.first().is_some_and(|p| p.eq_ignore_ascii_case("Computer")) {
            all.remove(0);
        }
        // `HKLM:\` is PowerShell's.
        let Some(first) = all.first().map(|p| p.trim_end_matches(':')) else { return Ok(format!("\\{TOP}")) };
        let rest = || all.get(1..).unwrap_or_default().iter().map(|p| format!("\\{p}")).collect::<String>();
        if let Some((_, long)) = SHORT.iter().find(|(short, _)| short.eq_ignore_ascii_case(first)) {
            return Ok(format!("{long}{}", rest()));
        }
        if CURRENT_USER.iter().any(|u| u.eq_ignore_ascii_case(first)) {
            let users: Vec<&str> = self.users().collect();
            return match users.as_slice() {
                [user] => Ok(format!("{user}{}", rest())),
                [] => Err("no user's hive is loaded; `hives` lists those that are".to_owned()),
                more => Err(format!("HKCU could be any of {}", more.join(", "))),
            };
        }
        let whole = all.iter().map(|p| format!("\\{p}")).collect::<String>();
        Ok(if first.eq_ignore_ascii_case(TOP) { whole } else { format!("\\{TOP}\\MACHINE{whole}") })
    }

    /// The key of a whole path. Links are followed; `CurrentControlSet` is the one that the system runs with.
    pub fn open(&self, path: &str) -> Option<Place<'_>> {
        self.follow(path, &mut { LINKS })
    }

    /// The key of a whole path. `links` is how many more may be followed: one count for all hives, or they would branch at each link.
    fn follow(&self, path: &str, links: &mut u8) -> Option<Place<'_>> {
        let wanted = parts(path);
        let mut under: Vec<(usize, &Hive, &String)> = self
            .hives
            .iter()
            .filter_map(|hive| {
                let path = hive.path.as_ref()?;
                let own = parts(path);
                begins(&wanted, &own).then_some((own.len(), hive, path))
            })
            .collect();
        // The innermost first; the one above all has keys, too.
        under.sort_by_key(|u| std::cmp::Reverse(u.0));
        under.into_iter().find_map(|(from, hive, path)| {
            let root = hive.root_key()?;
            self.walk(Place { hive, key: root, path: path.clone() }, wanted.get(from..)?, links)
        })
    }

    /// From a key down.
    fn walk<'r>(&'r self, from: Place<'r>, rest: &[String], links: &mut u8) -> Option<Place<'r>> {
        let mut at = from;
        for (i, part) in rest.iter().enumerate().take(DEEPEST) {
            let next = at.hive.cells().child(&at.key, part);
            let is_link = next.as_ref().is_some_and(Key::is_link);
            let Some(next) = next.as_ref().filter(|_| !is_link) else {
                let target = next.and_then(|link| link_target(at.hive, &link));
                // The link is volatile, and it or its value may be lost; what it leads to is not.
                let set = || {
                    let named = part.eq_ignore_ascii_case("CurrentControlSet");
                    Some(format!("{}\\{}", at.path, named.then(|| self.control_set(&at))??))
                };
                let target = target.or_else(set)?;
                *links = links.checked_sub(1)?;
                let below = rest.get(i + 1..).unwrap_or_default().iter().map(|p| format!("\\{p}")).collect::<String>();
                return self.follow(&format!("{target}{below}"), links);
            };
            at = Place { path: format!("{}\\{}", at.path, next.name), hive: at.hive, key: next.clone() };
        }
        Some(at)
    }

    /// `ControlSet001`: what `Select` has as the current one, in the hive SYSTEM.
    fn control_set(&self, system: &Place<'_>) -> Option<String> {
        let cells = system.hive.cells();
        let select = cells.child(&system.key, "Select")?;
        let number = system.hive.data(&select, "Current")?.as_number().filter(|n| *n < 1000)?;
        Some(format!("ControlSet{number:03}"))
    }

    /// The next parts of the paths of hives below `path`: keys that may be in no hive.
    pub fn mounted_below(&self, path: &str) -> Vec<(String, Option<&Hive>)> {
        let above = parts(path);
        let mut out: Vec<(String, Option<&Hive>)> = Vec::new();
        for hive in &self.hives {
            let own = hive.path.as_deref().map(parts).unwrap_or_default();
            let Some(next) = own.get(above.len()).filter(|_| begins(&own, &above)) else { continue };
            let root = (own.len() == above.len() + 1).then_some(hive);
            match out.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case(next)) {
                Some(known) => known.1 = known.1.or(root),
                None => out.push((next.clone(), root)),
            }
        }
        out
    }

    /// The data of a value by the whole path of its key.
    pub fn data(&self, path: &str, name: &str) -> Option<Data> {
        let place = self.open(path)?;
        place.hive.data(&place.key, name)
    }

    /// The text of a value by the whole path of its key.
    pub fn text(&self, path: &str, name: &str) -> Option<String> {
        self.data(path, name)?.as_text().map(str::to_owned).filter(|t| !t.is_empty())
    }

    /// The number of a value by the whole path of its key.
    pub fn number(&self, path: &str, name: &str) -> Option<u64> {
        self.data(path, name)?.as_number()
    }
}

impl Hive {
    /// The data of a key's value.
    pub fn data(&self, key: &Key, name: &str) -> Option<Data> {
        let cells = self.cells();
        let value = cells.value_named(key, name)?;
        Some(Data::of(value.kind, cells.data(&value)?))
    }

    /// The names above a key, up to the root of its hive.
    pub fn path_of(&self, key: &Key) -> Option<String> {
        let mut names = Vec::new();
        let mut at = key.clone();
        for _ in 0..DEEPEST {
            if at.cell == self.root {
                let path: String = names.iter().rev().map(|n| format!("\\{n}")).collect();
                return Some(format!("{}{path}", self.name()));
            }
            names.push(at.name);
            at = self.cells().key(Some(at.parent).filter(|p| *p != NONE)?)?;
        }
        None
    }
}

/// Where a link leads.
fn link_target(hive: &Hive, key: &Key) -> Option<String> {
    match hive.data(key, LINK_VALUE)? {
        Data::Text(path) if path.starts_with('\\') => Some(path),
        _ => None,
    }
}
