//! The chain of hashes that holds a transcript together.
//!
//! A transcript is text in entries: its header, each command with its answer, its end. Behind each entry stands a line of its own:
//!
//! ```text
//! [chain 3 sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08]
//! ```
//!
//! with the entry's number, from 1, and the SHA-256 of the 64 hex digits of the entry before (of the first: 64 zeros) and of all bytes
//! between that entry's line and this one. So an entry that is changed, left out, moved or put in between fits neither its own hash nor
//! any later one. Nothing in this is secret: who can write the file can make the chain anew from any entry on. What proves that this
//! was not done is the last hash, noted where the file's owner can't change it.

use super::super::cells::hex;
use sha2::{Digest, Sha256};
use std::io::{self, BufRead, Read};

/// What the first entry's hash stands on.
const FIRST: [u8; 64] = [b'0'; 64];
const BEGIN: &str = "[chain ";
const MIDDLE: &str = " sha256 ";
/// No line of the chain is longer.
const LONGEST: usize = 128;

/// A chain that grows.
#[derive(Clone)]
pub struct Chain {
    hasher: Sha256,
    head: [u8; 64],
    entries: u64,
    /// Bytes since the last entry's line.
    pending: u64,
}

impl Default for Chain {
    fn default() -> Self {
        Self::behind(FIRST, 0)
    }
}

impl Chain {
    fn behind(head: [u8; 64], entries: u64) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(head);
        Self { hasher, head, entries, pending: 0 }
    }

    /// Entries so far.
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// Bytes that no entry covers yet.
    pub fn pending(&self) -> u64 {
        self.pending
    }

    /// The last entry's hash, in hex digits; none before the first.
    pub fn head(&self) -> Option<String> {
        (self.entries > 0).then(|| String::from_utf8_lossy(&self.head).into_owned())
    }

    /// Bytes of the entry under way.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.pending = self.pending.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    }

    /// Ends the entry, and gives the line that stands behind it.
    pub fn close(&mut self) -> String {
        let hash = hex(&self.hasher.clone().finalize());
        let mut head = FIRST;
        head.iter_mut().zip(hash.bytes()).for_each(|(to, from)| *to = from);
        *self = Self::behind(head, self.entries.saturating_add(1));
        format!("{BEGIN}{}{MIDDLE}{hash}]\n", self.entries)
    }
}

/// What a line of the chain says: number and hash.
fn parse(line: &[u8]) -> Option<(u64, &str)> {
    let text = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let (number, hash) = text.strip_prefix(BEGIN)?.strip_suffix(']')?.split_once(MIDDLE)?;
    let digits = hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    Some((number.parse().ok()?, hash)).filter(|_| digits)
}

/// What a transcript's chain says of it.
pub struct Verdict {
    /// The chain up to where it fits; goes on behind what is there.
    pub chain: Chain,
    /// The first entry that does not fit, and the line of the file on which it begins and on which its hash stands.
    pub broken: Option<Broken>,
    /// Hashes of all entries that fit, the oldest first, where they were asked for.
    pub expected: bool,
}

/// An entry that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Its number.
    pub entry: u64,
    /// The line of the file on which it begins, from 1.
    pub first_line: u64,
    /// The line with the hash that does not fit.
    pub hash_line: u64,
}

/// Reads a transcript. `expect` is a hash that must be an entry's, the last one's as a rule.
///
/// A line in an answer may look like one of the chain. It counts as one where it fits; one that does not is text if the entry's own line
/// comes later, and shows a broken entry otherwise.
///
/// # Errors
/// When it can't be read.
pub fn verify(mut from: impl BufRead, expect: Option<&str>) -> io::Result<Verdict> {
    let mut chain = Chain::default();
    let mut suspect: Option<u64> = None;
    let (mut line_number, mut first_line) = (0u64, 1u64);
    let mut expected = false;
    let mut line = Vec::new();
    let mut fresh = true;
    loop {
        line.clear();
        // What is longer than a line of the chain is none, and comes in pieces.
        let n = Read::by_ref(&mut from).take(LONGEST as u64).read_until(b'\n', &mut line)?;
        if n == 0 {
            break;
        }
        line_number += u64::from(fresh);
        let whole = fresh && line.ends_with(b"\n");
        fresh = line.ends_with(b"\n");
        if let Some((number, hash)) = parse(&line).filter(|_| whole) {
            let mut next = chain.clone();
            let made = next.close();
            if made.as_bytes() == line {
                expected |= expect == Some(hash);
                (chain, suspect, first_line) = (next, None, line_number + 1);
                continue;
            }
            if suspect.is_none() && number > chain.entries {
                suspect = Some(line_number);
            }
        }
        chain.feed(&line);
    }
    let broken = suspect.map(|hash_line| Broken { entry: chain.entries + 1, first_line, hash_line });
    Ok(Verdict { chain, broken, expected })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use proptest::prelude::*;

    fn transcript(entries: &[&str]) -> String {
        let mut chain = Chain::default();
        let mut out = String::new();
        for entry in entries {
            chain.feed(entry.as_bytes());
            out.push_str(entry);
            out.push_str(&chain.close());
        }
        out
    }

    fn broken(text: &str) -> Option<Broken> {
        verify(text.as_bytes(), None).unwrap().broken
    }

    const THREE: [&str; 3] = ["# begun\n", "> ps\n1 init\n", "> hash\nabc\n"];

    #[test]
    fn a_whole_transcript_fits() {
        let text = transcript(&THREE);
        let verdict = verify(text.as_bytes(), None).unwrap();
        assert_eq!((verdict.broken, verdict.chain.entries(), verdict.chain.pending()), (None, 3, 0));
        let head = verdict.chain.head().unwrap();
        assert!(text.ends_with(&format!("{head}]\n")));
        assert!(verify(text.as_bytes(), Some(&head)).unwrap().expected);
        assert!(!verify(text.as_bytes(), Some(&"0".repeat(64))).unwrap().expected);
    }

    #[test]
    fn a_change_names_its_entry_and_no_later_one() {
        let text = transcript(&THREE);
        assert_eq!(broken(&text.replace("begun", "Begun")).unwrap(), Broken { entry: 1, first_line: 1, hash_line: 2 });
        assert_eq!(broken(&text.replace("init", "evil")).unwrap(), Broken { entry: 2, first_line: 3, hash_line: 5 });
        assert_eq!(broken(&text.replace("abc", "abd")).unwrap().entry, 3);
    }

    #[test]
    fn an_entry_that_is_left_out_or_moved_is_told() {
        let text = transcript(&THREE);
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let without_second = [&lines[..2], &lines[5..]].concat().concat();
        assert_eq!(broken(&without_second).unwrap().entry, 2);
        let swapped = [&lines[..2], &lines[5..], &lines[2..5]].concat().concat();
        assert_eq!(broken(&swapped).unwrap().entry, 2);
        let twice = [&lines[..], &lines[5..]].concat().concat();
        assert!(verify(twice.as_bytes(), None).unwrap().chain.pending() > 0);
    }

    #[test]
    fn an_answer_that_looks_like_the_chain_is_text() {
        let fake = format!("> strings\n[chain 9 sha256 {}]\n[chain 2 sha256 {}]\n", "a".repeat(64), "b".repeat(64));
        assert_eq!(broken(&transcript(&["# begun\n", &fake, "> ps\n"])), None);
    }

    #[test]
    fn what_no_entry_covers_is_counted() {
        let text = transcript(&THREE) + "> half of an ans";
        let verdict = verify(text.as_bytes(), None).unwrap();
        assert_eq!((verdict.broken, verdict.chain.pending()), (None, 16));
        // Whoever goes on covers it.
        let mut chain = verdict.chain;
        chain.feed(b"\n");
        let more = format!("{text}\n{}", chain.close());
        assert_eq!(verify(more.as_bytes(), None).unwrap().chain.entries(), 4);
    }

    proptest! {
        #[test]
        fn every_flipped_bit_is_found(at in 0usize..500, bit in 0u8..8) {
            let mut bytes = transcript(&THREE).into_bytes();
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            let verdict = verify(&bytes[..], None).unwrap();
            // Either an entry does not fit, or the last line is no line of the chain any more.
            prop_assert!(verdict.broken.is_some() || verdict.chain.pending() > 0);
            prop_assert!(verdict.chain.entries() < 3);
        }

        #[test]
        fn no_file_is_too_odd(bytes: Vec<u8>) {
            let verdict = verify(&bytes[..], None).unwrap();
            prop_assert_eq!(verdict.chain.pending(), bytes.len() as u64);
        }
    }
}
