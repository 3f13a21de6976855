//! From functions that are known to data that is not.

use super::code::Code;
use super::proof::{Proof, Prover, number};
use super::rules::{RULES, Rule};
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
    /// The lowest of those that all of them refer to: a structure whose members each refers to.
    Lowest,
}

/// A structure of which [`Pick::Lowest`] sees members is no larger.
const STRUCTURE: u64 = 1024;
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
}

impl<'a> Finder<'a> {
    pub(super) fn new(code: Code<'a>, symbols: &'a dyn Symbols, prover: Prover<'a>) -> Self {
        let known = symbols.all().map(|s| number(s.address)).collect();
        Self { code, symbols, prover, known, references: HashMap::new() }
    }

    /// Everything that the rules find and `symbols` does not have.
    pub(super) fn run(mut self) -> Vec<(String, VirtAddr)> {
        let mut out = Vec::new();
        for rule in RULES {
            if self.symbols.address(rule.name).is_some() {
                continue;
            }
            if let Some(at) = self.find(rule) {
                self.known.insert(at);
                out.push((rule.name.to_owned(), VirtAddr::new(umem::from(at))));
            }
        }
        out
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

    fn find(&mut self, rule: &Rule) -> Option<u64> {
        let each: Vec<Vec<u64>> = rule.functions.iter().filter_map(|name| self.references(name)).collect();
        let mut votes: HashMap<u64, usize> = HashMap::new();
        for at in each.iter().flatten().filter(|at| !self.known.contains(at)) {
            *votes.entry(*at).or_default() += 1;
        }
        let unanimous = matches!(rule.pick, Pick::Only | Pick::Lowest);
        if unanimous {
            votes.retain(|_, count| *count == each.len());
        }
        votes.retain(|at, _| self.prover.holds(rule.proof, VirtAddr::new(umem::from(*at))));
        match rule.pick {
            Pick::Only if each.len() >= 2 && votes.len() == 1 => votes.into_keys().next(),
            Pick::Lowest if each.len() >= 2 => {
                let (low, high) = (votes.keys().min().copied()?, votes.keys().max().copied()?);
                (high - low < STRUCTURE).then_some(low)
            }
            Pick::Best if rule.proof != Proof::Anything => {
                let most = votes.values().max().copied()?;
                let mut best = votes.into_iter().filter(|(_, count)| *count == most);
                let (at, _) = best.next()?;
                best.next().is_none().then_some(at)
            }
            _ => None,
        }
    }
}
