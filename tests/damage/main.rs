//! The sample under seeded corruptions: no crash, no run over ten seconds of processor time, bounded memory, and the share of rows that
//! are still right does not fall. What the shares are stands in `floor.txt`; `MEMSH_BLESS=1` writes it anew.
//!
//! `cargo test` takes 40 corruptions (a few more, for there is one of each kind); `MEMSH_DAMAGE=1000 cargo test --release --test damage -- --nocapture` takes all, and prints the
//! table of docs/reliability.md. `MEMSH_DAMAGE_SHOW=KIND` prints the wrong rows of a kind; `MEMSH_DAMAGE_ONLY=NAME` takes one image, and
//! leaves it in `target/damaged.raw`; `MEMSH_DAMAGE_ONLY=KIND` those of one kind (with
//! `MEMSH_BLESS` only their shares are written).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../cli/mod.rs"]
mod cli;
mod corrupt;
mod judge;
mod run;
mod table;
#[path = "../torn/mod.rs"]
mod torn;

use corrupt::{Corruption, Ground};
use run::Ran;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use table::Table;

/// Seconds of processor time that no run may take; more where nothing is optimised, as in the program beside this test.
fn seconds() -> f64 {
    if cfg!(debug_assertions) && std::env::var_os("MEMSH_DAMAGE_BINARY").is_none() { 30.0 } else { 10.0 }
}

/// Most memory that a run may have had, in KiB: the image is 48 MiB of it where all of it is looked at.
const MEMORY: u64 = 256 << 10;

#[test]
fn damaged_images_are_answered_as_far_as_they_go() {
    let count = std::env::var("MEMSH_DAMAGE").ok().map_or(40, |n| n.parse().expect("MEMSH_DAMAGE is a number"));
    let show = std::env::var("MEMSH_DAMAGE_SHOW").ok();
    let only = std::env::var("MEMSH_DAMAGE_ONLY").ok();
    let ground = Ground::new();
    let whole = run::run(&ground.bytes, 0);
    assert!(whole.rows.iter().all(|rows| !rows.is_empty()), "the whole sample answers every command: {}", whole.stderr);

    let mut all = Corruption::all(count);
    if let Some(only) = &only {
        all.retain(|c| c.name() == *only || c.kind() == *only);
        let image = all.first().unwrap_or_else(|| panic!("none of {count} is called {only}")).applied(&ground);
        std::fs::write("target/damaged.raw", image).unwrap();
    }
    let (next, table, wrong) = (AtomicUsize::new(0), Mutex::new(Table::default()), Mutex::new(Vec::new()));
    let workers = std::thread::available_parallelism().map_or(2, usize::from).min(8);
    std::thread::scope(|scope| {
        for worker in 1..=workers {
            let (next, table, wrong, all, ground, whole, show) = (&next, &table, &wrong, &all, &ground, &whole, &show);
            scope.spawn(move || {
                while let Some(corruption) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let ran = run::run(&corruption.applied(ground), worker);
                    let name = corruption.name();
                    wrong.lock().unwrap().extend(misbehaved(&ran).map(|what| format!("{name}: {what}")));
                    let shown = show.as_ref().is_some_and(|kind| corruption.kind() == kind);
                    let judged: Vec<_> = run::COMMANDS
                        .iter()
                        .zip(whole.rows.iter().zip(&ran.rows))
                        .map(|(command, (whole, found))| {
                            let judged = judge::judge(command, whole, found);
                            for wrong in judged.shown.iter().filter(|_| shown) {
                                println!("{name} {}: {wrong}", command.words);
                            }
                            judged
                        })
                        .collect();
                    table.lock().unwrap().add(corruption.kind(), &ran, &judged);
                }
            });
        }
    });
    let (table, wrong) = (table.into_inner().unwrap(), wrong.into_inner().unwrap());
    if only.is_none() || all.len() > 1 {
        println!("{}", table.shown(&whole));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    if only.is_none() || all.len() > 1 {
        table.held(count);
    }
}

/// What holds of every run, whatever the damage, and did not hold of this one.
fn misbehaved(ran: &Ran) -> Option<String> {
    if ran.stderr.contains("panicked at") || !matches!(ran.status, Some(0 | 1)) {
        return Some(format!("{:?} {}", ran.status, ran.stderr));
    }
    match &ran.cost {
        Some(cost) if cost.seconds > seconds() => Some(format!("{} s of processor time", cost.seconds)),
        Some(cost) if cost.memory > MEMORY => Some(format!("{} KiB", cost.memory)),
        Some(_) => None,
        // Nothing was opened, which an error says.
        None => (ran.status != Some(1) || !ran.stderr.contains("memsh: ")).then(|| format!("{:?} {}", ran.status, ran.stderr)),
    }
}
