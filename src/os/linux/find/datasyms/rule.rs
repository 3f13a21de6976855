//! From functions that are known to data that is not.

use super::super::constants;
use super::super::image::KernelImage;
use super::code::{self, Code};
use super::proof::{Proof, Prover, number};
use super::rules::{RULES, Rule};
use crate::engine::{AddressSpace, to_u64, to_umem};
use crate::symbols::Symbols;
use memsh_plugin::{PhysReadOp, VirtAddr, umem};
use std::collections::{HashMap, HashSet};

/// Of several addresses that functions refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pick {
    /// The one that more of them refer to than to any other that is proved.
    Best,
    /// The only one that all of them, two or more, refer to.
    Only,
    /// The lowest of those that all of them refer to: a structure of so many bytes at most, whose members each refers to.
    Lowest(u64),
    /// The interrupt descriptor table of x86, which is mapped read-only elsewhere: they refer to what `lidt` loads.
    Descriptor,
    /// What is on the list that was found under this name, with its node first.
    On(&'static str),
}

/// Nodes of a list that are looked at.
const NODES: usize = 256;
/// What later kernels have as a member of something: no symbol of theirs.
const MOVED: [(&str, &str); 1] = [("ptype_all", "net_hotdata")];
/// How a compiler names a function that it has specialised or cut in pieces.
const CLONES: [&str; 5] = ["", ".isra.0", ".constprop.0", ".part.0", ".constprop.0.isra.0"];

/// Where the function of this name begins.
fn function(symbols: &dyn Symbols, name: &str) -> Option<VirtAddr> {
    CLONES.iter().find_map(|clone| symbols.address(&format!("{name}{clone}")))
}

/// The image's bytes as far as rules need them, for an image that does not lie in one piece: its constants, and the functions that rules
/// name; zeros stand for the rest. None where its constants are not known.
pub(super) fn needed(space: &AddressSpace, image: &KernelImage, symbols: &dyn Symbols) -> Option<Vec<u8>> {
    /// Memory that is far away is read in pages.
    const PAGE: usize = 4096;
    let mut bytes = constants::alone(space, image)?;
    let (start, begin) = (to_u64(image.virt.value())?, code::functions(symbols));
    let names = RULES.iter().flat_map(|rule| rule.functions.iter());
    let places = names.filter_map(|name| code::extent(&begin, start, to_u64(function(symbols, name)?.value())?));
    let mut pages: Vec<(usize, usize)> = places
        .map(|place| (place.start - place.start % PAGE, place.end.next_multiple_of(PAGE).min(bytes.len())))
        .filter(|(from, to)| from < to)
        .collect();
    pages.sort_unstable();
    let mut ops: Vec<PhysReadOp> = Vec::new();
    let (mut rest, mut done) = (&mut bytes[..], 0);
    for (from, to) in pages {
        let from = from.max(done);
        let Some(len) = to.checked_sub(from).filter(|&n| n > 0) else { continue };
        let Some((_, behind)) = rest.split_at_mut_checked(from - done) else { break };
        let Some((part, behind)) = behind.split_at_mut_checked(len) else { break };
        ops.push(PhysReadOp::new(image.phys_of(image.virt.saturating_add(to_umem(from))), part));
        (rest, done) = (behind, to);
    }
    // A page that is missing reads as zeros, which are no instructions.
    space.memory().read_ops(&mut ops);
    drop(ops);
    Some(bytes)
}

/// What is found by code.
pub(super) struct Finder<'a> {
    code: Code<'a>,
    symbols: &'a dyn Symbols,
    prover: Prover<'a>,
    /// Addresses that have a name already.
    known: HashSet<u64>,
    /// By function, what it refers to.
    references: HashMap<&'static str, Option<Vec<u64>>>,
    found: Vec<(&'static str, u64)>,
}

impl<'a> Finder<'a> {
    /// None for a kernel whose addresses are wider than 64 bits.
    pub(super) fn new(space: &'a AddressSpace, bytes: &'a [u8], image: &KernelImage, symbols: &'a dyn Symbols) -> Option<Self> {
        let code = Code::new(bytes, image, space.format().arch, symbols)?;
        let prover = Prover::new(space, symbols, *image);
        let known = symbols.all().map(|s| number(s.address)).collect();
        Some(Self { code, symbols, prover, known, references: HashMap::new(), found: Vec::new() })
    }

    /// What the rules find and `symbols` does not have: those of these names, or all where there are none.
    pub(super) fn run(mut self, names: &[&str]) -> Vec<(String, VirtAddr)> {
        for rule in RULES.iter().filter(|r| names.is_empty() || names.contains(&r.name)) {
            let moved = MOVED.iter().any(|(name, into)| *name == rule.name && self.symbols.address(into).is_some());
            if moved || self.address(rule.name).is_some() {
                continue;
            }
            if let Some(at) = self.find(rule) {
                self.known.insert(at);
                self.found.push((rule.name, at));
            }
        }
        self.found.into_iter().map(|(name, at)| (name.to_owned(), virt(at))).collect()
    }

    /// What the function of this name refers to; none where there is no such function, or it refers to nothing.
    fn references(&mut self, name: &'static str) -> Option<Vec<u64>> {
        if let Some(known) = self.references.get(name) {
            return known.clone();
        }
        let found = function(self.symbols, name).map(|at| self.code.refers(at)).filter(|r| !r.is_empty());
        self.references.insert(name, found.clone());
        found
    }

    /// An address that was found before, or that had a name.
    fn address(&self, name: &str) -> Option<VirtAddr> {
        let found = self.found.iter().find(|(n, _)| *n == name).map(|(_, at)| virt(*at));
        found.or_else(|| self.symbols.address(name))
    }

    fn find(&mut self, rule: &Rule) -> Option<u64> {
        if let Pick::On(list) = rule.pick {
            let mut nodes =
                self.prover.nodes(self.address(list)?, NODES).into_iter().filter(|&n| self.prover.holds(rule.proof, n));
            let node = nodes.next()?;
            return nodes.next().is_none().then(|| number(node));
        }
        let mut each: Vec<Vec<u64>> = rule.functions.iter().filter_map(|name| self.references(name)).collect();
        if rule.pick == Pick::Descriptor {
            let tables = |refs: &Vec<u64>| refs.iter().filter_map(|at| self.prover.described(virt(*at))).map(number).collect();
            each = each.iter().map(tables).collect();
        }
        let mut votes: HashMap<u64, usize> = HashMap::new();
        for at in each.iter().flatten().filter(|at| !self.known.contains(at)) {
            *votes.entry(*at).or_default() += 1;
        }
        if matches!(rule.pick, Pick::Only | Pick::Lowest(_)) {
            votes.retain(|_, count| *count == each.len());
        }
        votes.retain(|at, _| self.prover.holds(rule.proof, virt(*at)));
        match rule.pick {
            Pick::Only if each.len() >= 2 && votes.len() == 1 => votes.into_keys().next(),
            Pick::Lowest(size) if each.len() >= 2 => {
                let (low, high) = (votes.keys().min().copied()?, votes.keys().max().copied()?);
                (high - low < size).then_some(low)
            }
            Pick::Best | Pick::Descriptor => {
                let most = votes.values().max().copied().filter(|&most| most >= rule.proof.least())?;
                let mut best: Vec<u64> = votes.into_iter().filter(|(_, count)| *count == most).map(|(at, _)| at).collect();
                best.sort_unstable();
                match (best.len(), rule.proof) {
                    (1, _) | (_, Proof::Table(_)) => best.pop(),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

fn virt(at: u64) -> VirtAddr {
    VirtAddr::new(umem::from(at))
}
