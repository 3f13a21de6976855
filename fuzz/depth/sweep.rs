//! Not by chance, but one after another: what a listing leaves out without a word.
//!
//! `WILD=files target/.../linux_files some-file` overwrites each pointer that `files` reads, one at a time (at most `MOST` of them,
//! 2000), and prints those for which rows are missing and nothing is told. `WILD=` does so for all listings of the target. Each line
//! is for a reader to judge: a pointer may be missed rightly, as that to a row which is then another one.

use super::areas::Area;
use super::{Ground, Tear, WILD, ask, word};
use memsh::VirtAddr;
use std::collections::HashSet;
use std::sync::Arc;

/// Makes each pointer that a listing reads wild, one at a time, and tells where rows are missing without a word.
pub fn wild(ground: &Ground, bytes: &mut Arc<Vec<u8>>, areas: &'static [(&'static str, Area)], only: &str) {
    for &(name, area) in areas.iter().filter(|(n, _)| only.is_empty() || only == *n) {
        let spots = ground.spots(name, area, bytes);
        let begun = std::time::Instant::now();
        let intact = ask(ground, bytes, &Tear::default(), area);
        println!(
            "{name}: {} words, {} pointers, {} rows, {} lost, {:?} a listing",
            spots.words.len(),
            spots.held.len(),
            intact.rows.len(),
            intact.lost.len(),
            begun.elapsed()
        );
        let want: HashSet<(u64, u64)> = spots.rows.iter().copied().collect();
        let most: usize = std::env::var("MOST").ok().and_then(|m| m.parse().ok()).unwrap_or(2000);
        let step = (spots.held.len() / most).max(1);
        let mut held: Vec<usize> = spots.held.iter().copied().collect();
        held.sort_unstable();
        for at in held.into_iter().step_by(step) {
            let old = word(bytes, at);
            let tear = Tear { words: vec![(at, WILD.to_le_bytes().to_vec())], ..Tear::default() };
            let told = ask(ground, bytes, &tear, area);
            let found: HashSet<(u64, u64)> = told.rows.iter().copied().collect();
            let missing = want.difference(&found).count();
            let new = told.lost.iter().filter(|l| !intact.lost.contains(l)).count();
            if missing > 0 && new == 0 {
                let virt = ground.direct.wrapping_add(at as u64);
                let near = ground.layer.symbols.near(VirtAddr::new(old.into()));
                let near = near.map(|(s, d)| format!("{}+{d:#x}", s.name));
                println!("  silent: {virt:#x} ({at:#x}) was {old:#x} {near:?}: {missing} rows missing");
            }
        }
    }
}
