//! Arguments and environment, from the stack: the kernel puts argc, argv, envp and the auxiliary vector there one after the other
//! (`create_elf_tables`, fs/binfmt_elf.c).

use super::memory::CoreMemory;
use super::notes::UserNotes;

/// The address of 16 random bytes, which lie on the stack above the vector.
const AT_RANDOM: u64 = 25;
/// Path that the program was started by.
const AT_EXECFN: u64 = 31;
/// More words than arguments and environment can have (a quarter of the largest stack, in pointers).
const MOST_WORDS: usize = 1 << 20;
/// Longest argument (`MAX_ARG_STRLEN`).
const LONGEST: u64 = 128 << 10;

type Lines = Vec<Vec<u8>>;

/// Path by which the program was started.
pub(super) fn executable(memory: &CoreMemory<'_>, notes: &UserNotes) -> Option<Vec<u8>> {
    memory.text(notes.aux(AT_EXECFN)?, LONGEST).filter(|p| !p.is_empty())
}

/// Arguments and environment of the process whose auxiliary vector this is.
pub(super) fn arguments(memory: &CoreMemory<'_>, auxv: &[(u64, u64)]) -> Option<(Lines, Lines)> {
    let random = auxv.iter().find(|(kind, _)| *kind == AT_RANDOM).map(|(_, v)| *v)?;
    let word = memory.word_size();
    let (piece, _) = memory.find(random)?;
    let mut at = vector(memory, piece.virt, random, auxv)?;
    let mut back = || {
        at = at.checked_sub(word)?;
        memory.word(at)
    };
    if back()? != 0 {
        return None;
    }
    let environment = until(&mut back, |w, _| w == 0)?;
    let arguments = until(&mut back, |w, n| w == n)?;
    let lines = |pointers: Vec<u64>| pointers.into_iter().rev().map_while(|p| memory.text(p, LONGEST)).collect();
    Some((lines(arguments), lines(environment)))
}

/// Words backwards until one ends them; `end` is told the word and how many came before it.
fn until(back: &mut impl FnMut() -> Option<u64>, end: impl Fn(u64, u64) -> bool) -> Option<Vec<u64>> {
    let mut out = Vec::new();
    for n in 0..MOST_WORDS {
        let word = back()?;
        if end(word, u64::try_from(n).ok()?) {
            return Some(out);
        }
        out.push(word);
    }
    None
}

/// Where the vector lies: the last place below the random bytes at which all of it stands.
fn vector(memory: &CoreMemory<'_>, from: u64, below: u64, auxv: &[(u64, u64)]) -> Option<u64> {
    let word = memory.word_size();
    let (first_kind, first_value) = *auxv.first()?;
    let mut at = below & !(word - 1);
    while at > from {
        at = at.checked_sub(word)?;
        if memory.word(at)? != first_kind || memory.word(at.checked_add(word)?) != Some(first_value) {
            continue;
        }
        let same = |(i, (kind, value)): (u64, &(u64, u64))| {
            let pair = at.checked_add(i.checked_mul(2 * word)?)?;
            Some(memory.word(pair)? == *kind && memory.word(pair.checked_add(word)?)? == *value)
        };
        if (0u64..).zip(auxv).all(|p| same(p) == Some(true)) {
            return Some(at);
        }
    }
    None
}
