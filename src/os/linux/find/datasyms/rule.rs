//! From functions that are known to data that is not.

use super::super::image::KernelImage;
use super::code::Code;
use super::proof::{Proof, Prover, number};
use super::rules::{RULES, Rule};
use crate::engine::AddressSpace;
use crate::symbols::Symbols;
use memsh_plugin::{VirtAddr, umem};
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
            if moved || self.symbols.address(rule.name).is_some() {
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
        let function = CLONES.iter().find_map(|clone| self.symbols.address(&format!("{name}{clone}")));
        let found = function.map(|at| self.code.refers(at)).filter(|r| !r.is_empty());
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
