//! Digests and signatures.

use super::{failed, io};
use crate::{ErrorKind, Result};
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::path::Path;

/// A public key of ed25519 (RFC 8032).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(VerifyingKey);

impl Key {
    /// Reads 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        let bytes: [u8; 32] = bytes(text)?;
        let key = VerifyingKey::from_bytes(&bytes).ok()?;
        // Under a key of small order anything could be signed by anybody.
        (!key.is_weak()).then_some(Self(key))
    }

    /// As [`from_hex`](Self::from_hex) reads it.
    pub fn hex(&self) -> String {
        hex(self.0.as_bytes())
    }
}

/// Public keys in a text: one per line, 64 hexadecimal digits, and whatever stands behind them. Lines with `#` are comments.
///
/// # Errors
/// When a line is no key.
pub fn keys_of(text: &str, path: &Path) -> Result<Vec<Key>> {
    let lines = text.lines().map(str::trim).enumerate().filter(|(_, l)| !l.is_empty() && !l.starts_with('#'));
    let one = |(i, line): (usize, &str)| {
        let key = line.split_whitespace().next().and_then(Key::from_hex);
        key.ok_or_else(|| {
            let what = format!("{}, line {}: not a public key of ed25519", path.display(), i + 1);
            failed(ErrorKind::Invalid, what).hint("a line is 64 hexadecimal digits, a space, and whose key it is")
        })
    };
    lines.map(one).collect()
}

/// The SHA-256 of bytes, in 64 hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The SHA-256 of a file.
///
/// # Errors
/// When it can't be read.
pub fn sha256_of(path: &Path) -> Result<String> {
    let bytes = std::fs::read(path).map_err(|e| io(format!("can't read {}", path.display()), e))?;
    Ok(sha256(&bytes))
}

/// What is signed: a file's digest together with what it is said to be, so that no signed file passes for another one.
pub struct Statement<'a> {
    /// Name in the index.
    pub name: &'a str,
    /// Version.
    pub version: &'a str,
    /// Channel.
    pub channel: &'a str,
    /// Target.
    pub target: &'a str,
    /// Digest, 64 lower-case hexadecimal digits.
    pub sha256: &'a str,
}

impl Statement<'_> {
    /// The bytes that the signature is of: six lines, each ended by a line feed.
    pub fn text(&self) -> String {
        let Self { name, version, channel, target, sha256 } = self;
        format!("memsh plugin 1\nname {name}\nversion {version}\nchannel {channel}\ntarget {target}\nsha256 {sha256}\n")
    }

    /// Checks a signature of 128 hexadecimal digits with the trusted keys, and gives the one that made it.
    ///
    /// # Errors
    /// When it is none, when none of the keys made it, or when nothing is trusted.
    pub fn verify<'k>(&self, signature: &str, by: Option<&str>, keys: &'k [Key]) -> Result<&'k Key> {
        let what = format!("{} {} for {}", self.name, self.version, self.target);
        let broken = || failed(ErrorKind::Malformed, format!("the signature of {what} is not 128 hexadecimal digits"));
        let signature = Signature::from_bytes(&bytes(signature).ok_or_else(broken)?);
        let text = self.text();
        if let Some(key) = keys.iter().find(|k| k.0.verify_strict(text.as_bytes(), &signature).is_ok()) {
            return Ok(key);
        }
        let by_trusted = by.and_then(Key::from_hex).is_some_and(|k| keys.contains(&k));
        Err(match (keys, by) {
            _ if by_trusted => {
                let why = "it was not made by the key that the index names, or not of this file";
                failed(ErrorKind::Malformed, format!("the signature of {what} is wrong: {why}"))
            }
            ([], _) => failed(ErrorKind::Unsupported, format!("{what} is signed, and no key is trusted yet"))
                .hint(format!("{}--key KEY, or a line in ~/.config/memsh/plugin-keys, trusts one", signer(by))),
            _ => failed(ErrorKind::Unsupported, format!("the signature of {what} is of none of the trusted keys"))
                .hint(format!("{}if you trust another one: --key KEY", signer(by))),
        })
    }
}

fn signer(by: Option<&str>) -> String {
    by.map(|k| format!("the index says that {} signed it, which anybody could write; ", k.chars().take(64).collect::<String>()))
        .unwrap_or_default()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, b| {
        // Writing to a string does not fail.
        let _ = write!(out, "{b:02x}");
        out
    })
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != N * 2 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut out = [0; N];
    for (to, pair) in out.iter_mut().zip(text.as_bytes().chunks(2)) {
        *to = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_signed_is_the_whole_statement() {
        let s = Statement { name: "rom", version: "1.0.0", channel: "stable", target: "x86_64-linux", sha256: "ab" };
        assert_eq!(s.text(), "memsh plugin 1\nname rom\nversion 1.0.0\nchannel stable\ntarget x86_64-linux\nsha256 ab\n");
        assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn a_vector_of_rfc_8032_is_verified_and_a_changed_one_is_not() {
        let key = Key::from_hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c").unwrap();
        let sig = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
        let sig = Signature::from_bytes(&bytes(sig).unwrap());
        assert!(key.0.verify_strict(&[0x72], &sig).is_ok());
        assert!(key.0.verify_strict(&[0x73], &sig).is_err());
    }

    #[test]
    fn keys_are_lines() {
        let hex = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
        let keys = keys_of(&format!("# mine\n\n{hex} somebody\n"), Path::new("keys")).unwrap();
        assert_eq!(keys.len(), 1);
        assert_eq!(keys.first().unwrap().hex(), hex);
        for wrong in ["3d40", &"zz".repeat(32), &format!("01{}", "00".repeat(31))] {
            assert!(keys_of(wrong, Path::new("keys")).unwrap_err().reason().contains("keys, line 1"), "{wrong}");
        }
    }
}
